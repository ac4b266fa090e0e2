"""Math channels beside Polars by hand and Python by row; what compiling, refusing and the running lap cost.

Ratios are of wall time in turns; milliseconds are CPU, whatever else the machine does.
"""

import gc
import statistics
import time
from collections.abc import Callable
from itertools import cycle, islice

import numpy as np
import polars as pl

from ps_analytics import channels
from ps_analytics.channels.catalog import unit_of
from ps_analytics.channels.functions import all_functions
from ps_analytics.channels.live import LiveChannels
from ps_analytics.errors import FormulaError
from ps_analytics.simulate.demo import demo_sessions
from ps_analytics.simulate.session import simulate
from tests.bench import by_hand, table
from tests.bench.by_row import evaluate_rows, row_functions
from tests.bench.formulas import COLUMNS, REFUSED, STATEFUL, TWENTY, WRITTEN

ROWS, MANY_ROWS, LAP_ROWS, TICK_ROWS = 10_000_000, 1_000_000, 5_400, 6
MISSING = 0.01
"""The share of samples that are missing."""


def main() -> None:
    """Print the figures."""
    session = _session()
    lap = session.slice(20_000, LAP_ROWS)
    tell_one()
    tell_twenty(session)
    tell_lap(lap)
    tell_texts(lap)


def _session() -> pl.DataFrame:
    demo = demo_sessions()[0]
    frames = simulate(demo.circuit, demo.car, demo.driver, demo.plan, seed=demo.seed).frames
    return frames.with_columns(session_id=pl.lit("s"), lap_id=pl.col("source_lap_number"))


def side_by_side(ours: Callable[[], object], theirs: Callable[[], object], *, rounds: int = 9) -> float:
    """How many times longer ours takes: the median of rounds in which both run, in turns first."""
    ours(), theirs()
    ratios = []
    for first in islice(cycle((True, False)), rounds):
        times = [_wall_s(action) for action in ((ours, theirs) if first else (theirs, ours))]
        ratios.append(times[0] / times[1] if first else times[1] / times[0])
    return statistics.median(ratios)


def _wall_s(action: Callable[[], object]) -> float:
    gc.collect()
    before = time.perf_counter()
    action()
    return time.perf_counter() - before


def tell_one() -> None:
    """Print what one formula costs over many rows."""
    frame = _made_up(tuple(COLUMNS[:5]), ROWS)
    table.heading(f"One formula over {ROWS:,} rows, 1 % missing, beside Polars by hand")
    for formula, expression in by_hand.ONE.items():
        asked = {"x": formula}
        _agree(channels.evaluate(asked, frame), frame.select(x=expression))
        ours = _evaluating(asked, frame)
        eager = side_by_side(ours, lambda e=expression: frame.select(x=e))
        lazy = side_by_side(ours, lambda e=expression: frame.lazy().select(x=e).collect())
        table.at_most(f"{formula}, beside frame.select", eager, 1.25)
        table.at_most(f"{formula}, beside frame.lazy().select", lazy, 1.25)


def _evaluating(asked: dict[str, str], frame: pl.DataFrame) -> Callable[[], pl.DataFrame]:
    return lambda: channels.evaluate(asked, frame)


def _made_up(names: tuple[str, ...], rows: int) -> pl.DataFrame:
    """Columns of noise about what cars do, some of it missing."""
    rng = np.random.default_rng(5)
    made = {
        name: rng.normal(60.0, 30.0, rows) if not name.startswith("g_") else rng.normal(0, 1, rows) for name in names
    }
    for values in made.values():
        values[rng.random(rows) < MISSING] = np.nan
    return pl.DataFrame(made).fill_nan(None)


def _agree(ours: pl.DataFrame, theirs: pl.DataFrame) -> None:
    """Refuse to compare what is not the same."""
    for name in ours.columns:
        mine, its = ours[name].cast(pl.Float64), theirs[name].cast(pl.Float64)
        if not mine.is_null().equals(its.is_null()) or not ((mine - its).abs() <= 1e-9 * (1 + its.abs())).all():
            raise AssertionError(f"'{name}' is not what it is by hand")


