import re

import numpy as np
import pytest

from ps_analytics.lap import LapKind
from ps_analytics.simulate.car import GT
from ps_analytics.simulate.circuit import Circuit
from ps_analytics.simulate.driver import Driver, vary
from ps_analytics.simulate.route import LapPlan, Route, check_plan, plan_route

OUT, IN, PIT, TIMED, STANDING, PARTIAL = (
    LapPlan(kind) for kind in (LapKind.OUT, LapKind.IN, LapKind.PIT, LapKind.TIMED, LapKind.STANDING, LapKind.PARTIAL)
)


def route(circuit: Circuit, plan: list[LapPlan]) -> Route:
    variation = vary(Driver("A"), seed=1, laps=range(len(plan) + 1), corners=len(circuit.corners))
    return plan_route(circuit, GT, Driver("A"), plan, variation)


@pytest.mark.parametrize("plan", [[TIMED], [OUT, TIMED, IN], [PIT, PIT, OUT, IN, OUT, PARTIAL], [STANDING, IN]])
def test_laps_that_can_follow_each_other_are_accepted(plan: list[LapPlan]) -> None:
    check_plan(plan)


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ([], "a plan needs at least one lap"),
        ([LapPlan(LapKind.PARTIAL, share=1.0)], "the share of a partial lap lies between 0 and 1"),
        (
            [TIMED, OUT],
            "lap 0 (timed) cannot be followed by 'out': a lap after 'in' or 'pit' is 'out' or 'pit', "
            "any other lap is neither",
        ),
        (
            [OUT, IN, TIMED],
            "lap 1 (in) cannot be followed by 'timed': a lap after 'in' or 'pit' is 'out' or 'pit', "
            "any other lap is neither",
        ),
        ([PARTIAL, TIMED], "a standing lap is the first of its session, a partial lap the last"),
        ([TIMED, STANDING], "a standing lap is the first of its session, a partial lap the last"),
    ],
)
def test_laps_that_cannot_are_refused_with_the_reason(plan: list[LapPlan], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check_plan(plan)


def test_the_pit_lane_runs_beside_the_line_and_is_left_and_entered_on_the_main_straight(circuit: Circuit) -> None:
    plan = route(circuit, [OUT, TIMED, IN])
    distance = circuit.distance_m[plan.at]
    expected = ((plan.lap == 0) & (distance < circuit.pit_exit_m)) | (
        (plan.lap == 2) & (distance > circuit.pit_entry_m)
    )
    assert np.array_equal(plan.in_pit, expected)
    deep = plan.in_pit & ((distance < circuit.pit_exit_m - 60) | (distance > circuit.pit_entry_m + 60))
    assert np.abs(plan.offset_m[deep]).min() > 10
    assert np.abs(plan.offset_m[(plan.lap == 1)]).max() < 2


def test_a_lap_run_wide_leaves_the_road_outside_a_corner_and_is_spoiled_to_its_end(circuit: Circuit) -> None:
    plan = route(circuit, [TIMED, LapPlan(LapKind.TIMED, valid=False), TIMED])
    off = np.flatnonzero(plan.off_track == 4)
    assert set(plan.lap[off]) == {1}
    corner = min(circuit.corners, key=lambda c: abs(c.end_m - circuit.distance_m[plan.at[off]].mean()))
    assert np.all(plan.offset_m[off] * corner.direction < -2)
    spoiled = np.flatnonzero(plan.spoiled)
    assert set(plan.lap[spoiled]) == {1}
    assert plan.at[spoiled[-1]] == len(circuit.distance_m) - 1


def test_the_car_stands_at_its_garage_after_a_spin_and_in_front_of_its_box_and_nowhere_else(circuit: Circuit) -> None:
    plan = route(circuit, [PIT, OUT, LapPlan(LapKind.TIMED, spin=True), IN])
    stops = [(int(plan.lap[stop.point]), bool(stop.spin), stop.box) for stop in plan.stops]
    assert stops == [(0, False, False), (0, False, True), (2, True, False), (3, False, True)]
    assert plan.stops[-1].point == len(plan.at) - 1
