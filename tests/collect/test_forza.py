import logging
import socket
import threading
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ps_analytics.channels.catalog import CATALOG
from ps_analytics.collect.forza import Forza, ForzaDecoder
from ps_analytics.errors import BadSetting, PortInUse
from ps_analytics.proto.codec import MISSING_INT, Batch, decode, encode, to_catalog

Build = Callable[..., bytes]
NOW_US = 1_790_000_000_000_000
WAIT_S = 20.0
PHYSICAL = {  # as the game states them, and as the catalogue wants them; worked out by hand
    "currentEngineRpm": 6500.0,
    "acceleration": (9.80665, 4.903325, -19.6133),
    "velocity": (1.0, 0.0, 57.0),
    "angularVelocity": (0.0, 0.5, 0.0),
    "yaw": -1.5707963,
    "pitch": 0.1,
    "roll": -0.05,
    "suspensionTravelMeters": (0.01, 0.02, -0.03, 0.04),
    "wheelRotationSpeed": (100.0, 101.0, 102.0, 103.0),
    "position": (100.0, 7.0, -250.0),
    "speed": 50.0,
    "power": 200_000.0,
    "torque": 300.0,
    "tireTemp": (212.0, 32.0, 176.0, 122.0),
    "boost": 14.5037738,
    "fuel": 0.25,
    "bestLap": 61.5,
    "lastLap": 62.25,
    "currentLap": 12.3456,
    "currentRaceTime": 74.5,
    "lapNumber": 3,
    "racePosition": 5,
    "accel": 255,
    "brake": 51,
    "clutch": 102,
    "handBrake": 255,
    "gear": 4,
    "steer": -127,
}
EXPECTED = {
    "rpm": 6500.0, "g_lat": 1.0, "g_vert": 0.5, "g_long": -2.0, "yaw_rate": 28.64789, "heading": 270.0,
    "pitch": -5.729578, "roll": 2.864789, "yaw_angle": 1.005087,
    "damper_pos_fl": 10.0, "damper_pos_fr": 20.0, "damper_pos_rl": -30.0, "damper_pos_rr": 40.0,
    "x": 100.0, "y": -250.0, "z": 7.0, "speed": 180.0, "engine_torque": 300.0, "power": 200_000.0,
    "tyre_temp_fl": 100.0, "tyre_temp_fr": 0.0, "tyre_temp_rl": 80.0, "tyre_temp_rr": 50.0, "boost": 1.0,
    "fuel_share": 25.0, "best_lap_time": 61.5, "last_lap_time": 62.25, "lap_time": 12.346, "source_lap_number": 3.0,
    "race_position": 5.0, "throttle": 100.0, "brake": 20.0, "clutch": 40.0, "handbrake": 100.0, "gear": 4.0,
    "steering": -100.0, "wheel_rotation_speed_rr": 103.0,
}  # fmt: skip


def decoded(packets: Sequence[bytes], decoder: ForzaDecoder | None = None, at_us: int = NOW_US) -> list[Batch]:
    return (decoder or ForzaDecoder()).decode(packets, arrival_us=at_us)


def channels(batches: Sequence[Batch]) -> dict[str, np.ndarray]:
    """All frames in catalogue names and units, after a way over the wire."""
    travelled = [to_catalog(decode(encode(batch))) for batch in batches]
    return {name: np.concatenate([columns[name] for columns in travelled]) for name in travelled[0]}


def lap(packet: Build, size: int, count: int, *, ticks: int = 0, race_s: float = 0.0, **fields: Any) -> list[bytes]:
    """Packets of a car at 60 m/s northwards, 60 a second."""
    return [
        packet(
            size,
            **{"carOrdinal": 7, "speed": 60.0, "racePosition": 1, **fields},
            timestampMS=ticks + n * 50 // 3,
            currentRaceTime=race_s + n / 60,
            currentLap=race_s + n / 60,
            position=(0.0, 0.0, 60.0 * (race_s + n / 60)),
            distanceTraveled=60.0 * (race_s + n / 60),
        )
        for n in range(count)
    ]


@pytest.mark.parametrize("size", [311, 324, 331])
def test_every_size_with_a_dash_gives_the_catalogues_units_and_signs(packet: Build, size: int) -> None:
    found = channels(decoded([packet(size, **PHYSICAL)]))
    assert {name: float(found[name][0]) for name in EXPECTED} == pytest.approx(EXPECTED, rel=1e-5, abs=1e-4)


