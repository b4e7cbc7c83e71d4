"""Images <-> tensors: compact for storage, in [-1, 1] for networks, and back in their own dtype and range."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ganaug.common.containers import Container, check_container, container_from_state, container_of
from ganaug.common.serialization import dtype_from_json, dtype_to_json, refusing_malformed
from ganaug.common.wording import counted

# Below, halving leaves nothing for a convolution to look at; above, activations outgrow an ordinary machine.
_SMALLEST, _LARGEST = 8, 512
_MOST_CHANNELS = 4
# float32 in [-1, 1] tells 2**23 steps apart; with one bit to spare every integer comes back exactly.
_WIDEST = 2**22
# The tensors that hold each NumPy dtype as it is; all other integers are held as int32.
_KEPT_AS = {"b1": torch.uint8, "u1": torch.uint8, "i1": torch.int8, "u2": torch.uint16, "i2": torch.int16}


class ImageEncoder:
    """Turn images into tensors and back, exactly.

    A training set is kept as a compact tensor that needs about as many bytes as the images. `encode` returns this
    tensor, `scale` turns a batch of it into the input of networks, and `decode` turns the output of a generator into
    images.

    Parameters
    ----------
    image_shape : (int, int) or (int, int, int) or None, default=None
        Height, width and channels, if each row of X is a flattened image. None takes the shape from X.

    Attributes
    ----------
    shape_ : tuple of int
        (h, w), or (h, w, c) where images have an axis of channels.
    channels_ : int
        1 to 4.
    dtype_ : dtype
        Of the images.
    low_, high_ : int or float
        Ends of the legal range: the least and the greatest value seen in fit.
    opacity_ : int, float or None
        The value of the last of two or four channels, if it is the same in all pixels. Synthetic images keep it.
    n_levels_ : int
        Number of times that networks halve the image, until the shorter side has about 4 pixels.
    size_ : (int, int)
        Height and width that networks see: the next multiples of ``2**n_levels_``.

    Notes
    -----
    Every decoded image is legal: it has the size, dtype and range seen in fit, and whole numbers if the images of fit
    had only whole numbers. Decoding an encoded image returns the same image; floating-point images may differ by a
    rounding of float32, relative to their range.

    Padding reflects the image, half on each side, so that networks do not see edges that are not in the data.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.arange(2 * 9 * 12, dtype=np.uint8).reshape(2, 9, 12)
    >>> encoder = ImageEncoder().fit(X)
    >>> compact = encoder.encode(X)
    >>> compact.shape, compact.dtype
    (torch.Size([2, 1, 9, 12]), torch.uint8)
    >>> scaled = encoder.scale(compact)
    >>> scaled.shape, scaled.dtype
    (torch.Size([2, 1, 10, 12]), torch.float32)
    >>> bool((encoder.decode(scaled) == X).all())
    True
    """

    shape_: tuple[int, ...]
    channels_: int
    dtype_: np.dtype
    low_: int | float
    high_: int | float
    n_levels_: int
    size_: tuple[int, int]

    opacity_: float | None
    # of images in a table, and the dtype of its columns where it is pandas'
    _container: Container | None
    _cells: Any

    def __init__(self, image_shape: tuple[int, ...] | None = None) -> None:
        self.image_shape = image_shape

    def fit(self, X: Any) -> ImageEncoder:
        """Learn the images' shape, dtype and range.

        Parameters
        ----------
        X : array of shape (n, h, w), (n, h, w, c) or (n, h * w * c), or DataFrame of shape (n, h * w * c)
            At least one image, of 8 to 512 pixels a side and 1 to 4 channels. Booleans, integers that span at most
            2**22 steps, or floats of up to 64 bits. The columns of a table of pandas or polars have one dtype.

        Returns
        -------
        ImageEncoder
            Itself.

        Raises
        ------
        ValueError
            If X is of another shape or kind, `image_shape` does not fit it, or it holds NaN or infinite values.
        """
        self._fit(as_images(X), X)
        return self

    def fit_encode(self, X: Any) -> Tensor:
        """Do what `fit` and then `encode` do; X is read and checked once.

        Parameters
        ----------
        X
            As in `fit`.

        Returns
        -------
        Tensor of shape (n, c, h, w)
            As from `encode`.

        Raises
        ------
        ValueError
            As in `fit`.
        """
        images = as_images(X)
        self._fit(images, X)
        return self._encode(images)

    def _fit(self, images: NDArray, X: Any) -> None:
        """Learn from the pixels of X, which are in `images`."""
        _check_dtype(images.dtype)
        shape = _image_shape(images, self.image_shape)
        low, high = _ends(images)
        _check_range(low, high, images.dtype)
        self._lay_out(shape, images.dtype, low, high, flat=images.ndim == 2)
        if hasattr(X, "columns"):
            self._container = container_of(X)
            self._cells = X.dtypes.iloc[0] if isinstance(X, pd.DataFrame) else None
        if self.channels_ in (2, 4):
            opacity = images.reshape(len(images), *self.shape_)[..., -1]
            first = opacity[0, 0, 0]
            self.opacity_ = first.item() if (opacity == first).all() else None

    def _lay_out(self, shape: tuple[int, ...], dtype: np.dtype, low: float, high: float, flat: bool) -> None:
        self.shape_, self.dtype_, self.low_, self.high_, self._flat = shape, dtype, low, high, flat
        height, width, self.channels_ = (*shape, 1)[:3]
        self.n_levels_ = max(1, round(math.log2(min(height, width) / 4)))
        step = 2**self.n_levels_
        self.size_ = (-(-height // step) * step, -(-width // step) * step)
        self.opacity_ = None
        self._container, self._cells = None, None

    def encode(self, X: Any) -> Tensor:
        """Store images like those of fit in a compact tensor.

        Parameters
        ----------
        X : array or DataFrame of the shape and dtype of fit
            Any number of images. Values outside the range seen in fit are set to the nearest end.

        Returns
        -------
        Tensor of shape (n, c, h, w)
            uint8, int8, uint16 and int16 as they are, booleans as uint8, other integers as int32; floats as float32 in
            [-1, 1]. It shares no memory with X.

        Raises
        ------
        ValueError
            If shape or dtype are not those of fit, or X holds NaN or infinite values.
        """
        X = as_images(X)
        wanted = (math.prod(self.shape_),) if self._flat else self.shape_
        if X.shape[1:] != wanted:
            raise ValueError(f"X must have shape (n, {', '.join(map(str, wanted))}) as in fit, got {X.shape}")
        if (X.dtype.kind, X.dtype.itemsize) != (self.dtype_.kind, self.dtype_.itemsize):
            raise ValueError(f"X has dtype {X.dtype}, but had {self.dtype_} in fit; convert it with X.astype(...)")
        if self.dtype_.kind == "f" and len(X):
            _ends(X)  # refuses NaN
        return self._encode(X)

    def _encode(self, images: NDArray) -> Tensor:
        """Encode images that were checked."""
        channels_first = np.moveaxis(images.reshape(len(images), *self.shape_[:2], self.channels_), 3, 1)
        kept = torch.empty(channels_first.shape, dtype=_kept_as(self.dtype_))
        # a few at a time: what is computed in double precision takes no second training set's memory
        for start in range(0, len(images), 256):
            part = channels_first[start : start + 256]
            if self.dtype_.kind == "f":
                clipped = part.astype(np.float64).clip(self.low_, self.high_)
                part = (clipped - self.low_) / (self._span() or 1.0) * 2 - 1
            elif self.dtype_.kind == "b":
                part = part.view(np.uint8)
            else:
                part = part.clip(self.low_, self.high_)
            kept.numpy()[start : start + 256] = part
        return kept

    def _span(self) -> float:
        return self.high_ - self.low_

    def scale(self, compact: Tensor) -> Tensor:
        """Turn compact images into the input of networks.

        Parameters
        ----------
        compact : Tensor of shape (n, c, h, w)
            Any of what `encode` returned, on any device.

        Returns
        -------
        Tensor of float32, shape (n, c, height, width)
            Sides as in `size_`, in [-1, 1]: -1 is `low_` and 1 is `high_`.
        """
        scaled = compact
        if self.dtype_.kind != "f":
            # int32 holds every difference exactly, and float32 those that fit has admitted
            scaled = (compact.to(torch.int32) - self.low_).float() / (self._span() or 1.0) * 2 - 1
        # an image of 8 pixels or more is wider than what is added to it: it can always be reflected
        (top, bottom), (left, right) = self._margins()
        return F.pad(scaled, (left, right, top, bottom), mode="reflect")

    def _margins(self) -> list[tuple[int, int]]:
        """Return the number of pixels that are added above and below, left and right."""
        added = [whole - own for whole, own in zip(self.size_, self.shape_[:2], strict=True)]
        return [(margin // 2, margin - margin // 2) for margin in added]

    def decode(self, scaled: Tensor) -> Any:
        """Turn a tensor of this size, from a generator or from `scale`, into images.

        Parameters
        ----------
        scaled : Tensor of float, shape (n, c, height, width)
            Sides as in `size_`. Values outside [-1, 1] are set to the nearest end.

        Returns
        -------
        X : array of shape (n, h, w), (n, h, w, c) or (n, h * w * c), or DataFrame of shape (n, h * w * c)
            As in fit, and in its dtype.

        Raises
        ------
        ValueError
            If the shape is wrong or an entry is NaN.
        """
        if tuple(scaled.shape[1:]) != (self.channels_, *self.size_):
            wanted = ", ".join(map(str, (self.channels_, *self.size_)))
            raise ValueError(f"scaled must have shape (n, {wanted}), got {tuple(scaled.shape)}")
        (top, _), (left, _) = self._margins()
        height, width = self.shape_[:2]
        cropped = scaled.detach()[..., top : top + height, left : left + width].permute(0, 2, 3, 1)
        values = cropped.cpu().double().numpy().clip(-1, 1)
        if np.isnan(values).any():
            raise ValueError("scaled holds NaN, because the generator has diverged")
        values = (values + 1) / 2 * self._span() + self.low_
        if self.dtype_.kind != "f":
            values = np.rint(values)
        X = values.clip(self.low_, self.high_).astype(self.dtype_, order="C")
        if self.opacity_ is not None:
            X[..., -1] = self.opacity_
        if self._container is not None:
            frame = pd.DataFrame(X.reshape(len(X), -1))
            return self._container.restore(frame if self._cells is None else frame.astype(self._cells))
        return X.reshape(len(X), -1) if self._flat else X.reshape(len(X), *self.shape_)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray]]:
        """Return the fitted encoder as plain data.

        Returns
        -------
        description : dict
            For `json.dumps`.
        arrays : dict of str to array
            ``"range"``: the two ends.
        """
        description = {
            "shape": list(self.shape_),
            "dtype": self.dtype_.str,
            "flat": self._flat,
            "opacity": self.opacity_,
            "table": None if self._container is None else self._container.state(),
            "cells": None if self._cells is None else dtype_to_json(self._cells, "the images' columns"),
        }
        ends = np.array([self.low_, self.high_], dtype=np.float64 if self.dtype_.kind == "f" else np.int64)
        return description, {"range": ends}

    @classmethod
    def from_state(cls, description: dict[str, Any], arrays: dict[str, NDArray]) -> ImageEncoder:
        """Rebuild a fitted encoder from what `state` returned.

        Raises
        ------
        ValueError
            If description and arrays do not describe an encoder.
        """
        with refusing_malformed("an image encoder"):
            return cls._from_state(description, arrays)

    @classmethod
    def _from_state(cls, description: dict[str, Any], arrays: dict[str, NDArray]) -> ImageEncoder:
        shape = tuple(description["shape"])
        if any(type(size) is not int for size in shape):
            raise ValueError(f"shape must hold integers only, got {shape!r}")
        _check_shape(shape)
        dtype = np.dtype(description["dtype"])
        _check_dtype(dtype)
        flat = description["flat"]
        if type(flat) is not bool:
            raise ValueError(f"flat is {flat!r}")
        ends = arrays["range"]
        if ends.shape != (2,) or ends.dtype != (np.float64 if dtype.kind == "f" else np.int64):
            raise ValueError(f"range is not a pair of ends: {ends.dtype} of shape {ends.shape}")
        low, high = ends.tolist()
        least, most = _bounds(dtype)
        if not least <= low <= high <= most:
            raise ValueError(f"{low!r} to {high!r} is not a range of {dtype}")
        _check_range(low, high, dtype)
        encoder = cls(shape if flat else None)
        encoder._lay_out(shape, dtype, low, high, flat)
        opacity = description["opacity"]
        if opacity is not None and (isinstance(opacity, bool) or not low <= opacity <= high):
            raise ValueError(f"opacity {opacity!r} is out of range")
        encoder.opacity_ = opacity
        if description.get("table") is not None:
            encoder._container = container_from_state(description["table"])
            encoder._cells = None if description["cells"] is None else dtype_from_json(description["cells"])
            # one decoded image shows whether names and pixels go together
            encoder.decode(torch.zeros(1, encoder.channels_, *encoder.size_))
        return encoder


def as_images(X: Any) -> NDArray:
    """Return images, or a table with one in each row, as one array.

    Raises
    ------
    ValueError
        If images in a list differ in shape, or columns of a table differ in dtype or have missing cells.
    """
    check_container(X)
    if isinstance(X, list | tuple):
        for image in X:
            check_container(image, "an image in X")
    if isinstance(X, pd.DataFrame):
        kinds = X.dtypes.unique()
        if len(kinds) > 1:
            raise ValueError(
                f"X has columns of {len(kinds)} dtypes, such as {kinds[0]} and {kinds[1]}, but all pixels must have "
                "one dtype; convert X with X.astype(...)"
            )
        if X.isna().any(axis=None):
            raise ValueError(
                "X has missing cells, but an image needs all pixels; fill them with X.fillna(0), or drop the rows"
            )
        return X.to_numpy(dtype=getattr(kinds[0], "numpy_dtype", None)) if len(kinds) else X.to_numpy()
    try:
        return np.asarray(X)
    except ValueError:
        shapes = sorted({np.shape(image) for image in X}, key=str)
        raise ValueError(
            f"X holds images of {len(shapes)} shapes, such as {shapes[0]} and {shapes[-1]}; resize all to one shape"
        ) from None


def _kept_as(dtype: np.dtype) -> torch.dtype:
    if dtype.kind == "f":
        return torch.float32
    return _KEPT_AS.get(f"{dtype.kind}{dtype.itemsize}", torch.int32)


def _bounds(dtype: np.dtype) -> tuple[float, float]:
    """Return the least and the greatest finite value that a dtype can hold."""
    if dtype.kind == "b":
        return 0, 1
    if dtype.kind == "f":
        return float(np.finfo(dtype).min), float(np.finfo(dtype).max)
    return np.iinfo(dtype).min, np.iinfo(dtype).max


def _check_dtype(dtype: np.dtype) -> None:
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        raise ValueError(f"X must hold booleans, integers or floats of up to 64 bits, got dtype {dtype}")


def _image_shape(X: NDArray, image_shape: Any) -> tuple[int, ...]:
    """Return (h, w) or (h, w, c), from X itself or from `image_shape`."""
    if image_shape is not None:
        try:
            given = tuple(operator.index(size) for size in image_shape)
        except TypeError:
            raise ValueError(f"image_shape must be (h, w) or (h, w, c), got {image_shape!r}") from None
        if len(given) not in (2, 3) or min(given) < 1:
            raise ValueError(f"image_shape must be (h, w) or (h, w, c) in pixels, got {image_shape!r}")
        if X.ndim == 2 and math.prod(given) != X.shape[1]:
            raise ValueError(
                f"image_shape={given} needs {math.prod(given)} columns, but X of shape {X.shape} has {X.shape[1]}"
            )
        if X.ndim != 2 and X.shape[1:] != given:
            raise ValueError(f"image_shape={given} is not the shape of the images in X of shape {X.shape}")
        shape = given
    elif X.ndim in (3, 4):
        shape = X.shape[1:]
    else:
        side = math.isqrt(X.shape[1]) if X.ndim == 2 else 0
        example = f"({side}, {side})" if side and side**2 == X.shape[1] else "(h, w) or (h, w, c)"
        hint = f"; flattened images need image_shape={example}" if X.ndim == 2 else ""
        raise ValueError(f"X must have shape (n, h, w) or (n, h, w, c), got {X.shape}{hint}")
    _check_shape(shape)
    if not len(X):
        raise ValueError(f"X has shape {X.shape}: at least one image is needed")
    return shape


def _check_shape(shape: tuple[int, ...]) -> None:
    if len(shape) not in (2, 3):
        raise ValueError(f"image_shape must be (h, w) or (h, w, c), got {shape}")
    if not 1 <= (*shape, 1)[2] <= _MOST_CHANNELS:
        raise ValueError(
            f"images of shape {shape} have {shape[2]} channels, but 1 to {_MOST_CHANNELS} are supported. Channels must "
            "be the last dimension. If they are the first, use X.transpose(0, 2, 3, 1)"
        )
    if min(shape[:2]) < _SMALLEST or max(shape[:2]) > _LARGEST:
        raise ValueError(
            f"images have {shape[0]}x{shape[1]} pixels, but each side must have {_SMALLEST} to {_LARGEST}; resize them"
        )


def _ends(X: NDArray) -> tuple[Any, Any]:
    """Return the least and the greatest value, after making sure that all are finite."""
    low, high = X.min().item(), X.max().item()
    if X.dtype.kind != "f":
        return int(low), int(high)
    if not (math.isfinite(low) and math.isfinite(high)):
        bad = [i for i, image in enumerate(X) if not np.isfinite(image).all()]
        n_values = sum(int((~np.isfinite(X[i])).sum()) for i in bad)
        raise ValueError(
            f"X holds {counted(n_values, 'NaN or infinite value')} in {len(bad)} of {len(X)} images, the "
            f"first of them image {bad[0]}; replace them, e.g. by np.nan_to_num, or leave these images out"
        )
    return low, high


def _check_range(low: Any, high: Any, dtype: np.dtype) -> None:
    """Make sure that float32 can represent all steps of the range."""
    if dtype.kind == "f":
        if not math.isfinite(high - low):
            raise ValueError(f"X spans {low:g} to {high:g}, more than floats can scale; divide it by its maximum")
        return
    whole = np.iinfo(np.int32)
    if low < whole.min or high > whole.max or high - low > _WIDEST:
        raise ValueError(
            f"X of dtype {dtype} spans {low} to {high}, but integers must lie within int32 and span at most {_WIDEST} "
            "steps; rescale X, or pass floats"
        )
