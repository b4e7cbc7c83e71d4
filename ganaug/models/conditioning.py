"""Rows of which some cells are given: `sample(given=...)` and `impute` of a model of tables."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_consistent_length, check_is_fitted
from torch import Tensor, nn

from ganaug.common.containers import container_of, to_pandas
from ganaug.common.labels import labels_of
from ganaug.common.random import draw_seed
from ganaug.common.warnings import warn_user
from ganaug.constraints import Constraints
from ganaug.encoders import KnownCells, TableEncoder, as_column, column_mask, encode_known
from ganaug.models.scoring import class_index
from ganaug.models.torch_state import torch_threads
from ganaug.training import ConditionalMixture, MixturePrior, Prior

# Candidates of each row. Where a mean is asked for, it is that of all of them.
_N_CANDIDATES = 20
# The weight of a candidate falls with the squared distance between its known cells and the given ones, by this scale.
_SCALE = 0.1
# Candidates that are tried where a row breaks a rule.
_N_TRIED = 8
# Rows that are completed at once.
_N_ROWS = 2_048
# Without a mixture, rows of a class from which candidates are taken.
_N_POOL = 8_192


class ConditioningMixin:
    """Completes rows: cells that are given stay, and the generator gives the others."""

    _n_generated: ClassVar[int]
    _n_threads: ClassVar[int | None]

    classes_: NDArray
    seed_: int
    generator_: nn.Module
    encoder_: TableEncoder
    prior_: Prior
    constraints_: Constraints
    _generate: Callable[..., Tensor]
    _run_generator: Callable[..., Tensor]
    _renewal: Callable[[int], Callable[[Any, NDArray], Any]]

    def impute(
        self,
        X: Any,
        y: Any,
        *,
        sample_posterior: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> Any:
        """Fill missing cells with what the generator expects there, given the other cells of the row and its class.

        The class is used. So fill training rows only, or rows whose class is known when the model is used.

        Parameters
        ----------
        X : same container as in `fit`, of shape (n_rows, n_columns)
            Rows with the columns of `fit`. Numbers outside the range seen there count as its nearest end, and levels
            that were not seen as unknown; both stay as they are.
        y : array-like of shape (n_rows,)
            Their labels, each seen in `fit`.
        sample_posterior : bool, default=False
            Whether cells are drawn at random, as they are spread among real rows: then shares and variances of the
            columns are kept. With False a cell is the mean or the most frequent level of 20 draws: it is nearer to the
            true one, and varies less.
        random_state : int, RandomState or None, default=None
            Seed of the draws. None continues from the seed of `fit`.

        Returns
        -------
        X_imputed : same container and dtypes as X
            Cells that were there are unchanged. Columns that identify rows are not filled, and neither are those that
            had no other cells in `fit`.

        Raises
        ------
        ValueError
            If X has other columns than in `fit`, or y labels that were not seen there.

        Warns
        -----
        UserWarning
            If filled rows break a rule of `constraints_`.

        Examples
        --------
        >>> import numpy as np
        >>> from ganaug import TabularGAN
        >>> rng = np.random.default_rng(0)
        >>> X, y = rng.normal(size=(100, 2)), np.repeat([0, 1], 50)
        >>> X[:5, 1] = np.nan
        >>> model = TabularGAN(n_steps=20, random_state=0).fit(X, y)
        >>> int(np.isnan(model.impute(X, y)).sum())
        0
        """
        check_is_fitted(self, "generator_")
        frame = to_pandas(X).reset_index(drop=True)
        self.encoder_._check_columns(X, frame)
        labels = labels_of(y)
        check_consistent_length(frame, labels)
        index = class_index(self.classes_, labels)
        absent = frame.isna().to_numpy(bool, copy=True)
        for i, column in enumerate(self.encoder_.columns_):
            absent[:, i] &= column.kind not in ("identifier", "constant")
        rows = np.flatnonzero(absent.any(axis=1))
        if not len(rows):
            return X
        cells = encode_known(self.encoder_, frame.iloc[rows], ~frame.isna().to_numpy(bool)[rows], strict=False)
        seed = self.seed_ if random_state is None else draw_seed(random_state)
        found = self._complete(
            frame.iloc[rows].reset_index(drop=True), absent[rows], cells, index[rows], seed, not sample_posterior
        )
        for i in np.flatnonzero(absent.any(axis=0)).tolist():
            column, is_filled = frame.iloc[:, i], absent[rows, i]
            filled = column.astype(object).to_numpy(copy=True)
            filled[rows[is_filled]] = found.iloc[:, i].astype(object)[is_filled]
            new: Any = pd.Series(filled, index=column.index, dtype=object).astype(column.dtype)
            frame.isetitem(i, new)
        restored: Any = container_of(X).restore(frame)
        return restored.set_axis(X.index) if isinstance(X, pd.DataFrame) else restored

    def _sample_given(self, y: Any, given: Mapping[Any, Any], random_state: Any) -> Any:
        """Generate a row for each label, with the given cells."""
        check_is_fitted(self, "generator_")
        index = class_index(self.classes_, np.asarray(y))
        columns = self.encoder_.columns_
        seed = self.seed_ if random_state is None else draw_seed(random_state)
        if not len(index):
            return self.encoder_.decode(torch.zeros(0, self.encoder_.width_))
        # a table of the right dtypes, into which the given cells are put
        blank = torch.zeros(1, self.encoder_.width_)
        frame = to_pandas(self.encoder_.decode(blank)).iloc[np.zeros(len(index), np.intp)].reset_index(drop=True)
        known = np.zeros(frame.shape, dtype=bool)
        for name, value in given.items():
            mask = column_mask([name], self.encoder_.feature_names_, "given")
            is_sequence = isinstance(value, list | np.ndarray | pd.Series)
            if is_sequence and len(value) != len(index):
                raise ValueError(f"given[{name!r}] has {len(value)} values for {len(index)} rows")
            for i in np.flatnonzero(mask).tolist():
                own = pd.Series(list(value) if is_sequence else [value] * len(index), dtype=object).infer_objects()
                frame.isetitem(i, _as_given(columns[i], own, frame.iloc[:, i]))
                known[:, i] = True
        cells = encode_known(self.encoder_, frame, known, strict=True)
        completed = self._complete(frame, ~known, cells, index, seed, False)
        container = self.encoder_._container
        restored = container.restore(completed.set_axis(range(frame.shape[1]), axis=1))
        renewed = to_pandas(self._renewal(seed)(restored, index))
        for i in np.flatnonzero(known.any(axis=0)).tolist():
            kept: Any = frame.iloc[:, i]
            renewed.isetitem(i, kept)
        return container.restore(renewed.set_axis(range(frame.shape[1]), axis=1))

    def _complete(
        self, frame: pd.DataFrame, absent: NDArray, cells: KnownCells, index: NDArray, seed: int, mean: bool
    ) -> pd.DataFrame:
        """Return the rows of `frame` with other cells where `absent` says so."""
        rng = torch.Generator().manual_seed(seed + 5)
        parts = []
        n_broken = 0
        with torch_threads(self._n_threads):
            for first in range(0, len(frame), _N_ROWS):
                part = slice(first, first + _N_ROWS)
                own = KnownCells(cells.rows[part], cells.is_known[part], cells.is_missing[part])
                part_frame = frame.iloc[part].reset_index(drop=True)
                rows, broken = self._complete_part(part_frame, absent[part], own, index[part], rng, mean)
                parts.append(rows)
                n_broken += int(broken.sum())
        if n_broken:
            warn_user(
                f"{n_broken:,} of {len(frame):,} rows break a rule of the table with the given cells; see constraints_ "
                "of the model. Give other cells, or leave rules out with constraints=None."
            )
        return pd.concat(parts, ignore_index=True)

    def _complete_part(
        self, frame: pd.DataFrame, absent: NDArray, cells: KnownCells, index: NDArray, rng: torch.Generator, mean: bool
    ) -> tuple[pd.DataFrame, NDArray]:
        candidates = self._candidates(cells, index, rng)
        known, is_known = torch.from_numpy(cells.rows), torch.from_numpy(cells.is_known)
        n_continuous = self.encoder_.n_continuous_
        apart = torch.where(is_known[:, None], candidates - known[:, None], 0.0).square()
        apart[:, :, n_continuous:] *= _SCALE  # another level counts as three times the scale
        log_weight = -0.5 * apart.sum(2) / _SCALE**2
        hidden = torch.from_numpy(cells.is_missing & ~cells.is_known)
        uniform = torch.rand(log_weight.shape, generator=rng).clamp_(min=2**-25)
        order = (log_weight - uniform.log().neg().log()).argsort(1, descending=True)[:, :_N_TRIED]
        tried = candidates.gather(1, order[:, :, None].expand(-1, -1, candidates.shape[2]))
        if mean:
            tried = torch.cat([candidates.mean(1, keepdim=True), tried], 1)
        completed, left = frame, np.arange(len(frame))
        for k in range(tried.shape[1]):
            encoded = torch.where(is_known, known, tried[:, k]).masked_fill(hidden, -torch.inf)[left]
            fresh = to_pandas(self.encoder_.decode(encoded)).set_axis(frame.columns, axis=1)
            fresh = _kept(fresh, frame.iloc[left].reset_index(drop=True), absent[left])
            fresh, broken = self._judged(fresh, absent[left], self.classes_[index[left]])
            if k == 0:
                completed, left = fresh, left[broken]
            else:
                completed = _replaced(completed, fresh, left, ~broken)
                left = left[broken]
            if not len(left):
                break
        return completed, np.isin(np.arange(len(frame)), left)

    def _judged(self, rows: pd.DataFrame, absent: NDArray, y: NDArray) -> tuple[pd.DataFrame, NDArray]:
        """Return rows, repaired where that changes no given cell, and which of them break a rule."""
        if not len(self.constraints_):
            return rows, np.zeros(len(rows), dtype=bool)
        joined = self.constraints_.with_class(rows, y)
        repaired = self.constraints_.repair(joined, generated=True)
        is_same = ((repaired == joined) | (repaired.isna() & joined.isna())).to_numpy(bool)[:, : rows.shape[1]]
        is_allowed = (is_same | absent).all(axis=1)
        if is_allowed.any():
            joined = _replaced(joined, repaired[is_allowed], np.flatnonzero(is_allowed), None)
        return joined.iloc[:, : rows.shape[1]], self.constraints_.broken(joined)

    def _candidates(self, cells: KnownCells, index: NDArray, rng: torch.Generator) -> Tensor:
        """Return generated rows that nearly have the known cells, (n, n_candidates, width)."""
        if not isinstance(self.prior_, MixturePrior):
            return self._from_pool(cells, index, rng)
        n, width = cells.rows.shape
        found = torch.empty(n, _N_CANDIDATES, width)
        for of_pattern in _groups(np.column_stack([index, cells.is_known])):
            places = np.repeat(of_pattern, _N_CANDIDATES)
            is_known, label = cells.is_known[of_pattern[0]], int(index[of_pattern[0]])
            continuous = np.flatnonzero(is_known[: self.encoder_.n_continuous_])
            starts = self.encoder_.n_continuous_ + np.cumsum([0, *self.encoder_.block_sizes_])[:-1]
            blocks = np.flatnonzero(is_known[starts])
            mixture = ConditionalMixture(self.prior_, label, continuous, blocks)
            missing = torch.from_numpy(cells.is_missing[places])
            anchor = mixture.draw(torch.from_numpy(cells.rows[places]), missing, rng)
            y = torch.from_numpy(index[places])
            latent, gumbel, _ = self.prior_.draw(y, rng)
            rows = torch.cat(
                [
                    self._run_generator(part_of_y, tuple(start))
                    for part_of_y, *start in zip(
                        *(tensor.split(self._n_generated) for tensor in (y, latent, gumbel, anchor)), strict=True
                    )
                ]
            )
            found[torch.from_numpy(of_pattern)] = rows.view(len(of_pattern), _N_CANDIDATES, width)
        return found

    def _from_pool(self, cells: KnownCells, index: NDArray, rng: torch.Generator) -> Tensor:
        """Return of many generated rows of the class those whose known cells are nearest."""
        found = torch.empty(len(index), _N_CANDIDATES, cells.rows.shape[1])
        for label in np.unique(index):
            own = torch.from_numpy(np.flatnonzero(index == label))
            pool = self._generate(torch.full((_N_POOL,), int(label)), rng)
            for some in own.split(256):
                rows, known = (torch.from_numpy(array)[some] for array in (cells.rows, cells.is_known))
                weight = known.float()
                # the squared distance over the known entries, as products of matrices
                far = pool.square() @ weight.T - 2 * pool @ (weight * rows).T
                nearest = far.topk(_N_CANDIDATES, dim=0, largest=False).indices.T
                found[some] = pool[nearest]
        return found


def _as_given(column: Any, cells: pd.Series, blank: pd.Series) -> Any:
    """Return given cells in the dtype of their column; text is read as what the column holds."""
    if column.kind == "identifier":
        return cells.astype(blank.dtype) if blank.dtype != object else cells.astype(object)
    return as_column(column, cells)


def _kept(fresh: pd.DataFrame, frame: pd.DataFrame, absent: NDArray) -> pd.DataFrame:
    """Return fresh rows with the cells of `frame` where these are not absent."""
    for i in np.flatnonzero(~absent.all(axis=0)).tolist():
        given: Any = frame.iloc[:, i]
        new: Any = fresh.iloc[:, i]
        if not absent[:, i].any():
            fresh.isetitem(i, given)
            continue
        cells = given.astype(object)
        cells[absent[:, i]] = new.astype(object)[absent[:, i]]
        levels = getattr(new.dtype, "categories", None)
        if levels is None or (cells.isin(levels) | cells.isna()).all():
            with suppress(TypeError, ValueError):  # a value that the dtype of fit cannot hold
                cells = cells.astype(new.dtype)
        fresh.isetitem(i, cells)
    return fresh


def _replaced(table: pd.DataFrame, fresh: pd.DataFrame, places: NDArray, taken: NDArray | None) -> pd.DataFrame:
    """Return the table with fresh rows at these places, or at those that are taken."""
    taken = np.ones(len(places), dtype=bool) if taken is None else taken
    source = np.arange(len(table))
    source[places[taken]] = len(table) + np.flatnonzero(taken)
    return pd.concat([table, fresh], ignore_index=True).iloc[source].reset_index(drop=True)


def _groups(patterns: NDArray) -> list[NDArray]:
    """Return the positions of equal rows, group after group."""
    _, group = np.unique(patterns, axis=0, return_inverse=True)
    group = group.ravel()
    return np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
