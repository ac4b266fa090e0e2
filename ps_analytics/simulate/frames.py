"""A drive as frames: one row a sample, columns in the catalogue's names, units and signs."""

import math
from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.channels.catalog import CATALOG
from ps_analytics.simulate.car import Car
from ps_analytics.simulate.chassis import Chassis, ride_chassis
from ps_analytics.simulate.circuit import Circuit
from ps_analytics.simulate.condition import (
    Channels,
    Surroundings,
    brake_channels,
    engine_channels,
    tyre_channels,
    weather_channels,
    wheel_channels,
)
from ps_analytics.simulate.controls import Controls, work_controls
from ps_analytics.simulate.motion import Drive, Motion, sample

Column = NDArray[np.generic]

EARTH_M = 6_371_008.8
_FULL_PRECISION = ("timestamp", "lap_time", "last_lap_time", "normalized_position", "distance", "x", "y")
_GEODETIC = ("latitude", "longitude")
_COUNTS = ("source_lap_number", "gear", "tyres_off_track")


def frame_drive(
    circuit: Circuit,
    car: Car,
    drive: Drive,
    times: NDArray[np.float64],
    *,
    rate_hz: float,
    seed: int,
    before: Mapping[str, float] | None = None,
    workshop: bool = True,
) -> pl.DataFrame:
    """The drive's frames at these times in s, without its clocks: what the car, its driver and the road show.

    Args:
        circuit: where it is driven.
        car: with what.
        drive: how.
        times: seconds since the drive's begin, `rate_hz` a second.
        rate_hz: frames a second.
        seed: decides the noise.
        before: the values of the last row before, if the drive goes on from there; else the car is cold.
        workshop: whether to work out what only a workshop looks at: engine, wheels, tyres, brakes and weather.
    """
    rng = np.random.default_rng([seed, 2])
    motion = sample(circuit, drive, times)
    hands = drive.route.hands[motion.point]
    controls = work_controls(car, motion, hands, rng, rate_hz=rate_hz)
    chassis = ride_chassis(car, motion, controls, rng, rate_hz=rate_hz)
    columns: dict[str, Column] = {
        **_place(circuit, drive, motion, chassis),
        **_driver(car, controls),
        **_body(motion, chassis),
        "rpm": controls.rpm,
    }
    if workshop:
        around = Surroundings(rate_hz, before or {}, _services(drive, times))
        columns |= engine_channels(car, motion, controls, around, rng)
        columns |= _wheels(chassis)
        columns |= tyre_channels(car, motion, chassis, around)
        columns |= brake_channels(car, motion, controls, around)
    columns |= _state(car, drive, motion, chassis)
    if workshop:
        columns |= weather_channels(motion)
    return pl.DataFrame([column(name, values) for name, values in columns.items()])


def _services(drive: Drive, times: NDArray[np.float64]) -> tuple[tuple[int, int], ...]:
    """First and last frame of each stop in front of the box that is over before the frames are."""
    stops = [stop.point for stop in drive.route.stops if stop.box]
    rows = np.searchsorted(times, [drive.arrive[stops], drive.leave[stops]])
    return tuple((int(first), int(last)) for first, last in rows.T if last < len(times))


def column(name: str, values: Column) -> pl.Series:
    """Values as the catalogue's column: whole numbers, conditions, clocks and places exact, the rest in 32 bits.

    NaN is missing: null.
    """
    if CATALOG[name].unit == "bool":
        return pl.Series(name, values.astype(np.bool_))
    if name in _COUNTS:
        return pl.Series(name, values.astype(np.int64))
    exact = name in _FULL_PRECISION or name in _GEODETIC
    return pl.Series(name, values.astype(np.float64 if exact else np.float32)).fill_nan(None)


def _place(circuit: Circuit, drive: Drive, motion: Motion, chassis: Chassis) -> Channels:
    share = ((drive.route.at[motion.point] + motion.share) * circuit.step_m / circuit.length_m) % 1.0
    north = math.degrees(1.0 / EARTH_M)
    return {
        "normalized_position": share,
        "distance": share * circuit.length_m,
        "x": motion.x,
        "y": motion.y,
        "z": motion.z,
        "latitude": circuit.latitude + motion.y * north,
        "longitude": circuit.longitude + motion.x * north / math.cos(math.radians(circuit.latitude)),
        "altitude": circuit.altitude_m + motion.z,
        "heading": chassis.heading,
    }


def _driver(car: Car, controls: Controls) -> dict[str, Column]:
    return {
        "throttle": 100.0 * controls.throttle,
        "brake": 100.0 * controls.brake,
        "clutch": 100.0 * controls.clutch,
        "steering": 100.0 * controls.wheel_deg / car.steering_lock_deg,
        "steering_angle": controls.wheel_deg,
        "gear": controls.gear,
        "brake_bias": np.full(len(controls.gear), car.brake_bias),
    }


def _body(motion: Motion, chassis: Chassis) -> Channels:
    return {
        "speed": 3.6 * motion.speed,
        "g_lat": chassis.g_lat,
        "g_long": chassis.g_long,
        "g_vert": chassis.g_vert,
        "yaw_rate": chassis.yaw_rate,
        "pitch": chassis.pitch,
        "roll": chassis.roll,
        "yaw_angle": chassis.yaw_angle,
    }


def _wheels(chassis: Chassis) -> Channels:
    return {
        **wheel_channels("wheel_speed_*", 3.6 * chassis.wheel_ms),
        **wheel_channels("wheel_slip_*", chassis.slip),
        **wheel_channels("wheel_load_*", chassis.load),
        **wheel_channels("damper_pos_*", chassis.travel),
        **wheel_channels("damper_rate_*", chassis.travel_rate),
        "ride_height_f": chassis.ride[0],
        "ride_height_r": chassis.ride[1],
        "brake_press_f": chassis.line_bar[0],
        "brake_press_r": chassis.line_bar[1],
    }


def _state(car: Car, drive: Drive, motion: Motion, chassis: Chassis) -> dict[str, Column]:
    in_pit = drive.route.in_pit[motion.point]
    helps = {"abs_active": (car.has_abs, chassis.abs_active), "tc_active": (car.has_tc, chassis.tc_active)}
    return {
        **{name: active for name, (fitted, active) in helps.items() if fitted},
        "pit_limiter": in_pit,
        "in_pit": in_pit,
        "lap_valid": ~drive.route.spoiled[motion.point],
        "tyres_off_track": drive.route.off_track[motion.point],
    }
