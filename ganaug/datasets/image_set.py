"""Images in folders or archives: read them into one array, and write them back with synthetic images beside them.

A folder holds one folder a class, with image files in it (`image_folder`; files are decoded by `image_decoding` and
`dicom`). An archive is an ``.npz`` file in the form of MedMNIST (`image_archive`). A manifest says which images are
synthetic (`image_manifest`).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ganaug.common.folders import recover, replacing_folder, replacing_together
from ganaug.datasets.dicom import is_dicom, require_pydicom
from ganaug.datasets.image_archive import is_archive, manifest_path, marks_of, read_archive, write_archive
from ganaug.datasets.image_folder import (
    check_folder,
    extension_of,
    names_of_originals,
    place_originals,
    read_folder,
    save_resized,
    write_synthetic,
)
from ganaug.datasets.image_manifest import COLUMNS, MANIFEST, add_to_manifest, marks_of_files, write_manifest
from ganaug.datasets.table import check_output

__all__ = ["ImageSet", "check_image_output", "read_images", "write_image_samples", "write_images"]


@dataclass(frozen=True)
class ImageSet:
    """Images, their classes, and where they came from.

    Parameters
    ----------
    X : array of shape (n, h, w) or (n, h, w, c)
        The images: of uint8; of uint16 or int16 where the files have 16 bits; in an archive, of any numbers.
    y : array of shape (n,)
        The names of the class folders, or the labels of an archive.
    files : list
        The path of each image below `source`, with ``/``; in an archive, its position.
    source : Path
        The folder or archive.
    is_resized : array of bool, shape (n,), or None, default=None
        Which images of a folder have another size in their files. None means that none has.
    class_names : dict or None, default=None
        Of an archive with an array ``class_names``: the name of each label.
    is_synthetic : array of bool, shape (n,), or None, default=None
        Which images are synthetic, if they were read with ``with_synthetic=True``.
    """

    X: NDArray
    y: NDArray
    files: list[str] | list[int]
    source: Path
    is_resized: NDArray[np.bool_] | None = None
    class_names: dict[int, str] | None = None
    is_synthetic: NDArray[np.bool_] | None = None

    @property
    def named_y(self) -> NDArray:
        """The names of the classes: of folders, or of the array ``class_names`` of an archive; else `y`."""
        if self.class_names is None:
            return self.y
        return np.array([self.class_names[label] for label in self.y.tolist()], dtype=object)

    def labels_of(self, names: NDArray) -> NDArray:
        """Return the labels of an archive that names of classes mean; labels stay as they are.

        Parameters
        ----------
        names : array of shape (m,)
            Names of classes, or labels.
        """
        if self.class_names is None or names.dtype.kind in "iu":
            return names
        labels = {name: label for label, name in self.class_names.items()}
        unknown = [name for name in names.tolist() if name not in labels]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is not a class of {self.source}")
        return np.array([labels[name] for name in names.tolist()], dtype=self.y.dtype)

    @property
    def in_archive(self) -> bool:
        """Whether the images are in an .npz file, not in a folder."""
        return is_archive(self.source)


def read_images(
    source: str | Path,
    *,
    resize: tuple[int, int] | None = None,
    skip_bad: bool = False,
    only_synthetic: bool = False,
    with_synthetic: bool = False,
) -> ImageSet:
    """Read a folder of images, or an ``.npz`` archive.

    Parameters
    ----------
    source : str or Path
        A folder that holds one folder a class, with images of one size and one frame: PNG, JPEG, TIFF, BMP, GIF, WebP,
        JPEG 2000, AVIF, PPM and other formats of Pillow, of 8 bits a channel or 16 bits of grey; or DICOM if pydicom is
        installed. A file without a known extension is recognised by its first bytes. Or an archive with
        ``train_images`` of shape (n, h, w) or (n, h, w, c) and integer ``train_labels`` of shape (n, 1) or (n,).
    resize : (int, int) or None, default=None
        Height and width, each from 1 to 512, to which all images of a folder are resized by antialiased bicubic
        resampling. The aspect ratio is not kept. Results hold the resized images, so that all their images have one
        size; the files in `source` are not changed. None requires images of one size.
    skip_bad : bool, default=False
        Whether to skip files that cannot be read, with a warning that names them.
    only_synthetic : bool, default=False
        Of a result of ganaug, read only the synthetic images; of anything else, read all. If neither this nor
        `with_synthetic` is set, a result of ganaug is refused.
    with_synthetic : bool, default=False
        Read all images, and set `is_synthetic` of the result.

    Returns
    -------
    ImageSet
        The images, in the order of the names of classes and files. Images of a folder get the fewest channels (grey or
        RGB, with or without alpha) that hold all of them without loss. A palette becomes its colours, 1 bit becomes 0
        and 255, a transparent value becomes an alpha channel, and CMYK becomes RGB. Where a TIFF stores white as 0,
        values are inverted. The orientation that a camera noted is applied. DICOM pixels are the stored values, before
        rescaling, also where white is 0 (MONOCHROME1).

    Raises
    ------
    OSError
        If there is no such folder or archive.
    ValueError
        If a file cannot be read (the message names up to five), a class has no image, or images differ in size or
        depth.

    Warns
    -----
    UserWarning
        If files are skipped, or left out because they lie outside the folders of the classes or cannot be read as
        images. The warning says how many and which. Hidden files and texts such as notes.txt are left out silently.

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
    if only_synthetic and with_synthetic:
        raise ValueError(f"{only_synthetic=} and {with_synthetic=} exclude each other; leave one of them out")
    if not source.exists():
        raise FileNotFoundError(f"there is no file or folder {source}")
    if is_archive(source):
        if resize is not None:
            raise ValueError(f"resize (--resize) is for folders; all images in {source} have one size already")
        of_result = {"only_synthetic": only_synthetic, "with_synthetic": with_synthetic}
        X, y, positions, class_names = read_archive(source, **of_result)
        marks = marks_of(source, len(X)) if with_synthetic else None
        return ImageSet(X, y, positions, source, class_names=class_names, is_synthetic=marks)
    if not source.is_dir():
        raise ValueError(f"{source} must be a folder of images or an .npz file")
    X, y, files, is_resized = read_folder(
        source, resize=resize, skip_bad=skip_bad, only_synthetic=only_synthetic, with_synthetic=with_synthetic
    )
    marks = marks_of_files(source, files) if with_synthetic else None
    return ImageSet(X, y, files, source, is_resized, is_synthetic=marks)


