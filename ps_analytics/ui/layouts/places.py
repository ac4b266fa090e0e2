"""Where the panels of a sheet lie: rectangles in columns (x, w) and pixels (y, h)."""

from collections.abc import Sequence
from typing import Any, Literal

from ps_analytics.errors import NoRoom

Item = dict[str, Any]
"""A panel's place: `plotId`, `x` and `w` in columns, `y` and `h` in pixels."""
Side = Literal["right", "down"]

COLUMNS = 12
LEAST_W, LEAST_H = 2, 80
"""No panel is narrower (columns) or lower (pixels)."""
FITTED_H = 900
"""Height of a sheet that fills the window, in pixels: what its panels share, whatever the window has."""
LOWEST = 20_000
"""No panel reaches below, in pixels."""


def settle(items: Sequence[Item], moved: Item | None = None) -> list[Item]:
    """The items with no gaps above them and none over another; the list keeps its order.

    The rule, which the browser follows as well while a panel is dragged (`tests/ui/layouts/settling.json` has cases):

    1. The items stand in reading order: by y, then by x, then as listed.
    2. A moved item is taken out and put back where its top comes to lie nearest to where it was dropped; among equals
       where its own y puts it in reading order (before those of the same y), then the earlier.
    3. In that order each rises until it meets one that stands already, or the top.

    Args:
        items: of one sheet; the moved one among them as it was or as it is.
        moved: the item with its new place and size.
    """
    rest = sorted((i for i in items if moved is None or i["plotId"] != moved["plotId"]), key=_reading)
    if moved is not None:
        rest.insert(_landing(rest, moved), moved)
    skyline = [0] * COLUMNS
    settled = {item["plotId"]: _stacked(skyline, item) for item in rest}
    return [settled[item["plotId"]] for item in items]


def overlap(one: Item, other: Item) -> bool:
    """Whether two items share any place."""
    across = one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
    return bool(across and one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"])


def halved(items: Sequence[Item], plot_id: str, new_id: str, side: Side, *, title: str = "") -> list[Item]:
    """The items with one in two halves, the larger its own; the new one stands behind it in the list.

    Raises:
        NoRoom: a half would be too small; `title` is what the panel is called.
    """
    place, item = next((i, item) for i, item in enumerate(items) if item["plotId"] == plot_id)
    edge, size, least, unit = ("x", "w", LEAST_W, "columns") if side == "right" else ("y", "h", LEAST_H, "px")
    if item[size] < 2 * least:
        raise NoRoom(title or plot_id, needed=f"{2 * least} {unit}")
    half = item[size] // 2
    kept = {**item, size: item[size] - half}
    new = {**item, "plotId": new_id, edge: item[edge] + kept[size], size: half}
    return [*items[:place], kept, new, *items[place + 1 :]]


def closed(items: Sequence[Item], plot_id: str) -> list[Item]:
    """The items without one; its place goes to the neighbour that shares a whole edge with it.

    The one before it in the list comes first, for that is what it was split from; then the neighbour on the left,
    above, on the right, below; then neighbours that share an edge between them. Where there are none, what is below
    rises.
    """
    place = next(i for i, item in enumerate(items) if item["plotId"] == plot_id)
    gone, rest = items[place], [*items[:place], *items[place + 1 :]]
    found = [heirs for side in ("left", "above", "right", "below") if (heirs := _heirs(gone, rest, side))]
    before = [items[place - 1]] if place else []
    chosen = [heirs for heirs in found if heirs == before] or [heirs for heirs in found if len(heirs) == 1] or found
    grown = {item["plotId"]: _joined(item, gone) for heirs in chosen[:1] for item in heirs}
    return [grown.get(item["plotId"], item) for item in rest] if grown else settle(rest)


def with_new(items: Sequence[Item], new_id: str, height: int, *, fit: bool) -> list[Item]:
    """The items with a new one below those of the column most of them stand in.

    Args:
        items: of one sheet.
        new_id: the new panel's.
        height: the new item's, in pixels.
        fit: the sheet fills the window: the column makes room for it, if that leaves each of its panels high enough.
    """
    if not items:
        return [{"plotId": new_id, "x": 0, "y": 0, "w": COLUMNS, "h": FITTED_H if fit else height}]
    columns = [(item["x"], item["w"]) for item in items]
    x, w = max(columns, key=lambda column: (columns.count(column), column[1], -column[0]))
    below = [item for item in items if _share_columns(item, {"x": x, "w": w})]
    stack = sorted((item for item in below if (item["x"], item["w"]) == (x, w)), key=_reading)
    bottom = max(item["y"] + item["h"] for item in below)
    h = bottom // (len(stack) + 1)
    heights = [item["h"] * (bottom - h) // bottom for item in stack]
    if not fit or stack != sorted(below, key=_reading) or min(h, *heights) < LEAST_H:
        return [*items, {"plotId": new_id, "x": x, "y": bottom, "w": w, "h": height}]
    new = {"plotId": new_id, "x": x, "y": bottom, "w": w, "h": bottom - sum(heights)}
    skyline = [0] * COLUMNS
    lower = [{**item, "h": size} for item, size in zip(stack, heights, strict=True)]
    placed = {item["plotId"]: _stacked(skyline, item) for item in [*lower, new]}
    return [placed.get(item["plotId"], item) for item in [*items, new]]


def _reading(item: Item) -> tuple[int, int]:
    return item["y"], item["x"]


def _stacked(skyline: list[int], item: Item) -> Item:
    """The item risen to the skyline, which then has it."""
    columns = slice(item["x"], item["x"] + item["w"])
    y = max(skyline[columns])
    skyline[columns] = [y + item["h"]] * item["w"]
    return {**item, "y": y}


def _landing(rest: Sequence[Item], moved: Item) -> int:
    """Before which of the others, in reading order, a moved item stands."""
    skyline = [0] * COLUMNS
    own = sum(item["y"] < moved["y"] for item in rest)
    lands = []
    for item in (*rest, None):
        lands.append(max(skyline[moved["x"] : moved["x"] + moved["w"]]))
        if item is not None:
            _stacked(skyline, item)
    return min(range(len(lands)), key=lambda k: (abs(lands[k] - moved["y"]), abs(k - own), k))


def _share_columns(one: Item, other: Item) -> bool:
    return bool(one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"])


def _heirs(gone: Item, rest: Sequence[Item], side: str) -> list[Item]:
    """The items on one side that share exactly the whole edge between them; none if there are none such."""
    edge, size, along, length = ("x", "w", "y", "h") if side in ("left", "right") else ("y", "h", "x", "w")
    if side in ("left", "above"):
        touching = [item for item in rest if item[edge] + item[size] == gone[edge]]
    else:
        touching = [item for item in rest if item[edge] == gone[edge] + gone[size]]
    low, high = gone[along], gone[along] + gone[length]
    within = [item for item in touching if low <= item[along] and item[along] + item[length] <= high]
    return within if sum(item[length] for item in within) == gone[length] else []


def _joined(item: Item, gone: Item) -> Item:
    """A neighbour with the place of the one that goes: along the edge they share it keeps its length."""
    beside = item["x"] + item["w"] == gone["x"] or gone["x"] + gone["w"] == item["x"]
    edge, size = ("x", "w") if beside else ("y", "h")
    return {**item, edge: min(item[edge], gone[edge]), size: item[size] + gone[size]}
