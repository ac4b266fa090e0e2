"""What the editor completes: channels, math channels, functions, units, setup values, as the browser is given them."""

from collections.abc import Iterable, Mapping
from typing import Any

from ps_analytics.channels.catalog import CATALOG
from ps_analytics.channels.definitions import MathChannel
from ps_analytics.channels.functions import FUNCTIONS
from ps_analytics.channels.names import quoted
from ps_analytics.channels.units import ATOMS
from ps_analytics.ui.math.ground import Ground

Word = dict[str, Any]

COMMON_UNITS = ("km/h", "m/s", "m/s^2", "m/s/s", "deg/s", "rad/s", "%/s", "1/m", "1/s", "G/s", "kg/m3", "mm/s", "N/mm")
"""Units made of others that formulas often convert to."""
CONSTANTS = {"pi": "3.14159…", "e": "2.71828…", "true": "always", "false": "never"}


def words_for(ground: Ground, library: Mapping[str, MathChannel]) -> list[Word]:
    """What can be written in a formula, most likely first.

    Keys: `kind` (channel, math, function, setup, constant, unit), `text` (shown), `insert`, `detail` (a unit or a
    signature), `about` (a sentence), `also` (other names that find it), `dim` (whether the lap does not have it).
    """
    recorded = list(ground.lap.frames.columns) if ground.lap else []
    return [
        *(_channel(name, ground, dim=False) for name in recorded),
        *(_math(channel) for channel in library.values()),
        *(_function(name) for name in FUNCTIONS),
        *(_setup(name, value, unit) for name, (value, unit) in ground.setup.items()),
        *(_channel(name, ground, dim=ground.lap is not None) for name in CATALOG if name not in recorded),
        *(_word("constant", name, detail=value) for name, value in CONSTANTS.items()),
        *(_word("unit", unit) for unit in _units(ground)),
    ]


def _word(kind: str, text: str, insert: str = "", **facts: Any) -> Word:
    return {
        "kind": kind,
        "text": text,
        "insert": insert or text,
        "detail": "",
        "about": "",
        "also": [],
        "dim": False,
        **facts,
    }


def _channel(name: str, ground: Ground, *, dim: bool) -> Word:
    spec = CATALOG.get(name)
    unit = ground.units.get(name) if spec is None else spec.unit
    also = [spec.label, *spec.aliases] if spec else []
    about = spec.label if spec else "a channel of this recording"
    return _word("channel", name, quoted(name), detail=unit or "", about=about, also=also, dim=dim)


def _math(channel: MathChannel) -> Word:
    return _word(
        "math", channel.name, quoted(channel.name), detail=channel.unit or "", about=channel.about or channel.formula
    )


def _function(name: str) -> Word:
    function = FUNCTIONS[name]
    return _word(
        "function", name, f"{name}(", detail=function.signature, about=function.meaning, also=list(function.aliases)
    )


def _setup(name: str, value: Any, unit: str) -> Word:
    detail = f"{value:g} {unit}".strip() if isinstance(value, int | float) else f"a curve of [{unit}]"
    return _word("setup", f"setup.{name}", detail=detail, about="of the vehicle's setup", also=[name])


def _units(ground: Ground) -> Iterable[str]:
    catalogue = (spec.unit for spec in CATALOG.values() if spec.unit not in (None, "bool"))
    return dict.fromkeys(unit for unit in (*COMMON_UNITS, *catalogue, *ATOMS) if unit)
