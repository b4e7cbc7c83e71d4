"""Shares of classes: rows that a user balanced are compared at equal shares, because nobody calls these unreal."""

from collections.abc import Hashable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2_contingency

from ganaug.metrics import TablePair

# Shares differ where chance alone would give such a difference less often than this.
_LEVEL = 0.05


def at_equal_shares(
    pair: TablePair, target: Hashable, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Choose real and synthetic rows that have the same shares of the classes, as many as possible.

    Parameters
    ----------
    pair : TablePair
        Real and synthetic rows.
    target : hashable
        The column with the classes.
    rng : numpy.random.Generator
        Draws the rows.

    Returns
    -------
    (ndarray, ndarray) or None
        Row numbers in both tables. None where the shares do not differ by more than chance explains, or a table has
        classes that the other one does not have.

    Examples
    --------
    >>> real = pd.DataFrame({"x": range(100), "plan": ["gold"] * 10 + ["basic"] * 90})
    >>> balanced = pd.DataFrame({"x": range(100), "plan": ["gold"] * 50 + ["basic"] * 50})
    >>> rows = at_equal_shares(TablePair(real, balanced), "plan", np.random.default_rng(0))
    >>> [table["plan"].iloc[of].value_counts().to_dict() for table, of in zip((real, balanced), rows)]
    [{'basic': 50, 'gold': 10}, {'basic': 50, 'gold': 10}]
    """
    codes = _codes(pair, target)
    counts = np.array([np.bincount(of, minlength=max(map(max, codes)) + 1) for of in codes])
    if (counts == 0).any() or counts.shape[1] < 2 or chi2_contingency(counts).pvalue >= _LEVEL:
        return None
    least = counts.min(axis=0)
    real, synthetic = (_drawn(of, least, n, rng) for of, n in zip(codes, counts, strict=True))
    return real, synthetic


def with_shares_of(like: pd.Series, labels: pd.Series, rng: np.random.Generator) -> NDArray[np.intp]:
    """Choose rows that have the shares of the classes of another table, as many as possible.

    Parameters
    ----------
    like : Series
        Labels of the other table.
    labels : Series
        Labels of the rows to choose from; both have the same classes.
    rng : numpy.random.Generator
        Draws the rows.
    """
    joint, _ = pd.factorize(pd.concat([like, labels]).astype(object), use_na_sentinel=False)
    wanted, codes = joint[: len(like)], joint[len(like) :]
    least, counts = (np.bincount(of, minlength=joint.max() + 1) for of in (wanted, codes))
    return _drawn(codes, least, counts, rng)


def _codes(pair: TablePair, target: Hashable) -> tuple[NDArray, NDArray]:
    joint, _ = pd.factorize(
        pd.concat([pair.real[target], pair.synthetic[target]]).astype(object), use_na_sentinel=False
    )
    return joint[: len(pair.real)], joint[len(pair.real) :]


def _drawn(codes: NDArray, shares: NDArray, counts: NDArray, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw rows of each class in proportion to `shares`, so many that one class is used up."""
    times = (counts[shares > 0] / shares[shares > 0]).min()
    chosen = [
        rng.choice(np.flatnonzero(codes == c), int(np.floor(times * share + 1e-9)), replace=False)
        for c, share in enumerate(shares)
    ]
    return np.sort(np.concatenate(chosen))
