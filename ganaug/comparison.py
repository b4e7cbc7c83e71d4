"""Do more rows of the rare class help on these data? Samplers side by side, cross-validated, with doing nothing first.

What is compared is what is done about imbalance: nothing, class weights, another decision threshold, rows repeated,
interpolated, generated. Whether it helps depends on the data, the classifier and the metric, so all three are the
user's own here. `compare` shows it; `select` goes on to the sampler that it speaks for.
"""

import csv
import hashlib
import html
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import imblearn.over_sampling
import numpy as np
import pandas as pd
import sklearn
from imblearn import FunctionSampler
from imblearn.pipeline import Pipeline
from joblib import Memory
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from scipy import stats
from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    check_scoring,
    f1_score,
    make_scorer,
    precision_recall_curve,
    roc_auc_score,
)
from sklearn.model_selection import (
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    TunedThresholdClassifierCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler, label_binarize
from sklearn.utils import _safe_indexing, all_estimators, check_random_state
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_consistent_length, column_or_1d, has_fit_parameter

import ganaug
from ganaug.oversampler import GANOversampler
from ganaug.report.card import NOTICE, model_card
from ganaug.report.page import Section, Table, Words, drawings, page, settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# What a difference is called that chance makes less often than once in twenty comparisons.
ALPHA = 0.05
# Differences below it are rounding.
_TOLERANCE = 1e-9
# A column of more levels than this has its rarest ones coded together.
_MAX_LEVELS = 50
_LESS_IS_BETTER = "Brier score"
# The remedies that add no new rows, the simplest first.
_SIMPLE = ("none", "threshold", "weights", "random")
_DO = {"none": "do nothing", "threshold": "tune the threshold", "weights": "use class weights"}
_OURS = {"ganaug": "auto", "ganaug equal share": "equal share"}
# "SMOTE" becomes one of these by itself where there are categories.
_WITH_CATEGORIES = {"SMOTENC", "SMOTEN"}
_BY_NAME = [
    *("none", "weights", "threshold", "random", "SMOTE"),
    *_OURS,
    *sorted(set(imblearn.over_sampling.__all__) - _WITH_CATEGORIES - {"SMOTE"}),
]
# Of the rows that balance the classes, the shares that `select` tries.
_PARTS = (0.25, 0.5, 1.0)
_RUN = ["sampler", "classifier", "split", "n_train", "n_test", "fit_seconds", "note"]
_KEY = "key"


def compare(
    X: Any,
    y: Any,
    *,
    samplers: Any = ("none", "weights", "threshold", "random", "SMOTE", "ganaug"),
    classifiers: Any = ("LogisticRegression", "HistGradientBoostingClassifier"),
    groups: Any = None,
    n_splits: int = 5,
    n_repeats: int = 2,
    precision: float = 0.5,
    max_time: float | None = None,
    random_state: int | np.random.RandomState | None = None,
    n_jobs: int | None = 1,
    results: str | Path | None = None,
    verbose: int = 0,
) -> "Comparison":
    """Compare what can be done about imbalance by repeated cross-validation on your data and with your classifiers.

    Samplers see training rows only, and scores are of real rows that neither they nor the classifiers saw. Run it
    before you rely on generated rows: "do nothing" is among the possible answers.

    Parameters
    ----------
    X : {DataFrame, polars DataFrame, array-like} of shape (n_rows, n_columns), or array of images
        Rows as they are, with categories and missing cells; or images of shape (n, height, width[, channels]).
    y : array-like of shape (n_rows,)
        Labels. Of two classes the rarer is the positive one; if they are equally large, the later in order.
    samplers : sequence of str or sampler, or mapping of names to them
        ``"none"``, which is always among them; ``"weights"``, class weights; ``"threshold"``, no resampling and the
        threshold of best balanced accuracy within the training rows (two classes only); ``"random"``, rows repeated;
        ``"SMOTE"``, which is SMOTENC or SMOTEN where there are categories; ``"ganaug"`` and ``"ganaug equal share"``,
        `GANOversampler` with its defaults and with that strategy; any other over-sampler of imbalanced-learn by its
        class name; or instances with ``fit_resample``. Those of imbalanced-learn are given the prepared rows (see
        Notes), all others rows as they are in X.
    classifiers : sequence of str or classifier, or mapping of names to them
        Names of scikit-learn's classes, or instances. They are given prepared rows.
    groups : array-like of shape (n_rows,) or None, default=None
        Such as the patient of each row: rows of a group are never on both sides of a split.
    n_splits, n_repeats : int, default=5 and 2
        Folds, and how often rows are shuffled and split anew. More repeats make finer differences visible.
    precision : float, default=0.5
        In (0, 1]: the precision at which "recall at precision" is read off.
    max_time : float or None, default=None
        Seconds after which no further split is begun; those finished count, and they are at least two. You are warned
        then. None scores them all.
    random_state : int, RandomState or None, default=None
        Of the splits, and of whatever in samplers and classifiers has no `random_state` of its own. All of them have
        the same splits and seeds.
    n_jobs : int or None, default=1
        Processes; -1 takes all cores.
    results : path or None, default=None
        A CSV file that each finished row is added to. Where it exists, the comparison goes on where it stopped: rows of
        the same data, settings and versions are taken over, and those that failed are tried again. It needs an integer
        for `random_state`.
    verbose : int, default=0
        1 shows a progress bar with the time left on standard error.

    Returns
    -------
    Comparison
        Scores, means with intervals and tests, a verdict in words.

    Raises
    ------
    ValueError
        If a name is unknown, a class has too few rows (or groups) to be on both sides of each split, y has missing
        labels or a single class, X holds infinite values, or `results` holds something else.

    Notes
    -----
    Prepared rows: missing numbers become the median and numbers are standardised; of dates the time since 1970 counts;
    missing categories are a category of their own; categories are one-hot coded (SMOTE sees them before that), at most
    50 a column. Pixels are standardised one by one. All of it is fitted on training rows, in imbalanced-learn's
    ``Pipeline``: what comes after a sampler on those that it returned. The neighbours of samplers are limited by the
    size of the smallest class.

    Metrics: average precision, ROC AUC and recall at a fixed precision judge the order of rows; balanced accuracy and
    F1 the decisions; the Brier score the probabilities (from 0, less is better). For several classes the first two are
    means over one class against the rest, F1 is the mean over classes, and the Brier score sums over classes, up to 2.

    A sampler or classifier that fails gets no score and a note in the frame; the others go on. So do warnings: the
    first is noted.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from ganaug.comparison import compare
    >>> X, y = make_classification(300, weights=[0.9], random_state=0)
    >>> comparison = compare(
    ...     X, y, samplers=["none", "weights", "SMOTE"], classifiers="LogisticRegression", n_repeats=1, random_state=0
    ... )
    >>> comparison.frame().shape
    (15, 13)
    >>> comparison.best_
    'none'
    """
    X, y = _table(X), _labels(y)
    check_consistent_length(X, y, groups)
    groups = None if groups is None else column_or_1d(groups)
    chosen = {"none": "none", **_named(samplers, "samplers", _check_sampler)}
    if chosen["none"] != "none":
        raise ValueError(f'samplers names {chosen["none"]!r} "none", which is the one that does nothing; rename it')
    fitted_on = _named(classifiers, "classifiers", _classifier)
    if not 0 < precision <= 1:
        raise ValueError(f"{precision=} must lie above 0 and not above 1")
    if results is not None and not isinstance(random_state, (int, np.integer)):
        raise ValueError(f"results={str(results)!r} needs an integer for random_state, to find the same splits again")
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    splits = list(_splits(y, groups, n_splits, n_repeats, seed))
    scorers = _scorers(y, precision)
    settings = [_digest(X), y.tolist(), None if groups is None else groups.tolist(), n_splits, precision, seed]
    keys = {
        (sampler, classifier): _key(*settings, chosen[sampler], fitted_on[classifier])
        for sampler in chosen
        for classifier in fitted_on
    }
    stored = _Stored(results, list(scorers))
    done = {(row["key"], row["split"]): row for row in stored.rows}
    tasks = []
    for split in range(len(splits)):
        for name in chosen:
            missing = {c: clone(fitted_on[c]) for c in fitted_on if (keys[name, c], split) not in done}
            if missing:
                tasks.append((split, name, missing))
    jobs = (
        delayed(_evaluate)(X, y, groups, *splits[split], split, name, chosen[name], missing, scorers, seed)
        for split, name, missing in _in_time(tasks, max_time)
    )
    bar = (
        TextColumn("comparing"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[on]}"),
        TimeRemainingColumn(),
    )
    with Progress(*bar, console=Console(stderr=True), disable=not verbose) as progress:
        n_all = len(splits) * len(chosen)
        shown = progress.add_task("", total=n_all, completed=n_all - len(tasks), on="")
        for rows in Parallel(n_jobs=n_jobs, return_as="generator_unordered")(jobs):
            rows = [{_KEY: keys[row["sampler"], row["classifier"]], **row} for row in rows]
            stored.append(rows)
            done |= {(row[_KEY], row["split"]): row for row in rows}
            progress.update(shown, advance=1, on=f"{rows[0]['sampler']}, split {rows[0]['split'] + 1}")
    finished = [split for split in range(len(splits)) if all((key, split) in done for key in keys.values())]
    if len(finished) < len(splits):
        warnings.warn(
            f"{max_time=} was up after {len(finished)} of {len(splits)} splits; with more, finer differences show",
            stacklevel=2,
        )
    ordered = [
        {**done[keys[sampler, classifier], split], "sampler": sampler, "classifier": classifier}
        for sampler in chosen
        for classifier in fitted_on
        for split in finished
    ]
    given = {
        "samplers": _by_name(chosen),
        "classifiers": _by_name(fitted_on),
        "groups": None if groups is None else "given",
        "n_splits": n_splits,
        "n_repeats": n_repeats,
        "precision": precision,
        "random_state": random_state,
    }
    found, counts = np.unique(y, return_counts=True)
    classes = dict(zip(found.tolist(), counts.tolist(), strict=True))
    return Comparison(pd.DataFrame(ordered, columns=[*_RUN, *scorers]), classes, given)


def select(
    X: Any,
    y: Any,
    *,
    sampler: GANOversampler | None = None,
    metric: str = "average precision",
    classifiers: Any = ("LogisticRegression", "HistGradientBoostingClassifier"),
    groups: Any = None,
    n_splits: int = 5,
    n_repeats: int = 2,
    max_time: float | None = None,
    random_state: int | np.random.RandomState | None = None,
    n_jobs: int | None = 1,
    verbose: int = 0,
) -> "Choice":
    """Choose by cross-validation whether to add rows, which ones, and how many.

    `compare` is run on training rows; what it is sure of decides. "Nothing is added" is among the answers, and the
    usual one for few rows or strong classifiers.

    Parameters
    ----------
    X, y
        Training rows and labels, as `compare` takes them. Keep test rows out.
    sampler : GANOversampler or None, default=None
        What generates; its `sampling_strategy` is chosen here. None takes the defaults.
    metric : str, default="average precision"
        What decides: a column of the comparison, such as "average precision" and "ROC AUC", which no shift of the
        threshold changes, or "balanced accuracy", "F1", "Brier score". By the decisions of a classifier, adding
        rows of whatever kind seems to help more often, where moving its threshold would do.
    classifiers, groups, n_splits, n_repeats, max_time, random_state, n_jobs, verbose
        As `compare` takes them. An integer for `random_state` is given to the sampler chosen, too, if it has none.

    Returns
    -------
    Choice
        The sampler, not yet fitted, the comparison, and the reason in words.

    Raises
    ------
    ValueError
        Where `compare` raises it, for a metric that is not measured, and where not even "none" could be scored.

    See Also
    --------
    compare : With class weights, a tuned threshold and any other sampler.

    Notes
    -----
    Candidates are "none"; "random", rows repeated; and "ganaug 0.25", "ganaug 0.5" and "ganaug 1", which go that
    part of the way from the size of each class to that of the largest, so that it means the same for two classes and
    for many. The networks are trained once for the three of them on each split.

    The best mean wins, over classifiers and splits, among those that the corrected resampled t-test tells from "none"
    (see `Comparison`); without any, "none" does. SMOTE is scored beside them and never chosen, as it makes prepared
    rows: numbers without gaps, scaled, no dates, which do not go back into the table. Where it is the better one, the
    reason says so.

    The scores of the one chosen are those of the best of several, and so a little too good: judge the model that you
    train afterwards on rows that were not in X.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from ganaug import GANOversampler, TabularGAN, select
    >>> X, y = make_classification(200, weights=[0.8], random_state=0)
    >>> choice = select(
    ...     X,
    ...     y,
    ...     sampler=GANOversampler(model=TabularGAN(n_steps=20)),
    ...     classifiers="LogisticRegression",
    ...     n_splits=2,
    ...     random_state=0,
    ... )
    >>> choice.name
    'none'
    >>> X_res, y_res = choice.sampler.fit_resample(X, y)  # nothing is added
    >>> len(X_res)
    200
    """
    known = list(_scorers(_labels(y), 0.5))
    if metric not in known:
        raise ValueError(f"{metric=} is not measured here; there are {', '.join(known)}")
    base = GANOversampler() if sampler is None else sampler
    quiet = clone(base).set_params(sampling_strategy="auto", verbose=0, callbacks=None)
    with tempfile.TemporaryDirectory() as folder:
        comparison = compare(
            X,
            y,
            samplers={
                **{name: name for name in ("none", "random", "SMOTE")},
                **{f"ganaug {part:g}": _Part(quiet, part, folder) for part in _PARTS},
            },
            classifiers=classifiers,
            groups=groups,
            n_splits=n_splits,
            n_repeats=n_repeats,
            max_time=max_time,
            random_state=random_state,
            n_jobs=n_jobs,
            verbose=verbose,
        )
    standing = comparison.standing(metric)
    if standing.empty:
        note = comparison.scores["note"].replace("", np.nan).dropna()
        raise ValueError(f"nothing could be scored by {metric}: {note.iloc[0] if len(note) else 'no score'}")
    seed = random_state if isinstance(random_state, (int, np.integer)) else None
    samplers: dict[str, Any] = {
        "none": FunctionSampler(validate=False),
        "random": FunctionSampler(func=_repeated, kw_args={"random_state": seed}, validate=False),
    }
    for part in _PARTS:
        one = clone(base).set_params(sampling_strategy=partial(_part_way, part=part), callbacks=base.callbacks)
        samplers[f"ganaug {part:g}"] = one.set_params(
            random_state=seed if base.random_state is None else base.random_state
        )
    gain = standing.loc[standing["is better"], "gain"].to_dict()
    name = max((name for name in samplers if name in gain), key=lambda name: gain[name], default="none")
    return Choice(name, samplers[name], metric, comparison)


def _repeated(X: Any, y: Any, random_state: int | None) -> tuple[Any, Any]:
    """Repeat rows at random, in every container; imbalanced-learn's sampler takes no polars."""
    numbers = np.arange(len(y))[:, None]
    sampler = imblearn.over_sampling.RandomOverSampler(random_state=random_state)
    rows = sampler.fit_resample(numbers, np.asarray(y))[0].ravel()
    X_res, y_res = (
        part.iloc[rows].reset_index(drop=True) if hasattr(part, "iloc") else _safe_indexing(part, rows)
        for part in (X, y)
    )
    return X_res, y_res


def _part_way(y: NDArray, part: float) -> dict[Any, int]:
    """Return the size of each class after going a part of the way to that of the largest."""
    counts = pd.Series(y).value_counts()
    return {label: n + round(part * (int(counts.max()) - n)) for label, n in counts.to_dict().items()}


class _Part(BaseEstimator):
    """A sampler that balances the classes, and a part only of what it generates in each.

    Generated rows of a class are alike whatever their number, so several parts need one training: `memory`, a folder,
    keeps what it made. The rows of a smaller part are among those of a larger one, which takes chance out of their
    difference.
    """

    def __init__(self, sampler: GANOversampler, part: float, memory: str) -> None:
        self.sampler = sampler
        self.part = part
        self.memory = memory

    def fit_resample(self, X: Any, y: NDArray) -> tuple[Any, NDArray]:
        balanced = Memory(self.memory, verbose=0).cache(_balanced)
        X_res, y_res = balanced(clone(self.sampler), X, y)
        # the originals come first, so they are all among the first rows of their class
        of_classes = [np.flatnonzero(y_res == label)[:n] for label, n in _part_way(y, self.part).items()]
        rows = np.sort(np.concatenate(of_classes))
        return _safe_indexing(X_res, rows), y_res[rows]


def _balanced(sampler: GANOversampler, X: Any, y: NDArray) -> tuple[Any, NDArray]:
    X_res, y_res = sampler.fit_resample(X, y)
    return X_res, np.asarray(y_res)


def _in_time(tasks: Sequence[tuple[int, Any, Any]], seconds: float | None) -> Iterator[tuple[int, Any, Any]]:
    """Yield tasks until the time is up and their split is complete; those of the first two in any case."""
    start, last = time.perf_counter(), 0
    for task in tasks:
        if seconds is not None and task[0] > max(last, 1) and time.perf_counter() - start > seconds:
            return
        last = task[0]
        yield task


# --- what was found --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class Comparison:
    """Scores of samplers, and what they say.

    Parameters
    ----------
    scores : DataFrame
        One row for each sampler, classifier and split: "sampler", "classifier", "split", "n_train", "n_test",
        "fit_seconds", "note", then a column for each metric. More is better, but for the "Brier score". A row without
        scores is a failure, and its note says why.
    classes : dict, default={}
        Label -> rows of the data.
    settings : dict, default={}
        What `compare` was called with besides data.

    Notes
    -----
    The rows that splits of one table train on overlap, so their scores spread less than those of independent tables
    would. Intervals and tests take the variance of a mean over J splits as (1 / J + n_test / n_train) times that of the
    scores, with J - 1 degrees of freedom: the corrected resampled t-test of Nadeau and Bengio (Machine Learning 52,
    2003), on scores paired by split. p-values are adjusted for the number of samplers by Holm (Scand. J. Statist. 6,
    1979), for each classifier and metric; over metrics and classifiers they are not.

    Examples
    --------
    >>> scores = pd.DataFrame({"sampler": ["none"] * 5 + ["SMOTE"] * 5, "classifier": "tree", "split": [*range(5)] * 2})
    >>> scores = scores.assign(n_train=80, n_test=20, fit_seconds=0.1, note="")
    >>> scores["F1"] = [0.50, 0.52, 0.51, 0.49, 0.50, 0.70, 0.73, 0.70, 0.70, 0.69]
    >>> print(Comparison(scores).verdict)
    tree: For F1 use SMOTE: 0.704 instead of 0.504 (p < 0.001).
    """

    scores: pd.DataFrame
    classes: dict[Any, int] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def frame(self) -> pd.DataFrame:
        """Return a copy of `scores`, a row for each sampler, classifier and split."""
        return self.scores.copy()

    @property
    def metrics(self) -> list[str]:
        """Names of the metrics."""
        return [str(column) for column in self.scores if column not in _RUN]

    def summary(self) -> pd.DataFrame:
        """Return means, their 95 % intervals, and tests against "none".

        Returns
        -------
        DataFrame
            One row for each classifier, metric and sampler: "mean", "low" and "high", the ends of its interval,
            which are not cut at the ends of the metric's range;
            "difference" of the mean from that of "none", for the Brier score better below 0; "p", two-sided and
            adjusted by Holm. Of a sampler that failed on any split they are missing, for a mean over fewer splits is
            not comparable.
        """
        rows = []
        for classifier in self.scores["classifier"].unique():
            for metric in self.metrics:
                table = self._by_split(classifier, metric)
                p = _holm({name: self._p(table[name] - table["none"]) for name in table if name != "none"})
                for name, values in table.items():
                    mean, half = _interval(values, self._overlap)
                    difference = mean - table["none"].mean(skipna=False)
                    ends = (mean - half, mean + half)
                    rows.append((classifier, metric, name, mean, *ends, difference, p.get(name, np.nan)))
        columns = ["classifier", "metric", "sampler", "mean", "low", "high", "difference", "p"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def verdict(self) -> str:
        """What to do, in words: one line for each classifier, and one for each sampler that failed.

        For each metric, the best mean among the samplers that are distinguishable from "none" (p < 0.05); or, where a
        simpler one does as well as can be told (unadjusted p of their difference at least 0.05), that one. A tuned
        threshold is simpler than class weights, these than repeating rows, and then what takes less time is.
        """
        summary = self.summary()
        lines = [self._of_classifier(name, summary) for name in summary["classifier"].unique()]
        return "\n".join([*lines, *self._failures()])

    def standing(self, metric: str) -> pd.DataFrame:
        """Return how samplers stand to "none" in one metric, over all classifiers.

        Parameters
        ----------
        metric : str
            One of `metrics`.

        Returns
        -------
        DataFrame
            One row for each sampler that has all scores: its "mean" over classifiers and splits, the "gain" over
            "none", above 0 where it is better whatever the metric, "p" as in `summary`, and "is better", which is
            whether p is below 0.05 and the gain above 0. Empty if "none" has not all scores.
        """
        mean = {
            name: self._over_classifiers(name, metric).mean(skipna=False) for name in self.scores["sampler"].unique()
        }
        gains = self._mean_gains(metric)
        p = _holm({name: self._p(gain) for name, gain in gains.items()})
        names = [] if np.isnan(mean["none"]) else ["none", *gains]
        table = pd.DataFrame({"mean": mean}).loc[names]
        table["gain"] = [0.0 if name == "none" else gains[name].mean() for name in names]
        table["p"] = [p.get(name, np.nan) for name in names]
        return table.assign(**{"is better": (table["p"] < ALPHA) & (table["gain"] > 0)})

    @property
    def best_(self) -> str:
        """Sampler of the best mean average precision over all classifiers, if distinguishable from "none"; else "none".

        Without average precision among the metrics, the first of them counts.
        """
        metric = "average precision" if "average precision" in self.metrics else self.metrics[0]
        standing = self.standing(metric)
        better = standing.loc[standing["is better"], "gain"]
        return str(better.idxmax()) if len(better) else "none"

    def plot(self) -> "Figure":
        """Draw means and their intervals: a panel for each metric, a line for each sampler.

        Classifiers have colours, and dotted lines stand at "none".

        Returns
        -------
        matplotlib.figure.Figure
            To be shown by a notebook, or saved.
        """
        from ganaug.figure import Drawing

        summary = self.summary()
        samplers, classifiers = summary["sampler"].unique(), summary["classifier"].unique()
        n_rows = -(-len(self.metrics) // 3)
        n_columns = min(3, len(self.metrics))
        height = 0.8 + 0.3 * len(samplers) * max(1, len(classifiers) / 2)
        figure = Drawing(figsize=(1.5 + 3.5 * n_columns, 0.6 + height * n_rows), layout="constrained")
        axes = figure.subplots(n_rows, n_columns, squeeze=False, sharey=True).ravel()
        for ax in axes[len(self.metrics) :]:
            ax.axis("off")
        for ax, metric in zip(axes, self.metrics, strict=False):
            for i, classifier in enumerate(classifiers):
                rows = summary.query("metric == @metric and classifier == @classifier").set_index("sampler")
                rows = rows.loc[samplers]
                place = np.arange(len(samplers)) + 0.6 * ((i + 0.5) / len(classifiers) - 0.5)
                half = rows["high"] - rows["mean"]
                ax.errorbar(rows["mean"], place, xerr=half, fmt="o", markersize=4, capsize=2, label=classifier)
                ax.axvline(rows.loc["none", "mean"], color=f"C{i}", linestyle=":", linewidth=1)
            ax.set_title(metric + (" (less is better)" if metric == _LESS_IS_BETTER else ""), fontsize=10, loc="left")
            # what stands between two dollars is no formula
            ax.set_yticks(range(len(samplers)), samplers, parse_math=False)
        axes[0].invert_yaxis()
        legend = figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(classifiers))
        for text in legend.get_texts():
            text.set_parse_math(False)
        return figure

    def html(self, path: str | Path | None = None, *, title: str = "Ways to balance, compared") -> str | None:
        """Write everything as one self-contained page.

        Parameters
        ----------
        path : str, Path or None, default=None
            Where to; an existing file is replaced. None returns the page.
        title : str, default="Ways to balance, compared"
            Heading of the page.

        Returns
        -------
        str or None
            The page, without a path. Figures need matplotlib (``pip install 'ganaug[plot]'``); without, the page says
            so in their place. No row of the data is in it, only labels and how many rows they have.
        """
        means = self._means().reset_index()
        failed = self.scores.loc[self.scores["note"] != "", ["sampler", "classifier", "split", "note"]]
        scores: list[Any] = [
            Table(means, "Means over all splits; more is better, but for the Brier score"),
            drawings((self.plot, "Means of all metrics and their 95 % intervals, by sampler", ""), wide=True),
        ]
        tests: list[Any] = [Words(["Intervals hold 95 %; p is of the difference from none, adjusted by Holm."])]
        for classifier, rows in self.summary().groupby("classifier", sort=False):
            tests.append(Table(rows.drop(columns="classifier"), str(classifier)))
        sections = [
            Section("Verdict", [Words(self.verdict.splitlines())]),
            Section("Classes", [Table(self._class_counts(), "Rows of each class")]),
            Section("Scores", scores),
            Section("Tests", tests),
            Section("Notes", [Table(failed, "Failures and warnings") if len(failed) else Words(["Nothing failed."])]),
            self._card(),
            Section("Settings", [settings(self.settings, compare.__kwdefaults__)]),
        ]
        return page(title, sections, notice=NOTICE.format(what="labels and sizes of classes"), path=path)

    def _class_counts(self) -> pd.DataFrame:
        return pd.DataFrame({"class": [str(label) for label in self.classes], "rows": list(self.classes.values())})

    def _card(self) -> Section:
        return model_card(
            data=f"Scores of {self.scores['sampler'].nunique()} ways to treat imbalance, with "
            f"{self.scores['classifier'].nunique()} classifiers, on {self.scores['split'].nunique()} splits of one "
            "set of real data. What was generated on the way was thrown away.",
            use="To decide what to do about rare classes before anything is generated; doing nothing is among the "
            "answers.",
            limits="Scores hold for these data, classifiers and settings; p-values are adjusted for samplers only, and "
            "of many metrics one may win by chance.",
            how="No generated row is in this page or beside it.",
        )

    def __repr__(self) -> str:
        return f"{self.verdict}\n\n{self._means().to_string()}"

    def _repr_html_(self) -> str:
        paragraphs = "".join(f"<p>{html.escape(line)}</p>" for line in self.verdict.splitlines())
        return paragraphs + self._means().to_html(border=0)

    def _means(self) -> pd.DataFrame:
        rows = self.summary().pivot_table("mean", ["classifier", "sampler"], "metric", sort=False, dropna=False)
        return rows[self.metrics].round(3)

    def _failures(self) -> list[str]:
        failed = self.scores[self.scores[self.metrics].isna().all(axis=1)]
        lines = []
        for (sampler, classifier), rows in failed.groupby(["sampler", "classifier"], sort=False):
            of = self.scores.query("sampler == @sampler and classifier == @classifier")
            note = rows["note"].iloc[0]
            lines.append(f"{sampler} with {classifier} has no score: {len(rows)} of {len(of)} splits failed. {note}")
        return lines

    @property
    def _overlap(self) -> float:
        return float((self.scores["n_test"] / self.scores["n_train"]).mean())

    def _by_split(self, classifier: str, metric: str) -> dict[str, pd.Series]:
        """Return the scores of each sampler, an entry for each split."""
        rows = self.scores[self.scores["classifier"] == classifier].set_index("split")
        return {name: rows.loc[rows["sampler"] == name, metric] for name in rows["sampler"].unique()}

    def _gains(self, classifier: str, metric: str) -> dict[str, pd.Series]:
        """Return how much better than "none" each other sampler is, if both have a score on each split."""
        table, sign = self._by_split(classifier, metric), -1 if metric == _LESS_IS_BETTER else 1
        gains = {name: sign * (values - table["none"]) for name, values in table.items() if name != "none"}
        return {name: gain for name, gain in gains.items() if gain.notna().all()}

    def _over_classifiers(self, sampler: str, metric: str) -> pd.Series:
        """Return the mean score on each split; missing where a classifier has none."""
        rows = self.scores[self.scores["sampler"] == sampler]
        return rows.pivot_table(metric, "split", "classifier", dropna=False).mean(axis=1, skipna=False)

    def _mean_gains(self, metric: str) -> dict[str, pd.Series]:
        gains = [self._gains(classifier, metric) for classifier in self.scores["classifier"].unique()]
        everywhere = [name for name in gains[0] if all(name in own for own in gains)]
        return {name: pd.concat([own[name] for own in gains], axis=1).mean(axis=1) for name in everywhere}

    def _p(self, difference: pd.Series) -> float:
        return _corrected_p(difference, self._overlap)

    def _of_classifier(self, classifier: str, summary: pd.DataFrame) -> str:
        own = self.scores[self.scores["classifier"] == classifier]
        seconds = own.groupby("sampler")["fit_seconds"].mean().to_dict()
        metrics_of: dict[str, list[str]] = {}
        figures_of: dict[str, list[tuple[float, str]]] = {}
        rivals_of: dict[str, set[str]] = {}
        losses = []
        for metric in self.metrics:
            rows = summary[(summary["classifier"] == classifier) & (summary["metric"] == metric)]
            mean, p = (dict(zip(rows["sampler"], rows[column], strict=True)) for column in ("mean", "p"))
            if np.isnan(mean["none"]):
                continue
            gains = self._gains(classifier, metric)
            gain = {name: float(values.mean()) for name, values in gains.items()}
            better = [sampler for sampler in gain if p[sampler] < ALPHA and gain[sampler] > 0]
            worse = [sampler for sampler in gain if p[sampler] < ALPHA and gain[sampler] < 0]
            if worse:
                cure = "; see ganaug.calibrated" if metric == _LESS_IS_BETTER else ""
                losses.append(f"Worse than none in {metric}: {_listed(worse)}{cure}.")
            best = max(better, key=lambda sampler: gain[sampler], default="none")
            as_good = [one for one in better if one == best or not self._p(gains[one] - gains[best]) < ALPHA]
            answer = min(as_good, key=lambda sampler: _effort(sampler, seconds), default="none")
            metrics_of.setdefault(answer, []).append(metric)
            rivals_of.setdefault(answer, set()).update({best} - {answer})
            # where nothing is sure, what came closest is told
            closest = min((one for one in gain if gain[one] > 0), key=lambda one: p[one], default="none")
            shown = closest if answer == "none" else answer
            if shown != "none":
                figure = f"{mean[shown]:.3f} instead of {mean['none']:.3f} ({_words_of_p(p[shown])})"
                label = f"{shown} in {metric}, " if answer == "none" else ""
                figures_of.setdefault(answer, []).append((p[shown], label + figure))
        sentences = []
        for answer, metrics in metrics_of.items():
            figures = figures_of.get(answer, [])
            if answer == "none":
                found = "nothing is distinguishable from none as better"
                found += f"; closest to a gain is {min(figures)[1]}" if figures else ""
            else:
                found = "; ".join(figure for _, figure in figures)
            sentences.append(f"For {_listed(metrics)} {_DO.get(answer, f'use {answer}')}: {found}.")
            if rivals_of[answer]:
                sentences.append(f"The higher mean of {_listed(sorted(rivals_of[answer]))} may be chance.")
        return f"{classifier}: {' '.join([*sentences, *losses]) or 'none itself has no score to compare with.'}"


@dataclass(frozen=True)
class Choice:
    """What `select` chose, and why.

    Attributes
    ----------
    name : str
        "none", "random", "ganaug 0.25", "ganaug 0.5" or "ganaug 1".
    sampler : sampler
        What bears the name, not yet fitted, for rows as they are in X; that of "none" returns them unchanged.
    metric : str
        What decided.
    comparison : Comparison
        The scores.

    Examples
    --------
    >>> scores = pd.DataFrame({"sampler": ["none"] * 5 + ["random"] * 5, "split": [*range(5)] * 2})
    >>> scores = scores.assign(classifier="tree", n_train=80, n_test=20, fit_seconds=0.1, note="")
    >>> scores["F1"] = [0.50, 0.52, 0.51, 0.49, 0.50, 0.70, 0.73, 0.70, 0.70, 0.69]
    >>> print(Choice("random", FunctionSampler(), "F1", Comparison(scores)).reason)
    random is used: its F1 is 0.704 instead of 0.504 with nothing added (p < 0.001), the best mean of those that the
    paired test over 5 splits tells from doing nothing.
    """

    name: str
    sampler: Any
    metric: str
    comparison: Comparison

    @property
    def reason(self) -> str:
        """Why this one, in sentences with figures."""
        standing = self.comparison.standing(self.metric)
        mean, gain, p = (standing[column].to_dict() for column in ("mean", "gain", "p"))
        better = [name for name in standing.index if standing["is better"].to_dict()[name]]
        test = f"the paired test over {self.comparison.scores['split'].nunique()} splits"

        def figures(name: str) -> str:
            return f"{mean[name]:.3f} instead of {mean['none']:.3f} with nothing added ({_words_of_p(p[name])})"

        if self.name == "none":
            said = [f"Nothing is added: {test} tells no candidate from doing nothing as better."]
            ahead = [str(name) for name in mean if name not in ("none", "SMOTE") and gain[name] > 0]
            if ahead:
                closest = min(ahead, key=lambda name: (p[name], -gain[name]))
                said.append(f"Closest is {closest}: its {self.metric} is {figures(closest)}.")
        else:
            said = [
                f"{self.name} is used: its {self.metric} is {figures(self.name)}, the best mean of those that {test} "
                "tells from doing nothing."
            ]
            gains = self.comparison._mean_gains(self.metric)
            simpler = better[: better.index(self.name)]  # they stand in the order of what they cost
            as_good = [one for one in simpler if not self.comparison._p(gains[one] - gains[self.name]) < ALPHA]
            if as_good:
                said.append(f"Simpler, and as good as can be told: {_listed(as_good)}.")
        if "SMOTE" in better and gain["SMOTE"] > gain[self.name]:
            said.append(
                f"SMOTE has the higher mean, {figures('SMOTE')}; it is not used, as it makes prepared rows that do not "
                "go back into the table: see imbalanced-learn's pipelines."
            )
        return " ".join([*said, *self.comparison._failures()])

    def __repr__(self) -> str:
        return f"{self.reason}\n\n{self.comparison.standing(self.metric).round(3).to_string()}"


def _effort(sampler: str, seconds: Mapping[Any, float]) -> tuple[int, float]:
    return (_SIMPLE.index(sampler) if sampler in _SIMPLE else len(_SIMPLE)), float(seconds[sampler])


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _words_of_p(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _interval(values: pd.Series, overlap: float) -> tuple[float, float]:
    """Return the mean of scores and the half width of its 95 % interval; missing if any score is."""
    n = len(values)
    if values.isna().any() or n < 2:
        return float(values.mean(skipna=False)), float("nan")
    error = np.sqrt((1 / n + overlap) * values.var())
    return float(values.mean()), float(stats.t.ppf(1 - ALPHA / 2, n - 1) * error)


def _corrected_p(difference: pd.Series, overlap: float) -> float:
    """Return the two-sided p of a mean difference of 0, by the corrected resampled t-test."""
    n = len(difference)
    if difference.isna().any() or n < 2:
        return float("nan")
    mean, error = difference.mean(), np.sqrt((1 / n + overlap) * difference.var())
    if error < _TOLERANCE:
        return float(abs(mean) < _TOLERANCE)
    return float(2 * stats.t.sf(abs(mean) / error, n - 1))


def _holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjust a family of p-values by Holm's step-down method; missing ones are not of the family."""
    known = pd.Series(p_values, dtype=float).dropna().sort_values(kind="stable")
    adjusted = (known * np.arange(len(known), 0, -1)).cummax().clip(upper=1.0)
    return {str(name): float(p) for name, p in adjusted.items()}


def _by_name(chosen: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return names, where they say it all, and objects elsewhere."""
    return tuple(name if repr(of) in (repr(name), f"{name}()") else of for name, of in chosen.items())


# --- names -----------------------------------------------------------------------------------------------------------


def _named(given: Any, parameter: str, check: Callable[[Any], Any]) -> dict[str, Any]:
    """Give everything a name and check it."""
    if not isinstance(given, Mapping):
        items = [given] if isinstance(given, str) or hasattr(given, "get_params") else list(given)
        names = [item if isinstance(item, str) else type(item).__name__ for item in items]
        if len(set(names)) < len(names):
            raise ValueError(f"{parameter} holds two of one name among {names}; give a mapping of names to them")
        given = dict(zip(names, items, strict=True))
    if not given:
        raise ValueError(f"{parameter} is empty; name at least one")
    return {str(name): check(item) for name, item in given.items()}


def _check_sampler(sampler: Any) -> Any:
    if isinstance(sampler, str):
        if sampler not in _BY_NAME:
            raise ValueError(f"samplers: there is no {sampler!r}; there are {', '.join(_BY_NAME)}, and instances")
    elif isinstance(sampler, type) or not (hasattr(sampler, "fit_resample") and hasattr(sampler, "get_params")):
        raise ValueError(f"samplers: {sampler!r} is no instance of a sampler, which has fit_resample and get_params")
    return sampler


def _classifier(classifier: Any) -> Any:
    if not isinstance(classifier, str):
        if isinstance(classifier, type) or not (hasattr(classifier, "predict") and hasattr(classifier, "get_params")):
            raise ValueError(f"classifiers: {classifier!r} is no instance of a classifier")
        return classifier
    known = dict(all_estimators(type_filter="classifier"))
    if classifier not in known:
        raise ValueError(f"classifiers: scikit-learn has no {classifier!r}; it has {', '.join(known)}")
    try:
        return known[classifier]()
    except TypeError as error:
        raise ValueError(f"classifiers: {classifier} needs parameters ({error}); give an instance") from error


# --- data ------------------------------------------------------------------------------------------------------------


def _table(X: Any) -> pd.DataFrame | NDArray:
    """Give tables of all kinds as a DataFrame with text for column names; images stay an array."""
    if type(X).__module__.split(".")[0] == "polars":
        X = X.to_pandas()
    if not isinstance(X, pd.DataFrame):
        X = np.asarray(X)
        if X.ndim > 2:
            return X
        if X.ndim < 2:
            raise ValueError(f"X must have rows and columns, or be an array of images, got shape {X.shape}")
        X = pd.DataFrame(X).infer_objects()
    X = X.set_axis([str(column) for column in X.columns], axis=1).reset_index(drop=True)
    if X.columns.has_duplicates:
        raise ValueError(f"X has two columns of one name: {sorted(X.columns[X.columns.duplicated()])}; rename one")
    for column in X.select_dtypes("number", exclude="timedelta"):
        if np.isinf(X[column].to_numpy(float, na_value=np.nan)).any():
            raise ValueError(f"column {column!r} of X holds infinite values; replace them, or make them missing")
    return X


def _labels(y: Any) -> NDArray:
    labels = pd.Series(column_or_1d(y.to_numpy() if hasattr(y, "to_numpy") else y)).infer_objects().to_numpy()
    if pd.isna(labels).any():
        raise ValueError(f"y has {pd.isna(labels).sum()} missing labels; leave those rows out")
    check_classification_targets(labels)
    if len(np.unique(labels)) < 2:
        raise ValueError(f"y has a single class, {labels[0]!r}; two are needed to compare")
    return labels


def _splits(
    y: NDArray, groups: NDArray | None, n_splits: int, n_repeats: int, seed: int
) -> Iterator[tuple[NDArray, NDArray]]:
    """Yield positions of training and test rows, shuffled, all classes on both sides."""
    smallest = pd.Series(y).value_counts().index[-1]
    n_smallest = (y == smallest).sum() if groups is None else len(np.unique(groups[y == smallest]))
    of = "rows" if groups is None else "groups"
    if n_smallest < n_splits:
        raise ValueError(f"{n_splits=} is more than the {n_smallest} {of} with class {smallest!r}; take fewer splits")
    if groups is None:
        splitters = [RepeatedStratifiedKFold(n_splits=n_splits, n_repeats=n_repeats, random_state=seed)]
    else:
        seeds = np.random.default_rng(seed).integers(2**31, size=n_repeats).tolist()
        splitters = [StratifiedGroupKFold(n_splits, shuffle=True, random_state=s) for s in seeds]
    for splitter in splitters:
        for train, test in splitter.split(y, y, groups):
            for rows, side in ((train, "training"), (test, "test")):
                if lost := set(np.unique(y)) - set(y[rows]):
                    raise ValueError(f"the {side} rows of a split have none of {lost}; take fewer than {n_splits=}")
            yield train, test


def _preparation(X: pd.DataFrame | NDArray) -> list[tuple[str, Any]]:
    """Return two steps: "tidy", numbers without gaps and categories as text, and "matrix", numbers alone."""
    if isinstance(X, np.ndarray):
        return [("tidy", FunctionTransformer(_flat)), ("matrix", StandardScaler())]
    numbers, categories = _kinds(X)
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


def _kinds(X: pd.DataFrame) -> tuple[list[str], list[str]]:
    numbers = [str(column) for column in X.select_dtypes(["number", "datetime", "datetimetz"])]
    return numbers, [str(column) for column in X if column not in numbers]


def _flat(images: NDArray) -> NDArray[np.float64]:
    return images.reshape(len(images), -1).astype(float)


def _as_numbers(columns: pd.DataFrame) -> pd.DataFrame:
    def plain(column: pd.Series) -> NDArray[np.float64]:
        if pd.api.types.is_datetime64_any_dtype(column):
            column = column - pd.Timestamp(0, tz=column.dt.tz)
        if pd.api.types.is_timedelta64_dtype(column):
            column = column.dt.total_seconds()
        return column.to_numpy(float, na_value=np.nan)

    return pd.DataFrame({name: plain(columns[name]) for name in columns}, index=columns.index)


def _as_text(columns: pd.DataFrame) -> pd.DataFrame:
    return columns.apply(lambda column: column.astype(str).astype(object).where(column.notna(), ""))


# --- one evaluation --------------------------------------------------------------------------------------------------


def _scorers(y: NDArray, precision: float) -> dict[str, Any]:
    labels, counts = np.unique(y, return_counts=True)
    order, probability = ("decision_function", "predict_proba"), "predict_proba"
    balanced = make_scorer(balanced_accuracy_score)
    if len(labels) > 2:
        classes = {"labels": labels}
        return {
            "average precision": make_scorer(_average_precision, response_method=probability),
            "ROC AUC": make_scorer(roc_auc_score, response_method=probability, multi_class="ovr", **classes),
            "balanced accuracy": balanced,
            "F1": make_scorer(f1_score, average="macro", pos_label=None, zero_division=0),
            _LESS_IS_BETTER: make_scorer(_brier, response_method=probability, **classes),
        }
    rarer = {"pos_label": labels[len(labels) - 1 - counts[::-1].argmin()]}
    return {
        "average precision": make_scorer(average_precision_score, response_method=order, **rarer),
        "ROC AUC": make_scorer(_roc_auc, response_method=order, **rarer),
        "balanced accuracy": balanced,
        "F1": make_scorer(f1_score, zero_division=0, **rarer),
        f"recall at precision {precision:g}": make_scorer(_recall, response_method=order, precision=precision, **rarer),
        _LESS_IS_BETTER: make_scorer(brier_score_loss, response_method=probability, **rarer),
    }


def _average_precision(y: NDArray, score: NDArray) -> float:
    """Return the mean over classes; scikit-learn below 1.8 looks for the `pos_label` of its own among several."""
    return float(average_precision_score(y, score))


def _roc_auc(y: NDArray, score: NDArray, *, pos_label: Any) -> float:
    return float(roc_auc_score(y == pos_label, score))


def _recall(y: NDArray, score: NDArray, *, precision: float, pos_label: Any) -> float:
    """Return the greatest recall at which the precision is at least this."""
    precisions, recalls, _ = precision_recall_curve(y, score, pos_label=pos_label)
    return float(recalls[precisions >= precision].max())


def _mean_recall(y: NDArray, predicted: NDArray) -> float:
    # balanced accuracy without its checks, which for hundreds of thresholds take longer than the training
    return float(np.mean([(predicted[y == label] == label).mean() for label in np.unique(y)]))


def _brier(y: NDArray, probability: NDArray, *, labels: NDArray) -> float:
    return float(((probability - label_binarize(y, classes=labels)) ** 2).sum(axis=1).mean())


def _evaluate(
    X: Any,
    y: NDArray,
    groups: NDArray | None,
    train: NDArray,
    test: NDArray,
    split: int,
    name: str,
    sampler: Any,
    classifiers: dict[str, Any],
    scorers: dict[str, Any],
    seed: int,
) -> list[dict[str, Any]]:
    """Resample the training rows of a split once, train each classifier, and score it on the test rows."""
    own = int(np.random.SeedSequence([seed, split]).generate_state(1)[0] >> 1)
    X_train, X_test, y_train, y_test = _safe_indexing(X, train), _safe_indexing(X, test), y[train], y[test]
    groups_train = None if groups is None else groups[train]
    rows, failure = [], ""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = time.perf_counter()
        try:
            front, rest, X_res, y_res = _resample(X_train, y_train, sampler, own)
        except Exception as error:
            failure = _one_line(type(error), error)
        resampling, n_caught = time.perf_counter() - start, len(caught)
        for classifier, unfitted in classifiers.items():
            del caught[n_caught:]  # those of the classifier before
            note, scores, start = failure, dict.fromkeys(scorers, float("nan")), time.perf_counter()
            try:
                if not failure:
                    steps = [*((step, clone(of)) for step, of in rest), ("classifier", _seeded(unfitted, own))]
                    model = _fitted(Pipeline(steps), sampler, X_res, y_res, groups_train, own)
            except Exception as error:
                note = _one_line(type(error), error)
            seconds = resampling + time.perf_counter() - start
            if not note:
                scores |= _scores(front, model, scorers, X_test, y_test)
                note = _one_line(caught[0].category, caught[0].message) if caught else ""
            row = {"sampler": name, "classifier": classifier, "split": split, "n_train": len(train)}
            rows.append(row | {"n_test": len(test), "fit_seconds": seconds, "note": note} | scores)
    return rows


def _fitted(pipeline: Pipeline, sampler: Any, X: Any, y: NDArray, groups: NDArray | None, seed: int) -> Any:
    """Train what follows the sampler; weights and thresholds come in here."""
    if isinstance(sampler, str) and sampler == "threshold":
        scoring, inner = make_scorer(_mean_recall), list(_inner(y, groups, seed))
        return TunedThresholdClassifierCV(pipeline, scoring=scoring, cv=inner, random_state=seed).fit(X, y)
    weights = _weigh(pipeline, y) if isinstance(sampler, str) and sampler == "weights" else {}
    return pipeline.fit(X, y, **weights)


def _scores(front: list[Any], model: Any, scorers: dict[str, Any], X: Any, y: NDArray) -> dict[str, float]:
    """Score a model, after the steps before it, by all metrics that it can be scored by."""
    if isinstance(model, Pipeline):
        *rest, (_, model) = model.steps
        front = [*front, *rest]
    for _, step in front:  # once, not for each way in which the scorers ask
        X = step.transform(X)
    able = hasattr(model, "predict_proba")
    usable = {metric: of for metric, of in scorers.items() if able or of._response_method != "predict_proba"}
    return check_scoring(model, scoring=usable)(model, X, y)


def _one_line(kind: type, message: Any) -> str:
    return f"{kind.__name__}: {' '.join(str(message).split())}"[:300]


def _seeded(estimator: Any, seed: int) -> Any:
    """Clone an estimator and give the seed to what has none in it."""
    estimator = clone(estimator)
    params = estimator.get_params()
    unset = [key for key in params if key.split("__")[-1] == "random_state" and params[key] is None]
    return estimator.set_params(**dict.fromkeys(unset, seed))


def _resample(X: Any, y: NDArray, sampler: Any, seed: int) -> tuple[list[Any], list[Any], Any, NDArray]:
    """Return the fitted steps before the sampler, those that are to follow, and the resampled rows and labels."""
    steps = _preparation(X)
    if isinstance(sampler, str) and sampler in ("none", "weights", "threshold"):
        return [], steps, X, y
    n_before, resampler = _resampler(sampler, X, y)
    front = steps[:n_before]
    X_res, y_res = _seeded(resampler, seed).fit_resample(Pipeline(front).fit_transform(X) if front else X, y)
    return front, steps[n_before:], X_res, np.asarray(y_res)


def _resampler(sampler: Any, X: Any, y: NDArray) -> tuple[int, Any]:
    """Return how many steps of the preparation come before a sampler, and the sampler."""
    if not isinstance(sampler, str):
        if not type(sampler).__module__.startswith("imblearn."):
            return 0, sampler
        return (1 if type(sampler).__name__ in _WITH_CATEGORIES else 2), sampler
    if sampler in _OURS:
        return 0, GANOversampler(sampling_strategy=_OURS[sampler])
    numbers, categories = ([], []) if isinstance(X, np.ndarray) else _kinds(X)
    if sampler == "SMOTE" and categories:
        mixed = imblearn.over_sampling.SMOTENC(categories) if numbers else imblearn.over_sampling.SMOTEN()
        n_before, resampler = 1, mixed
    else:
        known = "RandomOverSampler" if sampler == "random" else sampler
        n_before, resampler = 2, getattr(imblearn.over_sampling, known)()
    # a class has one neighbour fewer than rows
    n_most = int(np.unique(y, return_counts=True)[1].min()) - 1
    params = resampler.get_params()
    few = {key: min(params[key], n_most) for key in ("k_neighbors", "n_neighbors") if key in params}
    return n_before, resampler.set_params(**few)


def _weigh(pipeline: Pipeline, y: NDArray) -> dict[str, NDArray]:
    """Set balanced class weights, or return them as a parameter of `fit`."""
    classifier = pipeline[-1]
    own = [key for key in classifier.get_params() if key.split("__")[-1] == "class_weight"]
    if own:
        classifier.set_params(**dict.fromkeys(own, "balanced"))
        return {}
    if not has_fit_parameter(classifier, "sample_weight"):
        raise ValueError(f"{type(classifier).__name__} takes neither class_weight nor sample_weight")
    return {"classifier__sample_weight": compute_sample_weight("balanced", y)}


def _inner(y: NDArray, groups: NDArray | None, seed: int) -> Iterable[tuple[NDArray, NDArray]]:
    """Split the training rows for the threshold."""
    if len(np.unique(y)) > 2:
        raise ValueError("a threshold is tuned for two classes, and here are more")
    splitter = StratifiedKFold if groups is None else StratifiedGroupKFold
    n_splits = min(5, int(np.unique(y, return_counts=True)[1].min()))
    return splitter(n_splits, shuffle=True, random_state=seed).split(y, y, groups)


# --- results that stay -----------------------------------------------------------------------------------------------


class _Stored:
    """Rows in a CSV file that grows by one finished evaluation at a time, if there is a path."""

    def __init__(self, path: str | Path | None, metrics: list[str]) -> None:
        self._path = None if path is None else Path(path)
        self._columns = [_KEY, *_RUN, *metrics]
        self.rows: list[dict[str, Any]] = []
        if self._path is None:
            return
        if not self._path.absolute().parent.is_dir():
            raise ValueError(f"results={str(path)!r} lies in no folder that exists; make it first")
        if not self._path.exists():
            return
        whole = self._path.read_bytes()
        header = ",".join(self._columns)
        if whole.split(b"\n")[0].decode(errors="replace").strip() != header:
            raise ValueError(f"results={str(path)!r} is no comparison with these metrics; name another file")
        if not whole.endswith(b"\n"):  # a run was cut short while writing
            self._path.write_bytes(whole[: whole.rfind(b"\n") + 1])
        with self._path.open(newline="", encoding="utf-8") as file:
            for cells in csv.DictReader(file):
                numbers = {name: int(cells[name]) for name in ("split", "n_train", "n_test")}
                scores = {name: float(cells[name] or "nan") for name in ("fit_seconds", *metrics)}
                if not np.isnan([scores[metric] for metric in metrics]).all():
                    self.rows.append(cells | numbers | scores)

    def append(self, rows: list[dict[str, Any]]) -> None:
        if self._path is not None:
            new = not self._path.exists()
            frame = pd.DataFrame(rows, columns=self._columns)
            frame.to_csv(self._path, mode="a", header=new, index=False, lineterminator="\n")


def _digest(X: pd.DataFrame | NDArray) -> str:
    if isinstance(X, np.ndarray):
        return hashlib.sha256(np.ascontiguousarray(X).tobytes()).hexdigest() + str((X.shape, X.dtype))
    cells = pd.util.hash_pandas_object(X, index=False).to_numpy().tobytes()
    return hashlib.sha256(cells).hexdigest() + str([(name, str(of)) for name, of in X.dtypes.items()])


def _key(*settings: Any) -> str:
    """Tell rows apart that depend on anything else than their sampler's and classifier's names."""
    described = [of if isinstance(of, (str, list)) else _described(of) for of in settings]
    versions = [ganaug.__version__, sklearn.__version__, imblearn.__version__]
    return hashlib.sha256(repr([described, versions]).encode()).hexdigest()[:16]


def _described(value: Any) -> str:
    if not hasattr(value, "get_params"):
        return repr(value)
    params = {key: _described(of) for key, of in value.get_params(deep=False).items()}
    return f"{type(value).__name__}({params})"
