"""How laps that were found are held against laps that were driven: pure functions, no clock and no file."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ps_analytics.ingest.laps import LapCut
from ps_analytics.lap import LapKind
from ps_analytics.simulate.session import LapTruth

SAME_LINE_S = 0.1
"""A line found so near the true one is that line."""
SAME_BEST_S = 0.002
"""A best lap slower than the true one by less is the true one."""


@dataclass(frozen=True, slots=True)
class LapScore:
    """One session's timed and valid laps: how many there are, were found and match.

    `missed` and `false` describe the others. `derived_s` are the errors of times worked out, `stated_s` those of times
    the source states. `wrong_best` says what is wrong with the fastest lap, if anything is.
    """

    true: int
    found: int
    matched: int
    missed: tuple[str, ...] = ()
    false: tuple[str, ...] = ()
    derived_s: tuple[float, ...] = ()
    stated_s: tuple[float, ...] = ()
    wrong_best: str | None = None


def score_laps(
    truth: Sequence[LapTruth],
    found: Sequence[LapCut],
    *,
    same_line_s: float = SAME_LINE_S,
    same_best_s: float = SAME_BEST_S,
) -> LapScore:
    """The found laps against the true ones, those that are timed and valid only.

    Doubtful laps of the truth are left out on both sides: a find that lies on one for the most part is neither right
    nor wrong. A best lap, though, must be one that was driven.
    """
    wanted = [lap for lap in truth if lap.kind is LapKind.TIMED and lap.valid]
    sure = [lap for lap in wanted if not lap.doubtful]
    claimed = [lap for lap in found if lap.kind is LapKind.TIMED and lap.valid]
    pairs = {id(lap): _match(lap, wanted, same_line_s) for lap in claimed}
    judged = [lap for lap in claimed if not _lies_on_doubt(lap, pairs[id(lap)], truth)]
    right = [(lap, true) for lap in judged if (true := pairs[id(lap)]) is not None]
    errors = [((lap.lap_time_s or np.inf) - (true.lap_time_s or 0.0), lap.time_source) for lap, true in right]
    hit = {true.lap_number for _, true in right}
    return LapScore(
        true=len(sure),
        found=len(judged),
        matched=len(hit),
        missed=tuple(_missed(lap, found) for lap in sure if lap.lap_number not in hit),
        false=tuple(_false(lap) for lap in judged if pairs[id(lap)] is None),
        derived_s=tuple(error for error, source in errors if source != "source"),
        stated_s=tuple(error for error, source in errors if source == "source"),
        wrong_best=_wrong_best(sure, claimed, pairs, same_best_s),
    )


def _match(lap: LapCut, wanted: Sequence[LapTruth], within_s: float) -> LapTruth | None:
    for true in wanted:
        if lap.end_s is not None and max(abs(lap.start_s - true.start_s), abs(lap.end_s - true.end_s)) <= within_s:
            return true
    return None


def _lies_on_doubt(lap: LapCut, true: LapTruth | None, truth: Sequence[LapTruth]) -> bool:
    if true is not None:
        return true.doubtful
    end_s = lap.start_s if lap.end_s is None else lap.end_s
    shared = sum(max(0.0, min(end_s, t.end_s) - max(lap.start_s, t.start_s)) for t in truth if t.doubtful)
    return shared > 0.5 * (end_s - lap.start_s)


def _wrong_best(
    sure: Sequence[LapTruth], claimed: Sequence[LapCut], pairs: dict[int, LapTruth | None], within_s: float
) -> str | None:
    timed = [lap for lap in claimed if lap.lap_time_s is not None]
    limit = min((true.lap_time_s for true in sure if true.lap_time_s is not None), default=None)
    if not timed:
        return None if limit is None else f"none found, {limit:.3f} s driven"
    best = min(timed, key=lambda lap: lap.lap_time_s or np.inf)
    true = pairs[id(best)]
    if true is None or true.lap_time_s is None:
        return f"{best.lap_time_s:.3f} s was never driven, the best is {limit} s"
    if limit is not None and true.lap_time_s > limit + within_s:
        return f"found {best.lap_time_s:.3f} s (driven {true.lap_time_s:.3f} s), the best is {limit:.3f} s"
    return None


def _missed(lap: LapTruth, found: Sequence[LapCut]) -> str:
    """What was missed, and what lies there instead."""
    there = max(found, key=lambda cut: _overlap(cut, lap), default=None)
    instead = "nothing" if there is None or _overlap(there, lap) <= 0 else _false(there)
    return f"lap {lap.lap_number} {lap.start_s:.2f}–{lap.end_s:.2f} ({lap.lap_time_s:.3f} s): {instead}"


def _overlap(cut: LapCut, lap: LapTruth) -> float:
    return min(np.inf if cut.end_s is None else cut.end_s, lap.end_s) - max(cut.start_s, lap.start_s)


def _false(lap: LapCut) -> str:
    why = "" if lap.valid else f" invalid ({lap.valid_reason})"
    end = "…" if lap.end_s is None else f"{lap.end_s:.2f}"
    return f"{lap.kind}{why} {lap.start_s:.2f}–{end}, {lap.lap_time_s} s by {lap.time_source}"
