"""Images in one ``.npz`` archive, in the form of MedMNIST: ``train_images``, ``train_labels``, and other arrays."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganaug.datasets.image_decoding import reason
from ganaug.datasets.image_manifest import MANIFEST

# The array that ganaug adds: 1 for a synthetic image, 0 for an original.
_MARK = "train_is_synthetic"
# The array with the name of each label; not all archives have it.
_NAMES = "class_names"
# An archive that grows by more than this factor, to more than so many bytes, is refused: no images compress so well.
_MOST_GROWTH, _MOST_BYTES = 100, 2**30


def is_archive(path: Path) -> bool:
    """Whether a path has the extension of an archive.

    Parameters
    ----------
    path : Path
        The path; it need not exist.
    """
    return path.suffix.lower() == ".npz" and not path.is_dir()


def manifest_path(out: Path) -> Path:
    """Return where the manifest of an archive is written: beside it.

    Parameters
    ----------
    out : Path
        The archive.
    """
    return out.with_suffix(f".{MANIFEST}")


def read_archive(
    source: Path, *, only_synthetic: bool = False, with_synthetic: bool = False
) -> tuple[NDArray, NDArray, list[int], dict[int, str] | None]:
    """Read the training images of an archive.

    Parameters
    ----------
    source : Path
        The archive.
    only_synthetic, with_synthetic : bool, default=False
        As in `ganaug.datasets.read_images`.

    Returns
    -------
    X : ndarray of shape (n, h, w) or (n, h, w, c)
        The images.
    y : ndarray of int, shape (n,)
        Their labels.
    positions : list of int
        Their positions in ``train_images``.
    class_names : dict or None
        The name of each label, if there is an array ``class_names`` that has one for each.
    """
    arrays = {}
    try:
        with zipfile.ZipFile(source) as archive:
            _check_growth(source, archive)
            damaged = archive.testzip()  # all arrays, also those that are only copied later
            if damaged:
                raise ValueError(f"{damaged} is damaged")
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            for name in ("train_images", "train_labels", _MARK):
                if name in names:
                    arrays[name] = _read_array(archive, name)
            class_names = _read_names(archive) if _NAMES in names else []
    except Exception as error:
        # damaged and hostile archives fail with errors of any class
        hint = "; reading Python objects would run code, so save numbers" if "pickle" in str(error) else ""
        raise ValueError(f"{source} cannot be read: {reason(error)}{hint}") from error
    if not {"train_images", "train_labels"} <= set(arrays):
        raise ValueError(f"{source} must hold train_images and train_labels; it holds {', '.join(names) or 'nothing'}")
    if _MARK in names and not (only_synthetic or with_synthetic):
        raise ValueError(
            f"{source} holds {_MARK}, so it was written by ganaug: its synthetic images would be read as real ones. "
            "Read the original archive instead"
        )
    X, labels = arrays["train_images"], arrays["train_labels"]
    if X.ndim not in (3, 4):
        raise ValueError(f"{source}: train_images must have shape (n, h, w) or (n, h, w, c), got {X.shape}")
    if labels.shape not in ((len(X),), (len(X), 1)):
        raise ValueError(
            f"{source}: train_labels must have shape ({len(X)}, 1), one class for each image, got {labels.shape}"
        )
    if labels.dtype.kind not in "iu":
        raise ValueError(f"{source}: train_labels must be integers, got {labels.dtype}")
    chosen = np.arange(len(X))
    if _MARK in arrays and only_synthetic:
        if arrays[_MARK].shape != (len(X),):
            raise ValueError(f"{source}: {_MARK} must have shape ({len(X)},), got {arrays[_MARK].shape}")
        chosen = np.flatnonzero(arrays[_MARK])
        if not len(chosen):
            raise ValueError(f"{source} holds no synthetic image: {_MARK} is 0 for all")
    y = labels.ravel()[chosen]
    named = dict(enumerate(class_names))
    is_named = len(set(class_names)) == len(class_names) and set(labels.ravel().tolist()) <= set(named)
    return X[chosen], y, chosen.tolist(), named if is_named else None


def marks_of(source: Path, n_images: int) -> NDArray[np.bool_]:
    """Return which training images of an archive are synthetic: none, if ganaug did not write it.

    Parameters
    ----------
    source : Path
        The archive, which was read before.
    n_images : int
        The number of its training images.
    """
    with np.load(source, allow_pickle=False) as arrays:
        marks = arrays[_MARK] if _MARK in arrays.files else np.zeros(n_images)
    if marks.shape != (n_images,):
        raise ValueError(f"{source}: {_MARK} must have shape ({n_images},), got {marks.shape}")
    return marks != 0


def write_archive(path: Path, source: Path, X: NDArray, X_synthetic: NDArray, y_synthetic: NDArray) -> None:
    """Write originals and synthetic images to an archive; all other arrays of the source are copied unread.

    Parameters
    ----------
    path : Path
        The archive to write.
    source : Path
        The archive of the originals.
    X : ndarray of shape (n, h, w) or (n, h, w, c)
        The originals to write: all of the source, or none.
    X_synthetic : ndarray of shape (m, h, w) or (m, h, w, c)
        The synthetic images.
    y_synthetic : ndarray of int, shape (m,)
        Their labels.
    """
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(path, "w") as after:
        labels = _read_array(before, "train_labels")
        new_labels = y_synthetic.astype(labels.dtype).reshape(-1, *labels.shape[1:])
        arrays = {
            # with the byte order of the source, which would become that of this machine
            "train_images": np.concatenate([X, X_synthetic], dtype=X.dtype),
            "train_labels": np.concatenate([labels[: len(X)], new_labels], dtype=labels.dtype),
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
            np.lib.format.write_array(to, np.repeat(np.array([0, 1], np.uint8), [len(X), len(X_synthetic)]))


def _check_growth(source: Path, archive: zipfile.ZipFile) -> None:
    n_bytes = sum(entry.file_size for entry in archive.infolist())
    n_stored = source.stat().st_size
    if n_bytes > max(_MOST_BYTES, _MOST_GROWTH * n_stored):
        raise ValueError(f"{n_stored:,} bytes expand to {n_bytes:,}, perhaps a decompression bomb")


def _read_array(archive: zipfile.ZipFile, name: str) -> NDArray:
    with archive.open(f"{name}.npy") as file:
        # never pickle, which would run whatever code a file holds
        return np.lib.format.read_array(file, allow_pickle=False)


def _read_names(archive: zipfile.ZipFile) -> list[str]:
    """Return the names of the labels 0, 1 and so on; none where they are no texts or are stored as Python objects."""
    try:
        names = _read_array(archive, _NAMES)
    except ValueError:
        return []
    if names.ndim != 1 or names.dtype.kind not in "US":
        return []
    return [name.decode(errors="replace") if isinstance(name, bytes) else name for name in names.tolist()]


def _entry(name: str, like: zipfile.ZipInfo) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, like.date_time)  # no time of our own, so that the same images give the same bytes
    entry.compress_type = like.compress_type
    return entry
