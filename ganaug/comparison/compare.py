"""Do more rows of the rare classes help on these data? `compare` measures it by cross-validation.

It compares treatments of imbalance: none, class weights, another decision threshold, repeated rows, interpolated rows,
synthetic rows. Whether one helps depends on the data, the classifier and the metric, so the user gives all three.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import effective_n_jobs
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedGroupKFold
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, column_or_1d

from ganaug.common.jobs import run_jobs
from ganaug.common.processes import alone
from ganaug.common.progress import begin_phase
from ganaug.common.warnings import stable_warning_filters, warn_user
from ganaug.common.wording import listed
from ganaug.comparison.image_arms import ARMS, ImageArm, arm_of
from ganaug.comparison.image_classifiers import default_classifiers, has_image_classifiers, image_classifier_of
from ganaug.comparison.image_scoring import evaluate_arms
from ganaug.comparison.plan import Following, Plan
from ganaug.comparison.preparation import (
    digest_of,
    is_texts,
    rows_of,
    warn_of_marked_rows,
    without_identifiers,
)
from ganaug.comparison.result import Comparison, ImageComparison
from ganaug.comparison.results_file import KEY, ResultsFile, key_of
from ganaug.comparison.samplers import (
    SharedTraining,
    named,
    without_checkpoint,
    without_columns,
)
from ganaug.comparison.scoring import RUN_COLUMNS, evaluate_sampler
from ganaug.comparison.tasks import Classification, Task, task_of

_DEFAULT = Classification.models
_DEFAULT_SAMPLERS = Classification.samplers
# Boosting takes no sparse matrices, which TF-IDF gives.
FOR_TEXTS = ("LogisticRegression", "ComplementNB")


@stable_warning_filters()
def compare(
    X: Any,
    y: Any,
    *,
    samplers: Any = _DEFAULT_SAMPLERS,
    classifiers: Any = _DEFAULT,
    ignore: Any = "auto",
    groups: Any = None,
    n_splits: int = 5,
    n_repeats: int = 2,
    precision: float = 0.5,
    max_time: float | None = None,
    random_state: int | np.random.RandomState | None = None,
    n_jobs: int | None = 1,
    results: str | Path | None = None,
    verbose: int = 0,
    task: str = "auto",
    relevance: Any = "auto",
) -> Comparison:
    """Compare treatments of imbalance by repeated cross-validation on your data and with your classifiers.

    Samplers receive training rows only. Scores are computed on real rows that the sampler and the classifier have not
    seen. Give it real rows only: where X holds synthetic rows, splits test on them, and the scores are too high. A
    column that marks them, as ``ganaug balance --mark`` writes it, raises a warning. Run it before you rely on
    synthetic rows. "No resampling" is always compared as well, and is often as good.

    Parameters
    ----------
    X : {DataFrame, polars DataFrame, array-like} of shape (n_rows, n_columns), or array of images
        Rows, with categories and missing cells; images of shape (n, height, width[, channels]); or texts.
    y : array-like of shape (n_rows,) or (n_rows, n_labels)
        Labels. Of two classes the rarer is the positive one; if they are equally large, the later in order. Or numbers,
        of which some are rare; or a column of 0 and 1 for each of several labels. See Notes on both.
    samplers : sequence of str or sampler, or mapping of names to them
        ``"none"``, no resampling, which is always compared; ``"weights"``, class weights; ``"threshold"``, no
        resampling and the threshold with the best balanced accuracy within the training rows (two classes only);
        ``"random"``, repeated rows; ``"SMOTE"``, which stands for SMOTENC or SMOTEN if there are categories;
        ``"ganaug"`` and ``"ganaug equal share"``, `GANOversampler` with its defaults and with that strategy; any other
        over-sampler of imbalanced-learn by its class name; or instances with ``fit_resample``. Samplers of
        imbalanced-learn are given prepared rows (see Notes), all other samplers the rows of X. For images they are
        other names, see Notes.
    classifiers : sequence of str or classifier, or mapping of names to them
        Class names of scikit-learn, or instances. They are given prepared rows. For texts the default is
        ``("LogisticRegression", "ComplementNB")``, and for images ``("CNN", "frozen features")``, see Notes.
    ignore : "auto", None or array-like of names or positions, default="auto"
        Columns of a table that no sampler and no classifier is given. "auto" takes those that identify rows, such as
        customer numbers, which a classifier would memorise. A list adds others to them; None and an empty list take
        none.
    groups : array-like of shape (n_rows,) or None, default=None
        What each row belongs to, such as a patient. All rows of a group are on the same side of a split.
    n_splits, n_repeats : int, default=5 and 2
        Number of folds, and how often the rows are shuffled and split again. With more repeats, smaller differences
        become significant.
    precision : float, default=0.5
        In (0, 1]: the precision of the metric "recall at precision".
    max_time : float or None, default=None
        Limit in seconds. The first split is timed, and as many splits follow as fit into the rest; if these are not
        all, a warning says how many before they start. At least one split is finished. Below five splits there is no
        verdict. None finishes all.
    random_state : int, RandomState or None, default=None
        Seed of the splits, and of every sampler and classifier whose `random_state` is None. All of them get the same
        splits and seeds.
    n_jobs : int or None, default=1
        Number of processes; -1 uses all cores.
    results : path or None, default=None
        A CSV file to which each finished row is added. If it exists, the comparison resumes from it: it takes over
        rows of the same data, settings and versions, and repeats those that failed. This needs an integer
        `random_state`.
    verbose : int, default=0
        1 shows on standard error how far the comparison is, with the time left: by a bar on a terminal, and elsewhere
        by lines, at least one a minute.
    task : {"auto", "classification", "regression", "multilabel"}, default="auto"
        What y is. "auto" takes several columns as labels. Numbers are a continuous target if some are not whole, or if
        there are more than 20 different ones of few rows each, which a warning says; otherwise they are classes.
    relevance : "auto", list of (value, relevance) or callable, default="auto"
        Of a continuous target: which values matter, as in `ganaug.targets.GANRegressionOversampler`. "auto" takes the
        values beyond the whiskers of a box plot as rare.

    Returns
    -------
    Comparison
        Scores, means with intervals and tests, and a verdict.

    Raises
    ------
    ValueError
        If a name is unknown, a class has too few rows (or groups) to be on both sides of each split, y has missing
        labels or a single class, X has infinite values, or `results` holds something else. If no value of a continuous
        target is rare, or no label.

    See Also
    --------
    select : Choose among no resampling, repeated rows, and several numbers of synthetic rows.

    Notes
    -----
    Preparation of rows: missing numbers are replaced by the median, and numbers are standardised; dates become the time
    since 1970; missing categories are a category; categories are one-hot encoded, with at most 50 codes a column (SMOTE
    is given the categories). Each pixel is standardised. Texts become TF-IDF of words and pairs of words. Everything is
    fitted on training rows within the ``Pipeline`` of imbalanced-learn; steps after a sampler are fitted on the
    resampled rows. The number of neighbors of a sampler is limited by the size of the smallest class.

    Images are compared by a small network ("CNN", `ganaug.comparison.ImageCNN`) and by a logistic regression on frozen
    features ("frozen features", `ganaug.comparison.FrozenFeatures`, with the extra ``extractor``). For them, `samplers`
    are ways to train: ``"none"``, each image equally often; ``"weights"``, the same with a class-weighted loss;
    ``"repeated"``, each class equally often; ``"classical mild"`` and ``"classical strong"``, each class equally often,
    and each image augmented whenever it is drawn (see `ganaug.BalancedImages`); ``"weights + classical mild"``;
    ``"ganaug 0.2"``, each class equally often, with this share of synthetic images in every class; ``"ganaug 0.2 +
    classical mild"``; ``"ganaug 0.2 + weights + classical mild"``; or `ganaug.comparison.ImageArm`. The default are all
    of them, with the shares 0.1, 0.2, 0.35 and 0.5, with weights 0.2 only. One training of the generator on each split
    serves all shares. The result is a `ganaug.comparison.ImageComparison`. With classifiers
    of scikit-learn, images are compared as rows of pixels.

    Metrics: average precision, ROC AUC and recall at a fixed precision measure the order of rows; balanced accuracy and
    F1 the decisions; the Brier score the probabilities (0 is best). With several classes, average precision and ROC AUC
    are means over each class against the rest, F1 is the mean over classes, and the Brier score is summed over classes
    and is at most 2.

    With a continuous y, `classifiers` are regressors, ``("Ridge", "HistGradientBoostingRegressor")`` by default, and
    the samplers ``"none"``; ``"weights"``, by which rows of rare values weigh more; ``"random"``, rows of rare values
    repeated; ``"SMOTER"`` and ``"SMOGN"``, interpolated; and ``"ganaug"``, `ganaug.targets.GANRegressionOversampler`.
    All but "none" bring rare ranges to the same size. The metrics are errors in standard deviations of y, so lower is
    better: root mean squared and mean absolute errors of all rows and of those with rare values, and SERA, the squared
    error weighted by relevance, which decides. A sampler helps at rare values and costs at the others: where this is
    shown, the first answer says it.

    With several labels, classifiers are trained for each label (``OneVsRestClassifier``). The samplers are ``"none"``,
    ``"weights"``, ``"random"`` (ML-ROS), ``"MLSMOTE"``, and ``"ganaug"``,
    `ganaug.targets.GANMultilabelOversampler`. The metrics are average precision and F1, as means over all labels
    ("macro") and over the rare ones ("rare"), and F1 of all decisions together ("micro"); macro average precision
    decides. Both kinds of targets need a table for X, and take instances that are no samplers of imbalanced-learn.

    If a sampler or classifier fails, its scores are missing, a note in the frame says why, and the others continue. The
    first warning of each is noted as well.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from ganaug import compare
    >>> X, y = make_classification(300, weights=[0.9], random_state=0)
    >>> comparison = compare(
    ...     X, y, samplers=["none", "weights", "SMOTE"], classifiers="LogisticRegression", n_repeats=1, random_state=0
    ... )
    >>> comparison.frame().shape
    (15, 13)
    >>> comparison.best_
    'none'
    """
    if n_jobs == 0:
        raise ValueError(f"{n_jobs=} starts no process; use their number, or -1 for all cores")
    if not 0 < precision <= 1:
        raise ValueError(f"{precision=} must be above 0 and at most 1")
    X, target = rows_of(X), task_of(y, task, precision=precision, relevance=relevance)
    y = target.y
    check_consistent_length(X, y, groups)
    names = [] if isinstance(X, np.ndarray) else list(X)
    warn_of_marked_rows(X, y)
    X, left_out = without_identifiers(X, ignore)
    if left_out:
        warn_user(
            f"Left out of the comparison: {listed(left_out, 5)}, as a {target.noun} would memorise what identifies rows"
            f"{'' if isinstance(ignore, str) else ', or as `ignore` names it'}. To use all columns, pass ignore=[] (in "
            "the shell --ignore none)."
        )
    groups = None if groups is None else column_or_1d(groups)
    if target.name != "classification" and isinstance(X, np.ndarray):
        raise ValueError(
            f"{target.of_y} needs a table for X, with a column for each feature; images and texts have none"
        )
    ways = _image_ways(X, samplers, classifiers)
    if classifiers is _DEFAULT:
        classifiers = FOR_TEXTS if is_texts(X) else target.models
    if samplers is _DEFAULT_SAMPLERS:
        samplers = target.samplers
    if ways is None:
        chosen = {"none": "none", **named(samplers, "samplers", target.check_sampler)}
        chosen = {name: without_checkpoint(without_columns(of, names, left_out)) for name, of in chosen.items()}
        if not (isinstance(chosen["none"], str) and chosen["none"] == "none"):
            raise ValueError(f'samplers: the name "none" is reserved for no resampling; rename {chosen["none"]!r}')
        unfitted = named(classifiers, "classifiers", target.check_model)
    else:
        chosen, unfitted = ways
    if results is not None and not isinstance(random_state, (int, np.integer)):
        raise ValueError(
            f"results={str(results)!r} needs an integer for random_state, so that a second run has the same splits"
        )
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    splits = list(_splits(target, groups, n_splits, n_repeats, seed))
    scorers = target.scorers
    settings = [digest_of(X), y.tolist(), None if groups is None else groups.tolist(), n_splits, precision, seed]
    settings += target.key
    keys = {
        (sampler, classifier): key_of(*settings, chosen[sampler], unfitted[classifier])
        for sampler in chosen
        for classifier in unfitted
    }
    file = ResultsFile(results, list(scorers))
    done = {(row[KEY], row["split"]): row for row in file.rows}
    jobs = []
    for split in range(len(splits)):
        for names in _by_training(chosen):
            missing = {
                name: {c: clone(unfitted[c]) for c in unfitted if (keys[name, c], split) not in done} for name in names
            }
            if missing := {name: of for name, of in missing.items() if of}:
                jobs.append((split, missing))
    plan = Plan(jobs, max_time, len(splits))
    shared = (X, y, groups, splits, chosen, scorers, seed)
    n_ways = len(splits) * len(chosen)
    n_done = n_ways - sum(len(missing) for _, missing in jobs)
    begin_phase("comparing", show=False)
    with Following(plan, list(chosen), list(unfitted), n_ways, n_done, verbose=bool(verbose)) as following:
        # other processes cannot tell what they have done before a job ends
        is_here = effective_n_jobs(n_jobs) == 1
        run = partial(_run_job if ways is None else _run_image_job, following.finish if is_here else None)
        for rows in run_jobs(run, shared, plan.jobs(), n_jobs):
            rows = [{KEY: keys[row["sampler"], row["classifier"]], **row} for row in rows]
            file.append(rows)
            done |= {(row[KEY], row["split"]): row for row in rows}
            if not is_here:
                for name in dict.fromkeys(row["sampler"] for row in rows):
                    following.finish(name, rows[0]["split"])
    finished = [split for split in range(len(splits)) if all((key, split) in done for key in keys.values())]
    ordered = [
        {**done[keys[sampler, classifier], split], "sampler": sampler, "classifier": classifier}
        for sampler in chosen
        for classifier in unfitted
        for split in finished
    ]
    given = {
        "samplers": _brief(chosen, target.check_sampler),
        "classifiers": _brief(unfitted, target.check_model),
        "ignore": left_out,
        "groups": None if groups is None else "given",
        "n_splits": n_splits,
        "n_repeats": n_repeats,
        "precision": precision,
        "random_state": random_state,
    }
    if target.name != "classification":
        given.pop("precision")  # of classes
        given |= {"task": target.name} | ({"relevance": relevance} if target.name == "regression" else {})
    frame = pd.DataFrame(ordered, columns=[*RUN_COLUMNS, *scorers])
    if ways is not None:
        with_synthetic = tuple(name for name, arm in chosen.items() if arm.share)
        return ImageComparison(frame, target.sizes, given, with_synthetic)
    return Comparison(frame, target.sizes, given, deviation=target.deviation)


def _image_ways(X: Any, samplers: Any, classifiers: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return the ways to train on images and the classifiers; None where images are rows of pixels, or no images."""
    if not isinstance(X, np.ndarray) or X.ndim < 3:
        return None
    if classifiers is _DEFAULT:
        classifiers = default_classifiers()
    if not has_image_classifiers(classifiers):
        return None
    arms = named(ARMS if samplers is _DEFAULT_SAMPLERS else samplers, "samplers", arm_of)
    arms = {"none": arm_of("none"), **arms}
    if arms["none"].share or arms["none"].augment != "off" or arms["none"].draw != "images":
        raise ValueError(f'samplers: the name "none" is reserved for images as they are; rename {arms["none"]!r}')
    return arms, named(classifiers, "classifiers", image_classifier_of)


