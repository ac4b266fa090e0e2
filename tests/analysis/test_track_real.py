"""Tracks of the real world: corners against labels other people put on circuits, and models of real recordings.

The constants of segmentation were set on BrandsHatch, Catalunya, Montreal, Shanghai and Spielberg; the circuits here
were held out. Labels are those of a game, so kinks taken flat are among them.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline

from ps_analytics.analysis.corner_lists import CornerList, read_corner_list, read_corner_lists, with_corner_list
from ps_analytics.analysis.curvature import line_of
from ps_analytics.analysis.known_track import NEAR_M
from ps_analytics.analysis.track import track_model, with_corners_found
from ps_analytics.ingest.importer import import_file
from ps_analytics.lap import Lap
from ps_analytics.simulate.car import FORMULA
from ps_analytics.simulate.solver import Path as DrivenPath
from ps_analytics.simulate.solver import solve
from ps_analytics.store.store import open_store
from ps_analytics.track import TrackModel, ahead_m, is_between
from tests.analysis.laps import lap_from

HELD_OUT = {
    "Austin": "f12025/texas",
    "Budapest": "f12025/hungaroring",
    "MexicoCity": "f12025/mexico",
    "Monza": "f12025/monza",
    "Sakhir": "f12025/sakhir-bahrain",
    "SaoPaulo": "f12025/brazil",
    "Silverstone": "f12025/silverstone",
    "Spa": "f12025/spa",
}


def driven_on(path: Path) -> TrackModel:
    """The track of a racing line, driven as fast as a single-seater can."""
    points = np.loadtxt(path, delimiter=",", comments="#")
    points = np.vstack([points, points[:1]])
    at = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    length_m, count = float(at[-1]), round(at[-1] / 2)
    grid = np.arange(count + 1) * (length_m / count)
    x, y = CubicSpline(at, points, bc_type="periodic")(grid).T
    line = line_of([{"x": x, "y": y, "speed": np.full(count + 1, 150.0)}], length_m / count)
    assert line is not None
    twice, ones = np.append(np.tile(line.curvature, 2), line.curvature[0]), np.ones(2 * count + 1)
    stretches = ones[1:] * length_m / count
    lap = DrivenPath(stretches, twice, 0 * ones, 500 * ones, 0.97 * ones, 0.96 * ones, ones, ones)
    speed_kmh = 3.6 * solve(FORMULA, lap, entry_ms=50.0)[count : 2 * count]
    track = TrackModel(
        length_m, grid[:-1], line.curvature, line.heading_deg, speed_kmh, "position", "1", x=line.x, y=line.y
    )
    return with_corners_found(track)


def counts(track: TrackModel, labels: CornerList) -> tuple[int, int, int, int, int]:
    """Labels, corners found, pairs of both, labels at a corner, corners at a label."""
    listed = [corner for corner in with_corner_list(track, labels).corners if corner.number <= len(labels.corners)]
    paired = [corner for corner in listed if not corner.nominal]

    def meet(apex_m: float, places: Sequence[tuple[float, float, float]]) -> bool:
        return any(
            abs(ahead_m(apex_m, apex, track.length_m)) <= NEAR_M or is_between(apex_m, start, end, track.length_m)
            for start, apex, end in places
        )

    found = [(corner.start_m, corner.apex_m, corner.end_m) for corner in track.corners]
    known = [(corner.start_m, corner.apex_m, corner.end_m) for corner in listed]
    covered = sum(meet(apex, found) for _, apex, _ in known)
    true = sum(meet(apex, known) for _, apex, _ in found)
    return len(labels.corners), len(found), len(paired), covered, true


def test_the_corners_of_held_out_circuits_are_those_people_number(shared_data: Path) -> None:
    total = np.zeros(5)
    for name, labels in HELD_OUT.items():
        track = driven_on(shared_data / "tracks" / "tumftm_racelines" / f"{name}.csv")
        listed = read_corner_list((shared_data / "tracks" / "lovely" / f"{labels}.json").read_text(encoding="utf-8"))
        total += counts(track, listed)
    labels_count, found, paired, covered, true = total
    assert true / found >= 0.95
    assert paired / labels_count >= 0.85
    assert covered / labels_count >= 0.93


def test_every_public_corner_list_is_read(shared_data: Path) -> None:
    tracks = shared_data / "tracks"
    files = list(tracks.glob("lovely/*/*.json"))
    assert len([read_corner_list(path.read_bytes()) for path in files]) == len(files) == 214
    landmarks = read_corner_lists((tracks / "crewchief_trackLandmarksData.json").read_bytes())
    assert sum(len(one.corners) for one in landmarks) == 2654
    lmu = read_corner_lists((tracks / "lmu_track_corners.json").read_bytes())
    assert {len(one.corners) for one in lmu if "Bahrain International Circuit" in one.tracks} == {15}
    assert read_corner_list((tracks / "raceiq_spa_meta.json").read_bytes()).corners[0].name == "La Source"


def test_a_landmark_list_names_the_corners_of_spa(shared_data: Path) -> None:
    track = driven_on(shared_data / "tracks" / "tumftm_racelines" / "Spa.csv")
    lmu = read_corner_list((shared_data / "tracks" / "lmu_track_corners.json").read_bytes(),
                           track="Circuit de Spa-Francorchamps")  # fmt: skip
    named = with_corner_list(track, lmu)
    assert sum(not corner.nominal for corner in named.corners) >= 17


def timed_laps_of(path: Path) -> list[Lap]:
    with open_store("sqlite:///:memory:") as store:
        found = import_file(store, path)["laps"]
        return [store.read_lap(lap["lap_id"]) for lap in found if lap["kind"] in ("timed", "partial")]


def test_a_simulator_s_recording_has_the_same_corners_by_gps_by_yaw_rate_and_by_lateral_g(shared_data: Path) -> None:
    [path] = (shared_data / "iracing_ibt").glob("formulavee*.ibt")
    laps = [lap for lap in timed_laps_of(path) if lap.lap_time_s is not None]
    hidden = {"gps": (), "yaw_rate": ("latitude", "longitude"), "g_lat": ("latitude", "longitude", "yaw_rate")}
    apexes = []
    for source, names in hidden.items():
        kept = [replace(lap, traces={n: t for n, t in lap.traces.items() if n not in names}) for lap in laps]
        track = track_model(kept)
        assert track.source == source
        assert "flipped" not in track.flags
        apexes.append([corner.apex_m for corner in track.corners])
    assert [len(found) for found in apexes] == [2, 2, 2]  # an oval of two bends
    assert np.ptp(apexes, axis=0).max() <= 10.0


def test_a_logger_s_stint_without_position_tells_the_corners_a_list_has(shared_data: Path) -> None:
    [path] = (shared_data / "motec_ld").glob("Imola*.ld")
    [stint] = timed_laps_of(path)
    frame = stint.frames.drop("lap_number", "distance")
    speed, time_s = frame["speed"].to_numpy() / 3.6, frame["timestamp"].to_numpy()
    gone = np.concatenate([[0.0], np.cumsum(np.diff(time_s) * (speed[1:] + speed[:-1]) / 2)])
    track = track_model(frame.filter(gone > gone[-1] - 4890.0))  # its last lap: the file states none
    assert track.source == "yaw_rate"
    listed = read_corner_list((shared_data / "tracks/lovely/assettocorsacompetizione/imola.json").read_bytes())
    named = with_corner_list(track, listed)
    turned = [corner.name for corner in named.corners if not corner.nominal]
    assert {"Variante Tamburello", "Variante Villeneuve", "Tosa", "Piratella", "Acque Minerali", "Gresini",
            "Rivazza"} <= set(turned)  # fmt: skip
    assert len(turned) == 15


def test_a_kart_s_gps_gives_every_lap_the_same_corners(shared_data: Path) -> None:
    text = (shared_data / "vbo" / "racebox-lignano.vbo").read_text(encoding="latin-1")
    rows = np.array([line.split()[:4] for line in text.split("[data]")[1].strip().splitlines()], dtype=np.float64)
    clock = rows[:, 0]
    time_s = clock // 10_000 * 3600 + clock // 100 % 100 * 60 + clock % 100
    time_s -= time_s[0]
    truth = json.loads((shared_data / "truth" / "vbo__racebox-lignano.vbo.json").read_text(encoding="utf-8"))
    lines = truth["gate_crossings_s"]
    laps = []
    for number, (start, end) in enumerate(pairwise(lines), 1):
        if end - start < 80:  # two go through the pits
            here = (time_s >= start) & (time_s < end)
            places = {"latitude": rows[here, 1] / 60, "longitude": -rows[here, 2] / 60}
            told = {"timestamp": time_s[here], "speed": rows[here, 3], **places}
            lap = lap_from(told, lap_time_s=end - start, start_s=start, rate_hz=25.0, lap_number=number)
            exact = {name: replace(lap.traces[name], values=values) for name, values in places.items()}
            laps.append(replace(lap, traces={**lap.traces, **exact}))
    together = track_model(laps)
    assert together.source == "gps"
    assert {len(track_model(lap).corners) for lap in laps} == {len(together.corners)} == {11}
