"""Math channels are read and scanned by name, bound to each session, the same for a lap alone and in a season."""

import shutil
from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from sqlalchemy import insert

from ps_analytics.channels import MathChannel
from ps_analytics.errors import CorruptTrace, FormulaError, NotFound, UnknownChannel
from ps_analytics.lap import Trace
from ps_analytics.store import scanning
from ps_analytics.store.models import Vehicle, VehicleSetup
from ps_analytics.store.rows import LapRow
from ps_analytics.store.store import Store, open_store
from tests.store.stream import START_US, at, drive, seal

SPEEDS = [float(n) for n in range(200, 400)]
"""Of the lap from frame 200 on, in km/h."""


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "_TRACES_A_CHUNK", 6)
    monkeypatch.setattr(scanning, "_IDS_A_QUERY", 2)


@pytest.fixture
def laps(store: Store) -> list[LapRow]:
    """Five sealed laps of 200 frames in two sessions; speed in km/h is the frame's number, from 0 in each session."""
    found = [lap for end in (600, 400) for lap in drive(store, frames=end, laps=range(0, end + 1, 200))[1]]
    seal(store, found)
    return found


def keep(store: Store, **formulas: str) -> None:
    for name, formula in formulas.items():
        store.write_math_channel(MathChannel(name, formula))


def equip(store: Store, session_id: str, name: str, **values: float) -> str:
    """The id of a vehicle that drove a session, set to some numbers."""
    with store.transaction() as transaction:
        parameters = [{"key": key, "value": value, "units": "kg"} for key, value in values.items()]
        execute = transaction._connection.execute
        execute(insert(Vehicle).values(id=name, user_id=store.user, name=name))
        execute(insert(VehicleSetup).values(id=f"{name} setup", vehicle_id=name, name="S", parameters=parameters))
        session = transaction.session(session_id)
        transaction.update_session(session, vehicle_id=name, vehicle_setup_id=f"{name} setup")
    return name


def damage(store: Store, channel: str) -> None:
    with store.transaction() as transaction:
        transaction._connection.exec_driver_sql(f"UPDATE lap_trace SET crc32 = 1 WHERE channel = '{channel}'")


def test_a_lap_is_read_with_math_channels_by_name(store: Store, laps: list[LapRow]) -> None:
    keep(store, Half="speed / 2", Fast="speed >= 300", Both="Half + gear")
    lap = store.read_lap(laps[1].id, ["Half", "Fast", "Both", "gear"])
    assert lap.frames.columns == ["timestamp", "Half", "Fast", "Both", "gear", "lap_number"]
    assert lap.frames["Half"].to_list() == [v / 2 for v in SPEEDS]
    assert lap.frames["Fast"].to_list() == [v >= 300 for v in SPEEDS]
    assert lap.frames["Both"].to_list() == [v / 2 + v % 10 for v in SPEEDS]
    assert lap.channel("Half").columns == ["timestamp", "Half"]


def test_shipped_channels_are_read_like_ones_own(store: Store, laps: list[LapRow]) -> None:
    assert set(store.read_lap(laps[1].id, ["Full Throttle"]).frames["Full Throttle"].to_list()) == {True, False}
    store.write_math_channel(MathChannel("Full Throttle", "throttle > 200"))
    assert set(store.read_lap(laps[1].id, ["Full Throttle"]).frames["Full Throttle"].to_list()) == {False}


def test_formulas_can_be_given_with_the_lap(store: Store, laps: list[LapRow]) -> None:
    keep(store, Half="speed / 2")
    given = {"Fourth": "Half / 2", "Metres": ("speed[m/s]", "m/s"), "Half": MathChannel("any", "speed / 20")}
    lap = store.read_lap(laps[1].id, ["gear"], math=given)
    assert lap.channels == ["timestamp", "gear", "Fourth", "Metres", "Half"]
    assert lap.frames["Half"].to_list() == pytest.approx([v / 20 for v in SPEEDS])
    assert lap.frames["Fourth"].to_list() == pytest.approx([v / 40 for v in SPEEDS])
    assert lap.traces["Metres"].unit == "m/s"
    assert "ballast" in store.read_lap(laps[1].id, math={"Twice": "ballast * 2"}).channels
    with pytest.raises(FormulaError):
        store.read_lap(laps[1].id, [], math={"x": "speed + throttle"})


