"""A sample of the fuzz and of the mutants, small enough for every run."""

import ast

from tests.bench.fuzz_math import CHUNK, drawn, run_chunk
from tests.bench.mutate_math import FILES, how_many, mutant_of


def test_random_and_damaged_formulas_give_clean_values_or_typed_errors() -> None:
    found = run_chunk(seed=0, formulas=300)
    assert found["wrong"] == []
    assert found["outcomes"]["values"] > 100
    assert len(found["outcomes"]) > 6


def test_formulas_are_drawn_again_by_their_seed() -> None:
    assert drawn(7, 40) == drawn(7, 40) != drawn(8, 40)
    assert len(set(drawn(7, 400))) > 350
    assert CHUNK >= 1_000


def test_mutants_are_programs_that_differ_from_the_file() -> None:
    for file in FILES:
        last = how_many(file) - 1
        for number in (0, last // 2, last):
            mutant = mutant_of(file, number)
            ast.parse(mutant.source)
            assert mutant.before != mutant.after
            assert str(mutant).startswith(f"{file}:")
