"""iRacing .ibt files built byte by byte: headers, variables, clock, the session's text."""

import struct
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ps_analytics.errors import CorruptFile, FileError, NotThisFormat, UnsupportedVersion
from ps_analytics.formats.base import read_recording
from ps_analytics.formats.ibt_session import read_session_text
from ps_analytics.formats.recording import Recording
from ps_analytics.lap import Trace
from tests.formats.written import IbtVariable, make_ibt

Save = Callable[[str, bytes], Path]
FLOAT, DOUBLE, BOOL, INT, BITS = 4, 5, 1, 2, 3


@pytest.fixture
def read(save: Save) -> Callable[..., Recording]:
    """The recording of these variables, three records unless they say otherwise."""

    def build(*variables: Any, **facts: Any) -> Recording:
        return read_recording(save("built.ibt", make_ibt(variables, **facts)))

    return build


def trace(recording: Recording, source_name: str) -> Trace:
    return next(t for t in recording.traces if t.source_name == source_name)


@pytest.mark.parametrize(
    ("kind", "values"),
    [(BOOL, [0, 1, 1]), (INT, [-1, 0, 2**31 - 1]), (BITS, [0, 1, 2**32 - 1]), (FLOAT, [0.5, -1.5, 2.0]),
     (DOUBLE, [0.1, 1e-9, 123456789.123])],
)  # fmt: skip
def test_every_type_is_read_exactly(read: Callable[..., Recording], kind: int, values: list[float]) -> None:
    (found,) = read(IbtVariable("Sensor", "", kind, np.array(values))).traces
    assert found.values.tolist() == values
    assert found.rate_hz == 60.0


@pytest.mark.parametrize(
    ("name", "unit", "value", "ours", "expected"),
    [
        ("Speed", "m/s", 50.0, "speed", 180.0), ("Throttle", "%", 0.25, "throttle", 25.0),
        ("Clutch", "%", 1.0, "clutch", 0.0), ("Clutch", "%", 0.0, "clutch", 100.0),
        ("SteeringWheelAngle", "rad", 1.0, "steering_angle", -57.29578), ("LatAccel", "m/s^2", 9.80665, "g_lat", -1.0),
        ("LongAccel", "m/s^2", 9.80665, "g_long", 1.0), ("VertAccel", "m/s^2", 9.80665, "g_vert", 0.0),
        ("YawRate", "rad/s", 1.0, "yaw_rate", -57.29578), ("YawNorth", "rad", -0.5, "heading", 331.35211),
        ("Pitch", "rad", 0.1, "pitch", -5.7295780), ("LapDistPct", "%", 0.75, "normalized_position", 0.75),
        ("LFpressure", "kPa", 150.0, "tyre_press_fl", 1.5), ("LFtempL", "C", 80.0, "tyre_temp_fl_o", 80.0),
        ("RFtempL", "C", 80.0, "tyre_temp_fr_i", 80.0), ("RRwearM", "%", 0.9, "tyre_wear_rr", 10.0),
        ("LFshockDefl", "m", 0.02, "damper_pos_fl", 20.0), ("RPM", "revs/min", 7000.0, "rpm", 7000.0),
        ("FuelLevel", "l", 12.5, "fuel", 12.5), ("Lat", "deg", 36.1519, "latitude", 36.1519),
    ],
)  # fmt: skip
def test_units_and_signs_become_the_catalogue_s(
    read: Callable[..., Recording],
    name: str,
    unit: str,
    value: float,
    ours: str,
    expected: float,
) -> None:
    (found,) = read(IbtVariable(name, unit, DOUBLE, np.full(3, value))).traces
    assert (found.name, found.source_name, found.source_unit) == (ours, name, unit)
    assert found.values.tolist() == pytest.approx([expected] * 3, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "void"), [("LapLastLapTime", -1.0), ("LapCurrentLapTime", -1.0), ("LapDistPct", -1.0)]
)
def test_minus_one_is_missing_where_it_means_not_set(read: Callable[..., Recording], name: str, void: float) -> None:
    (found,) = read(IbtVariable(name, "s", FLOAT, np.array([void, 0.5, 0.6]))).traces
    assert np.isnan(found.values).tolist() == [True, False, False]


