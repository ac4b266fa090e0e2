"""Formulas that use one another, and everything a call brings along that cannot be told in a line of text."""

import math
from itertools import permutations
from typing import Any

import numpy as np
import polars as pl
import pytest

from ps_analytics import channels
from ps_analytics.channels import MathChannel
from ps_analytics.channels.definitions import Policy
from ps_analytics.channels.evaluate import Formula
from ps_analytics.channels.functions import FUNCTIONS
from ps_analytics.channels.graph import Graph, TooManyNodes
from ps_analytics.channels.library import SHIPPED
from ps_analytics.errors import FormulaError, UnknownChannel, UnknownUnit
from tests.channels.drives import SETUP, drive
from tests.channels.reading import read_cases

SPEEDS = pl.DataFrame({"speed": [36.0, 72.0], "throttle": [0.0, 50.0]})


def error_of(entries: dict[str, Formula], **options: Any) -> FormulaError:
    with pytest.raises(FormulaError) as caught:
        channels.evaluate(entries, SPEEDS, **options)
    return caught.value


def test_entries_use_one_another_in_whatever_order_they_come() -> None:
    entries = {"c": "b + a", "a": "speed * 2", "b": ("a / 4", "km/h"), "d": "'C' + c"}
    for order in permutations(entries):
        found = channels.evaluate({name: entries[name] for name in order}, SPEEDS)
        assert found.columns == list(order)
        assert found["d"].to_list() == [180.0, 360.0]


def test_a_circle_is_told_of_the_formula_that_closes_it_and_once() -> None:
    entries = {"t": "loop_a * 2", "loop_a": "loop_b + 1", "loop_b": "speed * (1 + t)"}
    (found,) = channels.check(entries, SPEEDS)
    assert (found.code, found.channel, found.position, found.end) == ("E-CYCLE", "loop_b", 13, 14)
    assert found.message == "channels refer to each other in a circle: t -> loop_a -> loop_b -> t"


def test_a_circle_through_an_alias_of_the_channel_is_found() -> None:
    own = MathChannel("mine", "x + 1", inputs={"x": "2 * mine"})
    (found,) = channels.check({"mine": own}, SPEEDS)
    assert (found.code, found.position, found.end) == ("E-CYCLE", 0, 1)


def test_a_fault_in_a_channel_is_told_of_that_channel_and_once_for_all_that_use_it() -> None:
    entries = {"t": "2 * broken", "broken": "speed +", "other": "broken - 1", "good": "speed"}
    (found,) = channels.check(entries, SPEEDS)
    assert (found.code, found.channel, found.formula, found.position) == ("E-SYNTAX", "broken", "speed +", 7)
    assert error_of(entries).channel == "broken"


def test_each_formula_has_at_most_one_error_and_warnings_come_behind() -> None:
    entries = {"a": "sped", "b": "smoth(1)", "c": ("speed", "m/s"), "d": "speed"}
    found = channels.check(entries, SPEEDS)
    assert [(one.channel, one.code) for one in found] == [
        ("a", "E-UNKNOWN-CHANNEL"), ("b", "E-UNKNOWN-FUNCTION"), ("c", "W-UNIT-SCALE")
    ]  # fmt: skip


def test_a_warning_is_told_of_entries_and_not_of_the_library_they_use() -> None:
    library = {"odd": MathChannel("odd", "speed", "m/s")}
    assert channels.check({"t": "odd"}, SPEEDS, library=library) == []
    assert [one.channel for one in channels.check({"t": "odd", **library}, SPEEDS)] == ["odd"]


@pytest.mark.parametrize("backwards", [False, True])
def test_a_chain_of_channels_may_be_32_long(backwards: bool) -> None:
    chain = [("c0", "speed"), *((f"c{n}", f"c{n - 1} + 1") for n in range(1, 33))]
    if backwards:
        chain.reverse()
    entries = dict(chain)
    longest = {name: entries[name] for name in entries if name != "c32"}
    assert channels.evaluate(longest, SPEEDS)["c31"].to_list() == [67.0, 103.0]
    error = error_of(entries)
    assert (error.code, error.channel, error.position, error.end) == ("E-LIMIT", "c32", 0, 7)
    assert error.message == "the formula is the end of a chain of more than 32 channels"


