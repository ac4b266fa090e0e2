"""Frames ↔ messages: the one place that knows the wire's scales and names.

A batch travels by column. Packed fixed-width fields and `bytes` fields are the same on the wire, so a twin of the
public schema with `bytes` columns (made here from the same descriptor) reads and writes whole columns without a copy.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any

import numpy as np
import polars as pl
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from ps_analytics.channels.catalog import CATALOG
from ps_analytics.errors import WireError
from ps_analytics.proto import telemetry_pb2
from ps_analytics.proto.batch import Batch, Channels, Column, Extra

__all__ = [
    "HUGE", "MAX_BYTES", "MAX_CHANNELS", "MAX_NAME", "MISSING_INT", "SEED_COLUMNS", "Batch", "Column", "Extra",
    "decode", "encode", "frames", "from_frame", "to_catalog",
]  # fmt: skip

MAX_BYTES = 4 * 1024 * 1024
MAX_CHANNELS = 1024
MAX_NAME = 64
MISSING_INT = -(2**31)
HUGE = 1e30
"""A float beyond this is missing."""
MAX_RATE_HZ = 1e6
MAX_SEQ = 2**62

_Descriptor = descriptor_pb2.FieldDescriptorProto
_DTYPES: dict[int, np.dtype[Any]] = {
    _Descriptor.TYPE_FLOAT: np.dtype("<f4"),
    _Descriptor.TYPE_DOUBLE: np.dtype("<f8"),
    _Descriptor.TYPE_SFIXED32: np.dtype("<i4"),
    _Descriptor.TYPE_SFIXED64: np.dtype("<i8"),
}


def _twin() -> tuple[type[Any], dict[str, np.dtype[Any]]]:
    """The batch message with bytes for columns, and the dtype of each of its columns."""
    schema = descriptor_pb2.FileDescriptorProto()
    telemetry_pb2.DESCRIPTOR.CopyToProto(schema)
    schema.package += ".twin"
    dtypes: dict[str, np.dtype[Any]] = {}
    for message in schema.message_type:
        for item in message.field:
            if item.type_name:
                item.type_name = item.type_name.replace(".v1.", ".v1.twin.")
            if item.label == item.LABEL_REPEATED and item.type in _DTYPES:
                dtypes[f"{message.name}.{item.name}"] = _DTYPES[item.type]
                item.label, item.type = item.LABEL_OPTIONAL, item.TYPE_BYTES
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(schema.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{schema.package}.TelemetryBatch")), dtypes


_TwinBatch, _COLUMNS = _twin()
_FRAME_COLUMNS = {
    name.removeprefix("TelemetryBatch."): dtype for name, dtype in _COLUMNS.items() if name.startswith("TelemetryBatch")
}
SEED_COLUMNS = tuple(_FRAME_COLUMNS)
"""The seed's ten columns, `timestamp_us` first, as the wire and `telemetry_frame` name them."""
_FLOAT, _DOUBLE, _INTEGER = np.dtype("<f4"), np.dtype("<f8"), np.dtype("<i4")
_LONG = np.dtype("<i8")
_LARGE = bytes((*range(0x71, 0x80), *range(0xF1, 0x100)))
"""The highest bytes a float32 has beyond 6e29, infinity and NaN among them."""
_FLOATS = tuple(name for name, dtype in _FRAME_COLUMNS.items() if dtype == _FLOAT)
_NINE = (*_FLOATS, *(name for name, dtype in _FRAME_COLUMNS.items() if dtype == _INTEGER))
_nine_of = attrgetter(*_NINE)
_channel_of = attrgetter("name", "unit", "rate_hz", "values")
_TEXTS = ("session_id", "source", "track", "car", "driver")
_texts_of = attrgetter(*_TEXTS)

_SCALES: dict[str, tuple[str, float]] = {
    "throttle": ("throttle", 100.0),
    "brake": ("brake", 100.0),
    "steering": ("steering", 100.0),
    "speed": ("speed", 1.0),
    "rpm": ("rpm", 1.0),
    "normalized_position": ("normalized_position", 1.0),
    "gear": ("gear", 1.0),
    "lap_time_ms": ("lap_time", 1e-3),
    "lap_number": ("source_lap_number", 1.0),
}
"""Wire column → catalogue channel and the factor from the wire's scale to the catalogue's."""
_RESERVED = frozenset(SEED_COLUMNS) | {name for name, _ in _SCALES.values()} | {"timestamp"}
"""What no other channel may be named."""
_DOUBLES = ("latitude", "longitude")


