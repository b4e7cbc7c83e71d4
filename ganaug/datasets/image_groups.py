"""What each image belongs to, such as a patient, from a table beside the images."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
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
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> text = "file,patient\nwell/1.png,Ann\nwell/2.png,Ann\nsick/1.png,Bea\n"
    >>> _ = (folder / "patients.csv").write_text(text)
    >>> images = ImageSet(np.zeros((2, 8, 8)), np.array(["sick", "well"]), ["sick/1.png", "well/2.png"], folder)
    >>> read_image_groups(folder / "patients.csv", images).tolist()
    ['Bea', 'Ann']
    """
    table = read_table(path).frame
    columns = [str(column) for column in table]
    if "file" not in columns or len(columns) != 2:
        raise ValueError(f"{path} has the columns {listed(columns)}, but must have two: file, and that of the groups")
    group = next(column for column in columns if column != "file")
    files, groups = table["file"].astype(str), table[group]
    if groups.isna().any():
        raise ValueError(f"{path}: {files[groups.isna()].iloc[0]!r} has no {group}; fill it in")
    pairs = dict(zip(files.str.replace("\\", "/").tolist(), groups.astype(str).tolist(), strict=True))
    twice = files[files.duplicated()]
    if len(twice):
        raise ValueError(f"{path} has the file {twice.iloc[0]!r} twice; remove one of the lines")
    names = [str(file).rpartition("/")[2] for file in images.files]
    times = Counter(names)
    found = []
    for file, name in zip(map(str, images.files), names, strict=True):
        if file not in pairs and (name not in pairs or times[name] > 1):
            raise ValueError(f"{path} has no line for the image {file!r}; add one, or move the image elsewhere")
        found.append(pairs[file] if file in pairs else pairs[name])
    return np.array(found, dtype=object)
