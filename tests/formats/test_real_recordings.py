"""Every MoTeC and iRacing file beside the checkout against what independent readers found in it."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ps_analytics.errors import FileError
from ps_analytics.formats.base import read_recording
from ps_analytics.formats.recording import Recording
from ps_analytics.lap import LapKind, Trace

FOLDERS = ("motec_ld", "iracing_ibt", "iracing_memdump")

FACTORS = {
    ("m/s", "km/h"): 3.6, ("m/s^2", "G"): 1 / 9.80665, ("m/s2", "G"): 1.0, ("rad", "deg"): 180 / math.pi,
    ("rad/s", "deg/s"): 180 / math.pi, ("..", "bar"): 0.0689476, ("1/min", "rpm"): 1.0, ("revs/min", "rpm"): 1.0,
}  # fmt: skip
"""From the file's unit text to ours, as the protocol notes give them; ACC's m/s2 is g, its pressures are psi."""
TURNED = {"G_LAT", "ROTY", "STEERANGLE", "SteeringWheelAngle", "LatAccel", "YawRate"}
"""Left is positive in the source."""
SHARES = {"Throttle", "Brake"}
"""iRacing's "%" is a share of 1."""


def truths(shared_data: Path) -> list[tuple[Path, dict[str, Any]]]:
    paths = [path for folder in FOLDERS for path in sorted((shared_data / folder).iterdir())]
    truth = shared_data / "truth"
    return [(p, json.loads((truth / f"{p.parent.name}__{p.name}.json").read_text(encoding="utf-8"))) for p in paths]


def readable(shared_data: Path) -> list[tuple[Recording, dict[str, Any]]]:
    return [(read_recording(path), truth) for path, truth in truths(shared_data) if "refused_with" not in truth]


def in_source_units(trace: Trace, name: str, unit: str) -> np.ndarray:
    factor = 100.0 if name in SHARES else FACTORS.get((unit, trace.unit or ""), 1.0)
    return np.asarray(trace.values, dtype=np.float64) / factor * (-1.0 if name in TURNED else 1.0)


def test_the_negative_samples_are_refused_with_their_error_and_place(shared_data: Path) -> None:
    places = {"Invalid.ldx": "line 23, column 6", "teamjorge_invalid.ibt": "at byte 0",
              "slevinth_rt2000_longbeach.memdump": "dump of iRacing's live memory with 3 rotating buffers"}  # fmt: skip
    refused = [(path, truth) for path, truth in truths(shared_data) if "refused_with" in truth]
    assert {path.name for path, _ in refused} == set(places)
    for path, truth in refused:
        with pytest.raises(FileError) as caught:
            read_recording(path)
        assert type(caught.value).__name__ in truth["refused_with"]
        assert path.name in str(caught.value)
        assert places[path.name] in str(caught.value)


def test_every_other_file_opens_and_is_told_by_its_bytes(shared_data: Path) -> None:
    assert len(readable(shared_data)) == 8
    for recording, truth in readable(shared_data):
        assert recording.sha256 == truth["sha256"]


def test_every_channel_keeps_the_source_s_name_and_unit(shared_data: Path) -> None:
    for recording, truth in readable(shared_data):
        expected = [(channel["name"], channel["unit"]) for channel in truth.get("channels", [])]
        assert len(expected) == truth.get("n_channels", 0)
        found = [(t.source_name, t.source_unit) for t in recording.traces if t.source_name is not None]
        assert sorted(found) == sorted(expected)
        assert len({trace.name for trace in recording.traces}) == len(recording.traces)


def test_every_channel_has_its_own_rate_and_all_its_samples(shared_data: Path) -> None:
    for recording, truth in readable(shared_data):
        by_source = {trace.source_name: trace for trace in recording.traces}
        for channel in truth.get("channels", []):
            trace, several = by_source[channel["name"]], channel.get("count", 1)
            assert trace.rate_hz == channel.get("rate_hz", 60 * several)
            samples = len(trace.values) if several == 1 else np.isfinite(trace.values).sum()  # a missed record is empty
            assert samples == channel.get("n", truth.get("records", 0) * several)


def test_ranges_are_the_source_s_once_units_and_signs_are_turned_back(shared_data: Path) -> None:
    compared = 0
    for recording, truth in readable(shared_data):
        by_source = {trace.source_name: trace for trace in recording.traces}
        for channel in truth.get("channels", []):
            if "min" not in channel or channel["name"] == "SessionTime":  # the clock starts at 0 here
                continue
            values = in_source_units(by_source[channel["name"]], channel["name"], channel["unit"])
            found = (np.nanmin(values), np.nanmax(values), np.nanmean(values))
            assert found == pytest.approx((channel["min"], channel["max"], channel["mean"]), rel=1e-5, abs=2e-4)
            compared += 1
    assert compared > 100


def test_an_acc_log_without_a_line_is_one_stint_as_long_as_the_log(shared_data: Path) -> None:
    for path, truth in truths(shared_data):
        if path.suffix == ".ld":
            recording = read_recording(path)
            assert recording.marks is not None
            assert [(mark.kind, mark.lap_time_s) for mark in recording.marks] == [(LapKind.PARTIAL, None)]
            assert recording.duration_s == pytest.approx(truth["duration_s"], abs=0.011)
            assert recording.track == truth["header"]["venue"]


def test_a_lone_ldx_gives_the_times_between_its_beacons(shared_data: Path) -> None:
    for path, truth in truths(shared_data):
        if "lap_times_between_beacons_s" not in truth:
            continue
        recording = read_recording(path)
        assert recording.traces == ()
        assert recording.marks is not None
        timed = [mark.lap_time_s for mark in recording.marks if mark.kind is LapKind.TIMED]
        assert timed == pytest.approx(truth["lap_times_between_beacons_s"], abs=1e-3)
        out = [mark.end_s for mark in recording.marks if mark.kind is LapKind.OUT]
        assert out == pytest.approx([truth["first_segment_s"]] if truth["first_segment_s"] else [], abs=1e-3)


def test_an_ibt_knows_where_and_in_which_car(shared_data: Path) -> None:
    for recording, truth in readable(shared_data):
        if recording.source == "iracing":
            assert recording.track is not None
            assert truth["track_display"] in recording.track
            assert any(f"'{truth['track']}', car '{truth['car']}'" in note for note in recording.notes)
            assert recording.duration_s == pytest.approx(truth["duration_s"], abs=1 / 59)


def test_the_driver_of_a_file_is_never_shown_with_the_recording(shared_data: Path) -> None:
    for recording, _ in readable(shared_data):
        assert recording.driver is None or recording.driver not in repr(recording)
        assert all(recording.driver is None or recording.driver not in note for note in recording.notes)
