"""Writers of small MoTeC and iRacing files, byte by byte from the published tables."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class LdChannel:
    """One channel record of a `.ld` and its samples."""

    name: str
    unit: str = ""
    rate_hz: int = 10
    samples: np.ndarray = field(default_factory=lambda: np.zeros(10, "<f4"))
    kind: int = 7
    offset: int = 0
    multiplier: int = 1
    scale: int = 1
    decimals: int = 0


@dataclass(frozen=True)
class IbtVariable:
    """One variable of an `.ibt`: type 1 bool, 2 int, 3 bits, 4 float, 5 double; values of shape (n,) or (n, count)."""

    name: str
    unit: str
    kind: int
    values: np.ndarray
    in_time: bool = False
    description: str = ""


def make_ld(
    channels: Sequence[LdChannel],
    *,
    date: str = "25/12/2024",
    time: str = "13:14:15",
    vehicle: str = "",
    venue: str = "",
    event: dict[str, str] | None = None,
) -> bytes:
    """A `.ld`: header, then event, venue and vehicle blocks if asked, channel records, samples."""
    head = bytearray(1762)
    struct.pack_into("<I", head, 0, 0x40)
    struct.pack_into("<3H", head, 64, 1, 0x4240, 0x000F)
    struct.pack_into("<I8sHHI", head, 70, 12345, b"ADL", 420, 128, len(channels))
    for at, text in ((94, date), (126, time), (158, "A Driver"), (222, vehicle), (350, venue), (1572, "a comment")):
        head[at : at + len(text)] = text.encode("latin-1")
    blocks = b""
    if event is not None:
        event_at, place_at = 1762, 1762 + 1154
        car_at = place_at + 1100
        block, place, car = bytearray(1154), bytearray(1100), bytearray(260)
        for target, text in ((block, event["name"]), (place, event["venue"]), (car, event["vehicle"])):
            target[: len(text)] = text.encode("latin-1")
        struct.pack_into("<H", block, 1152, place_at)
        struct.pack_into("<H", place, 1098, car_at)
        blocks = bytes(block + place + car)
        struct.pack_into("<I", head, 36, event_at)
    first = 1762 + len(blocks)
    data_at = first + 124 * len(channels)
    struct.pack_into("<II", head, 8, first if channels else 0, data_at)
    records, samples = b"", b""
    for index, channel in enumerate(channels):
        at = first + 124 * index
        before, after = (at - 124 if index else 0), (at + 124 if index + 1 < len(channels) else 0)
        records += struct.pack(
            "<IIII HHHH hhhh 32s 8s 12s 40x",
            *(before, after, data_at + len(samples), len(channel.samples)),
            *(100 + index, channel.kind, channel.samples.dtype.itemsize, channel.rate_hz),
            *(channel.offset, channel.multiplier, channel.scale, channel.decimals),
            *(channel.name.encode("latin-1"), b"", channel.unit.encode("latin-1")),
        )
        samples += channel.samples.tobytes()
    return bytes(head) + blocks + records + samples


def make_ldx(times_us: Sequence[float | str], *, root: str = "LDXFile", details: dict[str, str] | None = None) -> bytes:
    """A `.ldx` with one beacon marker a time."""
    markers = "".join(
        f'<Marker Version="100" ClassName="BCN" Name="{i}, id=99" Flags="77" Time="{t}"/>'
        for i, t in enumerate(times_us)
    )
    strings = "".join(f'<String Id="{k}" Value="{v}"/>' for k, v in (details or {}).items())
    return (
        f'<?xml version="1.0"?>\n<{root} Version="1.6"><Layers><Layer><MarkerBlock>'
        f'<MarkerGroup Name="Beacons" Index="0">{markers}</MarkerGroup></MarkerBlock><RangeBlock/></Layer>'
        f"<Details>{strings}</Details></Layers></{root}>"
    ).encode()


SESSION_TEXT = """---
WeekendInfo:
 TrackName: okayama short
 TrackDisplayName: Okayama International Circuit
 TrackConfigName: Short
 WeekendOptions:
  TrackName: not this one

DriverInfo:
 DriverCarIdx: 2
 Drivers:
 - CarIdx: 0
   UserName: Pace Car
   CarPath: pace
   CarScreenName: Safety
 - CarIdx: 2
   UserName: Somebody: "the #1", Racing
   CarPath: mx5
   CarScreenName: "Mazda MX-5"

SplitTimeInfo:
 Sectors:
 - SectorNum: 0
...
"""


def make_ibt(
    variables: Sequence[IbtVariable],
    *,
    version: int = 2,
    buffers: int = 1,
    started: int = 1_700_000_000,
    records: int | None = None,
    text: str = SESSION_TEXT,
) -> bytes:
    """An `.ibt`: header, disk header, variable headers, session text, records packed without padding."""
    sizes = {1: "<?", 2: "<i4", 3: "<u4", 4: "<f4", 5: "<f8"}
    count = len(variables[0].values)
    columns, headers, offset = [], b"", 0
    for variable in variables:
        values = np.asarray(variable.values).astype(sizes[variable.kind]).reshape(count, -1)
        headers += struct.pack(
            "<iii B 3x 32s 64s 32s",
            *(variable.kind, offset, values.shape[1], variable.in_time),
            *(variable.name.encode("cp1252"), variable.description.encode("cp1252"), variable.unit.encode("cp1252")),
        )
        raw = np.ascontiguousarray(values).view(np.uint8).reshape(count, -1)
        offset += raw.shape[1]
        columns.append(raw)
    session = text.encode("cp1252") + b"\0"
    text_at = 144 + len(headers)
    data_at = text_at + len(session)
    head = struct.pack(
        "<12i 16i",
        *(version, 1, 60, 0, len(session), text_at, len(variables), 144, buffers, offset, 0, 0),
        *(0, data_at, *[0] * 14),
    )
    disk = struct.pack("<qddii", started, 0.0, count / 60, 0, count if records is None else records)
    return head + disk + headers + session + np.hstack(columns).tobytes()
