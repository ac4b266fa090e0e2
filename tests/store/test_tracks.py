"""Tracks are kept by name, changed by their user, and bring their revision to the laps cut by them."""

import numpy as np
import pytest
from sqlalchemy import text

from ps_analytics.errors import BadTrack, NotFound
from ps_analytics.lap import LapSection, SectionKind
from ps_analytics.store.store import Store
from tests.store.ring import CORNERS, ring
from tests.store.stream import at, drive, seal


def cut_laps(store: Store, *, track: str = "Ring") -> list[str]:
    """The laps of a session, each cut into one corner and one sector by hand."""
    _, laps = drive(store, track=track)
    seal(store, laps)
    for lap_id, revision in store.find_uncut_laps(track).iter_rows():
        lap = store.read_lap(lap_id)
        end_us = lap.ended_us or 0
        parts = (
            LapSection(SectionKind.SECTOR, 1, "S1", 0.0, 600.0, lap.started_us, end_us),
            LapSection(SectionKind.CORNER, 2, "T2", 400.0, 500.0, lap.started_us + 500_000, end_us),
        )
        with store.transaction() as transaction:
            assert transaction.write_sections(lap, parts, revision=revision, sectors_s=[2.0])
    return [lap.id for lap in laps]


def test_a_track_is_read_as_it_was_written(store: Store) -> None:
    store.write_track(ring())
    read = store.read_track("Ring")
    assert read.to_json() == ring().to_json()
    assert store.find_tracks().to_dicts() == [
        {
            "name": "Ring", "length_m": 600.0, "corners": 2, "sectors": 3, "laps_used": 2, "algo_version": "1",
            "edited": False,
        }
    ]  # fmt: skip


def test_a_lap_brings_its_track_along(store: Store) -> None:
    _, laps = drive(store, track="Ring")
    assert store.read_lap(laps[0].id).track_model is None
    store.write_track(ring())
    lap = store.read_lap(laps[0].id, ["speed"])
    assert lap.track_model is not None
    assert (lap.track_model.corners, lap.track_length_m) == (CORNERS, 600.0)
    assert store.for_user("anna").read_lap(laps[1].id).track_model is lap.track_model  # read once a revision
    store.name_corners("Ring", {2: "Hairpin"})
    renamed = store.read_lap(laps[0].id).track_model
    assert renamed is not None
    assert [corner.name for corner in renamed.corners] == ["T1", "Hairpin"]


def test_a_track_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(NotFound) as caught:
        store.read_track("Rign")
    assert str(caught.value) == "no track 'Rign'. Run `psa track list` to list yours."


def test_a_record_that_knows_only_a_length_is_no_model(store: Store) -> None:
    store.write_track(ring())
    with store.transaction() as transaction:
        transaction._connection.execute(text("UPDATE track SET model = NULL, algo_version = NULL"))
    with pytest.raises(NotFound, match="Nothing is learned of it yet"):
        store.read_track("Ring")
    _, laps = drive(store, track="Ring")
    lap = store.read_lap(laps[0].id)
    assert (lap.track_model, lap.track_length_m) == (None, 600.0)


def test_a_model_that_does_not_read_costs_no_lap(store: Store) -> None:
    store.write_track(ring())
    with store.transaction() as transaction:
        transaction._connection.execute(text("""UPDATE track SET model = '{"version": 1}'"""))
    _, laps = drive(store, track="Ring")
    assert store.read_lap(laps[0].id).track_model is None
    with pytest.raises(BadTrack):
        store.read_track("Ring")
    store.write_track(ring())
    assert store.read_lap(laps[0].id).track_model is not None


def test_a_track_needs_a_name(store: Store) -> None:
    with pytest.raises(BadTrack, match="it has no name"):
        store.write_track(ring(None))


def test_nothing_is_kept_that_would_not_read(store: Store) -> None:
    with pytest.raises(BadTrack):
        store.write_track(ring(speed_kmh=np.full(3, np.nan)))
    assert store.find_tracks().is_empty()


def test_corners_are_called_as_the_user_says(store: Store) -> None:
    store.write_track(ring())
    lap_ids = cut_laps(store)
    named = store.name_corners("Ring", {2: "  Big\tBend "})
    assert [corner.name for corner in named.corners] == ["T1", "Big Bend"]
    assert store.find_tracks()["edited"].to_list() == [True]
    assert store.find_uncut_laps("Ring").is_empty()  # no border moved
    assert [part.name for part in store.read_lap(lap_ids[0]).sections] == ["S1", "Big Bend"]
    assert [c.name for c in store.name_corners("Ring", {2: ""}).corners] == ["T1", "T2"]


def test_an_unknown_corner_is_refused_with_those_there_are(store: Store) -> None:
    store.write_track(ring())
    with pytest.raises(NotFound) as caught:
        store.name_corners("Ring", {7: "Parabolica"})
    assert str(caught.value) == "no corner '7'. Track 'Ring' has corners 1, 2."
    with pytest.raises(BadTrack, match="more than 200 characters"):
        store.name_corners("Ring", {1: "x" * 201})
    assert store.find_tracks()["edited"].to_list() == [False]


