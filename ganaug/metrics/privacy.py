"""What synthetic rows reveal about the training rows of their generator: copies, distances, membership.

These measures do not guarantee privacy. They find the most common leaks: copies, and rows that are too near to single
real rows. They compare with rows that the generator has not seen, the hold-out: rows of one distribution are always
somewhat near to each other. Without a hold-out the training rows are compared with each other.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import KDTree
from scipy.stats import binomtest

from ganaug.common.random import subsample
from ganaug.metrics.nearest import nearest_rows
from ganaug.metrics.table_features import embed_rows, standardize_numbers
from ganaug.metrics.table_pair import TablePair, as_pair, row_keys
from ganaug.metrics.two_sample import AUC, delong_auc

# Pairs of rows whose distances are measured at once: about two seconds. Of longer tables some rows are drawn, 1,000 at
# least, and compared with all rows of the other table.
MAX_PAIRS = 100_000_000
MIN_DRAWN = 1_000
# Resamples behind the interval of a ratio of distances.
_N_RESAMPLES = 200


class Count(NamedTuple):
    """How many rows of how many have some property."""

    found: int
    total: int

    @property
    def share(self) -> float:
        """Share of the rows, 0 to 1."""
        return self.found / self.total

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the share (Wilson).

        Examples
        --------
        >>> low, high = Count(0, 100).interval
        >>> low, round(high, 3)
        (0.0, 0.037)
        """
        ends = binomtest(self.found, self.total).proportion_ci(method="wilson")
        return float(ends.low), float(ends.high)

    def exceeds(self, other: "Count", n_errors: float = 1.96, *, n_learned: int | None = None) -> bool:
        """Whether the share is larger than another one by more than chance explains.

        Parameters
        ----------
        other : Count
            The other share.
        n_errors : float, default=1.96
            By how many standard errors; the default is 97.5 %, one-sided. Take more where many shares are looked at.
        n_learned : int or None, default=None
            Number of real rows from which a generator learned how large the share is; they differ from the rows of
            `other` by chance as well. None where the other share is of these very rows, or nothing was learned.

        Examples
        --------
        >>> Count(9, 1000).exceeds(Count(0, 1000)), Count(2, 1000).exceeds(Count(0, 1000))
        (True, False)

        Two halves of a table may differ by so much, and a generator follows the half that it learned from:

        >>> Count(92, 1677).exceeds(Count(34, 947)), Count(92, 1677).exceeds(Count(34, 947), n_learned=922)
        (True, False)
        """
        # one more found and one more not, in either (Agresti and Caffo 2000): right for small shares too
        a, b = (self.found + 1) / (self.total + 2), (other.found + 1) / (other.total + 2)
        variance = a * (1 - a) / (self.total + 2) + b * (1 - b) / (other.total + 2)
        if n_learned is not None:
            variance += b * (1 - b) / (n_learned + 2)
        return bool(a - b > n_errors * np.sqrt(variance))


class Copies(NamedTuple):
    """What `find_copies` returns."""

    pairs: pd.DataFrame
    exact: Count
    near: Count
    reference_exact: Count
    reference_near: Count


class ClosestRecords(NamedTuple):
    """What `closest_records` returns."""

    distance: float
    reference_distance: float
    ratio: float
    low: float
    high: float
    closer: Count
    reference_closer: Count
    neighbor_ratio: float
    reference_neighbor_ratio: float


