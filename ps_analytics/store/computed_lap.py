"""One lap with math channels of its user beside what was recorded: only what the formulas need is read."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Connection, bindparam

from ps_analytics.channels import Compiled, Diagnostic, MathChannel
from ps_analytics.channels.catalog import normalise
from ps_analytics.errors import FormulaError, UnknownChannel
from ps_analytics.lap import SECTION_IDS, Lap
from ps_analytics.store import computed, math_channels, models, scanning, setups
from ps_analytics.store import laps as laps_
from ps_analytics.store.laps import MADE
from ps_analytics.store.math_uses import library_of
from ps_analytics.store.models import LapTrace
from ps_analytics.store.scope import Reading, Rows
from ps_analytics.store.track_cache import TrackCache


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be read and computed: `math` by name, `asked` as it was asked for."""

    bound: computed.Bound
    asked: tuple[str, ...]
    math: Mapping[str, MathChannel]
    ready: Compiled | None


def read_lap(
    connection: Connection,
    scope: Reading,
    lap_id: str,
    channels: Sequence[str] | None,
    *,
    tracks: TrackCache | None = None,
    lenient: bool = False,
    reference: Lap | None = None,
    math: Mapping[str, MathChannel] | None = None,
) -> Lap:
    """One lap with these channels (None: all recorded ones), math channels of the user among them.

    Math channels go by the clock of `speed`. It comes along where channels asked for have another one.

    Args:
        connection: to look with.
        scope: whose.
        lap_id: the lap's.
        channels: names; those of sections and of math channels may be among them.
        tracks: None leaves the track's model out.
        lenient: leave out what the lap does not have, or cannot be computed from what it has.
        reference: the lap `ref()` looks at.
        math: more math channels, by name; they hide those of the user.

    Raises:
        NotFound: no such lap.
        UnknownChannel: a name that neither a channel of the lap nor a math channel has.
        FormulaError: a math channel cannot be computed here.
        CorruptTrace: a channel asked for fails its checks.
    """
    plain = not math and (channels is None or all(map(computed.is_raw, channels)))
    row = None if plain else connection.execute(scope.once(_row), {"lap_id": lap_id}).first()
    if row is None:
        return laps_.read_lap(connection, scope, lap_id, channels, tracks=tracks, lenient=lenient)
    whole = None
    if channels is None or not row.sealed:
        whole = laps_.read_lap(connection, scope, lap_id, None, tracks=tracks)
        channels = list(whole.traces) if channels is None else channels
    bound = _bound(connection, scope, row, whole, math or {})
    wanted = _wanted(bound, channels, tuple(math or ()), reference, lenient=lenient)
    if not wanted.math or wanted.ready is None:
        return laps_.read_lap(connection, scope, lap_id, wanted.asked, tracks=tracks, lenient=lenient)
    raw = [name for name in wanted.asked if name not in wanted.math]
    needs = {*wanted.ready.needs, *({"speed"} & wanted.bound.raw)} - {"lap_id", "session_id", "stint_id"}
    reading = list(dict.fromkeys([*raw, *sorted(needs - SECTION_IDS.keys())]))
    lap = whole or laps_.read_lap(connection, scope, lap_id, reading, tracks=tracks, lenient=lenient)
    if computed.WHOLE & wanted.ready.scopes:
        lap = _within_session(connection, scope, lap, wanted, reference)
    else:
        setup, library = wanted.bound.setup, wanted.bound.library
        lap = lap.with_math(wanted.math, setup=setup, reference=reference, library=library)
    return _narrowed(lap, wanted)


def _row(scope: Reading) -> Rows:
    columns = (models.Lap.lap_key, models.Lap.session_id, models.Lap.sealed)
    return scope.laps(*columns).where(models.Lap.id == bindparam("lap_id"))


def _channels(scope: Reading) -> Rows:
    return scope.traces(LapTrace.channel).where(LapTrace.lap_key == bindparam("lap_key"))


