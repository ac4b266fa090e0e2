"""The page of functions is that of the table, and its plots are small and plain."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

from docs import generate_functions
from docs.plots import Trace, draw
from ps_analytics.channels.functions import FUNCTIONS

DOCS = Path(generate_functions.__file__).parent
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page and its plots, written anew."""
    folder = tmp_path_factory.mktemp("docs")
    generate_functions.generate(folder)
    return folder


def test_the_page_and_its_plots_are_those_of_the_table(written: Path) -> None:
    made = {path.relative_to(written) for path in written.rglob("*") if path.is_file()}
    kept = {path.relative_to(DOCS) for path in (DOCS / "functions").iterdir()} | {Path("functions.md")}
    assert made == kept, "run make docs"
    for path in sorted(made):
        assert (written / path).read_text("utf-8") == (DOCS / path).read_text("utf-8"), f"{path}: run make docs"


def test_every_plot_shows_what_goes_in_and_what_comes_out_with_its_unit() -> None:
    for function in FUNCTIONS.values():
        root = ElementTree.parse(DOCS / "functions" / f"{function.name}.svg").getroot()
        names = [span.text or "" for span in root.iter(f"{SVG}tspan")]
        assert len(names) >= 2, function.name
        assert any(name.startswith(function.example) for name in names), function.name
        assert any(path.get("d") for path in root.iter(f"{SVG}path")), function.name


def test_all_plots_together_are_under_300_kilobytes() -> None:
    assert sum(path.stat().st_size for path in (DOCS / "functions").iterdir()) < 300_000


def test_a_line_passes_every_sample_closely_with_few_points() -> None:
    time_s = np.linspace(0, 10, 601)
    wave = Trace("wave", "m", np.sin(time_s))
    path = next(path for path in ElementTree.fromstring(draw(time_s, [wave])).iter(f"{SVG}path") if path.get("stroke"))
    points = np.array([[float(n) for n in pair.split()] for pair in path.get("d", "M").lstrip("M").split("L")])
    assert len(points) < 80
    drawn = np.interp(44 + time_s * 58, points[:, 0], points[:, 1])
    scale = (points[:, 1].max() - points[:, 1].min()) / 2
    middle = (points[:, 1].max() + points[:, 1].min()) / 2
    assert np.abs(drawn - (middle - scale * np.sin(time_s))).max() < 1.0


def test_a_line_breaks_where_samples_are_missing() -> None:
    values = np.where(np.abs(np.arange(100) - 50) < 10, np.nan, 1.0 + np.arange(100))
    root = ElementTree.fromstring(draw(np.arange(100) / 10, [Trace("x", "", values)]))
    path = next(path for path in root.iter(f"{SVG}path") if path.get("stroke"))
    assert path.get("d", "").count("M") == 2


def test_traces_of_one_unit_share_a_panel_unless_one_would_be_flat() -> None:
    time_s = np.linspace(0, 1, 11)

    def height(*values: float) -> float:
        traces = [Trace(str(n), "m", n * time_s) for n in values]
        return float(ElementTree.fromstring(draw(time_s, traces)).get("viewBox", "").split()[-1])

    assert height(1.0, 0.5) == height(1.0) < height(1.0, 1000.0)
