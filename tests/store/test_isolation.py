"""What is somebody else's is not there: the answer is the one for an id that nobody has."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from sqlalchemy import insert

from ps_analytics.channels import MathChannel
from ps_analytics.channels.exchange import read_math, write_math
from ps_analytics.errors import NotFound
from ps_analytics.store.math_store import MathStore
from ps_analytics.store.models import Vehicle
from ps_analytics.store.store import Store
from ps_analytics.store.track_store import TrackStore
from ps_analytics.store.transaction import Transaction
from ps_analytics.store.workspace_store import WorkspaceStore
from tests.store.ring import ring
from tests.store.stream import START_US, at, batch, drive, received, seal

MINE = MathChannel("Mine", "speed / 3")
FILE = write_math([MINE]).encode()

BY_ID: dict[str, Callable[[Store, dict[str, Any]], object]] = {
    "read_session": lambda store, ids: store.read_session(ids["session"]),
    "read_lap": lambda store, ids: store.read_lap(ids["lap"]),
    "read_running_lap": lambda store, ids: store.read_running_lap(ids["lap"]),
    "resolve_lap": lambda store, ids: store.resolve_lap(ids["lap"]),
    "resolve_lap by number": lambda store, ids: store.resolve_lap(f"{ids['session']}:1"),
    "resolve_lap best": lambda store, ids: store.resolve_lap("best", session_id=ids["session"]),
    "scan": lambda store, ids: store.scan(["speed"], [ids["lap"]]),
    "set_lap_override": lambda store, ids: store.set_lap_override(ids["lap"], valid=False),
    "delete_session": lambda store, ids: store.delete_session(ids["session"]),
    "delete_event": lambda store, ids: store.delete_event(ids["event"]),
    "read_track": lambda store, ids: store.read_track(ids["track"]),
    "name_corners": lambda store, ids: store.name_corners(ids["track"], {1: "Mine"}),
    "edit_sectors": lambda store, ids: store.edit_sectors(ids["track"], [300.0]),
    "move_line": lambda store, ids: store.move_line(ids["track"], 10.0),
    "delete_track": lambda store, ids: store.delete_track(ids["track"]),
    "read_math_channel": lambda store, ids: store.read_math_channel(ids["math"]),
    "read_math_channel of a vehicle": lambda store, ids: store.read_math_channel(
        ids["math"], vehicle_id=ids["vehicle"]
    ),
    "write_math_channel": lambda store, ids: store.write_math_channel(MINE, was=ids["math"]),
    "write_math_channel for a vehicle": lambda store, ids: store.write_math_channel(MINE, vehicle_id=ids["vehicle"]),
    "delete_math_channel": lambda store, ids: store.delete_math_channel(ids["math"]),
    "read_lap with a formula": lambda store, ids: store.read_lap(ids["lap"], math={"x": "speed"}),
    "check_math_channel": lambda store, ids: store.check_math_channel(MINE, lap_id=ids["lap"]),
    "check_math_channel for a vehicle": lambda store, ids: store.check_math_channel(MINE, vehicle_id=ids["vehicle"]),
    "math_library of a session": lambda store, ids: store.math_library(session_id=ids["session"]),
    "math_library": lambda store, ids: store.math_library(vehicle_id=ids["vehicle"]),
    "import_math": lambda store, ids: store.import_math(FILE, vehicle_id=ids["vehicle"]),
    "export_math": lambda store, ids: store.export_math([ids["math"]]),
    "read_setup": lambda store, ids: store.read_setup(ids["session"]),
    "read_layout": lambda store, ids: store.read_layout(ids["layout"]),
    "write_layout": lambda store, ids: store.write_layout("Other", [], {}, layout_id=ids["layout"]),
    "rename_layout": lambda store, ids: store.rename_layout(ids["layout"], "Other"),
    "delete_layout": lambda store, ids: store.delete_layout(ids["layout"]),
    "set_default_layout": lambda store, ids: store.set_default_layout(ids["layout"]),
    "write_notes": lambda store, ids: store.write_notes(ids["session"], "mine"),
    "write_lap_notes": lambda store, ids: store.write_lap_notes(ids["lap"], "mine"),
    "write_video": lambda store, ids: store.write_video(ids["session"], None),
    "read_video": lambda store, ids: store.read_video(ids["session"]),
    "share_session": lambda store, ids: store.share_session(ids["session"], "cleo"),
    "unshare_session": lambda store, ids: store.unshare_session(ids["session"], "ben"),
    "find_shares": lambda store, ids: store.find_shares(ids["session"]),
}
TO_A_READER = {  # what a share opens
    "read_session", "read_lap", "resolve_lap", "resolve_lap by number", "resolve_lap best", "scan",
    "read_lap with a formula", "check_math_channel", "math_library of a session", "read_setup", "read_video",
}  # fmt: skip
EMPTY: dict[str, Callable[[Store, dict[str, Any]], Any]] = {
    "find_events": lambda store, ids: store.find_events(),
    "find_sessions": lambda store, ids: store.find_sessions(event_id=ids["event"]),
    "find_laps": lambda store, ids: store.find_laps(session_id=ids["session"]),
    "find_channels": lambda store, ids: store.find_channels([ids["lap"]]),
    "find_running_laps": lambda store, ids: store.find_running_laps(),
    "scan": lambda store, ids: store.scan(["speed"]).collect(),
    "find_tracks": lambda store, ids: store.find_tracks(),
    "find_uncut_laps": lambda store, ids: store.find_uncut_laps(ids["track"]),
    "find_fastest_laps": lambda store, ids: store.find_fastest_laps(ids["track"]),
    "find_math_channels": lambda store, ids: store.find_math_channels(),
    "find_math_uses": lambda store, ids: pl.Series(store.find_math_uses(ids["math"])),
    "export_math": lambda store, ids: pl.Series(read_math(store.export_math().encode()).channels),
    "find_laps that are shared": lambda store, ids: store.find_laps(shared=True),
    "find_laps of a session that are shared": lambda store, ids: store.find_laps(
        session_id=ids["session"], shared=True
    ),
    "find_sessions that are shared": lambda store, ids: store.find_sessions(shared=True),
    "find_best_laps": lambda store, ids: store.find_best_laps(ids["track"]),
    "find_layouts": lambda store, ids: store.find_layouts(),
    "default_layout": lambda store, ids: pl.Series([store.default_layout()]).drop_nulls(),
    "read_preference": lambda store, ids: pl.Series([store.read_preference("units")]).drop_nulls(),
    "read_preferences": lambda store, ids: pl.Series(list(store.read_preferences())),
}
WRITES: dict[str, Callable[[Transaction, dict[str, Any]], object]] = {
    "open_session": lambda t, ids: t.open_session(source="test", started_us=START_US, event_id=ids["event"]),
    "session": lambda t, ids: t.session(ids["session"]),
    "update_session": lambda t, ids: t.update_session(ids["row"], notes="mine"),
    "end_session": lambda t, ids: t.end_session(ids["row"]),
    "write_batches": lambda t, ids: t.write_batches(ids["row"], received([batch(900, 10)])),
    "write_all": lambda t, ids: t.write_all([(ids["row"], *received([batch(900, 10)])[0])]),
    "write_rows": lambda t, ids: t.write_rows(ids["row"], batch(900, 10)),
    "open_lap": lambda t, ids: t.open_lap(ids["row"], lap_number=7, started_us=at(0)),
    "close_lap": lambda t, ids: t.close_lap(ids["lap"], ended_us=at(1)),
    "delete_lap": lambda t, ids: t.delete_lap(ids["lap"]),
    "lap": lambda t, ids: t.lap(ids["lap"]),
    "seal_lap": lambda t, ids: t.seal_lap(ids["lap"]),
    "write_traces": lambda t, ids: t.write_traces(ids["lap"], []),
    "write_sections": lambda t, ids: t.write_sections(ids["read"], [], revision=1),
    "read_track": lambda t, ids: t.read_track(ids["track"]),
}
NOTHING: dict[str, Callable[[Transaction, dict[str, Any]], Any]] = {
    "session_of_file": lambda t, ids: t.session_of_file("00"),
    "recording_sessions": lambda t, ids: t.recording_sessions(),
    "batches": lambda t, ids: t.batches(ids["row"]),
    "laps": lambda t, ids: t.laps(ids["row"]),
}
OF_NOBODY = {  # they name no thing of a user, or make one
    "user", "url", "for_user", "close", "transaction", "find_recording_users",
    "offset", "set_offset", "dead_letter", "open_event", "find_uncut_tracks", "write_track",
    "write_preference",
}  # fmt: skip


@pytest.fixture
def of_anna(store: Store) -> dict[str, Any]:
    """The ids of what anna has: an event, a session that is recording, a sealed lap, a vehicle, math channels."""
    with store.transaction() as transaction:
        event = transaction.open_event("Test day")
    session, laps = drive(store, event_id=event, file_sha256="00", source_session_id="one", track="Ring")
    seal(store, laps)
    store.write_track(ring())
    store.write_math_channel(MathChannel("Half Speed", "speed / 2"))
    store.write_math_channel(MathChannel("Twice", "'Half Speed' * 4"))
    vehicle_id = "kart"
    with store.transaction() as transaction:
        transaction._connection.execute(insert(Vehicle).values(id=vehicle_id, user_id=store.user, name="Kart"))
    store.write_math_channel(MathChannel("Half Speed", "speed / 4"), vehicle_id=vehicle_id)
    store.set_default_layout(layout_id := store.write_layout("Mine", [{"id": "a"}], {"version": 1}))
    store.write_preference("units", "imperial")
    store.write_video(session.id, {"path": "lap.mp4", "offset_s": 1.5})
    store.write_notes(session.id, "of the session")
    store.write_lap_notes(laps[1].id, "of the lap")
    facts = {
        "layout": layout_id,
        "track": "Ring",
        "math": "Half Speed",
        "vehicle": vehicle_id,
        "read": store.read_lap(laps[1].id),
    }
    return {"event": event, "session": session.id, "lap": laps[1].id, "row": session, **facts}


def everything(store: Store, of_anna: dict[str, Any]) -> list[Any]:
    return [
        store.find_events().to_dicts(),
        store.find_sessions().to_dicts(),
        store.find_laps().to_dicts(),
        store.read_session(of_anna["session"]),
        store.scan(["speed"]).collect().to_dicts(),
        store.find_tracks().to_dicts(),
        store.read_track("Ring").to_json(),
        store.find_uncut_laps("Ring").to_dicts(),
        store.find_math_channels().to_dicts(),
        store.find_layouts().to_dicts(),
        store.read_layout(of_anna["layout"]),
        store.read_preferences(),
        store.find_shares(of_anna["session"]).to_dicts(),
        store.read_video(of_anna["session"]),
    ]


def test_every_method_of_the_store_is_tried_here() -> None:
    tried = {name.partition(" ")[0] for name in (*BY_ID, *EMPTY, *WRITES, *NOTHING)} | OF_NOBODY
    public = {
        name
        for kind in (Store, MathStore, TrackStore, WorkspaceStore, Transaction)
        for name in vars(kind)
        if not name.startswith("_")
    }
    assert public <= tried


@pytest.mark.parametrize("name", BY_ID)
def test_reading_by_an_id_of_somebody_else_finds_nothing(store: Store, of_anna: dict[str, Any], name: str) -> None:
    before = everything(store, of_anna)
    with pytest.raises(NotFound) as theirs:
        BY_ID[name](store.for_user("ben"), of_anna)
    nobodys = dict.fromkeys(of_anna, "nobody")
    with pytest.raises(NotFound) as missing:
        BY_ID[name](store, nobodys)
    assert str(theirs.value) == str(missing.value).replace("nobody", str(theirs.value.identifier).partition(":")[0])
    assert everything(store, of_anna) == before


def test_a_reader_can_do_nothing_but_read(store: Store, of_anna: dict[str, Any]) -> None:
    store.share_session(of_anna["session"], "ben")
    before, ben = everything(store, of_anna), store.for_user("ben")
    for name in sorted(BY_ID.keys() - TO_A_READER):
        with pytest.raises(NotFound) as refused:
            BY_ID[name](ben, of_anna)
        with pytest.raises(NotFound) as missing:
            BY_ID[name](store, dict.fromkeys(of_anna, "nobody"))
        assert str(refused.value) == str(missing.value).replace("nobody", str(refused.value.identifier)), name
    assert everything(store, of_anna) == before


def test_a_reader_reads_until_the_share_is_taken_back(store: Store, of_anna: dict[str, Any]) -> None:
    ben = store.for_user("ben")
    store.share_session(of_anna["session"], "ben")
    for name in sorted(TO_A_READER):
        BY_ID[name](ben, of_anna)
    store.unshare_session(of_anna["session"], "ben")
    for name in sorted(TO_A_READER):
        with pytest.raises(NotFound):
            BY_ID[name](ben, of_anna)


@pytest.mark.parametrize("name", EMPTY)
def test_finding_shows_nothing_of_somebody_else(store: Store, of_anna: dict[str, Any], name: str) -> None:
    assert EMPTY[name](store.for_user("ben"), of_anna).is_empty()


@pytest.mark.parametrize("name", WRITES)
def test_writing_to_what_is_somebody_elses_is_refused(store: Store, of_anna: dict[str, Any], name: str) -> None:
    before = everything(store, of_anna)

    def write() -> None:
        with store.for_user("ben").transaction() as transaction:
            WRITES[name](transaction, of_anna)

    with pytest.raises(NotFound):
        write()
    assert everything(store, of_anna) == before


def test_a_reader_writes_nothing(store: Store, of_anna: dict[str, Any]) -> None:
    store.share_session(of_anna["session"], "ben")
    before = everything(store, of_anna)
    ben = store.for_user("ben")
    his = {**of_anna, "row": ben.read_session(of_anna["session"]), "read": ben.read_lap(of_anna["lap"])}
    for name in WRITES:
        with pytest.raises(NotFound), ben.transaction() as transaction:
            WRITES[name](transaction, his)
    assert everything(store, of_anna) == before


@pytest.mark.parametrize("name", NOTHING)
def test_a_transaction_shows_nothing_of_somebody_else(store: Store, of_anna: dict[str, Any], name: str) -> None:
    store.share_session(of_anna["session"], "ben")
    with store.for_user("ben").transaction() as transaction:
        assert not NOTHING[name](transaction, of_anna)


def test_a_track_of_the_same_name_is_anothers_own(store: Store, of_anna: dict[str, Any]) -> None:
    before = everything(store, of_anna)
    ben = store.for_user("ben")
    ben.write_track(ring(length_m=650.0, sectors=()))
    assert (ben.read_track("Ring").length_m, store.read_track("Ring").length_m) == (650.0, 600.0)
    ben.name_corners("Ring", {1: "Bens"})
    ben.delete_track("Ring")
    assert everything(store, of_anna) == before
    assert store.read_lap(of_anna["lap"]).track_model is not None


def test_a_session_cannot_be_moved_to_an_event_of_somebody_else(store: Store, of_anna: dict[str, Any]) -> None:
    with store.for_user("ben").transaction() as transaction:
        session = transaction.open_session(source="test", started_us=START_US)
        with pytest.raises(NotFound, match="no event"):
            transaction.update_session(session, event_id=of_anna["event"])


def test_one_transaction_writes_for_several_users(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.open_session(source="test", started_us=START_US)
        transaction.for_user("ben").open_session(source="test", started_us=START_US, source_session_id="b")
        assert transaction.for_user("anna") is transaction
    assert store.find_recording_users() == ["anna", "ben"]
    assert (len(store.find_sessions()), len(store.for_user("ben").find_sessions())) == (1, 1)


def test_two_users_may_have_the_same_file_and_the_same_session_of_the_source(store: Store) -> None:
    for user in ("anna", "ben"):
        with store.for_user(user).transaction() as transaction:
            session = transaction.open_session(
                source="test", started_us=START_US, source_session_id="one", file_sha256="00"
            )
            assert session.user_id == user
