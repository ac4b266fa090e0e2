"""A session is read by whom its owner lets, exactly as he reads it himself, and by nobody a moment longer."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from sqlalchemy import insert

from ps_analytics.channels import MathChannel
from ps_analytics.errors import LimitReached, NotFound, NotShared
from ps_analytics.lap import Lap, LapSection, SectionKind
from ps_analytics.store import shares
from ps_analytics.store.models import Vehicle, VehicleSetup
from ps_analytics.store.rows import LapRow, SessionRow
from ps_analytics.store.store import Store
from tests.store.ring import ring
from tests.store.stream import at, drive, seal
from tests.store.test_writing import count

SPEED = [float(n) for n in range(200, 400)]
"""Of the lap shared, in km/h."""


@pytest.fixture
def driven(store: Store) -> tuple[SessionRow, list[LapRow]]:
    """A session of anna's in an event, with a driver and notes, three sealed laps, a track they are cut by, a setup."""
    with store.transaction() as transaction:
        event = transaction.open_event("Test day")
    store.write_track(ring())
    session, laps = drive(store, track="Ring", car="Kart", event_id=event, driver="A. N. Other", notes="wet")
    seal(store, laps)
    revision = store.find_uncut_laps("Ring")["revision"][0]
    with store.transaction() as transaction:
        execute = transaction._connection.execute
        execute(insert(Vehicle).values(id="kart", user_id="anna", name="Kart"))
        mass = [{"key": "mass", "value": 2.0, "units": "kg"}]
        execute(insert(VehicleSetup).values(id="soft", vehicle_id="kart", name="Soft", parameters=mass))
        transaction.update_session(session, vehicle_id="kart", vehicle_setup_id="soft")
        cut_into = [LapSection(SectionKind.CORNER, 1, "T1", 100.0, 200.0, at(250), at(260))]
        transaction.write_sections(store.read_lap(laps[1].id), cut_into, revision=revision, sectors_s=[1.0, 1.0])
    return session, laps


def same(one: Lap, other: Lap) -> bool:
    """Whether two readings give the same lap."""
    assert_frame_equal(one.frames, other.frames)
    assert (one.track_model is None) == (other.track_model is None)
    models = [None if lap.track_model is None else lap.track_model.to_json() for lap in (one, other)]
    facts = [
        (lap.lap_id, lap.lap_time_s, lap.kind, lap.valid, lap.sectors_s, lap.sections, lap.flags, lap.track, lap.car)
        for lap in (one, other)
    ]
    return models[0] == models[1] and facts[0] == facts[1]


def test_what_is_shared_is_found_where_it_is_asked_for(store: Store, driven: tuple[SessionRow, list[LapRow]]) -> None:
    session, laps = driven
    ben = store.for_user("ben")
    own, own_laps = drive(ben, track="Ring")
    store.share_session(session.id, "ben")
    assert ben.find_sessions()["session_id"].to_list() == [own.id]
    assert ben.find_laps()["lap_id"].to_list() == [lap.id for lap in own_laps]
    found = ben.find_sessions(shared=True).sort("owner")
    assert found.select("session_id", "owner", "laps").rows() == [(session.id, "anna", 3), (own.id, "ben", 3)]
    laps_found = ben.find_laps(shared=True, track="ring", kind="timed").sort("owner", "lap_number")
    assert laps_found.select("lap_id", "owner").rows() == [
        *((lap.id, "anna") for lap in laps[1:]),
        *((lap.id, "ben") for lap in own_laps[1:]),
    ]
    assert ben.find_laps(session_id=session.id).is_empty()
    assert len(ben.find_laps(session_id=session.id, shared=True)) == 3
    assert store.find_laps(shared=True)["owner"].unique().to_list() == ["anna"]
    assert_frame_equal(store.find_laps(shared=True), store.find_laps())
    assert_frame_equal(store.find_sessions(shared=True), store.find_sessions())


