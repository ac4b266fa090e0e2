"""`psa track`: what is printed for people and programs, and one sentence for what cannot be done."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ps_analytics.cli.main import app
from ps_analytics.errors import PurpleSectorError
from ps_analytics.simulate.car import GT
from ps_analytics.simulate.circuit import generate
from ps_analytics.simulate.driver import Driver
from ps_analytics.simulate.session import simulate
from ps_analytics.store.store import open_store
from tests.ingest.test_tracks import PLAN, keep
from tests.store.ring import ring

Psa = Callable[..., Result]


@pytest.fixture
def psa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Psa:
    """Runs a command on a database of its own, with one track of 600 m."""
    monkeypatch.setenv("PS_DATABASE_URL", f"sqlite:///{(tmp_path / 'tracks.sqlite').as_posix()}")
    with open_store() as store:
        store.write_track(ring())
    return lambda *words: CliRunner().invoke(app, ["track", *words])


def refusal(result: Result) -> str:
    """The sentence of a command that failed."""
    assert isinstance(result.exception, PurpleSectorError), result.output
    return str(result.exception)


def test_the_tracks_are_listed(psa: Psa) -> None:
    assert psa("list").stdout.split() == [
        "Track", "Length", "Corners", "Sectors", "Laps", "used", "Edited", "Ring", "600", "m", "2", "3", "2", "no",
    ]  # fmt: skip
    (row,) = json.loads(psa("list", "--json").stdout)
    assert row == {
        "name": "Ring", "length_m": 600.0, "corners": 2, "sectors": 3, "laps_used": 2, "algo_version": "1",
        "edited": False,
    }  # fmt: skip


def test_without_a_track_the_way_to_one_is_said(psa: Psa) -> None:
    psa("delete", "Ring")
    assert "learned from timed and valid laps" in psa("list").stdout
    assert json.loads(psa("list", "--json").stdout) == []
    assert "there is no timed and valid lap" in psa("learn").stdout


def test_a_track_is_shown(psa: Psa) -> None:
    told = psa("show", "Ring").stdout
    assert told.startswith("Ring: 600 m, learned from 2 laps\n")
    assert "T2      right  400 m  450 m  500 m    60 m" in told
    known = json.loads(psa("show", "Ring", "--json").stdout)
    assert (known["name"], [corner["name"] for corner in known["corners"]]) == ("Ring", ["T1", "T2"])
    assert "curvature" not in known
    assert refusal(psa("show", "Rung")) == "no track 'Rung'. Run `psa track list` to list yours."


def test_a_corner_is_named(psa: Psa) -> None:
    assert psa("name", "Ring", "2", "Old Oak").stdout == "Corner 2 of Ring is called 'Old Oak'.\n"
    assert "Old Oak" in psa("show", "Ring").stdout
    assert psa("name", "Ring", "2", "").stdout == "Corner 2 of Ring is called 'T2'.\n"
    assert refusal(psa("name", "Ring", "9", "Nowhere")) == "no corner '9'. Track 'Ring' has corners 1, 2."
    assert psa("name", "Ring", "two", "Old Oak").exit_code == 2


def test_sectors_are_shown_and_set(psa: Psa) -> None:
    assert psa("sectors", "Ring").stdout == "S1: 0 m to 200 m\nS2: 200 m to 400 m\nS3: 400 m to 600 m\n"
    assert psa("sectors", "Ring", "150", "420.5").stdout == "S1: 0 m to 150 m\nS2: 150 m to 420 m\nS3: 420 m to 600 m\n"
    assert psa("sectors", "Ring", "--equal", "2").stdout == "S1: 0 m to 300 m\nS2: 300 m to 600 m\n"
    assert psa("sectors", "Ring", "--equal", "1").stdout == "S1: 0 m to 600 m\n"
    assert "must increase" in refusal(psa("sectors", "Ring", "420", "150"))
    assert psa("sectors", "Ring", "150", "--equal", "2").exit_code == 2


def test_the_line_is_moved(psa: Psa) -> None:
    assert psa("line", "Ring", "--by", "-20").stdout == "The line of Ring lies 20 m further back.\n"
    corners = json.loads(psa("show", "Ring", "--json").stdout)["corners"]
    assert [corner["apex_m"] for corner in corners] == [170.0, 470.0]
    assert "Give less than a lap" in refusal(psa("line", "Ring", "--by", "601"))


def test_a_list_of_corners_is_imported(psa: Psa, tmp_path: Path) -> None:
    listed = {
        "corner_list": 1, "track": "Ring", "length_m": 600.0,
        "corners": [
            {"number": 1, "name": "Old Oak", "direction": "right", "apex_m": 150.0},
            {"number": 2, "name": "Hairpin", "direction": "right", "apex_m": 450.0},
        ],
    }  # fmt: skip
    file = tmp_path / "ring.json"
    file.write_text(json.dumps(listed), encoding="utf-8")
    assert psa("import", "Ring", str(file)).stdout == "Ring: 2 corners, 2 of them with a name.\n"
    assert "Hairpin" in psa("show", "Ring").stdout
    file.write_text("{", encoding="utf-8")
    assert refusal(psa("import", "Ring", str(file))).startswith("this corner list cannot be used: ")
    file.write_bytes(b"\xff\xfe\x00")
    assert "it is not UTF-8 text" in refusal(psa("import", "Ring", str(file)))
    assert "there is no such file" in refusal(psa("import", "Ring", str(tmp_path / "none.json")))
    assert "it cannot be opened" in refusal(psa("import", "Ring", str(tmp_path)))


def test_a_track_somebody_edited_is_deleted_on_demand_only(psa: Psa) -> None:
    psa("name", "Ring", "2", "Old Oak")
    assert "you have edited it. Add --yes to lose that." in refusal(psa("delete", "Ring"))
    assert psa("delete", "Ring", "--yes").stdout == "Ring is deleted; its laps stay.\n"
    assert refusal(psa("delete", "Ring")).startswith("no track 'Ring'.")


def test_a_track_is_learned_at_once(psa: Psa) -> None:
    circuit = generate("Little Ring", seed=41, length_m=1500.0, corners=6)
    with open_store() as store:
        keep(store, simulate(circuit, GT, Driver("A", seed=3), PLAN, seed=77))
    assert psa("learn").stdout.endswith("m, 6 corners.\n")
    assert psa("learn", "Little Ring").stdout.startswith("Little Ring: 1")
    with open_store() as store:
        assert store.find_uncut_laps("Little Ring").is_empty()
    assert refusal(psa("learn", "Nowhere")) == (
        "no usable lap of track 'Nowhere'. A track is learned from timed and valid laps."
    )


@pytest.mark.parametrize("command", ["list", "show", "learn", "name", "sectors", "line", "import", "delete"])
def test_every_command_explains_itself(psa: Psa, command: str) -> None:
    assert psa(command, "--help").exit_code == 0
