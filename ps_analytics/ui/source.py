"""What a review page asks of a store."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import polars as pl

from ps_analytics.lap import Lap
from ps_analytics.ui.edits import EditSource
from ps_analytics.ui.layouts.defaults import LayoutSource
from ps_analytics.ui.preferences import PreferenceSource
from ps_analytics.ui.running import RunningSource
from ps_analytics.ui.sharing import SharingSource


class LapSource(RunningSource, LayoutSource, PreferenceSource, EditSource, SharingSource, Protocol):
    """What the page asks of a store; every answer is the asking user's own."""

    def find_events(self) -> pl.DataFrame:
        """The events, one a row."""

    def find_sessions(self, *, track: str | None = None, shared: bool = False) -> pl.DataFrame:
        """The sessions, newest first, one a row; with `shared` also those that others share with the user."""

    def find_laps(
        self,
        *,
        session_id: str | None = None,
        track: str | None = None,
        lap_ids: Sequence[str] | None = None,
        shared: bool = False,
    ) -> pl.DataFrame:
        """The laps of a session in order, of a track, or those of some ids, one a row."""

    def find_channels(self, lap_ids: Sequence[str]) -> pl.DataFrame:
        """What laps were recorded with: lap_id, channel, unit, rate_hz."""

    def find_math_channels(self) -> pl.DataFrame:
        """The user's math channels, one a row."""

    def read_setup(self, session_id: str) -> Mapping[str, tuple[Any, str]]:
        """What the vehicle of a session was set to: value and unit by parameter."""

    def read_lap(
        self,
        lap_id: str,
        channels: Sequence[str] | None = None,
        *,
        lenient: bool = False,
        reference: Lap | None = None,
    ) -> Lap:
        """A lap with these channels or all it has; `lenient` leaves out what it lacks, `reference` is for formulas."""
