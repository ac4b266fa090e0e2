"""Frames against mechanics: each channel must follow from the others, by formulas the simulator has not seen."""

import numpy as np
import polars as pl
import pytest
from scipy.ndimage import uniform_filter1d

from ps_analytics.channels.catalog import CATALOG
from ps_analytics.simulate.session import SimulatedSession

G = 9.80665
RATE = 60.0
KNOWN = """
timestamp lap_time last_lap_time source_lap_number normalized_position distance x y z latitude longitude altitude
heading throttle brake clutch steering steering_angle gear brake_bias speed g_lat g_long g_vert yaw_rate pitch roll
yaw_angle rpm fuel engine_torque oil_temp water_temp oil_pressure fuel_pressure brake_press_f brake_press_r
ride_height_f ride_height_r pit_limiter in_pit lap_valid tyres_off_track air_temp track_temp air_density
wheel_speed_* wheel_slip_* wheel_load_* tyre_temp_* tyre_temp_*_i tyre_temp_*_c tyre_temp_*_o tyre_press_*
tyre_wear_* brake_temp_* damper_pos_* damper_rate_*
"""


def values(session: SimulatedSession, name: str) -> np.ndarray:
    return session.frames[name].cast(pl.Float64).to_numpy()


def course_and_bend(session: SimulatedSession) -> tuple[np.ndarray, np.ndarray]:
    """Course in rad from north and curvature in 1/m, right +, from the places alone, over half a second."""
    east, north = (np.gradient(values(session, name), 1 / RATE) for name in ("x", "y"))
    course = np.unwrap(np.arctan2(east, north))
    speed = np.maximum(np.hypot(east, north), 1.0)
    return course, uniform_filter1d(np.gradient(course, 1 / RATE), 15) / speed


def driving(session: SimulatedSession) -> np.ndarray:
    """Frames at speed that are not part of a spin."""
    return (values(session, "speed") > 30) & (np.abs(values(session, "yaw_angle")) < 5)


def test_a_car_shows_every_channel_it_can_know(session: SimulatedSession, race: SimulatedSession) -> None:
    expected = {name.replace("*", wheel) for name in KNOWN.split() for wheel in ("fl", "fr", "rl", "rr")}
    assert set(session.frames.columns) == expected | {"abs_active", "tc_active"}
    assert set(race.frames.columns) == expected | {"boost"}


def test_every_value_lies_in_the_catalogues_range_and_only_a_lap_not_yet_timed_is_missing(
    any_session: SimulatedSession,
) -> None:
    for column in any_session.frames.get_columns():
        spec = CATALOG[column.name]
        assert (column.dtype == pl.Boolean) == (spec.unit == "bool"), column.name
        assert column.cast(pl.Float64).is_nan().sum() == 0, column.name
        assert column.cast(pl.Float64).is_between(spec.low, spec.high).all(), column.name
        assert column.null_count() == 0 or column.name == "last_lap_time"
    assert any_session.frames["last_lap_time"][0] is None


def test_the_clock_ticks_evenly_from_zero(any_session: SimulatedSession) -> None:
    time = values(any_session, "timestamp")
    assert time == pytest.approx(np.arange(len(time)) / 60.0, abs=1e-9)


def test_place_distance_and_position_move_with_the_speed(any_session: SimulatedSession) -> None:
    speed = values(any_session, "speed") / 3.6
    moved = np.hypot(np.diff(values(any_session, "x")), np.diff(values(any_session, "y"))) * RATE
    fast = speed[1:] > 15
    assert moved[fast] == pytest.approx(((speed[1:] + speed[:-1]) / 2)[fast], rel=0.01)
    position, distance = values(any_session, "normalized_position"), values(any_session, "distance")
    assert distance == pytest.approx(position * any_session.circuit.length_m)
    rate = ((np.diff(position) + 0.5) % 1 - 0.5) * any_session.circuit.length_m * RATE
    on_road = fast & ~any_session.frames["in_pit"].to_numpy()[1:]
    assert np.median(np.abs(rate - moved)[on_road] / moved[on_road]) < 0.005


def test_accelerations_are_those_of_the_path_and_the_speed(any_session: SimulatedSession) -> None:
    at = driving(any_session)
    speed = values(any_session, "speed") / 3.6
    along = np.gradient(speed, 1 / RATE) / G
    assert np.sqrt(np.mean((values(any_session, "g_long") - along)[at] ** 2)) < 0.03
    _, bend = course_and_bend(any_session)
    across = speed**2 * bend / G
    assert np.sqrt(np.mean((values(any_session, "g_lat") - across)[at] ** 2)) < 0.06
    assert np.abs(across).max() > 1.2


