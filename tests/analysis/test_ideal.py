"""An ideal lap is made of what was driven, joined only where a car can go from lap to lap, and adds up."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise, product
from math import fsum

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ps_analytics.analysis.delta import delta
from ps_analytics.analysis.ideal import IdealLap, ideal_lap
from ps_analytics.analysis.joins import cheapest
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap, LapKind
from ps_analytics.simulate.car import FORMULA, GT, Car
from ps_analytics.simulate.circuit import generate
from ps_analytics.simulate.driver import Driver
from ps_analytics.simulate.route import LapPlan
from ps_analytics.simulate.session import SimulatedSession, simulate
from tests.analysis.by_metre import LENGTH_M, Profile, dips, drive_by_metre, track_with
from tests.analysis.laps import changed, lap_from, values_of, without

TRACK = track_with((450.0, 500.0, 560.0), (1150.0, 1200.0, 1280.0))
CORNERS = dips(200.0, (500.0, 80.0, 250.0), (1200.0, 100.0, 250.0))
"""Flat out, two corners; the units begin just before 250 m and 950 m."""


def slower(*bumps: tuple[float, float, float]) -> Profile:
    """The speed with (metre, km/h, over so many metres) taken off: smooth, and nothing outside."""

    def speed(at_m: np.ndarray) -> np.ndarray:
        lost = np.zeros(len(at_m))
        for place, kmh, over in bumps:
            lost += kmh * np.cos(np.clip((at_m - place) / over, -1.0, 1.0) * np.pi / 2) ** 2
        return CORNERS(at_m) - lost

    return speed


def seconds(speed_kmh: Profile) -> float:
    """The time of a lap by the integral of what is driven, far finer than any sample."""
    fine = np.linspace(0.0, LENGTH_M, 400_001)
    return float(np.trapezoid(3.6 / speed_kmh(fine), fine))


def lap_of(number: int, *bumps: tuple[float, float, float], beside_m: float = 0.0, gear: float = 5.0) -> Lap:
    """A lap this much slower here and there, round a circle, this far inside it, in one gear."""
    radius = LENGTH_M / (2 * np.pi) - beside_m
    return drive_by_metre(
        {
            "speed": slower(*bumps),
            "x": lambda at_m: -radius * np.cos(2 * np.pi * at_m / LENGTH_M),
            "y": lambda at_m: radius * np.sin(2 * np.pi * at_m / LENGTH_M),
            "gear": lambda at_m: gear + 0 * at_m,
            "fuel": lambda at_m: 30.0 - number - at_m / LENGTH_M,
            "heading": lambda at_m: (350.0 + 8.0 * number + 360.0 * at_m / LENGTH_M) % 360.0,
        },
        lap_number=number,
        track="Ring",
    )


FIRST, SECOND = (500.0, 8.0, 120.0), (1200.0, 8.0, 120.0)


def numbers(found: IdealLap) -> list[int]:
    return found.pieces["lap_number"].to_list()


def test_it_takes_each_corner_from_the_lap_that_was_best_there() -> None:
    found = ideal_lap([lap_of(4, FIRST), lap_of(7, SECOND)], track=TRACK)
    assert found.pieces["unit"].to_list() == ["T2", "T1", "T2"]
    assert numbers(found) == [4, 7, 4]
    # Where neither is slower, both laps are the same: the lap nobody drove has its time in closed form.
    assert found.lap_time_s == pytest.approx(seconds(CORNERS), abs=0.001)
    assert found.lap.lap_id == "ideal"
    assert (found.lap.kind, found.lap.valid) == (LapKind.TIMED, True)
    assert found.lap.flags["ideal"] == ("lap-4", "lap-7")


def test_its_time_is_the_sum_of_its_pieces_and_what_each_gained() -> None:
    laps = [lap_of(4, FIRST), lap_of(7, SECOND), lap_of(9, (500.0, 3.0, 100.0), (1200.0, 3.0, 100.0))]
    found = ideal_lap(laps, track=TRACK)
    best = min(lap.lap_time_s or np.inf for lap in laps)
    assert abs(found.lap_time_s - fsum(found.pieces["time_s"])) <= 1e-9
    assert found.lap_time_s == found.lap.lap_time_s
    assert best - found.lap_time_s == pytest.approx(fsum(found.pieces["gained_s"]), abs=1e-9)
    assert found.pieces["start_m"][0] == 0
    assert found.pieces["end_m"][-1] == pytest.approx(LENGTH_M, rel=1e-6)
    assert found.pieces["start_m"][1:].to_list() == found.pieces["end_m"][:-1].to_list()


@pytest.mark.parametrize(("top_kmh", "joined"), [(197.0, True), (193.0, False)])
def test_laps_that_differ_in_speed_where_they_would_be_joined_are_not(top_kmh: float, joined: bool) -> None:
    def capped(at_m: np.ndarray) -> np.ndarray:
        cap = np.interp(at_m, (700.0, 720.0, 990.0, 1010.0), (999.0, top_kmh, top_kmh, 999.0))
        return np.asarray(np.minimum(slower(SECOND)(at_m), cap))

    held_up = drive_by_metre({"speed": capped}, lap_number=7)
    found = ideal_lap([without(lap_of(4, FIRST), "x", "y", "gear"), held_up], track=TRACK)
    assert numbers(found) == ([4, 7, 4] if joined else [4, 4, 4])
    assert found.flags.get("joins_refused", 0) == (0 if joined else 1)


@pytest.mark.parametrize(
    ("apart", "joined"), [({}, True), ({"beside_m": 1.5}, True), ({"beside_m": 2.5}, False), ({"gear": 3.0}, False)]
)
def test_laps_apart_in_place_or_gear_are_not_joined(apart: dict[str, float], joined: bool) -> None:
    found = ideal_lap([lap_of(1, FIRST), lap_of(4, SECOND, **apart)], track=TRACK)
    assert found.flags["compared"] == ("speed", "position", "gear")
    assert (len(set(numbers(found))) == 2) is joined
    assert ("joins_refused" in found.flags) is not joined


def test_a_lap_that_comes_at_an_angle_is_not_joined() -> None:
    straight, weaving = lap_of(1, FIRST), lap_of(4, SECOND)
    at_m = weaving.frames["normalized_position"].to_numpy() * LENGTH_M
    radius = LENGTH_M / (2 * np.pi) + 1.5 * np.sin(2 * np.pi * (at_m - 238.0) / 100.0)  # 5.4° at 238 m
    angle = 2 * np.pi * at_m / LENGTH_M
    x, y = -radius * np.cos(angle), radius * np.sin(angle)
    for name, values in (("x", x), ("y", y)):
        weaving = replace(weaving, traces={**weaving.traces, name: replace(weaving.traces[name], values=values)})
    assert len(set(numbers(ideal_lap([straight, weaving], track=TRACK)))) < 2


def test_where_positions_and_gear_are_unknown_the_speed_decides_and_the_result_says_so() -> None:
    laps = [without(lap, "x", "y", "gear") for lap in (lap_of(1, FIRST), lap_of(4, SECOND))]
    found = ideal_lap(laps, track=TRACK)
    assert numbers(found) == [1, 4, 1]
    assert found.flags["compared"] == ("speed",)


def test_of_one_lap_it_is_that_lap() -> None:
    lap = lap_of(3, FIRST)
    found = ideal_lap([lap], track=TRACK)
    assert found.lap_time_s == lap.lap_time_s
    assert found.rolling_best_s == lap.lap_time_s
    assert (delta(found.lap, lap).frame["delta_s"] == 0).all()
    assert found.pieces["gained_s"].to_list() == [0.0] * 3
    assert found.flags["few_laps"] is True
    assert found.lap.traces == lap.traces


def test_of_equal_laps_nothing_is_joined() -> None:
    found = ideal_lap([replace(lap_of(1), lap_number=n, lap_id=f"lap-{n}") for n in (1, 2, 3)], track=TRACK)
    assert len(set(numbers(found))) == 1
    assert "joins_refused" not in found.flags


def test_it_is_a_lap_that_can_be_drawn_and_compared() -> None:
    laps = [lap_of(4, FIRST), lap_of(7, SECOND)]
    found = ideal_lap(laps, track=TRACK)
    best = min(laps, key=lambda lap: lap.lap_time_s or np.inf)
    against = delta(found.lap, best)
    assert against.frame["delta_s"][-1] == found.lap_time_s - (best.lap_time_s or 0)
    assert against.closure_s == 0
    assert (delta(found.lap, found.lap).frame["delta_s"] == 0).all()
    # What each piece gained is where the delta says so.
    at = np.interp(found.pieces["end_m"], against.frame["distance_m"], against.frame["delta_s"])
    assert at == pytest.approx(-np.cumsum(found.pieces["gained_s"].to_numpy()), abs=0.001)
    frames = found.lap.frames
    assert {"speed", "x", "y", "gear", "fuel", "normalized_position", "lap_time"} <= set(frames.columns)
    assert frames["timestamp"][0] == 0
    assert frames["timestamp"][-1] == found.lap_time_s
    assert frames["timestamp"].diff()[1:].min() > 0  # type: ignore[operator]


def test_channels_go_over_from_lap_to_lap_without_an_edge() -> None:
    frames = ideal_lap([lap_of(4, FIRST), lap_of(7, SECOND)], track=TRACK).lap.frames
    # Fuel differs by 3 l between these laps: over the join it changes by a tenth of a litre a metre, not at once.
    assert frames["fuel"].diff().abs().max() == pytest.approx(0.1, abs=0.02)
    turned = np.diff(np.unwrap(frames["heading"].to_numpy(), period=360.0))
    assert 0 < np.abs(turned).max() < 1.5
    assert np.abs(frames["speed"].diff().drop_nulls()).max() < 4.0
    assert set(frames["gear"].unique()) == {5.0}


def test_sums_of_best_sectors_are_told_beside_it() -> None:
    laps = [lap_of(4, FIRST), lap_of(7, SECOND)]
    found = ideal_lap(laps, track=TRACK)
    assert found.best_mini_sectors_s <= found.lap_time_s + 1e-9
    assert found.sectors.filter(kind="mini").height == 25
    assert found.best_sectors_s is None  # this track has none
    official = ideal_lap(
        [replace(laps[0], sectors_s=(20.0, 22.0, 21.0)), replace(laps[1], sectors_s=(19.5, 22.5, 21.5))], track=TRACK
    )
    assert official.best_sectors_s == 19.5 + 22.0 + 21.0
    assert official.sectors.filter(kind="sector")["lap_number"].to_list() == [7, 4, 4]


def test_the_rolling_best_runs_from_one_lap_into_the_next() -> None:
    clean_s, slow_s = seconds(CORNERS), min(lap_of(n, where).lap_time_s or 0 for n, where in ((1, FIRST), (2, SECOND)))
    # From before the second corner of the first lap to the same place of the next nothing is lost …
    assert ideal_lap([lap_of(4, FIRST), lap_of(5, SECOND)], track=TRACK).rolling_best_s == pytest.approx(
        clean_s, abs=0.001
    )
    # … in the other order, or with a lap between them, one of both losses always is.
    for first, second in ((lap_of(4, SECOND), lap_of(5, FIRST)), (lap_of(4, FIRST), lap_of(6, SECOND))):
        assert ideal_lap([second, first], track=TRACK).rolling_best_s == pytest.approx(slow_s, abs=0.001)


def junk(lap: Lap, **changes: object) -> Lap:
    return replace(lap, **changes)  # type: ignore[arg-type]


def test_junk_takes_no_part() -> None:
    good = [lap_of(4, FIRST), lap_of(7, SECOND)]
    quick = lap_of(8)
    bad = [
        junk(quick, valid=False),
        junk(quick, kind=LapKind.OUT),
        junk(quick, lap_time_s=None),
        junk(quick, flags={"race_start": True}),
        junk(quick, flags={"gap_s": 3.0}),
    ]
    assert ideal_lap([*bad, *good], track=TRACK).lap_time_s == ideal_lap(good, track=TRACK).lap_time_s


def test_a_lap_that_was_cut_short_is_never_the_best_however_fast() -> None:
    good = [lap_of(n, FIRST, SECOND) for n in (1, 2, 3)]
    columns = {name: good[0].frames[name].cast(pl.Float64).to_numpy() for name in good[0].traces}
    half = {name: values[: len(values) * 2 // 3] for name, values in columns.items()}
    half["normalized_position"] = half["normalized_position"] / half["normalized_position"][-1]
    short = lap_from(half, lap_time_s=float(half["lap_time"][-1]) + 1 / 60, lap_number=9, track="Ring")
    found = ideal_lap([short, *(replace(lap, lap_time_s=(lap.lap_time_s or 0.0)) for lap in good)], track=TRACK)
    assert 9 not in numbers(found)


def test_a_gearbox_caught_in_neutral_is_no_reason_to_refuse() -> None:
    gear = values_of(lap_of(4, SECOND), "gear")
    gear[::9] = 0.0
    shifting = changed(lap_of(4, SECOND), "gear", gear)
    assert numbers(ideal_lap([lap_of(1, FIRST), shifting], track=TRACK)) == [1, 4, 1]


def test_a_lap_driven_the_other_way_round_is_left_out_and_named() -> None:
    laps = [lap_of(4, FIRST), lap_of(7, SECOND), lap_of(9)]
    laps[2] = changed(laps[2], "normalized_position", values_of(laps[2], "normalized_position")[::-1].copy())
    found = ideal_lap(laps, track=TRACK)
    (reason,) = found.flags["left_out"].values()
    assert list(found.flags["left_out"]) == ["lap-9"]
    assert "lap 9 runs the other way round." in reason
    assert set(numbers(found)) == {4, 7}


def test_laps_of_different_tracks_are_refused_by_name() -> None:
    laps = [lap_of(1, FIRST), replace(lap_of(2, SECOND), track="Oval")]
    with pytest.raises(IncompatibleLaps) as caught:
        ideal_lap(laps)
    assert caught.value.reason == "they are of different tracks: 'Ring', 'Oval'."


def test_nothing_usable_is_refused_with_the_reason() -> None:
    with pytest.raises(IncompatibleLaps, match=r"none of the 1 laps is usable\."):
        ideal_lap([replace(lap_of(1), valid=False)])
    with pytest.raises(IncompatibleLaps, match=r"there are none\."):
        ideal_lap([])


def test_frames_will_do() -> None:
    laps = [lap_of(4, FIRST), lap_of(7, SECOND)]
    found = ideal_lap([lap.frames.drop("lap_number") for lap in laps], track=TRACK)
    assert found.pieces["lap_id"].to_list() == ["frame 1", "frame 2", "frame 1"]
    assert found.pieces["lap_number"].to_list() == [None, None, None]
    assert found.lap_time_s == pytest.approx(seconds(CORNERS), abs=0.02)
    assert found.lap.lap_time_s == found.lap_time_s


def test_a_track_without_a_corner_gives_the_best_lap() -> None:
    def around(kmh: float) -> Profile:
        return lambda at_m: kmh + 0.5 * np.sin(at_m / 300.0)

    flat = [drive_by_metre({"speed": around(kmh)}, lap_number=n) for n, kmh in enumerate((250.0, 251.0, 249.0), 1)]
    found = ideal_lap(flat)
    assert found.lap_time_s == flat[1].lap_time_s
    assert numbers(found) == [2] * len(found.pieces)


def test_without_a_speed_the_positions_say_it() -> None:
    laps = [without(lap, "speed") for lap in (lap_of(4, FIRST), lap_of(7, SECOND))]
    laps = [replace(lap, track_length_m=LENGTH_M) for lap in laps]
    found = ideal_lap(laps, track=TRACK)
    assert found.lap_time_s == pytest.approx(seconds(CORNERS), abs=0.002)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), pieces=st.integers(1, 5), laps=st.integers(1, 4))
def test_the_choice_is_the_quickest_of_all_that_can_be_joined(data: st.DataObject, pieces: int, laps: int) -> None:
    cost = np.array(data.draw(st.lists(st.integers(1, 9), min_size=pieces * laps, max_size=pieces * laps)), float)
    cost = cost.reshape(pieces, laps)

    def draw_bools(*shape: int) -> np.ndarray:
        count = int(np.prod(shape))
        drawn = np.array(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)), bool).reshape(shape)
        return drawn | np.eye(laps, dtype=bool)

    agree, closes = draw_bools(pieces - 1, laps, laps), draw_bools(laps, laps)

    def is_open(way: tuple[int, ...]) -> bool:
        inner = all(agree[place, one, two] for place, (one, two) in enumerate(pairwise(way)))
        return inner and bool(closes[way[-1], way[0]])

    every = [way for way in product(range(laps), repeat=pieces) if is_open(way)]
    least = min(sum(cost[row, lap] for row, lap in enumerate(way)) for way in every)
    chosen = cheapest(cost, agree, closes)
    assert is_open(tuple(chosen.tolist()))
    assert sum(cost[row, lap] for row, lap in enumerate(chosen)) == least
    joins = [sum(a != b for a, b in pairwise(w)) for w in every if sum(cost[r, k] for r, k in enumerate(w)) == least]
    assert sum(a != b for a, b in pairwise(chosen.tolist())) == min(joins)


def as_it_is(frames: pl.DataFrame, length_m: float) -> pl.DataFrame:
    return frames


def off_by_half_a_metre(frames: pl.DataFrame, length_m: float) -> pl.DataFrame:
    rng = np.random.default_rng(8)
    noise = {name: rng.normal(0.0, 0.5, len(frames)) for name in ("x", "y", "normalized_position")}
    position = (frames["normalized_position"].to_numpy() + noise["normalized_position"] / length_m) % 1.0
    return frames.with_columns(
        *(pl.Series(name, frames[name].to_numpy() + noise[name]) for name in ("x", "y")),
        normalized_position=pl.Series(position),
    )


SEEDS = (1011, 1012, 1013, 1014)


@pytest.fixture(scope="module")
def sessions() -> list[SimulatedSession]:
    found = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        corners = int(rng.integers(6, 14))
        circuit = generate("Ring", seed=seed, length_m=float(rng.uniform(230.0, 330.0)) * corners, corners=corners)
        car: Car = GT if seed % 2 else FORMULA
        plan = [LapPlan(LapKind.TIMED)] * 8
        found.append(simulate(circuit, car, Driver("A", seed=seed), plan, seed=seed, workshop=False))
    return found


@pytest.mark.parametrize("change", [as_it_is, off_by_half_a_metre])
def test_driven_anew_it_takes_the_time_it_says(
    sessions: list[SimulatedSession], change: Callable[[pl.DataFrame, float], pl.DataFrame]
) -> None:
    off = []
    for session in sessions:
        laps = laps_of(session, change(session.frames, session.circuit.length_m))
        found = ideal_lap(laps)
        assert found.lap_time_s <= min(lap.lap_time_s or np.inf for lap in laps) + 1e-9
        pieces = zip(found.pieces["start_m"], found.pieces["lap_number"], strict=True)
        off.append(found.lap_time_s - session.recombine(list(pieces)))
    assert abs(np.mean(off)) <= 0.020
    assert np.sqrt(np.mean(np.square(off))) <= 0.040


def laps_of(session: SimulatedSession, frames: pl.DataFrame) -> list[Lap]:
    """The flying laps of a session as the store gives them; the first began at no speed anybody knows of."""
    keep = ("timestamp", "lap_time", "normalized_position", "speed", "gear", "x", "y", "steering", "throttle", "brake")
    found = []
    for truth in session.truth[1:]:
        if truth.lap_time_s is None:
            continue
        own = frames.filter((pl.col("timestamp") >= truth.start_s) & (pl.col("timestamp") < truth.end_s))
        columns = {name: own[name].cast(pl.Float64).to_numpy() for name in keep}
        found.append(lap_from(columns, lap_time_s=truth.lap_time_s, start_s=truth.start_s, lap_number=truth.lap_number))
    return found
