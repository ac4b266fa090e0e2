"""When Forza's packets were made: the game's two clocks put on UTC.

`timestamp_ms` steps with the machine's 15.6 ms tick, so that packets 16.7 ms apart may share one. The race time of the
dash is the simulation's own and steps evenly, but stands in a pause and starts anew. So the race time counts as long
as both agree, and `timestamp_ms` says how they lie to each other, and when a gap was.
"""

import numpy as np
from numpy.typing import NDArray

from ps_analytics.collect.forza_packets import Packets, has_dash

AGREE_US = 100_000.0
"""The clocks agree while they stay this close: the tick, and a little."""
ADRIFT_US = 5_000_000
"""A longer step of the ticks is no step, and stamps so far from the arrival are put on UTC again: after a pause."""
LONGEST_RACE_S = 1e7
APART_US = 1000
"""Packets of one tick are so far apart: no two frames have one time stamp."""


class ForzaClock:
    """Time stamps of the packets of one source, in the order they arrive."""

    def __init__(self) -> None:
        self._tick_ms: np.uint32 | None = None
        self._game_us = 0
        self._lead_us = np.nan
        self._utc_us = 0
        self._last_us: int | None = None

    def stamps(self, packets: Packets, arrival_us: int, *, waited: bool = False) -> NDArray[np.int64]:
        """UTC of each packet in µs; later than the packet before, unless the packet itself was overtaken.

        Args:
            packets: one at least, of one layout.
            arrival_us: UTC in µs when the last one was read.
            waited: it may have arrived long before that.
        """
        game_us = self._game(packets)
        adrift_us = int(game_us[-1]) + self._utc_us - arrival_us
        if self._last_us is None or (abs(adrift_us) > ADRIFT_US and not waited):
            self._utc_us = arrival_us - int(game_us[-1])
            if self._last_us is not None and self._last_us < arrival_us + ADRIFT_US:
                self._utc_us = max(self._utc_us, self._last_us + APART_US - int(game_us[0]))
        stamps = game_us + self._utc_us
        if stamps[0] == self._last_us:
            stamps[0] += APART_US
        for i in np.flatnonzero(np.diff(stamps) == 0):
            stamps[i + 1] = stamps[i] + APART_US
        self._last_us = max(self._last_us or 0, int(stamps.max()))
        return stamps

    def _game(self, packets: Packets) -> NDArray[np.int64]:
        """µs since the first packet's tick, by the race time where it agrees with the ticks."""
        ticks = packets["timestamp_ms"]
        before = ticks[0] if self._tick_ms is None else self._tick_ms
        steps = np.diff(ticks, prepend=before).astype(np.int32)  # the difference of two that wrap
        steps[np.abs(steps.astype(np.int64)) * 1000 > ADRIFT_US] = 0  # a pause, or another clock: the arrival tells
        tick_us = self._game_us + np.cumsum(steps, dtype=np.int64) * 1000
        self._tick_ms, self._game_us = ticks[-1], int(tick_us[-1])
        if not has_dash(packets):
            return tick_us
        with np.errstate(all="ignore"):
            race_us = packets["current_race_time"].astype(np.float64) * 1e6
            runs = (race_us > 0) & (race_us < LONGEST_RACE_S * 1e6)
        return np.where(runs, self._agreed(tick_us, np.where(runs, race_us, 0.0), runs), tick_us)

    def _agreed(
        self, tick_us: NDArray[np.int64], race_us: NDArray[np.float64], runs: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """The race time put on the ticks' zero, anew wherever both part."""
        leads = tick_us - race_us
        agreed = race_us + self._lead_us
        first = 0
        while len(parted := np.flatnonzero(runs[first:] & ~(np.abs(leads[first:] - self._lead_us) <= AGREE_US))):
            first += int(parted[0])
            self._lead_us = leads[first]
            agreed[first:] = race_us[first:] + self._lead_us
        return np.rint(np.nan_to_num(agreed)).astype(np.int64)


def spread(stamps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sorted stamps moved so far that each is later than the one before."""
    least = np.arange(len(stamps)) * APART_US
    return np.maximum.accumulate(stamps - least) + least
