"""What the analysis costs: CPU a lap of about 90 s at 60 Hz, whatever else the machine does."""

from ps_analytics.analysis.align import grid_lap
from ps_analytics.analysis.delta import delta
from ps_analytics.simulate.circuit import generate
from tests.analysis.laps import Outing, drive_four
from tests.bench import table

GRID_MS, DELTA_MS = 20.0, 50.0


def tell_speed() -> None:
    """Print what laying a lap on its grid costs, and a comparison."""
    circuit = generate("Bench", seed=31, length_m=3700.0, corners=11)
    outing = Outing(circuit, drive_four(circuit, 60.0))
    laps = outing.laps(outing.dense.frames)
    table.heading(f"CPU: laps of {laps[0].lap_time_s:.1f} s at 60 Hz, {len(laps[0].traces)} channels")
    every = table.cpu_s(lambda: [*grid_lap(laps[0]).channels.values()])
    table.at_most("clean and grid, every channel", 1000 * every, GRID_MS, "ms CPU")
    table.at_most("clean and grid, time only", 1000 * table.cpu_s(lambda: grid_lap(laps[0]).time_s), GRID_MS, "ms CPU")
    table.at_most("delta of two laps", 1000 * table.cpu_s(lambda: delta(laps[0], laps[3])), DELTA_MS, "ms CPU")
