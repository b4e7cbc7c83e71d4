"""Measures of what a generated table is good for: classifiers trained on it, tested on real rows."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, recall_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.utils.multiclass import type_of_target

from ganaug.common.containers import as_frame
from ganaug.common.random import subsample
from ganaug.metrics.fidelity import TableCodes

# Rows that classifiers learn from and that they are tested on; more make a second decimal no surer.
MAX_TRAINING_ROWS = 10_000
MAX_TEST_ROWS = 5_000
_N_RESAMPLES = 50


class Utility(NamedTuple):
    """What `utility` returns."""

    scores: pd.DataFrame
    notes: list[str]


def utility(
    real: Any,
    synthetic: Any,
    target: Any,
    *,
    holdout: Any = None,
    classifiers: Sequence[ClassifierMixin] | None = None,
    random_state: int | np.random.Generator | None = None,
) -> Utility:
    """Train classifiers on synthetic rows, on real ones and on both; test them on real ones.

    Parameters
    ----------
    real, synthetic : table of shape (n_real, d), (n_synthetic, d)
        With the same columns, the target among them; see `as_frame`.
    target : hashable
        Column that classifiers predict.
    holdout : table of shape (n_holdout, d) or None, default=None
        Real rows to test on, which the generator has not seen. Without, 30 % of the real rows are kept for that, which
        it has: scores of classifiers trained on synthetic rows are then too good, the more the more it memorised.
    classifiers : sequence of scikit-learn classifiers or None, default=None
        With `predict_proba`. None takes a linear one and a strong one, `LogisticRegression` and
        `HistGradientBoostingClassifier`. They get columns as `TableCodes.points` makes them, without missing cells.
    random_state : int, numpy.random.Generator or None, default=None
        Of classifiers that have none, of the split, and of the rows drawn: 10,000 of each table to train on,
        5,000 to test on.

    Returns
    -------
    scores : DataFrame
        A row for each classifier, "trained on" ("real", "synthetic", "both") and "metric", with "value", 0 to 1,
        higher is better, and "low" and "high", the 95 % interval over other test rows. "balanced accuracy": mean recall
        of the classes, 1 / (their number) for guessing. "ROC AUC": of each class against the rest, mean; 0.5 for
        guessing. "average precision": of the rarer of two classes, or mean over several; its share for guessing.
        NaN where the rows to train on are of one class.
    notes : list of str
        What has to be known besides: what was tested on, and what was left out.

    Raises
    ------
    ValueError
        If `target` is no column, has one value only or is no list of classes, a classifier cannot predict
        probabilities, or nothing is left to test on; see also `as_frame` and `TableCodes`.

    Notes
    -----
    Synthetic scores as good as real ones say that the rows hold what the classifiers learn from the real ones;
    both above real, that adding them helped *these* classifiers, all classes as frequent as they are here.

    References
    ----------
    Esteban, Hyland and Rätsch, arXiv 1706.02633.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=400)
    >>> real = pd.DataFrame({"x": x, "good": np.where(x > 0, "yes", "no")})
    >>> wrong = real.assign(good=np.where(x > 0, "no", "yes"))
    >>> found = utility(real[:200], wrong[:200], "good", holdout=real[200:], classifiers=[LogisticRegression()])
    >>> found.scores.query("metric == 'ROC AUC'").set_index("trained on")["value"][["real", "synthetic"]].to_dict()
    {'real': 1.0, 'synthetic': 0.0}
    """
    real = as_frame(real, "real")
    synthetic = as_frame(synthetic, "synthetic", real)
    if target not in real:
        raise ValueError(f"target is {target!r}, which is no column; there are {', '.join(map(repr, real))}")
    if real.shape[1] < 2:
        raise ValueError(f"there is no column beside the target {target!r} to predict it from")
    rng = np.random.default_rng(random_state)
    notes: list[str] = []
    classes = _classes(real[target], target)
    real = _labelled(real, "real", target, classes, notes)
    if holdout is None:
        real, test = _split(real, target, rng)
        notes.append(
            "There is no hold-out, so 30 % of the real rows were kept for testing. The generator has seen them: scores "
            "of what is trained on synthetic rows are too good."
        )
    else:
        test = _labelled(as_frame(holdout, "holdout", real), "holdout", target, classes, notes)
        if len(test) == 0:
            raise ValueError(f"holdout has no row with a known class in {target!r}; give real rows to test on")
    synthetic = _labelled(synthetic, "synthetic", target, classes, notes)
    tables = {
        "real": real.iloc[subsample(len(real), MAX_TRAINING_ROWS, rng)],
        "synthetic": synthetic.iloc[subsample(len(synthetic), MAX_TRAINING_ROWS, rng)],
        "test": test.iloc[subsample(len(test), MAX_TEST_ROWS, rng)],
    }
    labels = {name: classes.get_indexer(pd.Index(table[target].astype(object))) for name, table in tables.items()}
    features = [table.drop(columns=target) for table in tables.values()]
    book = TableCodes(*features)
    cells = [book.cells(frame) for frame in features]
    points = dict(zip(tables, book.points(*cells), strict=True))
    for of in (points, labels):
        of["both"] = np.concatenate([of["real"], of["synthetic"]])

    seed = int(rng.integers(2**31))
    resamples = [rng.integers(len(labels["test"]), size=len(labels["test"])) for _ in range(_N_RESAMPLES)]
    rarer = int(np.bincount(labels["real"], minlength=len(classes)).argmin()) if len(classes) == 2 else None
    rows = []
    for classifier in default_classifiers() if classifiers is None else classifiers:
        for trained_on in ("real", "synthetic", "both"):
            probabilities = _predict(
                classifier, points[trained_on], labels[trained_on], points["test"], len(classes), seed
            )
            if probabilities is None:
                notes.append(f"All rows of {trained_on} are of one class: nothing could be learned from them.")
                probabilities = np.full((len(labels["test"]), len(classes)), np.nan)
            values = _scores(labels["test"], probabilities, rarer)
            others = [_scores(labels["test"][drawn], probabilities[drawn], rarer) for drawn in resamples]
            for metric, value in values.items():
                known = [other[metric] for other in others if not np.isnan(other[metric])]
                low, high = np.quantile(known, (0.025, 0.975)) if known else (np.nan, np.nan)
                rows.append(
                    {
                        "classifier": type(classifier).__name__,
                        "trained on": trained_on,
                        "metric": metric,
                        "value": value,
                        "low": float(low),
                        "high": float(high),
                    }
                )
    return Utility(pd.DataFrame(rows), list(dict.fromkeys(notes)))


def default_classifiers() -> list[ClassifierMixin]:
    """Return a linear classifier and a strong one."""
    return [LogisticRegression(max_iter=2_000), HistGradientBoostingClassifier()]


def _classes(labels: pd.Series, target: Any) -> pd.Index:
    known = labels.dropna()
    numeric = known.dtype.kind == "f" and type_of_target(known.to_numpy("float64")) == "continuous"
    if numeric or known.dtype.kind in "mM":
        raise ValueError(f"target {target!r} holds numbers rather than classes; cut it into classes first")
    classes = pd.Index(known.astype(object).unique(), dtype=object)
    if len(classes) < 2:
        raise ValueError(f"target {target!r} has {len(classes)} class in the real rows; two are needed at least")
    return classes


def _labelled(frame: pd.DataFrame, name: str, target: Any, classes: pd.Index, notes: list[str]) -> pd.DataFrame:
    """Leave out rows without a known class, and say so."""
    known = classes.get_indexer(pd.Index(frame[target].astype(object))) >= 0
    if not known.all():
        notes.append(f"{(~known).sum()} rows of {name} have no class that the real rows have, and were left out.")
    return frame[known]


def _split(real: pd.DataFrame, target: Any, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    n_test, counts = round(0.3 * len(real)), real[target].value_counts()
    even = counts[counts > 0].min() > 1 and (counts > 0).sum() <= min(n_test, len(real) - n_test)
    seed = int(rng.integers(2**31))
    train, test = train_test_split(real, test_size=0.3, random_state=seed, stratify=real[target] if even else None)
    return train, test


def _predict(
    classifier: ClassifierMixin, X: NDArray, y: NDArray, test: NDArray, n_classes: int, seed: int
) -> NDArray | None:
    """Return probabilities of all classes for the rows of the test, shape (n_test, n_classes)."""
    if not hasattr(classifier, "predict_proba"):
        raise ValueError(f"{type(classifier).__name__} has no predict_proba; wrap it in a CalibratedClassifierCV")
    if len(np.unique(y)) < 2:
        return None
    own = clone(classifier)
    parameters = own.get_params(deep=False)
    if "random_state" in parameters and parameters["random_state"] is None:
        own.set_params(random_state=seed)
    own.fit(X, y)
    probabilities = np.zeros((len(test), n_classes))
    probabilities[:, own.classes_] = own.predict_proba(test)
    return probabilities


def _scores(y: NDArray, probabilities: NDArray, rarer: int | None) -> dict[str, float]:
    names = ("balanced accuracy", "ROC AUC", "average precision")
    counts = np.bincount(y, minlength=probabilities.shape[1])
    present = np.flatnonzero(counts)
    if np.isnan(probabilities).any() or len(present) < 2:
        return dict.fromkeys(names, float("nan"))
    recall = recall_score(y, probabilities.argmax(1), labels=present, average="macro", zero_division=0.0)
    judged = present if rarer is None else [rarer]
    areas = [roc_auc_score(y == c, probabilities[:, c]) for c in judged]
    precisions = [average_precision_score(y == c, probabilities[:, c]) for c in judged]
    return dict(zip(names, (float(recall), float(np.mean(areas)), float(np.mean(precisions))), strict=True))
