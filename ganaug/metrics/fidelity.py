"""Measures of generated tables against real ones: cells, columns, pairs of columns, whole rows."""

import itertools
from collections.abc import Hashable
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GroupKFold

from ganaug.common.containers import as_frame
from ganaug.common.random import subsample
from ganaug.metrics.images import nearest

# Rows of each table that pairs of columns and the forest are given: their errors are about 0.01 then.
MAX_PAIRED_ROWS = 20_000
MAX_FOREST_ROWS = 2_500
N_TREES = 100
# Rows of each table that `projection` returns, as many as a picture shows.
MAX_PROJECTED_ROWS = 1_000
# Bins and levels of a column in `distributions`; rarer levels are counted together.
N_BINS = 30
N_LEVELS = 12
# Mean of Kolmogorov's distribution, that of the scaled gap between two samples of one distribution.
_KOLMOGOROV_MEAN = np.sqrt(np.pi / 2) * np.log(2)
# Levels of a category up to which each has a dimension of its own in `TableCodes.points`; longer lists share so many.
MAX_LEVELS = 64
# Grids on which all numbers of a column may lie, the widest first: name, and steps to a unit, of times a second.
_NUMBER_GRIDS = {"whole": 1.0, **{f"{k} decimal{'s' * (k > 1)}": 10.0**k for k in range(1, 7)}}
_TIME_GRIDS = {"days": 1 / 86400, "hours": 1 / 3600, "minutes": 1 / 60, "seconds": 1.0}


class Associations(NamedTuple):
    """What `associations` returns: matrices with the columns of the real table in their order."""

    real: pd.DataFrame
    synthetic: pd.DataFrame
    difference: pd.DataFrame


class AUC(NamedTuple):
    """Area under a ROC curve and its standard error."""

    value: float
    error: float


class Projection(NamedTuple):
    """What `projection` returns."""

    real: NDArray
    synthetic: NDArray
    explained: float


class Supports(NamedTuple):
    """What `alpha_precision_beta_recall` returns."""

    alpha_precision: float
    beta_recall: float


# ------------------------------------------------------------------------------------------------- tables


