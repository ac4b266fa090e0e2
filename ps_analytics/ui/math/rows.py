"""What a math editor's browser side is sent, made from the state: plain rows and columns."""

from dataclasses import asdict
from typing import Any

from ps_analytics.channels.catalog import find_channel, unit_of
from ps_analytics.channels.definitions import Diagnostic
from ps_analytics.ui.display import channel_display, measured_display
from ps_analytics.ui.math.preview import LAP_BOUND, Preview, Series
from ps_analytics.ui.math.state import MathState

LAP = "lap"
"""What the preview's only lap is called among its columns."""


def list_message(state: MathState) -> dict[str, Any]:
    """The list: `entries`, the chosen `key`, the folders there are, and the name undo would bring back."""
    return {
        "entries": [asdict(entry) for entry in state.entries],
        "key": state.key,
        "folders": sorted({entry.folder for entry in state.entries if entry.folder}, key=str.lower),
        "undo": state.deleted[-1].draft.channel.name if state.deleted else "",
    }


def draft_message(state: MathState) -> dict[str, Any]:
    """The chosen channel as typed, for the form; `fields` is None if there is none."""
    draft = state.draft
    if draft is None:
        return {"key": "", "fields": None}
    channel = draft.channel
    fields = {"name": channel.name, "formula": channel.formula, "policy": str(channel.policy)}
    fields |= {name: getattr(channel, name) or "" for name in ("unit", "folder", "about")}
    return {
        "key": state.key,
        "fields": fields,
        "heard": state.heard,
        "before": state.keys_before,
        "own": draft.own,
        "saved": draft.saved.name if draft.saved else "",
        "inputs": [{"alias": alias, "channel": name} for alias, name in channel.inputs.items()],
        "uses": list(state.uses),
    }


def report_message(state: MathState) -> dict[str, Any]:
    """What checking said: `diagnostics`, `faults` of other fields, the `unit` it comes to, whether it was `changed`."""
    report = state.report
    name = state.draft.channel.name.strip() if state.draft else ""
    return {
        "version": report.version,
        "key": state.key,
        "diagnostics": [_diagnostic(one, name) for one in report.diagnostics],
        "faults": dict(report.faults),
        "unit": report.unit,
        "changed": bool(state.draft and state.draft.changed),
        "tried": report.can_be_tried,
    }


def _diagnostic(one: Diagnostic, name: str) -> dict[str, Any]:
    """A diagnostic; of another channel's formula it has no place in this one."""
    elsewhere = one.channel if one.channel and one.channel != name else ""
    fix = (
        None
        if one.fix is None or elsewhere
        else {"position": one.fix.position, "end": one.fix.end, "text": one.fix.text}
    )
    return {
        "code": one.code,
        "message": one.message,
        "hint": one.hint,
        # What the lap lacks is no fault of the formula: it can be saved.
        "severity": "warning" if one.code in LAP_BOUND else one.severity,
        "position": 0 if elsewhere else one.position,
        "end": 0 if elsewhere else one.end,
        "elsewhere": elsewhere,
        "fix": fix,
    }


def preview_message(preview: Preview) -> dict[str, Any]:
    """The preview: `time`, `distance` (None: unknown), `columns` and `channels` by name, the figures of the value."""
    series = [preview.value, *preview.inputs] if preview.value else []
    names = ["value", *(f"input {i}" for i in range(len(preview.inputs)))]
    return {
        "key": preview.key,
        "formula": preview.formula,
        "time": preview.time_s,
        "distance": preview.distance_m,
        "columns": {f"{LAP}|{name}": one.values for name, one in zip(names, series, strict=False)},
        "channels": {name: _display(name, one) for name, one in zip(names, series, strict=False)},
        "inputs": names[1:] if series else [],
        "more": preview.more,
        "least": preview.least,
        "mean": preview.mean,
        "most": preview.most,
        "missing": preview.missing,
        "unit": preview.value.unit if preview.value else "",
        "note": preview.note,
    }


def _display(name: str, series: Series) -> dict[str, Any]:
    """How a series is drawn: a channel of the catalogue as on every plot, another one by its values."""
    spec = None if name == "value" else find_channel(series.name)
    if spec is not None and unit_of(spec) == (series.unit or None):
        return {**channel_display(spec), "name": name, "label": series.name}
    shown = measured_display(series.name, unit=series.unit, stepped=series.stepped, values=series.values)
    return {**shown, "name": name}
