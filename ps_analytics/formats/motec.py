"""MoTeC `.ld` logs, with the `.ldx` beside them: channels of any rate and their laps.

Little-endian; text is NUL-padded Latin-1. A header of 1762 bytes points to a linked list of channel records of 124
bytes, each pointing to its samples; sample i is at i / rate. No channel carries a clock.
"""

import hashlib
import struct
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

import numpy as np

from ps_analytics.errors import CorruptFile
from ps_analytics.formats import ldx
from ps_analytics.formats.files import FileBytes, Progress, read_bytes, text_of
from ps_analytics.formats.naming import ChannelRule, FormatTable, Raw, RawChannel, name_channels
from ps_analytics.formats.recording import LapMark, Reader, Recording
from ps_analytics.lap import LapKind, Trace

NAME = "a MoTeC .ld"
HEADER_BYTES = 1762
MAX_CHANNELS = 4096

_CHANNEL = struct.Struct("<IIII HHHH hhhh 32s 8s 12s 40x")
_TYPES = {(7, 2): "<f2", (7, 4): "<f4"} | {(kind, size): f"<i{size}" for kind in (0, 3, 5) for size in (2, 4)}
_SAME_SAMPLES = 2
_MAX_DECIMALS = 30
_LATE_S = 0.05
"""So long after the last sample a beacon may still end a lap: its channels have their own rates."""
_LAP_CHANNELS = frozenset(["source_lap_number", "normalized_position", "lap_time"])
_BEACON_NAMES = frozenset(["beacon", "lap_beacon"])

MOTEC = FormatTable()
ACC = FormatTable(
    MappingProxyType({
        "STEERANGLE": ChannelRule("steering_angle", factor=-1.0),
        "G_LAT": ChannelRule("g_lat", unit="G", factor=-1.0),
        "G_LON": ChannelRule("g_long", unit="G"),
        "ROTY": ChannelRule("yaw_rate", factor=-1.0),
        **{
            f"TYRE_PRESS_{there}": ChannelRule(f"tyre_press_{here}", unit="psi")
            for there, here in (("LF", "fl"), ("RF", "fr"), ("LR", "rl"), ("RR", "rr"))
        },
    })
)  # fmt: skip
"""Assetto Corsa Competizione: left is positive, g-forces are in g under the label m/s2, tyre pressures in psi."""

_ACC_SIGNATURE = frozenset(
    ["STEERANGLE", "G_LAT", "G_LON", "ROTY", "TYRE_PRESS_LF", "TYRE_TAIR_LF", "SUS_TRAVEL_LF", "BUMPSTOPUP_RIDE_LF"]
)
"""Names only that game writes together: a log with all of them is its own, whatever the file is called."""


@dataclass(frozen=True, slots=True)
class LogHeader:
    """Who, where and when, as the header of a `.ld` says it; empty text where it says nothing."""

    first_channel: int
    date: str
    time: str
    driver: str
    vehicle: str
    venue: str
    comment: str


def recognises(head: bytes) -> bool:
    """Whether a file starts as a `.ld` does: the marker, and the two constants that every writer puts at 66."""
    return head[:4] == b"\x40\0\0\0" and head[66:70] == b"\x40\x42\x0f\x00"


def read_header(file: FileBytes) -> LogHeader:
    """The header of a `.ld` and the event, venue and vehicle blocks it points to.

    Raises:
        CorruptFile: the file ends inside one of them.
    """
    data = file.data
    file.need(0, HEADER_BYTES, "the header")
    vehicle, venue, comment = _text(data, 222, 64), _text(data, 350, 64), _text(data, 1572, 64)
    event = _u32(data, 36)
    if event:
        file.need(event, 1154, "the event block")
        comment = comment or _text(data, event + 128, 1024)
        place = _u16(data, event + 1152)
        if place:
            file.need(place, 1100, "the venue block")
            venue = venue or _text(data, place, 64)
            car = _u16(data, place + 1098)
            if car:
                file.need(car, 260, "the vehicle block")
                vehicle = vehicle or _text(data, car, 64)
    return LogHeader(
        first_channel=_u32(data, 8), date=_text(data, 94, 16), time=_text(data, 126, 16), driver=_text(data, 158, 64),
        vehicle=vehicle, venue=venue, comment=comment,
    )  # fmt: skip


