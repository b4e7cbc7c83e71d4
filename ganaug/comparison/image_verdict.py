"""What scores of ways to train on images say about synthetic images: the best with them against the best without."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from ganaug.common.findings import HELPS, REAL, SAFE, Answer, Finding
from ganaug.common.wording import counted
from ganaug.comparison.statistics import (
    ALPHA,
    MIN_SPLITS,
    corrected_p,
    interval,
    n_splits_of,
    overlap_of,
)
from ganaug.comparison.verdict import DETAILS, failures, p_in_words

WITHOUT = "What is best without synthetic images?"
IMAGE_METRIC = "balanced accuracy"
"""What decides about images: classes are equally frequent in the training, so that decisions need no threshold."""


class Choice(NamedTuple):
    """The best way with synthetic images, and the best without.

    Attributes
    ----------
    with_synthetic, without : str
        Those with the best mean over all splits.
    gain, low, high, p : float
        By how much the first is better, its 95 % interval and the two-sided p-value. On each split, both ways are
        chosen by the other splits, so the best of many is not favoured by chance.
    """

    with_synthetic: str
    without: str
    gain: float
    low: float
    high: float
    p: float

    @property
    def helps(self) -> bool:
        """Whether synthetic images are shown to help."""
        return self.p < ALPHA and self.gain > 0


def choice_of(
    scores: pd.DataFrame, with_synthetic: Sequence[str], metric: str = IMAGE_METRIC, classifier: str | None = None
) -> Choice | None:
    """Compare the best way with synthetic images and the best without.

    Parameters
    ----------
    scores : DataFrame
        Of a `Comparison`.
    with_synthetic : sequence of str
        Names of the ways with synthetic images.
    metric : str, default="balanced accuracy"
        What decides; higher is better.
    classifier : str or None, default=None
        None takes the mean over all classifiers.

    Returns
    -------
    Choice or None
        None if a side has no way that was scored on every split.
    """
    table = _by_split(scores, metric, classifier)
    sides = [table[[name for name in table if (name in with_synthetic) == kind]] for kind in (True, False)]
    if any(side.empty for side in sides):
        return None
    best = [str(side.mean().idxmax()) for side in sides]
    chosen = [_chosen_elsewhere(side) for side in sides]
    overlap, gains = overlap_of(scores), chosen[0] - chosen[1]
    found = interval(gains, overlap, (-1, 1))
    return Choice(best[0], best[1], found.mean, found.low, found.high, corrected_p(gains, overlap))


def _by_split(scores: pd.DataFrame, metric: str, classifier: str | None) -> pd.DataFrame:
    """Return a column for each way that has all scores, a row for each split."""
    rows = scores if classifier is None else scores[scores["classifier"] == classifier]
    wide = rows.pivot_table(metric, "split", ["sampler", "classifier"], dropna=False, sort=False)
    names = [name for name in rows["sampler"].unique() if name in wide and not wide[name].isna().any(axis=None)]
    return pd.DataFrame({name: wide[name].mean(axis=1) for name in names})


def _chosen_elsewhere(table: pd.DataFrame) -> pd.Series:
    """Return the score on each split of the way that has the best mean over the other splits."""
    if len(table) < 2:
        return table.max(axis=1)
    best = {split: table.drop(index=split).mean().idxmax() for split in table.index}
    return pd.Series({split: table.loc[split, name] for split, name in best.items()})


def image_findings(scores: pd.DataFrame, with_synthetic: Sequence[str], metric: str = IMAGE_METRIC) -> list[Finding]:
    """Return what a comparison of ways to train on images says.

    Parameters
    ----------
    scores : DataFrame
        Of a `Comparison`.
    with_synthetic : sequence of str
        Names of the ways with synthetic images.
    metric : str, default="balanced accuracy"
        What decides; higher is better.

    Returns
    -------
    list of Finding
        Whether synthetic images help, whether they are real, whether they are safe to share, what is best without
        them, the same for each classifier, and what failed.
    """
    sentence = "compare does not measure this. Use ganaug evaluate."
    not_measured = [Finding(REAL, "unknown", sentence), Finding(SAFE, "unknown", sentence)]
    classifiers = [str(name) for name in scores["classifier"].unique()]
    opening = f"Averaged over {len(classifiers)} classifiers, " if len(classifiers) > 1 else f"With {classifiers[0]}, "
    details = []
    if len(classifiers) > 1 and n_splits_of(scores) >= MIN_SPLITS:
        each = [_helps(scores, with_synthetic, metric, name, f"With {name}, ") for name in classifiers]
        details = [found._replace(question=DETAILS) for found in each]
    helps = _helps(scores, with_synthetic, metric, None, opening)
    return [helps, *not_measured, *_without(scores, with_synthetic, metric, opening), *details, *failures(scores)]


def _helps(
    scores: pd.DataFrame, with_synthetic: Sequence[str], metric: str, classifier: str | None, opening: str
) -> Finding:
    n = n_splits_of(scores)
    if n < MIN_SPLITS:
        sentence = (
            f"Too few splits were run to say: {n}, and at least {MIN_SPLITS} are needed. Give it more time, or more "
            "splits."
        )
        return Finding(HELPS, "unknown", sentence, {"splits": n})
    choice = choice_of(scores, with_synthetic, metric, classifier)
    if choice is None:
        sentence = f"{opening}there is no score with synthetic images, or none without them, so nothing is compared."
        return Finding(HELPS, "unknown", sentence, {"splits": n})
    mean = _by_split(scores, metric, classifier).mean()
    numbers = {
        choice.with_synthetic: float(mean[choice.with_synthetic]),
        choice.without: float(mean[choice.without]),
        **{name: getattr(choice, name) for name in ("gain", "low", "high", "p")},
    }
    answer: Answer
    if choice.helps:
        answer, said = "good", "synthetic images help"
    elif choice.p < ALPHA:
        answer, said = "bad", "synthetic images do harm"
    else:
        answer, said = "unknown", "synthetic images are not shown to help"
    sentence = (
        f"{opening}{said}: {metric} {mean[choice.with_synthetic]:.3f} with {choice.with_synthetic}, the best way "
        f"with them, and {mean[choice.without]:.3f} with {choice.without}, the best without. If both are chosen by the "
        f"other splits, the difference is {choice.gain:+.3f} (95 % interval {choice.low:+.3f} to {choice.high:+.3f}, "
        f"{counted(n, 'split')}, {p_in_words(choice.p)})."
    )
    return Finding(HELPS, answer, sentence, numbers)


def _without(scores: pd.DataFrame, with_synthetic: Sequence[str], metric: str, opening: str) -> list[Finding]:
    """Say which way without synthetic images is best, and by how much it is better than none."""
    table = _by_split(scores, metric, None)
    table = table[[name for name in table if name not in with_synthetic]]
    if "none" not in table or len(table.columns) < 2:
        return []
    mean = table.mean()
    best = str(mean.idxmax())
    if best == "none":
        sentence = f'{opening}no way is better than "none": {metric} {mean["none"]:.3f}.'
        return [Finding(WITHOUT, "unknown", sentence, {"none": float(mean["none"])})]
    gains = table[best] - table["none"]
    found = interval(gains, overlap_of(scores), (-1, 1))
    p = corrected_p(gains, overlap_of(scores))
    is_shown = len(table) >= MIN_SPLITS and p < ALPHA
    sentence = f"{opening}{best}: {metric} {mean[best]:.3f}, and {mean['none']:.3f} with none"
    if not np.isnan(p):
        sentence += f" (difference {found.mean:+.3f}, 95 % interval {found.low:+.3f} to {found.high:+.3f}"
        sentence += f", {p_in_words(p)})" if len(table) >= MIN_SPLITS else ")"
    numbers = {best: float(mean[best]), "none": float(mean["none"]), "difference": found.mean, "p": p}
    return [Finding(WITHOUT, "good" if is_shown else "unknown", f"{sentence}.", numbers)]


def image_selection_findings(
    name: str, scores: pd.DataFrame, with_synthetic: Sequence[str], metric: str = IMAGE_METRIC
) -> list[Finding]:
    """Return why `select` chose a way to train on images.

    Parameters
    ----------
    name : str
        What was chosen.
    scores : DataFrame
        Of a `Comparison`.
    with_synthetic : sequence of str
        Names of the ways with synthetic images.
    metric : str, default="balanced accuracy"
        What decided; higher is better.
    """
    helps, *others = image_findings(scores, with_synthetic, metric)
    chosen = f"{name} is chosen, with{'' if name in with_synthetic else 'out'} synthetic images. "
    return [helps._replace(sentence=chosen + helps.sentence), *others]
