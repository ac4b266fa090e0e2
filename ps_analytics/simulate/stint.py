"""An endless drive for live use: stint after stint, each out of the pits and back, cut into blocks of one lap."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from ps_analytics.lap import LapKind
from ps_analytics.simulate.car import Car
from ps_analytics.simulate.circuit import Circuit
from ps_analytics.simulate.driver import Driver
from ps_analytics.simulate.frames import frame_drive
from ps_analytics.simulate.motion import drive_plan
from ps_analytics.simulate.route import LapPlan
from ps_analytics.simulate.session import LapTruth, truth_of, with_clocks

FLYING = (5, 9)
"""Fewest and most laps between two stops."""
_INVALID_SHARE = 0.12


def drive_on(circuit: Circuit, car: Car, driver: Driver, *, seed: int, rate_hz: float = 60.0) -> Iterator[pl.DataFrame]:
    """Frames without end, a block a lap, columns and clocks as of `simulate`; `timestamp` runs on through all.

    The car starts from its garage and stops for fuel and tyres after some laps each time. A stint is worked out when
    its first lap is asked for: about 0.05 s of work a lap.

    Args:
        circuit: where it is driven.
        car: with what.
        driver: by whom.
        seed: decides everything that differs.
        rate_hz: frames a second.

    Example:
        >>> from ps_analytics.simulate.car import GT
        >>> from ps_analytics.simulate.circuit import generate
        >>> laps = drive_on(generate("Ring", seed=3, length_m=1500, corners=6), GT, Driver("A"), seed=1)
        >>> [next(laps)["source_lap_number"][-1] for _ in range(3)]
        [0, 1, 2]
    """
    rng = np.random.default_rng([seed, driver.seed, 3])
    begun_s, begun_row, number, last_lap_s = 0.0, 0, 0, None
    entry_ms = 0.0
    before: Mapping[str, float] = {}
    while True:
        plan = _plan(rng)
        drive = drive_plan(
            circuit, car, driver, plan, seed=seed, first_lap=number, last=False, entry_ms=entry_ms
        )  # fmt: skip
        truth = truth_of(circuit, drive, plan, first_number=number, started=number > 0)
        end_row = int(np.ceil((begun_s + drive.leave[-1]) * rate_hz))
        times = np.arange(begun_row, end_row) / rate_hz
        since = times - begun_s
        frames = frame_drive(circuit, car, drive, since, rate_hz=rate_hz, seed=seed + number, before=before)
        truth = tuple(_later(lap, begun_s) for lap in truth)
        frames = with_clocks(frames, times, truth, last_lap_s=last_lap_s)
        yield from frames.partition_by("source_lap_number", maintain_order=True)
        begun_s, begun_row, number = begun_s + float(drive.leave[-1]), end_row, number + len(plan)
        last_lap_s, entry_ms, before = truth[-1].lap_time_s, float(drive.speed[-1]), _last_row(frames)


def _plan(rng: np.random.Generator) -> list[LapPlan]:
    flying = [LapPlan(LapKind.TIMED, valid=bool(rng.random() > _INVALID_SHARE)) for _ in range(rng.integers(*FLYING))]
    return [LapPlan(LapKind.OUT), *flying, LapPlan(LapKind.IN)]


def _later(lap: LapTruth, by_s: float) -> LapTruth:
    return replace(lap, start_s=lap.start_s + by_s, end_s=lap.end_s + by_s)


def _last_row(frames: pl.DataFrame) -> Mapping[str, float]:
    return {name: float(value) for name, value in frames.row(-1, named=True).items() if value is not None}
