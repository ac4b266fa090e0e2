"""Where corners begin, turn most and end: a closed line's curvature cut in corners (§4.3 of the analysis core)."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ps_analytics.track import Corner, Direction

Floats = NDArray[np.float64]

SMOOTH_M = 8.0
"""Standard deviation of the Gaussian that takes the driver's corrections out of the curvature."""
TURNING_PER_M = 0.0012
"""What turns more (1/m, a radius of 830 m) may belong to a corner."""
BRIDGED_M = 20.0
"""Two stretches that turn the same way, this near, are of one corner: the hands rested for a moment."""
APEXES_APART_M = 21.0
APEX_PROMINENCE = 0.125
"""An apex stands out of what is beside it by this share of its own curvature."""
VALLEY = 0.57
"""Between two apexes lie two corners if the line opens to less than this share of the wider one's curvature."""
LEAST_PIECE_RAD = 0.16
"""A piece that turns less is part of its neighbour."""
LEAST_TURN_RAD = 0.136
LEAST_PEAK_PER_M = 0.0029
"""A corner turns by the one at least and is as tight as the other (a radius of 345 m) somewhere …"""
LEAST_LATERAL_MS2 = 9.0
LEAST_FAST_TURN_RAD = 0.106
"""… or it asks for so much grip at the speed driven and turns by so much …"""
LEAST_LONG_TURN_RAD = 0.35
"""… or it turns by 20 degrees, however wide it is."""
EDGE = 0.23
"""A corner begins and ends where it turns by this share of what it does at the apex."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch that turns one way, of a rolled array: indices from `first` to before `end`, its apex, its turn."""

    first: int
    end: int
    apex: int
    turn_rad: float
    peak: float


def smoothed(values: Floats, over_m: float, step_m: float) -> Floats:
    """A quantity along a closed line, smoothed by a Gaussian of this standard deviation in m; shape of `values`.

    Example:
        >>> smoothed(np.array([1.0, 1.0, 1.0]), 8.0, 2.0)
        array([1., 1., 1.])
    """
    from scipy.ndimage import gaussian_filter1d

    return np.asarray(gaussian_filter1d(values, over_m / step_m, mode="wrap"), dtype=np.float64)


def segment_corners(curvature: Floats, speed_ms: Floats, step_m: float) -> tuple[Corner, ...]:
    """The corners of a closed line, named T1, T2 … by apex from the line.

    Args:
        curvature: 1/m, right +, every `step_m` from the line on.
        speed_ms: what is driven there, of the same shape.
        step_m: metres between two points.

    Example:
        >>> at = np.arange(0.0, 1000.0, 2.0)
        >>> right = np.where((at > 300) & (at < 400), 0.02, 0.0)
        >>> [(c.name, str(c.direction), round(c.angle_deg)) for c in segment_corners(right, 20 + 0 * at, 2.0)]
        [('T1', 'right', 112)]
    """
    count = len(curvature)
    even = smoothed(curvature, SMOOTH_M, step_m)
    # Begun in a straight, no corner runs over the end of the arrays.
    shift = _in_a_straight(even, step_m)
    turned, speed, sharp = np.roll(even, -shift), np.roll(speed_ms, -shift), np.roll(curvature, -shift)
    found = []
    for piece in _pieces(turned, step_m):
        if not _is_corner(turned, speed, piece, step_m):
            continue
        start, end = _edges(turned, piece)
        places = [(index + shift) % count * step_m for index in (start, piece.apex, end)]
        found.append((piece, float(np.max(np.abs(sharp[piece.first : piece.end]))), places))
    found.sort(key=lambda one: one[2][1])
    return tuple(
        Corner(
            number=number,
            name=f"T{number}",
            direction=Direction.RIGHT if turned[piece.apex] > 0 else Direction.LEFT,
            start_m=places[0],
            apex_m=places[1],
            end_m=places[2],
            radius_m=1.0 / sharpest,
            angle_deg=float(np.degrees(piece.turn_rad)),
        )
        for number, (piece, sharpest, places) in enumerate(found, 1)
    )


