"""Rows that break rules which the real table never breaks."""

from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.random import subsample
from ganaug.constraints import Constraints, learn_constraints, orders_without_exception
from ganaug.metrics import Count

# Real rows from which rules are learned: it takes a second.
MAX_RULE_ROWS = 100_000
# Rules are tried on real rows that they were not learned from. In a fifth of the rows, so that the rules of a small
# table are those that all of its rows show; of longer ones in halves, whose rules are as good.
_N_FOLDS = 5
_MAX_FOLDED = 5_000
# A rule is called broken by itself where so many broken rows have less than this probability, over all rules. All of
# them together are where the share of broken rows is so many standard errors above that of new real rows: more than 2,
# because rows that break one wrong rule come together.
_LEVEL = 0.005
_N_ERRORS = 3.0


class TableRules(NamedTuple):
    """Rules of a real table.

    Attributes
    ----------
    constraints : Constraints
        The rules.
    reference : Count
        How many real rows break rules that were learned from other real rows.
    n_real : int
        Number of real rows from which the rules were learned.
    orders : Constraints
        Orders of two columns that no real row breaks, though they may not be rules.
    breaking : ndarray of bool, shape (n_rows,)
        Which real rows break rules that were learned from other real rows; empty if not all rows were tried.
    target : hashable or None
        The column with the classes.
    """

    constraints: Constraints
    reference: Count
    n_real: int
    orders: Constraints = Constraints()
    breaking: NDArray[np.bool_] = np.zeros(0, dtype=bool)
    target: Hashable | None = None

    def among(self, is_chosen: NDArray[np.bool_]) -> "TableRules":
        """Return the same rules for synthetic rows of some classes: what real rows of these classes break counts.

        Parameters
        ----------
        is_chosen : ndarray of bool, shape (n_rows,)
            Which real rows are of these classes.
        """
        if len(self.breaking) != len(is_chosen):
            return self
        found = Count(int(self.breaking[is_chosen].sum()), int(is_chosen.sum()))
        return self._replace(reference=found, n_real=found.total)


class BrokenRules(NamedTuple):
    """How many synthetic rows break rules of the real table.

    Attributes
    ----------
    counts : DataFrame
        "rule", "broken" and "share" of the synthetic rows, the rule that most rows break first. An order that may not
        be a rule is among them only if more synthetic rows break it than chance explains.
    found : Count
        Synthetic rows that break at least one rule.
    reference : Count
        Real rows that break rules learned from other real rows.
    n_real : int
        Number of real rows from which the rules were learned.
    n_looked_at : int
        Number of rules and orders that were tried.
    at_real_shares : BrokenRules or None
        The same for synthetic rows with the class shares of the reference, if theirs are others: rules of a class are
        broken more often where there are more rows of it.
    """

    counts: pd.DataFrame
    found: Count
    reference: Count
    n_real: int
    n_looked_at: int
    at_real_shares: "BrokenRules | None" = None

    @property
    def is_broken(self) -> bool:
        """Whether more synthetic rows break a rule than new real rows would."""
        if self.at_real_shares is not None:
            return self.at_real_shares.is_broken
        if self.counts.empty:
            return False
        worst = _by_chance(int(self.counts["broken"].iloc[0]), self.found.total, self.n_real)
        return self.found.exceeds(self.reference, _N_ERRORS) or worst * self.n_looked_at < _LEVEL


def learn_rules(real: pd.DataFrame, rng: np.random.Generator, *, target: Hashable | None = None) -> TableRules:
    """Learn the rules of a real table, and how often new real rows break such rules.

    With a target, rules are those that a generator of these classes learns: of all rows, and within classes. How often
    new real rows break them is measured within the table, with and without held-out rows, so that the verdict on rules
    is the same.

    Parameters
    ----------
    real : DataFrame of shape (n_real, d)
        Real rows.
    rng : numpy.random.Generator
        Source of subsamples and halves.
    target : hashable or None, default=None
        The column with the classes.

    Returns
    -------
    TableRules
        See there.
    """
    rows = real.iloc[subsample(len(real), MAX_RULE_ROWS, rng)]
    constraints = _learned(rows, target)
    breaking = np.zeros(len(rows), dtype=bool)
    if len(constraints):
        for fold in np.array_split(rng.permutation(len(rows)), _N_FOLDS if len(rows) <= _MAX_FOLDED else 2):
            learned = _learned(rows.iloc[np.setdiff1d(np.arange(len(rows)), fold)], target)
            breaking[fold] = learned.broken(*_split(rows.iloc[fold], target))
    reference = Count(int(breaking.sum()), len(rows))
    orders = orders_without_exception(_split(rows, target)[0], constraints)
    if len(rows) < len(real):  # numbers of rows are no longer those of the table
        breaking = np.zeros(0, dtype=bool)
    return TableRules(constraints, reference, len(rows), orders, breaking, target)


def _learned(rows: pd.DataFrame, target: Hashable | None) -> Constraints:
    return learn_constraints(*_split(rows, target))


def _split(rows: pd.DataFrame, target: Hashable | None) -> tuple[pd.DataFrame, pd.Series | None]:
    """Return the columns without the classes, and the classes."""
    if target is None:
        return rows, None
    # by position: pandas takes some names for something else, e.g. tuples for levels
    labels: list[Any] = list(rows.columns)
    place = labels.index(target)
    return rows.iloc[:, [i for i in range(rows.shape[1]) if i != place]], rows.iloc[:, place]


def broken_rules(rules: TableRules, synthetic: pd.DataFrame) -> BrokenRules:
    """Count the synthetic rows that break rules of the real table.

    Parameters
    ----------
    rules : TableRules
        From `learn_rules`.
    synthetic : DataFrame of shape (n_synthetic, d)
        Synthetic rows, with the column of the classes if the rules have a target.

    Returns
    -------
    BrokenRules
        See there.
    """
    constraints, orders = rules.constraints, rules.orders
    n_looked_at = len(constraints) + len(orders)
    synthetic, y = _split(synthetic, rules.target)
    is_broken = constraints.broken(synthetic, y)
    counts = [constraints.counts(synthetic, y)]
    for order in orders:
        of_order = Constraints((order,), orders.domains, orders.kinds)
        breaks = of_order.broken(synthetic)
        if _by_chance(int(breaks.sum()), len(synthetic), rules.n_real) * n_looked_at < _LEVEL:
            is_broken = is_broken | breaks
            counts.append(of_order.counts(synthetic))
    all_counts = pd.concat(counts, ignore_index=True) if len(counts) > 1 else counts[0]
    all_counts = all_counts.sort_values("broken", ascending=False, kind="stable", ignore_index=True)
    found = Count(int(is_broken.sum()), len(synthetic))
    return BrokenRules(all_counts, found, rules.reference, rules.n_real, n_looked_at)


def _by_chance(n_broken: int, n: int, n_real: int) -> float:
    """Return the chance that, of two samples of a table, one has so many rows that break a rule, and the other none.

    All these rows are among the n with the chance n / (n + n_real) for the first one, (n - 1) / (n + n_real - 1) for
    the second one, and so on, however often new rows break the rule.
    """
    return float(np.exp(np.log((n - np.arange(n_broken)) / (n + n_real - np.arange(n_broken))).sum()))
