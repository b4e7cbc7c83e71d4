"""Pictures in folders or in one archive: read into one array, written back with the synthetic ones beside them.

A folder has one folder in it for each class, and pictures in these. They may be PNG, JPEG, TIFF, BMP or DICOM files. An
archive is an ``.npz`` file in the form of MedMNIST: ``train_images``, ``train_labels``, and whatever else.

Pictures come from anywhere. Each one's header is looked at before its pixels are decoded, and a file that is damaged,
empty, or claims to be enormous is named; it never ends up as half a picture.
"""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageOps, PngImagePlugin, UnidentifiedImageError

from ganaug._version import __version__
from ganaug.common.files import replacing
from ganaug.datasets.table import check_output as check_file

__all__ = ["ImageSet", "check_image_output", "read_images", "write_images"]

_EXTENSIONS = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".dcm"}
# What such a file may hold, whatever its extension says.
_FORMATS = ("PNG", "JPEG", "TIFF", "BMP")
# The longest side that models take. Larger pictures are refused at the first one, before they fill the memory.
_LARGEST = 512
_MANIFEST = "manifest.csv"
_COLUMNS = ["file", "class", "synthetic"]
# What desktops leave in folders that one looks at.
_BY_THE_DESKTOP = {".DS_Store", "Thumbs.db", "desktop.ini"}
_MARK = "train_is_synthetic"
_TIFF_DESCRIPTION, _TIFF_SAMPLE_FORMAT, _TIFF_SIGNED = 270, 339, 2


@dataclass(frozen=True)
class ImageSet:
    """Pictures, their classes, and where they came from.

    Parameters
    ----------
    X : array of shape (n, h, w) or (n, h, w, c)
        Of uint8; of uint16 or int16 where the files have 16 bits; in an archive, any numbers.
    y : array of shape (n,)
        The names of the folders, or an archive's labels.
    files : list
        Each picture's path below `source`, with ``/``; in an archive, its index.
    source : Path
        The folder or archive.
    """

    X: NDArray
    y: NDArray
    files: list[str] | list[int]
    source: Path

    @property
    def in_archive(self) -> bool:
        """Whether the pictures are in an .npz file, not in a folder."""
        return _is_archive(self.source)


# -------------------------------------------------------------------------------------------------- reading


