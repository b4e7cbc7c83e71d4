"""What samplers and classifiers see: rows and labels of any container, then numbers and text, then numbers alone."""

import hashlib
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from ganaug.common.containers import check_container, to_pandas
from ganaug.common.identifiers import find_identifiers, refuse_identifiers_as_classes
from ganaug.common.labels import check_classes, label_of_each_row
from ganaug.common.modality import modality_of
from ganaug.common.texts import texts_of, words_of
from ganaug.common.warnings import warn_user
from ganaug.common.wording import listed
from ganaug.encoders import column_mask

# The rarest levels of a column with more levels than this share one code.
_MAX_LEVELS = 50


def rows_of(X: Any) -> pd.DataFrame | NDArray:
    """Return a table of any library as a DataFrame with text for column names; images and texts become arrays.

    Parameters
    ----------
    X : {DataFrame, polars DataFrame, array-like} of shape (n_rows, n_columns), array of images, or texts
        What the user has.

    Returns
    -------
    DataFrame or ndarray
        With a fresh index.

    Raises
    ------
    ValueError
        If X is no table, see `check_container`, two columns have the same name, or a number is infinite.
    """
    if modality_of(X).name == "image":
        return np.asarray(X)
    if modality_of(X).name == "text":
        return np.array(texts_of(X), dtype=object)
    check_container(X)
    X = to_pandas(X, dtypes="numpy")
    X = X.set_axis([str(column) for column in X.columns], axis=1).reset_index(drop=True)
    if X.columns.has_duplicates:
        raise ValueError(
            f"X has two columns with the same name: {sorted(X.columns[X.columns.duplicated()])}; rename one"
        )
    for column in X.select_dtypes("number", exclude="timedelta"):
        if np.isinf(X[column].to_numpy(float, na_value=np.nan)).any():
            raise ValueError(f"column {column!r} of X has infinite values; replace them, or set them to missing")
    return X


def without_identifiers(X: pd.DataFrame | NDArray, ignore: Any) -> tuple[pd.DataFrame | NDArray, list[str]]:
    """Leave out the columns that identify rows: a classifier would memorise them.

    Parameters
    ----------
    X : DataFrame or ndarray
        What `rows_of` returned. Images and texts stay as they are.
    ignore : "auto", None, or sequence of names or positions
        See `ganaug.compare`.

    Returns
    -------
    X : DataFrame or ndarray
        The other columns.
    left_out : list of str
        Names of those that were left out.

    Raises
    ------
    ValueError
        If `ignore` names no column, or no column is left.
    """
    if isinstance(X, np.ndarray) or ignore is None or not len(ignore):
        return X, []
    names = [str(name) for name in X]
    named = [name for name, chosen in zip(names, column_mask(ignore, names, "ignore"), strict=True) if chosen]
    left_out = list(dict.fromkeys([*named, *map(str, find_identifiers(X))]))
    if len(left_out) == len(names):
        raise ValueError(
            f"all columns of X, {listed(names)}, identify rows or are ignored; nothing is left to learn from"
        )
    return X.drop(columns=left_out), left_out


def is_texts(X: pd.DataFrame | NDArray) -> bool:
    """Whether what `rows_of` returned are texts.

    Parameters
    ----------
    X : DataFrame or ndarray
        What `rows_of` returned.
    """
    return isinstance(X, np.ndarray) and X.ndim == 1


def classes_of(y: Any) -> NDArray:
    """Return labels of any container as an array, after checking that they are those of a classification.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Labels.

    Returns
    -------
    ndarray of shape (n_rows,)
        As `ganaug.common.labels.labels_of` returns them.

    Raises
    ------
    ValueError
        If labels are missing or continuous, identify rows, or are all of one class.
    """
    labels = label_of_each_row(y)
    refuse_identifiers_as_classes(labels, "y")
    check_classes(labels)
    if not len(labels):
        raise ValueError("y holds no labels; pass one label for each row")
    if len(np.unique(labels)) < 2:
        raise ValueError(f"y has a single class, {listed(labels[:1])}; a comparison needs at least two classes")
    return labels


