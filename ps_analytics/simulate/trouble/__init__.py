"""What games, networks and drivers do to a stream: pure functions from a simulated session to a troubled one.

`breaks` change what is driven or when, and with it the truth; `packets` and `shown` change only what the frames tell.
"""

from ps_analytics.simulate.trouble.breaks import clock_step, drop_out, flashback, pause, restart, to_pits
from ps_analytics.simulate.trouble.packets import doubled, jittered, lost, reordered
from ps_analytics.simulate.trouble.position import flickering, gps_only, held_position, noisy_position, spiked
from ps_analytics.simulate.trouble.shown import (
    free_lap_clock,
    held_lap_clock,
    late_counter,
    late_lap_clock,
    late_last_lap,
    seed_columns,
    without,
)

__all__ = [
    "clock_step",
    "doubled",
    "drop_out",
    "flashback",
    "flickering",
    "free_lap_clock",
    "gps_only",
    "held_lap_clock",
    "held_position",
    "jittered",
    "late_counter",
    "late_lap_clock",
    "late_last_lap",
    "lost",
    "noisy_position",
    "pause",
    "reordered",
    "restart",
    "seed_columns",
    "spiked",
    "to_pits",
    "without",
]
