"""Simulated sessions as the house meets them: cut where a session ends, detected at once and in pieces."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from ps_analytics.ingest.boundaries import LapStream, detect_laps
from ps_analytics.ingest.gate import Gate
from ps_analytics.ingest.laps import LapCorrection, LapCut
from ps_analytics.simulate.circuit import Circuit
from ps_analytics.simulate.frames import EARTH_M
from ps_analytics.simulate.scenario import Scenario, draw
from ps_analytics.simulate.trouble.breaks import CLOCK_BACK_S, SESSION_GAP_S
from tests.bench.scores import SAME_BEST_S, SAME_LINE_S, LapScore, score_laps

GPS_BEST_S = 0.05
"""Lap times by a GPS that wanders by 0.4 m are off by up to this: laps nearer to each other cannot be told apart."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What figures are told apart by: whether the source has a lap clock or only a GPS, and the troubles it met."""

    keeps_time: bool
    gps_only: bool
    troubles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Detection:
    """What was found in one drawn session; `problem`: the error it raised, in words."""

    seed: int
    about: str
    score: LapScore | None
    streams_equal: bool
    cpu_s: float
    frames: int
    laps: int
    drawn: Drawn
    problem: str | None = None


def about(scenario: Scenario) -> str:
    """The scenario in a few words: source, then troubles."""
    source = scenario.source
    marks = [
        "gps" if source.gps_only else f"clock {source.clock}",
        *(["ten columns"] if source.ten_columns else []),
        *([] if source.last_lap else ["no last lap"]),
        *([f"last lap {source.last_lap_late_s:.1f} s late"] if source.last_lap and source.last_lap_late_s else []),
        *([] if source.pits else ["no pits"]),
        *([] if source.counter else ["no counter"]),
        *([f"counter {source.counter_late} late"] if source.counter and source.counter_late else []),
    ]
    return f"{source.rate_hz:.0f} Hz, {', '.join(marks)} | {', '.join(scenario.troubles) or 'no trouble'}"


def detect(seed: int) -> Detection:
    """The session of this seed, its laps found and scored."""
    scenario = draw(seed)
    drawn = Drawn(scenario.source.keeps_time, scenario.source.gps_only, scenario.troubles)
    line = line_of(scenario.session.circuit) if scenario.source.gps_only else None
    frames = scenario.session.frames
    parts = split_sessions(frames)
    begun = time.process_time()
    try:
        found = [lap for part in parts for lap in detect_laps(part, line=line)]
        cpu_s = time.process_time() - begun
        streamed = [lap for part in parts for lap in stream_laps(part, seed=seed, line=line)]
    except Exception as error:  # a harness tells which seed broke what, and goes on
        return Detection(seed, about(scenario), None, False, 0.0, frames.height, 0, drawn, repr(error))
    same_line_s = max(SAME_LINE_S, 1.5 / scenario.source.rate_hz)
    same_best_s = GPS_BEST_S if scenario.source.gps_only else SAME_BEST_S
    score = score_laps(scenario.session.truth, found, same_line_s=same_line_s, same_best_s=same_best_s)
    return Detection(seed, about(scenario), score, found == streamed, cpu_s, frames.height, len(found), drawn)


def split_sessions(frames: pl.DataFrame) -> list[pl.DataFrame]:
    """The frames of each session, as the daemon parts them: by silence, and by a clock that goes far back."""
    steps = np.diff(frames["timestamp"].to_numpy())
    borders = np.flatnonzero((steps > SESSION_GAP_S) | (steps < -CLOCK_BACK_S)) + 1
    edges = [0, *borders.tolist(), frames.height]
    return [frames[a:b] for a, b in pairwise(edges)]


def line_of(circuit: Circuit) -> Gate:
    """The circuit's line on the ground, as the owner of a logger sets it: across the road and the pit lane."""
    north = math.degrees(1.0 / EARTH_M)
    latitude = circuit.latitude + north * float(circuit.y[0])
    longitude = circuit.longitude + north * float(circuit.x[0]) / math.cos(math.radians(circuit.latitude))
    return Gate.across(latitude, longitude, float(circuit.heading_deg[0]), width_m=40.0)


def stream_laps(frames: pl.DataFrame, *, seed: int, line: Gate | None = None) -> Sequence[LapCut]:
    """The laps when the frames come in pieces of any size, as of a live stream."""
    rng, stream, laps = np.random.default_rng([seed, 21]), LapStream(line=line), {}
    at = 0
    while at < frames.height:
        size = int(rng.choice((1, 7, 60, 600, 5000), p=(0.2, 0.2, 0.2, 0.25, 0.15)))
        for news in stream.feed(frames[at : at + size]):
            lap = news.lap if isinstance(news, LapCorrection) else news
            laps[lap.lap_number] = lap
        at += size
    for news in stream.finish():
        lap = news.lap if isinstance(news, LapCorrection) else news
        laps[lap.lap_number] = lap
    return list(laps.values())