def test_a_channel_used_twice_at_every_of_30_levels_is_computed_once_a_level() -> None:
    entries = {"c0": "speed", **{f"c{n}": f"(c{n - 1} + c{n - 1}) / 2" for n in range(1, 31)}}
    plan = channels.compiled(entries, SPEEDS).plan
    assert sum(map(len, plan.stages)) <= 61
    assert max(len(str(expression)) for stage in plan.stages for expression in stage) < 200
    assert channels.evaluate(entries, SPEEDS)["c30"].to_list() == [36.0, 72.0]


def test_setup_values_used_twice_at_every_of_30_levels_stay_one_number() -> None:
    entries = {"c0": "setup.mass", **{f"c{n}": f"(c{n - 1} + c{n - 1}) / 2" for n in range(1, 31)}}
    plan = channels.compiled(entries, SPEEDS, setup={"mass": (1250, "kg")})
    assert max(len(str(expression)) for expression in plan.plan.outputs) < 200
    assert plan.run(SPEEDS)["c30"].to_list() == [1250.0, 1250.0]


def test_equal_parts_of_formulas_are_computed_once() -> None:
    drive = pl.DataFrame({"timestamp": [0.0, 1.0], "speed": [1.0, 2.0]})
    entries = {"a": "derivative(speed) + 1", "b": "2 * deriv(speed, by=time)", "c": "max(derivative(speed))"}
    plan = channels.compiled(entries, drive).plan
    assert str(plan).count("deriv") <= 1 + str(plan).count("never")
    stages = [str(expression) for stage in plan.stages for expression in stage]
    assert len(stages) == len(set(stages)) <= 4


class TestNames:
    def test_an_entry_hides_the_shipped_channel_of_its_name(self) -> None:
        frame = pl.DataFrame({"g_lat": [3.0], "g_long": [4.0]})
        assert channels.evaluate({"t": "'Combined G'"}, frame)["t"].to_list() == [5.0]
        entries = {"Combined G": "g_lat", "t": "'combined g' * 2"}
        assert channels.evaluate(entries, frame)["t"].to_list() == [6.0]

    def test_without_the_library_its_channels_are_unknown(self) -> None:
        assert error_of({"t": "Braking"}, library=False).code == "E-UNKNOWN-CHANNEL"
        assert error_of({"t": "Braking"}, library={}).code == "E-UNKNOWN-CHANNEL"

    def test_the_library_may_be_any_channels(self) -> None:
        library = {"Twice": MathChannel("Twice", "2 * speed", "km/h")}
        assert channels.evaluate({"t": "twice"}, SPEEDS, library=library)["t"].to_list() == [72.0, 144.0]

    def test_a_column_comes_before_an_entry_and_that_before_the_library(self) -> None:
        library = {"x": MathChannel("x", "1"), "y": MathChannel("y", "1"), "z": MathChannel("z", "1")}
        frame = pl.DataFrame({"x": [3.0]})
        found = channels.evaluate({"t": "x * 100 + y * 10 + z", "y": "2"}, frame, library=library)
        assert found["t"].to_list() == [321.0]

    def test_a_near_name_of_the_call_comes_before_one_of_the_library(self) -> None:
        library = {"MY X": MathChannel("MY X", "1")}
        assert channels.evaluate({"t": "my_x"}, pl.DataFrame({"My-X": [3.0]}), library=library)["t"].to_list() == [3.0]

    def test_two_near_names_are_ambiguous_unless_one_is_exact(self) -> None:
        frame = pl.DataFrame({"my x": [1.0], "My_X": [2.0]})
        assert channels.evaluate({"t": "My_X"}, frame)["t"].to_list() == [2.0]
        (found,) = channels.check({"t": "MY_X"}, frame)
        assert (found.code, found.message) == ("E-AMBIGUOUS", "'MY_X' matches 2 channels: 'my x', My_X")

    def test_columns_are_taken_by_exactly_their_name(self) -> None:
        frame = pl.DataFrame({"^.*$": [1.0], "*": [2.0], "__mc0": [3.0], "": [4.0], "a\tb": [5.0]})
        entries = {"t": "'^.*$' * 10 + '*'", "u": "__mc0 + 1", "v": "'' * 2", "w": "'a\tb' + 1"}
        assert channels.evaluate(entries, frame).rows() == [(12.0, 4.0, 8.0, 6.0)]

    def test_an_output_may_have_the_name_of_a_column_or_of_a_part_of_the_plan(self) -> None:
        entries = {"__mc0": "throttle * 2", "__mc1": "throttle * 2 + 1", "x": "__mc0 + __mc1"}
        assert channels.evaluate(entries, SPEEDS).rows() == [(0.0, 1.0, 1.0), (100.0, 101.0, 201.0)]

    def test_the_alias_names_of_other_programs_are_not_recorded_where_the_channel_is_not(self) -> None:
        error = error_of({"t": "1 + 'G Force Lat'"})
        assert (error.code, error.position, error.end) == ("E-NOT-RECORDED", 4, 17)
        assert error.message == "'g_lat' is not recorded in this session"


