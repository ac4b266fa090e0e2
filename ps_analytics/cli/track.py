"""`psa track`: the tracks learned from laps, and what their user knows better: names, sectors, the line."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ps_analytics.cli.choosing import AsJson
from ps_analytics.config import read_settings
from ps_analytics.errors import BadTrack, FileMissing, FileUnreadable, NotFound

if TYPE_CHECKING:
    from ps_analytics.store.store import Store
    from ps_analytics.track import TrackModel

app = typer.Typer(help="List, learn, name and edit tracks.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The track, as `psa track list` writes it.")]
_LONGEST_FILE = 20_000_000


@app.command("list")
def list_tracks(as_json: AsJson = False) -> None:
    """List the tracks there are: length, corners, sectors, and how many laps they were learned from."""
    with _store() as store:
        rows = store.find_tracks().to_dicts()
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    if not rows:
        typer.echo("No tracks yet. They are learned from timed and valid laps; `psa track learn` does it at once.")
        return
    table = _table("Track", "Length", "Corners", "Sectors", "Laps used", "Edited")
    for row in rows:
        length = "–" if row["length_m"] is None else f"{row['length_m']:.0f} m"
        counts = ["–" if row[name] is None else str(row[name]) for name in ("corners", "sectors", "laps_used")]
        table.add_row(row["name"], length, *counts, "yes" if row["edited"] else "no")
    Console(highlight=False, markup=False).print(table)


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a track's corners and sectors."""
    with _store() as store:
        track = store.read_track(name)
    if as_json:
        typer.echo(json.dumps(_facts(track), indent=1))
        return
    typer.echo(f"{track.name}: {track.length_m:.0f} m, learned from {_counted(len(track.laps_used), 'lap')}")
    corners = _table("", "Corner", "Turns", "Start", "Apex", "End", "Radius")
    for corner in track.corners:
        places = [f"{place:.0f} m" for place in (corner.start_m, corner.apex_m, corner.end_m)]
        radius = "–" if corner.radius_m is None else f"{corner.radius_m:.0f} m"
        corners.add_row(str(corner.number), corner.name, str(corner.direction), *places, radius)
    sectors = _table("", "Sector", "Start", "End")
    for sector in track.sectors:
        sectors.add_row(str(sector.number), sector.name, f"{sector.start_m:.0f} m", f"{sector.end_m:.0f} m")
    console = Console(highlight=False, markup=False)
    console.print(corners)
    console.print(sectors)


@app.command()
def learn(
    name: Annotated[str | None, typer.Argument(help="The track as sessions write it; none: every track.")] = None,
) -> None:
    """Learn a track from its fastest laps, and cut all its laps into corners, straights and sectors."""
    from ps_analytics.ingest import tracks

    with _store() as store:
        names = sorted(set(store.find_sessions()["track"].drop_nulls())) if name is None else [name]
        learned = 0
        for one in names:
            track = tracks.learn(store, one, anew=True)
            if track is None:
                if name is not None:
                    raise NotFound("usable lap of track", name, hint="A track is learned from timed and valid laps.")
                continue
            learned += 1
            _cut(store, one)
            typer.echo(f"{one}: {track.length_m:.0f} m, {_counted(len(track.corners), 'corner')}.")
    if not learned:
        typer.echo("No track to learn: there is no timed and valid lap of a track with a name.")


@app.command("name")
def name_corner(
    name: Name,
    number: Annotated[int, typer.Argument(min=1, help="The corner's number.")],
    text: Annotated[str, typer.Argument(help='What it is called; "" takes the name back.')],
) -> None:
    """Name a corner; the name stays when the track is learned again."""
    with _store() as store:
        track = store.name_corners(name, {number: text})
    called = next(corner.name for corner in track.corners if corner.number == number)
    typer.echo(f"Corner {number} of {name} is called '{called}'.")


