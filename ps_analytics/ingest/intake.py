"""What a stream's frames go through before laps are cut of them: put in order, timed, and judged for what happens."""

import numpy as np

from ps_analytics.ingest.arrival import Arrival
from ps_analytics.ingest.breaks import Event, Happening
from ps_analytics.ingest.facts import rests_on_line
from ps_analytics.ingest.gate import Gate, GateWatch
from ps_analytics.ingest.line import ROWS, TIME, Floats
from ps_analytics.ingest.steps import Steps

WAIT_S, MOST_WAITING = 0.4, 512
"""Frames wait so long to be worked on together, or until they are so many."""


class Intake:
    """Takes frames as they arrive and gives them out in order.

    Args:
        length_m: the track's length in m, if known.
        silent_s: after so long without frames the stream begins anew.
        line: the start/finish line, if it is a gate.
    """

    def __init__(self, *, length_m: float | None, silent_s: float, line: Gate | None) -> None:
        self._arrival, self._steps = Arrival(), Steps(length_m, silent_s)
        self._gate = None if line is None else GateWatch(line)
        self._waiting: list[Floats] = []
        self.gate_times: dict[int, float] = {}
        """When the gate was crossed, in seconds that count, by the frame before."""

    def add(self, block: Floats) -> None:
        """Keep frames until they are asked for."""
        if block.shape[1]:
            self._waiting.append(block)

    @property
    def is_due(self) -> bool:
        """Whether frames waited long enough: many messages are worked on at once for a fraction of the effort."""
        if not self._waiting:
            return False
        if sum(block.shape[1] for block in self._waiting) >= MOST_WAITING:
            return True
        first, last = self._waiting[0][TIME], self._waiting[-1][TIME]
        return abs(float(last[-1] - first[0])) >= WAIT_S

    def take(self, *, at_end: bool = False) -> Floats:
        """The frames that are in order now; at the end of the stream all of them."""
        waiting, self._waiting = self._waiting, []
        ready = self._arrival.take(np.concatenate(waiting, axis=1) if waiting else np.empty((ROWS, 0)))
        return np.concatenate([ready, self._arrival.flush()], axis=1) if at_end else ready

    def find(self, part: Floats, first: int) -> list[Happening]:
        """What happens in frames given out, in order; where a gate is the line nothing else is.

        Args:
            part: the frames; the rows that are made of others are filled in.
            first: the absolute index of the first one.
        """
        found = self._steps.read(part, first)
        while (back := self._arrival.steps_back) and part[TIME, -1] > back[0]:
            row = int(np.searchsorted(part[TIME], back.pop(0), side="right"))
            found.append(Happening(first + row - 1, Event.BREAK))
        if self._gate is not None:
            found = [item for item in found if item.event is not Event.LINE]
            for row, run_s in self._gate.read(part):
                self.gate_times[first + row - 1] = run_s
                found.append(Happening(first + row - 1, Event.LINE))
        broken = {item.frame for item in found if item.event in (Event.BREAK, Event.UNDONE_LINE)}
        found = [item for item in found if item.event is not Event.LINE or item.frame not in broken]
        return sorted(found, key=lambda item: (item.frame, item.event.value))

    def rests_on_line(self, frame: Floats) -> bool:
        """Whether a car stands on the line, ready to start."""
        return rests_on_line(frame) if self._gate is None else self._gate.rests_at(frame)

    def to_source(self, time_s: float) -> float:
        """The time stamp, as the source gave it, of a moment on the inner clock."""
        return self._arrival.to_source(time_s)
