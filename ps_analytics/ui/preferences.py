"""What a user likes, kept from one visit to the next: units, and the channels he looks for most."""

from collections.abc import Callable
from typing import Any, Protocol

import param

SYSTEMS = ("metric", "imperial")
MOST_FAVOURITES = 200


class PreferenceSource(Protocol):
    """What is asked of a store."""

    def read_preferences(self) -> dict[str, Any]:
        """Everything the user has chosen, by key."""

    def write_preference(self, key: str, value: Any) -> None:
        """Keep what the user has chosen."""


class Preferences(param.Parameterized):
    """The user's choices. What is kept and makes no sense any more is as if it had never been chosen."""

    units: Any = param.Selector(default="metric", objects=list(SYSTEMS), doc="The units everything is shown in.")
    favourites = param.List(item_type=str, doc="Channels that stand first where channels are chosen.")

    def __init__(self, source: Callable[[], PreferenceSource], **params: Any) -> None:
        """The defaults, until `refresh` reads what is kept.

        Args:
            source: gives the store when it is asked for.
            **params: other values than the defaults.
        """
        super().__init__(**params)
        self._source = source

    def refresh(self) -> None:
        """Reads what is kept."""
        kept = self._source().read_preferences()
        units, favourites = kept.get("units"), kept.get("favourites")
        self.param.update(
            units=units if units in SYSTEMS else "metric",
            favourites=[name for name in favourites if isinstance(name, str)] if isinstance(favourites, list) else [],
        )

    def set_units(self, system: str) -> None:
        """Shows everything in these units from now on; data and formulas keep theirs."""
        if system in SYSTEMS and system != self.units:
            self._source().write_preference("units", system)
            self.units = system

    def set_favourite(self, channel: str, *, favourite: bool = True) -> None:
        """Puts a channel among the favourites, or takes it out."""
        kept = [name for name in self.favourites if name != channel]
        now = [*kept, channel][-MOST_FAVOURITES:] if favourite else kept
        if now != self.favourites:
            self._source().write_preference("favourites", now)
            self.favourites = now
