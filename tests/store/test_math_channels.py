"""Math channels are kept by name and user, checked when they are kept, and follow one another."""

from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import insert, text

from ps_analytics.channels.definitions import MathChannel, Policy
from ps_analytics.channels.exchange import write_math
from ps_analytics.channels.library import SHIPPED
from ps_analytics.errors import BadMathFile, FormulaError, NotFound
from ps_analytics.store.models import Vehicle
from ps_analytics.store.store import Store
from tests.store.stream import drive, seal

HALF = MathChannel("Half Speed", "speed / 2", "km/h", about="Half of it", folder="Mine")


def vehicle(store: Store, name: str = "Kart") -> str:
    with store.transaction() as transaction:
        vehicle_id = f"{store.user} {name}"
        transaction._connection.execute(insert(Vehicle).values(id=vehicle_id, user_id=store.user, name=name))
    return vehicle_id


def keep(store: Store, **formulas: str) -> None:
    """Channels of these names and formulas, each after those it uses."""
    for name, formula in formulas.items():
        store.write_math_channel(MathChannel(name, formula))


def formulas(store: Store) -> dict[str, str]:
    return dict(store.find_math_channels().select("name", "formula").iter_rows())


def refused(store: Store, channel: MathChannel, **how: Any) -> FormulaError:
    before = store.find_math_channels().to_dicts()
    with pytest.raises(FormulaError) as caught:
        store.write_math_channel(channel, **how)
    assert store.find_math_channels().to_dicts() == before
    return caught.value


def test_a_channel_is_read_as_it_was_written(store: Store) -> None:
    channel = MathChannel("Mine", "v * 2", "km/h", Policy.WARN, MappingProxyType({"v": "speed"}), "Folder", "About\nit")
    assert store.write_math_channel(channel) == []
    assert store.read_math_channel("Mine") == channel
    assert store.read_math_channel("mine") == channel
    assert store.find_math_channels().to_dicts() == [
        {
            "name": "Mine", "formula": "v * 2", "unit": "km/h", "units_policy": "warn", "folder": "Folder",
            "about": "About\nit", "vehicle_id": None, "problem": None,
        }
    ]  # fmt: skip


def test_a_store_without_math_channels_has_the_shipped_ones(store: Store) -> None:
    assert store.find_math_channels().is_empty()
    assert store.math_library() == dict(SHIPPED)
    assert store.find_math_uses("Coasting") == ["Coasting Time"]


def test_a_channel_can_be_changed_under_its_name(store: Store) -> None:
    store.write_math_channel(HALF)
    other = MathChannel("Half Speed", "speed * 0.5", None)
    assert store.write_math_channel(other, was="Half Speed") == []
    assert store.read_math_channel("Half Speed") == other
    assert len(store.find_math_channels()) == 1


def test_what_is_deleted_is_given_back_and_writing_it_undoes(store: Store) -> None:
    store.write_math_channel(HALF)
    gone = store.delete_math_channel("Half Speed")
    assert gone == HALF
    assert store.find_math_channels().is_empty()
    store.write_math_channel(gone)
    assert store.read_math_channel("Half Speed") == HALF


@pytest.mark.parametrize("name", ["speed", "Speed", "tyre-temp  FL", "lap_id"])
def test_a_name_of_a_raw_channel_is_taken(store: Store, name: str) -> None:
    error = refused(store, MathChannel(name, "rpm / 2"))
    assert error.code == "E-NAME-TAKEN"
    assert "is taken by the recorded channel '" in error.message


def test_a_name_of_a_channel_that_only_this_source_has_is_taken(store: Store) -> None:
    _, laps = drive(store)
    seal(store, laps)
    assert refused(store, MathChannel("Ballast", "1")).message == (
        "the name 'Ballast' is taken by the recorded channel 'ballast'"
    )


def test_an_alias_is_no_raw_channel_and_its_name_is_free(store: Store) -> None:
    assert store.write_math_channel(MathChannel("Ground Speed", "speed * 2", "km/h")) == []
    assert store.write_math_channel(MathChannel("Uses It", "'Ground Speed' / 2", "km/h")) == []
    assert store.find_math_uses("Ground Speed") == ["Uses It"]


