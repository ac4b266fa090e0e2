"""The fastest speed along a path: a point mass inside its g-g-v ellipse, forward on the throttle, back from the brakes.

The two passes look at one point after the other because each speed needs the one before; everything that does not
is made ready as arrays.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from ps_analytics.simulate.car import AIR_DENSITY, ELLIPSE, GRAVITY, TABLE_STEP, Car

Floats = NDArray[np.float64]

_ELLIPSE_STEPS = 2048
_ELLIPSE_TABLE = ((1 - np.linspace(0, 1, _ELLIPSE_STEPS + 1) ** ELLIPSE) ** (1 / ELLIPSE)).tolist()


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """What is to be driven: values at n points, `length_m` of the n − 1 stretches between them.

    `curvature` in 1/m; `slope` rise per metre; `cap_ms` the most speed allowed (0 at a stop) in m/s; `grip`, `braking`,
    `traction`, `power` are the shares used of what the car has.
    """

    length_m: Floats
    curvature: Floats
    slope: Floats
    cap_ms: Floats
    grip: Floats
    braking: Floats
    traction: Floats
    power: Floats


def limit_speed(car: Car, path: Path) -> Floats:
    """The most speed in m/s that lateral grip, the car's top speed and the cap allow at each point."""
    lift = car.grip * 0.5 * AIR_DENSITY * car.lift_area_m2 / car.mass_kg
    room = np.abs(path.curvature) - lift * path.grip
    squared = np.where(room > 1e-9, car.grip * GRAVITY * path.grip / np.maximum(room, 1e-9), np.inf)
    return np.minimum(np.sqrt(np.minimum(squared, car.top_ms**2)), path.cap_ms)


def solve(car: Car, path: Path, *, entry_ms: float) -> Floats:
    """Speed in m/s at each point, entered at `entry_ms`.

    Example:
        >>> from ps_analytics.simulate.car import GT
        >>> ones = np.ones(1001)
        >>> path = Path(ones[1:], ones / 50, ones * 0, ones * 99, ones, ones, ones, ones)
        >>> speed = solve(GT, path, entry_ms=99.0)[-1]
        >>> round(float(speed**2 / 50 / GT.grip_ms2(speed)), 1)
        1.0
    """
    energy = limit_speed(car, path) ** 2
    energy[0] = min(float(energy[0]), entry_ms**2)
    ahead = _forward(car, path, energy)
    return np.sqrt(np.maximum(_backward(car, path, ahead), 0.0))


def _forward(car: Car, path: Path, most: Floats) -> Floats:
    """v² when each point is reached as fast as engine and traction allow, never over `most`."""
    lift = car.grip * 0.5 * AIR_DENSITY * car.lift_area_m2 / car.mass_kg
    base, share, per = car.grip * GRAVITY, car.traction, 1 / TABLE_STEP
    push, ellipse, steps = car.push_table.tolist(), _ELLIPSE_TABLE, _ELLIPSE_STEPS
    drag = 0.5 * AIR_DENSITY * car.drag_area_m2 / car.mass_kg
    rows = zip(
        most[1:].tolist(), path.length_m.tolist(), np.abs(path.curvature).tolist(), (GRAVITY * path.slope).tolist(),
        path.grip.tolist(), path.traction.tolist(), path.power.tolist(), strict=False,
    )  # fmt: skip
    now = float(most[0])
    out = [now]
    for cap, length, bend, climb, grip, traction, power in rows:
        hold = (base + lift * now) * grip
        used = bend * now / hold
        left = ellipse[int(used * steps)] if used < 1.0 else 0.0
        gain = min(push[int(now**0.5 * per)] * power, left * hold * share * traction - drag * now)
        now = min(cap, max(now + 2 * length * (gain - climb), 0.04))
        out.append(now)
    return np.array(out)


def _backward(car: Car, path: Path, most: Floats) -> Floats:
    """v² when each point is left slowly enough for the brakes to make what comes."""
    lift = car.grip * 0.5 * AIR_DENSITY * car.lift_area_m2 / car.mass_kg
    base, share = car.grip * GRAVITY, car.braking
    drag = 0.5 * AIR_DENSITY * car.drag_area_m2 / car.mass_kg
    ellipse, steps = _ELLIPSE_TABLE, _ELLIPSE_STEPS
    rows = zip(
        most[-2::-1].tolist(), path.length_m[::-1].tolist(), np.abs(path.curvature[:0:-1]).tolist(),
        (GRAVITY * path.slope[:0:-1]).tolist(), path.grip[:0:-1].tolist(), path.braking[:0:-1].tolist(), strict=True,
    )  # fmt: skip
    now = float(most[-1])
    out = [now]
    for cap, length, bend, climb, grip, braking in rows:
        hold = (base + lift * now) * grip
        used = bend * now / hold
        left = ellipse[int(used * steps)] if used < 1.0 else 0.0
        now = min(cap, now + 2 * length * (left * hold * share * braking + drag * now + climb))
        out.append(now)
    return np.array(out[::-1])


def as_driven(speed: Floats, *, step_m: float, foot_m: float = 4.5) -> Floats:
    """The speed in m/s once feet that need some metres between pedals have rounded its edges; stops stay stops."""
    smooth = gaussian_filter1d(speed, foot_m / step_m, mode="nearest")
    weight = np.clip(speed / 12.0, 0.0, 1.0) ** 2
    return np.asarray(weight * smooth + (1 - weight) * speed)


def arrival_times(speed: Floats, length_m: Floats) -> Floats:
    """Time in s at each point, from 0, each stretch driven at constant acceleration."""
    return np.concatenate(([0.0], np.cumsum(2 * length_m / np.maximum(speed[1:] + speed[:-1], 1e-6))))
