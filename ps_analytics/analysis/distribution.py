"""How long a channel had which values: histograms of time, and how a damper moved."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.dwell import ALWAYS, Dwell, Part
from ps_analytics.channels.catalog import CATALOG, Kind, kind_of

Floats = NDArray[np.float64]

BINS = 40
"""So many bins a histogram has at most, unless it is told otherwise."""
MOST_BINS = 500
SLOW_MM_S = 25.0
"""Damper speeds below this are called slow: what the driver and the road's shape do, not its bumps."""
_TAIL = 0.001
_MOST_STEPS = 60
_SPEED_UNIT = "mm/s"
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
_EQUAL, _NOTHING = 1e-9, 1e-12
"""Values whose spread is such a share of them are one value; a value smaller than that is zero, in any unit."""


@dataclass(frozen=True, slots=True)
class Strokes:
    """How a damper moved, in % of the time: bump (being pressed) and rebound, each slow and fast. Together 100."""

    fast_rebound: float
    slow_rebound: float
    slow_bump: float
    fast_bump: float

    @property
    def bump(self) -> float:
        """In % of the time."""
        return self.slow_bump + self.fast_bump

    @property
    def rebound(self) -> float:
        """In % of the time."""
        return self.slow_rebound + self.fast_rebound


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """Histograms on the same bins: `edges` in the channel's unit, `shares` in %, one array a lap.

    The first and the last bin hold what lies beyond them as well, so that each lap's shares sum to 100 (to 0 for a lap
    without samples). `strokes`, one a lap, of a damper's speed.
    """

    edges: Floats
    shares: tuple[Floats, ...]
    strokes: tuple[Strokes | None, ...] = ()


def distribution(
    samples: Sequence[Dwell],
    name: str,
    unit: str | None,
    *,
    parts: Sequence[Sequence[Part]] | None = None,
    bins: int = BINS,
    weighted: bool = True,
    slow: float = SLOW_MM_S,
) -> Distribution:
    """The histograms of one channel on some laps.

    Args:
        samples: a lap's each.
        name: the channel; the catalogue says whether it has steps, and whether it lies about zero.
        unit: of the samples; mm/s is the speed of a damper.
        parts: which stretches of time of each lap count; None: all of them. Bins go by the whole laps, so that they
            stay where they are while one looks at one corner after the other.
        bins: how many at most, 2 … 500; their width is a round number.
        weighted: whether samples count for as long as they last, or one as much as the other.
        slow: below this a damper's speed is slow.

    Example:
        >>> from ps_analytics.analysis.dwell import dwell
        >>> gears = dwell(np.arange(4.0), np.array([2.0, 3.0, 3.0, 3.0]), kind=Kind.STEP)
        >>> found = distribution([gears], "gear", None)
        >>> found.edges, found.shares[0]
        (array([1.5, 2.5, 3.5]), array([25., 75.]))
    """
    given = parts if parts is not None else [ALWAYS] * len(samples)
    edges = bin_edges([one.value for one in samples], name, unit, bins=bins)
    weights = [_weights(one, when, weighted=weighted) for one, when in zip(samples, given, strict=True)]
    shares = tuple(_shares(one.value, weight, edges) for one, weight in zip(samples, weights, strict=True))
    if unit != _SPEED_UNIT:
        return Distribution(edges, shares)
    return Distribution(
        edges, shares, tuple(_strokes(one.value, weight, slow) for one, weight in zip(samples, weights, strict=True))
    )


def bin_edges(values: Sequence[Floats], name: str, unit: str | None, *, bins: int = BINS) -> Floats:
    """The edges of bins for all these values: round numbers, about zero for what goes both ways, one a step.

    One value in a thousand on either side may lie beyond: a spike does not squeeze the rest into one bin.

    Example:
        >>> bin_edges([np.array([0.0, 97.0])], "throttle", "%", bins=5)
        array([  0.,  20.,  40.,  60.,  80., 100.])
    """
    known = np.concatenate([np.zeros(0), *(one[np.isfinite(one)] for one in values)])
    if len(known) == 0:
        return np.array([0.0, 1.0])
    if kind_of(name) is Kind.STEP or unit == "bool":
        low, high = np.floor(known.min() + 0.5), np.floor(known.max() + 0.5)
        if high - low < _MOST_STEPS:
            return np.arange(low - 0.5, high + 1.0)
    low, high = (float(found) for found in np.quantile(known, (_TAIL, 1 - _TAIL), method="nearest"))
    if _goes_both_ways(name, unit):
        high = max(abs(low), abs(high))
        low = -high
    size = max(abs(low), abs(high))
    if high - low <= _EQUAL * size or size < _NOTHING:
        width = _round_up(abs(low) / 10) if size >= _NOTHING else 1.0
        return low + width * np.array([-0.5, 0.5])
    width = _round_up((high - low) / min(max(bins, 2), MOST_BINS))
    first, last = np.floor(low / width + 1e-9), np.ceil(high / width - 1e-9)
    return np.asarray(width * np.arange(first, last + 1))


def _goes_both_ways(name: str, unit: str | None) -> bool:
    spec = CATALOG.get(name)
    return unit == _SPEED_UNIT or bool(spec and spec.low == -spec.high and spec.kind is Kind.LINEAR)


def _round_up(width: float) -> float:
    scale = 10.0 ** np.floor(np.log10(width))
    return float(next(scale * step for step in _ROUND if scale * step >= width * (1 - 1e-9)))


def _weights(samples: Dwell, parts: Sequence[Part], *, weighted: bool) -> Floats:
    seconds = samples.seconds(parts)
    # A sample without a neighbour lasts no time that is known: such count one as much as the other.
    return seconds if weighted and seconds.sum() > 0 else samples.within(parts).astype(np.float64)


def _shares(values: Floats, weight: Floats, edges: Floats) -> Floats:
    at = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    found = np.bincount(at, weights=weight, minlength=len(edges) - 1).astype(np.float64)
    return 100 * found / (found.sum() or 1.0)


def _strokes(values: Floats, weight: Floats, slow: float) -> Strokes | None:
    """A speed of exactly zero counts half for either way."""
    if weight.sum() <= 0:
        return None
    share = 100 * weight / weight.sum()
    still = float(share[values == 0].sum()) / 2
    fast_rebound, fast_bump = float(share[values < -slow].sum()), float(share[values > slow].sum())
    slow_rebound = float(share[(values < 0) & (values >= -slow)].sum()) + still
    return Strokes(fast_rebound, slow_rebound, float(share[(values > 0) & (values <= slow)].sum()) + still, fast_bump)
