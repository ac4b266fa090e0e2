"""What i2 takes over a whole session, said in the formula."""

from ps_analytics.channels.formula import Tree, is_range_change, parse
from ps_analytics.errors import FormulaError

_INTEGRALS = frozenset({"integrate", "integral"})
_OVER = ", over=session"


def over_session(script: str) -> tuple[str, bool]:
    """The script of i2 with `over=session` where it has no range, and whether there is such a place.

    A script that is not of the language stays as it is.

    Example:
        >>> over_session("stat_max('Speed' [km/h], 1) - stat_max(v, 1, range_change('Outings:Laps'))")
        ("stat_max('Speed' [km/h], 1, over=session) - stat_max(v, 1, range_change('Outings:Laps'))", True)
    """
    try:
        waiting = [parse(script)]
    except FormulaError:
        return script, False
    places: list[int] = []
    while waiting:
        part = waiting.pop()
        waiting.extend(part.args)
        if part.op == "call" and part.args and not _has_scope(part):
            places.append(part.end - 1)
    for place in sorted(places, reverse=True):
        script = script[:place] + _OVER + script[place:]
    return script, bool(places)


def _has_scope(call: Tree) -> bool:
    """Whether a call says over what it runs, or is none that i2 runs over a range."""
    name = call.text.lower()
    if name not in _INTEGRALS and (not name.startswith("stat_") or name == "stat_percentile"):
        return True
    return any(is_range_change(part) or (part.op == "option" and part.text == "over") for part in call.args)
