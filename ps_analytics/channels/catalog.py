"""Every channel once: name, unit, range, kind, label, colour and the names other programs give it.

A row here is all it takes to add a channel. Units, signs and ranges hold for Polars frames, stored traces, formulas,
plots and exports; only the wire and the rows of `telemetry_frame` keep the seed's scales (`proto/codec`).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from ps_analytics.errors import UnknownChannel

WHEELS = ("fl", "fr", "rl", "rr")
"""Front left, front right, rear left, rear right: always in this order."""


class Kind(StrEnum):
    """How a channel is filled between its samples."""

    LINEAR = "linear"
    """Interpolate."""
    STEP = "step"
    """Hold the previous sample; never interpolate."""
    WRAP = "wrap"
    """Interpolate modulo the range."""


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """What the house knows of a channel. `unit` is None for a bare number, "bool" for a condition."""

    name: str
    unit: str | None
    low: float
    high: float
    kind: Kind
    label: str
    group: str
    color: str
    aliases: tuple[str, ...] = ()


_COLORS = {
    "place": "#9aa7b8", "driver": "#7ee787", "motion": "#4cc2ff", "engine": "#ff9d42",
    "wheels": "#c4a7ff", "electronics": "#f2cc60", "weather": "#8bd3dd",
}  # fmt: skip

# group | name | unit | low | high | kind | label | aliases; a name with * stands for the four wheels,
# its aliases are those of the front left one.
_TABLE = """
place | timestamp | s | 0 | 172800 | linear | Time |
place | lap_time | s | 0 | 36000 | linear | Lap time | running_lap_time, LapCurrentLapTime
place | last_lap_time | s | 0 | 36000 | step | Last lap time | LapLastLapTime
place | lap_number | – | 0 | 9999 | step | Lap |
place | source_lap_number | – | 0 | 65535 | step | Lap (source) | Lap
place | normalized_position | – | 0 | 1 | wrap | Position | LapDistPct
place | distance | m | 0 | 100000 | linear | Distance | LapDist, Lap Distance
place | x | m | -100000 | 100000 | linear | X (east) |
place | y | m | -100000 | 100000 | linear | Y (north) |
place | z | m | -100000 | 100000 | linear | Z (up) |
place | latitude | deg | -90 | 90 | linear | Latitude | Lat, GPS Latitude
place | longitude | deg | -180 | 180 | linear | Longitude | Lon, GPS Longitude
place | altitude | m | -500 | 9000 | linear | Altitude | Alt, GPS Altitude
place | heading | deg | 0 | 360 | wrap | Heading |
driver | throttle | % | 0 | 100 | linear | Throttle | Throttle Pos
driver | brake | % | 0 | 100 | linear | Brake | Brake Pos
driver | clutch | % | 0 | 100 | linear | Clutch | Clutch Pos
driver | handbrake | % | 0 | 100 | linear | Handbrake |
driver | steering | % | -100 | 100 | linear | Steering | Steering Pos
driver | steering_angle | deg | -1440 | 1440 | linear | Steering angle | STEERANGLE, SteeringWheelAngle
driver | gear | – | -1 | 12 | step | Gear |
driver | brake_bias | % | 0 | 100 | step | Brake bias | Brake Bias Setting
motion | speed | km/h | 0 | 500 | linear | Speed | Ground Speed, corr_speed
motion | gps_speed | km/h | 0 | 500 | linear | GPS speed |
motion | g_lat | G | -10 | 10 | linear | Lateral g | G Force Lat, LatAccel, accel_lat, acc_lat, lat_accel
motion | g_long | G | -10 | 10 | linear | Longitudinal g | G Force Long, G_LON, LongAccel, accel_long, acc_long
motion | g_vert | G | -10 | 10 | linear | Vertical g | G Force Vert, VertAccel
motion | yaw_rate | deg/s | -360 | 360 | linear | Yaw rate | ROTY, YawRate, Gyro Yaw Velocity
motion | pitch | deg | -90 | 90 | linear | Pitch |
motion | roll | deg | -90 | 90 | linear | Roll |
motion | yaw_angle | deg | -90 | 90 | linear | Body slip angle |
engine | rpm | rpm | 0 | 25000 | linear | Engine speed | RPMS, Engine RPM
engine | fuel | l | 0 | 500 | linear | Fuel | Fuel Level, FuelLevel
engine | boost | bar | -1 | 5 | linear | Boost | Turbo Boost Pressure
engine | engine_torque | Nm | -2000 | 5000 | linear | Engine torque |
engine | oil_temp | C | -40 | 250 | linear | Oil temperature | Eng Oil Temp
engine | water_temp | C | -40 | 250 | linear | Water temperature | Eng Water Temp
engine | oil_pressure | bar | 0 | 20 | linear | Oil pressure | Eng Oil Pres
engine | fuel_pressure | bar | 0 | 20 | linear | Fuel pressure | Fuel Pres
wheels | wheel_speed_* | km/h | 0 | 600 | linear | Wheel speed | WHEEL_SPEED_LF, LFspeed
wheels | wheel_slip_* | % | -100 | 1000 | linear | Wheel slip |
wheels | wheel_load_* | N | 0 | 30000 | linear | Wheel load |
wheels | tyre_temp_* | C | -40 | 300 | linear | Tyre temperature | LFtempCM
wheels | tyre_temp_*_i | C | -40 | 400 | linear | Tyre temperature inner | Tyre Temp FL Inner
wheels | tyre_temp_*_c | C | -40 | 400 | linear | Tyre temperature centre | Tyre Temp FL Centre
wheels | tyre_temp_*_o | C | -40 | 400 | linear | Tyre temperature outer | Tyre Temp FL Outer
wheels | tyre_press_* | bar | 0 | 6 | linear | Tyre pressure | TYRE_PRESS_LF, LFpressure, Tyre Pressure FL
wheels | tyre_wear_* | % | 0 | 100 | linear | Tyre wear |
wheels | brake_temp_* | C | -40 | 1500 | linear | Brake temperature | BRAKE_TEMP_LF
wheels | brake_press_f | bar | 0 | 250 | linear | Brake pressure front |
wheels | brake_press_r | bar | 0 | 250 | linear | Brake pressure rear |
wheels | damper_pos_* | mm | -300 | 300 | linear | Damper position | SUS_TRAVEL_LF, LFshockDefl, Susp Pos FL
wheels | damper_rate_* | mm/s | -5000 | 5000 | linear | Damper rate | LFshockVel, Susp Vel FL
wheels | ride_height_f | mm | -50 | 500 | linear | Ride height front | front_ride_height, frh
wheels | ride_height_r | mm | -50 | 500 | linear | Ride height rear | rear_ride_height, rrh
wheels | ride_height_* | mm | -50 | 500 | linear | Ride height | LFrideHeight
electronics | abs_active | bool | 0 | 1 | step | ABS active | ABS
electronics | tc_active | bool | 0 | 1 | step | Traction control active | TC, TCS Active
electronics | drs_active | bool | 0 | 1 | step | DRS active |
electronics | pit_limiter | bool | 0 | 1 | step | Pit limiter |
electronics | in_pit | bool | 0 | 1 | step | In the pits | OnPitRoad
electronics | lap_valid | bool | 0 | 1 | step | Lap valid |
electronics | tyres_off_track | – | 0 | 4 | step | Tyres off track |
weather | air_temp | C | -50 | 90 | linear | Air temperature | Ambient Temp, AirTemp
weather | track_temp | C | -50 | 90 | linear | Track temperature | TrackTempCrew
weather | air_density | kg/m3 | 0.8 | 1.6 | linear | Air density |
"""

_CORNERS = {
    "fl": {"LF": "LF", "FL": "FL"}, "fr": {"LF": "RF", "FL": "FR"},
    "rl": {"LF": "LR", "FL": "RL"}, "rr": {"LF": "RR", "FL": "RR"},
}  # fmt: skip


@lru_cache(maxsize=8192)
def normalise(name: str) -> str:
    """A name as it is compared: lower case, each run of spaces, `_` and `-` one space.

    Example:
        >>> normalise("Tyre_Temp-FL ")
        'tyre temp fl'
    """
    return re.sub(r"[\s_-]+", " ", name).strip().lower()


def _wheel_alias(alias: str, wheel: str) -> str:
    for front_left, here in _CORNERS[wheel].items():
        if front_left in alias:
            return alias.replace(front_left, here)
    return alias


def _rows() -> Iterator[ChannelSpec]:
    for line in _TABLE.strip().splitlines():
        group, name, unit, low, high, kind, label, aliases = (cell.strip() for cell in line.split("|"))
        names = tuple(alias.strip() for alias in aliases.split(",") if alias.strip())
        for wheel in WHEELS if "*" in name else ("",):
            own_name = name.replace("*", wheel)
            here = (_wheel_alias(alias, wheel) for alias in names) if wheel else names
            yield ChannelSpec(
                name=own_name,
                unit=None if unit == "–" else unit,
                low=float(low),
                high=float(high),
                kind=Kind(kind),
                label=f"{label} {wheel.upper()}".strip(),
                group=group,
                color=_COLORS[group],
                aliases=tuple(alias for alias in here if normalise(alias) != normalise(own_name)),
            )


CATALOG: dict[str, ChannelSpec] = {spec.name: spec for spec in _rows()}
"""Every channel by name, in the order of the table."""

SEED = (
    "throttle",
    "brake",
    "steering",
    "speed",
    "gear",
    "rpm",
    "lap_time",
    "source_lap_number",
    "normalized_position",
)
"""The channels that, with their time stamp, are kept as rows; the smallest source gives no others."""

_BY_NORMALISED = {normalise(spec.name): spec.name for spec in CATALOG.values()}
_BY_ALIAS = {normalise(alias): spec.name for spec in CATALOG.values() for alias in spec.aliases}


def find_channel(name: str) -> str | None:
    """The catalogue's channel for a name: exact, then normalised, then alias; None if there is none.

    Example:
        >>> find_channel("Ground Speed"), find_channel("RPM"), find_channel("Flux")
        ('speed', 'rpm', None)
    """
    if name in CATALOG:
        return name
    normalised = normalise(name)
    return _BY_NORMALISED.get(normalised) or _BY_ALIAS.get(normalised)


def nearness(name: str) -> int:
    """How a name meets the catalogue: 0 exact, 1 normalised, 2 alias, 3 not at all.

    Example:
        >>> [nearness(n) for n in ("speed", "SPEED", "corr_speed", "flux")]
        [0, 1, 2, 3]
    """
    normalised = normalise(name)
    steps = (name in CATALOG, normalised in _BY_NORMALISED, normalised in _BY_ALIAS, True)
    return steps.index(True)


def channel_spec(name: str) -> ChannelSpec:
    """The catalogue's row for exactly this name.

    Raises:
        UnknownChannel: no channel of this name; the message offers the nearest.
    """
    try:
        return CATALOG[name]
    except KeyError:
        raise UnknownChannel(name, known=CATALOG) from None


def kind_of(name: str) -> Kind:
    """How a channel is filled between samples; one the catalogue does not know is linear.

    Example:
        >>> kind_of("gear"), kind_of("my_sensor")
        (<Kind.STEP: 'step'>, <Kind.LINEAR: 'linear'>)
    """
    return CATALOG[name].kind if name in CATALOG else Kind.LINEAR


def unit_of(name: str) -> str | None:
    """The catalogue's unit of a channel, None for a bare number or a channel it does not know.

    Example:
        >>> unit_of("speed"), unit_of("gear")
        ('km/h', None)
    """
    return CATALOG[name].unit if name in CATALOG else None


def unique_name(name: str, taken: Iterable[str]) -> str:
    """The name, or the name with the first free number behind it.

    Example:
        >>> unique_name("speed", {"speed", "speed_2"})
        'speed_3'
    """
    used = set(taken)
    candidate, number = name, 2
    while candidate in used:
        candidate, number = f"{name}_{number}", number + 1
    return candidate
