"""Ways to make images of the smaller classes that need a classifier or nothing at all, as rivals in `images.py`."""

import numpy as np
import torch
import torch.nn.functional as F
from image_classifiers import scaled, tensors, train_cnn
from image_data import ARMS, Parts, pool_of
from torch import Tensor, nn

# Steps of the two classifiers, as of the classifiers of the benchmark.
N_STEPS = 1_000
# As the authors' code has them for sets whose largest class is 100 times the smallest one: gradient steps and their
# length, weight of the source class, the probability from which an image is accepted, and what decides on the sources.
N_MOVES, LENGTH, SOURCE_WEIGHT, ACCEPTED, BETA = 10, 0.1, 0.5, 0.9, 0.999
N_AT_ONCE = 200


def major_to_minor(
    X: np.ndarray, y: np.ndarray, n_each: int, n_steps: int | None, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Move images of larger classes until a classifier takes them for a smaller class (M2m, arXiv 2004.00431).

    The paper moves images while a classifier is trained, away from what that one takes for the source. Here all are
    moved before, and a second trained classifier has its part. As in the paper, a real image of the class stands for
    each one that is not accepted.
    """
    parts = Parts(X, y, X[:0], y[:0], tuple(map(str, range(int(y.max()) + 1))))
    steps = N_STEPS if n_steps is None else n_steps
    guide, other = (
        train_cnn(parts, ARMS[name], pool_of(parts, ARMS[name], 0.0, None), steps, seed + i)
        for i, name in enumerate(("none", "random"))
    )
    rng, noise = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    counts, images, classes = parts.counts, [], []
    for label in np.argsort(counts)[:-1]:
        larger = np.maximum(counts - counts[label], 0)
        chances = (1 - BETA**larger)[y] / counts[y]
        sources = rng.choice(len(y), n_each, p=chances / chances.sum())
        own = np.flatnonzero(y == label)
        for at in np.split(sources, range(N_AT_ONCE, n_each, N_AT_ONCE)):
            moved, chance = _moved(scaled(tensors(X[at])), torch.from_numpy(y[at]), int(label), guide, other, noise)
            accepted = (chance >= ACCEPTED).numpy()
            shown = (moved * 255).round().byte().permute(0, 2, 3, 1).numpy().reshape(len(at), *X.shape[1:])
            shown[~accepted] = X[rng.choice(own, int((~accepted).sum()))]
            images.append(shown)
        classes.append(np.full(n_each, label))
    return np.concatenate(images), np.concatenate(classes)


def _moved(
    images: Tensor, sources: Tensor, label: int, guide: nn.Module, other: nn.Module, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return images moved toward a class, and the probability that the guide gives them."""
    start = 0.5 * _of_length_1(torch.randn(images.shape, generator=rng))
    moved, wanted = (images + start).clamp(0, 1), torch.full((len(images),), label)
    for _ in range(N_MOVES):
        moved.requires_grad_()
        scores = other(moved)
        of_source = (scores - scores.mean(1, keepdim=True)).gather(1, sources[:, None]).sum()
        loss = F.cross_entropy(guide(moved), wanted, reduction="sum") + SOURCE_WEIGHT * of_source
        (gradient,) = torch.autograd.grad(loss, moved)
        moved = (moved.detach() - LENGTH * _of_length_1(gradient)).clamp(0, 1)
    with torch.no_grad():
        return moved, guide(moved).softmax(1)[:, label]


def _of_length_1(change: Tensor) -> Tensor:
    return F.normalize(change.flatten(1), dim=1).view_as(change)


def context_rich(X: np.ndarray, y: np.ndarray, n_each: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Paste a rectangle of an image, mostly of a small class, into any image (CMO, arXiv 2112.00412).

    The paper mixes both labels by area. Here the label is drawn by area, which gives the same loss on average.
    """
    rng = np.random.default_rng(seed)
    counts = np.bincount(y)
    rare_first = 1 / counts[y]
    kept: list[list[np.ndarray]] = [[] for _ in counts]
    while min(map(len, kept)) < n_each:
        below = rng.integers(len(y), size=N_AT_ONCE)
        above = rng.choice(len(y), N_AT_ONCE, p=rare_first / rare_first.sum())
        for one, other, share in zip(below, above, rng.uniform(size=N_AT_ONCE), strict=True):
            sides = np.round(np.sqrt(share) * np.array(X.shape[1:3])).astype(int)
            top, left = (int(rng.integers(whole - side + 1)) for whole, side in zip(X.shape[1:3], sides, strict=True))
            place = np.s_[top : top + sides[0], left : left + sides[1]]
            label = y[other] if rng.uniform() < sides.prod() / np.prod(X.shape[1:3]) else y[one]
            if len(kept[label]) < n_each:
                image = X[one].copy()
                image[place] = X[other][place]
                kept[label].append(image)
    return np.concatenate([np.stack(images) for images in kept]), np.repeat(np.arange(len(counts)), n_each)