def test_driver_notes_and_event_stay_the_owners(store: Store, driven: tuple[SessionRow, list[LapRow]]) -> None:
    session, laps = driven
    store.share_session(session.id, "ben")
    store.write_lap_notes(laps[1].id, "too wet")
    ben = store.for_user("ben")
    row, his = store.read_session(session.id), ben.read_session(session.id)
    assert (row.driver, row.notes, row.event_id) == ("A. N. Other", "wet", session.event_id)
    assert (his.driver, his.notes, his.event_id) == (None, "", None)
    assert (his.user_id, his.name, his.track, his.channels) == ("anna", row.name, "Ring", row.channels)
    (found,) = ben.find_sessions(shared=True).to_dicts()
    assert (found["notes"], found["event_id"], found["event_name"]) == ("", None, None)
    assert set(ben.find_laps(shared=True).select("notes", "event_id").rows()) == {("", None)}
    assert ben.find_sessions(shared=True, event_id=session.event_id).is_empty()
    assert ben.find_laps(shared=True, event_id=session.event_id).is_empty()
    assert store.find_sessions(event_id=session.event_id)["notes"].to_list() == ["wet"]
    assert store.find_laps(shared=True)["notes"].to_list() == ["", "too wet", ""]
    told = "".join(map(repr, (his, found, ben.find_laps(shared=True).to_dicts(), ben.read_lap(laps[1].id))))
    assert "Other" not in told
    assert "wet" not in told


def test_a_shared_lap_reads_as_for_its_owner(store: Store, driven: tuple[SessionRow, list[LapRow]]) -> None:
    session, laps = driven
    store.share_session(session.id, "ben")
    ben = store.for_user("ben")
    ben.write_track(ring(length_m=650.0, sectors=()))  # another track of the same name
    for channels in (None, ["speed"], ["gear", "corner_id"], ["distance"]):
        mine, his = store.read_lap(laps[1].id, channels), ben.read_lap(laps[1].id, channels)
        assert same(mine, his)
        assert his.sections
        assert (his.track_model or ring()).length_m == 600.0
    with pytest.raises(NotFound, match="no track 'Rong'"):
        ben.read_track("Rong")
    assert ben.read_track("Ring").length_m == 650.0


def test_formulas_are_the_readers_and_the_setup_the_owners(
    store: Store, driven: tuple[SessionRow, list[LapRow]]
) -> None:
    session, laps = driven
    store.share_session(session.id, "ben")
    ben, lap_id = store.for_user("ben"), laps[1].id
    store.write_math_channel(MathChannel("Half", "speed / 2"))
    ben.write_math_channel(MathChannel("Heavy", "speed * setup.mass"))
    ben.write_math_channel(MathChannel("Half", "speed / 4"))
    assert ben.read_setup(session.id) == store.read_setup(session.id) == {"mass": (2.0, "kg")}
    heavy, half = ([value * factor for value in SPEED] for factor in (2.0, 0.25))
    read = ben.read_lap(lap_id, ["Heavy", "Half"]).frames
    assert (read["Heavy"].to_list(), read["Half"].to_list()) == (heavy, half)
    scanned = ben.scan(["Heavy", "speed"], [lap_id]).collect()
    assert (scanned["Heavy"].to_list(), scanned["speed"].to_list()) == (heavy, SPEED)
    whole = ben.read_lap(lap_id, math={"Most": "stat_max(speed, over=session)"}).frames
    assert whole["Most"].unique().to_list() == [599.0]
    assert ben.check_math_channel(MathChannel("New", "speed * setup.mass"), lap_id=lap_id) == []
    assert ben.math_library(session_id=session.id)["Half"].formula == "speed / 4"
    assert store.math_library(session_id=session.id)["Half"].formula == "speed / 2"


def test_a_scan_of_everything_is_of_ones_own(store: Store, driven: tuple[SessionRow, list[LapRow]]) -> None:
    session, laps = driven
    store.share_session(session.id, "ben")
    ben = store.for_user("ben")
    _, own = drive(ben)
    seal(ben, own)
    assert set(ben.scan(["speed"]).collect()["lap_id"]) == {lap.id for lap in own}
    both = ben.scan(["speed"], ben.find_laps(shared=True)).collect()
    assert set(both["lap_id"]) == {lap.id for lap in (*own, *laps)}


def test_nothing_is_left_of_a_share_that_was_taken_back(store: Store, driven: tuple[SessionRow, list[LapRow]]) -> None:
    session, laps = driven
    store.share_session(session.id, "ben")
    ben, lap_id = store.for_user("ben"), laps[1].id
    ben.write_math_channel(MathChannel("Slow", "speed / 2"))
    assert ben.read_lap(lap_id).track_model is not None  # which is kept for the next time
    scans = [ben.scan(names, [lap_id]) for names in (["speed"], ["speed", "corner_id"], ["Slow", "speed"])]
    clocked = ben.scan(["distance"], [lap_id])
    store.unshare_session(session.id, "ben")
    assert [scan.collect().is_empty() for scan in scans] == [True, True, True]
    with pytest.raises(NotFound):
        clocked.collect()
    for read in (ben.read_lap, ben.resolve_lap, lambda it: ben.scan(["speed"], [it])):
        with pytest.raises(NotFound) as gone:
            read(lap_id)
        with pytest.raises(NotFound) as missing:
            read("nobody")
        assert str(gone.value) == str(missing.value).replace("nobody", lap_id)
    assert ben.find_laps(shared=True).is_empty()
    assert ben.find_sessions(shared=True).is_empty()
    assert store.read_lap(lap_id).track_model is not None


