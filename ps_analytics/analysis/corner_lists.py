"""Lists of a track's corners made by others: read from their forms, and put on a track that was learned.

The house's own form is a JSON object; places in m from the line, or as shares of the lap where `length_m` is 1:

    {"corner_list": 1, "track": "Example Ring", "length_m": 4180.0,
     "corners": [{"number": 1, "name": "Hairpin", "direction": "right", "start_m": 310.0, "apex_m": 350.0,
                  "end_m": 401.5}, …],
     "sectors": [{"name": "Sector 1", "end_m": 1402.0}, …]}

`length_m`, `sectors` and of a corner all but `apex_m` (or `start_m` and `end_m`) may be left out. Known as well are the
forms of lovely-track-data, of CrewChief's landmarks, of `lmu_track_corners.json` and of RaceIQ's segments. None of
their data is ours to ship: a user imports the list at hand.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import pairwise
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.known_track import NEAR_M, matched, numbered
from ps_analytics.analysis.segment import SMOOTH_M, smoothed
from ps_analytics.errors import BadTrack
from ps_analytics.track import LONGEST_M, Corner, Direction, JsonReader, Sector, TrackModel, ahead_m, is_between

Floats = NDArray[np.float64]

SAME_TRACK = 0.08
"""A list whose lap is longer or shorter by more is another track's; games and lists disagree by 6 % at worst."""
LEAST_MATCHED = 0.4
"""A list that gives fewer of its corners to places where the track turns is another track's."""
SHIFTED_BY = 0.12
SHIFT_STEP_M = 4.0
"""Some lists begin at another line: their places are tried so far to either side, as a share of the lap."""
LIKELY_SHIFT = 0.015
FEWEST_TO_SHIFT = 3
CLEARLY = 1.15
"""A shift larger than the first has to fit so many times better than one within it."""
NOMINAL_HALF_M = 20.0
"""A corner of a list lies so far to either side of its apex, unless the list says where it begins and ends."""
LONGEST_JSON = 20_000_000
"""Characters of JSON text that are read."""
MOST_LISTS = 2_000
_WHAT = "this corner list"


@dataclass(frozen=True, slots=True)
class ListedCorner:
    """One corner of a list, places in the list's metres; `number` and `direction` None where the list says none.

    `is_range` tells a stretch with a name, which may hold several corners, from a corner with an apex.
    """

    name: str | None
    apex_m: float
    start_m: float | None = None
    end_m: float | None = None
    number: int | None = None
    direction: Direction | None = None
    is_range: bool = False


