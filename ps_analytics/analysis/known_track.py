"""What is known of a track put on what was learned anew: its line, names, numbers and sectors stay."""

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.place import SAME_TRACK
from ps_analytics.analysis.segment import LEAST_PEAK_PER_M, LEAST_TURN_RAD, SMOOTH_M, smoothed
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.track import Corner, Direction, Sector, TrackModel, ahead_m, begun_at, is_between

Floats = NDArray[np.float64]

NEAR_M = 60.0
"""Two apexes that lie farther apart are not of one corner, unless one lies within the other's corner."""
ALIKE = 0.6
"""Curvatures of one track correlate more."""
LINE_MOVED_M = 30.0
LINE_MOVED_BY = 0.1
"""The laps' line is another one if it lies farther from the known one and curvatures then correlate so much better."""
STILL = 0.5
"""A known corner stays one while it turns by this share of what a new one has to."""
_LETTERS = "abcdefgh"


def with_known(track: TrackModel, known: TrackModel) -> TrackModel:
    """A newly learned track on the line of the known one, with its names, numbers and sectors.

    Corners are matched by apex. A known corner the new line hardly turns at stays as long as it turns half as much as
    a new one has to, or somebody named it; what is found beside the known ones gets the next numbers.

    Raises:
        IncompatibleLaps: they are not one track.

    Example:
        >>> track = TrackModel(900.0, *4 * (np.arange(450.0),), source="position", algo_version="1", name="Ring")
        >>> with_known(replace(track, name=None), track).name
        'Ring'
    """
    called = f" '{known.name}'" if known.name else ""
    if abs(track.length_m / known.length_m - 1) > SAME_TRACK:
        raise IncompatibleLaps(f"they are {track.length_m:.0f} m long and the track{called} is {known.length_m:.0f} m.")
    track = _on_its_line(track, known, called)
    scaled = _scaled(known, track.length_m)
    corners = numbered(_kept(scaled.corners, track), _new(scaled.corners, track))
    return replace(track, name=track.name or known.name, corners=corners, sectors=scaled.sectors)


def _on_its_line(track: TrackModel, known: TrackModel, called: str) -> TrackModel:
    """The track begun at the known line.

    Raises:
        IncompatibleLaps: it does not turn as the known one does.
    """
    shares = track.distance_m / track.length_m
    before = np.interp(shares, known.distance_m / known.length_m, known.curvature, period=1.0)
    step_m = track.length_m / len(shares)
    now, then = (_shape(values, step_m) for values in (track.curvature, before))
    if now is None or then is None:
        return track
    alike = np.fft.irfft(np.fft.rfft(now) * np.conj(np.fft.rfft(then)), len(now))
    best = int(np.argmax(alike))
    if alike[best] < ALIKE:
        raise IncompatibleLaps(
            f"they do not turn as the track{called} does: it is another layout, or another direction."
        )
    away = min(best, len(now) - best) * step_m
    if away <= LINE_MOVED_M or alike[best] - alike[0] < LINE_MOVED_BY or track.flags.get("open"):
        return track
    moved_m = best * step_m
    flags = {**track.flags, "line_moved_m": round(moved_m, 1)}
    return replace(begun_at(track, moved_m), flags=MappingProxyType(flags))


def _shape(curvature: Floats, step_m: float) -> Floats | None:
    """The curvature as a vector of length 1 in which slow corners do not outweigh fast ones; None if it is 0."""
    even = smoothed(curvature, SMOOTH_M, step_m)
    even = np.sign(even) * np.sqrt(np.abs(even))
    size = float(np.linalg.norm(even))
    return even / size if size > 0 else None


def _scaled(known: TrackModel, length_m: float) -> TrackModel:
    """The known track's corners and sectors on another length."""
    scale = length_m / known.length_m
    corners = tuple(
        replace(c, start_m=c.start_m * scale, apex_m=c.apex_m * scale, end_m=c.end_m * scale) for c in known.corners
    )
    edges = [sector.start_m * scale for sector in known.sectors] + [length_m]
    sectors = tuple(
        Sector(s.number, s.name, start, end) for s, start, end in zip(known.sectors, edges, edges[1:], strict=False)
    )
    return replace(known, length_m=length_m, corners=corners, sectors=sectors)


