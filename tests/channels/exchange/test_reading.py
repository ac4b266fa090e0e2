"""Which form a file has, and what is refused before anything is built of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ps_analytics.channels.definitions import MathChannel
from ps_analytics.channels.exchange import read_math, write_math
from ps_analytics.channels.exchange.imported import LARGEST_BYTES
from ps_analytics.errors import BadMathFile

OURS = write_math([MathChannel("Half", "speed / 2")])
KNOWN = "Give our JSON, a Maths file of MoTeC i2, or math channels of PurpleSector."
XML = (
    '<?xml version="1.0"?>\n<Maths Id="Mine"><MathItems><MathExpression Id="A" Script="1" Unit=""/></MathItems></Maths>'
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_json_is_read_in_any_encoding_of_unicode(encoding: str) -> None:
    assert [channel.name for channel in read_math(f"\n {OURS}".encode(encoding)).channels] == ["Half"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_xml_is_read_in_its_encoding(encoding: str) -> None:
    assert [channel.name for channel in read_math(XML.encode(encoding)).channels] == ["A"]


BAD = {
    "nothing": (b"", f"it is neither JSON nor XML. {KNOWN}"),
    "a program": (b"MZ\x90\x00", f"it is neither JSON nor XML. {KNOWN}"),
    "text": (b"speed / 2", f"it is neither JSON nor XML. {KNOWN}"),
    "other json": (b'{"a": 1}', f"it is JSON, but of no form known here. {KNOWN}"),
    "an empty list": (b"[]", f"it is JSON, but of no form known here. {KNOWN}"),
    "a list of numbers": (b"[1, 2]", f"it is JSON, but of no form known here. {KNOWN}"),
    "another format": (b'{"format": "layouts"}', f"format: it is not 'ps-analytics math channels'. {KNOWN}"),
    "a broken document": (b'{"format":\n "x', "line 2, column 2: unterminated string starting at."),
    "a key twice": (b'{"format": 1, "format": 2}', "'format' is there twice in one object."),
    "no number": (b'{"format": NaN}', "NaN is no number."),
    "no text": (b'{"format": "\xff\xfe"}', "byte 12 is not text."),
    "a long number": (b"[" + b"9" * 5000 + b"]", "a number in it is too long (ValueError)."),
    "brackets": (b"[" * 1_999_999, "line 1: it nests more than 16 deep."),
    "objects": (b'{"a":' * 300_000, "line 1: it nests more than 16 deep."),
    "a large file": (b" " * (LARGEST_BYTES + 1), "it has more than 2 MB."),
}


@pytest.mark.parametrize("name", list(BAD))
def test_what_is_no_file_of_math_channels_is_told(name: str) -> None:
    data, reason = BAD[name]
    with pytest.raises(BadMathFile) as caught:
        read_math(data)
    assert str(caught.value) == f"this file of math channels cannot be read: {reason}"


def test_brackets_in_a_text_nest_nothing() -> None:
    channel = MathChannel("Deep", "(" * 40 + "1" + ")" * 40, about='[[[[[[[[[[[[[[[[[[[[ \\" {{{{{{{{')
    assert read_math(write_math([channel]).encode()).channels == (channel,)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_channels_or_a_typed_error(data: bytes) -> None:
    for file in (data, b"{" + data, b"[" + data, b"<Maths>" + data):
        try:
            read_math(file)
        except BadMathFile:
            continue


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["format", "version", "channels", "label", "expression", "inputs", "name", "unit"]), inner
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_channels_or_a_typed_error(value: object) -> None:
    for found in (
        value,
        {"format": "ps-analytics math channels", "channels": value},
        [{"expression": "1", "label": value}],
    ):
        try:
            read_math(json.dumps(found).encode())
        except BadMathFile:
            continue
