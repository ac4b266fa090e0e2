"""Which laps the words on the command line mean."""

from typing import TYPE_CHECKING, Annotated

import typer

from ps_analytics.errors import NotFound

if TYPE_CHECKING:
    from ps_analytics.lap import Lap
    from ps_analytics.store.store import Store

BEST = "best"

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def read_both(store: "Store", lap: str, reference: str) -> "tuple[Lap, Lap]":
    """Both laps. `best` is the best one of the other lap's track and car; of its session, if nobody named the track.

    Raises:
        NotFound: no such lap.
    """
    if lap == BEST != reference:
        second, first = read_both(store, reference, lap)
        return first, second
    first = store.read_lap(store.resolve_lap(lap))
    return first, store.read_lap(_resolve_beside(store, first, reference))


def read_with_best(store: "Store", lap: str) -> "tuple[Lap, Lap | None]":
    """A lap and the best one of its track and car, None where that is itself or there is none.

    Raises:
        NotFound: no such lap.
    """
    first = store.read_lap(store.resolve_lap(lap))
    try:
        best_id = _resolve_beside(store, first, BEST)
    except NotFound:
        return first, None
    return first, None if best_id == first.lap_id else store.read_lap(best_id)


def _resolve_beside(store: "Store", lap: "Lap", text: str) -> str:
    same_session = None if lap.track else lap.session_id
    return store.resolve_lap(text, session_id=same_session, track=lap.track, car=lap.car)
