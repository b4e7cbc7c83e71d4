"""Rows whose target is generated with them: the target becomes columns of the table, and groups of rows its classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_consistent_length

from ganaug.common.containers import container_of, to_pandas
from ganaug.common.rows import stack_rows
from ganaug.common.warnings import stable_warning_filters
from ganaug.models import model_of_tables
from ganaug.oversampler import GANOversampler


class JointOversampler(BaseEstimator):
    """Add synthetic rows to groups of rows, each row with its target.

    A subclass says which groups there are (`_groups`), which target a generated one becomes (`_legal`), and how `y` is
    read and returned.
    """

    sampler: GANOversampler | None
    random_state: int | np.random.RandomState | None
    is_synthetic_: NDArray[np.bool_]
    sampler_: GANOversampler

    def _read(self, y: Any) -> pd.DataFrame:
        """Return the target as columns, and validate it."""
        raise NotImplementedError

    def _groups(self, targets: pd.DataFrame) -> tuple[NDArray[np.intp], Mapping[int, int]]:
        """Return the group of each row, and how many rows to generate in which groups."""
        raise NotImplementedError

    def _legal(self, generated: pd.DataFrame, groups: NDArray[np.intp], targets: pd.DataFrame) -> pd.DataFrame:
        """Return targets that real rows could have, for the generated ones of these groups."""
        raise NotImplementedError

    def _write(self, y: Any, generated: pd.DataFrame) -> Any:
        """Return generated targets in the container of `y`."""
        raise NotImplementedError

    def read(self, y: Any) -> pd.DataFrame:
        """Validate targets, and return them as columns.

        Parameters
        ----------
        y : array-like, Series or DataFrame
            Targets, as the class describes them.

        Returns
        -------
        DataFrame of shape (n_rows, n_targets)
            A column "y" of numbers, or a column of 0 and 1 for each label.

        Raises
        ------
        ValueError
            If y is not such a target.
        """
        return self._read(y)

    def plan(self, y: Any) -> tuple[NDArray[np.intp], dict[int, int]]:
        """Return the group of each row, and how many rows `fit_resample` would add to which groups.

        Parameters
        ----------
        y : array-like, Series or DataFrame
            Targets, as the class describes them.

        Returns
        -------
        groups : ndarray of int, shape (n_rows,)
            The group of each row.
        requested : dict of int to int
            Group -> number of rows to add, without groups that stay as they are.
        """
        groups, requested = self._groups(self._read(y))
        return groups, dict(requested)

    @stable_warning_filters()
    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Train the model, and add synthetic rows where rows are rare.

        Parameters
        ----------
        X : {DataFrame, polars DataFrame, array-like} of shape (n_rows, n_columns)
            The rows.
        y : array-like, Series or DataFrame
            Their targets, as the class describes them.

        Returns
        -------
        X_resampled : same container and dtypes as X
            All rows of X, unchanged and in their order, followed by the synthetic ones.
        y_resampled : same container and dtypes as y
            Their targets.

        Raises
        ------
        ValueError
            If X or y is not such data, or they differ in length.
        """
        if np.ndim(X) != 2:
            raise ValueError(f"X must be a table of shape (n_rows, n_columns), but has shape {np.shape(X)}")
        if not (self.sampler is None or isinstance(self.sampler, GANOversampler)):
            raise ValueError(f"sampler={self.sampler!r} must be a GANOversampler, such as GANOversampler(model=...)")
        targets = self._read(y)
        frame = to_pandas(X).reset_index(drop=True)
        if not len(frame):
            raise ValueError(f"X has shape {np.shape(X)}: at least one row is needed")
        check_consistent_length(frame, targets)
        groups, requested = self._groups(targets)
        self.is_synthetic_ = np.repeat([False, True], [len(frame), sum(requested.values())])
        if not requested:
            return X, y
        names = _free_names(frame.columns, targets.shape[1])
        joint = pd.concat([frame, targets.set_axis(names, axis=1)], axis=1)
        sampler = GANOversampler() if self.sampler is None else clone(self.sampler)
        counts = dict(zip(*np.unique(groups, return_counts=True), strict=True))
        sampler.set_params(sampling_strategy={int(of): int(counts[of]) + n for of, n in requested.items()})
        if self.random_state is not None:
            sampler.set_params(random_state=self.random_state)
        sampler.set_params(model=model_of_tables(sampler.model))
        resampled, labels = sampler.fit_resample(joint, groups)
        self.sampler_ = sampler
        synthetic = resampled.iloc[len(frame) :].reset_index(drop=True)
        made = synthetic[names].set_axis(targets.columns, axis=1)
        made = self._legal(made, np.asarray(labels[len(frame) :]), targets)
        container = container_of(X)
        rows = container.restore(synthetic.drop(columns=names).set_axis(frame.columns, axis=1))
        return stack_rows([X, rows], len(resampled)), self._write(y, made)


def _free_names(taken: pd.Index, n: int) -> list[Any]:
    """Return names for columns of targets, which no column of the table has: numbers beside numbers, else text."""
    if all(isinstance(name, int | np.integer) for name in taken):
        first = 1 + max((int(name) for name in taken), default=-1)
        return list(range(first, first + n))
    return [next(name for name in _names(i) if name not in taken) for i in range(n)]


def _names(i: int) -> Any:
    name = f"target {i}"
    while True:
        yield name
        name += "'"
