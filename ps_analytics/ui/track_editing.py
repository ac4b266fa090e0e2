"""What the user moves and writes on the map: the line, the sectors' borders, the corners' names."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ps_analytics.errors import BadTrack, NotFound
from ps_analytics.track import TrackModel


class TrackStore(Protocol):
    """What editing a track asks of a store."""

    def read_track(self, name: str) -> TrackModel:
        """The track of this name."""

    def write_track(self, track: TrackModel, *, edited: bool | None = None) -> None:
        """Keep a track by its name."""

    def name_corners(self, name: str, names: Mapping[int, str]) -> TrackModel:
        """The track with other names of corners."""

    def edit_sectors(self, name: str, borders_m: Sequence[float]) -> TrackModel:
        """The track whose sectors part at these places."""

    def move_line(self, name: str, offset_m: float) -> TrackModel:
        """The track whose line lies so many m further on."""


def edit_track(store: TrackStore, track: TrackModel | None, given: Mapping[str, Any], *, length_m: float) -> TrackModel:
    """The track as it is once what the map asks for is kept.

    Args:
        store: where the user's tracks are. One that is not there yet, because it is only just learned, is put there.
        track: the one on the map.
        given: `do` is "line" with `offset_m`, "sectors" with `borders_m`, or "name" with `corner` (its number) and
            `name`.
        length_m: of the map's line, on which the places are; the model's may differ a little.

    Raises:
        NotFound: no track is known, or it has no such corner.
        BadTrack: it would make no sense; says why.
    """
    if track is None or not track.name:
        raise NotFound("track", "", hint="Its sessions name no track.")
    scale = track.length_m / length_m
    try:
        store.read_track(track.name)
    except NotFound:
        store.write_track(track)
    match given.get("do"):
        case "line":
            return store.move_line(track.name, _number(given, "offset_m") * scale)
        case "sectors":
            return store.edit_sectors(track.name, [place * scale for place in _numbers(given, "borders_m")])
        case "name":
            return store.name_corners(track.name, {int(_number(given, "corner")): str(given.get("name", ""))})
    raise BadTrack("a change", reason=f"'{given.get('do')}' is none: it is 'line', 'sectors' or 'name'.")


def _number(given: Mapping[str, Any], name: str) -> float:
    value = given.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadTrack("a change", reason=f"'{name}' is no number.")
    return float(value)


def _numbers(given: Mapping[str, Any], name: str) -> list[float]:
    values = given.get(name)
    if not isinstance(values, list | tuple):
        raise BadTrack("a change", reason=f"'{name}' is no list of numbers.")
    return [_number({name: value}, name) for value in values]
