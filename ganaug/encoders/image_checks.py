"""What images are accepted: their containers, shapes, dtypes and ranges; errors say what is wrong and the way out."""

import math
import operator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.containers import check_container
from ganaug.common.large_arrays import blocks
from ganaug.common.wording import counted

# Below, halving leaves nothing for a convolution to look at; above, activations outgrow an ordinary machine.
_SMALLEST, _LARGEST = 8, 512
MOST_CHANNELS = 4
# float32 in [-1, 1] tells 2**23 steps apart; with one bit to spare every integer comes back exactly.
_WIDEST = 2**22


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
    if isinstance(X, np.ndarray) and X.dtype.kind == "O" and X.ndim == 1:
        X = list(X)
    try:
        return np.asarray(X)
    except ValueError:
        shapes = sorted({np.shape(image) for image in X}, key=str)
        raise ValueError(
            f"X holds images of {len(shapes)} shapes, such as {shapes[0]} and {shapes[-1]}; resize all to one shape "
            "(in the shell --resize HxW)"
        ) from None


def bounds(dtype: np.dtype) -> tuple[float, float]:
    """Return the least and the greatest finite value that a dtype can hold."""
    if dtype.kind == "b":
        return 0, 1
    if dtype.kind == "f":
        return float(np.finfo(dtype).min), float(np.finfo(dtype).max)
    return np.iinfo(dtype).min, np.iinfo(dtype).max


def check_dtype(dtype: np.dtype) -> None:
    """Raise ValueError unless pixels are booleans, integers or floats of up to 64 bits."""
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        raise ValueError(
            f"X must hold booleans, integers or floats of up to 64 bits, got dtype {dtype}; convert it with "
            "X.astype(...), and give images of one shape"
        )


def shape_of(X: NDArray, image_shape: Any) -> tuple[int, ...]:
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
        hint = "; pass the slices of volumes as images, or as channels" if X.ndim > 4 else hint
        raise ValueError(f"X must have shape (n, h, w) or (n, h, w, c), got {X.shape}{hint}")
    try:
        check_shape(shape)
    except ValueError as error:
        if X.ndim != 3 or X.dtype == np.uint8:  # bytes are pixels
            raise
        said = f"If X of shape {X.shape} holds rows x times x channels, pass model='tabular' and "
        raise ValueError(f"{error}. {said}X.reshape({len(X)}, -1)") from None
    if not len(X):
        raise ValueError(f"X has shape {X.shape}: at least one image is needed")
    return shape


def check_shape(shape: tuple[int, ...]) -> None:
    """Raise ValueError unless images of this shape have supported sides and channels."""
    if len(shape) not in (2, 3):
        raise ValueError(f"image_shape must be (h, w) or (h, w, c), got {shape}")
    if not 1 <= (*shape, 1)[2] <= MOST_CHANNELS:
        raise ValueError(
            f"images of shape {shape} have {shape[2]} channels, but 1 to {MOST_CHANNELS} are supported. Channels must "
            "be the last dimension. If they are the first, use X.transpose(0, 2, 3, 1)"
        )
    if min(shape[:2]) < _SMALLEST or max(shape[:2]) > _LARGEST:
        raise ValueError(
            f"images have {shape[0]}x{shape[1]} pixels, but each side must have {_SMALLEST} to {_LARGEST}; resize "
            "them (in the shell --resize HxW)"
        )


def ends(X: NDArray) -> tuple[Any, Any]:
    """Return the least and the greatest value, after making sure that all are finite."""
    found = [(part.min(), part.max()) for part in blocks(X)]
    low, high = np.min([low for low, _ in found]).item(), np.max([high for _, high in found]).item()
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


def check_range(low: Any, high: Any, dtype: np.dtype) -> None:
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
