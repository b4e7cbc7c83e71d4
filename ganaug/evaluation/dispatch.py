"""`evaluate`: one function for all kinds of data, which hands them to the evaluation of their kind."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import ClassifierMixin

from ganaug.common.modality import MODALITIES, modality_of

if TYPE_CHECKING:
    from ganaug.evaluation.image_result import ImageEvaluation
    from ganaug.evaluation.table_result import TableEvaluation
    from ganaug.evaluation.text_result import TextEvaluation

# Parameters of `evaluate` that only one kind of data has.
_MODALITY_OF_PARAMETER = {"classifiers": "tabular", "ignore": "tabular", "inception": "image"}


def evaluate(
    real: Any,
    synthetic: Any,
    *,
    holdout: Any = None,
    target: Any = None,
    classifiers: Sequence[ClassifierMixin] | None = None,
    ignore: Any = None,
    inception: str | Path | None = None,
    random_state: int | np.random.Generator | None = None,
) -> "TableEvaluation | ImageEvaluation | TextEvaluation":
    """Measure whether synthetic data are real enough, whether they are copies, and what they are good for.

    Parameters
    ----------
    real, synthetic : DataFrame of pandas or polars, Arrow table, array or list of lists, shape (n, d)
        The rows that the generator was trained on, and the rows it returned, at least 20 each. Both have the same
        columns in any order; an array takes the column names of the real table. Or images: arrays of shape (n, height,
        width) or (n, height, width, channels), of one size and dtype. Or texts: lists, Series, arrays or one-column
        tables of strings.
    holdout : table of the same columns, images of the same shape, or None, default=None
        Real data of the same origin that the generator has not seen; at least 20 rows. With a hold-out, privacy is
        measured against rows that cannot have been memorised, and classifiers are tested on rows that the generator has
        not seen.
    target : hashable, tuple of arrays or None, default=None
        The classes. Tables: a column, which classifiers predict, or the labels of the real rows, of the synthetic ones
        and, with a hold-out, of the held-out ones, as ``(y, y_synthetic)``. If the synthetic rows have only some of the
        classes, they are compared with the real rows of these classes, and with a hold-out classifiers are tested that
        learn from all real rows, with and without them. If the classes have other shares than in the real table, as
        after balancing, rows are compared at equal shares of the classes. None leaves the measures of utility out.
        Images, texts: such labels, so that they are compared within their class; None puts all of them into one class.
    classifiers : sequence of scikit-learn classifiers or None, default=None
        For tables, with a `target`. None takes a logistic regression and gradient boosting; see
        `ganaug.metrics.utility_scores`.
    ignore : sequence of hashable or None, default=None
        For tables: columns that are left out of all measures. None takes those that identify rows, such as customer
        numbers and e-mail addresses; a list adds others to them; an empty list takes none. Of these columns the verdict
        says only whether synthetic rows carry values of real rows.
    inception : str, Path or None, default=None
        For images: the file of `ganaug.metrics.Inception`. With it, distances and score are the FID, KID and IS of
        papers, for as few images as there are. This takes minutes a class.
    random_state : int, numpy.random.Generator or None, default=None
        For forests, folds, and the choice of rows of long tables.

    Returns
    -------
    TableEvaluation, ImageEvaluation or TextEvaluation
        Print it for the verdict, call `frame` for all numbers, or give it to `ganaug.report` for a page.

    Raises
    ------
    ValueError
        If tables have other columns or too few rows, hold infinite or nested cells, the target is not a column of
        classes, or a parameter does not fit the kind of data; the message names the column or the parameter.

    Notes
    -----
    Columns, cells and copies are measured on all rows. Where the time grows with the pairs of rows, some rows are
    drawn: 20,000 for associations; 2,500 of each table for the random forest; 2,000 for precision, recall, density,
    coverage, alpha-precision and beta-recall; and for distances as many as make 10^8 pairs with all rows of the other
    table. 10^5 rows of ten columns take about half a minute.

    Images are measured class by class, in the features of EfficientNet-Lite0 (``ganaug[extractor]``; without it, only
    pixels are compared), on at most 250 synthetic images of a class and as many real ones. Such a Fréchet distance is
    called FD-EffNetLite0, because it is not the FID of papers; `inception` gives that FID. Beside each measure stands
    its value for two halves of the real images.

    Texts are measured class by class, by their words: at most 1,000 of a class for diversity and two-sample AUC, and
    2,000 for copies.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(300, 2))
    >>> found = evaluate(rows[:100], rows[100:200], holdout=rows[200:], random_state=0)
    >>> found.frame().set_index("measure").loc["exact copies", ["value", "real"]].tolist()
    [0.0, 0.0]
    >>> copied = evaluate(rows[:100], rows[:100], holdout=rows[200:], random_state=0)
    >>> [of.sentence for of in copied.verdict if of.question == "Is it safe to share?"][0].partition(": ")[0]
    'Do not share these rows as if they were anonymous. There are copies'
    """
    modality = modality_of(real)
    given: dict[str, Any] = {"classifiers": classifiers, "ignore": ignore, "inception": inception}
    for name, value in given.items():
        owner = MODALITIES[_MODALITY_OF_PARAMETER[name]]
        if value is not None and owner is not modality:
            raise ValueError(f"{name}={str(value)!r} is for {owner.noun}, but real holds {modality.noun}; leave it out")
    own = {name: value for name, value in given.items() if _MODALITY_OF_PARAMETER[name] == modality.name}
    evaluation: TableEvaluation | ImageEvaluation | TextEvaluation = modality.load("evaluate")(
        real, synthetic, holdout=holdout, target=target, random_state=random_state, **own
    )
    return evaluation