def read_images(
    source: str | Path,
    *,
    resize: tuple[int, int] | None = None,
    skip_bad: bool = False,
    only_synthetic: bool = False,
) -> ImageSet:
    """Read a folder of pictures, or an ``.npz`` archive.

    Parameters
    ----------
    source : str or Path
        A folder that holds a folder for each class, with pictures of one size in it: PNG, JPEG, TIFF or BMP of 8 bits
        or 16 bits of grey, or DICOM where pydicom is installed. Or an archive with ``train_images`` of shape
        (n, h, w) or (n, h, w, c) and integer ``train_labels`` of shape (n, 1) or (n,).
    resize : (int, int), optional
        Height and width that all pictures of a folder are brought to, by antialiased bicubic resampling. The ratio
        of the sides is not kept, and neither are files: those are copied as they are.
    skip_bad : bool, default=False
        Leave out files that cannot be read, with a warning that names them.
    only_synthetic : bool, default=False
        Of what was written here, read the synthetic pictures alone, and of anything else all. Without, what was written
        here is refused.

    Returns
    -------
    ImageSet
        In the order of the names of classes and files. Grey and colour, with and without transparency, become what
        all can be without loss; a palette becomes the colours it stands for, 1 bit becomes 0 and 255. The orientation
        that a camera noted is applied. DICOM pixels are the stored values, before rescaling.

    Raises
    ------
    OSError
        Where there is no such folder or archive.
    ValueError
        Where a file cannot be read (all are named), a class has no picture, or pictures differ in size or depth.

    Warns
    -----
    UserWarning
        Of files that are skipped, and of pictures beside the classes' folders, which have no class.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from PIL import Image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("cat", "dog"):
    ...     (folder / name).mkdir()
    ...     Image.new("L", (12, 10)).save(folder / name / "1.png")
    >>> images = read_images(folder)
    >>> images.X.shape, images.y.tolist(), images.files
    ((2, 10, 12), ['cat', 'dog'], ['cat/1.png', 'dog/1.png'])
    """
    source = Path(source)
    if not source.exists():
        raise FileNotFoundError(f"no such folder or file: {source}")
    if _is_archive(source):
        if resize is not None:
            raise ValueError(f"--resize is for folders; the pictures in {source} have one size already")
        return _read_archive(source, only_synthetic)
    if not source.is_dir():
        raise ValueError(f"{source} is neither a folder of pictures nor an .npz file")
    if resize is not None and not all(1 <= side <= _LARGEST for side in resize):
        raise ValueError(f"--resize {resize[0]}x{resize[1]}: each side must be from 1 to {_LARGEST} pixels")
    is_ours = _is_ours(source)
    if is_ours and not only_synthetic:
        raise ValueError(
            f"{source} was written by ganaug: its synthetic pictures would be taken for real ones. Take the "
            f"originals, or remove the synthetic files and {_MANIFEST}"
        )
    files = _files(source)
    if is_ours:
        files = _synthetic_files(source, files)
    if any(_is_dicom(Path(file)) for file in files):
        _pydicom()  # where it is missing, that is no fault of the files
    pictures, kept, bad = _Pictures(len(files)), [], {}
    for file in files:
        try:
            picture = _decoded(source / file, resize)
        except Exception as error:
            # a hostile file fails in as many ways as decoders have: whichever it is, the file is named
            bad[file] = _reason(error)
            continue
        pictures.add(picture, file)
        kept.append(file)
    if bad and not skip_bad:
        raise ValueError(
            f"{_these(bad, len(files))} cannot be read: {_named(bad)}. Repair or remove them, or leave them out "
            "with --skip-bad"
        )
    if bad:
        warnings.warn(f"{_these(bad, len(files))} skipped: {_named(bad)}", stacklevel=2)
    labels = [file.split("/")[0] for file in kept]
    lost = {file.split("/")[0] for file in bad} - set(labels)
    if lost:
        raise ValueError(f"no picture of class {min(lost)!r} can be read: {_named(bad)}")
    return ImageSet(pictures.array(), np.array(labels), kept, source)


class _Picture(NamedTuple):
    """Pixels of shape (h, w, c), and what else must be the same in all files for them to be comparable."""

    pixels: NDArray
    meaning: str = ""

    def __str__(self) -> str:
        height, width = self.pixels.shape[:2]
        depth = "" if self.pixels.dtype == np.uint8 else f" of {self.pixels.dtype}"
        return f"{height}x{width}{depth}{self.meaning and f', {self.meaning}'}"


class _Pictures:
    """One array, made when the first picture tells of which shape, and filled as they come."""

    def __init__(self, n_files: int) -> None:
        self.n_files = n_files
        self.n_added = 0
        self.problem = ""

    def add(self, picture: _Picture, file: str) -> None:
        """Put a picture in its place, or note what keeps it from standing beside the first."""
        pixels = picture.pixels
        if max(pixels.shape[:2]) > _LARGEST:
            raise ValueError(
                f"{file} has {picture} pixels, and models take at most {_LARGEST} a side: --resize HxW makes "
                "all pictures smaller"
            )
        if not self.n_added:
            self.first, self.first_file = picture, file
            self.X = np.empty((self.n_files, *pixels.shape), pixels.dtype)  # memory is taken as it is filled
        if pixels.shape[:2] != self.first.pixels.shape[:2]:
            self._note(picture, file, "all must have one size: --resize HxW makes it so")
        elif pixels.dtype != self.first.pixels.dtype:
            self._note(picture, file, "all must have one depth: convert some of them")
        elif picture.meaning != self.first.meaning:
            self._note(picture, file, "their values do not compare: convert some of them")
        else:
            channels = _joint(self.X.shape[3], pixels.shape[2])
            if channels != self.X.shape[3]:
                X = np.empty((*self.X.shape[:3], channels), self.X.dtype)
                X[: self.n_added] = _widened(self.X[: self.n_added], channels)
                self.X = X
            self.X[self.n_added] = _widened(pixels, channels)
        self.n_added += 1

    def _note(self, picture: _Picture, file: str, way_out: str) -> None:
        self.problem = self.problem or f"{self.first_file} is {self.first} and {file} is {picture}; {way_out}"

    def array(self) -> NDArray:
        if self.problem:
            raise ValueError(self.problem)
        X = self.X[: self.n_added]
        return X[..., 0] if X.shape[3] == 1 else X


