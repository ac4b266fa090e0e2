"""From speeds along a route to frames in time: where the car is, how fast, and what it feels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ps_analytics.simulate.car import Car
from ps_analytics.simulate.circuit import Circuit
from ps_analytics.simulate.route import Route
from ps_analytics.simulate.solver import arrival_times, as_driven, solve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


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

    `point` the route's last point passed and `share` how far on to the next; `along` the rest of the route's points as
    a number; `speed` m/s; `push` m/s² along the path; `curvature` 1/m of the path; `course` rad from north.
    """

    time: Floats
    point: Ints
    share: Floats
    speed: Floats
    push: Floats
    curvature: Floats
    course: Floats
    x: Floats
    y: Floats
    z: Floats
    slope: Floats

    def of(self, values: Floats) -> Floats:
        """Values known at the route's points, between them at each frame."""
        return values[self.point] * (1 - self.share) + values[self.point + 1] * self.share

    def held(self, values: NDArray[np.generic]) -> NDArray[np.generic]:
        """Values known at the route's points, those of the last point passed."""
        return values[self.point]


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
    route, last = drive.route, len(drive.speed) - 2
    point = np.clip(np.searchsorted(drive.arrive, times, side="right") - 1, 0, last)
    since = np.maximum(times - drive.leave[point], 0.0)
    before, after, length = drive.speed[point], drive.speed[point + 1], route.path.length_m[point]
    gain = (after**2 - before**2) / (2 * length)
    share = np.clip((before * since + 0.5 * gain * since**2) / length, 0.0, 1.0)
    waiting = times < drive.leave[point]
    push = np.gradient(drive.speed**2 / 2, np.concatenate(([0.0], np.cumsum(route.path.length_m))))
    at = route.at.astype(np.int64)
    course = np.radians(circuit.heading_deg)[at] + np.arctan2(
        np.gradient(route.offset_m, circuit.step_m), 1 - circuit.curvature[at] * route.offset_m
    )
    east = circuit.x[at] + route.offset_m * np.cos(np.radians(circuit.heading_deg[at]))
    north = circuit.y[at] - route.offset_m * np.sin(np.radians(circuit.heading_deg[at]))
    empty = Motion(times, point, share, *([times] * 8))
    return Motion(
        time=times,
        point=point,
        share=share,
        speed=np.where(waiting, 0.0, np.maximum(before + gain * since, 0.0)),
        push=np.where(waiting, 0.0, empty.of(push)),
        curvature=empty.of(route.curvature),
        course=empty.of(np.unwrap(course)),
        x=empty.of(east),
        y=empty.of(north),
        z=empty.of(circuit.z[at]),
        slope=empty.of(route.path.slope),
    )
