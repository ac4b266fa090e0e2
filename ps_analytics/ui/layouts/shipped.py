"""The layouts that come with the house: ordinary documents, in `shipped.json`; nobody overwrites them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ps_analytics.ui.layouts.document import Layout, read_document
from ps_analytics.ui.layouts.kinds import KINDS


@dataclass(frozen=True, slots=True)
class ShippedLayout:
    """A layout of ours: what it is called, what it is for, and itself."""

    name: str
    about: str
    document: Layout


def _read() -> dict[str, ShippedLayout]:
    rows = json.loads(Path(__file__).with_name("shipped.json").read_text(encoding="utf-8"))
    # Kinds that plugins add are not looked up: this is read when the package is imported, before any plugin is.
    return {
        key: ShippedLayout(row["name"], row["about"], read_document(row, kinds=KINDS, keep_unknown=True))
        for key, row in rows.items()
    }


SHIPPED_LAYOUTS: Mapping[str, ShippedLayout] = MappingProxyType(_read())
"""The shipped layouts by id; the order is that of a list to be read."""
SHIPPED: Mapping[str, Layout] = MappingProxyType({key: row.document for key, row in SHIPPED_LAYOUTS.items()})
"""Their documents by id."""
SHIPPED_NAMES: Mapping[str, str] = MappingProxyType({key: row.name for key, row in SHIPPED_LAYOUTS.items()})
"""Their names by id."""
FIRST = "driver"
"""The one shown to who has chosen none."""


def driver_overview() -> Layout:
    """Speed, delta, pedals, steering and engine against distance, beside the lap list, the corners and the map."""
    return SHIPPED[FIRST]
