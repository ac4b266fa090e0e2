"""Forza Motorsport and Horizon: Data Out over UDP. A decoder of packets, and a thin collector around it."""

import logging
import threading
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ps_analytics.collect.base import Collector, Publish, Session, deliver
from ps_analytics.collect.clock import Clock
from ps_analytics.collect.datagrams import DRAIN, Datagrams
from ps_analytics.collect.forza_clock import ForzaClock, spread
from ps_analytics.collect.forza_packets import LAYOUTS, RATE_HZ, Packets, group, has_dash, to_columns, to_extras
from ps_analytics.errors import BadPacket
from ps_analytics.proto.codec import Batch, Extra

log = logging.getLogger(__name__)

LOOK_S = 0.25
"""So often the collector looks whether it shall stop, while no game sends."""
RESTART_FALL_S, RESTARTED_BELOW_S = 0.5, 5.0
"""A race time that falls by more than the first and to less than the second starts anew."""
JUMP_M = 10.0
"""A car so much farther away than it can have driven was put there."""
AT_LINE_S = 1.0
"""A lap time below this says how long ago the line was crossed."""


class Forza(Collector):
    """Listens to a game's Data Out.

    Args:
        host: address of this machine to listen on.
        port: as set in the game; 0 picks a free one, which `.port` then says.
        clock: what says when packets arrive.

    Raises:
        PortInUse: another program listens there.
        BadSetting: an address or a port that cannot be listened on.
    """

    name = "forza"

    def __init__(self, *, host: str = "127.0.0.1", port: int = 5300, clock: Clock | None = None) -> None:
        self._datagrams, self._clock = Datagrams(host, port), clock or Clock()
        self.port = self._datagrams.port

    def run(self, publish: Publish, stop: threading.Event) -> None:
        """Publish what the game sends until `stop`."""
        decoder = ForzaDecoder()
        try:
            while not stop.is_set():
                packets = self._datagrams.take(LOOK_S)
                waited = len(packets) == DRAIN
                for batch in decoder.decode(packets, arrival_us=self._clock.now_us(), waited=waited):
                    deliver(batch, publish, stop)
        finally:
            self._datagrams.close()
            if decoder.refused:
                log.warning("%d datagrams were not Forza's", decoder.refused)


class ForzaDecoder:
    """Packets in, batches out; keeps the session, the clock and the place of the line between the calls.

    `refused` counts the datagrams that were not Forza's.
    """

    def __init__(self) -> None:
        self.refused = 0
        self._clock, self._odometer = ForzaClock(), _Odometer()
        self._session: Session | None = None
        self._last: Packets | None = None
        self._rested = False

    def decode(self, datagrams: Sequence[bytes], *, arrival_us: int, waited: bool = False) -> list[Batch]:
        """The batches of some datagrams: one for each session and layout they belong to.

        Args:
            datagrams: as received, in order; those that are not Forza's are counted and left out.
            arrival_us: UTC in µs when the last one was read.
            waited: it may have arrived long before that.
        """
        for datagram in datagrams:
            if len(datagram) not in LAYOUTS:
                self._refuse(len(datagram))
        with np.errstate(all="ignore"):  # whatever bytes claim to be a float
            return [batch for packets in group(datagrams) for batch in self._decode_run(packets, arrival_us, waited)]

    def _refuse(self, length: int) -> None:
        if self.refused == 0:
            known = ", ".join(str(size) for size in LAYOUTS)
            log.warning("%s", BadPacket("Forza", reason=f"{length} bytes long, its packets have {known}"))
        self.refused += 1

    def _decode_run(self, packets: Packets, arrival_us: int, waited: bool) -> list[Batch]:
        """The batches of packets of one layout."""
        last = self._last if self._last is not None and self._last.dtype == packets.dtype else None
        driving = packets["is_race_on"] == 1
        rests = np.cumsum(~driving)
        kept = np.flatnonzero(driving & _differ(packets, last))
        if len(kept) == 0:
            self._rested |= bool(rests[-1])
            return []
        rested = np.diff(rests[kept], prepend=0) > 0
        rested[0] |= self._rested
        self._rested = bool(rests[-1] > rests[kept[-1]])
        packets = packets[kept]
        stamps = self._clock.stamps(packets, arrival_us, waited=waited)
        starts = _find_starts(packets, rested, last)
        self._last = packets[-1:]
        borders = sorted({0, *starts, len(packets)})
        batches = []
        for first, end in pairwise(borders):
            if first in starts:
                self._session, self._odometer = _session(packets[first]), _Odometer()
            batches.append(self._to_batch(packets[first:end], stamps[first:end]))
        return batches

    def _to_batch(self, packets: Packets, stamps: NDArray[np.int64]) -> Batch:
        assert self._session is not None  # the first packet of all begins one
        if np.any(np.diff(stamps) <= 0):  # datagrams overtake each other
            order = np.argsort(stamps, kind="stable")
            packets, stamps = packets[order], spread(stamps[order])
        extras = to_extras(packets)
        if has_dash(packets):
            extras["distance"] = Extra(self._odometer.distance(packets), "m", RATE_HZ)
        return self._session.batch(stamps, to_columns(packets), extras)


