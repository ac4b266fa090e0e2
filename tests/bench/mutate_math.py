"""Mutation testing of the formula language: small faults put into the compiler and the table; the tests have to notice.

`python -m tests.bench.mutate_math --mutants 400 --seed 1`. A mutant lives in a forked process only: no file is changed.
The parent imports what takes long and nothing of the house, so that a mutant costs little more than the tests it runs.
"""

import argparse
import ast
import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
ROOM = ROOT / "ps_analytics" / "channels"
FILES = (
    "tokens.py", "formula.py", "names.py", "quantities.py", "graph.py", "checked.py", "calls.py", "forms.py",
    "program.py", "compile.py", "evaluate.py", "functions/binding.py", "functions/call.py", "functions/elementwise.py",
    "functions/rows.py", "functions/signature.py", "functions/stateful.py", "functions/table.py",
)  # fmt: skip
"""What is mutated: the language from its text to its plan; the kernels have tests of their own."""
_NAMES = ("cases", "programs", "units", "golden", "properties")
TESTS = (*(f"tests/channels/test_{name}.py" for name in _NAMES), "ps_analytics/channels")
"""The tests and the examples of the documentation: those that find most soonest come first."""
LONGEST_S = 90
"""CPU time after which a mutant counts as caught: it hangs."""
_COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_COMPUTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.FloorDiv: ast.Mult,
}  # fmt: skip
_NO_BEHAVIOUR = ("slots", "frozen", "eq", "maxsize")
"""Keywords that change how quick or how safe something is, not what it gives."""


@dataclass(frozen=True)
class Mutant:
    """A fault: the file, the line, what was there and what is there now, and the whole source with it."""

    file: str
    line: int
    before: str
    after: str
    source: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}  {self.before}  →  {self.after}"


def mutant_of(file: str, number: int) -> Mutant:
    """One mutant of a file, by its number."""
    tree = ast.parse((ROOM / file).read_text(encoding="utf-8"))
    node, change = list(_places(tree))[number]
    before = ast.unparse(node)
    change()
    return Mutant(file, getattr(node, "lineno", 0), before, ast.unparse(node), ast.unparse(tree))


def how_many(file: str) -> int:
    """The number of mutants of a file."""
    return sum(1 for _ in _places(ast.parse((ROOM / file).read_text(encoding="utf-8"))))


Place = tuple[ast.AST, Callable[[], None]]


def _places(tree: ast.AST) -> Iterator[Place]:
    """Where something can be changed, and what changes it."""
    for node in _code(tree):
        for change in _changes(node):
            yield node, change


def _code(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run: neither annotations, decorators nor what only type checkers see."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.keyword) and child.arg in _NO_BEHAVIOUR:
                continue
            if isinstance(child, ast.AST):
                yield from _code(child)


def _changes(node: ast.AST) -> Iterator[Callable[[], None]]:
    match node:
        case ast.Compare(ops=[op]) if type(op) in _COMPARED:
            yield lambda: setattr(node, "ops", [_COMPARED[type(op)]()])
        case ast.Compare(ops=[first, *others]):
            yield lambda: setattr(node, "ops", [_COMPARED[type(first)](), *others])
        case ast.BinOp(op=op) if type(op) in _COMPUTED:
            yield lambda: setattr(node, "op", _COMPUTED[type(op)]())
        case ast.BoolOp(op=op):
            yield lambda: setattr(node, "op", ast.And() if isinstance(op, ast.Or) else ast.Or())
        case ast.Constant(value=bool(value)):
            yield lambda: setattr(node, "value", not value)
        case ast.Constant(value=int(value) | float(value)):
            yield lambda: setattr(node, "value", value + 1 if value + 1 != value else value * 2)
            yield lambda: setattr(node, "value", value - 1 if value - 1 != value else value / 2)
        case ast.Call(args=[one, other, *others]) if not isinstance(one, ast.Starred):
            yield lambda: setattr(node, "args", [other, one, *others])
        case ast.Lambda() | ast.Return(value=ast.expr()):
            field = "body" if isinstance(node, ast.Lambda) else "value"
            yield lambda: setattr(node, field, ast.Constant(None))
    yield from _turned(node)


def _turned(node: ast.AST) -> Iterator[Callable[[], None]]:
    """Conditions turned round, and signs left out."""
    match node:
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            yield lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), test))
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert(), operand=operand):
            yield lambda: setattr(node, "op", ast.UAdd()) if not isinstance(node.op, ast.Not) else _bare(node, operand)


