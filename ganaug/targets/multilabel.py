"""Several labels a row: rows with rare labels get company, and their label sets are those of real rows."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ganaug.common.containers import check_container, to_pandas
from ganaug.common.rows import stack_rows, take_rows
from ganaug.common.warnings import warn_user
from ganaug.oversampler import GANOversampler
from ganaug.targets.joint import JointOversampler


class GANMultilabelOversampler(JointOversampler):
    """Add synthetic rows with rare labels, where each row has several labels or none.

    A label is rare if its imbalance (rows with the most frequent label, divided by rows with this one) is above the
    mean of all labels. The model learns the table together with its labels. The class of a row is its rarest label, so
    that rows of a rare label are generated on request; their other labels are generated with the row. Every synthetic
    row has a label set that a real row with the same rarest label has.

    Parameters
    ----------
    max_imbalance : float or "mean", default="mean"
        Down to which imbalance a rare label is brought, at least 1. ``"mean"`` is the mean imbalance of the labels, as
        in MLSMOTE.
    sampler : GANOversampler or None, default=None
        Whose model, selection and other parameters are taken. None is ``GANOversampler()``.
    random_state : int, RandomState or None, default=None
        Seed. None takes that of `sampler`.

    Attributes
    ----------
    imbalance_ : ndarray of shape (n_labels,)
        Of each label in the training data; infinite for a label without rows.
    is_synthetic_ : ndarray of bool, of shape (n_resampled,)
        Which rows of the result are synthetic.
    sampler_ : GANOversampler
        The fitted sampler. Not set if no label is rare.

    See Also
    --------
    ganaug.GANOversampler : For one label a row.
    GANRegressionOversampler : For numbers.

    Notes
    -----
    Imbalance and its mean are those of MLSMOTE (Charte et al., Knowledge-Based Systems 89, 2015). There the labels of a
    synthetic row are voted by neighbours.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 3))
    >>> y = np.column_stack([X[:, 0] > 0, X[:, 1] > 0, X[:, 2] > 1.6]).astype(int)
    >>> sampler = GANMultilabelOversampler(sampler=GANOversampler(max_time=2), random_state=0)
    >>> X_res, y_res = sampler.fit_resample(X, y)
    >>> bool(y_res[:, 2].sum() > 2 * y[:, 2].sum())
    True
    """

    def __init__(
        self,
        *,
        max_imbalance: float | str = "mean",
        sampler: GANOversampler | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.max_imbalance = max_imbalance
        self.sampler = sampler
        self.random_state = random_state

    def _read(self, y: Any) -> pd.DataFrame:
        check_container(y, "y")
        cells = np.array(y, dtype=object) if isinstance(y, list | tuple) else y  # rows of it may differ in length
        if np.ndim(cells) != 2:
            raise ValueError(
                f"y must have a column of 0 and 1 for each label, but has shape {np.shape(cells)}; "
                "sklearn.preprocessing.MultiLabelBinarizer makes such columns from lists of labels"
            )
        frame = cells if isinstance(cells, pd.DataFrame) else to_pandas(cells, "y")
        labels = [_has_label(frame.iloc[:, i]) for i in range(frame.shape[1])]
        array = np.stack(labels, axis=1) if labels else np.empty((len(frame), 0), dtype=int)
        return pd.DataFrame(array, columns=[f"label {i}" for i in range(array.shape[1])])

    def _groups(self, targets: pd.DataFrame) -> tuple[NDArray[np.intp], Mapping[int, int]]:
        labels = targets.to_numpy()
        limit = self.max_imbalance
        if not (limit == "mean" or (isinstance(limit, int | float) and limit >= 1)):
            raise ValueError(f"max_imbalance={limit!r} must be 'mean' or a number of at least 1")
        counts = labels.sum(axis=0)
        self.imbalance_ = label_imbalance(labels)
        groups = rarest_labels(labels)
        known = self.imbalance_[np.isfinite(self.imbalance_)]
        if not len(known):
            raise ValueError("no row of y has a label, so there is nothing to balance")
        wanted = counts.max() / (known.mean() if limit == "mean" else float(limit))
        requested: dict[int, int] = {}
        growing = counts.astype(float)
        # a row of a rarer label brings its other labels along, so that these need fewer rows of their own
        for label in sorted(np.flatnonzero(counts), key=lambda of: (counts[of], of)):
            n = int(np.ceil(wanted - growing[label]))
            own = groups == label
            if n > 0 and own.any():
                requested[int(label)] = n
                growing += n * labels[own].mean(axis=0)
        if not requested:
            warn_user(
                f"no label is rarer than max_imbalance={limit!r} asks for, so no rows were added; pass a smaller "
                "number, down to 1, for which all labels become equally frequent"
            )
        return groups, requested

    def _legal(self, generated: pd.DataFrame, groups: NDArray[np.intp], targets: pd.DataFrame) -> pd.DataFrame:
        """Replace each generated label set by the nearest one of real rows of the group, the most frequent of ties."""
        real, real_groups, made = targets.to_numpy(), rarest_labels(targets.to_numpy()), generated.to_numpy(int).copy()
        for group in np.unique(groups):
            sets, counts = np.unique(real[real_groups == group], axis=0, return_counts=True)
            sets = sets[np.argsort(-counts, kind="stable")]
            rows = np.flatnonzero(groups == group)
            differing = (made[rows, None, :] != sets[None, :, :]).sum(axis=2)
            made[rows] = sets[differing.argmin(axis=1)]
        return pd.DataFrame(made, columns=generated.columns)

    def _write(self, y: Any, generated: pd.DataFrame) -> Any:
        # each label set is that of a real row, which has it in the container and dtypes of y
        sets = np.concatenate([self._read(y), generated])
        _, first, of_set = np.unique(sets, axis=0, return_index=True, return_inverse=True)
        places = first[of_set.ravel()[len(sets) - len(generated) :]]
        return stack_rows([y, take_rows(y, places)], len(sets))


def _has_label(column: pd.Series) -> NDArray[np.intp]:
    """Return 1 for the rows that have a label and 0 for the others, from 0 and 1 or False and True of any dtype."""
    missing = column.isna().to_numpy(bool)
    if missing.any():
        raise ValueError(
            f"y has {missing.sum():,} missing cells in column {column.name!r}; say by 0 or 1 whether these rows have "
            "the label, or remove them"
        )
    cells = column.to_numpy()
    if cells.dtype.kind not in "biuf":
        cells = column.to_numpy(object)
        is_legal = np.array([isinstance(cell, Number) and cell in (0, 1) for cell in cells], dtype=bool)
    else:
        is_legal = np.isin(cells, (0, 1))
    if not is_legal.all():
        raise ValueError(
            f"y holds other values than 0 and 1, such as {cells[~is_legal].tolist()[0]!r} in column {column.name!r}; "
            "each column must say which rows have the label"
        )
    return cells.astype(np.intp)


def label_imbalance(labels: ArrayLike) -> NDArray:
    """Return for each label the rows of the most frequent label divided by its own.

    Parameters
    ----------
    labels : array-like of 0 and 1, shape (n_rows, n_labels)
        Which rows have which labels.

    Returns
    -------
    ndarray of shape (n_labels,)
        At least 1; infinite for a label without rows.

    Examples
    --------
    >>> label_imbalance([[1, 0], [1, 1], [1, 0], [1, 0]]).tolist()
    [1.0, 4.0]
    """
    counts = np.asarray(labels).sum(axis=0).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(counts > 0, counts.max(initial=0) / counts, np.inf)


def rarest_labels(labels: NDArray) -> NDArray[np.intp]:
    """Return the rarest label of each row; the number of labels for a row without any.

    Parameters
    ----------
    labels : ndarray of 0 and 1, shape (n_rows, n_labels)
        Which rows have which labels.

    Examples
    --------
    >>> rarest_labels(np.array([[1, 0], [1, 1], [1, 0], [0, 0]])).tolist()
    [0, 1, 0, 2]
    """
    counts = labels.sum(axis=0)
    order = np.argsort(counts, kind="stable")
    rank = np.empty(len(order), dtype=int)
    rank[order] = np.arange(len(order))
    ranked = np.where(labels == 1, rank, len(order))
    rarest = ranked.min(axis=1, initial=len(order))
    return np.append(order, len(order))[rarest]
