"""The game of translation: the adversarial objectives, and terms that keep of an image what is not of its class."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganaug.training.adversarial import Adversarial, AdversarialSettings
from ganaug.training.augmentation import AdaptiveAugmentation
from ganaug.training.batches import Batch, CompactRows
from ganaug.training.fabric import Fabric
from ganaug.training.phase import Phase, Report

# Temperature of the patch-contrastive loss, and places of an image that are compared at each level.
_TEMPERATURE, _N_PLACES = 0.07, 64
# Translations that the discriminator sees again later, with this probability (arXiv 1612.07828).
_BUFFER_SIZE, _FROM_BUFFER = 50, 0.5


class SourcePrior:
    """What a translator starts from: an image of another class, the class it is from, and noise.

    Images of the source class become images of all other classes; images of all others become images of it.

    Parameters
    ----------
    rows : CompactRows
        Encoded training images.
    y : Tensor of shape (n_rows,)
        Class index of each.
    source : int
        Index of the source class.
    noise_size : int
        Size of the noise vector.

    Examples
    --------
    >>> rows = CompactRows(torch.arange(4.0), lambda kept: kept)
    >>> prior = SourcePrior(rows, torch.tensor([0, 0, 0, 1]), 0, noise_size=2)
    >>> image, origin, noise = prior.draw(torch.tensor([0, 1]), torch.Generator().manual_seed(0))
    >>> image[0].item(), origin.tolist(), noise.shape
    (3.0, [1, 0], torch.Size([2, 2]))
    """

    def __init__(self, rows: CompactRows, y: Tensor, source: int, noise_size: int) -> None:
        self.rows, self.y, self.source, self.noise_size = rows, y, source, noise_size
        self.members = [(y != source).nonzero().squeeze(1), (y == source).nonzero().squeeze(1)]

    def members_of(self, label: int) -> Tensor:
        """Return the positions of the images that are translated into a class."""
        return self.members[int(label != self.source)]

    def draw(self, y: Tensor, generator: torch.Generator) -> tuple[Tensor, ...]:
        """Draw (source, origin, noise) for each class index in `y`, with replacement."""
        place = torch.rand(len(y), generator=generator, dtype=torch.float64)
        counts = torch.tensor([len(own) for own in self.members])
        of = (y != self.source).long()
        position = (place * counts[of]).long()
        index = torch.where(of == 0, self.members[0][position.clamp(max=counts[0] - 1)], 0)
        index = torch.where(of == 1, self.members[1][position.clamp(max=counts[1] - 1)], index)
        return self.start(index, generator)

    def start(self, index: Tensor, generator: torch.Generator) -> tuple[Tensor, ...]:
        """Return (source, origin, noise) for the images at these positions."""
        return self.rows[index], self.y[index], torch.randn(len(index), self.noise_size, generator=generator)


@dataclass(frozen=True)
class TranslationTerms:
    """Weights of the generator's terms beside the adversarial loss; 0 leaves one out.

    Parameters
    ----------
    patches : float, default=0.0
        Patch-contrastive loss (PatchNCE, arXiv 2007.15651): each place of the result is more like the same place of the
        source than like other places.
    cycle : float, default=0.0
        Mean absolute difference of the source and the translation that was translated back (arXiv 1703.10593).
    identity : float, default=0.0
        Mean absolute difference of a real image and its translation into its own class.
    target_class : float, default=0.0
        Cross-entropy of the class by a frozen classifier.
    pairs : float, default=0.0
        Mean absolute difference of the translation and the image that belongs to the source (arXiv 1611.07004).
    """

    patches: float = 0.0
    cycle: float = 0.0
    identity: float = 0.0
    target_class: float = 0.0
    pairs: float = 0.0


class FakeBuffer:
    """Earlier fake rows of each class, some of which the discriminator sees again (arXiv 1612.07828).

    So it does not forget what it has seen, and the networks oscillate less.

    Parameters
    ----------
    rng : torch.Generator
        Source of randomness, on the device of the rows.

    Examples
    --------
    >>> buffer = FakeBuffer(torch.Generator().manual_seed(0))
    >>> buffer.exchange(torch.ones(3), torch.tensor([0, 0, 1])).tolist()
    [1.0, 1.0, 1.0]
    """

    def __init__(self, rng: torch.Generator) -> None:
        self.rng = rng
        self.kept: dict[int, list[Tensor]] = {}

    def exchange(self, fake: Tensor, y: Tensor) -> Tensor:
        """Return these rows, half of them exchanged for earlier ones of their class once the buffer is full.

        Parameters
        ----------
        fake : Tensor of shape (n, ...)
            New rows, without gradient.
        y : Tensor of shape (n,)
            Class index of each.
        """
        draws = torch.rand(2, len(fake), generator=self.rng, device=fake.device).tolist()
        rows = []
        for row, label, is_new, place in zip(fake, y.tolist(), *draws, strict=True):
            kept = self.kept.setdefault(label, [])
            if len(kept) < _BUFFER_SIZE:
                kept.append(row.clone())
            elif is_new < _FROM_BUFFER:
                at = int(place * _BUFFER_SIZE)
                kept[at], row = row.clone(), kept[at]
            rows.append(row)
        return torch.stack(rows)

    def state_dict(self) -> dict[str, Any]:
        """Return the rows of each class."""
        return {str(label): list(rows) for label, rows in self.kept.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over the rows of another buffer."""
        self.kept = {int(label): [row.to(self.rng.device) for row in rows] for label, rows in state.items()}


