"""What holds of every kernel: a lap stands alone, nothing infinite comes out, no column is changed, any length goes."""

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings

from tests.channels.kernels.recordings import HOSTILE, KERNELS, Floats, Recording, joined, laps, sessions


def same_bits(one: Floats, other: Floats) -> bool:
    """Equal to the last bit, the sign of a zero included; missing where the other is."""
    bits = [np.where(np.isnan(values), 0, values.view(np.int64)) for values in (one, other)]
    return np.array_equal(np.isnan(one), np.isnan(other)) and np.array_equal(*bits)


def stands_alone(session: list[Recording]) -> None:
    """Every kernel gives every lap of the session what it gives the lap alone."""
    for name, kernel in KERNELS.items():
        together, start = kernel(joined(session)), 0
        assert together.dtype == np.float64, name
        assert not np.isinf(together).any(), name
        for lap in session:
            assert same_bits(kernel(lap), together[start : start + len(lap.x)]), name
            start += len(lap.x)


@given(session=sessions())
def test_a_lap_has_the_same_values_alone_and_among_others(session: list[Recording]) -> None:
    stands_alone(session)


@given(session=sessions(HOSTILE))
def test_hostile_laps_beside_it_change_nothing_and_nothing_infinite_comes_out(session: list[Recording]) -> None:
    stands_alone(session)


def test_long_laps_have_the_same_values_alone_and_among_others() -> None:
    chance, session = np.random.default_rng(8), []
    for lap, rows in enumerate((3001, 2999, 4097)):
        t, x = np.cumsum(chance.uniform(0.012, 0.02, rows)), chance.normal(size=rows)
        flags = (chance.random((2, rows)) < 0.5).astype(np.float64)
        ids = np.full(rows, lap)
        session.append(Recording(t, 30.0 * t, x * 10.0 ** (3 * lap), x, *flags, lap=ids, corner=2 * ids + (t > 20.0)))
    stands_alone(session)


@given(lap=laps(HOSTILE, fewest=3))
@settings(max_examples=20)
def test_the_columns_it_gets_stay_as_they_are(lap: Recording) -> None:
    before = [column.copy() for column in astuple(lap)]
    for name, kernel in KERNELS.items():
        kernel(lap)[:] = 7.0
        for column, was in zip(astuple(lap), before, strict=True):
            assert column.tobytes() == was.tobytes(), name


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("rows", [0, 1, 2])
@pytest.mark.parametrize("value", [3.0, np.nan])
def test_no_one_and_two_samples_give_as_many_values(name: str, rows: int, value: float) -> None:
    times, ids = np.arange(float(rows)) / 10, np.zeros(rows, dtype=np.int64)
    channel = np.full(rows, value)
    lap = Recording(times, times, channel, channel, np.ones(rows), np.zeros(rows), ids, ids)
    assert KERNELS[name](lap).shape == (rows,)


@pytest.mark.parametrize("name", ["integrate", "shift_back", "rising", "falling", "counter", "latch", "hold"])
@given(lap=laps())
@settings(max_examples=20)
def test_what_looks_only_back_is_the_same_while_the_lap_is_driven(name: str, lap: Recording) -> None:
    half = Recording(*(column[: len(lap.x) // 2] for column in astuple(lap)))
    assert same_bits(KERNELS[name](half), KERNELS[name](lap)[: len(half.x)])
