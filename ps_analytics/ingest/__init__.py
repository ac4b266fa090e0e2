"""From messages and files to laps in the store: boundaries, daemon, importer."""
