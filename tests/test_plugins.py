"""Plugins come and go, and a broken one stops nobody."""

from pathlib import Path

import pytest

from ps_analytics.plugins import load_plugins
from tests.installed import install


def test_what_is_shipped_registers_as_a_plugin() -> None:
    plugins = load_plugins()
    assert "agent" in plugins.names
    assert plugins.failed == {}
    assert set(plugins.models()["agent"].metadata.tables) == {
        "agent_conversation",
        "agent_message",
        "run_plan",
        "run_plan_item",
    }


def test_without_plugins_there_are_no_tables_but_the_core_s() -> None:
    assert load_plugins(()).names == []
    assert load_plugins(()).models() == {}


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import a_package_nobody_has\n", "ModuleNotFoundError: No module named 'a_package_nobody_has'"),
        ("raise RuntimeError('out of ink')\n", "RuntimeError: out of ink"),
        ("def broken(:\n", "SyntaxError: invalid syntax (broken.py, line 1)"),
    ],
)
def test_one_that_fails_to_load_is_named_with_its_reason(
    code: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "broken", code, monkeypatch)
    plugins = load_plugins()
    assert plugins.failed == {"broken": reason}
    assert "agent" in plugins.names
    assert "agent" in plugins.models()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise RuntimeError('out of ink')", "RuntimeError: out of ink"),
        ("return 'tables'", "plugin_models returned str, not PluginModels"),
    ],
)
def test_one_whose_hook_fails_is_named_and_the_others_are_asked(
    body: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = f"from ps_analytics.plugins import hookimpl\n\n\n@hookimpl\ndef plugin_models():\n    {body}\n"
    install(tmp_path, "a_broken_hook", code, monkeypatch)
    plugins = load_plugins()
    assert list(plugins.models()) == ["agent"]
    assert plugins.failed == {"a_broken_hook": reason}


def test_a_hook_nobody_specified_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "from ps_analytics.plugins import hookimpl\n\n\n@hookimpl\ndef plugin_models(laps):\n    return laps\n"
    install(tmp_path, "greedy", code, monkeypatch)
    assert list(load_plugins().failed) == ["greedy"]


def test_every_hook_has_a_sentence_and_a_shipped_user() -> None:
    from ps_analytics.agent import plugin
    from ps_analytics.plugins import Hooks

    hooks = {name: hook for name, hook in vars(Hooks).items() if not name.startswith("_")}
    assert hooks
    for name, hook in hooks.items():
        assert hook.__doc__
        assert hasattr(plugin, name)