def _splits(
    task: Task, groups: NDArray | None, n_splits: int, n_repeats: int, seed: int
) -> Iterator[tuple[NDArray, NDArray]]:
    """Yield positions of training and test rows, shuffled, all classes on both sides."""
    smallest, n_smallest = task.smallest(groups)
    if n_smallest < n_splits:
        noun = "rows" if groups is None else "groups"
        raise ValueError(
            f"{n_splits=} is more than the {n_smallest} {noun} with {smallest}, but each split must test at "
            "least one; use fewer splits"
        )
    y = np.unique(task.strata, return_inverse=True)[1]
    # of several labels, one that is the rarest of a few rows only is on both sides by its other rows
    sizes = np.bincount(y)
    y = np.where(sizes[y] < n_splits, sizes.argmax(), y)
    if groups is None:
        splitters = [RepeatedStratifiedKFold(n_splits=n_splits, n_repeats=n_repeats, random_state=seed)]
    else:
        seeds = np.random.default_rng(seed).integers(2**31, size=n_repeats).tolist()
        splitters = [StratifiedGroupKFold(n_splits, shuffle=True, random_state=s) for s in seeds]
    for splitter in splitters:
        for train, test in splitter.split(y, y, groups):
            for rows, side in ((train, "training"), (test, "test")):
                if lost := task.lost(rows):
                    raise ValueError(
                        f"the {side} rows of a split have no row of {lost}; use fewer splits than {n_splits=}"
                    )
            yield train, test