def test_a_session_that_is_recording_is_shared_too(store: Store) -> None:
    session, laps = drive(store, laps=(0, 200, 400))
    with store.transaction() as transaction:
        running = transaction.open_lap(session, lap_number=2, started_us=at(400))
    store.share_session(session.id, "ben")
    ben = store.for_user("ben")
    assert ben.read_lap(running.id).frames["speed"].to_list() == [float(n) for n in range(400, 600)]
    assert same(ben.read_lap(laps[1].id), store.read_lap(laps[1].id))
    assert ben.scan(["speed"], [running.id]).collect()["speed"].sum() == sum(range(400, 600))
    assert ben.find_running_laps().is_empty()
    with pytest.raises(NotFound, match=f"no lap '{running.id}'"):
        ben.read_running_lap(running.id)


def test_words_for_laps_mean_shared_ones_by_their_ids_only(
    store: Store, driven: tuple[SessionRow, list[LapRow]]
) -> None:
    session, laps = driven
    store.share_session(session.id, "ben")
    ben = store.for_user("ben")
    assert ben.resolve_lap(laps[1].id) == ben.resolve_lap(f"{session.id}:1") == laps[1].id
    assert ben.resolve_lap("best", session_id=session.id) == laps[1].id
    with pytest.raises(NotFound, match="There is no timed and valid lap yet"):
        ben.resolve_lap("best", track="Ring")


def test_the_owner_sees_who_reads_and_since_when(store: Store, driven: tuple[SessionRow, list[LapRow]]) -> None:
    session, _ = driven
    assert store.find_shares(session.id).schema == shares.SHARES
    begun = datetime.now(UTC)
    for reader in ("cleo", " ben ", "ben"):
        store.share_session(session.id, reader)
    first = store.find_shares(session.id)
    assert first["reader"].to_list() == ["ben", "cleo"]
    assert all(begun <= shared_at <= datetime.now(UTC) for shared_at in first["shared_at"])
    store.share_session(session.id, "ben")
    assert_frame_equal(store.find_shares(session.id), first)
    store.unshare_session(session.id, "cleo")
    assert store.find_shares(session.id)["reader"].to_list() == ["ben"]
    with pytest.raises(NotFound) as raised:
        store.unshare_session(session.id, "cleo")
    assert str(raised.value) == "no reader 'cleo'. This session is not shared with a user of that name."


@pytest.mark.parametrize(
    ("reader", "sentence"),
    [
        ("anna", "this session cannot be shared with 'anna': it is yours."),
        (" ", "this session cannot be shared with '': the name of a user is one line of at most 64 characters."),
        ("a\0b", "this session cannot be shared with 'a\0b': the name of a user is one line of at most 64 characters."),
    ],
)
def test_a_session_is_shared_with_somebody_else(
    store: Store, driven: tuple[SessionRow, list[LapRow]], reader: str, sentence: str
) -> None:
    with pytest.raises(NotShared) as raised:
        store.share_session(driven[0].id, reader)
    assert str(raised.value) == sentence
    assert store.find_shares(driven[0].id).is_empty()


