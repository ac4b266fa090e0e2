"""MoTeC .ld logs built byte by byte: header, channel records, scaling, laps."""

import struct
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ps_analytics.errors import CorruptFile, FileError, NotThisFormat
from ps_analytics.formats.base import read_recording
from ps_analytics.lap import LapKind, Trace
from tests.formats.written import LdChannel, make_ld, make_ldx

Save = Callable[[str, bytes], Path]
FIRST = 1762  # where a log without an event block has its first channel record


def traces_of(path: Path) -> dict[str, Trace]:
    return {trace.name: trace for trace in read_recording(path).traces}


@pytest.fixture
def one(save: Save) -> Callable[..., Trace]:
    """The only trace of a log with one channel."""

    def read(name: str = "Sensor", **record: Any) -> Trace:
        (trace,) = read_recording(save("one.ld", make_ld([LdChannel(name, **record)]))).traces
        return trace

    return read


@pytest.mark.parametrize(("kind", "dtype"), [(7, "<f4"), (7, "<f2"), (0, "<i2"), (3, "<i2"), (5, "<i4"), (3, "<i4")])
def test_floats_and_integers_of_both_sizes_are_read(one: Callable[..., Trace], kind: int, dtype: str) -> None:
    samples = np.array([-7, 0, 1, 300], dtype)
    assert one(kind=kind, samples=samples).values.tolist() == [-7, 0, 1, 300]


def test_a_value_is_raw_by_scale_by_decimals_times_multiplier(one: Callable[..., Trace]) -> None:
    # 955, multiplier 6, scale 10, −1 decimals is 5730 rpm in a real log
    trace = one("Engine RPM", unit="rpm", kind=3, samples=np.array([955], "<i2"), multiplier=6, scale=10, decimals=-1)
    assert (trace.name, trace.values.tolist()) == ("rpm", [5730.0])


def test_an_offset_is_added_and_a_zero_scale_or_multiplier_changes_nothing(one: Callable[..., Trace]) -> None:
    assert one(kind=3, samples=np.array([10], "<i2"), offset=-3).values.tolist() == [7.0]
    assert one(kind=3, samples=np.array([10], "<i2"), multiplier=0, scale=0).values.tolist() == [10]


def test_decimals_move_the_point_to_the_left(one: Callable[..., Trace]) -> None:
    values = one(kind=5, samples=np.array([123456], "<i4"), decimals=3).values
    assert values.tolist() == pytest.approx([123.456])


def test_absurd_decimals_are_damage(one: Callable[..., Trace]) -> None:
    with pytest.raises(CorruptFile, match=r"at byte 1792: .*'Sensor' has 31 decimal places"):
        one(kind=3, samples=np.array([1], "<i2"), decimals=31)


def test_units_become_the_catalogue_s_and_the_source_s_stay_beside_them(one: Callable[..., Trace]) -> None:
    trace = one("Ground Speed", unit="m/s", samples=np.array([10, 20], "<f4"), rate_hz=50)
    assert (trace.name, trace.unit, trace.rate_hz) == ("speed", "km/h", 50.0)
    assert (trace.source_name, trace.source_unit) == ("Ground Speed", "m/s")
    assert trace.values.tolist() == [36.0, 72.0]


def test_an_unknown_channel_keeps_its_name_and_unit(one: Callable[..., Trace]) -> None:
    trace = one("Flux Density", unit="V", samples=np.array([1.5], "<f4"))
    assert (trace.name, trace.unit, trace.values.tolist()) == ("Flux Density", "V", [1.5])
    assert one("Flux Density", unit="furlong").unit is None


def test_samples_that_are_no_numbers_or_absurd_are_missing(one: Callable[..., Trace]) -> None:
    values = one(samples=np.array([np.nan, np.inf, -np.inf, 2e30, 1.0], "<f4")).values
    assert np.isnan(values[:4]).all()
    assert values[4] == 1.0


