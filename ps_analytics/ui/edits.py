"""What the user changes of the laps and the track that are shown: commands whose effect the store keeps."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ps_analytics.errors import NotKept
from ps_analytics.lap import LapKind
from ps_analytics.ui.comparison import Comparison
from ps_analytics.ui.corner_sheet import CornerSheet
from ps_analytics.ui.panels.notes import NoteStore
from ps_analytics.ui.panels.video import VideoStore
from ps_analytics.ui.track_editing import TrackStore, edit_track


class EditSource(TrackStore, NoteStore, VideoStore, Protocol):
    """What the commands ask of a store."""

    @property
    def user(self) -> str:
        """Whose store it is."""

    def set_lap_override(self, lap_id: str, *, kind: str | None = None, valid: bool | None = None) -> None:
        """Put the user's word on a lap above what was found; None takes it back."""


class Edited(Protocol):
    """The state of a page, as far as the commands touch it."""

    corners: Any
    comparison: Any

    @property
    def source(self) -> EditSource:
        """The store."""

    def refresh(self) -> None:
        """Asks the store what is new."""

    def renew_laps(self) -> None:
        """Reads the laps that are shown anew."""


def change_track(state: Edited, given: Mapping[str, Any]) -> None:
    """Keeps what was changed about the track on the map, and shows it: see `edit_track`.

    Raises:
        NotFound: no track is known, or it has no such corner.
        BadTrack: it would make no sense.
    """
    sheet: CornerSheet = state.corners
    comparison: Comparison | None = state.comparison
    if comparison is not None:
        edit_track(state.source, sheet.track, given, length_m=float(comparison.distance_m[-1]))
        state.renew_laps()


def override_lap(state: Edited, given: Mapping[str, Any]) -> None:
    """Keeps the user's word on what a lap is (`kind`) and whether it counts (`valid`); None is what was found.

    Raises:
        NotFound: the user has no such lap.
        NotKept: it is no kind of lap.
    """
    kind, valid = given.get("kind"), given.get("valid")
    if kind is not None and kind not in set(LapKind):
        raise NotKept(f"the kind '{kind}'", reason=f"a lap is one of {', '.join(LapKind)}.")
    state.source.set_lap_override(str(given["lap"]), kind=kind, valid=None if valid is None else bool(valid))
    state.refresh()


EDITS: dict[str, Callable[[Edited, Mapping[str, Any]], None]] = {"track": change_track, "override": override_lap}
"""What the browser may ask for, by its `op`."""