def test_tyre_wear_and_the_track_are_in_the_long_packet_alone(packet: Build) -> None:
    worn = decoded([packet(331, tireWear=(0.0, 0.1, 0.25, 1.0), trackOrdinal=5, carOrdinal=3631)])[0]
    assert [worn.extras[f"tyre_wear_{wheel}"].values[0] for wheel in ("fl", "fr", "rl", "rr")] == pytest.approx(
        [0, 10, 25, 100]
    )
    assert (worn.source, worn.track, worn.car, worn.driver) == ("forza", "Forza track 5", "Forza car 3631", "")
    horizon = decoded([packet(324, carOrdinal=3631)])[0]
    assert "tyre_wear_fl" not in horizon.extras
    assert horizon.track == ""


def test_a_sled_has_the_speed_of_its_velocity_and_nothing_of_the_dash(packet: Build) -> None:
    found = channels(decoded([packet(232, velocity=(3.0, 0.0, 4.0), currentEngineRpm=900.0)]))
    assert found["speed"][0] == pytest.approx(18.0)
    assert found["rpm"][0] == 900.0
    assert not {"throttle", "gear", "lap_time", "x", "distance", "last_lap_time", "tyre_temp_fl"} & set(found)


def test_catalogue_channels_carry_the_catalogues_units(packet: Build) -> None:
    for size in (232, 311, 324, 331):
        extras = decoded([packet(size, **(PHYSICAL if size > 232 else {}))])[0].extras
        known = {name: extra.unit for name, extra in extras.items() if name in CATALOG}
        assert len(known) > 10
        assert known == {name: CATALOG[name].unit or "" for name in known}


@pytest.mark.parametrize(("raw", "gear"), [(0, -1), (1, 1), (10, 10), (11, MISSING_INT), (200, MISSING_INT)])
def test_a_gear_between_two_gears_is_missing(packet: Build, raw: int, gear: int) -> None:
    assert decoded([packet(311, gear=raw)])[0].columns["gear"].tolist() == [gear]


@pytest.mark.parametrize(("raw", "share"), [(-128, -1.0), (-127, -1.0), (0, 0.0), (127, 1.0)])
def test_steering_is_a_share_of_full_lock_right_positive(packet: Build, raw: int, share: float) -> None:
    assert decoded([packet(311, steer=raw)])[0].columns["steering"].tolist() == [share]


def test_what_the_game_does_not_know_is_missing(packet: Build) -> None:
    free = decoded([packet(324, speed=20.0, carOrdinal=9)])[0]
    assert free.columns["lap_number"].tolist() == [MISSING_INT]
    assert free.columns["lap_time_ms"].tolist() == [MISSING_INT]
    assert np.isnan([free.extras[name].values[0] for name in ("last_lap_time", "best_lap_time", "distance")]).all()
    assert not {"normalized_position", "fuel", "in_pit", "lap_valid", "wheel_speed_fl"} & (
        set(free.columns) | set(free.extras)
    )


def test_menus_and_pauses_are_no_frames(packet: Build) -> None:
    driven = lap(packet, 331, 3)
    menu = packet(331, isRaceOn=0)
    decoder = ForzaDecoder()
    batches = decoded([menu, driven[0], menu, driven[1], menu], decoder) + decoded([menu, menu], decoder)
    batches += decoded([driven[2]], decoder)
    assert sum(map(len, batches)) == 3
    assert len({batch.session_id for batch in batches}) == 1


def test_frames_of_one_tick_are_told_apart_by_the_race_time(packet: Build) -> None:
    race_s = np.arange(90) / 60
    ticks = np.floor(race_s * 1000 / 15.625) * 15.625  # the tick of the machine's clock
    packets = [
        packet(331, timestampMS=int(tick) + 5_000, currentRaceTime=10 + at, racePosition=1)
        for tick, at in zip(ticks, race_s, strict=True)
    ]
    stamps = decoded(packets)[0].timestamp_us
    assert np.diff(stamps) == pytest.approx(np.full(89, 1e6 / 60), abs=2)
    assert abs(int(stamps[-1]) - NOW_US) < 20_000


def test_the_clock_goes_on_when_the_ticks_wrap(packet: Build) -> None:
    ticks = [(2**32 - 40 + 20 * n) % 2**32 for n in range(5)]
    stamps = decoded([packet(232, timestampMS=tick) for tick in ticks])[0].timestamp_us
    assert (stamps - NOW_US).tolist() == [-80_000, -60_000, -40_000, -20_000, 0]


