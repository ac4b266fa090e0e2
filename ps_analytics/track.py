"""The frozen track model: what analysis learns from laps, the store keeps, and tables and maps read."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ps_analytics.errors import BadTrack

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]

JSON_VERSION = 1
LONGEST_M = 200_000.0
"""A track is not longer, in m."""
MOST_POINTS = 100_000
"""Points of a grid that is read."""
MOST_PARTS = 500
"""Corners, sectors, flags and laps that are read."""
LONGEST_TEXT = 200


class Direction(StrEnum):
    """Which way a corner turns."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Corner:
    """One corner; places in m from the line, 0 ≤ place < length: where `start_m` > `end_m` it runs through the line.

    `name` is "T1", "T2" … or what the user or a corner list calls it. `nominal`: known from a list only, the car hardly
    turns there. `angle_deg` is how far it turns in all.
    """

    number: int
    name: str
    direction: Direction
    start_m: float
    apex_m: float
    end_m: float
    radius_m: float | None = None
    angle_deg: float | None = None
    nominal: bool = False


@dataclass(frozen=True, slots=True)
class Straight:
    """What lies between two corners, in m from the line; where `start_m` > `end_m` it runs through the line."""

    number: int
    name: str
    start_m: float
    end_m: float


@dataclass(frozen=True, slots=True)
class Sector:
    """One sector, in m from the line; the sectors of a track follow each other from 0 to its length."""

    number: int
    name: str
    start_m: float
    end_m: float


