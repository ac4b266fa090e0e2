"""Whether two laps are of one track, the same way round and from the same line; else why not (§4.4)."""


from ps_analytics.analysis.methods import Base, Both
from ps_analytics.analysis.place import SAME_LENGTH, SAME_TRACK, place
from ps_analytics.analysis.samples import Samples
from ps_analytics.errors import IncompatibleLaps


def check_lengths(lap: Samples, base: Base, *, same_track: bool | None) -> None:
    """Nothing, if both laps are about as long.

    Raises:
        IncompatibleLaps: they are not.
    """
    own = place(lap).driven_m
    other = base.placed.driven_m
    if own is None or other is None:
        return
    apart = abs(own / other - 1)
    if apart > (SAME_TRACK if same_track else SAME_LENGTH):
        raise IncompatibleLaps(f"they are of different length: {own:.0f} m and {other:.0f} m driven.")


def check_places(both: Both, base: Base) -> dict[str, object]:
    """Flags."""
    return {}