def test_a_name_of_another_math_channel_is_taken(store: Store) -> None:
    store.write_math_channel(HALF)
    error = refused(store, MathChannel("half_speed", "speed / 2"))
    assert (error.code, error.message) == (
        "E-NAME-TAKEN",
        "the name 'half_speed' is taken by your channel 'Half Speed'",
    )
    store.write_math_channel(MathChannel("Other", "1"))
    assert refused(store, MathChannel("HALF-SPEED", "1"), was="Other").code == "E-NAME-TAKEN"
    store.write_math_channel(MathChannel("HALF SPEED", "speed / 2"), was="Half Speed")
    assert store.read_math_channel("half speed").name == "HALF SPEED"


@pytest.mark.parametrize("name", ["", " a", "a\nb", "<b>a</b>", "a\u200b", "n" * 101, "'\""])
def test_a_name_nobody_could_show_or_write_is_refused(store: Store, name: str) -> None:
    assert refused(store, MathChannel(name, "speed")).code == "E-NAME"


@pytest.mark.parametrize(
    "channel",
    [
        MathChannel("A", "speed", about="a\x00b"),
        MathChannel("A", "speed", folder="f" * 101),
        MathChannel("A", "v", inputs={"v": "sp\x00eed"}),
    ],
)
def test_texts_a_database_does_not_take_are_refused(store: Store, channel: MathChannel) -> None:
    assert refused(store, channel).code == "E-CHAR"


@pytest.mark.parametrize(
    ("channel", "code", "position"),
    [
        (MathChannel("A", "sped / 2"), "E-UNKNOWN-CHANNEL", 0),
        (MathChannel("A", "speed +"), "E-SYNTAX", 7),
        (MathChannel("A", "speed + throttle"), "E-UNIT-MISMATCH", 0),
        (MathChannel("A", "speed", "bar"), "E-UNIT-RESULT", 0),
        (MathChannel("A", "(" * 2_000_000), "E-LIMIT", 2000),
        (MathChannel("A", "speed\x00"), "E-CHAR", 5),
        (MathChannel("A", "speed.__class__"), "E-ATTRIBUTE", 0),
        (MathChannel("A", "9**9**9"), "E-CONST", 0),
    ],
)
def test_a_formula_with_a_fault_is_refused_at_its_place(
    store: Store, channel: MathChannel, code: str, position: int
) -> None:
    error = refused(store, channel)
    assert (error.code, error.position, error.channel) == (code, position, "A")


def test_a_clash_of_units_is_no_reason_where_the_policy_is_to_warn(store: Store) -> None:
    channel = MathChannel("A", "speed + throttle", policy=Policy.WARN)
    assert [(one.code, one.severity) for one in store.write_math_channel(channel)] == [("E-UNIT-MISMATCH", "warning")]
    assert store.find_math_channels()["problem"].to_list() == [None]


def test_setup_values_no_vehicle_has_yet_are_no_reason(store: Store) -> None:
    assert store.write_math_channel(MathChannel("A", "speed * setup.wheelbase")) == []
    said = store.write_math_channel(MathChannel("B", "speed * setup.flap + setup.wing"))
    assert [(one.code, one.severity) for one in said] == [("E-SETUP", "warning"), ("E-SETUP", "warning")]
    assert store.find_math_channels()["problem"].to_list() == [None, None]


def test_a_setup_curve_no_vehicle_has_yet_is_no_reason(store: Store) -> None:
    said = store.write_math_channel(MathChannel("A", "table(setup.damper, damper_rate_fl) + table('spring', speed)"))
    assert [(one.code, one.severity) for one in said] == [("E-SETUP", "warning"), ("E-SETUP", "warning")]


def test_a_reference_lap_is_no_reason(store: Store) -> None:
    assert store.write_math_channel(MathChannel("A", "speed - ref(speed)", "km/h")) == []


def test_a_channel_no_lap_has_is_told_and_kept(store: Store) -> None:
    channel = MathChannel("A", "brake_press_f * 2 + brake_press_f", "bar")
    assert store.write_math_channel(channel) == []  # no lap at all: nothing to tell
    _, laps = drive(store)
    seal(store, laps)
    said = store.write_math_channel(channel, was="A")
    assert [(one.code, one.severity, one.message, one.position, one.end) for one in said] == [
        ("E-NOT-RECORDED", "warning", "no lap of yours has 'brake_press_f'", 0, 13)
    ]
    assert store.write_math_channel(MathChannel("B", "speed + 'Oil Temp'[]")) == []
    assert store.write_math_channel(MathChannel("C", "ballast * 2")) == []


