"""From speeds along a route to frames in time: where the car is, how fast, and which way it points."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ps_analytics.lap import LapKind
from ps_analytics.simulate.car import Car
from ps_analytics.simulate.circuit import Circuit
from ps_analytics.simulate.driver import Driver, Variation, vary
from ps_analytics.simulate.route import LapPlan, Route, plan_route
from ps_analytics.simulate.solver import arrival_times, as_driven, solve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SPIN_RAD = 1.3
"""How far a car that is lost turns out of its course."""
_SPIN_S, _RIGHT_S = 1.5, 2.5


@dataclass(frozen=True, slots=True, eq=False)
class Drive:
    """A route driven: for each point of it the speed in m/s and the times in s at which the car arrives and leaves."""

    route: Route
    speed: Floats
    arrive: Floats
    leave: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """The car at each frame; arrays of one length, SI units, right positive.

    `point` the route's last point passed and `share` how far on to the next (0 … 1); `speed` m/s; `push` m/s² along
    the path; `curvature` 1/m of the path; `course` rad from north; `slide` rad the car is turned out of its course by
    a spin; `slope` rise per metre; `crest` 1/m the road's curvature upwards.
    """

    time: Floats
    point: Ints
    share: Floats
    speed: Floats
    push: Floats
    curvature: Floats
    course: Floats
    slide: Floats
    x: Floats
    y: Floats
    z: Floats
    slope: Floats
    crest: Floats


def drive_plan(
    circuit: Circuit,
    car: Car,
    driver: Driver,
    plan: Sequence[LapPlan],
    *,
    seed: int,
    first_lap: int = 0,
    last: bool = True,
    entry_ms: float,
) -> Drive:
    """The plan driven so that its flying laps spread about as much as the driver's do.

    Args:
        circuit: where it is driven.
        car: with what.
        driver: by whom.
        plan: the laps.
        seed: decides what differs from corner to corner.
        first_lap: how many laps were driven before; a session begins at 0.
        last: whether the session ends with these laps.
        entry_ms: speed in m/s at the first point, unless the car stands there.
    """
    laps = range(first_lap, first_lap + len(plan) + 1)
    variation = vary(driver, seed=seed, laps=laps, corners=len(circuit.corners))

    def drive_with(variation: Variation) -> Drive:
        route = plan_route(circuit, car, driver, plan, variation, first=first_lap == 0, last=last)
        return drive_route(car, circuit, route, entry_ms=entry_ms)

    drive = drive_with(variation)
    spread = _spread(drive, plan)
    if spread is None:
        return drive
    return drive_with(variation.scaled(float(np.clip(driver.spread / spread, 0.3, 4.0))))


def _spread(drive: Drive, plan: Sequence[LapPlan]) -> float | None:
    """Standard deviation of the valid flying laps as a share of their mean; None for fewer than three."""
    lines = np.flatnonzero(drive.route.at == 0)
    lap_of_line = drive.route.lap[lines]
    times = np.diff(drive.arrive[lines])
    flying = [lap.kind is LapKind.TIMED and lap.valid and not lap.spin for lap in plan]
    chosen = times[[flying[lap] for lap in lap_of_line[:-1]]]
    return float(np.std(chosen, ddof=1) / np.mean(chosen)) if len(chosen) > 2 else None


def drive_route(car: Car, circuit: Circuit, route: Route, *, entry_ms: float) -> Drive:
    """The route driven as fast as its path allows, entered at `entry_ms`."""
    speed = as_driven(solve(car, route.path, entry_ms=entry_ms), step_m=circuit.step_m)
    arrive = arrival_times(speed, route.path.length_m)
    waits = np.zeros(len(speed))
    for stop in route.stops:
        waits[stop.point] += stop.seconds
    waited = np.cumsum(waits)
    return Drive(route, speed, arrive + waited - waits, arrive + waited)


def sample(circuit: Circuit, drive: Drive, times: Floats) -> Motion:
    """The motion at these times in s, each between the first arrival and the last leaving.

    Within a stretch the acceleration is constant, so that place and speed at a frame are exact.
    """
    route, at = drive.route, drive.route.at
    point = np.clip(np.searchsorted(drive.arrive, times, side="right") - 1, 0, len(drive.speed) - 2)
    since = np.maximum(times - drive.leave[point], 0.0)
    before, after, length = drive.speed[point], drive.speed[point + 1], route.path.length_m[point]
    gain = (after**2 - before**2) / (2 * length)
    share = np.clip((before * since + 0.5 * gain * since**2) / length, 0.0, 1.0)
    waiting = (times < drive.leave[point]) | (times >= drive.arrive[-1])

    def of(values: Floats) -> Floats:
        return np.asarray(values[point] * (1 - share) + values[point + 1] * share, dtype=np.float64)

    push = np.gradient(drive.speed**2 / 2, np.concatenate(([0.0], np.cumsum(route.path.length_m))))
    heading = np.radians(circuit.heading_deg)[at]
    course = heading + np.arctan2(
        np.gradient(route.offset_m, circuit.step_m), 1 - circuit.curvature[at] * route.offset_m
    )
    slope = route.path.slope
    return Motion(
        time=times,
        point=point,
        share=share,
        speed=np.where(waiting, 0.0, np.maximum(before + gain * since, 0.0)),
        push=np.where(waiting, 0.0, of(push)),
        curvature=of(route.curvature),
        course=of(np.unwrap(course)),
        slide=_slide(drive, times),
        x=of(circuit.x[at] + route.offset_m * np.cos(heading)),
        y=of(circuit.y[at] - route.offset_m * np.sin(heading)),
        z=of(circuit.z[at]),
        slope=of(slope),
        crest=of(np.gradient(slope, circuit.step_m)),
    )


def _slide(drive: Drive, times: Floats) -> Floats:
    """Rad turned out of the course at each time: into a spin before its stop, back again after it."""
    slide = np.zeros(len(times))
    for stop in drive.route.stops:
        if stop.spin:
            into = np.clip((times - drive.arrive[stop.point]) / _SPIN_S + 1.0, 0.0, 1.0)
            back = np.clip((times - drive.leave[stop.point]) / _RIGHT_S, 0.0, 1.0)
            slide += stop.spin * SPIN_RAD * (into**2 * (3 - 2 * into) - back**2 * (3 - 2 * back))
    return slide
