"""Learning the rules of a table."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from ganaug.common.random import subsample
from ganaug.common.warnings import warn_user
from ganaug.constraints.cells import Cells, Domain
from ganaug.constraints.conditions import Level
from ganaug.constraints.constraints import Constraints, in_order_of_repair
from ganaug.constraints.dependence import determined, missing_together, missing_when
from ganaug.constraints.evidence import MIN_ROWS
from ganaug.constraints.formulas import given_rules
from ganaug.constraints.levels import MAX_NUMERIC_LEVELS, features_of, level_ends, never_together
from ganaug.constraints.numeric import orders, ratios, sums, unbroken_orders
from ganaug.constraints.rules import Equal, Linear, Rule, Within

# Rows on which rules are searched; they are then checked on all rows.
MAX_SEARCHED = 50_000
# Columns that are searched for rules; the number of pairs grows with its square.
MAX_COLUMNS = 150
# Ends of numeric columns are searched on fewer rows.
_MAX_END_ROWS = 20_000
# Classes in which rules are searched as well, the largest ones, and their rows at least.
_MAX_CLASSES = 5
_MIN_CLASS_ROWS = 200


def learn_constraints(
    frame: pd.DataFrame,
    y: Any = None,
    *,
    given: Sequence[Any] | None = None,
    categorical: Sequence[Hashable] = (),
    random_state: int = 0,
) -> Constraints:
    """Learn rules that each row of a table keeps, and that would not hold by chance.

    Parameters
    ----------
    frame : DataFrame of shape (n, d)
        Real rows.
    y : array-like of shape (n,) or None, default=None
        Their classes, which rules may use and no repair changes. Rules name them by the name of the Series, or
        "class".
    given : sequence of str or callable, or None, default=None
        Rules that are known: text such as "start <= end" or "total = a + b", or functions that take the table and
        return which rows are allowed.
    categorical : sequence of label, default=()
        Numeric columns that hold categories.
    random_state : int, default=0
        Seed of the draw of the rows on which rules are searched, of tables with more than 50,000 rows.

    Returns
    -------
    Constraints
        The rules. From fewer than 50 rows only those given.

    Raises
    ------
    ValueError
        If a given rule cannot be read, or more than half of the rows break it.

    Warns
    -----
    UserWarning
        If some rows break a given rule.

    Notes
    -----
    A rule needs two kinds of evidence. No row breaks it, though by chance so many rows would that the probability of
    this is below 1 %, with all rules of its kind that were looked at. And new rows will rarely break it: the number of
    combinations that occur only once says how often new rows show one that was never seen (Good, 1953). Ends of
    numeric columns are moved out by as much as the most extreme numbers vary.

    Text columns whose cells hardly ever repeat are left out.

    Examples
    --------
    >>> internet = np.repeat(["yes", "no"], [600, 400])
    >>> frame = pd.DataFrame({"internet": internet, "tv": np.where(internet == "no", "none", ["film", "sport"] * 500)})
    >>> learn_constraints(frame)
    1 rule
      internet is determined by tv
    """
    target = None if y is None else _class_label(frame, y)
    frame = Constraints(fixed=target).with_class(frame, y)
    kinds = {} if target is None else {target: "category"}
    # times that are stored as objects stay times: a rule may compare them
    read = Cells(frame)
    kinds |= {label: "category" for label in categorical if read.kind(label) == "number"}
    whole = Cells(frame, kinds)
    domains = _domains(whole)
    rules = _learned(whole, domains, target, random_state) if len(frame) >= MIN_ROWS else []
    if target is not None:
        rules += _learned_in_classes(whole, rules, domains, target, random_state)
    if given is not None:
        rules = [*(given_rules(given, whole, target, domains)), *rules]
        _compare_with_rows(rules, whole)
    used = list(dict.fromkeys(label for rule in rules for label in rule.columns))
    return Constraints(
        in_order_of_repair(rules),
        {label: domains[label] for label in used if label in domains},
        {label: whole.kind(label) for label in used},
        target,
    )


def orders_without_exception(frame: pd.DataFrame, known: Constraints) -> Constraints:
    """Return pairs of numeric columns of which one is never larger than the other, though this may not be a rule.

    A few new rows may break such an order. So no row is refused for it, but many broken rows are a difference.

    Parameters
    ----------
    frame : DataFrame of shape (n, d)
        Real rows.
    known : Constraints
        Rules of these rows. Pairs of columns that they order, or that are equal, are left out.

    Returns
    -------
    Constraints
        Orders that by chance a quarter of the rows or more would break; none from fewer than 50 rows.
    """
    cells = Cells(frame)
    domains = _domains(cells)
    labels = [label for label in _searched(cells) if label in domains] if len(frame) >= MIN_ROWS else []
    found = unbroken_orders(cells, labels, {frozenset(rule.columns) for rule in known if len(rule.columns) == 2})
    return Constraints(tuple(found), domains, {label: cells.kind(label) for label in labels})


def _learned_in_classes(
    whole: Cells, known: list[Rule], domains: Mapping[Hashable, Domain], target: Hashable, seed: int
) -> list[Rule]:
    """Return rules that hold only within a class; of many classes, the largest ones are searched."""
    codes, values = whole.codes(target)
    counts = np.bincount(codes, minlength=len(values))
    found: list[Rule] = []
    for code in np.argsort(-counts, kind="stable")[:_MAX_CLASSES]:
        if counts[code] >= _MIN_CLASS_ROWS:
            own = _learned(whole.take(np.flatnonzero(codes == code)), domains, target, seed)
            sentences = {rule.sentence for rule in known}
            found += [Within(target, values[code], rule) for rule in own if rule.sentence not in sentences]
    return found


def _learned(whole: Cells, domains: Mapping[Hashable, Domain], target: Hashable, seed: int) -> list[Rule]:
    rows = subsample(len(whole), MAX_SEARCHED, np.random.default_rng(seed))
    cells = whole.take(rows)
    labels = _searched(cells)
    numeric = [label for label in labels if label in domains]
    features = features_of(cells, labels)

    linear: list[Any] = _holding(sums(cells, numeric, domains), whole)
    related = {frozenset(pair) for rule in linear for pair in combinations(rule.columns, 2)}
    dependent = [label for label in labels if not any(label in rule.columns for rule in linear)]
    functions: list[Any] = _holding(determined(cells, dependent, target), whole)
    functions = [*_equal(linear), *functions]
    linear = [rule for rule in linear if not _is_equality(rule)]
    together = _holding(missing_together(cells, labels), whole)
    when = _holding(missing_when(cells, features), whole)
    products = _holding(ratios(cells, numeric, {frozenset(rule.columns) for rule in linear}, domains), whole)
    related |= {frozenset(rule.columns[:2]) for rule in [*functions, *when]}
    related |= {frozenset(pair) for rule in together for pair in combinations(rule.columns, 2)}
    for by in dict.fromkeys(rule.columns[1] for rule in functions if not isinstance(rule, Equal)):
        # what one column determines goes together
        targets = [rule.columns[0] for rule in functions if rule.columns[1] == by]
        related |= {frozenset(pair) for pair in combinations(targets, 2)}
    ordered = _holding(orders(cells, numeric, related, domains), whole)
    # what a determined column tells, the one that determines it tells as well
    copies = {rule.written for rule in functions if isinstance(rule, Equal) or rule.is_mutual}
    followers = {label for rule in together for label in rule.columns[1:]}
    kept = [f for f in features if f.column not in (copies if isinstance(f.conditions[0], Level) else followers)]
    pairs = _holding(never_together(cells, kept, related, target), whole)
    few = cells.take(subsample(len(cells), _MAX_END_ROWS, np.random.default_rng(seed)))
    end_features = kept if few is cells else features_of(few, list(dict.fromkeys(f.column for f in kept)))
    many = [label for label in numeric if label not in copies and len(cells.codes(label)[1]) > 2]
    ends = _holding(level_ends(few, end_features, many, related), whole)
    return [*when, *together, *functions, *linear, *products, *ordered, *pairs, *ends]


def _compare_with_rows(rules: Sequence[Rule], cells: Cells) -> None:
    """Warn where real rows break a rule that the user gave; refuse a rule that most of them break."""
    for rule in rules:
        n_broken = int(rule.breaks(cells).sum())
        said = f"constraints: {n_broken:,} of {len(cells):,} real rows break {rule.sentence!r}"
        if 2 * n_broken > len(cells):
            raise ValueError(f"{said}; correct the rule, or leave it out")
        if n_broken:
            warn_user(f"{said}. The synthetic rows will keep it.")


def _class_label(frame: pd.DataFrame, y: Any) -> Hashable:
    """Return what rules call the class: the name of y, if no column has it."""
    name = getattr(y, "name", None)
    label: Hashable = name if isinstance(name, str) and name else "class"
    while label in frame.columns:
        label = f"{label} (class)"
    return label


def _domains(cells: Cells) -> dict[Hashable, Domain]:
    found = {}
    for label in cells.labels:
        if cells.kind(label) != "category":
            numbers = cells.numbers(label)
            known = numbers[~np.isnan(numbers)]
            if len(known):
                found[label] = Domain.of(known, cells.series(label).dtype)
    return found


def _searched(cells: Cells) -> list[Hashable]:
    """Return columns that rules can be about: not constant, and no text that hardly ever repeats."""
    labels = []
    for label in cells.labels:
        try:
            codes, levels = cells.codes(label)
        except TypeError:
            continue  # nested cells
        n_known = int((codes >= 0).sum())
        varies = len(levels) > 1 or 0 < n_known < len(cells)
        if varies and not (cells.kind(label) == "category" and len(levels) > max(n_known // 2, MAX_NUMERIC_LEVELS)):
            labels.append(label)
    return labels[:MAX_COLUMNS]


def _holding(rules: Iterable[Rule], cells: Cells) -> list[Any]:
    """Return the rules that no row of the whole table breaks."""
    return [rule for rule in rules if not rule.breaks(cells).any()]


def _is_equality(rule: Linear) -> bool:
    return len(rule.terms) == 1 and rule.terms[0][0] == 1 and rule.constant == 0


def _equal(rules: list[Linear]) -> list[Equal]:
    return [Equal(rule.terms[0][1], rule.target) for rule in rules if _is_equality(rule)]
