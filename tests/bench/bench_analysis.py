"""CPU of laying a lap on its grid and of a delta, and how true the delta is, on a simulated lap of 90 s at 60 Hz."""

import numpy as np
import polars as pl

from ps_analytics.analysis.align import grid_lap
from ps_analytics.analysis.delta import delta
from ps_analytics.lap import Lap
from ps_analytics.simulate.circuit import generate
from tests.analysis.laps import Outing, drive_four
from tests.bench import table

GRID_MS, DELTA_MS = 20.0, 80.0
RMS_MS, P95_MS = 1.5, 2.5


def main() -> None:
    """Print every figure of the analysis room against its limit."""
    circuit = generate("Bench", seed=31, length_m=3700.0, corners=11)
    outing = Outing(circuit, drive_four(circuit, 960.0))
    laps = outing.laps(outing.frames())
    table.heading(f"Analysis: laps of {laps[0].lap_time_s:.1f} s at 60 Hz, {len(laps[0].traces)} channels")
    unit = table.cpu_s(lambda: _clean_only(laps[0]))
    every = table.cpu_s(lambda: [*grid_lap(laps[0]).channels.values()])
    compared = table.cpu_s(lambda: delta(laps[0], laps[3]))
    table.at_most("clean and grid, every channel", 1000 * every, GRID_MS, "ms CPU")
    table.at_most("clean and grid, time only", 1000 * unit, GRID_MS, "ms CPU")
    table.at_most("delta of two laps", 1000 * compared, DELTA_MS, "ms CPU")
    table.at_most("delta against time only of one lap", compared / unit, 3.0)
    off = np.concatenate([_off_s(outing, laps, number) for number in range(3)])
    table.at_most("delta against the simulator's truth, rms", 1000 * float(np.sqrt(np.mean(off**2))), RMS_MS, "ms")
    table.at_most(
        "delta against the simulator's truth, P95", 1000 * float(np.quantile(np.abs(off), 0.95)), P95_MS, "ms"
    )


def _clean_only(lap: Lap) -> object:
    return grid_lap(lap).time_s


def _off_s(outing: Outing, laps: list[Lap], number: int) -> np.ndarray:
    frame: pl.DataFrame = delta(laps[number], laps[3]).frame
    share = frame["distance_m"].to_numpy() / frame["distance_m"][-1]
    return frame["delta_s"].to_numpy() - outing.true_time_s(number, share) + outing.true_time_s(3, share)


if __name__ == "__main__":
    main()