def find_copies(real: Any, synthetic: Any = None, *, holdout: Any = None, tolerance: float = 0.01) -> Copies:
    """Find synthetic rows that equal a real one, or nearly do.

    Parameters
    ----------
    real : TablePair, or table of shape (n_real, d)
        The training rows, or a pair that holds all tables.
    synthetic : table of shape (n_synthetic, d) or None, default=None
        Synthetic rows with the same columns; None beside a pair.
    holdout : table of shape (n_holdout, d) or None, default=None
        Real rows that the generator has not seen, for reference: where real rows coincide with training rows anyway,
        synthetic rows may as well. Without a hold-out, the reference is how many real rows have an equal one.
    tolerance : float, default=0.01
        Largest difference of any number between a near copy and its real row, in standard deviations of the real
        column; at least 0. Categories and missing cells are the same.

    Returns
    -------
    pairs : DataFrame
        A row for each near copy, exact ones among them and first: "synthetic" and "real", row numbers from 0 on;
        "distance", the largest difference of a number in standard deviations; "exact"; "shared by", how many real rows
        are like that real row. A copy of a row that many real rows equal does not identify anybody.
    exact, near : Count
        Synthetic rows that are copies; near copies include exact ones. Best is the share of the reference, 0 where
        all real rows differ. More copies than that are memorised.
    reference_exact, reference_near : Count
        The same for held-out rows, or for real rows.

    Raises
    ------
    ValueError
        If `tolerance` is negative; see also `TablePair`.

    Notes
    -----
    All rows are compared. In a table of a few short columns every row is near to some other one, so only what exceeds
    the reference counts (`Count.exceeds`).

    Examples
    --------
    >>> real = pd.DataFrame({"age": [31, 42, 53], "city": ["Rome", "Oslo", "Rome"]})
    >>> found = find_copies(real, pd.DataFrame({"age": [42, 42], "city": ["Rome", "Oslo"]}))
    >>> found.pairs
       synthetic  real  distance  exact  shared by
    0          1     1       0.0   True          1
    >>> found.exact.share, found.reference_exact.share
    (0.5, 0.0)
    """
    if tolerance < 0:
        raise ValueError(f"tolerance must be at least 0 standard deviations, got {tolerance=}")
    pair = as_pair(real, synthetic, holdout)
    unseen = pair.real_cells if pair.holdout_cells is None else pair.holdout_cells
    points, synthetic_points, unseen_points = _copy_space(
        pair, tolerance, pair.real_cells, pair.synthetic_cells, unseen
    )
    _, first, number, times = np.unique(row_keys(points), return_index=True, return_inverse=True, return_counts=True)
    # each row once: a tree of rows that occur many times would be deep and slow
    tree = KDTree(points[first])
    bound = np.nextafter(tolerance * (1 + 1e-9), np.inf)  # the tree leaves out what is at the bound itself

    distance, found = tree.query(synthetic_points, p=np.inf, distance_upper_bound=bound)
    rows = np.flatnonzero(np.isfinite(distance))
    rows = rows[np.argsort(distance[rows], kind="stable")]
    pairs = pd.DataFrame(
        {
            "synthetic": rows,
            "real": first[found[rows]],
            "distance": distance[rows],
            "exact": distance[rows] == 0,
            "shared by": times[found[rows]],
        }
    )
    if pair.holdout_cells is None:
        second = tree.query(points, k=[2], p=np.inf, distance_upper_bound=bound)[0][:, 0]
        reference = np.where(times[number] > 1, 0, second)
    else:
        reference = tree.query(unseen_points, p=np.inf, distance_upper_bound=bound)[0]
    return Copies(
        pairs,
        Count(int(pairs["exact"].sum()), len(pair.synthetic)),
        Count(len(pairs), len(pair.synthetic)),
        Count(int((reference == 0).sum()), len(unseen)),
        Count(int(np.isfinite(reference).sum()), len(unseen)),
    )


def _copy_space(pair: TablePair, tolerance: float, *tables: NDArray) -> list[NDArray]:
    """Return rows as points: standardised numbers, and one coordinate that separates other categories and gaps."""
    cells = np.concatenate(tables)
    numbers = standardize_numbers(pair, cells)[:, pair.is_number]
    rest = np.column_stack([cells[:, ~pair.is_number], np.isnan(numbers)])
    _, group = np.unique(row_keys(rest), return_inverse=True)
    apart = 1 + 2 * tolerance  # rows of different groups are never near
    points = np.column_stack([np.nan_to_num(numbers, nan=0.0), apart * group])
    return np.split(points, np.cumsum([len(table) for table in tables])[:-1])


