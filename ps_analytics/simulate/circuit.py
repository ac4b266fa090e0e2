"""Closed circuits made from a seed: corners and straights that close by construction, as one smooth periodic spline.

The line of a circuit is the line a car drives. Every corner is known before the line is drawn, which is what makes
the circuits useful as truth. Right is positive: a clockwise turn seen from above has positive curvature.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import cumulative_simpson
from scipy.interpolate import CubicSpline

Floats = NDArray[np.float64]

CLEARANCE_M = 26.0
"""Two stretches of one circuit never come nearer than this."""
_SLOW_M = 37.0
_ATTEMPTS = 3000
_PROFILE = np.linspace(0.0, 1.0, 129)


@dataclass(frozen=True, slots=True)
class Corner:
    """One corner in metres from the line; `direction` is +1 for right, −1 for left."""

    number: int
    apex_m: float
    start_m: float
    end_m: float
    direction: int
    radius_m: float


@dataclass(frozen=True, eq=False)
class Circuit:
    """A closed circuit on a grid of about 1 m, all arrays of one length, the line at index 0 and not repeated.

    `distance_m` in m, `x` (east), `y` (north), `z` (up) in m, `curvature` in 1/m (right +), `heading_deg` 0 north,
    clockwise. The pit lane leaves at `pit_entry_m`, runs beside the main straight through the line and joins at
    `pit_exit_m`, on the side `pit_side` (+1 right).
    """

    name: str
    length_m: float
    distance_m: Floats
    x: Floats
    y: Floats
    z: Floats
    curvature: Floats
    heading_deg: Floats
    corners: tuple[Corner, ...]
    pit_entry_m: float
    pit_exit_m: float
    pit_side: int = 1
    latitude: float = 35.5
    longitude: float = -41.0
    altitude_m: float = 85.0

    @property
    def step_m(self) -> float:
        """Metres between two points of the grid."""
        return self.length_m / len(self.distance_m)


@dataclass(frozen=True, slots=True, eq=False)
class _Bend:
    """A corner before it has a place: turn in rad (right +), arc length in m and where its peak is (share)."""

    turn: float
    length: float
    skew: float

    def shape(self, share: Floats) -> Floats:
        """Curvature over the share of its length, area 1: quick in, a rounded middle, quick out."""
        return _bump(share, self.skew) / _area(self.skew)


def _bump(share: Floats, skew: float) -> Floats:
    return (1.0 - np.abs(2.0 * share**skew - 1.0) ** 2.4) ** 1.4


def _area(skew: float) -> float:
    return float(np.trapezoid(_bump(_PROFILE, skew), _PROFILE))


_CLASSES = (  # turn in degrees, radius in m at the apex, weight
    (140.0, 185.0, 12.5, 18.0, 0.14),
    (80.0, 125.0, 17.0, 36.0, 0.30),
    (50.0, 95.0, 38.0, 85.0, 0.28),
    (24.0, 60.0, 95.0, 230.0, 0.28),
)


def generate(name: str, *, seed: int, length_m: float, corners: int) -> Circuit:
    """A circuit of exactly this length and number of corners, the same for the same seed.

    Args:
        name: what it is called.
        seed: decides everything else.
        length_m: 1,000 to 10,000 m.
        corners: 4 to 24, at most one in 150 m.

    Raises:
        ValueError: so many corners do not fit on such a length.
    """
    if not (1000 <= length_m <= 10_000 and 4 <= corners <= 24 and length_m / corners >= 150):
        raise ValueError(
            f"no circuit of {length_m:.0f} m has {corners} corners: take 1,000–10,000 m, 4–24 corners, "
            "at most one in 150 m"
        )
    rng = np.random.default_rng([seed, corners, round(length_m)])
    for _ in range(_ATTEMPTS):
        bends = _draw_bends(rng, length_m, corners)
        straights = None if bends is None else _fit_straights(rng, bends, length_m)
        if bends is None or straights is None:
            continue
        points, marks = _trace(bends, straights, split=float(rng.uniform(0.5, 0.62)))
        if _is_clear(points):
            return _build(name, rng, length_m, points, bends, marks)
    raise ValueError(f"seed {seed} makes no circuit of {length_m:.0f} m with {corners} corners: take another seed")


def _draw_bends(rng: np.random.Generator, length_m: float, corners: int) -> list[_Bend] | None:
    """Corners in an order whose heading never strays far from a steady way round, or None."""
    weights = np.array([row[4] for row in _CLASSES])
    rows = [_CLASSES[i] for i in rng.choice(len(_CLASSES), corners, p=weights / weights.sum())]
    turns = np.radians([rng.uniform(row[0], row[1]) for row in rows])
    radii = np.array([math.exp(rng.uniform(math.log(row[2]), math.log(row[3]))) for row in rows])
    order = rng.permuted(np.tile(np.arange(corners), (64, 1)), axis=1)
    signs = np.where(rng.random((64, corners)) < rng.uniform(0.62, 0.8), 1.0, -1.0)
    signed = turns[order] * signs
    excess = signed.sum(axis=1, keepdims=True) - 2 * math.pi
    signed = signed - excess * turns[order] / turns.sum()
    steady = 2 * math.pi * np.arange(1, corners + 1) / corners
    stray = np.ptp(np.cumsum(signed, axis=1) - steady, axis=1)
    kept = np.flatnonzero(
        (np.abs(excess[:, 0]) < 0.25 * turns.sum())
        & (np.abs(signed).min(axis=1) > math.radians(20))
        & (np.abs(signed).max(axis=1) < math.radians(195))
        & (stray < math.radians(250))
    )
    if len(kept) == 0:
        return None
    signed, radii = signed[kept[0]] * rng.choice((-1.0, 1.0)), radii[order[kept[0]]]
    skews = rng.uniform(0.85, 1.15, corners)
    arcs = np.array([abs(t) * r / _area(k) for t, r, k in zip(signed, radii, skews, strict=True)])
    arcs = _fit_arcs(arcs, radii, rng.uniform(0.40, 0.54) * length_m)
    if arcs.sum() > 0.68 * length_m:
        return None
    return [_Bend(float(t), float(a), float(k)) for t, a, k in zip(signed, arcs, skews, strict=True)]


def _fit_arcs(arcs: Floats, radii: Floats, wish_m: float) -> Floats:
    """The arcs with all but the slow corners wider or tighter, so that together they come near the wish in m."""
    slow = radii < _SLOW_M
    factor = (wish_m - arcs[slow].sum()) / max(float(arcs[~slow].sum()), 1.0)
    return np.where(slow, arcs, arcs * np.clip(factor, _SLOW_M / radii, 1.9))


def _fit_straights(rng: np.random.Generator, bends: list[_Bend], length_m: float) -> Floats | None:
    """Straights in m, the main one first, each before its corner, that close the circuit at its length; or None."""
    count = len(bends)
    left = length_m - sum(bend.length for bend in bends)
    wish = rng.lognormal(0.0, 0.7, count)
    wish[0] = max(wish[0], 0.28 * wish.sum())
    wish *= left / wish.sum()
    turns = np.array([bend.turn for bend in bends])
    headings = np.concatenate(([0.0], np.cumsum(turns)[:-1]))
    bent = sum((_chord(bend, heading) for bend, heading in zip(bends, headings, strict=True)), np.zeros(2))
    matrix = np.vstack([np.sin(headings), np.cos(headings), np.ones(count)])
    target = np.array([-bent[0], -bent[1], left])
    weight = wish**1.5
    missing = target - matrix @ wish
    straights = wish + weight * (matrix.T @ np.linalg.lstsq((matrix * weight) @ matrix.T, missing, rcond=None)[0])
    main_m = max(0.085 * length_m, 150.0)
    if straights.min() < 8.0 or straights[0] < main_m or straights[0] > 0.24 * length_m + 60:
        return None
    return np.asarray(straights, dtype=np.float64)


def _chord(bend: _Bend, heading: float) -> Floats:
    """From its start to its end in m (east, north), entered at this heading (rad)."""
    east, north = _inside(bend, heading, _PROFILE)
    return np.array([east[-1], north[-1]])


def _inside(bend: _Bend, heading: float, share: Floats) -> tuple[Floats, Floats]:
    along = heading + bend.turn * cumulative_simpson(bend.shape(share), x=share, initial=0.0)
    return (
        bend.length * cumulative_simpson(np.sin(along), x=share, initial=0.0),
        bend.length * cumulative_simpson(np.cos(along), x=share, initial=0.0),
    )


def _trace(bends: list[_Bend], straights: Floats, *, split: float) -> tuple[Floats, list[tuple[float, float]]]:
    """Points (n, 3: distance, east, north) from the line on, and each corner's start and end in m."""
    pieces, marks = [], []
    at, heading, distance = np.zeros(2), 0.0, 0.0
    runs = [straights[0] * (1 - split), *straights[1:], straights[0] * split]
    for run, bend in zip(runs, [*bends, None], strict=True):
        share = np.linspace(0.0, 1.0, max(2, round(run / 2.5)) + 1)[:-1]
        ahead = np.array([math.sin(heading), math.cos(heading)])
        pieces.append(np.column_stack([distance + run * share, at + np.outer(run * share, ahead)]))
        at, distance = at + run * ahead, distance + run
        if bend is None:
            break
        east, north = _inside(bend, heading, _PROFILE)
        skip = max(1, int(2.5 / bend.length * (len(_PROFILE) - 1)))
        pick = np.arange(0, len(_PROFILE) - max(1, skip // 2), skip)
        pieces.append(np.column_stack([distance + bend.length * _PROFILE, at[0] + east, at[1] + north])[pick])
        marks.append((distance, distance + bend.length))
        at, distance, heading = at + np.array([east[-1], north[-1]]), distance + bend.length, heading + bend.turn
    return np.vstack(pieces), marks


def _is_clear(points: Floats) -> bool:
    """Whether no two stretches come near each other."""
    thin = points[::4]
    away = np.hypot(thin[:, None, 1] - thin[None, :, 1], thin[:, None, 2] - thin[None, :, 2])
    apart = np.abs(thin[:, None, 0] - thin[None, :, 0])
    apart = np.minimum(apart, points[-1, 0] - apart)
    return bool(np.all((away > CLEARANCE_M) | ((away >= 0.3 * apart) & (apart < 160.0))))


def _build(
    name: str,
    rng: np.random.Generator,
    length_m: float,
    points: Floats,
    bends: list[_Bend],
    marks: list[tuple[float, float]],
) -> Circuit:
    """The circuit on its 1 m grid: the spline through the points, scaled to the exact length and turned anywhere."""
    angle = rng.uniform(0.0, 2 * math.pi)
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    knots = np.append(points[:, 0], length_m)
    line = points[:, 1:] @ turn
    line = CubicSpline(knots, np.vstack([line, line[:1]]) - line.mean(axis=0), bc_type="periodic")
    fine = np.linspace(0.0, length_m, 4 * round(length_m) + 1)
    travelled = cumulative_simpson(np.hypot(*line(fine, 1).T), x=fine, initial=0.0)
    scale = length_m / travelled[-1]
    count = round(length_m)
    grid: Floats = np.linspace(0.0, length_m, count, endpoint=False)
    place = np.interp(grid, travelled * scale, fine)
    (x, y), (dx, dy), (ddx, ddy) = (line(place, order).T for order in (0, 1, 2))
    curvature = (dy * ddx - dx * ddy) / np.hypot(dx, dy) ** 3 / scale
    main = (marks[0][0], length_m - marks[-1][1])
    return Circuit(
        name=name,
        length_m=float(length_m),
        distance_m=grid,
        x=x * scale,
        y=y * scale,
        z=_elevation(rng, grid, length_m),
        curvature=curvature,
        heading_deg=np.degrees(np.arctan2(dx, dy)) % 360.0,
        corners=_corners(grid, curvature, bends, marks),
        pit_entry_m=length_m - 0.9 * main[1],
        pit_exit_m=0.85 * main[0],
        pit_side=1 if bends[0].turn > 0 else -1,
        latitude=round(float(rng.uniform(30.0, 45.0)), 4),
        longitude=round(float(rng.uniform(-45.0, -30.0)), 4),
    )


def _corners(
    grid: Floats, curvature: Floats, bends: list[_Bend], marks: list[tuple[float, float]]
) -> tuple[Corner, ...]:
    found = []
    for number, (bend, (start, end)) in enumerate(zip(bends, marks, strict=True), 1):
        inside = np.flatnonzero((grid >= start) & (grid <= end))
        apex = inside[np.argmax(np.abs(curvature[inside]))]
        sign = 1 if bend.turn > 0 else -1
        found.append(Corner(number, float(grid[apex]), start, end, sign, float(1.0 / abs(curvature[apex]))))
    return tuple(found)


def _elevation(rng: np.random.Generator, grid: Floats, length_m: float) -> Floats:
    """Hills of a few waves around the lap, never steeper than 6 %."""
    phase = 2 * math.pi * grid / length_m
    waves = [rng.normal() / k * np.sin(k * phase + rng.uniform(0, 2 * math.pi)) for k in range(1, 7)]
    height = np.sum(waves, axis=0)
    steepest = np.max(np.abs(np.diff(height))) / (length_m / len(grid))
    return np.asarray((height - height.min()) * min(rng.uniform(0.02, 0.05) / steepest, 60.0 / np.ptp(height)))


def gaps(circuit: Circuit) -> tuple[tuple[float, float], ...]:
    """The straights between corners as (start, end) in m; the last one runs through the line, its end beyond L."""
    first = circuit.corners[0]
    inner = [(a.end_m, b.start_m) for a, b in pairwise(circuit.corners)]
    return (*inner, (circuit.corners[-1].end_m, first.start_m + circuit.length_m))
