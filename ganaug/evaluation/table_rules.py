"""Rows that break rules which the real table never breaks."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import poisson

from ganaug.common.random import subsample
from ganaug.constraints import Constraints, learn_constraints
from ganaug.metrics import Count

# Real rows from which rules are learned: it takes a second.
MAX_RULE_ROWS = 100_000
# A rule is called broken by itself where so many broken rows have less than this probability, over all rules.
_LEVEL = 0.01


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
    """

    constraints: Constraints
    reference: Count
    n_real: int


class BrokenRules(NamedTuple):
    """How many synthetic rows break rules of the real table.

    Attributes
    ----------
    counts : DataFrame
        "rule", "broken" and "share" of the synthetic rows, the rule that most rows break first.
    found : Count
        Synthetic rows that break at least one rule.
    reference : Count
        Real rows that break rules learned from other real rows.
    n_real : int
        Number of real rows from which the rules were learned.
    """

    counts: pd.DataFrame
    found: Count
    reference: Count
    n_real: int

    @property
    def is_broken(self) -> bool:
        """Whether more synthetic rows break a rule than new real rows would."""
        if self.counts.empty:
            return False
        # a new real row breaks a single rule, which none of n real rows breaks, about once in n rows
        by_chance = 1.5 * self.found.total / self.n_real
        worst = float(poisson.sf(int(self.counts["broken"].iloc[0]) - 1, by_chance)) * len(self.counts)
        return self.found.exceeds(self.reference) or worst < _LEVEL


def learn_rules(
    real: pd.DataFrame, rng: np.random.Generator, *, y: Any = None, holdout: pd.DataFrame | None = None
) -> TableRules:
    """Learn the rules of a real table, and how often new real rows break such rules.

    Parameters
    ----------
    real : DataFrame of shape (n_real, d)
        Real rows.
    rng : numpy.random.Generator
        Source of subsamples and halves.
    y : array-like of shape (n_real,) or None, default=None
        Classes of the real rows, if they are no column.
    holdout : DataFrame or None, default=None
        Other real rows. Without them, rules of each half of the real rows are tried on the other half.

    Returns
    -------
    TableRules
        See there.
    """
    chosen = subsample(len(real), MAX_RULE_ROWS, rng)
    rows, classes = real.iloc[chosen], None if y is None else np.asarray(y)[chosen]
    constraints = learn_constraints(rows, classes)
    if holdout is not None and len(constraints):
        reference = Count(int(constraints.broken(holdout).sum()), len(holdout))
    elif len(constraints):
        halves = np.array_split(rng.permutation(len(rows)), 2)
        n_broken = 0
        for a, b in (halves, halves[::-1]):
            of_a, of_b = (None if classes is None else classes[half] for half in (a, b))
            n_broken += int(learn_constraints(rows.iloc[a], of_a).broken(rows.iloc[b], of_b).sum())
        reference = Count(n_broken, len(rows))
    else:
        reference = Count(0, len(rows))
    return TableRules(constraints, reference, len(rows))


def broken_rules(rules: TableRules, synthetic: pd.DataFrame, *, y: Any = None) -> BrokenRules:
    """Count the synthetic rows that break rules of the real table.

    Parameters
    ----------
    rules : TableRules
        From `learn_rules`.
    synthetic : DataFrame of shape (n_synthetic, d)
        Synthetic rows.
    y : array-like of shape (n_synthetic,) or None, default=None
        Their classes, if they are no column.

    Returns
    -------
    BrokenRules
        See there.
    """
    constraints = rules.constraints
    found = Count(int(constraints.broken(synthetic, y).sum()), len(synthetic))
    return BrokenRules(constraints.counts(synthetic, y), found, rules.reference, rules.n_real)