@dataclass(frozen=True, eq=False)
class TrackModel:
    """A track as learned from laps.

    `distance_m` is its grid, about every 2 m from 0 to before `length_m`, and every array has its shape: `curvature` in
    1/m (right +), `heading_deg` clockwise from north (from the direction at the line where no position is known),
    `speed_kmh` the median of the laps used, and `x` (east), `y` (north) in m, None without positions. Of a GPS track x
    and y are on the plane that touches the Earth at `origin` (latitude, longitude in degrees).

    `source` says what the curvature is from: "position", "gps", "yaw_rate", "g_lat" or "steering". `laps_used` are the
    ids of the laps it was learned from. `flags` tell what to mind.
    """

    length_m: float
    distance_m: Floats
    curvature: Floats
    heading_deg: Floats
    speed_kmh: Floats
    source: str
    algo_version: str
    x: Floats | None = None
    y: Floats | None = None
    origin: tuple[float, float] | None = None
    name: str | None = None
    corners: tuple[Corner, ...] = ()
    sectors: tuple[Sector, ...] = ()
    laps_used: tuple[str, ...] = ()
    flags: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def straights(self) -> tuple[Straight, ...]:
        """What lies between the corners, from the line on; the one through the line is the last.

        Corners that are only `nominal` interrupt none. A track without corners is one straight. One that does not end
        where it began (flag `open`) has none through the line.
        """
        corners = [corner for corner in self.corners if not corner.nominal]
        if not corners:
            return (Straight(1, "Straight 1", 0.0, self.length_m),)
        gaps = [(one.end_m, other.start_m) for one, other in pairwise(corners) if self._is_free(one, other)]
        first, last = corners[0], corners[-1]
        if self.flags.get("open"):
            ends = [(0.0, first.start_m), (last.end_m, self.length_m)]
            gaps += [gap for gap in ends if gap[0] < gap[1]]
        elif self._is_free(last, first):
            gaps.append((last.end_m, first.start_m))
        gaps.sort(key=lambda gap: (gap[0] > gap[1], gap[0]))
        return tuple(Straight(n, f"Straight {n}", start, end) for n, (start, end) in enumerate(gaps, 1))

    def _is_free(self, one: Corner, other: Corner) -> bool:
        """Whether anything lies between the end of a corner and the start of the next one."""
        apart = (other.apex_m - one.apex_m) % self.length_m or self.length_m
        taken = (one.end_m - one.apex_m) % self.length_m + (other.apex_m - other.start_m) % self.length_m
        return apart > taken

    def is_within(self, distance_m: Floats, start_m: float, end_m: float) -> NDArray[np.bool_]:
        """Which places lie from `start_m` to before `end_m`, through the line where start > end; shape of the places.

        A lap's samples that lie a little beyond the line count as its first or last metres; NaN lies nowhere.
        """
        at = np.clip(distance_m, 0.0, np.nextafter(self.length_m, 0.0))
        if start_m <= end_m:
            return np.asarray((at >= start_m) & (at < end_m))
        return np.asarray((at >= start_m) | (at < end_m))

    def section_ids(self, distance_m: Floats) -> tuple[Ids, Ids, Ids]:
        """The numbers of corner, straight and sector at places in m from the line; 0 outside, shape of the places.

        Where a nominal corner overlaps another, it gives way.
        """
        corners = sorted(self.corners, key=lambda corner: not corner.nominal)
        sections: tuple[Sequence[Corner | Straight | Sector], ...] = (corners, self.straights, self.sectors)
        found = tuple(np.zeros(len(distance_m), dtype=np.int32) for _ in sections)
        for ids, parts in zip(found, sections, strict=True):
            for part in parts:
                ids[self.is_within(distance_m, part.start_m, part.end_m)] = part.number
        return found[0], found[1], found[2]

    def corner_at(self, distance_m: float) -> Corner | None:
        """The corner at a place in m from the line, None on a straight."""
        number = int(self.section_ids(np.array([distance_m]))[0][0])
        return next((corner for corner in self.corners if corner.number == number), None)

    def to_json(self) -> dict[str, object]:
        """The model as JSON values, which `from_json` reads back without loss."""
        values = {name: _plain(getattr(self, name)) for name in _FIELDS}
        return {"version": JSON_VERSION, **values}

    @classmethod
    def from_json(cls, data: object) -> "TrackModel":
        """The model that `to_json` wrote.

        Raises:
            BadTrack: it is none, or makes no sense: arrays of other lengths, NaN, places off the track, too large.
        """
        read = JsonReader(data)
        if read.values.get("version") != JSON_VERSION:
            raise read.bad(f"its version is not {JSON_VERSION}, the only one read here")
        length_m = read.number("length_m", low=1.0, high=LONGEST_M)
        distance_m = read.floats("distance_m", None)
        if distance_m is None or distance_m[0] < 0 or distance_m[-1] >= length_m or not np.all(np.diff(distance_m) > 0):
            raise read.bad("'distance_m' does not increase from 0 to before the length")
        count = len(distance_m)
        x, y = read.floats("x", count, optional=True), read.floats("y", count, optional=True)
        if (x is None) != (y is None):
            raise read.bad("it has one of 'x' and 'y' only")
        return cls(
            length_m=length_m,
            distance_m=distance_m,
            curvature=read.needed_floats("curvature", count),
            heading_deg=read.needed_floats("heading_deg", count),
            speed_kmh=read.needed_floats("speed_kmh", count),
            source=read.text("source"),
            algo_version=read.text("algo_version"),
            x=x,
            y=y,
            origin=read.origin(),
            name=None if read.values.get("name") is None else read.text("name"),
            corners=read.corners(length_m),
            sectors=read.sectors(length_m),
            laps_used=read.texts("laps_used"),
            flags=MappingProxyType(read.flags()),
        )


def ahead_m(from_m: float, to_m: float, length_m: float) -> float:
    """Metres from one place of a track to another the short way round: below 0 it lies behind.

    Example:
        >>> ahead_m(950.0, 50.0, 1000.0), ahead_m(50.0, 950.0, 1000.0)
        (100.0, -100.0)
    """
    return (to_m - from_m + length_m / 2) % length_m - length_m / 2


def is_between(place_m: float, start_m: float, end_m: float, length_m: float) -> bool:
    """Whether a place lies from `start_m` on to `end_m`, through the line where start > end.

    Example:
        >>> is_between(10.0, 950.0, 30.0, 1000.0), is_between(900.0, 950.0, 30.0, 1000.0)
        (True, False)
    """
    return (place_m - start_m) % length_m <= (end_m - start_m) % length_m