def encode(batch: Batch) -> bytes:
    """The bytes of a batch, as the public `TelemetryBatch` message has them."""
    message = _TwinBatch(first_seq=batch.first_seq, rate_hz=batch.rate_hz, live=batch.live)
    for name in _TEXTS:
        setattr(message, name, getattr(batch, name))
    message.timestamp_us = np.ascontiguousarray(batch.timestamp_us, "<i8").tobytes()
    for name, values in batch.columns.items():
        setattr(message, name, np.ascontiguousarray(values, _FRAME_COLUMNS[name]).tobytes())
    for name, extra in batch.extras.items():
        channel = message.channels.add(name=name, unit=extra.unit, rate_hz=extra.rate_hz)
        if name in _DOUBLES or extra.values.dtype == np.float64:
            channel.doubles = np.ascontiguousarray(extra.values, "<f8").tobytes()
        else:
            channel.values = np.ascontiguousarray(extra.values, "<f4").tobytes()
    return bytes(message.SerializeToString())


def decode(payload: bytes) -> Batch:
    """The batch in the bytes; its columns of one type are rows of one array.

    NaN, infinity and magnitudes beyond 1e30 come out as missing (NaN).

    Raises:
        WireError: too large, not a batch, columns of unequal length, or bad names; `.field` says where.
    """
    if len(payload) > MAX_BYTES:
        raise WireError(f"{len(payload)} bytes, the limit is {MAX_BYTES}", field="payload")
    try:
        message = _TwinBatch.FromString(payload)
    except DecodeError as error:
        raise WireError(f"not a protobuf message ({error})", field="payload") from None
    timestamps = _timestamps(message.timestamp_us)
    length = len(timestamps)
    session_id, source, track, car, driver = _texts(message)
    return Batch(
        session_id,
        source,
        timestamps,
        _nine(message, length),
        _extras(message.channels, length),
        _first_seq(message.first_seq),
        _rate(message.rate_hz),
        track,
        car,
        driver,
        message.live,
    )


def _timestamps(raw: bytes) -> Column:
    if not raw or len(raw) % 8:
        reason = f"{len(raw)} bytes are not whole values of 8" if raw else "no frames"
        raise WireError(reason, field="timestamp_us")
    if raw[7::8].strip(b"\0"):  # the highest byte of each
        raise WireError("a time before 1970 or after 4253", field="timestamp_us")
    return np.frombuffer(raw, _LONG)


def _nine(message: Any, length: int) -> dict[str, Column]:
    names, raws, floats = _NINE, _nine_of(message), len(_FLOATS)
    if not all(raws):
        names = tuple(name for name, raw in zip(_NINE, raws, strict=True) if raw)
        raws = tuple(raw for raw in raws if raw)
        floats = sum(name in _FLOATS for name in names)
    joined = _joined(names, raws, _FLOAT, length)
    border = floats * length * 4
    rows = [*_real_rows(joined[:border], length), *np.frombuffer(joined[border:], _INTEGER).reshape(-1, length)]
    return dict(zip(names, rows, strict=True))


def _extras(channels: Any, length: int) -> Mapping[str, Extra]:
    if not channels:
        return {}
    if len(channels) > MAX_CHANNELS:
        raise WireError(f"{len(channels)} channels, the limit is {MAX_CHANNELS}", field="channels")
    names, units, rates, raws = zip(*map(_channel_of, channels), strict=True)
    names, units, rates = _checked_facts(names, units, rates)
    singles, doubles = names, {}
    if not all(raws):
        doubles = {channel.name: channel.doubles for channel in channels if not channel.values}
        singles = tuple(name for name in names if name not in doubles)
        raws = tuple(raw for raw in raws if raw)
    return Channels(
        names,
        units,
        rates,
        _real_rows(_joined(singles, raws, _FLOAT, length), length),
        _real_rows(_joined(doubles, doubles.values(), _DOUBLE, length), length, _DOUBLE)
        if doubles
        else np.empty((0, length)),
        frozenset(doubles),
    )


@lru_cache(maxsize=64)  # a stream's channels are the same in every batch
def _checked_facts(
    names: tuple[str, ...], units: tuple[str, ...], rates: tuple[float, ...]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[float, ...]]:
    if "" in names or len(set(names)) < len(names) or not _RESERVED.isdisjoint(names):
        bad = next(name for name in names if not name or name in _RESERVED or names.count(name) > 1)
        raise WireError(f"'{bad}' is empty, repeated or one of the ten", field="channels.name")
    _check_texts(names, "channels.name")
    _check_texts(units, "channels.unit")
    return names, units, tuple(map(_rate, rates))


def _joined(names: Iterable[str], raws: Collection[bytes], dtype: np.dtype[Any], length: int) -> bytes:
    """All columns in one; one that is not as long as the time stamps is named."""
    size = length * dtype.itemsize
    if {*map(len, raws)} - {size}:
        name, raw = next((name, raw) for name, raw in zip(names, raws, strict=True) if len(raw) != size)
        if len(raw) % dtype.itemsize:
            raise WireError(f"{len(raw)} bytes are not whole values of {dtype.itemsize}", field=name)
        raise WireError(f"{len(raw) // dtype.itemsize} values for {length} frames", field=name)
    return b"".join(raws)


