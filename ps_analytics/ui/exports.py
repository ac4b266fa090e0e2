"""What a panel shows, as a data frame and as a file: in the catalogue's units, whatever the page shows."""

import io
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from ps_analytics.errors import NotFound, NothingToExport
from ps_analytics.ui.comparison import BAND, DELTA
from ps_analytics.ui.layouts import with_stand_ins
from ps_analytics.ui.rows import lap_label
from ps_analytics.ui.state import ReviewState

MIMES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
_LAPS = ("lap_id", "lap_number", "lap_time_s", "kind", "valid", "valid_reason", "notes")


@dataclass(frozen=True, slots=True)
class File:
    """What a browser is given to keep."""

    name: str
    mime: str
    data: bytes


def panel_file(state: ReviewState, plot_id: str, form: str) -> File:
    """The data of a panel as a file.

    Args:
        state: of the page.
        plot_id: the panel's id in the layout.
        form: "csv" or "parquet".

    Raises:
        NotFound: there is no such panel, or no such form.
        NothingToExport: the panel has no data.
    """
    if form not in MIMES:
        raise NotFound("format", form, hint="There are csv and parquet.")
    config = next((config for config in state.document["configs"] if config["id"] == plot_id), None)
    if config is None:
        raise NotFound("panel", plot_id)
    frame = panel_frame(state, config)
    if frame.is_empty():
        raise NothingToExport(config["title"])
    kept = io.BytesIO()
    if form == "csv":
        frame.write_csv(kept)
    else:
        frame.write_parquet(kept)
    return File(f"{_plain(config['title'])}.{form}", MIMES[form], kept.getvalue())


def panel_frame(state: ReviewState, config: dict[str, Any]) -> pl.DataFrame:
    """The data of a panel; empty if it has none.

    Of channels one row a metre of the reference and lap: lap, lap_id, distance_m, then the channels as they are drawn
    (`delta` in s, `band` its half-width). Of the corners one row a lap and corner, of the laps one row each.
    """
    if config["kind"] in ("laps", "lap_table"):
        return _laps(state)
    return _corners(state) if config["kind"] == "corners" else _columns(state, config)


def _laps(state: ReviewState) -> pl.DataFrame:
    most = max((len(lap.sectors_s) for lap in state.laps), default=0)
    rows = []
    for lap in state.laps:
        times = [*lap.sectors_s, *[None] * most][:most]
        sectors = {f"sector_{i + 1}_s": time_s for i, time_s in enumerate(times)}
        rows.append({name: getattr(lap, name) for name in _LAPS} | sectors)
    return pl.DataFrame(rows, infer_schema_length=None)


def _corners(state: ReviewState) -> pl.DataFrame:
    names = {span.number: span.name for span in state.corners.spans}
    found = []
    for lap_id in [lap_id for lap_id in state.chosen if lap_id in state.corners.rows]:
        lap = {"lap": lap_label(state.find_lap(lap_id), state), "lap_id": lap_id}
        found += [lap | {"corner": names.get(row.number)} | asdict(row) for row in state.corners.rows[lap_id]]
    return pl.DataFrame(found, infer_schema_length=None)


def _columns(state: ReviewState, config: dict[str, Any]) -> pl.DataFrame:
    comparison = state.comparison
    if comparison is None:
        return pl.DataFrame()
    frames = []
    for lap_id, laid in comparison.laps.items():
        chains = with_stand_ins(config)
        names = [next((name for name in chain if name in laid.columns), chain[0]) for chain in chains]
        names += [BAND] if DELTA in names else []
        known = {name: laid.columns[name] for name in dict.fromkeys(names) if name in laid.columns}
        if known:
            facts = {"lap": lap_label(state.find_lap(lap_id), state), "lap_id": lap_id}
            columns = pl.DataFrame({"distance_m": comparison.distance_m, **known}).fill_nan(None)
            frames.append(columns.select(*(pl.lit(text).alias(name) for name, text in facts.items()), pl.all()))
    return pl.concat(frames, how="diagonal") if frames else pl.DataFrame()


def _plain(title: str) -> str:
    """A title as a file name: what a file system could mind becomes a dash."""
    return "-".join("".join(c if c.isalnum() or c in " ._" else " " for c in title).split())[:80] or "panel"
