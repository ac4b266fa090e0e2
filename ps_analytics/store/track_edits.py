"""What a user changes about a track: names of corners, sectors, the line; the model in, the changed model out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from ps_analytics.errors import BadTrack, NotFound
from ps_analytics.track import LONGEST_TEXT, MOST_PARTS, Corner, TrackModel, begun_at, place_after, sectors_between


def with_names(track: TrackModel, names: Mapping[int, str]) -> TrackModel:
    """The track whose corners of these numbers have other names; an empty one is "T" and the number again.

    Raises:
        NotFound: no corner of a number.
        BadTrack: a name that is too long.
    """
    known = {corner.number: corner for corner in track.corners}
    for number, name in names.items():
        if number not in known:
            raise NotFound("corner", str(number), hint=f"Track '{track.name}' has {_numbers(track.corners)}.")
        plain = " ".join("".join(c if c.isprintable() else " " for c in name).split())
        if len(plain) > LONGEST_TEXT:
            raise BadTrack(f"the name of corner {number}", reason=f"it has more than {LONGEST_TEXT} characters.")
        known[number] = replace(known[number], name=plain or f"T{number}")
    return replace(track, corners=tuple(known[corner.number] for corner in track.corners))


def with_sectors(track: TrackModel, borders_m: Sequence[float]) -> TrackModel:
    """The track whose sectors part at these places, in m from the line; no place makes it one sector.

    Raises:
        BadTrack: the places do not increase, lie off the track, or are too many.
    """
    edges = [0.0, *map(float, borders_m), track.length_m]
    if len(edges) > MOST_PARTS or not all(one < other for one, other in pairwise(edges)):
        told = ", ".join(f"{border:g}" for border in list(borders_m)[:10])
        raise BadTrack(
            f"a list of borders ({told})",
            reason=f"between the line and {track.length_m:.0f} m they must increase. Give places in m from the line.",
        )
    return replace(track, sectors=sectors_between(edges[1:-1], track.length_m, "S"))


def with_line(track: TrackModel, offset_m: float) -> TrackModel:
    """The track whose line lies `offset_m` further on (back where negative): corners and borders of sectors keep their
    places on the asphalt, so their distances from the line change; numbers and names stay.

    Raises:
        BadTrack: it would move by a lap or more.
    """
    if not abs(offset_m) < track.length_m:
        raise BadTrack(
            f"an offset of {offset_m:g} m", reason=f"the lap has {track.length_m:.0f} m. Give less than a lap."
        )
    moved = begun_at(track, offset_m)
    borders = {place_after(sector.end_m, -offset_m, track.length_m) for sector in track.sectors[:-1]}
    return with_sectors(moved, sorted(borders - {0.0})) if track.sectors else moved


def _numbers(corners: Sequence[Corner]) -> str:
    return f"corners {', '.join(str(corner.number) for corner in corners)}" if corners else "no corners"
