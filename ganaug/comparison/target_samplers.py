"""The known samplers for continuous targets and several labels, beside which ganaug's are compared."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.neighbors import NearestNeighbors

from ganaug.targets import GANMultilabelOversampler, GANRegressionOversampler

_N_NEIGHBORS = 5
# Of SMOGN: standard deviations of the noise around a row whose neighbor is far.
_NOISE = 0.02


class TargetSampler(BaseEstimator):
    """Rows where the target is rare, by a method that trains nothing. As many as a sampler of ganaug would add.

    Parameters
    ----------
    of : GANRegressionOversampler or GANMultilabelOversampler
        It says which rows are rare, and how many are added.
    method : {"random", "SMOTER", "SMOGN", "MLSMOTE"}
        "random" repeats rows. The others place a row between a rare one and one of its five nearest neighbors among the
        rare rows of the same range or label. SMOTER (Torgo et al., 2013) places its target between those of the two.
        SMOGN (Branco, Torgo and Ribeiro, 2017) does so where the neighbor is near, and otherwise adds noise to the row.
        With MLSMOTE (Charte et al., 2015), the row has the labels that most of the neighbors have.
    random_state : int, RandomState or None, default=None
        Seed.

    Notes
    -----
    SMOTER and SMOGN also leave out common rows; here no row is left out.

    Examples
    --------
    >>> X = pd.DataFrame({"x": np.arange(20.0)})
    >>> y = np.append(np.arange(18.0), [90, 100])
    >>> of = GANRegressionOversampler(relevance=[(9, 0), (90, 1)])
    >>> X_res, y_res = TargetSampler(of, "SMOTER", random_state=0).fit_resample(X, y)
    >>> bool((y_res[20:] >= 90).all()), len(y_res)
    (True, 28)
    """

    def __init__(
        self,
        of: GANRegressionOversampler | GANMultilabelOversampler,
        method: str,
        *,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.of = of
        self.method = method
        self.random_state = random_state

    def fit_resample(self, X: pd.DataFrame, y: NDArray) -> tuple[pd.DataFrame, NDArray]:
        """Return X and y, and the rows that are added after them.

        Parameters
        ----------
        X : DataFrame
            What `rows_of` returned.
        y : ndarray of shape (n_rows,) or (n_rows, n_labels)
            Targets.

        Returns
        -------
        X_resampled, y_resampled
            Of the same kind.
        """
        X = X.reset_index(drop=True)
        rng = np.random.default_rng(self.random_state)
        groups, requested = clone(self.of).plan(y)
        parts = [(X, y)]
        for group, n in requested.items():
            rare = np.flatnonzero(groups == group)
            own = X.iloc[rare].reset_index(drop=True)
            parts.append(_added(own, y[rare], n, self.method, rng))
        X_res = pd.concat([rows for rows, _ in parts], ignore_index=True).astype(X.dtypes.to_dict())
        return X_res, np.concatenate([of for _, of in parts])


class TargetWeights(BaseEstimator):
    """Nothing is added; rows with rare targets weigh as much as they would with the rows that a sampler adds.

    Parameters
    ----------
    of : GANRegressionOversampler
        It says which rows are rare, and how many would be added.
    """

    def __init__(self, of: GANRegressionOversampler) -> None:
        self.of = of

    def row_weights(self, y: NDArray) -> NDArray[np.float64]:
        """Return the weight of each row, with a mean of 1.

        Parameters
        ----------
        y : ndarray of shape (n_rows,)
            Targets.
        """
        groups, requested = clone(self.of).plan(y)
        sizes = np.bincount(groups)
        added = np.array([requested.get(group, 0) for group in range(len(sizes))])
        weights = (1 + added / np.maximum(sizes, 1))[groups]
        return weights / weights.mean()


def _added(X: pd.DataFrame, y: NDArray, n: int, method: str, rng: np.random.Generator) -> tuple[pd.DataFrame, NDArray]:
    """Return so many rows made of the rows of one group, and their targets."""
    first = rng.integers(len(X), size=n)
    if method == "random" or len(X) < 2:
        return X.iloc[first], y[first]
    distances, near = _neighbors(X)
    which = rng.integers(near.shape[1], size=n)
    second, share = near[first, which], rng.random(n)
    one, two = X.iloc[first].reset_index(drop=True), X.iloc[second].reset_index(drop=True)
    rows = pd.DataFrame({name: _between(one[name], two[name], share) for name in X})
    if method == "MLSMOTE":
        votes = y[first] + y[near[first]].sum(axis=1)
        return rows, (votes > (near.shape[1] + 1) / 2).astype(y.dtype)
    made = y[first] + share * (y[second] - y[first])
    if method == "SMOTER":
        return rows, made
    # of SMOGN: a neighbor beyond half of the median distance is far, and the noise is as small as that distance
    limit = np.median(distances, axis=1) / 2
    is_far = distances[first, which] >= limit[first]
    size = np.minimum(limit, _NOISE)[first][is_far]
    chosen = one[is_far].reset_index(drop=True)
    noisy = pd.DataFrame({name: _with_noise(chosen[name], X[name], size, rng) for name in X})
    rows = pd.concat([rows[~is_far], noisy], ignore_index=True)
    around = y[first][is_far] + rng.normal(size=len(size)) * size * y.std()
    return rows, np.concatenate([made[~is_far], around.clip(y.min(), y.max())])


def _neighbors(X: pd.DataFrame) -> tuple[NDArray, NDArray]:
    """Return the distances and positions of the neighbors of each row, not itself; categories differ by 1."""
    parts = []
    for name in X:
        if _is_measured(X[name]):
            numbers = _numbers(X[name])
            known = numbers[~np.isnan(numbers)]
            if len(known):
                numbers = (numbers - known.mean()) / (known.std() + 1e-9)
            parts.append(np.nan_to_num(numbers)[:, None])
        else:
            parts.append(pd.get_dummies(X[name].astype(str)).to_numpy(float) / np.sqrt(2))
    k = min(_N_NEIGHBORS, len(X) - 1) + 1
    distances, near = NearestNeighbors(n_neighbors=k).fit(np.hstack(parts)).kneighbors(np.hstack(parts))
    # a row is not always the first of its neighbors: others may equal it
    is_own = near == np.arange(len(X))[:, None]
    is_own[~is_own.any(axis=1), -1] = True
    return distances[~is_own].reshape(len(X), -1), near[~is_own].reshape(len(X), -1)


def _is_measured(column: pd.Series) -> bool:
    return column.dtype.kind in "iufmM"


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    if column.dtype.kind in "mM":
        return np.where(column.isna(), np.nan, column.astype("int64").to_numpy(float))
    return np.asarray(column.to_numpy(float, na_value=np.nan))


def _between(one: pd.Series, two: pd.Series, share: NDArray) -> pd.Series:
    """Return cells between those of two rows; cells that are no numbers are those of either."""
    if not _is_measured(one):
        return one.where(share < 0.5, two)
    if one.dtype.kind in "fmM":
        return (one + share * (two - one)).astype(one.dtype)
    numbers = _numbers(one)  # differences of unsigned integers would overflow
    return pd.Series(np.rint(numbers + share * (_numbers(two) - numbers)), dtype=one.dtype)


def _with_noise(column: pd.Series, all_rows: pd.Series, size: NDArray, rng: np.random.Generator) -> pd.Series:
    """Return cells with normal noise; cells that are no numbers are drawn by their shares."""
    if not _is_measured(column):
        return all_rows.iloc[rng.integers(len(all_rows), size=len(column))].reset_index(drop=True)
    if column.dtype.kind in "mM":
        return column
    known = _numbers(all_rows.dropna())
    made = _numbers(column)
    if len(known):  # within the range of the rows, so that whole numbers without a sign stay so
        made = (made + rng.normal(size=len(size)) * size * known.std()).clip(known.min(), known.max())
    return pd.Series(np.rint(made) if column.dtype.kind in "iu" else made, dtype=column.dtype)