def _real_rows(raw: bytes, length: int, dtype: np.dtype[Any] = _FLOAT) -> Column:
    """One array, a row a column."""
    rows = np.frombuffer(raw, dtype).reshape(-1, length)
    if dtype is _FLOAT:
        high = raw[3::4]  # sign and most of the exponent of each: enough to see that none is beyond 6e29
        if len(high.translate(None, _LARGE)) == len(high):
            return rows
    with np.errstate(invalid="ignore"):  # a signalling NaN; all of them come out as the one that is quiet
        return np.where(np.abs(rows) <= HUGE, rows, np.array(np.nan, dtype))


def _first_seq(first_seq: int) -> int:
    if first_seq >= MAX_SEQ:
        raise WireError(f"{first_seq} is out of range", field="first_seq")
    return first_seq


def _rate(rate_hz: float) -> float:
    """A rate that can be one, else 0: unknown."""
    return rate_hz if 0 < rate_hz < MAX_RATE_HZ else 0.0


def _texts(message: Any) -> tuple[str, ...]:
    texts: tuple[str, ...] = _texts_of(message)
    if not (texts[0] and texts[1]):
        raise WireError("empty", field=_TEXTS[1 if texts[0] else 0])
    together = "".join(texts)
    if len(together) > MAX_NAME or not together.isprintable():
        for name, text in zip(_TEXTS, texts, strict=True):
            _check_texts((text,), name)
    return texts


def _check_texts(texts: Collection[str], field: str) -> None:
    if max(map(len, texts)) <= MAX_NAME and "".join(texts).isprintable():
        return
    bad = next(text for text in texts if len(text) > MAX_NAME or not text.isprintable())
    raise WireError(f"a text of {len(bad)} characters, at most {MAX_NAME} printable ones are allowed", field=field)


def to_catalog(batch: Batch) -> dict[str, Column]:
    """The batch's channels in catalogue names and units, one array a channel, Float64 for the seed's nine.

    `timestamp_us` stays beside them (int64). Missing values are NaN.
    """
    columns: dict[str, Column] = {"timestamp_us": batch.timestamp_us}
    for wire_name, values in batch.columns.items():
        name, factor = _SCALES[wire_name]
        floats = values.astype(np.float64)
        if values.dtype.kind == "i":
            floats[values == MISSING_INT] = np.nan
        columns[name] = floats * factor if factor != 1.0 else floats
    columns.update((name, extra.values) for name, extra in batch.extras.items())
    return columns


def from_frame(frame: pl.DataFrame, *, timestamp_us: Column, session_id: str, source: str, **facts: Any) -> Batch:
    """A batch from a frame in catalogue names and units.

    Args:
        frame: one row a frame; columns that are not numeric are refused by NumPy.
        timestamp_us: UTC microseconds, one a row.
        session_id: the collector's session.
        source: the collector's name.
        **facts: `first_seq`, `rate_hz`, `track`, `car`, `driver`, `live` of the batch.
    """
    columns: dict[str, Column] = {}
    for wire_name, (name, factor) in _SCALES.items():
        if name in frame.columns:
            columns[wire_name] = _to_wire(_floats(frame[name]), factor, _FRAME_COLUMNS[wire_name])
    taken = {name for name, _ in _SCALES.values()} | {"timestamp", "lap_number"}
    rate_hz = float(facts.get("rate_hz", 60.0))
    extras = {
        name: Extra(
            _floats(frame[name]).astype(np.float64 if name in _DOUBLES else np.float32), _wire_unit(name), rate_hz
        )
        for name in frame.columns
        if name not in taken
    }
    return Batch(
        session_id=session_id, source=source, timestamp_us=timestamp_us, columns=columns, extras=extras, **facts
    )


def _wire_unit(name: str) -> str:
    return (CATALOG[name].unit or "") if name in CATALOG else ""


def _floats(series: pl.Series) -> NDArray[np.float64]:
    return series.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _to_wire(values: NDArray[np.float64], factor: float, dtype: np.dtype[Any]) -> Column:
    scaled = values / factor
    if dtype.kind == "f":
        return scaled.astype(dtype)
    return np.where(np.abs(scaled) < -MISSING_INT - 1, np.rint(scaled), MISSING_INT).astype(dtype)


def frames(batch: Batch) -> Iterator[telemetry_pb2.TelemetryFrame]:
    """The batch's samples as public single messages, for browsers and other languages."""
    for row in range(len(batch)):
        frame = telemetry_pb2.TelemetryFrame(timestamp_us=int(batch.timestamp_us[row]))
        for name, values in batch.columns.items():
            value = values[row].item()
            if value == value and value != MISSING_INT:  # NaN is not equal to itself
                setattr(frame, name, value)
        for name, extra in batch.extras.items():
            if np.isfinite(extra.values[row]):
                frame.extras.add(name=name, unit=extra.unit, value=float(extra.values[row]))
        yield frame
