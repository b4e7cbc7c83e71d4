"""Texts in any container: what is a set of texts, how texts are read from a container, and how they are put back."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import numpy as np
import pandas as pd
from narwhals import dependencies
from numpy.typing import NDArray

from ganaug.common.containers import container_from_state, container_of
from ganaug.common.labels import labels_like
from ganaug.common.serialization import dtype_from_json, dtype_to_json
from ganaug.common.wording import shortened

# A single column of a table holds texts, and not categories, if its cells have at least so many words on average, and
# if at least this share of them is different.
_MIN_WORDS = 3.0
_MIN_DISTINCT = 0.5
# Cells of a column that are looked at, at most.
_MAX_LOOKED_AT = 2_000
# Scripts without spaces between words: each character counts as a word.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+|[^\w\s]")
_SPACED_WORD = re.compile(rf"([{_UNSPACED}]|[^\s{_UNSPACED}]+)(\s*)")


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, and its punctuation marks, in their order.

    Parameters
    ----------
    text : str
        A text. In scripts without spaces, each character is a word.

    Examples
    --------
    >>> words_of("Call 0800-123 NOW!")
    ['call', '0800', '-', '123', 'now', '!']
    """
    # half of a pair of code units is no character
    return _WORD.findall(text.encode("utf-8", "ignore").decode("utf-8").lower())


def spaced_words(text: str) -> list[tuple[str, str]]:
    r"""Return what spaces divide in a text, each with the spaces behind it, in their order.

    Parameters
    ----------
    text : str
        A text. In scripts without spaces, each character is a word, with the marks above and below it.

    Examples
    --------
    >>> spaced_words("Call now!\n再见")
    [('Call', ' '), ('now!', '\n'), ('再', ''), ('见', '')]
    """
    words: list[tuple[str, str]] = []
    for word, behind in _SPACED_WORD.findall(text):
        if words and not words[-1][1] and unicodedata.category(word[0]).startswith("M"):
            words[-1] = (words[-1][0] + word, behind)
        else:
            words.append((word, behind))
    return words


def are_texts(X: Any) -> bool:
    """Whether data are texts, and not a table or images.

    Parameters
    ----------
    X : object
        What a user passed as data. Lists, Series and one-dimensional arrays of strings are texts. A table of one column
        of strings holds texts if its cells have at least three words on average, and at least half of them are
        different; otherwise it is a table of categories.

    Examples
    --------
    >>> are_texts(["Hello you", "Bye"]), are_texts([["red"], ["blue"]])
    (True, False)
    >>> are_texts(pd.DataFrame({"note": ["The left lung is clear.", "No change since May."]}))
    True
    """
    if _are_rows_of_one(X):
        X = np.array([list(row) for row in X], dtype=object)
    if isinstance(X, list | tuple):
        return len(X) > 0 and all(isinstance(of, str) or _is_missing(of) for of in X) and not all(map(_is_missing, X))
    shape: tuple[int, ...] = tuple(getattr(X, "shape", ()))
    if len(shape) not in (1, 2) or 0 in shape or (len(shape) == 2 and shape[1] != 1):
        return False
    if not _is_container(X):
        return False
    cells = _first_cells(X)
    present = [cell for cell in cells if not _is_missing(cell)]
    if not present or not all(isinstance(cell, str) for cell in present):
        return False
    if len(shape) == 1:
        return True
    n_words = sum(len(cell.split()) for cell in present) / len(present)
    return n_words >= _MIN_WORDS and len(set(present)) >= _MIN_DISTINCT * len(present)


def _is_container(X: Any) -> bool:
    return (
        isinstance(X, list | tuple | np.ndarray | pd.Series | pd.DataFrame)
        or dependencies.is_polars_dataframe(X)
        or dependencies.is_polars_series(X)
    )


def _are_rows_of_one(X: Any) -> bool:
    return (
        isinstance(X, list | tuple)
        and len(X) > 0
        and all(isinstance(row, list | tuple) and len(row) == 1 and isinstance(row[0], str | None) for row in X)
    )


def _first_cells(X: Any) -> list[Any]:
    part = X[:_MAX_LOOKED_AT]
    if isinstance(part, pd.Series | pd.DataFrame):
        dtypes = [part.dtype] if isinstance(part, pd.Series) else list(part.dtypes)
        if not all(pd.api.types.is_string_dtype(of) or of == np.dtype(object) for of in dtypes):
            return []
    array = part.to_numpy() if hasattr(part, "to_numpy") else part
    if array.dtype.kind not in "UOT":
        return []
    return np.ravel(array).tolist()


def _is_missing(cell: Any) -> bool:
    return cell is None or cell is pd.NA or (isinstance(cell, float) and np.isnan(cell))


