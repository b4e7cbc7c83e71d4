"""One image: decode a file of a format that Pillow reads, bring it to a size, and convert its channels.

Files come from anywhere. The header of each is checked before its pixels are decoded, so that a file that claims to be
enormous does not fill the memory. A damaged file is refused; it is never read in part. A file that holds more than can
be returned (several frames, more channels, more bits) is refused as well, and never reduced without a word.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ganaug.common.files import check_regular

# The longest side that models accept. Larger images are refused at the first one, before they fill the memory.
MAX_SIDE = 512
# What a file may hold, whatever its extension says: the formats of pixels that Pillow decodes itself. EPS and WMF start
# other programs.
_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "JPEG2000", "AVIF", "PPM", "DIB", "PCX", "SGI", "QOI", "TGA")
# These have no mark at their beginning, so only the extension tells them.
_WITHOUT_MARK = ("TGA", "DIB", "PCX")
# A larger file is no image of the sizes that models accept.
_MAX_BYTES = 2**30
# Tags of TIFF.
_PHOTOMETRIC, _N_SAMPLES, _BITS, _SAMPLE_FORMAT = 262, 277, 258, 339
_WHITE_IS_ZERO, _SIGNED = 0, 2


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


@functools.cache
def _formats(*, with_mark: bool = False) -> list[str]:
    """Return the formats that this Pillow was built with."""
    Image.init()
    return [name for name in _FORMATS if name in Image.OPEN and not (with_mark and name in _WITHOUT_MARK)]


@functools.cache
def image_extensions() -> frozenset[str]:
    """Return the extensions of the formats that are read, in lower case, with their dot."""
    Image.init()
    return frozenset(name for name, kind in Image.EXTENSION.items() if kind in {*_formats(), "MPO"}) | {".jfif", ".jp2"}


def looks_like_image(path: Path) -> bool:
    """Whether the first bytes of a file are those of an image, whatever its name.

    Parameters
    ----------
    path : Path
        The file.
    """
    try:
        check_regular(path)
        with quiet_decoding(), path.open("rb") as file, Image.open(file, formats=_formats(with_mark=True)):
            return True
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return True
    except Exception:
        # damaged and hostile files fail with errors of any class
        return False


def decode_image(path: Path) -> DecodedImage:
    """Decode one file of a format that Pillow reads, after a look at its header.

    Parameters
    ----------
    path : Path
        The file. Its content decides the format, not its extension.

    Returns
    -------
    DecodedImage
        8 bits a channel, or 16 bits of grey. A palette becomes its colours, or grey if all of them are grey; one bit
        becomes 0 and 255; a transparent value becomes an alpha channel; CMYK becomes RGB; where white is stored as 0,
        values are inverted; and the orientation that a camera noted is applied.

    Raises
    ------
    ValueError
        If it has several frames or pixels of another kind. Damaged files may raise any other error.
    """
    check_regular(path)
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError(f"a file of {path.stat().st_size:,} bytes; at most {_MAX_BYTES:,} are read")
    with path.open("rb") as file, Image.open(file, formats=_formats()) as image:
        # the second frame of an MPO is the preview that a camera adds to its JPEG
        n_frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
        if n_frames > 1:
            raise ValueError(several_frames(n_frames))
        layout = _layout(image)
        _check_bits(image, layout)
        turned = ImageOps.exif_transpose(image)
        return DecodedImage(_pixels(turned, layout, image))


def _layout(image: Any) -> str:
    """Return how the file stores a pixel, in Pillow's words."""
    args = image.tile[0][3] if image.tile else ""
    return str(args if isinstance(args, str) else (args or [""])[0])


