"""Math channels of many laps: bound to each session's vehicle, setup and channels, computed session by session."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import Connection, func

from ps_analytics import channels as language
from ps_analytics.channels import Compiled, Diagnostic, MathChannel
from ps_analytics.channels.catalog import CATALOG
from ps_analytics.channels.units import is_unit
from ps_analytics.errors import FormulaError
from ps_analytics.lap import CONDITION, SECTION_IDS, Lap, column_dtype
from ps_analytics.store import math_channels, math_checks, scanning, setups
from ps_analytics.store.engine import Database
from ps_analytics.store.laps import MADE
from ps_analytics.store.math_uses import library_of
from ps_analytics.store.models import LapTrace, Session
from ps_analytics.store.scanning import ScannedLap
from ps_analytics.store.scope import Reading
from ps_analytics.store.setups import Setup

ABSENT = frozenset({"E-NOT-RECORDED", "E-UNKNOWN-CHANNEL", "E-SETUP", "E-SCOPE", "E-TABLE"})
"""What a session lacks: its values are missing there, and no reason to refuse the others."""
WHOLE = frozenset({"session", "stint"})
"""Scopes for which the whole session is read, whichever of its laps are asked for."""
_KEYS = {"lap_id": pl.String(), "session_id": pl.String(), "stint_id": pl.Int32()}
_SESSIONS_A_QUERY = 10_000

Reader = Callable[[], AbstractContextManager[Connection]]
"""Gives a connection for as long as a block needs it."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What formulas are bound to: `raw` are the recorded channels, `units` those of channels the catalogue lacks."""

    raw: frozenset[str]
    library: Mapping[str, MathChannel]
    setup: Setup
    units: Mapping[str, str | None]

    def compile(self, names: Iterable[str], reference: pl.DataFrame | None) -> Compiled:
        """The math channels of these names, ready to run on frames with the session's columns.

        Raises:
            FormulaError: one of them cannot be used here.
        """
        entries = {name: self.library[name] for name in names}
        return language.compiled(
            entries, _columns(self.raw), units=self.units, setup=self.setup, reference=reference, library=self.library
        )

    def check(self, channel: MathChannel) -> list[Diagnostic]:
        """What is to be said of a channel here, a reference lap supposed."""
        frame = _columns(self.raw)
        return language.check(
            {channel.name: channel}, frame, units=self.units, setup=self.setup, reference=frame, library=self.library
        )


@lru_cache(maxsize=64)
def _columns(raw: frozenset[str]) -> pl.DataFrame:
    """No rows, and the columns there are where these channels are recorded."""
    made = [name for name, sources in MADE.items() if name != "distance" or raw.intersection(sources)]
    numbers = dict.fromkeys([*sorted(raw), *made], pl.Float64())
    return pl.DataFrame(schema={**numbers, **dict.fromkeys(SECTION_IDS, pl.Int32()), **_KEYS})


