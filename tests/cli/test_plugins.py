"""`psa plugins`: what is installed, and what could not be loaded."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from ps_analytics.cli import plugins
from tests.installed import install

AGENT = "agent: loaded, 4 tables\n"
TYRES = "tyres: loaded, functions magic_formula\n"


def run() -> Result:
    app = typer.Typer()
    app.command()(plugins.plugins)
    return CliRunner().invoke(app, [])


def test_what_is_shipped_is_listed() -> None:
    result = run()
    assert (result.exit_code, result.stdout) == (0, AGENT + TYRES)


def test_a_broken_plugin_is_named_and_the_exit_code_is_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "broken", "raise RuntimeError('out of ink')\n", monkeypatch)
    result = run()
    assert (result.exit_code, result.stdout) == (1, f"{AGENT}{TYRES}broken: not loaded, RuntimeError: out of ink\n")


def test_a_plugin_without_tables_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "plain", "", monkeypatch)
    result = run()
    assert (result.exit_code, result.stdout) == (0, f"{AGENT}plain: loaded, adds nothing\n{TYRES}")


def test_one_whose_hook_fails_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "from ps_analytics.plugins import hookimpl\n\n\n@hookimpl\ndef plugin_models():\n    raise OSError('no')\n"
    install(tmp_path, "hooked", code, monkeypatch)
    result = run()
    assert (result.exit_code, result.stdout) == (1, f"{AGENT}{TYRES}hooked: not loaded, OSError: no\n")


def test_one_that_adds_panels_is_listed_with_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "from ps_analytics.plugins import PanelKind, hookimpl\n\n\n@hookimpl\ndef panel_kinds():\n"
        "    return [PanelKind('radar', 'Radar', 'All at once.', build=print)]\n"
    )
    install(tmp_path, "radar", code, monkeypatch)
    result = run()
    assert (result.exit_code, result.stdout) == (0, f"{AGENT}radar: loaded, panels radar\n{TYRES}")


def test_one_that_fails_to_add_panels_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "from ps_analytics.plugins import hookimpl\n\n\n@hookimpl\ndef panel_kinds():\n    return 'radar'\n"
    install(tmp_path, "radar", code, monkeypatch)
    result = run()
    reason = "panel_kinds returned str, not a list of PanelKind"
    assert (result.exit_code, result.stdout) == (1, f"{AGENT}{TYRES}radar: not loaded, {reason}\n")