def test_two_channels_of_one_meaning_keep_apart_and_the_nearer_takes_the_name(save: Save) -> None:
    names = ["corr_speed", "SPEED", "Ground Speed"]
    traces = read_recording(save("two.ld", make_ld([LdChannel(name, unit="km/h") for name in names]))).traces
    assert [(trace.name, trace.source_name) for trace in traces] == [
        ("corr_speed", "corr_speed"), ("speed", "SPEED"), ("Ground Speed", "Ground Speed"),
    ]  # fmt: skip


def test_equal_names_are_made_unique(save: Save) -> None:
    traces = read_recording(save("same.ld", make_ld([LdChannel("Flux"), LdChannel("Flux"), LdChannel("Flux")]))).traces
    assert [trace.name for trace in traces] == ["Flux", "Flux_2", "Flux_3"]


def test_a_log_s_lap_number_is_the_source_s(one: Callable[..., Trace]) -> None:
    assert one("Lap Number", kind=3, samples=np.array([1, 2], "<i2")).name == "source_lap_number"


def test_acc_logs_turn_left_into_right_and_read_g_and_psi(save: Save) -> None:
    units = {"STEERANGLE": "deg", "G_LAT": "m/s2", "G_LON": "m/s2", "ROTY": "rad/s", "TYRE_PRESS_LF": "..",
             "TYRE_TAIR_LF": "C", "SUS_TRAVEL_LF": "mm", "BUMPSTOPUP_RIDE_LF": ".."}  # fmt: skip
    ones = np.ones(2, "<f4")
    traces = traces_of(
        save("acc.ld", make_ld([LdChannel(name, unit=unit, samples=ones) for name, unit in units.items()]))
    )
    expected = {"steering_angle": -1.0, "g_lat": -1.0, "g_long": 1.0, "yaw_rate": -57.29578, "tyre_press_fl": 0.0689476}
    assert {name: traces[name].values[0] for name in expected} == pytest.approx(expected, rel=1e-5)


def test_the_header_says_who_where_and_when(save: Save) -> None:
    recording = read_recording(save("head.ld", make_ld([LdChannel("Flux")], vehicle="Caterham", venue="Zolder")))
    assert (recording.car, recording.track, recording.driver) == ("Caterham", "Zolder", "A Driver")
    assert recording.comment == "a comment"
    assert recording.started_at == datetime(2024, 12, 25, 13, 14, 15).astimezone(UTC)
    assert "The date '25/12/2024 13:14:15' has no time zone: it is read as this machine's local time." in (
        recording.notes
    )


def test_venue_and_vehicle_come_from_their_blocks_where_the_header_is_silent(save: Save) -> None:
    event = {"name": "Cup", "venue": "Assen", "vehicle": "Radical"}
    recording = read_recording(save("event.ld", make_ld([LdChannel("Flux")], event=event)))
    assert (recording.track, recording.car) == ("Assen", "Radical")


@pytest.mark.parametrize(("date", "time"), [("25/12/2024", "13:14"), ("25/12/2024", "")])
def test_a_short_time_is_understood(save: Save, date: str, time: str) -> None:
    started_at = read_recording(save("short.ld", make_ld([LdChannel("Flux")], date=date, time=time))).started_at
    assert started_at == datetime(2024, 12, 25, 13 if time else 0, 14 if time else 0).astimezone(UTC)


@pytest.mark.parametrize("date", ["31/02/2024", "yesterday", "01/01/0001", "31/12/9999"])
def test_a_date_nobody_can_mean_is_said_not_to_be_understood(save: Save, date: str) -> None:
    recording = read_recording(save("odd.ld", make_ld([LdChannel("Flux")], date=date)))
    assert recording.started_at is None
    assert any("is not understood" in note for note in recording.notes)


