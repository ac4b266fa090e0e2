"""The normative examples of the language, where the specifications are beside the checkout (specs/math.md §15)."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ps_analytics import channels
from ps_analytics.errors import FormulaError

Case = dict[str, Any]

SPECS = Path(__file__).resolve().parents[3] / "shared" / "specs" / "math"
REFUSED_UNDER_STRICT = 1
"""Of the 88 real ones; `warn` passes all."""


@pytest.fixture(scope="module")
def golden() -> Case:
    return _read("golden.json")


def _read(name: str) -> Any:
    if not SPECS.is_dir():
        pytest.skip("the specifications are not beside this checkout")
    return json.loads((SPECS / name).read_text(encoding="utf-8"))


def _frame(golden: Case, name: str) -> pl.DataFrame:
    dtypes = golden["dtypes"]
    columns = golden["frames"][name]
    return pl.DataFrame(
        {
            column: pl.Series(values, dtype=getattr(pl, dtypes.get(column, "Float64")))
            for column, values in columns.items()
        }
    )


def _entries(case: Case) -> dict[str, Any]:
    defs = {name: tuple(definition) for name, definition in case.get("defs", {}).items()}
    return {case.get("name", "t"): (case["formula"], case.get("unit", "")), **defs}


def _options(golden: Case, case: Case) -> dict[str, Any]:
    return {
        "units": golden["channel_units"],
        "setup": {name: tuple(value) for name, value in golden["setup"].items()},
        "reference": None if case.get("no_ref") else _frame(golden, golden["reference_frame"]),
        "policy": case.get("units", "strict"),
        "library": bool(case.get("builtin")),
    }


def test_every_accepted_formula_has_its_values_and_warnings(golden: Case) -> None:
    for case in golden["accept"]:
        frame, options = _frame(golden, case["frame"]), _options(golden, case)
        found = channels.evaluate(_entries(case), frame, **options)[case.get("name", "t")]
        assert (found.dtype == pl.Boolean) == bool(case.get("bool")), case["id"]
        expected = case["expect"]
        assert [value is None for value in found] == [value is None for value in expected], case["id"]
        tolerance = case.get("tol", 1e-9)
        for got, want in zip(found, expected, strict=True):
            assert want is None or abs(got - want) <= tolerance * (1 + abs(want)), case["id"]
        said = channels.check(_entries(case), frame, **options)
        assert sorted(one.code for one in said) == sorted(case.get("warnings", [])), case["id"]


def test_every_rejected_formula_is_refused_at_both_doors_with_code_place_and_hint(golden: Case) -> None:
    for case in golden["reject"]:
        frame, options = _frame(golden, case.get("frame", "A")), _options(golden, case)
        with pytest.raises(FormulaError) as caught:
            channels.evaluate(_entries(case), frame, **options)
        said = [one for one in channels.check(_entries(case), frame, **options) if one.severity == "error"]
        for error in (caught.value, *said[:1]):
            assert error.code == case["error"], case["id"]
            assert error.position == case.get("pos", error.position), case["id"]
            assert case.get("hint", "") in error.hint, case["id"]
        assert said, case["id"]


@pytest.mark.parametrize(("policy", "refused"), [("warn", 0), ("strict", REFUSED_UNDER_STRICT)])
def test_formulas_people_wrote_compile_one_by_one(golden: Case, policy: str, refused: int) -> None:
    units = golden["channel_units"]
    keys = [f"{scope}_id" for scope in ("lap", "session", "stint", "sector", "section", "corner", "straight")]
    setup = {name: tuple(value) for name, value in golden["setup"].items()}
    reference = _frame(golden, golden["reference_frame"])
    formulas = _read("formulas.json")
    failed = []
    for row in formulas:
        names = dict.fromkeys([*units, *keys, *channels.formula.names_in(row["formula"])])
        frame = pl.DataFrame(schema=dict.fromkeys(names, pl.Float64))
        given = {**dict.fromkeys(names), **units}
        entry = {row["name"]: (row["formula"], row["unit"])}
        try:
            channels.compiled(entry, frame, units=given, setup=setup, reference=reference, policy=policy)
        except FormulaError as error:
            failed.append((row["name"], error.code, error.message))
    assert len(formulas) == 88
    assert len(failed) == refused, failed
