"""What the components show, made from the state: plain rows, as they go to the browser."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ps_analytics.channels.catalog import CATALOG
from ps_analytics.lap import LapKind
from ps_analytics.ui.comparison import DELTA, LaidLap
from ps_analytics.ui.corner_sheet import CornerRow, CornerSheet, CornerSpan
from ps_analytics.ui.display import channel_displays, lap_line, measured_display
from ps_analytics.ui.ideal import IDEAL
from ps_analytics.ui.laps import RUNNING, LapRow, best_sectors
from ps_analytics.ui.reckoning import RECKONED_FROM
from ps_analytics.ui.state import ReviewState

NO_DELTA = {
    "text": "no delta: no lap time", "short": "no delta", "warns": True,
    "title": "A delta needs the lap time of both laps, and one of them has none.",
}  # fmt: skip


SO_FAR = {
    "text": "so far", "short": "so far", "warns": False,
    "title": "What it has lost so far, at the same places of the track; it closes when the lap is over.",
}  # fmt: skip
BY_TIME = "It is drawn by its time alone: no delta, no place."
NOT_YET = {
    "text": "no delta yet", "short": "no delta yet", "warns": False,
    "title": "While a lap is driven, a delta needs the places it passes on the track. It comes when the lap is over.",
}  # fmt: skip


def shown_laps(state: ReviewState) -> list[dict[str, Any]]:
    """The laps that are drawn, in the order chosen.

    Keys: id, label, time_s, color, dash, reference (whether it is), running (whether it is being driven), closure (how
    its delta closes: text, short, title, warns; None for the reference) and since_s (when it begins, in s since its
    session's first frame; None where nobody knows).
    """
    laid = {**(state.over_time.laps if state.over_time else {}), **(state.comparison.laps if state.comparison else {})}
    return [_shown_lap(state.find_lap(lap_id), laid[lap_id], state) for lap_id in state.chosen if lap_id in laid]


def _shown_lap(row: LapRow, laid: LaidLap, state: ReviewState) -> dict[str, Any]:
    reference, running = row.lap_id == state.reference_id, row.kind == RUNNING
    closure = asdict(laid.closure) if laid.closure else NO_DELTA
    if reason := _refusal(row.lap_id, state):
        closure = {"text": "no delta: drawn by time alone", "short": "no delta", "warns": True, "title": reason}
    if running:
        closure = SO_FAR if DELTA in laid.columns else NOT_YET
    return {
        "id": row.lap_id,
        "label": lap_label(row, state),
        "home": row.home,
        "time_s": row.lap_time_s,
        "reference": reference,
        "running": running,
        "closure": None if reference else closure,
        "since_s": laid.since_s,
        "slot": state.slots[row.lap_id],
        **lap_line(state.slots[row.lap_id]),
    }


def lap_label(row: LapRow, state: ReviewState) -> str:
    """What a lap is called on the page: one of another session with that."""
    if row.lap_id == IDEAL:
        return "Ideal"
    if row.kind == RUNNING:
        return f"Lap {row.lap_number} · running"
    return (
        f"Lap {row.lap_number}" if row.session_id == state.session_id else f"Lap {row.lap_number} · {row.session_name}"
    )


def lap_rows(state: ReviewState) -> list[dict[str, Any]]:
    """The laps of the session as the list shows them, the running one last, behind it the guests of other sessions.

    Gaps are to the session's best lap, in s. Keys: those of `_lap_item`.
    """
    best, sectors = state.best, best_sectors(state.laps)
    rows = [_lap_item(lap, state, best, sectors) for lap in state.laps]
    if state.running is not None and rows:
        item = _lap_item(state.running, state, best, sectors)
        rows.append({**item, "time_s": state.running_s, "refused": state.running_note, "counts": True})
    return rows + [_lap_item(lap, state, best, sectors) | {"guest": True} for lap in state.guests]


def ideal_row(state: ReviewState) -> dict[str, Any]:
    """The ideal lap as the list shows it above the laps; `state` "" if there is nothing to make it of."""
    ideal, best = state.ideal, state.best
    time_s = ideal.lap.lap_time_s if ideal.lap else None
    shown = IDEAL in state.chosen
    return {
        "state": ideal.state,
        "text": ideal.text,
        "title": ideal.title,
        "time_s": time_s,
        "gap_s": time_s - best.lap_time_s if best and best.lap_time_s and time_s is not None else None,
        "chosen": shown,
        "reference": state.reference_id == IDEAL,
        **(lap_line(state.slots[IDEAL]) if shown else {"color": "", "dash": None}),
    }


def corner_message(sheet: CornerSheet, reference_id: str) -> dict[str, Any]:
    """The corners as the browser has them: `corners` of the track, `tables` by lap, `notes` by lap and one `note`.

    `track` is its name and where its sectors part, in m from the line; None where no track is known. While another
    reference's are worked out, the corners stay where they are and the tables wait.
    """
    track = sheet.track
    place = {
        "corners": [_span(span) for span in sheet.spans],
        "track": {"name": track.name or "", "sectors": list(sheet.borders_m)} if track else None,
    }
    if sheet.reference_id != reference_id:
        return {**place, "tables": {}, "notes": {}, "note": ""}
    rows = {lap_id: [_corner_row(row) for row in found] for lap_id, found in sheet.rows.items()}
    return {**place, "tables": rows, "notes": dict(sheet.refused), "note": sheet.note}


def _span(span: CornerSpan) -> dict[str, Any]:
    turns = "to the left" if span.left else "to the right"
    radius = f", radius {span.radius_m:.0f} m" if span.radius_m else ""
    return {
        "number": span.number,
        "name": span.name,
        "left": span.left,
        "turns": f"{turns}{radius}",
        "apex": span.apex_m,
        "radius": span.radius_m or 0.0,
        "parts": [list(part) for part in span.parts],
    }


def _corner_row(row: CornerRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "time": row.time_s,
        "lost": row.lost_s,
        "min": row.min_kmh,
        "reference_min": row.reference_min_kmh,
        "brake": row.brake_m,
        "throttle": row.throttle_m,
    }


def _lap_item(lap: LapRow, state: ReviewState, best: LapRow | None, sectors: list[float]) -> dict[str, Any]:
    shown = lap.lap_id in state.chosen
    # An in or out lap is minutes slower for reasons of its own: its gap says nothing.
    comparable = best and lap.lap_time_s is not None and lap.kind in (LapKind.TIMED, LapKind.STANDING)
    line = lap_line(state.slots[lap.lap_id]) if shown else {"color": "", "dash": None}
    return {
        "id": lap.lap_id,
        "number": lap.lap_number,
        "guest": False,
        "home": lap.home,
        "owner": lap.owner,
        "notes": lap.notes,
        "time_s": lap.lap_time_s,
        "gap_s": lap.lap_time_s - best.lap_time_s if comparable else None,  # type: ignore[operator, union-attr]
        "kind": str(lap.kind),
        "valid": lap.valid,
        "reasons": lap.reasons,
        "flags": lap.flag_words,
        "readonly": bool(lap.owner) and lap.owner != state.source.user,
        "telemetry": lap.has_telemetry,
        "best": lap is best,
        "sectors": [
            {"time_s": time_s, "best": lap.counts and time_s == fastest}
            for time_s, fastest in zip(lap.sectors_s, sectors, strict=False)
        ],
        "refused": _refusal(lap.lap_id, state),
        "counts": lap.counts,
        "chosen": shown,
        "reference": lap.lap_id == state.reference_id,
        **line,
    }


def _refusal(lap_id: str, state: ReviewState) -> str:
    """Why a lap that was chosen is not drawn, or not against the distance; "" if it is."""
    reason = state.comparison.refused.get(lap_id, "") if state.comparison else ""
    over_time = state.over_time.laps if state.over_time else {}
    return f"{reason} {BY_TIME}" if reason and lap_id in over_time else reason


def channel_rows(state: ReviewState) -> dict[str, dict[str, Any]]:
    """How each channel of the sheet that is shown is drawn; one that is worked out goes by its values."""
    names, system = [*state.channels, DELTA], state.preferences.units
    rows = channel_displays(names, source=state.recorded_by, system=system)
    for name in [name for name in names if name not in CATALOG]:
        if (found := state.measured(name)) is not None:
            rows[name] = measured_display(
                name,
                unit=found.unit,
                stepped=found.stepped,
                values=found.column,
                system=system,
                difference=found.is_difference,
            )
    return rows


def session_choices(state: ReviewState) -> dict[str, Any]:
    """What there is to choose from: `events` and `sessions` with the chosen `event` and `session`."""
    events = [{"id": "", "name": "All events"}]
    events += [{"id": row["event_id"], "name": row["name"]} for row in state.events]
    user = state.source.user if state.sessions else ""
    sessions = [session_choice(row, user) for row in state.sessions]
    return {"events": events, "event": state.event_id, "sessions": sessions, "session": state.session_id}


def session_choice(row: Mapping[str, Any], user: str = "") -> dict[str, Any]:
    """A session as the picker offers it to a user: when and what; beside it track and car, and whose it is if not his.

    Args:
        row: of `Store.find_sessions`.
        user: who looks; "": nobody in particular.
    """
    started = row["started_at"]
    when = f"{started.astimezone():%d %b %Y %H:%M}" if started else ""
    name = " · ".join(part for part in (when, row["name"]) if part)
    facts = [row["track"] or "", row["car"] or ""]
    about = " · ".join(fact for fact in facts if fact and fact not in row["name"])
    owner = row.get("owner", "") if user else ""
    return {
        "id": row["session_id"],
        "name": name,
        "about": about,
        "owner": "" if owner == user else owner,
        "recording": row["status"] == "recording",
    }


def map_note(state: ReviewState) -> str:
    """Why there is no track map, or what its line is estimated from; "" if it is as recorded."""
    laid = state.comparison.laps.get(state.reference_id) if state.comparison else None
    if laid is None or "x" in laid.columns:
        return ""
    if laid.reckoned_from:
        return RECKONED_FROM[laid.reckoned_from]
    label = lap_label(state.find_lap(state.reference_id), state)
    return f"No track map: {label[0].lower()}{label[1:]}, the reference, has neither positions nor speed and yaw rate."