def test_a_channel_is_checked_on_everything_or_on_a_lap(store: Store, laps: list[LapRow]) -> None:
    def codes(formula: str, **how: str) -> list[tuple[str, str]]:
        said = store.check_math_channel(MathChannel("x", formula), **how)
        return [(one.code, one.severity) for one in said]

    here = laps[1].id
    assert codes("speed / 2") == codes("speed / 2", lap_id=here) == []
    assert codes("g_lat * 2") == [("E-NOT-RECORDED", "warning")]
    assert codes("g_lat * 2", lap_id=here) == [("E-NOT-RECORDED", "error")]
    assert codes("setup.mass * 2") == []
    assert codes("setup.mass * 2", lap_id=here) == [("E-SETUP", "error")]
    assert codes("speed - ref(speed)") == []
    assert codes("speed - ref(speed)", lap_id=here) == [("E-NOT-RECORDED", "error")]  # where on the track it is
    assert codes("speed +", lap_id=here) == codes("speed +") == [("E-SYNTAX", "error")]
    with pytest.raises(NotFound, match="no lap 'nobody'"):
        codes("speed", lap_id="nobody")


def test_only_what_the_formulas_need_is_read(store: Store, laps: list[LapRow]) -> None:
    keep(store, Half="speed / 2", Hot="oil_temp + 1[K]")
    damage(store, "oil_temp")
    damage(store, "latitude")
    assert store.read_lap(laps[1].id, ["Half"]).frames["Half"].to_list() == [v / 2 for v in SPEEDS]
    scan = store.scan(["Half", "Hot", "latitude", "gear"])
    assert scan.select("Half", "gear").collect()["Half"].len() == 1000
    for names in (["Hot"], ["Half", "Hot"], ["latitude"]):
        with pytest.raises(CorruptTrace):
            scan.select(names).collect()
    with pytest.raises(CorruptTrace):
        store.read_lap(laps[1].id, ["Hot"])


def test_a_scan_has_math_channels_beside_the_recorded(store: Store, laps: list[LapRow]) -> None:
    keep(store, Half="speed / 2", Fast="speed >= 300")
    found = store.scan(["gear", "Half", "Fast"])
    assert dict(found.collect_schema()) == {
        "lap_id": pl.String, "gear": pl.Float32, "Half": pl.Float64, "Fast": pl.Boolean,
    }  # fmt: skip
    frame = found.collect()
    speeds = [float(n) for n in (*range(600), *range(400))]
    assert frame["Half"].to_list() == [v / 2 for v in speeds]
    assert frame["Fast"].to_list() == [v >= 300 for v in speeds]
    assert frame["gear"].to_list() == [v % 10 for v in speeds]
    assert frame["lap_id"].unique(maintain_order=True).to_list() == [lap.id for lap in laps]


def test_projection_predicate_and_number_of_rows_are_honoured(store: Store, laps: list[LapRow]) -> None:
    keep(store, Half="speed / 2", Fast="speed >= 300")
    scan = store.scan(["speed", "Half", "Fast"])
    whole = scan.collect()
    assert_frame_equal(scan.select("Fast").collect(), whole.select("Fast"))
    assert_frame_equal(scan.filter(pl.col("Fast")).select("Half").collect(), whole.filter("Fast").select("Half"))
    assert_frame_equal(scan.head(333).collect(), whole.head(333))
    assert scan.select(pl.len()).collect().item() == 1000
    means = scan.group_by("lap_id").agg(pl.col("Half").mean()).collect()
    assert sorted(means["Half"].to_list()) == pytest.approx([49.75, 49.75, 149.75, 149.75, 249.75])


def test_a_lap_begins_anew_in_a_scan(store: Store, laps: list[LapRow]) -> None:
    keep(store, Count="integrate(1)", Before="prev(speed)", Most="max(speed)")
    frame = store.scan(["Count", "Before", "Most"]).collect()
    for number, lap in enumerate(laps):
        first = (0, 200, 400, 0, 200)[number]
        mine = frame.filter(lap_id=lap.id)
        assert mine["Count"].to_list() == pytest.approx([n / 100 for n in range(200)])
        assert mine["Before"].to_list() == [None, *[float(v) for v in range(first, first + 199)]]
        assert mine["Most"].to_list() == [float(first + 199)] * 200


