"""Ideal laps against laps driven anew, each stretch as on the lap it was taken from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ps_analytics.analysis.ideal import ideal_lap
from ps_analytics.errors import PurpleSectorError
from ps_analytics.simulate.scenario import draw_outing
from tests.bench import table
from tests.bench.outings import laps_under

CONDITIONS = ("60 Hz", "60 Hz, ten columns", "position off by 0.5 m", "10 Hz")


@dataclass(frozen=True, slots=True)
class Ideal:
    """One session's ideal lap under one condition: its time less that of the same lap driven anew, in s."""

    seed: int
    condition: str
    off_s: float
    gained_s: float
    pieces: int
    problem: str | None = None


def judge_ideal(seed: int) -> tuple[Ideal, ...]:
    """The ideal lap of eight laps of this seed under every condition."""
    session = draw_outing(seed, laps=8)
    judged = []
    for condition in CONDITIONS:
        laps = laps_under(session, condition, seed=seed)
        try:
            ideal = ideal_lap(laps)
            rows = ideal.pieces.select("start_m", "lap_number").rows()
        except PurpleSectorError as error:
            judged.append(Ideal(seed, condition, np.nan, np.nan, 0, str(error)))
            continue
        scale = session.circuit.length_m / ideal.pieces["end_m"].max()
        anew = session.recombine([(start * scale, number) for start, number in rows])
        best = min(lap.lap_time_s for lap in laps if lap.lap_time_s is not None)
        judged.append(Ideal(seed, condition, ideal.lap_time_s - anew, best - ideal.lap_time_s, len(rows)))
    return tuple(judged)


def tell_ideals(found: Sequence[tuple[Ideal, ...]]) -> None:
    """Print bias and rms of every condition, and the seeds that are worst."""
    table.heading(f"Ideal laps: {len(found)} sessions of eight laps")
    for condition in CONDITIONS:
        here = [one for session in found for one in session if one.condition == condition]
        off = np.array([one.off_s for one in here if one.problem is None])
        if len(off):
            table.at_most(f"{condition}, bias", 1e3 * abs(float(np.mean(off))), 20.0, "ms")
            table.at_most(f"{condition}, rms", 1e3 * float(np.sqrt(np.mean(off**2))), 40.0, "ms")
            gained = float(np.mean([one.gained_s for one in here if one.problem is None]))
            print(f"    bias {1e3 * float(np.mean(off)):+.1f} ms; {gained:.3f} s quicker than the best lap, mean")
        worst = sorted((one for one in here if one.problem is None), key=lambda one: -abs(one.off_s))[:4]
        print("    worst: " + ", ".join(f"seed {one.seed} {1e3 * one.off_s:+.0f} ms" for one in worst))
        for one in here:
            if one.problem:
                print(f"    seed {one.seed} raises: {one.problem}")
