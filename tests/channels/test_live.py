"""The running lap: whatever the ticks, what comes out at a lap's end is what `evaluate` has for it, bit for bit."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ps_analytics.channels import evaluate
from ps_analytics.channels.functions import FUNCTIONS
from ps_analytics.channels.library import SHIPPED
from ps_analytics.channels.live import MOST_WORK, LapValues, LiveChannels
from ps_analytics.errors import FormulaError, UnknownChannel
from tests.channels.drives import MINE, SETUP, UNITS, drive

OF_EACH_FUNCTION = {f"{name}()": function.example for name, function in FUNCTIONS.items()}
MORE = {
    "deep": "next(delta(smooth(lowpass(speed, 3), 0.7)), 3) + delay(throttle, -0.4)",
    "ahead": "delay(brake, -25, by=dist) - derivative(speed, 0.3)",
    "along": "derivative(speed, distance, 0.2)",
    "before": "hold(prev(rpm, 40), rising(switch)) + integrate(g_lat, where=brake > 5)",
    "by corner": "stat_median(speed, over=corner) - stat_first(fuel, over=sector)",
    "of others": "raw('Grip Use') * 2 + 'My Balance' + highpass(steering, 1, 3)",
    "stands": "setup.mass * square(speed) > 1e6 and isvalid(fuel)",
}
LASTING = {
    "top so far": "max(speed, over=session) - speed",
    "metres": "integrate(speed[m/s], over=session)",
    "stint": "stat_percentile(throttle, 90, over=stint)",
    "shifts": "counter(delta(gear) > 0, over=stint) + next(gear)",
}
"""Channels that look beyond their lap."""
GROUPS = [dict([*OF_EACH_FUNCTION.items(), *MORE.items()][first::3]) | LASTING for first in range(3)]
OPTIONS: dict[str, Any] = {
    "units": UNITS, "setup": SETUP, "reference": drive(seconds=80.0, seed=99), "policy": "off",
    "library": {**SHIPPED, **MINE},
}  # fmt: skip


def live_channels(entries: Mapping[str, Any], frame: pl.DataFrame) -> LiveChannels:
    return LiveChannels(entries, frame, **OPTIONS)


def driven(chance: Random, session: str, *, laps: int, rows: int) -> pl.DataFrame:
    """Laps with holes, missing samples, and a clock that stands now and then."""
    frame = drive(laps=laps, seconds=rows / 60.0, session=session, seed=chance.randrange(10**6))
    frame = frame.with_row_index("row")
    lost, standing = chance.randrange(len(frame)), chance.randrange(1, len(frame))
    frame = frame.filter(~pl.col("row").is_between(lost, lost + chance.choice((0, 1, 30, 400))))
    still = pl.col("row").is_between(standing, standing + chance.choice((0, 2)))
    return frame.with_columns(
        pl.when(still).then(pl.col("timestamp").shift()).otherwise("timestamp").alias("timestamp")
    )


def ticks(chance: Random, frame: pl.DataFrame, *, most: int) -> Iterator[pl.DataFrame]:
    """The rows in pieces of any size."""
    at = 0
    while at < len(frame):
        size = chance.choice((0, 1, 7, chance.randint(1, most), chance.randint(1, most)))
        yield frame.slice(at, size)
        at += size


def run(
    live: LiveChannels, chance: Random, frame: pl.DataFrame, *, most: int
) -> tuple[list[LapValues], list[LapValues]]:
    """The laps at their ends, and what was said of running ones in between."""
    over, between = [], []
    for rows in ticks(chance, frame, most=most):
        over += live.push(rows)
        if chance.random() < 0.25:
            between.append(live.values())
    return [*over, live.end()], between


def test_many_laps_in_pieces_of_any_size_come_out_as_evaluate_has_them_bit_for_bit() -> None:
    chance, rows = Random(5), 0
    for number in range(20):
        frame = driven(chance, f"s{number}", laps=chance.randint(8, 14), rows=chance.randint(600, 1_400))
        entries = GROUPS[number % len(GROUPS)]
        over, between = run(live_channels(entries, frame), chance, frame, most=1_600)
        rows += len(frame)
        alone = {name: formula for name, formula in entries.items() if name not in LASTING}
        own = list(alone)
        laps = frame.partition_by("lap_id", maintain_order=True)
        assert [lap.lap_id for lap in over] == [lap["lap_id"][0] for lap in laps]
        for found, lap in zip(over, laps, strict=True):
            assert_frame_equal(found.frame.select(own), evaluate(alone, lap, **OPTIONS), check_exact=True)
            assert {found.settled[name] for name in own} == {len(lap)}
        # What goes over the session is as of the end of each lap: of the last one it is the session's.
        session = evaluate(entries, frame, **OPTIONS)
        assert_frame_equal(over[-1].frame, session.tail(len(laps[-1])), check_exact=True)
        first = evaluate(LASTING, laps[0], **OPTIONS)
        assert_frame_equal(over[0].frame.select(list(LASTING)), first, check_exact=True)
        keep_what_is_settled(between, {lap.lap_id: lap.frame for lap in over}, own)
        of_laps = dict(session.with_columns(frame["lap_id"]).partition_by("lap_id", as_dict=True, include_key=False))
        keep_what_is_settled(between, {lap: values for (lap,), values in of_laps.items()}, list(LASTING))
    assert rows > 2 * 10**5


def keep_what_is_settled(between: list[LapValues], ends: Mapping[Any, pl.DataFrame], names: list[str]) -> None:
    """Settled values are those of the end."""
    for seen in between:
        for name in names if seen.lap_id is not None else ():
            settled = seen.settled[name]
            assert seen.frame[name].head(settled).equals(ends[seen.lap_id][name].head(settled), null_equal=True), name


@pytest.mark.parametrize(
    ("formula", "settled"),
    [
        ("speed * 2", 100),
        ("raw(integrate(speed)) + counter(brake > 5) + raw(delay(speed, 0.1))", 100),
        ("derivative(speed)", 99),
        ("next(speed, 7)", 93),
        ("smooth(speed, 0.4)", 98),  # what lies just half a window away belongs to it
        ("delta(smooth(next(speed), 0.4))", 97),
        ("derivative(speed, 0.4)", 97),
        ("delay(speed, -0.55)", 97),
        ("delay(speed, -5, by=dist)", 0),
        ("max(speed) - speed", 0),
        ("lowpass(speed, 1)", 0),
        ("smooth(lowpass(speed, 1), 0.4)", 0),
        ("stat_mean(speed, over=corner)", 0),
        ("max(speed, over=session)", 0),
    ],
)
def test_it_says_how_many_values_stay_whatever_comes(formula: str, settled: int) -> None:
    frame = tenths(100)
    live = LiveChannels({"t": formula}, frame)
    live.push(frame)
    assert live.values().settled == {"t": settled}


def tenths(rows: int, *, lap: int = 1) -> pl.DataFrame:
    """Rows five to a second."""
    since = np.arange(rows) / 5.0
    return pl.DataFrame({
        "session_id": ["s"] * rows, "lap_id": [lap] * rows, "corner_id": [1] * rows, "timestamp": since,
        "distance": since * 20.0, "speed": 100.0 + np.sin(since), "brake": np.cos(since),
    })  # fmt: skip


def test_a_gap_settles_what_lies_before_it() -> None:
    frame = tenths(100).with_columns(timestamp=pl.col("timestamp") + 3.0 * (pl.col("timestamp") > 15.9))
    live = LiveChannels({"filtered": "lowpass(speed, 1)", "slope": "next(speed, 30)", "top": "max(speed)"}, frame)
    live.push(frame)
    assert live.values().settled == {"filtered": 80, "slope": 80, "top": 0}


def test_values_over_a_session_are_provisional_and_go_on_from_lap_to_lap() -> None:
    live = LiveChannels({"top": "max(distance, over=session)", "metres": "integrate(speed, over=session)"}, tenths(9))
    live.push(tenths(6))
    (first,) = live.push(tenths(9, lap=2))
    assert first.is_over
    assert first.frame["top"].to_list() == [20.0] * 6
    running = live.values()
    assert (running.lap_id, running.is_over) == (2, False)
    assert running.frame["top"].to_list() == [32.0] * 9
    assert running.settled == {"top": 0, "metres": 9}
    assert running.frame["metres"][0] == first.frame["metres"][-1]


def test_another_session_begins_from_nothing() -> None:
    live = LiveChannels({"top": "max(distance, over=session)"}, tenths(9))
    live.push(tenths(9))
    live.push(tenths(3).with_columns(session_id=pl.lit("t")))
    assert live.values().frame["top"].to_list() == [8.0] * 3


def test_no_more_rows_are_computed_than_the_bound_for_each_row_that_comes() -> None:
    live = LiveChannels({"top": "max(speed)", "metres": "integrate(speed)"}, tenths(1))
    long = tenths(10 * MOST_WORK)
    live.push(long)
    assert live.values().frame["top"].null_count() == 0
    live.push(tenths(9))
    waiting = live.values()
    assert waiting.frame["metres"].null_count() == 9
    assert waiting.settled["metres"] == len(long)
    live.push(tenths(2))
    assert live.values().frame["metres"].null_count() == 0


def test_without_laps_all_rows_are_one_and_without_rows_there_is_nothing() -> None:
    frame = tenths(4).select("timestamp", "speed")
    live = LiveChannels({"top": "max(speed) > 1", "one": "1"}, frame)
    assert live.values().frame.schema == {"top": pl.Boolean, "one": pl.Float64}
    assert live.end().frame.is_empty()
    assert live.push(frame.clear()) == []
    assert live.push(frame) == []
    assert live.push(frame.with_columns(pl.col("timestamp") + 4)) == []
    assert live.end().frame.shape == (8, 2)
    assert live.values().frame.is_empty()


def test_it_tells_what_the_channels_are() -> None:
    live = LiveChannels({"v": "speed[m/s]", "fast": "speed > 100"}, tenths(1))
    assert [(name, channel.unit, channel.is_condition) for name, channel in live.channels.items()] == [
        ("v", "m/s", False),
        ("fast", "", True),
    ]


def test_wrong_formulas_and_missing_columns_are_refused() -> None:
    with pytest.raises(FormulaError, match="there is no channel 'sped'"):
        LiveChannels({"v": "sped * 2"}, tenths(1))
    live = LiveChannels({"v": "speed * 2"}, tenths(1))
    with pytest.raises(UnknownChannel, match="speed"):
        live.push(tenths(1).drop("speed"))
    with pytest.raises(UnknownChannel, match="lap_id"):
        live.push(tenths(1).drop("lap_id"))
