"""The columns a browser has: what is new goes to it, in parcels, and of what is too long as much as is drawn."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ps_analytics.ui.comparison import Column, LaidLap
from ps_analytics.ui.envelope import LONG_POINTS, Detail, thinned

MESSAGE_BYTES = 2_000_000
"""Columns beyond this go in another message, so that the first plots paint while the rest arrives."""

Send = Callable[[Mapping[str, Any]], None]


class ColumnLine:
    """Sends the columns of laps on one axis, "distance" or "time", and remembers what is there."""

    def __init__(self, axis: str, send: Send) -> None:
        """Nothing sent yet."""
        self._axis, self._send = axis, send
        self._x: Column | None = None
        self._sent: dict[str, Column] = {}

    def forget(self) -> None:
        """The browser has nothing: all of it is sent anew."""
        self._x, self._sent = None, {}

    def bring(self, x: Column, laps: Mapping[str, LaidLap]) -> None:
        """Sends what the browser does not have of these laps; on another x all of it."""
        if x is not self._x:
            whole = {} if len(x) <= LONG_POINTS else {"whole": [float(x[0]), float(x[-1])], "thinned": True}
            self._tell({"op": "clear", "x": thinned(x, {})[0] if whole else x, **whole})
            self._x, self._sent = x, {}
        parcel: dict[str, Column] = {}
        for key, values in keyed(laps).items():
            if self._sent.get(key) is values:
                continue
            self._sent[key] = values
            parcel[key] = self._sized(values)
            if sum(column.nbytes for column in parcel.values()) > MESSAGE_BYTES:
                self._tell({"op": "columns", "columns": parcel})
                parcel = {}
        if parcel:
            self._tell({"op": "columns", "columns": parcel})

    def grow(self, lap_id: str, laid: LaidLap, provisional: Mapping[str, int]) -> bool:
        """Sends what is new of a lap that is being driven; False if a column of it is not there to grow yet."""
        columns = keyed({lap_id: laid})
        if any(len(self._sent.get(key, ())) != len(values) for key, values in columns.items()):
            return False
        pieces = {key: piece for key, values in columns.items() if (piece := grown_piece(self._sent[key], values))}
        self._sent |= columns
        self._tell({"op": "grow", "columns": pieces, "provisional": provisional})
        return True

    def detail(self, request: int, view: tuple[float, float], pixels: int) -> None:
        """Answers what is drawn of a view, so many pixels wide, of all that is here."""
        if self._x is None or len(self._x) <= LONG_POINTS:
            return
        x, columns = Detail(self._x, self._sent).drawn(view, pixels, self._sent)
        span = {"from": view[0], "to": view[1]}
        self._tell({"op": "detail", "request": request, **span, "x": x, "columns": columns})

    def _sized(self, values: Column) -> Column:
        if self._x is None or len(self._x) <= LONG_POINTS:
            return values
        return thinned(self._x, {"": values})[1][""]

    def _tell(self, message: Mapping[str, Any]) -> None:
        self._send({"axis": self._axis, **message})


def keyed(laps: Mapping[str, LaidLap]) -> dict[str, Column]:
    """The columns of laps as the browser names them."""
    return {f"{lap}|{name}": values for lap, laid in laps.items() for name, values in laid.columns.items()}


def grown_piece(before: Column, now: Column) -> dict[str, Any]:
    """The stretch of a column that is another now: `at` its first point and its `values`; nothing if it is the same."""
    changed = np.flatnonzero(before.view(np.int32) != now.view(np.int32))  # bit by bit, for NaN is never NaN
    if not len(changed):
        return {}
    first = int(changed[0])
    return {"at": first, "values": now[first : int(changed[-1]) + 1]}