def test_a_circle_is_refused_with_its_path(store: Store) -> None:
    keep(store, A="speed", B="A * 2", C="B * 2")
    error = refused(store, MathChannel("A", "C / 4"), was="A")
    assert error.code == "E-CYCLE"
    assert error.message == "channels refer to each other in a circle: A -> C -> B -> A"
    assert refused(store, MathChannel("D", "D + 1")).code == "E-CYCLE"


def test_a_circle_over_a_channel_of_one_vehicle_is_refused(store: Store) -> None:
    kart = vehicle(store)
    keep(store, A="speed", B="speed")
    store.write_math_channel(MathChannel("B", "A * 2"), vehicle_id=kart)
    assert refused(store, MathChannel("A", "B / 2"), was="A").code == "E-CYCLE"


def test_what_a_change_does_to_others_is_told(store: Store) -> None:
    keep(store, A="speed", B="A + 10[km/h]", C="abs(B)", D="A * 2")
    said = store.write_math_channel(MathChannel("A", "fuel"), was="A")
    told = [(one.channel, one.code, one.severity) for one in said]
    assert ("B", "E-UNIT-MISMATCH", "warning") in told
    assert "D" not in {channel for channel, _, _ in told}
    problems = dict(store.find_math_channels().select("name", "problem").iter_rows())
    assert (problems["A"], problems["D"]) == (None, None)
    assert problems["C"] == f"it uses 'B', of which is to be said: {problems['B']}"
    assert store.write_math_channel(MathChannel("A", "speed"), was="A") == []
    assert store.find_math_channels()["problem"].null_count() == 4


def test_what_was_wrong_before_is_not_told_again(store: Store) -> None:
    keep(store, A="speed", B="A + 10[km/h]")
    store.write_math_channel(MathChannel("A", "fuel"), was="A")
    assert store.write_math_channel(MathChannel("A", "fuel * 2"), was="A") == []


def test_a_channel_that_stands_on_a_broken_one_can_be_kept(store: Store) -> None:
    keep(store, A="speed", B="A + 10[km/h]")
    store.write_math_channel(MathChannel("A", "fuel"), was="A")
    said = store.write_math_channel(MathChannel("C", "B * 2"))
    assert [one.severity for one in said] == ["warning"]


def test_users_are_found_nearest_first(store: Store) -> None:
    keep(store, A="speed", B="a * 2", C="'B' + 1", D="A + C", E="fuel")
    assert store.find_math_uses("A") == ["B", "D", "C"]
    assert store.find_math_uses("E") == []
    assert store.find_math_uses("nothing") == []


def test_users_are_found_through_shipped_channels_and_names_of_their_own(store: Store) -> None:
    store.write_math_channel(MathChannel("Coasting", "throttle < 2 and brake < 2"))
    store.write_math_channel(MathChannel("Share", "c / lap_time", inputs={"c": "Coasting Time"}))
    assert store.find_math_uses("Coasting") == ["Coasting Time", "Share"]


def test_a_new_name_goes_into_the_formulas_that_use_it(store: Store) -> None:
    keep(store, A="speed", B="A * 2 + a // A", C="'A'[m/s] + B", D="speed")
    store.write_math_channel(MathChannel("E", "A + 1", inputs={"A": "rpm"}))
    store.write_math_channel(MathChannel("F", "x", inputs={"x": "A"}))
    assert store.write_math_channel(MathChannel("Driver's A", "speed"), was="A") == []
    assert formulas(store) == {
        "B": '"Driver\'s A" * 2 + "Driver\'s A" // A',
        "C": '"Driver\'s A"[m/s] + B',
        "D": "speed",
        "Driver's A": "speed",
        "E": "A + 1",
        "F": "x",
    }
    assert store.read_math_channel("F").inputs == {"x": "Driver's A"}
    assert store.read_math_channel("E").inputs == {"A": "rpm"}
    assert store.find_math_channels()["problem"].null_count() == 6


def test_a_rename_that_is_refused_changes_no_formula(store: Store) -> None:
    keep(store, A="speed", B="A * 2")
    refused(store, MathChannel("speed", "rpm"), was="A")
    refused(store, MathChannel("C", "B"), was="A")


def test_a_name_that_is_not_there_cannot_be_changed(store: Store) -> None:
    with pytest.raises(NotFound) as caught:
        store.write_math_channel(HALF, was="Third Speed")
    assert str(caught.value) == "no math channel 'Third Speed'. Run `psa math list` to list yours."


