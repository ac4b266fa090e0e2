"""How many of Forza's packets a second one core turns into batches."""

import struct

import numpy as np

from ps_analytics.collect.datagrams import DRAIN
from ps_analytics.collect.forza import ForzaDecoder
from tests.bench.table import at_least, cpu_s, heading

LIMIT = 100_000.0
PACKETS = 12 * DRAIN
SIZES = {311: "Motorsport 7", 324: "Horizon", 331: "Motorsport (2023)"}
DASH_AT = {311: 232, 324: 244, 331: 232}


def make_packets(size: int) -> list[bytes]:
    """A drive of `PACKETS` packets of a size: every number of them set, clocks and laps as the game counts."""
    rng = np.random.default_rng(size)
    floats = rng.normal(100.0, 30.0, size=(PACKETS, size // 4 + 1)).astype("<f4")
    packets = []
    for number, row in enumerate(floats):
        packet = bytearray(row.tobytes()[:size])
        struct.pack_into("<iI", packet, 0, 1, number * 50 // 3)
        struct.pack_into("<5i", packet, 212, 3631, 5, 700, 1, 8)
        race_s = 10 + number / 60
        struct.pack_into("<2fH8B", packet, DASH_AT[size] + 60, race_s % 60, race_s, int(race_s // 60), *[3] * 8)
        if size == 331:
            struct.pack_into("<i", packet, 327, 5)
        packets.append(bytes(packet))
    return packets


def decode(packets: list[bytes], at_once: int) -> None:
    """Decode datagrams as a collector does that reads so many at once."""
    decoder = ForzaDecoder()
    for first in range(0, len(packets), at_once):
        decoder.decode(packets[first : first + at_once], arrival_us=1_790_000_000_000_000)


def main() -> None:
    """Print the figures."""
    heading(f"Forza: packets a second on one core, datagrams → batches, {DRAIN} datagrams read at once")
    for size, game in SIZES.items():
        packets = make_packets(size)
        at_least(f"{game}, {size} bytes", PACKETS / cpu_s(lambda p=packets: decode(p, DRAIN)), LIMIT, "/s")
    live = PACKETS / cpu_s(lambda: decode(packets, 6))
    at_least("the same, a live batch of 6 at a time, as a share of one game's 60 a second", live / 60, 1.0)


if __name__ == "__main__":
    main()
