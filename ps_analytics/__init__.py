"""ps-analytics: record, keep, compare and explain laps.

This is the notebook's front door: `import ps_analytics as ps`, then `store = ps.open_store()`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ps_analytics.analysis.consistency import Consistency, consistency
    from ps_analytics.analysis.corners import corners
    from ps_analytics.analysis.delta import Delta, delta
    from ps_analytics.analysis.ideal import IdealLap, ideal_lap
    from ps_analytics.analysis.track import track_model
    from ps_analytics.lap import Lap
    from ps_analytics.store.store import Store, open_store
    from ps_analytics.track import TrackModel

__all__ = [
    "Consistency",
    "Delta",
    "IdealLap",
    "Lap",
    "Store",
    "TrackModel",
    "consistency",
    "corners",
    "delta",
    "ideal_lap",
    "open_store",
    "track_model",
]

_HOMES = {
    "Consistency": "ps_analytics.analysis.consistency",
    "Delta": "ps_analytics.analysis.delta",
    "IdealLap": "ps_analytics.analysis.ideal",
    "Lap": "ps_analytics.lap",
    "Store": "ps_analytics.store.store",
    "TrackModel": "ps_analytics.track",
    "consistency": "ps_analytics.analysis.consistency",
    "corners": "ps_analytics.analysis.corners",
    "delta": "ps_analytics.analysis.delta",
    "ideal_lap": "ps_analytics.analysis.ideal",
    "open_store": "ps_analytics.store.store",
    "track_model": "ps_analytics.analysis.track",
}


def __getattr__(name: str) -> Any:
    """What the front door leads to, loaded when it is first asked for: a collector needs no database."""
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
