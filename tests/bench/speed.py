"""What the analysis costs: CPU a lap of about 90 s at 60 Hz, whatever else the machine does."""

import polars as pl

from ps_analytics.analysis.align import grid_lap
from ps_analytics.analysis.corners import corners
from ps_analytics.analysis.delta import delta
from ps_analytics.analysis.grid import GridLap
from ps_analytics.analysis.track import track_model
from ps_analytics.channels.catalog import SEED
from ps_analytics.ingest.boundaries import detect_laps
from ps_analytics.lap import LapKind
from ps_analytics.simulate.car import GT
from ps_analytics.simulate.circuit import Circuit, generate
from ps_analytics.simulate.driver import Driver
from ps_analytics.simulate.route import LapPlan
from ps_analytics.simulate.session import SimulatedSession, simulate
from tests.analysis.laps import Outing, drive_four
from tests.bench import table

GRID_MS, COMPARISON_MS = 20.0, 50.0


def tell_speed() -> None:
    """Print what laying a lap on its grid costs, and a comparison."""
    circuit = generate("Bench", seed=31, length_m=3700.0, corners=11)
    outing = Outing(circuit, drive_four(circuit, 60.0))
    laps = outing.laps(outing.dense.frames)
    session = drive_thirty(circuit)
    many = session.frames.select("timestamp", *SEED, "last_lap_time")
    table.heading(f"CPU: laps of {laps[0].lap_time_s:.1f} s at 60 Hz, {len(laps[0].traces)} channels")
    every = table.cpu_s(lambda: [*grid_lap(laps[0]).channels.values()])
    table.at_most("clean and grid, every channel", 1000 * every, GRID_MS, "ms CPU")
    table.at_most("clean and grid, time only", 1000 * table.cpu_s(lambda: grid_lap(laps[0]).time_s), GRID_MS, "ms CPU")
    table.at_most("delta of two laps", 1000 * table.cpu_s(lambda: delta(laps[0], laps[3])), COMPARISON_MS, "ms CPU")
    track = track_model(laps)
    both = table.cpu_s(lambda: (delta(laps[0], laps[3], track=track), corners(laps[0], laps[3], track=track)))
    table.at_most("comparison: delta and corner table", 1000 * both, COMPARISON_MS, "ms CPU")
    thirty_s = table.cpu_s(lambda: _detect_and_grid(many), runs=3)
    table.at_most(f"{len(session.truth)} laps of ten columns, detected and gridded", thirty_s, 1.0, "s CPU")


def drive_thirty(circuit: Circuit) -> SimulatedSession:
    """Thirty flying laps."""
    return simulate(circuit, GT, Driver("A"), [LapPlan(LapKind.TIMED)] * 30, seed=4, workshop=False)


def _detect_and_grid(frames: pl.DataFrame) -> list[GridLap]:
    stamps = frames["timestamp"]
    laps = [lap for lap in detect_laps(frames) if lap.kind is LapKind.TIMED and lap.end_s is not None]
    return [grid_lap(frames.filter((stamps >= lap.start_s) & (stamps < lap.end_s))) for lap in laps]
