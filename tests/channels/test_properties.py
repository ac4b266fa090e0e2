"""What holds of any formula: random ones from a grammar over all functions, and damaged ones."""

import math
from collections.abc import Callable
from random import Random
from typing import Any, TypeVar

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ps_analytics import channels
from ps_analytics.channels.compile import compile_plan
from ps_analytics.channels.evaluate import _program
from ps_analytics.channels.formula import CONSTANTS, SETUP, Tree, name_spans, names_in, parse
from ps_analytics.channels.functions import FUNCTIONS
from ps_analytics.channels.functions.binding import AT_REFERENCE
from ps_analytics.channels.graph import FINITE, Node
from ps_analytics.channels.library import SHIPPED
from ps_analytics.channels.names import quoted
from ps_analytics.channels.tokens import tokens_of
from ps_analytics.errors import FormulaError
from tests.channels import drives
from tests.channels.formulas import ALPHABET, call, damaged, formula, number

RANDOM = st.randoms(use_true_random=False)
OTHERS = {**SHIPPED, **drives.MINE}
LAPS = drives.drive(laps=3, seconds=8, hz=20, session="a")
OTHER_SESSION = drives.drive(laps=2, seconds=8, hz=20, session="b", seed=3)
SEASON = pl.concat([LAPS, OTHER_SESSION])
REFERENCE = drives.drive(seconds=8, hz=20, seed=5)
WITHIN_A_LAP = frozenset(("lap", "sector", "section", "corner", "straight"))
Result = TypeVar("Result")
few = settings(max_examples=30)


def compiled(text: str, frame: pl.DataFrame = LAPS, **options: Any) -> channels.Compiled | None:
    """The formula ready to run, or None where it cannot be used."""
    given = {"units": drives.UNITS, "setup": drives.SETUP, "reference": REFERENCE, "policy": "off", "library": OTHERS}
    try:
        return channels.compiled({"t": text}, frame, **{**given, **options})
    except FormulaError:
        return None


def outcome(attempt: Callable[[], Result]) -> tuple[Result | None, FormulaError | None]:
    """What comes out of it: a result or a typed error."""
    try:
        return attempt(), None
    except FormulaError as error:
        return None, error


def usable(chance: Random, depth: int = 3) -> tuple[str, channels.Compiled]:
    """A random formula that can be used."""
    while True:
        text = call(chance, chance.choice(list(FUNCTIONS.values())), depth) if chance.random() < 0.5 else None
        text = text or formula(chance, depth)
        if (found := compiled(text)) is not None:
            return text, found


def assert_same(one: pl.Series, other: pl.Series, text: str) -> None:
    """Equal to the last bit, missing where the other is."""
    assert one.dtype == other.dtype, text
    if one.dtype == pl.Boolean:
        assert one.to_list() == other.to_list(), text
        return
    assert (one.is_null() == other.is_null()).all(), text
    bits = [series.fill_null(0.0).to_numpy().view(np.int64) for series in (one, other)]
    assert np.array_equal(*bits), text


@given(chance=RANDOM)
@settings(max_examples=60)
def test_a_lap_has_the_same_values_alone_in_its_session_and_in_a_season(chance: Random) -> None:
    text, found = usable(chance)
    assume(found.scopes <= WITHIN_A_LAP)
    season = found.run(SEASON)["t"]
    for name, session in (("a", LAPS), ("b", OTHER_SESSION)):
        together = found.run(session)["t"]
        assert_same(together, season.filter(SEASON["session_id"] == name), text)
        for lap in session["lap_id"].unique(maintain_order=True):
            alone = session.filter(pl.col("lap_id") == lap)
            assert_same(found.run(alone)["t"], together.filter(session["lap_id"] == lap), text)


@given(chance=RANDOM)
@few
def test_a_session_has_the_same_values_alone_and_in_a_season(chance: Random) -> None:
    text, found = usable(chance)
    season = found.run(SEASON)["t"]
    for name, session in (("a", LAPS), ("b", OTHER_SESSION)):
        assert_same(found.run(session)["t"], season.filter(SEASON["session_id"] == name), text)


