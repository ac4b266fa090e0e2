"""How each channel is shown: its name, unit, decimals, colour and the range its lane keeps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ps_analytics.channels.catalog import CATALOG, WHEELS, ChannelSpec, Kind
from ps_analytics.ui.comparison import BAND, DELTA
from ps_analytics.ui.units import Shown, shown_unit

DASHES: tuple[list[int] | None, ...] = (None, [7, 4], [2, 3], [9, 3, 2, 3])
"""Beyond the colours there are, laps are told apart by dashes; in CSS pixels."""
LAP_COLORS = ("#4cc2ff", "#ff9d42", "#7ee787", "#ff7eb6", "#c4a7ff", "#f2cc60")
"""Colour-blind-safe; a lap keeps its colour while it is shown."""

ALWAYS_METRES = frozenset({"distance", "x", "y", "z"})
"""Places on the track are in m in every system, as the x axis and the corners are."""

_WHEEL_COLORS = dict(zip(WHEELS, LAP_COLORS[:4], strict=True))
_AXLE_COLORS = {"f": LAP_COLORS[0], "r": LAP_COLORS[1]}
_CONDITION = {"decimals": 0, "fixed": [-0.15, 1.15], "ticks": 1, "condition": True}
_PEDAL = {"decimals": 0, "fixed": [-3, 103], "ticks": 50}
_SIGNED = {"zero": True, "signed": True}
_SPEED = {"decimals": 1, "span": 40, "floor": 0}
_PRESSURE = {"decimals": 2, "span": 1, "floor": 0}
_TEMPERATURE = {"decimals": 1, "span": 10}
_CLOCK = {"decimals": 3, "span": 1, "floor": 0}
_COUNT = {"decimals": 0, "span": 3, "floor": 0}
_PLACE = {"decimals": 1, "span": 20}

_BY_NAME: dict[str, dict[str, Any]] = {
    "timestamp": _CLOCK, "lap_time": _CLOCK, "last_lap_time": _CLOCK, "lap_number": _COUNT, "source_lap_number": _COUNT,
    "normalized_position": {"decimals": 4, "fixed": [-0.03, 1.03], "ticks": 0.5},
    "distance": {**_PLACE, "floor": 0}, "x": _PLACE, "y": _PLACE, "z": {**_PLACE, "span": 5},
    "latitude": {"decimals": 5, "span": 1e-3}, "longitude": {"decimals": 5, "span": 1e-3},
    "altitude": {**_PLACE, "span": 5}, "heading": {"decimals": 0, "fixed": [-10, 370], "ticks": 180},
    "throttle": {**_PEDAL, "color": "#7ee787"}, "brake": {**_PEDAL, "color": "#ff7b72"},
    "clutch": {**_PEDAL, "color": "#4cc2ff"}, "handbrake": {**_PEDAL, "color": "#ff9d42"},
    "steering": {"decimals": 1, "span": 20, "color": "#c4a7ff", **_SIGNED},
    "steering_angle": {"decimals": 1, "span": 20, "color": "#c4a7ff", **_SIGNED},
    "gear": {"decimals": 0, "span": 3, "color": "#f2cc60"}, "brake_bias": {"decimals": 1, "span": 2},
    "speed": _SPEED, "gps_speed": {**_SPEED, "color": "#8bd3dd"},
    "g_lat": {"decimals": 2, "span": 1, **_SIGNED}, "g_long": {"decimals": 2, "span": 1, "color": "#ff9d42", **_SIGNED},
    "g_vert": {"decimals": 2, "span": 1, "color": "#c4a7ff", **_SIGNED},
    "yaw_rate": {"decimals": 1, "span": 20, **_SIGNED}, "yaw_angle": {"decimals": 1, "span": 5, **_SIGNED},
    "pitch": {"decimals": 2, "span": 2, **_SIGNED}, "roll": {"decimals": 2, "span": 2, **_SIGNED},
    "rpm": {"decimals": 0, "span": 500, "floor": 0}, "fuel": {"decimals": 2, "span": 2, "floor": 0},
    "boost": {"decimals": 2, "span": 0.5}, "engine_torque": {"decimals": 0, "span": 50, "zero": True},
    "oil_temp": _TEMPERATURE, "water_temp": {**_TEMPERATURE, "color": "#4cc2ff"},
    "oil_pressure": _PRESSURE, "fuel_pressure": {**_PRESSURE, "color": "#f2cc60"},
    "tyres_off_track": {"decimals": 0, "fixed": [-0.3, 4.3], "ticks": 2},
    "air_temp": {"decimals": 1, "span": 5}, "track_temp": {"decimals": 1, "span": 5, "color": "#ff9d42"},
    "air_density": {"decimals": 3, "span": 0.05},
}  # fmt: skip
_BY_BEGINNING: dict[str, dict[str, Any]] = {
    "wheel_speed_": _SPEED, "wheel_slip_": {"decimals": 1, "span": 10, **_SIGNED},
    "wheel_load_": {"decimals": 0, "span": 500, "floor": 0}, "tyre_temp_": _TEMPERATURE,
    "tyre_press_": {"decimals": 2, "span": 0.2, "floor": 0}, "tyre_wear_": {"decimals": 1, "span": 5, "floor": 0},
    "brake_temp_": {"decimals": 0, "span": 100}, "brake_press_": {"decimals": 1, "span": 20, "floor": 0},
    "damper_pos_": {"decimals": 1, "span": 20}, "damper_rate_": {"decimals": 0, "span": 100, **_SIGNED},
    "ride_height_": {"decimals": 1, "span": 10},
}  # fmt: skip
"""Of channels there are several of, one a wheel or axle."""
_ELSE: dict[str, Any] = {"decimals": 1, "width": 6}
_COARSER = np.log10(5)
"""The last digit shown is worth no more than five of those it has in its own unit."""

_DELTA: dict[str, Any] = {
    "label": "Delta", "unit": "s", "decimals": 3, "zero": True, "signed": True, "span": 0.1, "width": 7,
    "above": "slower", "below": "faster", "band": BAND, "factor": 1.0, "offset": 0.0,
}  # fmt: skip


def channel_display(name: str, *, source: str = "", system: str = "metric") -> dict[str, Any]:
    """What the browser needs to draw a channel.

    Keys: name, label, unit (as it is written), `factor` and `offset` (`shown = value × factor + offset`; every number
    below is a shown one), decimals, width (of the number, in characters), color (where channels share a lane), stepped,
    source (what did not record it), and where they apply `zero` (a zero line that stays in view), `signed`, `span` (the
    least range of its lane), `fixed` (a range it keeps), `ticks` (their step), `floor` (what it never is below),
    `above` and `below` (what being on that side of zero means), `condition` (that it is 1 where it is met and 0 where
    not), `band` (the column that says how sure it is), `missing` (what is said where no lap has it).

    Args:
        name: of the channel.
        source: what recorded the laps.
        system: of units, "metric" or "imperial".
    """
    if name == DELTA:
        return {"name": name, "stepped": False, "color": LAP_COLORS[0], **_DELTA}
    spec = CATALOG.get(name)
    facts: dict[str, Any] = {"name": name, "label": spec.label if spec else name, "source": source}
    if spec is None:
        own = {"unit": "", "factor": 1.0, "offset": 0.0, "color": LAP_COLORS[0]}
        return {**facts, "missing": "no values on these laps", "stepped": False, **own, **_ELSE}
    shown = shown_unit(spec.unit, "metric" if name in ALWAYS_METRES else system)
    kept = {"color": _color(spec), **_kept(spec)}
    return {**facts, "stepped": spec.kind is Kind.STEP, **_converted(kept, shown), "width": _width(spec, kept, shown)}


def measured_display(
    label: str,
    *,
    unit: str,
    stepped: bool,
    values: NDArray[np.float32],
    system: str = "metric",
    difference: bool = False,
) -> dict[str, Any]:
    """`channel_display` of a channel the catalogue does not know: decimals and width go by its values.

    Args:
        label: its name.
        unit: of its values.
        stepped: whether it holds a value until the next.
        values: on one lap.
        system: of units, "metric" or "imperial".
        difference: whether the values are differences: of temperatures these have no zero point.
    """
    shown = shown_unit(unit, system, difference=difference)
    known = values[np.isfinite(values)] * shown.factor + shown.offset
    spread = np.percentile(np.abs(known), 98) if len(known) else 0.0
    decimals = 0 if stepped else int(np.clip(3 - np.floor(np.log10(spread)) - 1 if spread > 0 else 1, 0, 5))
    facts = {"name": label, "label": label, "source": "", "stepped": stepped, "color": LAP_COLORS[0]}
    return {
        **facts,
        "unit": shown.unit,
        "factor": shown.factor,
        "offset": shown.offset,
        "decimals": decimals,
        "width": 6 + max(decimals - 2, 0),
        "signed": bool(len(known) and known.min() < 0),
        # What hardly changes is drawn as a line that hardly changes, not as the noise of its last digits.
        "span": float(spread) * 0.02,
        **(_CONDITION if stepped and not unit and len(known) and np.isin(known, (0, 1)).all() else {}),
    }


def channel_displays(names: Sequence[str], *, source: str = "", system: str = "metric") -> dict[str, dict[str, Any]]:
    """`channel_display` of each name."""
    return {name: channel_display(name, source=source, system=system) for name in names}


def lap_line(slot: int) -> dict[str, Any]:
    """Colour and dash of the lap in a slot.

    Example:
        >>> lap_line(1), lap_line(6)
        ({'color': '#ff9d42', 'dash': None}, {'color': '#4cc2ff', 'dash': [7, 4]})
    """
    return {"color": LAP_COLORS[slot % len(LAP_COLORS)], "dash": DASHES[slot // len(LAP_COLORS) % len(DASHES)]}


def _kept(spec: ChannelSpec) -> dict[str, Any]:
    """What is written above of a channel, in its own unit."""
    if spec.unit == "bool":
        return _CONDITION
    if spec.name in _BY_NAME:
        return _BY_NAME[spec.name]
    return next((kept for beginning, kept in _BY_BEGINNING.items() if spec.name.startswith(beginning)), _ELSE)


def _color(spec: ChannelSpec) -> str:
    """The colour of a channel where several share a lane: of its wheel or axle, else of its group."""
    for part in spec.name.split("_")[1:]:
        if part in _WHEEL_COLORS:
            return _WHEEL_COLORS[part]
        if part in _AXLE_COLORS and spec.group == "wheels":
            return _AXLE_COLORS[part]
    return spec.color


def _converted(kept: dict[str, Any], shown: Shown) -> dict[str, Any]:
    """What is kept of a channel in the unit shown; steps of ticks are round in its own unit only."""
    found: dict[str, Any] = {**kept, "unit": shown.unit, "factor": shown.factor, "offset": shown.offset}
    if shown.is_own:
        return found
    found["decimals"] = max(0, int(np.ceil(kept["decimals"] - np.log10(shown.factor) - _COARSER)))
    found.pop("ticks", None)
    if "span" in kept:
        found["span"] = kept["span"] * shown.factor
    if "floor" in kept:
        found["floor"] = shown.of(kept["floor"])
    if "fixed" in kept:
        found["fixed"] = [shown.of(end) for end in kept["fixed"]]
    return found


def _width(spec: ChannelSpec, kept: dict[str, Any], shown: Shown) -> int:
    """How many characters the longest number takes that the channel can be."""
    decimals = _converted(kept, shown)["decimals"]
    ends = [shown.of(end) for end in (spec.low, spec.high)]
    sign = "+" if kept.get("signed") else "-"
    return max(len(f"{end:{sign}.{decimals}f}") for end in ends)
