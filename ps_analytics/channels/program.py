"""The formulas of a call as one graph: which channels need which, in what order they are checked, what they read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from ps_analytics.channels.catalog import unit_of
from ps_analytics.channels.checked import FormulaChecker, check_result
from ps_analytics.channels.costs import check_cost
from ps_analytics.channels.definitions import Diagnostic, MathChannel
from ps_analytics.channels.faults import fault, nearest
from ps_analytics.channels.formula import SETUP, Tree, named, parse
from ps_analytics.channels.functions.binding import AT_REFERENCE, SETUP_BY_SESSION, SETUP_VALUE
from ps_analytics.channels.functions.rows import MissingColumn, Rows
from ps_analytics.channels.functions.table import Function
from ps_analytics.channels.graph import LARGEST, Graph, Node
from ps_analytics.channels.names import NameFault, Names
from ps_analytics.channels.quantities import PLAIN, UNKNOWN, Quantity, of
from ps_analytics.channels.terms import Term
from ps_analytics.errors import FormulaError

MAX_CHAIN = 32
"""Channels that use one another in a row."""

Setup = Mapping[str, tuple[Any, str]]


@dataclass(frozen=True, slots=True)
class Columns:
    """What formulas may read of a frame: numbers and conditions by name, with the units given for this call.

    `kinds` is "number", "condition" or "other" (which only serves as a key) by name.
    """

    kinds: Mapping[str, str]
    units: Mapping[str, str | None] = field(default_factory=dict)

    def unit(self, name: str) -> str | None:
        """The unit of a column: as given, else the catalogue's; "bool" is a condition, None unknown."""
        if self.kinds[name] == "condition":
            return "bool"
        return self.units[name] if name in self.units else unit_of(name)


