"""Draws of members of classes: each with the same probability, or by weight."""

import torch
from torch import Tensor


class ClassDraws:
    """Turn uniform numbers into positions of members, where the members of a class lie one after the other.

    Parameters
    ----------
    counts : Tensor of int64, shape (n_classes,)
        Members of each class.
    weights : Tensor of shape (n_members,) or None, default=None
        Within a class, a member is drawn with a probability in proportion to its weight. None: each as often.

    Examples
    --------
    >>> draws = ClassDraws(torch.tensor([2, 2]), torch.tensor([1.0, 3.0, 0.0, 1.0]))
    >>> draws(torch.tensor([0, 0, 1]), torch.tensor([0.2, 0.3, 0.0], dtype=torch.float64)).tolist()
    [0, 1, 3]
    """

    def __init__(self, counts: Tensor, weights: Tensor | None = None) -> None:
        self.counts = counts
        self.ends = counts.cumsum(0)
        self.starts = self.ends - counts
        self.weights = weights
        if weights is not None:
            self._total = torch.cat([torch.zeros(1, dtype=torch.float64), weights.double().cumsum(0)])

    def __call__(self, y: Tensor, place: Tensor) -> Tensor:
        """Return a position for each class index in `y`, given a number in [0, 1) for each, of float64."""
        if self.weights is None:
            return self.starts[y] + (place * self.counts[y]).long()
        low, high = self._total[self.starts[y]], self._total[self.ends[y]]
        found = torch.searchsorted(self._total, low + place * (high - low), right=True) - 1
        return torch.minimum(torch.maximum(found, self.starts[y]), self.ends[y] - 1)


def are_weights(weights: Tensor | None, n: int) -> bool:
    """Return whether weights that were read from a file are None, or numbers that are not negative.

    Parameters
    ----------
    weights : Tensor or None
        The weights.
    n : int
        How many there should be.
    """
    return weights is None or (weights.shape == (n,) and bool((weights.isfinite() & (weights >= 0)).all()))
