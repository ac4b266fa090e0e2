"""Channels: the catalogue of names and units, and the language of math channels."""

from ps_analytics.channels.definitions import Diagnostic, MathChannel
from ps_analytics.channels.evaluate import Compiled, check, compiled, evaluate

__all__ = ["Compiled", "Diagnostic", "MathChannel", "check", "compiled", "evaluate"]
