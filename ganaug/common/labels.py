"""Labels in any container: pandas, polars, NumPy and lists."""

from typing import Any

import numpy as np
import pandas as pd
from narwhals import dependencies
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets

from ganaug.common.wording import counted


def labels_of(y: Any, name: str = "y") -> NDArray:
    """Return labels of any container as an array.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, 1), or indicators of shape (n, k)
        A list, an array, a Series, Index or one-column DataFrame of pandas or polars. Labels that are stored as objects
        get the dtype of the labels, e.g. int64 where all are integers. Indicators (one column a class) are returned as
        they are: `imblearn.utils.check_target_type` reads them.
    name : str, default="y"
        What messages call it.

    Returns
    -------
    ndarray of shape (n,) or (n, k)
        The labels.

    Raises
    ------
    ValueError
        If y is None or a label is missing.

    Examples
    --------
    >>> labels_of(pd.Series([0, 1, 1], dtype=object)).dtype
    dtype('int64')
    >>> labels_of([0, None, 1])
    Traceback (most recent call last):
    ...
    ValueError: Input y contains NaN: 1 missing label among 3. Remove the rows without a label
    """
    if y is None:
        raise ValueError(
            f"ganaug requires {name} to be passed, but the target {name} is None: pass one label for each row"
        )
    array = np.asarray(y.to_numpy() if hasattr(y, "to_numpy") else y)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 1 and array.dtype == object:
        array = pd.Series(array).infer_objects().to_numpy()
    array = sortable(array)
    # a missing label in a list of text would become the text "nan"
    n_missing = int(pd.isna(np.array(y, dtype=object) if isinstance(y, list | tuple) else array).sum())
    if n_missing:
        raise ValueError(
            f"Input {name} contains NaN: {counted(n_missing, 'missing label')} among {array.size:,}. Remove the rows "
            "without a label"
        )
    return array


def check_classes(labels: NDArray) -> None:
    """Refuse a continuous target.

    Parameters
    ----------
    labels : ndarray of shape (n,) or (n, k)
        From `labels_of`.

    Raises
    ------
    ValueError
        If labels are not whole numbers, text, booleans or other classes; the message says how to get classes.

    Examples
    --------
    >>> check_classes(np.array([0.5, 1.7, 2.2]))
    Traceback (most recent call last):
    ...
    ValueError: Unknown label type: continuous. y holds numbers such as 0.5 and 1.7, 3 different ones among 3 rows, but
    each row needs a class. Make classes of them, e.g. with y = pandas.qcut(y, 3, labels=["low", "middle", "high"]), or
    take ganaug.targets.GANRegressionOversampler, which adds rows where numbers are rare
    """
    try:
        check_classification_targets(labels)
    except ValueError as error:
        if labels.dtype.kind != "f":
            raise
        values = np.unique(labels)
        raise ValueError(
            f"Unknown label type: continuous. y holds numbers such as {' and '.join(map(str, values[:2].tolist()))}, "
            f"{len(values):,} different ones among {len(labels):,} rows, but each row needs a class. Make classes of "
            'them, e.g. with y = pandas.qcut(y, 3, labels=["low", "middle", "high"]), or take '
            "ganaug.targets.GANRegressionOversampler, which adds rows where numbers are rare"
        ) from error


def sortable(labels: NDArray) -> NDArray:
    """Return labels in a dtype that an index takes: the byte order of this machine, no floats of 16 bits.

    Parameters
    ----------
    labels : ndarray
        Of any dtype.

    Examples
    --------
    >>> sortable(np.array([1, 2], dtype=">i4")).dtype, sortable(np.array([1, 2], dtype="float16")).dtype
    (dtype('int32'), dtype('float32'))
    """
    dtype = labels.dtype.newbyteorder("=")
    return labels.astype(np.float32 if dtype == np.float16 else dtype, copy=False)


def name_of(y: Any) -> str | None:
    """Return the name of labels, if it is text: the name of a Series or Index, or of the only column of a frame.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, k)
        The labels, in any container.

    Examples
    --------
    >>> name_of(pd.Series([0, 1], name="churn")), name_of([0, 1])
    ('churn', None)
    """
    columns = getattr(y, "columns", None)
    name = columns[0] if columns is not None and len(columns) == 1 else getattr(y, "name", None)
    return name if isinstance(name, str) and name else None


def labels_like(y: Any, labels: np.ndarray) -> Any:
    """Give `labels` the container, dtype and name of `y`.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, k)
        The container to imitate, as in `labels_of`.
    labels : ndarray of shape (m,) or (m, k)
        The labels to put into it.

    Returns
    -------
    Same container as y
        For pandas, with a new index from 0.

    Examples
    --------
    >>> labels_like(pd.Series(["no"], name="churn"), np.array(["no", "yes"])).tolist()
    ['no', 'yes']
    """
    if isinstance(y, pd.DataFrame):
        return pd.DataFrame(labels.reshape(len(labels), -1), columns=y.columns).astype(y.dtypes)
    if isinstance(y, pd.Series):
        return pd.Series(labels, dtype=y.dtype, name=y.name)
    if isinstance(y, list):
        return labels.tolist()
    if isinstance(y, pd.api.extensions.ExtensionArray):
        return pd.Series(labels, dtype=y.dtype).array
    if isinstance(y, pd.Index):
        return pd.Index(labels, dtype=y.dtype, name=y.name)
    if dependencies.is_polars_series(y):
        return type(y)(y.name, labels.tolist(), dtype=y.dtype)
    if dependencies.is_polars_dataframe(y):
        return type(y)(labels.reshape(len(labels), -1).tolist(), schema=y.schema, orient="row")
    return labels.astype(y.dtype) if isinstance(y, np.ndarray) else labels