class TestInputs:
    """Names of a channel's own, as imported channels have them."""

    def test_a_name_stands_for_a_channel(self) -> None:
        own = MathChannel("t", "v / 2 + Gas", inputs={"v": "speed", "Gas": "Throttle Pos"}, policy=Policy.OFF)
        assert channels.evaluate({"t": own}, SPEEDS)["t"].to_list() == [18.0, 86.0]

    def test_a_name_stands_for_an_expression(self) -> None:
        own = MathChannel("t", "v + 1", inputs={"v": "speed[m/s] * 2"})
        assert channels.evaluate({"t": own}, SPEEDS)["t"].to_list() == [21.0, 41.0]

    def test_a_name_stands_for_another_math_channel_or_an_expression_of_one(self) -> None:
        base = {"base": "speed * 2"}
        for text in ("base", "1 * base", "'BASE'"):
            own = MathChannel("t", "b + 1", inputs={"b": text})
            assert channels.evaluate({"t": own, **base}, SPEEDS)["t"].to_list() == [73.0, 145.0]

    def test_its_own_name_comes_before_a_column(self) -> None:
        own = MathChannel("t", "speed", inputs={"speed": "throttle"})
        assert channels.evaluate({"t": own}, SPEEDS)["t"].to_list() == [0.0, 50.0]

    def test_an_expression_does_not_see_the_names_of_its_own(self) -> None:
        own = MathChannel("t", "a", inputs={"a": "b + 1", "b": "speed"})
        (found,) = channels.check({"t": own}, SPEEDS)
        assert (found.code, found.message) == ("E-UNKNOWN-CHANNEL", "there is no channel 'b'")

    @pytest.mark.parametrize("text", ["sped", "speed +", "smoth(speed)", "speed[C]", "1/0"])
    def test_a_fault_of_what_a_name_stands_for_is_told_where_the_name_stands(self, text: str) -> None:
        own = MathChannel("t", "1 + abc", inputs={"abc": text})
        (found,) = channels.check({"t": own}, SPEEDS)
        assert (found.position, found.end, found.formula, found.channel) == (4, 7, "1 + abc", "t")

    def test_what_is_not_recorded_is_told_so(self) -> None:
        own = MathChannel("t", "1 + b", inputs={"b": "brake"})
        assert [one.code for one in channels.check({"t": own}, SPEEDS)] == ["E-NOT-RECORDED"]


