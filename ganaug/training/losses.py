"""Adversarial losses and the penalties that keep them stable, as pure functions chosen by name.

The arguments of a loss are scores: `real` and `fake` are the discriminator's outputs, of shape (batch,), for real and
for fake rows. A higher score means "looks more real". To add a loss, write its two functions and a row in `LOSSES`;
every model then accepts its name.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Score = Callable[[Tensor], Tensor]


def rpgan_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Relativistic pairing: each real row should score above the fake row of its pair (arXiv 1807.00734)."""
    return F.softplus(fake - real).mean()


def rpgan_generator(real: Tensor, fake: Tensor) -> Tensor:
    """Relativistic pairing, the generator's side: each fake row should score above the real row of its pair."""
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
    """WGAN-GP: gradient norm 1 at the point `mix` between real and fake rows (arXiv 1704.00028, equation 3)."""
    mix = mix.view(-1, *[1] * (real.ndim - 1))
    rows = torch.lerp(real, fake, mix).detach().requires_grad_()
    # the small constant keeps the square root differentiable at a gradient of zero
    return ((_squared_gradient_norms(score, rows) + 1e-12).sqrt() - 1).square().mean()


def orthogonal_penalty(network: nn.Module) -> Tensor:
    """Sum over the layers of the squared products of two different filters (arXiv 1809.11096, equation 3).

    Filters may have any length, and so does the paper's. Layers of a single filter, and vectors, have no part in it.
    """
    total = torch.zeros(())
    for weight in network.parameters():
        if weight.ndim >= 2 and len(weight) > 1:
            filters = weight.flatten(1)
            products = filters @ filters.T
            total = total.to(weight.device) + products.square().sum() - products.diagonal().square().sum()
    return total


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
    """A pair of losses, with the settings that it trains well with.

    Attributes
    ----------
    discriminator, generator : callable (real, fake) -> scalar
        What each network minimises.
    boundary : callable (real, fake) -> scalar
        The score above which the discriminator takes a row for real, to compute its accuracy. It is a constant for
        losses with fixed targets, and the middle between the batch means for losses of which only score differences
        have a meaning.
    penalty : str
        The penalty for ``penalty="auto"``, a name of `PENALTIES`.
    gamma : float
        The weight of that penalty for ``gamma="auto"``.
    clip : float or None, default=None
        The weights of the discriminator are clipped to [-clip, clip] after each of its updates. None does not clip.
    n_critic : int, default=1
        Updates of the discriminator for each update of the generator.
    beta1 : float, default=0.5
        First decay rate of Adam. It is 0 for the Wasserstein losses, whose critic must follow the generator closely.
    optimizer : str, default="adam"
        The optimiser for ``optimizer="auto"``, a name of `OPTIMIZERS`.
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]
    boundary: Callable[[Tensor, Tensor], Tensor]
    penalty: str
    gamma: float
    clip: float | None = None
    n_critic: int = 1
    beta1: float = 0.5
    optimizer: str = "adam"


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
    "wgan": AdversarialLoss(
        wasserstein_discriminator, mean_generator, _midway, "none", 0.0, clip=0.01, n_critic=5, optimizer="rmsprop"
    ),
    "wgan-gp": AdversarialLoss(wasserstein_discriminator, mean_generator, _midway, "gp", 10.0, n_critic=5, beta1=0.0),
}
