"""Corners of learned tracks against the corners the circuits were made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ps_analytics.analysis.track import track_model
from ps_analytics.errors import PurpleSectorError
from ps_analytics.simulate.circuit import Circuit
from ps_analytics.simulate.scenario import draw_outing
from ps_analytics.track import Direction, TrackModel
from tests.bench import table
from tests.bench.outings import laps_under

SAME_CORNER_M = 60.0
"""An apex so near a true one, or inside that corner, is of that corner."""
CONDITIONS = ("60 Hz", "60 Hz, ten columns", "position off by 0.5 m", "10 Hz", "GPS only, 10 Hz")


@dataclass(frozen=True, slots=True)
class Learned:
    """Corners of one session under one condition; `drift_m` from the true apex, one value a corner that matches."""

    condition: str
    true: int
    found: int
    drift_m: tuple[float, ...]
    counts: tuple[int, ...]
    apart_m: tuple[float, ...]
    length_off: float
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Corners:
    """All conditions of one session."""

    seed: int
    learned: tuple[Learned, ...]


def judge_corners(seed: int) -> Corners:
    """The track of this seed learned from four laps, and from each of them alone, under every condition."""
    session = draw_outing(seed, laps=4)
    learned = []
    for condition in CONDITIONS:
        laps = laps_under(session, condition, seed=seed)
        try:
            track, alone = track_model(laps), [track_model([lap]) for lap in laps]
        except PurpleSectorError as error:
            learned.append(Learned(condition, len(session.circuit.corners), 0, (), (), (), np.nan, str(error)))
            continue
        pairs = match_corners(track, session.circuit)
        learned.append(
            Learned(
                condition,
                true=len(session.circuit.corners),
                found=len(track.corners),
                drift_m=tuple(drift for _, _, drift in pairs),
                counts=tuple(len(one.corners) for one in alone),
                apart_m=tuple(_apart_m(track, one) for one in alone),
                length_off=track.length_m / session.circuit.length_m - 1,
            )
        )
    return Corners(seed, tuple(learned))


def match_corners(track: TrackModel, circuit: Circuit) -> list[tuple[int, int, float]]:
    """Pairs of a found and a true corner (their places in the lists) of one direction, and m from apex to apex.

    Each corner is in one pair at most; the nearest are paired first.
    """
    scale = circuit.length_m / track.length_m
    pairs = []
    for place, found in enumerate(track.corners):
        for number, true in enumerate(circuit.corners):
            apex_m = found.apex_m * scale
            away = _around(apex_m - true.apex_m, circuit.length_m)
            right = (found.direction is Direction.RIGHT) == (true.direction > 0)
            if right and (abs(away) <= SAME_CORNER_M or true.start_m <= apex_m <= true.end_m):
                pairs.append((abs(away), place, number, away))
    taken: list[tuple[int, int, float]] = []
    for _, place, number, away in sorted(pairs):
        if all(place != other and number != another for other, another, _ in taken):
            taken.append((place, number, away))
    return taken


def _apart_m(track: TrackModel, other: TrackModel) -> float:
    """Median m between the apexes of two models of one track."""
    if not track.corners or not other.corners:
        return np.nan
    theirs = np.array([corner.apex_m for corner in other.corners])
    return float(np.median([np.abs(_around(theirs - corner.apex_m, track.length_m)).min() for corner in track.corners]))


def _around(metres: Any, length_m: float) -> Any:
    return (metres + length_m / 2) % length_m - length_m / 2


def tell_corners(found: Sequence[Corners]) -> None:
    """Print the figures of every condition, and the seeds that miss or invent corners."""
    table.heading(f"Corners: {len(found)} circuits")
    for condition in CONDITIONS:
        here = [(one.seed, learned) for one in found for learned in one.learned if learned.condition == condition]
        every = [learned for _, learned in here]
        drift = np.abs([metres for learned in every for metres in learned.drift_m])
        matched = len(drift)
        table.at_least(f"{condition}, recall", matched / max(sum(one.true for one in every), 1), 0.97, digits=4)
        table.at_least(f"{condition}, precision", matched / max(sum(one.found for one in every), 1), 0.95, digits=4)
        table.at_most(f"{condition}, apex drift, median", float(np.median(drift)) if matched else np.nan, 10.0, "m")
        same = [len({*one.counts, one.found}) == 1 for one in every if one.counts]
        table.at_least(f"{condition}, same count learned from each lap", float(np.mean(same)) if same else 0.0, 1.0)
        apart = [metres for one in every for metres in one.apart_m]
        table.at_most(f"{condition}, apexes of one lap against all, median", float(np.nanmedian(apart)), 10.0, "m")
        off = [abs(one.length_off) for one in every]
        table.at_most(f"{condition}, length, worst", 100 * float(np.nanmax(off)), 0.3, "%")
        _tell_misses(here)


def _tell_misses(here: Sequence[tuple[int, Learned]]) -> None:
    wrong = [(seed, one) for seed, one in here if not one.true == one.found == len(one.drift_m)]
    for seed, one in wrong[:12]:
        print(f"    seed {seed}: {one.true} true, {one.found} found, {len(one.drift_m)} match; {one.problem or ''}")
    uneven = [(seed, one) for seed, one in here if len(set(one.counts)) > 1]
    for seed, one in uneven[:6]:
        print(f"    seed {seed}: {one.counts} corners by lap")
