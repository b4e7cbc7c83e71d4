"""What is a table of rows and columns, and what to pass in place of all else."""

import math
from typing import Any

import numpy as np

from ganaug.common.wording import listed, shortened


def table_array(X: Any) -> Any:
    """Return rows as an array, and refuse what has no rows and columns of numbers, text or times.

    Parameters
    ----------
    X : object
        What a user passed as a table.

    Returns
    -------
    array of shape (n, d)
        X itself, or of a list its cells as objects.

    Raises
    ------
    ValueError
        If X has no or one dimension or more than two, rows of different lengths, or cells that are complex, bytes
        without a type, or of several fields; the message says what to pass.

    Examples
    --------
    >>> table_array(np.zeros((20, 50, 12)))
    Traceback (most recent call last):
    ...
    ValueError: X has shape (20, 50, 12), but a table has rows and columns only. For rows x times x channels, pass ...
    """
    if isinstance(X, list | tuple):
        X = np.array(X, dtype=object)  # so that a list of rows with text in it keeps its numbers
    shape = tuple(getattr(X, "shape", ()))
    dtype = getattr(X, "dtype", None)
    if isinstance(X, np.matrix):
        raise ValueError("X is a matrix of NumPy; pass np.asarray(X)")
    if isinstance(dtype, np.dtype) and dtype.names:
        raise ValueError(f"X is a structured array with the fields {listed(dtype.names, 5)}; pass pd.DataFrame(X)")
    if isinstance(dtype, np.dtype) and dtype.kind in "cV":
        what = "Complex data not supported: X has" if dtype.kind == "c" else "X has"
        out = "np.hstack([X.real, X.imag])" if dtype.kind == "c" else "X.view(...) with a dtype of numbers or text"
        raise ValueError(f"{what} dtype {dtype}; pass {out}")
    if len(shape) == 1:
        rows = [row for row in X if isinstance(row, list | tuple)] if isinstance(X, np.ndarray) else []
        lengths = {len(row) for row in rows}
        if len(lengths) > 1:
            raise ValueError(
                f"X has rows of {min(lengths)} to {max(lengths)} cells, but each row of a table has as many; fill the "
                "shorter ones, e.g. with None"
            )
        raise ValueError(
            f"X has shape {shape}, but a table has rows and columns. Reshape your data: for a single column, pass "
            "X.reshape(-1, 1) or X.to_frame(); for a single row, X.reshape(1, -1)"
        )
    if not shape and (isinstance(X, np.ndarray) or not hasattr(X, "__array__")):
        raise ValueError(
            f"X is {shortened(repr(X), 40)} of type {type(X).__name__}; pass a DataFrame, an array of shape (n, d) or "
            "a list of rows; a dict of columns as pd.DataFrame(X)"
        )
    if len(shape) > 2:
        raise ValueError(
            f"X has shape {shape}, but a table has rows and columns only. For rows x times x channels, pass "
            f"X.reshape({shape[0]}, -1), in which each of {math.prod(shape[1:]):,} values of a row is a column; images "
            "are for ImageGAN"
        )
    return X