def test_a_channel_of_a_vehicle_hides_the_one_for_all(store: Store) -> None:
    kart = vehicle(store)
    store.write_math_channel(MathChannel("Half", "speed / 2"))
    store.write_math_channel(MathChannel("Half", "rpm / 2"), vehicle_id=kart)
    store.write_math_channel(MathChannel("Combined G", "g_lat"))
    assert store.math_library()["Half"].formula == "speed / 2"
    assert store.math_library(vehicle_id=kart)["Half"].formula == "rpm / 2"
    assert store.math_library()["Combined G"].formula == "g_lat"
    session, _ = drive(store)
    assert store.math_library(session_id=session.id)["Half"].formula == "speed / 2"
    with store.transaction() as transaction:
        transaction.update_session(session, vehicle_id=kart)
    assert store.math_library(session_id=session.id)["Half"].formula == "rpm / 2"
    assert list(store.find_math_channels()["vehicle_id"]) == [None, None, kart]
    assert store.read_math_channel("Half", vehicle_id=kart).formula == "rpm / 2"
    assert store.delete_math_channel("Half", vehicle_id=kart).formula == "rpm / 2"
    assert store.read_math_channel("Half").formula == "speed / 2"


def test_a_new_name_stays_away_from_what_a_vehicle_means_by_the_old_one(store: Store) -> None:
    kart, van = vehicle(store), vehicle(store, "Van")
    keep(store, A="speed")
    store.write_math_channel(MathChannel("A", "rpm"), vehicle_id=kart)
    store.write_math_channel(MathChannel("B", "A * 2"), vehicle_id=kart)
    store.write_math_channel(MathChannel("B", "A * 2"), vehicle_id=van)
    store.write_math_channel(MathChannel("C", "speed"), was="A")
    assert store.read_math_channel("B", vehicle_id=kart).formula == "A * 2"
    assert store.read_math_channel("B", vehicle_id=van).formula == "C * 2"


def test_channels_of_a_vehicle_go_with_it(store: Store) -> None:
    kart = vehicle(store)
    store.write_math_channel(HALF, vehicle_id=kart)
    with store.transaction() as transaction:
        transaction._connection.execute(text("DELETE FROM vehicle"))
    assert store.find_math_channels().is_empty()


def test_there_are_so_many_at_most(store: Store) -> None:
    document = write_math([MathChannel(f"c{n}", "speed / 2") for n in range(299)])
    assert len(store.import_math(document.encode()).channels) == 299
    store.write_math_channel(MathChannel("last", "speed"))
    assert refused(store, MathChannel("one more", "speed")).code == "E-LIMIT"
    with pytest.raises(FormulaError, match="these would be 301 math channels, and a user may have 300"):
        store.import_math(write_math([MathChannel("one more", "speed")]).encode())
    store.write_math_channel(MathChannel("last", "speed * 2"), was="last")


def test_an_export_is_imported_by_somebody_else_as_it_was(store: Store) -> None:
    keep(store, A="speed", B="A * 2")
    store.write_math_channel(HALF)
    ben = store.for_user("ben")
    taken = ben.import_math(store.export_math().encode())
    assert [channel.name for channel in taken.channels] == ["A", "B", "Half Speed"]
    assert taken.notes == ()
    assert ben.export_math() == store.export_math()
    again = ben.import_math(store.export_math(["A"]).encode())
    assert (again.channels, again.notes) == ((), ("'A' is there already.",))


def test_a_channel_that_stands_in_for_a_shipped_one_is_imported_as_such(store: Store) -> None:
    keep(store, Coasting="throttle < 2")
    ben = store.for_user("ben")
    assert ben.import_math(store.export_math().encode()).notes == ()
    assert ben.math_library()["Coasting"].formula == "throttle < 2"


def test_an_import_takes_free_names_and_means_its_own_channels(store: Store) -> None:
    keep(store, A="rpm")
    taken = store.import_math(write_math([MathChannel("A", "speed"), MathChannel("B", "A * 2")]).encode())
    assert taken.notes == ("'A' is called 'A 2': another channel has that name.",)
    assert formulas(store) == {"A": "rpm", "A 2": "speed", "B": "A * 2"}
    assert store.read_math_channel("B").inputs == {"A": "A 2"}


