"""Whatever frame goes in comes out: frame → batch → bytes → batch → rows and traces → frame."""

from typing import Any

import numpy as np
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sqlalchemy import text

from ps_analytics.channels.catalog import CATALOG
from ps_analytics.proto.codec import MISSING_INT, SEED_COLUMNS, Batch, decode, encode, from_frame
from ps_analytics.store.store import Store
from tests.store.stream import START_US

FLOATS = st.floats(width=32, min_value=np.float32(-1e30), max_value=np.float32(1e30)) | st.just(float("nan"))
SHARES = {"throttle": 100.0, "brake": 100.0, "steering": 100.0, "speed": 1.0, "rpm": 1.0, "normalized_position": 1.0}
INTEGERS = {"gear": (-1, 12), "source_lap_number": (0, 65535)}
OTHERS = sorted(
    set(CATALOG) - {*SHARES, *INTEGERS, "timestamp", "lap_time", "lap_number", "latitude", "longitude", "distance"}
)
OWN = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, categories=("L", "N")), min_size=1, max_size=64)


@st.composite
def frames(draw: st.DrawFn) -> tuple[pl.DataFrame, np.ndarray]:
    """Catalogue columns whose values the wire can hold, and strictly rising times in µs."""
    rows = draw(st.integers(1, 40))
    times = START_US + np.cumsum(draw(arrays.arrays(np.int64, rows, elements=st.integers(1, 10**6))))
    columns: dict[str, np.ndarray] = {}
    for name in draw(st.sets(st.sampled_from(sorted(SHARES)))):
        columns[name] = draw(arrays.arrays(np.float32, rows, elements=FLOATS)).astype(np.float64) * SHARES[name]
    for name in draw(st.sets(st.sampled_from(sorted(INTEGERS)))):
        low, high = INTEGERS[name]
        values = draw(arrays.arrays(np.int32, rows, elements=st.integers(low, high))).astype(np.float64)
        columns[name] = np.where(draw(arrays.arrays(np.bool_, rows)), values, np.nan)
    if draw(st.booleans()):
        columns["lap_time"] = draw(arrays.arrays(np.int32, rows, elements=st.integers(0, 2**31 - 1))) / 1e3
    extras = draw(st.sets(st.sampled_from(OTHERS) | OWN.filter(lambda n: n not in CATALOG and n not in SEED_COLUMNS),
                          max_size=6))  # fmt: skip
    for name in extras:
        columns[name] = draw(arrays.arrays(np.float32, rows, elements=FLOATS))
    if draw(st.booleans()):
        columns["latitude"] = draw(arrays.arrays(np.float64, rows, elements=st.floats(-90, 90) | st.just(np.nan)))
    return pl.DataFrame(columns, nan_to_null=True), times


def as_array(column: pl.Series) -> np.ndarray:
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def stored_rows(store: Store, key: int) -> dict[str, list[Any]]:
    names = ", ".join(SEED_COLUMNS)
    query = f"SELECT {names} FROM telemetry_frame WHERE session_key = {key} ORDER BY timestamp_us"
    with store._database.read() as connection:
        found = connection.execute(text(query)).all()
    return {name: [row[place] for row in found] for place, name in enumerate(SEED_COLUMNS)}


def check(store: Store, frame: pl.DataFrame, times: np.ndarray, size: int) -> None:
    batches = []
    for first in range(0, len(times), size):
        part = frame[first : first + size] if frame.width else frame
        batches.append(
            from_frame(part, timestamp_us=times[first : first + size], session_id="s", source="test", first_seq=first)
        )
    with store.transaction() as transaction:
        session = transaction.open_session(source="test", started_us=int(times[0]))
        transaction.write_batches(session, [(decode(encode(one)), encode(one)) for one in batches])
        lap = transaction.open_lap(session, lap_number=5, started_us=int(times[0]))
    driven = store.read_lap(lap.id).frames
    with store.transaction() as transaction:
        transaction.close_lap(lap.id, ended_us=int(times[-1]) + 1)
        assert transaction.seal_lap(lap.id) == len(times)
    read = store.read_lap(lap.id).frames
    assert read.equals(driven)
    assert set(read.columns) - {"distance"} == {"timestamp", "lap_number", *frame.columns}
    assert np.array_equal(np.rint(read["timestamp"].to_numpy() * 1e6), times - times[0])
    for name in frame.columns:
        check_channel(name, as_array(read[name]), as_array(frame[name]))
    check_rows(stored_rows(store, session.key), batches, times)


def check_channel(name: str, read: np.ndarray, given: np.ndarray) -> None:
    if name == "lap_time":  # whole milliseconds on the wire
        assert np.array_equal(np.rint(read * 1e3), np.rint(given * 1e3))
    elif name == "latitude":
        assert np.array_equal(read, given, equal_nan=True)
    else:
        with np.errstate(over="ignore"):
            expected = given.astype(np.float32).astype(np.float64)
        assert np.array_equal(read, expected, equal_nan=True)


def check_rows(rows: dict[str, list[Any]], batches: list[Batch], times: np.ndarray) -> None:
    assert rows["timestamp_us"] == times.tolist()
    for name in SEED_COLUMNS[1:]:
        sent = [value for batch in batches for value in batch.columns.get(name, np.full(len(batch), np.nan)).tolist()]
        found = [
            None if value is None else float(np.float32(value)) if name in SHARES else value for value in rows[name]
        ]
        assert found == [None if value != value or value == MISSING_INT else value for value in sent]


def test_any_frame_comes_back_as_it_was(store: Store) -> None:
    @settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(frames(), st.integers(1, 50))
    def round_trip(sample: tuple[pl.DataFrame, np.ndarray], size: int) -> None:
        check(store, *sample, size)

    round_trip()
