"""Tables <-> tensors: every column becomes numbers that a network can learn, and every tensor a legal table."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray

from ganaug.common.containers import container_from_state, container_of, to_pandas
from ganaug.common.serialization import from_json, level_key, refusing_malformed, to_json
from ganaug.encoders.arguments import column_mask, to_frame
from ganaug.encoders.columns import (
    MAX_BLOCK,
    Arrays,
    Column,
    ConstantColumn,
    EmbeddedCategory,
    ExactTimes,
    IdentifierColumn,
    NumericColumn,
    OneHotCategory,
    Vocabulary,
    read_numbers,
)
from ganaug.encoders.equal_cells import order_of_decoding, states_of_equal, take_equal, with_equal_cells
from ganaug.encoders.left_out import (
    columns_left_out,
    columns_of_texts,
    exact_times,
    renewal,
    warn_of_left_out,
    without_values,
)
from ganaug.encoders.written import warn_of_written


class TableEncoder:
    """Turn tables into tensors and back, exactly.

    Parameters
    ----------
    categorical_features : "auto", None, or sequence of names, indices or booleans, default="auto"
        Which numeric columns hold categories, such as integer codes. Strings, booleans, pandas categories and other
        objects always do. "auto" adds the numeric columns of two values; None or an empty sequence adds none. A boolean
        mask has one entry per column. An integer is the name of a column if a column has this name, otherwise its
        position.
    numeric : {"quantile", "standard"}, default="quantile"
        How numeric columns are scaled: to a standard normal by their quantiles, within -3.5 and 3.5, or to
        mean 0 and standard deviation 1.
    ignore : "auto", None, or sequence of names, indices or booleans, default=None
        Columns that are not encoded. "auto" takes those that identify rows (`ganaug.common.identifiers`), and a
        sequence adds others to them. None and an empty sequence encode all columns. Columns of `categorical_features`
        are encoded unless `ignore` names them.
    texts : sequence of int, default=()
        Positions of columns of texts, which are not encoded. They are empty when decoded; `with_cells` fills them.

    Attributes
    ----------
    n_continuous_ : int
        Number of leading continuous dimensions of an encoded row.
    n_numeric_ : int
        The first so many of these dimensions are numbers. The others are points that stand for categories.
    block_sizes_ : tuple of int
        Sizes of the one-hot blocks that follow, in the order of the columns.
    width_ : int
        `n_continuous_ + sum(block_sizes_)`.
    columns_ : list
        One encoder per column, with its `label` and its `kind`: "constant" (one value only, not encoded),
        "one-hot" (a block of at most 100 levels), "embedded" (more levels, each a point in a few dimensions), "numeric"
        (one dimension, and a block if the column has missing cells or very frequent values, or in many rows equals
        another one) or "identifier" (not encoded, empty when decoded, see `renewal`).
    found_ : dict
        Columns that are not encoded because they identify rows, and that `ignore` does not name -> whether `renewal`
        gives them new values.
    feature_names_ : list
        The columns' names.

    Notes
    -----
    Every decoded table is legal: levels were seen in fit, numbers lie in the range and on the grid (integers, decimals,
    whole days) seen in fit, and cells are missing only in columns with missing cells in fit. Decoding an encoded row
    returns the same row; only numbers without a grid may differ, by one part in 10**9.

    Quantiles: z = ndtri(rank), ties at the middle of their ranks, linear between up to 1,000 quantiles. All ranks of a
    value that several rows share decode to this value, so that it keeps its share.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"age": [31, 45, 22, 60], "job": ["cook", "nurse", None, "cook"]})
    >>> encoder = TableEncoder().fit(X)
    >>> encoder.n_continuous_, encoder.block_sizes_
    (1, (3,))
    >>> encoded = encoder.encode(X)
    >>> encoded.shape
    torch.Size([4, 4])
    >>> encoder.decode(encoded).equals(X)
    True
    """

    n_continuous_: int
    n_numeric_: int
    block_sizes_: tuple[int, ...]
    width_: int
    columns_: list[Column]
    feature_names_: list[Hashable]

    def __init__(
        self,
        categorical_features: Literal["auto"] | Sequence[Any] | NDArray | None = "auto",
        numeric: Literal["quantile", "standard"] = "quantile",
        ignore: Literal["auto"] | Sequence[Any] | NDArray | None = None,
        texts: Sequence[int] = (),
    ) -> None:
        self.texts = texts
        self.categorical_features = categorical_features
        self.numeric = numeric
        self.ignore = ignore

    def fit(self, X: Any, y: ArrayLike | None = None) -> TableEncoder:
        """Learn each column's kind and scale.

        Parameters
        ----------
        X : DataFrame of pandas or polars, 2-D array, or list of lists, shape (n, d)
            The rows to learn from.
        y : array of int, shape (n,), optional
            Class indices. With them, levels of long category lists that occur in the same classes get points that lie
            close together.

        Returns
        -------
        TableEncoder
            Itself.

        Raises
        ------
        ValueError
            If X is a sparse matrix, holds complex, infinite or nested cells, or a parameter is out of its range.
        """
        self._fit(to_frame(X), X, y)
        return self

    def fit_encode(self, X: Any, y: ArrayLike | None = None) -> torch.Tensor:
        """Do what `fit` and then `encode` do; X is read and checked once.

        Parameters
        ----------
        X, y
            As in `fit`.

        Returns
        -------
        Tensor of float64, shape (n, width)
            As from `encode`.

        Raises
        ------
        ValueError
            As in `fit`.
        """
        frame = to_frame(X)
        self._fit(frame, X, y)
        return self._encode(frame)

    def _fit(self, frame: pd.DataFrame, X: Any, y: ArrayLike | None) -> None:
        """Learn from the cells of X, which are in `frame` and were checked."""
        if self.numeric not in ("quantile", "standard"):
            raise ValueError(f"numeric must be 'quantile' or 'standard', got {self.numeric!r}")
        classes = None if y is None else np.asarray(y)
        if classes is not None and (classes.shape != (len(frame),) or classes.dtype.kind not in "iu"):
            raise ValueError(f"y must hold one class index for each of {len(frame)} rows, got {classes.shape=}")
        names = list(frame.columns)
        forced = column_mask(self.categorical_features, names, "categorical_features")
        auto = isinstance(self.categorical_features, str)
        self._container = container_of(X)
        ignores = self.ignore is not None and len(self.ignore) > 0
        left_out: dict[int, Any] = {}
        self.found_: dict[Hashable, bool] = {}
        if ignores:
            ignored = column_mask(self.ignore, names, "ignore")
            ignored = [of or i in self.texts for i, of in enumerate(ignored)]
            left_out, self.found_ = columns_left_out(frame, ignored, forced, self._container)
        left_out |= columns_of_texts(frame, self.texts, self._container)

        columns: list[Any] = []
        for i, label in enumerate(frame.columns):
            series = frame.iloc[:, i]
            columns.append(left_out.get(i) or _fit_column(label, series, forced[i], auto, self.numeric))
        # long category lists come last: they are laid out by what goes with their levels in the other columns
        pending = [i for i, column in enumerate(columns) if isinstance(column, tuple)]
        if pending:
            z = [
                column.encode(frame.iloc[:, i])[0]
                for i, column in enumerate(columns)
                if isinstance(column, NumericColumn)
            ]
            numerics = np.hstack([np.empty((len(frame), 0)), *z])
            for i in pending:
                vocabulary, codes = columns[i]
                columns[i] = EmbeddedCategory.fit(vocabulary.label, vocabulary, codes, classes, numerics)
        self._exact_times = exact_times(frame, columns) if ignores else {}
        self._lay_out(with_equal_cells(frame, columns, self._exact_times))
        self.state()  # what a model file cannot store is refused now, and not after the training

    def _lay_out(self, columns: list[Column]) -> None:
        self.columns_ = columns
        self._equal = order_of_decoding(columns)
        self.feature_names_ = [column.label for column in columns]
        self.block_sizes_ = tuple(column.block_size for column in columns if column.block_size)
        self.n_numeric_ = sum(isinstance(column, NumericColumn) for column in columns)
        self.n_continuous_ = sum(column.n_continuous for column in columns)
        if not self.n_continuous_ and not self.block_sizes_:
            self.n_continuous_ = 1  # all constant: networks still need something to look at
        self.width_ = self.n_continuous_ + sum(self.block_sizes_)
        # where each column's dimensions and its block begin: numbers, points of categories, blocks
        self._offsets: list[tuple[int, int]] = []
        number, point, block = 0, self.n_numeric_, self.n_continuous_
        for column in columns:
            is_numeric = isinstance(column, NumericColumn)
            self._offsets.append((number if is_numeric else point, block))
            number += is_numeric
            point += 0 if is_numeric else column.n_continuous
            block += column.block_size

    def warn_of_columns(self) -> None:
        """Name the columns that are left out, and those that are learned in another way than their owner may think."""
        warn_of_left_out(self.found_)
        names = self.feature_names_
        forced = column_mask(self.categorical_features, names, "categorical_features")
        warn_of_written(self.columns_, [name for name, of in zip(names, forced, strict=True) if of])

    def names_of_groups(self) -> list[Hashable]:
        """Return the name of the column of each continuous dimension, then of each one-hot block."""
        numbers = [column.label for column in self.columns_ if isinstance(column, NumericColumn)]
        points = [
            column.label
            for column in self.columns_
            if not isinstance(column, NumericColumn)
            for _ in range(column.n_continuous)
        ]
        continuous = [*numbers, *points] or [None]  # of a table of constants
        blocks = [column.label for column in self.columns_ if column.block_size]
        return [*continuous[: self.n_continuous_], *blocks]

    def encode(self, X: Any) -> torch.Tensor:
        """Encode rows like those of fit.

        Parameters
        ----------
        X : shape (n, d)
            Any container that fit accepts, with the columns of fit. Numbers outside the range seen in fit are set to
            the nearest end.

        Returns
        -------
        Tensor of float64, shape (n, width)
            Numbers, points of long category lists, one-hot blocks, each in the order of the columns.

        Raises
        ------
        ValueError
            If the columns are not those of fit, or hold a category or a missing cell not seen there.
        """
        frame = to_frame(X)
        self._check_columns(X, frame)
        return self._encode(frame)

    def _encode(self, frame: pd.DataFrame) -> torch.Tensor:
        """Encode cells that were checked."""
        n = len(frame)
        encoded = np.zeros((n, self.width_))
        rows = np.arange(n)
        for i, (column, (dim, block)) in enumerate(zip(self.columns_, self._offsets, strict=True)):
            continuous, states = column.encode(frame.iloc[:, i])
            if isinstance(column, NumericColumn) and column.equal_to and states is not None:
                states = states_of_equal(column, frame, i, states)
            encoded[:, dim : dim + column.n_continuous] = continuous
            if states is not None:
                encoded[rows, block + states] = 1.0
        return torch.from_numpy(encoded)

    def decode(self, encoded: torch.Tensor) -> Any:
        """Decode rows, from a generator or from `encode`.

        Parameters
        ----------
        encoded : Tensor of float, shape (n, width)
            The largest entry of a block is its state, so a block may hold probabilities, logits or one-hot values.

        Returns
        -------
        X's container, shape (n, d)
            With the dtypes of fit and, for pandas, a fresh index. An array if fit received lists.

        Raises
        ------
        ValueError
            If the shape is wrong or an entry is NaN.
        """
        if encoded.ndim != 2 or encoded.shape[1] != self.width_:
            raise ValueError(f"encoded must have shape (n, {self.width_}), got {tuple(encoded.shape)}")
        encoded = encoded.detach().cpu()
        if torch.isnan(encoded).any():
            raise ValueError("encoded holds NaN, because the generator has diverged")
        none = np.zeros(len(encoded), dtype=np.intp)
        decoded, states_of = [], []
        for column, (dim, block) in zip(self.columns_, self._offsets, strict=True):
            continuous = encoded[:, dim : dim + column.n_continuous].numpy()
            states = none
            if column.block_size:
                states = encoded[:, block : block + column.block_size].argmax(dim=1).numpy()
            decoded.append(column.decode(continuous, states))
            states_of.append(states)
        for i in self._equal:
            column = self.columns_[i]
            assert isinstance(column, NumericColumn)
            decoded[i] = take_equal(column, decoded[i], states_of[i], decoded)
        frame = pd.DataFrame(dict(enumerate(decoded)), index=pd.RangeIndex(len(encoded)))
        return self._container.restore(frame)

    def renewal(self, seed: int) -> Callable[[Any], Any]:
        """Return what gives decoded rows the cells that were not encoded, and keeps exact times off the real ones.

        Parameters
        ----------
        seed : int
            Of the new values.

        Returns
        -------
        callable
            Takes decoded rows and returns them with these cells. The values of all its calls are distinct. They depend
            on the seed and on the position of a row, counted over all calls.
        """
        return renewal(self.columns_, self._exact_times, self._container, seed)

    def with_cells(self, X: Any, cells: Mapping[int, Sequence[Any]]) -> Any:
        """Return decoded rows with other cells in some columns.

        Parameters
        ----------
        X : as from `decode`, of shape (n, d)
            Rows.
        cells : mapping of int to sequence of length n
            Position of a column -> its cells.
        """
        frame = to_pandas(X).copy(deep=False)
        for i, column in cells.items():
            frame.isetitem(i, pd.Series(list(column), index=frame.index, dtype=frame.dtypes.iloc[i]))
        return self._container.restore(frame)

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """Return the fitted encoder as plain data.

        Returns
        -------
        description : dict
            For `json.dumps`.
        arrays : dict of str to array
            Knots and points.

        Raises
        ------
        ValueError
            If a column's name, dtype or levels are objects that plain data cannot hold, such as periods.
        """
        descriptions, arrays = [], {}
        for i, column in enumerate(self.columns_):
            description, own = column.state()
            label = to_json(column.label, column.label)
            descriptions.append({"kind": column.kind, "label": label, **description})
            arrays.update({f"{i}.{name}": array for name, array in own.items()})
            if i in self._exact_times:
                descriptions[i]["times"], arrays[f"{i}.hashes"] = self._exact_times[i].state()
        container = without_values(self._container.state(), self.columns_)
        return {"numeric": self.numeric, "container": container, "columns": descriptions}, arrays

    @classmethod
    def from_state(cls, description: dict[str, Any], arrays: Arrays) -> TableEncoder:
        """Rebuild a fitted encoder from what `state` returned.

        Raises
        ------
        ValueError
            If description and arrays do not describe an encoder.
        """
        with refusing_malformed("a table encoder"):
            return cls._from_state(description, arrays)

    @classmethod
    def _from_state(cls, description: dict[str, Any], arrays: Arrays) -> TableEncoder:
        encoder = cls(numeric=description["numeric"])
        if encoder.numeric not in ("quantile", "standard"):
            raise ValueError(f"numeric is {encoder.numeric!r}")
        columns: list[Column] = []
        encoder._exact_times = {}
        for i, plain in enumerate(description["columns"]):
            label = from_json(plain["label"])
            own = {name.removeprefix(f"{i}."): a for name, a in arrays.items() if name.startswith(f"{i}.")}
            columns.append(_column_from_state(label, plain, own))
            if "times" in plain:
                encoder._exact_times[i] = ExactTimes.from_state(plain["times"], own["hashes"])
        encoder._lay_out(columns)
        encoder._container = container_from_state(description["container"])
        # one decoded row shows whether names, dtypes and columns go together
        if not columns or len(to_frame(encoder.decode(torch.zeros(1, encoder.width_))).columns) != len(columns):
            raise ValueError("columns and container do not match")
        return encoder

    def _check_columns(self, X: Any, frame: pd.DataFrame) -> None:
        names = list(frame.columns)
        if len(names) != len(self.columns_):
            raise ValueError(f"X has {len(names)} columns, but had {len(self.columns_)} in fit")
        if self._container.kind == "array" or not hasattr(X, "columns"):
            return  # arrays have no names to compare
        for found, wanted in zip(names, self.feature_names_, strict=True):
            if level_key(found) != level_key(wanted):
                raise ValueError(f"X has column {found!r} where it had {wanted!r} in fit")


def _fit_column(label: Hashable, series: pd.Series, forced: bool, auto: bool, numeric: str) -> Any:
    """Return a column's encoder, or (vocabulary, codes) where it is a long list of categories."""
    read = None if forced else read_numbers(series)
    if read is not None:
        known = read[0][~read[1]]
        n_values = len(np.unique(known[:1000]))
        if n_values <= 2:
            n_values = len(np.unique(known))
        if n_values > 2 or (n_values == 2 and not auto):
            return NumericColumn.fit(label, series, known, numeric)
    vocabulary, codes = Vocabulary.fit(series, label)
    if len(vocabulary) == 1:
        return ConstantColumn(label, vocabulary)
    return OneHotCategory(label, vocabulary) if len(vocabulary) <= MAX_BLOCK else (vocabulary, codes)


def _column_from_state(label: Hashable, plain: dict[str, Any], arrays: Arrays) -> Column:
    if plain["kind"] == NumericColumn.kind:
        return NumericColumn.from_state(label, plain, arrays)
    if plain["kind"] == EmbeddedCategory.kind:
        return EmbeddedCategory.from_state(label, plain, arrays)
    if plain["kind"] == IdentifierColumn.kind:
        return IdentifierColumn.from_state(label, plain, arrays)
    vocabulary = Vocabulary.from_state(plain, label)
    if plain["kind"] == ConstantColumn.kind and len(vocabulary) == 1:
        return ConstantColumn(label, vocabulary)
    if plain["kind"] == OneHotCategory.kind and 1 < len(vocabulary) <= MAX_BLOCK:
        return OneHotCategory(label, vocabulary)
    raise ValueError(f"column {label!r} cannot be {plain['kind']} with {len(vocabulary)} levels")
