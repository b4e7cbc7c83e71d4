"""Scores in a CSV file that a comparison resumes from.

joblib's Memory would store each evaluation as a pickle. A CSV file has three advantages: it can be read and plotted,
reading it runs no code, and an evaluation that failed is tried again.
"""

import csv
import hashlib
from pathlib import Path
from typing import Any

import imblearn
import numpy as np
import pandas as pd
import sklearn

from ganaug._version import __version__
from ganaug.comparison.scoring import RUN_COLUMNS

KEY = "key"


class ResultsFile:
    """Rows in a CSV file that grows by each finished evaluation; without a path, nothing is stored.

    Parameters
    ----------
    path : str, Path or None
        The file. Rows that were cut off while they were written are removed from it.
    metrics : list of str
        Names of the metrics.

    Attributes
    ----------
    rows : list of dict
        What the file held, without evaluations that failed.

    Raises
    ------
    OSError
        If the file cannot be written.
    ValueError
        If the folder does not exist, or the file holds anything else.
    """

    def __init__(self, path: str | Path | None, metrics: list[str]) -> None:
        self._path = None if path is None else Path(path)
        self._columns = [KEY, *RUN_COLUMNS, *metrics]
        self.rows: list[dict[str, Any]] = []
        if self._path is None:
            return
        if not self._path.absolute().parent.is_dir():
            raise ValueError(f"results={str(path)!r} is in a folder that does not exist; create the folder first")
        is_new = not self._path.exists()
        with self._path.open("ab"):  # refused now, and not after the first evaluation
            pass
        if is_new:
            self._path.unlink()
            return
        content = self._path.read_bytes()
        header = ",".join(self._columns)
        if not content.count(b"\n") and header.encode().startswith(content):  # stopped while the header was written
            self._path.unlink()
            return
        if content.split(b"\n")[0].decode(errors="replace").strip() != header:
            raise ValueError(f"results={str(path)!r} does not hold a comparison with these metrics; use another file")
        if not content.endswith(b"\n"):  # stopped while a row was written
            self._path.write_bytes(content[: content.rfind(b"\n") + 1])
        with self._path.open(newline="", encoding="utf-8") as file:
            for cells in csv.DictReader(file):
                numbers = {name: int(cells[name]) for name in ("split", "n_train", "n_test")}
                scores = {name: float(cells[name] or "nan") for name in ("fit_seconds", *metrics)}
                if not np.isnan([scores[metric] for metric in metrics]).all():
                    self.rows.append(cells | numbers | scores)

    def append(self, rows: list[dict[str, Any]]) -> None:
        """Add rows to the file.

        Parameters
        ----------
        rows : list of dict
            One for each evaluation.
        """
        if self._path is not None:
            new = not self._path.exists()
            frame = pd.DataFrame(rows, columns=self._columns)
            try:
                frame.to_csv(self._path, mode="a", header=new, index=False, lineterminator="\n")
            except OSError as error:  # a full disk does not name the file
                raise OSError(error.errno, error.strerror, str(self._path)) from error


def key_of(*settings: Any) -> str:
    """Return a key that changes with any setting, parameter of an estimator, or version of a library.

    Parameters
    ----------
    *settings : object
        Text, lists, numbers, or estimators.
    """
    described = [of if isinstance(of, (str, list)) else _described(of) for of in settings]
    versions = [__version__, sklearn.__version__, imblearn.__version__]
    return hashlib.sha256(repr([described, versions]).encode()).hexdigest()[:16]


def _described(value: Any) -> str:
    if not hasattr(value, "get_params"):
        return repr(value)
    params = {key: _described(of) for key, of in value.get_params(deep=False).items()}
    return f"{type(value).__name__}({params})"