class Translation(Adversarial):
    """The two objectives of a translator and its discriminator.

    Parameters
    ----------
    generator : nn.Module
        Called as ``generator(y, source, origin, noise)``; with a weight of patches it has `encode` and `decode`.
    discriminator, settings, fabric, rng, augment
        As of `Adversarial`.
    terms : TranslationTerms
        Weights of the generator's terms.
    heads : nn.Module or None, default=None
        Describe patches; trained with the generator.
    probe : callable (images) -> logits, or None, default=None
        The frozen classifier.
    has_buffer : bool, default=False
        Whether the discriminator sees earlier translations too.
    is_paired : bool, default=False
        Whether the source of each batch is the other image of the pair of the real one. The discriminator then sees
        both: the channels of the source stand behind those of the image.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        settings: AdversarialSettings,
        *,
        fabric: Fabric,
        rng: torch.Generator,
        augment: AdaptiveAugmentation | None = None,
        terms: TranslationTerms,
        heads: nn.Module | None = None,
        probe: Callable[[Tensor], Tensor] | None = None,
        has_buffer: bool = False,
        is_paired: bool = False,
    ) -> None:
        super().__init__(generator, discriminator, settings, fabric=fabric, rng=rng, augment=augment)
        self.terms, self.probe, self.is_paired = terms, probe, is_paired
        self.buffer = FakeBuffer(rng) if has_buffer else None
        self._bare_generator: Any = generator
        self.heads = heads
        if heads is not None:
            heads.to(fabric.device)
            self._generator_optimizer.add_param_group({"params": list(heads.parameters())})
        self._features: list[Tensor] = []

    def phases(self) -> list[Phase]:
        """Return the phases of a training step: first the discriminator's, then that of the generator and heads."""
        discriminator, generator = super().phases()
        if self.heads is None:
            return [discriminator, generator]
        both = nn.ModuleList([self._bare_generator, self.heads])
        return [discriminator, Phase("generator", both, self._generator_optimizer, self.generator_step)]

    def generator_step(self, batch: Batch) -> tuple[Tensor, Report]:
        """Return the generator's objective on a batch, and its report."""
        objective, report = super().generator_step(batch)
        with self.fabric.autocast():
            terms = self._terms(batch)
        for name, term in terms.items():
            objective = objective + getattr(self.terms, name) * term
        return objective, lambda: report() | terms

    def _terms(self, batch: Batch) -> dict[str, Tensor]:
        fake, (source, origin, noise) = self._fake(batch), batch.start
        terms = {}
        if self.terms.patches and self.heads is not None:
            terms["patches"] = self._patch_loss(fake)
        if self.terms.cycle:
            terms["cycle"] = (self._bare_generator(origin, fake, batch.y, noise) - source).abs().mean()
        if self.terms.identity:
            terms["identity"] = (self._bare_generator(batch.y, batch.real, batch.y, noise) - batch.real).abs().mean()
        if self.terms.target_class and self.probe is not None:
            terms["target_class"] = F.cross_entropy(self.probe(fake), batch.y)
        if self.terms.pairs:
            terms["pairs"] = (fake - batch.real).abs().mean()
        return terms

    def _fake(self, batch: Batch) -> Tensor:
        if not self.terms.patches:
            return super()._fake(batch)
        # as the generator itself, which also needs the features of the source only once
        if batch is not self._last_batch:
            source, _, noise = batch.start
            with self.fabric.autocast():
                self._features = self._bare_generator.encode(source)
                fake = self._bare_generator.decode(batch.y, self._features[-1], noise)
            self._last_batch, self._last_fake = batch, fake
        return self._last_fake

    def _shown(self, batch: Batch, fake: Tensor) -> Tensor:
        if not self.is_paired:
            return super()._shown(batch, fake)
        source = batch.start[0]
        return super()._shown(batch._replace(real=torch.cat([batch.real, source], 1)), torch.cat([fake, source], 1))

    def _judged(self, batch: Batch) -> Tensor:
        fake = super()._judged(batch)
        return fake if self.buffer is None else self.buffer.exchange(fake, batch.y)

    def state_dict(self) -> dict[str, Any]:
        """Return what the objectives remember, the buffer included."""
        return super().state_dict() | ({} if self.buffer is None else {"buffer": self.buffer.state_dict()})

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what another object with the same settings remembers."""
        super().load_state_dict(state)
        if self.buffer is not None:
            self.buffer.load_state_dict(state["buffer"])

    def _patch_loss(self, fake: Tensor) -> Tensor:
        assert self.heads is not None
        found = self._bare_generator.encode(fake)
        places = [torch.randperm(of[0, 0].numel(), generator=self.rng, device=of.device)[:_N_PLACES] for of in found]
        known = self.heads([features.detach() for features in self._features], places)
        losses = []
        for query, key in zip(self.heads(found, places), known, strict=True):
            # equation 3: the right place among all places of the same image
            scores = query @ key.detach().transpose(1, 2) / _TEMPERATURE
            right = torch.arange(scores.shape[1], device=scores.device).expand(len(scores), -1)
            losses.append(F.cross_entropy(scores.flatten(0, 1), right.flatten()))
        return torch.stack(losses).mean()