class TestPolicy:
    def test_an_entry_has_the_policy_of_the_call_and_a_channel_its_own(self) -> None:
        clash = "speed + throttle"
        strict, warn, off = (MathChannel("c", clash, policy=policy) for policy in Policy)
        assert [one.severity for one in channels.check({"c": strict}, SPEEDS, policy="off")] == ["error"]
        assert [one.severity for one in channels.check({"c": warn}, SPEEDS, policy="strict")] == ["warning"]
        assert channels.check({"c": off}, SPEEDS, policy="strict") == []
        assert [one.severity for one in channels.check({"c": clash}, SPEEDS, policy="warn")] == ["warning"]
        assert channels.check({"c": clash}, SPEEDS, policy="off") == []

    def test_off_keeps_warnings_to_itself(self) -> None:
        for formula, unit in {"speed": "m/s", "speed / 3.6": "m/s"}.items():
            assert channels.check({"t": (formula, unit)}, SPEEDS, policy="off") == []

    @pytest.mark.parametrize("policy", ["loose", ""])
    def test_there_are_three(self, policy: str) -> None:
        with pytest.raises(ValueError, match="is not a valid Policy"):
            channels.check({"t": "speed"}, SPEEDS, policy=policy)

    def test_a_warning_told_twice_is_told_once(self) -> None:
        frame = SPEEDS.with_columns(mph=1.0)
        found = channels.check({"t": "(speed + mph) * (speed + mph)"}, frame, units={"mph": "mph"})
        assert [(one.code, one.position) for one in found] == [("W-UNIT-SCALE", 1), ("W-UNIT-SCALE", 17)]

    def test_an_unknown_unit_of_a_column_or_of_the_setup_is_an_error_of_the_call(self) -> None:
        with pytest.raises(UnknownUnit):
            channels.evaluate({"t": "speed"}, SPEEDS, units={"speed": "furlong"})
        with pytest.raises(UnknownUnit):
            channels.evaluate({"t": "setup.x"}, SPEEDS, setup={"x": (1.0, "furlong")})