@app.command()
def sectors(
    name: Name,
    borders: Annotated[list[float] | None, typer.Argument(help="Where sectors part, in m from the line.")] = None,
    equal: Annotated[int | None, typer.Option(min=1, max=100, help="Instead of places: so many of one length.")] = None,
) -> None:
    """Set where the sectors part, or with neither places nor --equal show where they do."""
    if borders and equal is not None:
        raise typer.BadParameter("give places or --equal, not both", param_hint="'--equal'")
    with _store() as store:
        track = store.read_track(name)
        if equal is not None:
            borders = [track.length_m * n / equal for n in range(1, equal)]
        if borders is not None and (borders or equal is not None):
            track = store.edit_sectors(name, borders)
            _cut(store, name)
    for sector in track.sectors:
        typer.echo(f"{sector.name}: {sector.start_m:.0f} m to {sector.end_m:.0f} m")


@app.command()
def line(
    name: Name,
    by: Annotated[float, typer.Option(help="How far, in m: forward, or back where it is negative.")],
) -> None:
    """Move the line of a track; its corners and borders of sectors stay where they are on the asphalt."""
    with _store() as store:
        store.move_line(name, by)
        _cut(store, name)
    typer.echo(f"The line of {name} lies {abs(by):g} m further {'on' if by >= 0 else 'back'}.")


@app.command("import")
def import_corners(
    name: Name,
    file: Annotated[Path, typer.Argument(help="A list of corners as JSON.")],
) -> None:
    """Take names, numbers and corners from a list: of the house's own form, or one of the known public ones."""
    from ps_analytics.analysis.corner_lists import read_corner_list, with_corner_list

    with _store() as store:
        before = store.read_track(name)
        track = with_corner_list(before, read_corner_list(_text(file), track=name))
        store.write_track(track, edited=True)
        _cut(store, name)
    named = sum(corner.name != f"T{corner.number}" for corner in track.corners)
    typer.echo(f"{name}: {_counted(len(track.corners), 'corner')}, {named} of them with a name.")


@app.command()
def delete(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do it although you have edited the track.")] = False,
) -> None:
    """Delete a track with its names; its laps stay. It is learned anew with the next lap."""
    with _store() as store:
        edited = dict(store.find_tracks().select("name", "edited").iter_rows())
        if edited.get(name) and not yes:
            raise BadTrack(f"`psa track delete` of '{name}'", reason="you have edited it. Add --yes to lose that.")
        store.delete_track(name)
    typer.echo(f"{name} is deleted; its laps stay.")


@contextmanager
def _store() -> "Iterator[Store]":
    from ps_analytics.store.store import open_store

    with open_store(settings=read_settings()) as store:
        yield store


def _cut(store: "Store", name: str) -> None:
    """Cut the laps of a track by it as it is now; how far that is shows on a terminal."""
    from ps_analytics.ingest.tracks import catch_up

    what = escape(f"Cutting the laps of {name}")
    with Console(stderr=True).status(f"{what} …") as status:
        catch_up(store, name, report=lambda share: status.update(f"{what}: {share:.0%}"))


def _facts(track: "TrackModel") -> dict[str, Any]:
    """What is known of a track, but for its line."""
    left_out = ("distance_m", "curvature", "heading_deg", "speed_kmh", "x", "y", "version")
    return {name: value for name, value in track.to_json().items() if name not in left_out}


def _text(file: Path) -> str:
    """The text of a file.

    Raises:
        FileError: it cannot be read, or is too large.
    """
    hint = "Name a JSON file with a list of corners."
    try:
        if file.stat().st_size > _LONGEST_FILE:
            raise FileUnreadable(file, reason="it has more than 20 MB", hint=hint)
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FileMissing(file) from None
    except OSError as error:
        raise FileUnreadable(file, reason=error.strerror or str(error), hint=hint) from error
    except UnicodeDecodeError:
        raise FileUnreadable(file, reason="it is not UTF-8 text", hint=hint) from None


def _table(*names: str) -> Table:
    table = Table(box=None, header_style="dim")
    for name in names:
        table.add_column(name, justify="left" if name in ("Track", "Corner", "Turns", "Sector", "Edited") else "right")
    return table


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
