"""The dashboards: state → components → workspace → page; `Review` and `MathEditor`, their panels in a notebook cell."""

from ps_analytics.ui.math.editor import MathEditor
from ps_analytics.ui.review import Review

__all__ = ["MathEditor", "Review"]
