"""How one channel of one lap lies in the database: bit-shuffled, LZ4-compressed, checked before it is decoded."""

import struct
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numcodecs import blosc
from numpy.typing import NDArray

from ps_analytics.channels.catalog import CATALOG, ChannelSpec
from ps_analytics.errors import CorruptTrace
from ps_analytics.lap import Trace, Values, column_dtype
from ps_analytics.store.models import LapTrace

CODEC = "blosc-lz4-bitshuffle"
_BLOSC = blosc.Blosc("lz4", 5, blosc.Blosc.BITSHUFFLE)
blosc.use_threads = False  # a channel of a lap is too little for two, and laps are read on many threads
_HEADER = struct.Struct("<4BIII")  # version, format, flags, typesize, nbytes, blocksize, cbytes
_DTYPES = {name: np.dtype(name) for name in ("float32", "float64", "int32")}

COLUMNS = (
    LapTrace.channel,
    LapTrace.unit,
    LapTrace.rate_hz,
    LapTrace.start_offset_s,
    LapTrace.samples,
    LapTrace.dtype,
    LapTrace.codec,
    LapTrace.crc32,
    LapTrace.data,
)
"""What `unpack` needs of a row."""

_PLACES = {name: place for place, name in enumerate(CATALOG)}


def in_catalogue_order(name: str) -> tuple[int, str]:
    """What sorts channels as the catalogue does; those it does not know come last, by name."""
    return _PLACES.get(name, len(_PLACES)), name


def pack(lap_key: int, trace: Trace, lap_start_s: float) -> dict[str, Any]:
    """The row of `lap_trace` for a channel.

    Args:
        lap_key: the lap's.
        trace: the channel; NaN where a sample is missing.
        lap_start_s: the lap's start in s since the session's first frame.
    """
    values = np.ascontiguousarray(trace.values)
    if values.dtype == np.float64 and column_dtype(trace.name, "float64") is np.float32:
        values = values.astype(np.float32)
    elif values.dtype.name not in _DTYPES:
        values = values.astype(np.float64 if values.dtype.itemsize > 4 else np.float32)
    data = bytes(_BLOSC.encode(values)) if len(values) else b""
    return {
        "lap_key": lap_key,
        "channel": trace.name,
        "unit": trace.unit,
        "rate_hz": float(trace.rate_hz),
        "start_offset_s": float(trace.start_s - lap_start_s),
        "samples": len(values),
        "dtype": values.dtype.name,
        "codec": CODEC,
        "crc32": zlib.crc32(data),
        "data": data,
    }


def unpack(row: Any, *, lap_id: str, lap_start_s: float, source: dict[str, Any] | None = None) -> Trace:
    """The channel in a row of `lap_trace`.

    Args:
        row: has the fields of `COLUMNS`.
        lap_id: the lap's, for the error.
        lap_start_s: the lap's start in s since the session's first frame.
        source: what the source calls it, `source_name` and `source_unit`, where that is known.

    Raises:
        CorruptTrace: it fails its checks; names lap and channel.
    """
    values = np.empty(row.samples, _DTYPES.get(row.dtype, np.float32))
    unpack_into(row, values, lap_id=lap_id)
    told = source or {}
    return Trace(
        row.channel,
        row.unit,
        row.rate_hz,
        lap_start_s + row.start_offset_s,
        values,
        told.get("source_name"),
        told.get("source_unit"),
    )


def unpack_into(row: Any, out: NDArray[Any], *, lap_id: str) -> None:
    """Decode a row of `lap_trace` into an array of its length and dtype.

    Blosc trusts its header and crashes on wrong lengths, so nothing reaches it that fails a check.

    Raises:
        CorruptTrace: it fails its checks; names lap and channel.
    """
    reason = _damage(row, out)
    if reason:
        raise CorruptTrace(lap_id, row.channel, reason)
    if len(out):
        try:
            blosc.decompress(row.data, out)
        except RuntimeError as error:
            raise CorruptTrace(lap_id, row.channel, str(error)) from None


def _damage(row: Any, out: NDArray[Any]) -> str:
    data = row.data
    if row.codec != CODEC:
        return f"it is stored as '{row.codec}', which this version does not read"
    if _DTYPES.get(row.dtype) != out.dtype or len(out) != row.samples:
        return f"{row.samples} samples of '{row.dtype}' are not what it holds"
    if zlib.crc32(data) != row.crc32:
        return "its checksum does not match"
    if not len(out):
        return f"{len(data)} bytes for no sample" if data else ""
    if len(data) < _HEADER.size:
        return f"{len(data)} bytes are too few"
    _, _, _, typesize, nbytes, _, cbytes = _HEADER.unpack_from(data)
    if nbytes != out.nbytes or cbytes != len(data) or typesize != out.itemsize:
        return "its header does not fit its length"
    return ""


def out_of_range(traces: Iterable[Trace]) -> list[str]:
    """The names of the channels with a value outside its physical range; a ten-thousandth of the range is rounding."""
    return [trace.name for trace in traces if trace.name in CATALOG and _beyond(trace.values, CATALOG[trace.name])]


def _beyond(values: Values, spec: ChannelSpec) -> bool:
    slack = 1e-4 * (spec.high - spec.low)
    # fmin and fmax pass over missing samples
    low, high = np.fmin.reduce(values, initial=spec.low), np.fmax.reduce(values, initial=spec.high)
    return bool(low < spec.low - slack or high > spec.high + slack)
