"""Distribution matching: terms of the generator's objective that compare whole batches of fake and real rows.

A discriminator sees one row at a time. These terms compare all rows of a class in a batch at once, and so they correct
what a tree ensemble notices first: columns, and combinations of columns, whose distribution is slightly off. To add a
term, write its function and a row in `MATCHING`.

The arguments of a term are rows by class, `real` and `fake` of shape (n_classes, n, width), and `rng` on their device.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

# Random directions on which "sliced" compares rows; they are new in every step.
_N_DIRECTIONS = 16
# Reach of the attraction and the repulsion of "drifting", in units of the mean distance between two rows.
_REACHES = (0.02, 0.05, 0.2)
# Real rows are moved at random by this much, so that fake rows do not drift onto single real rows.
_JITTER = 0.05

Matching = Callable[[Tensor, Tensor, torch.Generator], Tensor]


def marginal_distance(real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """Return the mean 1-Wasserstein distance between the columns of real and of fake rows of a class.

    The distance of two samples of the same size is the mean difference of their sorted values.

    Parameters
    ----------
    real, fake : Tensor of shape (n_classes, n, width)
        Rows of each class.
    rng : torch.Generator
        Not used.
    """
    return (real.sort(dim=1).values - fake.sort(dim=1).values).abs().mean()


def sliced_distance(real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """Return the same distance between projections of the rows on random directions (arXiv 1804.01947).

    Parameters
    ----------
    real, fake : Tensor of shape (n_classes, n, width)
        Rows of each class.
    rng : torch.Generator
        Source of the directions.
    """
    directions = torch.randn(real.shape[2], _N_DIRECTIONS, generator=rng, device=real.device, dtype=real.dtype)
    directions = directions / directions.norm(dim=0)
    return marginal_distance(real @ directions, fake @ directions, rng)


def drifting_distance(real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """Return the squared distance of each fake row to where it drifts (arXiv 2602.04770).

    Real rows of its class attract a fake row and other fake rows repel it; each weighs by its nearness. The gradient
    moves a fake row along the difference of the two, which vanishes where both distributions are equal.

    Parameters
    ----------
    real, fake : Tensor of shape (n_classes, n, width)
        Rows of each class.
    rng : torch.Generator
        Source of the noise on the real rows.
    """
    if fake.shape[1] < 2:  # there is nothing that repels
        return fake.sum() * 0
    fakes = fake.detach()
    noise = torch.randn(real.shape, generator=rng, device=real.device, dtype=real.dtype)
    rows = torch.cat([real + _JITTER * noise, fakes], dim=1)
    n_real = real.shape[1]
    distances = torch.cdist(fakes, rows, compute_mode="use_mm_for_euclid_dist")
    scale = distances[:, :, :n_real].mean(dim=(1, 2), keepdim=True).clamp(min=1e-6)
    distances.diagonal(n_real, dim1=1, dim2=2).fill_(math.inf)  # no row repels itself
    # all reaches at once: small operations cost their number, not their size
    reaches = torch.tensor(_REACHES, device=real.device, dtype=real.dtype).view(-1, 1, 1, 1)
    logits = distances / (-reaches * scale)
    # the mean, in logarithms, of the softmax over the rows that pull and the softmax over the rows that are pulled
    weights = (0.5 * (logits.log_softmax(dim=3) + logits.log_softmax(dim=2))).exp()
    pull, push = weights.split([n_real, fake.shape[1]], dim=3)
    # each fake row weighs both sides equally, so that the field changes its sign where real and fake are exchanged
    field = torch.cat([push.sum(3, keepdim=True) * pull, pull.sum(3, keepdim=True) * -push], dim=3) @ rows
    field = field / field.square().mean(dim=(1, 2, 3), keepdim=True).sqrt().clamp(min=1e-6)
    drift = field.mean(dim=0) * scale / math.sqrt(real.shape[2])
    return (fake - (fakes + drift)).square().mean()


MATCHING: dict[str, Matching] = {
    "marginal": marginal_distance,
    "sliced": sliced_distance,
    "drifting": drifting_distance,
}


def rows_by_class(y: Tensor) -> Tensor:
    """Return the positions of equally many rows of each class of a batch.

    Parameters
    ----------
    y : Tensor of shape (batch,)
        Class index of each row.

    Returns
    -------
    Tensor of shape (n_classes, n)
        Classes that the batch does not hold are left out; n is the number of rows of the rarest other class.

    Examples
    --------
    >>> rows_by_class(torch.tensor([0, 2, 0, 2, 2]))
    tensor([[0, 2],
            [1, 3]])
    """
    counts = [count for count in y.bincount().tolist() if count]
    n = min(counts)
    return torch.stack([of_class[:n] for of_class in y.argsort(stable=True).split(counts)])
