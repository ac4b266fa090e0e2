"""How the rows of a frame hang together: its clock, its laps, and the segments and scopes functions work in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from ps_analytics.channels.functions.stateful import SEGMENTS
from ps_analytics.channels.graph import Graph, Node, Operation

SCOPES = ("lap", "session", "stint", "sector", "section", "corner", "straight")
"""What statistics and running values may go over; a season is evaluated session by session."""
_RUNS: Mapping[str, tuple[str, ...]] = {
    "lap": ("session_id", "lap_id"),
    "session": ("session_id",),
}
"""Scopes that follow on each other without a break, and the columns whose change ends one."""
_MANY = 2**32


class MissingColumn(KeyError):
    """A column that this needs and the frame does not have."""


def _runs(*keys: pl.Expr) -> pl.Expr:
    changed = [key.ne_missing(key.shift()) for key in keys]
    return pl.any_horizontal(changed).cum_sum().cast(pl.Int64)


def _sections(run: pl.Expr, key: pl.Expr) -> pl.Expr:
    """Equal numbers for rows of one run with one key; −1 where there is no key."""
    return (run * _MANY + key.rank("dense").cast(pl.Int64)).fill_null(-1)


def _many(*_: float) -> float:
    return float(_MANY)


RUNS = Operation("runs", _runs, bound=_many, kind="key", stateful=True)
SECTIONS = Operation("sections", _sections, bound=_many, kind="key", stateful=True)
ONE_RUN = Operation("one run", lambda: pl.lit(0, dtype=pl.Int64), bound=_many, kind="key")


@dataclass(slots=True)
class Rows:
    """The nodes of a frame's clock, segments and scopes, made when they are asked for."""

    graph: Graph
    columns: frozenset[str]
    used: set[str] = field(default_factory=set)
    """The scopes asked for."""

    def channel(self, name: str) -> Node:
        """A channel the frame must have.

        Raises:
            MissingColumn: it does not.
        """
        if name not in self.columns:
            raise MissingColumn(name)
        return self.graph.column(name)

    @property
    def time(self) -> Node:
        """Seconds since the session's first frame.

        Raises:
            MissingColumn: the frame has no clock.
        """
        return self.channel("timestamp")

    def segment(self, axis: Node | None = None) -> Node:
        """Numbers of the runs of rows of one lap without a gap, in which the axis (None: the clock) grows."""
        return self.graph.apply(SEGMENTS, self.time, self.scope("lap"), axis or self.time)

    def scope(self, name: str, *, asked: bool = False) -> Node:
        """Numbers of the scopes of a kind, −1 outside all of them; a frame without laps is one lap.

        Args:
            name: one of SCOPES.
            asked: whether the formula names it.

        Raises:
            MissingColumn: the frame does not have the column that tells them.
        """
        self.used.add(name)
        column = f"{name}_id"
        if column not in self.columns and (asked or name != "lap"):
            raise MissingColumn(column)
        if name in _RUNS:
            keys = [self.key(key) for key in _RUNS[name] if key in self.columns]
            return self.graph.apply(RUNS, *keys) if keys else self.graph.apply(ONE_RUN)
        run = self.scope("session" if name == "stint" and "session_id" in self.columns else "lap")
        return self.graph.apply(SECTIONS, run, self.key(column))

    def key(self, column: str) -> Node:
        """A column that tells rows apart, of any kind.

        Raises:
            MissingColumn: the frame does not have it.
        """
        if column not in self.columns:
            raise MissingColumn(column)
        return self.graph.column(column, kind="key")