class TestLimits:
    @pytest.mark.parametrize(
        ("formula", "what"),
        [
            ("1" + " " * 2000, "longer than 2000 characters"),
            ("+".join(["1"] * 251), "made of more than 500 words and signs"),
            ("(" * 40 + "1" + ")" * 40, "nested deeper than 40 levels"),
            ("-" * 40 + "1", "nested deeper than 40 levels"),
            ("!" * 40 + "1", "nested deeper than 40 levels"),
            ("not " * 40 + "1", "nested deeper than 40 levels"),
            ("2^" * 40 + "1", "nested deeper than 40 levels"),
            ("abs(" * 40 + "1" + ")" * 40, "nested deeper than 40 levels"),
            ("true ? 1 : " * 40 + "1", "nested deeper than 40 levels"),
        ],
    )
    def test_a_formula_too_long_or_too_deep_is_refused_and_the_largest_is_not(self, formula: str, what: str) -> None:
        error = error_of({"t": formula})
        assert (error.code, error.message) == ("E-LIMIT", f"the formula is {what}")
        assert 0 <= error.position <= error.end <= len(formula)

    @pytest.mark.parametrize(
        "formula",
        [
            "1" + " " * 1999,
            "+".join(["1"] * 250),
            "(" * 39 + "1" + ")" * 39,
            "-" * 39 + "1",
            "not " * 38 + "1",
            "1^" * 39 + "1",
            "abs(" * 39 + "1" + ")" * 39,
            "true ? 1 : " * 39 + "1",
        ],
    )
    def test_the_largest_formula_passes(self, formula: str) -> None:
        assert len(channels.evaluate({"t": formula}, SPEEDS)) == 2

    def test_what_stands_side_by_side_is_not_nested(self) -> None:
        parts = ["(1)", "abs(1)", "-1", "2^1", "(true ? 1 : 2)"]
        assert len(channels.evaluate({"t": "+".join(parts * 12)}, SPEEDS)) == 2

    def test_a_number_may_have_40_characters(self) -> None:
        assert len(channels.evaluate({"t": "1" * 40}, SPEEDS)) == 2
        error = error_of({"t": "2 * " + "1" * 41})
        assert (error.position, error.end) == (4, 45)
        assert error.message == "the formula is written with a number of more than 40 characters"

    def test_a_formula_may_cost_400_an_operation_1_and_a_function_of_other_rows_16(self) -> None:
        frame = pl.DataFrame({"timestamp": [0.0, 1.0], "speed": [1.0, 2.0]})
        most = " + ".join([*(f"smooth(speed, {n})" for n in range(1, 24)), *["1"] * 10])  # 23 windows and 32 sums
        assert len(channels.evaluate({"t": most}, frame)) == 2
        for one_more in (f"-({most})", f"abs({most})", f"not ({most})", f"({most})[m]", f"1 < ({most})"):
            with pytest.raises(FormulaError) as caught:
                channels.evaluate({"t": one_more}, frame)
            assert caught.value.message == "the formula is too costly; make a channel of its own of a part of it"

    @pytest.mark.parametrize(
        ("function", "cost"),
        [
            ("abs(speed)", 1), ("max(speed, 1)", 1), ("lookup(speed, 0, 0, 1, 1)", 1), ("-speed", 1), ("speed[m/s]", 1),
            ("(not speed)", 1), ("(speed ? 1 : 2)", 1), ("(speed > 1 and true)", 2), ("speed ^ 2", 1), ("speed % 2", 1),
            ("speed * 2 / 3", 2), ("case(speed, 1, speed, 2, 3)", 3), ("max(speed)", 16), ("stat_max(speed)", 16),
            ("prev(speed)", 16), ("ref(speed)", 16), ("raw(speed)", 1), ("if(speed, 1, 2)", 1), ("(speed)", 0),
        ],
    )  # fmt: skip
    def test_what_an_operation_costs(self, function: str, cost: int) -> None:
        frame = pl.DataFrame({"timestamp": [0.0, 1.0], "speed": [1.0, 2.0], "normalized_position": [0.0, 1.0]})
        windows = " + ".join(f"smooth(speed, {n})" for n in range(1, 23))  # 22 windows and 21 sums: 373
        most = f"{windows} + {function}" + " + 1" * (400 - 373 - 1 - cost)
        assert len(channels.evaluate({"t": most}, frame, policy="off", reference=frame)) == 2
        with pytest.raises(FormulaError) as caught:
            channels.evaluate({"t": most + " + 1"}, frame, policy="off", reference=frame)
        assert caught.value.message == "the formula is too costly; make a channel of its own of a part of it"

    def test_a_table_may_have_32_points_and_a_case_65_arguments(self) -> None:
        points = [str(n) for n in range(66)]
        assert channels.evaluate({"t": f"lookup(throttle, {', '.join(points[:64])})"}, SPEEDS)["t"].to_list() == [1, 51]
        assert error_of({"t": f"lookup(throttle, {', '.join(points)})"}).code == "E-ARITY"
        pairs = [f"throttle == {n}, {n + 1}" for n in range(0, 66, 2)]
        assert channels.evaluate({"t": f"case({', '.join(pairs[:32])}, 7)"}, SPEEDS)["t"].to_list() == [1, 51]
        assert error_of({"t": f"case({', '.join(pairs)}, 7)"}).code == "E-ARITY"
        assert channels.evaluate({"t": f"max({', '.join(points[:32])})"}, SPEEDS)["t"].to_list() == [31, 31]
        assert error_of({"t": f"max({', '.join(points[:33])})"}).code == "E-ARITY"

    def test_a_graph_may_hold_20_000_nodes_and_not_one_more(self) -> None:
        full = Graph()
        for n in range(20_000):
            full.constant(float(n))
        full.constant(7.0)
        with pytest.raises(TooManyNodes):
            full.constant(0.5)

    def test_a_plan_may_hold_20_000_operations(self) -> None:
        entries = {f"c{n}": "+".join(f"{n}.{m:03d}" for m in range(1, 251)) for n in range(42)}  # each sum is a number
        with pytest.raises(FormulaError) as caught:
            channels.evaluate(entries, SPEEDS)
        assert caught.value.message == "the formula is too long with all the channels it uses"


