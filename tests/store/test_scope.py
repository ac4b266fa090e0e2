"""Every query of the store starts from a scope, so that a user cannot be forgotten."""

import ast
from pathlib import Path

import pytest

from ps_analytics import store

FOLDER = Path(store.__file__).parent
STATEMENTS = {"select", "update", "delete"}
OVER_ALL_USERS = {
    "scope.py": "puts the user into each statement",
    "schema.py": "makes and drops tables, and counts what `reset` would destroy",
    "check.py": "looks for damage over all users, and names rows by id and number only",
    "findings.py": "the same",
    "faults.py": "the same",
    "track_faults.py": "the same",
    "studio.py": "shows any table to who runs the machine",
    "studio_views.py": "the same",
}
"""The modules that see every user's rows, and why they may."""


def statements(path: Path) -> set[str]:
    """The statement builders a module calls by their bare name."""
    calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    return {call.func.id for call in calls if isinstance(call.func, ast.Name)} & STATEMENTS


@pytest.mark.parametrize("path", [p for p in sorted(FOLDER.glob("*.py")) if p.name not in OVER_ALL_USERS], ids=str)
def test_no_module_but_the_scope_writes_a_statement(path: Path) -> None:
    assert not statements(path)


def test_the_scope_is_where_statements_are_made() -> None:
    assert statements(FOLDER / "scope.py") == STATEMENTS
