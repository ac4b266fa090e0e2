"""How batches travel: direct (in one process, between processes) and the spool that loses nothing."""
