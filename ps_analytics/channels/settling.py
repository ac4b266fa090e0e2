"""How many values of a lap that is being driven stay whatever comes, told by how far formulas look ahead."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ps_analytics.channels.compile import reached
from ps_analytics.channels.functions.rows import RUNS
from ps_analytics.channels.graph import Ahead, Node
from ps_analytics.channels.kernels.segments import segment_ids

_SLACK_S = 5e-6
"""Windows and delays take times to a few µs."""


@dataclass(frozen=True, slots=True)
class _Step:
    """An operation with values that may change: its operands with such values, by number, and how it looks ahead.

    `ahead` None does not look ahead itself. `lasting` takes all of the session's rows, `whole` all of the lap's.
    """

    index: int
    args: tuple[int, ...]
    ahead: Ahead | None
    whole: bool
    lasting: bool


@dataclass(frozen=True, slots=True)
class Settling:
    """What may change of some channels, to be asked again and again as rows come in."""

    steps: tuple[_Step, ...]
    channels: Mapping[str, int]
    """The number of each channel's operation."""

    @classmethod
    def of(cls, channels: Mapping[str, Node]) -> "Settling":
        """What may change of channels, by the operations that compute them."""
        found = {node.index: node for node in reached(channels.values()) if node.looks_ahead}
        steps = tuple(_step(node, found) for node in found.values())
        return cls(steps, {name: node.index for name, node in channels.items()})

    @property
    def looks_at_the_clock(self) -> bool:
        """Whether it needs to know when the rows were taken."""
        return any(step.ahead is not None for step in self.steps)

    def rows(self, time: NDArray[np.float64], *, lap_start: int = 0) -> dict[str, int]:
        """For each channel how many rows, from the first on, keep their values when more rows come.

        Args:
            time: of every row there is, in s; NaN where it is missing.
            lap_start: the row at which the running lap begins; those before it are of laps that are over.
        """
        same_lap = np.repeat((0, 1), (lap_start, len(time) - lap_start))
        segment = segment_ids(time, same_lap, time) if self.looks_at_the_clock else same_lap
        settled: dict[int, int] = {}
        for step in self.steps:
            known = min((settled[arg] for arg in step.args), default=len(time))
            if step.whole:
                known = min(known, 0 if step.lasting else lap_start)
            elif step.ahead is not None and known:
                known = _before(step.ahead, time, segment, known)
            settled[step.index] = known
        return {name: settled.get(index, len(time)) for name, index in self.channels.items()}


def outlasts_a_lap(nodes: Iterable[Node]) -> bool:
    """Whether some nodes are computed over more than a lap: a session, or a stint."""
    runs = [node for node in reached(nodes) if node.operation is RUNS]
    return any("lap_id" not in {key.column for key in node.args} for node in runs)


def _step(node: Node, found: Mapping[int, Node]) -> _Step:
    assert node.operation is not None
    own = node.operation.looks_ahead(*node.params) if node.operation.looks_ahead is not None else False
    ahead = own if isinstance(own, Ahead) else None
    if ahead is not None and ahead.seconds and node.args[1].column != "timestamp":
        ahead = Ahead(seconds=math.inf)  # along something else than the clock
    keys = [arg for arg in node.args if arg.kind == "key"]
    args = tuple(arg.index for arg in node.args if arg.index in found)
    return _Step(node.index, args, ahead, own is True, own is True and outlasts_a_lap(keys))


def _before(ahead: Ahead, time: NDArray[np.float64], segment: NDArray[np.int64], known: int) -> int:
    """How many rows see none but the first `known` rows."""
    start = int(np.searchsorted(segment, segment[known - 1]))
    settled = known
    if ahead.seconds:
        last = time[known - 1] - ahead.seconds - _SLACK_S
        settled = start + int(np.searchsorted(time[start:known], last))
    return max(settled - ahead.samples, start)
