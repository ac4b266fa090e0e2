"""Many laps at sample level, lazily: the season path. Nothing bigger than what is asked for is held."""

LAPS_AT_ONCE = 64