def test_a_session_has_so_many_readers_and_no_more(
    store: Store, driven: tuple[SessionRow, list[LapRow]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "MOST", 2)
    for reader in ("ben", "cleo", "ben"):
        store.share_session(driven[0].id, reader)
    with pytest.raises(LimitReached, match="there are 2 readers of this session already"):
        store.share_session(driven[0].id, "dora")


def test_deleting_a_session_deletes_its_shares(store: Store, driven: tuple[SessionRow, list[LapRow]]) -> None:
    session, _ = driven
    store.share_session(session.id, "ben")
    with store.transaction() as transaction:
        transaction.end_session(session)
    store.delete_session(session.id)
    assert count(store, "share") == 0
    with pytest.raises(NotFound):
        store.for_user("ben").read_session(session.id)


def test_the_best_laps_of_a_track_are_the_fastest_of_each_session(
    store: Store, driven: tuple[SessionRow, list[LapRow]]
) -> None:
    session, laps = driven
    ben = store.for_user("ben")
    _, quick_laps = drive(ben, laps=(0, 100, 250, 600), track="ring", car="Kart")
    _, slow_laps = drive(ben, laps=(0, 100, 400, 600), track="Ring", car="GT3")
    drive(ben, laps=(0, 100), track="Ring")
    drive(ben, track="Other")
    own = [(quick_laps[1].id, 1.5), (slow_laps[2].id, 2.0)]
    assert ben.find_best_laps("Ring").select("lap_id", "lap_time_s").rows() == own
    store.share_session(session.id, "ben")
    found = ben.find_best_laps("RING")
    assert found.select("lap_id", "owner").rows() == [
        (quick_laps[1].id, "ben"), (laps[1].id, "anna"), (slow_laps[2].id, "ben")
    ]  # fmt: skip
    assert found.schema == ben.find_laps().schema
    assert ben.find_best_laps("Ring", shared=False).select("lap_id", "lap_time_s").rows() == own
    assert ben.find_best_laps("Ring", car="gt3")["lap_id"].to_list() == [slow_laps[2].id]
    ben.set_lap_override(quick_laps[1].id, valid=False)
    assert ben.find_best_laps("ring", car="Kart", shared=False)["lap_id"].to_list() == [quick_laps[2].id]


USERS = ("anna", "ben", "cleo")
STEP = st.tuples(st.sampled_from(["share", "unshare"]), st.sampled_from(USERS), st.sampled_from(USERS))


@pytest.fixture
def theirs(store: Store) -> dict[str, tuple[str, str]]:
    """A session and a lap of each user."""
    found = {}
    for user in USERS:
        session, laps = drive(store.for_user(user), frames=40, laps=(0, 20, 40), track="Ring", notes=user)
        seal(store.for_user(user), laps)
        found[user] = session.id, laps[1].id
    return found


def seen(store: Store, user: str, theirs: dict[str, tuple[str, str]]) -> list[set[str]]:
    """Whose rows a user sees, each way of looking."""

    def readable(read: Any) -> set[str]:
        found = set()
        for owner, ids in theirs.items():
            try:
                read(*ids)
            except NotFound:
                continue
            found.add(owner)
        return found

    of = store.for_user(user)
    owner_of = {lap_id: owner for owner, (_, lap_id) in theirs.items()}
    laps = of.find_laps(shared=True, kind="timed")
    return [
        set(of.find_sessions(shared=True)["owner"]),
        set(laps["owner"]),
        {owner_of[lap_id] for lap_id in of.scan(["speed"], laps).collect()["lap_id"]},
        set(of.find_best_laps("ring")["owner"]),
        set(of.find_laps(lap_ids=list(owner_of), shared=True)["owner"]),
        readable(lambda _, lap_id: of.read_lap(lap_id)),
        readable(lambda session_id, _: of.read_session(session_id)),
        readable(lambda session_id, _: of.read_setup(session_id)),
        readable(lambda session_id, _: of.read_video(session_id)),
        readable(lambda _, lap_id: of.scan(["speed"], [lap_id])),
    ]


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=6))
def test_no_row_is_seen_that_no_standing_share_allows(
    store: Store, theirs: dict[str, tuple[str, str]], steps: list[tuple[str, str, str]]
) -> None:
    standing: set[tuple[str, str]] = set()
    for owner, reader in product(USERS, USERS):  # of the example before
        if reader in store.for_user(owner).find_shares(theirs[owner][0])["reader"]:
            store.for_user(owner).unshare_session(theirs[owner][0], reader)
    for what, owner, reader in steps:
        of, session_id = store.for_user(owner), theirs[owner][0]
        if what == "share" and owner == reader:
            with pytest.raises(NotShared):
                of.share_session(session_id, reader)
        elif what == "share":
            of.share_session(session_id, reader)
            standing.add((owner, reader))
        elif (owner, reader) in standing:
            of.unshare_session(session_id, reader)
            standing.discard((owner, reader))
        else:
            with pytest.raises(NotFound):
                of.unshare_session(session_id, reader)
        for user in {owner, reader}:
            allowed = {user, *(giver for giver, taker in standing if taker == user)}
            assert seen(store, user, theirs) == [allowed] * 10
    for user in USERS:
        assert set(store.for_user(user).find_sessions()["owner"]) == {user}
        notes = store.for_user(user).find_sessions(shared=True).select("owner", "notes").rows()
        assert all(note == (user if owner == user else "") for owner, note in notes)