def test_samples_in_time_are_one_channel_of_their_own_rate(read: Callable[..., Recording]) -> None:
    values = np.arange(18.0).reshape(3, 6)
    (found,) = read(IbtVariable("SteeringWheelTorque_ST", "N*m", FLOAT, values, in_time=True)).traces
    assert (found.rate_hz, found.values.tolist()) == (360.0, list(range(18)))


def test_an_array_that_is_not_in_time_is_a_channel_an_element(read: Callable[..., Recording]) -> None:
    found = read(IbtVariable("Wings", "mm", FLOAT, np.array([[1.0, 2.0]] * 3))).traces
    assert [(t.name, t.source_name, t.values[0]) for t in found] == [("Wings", "Wings", 1.0), ("Wings_2", "Wings", 2.0)]


def test_tables_of_all_cars_are_left_out_and_said_so(read: Callable[..., Recording]) -> None:
    others = IbtVariable("CarIdxLap", "", INT, np.zeros((3, 64)))
    recording = read(others, IbtVariable("Speed", "m/s", FLOAT, np.ones(3)))
    assert [t.name for t in recording.traces] == ["speed"]
    assert "Tables of all cars on the track are left out: 1." in recording.notes


def test_the_clock_starts_at_zero_and_keeps_missed_ticks(read: Callable[..., Recording]) -> None:
    times = np.array([600.0, 600.0 + 1 / 60, 600.0 + 3 / 60])
    torque = IbtVariable("Torque_ST", "N*m", FLOAT, np.arange(6.0).reshape(3, 2), in_time=True)
    recording = read(IbtVariable("SessionTime", "s", DOUBLE, times), torque)
    clock = trace(recording, "SessionTime")
    assert (clock.name, clock.values.tolist()) == ("timestamp", pytest.approx([0.0, 1 / 60, 3 / 60]))
    assert recording.duration_s == pytest.approx(4 / 60)
    np.testing.assert_array_equal(trace(recording, "Torque_ST").values, [0, 1, 2, 3, np.nan, np.nan, 4, 5])


@pytest.mark.parametrize("times", [[5.0, 1.0, 1.1], [np.nan, np.nan, np.nan], [0.0, 1e9, np.inf]])
def test_a_clock_that_restarts_or_means_nothing_never_falls(read: Callable[..., Recording], times: list[float]) -> None:
    clock = trace(read(IbtVariable("SessionTime", "s", DOUBLE, np.array(times))), "SessionTime").values
    assert np.isfinite(clock).all()
    assert (np.diff(clock) > 0).all()


def test_steering_and_brake_pressures_are_worked_out_where_their_parts_are_there(
    read: Callable[..., Recording],
) -> None:
    recording = read(
        IbtVariable("SteeringWheelAngle", "rad", FLOAT, np.array([0.0, 2.0, -4.0])),
        IbtVariable("SteeringWheelAngleMax", "rad", FLOAT, np.full(3, 8.0)),
        IbtVariable("LFbrakeLinePress", "bar", FLOAT, np.array([0.0, 10.0, 20.0])),
        IbtVariable("RFbrakeLinePress", "bar", FLOAT, np.array([0.0, 20.0, 20.0])),
    )
    made = {t.name: t.values.tolist() for t in recording.traces if t.source_name is None}
    assert made == {"steering": pytest.approx([0.0, -25.0, 50.0], abs=1e-5), "brake_press_f": [0.0, 15.0, 20.0]}


def test_the_text_says_track_layout_car_and_driver(read: Callable[..., Recording]) -> None:
    recording = read(IbtVariable("Speed", "m/s", FLOAT, np.ones(3)))
    assert (recording.track, recording.car) == ("Okayama International Circuit Short", "Mazda MX-5")
    assert recording.driver == 'Somebody: "the #1", Racing'
    assert "iRacing's own names: track 'okayama short', car 'mx5'." in recording.notes
    assert recording.started_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@given(lines=st.lists(st.text(max_size=30), max_size=30))
def test_any_text_is_read_as_far_as_it_makes_sense(lines: list[str]) -> None:
    data = "\n".join(["WeekendInfo:", *lines, "DriverInfo:", " DriverCarIdx: 1", *lines]).encode("cp1252", "replace")
    assert read_session_text(data).driver is None or lines


@pytest.mark.parametrize("started", [0, -1, 1 << 62, 253402300799])
def test_a_date_nobody_can_mean_is_none(read: Callable[..., Recording], started: int) -> None:
    recording = read(IbtVariable("Speed", "m/s", FLOAT, np.ones(3)), started=started)
    assert recording.started_at is None
    assert "The file does not say when it was recorded." in recording.notes


