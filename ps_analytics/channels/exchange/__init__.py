"""Math channels in and out: our JSON, MoTeC's Maths XML, the origin's mathjs JSON. Bytes in, values out."""

from ps_analytics.channels.exchange.document import write_math
from ps_analytics.channels.exchange.imported import Imported
from ps_analytics.channels.exchange.reading import read_math

__all__ = ["Imported", "read_math", "write_math"]