def test_sectors_part_where_the_user_says_and_laps_are_cut_anew(store: Store) -> None:
    store.write_track(ring())
    lap_ids = cut_laps(store)
    edited = store.edit_sectors("Ring", [150.0, 450.0])
    assert [(s.number, s.name, s.start_m, s.end_m) for s in edited.sectors] == [
        (1, "S1", 0.0, 150.0), (2, "S2", 150.0, 450.0), (3, "S3", 450.0, 600.0),
    ]  # fmt: skip
    assert set(store.find_uncut_laps("Ring")["lap_id"]) == set(lap_ids)
    assert store.read_lap(lap_ids[0]).sections == ()  # those of other sectors are not shown beside these
    assert [s.end_m for s in store.edit_sectors("Ring", []).sectors] == [600.0]


@pytest.mark.parametrize("borders", [[200.0, 100.0], [0.0], [600.0], [100.0, 100.0], [float("nan")], [-5.0]])
def test_sectors_off_the_track_are_refused(store: Store, borders: list[float]) -> None:
    store.write_track(ring())
    with pytest.raises(BadTrack, match="between the line and 600 m they must increase"):
        store.edit_sectors("Ring", borders)


def test_the_line_moves_and_corners_stay_on_the_asphalt(store: Store) -> None:
    store.write_track(ring())
    before = store.read_track("Ring")
    moved = store.move_line("Ring", 120.0)
    assert [(c.number, c.start_m, c.apex_m, c.end_m) for c in moved.corners] == [
        (1, 580.0, 30.0, 80.0), (2, 280.0, 330.0, 380.0),
    ]  # fmt: skip
    assert [s.start_m for s in moved.sectors] == [0.0, 80.0, 280.0]
    assert before.x is not None
    assert moved.x is not None
    assert moved.x[0] == pytest.approx(before.x[60])  # 120 m further on, a point every 2 m
    assert moved.heading_deg[0] == pytest.approx(before.heading_deg[60])
    back = store.move_line("Ring", -120.0)
    assert back.corners == before.corners
    assert back.speed_kmh == pytest.approx(before.speed_kmh)
    with pytest.raises(BadTrack, match="Give less than a lap"):
        store.move_line("Ring", 600.0)


def test_of_a_track_without_positions_the_heading_is_told_from_the_line(store: Store) -> None:
    store.write_track(ring(x=None, y=None, source="yaw_rate"))
    moved = store.move_line("Ring", 150.0)
    assert moved.heading_deg[:3] == pytest.approx([0.0, 1.2, 2.4])


def test_a_deleted_track_leaves_laps_as_they_were_driven(store: Store) -> None:
    store.write_track(ring())
    lap_ids = cut_laps(store)
    assert store.find_laps()["sectors_s"].to_list() == [[2.0]] * 3
    store.delete_track("Ring")
    lap = store.read_lap(lap_ids[1])
    assert (lap.sections, lap.track_model, lap.sectors_s) == ((), None, ())
    store.write_track(ring())
    assert len(store.find_uncut_laps("Ring")) == 3  # a new track of the name starts anew
    with pytest.raises(NotFound, match="no track 'Rung'"):
        store.delete_track("Rung")


def test_a_session_that_gets_another_track_is_no_longer_cut(store: Store) -> None:
    store.write_track(ring())
    lap_ids = cut_laps(store)
    session_id = store.read_lap(lap_ids[0]).session_id
    with store.transaction() as transaction:
        transaction.update_session(transaction.session(session_id), notes="dry")
        assert transaction.lap(lap_ids[0]).sealed
    assert store.find_uncut_laps("Ring").is_empty()
    with store.transaction() as transaction:
        transaction.update_session(transaction.session(session_id), track="Other")
    store.write_track(ring("Other"))
    assert (len(store.find_uncut_laps("Other")), store.read_lap(lap_ids[0]).sections) == (3, ())


def test_a_model_that_is_written_again_cuts_nothing_anew(store: Store) -> None:
    store.write_track(ring())
    cut_laps(store)
    store.write_track(ring())
    store.write_track(ring(laps_used=("c",)))
    assert store.find_uncut_laps("Ring").is_empty()
    assert store.read_track("Ring").laps_used == ("c",)
    store.write_track(ring(length_m=601.0, sectors=()))
    assert len(store.find_uncut_laps("Ring")) == 3


def test_the_fastest_laps_are_the_valid_ones_the_user_says(store: Store) -> None:
    _, laps = drive(store, frames=1000, laps=(0, 200, 390, 580, 800, 1000), track="Ring", car="Kart")
    seal(store, laps)
    found = store.find_fastest_laps("Ring")
    assert found["lap_time_s"].to_list() == [1.9, 1.9, 2.0, 2.2]
    assert set(found["car"]) == {"Kart"}
    store.set_lap_override(laps[1].id, valid=False)
    store.set_lap_override(laps[2].id, kind="in")
    assert store.find_fastest_laps("Ring", limit=1)["lap_id"].to_list() == [laps[4].id]


def test_the_daemon_is_told_whose_tracks_have_something_to_do(store: Store) -> None:
    _, laps = drive(store, track="Ring")
    drive(store.for_user("ben"), track="Ring")  # nothing sealed
    drive(store, source_session_id="nowhere")
    assert store.find_uncut_tracks() == []
    seal(store, laps)
    assert store.find_uncut_tracks() == [("anna", "Ring")]  # not learned yet
    store.write_track(ring())
    for lap_id, revision in store.find_uncut_laps("Ring").iter_rows():
        with store.transaction() as transaction:
            assert transaction.write_sections(store.read_lap(lap_id), [], revision=revision)
    assert store.find_uncut_tracks() == []
    with store.transaction() as transaction:
        transaction.close_lap(laps[1].id, ended_us=at(390))
        transaction.seal_lap(laps[1].id)
    assert store.find_uncut_tracks() == [("anna", "Ring")]
