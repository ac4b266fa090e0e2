"""When tracks are learned and laps are cut into their sections: after sealing, after an import, when a track changes.

Nothing here is needed to keep a lap. What is left undone the database tells: laps whose sections are not of their
track's revision; so it can end at any moment and go on with the next process.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import polars as pl

from ps_analytics.analysis.align import grid_lap
from ps_analytics.analysis.sectors import sector_times
from ps_analytics.analysis.track import ALGO_VERSION, MOST_LAPS, track_model
from ps_analytics.errors import BadTrack, DatabaseUnreachable, IncompatibleLaps, NotFound, PurpleSectorError
from ps_analytics.ingest.sections import sections_of
from ps_analytics.lap import Lap, LapSection
from ps_analytics.store.store import Store
from ps_analytics.track import Corner, TrackModel, ahead_m

log = logging.getLogger(__name__)

PLACED_BY = (
    "timestamp", "lap_time", "normalized_position", "distance", "speed", "gps_speed", "x", "y", "latitude", "longitude",
)  # fmt: skip
"""The channels that tell where a lap was."""
LEARNED_FROM = (*PLACED_BY, "yaw_rate", "g_lat", "steering", "steering_angle", "heading")
"""The channels that tell how a track turns."""
CANDIDATES = 2 * MOST_LAPS
"""So many of the fastest laps are looked at: some of them may prove of no use."""
SLOWEST = 1.12
"""A lap slower than so many times the fastest was driven in other conditions."""
SETTLED_M = 2.0
"""Where no border of a track moves by more than a step of its grid, all stay: laps need not be cut again."""

Key = tuple[str, str]
"""A user and the name of a track of his."""


def learn(store: Store, name: str, *, anew: bool = False) -> TrackModel | None:
    """The track as it is now known; learned again where better laps have come. None: no lap tells it yet.

    The fastest usable laps count, of any session and car, those with a position first: where the track lies does not
    depend on the car. What the user named or moved stays.

    Args:
        store: its user's.
        name: as sessions write it.
        anew: learn it again, better laps or not.

    Raises:
        IncompatibleLaps: the laps there are do not tell it; the reason says why.
    """
    known = _known(store, name)
    best = _candidates(store, name)
    if not best or not (anew or _is_worth_it(known, best)):
        return known
    laps = [store.read_lap(lap_id, LEARNED_FROM, lenient=True) for lap_id in best]
    model = _settled(known, _model_of(laps, name, known))
    with store.transaction() as transaction:
        try:
            current: TrackModel | None = transaction.read_track(name)
        except (NotFound, BadTrack):
            current = None
        if _is_same(current, known) and not _is_same(current, model):  # else the user changed it meanwhile
            transaction.write_track(model)
    return model


def cut(store: Store, lap_id: str, revision: int) -> None:
    """Cut a sealed lap into the sections of its track; one that cannot be placed on it is cut into none.

    Args:
        store: its user's.
        lap_id: the lap's.
        revision: of its track, as `find_uncut_laps` has it.

    Raises:
        NotFound: no such lap.
    """
    lap = store.read_lap(lap_id, PLACED_BY, lenient=True)
    found: tuple[LapSection, ...] = ()
    sectors_s: tuple[float, ...] = ()
    if lap.track_model is not None:
        with suppress(IncompatibleLaps):
            found = sections_of(lap, lap.track_model)
            sectors_s = _sector_times(lap, lap.track_model)
    with store.transaction() as transaction:
        transaction.write_sections(lap, found, revision=revision, sectors_s=sectors_s)


def catch_up(store: Store, name: str, *, report: Callable[[float], None] = lambda share: None) -> None:
    """Learn a track if there is something to learn, and cut every lap of it that is not cut by it as it is.

    What fails is logged and left out.

    Args:
        store: its user's.
        name: the track's.
        report: told how far it is, 0…1.

    Raises:
        DatabaseUnreachable: nobody answers.
    """
    backlog = Backlog()
    backlog.add(store.user, name)
    backlog.step(store)
    laps = len(store.find_uncut_laps(name))
    done = 0
    while backlog.pending:
        report(min(1.0, done / max(laps, 1)))
        backlog.step(store)
        done += 1
    report(1.0)


class Backlog:
    """Tracks that may have something to learn from and laps to cut, of all users; one thing a step, tracks in turn."""

    def __init__(self) -> None:
        self._waiting: dict[Key, bool] = {}
        """Whether it has been looked at if there is something to learn."""
        self._failed: set[Key] = set()

    @property
    def pending(self) -> bool:
        """Whether there is something to do."""
        return bool(self._waiting)

    def add(self, user: str, track: str) -> None:
        """A lap of a track is new, or it changed: it is learned if that is worth it, and its laps are cut."""
        self._waiting[user, track] = False

    def step(self, store: Store) -> None:
        """Learn one track, or cut one lap. What fails is logged, once a track, and not tried again until it changes.

        Args:
            store: of any user.

        Raises:
            DatabaseUnreachable: nobody answers; the next step tries again.
        """
        if not self._waiting:
            return
        key = next(iter(self._waiting))
        mine, learned = store.for_user(key[0]), self._waiting[key]
        undone = mine.find_uncut_laps(key[1], limit=1) if learned else None
        if undone is not None and undone.is_empty():
            del self._waiting[key]
            return
        try:
            if undone is None:
                learn(mine, key[1])
            else:
                cut(mine, *undone.row(0))
        except DatabaseUnreachable:
            raise
        except Exception as error:  # frames and laps are safe whatever this is: it must not stop who keeps them
            self._tell(key, error)
            if undone is not None:
                _leave_uncut(mine, *undone.row(0))
        del self._waiting[key]
        self._waiting[key] = True

    def _tell(self, key: Key, error: Exception) -> None:
        if key in self._failed:
            return
        self._failed.add(key)
        known = isinstance(error, PurpleSectorError)
        log.warning("track '%s' is not learned, or laps of it are not cut: %s", key[1], error, exc_info=not known)


def _leave_uncut(store: Store, lap_id: str, revision: int) -> None:
    """Note that a lap cannot be cut by its track as it is."""
    with suppress(NotFound):
        lap = store.read_lap(lap_id, (), lenient=True)
        with store.transaction() as transaction:
            transaction.write_sections(lap, (), revision=revision)


def _known(store: Store, name: str) -> TrackModel | None:
    try:
        return store.read_track(name)
    except (NotFound, BadTrack):
        return None


def _candidates(store: Store, name: str) -> list[str]:
    """The laps a track is best learned from, the best one first: those with a position, then the fastest."""
    laps = store.find_fastest_laps(name, limit=CANDIDATES)
    usable = laps.filter(pl.col("lap_time_s") <= SLOWEST * pl.col("lap_time_s").min())
    usable = usable.filter(~pl.col("flags").list.contains("race_start"))
    return usable.sort("has_position", descending=True, maintain_order=True)["lap_id"].head(MOST_LAPS).to_list()


def _is_worth_it(known: TrackModel | None, best: Sequence[str]) -> bool:
    """Whether these laps may tell more than those the track was learned from: there are more, or a better one."""
    if known is None or known.algo_version != ALGO_VERSION:
        return True
    new = set(best).difference(known.laps_used)
    return bool(new) and (len(known.laps_used) < min(MOST_LAPS, len(best)) or best[0] in new)


def _model_of(laps: Sequence[Lap], name: str, known: TrackModel | None) -> TrackModel:
    """The track some laps were driven on; where they are of several, the one that is known, or that of the first.

    Raises:
        IncompatibleLaps: they do not tell it.
    """
    try:
        return track_model(laps, name=name, known=known)
    except IncompatibleLaps:
        alike = _of_one_length(laps, None if known is None else known.length_m)
        if len(alike) in (0, len(laps)):
            raise
        return track_model(alike, name=name, known=known)


def _of_one_length(laps: Sequence[Lap], length_m: float | None) -> list[Lap]:
    """The laps that fit a length in m, or that of the first of them."""
    found: list[Lap] = []
    for lap in laps:
        with suppress(IncompatibleLaps):
            grid = grid_lap(lap, length_m=length_m)
            length_m = grid.length_m
            found.append(lap)
    return found


def _settled(known: TrackModel | None, model: TrackModel) -> TrackModel:
    """The model, or the known one with the laps of the new where they do not differ by more than their grid."""
    if known is None or (known.algo_version, known.source) != (model.algo_version, model.source):
        return model
    alike = len(known.corners) == len(model.corners) and abs(known.length_m - model.length_m) < SETTLED_M
    if not alike or any(_moved(*pair, known.length_m) for pair in zip(known.corners, model.corners, strict=True)):
        return model
    return replace(known, laps_used=model.laps_used)


def _moved(one: Corner, other: Corner, length_m: float) -> bool:
    """Whether a corner is another one, or a border of it lies elsewhere."""
    if (one.number, one.name, one.direction, one.nominal) != (other.number, other.name, other.direction, other.nominal):
        return True
    pairs = ((one.start_m, other.start_m), (one.apex_m, other.apex_m), (one.end_m, other.end_m))
    return any(abs(ahead_m(a, b, length_m)) > SETTLED_M for a, b in pairs)


def _is_same(one: TrackModel | None, other: TrackModel | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.to_json() == other.to_json()


def _sector_times(lap: Lap, track: TrackModel) -> tuple[float, ...]:
    """The lap's sector times in s; none where it has no time of its own."""
    try:
        return sector_times(lap, track) if lap.lap_time_s is not None and track.sectors else ()
    except IncompatibleLaps:
        return ()
