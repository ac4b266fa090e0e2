"""Laps of any session on the track that is shown: to find one by what is known of it, and to choose a reference."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from ps_analytics.ui.ideal import IDEAL
from ps_analytics.ui.laps import LapRow, best_of, lap_row
from ps_analytics.ui.source import LapSource
from ps_analytics.ui.state import ReviewState

PAGE = 12
"""So many sessions come with their laps at once; the next when the list is scrolled to its end."""
MOST_SHARED = 20
"""So many laps of others are offered as a reference; the rest are in the list of all."""
DATES = "%d %b %Y", "%Y-%m-%d"
"""How a date is shown, and how else it may be sought."""

Row = Mapping[str, Any]
Found = tuple[Row, frozenset[str] | None]
"""A session that was found, and which of its laps; None: all."""


class LapBrowser:
    """Finds laps for a page. What was written about laps is read once a search, however many letters it has."""

    def __init__(self, state: ReviewState) -> None:
        """Nothing sought yet."""
        self._state = state
        self._noted: tuple[str | None, list[Row]] | None = None

    def browse(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Sessions on the track of the one that is shown, with their laps.

        Args:
            given: `search`, words that are all to be found in car, session, date, event, driver's user or notes;
                `counts`, whether only laps that count are wanted; `from`, how many sessions the browser has already;
                `request`, a number that the answer has too.

        Returns:
            `request`, `from`, `track`, `sessions` (a page of them), `found` (how many there are) and `next` (where
            the next page begins; None if there is none).
        """
        source: LapSource = self._state.source
        track, start = track_of(self._state), max(int(given.get("from", 0)), 0)
        words = words_of(str(given.get("search", "")))
        if not words:
            self._noted = None
        found = self._find(source, track, words)
        if given.get("counts"):
            found = [(row, laps) for row, laps in found if row["best_lap_time_s"] is not None]
        page = [self._session(source, row, laps, only_counting=bool(given.get("counts")))
                for row, laps in found[start : start + PAGE]]  # fmt: skip
        end = start + len(page)
        return {
            "request": given.get("request", 0),
            "from": start,
            "track": track or "",
            "sessions": [session for session in page if session["laps"]],
            "found": len(found),
            "next": end if end < len(found) else None,
        }

    def _find(self, source: LapSource, track: str | None, words: Sequence[str]) -> list[Found]:
        rows = [row for row in source.find_sessions(track=track, shared=True).to_dicts() if row["laps"]]
        texts = {row["session_id"]: session_text(row) for row in rows}
        whole = {session_id for session_id, text in texts.items() if all(word in text for word in words)}
        if len(whole) == len(rows):
            return [(row, None) for row in rows]
        parts: dict[str, set[str]] = {}
        for lap in self._laps_with_notes(source, track):
            text = f"{texts.get(lap['session_id'], '')} {lap['notes'].casefold()}"
            if all(word in text for word in words):
                parts.setdefault(lap["session_id"], set()).add(lap["lap_id"])
        ids = [(row, row["session_id"]) for row in rows]
        return [
            (row, None if session_id in whole else frozenset(parts[session_id]))
            for row, session_id in ids
            if session_id in whole or session_id in parts
        ]

    def _laps_with_notes(self, source: LapSource, track: str | None) -> list[Row]:
        if self._noted is None or self._noted[0] != track:
            laps = source.find_laps(track=track, shared=True).filter(pl.col("notes") != "")
            rows: list[Row] = list(laps.select("lap_id", "session_id", "notes").to_dicts())
            self._noted = track, rows
        return self._noted[1]

    def _session(
        self, source: LapSource, row: Row, wanted: frozenset[str] | None, *, only_counting: bool
    ) -> dict[str, Any]:
        found = source.find_laps(session_id=row["session_id"], shared=True).to_dicts()
        laps = [lap_row(lap) for lap in found if lap["ended_us"] is not None]
        laps = [lap for lap in laps if wanted is None or lap.lap_id in wanted]
        return {
            "id": row["session_id"],
            "name": row["name"],
            "when": day_of(row),
            "car": row["car"] or "",
            "owner": "" if row["owner"] == source.user else row["owner"],
            "best_s": row["best_lap_time_s"],
            "notes": row["notes"] or "",
            "here": row["session_id"] == self._state.session_id,
            "laps": [_lap(lap, row) for lap in laps if lap.counts or not only_counting],
        }