def check_image_output(
    out: str | Path, source: str | Path, *, copies: Literal["copy", "link", "none"] = "copy", force: bool = False
) -> None:
    """Make sure that a result can be written, before time is spent on computing it.

    Parameters
    ----------
    out : str or Path
        Where to write: a folder, or an ``.npz`` file if the images came from one.
    source : str or Path
        Where the images come from.
    copies : {"copy", "link", "none"}, default="copy"
        As in `write_images`.
    force : bool, default=False
        Whether an existing result may be replaced: an archive, an empty folder, or a folder that ganaug wrote and that
        holds nothing else.

    Raises
    ------
    OSError
        If `out` exists and `force` is False, or `out` cannot be written.
    ValueError
        If `out` is of another kind than `source`, one lies within the other, or `out` is a folder that holds other
        files.
    """
    if copies not in ("copy", "link", "none"):
        raise ValueError(f"copies must be 'copy', 'link' or 'none', got {copies!r}")
    out, source = Path(out), Path(source)
    target, origin = out.resolve(), source.resolve()
    if target == origin:
        raise ValueError(f"{out} is the source of the images; write to another place")
    if is_archive(source):
        if not is_archive(out):
            raise ValueError(f"{out} must be an .npz file, because {source} is one")
        if copies == "link":
            raise ValueError("copies='link' is for folders; use 'copy' or 'none' for an archive")
        recover(out)
        check_output(out, force=force, extensions=False)
        check_output(manifest_path(out), force=force, extensions=False)
        return
    if out.suffix.lower() in (".npz", ".csv", ".tsv", ".parquet", ".feather", ".zip"):
        raise ValueError(f"{out} must be a folder, because {source} is one; use a name without {out.suffix}")
    if target.is_relative_to(origin) or origin.is_relative_to(target):
        raise ValueError(f"{out} and {source} overlap: one lies within the other; write to another place")
    check_folder(out, force)


def check_image_space(out: str | Path, images: ImageSet, *, copies: Literal["copy", "link", "none"] = "copy") -> None:
    """Make sure that the originals fit on the disk of a result, before time is spent on computing it.

    Parameters
    ----------
    out : str or Path
        Where to write.
    images : ImageSet
        The originals.
    copies : {"copy", "link", "none"}, default="copy"
        As in `write_images`.

    Raises
    ------
    OSError
        If fewer bytes are free than the originals take.
    """
    if images.in_archive:
        needed = images.source.stat().st_size
    else:
        needed = sum((images.source / str(file)).stat().st_size for file in images.files) if copies == "copy" else 0
    free = shutil.disk_usage(Path(out).resolve().parent)[2]
    if needed > free:
        raise OSError(
            f"{out} needs at least {needed:,} bytes, but {free:,} are free on its disk; write to another disk"
        )


