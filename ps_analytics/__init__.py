"""ps-analytics: record, keep, compare and explain laps."""
