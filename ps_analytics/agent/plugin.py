"""How the agent joins the house: through the hooks any package may use."""

from pathlib import Path

from ps_analytics.agent.models import AgentBase
from ps_analytics.plugins import PluginModels, hookimpl


@hookimpl
def plugin_models() -> PluginModels:
    """The agent's four tables."""
    return PluginModels(AgentBase.metadata, Path(__file__).parent / "migrations")