class TableCodes:
    """How the cells of a table are read as numbers, learned from the real rows.

    Numbers, dates and durations are numeric columns, and all others, flags included, are categories. Whole numbers
    that are codes count as numbers; give them as categories or text to have them treated as such.

    Parameters
    ----------
    real : DataFrame of shape (n, d)
        As `as_frame` returns it.
    *others : DataFrame of shape (n_i, d)
        Tables whose levels get numbers as well, after those of the real one.

    Attributes
    ----------
    labels : list
        Names of the columns.
    kinds : list of {"number", "time", "duration", "category"}
        Of each column.
    is_number : ndarray of bool, shape (d,)
        False for categories.
    levels : list of Index or None
        Of categories, by their numbers; None for numeric columns.
    cells_ : ndarray of shape (n, d)
        The real table, read.

    Raises
    ------
    ValueError
        If a column holds cells that cannot be told apart, such as lists.

    Examples
    --------
    >>> real = pd.DataFrame({"age": [31, 42, 53], "city": ["Rome", "Oslo", "Rome"]})
    >>> book = TableCodes(real)
    >>> book.cells(pd.DataFrame({"age": [30, None], "city": ["Oslo", "Lima"]}))
    array([[30.,  1.],
           [nan, -1.]])
    """

    def __init__(self, real: pd.DataFrame, *others: pd.DataFrame) -> None:
        self.labels = list(real)
        self.kinds = [_kind(real[label]) for label in self.labels]
        self.is_number = np.array([kind != "category" for kind in self.kinds])
        self.levels: list[pd.Index | None] = [
            _levels([table[label] for table in (real, *others)]) if kind == "category" else None
            for label, kind in zip(self.labels, self.kinds, strict=True)
        ]
        self.cells_ = self.cells(real)

    def cells(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Read a table of these columns.

        Parameters
        ----------
        frame : DataFrame of shape (n, d)
            With the same columns in the same order.

        Returns
        -------
        ndarray of shape (n, d)
            Numbers as they are, times in seconds, and levels as 0 for the most frequent one of the real table and so
            on, -1 for all that none of the tables has. NaN for cells that are missing or, such as text among numbers,
            unreadable.
        """
        cells = np.empty((len(frame), len(self.labels)))
        for i, (label, kind, levels) in enumerate(zip(self.labels, self.kinds, self.levels, strict=True)):
            cells[:, i] = _numbers(frame[label], kind) if levels is None else _codes(frame[label], levels)
        return cells + 0.0  # no -0.0, which equals 0.0 and looks different to a hash

    def scaled(self, cells: NDArray) -> NDArray[np.float64]:
        """Return cells with numbers centred and divided by the standard deviation of the real ones, levels as they are.

        Parameters
        ----------
        cells : ndarray of shape (n, d)
            As `cells` returns them.
        """
        scaled = cells.copy()
        for i in np.flatnonzero(self.is_number):
            known = self.cells_[~np.isnan(self.cells_[:, i]), i]
            if len(known):
                spread = known.std()
                # a column of one value has a spread of 0, or of what rounding its mean left
                scaled[:, i] -= known.mean()
                scaled[:, i] /= spread if spread > 1e-12 * np.abs(known).max() else 1.0
        return scaled

    def points(self, *tables: NDArray) -> list[NDArray[np.float64]]:
        """Return tables as points of one space, in which columns weigh alike.

        Two rows that differ in a category only are sqrt(2) apart, as two standardised numbers drawn at random are, in
        the root of the mean square. A missing number lies at the mean, one away in a dimension that says so, and is
        then as far from other numbers. More than 64 levels lie at random corners of a cube, any two about sqrt(2)
        apart. Give all tables whose points are compared to the codebook: levels it does not know share a place.

        Parameters
        ----------
        *tables : ndarray of shape (n_i, d)
            As `cells` returns them.

        Returns
        -------
        list of ndarray of shape (n_i, width)
            One for each table.
        """
        blocks: list[list[NDArray]] = [[] for _ in tables]
        scaled = [self.scaled(cells) for cells in tables]
        for i, is_number in enumerate(self.is_number):
            columns = [cells[:, i] for cells in scaled]
            gaps = [np.isnan(column) for column in columns]
            if is_number:
                parts = [np.where(gap, 0, column)[:, None] for column, gap in zip(columns, gaps, strict=True)]
            else:
                parts = [self._corners(i)[np.where(np.isnan(c), -1, c).astype(np.intp)] for c in columns]
                parts = [np.where(gap[:, None], 0, part) for part, gap in zip(parts, gaps, strict=True)]
            if any(gap.any() for gap in gaps):
                parts = [np.column_stack([part, gap]) for part, gap in zip(parts, gaps, strict=True)]
            for block, part in zip(blocks, parts, strict=True):
                block.append(part)
        return [np.hstack(block) for block in blocks]

    def _corners(self, i: int) -> NDArray:
        """Return a point for each level of a category and, last, one for levels that are not known."""
        levels = self.levels[i]
        n = 1 if levels is None else len(levels) + 1
        if n <= MAX_LEVELS + 1:
            return np.eye(n)
        # a generator of its own and always the same: which corner is whose says nothing
        return np.random.default_rng(0).choice([-1.0, 1.0], (n, MAX_LEVELS)) / np.sqrt(MAX_LEVELS)


def row_keys(cells: NDArray) -> NDArray[np.uint64]:
    """Return 64 bits for each row of cells, the same for equal rows; missing cells equal each other.

    Parameters
    ----------
    cells : ndarray of shape (n, d)
        As `TableCodes.cells` returns them.
    """
    return np.asarray(pd.util.hash_pandas_object(pd.DataFrame(cells), index=False), dtype=np.uint64)


def _kind(series: pd.Series) -> str:
    if isinstance(series.dtype, pd.CategoricalDtype):
        return "category"
    inferred = "" if series.dtype.kind in "iufbMm" else pd.api.types.infer_dtype(series.dropna().astype(object))
    if series.dtype.kind in "iuf" or inferred in ("integer", "floating", "mixed-integer-float", "decimal"):
        return "number"
    if series.dtype.kind == "M" or inferred in ("date", "datetime", "datetime64"):
        return "time"
    return "duration" if series.dtype.kind == "m" or inferred in ("timedelta", "timedelta64") else "category"


def as_time(seconds: float, kind: str) -> pd.Timestamp | pd.Timedelta:
    """Return what a cell of kind "time" or "duration" stands for.

    Parameters
    ----------
    seconds : float
        Since 1970, or of the duration.
    kind : {"time", "duration"}
        Of the column.

    Examples
    --------
    >>> as_time(86400.0, "time"), as_time(86400.0, "duration")
    (Timestamp('1970-01-02 00:00:00'), Timedelta('1 days 00:00:00'))
    """
    micros = round(seconds * 1e6)
    return pd.Timestamp(micros, unit="us") if kind == "time" else pd.Timedelta(micros, unit="us")


def _numbers(series: pd.Series, kind: str) -> NDArray:
    own = series.dtype.kind
    if kind == "number":
        if own in "iufb":
            return series.to_numpy("float64", na_value=np.nan)
        if own in "Mm":
            return np.full(len(series), np.nan)
        return pd.to_numeric(series.astype(object).where(series.notna(), None), errors="coerce").to_numpy("float64")
    wanted = {"time": "M", "duration": "m"}[kind]
    if own in "iufb" or (own in "Mm" and own != wanted):
        return np.full(len(series), np.nan)
    cells: Any = series
    if own != wanted:
        cells = series.astype(object).where(series.notna(), None)
        if kind == "time":
            cells = pd.to_datetime(cells, errors="coerce", utc=True, format="ISO8601")
        else:
            cells = pd.to_timedelta(cells, errors="coerce")
    index = pd.DatetimeIndex(cells) if kind == "time" else pd.TimedeltaIndex(cells)
    return np.where(index.isna(), np.nan, index.as_unit("us").asi8 / 1e6)


def _levels(columns: list[pd.Series]) -> pd.Index:
    """Return the levels, those of the first column first, and the most frequent first of all."""
    found = []
    for column in columns:
        try:
            codes, levels = pd.factorize(column.astype(object).to_numpy())
        except TypeError as error:
            raise ValueError(
                f"column {column.name!r} holds nested or unhashable cells ({error}); spread them over columns of their "
                "own or drop the column"
            ) from None
        counts = np.bincount(codes[codes >= 0], minlength=len(levels))
        found.append(levels[np.argsort(-counts, kind="stable")])
    return pd.Index(pd.unique(np.concatenate(found)), dtype=object, tupleize_cols=False)


def _codes(series: pd.Series, levels: pd.Index) -> NDArray:
    missing = series.isna().to_numpy(bool)
    cells = series.astype(object).to_numpy()
    codes = np.full(len(series), np.nan)
    try:
        codes[~missing] = levels.get_indexer(pd.Index(cells[~missing], dtype=object, tupleize_cols=False))
    except TypeError:
        codes[~missing] = -1  # lists and the like, which no level is
    return codes


# ------------------------------------------------------------------------------------------------- cells


def validity(real: Any, synthetic: Any) -> pd.DataFrame:
    """Count cells that could not have stood in the real table.

    Parameters
    ----------
    real, synthetic : table of shape (n_real, d), (n_synthetic, d)
        Of the same columns; see `as_frame`.

    Returns
    -------
    DataFrame of d rows, by column
        Shares of the synthetic cells, from 0 to 1, where 0 is best and right: "out of range", below or above all real
        numbers; "unseen level"; "off grid", where all real numbers are whole or have at most so many of up to six
        decimals, or all times are whole days, hours, minutes or seconds; "newly missing", where no real cell is;
        "unreadable", as text among numbers. They do not overlap, and "invalid" is their sum. "by chance" is
        the share of new real cells that would be out of range (at most) or of an unseen level all the same: no real
        table shows all there is. Then "grid", the name of
        that grid or None, "real dtype", "synthetic dtype" and "broken dtype": whether one kind of cells became another,
        such as whole numbers floats; the number of bits and the library do not matter.

    Raises
    ------
    ValueError
        See `as_frame` and `TableCodes`.

    Notes
    -----
    Of n real numbers and a new one, each is the smallest with a chance of 1 / (n + 1). The chance of an unseen level is
    the share of real cells whose level occurs once (Good, "The population frequencies of species", 1953). And valid
    cells do not make the row likely: a pregnant man is made of valid cells.

    Examples
    --------
    >>> real = pd.DataFrame({"price": [1.25, 3.5], "city": ["Rome", "Oslo"]})
    >>> found = validity(real, pd.DataFrame({"price": [1.333, 9.99], "city": ["Rome", None]}))
    >>> found[["out of range", "off grid", "newly missing"]]
           out of range  off grid  newly missing
    price           0.5       0.5            0.0
    city            0.0       0.0            0.5
    >>> found.loc["price", "grid"]
    '2 decimals'
    """
    real = as_frame(real, "real")
    synthetic = as_frame(synthetic, "synthetic", real)
    book = TableCodes(real)
    cells = book.cells(synthetic)
    rows = []
    for i, (label, kind) in enumerate(zip(book.labels, book.kinds, strict=True)):
        known, made = book.cells_[:, i], cells[:, i]
        gaps = synthetic[label].isna().to_numpy(bool)
        grid, out_of_range, off_grid, unseen = None, *np.zeros((3, len(made)), dtype=bool)
        numbers, chance = known[~np.isnan(known)], 0.0
        if kind == "category":
            unseen = made < 0
            chance = float((np.bincount(numbers.astype(np.intp)) == 1).sum() / len(known))
        elif len(numbers):
            chance = 2 / (len(numbers) + 1)
            slack = 1e-9 * np.abs(numbers).max()  # scaling back is not exact
            out_of_range = (made < numbers.min() - slack) | (made > numbers.max() + slack)
            grid, steps = _grid(numbers, real[label].dtype, _NUMBER_GRIDS if kind == "number" else _TIME_GRIDS)
            off_grid = ~out_of_range & _is_off(made, steps, 1e-6) if grid else off_grid
        counts = {
            "out of range": out_of_range,
            "unseen level": unseen,
            "off grid": off_grid,
            "newly missing": gaps & bool(real[label].notna().all()),
            "unreadable": np.isnan(made) & ~gaps,
        }
        shares = {name: float(found.mean()) for name, found in counts.items()}
        families = _family(real[label]), _family(synthetic[label])
        rows.append(
            {
                "invalid": sum(shares.values()),
                **shares,
                "by chance": chance,
                "grid": grid,
                "real dtype": str(real[label].dtype),
                "synthetic dtype": str(synthetic[label].dtype),
                "broken dtype": families[0] != families[1] and "empty" not in families,
            }
        )
    return pd.DataFrame(rows, index=_index(book.labels))


def _grid(numbers: NDArray, dtype: Any, grids: dict[str, float]) -> tuple[str | None, float]:
    """Return the name and the steps to a unit of the widest grid that holds all numbers."""
    rounding = 2 * float(np.finfo(f"f{dtype.itemsize}").eps) if dtype.kind == "f" else 4e-16
    for name, steps in grids.items():
        # beyond this, numbers that lie anywhere would look as if they were on it
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


def _index(labels: list[Hashable]) -> pd.Index:
    return pd.Index(labels, tupleize_cols=False)


# ------------------------------------------------------------------------------------------------- columns


def column_distances(real: Any, synthetic: Any) -> pd.DataFrame:
    """Return how far each column is from the real one.

    Parameters
    ----------
    real, synthetic : table of shape (n_real, d), (n_synthetic, d)
        Of the same columns; see `as_frame`.

    Returns
    -------
    DataFrame of d rows, by column
        "distance", from 0 (the same distribution) to 1 (nothing in common), the largest gap between both distribution
        functions for numbers and times (Kolmogorov-Smirnov; missing cells count as a value below all others), and half
        the sum of differences of shares for categories (total variation; missing is a level). "measure" says which of
        the two, "kind" why. "chance" is what two samples of these sizes from one distribution have on average, so that
        distances of that order mean nothing. "real missing" and "synthetic missing" are shares of cells.

    Raises
    ------
    ValueError
        See `as_frame` and `TableCodes`.

    Notes
    -----
    Columns each right may still not go together: see `associations` and `two_sample_auc`. For numbers with many ties
    "chance" is an upper bound.

    Examples
    --------
    >>> real = pd.DataFrame({"age": [1, 2, 3, 4], "city": ["Rome", "Rome", "Oslo", "Oslo"]})
    >>> synthetic = pd.DataFrame({"age": [3, 4, 5, 6], "city": ["Rome", "Rome", "Rome", "Lima"]})
    >>> column_distances(real, synthetic)["distance"].to_dict()
    {'age': 0.5, 'city': 0.5}
    """
    real = as_frame(real, "real")
    synthetic = as_frame(synthetic, "synthetic", real)
    book = TableCodes(real)
    cells = book.cells(synthetic)
    both = 1 / len(real) + 1 / len(synthetic)
    rows = []
    for i, is_number in enumerate(book.is_number):
        known, made = book.cells_[:, i], cells[:, i]
        gaps, made_gaps = np.isnan(known), np.isnan(made)
        # a missing number sorts below all others; among levels it is one more
        a, b = np.where(gaps, -np.inf, known), np.where(made_gaps, -np.inf, made)
        values, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
        shares = np.bincount(codes[: len(a)], minlength=len(values)) / len(a)
        gap = shares - np.bincount(codes[len(a) :], minlength=len(values)) / len(b)
        if is_number:
            distance = np.abs(np.cumsum(gap)).max()
            chance = _KOLMOGOROV_MEAN * np.sqrt(both) if len(values) > 1 else 0.0
        else:
            distance = 0.5 * np.abs(gap).sum()
            # the mean of the absolute value of a normal variable is sqrt(2 / pi) of its standard deviation
            chance = 0.5 * np.sqrt(2 / np.pi * shares * (1 - shares) * both).sum()
        rows.append(
            {
                "kind": book.kinds[i],
                "measure": "Kolmogorov-Smirnov" if is_number else "total variation",
                "distance": float(np.clip(distance, 0, 1)),
                "chance": float(min(chance, 1.0)),
                "real missing": float(gaps.mean()),
                "synthetic missing": float(made_gaps.mean()),
            }
        )
    return pd.DataFrame(rows, index=_index(book.labels))


def distributions(real: Any, synthetic: Any) -> dict[Hashable, pd.DataFrame]:
    """Return how the cells of each column are distributed, for pictures: shares of bins or of levels.

    Parameters
    ----------
    real, synthetic : table of shape (n_real, d), (n_synthetic, d)
        Of the same columns; see `as_frame`.

    Returns
    -------
    dict of column -> DataFrame
        "real" and "synthetic" hold shares of the cells that are not missing, 0 to 1; each sums to 1. Numbers, times
        (as seconds since 1970) and durations (as seconds) of more than 12 values have a row for each of at most 30
        equally wide bins between "low" and "high", over the range of 98 % of the real cells: the first begins at the
        smallest cell and the last ends at the largest, wherever they are. All others have a row for each "level": up
        to 12 values of a number, in order, or the 12 most frequent real levels as text; and below them one of None for
        all others, if any.

    Raises
    ------
    ValueError
        See `as_frame` and `TableCodes`.

    Examples
    --------
    >>> real = pd.DataFrame({"age": range(100), "city": ["Rome", "Oslo"] * 50})
    >>> found = distributions(real, real.assign(city="Rome"))
    >>> found["city"]
      level  real  synthetic
    0  Rome   0.5        1.0
    1  Oslo   0.5        0.0
    >>> found["age"].head(2)
       low  high  real  synthetic
    0  0.0   4.5  0.05       0.05
    1  4.5   8.5  0.04       0.04
    """
    real = as_frame(real, "real")
    synthetic = as_frame(synthetic, "synthetic", real)
    book = TableCodes(real, synthetic)
    cells = book.cells(synthetic)
    found: dict[Hashable, pd.DataFrame] = {}
    for i, (label, levels) in enumerate(zip(book.labels, book.levels, strict=True)):
        both = [column[~np.isnan(column)] for column in (book.cells_[:, i], cells[:, i])]
        values = np.unique(np.concatenate(both))
        if levels is not None or len(values) <= N_LEVELS:
            found[label] = _level_shares(both, values, levels, book.kinds[i])
        else:
            found[label] = _bin_shares(both, values)
    return found


def _level_shares(both: list[NDArray], values: NDArray, levels: pd.Index | None, kind: str) -> pd.DataFrame:
    shown = values[:N_LEVELS]  # of categories, the most frequent real ones have the smallest numbers
    names: list[str | None]
    if levels is not None:
        names = [str(levels[int(code)]) for code in shown]
    elif kind == "number":
        names = [f"{value:.15g}" for value in shown]
    else:
        names = [str(as_time(value, kind)) for value in shown]
    rows = [[float((cells == value).sum()) for cells in both] for value in shown]
    if len(values) > len(shown):
        names.append(None)
        rows.append([float((cells > shown[-1]).sum()) for cells in both])
    shares = np.array(rows).reshape(-1, 2) / [max(len(cells), 1) for cells in both]
    return pd.DataFrame({"level": pd.Series(names, dtype=object), "real": shares[:, 0], "synthetic": shares[:, 1]})


def _bin_shares(both: list[NDArray], values: NDArray) -> pd.DataFrame:
    low, high = np.quantile(both[0], (0.01, 0.99), method="nearest") if len(both[0]) else (0.0, 0.0)
    if low == high:  # nearly all are one value
        low, high = values[0], values[-1]
    # of whole numbers and days, each bin has equally many: a comb would say nothing of the cells
    step = np.diff(values).min()
    n_steps = np.rint((high - low) / step) + 1
    n_each = np.ceil(n_steps / N_BINS)
    n_bins = int(np.ceil(n_steps / n_each))
    edges = low - step / 2 + n_each * step * np.arange(n_bins + 1)
    counts = [np.bincount(np.searchsorted(edges[1:-1], cells, side="right"), minlength=n_bins) for cells in both]
    edges[0], edges[-1] = values[0], values[-1]
    shares = [count / max(len(cells), 1) for count, cells in zip(counts, both, strict=True)]
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "real": shares[0], "synthetic": shares[1]})


# ------------------------------------------------------------------------------------------------- pairs


def associations(
    real: Any,
    synthetic: Any,
    *,
    method: Literal["spearman", "pearson"] = "spearman",
    random_state: int | np.random.Generator | None = None,
) -> Associations:
    """Return how strongly each pair of columns goes together in both tables.

    Parameters
    ----------
    real, synthetic : table of shape (n_real, d), (n_synthetic, d)
        Of the same columns; see `as_frame`.
    method : {"spearman", "pearson"}, default="spearman"
        For numbers. Ranks do not let a few large values decide; "pearson" takes numbers as they are.
    random_state : int, numpy.random.Generator or None, default=None
        Which 20,000 rows are taken of a longer table.

    Returns
    -------
    real, synthetic : DataFrame of shape (d, d)
        Two numbers: their correlation, -1 to 1. A number and a category: the correlation ratio, 0 (all levels have the
        same mean) to 1 (the level tells the number). Two categories: Cramér's V, 0 (independent) to 1. The latter two
        are corrected for what chance adds, which grows with the number of levels and differs between tables of
        different sizes. Both are symmetric with a diagonal of 1. A column that does not vary goes with none: 0.
    difference : DataFrame of shape (d, d)
        Synthetic less real, -2 to 2 for correlations and -1 to 1 else. 0 is best; rows shuffled within columns show
        the negative of `real`.

    Raises
    ------
    ValueError
        If `method` is another word; see also `as_frame` and `TableCodes`.

    Notes
    -----
    Rows that lack one of two numbers, or the number beside a category, are left out for that pair; a missing category
    is a level.

    References
    ----------
    Bergsma, "A bias-correction for Cramér's V and Tschuprow's T", 2013; Kelley, "An unbiased correlation ratio
    measure", 1935.

    Examples
    --------
    >>> real = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 4, 6, 8]})
    >>> associations(real, real.assign(b=[8, 6, 4, 2])).difference
         a    b
    a  0.0 -2.0
    b -2.0  0.0
    """
    if method not in ("spearman", "pearson"):
        raise ValueError(f"method must be 'spearman' or 'pearson', got {method=}")
    real = as_frame(real, "real")
    synthetic = as_frame(synthetic, "synthetic", real)
    book = TableCodes(real, synthetic)
    rng = np.random.default_rng(random_state)
    labels = _index(book.labels)
    found = []
    for cells in (book.cells_, book.cells(synthetic)):
        few = cells[subsample(len(cells), MAX_PAIRED_ROWS, rng)]
        found.append(pd.DataFrame(_association_matrix(few, book.is_number, method), index=labels, columns=labels))
    return Associations(found[0], found[1], found[1] - found[0])


def _association_matrix(cells: NDArray, is_number: NDArray, method: str) -> NDArray:
    cells = cells.copy()
    for i, number in enumerate(is_number):
        known = ~np.isnan(cells[:, i])
        if not number:
            cells[:, i] = np.unique(cells[:, i], return_inverse=True)[1]  # NaN is a level
        elif method == "spearman":
            cells[known, i] = rankdata(cells[known, i])
        elif known.any():
            cells[:, i] -= cells[known, i].mean()  # squares of large numbers would lose what tells them apart
    matrix = np.eye(cells.shape[1])
    for i, j in itertools.combinations(range(cells.shape[1]), 2):
        if is_number[i] and is_number[j]:
            value = _correlation(cells[:, i], cells[:, j])
        elif is_number[i] or is_number[j]:
            number, category = (i, j) if is_number[i] else (j, i)
            value = _correlation_ratio(cells[:, category], cells[:, number])
        else:
            value = _cramers_v(cells[:, i], cells[:, j])
        matrix[i, j] = matrix[j, i] = value
    return matrix


def _varies(numbers: NDArray) -> bool:
    return len(numbers) > 1 and bool(numbers.min() < numbers.max())


def _correlation(a: NDArray, b: NDArray) -> float:
    known = ~(np.isnan(a) | np.isnan(b))
    a, b = a[known], b[known]
    return float(np.clip(np.corrcoef(a, b)[0, 1], -1, 1)) if _varies(a) and _varies(b) else 0.0


def _correlation_ratio(levels: NDArray, numbers: NDArray) -> float:
    known = ~np.isnan(numbers)
    codes, numbers = np.unique(levels[known], return_inverse=True)[1], numbers[known]
    if not (_varies(numbers) and _varies(codes)) or codes.max() + 1 == len(codes):
        return 0.0  # with a level for each row nothing can be told
    n, counts = len(codes), np.bincount(codes)
    numbers = numbers - numbers.mean()
    between = (np.bincount(codes, numbers) ** 2 / counts).sum()
    unexplained = (1 - between / (numbers**2).sum()) * (n - 1) / (n - len(counts))
    return float(np.sqrt(np.clip(1 - unexplained, 0, 1)))


def _cramers_v(a: NDArray, b: NDArray) -> float:
    if not (_varies(a) and _varies(b)):
        return 0.0
    n = len(a)
    a, b = a.astype(np.intp), b.astype(np.intp)
    rows, columns = np.bincount(a), np.bincount(b)
    cells, counts = np.unique(a * len(columns) + b, return_counts=True)
    # chi square / n; only cells that hold a row count
    phi2 = (counts.astype(float) ** 2 / rows[cells // len(columns)] / columns[cells % len(columns)]).sum() - 1
    r, c = len(rows), len(columns)
    phi2 = max(0.0, phi2 - (r - 1) * (c - 1) / (n - 1))
    r_corrected, c_corrected = r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)
    least = min(r_corrected, c_corrected) - 1
    return float(np.clip(np.sqrt(phi2 / least), 0, 1)) if least > 1e-9 else 0.0


# ------------------------------------------------------------------------------------------------- rows


def auc(positive: ArrayLike, negative: ArrayLike) -> AUC:
    """Return the chance that a positive scores higher than a negative, ties counting half, and its standard error.

    Parameters
    ----------
    positive, negative : array of shape (n_positive,), (n_negative,)
        Scores, at least two of each.

    Returns
    -------
    value : float
        Area under the ROC curve, 0 to 1; 0.5 if scores say nothing.
    error : float
        DeLong's, of independent scores. It is 0 at both ends of the range, where it says nothing.

    Examples
    --------
    >>> auc([1, 2, 2], [0, 1]).value
    0.9166666666666666
    """
    positive, negative = np.asarray(positive, dtype=float), np.asarray(negative, dtype=float)
    above, below = _placements(positive, negative), 1 - _placements(negative, positive)
    error = np.sqrt(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below))
    return AUC(float(above.mean()), float(error))


def _placements(scores: NDArray, others: NDArray) -> NDArray:
    """Return the share of the others below each score, ties counting half."""
    others = np.sort(others)
    return (np.searchsorted(others, scores, "left") + np.searchsorted(others, scores, "right")) / (2 * len(others))


def two_sample_auc(real: Any, synthetic: Any, *, random_state: int | np.random.Generator | None = None) -> AUC:
    """Return how well a forest tells synthetic rows from real ones it has not seen.

    Parameters
    ----------
    real, synthetic : table of shape (n_real, d), (n_synthetic, d)
        Of the same columns, at least 10 rows each; see `as_frame`.
    random_state : int, numpy.random.Generator or None, default=None
        Of the forest, the folds, and the rows drawn: as many of either table, 2,500 at most.

    Returns
    -------
    value : float
        Mean ROC AUC of five folds. 0.5 (best) if the tables cannot be told apart, 1 if each row can. Slightly below
        0.5 by chance.
    error : float
        Its standard error for this many rows; folds share rows, so it is somewhat too small.

    Raises
    ------
    ValueError
        If a table has fewer than 10 rows; see also `as_frame` and `TableCodes`.

    Notes
    -----
    The strictest of the measures here: one detail, such as too many decimals, is enough for 1, however good the
    rows are otherwise. `validity` names such details. A copy of a real row that is there once goes into the same fold
    as its original, where else the forest would learn from the one to be wrong about the other. So copies cannot be
    told from real rows, as is right; `ganaug.metrics.privacy.copies` tells how many there are.

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
    real = as_frame(real, "real")
    synthetic = as_frame(synthetic, "synthetic", real)
    least = min(len(real), len(synthetic))
    if least < 10:
        raise ValueError(
            f"at least 10 rows of each table are needed, got {len(real)} real and {len(synthetic)} synthetic"
        )
    rng = np.random.default_rng(random_state)
    book = TableCodes(real, synthetic)
    tables = [book.cells_, book.cells(synthetic)]
    tables = [cells[subsample(len(cells), min(least, MAX_FOREST_ROWS), rng)] for cells in tables]
    n = len(tables[0])
    cells, is_real = np.concatenate(tables), np.repeat([True, False], n)
    rows = book.scaled(cells)  # trees compare in single precision, which does not tell the seconds of a date apart
    for i in np.flatnonzero(~book.is_number):
        rows[:, i] = _ranked(rows[:, i], rng)
    folds = GroupKFold(5, shuffle=True, random_state=int(rng.integers(2**31)))
    seed = int(rng.integers(2**31))
    found = []
    for train, test in folds.split(rows, groups=_with_originals(cells, is_real)):
        forest = RandomForestClassifier(N_TREES, min_samples_leaf=3, random_state=seed).fit(rows[train], is_real[train])
        scores = forest.predict_proba(rows[test])[:, 0]
        if min(is_real[test].sum(), (~is_real[test]).sum()) > 1:
            found.append(auc(scores[~is_real[test]], scores[is_real[test]]))
    values, errors = np.array(found).T
    return AUC(float(values.mean()), float(np.sqrt((errors**2).sum()) / len(errors)))


