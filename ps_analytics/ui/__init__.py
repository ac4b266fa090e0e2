"""The dashboards: state → components → workspace → page; and `Review`, the same panels in a notebook cell."""

from ps_analytics.ui.review import Review

__all__ = ["Review"]