def _in_a_straight(curvature: Floats, step_m: float) -> int:
    """The index in the middle of the longest stretch that hardly turns."""
    turning = np.abs(curvature) > TURNING_PER_M
    if turning.all():
        return int(np.argmin(np.abs(curvature)))
    if not turning.any():
        return 0
    first = int(np.argmax(turning))
    runs = list(_runs(~np.roll(turning, -first)))
    start, end = max(runs, key=lambda run: run[1] - run[0])
    return (first + (start + end) // 2) % len(curvature)


def _runs(mask: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and end index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _pieces(curvature: Floats, step_m: float) -> Iterator[Piece]:
    """What turns one way, cut where the line opens between two apexes."""
    for sign in (1.0, -1.0):
        turning = sign * curvature
        for first, end in _bridged(turning, step_m):
            yield from _cut(turning[first:end], first, step_m)


def _bridged(turning: Floats, step_m: float) -> list[tuple[int, int]]:
    """The runs that turn this way, joined over gaps that do not turn the other way."""
    joined: list[tuple[int, int]] = []
    for first, end in _runs(turning > TURNING_PER_M):
        if (
            joined
            and (first - joined[-1][1]) * step_m < BRIDGED_M
            and turning[joined[-1][1] : first].min() > -TURNING_PER_M
        ):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((first, end))
    return joined


def _cut(turning: Floats, offset: int, step_m: float) -> list[Piece]:
    """A run cut in pieces with one apex each."""
    from scipy.signal import find_peaks

    peaks, found = find_peaks(
        np.concatenate([[0.0], turning, [0.0]]), prominence=0.0, distance=max(1.0, APEXES_APART_M / step_m)
    )
    peaks = peaks - 1
    peaks = peaks[found["prominences"] >= APEX_PROMINENCE * turning[peaks]]
    cuts: list[int] = []
    for one, other in pairwise(peaks):
        valley = int(one + np.argmin(turning[one : other + 1]))
        if turning[valley] < VALLEY * min(turning[one], turning[other]):
            cuts.append(valley)
    return [
        Piece(
            offset + first,
            offset + end,
            offset + first + int(np.argmax(turning[first:end])),
            float(turning[first:end].sum() * step_m),
            float(turning[first:end].max()),
        )
        for first, end in _with_small_ones_joined(turning, cuts, step_m)
    ]


def _with_small_ones_joined(turning: Floats, cuts: list[int], step_m: float) -> list[tuple[int, int]]:
    """The pieces between the cuts; one that turns too little goes to the neighbour it opens less to."""
    edges = [0, *cuts, len(turning)]
    while len(edges) > 2:
        turns = [float(turning[a:b].sum() * step_m) for a, b in pairwise(edges)]
        least = int(np.argmin(turns))
        if turns[least] >= LEAST_PIECE_RAD:
            break
        sides = [edge for edge in (least, least + 1) if 0 < edge < len(edges) - 1]
        del edges[max(sides, key=lambda edge: turning[edges[edge]])]
    return list(pairwise(edges))


def _is_corner(curvature: Floats, speed_ms: Floats, piece: Piece, step_m: float) -> bool:
    if piece.turn_rad >= LEAST_TURN_RAD and piece.peak >= LEAST_PEAK_PER_M:
        return True
    if piece.turn_rad >= LEAST_LONG_TURN_RAD:
        return True
    here = slice(piece.first, piece.end)
    lateral = float(np.max(speed_ms[here] ** 2 * np.abs(curvature[here])))
    return lateral >= LEAST_LATERAL_MS2 and piece.turn_rad >= LEAST_FAST_TURN_RAD


def _edges(curvature: Floats, piece: Piece) -> tuple[int, int]:
    """First and last index at which it turns by enough of what it does at its apex."""
    turning = np.flatnonzero(np.abs(curvature[piece.first : piece.end]) > EDGE * piece.peak)
    return piece.first + int(turning[0]), piece.first + int(turning[-1])