def test_the_car_stays_in_its_envelope(any_session: SimulatedSession) -> None:
    car, speed = any_session.car, values(any_session, "speed") / 3.6
    most = car.grip * (1 + 0.5 * 1.19 * car.lift_area_m2 * speed**2 / (car.mass_kg * G))
    used = np.hypot(values(any_session, "g_lat"), values(any_session, "g_long")) / most
    assert np.quantile(used, 0.999) < 1.1
    assert used.max() < 1.25
    assert np.quantile(used, 0.8) > 0.6


def test_right_is_positive_in_every_channel_that_has_a_side(any_session: SimulatedSession) -> None:
    _, bend = course_and_bend(any_session)
    at = driving(any_session) & (values(any_session, "speed") > 60) & (np.abs(bend) > 1 / 250)
    left_minus_right = {
        name: values(any_session, f"{name}_fl") - values(any_session, f"{name}_fr")
        for name in ("wheel_load", "wheel_speed", "damper_pos")
    }
    for name, channel in {
        **{name: values(any_session, name) for name in ("steering", "steering_angle", "g_lat", "yaw_rate")},
        **left_minus_right,
        "left side down": -values(any_session, "roll"),
    }.items():
        assert np.mean(np.sign(channel[at]) == np.sign(bend[at])) > 0.97, name
    assert values(any_session, "steering") == pytest.approx(
        100 * values(any_session, "steering_angle") / any_session.car.steering_lock_deg, abs=1e-3
    )


def test_the_nose_points_where_the_car_goes_but_for_its_slip(any_session: SimulatedSession) -> None:
    at = driving(any_session)
    course, _ = course_and_bend(any_session)
    apart = (np.degrees(course) - values(any_session, "heading") + 180) % 360 - 180
    assert np.abs(apart[at]).max() < 7
    assert np.abs(apart - values(any_session, "yaw_angle"))[at].max() < 2


def test_up_is_positive_and_the_earth_round(any_session: SimulatedSession) -> None:
    names = ("latitude", "longitude", "altitude", "x", "y", "z")
    latitude, longitude, altitude, x, y, z = (values(any_session, name) for name in names)
    assert altitude - z == pytest.approx(np.full(len(z), altitude[0] - z[0]), abs=1e-3)
    phi, lam = np.radians(latitude), np.radians(longitude)
    half = np.sin((phi - phi[0]) / 2) ** 2 + np.cos(phi) * np.cos(phi[0]) * np.sin((lam - lam[0]) / 2) ** 2
    haversine = 2 * 6_371_009 * np.arcsin(np.sqrt(half))
    assert haversine == pytest.approx(np.hypot(x - x[0], y - y[0]), rel=2e-3, abs=0.1)
    flat = driving(any_session) & (np.abs(values(any_session, "g_long")) < 0.1)
    climb = np.degrees(np.gradient(z, 1 / RATE) / np.maximum(values(any_session, "speed") / 3.6, 1))
    assert np.corrcoef(values(any_session, "pitch")[flat], climb[flat])[0, 1] > 0.95


def test_the_wheels_carry_weight_and_wings(any_session: SimulatedSession) -> None:
    car = any_session.car
    load = sum(values(any_session, f"wheel_load_{wheel}") for wheel in ("fl", "fr", "rl", "rr"))
    wings = 0.5 * 1.19 * car.lift_area_m2 * (values(any_session, "speed") / 3.6) ** 2
    expected = car.mass_kg * G * (1 + values(any_session, "g_vert")) + wings
    assert np.quantile(np.abs(load - expected) / expected, 0.98) < 0.02


def test_the_engine_turns_as_gear_and_wheels_say(any_session: SimulatedSession) -> None:
    car, gear = any_session.car, any_session.frames["gear"].to_numpy()
    ratio = np.array([0.0, *car.gears])[gear] * car.final_drive
    turns = values(any_session, "speed") / 3.6 / (2 * np.pi * car.tyre_radius_m) * 60 * ratio
    steady = uniform_filter1d((np.abs(np.diff(gear, prepend=gear[0])) > 0).astype(float), 13) == 0
    at = steady & (gear > 1) & (values(any_session, "speed") > 50)
    assert values(any_session, "rpm")[at] == pytest.approx(turns[at], rel=0.02)
    assert values(any_session, "rpm").max() < 1.03 * car.redline_rpm
    assert values(any_session, "rpm").min() > 0.9 * car.idle_rpm


