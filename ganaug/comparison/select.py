"""Which synthetic rows to add, and how many? `select` decides by cross-validation, and may decide to add none."""

import re
import tempfile
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils.validation import check_consistent_length, column_or_1d

from ganaug.common.modality import modality_of
from ganaug.comparison.compare import FOR_TEXTS, compare
from ganaug.comparison.image_arms import ARMS, ImageArm, arms_of
from ganaug.comparison.image_classifiers import default_classifiers, has_image_classifiers
from ganaug.comparison.image_verdict import IMAGE_METRIC
from ganaug.comparison.preparation import classes_of
from ganaug.comparison.result import ImageComparison, Selection
from ganaug.comparison.samplers import RealRows, SharedTraining, part_way
from ganaug.comparison.scoring import BRIER, scorers_for
from ganaug.comparison.tasks import kind_of, smallest_class
from ganaug.oversampler import GANOversampler

_PARTS = ("ganaug 0.25", "ganaug 0.5", "ganaug 1")
_SHARES = ("ganaug equal share 0.1", "ganaug equal share 0.2", "ganaug equal share 0.35", "ganaug equal share 0.5")
# SMOTE is scored beside the candidates and never chosen.
_CANDIDATES = {
    "tabular": ("none", "random", "SMOTE", *_PARTS),
    "image": ("none", "random", "SMOTE", *_PARTS, *_SHARES),
    "text": ("none", "random", "SMOTE", *_PARTS),
}
_WITHOUT_GAN = ("none", "random", "SMOTE")
_NAME = re.compile(r"ganaug( equal share)? (\d*\.?\d+)")
# Half of every class is as many synthetic rows as the largest class has real ones: enough for each part, too.
_SHARE_FOR_PARTS = 0.5
_MAX_SPLITS = 5
_AUTO_SPLITS = 10