def test_a_log_is_as_long_as_its_longest_channel(save: Save) -> None:
    channels = [LdChannel("A", rate_hz=10, samples=np.zeros(25, "<f4")), LdChannel("B", rate_hz=1)]
    assert read_recording(save("long.ld", make_ld(channels))).duration_s == 10.0


def test_records_without_samples_rate_or_known_type_are_left_out_and_named(save: Save) -> None:
    channels = [
        LdChannel("Empty", samples=np.zeros(0, "<f4")), LdChannel("Still", rate_hz=0), LdChannel("Odd", kind=9),
        LdChannel("Double", samples=np.zeros(4, "<f8")), LdChannel("Flux"),
    ]  # fmt: skip
    recording = read_recording(save("odd.ld", make_ld(channels)))
    assert [trace.name for trace in recording.traces] == ["Flux"]
    left_out = "Channels without samples, rate or known type are left out: 'Empty', 'Still', 'Odd', 'Double'."
    assert left_out in recording.notes


def test_a_beacon_channel_cuts_laps_where_there_is_no_ldx(save: Save) -> None:
    beacon = np.zeros(300, "<i2")
    beacon[[50, 51, 150, 250]] = 99
    marks = read_recording(save("beacon.ld", make_ld([LdChannel("Beacon", kind=3, samples=beacon)]))).marks
    assert marks is not None
    assert [(m.start_s, m.end_s, m.lap_time_s, m.kind, m.time_source) for m in marks] == [
        (0.0, 5.0, None, LapKind.OUT, "none"), (5.0, 15.0, 10.0, LapKind.TIMED, "clock"),
        (15.0, 25.0, 10.0, LapKind.TIMED, "clock"), (25.0, 30.0, None, LapKind.PARTIAL, "none"),
    ]  # fmt: skip


def test_a_log_with_a_lap_counter_leaves_its_laps_to_be_found(save: Save) -> None:
    assert read_recording(save("count.ld", make_ld([LdChannel("Lap Number")]))).marks is None


def test_the_ldx_beside_a_log_gives_its_laps(save: Save) -> None:
    path = save("both.ld", make_ld([LdChannel("Flux", samples=np.zeros(300, "<f4"))]))
    path.with_suffix(".LDX").write_bytes(make_ldx([25_000_000, 5_000_000, 15_250_000]))
    first, second = read_recording(path), read_recording(path.with_suffix(".LDX"))
    assert first.marks == second.marks
    assert first.sha256 == second.sha256
    assert first.marks is not None
    assert [(m.lap_time_s, m.kind, m.source_lap_number) for m in first.marks] == [
        (None, LapKind.OUT, 0), (10.25, LapKind.TIMED, 1), (9.75, LapKind.TIMED, 2), (None, LapKind.PARTIAL, 3),
    ]  # fmt: skip


def test_a_beacon_after_the_end_of_the_log_closes_no_lap(save: Save) -> None:
    path = save("late.ld", make_ld([LdChannel("Flux", samples=np.zeros(300, "<f4"))]))
    path.with_suffix(".ldx").write_bytes(make_ldx([5_000_000, 15_000_000, 45_000_000]))
    recording = read_recording(path)
    assert recording.marks is not None
    assert [(m.end_s, m.kind) for m in recording.marks][1:] == [(15.0, LapKind.TIMED), (30.0, LapKind.PARTIAL)]
    assert "Beacons after the end of the log are left out: 1." in recording.notes


def test_a_damaged_ldx_beside_a_log_is_named(save: Save) -> None:
    path = save("side.ld", make_ld([LdChannel("Flux")]))
    path.with_suffix(".ldx").write_text("<LDXFile><Layers>")
    with pytest.raises(CorruptFile, match=r"'side\.ldx' at byte 17"):
        read_recording(path)


def test_a_log_without_channels_is_damaged(save: Save) -> None:
    with pytest.raises(CorruptFile, match=r"at byte 8: the file is damaged: it lists no channels"):
        read_recording(save("none.ld", make_ld([])))


