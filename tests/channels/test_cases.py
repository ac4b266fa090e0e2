"""Formulas with their values, and formulas with their faults, as `cases/*.txt` tell them (`reading.py` says how)."""

import math

import polars as pl
import pytest

from ps_analytics import channels
from ps_analytics.channels.definitions import Diagnostic
from ps_analytics.errors import FormulaError
from tests.channels.reading import Case, read_cases

CASES = read_cases()


@pytest.mark.parametrize("case", [case for case in CASES if case.values is not None], ids=lambda case: case.where)
def test_a_formula_has_these_values_this_unit_and_these_warnings(case: Case) -> None:
    compiled = channels.compiled(case.entries(), case.frame, **case.options())
    found = compiled.run(case.frame)["t"].to_list()
    assert case.values is not None
    assert len(found) == len(case.values)
    assert all(_agree(*pair) for pair in zip(found, case.values, strict=True)), found
    if "in" in case.facts:
        assert compiled.channels["t"].unit == case.facts["in"].replace("nothing", "")
    assert compiled.channels["t"].is_provisional == (case.facts.get("provisional") == "yes")
    kinds = {isinstance(value, bool) for value in case.values if value is not None}
    assert compiled.channels["t"].is_condition in (kinds or (True, False))
    _compare(case, channels.check(case.entries(), case.frame, **case.options()))


@pytest.mark.parametrize("case", [case for case in CASES if case.values is None], ids=lambda case: case.where)
def test_a_formula_is_refused_with_this_message_place_hint_and_fix(case: Case) -> None:
    assert case.said
    said = channels.check(case.entries(), case.frame, **case.options())
    _compare(case, [one for one in said if one.channel == "t"])
    with pytest.raises(FormulaError) as caught:
        channels.evaluate({"t": case.entries()["t"]} | case.entries(), case.frame, **case.options())
    assert Diagnostic.of(caught.value) == said[0]


def _agree(got: float | bool | None, want: float | bool | None) -> bool:
    if got is None or want is None or isinstance(want, bool):
        return got is want
    return math.isclose(got, want, rel_tol=1e-9, abs_tol=1e-12) and not isinstance(got, bool)


def _compare(case: Case, said: list[Diagnostic]) -> None:
    assert [[one.code, one.message, one.hint, _mended(case, one)] for one in said] == case.said
    if case.place is not None:
        assert all((one.position, one.end) == case.place for one in said), said
    for one in said:
        assert (
            one.severity == {"E": "error", "W": "warning", "I": "info"}[one.code[0]] or case.facts["policy"] == "warn"
        )
        assert (one.channel, one.formula) == ("t", case.formula)
        if one.fix is not None:
            mended = channels.check(case.entries(_mended(case, one)), case.frame, **case.options())
            assert not [error for error in mended if error.severity == "error"]


def _mended(case: Case, one: Diagnostic) -> str | None:
    if one.fix is None:
        return None
    return case.formula[: one.fix.position] + one.fix.text + case.formula[one.fix.end :]


def test_every_code_of_the_catalogue_of_errors_has_a_case() -> None:
    from ps_analytics.channels.faults import MESSAGES

    told = {one[0] for case in CASES for one in case.said}
    assert set(MESSAGES) - told == {"E-UNIT-PLAIN", "E-NAME-TAKEN"}  # told as E-UNIT-MISMATCH; said when one is kept


def test_a_frame_without_rows_gives_every_channel_without_rows() -> None:
    for case in CASES:
        if case.values is not None:
            empty = case.frame.clear()
            found = channels.evaluate(case.entries(), empty, **case.options())
            assert found.shape == (0, len(case.entries()))
            assert found.dtypes[0] in (pl.Float64, pl.Boolean)