def _joint(a: int, b: int) -> int:
    """Return how many channels pictures of `a` and of `b` channels have when nothing of either is lost."""
    return (3 if max(a, b) > 2 else 1) + (a % 2 == 0 or b % 2 == 0)


def _widened(pixels: NDArray, channels: int) -> NDArray:
    """Write grey as colour, and add an opaque alpha, until there are so many channels."""
    n_own = pixels.shape[-1]
    if n_own == channels:
        return pixels
    wide = np.full((*pixels.shape[:-1], channels), 255, dtype=pixels.dtype)
    n_colours, n_wide = (n - (n % 2 == 0) for n in (n_own, channels))
    wide[..., :n_wide] = pixels[..., :n_colours]
    if n_own % 2 == 0:
        wide[..., -1] = pixels[..., -1]
    return wide


def _files(source: Path) -> list[str]:
    """Return the pictures' paths below `source`, class by class."""
    names = sorted(path.name for path in source.iterdir() if not path.name.startswith("."))
    strays = [name for name in names if _is_picture(source / name)]
    classes = [name for name in names if (source / name).is_dir()]
    if not classes:
        where = f"move {strays[0]!r} and the others to" if strays else "put pictures in"
        raise ValueError(f"{source} holds no folder of a class: {where} {source / 'CLASS'}")
    if strays:
        warnings.warn(
            f"{strays[0]!r} lies beside the classes' folders in {source} and has no class: left out"
            + (f", as are {len(strays) - 1} others" if len(strays) > 1 else ""),
            stacklevel=3,
        )
    for name in classes:
        if name.casefold() == _MANIFEST:
            raise ValueError(f"the class folder {name!r} in {source} has the name of the manifest: rename it")
        if name.encode(errors="replace").decode() != name:
            raise ValueError(f"the class folder {name!r} in {source} has a name that is not UTF-8: rename it")
    files = []
    for name in classes:
        inside = sorted(path.name for path in (source / name).iterdir() if not path.name.startswith("."))
        own = [f"{name}/{file}" for file in inside if _is_picture(source / name / file)]
        folder = source / name
        below = [folder / file for file in inside if (folder / file).is_dir()]
        deeper = [path for inner in below for path in inner.rglob("*") if _is_picture(path)]
        if deeper:
            raise ValueError(
                f"{deeper[0]} lies deeper than {folder / 'FILE'}: if the classes' folders are in {folder}, give that "
                "one, otherwise move the pictures up"
            )
        if not own:
            raise ValueError(f"class {name!r} has no picture in {folder}: add some, or remove the folder")
        files += own
    return files


def _synthetic_files(source: Path, files: list[str]) -> list[str]:
    """Keep the files that the manifest calls synthetic."""
    try:
        manifest = pd.read_csv(source / _MANIFEST, dtype=str, usecols=_COLUMNS, encoding_errors="surrogateescape")
    except ValueError as error:
        raise ValueError(f"{source / _MANIFEST} cannot be read: {_reason(error)}") from error
    made = set(manifest.loc[manifest["synthetic"] == "1", "file"])
    files = [file for file in files if file in made]
    if not files:
        raise ValueError(f"{source} holds no synthetic picture, by its {_MANIFEST}")
    return files


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in _EXTENSIONS and not path.name.startswith(".") and not path.is_dir()


def _these(bad: dict[str, str], n_files: int) -> str:
    return f"{len(bad)} of {n_files} pictures"


def _named(bad: dict[str, str]) -> str:
    shown = [f"{file} ({reason})" for file, reason in list(bad.items())[:5]]
    return ", ".join(shown) + (", ..." if len(bad) > 5 else "")


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "no PNG, JPEG, TIFF or BMP picture"
    if isinstance(error, Image.DecompressionBombWarning | Image.DecompressionBombError):
        return _too_many_pixels()
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split())[:200] or type(error).__name__


def _too_many_pixels() -> str:
    return f"more than {Image.MAX_IMAGE_PIXELS} pixels, perhaps a decompression bomb"