class Program:
    """Entries and whatever they use, checked together."""

    def __init__(
        self,
        columns: Columns,
        entries: Mapping[str, MathChannel],
        library: Mapping[str, MathChannel],
        functions: Mapping[str, Function],
        *,
        setup: Setup | None = None,
        reference: "Program | None" = None,
        is_reference: bool = False,
    ) -> None:
        self.graph = Graph()
        self.rows = Rows(self.graph, frozenset(columns.kinds))
        self.names = Names((name for name, kind in columns.kinds.items() if kind != "other"), entries, library)
        self.functions, self.reference, self.is_reference = functions, reference, is_reference
        self.diagnostics: list[Diagnostic] = []
        self._columns, self._setup, self._entries = columns, setup or {}, entries
        self._trees: dict[str, Tree] = {}
        self._terms: dict[str, Term] = {}
        self._depths: dict[str, int] = {}
        self._failed: dict[str, FormulaError] = {}
        self.referred: list[Node] = []
        """Of a reference's program: the nodes that are asked of it, in order."""

    def check(self, name: str) -> Term:
        """An entry, checked with everything it uses.

        Raises:
            FormulaError: it, or a channel it uses, cannot be used.
        """
        return self._resolve(self._entries[name])

    def term_of(self, channel: MathChannel) -> Term:
        """A channel that was checked before what uses it."""
        return self._terms[channel.name]

    def term_in(self, checker: FormulaChecker, tree: Tree) -> Term:
        """A part of a formula of another program, checked here."""
        for channel in self._uses(tree, checker.channel):
            self._resolve(channel)
        inner = FormulaChecker(self, checker.channel)
        term = inner.term(tree)
        if term.node not in self.referred:
            self.referred.append(term.node)
        return term

    def at_reference(self, node: Node, tree: Tree, *, stepped: bool) -> Node:
        """What a node of the reference's program is at the places of this frame.

        Raises:
            FormulaError: the frame has no places.
        """
        try:
            position = self.rows.channel("normalized_position")
        except MissingColumn as missing:
            raise fault("E-NOT-RECORDED", tree.position, tree.end, name=missing.args[0]) from None
        found = self.graph.apply(AT_REFERENCE, position, params=(node.index, stepped))
        return self.graph.condition(found) if node.kind == "condition" else found

    def input_of(self, checker: FormulaChecker, text: str, tree: Tree) -> Term:
        """What a name of a channel's own stands for: a channel, or an expression of channels.

        Raises:
            FormulaError: nothing.
        """
        try:
            return checker.resolve(tree._replace(text=text, op="quoted"))._replace(tree=tree)
        except FormulaError as error:
            if error.code != "E-UNKNOWN-CHANNEL":
                raise
        alone = FormulaChecker(self, replace(checker.channel, inputs={}))
        try:
            return alone.term(parse(text))._replace(tree=tree)
        except FormulaError as error:
            raise FormulaError(error.code, error.message, tree.position, tree.end, hint=error.hint) from None

    def column(self, name: str) -> tuple[Node, Quantity]:
        """A column as a node, and its unit."""
        unit = self._columns.unit(name)
        if self._columns.kinds[name] == "condition":
            return self.graph.column(name, kind="condition", bound=1.0), PLAIN
        node = self.graph.column(name)
        if unit == "bool":
            return self.graph.condition(node), PLAIN
        if unit is None:
            return node, UNKNOWN
        return node, of(unit) if unit.strip() else PLAIN

    def setup_value(self, tree: Tree) -> tuple[Node, Quantity]:
        """A value of the vehicle setup, and its unit.

        Raises:
            FormulaError: the setup has no such parameter.
        """
        name = tree.text.removeprefix(SETUP)
        value, unit = self._parameter(tree, name)
        try:
            if isinstance(value, Mapping):
                by_session = tuple((session, _number(each)) for session, each in value.items())
                node = self.graph.apply(SETUP_BY_SESSION, self.rows.key("session_id"), params=(by_session,))
            else:
                node = self.graph.apply(SETUP_VALUE, params=(_number(value),))
        except (TypeError, ValueError):
            hint = f"the setup says {value!r}, which is not a number"
            raise fault("E-SETUP", tree.position, tree.end, name=name, hint=hint) from None
        except MissingColumn as missing:
            column = missing.args[0]
            raise fault("E-SCOPE", tree.position, tree.end, sections="sessions", column=column) from None
        return node, self._setup_unit(unit)

    def setup_curve(self, tree: Tree, name: str) -> tuple[Sequence[tuple[float, float]], Quantity]:
        """A curve of the vehicle setup: its points by x, and the unit of its values.

        Raises:
            FormulaError: the setup has no such curve.
        """
        value, unit = self._parameter(tree, name)
        try:
            points = sorted((float(x), float(y)) for x, y in value)
        except (TypeError, ValueError):
            points = []
        if len(points) < 2 or len({x for x, _ in points}) < len(points):
            what = f"the setup's '{name}' is not a curve of two points or more, [[x, y], …]"
            raise fault("E-TABLE", tree.position, tree.end, what=what)
        return points, self._setup_unit(unit)

    def _parameter(self, tree: Tree, name: str) -> tuple[Any, str]:
        if name not in self._setup:
            near = nearest(name, self._setup)
            hint = f"did you mean setup.{near}?" if near else ""
            fix = (tree.position, tree.end, f"setup.{near}") if near else None
            raise fault("E-SETUP", tree.position, tree.end, name=name, hint=hint, fix=fix)
        return self._setup[name]

    @staticmethod
    def _setup_unit(unit: str) -> Quantity:
        return of(unit) if unit else UNKNOWN

    def _resolve(self, channel: MathChannel) -> Term:
        """A channel, after every channel it uses: a chain is walked, not recursed into."""
        path: list[MathChannel] = [channel]
        while path:
            last = path[-1]
            if last.name in self._terms or last.name in self._failed:
                path.pop()
                continue
            try:
                self._step(path)
            except FormulaError as error:
                self._failed[last.name] = _told(error, last)
                path.pop()
        if channel.name in self._failed:
            raise self._failed[channel.name]
        return self._terms[channel.name]

    def _step(self, path: list[MathChannel]) -> None:
        """Checks the last channel of a path if all it uses is checked; else puts one of these behind it."""
        last = path[-1]
        tree = self._trees.get(last.name)
        if tree is None:
            tree = self._trees[last.name] = parse(last.formula)
            check_cost(tree, self.functions)
        depth = 1
        for used in self._uses(tree, last):
            if used.name in self._failed:
                raise self._failed[used.name]
            if used.name not in self._terms:
                self._refuse_circle([*path, used], tree)
                path.append(used)
                return
            depth = max(depth, 1 + self._depths[used.name])
        if depth > MAX_CHAIN:
            what = f"the end of a chain of more than {MAX_CHAIN} channels"
            raise fault("E-LIMIT", tree.position, tree.end, what=what)
        checker = FormulaChecker(self, last)
        term = checker.term(tree)
        quantity = check_result(checker, term, last.formula)
        self._depths[last.name], self._terms[last.name] = depth, term._replace(quantity=quantity)
        self._note(checker.diagnostics, last)
        path.pop()

    def _refuse_circle(self, path: list[MathChannel], tree: Tree) -> None:
        names = [channel.name for channel in path]
        if names[-1] in names[:-1]:
            circle = names[names.index(names[-1]) :]
            place = next((part for part in named(tree) if self._is(part, names[-1], path[-2])), tree)
            raise fault("E-CYCLE", place.position, place.end, path=" -> ".join(circle))

    def _is(self, part: Tree, name: str, channel: MathChannel) -> bool:
        return any(used.name == name for used in self._uses(part, channel))

    def _uses(self, tree: Tree, channel: MathChannel) -> Iterator[MathChannel]:
        """The math channels a part of a formula names; what a name means nothing is left to the check."""
        for part in named(tree):
            yield from self._named(part.text, channel.inputs)

    def _named(self, name: str, inputs: Mapping[str, str]) -> Iterator[MathChannel]:
        found = None
        with suppress(NameFault):
            found = self.names.seek(inputs.get(name, name))
        if found is None and name in inputs:
            with suppress(FormulaError):
                yield from self._uses(parse(inputs[name]), _NAMELESS)
        elif found is not None and found.channel is not None:
            yield found.channel

    def _note(self, diagnostics: Iterable[Diagnostic], channel: MathChannel) -> None:
        if channel.name not in self._entries:
            return
        for found in dict.fromkeys(diagnostics):
            self.diagnostics.append(replace(found, channel=channel.name, formula=channel.formula))


_NAMELESS = MathChannel("", "")
"""Whose inputs are none."""


def _number(value: Any) -> float:
    """A value of the setup as a number.

    Raises:
        ValueError: it is none.
    """
    number = float(value)
    if not abs(number) <= LARGEST:
        raise ValueError
    return number


def _told(error: FormulaError, channel: MathChannel) -> FormulaError:
    """The error with the channel and the formula it is about."""
    if not error.formula:
        error.formula, error.channel = channel.formula, channel.name
    return error
