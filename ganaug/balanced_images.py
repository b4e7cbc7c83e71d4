"""Real and synthetic images as one data set for the training of a network, with classical augmentation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.utils.data import Dataset

from ganaug.common.labels import check_same_length, labels_of
from ganaug.common.large_arrays import blocks, is_on_disk
from ganaug.common.random import draw_seed
from ganaug.common.shares import draw_rows, weights_of
from ganaug.datasets import read_images
from ganaug.encoders import MOST_CHANNELS, as_images, check_dtype
from ganaug.training import CompactRows, check_classical, classical, n_classical_draws


class BalancedImages(Dataset):
    """A data set of torch that draws images by weight and changes each of them a little.

    Give it to a `torch.utils.data.DataLoader`, or call `batches` for any other framework. Classes are equally frequent,
    each class has the same share of synthetic images, and within a class each real image is drawn equally often.
    Classical augmentation keeps the meaning of an image: it shifts, rotates, scales and brightens a little.

    The seed alone determines the images: they do not depend on the number of workers or on the size of batches. Item i
    is the i-th draw of a round. When it is asked for again, in the next epoch, it is the i-th draw of the next round,
    with other images and other changes. Shuffling is not needed.

    Parameters
    ----------
    X : array of shape (n, height, width) or (n, height, width, channels)
        Real and synthetic images, of any dtype.
    y : array-like of shape (n,)
        Their classes.
    weights : array-like of shape (n,) or None, default=None
        How often an image is drawn, such as `sample_weight_` of `ganaug.GANOversampler`. None computes weights with
        equal classes from `is_synthetic` and `share`.
    is_synthetic : array-like of bool, shape (n,), or None, default=None
        Which images are synthetic, such as `is_synthetic_` of the sampler. None: no image is.
    share : "auto" or float, default="auto"
        Without `weights`: the share of synthetic images among the draws of each class, in [0, 1). "auto" takes the
        share that they have in the largest class, which is `synthetic_share` of the sampler; if a class has no
        synthetic images, each class keeps the share that it has. 0 draws real images only.
    draw : {"classes", "images"}, default="classes"
        Without `weights`: what is drawn equally often. "images" draws classes as often as they have real images; give
        the loss `class_weights`, such as ``torch.nn.CrossEntropyLoss(weight=dataset.class_weights)``. With few images
        of a class this can be much better, because no image is repeated so often that it is learned by heart.
    augment : {"off", "mild", "strong"}, default="mild"
        Classical augmentation. "mild" rotates by up to 7.5 degrees, scales and shifts by up to a twentieth, and changes
        the brightness by up to a tenth; "strong" has twice these changes. Which is best depends on the images:
        `ganaug.select` tries them.
    also : sequence of str, default=()
        Further operations, which change the meaning of some images: "flip" (left and right), "vertical flip",
        "rotation" (by 90 degrees), "contrast", "saturation". Do not flip chest X-rays or digits.
    n_draws : int or None, default=None
        Length of the data set: draws in an epoch. None takes the number of images.
    value_range : (float, float) or None, default=None
        The values of black and white. None takes 0 and 255 for uint8, and the smallest and the largest value of X for
        other dtypes.
    transform : callable or None, default=None
        Called with each item after the augmentation: with the image, a Tensor of shape (channels, height, width); or
        with the dict, if `keys` is given.
    keys : (str, str) or None, default=None
        If given, items are dicts with these keys for image and label, as MONAI has them.
    random_state : int, RandomState or None, default=None
        Seed of the draws and of the augmentation.

    Attributes
    ----------
    classes : list
        The classes in order. Labels are positions in it.
    class_to_idx : dict
        Class -> its label, as in ``ImageFolder``.
    weights : ndarray of shape (n,)
        How often each image is drawn.
    class_weights : Tensor of shape (n_classes,)
        What makes all classes count the same in the loss; 1 for classes that are drawn equally often.

    Raises
    ------
    ValueError
        If X does not hold images, a parameter has an unknown name or is out of its range, lengths differ, or `share`
        asks for images of a kind that a class does not have.

    See Also
    --------
    ganaug.GANOversampler : Generates the images; ``sampling_strategy="equal share"``, ``repeat_real=False``.

    Notes
    -----
    All images are in memory once; workers share them where processes are forked. A draw counts as seen when it is
    fetched, so two passes over one object differ, and two objects with one seed do not.

    Examples
    --------
    >>> X = np.random.default_rng(0).integers(0, 256, (60, 28, 28), dtype=np.uint8)
    >>> y = np.array(["well"] * 50 + ["sick"] * 10)
    >>> dataset = BalancedImages(X, y, augment="mild", random_state=0)
    >>> loader = torch.utils.data.DataLoader(dataset, batch_size=20)
    >>> images, labels = next(iter(loader))
    >>> images.shape, labels.bincount().tolist()
    (torch.Size([20, 1, 28, 28]), [8, 12])
    >>> for images, labels in dataset.batches(30):  # NumPy, for other frameworks
    ...     print(images.shape)
    (30, 28, 28, 1)
    (30, 28, 28, 1)
    """

    def __init__(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        weights: ArrayLike | None = None,
        is_synthetic: ArrayLike | None = None,
        share: Any = "auto",
        draw: str = "classes",
        augment: str = "mild",
        also: Sequence[str] = (),
        n_draws: int | None = None,
        value_range: tuple[float, float] | None = None,
        transform: Callable[[Any], Any] | None = None,
        keys: tuple[str, str] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        images = _checked_images(as_images(X))
        names = labels_of(y)
        check_same_length(X=images, y=names, weights=weights, is_synthetic=is_synthetic)
        self.classes, index = _classes_of(names)
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}
        marks = np.zeros(len(images), bool) if is_synthetic is None else np.asarray(is_synthetic, dtype=bool)
        if weights is not None and share != "auto":
            raise ValueError(f"{share=} and weights exclude each other; leave one of them out")
        if draw not in ("classes", "images") or (weights is not None and draw != "classes"):
            raise ValueError(f"{draw=} must be 'classes' or 'images', and 'classes' with weights")
        self.weights = _weights(index, marks, share, self.classes) if weights is None else _checked_weights(weights)
        if draw == "images":
            n_real, n_all = (np.bincount(index[of], minlength=len(self.classes)) for of in (~marks, slice(None)))
            self.weights = self.weights * np.where(n_real, n_real, n_all)[index]
        self.class_weights = _class_weights(index, self.weights, len(self.classes))
        self.augment, self.also = augment, check_classical(augment, also)
        self.transform, self.keys = transform, _checked_keys(keys)
        n_draws = len(images) if n_draws is None else n_draws
        if not isinstance(n_draws, int | np.integer) or n_draws < 1:
            raise ValueError(f"{n_draws=} must be a whole number of at least 1")
        self._images = compact_images(images, value_range)
        self._labels = index
        self._seed = draw_seed(random_state)
        # how often each draw was asked for; in shared memory, so that all workers count together
        self._n_seen = torch.zeros(n_draws, dtype=torch.int64).share_memory_()
        self._rounds: dict[int, tuple[NDArray, Tensor]] = {}

    @classmethod
    def from_folder(
        cls, source: str | Path, *, resize: tuple[int, int] | None = None, skip_bad: bool = False, **params: Any
    ) -> BalancedImages:
        """Read what ``ganaug balance`` wrote, or any other folder of images or ``.npz`` archive.

        Parameters
        ----------
        source : str or Path
            The folder or archive. Its manifest says which images are synthetic.
        resize, skip_bad
            As in `ganaug.datasets.read_images`.
        **params
            Of the class, other than X, y and is_synthetic.

        Returns
        -------
        BalancedImages
            The data set; `classes` are the names of the folders.

        Raises
        ------
        ValueError
            If an image cannot be read, images differ in size, or the manifest does not name an image.
        """
        images = read_images(source, resize=resize, skip_bad=skip_bad, with_synthetic=True)
        return cls(images.X, images.named_y, is_synthetic=images.is_synthetic, **params)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name!r}: {n}" for name, n in zip(self.classes, np.bincount(self._labels), strict=True))
        return f"BalancedImages({len(self._labels)} images, {{{sizes}}}, {len(self)} draws, augment={self.augment!r})"

    def __len__(self) -> int:
        return len(self._n_seen)

    def __getitem__(self, index: int) -> Any:
        """Return a draw: an image from 0 to 1, a Tensor of shape (channels, height, width), and its label."""
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        """Return several draws; a loader asks for a whole batch at once, which is much faster."""
        images, labels = self._fetch(indices)
        return [self._item(image, label) for image, label in zip(images, labels.tolist(), strict=True)]

    def batches(
        self, batch_size: int = 64, *, channels_last: bool = True
    ) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
        """Draw one epoch as batches of NumPy, for other frameworks; `transform` and `keys` do not apply.

        Parameters
        ----------
        batch_size : int, default=64
            Images of a batch. The last batch may have fewer.
        channels_last : bool, default=True
            Whether the shape is (n, height, width, channels) or (n, channels, height, width).

        Yields
        ------
        images : ndarray of float32
            From 0 to 1.
        labels : ndarray of int64, shape (n,)
            Positions in `classes`.
        """
        if batch_size < 1:
            raise ValueError(f"{batch_size=} must be at least 1")
        for start in range(0, len(self), batch_size):
            images, labels = self._fetch(range(start, min(start + batch_size, len(self))))
            yield (images.permute(0, 2, 3, 1) if channels_last else images).contiguous().numpy(), labels

    def _fetch(self, indices: Sequence[int]) -> tuple[Tensor, NDArray[np.int64]]:
        """Return the next draws at these places, and count them."""
        rows, draws = np.empty(len(indices), dtype=np.intp), []
        for i, index in enumerate(indices):
            n_seen = int(self._n_seen[index])  # raises IndexError beyond the end, which ends an iteration
            self._n_seen[index] += 1
            order, changes = self._round(n_seen)
            rows[i] = order[index]
            draws.append(changes[index])
        images = self._images[torch.from_numpy(rows)]
        return classical(images, torch.stack(draws), self.augment, self.also), self._labels[rows]

    def _round(self, number: int) -> tuple[NDArray, Tensor]:
        """Return which images a round draws, and how each is changed."""
        if number not in self._rounds:
            rng = np.random.default_rng([self._seed, number])
            order = draw_rows(self._labels, self.weights, len(self), rng)
            changes = rng.uniform(-1, 1, (len(self), n_classical_draws(self.also))).astype(np.float32)
            if len(self._rounds) > 1:
                del self._rounds[min(self._rounds)]
            self._rounds[number] = order, torch.from_numpy(changes)
        return self._rounds[number]

    def _item(self, image: Tensor, label: int) -> Any:
        item: Any = image if self.keys is None else dict(zip(self.keys, (image, label), strict=True))
        item = item if self.transform is None else self.transform(item)
        return (item, label) if self.keys is None else item


def _checked_images(images: NDArray) -> NDArray:
    """Raise ValueError unless these are images with channels, if any, in the last dimension."""
    if images.ndim not in (3, 4) or not len(images):
        hint = "; if each row is a flattened image, pass X.reshape(-1, height, width)" if images.ndim == 2 else ""
        raise ValueError(f"X must have shape (n, height, width[, channels]) with n above 0, got {images.shape}{hint}")
    if images.ndim == 4 and images.shape[1] <= MOST_CHANNELS < images.shape[3]:
        raise ValueError(
            f"X has shape {images.shape}, with {images.shape[3]} channels in the last dimension. If they are the "
            "first one, pass X.transpose(0, 2, 3, 1)"
        )
    check_dtype(images.dtype)
    return images


def _checked_keys(keys: Any) -> tuple[str, str] | None:
    if keys is not None and (isinstance(keys, str) or len(keys) != 2):
        raise ValueError(f"{keys=} must be two names, of the image and of the label, such as ('image', 'label')")
    return keys


def _classes_of(names: NDArray) -> tuple[list[Any], NDArray[np.int64]]:
    classes, index = np.unique(names, return_inverse=True)
    return classes.tolist(), index.ravel().astype(np.int64)


def _weights(labels: NDArray, is_synthetic: NDArray, share: Any, classes: list[Any]) -> NDArray:
    """Return weights with equal classes and the same share of synthetic images in each."""
    counts = np.array([np.bincount(labels[is_synthetic == kind], minlength=labels.max() + 1) for kind in (False, True)])
    if isinstance(share, str) and share == "auto":
        largest = counts[0].argmax()
        is_equal = counts.all()
        return weights_of(labels, is_synthetic, counts[1, largest] / counts[:, largest].sum() if is_equal else None)
    if isinstance(share, str) or not 0 <= share < 1:
        raise ValueError(f'{share=} must be "auto" or a number from 0 to below 1')
    for kind, needed in (("real", True), ("synthetic", share > 0)):
        lacking = np.flatnonzero(counts[int(kind == "synthetic")] == 0)
        if needed and len(lacking):
            raise ValueError(f"{share=} needs {kind} images in each class, but class {classes[lacking[0]]!r} has none")
    if not share:
        return np.where(is_synthetic, 0.0, len(labels) / len(counts[0]) / np.maximum(counts[0], 1)[labels])
    return weights_of(labels, is_synthetic, float(share))


def _class_weights(labels: NDArray, weights: NDArray, n_classes: int) -> Tensor:
    """Return what makes classes equal that are drawn by these weights, 1 on average; 0 for those never drawn."""
    drawn = torch.from_numpy(np.bincount(labels, weights, minlength=n_classes))
    inverse = torch.where(drawn > 0, 1 / drawn, 0)
    return (inverse / inverse[drawn > 0].mean()).float()


def _checked_weights(weights: ArrayLike) -> NDArray:
    checked = np.asarray(weights, dtype=float)
    if not np.isfinite(checked).all() or (checked < 0).any() or not checked.any():
        raise ValueError("weights must be finite numbers of at least 0, and not all 0")
    return checked


def compact_images(images: NDArray, value_range: tuple[float, float] | None = None) -> CompactRows:
    """Keep images in few bytes, and scale them to [0, 1] when they are taken out.

    Parameters
    ----------
    images : ndarray of shape (n, height, width) or (n, height, width, channels)
        The images.
    value_range : (float, float) or None, default=None
        The values of black and white. None takes 0 and 255 for uint8, and the smallest and the largest value of the
        images for other dtypes.

    Returns
    -------
    CompactRows
        Of tensors of shape (channels, height, width).

    Examples
    --------
    >>> compact_images(np.array([[[0, 51], [255, 0]]], dtype=np.uint8))[torch.tensor([0])]
    tensor([[[[0.0000, 0.2000],
              [1.0000, 0.0000]]]])
    """
    low, high = value_range_of(images) if value_range is None else value_range
    if not low < high:
        raise ValueError(f"value_range must be (black, white) with black < white, got {value_range}")
    # torch indexes few dtypes; of most others the values have no more than 24 bits
    kept = images if images.dtype in (np.uint8, np.int16, np.float32) else images.astype(np.float32)
    kept = kept[:, None] if kept.ndim == 3 else kept.transpose(0, 3, 1, 2)
    kept = kept if is_on_disk(kept) and kept.flags.writeable else np.ascontiguousarray(kept)
    return CompactRows(torch.from_numpy(kept), _Scale(float(low), float(high)))


@dataclass(frozen=True)
class _Scale:
    """Scale values to [0, 1]; unlike a function within a function, workers can be given it."""

    low: float
    high: float

    def __call__(self, kept: Tensor) -> Tensor:
        return (kept.float() - self.low) / (self.high - self.low)


def value_range_of(images: NDArray) -> tuple[float, float]:
    """Return the values of black and white: 0 and 255 for uint8, and otherwise the smallest and the largest value.

    Parameters
    ----------
    images : ndarray of shape (n, height, width) or (n, height, width, channels)
        The images.
    """
    if images.dtype == np.uint8:
        return 0, 255
    found = [(part.min(), part.max()) for part in blocks(images)]
    low, high = (float(of(ends)) for of, ends in zip((np.min, np.max), zip(*found, strict=True), strict=True))
    if not np.isfinite([low, high]).all():
        raise ValueError("X has NaN or infinite values; replace them first")
    return low, high if high > low else low + 1