def check(connection: Connection, scope: Reading, lap_id: str, channel: MathChannel) -> list[Diagnostic]:
    """What is to be said of a math channel on a lap.

    Raises:
        NotFound: no such lap.
    """
    row = connection.execute(scope.once(_row), {"lap_id": lap_id}).first()
    whole = None if row is not None and row.sealed else laps_.read_lap(connection, scope, lap_id, None)
    return _bound(connection, scope, row, whole, {}).check(channel)


def _bound(
    connection: Connection, scope: Reading, row: Any, whole: Lap | None, math: Mapping[str, MathChannel]
) -> computed.Bound:
    """What formulas are bound to on a lap, `whole` if it was read already."""
    names = connection.scalars(scope.once(_channels), {"lap_key": row.lap_key})
    raw = frozenset(names if whole is None else whole.traces)
    vehicle_id, setup = setups.of_sessions(connection, scope, [row.session_id])[row.session_id]
    library = library_of(math_channels.kept(connection, scope), vehicle_id)
    hidden = {normalise(name) for name in math}
    library = {name: channel for name, channel in library.items() if normalise(name) not in hidden}
    units = computed.units_of(connection, scope, {row.session_id: raw}).get(row.session_id, {})
    return computed.Bound(raw, {**library, **math}, setup, units)


def _wanted(
    bound: computed.Bound, names: Sequence[str], given: Sequence[str], reference: Lap | None, *, lenient: bool
) -> _Wanted:
    """What the names mean on this lap; those `given` are math channels whatever else has their name.

    Raises:
        UnknownChannel: one means nothing.
        FormulaError: a math channel cannot be computed here.
    """
    raw, library, asked = bound.raw, bound.library, tuple(dict.fromkeys([*names, *given]))
    unknown = [name for name in asked if not computed.is_raw(name) and name not in raw and name not in library]
    if unknown and not lenient:
        raise UnknownChannel(min(unknown), known=[*sorted({*raw, *MADE}), *library])
    kept = [name for name in asked if name in library and name not in raw and not computed.is_raw(name)]
    math = list(dict.fromkeys([*kept, *given]))
    if lenient:
        math = [name for name in math if _can_be_computed(bound, name, reference)]
    there = reference.frames if reference is not None else None
    asked = tuple(name for name in asked if name in math or computed.is_raw(name) or name in raw)
    return _Wanted(bound, asked, {name: library[name] for name in math}, bound.compile(math, there) if math else None)


def _can_be_computed(bound: computed.Bound, name: str, reference: Lap | None) -> bool:
    try:
        bound.compile([name], reference.frames if reference is not None else None)
    except FormulaError as error:
        if error.code not in computed.ABSENT:
            raise
        return False
    return True


def _within_session(connection: Connection, scope: Reading, lap: Lap, wanted: _Wanted, reference: Lap | None) -> Lap:
    """The lap with math channels that look at its whole session, on the clock of its frames."""
    assert wanted.ready is not None
    laps = scanning.find(connection, scope, [lap.lap_id])
    season = computed.Season(
        math=tuple(wanted.math),
        raw={name: computed.dtype_of(name) for name in wanted.asked if name not in wanted.math},
        laps=laps,
        sessions={lap.session_id: wanted.bound},
        reference=None if reference is None else reference.frames,
        conditions=frozenset(name for name, output in wanted.ready.channels.items() if output.is_condition),
    )
    found = pl.concat(season.frames(lambda: nullcontext(connection), scope, list(wanted.math)))
    return lap.with_columns(found, wanted.ready.channels)


def _narrowed(lap: Lap, wanted: _Wanted) -> Lap:
    """The lap without the channels that were read only to compute others, but for the clock if another one would do."""
    kept = [name for name in wanted.asked if name in lap.traces or name == "distance"]
    clock = lap.base
    same = all(
        len(trace.values) == len(clock.values) and trace.rate_hz == clock.rate_hz
        for trace in (lap.traces[name] for name in kept if name in lap.traces)
    )
    return lap.select(*kept) if same else lap.select(*dict.fromkeys([*kept, clock.name]))
