"""What changes slowly: temperatures of tyres, brakes and fluids, pressures, wear and fuel. Wheels: fl, fr, rl, rr."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ps_analytics.channels.catalog import WHEELS
from ps_analytics.simulate.car import AIR_DENSITY, GRAVITY, Car
from ps_analytics.simulate.chassis import IS_FRONT, SIDE, Chassis
from ps_analytics.simulate.controls import Controls
from ps_analytics.simulate.motion import Motion
from ps_analytics.simulate.signals import Floats, lag, noise, ramp

Channels = dict[str, Floats]

AIR_C, TRACK_C = 21.0, 31.0
_KELVIN = 273.15
_ATMOSPHERE_BAR = 1.005
_CORE_S, _SURFACE_S, _DISC_S, _WATER_S, _OIL_S, _TURBO_S = 55.0, 1.6, 32.0, 70.0, 110.0, 0.22
_NEW_C = 52.0
_WEAR_PER_S = 0.017
"""Per cent of the tyre gone a second at its limit."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a drive needs to know besides its motion.

    `rate_hz` frames a second; `before` the last values of the frames it goes on from; `services` (first, last) frame
    of each stop in front of the box, where fuel is filled in and tyres are changed half-way.
    """

    rate_hz: float
    before: Mapping[str, float]
    services: tuple[tuple[int, int], ...] = ()

    @property
    def tyre_changes(self) -> tuple[int, ...]:
        """The frames from which on the tyres are new ones."""
        return tuple((first + last) // 2 for first, last in self.services)

    def start(self, name: str, cold: float) -> float:
        """The value a channel had before the first frame."""
        return float(self.before.get(name, cold))

    def starts(self, name: str, cold: float) -> Floats:
        """The same for the four wheels; `*` in the name stands for the wheel."""
        return np.array([self.start(name.replace("*", wheel), cold) for wheel in WHEELS])


def wheel_channels(name: str, values: Floats) -> Channels:
    """The rows of a (4, frames) array as four channels; `*` in the name stands for the wheel.

    Example:
        >>> list(wheel_channels("tyre_temp_*_i", np.zeros((4, 2))))
        ['tyre_temp_fl_i', 'tyre_temp_fr_i', 'tyre_temp_rl_i', 'tyre_temp_rr_i']
    """
    return {name.replace("*", wheel): row for wheel, row in zip(WHEELS, values, strict=True)}


def tyre_channels(car: Car, motion: Motion, chassis: Chassis, around: Surroundings) -> Channels:
    """Core and surface temperatures, pressures and wear: tyres warm up over two laps and answer to each corner."""
    rate = around.rate_hz
    still = np.where(IS_FRONT, car.front_share, 1 - car.front_share) * car.mass_kg * GRAVITY / 2
    used = np.minimum(chassis.work**1.5 * np.sqrt(chassis.load / still), 2.0) * np.minimum(motion.speed / 25.0, 1.0)
    heated = TRACK_C + (car.tyre_c - TRACK_C) * (0.60 + 0.95 * used)
    sets = np.split(np.arange(len(motion.time)), around.tyre_changes)
    core_before, worn_before = around.starts("tyre_temp_*", _NEW_C), around.starts("tyre_wear_*", 0.0)
    core, worn = np.empty_like(heated), np.empty_like(heated)
    for frames in sets:
        core[:, frames] = lag(heated[:, frames], _CORE_S * rate, core_before)
        worn[:, frames] = worn_before[:, None] + np.cumsum(_WEAR_PER_S / rate * used[:, frames] ** 2, axis=1)
        core_before, worn_before = np.full(4, _NEW_C), np.zeros(4)
    outward = np.maximum(-SIDE * chassis.g_lat, 0.0) / car.grip
    middle = lag(core + 26.0 * (used - 0.55), _SURFACE_S * rate, around.starts("tyre_temp_*_c", _NEW_C))
    tilt = lag(9.0 * outward - 3.0, _SURFACE_S * rate, 0.0)
    pressure = (car.tyre_bar + _ATMOSPHERE_BAR) * (core + _KELVIN) / (car.tyre_c + _KELVIN) - _ATMOSPHERE_BAR
    return {
        **wheel_channels("tyre_temp_*", core),
        **wheel_channels("tyre_temp_*_i", middle - 0.6 * tilt + 2.0),
        **wheel_channels("tyre_temp_*_c", middle),
        **wheel_channels("tyre_temp_*_o", middle + tilt),
        **wheel_channels("tyre_press_*", pressure),
        **wheel_channels("tyre_wear_*", np.minimum(worn, 100.0)),
    }


def brake_channels(car: Car, motion: Motion, controls: Controls, around: Surroundings) -> Channels:
    """Disc temperatures: up with the power of the brakes, down in the wind."""
    share = np.where(IS_FRONT, car.brake_front, 1.0 - car.brake_front) / 2
    power = controls.brake_n * motion.speed * share
    frames = _DISC_S * around.rate_hz
    settled = AIR_C + 35.0 + power * _DISC_S / car.disc_j_k
    return wheel_channels("brake_temp_*", lag(settled, frames, around.starts("brake_temp_*", 140.0)))


def engine_channels(
    car: Car, motion: Motion, controls: Controls, around: Surroundings, rng: np.random.Generator
) -> Channels:
    """Fuel, fluids and, where the car has one, the turbocharger."""
    rate, count = around.rate_hz, len(motion.time)
    power = np.maximum(controls.torque_nm, 0.0) * controls.rpm * np.pi / 30
    burned = np.cumsum(power * 1e-6 * car.litres_per_mj + 4e-4) / rate
    load = lag(power / car.power_w, 6.0 * rate, 0.3)
    water = lag(76.0 + 19.0 * load, _WATER_S * rate, around.start("water_temp", 74.0))
    oil = lag(84.0 + 31.0 * load, _OIL_S * rate, around.start("oil_temp", 76.0))
    revs = controls.rpm / car.redline_rpm
    filled = _filled(burned, around.services)
    fuel_before = around.start("fuel", min(car.tank_l, 1.12 * float(np.max(burned - filled)) + 4.0))
    channels = {
        "fuel": np.maximum(fuel_before - burned + filled, 0.0),
        "engine_torque": controls.torque_nm,
        "oil_temp": oil,
        "water_temp": water,
        "oil_pressure": 1.1 + 4.6 * np.minimum(revs / 0.7, 1.0) - 0.014 * (oil - 95.0),
        "fuel_pressure": 4.0 - 0.12 * power / car.power_w + 0.01 * noise(rng, count, 0.05 * rate),
    }
    if car.boost_bar is not None:
        wanted = controls.throttle * np.clip((revs - 0.25) / 0.3, 0.0, 1.0) * (car.boost_bar + 0.55) - 0.55
        channels["boost"] = lag(wanted, _TURBO_S * rate, around.start("boost", -0.5))
    return channels


def _filled(burned: Floats, services: tuple[tuple[int, int], ...]) -> Floats:
    """Litres filled in since the first frame: at each stop as many as were burned since the one before."""
    filled, full_at = np.zeros_like(burned), 0.0
    for first, last in services:
        filled += (burned[first] - full_at) * ramp(np.arange(len(burned), dtype=np.float64), first, last)
        full_at = float(burned[first])
    return filled


def weather_channels(motion: Motion) -> Channels:
    """A fine day, now warmer, now cooler; the density is that of dry air at one pressure."""
    air = AIR_C + 1.1 * np.sin(motion.time / 2400.0)
    density = AIR_DENSITY * (AIR_C + _KELVIN) / (air + _KELVIN)
    return {"air_temp": air, "track_temp": TRACK_C + 1.4 * (air - AIR_C), "air_density": density}
