"""Scores of the discriminator, and how a model chooses among candidates."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from ganaug.common.labels import check_same_length, sortable
from ganaug.common.modality import MODALITIES
from ganaug.models.data import EncodedData
from ganaug.models.provenance import Provenance
from ganaug.selection import (
    CandidateSelection,
    ClassShares,
    Copies,
    Layout,
    Realism,
    Together,
    by_class,
    by_cleaner,
    by_neighbors,
    candidates_per_row,
)
from ganaug.training import CompactRows


class ScoringMixin(ABC):
    """Scores of the discriminator, and selections by them or by a classifier."""

    # The kind of data, a name of `MODALITIES`.
    modality: ClassVar[str]
    # What `selection="auto"` means for this kind of data: a name that `selection_for` takes, or None.
    _selection: ClassVar[str | None] = None
    # Candidates for each of few requested rows.
    _n_candidates: ClassVar[int] = 3
    # Rows are generated, and scored, in batches of this size, however many are requested: the same row then always
    # comes out of a computation of the same shape, bit for bit.
    _n_generated: ClassVar[int] = 1024

    classes_: NDArray
    seed_: int
    generator_: nn.Module
    discriminator_: nn.Module
    network_params_: dict[str, Any]

    @abstractmethod
    def _encode(self, X: Any) -> Tensor | CompactRows:
        """Encode to rows that networks take, or that become so where they are indexed."""

    @property
    def _layout(self) -> Layout | None:
        """Where numbers and states stand in encoded rows; None for data without columns."""
        return None

    def _from_features(self, features: Tensor) -> Tensor:
        """Return what networks take of rows that `EncodedData.features` flattened."""
        return features

    @property
    def _noun(self) -> str:
        """What messages call several samples: "rows" or "images"."""
        return MODALITIES[self.modality].noun

    def encode(self, X: Any, y: Any) -> EncodedData:
        """Encode rows and labels like those of `fit`, for `selection_for`.

        Parameters
        ----------
        X : as in `fit`
            Rows, real or synthetic.
        y : array-like of shape (n_rows,)
            Their labels, each seen in `fit`.

        Returns
        -------
        EncodedData
            Encoded rows, and the class index of each.

        Raises
        ------
        ValueError
            If the lengths differ, or a label, category or column was not seen in `fit`.
        """
        check_is_fitted(self, "generator_")
        rows, index = self._encode(X), class_index(self.classes_, y)
        check_same_length(X=rows, y=index)
        return EncodedData(rows, torch.from_numpy(index))

    def selection_for(self, selection: Any, training: EncodedData, n_requested: int) -> CandidateSelection | None:
        """Learn from training data how to choose among candidates, for `sample`.

        Parameters
        ----------
        selection : {"auto", "class", "realism", "neighbors", "discriminator"}, None or cleaning sampler
            As `GANOversampler` takes it.
        training : EncodedData
            Training rows, or some of them, from `encode` or `fit_checked`.
        n_requested : int
            How many rows will be requested. The more rows are requested, the fewer candidates are generated for each.

        Returns
        -------
        CandidateSelection or None
            None with ``selection=None``. For tables it keeps the shares of each class, and for all data it refuses
            copies of single training rows. With one candidate for each row, that is all it does.

        Raises
        ------
        ValueError
            If `selection` is "discriminator" and no discriminator can score single rows.
        """
        check_is_fitted(self, "generator_")
        n_candidates = self.candidates_for(selection, n_requested)
        if isinstance(selection, str) and selection == "auto":
            selection = self._selection
        is_named = isinstance(selection, str)
        if selection is None:
            return None
        features, y = training.features, training.y.numpy()
        layout, realism, weigh = self._layout, None, None
        copies, together = Copies(features, y), None if layout is None else Together(layout, features)
        if n_candidates == 1:
            return CandidateSelection(1, copies=copies, together=together)
        if training.weights is not None:
            drawn = training.drawn(torch.Generator().manual_seed(self.seed_))
            features, y = drawn.features, drawn.y.numpy()
        if not is_named:
            weigh = by_cleaner(selection, features, y, n_candidates)
        elif selection == "discriminator":
            self._check_scores("selection='discriminator'")
            weigh = self._score
        elif selection == "neighbors":
            weigh = by_neighbors(features, y, self.seed_)
        if selection in ("class", "class and realism"):
            weigh = by_class(features, y, self.seed_)
        if selection in ("realism", "class and realism"):
            realism = Realism(features, y, layout)
        return CandidateSelection(
            n_candidates,
            weigh,
            realism,
            None if layout is None else [ClassShares(layout, features[y == c], self.seed_) for c in range(y.max() + 1)],
            copies,
            together,
        )

    def candidates_for(self, selection: Any, n_requested: int) -> int:
        """Return how many candidates are generated for each requested row.

        Parameters
        ----------
        selection : {"auto", "class", "realism", "neighbors", "discriminator"}, None or cleaning sampler
            As `selection_for` takes it.
        n_requested : int
            How many rows will be requested.
        """
        if isinstance(selection, str) and selection == "auto":
            selection = self._selection
        if selection is None:
            return self._candidates_without_selection()
        # a cleaner works on real rows and candidates together, which takes long for many
        wanted = self._n_candidates if isinstance(selection, str) else min(3, self._n_candidates)
        return candidates_per_row(n_requested, wanted)

    def _candidates_without_selection(self) -> int:
        return 1

    def check_selection(self, selection: Any) -> None:  # noqa: B027
        """Refuse a selection that the model does not allow, before it is trained; all are allowed by default.

        Parameters
        ----------
        selection : object
            As `selection_for` takes it.
        """

    def provenance_of(self, training: EncodedData) -> Provenance | None:
        """Return what records where synthetic rows come from; None for data without columns.

        Parameters
        ----------
        training : EncodedData
            The training rows, from `encode` or `fit_checked`.
        """
        return None if self._layout is None else Provenance(self._layout, training, self.seed_)

    def score_samples(self, X: Any, y: Any = None) -> NDArray:
        """Score rows by the discriminator: the higher a score, the more the row looks like a real one of its class.

        Parameters
        ----------
        X : as in `fit`
            Rows, real or synthetic.
        y : array-like of shape (n_rows,), default=None
            Their labels, each seen in `fit`. None takes for each row the class in which its score is highest.

        Returns
        -------
        ndarray of shape (n_rows,)
            Scores. Only differences between scores of the same model have a meaning.

        Raises
        ------
        ValueError
            If no discriminator can score single rows: it was trained with ``pac`` above 1, or the file that the model
            was loaded from does not hold it.
        """
        check_is_fitted(self, "generator_")
        self._check_scores("score_samples")
        if y is not None:
            return self._score_encoded(self.encode(X, y))
        rows = self._encode(X)
        of_classes = [EncodedData(rows, torch.full((len(rows),), index)) for index in range(len(self.classes_))]
        return np.max([self._score_encoded(data) for data in of_classes], axis=0)

    def _score_encoded(self, data: EncodedData) -> NDArray:
        # in parts, because what networks take of images has four times their memory
        parts = [data.part(place) for place in torch.arange(len(data.y)).split(self._n_generated)]
        return np.concatenate([self._score(part.features, part.y.numpy()) for part in parts])

    def _check_scores(self, what: str) -> None:
        reason = self._why_not_scored()
        if reason is not None:
            raise ValueError(f"{what} needs a discriminator that scores single {self._noun}: {reason}")

    def _why_not_scored(self) -> str | None:
        """Return why the discriminator cannot score single rows; None where it can."""
        pac = self.network_params_.get("pac", 1)
        if pac > 1:
            return f"with pac={pac} it scores {pac} {self._noun} together; fit with pac=1"
        if not hasattr(self, "discriminator_"):
            return "this model was loaded from a file, which does not hold the discriminator; fit the model again"
        return None

    @torch.inference_mode()
    def _score(self, features: NDArray, y: NDArray) -> NDArray:
        # For an optimal discriminator, exp(score) is proportional to the density of real rows over that of synthetic
        # ones. A draw with these weights therefore corrects the generator (arXiv 1810.06758, section 3).
        device, size = next(self.generator_.parameters()).device, self._n_generated
        scores = []
        for rows, labels in zip(torch.from_numpy(features).split(size), torch.from_numpy(y).split(size), strict=True):
            output = self.discriminator_(self._from_features(rows).to(device), labels.to(device)).float().cpu()
            scores.append(output if output.ndim == 1 else output.sum(1))
        return torch.cat(scores).numpy()


def class_index(classes: NDArray, labels: Any) -> NDArray[np.intp]:
    """Return the position of each label in `classes`; other labels raise ValueError.

    Examples
    --------
    >>> class_index(np.array(["common", "rare"]), ["rare", "common"]).tolist()
    [1, 0]
    """
    labels = sortable(np.asarray(labels))
    index = pd.Index(classes).get_indexer(pd.Index(labels))
    if (index < 0).any():
        unknown = pd.unique(labels[index < 0])[:3].tolist()
        raise ValueError(f"y has labels not seen in fit: {unknown}; known are {classes.tolist()}")
    return index
