"""When tracks are learned and laps are cut: whatever fails there, frames and laps are as they were driven."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ps_analytics.config import Settings
from ps_analytics.errors import DatabaseUnreachable
from ps_analytics.ingest import tracks
from ps_analytics.ingest.sections import sections_of
from ps_analytics.lap import LapKind, SectionKind
from ps_analytics.simulate.car import GT
from ps_analytics.simulate.circuit import Circuit, generate
from ps_analytics.simulate.driver import Driver
from ps_analytics.simulate.route import LapPlan
from ps_analytics.simulate.session import SimulatedSession, simulate
from ps_analytics.store.store import Store, open_store
from tests.analysis.laps import lap_from
from tests.store.ring import ring

CHANNELS = ("timestamp", "lap_time", "normalized_position", "speed", "x", "y", "steering", "g_lat")
TIMED = LapPlan(LapKind.TIMED)
PLAN = (LapPlan(LapKind.OUT), TIMED, TIMED, TIMED, LapPlan(LapKind.IN))


@pytest.fixture(scope="module")
def circuit() -> Circuit:
    return generate("Little Ring", seed=41, length_m=1500.0, corners=6)


@pytest.fixture(scope="module")
def driven(circuit: Circuit) -> SimulatedSession:
    """Out, three timed laps, in; the truth is known."""
    return simulate(circuit, GT, Driver("A", pace=0.97, spread=0.004, smoothness=0.7, seed=3), PLAN, seed=77)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{(tmp_path / 'tracks.sqlite').as_posix()}", user="anna", settings=Settings()) as opened:
        yield opened


def keep(store: Store, driven: SimulatedSession, *, laps: slice = slice(None), **facts: Any) -> list[str]:
    """The ids of the laps of a simulated session, written as an importer does; `facts` are of every lap."""
    frames = driven.frames
    stamp = frames["timestamp"].to_numpy()
    ids = []
    with store.transaction() as transaction:
        session = transaction.open_session(
            source="test", track="Little Ring", started_at=datetime(2026, 5, 1, tzinfo=UTC), status="completed"
        )
        for lap in list(driven.truth)[laps]:
            within = slice(*(int(i) for i in np.searchsorted(stamp, (lap.start_s, lap.end_s))))
            columns = {name: frames[name].cast(pl.Float64).to_numpy()[within] for name in CHANNELS}
            whole = lap.kind is LapKind.TIMED
            row = transaction.open_lap(
                session,
                lap_number=lap.lap_number,
                started_us=session.started_us + round(lap.start_s * 1e6),
                ended_us=session.started_us + round(lap.end_s * 1e6),
                **{
                    "kind": str(lap.kind), "lap_time_s": lap.lap_time_s if whole else None, "valid": whole,
                    "time_source": "source" if whole else "none", **facts,
                },
            )  # fmt: skip
            transaction.write_traces(row.id, lap_from(columns, lap_time_s=None).traces.values())
            ids.append(row.id)
    return ids


def test_laps_are_cut_where_they_passed_the_borders_of_their_track(store: Store, driven: SimulatedSession) -> None:
    ids = keep(store, driven)
    tracks.catch_up(store, "Little Ring")
    track = store.read_track("Little Ring")
    assert track.length_m == pytest.approx(driven.circuit.length_m, rel=2e-3)
    assert len(track.corners) == len(driven.circuit.corners)
    for truth, lap_id in zip(driven.truth, ids, strict=True):
        lap = store.read_lap(lap_id)
        assert {part.kind for part in lap.sections} == set(SectionKind)
        if truth.kind is not LapKind.TIMED:
            continue
        for part in lap.sections:
            for place_m, at_us in ((part.start_m, part.started_us), (part.end_m, part.ended_us)):
                told_s = (at_us - lap.started_us) / 1e6
                true_s = driven.true_time_s(truth.lap_number, np.array([place_m / track.length_m]))[0]
                assert told_s == pytest.approx(true_s, abs=0.005), part


def test_sector_times_sum_to_the_lap_time_exactly(store: Store, driven: SimulatedSession) -> None:
    keep(store, driven)
    tracks.catch_up(store, "Little Ring")
    laps = store.find_laps(kind="timed")
    assert laps["sectors_s"].list.len().to_list() == [3, 3, 3]
    for sectors_s, lap_time_s in laps.select("sectors_s", "lap_time_s").iter_rows():
        assert sum(sectors_s) == pytest.approx(lap_time_s, abs=1e-9)
    assert store.find_laps(kind="out")["sectors_s"].to_list() == [[]]


def test_every_frame_of_a_lap_lies_in_a_sector_and_in_a_corner_or_a_straight(
    store: Store, driven: SimulatedSession
) -> None:
    ids = keep(store, driven)
    tracks.catch_up(store, "Little Ring")
    for lap_id in ids:
        frames = store.read_lap(lap_id).frames
        assert frames["sector_id"].null_count() == 0
        assert (frames["corner_id"].is_null() ^ frames["straight_id"].is_null()).all()
        assert frames["corner_id"].drop_nulls().unique().to_list() == [1, 2, 3, 4, 5, 6]


def test_the_laps_of_a_part_of_the_track_have_the_sections_they_came_to(store: Store, driven: SimulatedSession) -> None:
    track_ids = keep(store, driven)
    tracks.catch_up(store, "Little Ring")
    track = store.read_track("Little Ring")
    lap = store.read_lap(track_ids[1])
    half = {name: replace(t, values=t.values[len(t.values) // 2 :]) for name, t in lap.traces.items()}
    started_us = lap.session_started_us + round(float(half["timestamp"].values[0]) * 1e6)
    part = replace(lap, traces=half, kind=LapKind.PARTIAL, lap_time_s=None, started_us=started_us)
    found = sections_of(part, track)
    whole = {(one.kind, one.number): one for one in lap.sections}
    assert {one.number for one in found if one.kind is SectionKind.SECTOR} < {1, 2, 3}
    for one in found:
        assert started_us <= one.started_us < one.ended_us <= lap.ended_us
        same = whole[one.kind, one.number]
        if started_us < same.started_us < same.ended_us < lap.ended_us:
            assert abs(one.started_us - same.started_us) < 5_000
            assert abs(one.ended_us - same.ended_us) < 5_000


def test_a_track_is_learned_again_from_better_laps_only(store: Store, driven: SimulatedSession) -> None:
    keep(store, driven, laps=slice(0, 2))
    first = tracks.learn(store, "Little Ring")
    assert first is not None
    assert len(first.laps_used) == 1
    keep(store, driven, laps=slice(1, 4))
    second = tracks.learn(store, "Little Ring")
    assert second is not None
    assert len(second.laps_used) == 4  # fewer than five so far
    keep(store, driven, laps=slice(2, 4), lap_time_s=60.0)
    revision = store.find_uncut_laps("Little Ring")["revision"].max()
    third = tracks.learn(store, "Little Ring")
    assert third is not None
    assert store.find_uncut_laps("Little Ring")["revision"].max() >= revision
    again = tracks.learn(store, "Little Ring")
    assert again is not None
    assert again.to_json() == third.to_json()


def test_without_a_usable_lap_there_is_no_track(store: Store, driven: SimulatedSession) -> None:
    ids = keep(store, driven, laps=slice(0, 1))
    keep(store, driven, laps=slice(1, 3), valid=False)
    assert tracks.learn(store, "Little Ring") is None
    tracks.catch_up(store, "Little Ring")
    assert store.find_tracks().is_empty()
    assert store.read_lap(ids[0]).sections == ()
    assert tracks.learn(store, "Nowhere") is None


def test_what_the_user_named_and_moved_stays(store: Store, driven: SimulatedSession) -> None:
    keep(store, driven, laps=slice(0, 2))
    tracks.catch_up(store, "Little Ring")
    store.name_corners("Little Ring", {2: "Old Oak"})
    store.edit_sectors("Little Ring", [700.0])
    keep(store, driven, laps=slice(1, 4))
    tracks.catch_up(store, "Little Ring")
    track = store.read_track("Little Ring")
    assert (track.corners[1].name, len(track.laps_used)) == ("Old Oak", 4)
    assert [round(sector.end_m, -1) for sector in track.sectors] == [700, 1500]
    for lap_id in store.find_laps(kind="timed")["lap_id"]:
        lap = store.read_lap(lap_id)
        assert [part.name for part in lap.sections if part.kind is SectionKind.CORNER][1] == "Old Oak"
        assert len(lap.sectors_s) == 2


def test_a_users_word_on_a_lap_outlives_learning_and_cutting(store: Store, driven: SimulatedSession) -> None:
    ids = keep(store, driven)
    store.set_lap_override(ids[2], kind="in", valid=False)
    store.set_lap_override(ids[3], valid=False)
    tracks.catch_up(store, "Little Ring")
    assert store.read_track("Little Ring").laps_used == (ids[1],)
    store.edit_sectors("Little Ring", [400.0])
    tracks.catch_up(store, "Little Ring")
    told = store.find_laps().select("lap_id", "kind", "valid", "valid_reason").rows()
    assert told[2:4] == [(ids[2], "in", False, "set by you"), (ids[3], "timed", False, "set by you")]


def test_a_changed_track_cuts_its_laps_anew_and_a_kill_in_between_loses_nothing(
    store: Store, driven: SimulatedSession
) -> None:
    ids = keep(store, driven)
    tracks.catch_up(store, "Little Ring")
    store.edit_sectors("Little Ring", [750.0])
    backlog = tracks.Backlog()
    backlog.add("anna", "Little Ring")
    backlog.step(store)  # looks whether there is something to learn
    backlog.step(store)  # and then cuts one lap a step
    backlog.step(store)
    assert set(store.find_uncut_laps("Little Ring")["lap_id"]) == set(ids[:3])
    del backlog  # killed; the database says what is left
    assert store.find_uncut_tracks() == [("anna", "Little Ring")]
    tracks.catch_up(store, "Little Ring")
    assert store.find_uncut_tracks() == []
    assert {len(sectors) for sectors in store.find_laps(kind="timed")["sectors_s"]} == {2}


def test_a_lap_of_another_length_has_no_sections_and_is_no_error(
    store: Store, driven: SimulatedSession, caplog: pytest.LogCaptureFixture
) -> None:
    keep(store, driven)
    other = simulate(
        generate("Other", seed=7, length_m=2400.0, corners=8), GT, Driver("A", seed=3), [TIMED, TIMED], seed=5
    )
    lost = keep(store, other, laps=slice(0, 2))
    tracks.catch_up(store, "Little Ring")
    assert store.read_track("Little Ring").length_m == pytest.approx(1500, rel=0.01)
    assert [store.read_lap(lap_id).sections for lap_id in lost] == [(), ()]
    assert store.find_uncut_laps("Little Ring").is_empty()
    assert not caplog.records


def test_a_failure_is_logged_once_and_everything_else_goes_on(
    store: Store, driven: SimulatedSession, caplog: pytest.LogCaptureFixture
) -> None:
    ids = keep(store, driven)
    store.write_track(ring("Little Ring", length_m=1500.0, sectors=()))  # known, and nothing like the laps
    backlog = tracks.Backlog()
    for _ in range(3):
        backlog.add("anna", "Little Ring")
        while backlog.pending:
            backlog.step(store)
    messages = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(messages) == 1
    assert messages[0].startswith("track 'Little Ring' is not learned, or laps of it are not cut: ")
    assert store.find_uncut_laps("Little Ring").is_empty()
    assert store.find_laps()["lap_id"].sort().to_list() == sorted(ids)


def test_a_database_that_does_not_answer_is_waited_for(store: Store, driven: SimulatedSession) -> None:
    keep(store, driven, laps=slice(0, 2))
    backlog = tracks.Backlog()
    backlog.add("anna", "Little Ring")
    with open_store("sqlite:///:memory:", user="anna", settings=Settings()) as gone:
        with gone.transaction() as transaction:
            transaction._connection.exec_driver_sql("ALTER TABLE track RENAME TO hidden")
        with pytest.raises(DatabaseUnreachable):
            backlog.step(gone)
    assert backlog.pending
    while backlog.pending:
        backlog.step(store)
    assert store.find_uncut_tracks() == []
    assert len(store.find_tracks()) == 1


def test_tracks_of_all_users_have_their_turn(store: Store, driven: SimulatedSession) -> None:
    keep(store, driven, laps=slice(0, 2))
    keep(store.for_user("ben"), driven, laps=slice(0, 3))
    backlog = tracks.Backlog()
    for user, name in store.find_uncut_tracks():
        backlog.add(user, name)
    for _ in range(4):  # learn and cut one lap, each of two
        backlog.step(store)
    assert [len(store.for_user(user).find_uncut_laps("Little Ring")) for user in ("anna", "ben")] == [1, 2]
    while backlog.pending:
        backlog.step(store)
    assert store.find_uncut_tracks() == []


def test_laps_that_know_where_they_were_come_first(store: Store, driven: SimulatedSession) -> None:
    ids = keep(store, driven)
    best = min(ids[1:4], key=lambda lap_id: store.read_lap(lap_id).lap_time_s or 0.0)
    with store.transaction() as transaction:
        transaction._connection.exec_driver_sql(
            "DELETE FROM lap_trace WHERE channel IN ('x', 'y') AND lap_key IN"
            f" (SELECT lap_key FROM lap WHERE id = '{best}')"
        )
    assert tracks._candidates(store, "Little Ring")[-1] == best
    model = tracks.learn(store, "Little Ring")
    assert model is not None
    assert model.length_m == pytest.approx(1500, rel=0.01)
