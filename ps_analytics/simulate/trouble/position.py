"""Troubles of the place a source shows: held, noisy, leaping, flickering on the line, or only GPS. The truth stays."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.simulate.frames import EARTH_M
from ps_analytics.simulate.session import SimulatedSession
from ps_analytics.simulate.signals import noise

Floats = NDArray[np.float64]

PLACES = ("normalized_position", "distance", "x", "y", "z", "latitude", "longitude", "altitude")
"""What says where the car is."""
GPS = ("timestamp", "latitude", "longitude", "altitude", "speed")
_SPIKE = 0.08
_WANDER_S = 8.0


def held_position(session: SimulatedSession, *, rate_hz: float) -> SimulatedSession:
    """A place that is updated so many times a second only, and held in between."""
    stamps = session.frames["timestamp"].to_numpy()
    tick = np.floor((stamps - stamps[0]) * rate_hz + 1e-6)
    fresh = np.maximum.accumulate(np.where(np.diff(tick, prepend=-1.0) > 0, np.arange(len(tick)), 0))
    places = [name for name in PLACES if name in session.frames.columns]
    return replace(session, frames=session.frames.with_columns(session.frames[name].gather(fresh) for name in places))


def noisy_position(session: SimulatedSession, *, seed: int, metres: float = 0.5) -> SimulatedSession:
    """A place that is off by so many metres (standard deviation) in each direction, anew in every frame."""
    rng, frames = np.random.default_rng([seed, 12, 1]), session.frames
    along, east, north = rng.normal(0.0, metres, (3, frames.height))
    return _moved(session, along, east, north)


def spiked(session: SimulatedSession, *, seed: int, count: int) -> SimulatedSession:
    """A position that leaps away for single frames, so many of them."""
    rng, frames = np.random.default_rng([seed, 12, 2]), session.frames
    rows = rng.choice(np.arange(2, frames.height - 2), count, replace=False)
    position = frames["normalized_position"].to_numpy().copy()
    position[rows] = np.mod(position[rows] + rng.choice((-1.0, 1.0), count) * rng.uniform(_SPIKE, 0.45, count), 1.0)
    return replace(session, frames=frames.with_columns(normalized_position=pl.Series(position)))


def flickering(session: SimulatedSession, *, seed: int, metres: float = 3.0, near_m: float = 25.0) -> SimulatedSession:
    """A position that flickers to and fro over the line: off by so many metres while the car is near it."""
    rng, frames = np.random.default_rng([seed, 12, 3]), session.frames
    position, length_m = frames["normalized_position"].to_numpy(), session.circuit.length_m
    near = np.minimum(position, 1.0 - position) * length_m < near_m
    moved = np.mod(position + near * rng.normal(0.0, metres / length_m, len(position)), 1.0)
    return replace(session, frames=frames.with_columns(normalized_position=pl.Series(moved)))


def gps_only(session: SimulatedSession, *, seed: int, metres: float = 0.4) -> SimulatedSession:
    """A logger with a GPS and nothing else: places that wander by so many metres over some seconds, and the speed."""
    rng, frames = np.random.default_rng([seed, 12, 4]), session.frames
    period = float(np.median(np.diff(frames["timestamp"].to_numpy())))
    east, north = (metres * _wander(rng, frames.height, _WANDER_S / period) for _ in range(2))
    shaken = rng.normal(0.0, 0.05, (2, frames.height))
    moved = _moved(session, 0 * east, east + shaken[0], north + shaken[1])
    return replace(moved, frames=moved.frames.select(GPS))


def _wander(rng: np.random.Generator, count: int, frames: float) -> Floats:
    """Slow noise of standard deviation 1 from the first frame to the last: what is softened at its ends is cut off."""
    beyond = math.ceil(5 * frames)
    return noise(rng, count + 2 * beyond, frames)[beyond : beyond + count]


def _moved(session: SimulatedSession, along: Floats, east: Floats, north: Floats) -> SimulatedSession:
    """The places put so many metres along the track, and east and north of where the car was."""
    frames, circuit = session.frames, session.circuit
    degrees = math.degrees(1.0 / EARTH_M)
    shift = {
        "x": east,
        "y": north,
        "latitude": degrees * north,
        "longitude": degrees * east / math.cos(math.radians(circuit.latitude)),
    }
    columns = [pl.Series(name, frames[name].to_numpy() + by) for name, by in shift.items() if name in frames.columns]
    for name, whole in (("normalized_position", 1.0), ("distance", circuit.length_m)):
        if name in frames.columns:
            moved = frames[name].to_numpy() + along * whole / circuit.length_m
            columns.append(pl.Series(name, np.mod(moved, whole)))
    return replace(session, frames=frames.with_columns(columns))
