"""Images <-> tensors: compact for storage, in [-1, 1] for networks, and back in their own dtype and range."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ganaug.common.containers import Container, container_from_state, container_of
from ganaug.common.large_arrays import blocks, is_on_disk, new_array, release
from ganaug.common.serialization import dtype_from_json, dtype_to_json, refusing_malformed
from ganaug.encoders.image_checks import as_images, bounds, check_dtype, check_range, check_shape, ends, shape_of
from ganaug.encoders.masks import check_mask_channels, levels_of, scaled_mask, snapped_mask

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
    mask_channels : sequence of int or None, default=None
        Channels that are masks, whose decoded values are among those seen in fit. None means none.

    Attributes
    ----------
    shape_ : tuple of int
        (h, w), or (h, w, c) where images have an axis of channels.
    channels_ : int
        1 to 4.
    dtype_ : dtype
        Of the images.
    low_, high_ : int or float
        Ends of the legal range: the least and the greatest value seen in fit, in channels that are not masks.
    masks_ : dict of int to ndarray
        Channel -> levels of each mask, in ascending order. Networks see them at equal distances in [-1, 1].
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

    masks_: dict[int, NDArray]
    opacity_: float | None
    # of images in a table, and the dtype of its columns where it is pandas'
    _container: Container | None
    _cells: Any

    def __init__(self, image_shape: tuple[int, ...] | None = None, mask_channels: Sequence[int] | None = None) -> None:
        self.image_shape = image_shape
        self.mask_channels = mask_channels

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

        Notes
        -----
        Images in a file, such as a memory map, are not copied where tensors hold their dtype.
        """
        images = as_images(X)
        self._fit(images, X)
        if is_on_disk(images) and images.dtype.isnative and min(images.strides) > 0:
            kept = images.view(np.uint8) if images.dtype.kind == "b" else images
            if f"{kept.dtype.kind}{kept.dtype.itemsize}" in _KEPT_AS:
                return _shared(self._channels_first(kept))
        return self._encode(images)

    def _fit(self, images: NDArray, X: Any) -> None:
        """Learn from the pixels of X, which are in `images`."""
        check_dtype(images.dtype)
        shape = shape_of(images, self.image_shape)
        n_channels = (*shape, 1)[2]
        channels = check_mask_channels(self.mask_channels, n_channels)
        low, high = ends(images)
        check_range(low, high, images.dtype)
        masks = {}
        if channels:
            by_channel = images.reshape(len(images), *shape[:2], n_channels)
            masks = levels_of(by_channel, channels)
            if rest := [channel for channel in range(n_channels) if channel not in masks]:
                ranges = [ends(by_channel[..., channel]) for channel in rest]
                low, high = min(of[0] for of in ranges), max(of[1] for of in ranges)
        self._lay_out(shape, images.dtype, low, high, flat=images.ndim == 2)
        self.masks_ = masks
        if hasattr(X, "columns"):
            self._container = container_of(X)
            self._cells = X.dtypes.iloc[0] if isinstance(X, pd.DataFrame) else None
        if self.channels_ in (2, 4) and self.channels_ - 1 not in masks:
            opacity = images.reshape(len(images), *self.shape_)[..., -1]
            first = opacity[0, 0, 0]
            self.opacity_ = first.item() if all((part == first).all() for part in blocks(opacity)) else None

    def _lay_out(self, shape: tuple[int, ...], dtype: np.dtype, low: float, high: float, flat: bool) -> None:
        self.shape_, self.dtype_, self.low_, self.high_, self._flat = shape, dtype, low, high, flat
        height, width, self.channels_ = (*shape, 1)[:3]
        self.n_levels_ = max(1, round(math.log2(min(height, width) / 4)))
        step = 2**self.n_levels_
        self.size_ = (-(-height // step) * step, -(-width // step) * step)
        self.opacity_, self.masks_ = None, {}
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
            ends(X)  # refuses NaN
        return self._encode(X)

    def _encode(self, images: NDArray) -> Tensor:
        """Encode images that were checked."""
        channels_first = self._channels_first(images)
        kept_as = torch.empty(0, dtype=_kept_as(self.dtype_)).numpy().dtype
        kept = new_array(channels_first.shape, kept_as, on_disk=is_on_disk(images))
        # a few at a time: what is computed in double precision takes no second training set's memory
        for start in range(0, len(images), 256):
            part = given = channels_first[start : start + 256]
            if self.dtype_.kind == "f":
                clipped = part.astype(np.float64).clip(self.low_, self.high_)
                part = (clipped - self.low_) / (self._span() or 1.0) * 2 - 1
            elif self.dtype_.kind == "b":
                part = part.view(np.uint8)
            else:
                part = part.clip(self.low_, self.high_)
            kept[start : start + 256] = part
            for channel, levels in self.masks_.items():
                mask = given[:, channel]
                if self.dtype_.kind == "f":
                    mask = scaled_mask(torch.from_numpy(mask.astype(np.float64)), levels).numpy()
                kept[start : start + 256, channel] = mask
            release()
        return torch.from_numpy(kept)

    def _channels_first(self, images: NDArray) -> NDArray:
        return np.moveaxis(images.reshape(len(images), *self.shape_[:2], self.channels_), 3, 1)

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
            for channel, levels in self.masks_.items():
                scaled[:, channel] = scaled_mask(compact[:, channel], levels)
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
        masks = {channel: snapped_mask(values[..., channel], levels) for channel, levels in self.masks_.items()}
        values = (values + 1) / 2 * self._span() + self.low_
        if self.dtype_.kind != "f":
            values = np.rint(values)
        X = values.clip(self.low_, self.high_).astype(self.dtype_, order="C")
        if self.opacity_ is not None:
            X[..., -1] = self.opacity_
        for channel, mask in masks.items():
            X[..., channel] = mask
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
            ``"range"``: the two ends; ``"mask0"`` and so on: the levels of a mask.
        """
        description = {
            "shape": list(self.shape_),
            "dtype": self.dtype_.str,
            "flat": self._flat,
            "opacity": self.opacity_,
            "table": None if self._container is None else self._container.state(),
            "cells": None if self._cells is None else dtype_to_json(self._cells, "the images' columns"),
        }
        kind = np.float64 if self.dtype_.kind == "f" else np.int64
        masks = {f"mask{channel}": levels.astype(kind) for channel, levels in self.masks_.items()}
        return description, {"range": np.array([self.low_, self.high_], dtype=kind), **masks}

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
        check_shape(shape)
        dtype = np.dtype(description["dtype"])
        check_dtype(dtype)
        flat = description["flat"]
        if type(flat) is not bool:
            raise ValueError(f"flat is {flat!r}")
        ends = arrays["range"]
        if ends.shape != (2,) or ends.dtype != (np.float64 if dtype.kind == "f" else np.int64):
            raise ValueError(f"range is not a pair of ends: {ends.dtype} of shape {ends.shape}")
        low, high = ends.tolist()
        least, most = bounds(dtype)
        if not least <= low <= high <= most:
            raise ValueError(f"{low!r} to {high!r} is not a range of {dtype}")
        check_range(low, high, dtype)
        encoder = cls(shape if flat else None)
        encoder._lay_out(shape, dtype, low, high, flat)
        channels = [channel for channel in range(encoder.channels_) if f"mask{channel}" in arrays]
        for channel in channels:
            levels = arrays[f"mask{channel}"]
            if levels.ndim != 1 or not len(levels) or levels.dtype != arrays["range"].dtype:
                raise ValueError(f"levels of a mask have dtype {levels.dtype} and shape {levels.shape}")
            if (np.diff(levels) <= 0).any() or not least <= levels[0] <= levels[-1] <= most:
                raise ValueError(f"{levels!r} are not levels of a mask of {dtype}")
            encoder.masks_[channel] = levels.astype(dtype)
        encoder.mask_channels = channels or None
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


def _shared(kept: NDArray) -> Tensor:
    """Return a tensor that shares the memory of an array. Nothing writes to it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(kept)


def _kept_as(dtype: np.dtype) -> torch.dtype:
    if dtype.kind == "f":
        return torch.float32
    return _KEPT_AS.get(f"{dtype.kind}{dtype.itemsize}", torch.int32)
