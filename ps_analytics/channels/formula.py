"""Tokens → tree: the grammar of formulas, by recursive descent with one table of precedences.

Loosest first: `? :` · or · and · not · comparisons · + - · * / % mod · unary - + ! · ^ ** · [unit].
"""

from typing import NamedTuple

from ps_analytics.channels.faults import fault
from ps_analytics.channels.tokens import Token, tokens_of
from ps_analytics.errors import FormulaError

MAX_NESTING = 40
CONSTANTS = {"pi", "e", "true", "false"}
SETUP = "setup."

_NOT, _COMPARISON = 3, 4
_LEVELS = {
    "or": 1, "||": 1, "and": 2, "&&": 2, "<": 4, "<=": 4, ">": 4, ">=": 4, "==": 4, "!=": 4, "<>": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "mod": 6,
}  # fmt: skip
"""How tightly an operator between two operands binds."""
_SAME = {"||": "or", "&&": "and", "<>": "!=", "mod": "%", "**": "^"}


class Tree(NamedTuple):
    """A formula or a part of it, and its place in the text (`end` exclusive).

    `op` is number, name, quoted, call, option, convert, unit, group, `? :`, not, neg, or an operator. `text` is what
    was written: the number, the name, the function, the unit. A chain of comparisons is an `and` of comparisons.
    """

    op: str
    position: int
    end: int
    args: tuple["Tree", ...] = ()
    text: str = ""


def parse(formula: str) -> Tree:
    """The tree of a formula.

    Raises:
        FormulaError: it is not of the language.

    Example:
        >>> tree = parse("-speed ^ 2")
        >>> tree.op, tree.args[0].op
        ('neg', '^')
    """
    return _Parser(tokens_of(formula)).formula()


def names_in(formula: str) -> list[str]:
    """The channels a formula names, as written, each once, in order; constants and setup values are none.

    Raises:
        FormulaError: it is not of the language.

    Example:
        >>> names_in("hypot(g_lat, 'G Force Long') * setup.mass + pi + g_lat")
        ['g_lat', 'G Force Long']
    """
    return list(dict.fromkeys(name for name, _, _ in name_spans(formula)))


def name_spans(formula: str) -> list[tuple[str, int, int]]:
    """Each place where a formula names a channel: the name, where it begins and ends, its quotes included.

    Raises:
        FormulaError: it is not of the language.

    Example:
        >>> name_spans("2 * 'Combined G'")
        [('Combined G', 4, 16)]
    """
    found = ((tree.text, tree.position, tree.end) for tree in named(parse(formula)) if not _is_constant(tree))
    return list(dict.fromkeys(found))  # the middle of a chain of comparisons stands once and is compared twice


def named(tree: Tree) -> list[Tree]:
    """The parts of a tree that name a channel, or a constant if there is no such channel; left to right.

    Example:
        >>> [part.text for part in named(parse("max(speed, over=lap) - fuel"))]
        ['speed', 'fuel']
    """
    found, waiting = [], [tree]
    while waiting:
        part = waiting.pop()
        if part.op in ("name", "quoted") and not part.text.startswith(SETUP):
            found.append(part)
        elif not (part.op == "option" and part.text == "over") and not is_range_change(part):
            waiting.extend(reversed(part.args))
    return found


def is_range_change(tree: Tree) -> bool:
    """Whether this is MoTeC's way to say a scope, `range_change("Outings:Laps")`."""
    return tree.op == "call" and tree.text.lower() == "range_change"


