"""A session driven from a plan: its frames and, beside them, the truth they were made from."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.lap import LapKind
from ps_analytics.simulate.car import Car
from ps_analytics.simulate.circuit import Circuit
from ps_analytics.simulate.driven import DrivenLap, recombine
from ps_analytics.simulate.driver import Driver
from ps_analytics.simulate.frames import column, frame_drive
from ps_analytics.simulate.motion import Drive, drive_plan
from ps_analytics.simulate.route import LapPlan, check_plan, starts_in_pit
from ps_analytics.simulate.solver import Path, solve

STOPPED_S = 1.0
"""A lap on which the car stood still for longer does not count."""


@dataclass(frozen=True, slots=True)
class LapTruth:
    """A lap as it was driven, from the solver's continuous time, never from frames.

    `lap_number` is ours: 0 before the first crossing of the line. `start_s` and `end_s` in s since the first frame;
    `lap_time_s` None unless the lap was timed from line to line (a standing lap: from the moment it moves).
    `valid`: whole, never stopped for more than a second once it moved, and on the road. `driven` is the stretch of the
    drive it was, None unless it was driven from line to line. `doubtful`: the frames miss so much of it that its time
    or its validity cannot be told from them; whoever judges a detection leaves it out.
    """

    lap_number: int
    kind: LapKind
    valid: bool
    lap_time_s: float | None
    start_s: float
    end_s: float
    driven: DrivenLap | None = field(default=None, repr=False, compare=False)
    doubtful: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedSession:
    """Frames in catalogue columns (`timestamp` in s from 0) and the exact laps they show."""

    frames: pl.DataFrame
    truth: tuple[LapTruth, ...]
    circuit: Circuit
    car: Car
    driver: Driver

    def true_time_s(self, lap_number: int, share: NDArray[np.float64]) -> NDArray[np.float64]:
        """When the car was at these shares (0 … 1) of a lap, in s since the lap's start: from the drive, not frames.

        Raises:
            ValueError: no lap of this number was driven from line to line.
        """
        return self._driven(lap_number).time_s(share)

    def recombine(self, pieces: Sequence[tuple[float, int]]) -> float:
        """The time in s of a lap driven anew, each stretch of it as on a chosen lap: truth for an ideal lap.

        Args:
            pieces: where each stretch begins, in m from the line, and the number of the lap it is driven as; the first
                at 0.

        Raises:
            ValueError: the stretches do not tile the lap, or one is of a lap not driven from line to line.
        """
        return recombine(self.circuit, self.car, [(start, self._driven(number)) for start, number in pieces])

    def _driven(self, lap_number: int) -> DrivenLap:
        for lap in self.truth:
            if lap.lap_number == lap_number and lap.driven is not None:
                return lap.driven
        raise ValueError(f"no lap {lap_number} was driven from line to line")


def simulate(
    circuit: Circuit,
    car: Car,
    driver: Driver,
    plan: Sequence[LapPlan],
    *,
    seed: int,
    rate_hz: float = 60.0,
    workshop: bool = True,
) -> SimulatedSession:
    """The session this driver makes of the plan, the same to the last bit for the same seed.

    Args:
        circuit: where it is driven.
        car: with what.
        driver: by whom.
        plan: its laps in order. A session whose last lap ends at the line goes on for some metres: one more lap,
            partial, in the truth too.
        seed: decides what differs from lap to lap, and the noise.
        rate_hz: frames a second.
        workshop: whether the frames show engine, wheels, tyres, brakes and weather too; the rest is the same without.

    Raises:
        ValueError: the laps of the plan cannot follow each other.

    Example:
        >>> from ps_analytics.simulate.car import GT
        >>> from ps_analytics.simulate.circuit import generate
        >>> circuit = generate("Ring", seed=3, length_m=1500, corners=6)
        >>> session = simulate(circuit, GT, Driver("A"), [LapPlan(LapKind.TIMED)] * 2, seed=1)
        >>> [lap.lap_number for lap in session.truth], session.frames["timestamp"][0]
        ([1, 2, 3], 0.0)
    """
    check_plan(plan)
    drive = drive_plan(circuit, car, driver, plan, seed=seed, entry_ms=flying_ms(circuit, car, driver))
    truth = truth_of(circuit, drive, plan, first_number=0 if _begins_off_line(plan[0]) else 1)
    times = np.arange(int(np.ceil(drive.leave[-1] * rate_hz))) / rate_hz
    frames = frame_drive(circuit, car, drive, times, rate_hz=rate_hz, seed=seed, workshop=workshop)
    return SimulatedSession(with_clocks(frames, times, truth), truth, circuit, car, driver)


def flying_ms(circuit: Circuit, car: Car, driver: Driver) -> float:
    """Speed in m/s at the line on a flying lap."""
    count = len(circuit.distance_m)
    ones = np.ones(2 * count + 1)
    bend = np.append(np.tile(circuit.curvature, 2), circuit.curvature[0])
    path = Path(ones[1:] * circuit.step_m, bend, 0 * ones, 500 * ones, driver.pace * ones, 0.96 * ones, ones, ones)
    return float(solve(car, path, entry_ms=car.top_ms)[count])


def truth_of(
    circuit: Circuit, drive: Drive, plan: Sequence[LapPlan], *, first_number: int, started: bool = False
) -> tuple[LapTruth, ...]:
    """The laps of a drive; `started` says that its first point is the line even for a lap out of the pits."""
    route, laps = drive.route, []
    whole = np.flatnonzero((route.at == 0) & (np.arange(len(route.at)) > 0))
    lines = [0, *whole.tolist(), len(route.at) - 1]
    kinds = [lap.kind for lap in plan]
    if len(whole) == len(plan) and lines[-1] > lines[-2]:
        kinds.append(LapKind.PARTIAL)
    for number, kind in enumerate(kinds):
        begin, end = lines[number], lines[number + 1]
        standing = kind is LapKind.STANDING
        at_line = number > 0 or started or not _begins_off_line(plan[0])
        start_s = float(drive.leave[begin] if standing else drive.arrive[begin])
        is_whole = (at_line or standing) and number < len(whole)
        end_s = float(drive.arrive[end] if number < len(whole) else drive.leave[-1])
        laps.append(
            LapTruth(
                lap_number=first_number + number,
                kind=kind,
                valid=is_whole and not bool(route.spoiled[begin:end].any()) and _stood(drive, begin, end) <= STOPPED_S,
                lap_time_s=end_s - start_s if is_whole else None,
                start_s=start_s,
                end_s=end_s,
                driven=DrivenLap(drive, begin, end, standing=standing) if is_whole else None,
            )
        )
    return tuple(laps)


def with_clocks(
    frames: pl.DataFrame, times: NDArray[np.float64], truth: Sequence[LapTruth], *, last_lap_s: float | None = None
) -> pl.DataFrame:
    """The frames with their clocks in front: session, lap, the source's last lap and its count.

    Args:
        frames: one row for each of `times`.
        times: seconds on the clock of `truth`.
        truth: the laps these frames show.
        last_lap_s: what the source showed as its last lap before the first of them.
    """
    ends = np.array([lap.end_s for lap in truth[:-1]])
    lap = np.searchsorted(ends, times, side="right")
    starts = np.array([lap.start_s for lap in truth])
    shown = [last_lap_s, *(lap.lap_time_s for lap in truth[:-1])]
    last = np.array([np.nan if time is None else time for time in shown])
    clocks = {
        "timestamp": times,
        "lap_time": np.maximum(times - starts[lap], 0.0),
        "last_lap_time": last[lap],
        "source_lap_number": np.array([lap.lap_number for lap in truth])[lap],
    }
    return pl.DataFrame([*(column(name, values) for name, values in clocks.items()), *frames.get_columns()])


def _begins_off_line(lap: LapPlan) -> bool:
    return starts_in_pit(lap) or lap.kind is LapKind.STANDING


def _stood(drive: Drive, begin: int, end: int) -> float:
    """Seconds the car stood between two points, without the wait before its first move."""
    waits = (drive.leave - drive.arrive)[max(begin, 1) : end + 1]
    return float(waits.sum())
