"""Frame in, HoloViews out: figures for notebooks and reports."""
