"""What can be done to a layout; each edit is pure and gives another layout, valid again."""

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import count
from typing import Any

from ps_analytics.errors import BadLayout, NotFound
from ps_analytics.ui.layouts import places
from ps_analytics.ui.layouts.document import AXES, MODES, MOST_PANELS, MOST_SHEETS, Layout, read_config, read_items
from ps_analytics.ui.layouts.fields import LONGEST_NAME, a_title, a_word
from ps_analytics.ui.layouts.kinds import all_kinds
from ps_analytics.ui.layouts.places import Item, Side

NEW_H = 200
"""Height of a new panel, in pixels."""
SIDES = ("right", "down")

Config = dict[str, Any]
Sheet = dict[str, Any]


def config_of(layout: Layout, plot_id: str) -> Config:
    """What a panel shows.

    Raises:
        NotFound: there is no such panel.
    """
    for config in layout["configs"]:
        if config["id"] == plot_id:
            found: Config = config
            return found
    raise NotFound("panel", str(plot_id)[:LONGEST_NAME])


def sheet_of(layout: Layout, sheet_id: str) -> Sheet:
    """A sheet.

    Raises:
        NotFound: there is no such sheet.
    """
    return _sheet(layout, lambda sheet: sheet["id"] == sheet_id, "sheet", sheet_id)


def split(layout: Layout, plot_id: str, side: Side) -> Layout:
    """The layout with a panel in two halves: the new one, to the right or below, shows the same until it is changed.

    Raises:
        NotFound: there is no such panel.
        NoRoom: it is too small.
        BadLayout: the layout has as many panels as it can have.
    """
    a_word(side, "side", SIDES)
    config, sheet = config_of(layout, plot_id), _sheet_with(layout, plot_id)
    new = {**config, "id": _free_id(plot_id, _plot_ids(layout))}
    items = places.halved(sheet["items"], plot_id, new["id"], side, title=config["title"])
    return _with_config(_with_items(layout, sheet["id"], items), new, behind=plot_id)


def remove(layout: Layout, plot_id: str) -> Layout:
    """The layout without a panel; its place goes to the neighbour that shares the whole edge.

    Raises:
        NotFound: there is no such panel.
    """
    sheet = _sheet_with(layout, plot_id)
    rest = [config for config in layout["configs"] if config["id"] != plot_id]
    return {**_with_items(layout, sheet["id"], places.closed(sheet["items"], plot_id)), "configs": rest}


def place(layout: Layout, sheet_id: str, items: Sequence[Item], *, moved: str | None = None) -> Layout:
    """The layout with the places a sheet's panels were given by hand, settled.

    Args:
        layout: the layout.
        sheet_id: the sheet.
        items: a place for each of its panels, in any order; they may lie over each other.
        moved: the panel that was dragged or resized, if it is to have its place before the others.

    Raises:
        NotFound: there is no such sheet or, for `moved`, no such panel on it.
        BadLayout: a place makes no sense, or a panel has none, or it is no panel of this sheet.
    """
    before = sheet_of(layout, sheet_id)["items"]
    given = {item["plotId"]: item for item in read_items(items, "items")}
    known = [item["plotId"] for item in before]
    for plot_id in given:
        if plot_id not in known:
            raise BadLayout("items", f"'{plot_id}' is no panel of this sheet")
    for plot_id in known:
        if plot_id not in given:
            raise BadLayout("items", f"the panel '{plot_id}' has no place among them")
    if moved is not None and moved not in given:
        raise NotFound("panel", str(moved)[:LONGEST_NAME])
    settled = places.settle([given[plot_id] for plot_id in known], given[moved] if moved is not None else None)
    return _with_items(layout, sheet_id, settled)


