"""What a plan of laps asks of the car: one path through the whole session, point after point, stops included."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from ps_analytics.lap import LapKind
from ps_analytics.simulate.car import Car
from ps_analytics.simulate.circuit import Circuit, gaps
from ps_analytics.simulate.driver import Driver, Variation
from ps_analytics.simulate.solver import Path

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GARAGE_M = 30.0
"""Where a session begins in the pit lane, metres past the line."""
BOX_M = 40.0
"""Where the car stops for service, metres before the line."""
PIT_OFFSET_M = 14.0
START_S, SPIN_S, BOX_S = 4.0, 3.5, 12.0
"""How long the car stands at the start, after a spin and in front of its box."""
_FULL = 500.0
_RUN_OUT_M = 120.0


@dataclass(frozen=True, slots=True)
class LapPlan:
    """One lap to be driven.

    `valid=False` runs wide off the road. `spin` loses the car in a corner and stands still for some seconds, which
    spoils the lap too. `share` is how much of a PARTIAL lap is driven before the recording ends; only the last lap may
    be one.
    """

    kind: LapKind
    valid: bool = True
    spin: bool = False
    share: float = 0.6


@dataclass(frozen=True, slots=True)
class Stop:
    """A standstill at a point of the route; `spin` is +1 or −1 if the car turned right or left out of its course.

    `box`: it stands in front of its box.
    """

    point: int
    seconds: float
    spin: int = 0
    box: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """The session as points about 1 m apart; arrays of one length.

    `at` the index on the circuit's grid, `lap` the lap in the plan, `offset_m` to the right of the circuit's line,
    `in_pit`, `off_track` (tyres outside), `spoiled` from the moment on a lap does not count, `hands` (% of lock).
    """

    at: Ints
    lap: Ints
    offset_m: Floats
    curvature: Floats
    stretch: Floats
    in_pit: NDArray[np.bool_]
    off_track: Ints
    spoiled: NDArray[np.bool_]
    hands: Floats
    stops: tuple[Stop, ...]
    path: Path


def check_plan(plan: Sequence[LapPlan]) -> None:
    """Nothing, if the laps of the plan can follow each other.

    Raises:
        ValueError: the plan is empty, a share is none, a lap ends in the pits and the next does not start there (or
            the other way round), or a lap that must be the first or the last is not.
    """
    if not plan:
        raise ValueError("a plan needs at least one lap")
    if not all(0.0 < lap.share < 1.0 for lap in plan):
        raise ValueError("the share of a partial lap lies between 0 and 1")
    for number, (lap, following) in enumerate(pairwise(plan)):
        if ends_in_pit(lap) != starts_in_pit(following):
            raise ValueError(
                f"lap {number} ({lap.kind}) cannot be followed by '{following.kind}': a lap after 'in' or 'pit' is "
                "'out' or 'pit', any other lap is neither"
            )
        if lap.kind is LapKind.PARTIAL or following.kind is LapKind.STANDING:
            raise ValueError("a standing lap is the first of its session, a partial lap the last")


def starts_in_pit(lap: LapPlan) -> bool:
    """Whether a lap begins in the pit lane."""
    return lap.kind in (LapKind.OUT, LapKind.PIT)


def ends_in_pit(lap: LapPlan) -> bool:
    """Whether a lap ends in the pit lane."""
    return lap.kind in (LapKind.IN, LapKind.PIT)


def plan_route(
    circuit: Circuit,
    car: Car,
    driver: Driver,
    plan: Sequence[LapPlan],
    variation: Variation,
    *,
    first: bool = True,
    last: bool = True,
) -> Route:
    """The route of these laps; `first` and `last` say whether the session begins and ends with them."""
    count, step = len(circuit.distance_m), circuit.step_m
    begin = round(GARAGE_M / step) if first and starts_in_pit(plan[0]) else 0
    end = len(plan) * count + _tail(circuit, plan[-1], last=last)
    index = np.arange(begin, end + 1)
    at, lap = index % count, index // count
    distance = circuit.distance_m[at]
    in_pit = _pit_lane(circuit, plan, lap, distance)
    cuts, spins = _mishaps(circuit, plan, count)
    zone = _zone(circuit, at) + lap * len(circuit.corners)
    off_track, spoiled = _off_track(index, lap, [*cuts, *spins], step)
    offset = _offset(circuit, variation, index, in_pit, cuts, step)
    slide = np.gradient(offset, step)
    bend = circuit.curvature[at]
    stretch = np.hypot(1 - bend * offset, slide)
    curvature = bend / np.clip(1 - bend * offset, 0.3, 3.0) + np.gradient(slide, step)
    stops = _stops(circuit, plan, index, spins, first=first)
    return Route(
        at=at, lap=lap, offset_m=offset, curvature=curvature, stretch=stretch, in_pit=in_pit, off_track=off_track,
        spoiled=spoiled, hands=_of_zone(variation.hands, zone, step), stops=stops,
        path=_path(circuit, car, driver, plan, variation, at, lap, zone, curvature, stretch, in_pit, stops),
    )  # fmt: skip


def _tail(circuit: Circuit, lap: LapPlan, *, last: bool) -> int:
    """Points driven beyond the last lap (or left out of it, if negative)."""
    count, step = len(circuit.distance_m), circuit.step_m
    if lap.kind is LapKind.PARTIAL:
        return -round((1 - lap.share) * count)
    if not last:
        return 0
    return -round(BOX_M / step) if ends_in_pit(lap) else round(_RUN_OUT_M / step)


def _zone(circuit: Circuit, at: Ints) -> Ints:
    """The corner each point belongs to: from early on the straight before it; the last zone is the next lap's first."""
    borders = [start + 0.3 * (end - start) for start, end in gaps(circuit)]
    return np.searchsorted(np.array(borders), circuit.distance_m[at], side="right")


