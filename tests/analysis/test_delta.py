"""A delta closes at the line, is zero for a lap against itself and true in between."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ps_analytics.analysis.align import Alignment
from ps_analytics.analysis.delta import Delta, delta, delta_of
from ps_analytics.errors import IncompatibleLaps, UnknownMethod
from ps_analytics.lap import Lap, LapKind
from tests.analysis.laps import Outing, drive_evenly, lap_from, without

Change = Callable[[pl.DataFrame, float], pl.DataFrame]


def as_it_is(frames: pl.DataFrame, length_m: float) -> pl.DataFrame:
    return frames


def noisy_position(frames: pl.DataFrame, length_m: float) -> pl.DataFrame:
    noise = np.random.default_rng(4).normal(0, 0.5 / length_m, len(frames))
    return with_position(frames, np.mod(frames["normalized_position"].to_numpy() + noise, 1.0))


def held_position(frames: pl.DataFrame, length_m: float) -> pl.DataFrame:
    position = frames["normalized_position"].to_numpy()
    return with_position(frames, position[np.arange(len(position)) // 3 * 3])


def lost_packets(frames: pl.DataFrame, length_m: float) -> pl.DataFrame:
    return frames.filter(pl.Series(np.random.default_rng(5).random(len(frames)) > 0.1))


def late_stamps(frames: pl.DataFrame, length_m: float) -> pl.DataFrame:
    late = np.random.default_rng(6).exponential(0.004, len(frames))
    return frames.with_columns(pl.col("timestamp") + pl.Series(late))


def with_position(frames: pl.DataFrame, position: np.ndarray) -> pl.DataFrame:
    return frames.with_columns(normalized_position=pl.Series(position))


def errors_s(outing: Outing, frames: pl.DataFrame, rate_hz: float) -> np.ndarray:
    """What the delta of three laps against the fourth is off, at every metre."""
    laps = outing.laps(frames, rate_hz)
    off = []
    for number in range(3):
        found = delta(laps[number], laps[3], method="position")
        share = found.frame["distance_m"].to_numpy() / found.frame["distance_m"][-1]
        true = outing.true_time_s(number, share) - outing.true_time_s(3, share)
        off.append(found.frame["delta_s"].to_numpy() - true)
    return np.concatenate(off)


@pytest.mark.parametrize(
    ("change", "rate_hz", "rms_ms", "p95_ms"),
    [
        pytest.param(as_it_is, 60.0, 1.5, 2.5, id="60 Hz, clean"),
        pytest.param(noisy_position, 60.0, 6.0, 12.0, id="position off by 0.5 m"),
        pytest.param(held_position, 60.0, 3.0, 5.0, id="position at 20 Hz"),
        pytest.param(as_it_is, 10.0, 6.0, 12.0, id="10 Hz"),
        pytest.param(lost_packets, 60.0, 1.5, 2.5, id="a tenth of the packets lost"),
        pytest.param(late_stamps, 60.0, 6.0, 12.0, id="packets late by 4 ms"),
    ],
)
def test_the_delta_is_the_simulators_truth(
    outing: Outing, change: Change, rate_hz: float, rms_ms: float, p95_ms: float
) -> None:
    off = errors_s(outing, change(outing.frames(rate_hz), outing.circuit.length_m), rate_hz)
    assert 1000 * np.sqrt(np.mean(off**2)) <= rms_ms
    assert 1000 * np.quantile(np.abs(off), 0.95) <= p95_ms


def test_it_closes_at_the_line_and_a_lap_against_itself_is_zero(outing: Outing) -> None:
    laps = outing.laps(outing.frames())
    for lap in laps:
        for reference in laps:
            found = delta(lap, reference)
            official = (lap.lap_time_s or 0) - (reference.lap_time_s or 0)
            assert found.frame["delta_s"][-1] == official
            assert found.frame["delta_s"][0] == 0
            assert found.closure_s == 0
            assert found.frame["delta_s"].is_finite().all()
    assert (delta(laps[0], laps[0]).frame["delta_s"] == 0).all()


def test_without_a_position_it_goes_by_the_distance_driven_and_says_so(outing: Outing) -> None:
    first, second, *_ = (blind(lap) for lap in outing.laps(outing.frames()))
    found = delta(first, second)
    share = found.frame["distance_m"].to_numpy() / found.frame["distance_m"][-1]
    true = outing.true_time_s(0, share) - outing.true_time_s(1, share)
    assert found.method == "scaled_distance"
    assert found.closure_s == 0
    assert np.sqrt(np.mean((found.frame["delta_s"].to_numpy() - true) ** 2)) < 0.03


def blind(lap: Lap) -> Lap:
    """The lap without anything that says where it is."""
    return without(lap, "normalized_position", "x", "y", "latitude", "longitude")


def test_one_lap_without_a_position_puts_both_on_the_distance_driven(outing: Outing) -> None:
    first, second, *_ = outing.laps(outing.frames())
    mixed = delta(blind(first), second)
    both = delta(blind(first), blind(second))
    assert mixed.method == "scaled_distance"
    assert mixed.frame.equals(both.frame)


def test_frames_beside_the_lap_and_a_plain_frame_give_the_same_delta(outing: Outing) -> None:
    frames = outing.frames()
    own = outing.laps(frames)
    expected = delta(own[1], own[2]).frame["delta_s"].to_numpy()
    names, wider, laps = ("timestamp", "lap_time", "normalized_position", "speed"), [], []
    for number in (1, 2):
        truth = outing.dense.truth[number]
        rows = frames.filter(pl.col("timestamp").is_between(truth.start_s - 0.05, truth.end_s + 0.05))
        columns = {name: rows[name].cast(pl.Float64).to_numpy() for name in names}
        laps.append(lap_from(columns, lap_time_s=own[number].lap_time_s, start_s=truth.start_s))
        wider.append(rows)
    assert delta(*laps).frame["delta_s"].to_numpy() == pytest.approx(expected, abs=5e-4)
    assert delta(*wider).frame["delta_s"].to_numpy() == pytest.approx(expected, abs=5e-4)
    lone = [lap.frames for lap in own[1:3]]
    assert delta(*lone).frame["delta_s"].to_numpy() == pytest.approx(expected, abs=2e-3)


times = st.floats(20.0, 200.0, allow_subnormal=False)
gains = st.floats(-0.5, 0.5)
rates = st.sampled_from([4.0, 10.0, 60.0, 100.0, 500.0])
phases = st.floats(0.0005, 0.0015)


@settings(max_examples=50)
@given(first=times, second=times, gain=gains, rate_hz=rates, phase_s=phases)
def test_it_closes_whatever_the_laps(first: float, second: float, gain: float, rate_hz: float, phase_s: float) -> None:
    lap = drive_evenly(first, gain=gain, rate_hz=rate_hz, phase_s=phase_s)
    reference = drive_evenly(second, gain=0.1, rate_hz=60.0)
    found, back = delta(lap, reference), delta(reference, lap)
    assert found.frame["delta_s"][-1] == first - second
    assert found.closure_s == 0
    assert (delta(lap, lap).frame["delta_s"] == 0).all()
    share = np.linspace(0, 1, 50)
    assert at_share(found, share) == pytest.approx(-at_share(back, share), abs=0.004)


@settings(max_examples=25)
@given(gain=st.floats(0.05, 0.5))
def test_a_speed_that_grows_linearly_has_its_closed_form(gain: float) -> None:
    lap, reference = drive_evenly(61.5, gain=gain), drive_evenly(60.0, gain=0.2)
    share = np.linspace(0, 1, 200)

    def time_of(total_s: float, grows: float) -> np.ndarray:
        # L (q (1 − g) + g q²) = s solved for q
        return total_s * (np.sqrt((1 - grows) ** 2 + 4 * grows * share) - (1 - grows)) / (2 * grows)

    assert at_share(delta(lap, reference), share) == pytest.approx(time_of(61.5, gain) - time_of(60.0, 0.2), abs=2e-4)


def at_share(found: Delta, share: np.ndarray) -> np.ndarray:
    distance = found.frame["distance_m"].to_numpy()
    return np.interp(share * distance[-1], distance, found.frame["delta_s"].to_numpy())


def test_its_columns_are_those_of_the_contract() -> None:
    frame = delta(drive_evenly(61.0), drive_evenly(60.0), step_m=10.0).frame
    assert frame.schema == {"distance_m": pl.Float64, "delta_s": pl.Float64, "band_s": pl.Float64}
    assert frame["band_s"].null_count() == 0
    assert frame["distance_m"][:3].to_list() == [0.0, 10.0, 20.0]


def test_laps_of_tracks_of_different_length_are_refused_with_both_lengths() -> None:
    longer = drive_evenly(60.0, length_m=3060.0)
    assert refusal(longer, drive_evenly(60.0)) == "they are of different length: 3060 m and 3000 m driven."
    assert delta(drive_evenly(60.0, length_m=3030.0), drive_evenly(60.0)).closure_s == 0


def test_laps_of_one_track_may_differ_in_driven_length_as_two_cars_speedometers_do() -> None:
    longer = drive_evenly(60.0, length_m=3060.0, track="Ring")
    assert delta(longer, drive_evenly(60.0, track="ring")).flags == {}
    assert "3000 m" in refusal(drive_evenly(60.0, length_m=3120.0, track="Ring"), drive_evenly(60.0, track="Ring"))


def test_laps_that_name_different_tracks_are_marked() -> None:
    assert delta(drive_evenly(60.0, track="Ring"), drive_evenly(61.0, track="Oval")).flags == {"other_track": True}


def test_a_lap_without_a_time_is_refused() -> None:
    timeless = replace(drive_evenly(60.0), lap_time_s=None, kind=LapKind.OUT, lap_number=0)
    assert refusal(timeless, drive_evenly(60.0)) == "lap 0 has no lap time."
    assert refusal(drive_evenly(60.0), timeless) == "lap 0 has no lap time."


def test_a_lap_of_times_only_is_refused() -> None:
    assert refusal(replace(drive_evenly(60.0), traces={}), drive_evenly(60.0)) == "lap 1 has a time and no telemetry."


def refusal(lap: Lap, reference: Lap) -> str:
    with pytest.raises(IncompatibleLaps) as caught:
        delta(lap, reference)
    assert str(caught.value) == f"these laps cannot be compared: {caught.value.reason}"
    return caught.value.reason


def test_one_alignment_serves_many_laps_and_says_the_same(outing: Outing) -> None:
    laps = outing.laps(outing.frames())
    alignment = Alignment(laps[3])
    for lap in laps[:3]:
        assert delta_of(alignment, lap).frame.equals(delta(lap, laps[3]).frame)
        assert alignment.lay(lap).distance_m.tolist() == alignment.grid.distance_m.tolist()


def test_an_unknown_method_is_refused_with_those_there_are() -> None:
    lap = drive_evenly(60.0)
    with pytest.raises(UnknownMethod) as caught:
        delta(lap, lap, method="projektion")
    assert str(caught.value) == (
        "no method is called 'projektion'. Did you mean 'projection' or 'position'? "
        "There are auto, position, projection, centre_line, scaled_distance, distance, time."
    )
