"""What is known of the lap being driven, folded block by block: it says the lap's kind and whether it is valid.

Blocks lie where the frames lie, never where a message ended: a stream cut anyhow gives the same facts to the last bit.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ps_analytics.ingest.line import (
    CLOCK,
    COUNT,
    DRIVEN,
    LOST,
    PIT,
    POSITION,
    RESTARTED_BELOW_S,
    RUN,
    SPEED,
    TIME,
    UNDONE,
    VALID,
    Floats,
    way_round,
)
from ps_analytics.lap import LapKind

BINS = 200
COVERED = 0.97
STOPPED_BELOW_KMH = 3.6
STOPPED_S = 1.0
GAP_S = 0.75
PAUSED_S = 0.25
ON_LINE, BEHIND, FAR_BEHIND = 0.03, 0.005, 0.01
"""A car at rest up to the first share of a lap past the line starts from it, and one so little behind it that only its
position trembles; one farther behind than the last has to cross it first."""
VERDICT_LAG_S = 2.0
"""A source's verdict on the lap before may stand this long after the line."""


def _no_bins() -> NDArray[np.bool_]:
    return np.zeros(BINS, dtype=np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """Sums over a lap's frames. `covered` marks which of 200 equal parts of the lap were driven.

    `stopped_s` counts from the first movement on: waiting for the start is no stop. `paused_s` did not count for the
    source, `undone_s` was taken back by flashbacks. `way_m` is all that was driven; `driven_m` and `progress` what
    tells the track's length. `starts_at_rest`: it may have begun on the line, but no position says so.
    """

    frames: int = 0
    covered: NDArray[np.bool_] = field(default_factory=_no_bins)
    has_position: bool = False
    moved: bool = False
    stopped_s: float = 0.0
    gap_s: float = 0.0
    paused_s: float = 0.0
    undone_s: float = 0.0
    way_m: float = 0.0
    driven_m: float = 0.0
    progress: float = 0.0
    cut: bool = False
    pit_first: bool = False
    pit_any: bool = False
    pit_last: bool = False
    rests_last: bool = False
    rested_at_s: float | None = None
    source_lap_number: int | None = None
    starts_at_rest_on_line: bool = False
    starts_at_rest: bool = False
    moved_at_s: float | None = None

    @property
    def coverage(self) -> float:
        """The share of the lap that was driven, 0 … 1."""
        return float(np.mean(self.covered))


def fold(facts: Facts, window: Floats, *, start_s: float) -> Facts:
    """The facts with more frames: those of the window but the first, which is the frame before them.

    Args:
        facts: what the frames before said.
        window: at least one frame of context and the frames to add; a lap's very first frame is its own context.
        start_s: when the lap began; the source's verdict right after that still means the lap before.
    """
    step = np.diff(window[RUN])
    frames = window[:, 1:]
    rests = frames[SPEED] < STOPPED_BELOW_KMH
    moving = np.maximum.accumulate(~rests) | facts.moved
    pit = frames[PIT] > 0.5
    resting = np.flatnonzero(rests & ~pit)
    counts = frames[COUNT][np.isfinite(frames[COUNT])]
    opening = facts.frames == 0
    covered, has_position = _cover(facts, frames if opening else window)
    driven, progress = _drive(window, step)
    paused_s, undone_s, way_m = (float(window[row, -1] - window[row, 0]) for row in (LOST, UNDONE, DRIVEN))
    return replace(
        facts,
        frames=facts.frames + frames.shape[1],
        covered=covered,
        has_position=has_position,
        moved=bool(moving[-1]),
        stopped_s=facts.stopped_s + float(np.sum(step[rests & moving])),
        gap_s=max(facts.gap_s, float(np.max(np.minimum(step, np.diff(window[TIME])), initial=0.0))),
        paused_s=facts.paused_s + paused_s,
        undone_s=facts.undone_s + undone_s,
        way_m=facts.way_m + way_m,
        driven_m=facts.driven_m + driven,
        progress=facts.progress + progress,
        cut=facts.cut or bool(np.any((frames[VALID] < 0.5) & (frames[TIME] >= start_s + VERDICT_LAG_S))),
        pit_first=bool(pit[0]) if opening else facts.pit_first,
        pit_any=facts.pit_any or bool(np.any(pit)),
        pit_last=bool(pit[-1]),
        rests_last=bool(rests[-1]),
        rested_at_s=float(frames[TIME, resting[-1]]) if len(resting) else facts.rested_at_s,
        source_lap_number=int(counts[-1]) if len(counts) else facts.source_lap_number,
        starts_at_rest_on_line=rests_on_line(frames[:, 0]) if opening else facts.starts_at_rest_on_line,
        starts_at_rest=_rests_somewhere(frames[:, 0]) if opening else facts.starts_at_rest,
        moved_at_s=facts.moved_at_s if facts.moved or not moving[-1] else float(frames[RUN, np.argmax(moving)]),
    )


def kind_of(facts: Facts, *, began: bool, ended: bool, stated: bool = False) -> LapKind:
    """What the lap is, from its ends (was the line crossed there?) and the pits (§2).

    `stated`: the source states a time for it that fits its lap clock.
    """
    from_rest = facts.starts_at_rest_on_line or (facts.starts_at_rest and stated)
    if not began and ended and from_rest and not facts.pit_any:
        return LapKind.STANDING
    out = facts.pit_first if began else ended
    into = facts.pit_last or (began and not ended and facts.rests_last)
    if not began and not ended:
        return LapKind.PARTIAL
    if out and into:
        return LapKind.PIT
    if out:
        return LapKind.OUT
    if into:
        return LapKind.IN
    if not ended:
        return LapKind.PARTIAL
    return LapKind.PIT if facts.pit_any else LapKind.TIMED


def why_invalid(facts: Facts, *, whole: bool) -> str | None:
    """The reason a lap is not valid; None if it is. `whole`: it runs from line to line."""
    if facts.cut:
        return "the source calls the lap invalid"
    if facts.stopped_s > STOPPED_S:
        return "the car stood still"
    if facts.undone_s > 0:
        return "part of it was driven again after a flashback"
    if not whole or (facts.has_position and facts.coverage <= COVERED):
        return "the lap is not complete"
    return None


def flags_of(facts: Facts) -> dict[str, object]:
    """What a reader of the lap should know, as JSON values."""
    flags: dict[str, object] = {}
    if facts.gap_s > GAP_S:
        flags["gap_s"] = round(facts.gap_s, 3)
    if facts.stopped_s > STOPPED_S:
        flags["stopped"] = True
    if facts.cut:
        flags["cut"] = True
    if facts.paused_s > PAUSED_S:
        flags["paused"] = True
    if facts.undone_s > 0:
        flags["rewound"] = True
    return flags


def _cover(facts: Facts, window: Floats) -> tuple[NDArray[np.bool_], bool]:
    position = window[POSITION]
    position = position[np.isfinite(position)]
    if len(position) == 0:
        return facts.covered, facts.has_position
    here = np.clip(position * BINS, 0, BINS - 1).astype(np.int64)
    covered = facts.covered.copy()
    covered[here[-1]] = True
    ahead = np.diff(here)
    joined = (ahead >= 0) & (ahead <= BINS // 20)
    edges = np.zeros(BINS + 1)
    np.add.at(edges, here[:-1], 1.0)
    np.add.at(edges, np.where(joined, here[1:], here[:-1]) + 1, -1.0)
    covered |= np.cumsum(edges)[:BINS] > 0
    return covered, True


def _drive(window: Floats, step: Floats) -> tuple[float, float]:
    """Metres driven and share of the lap gone over the same steps: their ratio is the lap's length."""
    speed, position = window[SPEED] / 3.6, window[POSITION]
    mean = (speed[1:] + speed[:-1]) / 2
    gone = way_round(position[:-1], position[1:])
    good = (gone > 0) & (gone < 0.05) & (mean > 8.0) & (step < 0.5)
    return float(np.sum((mean * step)[good])), float(np.sum(gone[good]))


def rests_on_line(frame: Floats) -> bool:
    """Whether a car stands on the line, ready to start; its position may tremble."""
    on_line = not (ON_LINE < frame[POSITION] < 1 - BEHIND) and not (frame[CLOCK] > 0.5)
    placed = bool(np.isfinite(frame[POSITION]) or np.isfinite(frame[CLOCK]))
    return bool(frame[SPEED] < 7.2) and on_line and placed


def _rests_somewhere(frame: Floats) -> bool:
    """At rest with a lap clock that runs already (FM7's does on the grid) and without a position."""
    return bool(frame[SPEED] < 7.2 and frame[CLOCK] < RESTARTED_BELOW_S and np.isnan(frame[POSITION]))
