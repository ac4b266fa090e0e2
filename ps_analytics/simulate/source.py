"""A source: what of a session it shows, how often, and how late."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ps_analytics.simulate import trouble
from ps_analytics.simulate.session import SimulatedSession

Clock = Literal["exact", "late", "held", "still", "free", "none"]

_RATES = (4.0, 10.0, 20.0, 30.0, 50.0, 60.0, 100.0, 120.0, 240.0, 360.0, 500.0)
_RATE_WEIGHTS = (0.02, 0.07, 0.06, 0.04, 0.09, 0.50, 0.12, 0.03, 0.03, 0.02, 0.02)
_CLOCKS: tuple[Clock, ...] = ("exact", "late", "held", "still", "free", "none")
_CLOCK_WEIGHTS = (0.72, 0.10, 0.05, 0.04, 0.04, 0.05)
_HELD_HZ, _LATE_S = 5.0, 1.3


@dataclass(frozen=True, slots=True)
class Source:
    """What a source shows.

    Its lap clock is exact, `late` by 1.3 s after the line, `held` at 5 Hz, `still` at 0, `free` of laps or missing
    (`none`). `last_lap`: it states lap times, `last_lap_late_s` after the line; `verdict`: whether a lap counts;
    `pits`: whether the car is in the pits; `counter`: how many laps, `counter_late` frames after the line. A logger
    that is `gps_only` shows places on Earth and the speed, one of `ten_columns` the smallest set there is.
    """

    rate_hz: float = 60.0
    clock: Clock = "exact"
    last_lap: bool = True
    last_lap_late_s: float = 0.0
    verdict: bool = True
    pits: bool = True
    counter: bool = True
    counter_late: int = 0
    gps_only: bool = False
    ten_columns: bool = False

    @property
    def keeps_time(self) -> bool:
        """Whether its lap clock tells a pause from a drive."""
        return self.clock in ("exact", "late")

    def show(self, session: SimulatedSession, *, seed: int) -> SimulatedSession:
        """The session as this source shows it."""
        if self.gps_only:
            return trouble.gps_only(session, seed=seed)
        session = self._show_clock(session)
        if self.last_lap_late_s:
            session = trouble.late_last_lap(session, seconds=self.last_lap_late_s)
        if self.counter_late:
            session = trouble.late_counter(session, frames=self.counter_late)
        shown = {
            "last_lap_time": self.last_lap,
            "lap_valid": self.verdict,
            "in_pit": self.pits,
            "source_lap_number": self.counter,
        }
        session = trouble.without(session, *(name for name, is_shown in shown.items() if not is_shown))
        return trouble.seed_columns(session) if self.ten_columns else session

    def _show_clock(self, session: SimulatedSession) -> SimulatedSession:
        match self.clock:
            case "exact":
                return session
            case "late":
                return trouble.late_lap_clock(session, seconds=_LATE_S)
            case "held":
                return trouble.held_lap_clock(session, rate_hz=_HELD_HZ)
            case "still":
                return trouble.held_lap_clock(session, rate_hz=0.0)
            case "free":
                return trouble.free_lap_clock(session)
            case "none":
                return trouble.without(session, "lap_time")


def draw_source(rng: np.random.Generator) -> Source:
    """A source: most are games that show everything at 60 Hz, some are loggers with a GPS, some show little."""
    kind = rng.random()
    if kind < 0.07:
        rate_hz = float(rng.choice((10.0, 25.0)))
        return Source(rate_hz, "none", last_lap=False, verdict=False, pits=False, counter=False, gps_only=True)
    rate_hz, clock = float(rng.choice(_RATES, p=_RATE_WEIGHTS)), _CLOCKS[rng.choice(len(_CLOCKS), p=_CLOCK_WEIGHTS)]
    counter_late = int(rng.integers(0, 40)) if rng.random() < 0.5 else 0
    if kind < 0.22:
        return Source(
            rate_hz, clock, last_lap=False, verdict=False, pits=False, counter_late=counter_late, ten_columns=True
        )
    return Source(
        rate_hz,
        clock,
        last_lap=bool(rng.random() < 0.6),
        last_lap_late_s=float(rng.uniform(0.1, 6.0)) if rng.random() < 0.4 else 0.0,
        verdict=bool(rng.random() < 0.85),
        pits=bool(rng.random() < 0.85),
        counter=bool(rng.random() < 0.9),
        counter_late=counter_late,
    )