def texts_of(X: Any, name: str = "X") -> list[str]:
    """Return texts of any container as a list.

    Parameters
    ----------
    X : list, Series of pandas or polars, array of shape (n,) or (n, 1), or DataFrame of one column
        The texts. A missing text is read as an empty one.
    name : str, default="X"
        What messages call it.

    Returns
    -------
    list of str, n long
        The texts.

    Raises
    ------
    ValueError
        If X holds no texts, has several columns, or a cell is not a string.

    Examples
    --------
    >>> texts_of(pd.Series(["Hello", None]))
    ['Hello', '']
    >>> texts_of([["a", 1], ["b", 2]])
    Traceback (most recent call last):
    ...
    ValueError: X has 2 columns, but texts are needed: a list, a Series, or a table of one column of strings. Pass ...
    """
    columns = getattr(X, "columns", None)
    if not _is_container(X):
        raise ValueError(
            f"{name} is of type {type(X).__name__}, but texts are needed: pass a list, a Series or an array of strings"
        )
    array = np.asarray(X.to_numpy() if hasattr(X, "to_numpy") else _as_objects(X))
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 0:
        raise ValueError(f"{name} is an array without a dimension, but texts are needed: pass a list or a Series")
    if array.ndim != 1:
        kind = f"has {array.shape[1]} columns" if array.ndim == 2 else f"has shape {array.shape}"
        first = "" if columns is None else f", such as {name}[[{columns[0]!r}]]"
        raise ValueError(
            f"{name} {kind}, but texts are needed: a list, a Series, or a table of one column of strings. Pass the "
            f"column of texts alone{first}; for a table with other columns, use TabularGAN, and name the texts in "
            "text_columns"
        )
    if not len(array):
        raise ValueError(f"{name} holds no texts; pass at least one text of each class")
    texts = ["" if _is_missing(cell) else cell for cell in array.tolist()]
    others = [cell for cell in texts if not isinstance(cell, str)]
    if others:
        what = "1 cell that is not a string" if len(others) == 1 else f"{len(others):,} cells that are not strings"
        way = "bytes with .decode()" if isinstance(others[0], bytes) else "e.g. with .astype(str)"
        if isinstance(others[0], list | tuple | np.ndarray):
            way = "joining the words of each, e.g. with ' '.join(words)"
        raise ValueError(f"{name} holds {what}, such as {shortened(others[0])}; convert them, {way}")
    return texts


def has_categories(X: Any) -> bool:
    """Whether the dtype of a container of texts is one of categories, so that no new texts can be put into it.

    Parameters
    ----------
    X : as for `texts_of`
        Texts.
    """
    dtypes = list(X.dtypes) if hasattr(X, "columns") else [getattr(X, "dtype", None)]
    return any(isinstance(of, pd.CategoricalDtype) or str(of).startswith("Enum") for of in dtypes)


def _as_objects(X: Any) -> Any:
    if isinstance(X, list | tuple) and all(isinstance(of, str) or _is_missing(of) for of in X):
        array = np.empty(len(X), dtype=object)
        array[:] = list(X)
        return array
    return X if isinstance(X, np.ndarray) else np.array(X, dtype=object)


class TextContainer:
    """The container of texts, for putting other texts into one like it.

    Parameters
    ----------
    X : as for `texts_of`
        Texts.

    Examples
    --------
    >>> TextContainer(pd.Series(["a"], name="note")).restore(["b", "c"]).to_dict()
    {0: 'b', 1: 'c'}
    """

    def __init__(self, X: Any) -> None:
        self._empty = list(X[:0]) if isinstance(X, tuple) else X[:0]
        self._is_nested = _are_rows_of_one(X)

    def restore(self, texts: list[str]) -> Any:
        """Put texts into such a container.

        Parameters
        ----------
        texts : list of str
            The texts.
        """
        empty = self._empty
        if isinstance(empty, list):
            return [[text] for text in texts] if self._is_nested else list(texts)
        array = np.empty(len(texts), dtype=object)
        array[:] = texts
        if isinstance(empty, np.ndarray):
            # an array of texts of limited length gets room for the longest of them
            array = array.astype(str) if empty.dtype.kind == "U" else array.astype(empty.dtype)
            return array[:, None] if empty.ndim == 2 else array
        return labels_like(empty, array)

    def state(self) -> dict[str, Any]:
        """Describe the container as plain data."""
        empty = self._empty
        if isinstance(empty, list):
            return {"kind": "list of lists" if self._is_nested else "list"}
        if isinstance(empty, np.ndarray):
            # NumPy does not read the name of its strings of any length
            dtype = "T" if empty.dtype.kind == "T" else empty.dtype.str
            return {"kind": "array", "dtype": dtype, "n_dimensions": empty.ndim}
        if isinstance(empty, pd.Series):
            name = empty.name if isinstance(empty.name, str | int | None) else str(empty.name)
            return {"kind": "series", "name": name, "dtype": dtype_to_json(empty.dtype, "X")}
        if isinstance(empty, pd.DataFrame):
            return {
                "kind": "frame",
                "container": container_of(empty).state(),
                "dtype": dtype_to_json(empty.dtypes.iloc[0], "X"),
            }
        if dependencies.is_polars_dataframe(empty):
            return {"kind": "polars frame", "name": empty.columns[0]}
        return {"kind": "polars", "name": empty.name}

    @classmethod
    def from_state(cls, plain: dict[str, Any]) -> TextContainer:
        """Read what `state` returned.

        Parameters
        ----------
        plain : dict
            What `state` returned.

        Raises
        ------
        Exception
            Of any class, if `plain` is malformed.
        """
        kind = plain["kind"]
        if kind == "list":
            return cls([])
        if kind == "list of lists":
            return cls([[""]])
        if kind == "array":
            dtype = np.dtypes.StringDType() if plain["dtype"] == "T" else np.dtype(plain["dtype"])
            if dtype.kind not in "UOT" or plain["n_dimensions"] not in (1, 2):
                raise ValueError(f"{dtype} cannot be the dtype of texts")
            empty: NDArray = np.empty((0, 1)[: plain["n_dimensions"]], dtype=dtype)
            return cls(empty)
        if kind == "series":
            return cls(pd.Series([], name=plain["name"], dtype=dtype_from_json(plain["dtype"])))
        if kind == "frame":
            column = pd.Series([], dtype=dtype_from_json(plain["dtype"]))
            return cls(container_from_state(plain["container"]).restore(pd.DataFrame({0: column})))
        import polars as pl

        if kind == "polars frame":
            return cls(pl.DataFrame({plain["name"]: []}, schema={plain["name"]: pl.String}))
        if kind == "polars":
            return cls(pl.Series(plain["name"], [], dtype=pl.String))
        raise ValueError(f"unknown container {kind!r}")
