"""Columns of a table that its GAN does not learn: identifiers, and columns of texts, which a TextGAN each writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ganaug.common.containers import to_pandas
from ganaug.common.extras import require_extra
from ganaug.common.progress import begin_phase
from ganaug.common.texts import are_texts, has_categories, texts_of
from ganaug.common.warnings import warn_user
from ganaug.common.wording import listed
from ganaug.encoders import TableEncoder, column_mask
from ganaug.models.persistence import model_from_parts, parts_of_model
from ganaug.models.text_writing import TextWriter
from ganaug.training import StageStart

if TYPE_CHECKING:
    from ganaug.models.tabular import TabularGAN
    from ganaug.models.text import TextGAN

# Part of `max_time` that the models of texts may take together.
_TEXT_SHARE = 0.8


def text_columns(wanted: Any, X: Any) -> list[int]:
    """Return the positions of the columns of texts.

    Parameters
    ----------
    wanted : "auto", None, or sequence of names, positions or booleans
        As `text_columns` of `ganaug.TabularGAN`.
    X : DataFrame of pandas or polars, or array of shape (n_rows, n_columns)
        Rows.

    Raises
    ------
    ValueError
        If a name is no column, or a column that is named holds cells that are not strings.
    """
    if wanted is None or (not isinstance(wanted, str) and not len(wanted)):
        return []
    frame = to_pandas(X)
    cells = [frame.iloc[:, i] for i in range(frame.shape[1])]
    if isinstance(wanted, str) and wanted == "auto":
        return [i for i, series in enumerate(cells) if are_texts(series.to_frame())]
    found = [i for i, chosen in enumerate(column_mask(wanted, list(frame.columns), "text_columns")) if chosen]
    for i in found:
        label = frame.columns[i]
        if has_categories(cells[i]):
            raise ValueError(
                f"column {label!r} of text_columns has a dtype of categories, which takes no new texts; convert it "
                "with .astype(str), or leave it out of text_columns"
            )
        texts_of(cells[i], f"column {label!r} of text_columns")
    return found


def _model_of(table: TabularGAN, n_columns: int) -> TextGAN:
    """Return the model of one of `n_columns` columns of texts."""
    from sklearn.base import clone

    from ganaug.models.text import TextGAN

    usual = TextGAN(device=table.device, verbose=table.verbose)
    model = usual if table.text_model is None else clone(table.text_model)
    if table.max_time is not None and model.max_time is None:
        model.set_params(max_time=_TEXT_SHARE * table.max_time / n_columns)
    if table.callbacks:  # which may end these trainings earlier
        model.set_params(callbacks=[*(model.callbacks or []), StageStart(table.callbacks)])
    return model if model.random_state is not None else model.set_params(random_state=table.seed_)


class TextColumns:
    """The columns of texts of a table, and what writes them.

    The texts of a row are drawn by its class only.

    Parameters
    ----------
    models : mapping of int to TextGAN
        Position -> model, whose classes are class indices of the table.
    gaps : mapping of int to ndarray of shape (n_classes, 2)
        Position -> share of missing and of blank cells in each class.
    """

    def __init__(self, models: Mapping[int, TextGAN], gaps: Mapping[int, NDArray]) -> None:
        self.models, self.gaps = models, gaps

    @classmethod
    def fit(cls, table: TabularGAN, X: Any, y: NDArray) -> TextColumns:
        """Train a model for each column of texts of a table.

        Parameters
        ----------
        table : TabularGAN
            The model of the table, which is being fitted.
        X : DataFrame of pandas or polars, or array of shape (n_rows, n_columns)
            The rows.
        y : ndarray of shape (n_rows,)
            Class indices.
        """
        places = text_columns(table.text_columns, X)
        if places:
            require_extra("text", "text_columns needs")
        frame, models, gaps = to_pandas(X), {}, {}
        counts = np.bincount(y)
        for place in places:
            series = frame.iloc[:, place]
            texts = np.array(texts_of(series), dtype=object)
            is_missing = series.isna().to_numpy(bool)
            is_blank = ~is_missing & np.array([not text.strip() for text in texts])
            present = ~is_missing & ~is_blank
            if len(set(texts[present])) < 2:
                continue  # a constant, which needs no model
            begin_phase(f"learning the texts of {frame.columns[place]!r}", show=bool(table.verbose))
            models[place] = _model_of(table, len(places)).fit(texts[present], y[present])
            kinds = [np.bincount(y[of], minlength=len(counts)) for of in (is_missing, is_blank)]
            gaps[place] = np.stack(kinds, 1) / counts[:, None]
        if models:
            warn_user(
                f"The texts of {listed([frame.columns[i] for i in models])} are written for the class of a row, not "
                "for its other cells: within a class, texts and other columns of synthetic rows do not depend on each "
                "other."
            )
        return cls(models, gaps)

    @property
    def seconds(self) -> float:
        """Seconds that the training took."""
        names = ("autoencoder_history_", "history_")  # a model that was loaded has none
        histories: list[Any] = [getattr(model, name, ()) for model in self.models.values() for name in names]
        return sum(float(history["seconds"].iloc[-1]) for history in histories if len(history))

    def writing(self, seed: int, encoder: TableEncoder) -> Callable[[Any, NDArray[np.intp]], Any]:
        """Return what gives the rows of one call of `sample` their texts.

        Parameters
        ----------
        seed : int
            Of the texts.
        encoder : TableEncoder
            Of the rows.

        Returns
        -------
        callable
            Takes the next rows and their class indices, and returns them with texts.
        """
        writers = {i: TextWriter(model, seed + i) for i, model in self.models.items()}
        rngs = {i: np.random.default_rng([seed, i]) for i in self.models}

        def write(X: Any, index: NDArray[np.intp]) -> Any:
            cells: dict[int, list[Any]] = {}
            for i, model in self.models.items():
                missing, blank = self.gaps[i][index].T
                u = rngs[i].random(len(index))
                described: Any = encoder.columns_[i]
                column: list[Any] = [described.filler if is_missing else "" for is_missing in u < missing]
                rows = np.flatnonzero((u >= missing + blank) & np.isin(index, model.classes_))
                texts = writers[i](np.searchsorted(model.classes_, index[rows]))
                for row, text in zip(rows, texts, strict=True):
                    column[row] = text
                cells[i] = column
                writers[i].warn_of_copies()
            return encoder.with_cells(X, cells) if cells else X

        return write

    def state(self) -> tuple[list[dict[str, Any]], dict[str, NDArray]]:
        """Return JSON-able descriptions and arrays."""
        described: list[dict[str, Any]] = []
        arrays: dict[str, NDArray] = {}
        for i, model in self.models.items():
            header, tensors = parts_of_model(model)
            described.append({"position": i, "model": header})
            arrays |= {f"{i}.model.{name}": tensor.numpy() for name, tensor in tensors.items()}
            arrays[f"{i}.gaps"] = self.gaps[i]
        return described, arrays

    @classmethod
    def from_state(
        cls, described: Sequence[Mapping[str, Any]], arrays: Mapping[str, NDArray], n_classes: int
    ) -> TextColumns:
        """Restore what `state` returned; malformed data raise an error."""
        models, gaps = {}, {}
        for plain in described:
            i = int(plain["position"])
            prefix = f"{i}.model."
            own = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
            model: Any = model_from_parts("TextGAN", plain["model"], own)
            shares = arrays[f"{i}.gaps"]
            legal = shares.shape == (n_classes, 2) and (shares >= 0).all() and (shares.sum(1) <= 1 + 1e-9).all()
            if not (i >= 0 and legal and set(model.classes_.tolist()) <= set(range(n_classes))):
                raise ValueError("the texts do not fit the columns and classes of the table")
            models[i], gaps[i] = model, shares
        return cls(models, gaps)