@given(chance=RANDOM)
@settings(max_examples=60)
def test_what_is_not_provisional_does_not_change_as_the_lap_goes_on(chance: Random) -> None:
    text, found = usable(chance)
    assume(not found.channels["t"].is_provisional)
    whole = found.run(LAPS)["t"]
    for rows in (1, 50, len(LAPS) - 1):
        assert_same(found.run(LAPS.head(rows))["t"], whole.head(rows), text)


@given(chance=RANDOM)
@few
def test_the_lazy_way_gives_the_same_values(chance: Random) -> None:
    text, found = usable(chance)
    assert_same(found.apply(LAPS.lazy()).collect()["t"], found.run(LAPS)["t"], text)


@given(chance=RANDOM)
@settings(max_examples=60)
def test_a_row_has_the_same_value_alone_and_among_others_if_no_function_looks_at_others(chance: Random) -> None:
    text, found = usable(chance, 4)
    program = _program({"t": text}, LAPS, drives.UNITS, drives.SETUP, REFERENCE, "off", OTHERS)
    program.check("t")
    assume(not any(node.operation and node.operation.stateful for node in program.graph))
    odd = (pl.lit(None, dtype=pl.Float64), pl.lit(0.0), pl.lit(1.0))
    numbers = [name for name in found.needs if LAPS[name].dtype == pl.Float64]
    replaced = {name: chance.choice(odd) for name in numbers if chance.random() < 0.3}
    rows = LAPS.sample(4, seed=chance.randrange(99)).with_columns(**replaced)
    whole = found.run(rows)["t"]
    assert len(whole) == len(rows), text
    assert_same(found.apply(rows.lazy()).collect()["t"], whole, text)
    for row in range(len(rows)):
        assert_same(found.run(rows[row])["t"], whole[row : row + 1], text)


@given(chance=RANDOM)
@settings(max_examples=40)
def test_spaces_comments_and_parentheses_change_nothing(chance: Random) -> None:
    text, found = usable(chance)
    values = found.run(LAPS)["t"]
    spaces = (" ", "\n", "\t ", " // why\n", " # ( ' \n")
    spaced = "".join(token.text + chance.choice(spaces) for token in tokens_of(text))
    for same in (spaced, _in_parentheses(parse(text)), f" ( {text}\n) "):
        other = compiled(same)
        if other is not None:  # more of them may pass a limit
            assert_same(other.run(LAPS)["t"], values, same)


def _in_parentheses(tree: Tree) -> str:
    """The formula with parentheses around every part."""
    if tree.op in ("name", "number"):
        return tree.text
    if tree.op == "quoted":
        return f'"{tree.text}"' if "'" in tree.text else f"'{tree.text}'"
    if tree.op == "call":
        keep = tree.text.lower() in ("range_change", "table")
        arguments = [_in_parentheses(argument) for argument in tree.args]
        return f"{tree.text}({', '.join(arguments)})" if keep else f"({tree.text}({', '.join(arguments)}))"
    if tree.op == "option":
        value = tree.args[0]
        return f"{tree.text}={value.text if value.op == 'name' else _in_parentheses(value)}"
    parts = [_in_parentheses(part) for part in tree.args if part.op != "unit"]
    if tree.op == "convert":
        return f"({parts[0]}[{tree.text}])"
    if tree.op == "? :":
        return f"({parts[0]} ? {parts[1]} : {parts[2]})"
    sign = {"neg": "-", "not": "not "}.get(tree.op, "")
    return f"({sign}{parts[0]})" if len(parts) == 1 else f"({parts[0]} {tree.op} {parts[1]})"


@given(chance=RANDOM)
@settings(max_examples=40)
def test_other_names_of_the_columns_change_nothing(chance: Random) -> None:
    text, found = usable(chance)
    assume("ref" not in text.lower())  # whether the reference is stepped depends on the channel's name
    renamed, units = _renamed(text)
    columns = LAPS.with_columns(pl.col(name).alias(_other(name)) for name in set(units.values()))
    given = {_other(name): _unit(name) for name in units.values()}
    again = compiled(renamed, columns, units={**drives.UNITS, **given})
    assert again is not None, renamed
    assert_same(again.run(columns)["t"], found.run(LAPS)["t"], renamed)