def matched(known: Sequence[Corner], found: Sequence[Corner], length_m: float) -> list[tuple[int, int]]:
    """Which corners are the same: pairs of indices, each corner once, the nearest apexes first.

    They turn the same way, and their apexes lie within 60 m of each other or one lies within the other's corner.

    Example:
        >>> one, far = (Corner(1, "T1", Direction.LEFT, at, at, at) for at in (100.0, 300.0))
        >>> matched([one, far], [far], 1000.0)
        [(1, 0)]
    """
    near = [
        (away, i, j)
        for i, one in enumerate(known)
        for j, other in enumerate(found)
        if one.direction is other.direction
        and ((away := abs(ahead_m(one.apex_m, other.apex_m, length_m))) <= NEAR_M or _holds(one, other, length_m))
    ]
    pairs: list[tuple[int, int]] = []
    for _, i, j in sorted(near):
        if all(i != one and j != other for one, other in pairs):
            pairs.append((i, j))
    return sorted(pairs)


def _holds(one: Corner, other: Corner, length_m: float) -> bool:
    """Whether the apex of either lies within the other."""
    return any(is_between(a.apex_m, b.start_m, b.end_m, length_m) for a, b in ((one, other), (other, one)))


def _kept(known: Sequence[Corner], track: TrackModel) -> list[Corner]:
    """The known corners where they lie now."""
    pairs = dict(matched(known, track.corners, track.length_m))
    kept = []
    for index, corner in enumerate(known):
        rivals = [
            other for other in range(len(known)) if other != index and _same_bend(known[other], corner, track.length_m)
        ]
        if index in pairs:
            found = track.corners[pairs[index]]
            # Where the new line has one corner and the known track two, or the other way round, the known cut stays.
            alone = sum(_same_bend(corner, other, track.length_m) for other in track.corners) <= 1 and not rivals
            kept.append(replace(found if alone else corner, number=corner.number, name=corner.name))
        elif corner.nominal or _still_turns(corner, track):
            kept.append(corner)
        elif corner.name != f"T{corner.number}":
            kept.append(replace(corner, nominal=True))
    return kept


def _same_bend(one: Corner, other: Corner, length_m: float) -> bool:
    return one.direction is other.direction and _holds(one, other, length_m)


def _still_turns(corner: Corner, track: TrackModel) -> bool:
    """Whether the line turns there at least half as much as a new corner has to."""
    step_m = track.length_m / len(track.distance_m)
    sign = 1.0 if corner.direction is Direction.RIGHT else -1.0
    here = track.is_within(track.distance_m, corner.start_m, corner.end_m)
    turning = sign * smoothed(track.curvature, SMOOTH_M, step_m)[here]
    if len(turning) == 0:
        return False
    return bool(turning.sum() * step_m >= STILL * LEAST_TURN_RAD and turning.max() >= STILL * LEAST_PEAK_PER_M)


def _new(known: Sequence[Corner], track: TrackModel) -> list[Corner]:
    """The corners found that are no known one, nor a part of one."""
    pairs = {found for _, found in matched(known, track.corners, track.length_m)}
    return [
        corner
        for index, corner in enumerate(track.corners)
        if index not in pairs and not any(_same_bend(corner, other, track.length_m) for other in known)
    ]


def numbered(kept: Sequence[Corner], new: Sequence[Corner]) -> tuple[Corner, ...]:
    """All of them by apex; a new one has the next free number and is called after the corner before it.

    Example:
        >>> one, new = (Corner(n, f"T{n}", Direction.LEFT, at, at, at) for n, at in ((7, 100.0), (1, 300.0)))
        >>> [(corner.number, corner.name) for corner in numbered([one], [new])]
        [(7, 'T7'), (8, 'T7a')]
    """
    highest = max((corner.number for corner in kept), default=0)
    names = {corner.name for corner in kept}
    added = []
    for corner in new:
        highest += 1
        before = max((one for one in kept if one.apex_m <= corner.apex_m), key=lambda one: one.apex_m, default=None)
        stem = "T0" if before is None else f"T{before.number}"
        name = next((stem + letter for letter in _LETTERS if stem + letter not in names), f"T{highest}")
        names.add(name)
        added.append(replace(corner, number=highest, name=name if kept else corner.name))
    return tuple(sorted([*kept, *added], key=lambda corner: corner.apex_m))
