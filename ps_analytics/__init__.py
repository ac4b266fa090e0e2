"""ps-analytics: record, keep, compare and explain laps.

This is the notebook's front door: `import ps_analytics as ps`, then `store = ps.open_store()`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ps_analytics.analysis.delta import Delta, delta
    from ps_analytics.lap import Lap
    from ps_analytics.store.store import Store, open_store

__all__ = ["Delta", "Lap", "Store", "delta", "open_store"]

_HOMES = {
    "Delta": "ps_analytics.analysis.delta",
    "Lap": "ps_analytics.lap",
    "Store": "ps_analytics.store.store",
    "delta": "ps_analytics.analysis.delta",
    "open_store": "ps_analytics.store.store",
}


def __getattr__(name: str) -> Any:
    """What the front door leads to, loaded when it is first asked for: a collector needs no database."""
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
