"""Each trouble does to the frames what its name says, and the truth still describes what they show."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from ps_analytics.lap import LapKind
from ps_analytics.simulate import trouble
from ps_analytics.simulate.car import GT
from ps_analytics.simulate.circuit import Circuit
from ps_analytics.simulate.driver import Driver
from ps_analytics.simulate.route import LapPlan
from ps_analytics.simulate.session import SimulatedSession, simulate

PERIOD = 1 / 60


@pytest.fixture(scope="module")
def stint(circuit: Circuit) -> SimulatedSession:
    """A lap out of the pits and four flying ones."""
    plan = [LapPlan(LapKind.OUT), *[LapPlan(LapKind.TIMED)] * 4]
    return simulate(circuit, GT, Driver("A"), plan, seed=4, workshop=False)


@pytest.fixture(scope="module")
def again(circuit: Circuit) -> SimulatedSession:
    """The stint after a restart."""
    plan = [LapPlan(LapKind.OUT), LapPlan(LapKind.TIMED), LapPlan(LapKind.TIMED)]
    return simulate(circuit, GT, Driver("A"), plan, seed=5, workshop=False)


def column(session: SimulatedSession, name: str) -> np.ndarray:
    return session.frames[name].cast(pl.Float64).to_numpy()


def middle_of(session: SimulatedSession, lap: int) -> float:
    return (session.truth[lap].start_s + session.truth[lap].end_s) / 2


def lines(session: SimulatedSession) -> np.ndarray:
    """When the position passes the line, by interpolation."""
    time, position = column(session, "timestamp"), column(session, "normalized_position")
    at = np.flatnonzero(np.diff(position) < -0.5)
    share = (1 - position[at]) / (1 - position[at] + position[at + 1])
    return np.asarray(time[at] + share * (time[at + 1] - time[at]))


def outline(session: SimulatedSession) -> list[tuple[int, str, bool, bool]]:
    return [(lap.lap_number, str(lap.kind), lap.valid, lap.lap_time_s is None) for lap in session.truth]


def tiles(session: SimulatedSession) -> bool:
    """Whether each lap of the truth begins where the one before it ends."""
    return all(a.end_s == pytest.approx(b.start_s, abs=4.5) for a, b in pairwise(session.truth))


@pytest.mark.parametrize("sends_frames", [True, False])
def test_a_pause_takes_time_stamps_and_no_lap_time(stint: SimulatedSession, sends_frames: bool) -> None:
    at_s = middle_of(stint, 2)
    paused = trouble.pause(stint, at_s=at_s, seconds=12.0, sends_frames=sends_frames)
    assert lines(paused) == pytest.approx([lap.end_s for lap in paused.truth[:-1]], abs=1e-3)
    assert paused.truth[2].end_s == pytest.approx(stint.truth[2].end_s + 12.0, abs=PERIOD)
    assert [lap.lap_time_s for lap in paused.truth] == [lap.lap_time_s for lap in stint.truth]
    assert paused.true_time_s(3, np.array([0.5])) == stint.true_time_s(3, np.array([0.5]))
    frozen = paused.frames.filter(pl.col("timestamp").is_between(at_s + PERIOD, at_s + 12.0 - PERIOD))
    assert frozen.height == (pytest.approx(12 / PERIOD, abs=4) if sends_frames else 0)
    assert frozen.select("lap_time", "normalized_position", "speed").n_unique() == int(sends_frames)
    assert np.diff(column(paused, "lap_time")).max() < 1.5 * PERIOD


def test_a_restart_breaks_a_lap_off_and_begins_the_clocks_anew(
    stint: SimulatedSession, again: SimulatedSession
) -> None:
    at_s = middle_of(stint, 3)
    anew = trouble.restart(stint, again, at_s=at_s, wait_s=4.0)
    kinds = ["out", "timed", "timed", "partial", "out", "timed", "timed", "partial"]
    assert [lap.kind for lap in anew.truth] == kinds
    assert [lap.lap_number for lap in anew.truth] == list(range(8))
    assert not anew.truth[3].valid
    assert anew.truth[5].lap_time_s == again.truth[1].lap_time_s
    assert lines(anew) == pytest.approx([anew.truth[i].end_s for i in (0, 1, 2, 4, 5, 6)], abs=1e-3)
    first = anew.frames.filter(pl.col("timestamp") > at_s)
    assert first["timestamp"][0] == pytest.approx(at_s + 4.0, abs=2 * PERIOD)
    assert first["source_lap_number"][0] == 0
    assert first["last_lap_time"][0] is None
    assert anew.true_time_s(5, np.array([0.3])) == again.true_time_s(1, np.array([0.3]))


@pytest.mark.parametrize("counts", [True, False])
def test_back_in_the_pits_the_source_goes_on_counting(
    stint: SimulatedSession, again: SimulatedSession, counts: bool
) -> None:
    at_s = middle_of(stint, 2)
    back = trouble.to_pits(stint, again, at_s=at_s, counts=counts)
    assert [lap.kind for lap in back.truth[:4]] == ["out", "timed", "partial", "out"]
    parked = back.frames.filter(pl.col("timestamp") > at_s)[0]
    assert parked["in_pit"].item()
    assert parked["source_lap_number"].item() == 2 + counts
    assert parked["last_lap_time"].item() == stint.truth[1].lap_time_s
    assert back.frames["source_lap_number"].is_sorted()
    early = trouble.to_pits(stint, again, at_s=middle_of(stint, 0))
    assert early.frames.filter(pl.col("timestamp") < early.truth[1].end_s)["last_lap_time"].is_null().all()


def test_a_flashback_puts_car_and_lap_clock_back_and_leaves_no_whole_lap(stint: SimulatedSession) -> None:
    at_s = middle_of(stint, 2)
    back = trouble.flashback(stint, at_s=at_s, back_s=6.0)
    assert outline(back)[:5] == [
        (0, "out", False, True),
        (1, "timed", True, False),
        (2, "partial", False, True),
        (3, "partial", False, True),
        (4, "timed", True, False),
    ]
    put = int(np.searchsorted(column(back, "timestamp"), at_s)) - 1
    gone = np.diff(column(back, "normalized_position"))[put] * back.circuit.length_m
    assert -6.0 * 80 < gone < -6.0 * 12
    assert np.diff(column(back, "lap_time"))[put] == pytest.approx(-6.0, abs=2 * PERIOD)
    assert np.diff(column(back, "timestamp")) == pytest.approx(np.full(back.frames.height - 1, PERIOD), abs=1e-6)
    assert lines(back) == pytest.approx([back.truth[i].end_s for i in (0, 1, 3, 4, 5)], abs=1e-3)
    assert tiles(back)


def test_a_flashback_over_the_line_undoes_the_lap_that_ended_there(stint: SimulatedSession) -> None:
    line = stint.truth[2].start_s
    back = trouble.flashback(stint, at_s=line + 3.0, back_s=7.0)
    assert [(str(lap.kind), lap.doubtful) for lap in back.truth[:6]] == [
        ("out", False),
        ("timed", True),
        ("partial", False),
        ("partial", False),
        ("timed", False),
        ("timed", False),
    ]
    assert lines(back) == pytest.approx([back.truth[i].end_s for i in (0, 1, 3, 4, 5, 6)], abs=1e-3)
    assert back.truth[4].start_s == pytest.approx(line + 7.0, abs=2 * PERIOD)
    assert back.truth[4].lap_time_s == stint.truth[2].lap_time_s
    assert tiles(back)
    with pytest.raises(ValueError, match="leads back by more than a lap"):
        trouble.flashback(stint, at_s=stint.truth[4].start_s + 3, back_s=100.0)


def test_a_hole_makes_only_laps_doubtful_that_miss_much_or_their_line(stint: SimulatedSession) -> None:
    short = trouble.drop_out(stint, at_s=middle_of(stint, 2), seconds=0.5)
    assert short.truth == stint.truth
    long = trouble.drop_out(stint, at_s=middle_of(stint, 2), seconds=5.0)
    assert [lap.doubtful for lap in long.truth] == [False, False, True, False, False, False]
    line = trouble.drop_out(stint, at_s=stint.truth[2].end_s - 0.3, seconds=0.6)
    assert [lap.doubtful for lap in line.truth] == [False, False, True, True, False, False]
    assert np.diff(column(long, "timestamp")).max() == pytest.approx(5.0, abs=2 * PERIOD)


def test_a_minute_of_silence_makes_two_sessions(stint: SimulatedSession) -> None:
    begin = middle_of(stint, 2)
    silent = trouble.drop_out(stint, at_s=begin, seconds=stint.truth[3].end_s - begin + 10.0)
    assert [lap.kind for lap in silent.truth] == ["out", "timed", "partial", "partial", "partial"]
    assert silent.truth[3].start_s > stint.truth[3].end_s


def test_a_clock_that_is_set_changes_stamps_only_unless_by_so_much_that_a_session_ends(
    stint: SimulatedSession,
) -> None:
    at_s = middle_of(stint, 2)
    for seconds in (-3.0, 20.0):
        stepped = trouble.clock_step(stint, at_s=at_s, seconds=seconds)
        assert outline(stepped) == outline(stint)
        assert lines(stepped) == pytest.approx([lap.end_s for lap in stepped.truth[:-1]], abs=1e-3)
    for seconds in (-30.0, 100.0):
        stepped = trouble.clock_step(stint, at_s=at_s, seconds=seconds)
        assert [lap.kind for lap in stepped.truth[1:5]] == ["timed", "partial", "partial", "timed"]
        assert stepped.truth[3].start_s == pytest.approx(at_s + seconds, abs=2 * PERIOD)


def test_packets_come_late_doubled_out_of_order_or_never(stint: SimulatedSession) -> None:
    late = column(trouble.jittered(stint, seed=1, late_s=0.004), "timestamp")
    assert np.all(np.diff(late) > 0)
    assert np.mean(late - column(stint, "timestamp")) == pytest.approx(0.0045, abs=0.001)
    back = trouble.clock_step(stint, at_s=middle_of(stint, 2), seconds=-3.0)
    assert np.abs(column(trouble.jittered(back, seed=1), "timestamp") - column(back, "timestamp")).max() < 0.2
    mixed = trouble.reordered(stint, seed=1, share=0.05)
    assert mixed.frames.sort("timestamp").equals(stint.frames)
    steps = np.diff(column(mixed, "timestamp"))
    assert np.mean(steps < 0) == pytest.approx(0.05, abs=0.01)
    assert steps.min() >= -0.2
    doubled = trouble.doubled(stint, seed=1, share=0.05).frames
    assert doubled.unique(maintain_order=True).equals(stint.frames)
    assert doubled.height / stint.frames.height == pytest.approx(1.05, abs=0.01)
    lost = trouble.lost(stint, seed=1, share=0.1).frames
    assert lost.height / stint.frames.height == pytest.approx(0.9, abs=0.01)
    assert lost.join(stint.frames, on="timestamp").height == lost.height


def test_a_source_may_be_late_with_its_counter_and_its_last_lap(stint: SimulatedSession) -> None:
    line = stint.truth[1].end_s
    counted = trouble.late_counter(stint, frames=30).frames.filter(pl.col("source_lap_number") == 2)
    assert counted["timestamp"][0] == pytest.approx(line + 30 * PERIOD, abs=PERIOD)
    shown = trouble.late_last_lap(stint, seconds=2.5).frames
    assert shown.filter(pl.col("last_lap_time") == stint.truth[1].lap_time_s)["timestamp"][0] == pytest.approx(
        line + 2.5, abs=2 * PERIOD
    )


def test_lap_clocks_may_be_late_coarse_standing_or_free(stint: SimulatedSession) -> None:
    late = trouble.late_lap_clock(stint, seconds=1.3).frames
    after = late.filter(pl.col("timestamp").is_between(stint.truth[1].end_s, stint.truth[1].end_s + 3))
    restart = np.flatnonzero(np.diff(after["lap_time"].to_numpy()) < 0)
    assert len(restart) == 1
    assert after["lap_time"][int(restart[0]) + 1] == pytest.approx(1.3, abs=PERIOD)
    assert after["lap_time"][int(restart[0])] == pytest.approx((stint.truth[1].lap_time_s or 0) + 1.3, abs=2 * PERIOD)
    held = column(trouble.held_lap_clock(stint, rate_hz=5.0), "lap_time")
    assert np.mean(np.diff(held) == 0) == pytest.approx(1 - 5 * PERIOD, abs=0.02)
    assert np.all(column(trouble.held_lap_clock(stint, rate_hz=0.0), "lap_time") == 0)
    assert np.all(np.diff(column(trouble.free_lap_clock(stint), "lap_time")) > 0)


def test_a_place_may_be_held_noisy_or_leap(stint: SimulatedSession) -> None:
    held = trouble.held_position(stint, rate_hz=20.0)
    for name in ("normalized_position", "x", "latitude"):
        moving = column(stint, "speed")[1:] > 10
        assert np.mean(np.diff(column(held, name))[moving] != 0) == pytest.approx(1 / 3, abs=0.01)
    length_m = stint.circuit.length_m
    off = column(trouble.noisy_position(stint, seed=1), "normalized_position") - column(stint, "normalized_position")
    off = (off + 0.5) % 1 - 0.5
    assert np.std(off) * length_m == pytest.approx(0.5, abs=0.02)
    spiked = column(trouble.spiked(stint, seed=1, count=7), "normalized_position")
    assert np.sum(np.abs(spiked - column(stint, "normalized_position")) > 0) == 7
    flicker = column(trouble.flickering(stint, seed=1, metres=4.0), "normalized_position")
    changed = np.flatnonzero(flicker != column(stint, "normalized_position"))
    near = np.minimum(column(stint, "normalized_position"), 1 - column(stint, "normalized_position")) * length_m
    assert near[changed].max() < 25
    assert np.sum(np.diff(flicker) < -0.5) > len(stint.truth)


def test_a_logger_with_a_gps_shows_places_on_earth_and_the_speed(stint: SimulatedSession) -> None:
    gps = trouble.gps_only(stint, seed=1)
    assert gps.frames.columns == ["timestamp", "latitude", "longitude", "altitude", "speed"]
    north_m = 111_195 * (column(gps, "latitude") - column(stint, "latitude"))
    assert 0.2 < np.std(north_m) < 0.7
    assert np.abs(north_m).max() < 2.0
    assert np.std(np.diff(north_m)) < 0.1


def test_the_smallest_source_has_ten_columns(stint: SimulatedSession) -> None:
    small = trouble.seed_columns(stint)
    assert len(small.frames.columns) == 10
    assert column(small, "lap_time") * 1000 == pytest.approx(np.round(column(stint, "lap_time") * 1000))


def test_the_same_seed_does_the_same(stint: SimulatedSession) -> None:
    for change in (trouble.jittered, trouble.reordered, trouble.doubled, trouble.lost, trouble.noisy_position):
        assert change(stint, seed=3).frames.equals(change(stint, seed=3).frames)
        assert not change(stint, seed=3).frames.equals(change(stint, seed=4).frames)
