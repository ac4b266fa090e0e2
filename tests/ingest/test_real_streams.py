"""The laps of real recordings have the times they state, whoever wrote them; their columns are read here by hand."""

import gzip
import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ps_analytics.ingest.boundaries import Gate, LapCut, detect_laps
from ps_analytics.ingest.gate import gate_crossings
from ps_analytics.lap import LapKind


def truth(folder: Path, name: str) -> list[dict]:
    return json.loads((folder / "truth" / f"{name}.json").read_text())["laps"]


def read_crewchief(folder: Path, name: str) -> pl.DataFrame:
    raw = gzip.decompress((folder / "crewchief_csv" / f"{name}_df.csv.gz").read_bytes())
    rows = pl.read_csv(raw, infer_schema_length=20_000).with_columns(
        pl.col("_time").str.to_datetime(time_unit="us", time_zone="UTC").dt.epoch("us")
    )
    rows = rows.sort("_time")
    return rows.select(
        timestamp=(pl.col("_time") - rows["_time"][0]) / 1e6,
        lap_time="CurrentLapTime",
        source_lap_number=pl.col("CurrentLap"),
        last_lap_time=pl.when(pl.col("LapTimePrevious") > 0).then("LapTimePrevious"),
        normalized_position=(pl.col("DistanceRoundTrack") / rows["DistanceRoundTrack"].max()).clip(0, 0.999999),
        speed=pl.col("SpeedMs") * 3.6,
        lap_valid="CurrentLapIsValid",
    )


def whole(laps: list[LapCut]) -> list[LapCut]:
    return [lap for lap in laps if lap.kind in (LapKind.TIMED, LapKind.STANDING)]


def test_assetto_corsa_through_crew_chief(shared_data: Path):
    name = "session_1673613558"
    stated = [lap for lap in truth(shared_data, f"crewchief_csv__{name}_df.csv.gz") if lap["time_s"]]
    laps = detect_laps(read_crewchief(shared_data, name), silent_s=np.inf)  # 85 s without frames while the car stands
    assert str(laps[0].kind) == "out"
    found = whole(laps)
    np.testing.assert_allclose([lap.lap_time_s for lap in found], [lap["time_s"] for lap in stated[1:]], atol=1e-3)
    assert {lap.time_source for lap in found} == {"source"}
    called_invalid = [not lap["valid_flag_last"] for lap in stated[1:]]
    assert all(not lap.valid for lap, invalid in zip(found, called_invalid, strict=True) if invalid)


def test_automobilista_2_through_crew_chief_whose_lap_clock_knows_no_laps(shared_data: Path):
    name = "session_1692949947"
    stated = [lap["time_s"] for lap in truth(shared_data, f"crewchief_csv__{name}_df.csv.gz") if lap["time_s"]]
    laps = detect_laps(read_crewchief(shared_data, name))
    np.testing.assert_allclose([lap.lap_time_s for lap in whole(laps)], stated, atol=1e-3)
    assert [str(lap.kind) for lap in laps] == ["standing", "timed", "timed", "in"]
    assert all(lap.flags["lap_time_untrusted"] for lap in laps[1:3])


@pytest.mark.parametrize("name", ["lap_37672", "session_1703706617"])
def test_a_stretch_of_one_lap_has_no_timed_lap(shared_data: Path, name: str):
    assert [lap for lap in detect_laps(read_crewchief(shared_data, name)) if lap.kind is LapKind.TIMED] == []


def test_forza_motorsport_7_from_the_grid(shared_data: Path):
    rows = pl.read_csv(shared_data / "forza_csv" / "forza_laguna_seca.csv", infer_schema_length=None)
    frames = rows.select(
        timestamp=pl.col("CurrentRaceTime").cast(pl.Float64),
        lap_time="CurrentLapTime",
        source_lap_number="Lap",
        last_lap_time=pl.when(pl.col("LastLapTime") > 0).then("LastLapTime"),
        speed=pl.col("Speed") * 3.6,
    )
    laps = detect_laps(frames)
    assert [str(lap.kind) for lap in laps] == ["standing", "partial"]
    assert laps[0].lap_time_s == pytest.approx(
        truth(shared_data, "forza_csv__forza_laguna_seca.csv")[0]["time_s"], abs=1e-3
    )
    assert (laps[0].time_source, laps[0].valid) == ("source", True)


def test_acc_joined_in_mid_lap_states_the_time_of_a_lap_that_is_not_there_whole(shared_data: Path):
    lines = (shared_data / "jsonl" / "ocypode_acc_spa_aston.jsonl").read_text().splitlines()
    points = [point for line in lines if (point := json.loads(line).get("DataPoint"))]
    frames = pl.DataFrame(
        {
            "timestamp": [(point["timestamp_ms"] - points[0]["timestamp_ms"]) / 1000 for point in points],
            "source_lap_number": [float(point["lap_number"]) for point in points],
            "normalized_position": [point["lap_distance_pct"] for point in points],
            "speed": [3.6 * point["speed_mps"] for point in points],
            "last_lap_time": [t if (t := point["last_lap_time_s"]) < 1e6 else None for point in points],
            "in_pit": [point["is_in_pit_lane"] for point in points],
        }
    )
    laps = detect_laps(frames)
    (line,) = np.flatnonzero(np.diff(frames["source_lap_number"].to_numpy()))
    assert all(lap.kind is not LapKind.TIMED and lap.lap_time_s is None for lap in laps)
    assert laps[-1].start_s == pytest.approx(frames["timestamp"][int(line)], abs=1.0)


