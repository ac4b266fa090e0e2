"""`psa laps` and `psa delta`: the JSON other programs rely on, and what people read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ps_analytics.cli.main import app
from ps_analytics.errors import NotFound
from ps_analytics.store.store import open_store
from tests.analysis.laps import drive_evenly
from tests.cli.kept import keep

Psa = Callable[..., Result]

KEYS = {"lap_id", "lap_number", "lap_time_s", "kind", "valid", "session_id", "sectors_s", "flags"}


@pytest.fixture
def psa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Psa:
    """Runs a command on a database of its own."""
    monkeypatch.setenv("PS_DATABASE_URL", f"sqlite:///{(tmp_path / 'laps.sqlite').as_posix()}")
    return lambda *words: CliRunner().invoke(app, words)


DRIVEN = {
    "gt": ("Zolder", "GT", 3000.0, (61.5, 60.25, 59.0)),
    "formula": ("Zolder", "Formula", 3000.0, (52.0, 51.5, 50.0)),
    "short": ("Ostermoor", "GT", 1500.0, (31.0, 30.0, 29.0)),
    "unnamed": (None, None, 3000.0, (71.0, 70.0, 69.0)),
}
"""Track, car, length in m and lap times in s of each session; its last lap is the fastest and not valid."""


@pytest.fixture
def sessions(psa: Psa) -> dict[str, str]:
    """The sessions' ids."""
    with open_store() as store:
        return {
            name: keep(store, track=track, car=car, laps=[drive_evenly(s, length_m=length_m) for s in times], valid=2)
            for name, (track, car, length_m, times) in DRIVEN.items()
        }


def read_json(done: Result) -> Any:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_laps_prints_an_array_of_lap_objects(psa: Psa, sessions: dict[str, str]) -> None:
    found = read_json(psa("laps", "--json", "--session", sessions["gt"]))
    assert all(set(lap) == KEYS for lap in found)
    assert [(lap["lap_number"], lap["lap_time_s"], lap["kind"], lap["valid"]) for lap in found] == [
        (1, 61.5, "timed", True),
        (2, 60.25, "timed", True),
        (3, 59.0, "timed", False),
    ]
    assert {lap["session_id"] for lap in found} == {sessions["gt"]}
    assert (found[0]["sectors_s"], found[0]["flags"]) == ([], [])


def test_laps_are_listed_by_track_and_car_for_people(psa: Psa, sessions: dict[str, str]) -> None:
    assert len(read_json(psa("laps", "--json", "--track", "zolder", "--car", "gt"))) == 3
    table = psa("laps", "--session", sessions["short"]).stdout
    assert "0:31.000" in table
    assert "no," in table


def test_a_store_without_laps_says_what_to_do(psa: Psa) -> None:
    assert psa("laps").stdout == "No laps yet. Run `psa demo`, or `psa import FILE`.\n"
    assert psa("laps", "--json").stdout == "[]\n"


def test_delta_prints_every_point_and_closes(psa: Psa, sessions: dict[str, str]) -> None:
    lap, reference = f"{sessions['gt']}:1", f"{sessions['gt']}:2"
    found = read_json(psa("delta", lap, "--reference", reference, "--json"))
    assert set(found) == {"lap_id", "reference_id", "method", "closure_s", "points"}
    assert all(set(point) == {"distance_m", "delta_s", "band_s"} for point in found["points"])
    assert found["points"][0] == {"distance_m": 0.0, "delta_s": 0.0, "band_s": 0.0}
    assert found["points"][-1]["delta_s"] == 61.5 - 60.25
    assert found["points"][1]["distance_m"] == 1.0
    assert (found["method"], found["closure_s"]) == ("position", 0.0)
    by_id = read_json(psa("delta", found["lap_id"], "--reference", found["reference_id"], "--json"))
    assert by_id == found


@pytest.mark.parametrize("name", list(DRIVEN))
def test_best_is_the_best_of_the_same_track_and_car(psa: Psa, sessions: dict[str, str], name: str) -> None:
    times = DRIVEN[name][3]
    lap = f"{sessions[name]}:1"
    for words in (("delta", lap, "--json"), ("delta", lap, "--reference", "best", "--json")):
        assert read_json(psa(*words))["points"][-1]["delta_s"] == times[0] - times[1]
    turned = read_json(psa("delta", "best", "--reference", lap, "--json"))
    assert turned["points"][-1]["delta_s"] == times[1] - times[0]


def test_the_best_lap_against_itself_is_zero(psa: Psa, sessions: dict[str, str]) -> None:
    found = read_json(psa("delta", "best", "--json"))
    assert found["lap_id"] == found["reference_id"]
    assert {point["delta_s"] for point in found["points"]} == {0.0}


def test_people_read_some_points_and_the_line(psa: Psa, sessions: dict[str, str]) -> None:
    lines = psa("delta", f"{sessions['gt']}:1").stdout.splitlines()
    assert 20 <= len(lines) <= 23
    assert lines[0] == "       0 m  +0.000 s"
    assert lines[-1] == "    3000 m  +1.250 s at the line: 1:01.500 against 1:00.250"


def test_a_lap_nobody_has_is_named(psa: Psa, sessions: dict[str, str]) -> None:
    done = psa("delta", "nowhere", "--json")
    assert done.exit_code == 1
    assert isinstance(done.exception, NotFound)
    assert str(done.exception) == "no lap 'nowhere'. Run `psa laps` to list yours."
