"""Benchmarks: ratios of one run against a stated limit or a peer. Never asserted as wall time in tests."""
