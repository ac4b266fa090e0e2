"""The solver against closed forms and against an integrator and a root finder that know nothing of it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from ps_analytics.simulate.car import AIR_DENSITY, FORMULA, GRAVITY, GT, Car
from ps_analytics.simulate.solver import Path, arrival_times, as_driven, solve

BARE = replace(GT, lift_area_m2=0.0, drag_area_m2=0.0)
"""A car without wings and air: grip is `grip · g` at any speed."""


def path(length_m: float, *, radius_m: float = np.inf, slope: float = 0.0, step_m: float = 0.5) -> Path:
    ones = np.ones(round(length_m / step_m) + 1)
    return Path(step_m * ones[1:], ones / radius_m, slope * ones, 500 * ones, ones, ones, ones, ones)


@pytest.mark.parametrize("radius_m", [15.0, 40.0, 90.0])
def test_without_air_a_bend_of_one_radius_is_driven_at_the_root_of_grip_times_radius(radius_m: float) -> None:
    speed = solve(BARE, path(300, radius_m=radius_m), entry_ms=99.0)
    assert speed[0] == pytest.approx(np.sqrt(1.40 * 9.80665 * radius_m), rel=1e-9)
    assert speed[-1] == pytest.approx(speed[0], rel=2e-3)


@pytest.mark.parametrize("car", [GT, FORMULA])
def test_with_air_a_long_bend_settles_where_the_tyres_hold_both_the_car_and_its_drag(car: Car) -> None:
    radius_m = 60.0

    def left_over(speed: float) -> float:
        hold = car.grip * (GRAVITY + 0.5 * AIR_DENSITY * car.lift_area_m2 / car.mass_kg * speed**2)
        drag = 0.5 * AIR_DENSITY * car.drag_area_m2 / car.mass_kg * speed**2
        across = min(speed**2 / radius_m / hold, 1.0)
        return float((1 - across**1.8) ** (1 / 1.8) * hold * car.traction - drag)

    expected = brentq(left_over, 10.0, 60.0)
    assert solve(car, path(2000, radius_m=radius_m), entry_ms=20.0)[-1] == pytest.approx(expected, rel=2e-3)


def test_on_the_straight_one_gear_pulls_as_the_equation_of_motion_says() -> None:
    car = replace(GT, gears=(4.0, 1.28))

    def rates(_: float, state: np.ndarray) -> list[float]:
        speed = state[1]
        revs = speed / car.tyre_radius_m * 1.28 * car.final_drive
        torque = float(car.torque(np.array(max(revs * 30 / np.pi, 1.6 * car.idle_rpm))))
        force = torque * 1.28 * car.final_drive / car.tyre_radius_m * car.efficiency
        against = 0.5 * AIR_DENSITY * car.drag_area_m2 * speed**2 + 0.013 * car.mass_kg * GRAVITY
        return [speed, (force - against) / car.mass_kg]

    speed = solve(car, path(200), entry_ms=20.0)
    time = arrival_times(speed, path(200).length_m)
    expected = solve_ivp(rates, (0.0, float(time[-1])), [0.0, 20.0], rtol=1e-9, t_eval=[time[200], time[-1]])
    assert expected.y[0] == pytest.approx([100.0, 200.0], rel=1e-3)
    assert expected.y[1] == pytest.approx([speed[200], speed[-1]], rel=1e-3)


def test_the_engine_gives_at_best_the_power_of_the_data_sheet() -> None:
    rpm = np.linspace(1000, 8250, 5000)
    assert np.max(GT.torque(rpm) * rpm * np.pi / 30) == pytest.approx(395e3, rel=1e-3)
    rpm = np.linspace(1000, 7100, 5000)
    assert np.max(FORMULA.torque(rpm) * rpm * np.pi / 30) == pytest.approx(200e3, rel=1e-3)


@pytest.mark.parametrize("slope", [0.0, 0.05])
def test_braking_to_a_standstill_takes_the_distance_of_constant_deceleration(slope: float) -> None:
    track = path(400, slope=slope)
    track.cap_ms[-1] = 0.0
    speed = solve(BARE, track, entry_ms=50.0)
    begins = np.flatnonzero(np.diff(speed) < 0)[0] * 0.5
    deceleration = (1.40 + slope) * 9.80665
    assert 400 - begins == pytest.approx(speed.max() ** 2 / (2 * deceleration), abs=0.6)


def test_times_of_constant_acceleration_are_exact() -> None:
    place = np.linspace(0.0, 100.0, 51)
    speed = np.sqrt(2 * 4.0 * place)
    assert arrival_times(speed, np.diff(place)) == pytest.approx(np.sqrt(2 * place / 4.0), rel=1e-12)


def test_feet_round_the_edges_of_a_speed_but_leave_a_stop_a_stop() -> None:
    place = np.arange(401.0)
    edge = np.sqrt(np.abs(place - 200) * 2 * 12.0)
    driven = as_driven(edge, step_m=1.0)
    assert driven[200] == 0.0
    assert driven[[100, 300]] == pytest.approx(edge[[100, 300]], rel=1e-3)
    bend = np.where(place < 200, 60.0, 60.0 - 0.2 * np.maximum(place - 200, 0))
    rounded = as_driven(bend, step_m=1.0)
    assert np.max(np.abs(np.diff(rounded, 2))) < 0.1 * np.max(np.abs(np.diff(bend, 2)))