def begun_at(track: TrackModel, offset_m: float) -> TrackModel:
    """The same track begun so many m further on: its line and corners; its sectors, which begin at the line, are gone.

    Example:
        >>> curvature = np.array([0.0, 0.1, 0.0, 0.0])
        >>> track = TrackModel(8.0, np.arange(0.0, 8.0, 2.0), curvature, *2 * (np.zeros(4),), "position", "1")
        >>> begun_at(track, 2.0).curvature
        array([0.1, 0. , 0. , 0. ])
    """
    at, length_m = track.distance_m + offset_m, track.length_m

    def along(values: Floats) -> Floats:
        return np.asarray(np.interp(at, track.distance_m, values, period=length_m))

    def moved(place_m: float) -> float:
        return place_after(place_m, -offset_m, length_m)

    angle = np.radians(track.heading_deg)
    heading = np.degrees(np.arctan2(along(np.sin(angle)), along(np.cos(angle))))
    if track.x is None:
        heading = heading - heading[0]  # told from the direction at the line
    corners = (
        replace(corner, start_m=moved(corner.start_m), apex_m=moved(corner.apex_m), end_m=moved(corner.end_m))
        for corner in track.corners
    )
    return replace(
        track,
        curvature=along(track.curvature),
        heading_deg=np.mod(heading, 360.0),
        speed_kmh=along(track.speed_kmh),
        x=None if track.x is None else along(track.x),
        y=None if track.y is None else along(track.y),
        corners=tuple(sorted(corners, key=lambda corner: corner.apex_m)),
        sectors=(),
    )


def place_after(place_m: float, ahead_by_m: float, length_m: float) -> float:
    """The place so many m further on, 0 ≤ place < length.

    Example:
        >>> place_after(990.0, 20.0, 1000.0), place_after(0.0, -1e-20, 1000.0)
        (10.0, 0.0)
    """
    place = (place_m + ahead_by_m) % length_m
    return place if place < length_m else 0.0  # a tiny negative rounds up to the length


def sectors_between(borders_m: Sequence[float], length_m: float, name: str) -> tuple[Sector, ...]:
    """The sectors from the line to the line that part at these places, each called `name` and its number.

    Example:
        >>> [(sector.name, sector.end_m) for sector in sectors_between([300.0], 900.0, "S")]
        [('S1', 300.0), ('S2', 900.0)]
    """
    edges = pairwise([0.0, *borders_m, length_m])
    return tuple(Sector(number, f"{name}{number}", start, end) for number, (start, end) in enumerate(edges, 1))


_FIELDS = tuple(found.name for found in fields(TrackModel))