class TestFrames:
    """What a frame may hold, and what it may not."""

    def test_what_is_no_number_infinite_or_beyond_1e30_is_missing(self) -> None:
        values = [math.nan, math.inf, -math.inf, 1e31, -1e31, 1e30, -1e30, 0.0, None]
        frame = pl.DataFrame({"speed": values, "other": values[::-1]})
        found = channels.evaluate({"t": "speed", "valid": "isvalid(speed)", "sum": "speed + other"}, frame)
        assert found["t"].to_list() == [None] * 5 + [1e30, -1e30, 0.0, None]
        assert found["valid"].to_list() == [False] * 5 + [True, True, True, False]
        assert found["sum"].to_list() == [None] * 9

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e31, -1e31])
    def test_one_odd_value_is_found_wherever_it_is(self, value: float) -> None:
        frame = pl.DataFrame({"speed": [1.0, value, 2.0], "throttle": [1.0, 2.0, 3.0]})
        assert channels.evaluate({"t": "speed + 1", "u": "throttle"}, frame).rows() == [(2, 1), (None, 2), (3, 3)]

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e31, -1e31])
    def test_one_odd_value_is_found_among_many(self, value: float) -> None:
        speed = np.ones(250_000)
        speed[[7, 200_000]] = value
        found = channels.evaluate({"t": "speed + 1"}, pl.DataFrame({"speed": speed}))["t"]
        assert found.is_null().arg_true().to_list() == [7, 200_000]
        assert found.drop_nulls().unique().to_list() == [2.0]

    def test_numbers_of_every_type_are_read_as_64_bit(self) -> None:
        for dtype in (pl.Int8, pl.UInt8, pl.Int16, pl.Int64, pl.UInt32, pl.Float32, pl.Decimal(10, 2)):
            frame = pl.DataFrame({"gear": pl.Series([100, 3, None]).cast(dtype)})
            found = channels.evaluate({"t": "gear * gear"}, frame)["t"]
            assert (found.dtype, found.to_list()) == (pl.Float64, [10_000.0, 9.0, None])

    def test_texts_dates_and_lists_are_no_channels_and_texts_are_keys(self) -> None:
        frame = pl.DataFrame({"name": ["x", "y"], "list": [[1], [2]], "lap_id": ["p", "q"], "speed": [1.0, 2.0]})
        for name in ("name", "list", "lap_id"):
            (found,) = channels.check({"t": name}, frame)
            assert (found.code, found.message) == ("E-UNKNOWN-CHANNEL", f"there is no channel '{name}'")
        assert channels.evaluate({"t": "sum(speed)"}, frame)["t"].to_list() == [1.0, 2.0]

    def test_a_frame_without_rows_or_with_one_gives_as_many_values(self) -> None:
        columns = {name: [1.0] for name in ("timestamp", "speed", "throttle", "brake", "g_lat", "gear")}
        for rows in (0, 1):
            frame = pl.DataFrame(columns).head(rows)
            entries = {"a": "derivative(speed)", "b": "Braking", "c": "duration(true)", "d": "1", "e": "setup.m"}
            found = channels.evaluate(entries, frame, setup={"m": (1, "kg")})
            assert found.height == rows
            assert found.dtypes == [pl.Float64, pl.Boolean, pl.Float64, pl.Float64, pl.Float64]

    @pytest.mark.parametrize("scope", ["lap", "session", "stint", "sector", "section", "corner", "straight"])
    def test_a_scope_that_is_asked_for_needs_its_column(self, scope: str) -> None:
        error = error_of({"t": f"max(speed, over={scope})"})
        assert (error.code, error.position, error.end) == ("E-SCOPE", 16, 16 + len(scope))
        assert error.message == f"this data has no {scope}s (column {scope}_id is missing)"

    def test_without_a_clock_what_needs_none_works_and_the_rest_says_what_is_missing(self) -> None:
        assert channels.evaluate({"t": "sum(speed)"}, SPEEDS)["t"].to_list() == [108.0, 108.0]
        error = error_of({"t": "1 + smooth(speed, 1)"})
        assert (error.code, error.position, error.end) == ("E-NOT-RECORDED", 4, 20)
        assert error.message == "'timestamp' is not recorded in this session"

    def test_a_lap_that_comes_again_is_another_lap(self) -> None:
        frame = pl.DataFrame({"lap_id": [1, 1, 2, 1], "speed": [1.0, 2.0, 4.0, 8.0]})
        assert channels.evaluate({"t": "sum(speed)"}, frame)["t"].to_list() == [3.0, 3.0, 4.0, 8.0]

    def test_rows_without_a_lap_are_a_lap_of_their_own(self) -> None:
        frame = pl.DataFrame({"lap_id": [1, None, None, 2], "speed": [1.0, 2.0, 4.0, 8.0]})
        assert channels.evaluate({"t": "sum(speed)"}, frame)["t"].to_list() == [1.0, 6.0, 6.0, 8.0]

    def test_a_clock_that_stands_runs_back_or_is_missing_breaks_segments_only(self) -> None:
        clock = [0.0, 1.0, 1.0, 2.0, 1.5, None, 3.0, 4.0]
        frame = pl.DataFrame({"timestamp": clock, "speed": [1.0, 2.0, 4.0, 5.0, 7.0, 8.0, 9.0, 11.0]})
        found = channels.evaluate({"t": "derivative(speed)", "m": "max(speed)"}, frame)
        assert found["t"].to_list() == [1.0, 1.0, 1.0, 1.0, None, None, 2.0, 2.0]
        assert found["m"].to_list() == [11.0] * 8

    def test_a_reference_without_places_is_told(self) -> None:
        frame = pl.DataFrame({"normalized_position": [0.0, 1.0], "speed": [1.0, 2.0]})
        with pytest.raises(UnknownChannel):
            channels.evaluate({"t": "ref(speed)"}, frame, reference=SPEEDS)
        with pytest.raises(FormulaError) as caught:
            channels.evaluate({"t": "1 + ref(speed)"}, SPEEDS, reference=frame)
        assert (caught.value.code, caught.value.position) == ("E-NOT-RECORDED", 4)

    def test_a_reference_that_is_not_asked_for_needs_nothing(self) -> None:
        reference = pl.DataFrame({"name": ["x"]})
        assert channels.evaluate({"t": "speed"}, SPEEDS, reference=reference)["t"].to_list() == [36.0, 72.0]

    def test_the_reference_lap_has_its_own_columns_and_faults_in_it_are_told(self) -> None:
        frame = pl.DataFrame({"normalized_position": [0.0, 1.0], "speed": [1.0, 2.0]})
        bare = frame.drop("speed")
        (found,) = channels.check({"t": "1 + ref(speed)"}, frame, reference=bare)
        assert (found.code, found.position, found.end) == ("E-NOT-RECORDED", 8, 13)
        for nested in ("ref(ref(speed))", "ref(delta_ref(speed))", "delta_ref(1 + ref(speed))"):
            (found,) = channels.check({"t": nested}, frame, reference=frame)
            assert found.code == "E-ARG"
            assert found.message.endswith("ref() cannot stand inside ref()")

    def test_a_setup_by_session_needs_to_know_the_session(self) -> None:
        error = error_of({"t": "2 * setup.mass"}, setup={"mass": ({"a": 1.0}, "kg")})
        assert (error.code, error.position, error.end) == ("E-SCOPE", 4, 14)
        assert error.message == "this data has no sessions (column session_id is missing)"

    def test_a_setup_by_session_whose_values_are_no_numbers_is_told(self) -> None:
        error = error_of({"t": "setup.mass"}, setup={"mass": ({"a": "soft"}, "kg")})
        assert (error.code, error.hint) == ("E-SETUP", "the setup says {'a': 'soft'}, which is not a number")


