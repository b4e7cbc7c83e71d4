"""`evaluate_paths`: files and folders in, an evaluation out."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.modality import modality_of_path
from ganaug.common.texts import are_texts
from ganaug.common.warnings import warn_user
from ganaug.common.wording import joined
from ganaug.datasets import ImageSet, Table, read_images, read_table
from ganaug.evaluation.image_evaluation import evaluate_images
from ganaug.evaluation.table_classes import evaluate_rows
from ganaug.evaluation.text_evaluation import evaluate_texts

if TYPE_CHECKING:
    from ganaug.evaluation.image_result import ImageEvaluation
    from ganaug.evaluation.table_result import TableEvaluation
    from ganaug.evaluation.text_result import TextEvaluation

_MARKED = 1


def evaluate_paths(
    real: str | Path,
    synthetic: str | Path,
    *,
    holdout: str | Path | None = None,
    target: str | None = None,
    mark: str | None = None,
    encoding: str | None = None,
    ignore: Sequence[str] | None = None,
    inception: str | Path | None = None,
    skip_bad: bool = False,
    random_state: int | np.random.Generator | None = None,
) -> "TableEvaluation | ImageEvaluation | TextEvaluation":
    """Read real and synthetic data from files or folders, and evaluate them as `ganaug.evaluate` does.

    Parameters
    ----------
    real, synthetic : str or Path
        The training data and the synthetic data: tables (CSV, TSV, Parquet, Feather) or images (a folder
        ``CLASS/*.png`` or an ``.npz`` archive). If `ganaug balance` wrote `synthetic`, only its synthetic images are
        read; for its tables, see `mark`.
    holdout : str, Path or None, default=None
        Real data that the generator has not seen. Like `synthetic`, it is read with the types and the notation of
        `real`: where a column of `real` holds text, so does theirs.
    target : str or None, default=None
        For tables: the column with the classes. If the synthetic rows have only some of the classes, only real rows of
        these classes are compared, with a warning, and the target is not predicted.
    mark : str or None, default=None
        For tables: the column of `synthetic` that is 1 for synthetic rows, as ``ganaug balance --mark`` writes it. Only
        these rows are evaluated. Without a mark, rows at the start of `synthetic` that are all rows of `real` in their
        order are left out, with a warning.
    encoding : str or None, default=None
        For CSV: name of a codec of Python, such as "gbk". None finds it, see `ganaug.datasets.read_table`.
    ignore : sequence of str or None, default=None
        For tables: see `ganaug.evaluate`.
    inception : str, Path or None, default=None
        For images: the file of `ganaug.metrics.Inception`.
    skip_bad : bool, default=False
        For images: whether files that cannot be read are left out, with a warning. Otherwise they are an error.
    random_state : int, numpy.random.Generator or None, default=None
        Source of subsamples, folds and intervals.

    Returns
    -------
    TableEvaluation, ImageEvaluation or TextEvaluation
        The evaluation. A table with one column of sentences beside the target is evaluated as texts. Images are
        compared class by class; folders of real images are resized to the size of the synthetic ones.

    Raises
    ------
    FileNotFoundError
        If there is no such file or folder.
    ValueError
        If the paths hold data of different kinds, or a parameter does not fit them.

    Warns
    -----
    UserWarning
        If only some classes are compared, and if `synthetic` starts with the rows of `real`.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> rows = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), columns=["x", "y"])
    >>> rows[:30].to_csv(folder / "real.csv", index=False)
    >>> rows[30:].to_csv(folder / "synthetic.csv", index=False)
    >>> evaluate_paths(folder / "real.csv", folder / "synthetic.csv", random_state=0).n_rows
    {'real': 30, 'synthetic': 30, 'holdout': 0}
    """
    paths = [Path(real), Path(synthetic), *([] if holdout is None else [Path(holdout)])]
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"there is no file or folder {path}")
    modalities = {path: modality_of_path(path) for path in paths}
    if len({modality.name for modality in modalities.values()}) > 1:
        kinds = [f"{path} holds {modality.noun}" for path, modality in modalities.items()]
        raise ValueError(f"{joined(kinds)}; all of them must hold the same kind of data")
    modality = modalities[paths[0]]
    _check_parameters(
        paths[0],
        modality.noun,
        {
            "rows": {"target": target, "mark": mark, "encoding": encoding, "ignore": ignore},
            "images": {"inception": inception, "skip_bad": skip_bad or None},
        },
    )
    if modality.name == "image":
        return _evaluate_images(paths, inception, random_state, skip_bad=skip_bad)
    return _evaluate_tables(paths, target, mark, encoding, ignore, random_state)


def _check_parameters(path: Path, noun: str, parameters: dict[str, dict[str, Any]]) -> None:
    for owner, values in parameters.items():
        for name, value in values.items():
            if owner != noun and value is not None:
                raise ValueError(f"{name}={str(value)!r} is for {owner}, but {path} holds {noun}; leave it out")


def _evaluate_images(
    paths: Sequence[Path],
    inception: str | Path | None,
    random_state: int | np.random.Generator | None,
    *,
    skip_bad: bool,
) -> "ImageEvaluation":
    synthetic = read_images(paths[1], only_synthetic=True, skip_bad=skip_bad)
    # `ganaug balance --resize` may have resized the real images before training
    size = synthetic.X.shape[1:3]
    real, *holdout = (
        read_images(path, resize=size if path.is_dir() else None, skip_bad=skip_bad) for path in (paths[0], *paths[2:])
    )
    sets = [real, synthetic, *holdout]
    return evaluate_images(
        real.X,
        synthetic.X,
        holdout=holdout[0].X if holdout else None,
        target=_labels(sets),
        inception=inception,
        random_state=random_state,
        names=real.files,
    )


def _labels(sets: Sequence[ImageSet]) -> list[NDArray]:
    """Return the classes of each set as texts: the names that an archive gives them, in all sets."""
    names = {str(label): name for of in reversed(sets) for label, name in (of.class_names or {}).items()}
    # the numbers in an archive may be the names of folders
    return [np.array([names.get(label, label) for label in of.y.astype(str).tolist()], dtype=object) for of in sets]


def _evaluate_tables(
    paths: Sequence[Path],
    target: str | None,
    mark: str | None,
    encoding: str | None,
    ignore: Sequence[str] | None,
    random_state: int | np.random.Generator | None,
) -> "TableEvaluation | TextEvaluation":
    real = read_table(paths[0], target=target, encoding=encoding)
    others = [read_table(path, target=target, like=real, encoding=encoding) for path in paths[1:]]
    tables = [real, *others]
    if target is not None:
        for table in tables:
            table.check_column(target)
    frames = [table.frame for table in tables]
    if mark is None:
        _check_unmarked(paths, frames)
        rows = np.arange(_n_originals(paths, frames), len(frames[1]))
    else:
        rows = _marked_rows(paths[1], tables[1], mark)
        frames[1] = frames[1].drop(columns=mark)
    frames[1] = frames[1].iloc[rows].reset_index(drop=True)
    if are_texts(frames[0].drop(columns=[] if target is None else target)):
        return _evaluate_texts(frames, target, ignore, random_state)
    evaluation = evaluate_rows(
        frames[0],
        frames[1],
        holdout=frames[2] if len(frames) > 2 else None,
        target=target,
        ignore=ignore,
        random_state=random_state,
    )
    return evaluation.with_row_numbers(synthetic=rows)


def _evaluate_texts(
    frames: Sequence[pd.DataFrame],
    target: str | None,
    ignore: Sequence[str] | None,
    random_state: int | np.random.Generator | None,
) -> "TextEvaluation":
    if ignore:
        raise ValueError(f"ignore={list(ignore)!r} is for tables, but there is one column, of texts; leave it out")
    labels = None if target is None else [frame[target].astype(str) for frame in frames]
    real, synthetic, *holdout = (frame.drop(columns=[] if target is None else target) for frame in frames)
    return evaluate_texts(
        real, synthetic, holdout=holdout[0] if holdout else None, target=labels, random_state=random_state
    )


def _check_unmarked(paths: Sequence[Path], frames: Sequence[pd.DataFrame]) -> None:
    """Refuse a table with one more column that looks like a mark of synthetic rows."""
    extra = frames[1].columns.difference(frames[0].columns, sort=False)
    if len(extra) == 1 and frames[1][extra[0]].isin([0, _MARKED]).all():
        raise ValueError(
            f"{paths[1]} has a column {extra[0]!r} that {paths[0]} does not have. If it marks synthetic rows, pass "
            f"mark={extra[0]!r} (in the shell --mark {extra[0]}); otherwise remove it"
        )


def _n_originals(paths: Sequence[Path], frames: Sequence[pd.DataFrame]) -> int:
    """Return how many real rows the synthetic table starts with: all, as `ganaug balance` writes them, or none."""
    real, synthetic = frames[:2]
    if len(synthetic) <= len(real) or set(synthetic.columns) != set(real.columns):
        return 0  # as many rows and no more would be copies, which must be found
    for name in real.columns:
        left, right = real[name], synthetic[name].iloc[: len(real)]
        is_equal = (left.isna() & right.isna()) | (left.astype(object) == right.astype(object)).fillna(False)
        if not is_equal.all():
            return 0
    n_rest = len(synthetic) - len(real)
    warn_user(
        f"The first {len(real):,} rows of {paths[1]} are the rows of {paths[0]}, in their order. Only the other "
        f"{n_rest:,} are evaluated as synthetic rows."
    )
    return len(real)


def _marked_rows(path: Path, table: Table, mark: str) -> NDArray[np.intp]:
    table.check_column(mark)
    is_synthetic = table.frame[mark] == _MARKED
    if not is_synthetic.any():
        raise ValueError(f"mark={mark!r}: this column of {path} has no 1, so no row is marked as synthetic")
    return np.flatnonzero(is_synthetic.fillna(False))