def test_what_goes_over_a_session_sees_all_of_it_whatever_is_asked_for(store: Store, laps: list[LapRow]) -> None:
    keep(store, Most="stat_max(speed, over=session)", Sum="integrate(1, over=session)")
    frame = store.scan(["Most", "Sum"], [laps[0].id, laps[4].id]).collect()
    assert frame["lap_id"].unique(maintain_order=True).to_list() == [laps[0].id, laps[4].id]
    assert frame.filter(lap_id=laps[0].id)["Most"].unique().to_list() == [599.0]
    assert frame.filter(lap_id=laps[4].id)["Most"].unique().to_list() == [399.0]
    assert frame.filter(lap_id=laps[4].id)["Sum"][-1] == pytest.approx(3.98)  # two laps of 1.99 s between their frames
    alone = store.read_lap(laps[4].id, ["Most", "Sum", "gear"]).frames
    assert alone["Most"].unique().to_list() == [399.0]
    assert alone["Sum"].equals(frame.filter(lap_id=laps[4].id)["Sum"])


def test_a_stint_lasts_until_the_pits(store: Store) -> None:
    _, laps = drive(store, frames=1000, laps=range(0, 1001, 200))
    with store.transaction() as transaction:
        transaction.close_lap(laps[2].id, kind="in")
        transaction.close_lap(laps[3].id, kind="out")
    seal(store, laps)
    keep(store, Most="stat_max(speed, over=stint)")
    frame = store.scan(["Most"], [laps[0].id, laps[3].id]).collect()
    assert dict(frame.group_by("lap_id").agg(pl.col("Most").max()).iter_rows()) == {
        laps[0].id: 599.0,
        laps[3].id: 999.0,
    }


def test_a_formula_reads_the_setup_of_each_session(store: Store, laps: list[LapRow]) -> None:
    keep(store, Load="setup.mass * 2", Half="speed / 2")
    equip(store, laps[0].session_id, "Kart", mass=150.0)
    frame = store.scan(["Load", "Half"]).collect()
    assert frame.filter(lap_id=laps[1].id)["Load"].to_list() == [300.0] * 200
    assert frame.filter(lap_id=laps[3].id)["Load"].to_list() == [None] * 200
    assert frame["Half"].null_count() == 0
    assert store.read_lap(laps[1].id, ["Load"]).frames["Load"][0] == 300.0
    with pytest.raises(FormulaError) as caught:
        store.read_lap(laps[3].id, ["Load"])
    assert (caught.value.code, caught.value.channel) == ("E-SETUP", "Load")
    assert store.read_lap(laps[3].id, ["Load", "Half"], lenient=True).channels == ["timestamp", "Half"]


def test_a_formula_of_the_session_s_vehicle_counts(store: Store, laps: list[LapRow]) -> None:
    keep(store, Half="speed / 2")
    kart = equip(store, laps[0].session_id, "Kart")
    store.write_math_channel(MathChannel("Half", "speed / 4"), vehicle_id=kart)
    store.write_math_channel(MathChannel("Only Kart", "Half * 2"), vehicle_id=kart)
    frame = store.scan(["Half", "Only Kart"]).collect()
    assert frame.filter(lap_id=laps[1].id)["Half"].to_list() == [v / 4 for v in SPEEDS]
    assert frame.filter(lap_id=laps[4].id)["Half"].to_list() == [v / 2 for v in SPEEDS]
    assert frame.filter(lap_id=laps[1].id)["Only Kart"].to_list() == [v / 2 for v in SPEEDS]
    assert frame.filter(lap_id=laps[4].id)["Only Kart"].null_count() == 200
    assert store.read_lap(laps[1].id, ["Half"]).frames["Half"][0] == 50.0


