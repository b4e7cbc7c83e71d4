"""Differential privacy: private gradients of a discriminator (DP-SGD), and the account of what is spent."""

import secrets
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from ganaug.common.extras import require_extra
from ganaug.training.fabric import Fabric
from ganaug.training.phase import Phase, Report
from ganaug.training.priors import Prior

# Orders of Renyi divergence among which the account takes the best; large ones matter where epsilon is small.
_ORDERS = [
    1.01,
    1.03,
    1.1,
    *(1 + k / 4 for k in range(1, 36)),
    *range(10, 64),
    80,
    96,
    128,
    192,
    256,
    384,
    512,
    768,
    1024,
]
# Noise is searched for in this range, until epsilon is met within a thousandth.
_LARGEST_NOISE = 1e6
_TOLERANCE = 1e-3
# Rows of which the gradients are in memory together.
_CHUNK = 256

RowLoss = Callable[[Tensor], Tensor]


class GaussianMechanism(NamedTuple):
    """Sums of vectors of norm at most 1, one for each row, with normal noise; repeated on random parts of the rows.

    Attributes
    ----------
    noise : float
        Standard deviation of the noise; above 0.
    rate : float, default=1.0
        Probability with which each row is part of a sum, independently of all others (Poisson sampling), in (0, 1].
    n_steps : int, default=1
        How many sums there are.
    """

    noise: float
    rate: float = 1.0
    n_steps: int = 1


def spent_epsilon(mechanisms: Sequence[GaussianMechanism], delta: float) -> float:
    """Return the epsilon of differential privacy that several mechanisms on the same rows spend together.

    Two data sets are neighbours where one has one row more. The bound adds Renyi divergences of the sampled Gaussian
    mechanism (arXiv 1908.10530), as Opacus computes them (arXiv 2109.12298), and is slightly above the true value.

    Parameters
    ----------
    mechanisms : sequence of GaussianMechanism
        All that touched the rows.
    delta : float
        In (0, 1).

    Returns
    -------
    float
        Epsilon; infinite where there is no noise.

    Raises
    ------
    ImportError
        If Opacus is not installed.

    Examples
    --------
    >>> round(spent_epsilon([GaussianMechanism(noise=1.1, rate=0.01, n_steps=10_000)], delta=1e-5), 1)
    5.6
    """
    analysis = _opacus()
    total: Any = 0.0
    for noise, rate, n_steps in mechanisms:
        if noise <= 0 and n_steps > 0:
            return float("inf")
        total = total + analysis.compute_rdp(q=rate, noise_multiplier=noise, steps=n_steps, orders=_ORDERS)
    if not mechanisms:
        return 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that more orders would be tighter, where epsilon is huge or tiny
        return max(0.0, float(analysis.get_privacy_spent(orders=_ORDERS, rdp=total, delta=delta)[0]))


def noise_for(
    epsilon: float, delta: float, *, rate: float = 1.0, n_steps: int = 1, before: Sequence[GaussianMechanism] = ()
) -> float:
    """Return the least noise, to a thousandth, with which `n_steps` sums spend at most `epsilon`.

    Parameters
    ----------
    epsilon, delta : float
        The budget.
    rate, n_steps
        As of `GaussianMechanism`.
    before : sequence of GaussianMechanism, default=()
        What is spent already.

    Returns
    -------
    float
        The standard deviation of the noise of a `GaussianMechanism`.

    Raises
    ------
    ValueError
        If no noise is large enough.

    Examples
    --------
    >>> noise = noise_for(1.0, 1e-5)
    >>> 3 < noise < 5
    True
    """

    def spent(noise: float) -> float:
        return spent_epsilon([*before, GaussianMechanism(noise, rate, n_steps)], delta)

    low, high = 0.0, 1.0
    while spent(high) > epsilon:
        low, high = high, 2 * high
        if high > _LARGEST_NOISE:
            raise ValueError(f"epsilon={epsilon!r} with delta={delta!r} is too small for any noise; take a larger one")
    while high - low > _TOLERANCE * high:
        middle = (low + high) / 2
        low, high = (middle, high) if spent(middle) > epsilon else (low, middle)
    return high


def _opacus() -> Any:
    require_extra("dp", "Differential privacy needs")
    from opacus.accountants.analysis import rdp

    return rdp


