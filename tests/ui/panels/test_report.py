"""The channel report as the browser's table gets it."""

from typing import Any

import numpy as np
import pytest

from ps_analytics.ui.panels import ReportPanel
from ps_analytics.ui.panels.report import NO_CHANNELS, NO_CORNERS, NO_LAPS, NO_SECTORS
from tests.ui.panels.contexts import Context, context_of

RAMP = np.linspace(0, 100, 1000, endpoint=False)


def page(*channels: str, **options: Any) -> Context:
    laps = {
        "lap0": {"throttle": RAMP, "oil_temp": np.tile([90.0, 110.0], 50), "tc_active": (RAMP >= 75).astype(float)},
        "lap1": {"throttle": RAMP / 2, "oil_temp": np.full(100, 100.0)},
    }
    context = context_of(laps, *channels, **options)
    return Context(**{**context.__dict__, "corners": [("T1", 100.0, 200.0), ("T2", 950.0, 50.0)]})


def test_rows_are_by_section_then_channel_then_lap() -> None:
    told = ReportPanel().message(page("throttle", "oil_temp", by="corner"))
    assert (told["plot"], told["by"], told["note"]) == ("plot", "corner", "")
    assert [column["title"] for column in told["columns"]] == ["Min", "Mean", "Max", "Std", "Start", "End"]
    order = [(row["section"], row["channel"], row["lap"]) for row in told["rows"]]
    assert order[:5] == [
        ("T1", "throttle", "lap0"), ("T1", "throttle", "lap1"), ("T1", "oil_temp", "lap0"), ("T1", "oil_temp", "lap1"),
        ("T2", "throttle", "lap0"),
    ]  # fmt: skip
    first = told["rows"][0]
    assert (first["label"], first["unit"], first["decimals"]) == ("Throttle", "%", 0)
    assert [first[name] for name in ("min", "mean", "max")] == pytest.approx([10, 15, 20], abs=0.11)
    assert (first["min_at"], first["max_at"]) == pytest.approx((100, 200), abs=1.1)


def test_imperial_numbers_are_shown_and_a_spread_has_no_zero_point() -> None:
    context = page("oil_temp")
    [row, _] = ReportPanel().message(Context(**{**context.__dict__, "system": "imperial"}))["rows"]
    # 90 and 110 °C in turn: 194 and 230 °F, and a standard deviation of 10 K, which is 18 °F.
    assert (row["unit"], row["min"], row["max"]) == ("°F", pytest.approx(194), pytest.approx(230))
    assert row["mean"] == pytest.approx(212, abs=0.2)
    assert row["std"] == pytest.approx(18, rel=1e-3)


def test_a_condition_is_a_share_of_the_time() -> None:
    [row, missing] = ReportPanel().message(page("tc_active"))["rows"]
    assert (row["share"], row["unit"], row["mean"]) == (True, "%", pytest.approx(25))
    assert (missing["samples"], missing["mean"], missing["min_at"]) == (0, None, None)


@pytest.mark.parametrize(
    ("context", "note"),
    [
        (page(), NO_CHANNELS),
        (page("throttle").showing(), NO_LAPS),
        (Context(**{**page("throttle", by="corner").__dict__, "corners": []}), NO_CORNERS),
        (page("throttle", by="sector"), NO_SECTORS),
    ],
)
def test_a_report_without_rows_says_why(context: Context, note: str) -> None:
    told = ReportPanel().message(context)
    assert (told["rows"], told["note"]) == ([], note)
