"""How every benchmark measures and prints."""

import gc
import statistics
import time
from collections.abc import Callable


def cpu_s(action: Callable[[], object], *, runs: int = 5) -> float:
    """Median CPU seconds of an action in this process, after one warm-up."""
    action()
    taken = []
    for _ in range(runs):
        gc.collect()
        before = time.process_time()
        action()
        taken.append(time.process_time() - before)
    return statistics.median(taken)


def wall_s(action: Callable[[], object], *, runs: int = 5) -> float:
    """Median wall seconds of an action, after one warm-up."""
    action()
    taken = []
    for _ in range(runs):
        gc.collect()
        before = time.perf_counter()
        action()
        taken.append(time.perf_counter() - before)
    return statistics.median(taken)


def heading(text: str) -> None:
    """Print the name of a group of figures."""
    print(f"\n{text}\n{'-' * len(text)}")


def at_most(path: str, value: float, limit: float, unit: str = "×") -> None:
    """Print a figure that should not exceed its limit."""
    print(f"{path:<68} {value:10.2f} {unit:<9} limit ≤ {limit:g}  {'met' if value <= limit else 'MISSED'}")


def at_least(path: str, value: float, limit: float, unit: str = "×", *, digits: int = 2) -> None:
    """Print a figure that should reach its limit."""
    print(f"{path:<68} {value:10.{digits}f} {unit:<9} limit ≥ {limit:g}  {'met' if value >= limit else 'MISSED'}")


def within(path: str, value: float, low: float, high: float, unit: str = "×") -> None:
    """Print a figure that should lie between two limits."""
    met = "met" if low <= value <= high else "MISSED"
    print(f"{path:<68} {value:10.2f} {unit:<9} limit {low:g}–{high:g}  {met}")
