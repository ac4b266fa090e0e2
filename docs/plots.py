"""Small SVG plots: numbers as lines in panels of one unit each, conditions as bars, over seconds; for day and night."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

WIDTH, LEFT, RIGHT = 640, 44, 16
PANEL, BAR, LABEL = 78, 9, 17
"""Heights: of a panel, of a condition's bar, of the line of names above either."""
TOLERANCE = 0.4
"""How far a drawn line may pass by a sample, in pixels."""
INPUTS, OUTPUT, QUIET = ("#8c959f", "#bf8700", "#1a9e5c", "#a475f9"), "#2f81f7", "#6e7781"
"""Mid-tones: they stand out from white and from black."""
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#6e7781}.e{text-anchor:end}.m{text-anchor:middle}"
    "path{fill:none;stroke-linejoin:round}.i{stroke-width:3.5;opacity:.6}.o{stroke-width:1.5}"
    ".g{stroke:#6e7781;stroke-width:.5;opacity:.5}"
)


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """What is drawn: its name, its unit, a value a sample (NaN is missing), and what it is."""

    name: str
    unit: str
    values: NDArray[np.float64]
    is_condition: bool = False
    is_output: bool = False
    is_stepped: bool = False


def draw(time_s: NDArray[np.float64], traces: Sequence[Trace], *, dots: bool = False) -> str:
    """The SVG of some traces over the same seconds; the output is laid over inputs of its unit where both can be read.

    Args:
        time_s: the samples' times, in s.
        traces: inputs, then the output.
        dots: whether each sample is drawn.
    """
    colors = {id(trace): OUTPUT if trace.is_output else INPUTS[n % len(INPUTS)] for n, trace in enumerate(traces)}
    x = LEFT + (time_s - time_s[0]) / (time_s[-1] - time_s[0]) * (WIDTH - LEFT - RIGHT)
    parts: list[str] = []
    top = 0.0
    for panel in _panels(traces):
        parts.extend(_names(panel, colors, top + 12))
        top += LABEL
        height = BAR if panel[0].is_condition else PANEL
        drawn = _bars if panel[0].is_condition else _lines
        parts.extend(drawn(panel, colors, x, top, dots))
        top += height + 5
    for second in range(0, math.floor(time_s[-1] - time_s[0] + 1e-6) + 1, 2 if time_s[-1] - time_s[0] > 5 else 1):
        at = LEFT + second / (time_s[-1] - time_s[0]) * (WIDTH - LEFT - RIGHT)
        parts.append(f'<text x="{_n(at)}" y="{_n(top + 9)}" class="m">{second}{" s" if second else ""}</text>')
    height = top + 14
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {_n(height)}" width="{WIDTH}">'
        f"<style>{_STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def _panels(traces: Sequence[Trace]) -> list[list[Trace]]:
    """What is drawn in one frame of axes: a condition alone, numbers of one unit together."""
    panels: list[list[Trace]] = []
    for trace in traces:
        for panel in panels:
            if _fit(panel, trace):
                panel.append(trace)
                break
        else:
            panels.append([trace])
    return panels


def _fit(panel: Sequence[Trace], trace: Trace) -> bool:
    """Whether a trace can be read among others: one unit, and not flattened by them."""
    first = panel[0]
    if first.is_condition or trace.is_condition or first.unit != trace.unit:
        return False
    low, high = _range(panel)
    (its_low, its_high), (all_low, all_high) = _range([trace]), _range([*panel, trace])
    inside = low - 0.2 * (high - low) <= its_low and its_high <= high + 0.2 * (high - low)
    return inside or min(high - low, its_high - its_low) >= 0.3 * (all_high - all_low)


def _range(panel: Sequence[Trace]) -> tuple[float, float]:
    values = np.concatenate([trace.values for trace in panel])
    if not np.isfinite(values).any():
        return 0.0, 1.0
    return float(np.nanmin(values)), float(np.nanmax(values))


def _names(panel: Sequence[Trace], colors: dict[int, str], y: float) -> Iterator[str]:
    spans = []
    for trace in panel:
        unit = f" [{trace.unit}]" if trace.unit else ""
        weight = ' font-weight="600"' if trace.is_output else ""
        spans.append(f'<tspan fill="{colors[id(trace)]}"{weight}>{escape(trace.name + unit)}</tspan>')
    yield f'<text x="{LEFT}" y="{_n(y)}">{" · ".join(spans)}</text>'


