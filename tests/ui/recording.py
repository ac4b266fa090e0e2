"""A session that is being recorded, frame by frame, as the daemon writes it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.proto.codec import encode, from_frame
from ps_analytics.store.store import Store

START_US = 1_770_000_000_000_000
HZ = 60


class Recording:
    """Writes the batches of a car, ten frames each, and its laps as they begin and end."""

    def __init__(self, store: Store) -> None:
        self.store, self._seq, self._clock_us = store, 0, START_US
        with store.transaction() as writing:
            given = {"source": "demo", "track": "Bean", "car": "Formula Test"}
            self.session = writing.open_session(name="Live", started_us=START_US, **given)
        self.laps: list[str] = []
        self._channels: Mapping[str, NDArray[np.float64]] = {}
        self._sent = 0

    @property
    def session_id(self) -> str:
        return self.session.id

    @property
    def latest(self) -> dict[str, Any]:
        """What the watcher says of the running lap."""
        return self.store.find_running_laps().to_dicts()[0]

    def begin(self, channels: Mapping[str, NDArray[np.float64]], **facts: Any) -> str:
        """Begins a lap, which will be driven as these channels say, and ends the one before; its id."""
        started_us = self._clock_us
        with self.store.transaction() as writing:
            if self.laps:
                before = writing.laps(self.session)[-1]
                time_s = (started_us - before.started_us) / 1e6
                known = {"lap_time_s": time_s, "time_source": "clock", "kind": "timed", "valid": True}
                writing.close_lap(before.id, ended_us=started_us, **known)
                writing.seal_lap(before.id)
            lap = writing.open_lap(self.session, lap_number=len(self.laps) + 1, started_us=started_us, **facts)
        self.laps.append(lap.id)
        self._channels, self._sent = channels, 0
        return lap.id

    def drive(self, seconds: float | None = None) -> None:
        """Drives on for so long, or to the end of the lap."""
        rows = len(self._channels["timestamp"])
        last = rows if seconds is None else min(rows, self._sent + round(seconds * HZ))
        frame = pl.DataFrame({name: values for name, values in self._channels.items() if name != "timestamp"})
        started_us = self._clock_us - round(self._sent / HZ * 1e6)
        with self.store.transaction() as writing:
            for first in range(self._sent, last, 10):
                part = frame.slice(first, min(10, last - first))
                stamps = started_us + np.rint((first + np.arange(len(part))) / HZ * 1e6).astype(np.int64)
                batch = from_frame(
                    part, timestamp_us=stamps, session_id="live", source="demo", track="Bean", car="Formula Test",
                    driver="", live=True, rate_hz=60.0, first_seq=self._seq,
                )  # fmt: skip
                self._seq += len(part)
                writing.write_batches(self.session, [(batch, encode(batch))])
        self._clock_us = started_us + round(last / HZ * 1e6)
        self._sent = last

    def end(self) -> None:
        """Ends the session in mid-lap."""
        with self.store.transaction() as writing:
            lap = writing.laps(self.session)[-1]
            writing.close_lap(lap.id, ended_us=self._clock_us, kind="partial")
            writing.seal_lap(lap.id)
            writing.end_session(self.session, ended_us=self._clock_us)
