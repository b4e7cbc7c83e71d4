"""Columns one by one: how far each is from the real one, and how its cells are distributed."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from ganaug.common.cells import duration_words
from ganaug.metrics.table_pair import as_pair, seconds_to_time

# Bins and levels of a column in `column_distributions`; rarer levels are counted together.
N_BINS = 30
N_LEVELS = 12
# A column is farther from the real one than chance explains from this probability, for any column of the table.
CHANCE_LEVEL = 0.002
# Mean of Kolmogorov's distribution: of the scaled largest gap between two samples of one distribution.
_KOLMOGOROV_MEAN = np.sqrt(np.pi / 2) * np.log(2)


def column_distances(real: Any, synthetic: Any = None) -> pd.DataFrame:
    """Return how far each synthetic column is from the real one.

    Parameters
    ----------
    real : TablePair, or table of shape (n_real, d)
        Real rows, or a pair that holds all tables.
    synthetic : table of shape (n_synthetic, d) or None, default=None
        Synthetic rows with the same columns; None beside a pair.

    Returns
    -------
    DataFrame of d rows, by column
        "distance", from 0 (the same distribution) to 1 (no common value). Numbers and times: the largest gap between
        the two distribution functions (Kolmogorov-Smirnov), where missing cells count as a value below all others.
        Categories: half the sum of the differences of shares (total variation), where missing is a level. "measure"
        says which one, and "kind" gives the kind of column. "chance" is the mean distance of two samples of these sizes
        from one distribution: distances of that order mean nothing. "limit" is the distance that chance exceeds with a
        probability of 0.002 at most, in any of the d columns. "p-value" is the probability (at most) of such a
        distance, or a larger one, between such samples; multiply it by d where all columns are looked at. "mean shift"
        is the synthetic mean less the real one, in standard deviations of the real cells (or of those within both
        samples, if that is more), and "shift error" its standard error; NaN for categories and for numbers of two
        values or less. "real missing" and "synthetic missing" are shares of cells.

    Raises
    ------
    ValueError
        See `TablePair`.

    Notes
    -----
    Columns can each be right and not fit together: see `association_matrices` and `two_sample_auc`. For numbers with
    many ties, "chance" and "p-value" are upper bounds. P-values are those of large samples: the first term of
    Kolmogorov's distribution for numbers, and the tail of the largest difference of any set of levels for categories.

    Examples
    --------
    >>> real = pd.DataFrame({"age": [1, 2, 3, 4], "city": ["Rome", "Rome", "Oslo", "Oslo"]})
    >>> synthetic = pd.DataFrame({"age": [3, 4, 5, 6], "city": ["Rome", "Rome", "Rome", "Lima"]})
    >>> column_distances(real, synthetic)["distance"].to_dict()
    {'age': 0.5, 'city': 0.5}
    """
    pair = as_pair(real, synthetic)
    both = 1 / len(pair.real) + 1 / len(pair.synthetic)
    level = CHANCE_LEVEL / len(pair.labels)
    rows = []
    for i, is_number in enumerate(pair.is_number):
        columns = [cells[:, i] for cells in (pair.real_cells, pair.synthetic_cells)]
        missing = [np.isnan(column) for column in columns]
        # a missing number sorts below all others; among levels it is one more
        a, b = (np.where(gap, -np.inf, column) for gap, column in zip(missing, columns, strict=True))
        values, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
        shares = np.bincount(codes[: len(a)], minlength=len(values)) / len(a)
        gaps = shares - np.bincount(codes[len(a) :], minlength=len(values)) / len(b)
        if is_number:
            distance = np.abs(np.cumsum(gaps)).max()
            chance = _KOLMOGOROV_MEAN * np.sqrt(both) if len(values) > 1 else 0.0
            p_value = 2 * np.exp(-2 * distance**2 / both)
            limit = np.sqrt(np.log(2 / level) * both / 2)
        else:
            distance = 0.5 * np.abs(gaps).sum()
            # the mean of the absolute value of a normal variable is sqrt(2 / pi) of its standard deviation
            chance = 0.5 * np.sqrt(2 / np.pi * shares * (1 - shares) * both).sum()
            pooled = np.bincount(codes, minlength=len(values)) / len(codes)
            p_value = _total_variation_p_value(distance, pooled, both)
            limit = _total_variation_limit(level, pooled, both)
        shift, error = _mean_shift(*columns) if is_number and len(values) > 2 else (np.nan, np.nan)
        rows.append(
            {
                "kind": pair.kinds[i],
                "measure": "Kolmogorov-Smirnov" if is_number else "total variation",
                "distance": float(np.clip(distance, 0, 1)),
                "chance": float(min(chance, 1.0)),
                "limit": float(min(limit, 1.0)),
                "p-value": float(min(p_value, 1.0)),
                "mean shift": shift,
                "shift error": error,
                "real missing": float(missing[0].mean()),
                "synthetic missing": float(missing[1].mean()),
            }
        )
    return pd.DataFrame(rows, index=pair.index)


def _mean_shift(real: NDArray, synthetic: NDArray) -> tuple[float, float]:
    """Return the difference of two means in standard deviations of the first cells, and its standard error."""
    real, synthetic = (cells[~np.isnan(cells)] for cells in (real, synthetic))
    if min(len(real), len(synthetic)) < 2:
        return np.nan, np.nan
    largest = max(abs(real).max(), abs(synthetic).max())  # squares of very large numbers would be infinite
    real, synthetic = real / max(largest, 1e-300), synthetic / max(largest, 1e-300)
    n, deviations = np.array([len(real), len(synthetic)]), np.array([real.std(ddof=1), synthetic.std(ddof=1)])
    # a small sample of a skewed column may lack its tail: the deviation within both is taken if it is more
    within = np.sqrt(((n - 1) * deviations**2).sum() / (n.sum() - 2))
    deviation = max(deviations[0], within)
    # rounding alone gives numbers such as dates a deviation
    if deviation <= 1e-12:
        return np.nan, np.nan
    error = max(np.sqrt((deviations**2 / n).sum()), within * np.sqrt((1 / n).sum()))
    return float((synthetic.mean() - real.mean()) / deviation), float(error / deviation)


def _total_variation_p_value(distance: float, shares: NDArray, both: float) -> float:
    """Return the probability, at most, of a total variation between two samples with these shares of levels.

    Total variation is the largest difference of shares of any set of levels. No set has a larger variance than one with
    half of the cells, or as near to half as the most frequent level allows. The union of all sets gives one bound; the
    other one is that the largest of normal variables rarely exceeds its mean by much (Borell, "The Brunn-Minkowski
    inequality in Gauss space", 1975).
    """
    deviation, mean, n_sets = _total_variation_by_chance(shares, both)
    if distance <= mean:
        return 1.0
    return float(min(n_sets * norm.sf(distance / deviation), norm.sf((distance - mean) / deviation)))


def _total_variation_limit(level: float, shares: NDArray, both: float) -> float:
    """Return the total variation whose probability, by `_total_variation_p_value`, is `level`."""
    deviation, mean, n_sets = _total_variation_by_chance(shares, both)
    of_sets = deviation * norm.isf(min(level / max(n_sets, 1.0), 0.5))
    return float(max(mean, min(of_sets, mean + deviation * norm.isf(level))))


def _total_variation_by_chance(shares: NDArray, both: float) -> tuple[float, float, float]:
    """Return the largest standard deviation of a set of levels, the mean of the total variation, and the sets."""
    largest = max(float(shares.max()), 0.5)
    deviation = np.sqrt(largest * (1 - largest) * both)
    mean = 0.5 * np.sqrt(2 / np.pi * shares * (1 - shares) * both).sum()
    return float(deviation), float(mean), 2.0 ** min(len(shares), 1_000) - 2


def column_distributions(real: Any, synthetic: Any = None) -> dict[Hashable, pd.DataFrame]:
    """Return how the cells of each column are distributed: shares of bins or of levels, for figures.

    Parameters
    ----------
    real : TablePair, or table of shape (n_real, d)
        Real rows, or a pair that holds all tables.
    synthetic : table of shape (n_synthetic, d) or None, default=None
        Synthetic rows with the same columns; None beside a pair.

    Returns
    -------
    dict of column -> DataFrame
        "real" and "synthetic" hold shares of the cells that are not missing, 0 to 1; each sums to 1. Numbers, times
        (in seconds since 1970) and durations (in seconds) of more than 12 values have a row for each of at most 30
        bins of equal width, from "low" to "high". The bins divide the range of the middle 98 % of the real cells; the
        first one begins at the smallest cell and the last one ends at the largest, wherever they are. All other columns
        have a row for each "level": up to 12 values of a number in order, or the 12 most frequent real levels as text.
        A last row, whose level is None, counts all others, if there are any.

    Raises
    ------
    ValueError
        See `TablePair`.

    Examples
    --------
    >>> real = pd.DataFrame({"age": [*range(20, 70)] * 2, "city": ["Rome", "Oslo"] * 50})
    >>> found = column_distributions(real, real.assign(city="Rome"))
    >>> found["city"]
      level  real  synthetic
    0  Rome   0.5        1.0
    1  Oslo   0.5        0.0
    >>> found["age"].head(2)
       low  high  real  synthetic
    0  20.0  21.5  0.04       0.04
    1  21.5  23.5  0.04       0.04
    """
    pair = as_pair(real, synthetic)
    found: dict[Hashable, pd.DataFrame] = {}
    for i, (label, levels) in enumerate(zip(pair.labels, pair.levels, strict=True)):
        columns = [cells[:, i] for cells in (pair.real_cells, pair.synthetic_cells)]
        columns = [column[~np.isnan(column)] for column in columns]
        values = np.unique(np.concatenate(columns))
        if levels is not None or len(values) <= N_LEVELS:
            found[label] = _level_shares(columns, values, levels, pair.kinds[i])
        else:
            found[label] = _bin_shares(columns, values)
    return found


def _level_shares(columns: list[NDArray], values: NDArray, levels: pd.Index | None, kind: str) -> pd.DataFrame:
    shown = values[:N_LEVELS]  # of categories, the most frequent real levels have the smallest codes
    names: list[str | None]
    if levels is not None:
        names = [str(levels[int(code)]) for code in shown]
    elif kind == "number":
        names = [f"{value:.15g}" for value in shown]
    else:
        names = [duration_words(seconds_to_time(value, kind)) for value in shown]
    rows = [[float((cells == value).sum()) for cells in columns] for value in shown]
    if len(values) > len(shown):
        names.append(None)
        rows.append([float((cells > shown[-1]).sum()) for cells in columns])
    shares = np.array(rows).reshape(-1, 2) / [max(len(cells), 1) for cells in columns]
    return pd.DataFrame({"level": pd.Series(names, dtype=object), "real": shares[:, 0], "synthetic": shares[:, 1]})


def _bin_shares(columns: list[NDArray], values: NDArray) -> pd.DataFrame:
    low, high = np.quantile(columns[0], (0.01, 0.99), method="nearest") if len(columns[0]) else (0.0, 0.0)
    if low == high:  # nearly all cells are one value
        low, high = values[0], values[-1]
    # each bin holds equally many whole numbers or days; otherwise even cells would look like a comb
    step = np.diff(values).min()
    n_steps = np.rint((high - low) / step) + 1
    n_steps_of_bin = np.ceil(n_steps / N_BINS)
    n_bins = int(np.ceil(n_steps / n_steps_of_bin))
    edges = low - step / 2 + n_steps_of_bin * step * np.arange(n_bins + 1)
    counts = [np.bincount(np.searchsorted(edges[1:-1], cells, side="right"), minlength=n_bins) for cells in columns]
    edges[0], edges[-1] = values[0], values[-1]
    shares = [count / max(len(cells), 1) for count, cells in zip(counts, columns, strict=True)]
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "real": shares[0], "synthetic": shares[1]})
