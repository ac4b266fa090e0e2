"""`psa corners`: the JSON other programs rely on, and what people read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from ps_analytics.analysis.corners import SCHEMA
from ps_analytics.cli.main import app
from ps_analytics.errors import IncompatibleLaps, NotFound
from ps_analytics.lap import Lap, LapKind
from ps_analytics.simulate.car import GT
from ps_analytics.simulate.circuit import generate
from ps_analytics.simulate.driver import Driver
from ps_analytics.simulate.route import LapPlan
from ps_analytics.simulate.session import simulate
from ps_analytics.store.store import Store, open_store
from tests.analysis.laps import drive_evenly, lap_from
from tests.cli import kept

Psa = Callable[..., Result]

CHANNELS = ("timestamp", "lap_time", "normalized_position", "speed", "throttle", "brake", "steering", "gear", "x", "y")


@pytest.fixture(scope="module")
def laps() -> list[Lap]:
    """Three flying laps of one circuit."""
    circuit = generate("Ring", seed=41, length_m=2200, corners=7)
    session = simulate(circuit, GT, Driver("A"), [LapPlan(LapKind.TIMED)] * 3, seed=2)
    found = []
    for truth in session.truth[:3]:
        rows = session.frames.filter(pl.col("timestamp").is_between(truth.start_s, truth.end_s, closed="left"))
        columns = {name: rows[name].cast(pl.Float64).to_numpy() for name in CHANNELS}
        found.append(lap_from(columns, lap_time_s=truth.lap_time_s, start_s=truth.start_s, lap_number=truth.lap_number))
    return found


@pytest.fixture
def psa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Psa:
    """Runs a command on a database of its own, on a terminal of 80 characters."""
    monkeypatch.setenv("PS_DATABASE_URL", f"sqlite:///{(tmp_path / 'corners.sqlite').as_posix()}")
    monkeypatch.setenv("COLUMNS", "80")
    return lambda *words: CliRunner().invoke(app, words)


def keep(laps: list[Lap], *, track: str | None = "Ring", car: str | None = "GT") -> str:
    """The id of a session with these laps, numbered from 1."""
    with open_store() as store:
        return kept.keep(store, track=track, car=car, laps=laps)


@pytest.fixture
def ring(psa: Psa, laps: list[Lap]) -> str:
    return keep(laps)


def read_json(done: Result) -> Any:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def best_of(laps: list[Lap]) -> int:
    """The number of the fastest lap."""
    return 1 + min(range(len(laps)), key=lambda n: laps[n].lap_time_s or 0)


def test_json_is_one_object_a_corner_with_the_columns_of_the_table(psa: Psa, ring: str, laps: list[Lap]) -> None:
    found = read_json(psa("corners", f"{ring}:1", "--reference", f"{ring}:2", "--json"))
    assert all(list(corner) == list(SCHEMA) for corner in found)
    assert [corner["number"] for corner in found] == list(range(1, len(found) + 1))
    assert {corner["direction"] for corner in found} <= {"left", "right"}
    gap = (laps[0].lap_time_s or 0) - (laps[1].lap_time_s or 0)
    assert sum(corner["lost_s"] for corner in found) == pytest.approx(gap, abs=1e-9)


def test_the_reference_is_the_best_lap_unless_it_is_the_lap_itself(psa: Psa, ring: str, laps: list[Lap]) -> None:
    best = best_of(laps)
    other = 1 if best != 1 else 2
    by_default, named = (
        read_json(psa("corners", f"{ring}:{other}", "--json", *words))
        for words in ((), ("--reference", f"{ring}:{best}"))
    )
    assert by_default == named
    assert all(corner["lost_s"] is None for corner in read_json(psa("corners", "best", "--json")))
    to_itself = read_json(psa("corners", "best", "--reference", "best", "--json"))
    assert {corner["lost_s"] for corner in to_itself} == {0.0}


def test_people_read_one_narrow_line_a_corner(psa: Psa, ring: str, laps: list[Lap]) -> None:
    number = 1 if best_of(laps) != 1 else 2
    corners = read_json(psa("corners", f"{ring}:{number}", "--json"))
    lines = psa("corners", f"{ring}:{number}").stdout.splitlines()
    assert lines[0].startswith(f"Lap {number} · 0:")
    assert " against 0:" in lines[0]
    assert lines[1].split() == ["Corner", "Time", "Entry", "Min", "Exit", "Brake", "Throttle", "Gear", "Lost"]
    assert len(lines) == len(corners) + 3
    assert all(len(line) <= 80 for line in lines)
    first, line = corners[0], lines[2].split()
    assert line[:2] == [first["corner"], "R" if first["direction"] == "right" else "L"]
    assert line[2] == f"{first['time_s']:.3f}"
    assert line[-1] == f"{first['lost_s']:+.3f}"
    assert f"lost in all {sum(corner['lost_s'] for corner in corners):+.3f} s" in lines[-1]


def test_a_lap_alone_has_nothing_lost(psa: Psa, ring: str) -> None:
    lines = psa("corners", "best").stdout.splitlines()
    assert "Lost" not in lines[1]
    assert "against" not in lines[0]


def test_a_session_has_the_corners_of_all_its_timed_laps(psa: Psa, ring: str, laps: list[Lap]) -> None:
    found = read_json(psa("corners", f"{ring}:1", "--session", "--json"))
    assert all(list(corner) == ["lap_id", "lap_number", *SCHEMA] for corner in found)
    assert sorted({corner["lap_number"] for corner in found}) == [1, 2, 3]
    lines = psa("corners", f"{ring}:1", "--session").stdout.splitlines()
    assert lines[0] == f"3 laps of session {ring}"
    assert lines[1].split()[:4] == ["Corner", "Best", "Median", "Min"]
    assert len(lines) == len(found) // 3 + 3
    assert all(len(line) <= 80 for line in lines)
    times = sorted(corner["time_s"] for corner in found if corner["number"] == 1)
    assert lines[2].split()[2:4] == [f"{times[0]:.3f}", f"{times[1]:.3f}"]


def test_laps_of_a_session_that_do_not_fit_are_left_out_and_named(psa: Psa, laps: list[Lap]) -> None:
    session = keep([*laps, drive_evenly(70.0, length_m=3000.0)])
    done = psa("corners", f"{session}:1", "--session", "--json")
    assert {corner["lap_number"] for corner in read_json(done)} == {1, 2, 3}
    assert "note: lap 4 is left out: " in done.stderr


def test_a_best_lap_that_does_not_fit_is_no_reference_and_is_said(psa: Psa, laps: list[Lap]) -> None:
    session = keep([*laps, drive_evenly(20.0, length_m=3000.0)])
    done = psa("corners", f"{session}:1", "--json")
    assert all(corner["lost_s"] is None for corner in read_json(done))
    assert done.stderr.startswith("note: compared with no other lap: ")
    refused = psa("corners", f"{session}:1", "--reference", f"{session}:4")
    assert refused.exit_code == 1
    assert isinstance(refused.exception, IncompatibleLaps)


def test_what_the_store_knows_of_the_track_is_used(psa: Psa, ring: str) -> None:
    with open_store() as store:
        numbers = name_first_corner(store, ring, "Hairpin")
    found = read_json(psa("corners", f"{ring}:1", "--json"))
    assert found[0]["corner"] == "Hairpin"
    assert [corner["number"] for corner in found] == numbers


def name_first_corner(store: Store, session: str, name: str) -> list[int]:
    """The numbers of the corners of a session's track, once it is in the store with a name for its first corner."""
    from dataclasses import replace

    from ps_analytics.analysis.track import track_model

    laps = [store.read_lap(store.resolve_lap(f"{session}:{number}")) for number in (1, 2, 3)]
    model = replace(track_model(laps), name="Ring")
    first = replace(model.corners[0], name=name)
    store.write_track(replace(model, corners=(first, *model.corners[1:])))
    return [corner.number for corner in model.corners]


def test_used_wrongly_it_says_so(psa: Psa, ring: str) -> None:
    assert psa("corners").exit_code == 2
    assert psa("corners", f"{ring}:1", "--nonsense").exit_code == 2
    done = psa("corners", "nowhere", "--json")
    assert done.exit_code == 1
    assert isinstance(done.exception, NotFound)
    assert str(done.exception) == "no lap 'nowhere'. Run `psa laps` to list yours."


def test_its_help_says_what_is_measured(psa: Psa) -> None:
    text = " ".join(psa("corners", "--help").stdout.split())
    for words in ("--reference", "--session", "--json", "metres from the line", "difference of the lap times"):
        assert words in text, words