def tell_twenty(session: pl.DataFrame) -> None:
    """Print what twenty formulas cost beside Polars by hand, and beside a walk through the rows."""
    numbers = session.select(pl.col(COLUMNS).cast(pl.Float64))
    many = pl.concat([numbers] * (MANY_ROWS // len(numbers) + 1)).head(MANY_ROWS).rechunk()
    names = list(TWENTY)
    _agree(channels.evaluate(TWENTY, many, library=False), by_hand.twenty(many, names))
    table.heading(f"Twenty formulas over {MANY_ROWS:,} rows")
    ratio = side_by_side(lambda: channels.evaluate(TWENTY, many, library=False), lambda: by_hand.twenty(many, names))
    table.at_most("beside Polars in stages by hand", ratio, 1.3)

    lap = numbers.slice(20_000, LAP_ROWS)
    functions = row_functions(TWENTY, {name: unit_of(name) for name in COLUMNS})
    by_row = table.wall_s(lambda: evaluate_rows(functions, lap.to_dicts())) / LAP_ROWS
    ours = table.wall_s(lambda: channels.evaluate(TWENTY, many, library=False)) / MANY_ROWS
    table.at_least("beside Python row by row, times faster a row", by_row / ours, 100)
    ours = table.wall_s(lambda: channels.evaluate(TWENTY, lap, library=False)) / LAP_ROWS
    table.at_least(f"the same on {LAP_ROWS:,} rows alone, compiling included", by_row / ours, 1)


def tell_lap(lap: pl.DataFrame) -> None:
    """Print what functions of other rows cost on a lap, all at once and while it runs."""
    asked = {str(number): formula for number, formula in enumerate(STATEFUL)}
    plan = channels.compiled(asked, lap)
    table.heading(f"{len(STATEFUL)} functions of other rows, a lap of {LAP_ROWS:,} rows")
    every = 1e3 * table.cpu_s(lambda: channels.evaluate(asked, lap), runs=31)
    table.at_most("evaluated, compiling included", every, 10, "ms CPU")
    table.at_most("run, compiled before", 1e3 * table.cpu_s(lambda: plan.run(lap), runs=31), 10, "ms CPU")
    live, taken = LiveChannels(asked, lap), []
    for rows in lap.with_columns(lap_id=pl.lit(1)).iter_slices(TICK_ROWS):
        before = time.process_time()
        live.push(rows)
        live.values()
        taken.append(time.process_time() - before)
    table.at_most(f"the running lap, a tick of {TICK_ROWS} rows, mean", 1e3 * statistics.mean(taken), 10, "ms CPU")
    table.at_most("the running lap, its ticks, P95", 1e3 * float(np.quantile(taken, 0.95)), 20, "ms CPU")


def tell_texts(lap: pl.DataFrame) -> None:
    """Print what checking and planning a formula costs, and refusing one."""
    frame = lap.head(0)
    every = len(all_functions())
    table.heading(f"Texts, {len(frame.columns)} columns, {every} names of functions")

    def compile_all() -> None:
        for formula, unit in WRITTEN:
            channels.compiled({"x": (formula, unit)}, frame)

    mean = 1e3 * table.cpu_s(compile_all, runs=31) / len(WRITTEN)
    table.at_most(f"compile, mean of {len(WRITTEN)}", mean, 0.3, "ms CPU")
    taken = {
        what: 1e3 * table.cpu_s(lambda text=text: _refused(text, frame), runs=31) for what, text in REFUSED.items()
    }
    table.at_most(f"refuse, median of {len(REFUSED)} kinds", statistics.median(taken.values()), 0.3, "ms CPU")
    for what in sorted(taken, key=taken.__getitem__)[-3:]:
        table.at_most(f"refuse: {what}", taken[what], 0.3, "ms CPU")


def _refused(formula: str, frame: pl.DataFrame) -> None:
    try:
        channels.compiled({"x": formula}, frame)
    except FormulaError:
        return
    raise AssertionError(f"'{formula}' was to be refused")


if __name__ == "__main__":
    main()