def closest_records(
    real: Any, synthetic: Any = None, *, holdout: Any = None, random_state: int | np.random.Generator | None = None
) -> ClosestRecords:
    """Compare how near synthetic rows and unseen real rows are to the training rows.

    Parameters
    ----------
    real : TablePair, or table of shape (n_real, d)
        The training rows, at least three, or a pair that holds all tables.
    synthetic : table of shape (n_synthetic, d) or None, default=None
        Synthetic rows with the same columns; None beside a pair.
    holdout : table of shape (n_holdout, d) or None, default=None
        Real rows that the generator has not seen. Without a hold-out, each real row is compared with the others. This
        favours a generator slightly, because the others are one row fewer.
    random_state : int, numpy.random.Generator or None, default=None
        Chooses rows where there are more than 10^8 pairs, and the resamples of the interval.

    Returns
    -------
    distance, reference_distance : float
        Mean distance to the closest real row of synthetic rows and of reference rows, from 0 up, between points of
        `embed_rows`. Each distance counts at most as much as the median of the reference; see the notes.
    ratio, low, high : float
        `distance` divided by `reference_distance`, from 0 up, with a 95 % interval. 1 is best: as far as new real rows.
        Below, rows are too near to training rows: 0.5 is what half copies and half new real rows have, and 0 is what
        copies have. Above, they are less real. NaN if only the reference is 0.
    closer, reference_closer : Count
        Rows that are closer to a real row than 95 % of the reference rows are. The share of the reference, about 5 %,
        is best; a larger one says that some rows are too near, even where the median is not.
    neighbor_ratio, reference_neighbor_ratio : float
        Median of the distance to the closest real row divided by that to the second closest, 0 to 1. Best is what the
        reference has. Near 0, each row belongs to a single real one. Rows that equal two real ones have 1.

    Raises
    ------
    ValueError
        If there are fewer than three real rows; see also `TablePair`.

    Notes
    -----
    The ratio describes most rows. A generator of good rows and a few copies has a ratio near 1: see `closer` and
    `find_copies`.

    The distance of two rows of categories is the root of a whole number of differences, so that a median jumps or does
    not move at all; a mean does neither. A few rows that are far from all others would rule a plain mean. This is why a
    distance counts at most as much as the median of those references that have one (of those above 0).

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(600, 3))
    >>> training, new, holdout = rows[:200], rows[200:400], rows[400:]
    >>> half = np.concatenate([training[:100], new[:100]])
    >>> for synthetic in (new, half, training):
    ...     print(round(closest_records(training, synthetic, holdout=holdout, random_state=0).ratio, 1))
    1.0
    0.5
    0.0
    """
    pair = as_pair(real, synthetic, holdout)
    n_real = len(pair.real)
    if n_real < 3:
        raise ValueError(f"real has {n_real} rows, but at least 3 are needed to compare neighbours")
    rng = np.random.default_rng(random_state)
    chosen = _subsample(pair.synthetic_cells, n_real, rng)
    unseen = _subsample(pair.real_cells if pair.holdout_cells is None else pair.holdout_cells, n_real, rng)
    points, synthetic_points, unseen_points = embed_rows(pair, pair.real_cells, chosen, unseen)
    distances = nearest_rows(synthetic_points, points, n=2)[1]
    if pair.holdout_cells is None:
        reference = nearest_rows(unseen_points, points, n=3)[1][:, 1:]  # number 0 is the row itself
    else:
        reference = nearest_rows(unseen_points, points, n=2)[1]
    return compare_closest(distances, reference, rng)


def compare_closest(distances: ArrayLike, reference: ArrayLike, rng: np.random.Generator) -> ClosestRecords:
    """Compare distances to the closest real rows, as `closest_records` does.

    Parameters
    ----------
    distances, reference : array of shape (n, k), (m, k)
        Distances of synthetic and of reference rows to their closest real rows, in ascending order. With k = 1 the
        ratios to the second closest are NaN.
    rng : numpy.random.Generator
        Draws the resamples of the interval.

    Returns
    -------
    ClosestRecords
        See `closest_records`.

    Examples
    --------
    >>> compare_closest([[1.0]], [[2.0]], np.random.default_rng(0)).ratio
    0.5
    """
    found, usual = np.asarray(distances, dtype=float), np.asarray(reference, dtype=float)
    near = np.quantile(usual[:, 0], 0.05)
    counted = np.minimum(found[:, 0], _middle(usual[:, 0])), np.minimum(usual[:, 0], _middle(usual[:, 0]))
    low, high = _ratio_interval(*counted, rng)
    distance, reference_distance = (of.mean() for of in counted)
    return ClosestRecords(
        distance=float(distance),
        reference_distance=float(reference_distance),
        ratio=float(_ratio(distance, reference_distance)),
        low=low,
        high=high,
        closer=Count(int((found[:, 0] < near).sum()), len(found)),
        reference_closer=Count(int((usual[:, 0] < near).sum()), len(usual)),
        neighbor_ratio=float(np.median(_ratio(*found.T))) if found.shape[1] > 1 else float("nan"),
        reference_neighbor_ratio=float(np.median(_ratio(*usual.T))) if found.shape[1] > 1 else float("nan"),
    )


