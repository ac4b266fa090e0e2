"""Every trouble a drawn session can meet, by name: what it asks of the source, and where and how hard it strikes."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ps_analytics.lap import LapKind
from ps_analytics.simulate import trouble
from ps_analytics.simulate.route import LapPlan
from ps_analytics.simulate.session import SimulatedSession
from ps_analytics.simulate.source import Source

Rng = np.random.Generator
Drive = Callable[[LapPlan], SimulatedSession]
"""Drives another stint, begun with this lap."""

_BACK_S = (2.0, 10.0)


class Mishap(NamedTuple):
    """One trouble: what it does (None where it cannot strike), how often among others, which sources may have it."""

    strike: Callable[[Rng, SimulatedSession, Drive], SimulatedSession | None]
    weight: float
    fits: Callable[[Source], bool]


def _moment(rng: Rng, session: SimulatedSession, low: float = 0.1, high: float = 0.95) -> float:
    """Some time of the session, between these shares of it."""
    return float(session.frames["timestamp"][-1] * rng.uniform(low, high))


def _pause(rng: Rng, session: SimulatedSession, drive: Drive) -> SimulatedSession:
    return trouble.pause(session, at_s=_moment(rng, session), seconds=rng.uniform(2.0, 40.0))


def _pause_silent(rng: Rng, session: SimulatedSession, drive: Drive) -> SimulatedSession:
    return trouble.pause(session, at_s=_moment(rng, session), seconds=rng.uniform(2.0, 50.0), sends_frames=False)


def _restart(rng: Rng, session: SimulatedSession, drive: Drive) -> SimulatedSession:
    again = drive(LapPlan(LapKind.STANDING if rng.random() < 0.6 else LapKind.OUT))
    return trouble.restart(session, again, at_s=_moment(rng, session, 0.3, 0.98), wait_s=rng.uniform(0.0, 8.0))


def _to_pits(rng: Rng, session: SimulatedSession, drive: Drive) -> SimulatedSession:
    again, counts = drive(LapPlan(LapKind.OUT)), bool(rng.random() < 0.5)
    at_s = _moment(rng, session, 0.3, 0.98)
    return trouble.to_pits(session, again, at_s=at_s, wait_s=rng.uniform(0.0, 5.0), counts=counts)


def _flashback(rng: Rng, session: SimulatedSession, drive: Drive) -> SimulatedSession | None:
    back_s = rng.uniform(*_BACK_S)
    laps = [lap for lap in session.truth[1:] if lap.driven is not None and lap.kind is LapKind.TIMED]
    if not laps:
        return None
    lap = laps[rng.integers(len(laps))]
    over_line = rng.random() < 0.2
    first_s = lap.start_s + (1.5 if over_line else back_s + 3.0)
    last_s = lap.start_s + back_s - 0.5 if over_line else lap.end_s - 0.5
    return trouble.flashback(session, at_s=rng.uniform(min(first_s, last_s), last_s), back_s=back_s)


def _drop_out(rng: Rng, session: SimulatedSession, drive: Drive) -> SimulatedSession:
    return trouble.drop_out(session, at_s=_moment(rng, session), seconds=float(np.exp(rng.uniform(-1.0, 2.5))))


def _drop_line(rng: Rng, session: SimulatedSession, drive: Drive) -> SimulatedSession:
    lines = [lap.end_s for lap in session.truth[:-1]]
    line, seconds = (lines[rng.integers(len(lines))] if lines else 10.0), rng.uniform(0.2, 4.0)
    return trouble.drop_out(session, at_s=line - seconds * rng.uniform(0.05, 0.95), seconds=seconds)


def _silence(rng: Rng, session: SimulatedSession, drive: Drive) -> SimulatedSession:
    return trouble.drop_out(session, at_s=_moment(rng, session, 0.1, 0.7), seconds=rng.uniform(62.0, 90.0))


def _clock_forward(rng: Rng, session: SimulatedSession, drive: Drive) -> SimulatedSession:
    return trouble.clock_step(session, at_s=_moment(rng, session), seconds=rng.uniform(0.5, 50.0))


def _clock_back(rng: Rng, session: SimulatedSession, drive: Drive) -> SimulatedSession:
    return trouble.clock_step(session, at_s=_moment(rng, session), seconds=-rng.uniform(0.3, 4.8))


def _clock_reset(rng: Rng, session: SimulatedSession, drive: Drive) -> SimulatedSession:
    seconds = rng.choice((-1.0, 1.0)) * rng.uniform(65.0, 5000.0)
    return trouble.clock_step(session, at_s=_moment(rng, session), seconds=float(seconds))


def _held(rng: Rng, session: SimulatedSession, drive: Drive) -> SimulatedSession:
    return trouble.held_position(session, rate_hz=20.0)


def _noisy(rng: Rng, session: SimulatedSession, drive: Drive) -> SimulatedSession:
    return trouble.noisy_position(session, seed=_seed(rng), metres=0.5)


def _spiked(rng: Rng, session: SimulatedSession, drive: Drive) -> SimulatedSession:
    return trouble.spiked(session, seed=_seed(rng), count=int(rng.integers(1, 12)))


def _flickering(rng: Rng, session: SimulatedSession, drive: Drive) -> SimulatedSession:
    return trouble.flickering(session, seed=_seed(rng), metres=rng.uniform(0.5, 4.0))


def _jittered(rng: Rng, session: SimulatedSession, drive: Drive) -> SimulatedSession:
    return trouble.jittered(session, seed=_seed(rng), late_s=rng.uniform(0.001, 0.010))


def _reordered(rng: Rng, session: SimulatedSession, drive: Drive) -> SimulatedSession:
    return trouble.reordered(session, seed=_seed(rng), share=rng.uniform(0.002, 0.05))


def _doubled(rng: Rng, session: SimulatedSession, drive: Drive) -> SimulatedSession:
    return trouble.doubled(session, seed=_seed(rng), share=rng.uniform(0.002, 0.05))


def _lost(rng: Rng, session: SimulatedSession, drive: Drive) -> SimulatedSession:
    return trouble.lost(session, seed=_seed(rng), share=rng.uniform(0.01, 0.15))


def _seed(rng: Rng) -> int:
    return int(rng.integers(1 << 30))


def _any(source: Source) -> bool:
    return True


def _keeps_time(source: Source) -> bool:
    return source.keeps_time


def _is_game(source: Source) -> bool:
    return not source.gps_only


def _says_when(source: Source) -> bool:
    """Whether it tells a lap's time by something else than its places and time stamps."""
    return source.keeps_time or source.last_lap


