"""Measures of what a generated table gives away of the rows that its generator was trained on.

None of them is a guarantee: they find the ordinary leaks, copies and rows too near to single real ones. They compare
with rows that the generator has not seen, the hold-out, which are as near to the training rows as rows of the same
distribution have to be. Without a hold-out the training rows are compared with each other.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import KDTree

from ganaug.common.containers import as_frame
from ganaug.common.random import subsample
from ganaug.metrics.fidelity import AUC, TableCodes, auc, row_keys
from ganaug.metrics.images import nearest

# Pairs of rows whose distance is measured at once: about two seconds. Of longer tables some rows are drawn, 1,000 at
# least, and compared with all rows of the other table.
MAX_PAIRS = 100_000_000
MIN_DRAWN = 1_000
# Real pictures whose nearest other one is sought, for reference.
MAX_REFERENCE_PICTURES = 200


class Count(NamedTuple):
    """So many rows of so many."""

    found: int
    of: int

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.found / self.of

    def exceeds(self, other: "Count") -> bool:
        """Whether the share is larger than another one's by more than chance explains (97.5 % one-sided).

        Examples
        --------
        >>> Count(9, 1000).exceeds(Count(0, 1000)), Count(2, 1000).exceeds(Count(0, 1000))
        (True, False)
        """
        # one more found and one more not, in either (Agresti and Caffo 2000): right for small shares too
        a, b = (self.found + 1) / (self.of + 2), (other.found + 1) / (other.of + 2)
        error = np.sqrt(a * (1 - a) / (self.of + 2) + b * (1 - b) / (other.of + 2))
        return bool(a - b > 1.96 * error)


class Copies(NamedTuple):
    """What `copies` returns."""

    listed: pd.DataFrame
    exact: Count
    near: Count
    reference_exact: Count
    reference_near: Count


class Closest(NamedTuple):
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


def copies(real: Any, synthetic: Any, *, holdout: Any = None, tolerance: float = 0.01) -> Copies:
    """List synthetic rows that equal a real one, or nearly do.

    Parameters
    ----------
    real, synthetic : table of shape (n_real, d), (n_synthetic, d)
        The training rows and the generated ones, with the same columns; see `as_frame`.
    holdout : table of shape (n_holdout, d) or None, default=None
        Real rows that the generator has not seen, for reference: where real rows coincide anyway, so may synthetic
        ones. Without, it is how many real rows have another one that equals them.
    tolerance : float, default=0.01
        In standard deviations of a real column: a near copy differs from the real row by no more in any number. Its
        categories and its missing cells are the same.

    Returns
    -------
    listed : DataFrame
        A row for each near copy, exact ones among them and first: "synthetic" and "real", numbers of rows from 0 on;
        "distance", the largest difference of a number in standard deviations; "exact"; "shared by", how many real rows
        are like that real row: a copy of what many have in common gives nobody away.
    exact, near : Count
        Of synthetic rows; exact ones count as near, too. 0 is best where real rows are all different, and the shares of
        the reference else. More than those are memorised.
    reference_exact, reference_near : Count
        Of held-out rows, or of real rows.

    Raises
    ------
    ValueError
        If `tolerance` is negative; see also `as_frame` and `TableCodes`.

    Notes
    -----
    All rows are compared. In a table of a few short columns everything is near to something, synthetic or not: only
    what goes beyond the reference counts (`Count.exceeds`).

    Examples
    --------
    >>> real = pd.DataFrame({"age": [31, 42, 53], "city": ["Rome", "Oslo", "Rome"]})
    >>> found = copies(real, pd.DataFrame({"age": [42, 42], "city": ["Rome", "Oslo"]}))
    >>> found.listed
       synthetic  real  distance  exact  shared by
    0          1     1       0.0   True          1
    >>> found.exact.share, found.reference_exact.share
    (0.5, 0.0)
    """
    if tolerance < 0:
        raise ValueError(f"tolerance must be at least 0 standard deviations, got {tolerance=}")
    real = as_frame(real, "real")
    synthetic = as_frame(synthetic, "synthetic", real)
    others = [] if holdout is None else [as_frame(holdout, "holdout", real)]
    book = TableCodes(real, synthetic, *others)
    made = book.cells(synthetic)
    unseen = book.cells(others[0]) if others else book.cells_
    places, made_places, unseen_places = _places(book, tolerance, book.cells_, made, unseen)

    _, first, number, times = np.unique(row_keys(places), return_index=True, return_inverse=True, return_counts=True)
    # a tree of rows that are there many times would be deep and of no use
    tree = KDTree(places[first])
    bound = np.nextafter(tolerance * (1 + 1e-9), np.inf)  # the bound itself does not count

    distance, found = tree.query(made_places, p=np.inf, distance_upper_bound=bound)
    rows = np.flatnonzero(np.isfinite(distance))
    rows = rows[np.argsort(distance[rows], kind="stable")]
    listed = pd.DataFrame(
        {
            "synthetic": rows,
            "real": first[found[rows]],
            "distance": distance[rows],
            "exact": distance[rows] == 0,
            "shared by": times[found[rows]],
        }
    )
    if holdout is None:
        alike = times[number] > 1
        second = tree.query(places, k=[2], p=np.inf, distance_upper_bound=bound)[0][:, 0]
        reference = np.where(alike, 0, second)
    else:
        reference = tree.query(unseen_places, p=np.inf, distance_upper_bound=bound)[0]
    return Copies(
        listed,
        Count(int(listed["exact"].sum()), len(made)),
        Count(len(listed), len(made)),
        Count(int((reference == 0).sum()), len(unseen)),
        Count(int(np.isfinite(reference).sum()), len(unseen)),
    )


def _places(book: TableCodes, tolerance: float, *tables: NDArray) -> list[NDArray]:
    """Return the scaled numbers of rows, and a number that tells rows of other categories or missing cells apart."""
    cells = np.concatenate(tables)
    numbers = book.scaled(cells)[:, book.is_number]
    rest = np.column_stack([cells[:, ~book.is_number], np.isnan(numbers)])
    _, group = np.unique(row_keys(rest), return_inverse=True)
    apart = 1 + 2 * tolerance  # rows of different groups are never near
    places = np.column_stack([np.nan_to_num(numbers, nan=0.0), apart * group])
    return np.split(places, np.cumsum([len(table) for table in tables])[:-1])


def closest_records(
    real: Any, synthetic: Any, *, holdout: Any = None, random_state: int | np.random.Generator | None = None
) -> Closest:
    """Compare how near synthetic and unseen real rows are to the training rows.

    Parameters
    ----------
    real, synthetic : table of shape (n_real, d), (n_synthetic, d)
        The training rows, three at least, and the generated ones, with the same columns; see `as_frame`.
    holdout : table of shape (n_holdout, d) or None, default=None
        Real rows that the generator has not seen. Without, each real row is compared with the others, which
        flatters a generator a little: the others are one fewer.
    random_state : int, numpy.random.Generator or None, default=None
        Which rows are drawn where there are more than 10^8 pairs, and of the interval.

    Returns
    -------
    distance, reference_distance : float
        Median distance to the closest real row of synthetic rows and of reference rows, in the space of
        `TableCodes.points`; from 0 up.
    ratio, low, high : float
        The one divided by the other, from 0 up, with a 95 % interval. 1 is best: as far as new real rows. Well below,
        rows keep too near to those of the training; above, they are less real. NaN if only the reference is 0.
    closer, reference_closer : Count
        Of synthetic rows that are closer to a real row than the distance below which 5 % of the reference rows are, and
        of reference rows that are. The latter's share is best; more says that some rows are too near, even where the
        median is not.
    neighbor_ratio, reference_neighbor_ratio : float
        Median of the distance to the closest real row divided by that to the second, 0 to 1. Best is what the
        reference has; near 0, each row belongs to a single real one. Rows equal to two real ones have 1.

    Raises
    ------
    ValueError
        If there are fewer than three real rows; see also `as_frame` and `TableCodes`.

    Notes
    -----
    The ratio sees where most rows lie. A generator of good rows and a few copies has a ratio of 1: see `closer` and
    `copies`.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(300, 3))
    >>> closest_records(rows[:100], rows[:100] + 0.01, holdout=rows[100:], random_state=0).ratio < 0.1
    True
    """
    real = as_frame(real, "real")
    if len(real) < 3:
        raise ValueError(f"real has {len(real)} rows, and at least 3 are needed to compare neighbours")
    synthetic = as_frame(synthetic, "synthetic", real)
    others = [] if holdout is None else [as_frame(holdout, "holdout", real)]
    book = TableCodes(real, synthetic, *others)
    rng = np.random.default_rng(random_state)
    made = _drawn(book.cells(synthetic), len(real), rng)
    unseen = book.cells(others[0]) if others else book.cells_
    points, made, unseen = book.points(book.cells_, made, _drawn(unseen, len(real), rng))
    found = nearest(made, points, n=2)[1]
    # without a hold-out the nearest is the row itself
    reference = nearest(unseen, points, n=3)[1][:, 1:] if holdout is None else nearest(unseen, points, n=2)[1]

    return closest_of(found, reference, rng)


def closest_of(found: NDArray, reference: NDArray, rng: np.random.Generator) -> Closest:
    """Compare distances to the closest real rows, as `closest_records` does.

    Parameters
    ----------
    found, reference : array of shape (n, k), (m, k)
        Distances of synthetic and of reference rows to their closest real rows, in ascending order. With k = 1, the
        ratios to the second are NaN.
    rng : numpy.random.Generator
        Of the interval.

    Returns
    -------
    Closest
        What `closest_records` returns, with its intervals.

    Examples
    --------
    >>> closest_of(np.array([[1.0]]), np.array([[2.0]]), np.random.default_rng(0)).ratio
    0.5
    """
    low, high = _ratio_interval(found[:, 0], reference[:, 0], rng)
    near = np.quantile(reference[:, 0], 0.05)
    distance, reference_distance = np.median(found[:, 0]), np.median(reference[:, 0])
    return Closest(
        distance=float(distance),
        reference_distance=float(reference_distance),
        ratio=float(_ratio(distance, reference_distance)),
        low=low,
        high=high,
        closer=Count(int((found[:, 0] < near).sum()), len(found)),
        reference_closer=Count(int((reference[:, 0] < near).sum()), len(reference)),
        neighbor_ratio=float(np.median(_ratio(*found.T))) if found.shape[1] > 1 else float("nan"),
        reference_neighbor_ratio=float(np.median(_ratio(*reference.T))) if found.shape[1] > 1 else float("nan"),
    )


def _drawn(cells: NDArray, n_others: int, rng: np.random.Generator) -> NDArray:
    return cells[subsample(len(cells), max(MIN_DRAWN, MAX_PAIRS // n_others), rng)]


def _ratio(a: Any, b: Any) -> NDArray:
    """Divide; nothing by nothing is 1, and something by nothing unknown."""
    a, b = np.asarray(a), np.asarray(b)
    return np.where(b > 0, a / np.where(b > 0, b, 1), np.where(a > 0, np.nan, 1.0))


def _ratio_interval(a: NDArray, b: NDArray, rng: np.random.Generator) -> tuple[float, float]:
    medians = [[np.median(rng.choice(x, len(x))) for x in (a, b)] for _ in range(200)]
    ratios = _ratio(*np.array(medians).T)
    if np.isnan(ratios).all():
        return float("nan"), float("nan")
    low, high = np.nanquantile(ratios, (0.025, 0.975))
    return float(low), float(high)


def membership_inference(
    real: Any, synthetic: Any, holdout: Any, *, random_state: int | np.random.Generator | None = None
) -> AUC:
    """Return how well an attacker tells training rows from others, who takes rows near a synthetic one for them.

    Parameters
    ----------
    real, synthetic, holdout : table of shape (n_real, d), (n_synthetic, d), (n_holdout, d)
        The training rows, the generated ones, and real rows that the generator has not seen, with the same columns;
        two at least of each kind of real rows; see `as_frame`.
    random_state : int, numpy.random.Generator or None, default=None
        Which rows are drawn where there are more than 10^8 pairs.

    Returns
    -------
    value : float
        Area under the ROC curve of training against held-out rows, 0 to 1. 0.5 is best: nothing is learned. 1 says
        that each training row is nearer to a synthetic one than every other row. Below 0.5 only by chance, or
        where the hold-out is another kind of rows.
    error : float
        Its standard error.

    Raises
    ------
    ValueError
        If there are fewer than two real or held-out rows; see also `as_frame` and `TableCodes`.

    Notes
    -----
    A simple attack, that of a stranger who has the synthetic rows only: more is possible with the model itself. An
    average over rows, too: single ones may be more exposed.

    References
    ----------
    Chen et al., arXiv 1909.03935 (the full black-box attack).

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(300, 3))
    >>> membership_inference(rows[:100], rows[:100], rows[100:]).value
    1.0
    """
    real = as_frame(real, "real")
    synthetic, holdout = as_frame(synthetic, "synthetic", real), as_frame(holdout, "holdout", real)
    if min(len(real), len(holdout)) < 2:
        raise ValueError(f"at least 2 rows are needed, got {len(real)} real and {len(holdout)} held-out ones")
    book = TableCodes(real, synthetic, holdout)
    rng = np.random.default_rng(random_state)
    made = book.cells(synthetic)
    members, others = (_drawn(cells, len(made), rng) for cells in (book.cells_, book.cells(holdout)))
    made, members, others = book.points(made, members, others)
    return auc(-nearest(members, made)[1][:, 0], -nearest(others, made)[1][:, 0])
