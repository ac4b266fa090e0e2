"""A formula on a lap: its values and those of the channels it reads, thinned to what a screen can show."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics import channels
from ps_analytics.channels.catalog import Kind, kind_of
from ps_analytics.channels.definitions import Diagnostic, MathChannel, Policy
from ps_analytics.channels.evaluate import Output
from ps_analytics.channels.formula import names_in
from ps_analytics.channels.names import quoted
from ps_analytics.ui.math.ground import Ground

MOST_INPUTS = 6
"""So many of the channels a formula reads are drawn beneath it."""
MOST_POINTS = 12_000
"""Longer laps are thinned to about so many samples, of which none is a peak left out."""

NOT_A_NAME = "'\""
"""No formula can write it, so what is tried hides no channel."""

NO_LAP = "There is no lap to try it on."
NO_VALUES = "It has no value anywhere on this lap."
LAP_BOUND = ("E-NOT-RECORDED", "E-NO-REFERENCE", "E-SCOPE", "E-SETUP")
"""What is wrong with a lap, not with a formula: on another one it may be right."""

Column = NDArray[np.float32]
Library = Mapping[str, MathChannel]


@dataclass(frozen=True, eq=False)
class Series:
    """A channel on the lap: what it is called, its unit, and a value a sample (NaN: missing)."""

    name: str
    unit: str
    stepped: bool
    values: Column


@dataclass(frozen=True, eq=False)
class Preview:
    """The formula's series and those it reads; `time_s` since the line, `distance_m` (never less) if the lap tells.

    `least`, `mean` and `most` are over every sample of the lap, in the formula's unit; `missing` is the share of
    samples without a value. `more` inputs are not drawn. `note` says why there is nothing to draw.
    """

    key: str = ""
    lap_id: str = ""
    formula: str = ""
    value: Series | None = None
    inputs: tuple[Series, ...] = ()
    more: int = 0
    time_s: Column | None = None
    distance_m: Column | None = None
    least: float | None = None
    mean: float | None = None
    most: float | None = None
    missing: float = 0.0
    note: str = ""


def check_on(channel: MathChannel, ground: Ground, library: Library) -> list[Diagnostic]:
    """What is wrong with a channel wherever it is used; and, if nothing is, what this lap lacks for it."""
    asked = {channel.name: channel}
    checked = partial(channels.check, asked, units=ground.units, setup=ground.setup, library=library)
    found = checked(ground.known, reference=ground.known)
    if ground.lap is None or any(one.severity == "error" for one in found):
        return found
    lacking = checked(ground.recorded, reference=ground.reference.frames.head(0) if ground.reference else None)
    return [*found, *(one for one in lacking if one.severity == "error")]


def unit_on(channel: MathChannel, ground: Ground, library: Library) -> str:
    """The unit a channel's formula comes to by itself; "" for a plain number, a condition, or one nobody knows.

    Raises:
        FormulaError: the formula is wrong.
    """
    bare = {channel.name: replace(channel, unit=None, policy=Policy.OFF)}
    compiled = channels.compiled(
        bare, ground.known, units=ground.units, setup=ground.setup, reference=ground.known, library=library
    )
    return compiled.channels[channel.name].unit


def preview_on(channel: MathChannel, ground: Ground, library: Library, *, key: str = "") -> Preview:
    """A channel on the lap, with the channels it reads; whatever its policy says of its units.

    Raises:
        FormulaError: it cannot be evaluated there.
    """
    if ground.lap is None:
        return Preview(key, formula=channel.formula, note=NO_LAP)
    names = names_in(channel.formula)
    bare = replace(channel, unit=None, policy=Policy.OFF)
    drawn = {f"{NOT_A_NAME}{name}": name for name in names[:MOST_INPUTS]}
    entries = {NOT_A_NAME: replace(bare, name=NOT_A_NAME, unit=channel.unit)}
    entries |= {key: replace(bare, name=key, formula=quoted(name)) for key, name in drawn.items()}
    frame = ground.lap.frames
    compiled = channels.compiled(
        entries, frame, units=ground.units, setup=ground.setup, reference=ground.reference_frame, library=library
    )
    found = compiled.run(frame)
    columns = {name: found[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in entries}
    metres = ground.metres()
    kept = _kept(list(columns.values()))
    thin = {name: _column(values[kept]) for name, values in columns.items()}
    value, *inputs = (
        Series(drawn.get(entry, channel.name), out.unit, _is_stepped(entry, out, drawn), thin[entry])
        for entry, out in compiled.channels.items()
    )
    finite = columns[NOT_A_NAME][np.isfinite(columns[NOT_A_NAME])]
    return Preview(
        key=key,
        lap_id=ground.lap.lap_id,
        formula=channel.formula,
        value=value,
        inputs=tuple(inputs),
        more=max(len(names) - MOST_INPUTS, 0),
        time_s=_column((frame["timestamp"].to_numpy() - ground.lap.start_s)[kept]),
        distance_m=None if metres is None else _column(metres[kept]),
        least=float(finite.min()) if len(finite) else None,
        mean=float(finite.mean()) if len(finite) else None,
        most=float(finite.max()) if len(finite) else None,
        missing=1 - len(finite) / len(frame) if len(frame) else 1.0,
        note="" if len(finite) else NO_VALUES,
    )


def _is_stepped(entry: str, out: Output, drawn: Mapping[str, str]) -> bool:
    return out.is_condition or (entry in drawn and kind_of(drawn[entry]) is Kind.STEP)


def _kept(columns: list[NDArray[np.float64]]) -> NDArray[np.intp]:
    """The samples to draw: all of a lap, or of a long one each column's lowest and highest of every stretch."""
    count = len(columns[0])
    if count <= MOST_POINTS:
        return np.arange(count)
    stretches = MOST_POINTS // (2 * len(columns))
    width = -(-count // stretches)
    starts = np.arange(0, count, width)
    kept = [starts, np.array([count - 1])]
    for values in columns:
        padded = np.full(len(starts) * width, np.nan)
        padded[:count] = values
        rows = padded.reshape(-1, width)
        kept += [starts + np.where(np.isnan(rows), np.inf, rows).argmin(axis=1)]
        kept += [starts + np.where(np.isnan(rows), -np.inf, rows).argmax(axis=1)]
    return np.unique(np.minimum(np.concatenate(kept), count - 1))


def _column(values: NDArray[np.float64]) -> Column:
    return np.ascontiguousarray(values, dtype=np.float32)
