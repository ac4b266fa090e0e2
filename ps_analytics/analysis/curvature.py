"""How the line of some laps turns: curvature, heading and path from the best source they have (§4.1)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.path import SMOOTH_M, smooth_path, without_steps
from ps_analytics.analysis.plane import on_plane
from ps_analytics.analysis.segment import smoothed
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import without_gaps

Floats = NDArray[np.float64]
Channels = Mapping[str, Floats]

SMALLEST_M = 50.0
"""A path that stays within so many metres is none."""
MOST_TURNS = 2
OPEN_TURN = 0.3
"""A lap whose turns are further from a whole number of times round is not closed."""
LEAST_KNOWN = 0.9
"""A lap is left aside for a source of which it lacks more."""
SLOWEST_MS = 5.0
"""What is divided by speed is divided by this at least."""
SIGNS_ABOVE_MS = 10.0
STEERING_SPEED_MS = 33.0
"""At this speed a car needs twice the steering for the same curve as when it creeps."""
SAME_SIGN = 0.3
OTHER_SIGN = -0.5
SHAPE_M = 15.0
"""Curvatures are compared smoothed over this: a kart's gyroscope shakes, and laps lie some metres beside each other."""
ALIKE = 0.5
FAR_M = 30.0
"""Laps whose curvatures correlate less, or whose paths lie farther apart at the median, are of different layouts."""
GRAVITY = 9.80665


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A line as driven, arrays on a grid of `step_m`; see `TrackModel` for units and signs."""

    step_m: float
    curvature: Floats
    heading_deg: Floats
    source: str
    x: Floats | None = None
    y: Floats | None = None
    origin: tuple[float, float] | None = None
    flags: dict[str, object] = field(default_factory=dict)


def line_of(laps: Sequence[Channels], step_m: float, *, origin: tuple[float, float] | None = None) -> Line | None:
    """The line the laps drive, from the first source that most of them have; None if there is none.

    Args:
        laps: each lap's channels in catalogue units, on one grid from the line to the line, both included.
        step_m: metres between two points.
        origin: where the plane touches the Earth, in degrees; None takes the laps' middle.

    Raises:
        IncompatibleLaps: no source tells a line that most of them drive.

    Example:
        >>> turn = 2 * np.pi * np.arange(501) / 500
        >>> circle = {"x": 159.155 * (1 - np.cos(turn)), "y": 159.155 * np.sin(turn), "speed": 90.0 + 0 * turn}
        >>> line = line_of([circle], 2.0)
        >>> line.source, round(1 / line.curvature.mean()), round(line.heading_deg[125])
        ('position', 159, 90)
    """
    refused: IncompatibleLaps | None = None
    for source in (_from_positions, _from_gps, _from_yaw_rate, _from_lateral_g, _from_steering):
        try:
            line = source(laps, step_m, origin)
        except IncompatibleLaps as reason:  # a sensor that tells every lap otherwise is worth less than the next one
            refused = refused or reason
            continue
        if line is not None:
            return _with_signs_checked(line, laps)
    if refused is not None:
        raise refused
    return None


def _from_positions(laps: Sequence[Channels], step_m: float, _: object) -> Line | None:
    paths = _paths(laps, ("x", "y"))
    return None if paths is None else _along(paths, laps, step_m, "position")


def _from_gps(laps: Sequence[Channels], step_m: float, origin: tuple[float, float] | None) -> Line | None:
    names = ("latitude", "longitude")
    places = [[lap[name] for name in names] for lap in laps if all(_is_known(lap, name) for name in names)]
    if not places:
        return None
    if origin is None:
        origin = tuple(round(float(np.nanmedian([place[axis] for place in places])), 7) for axis in (0, 1))  # type: ignore[assignment]
    assert origin is not None  # worked out above
    plane = [on_plane(lat, lon, latitude_0=origin[0], longitude_0=origin[1]) for lat, lon in places]
    paths = _paths([{"x": east, "y": north} for east, north in plane], ("x", "y"), of=len(laps))
    return None if paths is None else replace(_along(paths, laps, step_m, "gps"), origin=origin)


def _from_yaw_rate(laps: Sequence[Channels], step_m: float, _: object) -> Line | None:
    return _reckoned(_median_of(laps, "yaw_rate", step_m, _yaw_curvature), step_m, "yaw_rate")


def _from_lateral_g(laps: Sequence[Channels], step_m: float, _: object) -> Line | None:
    return _reckoned(_median_of(laps, "g_lat", step_m, _lateral_curvature), step_m, "g_lat")


def _from_steering(laps: Sequence[Channels], step_m: float, _: object) -> Line | None:
    for name in ("steering", "steering_angle"):
        turning = _median_of(laps, name, step_m, _steering_curvature)
        if turning is not None:
            once = abs(float(turning.sum()) * step_m)
            whole = float(np.abs(turning).sum()) * step_m
            # A loop that does not turn, a figure of eight, turns at least once each way.
            turning = turning * (2 * np.pi / once if once > 0.2 * whole else 4 * np.pi / whole)
            return _reckoned(turning, step_m, "steering")
    return None


def _yaw_curvature(value: Floats, speed_ms: Floats) -> Floats:
    return np.radians(value) / speed_ms


def _lateral_curvature(value: Floats, speed_ms: Floats) -> Floats:
    return value * GRAVITY / speed_ms**2


def _steering_curvature(value: Floats, speed_ms: Floats) -> Floats:
    return value / (1.0 + (speed_ms / STEERING_SPEED_MS) ** 2)


def _is_known(lap: Channels, name: str) -> bool:
    """Whether a channel is there, changes, and is not missing for much of the lap."""
    values = lap[name] if name in lap else np.zeros(0)
    known = np.isfinite(values)
    return bool(len(values) and known.mean() >= LEAST_KNOWN and np.ptp(values[known]) > 1e-6)


def _median_of(
    laps: Sequence[Channels], name: str, step_m: float, curvature: Callable[[Floats, Floats], Floats]
) -> Floats | None:
    """The median over the laps of the curvature a channel tells, without the point that closes the lap."""
    found = [
        curvature(without_gaps(lap[name]), np.maximum(without_gaps(lap["speed"]) / 3.6, SLOWEST_MS))
        for lap in laps
        if _is_known(lap, name)
    ]
    if not found or 2 * len(found) < len(laps):
        return None
    even = [smoothed(one, SHAPE_M, step_m) for one in found]
    kept = _of_one_layout(found, [_correlation(one, even[0]) > ALIKE for one in even])
    return np.asarray(np.median(kept, axis=0)[:-1])


def _of_one_layout(found: Sequence[Floats], alike: Sequence[bool]) -> list[Floats]:
    """Those like the fastest lap's.

    Raises:
        IncompatibleLaps: half of them are not.
    """
    if 2 * sum(alike) <= len(found) and len(found) > 1:
        raise IncompatibleLaps("they are of different layouts, or driven in different directions.")
    return [one for one, fits in zip(found, alike, strict=True) if fits]


def _paths(laps: Sequence[Channels], names: tuple[str, str], *, of: int | None = None) -> list[Floats] | None:
    """Each lap's path, (2, n), of the laps that have one; None where fewer than half have."""
    found = []
    for lap in laps:
        if all(_is_known(lap, name) for name in names):
            path = without_steps(np.array([lap[name] for name in names]))
            if path is not None and np.hypot(*np.ptp(path, axis=1)) > SMALLEST_M:
                found.append(path)
    if not found or 2 * len(found) < (of or len(laps)):
        return None
    return _of_one_layout(found, [float(np.median(np.hypot(*(path - found[0])))) < FAR_M for path in found])