def read_gt7dashboard(folder: Path) -> tuple[pl.DataFrame, list[float]]:
    """Four laps one after the other; GT7 states the time of a lap when the next one begins."""
    laps = json.loads((folder / "udp_gt7" / "snipem_broad_bean_raceway_time_trial_4laps.json").read_text())[::-1]
    parts, previous = [], None
    for lap in laps:
        count = len(lap["data_speed"])
        parts.append(
            pl.DataFrame(
                {
                    "speed": lap["data_speed"],
                    "source_lap_number": [lap["number"]] * count,
                    "last_lap_time": [previous] * count,
                },
                schema={"speed": pl.Float64, "source_lap_number": pl.Float64, "last_lap_time": pl.Float64},
            )
        )
        previous = lap["lap_finish_time"] / 1000
    last = parts[-1][-30:].with_columns(source_lap_number=laps[-1]["number"] + 1.0, last_lap_time=previous)
    frames = pl.concat([*parts, last])
    return frames.with_columns(timestamp=pl.int_range(pl.len()) / 60), [lap["lap_finish_time"] / 1000 for lap in laps]


def test_gran_turismo_7_states_its_times_when_the_count_steps(shared_data: Path):
    frames, stated = read_gt7dashboard(shared_data)
    laps = detect_laps(frames)
    assert [lap.lap_time_s for lap in laps if lap.kind is LapKind.TIMED] == stated[1:]


def read_vbo(folder: Path) -> tuple[pl.DataFrame, Gate]:
    lines = (folder / "vbo" / "racebox-lignano.vbo").read_text(encoding="latin-1").splitlines()
    start = lines[lines.index("[laptiming]") + 1].split()
    lat_1, west_1, lat_2, west_2 = (float(text) / 60 for text in start[1:5])
    names = lines[lines.index("[column names]") + 1].split()
    rows = np.array([line.split() for line in lines[lines.index("[data]") + 1 :] if line.strip()], dtype=float)
    column = dict(zip(names, rows.T, strict=True))
    clock = column["time"]
    seconds = clock // 10_000 * 3600 + clock // 100 % 100 * 60 + clock % 100
    frames = pl.DataFrame(
        {
            "timestamp": seconds - seconds[0],
            "latitude": column["lat"] / 60,
            "longitude": -column["lng"] / 60,
            "speed": column["velocity"],
        }
    )
    return frames, Gate(lat_1, -west_1, lat_2, -west_2)


def test_a_racebox_file_is_cut_at_its_gate(shared_data: Path):
    frames, gate = read_vbo(shared_data)
    stated = [lap["time_s"] for lap in truth(shared_data, "vbo__racebox-lignano.vbo")]
    crossings = gate_crossings(
        frames["timestamp"], frames["latitude"], frames["longitude"], gate, speed=frames["speed"]
    )
    np.testing.assert_allclose(np.diff(crossings), stated, atol=5e-3)
    laps = detect_laps(frames, line=gate)
    assert [str(lap.kind) for lap in laps] == ["out", *["timed"] * 12, str(laps[-1].kind)]
    np.testing.assert_allclose([lap.lap_time_s for lap in laps[1:13]], stated, atol=5e-3)
    np.testing.assert_allclose([lap.start_s for lap in laps[1:]], crossings, atol=1e-9)
    assert {lap.time_source for lap in laps[1:13]} == {"position"}
    assert [lap.valid for lap in laps[1:13]] == [lap.flags.get("stopped") is None for lap in laps[1:13]]


def test_without_a_gate_a_gps_file_is_one_stint(shared_data: Path):
    frames, _ = read_vbo(shared_data)
    (lap,) = detect_laps(frames)
    assert (lap.lap_time_s, lap.valid) == (None, False)


def test_a_racechrono_lap_is_cut_where_its_file_has_a_row_at_the_line(shared_data: Path):
    """The file has the two points where RaceChrono put the line: the rows it adds, with more than two decimals."""
    (path,) = (shared_data / "racechrono_csv").glob("*.csv")
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("timestamp,"))
    names = lines[head].split(",")
    rows = [line.split(",") for line in lines[head + 3 :]]
    at = {name: names.index(name) for name in ("elapsed_time", "latitude", "longitude", "lap_number", "bearing")}
    value = {name: np.array([float(row[i] or "nan") for row in rows]) for name, i in at.items()}
    (first,) = np.flatnonzero((value["lap_number"][1:] == 9) & (value["lap_number"][:-1] == 8)) + 1
    gate = Gate.across(
        float(value["latitude"][first]), float(value["longitude"][first]), heading=float(value["bearing"][first])
    )
    added = np.array([len(row[at["elapsed_time"]].partition(".")[2]) > 3 for row in rows])
    kept = ~added
    crossings = gate_crossings(*(value[name][kept] for name in ("elapsed_time", "latitude", "longitude")), gate)
    stated = truth(shared_data, f"racechrono_csv__{path.name}")[0]["time_s"]
    assert len(crossings) == 2
    assert crossings[1] - crossings[0] == pytest.approx(stated, abs=5e-3)


def test_a_gate_counts_in_its_own_direction_and_between_its_ends_only():
    gate = Gate.across(48.0, 11.0, heading=90.0, width_m=20.0)
    east = np.array([-30.0, -10.0, 10.0, 30.0])
    longitude = 11.0 + np.degrees(east / (6_371_008.8 * math.cos(math.radians(48.0))))
    time = np.arange(4.0)
    on, off = np.full(4, 48.0), np.full(4, 48.0 + math.degrees(15.0 / 6_371_008.8))
    np.testing.assert_allclose(gate_crossings(time, on, longitude, gate), [1.5], atol=1e-6)
    assert gate_crossings(time, off, longitude, gate).size == 0
    assert gate_crossings(time, on, longitude[::-1], gate).size == 0
    np.testing.assert_allclose(gate_crossings(time, on, longitude, gate, speed=72.0 + 36.0 * time), [1.525], atol=2e-2)