def _is_constant(tree: Tree) -> bool:
    return tree.op == "name" and tree.text.lower() in CONSTANTS


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def formula(self) -> Tree:
        if self._next.kind == "end":
            raise fault("E-EMPTY", 0, self._next.end)
        tree = self._expression()
        if self._next.kind != "end":
            raise self._left_over(self._next, tree)
        return tree

    def _take(self, *texts: str) -> Token | None:
        """The next token if it is one of these words or signs, in any case; it is consumed."""
        token = self._next
        if token.kind in ("operator", "name") and token.text.lower() in texts:
            self._at += 1
            return token
        return None

    def _expect(self, text: str) -> Token:
        token = self._take(text)
        if token is None:
            raise self._unexpected(f"'{text}'", fix=")" if text == ")" and self._next.kind == "end" else "")
        return token

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise fault("E-LIMIT", self._next.position, self._next.end, what="nested deeper than 40 levels")

    def _expression(self) -> Tree:
        self._deeper()
        tree = self._binary(1)
        if self._take("?"):
            yes = self._expression()
            self._expect(":")
            no = self._expression()
            tree = Tree("? :", tree.position, no.end, (tree, yes, no))
        self._depth -= 1
        return tree

    def _binary(self, lowest: int) -> Tree:
        left = self._not() if lowest <= _NOT else self._unary()
        while (level := self._level()) >= lowest:
            if level == _COMPARISON:
                left = self._comparisons(left)
                continue
            operator = self._tokens[self._at].text.lower()
            self._at += 1
            right = self._binary(level + 1)
            left = Tree(_SAME.get(operator, operator), left.position, right.end, (left, right))
        return left

    def _level(self) -> int:
        token = self._next
        return _LEVELS.get(token.text.lower(), 0) if token.kind in ("operator", "name") else 0

    def _comparisons(self, first: Tree) -> Tree:
        """`a < b < c` means `a < b and b < c`."""
        whole: Tree | None = None
        left = first
        while self._level() == _COMPARISON:
            operator = self._tokens[self._at].text
            self._at += 1
            right = self._binary(_COMPARISON + 1)
            pair = Tree(_SAME.get(operator, operator), left.position, right.end, (left, right))
            whole = pair if whole is None else Tree("and", first.position, right.end, (whole, pair))
            left = right
        return whole or first

    def _not(self) -> Tree:
        token = self._take("not")
        if token is None:
            return self._binary(_COMPARISON)
        self._deeper()
        operand = self._not()
        self._depth -= 1
        return Tree("not", token.position, operand.end, (operand,))

    def _unary(self) -> Tree:
        token = self._take("-", "+", "!")
        if token is None:
            return self._power()
        self._deeper()
        operand = self._unary()
        self._depth -= 1
        op = {"-": "neg", "+": "group", "!": "not"}[token.text]
        return Tree(op, token.position, operand.end, (operand,))

    def _power(self) -> Tree:
        base = self._postfix()
        if self._take("^", "**") is None:
            return base
        self._deeper()
        exponent = self._unary()
        self._depth -= 1
        return Tree("^", base.position, exponent.end, (base, exponent))

    def _postfix(self) -> Tree:
        tree = self._primary()
        while self._next.kind == "unit":
            unit = self._next
            self._at += 1
            inner = Tree("unit", unit.position, unit.end, text=unit.text[1:-1].strip())
            tree = Tree("convert", tree.position, unit.end, (tree, inner), inner.text)
        return tree

    def _primary(self) -> Tree:
        token = self._next
        if token.kind in ("number", "quoted", "name") and not self._is_keyword(token):
            self._at += 1
            if token.kind == "name" and self._take("("):
                return self._call(token)
            text = token.text[1:-1] if token.kind == "quoted" else token.text
            return Tree(token.kind, token.position, token.end, text=text)
        opened = self._take("(")
        if opened is None:
            raise self._unexpected("a number, a channel or '('")
        inner = self._expression()
        closed = self._expect(")")
        return Tree("group", opened.position, closed.end, (inner,))

    @staticmethod
    def _is_keyword(token: Token) -> bool:
        return token.kind == "name" and token.text.lower() in ("and", "or", "not")

    def _call(self, name: Token) -> Tree:
        arguments: list[Tree] = []
        closed = self._take(")")
        while closed is None:
            arguments.append(self._argument())
            closed = self._take(")")
            if closed is None and self._take(",") is None:
                raise self._unexpected("',' or ')'", fix=")" if self._next.kind == "end" else "")
        return Tree("call", name.position, closed.end, tuple(arguments), name.text)

    def _argument(self) -> Tree:
        name, sign = self._next, self._tokens[min(self._at + 1, len(self._tokens) - 1)]
        if name.kind != "name" or sign.text != "=":
            return self._expression()
        self._at += 2
        value = self._expression()
        return Tree("option", name.position, value.end, (value,), name.text.lower())

    def _unexpected(self, wanted: str, *, fix: str = "") -> FormulaError:
        token = self._next
        last = self._tokens[self._at - 1].end  # not the end of the text, which may be a comment
        place = (last, last, fix) if fix else None
        what = f"expected {wanted} but found {_shown(token)}"
        return fault("E-SYNTAX", token.position, token.end, what=what, fix=place, hint=f"add '{fix}'" if fix else "")

    def _left_over(self, token: Token, before: Tree) -> FormulaError:
        """Why a token cannot follow a whole expression."""
        position, end = token.position, token.end
        if token.text == "=":
            hint, fix = "compare with ==; a formula has no assignments", (position, end, "==")
        elif token.text == ")":
            hint, fix = "delete it", (position, end, "")
        elif token.kind in ("name", "number", "quoted") or token.text == "(":
            hint, fix = "multiply with *", (position, position, "* ")
        else:
            hint, fix = "", None
        what = (
            "there is no '(' for this ')'" if token.text == ")" else f"expected an operator but found {_shown(token)}"
        )
        return fault("E-SYNTAX", position, end, what=what, hint=hint, fix=fix)


def _shown(token: Token) -> str:
    if token.kind == "end":
        return "the end of the formula"
    return token.text if token.kind == "quoted" else f"'{token.text}'"
