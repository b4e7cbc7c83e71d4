"""Some synthetic rows, each beside the real row of its class that is nearest to it."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.containers import as_frame
from ganaug.common.random import subsample
from ganaug.metrics import TablePair, embed_rows, nearest_rows

# Rows of each table among which a preview looks.
_MAX_ROWS = 2_000


class PreviewRow(NamedTuple):
    """A synthetic row and the nearest real one.

    Attributes
    ----------
    label : object
        Class of both.
    synthetic, real : Series
        Their values, by the names of the columns.
    """

    label: Any
    synthetic: pd.Series
    real: pd.Series


def preview_rows(
    X: Any, y: NDArray, X_synthetic: Any, y_synthetic: NDArray, *, n: int = 3, random_state: int = 0
) -> list[PreviewRow]:
    """Return some synthetic rows, in turn of each class, beside the nearest real row of the same class.

    Parameters
    ----------
    X, y : table of shape (n_rows, n_columns), array of shape (n_rows,)
        Real rows and their labels.
    X_synthetic, y_synthetic : table of shape (n_synthetic, n_columns), array of shape (n_synthetic,)
        Synthetic rows and their labels.
    n : int, default=3
        How many.
    random_state : int, default=0
        Chooses the rows.

    Returns
    -------
    list of PreviewRow
        At most `n`. Distances are those of `ganaug.metrics.embed_rows`, to at most 2,000 real rows of the class.

    Examples
    --------
    >>> real = pd.DataFrame({"age": [20.0, 50.0, 80.0], "town": ["Bern", "Rom", "Rom"]})
    >>> (found,) = preview_rows(real, np.array([0, 0, 0]), real.iloc[:1] + pd.Series({"age": 3, "town": ""}), [0], n=1)
    >>> float(found.synthetic["age"]), float(found.real["age"])
    (23.0, 20.0)
    """
    rng = np.random.default_rng(random_state)
    y, y_synthetic = np.asarray(y), np.asarray(y_synthetic)
    real, synthetic = as_frame(X, "X"), as_frame(X_synthetic, "X_synthetic")
    labels = list(dict.fromkeys(y_synthetic.tolist()))
    found: list[PreviewRow] = []
    for i, label in enumerate(labels[:n]):
        n_each = len(range(i, n, min(n, len(labels))))
        own, of_class = np.flatnonzero(y_synthetic == label), np.flatnonzero(y == label)
        if not len(of_class):
            continue
        chosen = synthetic.iloc[np.sort(rng.choice(own, min(n_each, len(own)), replace=False))]
        beside = real.iloc[of_class[subsample(len(of_class), _MAX_ROWS, rng)]]
        pair = TablePair(beside.reset_index(drop=True), chosen.reset_index(drop=True))
        points, others = embed_rows(pair, pair.real_cells, pair.synthetic_cells)
        nearest = nearest_rows(others, points)[0][:, 0]
        # as objects, because a row of integers and decimals would be one of decimals
        shown, of_real = chosen.astype(object), beside.iloc[nearest].astype(object)
        found += [PreviewRow(label, shown.iloc[j], of_real.iloc[j]) for j in range(len(nearest))]
    return found