def read_channels(file: FileBytes, first: int, progress: Progress) -> tuple[list[RawChannel], list[str]]:
    """Every channel of the linked list, scaled and otherwise as the file has it; and notes on records left out.

    Raises:
        CorruptFile: the list loops or leaves the file, or a channel's samples do.
    """
    channels: list[RawChannel] = []
    skipped: list[str] = []
    seen: set[int] = set()
    pointer, room = first, _SAME_SAMPLES * len(file.data)
    while pointer:
        file.need(pointer, _CHANNEL.size, "the list of channels")
        if pointer in seen or len(seen) >= MAX_CHANNELS:
            raise CorruptFile(file.path, reason="the list of channels never ends", offset=pointer)
        seen.add(pointer)
        channel = _channel(file, pointer)
        if channel is None:
            skipped.append(f"'{_text(file.data, pointer + 32, 32)}'")
        else:
            channels.append(channel)
            room -= channel.values.nbytes
            if room < 0:
                raise CorruptFile(file.path, reason="its channels share their samples", offset=pointer)
        progress(min(len(seen) / max(_u16(file.data, 86), 1), 1.0))
        pointer = _u32(file.data, pointer + 4)
    if not seen:
        raise CorruptFile(file.path, reason="it lists no channels", offset=8)
    left_out = f"Channels without samples, rate or known type are left out: {', '.join(skipped)}."
    return channels, [left_out] if skipped else []


def _channel(file: FileBytes, pointer: int) -> RawChannel | None:
    """One channel record with its samples; None where it has none or their type is unknown.

    value = raw / scale × 10^−decimals × multiplier + offset. Writers put the offset before or after the multiplier;
    every log seen has 0 there.
    """
    record = _CHANNEL.unpack_from(file.data, pointer)
    _, _, start, count, _, kind, size, rate_hz, offset, multiplier, scale, decimals, name, _, unit = record
    dtype = _TYPES.get((kind, size))
    if dtype is None or count == 0 or rate_hz == 0:
        return None
    label = text_of(name)
    file.need(start, count * size, f"the samples of '{label}'")
    if abs(decimals) > _MAX_DECIMALS:
        reason = f"'{label}' has {decimals} decimal places"
        raise CorruptFile(file.path, reason=reason, offset=pointer + 30)
    raw: Raw = np.frombuffer(file.data, dtype=dtype, count=count, offset=start)
    factor = (multiplier or 1) * 10.0**-decimals / (scale or 1)
    if factor != 1.0 or offset != 0:
        coarse = raw.dtype.itemsize == 2 or raw.dtype.kind == "f"
        with np.errstate(invalid="ignore", over="ignore"):
            scaled = raw.astype(np.float64) * factor + offset
            raw = scaled.astype(np.float32) if coarse else scaled
    return RawChannel(label, text_of(unit), float(rate_hz), raw)