def _decoded(path: Path, resize: tuple[int, int] | None) -> _Picture:
    """Decode one file, after a look at its header."""
    if not path.stat().st_size:
        raise ValueError("empty file")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of damaged metadata, which is of no use here
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        picture = _decoded_dicom(path) if _is_dicom(path) else _decoded_by_pillow(path)
    return picture if resize is None else picture._replace(pixels=_resized(picture.pixels, resize))


def _decoded_by_pillow(path: Path) -> _Picture:
    with path.open("rb") as file, Image.open(file, formats=_FORMATS) as image:
        # the second frame of an MPO is the preview that a camera adds to its JPEG
        n_frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
        if n_frames > 1:
            raise ValueError(_several(n_frames))
        args = image.tile[0][3]
        layout = str(args if isinstance(args, str) else (args or [""])[0])  # how the file stores a pixel
        # a BMP's 16 bits are those of all channels together
        if "16" in layout and not image.mode.startswith("I") and image.format != "BMP":
            raise ValueError(_unread("colour of 16 bits a channel"))
        return _Picture(_pixels(ImageOps.exif_transpose(image), layout))


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
        raise ValueError(_unread(f"pixels of mode {image.mode}"))
    return _with_channels(np.asarray(image))


def _with_channels(pixels: NDArray) -> NDArray:
    return pixels if pixels.ndim == 3 else pixels[..., None]


def _decoded_dicom(path: Path) -> _Picture:
    data = _pydicom().dcmread(path)
    if "PixelData" not in data:
        raise ValueError("no pixels")
    n_frames = int(data.get("NumberOfFrames") or 1)
    if n_frames > 1:
        raise ValueError(_several(n_frames))
    if int(data.Rows) * int(data.Columns) > (Image.MAX_IMAGE_PIXELS or np.inf):
        raise ValueError(_too_many_pixels())
    kind = str(data.PhotometricInterpretation)
    pixels = _with_channels(data.pixel_array)
    n_channels = pixels.shape[2]
    if (
        pixels.dtype not in ([np.uint8, np.uint16, np.int16] if n_channels == 1 else [np.uint8])
        or kind[:7] == "PALETTE"
    ):
        raise ValueError(_unread(f"{kind} pixels of {n_channels} x {pixels.dtype}"))
    # CompactRows values mean the same in two files only where both are to be shown and rescaled alike.
    slope, intercept = float(data.get("RescaleSlope") or 1), float(data.get("RescaleIntercept") or 0)
    meaning = ["MONOCHROME1"] * (kind == "MONOCHROME1")
    meaning += [f"rescaled by {slope:g} and {intercept:g}"] * ((slope, intercept) != (1, 0))
    return _Picture(pixels.astype(pixels.dtype.newbyteorder("=")), " ".join(meaning))


def _several(n_frames: int) -> str:
    return f"{n_frames} frames; files of one are read"


def _unread(what: str) -> str:
    return f"{what}; 8 bits, or 16 bits of grey, are read"


def _is_dicom(path: Path) -> bool:
    return path.suffix.lower() == ".dcm"


def _pydicom() -> ModuleType:
    try:
        import pydicom
    except ImportError:
        raise ValueError("DICOM files need pydicom: pip install 'ganaug[dicom]'") from None
    return pydicom


def _resized(pixels: NDArray, size: tuple[int, int]) -> NDArray:
    """Resample to (height, width); Pillow's resampling is antialiased, and weighs colours by their alpha."""
    if pixels.shape[:2] == size:
        return pixels
    size = size[::-1]
    if pixels.dtype == np.uint8:
        image = Image.fromarray(pixels if pixels.shape[2] > 1 else pixels[..., 0])
        return _with_channels(np.asarray(image.resize(size, Image.Resampling.BICUBIC)))
    # in float32, which holds every value of 16 bits and which all versions of Pillow resample
    image = Image.fromarray(pixels[..., 0].astype(np.float32))
    values = np.rint(np.asarray(image.resize(size, Image.Resampling.BICUBIC)))
    ends = np.iinfo(pixels.dtype)
    return values.clip(ends.min, ends.max).astype(pixels.dtype)[..., None]


def _is_archive(path: Path) -> bool:
    return path.suffix.lower() == ".npz" and not path.is_dir()


