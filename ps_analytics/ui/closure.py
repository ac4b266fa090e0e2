"""How well a lap's delta closes, in words: a badge beside the delta, and the sentence behind it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ps_analytics.analysis.delta import Delta

OFF_FROM_S = 0.05
"""Where the samples alone missed the line by more, the badge warns."""

_PLACED = {
    "position": ("position", "the position on the track that the source gives"),
    "projection": ("projection", "the driven line, laid over the reference's"),
    "centre_line": ("centre line", "the driven line, laid over the track's centre line"),
    "scaled_distance": ("distance only", "the metres driven, stretched to the reference's lap"),
    "distance": ("distance only", "the metres driven"),
    "time": ("time only", "the time alone, whatever was driven"),
}
_ROUGH = ("scaled_distance", "distance", "time")


@dataclass(frozen=True, slots=True)
class Closure:
    """What the delta panel says of one lap: `text` ("closes · position · ±3 ms"), or `short` where room is scarce.

    `title` are the sentences behind it; `warns` where the delta is not to be taken at its word.
    """

    text: str
    short: str
    title: str
    warns: bool


def closure_of(found: Delta) -> Closure:
    """The badge of a delta.

    Example:
        >>> import polars as pl
        >>> frame = pl.DataFrame({"distance_m": [0.0, 1.0], "delta_s": [0.0, 0.1], "band_s": [0.003, 0.003]})
        >>> closure_of(Delta(frame, "position", 0.0)).text
        'closes · position · ±3.0 ms'
    """
    name, by = _PLACED.get(found.method, (found.method, found.method.replace("_", " ")))
    troubles = _troubles(found)
    band = found.frame["band_s"].drop_nulls().to_numpy() if "band_s" in found.frame.columns else np.empty(0)
    known = bool(len(band)) and bool(np.isfinite(band).any())
    typical = f"±{_ms(float(np.nanmedian(band)))}" if known else ""
    head = next(iter(troubles), "closes")
    title = [
        "It ends at the difference of the two lap times.",
        f"Before that the samples missed the line by {_ms(abs(found.raw_closure_s))}.",
        f"Both laps are placed by {by}.",
    ]
    if known:
        worst = _ms(float(np.nanmax(band)))
        title.append(f"The true delta is within {typical} of the line nearly always (95 %), within ±{worst} at worst.")
    title += [f"{said[0].upper()}{said[1:]}." for said in troubles.values()]
    warns = bool(troubles) or found.method in _ROUGH
    parts = [head, name, typical]
    short = head if troubles else typical or head
    return Closure(" · ".join(part for part in parts if part), short, " ".join(title), warns)


def _troubles(found: Delta) -> Mapping[str, str]:
    """What to mind, worst first: in a word or two → as a sentence without its full stop."""
    flags, troubles = found.flags, dict[str, str]()
    if flags.get("other_track"):
        troubles["other track"] = "the laps name different tracks"
    if abs(found.raw_closure_s) > OFF_FROM_S:
        missed = _ms(abs(found.raw_closure_s))
        troubles[f"off by {missed}"] = f"the samples and the lap times do not agree within {_ms(OFF_FROM_S)}"
    if gap := flags.get("gap_s"):
        troubles[f"gap {gap:.1f} s"] = f"{gap:.1f} s of telemetry are missing, the delta is bridged there"
    if flags.get("position_fake"):
        troubles["distance only"] = "the position of the source does not follow the speed and was not used"
    return troubles


def _ms(seconds: float) -> str:
    """Seconds as milliseconds, no more digits than they are worth."""
    ms = seconds * 1000
    return f"{ms:.1f} ms" if ms < 9.95 else f"{ms:.0f} ms"
