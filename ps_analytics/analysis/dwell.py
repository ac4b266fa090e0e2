"""How long each sample of a channel stands for: what makes a mean, or a share of the lap, one of time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ps_analytics.channels.catalog import Kind

Floats = NDArray[np.float64]
Part = tuple[float, float]
"""From when to when, in s on the source's clock: from ≤ t < to."""

ALWAYS: tuple[Part, ...] = ((-np.inf, np.inf),)


@dataclass(frozen=True, slots=True, eq=False)
class Dwell:
    """The samples that have a value, in order of time: arrays of one length.

    Sample i was taken at `time_s` and stands for the time from `from_s` to `to_s`; these stretches never overlap.
    """

    time_s: Floats
    value: Floats
    from_s: Floats
    to_s: Floats

    def seconds(self, parts: Sequence[Part] = ALWAYS) -> Floats:
        """How long each sample stands for within these parts, in s."""
        found = np.zeros(len(self.time_s))
        for begins, ends in parts:
            found += np.maximum(np.minimum(self.to_s, ends) - np.maximum(self.from_s, begins), 0.0)
        return found

    def within(self, parts: Sequence[Part] = ALWAYS) -> NDArray[np.bool_]:
        """Which samples were taken in these parts."""
        found = np.zeros(len(self.time_s), dtype=bool)
        for begins, ends in parts:
            found |= (self.time_s >= begins) & (self.time_s < ends)
        return found


def dwell(time_s: Floats, value: Floats, *, kind: Kind = Kind.LINEAR) -> Dwell:
    """The time each sample stands for: from half way to the one before to half way to the next.

    One of a stepped channel holds until the next. No sample reaches further than the channel's usual interval (the
    median) to either side, so that one missing sample is bridged and a longer gap counts for nobody.

    Args:
        time_s: when the samples were taken.
        value: what was measured, NaN where it is missing.
        kind: how the channel is filled between its samples.

    Example:
        >>> found = dwell(np.array([0.0, 1.0, 2.0, 6.0]), np.array([1.0, 2.0, 3.0, 4.0]))
        >>> found.seconds(), found.seconds([(0.0, 1.0)])
        (array([1. , 1. , 1.5, 1.5]), array([0.5, 0.5, 0. , 0. ]))
    """
    order = np.argsort(time_s, kind="stable")
    time_s, value = time_s[order], value[order]
    steps = np.diff(time_s)
    usual = float(np.median(steps[steps > 0])) if np.any(steps > 0) else 0.0
    known = np.isfinite(value) & np.isfinite(time_s)
    time_s, value = time_s[known], value[known]
    if kind is Kind.STEP:
        ahead = np.minimum(np.diff(time_s, append=time_s[-1:] + usual), 2 * usual)
        return Dwell(time_s, value, time_s, time_s + ahead)
    half = np.minimum(np.diff(time_s) / 2, usual)
    before, after = (np.concatenate(pair) for pair in (([usual / 2], half), (half, [usual / 2])))
    before, after = before[: len(time_s)], after[: len(time_s)]
    return Dwell(time_s, value, time_s - before, time_s + after)
