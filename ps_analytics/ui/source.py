"""What a review page asks of a store."""

from collections.abc import Sequence
from typing import Protocol

import polars as pl

from ps_analytics.ui.edits import EditSource
from ps_analytics.ui.layouts.defaults import LayoutSource
from ps_analytics.ui.preferences import PreferenceSource
from ps_analytics.ui.running import RunningSource
from ps_analytics.ui.sharing import SharingSource
from ps_analytics.ui.shown import ChannelSource


class LapSource(ChannelSource, RunningSource, LayoutSource, PreferenceSource, EditSource, SharingSource, Protocol):
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
