"""What the panels of a review page can show of the laps it shows: recorded channels, math channels, the delta."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from ps_analytics.channels import MathChannel, check
from ps_analytics.channels.catalog import CATALOG
from ps_analytics.channels.library import SHIPPED
from ps_analytics.channels.units import is_unit
from ps_analytics.lap import SECTION_IDS
from ps_analytics.ui.channel_search import MATH, channel_groups, findable
from ps_analytics.ui.comparison import DELTA
from ps_analytics.ui.display import channel_display
from ps_analytics.ui.ideal import IDEAL
from ps_analytics.ui.math.entries import key_of
from ps_analytics.ui.rows import lap_label
from ps_analytics.ui.state import ReviewState
from ps_analytics.ui.units import shown_unit

COMPARISON = "Comparison"
"""The group of what is none of the laps' own."""
_MADE = ("timestamp", "distance", "lap_number", "normalized_position", *SECTION_IDS, "lap_id", "session_id", "stint_id")
"""What formulas find on every lap, as far as a list needs to know."""


@dataclass(frozen=True)
class Recorded:
    """A channel as the laps shown have it: in which unit and at what rate, and the labels of the laps without it."""

    unit: str
    rate_hz: float
    lacking: tuple[str, ...] = ()


def channel_list(state: ReviewState) -> dict[str, Any]:
    """The channels a picker offers for the laps that are shown, as they go to the browser.

    Keys: `source` (what recorded the session) and `rows`, in order: first the delta, then the recorded channels by
    group, the math channels by folder, and what the catalogue has besides. Of each: name, label, group, unit (as it is
    shown), rate (in Hz; 0 is unknown), `also` (what else it is found by), `lacking` (labels of laps without it),
    `missing` (why there is nothing to draw, "" if there is), and for a math channel its `formula`, what it is `about`
    and its `key` in the editor.
    """
    source = state.recorded_by
    recorded = _recorded(state)
    return {
        "source": source,
        "rows": [
            _row(DELTA, COMPARISON, channel_display(DELTA)["unit"], also=("gap", "time difference")),
            *_recorded_rows(recorded, state.preferences.units),
            *_math_rows(state, recorded),
            *_other_rows(recorded, source, state.preferences.units),
        ],
    }


def _row(name: str, group: str, unit: str, **facts: Any) -> dict[str, Any]:
    found = findable(name)
    label = channel_display(name)["label"]
    given = {"rate": 0.0, "lacking": [], "missing": "", "also": list(found.also), **facts}
    return {"name": name, "label": label, "group": group, "unit": unit, **given}


def _recorded(state: ReviewState) -> dict[str, Recorded]:
    """What the laps shown were recorded with; nobody knows yet what the one that is being driven will have."""
    running = state.running.lap_id if state.running is not None else ""
    over = [lap_id for lap_id in state.chosen if lap_id != running]
    found = state.source.find_channels([lap_id for lap_id in over if lap_id != IDEAL])
    having: dict[str, dict[str, tuple[str, float]]] = {lap_id: {} for lap_id in over}
    for lap_id, name, unit, rate_hz in found.iter_rows():
        having[lap_id][name] = (unit or "", rate_hz)
    ideal = state.ideal.lap
    if IDEAL in having and ideal is not None:
        having[IDEAL] = {name: (trace.unit or "", trace.rate_hz) for name, trace in ideal.traces.items()}
    labels = {lap_id: lap_label(state.find_lap(lap_id), state) for lap_id in over}
    names = dict.fromkeys(name for channels in having.values() for name in channels)
    return {
        name: Recorded(
            *next(channels[name] for channels in having.values() if name in channels),
            tuple(labels[lap_id] for lap_id, channels in having.items() if name not in channels),
        )
        for name in names
    }


def _recorded_rows(recorded: Mapping[str, Recorded], system: str) -> list[dict[str, Any]]:
    return [
        _row(name, group, _unit(name, one.unit, system), rate=round(one.rate_hz, 1), lacking=list(one.lacking))
        for group, names in channel_groups(recorded)
        for name in names
        for one in [recorded[name]]
    ]


def _other_rows(recorded: Mapping[str, Recorded], source: str, system: str) -> list[dict[str, Any]]:
    """What no lap has: it is found and said to be missing, which a search without an answer would not tell."""
    missing = f"not recorded by {source}" if source else "not recorded"
    return [
        _row(name, group, _unit(name, "", system), missing=missing)
        for group, names in channel_groups(name for name in CATALOG if name not in recorded)
        for name in names
    ]


def _math_rows(state: ReviewState, recorded: Mapping[str, Recorded]) -> list[dict[str, Any]]:
    """The user's math channels and the shipped ones, by folder."""
    session_id = state.session_id
    if not session_id:
        return []
    library = state.source.math_library(session_id=session_id)
    keys = _keys(state.source.find_math_channels().iter_rows(named=True), library)
    setup = state.source.read_setup(session_id)
    units = {name: one.unit if is_unit(one.unit) else None for name, one in recorded.items() if name not in CATALOG}
    frame = pl.DataFrame(schema=dict.fromkeys((*recorded, *_MADE), pl.Float64))
    system = state.preferences.units
    rows = []
    for channel in sorted(library.values(), key=lambda one: (one.folder or "", one.name.casefold())):
        if channel.name in recorded:
            continue  # what was recorded hides it, in every formula and on every plot
        found = check({channel.name: channel}, frame, units=units, setup=setup, reference=frame, library=library)
        drawn = state.measured(channel.name)
        unit = drawn.unit if drawn else channel.unit or ""
        rows.append(
            _row(
                channel.name,
                f"{MATH} · {channel.folder}" if channel.folder else MATH,
                shown_unit(unit, system, difference=bool(drawn and drawn.is_difference)).unit,
                missing=next((one.message for one in found if one.severity == "error"), ""),
                formula=channel.formula,
                about=channel.about or "",
                key=keys[channel.name],
            )
        )
    return rows


def _keys(own: Iterable[Mapping[str, Any]], library: Mapping[str, MathChannel]) -> dict[str, str]:
    """What the editor calls each channel of a library: that of one vehicle stands before the user's for all."""
    keys = {name: key_of("shipped", name) for name in library}
    for row in sorted(own, key=lambda row: row["vehicle_id"] or ""):
        name, known = row["name"], library.get(row["name"])
        if known is not None and known != SHIPPED.get(name) and known.formula == row["formula"]:
            keys[name] = key_of("own", name, row["vehicle_id"])
    return keys


def _unit(name: str, recorded: str, system: str) -> str:
    """A recorded channel's unit as it is shown."""
    if name in CATALOG:
        return str(channel_display(name, system=system)["unit"])
    return shown_unit(recorded, system).unit if is_unit(recorded) else recorded