def test_gears_go_one_by_one_and_never_hunt(any_session: SimulatedSession) -> None:
    gear = any_session.frames["gear"].to_numpy()
    steps = np.diff(gear)
    assert set(np.unique(steps)) <= {-1, 0, 1}
    shifts = np.flatnonzero(steps)
    turned = steps[shifts][1:] != steps[shifts][:-1]
    assert np.diff(shifts)[turned].min() / RATE > 0.4


def test_pedals_are_pressed_and_released_by_a_foot(any_session: SimulatedSession) -> None:
    throttle, brake = values(any_session, "throttle"), values(any_session, "brake")
    assert max(np.abs(np.diff(throttle)).max(), np.abs(np.diff(brake)).max()) < 25
    fast = values(any_session, "speed") > 80
    between = fast & (throttle > 3) & (throttle < 97)
    assert between.sum() > 0.05 * fast.sum()
    assert (throttle > 99.5)[fast].mean() > 0.3
    assert np.minimum(throttle, brake)[fast].max() < 40
    trailing = fast & (brake > 5) & (np.abs(values(any_session, "g_lat")) > 0.7)
    assert trailing.sum() > 0.1 * (fast & (brake > 5)).sum()
    assert np.corrcoef(brake[fast], values(any_session, "g_long")[fast])[0, 1] < -0.8


def test_fuel_only_falls_unless_the_car_stands_at_its_box(any_session: SimulatedSession) -> None:
    fuel = values(any_session, "fuel")
    filled = np.flatnonzero(np.diff(fuel) > 1e-4)
    assert np.all(values(any_session, "speed")[filled] == 0)
    assert np.all(any_session.frames["in_pit"].to_numpy()[filled])
    assert fuel.min() > 1
    assert fuel.max() <= any_session.car.tank_l


def test_tyres_and_brakes_get_warm_and_answer_to_what_is_done_to_them(any_session: SimulatedSession) -> None:
    frames = any_session.frames
    lap = frames.filter(pl.col("source_lap_number") == 2)
    for wheel in ("fl", "fr", "rl", "rr"):
        assert lap[f"tyre_temp_{wheel}"].mean() > frames[f"tyre_temp_{wheel}"][0] + 15
        core, middle = (lap[f"tyre_temp_{wheel}{part}"].to_numpy() for part in ("", "_c"))
        assert np.ptp(middle) > 2 * np.ptp(core)
        kelvin = frames[f"tyre_temp_{wheel}"].to_numpy().astype(float) + 273.15
        absolute = frames[f"tyre_press_{wheel}"].to_numpy().astype(float) + 1.005
        assert absolute / kelvin == pytest.approx(np.full(len(kelvin), absolute[0] / kelvin[0]), rel=1e-4)
        assert np.ptp(lap[f"brake_temp_{wheel}"].to_numpy()) > 50
    warming = np.gradient(values(any_session, "brake_temp_fl"))
    assert np.all(warming[values(any_session, "brake") > 50][5:] > -1)
    assert frames["oil_temp"][-1] > frames["oil_temp"][0] + 5


def test_the_turbocharger_answers_to_the_throttle(race: SimulatedSession) -> None:
    full = values(race, "throttle") > 99
    boost = values(race, "boost")
    assert boost[full].mean() > 0.6
    assert boost[values(race, "brake") > 30].mean() < 0.2
    assert boost.max() <= 0.95


def test_the_pit_limiter_holds_in_the_lane(session: SimulatedSession) -> None:
    lane = session.frames["in_pit"].to_numpy()
    assert np.array_equal(lane, session.frames["pit_limiter"].to_numpy())
    deep = np.flatnonzero(lane & np.roll(lane, 30) & np.roll(lane, -30))
    assert values(session, "speed")[deep].max() < 62


def test_a_spin_turns_the_car_out_of_its_course_and_stands_it_off_the_road(session: SimulatedSession) -> None:
    spun = session.frames.filter((pl.col("speed") == 0) & ~pl.col("in_pit"))
    assert spun.height == pytest.approx(3.5 * RATE, abs=2)
    assert spun["yaw_angle"].abs().min() > 60
    assert (spun["tyres_off_track"] == 4).all()
    assert not spun["lap_valid"].any()
