"""Writes docs/functions.md and its plots from the table of functions: `python -m docs.generate_functions`."""

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from docs.plots import Trace, draw
from ps_analytics import channels
from ps_analytics.channels.catalog import Kind, kind_of
from ps_analytics.channels.formula import Tree, parse
from ps_analytics.channels.functions import FUNCTIONS, Function
from ps_analytics.simulate.demo import demo_sessions
from ps_analytics.simulate.session import simulate

HERE = Path(__file__).parent
PAGE, PLOTS = "functions.md", "functions"

LAP, REFERENCE = 3, 2
"""The lap of the demo's first session that is shown, and that of its second one, by another driver, to compare with."""
FROM_S, SECONDS = 27.0, 10.0
"""What is shown of the lap: two corners, braking, and all gears but the fifth."""
SETUP = {"torque_curve": ([[1000, 180], [4000, 330], [6000, 420], [7500, 400], [8500, 320]], "Nm")}

SAMPLE_BY_SAMPLE = {"prev": 0, "next": 0, "delta": 0, "rising": 0, "falling": 120}
"""Functions of neighbouring samples: drawn on 30 of them, from which on, each to be seen."""
SHAKEN = {"lowpass", "highpass", "window_median", "window_mean"}
"""Functions that clear noise away: the accelerometer shakes."""
STEPPED = {"prev", "next", "delta", "counter"}
"""Functions whose values stay until the next sample."""
WITH_A_HOLE = {"default", "isvalid"}
"""Functions of missing values: two seconds of speed are taken away."""
MORE = {
    "case": ("gear",), "counter": ("gear",), "delta_ref": ("ref(speed)",), "latch": ("throttle", "brake"),
    "rising": ("brake",), "falling": ("brake",), "duration": ("throttle",), "xor": ("throttle", "speed"),
}  # fmt: skip
"""What else is drawn above an example, to see at a glance what it does."""

INTRODUCTION = """# Functions of math channels

<!-- Written by docs/generate_functions.py from the table of functions; `make docs` writes it anew. -->

What a formula can call. [Math channels](math.md) explains the language around them: units, missing values, laps and
scopes.

Each plot is the example on the same ten seconds of a simulated lap: two corners, with braking before each. Blue is what
comes out, the other lines are what goes in; bars are conditions, drawn where they are true. Where a function speaks of
the lap, these ten seconds are the lap. Where one clears noise away, the channel is made to shake; where one is about
missing samples, some are taken away.

In the signatures `[…]` may be left out, and `…8` means up to eight arguments. `c` is a condition. `seconds`, `hz`,
`order`, `n`, `p`, `digits` and `by_how_much` are constant numbers. `over=` names a scope: `lap` (if you say nothing),
`session`, `stint`, `sector`, `section`, `corner` or `straight`. `where=` is a condition, by name. `by=` is what the
function goes along: `time` (if you say nothing), `dist`, or any channel that grows. Where a sample is missing, so is
the result, unless the function says otherwise.
"""


@cache
def laps() -> tuple[pl.DataFrame, pl.DataFrame]:
    """The stretch of the lap that is shown, and the whole reference lap.

    Values are rounded, so that the last bits of another machine's arithmetic draw the same lines.
    """
    lap, reference = (_lap(session, number) for session, number in ((0, LAP), (1, REFERENCE)))
    since = pl.col("timestamp") - pl.col("timestamp").first()
    corner = pl.when(pl.col("g_lat").abs() > 0.4).then(pl.col("g_lat").sign())
    keys = {"lap_id": pl.lit("lap"), "session_id": pl.lit("session"), "corner_id": corner}
    return lap.filter(since.is_between(FROM_S, FROM_S + SECONDS)).with_columns(**keys), reference


def _lap(session: int, number: int) -> pl.DataFrame:
    """A lap of the demo."""
    demo = demo_sessions()[session]
    driven = simulate(demo.circuit, demo.car, demo.driver, demo.plan, seed=demo.seed)
    lap = next(lap for lap in driven.truth if lap.lap_number == number)
    frames = driven.frames.filter(pl.col("timestamp").is_between(lap.start_s, lap.end_s))
    return frames.with_columns(pl.col(pl.Float32, pl.Float64).cast(pl.Float64).round(5))


