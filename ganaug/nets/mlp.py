"""Fully connected networks for rows of a table."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ganaug.common import processes

# Functions of the hidden layers. Gradient penalties differentiate them twice.
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "leaky_relu": lambda: nn.LeakyReLU(0.2, inplace=True),
    "relu": lambda: nn.ReLU(inplace=True),
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}


class MLPGenerator(nn.Module):
    """Conditional generator of encoded rows: continuous values first, then one-hot blocks.

    Two habits of tabular GANs are kept. Each hidden layer sees the input again beside its own output
    (residual concatenation, arXiv 1907.00503), and one-hot blocks are drawn by Gumbel-softmax (arXiv 1611.01144)
    so that gradients pass through a choice.

    With an anchor, the network learns what to *add* to it: its last layer starts near zero, so training begins at
    the anchor itself.

    Parameters
    ----------
    latent_size : int
        Size of the latent vector.
    n_classes : int
        Number of classes; the class enters one-hot.
    n_continuous : int
        Continuous values in a row.
    block_sizes : sequence of int
        Levels of each one-hot block, in their order.
    hidden_sizes : sequence of int
        Widths of the hidden layers.
    anchored : bool
        Whether `forward` is given an anchor.
    temperature : float, default=0.3
        Of the Gumbel-softmax: low gives nearly one-hot rows, high gives smoother gradients.
    activation : str, default="leaky_relu"
        A name of `ACTIVATIONS`.

    Notes
    -----
    Shapes:

    - y: (batch,) class index; latent: (batch, latent_size); gumbel: (batch, sum(block_sizes));
      anchor: (batch, width) where width = n_continuous + sum(block_sizes)
    - output: (batch, width)

    Examples
    --------
    >>> generator = MLPGenerator(8, 2, n_continuous=3, block_sizes=(2, 4), hidden_sizes=(16,), anchored=False)
    >>> rows = generator(torch.tensor([0, 1]), torch.zeros(2, 8), torch.zeros(2, 6))
    >>> rows.shape, bool(rows[:, 3:5].sum(1).allclose(torch.ones(2)))
    (torch.Size([2, 9]), True)
    """

    # the share of rows that keep their anchor's level in a one-hot block before anything is learned
    KEPT = 0.95
    one_hot: Tensor
    pull: Tensor
    member: Tensor

    def __init__(
        self,
        latent_size: int,
        n_classes: int,
        *,
        n_continuous: int,
        block_sizes: Sequence[int],
        hidden_sizes: Sequence[int],
        anchored: bool,
        temperature: float = 0.3,
        activation: str = "leaky_relu",
    ) -> None:
        super().__init__()
        self.n_continuous = n_continuous
        self.temperature = temperature
        width = n_continuous + sum(block_sizes)
        size = latent_size + n_classes + (width if anchored else 0)
        self.hidden = nn.ModuleList()
        for hidden_size in hidden_sizes:
            self.hidden.append(
                nn.Sequential(nn.Linear(size, hidden_size), nn.LayerNorm(hidden_size), ACTIVATIONS[activation]())
            )
            size += hidden_size
        self.head = nn.Linear(size, width)
        if anchored:
            with torch.no_grad():
                self.head.weight.mul_(0.01)
                self.head.bias.zero_()
        self.register_buffer("one_hot", torch.from_numpy(np.eye(n_classes, dtype=np.float32)), persistent=False)
        self.register_buffer("pull", _anchor_pull(n_continuous, block_sizes, self.KEPT), persistent=False)
        self.register_buffer("member", _membership(block_sizes), persistent=False)

    def forward(self, y: Tensor, latent: Tensor, gumbel: Tensor, anchor: Tensor | None = None) -> Tensor:
        """Generate one encoded row for each class index in `y`, or for each code of floats (`Conditions`)."""
        code = y.to(latent.dtype) if y.is_floating_point() else self.one_hot[y]
        inputs = [latent, code] + ([] if anchor is None else [anchor])
        features = torch.cat(inputs, 1)
        for layer in self.hidden:
            features = torch.cat([features, layer(features)], 1)
        rows = self.head(features)
        if anchor is not None:
            rows = torch.addcmul(rows, anchor, self.pull)
        if not gumbel.shape[1]:
            return rows
        logits = (rows[:, self.n_continuous :] + gumbel) / self.temperature
        return torch.cat([rows[:, : self.n_continuous], self._softmax(logits)], 1)

    def _softmax(self, logits: Tensor) -> Tensor:
        # all blocks at once, by two products with a constant, which costs a fifth of gathering them into a padded
        # table; within these bounds exp and its sums stay within single precision
        powers = logits.clamp(-80, 80).exp()
        return powers / (powers @ self.member @ self.member.T)


class Dropout(nn.Module):
    """Dropout that draws its mask from its own generator, so that the global generator is not used.

    Random numbers cost more than the rest of a small layer, so a mask takes one byte of them per value: the
    probability is rounded to a multiple of 1/256 between 1/256 and 255/256.
    """

    def __init__(self, p: float, generator: torch.Generator) -> None:
        super().__init__()
        self.threshold = min(max(round(p * 256), 1), 255)
        self.generator = generator

    def forward(self, x: Tensor) -> Tensor:
        """Zero each value with the probability given and scale the rest up, in training mode only."""
        if not self.training:
            return x
        of_all = x.numel() * processes.n_processes()
        words = torch.empty(-(-of_all // 8), dtype=torch.int64, device=x.device)
        words.random_(-(2**63), None, generator=self.generator)
        kept = processes.own(words.view(torch.int8)[:of_all]).view_as(x) >= self.threshold - 128
        return x * kept * (256 / (256 - self.threshold))


class MLPDiscriminator(nn.Module):
    """Score encoded rows of a class: high for real, low for fake; class by projection (arXiv 1802.05637).

    Parameters
    ----------
    size : int
        Width of a row; with PacGAN (arXiv 1712.04086), of `pac` rows side by side.
    n_classes : int
        Number of classes.
    hidden_sizes : sequence of int
        Widths of the hidden layers.
    dropout : float
        Probability of zeroing a hidden value; 0 leaves dropout out.
    spectral : bool
        Divide each weight but the classes' embedding by its largest singular value (arXiv 1802.05957).
    generator : torch.Generator
        Source of dropout's rng.
    activation : str, default="leaky_relu"
        A name of `ACTIVATIONS`.

    Notes
    -----
    Shapes:

    - rows: (batch, size); y: (batch,) class index
    - output: (batch,)

    Examples
    --------
    >>> discriminator = MLPDiscriminator(
    ...     3, 2, hidden_sizes=(16,), dropout=0.0, spectral=False, generator=torch.Generator()
    ... )
    >>> discriminator(torch.zeros(5, 3), torch.tensor([0, 0, 1, 1, 1])).shape
    torch.Size([5])
    """

    def __init__(
        self,
        size: int,
        n_classes: int,
        *,
        hidden_sizes: Sequence[int],
        dropout: float,
        spectral: bool,
        generator: torch.Generator,
        activation: str = "leaky_relu",
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise([size, *hidden_sizes]):
            linear = nn.Linear(fan_in, fan_out)
            layers += [spectral_norm(linear) if spectral else linear, ACTIVATIONS[activation]()]
            if dropout:
                layers.append(Dropout(dropout, generator))
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(hidden_sizes[-1], 1)
        self.embedding = nn.Embedding(n_classes, hidden_sizes[-1])
        nn.init.zeros_(self.embedding.weight)
        if spectral:
            spectral_norm(self.head)

    def forward(self, rows: Tensor, y: Tensor) -> Tensor:
        """Score `rows`, each as a member of its class in `y`."""
        # (head + embedding of y) . features, for all classes in one product, then the one of y
        weight = self.head.weight + self.embedding.weight
        scores = F.linear(self.features(rows), weight) + self.head.bias
        return scores.gather(1, y[:, None]).squeeze(1)


# The constants below are computed in NumPy, so that they are real numbers also where torch's default device is "meta".


def _anchor_pull(n_continuous: int, block_sizes: Sequence[int], kept: float) -> Tensor:
    """Factor on the anchor: 1 for continuous values; for a block, the logit that keeps its level with chance `kept`."""
    sizes = np.asarray(block_sizes, dtype=np.int64)
    logits = np.repeat(np.log(kept / (1 - kept) * (sizes - 1)), sizes)
    return torch.from_numpy(np.concatenate([np.ones(n_continuous), logits]).astype(np.float32))


def _membership(block_sizes: Sequence[int]) -> Tensor:
    """Return a matrix (n_levels, n_blocks) of ones where a level belongs to a block."""
    sizes = np.asarray(block_sizes, dtype=np.int64)
    return torch.from_numpy(np.repeat(np.eye(len(sizes), dtype=np.float32), sizes, axis=0))