def secret_generator(device: torch.device | None = None) -> torch.Generator:
    """Return a generator of random numbers that nobody can repeat: who knows the noise can subtract it.

    Parameters
    ----------
    device : torch.device or None, default=None
        None is the CPU.
    """
    return torch.Generator(device or torch.device("cpu")).manual_seed(secrets.randbits(63))


def clipped_gradient_sum(
    network: nn.Module, loss: RowLoss, rows: Tensor, y: Tensor, max_norm: float
) -> tuple[Tensor, ...]:
    """Return the sum of the gradients of single rows, each shortened to a norm of at most `max_norm`.

    So one row more or less changes the sum by at most this norm (DP-SGD, arXiv 1607.00133, algorithm 1).

    Parameters
    ----------
    network : nn.Module
        Called as ``network(rows, y)``; returns scores of shape (batch,), each of its own row alone.
    loss : callable (scores) -> Tensor of the same shape
        What is minimised for each row.
    rows : Tensor of shape (n_rows, width)
        May be none.
    y : Tensor of shape (n_rows,)
        Class index of each.
    max_norm : float
        Above 0; infinity shortens none.

    Returns
    -------
    tuple of Tensor
        One for each parameter of the network, of its shape.
    """
    weights = {name: weight.detach() for name, weight in network.named_parameters()}
    if not len(rows):
        return tuple(torch.zeros_like(weight) for weight in weights.values())

    def loss_of_row(weights: dict[str, Tensor], row: Tensor, label: Tensor) -> Tensor:
        return loss(functional_call(network, weights, (row[None], label[None]))).sum()

    total = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    for some, labels in zip(rows.split(_CHUNK), y.split(_CHUNK), strict=True):
        gradients = vmap(grad(loss_of_row), in_dims=(None, 0, 0))(weights, some, labels)
        norms = torch.stack([of.flatten(1).norm(dim=1) for of in gradients.values()]).norm(dim=0)
        factor = (max_norm / norms.clamp(min=1e-12)).clamp(max=1.0)
        for name, of in gradients.items():
            total[name] += torch.einsum("n,n...->...", factor, of)
    return tuple(total.values())


class PrivateBatch(NamedTuple):
    """Real rows, and the inputs of the generator for as many fake rows as there are real ones on average.

    Attributes
    ----------
    real : Tensor of shape (n_real, width)
        Encoded real rows; their number is random, and may be 0.
    real_y : Tensor of shape (n_real,)
        Class index of each.
    y : Tensor of shape (n_fake,)
        Class index of each fake row; drawn without the real rows.
    start : tuple of Tensor
        What the generator starts from: `Prior.draw` of `y`.
    """

    real: Tensor
    real_y: Tensor
    y: Tensor
    start: tuple[Tensor, ...]