def _read_archive(source: Path, only_synthetic: bool) -> ImageSet:
    arrays = {}
    try:
        with zipfile.ZipFile(source) as archive:
            damaged = archive.testzip()  # of all arrays, also of those that are only passed on
            if damaged:
                raise ValueError(f"{damaged} is damaged")
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            for name in ("train_images", "train_labels", _MARK):
                if name in names:
                    arrays[name] = _array(archive, name)
    except Exception as error:
        # a damaged archive fails in as many ways as a damaged picture
        hint = "; reading Python objects runs code, so save numbers" if "pickle" in str(error) else ""
        raise ValueError(f"{source} cannot be read: {_reason(error)}{hint}") from error
    if not {"train_images", "train_labels"} <= set(arrays):
        raise ValueError(f"{source} must hold train_images and train_labels; it holds {', '.join(names) or 'nothing'}")
    if _MARK in names and not only_synthetic:
        raise ValueError(
            f"{source} holds {_MARK}, so it was written by ganaug: its synthetic pictures would be taken for real "
            "ones. Take the original"
        )
    X, labels = arrays["train_images"], arrays["train_labels"]
    if X.ndim not in (3, 4):
        raise ValueError(f"{source}: train_images must have shape (n, h, w) or (n, h, w, c), got {X.shape}")
    if labels.shape not in ((len(X),), (len(X), 1)):
        raise ValueError(f"{source}: train_labels must have shape ({len(X)}, 1), one class each, got {labels.shape}")
    if labels.dtype.kind not in "iu":
        raise ValueError(f"{source}: train_labels must be integers, got {labels.dtype}")
    chosen = np.arange(len(X))
    if _MARK in arrays:
        if arrays[_MARK].shape != (len(X),):
            raise ValueError(f"{source}: {_MARK} must have shape ({len(X)},), got {arrays[_MARK].shape}")
        chosen = np.flatnonzero(arrays[_MARK])
        if not len(chosen):
            raise ValueError(f"{source} holds no synthetic picture: {_MARK} is 0 for all")
    return ImageSet(X[chosen], labels.ravel()[chosen], chosen.tolist(), source)


def _array(archive: zipfile.ZipFile, name: str) -> NDArray:
    with archive.open(f"{name}.npy") as file:
        # never pickle: it runs whatever code a file holds
        return np.lib.format.read_array(file, allow_pickle=False)


# -------------------------------------------------------------------------------------------------- writing


def check_image_output(
    out: str | Path, source: str | Path, *, copies: Literal["copy", "link", "none"] = "copy", force: bool = False
) -> None:
    """Make sure that the result can be written, before hours are spent on it.

    Parameters
    ----------
    out : str or Path
        Where to write: a folder, or an ``.npz`` file where the pictures came from one.
    source : str or Path
        Where the pictures come from.
    copies : {"copy", "link", "none"}, default="copy"
        As in `write_images`.
    force : bool, default=False
        Whether something that is already there may be replaced: an archive, an empty folder, or one written here in
        which nothing else lies.

    Raises
    ------
    OSError
        Where it exists (without `force`), or cannot be written.
    ValueError
        Where it is of another kind than `source`, one lies within the other, or it is a folder of something else.
    """
    if copies not in ("copy", "link", "none"):
        raise ValueError(f"copies must be 'copy', 'link' or 'none', got {copies!r}")
    out, source = Path(out), Path(source)
    here, there = out.resolve(), source.resolve()
    if here == there:
        raise ValueError(f"{out} is where the pictures are read from: write to another place")
    if _is_archive(source):
        if not _is_archive(out):
            raise ValueError(f"{out} must be an .npz file, as {source} is one")
        if copies == "link":
            raise ValueError("copies='link' is for folders; an archive's pictures are copied or left out")
        check_file(out, force=force, extensions=False)
        check_file(_beside(out), force=force, extensions=False)
        return
    if out.suffix.lower() in (".npz", ".csv", ".tsv", ".parquet", ".feather", ".zip"):
        raise ValueError(f"{out} must be a folder, as {source} is one, and has the name of a file")
    if here.is_relative_to(there) or there.is_relative_to(here):
        raise ValueError(f"{out} and {source} lie one within the other: write to another place")
    _check_folder(out, force)


