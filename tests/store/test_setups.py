"""Setup values of a session are its setup's, then its configuration's, and nobody else's."""

from typing import Any

import pytest
from sqlalchemy import insert

from ps_analytics.errors import NotFound
from ps_analytics.store.models import Vehicle, VehicleConfiguration, VehicleSetup
from ps_analytics.store.store import Store
from tests.store.stream import drive


def session_with(store: Store, parameters: Any, parts: Any = None, *, owner: str = "anna") -> str:
    """The id of a session driven with a setup and a configuration of somebody's vehicle."""
    session, _ = drive(store)
    with store.transaction() as transaction:
        execute = transaction._connection.execute
        execute(insert(Vehicle).values(id="v", user_id=owner, name="Kart"))
        execute(insert(VehicleConfiguration).values(id="c", vehicle_id="v", name="Wet", parts=parts or {}))
        execute(insert(VehicleSetup).values(id="s", vehicle_id="v", name="Soft", parameters=parameters))
        transaction.update_session(session, vehicle_id="v", vehicle_configuration_id="c", vehicle_setup_id="s")
    return session.id


def one(key: str, value: object, units: object = None) -> dict[str, object]:
    return {"key": key, "value": value, "units": units}


def test_values_come_with_their_units_under_the_names_formulas_use(store: Store) -> None:
    session_id = session_with(
        store,
        [one("wheelbase", 2.7, "m"), one("Steer Ratio", "14.5", "ratio"), one("mass", 1250, "kg"), one("cx", 0.3)],
    )
    assert store.read_setup(session_id) == {
        "wheelbase": (2.7, "m"), "steer_ratio": (14.5, "ratio"), "mass": (1250.0, "kg"), "cx": (0.3, ""),
    }  # fmt: skip


def test_the_configuration_says_what_the_setup_does_not(store: Store) -> None:
    parts = {"mass": 1000, "tyre radius": {"value": 0.32, "units": "m"}, "engine": "turbo"}
    session_id = session_with(store, [one("mass", 1250, "kg")], parts)
    assert store.read_setup(session_id) == {"mass": (1250.0, "kg"), "tyre_radius": (0.32, "m")}


def test_what_is_no_number_is_no_setup_value(store: Store) -> None:
    given = [
        one("a", "soft"), one("b", None), one("c", True), one("d", "nan"), one("e", 1e999), one("f", [1]), "g", 3,
        {"key": 4, "value": 1}, {"value": 1}, one("h", 1, "furlong"), one("i", 10**400), one("h", 2),
    ]  # fmt: skip
    with_infinity = [entry for entry in given if entry != one("e", 1e999)]  # which no JSON column holds
    assert store.read_setup(session_with(store, with_infinity)) == {"h": (1.0, "")}


def test_a_list_of_points_is_a_curve(store: Store) -> None:
    given = [
        one("damper", [[0, 0], [10, 5.5]], "mm"),
        one("bad", [[0, 0], [1]]),
        one("empty", []),
        one("nan", [[0, "x"]]),
    ]
    assert store.read_setup(session_with(store, given)) == {"damper": (((0.0, 0.0), (10.0, 5.5)), "mm")}


def test_a_session_without_a_vehicle_has_no_setup(store: Store) -> None:
    session, _ = drive(store)
    assert store.read_setup(session.id) == {}


def test_a_setup_of_somebody_else_is_none(store: Store) -> None:
    session_id = session_with(store, [one("mass", 1250, "kg")], {"cx": 0.3}, owner="ben")
    assert store.read_setup(session_id) == {}


def test_a_session_of_somebody_else_is_not_found(store: Store) -> None:
    session_id = session_with(store, [one("mass", 1250, "kg")])
    with pytest.raises(NotFound, match=f"no session '{session_id}'"):
        store.for_user("ben").read_setup(session_id)
