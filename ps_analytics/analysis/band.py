"""How far off the times of a lap along the track may be: what frames, noise, gaps and the closing leave open."""

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.place import Placed
from ps_analytics.analysis.samples import STOPPED_MS

Floats = NDArray[np.float64]

SIGMAS = 1.96
"""Half the width of a band that holds 95 of 100, in standard deviations."""
SMOOTHED = 1.3
"""How much wider than its average a smoothed place is off where the car turns: there the bends cut off are."""
JERK_SHARE = 0.009
"""Error of a place between two frames, for each m/s² the acceleration changes there and s² between them."""
BARE_SHARE = 0.08
"""The same for each m/s² of acceleration where no speed is known and it counts as constant between two frames."""
UNSEEN_SHARE, LONG_STEP_S = 0.05, 0.25
"""The same for the usual acceleration of the lap in a step that is longer: the driver may have braked unseen."""
CLOSING_SHARE = 0.5
LED_ON_SHARE = 0.005
"""Times at the lines are off by no more of a step between samples where a lap is led on to them."""


def band_of(placed: Placed, distance_m: Floats, when_s: Floats, *, start_s: float, end_s: float) -> Floats:
    """Half-width of the band that holds the true time at each place 95 times of 100, in s; 0 at both lines.

    Args:
        placed: a lap from line to line.
        distance_m: places, in m from the line.
        when_s: when the car was there.
        start_s: what was taken away at the first line to close the lap, in s.
        end_s: the same at the last.
    """
    slowness = np.minimum(np.gradient(when_s, distance_m), 1 / STOPPED_MS)
    share = distance_m / placed.length_m
    place = placed.error_m * _tied(placed, when_s) * (SMOOTHED if placed.settles_s > 0 else 1.0)
    if placed.uneven is not None:
        place = place * np.interp(distance_m, placed.at_m, placed.uneven)
    drift = np.sqrt(placed.drift_m2 * placed.length_m * share * (1 - share))
    between = _between_frames(placed, distance_m)
    closing = _closing(slowness, share, start_s, end_s, float(np.median(np.diff(placed.samples.time_s))))
    width = SIGMAS * np.sqrt((place**2 + drift**2 + between**2) * slowness**2 + closing**2)
    width[[0, -1]] = 0.0
    return np.asarray(width)


def _tied(placed: Placed, when_s: Floats) -> Floats:
    """How much of its error a place has so near to a line, whose time is known: 0 … 1."""
    if placed.settles_s <= 0:
        return np.ones(len(when_s))
    nearest = np.minimum(when_s, when_s[-1] - when_s)
    return np.asarray(np.sqrt(1 - np.exp(-((nearest / placed.settles_s) ** 2))))


def _between_frames(placed: Placed, distance_m: Floats) -> Floats:
    """Standard deviation of places between two samples, in m: none at a sample, most half-way."""
    samples, at_m = placed.samples, placed.at_m
    row = np.clip(np.searchsorted(at_m, distance_m, side="right") - 1, 0, len(at_m) - 2)
    span = at_m[row + 1] - at_m[row]
    u = np.clip((distance_m - at_m[row]) / np.where(span > 0, span, 1.0), 0.0, 1.0)
    steps = np.diff(samples.time_s)
    speed = samples.speed_ms
    rates = np.diff(at_m) / np.where(steps > 0, steps, np.inf) if speed is None else speed
    apart = steps if speed is not None else np.full(len(steps) - 1, 1.0) * steps[1:]
    gain = np.diff(rates) / np.where(apart > 0, apart, np.inf)
    gain = np.where(np.isfinite(gain), gain, 0.0)
    usual = float(np.sqrt(np.mean(gain**2)))
    if speed is None:
        change = BARE_SHARE * np.abs(np.append(gain, gain[-1:]))
    else:
        turn = np.abs(np.diff(gain, prepend=gain[:1], append=gain[-1:]))
        change = JERK_SHARE * np.maximum(turn[:-1], turn[1:])
    long = np.minimum(steps / LONG_STEP_S, 1.0) ** 4
    change = np.hypot(change, UNSEEN_SHARE * usual * long)
    return np.asarray((change * steps**2)[row] * 4 * u * (1 - u))


def _closing(slowness: Floats, share: Floats, start_s: float, end_s: float, step_s: float) -> Floats:
    """What the closing line may have done wrong, in s: it takes a clock to be off, but it may be the line.

    Very little may be neither: the car did not go on to the line just as it passed the last sample.
    """
    taken = start_s + (end_s - start_s) * share
    at_line = (slowness[0] + slowness[-1]) / 2
    led_on = taken / (1 + (taken / (LED_ON_SHARE * step_s)) ** 2)
    return np.asarray(CLOSING_SHARE * np.hypot(taken * (slowness / at_line - 1), led_on))