def _check_folder(out: Path, force: bool, *, of_samples: bool = False) -> None:
    """Make sure that a folder may be replaced; `of_samples`: only by one like it, without originals."""
    if out.exists():
        if not out.is_dir():
            raise FileExistsError(f"{out} exists already, and is no folder")
        if not force:
            raise FileExistsError(f"{out} exists already: --force replaces it")
        if any(out.iterdir()):
            _check_ours(out, of_samples)
    try:
        with tempfile.TemporaryDirectory(dir=out.resolve().parent):
            pass
    except OSError as error:
        raise PermissionError(f"cannot write {out}: {error.strerror}") from error


def _is_ours(folder: Path) -> bool:
    """Whether a folder holds a manifest that was written here."""
    try:
        with (folder / _MANIFEST).open("rb") as file:
            return file.readline(1000).decode(errors="replace").strip().split(",")[:3] == _COLUMNS
    except OSError:
        return False


def _check_ours(folder: Path, of_samples: bool) -> None:
    """Refuse a folder with anything in it that was not written here."""
    if not _is_ours(folder):
        raise ValueError(f"{folder} is not empty and holds no {_MANIFEST} of ganaug: --force does not replace it")
    with (folder / _MANIFEST).open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    if of_samples and (reader.fieldnames != _COLUMNS or any(row["synthetic"] != "1" for row in rows)):
        raise ValueError(f"{folder} was written by `ganaug balance`: --force does not replace it by samples alone")
    known = {_MANIFEST, *(row["file"] for row in rows)}
    paths = [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]
    foreign = sorted(
        {path.relative_to(folder).as_posix() for path in paths if path.name not in _BY_THE_DESKTOP} - known
    )
    if foreign:
        raise ValueError(
            f"{folder} holds {foreign[0]!r}, which is not in its {_MANIFEST}: --force does not replace it. Move "
            f"{'it' if len(foreign) == 1 else f'it and {len(foreign) - 1} others'} elsewhere"
        )


def _beside(out: Path) -> Path:
    return out.with_suffix(f".{_MANIFEST}")


def write_images(
    out: str | Path,
    images: ImageSet,
    X_new: NDArray,
    y_new: ArrayLike,
    *,
    manifest: pd.DataFrame | None = None,
    copies: Literal["copy", "link", "none"] = "copy",
    force: bool = False,
) -> None:
    """Write originals, synthetic pictures, and a manifest that tells which is which.

    All is written beside `out` and renamed: at any moment `out` is what it was or what it shall be.

    A folder gets the originals as the files they were, below their classes, and ``CLASS/synthetic_000001.png`` and so
    on: PNG of 8 or 16 bits, or TIFF where values are signed, as those of some DICOM files. Each synthetic file says in
    its metadata that it is. ``manifest.csv`` has the columns file, class, synthetic (0 or 1) and those of `manifest`.

    An archive gets ``train_images`` and ``train_labels`` with the synthetic ones at the end, ``train_is_synthetic``,
    and all other arrays as they were, unread. The manifest stands beside it, as ``OUT.manifest.csv``; its column file
    is the index in ``train_images``.

    Parameters
    ----------
    out : str or Path
        A folder, or an ``.npz`` file where the pictures came from one.
    images : ImageSet
        The originals.
    X_new : array of shape (m, h, w) or (m, h, w, c)
        Synthetic pictures, in shape and dtype like ``images.X``.
    y_new : array of shape (m,)
        Their classes, of those in ``images.y``.
    manifest : DataFrame of m rows, optional
        More columns about the synthetic pictures.
    copies : {"copy", "link", "none"}, default="copy"
        Whether the originals' files are copied, linked (hard, or symbolic where that is impossible: to change one is to
        change the original), or left out.
    force : bool, default=False
        As in `check_output`.

    Raises
    ------
    OSError
        Where nothing can be written there, or an original has vanished.
    ValueError
        Where synthetic pictures are not like the originals, or `out` is refused by `check_output`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from PIL import Image
    >>> home = pathlib.Path(tempfile.mkdtemp())
    >>> (home / "in" / "cat").mkdir(parents=True)
    >>> Image.new("L", (12, 10)).save(home / "in" / "cat" / "1.png")
    >>> images = read_images(home / "in")
    >>> write_images(home / "out", images, images.X + 9, ["cat"])
    >>> print((home / "out" / "manifest.csv").read_text())
    file,class,synthetic
    cat/1.png,cat,0
    cat/synthetic_000001.png,cat,1
    """
    out, y_new = Path(out), np.asarray(y_new)
    check_image_output(out, images.source, copies=copies, force=force)
    if X_new.shape[1:] != images.X.shape[1:] or X_new.dtype != images.X.dtype:
        raise ValueError(
            f"X_new must be like the originals, {images.X.dtype} of shape {images.X.shape[1:]} each, got {X_new.dtype} "
            f"of shape {X_new.shape[1:]}"
        )
    if y_new.shape != (len(X_new),):
        raise ValueError(f"y_new must have one class for each of {len(X_new)} pictures, got shape {y_new.shape}")
    unknown = set(y_new.tolist()) - set(images.y.tolist())
    if unknown:
        raise ValueError(f"y_new holds {min(unknown, key=str)!r}, which is no class of the originals")
    if manifest is not None and len(manifest) != len(X_new):
        raise ValueError(f"manifest has {len(manifest)} rows for {len(X_new)} synthetic pictures")
    taken = [name for name in _COLUMNS if manifest is not None and name in manifest]
    if taken:
        raise ValueError(f"manifest has a column {taken[0]!r}, which is written anyway; rename it")
    if images.in_archive:
        with replacing(out) as archive, replacing(_beside(out)) as table:
            n_kept = _write_archive(archive, images, X_new, y_new, copies)
            _write_manifest(table, images, range(n_kept, n_kept + len(X_new)), y_new, manifest, n_kept)
        return
    with _replacing_folder(out) as folder:
        if copies != "none":
            _place_originals(folder, images, copies)
        files = _write_synthetic(folder, images, X_new, y_new)
        n_kept = 0 if copies == "none" else len(images.X)
        _write_manifest(folder / _MANIFEST, images, files, y_new, manifest, n_kept)