def frame_for(name: str) -> pl.DataFrame:
    """The frame a function's example is drawn on."""
    shown = laps()[0]
    if name in SAMPLE_BY_SAMPLE:
        return shown[SAMPLE_BY_SAMPLE[name] :][:180].gather_every(6)
    if name in WITH_A_HOLE:
        since = pl.col("timestamp") - pl.col("timestamp").first()
        return shown.with_columns(speed=pl.when(~since.is_between(3, 5)).then("speed"))
    if name in SHAKEN:
        shake = np.random.default_rng(7).normal(0, 0.12, (2, len(shown))).round(3)
        return shown.with_columns(g_lat=pl.col("g_lat") + shake[0], g_long=pl.col("g_long") + shake[1])
    return shown


def plot(function: Function) -> str:
    """The SVG of a function's example: what goes in, and what comes out."""
    frame = frame_for(function.name)
    inputs = list(dict.fromkeys([*MORE.get(function.name, ()), *_arguments(function)]))
    asked = {**dict(zip(map(str, range(len(inputs))), inputs, strict=True)), "out": function.example}
    plan = channels.compiled(asked, frame, setup=SETUP, reference=laps()[1])
    found = plan.run(frame)
    time_s = frame["timestamp"].to_numpy()
    traces = []
    for key, text in asked.items():
        made = plan.channels[key]
        values = found[key].cast(pl.Float64).fill_null(np.nan).to_numpy()
        stepped = kind_of(text) is Kind.STEP or (key == "out" and function.name in STEPPED)
        traces.append(Trace(text, made.unit, values, made.is_condition, key == "out", stepped))
    return draw(time_s, traces, dots=function.name in SAMPLE_BY_SAMPLE)


def _arguments(function: Function) -> Iterator[str]:
    """The arguments of the example's call that vary, as written; of what takes none, those of the call around it."""
    tree = parse(function.example)
    calls = [part for part in _parts(tree) if part.op == "call" and part.args]
    call = next((part for part in calls if part.text == function.name), calls[0] if calls else tree)
    for argument in call.args:
        if any(part.op in ("name", "quoted") for part in _parts(argument)) and argument.text not in ("over", "by"):
            text = function.example[argument.position : argument.end]
            if not text.startswith("setup."):
                yield text


def _parts(tree: Tree) -> Iterator[Tree]:
    yield tree
    for argument in tree.args:
        yield from _parts(argument)


def page() -> str:
    """The page: every function by group."""
    groups: dict[str, list[Function]] = {}
    for function in FUNCTIONS.values():
        groups.setdefault(function.group, []).append(function)
    lines = [INTRODUCTION]
    for group, functions in groups.items():
        links = " ".join(f"[`{function.name}`](#{function.name})" for function in functions)
        lines.append(f"**{group.capitalize()}:** {links}\n")
    for group, functions in groups.items():
        lines.append(f"## {group.capitalize()}\n")
        lines.extend(_entry(function) for function in functions)
    return "\n".join(lines)


def _entry(function: Function) -> str:
    ways = " or ".join(f"`{way}`" for way in function.signature.split(" or "))
    aliases = ", ".join(f"`{alias}`" for alias in function.aliases)
    also = f" Also {aliases}." if aliases else ""
    return (
        f"### {function.name}\n\n{ways}\n\n{function.meaning}{also} Unit: {function.unit}.\n\n"
        f"`{function.example}`\n\n![{function.example}]({PLOTS}/{function.name}.svg)\n"
    )


def generate(folder: Path) -> None:
    """Writes the page and its plots into a folder."""
    (folder / PLOTS).mkdir(exist_ok=True)
    (folder / PAGE).write_text(page(), encoding="utf-8")
    for function in FUNCTIONS.values():
        (folder / PLOTS / f"{function.name}.svg").write_text(plot(function), encoding="utf-8")


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
