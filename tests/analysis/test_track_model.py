"""A track learned from laps, against circuits whose corners were known before anybody drove them."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ps_analytics.analysis.track import MOST_LAPS, resolve_track, track_model
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import LapKind
from ps_analytics.track import Direction, TrackModel
from tests.analysis.laps import without
from tests.analysis.tracks import along, circuit_of, drive_along, driven, pairs_of, seen_as, timed_laps

SEEDS = (20_000, 20_001, 20_002, 20_003)
SOURCES = ("position", "gps", "gps noise", "yaw_rate", "g_lat", "steering")
RATE_HZ = {"gps noise": 10.0}


def laps_of(seed: int, source: str) -> list[pl.DataFrame]:
    return seen_as(driven(seed, RATE_HZ.get(source, 60.0)), source, seed=seed)


@pytest.mark.parametrize("source", SOURCES)
def test_the_corners_of_generated_circuits_are_found_from_every_source(source: str) -> None:
    true, found, pairs = 0, 0, []
    for seed in SEEDS:
        circuit, track = circuit_of(seed), track_model(laps_of(seed, source))
        assert track.source == source.split()[0]
        true, found = true + len(circuit.corners), found + len(track.corners)
        pairs += pairs_of(circuit.corners, track.corners, circuit.length_m)
    assert len(pairs) >= 0.97 * true
    assert len(pairs) >= 0.95 * found
    assert np.median([away for *_, away in pairs]) <= 15.0


@pytest.mark.parametrize("source", SOURCES)
def test_each_lap_of_a_session_alone_has_the_same_corners_at_the_same_places(source: str) -> None:
    drift = []
    for seed in SEEDS[:2]:
        laps = laps_of(seed, source)
        together = track_model(laps)
        for lap in laps:
            alone = track_model(lap)
            assert len(alone.corners) == len(together.corners)
            for one, other in zip(alone.corners, together.corners, strict=True):
                share = one.apex_m / alone.length_m - other.apex_m / together.length_m
                drift.append(abs((share + 0.5) % 1 - 0.5) * together.length_m)
    assert np.median(drift) <= 10.0


@pytest.mark.parametrize("seed", SEEDS)
def test_the_line_learned_is_the_circuit_s(seed: int) -> None:
    circuit, track = circuit_of(seed), track_model(driven(seed))
    share = track.distance_m / track.length_m
    there = circuit.distance_m / circuit.length_m

    def true(values: np.ndarray) -> np.ndarray:
        return np.interp(share, there, values, period=1.0)

    assert track.length_m == pytest.approx(circuit.length_m, rel=0.003)
    assert track.distance_m[0] == 0.0
    assert np.diff(track.distance_m) == pytest.approx(2.0, rel=0.01)
    assert np.median(np.hypot(track.x - true(circuit.x), track.y - true(circuit.y))) < 1.0
    turned = np.unwrap(np.radians(circuit.heading_deg))
    off = np.degrees(np.radians(track.heading_deg) - np.interp(share, there, turned))
    assert np.median(np.abs((off + 180) % 360 - 180)) < 1.0
    assert np.corrcoef(track.curvature, true(circuit.curvature))[0, 1] > 0.95
    speed = np.median([np.interp(share, lap["normalized_position"], lap["speed"]) for lap in driven(seed)], axis=0)
    assert np.median(np.abs(track.speed_kmh - speed)) < 0.5


@pytest.mark.parametrize("source", ["yaw_rate", "g_lat"])
def test_dead_reckoning_draws_the_circuit_closed(source: str) -> None:
    circuit, track = circuit_of(SEEDS[0]), track_model(laps_of(SEEDS[0], source))
    assert track.flags["dead_reckoned"] is True
    path, true = (np.array([line.x, line.y]) for line in (track, circuit))
    assert np.hypot(*(path[:, -1] - path[:, 0])) < 2 * 2.0
    # The same figure, turned by what the circuit heads to at the line.
    angle = np.radians(circuit.heading_deg[0])
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    share = track.distance_m / track.length_m
    there = np.array([np.interp(share, circuit.distance_m / circuit.length_m, axis) for axis in true - true[:, :1]])
    assert np.median(np.hypot(*(turn @ (path - path[:, :1]) - there))) < 0.02 * circuit.length_m


def test_a_gps_track_says_where_on_earth_its_plane_is() -> None:
    circuit, track = circuit_of(SEEDS[0]), track_model(laps_of(SEEDS[0], "gps"))
    latitude, longitude = track.origin or (0.0, 0.0)
    assert latitude == pytest.approx(circuit.latitude, abs=0.05)
    assert longitude == pytest.approx(circuit.longitude, abs=0.05)
    assert np.hypot(track.x, track.y).max() < circuit.length_m


def test_a_position_told_ten_times_a_second_and_held_in_between_is_no_staircase() -> None:
    held = [lap.with_columns(pl.col("x", "y").gather(pl.int_range(pl.len()) // 6 * 6)) for lap in driven(SEEDS[0])]
    smooth, steps = track_model(driven(SEEDS[0])), track_model(held)
    assert len(steps.corners) == len(smooth.corners)
    assert np.corrcoef(steps.curvature, smooth.curvature)[0, 1] > 0.97


def test_a_few_missing_positions_change_nothing_that_counts() -> None:
    holes = [
        lap.with_columns(x=pl.when(pl.int_range(pl.len()) % 50 < 4).then(None).otherwise("x")) for lap in driven(20_001)
    ]
    assert len(track_model(holes).corners) == len(track_model(driven(20_001)).corners)


def test_a_source_that_stands_still_is_none() -> None:
    frozen = [lap.with_columns(x=pl.lit(3.0), y=pl.lit(4.0)).drop("latitude", "longitude") for lap in driven(20_001)]
    assert track_model(frozen).source == "yaw_rate"


def test_the_same_laps_in_any_order_give_the_same_track() -> None:
    one, other = track_model(driven(20_001)), track_model(driven(20_001)[::-1])
    assert one.corners == other.corners
    assert np.array_equal(one.curvature, other.curvature)


def test_what_was_learned_goes_through_json() -> None:
    track = track_model(seen_as(driven(20_001), "gps"), name="Ring")
    again = TrackModel.from_json(json.loads(json.dumps(track.to_json(), allow_nan=False)))
    assert again.corners == track.corners
    assert again.sectors == track.sectors
    assert np.array_equal(again.curvature, track.curvature)
    assert len(json.dumps(track.to_json())) < 100 * len(track.distance_m)


def test_the_fastest_usable_laps_teach() -> None:
    laps = timed_laps(20_001)
    cut = replace(laps[0], valid=False, lap_id="cut")
    slow = [replace(lap, lap_id=f"slow-{number}") for number, lap in enumerate(laps * 2)]
    track = track_model([cut, *slow, *laps])
    assert len(track.laps_used) == MOST_LAPS
    assert "cut" not in track.laps_used
    assert "laps_doubtful" not in track.flags


def test_laps_nobody_would_use_still_teach_and_the_track_says_so() -> None:
    laps = [replace(lap, valid=False, valid_reason="cut") for lap in timed_laps(20_001)]
    track = track_model(laps)
    assert track.flags["laps_doubtful"] is True
    assert len(track.corners) == len(track_model(timed_laps(20_001)).corners)


def test_the_official_length_counts_where_it_fits() -> None:
    laps = timed_laps(20_001)
    official, other = round(1.004 * circuit_of(20_001).length_m), 1.2 * circuit_of(20_001).length_m
    track = track_model([replace(lap, track_length_m=official, track="Ring") for lap in laps])
    assert (track.length_m, track.name, track.flags["length_official"]) == (official, "Ring", True)
    off = track_model([replace(lap, track_length_m=other) for lap in laps])
    assert off.length_m == pytest.approx(circuit_of(20_001).length_m, rel=0.003)
    assert "length_official" not in off.flags


def test_the_sectors_a_source_states_are_put_where_the_laps_were() -> None:
    laps = []
    for lap in timed_laps(20_001):
        at, times = (lap.traces[name].values for name in ("normalized_position", "lap_time"))
        crossed = np.interp([0.3, 0.7], at, times)
        laps.append(replace(lap, sectors_s=tuple(np.diff([0.0, *crossed, lap.lap_time_s]).tolist())))
    track = track_model(laps)
    assert [sector.end_m / track.length_m for sector in track.sectors] == pytest.approx([0.3, 0.7, 1.0], abs=1e-3)


def test_a_track_at_hand_is_not_learned_again() -> None:
    laps = timed_laps(20_001)
    track = track_model(laps)
    assert resolve_track(laps[0], track) is track
    assert resolve_track([laps[0], replace(laps[1], track_model=track)]) is track
    assert resolve_track(laps).corners == track.corners


# What is no circuit


def test_a_figure_of_eight_turns_both_ways() -> None:
    loop = 2 * np.pi * 0.75 * 100
    eight = along((100.0, 0), (loop, 100.0), (200.0, 0), (loop, -100.0), (100.0, 0))
    lap = drive_along(eight)
    for hidden in ((), ("x", "y")):
        curved = np.repeat([0.0, 0.01, 0.0, -0.01, 0.0], [100, round(loop), 200, round(loop), 100])
        at = np.minimum((lap["timestamp"].to_numpy() * 30.0).astype(int), len(curved) - 1)
        told = lap.with_columns(yaw_rate=pl.Series(np.degrees(curved[at] * 30.0))).drop(hidden)
        track = track_model(told)
        assert [corner.direction for corner in track.corners] == [Direction.RIGHT, Direction.LEFT]
        assert [corner.angle_deg for corner in track.corners] == pytest.approx([270, 270], abs=5)
        assert "open" not in track.flags


def test_an_oval_has_two_corners_and_two_straights() -> None:
    oval = along((150.0, 0), (np.pi * 120, -120.0), (300.0, 0), (np.pi * 120, -120.0), (150.0, 0))
    track = track_model(drive_along(oval))
    assert [(corner.direction, round(corner.angle_deg, -1)) for corner in track.corners] == [(Direction.LEFT, 180)] * 2
    assert [corner.radius_m for corner in track.corners] == pytest.approx([120, 120], rel=0.05)
    assert len(track.straights) == 2
    assert [sector.number for sector in track.sectors] == [1, 2]  # two straights have two middles, one on the line


def test_a_circle_is_one_corner() -> None:
    track = track_model(drive_along(along((2 * np.pi * 100, 100.0))))
    assert [corner.direction for corner in track.corners] == [Direction.RIGHT]
    assert track.corners[0].angle_deg == pytest.approx(360, abs=5)


def test_a_corner_may_run_through_the_line() -> None:
    bend = np.pi / 2 * 60
    square = [(0.4 * bend, 60.0), *[(300.0, 0), (bend, 60.0)] * 3, (300.0, 0), (0.6 * bend, 60.0)]
    track = track_model(drive_along(along(*square)))
    assert len(track.corners) == 4
    assert sum(corner.start_m > corner.end_m for corner in track.corners) == 1
    assert len(track.straights) == 4


def test_a_stage_from_one_place_to_another_keeps_its_ends_apart() -> None:
    stage = along((300.0, 0), (np.pi / 2 * 50, 50.0), (250.0, 0), (np.pi / 2 * 50, -50.0), (400.0, 0), (60.0, 50.0))
    track = track_model(drive_along(stage, closed=False))
    assert track.flags["open"] is True
    assert [corner.direction for corner in track.corners] == [Direction.RIGHT, Direction.LEFT, Direction.RIGHT]
    assert [corner.apex_m for corner in track.corners[:2]] == pytest.approx([339, 668], abs=15)
    assert all(corner.start_m < corner.end_m for corner in track.corners)
    assert all(straight.start_m < straight.end_m for straight in track.straights)
    assert np.hypot(track.x[-1] - track.x[0], track.y[-1] - track.y[0]) > 500


def test_a_kart_lap_of_a_few_seconds_is_learned() -> None:
    oval = along((30.0, 0), (np.pi * 12, 12.0), (60.0, 0), (np.pi * 12, 12.0), (30.0, 0))
    lap = drive_along(oval, speed_ms=15.0)
    assert lap["timestamp"][-1] < 20
    track = track_model(lap)
    assert len(track.corners) == 2
    assert track.length_m == pytest.approx(195.4, abs=1.5)


# What cannot be learned


def refusal(laps: object, **options: object) -> str:
    with pytest.raises(IncompatibleLaps) as refused:
        track_model(laps, **options)  # type: ignore[arg-type]
    return refused.value.reason


def test_no_laps_teach_nothing() -> None:
    assert refusal([]) == "there is none to learn a track from."


def test_laps_that_tell_nothing_of_turning_are_refused() -> None:
    told = [lap.select("timestamp", "speed", "normalized_position") for lap in driven(20_001)]
    assert refusal(told) == "none of them tells how it turns: by position, yaw rate, lateral g or steering."


def test_three_samples_and_parts_of_a_lap_are_refused() -> None:
    lap = timed_laps(20_001)[0]
    assert refusal(driven(20_001)[0][:3]).endswith(" m long, which is no track.")
    assert refusal(replace(lap, traces={})) == "lap 1 has a time and no telemetry."
    part = replace(lap, lap_time_s=None, kind=LapKind.PARTIAL)
    assert refusal(part) == "none of them goes from line to line."


def test_laps_of_different_tracks_are_refused() -> None:
    one, other, *_ = timed_laps(20_001)
    named = [replace(one, track="Here"), replace(other, track="There")]
    assert refusal(named) == "they are of different tracks: 'Here' and 'There'."
    apart = [driven(20_000)[0], driven(20_001)[0]]
    assert refusal(apart).startswith("they are of different length: ")


def test_laps_of_the_other_direction_are_refused() -> None:
    lap = timed_laps(20_001)[0]
    back = {name: replace(trace, values=trace.values[::-1].copy()) for name, trace in lap.traces.items()}
    kept = {name: lap.traces[name] for name in ("timestamp", "lap_time", "normalized_position", "speed")}
    reversed_lap = replace(without(lap, "yaw_rate", "g_lat", "steering", "steering_angle"), traces={**back, **kept})
    reason = "they are of different layouts, or driven in different directions."
    assert refusal([lap, reversed_lap]) == reason


# Signs


def test_a_steering_wheel_the_wrong_way_round_is_recorded() -> None:
    laps = [lap.with_columns(steering=-pl.col("steering")) for lap in driven(20_001)]
    assert track_model(laps).flags["flipped"] == "steering"
    assert "flipped" not in track_model(driven(20_001)).flags


def test_a_mirrored_map_gives_way_to_the_sensors_that_agree() -> None:
    straight, mirrored = (
        track_model(driven(20_001)),
        track_model([lap.with_columns(x=-pl.col("x")) for lap in driven(20_001)]),
    )
    assert mirrored.flags["flipped"] == "position"
    assert [c.direction for c in mirrored.corners] == [c.direction for c in straight.corners]
    assert mirrored.x == pytest.approx(straight.x, abs=0.5)


def test_a_sign_nothing_confirms_is_said_to_be_unknown() -> None:
    only = [lap.drop("steering_angle") for lap in seen_as(driven(20_001), "steering")]
    assert track_model(only).flags["sign_unknown"] == "steering"
    noise = np.random.default_rng(1)
    shaken = [lap.with_columns(g_lat=pl.Series(noise.normal(size=len(lap)))) for lap in driven(20_001)]
    assert track_model(shaken).flags["sign_unknown"] == "g_lat"


def test_a_gyroscope_with_an_offset_is_left_for_the_next_source() -> None:
    laps = [lap.with_columns(yaw_rate=pl.col("yaw_rate") - 60) for lap in seen_as(driven(20_001), "yaw_rate")]
    assert track_model(laps).source == "g_lat"
