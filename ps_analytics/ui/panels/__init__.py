"""Panels Python makes: what they are given, those we ship, and the rows of the channel report."""

from ps_analytics.ui.panels.context import PanelContext, PythonPanel, ShownLap
from ps_analytics.ui.panels.report import ReportPanel

__all__ = ["PanelContext", "PythonPanel", "ReportPanel", "ShownLap"]