def _plain(value: object) -> object:
    """A field's value as JSON has it."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Corner | Sector):
        return asdict(value)
    return value


class JsonReader:
    """The fields of a JSON object, each checked as it is read; `BadTrack` tells of the first that makes no sense."""

    def __init__(self, data: object, what: str = "this track model") -> None:
        self.what = what
        if not isinstance(data, Mapping):
            raise self.bad("it is not a JSON object")
        self.values: Mapping[str, object] = data

    def bad(self, reason: str) -> BadTrack:
        """The error that says what is wrong with this object."""
        return BadTrack(self.what, reason=f"{reason}.")

    def number(self, name: str, *, low: float, high: float) -> float:
        """A finite number from `low` to `high`."""
        found = self.values.get(name)
        if isinstance(found, bool) or not isinstance(found, int | float) or not low <= found <= high:
            raise self.bad(f"'{name}' is not a number from {low:g} to {high:g}")
        return float(found)

    def optional(self, name: str, *, low: float, high: float) -> float | None:
        """A number, or None where there is none."""
        return None if self.values.get(name) is None else self.number(name, low=low, high=high)

    def count(self, name: str) -> int:
        """A whole number from 1 on."""
        found = self.number(name, low=1, high=9_999)
        if found != int(found):
            raise self.bad(f"'{name}' is not a whole number")
        return int(found)

    def text(self, name: str) -> str:
        """A text that is neither empty nor too long."""
        found = self.values.get(name)
        if not isinstance(found, str) or not 0 < len(found) <= LONGEST_TEXT:
            raise self.bad(f"'{name}' is not a text of 1 to {LONGEST_TEXT} characters")
        return found

    def items(self, name: str, *, most: int = MOST_PARTS) -> list[object]:
        """A list of at most so many things; an absent one is empty."""
        found = self.values.get(name, [])
        if not isinstance(found, list) or len(found) > most:
            raise self.bad(f"'{name}' is not a list of at most {most}")
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(JsonReader({name: part}, self.what).text(name) for part in self.items(name))

    def floats(self, name: str, count: int | None, *, optional: bool = False) -> Floats | None:
        """An array of `count` finite numbers (None: of any length there may be)."""
        found = self.values.get(name)
        if found is None and optional:
            return None
        if not isinstance(found, list) or not 2 <= len(found) <= MOST_POINTS or len(found) != (count or len(found)):
            raise self.bad(f"'{name}' is not a list of {count or f'2 to {MOST_POINTS:,}'} numbers")
        if not all(type(value) in (float, int) for value in found):
            raise self.bad(f"'{name}' does not hold numbers only")
        try:
            values = np.array(found, dtype=np.float64)
        except OverflowError:
            values = np.array([np.inf])
        if not np.isfinite(values).all():
            raise self.bad(f"'{name}' is not finite everywhere")
        return values

    def needed_floats(self, name: str, count: int) -> Floats:
        """An array of `count` finite numbers that must be there."""
        found = self.floats(name, count)
        assert found is not None  # refused otherwise
        return found

    def origin(self) -> tuple[float, float] | None:
        """Latitude and longitude in degrees, or None."""
        found = self.values.get("origin")
        if found is None:
            return None
        if not isinstance(found, list) or len(found) != 2:
            raise self.bad("'origin' is not latitude and longitude")
        place = JsonReader(dict(zip(("latitude", "longitude"), found, strict=True)), self.what)
        return place.number("latitude", low=-90, high=90), place.number("longitude", low=-180, high=180)

    def flags(self) -> dict[str, object]:
        """Flags by name: texts, numbers and conditions."""
        found = self.values.get("flags", {})
        if not isinstance(found, Mapping) or len(found) > MOST_PARTS:
            raise self.bad("'flags' is not a JSON object")
        for name, value in found.items():
            told = JsonReader({"flag": name, "value": value}, self.what)
            told.text("flag")
            if isinstance(value, str):
                told.text("value")
            elif value is not None and not isinstance(value, bool):
                told.number("value", low=-1e12, high=1e12)
        return dict(found)

    def corners(self, length_m: float) -> tuple[Corner, ...]:
        """The corners of a track of this length in m, in order of their apexes."""
        corners = tuple(JsonReader(part, f"{self.what}'s corner").corner(length_m) for part in self.items("corners"))
        if any(two.apex_m < one.apex_m for one, two in pairwise(corners)):
            raise self.bad("its corners are not in the order of their apexes")
        if len({corner.number for corner in corners}) < len(corners):
            raise self.bad("two of its corners have one number")
        return corners

    def corner(self, length_m: float) -> Corner:
        """One corner of a track of this length in m."""
        places = {name: self.number(name, low=0.0, high=length_m) % length_m for name in ("start_m", "apex_m", "end_m")}
        start_m = places["start_m"]
        if (places["apex_m"] - start_m) % length_m > (places["end_m"] - start_m) % length_m:
            raise self.bad("its apex does not lie between its start and its end")
        direction, nominal = self.values.get("direction"), self.values.get("nominal", False)
        if direction not in tuple(Direction) or not isinstance(nominal, bool):
            raise self.bad("'direction' is not left or right, or 'nominal' not true or false")
        radius_m, angle_deg = self.optional("radius_m", low=0.0, high=1e9), self.optional("angle_deg", low=0, high=7200)
        return Corner(
            self.count("number"), self.text("name"), Direction(str(direction)), **places, radius_m=radius_m,
            angle_deg=angle_deg, nominal=nominal,
        )  # fmt: skip

    def sectors(self, length_m: float) -> tuple[Sector, ...]:
        """The sectors of a track of this length in m, from 0 to it without a gap."""
        read = [JsonReader(part, f"{self.what}'s sector") for part in self.items("sectors")]
        places = [[one.number(name, low=0.0, high=length_m) for name in ("start_m", "end_m")] for one in read]
        sectors = tuple(
            Sector(one.count("number"), one.text("name"), start, end)
            for one, (start, end) in zip(read, places, strict=True)
        )
        edges = [0.0, *(sector.end_m for sector in sectors)]
        joined = all(sector.start_m == edge < sector.end_m for sector, edge in zip(sectors, edges, strict=False))
        if sectors and not (joined and edges[-1] == length_m):
            raise self.bad("its sectors do not follow each other from 0 to its length")
        if [sector.number for sector in sectors] != list(range(1, len(sectors) + 1)):
            raise self.bad("its sectors are not numbered 1, 2, 3 …")
        return sectors
