"""An address holds the view; whatever else it holds does no harm."""

import base64
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ps_analytics.errors import BadLayout
from ps_analytics.ui.layouts import SHIPPED
from ps_analytics.ui.links import LARGEST, MOST_LAPS, View, pack, read_view, unpack


def packed(text: bytes) -> str:
    return "~" + base64.urlsafe_b64encode(zlib.compress(text)).decode().rstrip("=")


@pytest.mark.parametrize("name", list(SHIPPED))
def test_a_layout_travels_in_the_address(name: str) -> None:
    there = pack("Mine ✓", SHIPPED[name])
    assert there.isascii()
    assert len(there) < 4000
    assert unpack(there) == ("Mine ✓", SHIPPED[name])


def test_laps_are_named_once_and_not_without_end() -> None:
    many = ",".join(f"{i:032x}" for i in range(400))
    assert read_view({"laps": [many.encode()]}).laps == ()  # longer than any address of ours
    assert read_view({"laps": [b"a,b,a,,c"]}).laps == ("a", "b", "c")
    short = ",".join(str(i) for i in range(99))
    assert len(read_view({"laps": [short.encode()]}).laps) == MOST_LAPS


def test_an_address_without_a_view_asks_for_nothing() -> None:
    assert read_view({}).is_empty
    assert read_view({"session": [], "theme": [b"light"]}).is_empty


@given(st.dictionaries(st.sampled_from(["session", "laps", "reference", "layout", "sheet"]), st.lists(st.binary())))
def test_no_address_is_an_error(arguments: dict[str, list[bytes]]) -> None:
    view = read_view(arguments)
    assert isinstance(view, View)
    assert "".join([view.session, *view.laps, view.reference, view.layout, view.sheet]).isprintable()


@pytest.mark.parametrize(
    "there",
    [
        "~", "~!!!", "~AAAA", pack("x", SHIPPED["driver"])[:-20], packed(b"[1, 2"), packed(b"[]"), packed(b"{}"),
        packed(b"[" * 100_000), packed(json.dumps({"configs": "no", "layout": 3}).encode()),
    ],
)  # fmt: skip
def test_a_damaged_layout_is_one_sentence(there: str) -> None:
    with pytest.raises(BadLayout):
        unpack(there)


def test_a_small_address_cannot_unpack_to_something_large() -> None:
    bomb: dict[str, Any] = {"name": "x" * (LARGEST + 1), **SHIPPED["driver"]}
    there = packed(json.dumps(bomb).encode())
    assert len(there) < 6000
    with pytest.raises(BadLayout, match="damaged"):
        unpack(there)
