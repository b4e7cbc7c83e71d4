"""Rules that the user gives: text such as "start <= end" or "total = a + b", or functions of a table.

Text is parsed to a tree of comparisons and sums of columns; no code is run.
"""

import ast
import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.cells import numbers_of
from ganaug.common.wording import listed
from ganaug.constraints.cells import Cells
from ganaug.constraints.conditions import Domains, Rows
from ganaug.constraints.rules import Equal, Linear, Order, Rule

_LONGEST = 2_000
_SIGNS: dict[type, str] = {ast.LtE: "<=", ast.Lt: "<", ast.GtE: ">=", ast.Gt: ">", ast.Eq: "=", ast.NotEq: "!="}
_ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
}
_EXAMPLES = "'start <= end', 'total = a + b' or \"internet = 'no'\"; write names with spaces in backticks"
# A text in quotes, a name in backticks, a comparison, or "is missing".
_TOKEN = re.compile(
    r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`(?P<name>[^`]+)`|(?P<equal>(?<![<>!=])=(?!=))"
    r"|\bis\s+(?P<no>not\s+)?missing\b"
)


class _Value(NamedTuple):
    """What a part of a formula is in each row: numbers, or codes of text."""

    kind: str  # "number", "time", "duration", "text" (a constant) or "category"
    numbers: Any
    column: Hashable = None


@dataclass(frozen=True)
class Formula(Rule):
    """A comparison that the user gave. Rows in which a cell is missing keep it."""

    text: str
    columns: tuple[Hashable, ...]
    names: tuple[str, ...]  # how the text calls these columns

    @property
    def sentence(self) -> str:
        """What the rule demands."""
        return self.text

    def breaks(self, cells: Cells) -> Rows:
        """Return which rows break the rule."""
        columns = dict(zip(self.names, self.columns, strict=True))
        tree, written = _parse(self.text)
        with np.errstate(divide="ignore", invalid="ignore"):
            holds, known = _Reader(cells, columns, written).truth(tree)
        return known & ~holds


@dataclass(frozen=True)
class Check(Rule):
    """A function that the user gave: it takes a table and returns which rows are allowed."""

    function: Callable[[pd.DataFrame], Any]
    fixed: Hashable | None = None
    columns: tuple[Hashable, ...] = ()

    @property
    def sentence(self) -> str:
        """Name of the function."""
        return f"{getattr(self.function, '__name__', repr(self.function))}(...)"

    def breaks(self, cells: Cells) -> Rows:
        """Return which rows break the rule."""
        frame = cells.frame()
        if self.fixed is not None and self.fixed in frame:
            frame = frame.drop(columns=self.fixed)
        allowed = np.asarray(self.function(frame))
        if allowed.shape != (len(frame),) or allowed.dtype.kind not in "bO":
            raise ValueError(
                f"constraints: {self.sentence} must return True or False for each of {len(frame)} rows, but returned "
                f"{allowed.dtype} of shape {allowed.shape}"
            )
        return ~allowed.astype(bool)

    def state(self) -> dict[str, Any]:
        """Refuse: a file holds no code."""
        raise ValueError(f"constraints: the function {self.sentence} cannot be stored in a file; give it as text")


def given_rules(given: Sequence[Any], cells: Cells, fixed: Hashable | None, domains: Domains) -> list[Rule]:
    """Read the rules that a user gave.

    Parameters
    ----------
    given : sequence of str or callable
        Text as `Formula`, or functions that return which rows of a table are allowed.
    cells : Cells
        The real rows.
    fixed : label or None
        The class.
    domains : mapping of label to Domain
        Legal numbers of the columns.

    Returns
    -------
    list of Rule
        Those that can be repaired as orders, sums and equalities.

    Raises
    ------
    ValueError
        If a text cannot be read, or names no column.
    TypeError
        If a rule is neither text nor a function.
    """
    rules: list[Rule] = []
    for one in given:
        if callable(one):
            rules.append(Check(one, fixed))
        elif isinstance(one, str):
            rules += _read(one, cells, domains)
        else:
            raise TypeError(f"constraints hold {one!r} of type {type(one).__name__}; give text or a function")
    return rules


def _read(text: str, cells: Cells, domains: Domains) -> list[Rule]:
    tree, written = _parse(text)
    names = list(dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)))
    columns = {name: _column(written.get(name, name), cells, text) for name in names}
    if not columns:
        raise ValueError(f"constraints: {text!r} names no column; write for example {_EXAMPLES}")
    simple = _simple(tree, columns, cells, domains)
    if simple:
        return simple
    rule = Formula(text, tuple(columns.values()), tuple(names))
    rule.breaks(cells)  # what cannot be compared shows here
    return [rule]


def _column(name: str, cells: Cells, text: str) -> Hashable:
    if name in cells:
        return name
    number = re.fullmatch(r"(?:column[ _]?)?(\d+)", name)
    if number and int(number[1]) in cells:
        return int(number[1])
    names = listed(cells.labels, 20)
    raise ValueError(f"constraints: {text!r} names {name!r}, which is not a column; the columns are {names}")


def _parse(text: str) -> tuple[ast.expr, dict[str, str]]:
    """Return the tree of a text, and the names of columns in it that are not plain words."""
    written: dict[str, str] = {}

    def plain(match: re.Match[str]) -> str:
        if match["name"] is not None:
            return placeholder(match["name"])
        if match["equal"]:
            return "=="
        if "missing" in match[0] and match[0].startswith("is"):
            return f" {'not' if match['no'] else ''} in ()"
        return match[0]

    def placeholder(name: str) -> str:
        word = f"column_in_backticks_{len(written)}"
        written[word] = name
        return word

    if len(text) > _LONGEST:
        raise ValueError(f"constraints: a rule has {len(text):,} characters; at most {_LONGEST:,} are read")
    # "column 3", as rules of arrays are shown
    source = _TOKEN.sub(plain, text)
    source = re.sub(r"\bcolumn (\d+)\b", lambda match: placeholder(match[0]), source)
    try:
        tree = ast.parse(source.strip(), mode="eval").body
        _check(tree, text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if str(error).startswith("constraints"):
            raise
        raise ValueError(f"constraints: {text!r} cannot be read; write for example {_EXAMPLES}") from None
    return tree, written


def _check(tree: ast.expr, text: str) -> None:
    allowed: tuple[type, ...] = (ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd)
    allowed += (ast.Compare, ast.BinOp, ast.Name, ast.In, ast.NotIn, ast.Tuple, ast.Constant, ast.Load)
    allowed += (*_SIGNS, *_ARITHMETIC)
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple) and node.elts:
            raise ValueError("a list")
        is_plain = not isinstance(node, ast.Constant) or isinstance(node.value, bool | int | float | str)
        if not isinstance(node, allowed) or not is_plain:
            raise ValueError(
                f"constraints: {text!r} holds {type(node).__name__}; only comparisons, +, -, * and / are read"
            )


def _simple(tree: ast.expr, columns: dict[str, Hashable], cells: Cells, domains: Domains) -> list[Rule]:
    """Return rules that can be repaired, if the text is one of these."""
    if not isinstance(tree, ast.Compare):
        return []
    parts = [tree.left, *tree.comparators]
    signs = [_SIGNS.get(type(op), "") for op in tree.ops]
    if all(isinstance(part, ast.Name) for part in parts):
        labels = [columns[part.id] for part in parts if isinstance(part, ast.Name)]
        kinds = {cells.kind(label) for label in labels}
        if len(kinds) == 1 and kinds != {"category"} and all(sign[:1] in ("<", ">") for sign in signs):
            pairs = zip(labels, labels[1:], signs, strict=False)
            return [Order(*((a, b) if s[0] == "<" else (b, a)), len(s) == 1) for a, b, s in pairs]
        if len(kinds) == 1 and signs == ["="]:
            return [Equal(*labels)]
    if signs == ["="] and isinstance(parts[0], ast.Name):
        terms = _terms(parts[1], 1.0, columns)
        target = columns[parts[0].id]
        labels = [target, *(label for _, label in terms or [])]
        if terms and all(label in domains and cells.kind(label) == "number" for label in labels):
            rounding = sum(domains[label].rounding for label in labels)
            largest = max(float(np.nanmax(abs(cells.numbers(label)))) for label in labels)
            rule = Linear(target, tuple(terms), 0.0, 1e-9 * largest)
            # rounded columns may miss the sum by their rounding
            return [Linear(target, tuple(terms), 0.0, 1e-9 * largest + rounding) if rule.breaks(cells).any() else rule]
    return []


def _terms(node: ast.expr, sign: float, columns: dict[str, Hashable]) -> list[tuple[float, Hashable]] | None:
    if isinstance(node, ast.Name):
        return [(sign, columns[node.id])]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        left = _terms(node.left, sign, columns)
        right = _terms(node.right, sign if isinstance(node.op, ast.Add) else -sign, columns)
        return None if left is None or right is None else [*left, *right]
    return None


class _Reader:
    """Computes the parts of a formula for all rows."""

    def __init__(self, cells: Cells, columns: dict[str, Hashable], written: dict[str, str]) -> None:
        self.cells, self.columns, self.written = cells, columns, written

    def truth(self, node: ast.expr) -> tuple[Rows, Rows]:
        """Return where the statement holds, and where it is known."""
        if isinstance(node, ast.BoolOp):
            parts = [self.truth(value) for value in node.values]  # noqa: PD011
            is_and = isinstance(node.op, ast.And)
            holds = (
                np.logical_and.reduce([h | ~k for h, k in parts])
                if is_and
                else np.logical_or.reduce([h & k for h, k in parts])
            )
            decided = np.logical_or.reduce([k & (~h if is_and else h) for h, k in parts])
            return holds, decided | np.logical_and.reduce([k for _, k in parts])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            holds, known = self.truth(node.operand)
            return ~holds, known
        if isinstance(node, ast.Compare):
            parts_of = [node.left, *node.comparators]
            pairs = [self._compare(a, op, b) for a, op, b in zip(parts_of, node.ops, parts_of[1:], strict=False)]
            return np.logical_and.reduce([h | ~k for h, k in pairs]), np.logical_and.reduce([k for _, k in pairs])
        if isinstance(node, ast.Name):  # a flag
            label = self.columns[node.id]
            codes, levels = self.cells.codes(label)
            if set(levels) <= {True, False}:
                return self.cells.equals(label, True), codes >= 0
        raise ValueError(f"constraints: a part of the rule is no comparison; write for example {_EXAMPLES}")

    def _compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> tuple[Rows, Rows]:
        if isinstance(op, ast.In | ast.NotIn):
            if not isinstance(left, ast.Name):
                raise ValueError("constraints: 'is missing' stands after the name of a column")
            missing = self.cells.missing(self.columns[left.id])
            return missing != isinstance(op, ast.NotIn), np.ones(len(self.cells), dtype=bool)
        a, b = self._value(left), self._value(right)
        sign = _SIGNS[type(op)]
        if "category" in (a.kind, b.kind):
            return self._compare_levels(a, sign, b)
        if "text" in (a.kind, b.kind):
            kind = b.kind if a.kind == "text" else a.kind
            a, b = (self._read_text(value, kind) for value in (a, b))
        x, y = np.broadcast_arrays(a.numbers, b.numbers, np.zeros(len(self.cells)))[:2]
        slack = 1e-9 * np.maximum(abs(x), abs(y))
        holds = {
            "<=": x <= y + slack,
            "<": x < y - slack,
            ">=": x >= y - slack,
            ">": x > y + slack,
            "=": abs(x - y) <= slack,
            "!=": abs(x - y) > slack,
        }[sign]
        return holds, ~(np.isnan(x) | np.isnan(y))

    def _compare_levels(self, a: _Value, sign: str, b: _Value) -> tuple[Rows, Rows]:
        if a.kind != "category":
            a, b = b, a
        if sign not in ("=", "!="):
            raise ValueError(f"constraints: {a.column!r} holds categories, which only = and != compare")
        known = ~self.cells.missing(a.column)
        if b.kind == "category":
            codes, levels = self.cells.codes(a.column)
            same = self.cells.places(b.column, {level: i for i, level in enumerate(levels)}) == codes
            known = known & ~self.cells.missing(b.column)
        else:
            levels = self.cells.codes(a.column)[1]
            value = b.numbers if np.ndim(b.numbers) == 0 else None
            chosen = [level for level in levels if level == value or str(level) == str(value)]
            same = np.zeros(len(self.cells), dtype=bool)
            for level in chosen:
                same |= self.cells.equals(a.column, level)
        return same == (sign == "="), known

    def _value(self, node: ast.expr) -> _Value:
        if isinstance(node, ast.Constant):
            return _Value("text" if isinstance(node.value, str) else "number", node.value)
        if isinstance(node, ast.Name):
            label = self.columns[node.id]
            kind = self.cells.kind(label)
            return _Value(kind, None if kind == "category" else self.cells.numbers(label), label)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            value = self._value(node.operand)
            self._need_number(value)
            return _Value(value.kind, -value.numbers if isinstance(node.op, ast.USub) else value.numbers)
        if isinstance(node, ast.BinOp):
            a, b = self._value(node.left), self._value(node.right)
            for value in (a, b):
                self._need_number(value)
            kind = "number" if a.kind == b.kind == "number" else "duration"
            if {a.kind, b.kind} == {"time", "duration"}:
                kind = "time"
            return _Value(kind, _ARITHMETIC[type(node.op)](a.numbers, b.numbers))
        raise ValueError(f"constraints: a part of the rule cannot be compared; write for example {_EXAMPLES}")

    def _need_number(self, value: _Value) -> None:
        if value.kind in ("category", "text"):
            what = f"{value.column!r}, which holds categories" if value.kind == "category" else repr(value.numbers)
            raise ValueError(f"constraints: cannot calculate with {what}")

    def _read_text(self, value: _Value, kind: str) -> _Value:
        if value.kind != "text":
            return value
        numbers: NDArray = numbers_of(pd.Series([value.numbers], dtype=object), "number" if kind == "text" else kind)
        if np.isnan(numbers[0]):
            raise ValueError(f"constraints: {value.numbers!r} cannot be compared with a {kind}")
        return _Value(kind, float(numbers[0]))
