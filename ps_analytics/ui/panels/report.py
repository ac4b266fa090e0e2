"""The channel report as the browser's table has it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ps_analytics.analysis.dwell import Part
from ps_analytics.analysis.report import Passing, measured, stretches
from ps_analytics.lap import CONDITION, SectionKind
from ps_analytics.ui.panels.context import PanelContext, channels_shown
from ps_analytics.ui.panels.samples import LapSamples
from ps_analytics.ui.units import shown_unit

NO_CHANNELS = "A report needs a channel."
NO_LAPS = "No laps are shown."
NO_CORNERS = "The corners of this track are not known yet."
NO_SECTORS = "These laps have no sectors."

COLUMNS = (("min", "Min"), ("mean", "Mean"), ("max", "Max"), ("std", "Std"), ("start", "Start"), ("end", "End"))
"""The numbers of a row, and what they are called."""


class ReportPanel:
    """What a report panel shows. The browser draws it; this keeps what was read of the laps."""

    def __init__(self) -> None:
        self._samples = LapSamples()

    def message(self, context: PanelContext) -> dict[str, Any]:
        """The report, ready for the browser: numbers in the units shown, None where there is none.

        `plot` and `by` ("lap", "corner" or "sector"); `note` says why there are no rows. `columns`: `name` and `title`
        of each number. `rows`, by section, channel and lap, each with `section`, `lap` (its id), `channel`, `label`,
        `unit`, `decimals`, `share` (a condition, whose mean is a share of the time; its numbers are in %), the numbers
        of `columns`, `min_at` and `max_at` (m from the line) and `samples`.
        """
        by = str(context.config.get("options", {}).get("by", "lap"))
        names = channels_shown(context) if context.config["channels"] else []
        self._samples.forget_all_but({lap.lap_id for lap in context.laps})
        rows: list[dict[str, Any]] = []
        for lap in context.laps if names else []:
            rows += self._rows(context, lap.lap_id, names, by)
        note = "" if rows else _why_nothing(context, names, by)
        places = {section: place for place, section in enumerate(dict.fromkeys(row["section"] for row in rows))}
        order = {name: place for place, name in enumerate(names)}
        rows.sort(key=lambda row: (places[row["section"]], order[row["channel"]]))  # laps stay as they are chosen
        columns = [{"name": name, "title": title} for name, title in COLUMNS]
        return {"plot": context.config["id"], "by": by, "columns": columns, "rows": rows, "note": note}

    def _rows(self, context: PanelContext, lap_id: str, names: Sequence[str], by: str) -> list[dict[str, Any]]:
        stamps = context.stamps(lap_id)
        passing = None if stamps is None else Passing(np.asarray(context.x, dtype=np.float64), stamps)
        places = passing if context.x_unit == "m" else None
        parts = _parts(context, lap_id, passing, by)
        found = []
        for name in names:
            sampled = self._samples.of(context, lap_id, name)
            for section, when in parts.items():
                numbers = {"samples": 0} if sampled is None else measured(
                    sampled.samples, when, kind=sampled.kind, passing=places
                )  # fmt: skip
                about = {"section": section, "lap": lap_id, "channel": name}
                unit = context.unit(name) if sampled is None else sampled.unit
                found.append(about | _shown(numbers, unit, context.display(name), context.system))
        return found


def _why_nothing(context: PanelContext, names: Sequence[str], by: str) -> str:
    if not names:
        return NO_CHANNELS
    return {"corner": NO_CORNERS, "sector": NO_SECTORS}.get(by, NO_LAPS) if context.laps else NO_LAPS


def _parts(context: PanelContext, lap_id: str, passing: Passing | None, by: str) -> Mapping[str, Sequence[Part]]:
    if by == "corner" and (passing is None or context.x_unit != "m"):
        return {}
    sections = context.corners if by == "corner" else SectionKind.SECTOR if by == "sector" else None
    return stretches(context.read(lap_id), passing, sections)


def _shown(numbers: Mapping[str, Any], unit: str | None, display: Mapping[str, Any], system: str) -> dict[str, Any]:
    factor, offset = float(display.get("factor", 1.0)), float(display.get("offset", 0.0))
    share = unit == CONDITION
    if share:
        factor, offset = 100.0, 0.0
    spread = factor if offset == 0 else shown_unit(unit, system, difference=True).factor
    given = {name: numbers.get(name) for name, _ in COLUMNS}
    std = given.pop("std")
    return {
        "label": display["label"],
        "unit": "%" if share else display["unit"],
        "decimals": 0 if share else display.get("decimals", 1),
        "share": share,
        **{name: None if value is None else value * factor + offset for name, value in given.items()},
        "std": None if std is None else std * spread,
        "min_at": numbers.get("min_at_m"),
        "max_at": numbers.get("max_at_m"),
        "samples": numbers["samples"],
    }
