"""Frames by column, as they travel."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]


class Extra(NamedTuple):
    """One channel beside the seed's ten: the catalogue's name and unit, one value a frame, NaN where missing."""

    values: Column
    unit: str = ""
    rate_hz: float = 0.0


class Channels(Mapping[str, Extra]):
    """Channels of one batch, their values as rows of two arrays; an `Extra` is made when somebody looks at it.

    Args:
        names: in the order sent.
        units: one a name.
        rates_hz: one a name.
        narrow: the float32 channels, a row each, in the order of their names.
        wide: the float64 channels, a row each.
        doubles: which names are float64.
    """

    __slots__ = ("_rows", "doubles", "names", "narrow", "rates_hz", "units", "wide")

    def __init__(
        self,
        names: tuple[str, ...],
        units: tuple[str, ...],
        rates_hz: tuple[float, ...],
        narrow: Column,
        wide: Column,
        doubles: frozenset[str] = frozenset(),
    ) -> None:
        self.names, self.units, self.rates_hz = names, units, rates_hz
        self.narrow, self.wide, self.doubles = narrow, wide, doubles
        self._rows: dict[str, tuple[Column, int, int]] | None = None

    def __getitem__(self, name: str) -> Extra:
        if self._rows is None:
            self._rows, rows = {}, {True: 0, False: 0}
            for place, known in enumerate(self.names):
                wide = known in self.doubles
                self._rows[known] = self.wide if wide else self.narrow, rows[wide], place
                rows[wide] += 1
        values, row, place = self._rows[name]
        return Extra(values[row], self.units[place], self.rates_hz[place])

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def taken(self, index: NDArray[np.intp] | slice) -> Self:
        """The channels at some frames."""
        return self._with(self.narrow[:, index], self.wide[:, index])

    def followed_by(self, others: Sequence[Self]) -> Self | None:
        """The channels of all in a row; None if they are not the same channels."""
        if any(other.names != self.names or other.doubles != self.doubles for other in others):
            return None
        every = (self, *others)
        return self._with(
            np.concatenate([each.narrow for each in every], axis=1),
            np.concatenate([each.wide for each in every], axis=1),
        )

    def _with(self, narrow: Column, wide: Column) -> Self:
        return type(self)(self.names, self.units, self.rates_hz, narrow, wide, self.doubles)


@dataclass(slots=True, eq=False)  # not frozen: that doubles the time it takes to make one
class Batch:
    """Frames of one collector, by column, on the wire's scale; all columns have the length of `timestamp_us`.

    Nobody changes one that is made; `dataclasses.replace` makes another.
    """

    session_id: str
    source: str
    timestamp_us: Column
    columns: Mapping[str, Column]
    extras: Mapping[str, Extra] = field(default_factory=dict)
    first_seq: int = 0
    rate_hz: float = 60.0
    track: str = ""
    car: str = ""
    driver: str = ""
    live: bool = True

    def __len__(self) -> int:
        return len(self.timestamp_us)

    @property
    def next_seq(self) -> int:
        """The sequence number after its last frame."""
        return self.first_seq + len(self)

    def taken(self, index: NDArray[np.intp] | slice) -> "Batch":
        """Some of its frames; their sequence numbers count from its own first one."""
        if isinstance(self.extras, Channels):
            extras: Mapping[str, Extra] = self.extras.taken(index)
        else:
            extras = {name: Extra(e.values[index], e.unit, e.rate_hz) for name, e in self.extras.items()}
        columns = {name: values[index] for name, values in self.columns.items()}
        return replace(self, timestamp_us=self.timestamp_us[index], columns=columns, extras=extras)
