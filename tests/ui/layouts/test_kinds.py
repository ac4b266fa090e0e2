"""The kinds of panels: ours, and those plugins add."""

import logging
from pathlib import Path

import pytest

from ps_analytics.plugins import load_plugins
from ps_analytics.ui.layouts import KINDS, SHIPPED, add_panel, all_kinds, charted, read_document
from ps_analytics.ui.layouts.kinds import with_plugins
from tests.installed import install

RADAR = """
from ps_analytics.plugins import PanelKind, hookimpl

@hookimpl
def panel_kinds():
    {body}
"""


def kind(**facts: str) -> str:
    given = {"name": "'radar'", "title": "'Radar'", "about": "'All at once.'", "build": "lambda context: None", **facts}
    return f"return [PanelKind({', '.join(f'{name}={value}' for name, value in given.items())})]"


def test_ours_are_there_and_every_kind_of_the_shipped_layouts_and_each_is_used() -> None:
    used = {config["kind"] for layout in SHIPPED.values() for config in layout["configs"]}
    assert used == set(all_kinds())
    assert set(all_kinds()) - set(KINDS) == {"scatter", "histogram"}
    assert all(kind.native == (kind.build is None) for kind in all_kinds().values())
    for layout in SHIPPED.values():
        assert read_document(layout) == layout


def test_a_plugin_s_kind_is_one_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "radar", RADAR.format(body=kind(channels="(3, 8)")), monkeypatch)
    kinds = with_plugins(load_plugins(shipped=(charted,)))
    assert (kinds["radar"].plugin, kinds["radar"].channels, kinds["radar"].native) == ("radar", (3, 8), False)
    data = add_panel(SHIPPED["driver"], "overview", "gauges", ["speed"])
    data["configs"][-1]["kind"] = "radar"
    assert read_document(data, kinds=kinds)["configs"][-1]["kind"] == "radar"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise RuntimeError('out of ink')", "RuntimeError: out of ink"),
        ("return ['radar']", "panel_kinds returned str, not a list of PanelKind"),
        (kind(name="'traces'"), "panels of kind 'traces' are there already"),
        (kind(name="'scatter'"), "panels of kind 'scatter' are there already"),
        (kind(name="'Radar plot'"), "'Radar plot' cannot be the name of a kind of panel: use a-z, 0-9 and _"),
        (kind(build="None"), "nothing builds panels of kind 'radar': give it `build`, and not `native`"),
        (kind(native="True"), "nothing builds panels of kind 'radar': give it `build`, and not `native`"),
        (kind(channels="(3, 65)"), "'radar' takes 3 to 65 channels: 0 to 64 can be"),
    ],
)
def test_one_that_fails_is_named_and_the_others_stay(
    body: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "radar", RADAR.format(body=body), monkeypatch)
    plugins = load_plugins(shipped=(charted,))
    assert set(with_plugins(plugins)) == set(all_kinds())
    assert plugins.failed == {"radar": reason}


def test_the_log_names_a_plugin_that_adds_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    install(tmp_path, "radar", RADAR.format(body="raise OSError('no')"), monkeypatch)
    all_kinds.cache_clear()
    with caplog.at_level(logging.WARNING):
        kinds = all_kinds()
    all_kinds.cache_clear()
    assert "traces" in kinds
    assert caplog.messages == ["plugin 'radar' adds no panels: OSError: no"]
