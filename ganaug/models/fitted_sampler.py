"""What a sampler offers after its model is trained: rows of a class, files, history, and where its rows come from."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from ganaug.common.random import draw_seed
from ganaug.models.base import ConditionalGAN
from ganaug.models.resampled import ResampledRows
from ganaug.models.scoring import class_index

Self = TypeVar("Self", bound="FittedSamplerMixin")


class FittedSamplerMixin:
    """The part of `ganaug.GANOversampler` that follows `fit` and `fit_resample`."""

    model_: ConditionalGAN
    target_name_: str | None
    n_features_in_: int
    feature_names_in_: NDArray
    _resampled: ResampledRows

    def sample(
        self,
        n: int,
        label: Any,
        random_state: int | np.random.RandomState | None = None,
        *,
        given: Mapping[Any, Any] | None = None,
    ) -> Any:
        """Generate rows of one class, without selection.

        Parameters
        ----------
        n : int
            Number of rows, at least 0.
        label : label
            A class seen in `fit` or `fit_resample`.
        random_state : int, RandomState or None, default=None
            Seed of the rows. With None the same call gives the same rows, and other rows than `fit_resample` returned.
        given : dict or None, default=None
            For tables: column -> cell, such as ``{"age": 30, "sex": "F"}``, or a list of n cells. The rows have exactly
            these cells, and the other cells fit to them. For images of an `ImageGAN` that was fitted with attributes:
            attribute -> level, such as ``{"stain": "H&E"}``.

        Returns
        -------
        X : same container and dtypes as in `fit`, n rows
            The rows.

        Raises
        ------
        ValueError
            If `n` is not a number of rows, `label` was not seen in `fit`, or a cell of `given` is not legal in its
            column.
        """
        self._check_request("sample", n, label)
        seed = self.model_.seed_ + 1 if random_state is None else random_state
        return self.model_.sample(np.full(n, label), random_state=seed, given=given)

    def impute(
        self,
        X: Any,
        y: Any,
        *,
        sample_posterior: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> Any:
        """Fill missing cells of a table with what the generator expects there; see `ganaug.TabularGAN.impute`.

        Parameters
        ----------
        X : same container as in `fit`, of shape (n_rows, n_columns)
            Rows with the columns of `fit`.
        y : array-like of shape (n_rows,)
            Their labels, each seen in `fit`.
        sample_posterior : bool, default=False
            Whether cells are drawn at random, or near the middle of what is likely.
        random_state : int, RandomState or None, default=None
            Seed of the draws. None continues from the seed of `fit`.

        Returns
        -------
        X_imputed : same container and dtypes as X
            Cells that were there are unchanged.

        Raises
        ------
        ValueError
            If the model is not for tables, X has other columns than in `fit`, or y labels that were not seen there.
        """
        check_is_fitted(self, "model_")
        if not hasattr(self.model_, "impute"):
            raise ValueError(f"impute is for tables, but the model is a {type(self.model_).__name__}")
        return self.model_.impute(X, y, sample_posterior=sample_posterior, random_state=random_state)

    def iter_sample(
        self, n: int, label: Any, batch_size: int = 65_536, random_state: int | np.random.RandomState | None = None
    ) -> Iterator[Any]:
        """Generate rows of one class in batches, so that not all of them have to be in memory.

        Parameters
        ----------
        n : int
            Number of rows in total, at least 0.
        label : label
            A class seen in `fit` or `fit_resample`.
        batch_size : int, default=65_536
            Rows of a batch, at most, at least 1.
        random_state : int, RandomState or None, default=None
            Seed of the rows. With None the same call gives the same rows.

        Yields
        ------
        X : same container and dtypes as in `fit`
            The next rows. Identifiers are new in each batch, but two batches may hold the same one.

        Raises
        ------
        ValueError
            If `n` or `batch_size` is not such a number, or `label` was not seen in `fit`.

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
        >>> from ganaug import GANOversampler
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> sampler = GANOversampler(random_state=0, max_time=2).fit(X, y)
        >>> [len(rows) for rows in sampler.iter_sample(2_500, label=0, batch_size=1_000)]
        [1000, 1000, 500]
        """
        if not isinstance(batch_size, int | np.integer) or batch_size < 1:
            raise ValueError(f"batch_size={batch_size!r} is not a number of rows, at least 1")
        self._check_request("iter_sample", n, label)
        first = self.model_.seed_ + 1 if random_state is None else draw_seed(random_state)
        sizes = [min(batch_size, n - at) for at in range(0, n, batch_size)]
        seeds = np.random.SeedSequence(first).generate_state(max(len(sizes), 1)) % (2**31 - 4)
        # what is wrong is said here, and not only when the first rows are asked for
        return (self.sample(of, label, random_state=int(seed)) for of, seed in zip(sizes, seeds, strict=False))

    def _check_request(self, name: str, n: int, label: Any) -> None:
        check_is_fitted(self, "model_")
        if not isinstance(n, int | np.integer) or n < 0 or np.ndim(label):
            raise ValueError(f"{name} takes a number of rows and one label, but got n={n!r} and label={label!r}")
        class_index(self.classes_, np.array([label]))

    def save(self, path: str | Path) -> None:
        """Store the fitted model in one file, for `load`.

        The file holds weights and plain data, and no code. It holds values of the training data, see
        `ganaug.TabularGAN.save`.

        Parameters
        ----------
        path : str or Path
            Where to store it; an existing file is replaced.
        """
        check_is_fitted(self, "model_")
        self.model_.save(path)

    @classmethod
    def load(cls: type[Self], path: str | Path) -> Self:
        """Read a sampler that `save` stored, or a model that its own ``save`` stored.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        GANOversampler
            Ready to `sample`. `fit_resample` trains from the beginning; after ``set_params(model__warm_start=True)`` it
            continues from the networks of the file, if the model is a `ganaug.ImageGAN`, or a `ganaug.TabularGAN` that
            had ``warm_start=True`` when it was stored.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is cut short, is not a ganaug model, or has another version of the file format.
        """
        model: ConditionalGAN = ConditionalGAN.load(path)
        sampler: Any = cast(Any, cls)(model=clone(model))
        sampler.model_ = model
        sampler.target_name_ = model.target_name_
        sampler.n_features_in_ = model.n_features_in_
        if hasattr(model, "feature_names_in_"):
            sampler.feature_names_in_ = model.feature_names_in_
        return sampler

    @property
    def classes_(self) -> np.ndarray:
        """Labels that `sample` knows."""
        check_is_fitted(self, "model_")
        return self.model_.classes_

    @property
    def history_(self) -> pd.DataFrame:
        """The training history of the model."""
        check_is_fitted(self, "model_")
        if not hasattr(self.model_, "history_"):
            raise AttributeError(
                "this sampler has no history_: it was loaded from a file, and files do not hold the history"
            )
        return self.model_.history_

    @property
    def is_synthetic_(self) -> NDArray[np.bool_]:
        """Which rows of the result are synthetic."""
        check_is_fitted(self, "_resampled")
        return self._resampled.is_synthetic

    @property
    def sample_weight_(self) -> NDArray[np.float64]:
        """Weights of the rows of the result."""
        check_is_fitted(self, "_resampled")
        return self._resampled.weights

    @property
    def source_indices_(self) -> NDArray[np.intp]:
        """Position in X of each row of the result."""
        check_is_fitted(self, "_resampled")
        if not self._resampled.has_indices:
            raise AttributeError(
                "this sampler has no source_indices_: they are there for tables, and are not pickled before they were "
                "read"
            )
        return self._resampled.indices

    @property
    def groups_(self) -> NDArray:
        """Groups of the rows of the result."""
        check_is_fitted(self, "_resampled")
        if self._resampled.groups is None:
            raise AttributeError("this sampler has no groups_: pass groups to fit_resample")
        return self._resampled.groups[self.source_indices_]

    @property
    def provenance_(self) -> pd.DataFrame:
        """Where the synthetic rows come from."""
        check_is_fitted(self, "_resampled")
        found = self._resampled.frame
        if found is None:
            raise AttributeError(
                "this sampler has no provenance_: it is there for tables, for translated images and for images with "
                "attributes, after fit_resample has generated rows, and is not pickled before it was read"
            )
        return found

    def __getstate__(self) -> dict[str, Any]:
        # a sampler holds training rows only to compute what is asked for; its pickle does not
        parent: Any = super()  # an estimator
        state = parent.__getstate__()
        return {**state, "_resampled": state["_resampled"].without_rows()} if "_resampled" in state else state