@dataclass(frozen=True, slots=True)
class CornerList:
    """A track's corners as somebody listed them: `length_m` is the lap's length in the list's metres, None if unsaid.

    `tracks` are the names it goes by, the first one first. `sector_ends_m` are the ends of all sectors but the last.
    """

    tracks: tuple[str, ...]
    length_m: float | None
    corners: tuple[ListedCorner, ...]
    sector_ends_m: tuple[float, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every entry is one corner with an apex, so that its order numbers the corners."""
        return not any(corner.is_range for corner in self.corners)


def with_corner_list(track: TrackModel, listed: CornerList) -> TrackModel:
    """A track with the names, numbers and sectors of a list.

    A list that states an apex for each corner numbers them: its corners are matched to the track's by apex, those the
    car hardly turns at are added as `nominal`, and corners the list does not know get the next numbers. A list of named
    stretches names the corners within them and leaves their numbers. Where the list's line seems to lie elsewhere, its
    places are shifted: flag `list_shift_m`.

    Args:
        track: with corners.
        listed: of the same track.

    Raises:
        BadTrack: it is not this track's, by its length or by where it has its corners.

    Example:
        >>> at = np.arange(0.0, 1000.0, 2.0)
        >>> corner = Corner(1, "T1", Direction.LEFT, 200.0, 250.0, 300.0)
        >>> track = TrackModel(1000.0, at, -0.01 * (abs(at - 250) < 50), at, at, "gps", "1", corners=(corner,))
        >>> named = with_corner_list(track, CornerList(("Ring",), 1000.0, (ListedCorner("Hook", 240.0),)))
        >>> named.corners[0].name, named.corners[0].apex_m
        ('Hook', 250.0)
    """
    scale = 1.0
    if listed.length_m is not None:
        scale = track.length_m / listed.length_m
        if listed.length_m > 1.0 and abs(scale - 1) > SAME_TRACK:
            raise BadTrack(
                _WHAT, reason=f"its lap is {listed.length_m:.0f} m long and the track {track.length_m:.0f} m."
            )
    if not listed.corners:
        return _with_sectors(track, [end * scale for end in listed.sector_ends_m])
    turning = _turning(track)
    shift_m = _shift(track, listed, scale, turning)
    known = [_on(track, corner, number, scale, shift_m, turning) for number, corner in enumerate(listed.corners, 1)]
    corners = _numbered_by(track, known) if listed.is_complete else _named_by(track, known)
    named = _with_sectors(replace(track, corners=corners), [end * scale + shift_m for end in listed.sector_ends_m])
    return replace(
        named, flags=MappingProxyType({**track.flags, "list_shift_m": round(shift_m, 1)}) if shift_m else track.flags
    )


def _turning(track: TrackModel) -> Floats:
    """How much the track turns, right +, so that every true corner weighs alike: −1 … 1 along its grid."""
    even = smoothed(track.curvature, SMOOTH_M, track.length_m / len(track.distance_m))
    most = float(np.percentile(np.abs(even), 95)) or 1.0
    return np.asarray(np.sign(even) * np.sqrt(np.minimum(np.abs(even) / most, 1.0)))


def _shift(track: TrackModel, listed: CornerList, scale: float, turning: Floats) -> float:
    """How many metres further the list's places lie on the track: 0 unless another line fits clearly better."""
    step_m = track.length_m / len(turning)
    most = int(SHIFTED_BY * track.length_m / SHIFT_STEP_M)
    shifts = SHIFT_STEP_M * np.arange(-most, most + 1)
    fit = np.zeros(len(shifts))
    exact = [corner for corner in listed.corners if not corner.is_range]
    if len(exact) < FEWEST_TO_SHIFT:
        return 0.0
    for corner in exact:
        here = turning[np.rint((corner.apex_m * scale + shifts) / step_m).astype(int) % len(turning)]
        sign = _SIGN[corner.direction] if corner.direction else 0.0
        fit += np.maximum(sign * here, 0.0) if sign else np.abs(here)
    likely = np.abs(shifts) <= LIKELY_SHIFT * track.length_m
    best, near = int(np.argmax(fit)), int(np.argmax(np.where(likely, fit, -1.0)))
    # A shift within what names are matched over anyway changes nothing.
    return float(shifts[best]) if fit[best] > CLEARLY * fit[near] else 0.0


_SIGN = {Direction.RIGHT: 1.0, Direction.LEFT: -1.0}


def _on(track: TrackModel, listed: ListedCorner, number: int, scale: float, shift_m: float, turning: Floats) -> Corner:
    """A list's corner in the track's metres, turning as its nearest corner does where the list does not say how."""
    length_m = track.length_m

    def place(at: float) -> float:
        return (at * scale + shift_m) % length_m

    apex_m = place(listed.apex_m)
    half_m = min(NOMINAL_HALF_M, length_m / 4)
    start_m = (apex_m - half_m) % length_m if listed.start_m is None else place(listed.start_m)
    end_m = (apex_m + half_m) % length_m if listed.end_m is None else place(listed.end_m)
    if not is_between(apex_m, start_m, end_m, length_m):
        start_m = end_m = apex_m
    near = min(track.corners, key=lambda one: abs(ahead_m(one.apex_m, apex_m, length_m)), default=None)
    direction = listed.direction
    if direction is None and near is not None and abs(ahead_m(near.apex_m, apex_m, length_m)) <= NEAR_M:
        direction = near.direction
    if direction is None:
        here = turning[int(apex_m / length_m * len(turning)) % len(turning)]
        direction = Direction.RIGHT if here > 0 else Direction.LEFT
    number = listed.number or number
    return Corner(number, listed.name or f"T{number}", direction, start_m, apex_m, end_m, nominal=True)


def _numbered_by(track: TrackModel, known: Sequence[Corner]) -> tuple[Corner, ...]:
    """The corners with the list's numbers and names; the list's own ones are nominal, others are numbered on."""
    if len({corner.number for corner in known}) < len(known):
        known = [replace(corner, number=number) for number, corner in enumerate(known, 1)]
    pairs = matched(known, track.corners, track.length_m)
    if len(pairs) < LEAST_MATCHED * len(known):
        raise BadTrack(_WHAT, reason=f"the track turns at {len(pairs)} of its {len(known)} corners only.")
    kept = list(known)
    for listed, found in pairs:
        kept[listed] = replace(track.corners[found], number=known[listed].number, name=known[listed].name)
    taken = {found for _, found in pairs}
    real = [corner for index, corner in enumerate(track.corners) if index not in taken and not corner.nominal]
    return numbered(kept, real)


def _named_by(track: TrackModel, known: Sequence[Corner]) -> tuple[Corner, ...]:
    """The corners within the list's stretches, with their names."""
    named = []
    for corner in track.corners:
        within = [one for one in known if is_between(corner.apex_m, one.start_m, one.end_m, track.length_m)]
        near = min(within, key=lambda one: abs(ahead_m(one.apex_m, corner.apex_m, track.length_m)), default=None)
        named.append(corner if near is None else replace(corner, name=near.name))
    return tuple(named)


def _with_sectors(track: TrackModel, ends: Sequence[float]) -> TrackModel:
    """The track with sectors that end there, if it can have them."""
    if not ends or ends[0] <= 0.0 or ends[-1] >= track.length_m:
        return track
    edges = [0.0, *ends, track.length_m]
    return replace(track, sectors=tuple(Sector(n, f"Sector {n}", a, b) for n, (a, b) in enumerate(pairwise(edges), 1)))


def read_corner_list(data: object, *, track: str | None = None) -> CornerList:
    """One corner list from JSON, as text or as values.

    Args:
        data: the house's form or one of the known public ones.
        track: which one, where the data hold those of several tracks; a single list is taken whatever it is called.

    Raises:
        BadTrack: it is none of these forms, holds nonsense, or several lists and none of that track.

    Example:
        >>> found = read_corner_list({"name": "Ring", "length": 2000, "turn": [{"name": "Hook", "marker": 0.25}]})
        >>> found.corners[0].name, found.corners[0].apex_m
        ('Hook', 500.0)
    """
    lists = read_corner_lists(data)
    if track is not None and len(lists) != 1:
        wanted = [one for one in lists if track.casefold() in (name.casefold() for name in one.tracks)]
        if not wanted:
            known = sorted({name for one in lists for name in one.tracks})
            near = get_close_matches(track, known, n=3, cutoff=0.4)
            hint = f" Did you mean {' or '.join(repr(name) for name in near)}?" if near else ""
            raise BadTrack(_WHAT, reason=f"it has no track '{track}'.{hint}")
        return wanted[0]
    if len(lists) != 1:
        raise BadTrack(_WHAT, reason=f"it holds {len(lists)} tracks: say which one.")
    return lists[0]


def read_corner_lists(data: object) -> tuple[CornerList, ...]:
    """Every corner list that JSON, as text or as values, holds.

    Raises:
        BadTrack: it is none of the known forms, or holds nonsense.

    Example:
        >>> [found.tracks for found in read_corner_lists({"Ring": {"Short": [{"name": "T1", "apex": 90.0}]}})]
        [('Ring – Short',)]
    """
    values = _parsed(data) if isinstance(data, str | bytes) else data
    reader = JsonReader(values, _WHAT)
    for key, read in _FORMS:
        if key in reader.values:
            return read(reader)
    return _of_layouts(reader)


def _parsed(text: str | bytes) -> object:
    if len(text) > LONGEST_JSON:
        raise BadTrack(_WHAT, reason=f"it has more than {LONGEST_JSON:,} characters.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # a UnicodeDecodeError is a ValueError
        raise BadTrack(_WHAT, reason="it is not JSON.") from None


def _of_house(reader: JsonReader) -> tuple[CornerList, ...]:
    if reader.values["corner_list"] != 1:
        raise reader.bad("its version is not 1, the only one read here")
    length_m = reader.optional("length_m", low=1.0, high=LONGEST_M)
    corners = tuple(
        _corner(part, {name: name for name in ("number", "name", "direction", "start_m", "apex_m", "end_m")})
        for part in _objects(reader, "corners")
    )
    ends = [part.number("end_m", low=0.0, high=LONGEST_M) for part in _objects(reader, "sectors")]
    return (_checked(CornerList((reader.text("track"),), length_m, corners, tuple(ends))),)


def _of_lovely(reader: JsonReader) -> tuple[CornerList, ...]:
    length_m = reader.optional("length", low=1.0, high=LONGEST_M) or 1.0
    names = {"number": "number", "name": "name", "start_m": "start", "apex_m": "marker", "end_m": "end"}
    corners = [
        replace(_corner(part, names, scale=length_m), direction=_lovely_direction(part.values.get("direction")))
        for part in _objects(reader, "turn")
        if part.values.keys() & {"marker", "start"}
    ]
    ends = [part.number("marker", low=0.0, high=1.0) * length_m for part in _objects(reader, "sector")]
    named = tuple(str(reader.values[key]) for key in ("name", "trackId") if reader.values.get(key))
    return (_checked(CornerList(named or ("",), length_m, tuple(corners), tuple(ends))),)


def _lovely_direction(value: object) -> Direction | None:
    return Direction.RIGHT if value == 1 else Direction.LEFT if value == 0 else None


def _of_crewchief(reader: JsonReader) -> tuple[CornerList, ...]:
    lists: list[CornerList] = []
    for one in _objects(reader, "TrackLandmarksData", most=MOST_LISTS):
        names = {"name": "landmarkName", "start_m": "distanceRoundLapStart", "end_m": "distanceRoundLapEnd"}
        corners = [_corner(part, names) for part in _objects(one, "trackLandmarks")]
        spoken = tuple(replace(c, name=c.name and c.name.replace("_", " ").title()) for c in corners)
        lists.append(_checked(CornerList(tuple(_names(one)), None, spoken)))
    return tuple(lists)


def _names(one: JsonReader) -> Iterator[str]:
    """A track's name in each game."""
    for key, value in one.values.items():
        if key.endswith("TrackName") and isinstance(value, str):
            yield value
        if key.endswith("TrackNames"):
            yield from one.texts(key)


def _of_raceiq(reader: JsonReader) -> tuple[CornerList, ...]:
    names = {"name": "name", "direction": "direction", "start_m": "startFrac", "end_m": "endFrac"}
    parts = [part for part in _objects(reader, "segments") if part.values.get("type") == "corner"]
    sectors = reader.values.get("sectors")
    ends = []
    if isinstance(sectors, Mapping):
        stated = JsonReader(sectors, _WHAT)
        ends = [stated.number(key, low=0.0, high=1.0) for key in ("s1End", "s2End") if key in sectors]
    return (_checked(CornerList((reader.text("name"),), 1.0, tuple(_corner(p, names) for p in parts), tuple(ends))),)


def _of_layouts(reader: JsonReader) -> tuple[CornerList, ...]:
    """The form of `lmu_track_corners.json`: a track's name, its layouts' names, a list of corners each."""
    names = {"name": "name", "direction": "direction", "start_m": "start", "apex_m": "apex", "end_m": "end"}
    lists: list[CornerList] = []
    for track, layouts in reader.values.items():
        if not isinstance(layouts, Mapping) or len(lists) > MOST_LISTS:
            raise reader.bad("it is none of the forms read here")
        one = JsonReader(layouts, _WHAT)
        for layout in layouts:
            corners = tuple(_corner(part, names) for part in _objects(one, layout))
            called = (track,) if layout == "Default" else (f"{track} – {layout}",)
            lists.append(_checked(CornerList(called, None, corners)))
    return tuple(lists)


_FORMS = (
    ("corner_list", _of_house),
    ("turn", _of_lovely),
    ("trackId", _of_lovely),
    ("TrackLandmarksData", _of_crewchief),
    ("segments", _of_raceiq),
)


def _objects(reader: JsonReader, name: str, *, most: int | None = None) -> list[JsonReader]:
    parts = reader.items(name) if most is None else reader.items(name, most=most)
    return [JsonReader(part, _WHAT) for part in parts]


def _corner(part: JsonReader, names: Mapping[str, str], *, scale: float = 1.0) -> ListedCorner:
    """A corner read by its form's names; without an apex it is a stretch."""

    def place(field: str) -> float | None:
        found = None if field not in names else part.optional(names[field], low=0.0, high=LONGEST_M)
        return None if found is None else found * scale

    def said(field: str) -> object:
        return part.values.get(names[field]) if field in names else None

    start, apex, end = place("start_m"), place("apex_m"), place("end_m")
    if apex is None and (start is None or end is None):
        raise part.bad("a corner has neither an apex nor a start and an end")
    direction = said("direction")
    return ListedCorner(
        name=part.text(names["name"]) if said("name") else None,
        apex_m=apex if apex is not None else ((start or 0.0) + (end or 0.0)) / 2,
        start_m=start,
        end_m=end,
        number=part.count(names["number"]) if said("number") is not None else None,
        direction=Direction(direction.lower()) if str(direction).lower() in tuple(Direction) else None,  # type: ignore[attr-defined]
        is_range=apex is None,
    )


def _checked(found: CornerList) -> CornerList:
    """The list if it makes sense; sector ends out of order are left out.

    Raises:
        BadTrack: places beyond the lap.
    """
    length_m = found.length_m or LONGEST_M
    places = [
        place for c in found.corners for place in (c.start_m, c.apex_m, c.end_m) if place is not None
    ]  # fmt: skip
    if any(place > 1.1 * length_m for place in places):
        raise BadTrack(_WHAT, reason=f"a corner lies beyond the lap's {length_m:g} m.")
    ends = [end for end in found.sector_ends_m if 0.0 < end < 0.999 * length_m]
    ordered = all(one < two for one, two in pairwise(ends))
    return replace(found, sector_ends_m=tuple(ends) if ordered else ())
