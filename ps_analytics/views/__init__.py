"""Frame in, HoloViews out: figures for notebooks and reports."""

from ps_analytics.views.charts import histogram, scatter
from ps_analytics.views.delta import delta
from ps_analytics.views.theme import use_dark
from ps_analytics.views.traces import traces
from ps_analytics.views.track_map import track_map

__all__ = ["delta", "histogram", "scatter", "traces", "track_map", "use_dark"]
