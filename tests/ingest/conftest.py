"""Closed-form streams: a car at constant speed, or at two speeds, whose every crossing is known exactly."""

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest


@dataclass(frozen=True)
class Stream:
    frames: pl.DataFrame
    crossings_s: np.ndarray
    lap_times_s: np.ndarray


def drive(
    lap_times_s: list[float],
    *,
    before: float = 0.3,
    after: float = 0.4,
    rate_hz: float = 60.0,
    length_m: float = 1000.0,
    clock_lag_s: float = 0.0,
    counter_lag_s: float = 0.0,
    first_count: int = 1,
    quantum_s: float = 0.0,
) -> Stream:
    """A car that starts a share `before` short of the line and stops sending a share `after` past the last line.

    Each lap is driven at constant speed. The lap clock and the last-lap time change `clock_lag_s` after the line,
    the source's counter `counter_lag_s` after it.
    """
    pace = np.array([lap_times_s[0], *lap_times_s, lap_times_s[-1]])
    shares = np.array([before, *np.ones(len(lap_times_s)), after])
    borders = np.concatenate([[0.0], np.cumsum(pace * shares)])
    crossings = borders[1:-1]
    time = np.arange(0.0, borders[-1], 1 / rate_hz)
    progress = np.interp(time, borders, 1 - before + np.concatenate([[0.0], np.cumsum(shares)]))
    lap = np.searchsorted(borders[1:-1], time, side="right")
    shown = np.searchsorted(crossings + clock_lag_s, time, side="right")
    began = np.concatenate([[-(1 - before) * lap_times_s[0]], crossings])
    official = np.concatenate([[np.nan, np.nan], lap_times_s])
    clock = time - began[shown]
    return Stream(
        frames=pl.DataFrame(
            {
                "timestamp": time,
                "lap_time": np.round(clock / quantum_s) * quantum_s if quantum_s else clock,
                "last_lap_time": official[shown],
                "source_lap_number": first_count
                + np.searchsorted(crossings + counter_lag_s, time, side="right").astype(float),
                "normalized_position": progress % 1.0,
                "speed": 3.6 * length_m / pace[lap],
                "in_pit": np.zeros(len(time), dtype=bool),
            },
            nan_to_null=True,
        ),
        crossings_s=crossings,
        lap_times_s=np.asarray(lap_times_s),
    )


@pytest.fixture(scope="session", name="drive")
def drive_fixture():
    """The function `drive`: closed-form streams with known crossings."""
    return drive
