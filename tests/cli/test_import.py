"""`psa import`: the JSON other programs rely on, and the sentences people read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from ps_analytics.cli import importing
from ps_analytics.cli.main import app
from ps_analytics.config import Settings
from ps_analytics.store.store import open_store
from tests.formats.written import LdChannel, make_ld, make_ldx

Psa = Callable[..., Result]
ADVICE = "Give a file as the game or logger wrote it."


@pytest.fixture
def psa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Psa:
    """Runs a command in an empty folder with a data folder of its own."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("PS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("PS_DATABASE_URL", raising=False)
    return lambda *arguments: CliRunner().invoke(app, ["import", *map(str, arguments)])


def write_log(name: str = "log.ld", *, venue: str = "Zolder") -> Path:
    """A MoTeC log of 30 s with two timed laps."""
    speed = LdChannel("Ground Speed", unit="m/s", rate_hz=10, samples=np.full(300, 40, "<f4"))
    path = Path(name)
    path.write_bytes(make_ld([speed, LdChannel("Flux", unit="V", rate_hz=1)], venue=venue, vehicle="Caterham"))
    path.with_suffix(".ldx").write_bytes(make_ldx([5_000_000, 15_500_000, 25_000_000]))
    return path


def without_ids(result: dict[str, Any]) -> dict[str, Any]:
    laps = [{key: value for key, value in lap.items() if key != "lap_id"} for lap in result["laps"]]
    return {key: value for key, value in result.items() if key != "session_id"} | {"laps": laps}


def test_json_has_one_object_a_file_also_for_a_failed_one(psa: Psa) -> None:
    write_log()
    Path("torn.ld").write_bytes(Path("log.ld").read_bytes()[:1000])
    result = psa("log.ld", "torn.ld", "--json")
    assert result.exit_code == 1
    first, second = json.loads(result.stdout)
    assert without_ids(first) == {
        "file": "log.ld",
        "track": "Zolder",
        "car": "Caterham",
        "laps": [
            {"lap_number": 0, "lap_time_s": None, "kind": "out", "valid": False},
            {"lap_number": 1, "lap_time_s": 10.5, "kind": "timed", "valid": True},
            {"lap_number": 2, "lap_time_s": 9.5, "kind": "timed", "valid": True},
            {"lap_number": 3, "lap_time_s": None, "kind": "partial", "valid": False},
        ],
        "channels": [
            {"name": "speed", "unit": "km/h", "source_name": "Ground Speed", "source_unit": "m/s", "rate_hz": 10.0},
            {"name": "Flux", "unit": "V", "source_name": "Flux", "source_unit": "V", "rate_hz": 1.0},
        ],
        "error": None,
    }
    message = ("'torn.ld' at byte 1000: the file is damaged: the header should go to byte 1762, but the file ends here."
               " Copy it again from where it was recorded.")  # fmt: skip
    nothing = {"session_id": None, "track": None, "car": None, "laps": [], "channels": []}
    assert second == {"file": "torn.ld", **nothing, "error": {"code": "CorruptFile", "message": message}}
    assert result.stderr == f"psa: {message}\n"


def test_ids_of_the_json_are_those_of_the_store(psa: Psa, tmp_path: Path) -> None:
    write_log()
    (found,) = json.loads(psa("log.ld", "--json").stdout)
    with open_store(settings=Settings(data_dir=tmp_path / "data")) as store:
        laps = store.find_laps(session_id=found["session_id"])
    assert laps["lap_id"].to_list() == [lap["lap_id"] for lap in found["laps"]]


def test_the_same_bytes_twice_print_the_same_json(psa: Psa) -> None:
    write_log()
    assert psa("log.ld", "--json").stdout == psa("log.ld", "--json").stdout


def test_one_failed_file_does_not_stop_the_others(psa: Psa) -> None:
    write_log()
    Path("empty.ibt").touch()
    Path("page.html").write_text("<p>")
    Path("folder").mkdir()
    result = psa("empty.ibt", "page.html", "gone.ld", "folder", "log.ld", "--json")
    assert result.exit_code == 1
    codes = [found["error"] and found["error"]["code"] for found in json.loads(result.stdout)]
    assert codes == ["NotThisFormat", "NotThisFormat", "FileMissing", "FileUnreadable", None]


def test_a_failure_is_one_sentence_that_says_what_where_and_what_to_do(psa: Psa) -> None:
    Path("empty.ibt").touch()
    result = psa("empty.ibt", "gone.ld")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == (
        f"psa: 'empty.ibt' at byte 0: not an iRacing .ibt: it is empty. {ADVICE}\n"
        "psa: 'gone.ld': there is no such file in '.'. Check the name and the folder.\n"
    )


def test_a_person_reads_laps_best_time_track_and_car(psa: Psa) -> None:
    write_log()
    Path("times.ldx").write_bytes(make_ldx([1_000_000, 91_000_000]))
    result = psa("log.ld", "times.ldx")
    assert result.exit_code == 0
    log, times = result.stdout.splitlines()
    assert log.startswith("log.ld: 4 laps, best 0:09.500, 2 channels · Zolder · Caterham (session ")
    assert times.startswith("times.ldx: 2 laps, best 1:30.000, times only (session ")
    assert result.stderr == ""


def test_patterns_are_expanded_where_the_shell_did_not(psa: Psa) -> None:
    for name in ("b.ld", "a.ld", "c[1].ld"):
        write_log(name, venue=name)
    result = psa("[ab].ld", "c[1].ld", "a.ld", "--json")
    assert [found["file"] for found in json.loads(result.stdout)] == ["a.ld", "b.ld", "c[1].ld"]


def test_a_pattern_that_matches_nothing_fails_with_a_sentence(psa: Psa) -> None:
    result = psa("*.ld", "--json")
    assert result.exit_code == 1
    (found,) = json.loads(result.stdout)
    assert found["error"] == {
        "code": "FileMissing",
        "message": "'*.ld': no file matches this in '.'. Check the name and the folder.",
    }


def test_no_file_at_all_is_a_wrong_use(psa: Psa) -> None:
    assert psa().exit_code == 2


def test_the_driver_is_not_printed(psa: Psa) -> None:
    write_log()
    result = psa("log.ld", "--json")
    assert "A Driver" in Path("log.ld").read_bytes().decode("latin-1")
    assert "A Driver" not in result.output + psa("log.ld").output


def test_a_long_import_says_how_far_it_is_where_there_is_no_terminal(psa: Psa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "_SILENT_S", -1.0)
    write_log()
    result = psa("log.ld", "--json")
    lines = result.stderr.splitlines()
    shares = [int(line.removeprefix("psa: log.ld: ").removesuffix("%")) for line in lines]
    assert len(shares) > 3
    assert shares == sorted(shares)
    assert len(json.loads(result.stdout)) == 1


def test_every_real_file_imports_or_is_refused_with_the_error_of_its_truth(psa: Psa, shared_data: Path) -> None:
    files = sorted(f for n in ("motec_ld", "iracing_ibt", "iracing_memdump") for f in (shared_data / n).iterdir())
    result = psa(*files, "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert [Path(one["file"]) for one in found] == files
    for file, one in zip(files, found, strict=True):
        truth = json.loads((shared_data / "truth" / f"{file.parent.name}__{file.name}.json").read_text("utf-8"))
        if "refused_with" in truth:
            assert one["error"]["code"] in truth["refused_with"]
        else:
            assert one["error"] is None
            timed = [lap["lap_time_s"] for lap in one["laps"] if lap["kind"] == "timed"]
            assert len(timed) == (truth["lap_count"] or 0)