def test_a_session_that_lacks_a_channel_has_nulls(store: Store, laps: list[LapRow]) -> None:
    keep(store, Odd="ballast * 2", Half="speed / 2", Grip="hypot(g_lat, g_long)")
    with store.transaction() as transaction:
        session = transaction.open_session(source="ld", started_us=START_US)
        lap = transaction.open_lap(session, lap_number=1, started_us=at(0), ended_us=at(50))
        transaction.write_traces(lap.id, [Trace("speed", "km/h", 4.0, 0.0, np.array([0, 10, 20], np.float32))])
    frame = store.scan(["Odd", "Half", "Grip"]).collect()
    assert frame.filter(lap_id=lap.id).rows() == [
        (lap.id, None, 0.0, None),
        (lap.id, None, 5.0, None),
        (lap.id, None, 10.0, None),
    ]
    assert frame.filter(lap_id=laps[1].id)["Odd"].to_list() == [v * 2 if v % 3 else None for v in SPEEDS]
    assert frame["Grip"].null_count() == len(frame)
    with pytest.raises(FormulaError) as caught:
        store.read_lap(lap.id, ["Grip"])
    assert caught.value.code == "E-NOT-RECORDED"


def test_channels_go_by_the_clock_of_speed(store: Store) -> None:
    with store.transaction() as transaction:
        session = transaction.open_session(source="ld", started_us=START_US)
        lap = transaction.open_lap(session, lap_number=1, started_us=at(0), ended_us=at(50))
        transaction.write_traces(
            lap.id,
            [
                Trace("speed", "km/h", 4.0, 0.0, np.array([0, 10, 20, 30], np.float32)),
                Trace("gear", None, 2.0, 0.0, np.array([1, 2], np.float32)),
                Trace("fuel", "l", 2.0, 0.0, np.array([9, 7], np.float32)),
            ],
        )
    keep(store, Used="9[l] - fuel", Rate="derivative(speed)")
    whole = store.read_lap(lap.id)
    there = whole.with_math({"Used": "9[l] - fuel"}).frames["Used"]
    assert there.to_list() == [0.0, 1.0, 2.0, 2.0]
    assert store.read_lap(lap.id, ["Used"]).frames["Used"].equals(there)
    assert store.read_lap(lap.id, ["Used", "gear", "fuel"]).frames["Used"].equals(there)
    assert store.scan(["Used", "gear"]).drop("lap_id").collect().rows() == [(0, 1), (1, 1), (2, 2), (2, 2)]
    assert store.scan(["gear", "Used"]).select("gear").collect()["gear"].to_list() == [1.0, 1.0, 2.0, 2.0]
    assert store.scan(["Rate"]).collect()["Rate"].to_list() == pytest.approx([40.0] * 4)


def test_a_lap_that_is_still_driven_has_math_channels(store: Store, laps: list[LapRow]) -> None:
    keep(store, Half="speed / 2")
    with store.transaction() as transaction:
        transaction.close_lap(laps[1].id, ended_us=at(300))
    assert not store.find_laps(session_id=laps[1].session_id)["sealed"].all()
    driven = store.read_lap(laps[1].id, ["Half"])
    assert driven.channels == ["timestamp", "Half"]
    assert driven.frames["Half"].to_list() == [v / 2 for v in SPEEDS[:100]]
    frame = store.scan(["Half"], [laps[0].id, laps[1].id]).collect()
    assert frame.filter(lap_id=laps[1].id)["Half"].to_list() == driven.frames["Half"].to_list()


def test_the_reference_lap_is_given(store: Store, laps: list[LapRow]) -> None:
    keep(store, Gap="speed - ref(speed)")
    for ask in (lambda: store.read_lap(laps[1].id, ["Gap"]), lambda: store.scan(["Gap"])):
        with pytest.raises(FormulaError) as caught:
            ask()
        assert caught.value.code == "E-NO-REFERENCE"


def test_names_that_mean_nothing_are_named(store: Store, laps: list[LapRow]) -> None:
    keep(store, Half="speed / 2")
    with pytest.raises(UnknownChannel, match=r"no channel 'Halff'\. Did you mean 'Half'"):
        store.read_lap(laps[1].id, ["Halff"])
    with pytest.raises(UnknownChannel, match="no channel 'Halff'"):
        store.scan(["Half", "Halff"])
    with pytest.raises(NotFound, match="no lap 'nobody'"):
        store.read_lap("nobody", ["Half"])
    with pytest.raises(NotFound, match="no lap 'nobody'"):
        store.scan(["Half"], ["nobody"])
    assert store.read_lap(laps[1].id, ["Halff", "Half"], lenient=True).channels == ["timestamp", "Half"]


