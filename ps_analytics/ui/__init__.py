"""The dashboards: state → components → workspace → page."""
