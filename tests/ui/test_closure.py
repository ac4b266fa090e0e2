"""The words of the closure badge."""

from typing import Any

import polars as pl
import pytest

from ps_analytics.analysis.delta import Delta
from ps_analytics.ui.closure import closure_of


def found(band_s: list[float | None], method: str = "position", *, off_s: float = 0.0004, **flags: Any) -> Delta:
    frame = pl.DataFrame({
        "distance_m": [float(i) for i in range(len(band_s))],
        "delta_s": [0.1 * i for i in range(len(band_s))],
        "band_s": pl.Series(band_s, dtype=pl.Float64),
    })  # fmt: skip
    return Delta(frame, method, 0.0, off_s, flags)


def test_it_says_that_it_closes_by_what_and_how_sure_it_is() -> None:
    closure = closure_of(found([0.0, 0.003, 0.003, 0.012, 0.0]))
    assert closure.text == "closes · position · ±3.0 ms"
    assert closure.short == "±3.0 ms"
    assert not closure.warns
    assert closure.title == (
        "It ends at the difference of the two lap times. Before that the samples missed the line by 0.4 ms. Both laps"
        " are placed by the position on the track that the source gives. The true delta is within ±3.0 ms of the line"
        " nearly always (95 %), within ±12 ms at worst."
    )


def test_without_a_band_it_says_nothing_about_it() -> None:
    closure = closure_of(found([None, None], "projection"))
    assert (closure.text, closure.short, closure.warns) == ("closes · projection", "closes", False)


@pytest.mark.parametrize(
    ("delta", "text", "short"),
    [
        (found([0.02], off_s=-0.062), "off by 62 ms · position · ±20 ms", "off by 62 ms"),
        (found([0.02], gap_s=1.23), "gap 1.2 s · position · ±20 ms", "gap 1.2 s"),
        (found([0.02], "scaled_distance"), "closes · distance only · ±20 ms", "±20 ms"),
        (found([0.02], "distance", other_track=True), "other track · distance only · ±20 ms", "other track"),
        (found([0.02], off_s=0.2, gap_s=2.0), "off by 200 ms · position · ±20 ms", "off by 200 ms"),
    ],
)
def test_it_warns_of_what_makes_a_delta_doubtful(delta: Delta, text: str, short: str) -> None:
    closure = closure_of(delta)
    assert (closure.text, closure.short, closure.warns) == (text, short, True)


def test_each_trouble_has_a_sentence() -> None:
    title = closure_of(found([0.02], "distance", off_s=0.2, gap_s=2.0, position_fake=True, other_track=True)).title
    assert "The laps name different tracks." in title
    assert "The samples and the lap times do not agree within 50 ms." in title
    assert "2.0 s of telemetry are missing, the delta is bridged there." in title
    assert "The position of the source does not follow the speed and was not used." in title
