"""Channels: the catalogue of names and units."""
