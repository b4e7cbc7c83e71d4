"""Cells that could not stand in the real table."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom, chi2

from ganaug.metrics.table_pair import as_pair

# Grids on which all numbers of a column may lie, the widest one first: name, and steps to a unit (a second, of times).
_NUMBER_GRIDS = {"whole": 1.0, **{f"{k} decimal{'s' * (k > 1)}": 10.0**k for k in range(1, 13)}}
_FLAWS = ("out of range", "unseen level", "off grid", "newly missing", "unreadable")
# In so many tables of new real rows, chance alone may make a cell look invalid.
_ALPHA = 0.01
_TIME_GRIDS = {"days": 1 / 86400, "hours": 1 / 3600, "minutes": 1 / 60, "seconds": 1.0}


def invalid_cells(real: Any, synthetic: Any = None) -> pd.DataFrame:
    """Count synthetic cells that could not stand in the real table, column by column.

    Parameters
    ----------
    real : TablePair, or table of shape (n_real, d)
        Real rows, or a pair that holds all tables.
    synthetic : table of shape (n_synthetic, d) or None, default=None
        Synthetic rows with the same columns; None beside a pair.

    Returns
    -------
    DataFrame of d rows, by column
        Shares of the synthetic cells, from 0 (best) to 1, that do not overlap:

        - "out of range": below the smallest or above the largest real number.
        - "unseen level": a level that no real cell has.
        - "off grid": a number that is not whole, or has more decimals, where all real numbers are whole or have at
          most that many of up to twelve decimals; or a time between the whole days, hours, minutes or seconds that all
          real times are.
        - "newly missing": a missing cell in a column without missing real cells.
        - "unreadable": for example text among numbers.

        "invalid" is their sum. "by chance" is the share of new real cells that would be out of range (at most) or of
        an unseen level: no real table shows all possible values. "grid" names the grid of the real numbers, or is
        None. "real dtype" and "synthetic dtype" are the dtypes, and "broken dtype" says whether one kind of cells
        became another, such as whole numbers floats; the number of bits and the library do not count.

    Raises
    ------
    ValueError
        See `TablePair`.

    Notes
    -----
    A new real number is below n real ones, or above them all, with a chance of 1 / (n + 1) each. The chance of an
    unseen level is the share of real cells whose level occurs once (Good, "The population frequencies of species",
    1953). A row of valid cells can still be impossible, such as a pregnant man.

    Examples
    --------
    >>> real = pd.DataFrame({"price": [1.25, 3.5], "city": ["Rome", "Oslo"]})
    >>> found = invalid_cells(real, pd.DataFrame({"price": [1.333, 9.99], "city": ["Rome", None]}))
    >>> found[["out of range", "off grid", "newly missing"]]
           out of range  off grid  newly missing
    price           0.5       0.5            0.0
    city            0.0       0.0            0.5
    >>> found.loc["price", "grid"]
    '2 decimals'
    """
    pair = as_pair(real, synthetic)
    rows = []
    for i, (label, kind) in enumerate(zip(pair.labels, pair.kinds, strict=True)):
        real_column, synthetic_column = pair.real[label], pair.synthetic[label]
        real_cells, cells = pair.real_cells[:, i], pair.synthetic_cells[:, i]
        missing = synthetic_column.isna().to_numpy(bool)
        grid, out_of_range, off_grid, unseen = None, *np.zeros((3, len(cells)), dtype=bool)
        known, chance = real_cells[~np.isnan(real_cells)], 0.0
        if kind == "category":
            unseen = cells >= pair.n_real_levels[i]
            chance = float((np.bincount(known.astype(np.intp)) == 1).sum() / len(real_cells))
        elif len(known):
            chance = 2 / (len(known) + 1)
            slack = 1e-9 * np.abs(known).max()  # scaling back is not exact
            out_of_range = (cells < known.min() - slack) | (cells > known.max() + slack)
            grid, steps = _grid(known, real_column.dtype, _NUMBER_GRIDS if kind == "number" else _TIME_GRIDS)
            off_grid = ~out_of_range & _is_off(cells, steps, 1e-6) if grid else off_grid
        flaws = {
            "out of range": out_of_range,
            "unseen level": unseen,
            "off grid": off_grid,
            "newly missing": missing & bool(real_column.notna().all()),
            "unreadable": np.isnan(cells) & ~missing,
        }
        shares = {name: float(found.mean()) for name, found in flaws.items()}
        families = _family(real_column), _family(synthetic_column)
        rows.append(
            {
                "invalid": sum(shares.values()),
                **shares,
                "by chance": chance,
                "grid": grid,
                "real dtype": str(real_column.dtype),
                "synthetic dtype": str(synthetic_column.dtype),
                "broken dtype": families[0] != families[1] and "empty" not in families,
            }
        )
    return pd.DataFrame(rows, index=pair.index)


def invalid_beyond_chance(validity: pd.DataFrame, n_real: int, n_synthetic: int) -> pd.Series:
    """Return the share of the cells of each column that are invalid, without flaws that chance explains.

    Parameters
    ----------
    validity : DataFrame
        From `invalid_cells`.
    n_real, n_synthetic : int
        Rows of the two tables.

    Returns
    -------
    Series of float, by column
        In at most one of a hundred tables of new real rows any share is above 0.

    Notes
    -----
    That at least k of m new numbers are above n real ones has the chance m / (n + m) * (m - 1) / (n + m - 1) * ...,
    k factors, whatever the distribution. The same bound holds for k numbers with more decimals than all real ones, and
    for k missing cells. Unseen levels are as frequent as the levels that occur once in the real table, for which the
    upper limit of a Poisson interval is taken. Over columns and flaws, chances are summed (Bonferroni).

    Examples
    --------
    >>> found = invalid_cells(pd.DataFrame({"n": range(30)}), pd.DataFrame({"n": [*range(25), 99, 0.5, 1.5, 2.5, 3.5]}))
    >>> invalid_beyond_chance(found, 30, 30).round(3).tolist(), found["invalid"].round(3).tolist()
    ([0.0], [0.167])
    """
    alpha = _ALPHA / (len(_FLAWS) * max(len(validity), 1))
    beyond = pd.Series(0.0, index=validity.index)
    for flaw in _FLAWS:
        counts = (validity[flaw] * n_synthetic).round().astype(int)
        explained = [
            _p_value(flaw, k, n_real, n_synthetic, chance) >= alpha
            for k, chance in zip(counts, validity["by chance"], strict=True)
        ]
        beyond += validity[flaw].where(~np.array(explained, dtype=bool), 0.0)
    return beyond


def _p_value(flaw: str, k: int, n_real: int, n_synthetic: int, chance: float) -> float:
    """Return the chance (at most) of at least k cells with this flaw among so many new real ones."""
    if k == 0 or flaw == "unreadable":
        return float(k == 0)
    if flaw == "unseen level":
        # the rate is known from the levels that occur once: its upper limit
        rate = chi2.ppf(0.999, 2 * (round(chance * n_real) + 1)) / 2 / n_real
        return float(binom.sf(k - 1, n_synthetic, min(rate, 1.0)))
    factors = np.log((n_synthetic - np.arange(k)) / (n_real + n_synthetic - np.arange(k)))
    # out of range at either end: any j of them below, and the others above
    ways = k + 1 if flaw == "out of range" else 1
    return float(min(1.0, ways * np.exp(factors.sum())))


def _grid(numbers: NDArray, dtype: Any, grids: dict[str, float]) -> tuple[str | None, float]:
    """Return the name and the steps to a unit of the widest grid that holds all numbers."""
    rounding = 2 * float(np.finfo(f"f{dtype.itemsize}").eps) if dtype.kind == "f" else 4e-16
    for name, steps in grids.items():
        # beyond this, all numbers would look as if they were on the grid
        if np.abs(numbers).max() * steps * rounding < 0.01 and not _is_off(numbers, steps, 1e-9, rounding).any():
            return name, steps
    return None, 0.0


def _is_off(numbers: NDArray, steps: float, slack: float, rounding: float = 1e-7) -> NDArray[np.bool_]:
    places = numbers * steps
    # a wide slack for numbers of single precision, yet never half a step
    return np.abs(places - np.rint(places)) > np.minimum(slack + np.abs(places) * rounding, 0.1)


def _family(series: pd.Series) -> str:
    if not series.notna().any():
        return "empty"
    if isinstance(series.dtype, pd.CategoricalDtype):
        return "category"
    kind: str = series.dtype.kind
    if kind not in "iufbMm":
        kind = pd.api.types.infer_dtype(series.dropna().astype(object))
    same = {"u": "i", "integer": "i", "floating": "f", "boolean": "b", "datetime": "M", "timedelta": "m"}
    return same.get(kind, kind)