def test_an_import_keeps_what_may_come_to_work_and_leaves_out_what_cannot(store: Store) -> None:
    file = write_math(
        [
            MathChannel("Broken", "speed +"),
            MathChannel("Early", "'HFshockDefl'[m]", policy=Policy.WARN),
            MathChannel("Ring A", "'Ring B'"),
            MathChannel("Ring B", "'Ring A'"),
            MathChannel("Mixed", "speed + throttle"),
            MathChannel("Fine", "speed"),
        ]
    )
    taken = store.import_math(file.encode())
    assert [channel.name for channel in taken.channels] == ["Early", "Ring A", "Mixed", "Fine"]
    assert store.read_math_channel("Mixed").policy is Policy.WARN
    assert [note for note in taken.notes if "Early" in note] == ["'Early': there is no channel 'HFshockDefl'."]
    assert [note.partition(":")[0] for note in taken.notes if "left out" in note] == [
        "'Broken' is left out", "'Ring B' is left out"
    ]  # fmt: skip
    assert dict(store.find_math_channels().select("name", "problem").iter_rows()) == {
        "Early": "there is no channel 'HFshockDefl'", "Fine": None, "Mixed": None,
        "Ring A": "there is no channel 'Ring B'",
    }  # fmt: skip


MAZDA = b"""<?xml version="1.0"?>
<Maths Id="Cup" Condition="'Vehicle Id' == &quot;mx5_cup&quot;">
 <MathConstants><MathConstant Name="Wheelbase" Value="2.31" Unit="m"/></MathConstants>
 <MathItems><MathExpression Id="Twice" Script="'Wheelbase' [m] * 2" Unit="m"/></MathItems>
</Maths>"""


def test_a_file_for_a_vehicle_is_kept_for_the_vehicle_of_that_name(store: Store) -> None:
    assert store.import_math(MAZDA).notes == (
        "the file is for the vehicle 'mx5_cup', which you do not have: its channels are for every vehicle.",
    )
    cup = vehicle(store, "MX5 Cup")
    assert store.import_math(MAZDA).notes == ()
    assert store.math_library(vehicle_id=cup)["Twice"].policy is Policy.WARN
    assert sorted(store.find_math_channels()["vehicle_id"].to_list(), key=str) == [None, None, cup, cup]
    assert store.find_math_channels()["problem"].null_count() == 4


def test_a_file_that_is_none_keeps_nothing(store: Store) -> None:
    with pytest.raises(BadMathFile, match=r"'a\.json' cannot be read"):
        store.import_math(b"nothing", name="a.json")
    assert store.find_math_channels().is_empty()


def test_formulas_of_somebody_else_have_no_name_here(store: Store) -> None:
    keep(store, A="speed")
    kart = vehicle(store)
    store.write_math_channel(MathChannel("B", "rpm"), vehicle_id=kart)
    ben = store.for_user("ben")
    assert refused(ben, MathChannel("C", "A * 2")).code == "E-UNKNOWN-CHANNEL"
    assert ben.find_math_channels().is_empty()
    assert ben.export_math() == write_math([])
    assert ben.find_math_uses("A") == []
    assert "A" not in ben.math_library()
    for reach in (
        lambda: ben.read_math_channel("A"),
        lambda: ben.delete_math_channel("A"),
        lambda: ben.write_math_channel(HALF, was="A"),
        lambda: ben.export_math(["A"]),
    ):
        with pytest.raises(NotFound, match="no math channel 'A'"):
            reach()
    for reach in (
        lambda: ben.write_math_channel(HALF, vehicle_id=kart),
        lambda: ben.math_library(vehicle_id=kart),
        lambda: ben.import_math(store.export_math().encode(), vehicle_id=kart),
    ):
        with pytest.raises(NotFound, match="no vehicle 'anna Kart'"):
            reach()
    with pytest.raises(NotFound, match="no math channel 'B'"):
        ben.read_math_channel("B", vehicle_id=kart)
    ben.write_math_channel(MathChannel("A", "fuel"))
    assert store.read_math_channel("A").formula == "speed"


def test_a_damaged_row_costs_no_other(store: Store) -> None:
    keep(store, A="speed", B="speed")
    with store.transaction() as transaction:
        damage = "UPDATE math_telemetry_channel SET inputs = '[{\"alias\": 1}]', units_policy = 'odd', formula = '('"
        transaction._connection.execute(text(f"{damage} WHERE name = 'A'"))
    problems = dict(store.find_math_channels().select("name", "problem").iter_rows())
    assert problems["A"] is not None
    assert problems["B"] is None
    assert store.read_math_channel("A") == MathChannel("A", "(", policy=Policy.WARN)
