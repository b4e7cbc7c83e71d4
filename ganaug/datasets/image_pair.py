"""Two folders of image files, without folders of classes in them, as two classes."""

from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

from ganaug.datasets.image_files import find_image_files
from ganaug.datasets.image_folder import read_files
from ganaug.datasets.image_set import ImageSet


def read_image_pair(
    one: str | Path, other: str | Path, *, resize: tuple[int, int] | None = None, skip_bad: bool = False
) -> ImageSet:
    """Read two folders with image files in them as two classes.

    Parameters
    ----------
    one, other : str or Path
        The folders. Their names, which differ, are the classes. Files in subfolders are not read.
    resize, skip_bad
        As in `read_images`.

    Returns
    -------
    ImageSet
        The images of `one`, then those of `other`, each in the order of the file names; `files` are the paths of the
        files, and `source` is `one`.

    Raises
    ------
    OSError
        If there is no such folder.
    ValueError
        As in `read_images`, or if both folders have one name.
    """
    folders = [Path(one), Path(other)]
    for folder in folders:
        if not folder.is_dir():
            raise FileNotFoundError(f"there is no folder {folder}")
    names = [folder.resolve().name for folder in folders]
    if names[0] == names[1]:
        raise ValueError(f"{one} and {other} have one name, {names[0]!r}, but name two classes; rename one of them")
    found = [[str(folder / file) for file in find_image_files(folder, deep=False)] for folder in folders]
    labels = [name for name, files in zip(names, found, strict=True) for _ in files]
    X, y, files, is_resized = read_files(Path(), [*found[0], *found[1]], labels, resize=resize, skip_bad=skip_bad)
    return ImageSet(X, y, files, folders[0], is_resized)


def pairs_by_name(images: ImageSet) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find the images of two folders whose files have one name; extensions may differ.

    Parameters
    ----------
    images : ImageSet
        From `read_image_pair`.

    Returns
    -------
    ones, others : ndarray of int, shape (n_pairs,)
        Positions in `images` of the images of the first folder that have a partner, and of their partners.

    Raises
    ------
    ValueError
        If no two files have one name, or two files of one folder have.

    Examples
    --------
    >>> images = ImageSet(np.zeros((3, 8, 8)), np.array(["a", "a", "b"]), ["a/1.jpg", "a/2.jpg", "b/2.png"], Path("a"))
    >>> [positions.tolist() for positions in pairs_by_name(images)]
    [[1], [2]]
    """
    is_first = images.y == images.y[0]
    places: list[dict[str, int]] = [{}, {}]
    for at, (file, is_own) in enumerate(zip(images.files, is_first.tolist(), strict=True)):
        known, name = places[0 if is_own else 1], PurePath(str(file)).stem
        if name in known:
            raise ValueError(
                f"{images.files[known[name]]} and {file} have one name, but a pair has one file of each folder; rename "
                "one of them"
            )
        known[name] = at
    both = [name for name in places[0] if name in places[1]]
    if not both:
        raise ValueError(
            f"no file of one folder has the name of a file of the other one, such as {images.files[0]}; pairs are "
            "files of equal names, whatever their extensions. Without pairs, use the method cut or cyclegan"
        )
    ones, others = (np.array([of[name] for name in both]) for of in places)
    return ones, others
