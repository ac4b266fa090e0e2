"""A layout as JSON text with its name, to be handed to somebody; and back."""

import json
from typing import Any

from ps_analytics.errors import BadLayout
from ps_analytics.ui.layouts.document import LARGEST, Kinds, Layout, read_document
from ps_analytics.ui.layouts.fields import Fields

FORMAT = "ps-analytics layout"
"""What the text says it is; without this and a name it is read as well."""
UNNAMED = "Imported layout"


def layout_text(name: str, document: Layout) -> str:
    """A layout as text: `read_layout_text` gives exactly its name and document back."""
    return json.dumps({"format": FORMAT, "name": name, **document}, ensure_ascii=False, indent=1)


def read_layout_text(text: str, *, kinds: Kinds | None = None) -> tuple[str, Layout]:
    """Name and document of a layout somebody handed over.

    Args:
        text: JSON, with `configs` and `layout`.
        kinds: the kinds of panels there are; None means ours and those of the installed plugins.

    Raises:
        BadLayout: it is none; names the place.

    Example:
        >>> read_layout_text('{"configs": [], "layout": {"items": []}}')[0]
        'Imported layout'
    """
    if not isinstance(text, str):
        raise BadLayout("", "it is not a text")
    if len(text) > 2 * LARGEST:  # with room for blanks
        raise BadLayout(
            "", f"it has {len(text):,} characters, at most {2 * LARGEST:,} are read", hint="Make two of it."
        )
    try:
        data = json.loads(text.lstrip("\ufeff"), parse_constant=_no_number)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise BadLayout("", f"{place}: {error.msg[:1].lower()}{error.msg[1:]}", hint="Give a layout's JSON.") from None
    except (ValueError, RecursionError) as error:  # NaN, a number of thousands of digits, or brackets without end
        what = "it nests too deep" if isinstance(error, RecursionError) else "a number in it is none"
        raise BadLayout("", what, hint="Give a layout's JSON.") from None
    whole = Fields(data)
    if whole.value("format", FORMAT) != FORMAT:
        raise BadLayout("format", f"it is not '{FORMAT}'", hint="Give a layout's JSON.")
    return whole.title("name", UNNAMED), read_document(data, kinds=kinds)


def _no_number(text: str) -> Any:
    raise ValueError(text)