def _subsample(cells: NDArray, n_others: int, rng: np.random.Generator) -> NDArray:
    return cells[subsample(len(cells), max(MIN_DRAWN, MAX_PAIRS // n_others), rng)]


def _ratio(a: Any, b: Any) -> NDArray:
    """Divide; 0 by 0 is 1, and more than 0 by 0 is NaN."""
    a, b = np.asarray(a), np.asarray(b)
    return np.where(b > 0, a / np.where(b > 0, b, 1), np.where(a > 0, np.nan, 1.0))


def _middle(distances: NDArray) -> float:
    """Return the median of the distances above 0, or infinity if there are none."""
    return float(np.median(distances[distances > 0])) if (distances > 0).any() else np.inf


def _ratio_interval(a: NDArray, b: NDArray, rng: np.random.Generator) -> tuple[float, float]:
    means = [[rng.choice(x, len(x)).mean() for x in (a, b)] for _ in range(_N_RESAMPLES)]
    ratios = _ratio(*np.array(means).T)
    if np.isnan(ratios).all():
        return float("nan"), float("nan")
    low, high = np.nanquantile(ratios, (0.025, 0.975))
    return float(low), float(high)


def membership_inference(
    real: Any, synthetic: Any = None, holdout: Any = None, *, random_state: int | np.random.Generator | None = None
) -> AUC:
    """Return how well an attacker recognises training rows by their distance to the closest synthetic row.

    Parameters
    ----------
    real : TablePair, or table of shape (n_real, d)
        The training rows, at least two, or a pair that holds all tables.
    synthetic : table of shape (n_synthetic, d) or None, default=None
        Synthetic rows with the same columns; None beside a pair.
    holdout : table of shape (n_holdout, d) or None, default=None
        Real rows that the generator has not seen, at least two; None beside a pair, which must hold them.
    random_state : int, numpy.random.Generator or None, default=None
        Chooses rows where there are more than 10^8 pairs.

    Returns
    -------
    value : float
        Area under the ROC curve of training rows against held-out rows, 0 to 1. 0.5 is best: the attacker learns
        nothing. 1: each training row is nearer to a synthetic one than every held-out row. Below 0.5 only by chance, or
        where the hold-out is of another kind.
    error : float
        Its standard error.

    Raises
    ------
    ValueError
        If there is no hold-out, or fewer than two real or held-out rows; see also `TablePair`.

    Notes
    -----
    This is a simple attack by someone who has the synthetic rows only; an attacker who has the model can do more. It is
    also an average over rows: single rows may be more exposed.

    References
    ----------
    Chen et al., arXiv 1909.03935 (the full black-box attack).

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(300, 3))
    >>> membership_inference(rows[:100], rows[:100], rows[100:]).value
    1.0
    """
    pair = as_pair(real, synthetic, holdout)
    if pair.holdout_cells is None:
        raise ValueError("holdout is None; membership inference needs real rows that the generator has not seen")
    n_real, n_holdout = len(pair.real), len(pair.holdout_cells)
    if min(n_real, n_holdout) < 2:
        raise ValueError(f"at least 2 rows are needed, got {n_real} real and {n_holdout} held-out ones")
    rng = np.random.default_rng(random_state)
    chosen = [_subsample(cells, len(pair.synthetic), rng) for cells in (pair.real_cells, pair.holdout_cells)]
    points, members, others = embed_rows(pair, pair.synthetic_cells, *chosen)
    return delong_auc(-nearest_rows(members, points)[1][:, 0], -nearest_rows(others, points)[1][:, 0])
