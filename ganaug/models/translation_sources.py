"""Which classes a translator learns, and the order in which training images are translated."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganaug.training import SourcePrior


def chosen_classes(labels: NDArray, source: Any, target: Any) -> tuple[Any, NDArray[np.intp] | None]:
    """Return the source class, and the positions of the images of the classes that are learned.

    Parameters
    ----------
    labels : ndarray of shape (n_images,)
        The class of each image.
    source, target
        As of `TranslationGAN`.

    Returns
    -------
    source : label
        The source class.
    positions : ndarray of int, or None
        None if all images are learned.

    Examples
    --------
    >>> source, positions = chosen_classes(np.array(["a", "b", "a", "c"]), None, "c")
    >>> str(source), positions.tolist()
    ('a', [0, 2, 3])
    """
    known, counts = np.unique(labels, return_counts=True)
    if len(known) < 2:
        raise ValueError(
            f"y has one class, {known.tolist()[0]!r}, but a translation needs the images of two; add images of another "
            "class, or generate images of this one with ImageGAN"
        )
    chosen = known[counts.argmax()] if source is None else _known("source", source, known)
    if target is None:
        return chosen, None
    is_list = isinstance(target, list | tuple | set | np.ndarray)
    targets = [_known("target", label, known) for label in (target if is_list else [target])]
    if not targets or chosen in targets:
        raise ValueError(
            f"target={target!r} must name classes other than the source, which is {chosen.item()!r}; source=None takes "
            "the largest class"
        )
    return chosen, np.flatnonzero(np.isin(labels, [chosen, *targets]))


def _known(name: str, label: Any, known: NDArray) -> Any:
    found = known[known == label] if np.ndim(label) == 0 else known[:0]
    if not len(found):
        raise ValueError(f"{name}={label!r} is not a class of y, which has {known.tolist()}")
    return found[0]


class Sources:
    """The training images of each class's translations in random order, each taken once before one is taken again.

    Parameters
    ----------
    prior : SourcePrior
        The images.
    n_classes : int
        Number of classes.
    rng : torch.Generator
        Draws the order, on the CPU.
    """

    def __init__(self, prior: SourcePrior, n_classes: int, rng: torch.Generator) -> None:
        members = [prior.members_of(label) for label in range(n_classes)]
        self.order = [own[torch.randperm(len(own), generator=rng)] for own in members]
        self.n_taken = [0] * n_classes

    def take(self, y: Tensor) -> Tensor:
        """Return the position of the next source for each class index.

        Parameters
        ----------
        y : Tensor of shape (n,)
            The class that each source becomes.
        """
        source = torch.empty_like(y)
        for label in y.unique().tolist():
            places = (y == label).nonzero().squeeze(1)
            order = self.order[label]
            source[places] = order[(self.n_taken[label] + torch.arange(len(places))) % len(order)]
            self.n_taken[label] += len(places)
        return source
