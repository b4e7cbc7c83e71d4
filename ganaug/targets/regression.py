"""Continuous targets: rows whose target is rare get company."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import PchipInterpolator

from ganaug.common.containers import check_container
from ganaug.common.rows import stack_rows
from ganaug.common.warnings import warn_user
from ganaug.oversampler import GANOversampler
from ganaug.targets.joint import JointOversampler

Relevance = Callable[[NDArray], NDArray]


class GANRegressionOversampler(JointOversampler):
    """Add synthetic rows where a continuous target is rare: imbalanced regression.

    A relevance function says how much each value of the target matters, from 0 to 1. The values with a relevance of at
    least `threshold` are rare; they and the common values between them divide the target into ranges. The model learns
    the table together with the target, with the ranges as classes, and generates rows of the rare ranges, each with a
    target of its range.

    Parameters
    ----------
    relevance : "auto", list of (value, relevance) or callable, default="auto"
        ``"auto"`` takes `boxplot_relevance`: values beyond the whiskers of a box plot are rare. A list gives control
        points, between which the function is interpolated monotonically, such as ``[(0, 1), (20, 0), (50, 1)]``. A
        callable takes an array of targets and returns their relevance.
    threshold : float, default=0.8
        From which relevance on a value is rare, in (0, 1]; 0.8 as in SMOGN.
    sampling_strategy : "auto" or float, default="auto"
        The size of each rare range after resampling: ``"auto"`` is the mean size of all ranges, as in SMOGN; a float in
        (0, 1] is a share of the largest range. Ranges that are larger stay as they are.
    sampler : GANOversampler or None, default=None
        Whose model, selection and other parameters are taken. None is ``GANOversampler()``.
    random_state : int, RandomState or None, default=None
        Seed. None takes that of `sampler`.

    Attributes
    ----------
    ranges_ : DataFrame of shape (n_ranges, 4)
        "low" and "high", the smallest and the largest target of each range; "is_rare"; "n_rows" in the training data.
    is_synthetic_ : ndarray of bool, of shape (n_resampled,)
        Which rows of the result are synthetic.
    sampler_ : GANOversampler
        The fitted sampler. Not set if nothing is rare.

    See Also
    --------
    ganaug.GANOversampler : For classes.
    GANMultilabelOversampler : For several labels a row.

    Notes
    -----
    The relevance function is that of Torgo and Ribeiro (Utility-based regression, 2007), and the ranges are those of
    SMOGN (Branco, Torgo and Ribeiro, 2017).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 3))
    >>> y = np.exp(X[:, 0] + 0.1 * rng.normal(size=300))  # large values are rare
    >>> sampler = GANRegressionOversampler(sampler=GANOversampler(max_time=2), random_state=0)
    >>> X_res, y_res = sampler.fit_resample(X, y)
    >>> bool(np.mean(y_res > 4) > 1.5 * np.mean(y > 4))
    True
    """

    def __init__(
        self,
        *,
        relevance: str | Sequence[tuple[float, float]] | Relevance = "auto",
        threshold: float = 0.8,
        sampling_strategy: str | float = "auto",
        sampler: GANOversampler | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.relevance = relevance
        self.threshold = threshold
        self.sampling_strategy = sampling_strategy
        self.sampler = sampler
        self.random_state = random_state

    def _read(self, y: Any) -> pd.DataFrame:
        check_container(y, "y")
        is_missing = isinstance(y, pd.DataFrame | pd.Series) and bool(y.isna().to_numpy().any())
        values = np.asarray(y)
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        if values.dtype == object and not is_missing:  # numbers that are stored as objects, or as nullable ones
            values = pd.Series(values).infer_objects().to_numpy()
        if not is_missing and (values.ndim != 1 or values.dtype.kind not in "iuf"):
            raise ValueError(
                f"y must hold a number for each row, but has dtype {values.dtype} and shape {values.shape}; use "
                "GANOversampler for classes and GANMultilabelOversampler for several labels a row"
            )
        if is_missing or not np.isfinite(values.astype(float)).all():
            raise ValueError("y holds missing or infinite values; remove these rows")
        return pd.DataFrame({"y": values})

    def _groups(self, targets: pd.DataFrame) -> tuple[NDArray[np.intp], Mapping[int, int]]:
        if not (isinstance(self.threshold, int | float) and 0 < self.threshold <= 1):
            raise ValueError(f"threshold={self.threshold!r} must be above 0 and at most 1")
        strategy = self.sampling_strategy
        if not (strategy == "auto" or (isinstance(strategy, int | float) and 0 < strategy <= 1)):
            raise ValueError(f"sampling_strategy={strategy!r} must be 'auto' or a number above 0 and at most 1")
        y = targets["y"].to_numpy(float)
        values, position = np.unique(y, return_inverse=True)
        if len(values) == 1:
            raise ValueError(f"y holds the value {values[0].item()!r} only, so no target is rarer than another")
        relevance = np.asarray(relevance_function(self.relevance, y)(values))
        if relevance.shape != values.shape:
            raise ValueError(
                f"relevance must return a number for each target, but returned the shape {relevance.shape} for "
                f"{len(values):,} targets"
            )
        is_rare = relevance >= self.threshold
        of_value = np.cumsum(np.diff(is_rare, prepend=is_rare[0]))
        groups = of_value[position]
        sizes = np.bincount(groups)
        grouped = pd.DataFrame({"group": of_value, "value": values, "is_rare": is_rare}).groupby("group")
        self.ranges_ = pd.DataFrame(
            {
                "low": grouped["value"].min(),
                "high": grouped["value"].max(),
                "is_rare": grouped["is_rare"].first(),
                "n_rows": sizes,
            }
        ).reset_index(drop=True)
        if is_rare.all() or not is_rare.any():
            warn_user(
                f"{'all' if is_rare.all() else 'no'} targets have a relevance of at least threshold={self.threshold}, "
                "so no rows were added; pass other control points, such as "
                f"relevance=[({values[0]:g}, 0), ({values[-1]:g}, 1)] if large values are rare"
            )
            return groups, {}
        size = round(len(y) / len(sizes)) if strategy == "auto" else round(float(strategy) * sizes.max())
        requested = {of: size - int(n) for of, n in enumerate(sizes) if self.ranges_["is_rare"].iloc[of] and n < size}
        return groups, requested

    def _legal(self, generated: pd.DataFrame, groups: NDArray[np.intp], targets: pd.DataFrame) -> pd.DataFrame:
        low, high = (self.ranges_[name].to_numpy()[groups] for name in ("low", "high"))
        return generated.assign(y=generated["y"].clip(low, high).astype(targets["y"].dtype))

    def _write(self, y: Any, generated: pd.DataFrame) -> Any:
        values = generated["y"].to_numpy()
        if hasattr(y, "alias"):  # polars
            return y.clone().append(type(y)(y.name, values, dtype=y.dtype))
        if isinstance(y, pd.Series):
            return stack_rows([y, pd.Series(values, name=y.name, dtype=y.dtype)], len(y) + len(values))
        if hasattr(y, "columns"):
            made = pd.DataFrame({y.columns[0]: values})
            made = (
                made.astype(y.dtypes.to_dict()) if isinstance(y, pd.DataFrame) else type(y)(made).cast(dict(y.schema))
            )
            return stack_rows([y, made], len(y) + len(values))
        if isinstance(y, list):
            return [*y, *values.tolist()]
        array = np.asarray(y)
        return np.concatenate([array, values.reshape(-1, *array.shape[1:]).astype(array.dtype)])


def boxplot_relevance(y: ArrayLike, whisker: float = 1.5) -> list[tuple[float, float]]:
    """Return control points by which values beyond the whiskers of a box plot matter, and the median does not.

    Parameters
    ----------
    y : array-like of shape (n,)
        Targets.
    whisker : float, default=1.5
        Length of the whiskers, in heights of the box.

    Returns
    -------
    list of (value, relevance)
        0 at the median. At the last value within a whisker 1 if there are values beyond it, and otherwise 0. Where the
        box and its whiskers are the median alone, as of claims of which nine in ten are 0, 1 at the next value.

    Examples
    --------
    >>> boxplot_relevance([1, 2, 3, 4, 5, 30])
    [(1.0, 0.0), (3.5, 0.0), (5.0, 1.0)]
    >>> boxplot_relevance([0, 0, 0, 0, 0, 0, 0, 0, 7, 30])
    [(0.0, 0.0), (7.0, 1.0)]
    """
    values = np.sort(np.asarray(y, dtype=float))
    first, median, third = np.quantile(values, [0.25, 0.5, 0.75])
    reach = whisker * (third - first)
    inside = values[(values >= first - reach) & (values <= third + reach)]
    points = [(float(median), 0.0)]
    for end, beyond in ((inside[0], values[values < inside[0]][::-1]), (inside[-1], values[values > inside[-1]])):
        if end != median:
            points.append((float(end), float(len(beyond) > 0)))
        elif len(beyond):
            points.append((float(beyond[0]), 1.0))
    return sorted(points)


def relevance_function(relevance: str | Sequence[tuple[float, float]] | Relevance, y: ArrayLike) -> Relevance:
    """Return the function that says how much each value of a continuous target matters.

    Parameters
    ----------
    relevance : "auto", list of (value, relevance) or callable
        As in `GANRegressionOversampler`.
    y : array-like of shape (n,)
        Targets, whose box plot "auto" takes.

    Returns
    -------
    callable
        It takes an array of targets and returns their relevance, from 0 to 1.

    Raises
    ------
    ValueError
        If `relevance` is nothing of these, or all targets are equal.

    Examples
    --------
    >>> relevance_function([(0, 0), (10, 1)], [])(np.array([0.0, 5.0, 20.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    if callable(relevance):
        return relevance
    if isinstance(relevance, str):
        if relevance != "auto":
            raise ValueError(f"relevance={relevance!r} must be 'auto', a list of control points, or a callable")
        values = np.unique(np.asarray(y, dtype=float))
        if len(values) < 2:
            raise ValueError(
                f"y is {values[0]!s} in all {np.size(y):,} rows, so that no number is rare; pass rows of other numbers"
            )
        points = boxplot_relevance(y)
    else:
        points = list(relevance)
    array = np.array(sorted(points), dtype=float)
    if not np.isfinite(array).all():
        raise ValueError(f"relevance={relevance!r} holds missing or infinite numbers")
    if array.ndim != 2 or array.shape[1] != 2 or len(array) < 2 or (np.diff(array[:, 0]) <= 0).any():
        raise ValueError(f"relevance={relevance!r} must hold at least two points (value, relevance), in order")
    if (array[:, 1] < 0).any() or (array[:, 1] > 1).any():
        raise ValueError(f"relevance={relevance!r} holds a relevance outside of 0 to 1")
    curve = PchipInterpolator(array[:, 0], array[:, 1])
    return lambda values: curve(np.clip(values, array[0, 0], array[-1, 0]))
