"""The only place that speaks SQL; every query is scoped to one user by construction."""
