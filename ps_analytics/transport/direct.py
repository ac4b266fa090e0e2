"""The direct transport, without a broker: a pipe in one process, a loopback WebSocket between two."""

from ps_analytics.transport.connection import Connection
from ps_analytics.transport.listener import Listener
from ps_analytics.transport.pipe import Pipe

__all__ = ["Connection", "Listener", "Pipe"]
