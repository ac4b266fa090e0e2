"""What docs/math.md promises: its formulas, its errors, its limits and its example."""

import re
from pathlib import Path

import polars as pl
import pytest

from ps_analytics import channels
from ps_analytics.channels import faults, formula, graph, tokens
from ps_analytics.channels.catalog import CATALOG
from ps_analytics.channels.costs import MAX_COST, STATEFUL_COST
from ps_analytics.channels.definitions import Diagnostic
from ps_analytics.channels.exchange.imported import fault_of_name
from ps_analytics.channels.forms import MAX_ARGUMENTS, MAX_POINTS
from ps_analytics.channels.functions.signature import CONSTANT
from ps_analytics.channels.program import MAX_CHAIN
from ps_analytics.channels.units import ATOMS
from ps_analytics.errors import FormulaError
from ps_analytics.store.math_channels import MOST
from tests.channels.drives import SETUP

PAGE = (Path(__file__).parents[2] / "docs" / "math.md").read_text("utf-8")
KEYS = ("session_id", "lap_id", "sector_id", "section_id", "corner_id", "straight_id")
SESSION = pl.DataFrame(
    schema={
        **{name: pl.Boolean if spec.unit == "bool" else pl.Float64 for name, spec in CATALOG.items()},
        **dict.fromkeys(("my_sensor", "Damper Mid", "damper_mid"), pl.Float64),
        **dict.fromkeys(KEYS, pl.Int64),
    }
).drop("boost")
"""The columns of a session that has all channels but the boost, cut into everything but stints."""

ROWS = [re.split(r" \| ", row) for row in re.findall(r"^\| (`[EWI]-.*) \|$", PAGE, flags=re.MULTILINE)]
ERRORS = {row[0].strip("`"): row[1] for row in ROWS}
OF_NAMES = ("E-NAME", "E-NAME-TAKEN")
LINES = [
    line
    for block in re.findall(r"```formula\n(.*?)```", PAGE, flags=re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]


def check(text: str, name: str = "mine", unit: str = "", reference: pl.DataFrame | None = SESSION) -> list[Diagnostic]:
    """What there is to say of a formula on the session of this page."""
    return channels.check({name: (text, unit)}, SESSION, setup=SETUP, reference=reference)


@pytest.mark.parametrize("line", LINES)
def test_every_formula_of_the_page_is_accepted_as_it_stands(line: str) -> None:
    codes = [found.code for found in check(line)]
    assert codes == []


def test_the_calls_of_i2_are_accepted() -> None:
    rows = re.findall(
        r"^\| (`.*`) \|", PAGE[PAGE.index("## Coming from MoTeC") : PAGE.index("## Coming from mathjs")], re.M
    )
    calls = [call for row in rows for call in re.findall(r"`(.*?)`", row) if "(" in call]
    stand_for = {"x": "speed", "a": "speed", "b": "gps_speed", "c": "(gear > 2)"}
    for call in calls:
        written = re.sub(r"\b[xabc]\b", lambda found: stand_for[found[0]], call)
        assert [found.code for found in check(written)] == [], written
    assert len(calls) == 7


def test_every_code_has_its_row_and_every_row_is_of_a_code() -> None:
    told = {code for code in faults.MESSAGES if code != "E-UNIT-PLAIN"}
    assert set(ERRORS) == told | {"E-NAME"}


@pytest.mark.parametrize("code", [code for code in ERRORS if code not in OF_NAMES])
def test_the_example_of_every_code_has_it(code: str) -> None:
    example, declared = re.fullmatch(r"`(.*?)`(?: declared in (.*))?", ERRORS[code]).groups()  # type: ignore[union-attr]
    reference = None if code == "E-NO-REFERENCE" else SESSION
    assert code in [found.code for found in check(example, unit=declared or "", reference=reference)]


def test_the_example_of_a_name_that_cannot_be_is_none() -> None:
    name = ERRORS["E-NAME"].removeprefix("a channel named ").strip("`")
    assert fault_of_name(name)
    assert "`speed`" in ERRORS["E-NAME-TAKEN"]


def test_the_error_shown_in_full_is_what_the_text_form_says() -> None:
    frame = pl.DataFrame({"steering_angle": [1.0]})
    with pytest.raises(FormulaError) as caught:
        channels.evaluate({"": "sin(steering_angle)"}, frame)
    assert str(caught.value) in PAGE


def test_the_limits_are_those_of_the_language() -> None:
    rows = dict(re.findall(r"^\| (.+?) \| ([^|]+?) \|$", PAGE[PAGE.index("## Limits") :], flags=re.MULTILINE))
    assert rows["characters of a formula"] == str(tokens.MAX_TEXT)
    assert rows["words and signs"] == str(tokens.MAX_TOKENS)
    assert rows["nesting"] == str(formula.MAX_NESTING)
    assert rows[f"cost: 1 an operation, {STATEFUL_COST} a function of other samples"] == str(MAX_COST)
    assert rows["arguments; points of a table"] == f"{MAX_ARGUMENTS}; {MAX_POINTS}"
    assert rows["channels that use one another in a row"] == str(MAX_CHAIN)
    assert rows["operations of all formulas of one call"] == str(graph.MAX_NODES)
    assert rows["characters of a number"] == str(tokens.MAX_NUMBER)
    assert rows["window; delay; samples back or ahead"] == f"1 ms to 60 s; an hour; {CONSTANT['n'].high}"
    assert (CONSTANT["seconds"].low, CONSTANT["seconds"].high, CONSTANT["by_how_much"].high) == (0.001, 60, 3600)
    assert rows["math channels of a user"] == str(MOST)


def test_every_unit_is_named() -> None:
    listed = re.search(r"Known units: (.*?), and products", PAGE, flags=re.DOTALL)
    assert listed is not None
    assert set(re.split(r"[\s,]+", listed[1])) == set(ATOMS)


def test_the_python_example_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    exec(example, {})
    promised = re.search(r"print\(.*\) +# (.*)$", example, flags=re.MULTILINE)
    assert promised is not None
    assert capsys.readouterr().out.strip() == promised[1]


def test_every_link_within_the_page_leads_somewhere() -> None:
    headings = [re.sub(r"[^a-z0-9 -]", "", line.lower()) for line in re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)]
    assert set(re.findall(r"\(#([^)]*)\)", PAGE)) <= {heading.replace(" ", "-") for heading in headings}
