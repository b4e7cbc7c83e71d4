"""Labels in any container: pandas, polars, NumPy and lists."""

import numbers
from typing import Any, Literal

import numpy as np
import pandas as pd
from narwhals import dependencies
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets

from ganaug.common.warnings import warn_user
from ganaug.common.wording import counted, joined, shortened

# Memory and time of a training grow with the square of the classes: of 1,000, it takes 20 seconds and 2.4 GB at least.
MAX_CLASSES = 1_000


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
        If y is None or no sequence, a label is missing, or labels are neither text, whole numbers nor booleans (times
        of NumPy are classes as well); the message names a label and how to convert all.

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
    try:
        n_axes = np.asarray(_plain(y)).ndim
    except ValueError as error:
        raise ValueError(f"{name} must hold one label for each row, but its rows have different lengths") from error
    if isinstance(y, str | bytes | dict | set | frozenset) or n_axes == 0:
        raise ValueError(
            f"{name} must hold one label for each row, in a list, an array or a Series, but it is {_shown(y)} of type "
            f"{type(y).__name__}"
        )
    _check_list(y, name)
    array = np.asarray(_plain(y))
    if array.dtype.kind == "U" and isinstance(y, list | tuple) and any(str(label).endswith("\0") for label in y):
        array = np.array(y, dtype=object)  # arrays of text lose zeros at the end
    if array.ndim > 2:
        raise ValueError(f"{name} must hold one label for each row, shape (n,), but it has shape {array.shape}")
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2 and not (array.dtype.kind in "biuf" or _are_numbers(array)):
        raise _several_columns(array, name)
    if array.ndim == 1 and array.dtype.kind in "OU":
        _check_letters(array, name)
    if array.ndim == 1 and array.dtype == object:
        array = pd.Series(array).infer_objects().to_numpy()
    # a missing label in a list of text would become the text "nan"
    cells = np.array(y, dtype=object) if isinstance(y, list | tuple) else array
    n_missing = int(np.ma.getmaskarray(y).sum()) if isinstance(y, np.ma.MaskedArray) else int(pd.isna(cells).sum())
    if n_missing:
        raise ValueError(
            f"Input {name} contains NaN: {counted(n_missing, 'missing label')} among {array.size:,}. Remove the rows "
            "without a label"
        )
    if array.ndim == 1:
        _check_kinds(array, name)
    return sortable(array)


def label_of_each_row(y: Any) -> NDArray:
    """Return labels as `labels_of` does, where one is needed for each row: several columns are refused.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, 1)
        See `labels_of`.

    Returns
    -------
    ndarray of shape (n,)
        The labels.

    Raises
    ------
    ValueError
        As of `labels_of`, and if y has several columns.
    """
    labels = labels_of(y)
    if labels.ndim == 2:
        raise _several_columns(labels, "y")
    return labels


def _several_columns(labels: NDArray, name: str) -> ValueError:
    return ValueError(
        f"{name} has {counted(labels.shape[1], 'column')}, shape {labels.shape}, but each row needs one label. Pass "
        f"one column; make a class of each combination, [' / '.join(map(str, row)) for row in numpy.asarray({name})]; "
        "or, for several labels a row, each a column of 0 and 1, take ganaug.targets.GANMultilabelOversampler"
    )


def _are_numbers(labels: NDArray) -> bool:
    kinds = set(map(type, labels.ravel()))
    return all(issubclass(kind, numbers.Real | np.bool_) for kind in kinds)


def _plain(y: Any) -> Any:
    return y.to_numpy() if hasattr(y, "to_numpy") else y


def _check_list(y: Any, name: str) -> None:
    """Refuse lists that an array would change: labels of several types, and tuples."""
    if not isinstance(y, list | tuple):
        return
    kinds = {type(label) for label in y}
    if tuple in kinds:
        raise _unfit(next(label for label in y if type(label) is tuple), name)
    gaps = (type(None), type(pd.NA), type(pd.NaT))
    known = {kind for kind in kinds if kind not in (*gaps, float) and not issubclass(kind, np.floating)}
    families = {next((family for family in (str, bytes, bool) if issubclass(kind, family)), kind) for kind in known}
    if len(families) > 1 and (families & {str, bytes, bool} or np.bool_ in known):
        first = {type(label): label for label in reversed(y)}
        raise _mixed([first[kind] for kind in kinds if kind not in gaps], name)


def _check_kinds(labels: NDArray, name: str) -> None:
    """Refuse labels that cannot be told apart, sorted and stored as classes are."""
    if labels.dtype.kind in "cSV":
        if len(labels):
            raise _unfit(labels[0], name)
    elif labels.dtype.kind == "f" and np.isinf(labels).any():
        raise ValueError(
            f"{name} holds {labels[np.isinf(labels)][0]}, which is no class; replace it, or remove the rows"
        )
    elif labels.dtype == object:
        other = next((label for label in labels if not isinstance(label, str)), None)
        if other is not None:
            first = {type(label): label for label in reversed(labels)}
            raise _unfit(other, name) if len(first) == 1 else _mixed(list(first.values()), name)


