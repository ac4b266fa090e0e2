"""A scan gives one column a channel over many laps, lazily, and nothing bigger than asked."""

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ps_analytics.errors import CorruptTrace, NotFound, UnknownChannel
from ps_analytics.lap import Trace
from ps_analytics.store import scanning
from ps_analytics.store.rows import LapRow
from ps_analytics.store.store import Store
from tests.store.stream import START_US, at, drive, seal


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "_TRACES_A_CHUNK", 4)
    monkeypatch.setattr(scanning, "_IDS_A_QUERY", 2)


@pytest.fixture
def laps(store: Store) -> list[LapRow]:
    """Five sealed laps of 200 frames in two sessions."""
    found = [lap for end in (600, 400) for lap in drive(store, frames=end, laps=range(0, end + 1, 200))[1]]
    seal(store, found)
    return found


def recorded(store: Store, traces: list[Trace]) -> str:
    """A lap of a file, of half a second."""
    with store.transaction() as transaction:
        session = transaction.open_session(source="ld", started_us=START_US)
        lap = transaction.open_lap(session, lap_number=1, started_us=at(0), ended_us=at(50))
        transaction.write_traces(lap.id, traces)
    return lap.id


def trace(name: str, rate_hz: float, values: list[float]) -> Trace:
    return Trace(name, None, rate_hz, 0.0, np.array(values, np.float32))


def test_every_sealed_lap_in_the_order_recorded(store: Store, laps: list[LapRow]) -> None:
    found = store.scan(["speed", "latitude"]).collect()
    assert dict(found.schema) == {"lap_id": pl.String, "speed": pl.Float32, "latitude": pl.Float64}
    assert found["lap_id"].unique(maintain_order=True).to_list() == [lap.id for lap in laps]
    assert found["speed"].to_list() == [float(n) for n in (*range(600), *range(400))]
    assert found["latitude"].to_list() == [47.0 + n * 1e-7 for n in (*range(600), *range(400))]


def test_a_scan_is_the_frames_of_its_laps(store: Store, laps: list[LapRow]) -> None:
    names = ["timestamp", "lap_time", "gear", "ballast", "distance", "lap_number"]
    frames = [
        store.read_lap(lap.id, names).frames.select(pl.lit(lap.id).alias("lap_id"), *(pl.col(n) for n in names))
        for lap in laps
    ]
    assert_frame_equal(
        store.scan(names).collect(), pl.concat(frames).with_columns(pl.col("lap_number").cast(pl.Float32))
    )


def test_only_the_laps_asked_for(store: Store, laps: list[LapRow]) -> None:
    wanted = [laps[4].id, laps[0].id, laps[2].id, laps[0].id]
    found = store.scan(["speed"], wanted).collect()
    assert found["lap_id"].unique(maintain_order=True).to_list() == [laps[0].id, laps[2].id, laps[4].id]
    assert len(found) == 600
    table = store.find_laps().filter(pl.col("lap_number") == 1)
    assert store.scan(["speed"], table).collect()["speed"].to_list() == [float(n) for n in range(200, 400)] * 2


def test_projection_predicate_and_number_of_rows_are_honoured(store: Store, laps: list[LapRow]) -> None:
    whole = store.scan(["speed", "gear", "oil_temp"]).collect()
    scan = store.scan(["speed", "gear", "oil_temp"])
    assert_frame_equal(scan.select("gear").collect(), whole.select("gear"))
    assert_frame_equal(scan.head(333).collect(), whole.head(333))
    assert_frame_equal(scan.filter(pl.col("gear") == 3.0).collect(), whole.filter(pl.col("gear") == 3.0))
    assert_frame_equal(
        scan.filter(pl.col("gear") > 5).select("speed").head(7).collect(),
        whole.filter(pl.col("gear") > 5).select("speed").head(7),
    )
    assert_frame_equal(
        scan.select("lap_id").unique().collect().sort("lap_id"), whole.select("lap_id").unique().sort("lap_id")
    )
    means = scan.group_by("lap_id").agg(pl.col("speed").mean()).collect()
    assert sorted(means["speed"].to_list()) == pytest.approx([99.5, 99.5, 299.5, 299.5, 499.5])
    assert scan.select(pl.len()).collect().item() == 1000


