"""Laps, deltas, corners and ideal laps against the truth of simulated sessions with injected trouble.

`python -m tests.bench.bench_analysis --sessions 100 --seeds tuning --only detection`; a session that fails is named by
its seed: `simulate.scenario.draw(seed)` makes it again.
"""

import argparse
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

import numpy as np

from ps_analytics.simulate.scenario import REPORTING_SEEDS, TUNING_SEEDS
from tests.bench import table
from tests.bench.corners import judge_corners, tell_corners
from tests.bench.deltas import judge_deltas, tell_deltas
from tests.bench.ideals import judge_ideal, tell_ideals
from tests.bench.sessions import Detection, detect
from tests.bench.speed import tell_speed

Found = TypeVar("Found")

SEEDS = {"tuning": TUNING_SEEDS, "reporting": REPORTING_SEEDS}
PARTS = ("detection", "deltas", "corners", "ideals", "speed")
SPARSELY = 6
"""Deltas, corners and ideal laps, each under several conditions, are judged on every sixth session."""
WORKERS = 2
_SHOWN = 60


def main(arguments: Sequence[str] = ("--sessions", "40")) -> None:
    """Print every figure of the analysis beside its limit, and the seeds that fail; of few sessions unless asked."""
    asked = _parse(arguments)
    seeds = list(SEEDS[asked.seeds])[asked.first : asked.first + asked.sessions]
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    with ProcessPoolExecutor(asked.workers, mp_context=get_context("spawn")) as pool:
        if asked.only in (None, "detection"):
            tell_detection(list(_each(pool, detect, seeds)))
        if asked.only in (None, "deltas"):
            tell_deltas(list(_each(pool, judge_deltas, seeds[::SPARSELY])))
        if asked.only in (None, "corners"):
            tell_corners(list(_each(pool, judge_corners, seeds[::SPARSELY])))
        if asked.only in (None, "ideals"):
            tell_ideals(list(_each(pool, judge_ideal, seeds[::SPARSELY])))
    if asked.only in (None, "speed"):
        tell_speed()


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench_analysis", description=__doc__)
    parser.add_argument("--sessions", type=int, default=int(os.environ.get("BENCH_SESSIONS", "1000")))
    parser.add_argument("--seeds", choices=list(SEEDS), default=os.environ.get("BENCH_SEEDS", "reporting"))
    parser.add_argument("--first", type=int, default=0, help="leave out so many seeds")
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--workers", type=int, default=WORKERS)
    return parser.parse_args(arguments)


def _each(pool: ProcessPoolExecutor, judge: Callable[[int], Found], seeds: Sequence[int]) -> Iterable[Found]:
    return pool.map(judge, seeds, chunksize=4)


def tell_detection(found: Sequence[Detection]) -> None:
    """Print the figures of lap detection."""
    scores = [one.score for one in found if one.score is not None]
    table.heading(f"Laps: {len(found)} sessions, {sum(one.frames for one in found):,} frames")
    _tell_laps([one for one in found if one.drawn.troubles], "sessions with trouble", 0.99)
    _tell_laps([one for one in found if not one.drawn.troubles], "sessions without", 1.0)
    table.at_most("sessions with a wrong best lap", sum(s.wrong_best is not None for s in scores), 0, "sessions")
    table.at_most("sessions whose stream differs from its batch", sum(not one.streams_equal for one in found), 0, "")
    table.at_most("sessions that raise", sum(one.problem is not None for one in found), 0, "sessions")
    games = [one for one in found if not one.drawn.gps_only]
    _tell_times([one for one in games if one.drawn.keeps_time], "with a lap clock", 2.0, 20.0)
    _tell_times([one for one in games if not one.drawn.keeps_time], "without one", 2.0, 20.0)
    _tell_times([one for one in found if one.drawn.gps_only], "by GPS", 40.0, 80.0)
    stated = np.abs([error for s in scores for error in s.stated_s])
    table.at_most(f"stated lap times ({len(stated)}), worst difference", 1e3 * np.max(stated, initial=0.0), 1e-3, "ms")
    laps = sum(one.laps for one in found)
    table.at_most("detection", 1e3 * sum(one.cpu_s for one in found) / max(laps, 1), 10.0, "ms a lap")
    _tell_failures(found)


def _tell_laps(found: Sequence[Detection], which: str, limit: float) -> None:
    scores = [one.score for one in found if one.score is not None]
    true, claimed, matched = (sum(getattr(s, name) for s in scores) for name in ("true", "found", "matched"))
    if true:
        table.at_least(f"timed and valid laps ({true}), {which}, recall", matched / true, limit, digits=4)
        table.at_least(f"timed and valid laps, {which}, precision", matched / max(claimed, 1), limit, digits=4)


def _tell_times(found: Sequence[Detection], which: str, p95_ms: float, worst_ms: float) -> None:
    off = np.abs([error for one in found if one.score for error in one.score.derived_s])
    if len(off) == 0:
        return
    name = f"derived lap times {which} ({len(off)})"
    table.at_most(f"{name}, P50", 1e3 * float(np.quantile(off, 0.5)), p95_ms, "ms")
    table.at_most(f"{name}, P95", 1e3 * float(np.quantile(off, 0.95)), p95_ms, "ms")
    table.at_most(f"{name}, worst", 1e3 * float(off.max()), worst_ms, "ms")


def _tell_failures(found: Sequence[Detection]) -> None:
    failed = [one for one in found if _complaints(one)]
    for one in failed[:_SHOWN]:
        print(f"seed {one.seed}: {one.about}")
        for complaint in _complaints(one):
            print(f"    {complaint}")
    if len(failed) > _SHOWN:
        print(f"… and {len(failed) - _SHOWN} more sessions")


def _complaints(one: Detection) -> list[str]:
    if one.score is None:
        return [f"raises {one.problem}"]
    limit_s = 0.08 if one.drawn.gps_only else 0.02
    derived = [f"off by {1e3 * error:.1f} ms" for error in one.score.derived_s if abs(error) > limit_s]
    stated = [f"stated time off by {1e3 * error:.1f} ms" for error in one.score.stated_s if abs(error) > 1e-6]
    return [
        *(f"missed {text}" for text in one.score.missed),
        *(f"false {text}" for text in one.score.false),
        *([f"wrong best: {one.score.wrong_best}"] if one.score.wrong_best else []),
        *([] if one.streams_equal else ["stream and batch differ"]),
        *derived,
        *stated,
    ]


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
