"""A car, a circuit and a driver: laps with exactly known truth. Pure."""
