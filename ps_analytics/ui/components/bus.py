"""The page's line to the browser: columns and commits down, commands up."""

from collections.abc import Callable, Mapping
from typing import Any

from ps_analytics.ui.components.base import PageComponent

Command = Mapping[str, Any]


class PageBus(PageComponent):
    """Invisible; carries messages between a workspace and the bus its page's components share."""

    def __init__(self, **params: Any) -> None:
        super().__init__(**{"sizing_mode": "fixed", "width": 0, "height": 0, **params})
        self._listener: Callable[[Command], None] | None = None

    def listen(self, listener: Callable[[Command], None]) -> None:
        """Calls `listener` with each command that comes from the browser."""
        self._listener = listener

    def send(self, message: Mapping[str, Any]) -> None:
        """Sends one message; NumPy arrays in it travel as binary and arrive as typed arrays."""
        self._send_msg(dict(message))

    def _handle_msg(self, data: Any) -> None:
        if self._listener is not None:
            # What arrives is tied to the document and would keep it alive.
            self._listener({str(name): value for name, value in dict(data).items()})
