"""Whole rows: how well a classifier separates synthetic from real rows (C2ST)."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GroupKFold

from ganaug.common.random import subsample
from ganaug.metrics.table_features import rank_levels, standardize_numbers
from ganaug.metrics.table_pair import as_pair, row_keys

# Rows of each table that the forest is given: the error of the AUC is about 0.01 then.
MAX_FOREST_ROWS = 2_500
N_TREES = 100


class AUC(NamedTuple):
    """Area under a ROC curve and its standard error."""

    value: float
    error: float

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval, cut at 0 and 1.

        Examples
        --------
        >>> AUC(0.5, 0.125).interval
        (0.255, 0.745)
        """
        return max(0.0, self.value - 1.96 * self.error), min(1.0, self.value + 1.96 * self.error)


def delong_auc(positive: ArrayLike, negative: ArrayLike) -> AUC:
    """Return the probability that a positive scores higher than a negative, and its standard error.

    Parameters
    ----------
    positive, negative : array of shape (n_positive,), (n_negative,)
        Scores, at least two of each.

    Returns
    -------
    value : float
        Area under the ROC curve, 0 to 1; 0.5 if scores carry no information. Ties count half.
    error : float
        DeLong's standard error, for independent scores. It is 0 at both ends of the range, where it means nothing.

    References
    ----------
    DeLong et al., "Comparing the areas under two or more correlated receiver operating characteristic curves", 1988.

    Examples
    --------
    >>> delong_auc([1, 2, 2], [0, 1]).value
    0.9166666666666666
    """
    positive, negative = np.asarray(positive, dtype=float), np.asarray(negative, dtype=float)
    above, below = _placements(positive, negative), 1 - _placements(negative, positive)
    error = np.sqrt(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below))
    return AUC(float(above.mean()), float(error))


def _placements(scores: NDArray, others: NDArray) -> NDArray:
    """Return the share of the others below each score; ties count half."""
    others = np.sort(others)
    return (np.searchsorted(others, scores, "left") + np.searchsorted(others, scores, "right")) / (2 * len(others))


def two_sample_auc(real: Any, synthetic: Any = None, *, random_state: int | np.random.Generator | None = None) -> AUC:
    """Return how well a random forest separates synthetic from real rows that it has not seen.

    Parameters
    ----------
    real : TablePair, or table of shape (n_real, d)
        Real rows, at least 10, or a pair that holds all tables.
    synthetic : table of shape (n_synthetic, d) or None, default=None
        Synthetic rows with the same columns, at least 10; None beside a pair.
    random_state : int, numpy.random.Generator or None, default=None
        For the forest, the folds, and the choice of rows: equally many of each table, 2,500 at most.

    Returns
    -------
    value : float
        Mean ROC AUC of five folds. 0.5 (best) if the forest cannot separate the tables, 1 if it separates them
        completely. Chance can bring it slightly below 0.5.
    error : float
        Its standard error for this many rows. Folds share training rows, so it is somewhat too small.

    Raises
    ------
    ValueError
        If a table has fewer than 10 rows; see also `TablePair`.

    Notes
    -----
    This is the strictest measure here. A single detail, such as too many decimals, can raise it to 1, even if the rows
    are good in all other respects. `invalid_cells` names such details.

    A synthetic row that equals a real one which occurs once goes into the same fold as this original. In different
    folds, the forest would learn the label of one row and predict it for the other. So copies are not distinguished
    from real rows, which is intended; `find_copies` counts copies.

    References
    ----------
    Lopez-Paz and Oquab, arXiv 1610.06545.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(200, 2))
    >>> two_sample_auc(rows, rows[::-1], random_state=0).value
    0.5
    >>> two_sample_auc(rows, rows + 9, random_state=0).value
    1.0
    """
    pair = as_pair(real, synthetic)
    n_real, n_synthetic = len(pair.real), len(pair.synthetic)
    if min(n_real, n_synthetic) < 10:
        raise ValueError(f"at least 10 rows of each table are needed, got {n_real} real and {n_synthetic} synthetic")
    rng = np.random.default_rng(random_state)
    n = min(n_real, n_synthetic, MAX_FOREST_ROWS)
    tables = [cells[subsample(len(cells), n, rng)] for cells in (pair.real_cells, pair.synthetic_cells)]
    cells, is_real = np.concatenate(tables), np.repeat([True, False], n)
    # trees compare in single precision, in which the seconds of a date are all alike unless they are centred
    features = standardize_numbers(pair, cells)
    for i in np.flatnonzero(~pair.is_number):
        features[:, i] = rank_levels(features[:, i], rng)
    folds = GroupKFold(5, shuffle=True, random_state=int(rng.integers(2**31)))
    seed = int(rng.integers(2**31))
    found = []
    for train, test in folds.split(features, groups=_groups_of_copies(cells, is_real)):
        forest = RandomForestClassifier(N_TREES, min_samples_leaf=3, random_state=seed)
        forest.fit(features[train], is_real[train])
        scores = forest.predict_proba(features[test])[:, 0]
        if min(is_real[test].sum(), (~is_real[test]).sum()) > 1:
            found.append(delong_auc(scores[~is_real[test]], scores[is_real[test]]))
    values, errors = np.array(found).T
    return AUC(float(values.mean()), float(np.sqrt((errors**2).sum()) / len(errors)))


def _groups_of_copies(cells: NDArray, is_real: NDArray) -> NDArray:
    """Return a number for each row, the same one for a row that is real once and all synthetic rows equal to it."""
    _, codes = np.unique(row_keys(cells), return_inverse=True)
    once = np.bincount(codes, is_real)[codes] == 1
    return np.where(once, codes, codes.max() + 1 + np.arange(len(codes)))
