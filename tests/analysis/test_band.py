"""The error band holds the simulator's truth 95 times of 100, whatever the stream."""

from collections.abc import Callable
from functools import cache

import numpy as np
import polars as pl
import pytest

from ps_analytics.analysis.delta import delta
from ps_analytics.lap import Lap
from ps_analytics.simulate import trouble
from ps_analytics.simulate.scenario import draw_outing
from ps_analytics.simulate.session import SimulatedSession
from tests.analysis.laps import lap_from

GAME = ("timestamp", "lap_time", "normalized_position", "speed", "x", "y")
TEN = ("timestamp", "lap_time", "normalized_position", "speed")
GPS = ("timestamp", "speed", "latitude", "longitude")
SEEDS = range(31_001, 31_007)
LAPS = 4

Trouble = Callable[[SimulatedSession, int], SimulatedSession]


def clean(session: SimulatedSession, seed: int) -> SimulatedSession:
    return session


def noisy(session: SimulatedSession, seed: int) -> SimulatedSession:
    return trouble.noisy_position(session, seed=seed)


def held(session: SimulatedSession, seed: int) -> SimulatedSession:
    return trouble.held_position(session, rate_hz=20.0)


def gps(session: SimulatedSession, seed: int) -> SimulatedSession:
    return trouble.gps_only(session, seed=seed)


def lost(session: SimulatedSession, seed: int) -> SimulatedSession:
    return trouble.lost(session, seed=seed, share=0.1)


def jittered(session: SimulatedSession, seed: int) -> SimulatedSession:
    return trouble.jittered(session, seed=seed)


@cache
def drawn(seed: int, rate_hz: float) -> SimulatedSession:
    return draw_outing(seed, laps=LAPS, rate_hz=rate_hz)


def errors_and_bands(
    seed: int, change: Trouble, rate_hz: float, names: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    session = drawn(seed, rate_hz)
    frames = change(session, seed).frames
    timed = [lap for lap in session.truth if lap.lap_time_s is not None]
    laps = [_lap(frames, truth, rate_hz, names) for truth in timed]
    off, band = [], []
    for truth, lap in zip(timed[1:], laps[1:], strict=True):
        frame = delta(lap, laps[0]).frame
        share = frame["distance_m"].to_numpy() / frame["distance_m"][-1]
        true = session.true_time_s(truth.lap_number, share) - session.true_time_s(timed[0].lap_number, share)
        off.append(frame["delta_s"].to_numpy() - true)
        band.append(frame["band_s"].to_numpy())
    return np.concatenate(off), np.concatenate(band)


def _lap(frames: pl.DataFrame, truth: object, rate_hz: float, names: tuple[str, ...]) -> Lap:
    rows = frames.filter((pl.col("timestamp") >= truth.start_s) & (pl.col("timestamp") < truth.end_s))  # type: ignore[attr-defined]
    columns = {name: rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in names}
    return lap_from(
        columns,
        lap_time_s=truth.lap_time_s,  # type: ignore[attr-defined]
        start_s=truth.start_s,  # type: ignore[attr-defined]
        rate_hz=rate_hz,
        lap_number=truth.lap_number,  # type: ignore[attr-defined]
    )


@pytest.mark.parametrize(
    ("change", "rate_hz", "names"),
    [
        pytest.param(clean, 60.0, GAME, id="60 Hz, clean"),
        pytest.param(noisy, 60.0, TEN, id="position off by 0.5 m"),
        pytest.param(held, 60.0, GAME, id="position at 20 Hz"),
        pytest.param(clean, 10.0, GAME, id="10 Hz"),
        pytest.param(gps, 10.0, GPS, id="GPS at 10 Hz"),
        pytest.param(lost, 60.0, GAME, id="a tenth of the packets lost"),
        pytest.param(jittered, 60.0, GAME, id="packets late by 4 ms"),
        pytest.param(clean, 60.0, ("timestamp", "lap_time", "speed"), id="distance only"),
    ],
)
def test_the_band_holds_the_truth(change: Trouble, rate_hz: float, names: tuple[str, ...]) -> None:
    found = [errors_and_bands(seed, change, rate_hz, names) for seed in SEEDS]
    off, band = (np.concatenate(part) for part in zip(*found, strict=True))
    assert 0.905 < (np.abs(off) <= band).mean() < 0.989