class PoissonBatches:
    """Endless batches in which each row occurs with the probability of its class, independently of all other rows.

    Parameters
    ----------
    rows : Tensor of shape (n_rows, width)
        Encoded training rows.
    y : Tensor of shape (n_rows,)
        Class index of each row.
    prior : Prior
        What the generator starts from.
    rates : Tensor of shape (n_classes,)
        Probability of the rows of each class; must not depend on the rows, except by what is accounted for.
    sizes : Tensor of shape (n_classes,)
        Real rows of each class in a batch on average, as far as that is known: the shares of the classes among the
        fake rows, of which there are as many.
    generator : torch.Generator
        Source of the fake rows.
    device : torch.device
        Where batches are put.
    """

    def __init__(
        self,
        rows: Tensor,
        y: Tensor,
        prior: Prior,
        *,
        rates: Tensor,
        sizes: Tensor,
        generator: torch.Generator,
        device: torch.device,
    ) -> None:
        self.rows, self.y = rows.to(device), y.to(device)
        self.prior = prior
        self.rates = rates.to(device)[self.y]
        self.sizes = sizes
        self.generator = generator
        self.device = device
        self.n_drawn = 0
        self._secret = secret_generator(device)

    def __iter__(self) -> Iterator[PrivateBatch]:
        return self

    def __next__(self) -> PrivateBatch:
        self.n_drawn += 1
        drawn = torch.rand(len(self.y), generator=self._secret, device=self.device) < self.rates
        n_fake = max(len(self.sizes), round(float(self.sizes.sum())))
        y = torch.multinomial(self.sizes, n_fake, replacement=True, generator=self.generator)
        start = tuple(part.to(self.device) for part in self.prior.draw(y, self.generator))
        return PrivateBatch(self.rows[drawn], self.y[drawn], y.to(self.device), start)

    def state_dict(self) -> dict[str, Any]:
        """Refuse: who knows the random numbers of a private training can undo its noise."""
        raise ValueError("a training with differential privacy cannot be stored midway: its random numbers are secret")

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Refuse, as `state_dict`.

        Parameters
        ----------
        state : dict
            Not used.
        """
        self.state_dict()


class PrivatePhase(Phase):
    """The update of a discriminator that sees real rows only through clipped gradients with noise.

    Parameters
    ----------
    network : nn.Module
        The discriminator itself; `module` may be a wrapper with the same weights.
    row_loss : callable (scores) -> Tensor
        Loss of real rows, see `clipped_gradient_sum`. The objective is that of the fake rows, which are no one's data.
    max_norm : float
        Bound on the norm of the gradient of a row.
    noise : float
        Standard deviation of the noise on the sum of these gradients, in units of `max_norm`.
    batch_size : float
        By what the sum is divided; must not depend on the batch.
    **of_phase : dict
        As of `Phase`.
    """

    def __init__(
        self,
        network: nn.Module,
        row_loss: RowLoss,
        *,
        max_norm: float,
        noise: float,
        batch_size: float,
        **of_phase: Any,
    ) -> None:
        super().__init__(**of_phase)
        self.network, self.row_loss = network, row_loss
        self.max_norm, self.noise, self.batch_size = max_norm, noise, batch_size
        self._secret = secret_generator(self.parameters[0].device)

    def update(self, batch: Any, fabric: Fabric) -> Report:
        """Take one step; the noise is added once to the sum over the real rows, whatever their number.

        Parameters
        ----------
        batch : PrivateBatch
            Real rows, and the inputs of the generator.
        fabric : Fabric
            Device and precision.
        """
        objective, report = self.objective(batch)
        for weight in self.parameters:
            weight.grad = None
        fabric.backward(objective, inputs=self.parameters)
        sums = clipped_gradient_sum(self.network, self.row_loss, batch.real, batch.real_y, self.max_norm)
        for weight, of_real in zip(self.parameters, sums, strict=True):
            if self.noise:
                noise = torch.randn(weight.shape, generator=self._secret, device=weight.device, dtype=weight.dtype)
                of_real = of_real + self.noise * self.max_norm * noise
            assert weight.grad is not None
            weight.grad.add_(of_real / self.batch_size)
        self.optimizer.step()
        return report


def private_phases(
    generator: nn.Module,
    discriminator: nn.Module,
    bare: nn.Module,
    optimizers: tuple[torch.optim.Optimizer, torch.optim.Optimizer],
    *,
    max_norm: float,
    noise: float,
    batch_size: float,
    n_updates: int,
) -> list[Phase]:
    """Return the phases of a private training: the discriminator's, then the generator's.

    The loss is that of the first GAN (arXiv 1406.2661), of which real and fake rows are separate terms. The generator
    learns from the discriminator alone, so that it spends nothing (arXiv 1802.06739).

    Parameters
    ----------
    generator, discriminator : nn.Module
        The networks, as Fabric has set them up.
    bare : nn.Module
        The discriminator without the wrapper of Fabric.
    optimizers : (Optimizer, Optimizer)
        Of generator and discriminator.
    max_norm, noise, batch_size
        As of `PrivatePhase`.
    n_updates : int
        Updates of the discriminator for each of the generator.
    """

    def on_fake(batch: Any) -> tuple[Tensor, Report]:
        with torch.no_grad():
            fake = generator(batch.y, *batch.start)
        scores = discriminator(fake, batch.y)
        loss = F.softplus(scores).mean()
        return loss, lambda: {"loss_fake": loss, "accuracy_fake": (scores < 0).float().mean()}

    def fool(batch: Any) -> tuple[Tensor, Report]:
        loss = F.softplus(-discriminator(generator(batch.y, *batch.start), batch.y)).mean()
        return loss, lambda: {"loss": loss}

    def on_real(scores: Tensor) -> Tensor:
        return F.softplus(-scores)

    private = PrivatePhase(
        bare,
        on_real,
        max_norm=max_norm,
        noise=noise,
        batch_size=batch_size,
        name="discriminator",
        module=discriminator,
        optimizer=optimizers[1],
        objective=on_fake,
        n_updates=n_updates,
    )
    return [private, Phase("generator", generator, optimizers[0], fool)]