def _along(paths: Sequence[Floats], laps: Sequence[Channels], step_m: float, source: str) -> Line:
    """The line along the middle of some paths (2, n)."""
    speed_ms = np.maximum(np.median([without_gaps(lap["speed"]) for lap in laps], axis=0) / 3.6, SLOWEST_MS)
    found = smooth_path(np.median(paths, axis=0), speed_ms, step_m)
    flags: dict[str, object] = {} if found.closed else {"open": True}
    if found.noise_ms2 is not None:
        flags["path_noise_ms2"] = found.noise_ms2
    return Line(step_m, found.curvature, found.heading_deg, source, found.x, found.y, flags=flags)


def _reckoned(turning: Floats | None, step_m: float, source: str) -> Line | None:
    """The line whose curvature alone is known: heading and path by dead reckoning, closed at the line.

    None where it goes round more than twice: then the sensor has an offset.
    """
    if turning is None:
        return None
    turning = smoothed(turning, SMOOTH_M, step_m)
    total = float(turning.sum()) * step_m
    turns = round(total / (2 * np.pi))
    if abs(turns) > MOST_TURNS:
        return None
    flags: dict[str, object] = {"dead_reckoned": True}
    closed = abs(total / (2 * np.pi) - turns) < OPEN_TURN
    if not closed:
        flags["open"] = True
    elif turns:
        turning = turning * (2 * np.pi * turns / total)
    else:
        turning = turning - total / (len(turning) * step_m)
    heading = np.concatenate([[0.0], np.cumsum(turning)[:-1]]) * step_m + turning * step_m / 2
    path = np.array([np.cumsum(np.sin(heading)), np.cumsum(np.cos(heading))]) * step_m
    if closed:
        path -= np.outer(path[:, -1], np.arange(1, len(turning) + 1) / len(turning))
    return Line(step_m, turning, np.degrees(heading) % 360.0, source, path[0], path[1], flags=flags)