def write_images(
    out: str | Path,
    images: ImageSet,
    X_synthetic: NDArray,
    y_synthetic: ArrayLike,
    *,
    manifest: pd.DataFrame | None = None,
    attributes: pd.DataFrame | None = None,
    copies: Literal["copy", "link", "none"] = "copy",
    dicom: bool = False,
    force: bool = False,
) -> None:
    """Write originals, synthetic images, and a manifest that says which images are synthetic.

    All is written under a temporary name and then renamed. So at any moment `out` is either the old result or the new
    one. What a killed process has left is removed, or finished, by the next call for the same `out`.

    A folder gets the unchanged files of the originals in the folders of their classes. Those that `read_images` resized
    are written in their new size, as PNG (or TIFF for signed values): all images of a result have one size. Synthetic
    images are
    ``CLASS/synthetic_000001.png`` and so on: PNG of 8 or 16 bits, or TIFF for signed values, which some DICOM files
    have. The metadata of each synthetic file says that it is synthetic. ``manifest.csv`` has the columns file, class,
    synthetic (0 or 1) and those of `manifest`.

    An archive gets the synthetic images at the end of ``train_images`` and ``train_labels``, a new array
    ``train_is_synthetic``, and unchanged copies of all other arrays. The manifest is written beside it, as
    ``OUT.manifest.csv``; its column file is the position in ``train_images``.

    Parameters
    ----------
    out : str or Path
        A folder, or an ``.npz`` file if the images came from one.
    images : ImageSet
        The originals.
    X_synthetic : array of shape (m, h, w) or (m, h, w, c)
        The synthetic images, with the dtype and the shape of ``images.X``.
    y_synthetic : array of shape (m,)
        Their classes, each one of ``images.y`` or of ``images.named_y``.
    manifest : DataFrame of shape (m, k) or None, default=None
        More columns about the synthetic images.
    attributes : DataFrame of shape (n, l) or None, default=None
        More columns of the manifest about the originals, such as attributes. The synthetic images have those that are
        in `manifest` as well.
    copies : {"copy", "link", "none"}, default="copy"
        Whether the files of the originals are copied, linked, or left out. Links are hard, or symbolic where that is
        impossible; a change of the linked file changes the original. Resized originals are written, not linked.
    dicom : bool, default=False
        Whether synthetic images of a folder are written as DICOM: secondary captures that say that they are derived and
        synthetic, with identifiers of their own and nothing about a patient. How grey values are stored, rescaled and
        shown is that of the first DICOM file of the originals. Resized DICOM files stay DICOM.
    force : bool, default=False
        As in `check_image_output`.

    Raises
    ------
    OSError
        If `out` cannot be written, or a file of the originals was deleted.
    ValueError
        If synthetic images differ from the originals in dtype or shape, `manifest` or `attributes` has another number
        of rows than there are images, or `check_image_output` refuses `out`.

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
    out, y_synthetic = Path(out), images.labels_of(np.asarray(y_synthetic))
    check_image_output(out, images.source, copies=copies, force=force)
    if dicom:
        check_dicom_output(images)
    _check_synthetic(images, X_synthetic, y_synthetic, manifest)
    if attributes is not None and len(attributes) != len(images.X):
        raise ValueError(
            f"attributes must have one row for each of {len(images.X)} originals, got {len(attributes)} rows"
        )
    n_originals = 0 if copies == "none" else len(images.X)
    of_originals = None if attributes is None else attributes[:n_originals]
    columns: dict[str, Any] = {"n_originals": n_originals, "more": manifest, "of_originals": of_originals}
    labels = [*images.y[:n_originals].tolist(), *y_synthetic.tolist()]
    if images.in_archive:
        with replacing_together([out, manifest_path(out)]) as (archive, table):
            write_archive(archive, images.source, images.X[:n_originals], X_synthetic, y_synthetic)
            positions = [*images.files[:n_originals], *range(n_originals, n_originals + len(X_synthetic))]
            write_manifest(table, files=positions, labels=labels, **columns)
        return
    files = [str(file) for file in images.files]
    is_resized = np.zeros(len(files), bool) if images.is_resized is None else images.is_resized
    extension = extension_of(images.X.dtype)
    of_dicom = [file for file in files if dicom and is_dicom(images.source / file)]
    extensions = [".dcm" if file in set(of_dicom) else extension for file in files]
    names = names_of_originals(files, is_resized, extensions)
    like = images.source / of_dicom[0] if of_dicom else None
    with replacing_folder(out) as folder:
        if copies != "none":
            place_originals(folder, images.source, _chosen(files, ~is_resized), copies)
            resized_files = _chosen(files, is_resized)
            resized = (images.X[i] for i in np.flatnonzero(is_resized))
            save_resized(folder, _chosen(names, is_resized), resized, images.source, resized_files)
        written = write_synthetic(folder, X_synthetic, y_synthetic, names, dicom=dicom, like=like)
        written = [*names[:n_originals], *written]
        write_manifest(folder / MANIFEST, files=written, labels=labels, **columns)


def add_image_columns(out: str | Path, more: pd.DataFrame) -> None:
    """Add columns about the synthetic images to the manifest of a result, which is replaced in one step.

    So what takes long to compute does not keep the images from being written.

    Parameters
    ----------
    out : str or Path
        The folder or archive that `write_images` wrote.
    more : DataFrame of shape (m, k)
        The columns, in the order of ``X_synthetic``.
    """
    out = Path(out)
    add_to_manifest(manifest_path(out) if is_archive(out) else out / MANIFEST, more)


def check_dicom_output(images: ImageSet) -> None:
    """Make sure that synthetic images can be written as DICOM, before time is spent on computing them.

    Parameters
    ----------
    images : ImageSet
        The originals.

    Raises
    ------
    ValueError
        If they come from an archive or have transparency, or pydicom is missing.
    """
    if images.in_archive:
        raise ValueError(f"dicom (--dicom) is for folders, and {images.source} is an archive; leave it out")
    if images.X.ndim == 4 and images.X.shape[3] != 3:
        raise ValueError("dicom (--dicom) has no transparency, but some images have an alpha channel; leave it out")
    require_pydicom()


def _chosen(names: list[str], which: NDArray[np.bool_]) -> list[str]:
    return [name for name, is_chosen in zip(names, which, strict=True) if is_chosen]


def _check_synthetic(images: ImageSet, X: NDArray, y: NDArray, manifest: pd.DataFrame | None) -> None:
    if X.shape[1:] != images.X.shape[1:] or X.dtype != images.X.dtype:
        raise ValueError(
            f"X_synthetic must be like the originals, {images.X.dtype} of shape {images.X.shape[1:]} each; got "
            f"{X.dtype} of shape {X.shape[1:]}"
        )
    if y.shape != (len(X),):
        raise ValueError(
            f"y_synthetic must have one class for each synthetic image, shape ({len(X)},); got shape {y.shape}"
        )
    unknown = set(y.tolist()) - set(images.y.tolist())
    if unknown:
        raise ValueError(f"y_synthetic holds {min(unknown, key=str)!r}, which is not a class of the originals")
    if manifest is None:
        return
    if len(manifest) != len(X):
        raise ValueError(f"manifest must have one row for each of {len(X)} synthetic images, got {len(manifest)} rows")
    taken = [name for name in COLUMNS if name in manifest]
    if taken:
        raise ValueError(f"manifest has a column {taken[0]!r}, which every manifest has already; rename it")


def check_sample_output(out: str | Path, label: str, *, force: bool = False) -> None:
    """Make sure that `write_image_samples` can write, before time is spent on computing the images.

    Parameters
    ----------
    out, label, force
        As of `write_image_samples`.
    """
    if label in ("", ".", "..", MANIFEST) or "/" in label or "\\" in label:  # the model may come from a stranger
        raise ValueError(f"label {label!r} cannot be the name of a folder; sample the model in Python")
    check_folder(Path(out), force, of_samples=True)


def write_image_samples(
    out: str | Path, X: NDArray, label: str, *, manifest: pd.DataFrame | None = None, force: bool = False
) -> None:
    """Write synthetic images of one class to a folder of their own, with a manifest.

    Parameters
    ----------
    out : str or Path
        The folder. The images are written to it as ``LABEL/synthetic_000001.png`` and so on.
    X : array of shape (n, h, w) or (n, h, w, c)
        The images, of uint8, uint16 or int16.
    label : str
        Their class.
    manifest : DataFrame of shape (n, k) or None, default=None
        More columns about the images.
    force : bool, default=False
        As in `check_image_output`; and a folder with originals is never replaced.

    Raises
    ------
    OSError
        If `out` cannot be written.
    ValueError
        If no file format holds such values, the label cannot be the name of a folder, or `out` is a folder that holds
        other files.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> out = pathlib.Path(tempfile.mkdtemp()) / "cats"
    >>> write_image_samples(out, np.zeros((2, 10, 12), np.uint8), "cat")
    >>> sorted(path.name for path in (out / "cat").iterdir())
    ['synthetic_000001.png', 'synthetic_000002.png']
    """
    out = Path(out)
    X = X[..., 0] if X.ndim == 4 and X.shape[3] == 1 else X
    if X.dtype not in (np.uint8, np.uint16, np.int16) or (X.ndim == 4 and X.dtype != np.uint8):
        what = f"{X.dtype} with {X.shape[3]} channels" if X.ndim == 4 else str(X.dtype)
        raise ValueError(f"image files cannot store pixels of {what}; sample the model in Python")
    check_sample_output(out, label, force=force)
    with replacing_folder(out) as folder:
        files = write_synthetic(folder, X, np.full(len(X), label, dtype=object), [])
        write_manifest(folder / MANIFEST, files=files, labels=[label] * len(X), n_originals=0, more=manifest)
