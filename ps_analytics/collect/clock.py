"""Now, and waiting: what a collector that keeps a pace asks, so that a drive can also go as fast as it is taken."""

import threading
import time


class Clock:
    """The machine's time."""

    def now_us(self) -> int:
        """UTC, in µs."""
        return time.time_ns() // 1000

    def elapsed_s(self) -> float:
        """Seconds since some moment in the past; never goes back when the machine's clock is set."""
        return time.monotonic()

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Whether `stop` was set within so many seconds."""
        return stop.wait(max(seconds, 0.0))


class HurriedClock(Clock):
    """A clock that is always already as late as somebody waits for: nothing takes time.

    Args:
        start_us: UTC at its beginning, in µs.
    """

    def __init__(self, start_us: int = 0) -> None:
        self._start_us = start_us
        self._elapsed_s = 0.0

    def now_us(self) -> int:
        """UTC of its own, in µs."""
        return self._start_us + round(self._elapsed_s * 1e6)

    def elapsed_s(self) -> float:
        """Seconds waited so far."""
        return self._elapsed_s

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Whether `stop` is set; the seconds have passed."""
        self._elapsed_s += max(seconds, 0.0)
        return stop.is_set()
