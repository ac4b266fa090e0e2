"""How each channel is shown: its name, unit, decimals and the range its lane keeps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ps_analytics.channels.catalog import CATALOG, Kind
from ps_analytics.ui.comparison import BAND, DELTA

DASHES: tuple[list[int] | None, ...] = (None, [7, 4], [2, 3], [9, 3, 2, 3])
"""Beyond the colours there are, laps are told apart by dashes; in CSS pixels."""
LAP_COLORS = ("#4cc2ff", "#ff9d42", "#7ee787", "#ff7eb6", "#c4a7ff", "#f2cc60")
"""Colour-blind-safe; a lap keeps its colour while it is shown."""

_UNITS = {"deg": "°", "C": "°C", "deg/s": "°/s", "kg/m3": "kg/m³"}

_PEDAL = {"decimals": 0, "fixed": [-3, 103], "ticks": 50}
_SHOWN: dict[str, dict[str, Any]] = {
    "speed": {"decimals": 1, "span": 40, "width": 5, "floor": 0},
    "throttle": _PEDAL,
    "brake": _PEDAL,
    "clutch": _PEDAL,
    "steering": {"decimals": 1, "zero": True, "span": 20, "signed": True, "width": 6},
    "steering_angle": {"decimals": 1, "zero": True, "span": 20, "signed": True, "width": 7},
    "rpm": {"decimals": 0, "span": 500, "width": 5, "floor": 0},
    "gear": {"decimals": 0, "span": 3, "width": 2},
    "g_lat": {"decimals": 2, "zero": True, "span": 1, "signed": True, "width": 6},
    "g_long": {"decimals": 2, "zero": True, "span": 1, "signed": True, "width": 6},
}
_ELSE: dict[str, Any] = {"decimals": 1, "width": 6}

_DELTA: dict[str, Any] = {
    "label": "Delta", "unit": "s", "decimals": 3, "zero": True, "signed": True, "span": 0.1, "width": 7,
    "above": "slower", "below": "faster", "band": BAND,
}  # fmt: skip


def channel_display(name: str, *, source: str = "") -> dict[str, Any]:
    """What the browser needs to draw a channel.

    Keys: label, unit, decimals (shown), width (of the number, in characters), stepped, source (what did not record it),
    and where they apply `zero` (a zero line that stays in view), `signed`, `span` (the least range of its lane),
    `fixed` (a range it keeps), `ticks` (their step), `floor` (what it never is below), `above` and `below` (what being
    on that side of zero means), `band` (the column that says how sure it is), `missing` (what is said where no lap has
    it).
    """
    if name == DELTA:
        return {"name": name, "stepped": False, **_DELTA}
    spec = CATALOG.get(name)
    label, unit = (spec.label, spec.unit or "") if spec else (name, "")
    facts = {"name": name, "label": label, "unit": _UNITS.get(unit, unit), "source": source}
    if spec is None:
        facts["missing"] = "no values on these laps"
    return {**facts, "stepped": bool(spec and spec.kind is Kind.STEP), **_ELSE, **_SHOWN.get(name, {})}


def measured_display(label: str, *, unit: str, stepped: bool, values: NDArray[np.float32]) -> dict[str, Any]:
    """`channel_display` of a channel the catalogue does not know: decimals and width go by its values."""
    spread = np.nanpercentile(np.abs(values), 98) if np.isfinite(values).any() else 0.0
    decimals = 0 if stepped else int(np.clip(3 - np.floor(np.log10(spread)) - 1 if spread > 0 else 1, 0, 5))
    signed = bool(np.isfinite(values).any() and np.nanmin(values) < 0)
    # What hardly changes is drawn as a line that hardly changes, not as the noise of its last digits.
    shown = {"decimals": decimals, "width": 6 + max(decimals - 2, 0), "signed": signed, "span": float(spread) * 0.02}
    facts = {"name": label, "label": label, "unit": _UNITS.get(unit, unit), "source": "", "stepped": stepped}
    return {**facts, **shown}


def channel_displays(names: Sequence[str], *, source: str = "") -> dict[str, dict[str, Any]]:
    """`channel_display` of each name."""
    return {name: channel_display(name, source=source) for name in names}


def lap_line(slot: int) -> dict[str, Any]:
    """Colour and dash of the lap in a slot.

    Example:
        >>> lap_line(1), lap_line(6)
        ({'color': '#ff9d42', 'dash': None}, {'color': '#4cc2ff', 'dash': [7, 4]})
    """
    return {"color": LAP_COLORS[slot % len(LAP_COLORS)], "dash": DASHES[slot // len(LAP_COLORS) % len(DASHES)]}
