"""Whole sessions drawn from a seed: any circuit, car, driver and plan, any source, and what went wrong on the way.

What is drawn together makes sense together: a source that cannot tell a lap off the road is given none, and one
without a lap clock neither begins on the line nor pauses nor has its clock set. So the truth is what frames can tell.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from ps_analytics.lap import LapKind
from ps_analytics.simulate.car import FORMULA, GT, Car
from ps_analytics.simulate.circuit import Circuit, generate
from ps_analytics.simulate.driver import Driver
from ps_analytics.simulate.mishap import CONFLICTS, MISHAPS
from ps_analytics.simulate.route import LapPlan
from ps_analytics.simulate.session import SimulatedSession, simulate
from ps_analytics.simulate.source import Source, draw_source

TUNING_SEEDS = range(10_000)
"""Seeds to look at while rules and constants are chosen."""
REPORTING_SEEDS = range(20_000, 30_000)
"""Seeds nobody has looked at: for figures to report."""

_OUT, _IN, _PIT = LapPlan(LapKind.OUT), LapPlan(LapKind.IN), LapPlan(LapKind.PIT)
_TIMED, _STANDING = LapPlan(LapKind.TIMED), LapPlan(LapKind.STANDING)
_WIDE, _SPUN = LapPlan(LapKind.TIMED, valid=False), LapPlan(LapKind.TIMED, spin=True)
_DRIVEN_M = 32_000.0
_MOST_FRAMES = 90_000
_MEAN_MS = 40.0
_TROUBLES = (0.25, 0.35, 0.25, 0.15)
"""How often a session meets 0, 1, 2 or 3 of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """A session as a source shows it, after its troubles (by name, in the order in which they struck)."""

    session: SimulatedSession
    troubles: tuple[str, ...]
    seed: int
    source: Source


def draw(seed: int) -> Scenario:
    """The scenario of this seed, the same to the last bit every time.

    Example:
        >>> scenario = draw(7)
        >>> scenario.troubles, len(scenario.session.truth)
        (('noisy',), 10)
    """
    rng = np.random.default_rng([seed, 17])
    circuit, car, driver, source = _draw_circuit(rng, seed), _draw_car(rng), _draw_driver(rng), draw_source(rng)
    names = _draw_names(rng, source)
    laps = max(3, min(10, round(_DRIVEN_M / circuit.length_m)))
    halves = 2 if {"restart", "to_pits"} & set(names) else 1
    source = replace(source, rate_hz=min(source.rate_hz, _MOST_FRAMES * _MEAN_MS / (laps * circuit.length_m)))
    stints = iter(range(halves))

    def drive(first: LapPlan | None) -> SimulatedSession:
        stint = next(stints)
        plan = _draw_plan(rng, source, math.ceil(laps / halves), first=first)
        session = simulate(
            circuit, car, driver, plan, seed=2 * seed + stint, rate_hz=source.rate_hz, workshop=False
        )  # fmt: skip
        return source.show(session, seed=2 * seed + stint)

    session, struck = drive(None), []
    for name in names:
        changed = MISHAPS[name].strike(rng, session, drive)
        if changed is not None:
            session = changed
            struck.append(name)
    return Scenario(session, tuple(struck), seed, source)


def draw_outing(seed: int, *, laps: int = 6, rate_hz: float = 60.0) -> SimulatedSession:
    """Flying laps only, and the start of one more, of the circuit, car and driver of this seed's scenario; no trouble.

    Example:
        >>> [str(lap.kind) for lap in draw_outing(7, laps=2).truth]
        ['timed', 'timed', 'partial']
    """
    rng = np.random.default_rng([seed, 17])
    circuit, car, driver = _draw_circuit(rng, seed), _draw_car(rng), _draw_driver(rng)
    return simulate(circuit, car, driver, [_TIMED] * laps, seed=2 * seed, rate_hz=rate_hz, workshop=False)


def _draw_circuit(rng: np.random.Generator, seed: int) -> Circuit:
    """1.5 to 7 km with 6 to 20 corners; not every draw makes a circuit, so the next one may be it."""
    while True:
        length_m = float(round(math.exp(rng.uniform(math.log(1500.0), math.log(7000.0)))))
        corners = int(rng.integers(6, 1 + min(20, int(length_m / 190.0))))
        try:
            return generate(f"Ring {seed}", seed=int(rng.integers(1 << 30)), length_m=length_m, corners=corners)
        except ValueError:
            continue


def _draw_car(rng: np.random.Generator) -> Car:
    car = GT if rng.random() < 0.5 else FORMULA
    return replace(
        car,
        name="Drawn",
        mass_kg=car.mass_kg * rng.uniform(0.8, 1.25),
        power_w=car.power_w * rng.uniform(0.6, 1.5),
        grip=car.grip * rng.uniform(0.8, 1.2),
        lift_area_m2=car.lift_area_m2 * rng.uniform(0.0, 1.6),
        drag_area_m2=car.drag_area_m2 * rng.uniform(0.8, 1.25),
        traction=car.traction * rng.uniform(0.85, 1.2),
        braking=car.braking * rng.uniform(0.8, 1.0),
    )


def _draw_driver(rng: np.random.Generator) -> Driver:
    return Driver(
        "Drawn",
        pace=rng.uniform(0.92, 0.99),
        spread=rng.uniform(0.002, 0.008),
        smoothness=rng.uniform(0.4, 0.9),
        seed=int(rng.integers(1 << 30)),
    )


def _draw_names(rng: np.random.Generator, source: Source) -> list[str]:
    """0 to 3 troubles this source can have, no two in conflict, in the order in which they strike."""
    names: list[str] = []
    for _ in range(rng.choice(len(_TROUBLES), p=_TROUBLES)):
        barred = set(names).union(*(group for group in CONFLICTS if group & set(names)))
        open_to = {name: mishap for name, mishap in MISHAPS.items() if name not in barred and mishap.fits(source)}
        weights = np.array([mishap.weight for mishap in open_to.values()])
        names.append(list(open_to)[rng.choice(len(weights), p=weights / weights.sum())])
    return [name for name in MISHAPS if name in names]


def _draw_plan(rng: np.random.Generator, source: Source, laps: int, *, first: LapPlan | None) -> list[LapPlan]:
    """About so many laps, two of them flying at least; of kinds and mishaps the source can tell."""
    flying = [_draw_flying(rng, source) for _ in range(max(laps, 3))]
    flying[:2] = [_TIMED, _TIMED]
    if source.pits and len(flying) > 3 and rng.random() < 0.3:
        flying[len(flying) // 2 : len(flying) // 2 + 1] = [_IN, _PIT, _OUT] if rng.random() < 0.2 else [_IN, _OUT]
    starts: tuple[tuple[LapPlan, ...], ...] = ((_OUT,), (_STANDING,), (), (_PIT, _OUT))
    weights = np.array([0.5, 0.2, 0.22 if source.keeps_time else 0.0, 0.08 if source.pits else 0.0])
    start = starts[rng.choice(4, p=weights / weights.sum())] if first is None else (first,)
    ends = ((_IN,), (LapPlan(LapKind.PARTIAL, share=rng.uniform(0.05, 0.95)),), ())
    return [*start, *flying, *ends[rng.choice(3, p=(0.4, 0.3, 0.3))]]


def _draw_flying(rng: np.random.Generator, source: Source) -> LapPlan:
    kind = rng.random()
    if kind < 0.05:
        return _SPUN
    return _WIDE if kind < 0.14 and source.verdict else _TIMED
