"""Our own JSON gives back exactly what was written, and refuses what is not of the form by its place."""

import json
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ps_analytics.channels.catalog import normalise
from ps_analytics.channels.definitions import MathChannel, Policy
from ps_analytics.channels.exchange import read_math, write_math
from ps_analytics.channels.exchange.imported import MOST_CHANNELS, MOST_INPUTS, fault_of_name, fault_of_text
from ps_analytics.errors import BadMathFile

names = st.text(min_size=1, max_size=30).filter(lambda text: not fault_of_name(text))
texts = st.text(max_size=60).filter(lambda text: not fault_of_text(text, 100))
channels = st.builds(
    MathChannel,
    name=names,
    formula=texts,
    unit=st.none() | texts,
    policy=st.sampled_from(Policy),
    inputs=st.dictionaries(names, names, max_size=4).map(MappingProxyType),
    folder=st.none() | names,
    about=st.none() | texts,
)


@given(st.lists(channels, max_size=8, unique_by=lambda channel: normalise(channel.name)))
def test_what_is_read_is_exactly_what_was_written(written: list[MathChannel]) -> None:
    read = read_math(write_math(written).encode())
    assert read.channels == tuple(written)
    assert (dict(read.setup), read.notes, read.vehicle) == ({}, (), None)


def test_the_document_says_what_it_is() -> None:
    channel = MathChannel("Half", "v / 2", "km/h", Policy.WARN, {"v": "speed"}, "Mine", "Half of it")
    assert json.loads(write_math([channel])) == {
        "format": "ps-analytics math channels",
        "version": 1,
        "channels": [
            {
                "name": "Half", "formula": "v / 2", "unit": "km/h", "units_policy": "warn",
                "inputs": [{"alias": "v", "channel": "speed"}], "folder": "Mine", "about": "Half of it",
            }
        ],
    }  # fmt: skip


def document(*entries: Any, **other: Any) -> bytes:
    head: dict[str, Any] = {"format": "ps-analytics math channels", "version": 1, "channels": list(entries)}
    return json.dumps({**head, **other}).encode()


HALF: dict[str, Any] = {"name": "Half", "formula": "speed / 2"}
MANY_INPUTS = [{"alias": f"a{n}", "channel": "speed"} for n in range(MOST_INPUTS + 1)]

BAD = {
    "a number for a formula": (document(HALF | {"formula": 3}), "channels[0].formula: input should be a valid string."),
    "no name": (document({"formula": "1"}), "channels[0].name: field required."),
    "an unknown field": (document(HALF | {"color": "red"}), "channels[0].color: extra inputs are not permitted."),
    "an unknown policy": (
        document(HALF | {"units_policy": "loose"}),
        "channels[0].units_policy: input should be 'strict', 'warn' or 'off'.",
    ),
    "markup in a name": (
        document(HALF | {"name": "<img src=x onerror=alert(1)>"}),
        "channels[0].name: it has '<' or '>'.",
    ),
    "an unseen character in a name": (
        document(HALF | {"name": "Ha\u200blf"}),
        "channels[0].name: it has characters nobody sees.",
    ),
    "text that runs to the left": (
        document(HALF, HALF | {"name": "\u202eflaH"}),
        "channels[1].name: it has characters nobody sees.",
    ),
    "half a character": (
        document(HALF | {"about": "\ud800"}),
        "channels[0].about: it has control characters or half a character.",
    ),
    "a zero byte": (
        document(HALF | {"formula": "speed\x00"}),
        "channels[0].formula: it has control characters or half a character.",
    ),
    "both quotes": (document(HALF | {"name": "a'b\"c"}), "channels[0].name: it has both kinds of quotes."),
    "a long name": (document(HALF | {"name": "n" * 101}), "channels[0].name: it has more than 100 characters."),
    "a long formula": (
        document(HALF | {"formula": "1" * 2001}),
        "channels[0].formula: it has more than 2000 characters.",
    ),
    "one name twice": (
        document(HALF, HALF | {"name": "HALF"}),
        "channels[1].name: 'HALF' is also the name of channels[0].",
    ),
    "one alias twice": (
        document(HALF | {"inputs": [{"alias": "v", "channel": "speed"}] * 2}),
        "channels[0].inputs: an alias is there twice.",
    ),
    "too many inputs": (
        document(HALF | {"inputs": MANY_INPUTS}),
        f"channels[0].inputs: list should have at most {MOST_INPUTS} items after validation, not {MOST_INPUTS + 1}.",
    ),
    "channels that are no list": (document(channels={"a": 1}), "channels: input should be a valid list."),
    "another version": (document(HALF, version=2), "it has version 2, this ps-analytics reads 1. Update it."),
    "a version that is none": (document(HALF, version="1"), "version: input should be 1."),
}  # fmt: skip


@pytest.mark.parametrize("name", list(BAD))
def test_what_is_wrong_is_told_with_its_place(name: str) -> None:
    data, reason = BAD[name]
    with pytest.raises(BadMathFile) as caught:
        read_math(data, name="mine.json")
    assert str(caught.value) == f"'mine.json' cannot be read: {reason}"


def test_a_document_has_so_many_channels_at_most() -> None:
    entries = [HALF | {"name": f"c{n}"} for n in range(MOST_CHANNELS + 1)]
    with pytest.raises(BadMathFile, match=f"list should have at most {MOST_CHANNELS} items"):
        read_math(document(*entries))


def test_what_could_not_be_read_is_not_written() -> None:
    with pytest.raises(BadMathFile, match="name: it has '<' or '>'"):
        write_math([MathChannel("<b>", "1")])
    with pytest.raises(BadMathFile, match="'a' is also the name of"):
        write_math([MathChannel("A", "1"), MathChannel("a", "2")])
