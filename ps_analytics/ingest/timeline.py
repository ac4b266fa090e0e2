"""Which frames of a batch follow a session's clock, which are too late, doubled or astray, and where it starts anew."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ps_analytics.ingest.admission import KEPT_BYTES, Refusal
from ps_analytics.proto.codec import Batch, encode

LATE_US = 250_000
"""Order is mended within this."""
BACK_US = 5_000_000
"""A clock that goes back by more starts a new session."""
DAY_US = 86_400_000_000
END_OF_TIME_US = 4_102_444_800_000_000
"""2100: no recording is dated later."""
STRAYS = 2
"""So many frames off the clock, with their neighbours on it, are astray; more are a clock that was set."""
MOST_STARTS = 4
"""A clock that starts anew more often than this within one batch is none."""

DATED = "dated more than a day before or after its arrival"
UNDATED = "not dated between 1970 and 2100"
LATE = "too late to be put in order"
STRAY = "its clock is far from that of the frames around it"
RESTLESS = "its clock jumps to and fro"
_DOUBLED = "doubled"

_SAME = ("speed", "lap_time_ms", "normalized_position")
"""Frames with the same time stamp and these are one frame that came twice."""

Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Frames for one session. `starts`: a new session begins with them. `untouched`: they are the batch as it came."""

    batch: Batch
    starts: bool
    untouched: bool


class Timeline:
    """The clock of one session: its first and latest time, UTC microseconds, and the frames of the last 250 ms."""

    def __init__(self) -> None:
        self.first_us: int | None = None
        self.latest_us: int | None = None
        self._recent: deque[Batch] = deque()

    def follow(self, batch: Batch) -> None:
        """Move on to the latest frame of a batch that was taken."""
        first, latest = int(batch.timestamp_us.min()), int(batch.timestamp_us.max())
        self.first_us = first if self.first_us is None else min(self.first_us, first)
        self.latest_us = latest if self.latest_us is None else max(self.latest_us, latest)
        self._recent.append(batch)
        while self._recent[0].timestamp_us[-1] < self.latest_us - LATE_US and len(self._recent) > 1:
            self._recent.popleft()

    def recent_frames(self) -> set[Key]:
        """What tells the frames of the last 250 ms from doubled ones."""
        return {key for batch in self._recent for key in _keys(batch)}


def part(batch: Batch, timeline: Timeline, *, gap_us: int, received_us: int) -> tuple[list[Part], list[Refusal]]:
    """The frames of a batch that are good, by session, in the order sent; and what is refused.

    Doubled frames are in neither. Frames that are left out leave no hole: those kept are numbered on.

    Args:
        batch: at least one frame.
        timeline: of the session the collector is in; a new one if it is in none.
        gap_us: a session ends after so long without frames.
        received_us: when the batch arrived.
    """
    low, high = (received_us - DAY_US, received_us + DAY_US) if batch.live else (0, END_OF_TIME_US)
    if _is_regular(batch.timestamp_us, timeline, gap_us, low, high):
        return [Part(batch, timeline.latest_us is None, untouched=True)], []
    places: dict[tuple[int, bool], list[int]] = {}
    reasons: dict[str, list[int]] = {}
    session = 0
    for frame, verdict in enumerate(_verdicts(batch, timeline, gap_us, low, high)):
        if isinstance(verdict, str):
            reasons.setdefault(verdict, []).append(frame)
        else:
            session = verdict
            places.setdefault((session, session > 0 or timeline.latest_us is None), []).append(frame)
    parts = [
        Part(_some(batch, frames), starts, untouched=len(frames) == len(batch))
        for (_, starts), frames in places.items()
    ]
    reasons.pop(_DOUBLED, None)
    if DATED in reasons and not batch.live:
        reasons[UNDATED] = reasons.pop(DATED)
    refused = [
        Refusal(batch.source, reason, encode(_some(batch, frames))[:KEPT_BYTES]) for reason, frames in reasons.items()
    ]
    return parts, refused


def _is_regular(time: NDArray[np.int64], timeline: Timeline, gap_us: int, low: int, high: int) -> bool:
    """Whether every frame comes after the one before it, soon enough, and is dated sensibly."""
    first, last, latest = int(time[0]), int(time[-1]), timeline.latest_us
    if first < low or last > high or (latest is not None and not 0 < first - latest <= gap_us):
        return False
    steps = np.diff(time)
    return len(steps) == 0 or (bool(steps.min() > 0) and bool(steps.max() <= gap_us))


def _verdicts(batch: Batch, timeline: Timeline, gap_us: int, low: int, high: int) -> Iterator[int | str]:
    """For each frame the session it belongs to (0: the one that is on), or why it belongs to none."""
    times: list[int] = batch.timestamp_us.tolist()
    first, latest, known = timeline.first_us, timeline.latest_us, timeline.recent_frames()
    session = 0
    for place, (time, key) in enumerate(zip(times, _keys(batch), strict=True)):
        back = 0 if latest is None else latest - time
        if not low <= time <= high:
            yield DATED
        elif latest is not None and (back > BACK_US or -back > gap_us):
            if any(-gap_us <= latest - later < LATE_US for later in times[place + 1 : place + 1 + STRAYS]):
                yield STRAY
            elif session == MOST_STARTS:
                yield RESTLESS
            else:
                session, first, latest, known = session + 1, None, time, {key}
                yield session
        elif back >= LATE_US or (first is not None and time < first):
            yield LATE
        elif key in known:
            yield _DOUBLED
        else:
            latest = time if latest is None else max(latest, time)
            known.add(key)
            yield session


def _keys(batch: Batch) -> list[Key]:
    columns = [batch.timestamp_us, *(batch.columns[name].view("<i4") for name in _SAME if name in batch.columns)]
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _some(batch: Batch, frames: list[int]) -> Batch:
    return replace(batch.taken(np.asarray(frames)), first_seq=batch.first_seq + frames[0])
