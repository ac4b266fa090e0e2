"""The house itself: doors, sizes and the promises the repository makes."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ps_analytics

ROOT = Path(__file__).parents[1]


def test_doors_lead_one_way() -> None:
    linted = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert linted.returncode == 0, linted.stdout


@pytest.fixture(scope="module")
def loaded_by_the_front_door() -> set[str]:
    """The modules that are loaded once everything of the front door has been asked for."""
    code = "import sys, ps_analytics as ps; [getattr(ps, name) for name in ps.__all__]; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split())


@pytest.mark.parametrize("heavy", ["panel", "holoviews", "bokeh", "typer", "websockets", "scipy.signal"])
def test_the_front_door_loads_nothing_heavy(heavy: str, loaded_by_the_front_door: set[str]) -> None:
    assert "ps_analytics.store.store" in loaded_by_the_front_door
    assert heavy not in loaded_by_the_front_door


def test_a_collector_needs_no_database() -> None:
    code = "import sys, ps_analytics.collect.forza; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_front_door_is_sorted() -> None:
    assert list(ps_analytics.__all__) == sorted(ps_analytics.__all__)
    assert all(hasattr(ps_analytics, name) for name in ps_analytics.__all__)


def test_only_the_root_init_has_code() -> None:
    for path in (ROOT / "ps_analytics").glob("*/**/__init__.py"):
        body = ast.parse(path.read_text()).body[1:]
        allowed = (ast.Import, ast.ImportFrom, ast.Assign)
        assert all(isinstance(node, allowed) for node in body), f"{path.relative_to(ROOT)} has code"


def test_a_page_is_short_and_imports_the_product_only() -> None:
    for path in (ROOT / "apps").glob("*.py"):
        tree = ast.parse(path.read_text())
        imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert all(name.split(".")[0] == "ps_analytics" for name in imported), path.name
        assert len(path.read_text().splitlines()) < 40, path.name
        assert path.read_text().rstrip().endswith(".servable()"), path.name


@pytest.mark.parametrize("lock", ["requirements.lock", "package-lock.json"])
def test_a_lock_file_names_no_registry(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "resolved" not in text
    assert "index-url" not in text


def test_no_dependency_goes_unjustified() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    section = text[text.index("dependencies = [") : text.index("[project.scripts]")]
    entries = [line for line in section.splitlines() if line.strip().startswith('"')]
    assert entries
    assert [line.strip() for line in entries if "#" not in line] == []
