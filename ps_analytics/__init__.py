"""ps-analytics: record, keep, compare and explain laps. This is the notebook's front door.

    import ps_analytics as ps

    store = ps.open_store()
    store.find_laps(track="Lime Rock")
    lap = store.read_lap(store.resolve_lap("best"))
"""

from ps_analytics.analysis.delta import Delta, delta
from ps_analytics.lap import Lap
from ps_analytics.store.store import Store, open_store

__all__ = ["Delta", "Lap", "Store", "delta", "open_store"]
