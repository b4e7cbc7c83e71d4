"""What is known of each image, such as its patient or stain, from a table beside the images."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd
from numpy.typing import NDArray

from ganaug.common.wording import listed
from ganaug.datasets.image_set import ImageSet
from ganaug.datasets.table import read_table


def read_image_groups(path: str | Path, images: ImageSet) -> NDArray:
    r"""Read the group of each image.

    Parameters
    ----------
    path : str or Path
        A table (CSV, TSV, Parquet, Feather) with two columns: ``file``, and the group under any name. A file is the
        path of an image below the folder of the images, such as ``sick/7.png``, or its name alone where no other image
        has this name; in an archive, its position in ``train_images``. There may be lines for other images.
    images : ImageSet
        The images.

    Returns
    -------
    ndarray of str, shape (n,)
        The group of each image.

    Raises
    ------
    ValueError
        If the table has other columns, an image has no group, or a file has two.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> text = "file,patient\nwell/1.png,Ann\nwell/2.png,Ann\nsick/1.png,Bea\n"
    >>> _ = (folder / "patients.csv").write_text(text)
    >>> images = ImageSet(np.zeros((2, 8, 8)), np.array(["sick", "well"]), ["sick/1.png", "well/2.png"], folder)
    >>> read_image_groups(folder / "patients.csv", images).tolist()
    ['Bea', 'Ann']
    """
    table, columns = _table(path)
    if len(columns) != 1:
        raise ValueError(
            f"{path} has the columns {listed(list(table))}, but must have two: file, and that of the groups"
        )
    files, groups = table["file"].astype(str), table[columns[0]]
    if groups.isna().any():
        raise ValueError(f"{path}: {files[groups.isna()].iloc[0]!r} has no {columns[0]}; fill it in")
    return groups.astype(str).to_numpy(dtype=object)[_lines(path, files, images)]


def read_image_attributes(path: str | Path, images: ImageSet) -> pd.DataFrame:
    r"""Read what is known of each image beside its class.

    Parameters
    ----------
    path : str or Path
        A table (CSV, TSV, Parquet, Feather) with the column ``file``, as in `read_image_groups`, and a column for each
        attribute, such as stain or severity.
    images : ImageSet
        The images.

    Returns
    -------
    DataFrame of shape (n, n_attributes)
        The attributes of each image.

    Raises
    ------
    ValueError
        If the table has no such columns, no line for an image, or two for a file.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "known.csv").write_text("file,stain,grade\nwell/1.png,pale,1\nsick/1.png,dark,3\n")
    >>> images = ImageSet(np.zeros((2, 8, 8)), np.array(["sick", "well"]), ["sick/1.png", "well/1.png"], folder)
    >>> read_image_attributes(folder / "known.csv", images).to_dict("list")
    {'stain': ['dark', 'pale'], 'grade': [3, 1]}
    """
    table, columns = _table(path)
    if not columns:
        raise ValueError(f"{path} has the column file only; add a column for each attribute")
    return table[columns].iloc[_lines(path, table["file"].astype(str), images)].reset_index(drop=True)


def _table(path: str | Path) -> tuple[pd.DataFrame, list[str]]:
    """Return a table with the column "file", and its other columns."""
    table = read_table(path).frame.rename(columns=str)
    if "file" not in table:
        raise ValueError(
            f"{path} has the columns {listed(list(table))}, but must have one named file, such as sick/7.png"
        )
    return table, [str(column) for column in table if column != "file"]


def _lines(path: str | Path, files: pd.Series, images: ImageSet) -> list[int]:
    """Return which line of a table each image has."""
    twice = files[files.duplicated()]
    if len(twice):
        raise ValueError(f"{path} has the file {twice.iloc[0]!r} twice; remove one of the lines")
    lines = {file: line for line, file in enumerate(files.str.replace("\\", "/").tolist())}
    names = [str(file).rpartition("/")[2] for file in images.files]
    times = Counter(names)
    found = []
    for file, name in zip(map(str, images.files), names, strict=True):
        if file not in lines and (name not in lines or times[name] > 1):
            raise ValueError(f"{path} has no line for the image {file!r}; add one, or move the image elsewhere")
        found.append(lines[file] if file in lines else lines[name])
    return found
