"""Frames put in order as they arrive: late ones sorted in, doubled ones dropped, a clock that was set evened out.

What comes out depends on the order of arrival alone, never on how it was parted into messages. It comes 250 ms after
the frames: so late may one be that is still put in its place.
"""

from collections.abc import Iterator

import numpy as np

from ps_analytics.ingest.line import CLOCK, POSITION, ROWS, TIME, Floats

LATE_S = 0.25
"""Order is mended within this; a frame dated further back is astray, or the clock was set back."""
SET_BACK_FRAMES = 3
"""So many frames in a row dated further back are a clock that was set."""
_FOLLOWS_S = 5.0
"""Frames of a clock that was set follow each other within this."""
_PERIOD_S = 0.02
LOOK_FRAMES = 64
"""So many frames after one that is late are looked at one by one."""
SPIKE, RETURNED = 0.02, 0.02
"""A position that leaps by more than the first and is back within the second one frame later was never there."""


class Arrival:
    """Puts frames in order. Inside, the clock never goes back: `to_source` says what a moment's time stamp was."""

    def __init__(self) -> None:
        self._held: Floats = np.empty((ROWS, 0))
        """In order, later than anything given out."""
        self._checked: Floats = np.empty((ROWS, 0))
        """The last frame but one and the last one that are past being late; the last is not given out yet."""
        self._first_s = np.inf
        self._latest_s = -np.inf
        self._latest_clock = np.nan
        self._aside: list[Floats] = []
        self._offset_s = 0.0
        self._set: list[tuple[float, float]] = []
        """From when on (inside) which offset holds."""
        self.steps_back: list[float] = []
        """When (inside) the clock was set back by more than `_FOLLOWS_S`."""

    def take(self, block: Floats) -> Floats:
        """The frames that are in order now, of these and of those held back; columns as given."""
        block = block[:, np.isfinite(block[TIME])]
        if block.shape[1] == 0:
            return block
        if not np.isfinite(self._first_s):
            self._first_s = float(block[TIME, 0])
        for part in self._in_reach(block):
            self._hold(part)
        ready = int(np.searchsorted(self._held[TIME], self._latest_s - LATE_S, side="right"))
        out, self._held = self._held[:, :ready], self._held[:, ready:]
        return self._without_spikes(out)

    def flush(self) -> Floats:
        """What is still held back, at the end of the stream."""
        out, self._held = self._held, self._held[:, :0]
        return self._without_spikes(out, at_end=True)

    def to_source(self, time_s: float) -> float:
        """The time stamp, as the source gave it, of a moment inside."""
        offset = 0.0
        for since_s, following in self._set:
            if time_s >= since_s:
                offset = following
        return time_s - offset

    def _in_reach(self, block: Floats) -> Iterator[Floats]:
        """The frames that are not too late, on the inner clock: nearly always the block as it is."""
        while block.shape[1]:
            if not self._aside:
                time = block[TIME] + self._offset_s
                highest = np.maximum.accumulate(np.concatenate([[self._latest_s], time]))
                late = time < highest[:-1] - LATE_S
                good = int(np.argmax(late)) if late.any() else block.shape[1]
                if good:
                    yield self._shifted(block[:, :good])
                    self._advance(block[:, :good], float(highest[good]))
                block = block[:, good:]
            for i in range(min(LOOK_FRAMES, block.shape[1])):
                yield from self._judge(block[:, i : i + 1])
            block = block[:, LOOK_FRAMES:]

    def _judge(self, frame: Floats) -> Iterator[Floats]:
        """The frame, nothing if it is late, or with those before it if they show that the clock was set back."""
        if frame[TIME, 0] + self._offset_s < self._latest_s - LATE_S:
            self._set_aside(frame)
            if len(self._aside) < SET_BACK_FRAMES:
                return
            frame = np.concatenate(self._aside, axis=1)
            self._set_back(frame)
        self._aside = []
        yield self._shifted(frame)
        self._advance(frame, max(self._latest_s, float(np.max(frame[TIME])) + self._offset_s))

    def _set_aside(self, frame: Floats) -> None:
        """Keep a frame that is dated far back, if it follows those kept."""
        if self._aside and not -LATE_S < frame[TIME, 0] - self._aside[-1][TIME, 0] <= _FOLLOWS_S:
            self._aside.clear()
        self._aside.append(frame)

    def _set_back(self, frames: Floats) -> None:
        """Have these frames follow the latest one: as much later as the lap clock says, else by a frame."""
        counted = float(frames[CLOCK, 0]) - self._latest_clock
        step = counted if 0 < counted < _FOLLOWS_S else _PERIOD_S
        before = self._offset_s
        self._offset_s = self._latest_s + step - float(frames[TIME, 0])
        self._set.append((self._latest_s + step / 2, self._offset_s))
        if self._offset_s - before > _FOLLOWS_S + step:
            self.steps_back.append(self._latest_s)

    def _advance(self, frames: Floats, latest_s: float) -> None:
        if latest_s > self._latest_s:
            self._latest_s, self._latest_clock = latest_s, float(frames[CLOCK, np.argmax(frames[TIME])])

    def _shifted(self, frames: Floats) -> Floats:
        if self._offset_s == 0.0:
            return frames
        moved = frames.copy()
        moved[TIME] += self._offset_s
        return moved

    def _hold(self, frames: Floats) -> None:
        """Sort frames in; those with the time stamp of one that came before go where they would stand behind it."""
        held = np.concatenate([self._held, frames], axis=1)
        if np.any(np.diff(held[TIME]) < 0):
            held = held[:, np.argsort(held[TIME], kind="stable")]
        self._held = held[:, held[TIME] >= self._first_s] if held[TIME, 0] < self._first_s else held

    def _without_spikes(self, ready: Floats, *, at_end: bool = False) -> Floats:
        """Frames given out: all but the last (which the next one has to confirm), positions freed of lone leaps."""
        frames = np.concatenate([self._checked, ready], axis=1)
        new = np.diff(frames[TIME], prepend=-np.inf) > 0
        if not np.all(new):
            frames = frames[:, new]
        given = self._checked.shape[1] - 1
        position = frames[POSITION]
        step = (np.diff(position) + 0.5) % 1.0 - 0.5
        leaps = np.abs(step) > SPIKE
        if leaps.any():
            for i in np.flatnonzero(leaps[:-1] & leaps[1:]):  # one by one: a frame mended is good for the next
                before, here, after = position[i : i + 3]
                back = _way(before, after)
                if abs(back) < RETURNED and abs(_way(before, here)) > SPIKE and abs(_way(here, after)) > SPIKE:
                    position[i + 1] = (before + back / 2) % 1.0
        self._checked = frames[:, -2:].copy()
        return frames[:, max(given, 0) :] if at_end else frames[:, max(given, 0) : -1]


def _way(before: float, after: float) -> float:
    """From one position to another the short way round the lap."""
    return float((after - before + 0.5) % 1.0 - 0.5)