def _by_training(samplers: Mapping[str, Any]) -> list[list[str]]:
    """Return the names of samplers, those that share a training together: they run in one job, one after another."""
    together: dict[str, list[str]] = {}
    for name, sampler in samplers.items():
        shared = "images" if isinstance(sampler, ImageArm) else getattr(sampler, "folder", None)
        is_shared = isinstance(sampler, SharedTraining | ImageArm)
        together.setdefault(f"shared {shared}" if is_shared else f"name {name}", []).append(name)
    return list(together.values())


@alone()
def _run_job(
    finish: Callable[[str, int], None] | None,
    X: pd.DataFrame | NDArray,
    y: NDArray,
    groups: NDArray | None,
    splits: Sequence[tuple[NDArray, NDArray]],
    samplers: Mapping[str, Any],
    scorers: dict[str, Any],
    seed: int,
    split: int,
    missing: Mapping[str, dict[str, Any]],
) -> list[dict[str, Any]]:
    rows = []
    for name, classifiers in missing.items():
        rows += evaluate_sampler(X, y, groups, *splits[split], split, name, samplers[name], classifiers, scorers, seed)
        if finish is not None:
            finish(name, split)
    return rows


@alone()
def _run_image_job(
    finish: Callable[[str, int], None] | None,
    X: NDArray,
    y: NDArray,
    groups: NDArray | None,
    splits: Sequence[tuple[NDArray, NDArray]],
    arms: Mapping[str, ImageArm],
    scorers: dict[str, Any],
    seed: int,
    split: int,
    missing: Mapping[str, dict[str, Any]],
) -> list[dict[str, Any]]:
    return evaluate_arms(X, y, *splits[split], split, arms, missing, scorers, seed, finish)


def _brief(chosen: Mapping[str, Any], check: Callable[[Any], Any]) -> tuple[Any, ...]:
    """Return names if they are enough to identify the objects; otherwise return the objects."""

    def is_named(name: str, of: Any) -> bool:
        try:
            return repr(check(name)) == repr(of)
        except ValueError:
            return False

    return tuple(name if is_named(name, of) else of for name, of in chosen.items())
