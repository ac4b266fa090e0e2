"""Forza's Data Out as bytes: the layouts by packet length, and which field is which channel.

Sources: the game's own description of Data Out and public parsers that agree with real packets. Little-endian, packed.
The world and the car's axes are left-handed with y up, so pitch and roll turn the other way than the catalogue's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ps_analytics.channels.catalog import WHEELS
from ps_analytics.channels.units import GRAVITY, conversion
from ps_analytics.proto.codec import MISSING_INT, Column, Extra

RATE_HZ = 60.0
Packets = NDArray[np.void]
"""Packets of one layout, one a row."""

_SLED = """
is_race_on i4|timestamp_ms u4|engine_max_rpm f4|engine_idle_rpm f4|current_engine_rpm f4|acceleration 3f4|velocity 3f4
angular_velocity 3f4|yaw f4|pitch f4|roll f4|normalized_suspension_travel 4f4|tire_slip_ratio 4f4
wheel_rotation_speed 4f4|wheel_on_rumble_strip 4i4|wheel_in_puddle_depth 4f4|surface_rumble 4f4|tire_slip_angle 4f4
tire_combined_slip 4f4|suspension_travel_meters 4f4|car_ordinal i4|car_class i4|car_performance_index i4
drivetrain_type i4|num_cylinders i4
"""
_HORIZON = "car_category i4|unknown 2i4"
_DASH = """
position 3f4|speed f4|power f4|torque f4|tire_temp 4f4|boost f4|fuel f4|distance_traveled f4|best_lap f4|last_lap f4
current_lap f4|current_race_time f4|lap_number u2|race_position u1|accel u1|brake u1|clutch u1|hand_brake u1|gear u1
steer i1|normalized_driving_line i1|normalized_ai_brake_difference i1
"""
_MOTORSPORT = "tire_wear 4f4|track_ordinal i4"


def _layout(*tables: str) -> np.dtype[Any]:
    fields: list[Any] = []
    for cell in "|".join(tables).replace("\n", "|").split("|"):
        if cell.strip():
            name, code = cell.split()
            count, kind = (int(code[0]), code[1:]) if code[0].isdigit() else (0, code)
            fields.append((name, f"<{kind}", count) if count else (name, f"<{kind}"))
    return np.dtype(fields)


LAYOUTS: dict[int, np.dtype[Any]] = {
    232: _layout(_SLED),
    311: _layout(_SLED, _DASH),
    324: _layout(_SLED, _HORIZON, _DASH, "trailing u1"),
    331: _layout(_SLED, _DASH, _MOTORSPORT),
}
"""By the length of a packet in bytes: sled only, Motorsport 7, Horizon 4 to 6, Motorsport (2023)."""

_F_TO_C = conversion("F", "C")
_DEGREES = float(np.degrees(1.0))
_BYTE = 100 / 255


@dataclass(frozen=True, slots=True)
class _Channel:
    """`name` = field (its part `index`, if it has several) × `factor` + `offset`, in `unit`."""

    name: str
    field: str
    index: int | None = None
    factor: float = 1.0
    offset: float = 0.0
    unit: str = ""


def _wheels(name: str, field: str, factor: float = 1.0, offset: float = 0.0, unit: str = "") -> list[_Channel]:
    return [_Channel(f"{name}_{wheel}", field, i, factor, offset, unit) for i, wheel in enumerate(WHEELS)]


_CHANNELS = [
    _Channel("x", "position", 0, unit="m"),
    _Channel("y", "position", 2, unit="m"),
    _Channel("z", "position", 1, unit="m"),
    _Channel("pitch", "pitch", None, -_DEGREES, unit="deg"),
    _Channel("roll", "roll", None, -_DEGREES, unit="deg"),
    _Channel("g_lat", "acceleration", 0, 1 / GRAVITY, unit="G"),
    _Channel("g_vert", "acceleration", 1, 1 / GRAVITY, unit="G"),
    _Channel("g_long", "acceleration", 2, 1 / GRAVITY, unit="G"),
    _Channel("yaw_rate", "angular_velocity", 1, _DEGREES, unit="deg/s"),
    _Channel("clutch", "clutch", None, _BYTE, unit="%"),
    _Channel("handbrake", "hand_brake", None, _BYTE, unit="%"),
    _Channel("boost", "boost", None, conversion("psi", "bar")[0], unit="bar"),
    _Channel("engine_torque", "torque", unit="Nm"),
    *_wheels("tyre_temp", "tire_temp", *_F_TO_C, unit="C"),
    *_wheels("tyre_wear", "tire_wear", 100.0, unit="%"),
    *_wheels("damper_pos", "suspension_travel_meters", 1000.0, unit="mm"),
    # Not in the catalogue: the game's own names, units where it states them.
    _Channel("fuel_share", "fuel", None, 100.0, unit="%"),
    _Channel("power", "power", unit="W"),
    _Channel("engine_max_rpm", "engine_max_rpm", unit="rpm"),
    _Channel("engine_idle_rpm", "engine_idle_rpm", unit="rpm"),
    _Channel("race_position", "race_position"),
    _Channel("current_race_time", "current_race_time", unit="s"),
    _Channel("normalized_driving_line", "normalized_driving_line"),
    _Channel("normalized_ai_brake_difference", "normalized_ai_brake_difference"),
    *_wheels("wheel_rotation_speed", "wheel_rotation_speed", unit="rad/s"),
    *_wheels("tire_slip_ratio", "tire_slip_ratio"),
    *_wheels("tire_slip_angle", "tire_slip_angle"),
    *_wheels("tire_combined_slip", "tire_combined_slip"),
    *_wheels("normalized_suspension_travel", "normalized_suspension_travel"),
    *_wheels("surface_rumble", "surface_rumble"),
    *_wheels("wheel_on_rumble_strip", "wheel_on_rumble_strip"),
    *_wheels("wheel_in_puddle_depth", "wheel_in_puddle_depth"),
    _Channel("car_class", "car_class"),
    _Channel("car_performance_index", "car_performance_index"),
    _Channel("drivetrain_type", "drivetrain_type"),
    _Channel("num_cylinders", "num_cylinders"),
    _Channel("car_category", "car_category"),
]


@dataclass(frozen=True, slots=True, eq=False)
class _Gather:
    """All channels of one kind of number in one layout, to be read and scaled together.

    `at` has the byte offsets of their values, shape (channels, bytes of a value).
    """

    kind: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    at: NDArray[np.intp]
    factor: NDArray[np.float32]
    offset: NDArray[np.float32]


def _gathers(layout: np.dtype[Any]) -> Iterator[_Gather]:
    found: dict[str, list[tuple[_Channel, int]]] = {}
    for channel in _CHANNELS:
        if channel.field in (layout.fields or {}):
            kind, start = layout.fields[channel.field][:2]  # type: ignore[index]
            found.setdefault(kind.base.str, []).append((channel, start + kind.base.itemsize * (channel.index or 0)))
    for kind, channels in found.items():
        starts = np.array([start for _, start in channels])
        yield _Gather(
            kind=kind,
            names=tuple(channel.name for channel, _ in channels),
            units=tuple(channel.unit for channel, _ in channels),
            at=starts[:, None] + np.arange(np.dtype(kind).itemsize),
            factor=np.array([channel.factor for channel, _ in channels], np.float32),
            offset=np.array([channel.offset for channel, _ in channels], np.float32),
        )


_GATHERS = {length: tuple(_gathers(layout)) for length, layout in LAYOUTS.items()}
_SHIFTING = 11
"""What the gear says in neutral and while it changes."""
_LONGEST_LAP_S = 2_000_000.0
"""Beyond this a lap time does not fit the wire."""
_MOVING_MPS = 2.0
"""Slower than this a car has no course."""


def group(datagrams: Iterable[bytes]) -> Iterator[Packets]:
    """The packets among the datagrams, in order: one array for each run of one length."""
    run: list[bytes] = []
    for datagram in datagrams:
        if len(datagram) not in LAYOUTS:
            continue
        if run and len(datagram) != len(run[0]):
            yield np.frombuffer(b"".join(run), LAYOUTS[len(run[0])])
            run = []
        run.append(datagram)
    if run:
        yield np.frombuffer(b"".join(run), LAYOUTS[len(run[0])])


def has_dash(packets: Packets) -> bool:
    """Whether the packets have more than the sled: pedals, lap times, position."""
    return "speed" in (packets.dtype.names or ())


def to_columns(packets: Packets) -> dict[str, Column]:
    """The seed's columns on the wire's scale, as far as the layout has them; NaN and `MISSING_INT` where missing."""
    columns: dict[str, Column] = {"rpm": packets["current_engine_rpm"].astype("<f4")}
    with np.errstate(all="ignore"):  # whatever bytes claim to be a float
        if not has_dash(packets):
            columns["speed"] = _f4(np.linalg.norm(packets["velocity"].astype(np.float64), axis=1) * 3.6)
            return columns
        columns["speed"] = _f4(packets["speed"] * np.float32(3.6))
        columns["throttle"] = packets["accel"] / np.float32(255)
        columns["brake"] = packets["brake"] / np.float32(255)
        columns["steering"] = np.maximum(packets["steer"] / np.float32(127), np.float32(-1))
        gear = packets["gear"].astype("<i4")
        columns["gear"] = np.where(gear == 0, -1, np.where(gear < _SHIFTING, gear, MISSING_INT))
        timed = _is_timed(packets)
        lap_s = packets["current_lap"].astype(np.float64)
        good = timed & (lap_s >= 0) & (lap_s < _LONGEST_LAP_S)
        columns["lap_time_ms"] = np.where(good, np.rint(lap_s * 1000), MISSING_INT).astype("<i4")
        columns["lap_number"] = np.where(timed, packets["lap_number"].astype("<i4"), MISSING_INT)
    return columns


def to_extras(packets: Packets) -> dict[str, Extra]:
    """Every other channel the layout has, but `distance`, which takes the packets before."""
    names = packets.dtype.names or ()
    raw = packets.view(np.uint8).reshape(len(packets), -1)
    extras: dict[str, Extra] = {}
    with np.errstate(all="ignore"):
        for gather in _GATHERS[raw.shape[1]]:
            numbers = np.take(raw, gather.at, axis=1).view(gather.kind)[:, :, 0]
            values = np.ascontiguousarray((numbers * gather.factor + gather.offset).T, "<f4")
            extras.update(
                (name, Extra(row, unit, RATE_HZ))
                for name, unit, row in zip(gather.names, gather.units, values, strict=True)
            )
        extras["heading"] = Extra(_f4(np.degrees(packets["yaw"]) % 360), "deg", RATE_HZ)
        right, forward = packets["velocity"][:, 0], packets["velocity"][:, 2]
        slip = np.where(np.hypot(right, forward) > _MOVING_MPS, np.degrees(np.arctan2(right, forward)), np.nan)
        extras["yaw_angle"] = Extra(_f4(slip), "deg", RATE_HZ)
        for name, field in (("last_lap_time", "last_lap"), ("best_lap_time", "best_lap")):
            if field in names:
                extras[name] = Extra(_f4(np.where(packets[field] > 0, packets[field], np.nan)), "s", RATE_HZ)
    return extras


def _is_timed(packets: Packets) -> NDArray[np.bool_]:
    """Whether there are laps at all: driving freely the game leaves their number, their time and the race at 0."""
    races = (packets["race_position"] > 0) | (packets["current_race_time"] != 0)
    laps = (packets["lap_number"] > 0) | (packets["current_lap"] != 0)
    timed: NDArray[np.bool_] = races | laps
    return timed


def _f4(values: NDArray[Any]) -> Column:
    return values.astype("<f4")
