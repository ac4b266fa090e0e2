"""What a link brings to a page that is opened with it, as far as the user may see it."""

from contextlib import suppress

from ps_analytics.errors import BadLayout, NotFound, PurpleSectorError
from ps_analytics.ui.layouts.state import LayoutState
from ps_analytics.ui.links import PACKED, View, unpack

NOT_FOUND = "Not found: there is no such session, or it is not shared with you."
NO_LAYOUT = "The layout of the link is not found."
NO_MORE = "This session is shared with you no more."


def open_layout(layouts: LayoutState, view: View) -> str:
    """Shows the layout and the sheet of a view.

    A packed layout is shown as a change of the one it was made from, if the user has that.

    Returns:
        the sentence that says why it cannot be shown; "" if it is.
    """
    try:
        if view.layout.startswith(PACKED):
            _open_packed(layouts, view)
        elif view.layout:
            layouts.open(view.layout)
    except NotFound:
        return NO_LAYOUT
    except PurpleSectorError as error:
        return str(error)
    if view.sheet:
        with suppress(NotFound):  # the layout may have been changed since: its first sheet will do
            layouts.show_sheet(view.sheet)
    return ""


def _open_packed(layouts: LayoutState, view: View) -> None:
    name, document = unpack(view.layout)
    if view.base:
        try:
            layouts.open(view.base)
        except (NotFound, BadLayout):
            pass  # it is somebody else's
        else:
            if document != layouts.document:
                layouts.edit(lambda _: document)
            return
    layouts.show_linked(name, document)


def laps_not_found(count: int) -> str:
    """The sentence about so many laps of a link; "" about none."""
    return "" if not count else f"{count} lap{'s' * (count > 1)} of the link {'are' if count > 1 else 'is'} not found."