def test_a_channel_that_works_nowhere_is_told_at_once(store: Store, laps: list[LapRow]) -> None:
    keep(store, A="speed", B="A + 10[km/h]")
    store.write_math_channel(MathChannel("A", "fuel"), was="A")
    with pytest.raises(FormulaError) as caught:
        store.scan(["B"])
    assert (caught.value.code, caught.value.channel) == ("E-UNIT-MISMATCH", "B")


def test_a_formula_of_somebody_else_is_no_channel(store: Store, laps: list[LapRow]) -> None:
    ben = store.for_user("ben")
    keep(ben, Half="speed / 2")
    with pytest.raises(UnknownChannel, match="no channel 'Half'"):
        store.read_lap(laps[1].id, ["Half"])
    with pytest.raises(UnknownChannel, match="no channel 'Half'"):
        store.scan(["Half"])
    assert ben.scan(["Half"]).collect().is_empty()


FORMULAS = {
    "Slope": "derivative(speed[m/s], 0.2)[G]",
    "Travelled": "integrate(speed[m/s])",
    "Smooth": "smooth(throttle, 0.5) - window_median(throttle, 0.3)",
    "Low": "lowpass(steering_angle, 2)",
    "Later": "delay(speed, 0.3) - delay(speed, -10, by=dist)",
    "Rate": "derivative(speed, by=dist)",
    "Presses": "counter(brake > 5 and speed > 20)",
    "Held": "hold(speed, brake > 5)",
    "Latched": "latch(throttle > 98, brake > 5)",
    "Worst": "stat_percentile(hypot(g_lat, g_long), 95, speed > 50)",
    "By Corner": "stat_min(speed, over=corner)",
    "By Sector": "duration(throttle > 98, over=sector)",
    "Gears": "prev(gear, 3) + next(gear)",
    "Spread": "stat_std_dev(speed) + range_of_it",
    "range_of_it": "max(speed) - min(speed)",
}
"""Functions of every kind that looks at other rows."""


@pytest.fixture(scope="module")
def demo(demo_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The demo's laps in a copy of this module's own, with the formulas."""
    copy = tmp_path_factory.mktemp("computed") / "demo.sqlite"
    shutil.copy(demo_url.removeprefix("sqlite:///"), copy)
    with open_store(f"sqlite:///{copy.as_posix()}", user="local") as store:
        for name in reversed(FORMULAS):
            store.write_math_channel(MathChannel(name, FORMULAS[name]))
        yield store


def test_a_lap_beside_itself_differs_by_nothing(demo: Store) -> None:
    lap_id = demo.resolve_lap("best")
    reference = demo.read_lap(lap_id)
    alone = demo.read_lap(lap_id, ["Speed Delta", "Time Delta"], reference=reference).frames
    assert alone["Speed Delta"].abs().max() == pytest.approx(0.0, abs=1e-9)
    scanned = demo.scan(["Speed Delta"], reference=reference).collect()
    assert scanned.filter(lap_id=lap_id)["Speed Delta"].equals(alone["Speed Delta"])
    assert scanned.filter(pl.col("lap_id") != lap_id)["Speed Delta"].abs().mean() > 1.0


@settings(max_examples=12)
@given(data=st.data())
def test_a_lap_has_the_same_values_alone_in_its_session_and_in_a_season(demo: Store, data: st.DataObject) -> None:
    table = demo.find_laps().filter(pl.col("sealed"), pl.col("frames") > 0)
    names = data.draw(st.lists(st.sampled_from(list(FORMULAS)), min_size=1, max_size=5, unique=True), "names")
    lap_id = data.draw(st.sampled_from(table["lap_id"].to_list()), "lap")
    others = data.draw(st.lists(st.sampled_from(table["lap_id"].to_list()), max_size=6), "others")
    session_id = table.filter(lap_id=lap_id)["session_id"][0]
    alone = demo.read_lap(lap_id, names).frames.select(names)
    of_session = demo.scan(names, table.filter(session_id=session_id)).filter(lap_id=lap_id).select(names).collect()
    of_season = demo.scan(names, [lap_id, *others]).filter(lap_id=lap_id).select(names).collect()
    assert_frame_equal(of_session, alone, check_exact=True)
    assert_frame_equal(of_season, alone, check_exact=True)
    whole = demo.read_lap(lap_id).with_math({name: FORMULAS[name] for name in reversed(FORMULAS)})
    assert_frame_equal(whole.frames.select(names), alone, check_exact=True)