_SIGNALS: tuple[tuple[str, Callable[[Floats, Floats], Floats]], ...] = (
    ("yaw_rate", _yaw_curvature),
    ("g_lat", _lateral_curvature),
    ("steering", _steering_curvature),
    ("steering_angle", _steering_curvature),
)


def _with_signs_checked(line: Line, laps: Sequence[Channels]) -> Line:
    """The line, and which signals of the fastest lap contradict it (§1.4); it gives way where all others agree.

    Flags: `flipped` names what is the wrong way round, `sign_unknown` what shows no relation, or a line that nothing
    else confirms.
    """
    lap = laps[0]
    speed = np.maximum(without_gaps(lap["speed"])[:-1] / 3.6, SLOWEST_MS)
    fast = speed > SIGNS_ABOVE_MS
    shape = smoothed(line.curvature, SHAPE_M, line.step_m)
    agrees = {
        name: _correlation(
            shape[fast], smoothed(turning(without_gaps(lap[name])[:-1], speed), SHAPE_M, line.step_m)[fast]
        )
        for name, turning in _SIGNALS
        if name != line.source
        and _is_known(lap, name)
        and not (name == "steering_angle" and _is_known(lap, "steering"))
    }
    against = [name for name, found in agrees.items() if found < OTHER_SIGN]
    unknown = [name for name, found in agrees.items() if abs(found) < SAME_SIGN]
    if len(against) >= 2 and len(against) == len(agrees) - len(unknown):
        line, against = _mirrored(line), [line.source]
    if not agrees and line.source in ("g_lat", "steering"):
        unknown.append(line.source)
    flags = dict(line.flags)
    if against:
        flags["flipped"] = ", ".join(against)
    if unknown:
        flags["sign_unknown"] = ", ".join(unknown)
    return replace(line, flags=flags)


def _mirrored(line: Line) -> Line:
    x = None if line.x is None else -line.x
    return replace(line, curvature=-line.curvature, heading_deg=(360.0 - line.heading_deg) % 360.0, x=x)


def _correlation(one: Floats, other: Floats) -> float:
    if len(one) < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
