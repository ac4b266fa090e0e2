"""What an address of the review page says: which laps, in which layout. Zoom and cursors are the browser's own."""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ps_analytics.errors import BadLayout
from ps_analytics.ui.layouts import Layout, read_document

PACKED = "~"
"""What a layout begins with that travels in the address itself."""
MOST_LAPS = 32
LONGEST_ID = 64
LARGEST_PACKED, LARGEST = 64_000, 512_000
"""Characters of a packed layout in an address, and bytes of what it unpacks to."""
WORST = "the link is damaged or was cut off"


@dataclass(frozen=True, slots=True)
class View:
    """What is looked at: ids of a session and of laps; `layout` is the id of a layout, or one that is packed.

    `colors` has the number of each lap's colour, if they are not numbered in their order; `base` is the id of the
    layout that a packed one is a change of.
    """

    session: str = ""
    laps: tuple[str, ...] = ()
    reference: str = ""
    layout: str = ""
    sheet: str = ""
    colors: tuple[int, ...] = ()
    base: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return self == View()


def read_view(arguments: Mapping[str, Sequence[bytes]]) -> View:
    """The view of an address; what makes no sense there is nothing asked for.

    Args:
        arguments: of the page's address, as Tornado has them.

    Example:
        >>> read_view({"session": [b"s1"], "laps": [b"l1,l2"], "cursor": [b"120"]})
        View(session='s1', laps=('l1', 'l2'), reference='', layout='', sheet='', colors=(), base='')
    """
    named = [lap for lap in _text(arguments, "laps", MOST_LAPS * (LONGEST_ID + 1)).split(",") if lap]
    laps = tuple(dict.fromkeys(lap for lap in named if len(lap) <= LONGEST_ID))[:MOST_LAPS]
    return View(
        session=_text(arguments, "session"),
        laps=laps,
        reference=_text(arguments, "reference"),
        layout=_text(arguments, "layout", LARGEST_PACKED),
        sheet=_text(arguments, "sheet"),
        colors=_colors(_text(arguments, "colors", 4 * MOST_LAPS), len(laps)),
        base=_text(arguments, "base"),
    )


def pack(name: str, document: Layout) -> str:
    """A layout as a piece of an address."""
    text = json.dumps({"name": name, **document}, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return PACKED + base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


def unpack(packed: str) -> tuple[str, Layout]:
    """Name and document of a layout that came in an address.

    Raises:
        BadLayout: it cannot be used; nothing larger than a layout may be is unpacked.
    """
    body = packed.removeprefix(PACKED)
    try:
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        inflating = zlib.decompressobj()
        text = inflating.decompress(raw, LARGEST)
        found: Any = json.loads(text) if inflating.eof else None
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        raise BadLayout("", WORST, hint="Ask for it anew.") from None
    if not isinstance(found, dict):
        raise BadLayout("", WORST, hint="Ask for it anew.")
    name = found.get("name")
    return name if isinstance(name, str) else "", read_document(found)


def _colors(text: str, count: int) -> tuple[int, ...]:
    """A number for each of so many laps, no two the same; nothing if they are not that."""
    numbers = [int(part) for part in text.split(",") if part.isascii() and part.isdigit() and len(part) < 4]
    return tuple(numbers) if len(numbers) == count == len(set(numbers)) else ()


def _text(arguments: Mapping[str, Sequence[bytes]], name: str, longest: int = LONGEST_ID) -> str:
    """The first value of a name; "" if there is none, or none that could be meant."""
    given = arguments.get(name)
    if not given or len(given[0]) > longest:
        return ""
    text = given[0].decode("utf-8", errors="replace")
    return text if text.isprintable() else ""