def _ranked(codes: NDArray, rng: np.random.Generator) -> NDArray:
    """Return levels numbered by how frequent they are in both tables; those of one alone would give it away."""
    levels, places, counts = np.unique(codes, return_inverse=True, return_counts=True)
    order = np.lexsort((rng.permutation(len(levels)), -counts))
    ranks = np.empty(len(levels))
    ranks[order] = np.arange(len(levels))
    return np.where(np.isnan(codes), np.nan, ranks[places])


def _with_originals(cells: NDArray, is_real: NDArray) -> NDArray:
    """Return a number for each row, the same for a row that is real once and all synthetic ones equal to it."""
    _, codes = np.unique(row_keys(cells), return_inverse=True)
    once = np.bincount(codes, is_real)[codes] == 1
    return np.where(once, codes, codes.max() + 1 + np.arange(len(codes)))


def projection(real: Any, synthetic: Any, *, random_state: int | np.random.Generator | None = None) -> Projection:
    """Lay rows out on a plane, for pictures: the two directions in which the real ones differ most.

    Parameters
    ----------
    real, synthetic : table of shape (n_real, d), (n_synthetic, d)
        Of the same columns; see `as_frame`.
    random_state : int, numpy.random.Generator or None, default=None
        Which 1,000 rows are drawn of longer tables.

    Returns
    -------
    real, synthetic : ndarray of shape (n, 2)
        Places of the drawn rows. The second number is 0 where real rows differ in one direction only.
    explained : float
        Share of the real rows' variance that the plane shows, 0 to 1. What little shows may hide much: points that
        mix here can still be told apart, see `two_sample_auc`.

    Raises
    ------
    ValueError
        See `as_frame` and `TableCodes`.

    Notes
    -----
    Principal components of `TableCodes.points`, fitted to the real rows alone.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(50, 3))
    >>> found = projection(rows, rows[:20], random_state=0)
    >>> found.real.shape, found.synthetic.shape, bool(np.allclose(found.real[:20], found.synthetic))
    ((50, 2), (20, 2), True)
    """
    real = as_frame(real, "real")
    synthetic = as_frame(synthetic, "synthetic", real)
    rng = np.random.default_rng(random_state)
    real, synthetic = (table.iloc[subsample(len(table), MAX_PROJECTED_ROWS, rng)] for table in (real, synthetic))
    book = TableCodes(real, synthetic)
    points, made = book.points(book.cells_, book.cells(synthetic))
    n_directions = min(2, *points.shape)
    pca = PCA(n_directions, random_state=int(rng.integers(2**31)))
    with np.errstate(invalid="ignore"):  # rows that are all the same have no variance to share out
        pca.fit(points)
    explained = float(np.nan_to_num(pca.explained_variance_ratio_).sum())
    flat = [np.pad(pca.transform(table), ((0, 0), (0, 2 - n_directions))) for table in (points, made)]
    return Projection(flat[0], flat[1], explained)