def _says_where_and_when(source: Source) -> bool:
    return _says_when(source) and not source.gps_only


MISHAPS = {
    "restart": Mishap(_restart, 1.2, _is_game),
    "to_pits": Mishap(_to_pits, 1.2, _is_game),
    "flashback": Mishap(_flashback, 1.5, _is_game),
    "held": Mishap(_held, 1.0, _is_game),
    "noisy": Mishap(_noisy, 1.0, _says_where_and_when),
    "spiked": Mishap(_spiked, 0.8, _is_game),
    "flickering": Mishap(_flickering, 0.8, _says_where_and_when),
    "pause": Mishap(_pause, 1.5, _keeps_time),
    "pause_silent": Mishap(_pause_silent, 1.0, _keeps_time),
    "drop_out": Mishap(_drop_out, 1.5, _any),
    "drop_line": Mishap(_drop_line, 1.0, _any),
    "silence": Mishap(_silence, 0.3, _any),
    "clock_forward": Mishap(_clock_forward, 0.6, _keeps_time),
    "clock_back": Mishap(_clock_back, 0.6, _keeps_time),
    "clock_reset": Mishap(_clock_reset, 0.3, _any),
    "jittered": Mishap(_jittered, 1.2, _says_when),
    "lost": Mishap(_lost, 1.0, _any),
    "reordered": Mishap(_reordered, 1.0, _any),
    "doubled": Mishap(_doubled, 1.0, _any),
}
"""Every trouble, in the order in which they strike: what is driven, what is shown of it, then when, then the network.

So a paused game repeats its frame with the very error that frame had.
"""

CONFLICTS = (
    frozenset({"restart", "to_pits", "flashback", "silence", "clock_reset"}),
    frozenset({"pause", "pause_silent", "clock_forward", "clock_back"}),
    frozenset({"held", "noisy", "flickering"}),
)
"""Of each of these a session meets one at most."""