class _Odometer:
    """Metres from the line, once a lap's beginning was seen: the game counts from somewhere before it."""

    def __init__(self) -> None:
        self._line_m, self._lap = np.nan, -1

    def distance(self, packets: Packets) -> NDArray[Any]:
        driven = packets["distance_traveled"].astype(np.float64)
        laps = np.concatenate([[self._lap], packets["lap_number"].astype(np.int64)])
        lines = np.full(len(packets), self._line_m)
        for i in np.flatnonzero(np.diff(laps)):
            since_s = float(packets["current_lap"][i])
            ago_m = float(packets["speed"][i]) * since_s if 0 <= since_s < AT_LINE_S else 0.0
            lines[i:] = driven[i] - ago_m if laps[i + 1] > laps[i] >= 0 else np.nan
        distance = driven - lines
        self._line_m, self._lap = float(lines[-1]), int(laps[-1])
        return np.where(distance >= 0, distance, np.nan).astype("<f4")


def _session(packet: np.void) -> Session:
    car = int(packet["car_ordinal"])
    track = int(packet["track_ordinal"]) if "track_ordinal" in (packet.dtype.names or ()) else 0
    return Session(
        source=Forza.name,
        track=f"Forza track {track}" if track > 0 else "",
        car=f"Forza car {car}" if car > 0 else "",
    )


def _differ(packets: Packets, last: Packets | None) -> NDArray[np.bool_]:
    """Whether each packet is another than the one before: some networks deliver one twice."""
    raw = packets.view(np.uint8).reshape(len(packets), -1)
    before = raw[:1] ^ 1 if last is None else last.view(np.uint8).reshape(1, -1)
    differ: NDArray[np.bool_] = np.any(np.concatenate([before, raw[:-1]]) != raw, axis=1)
    return differ


def _find_starts(packets: Packets, rested: NDArray[np.bool_], last: Packets | None) -> set[int]:
    """The packets that begin a session: another car, track or game, or a race started anew."""
    before = packets[:1] if last is None else last
    line = np.frombuffer(before.tobytes() + packets.tobytes(), packets.dtype)
    changed = np.diff(line["car_ordinal"]) != 0
    changed[0] |= last is None
    if "track_ordinal" in (line.dtype.names or ()):
        changed |= np.diff(line["track_ordinal"]) != 0
    if has_dash(line):
        changed |= _restarts(line, rested)
    return {int(i) for i in np.flatnonzero(changed)}


def _restarts(line: Packets, rested: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether the race began anew before each packet but the first: its time at 0 again, and the car put elsewhere.

    A race time alone also starts anew at the green light of a rolling start, with the car under way.
    """
    race_s = line["current_race_time"].astype(np.float64)
    anew: NDArray[np.bool_] = (race_s[:-1] - race_s[1:] > RESTART_FALL_S) & (race_s[1:] < RESTARTED_BELOW_S)
    if not anew.any():
        return anew
    step_s = np.diff(line["timestamp_ms"]).astype(np.int32) / 1000
    gone_m = np.linalg.norm(np.diff(line["position"].astype(np.float64), axis=0), axis=1)
    put = gone_m > JUMP_M + 1.5 * line["speed"][:-1] * np.clip(step_s, 0.0, 5.0)
    anew &= rested | put | (np.diff(line["lap_number"].astype(np.int64)) < 0)
    return anew
