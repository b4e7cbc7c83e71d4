"""Images in a folder that holds one folder a class: read them into one array, and write them with synthetic ones."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from ganaug._version import __version__
from ganaug.common.files import check_regular
from ganaug.common.folders import recover
from ganaug.common.large_arrays import blocks, new_array, release
from ganaug.common.warnings import warn_user
from ganaug.common.wording import abridged, counted
from ganaug.datasets.dicom import decode_dicom, is_dicom, require_pydicom, save_resized_dicom, save_synthetic_dicom
from ganaug.datasets.image_decoding import (
    MAX_SIDE,
    DecodedImage,
    decode_image,
    image_extensions,
    joint_channels,
    looks_like_image,
    quiet_decoding,
    reason,
    resized,
    with_more_channels,
)
from ganaug.datasets.image_manifest import MANIFEST, has_manifest, read_manifest

# Files that desktops leave in folders that one looks at.
_DESKTOP_FILES = {".DS_Store", "Thumbs.db", "desktop.ini"}
# Texts that describe a set: nobody takes them for images, so they are left out silently.
_TEXTS = {".csv", ".htm", ".html", ".ipynb", ".json", ".log", ".md", ".py", ".rst", ".toml", ".tsv", ".txt", ".xml"}
_TEXTS |= {".yaml", ".yml", ".xlsx", ".sh", ".cfg", ".ini"}
_TIFF_DESCRIPTION, _TIFF_SAMPLE_FORMAT, _TIFF_SIGNED = 270, 339, 2


# -------------------------------------------------------------------------------------------------- reading


def read_folder(
    source: Path,
    *,
    resize: tuple[int, int] | None,
    skip_bad: bool,
    only_synthetic: bool = False,
    with_synthetic: bool = False,
) -> tuple[NDArray, NDArray, list[str], NDArray[np.bool_]]:
    """Read the images of a folder.

    Parameters
    ----------
    source : Path
        The folder.
    resize : (int, int) or None
        As in `ganaug.datasets.read_images`.
    skip_bad : bool
        As in `ganaug.datasets.read_images`.
    only_synthetic, with_synthetic : bool, default=False
        As in `ganaug.datasets.read_images`.

    Returns
    -------
    X : ndarray of shape (n, h, w) or (n, h, w, c)
        The images.
    y : ndarray of str, shape (n,)
        The names of their folders.
    files : list of str
        Their paths below `source`.
    is_resized : ndarray of bool, shape (n,)
        Which files have another size.
    """
    if resize is not None and not all(1 <= side <= MAX_SIDE for side in resize):
        raise ValueError(
            f"resize (--resize) is {resize[0]}x{resize[1]}, but each side must have from 1 to {MAX_SIDE} pixels"
        )
    was_written = has_manifest(source)
    if was_written and not (only_synthetic or with_synthetic):
        raise ValueError(
            f"{source} was written by ganaug: its synthetic images would be read as real ones. Read the folder of the "
            f"originals instead, or remove the synthetic images and {MANIFEST}"
        )
    files = _find_files(source)
    if was_written and only_synthetic:
        is_synthetic = read_manifest(source).is_synthetic
        files = [file for file in files if is_synthetic.get(file)]
        if not files:
            raise ValueError(f"{source} holds no synthetic image according to its {MANIFEST}")
    labels = [file.split("/")[0] for file in files]
    return read_files(source, files, labels, resize=resize, skip_bad=skip_bad)


def read_files(
    source: Path, files: Sequence[str], labels: Sequence[str], *, resize: tuple[int, int] | None, skip_bad: bool
) -> tuple[NDArray, NDArray, list[str], NDArray[np.bool_]]:
    """Read image files into one array.

    Parameters
    ----------
    source : Path
        Where they lie.
    files : sequence of str
        Their paths below `source`.
    labels : sequence of str
        Their classes.
    resize, skip_bad
        As in `ganaug.datasets.read_images`.

    Returns
    -------
    X, y, files, is_resized
        As of `read_folder`.
    """
    if any(is_dicom(source / file) for file in files):
        require_pydicom()  # if it is missing, the files are not the cause
    images, kept, bad = _ImageArray(len(files)), [], {}
    kept_labels: list[str] = []
    is_resized = []
    for file, label in zip(files, labels, strict=True):
        try:
            image = _decode(source / file)
        except Exception as error:
            # decoders fail on damaged and hostile files with errors of any class
            bad[file] = reason(error)
            continue
        is_resized.append(resize is not None and image.pixels.shape[:2] != resize)
        images.add(image if resize is None else image._replace(pixels=resized(image.pixels, resize)), file)
        kept.append(file)
        kept_labels.append(label)
    n_bad = f"{len(bad)} of {counted(len(files), 'image')}"
    if bad and not skip_bad:
        raise ValueError(
            f"{n_bad} cannot be read: {_with_reasons(bad)}. Repair or remove them, or skip them with --skip-bad (in "
            "Python skip_bad=True)"
        )
    if bad:
        warn_user(f"{n_bad} skipped: {_with_reasons(bad)}")
    lost = set(labels) - set(kept_labels)
    if lost:
        raise ValueError(f"no image of class {min(lost)!r} can be read: {_with_reasons(bad)}")
    return images.array(), np.array(kept_labels), kept, np.array(is_resized, dtype=bool)


class _ImageArray:
    """One array for all images. The first image decides its shape; each image is copied to its place when it comes."""

    def __init__(self, n_files: int) -> None:
        self.n_files = n_files
        self.n_added = 0
        self.problem = ""

    def add(self, image: DecodedImage, file: str) -> None:
        """Copy an image to its place, or note why it cannot stand beside the first one."""
        pixels = image.pixels
        if max(pixels.shape[:2]) > MAX_SIDE:
            raise ValueError(
                f"{file} has {image} pixels, but models accept at most {MAX_SIDE} a side; --resize HxW makes all "
                "images smaller"
            )
        if not self.n_added:
            self.first, self.first_file = image, file
            self.X = new_array((self.n_files, *pixels.shape), pixels.dtype)  # takes memory only as it is filled
        if pixels.shape[:2] != self.first.pixels.shape[:2]:
            self._note(image, file, "all images must have one size; --resize HxW resizes them")
        elif pixels.dtype != self.first.pixels.dtype:
            self._note(image, file, "all images must have one depth; convert some of them")
        elif image.meaning != self.first.meaning:
            self._note(image, file, "their values mean different things; convert some of them")
        else:
            n_channels = joint_channels(self.X.shape[3], pixels.shape[2])
            if n_channels != self.X.shape[3]:
                X = new_array((*self.X.shape[:3], n_channels), self.X.dtype)
                for i in range(self.n_added):
                    X[i] = with_more_channels(self.X[i], n_channels)
                self.X = X
            self.X[self.n_added] = with_more_channels(pixels, n_channels)
            release()
        self.n_added += 1

    def _note(self, image: DecodedImage, file: str, way_out: str) -> None:
        self.problem = self.problem or f"{self.first_file} is {self.first}, but {file} is {image}: {way_out}"

    def array(self) -> NDArray:
        if self.problem:
            raise ValueError(self.problem)
        X = self.X[: self.n_added]
        return X[..., 0] if X.shape[3] == 1 else X


def _find_files(source: Path) -> list[str]:
    """Return the paths of the images below `source`, class by class; say which other files are left out."""
    names = sorted(path.name for path in source.iterdir() if not path.name.startswith("."))
    classes = [name for name in names if (source / name).is_dir()]
    outside = [name for name in names if name not in classes and _is_worth_naming(source / name)]
    if not classes:
        way_out = f"move {outside[0]!r} and the others to" if outside else "put images in"
        raise ValueError(f"{source} holds no class folder; {way_out} {source / 'CLASS'}")
    if outside:
        others = len(outside) - 1
        warn_user(
            f"{outside[0]!r} in {source} is not in a class folder and was left out"
            + (f", like {counted(others, 'other file')}" if others else "")
        )
    for name in classes:
        if name.casefold() == MANIFEST:
            raise ValueError(f"the class folder {name!r} in {source} has the name of the manifest; rename the folder")
        if name.encode(errors="replace").decode() != name:
            raise ValueError(f"the name of the class folder {name!r} in {source} is not UTF-8; rename the folder")
    files, left_out = [], []
    for name in classes:
        folder = source / name
        inside = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
        subfolders = [folder / file for file in inside if (folder / file).is_dir()]
        below = [path for subfolder in subfolders for path in sorted(subfolder.rglob("*")) if not path.is_dir()]
        deeper = [path for path in below if is_image(path)]
        if deeper:
            raise ValueError(
                f"{deeper[0]} lies deeper than {folder / 'FILE'}; if the class folders are in {folder}, pass that "
                "folder; otherwise move the images one level up"
            )
        paths = [folder / file for file in inside if folder / file not in subfolders]
        own = [path for path in paths if is_image(path)]
        known = set(own)
        others_inside = [path for path in [*paths, *below] if path not in known and not is_text(path)]
        left_out += [path.relative_to(source).as_posix() for path in others_inside]
        if not own:
            found = f"; {abridged(left_out, 3)} cannot be read as an image" if others_inside else ""
            has_texts = any(path.suffix.lower() == ".txt" for path in paths)
            hint = "; texts are read from a table with a column of texts and one of classes" if has_texts else ""
            raise ValueError(f"class {name!r} has no image in {folder}{found}; add some, or remove the folder{hint}")
        files += [path.relative_to(source).as_posix() for path in own]
    if left_out:
        n_files = counted(len(left_out), "file")
        warn_user(
            f"{n_files} in {source} cannot be read as images and {'is' if len(left_out) == 1 else 'are'} left out: "
            f"{abridged(left_out, 5)}"
        )
    return files


def is_image(path: Path) -> bool:
    """Whether a file is to be read: by its extension, or by its first bytes.

    Parameters
    ----------
    path : Path
        The file.
    """
    if path.name.startswith(".") or path.name in _DESKTOP_FILES or path.is_dir():
        return False
    return path.suffix.lower() in image_extensions() or is_dicom(path) or looks_like_image(path)


def _is_worth_naming(path: Path) -> bool:
    """Whether the user may take a file beside the class folders for an image: not LICENSE or notes.txt."""
    return (bool(path.suffix) and not is_text(path)) or is_image(path)


def is_text(path: Path) -> bool:
    """Whether a file describes a set, and nobody takes it for an image.

    Parameters
    ----------
    path : Path
        The file.
    """
    return path.suffix.lower() in _TEXTS or path.name in _DESKTOP_FILES or path.name.startswith(".")


def _decode(path: Path) -> DecodedImage:
    check_regular(path)
    if not path.stat().st_size:
        raise ValueError("empty file")
    with quiet_decoding():
        return decode_dicom(path) if is_dicom(path) else decode_image(path)


def _with_reasons(bad: dict[str, str]) -> str:
    return abridged([f"{file} ({why})" for file, why in bad.items()], 5)


# -------------------------------------------------------------------------------------------------- writing


def check_folder(out: Path, force: bool, *, of_samples: bool = False) -> None:
    """Make sure that a folder can be written.

    Parameters
    ----------
    out : Path
        The folder.
    force : bool
        Whether a folder that ganaug wrote may be replaced.
    of_samples : bool, default=False
        Whether only a folder without originals may be replaced.
    """
    recover(out)
    if out.exists():
        if not out.is_dir():
            raise FileExistsError(f"{out} exists already and is not a folder")
        if not force:
            raise FileExistsError(f"{out} exists already; use --force (in Python force=True) to replace it")
        if any(out.iterdir()):
            _check_replaceable(out, of_samples)
    try:
        with tempfile.TemporaryDirectory(dir=out.resolve().parent):
            pass
    except OSError as error:
        raise PermissionError(f"cannot write {out}: {error.strerror}") from error


def _check_replaceable(folder: Path, of_samples: bool) -> None:
    """Refuse a folder that holds anything that ganaug did not write."""
    if not has_manifest(folder):
        raise ValueError(
            f"{folder} is not empty and holds no {MANIFEST} of ganaug, so --force does not replace it; choose another "
            "folder"
        )
    manifest = read_manifest(folder)
    if of_samples and (manifest.has_more_columns or not all(manifest.is_synthetic.values())):
        raise ValueError(
            f"{folder} was written by `ganaug balance`, so --force does not replace it by samples; choose another one"
        )
    paths = [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]
    found = {path.relative_to(folder).as_posix() for path in paths if path.name not in _DESKTOP_FILES}
    foreign = sorted(found - {MANIFEST, *manifest.is_synthetic})
    if foreign:
        others = f" and {counted(len(foreign) - 1, 'other file')}" if len(foreign) > 1 else ""
        raise ValueError(
            f"{folder} holds {foreign[0]!r}, which is not in its {MANIFEST}, so --force does not replace it; move that "
            f"file{others} elsewhere"
        )


def names_of_originals(files: Sequence[str], is_resized: NDArray[np.bool_], extensions: Sequence[str]) -> list[str]:
    """Return the files of the originals in a result: their own names, or those of resized images without loss.

    Parameters
    ----------
    files : sequence of str, shape (n,)
        Paths of the originals below their source.
    is_resized : ndarray of bool, shape (n,)
        Which of them are written anew in another size.
    extensions : sequence of str, shape (n,)
        Those of the files that are written anew.

    Returns
    -------
    list of str
        The same paths; of resized images with the extension, and where that name is taken, after their whole name.
    """
    keeps = [not anew or file.endswith(of) for file, anew, of in zip(files, is_resized, extensions, strict=True)]
    kept = {file.casefold() for file, keeps_name in zip(files, keeps, strict=True) if keeps_name}
    names = []
    for file, keeps_name, extension in zip(files, keeps, extensions, strict=True):
        name = file
        if not keeps_name:
            own = file.rpartition("/")[2].rpartition(".")[0]
            stem = file[: file.rindex(".")] if own else file
            candidates = chain([stem + extension, file + extension], (f"{file}_{i}{extension}" for i in count(2)))
            name = next(name for name in candidates if name.casefold() not in kept)
            kept.add(name.casefold())
        names.append(name)
    return names


def place_originals(folder: Path, source: Path, files: Sequence[str], copies: Literal["copy", "link"]) -> None:
    """Copy or link the files of the originals into a folder.

    Parameters
    ----------
    folder : Path
        The folder to write to.
    source : Path
        The folder that holds the originals.
    files : sequence of str
        Paths of the originals below `source`.
    copies : {"copy", "link"}
        Whether to copy the files, or to link them.
    """
    for file in files:
        original, place = (source / file).resolve(), folder / file
        place.parent.mkdir(exist_ok=True)
        if copies == "link":
            try:
                os.link(original, place)
            except OSError:  # another disk, or one without hard links
                place.symlink_to(original)
        else:
            shutil.copyfile(original, place)


def save_resized(folder: Path, names: Sequence[str], X: Iterable[NDArray], source: Path, files: Sequence[str]) -> None:
    """Write originals in the size in which they were read.

    Parameters
    ----------
    folder : Path
        The folder to write to.
    names : sequence of str, shape (n,)
        Where to write, below `folder`.
    X : iterable of ndarray of shape (h, w) or (h, w, c)
        The resized originals.
    source : Path
        The folder that holds the originals.
    files : sequence of str, shape (n,)
        The files they were read from, below `source`; the metadata say so.
    """
    for name, image, file in zip(names, X, files, strict=True):
        (folder / name).parent.mkdir(exist_ok=True)
        if name.endswith(".dcm"):
            save_resized_dicom(image, folder / name, source / file)
            continue
        _save(image, folder / name, "resized", f"by ganaug {__version__} from {file}")


def write_synthetic(
    folder: Path,
    X_synthetic: NDArray,
    y_synthetic: NDArray,
    taken: Sequence[str],
    *,
    dicom: bool = False,
    like: Path | None = None,
) -> list[str]:
    """Write synthetic images into the folders of their classes.

    Parameters
    ----------
    folder : Path
        Where the folders of the classes are.
    X_synthetic : ndarray of shape (n, h, w) or (n, h, w, c)
        The images.
    y_synthetic : ndarray of str, shape (n,)
        Their classes.
    taken : sequence of str
        Files of the originals, whose names are not used again.
    dicom : bool, default=False
        Whether to write DICOM files.
    like : Path or None, default=None
        With `dicom`, an original whose way to store values they have.

    Returns
    -------
    list of str
        The files that were written, as paths below `folder`.
    """
    extension = ".dcm" if dicom else extension_of(X_synthetic.dtype)
    digest = hashlib.sha256()
    for part in blocks(X_synthetic) if dicom else ():
        digest.update(np.ascontiguousarray(part).data)
    series = digest.hexdigest()
    taken_names = {file.casefold() for file in taken}  # for disks that do not tell "A" from "a"
    numbers = {name: count(1) for name in set(y_synthetic.tolist())}
    files: list[str] = []
    for image, name in zip(X_synthetic, y_synthetic.tolist(), strict=True):
        (folder / name).mkdir(exist_ok=True)
        candidates = (f"{name}/synthetic_{number:06d}{extension}" for number in numbers[name])
        file = next(file for file in candidates if file.casefold() not in taken_names)
        if dicom:
            save_synthetic_dicom(image, folder / file, like=like, number=len(files) + 1, series=series)
        else:
            _save(image, folder / file, "synthetic", f"generated by ganaug {__version__}")
        files.append(file)
    return files


def extension_of(dtype: np.dtype) -> str:
    """Return the extension of files that hold pixels of a dtype without loss.

    Parameters
    ----------
    dtype : dtype
        Of the pixels: uint8, uint16 or int16.
    """
    return ".tif" if dtype == np.int16 else ".png"


def _save(image: NDArray, path: Path, what: str, note: str) -> None:
    """Write one image, with a note in its metadata that says what it is."""
    if image.dtype == np.int16:
        # Pillow writes 16 bits only without a sign; the tag says that these have one
        tags = {_TIFF_DESCRIPTION: f"{what}: {note}", _TIFF_SAMPLE_FORMAT: _TIFF_SIGNED}
        Image.fromarray(image.view(np.uint16)).save(path, tiffinfo=tags)
        return
    text = PngImagePlugin.PngInfo()
    text.add_text(what, note)
    Image.fromarray(image).save(path, pnginfo=text)