def _of_zone(values: Floats, zone: Ints, step: float, *, over_m: float = 12.0) -> Floats:
    return np.asarray(gaussian_filter1d(values[np.minimum(zone, len(values) - 1)], over_m / step, mode="nearest"))


def _pit_lane(circuit: Circuit, plan: Sequence[LapPlan], lap: Ints, distance: Floats) -> NDArray[np.bool_]:
    starts = np.array([*map(starts_in_pit, plan), ends_in_pit(plan[-1])])[lap]
    ends = np.array([*map(ends_in_pit, plan), False])[lap]
    return np.asarray((starts & (distance < circuit.pit_exit_m)) | (ends & (distance > circuit.pit_entry_m)))


def _mishaps(
    circuit: Circuit, plan: Sequence[LapPlan], count: int
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Where the car runs wide and where it is lost, on each lap that asks for it: (point from the first line, side)."""
    slowest = sorted(circuit.corners, key=lambda corner: corner.radius_m)
    cuts, spins = [], []
    for number, lap in enumerate(plan):
        corner = slowest[(number * 2 + 1) % min(5, len(slowest))]
        point = number * count + round(corner.end_m / circuit.step_m)
        if lap.spin:
            spins.append((point, corner.direction))
        elif not lap.valid:
            cuts.append((point, -corner.direction))
    return cuts, spins


def _off_track(index: Ints, lap: Ints, mishaps: list[tuple[int, int]], step: float) -> tuple[Ints, NDArray[np.bool_]]:
    tyres, spoiled = np.zeros(len(index), dtype=np.int64), np.zeros(len(index), dtype=bool)
    for point, _ in mishaps:
        away = np.abs(index - point) * step
        tyres = np.maximum(tyres, np.select([away < 22, away < 28, away < 34], [4, 3, 2], 0))
        begun = index >= point - 28 / step
        spoiled |= begun & (lap == lap[min(int(np.searchsorted(index, point)), len(index) - 1)])
    return tyres, spoiled


def _offset(
    circuit: Circuit,
    variation: Variation,
    index: Ints,
    in_pit: NDArray[np.bool_],
    cuts: list[tuple[int, int]],
    step: float,
) -> Floats:
    """Metres to the right of the circuit's line: where the driver puts the car, off the road and into the pits."""
    count, corners = len(circuit.distance_m), len(circuit.corners)
    laps = len(variation.offset_m) // corners
    apexes = np.array([corner.apex_m for corner in circuit.corners]) / step
    knots = (apexes + count * np.arange(laps)[:, None]).ravel()
    offset = gaussian_filter1d(np.interp(index, knots, variation.offset_m), 38.0 / step, mode="nearest")
    for point, side in cuts:
        offset += side * 3.4 * np.exp(-0.5 * ((index - point) * step / 26.0) ** 2)
    lane = gaussian_filter1d(in_pit.astype(float), 25.0 / step, mode="nearest")
    return np.asarray(offset * (1 - lane) + circuit.pit_side * PIT_OFFSET_M * lane)


def _stops(
    circuit: Circuit, plan: Sequence[LapPlan], index: Ints, spins: list[tuple[int, int]], *, first: bool
) -> tuple[Stop, ...]:
    """Where the car stands: before it starts, after a spin, in front of its box."""
    count, step, begin = len(circuit.distance_m), circuit.step_m, int(index[0])
    stops = []
    if first and (starts_in_pit(plan[0]) or plan[0].kind is LapKind.STANDING):
        stops.append(Stop(0, START_S))
    for point, direction in spins:
        stand = point + round(14.0 / step)
        if stand < index[-1] - 60:
            stops.append(Stop(stand - begin, SPIN_S, spin=direction))
    for number, lap in enumerate(plan):
        if ends_in_pit(lap):
            stops.append(Stop((number + 1) * count - round(BOX_M / step) - begin, BOX_S, box=True))
    return tuple(sorted(stops, key=lambda stop: stop.point))


def _path(
    circuit: Circuit,
    car: Car,
    driver: Driver,
    plan: Sequence[LapPlan],
    variation: Variation,
    at: Ints,
    lap: Ints,
    zone: Ints,
    curvature: Floats,
    stretch: Floats,
    in_pit: NDArray[np.bool_],
    stops: tuple[Stop, ...],
) -> Path:
    """What the solver is asked for: how hard each kind of lap is driven, the pit limit and the stops."""
    step = circuit.step_m
    effort = {LapKind.OUT: 0.86, LapKind.IN: 0.84, LapKind.PIT: 0.80}
    used = np.array([effort.get(item.kind, 1.0) for item in plan] + [1.0])[lap]
    used = gaussian_filter1d(used, 25.0 / step, mode="nearest")
    cap = np.where(in_pit, car.pit_kmh / 3.6, _FULL)
    for stop in stops:
        cap[stop.point] = 0.0
    slope = (np.roll(circuit.z, -1) - np.roll(circuit.z, 1)) / (2 * step)
    return Path(
        length_m=0.5 * (stretch[1:] + stretch[:-1]) * step,
        curvature=curvature,
        slope=slope[at],
        cap_ms=cap,
        grip=driver.pace * used * _of_zone(variation.apex, zone, step),
        braking=0.96 * used * _of_zone(variation.braking, zone, step),
        traction=used * _of_zone(variation.traction, zone, step),
        power=used**0.5,
    )