def _check_bits(image: Image.Image, layout: str) -> None:
    """Refuse what Pillow would reduce to 8 bits or to fewer channels without a word."""
    is_grey16 = image.mode.startswith("I")
    # the 16 bits of a BMP or TGA are those of all channels together
    if "16" in layout and not is_grey16 and image.format not in ("BMP", "DIB", "TGA"):
        raise ValueError(unsupported("colour of 16 bits a channel"))
    if image.format == "PPM" and not is_grey16 and _most_of_ppm(image) > 255:
        raise ValueError(unsupported("colour of 16 bits a channel"))
    if image.format == "JPEG2000":
        depths = _depths_of_jpeg2000(image)
        if any(depth & 128 for depth in depths):
            raise ValueError(unsupported("signed pixels of JPEG 2000"))
        if not is_grey16 and any((depth & 127) + 1 > 8 for depth in depths):
            raise ValueError(unsupported("colour of more than 8 bits a channel"))
    if image.format == "TIFF":
        tags: Any = image.tag_v2  # type: ignore[attr-defined]
        n_samples, n_bands = tags.get(_N_SAMPLES, 1), len(image.getbands())
        if n_samples > n_bands:
            raise ValueError(unsupported(f"{n_samples} channels, of which only {n_bands} can be read"))
        bits, formats = tags.get(_BITS, (1,)), tags.get(_SAMPLE_FORMAT, (1,))
        if _SIGNED in _as_tuple(formats) and max(_as_tuple(bits)) <= 8:
            raise ValueError(unsupported("signed pixels of 8 bits"))


def _as_tuple(value: Any) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def _most_of_ppm(image: Any) -> int:
    """Return the value of white in a PPM file; Pillow notes it only where it is not 255."""
    args = image.tile[0][3]
    return int(args[1]) if image.tile[0][0] != "raw" and isinstance(args, tuple) else 255


def _depths_of_jpeg2000(image: Any) -> list[int]:
    """Return for each component its bits less 1, and 128 more if it is signed (ISO 15444-1, A.5.1)."""
    file = image.fp
    place = file.tell()
    file.seek(0)
    start = file.read(2**16)
    file.seek(place)
    size = start.find(b"\xff\x4f\xff\x51")
    if size < 0:
        return []
    n_components = int.from_bytes(start[size + 40 : size + 42], "big")
    return list(start[size + 42 : size + 42 + 3 * n_components : 3])


def _pixels(image: Image.Image, layout: str, stored: Image.Image) -> NDArray:
    """Return pixels of shape (h, w, c); `stored` is the image before it was turned."""
    transparent = stored.info.get("transparency")
    if image.mode.startswith("I;16") or (
        image.mode == "I" and (layout.startswith(("I;16", "I;12")) or stored.format == "PPM")
    ):
        if transparent is not None:
            raise ValueError(unsupported("16 bits of grey with a transparent value"))
        pixels = np.asarray(image).astype(np.int16 if layout.endswith("S") else np.uint16)[..., None]
        return _inverted(pixels, stored)
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA" if image.mode == "PA" or transparent is not None else "RGB")
        return _grey_if_possible(np.asarray(image))
    if image.mode in ("CMYK", "YCbCr"):
        image = image.convert("RGB")
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode not in ("L", "LA", "RGB", "RGBA"):
        raise ValueError(unsupported(f"pixels of mode {image.mode}"))
    pixels = with_channels(np.asarray(image))
    if transparent is None or image.mode not in ("L", "RGB"):
        return pixels
    # of 2 and 4 bits, Pillow scales the pixels but not the transparent value
    scale = {"L;2": 85, "L;4": 17}.get(layout, 1) if stored.format == "PNG" else 1
    is_opaque = (pixels != np.array(transparent) * scale).any(axis=2, keepdims=True)
    return np.concatenate([pixels, is_opaque * np.uint8(255)], axis=2)


def _inverted(pixels: NDArray, stored: Image.Image) -> NDArray:
    """Invert grey of more than 8 bits where white is stored as 0; fewer bits are inverted by Pillow."""
    tags: Any = getattr(stored, "tag_v2", {})
    if stored.format != "TIFF" or tags.get(_PHOTOMETRIC) != _WHITE_IS_ZERO:
        return pixels
    return np.uint16(2 ** max(_as_tuple(tags.get(_BITS, 16))) - 1) - pixels


def _grey_if_possible(colours: NDArray) -> NDArray:
    """Return colours of a palette as grey, if all of them are grey."""
    if (colours[..., :1] != colours[..., 1:3]).any():
        return colours
    return np.ascontiguousarray(colours[..., [0, *range(3, colours.shape[2])]])


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
        return "not an image of a format that is read: PNG, JPEG, TIFF, BMP, GIF, WebP, JPEG 2000 and others of Pillow"
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