def read_log(file: FileBytes, progress: Progress) -> Recording:
    """A `.ld`, with the laps of the `.ldx` beside it.

    Without beacons, and without a channel that tells the lap, it is one stint without a timed lap.

    Raises:
        CorruptFile: a pointer leaves the file, or the `.ldx` is damaged.
        NotThisFormat: the `.ldx` beside it is something else.
    """
    header = read_header(file)
    channels, notes = read_channels(file, header.first_channel, progress)
    from_acc = {c.name for c in channels} >= _ACC_SIGNATURE
    traces, named = name_channels(channels, ACC if from_acc else MOTEC)
    duration_s = max((len(c.values) / c.rate_hz for c in channels), default=0.0)
    companion = ldx.beside(file.path, ".ldx")
    side = read_bytes(companion, lambda share: None) if companion else None
    beacons_s = ldx.parse(side).beacons_s if side else ()
    started_at, dated = _started_at(header)
    marks, cut = _marks(beacons_s, channels, traces, duration_s)
    return Recording(
        path=file.path,
        sha256=_sha256(file, side) if side else file.sha256,
        source="acc" if from_acc else "motec",
        track=header.venue or None, car=header.vehicle or None, driver=header.driver or None,
        started_at=started_at, duration_s=duration_s, traces=traces, marks=marks,
        notes=(*notes, *named, *dated, *cut), comment=header.comment or None,
    )  # fmt: skip


def _sha256(log: FileBytes, laps: FileBytes) -> str:
    digest = hashlib.sha256(log.data)
    digest.update(laps.data)
    return digest.hexdigest()


def read_laps(file: FileBytes, progress: Progress) -> Recording:
    """A `.ldx`: with the `.ld` beside it the whole log, alone a session of times only.

    Raises:
        CorruptFile, NotThisFormat: as `read_log` and `ldx.parse`.
    """
    log = ldx.beside(file.path, ".ld")
    if log:
        whole = read_bytes(log, lambda share: None)
        if recognises(whole.data):
            return read_log(whole, progress)
    return ldx.read_alone(file)


def _marks(
    beacons_s: tuple[float, ...], channels: list[RawChannel], traces: tuple[Trace, ...], duration_s: float
) -> tuple[tuple[LapMark, ...] | None, list[str]]:
    """The laps by the `.ldx`, else by a beacon channel; None where other channels tell them; else one stint.

    A beacon after the last sample is none of this log's: the lap it would close is not here as a whole.
    """
    within = tuple(beacon_s for beacon_s in beacons_s if beacon_s <= duration_s + _LATE_S)
    if within:
        late = len(beacons_s) - len(within)
        return ldx.cut(within, duration_s), [f"Beacons after the end of the log are left out: {late}."] if late else []
    signals = [_beacon_times(c) for c in channels if c.name.lower().replace(" ", "_") in _BEACON_NAMES]
    if any(signals):
        note = "Laps are cut at the beacon channel: their times are as exact as its rate."
        return ldx.cut(max(signals, key=len), duration_s, time_source="clock"), [note]
    if _LAP_CHANNELS & {trace.name for trace in traces}:
        return None, []
    stint = LapMark(0.0, duration_s, None, "none", LapKind.PARTIAL)
    return (stint,), ["The log states no laps and has no channel that tells them: it is one stint."]


def _beacon_times(channel: RawChannel) -> tuple[float, ...]:
    """When a beacon channel changes to a value other than 0: a pulse or a step at each crossing, in s."""
    values = np.nan_to_num(np.asarray(channel.values, dtype=np.float64))
    rises = np.flatnonzero((values[1:] != values[:-1]) & (values[1:] != 0)) + 1
    kept: list[float] = []
    for time_s in rises / channel.rate_hz:
        if not kept or time_s - kept[-1] > 1.0:
            kept.append(float(time_s))
    return tuple(kept)


def _started_at(header: LogHeader) -> tuple[datetime | None, list[str]]:
    if not header.date:
        return None, []
    form = "%d/%m/%Y %H:%M:%S" if header.time.count(":") == 2 else "%d/%m/%Y %H:%M"
    started_at, note = ldx.local_time(f"{header.date} {header.time or '00:00'}", form)
    return started_at, [note]


def _u32(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 4], "little")


def _u16(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 2], "little")


def _text(data: bytes, offset: int, size: int) -> str:
    return text_of(data[offset : offset + size]).strip()


LD = Reader(NAME, (".ld",), recognises, read_log)
LDX = Reader(ldx.NAME, (".ldx",), ldx.recognises, read_laps)