def _renamed(text: str) -> tuple[str, dict[str, str]]:
    """The formula with other names for the columns it reads, and those columns by the names in it."""
    columns = {}
    for name, position, end in reversed(name_spans(text)):
        target = channels.catalog.find_channel(name) or name
        if target in LAPS.columns and target not in ("distance", "timestamp"):
            columns[name] = target
            text = text[:position] + quoted(_other(target)) + text[end:]
    return text, columns


def _other(column: str) -> str:
    return f"Ä {column}'s"


def _unit(column: str) -> str | None:
    if column in drives.UNITS:
        return drives.UNITS[column]
    return channels.catalog.unit_of(column)


@given(chance=RANDOM)
@settings(max_examples=60)
def test_neither_policy_nor_the_declared_unit_changes_a_number(chance: Random) -> None:
    text, found = usable(chance, 2)
    values = found.run(LAPS)["t"]
    for policy in ("strict", "warn"):
        other = compiled(text, policy=policy)
        assert other is not None or policy == "strict", text
        if other is not None:
            assert_same(other.run(LAPS)["t"], values, text)
    for unit in ("m/s", "bar", "no such unit", found.channels["t"].unit):
        given = {"units": drives.UNITS, "setup": drives.SETUP, "reference": REFERENCE, "library": OTHERS}
        declared = channels.evaluate({"t": (text, unit)}, LAPS, policy="warn", **given)
        assert_same(declared["t"], values, text)


@given(chance=RANDOM)
@settings(max_examples=15)
def test_entries_give_the_same_in_any_order_and_together_or_alone(chance: Random) -> None:
    texts = {f"t{n}": usable(chance, 2)[0] for n in range(3)}
    names = [*texts, *chance.sample(list(SHIPPED), 3)]
    entries = {name: texts.get(name) or SHIPPED[name] for name in names}
    given = {"units": drives.UNITS, "setup": drives.SETUP, "reference": REFERENCE, "policy": "off", "library": OTHERS}
    found = channels.evaluate(entries, LAPS, **given)
    chance.shuffle(names)
    again = channels.evaluate({name: entries[name] for name in names}, LAPS, **given)
    assert again.columns == names
    for name in names:
        assert_same(again[name], found[name], name)
        assert_same(channels.evaluate({name: entries[name]}, LAPS, **given)[name], found[name], name)


@given(chance=RANDOM)
@few
def test_no_part_of_a_plan_is_larger_than_it_is_taken_to_be(chance: Random) -> None:
    text, _ = usable(chance, 4)
    assert_bounded(text)


def test_no_part_of_what_is_documented_or_shipped_is_larger_than_it_is_taken_to_be() -> None:
    for text in (*(row.example for row in FUNCTIONS.values()), *(f"'{name}'" for name in SHIPPED)):
        assert_bounded(text)


def assert_bounded(text: str) -> None:
    """No number of its plan, nor of the reference's, is larger than its bound, and none negative that never is."""
    program = _program({"t": text}, LAPS, drives.UNITS, drives.SETUP, REFERENCE, "off", OTHERS)
    program.check("t")
    nodes = [node for node in program.graph if node.kind == "number" and not _is_of_reference(node)]
    values = compile_plan([(str(node.index), node) for node in nodes]).run(LAPS)
    for node in nodes:
        found = values[str(node.index)].fill_null(0.0)
        operation = node.operation.name if node.operation else node.column
        assert found.abs().max() <= node.bound * (1 + 1e-9), (text, operation)
        assert not node.never_negative or (found >= 0).all(), (text, operation)


def _is_of_reference(node: Node) -> bool:
    return node.operation is AT_REFERENCE or any(map(_is_of_reference, node.args))


