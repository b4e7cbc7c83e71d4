"""When a rule that no row breaks is shown to hold, and is not chance.

If two columns did not depend on each other, `expected` rows would break a rule. That none does has then the probability
exp(-expected). With m rules looked at, a rule is shown where this is below LEVEL / m (Bonferroni).

Dependent columns need more: a combination may be rare and not impossible. Among n rows, the share of new rows that show
a combination for the first time is about the number of combinations seen once, divided by n (Good, "The population
frequencies of species", 1953). Rules need so much evidence that this share stays below `FALSE_SHARE`.
"""

import numpy as np
from numpy.typing import NDArray

# Probability of any rule by chance, for each kind of rules.
LEVEL = 0.01
# Share of new real rows that may break rules of one kind.
FALSE_SHARE = 0.0005
# Rows from which rules are learned, and known cells that a rule on numbers needs: fewer show nothing.
MIN_ROWS = 50


def needed(n_looked_at: int, n_rows: int | None = None) -> float:
    """Return how many rows have to be expected to break a rule by chance.

    Parameters
    ----------
    n_looked_at : int
        Number of rules of the kind that were looked at.
    n_rows : int or None, default=None
        Number of rows, for rules on levels. In a small table each wrong one would concern a larger share of new rows,
        so it needs more evidence: twice as much with 300 rows.

    Examples
    --------
    >>> round(needed(1_000), 1), round(needed(1_000, 300), 1)
    (11.5, 23.0)
    """
    evidence = float(np.log(max(n_looked_at, 1) / LEVEL))
    return evidence if n_rows is None else evidence * (1 + 300 / n_rows)


def needed_for_new_rows(expected: NDArray, n_seen: NDArray, least: float, n_rows: int) -> float:
    """Return the evidence from which a new row rarely shows a combination that was never seen.

    Parameters
    ----------
    expected : ndarray of shape (m,)
        How many rows would have each combination by chance.
    n_seen : ndarray of shape (m,)
        How many have it.
    least : float
        The smallest evidence that may be returned.
    n_rows : int
        Number of rows.

    Returns
    -------
    float
        At least `least`.
    """
    # combinations that a smaller table could have missed; those seen twice are half as telling
    weights = np.where(n_seen == 1, 1.0, 0.5)[(n_seen >= 1) & (n_seen <= 2)]
    rare = expected[(n_seen >= 1) & (n_seen <= 2)]
    order = np.argsort(-rare)
    rare, mass = rare[order], np.cumsum(weights[order])
    beyond = np.flatnonzero((mass > max(FALSE_SHARE * n_rows, 0.5)) & (rare >= least))
    return max(least, float(rare[beyond[0]]) * 1.0001) if len(beyond) else least