@dataclass(slots=True)
class Season:
    """The math channels of a scan, over the sessions of its laps."""

    math: tuple[str, ...]
    raw: scanning.Dtypes
    laps: list[ScannedLap]
    sessions: dict[str, Bound]
    reference: pl.DataFrame | None
    conditions: frozenset[str]
    _plans: dict[tuple[Any, ...], Compiled | None] = field(default_factory=dict)

    def frames(self, reader: Reader, scope: Reading, columns: list[str]) -> Iterator[pl.DataFrame]:
        """The samples of each session's laps in turn, with these columns."""
        for session_id, laps in groupby(self.laps, key=lambda lap: lap.session_id):
            yield from self._session(reader, scope, self.sessions[session_id], list(laps), columns)

    def _session(
        self, reader: Reader, scope: Reading, bound: Bound, laps: list[ScannedLap], columns: list[str]
    ) -> Iterator[pl.DataFrame]:
        every = [plan for name in self.math if (plan := self._plan(bound, [name])) is not None]
        wanted = [name for name in self.math if name in columns and self._plan(bound, [name]) is not None]
        plan = self._plan(bound, wanted)
        reading = self._dtypes(bound, every)
        needs = plan.needs if plan is not None else ()
        read = [name for name in reading if name in columns or name in needs]
        whole = plan is not None and bool(WHOLE & plan.scopes)
        for some, asked in _groups(reader, scope, laps, len(reading), whole=whole):
            with reader() as connection:
                frame = scanning.read(connection, scope, some, reading, [*read, "lap_id"])
            if frame.is_empty():
                continue
            frame = with_keys(frame, some)
            values = frame.clear().select() if plan is None else plan.run(frame)
            found = self._picked(frame, values, columns)
            yield found if asked is None else found.filter(frame["lap_id"].is_in(asked))

    def _picked(self, frame: pl.DataFrame, values: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
        made: dict[str, pl.Series] = {}
        for name in columns:
            if name not in self.math:
                made[name] = frame[name]
                continue
            dtype = pl.Boolean() if name in self.conditions else pl.Float64()
            missing = pl.repeat(None, len(frame), dtype=dtype, eager=True)
            made[name] = values[name].cast(dtype) if name in values.columns else missing
        return pl.DataFrame(made)

    def _dtypes(self, bound: Bound, plans: Iterable[Compiled]) -> scanning.Dtypes:
        """What is to be read for all math channels of the scan, and what it is made of: it tells the clock."""
        needs = {name for plan in plans for name in plan.needs if name not in _KEYS}
        clock = {"speed"} & bound.raw
        names = [*self.raw, *sorted((needs | clock) - self.raw.keys())]
        return {name: self.raw.get(name) or dtype_of(name) for name in names}

    def _plan(self, bound: Bound, names: Sequence[str]) -> Compiled | None:
        """The plan of some channels; None where there is none of them, or the one asked for is absent here.

        Raises:
            FormulaError: one cannot be used for another reason.
        """
        if not names:
            return None
        key = (tuple(names), bound.raw, id(bound.library), tuple(bound.setup.items()), tuple(bound.units.items()))
        if key not in self._plans:
            try:
                self._plans[key] = bound.compile([name for name in names if name in bound.library], self.reference)
            except FormulaError as error:
                if error.code not in ABSENT:
                    raise
                self._plans[key] = None
        return self._plans[key]


def scan(
    database: Database,
    scope: Reading,
    channels: Sequence[str],
    laps: pl.DataFrame | Sequence[str] | None,
    *,
    reference: Lap | None = None,
) -> pl.LazyFrame:
    """Samples of many laps, lazily; math channels among the names are computed, one plan a session.

    What a session lacks for one, a channel or a setup value, makes it missing there. A scan with math channels goes by
    the clock of `speed`, where a lap has it.

    Args:
        database: where the laps are.
        scope: whose.
        channels: names of channels, sections and the user's math channels.
        laps: lap ids, or a frame with a column `lap_id`; None means every sealed lap of the user.
        reference: the lap `ref()` looks at.

    Raises:
        NotFound: no such lap.
        UnknownChannel: none of the laps has a channel of this name, and no math channel has it.
        FormulaError: a math channel cannot be used on any lap.
    """
    others = [name for name in dict.fromkeys(channels) if not is_raw(name)]
    if not others:
        return scanning.scan(database, scope, channels, laps)
    ids = None if laps is None else list(laps["lap_id"] if isinstance(laps, pl.DataFrame) else laps)
    with database.read() as connection:
        found = scanning.find(connection, scope, ids)
        recorded = _recorded(connection, scope, found)
        raw = {name for names in recorded.values() for name in names}
        own = math_channels.kept(connection, scope)
        known = {*library_of(own, None), *(one.channel.name for one in own)}
        math = tuple(name for name in others if name not in raw and name in known)
        if not math:
            return scanning.scan(database, scope, channels, laps)
        asked = [name for name in dict.fromkeys(channels) if name not in math]
        dtypes = scanning.dtypes_of(connection, scope, asked, found)
        sessions = _bound(connection, scope, recorded, own)
    order = list(dict.fromkeys(lap.session_id for lap in found))
    found.sort(key=lambda lap: (order.index(lap.session_id), lap.started_us, lap.key))
    conditions = _conditions(math, sessions.values(), raw, reference)
    season = Season(math, dtypes, found, sessions, None if reference is None else reference.frames, conditions)
    types: dict[str, pl.DataType] = {name: pl.Boolean() if name in conditions else pl.Float64() for name in math}
    types |= {name: scanning.POLARS[dtype]() for name, dtype in dtypes.items()}
    schema = pl.Schema({"lap_id": pl.String(), **{name: types[name] for name in dict.fromkeys(channels)}})
    return scanning.lazily(schema, lambda columns: season.frames(database.read, scope, columns))


def is_raw(name: str) -> bool:
    """Whether a name can only be that of a recorded channel, or one made of some."""
    return name in CATALOG or name in MADE or name in SECTION_IDS


def dtype_of(name: str) -> Any:
    """What the column of a channel is made of where formulas read it."""
    return np.int32 if name in SECTION_IDS else column_dtype(name, "float64")


def with_keys(frame: pl.DataFrame, laps: Sequence[ScannedLap]) -> pl.DataFrame:
    """The frame with the keys statistics run over: session_id and stint_id of each row's lap.

    A stint is the laps between two visits to the pits: an out lap begins one, as does the lap after one into them.
    """
    stints: dict[str, int] = {}
    before: ScannedLap | None = None
    stint = 1
    for lap in laps:
        if before is not None and (lap.kind == "out" or before.kind in ("in", "pit")):
            stint += 1
        stints[lap.id], before = stint, lap
    sessions = {lap.id: lap.session_id for lap in laps}
    lap_id = pl.col("lap_id")
    return frame.with_columns(
        lap_id.replace_strict(sessions, return_dtype=pl.String).alias("session_id"),
        lap_id.replace_strict(stints, return_dtype=pl.Int32).alias("stint_id"),
    )


def _groups(
    reader: Reader, scope: Reading, laps: list[ScannedLap], channels: int, *, whole: bool
) -> Iterator[tuple[list[ScannedLap], list[str] | None]]:
    """The laps of a session to read in one go, and which of them were asked for if not all."""
    if not whole:
        yield from ((some, None) for some in scanning.chunks(laps, channels))
        return
    with reader() as connection:
        every = scanning.find_of_session(connection, scope, laps[0].session_id)
    ids = [lap.id for lap in laps]
    known = {lap.id for lap in every}
    every += [lap for lap in laps if lap.id not in known]
    yield sorted(every, key=lambda lap: (lap.started_us, lap.key)), ids


def _recorded(connection: Connection, scope: Reading, laps: Sequence[ScannedLap]) -> dict[str, frozenset[str]]:
    """The channels of the laps of each session; a lap that is still open may have any."""
    found: dict[str, set[str]] = {lap.session_id: set() for lap in laps}
    for lap in laps:
        if not lap.sealed:
            found[lap.session_id] |= CATALOG.keys()
    ids = list(found)
    distinct = scope.traces(Session.id, LapTrace.channel).distinct()
    for first in range(0, len(ids), _SESSIONS_A_QUERY):
        some = ids[first : first + _SESSIONS_A_QUERY]
        for session_id, name in connection.execute(distinct.where(Session.id.in_(some))):
            found[session_id].add(name)
    return {session_id: frozenset(names) for session_id, names in found.items()}


def _bound(
    connection: Connection, scope: Reading, recorded: Mapping[str, frozenset[str]], own: Sequence[Any]
) -> dict[str, Bound]:
    """What formulas are bound to in each session."""
    vehicles = setups.of_sessions(connection, scope, recorded)
    libraries = {vehicle_id: library_of(own, vehicle_id) for vehicle_id, _ in vehicles.values()}
    units = units_of(connection, scope, recorded)
    return {
        session_id: Bound(raw, libraries[vehicles[session_id][0]], vehicles[session_id][1], units.get(session_id, {}))
        for session_id, raw in recorded.items()
    }


def units_of(
    connection: Connection, scope: Reading, recorded: Mapping[str, frozenset[str]]
) -> dict[str, dict[str, str | None]]:
    """The stored units of the channels of sessions that the catalogue does not know; None is unknown."""
    ids = [session_id for session_id, names in recorded.items() if names - CATALOG.keys()]
    others = {name for names in recorded.values() for name in names - CATALOG.keys()}
    found: dict[str, dict[str, str | None]] = {}
    if not others:
        return found
    statement = scope.traces(Session.id, LapTrace.channel, func.max(LapTrace.unit))
    statement = statement.where(LapTrace.channel.in_(sorted(others))).group_by(Session.id, LapTrace.channel)
    for first in range(0, len(ids), _SESSIONS_A_QUERY):
        some = ids[first : first + _SESSIONS_A_QUERY]
        for session_id, name, unit in connection.execute(statement.where(Session.id.in_(some))):
            found.setdefault(session_id, {})[name] = unit if unit == CONDITION or (unit and is_unit(unit)) else None
    return found


def _conditions(
    math: Sequence[str], sessions: Iterable[Bound], raw: Iterable[str], reference: Lap | None
) -> frozenset[str]:
    """Those of the math channels that are conditions, on all the channels there can be.

    Raises:
        FormulaError: one of them cannot be used.
    """
    on = math_checks.ground_of(raw)
    libraries = {id(bound.library): bound.library for bound in sessions} or {0: library_of((), None)}
    numbers: set[str] = set()
    for library in libraries.values():
        here = [library[name] for name in math if name in library]
        found = math_checks.compiled(here, library, on, with_reference=reference is not None)
        numbers |= {name for name, output in found.channels.items() if not output.is_condition}
    return frozenset(math) - numbers
