"""Pure measures on laps: alignment and delta."""
