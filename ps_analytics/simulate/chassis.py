"""What the body and the four wheels do: accelerations, attitude, loads, slips, dampers. Wheels: fl, fr, rl, rr."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ps_analytics.simulate.car import AIR_DENSITY, GRAVITY, Car
from ps_analytics.simulate.controls import Controls
from ps_analytics.simulate.motion import Motion
from ps_analytics.simulate.signals import Floats, noise, ramp, soften

SIDE = np.array([-1.0, 1.0, -1.0, 1.0])[:, None]
"""Left −1, right +1, a row a wheel."""
IS_FRONT = np.array([True, True, False, False])[:, None]
_STIFFNESS = 18.0
"""Longitudinal force per load and unit of slip: 1.2 of the load at 7 % of slip."""
_ROLL_FRONT = 0.54
_HELP_AT = 0.99


@dataclass(frozen=True, slots=True, eq=False)
class Chassis:
    """One value a frame; in shape (4, frames) where a wheel has its own.

    Accelerations in g, angles in deg, rates in deg/s, loads in N, slip as a share, wheel speed in m/s, travel in mm
    (compression +) and mm/s, ride heights (2, frames) in mm front and rear, line pressures (2, frames) in bar. `work`
    is how hard each tyre is used: 1 for a tyre at its limit under its static load.
    """

    g_lat: Floats
    g_long: Floats
    g_vert: Floats
    yaw_rate: Floats
    heading: Floats
    yaw_angle: Floats
    pitch: Floats
    roll: Floats
    load: Floats
    slip: Floats
    wheel_ms: Floats
    travel: Floats
    travel_rate: Floats
    ride: Floats
    line_bar: Floats
    work: Floats
    abs_active: NDArray[np.bool_]
    tc_active: NDArray[np.bool_]


def ride_chassis(car: Car, motion: Motion, controls: Controls, rng: np.random.Generator, *, rate_hz: float) -> Chassis:
    """The body and wheels of this motion under these controls."""
    count, speed = len(motion.time), motion.speed
    moving = ramp(speed, 0.5, 12.0)
    bumps = noise(rng, count, 0.035 * rate_hz) * moving * np.minimum(speed / 50.0, 1.3)
    lateral = speed**2 * motion.curvature
    vertical = speed**2 * motion.crest + 0.11 * GRAVITY * bumps
    load = wheel_loads(car, speed, lateral, motion.push, vertical)
    force = _wheel_forces(car, controls) * (speed > 0)
    slip = np.clip(force / (_STIFFNESS * np.maximum(0.5 * (load + _axle_mean(load)), 250.0)), -0.35, 0.6)
    work = _work(car, load, force, lateral)
    near = work + 0.05 * noise(rng, count, 0.05 * rate_hz)
    nose = moving * (car.body_slip * lateral - 0.5 * car.wheelbase_m * motion.curvature) + motion.slide
    travel = _travel(car, load, rng, speed)
    return Chassis(
        g_lat=lateral / GRAVITY + 0.012 * noise(rng, count, 0.02 * rate_hz) * (0.2 + moving),
        g_long=motion.push / GRAVITY + 0.010 * noise(rng, count, 0.02 * rate_hz) * (0.2 + moving),
        g_vert=vertical / GRAVITY,
        yaw_rate=np.degrees(speed * motion.curvature + _rate(nose, rate_hz)),
        heading=np.degrees(motion.course + nose) % 360.0,
        yaw_angle=-np.degrees(nose),
        pitch=np.degrees(np.arctan(motion.slope)) + car.pitch_deg_g * motion.push / GRAVITY + 0.03 * bumps,
        roll=-car.roll_deg_g * lateral / GRAVITY + 0.02 * bumps,
        load=load,
        slip=100.0 * slip + 0.0,
        wheel_ms=np.maximum(speed * (1 - SIDE * motion.curvature * car.track_m / 2) * (1 + slip), 0.0),
        travel=travel,
        travel_rate=_rate(travel, rate_hz),
        ride=np.array(car.ride_mm)[:, None] - np.stack([travel[:2].mean(axis=0), travel[2:].mean(axis=0)]),
        line_bar=controls.brake * car.brake_bar * np.array([[1.0], [100.0 / car.brake_bias - 1.0]]),
        work=work,
        abs_active=(near[:2].max(axis=0) > _HELP_AT) & (controls.brake > 0.35) & (speed > 4.0),
        tc_active=(near[2:].max(axis=0) > _HELP_AT) & (controls.throttle > 0.25) & (speed > 4.0),
    )


def _rate(values: Floats, rate_hz: float) -> Floats:
    """Change a second along the last axis."""
    if values.shape[-1] < 2:
        return np.zeros_like(values)
    return np.asarray(np.gradient(values, 1.0 / rate_hz, axis=-1), dtype=np.float64)


def wheel_loads(car: Car, speed: Floats, lateral: Floats, push: Floats, vertical: Floats) -> Floats:
    """Loads in N, shape (4, frames): weight, wings, and what accelerations in m/s² move across and along.

    Example:
        >>> from ps_analytics.simulate.car import GT
        >>> still = np.zeros(1)
        >>> bool(np.isclose(wheel_loads(GT, still, still, still, still).sum(), GT.mass_kg * GRAVITY))
        True
    """
    total = car.mass_kg * np.maximum(GRAVITY + vertical, 0.0) + 0.5 * AIR_DENSITY * car.lift_area_m2 * speed**2
    along = car.mass_kg * push * car.cog_m / car.wheelbase_m
    across = car.mass_kg * lateral * car.cog_m / car.track_m
    front, rear = total * car.front_share - along, total * (1 - car.front_share) + along
    axle = np.where(IS_FRONT, front, rear) / 2
    moved = np.where(IS_FRONT, _ROLL_FRONT, 1 - _ROLL_FRONT) * across
    return np.maximum(axle - SIDE * moved, 0.0)


def _axle_mean(load: Floats) -> Floats:
    return np.asarray(np.where(IS_FRONT, load[:2].mean(axis=0), load[2:].mean(axis=0)), dtype=np.float64)


def _wheel_forces(car: Car, controls: Controls) -> Floats:
    """Longitudinal force of each wheel in N: the engine at the rear, the brakes shared by their size."""
    front = -controls.brake_n * car.brake_front
    rear = controls.drive_n - controls.brake_n * (1 - car.brake_front)
    return np.where(IS_FRONT, front, rear) / 2


def _work(car: Car, load: Floats, force: Floats, lateral: Floats) -> Floats:
    """The share of each tyre's grip in use, 0 … about 1.2."""
    total = np.maximum(load.sum(axis=0), 1.0)
    side = car.mass_kg * np.abs(lateral) * load / total
    return np.asarray(np.hypot(force, side) / np.maximum(car.grip * load, 250.0), dtype=np.float64)


def _travel(car: Car, load: Floats, rng: np.random.Generator, speed: Floats) -> Floats:
    """Spring travel in mm from the static load on, with the road's own roughness on each wheel."""
    still = np.where(IS_FRONT, car.front_share, 1 - car.front_share) * car.mass_kg * GRAVITY / 2
    rate = np.where(IS_FRONT, *car.spring_n_mm)
    rough = np.stack([noise(rng, len(speed), 1.3) for _ in range(4)]) * np.minimum(speed / 45.0, 1.4) * 0.9
    return np.stack([soften(row, 1.0) for row in (load - still) / rate]) + rough
