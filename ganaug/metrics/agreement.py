"""Labels: whether synthetic rows look like the real rows of the class that they claim."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold

from ganaug.common.random import subsample
from ganaug.metrics.table_features import rank_levels, standardize_numbers
from ganaug.metrics.table_pair import as_pair

# Rows of each table that the forest is given.
MAX_FOREST_ROWS = 2_500
N_TREES = 100
# Fewer rows of a class say nothing about it.
MIN_CLASS_ROWS = 10
# Two classes are told apart if their real rows differ by so many standard errors.
_TOLD_APART = 4.0
# Ends of the interval in standard errors: wider than 95 %, because the nearest of several classes is looked for.
_N_ERRORS = 3.0
_COLUMNS = ["class", "looks like", "shift", "low", "high"]


def class_agreement(
    real: Any, synthetic: Any = None, target: Any = None, *, random_state: int | np.random.Generator | None = None
) -> pd.DataFrame:
    """Return for each class whether its synthetic rows look like its real rows, or like those of another class.

    A random forest learns the classes from the real rows. Its probabilities for synthetic rows are compared with those
    for real rows that it has not seen.

    Parameters
    ----------
    real : TablePair, or table of shape (n_real, d)
        Real rows, or a pair that holds all tables.
    synthetic : table of shape (n_synthetic, d) or None, default=None
        Synthetic rows with the same columns; None beside a pair. They may be of some of the classes only.
    target : hashable
        Column with the classes.
    random_state : int, numpy.random.Generator or None, default=None
        For the forest, the folds, and the choice of rows: 2,500 of each table at most.

    Returns
    -------
    DataFrame
        A row for each "class" with at least ten real and ten synthetic rows that the forest can tell from another
        class: that other class that is nearest to the synthetic rows ("looks like"); the "shift" of the synthetic rows
        on the way to it, in units of the distance between the two classes (0: they look like their own class; 1: like
        the other one; below 0: more typical than real rows are); and "low" and "high", its interval of three standard
        errors. Empty if the forest cannot tell any two classes apart.

    Raises
    ------
    ValueError
        If `target` is not a column; see also `TablePair`.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=400)
    >>> real = pd.DataFrame({"x": x, "good": np.where(x > 0, "yes", "no")})
    >>> wrong = real.assign(good=np.where(x > 0, "no", "yes"))
    >>> bool(class_agreement(real[:200], real[200:], "good", random_state=0)["shift"].abs().max() < 0.2)
    True
    >>> bool(class_agreement(real[:200], wrong[200:], "good", random_state=0)["shift"].min() > 0.8)
    True
    """
    pair = as_pair(real, synthetic)
    if target not in pair.real:
        columns = ", ".join(map(repr, pair.labels))
        raise ValueError(f"target is {target!r}, which is not a column; the columns are {columns}")
    rng = np.random.default_rng(random_state)
    sizes = len(pair.real), len(pair.synthetic)
    pair = pair.take(*(subsample(n, MAX_FOREST_ROWS, rng) for n in sizes))
    labels, claimed = (table[target].astype(object) for table in (pair.real, pair.synthetic))
    counts = labels.value_counts()
    classes = counts.index[counts >= MIN_CLASS_ROWS]
    nothing = pd.DataFrame(columns=_COLUMNS)
    if len(classes) < 2 or len(pair.labels) < 2:
        return nothing
    codes, claimed_codes = (classes.get_indexer(pd.Index(of)) for of in (labels, claimed))
    features = pair.without(target)
    n = len(features.real)
    points = standardize_numbers(features, np.concatenate([features.real_cells, features.synthetic_cells]))
    for i in np.flatnonzero(~features.is_number):
        points[:, i] = rank_levels(points[:, i], rng)
    known = np.flatnonzero(codes >= 0)
    of_real, of_synthetic = _probabilities(points[:n][known], codes[known], points[n:], rng)
    codes = codes[known]
    means = np.array([of_real[codes == c].mean(axis=0) for c in range(len(classes))])
    rows = []
    for c in range(len(classes)):
        own, claiming = of_real[codes == c], of_synthetic[claimed_codes == c]
        if len(claiming) < MIN_CLASS_ROWS:
            continue
        found = [
            (classes[c], classes[d], *shift)
            for d in range(len(classes))
            if d != c and (shift := _shift(means[d] - means[c], own, of_real[codes == d], claiming))
        ]
        if found:
            rows.append(max(found, key=lambda row: row[2]))
    return pd.DataFrame(rows, columns=_COLUMNS) if rows else nothing


def _probabilities(
    real: NDArray, codes: NDArray, synthetic: NDArray, rng: np.random.Generator
) -> tuple[NDArray, NDArray]:
    """Return probabilities of all classes, for real rows by forests that have not seen them."""
    n_folds = int(min(5, np.bincount(codes).min()))
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=int(rng.integers(2**31)))
    seed = int(rng.integers(2**31))
    of_real, of_synthetic = np.zeros((len(real), codes.max() + 1)), np.zeros((len(synthetic), codes.max() + 1))
    for train, test in folds.split(real, codes):
        forest = RandomForestClassifier(N_TREES, min_samples_leaf=3, class_weight="balanced", random_state=seed)
        forest.fit(real[train], codes[train])
        of_real[test] = forest.predict_proba(real[test])
        of_synthetic += forest.predict_proba(synthetic) / n_folds
    return of_real, of_synthetic


def _shift(direction: NDArray, own: NDArray, other: NDArray, synthetic: NDArray) -> tuple[float, float, float] | None:
    """Project the three sets on the line between two classes; None if real rows do not tell the classes apart."""
    sets = [of @ direction for of in (own, other, synthetic)]
    start, end, middle = (float(of.mean()) for of in sets)
    errors = [float(of.std(ddof=1) / np.sqrt(len(of))) for of in sets]
    length = end - start
    if length <= _TOLD_APART * np.hypot(errors[0], errors[1]):
        return None
    shift = (middle - start) / length
    error = np.sqrt(errors[2] ** 2 + ((1 - shift) * errors[0]) ** 2 + (shift * errors[1]) ** 2) / length
    return shift, shift - _N_ERRORS * error, shift + _N_ERRORS * error
