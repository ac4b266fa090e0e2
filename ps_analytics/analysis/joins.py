"""Where one lap can go on as another one: speed, gear, direction and place on the road agree (§7 of the analysis core).

The cheapest way through all pieces of a lap is found exactly, by a dynamic programme over pieces × laps: neither the
best lap of each piece, which no car could drive, nor a greedy walk, which misses what one dear join makes possible.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.grid import GridLap
from ps_analytics.analysis.laid import LaidLaps, follows
from ps_analytics.analysis.plane import on_plane

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

SPEED_SHARE = 0.02
"""Speeds of two laps agree within this share of their mean."""
LATERAL_M = 2.0
"""Two laps agree in place within the width of a car: the driver gets there without a manoeuvre of its own."""
HEADING_DEG = 3.0
"""Two laps agree in direction within this: about what a car turns changing its line on a straight."""
GEARS = 1
"""Gears agree within this many: near a change up, laps of one speed may be in either."""
_SPEED_OVER_M, _PLACE_OVER_M, _HEADING_OVER_M = 4.0, 10.0, 25.0
_TIE_S = 1e-9
_MOVES_M = 50.0


def agreements(laid: LaidLaps, points: Ints) -> tuple[Bools, tuple[str, ...]]:
    """Which laps agree at points of the grid, and by what they were compared.

    Returns:
        points × laps × laps, True where the first lap can go on as the second (every lap can as itself), and the
        names of what was compared: "speed", "position", "gear".
    """
    compared = ["speed"]
    speed = _about(laid.speed_ms, laid, points, _SPEED_OVER_M)[0]
    agree = _apart(speed) <= SPEED_SHARE * np.abs(speed[:, :, None] + speed[:, None, :]) / 2
    if (aside := _aside_m(laid)) is not None:
        compared.append("position")
        agree &= _apart(_about(aside, laid, points, _PLACE_OVER_M)[0]) <= LATERAL_M
        slope = _about(aside, laid, points, _HEADING_OVER_M)[1]
        agree &= np.degrees(_apart(np.arctan(slope))) <= HEADING_DEG
    if (gear := _gears(laid, points)) is not None:
        compared.append("gear")
        agree &= _apart(gear) <= GEARS
    return agree | np.eye(len(laid.grids), dtype=bool), tuple(compared)


def _apart(values: Floats) -> Floats:
    """Points × laps in, points × laps × laps out; NaN where either is missing, which agrees with nothing."""
    return np.asarray(np.abs(values[:, :, None] - values[:, None, :]))


def _about(values: Floats, laid: LaidLaps, points: Ints, reach_m: float) -> tuple[Floats, Floats]:
    """Level and slope a metre of each lap's values around each point: a straight line through `reach_m` either side.

    Laps × points of the grid in, points × laps out. Across the line nothing is fetched: there the window is cut.
    """
    step = float(laid.distance_m[1] - laid.distance_m[0])
    reach = max(1, round(reach_m / step))
    level, slope = (np.empty((len(points), len(values))) for _ in range(2))
    for row, point in enumerate(points.tolist()):
        window = slice(max(0, point - reach), point + reach + 1)
        away = laid.distance_m[window] - laid.distance_m[point]
        centred = away - away.mean()
        level[row] = values[:, window].mean(axis=1)
        slope[row] = values[:, window] @ centred / (centred @ centred)
        level[row] -= slope[row] * away.mean()
    return level, slope


def _gears(laid: LaidLaps, points: Ints) -> Floats | None:
    """The highest gear around each point, points × laps: a gearbox that shifts is in neutral. None if unknown."""
    if not all("gear" in grid.channels for grid in laid.grids):
        return None
    gear = np.stack([grid.channels["gear"] for grid in laid.grids])
    if not np.isfinite(gear).any(axis=1).all():
        return None
    reach = max(1, round(_PLACE_OVER_M / float(laid.distance_m[1] - laid.distance_m[0])))
    windows = [gear[:, max(0, point - reach) : point + reach + 1] for point in points.tolist()]
    return np.array([np.fmax.reduce(window, axis=1) for window in windows]).reshape(len(points), len(gear))


def _aside_m(laid: LaidLaps) -> Floats | None:
    """How far each lap is to the right of the best one, in m; None unless all of them tell where they are."""
    if (paths := _paths(laid.grids)) is None:
        return None
    x, y = paths
    step = float(laid.distance_m[1] - laid.distance_m[0])
    over = max(1, round(_PLACE_OVER_M / step))
    places = np.arange(len(laid.distance_m))
    ahead, behind = np.minimum(places + over, places[-1]), np.maximum(places - over, 0)
    base_x, base_y = x[laid.best], y[laid.best]
    east, north = base_x[ahead] - base_x[behind], base_y[ahead] - base_y[behind]
    length = np.maximum(np.hypot(east, north), 1e-9)
    return np.asarray(((x - base_x) * north - (y - base_y) * east) / length)


def _paths(grids: Sequence[GridLap]) -> tuple[Floats, Floats] | None:
    """Metres east and north, laps × points, from the first pair of channels that every lap has."""
    for east, north in (("x", "y"), ("longitude", "latitude")):
        if not all(east in grid.channels and north in grid.channels for grid in grids):
            continue
        x, y = (np.stack([grid.channels[name] for grid in grids]) for name in (east, north))
        if not (np.isfinite(x).any(axis=1) & np.isfinite(y).any(axis=1)).all():
            continue
        if east == "longitude":
            x, y = on_plane(y, x, latitude_0=float(np.nanmean(y)), longitude_0=float(np.nanmean(x)))
        if np.nanmax(np.ptp(x, axis=1) + np.ptp(y, axis=1)) >= _MOVES_M:
            return x, y
    return None


def cheapest(cost_s: Floats, agree: Bools, closes: Bools) -> Ints:
    """The lap to take for each piece, so that their times are least in sum: shape (pieces,), exact.

    Of ways that take the same time, the one with the fewest joins.

    Args:
        cost_s: pieces × laps, s.
        agree: (pieces − 1) × laps × laps, whether the first lap can go on as the second at the end of a piece.
        closes: laps × laps, whether a lap that ends as the first may begin as the second.

    Example:
        >>> two = np.ones((2, 2), dtype=bool)
        >>> cheapest(np.array([[1.0, 2.0], [2.0, 1.5]]), two[None], two).tolist()
        [0, 1]
    """
    pieces, laps = cost_s.shape
    dear = np.where(agree, np.where(np.eye(laps, dtype=bool), 0.0, _TIE_S), np.inf)
    total = np.where(np.eye(laps, dtype=bool), cost_s[0], np.inf)  # by the lap it began as, by the lap it is now
    came_from = np.empty((pieces, laps, laps), dtype=np.int64)
    for piece in range(1, pieces):
        ways = total[:, :, None] + dear[piece - 1]
        came_from[piece] = ways.argmin(axis=1)
        total = ways.min(axis=1) + cost_s[piece]
    total = np.where(closes.T, total, np.inf)
    begin, lap = np.unravel_index(int(total.argmin()), total.shape)
    chosen = [int(lap)]
    for piece in range(pieces - 1, 0, -1):
        chosen.append(int(came_from[piece, begin, chosen[-1]]))
    return np.array(chosen[::-1])


def closings(laid: LaidLaps) -> Bools:
    """Whether a lap that ends as the first may begin as the second: laps × laps.

    The line lies on a straight, and what is gained there was won in the corner before it. A lap may begin as it ends
    itself, or as the lap does that was driven right after it; else a good exit would count without its corner.
    """
    return np.array([[one is two or follows(one, two) for two in laid.laps] for one in laid.laps])
