"""The ideal lap of a session as the list shows it: worked out when asked for, drawn like any lap, never the best."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ps_analytics.analysis.ideal import IdealLap, ideal_lap
from ps_analytics.errors import PurpleSectorError
from ps_analytics.lap import Lap, lap_time_text
from ps_analytics.track import TrackModel
from ps_analytics.ui.laps import LapRow

IDEAL = "ideal"
"""Its id among the laps; its kind too, so that it can never count."""


@dataclass(frozen=True, eq=False)
class IdealEntry:
    """How far it is: `state` is "" (no lap to make it of), "unknown" (nobody asked), "busy", "ready" or "impossible".

    `text` says it in a few words, `title` in sentences; `version` tells which laps it is of.
    """

    state: str = ""
    text: str = ""
    title: str = ""
    lap: Lap | None = None
    version: tuple[Any, ...] = ()

    @property
    def row(self) -> LapRow:
        """The ideal lap as a row of the list."""
        time_s = self.lap.lap_time_s if self.lap else None
        return LapRow(IDEAL, 0, time_s, IDEAL, valid=True, valid_reason=None)


NOTHING = IdealEntry()


def unknown(version: tuple[Any, ...]) -> IdealEntry:
    """Nobody has asked for it yet; nothing if there is no lap that counts."""
    if not version:
        return NOTHING
    return IdealEntry(
        "unknown", "work it out", "The best of every corner, joined where it can be driven.", None, version
    )


def busy(version: tuple[Any, ...]) -> IdealEntry:
    """It is being worked out."""
    return IdealEntry("busy", "working it out …", "", None, version)


def impossible(version: tuple[Any, ...], reason: str) -> IdealEntry:
    """There is none, and why."""
    return IdealEntry("impossible", reason, "", None, version)


def ideal_entry(laps: Sequence[Lap], version: tuple[Any, ...], *, track: TrackModel | None = None) -> IdealEntry:
    """The ideal lap of these laps, or the reason why there is none."""
    try:
        found = ideal_lap(laps, track=track)
    except PurpleSectorError as error:
        return impossible(version, str(error))
    return IdealEntry("ready", _text(found), _title(found), found.lap, version)


def _text(found: IdealLap) -> str:
    ids = found.pieces["lap_id"].to_list()
    stretches, laps = len(list(groupby(ids))), len(set(ids))
    if laps == 1:
        return "feasible, the best lap as it was driven"
    return f"feasible, joins {stretches} pieces of {laps} laps"


def _title(found: IdealLap) -> str:
    sentences = ["Joined only where speed, place and direction of two laps agree, so it can be driven."]
    if found.best_sectors_s is not None:
        sentences.append(f"The best sectors add up to {lap_time_text(found.best_sectors_s)}.")
    sentences.append(
        f"The best of 25 equal parts add up to {lap_time_text(found.best_mini_sectors_s)}: nobody can drive that."
    )
    if found.flags.get("few_laps"):
        sentences.append("It is of few laps: more laps make it better.")
    return " ".join(sentences)
