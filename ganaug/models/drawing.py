"""How rows come out of a trained generator: drawn and decoded, with more candidates where many are refused."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ganaug.common.rows import stack_rows, take_rows
from ganaug.common.warnings import warn_user
from ganaug.models.data import EncodedData
from ganaug.selection import CandidateSelection, Refusal
from ganaug.training import CompactRows, Previews, Prior

# How often more candidates are drawn where many are refused.
_N_MORE = 3


class DrawingMixin(ABC):
    """Draws of the generator, and what becomes of them before they are rows."""

    _n_generated: ClassVar[int]

    classes_: NDArray
    seed_: int
    generator_: nn.Module
    encoder_: Any
    prior_: Prior
    sample: Callable[..., Any]

    @property
    @abstractmethod
    def _noun(self) -> str:
        """What messages call several samples: "rows" or "images"."""

    @abstractmethod
    def _encode(self, X: Any) -> Tensor | CompactRows:
        """Encode to rows that networks take, or that become so where they are indexed."""

    def _generate_rows(self, y: Tensor, rng: torch.Generator, seed: int) -> Any:
        """Generate and decode a row for each class index; `seed` is for further draws."""
        return self.encoder_.decode(self._generate(y, rng))

    def _previews(self, data: EncodedData) -> Previews:
        labels = self.classes_.tolist()

        def real(n: int) -> dict[Any, Any]:
            rng = torch.Generator().manual_seed(self.seed_)
            members = [(data.y == index).nonzero().squeeze(1) for index in range(len(labels))]
            chosen = [own[torch.randperm(len(own), generator=rng)[:n]] for own in members]
            return {label: self.encoder_.decode(data.rows[own]) for label, own in zip(labels, chosen, strict=True)}

        def sample(n: int) -> dict[Any, Any]:
            synthetic = self.sample(np.repeat(self.classes_, n))
            return {label: take_rows(synthetic, np.arange(i * n, i * n + n)) for i, label in enumerate(labels)}

        return Previews(real, sample, self._preview_drawer())

    def _preview_drawer(self) -> Callable[[int], NDArray] | None:
        """Return what draws a sheet of synthetic images, see `Previews`; None, the default, for rows."""
        return None

    def _draw_candidates(
        self, index: NDArray[np.intp], selection: CandidateSelection, rng: torch.Generator, spare_seed: int
    ) -> tuple[Any, NDArray, NDArray[np.intp], NDArray[np.int8]]:
        """Return candidates, encoded and with class index and `Refusal`; more where many are refused."""
        spare = torch.Generator().manual_seed(spare_seed)
        parts: list[Any] = []
        encoded: list[NDArray] = []
        classes: list[NDArray] = []
        refusals: list[NDArray] = []
        missing = index.repeat(selection.n_candidates)
        counts = np.bincount(index, minlength=len(self.classes_))
        n_wanted = min(2, selection.n_candidates) * counts
        for attempt in range(1 + _N_MORE):
            own = spare if parts else rng
            synthetic = self._generate_rows(torch.from_numpy(missing), own, spare_seed + 104_729 * attempt)
            # candidates are decoded and encoded first, so that they are weighed with legal cells
            features = EncodedData(self._encode(synthetic), torch.from_numpy(missing)).features
            refused = selection.refusals(features, missing)
            parts.append(synthetic)
            encoded.append(features)
            classes.append(missing)
            refusals.append(refused)
            y = np.concatenate(classes)
            n_usable = np.bincount(y[np.concatenate(refusals) == Refusal.NONE], minlength=len(n_wanted))
            n_missing = np.minimum(n_wanted - n_usable, counts)
            if (n_missing <= 0).all():
                break
            missing = np.repeat(np.arange(len(n_wanted)), selection.n_candidates * np.maximum(n_missing, 0))
        return stack_rows(parts, len(y)), np.concatenate(encoded), y, np.concatenate(refusals)

    def _warn_of_refused(self, n_refused: NDArray) -> None:
        n_rows = n_refused.sum()
        if n_refused[Refusal.COPY]:
            warn_user(
                f"{n_refused[Refusal.COPY]} of {n_rows} synthetic {self._noun} equal a single training one, because "
                "the generator found too few other combinations of values. `is_copy` in the provenance_ of "
                "GANOversampler marks them; request fewer rows, or drop the copies before you share the data."
            )
        if n_refused[Refusal.IMPOSSIBLE]:
            warn_user(
                f"{n_refused[Refusal.IMPOSSIBLE]} of {n_rows} synthetic {self._noun} break a rule that all training "
                f"{self._noun} keep, because the generator found too few others; more training (n_steps) may help."
            )

    def _sample_given(self, y: Any, given: Mapping[Any, Any], random_state: Any) -> Any:
        """Generate rows with given cells; only tables have cells."""
        raise ValueError(f"given={dict(given)!r} is for tables, but {type(self).__name__} generates {self._noun}")

    def _sampling_prior(self) -> Prior:
        """Return what samples start from."""
        return self.prior_

    def _conditions(self, y: Tensor, rng: torch.Generator, given: Tensor | None) -> Tensor:
        """Return what networks take for these class indices; a model of attributes draws those that are not given."""
        return y

    def _generate(self, y: Tensor, rng: torch.Generator, given: Tensor | None = None) -> Tensor:
        parts = []
        for place in torch.arange(len(y)).split(self._n_generated):
            padded = torch.cat([y[place], y.new_zeros(self._n_generated - len(place))])
            start = self._sampling_prior().draw(padded, rng)
            asked = None if given is None else padded_places(given[place], self._n_generated)
            conditions = self._conditions(padded, rng, asked)
            parts.append(self._run_generator(conditions, start)[: len(place)])
        return torch.cat(parts)

    @torch.inference_mode()
    def _run_generator(self, y: Tensor, start: tuple[Tensor, ...], **options: Any) -> Tensor:
        """Return the generator's encoded rows on the CPU, given class indices, draws of the prior, and its options."""
        device = next(self.generator_.parameters()).device
        self.generator_.eval()
        return self.generator_(y.to(device), *(part.to(device) for part in start), **options).float().cpu()


def padded_places(given: Tensor, n: int) -> Tensor:
    """Return places of levels of n rows, where nothing is given for those that are missing.

    Parameters
    ----------
    given : Tensor of shape (n_rows, n_attributes)
        Places, -1 for what is not given.
    n : int
        Number of rows, at least `n_rows`.
    """
    return torch.cat([given, given.new_full((n - len(given), given.shape[1]), -1)])
