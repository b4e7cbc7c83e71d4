"""Two folders of image files, without folders of classes in them, as two classes."""

from pathlib import Path

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
