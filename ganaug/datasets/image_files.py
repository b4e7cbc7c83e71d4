"""Image files of any sizes, one by one: find them below a folder, read them, and write them with a note."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from ganaug.common.warnings import warn_user
from ganaug.common.wording import abridged, counted
from ganaug.datasets.dicom import decode_dicom, is_dicom
from ganaug.datasets.image_decoding import (
    decode_image,
    joint_channels,
    quiet_decoding,
    reason,
    resized,
    with_channels,
    with_more_channels,
)
from ganaug.datasets.image_folder import check_folder, extension_of, is_image, is_text
from ganaug.datasets.image_manifest import MANIFEST, has_manifest, read_manifest

# Formats that `write_image_file` writes, by the extension.
_WRITTEN = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "TIFF", ".tiff": "TIFF"}
_TIFF_DESCRIPTION, _TIFF_SAMPLE_FORMAT, _TIFF_SIGNED = 270, 339, 2


def find_image_files(source: Path, *, deep: bool = True) -> list[str]:
    """Return the image files of a folder.

    Parameters
    ----------
    source : Path
        A folder. Files whose name begins with a dot are left out.
    deep : bool, default=True
        Whether also those of the folders in it.

    Returns
    -------
    list of str
        Paths below `source`, sorted, with ``/``. A warning names files that cannot be read as images.

    Raises
    ------
    ValueError
        If there is none.
    """
    paths = sorted(path for path in source.glob("**/*" if deep else "*") if not path.is_dir())
    below = [path for path in paths if not any(part.startswith(".") for part in path.relative_to(source).parts)]
    own = [path for path in below if is_image(path)]
    others = [path.relative_to(source).as_posix() for path in below if path not in set(own) and not is_text(path)]
    if not own:
        found = f"; {abridged(others, 3)} cannot be read as an image" if others else ""
        raise ValueError(f"{source} holds no image{found}; name a folder with image files in it")
    if others:
        is_one = len(others) == 1
        warn_user(
            f"{counted(len(others), 'file')} in {source} cannot be read as images and {'is' if is_one else 'are'} left "
            f"out: {abridged(others, 5)}"
        )
    return [path.relative_to(source).as_posix() for path in own]


def read_image_file(path: Path) -> NDArray:
    """Read one image of any size.

    Parameters
    ----------
    path : Path
        A file of one of the formats of `read_images`.

    Returns
    -------
    ndarray of uint8, uint16 or int16, shape (h, w) or (h, w, c)
        Grey, or with 2 (grey and alpha), 3 or 4 channels.

    Raises
    ------
    ValueError
        If it cannot be read; the error names the file and the reason.
    """
    try:
        with quiet_decoding():
            pixels = (decode_dicom(path) if is_dicom(path) else decode_image(path)).pixels
    except (FileNotFoundError, IsADirectoryError, PermissionError):
        raise
    except Exception as error:
        # decoders fail on damaged and hostile files with errors of any class
        raise ValueError(f"{path} cannot be read: {reason(error)}") from error
    return pixels[..., 0] if pixels.shape[2] == 1 else pixels


def read_image_like(path: Path, shape: tuple[int, ...], dtype: np.dtype) -> tuple[NDArray, bool]:
    """Read one image in the form of others, such as those of a model.

    Parameters
    ----------
    path : Path
        The file.
    shape : tuple of int
        Height, width and, if there are any, channels. Grey becomes colour, and colours that are all grey become grey.
    dtype : dtype
        That of the pixels: uint8, uint16 or int16.

    Returns
    -------
    image : ndarray of this shape and dtype
        The pixels.
    is_resized : bool
        Whether the file has another size.

    Raises
    ------
    ValueError
        If it cannot be read, or has another depth, or channels that would be lost.
    """
    pixels = with_channels(read_image_file(path))
    n_channels = shape[2] if len(shape) == 3 else 1
    if pixels.dtype != dtype:
        raise ValueError(f"{path} has pixels of {pixels.dtype}, but {np.dtype(dtype)} is needed; convert the file")
    if n_channels < 3 <= pixels.shape[2] and (pixels[..., :1] == pixels[..., 1:3]).all():
        pixels = pixels[..., [0, *range(3, pixels.shape[2])]]
    if pixels.shape[2] in (2, 4) and n_channels in (1, 3) and (pixels[..., -1] == 255).all():
        pixels = pixels[..., :-1]  # opaque everywhere
    if joint_channels(pixels.shape[2], n_channels) != n_channels:
        words = {1: "grey", 2: "grey and alpha", 3: "colour", 4: "colour and alpha"}
        raise ValueError(f"{path} has {words[pixels.shape[2]]}, but {words[n_channels]} is needed; convert the file")
    height, width = shape[:2]
    image = resized(with_more_channels(pixels, n_channels), (height, width))
    return image.reshape(shape), pixels.shape[:2] != shape[:2]


def check_image_file(path: Path, dtype: np.dtype, n_channels: int) -> None:
    """Make sure that the format of a file to be written holds an image.

    Parameters
    ----------
    path : Path
        Its extension decides the format.
    dtype : dtype
        Of the pixels.
    n_channels : int
        1 to 4.

    Raises
    ------
    ValueError
        If the extension is unknown, or its format cannot hold such pixels.
    """
    kind = _WRITTEN.get(path.suffix.lower())
    if kind is None:
        raise ValueError(f"{path} does not end in {', '.join(_WRITTEN)}; choose one of them")
    lossless = extension_of(dtype)
    if kind == "JPEG" and (dtype != np.uint8 or n_channels in (2, 4)):
        raise ValueError(f"{path}: JPEG holds no {'alpha' if dtype == np.uint8 else '16 bits'}; choose {lossless}")
    if kind == "PNG" and lossless == ".tif":
        raise ValueError(f"{path}: PNG holds no negative values; choose .tif")


def check_synthetic_folder(out: Path, *, force: bool) -> None:
    """Make sure that a folder of synthetic images can be written, before time is spent on computing them.

    Parameters
    ----------
    out : Path
        The folder.
    force : bool
        Whether a folder may be replaced that ganaug wrote and in which all images are synthetic.

    Raises
    ------
    OSError
        If it exists and `force` is False, or it cannot be written.
    ValueError
        If it holds anything else.
    """
    check_folder(out, force)
    if has_manifest(out) and not all(read_manifest(out).is_synthetic.values()):
        raise ValueError(f"{out} holds originals according to its {MANIFEST}, so --force does not replace it")


def write_image_file(path: Path, image: NDArray, note: str, *, suffix: str | None = None) -> None:
    """Write one image, with a note in its metadata that says that it is synthetic; PNG and TIFF without loss.

    Parameters
    ----------
    path : Path
        The file.
    image : ndarray of uint8, uint16 or int16, shape (h, w) or (h, w, c)
        The pixels.
    note : str
        What it is.
    suffix : str or None, default=None
        The extension that decides the format. None takes that of `path`.
    """
    kind = _WRITTEN[(suffix or path.suffix).lower()]
    said = f"synthetic: {note}"
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("synthetic", note)
        Image.fromarray(image).save(path, format=kind, pnginfo=text)
    elif kind == "JPEG":
        Image.fromarray(image).save(path, format=kind, quality=95, comment=said.encode())
    else:
        # Pillow writes 16 bits only without a sign; the tag says that these have one
        is_signed = image.dtype == np.int16
        tags = {_TIFF_DESCRIPTION: said} | ({_TIFF_SAMPLE_FORMAT: _TIFF_SIGNED} if is_signed else {})
        Image.fromarray(image.view(np.uint16) if is_signed else image).save(path, format=kind, tiffinfo=tags)