def test_a_lap_that_lacks_a_channel_has_nulls_there(store: Store, laps: list[LapRow]) -> None:
    lap_id = recorded(store, [trace("speed", 10.0, [1, 2, 3])])
    found = store.scan(["speed", "gear"]).filter(lap_id=lap_id).collect()
    assert found.select("speed", "gear").rows() == [(1.0, None), (2.0, None), (3.0, None)]
    assert lap_id not in store.scan(["gear"]).collect()["lap_id"]


def test_channels_of_different_rates_are_put_on_the_base_rate(store: Store) -> None:
    lap_id = recorded(
        store, [trace("speed", 4.0, [0, 10, 20, 30]), trace("gear", 2.0, [1, 2]), trace("fuel", 2.0, [9, 7])]
    )
    scan = store.scan(["gear", "fuel", "speed"], [lap_id])
    assert scan.drop("lap_id").collect().rows() == [(1, 9, 0), (1, 8, 10), (2, 7, 20), (2, 7, 30)]
    assert scan.select("gear").collect()["gear"].to_list() == [1.0, 1.0, 2.0, 2.0]
    assert store.scan(["gear"], [lap_id]).collect()["gear"].to_list() == [1.0, 2.0]


def test_missing_samples_are_null(store: Store) -> None:
    lap_id = recorded(store, [trace("speed", 4.0, [0, float("nan"), 20])])
    assert store.scan(["speed"], [lap_id]).collect()["speed"].to_list() == [0.0, None, 20.0]


def test_an_open_lap_may_be_among_them(store: Store, laps: list[LapRow]) -> None:
    with store.transaction() as transaction:
        transaction.close_lap(laps[1].id, ended_us=at(300))
        assert not transaction.lap(laps[1].id).sealed
    found = store.scan(["speed", "flux_capacitor"], [laps[0].id, laps[1].id]).collect()
    assert found["speed"].to_list() == [float(n) for n in range(300)]
    assert found["flux_capacitor"].null_count() == 300
    assert len(store.scan(["speed"]).collect()) == 800


def test_a_channel_of_the_source_keeps_the_type_it_is_stored_in(store: Store) -> None:
    wide = recorded(store, [Trace("clock_of_mine", None, 10.0, 0.0, np.array([1e9 + 0.25]))])
    assert store.scan(["clock_of_mine"]).collect().row(0) == (wide, 1e9 + 0.25)


def test_an_unknown_lap_or_channel_is_named_at_once(store: Store, laps: list[LapRow]) -> None:
    with pytest.raises(NotFound, match="no lap 'nobody'"):
        store.scan(["speed"], [laps[0].id, "nobody"])
    with pytest.raises(UnknownChannel, match="no channel 'sped'\\. Did you mean 'speed'"):
        store.scan(["sped"])
    with pytest.raises(UnknownChannel, match="no channel 'rpm'"):
        store.scan(["rpm"])


def test_a_store_without_laps_gives_no_rows(store: Store) -> None:
    assert store.scan(["speed"]).collect().is_empty()
    assert store.scan(["speed"], []).collect().is_empty()
    assert store.scan([]).collect().is_empty()


def test_a_damaged_channel_is_named(store: Store, laps: list[LapRow]) -> None:
    with store.transaction() as transaction:
        transaction._connection.exec_driver_sql(
            f"UPDATE lap_trace SET crc32 = 1 WHERE channel = 'speed' AND lap_key = {laps[1].key}"
        )
    with pytest.raises(CorruptTrace, match=f"channel 'speed' of lap '{laps[1].id}' is damaged: its checksum"):
        store.scan(["speed"]).collect()
    assert len(store.scan(["gear"]).collect()) == 1000
