"""Frames of made-up driving: catalogue channels, key columns, holes and missing samples, each from a closed form."""

import numpy as np
import polars as pl

from ps_analytics.channels import MathChannel

SETUP = {
    "mass": (1250.0, "kg"),
    "wheelbase": (2.7, "m"),
    "steer_ratio": (14.5, "ratio"),
    "tyre_radius": (0.32, "m"),
    "idle": (900, ""),
    "damper_curve": ([[0.0, 0.0], [50.0, 900.0], [200.0, 1800.0]], "N"),
    "torque_curve": ([[1000.0, 180.0], [6000.0, 420.0], [8500.0, 320.0]], "Nm"),
}
"""A vehicle setup with what the shipped channels and the examples of the functions ask for."""
UNITS = {"sensor": None, "switch": "bool", "probe": "F"}
"""Units of the columns that the catalogue does not know."""
MINE = {"My Balance": MathChannel("My Balance", "throttle - brake", "%")}


def drive(*, laps: int = 1, seconds: float = 90.0, hz: float = 60.0, session: str = "a", seed: int = 1) -> pl.DataFrame:
    """Some laps of one session with every key column, jitter, missing samples, and a hole of 3.5 s in each lap."""
    chance = np.random.default_rng(seed)
    size = int(seconds * hz)
    return pl.concat(_lap(chance, lap, size, hz, session) for lap in range(laps))


def _lap(chance: np.random.Generator, lap: int, size: int, hz: float, session: str) -> pl.DataFrame:
    since = np.arange(size) / hz + chance.uniform(0, 0.3 / hz, size)
    since[size // 2 :] += 3.5
    share = np.arange(size) / size
    wave, quick = np.sin(2 * np.pi * (5 * share + chance.uniform())), np.sin(2 * np.pi * 61 * share)
    speed = 150 + 90 * wave + quick
    part = (share * 12).astype(int)
    numbers = {
        "timestamp": lap * (since[-1] + 0.02) + since,
        "lap_time": since,
        "normalized_position": share,
        "distance": np.cumsum(speed) / 3.6 / hz,
        "speed": speed,
        "gps_speed": speed + chance.normal(0, 0.5, size),
        "throttle": np.clip(70 + 60 * np.roll(wave, 60) + 5 * quick, 0, 100),
        "brake": np.clip(-80 * wave - 20, 0, 100),
        "steering": 40 * quick,
        "steering_angle": 180 * quick + 3,
        "rpm": 4000 + 3000 * wave,
        "g_lat": 2.2 * quick,
        "g_long": 1.1 * wave,
        "yaw_rate": 20 * quick,
        "fuel": 40 - 2 * (lap + share),
        "brake_press_f": np.clip(-60 * wave, 0, None),
        "brake_press_r": np.clip(-40 * wave, 0, None),
        "wheel_speed_rl": speed * (1 + 0.02 * quick),
        **{f"tyre_temp_{wheel}": 80 + 5 * wave + at for at, wheel in enumerate(("fl", "fr", "rl", "rr"))},
        "sensor": 1e3 * wave * quick,
        "probe": 200 + 10 * wave,
        "switch": (quick > 0.5).astype(float),
    }
    holed = {
        name: pl.Series(values).set(pl.Series(chance.uniform(size=size) < 0.01), None)
        for name, values in numbers.items()
        if name not in ("timestamp", "lap_time")
    }
    keys = {
        "session_id": [session] * size,
        "stint_id": [lap // 2] * size,
        "lap_id": [f"{session}{lap}"] * size,
        "sector_id": part // 4,
        "section_id": part,
        "corner_id": [int(at) if at % 2 else None for at in part],
        "straight_id": [None if at % 2 else int(at) for at in part],
    }
    flags = {"gear": pl.Series(np.clip(speed // 40, 1, 6).astype(np.int8)), "abs_active": numbers["brake"] > 60}
    return pl.DataFrame({**numbers, **holed, **flags, **keys})