def write_image_samples(out: str | Path, X: NDArray, label: str, *, force: bool = False) -> None:
    """Write synthetic pictures of one class to a folder of their own, with a manifest.

    Parameters
    ----------
    out : str or Path
        The folder; the pictures are ``LABEL/synthetic_000001.png`` and so on in it.
    X : array of shape (n, h, w) or (n, h, w, c)
        Of uint8, uint16 or int16.
    label : str
        Their class.
    force : bool, default=False
        As in `check_output`, and a folder with originals is never replaced.

    Raises
    ------
    OSError
        Where nothing can be written there.
    ValueError
        Where there is no file format for such values, the label is no name for a folder, or `out` is a folder of
        something else.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> out = pathlib.Path(tempfile.mkdtemp()) / "cats"
    >>> write_image_samples(out, np.zeros((2, 10, 12), np.uint8), "cat")
    >>> sorted(path.name for path in (out / "cat").iterdir())
    ['synthetic_000001.png', 'synthetic_000002.png']
    """
    X = X[..., 0] if X.ndim == 4 and X.shape[3] == 1 else X
    if X.dtype not in (np.uint8, np.uint16, np.int16) or (X.ndim == 4 and X.dtype != np.uint8):
        what = f"{X.dtype} with {X.shape[3]} channels" if X.ndim == 4 else str(X.dtype)
        raise ValueError(f"pictures of {what} have no file format here: sample the model in Python")
    if label in ("", ".", "..", _MANIFEST) or "/" in label or "\\" in label:  # the model may come from a stranger
        raise ValueError(f"label {label!r} is no name for a folder: sample the model in Python")
    _check_folder(Path(out), force, of_samples=True)
    labels = np.full(len(X), label, dtype=object)
    images = ImageSet(X[:0], labels[:0], [], Path(out))
    with _replacing_folder(Path(out)) as folder:
        files = _write_synthetic(folder, images, X, labels)
        _write_manifest(folder / _MANIFEST, images, files, labels, None, 0)


@contextmanager
def _replacing_folder(path: Path) -> Iterator[Path]:
    """Give a folder beside `path` to write to, and rename it to `path` when the block succeeds.

    Whatever ends the block early, nothing stays beside, and a folder that stood there still does.
    """
    path = path.resolve()  # a link stays a link: the folder that it points to is replaced
    home = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp"))
    written, before = home / "written", home / "before"
    try:
        written.mkdir()  # with the permissions of any new folder, which the temporary one has not
        yield written
        if path.exists():
            path.rename(before)
        written.rename(path)
    except BaseException:
        if before.exists() and not path.exists():
            before.rename(path)
        raise
    finally:
        if path.exists() or not before.exists():  # else what stood there is still in it
            shutil.rmtree(home, ignore_errors=True)