def select(
    X: Any,
    y: Any,
    *,
    sampler: GANOversampler | None = None,
    candidates: Any = "auto",
    metric: str = "auto",
    classifiers: Any = "auto",
    groups: Any = None,
    n_splits: Any = "auto",
    n_repeats: Any = "auto",
    max_time: float | None = None,
    random_state: int | np.random.RandomState | None = None,
    n_jobs: int | None = 1,
    verbose: int = 0,
) -> Selection:
    """Choose by cross-validation whether to add rows, which rows, and how many.

    It runs `compare` on training rows and takes a candidate only if a test shows that it is better than no resampling.
    With few rows or a strong classifier, the usual choice is to add nothing.

    Parameters
    ----------
    X, y
        Training rows and labels, as in `compare`: a table or images. Keep test rows out.
    sampler : GANOversampler or None, default=None
        The sampler that generates. Its `sampling_strategy` and `synthetic_share` are chosen here. Classifiers are not
        given the columns that its `ignore` leaves out. None uses the defaults.
    candidates : "auto" or sequence of str, default="auto"
        What is tried. ``"none"``, no resampling, which is always tried; ``"random"``, repeated rows; ``"ganaug 0.25"``,
        or another part in (0, 1]: each class grows by this part of the rows that it lacks to be as large as the
        largest; ``"ganaug equal share 0.2"``, or another share in (0, 1): the strategy "equal share" of
        `GANOversampler` with this `synthetic_share`; ``"SMOTE"``, which is scored and never chosen. "auto" tries
        "none", "random", "SMOTE", and the parts 0.25, 0.5 and 1. With images the candidates are the ways to train of
        `compare`, and "auto" tries all of them: classical augmentation is chosen together with the share.
    metric : str, default="auto"
        The metric that decides: a column of the comparison. "auto" is "average precision" for tables and texts, and
        "balanced accuracy" for images. "average precision" and "ROC AUC" do not depend on the threshold of the
        classifier; "balanced accuracy", "F1" and "Brier score" do. By balanced accuracy and F1, additional rows of any
        kind seem to help more often, where another threshold would be enough.
    classifiers : "auto", or as in `compare`, default="auto"
        What is trained on the rows: the classifier that they are meant for, or a similar one. "auto" trains logistic
        regression and gradient boosting on a table, and on images a small network and frozen features. With classifiers
        of scikit-learn, images are rows of pixels, and the candidates are those of tables and equal shares.
    groups : array-like of shape (n_rows,) or None, default=None
        As in `compare`.
    n_splits : "auto" or int, default="auto"
        Number of folds. "auto" is 5, or the number of rows (or groups) of the smallest class if it has fewer.
    n_repeats : "auto" or int, default="auto"
        How often the rows are shuffled and split again. "auto" makes at least ten splits, of images five, as a training
        takes minutes. With fewer than five, nothing is added.
    max_time
        As in `compare`.
    random_state : int, RandomState or None, default=None
        As in `compare`; None uses that of `sampler`. An integer is passed on to the chosen sampler, unless `sampler`
        has its own.
    n_jobs, verbose
        As in `compare`.

    Returns
    -------
    Selection
        The chosen sampler, not yet fitted, the comparison, and a verdict that says why.

    Raises
    ------
    ValueError
        Where `compare` raises it; if a candidate or the metric is unknown; if a class has a single row; and if "none"
        itself could not be scored.

    See Also
    --------
    compare : Also with class weights, a tuned threshold and other samplers.

    Notes
    -----
    The networks are trained once on each split, for all candidates with synthetic rows. The synthetic rows of a smaller
    part or share are among those of a larger one.

    The candidate with the best mean over classifiers and splits is chosen among those for which the corrected resampled
    t-test finds a gain over "none" (see `Comparison`). If there is none, "none" is chosen. SMOTE cannot be chosen
    because its rows are scaled numbers without gaps and dates, which do not fit into X; if it is better, the verdict
    says so.

    Images: the best way with synthetic images is chosen if a test shows that it is better than the best way without
    (see `ganaug.comparison.ImageComparison`), and else the best way without. Then nothing is added. `augment` and
    `draw` of the result say how to train.

    The scores of the chosen candidate are the best of several and therefore slightly too good. Test the final model on
    rows that were not in X.

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
    kind, is_certain = kind_of(y)
    if kind != "classification" and is_certain:
        what = "numbers that are not whole" if kind == "regression" else "several labels a row"
        raise ValueError(
            f"y holds {what}, and select chooses among ways to balance classes; compare takes such targets, and best_ "
            "of its result names the best sampler"
        )
    labels = classes_of(y)
    modality = modality_of(X).name
    known = list(scorers_for(labels))
    is_image = modality == "image" and (_is_auto(classifiers) or has_image_classifiers(classifiers))
    if _is_auto(metric):
        metric = IMAGE_METRIC if is_image else "average precision"
    if metric not in known:
        raise ValueError(f"{metric=} is not measured here; use one of {', '.join(known)}")
    if is_image and metric == BRIER:
        raise ValueError(
            f"{metric=} does not choose among ways to train on images; use balanced accuracy or another one"
        )
    base = GANOversampler() if sampler is None else sampler
    tried: Any
    if is_image:
        classifiers = default_classifiers() if _is_auto(classifiers) else classifiers
        tried = arms_of(ARMS if _is_auto(candidates) else candidates, base)
    else:
        tried = _checked(_CANDIDATES[modality] if _is_auto(candidates) else candidates)
    if _is_auto(classifiers):
        # early stopping would hold out rows of a class that has few
        boosting = HistGradientBoostingClassifier(early_stopping=False)
        classifiers = ("LogisticRegression", "HistGradientBoostingClassifier")
        classifiers = {"HistGradientBoostingClassifier": boosting} if modality == "image" else classifiers
        classifiers = FOR_TEXTS if modality == "text" else classifiers
    random_state = base.random_state if random_state is None else random_state
    n_folds = _n_splits(labels, groups) if _is_auto(n_splits) else n_splits
    with tempfile.TemporaryDirectory() as folder:
        comparison = compare(
            X,
            y,
            samplers=tried if is_image else _trials(base, tried, folder),
            classifiers=classifiers,
            ignore=getattr(base.model, "ignore", "auto") if base.ignore is None else base.ignore,
            groups=groups,
            n_splits=n_folds,
            n_repeats=(1 if is_image else -(-_AUTO_SPLITS // n_folds)) if _is_auto(n_repeats) else n_repeats,
            max_time=max_time,
            random_state=random_state,
            n_jobs=n_jobs,
            verbose=verbose,
            task="classification",
        )
    summary = comparison.summary(metric)
    if summary.empty:
        note = comparison.scores["note"].replace("", np.nan).dropna()
        raise ValueError(
            f"no resampling has no score in {metric}, so no candidate can be chosen: "
            f"{note.iloc[0] if len(note) else 'the classifier has no probabilities'}"
        )
    if isinstance(comparison, ImageComparison):
        name = comparison.best_by(metric)
        seed = random_state if isinstance(random_state, (int, np.integer)) else None
        arm = tried[name]
        return Selection(name, _for_arm(base, arm, seed), metric, comparison, arm.augment, arm.draw)
    gains = summary.loc[summary["is_better"], "gain"].to_dict()
    name = max((name for name in tried if name in gains and name != "SMOTE"), key=gains.__getitem__, default="none")
    seed = random_state if isinstance(random_state, (int, np.integer)) else None
    return Selection(name, _chosen(base, name, seed), metric, comparison)


def _is_auto(value: Any) -> bool:
    return isinstance(value, str) and value == "auto"


def _checked(candidates: Any) -> dict[str, tuple[str, float] | None]:
    """Return what each candidate asks of the GAN: "part" or "equal share", and how much; or nothing."""
    names = [candidates] if isinstance(candidates, str) else list(candidates)
    found: dict[str, tuple[str, float] | None] = {"none": None}
    for name in names:
        asked = _NAME.fullmatch(name) if isinstance(name, str) else None
        if asked is None and name not in _WITHOUT_GAN:
            raise ValueError(
                f"candidates: unknown name {name!r}; use {', '.join(_WITHOUT_GAN)}, 'ganaug 0.5' (a part above 0 and "
                "at most 1) or 'ganaug equal share 0.2' (a share between 0 and 1)"
            )
        if asked is None:
            found[name] = None
            continue
        strategy, amount = "equal share" if asked[1] else "part", float(asked[2])
        if not 0 < amount <= 1 or (strategy == "equal share" and amount == 1):
            raise ValueError(
                f"candidates: {name!r} has {amount:g}, but needs a "
                f"{'share between 0 and 1' if asked[1] else 'part above 0 and at most 1'}"
            )
        found[name] = (strategy, amount)
    return found


def _n_splits(y: np.ndarray, groups: Any) -> int:
    if groups is not None:
        check_consistent_length(y, groups)
        groups = column_or_1d(groups)
    label, n_smallest = smallest_class(y, groups)
    if n_smallest < 2:
        noun = "row" if groups is None else "group"
        raise ValueError(
            f"select needs 2 {noun}s of each class, one to train and one to test, but class {label!r} has only one; "
            "drop this class, or collect more rows of it"
        )
    return min(_MAX_SPLITS, n_smallest)


def _trials(base: GANOversampler, tried: dict[str, tuple[str, float] | None], folder: str) -> dict[str, Any]:
    """Return the samplers to compare; all with a GAN take their rows from the same training."""
    quiet = clone(base)
    for key in quiet.get_params():
        if key.split("__")[-1] in ("callbacks", "checkpoint", "verbose"):  # of the model, too
            quiet.set_params(**{key: 0 if key.endswith("verbose") else None})
    shares = [asked[1] for asked in tried.values() if asked is not None and asked[0] == "equal share"]
    if shares:
        share = max(*shares, _SHARE_FOR_PARTS)
        quiet.set_params(sampling_strategy="equal share", synthetic_share=share, repeat_real=True)
    else:
        quiet.set_params(sampling_strategy="auto")
    return {name: name if asked is None else SharedTraining(quiet, *asked, folder) for name, asked in tried.items()}


def _for_arm(base: GANOversampler, arm: ImageArm, seed: int | None) -> Any:
    """Return the sampler of a way to train on images; without a share it adds nothing."""
    if not arm.share:
        return RealRows(random_state=seed)
    random_state = seed if base.random_state is None else base.random_state
    how: dict[str, Any] = {"sampling_strategy": "equal share", "synthetic_share": arm.share}
    return clone(base).set_params(**how, callbacks=base.callbacks, random_state=random_state)


def _chosen(base: GANOversampler, name: str, seed: int | None) -> Any:
    """Return the sampler of this name, with the callbacks of the user, not copies of them."""
    if name in _WITHOUT_GAN:
        return RealRows(repeat=name == "random", random_state=seed)
    asked = _checked([name])[name]
    assert asked is not None
    strategy, amount = asked
    if strategy == "equal share":
        how: dict[str, Any] = {"sampling_strategy": "equal share", "synthetic_share": amount}
    else:
        how = {"sampling_strategy": partial(part_way, part=amount)}
    random_state = seed if base.random_state is None else base.random_state
    return clone(base).set_params(**how, callbacks=base.callbacks, random_state=random_state)
