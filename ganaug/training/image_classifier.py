"""The training of a small classifier of images on given draws, by which ways to train are compared."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ganaug.nets import SmallCNN
from ganaug.training.augmentation import classical, n_classical_draws
from ganaug.training.batches import CompactRows

_BATCH_SIZE = 64
_LEARNING_RATE = 2e-3


def random_changes(n: int, rng: torch.Generator) -> Tensor:
    """Return the draws that `classical` needs.

    Parameters
    ----------
    n : int
        Number of images.
    rng : torch.Generator
        Source of the draws.
    """
    return (2 * torch.rand(n_classical_draws(), n, generator=rng) - 1).T


def train_classifier(
    images: CompactRows | Tensor,
    labels: Tensor,
    order: Tensor,
    *,
    center_on: Tensor,
    n_classes: int,
    augment: str = "off",
    weights: Tensor | None = None,
    seed: int,
) -> SmallCNN:
    """Train a `SmallCNN` on images in a given order, by Adam with a cosine schedule of the learning rate.

    Parameters
    ----------
    images : CompactRows or Tensor of shape (n, channels, height, width)
        Images from 0 to 1 where they are taken out.
    labels : Tensor of int64, shape (n,)
        Their classes.
    order : Tensor of int64, shape (n_draws,)
        Which image is seen when. A step sees 64 of them.
    center_on : Tensor of shape (m, channels, height, width)
        Images from 0 to 1 by which others are standardised.
    n_classes : int
        Number of classes.
    augment : {"off", "mild", "strong"}, default="off"
        Policy of `classical`.
    weights : Tensor of shape (n,) or None, default=None
        What each image counts in the loss, within its batch.
    seed : int
        Of the initial weights and of the augmentation.

    Returns
    -------
    SmallCNN
        In evaluation mode.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = SmallCNN(center_on, n_classes)
    rng = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=_LEARNING_RATE, fused=True)
    batches = order.split(_BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, len(batches))
    for batch in batches:
        seen = images[batch]
        if augment != "off":
            seen = classical(seen, random_changes(len(batch), rng), augment)
        losses = F.cross_entropy(network(seen), labels[batch], reduction="none")
        loss = losses.mean() if weights is None else (losses * weights[batch]).sum() / weights[batch].sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


@torch.inference_mode()
def classifier_probabilities(network: SmallCNN, images: CompactRows | Tensor) -> Tensor:
    """Return the probabilities of all classes.

    Parameters
    ----------
    network : SmallCNN
        Of `train_classifier`.
    images : CompactRows or Tensor of shape (n, channels, height, width)
        Images from 0 to 1 where they are taken out.

    Returns
    -------
    Tensor of float64, shape (n, n_classes)
        Each row sums to 1.
    """
    parts = [network(images[start : start + 256]).double().softmax(1) for start in range(0, len(images), 256)]
    return torch.cat(parts)