def _place_originals(folder: Path, images: ImageSet, copies: str) -> None:
    for file in map(str, images.files):
        original, place = (images.source / file).resolve(), folder / file
        place.parent.mkdir(exist_ok=True)
        if copies == "link":
            try:
                os.link(original, place)
            except OSError:  # another disk, or one that knows no such links
                place.symlink_to(original)
        else:
            shutil.copyfile(original, place)


def _write_synthetic(folder: Path, images: ImageSet, X_new: NDArray, y_new: NDArray) -> list[str]:
    """Write the synthetic pictures below their classes; return their names."""
    extension = ".tif" if images.X.dtype == np.int16 else ".png"
    taken = {str(file).casefold() for file in images.files}  # some disks tell no "A" from "a"
    numbers = {name: count(1) for name in set(y_new.tolist())}
    files = []
    for picture, name in zip(X_new, y_new.tolist(), strict=True):
        (folder / name).mkdir(exist_ok=True)
        candidates = (f"{name}/synthetic_{number:06d}{extension}" for number in numbers[name])
        file = next(file for file in candidates if file.casefold() not in taken)
        _save(picture, folder / file)
        files.append(file)
    return files


def _save(picture: NDArray, path: Path) -> None:
    made = f"generated by ganaug {__version__}"
    if picture.dtype == np.int16:
        # Pillow knows 16 bits only without a sign; the tag says that these have one.
        tags = {_TIFF_DESCRIPTION: f"synthetic: {made}", _TIFF_SAMPLE_FORMAT: _TIFF_SIGNED}
        Image.fromarray(picture.view(np.uint16)).save(path, tiffinfo=tags)
        return
    text = PngImagePlugin.PngInfo()
    text.add_text("synthetic", made)
    Image.fromarray(picture).save(path, pnginfo=text)


def _write_archive(path: Path, images: ImageSet, X_new: NDArray, y_new: NDArray, copies: str) -> int:
    """Write the archive; return how many originals are in it."""
    X = images.X if copies == "copy" else images.X[:0]
    with zipfile.ZipFile(images.source) as before, zipfile.ZipFile(path, "w") as after:
        labels = _array(before, "train_labels")
        new_labels = y_new.astype(labels.dtype).reshape(-1, *labels.shape[1:])
        arrays = {
            "train_images": np.concatenate([X, X_new]),
            "train_labels": np.concatenate([labels[: len(X)], new_labels]),
        }
        for entry in before.infolist():
            name = entry.filename.removesuffix(".npy")
            with after.open(_entry(entry.filename, entry), "w", force_zip64=True) as to:
                if name in arrays:
                    np.lib.format.write_array(to, arrays[name], allow_pickle=False)
                else:
                    with before.open(entry) as array:
                        shutil.copyfileobj(array, to)
        with after.open(_entry(f"{_MARK}.npy", before.infolist()[0]), "w", force_zip64=True) as to:
            np.lib.format.write_array(to, np.repeat(np.array([0, 1], np.uint8), [len(X), len(X_new)]))
    return len(X)


def _entry(name: str, like: zipfile.ZipInfo) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, like.date_time)  # no time of our own: the same pictures give the same bytes
    entry.compress_type = like.compress_type
    return entry


def _write_manifest(
    path: Path, images: ImageSet, files: Iterable[str | int], y_new: NDArray, manifest: pd.DataFrame | None, n_kept: int
) -> None:
    table = pd.DataFrame(
        {
            "file": [*images.files[:n_kept], *files],
            "class": [*images.y[:n_kept].tolist(), *y_new.tolist()],
            "synthetic": np.repeat([0, 1], [n_kept, len(y_new)]),
        },
        dtype=object,  # strings of Arrow hold no names but those in UTF-8
    )
    if manifest is not None:
        # as objects, so that whole numbers stay whole beside the originals' blanks
        more = manifest.astype(object).set_axis(range(n_kept, len(table)))
        table = table.join(more)
    table.to_csv(path, index=False, lineterminator="\n", errors="surrogateescape")