def _check_letters(labels: NDArray, name: str) -> None:
    """Refuse text that no file can hold."""
    for label in set(map(str, labels)) if labels.dtype.kind == "U" else {of for of in labels if type(of) is str}:
        if any("\ud800" <= character <= "\udfff" for character in label):
            raise ValueError(
                f"{name} holds {label!r}, in which half a character (a surrogate) stands; read the text again with its "
                "encoding, or replace the label"
            )


def _unfit(label: Any, name: str) -> ValueError:
    if isinstance(label, int):
        return ValueError(
            f"Unknown label type: {name} holds {_shown(label)}, which has more than 64 bits. Convert the labels to "
            f"text, e.g. with {name} = [str(label) for label in {name}]"
        )
    convert = "label.decode()" if isinstance(label, bytes) else "str(label)"
    # the first words are those that the common checks of scikit-learn look for
    what = "Complex data not supported" if isinstance(label, complex | np.complexfloating) else "Unknown label type"
    return ValueError(
        f"{what}: {name} holds {_shown(label)} of type {type(label).__name__}, but classes are text, whole "
        f"numbers or booleans. Convert them to text, e.g. with {name} = [{convert} for label in {name}]"
    )


def _mixed(labels: list[Any], name: str) -> ValueError:
    shown = joined([f"{_shown(label)} ({type(label).__name__})" for label in labels[:3]])
    return ValueError(
        f"Unknown label type: {name} holds labels of several types, such as {shown}. Give all the same type, e.g. with "
        f"{name} = [str(label) for label in {name}]"
    )


def _shown(value: Any) -> str:
    return shortened(repr(value), 40)


def check_classes(labels: NDArray, *, warn: bool = False, min_classes: int = 1) -> None:
    """Refuse a continuous target, too few classes, and more than a generator can be trained for.

    Parameters
    ----------
    labels : ndarray of shape (n,) or (n, k)
        From `labels_of`.
    warn : bool, default=False
        Whether to warn of whole numbers that look measured, and of labels that differ only in their spelling.
    min_classes : int, default=1
        How many classes are needed.

    Raises
    ------
    ValueError
        If labels are not whole numbers, text, booleans or other classes, if a row of indicators has several classes or
        none, or if there are too few classes or more than 1,000; the message says how to get classes.

    Examples
    --------
    >>> check_classes(np.array([0.5, 1.7, 2.2]))
    Traceback (most recent call last):
    ...
    ValueError: Unknown label type: continuous. y holds numbers such as 0.5 and 1.7, 3 different ones among 3 rows, but
    each row needs a class. Make classes of them, e.g. with y = pandas.qcut(y, 3, labels=["low", "middle", "high"]), or
    take ganaug.targets.GANRegressionOversampler, which adds rows where numbers are rare
    """
    if labels.ndim == 2 and labels.dtype.kind in "biu" and (is_other := labels.sum(axis=1) != 1).any():
        raise ValueError(
            f"Multilabel and multioutput targets are not supported: y has {counted(int(is_other.sum()), 'row')} with "
            "several classes or none, but each row needs exactly one class. For several labels a row, take "
            "ganaug.targets.GANMultilabelOversampler"
        )
    n_classes = labels.shape[1] if labels.ndim == 2 else len(np.unique(labels))
    n_used = int((labels != 0).any(axis=0).sum()) if labels.ndim == 2 else n_classes
    if len(labels) and n_used < min_classes:
        what = f"column {int(labels.sum(axis=0).argmax())}" if labels.ndim == 2 else _shown(labels[:1].tolist()[0])
        # the first words are those of imbalanced-learn
        raise ValueError(
            f"The target 'y' needs to have more than 1 class. Got 1 class instead: {what} in all "
            f"{counted(len(labels), 'row')}. Add rows of another class. To generate rows of this one alone, fit a "
            "model without the sampler, such as TabularGAN().fit(X, y).sample(y), or ImageGAN for images"
        )
    if n_classes > MAX_CLASSES and labels.dtype.kind != "f":
        raise ValueError(
            f"y has {n_classes:,} classes in {len(labels):,} rows; at most {MAX_CLASSES:,} can be learned. Put rare "
            "classes together, or leave their rows out"
        )
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
    if warn and labels.dtype.kind in "OU" and labels.ndim == 1:
        _warn_of_spellings(np.unique(labels).tolist())
    if warn and looks_measured(labels):
        warn_user(measured_words("y", len(np.unique(labels)), "pandas.qcut(y, 3)", "pass them as text"))


def _warn_of_spellings(classes: list[str]) -> None:
    """Name classes that may be one: a space behind a label is not seen in a table."""
    alike: dict[str, list[str]] = {}
    for label in classes:
        alike.setdefault(" ".join(label.split()).casefold(), []).append(label)
    several = [labels for labels in alike.values() if len(labels) > 1]
    if several:
        shown = "; ".join(joined([_shown(label) for label in labels]) for labels in several[:3])
        warn_user(
            f"y has classes that differ only in spaces or capital letters: {shown}. Each counts as a class of its own. "
            "If they mean the same, write them alike before."
        )