@pytest.mark.parametrize(
    ("text", "guards"),
    [
        *((f"'{name}'", 0) for name in SHIPPED),
        *((row.example, int(name == "exp")) for name, row in FUNCTIONS.items()),
        ("speed * speed * speed * 1e200", 0), ("speed / 3.6", 0), ("speed % 3", 0), ("speed % gear", 0),
        ("speed / gear / gear", 0), ("speed ^ 10", 0), ("speed ^ 11", 1), ("tan(speed) * speed * 1e250", 0),
        ("floor(speed) * 1e270", 0), ("ceil(speed) * 1e270", 0), ("round(speed, 3) * 1e270", 0),
        ("sin(speed) * 1e307", 0), ("cos(speed) * 1e307", 0), ("atan2(speed, gear) * 1e307", 0),
        ("asin(speed) * 1e307", 0), ("acos(gear) * 1e307", 0), ("atan(gear) * 1e307", 0), ("sqrt(speed) * 1e292", 0),
        ("cbrt(gear) * 1e297", 0), ("ln(gear) * 1e305", 0), ("log10(gear) * 1e305", 0), ("log2(gear) * 1e304", 0),
        ("sign(gear) * 1e307", 0), ("speed * 1e300", 1), ("(speed > 1) * 1e307", 0), ("isvalid(speed) * 1e307", 0),
        ("rising(gear) * 1e307", 0), ("lookup(gear, 0, 9, 1, 2) * 1e307", 0), ("counter(gear) * 1e290", 0),
        ("min(gear, 1) * 1e270", 0), ("speed[m/s] * 1e270", 0), ("1e300 % gear", 1), ("setup.mass * 1e300", 0),
        ("invalid() * 1e300 * 1e300", 0), ("(gear ? 3 : -4) * 1e307", 0), ("smooth(speed, 1) * 1e260", 0),
        ("prev(speed) * 1e270", 0), ("speed * 1e278 - 1e308", 1), ("speed * -1e277", 0), ("-speed * 1e277", 0),
        ("abs(speed) * 1e277", 0), ("trunc(speed) * 1e277", 0), ("clamp(gear, -2, 2) * 1e277", 0),
    ],
)  # fmt: skip
def test_only_what_could_overflow_is_guarded(text: str, guards: int) -> None:
    program = _program({"t": text}, LAPS, drives.UNITS, drives.SETUP, REFERENCE, "off", OTHERS)
    program.check("t")
    assert sum(node.operation is FINITE for node in program.graph) == guards


@pytest.mark.parametrize(
    ("text", "is_it"),
    [
        ("sqrt(speed * speed)", True), ("sqrt(speed * gear)", False), ("sqrt(abs(speed) + abs(gear))", True),
        ("sqrt(abs(speed) + gear)", False), ("sqrt(abs(speed) * abs(gear))", True), ("sqrt(speed ^ 2)", True),
        ("sqrt(speed ^ 3)", False), ("sqrt(abs(speed) ^ 3)", True), ("sqrt(square(speed) + 1)", True),
        ("sqrt(square(speed) + 0)", True), ("sqrt(square(speed) - 1)", False), ("sqrt(square(speed) + -1)", False),
        ("sqrt(sqrt(speed))", True), ("hypot(speed, speed)", True), ("sqrt(speed ^ 2 * 1e300)", True),
    ],
)  # fmt: skip
def test_a_root_of_what_is_never_negative_needs_no_look(text: str, is_it: bool) -> None:
    program = _program({"t": text}, LAPS, drives.UNITS, drives.SETUP, REFERENCE, "off", OTHERS)
    operation = program.check("t").node.operation
    assert operation is not None
    assert (operation.name == "root") == is_it


ROWS = pl.DataFrame({"k": [0.0], "timestamp": [0.0]})


@given(chance=RANDOM)
@settings(max_examples=100)
def test_constants_are_folded_to_what_rows_would_come_to(chance: Random) -> None:
    name = chance.choice([name for name, row in FUNCTIONS.items() if row.group in ("numbers", "choices")])
    text = _of_constants(call(chance, FUNCTIONS[name], 2) + chance.choice(("", " + 1", " > 2", "[m]")))
    folded = compiled(text, ROWS)
    assume(folded is not None)
    assert folded is not None
    varying = "".join(
        f"(k + {token.text})" if token.kind == "number" else token.text + " " for token in tokens_of(text)
    )
    rows = compiled(varying, ROWS)
    assume(rows is not None)
    assert rows is not None
    one, other = folded.run(ROWS)["t"].item(), rows.run(ROWS)["t"].item()
    if one is None or other is None:
        assert one is other, text
    else:
        assert math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-300), text


