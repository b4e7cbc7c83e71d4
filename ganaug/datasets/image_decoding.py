"""One image: decode a PNG, JPEG, TIFF or BMP file, bring it to a size, and convert its channels.

Files come from anywhere. The header of each is checked before its pixels are decoded, so that a file that claims to be
enormous does not fill the memory. A damaged file is refused; it is never read in part.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

# The longest side that models accept. Larger images are refused at the first one, before they fill the memory.
MAX_SIDE = 512
# What a file may hold, whatever its extension says.
_FORMATS = ("PNG", "JPEG", "TIFF", "BMP")


class DecodedImage(NamedTuple):
    """Pixels, and what else must be equal in all files of a set.

    Attributes
    ----------
    pixels : ndarray of uint8, uint16 or int16, shape (h, w, c)
        Channels are grey, grey and alpha, RGB, or RGBA.
    meaning : str
        What the values mean, where a file says it (DICOM); else "".
    """

    pixels: NDArray
    meaning: str = ""

    def __str__(self) -> str:
        height, width = self.pixels.shape[:2]
        depth = "" if self.pixels.dtype == np.uint8 else f" of {self.pixels.dtype}"
        return f"{height}x{width}{depth}{self.meaning and f', {self.meaning}'}"


# --------------------------------------------------------------------------------------------------- decoding


def decode_image(path: Path) -> DecodedImage:
    """Decode one PNG, JPEG, TIFF or BMP file, after a look at its header.

    Parameters
    ----------
    path : Path
        The file. Its content decides the format, not its extension.

    Returns
    -------
    DecodedImage
        8 bits a channel, or 16 bits of grey. A palette becomes its colours, one bit becomes 0 and 255, and the
        orientation that a camera noted is applied.

    Raises
    ------
    ValueError
        If it has several frames or pixels of another kind. Damaged files may raise any other error.
    """
    with path.open("rb") as file, Image.open(file, formats=_FORMATS) as image:
        # the second frame of an MPO is the preview that a camera adds to its JPEG
        n_frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
        if n_frames > 1:
            raise ValueError(several_frames(n_frames))
        args = image.tile[0][3]
        layout = str(args if isinstance(args, str) else (args or [""])[0])  # how the file stores a pixel
        # the 16 bits of a BMP are those of all channels together
        if "16" in layout and not image.mode.startswith("I") and image.format != "BMP":
            raise ValueError(unsupported("colour of 16 bits a channel"))
        return DecodedImage(_pixels(ImageOps.exif_transpose(image), layout))


def _pixels(image: Image.Image, layout: str) -> NDArray:
    """Return pixels of shape (h, w, c)."""
    if image.mode.startswith("I;16") or (image.mode == "I" and layout.startswith(("I;16", "I;12"))):
        return np.asarray(image).astype(np.int16 if layout.endswith("S") else np.uint16)[..., None]
    if image.mode == "1":
        image = image.convert("L")
    elif image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif image.mode in ("CMYK", "YCbCr"):
        image = image.convert("RGB")
    elif image.mode not in ("L", "LA", "RGB", "RGBA"):
        raise ValueError(unsupported(f"pixels of mode {image.mode}"))
    return with_channels(np.asarray(image))


def with_channels(pixels: NDArray) -> NDArray:
    """Return pixels of shape (h, w, c); grey of shape (h, w) gets one channel.

    Parameters
    ----------
    pixels : ndarray of shape (h, w) or (h, w, c)
        The image.
    """
    return pixels if pixels.ndim == 3 else pixels[..., None]


# ------------------------------------------------------------------------------------------- size and channels


def resized(pixels: NDArray, size: tuple[int, int]) -> NDArray:
    """Resample pixels of shape (h, w, c) to (height, width), bicubic and antialiased.

    Pillow weighs colours by their alpha. Pixels that have the size already are returned unchanged.

    Parameters
    ----------
    pixels : ndarray of shape (h, w, c)
        The image.
    size : (int, int)
        Height and width of the result.
    """
    if pixels.shape[:2] == size:
        return pixels
    size = size[::-1]  # Pillow's order
    if pixels.dtype == np.uint8:
        image = Image.fromarray(pixels if pixels.shape[2] > 1 else pixels[..., 0])
        return with_channels(np.asarray(image.resize(size, Image.Resampling.BICUBIC)))
    # in float32, which holds every value of 16 bits and which all versions of Pillow resample
    image = Image.fromarray(pixels[..., 0].astype(np.float32))
    values = np.rint(np.asarray(image.resize(size, Image.Resampling.BICUBIC)))
    limits = np.iinfo(pixels.dtype)
    return values.clip(limits.min, limits.max).astype(pixels.dtype)[..., None]


def joint_channels(a: int, b: int) -> int:
    """Return the smallest number of channels to which images of `a` and of `b` channels convert without loss.

    Parameters
    ----------
    a, b : int
        Numbers of channels, 1 to 4.
    """
    return (3 if max(a, b) > 2 else 1) + (a % 2 == 0 or b % 2 == 0)


def with_more_channels(pixels: NDArray, n_channels: int) -> NDArray:
    """Convert grey to colour, and add an opaque alpha channel, until there are `n_channels`.

    Parameters
    ----------
    pixels : ndarray of shape (h, w, c)
        The image.
    n_channels : int
        Number of channels of the result, not below that of the image.
    """
    n_own = pixels.shape[-1]
    if n_own == n_channels:
        return pixels
    wide = np.full((*pixels.shape[:-1], n_channels), 255, dtype=pixels.dtype)
    n_colours, n_wide = (n - (n % 2 == 0) for n in (n_own, n_channels))
    wide[..., :n_wide] = pixels[..., :n_colours]
    if n_own % 2 == 0:
        wide[..., -1] = pixels[..., -1]
    return wide


# --------------------------------------------------------------------------------------------- why a file fails


def reason(error: Exception) -> str:
    """Return why a file cannot be read, in one line of at most 200 characters.

    Parameters
    ----------
    error : Exception
        What reading the file raised.
    """
    if isinstance(error, UnidentifiedImageError):
        return "not a PNG, JPEG, TIFF or BMP image"
    if isinstance(error, Image.DecompressionBombWarning | Image.DecompressionBombError):
        return too_many_pixels()
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split())[:200] or type(error).__name__


def too_many_pixels() -> str:
    """Say that an image has too many pixels."""
    return f"more than {Image.MAX_IMAGE_PIXELS} pixels, perhaps a decompression bomb"


def several_frames(n_frames: int) -> str:
    """Say that a file has several frames.

    Parameters
    ----------
    n_frames : int
        Number of frames of the file.
    """
    return f"{n_frames} frames; only files of one frame are supported"


def unsupported(what: str) -> str:
    """Say that pixels are of an unsupported kind.

    Parameters
    ----------
    what : str
        What the pixels are.
    """
    return f"{what}; only 8 bits a channel and 16 bits of grey are supported"


@contextmanager
def quiet_decoding() -> Iterator[None]:
    """Silence warnings of damaged metadata, and make a decompression bomb an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield
