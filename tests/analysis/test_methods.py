"""Ways to lay laps on each other: each says when it works, and the best one is chosen and true."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ps_analytics.analysis.align import METHODS, Alignment
from ps_analytics.analysis.delta import compare_methods, delta
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap, Trace
from ps_analytics.track import TrackModel
from tests.analysis.laps import Outing, changed, drive_evenly, values_of, without

GPS = ("latitude", "longitude")


def off_ms(outing: Outing, laps: list[Lap], number: int, **options: object) -> tuple[str, np.ndarray]:
    """The method that was used, and what the delta to the last lap is off, in ms."""
    found = delta(laps[number], laps[3], **options)  # type: ignore[arg-type]
    share = found.frame["distance_m"].to_numpy() / found.frame["distance_m"][-1]
    true = outing.true_time_s(number, share) - outing.true_time_s(3, share)
    return found.method, 1000 * (found.frame["delta_s"].to_numpy() - true)


def shaken(frames: pl.DataFrame, *names: str, metres: float, length_m: float) -> pl.DataFrame:
    rng = np.random.default_rng(11)
    scale = {"normalized_position": 1 / length_m}
    return frames.with_columns(
        (pl.col(name) + pl.Series(rng.normal(0, metres * scale.get(name, 1.0), len(frames)))).alias(name)
        for name in names
    )


def centre_line(outing: Outing) -> TrackModel:
    circuit = outing.circuit
    return TrackModel(
        length_m=circuit.length_m,
        distance_m=circuit.distance_m,
        curvature=circuit.curvature,
        heading_deg=circuit.heading_deg,
        speed_kmh=np.full(len(circuit.x), 100.0),
        source="position",
        algo_version="test",
        x=circuit.x,
        y=circuit.y,
    )


def test_an_exact_position_is_taken_and_the_projection_says_the_same(outing: Outing) -> None:
    laps = outing.laps(outing.frames())
    method, off = off_ms(outing, laps, 0)
    assert method == "position"
    assert np.sqrt(np.mean(off**2)) < 0.02
    for other in ("projection", "centre_line"):
        _, off = off_ms(outing, laps, 0, method=other, track=centre_line(outing))
        assert np.sqrt(np.mean(off**2)) < 0.3


def test_a_noisy_position_gives_way_to_clean_coordinates(outing: Outing) -> None:
    frames = shaken(outing.frames(), "normalized_position", metres=0.5, length_m=outing.circuit.length_m)
    method, off = off_ms(outing, outing.laps(frames), 1)
    assert method == "projection"
    assert np.sqrt(np.mean(off**2)) < 0.3


def test_a_gps_logger_is_projected_on_the_reference_s_path(outing: Outing) -> None:
    frames = outing.frames(10.0)
    metres = 6_371_000 * np.pi / 180
    rng = np.random.default_rng(12)
    frames = frames.with_columns(
        (pl.col(name) + pl.Series(rng.normal(0, 0.5 / metres, len(frames)))).alias(name) for name in GPS
    )
    laps = [lap.select("speed", *GPS) for lap in outing.laps(frames, 10.0)]
    laps = [exact(lap, frames) for lap in laps]
    method, off = off_ms(outing, laps, 2)
    assert method == "projection"
    assert np.sqrt(np.mean(off**2)) < 20


def exact(lap: Lap, frames: pl.DataFrame) -> Lap:
    """The lap with places on Earth in float64, as the store has them."""
    own = frames.filter(pl.col("timestamp").is_in(pl.Series(lap.traces["timestamp"].values).implode()))
    places = {name: Trace(name, "deg", 10.0, 0.0, own[name].to_numpy()) for name in GPS}
    return replace(lap, traces={**lap.traces, **places})


def test_the_table_of_methods_says_what_each_is_good_for(outing: Outing) -> None:
    first, second, *_ = outing.laps(outing.frames())
    table = compare_methods(first, second)
    assert table["method"].to_list() == list(METHODS)
    assert table.filter("chosen")["method"].to_list() == ["position"]
    assert table.filter(~pl.col("usable")).select("method", "reason").rows() == [
        (
            "centre_line",
            "they cannot be laid by 'centre_line': no track model with a centre line is known. "
            "There is position, projection, scaled_distance, distance, time.",
        )
    ]
    apart = dict(zip(table["method"], table["apart_s"].to_numpy(), strict=True))
    assert apart["position"] == 0
    assert apart["projection"] < 0.001 < apart["scaled_distance"] < apart["time"]
    bands = dict(zip(table["method"], table["band_s"].to_numpy(), strict=True))
    assert np.isnan([bands["distance"], bands["time"]]).all()
    assert bands["projection"] < 0.001 < bands["scaled_distance"]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_closes_at_the_line_and_is_zero_for_a_lap_against_itself(outing: Outing, method: str) -> None:
    first, second, *_ = outing.laps(outing.frames(10.0), 10.0)
    found = delta(first, second, method=method, track=centre_line(outing))
    assert found.method == method
    assert abs(found.closure_s) <= 1e-9
    assert found.frame["delta_s"][-1] == (first.lap_time_s or 0) - (second.lap_time_s or 0)
    same = delta(first, first, method=method, track=centre_line(outing)).frame
    assert (same["delta_s"] == 0).all()
    assert (same["band_s"].drop_nulls() == 0).all()


def test_a_lap_against_itself_is_zero_however_far_a_receiver_is_off(outing: Outing) -> None:
    degrees = 1.0 / 111_195.0
    frames = shaken(outing.frames(10.0), *GPS, metres=2.0 * degrees, length_m=outing.circuit.length_m)
    lap = without(outing.laps(frames, 10.0)[0], "normalized_position", "distance", "x", "y")
    same = delta(lap, replace(lap))
    assert same.method == "projection"
    assert (same.frame["delta_s"] == 0).all()
    assert (same.frame["band_s"] == 0).all()


def test_a_method_that_cannot_be_says_why_and_what_there_is() -> None:
    lap, other = drive_evenly(60.0), without(drive_evenly(61.0), "normalized_position")
    with pytest.raises(IncompatibleLaps) as caught:
        delta(other, lap, method="position")
    assert caught.value.reason == (
        "they cannot be laid by 'position': lap 1 has no position. There is scaled_distance, distance, time."
    )


def test_the_projection_stays_on_its_own_strand_of_a_figure_of_eight_and_of_a_hairpin() -> None:
    def eight(lap_time_s: float, aside_m: float) -> Lap:
        time_s = np.arange(0.005, lap_time_s, 1 / 20)
        turn = 2 * np.pi * (time_s / lap_time_s)
        x, y = 400 * np.sin(turn), 300 * np.sin(2 * turn) / 2
        ahead = np.stack([np.gradient(x), np.gradient(y)]) / np.hypot(np.gradient(x), np.gradient(y))
        speed = 3.6 * np.hypot(np.gradient(x, time_s), np.gradient(y, time_s))
        columns = {"timestamp": time_s, "speed": speed, "x": x + aside_m * ahead[1], "y": y - aside_m * ahead[0]}
        even = drive_evenly(lap_time_s, rate_hz=20.0, start_s=0.0)
        traces = {n: Trace(n, None, 20.0, float(time_s[0]), values) for n, values in columns.items()}
        return replace(even, traces=traces)

    found = delta(eight(60.0, 2.0), eight(60.0, -2.0), method="projection")
    assert np.abs(found.frame["delta_s"].to_numpy()).max() < 0.06  # two metres aside make arcs longer


def test_a_lap_without_a_time_is_laid_where_its_path_was_driven(outing: Outing) -> None:
    laps = [without(lap, "normalized_position") for lap in outing.laps(outing.frames())]
    half = len(values_of(laps[0], "speed")) // 2
    traces = {name: replace(trace, values=trace.values[half:]) for name, trace in laps[0].traces.items()}
    out = replace(laps[0], traces=traces, lap_time_s=None, ended_us=None)
    laid = Alignment(laps[3]).lay(out)
    driven = np.isfinite(laid.time_s)
    place = np.interp(
        values_of(laps[0], "lap_time")[half], outing.true_time_s(0, np.linspace(0, 1, 4000)), np.linspace(0, 1, 4000)
    )
    assert laid.distance_m[driven][0] == pytest.approx(place * laid.length_m, abs=4.0)
    assert laid.method == "projection"


def test_missing_coordinates_are_bridged_by_the_distance_driven(outing: Outing) -> None:
    laps = [without(lap, "normalized_position") for lap in outing.laps(outing.frames())]
    lost = laps[0]
    for name in ("x", "y"):
        values = values_of(lost, name)
        values[600:660] = np.nan
        lost = changed(lost, name, values)
    method, off = off_ms(outing, [lost, *laps[1:]], 0)
    assert method == "projection"
    assert np.sqrt(np.mean(off**2)) < 1.0