def _lap(lap: LapRow, session: Row) -> dict[str, Any]:
    return {
        "id": lap.lap_id,
        "number": lap.lap_number,
        "time_s": lap.lap_time_s,
        "kind": lap.kind,
        "counts": lap.counts,
        "valid": lap.valid,
        "best": lap.counts and lap.lap_time_s == session["best_lap_time_s"],
        "reasons": lap.reasons,
        "telemetry": lap.has_telemetry,
        "notes": lap.notes or "",
    }


def references(state: ReviewState) -> dict[str, Any]:
    """What there is to compare with: the best laps of the user, of the session and of others, and the ideal lap.

    Returns:
        `rows`, each with `lap` (its id), `label`, `about` (where it was driven), `time_s` and `group` ("own" or
        "shared"), in the order to be offered.
    """
    source: LapSource = state.source
    track, car, user = track_of(state), (state.session or {}).get("car") or "", source.user
    driven = source.find_sessions(track=track, shared=True).to_dicts() if track else []
    driven = sorted(
        (found for found in driven if found["best_lap_time_s"] is not None), key=lambda f: f["best_lap_time_s"]
    )
    own = [found for found in driven if found["owner"] == user]
    with_car = next((found for found in own if car and (found["car"] or "").casefold() == car.casefold()), None)
    offered = []
    if with_car is not None:
        offered.append(_offer(source, with_car, f"Personal best, {car}"))
    if own and own[0] is not with_car:
        offered.append(_offer(source, own[0], "Personal best, any car" if car else "Personal best"))
    if (best := state.best) is not None:
        offered.append({"lap": best.lap_id, "label": "Best of this session", "about": f"Lap {best.lap_number}",
                        "time_s": best.lap_time_s, "group": "own"})  # fmt: skip
    ideal = state.ideal
    if ideal.state not in ("", "impossible"):
        time_s = ideal.lap.lap_time_s if ideal.lap else None
        offered.append({"lap": IDEAL, "label": "Ideal lap of this session", "about": "" if ideal.lap else ideal.text,
                        "time_s": time_s, "group": "own"})  # fmt: skip
    others = [found for found in driven if found["owner"] != user and found["session_id"] != state.session_id]
    offered += [
        _offer(source, found, f"{found['owner']} · {found['car'] or 'unknown car'}", group="shared")
        for found in others[:MOST_SHARED]
    ]
    return {"rows": [offer for offer in offered if offer]}


def _offer(source: LapSource, session: Row, label: str, *, group: str = "own") -> dict[str, Any]:
    """The best lap of a session; nothing if it went meanwhile."""
    best = best_of(map(lap_row, source.find_laps(session_id=session["session_id"], shared=True).to_dicts()))
    if best is None:
        return {}
    return {"lap": best.lap_id, "label": label, "about": best.home, "time_s": best.lap_time_s, "group": group}


def track_of(state: ReviewState) -> str | None:
    """The track of the session that is shown; None where it names none: then laps are looked for everywhere."""
    return (state.session or {}).get("track") or None


def words_of(search: str) -> list[str]:
    """The words that are sought, regardless of case.

    Example:
        >>> words_of(" Monza, WET ")
        ['monza', 'wet']
    """
    return [word for word in re.split(r"[\s,;]+", search.casefold()) if word]


def session_text(row: Row) -> str:
    """All that may be sought of a session, in one text.

    Args:
        row: of `Store.find_sessions`.
    """
    started = row["started_at"]
    dates = [f"{started.astimezone():{form}}" for form in DATES] if started else []
    facts = [row["name"], row["track"], row["car"], row["event_name"], row["owner"], row["notes"]]
    return " ".join([*(fact for fact in facts if fact), *dates]).casefold()


def day_of(row: Row) -> str:
    """When a session was, as a date; "" if nobody knows."""
    return f"{row['started_at'].astimezone():{DATES[0]}}" if row["started_at"] else ""
