"""Sealing a lap: its batches become one compressed trace a channel, all inside the caller's transaction."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from sqlalchemy import Connection, Delete, Update, bindparam, func, insert

from ps_analytics.lap import Trace
from ps_analytics.store.frames import read_batches, traces_from_batches
from ps_analytics.store.models import Lap, LapTrace, Session, TelemetryBatch
from ps_analytics.store.rows import LapRow
from ps_analytics.store.scope import Reading, Rows, Scope
from ps_analytics.store.traces import COLUMNS, in_catalogue_order, out_of_range, pack, unpack

MARGIN_US = 3_000_000
"""Batches this close before a sealed lap's end stay: the daemon rebuilds its state from them after a restart."""

_NEVER_US = 2**62


def seal(connection: Connection, scope: Scope, lap: LapRow, *, keep_rows: bool) -> int:
    """Write the traces of a closed lap and drop what nobody needs any more; how many frames it has.

    A lap sealed before is sealed again out of its traces, its neighbours' and the batches that are still there: its
    ends may have moved.
    """
    assert lap.ended_us is not None  # the caller closes a lap before it seals it
    traces = gather(connection, scope, lap)
    if not traces and _has_traces(connection, scope, lap):  # channels with clocks of their own came with their laps
        connection.execute(scope.update(Lap).where(Lap.lap_key == lap.key).values(sealed=True))
        return lap.frames
    write(connection, scope, lap, traces.values())
    waiting = connection.scalars(scope.once(_unsealed_starts), {"session": lap.session_id, "lap": lap.key})
    limit = min(lap.ended_us - MARGIN_US, *waiting, lap.ended_us)
    connection.execute(scope.once(_delete_batches), {"session": lap.session_key, "limit": limit})
    if not keep_rows:
        connection.execute(scope.delete_frames(lap.session_key, lap.started_us, lap.ended_us))
    return _frames(traces)


def gather(connection: Connection, scope: Reading, lap: LapRow) -> dict[str, Trace]:
    """The channels of a lap that is not sealed, `timestamp` first: out of batches and, if it was sealed, of traces."""
    traces = _fresh(connection, scope, lap)
    if _has_traces(connection, scope, lap):
        stored = [_stored(connection, scope, lap, number) for number in _around(lap)]
        traces = _cut(_combined([traces, *stored]), lap)
    return traces


def write(connection: Connection, scope: Scope, lap: LapRow, traces: Iterable[Trace]) -> None:
    """Write the traces of a lap in place of those it has, and mark it sealed."""
    written = {trace.name: trace for trace in traces}
    start_s = (lap.started_us - lap.session_started_us) / 1e6
    connection.execute(scope.once(_delete_traces), {"lap": lap.key})
    if written:
        connection.execute(insert(LapTrace), [pack(lap.key, trace, start_s) for trace in written.values()])
    flags = {name: value for name, value in lap.flags.items() if name != "out_of_range"}
    if outside := out_of_range(written.values()):
        flags["out_of_range"] = outside
    known = {"lap": lap.key, "sealed": True, "frames": _frames(written), "flags": flags}
    connection.execute(scope.once(_mark_sealed), known)
    _describe(connection, scope, lap.session_key, written.values())


def _describe(connection: Connection, scope: Scope, session_key: int, traces: Iterable[Trace]) -> None:
    """Note in the session what its source gives; a channel noted already stays as it is."""
    mine = Session.session_key == session_key
    known: list[Any] = connection.scalar(scope.once(_described), {"session": session_key}) or []
    names = {"timestamp", *(channel["name"] for channel in known)}
    new = [
        {
            "name": trace.name,
            "unit": trace.unit,
            "source_name": trace.source_name or trace.name,
            "source_unit": trace.source_unit if trace.source_name else trace.unit,
            "rate_hz": float(trace.rate_hz),
        }
        for trace in traces
        if trace.name not in names
    ]
    if new:
        channels = sorted([*known, *new], key=lambda channel: in_catalogue_order(channel["name"]))
        connection.execute(scope.update(Session).where(mine).values(channels=channels))


def _frames(traces: Mapping[str, Trace]) -> int:
    for name in ("timestamp", "speed"):
        if name in traces:
            return len(traces[name].values)
    return max((len(trace.values) for trace in traces.values()), default=0)


def _around(lap: LapRow) -> tuple[int, int, int]:
    return lap.lap_number, lap.lap_number - 1, lap.lap_number + 1


def _fresh(connection: Connection, scope: Reading, lap: LapRow) -> dict[str, Trace]:
    end_us = _NEVER_US if lap.ended_us is None else lap.ended_us
    within = {"session": lap.session_key, "start": lap.started_us, "end": end_us}
    return traces_from_batches(
        read_batches(connection.execute(scope.once(_batches_within), within)),
        session_started_us=lap.session_started_us,
        started_us=lap.started_us,
        ended_us=lap.ended_us,
    )


