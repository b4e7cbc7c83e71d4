"""Images of chosen attributes: the part of `ImageGAN` that hands attributes to training and sampling."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import _fit_context
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from ganaug.common.random import draw_seed
from ganaug.common.rows import stack_rows
from ganaug.models.base import ConditionalGAN
from ganaug.models.data import CheckedData, EncodedData
from ganaug.models.image_attributes import Attributes
from ganaug.models.provenance import AttributeProvenance
from ganaug.models.scoring import class_index
from ganaug.models.sklearn_callbacks import with_callbacks
from ganaug.selection import CandidateSelection

# The discriminator scores an image of unknown attributes as so many frequent combinations of its class.
_N_SCORED = 16
# Attributes are drawn by a seed of their own, far from the other seeds of a part.
_SEED_OF_ATTRIBUTES = 15_485_863

Self = TypeVar("Self", bound="Attributed")


class Attributed(ConditionalGAN):
    """A conditional GAN that learns attributes of images beside the class."""

    attributes_: Attributes
    # Conditions of what was generated since the last choice, while they are recorded.
    _drawn: list[Tensor] | None = None

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self: Self, X: Any, y: Any, sample_weight: Any = None, attributes: Any = None) -> Self:
        """Train on all classes; every batch holds the same number of images of each class.

        Parameters
        ----------
        X : array-like of shape (n_images, height, width) or (n_images, height, width, channels)
            Training images.
        y : array-like of shape (n_images,)
            Class labels: text, integers, booleans, dates or categories.
        sample_weight : array-like of shape (n_images,), default=None
            What each image counts within its class, at least 0: the training draws it in proportion. None: all the
            same.
        attributes : DataFrame, dict or array-like of shape (n_images, n_attributes), default=None
            What is known of each image beside its class, such as stain or side: a column for each attribute, with at
            most 50 levels (zeros and ones, text, whole numbers). `sample` then takes ``given={"stain": "H&E"}``. The
            networks know a condition by the sum of the embeddings of its class and levels, so that a combination that
            did not occur can be requested as well. Batches are balanced by class only.

        Returns
        -------
        self
            Fitted.

        Raises
        ------
        ValueError
            If X, y or attributes is not of the form above, if they differ in length, if X holds infinite values, if an
            attribute is missing for an image, or if a parameter is out of its range.

        Warns
        -----
        UserWarning
            If a class has fewer than 6 images, and if training diverged and went back to its last good weights.

        Examples
        --------
        >>> from ganaug import ImageGAN
        >>> X = np.random.default_rng(0).integers(0, 256, size=(40, 16, 16), dtype=np.uint8)
        >>> y, stain = np.repeat(["common", "rare"], [30, 10]), ["pale", "dark"] * 20
        >>> model = ImageGAN(n_steps=2, width=4, random_state=0).fit(X, y, attributes={"stain": stain})
        >>> model.sample(["rare"] * 3, given={"stain": "dark"}).shape
        (3, 16, 16)
        """
        return self._fit_new(X, y, sample_weight, attributes=attributes)

    def _fit_conditions(self, checked: CheckedData, y: NDArray) -> Tensor | None:
        n_classes, previous = len(self.classes_), getattr(self, "attributes_", None)
        if checked.attributes is None:
            found = Attributes.from_state([], {}, n_classes)
        else:
            found = Attributes.of(checked.attributes, y, n_classes)
        if previous is not None and self.warm_start:
            found.check_same(previous)
        self.attributes_ = found
        return found.numbers(checked.attributes, y) if found.names else None

    def _conditions(self, y: Tensor, rng: torch.Generator, given: Tensor | None) -> Tensor:
        return self.attributes_.draw(y, rng, given)

    def _sample_given(self, y: Any, given: Mapping[Any, Any], random_state: Any) -> Any:
        check_is_fitted(self, "generator_")
        if not self.attributes_.names:
            raise ValueError(
                f"given={dict(given)!r} is for tables, but {type(self).__name__} generates images; it takes attributes "
                "of images after fit(X, y, attributes=...)"
            )
        seed = self.seed_ if random_state is None else draw_seed(random_state)
        rng = torch.Generator().manual_seed(seed + 2)
        labels = torch.from_numpy(class_index(self.classes_, np.asarray(y)))
        places = torch.from_numpy(self.attributes_.places(given, len(labels)))
        parts = [
            self.encoder_.decode(self._generate(labels[part], rng, places[part]))
            for part in torch.arange(len(labels)).split(self._n_decoded)
        ]
        return stack_rows(parts, len(labels))

    def _generate_rows(self, y: Tensor, rng: torch.Generator, seed: int) -> Any:
        if not self.attributes_.names:
            return super()._generate_rows(y, rng, seed)
        numbers = self.attributes_.draw(y, torch.Generator().manual_seed(seed + _SEED_OF_ATTRIBUTES))
        if self._drawn is not None:
            self._drawn.append(numbers)
        return self.encoder_.decode(self._generate(y, rng, self.attributes_.conditions.places(numbers)[:, 1:]))

    def sample_parts(
        self,
        y: Any,
        random_state: int | np.random.RandomState | None = None,
        *,
        selection: CandidateSelection | None = None,
        record: Callable[..., None] | None = None,
    ) -> Iterator[Any]:
        """Generate what `sample` returns in parts, so that not all of it has to be in memory.

        Parameters
        ----------
        y, random_state, selection
            As in `sample`.
        record : callable (Tensor of shape (n,), array of shape (n,)) -> None, or None, default=None
            Is called with the numbers of the conditions of each part and their class indices.

        Yields
        ------
        X : same container and dtypes as in `fit`
            The next images.
        """
        if record is None or not self.attributes_.names:
            yield from super().sample_parts(y, random_state, selection=selection)
            return
        self._drawn = []
        remembering = None if selection is None else _Remembering(**vars(selection))
        parts = super().sample_parts(y, random_state, selection=remembering)
        try:
            for images in parts:
                numbers = torch.cat(self._drawn)
                if remembering is not None:
                    numbers = numbers[torch.from_numpy(remembering.chosen.pop())]
                self._drawn.clear()
                record(numbers, self.attributes_.conditions.classes(numbers).numpy())
                yield images
        finally:
            del self._drawn

    def provenance_of(self, training: EncodedData) -> AttributeProvenance | None:  # type: ignore[override]
        """Return what records the attributes of synthetic images; None if the model was fitted without any.

        Parameters
        ----------
        training : EncodedData
            From `fit_checked`.
        """
        return AttributeProvenance(self.attributes_) if self.attributes_.names else None

    def _score(self, features: NDArray, y: NDArray) -> NDArray:
        if not self.attributes_.names:
            return super()._score(features, y)
        scores = np.full(len(y), -np.inf, dtype=np.float32)
        for label in np.unique(y):
            own = np.flatnonzero(y == label)
            for number in self.attributes_.frequent(int(label), _N_SCORED).tolist():
                of_number = super()._score(features[own], np.full(len(own), number))
                scores[own] = np.maximum(scores[own], of_number)
        return scores


@dataclass(frozen=True)
class _Remembering(CandidateSelection):
    """A selection that remembers which candidates were chosen."""

    chosen: list[NDArray[np.intp]] = field(default_factory=list)

    def choose(self, *args: Any, **kwargs: Any) -> NDArray[np.intp]:
        self.chosen.append(super().choose(*args, **kwargs))
        return self.chosen[-1]
