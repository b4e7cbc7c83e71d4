"""How images come out of a translator: given images translated, or training images of which each is taken in turn."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from ganaug.common.random import draw_seed
from ganaug.common.rows import take_rows
from ganaug.models.data import EncodedData
from ganaug.models.image_model import ImageModel
from ganaug.models.provenance import SourceProvenance
from ganaug.models.scoring import class_index
from ganaug.models.torch_state import torch_threads
from ganaug.models.translation_sources import Sources
from ganaug.selection import CandidateSelection, Refusal
from ganaug.training import CompactRows, SourcePrior


class Translating(ImageModel):
    """A model of images whose generator starts from images of other classes."""

    prior_: SourcePrior
    source_: Any

    @property
    def _home(self) -> int:
        """Index of the source class."""
        return int(class_index(self.classes_, [self.source_])[0])

    def translate(self, X: Any, label: Any = None, random_state: int | np.random.RandomState | None = None) -> Any:
        """Translate images into images of a class.

        Parameters
        ----------
        X : as in `fit`
            Images of the size and dtype of those in `fit`: of the source class if `label` is another class, of any
            other class if `label` is the source. Values beyond the range in `fit` are clipped.
        label : label, default=None
            The class that they become, seen in `fit`. None takes the only class beside the source.
        random_state : int, RandomState or None, default=None
            Seed of the noise. None takes that of `fit`.

        Returns
        -------
        X : same container and dtypes as in `fit`, n_rows rows
            A translation of each image, in their order.

        Raises
        ------
        ValueError
            If the images are of another size or dtype, if `label` was not seen in `fit`, or if it is None and there are
            several classes beside the source.
        """
        check_is_fitted(self, "generator_")
        if label is None:
            others = self.classes_[self.classes_ != self.source_]
            if len(others) > 1:
                raise ValueError(f"translate needs a label, as there are several: {others.tolist()}")
            label = others[0]
        if np.ndim(label):
            raise ValueError(f"translate takes one label, but got label={label!r}")
        (index,) = class_index(self.classes_, [label])
        rows = self._encode(X)
        rng = torch.Generator().manual_seed(self.seed_ + 2 if random_state is None else draw_seed(random_state))
        y = torch.full((len(rows),), int(index))
        with torch_threads(self._n_threads):
            return self.encoder_.decode(self._translate(rows, y, torch.where(y == self._home, 0, self._home), rng))

    def _translate(self, rows: CompactRows, y: Tensor, origin: Tensor, rng: torch.Generator) -> Tensor:
        """Translate rows in batches of one size, so that a row does not depend on how many there are."""
        size = self._n_generated
        parts = []
        for at in torch.arange(len(y)).split(size) if len(y) else ():
            noise = torch.randn(size, self.network_params_["noise_size"], generator=rng)
            padded = torch.cat([at, at.new_zeros(size - len(at))])
            made = self._run_generator(y[padded], (rows[padded], origin[padded], noise))
            parts.append(made[: len(at)])
        return torch.cat(parts) if parts else torch.empty(0, self.encoder_.channels_, *self.encoder_.size_)

    def sample_parts(
        self,
        y: Any,
        random_state: int | np.random.RandomState | None = None,
        *,
        selection: CandidateSelection | None = None,
        record: Callable[[NDArray, NDArray], None] | None = None,
    ) -> Iterator[Any]:
        """Translate training images, of which each is taken once before one is taken again.

        Parameters
        ----------
        y, random_state, selection
            As in `sample`.
        record : callable (array of shape (n,), array of shape (n,)) -> None, or None, default=None
            Is called with the positions of the sources of each part in the `X` of `fit`, and with class indices.

        Yields
        ------
        X : same container and dtypes as in `fit`
            The next images.
        """
        check_is_fitted(self, "generator_")
        requested = np.asarray(y)
        if requested.ndim != 1:
            raise ValueError(f"y must have one dimension, a label for each requested row; got shape {requested.shape}")
        seed = self.seed_ if random_state is None else draw_seed(random_state)
        rng, choosing = torch.Generator().manual_seed(seed + 2), np.random.default_rng(seed)
        sources = Sources(self.prior_, len(self.classes_), torch.Generator().manual_seed(seed + 3))
        n_candidates = 1 if selection is None else selection.n_candidates
        n_rows = max(1, self._n_decoded // n_candidates)
        n_refused = np.zeros(len(Refusal), dtype=int)
        for first in range(0, max(len(requested), 1), n_rows):
            index = class_index(self.classes_, requested[first : first + n_rows])
            wanted = torch.from_numpy(index.repeat(n_candidates))
            source = sources.take(wanted)
            with torch_threads(self._n_threads):
                made = self.encoder_.decode(
                    self._translate(self.prior_.rows.part(source), wanted, self.prior_.y[source], rng)
                )
                if selection is not None:
                    features = self._encode(made)[:].flatten(1).numpy()
                    refused = selection.refusals(features, wanted.numpy())
                    chosen = selection.choose(features, wanted.numpy(), index, choosing, refused)
                    made, source = take_rows(made, chosen), source[chosen]
                    n_refused += np.bincount(refused[chosen], minlength=len(Refusal))
            if record is not None:
                record(source.numpy(), index)
            yield made
        self._warn_of_refused(n_refused)

    def provenance_of(self, training: EncodedData) -> SourceProvenance:  # type: ignore[override]
        """Return what records the source of each synthetic image, given the encoded training images.

        Parameters
        ----------
        training : EncodedData
            From `fit_checked`.
        """
        return SourceProvenance(training.y.numpy(), self.classes_, getattr(self, "_positions", None))
