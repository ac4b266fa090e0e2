"""Plugins come and go, and a broken one stops nobody."""

import math
from pathlib import Path

import polars as pl
import pytest

from ps_analytics import channels
from ps_analytics.channels.functions.plugged import added_functions, all_functions, with_plugins
from ps_analytics.channels.functions.table import BY_ANY_NAME
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
    from ps_analytics.channels.functions import tyres
    from ps_analytics.plugins import Hooks
    from ps_analytics.ui.layouts import charted

    hooks = {name: hook for name, hook in vars(Hooks).items() if not name.startswith("_")}
    assert hooks
    for name, hook in hooks.items():
        assert hook.__doc__
        assert any(hasattr(module, name) for module in (plugin, tyres, charted))


FUNCTION = """
from ps_analytics.channels.functions import PLAIN_OF_PLAIN, Function, Operation, one
from ps_analytics.plugins import hookimpl


@hookimpl
def math_functions():
    softsign = Operation("softsign", lambda x: x / (1.0 + x.abs()))
    return [Function("{name}(x)", "x between -1 and 1.", PLAIN_OF_PLAIN, one(softsign), "softsign(raw(speed))")]
"""


HOOK = "from ps_analytics.plugins import hookimpl\n\n\n@hookimpl\ndef math_functions():\n"


def test_a_plugin_adds_a_function_to_the_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "squeeze", FUNCTION.format(name="softsign"), monkeypatch)
    all_functions.cache_clear()
    try:
        frame = pl.DataFrame({"speed": [1.0, -3.0, None]})
        found = channels.evaluate({"s": "SoftSign(raw(speed)) * 2"}, frame)["s"]
        assert found.to_list() == [1.0, -1.5, None]  # 2 · 1/2, 2 · −3/4
        (fault,) = channels.check({"s": "softsign(speed)"}, frame)
        assert (fault.code, fault.position) == ("E-UNIT-MISMATCH", 9)
        assert {function.name: function.plugin for function in added_functions()}["softsign"] == "squeeze"
    finally:
        all_functions.cache_clear()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (FUNCTION.format(name="smooth"), "the function 'smooth' is there already"),
        (FUNCTION.format(name="avg"), "the function 'avg' is there already"),
        (FUNCTION.format(name="Squeeze"), "'Squeeze' cannot be the name of a function: use a-z, 0-9 and _"),
        (HOOK + "    return 'sin'\n", "math_functions returned str, not a list of Function"),
        (HOOK + "    raise OSError('no')\n", "OSError: no"),
    ],
)
def test_a_plugin_whose_function_cannot_be_used_is_named_and_the_language_is_as_it_was(
    code: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "a_broken_function", code, monkeypatch)
    plugins = load_plugins()
    functions = with_plugins(plugins)
    assert {name: function for name, function in functions.items() if function.plugin != "tyres"} == BY_ANY_NAME
    assert plugins.failed == {"a_broken_function": reason}


def test_the_tyre_formula_is_that_of_the_book() -> None:
    frame = pl.DataFrame({"slip": [0.0, 5.0, -20.0]})
    found = channels.evaluate(
        {"f": ("magic_formula(slip, 0.12, 1.65, 4000[N], 0.97)", "N")}, frame, units={"slip": None}
    )

    def force(x: float) -> float:
        stiff = 0.12 * x
        return 4000 * math.sin(1.65 * math.atan(stiff - 0.97 * (stiff - math.atan(stiff))))

    assert found["f"].to_list() == pytest.approx([force(0.0), force(5.0), force(-20.0)], rel=1e-12)
