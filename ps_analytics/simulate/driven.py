"""One lap out of a drive, known at every moment; and a lap put together from stretches of several, driven anew."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ps_analytics.simulate.car import Car
from ps_analytics.simulate.circuit import Circuit
from ps_analytics.simulate.motion import Drive
from ps_analytics.simulate.solver import Path, arrival_times, as_driven, solve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAD_M = 900.0
"""A lap that is driven anew is entered and left by so many metres, so that its own ends are driven as they were."""


@dataclass(frozen=True, slots=True, eq=False)
class DrivenLap:
    """A lap from line to line as points `begin` … `end` of a drive; `standing`: its time begins when the car leaves."""

    drive: Drive
    begin: int
    end: int
    standing: bool = False

    def time_s(self, share: Floats) -> Floats:
        """When the car was at these shares of the lap's length (0 … 1), in s since its start; no frame decides it.

        Between two points the acceleration is constant, so it is as exact as the drive. Where the car stood, the time
        is that of its arrival.
        """
        along = np.clip(share, 0.0, 1.0) * (self.end - self.begin)
        point = np.minimum(along.astype(np.int64), self.end - self.begin - 1) + self.begin
        part = along + self.begin - point
        drive, length = self.drive, self.drive.route.path.length_m[point]
        before, after = drive.speed[point], drive.speed[point + 1]
        speed = np.sqrt((1 - part) * before**2 + part * after**2)
        moving = drive.leave[point] + 2 * part * length / np.maximum(before + speed, 1e-6)
        since = np.where(part > 0, moving, drive.arrive[point])
        start = drive.leave[self.begin] if self.standing else drive.arrive[self.begin]
        return np.asarray(np.maximum(since - start, 0.0))


def recombine(circuit: Circuit, car: Car, pieces: Sequence[tuple[float, DrivenLap]]) -> float:
    """The lap time in s of a lap each stretch of which is driven as on the lap given for it: solved anew, not summed.

    How hard the car is braked, turned and driven out, and on which line, is that of the lap a stretch comes from; the
    speeds that follow are the car's. The stretch through the line is one: what comes before the lap is what came
    before the lap its first stretch is from, and after it what came after the last one's.

    Args:
        circuit: where they were driven.
        car: with what.
        pieces: where each stretch begins, in m from the line, and the lap it is driven as; in order, the first at 0.
    """
    starts = np.array([start for start, _ in pieces])
    if len(pieces) == 0 or starts[0] != 0 or np.any(np.diff(starts) <= 0) or starts[-1] >= circuit.length_m:
        raise ValueError("the stretches of a lap begin at 0 m and follow each other up to its length")
    count, lead = len(circuit.distance_m), round(LEAD_M / circuit.step_m)
    source = np.searchsorted(starts, circuit.distance_m, side="right") - 1
    first, last = pieces[0][1], pieces[-1][1]
    before = min(lead, first.begin)
    after = min(lead, len(last.drive.speed) - 1 - last.end)
    parts = [(first.drive, np.arange(first.begin - before, first.begin))]
    for number, (_, lap) in enumerate(pieces):
        parts.append((lap.drive, lap.begin + np.flatnonzero(source == number)))
    parts.append((last.drive, last.end + np.arange(after + 1)))
    path = _joined(parts)
    entry = first.drive.speed[first.begin - before]
    speed = as_driven(solve(car, path, entry_ms=float(entry)), step_m=circuit.step_m)
    arrive = arrival_times(speed, path.length_m)
    return float(arrive[before + count] - arrive[before])


def _joined(parts: Sequence[tuple[Drive, Ints]]) -> Path:
    """One path of points from several drives; a stretch between two is as long as in the drive of its first point."""

    def of(name: str) -> Floats:
        values = [getattr(drive.route.path, name) for drive, _ in parts]
        rows = [np.minimum(points, len(every) - 1) for every, (_, points) in zip(values, parts, strict=True)]
        return np.concatenate([every[row] for every, row in zip(values, rows, strict=True)])

    joined = {field.name: of(field.name) for field in fields(Path)}
    joined["length_m"] = joined["length_m"][:-1]
    return Path(**joined)
