"""Two folders of image files, without folders of classes in them, as two classes."""

from pathlib import Path

from ganaug.common.warnings import warn_user
from ganaug.common.wording import abridged, counted
from ganaug.datasets.image_folder import is_image, is_text, read_files
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
    found = [_find_files(folder) for folder in folders]
    labels = [name for name, files in zip(names, found, strict=True) for _ in files]
    X, y, files, is_resized = read_files(Path(), [*found[0], *found[1]], labels, resize=resize, skip_bad=skip_bad)
    return ImageSet(X, y, files, folders[0], is_resized)


def _find_files(folder: Path) -> list[str]:
    """Return the images that lie in a folder itself, not in its subfolders; say which other files are left out.

    Parameters
    ----------
    folder : Path
        The folder.
    """
    inside = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and not path.is_dir())
    own = [path for path in inside if is_image(path)]
    others = [path.name for path in inside if path not in own and not is_text(path)]
    if not own:
        found = f"; {abridged(others, 3)} cannot be read as an image" if others else ""
        raise ValueError(f"{folder} holds no image{found}; name a folder with image files in it")
    if others:
        is_one = len(others) == 1
        warn_user(
            f"{counted(len(others), 'file')} in {folder} cannot be read as images and {'is' if is_one else 'are'} left "
            f"out: {abridged(others, 5)}"
        )
    return [str(path) for path in own]
