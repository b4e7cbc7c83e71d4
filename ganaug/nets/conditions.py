"""What a generator is asked for: a class, and levels of attributes beside it, in one whole number."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


class Conditions:
    """Numbers of conditions, and what networks make of them.

    A condition is a class and one level of each attribute. Its number is that of the class, plus the number of classes
    times that of the first attribute's level, and so on. Without attributes it is the class index. The embedding of a
    condition is the sum of those of its class and levels.

    Parameters
    ----------
    n_classes : int
        Number of classes.
    attribute_sizes : sequence of int, default=()
        Number of levels of each attribute.

    Notes
    -----
    Shapes:

    - y: (batch,) numbers of conditions, or (batch, n_codes) of floats: codes, also between two conditions
    - places: (batch, 1 + number of attributes), the class index and the level of each attribute
    - codes: (batch, n_codes), 1 for the class and for the level of each attribute

    Examples
    --------
    >>> conditions = Conditions(2, [3])
    >>> y = conditions.number(torch.tensor([[1, 2], [0, 0]]))
    >>> y.tolist(), conditions.places(y).tolist()
    ([5, 0], [[1, 2], [0, 0]])
    >>> conditions.code(y)
    tensor([[0., 1., 0., 0., 1.],
            [1., 0., 1., 0., 0.]])
    """

    def __init__(self, n_classes: int, attribute_sizes: Sequence[int] = ()) -> None:
        self.sizes = (n_classes, *attribute_sizes)
        # Python's numbers have no upper bound, so a forged size is refused and does not overflow
        self.steps = [math.prod(self.sizes[:i]) for i in range(len(self.sizes))]
        if math.prod(self.sizes) >= 2**62:
            raise ValueError(f"{n_classes} classes and attributes of {list(attribute_sizes)} levels are too many")

    @property
    def n_codes(self) -> int:
        """Width of a code."""
        return sum(self.sizes)

    def number(self, places: Tensor) -> Tensor:
        """Return the numbers of conditions, given class and levels."""
        return (places * torch.tensor(self.steps, device=places.device)).sum(1)

    def places(self, y: Tensor) -> Tensor:
        """Return class and levels of conditions, given their numbers."""
        return torch.stack([y // step % size for step, size in zip(self.steps, self.sizes, strict=True)], 1)

    def classes(self, y: Tensor) -> Tensor:
        """Return the class index of each number."""
        return y % self.sizes[0]

    def code(self, y: Tensor) -> Tensor:
        """Return codes; what is one already is returned as it is."""
        if y.is_floating_point():
            return y
        if len(self.sizes) == 1:
            return F.one_hot(y, self.sizes[0]).float()
        columns = zip(self.places(y).unbind(1), self.sizes, strict=True)
        return torch.cat([F.one_hot(places, size) for places, size in columns], 1).float()

    def embed(self, weight: Tensor, y: Tensor) -> Tensor:
        """Return the sums of the rows of `weight`, of shape (n_codes, width), that belong to each condition."""
        if len(self.sizes) == 1 and not y.is_floating_point():
            return F.embedding(y, weight)
        return self.code(y).to(weight.dtype) @ weight

    def log_probability(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return the log-probability of class and levels, given a logit for each, of shape (batch, n_codes)."""
        parts = zip(logits.split(self.sizes, 1), self.places(y).unbind(1), strict=True)
        of_parts = [part.log_softmax(1).gather(1, place[:, None]).squeeze(1) for part, place in parts]
        return torch.stack(of_parts).sum(0)
