"""The results of `compare` and `select`: numbers, and what they say."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ganaug.common.findings import Finding, result_html, result_repr
from ganaug.common.wording import counted
from ganaug.comparison.image_verdict import (
    IMAGE_METRIC,
    Choice,
    choice_of,
    image_findings,
    image_selection_findings,
)
from ganaug.comparison.scoring import BRIER, LOWER_IS_BETTER
from ganaug.comparison.statistics import (
    MIN_SPLITS,
    main_metric,
    metrics_of,
    model_noun,
    n_splits_of,
    summary_by_classifier,
    summary_over_classifiers,
    task_in,
)
from ganaug.comparison.verdict import (
    comparison_findings,
    left_out_findings,
    selection_findings,
    with_equal_classes,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


_SHORT_NAMES = {"average precision": "avg. prec.", "balanced accuracy": "bal. acc.", BRIER: "Brier"}


@dataclass(frozen=True, repr=False)
class Comparison:
    """Scores of samplers, and what they say.

    Parameters
    ----------
    scores : DataFrame
        One row for each sampler, classifier and split: "sampler", "classifier", "split", "n_train", "n_test",
        "fit_seconds", "note", then a column for each metric. Higher is better, except for the "Brier score". A row
        without scores is a failure, and its note says why.
    classes : dict, default={}
        Label -> number of rows in the data. Of a continuous target: its ranges.
    settings : dict, default={}
        Parameters of `compare` other than the data.
    deviation : float or None, default=None
        Standard deviation of a continuous target, the unit of its errors.

    Notes
    -----
    The rows that splits of one table train on overlap, so their scores spread less than those of independent tables
    would. Intervals and tests take the variance of a mean over J splits as (1 / J + n_test / n_train) times that of the
    scores, with J - 1 degrees of freedom: the corrected resampled t-test of Nadeau and Bengio (Machine Learning 52,
    2003), on scores paired by split. Intervals of means are computed on the logit scale, so they stay within the range
    of the metric. With fewer than five splits, the verdict is "unknown". p-values are adjusted by Holm (Scand. J.
    Statist. 6, 1979) for the number of samplers, for each classifier and metric. They are not adjusted for the number
    of metrics and classifiers. Intervals are not adjusted.

    Examples
    --------
    >>> scores = pd.DataFrame({"sampler": ["none"] * 5 + ["SMOTE"] * 5, "classifier": "tree", "split": [*range(5)] * 2})
    >>> scores = scores.assign(n_train=80, n_test=20, fit_seconds=0.1, note="")
    >>> scores["F1"] = [0.50, 0.52, 0.51, 0.49, 0.50, 0.70, 0.73, 0.70, 0.70, 0.69]
    >>> print(Comparison(scores).verdict[0].sentence)
    With tree, SMOTE has a higher F1 than no resampling: 0.704 against 0.504 (difference +0.200, 95 % interval +0.181 to
    +0.219, p < 0.001).
    """

    scores: pd.DataFrame
    classes: dict[Any, int] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    deviation: float | None = field(default=None, kw_only=True)

    def frame(self) -> pd.DataFrame:
        """Return a copy of `scores`, a row for each sampler, classifier and split."""
        return self.scores.copy()

    @property
    def metrics(self) -> list[str]:
        """Names of the metrics."""
        return metrics_of(self.scores)

    def means(self) -> pd.DataFrame:
        """Return the mean of each metric over all splits.

        Returns
        -------
        DataFrame
            One row for each classifier and sampler, which are its index, and one column for each metric. A mean is
            missing if the sampler failed on any split.
        """
        summary = summary_by_classifier(self.scores)
        means = summary.pivot_table("mean", ["classifier", "sampler"], "metric", sort=False, dropna=False)
        return means[self.metrics].rename_axis(columns=None)

    def summary(self, metric: str | None = None) -> pd.DataFrame:
        """Return means, 95 % intervals, and tests against "none".

        Parameters
        ----------
        metric : str or None, default=None
            One of `metrics`: means and tests are over all classifiers. None tests each metric with each classifier.

        Returns
        -------
        DataFrame
            Without a metric, one row for each classifier, metric and sampler. "mean", and "low" and "high", the ends of
            its interval, within the range of the metric; "difference" of the mean from that of "none"
            (better below 0 for the Brier score), and its interval; "p", two-sided and adjusted by Holm. They are
            missing if the sampler failed on any split, because a mean over fewer splits is not comparable.

            With a metric, one row for each sampler that has all scores. "mean" over classifiers and splits; "gain" over
            "none", above 0 where the sampler is better whatever the metric, with "low" and "high" of its interval; "p";
            and "is_better": p is below 0.05, the gain above 0, and there are at least five splits. The frame is empty
            if a score of "none" is missing.
        """
        if metric is None:
            return summary_by_classifier(self.scores)
        if metric not in self.metrics:
            raise ValueError(f"{metric=} was not measured; use one of {', '.join(self.metrics)}")
        return summary_over_classifiers(self.scores, metric)

    @property
    def verdict(self) -> list[Finding]:
        """What the scores say: whether a sampler helps, with all classifiers and with each, and what failed.

        Whether it helps is answered for average precision (or the first metric), averaged over the classifiers, from
        five splits on. For each classifier and metric, the verdict names a sampler that is better than "none" (p <
        0.05, adjusted). This is the sampler with the best mean, or a simpler sampler if the test finds no difference
        between the two (p >= 0.05, not adjusted). A tuned threshold is simpler than class weights, and class weights
        are simpler than repeated rows. Of all other samplers, the faster one is simpler.
        """
        left_out = left_out_findings(self.settings.get("ignore", []), self.noun)
        return [*comparison_findings(self.scores, self.classes), *left_out]

    @property
    def best_(self) -> str:
        """Sampler with the best mean average precision over all classifiers among those shown to be better than "none".

        It is "none" if no sampler is. Without average precision among the metrics, the first metric decides.
        """
        summary = self.summary(main_metric(self.scores))
        better = summary.loc[summary["is_better"], "gain"]
        return str(better.idxmax()) if len(better) else "none"

    def plot(self, metric: str | None = None) -> "Figure":
        """Draw means and their intervals: a panel for each metric, a line for each sampler.

        Classifiers have colours, and dotted lines stand at "none".

        Parameters
        ----------
        metric : str or None, default=None
            One of `metrics`, which alone is drawn. None draws all.

        Returns
        -------
        matplotlib.figure.Figure
            A notebook shows it; `savefig` stores it.
        """
        from ganaug.common.figure import Drawing

        summary, metrics = self.summary(), self.metrics if metric is None else [metric]
        samplers, classifiers = summary["sampler"].unique(), summary["classifier"].unique()
        n_rows = -(-len(metrics) // 3)
        n_columns = min(3, len(metrics))
        height = 0.8 + 0.3 * len(samplers) * max(1, len(classifiers) / 2)
        figure = Drawing(figsize=(1.5 + 3.5 * n_columns, 0.6 + height * n_rows), layout="constrained")
        axes = figure.subplots(n_rows, n_columns, squeeze=False, sharey=True).ravel()
        for ax in axes[len(metrics) :]:
            ax.axis("off")
        for ax, name in zip(axes, metrics, strict=False):
            for i, classifier in enumerate(classifiers):
                is_drawn = (summary["metric"] == name) & (summary["classifier"] == classifier)
                rows = summary[is_drawn].set_index("sampler").loc[samplers]
                place = np.arange(len(samplers)) + 0.6 * ((i + 0.5) / len(classifiers) - 0.5)
                ends = rows["mean"] - rows["low"], rows["high"] - rows["mean"]
                ax.errorbar(rows["mean"], place, xerr=ends, fmt="o", markersize=4, capsize=2, label=classifier)
                ax.axvline(rows.loc["none", "mean"], color=f"C{i}", linestyle=":", linewidth=1)
            ax.set_title(name + (" (lower is better)" if name in LOWER_IS_BETTER else ""), fontsize=10, loc="left")
            # a name with two dollar signs is not a formula
            ax.set_yticks(range(len(samplers)), samplers, parse_math=False)
        axes[0].invert_yaxis()
        n_beside = len(classifiers) if metric is None else 1
        legend = figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=n_beside)
        for text in legend.get_texts():
            text.set_parse_math(False)
        return figure

    def __repr__(self) -> str:
        return result_repr(self.heading, self.verdict)

    def _repr_html_(self) -> str:
        return result_html(self.heading, self.verdict, self.means().reset_index())

    @property
    def heading(self) -> str:
        """One line that says what was compared."""
        n_samplers, n_classifiers = (self.scores[of].nunique() for of in ("sampler", "classifier"))
        counts = f"{counted(n_samplers, 'sampler')}, {counted(n_classifiers, self.noun)}"
        return f"Comparison of {counts}, {self.splits_in_words}"

    @property
    def task(self) -> str:
        """What was predicted: "classification", "regression" or "multilabel"."""
        return task_in(self.scores)

    @property
    def noun(self) -> str:
        """What the models are called."""
        return model_noun(self.scores)

    @property
    def how_to_read(self) -> str:
        """One sentence that says which scores are better."""
        if self.task == "multilabel":
            return "Higher is better."
        if self.task == "classification":
            return "Higher is better, except for Brier."
        unit = ""
        if self.deviation is not None:
            unit = f", {self.deviation:,.0f}" if self.deviation >= 1000 else f", {self.deviation:.4g}"
        return f"Lower is better. The unit is the standard deviation of the target{unit}."

    @property
    def short_names(self) -> dict[str, str]:
        """Metric -> its name in a narrow table."""
        return {
            metric: _SHORT_NAMES.get(metric, metric.replace("recall at precision", "recall at prec."))
            for metric in self.metrics
        }

    @property
    def has_verdict(self) -> bool:
        """Whether there are splits enough, at least five, to say anything."""
        return n_splits_of(self.scores) >= MIN_SPLITS

    @property
    def splits_in_words(self) -> str:
        """The number of splits, and of how many if the time ended before all were run."""
        n = n_splits_of(self.scores)
        n_planned = int(self.settings.get("n_splits", n)) * int(self.settings.get("n_repeats", 1))
        return counted(n, "split") if n >= n_planned else f"{n} of {counted(n_planned, 'split')}"


@dataclass(frozen=True, repr=False)
class ImageComparison(Comparison):
    """Scores of ways to train a classifier of images, and what they say about synthetic images.

    Attributes
    ----------
    scores, classes, settings
        As in `Comparison`. "sampler" is the way to train: how images are drawn and augmented, and which are synthetic.
    with_synthetic : tuple of str, default=()
        Names of the ways with synthetic images.

    Notes
    -----
    The question is whether the best way with synthetic images is better than the best without, classical augmentation
    being among what is chosen. On each split, both are chosen by their means over the other splits, and compared on
    this one. So neither side profits from having more candidates. The metric is balanced accuracy.
    """

    with_synthetic: tuple[str, ...] = ()

    @property
    def verdict(self) -> list[Finding]:
        """Whether synthetic images help, what is best without them, the same for each classifier, and what failed."""
        return image_findings(self.scores, self.with_synthetic)

    @property
    def choice(self) -> Choice | None:
        """The best way with synthetic images, the best without, and their difference with its test."""
        return choice_of(self.scores, self.with_synthetic)

    @property
    def best_(self) -> str:
        """The best way without synthetic images, or the best with them if they are shown to help."""
        return self.best_by(IMAGE_METRIC)

    def best_by(self, metric: str) -> str:
        """Return the best way without synthetic images, or the best with them if they are shown to help.

        Parameters
        ----------
        metric : str
            What decides; higher is better.
        """
        choice = choice_of(self.scores, self.with_synthetic, metric)
        if choice is None:
            means = self.scores.groupby("sampler", sort=False)[metric].mean()
            return str(means.drop([name for name in self.with_synthetic if name in means.index]).idxmax())
        return choice.with_synthetic if self.has_verdict and choice.helps else choice.without

    @property
    def heading(self) -> str:
        """One line that says what was compared."""
        n_ways, n_classifiers = (self.scores[of].nunique() for of in ("sampler", "classifier"))
        counts = f"{counted(n_ways, 'way')} to train on images, {counted(n_classifiers, 'classifier')}"
        return f"Comparison of {counts}, {self.splits_in_words}"


@dataclass(frozen=True, repr=False)
class Selection:
    """What `select` chose, and why.

    Attributes
    ----------
    name : str
        The candidate, such as "none", "random", "ganaug 0.5" or "ganaug equal share 0.2".
    sampler : sampler
        The sampler of this name, not yet fitted, for rows as they are in X. That of "none" returns them unchanged.
        After its `fit_resample`, ``is_synthetic_`` marks the synthetic rows.
    metric : str
        What decided.
    comparison : Comparison
        The scores.
    augment : {"off", "mild", "strong"}, default="off"
        Of images: the classical augmentation that was chosen, for `ganaug.BalancedImages`.
    draw : {"classes", "images", "weights"}, default="classes"
        Of images: what is drawn equally often, see `ganaug.comparison.ImageArm`.

    Examples
    --------
    >>> scores = pd.DataFrame({"sampler": ["none"] * 5 + ["random"] * 5, "split": [*range(5)] * 2})
    >>> scores = scores.assign(classifier="tree", n_train=80, n_test=20, fit_seconds=0.1, note="")
    >>> scores["F1"] = [0.50, 0.52, 0.51, 0.49, 0.50, 0.70, 0.73, 0.70, 0.70, 0.69]
    >>> print(Selection("random", None, "F1", Comparison(scores)).verdict[0].sentence)
    random is chosen, because it has a higher F1 than no resampling: 0.704 against 0.504 (difference +0.200, 95 %
    interval +0.181 to +0.219, p < 0.001).
    """

    name: str
    sampler: Any
    metric: str
    comparison: Comparison
    augment: str = "off"
    draw: str = "classes"

    def frame(self) -> pd.DataFrame:
        """Return a row for each candidate: its mean and its gain over "none" in `metric`, as `Comparison.summary`."""
        return self.comparison.summary(self.metric)

    @property
    def verdict(self) -> list[Finding]:
        """Why this candidate was chosen, whether something simpler or SMOTE is as good, and what failed."""
        if isinstance(self.comparison, ImageComparison):
            compared = self.comparison
            return image_selection_findings(self.name, compared.scores, compared.with_synthetic, self.metric)
        left_out = left_out_findings(self.comparison.settings.get("ignore", []))
        helps, *others = selection_findings(self.name, self.metric, self.comparison.scores)
        return [with_equal_classes(helps, self.comparison.classes), *others, *left_out]

    def plot(self) -> "Figure":
        """Draw means and their intervals, as `Comparison.plot`.

        Returns
        -------
        matplotlib.figure.Figure
            A notebook shows it; `savefig` stores it.
        """
        return self.comparison.plot()

    def __repr__(self) -> str:
        return result_repr(self.heading, self.verdict)

    def _repr_html_(self) -> str:
        return result_html(self.heading, self.verdict, self.frame().reset_index())

    @property
    def heading(self) -> str:
        """One line that says what was chosen."""
        return f"Selection by {self.metric}: {self.name}"
