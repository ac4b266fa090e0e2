"""What the demo shows: three circuits, two cars, two drivers and the sessions they have driven lately."""

from dataclasses import dataclass

from ps_analytics.lap import LapKind
from ps_analytics.simulate.car import FORMULA, GT, Car
from ps_analytics.simulate.circuit import Circuit, generate
from ps_analytics.simulate.driver import Driver
from ps_analytics.simulate.route import LapPlan

_OUT, _IN, _PIT = LapPlan(LapKind.OUT), LapPlan(LapKind.IN), LapPlan(LapKind.PIT)
_TIMED, _WIDE = LapPlan(LapKind.TIMED), LapPlan(LapKind.TIMED, valid=False)
_SPUN = LapPlan(LapKind.TIMED, spin=True)

DRIVERS = (
    Driver("Nika Lorant", pace=0.975, spread=0.0034, smoothness=0.8, seed=11),
    Driver("Tom Aldine", pace=0.955, spread=0.0046, smoothness=0.55, seed=29),
)
"""The quick one and the one who attacks."""


@dataclass(frozen=True, slots=True, eq=False)
class DemoSession:
    """A session of the past: `days_ago` whole days before today, begun at `clock` (local, "HH:MM")."""

    name: str
    event: str
    days_ago: int
    clock: str
    circuit: Circuit
    car: Car
    driver: Driver
    plan: tuple[LapPlan, ...]
    seed: int


def demo_circuits(seed: int = 1) -> tuple[Circuit, Circuit, Circuit]:
    """The short, the usual and the long circuit."""
    return (
        generate("Lindholm Park", seed=seed + 10, length_m=2640, corners=10),
        generate("Val Serena", seed=seed + 9, length_m=4180, corners=14),
        generate("Ostermoor Ring", seed=seed + 8, length_m=5740, corners=18),
    )


def demo_sessions(seed: int = 1) -> tuple[DemoSession, ...]:
    """Four sessions, oldest first: every kind of lap a day at the track brings, and one that was interrupted."""
    short, usual, long = demo_circuits(seed)
    first, second = DRIVERS
    weekend, evening = "Spring meeting", "Wednesday evening"
    partial = LapPlan(LapKind.PARTIAL, share=0.62)
    standing = LapPlan(LapKind.STANDING)
    rows = (
        ("Practice", weekend, 12, "10:20", usual, GT, first,
         (_PIT, _OUT, _TIMED, _TIMED, _TIMED, _WIDE, _TIMED, _TIMED, _IN)),
        ("Race", weekend, 11, "14:05", usual, GT, second,
         (standing, _TIMED, _TIMED, _TIMED, _SPUN, _TIMED, _TIMED, _TIMED, _TIMED, _IN)),
        ("Long runs", "Test day", 5, "11:30", long, FORMULA, first,
         (_OUT, _TIMED, _TIMED, _TIMED, _IN, _OUT, _TIMED, _WIDE, _TIMED, _TIMED, partial)),
        ("Club session", evening, 1, "18:45", short, FORMULA, second,
         (_OUT, _TIMED, _TIMED, _WIDE, _TIMED, _TIMED, _TIMED, _IN, _PIT, _OUT, _TIMED, _IN)),
    )  # fmt: skip
    return tuple(DemoSession(*row, seed=seed * 100 + number) for number, row in enumerate(rows))
