"""The adversarial game: a discriminator separates real from fake rows, a generator learns to fool it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from ganaug.common import processes
from ganaug.training.augmentation import AdaptiveAugmentation
from ganaug.training.batches import Batch
from ganaug.training.fabric import Fabric
from ganaug.training.losses import LOSSES, PENALTIES, AdversarialLoss, orthogonal_penalty
from ganaug.training.matching import MATCHING, rows_by_class
from ganaug.training.optimizers import build_optimizer
from ganaug.training.phase import Phase, Report


@dataclass(frozen=True)
class AdversarialSettings:
    """How generator and discriminator are trained.

    Parameters
    ----------
    loss : str or AdversarialLoss, default="rpgan"
        Name of `LOSSES`, or a loss of your own.
    penalty : str, default="auto"
        Name of `PENALTIES`. "auto" takes the one that belongs to the loss.
    gamma : float or "auto", default="auto"
        Weight of the penalty, at least 0. "auto" takes the weight that belongs to the loss; for a penalty of another
        loss it is 1, the value of the papers' toy problems.
    penalty_every : int, default=4
        The penalty is computed at every n-th update of the discriminator, with n times the weight (lazy regularisation,
        arXiv 1912.04958).
    n_critic : int or "auto", default="auto"
        Updates of the discriminator for each update of the generator. "auto" takes the number that belongs to the loss.
    learning_rate : float, default=5e-4
        Learning rate.
    discriminator_learning_rate : float or None, default=None
        Learning rate of the discriminator (arXiv 1706.08500). None takes `learning_rate`.
    optimizer : str, default="auto"
        Name of `OPTIMIZERS`. "auto" takes the one that belongs to the loss.
    betas : (float, float) or None, default=None
        Decay rates of Adam. None takes those that belong to the loss.
    weight_decay : float, default=0.0
        See `build_optimizer`.
    label_smoothing : float, default=0.0
        The discriminator minimises the loss with this share of the labels exchanged, in [0, 0.5).
    discriminator_warmup : int, default=0
        Steps at the start in which only the discriminator is trained.
    pac : int, default=1
        Rows that the discriminator sees side by side as one (PacGAN, arXiv 1712.04086).
    orthogonal : float, default=0.0
        Weight of `orthogonal_penalty` in the generator's objective, at least 0.
    matching : mapping of str to float, default={}
        Terms of the generator's objective beside the loss: name of `MATCHING` -> weight.

    Examples
    --------
    >>> AdversarialSettings(loss="wgan-gp").n_updates, AdversarialSettings(penalty="gp").penalty_weight
    (5, 1.0)
    """

    loss: str | AdversarialLoss = "rpgan"
    penalty: str = "auto"
    gamma: float | str = "auto"
    penalty_every: int = 4
    n_critic: int | str = "auto"
    learning_rate: float = 5e-4
    discriminator_learning_rate: float | None = None
    optimizer: str = "auto"
    betas: tuple[float, float] | None = None
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    discriminator_warmup: int = 0
    pac: int = 1
    orthogonal: float = 0.0
    matching: Mapping[str, float] = field(default_factory=dict)

    @property
    def adversarial_loss(self) -> AdversarialLoss:
        """The loss itself."""
        return LOSSES[self.loss] if isinstance(self.loss, str) else self.loss

    @property
    def penalty_name(self) -> str:
        """Name of the penalty, a key of `PENALTIES`."""
        return self.adversarial_loss.penalty if self.penalty == "auto" else self.penalty

    @property
    def penalty_weight(self) -> float:
        """Weight of the penalty, averaged over all updates."""
        if self.gamma != "auto":
            return float(self.gamma)
        choice = self.adversarial_loss
        return choice.gamma if self.penalty_name == choice.penalty else 1.0

    @property
    def n_updates(self) -> int:
        """Updates of the discriminator for each update of the generator."""
        return self.adversarial_loss.n_critic if self.n_critic == "auto" else int(self.n_critic)

    @property
    def adam_betas(self) -> tuple[float, float]:
        """Decay rates of Adam."""
        return (self.adversarial_loss.beta1, 0.9) if self.betas is None else self.betas

    @property
    def optimizer_name(self) -> str:
        """Name of the optimiser."""
        return self.adversarial_loss.optimizer if self.optimizer == "auto" else self.optimizer


class Adversarial:
    """The two objectives of a conditional GAN, and what they remember from update to update.

    Parameters
    ----------
    generator : nn.Module
        Called as ``generator(y, *start)``; returns fake rows.
    discriminator : nn.Module
        Called as ``discriminator(rows, y)``, with `pac` rows side by side in one. It returns scores of shape (batch,),
        or (batch, 2). The second column then is the logarithm of the probability that the row is of its class, which
        both networks raise (auxiliary classifier, arXiv 1610.09585).
    settings : AdversarialSettings
        How they are trained.
    fabric : Fabric
        Device and precision.
    rng : torch.Generator
        Source of randomness of the penalty, on Fabric's device. The augmentation and the networks may draw from it too:
        `state_dict` stores its state.
    augment : AdaptiveAugmentation or None, default=None
        What is done to all rows that the discriminator sees, real and fake (arXiv 2006.10738). None does nothing.
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
    ) -> None:
        self.settings = settings
        self.fabric = fabric
        self.rng = rng
        self.augment = augment
        self._loss = settings.adversarial_loss
        self._penalty = PENALTIES[settings.penalty_name]
        # computed at every n-th update only, so n times as heavy
        self._gamma = settings.penalty_weight * settings.penalty_every
        # Fabric's wrapper admits no derivative of a derivative: the penalty calls the network itself.
        self._bare_generator, self._bare_discriminator = generator, discriminator
        self.generator, self._generator_optimizer = self._set_up(generator, settings.learning_rate)
        self.discriminator, self._discriminator_optimizer = self._set_up(
            discriminator, settings.discriminator_learning_rate or settings.learning_rate
        )
        self._n_updates = 0  # of the discriminator
        self._last_penalty = torch.zeros(())
        self._last_batch: Batch | None = None
        self._last_fake = torch.empty(0)

    def _set_up(self, network: nn.Module, learning_rate: float) -> tuple[nn.Module, torch.optim.Optimizer]:
        optimizer = build_optimizer(
            self.settings.optimizer_name,
            network.parameters(),
            learning_rate=learning_rate,
            betas=self.settings.adam_betas,
            weight_decay=self.settings.weight_decay,
            fused=self.fabric.device.type in ("cpu", "cuda"),
        )
        return self.fabric.setup(network, optimizer)

    def phases(self) -> list[Phase]:
        """Return the phases of a training step: first the discriminator's, then the generator's."""
        return [
            Phase(
                "discriminator",
                self.discriminator,
                self._discriminator_optimizer,
                self.discriminator_step,
                self.settings.n_updates,
                self._loss.clip,
            ),
            Phase(
                "generator",
                self.generator,
                self._generator_optimizer,
                self.generator_step,
                first_step=self.settings.discriminator_warmup,
            ),
        ]

    def discriminator_step(self, batch: Batch) -> tuple[Tensor, Report]:
        """Return the discriminator's objective on a batch, and its report."""
        y = batch.y[:: self.settings.pac]
        rows = self._shown(batch, self._judged(batch))
        scores = self.discriminator(rows, torch.cat([y, y]))
        real, fake = _score(scores).split(len(y))
        loss = self._loss.discriminator(real, fake)
        if smoothing := self.settings.label_smoothing:
            loss = (1 - smoothing) * loss + smoothing * self._loss.discriminator(fake, real)
        objective = loss + _class_loss(scores)
        if self.augment is not None:
            self.augment.observe((real - self._loss.boundary(real, fake)).detach())
        if self._is_penalty_due():
            penalty = self._gradient_penalty(rows.detach(), y)
            objective = objective + self._gamma * penalty
            self._last_penalty = penalty.detach()
        self._n_updates += 1
        return objective, lambda: self._report(loss, real, fake)

    def generator_step(self, batch: Batch) -> tuple[Tensor, Report]:
        """Return the generator's objective on a batch, and its report."""
        y = batch.y[:: self.settings.pac]
        scores = self.discriminator(self._shown(batch, self._fake(batch)), torch.cat([y, y]))
        real, fake = _score(scores).split(len(y))
        loss = self._loss.generator(real, fake)
        objective = loss + _class_loss(scores[len(y) :])
        if self.settings.orthogonal:
            objective = objective + self.settings.orthogonal * orthogonal_penalty(self._bare_generator)
        if not self.settings.matching:
            return objective, lambda: {"loss": loss}
        matching = self._matching(batch)
        return objective + matching, lambda: {"loss": loss, "matching": matching}

    def _matching(self, batch: Batch) -> Tensor:
        real, fake, y = batch.real, self._fake(batch).reshape(batch.real.shape), batch.y
        if processes.n_processes() > 1:  # a term compares the rows of all processes; one exchange for all three
            real, fake, labels = processes.all_rows(torch.cat([real, fake, y[:, None]], 1)).split(
                [real.shape[1], fake.shape[1], 1], 1
            )
            real, y = real.detach(), labels.detach().squeeze(1).long()
        places = rows_by_class(y)
        terms = [
            weight * MATCHING[name](real[places], fake[places], self.rng)
            for name, weight in self.settings.matching.items()
        ]
        return torch.stack(terms).sum()

    def _fake(self, batch: Batch) -> Tensor:
        # The generator does not change between the two phases of a step: its rows for their batch are computed once.
        if batch is not self._last_batch:
            self._last_batch, self._last_fake = batch, self._pack(self.generator(batch.y, *batch.start))
        return self._last_fake

    def _judged(self, batch: Batch) -> Tensor:
        """Return the fake rows that the discriminator learns from, without gradient."""
        return self._fake(batch).detach()

    def _pack(self, rows: Tensor) -> Tensor:
        pac = self.settings.pac
        return rows if pac == 1 else rows.reshape(len(rows) // pac, -1)

    def _shown(self, batch: Batch, fake: Tensor) -> Tensor:
        # Real and fake rows go through the discriminator together: for small networks the number of calls is the cost.
        rows = torch.cat([self._pack(batch.real), fake])
        return rows if self.augment is None else self.augment(rows)

    def _is_penalty_due(self) -> bool:
        return self._penalty is not None and self._n_updates % self.settings.penalty_every == 0

    def _gradient_penalty(self, rows: Tensor, y: Tensor) -> Tensor:
        assert self._penalty is not None
        mix = processes.drawn(lambda n: torch.rand(n, generator=self.rng, device=rows.device), len(y))

        def score(rows: Tensor) -> Tensor:
            return _score(self._bare_discriminator(rows, y.repeat(len(rows) // len(y))))

        with self.fabric.autocast():
            real, fake = rows.split(len(y))
            return self._penalty(score, real, fake, mix)

    def _report(self, loss: Tensor, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        boundary = self._loss.boundary(real, fake)
        report = {
            "loss": loss,
            "accuracy_real": (real > boundary).float().mean(),
            "accuracy_fake": (fake < boundary).float().mean(),
        }
        if self._penalty is not None:
            report["penalty"] = self._last_penalty
        if self.augment is not None:
            report["augmentation"] = torch.tensor(self.augment.p)
        return report

    def state_dict(self) -> dict[str, Any]:
        """Return what the objectives remember: counts, the augmentation's strength, the state of `rng`."""
        return {
            "n_updates": self._n_updates,
            "last_penalty": self._last_penalty,
            "augment": None if self.augment is None else self.augment.state_dict(),
            "rng": self.rng.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what another object with the same settings remembers."""
        self._n_updates = state["n_updates"]
        self._last_penalty = state["last_penalty"].to(self.fabric.device)
        if self.augment is not None:
            self.augment.load_state_dict(state["augment"])
        self.rng.set_state(state["rng"])


def _score(scores: Tensor) -> Tensor:
    return scores if scores.ndim == 1 else scores[:, 0]


def _class_loss(scores: Tensor) -> Tensor | float:
    """Mean cross-entropy of the class where the discriminator classifies too, else 0."""
    return 0.0 if scores.ndim == 1 else -scores[:, 1].mean()
