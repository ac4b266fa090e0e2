"""What hands and feet do, worked back from the motion: pedals, wheel, gears and the engine that answers them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, grey_closing

from ps_analytics.simulate.car import GRAVITY, Car
from ps_analytics.simulate.motion import Motion
from ps_analytics.simulate.signals import Floats, noise, ramp, soften

Gears = NDArray[np.int64]

STOPPED_MS = 0.4
"""Slower than this the car stands, with a foot on the brake."""
DOWN_AT = 0.90
"""The gear below is taken at this share of the speed at which it would be left again."""
_FOOT_S = 0.045
_LAUNCH_AT = 0.42
"""The clutch lets the engine turn at this share of its redline while the car pulls away."""
_FULL_AT = 0.95
"""A foot that asks for this share of the engine's best lies on the floor already."""


@dataclass(frozen=True, slots=True, eq=False)
class Controls:
    """One value a frame: pedals 0 … 1 (clutch 1 pressed), wheel in deg (right +), gear, rpm, torque in Nm.

    `drive_n` and `brake_n` are the forces in N at the driven wheels and of the brakes.
    """

    throttle: Floats
    brake: Floats
    clutch: Floats
    wheel_deg: Floats
    gear: Gears
    rpm: Floats
    torque_nm: Floats
    drive_n: Floats
    brake_n: Floats


def work_controls(car: Car, motion: Motion, hands: Floats, rng: np.random.Generator, *, rate_hz: float) -> Controls:
    """The controls that make this motion; `hands` is the amplitude of steering corrections in % of lock."""
    standing = motion.speed < STOPPED_MS
    gear = pick_gears(car, motion.speed, rate_hz=rate_hz)
    engaged = np.maximum(gear, 1)
    force = car.mass_kg * (motion.push + GRAVITY * motion.slope) + car.resistance(motion.speed)
    drag = car.engine_braking(motion.speed, engaged)
    throttle = (force + drag) / (car.thrust(motion.speed, engaged) + drag) / _FULL_AT
    throttle = _through_shifts(np.where(standing, 0.0, np.clip(throttle, 0.0, 1.0)), gear, rate_hz)
    brake = np.where(standing, 0.25, np.clip((-force - drag) / car.brake_force_n, 0.0, 1.0))
    count = len(gear)
    throttle = _pressed(throttle, 0.022 * noise(rng, count, 0.14 * rate_hz), rate_hz)
    brake = _pressed(brake, 0.018 * ~standing * noise(rng, count, 0.10 * rate_hz), rate_hz)
    gear = _with_neutral(gear, standing, rate_hz)
    rpm, clutch = _engine_speed(car, motion.speed, gear, throttle, rate_hz)
    torque = throttle * car.torque(rpm) - (1 - throttle) * 0.11 * car.peak_torque_nm * rpm / car.redline_rpm
    return Controls(
        throttle=throttle,
        brake=brake,
        clutch=clutch,
        wheel_deg=_wheel(car, motion, hands, noise(rng, count, 0.13 * rate_hz), rate_hz),
        gear=gear,
        rpm=rpm + 12.0 * noise(rng, count, 0.03 * rate_hz),
        torque_nm=torque + 0.002 * car.peak_torque_nm * noise(rng, count, 0.04 * rate_hz),
        drive_n=np.where(standing, 0.0, np.maximum(force, -drag)),
        brake_n=brake * car.brake_force_n,
    )


def pick_gears(car: Car, speed: Floats, *, rate_hz: float) -> Gears:
    """The gear at each speed in m/s, one step at a time, with room between up and down so that it never hunts.

    Example:
        >>> from ps_analytics.simulate.car import GT
        >>> pick_gears(GT, np.linspace(5.0, 60.0, 600), rate_hz=60.0)[[0, -1]]
        array([1, 5])
    """
    up = [*car.shift_up_ms.tolist(), np.inf]
    down = [0.0, *(DOWN_AT * car.shift_up_ms).tolist()]
    pause = max(1, round(0.14 * rate_hz))
    gear = int(np.searchsorted(car.shift_up_ms, speed[0], side="right"))
    gears, wait = [], 0
    for now in speed.tolist():
        wait -= 1
        if wait <= 0:
            if now > up[gear]:
                gear, wait = gear + 1, pause
            elif now < down[gear]:
                gear, wait = gear - 1, pause
        gears.append(gear + 1)
    return np.array(gears, dtype=np.int64)


def _through_shifts(throttle: Floats, gear: Gears, rate_hz: float) -> Floats:
    """The foot stays down while the gearbox cuts the engine for a change up."""
    ups = np.append(False, np.diff(gear) > 0)
    near = binary_dilation(ups, iterations=max(1, round(0.35 * rate_hz)))
    held = grey_closing(throttle, size=(max(3, round(0.6 * rate_hz)),))
    return np.where(near, held, throttle)


def _pressed(pedal: Floats, tremor: Floats, rate_hz: float) -> Floats:
    """A pedal as a foot moves it: no steps, a tremor where it is neither free nor on its stop."""
    between = ramp(pedal, 0.02, 0.15) * (1 - ramp(pedal, 0.93, 0.99))
    moved = soften(np.clip(pedal + between * tremor, 0.0, 1.0), _FOOT_S * rate_hz)
    return np.where(moved < 0.004, 0.0, np.where(moved > 0.996, 1.0, moved))


def _with_neutral(gear: Gears, standing: NDArray[np.bool_], rate_hz: float) -> Gears:
    """Out of gear from soon after a stop until shortly before the car moves off; short stops stay in first."""
    gear = np.where(standing, 1, gear)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], standing.astype(np.int8), [0]))))
    for begin, end in edges.reshape(-1, 2):
        first = begin if begin == 0 else begin + round(0.6 * rate_hz)
        last = end if end == len(gear) else end - round(0.9 * rate_hz)
        if end - begin > 4.5 * rate_hz or (begin == 0 and last > first):
            gear[first:last] = 0
    return gear


def _engine_speed(car: Car, speed: Floats, gear: Gears, throttle: Floats, rate_hz: float) -> tuple[Floats, Floats]:
    """Engine speed in rpm and the clutch (1 pressed): it slips where the wheels turn too slowly for the engine."""
    coupled = np.where(gear > 0, speed * car.rpm_per_ms[np.maximum(gear, 1) - 1], 0.0)
    launch = car.idle_rpm + throttle * (_LAUNCH_AT * car.redline_rpm - car.idle_rpm)
    least = np.where(gear == 1, launch, car.idle_rpm)
    clutch = np.where(gear > 0, 1.0 - ramp(coupled, 0.3 * car.idle_rpm, 2.2 * car.idle_rpm), 0.0)
    return soften(np.maximum(coupled, least), 0.02 * rate_hz), soften(clutch, 0.05 * rate_hz)


def _wheel(car: Car, motion: Motion, hands: Floats, tremor: Floats, rate_hz: float) -> Floats:
    """The steering wheel's angle in deg: what bend and understeer ask for, corrections, and a spin that is caught."""
    lateral = motion.speed**2 * motion.curvature
    road = np.arctan(car.wheelbase_m * motion.curvature) + car.understeer * lateral
    asked = np.degrees(road) * car.steering_ratio - 1.1 * np.degrees(motion.slide)
    effort = 0.4 + 0.6 * np.minimum(np.abs(lateral) / car.grip_ms2(motion.speed), 1.0)
    corrections = hands * 0.01 * car.steering_lock_deg * effort * ramp(motion.speed, 2.0, 15.0) * tremor
    lock = car.steering_lock_deg
    return np.clip(soften(asked + corrections, 0.03 * rate_hz), -lock, lock)