def _has_traces(connection: Connection, scope: Reading, lap: LapRow) -> bool:
    return bool(connection.scalar(scope.once(_count_traces), {"lap": lap.key}))


def _stored(connection: Connection, scope: Reading, lap: LapRow, number: int) -> dict[str, Trace]:
    """The traces of a lap of the same session that go by its `timestamp` trace."""
    rows = connection.execute(
        scope.traces(Lap.id, Lap.started_us, *COLUMNS).where(Lap.session_id == lap.session_id, Lap.lap_number == number)
    ).all()
    found = [unpack(r, lap_id=r.id, lap_start_s=(r.started_us - lap.session_started_us) / 1e6) for r in rows]
    clock = next((trace for trace in found if trace.name == "timestamp"), None)
    return {} if clock is None else {t.name: t for t in found if len(t.values) == len(clock.values)}


def _combined(pieces: list[dict[str, Trace]]) -> dict[str, Trace]:
    """One set of traces out of several, in the order of time; an earlier piece wins where two have the same frame."""
    used = [piece for piece in pieces if piece]
    if len(used) < 2:
        return used[0] if used else {}
    taken, keep = used[0]["timestamp"].values, [np.ones(len(used[0]["timestamp"].values), np.bool_)]
    for piece in used[1:]:
        keep.append(~np.isin(_microseconds(piece["timestamp"].values), _microseconds(taken)))
        taken = np.concatenate([taken, piece["timestamp"].values[keep[-1]]])
    order = np.argsort(taken, kind="stable")
    patterns = {name: trace for piece in reversed(used) for name, trace in piece.items()}
    return {
        name: _with_values(pattern, _gathered(used, keep, name)[order], float(taken[order[0]]) if len(order) else 0.0)
        for name, pattern in patterns.items()
    }


def _microseconds(seconds: Any) -> Any:
    return np.rint(seconds * 1e6).astype(np.int64)


def _gathered(pieces: list[dict[str, Trace]], keep: list[Any], name: str) -> Any:
    return np.concatenate(
        [
            piece[name].values[mask] if name in piece else np.full(int(mask.sum()), np.nan, np.float32)
            for piece, mask in zip(pieces, keep, strict=True)
        ]
    )


def _cut(traces: dict[str, Trace], lap: LapRow) -> dict[str, Trace]:
    if not traces:
        return {}
    clock = _microseconds(traces["timestamp"].values) + lap.session_started_us
    first = np.searchsorted(clock, lap.started_us, side="left")
    last = len(clock) if lap.ended_us is None else np.searchsorted(clock, lap.ended_us, side="left")
    if last <= first:
        return {}
    start_s = float(traces["timestamp"].values[first])
    return {name: _with_values(trace, trace.values[first:last], start_s) for name, trace in traces.items()}


def _with_values(trace: Trace, values: Any, start_s: float) -> Trace:
    return Trace(trace.name, trace.unit, trace.rate_hz, start_s, values, trace.source_name, trace.source_unit)


def _batches_within(scope: Reading) -> Rows:
    """The batches of a session that may have frames of a lap."""
    within = (TelemetryBatch.last_us >= bindparam("start"), TelemetryBatch.first_us < bindparam("end"))
    statement = scope.batches(TelemetryBatch.payload).where(TelemetryBatch.session_key == bindparam("session"), *within)
    return statement.order_by(TelemetryBatch.first_seq)


def _count_traces(scope: Reading) -> Rows:
    return scope.traces(func.count()).where(LapTrace.lap_key == bindparam("lap"))


def _unsealed_starts(scope: Scope) -> Rows:
    """Where other laps of the session begin that still live on batches."""
    others = (Lap.session_id == bindparam("session"), Lap.lap_key != bindparam("lap"))
    return scope.laps(Lap.started_us).where(*others, Lap.sealed.is_(False))


def _described(scope: Scope) -> Rows:
    return scope.sessions(Session.channels).where(Session.session_key == bindparam("session"))


def _mark_sealed(scope: Scope) -> Update:
    values: dict[str, Any] = {name: bindparam(name) for name in ("sealed", "frames", "flags")}
    values["cut_by"] = None  # other samples may lie elsewhere on the track
    return scope.update(Lap).where(Lap.lap_key == bindparam("lap")).values(**values)


def _delete_traces(scope: Scope) -> Delete:
    return scope.delete(LapTrace).where(LapTrace.lap_key == bindparam("lap"))


def _delete_batches(scope: Scope) -> Delete:
    """Delete the batches of a session that end before a time."""
    old = TelemetryBatch.last_us < bindparam("limit")
    return scope.delete(TelemetryBatch).where(TelemetryBatch.session_key == bindparam("session"), old)