def warn_of_marked_rows(X: pd.DataFrame | NDArray, y: NDArray) -> None:
    """Warn of a column that marks synthetic rows, as ``ganaug balance --mark`` writes it.

    Such a column has 0 in the real rows and 1 in the synthetic ones that follow. It is taken for a mark if its name
    says so, or if the rows with 1 are those that make all classes equal.

    Parameters
    ----------
    X : DataFrame or ndarray
        What `rows_of` returned.
    y : ndarray of shape (n_rows,)
        Labels.

    Warns
    -----
    UserWarning
        If there is such a column.
    """
    if not isinstance(X, pd.DataFrame):
        return
    for name in X:
        cells = X[name]
        if cells.dtype.kind not in "iufb" or not cells.isin([0, 1]).all():
            continue
        marks = cells.to_numpy(dtype=float)
        n_synthetic = int(marks.sum())
        if n_synthetic in (0, len(marks)) or marks[:-n_synthetic].any():
            continue
        is_named = any(word in str(name).lower() for word in ("synth", "mark", "ganaug"))
        real, both = (np.unique(of, return_counts=True)[1] for of in (y[:-n_synthetic], y))
        if is_named or (both.max() == both.min() and real.max() > real.min()):
            warn_user(
                f"The column {name!r} seems to mark {n_synthetic:,} synthetic rows, as `ganaug balance --mark` does. "
                "Every split then tests on synthetic rows as well, and the scores are too high. Compare the table as "
                "it was before it was balanced."
            )


def digest_of(X: pd.DataFrame | NDArray) -> str:
    """Return a text that changes with any value, name or dtype; the index is left out.

    Parameters
    ----------
    X : DataFrame or ndarray
        What `rows_of` returned.
    """
    if is_texts(X):
        return hashlib.sha256(pd.util.hash_array(np.asarray(X), categorize=False).tobytes()).hexdigest()
    if isinstance(X, np.ndarray):
        return hashlib.sha256(np.ascontiguousarray(X).tobytes()).hexdigest() + str((X.shape, X.dtype))
    cells = pd.util.hash_pandas_object(X, index=False).to_numpy().tobytes()
    return hashlib.sha256(cells).hexdigest() + str([(name, str(of)) for name, of in X.dtypes.items()])


def preparation_steps(X: pd.DataFrame | NDArray) -> list[tuple[str, Any]]:
    """Return the two unfitted steps from rows to what classifiers take.

    Parameters
    ----------
    X : DataFrame or ndarray
        What `rows_of` returned.

    Returns
    -------
    list of (str, transformer)
        "tidy": standardised numbers without gaps, and categories as text; "matrix": numbers alone. Of texts: the texts,
        and TF-IDF of words and pairs of words.
    """
    if is_texts(X):
        words = TfidfVectorizer(tokenizer=words_of, token_pattern=None, lowercase=False, ngram_range=(1, 2))
        return [("tidy", FunctionTransformer()), ("matrix", words.set_params(sublinear_tf=True))]
    if isinstance(X, np.ndarray):
        return [("tidy", FunctionTransformer(_flat)), ("matrix", StandardScaler())]
    numbers, categories = columns_by_kind(X)
    number = make_pipeline(
        FunctionTransformer(_as_numbers, feature_names_out="one-to-one"),
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
    )
    category = FunctionTransformer(_as_text, feature_names_out="one-to-one")
    tidy = ColumnTransformer(
        [("numbers", number, numbers), ("categories", category, categories)], verbose_feature_names_out=False
    ).set_output(transform="pandas")
    one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=_MAX_LEVELS, sparse_output=False)
    matrix = ColumnTransformer([("numbers", "passthrough", numbers), ("categories", one_hot, categories)])
    return [("tidy", tidy), ("matrix", matrix)]


def columns_by_kind(X: pd.DataFrame | NDArray) -> tuple[list[str], list[str]]:
    """Return the names of the columns with numbers or dates, and of those with categories.

    Parameters
    ----------
    X : DataFrame or ndarray
        What `rows_of` returned. Images and texts have no names.
    """
    if isinstance(X, np.ndarray):
        return [], []
    numbers = [str(column) for column in X.select_dtypes(["number", "datetime", "datetimetz"])]
    return numbers, [str(column) for column in X if column not in numbers]


def _flat(images: NDArray) -> NDArray[np.float64]:
    return images.reshape(len(images), -1).astype(float)


def _as_numbers(columns: pd.DataFrame) -> pd.DataFrame:
    def numbers(column: pd.Series) -> NDArray[np.float64]:
        if pd.api.types.is_datetime64_any_dtype(column):
            column = column - pd.Timestamp(0, tz=column.dt.tz)
        if pd.api.types.is_timedelta64_dtype(column):
            column = column.dt.total_seconds()
        return column.to_numpy(float, na_value=np.nan)

    return pd.DataFrame({name: numbers(columns[name]) for name in columns}, index=columns.index)


def _as_text(columns: pd.DataFrame) -> pd.DataFrame:
    return columns.apply(lambda column: column.astype(str).astype(object).where(column.notna(), ""))