def _lines(
    panel: Sequence[Trace], colors: dict[int, str], x: NDArray[np.float64], top: float, dots: bool
) -> Iterator[str]:
    ticks = _ticks(*_range(panel))
    low, high = min(ticks[0], _range(panel)[0]), max(ticks[-1], _range(panel)[1])
    scale = PANEL / (high - low)
    for tick in ticks:
        y = top + (high - tick) * scale
        yield f'<path class="g" d="M{LEFT} {_n(y)}H{WIDTH - RIGHT}"/>'
        yield f'<text x="{LEFT - 6}" y="{_n(y + 4)}" class="e">{tick:g}</text>'
    for trace in panel:
        y = top + (high - trace.values) * scale
        path = "".join(_path(x[piece], y[piece], trace.is_stepped) for piece in _pieces(trace.values))
        kind = "o" if trace.is_output else "i"
        yield f'<path class="{kind}" stroke="{colors[id(trace)]}" d="{path}"/>'
        if dots:
            places = "".join(f"M{_n(a)} {_n(b)}h0" for a, b in zip(x, y, strict=True) if math.isfinite(b))
            yield f'<path stroke="{colors[id(trace)]}" d="{places}" style="stroke-width:5;stroke-linecap:round"/>'


def _bars(
    panel: Sequence[Trace], colors: dict[int, str], x: NDArray[np.float64], top: float, dots: bool
) -> Iterator[str]:
    yield f'<path class="g" d="M{LEFT} {_n(top + BAR)}H{WIDTH - RIGHT}"/>'
    step = x[1] - x[0]
    for trace in panel:
        pieces = _pieces(np.where(trace.values > 0, 1.0, np.nan))
        bars = "".join(
            f"M{_n(x[piece][0])} {_n(top + BAR / 2)}H{_n(min(x[piece][-1] + max(step, 2), WIDTH - RIGHT))}"
            for piece in pieces
        )
        yield f'<path stroke="{colors[id(trace)]}" d="{bars}" style="stroke-width:{BAR}"/>'


def _pieces(values: NDArray[np.float64]) -> list[slice]:
    """The runs of samples that are there."""
    there = np.isfinite(values).astype(np.int8)
    edges = np.flatnonzero(np.diff(there, prepend=0, append=0))
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _path(x: NDArray[np.float64], y: NDArray[np.float64], stepped: bool) -> str:
    if stepped:
        turns = np.flatnonzero(np.diff(y, prepend=y[0] + 1))
        return f"M{_n(x[0])} {_n(y[0])}" + "".join(f"H{_n(x[i])}V{_n(y[i])}" for i in turns[1:]) + f"H{_n(x[-1])}"
    kept = _simplified(x, y)
    return "M" + "L".join(f"{_n(x[i])} {_n(y[i])}" for i in kept)


def _simplified(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[int]:
    """The samples a line needs to pass all others within `TOLERANCE` (Ramer, Douglas and Peucker)."""
    kept, waiting = {0, len(x) - 1}, [(0, len(x) - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        inner = slice(first + 1, last)
        chord = y[first] + (y[last] - y[first]) * (x[inner] - x[first]) / (x[last] - x[first])
        off = np.abs(y[inner] - chord)
        worst = int(np.argmax(off))
        if off[worst] > TOLERANCE:
            kept.add(first + 1 + worst)
            waiting += [(first, first + 1 + worst), (first + 1 + worst, last)]
    return sorted(kept)


def _ticks(low: float, high: float) -> list[float]:
    """Two to four round numbers in a range; that of one number begins at 0."""
    if high - low < 1e-9 * max(1.0, abs(high)):
        low, high = min(low, 0.0), max(high, 0.0) or 1.0
    power = 10.0 ** math.floor(math.log10(high - low))
    for step in (power * factor for factor in (1, 0.5, 0.2, 0.1)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first >= 2 or (last - first == 1 and step * 1.5 > high - low):
            break
    sparse = 1 + (last - first) // 4
    return [round(n * step, 12) for n in range(first, last + 1) if n % sparse == 0]


def _n(value: float) -> str:
    """A coordinate, to a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0").replace("-0.0", "0")
