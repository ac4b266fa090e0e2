"""A layout from anywhere → a layout that can be drawn: every field checked and copied, or an error that names it.

Unknown channels are fine: a panel shows what is missing. What nobody here knows of (fields of a later version's making)
is left out, so what comes back is always of exactly this form:
`{"configs": [{id, title, kind, xAxis?, channels, mode, options}], "layout": {version, cols, sheets: [{id, title, xAxis,
fit?, items: [{plotId, x, y, w, h}]}]}}`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ps_analytics.errors import BadLayout
from ps_analytics.plugins import PanelKind
from ps_analytics.ui.layouts.fields import Fields, a_word, refuse_twice, some_items
from ps_analytics.ui.layouts.kinds import MOST_CHANNELS, all_kinds
from ps_analytics.ui.layouts.places import COLUMNS, LEAST_H, LEAST_W, LOWEST, Item, overlap

Layout = dict[str, Any]
Kinds = Mapping[str, PanelKind]

VERSION = 1
AXES = ("distance", "position", "time")
MODES = ("tiled", "overlaid")
MOST_SHEETS, MOST_PANELS = 64, 200
LARGEST = 512_000
"""Bytes of a layout as JSON."""
MOST_STAND_INS = 8


def read_document(data: object, *, kinds: Kinds | None = None, keep_unknown: bool = False) -> Layout:
    """A checked copy of a layout; reading it again gives the same.

    Args:
        data: `configs` and `layout` as parsed from JSON. A `layout` with bare `items` is one sheet.
        kinds: the kinds of panels there are; None means ours and those of the installed plugins.
        keep_unknown: keeps panels of other kinds too. Of a stored layout they are kept, for the plugin that adds them
            may only be absent today; of one that comes from elsewhere they are refused.

    Raises:
        BadLayout: it cannot be used; names the field.
    """
    known = all_kinds() if kinds is None else kinds
    whole = Fields(data)
    configs = [
        read_config(part, where, kinds=known, keep_unknown=keep_unknown)
        for where, part in whole.items("configs", most=MOST_PANELS)
    ]
    refuse_twice((f"configs[{i}].id", config["id"]) for i, config in enumerate(configs))
    sheets = _read_sheets(Fields(whole.value("layout"), "layout"))
    _refuse_unplaced(configs, sheets)
    document = {"configs": configs, "layout": {"version": VERSION, "cols": COLUMNS, "sheets": [s for _, s in sheets]}}
    size = len(json.dumps(document, ensure_ascii=False).encode())
    if size > LARGEST:
        raise BadLayout("", f"it has {size:,} bytes, at most {LARGEST:,} are kept", hint="Make two of it.")
    return document


def read_config(data: object, where: str, *, kinds: Kinds | None = None, keep_unknown: bool = False) -> dict[str, Any]:
    """A checked copy of what one panel shows.

    Args:
        data: id, title, kind, xAxis, channels, mode and options; all but the id have defaults.
        where: its place, for an error.
        kinds: the kinds of panels there are; None means ours and those of the installed plugins.
        keep_unknown: takes another kind as well.

    Raises:
        BadLayout: it cannot be used; names the field.
    """
    known = all_kinds() if kinds is None else kinds
    fields = Fields(data, where)
    name = fields.text("kind", "traces")
    if not keep_unknown and name not in known:
        hint = " Take the panel out, or install the plugin that adds its kind."
        try:
            a_word(name, fields.at("kind"), known)
        except BadLayout as error:
            raise BadLayout(error.field, error.reason, hint=error.hint + hint) from None
    kind = known.get(name)
    most = kind.channels[1] if kind else MOST_CHANNELS
    config = {"id": fields.text("id"), "title": fields.title("title", kind.title if kind else name), "kind": name}
    if "xAxis" in fields:
        config["xAxis"] = fields.word("xAxis", AXES)
    channels = fields.texts("channels", [], most=MOST_CHANNELS)
    if len(channels) > most:
        takes = f"at most {most}" if most else "none"
        raise BadLayout(fields.at("channels"), f"it has {len(channels)}, a panel of kind '{name}' takes {takes}")
    options = _read_options(fields.plain("options"), fields.at("options"), name)
    return {**config, "channels": list(channels), "mode": fields.word("mode", MODES, "tiled"), "options": options}


def read_items(data: object, where: str) -> list[Item]:
    """Checked copies of the places of a sheet's panels; they may lie over each other.

    Raises:
        BadLayout: one of them makes no sense; names the field.
    """
    items = [_read_item(Fields(part, place)) for place, part in some_items(data, where, most=MOST_PANELS)]
    refuse_twice((f"{where}[{i}].plotId", item["plotId"]) for i, item in enumerate(items))
    return items


def _read_sheets(layout: Fields) -> list[tuple[str, dict[str, Any]]]:
    """The sheets, each with its place in the document."""
    version = layout.value("version", VERSION)
    if isinstance(version, int) and not isinstance(version, bool) and version > VERSION:
        raise BadLayout(layout.at("version"), f"this ps-analytics reads version {VERSION}", hint="Update it.")
    if version != VERSION or isinstance(version, bool):
        raise BadLayout(layout.at("version"), f"it is not {VERSION}")
    if layout.value("cols", COLUMNS) != COLUMNS:
        raise BadLayout(layout.at("cols"), f"it is not {COLUMNS}")
    if "sheets" not in layout and "items" in layout:
        bare = {"id": "sheet", "title": "Sheet", "items": layout.value("items")}
        return [("layout", _read_sheet(Fields(bare, "layout")))]
    found = layout.items("sheets", most=MOST_SHEETS)
    if not found:
        raise BadLayout(layout.at("sheets"), "there is none", hint="A layout has at least one sheet.")
    sheets = [(where, _read_sheet(Fields(part, where))) for where, part in found]
    refuse_twice((f"{where}.id", sheet["id"]) for where, sheet in sheets)
    return sheets


def _read_sheet(fields: Fields) -> dict[str, Any]:
    sheet = {"id": fields.text("id"), "title": fields.title("title", "Sheet")}
    sheet["xAxis"] = fields.word("xAxis", AXES, "distance")
    if fields.flag("fit", False):
        sheet["fit"] = True
    items = read_items(fields.value("items", []), fields.at("items"))
    for i, item in enumerate(items):
        for j, other in enumerate(items[:i]):
            if overlap(item, other):
                what = f"'{item['plotId']}' lies over '{other['plotId']}' (items[{j}])"
                raise BadLayout(f"{fields.at('items')}[{i}]", what, hint="Move one of them.")
    return {**sheet, "items": items}


def _read_item(fields: Fields) -> Item:
    plot_id = fields.text("plotId")
    x = fields.whole("x", low=0, high=COLUMNS - LEAST_W)
    w = fields.whole("w", low=LEAST_W, high=COLUMNS - x)
    y = fields.number("y", low=0, high=LOWEST - LEAST_H)
    h = fields.number("h", low=LEAST_H, high=LOWEST - y)
    top = round(y)  # both edges are rounded, so that items that touch go on touching
    return {"plotId": plot_id, "x": x, "y": top, "w": w, "h": round(y + h) - top}


def _refuse_unplaced(configs: Sequence[dict[str, Any]], sheets: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Every panel has one place, and every place a panel."""
    known = {config["id"] for config in configs}
    placed: list[tuple[str, str]] = []
    for where, sheet in sheets:
        for i, item in enumerate(sheet["items"]):
            placed.append((f"{where}.items[{i}].plotId", item["plotId"]))
            if item["plotId"] not in known:
                raise BadLayout(placed[-1][0], f"no config has the id '{item['plotId']}'")
    refuse_twice(placed)
    for i, config in enumerate(configs):
        if config["id"] not in {plot_id for _, plot_id in placed}:
            raise BadLayout(f"configs[{i}].id", f"'{config['id']}' has no place on any sheet", hint="Give it one.")


def _read_options(found: dict[str, Any], where: str, kind: str) -> dict[str, Any]:
    """The options of a panel: those we know of are checked, others are anybody's."""
    options = Fields(found, where)
    checks = {**_OPTIONS[""], **_OPTIONS.get(kind, {})}
    return {name: checks[name](options, name) if name in checks else value for name, value in found.items()}


def _instead(options: Fields, name: str) -> dict[str, list[str]]:
    found = options.value(name)
    chains = Fields(found, options.at(name))
    return {channel: chains.texts(channel, most=MOST_STAND_INS) for channel in found}


_Check = Callable[[Fields, str], Any]
_OPTIONS: dict[str, dict[str, _Check]] = {
    "": {"instead": _instead},
    "map": {"color": lambda options, name: options.text(name)},
    "histogram": {
        "bins": lambda options, name: options.whole(name, low=2, high=1_000),
        "weighted": lambda options, name: options.flag(name),
    },
    "report": {"by": lambda options, name: options.word(name, ("lap", "corner", "sector"))},
}
"""By kind ("" is every kind) and name, how an option is read."""
