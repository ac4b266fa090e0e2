"""The math channels that come with the house: ordinary definitions, in `library.json`; a namesake hides one."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from ps_analytics.channels.definitions import MathChannel


def _read() -> dict[str, MathChannel]:
    rows = json.loads(Path(__file__).with_name("library.json").read_text(encoding="utf-8"))
    return {row["name"]: MathChannel(**row) for row in rows}


SHIPPED: Mapping[str, MathChannel] = MappingProxyType(_read())
"""The shipped math channels by name; the order is that of a list to be read."""
