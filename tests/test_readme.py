"""What the README promises is true."""

import re
from pathlib import Path

import pytest

from ps_analytics.config import Settings, read_settings
from ps_analytics.errors import BadSetting

README = (Path(__file__).parents[1] / "README.md").read_text()


def test_every_setting_is_in_the_table_with_its_own_words() -> None:
    rows = dict(re.findall(r"^\| `PS_(\w+)` \| .*? \| (.*?) \|$", README, flags=re.MULTILINE))
    assert rows == {name.upper(): field.description for name, field in Settings.model_fields.items()}


def test_every_make_target_it_names_exists() -> None:
    makefile = (Path(__file__).parents[1] / "Makefile").read_text()
    for target in re.findall(r"^make ([a-z-]+)", README, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_a_bad_setting_is_named_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PS_PORT", "eighty")
    with pytest.raises(BadSetting, match=r"^setting PS_PORT: Input should be a valid integer"):
        read_settings()


@pytest.mark.slow
def test_the_notebook_example_runs_as_it_stands(demo_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PS_DATABASE_URL", demo_url)
    example, *_ = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    names: dict[str, object] = {}
    exec(example, names)
    assert names["lap"].lap_time_s > names["best"].lap_time_s  # type: ignore[attr-defined]
