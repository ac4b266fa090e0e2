"""A preference is any JSON value under a key, each user's own."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ps_analytics.errors import NotKept
from ps_analytics.store.store import Store

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES)
def test_a_value_reads_as_it_was_written(store: Store, value: Any) -> None:
    store.write_preference("units", value)
    read = store.read_preference("units", default="none")
    assert (read, repr(read)) == (value, repr(value))


def test_what_was_never_written_is_the_default(store: Store) -> None:
    assert store.read_preference("units") is None
    assert store.read_preference("units", "metric") == "metric"
    store.write_preference("units", None)
    assert store.read_preference("units", "metric") is None
    assert store.read_preferences() == {"units": None}


def test_the_last_value_written_counts(store: Store) -> None:
    for value in ("metric", "imperial"):
        store.write_preference("units", value)
    store.write_preference("favourites", ["speed", "oil_temp"])
    assert store.read_preferences() == {"favourites": ["speed", "oil_temp"], "units": "imperial"}


def test_preferences_are_each_users_own(store: Store) -> None:
    store.write_preference("units", "imperial")
    ben = store.for_user("ben")
    assert (ben.read_preference("units"), ben.read_preferences()) == (None, {})
    ben.write_preference("units", "metric")
    assert store.read_preference("units") == "imperial"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("", 1, "this preference cannot be kept: it is empty. Give it a name."),
        ("a\0", 1, "this preference cannot be kept: a name is one line of at most 120 characters that can be seen."),
        ("big", "x" * 70_000, "preference 'big' cannot be kept: it has 70,002 bytes, and there may be 65,536."),
        ("set", {1, 2}, "preference 'set' cannot be kept: it is not what JSON can say (Object of type set"),
        ("inf", float("inf"), "preference 'inf' cannot be kept: it is not what JSON can say (Out of range float"),
    ],
)
def test_what_cannot_be_kept_is_refused(store: Store, key: str, value: Any, words: str) -> None:
    with pytest.raises(NotKept) as raised:
        store.write_preference(key, value)
    assert str(raised.value).startswith(words)
    assert store.read_preferences() == {}
