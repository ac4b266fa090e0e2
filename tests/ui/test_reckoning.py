"""A map without positions: against circuits whose line is known."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ps_analytics.analysis.align import grid_lap
from ps_analytics.lap import Lap, LapKind, Trace
from ps_analytics.store.store import Store
from ps_analytics.ui.comparison import Grid
from ps_analytics.ui.reckoning import reckoned_line
from ps_analytics.ui.rows import map_note
from ps_analytics.ui.state import ReviewState

Floats = NDArray[np.float64]


def lap_of(channels: dict[str, Floats], *names: str) -> Lap:
    units = {"timestamp": "s", "speed": "km/h", "normalized_position": None, "yaw_rate": "deg/s", "g_lat": "G"}
    kept = {name: channels[name] for name in ("timestamp", "speed", "normalized_position", *names)}
    traces = {name: Trace(name, units.get(name), 60.0, 0.0, values) for name, values in kept.items()}
    time_s = float(channels["timestamp"][-1])
    return Lap("a", "s", 1, time_s, LapKind.TIMED, True, 0, round(time_s * 1e6), 0, traces=traces)


@pytest.fixture
def driven(drive: Any) -> dict[str, Floats]:
    """A lap of a circuit, with the yaw rate and the lateral g its own line makes; right is +."""
    lap = drive()
    heading = np.unwrap(np.arctan2(np.gradient(lap["x"]), np.gradient(lap["y"])))  # clockwise from north
    rate = np.gradient(heading, lap["timestamp"])
    return {**lap, "yaw_rate": np.degrees(rate), "g_lat": rate * lap["speed"] / 3.6 / 9.80665}


def apart_m(found: Floats, true: Floats) -> Floats:
    """How far two lines (n, 2) lie apart once one is turned and moved onto the other (Kabsch, without a scale)."""
    one, other = found - found.mean(0), true - true.mean(0)
    u, _, vt = np.linalg.svd(one.T @ other)
    turn = u @ np.diag([1, np.sign(np.linalg.det(u @ vt))]) @ vt  # no mirror image: left stays left
    return np.asarray(np.hypot(*(one @ turn - other).T))


@pytest.mark.parametrize("name", ["yaw_rate", "g_lat"])
def test_a_line_is_reckoned_to_within_metres_of_where_the_car_was(driven: dict[str, Floats], name: str) -> None:
    lap = lap_of(driven, name)
    grid = grid_lap(lap)
    found = reckoned_line(grid)
    assert found is not None
    x, y, source = found
    assert source == name
    share = grid.distance_m / grid.length_m
    true = np.column_stack([np.interp(share, driven["normalized_position"], driven[axis]) for axis in ("x", "y")])
    assert apart_m(np.column_stack([x, y]), true).max() < 10  # of a lap of 4.2 km


def test_where_nothing_tells_how_a_car_turns_there_is_no_line(driven: dict[str, Floats]) -> None:
    assert reckoned_line(grid_lap(lap_of(driven))) is None


def test_only_a_reference_without_positions_has_its_line_reckoned_and_says_from_what(driven: dict[str, Floats]) -> None:
    without = lap_of(driven, "yaw_rate")
    laid = Grid.of(without).lay(without, ["speed"])
    assert laid.reckoned_from == "yaw_rate"
    assert {"reckoned_x", "reckoned_y"} <= laid.columns.keys()
    assert "x" not in laid.columns  # a channel of that name would be taken for one that was recorded
    placed = lap_of(driven, "yaw_rate", "x", "y")
    recorded = Grid.of(placed).lay(placed, ["speed"])
    assert recorded.reckoned_from == ""
    assert "reckoned_x" not in recorded.columns


def test_the_page_says_that_a_map_is_estimated_or_why_there_is_none(
    driven: dict[str, Floats], paddock: Any, store: Store
) -> None:
    notes = []
    for kept in (("yaw_rate",), ()):
        names = ("timestamp", "speed", "normalized_position", "distance", *kept)
        session = paddock.session("No GPS")
        paddock.lap(session, {name: driven[name] for name in names})
        state = ReviewState(lambda: store)
        state.refresh()
        state.select_session(session)
        notes.append(map_note(state))
    assert notes == [
        "estimated from speed and yaw rate",
        "No track map: lap 0, the reference, has neither positions nor speed and yaw rate.",
    ]