class TestCompiled:
    def test_it_names_the_columns_it_reads_and_the_scopes_it_goes_over(self) -> None:
        frame = pl.DataFrame(
            schema=dict.fromkeys(("timestamp", "speed", "throttle", "brake", "corner_id", "lap_id"), pl.Float64)
        )
        found = channels.compiled({"t": "max(speed, over=corner)", "u": "Braking"}, frame)
        assert set(found.needs) == {"speed", "brake", "corner_id", "lap_id"}
        assert found.scopes == {"corner", "lap"}
        assert channels.compiled({"t": "speed + throttle[] * 0"}, frame).scopes == frozenset()

    def test_it_runs_on_any_frame_with_its_columns_in_any_order(self) -> None:
        found = channels.compiled({"t": "speed * 2 + throttle[]"}, SPEEDS, policy="off")
        other = pl.DataFrame({"x": ["a"], "throttle": [1.0], "y": [3], "speed": [5.0]})
        assert found.run(other)["t"].to_list() == [11.0]

    def test_many_rows_go_through_the_lazy_engine_with_the_same_values(self) -> None:
        rows = np.arange(250_000)
        frame = pl.DataFrame({"timestamp": rows / 60, "speed": rows % 97 * 1.0, "lap_id": rows // 5000})
        entries = {"a": "derivative(speed) * 2", "b": "max(speed) - speed", "c": "counter(speed > 90)", "d": "1"}
        plan = channels.compiled(entries, frame)
        whole, half = plan.run(frame), plan.run(frame.head(150_000))
        assert whole.head(150_000).equals(half)
        assert plan.apply(frame.lazy()).collect().equals(whole)

    def test_columns_nobody_asks_for_are_not_computed(self) -> None:
        frame = SPEEDS.lazy().with_columns(brake=pl.col("speed"), clutch=pl.lit(1.0))
        found = channels.compiled({"a": "speed * 2", "b": "brake * 3"}, frame)
        plan = found.apply(frame).select("a").explain()
        assert "brake" not in plan


class TestPlan:
    """What becomes a column of its own: what is named twice, what other rows are read of, and every 16th level."""

    @pytest.mark.parametrize(
        ("text", "stages"),
        [
            ("speed * 2 + 1", []),
            ("1 / (speed + 1)", [1]),
            ("1 / speed", []),
            ("(speed + 1) * (speed + 1)", [1]),
            ("(speed + 1) * (speed + 2)", []),
            ("max(speed + 1, 2)", [1]),
            ("max(speed, 2)", []),
            ("ln(raw(speed) + 1)", [1]),
            ("abs(" * 16 + "speed" + ")" * 16, [1]),
            ("abs(" * 15 + "speed" + ")" * 15, []),
            ("abs(" * 39 + "speed" + ")" * 39, [1, 1]),
            ("derivative(speed)", [1]),
            ("derivative(speed, 1)", [1, 1]),
            ("derivative(speed) + derivative(speed)", [1, 1]),
            ("smooth(derivative(speed), 1)", [1, 1]),
            ("prev(speed + 1)", [2]),
            ("sum(speed)", []),
            ("sum(speed + 1)", [1]),
            ("(speed > 1 ? speed : 2)", [1]),
            ("speed * setup.mass", []),
            ("setup.mass * setup.mass + 1", []),
        ],
    )
    def test_has_these_stages(self, text: str, stages: list[int]) -> None:
        drive = pl.DataFrame({"timestamp": [0.0, 1.0], "speed": [1.0, 2.0]})
        plan = channels.compiled({"t": text}, drive, setup={"mass": (2.0, "")}).plan
        assert [len(stage) for stage in plan.stages] == stages

    def test_reads_each_column_once_and_only_numbers_are_cleaned(self) -> None:
        frame = pl.DataFrame({"lap_id": ["a"], "speed": [1.0], "abs_active": [True], "timestamp": [0.0]})
        plan = channels.compiled({"t": "prev(speed) + speed + abs_active", "u": "speed"}, frame).plan
        assert sorted(plan.needs) == ["abs_active", "lap_id", "speed", "timestamp"]
        assert len(plan.read) == 4
        assert len(plan.numbers) == 2

    def test_of_nothing_but_constants_still_has_the_rows_of_the_frame(self) -> None:
        plan = channels.compiled({"t": "1 + 2", "u": "true"}, SPEEDS).plan
        assert plan.needs == ()
        assert plan.run(SPEEDS).rows() == [(3.0, True), (3.0, True)]
        assert plan.apply(SPEEDS.lazy()).collect().rows() == [(3.0, True), (3.0, True)]

    def test_of_constants_reads_a_frame_whose_first_column_is_anything(self) -> None:
        frame = pl.DataFrame({"key": ["x", None], "speed": [1.0, 2.0]})
        assert channels.evaluate({"t": "1"}, frame)["t"].to_list() == [1.0, 1.0]


def test_each_shipped_channel_has_a_vector_and_is_strict_without_a_warning() -> None:
    vectors = [case for case in read_cases() if case.where.startswith("shipped:")]
    assert {case.formula for case in vectors if case.values} == {f"'{name}'" for name in SHIPPED}
    assert not any(case.said for case in vectors)
    scene = vectors[0]
    assert channels.check(dict(SHIPPED), scene.frame, **scene.options()) == []


def test_the_example_of_every_function_is_strict_without_a_warning() -> None:
    lap = drive(seconds=10)
    for function in FUNCTIONS.values():
        found = channels.check({"t": function.example}, lap, setup=SETUP, reference=lap)
        assert found == [], function.name
        values = channels.evaluate({"t": function.example}, lap, setup=SETUP, reference=lap)["t"]
        assert values.null_count() < len(lap), function.name
