"""Adversarial losses and the penalties that keep them stable, as pure functions chosen by name.

A loss sees scores only: `real` and `fake` are the discriminator's outputs, shape (batch,), higher meaning
"looks real". To add one, write its two functions and a row in `LOSSES`; every model then takes it by name.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

Score = Callable[[Tensor], Tensor]


def rpgan_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Relativistic pairing: each real row should score above the fake row it is paired with (arXiv 1807.00734)."""
    return F.softplus(fake - real).mean()


def rpgan_generator(real: Tensor, fake: Tensor) -> Tensor:
    """Relativistic pairing, the generator's side: each fake row should score above its real partner."""
    return F.softplus(real - fake).mean()


def bce_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Binary cross-entropy of the original GAN (arXiv 1406.2661, equation 1)."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def bce_generator(real: Tensor, fake: Tensor) -> Tensor:
    """Non-saturating generator loss: maximise log D(fake) rather than minimise log(1 - D(fake))."""
    return F.softplus(-fake).mean()


def lsgan_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Least squares with targets 1 and 0 (arXiv 1611.04076, equation 9)."""
    return 0.5 * ((real - 1).square().mean() + fake.square().mean())


def lsgan_generator(real: Tensor, fake: Tensor) -> Tensor:
    """Least squares: fake rows should score 1."""
    return 0.5 * (fake - 1).square().mean()


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Hinge loss with margin 1 (arXiv 1705.02894; the loss of SAGAN and BigGAN)."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def wasserstein_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Critic of the Wasserstein GAN: the negated estimate of the earth mover's distance (arXiv 1701.07875)."""
    return fake.mean() - real.mean()


def mean_generator(real: Tensor, fake: Tensor) -> Tensor:
    """Raise the fake rows' mean score: the generator of the hinge and Wasserstein losses."""
    return -fake.mean()


def zero_centred_penalty(score: Score, real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """R1 on real plus R2 on fake rows: half the mean squared gradient norm of each (arXiv 1801.04406, 2501.05441)."""
    rows = torch.cat([real, fake]).detach().requires_grad_()
    return _squared_gradient_norms(score, rows).sum() / (2 * len(real))


def real_gradient_penalty(score: Score, real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """R1 alone: half the mean squared gradient norm on real rows (arXiv 1801.04406, equation 9)."""
    return _squared_gradient_norms(score, real.detach().requires_grad_()).mean() / 2


def interpolated_gradient_penalty(score: Score, real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """WGAN-GP: gradient norm 1 at the place `mix` between real and fake rows (arXiv 1704.00028, equation 3)."""
    mix = mix.view(-1, *[1] * (real.ndim - 1))
    rows = torch.lerp(real, fake, mix).detach().requires_grad_()
    # the small constant keeps the square root differentiable where the gradient vanishes
    return ((_squared_gradient_norms(score, rows) + 1e-12).sqrt() - 1).square().mean()


def _squared_gradient_norms(score: Score, rows: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(score(rows).sum(), rows, create_graph=True)
    return gradient.flatten(1).square().sum(1)


def _at_zero(real: Tensor, fake: Tensor) -> Tensor:
    return torch.zeros((), device=real.device)


def _at_half(real: Tensor, fake: Tensor) -> Tensor:
    return torch.full((), 0.5, device=real.device)


def _midway(real: Tensor, fake: Tensor) -> Tensor:
    return (real.mean() + fake.mean()) / 2


class AdversarialLoss(NamedTuple):
    """A pair of losses and what they need to train well.

    Attributes
    ----------
    discriminator, generator : callable (real, fake) -> scalar
        What each network minimises.
    boundary : callable (real, fake) -> scalar
        The score above which the discriminator calls a row real, for its accuracy: fixed for losses with fixed
        targets, halfway between the batch means where only differences of scores mean anything.
    penalty : str
        The regulariser used with ``penalty="auto"``, a name of `PENALTIES`.
    gamma : float
        Its weight with ``gamma="auto"``.
    clip : float or None
        Weights of the discriminator are clipped to [-clip, clip] after each of its steps.
    n_critic : int
        Discriminator updates for each generator update.
    beta1 : float
        Momentum of Adam; the Wasserstein losses, whose critic must follow the generator closely, do better without.
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]
    boundary: Callable[[Tensor, Tensor], Tensor]
    penalty: str
    gamma: float
    clip: float | None = None
    n_critic: int = 1
    beta1: float = 0.5


PENALTIES: dict[str, Callable[[Score, Tensor, Tensor, Tensor], Tensor] | None] = {
    "none": None,
    "r1": real_gradient_penalty,
    "r1r2": zero_centred_penalty,
    "gp": interpolated_gradient_penalty,
}

LOSSES: dict[str, AdversarialLoss] = {
    "rpgan": AdversarialLoss(rpgan_discriminator, rpgan_generator, _midway, "r1r2", 1.0),
    "hinge": AdversarialLoss(hinge_discriminator, mean_generator, _at_zero, "r1", 1.0),
    "bce": AdversarialLoss(bce_discriminator, bce_generator, _at_zero, "r1", 1.0),
    "lsgan": AdversarialLoss(lsgan_discriminator, lsgan_generator, _at_half, "r1", 1.0),
    "wasserstein": AdversarialLoss(
        wasserstein_discriminator, mean_generator, _midway, "none", 0.0, clip=0.3, n_critic=5, beta1=0.0
    ),
    "wgan-gp": AdversarialLoss(wasserstein_discriminator, mean_generator, _midway, "gp", 1.0, n_critic=5, beta1=0.0),
}