def test_sleds_of_one_tick_get_time_stamps_of_their_own(packet: Build) -> None:
    packets = [packet(232, timestampMS=tick, currentEngineRpm=float(n)) for n, tick in enumerate([10, 10, 10, 41])]
    stamps = decoded(packets)[0].timestamp_us
    assert (stamps - stamps[0]).tolist() == [0, 1000, 2000, 31_000]


def test_after_a_pause_in_which_the_games_clock_stood_the_stamps_are_those_of_arrival(packet: Build) -> None:
    decoder = ForzaDecoder()
    driven = lap(packet, 331, 4)
    before = decoded(driven[:2], decoder)[0]
    after = decoded(driven[2:], decoder, NOW_US + 600_000_000)[0]
    assert after.session_id == before.session_id
    assert after.timestamp_us[-1] == NOW_US + 600_000_000
    assert int(np.diff(after.timestamp_us)[0]) == pytest.approx(16_667, abs=2)


def test_a_backlog_keeps_the_stamps_of_the_game(packet: Build) -> None:
    decoder = ForzaDecoder()
    driven = lap(packet, 331, 4)
    first = decoder.decode(driven[:2], arrival_us=NOW_US)[0]
    late = decoder.decode(driven[2:], arrival_us=NOW_US + 60_000_000, waited=True)[0]
    assert int(late.timestamp_us[0] - first.timestamp_us[-1]) == pytest.approx(16_667, abs=2)


def test_a_packet_delivered_twice_is_one_frame_and_one_overtaken_is_put_right(packet: Build) -> None:
    driven = lap(packet, 331, 5)
    batch = decoded([driven[0], driven[0], driven[2], driven[1], driven[3], driven[3], driven[4]])[0]
    assert batch.extras["y"].values == pytest.approx([0, 1, 2, 3, 4], abs=1e-4)
    assert np.all(np.diff(batch.timestamp_us) > 0)
    decoder = ForzaDecoder()
    assert sum(len(batch) for packet in (driven[0], driven[0]) for batch in decoded([packet], decoder)) == 1


