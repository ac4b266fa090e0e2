"""Channels: the catalogue, units and, later, formulas."""