def add_panel(
    layout: Layout,
    sheet_id: str,
    kind: str,
    channels: Sequence[str] = (),
    *,
    title: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Layout:
    """The layout with another panel, the last of its configs, below those of the column most stand in.

    Raises:
        NotFound: there is no such sheet.
        BadLayout: there is no such kind, or what it should show cannot be.
    """
    sheet = sheet_of(layout, sheet_id)
    a_word(kind, "kind", all_kinds())
    given = {"id": _free_id(kind, _plot_ids(layout)), "kind": kind, "channels": channels, "options": options or {}}
    config = _checked({**given, **({} if title is None else {"title": title})})
    items = places.with_new(sheet["items"], config["id"], NEW_H, fit=sheet.get("fit", False))
    return _with_config(_with_items(layout, sheet_id, items), config)


def copy_panel(layout: Layout, plot_id: str) -> Layout:
    """The layout with a panel of the same kind, size and channels below a panel.

    Raises:
        NotFound: there is no such panel.
        BadLayout: the layout has as many panels as it can have.
    """
    config, sheet = config_of(layout, plot_id), _sheet_with(layout, plot_id)
    new = {**config, "id": _free_id(plot_id, _plot_ids(layout))}
    item = next(item for item in sheet["items"] if item["plotId"] == plot_id)
    copied = {**item, "plotId": new["id"], "y": item["y"] + item["h"]}
    items = places.settle([*sheet["items"], copied], copied)
    return _with_config(_with_items(layout, sheet["id"], items), new, behind=plot_id)


def set_channels(layout: Layout, plot_id: str, channels: Sequence[str]) -> Layout:
    """The layout with other channels on a panel, in this order."""
    return _changed(layout, plot_id, channels=channels)


def set_title(layout: Layout, plot_id: str, title: str) -> Layout:
    """The layout with another title on a panel."""
    return _changed(layout, plot_id, title=a_title(title, "title"))


def set_mode(layout: Layout, plot_id: str, mode: str) -> Layout:
    """The layout with a panel's channels in lanes ("tiled") or over each other ("overlaid")."""
    return _changed(layout, plot_id, mode=a_word(mode, "mode", MODES))


def set_options(layout: Layout, plot_id: str, options: Mapping[str, Any]) -> Layout:
    """The layout with these options of a panel set; those that are None go, others stay."""
    if not isinstance(options, Mapping):
        raise BadLayout("options", "they are not a JSON object")
    merged = {**config_of(layout, plot_id)["options"], **options}
    return _changed(layout, plot_id, options={name: value for name, value in merged.items() if value is not None})


def set_x_axis(layout: Layout, axis: str | None, *, sheet_id: str | None = None, plot_id: str | None = None) -> Layout:
    """The layout with a sheet or a panel against distance, position or time; None: a panel has its sheet's axis.

    Raises:
        NotFound: there is no such sheet or panel.
        BadLayout: there is no such axis.
    """
    if plot_id is not None:
        return _changed(layout, plot_id, xAxis=None if axis is None else a_word(axis, "axis", AXES))
    sheet = sheet_of(layout, str(sheet_id))
    return _with_sheet(layout, {**sheet, "xAxis": a_word(axis, "axis", AXES)})


def add_sheet(layout: Layout, title: str) -> Layout:
    """The layout with an empty sheet behind the others, which fills the window.

    Raises:
        BadLayout: it has as many sheets as it can have.
    """
    sheets = layout["layout"]["sheets"]
    if len(sheets) >= MOST_SHEETS:
        raise BadLayout("sheets", f"there are {MOST_SHEETS} already", hint="Remove one first.")
    new_id = _free_id("sheet", {sheet["id"] for sheet in sheets})
    new = {"id": new_id, "title": a_title(title, "title"), "xAxis": sheets[-1]["xAxis"], "fit": True, "items": []}
    return _with_sheets(layout, [*sheets, new])


def rename_sheet(layout: Layout, sheet_id: str, title: str) -> Layout:
    """The layout with another title on a sheet."""
    return _with_sheet(layout, {**sheet_of(layout, sheet_id), "title": a_title(title, "title")})


def remove_sheet(layout: Layout, sheet_id: str) -> Layout:
    """The layout without a sheet and its panels.

    Raises:
        NotFound: there is no such sheet.
        BadLayout: it is the only one.
    """
    gone = {item["plotId"] for item in sheet_of(layout, sheet_id)["items"]}
    rest = [sheet for sheet in layout["layout"]["sheets"] if sheet["id"] != sheet_id]
    if not rest:
        raise BadLayout("sheets", "this is the only one", hint="A layout has at least one sheet.")
    return {**_with_sheets(layout, rest), "configs": [c for c in layout["configs"] if c["id"] not in gone]}


def move_sheet(layout: Layout, sheet_id: str, to: int) -> Layout:
    """The layout with a sheet in another place among the sheets; the first is 0, and past the end is the last."""
    moved = sheet_of(layout, sheet_id)
    rest = [sheet for sheet in layout["layout"]["sheets"] if sheet["id"] != sheet_id]
    at = min(max(to, 0), len(rest))
    return _with_sheets(layout, [*rest[:at], moved, *rest[at:]])


def _plot_ids(layout: Layout) -> set[str]:
    return {config["id"] for config in layout["configs"]}


def _free_id(stem: str, taken: Collection[str]) -> str:
    """The id, or the first of "id-2", "id-3" … that nothing has."""
    if stem not in taken:
        return stem
    head, _, number = stem.rpartition("-")
    stem = (head if head and number.isdecimal() else stem)[: LONGEST_NAME - 5]
    return next(name for number in count(2) if (name := f"{stem}-{number}") not in taken)


def _sheet_with(layout: Layout, plot_id: str) -> Sheet:
    return _sheet(layout, lambda sheet: plot_id in {i["plotId"] for i in sheet["items"]}, "panel", plot_id)


def _sheet(layout: Layout, fits: Callable[[Sheet], bool], what: str, name: str) -> Sheet:
    for sheet in layout["layout"]["sheets"]:
        if fits(sheet):
            found: Sheet = sheet
            return found
    raise NotFound(what, str(name)[:LONGEST_NAME])


def _checked(config: Config) -> Config:
    """A config as the reader would give it; a kind nobody knows today stays."""
    return read_config(config, "", keep_unknown=True)


def _changed(layout: Layout, plot_id: str, **changes: Any) -> Layout:
    """The layout with other things on a panel.

    Raises:
        NotFound: there is no such panel.
        BadLayout: they cannot be.
    """
    now = _checked({**config_of(layout, plot_id), **changes})
    return {**layout, "configs": [now if config["id"] == plot_id else config for config in layout["configs"]]}


def _with_config(layout: Layout, config: Config, *, behind: str | None = None) -> Layout:
    configs = layout["configs"]
    if len(configs) >= MOST_PANELS:
        raise BadLayout("configs", f"there are {MOST_PANELS} panels already", hint="Remove one first.")
    at = next((i + 1 for i, other in enumerate(configs) if other["id"] == behind), len(configs))
    return {**layout, "configs": [*configs[:at], config, *configs[at:]]}


def _with_items(layout: Layout, sheet_id: str, items: Sequence[Item]) -> Layout:
    """The layout with other places on a sheet.

    Raises:
        BadLayout: one of them reaches too far down.
    """
    if any(item["y"] + item["h"] > places.LOWEST for item in items):
        raise BadLayout("items", f"a panel reaches below {places.LOWEST:,} px", hint="Make some panels lower.")
    return _with_sheet(layout, {**sheet_of(layout, sheet_id), "items": list(items)})


def _with_sheet(layout: Layout, sheet: Sheet) -> Layout:
    sheets = [sheet if other["id"] == sheet["id"] else other for other in layout["layout"]["sheets"]]
    return _with_sheets(layout, sheets)


def _with_sheets(layout: Layout, sheets: Sequence[Sheet]) -> Layout:
    return {**layout, "layout": {**layout["layout"], "sheets": list(sheets)}}