def measured_words(name: str, n_values: int, cut: str, way: str) -> str:
    """Say that a target looks measured.

    Parameters
    ----------
    name : str
        What the target is called.
    n_values : int
        Number of its values.
    cut : str
        What makes classes of it.
    way : str
        What to do if they are classes.

    Examples
    --------
    >>> measured_words("y", 72, "pandas.qcut(y, 3)", "pass them as text")[:52]
    'y has 72 different numbers, and each becomes a class'
    """
    return (
        f"{name} has {n_values} different numbers, and each becomes a class of its own, with few samples. If they are "
        "measured or counted, such as an age, take ganaug.targets.GANRegressionOversampler in Python for tables, which "
        f"adds rows where numbers are rare, or make classes of them, e.g. with {cut}. If they are classes, {way}."
    )


# Whole numbers of so many values, most of them in few rows, are measured more often than they are classes.
_MANY_VALUES, _FEW_ROWS = 20, 50


def looks_measured(labels: NDArray) -> bool:
    """Whether labels look like a number that was measured or counted, such as an age, rather than like classes.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        From `labels_of`.

    Examples
    --------
    >>> looks_measured(np.arange(300) // 4), looks_measured(np.arange(300) % 10)
    (True, False)
    """
    if labels.ndim != 1 or labels.dtype.kind not in "iuf":
        return False
    counts = np.unique(labels, return_counts=True)[1]
    return len(counts) > _MANY_VALUES and float(np.median(counts)) < _FEW_ROWS


def kind_of_target(values: Any, *, in_file: bool = False) -> Literal["classes", "counted", "measured"]:
    """Say what the values of a target look like: the one rule by which classes and numbers are told apart.

    Parameters
    ----------
    values : array-like of shape (n,)
        The target. Missing values do not count.
    in_file : bool, default=False
        Whether they are cells of a file, where 0.5 and 1.5 may be names of classes: 20 different numbers or fewer are
        classes there.

    Returns
    -------
    {"classes", "counted", "measured"}
        "measured" are numbers of which some are not whole, "counted" whole numbers that have more than 20 values, most
        of them in fewer than 50 rows. All else are classes.

    Examples
    --------
    >>> kind_of_target([0.5, 1.7, 2.2]), kind_of_target([0.5, 1.7, 2.2], in_file=True)
    ('measured', 'classes')
    >>> kind_of_target(np.arange(300) // 4), kind_of_target(["low", "high"])
    ('counted', 'classes')
    """
    column = values if isinstance(values, pd.Series) else pd.Series(np.asarray(values).ravel())
    column = column.dropna().infer_objects()
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return "classes"
    numbers = column.to_numpy()
    if numbers.dtype.kind not in "iuf":
        return "classes"
    if in_file and len(np.unique(numbers)) <= _MANY_VALUES:
        return "classes"
    if (numbers % 1 != 0).any():
        return "measured"
    return "counted" if looks_measured(numbers) else "classes"


def check_lengths(X: Any, labels: NDArray) -> None:
    """Refuse labels that are not one for each row.

    Parameters
    ----------
    X : array-like of n rows
        The data.
    labels : ndarray of n labels
        From `labels_of`.

    Raises
    ------
    ValueError
        With both lengths.

    Examples
    --------
    >>> check_lengths([[1], [2]], np.array([0]))
    Traceback (most recent call last):
    ...
    ValueError: inconsistent numbers of samples: X has 2 rows, but y has 1 label; pass one label for each row
    """
    n_rows = len(X)
    if n_rows != len(labels):
        raise ValueError(
            f"inconsistent numbers of samples: X has {counted(n_rows, 'row')}, but y has "
            f"{counted(len(labels), 'label')}; pass one label for each row"
        )


def check_same_length(**named: Any) -> None:
    """Raise ValueError unless all of these have the same length; None stands for what was not given.

    Parameters
    ----------
    **named : array-like or None
        By the names that the user knows, what is described first.

    Raises
    ------
    ValueError
        With the names and both lengths.

    Examples
    --------
    >>> check_same_length(X=[1, 2, 3], y=[0, 1, 0], weights=None)
    >>> check_same_length(X=[1, 2, 3], y=[0, 1])
    Traceback (most recent call last):
    ...
    ValueError: inconsistent numbers of samples: X has 3, but y has 2; pass one entry of y for each of X
    """
    given = {name: value for name, value in named.items() if value is not None}
    sizes = {name: 1 if isinstance(of, str) or not hasattr(of, "__len__") else len(of) for name, of in given.items()}
    first, n = next(iter(sizes.items()))
    for name, size in sizes.items():
        if size != n:
            raise ValueError(
                f"inconsistent numbers of samples: {first} has {n:,}, but {name} has {size:,}; pass one entry of "
                f"{name} for each of {first}"
            )


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