@pytest.mark.parametrize(
    ("change", "sessions"),
    [
        ({}, 1),
        ({"carOrdinal": 8}, 2),
        ({"trackOrdinal": 6}, 2),
    ],
)
def test_another_car_or_track_is_another_session(packet: Build, change: dict[str, int], sessions: int) -> None:
    facts = {"carOrdinal": 7, "trackOrdinal": 5}
    first = lap(packet, 331, 10, **facts)
    second = lap(packet, 331, 10, ticks=1000 // 6, race_s=1 / 6, **facts | change)
    batches = decoded(first + second)
    assert len({batch.session_id for batch in batches}) == sessions
    assert sum(map(len, batches)) == 20


def test_a_race_started_anew_is_another_session_with_a_menu_between_or_not(packet: Build) -> None:
    race = lap(packet, 331, 30, ticks=9_000, race_s=50.0)
    again = lap(packet, 331, 30, ticks=12_000)
    for between in ([], [packet(331, isRaceOn=0)]):
        batches = decoded(race + between + again)
        assert [len(batch) for batch in batches] == [30, 30]
        assert batches[0].session_id != batches[1].session_id
    decoder = ForzaDecoder()
    apart = decoded(race, decoder) + decoded([packet(331, isRaceOn=0)], decoder) + decoded(again, decoder)
    assert len({batch.session_id for batch in apart}) == 2


def test_the_green_light_of_a_rolling_start_is_not_a_restart(packet: Build) -> None:
    rolling = [
        packet(331, timestampMS=n * 50 // 3, currentRaceTime=33.7 + n / 60, position=(0.0, 0.0, float(n)), speed=60.0)
        for n in range(5)
    ]
    green = [
        packet(
            331,
            timestampMS=(n + 5) * 50 // 3,
            currentRaceTime=n / 60,
            currentLap=n / 60,
            racePosition=3,
            position=(0.0, 0.0, float(n + 5)),
            speed=60.0,
        )
        for n in range(5)
    ]
    batches = decoded(rolling + green)
    assert len({batch.session_id for batch in batches}) == 1
    stamps = np.concatenate([batch.timestamp_us for batch in batches])
    assert np.diff(stamps) == pytest.approx(np.full(9, 1e6 / 60), abs=700)


def test_the_distance_counts_from_the_line_once_a_lap_began_in_sight(packet: Build) -> None:
    speed, line_m = 60.0, 3601.5
    driven = line_m - 2.2 + np.arange(6)  # crosses between the third and the fourth packet
    packets = [
        packet(
            311,
            timestampMS=n * 50 // 3,
            currentRaceTime=80 + n / 60,
            speed=speed,
            distanceTraveled=float(at),
            lapNumber=int(at >= line_m),
            currentLap=(float(at) - line_m) / speed if at >= line_m else 80 + n / 60,
        )
        for n, at in enumerate(driven)
    ]
    decoder = ForzaDecoder()
    found = np.concatenate([b.extras["distance"].values for p in packets for b in decoded([p], decoder)])
    assert np.isnan(found[:3]).all()
    assert found[3:] == pytest.approx([0.8, 1.8, 2.8], abs=2e-3)


def test_datagrams_of_no_known_size_are_counted_said_once_and_left_out(
    packet: Build, caplog: pytest.LogCaptureFixture
) -> None:
    decoder = ForzaDecoder()
    driven = lap(packet, 331, 2)
    batches = decoded([b"", b"hello", driven[0], bytes(330), bytes(1500), driven[1]], decoder)
    assert (decoder.refused, sum(map(len, batches))) == (4, 2)
    assert [record.message for record in caplog.records] == [
        "a datagram that is not Forza's is left out: 0 bytes long, its packets have 232, 311, 324, 331. "
        "Does something else use this port?"
    ]


@settings(max_examples=60)
@given(
    datagrams=st.lists(
        st.sampled_from([232, 311, 324, 331]).flatmap(lambda n: st.binary(min_size=n, max_size=n)) | st.binary(),
        max_size=8,
    ),
    on=st.booleans(),
    at=st.integers(0, 2**62),
)
@example(datagrams=[b"\x01\x00\x80\x7f" * 78 + bytes(12)], on=True, at=0)  # signalling NaN everywhere
@example(datagrams=[b"\xff" * 331, b"\x01\0\0\0" + b"\xff" * 327, b"\x01\0\0\0" + b"\x7f" * 327], on=False, at=0)
def test_whatever_bytes_come_batches_are_well_formed(datagrams: list[bytes], on: bool, at: int) -> None:
    driving = [b"\x01\0\0\0" + datagram[4:] if on and len(datagram) >= 232 else datagram for datagram in datagrams]
    decoder = ForzaDecoder()
    batches = decoded(driving[:4], decoder, NOW_US + at % 10**12) + decoded(driving[4:], decoder, NOW_US)
    assert decoder.refused == sum(len(datagram) not in (232, 311, 324, 331) for datagram in datagrams)
    for batch in batches:
        again = decode(encode(batch))
        assert np.all(np.diff(again.timestamp_us) > 0)
        assert abs(int(again.timestamp_us[0]) - NOW_US) < 2e12
        speed = again.columns["speed"]
        assert np.all(np.isnan(speed) | (np.abs(speed) <= 1e30))


@settings(max_examples=30)
@given(cuts=st.sets(st.integers(1, 59), max_size=12))
def test_frames_do_not_depend_on_how_the_datagrams_came_together(packet: Build, cuts: set[int]) -> None:
    driven = lap(packet, 331, 30, ticks=7, race_s=2.0) + lap(packet, 331, 30, ticks=507, race_s=2.5, lapNumber=1)
    whole = channels(decoded(driven))
    decoder = ForzaDecoder()
    borders = [0, *sorted(cuts), 60]
    parts = [
        batch
        for first, end in pairwise(borders)
        for batch in decoded(driven[first:end], decoder, NOW_US - (60 - end) * 16_667)
    ]
    cut = channels(parts)
    assert set(cut) == set(whole)
    for name, values in whole.items():
        if name == "timestamp_us":  # put on UTC by the first arrival
            assert np.diff(cut[name]) == pytest.approx(np.diff(values), abs=2)
        else:
            np.testing.assert_array_equal(cut[name], values, err_msg=name)


def test_real_packets_give_what_an_independent_reader_found(real: tuple[list[bytes], dict[str, Any]]) -> None:
    packets, truth = real
    assert len(packets) == truth["packets"]
    decoder = ForzaDecoder()
    batches = [
        batch
        for first in range(0, len(packets), 6)
        for batch in decoded(packets[first : first + 6], decoder, NOW_US + first * 16_000)
    ]
    found = channels(batches)
    assert len(found["timestamp_us"]) == truth["race_on_packets"]
    assert {batch.car for batch in batches} == {f"Forza car {truth['car_ordinal'][1]}"}
    assert {batch.track for batch in batches} == {f"Forza track {truth['track_ordinal'][1]}"}
    stated = {channel["name"]: (channel["min"], channel["max"]) for channel in truth["channels"]}
    ours = {
        "CurrentEngineRpm": found["rpm"],
        "AccelerationX": found["g_lat"] * 9.80665,
        "AccelerationZ": found["g_long"] * 9.80665,
        "PositionX": found["x"],
        "PositionY": found["z"],
        "PositionZ": found["y"],
        "Speed": found["speed"] / 3.6,
        "Power": found["power"],
        "Torque": found["engine_torque"],
        "TireTempFL": found["tyre_temp_fl"] * 1.8 + 32,
        "Boost": found["boost"] / 0.0689476,
        "Fuel": found["fuel_share"] / 100,
        "CurrentLap": found["lap_time"],
        "RacePosition": found["race_position"],
        "Accel": found["throttle"] * 2.55,
        "Brake": found["brake"] * 2.55,
        "Steer": found["steering"] * 1.27,
    }
    for name, values in ours.items():
        assert (values.min(), values.max()) == pytest.approx(stated[name], rel=1e-4, abs=2e-3), name


def test_real_packets_have_even_time_stamps_and_agree_with_their_own_path(
    real: tuple[list[bytes], dict[str, Any]],
) -> None:
    packets, truth = real
    found = channels(decoded([packet for packet in packets if packet[0]]))
    steps = np.diff(found["timestamp_us"])
    assert np.all(steps > 0)
    assert np.mean(np.abs(steps - 1e6 / 60) < 125) > 0.9  # the race time is a float: 0.12 ms after 21 minutes
    assert steps.sum() / 1e6 == pytest.approx(truth["duration_s"], abs=0.1)
    fast = (found["speed"] > 36) & (np.hypot(np.gradient(found["x"]), np.gradient(found["y"])) < 3)
    course = np.degrees(np.arctan2(np.gradient(found["x"]), np.gradient(found["y"])))
    off = (found["heading"] + found["yaw_angle"] - course + 180) % 360 - 180
    assert np.median(np.abs(off[fast])) < 0.1
    climbs = np.gradient(found["z"])[fast] / (found["speed"][fast] / 216)
    assert np.corrcoef(found["pitch"][fast], climbs)[0, 1] > 0.8
    assert np.corrcoef(found["roll"][fast], found["g_lat"][fast])[0, 1] < -0.6, "the body leans out of the bend"


def test_packets_of_a_recorded_lap_give_the_lap_its_table_states(
    packet: Build, recorded_lap: list[dict[str, str]]
) -> None:
    packets = [packet(311, **_fields(row)) for row in recorded_lap]
    found = channels(decoded(packets))

    def column(name: str) -> np.ndarray:
        return np.array([float(row[name]) for row in recorded_lap])

    for name, values, factor in (
        ("speed", column("Speed"), 3.6),
        ("rpm", column("CurrentEngineRpm"), 1.0),
        ("throttle", column("Accelerator"), 100 / 255),
        ("brake", column("Brake"), 100 / 255),
        ("steering", column("Steer"), 100 / 127),
        ("x", column("PositionX"), 1.0),
        ("y", column("PositionZ"), 1.0),
        ("z", column("PositionY"), 1.0),
        ("g_lat", column("AccelerationX"), 1 / 9.80665),
        ("g_long", column("AccelerationZ"), 1 / 9.80665),
        ("wheel_rotation_speed_rl", column("WheelRotationSpeedRearLeft"), 1.0),
        ("current_race_time", column("CurrentRaceTime"), 1.0),
    ):
        assert found[name] == pytest.approx(values * factor, rel=1e-5, abs=1e-4), name
    assert found["tyre_temp_rr"] == pytest.approx((column("TireTempRr") - 32) / 1.8, rel=1e-4, abs=1e-3)
    assert found["source_lap_number"].tolist() == column("Lap").tolist()
    assert found["last_lap_time"][-1] == pytest.approx(81.6393, abs=1e-3)
    line = int(np.flatnonzero(np.diff(found["source_lap_number"]))[0]) + 1
    assert found["distance"][line] == pytest.approx(found["lap_time"][line] * found["speed"][line] / 3.6, abs=0.05)
    clock_s = (found["timestamp_us"] - found["timestamp_us"][line]) / 1e6
    race_s = column("CurrentRaceTime") - column("CurrentRaceTime")[line]
    assert clock_s[10:] == pytest.approx(race_s[10:], abs=0.01)
    turns = found["g_lat"] > 0.3
    assert np.mean(found["yaw_rate"][turns] > 0) > 0.95


def _fields(row: dict[str, str]) -> dict[str, Any]:
    """A row's columns as fields of a packet."""
    wheels = ("FrontLeft", "FrontRight", "RearLeft", "RearRight")
    fields: dict[str, Any] = {
        name: tuple(float(row[f"{column}{part}"]) for part in parts)
        for name, column, parts in (
            ("acceleration", "Acceleration", "XYZ"),
            ("velocity", "Velocity", "XYZ"),
            ("angularVelocity", "AngularVelocity", "XYZ"),
            ("position", "Position", "XYZ"),
            ("wheelRotationSpeed", "WheelRotationSpeed", wheels),
            ("suspensionTravelMeters", "SuspensionTravelMeters", wheels),
            ("tireTemp", "TireTemp", ("Fl", "Fr", "Rl", "Rr")),
        )
    }
    floats = {"currentEngineRpm": "CurrentEngineRpm", "yaw": "Yaw", "pitch": "Pitch", "roll": "Roll", "speed": "Speed",
              "distanceTraveled": "Distance", "lastLap": "LastLapTime", "bestLap": "BestLapTime",
              "currentLap": "CurrentLapTime", "currentRaceTime": "CurrentRaceTime"}  # fmt: skip
    whole = {"timestampMS": "TimestampMS", "carOrdinal": "CarOrdinal", "lapNumber": "Lap",
             "racePosition": "RacePosition", "accel": "Accelerator", "brake": "Brake", "gear": "Gear",
             "steer": "Steer"}  # fmt: skip
    fields |= {name: float(row[column]) for name, column in floats.items()}
    return fields | {name: int(row[column]) for name, column in whole.items()}


def send(packets: Sequence[bytes], port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as game:
        for datagram in packets:
            game.sendto(datagram, ("127.0.0.1", port))


def test_datagrams_on_a_socket_come_out_as_batches_until_it_is_stopped(packet: Build) -> None:
    published: list[Batch] = []
    stop, enough = threading.Event(), threading.Event()

    def publish(batch: Batch) -> None:
        published.append(batch)
        if sum(map(len, published)) >= 60:
            enough.set()

    collector = Forza(port=0)
    running = threading.Thread(target=collector.run, args=(publish, stop))
    running.start()
    send([b"noise", packet(331, isRaceOn=0), *lap(packet, 331, 60)], collector.port)
    assert enough.wait(WAIT_S)
    stop.set()
    running.join(WAIT_S)
    assert not running.is_alive()
    assert len({batch.session_id for batch in published}) == 1
    rows = np.concatenate([batch.extras["y"].values for batch in published])
    assert rows == pytest.approx(np.arange(60.0), abs=1e-3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:  # the port is free again
        again.bind(("127.0.0.1", collector.port))


def test_a_port_in_use_or_a_strange_address_is_one_sentence() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse) as busy:
            Forza(port=port)
    assert str(busy.value) == f"port {port} is in use by another program. Stop it, or set --port to a free port."
    with pytest.raises(BadSetting, match=r"cannot listen on '203\.0\.113\.7'"):
        Forza(host="203.0.113.7", port=0)
    with pytest.raises(BadSetting) as strange:
        Forza(host="not an address", port=0)
    assert str(strange.value) == (
        "setting --host: 'not an address' is not an address. Try 127.0.0.1, or 0.0.0.0 for a console."
    )


def test_how_many_datagrams_were_strange_is_said_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    stop = threading.Event()
    collector = Forza(port=0)
    running = threading.Thread(target=collector.run, args=(lambda _: None, stop))
    with caplog.at_level(logging.WARNING):
        running.start()
        send([b"noise"] * 3, collector.port)
        while not caplog.records:
            stop.wait(0.01)
        stop.set()
        running.join(WAIT_S)
    assert "datagrams were not Forza's" in caplog.records[-1].message
