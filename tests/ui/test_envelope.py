"""Min-max envelopes against NumPy's own least and greatest."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ps_analytics.ui.envelope import MOST_PIXELS, THIN_POINTS, Detail, envelope, thinned


def noisy(samples: int, seed: int = 0, *, missing: float = 0.0) -> np.ndarray:
    noise = np.random.default_rng(seed)
    values = noise.normal(size=samples).astype(np.float32)
    values[noise.random(samples) < missing] = np.nan
    return values


def seconds(samples: int) -> np.ndarray:
    return np.arange(samples, dtype=np.float32) / 100


@given(st.integers(3, 5000), st.integers(2, 300), st.integers(0, 9), st.sampled_from([0.0, 0.3, 0.98]))
@example(76, 10, 0, 0.3)  # the last bin has two samples, one is missing
def test_every_bin_has_the_least_and_the_greatest_value_numpy_finds(samples, pixels, seed, missing) -> None:
    x, values = seconds(samples), noisy(samples, seed, missing=missing)
    at, drawn = envelope(x, {"v": values}, pixels=pixels)
    assert len(at) == len(drawn["v"]) <= 2 * pixels
    assert (np.diff(at) > 0).all()
    assert (at[0], at[-1]) == (x[0], x[-1])
    if samples <= 2 * pixels:
        np.testing.assert_array_equal(drawn["v"], values)
        return
    np.testing.assert_array_equal(drawn["v"][[0, -1]], values[[0, -1]])
    between, ends = drawn["v"][1:-1], np.searchsorted(x, at[1:-1])
    for place in range(0, len(ends), 2):
        first, last = ends[place], ends[min(place + 1, len(ends) - 1)]
        known = values[first : last + 1][np.isfinite(values[first : last + 1])]
        found = between[place : place + 2]
        if len(known):
            assert (found.min(), found.max()) == (known.min(), known.max())
        else:
            assert np.isnan(found).all()


def test_all_columns_share_one_x() -> None:
    columns = {"a": noisy(10_000, 1), "b": noisy(10_000, 2, missing=0.5)}
    at, drawn = envelope(seconds(10_000), columns, pixels=200)
    assert {len(values) for values in drawn.values()} == {len(at)}


def test_a_spike_of_one_sample_is_drawn_however_long_the_stint_is() -> None:
    values = np.zeros(720_000, np.float32)
    values[432_101] = 7.0
    at, drawn = envelope(seconds(720_000), {"v": values}, pixels=1000)
    assert drawn["v"].max() == 7.0
    assert at[drawn["v"].argmax()] == pytest.approx(4321.01, abs=7.2)


def test_what_goes_up_in_a_bin_is_drawn_up_and_what_goes_down_is_drawn_down() -> None:
    up = np.arange(10_000, dtype=np.float32)
    _, drawn = envelope(up, {"up": up, "down": -up}, pixels=100)
    assert (np.diff(drawn["up"]) > 0).all()
    assert (np.diff(drawn["down"]) < 0).all()


def test_a_gap_of_a_bin_or_more_is_drawn_as_one() -> None:
    values = noisy(100_000)
    values[40_000:42_000] = np.nan
    at, drawn = envelope(seconds(100_000), {"v": values}, pixels=200)
    hole = at[np.isnan(drawn["v"])]
    assert hole.min() >= 400
    assert hole.max() < 420
    assert hole.max() - hole.min() > 8


def test_a_view_of_fewer_samples_than_points_has_the_samples_themselves_and_one_on_either_side() -> None:
    x, values = seconds(100_000), noisy(100_000)
    at, drawn = envelope(x, {"v": values}, view=(500.005, 503.0), pixels=1000)
    np.testing.assert_array_equal(at, x[50_000:50_301])
    np.testing.assert_array_equal(drawn["v"], values[50_000:50_301])


@given(st.floats(-100, 1200), st.floats(-100, 1200), st.integers(-5, 3000))
def test_any_view_is_answered_from_within_the_data(start, end, pixels) -> None:
    x = seconds(100_000)
    at, drawn = envelope(x, {"v": x}, view=(start, end), pixels=pixels)
    assert 1 <= len(at) <= max(2 * pixels, 4)
    assert (np.diff(at) > 0).all()
    assert x[0] <= at[0] <= at[-1] <= x[-1]
    assert len(drawn["v"]) == len(at)


@pytest.mark.parametrize("view", [(np.nan, 3.0), (-np.inf, np.inf)])
def test_a_view_that_is_none_is_everything(view) -> None:
    x = seconds(5_000)
    at, _ = envelope(x, {}, view=view, pixels=10)
    assert (at[0], at[-1]) == (x[0], x[-1])


def test_a_screen_nobody_has_is_not_drawn_for() -> None:
    x = seconds(720_000)
    assert len(envelope(x, {"v": x}, pixels=10**9)[0]) <= 2 * MOST_PIXELS


def test_nothing_is_nothing() -> None:
    none = np.zeros(0, np.float32)
    assert [len(values) for values in (envelope(none, {})[0], thinned(none, {})[0])] == [0, 0]


@given(st.integers(1, 5000), st.integers(2, 400))
def test_every_kth_sample_and_the_last_one_are_kept(samples, most) -> None:
    x = seconds(samples)
    at, kept = thinned(x, {"v": x}, most=most)
    assert len(at) <= max(most, 2)
    assert (at[0], at[-1]) == (x[0], x[-1])
    np.testing.assert_array_equal(kept["v"], at)
    if samples > most:
        assert len(set(np.diff(np.rint(at[:-1] * 100)))) <= 1


def test_what_a_stint_of_two_hours_sends_at_once_is_less_than_400_kb() -> None:
    names = [f"lap|{number}" for number in range(8)]
    stint = Detail(seconds(720_000), {name: noisy(720_000, seed) for seed, name in enumerate(names)})
    sent = [thinned(stint.x, stint.columns), stint.drawn(None, 1200, names)]
    assert sum(x.nbytes + sum(values.nbytes for values in columns.values()) for x, columns in sent) < 400_000
    assert len(sent[0][0]) <= THIN_POINTS


def test_names_that_are_not_there_are_left_out() -> None:
    stint = Detail(seconds(100), {"lap|speed": noisy(100)})
    assert list(stint.drawn((0.0, 1.0), 500, ["lap|speed", "other|speed"])[1]) == ["lap|speed"]
