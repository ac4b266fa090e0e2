"""How laps and values are written on figures."""

from ps_analytics.channels.catalog import CATALOG, Kind
from ps_analytics.lap import Lap, LapKind, lap_time_text


def lap_label(lap: Lap) -> str:
    """A lap's number and time, and its kind unless it was timed."""
    kind = "" if lap.kind is LapKind.TIMED else f" ({lap.kind})"
    return f"lap {lap.lap_number}{kind} · {lap_time_text(lap.lap_time_s)}"


def decimals(channel: str) -> int:
    """So many digits behind the point say all a channel knows: its range to three or four figures.

    Example:
        >>> decimals("rpm"), decimals("speed"), decimals("g_lat"), decimals("gear")
        (0, 1, 2, 0)
    """
    spec = CATALOG.get(channel)
    if spec is None:
        return 2
    if spec.kind is Kind.STEP or spec.high >= 2000:
        return 0
    return 2 if spec.high < 50 else 1