def alpha_precision_beta_recall(real: ArrayLike, fake: ArrayLike, k: int = 5) -> Supports:
    """Compare how both sets are spread from their middle to their outliers.

    Parameters
    ----------
    real, fake : array of shape (n_real, d), (n_fake, d)
        Points, such as `TableCodes.points` makes; more than `k` real ones.
    k : int, default=5
        Neighbours that a real point's ball reaches to.

    Returns
    -------
    alpha_precision : float
        Fidelity, 0 to 1, higher is better, 1 if for each alpha a share alpha of the fake points lies within the ball
        around the middle of the real ones that holds a share alpha of them. It falls for junk, and also where points
        keep too near to the middle.
    beta_recall : float
        Variety, 0 to 1, higher is better, near 1 if for each beta a share beta of the real points has its nearest fake
        point within the ball that reaches to its own k-th real neighbour, and this one among the share beta of the fake
        ones that is nearest to their middle. Two samples of one distribution have 0.85 to 0.98 in up to five
        dimensions and about 0.5 in fifty, where the nearest of many points is an inner one: compare with what real rows
        reach, as `ganaug.metrics.images.real_floor` tells.

    Raises
    ------
    ValueError
        If `k` is below 1, or the sets are no matrices of equal width, have too few rows, or hold NaN or infinite
        values.

    Notes
    -----
    Both are the paper's integrated measures, 1 - 2 * (the mean distance of the curve from the diagonal). The paper
    learns an embedding in which the real points fill a ball; here they are taken as they are, around their mean. Of
    several far groups alpha-precision then sees how far they lie out, not in which direction.

    References
    ----------
    Alaa et al., arXiv 2102.08921.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(200, 3))
    >>> alpha_precision_beta_recall(rows, rows).alpha_precision > 0.99
    True
    >>> alpha_precision_beta_recall(rows, rows + 99)
    Supports(alpha_precision=0.0, beta_recall=0.0)
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k=}")
    closest, distance = nearest(real, fake)
    radii = nearest(real, real, n=k + 1)[1][:, k]  # number 0 is the point itself
    real, fake = np.asarray(real, dtype=float), np.asarray(fake, dtype=float)
    centre = real.mean(0)
    fake_places = np.linalg.norm(fake - centre, axis=1)
    balls, held = _supports(np.linalg.norm(real - centre, axis=1))
    precision = _agreement(_share_within(fake_places, balls), held)

    places = np.linalg.norm(fake - fake.mean(0), axis=1)
    found = np.where(distance[:, 0] <= radii * (1 + 1e-9), places[closest[:, 0]], np.inf)
    balls, held = _supports(places)
    return Supports(precision, _agreement(_share_within(found, balls), held))


def _supports(places: NDArray) -> tuple[NDArray, NDArray]:
    """Return radii of balls that hold 0.5 %, 1 %, ... of points so far from the middle, and the shares they hold.

    Where many points are equally far, as in a table of categories, a ball may hold more than it should.
    """
    balls = np.quantile(places, np.arange(1, 200) / 200, method="inverted_cdf") * (1 + 1e-9)
    return balls, _share_within(places, balls)


def _share_within(places: NDArray, balls: NDArray) -> NDArray:
    return np.searchsorted(np.sort(places), balls, "right") / len(places)


def _agreement(shares: NDArray, wanted: NDArray) -> float:
    return max(0.0, float(1 - 2 * np.abs(shares - wanted).mean()))