def _of_constants(text: str) -> str:
    """The formula with numbers in place of channels and other calls."""
    for name, position, end in reversed(name_spans(text)):
        text = f"{text[:position]}{len(name)}.5{text[end:]}"
    return text


def test_a_name_in_the_middle_of_comparisons_stands_in_one_place() -> None:
    assert name_spans("0 < speed < gear <= 'x y'") == [("speed", 4, 9), ("gear", 12, 16), ("x y", 20, 25)]


class TestAnyText:
    @given(text=st.one_of(st.text(max_size=60), st.text(alphabet=ALPHABET, max_size=60)))
    @settings(max_examples=100)
    def test_is_a_tree_or_a_typed_error_within_the_text(self, text: str) -> None:
        self.look(text)

    @given(chance=RANDOM)
    @settings(max_examples=100)
    def test_so_is_a_damaged_formula(self, chance: Random) -> None:
        self.look(damaged(chance, formula(chance), number(chance, 3)))

    def look(self, text: str) -> None:
        tree, error = outcome(lambda: parse(text))
        if tree is None:
            assert error is not None
            assert 0 <= error.position <= error.end <= len(text)
            assert error.message
            assert str(error).startswith(error.code)
            return
        waiting = [tree]
        while waiting:
            part = waiting.pop()
            assert 0 <= part.position < part.end <= len(text)
            waiting.extend(part.args)
        for name, position, end in name_spans(text):
            assert text[position:end].strip("'\"") == name
            assert name.lower() not in CONSTANTS or text[position] in "'\""
            assert not name.startswith(SETUP)
        assert names_in(text) == list(dict.fromkeys(name for name, _, _ in name_spans(text)))

    @given(chance=RANDOM)
    @settings(max_examples=60)
    def test_evaluating_a_damaged_formula_gives_a_typed_error_or_clean_values(self, chance: Random) -> None:
        text = damaged(chance, usable(chance)[0], usable(chance)[0])
        given = {"units": drives.UNITS, "setup": drives.SETUP, "reference": REFERENCE, "library": OTHERS}
        policy = chance.choice(("strict", "warn", "off"))
        found, error = outcome(lambda: channels.evaluate({"t": text}, LAPS, policy=policy, **given)["t"])
        if error is not None:
            assert 0 <= error.position <= error.end <= len(error.formula)
        elif found is not None:
            assert len(found) == len(LAPS)
            assert found.dtype == pl.Boolean or found.is_finite().fill_null(True).all()

    @pytest.mark.parametrize(
        "text",
        [
            "(" * 2_000_000, "[" * 2_000_000, "-" * 2_000_000, "((" * 900 + "1", "9" * 2000, "'" * 2000, "a" * 2000,
            "speed" + "[m]" * 600, "1" + "+1" * 999, "((((((((((" * 150, "f(" * 900, "a=" * 900, "9**9**9",
            "__class__", "().__class__.__bases__", "speed.__class__.__mro__", "import os", "eval('1')", "\x00",
            "\ufeff1", "1\u202e+\u202c2", "sp\u200deed", "\u0661 + \u0662", "ｓｐｅｅｄ", "9" * 39 + "e9",
            "1e-400", "0x10", "1_000", "1e", "1e+", "..", "'\n'", "#", "//", "speed[\n]", "speed[[]]", "setup.",
            "setup.1", ".5.5", "1.2.3",
        ],
    )  # fmt: skip
    def test_hostile_text_is_refused_or_harmless(self, text: str) -> None:
        found, error = outcome(lambda: channels.evaluate({"t": text}, LAPS))
        if error is not None:
            assert 0 <= error.position <= error.end <= len(text)
            assert len(str(error)) < 5_000
        elif found is not None:
            assert found.shape == (len(LAPS), 1)
