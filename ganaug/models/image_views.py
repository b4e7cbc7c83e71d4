"""How a model of images shows what it generates: figures, and sheets for callbacks."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from ganaug.encoders import ImageEncoder
from ganaug.models.base import ConditionalGAN

# Classes on a sheet, at most.
_MAX_CLASSES = 20
# On a sheet for callbacks, smaller images are enlarged up to this many pixels a side.
_ENLARGED_TO = 64


class ImageViews(ConditionalGAN):
    """The methods of models of images that show images."""

    encoder_: ImageEncoder
    snapshots_: dict[int, NDArray]

    def plot(self, X: Any = None, y: Any = None, *, n_each: int = 8, random_state: int | None = None) -> Any:
        """Draw synthetic images of each class, below real ones if these are given.

        Parameters
        ----------
        X, y : as in `fit`, default=None
            Real images and their labels. The first `n_each` of each class are drawn, and only classes that occur in
            `y`. At most 20 classes are drawn.
        n_each : int, default=8
            Number of images in a row, at least 1.
        random_state : int or None, default=None
            Seed of the synthetic images. None takes the seed of `fit`.

        Returns
        -------
        matplotlib.figure.Figure
            A figure that a notebook shows and ``savefig`` saves.

        Raises
        ------
        ValueError
            If `n_each` is below 1, or `y` holds no class seen in `fit`.
        """
        check_is_fitted(self, "generator_")
        if n_each < 1:
            raise ValueError(f"n_each={n_each!r} must be at least 1")
        classes = self.classes_ if y is None else np.intersect1d(self.classes_, y)
        if not len(classes):
            raise ValueError(f"y holds none of the classes seen in fit: {self.classes_.tolist()}")
        strips = []
        for label in classes[:_MAX_CLASSES]:
            if X is not None:
                strips.append((f"{label}, real", self.shown(np.asarray(X)[np.asarray(y) == label][:n_each])))
            strips.append((f"{label}, synthetic", self.shown(self.sample([label] * n_each, random_state))))
        return _figure_of_strips(strips)

    def plot_training(self) -> Any:
        """Draw how one image of each class developed, from left to right over the steps of the training.

        Returns
        -------
        matplotlib.figure.Figure
            A figure that a notebook shows and ``savefig`` saves.

        Raises
        ------
        ValueError
            If there are no snapshots: the model was loaded, or fitted with ``n_steps=0``.
        """
        check_is_fitted(self, "generator_")
        if not getattr(self, "snapshots_", None):
            raise ValueError("this model has no snapshots: it was loaded from a file, or fitted with n_steps=0; fit it")
        by_class = np.stack(list(self.snapshots_.values()), axis=1)
        strips = [(str(label), self.shown(images)) for label, images in zip(self.classes_, by_class, strict=True)]
        figure = _figure_of_strips(strips)
        for ax, step in zip(figure.axes, self.snapshots_, strict=False):
            ax.set_title(f"{step:,}", loc="right", fontsize=7)
        return figure

    def shown(self, images: NDArray) -> NDArray:
        """Scale images for display.

        Parameters
        ----------
        images : ndarray of shape (n, ...)
            Real or synthetic images, as in `fit`.

        Returns
        -------
        ndarray of shape (n, height, width) or (n, height, width, channels)
            Shades or colours in [0, 1]: 0 is the least value that `fit` saw, and 1 the greatest. Two channels are not
            colours: the first is taken.
        """
        check_is_fitted(self, "generator_")
        return _to_display(images, self.encoder_)

    def _preview_drawer(self) -> Callable[[int], NDArray]:
        def draw(n: int) -> NDArray:
            classes = self.classes_[:_MAX_CLASSES]
            return _sheet_of_classes(self.shown(self.sample(np.repeat(classes, n))), len(classes))

        return draw


def _to_display(images: NDArray, encoder: ImageEncoder) -> NDArray:
    """Scale images to [0, 1], where 0 and 1 are the least and the greatest value that the encoder saw in its fit.

    Parameters
    ----------
    images : ndarray of shape (n, ...)
        Images of the shape that the encoder was fitted to.
    encoder : ImageEncoder
        Fitted.

    Returns
    -------
    ndarray of shape (n, height, width) or (n, height, width, channels)
        Shades or colours. Two channels are not colours: the first is taken.
    """
    low, high = encoder.low_, encoder.high_
    scaled = (np.asarray(images).reshape(len(images), *encoder.shape_).astype(float) - low) / (high - low or 1)
    if encoder.masks_ and len(encoder.masks_) < encoder.channels_:
        # masks are no colours
        scaled = scaled[..., [channel for channel in range(encoder.channels_) if channel not in encoder.masks_]]
    return scaled[..., 0] if scaled.ndim == 4 and scaled.shape[3] in (1, 2) else scaled


def _figure_of_strips(strips: Sequence[tuple[str, NDArray]]) -> Any:
    """Draw strips of images one below the other.

    Parameters
    ----------
    strips : sequence of (str, ndarray of shape (n, height, width) or (n, height, width, channels))
        Title and images of each strip, as `_to_display` returns them.

    Returns
    -------
    matplotlib.figure.Figure
        One axes for each image.
    """
    from ganaug.common.figure import Drawing

    height, width = strips[0][1].shape[1:3]
    n_columns = max(len(images) for _, images in strips)
    figure = Drawing(figsize=(n_columns, 1.25 * height / width * len(strips)), layout="constrained")
    axes = figure.subplots(len(strips), n_columns, squeeze=False)
    for (title, images), row in zip(strips, axes, strict=True):
        row[0].set_title(title, loc="left", fontsize=9)
        for ax in row:
            ax.axis("off")
        for image, ax in zip(images, row, strict=False):
            ax.imshow(image, cmap="gray", vmin=0, vmax=1)
    return figure


def _sheet_of_classes(images: NDArray, n_classes: int) -> NDArray[np.uint8]:
    """Put images on one sheet, a row for each class.

    Parameters
    ----------
    images : ndarray of shape (n_classes * n, height, width) or (n_classes * n, height, width, channels)
        As `_to_display` returns them, class after class.
    n_classes : int
        Number of classes.

    Returns
    -------
    ndarray of uint8, of shape (height, width) or (height, width, channels)
        The sheet; images are separated by a black line.

    Examples
    --------
    >>> _sheet_of_classes(np.ones((6, 64, 64)), n_classes=2).shape
    (132, 198)
    """
    as_bytes = np.rint(255 * images).astype(np.uint8)
    factor = max(1, _ENLARGED_TO // max(as_bytes.shape[1:3]))
    as_bytes = as_bytes.repeat(factor, axis=1).repeat(factor, axis=2)
    edges = [(0, 0), (1, 1), (1, 1), (0, 0)]
    framed = np.pad(as_bytes, edges[: as_bytes.ndim])
    by_class = framed.reshape(n_classes, -1, *framed.shape[1:])
    rows = np.concatenate(list(by_class.swapaxes(0, 1)), axis=2)
    return np.concatenate(list(rows), axis=0)
