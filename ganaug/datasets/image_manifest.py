"""The manifest: a CSV file that says for each image of a result whether it is synthetic."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.files import replacing
from ganaug.datasets.image_decoding import reason

MANIFEST = "manifest.csv"
# Its first columns. Others about the synthetic images may follow.
COLUMNS = ["file", "class", "synthetic"]
# Those that follow in the result of `ganaug translate`.
TRANSLATION_COLUMNS = ["seed", "discriminator_score", "source"]


class Manifest(NamedTuple):
    """The rows of a manifest by file.

    Attributes
    ----------
    is_synthetic : dict of str to bool
        For each file whether it is synthetic.
    has_more_columns : bool
        Whether there are columns besides `COLUMNS` and `TRANSLATION_COLUMNS`, as only `ganaug balance` writes them.
    """

    is_synthetic: dict[str, bool]
    has_more_columns: bool


def has_manifest(folder: Path) -> bool:
    """Whether a folder holds a manifest that ganaug wrote.

    Parameters
    ----------
    folder : Path
        The folder.
    """
    try:
        with (folder / MANIFEST).open("rb") as file:
            return file.readline(1000).decode(errors="replace").strip().split(",")[:3] == COLUMNS
    except OSError:
        return False


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a folder.

    Parameters
    ----------
    folder : Path
        The folder.

    Raises
    ------
    ValueError
        If the file is not a manifest.
    """
    path = folder / MANIFEST
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            is_synthetic = {row["file"]: row["synthetic"] == "1" for row in reader}
    except (KeyError, csv.Error) as error:
        raise ValueError(f"{path} cannot be read: {reason(error)}") from error
    return Manifest(is_synthetic, reader.fieldnames not in (COLUMNS, [*COLUMNS, *TRANSLATION_COLUMNS]))


def marks_of_files(folder: Path, files: Sequence[str]) -> NDArray[np.bool_]:
    """Return which images of a folder are synthetic: none, if ganaug did not write it.

    Parameters
    ----------
    folder : Path
        The folder.
    files : sequence of str, shape (n,)
        Paths of the images below it.

    Raises
    ------
    ValueError
        If the manifest does not name a file.
    """
    if not has_manifest(folder):
        return np.zeros(len(files), dtype=bool)
    is_synthetic = read_manifest(folder).is_synthetic
    for file in files:
        if file not in is_synthetic:
            raise ValueError(
                f"{folder / file} is not in {MANIFEST}, which says whether an image is synthetic; add a line "
                f"'{file},CLASS,0' for a real image, or move the file elsewhere"
            )
    return np.array([is_synthetic[file] for file in files], dtype=bool)


def write_manifest(
    path: Path,
    *,
    files: Sequence[str | int],
    labels: Iterable[object],
    n_originals: int,
    more: pd.DataFrame | None = None,
    of_originals: pd.DataFrame | None = None,
) -> None:
    """Write a manifest.

    Parameters
    ----------
    path : Path
        The file.
    files : sequence of str or int, shape (n,)
        The images, originals first: their paths, or their positions in an archive.
    labels : iterable, shape (n,)
        Their classes.
    n_originals : int
        How many of them are originals.
    more : DataFrame of shape (n - n_originals, k) or None, default=None
        Columns about the synthetic images.
    of_originals : DataFrame of shape (n_originals, m) or None, default=None
        Columns about the originals. Those of a name in `more` are continued there.
    """
    is_synthetic: NDArray = np.repeat([0, 1], [n_originals, len(files) - n_originals])
    # as objects, because strings of Arrow cannot hold file names that are not UTF-8
    table = pd.DataFrame({"file": [*files], "class": [*labels], "synthetic": is_synthetic}, dtype=object)
    if more is not None:
        # as objects, so that integers stay integers beside the blanks of the originals
        table = table.join(more.astype(object).set_axis(range(n_originals, len(table))))
    if of_originals is not None:
        for name, values in of_originals.astype(object).items():
            if name not in table:
                table[name] = pd.Series(dtype=object)
            table.loc[: n_originals - 1, name] = values.to_numpy()
    table.to_csv(path, index=False, lineterminator="\n", errors="surrogateescape")


def add_to_manifest(path: Path, more: pd.DataFrame) -> None:
    """Add columns about the synthetic images to a manifest that is written already.

    Parameters
    ----------
    path : Path
        The manifest. It is replaced in one step.
    more : DataFrame of shape (n_synthetic, k)
        The columns, in the order of the synthetic images.
    """
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        header, *rows = csv.reader(file)
    new_cells = more.astype(object).itertuples(index=False)
    is_synthetic = header.index("synthetic")
    with (
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*header, *more.columns])
        for row in rows:
            writer.writerow([*row, *(next(new_cells) if row[is_synthetic] == "1" else [""] * more.shape[1])])