def _bare(node: ast.UnaryOp, operand: ast.expr) -> None:
    """`not x` becomes what is true where x is."""
    node.operand = ast.UnaryOp(ast.Not(), operand)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module with a fault in it."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._name = "ps_analytics.channels." + mutant.file.removesuffix(".py").replace("/", ".")

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self._name:
            return None
        return importlib.util.spec_from_file_location(name, ROOM / self._mutant.file, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._mutant.source, str(ROOM / self._mutant.file), "exec"), module.__dict__)


def caught(mutants: Iterable[Mutant], tests: Sequence[str], jobs: int) -> Iterator[tuple[Mutant, bool]]:
    """Each mutant, and whether the tests fail with it or hang; so many at once."""
    running: dict[int, Mutant] = {}
    for mutant in mutants:
        if len(running) == jobs:
            yield _ended(running)
        child = os.fork()
        if child == 0:
            _run(mutant, tests)
        running[child] = mutant
    while running:
        yield _ended(running)


def _ended(running: dict[int, Mutant]) -> tuple[Mutant, bool]:
    child, status = os.wait()
    return running.pop(child), status != 0


def _run(mutant: Mutant, tests: Sequence[str]) -> None:
    """Runs the tests in this process and ends it."""
    import pytest
    from hypothesis import settings

    settings.register_profile("mutants", deadline=None, derandomize=True, database=None)
    settings.load_profile("mutants")
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_S, LONGEST_S))
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    sys.meta_path.insert(0, _Finder(mutant))
    quietly = ("-x", "-q", "--noconftest", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
    for test in tests:  # one after the other: most mutants are caught before the rest is even collected
        if pytest.main([*quietly, test]):
            os._exit(1)
    os._exit(0)


def _warm() -> None:
    """Imports what the tests need and what is no part of the house."""
    listed = "import sys, hypothesis, pytest, scipy.signal, ps_analytics.ingest.demo; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, check=True, cwd=ROOT)
    for name in done.stdout.split():
        if name.split(".")[0] not in ("ps_analytics", "__main__") and name not in sys.modules:
            with suppress(ImportError):
                importlib.import_module(name)


def main(arguments: Sequence[str] = ()) -> int:
    """Print each mutant that is not caught, and the share that is, by file."""
    asked = _parse(arguments)
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    _warm()
    every = [(file, number) for file in FILES if asked.only in (None, file) for number in range(how_many(file))]
    chosen = Random(asked.seed).sample(every, min(asked.mutants, len(every)))
    began = time.monotonic()
    results: dict[str, list[bool]] = {}
    for mutant, found in caught((mutant_of(*place) for place in chosen), asked.tests, asked.jobs):
        results.setdefault(mutant.file, []).append(found)
        if not found:
            print("not caught:", mutant, flush=True)
    for file, found_in in sorted(results.items()):
        print(f"{sum(found_in):5} of {len(found_in):4} {file}")
    total = [found for found_in in results.values() for found in found_in]
    share = sum(total) / len(total)
    print(f"{share:.1%} of {len(total)} mutants (of {len(every)}) caught in {time.monotonic() - began:.0f} s")
    return int(share < 0.9)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes at once")
    parser.add_argument("--only", help="one file of the room")
    parser.add_argument("tests", nargs="*", default=list(TESTS))
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