def test_version_one_is_read_and_version_three_refused(read: Callable[..., Recording]) -> None:
    speed = IbtVariable("Speed", "m/s", FLOAT, np.ones(3))
    assert len(read(speed, version=1).traces) == 1
    with pytest.raises(UnsupportedVersion, match=r"'built\.ibt' at byte 0: version 3 is not supported.* 1 and 2"):
        read(speed, version=3)


def test_a_dump_of_live_memory_is_not_a_recording(read: Callable[..., Recording]) -> None:
    expected = r"at byte 32: not an iRacing \.ibt: a dump of iRacing's live memory with 3 rotating buffers"
    with pytest.raises(NotThisFormat, match=expected):
        read(IbtVariable("Speed", "m/s", FLOAT, np.ones(3)), buffers=3)


def test_a_recording_that_crashed_counts_its_records_by_its_size(read: Callable[..., Recording]) -> None:
    (found,) = read(IbtVariable("Speed", "m/s", FLOAT, np.ones(7)), records=0).traces
    assert len(found.values) == 7


def test_more_records_than_the_file_holds_are_damage(read: Callable[..., Recording]) -> None:
    with pytest.raises(CorruptFile, match="its 2000000000 records should go to byte"):
        read(IbtVariable("Speed", "m/s", FLOAT, np.ones(3)), records=2_000_000_000)


@pytest.mark.parametrize(
    ("at", "value", "reason"),
    [(0, 9, "variable 'Speed' is of type 9"), (4, 4, "lies outside its record"), (4, -4, "lies outside its record"),
     (8, 0, "lies outside its record"), (8, 1 << 30, "lies outside its record")],
)  # fmt: skip
def test_a_variable_of_no_type_or_outside_the_record_is_damage(save: Save, at: int, value: int, reason: str) -> None:
    data = bytearray(make_ibt([IbtVariable("Speed", "m/s", FLOAT, np.ones(3))]))
    struct.pack_into("<i", data, 144 + at, value)
    with pytest.raises(CorruptFile, match=rf"at byte 144: .*{reason}"):
        read_recording(save("odd.ibt", bytes(data)))


def test_a_file_cut_anywhere_is_refused(save: Save) -> None:
    data = make_ibt([IbtVariable("Speed", "m/s", FLOAT, np.ones(5)), IbtVariable("Gear", "", INT, np.ones(5))])
    for length in [*range(146), *range(150, len(data), 19), len(data) - 1]:
        with pytest.raises((CorruptFile, NotThisFormat)):
            read_recording(save("cut.ibt", data[:length]))


@settings(max_examples=300)
@given(changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_file_with_any_bytes_changed_reads_or_is_refused(save: Save, changes: list[tuple[int, int]]) -> None:
    variables = [
        IbtVariable("SessionTime", "s", DOUBLE, np.arange(5) / 60), IbtVariable("Speed", "m/s", FLOAT, np.ones(5)),
        IbtVariable("T_ST", "N*m", FLOAT, np.ones((5, 6)), in_time=True), IbtVariable("On", "", BOOL, np.ones(5)),
    ]  # fmt: skip
    data = bytearray(make_ibt(variables))
    for at, value in changes:
        data[at % len(data)] = value
    try:
        recording = read_recording(save("any.ibt", bytes(data)))
    except FileError:
        return
    assert sum(t.values.nbytes for t in recording.traces) <= 32 * len(data)


@settings(max_examples=60)
@given(
    floats=st.lists(st.floats(-1e6, 1e6, width=32), min_size=4, max_size=4),
    whole=st.lists(st.integers(-(2**31), 2**31 - 1), min_size=4, max_size=4),
    flags=st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_what_is_written_to_a_file_is_what_is_read(
    save: Save, floats: list[float], whole: list[int], flags: list[bool]
) -> None:
    written = {"Flux": (FLOAT, floats), "Count": (INT, whole), "Flag": (BOOL, flags)}
    variables = [IbtVariable(name, "", kind, np.array(values)) for name, (kind, values) in written.items()]
    recording = read_recording(save("round.ibt", make_ibt(variables)))
    assert {t.name: t.values.tolist() for t in recording.traces} == {name: v for name, (_, v) in written.items()}
