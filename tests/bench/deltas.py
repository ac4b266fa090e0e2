"""Deltas and their bands against the time the simulator's car really lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.delta import delta
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap
from ps_analytics.simulate.scenario import draw_outing
from ps_analytics.simulate.session import SimulatedSession
from tests.bench import table
from tests.bench.outings import CONDITIONS, laps_under

Floats = NDArray[np.float64]

EVERY = 7
"""Every so many metres of a delta are judged."""
LIMITS_MS = {
    "60 Hz": (1.5, 2.5),
    "60 Hz, ten columns": (1.5, 2.5),
    "position off by 0.5 m": (6.0, 12.0),
    "position off by 0.5 m, ten columns": (6.0, 12.0),
    "position held at 20 Hz": (3.0, 5.0),
    "10 Hz": (6.0, 12.0),
    "GPS only, 10 Hz": (15.0, 30.0),
}
"""The most rms and P95 of each condition; a GPS that wanders by 0.4 m is worth 14 ms between two laps at 40 m/s."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Deltas of one session under one condition: error and band in s at the points judged, and how well they close."""

    condition: str
    off_s: Floats
    band_s: Floats
    open_s: float
    itself_s: float
    methods: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deltas:
    """All conditions of one session."""

    seed: int
    judged: tuple[Judged, ...] = field(default_factory=tuple)


def judge_deltas(seed: int) -> Deltas:
    """The deltas of three laps of this seed against a fourth, under every condition."""
    session = draw_outing(seed, laps=4)
    return Deltas(seed, tuple(_judge(session, condition, seed) for condition in CONDITIONS))


def _judge(session: SimulatedSession, condition: str, seed: int) -> Judged:
    *laps, reference = laps_under(session, condition, seed=seed)
    off, band, methods, refused, open_s = [np.zeros(0)], [np.zeros(0)], [], [], 0.0
    for lap in laps:
        try:
            found = delta(lap, reference)
        except IncompatibleLaps as refusal:
            refused.append(refusal.reason)
            continue
        share = found.frame["distance_m"].to_numpy() / found.frame["distance_m"][-1]
        true = session.true_time_s(lap.lap_number, share) - session.true_time_s(reference.lap_number, share)
        inside = slice(EVERY, -EVERY, EVERY)
        off.append((found.frame["delta_s"].to_numpy() - true)[inside])
        band.append(found.frame["band_s"].cast(float).fill_null(np.nan).to_numpy()[inside])
        methods.append(found.method)
        open_s = max(open_s, abs(found.closure_s), abs(found.frame["delta_s"][-1] - _gap_s(lap, reference)))
    itself = 0.0 if refused else float(np.abs(delta(reference, reference).frame["delta_s"].to_numpy()).max())
    return Judged(
        condition, np.concatenate(off), np.concatenate(band), open_s, itself, tuple(methods), tuple(refused)
    )  # fmt: skip


def _gap_s(lap: Lap, reference: Lap) -> float:
    return (lap.lap_time_s or 0.0) - (reference.lap_time_s or 0.0)


def tell_deltas(found: Sequence[Deltas]) -> None:
    """Print the figures of every condition, and the seeds that are worst."""
    every = [judged for one in found for judged in one.judged]
    table.heading(f"Deltas: {len(found)} sessions, {len(every)} conditions")
    table.at_most("closure, worst", 1e9 * max(one.open_s for one in every), 1.0, "ns")
    table.at_most("a lap against itself, worst", 1e9 * max(one.itself_s for one in every), 0.0, "ns")
    table.at_most("deltas refused", sum(len(one.refused) for one in every), 0, "laps")
    for condition in CONDITIONS:
        _tell_condition(condition, [(one.seed, j) for one in found for j in one.judged if j.condition == condition])
    _tell_cover("all", every)


def _tell_condition(condition: str, found: Sequence[tuple[int, Judged]]) -> None:
    off = np.concatenate([judged.off_s for _, judged in found])
    if len(off) == 0:
        return
    rms_ms, p95_ms = LIMITS_MS[condition]
    methods = sorted({method for _, judged in found for method in judged.methods})
    table.at_most(f"{condition} ({', '.join(methods)}), rms", 1e3 * _rms(off), rms_ms, "ms")
    table.at_most(f"{condition}, P95", 1e3 * float(np.quantile(np.abs(off), 0.95)), p95_ms, "ms")
    _tell_cover(condition, [judged for _, judged in found])
    worst = sorted(found, key=lambda pair: -_rms(pair[1].off_s))[:3]
    print("    worst: " + ", ".join(f"seed {seed} {1e3 * _rms(judged.off_s):.2f} ms" for seed, judged in worst))
    not_zero = [seed for seed, judged in found if judged.itself_s > 0]
    if not_zero:
        print(f"    not zero against itself: seeds {not_zero[:8]}")
    for seed, judged in found:
        for reason in dict.fromkeys(judged.refused):
            print(f"    seed {seed} refuses: {reason}")


def _tell_cover(which: str, found: Sequence[Judged]) -> None:
    off = np.abs(np.concatenate([judged.off_s for judged in found]))
    band = np.concatenate([judged.band_s for judged in found])
    known = np.isfinite(band)
    if not known.any():
        return
    cover = 100.0 * float(np.mean(off[known] <= band[known]))
    table.within(f"{which}: truth inside the 95 % band", cover, 93.0, 97.0, "%")


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2))) if len(values) else 0.0