def test_a_list_of_channels_that_loops_is_damaged(save: Save) -> None:
    data = bytearray(make_ld([LdChannel("A"), LdChannel("B")]))
    struct.pack_into("<I", data, FIRST + 124 + 4, FIRST)
    with pytest.raises(CorruptFile, match=r"at byte 1762: .*the list of channels never ends"):
        read_recording(save("loop.ld", bytes(data)))


def test_channels_that_all_claim_the_same_samples_do_not_fill_the_memory(save: Save) -> None:
    data = bytearray(make_ld([LdChannel(f"C{i}", samples=np.zeros(500, "<f4")) for i in range(8)]))
    for index in range(8):
        struct.pack_into("<II", data, FIRST + 124 * index + 8, 0, len(data) // 4)
    with pytest.raises(CorruptFile, match="its channels share their samples"):
        read_recording(save("share.ld", bytes(data)))


def test_samples_beyond_the_end_are_named_with_the_channel(save: Save) -> None:
    data = bytearray(make_ld([LdChannel("Flux")]))
    struct.pack_into("<I", data, FIRST + 12, 4_000_000_000)
    expected = rf"'far\.ld' at byte {len(data)}: the file is damaged: the samples of 'Flux' should go to byte"
    with pytest.raises(CorruptFile, match=expected):
        read_recording(save("far.ld", bytes(data)))


def test_a_log_cut_anywhere_is_damaged_or_something_else_never_worse(save: Save) -> None:
    event = {"name": "Cup", "venue": "Assen", "vehicle": "Radical"}
    data = make_ld([LdChannel("A"), LdChannel("B", kind=3, samples=np.arange(50, dtype="<i2"))], event=event)
    borders = {0, 1, 4, 66, 70, 71, 1761, 1762, 1762 + 1154, 1762 + 2254, 1762 + 2514, len(data) - 1}
    borders |= {border + step for border in range(FIRST, len(data), 62) for step in (-1, 0, 1)}
    for length in sorted(border for border in borders if border < len(data)):
        expected = NotThisFormat if length < 70 else CorruptFile
        with pytest.raises(expected):
            read_recording(save("cut.ld", data[:length]))


@settings(max_examples=200)
@given(changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_log_with_any_bytes_changed_reads_or_is_refused(save: Save, changes: list[tuple[int, int]]) -> None:
    event = {"name": "Cup", "venue": "Assen", "vehicle": "Radical"}
    data = bytearray(make_ld([LdChannel("Ground Speed", unit="m/s"), LdChannel("Beacon", kind=3)], event=event))
    for at, value in changes:
        data[at % len(data)] = value
    try:
        recording = read_recording(save("any.ld", bytes(data)))
    except FileError:
        return
    assert sum(trace.values.nbytes for trace in recording.traces) <= 8 * len(data)


NAMES = st.text(st.characters(codec="latin-1", categories=["L", "N"]), min_size=1, max_size=12)


@settings(max_examples=60)
@given(
    names=st.lists(NAMES, min_size=1, max_size=5, unique=True),
    rates=st.lists(st.sampled_from([1, 20, 60, 200, 1000]), min_size=5, max_size=5),
    values=st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=40),
)
def test_what_is_written_to_a_log_is_what_is_read(
    save: Save, names: list[str], rates: list[int], values: list[float]
) -> None:
    samples = np.array(values, "<f4")
    named = [f"{name} {index}x" for index, name in enumerate(names)]  # no name of the catalogue ends so
    channels = [LdChannel(name, samples=samples, rate_hz=rate) for name, rate in zip(named, rates, strict=False)]
    recording = read_recording(save("round.ld", make_ld(channels)))
    assert [(t.source_name, t.rate_hz) for t in recording.traces] == [(c.name, c.rate_hz) for c in channels]
    for trace in recording.traces:
        np.testing.assert_array_equal(trace.values, samples)
