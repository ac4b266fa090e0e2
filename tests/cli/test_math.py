"""`psa math`: what people read, the JSON other programs rely on, and the exit code."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from ps_analytics.channels import MathChannel
from ps_analytics.cli.main import app
from ps_analytics.errors import FileMissing, FileUnreadable, FormulaError, NotFound
from ps_analytics.lap import Lap, LapKind, Trace
from ps_analytics.store.store import open_store
from tests.cli.kept import keep

Psa = Callable[..., Result]


@pytest.fixture
def psa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Psa:
    """Runs a command on a database of its own."""
    monkeypatch.setenv("PS_DATABASE_URL", f"sqlite:///{(tmp_path / 'laps.sqlite').as_posix()}")
    return lambda *words: CliRunner().invoke(app, words)


@pytest.fixture
def session(psa: Psa) -> str:
    """The id of a session with a lap of five samples at 1 Hz."""
    values = {
        "speed": [0, 36, 72, np.nan, 144],
        "brake": [0, 10, 20, 0, 0],
        "normalized_position": [0, 0.1, 0.2, 0.3, 0.4],
    }
    traces = {name: Trace(name, None, 1.0, 0.0, np.array(given, np.float32)) for name, given in values.items()}
    lap = Lap("x", "s", 1, 5.0, LapKind.TIMED, True, 0, 5_000_000, 0, traces=traces)
    with open_store() as store:
        return keep(store, track="Ring", car="Kart", laps=[lap])


def read_json(done: Result) -> Any:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_formula_that_is_fine_is_said_to_be(psa: Psa) -> None:
    done = psa("math", "check", "hypot(g_lat, g_long)", "--unit", "G")
    assert (done.exit_code, done.stdout) == (0, "Nothing is wrong with it.\n")
    assert read_json(psa("math", "check", "hypot(g_lat, g_long)", "--json")) == []


def test_an_error_is_shown_at_its_place_and_fails(psa: Psa) -> None:
    done = psa("math", "check", "2 * sin(steering_angle)")
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "E-UNIT-ANGLE: sin() needs radians, this is [deg]",
        "  2 * sin(steering_angle)",
        "          ^~~~~~~~~~~~~~",
        "  hint: write sin(x[rad])",
    ]
    done = psa("math", "check", "sped / 2", "--json")
    assert done.exit_code == 1
    (one,) = json.loads(done.stdout)
    assert one == {
        "code": "E-UNKNOWN-CHANNEL", "message": "there is no channel 'sped'", "position": 0, "end": 4,
        "hint": "did you mean speed?", "severity": "error", "fix": {"position": 0, "end": 4, "text": "speed"},
    }  # fmt: skip


def test_a_warning_is_shown_and_does_not_fail(psa: Psa) -> None:
    done = psa("math", "check", "speed * 2", "--unit", "m/s")
    assert done.exit_code == 0
    assert done.stdout.startswith("W-UNIT-SCALE: ")


def test_a_formula_is_checked_on_a_lap(psa: Psa, session: str) -> None:
    assert psa("math", "check", "speed / 2", "--lap", f"{session}:1").exit_code == 0
    done = psa("math", "check", "rpm / 2", "--lap", "best")
    assert done.exit_code == 1
    assert done.stdout.startswith("E-NOT-RECORDED: 'rpm' is not recorded in this session\n")
    missing = psa("math", "check", "speed", "--lap", "nowhere")
    assert isinstance(missing.exception, NotFound)


def test_a_formula_is_summed_up_on_a_lap(psa: Psa, session: str) -> None:
    done = psa("math", "eval", "speed[m/s]", "--lap", f"{session}:1")
    assert done.exit_code == 0
    first, second = done.stdout.splitlines()
    assert first.startswith("speed[m/s] on lap ")
    assert first.endswith(": 5 samples, 1 of them missing")
    assert second == "min 0   mean 17.5   max 40   m/s"
    assert psa("math", "eval", "brake > 5").stdout.splitlines()[1] == "true in 40.0% of them"
    assert psa("math", "eval", "invalid()").stdout.splitlines()[1] == "no value at all"


def test_every_sample_of_a_formula_is_printed_as_json(psa: Psa, session: str) -> None:
    found = read_json(psa("math", "eval", "speed[m/s]", "--json"))
    assert found.pop("lap_id")
    assert found.pop("distance") == pytest.approx([0, 5, 20, 45, 80])  # the gap is bridged evenly
    assert found == {
        "formula": "speed[m/s]", "unit": "m/s", "samples": 5, "missing": 1, "min": 0.0, "mean": 17.5, "max": 40.0,
        "timestamp": [0.0, 1.0, 2.0, 3.0, 4.0], "value": pytest.approx([0.0, 10.0, 20.0, None, 40.0]),
    }  # fmt: skip
    flags = read_json(psa("math", "eval", "brake > 5", "--json"))
    assert (flags["unit"], flags["value"], flags["mean"]) == (None, [False, True, True, False, False], 0.4)


def test_a_formula_may_name_math_channels_and_a_reference_lap(psa: Psa, session: str) -> None:
    with open_store() as store:
        store.write_math_channel(MathChannel("Half", "speed / 2"))
    assert read_json(psa("math", "eval", "Half * 4", "--json"))["max"] == 288.0
    done = psa("math", "eval", "Half - ref(Half)", "--reference", "best", "--json")
    assert read_json(done)["max"] == 0.0
    missing = psa("math", "eval", "Half - ref(Half)")
    assert isinstance(missing.exception, FormulaError)
    assert missing.exception.code == "E-NO-REFERENCE"
    assert "(channel" not in str(missing.exception)


def test_channels_are_listed_with_what_is_wrong_with_them(psa: Psa) -> None:
    assert psa("math", "list").stdout == ("No math channels of yours yet; 32 are shipped: `psa math list --shipped`.\n")
    assert "hypot(g_lat, g_long)" in psa("math", "list", "--shipped").stdout
    with open_store() as store:
        store.write_math_channel(MathChannel("Half", "speed / 2", "km/h", folder="Mine"))
    assert "Half" in psa("math", "list").stdout
    (row,) = read_json(psa("math", "list", "--json"))
    assert (row["name"], row["formula"], row["unit"], row["folder"], row["problem"]) == (
        "Half", "speed / 2", "km/h", "Mine", None
    )  # fmt: skip
    assert len(read_json(psa("math", "list", "--shipped", "--json"))) == 33


def test_what_is_exported_is_imported(psa: Psa, tmp_path: Path) -> None:
    with open_store() as store:
        store.write_math_channel(MathChannel("Half", "speed / 2", "km/h"))
        store.write_math_channel(MathChannel("Fourth", "Half / 2", "km/h"))
    file = tmp_path / "mine.json"
    assert psa("math", "export", "-o", str(file)).stdout == f"{file}: 2 math channels.\n"
    gone = psa("math", "delete", "Half")
    assert gone.exit_code == 0
    assert gone.stderr == "note: it is used by 'Fourth'.\n"
    assert json.loads(gone.stdout)["channels"][0]["name"] == "Half"
    done = psa("math", "import", str(file))
    assert done.stdout == "note: 'Fourth' is there already.\nmine.json: 1 math channel.\n"
    assert json.loads(psa("math", "export", "Half").stdout)["channels"][0]["formula"] == "speed / 2"


def test_a_file_that_cannot_be_read_fails_and_the_others_are_kept(psa: Psa, tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.json", tmp_path / "good.json"
    bad.write_text("{")
    good.write_text('[{"label": "Half", "expression": "v / 2", "inputs": [{"channelId": "speed", "alias": "v"}]}]')
    done = psa("math", "import", str(bad), str(good), str(tmp_path / "none.json"), str(tmp_path))
    assert done.exit_code == 1
    assert done.stdout == "good.json: 1 math channel.\n"
    first, second, third = done.stderr.splitlines()
    assert first.startswith("psa: 'bad.json' cannot be read: line 1, column 2: ")
    assert second == f"psa: {FileMissing(tmp_path / 'none.json')}"
    assert "it cannot be opened" in third


def test_a_place_that_cannot_be_written_is_named(psa: Psa, tmp_path: Path) -> None:
    done = psa("math", "export", "-o", str(tmp_path))
    assert isinstance(done.exception, FileUnreadable)


def test_a_channel_nobody_has_is_named(psa: Psa) -> None:
    for words in (("delete", "Half"), ("export", "Half")):
        done = psa("math", *words)
        assert str(done.exception) == "no math channel 'Half'. Run `psa math list` to list yours."
