"""Layouts by hand and by chance."""

from typing import Any

from hypothesis import strategies as st

_LETTERS = st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="<")
NAMES = st.sampled_from(["Speed", "Brake bias", "Düse 3", "回転数", "a & b", '"', "🏁"]) | st.text(
    _LETTERS, min_size=1, max_size=4
)
SIZES = st.tuples(st.integers(2, 12), st.integers(80, 400))
KINDS = ("traces", "map", "laps", "corners", "lap_table", "report", "gauges", "notes", "video")


def config(plot_id: str, kind: str = "traces", channels: Any = ("speed",), **facts: Any) -> dict[str, Any]:
    given = {"id": plot_id, "title": plot_id.title(), "kind": kind, "channels": list(channels)}
    return {**given, "mode": "tiled", "options": {}, **facts}


def item(plot_id: str, x: int, y: int, w: int, h: int) -> dict[str, Any]:
    return {"plotId": plot_id, "x": x, "y": y, "w": w, "h": h}


def document(*items: dict[str, Any], fit: bool = True) -> dict[str, Any]:
    """One sheet of traces panels."""
    sheet = {"id": "one", "title": "One", "xAxis": "distance", **({"fit": True} if fit else {}), "items": list(items)}
    configs = [config(each["plotId"]) for each in items]
    return {"configs": configs, "layout": {"version": 1, "cols": 12, "sheets": [sheet]}}


@st.composite
def documents(draw: Any, *, most_sheets: int = 3) -> dict[str, Any]:
    """A layout of any number of panels, one under the other until it is moved."""
    configs, sheets = [], []
    for number in range(draw(st.integers(1, most_sheets))):
        items, below = [], 0
        for w, h in draw(st.lists(SIZES, max_size=5)):
            plot_id = f"p{len(configs)}"
            kind = draw(st.sampled_from(KINDS))
            channels = draw(st.lists(NAMES, max_size=3, unique=True)) if kind in ("traces", "report", "gauges") else []
            axis = {"xAxis": draw(st.sampled_from(["distance", "position", "time"]))} if draw(st.booleans()) else {}
            given = {"title": draw(NAMES), "mode": draw(st.sampled_from(["tiled", "overlaid"])), **axis}
            configs.append(config(plot_id, kind, channels, **given, options=draw(options())))
            items.append(item(plot_id, draw(st.integers(0, 12 - w)), below, w, h))
            below += h
        fit = {"fit": True} if draw(st.booleans()) else {}
        sheets.append({"id": f"s{number}", "title": draw(NAMES), "xAxis": "time", **fit, "items": items})
    return {"configs": configs, "layout": {"version": 1, "cols": 12, "sheets": sheets}}


def options() -> st.SearchStrategy[dict[str, Any]]:
    """What nobody here knows of, as a plugin's kind would have it."""
    leaves = st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(-1e6, 1e6) | NAMES
    trees = st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner), max_leaves=4
    )
    return st.dictionaries(st.sampled_from(["shade", "scale", "palette"]), trees, max_size=2)


def pair() -> dict[str, Any]:
    """Two panels side by side above a wide one."""
    return document(item("a", 0, 0, 6, 200), item("b", 6, 0, 6, 200), item("c", 0, 200, 12, 300))
