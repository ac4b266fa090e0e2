"""MoTeC .ldx files written for the test: beacons, details, and XML nobody should trust."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ps_analytics.errors import CorruptFile, FileError, NotThisFormat
from ps_analytics.formats.base import read_recording
from ps_analytics.formats.recording import LapMark
from ps_analytics.lap import LapKind
from tests.formats.written import make_ldx

Save = Callable[[str, bytes], Path]
HEAD = '<?xml version="1.0"?>\n'


@pytest.fixture
def marks(save: Save) -> Callable[..., tuple[LapMark, ...]]:
    """The laps of a lone .ldx with beacons at these microseconds."""

    def read(*times_us: float | str) -> tuple[LapMark, ...]:
        found = read_recording(save("lone.ldx", make_ldx(times_us))).marks
        assert found is not None
        return found

    return read


def test_beacons_part_a_session_into_out_lap_and_timed_laps(marks: Callable[..., tuple[LapMark, ...]]) -> None:
    assert marks(66_817_000, 176_346_000, 278_975_000) == (
        LapMark(0.0, 66.817, None, "none", LapKind.OUT, source_lap_number=0),
        LapMark(66.817, 176.346, 109.529, "source", LapKind.TIMED, source_lap_number=1),
        LapMark(176.346, 278.975, 102.629, "source", LapKind.TIMED, source_lap_number=2),
    )


def test_beacons_may_come_in_any_order_twice_and_as_floats(marks: Callable[..., tuple[LapMark, ...]]) -> None:
    assert marks("2.0E+07", 10_000_000, 10_000_400, 0) == marks(0, 10_000_000, 20_000_000)


def test_a_beacon_at_the_start_begins_lap_one(marks: Callable[..., tuple[LapMark, ...]]) -> None:
    assert [mark.kind for mark in marks(0, 60_000_000)] == [LapKind.TIMED]


def test_a_crossing_signalled_twice_makes_no_valid_lap(marks: Callable[..., tuple[LapMark, ...]]) -> None:
    _, double, lap = marks(10_000_000, 10_300_000, 90_000_000)
    assert (double.valid, double.valid_reason) == (False, "shorter than 5 s")
    assert lap.valid


def test_a_file_without_beacons_is_a_session_without_laps(save: Save) -> None:
    recording = read_recording(save("none.ldx", make_ldx([], details={"Total Laps": "17"})))
    assert (recording.marks, recording.traces, recording.duration_s) == ((), (), 0.0)


@pytest.mark.parametrize("time", ["", "soon", "nan", "-1", "1e30", "inf"])
def test_a_beacon_without_a_usable_time_is_damage(save: Save, time: str) -> None:
    with pytest.raises(CorruptFile, match=rf"beacon '0, id=99' has no usable time \('{time}'\)"):
        read_recording(save("bad.ldx", make_ldx([time])))


def test_only_beacons_of_the_group_of_that_name_count(save: Save) -> None:
    text = (
        '<LDXFile><Layers><Layer><MarkerBlock><MarkerGroup Name="Comments"><Marker Time="5"/></MarkerGroup>'
        '<MarkerGroup Name="Beacons"><Note><Marker Time="6"/></Note><Marker Time="7000000"/></MarkerGroup>'
        '</MarkerBlock><MarkerBlock><Marker Time="8"/></MarkerBlock></Layer></Layers></LDXFile>'
    )
    found = read_recording(save("groups.ldx", text.encode())).marks
    assert found is not None
    assert [mark.end_s for mark in found] == [7.0]


def test_the_details_say_venue_vehicle_and_driver(save: Save) -> None:
    details = {"Venue": "Zolder", "Vehicle Id": "Caterham", "Driver": "Somebody"}
    recording = read_recording(save("details.ldx", make_ldx([1_000_000], details=details)))
    assert (recording.track, recording.car, recording.driver) == ("Zolder", "Caterham", "Somebody")
    assert recording.started_at is None


def test_an_acc_file_s_name_says_track_car_and_local_time(save: Save) -> None:
    recording = read_recording(save("Laguna_Seca-porsche_991ii-18-2022.09.19-22.42.59.ldx", make_ldx([1_000_000])))
    assert (recording.track, recording.car) == ("Laguna Seca", "porsche_991ii")
    assert recording.started_at == datetime(2022, 9, 19, 22, 42, 59).astimezone(UTC)


def test_a_byte_order_mark_and_an_old_code_page_are_read(save: Save) -> None:
    plain = make_ldx([1_000_000], details={"Venue": "Nürburgring"})
    assert read_recording(save("mark.ldx", b"\xef\xbb\xbf" + plain)).track == "Nürburgring"
    assert read_recording(save("old.ldx", plain.decode().encode("cp1252"))).track == "Nürburgring"


def test_an_encoding_nobody_knows_is_damage(save: Save) -> None:
    with pytest.raises(CorruptFile, match="its XML states an encoding nobody knows"):
        read_recording(save("odd.ldx", b'<?xml version="1.0" encoding="klingon"?><LDXFile/>'))


def test_malformed_xml_names_line_and_column(save: Save) -> None:
    with pytest.raises(CorruptFile, match=r"at byte 26: .*malformed XML in line 3, column 6 \(mismatched tag\)"):
        read_recording(save("bad.ldx", b"<LDXFile>\n <Layers>\n    </Details>"))


def test_other_xml_is_not_this_format(save: Save) -> None:
    with pytest.raises(NotThisFormat, match="XML whose root element is 'gpx'"):
        read_recording(save("ride.gpx", b"<gpx><trk/></gpx>"))
    with pytest.raises(NotThisFormat, match="it starts like XML and is none"):
        read_recording(save("page.html", b"<p>lap<br>times</p>"))


BOMB = (
    '<!DOCTYPE LDXFile [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]><LDXFile><Layers>&j;</Layers></LDXFile>"
)
OUTSIDE = '<!DOCTYPE LDXFile [<!ENTITY a SYSTEM "file:///etc/hostname">]><LDXFile>&a;</LDXFile>'


@pytest.mark.parametrize("text", [BOMB, OUTSIDE], ids=["bomb", "outside"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])  # the second hides the letters of DOCTYPE from a search
def test_a_document_type_is_refused_before_any_entity_is_read(save: Save, text: str, encoding: str) -> None:
    head = HEAD if encoding == "utf-8" else ""
    with pytest.raises(NotThisFormat, match="XML with a document type of its own"):
        read_recording(save("bomb.ldx", (head + text).encode(encoding)))


def test_depth_and_number_of_elements_cost_no_memory(save: Save) -> None:
    deep = b"<LDXFile>" + b"<a>" * 200_000 + b"</a>" * 200_000 + b"<a/>" * 200_000 + b"</LDXFile>"
    assert read_recording(save("deep.ldx", deep)).marks == ()


def test_more_beacons_than_any_session_has_are_damage(save: Save) -> None:
    with pytest.raises(CorruptFile, match="more than 20000 beacons"):
        read_recording(save("many.ldx", make_ldx(range(20_001))))


def test_a_file_cut_anywhere_is_refused(save: Save) -> None:
    data = make_ldx([66_817_000, 176_346_000], details={"Venue": "Zolder"})
    for length in range(0, len(data) - 1, 7):
        with pytest.raises((CorruptFile, NotThisFormat)):
            read_recording(save("cut.ldx", data[:length]))


@settings(max_examples=200)
@given(changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_file_with_any_bytes_changed_reads_or_is_refused(save: Save, changes: list[tuple[int, int]]) -> None:
    data = bytearray(make_ldx([66_817_000, 176_346_000], details={"Venue": "Zolder"}))
    for at, value in changes:
        data[at % len(data)] = value
    try:
        read_recording(save("any.ldx", bytes(data)))
    except FileError:
        return


@settings(max_examples=60)
@given(times=st.lists(st.integers(0, 86_400_000), min_size=1, max_size=30, unique=True))
def test_lap_times_add_up_to_the_last_beacon(save: Save, times: list[int]) -> None:
    apart = [1000 * time * 10 for time in sorted(times)]  # 10 ms at least
    if apart[-1] > 7 * 86_400 * 1_000_000:
        return
    found = read_recording(save("sum.ldx", make_ldx(apart))).marks
    assert found is not None
    total = sum(mark.lap_time_s or 0.0 for mark in found)
    assert total == pytest.approx((apart[-1] - apart[0]) / 1e6, abs=1e-4)
