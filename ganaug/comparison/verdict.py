"""What scores say: numbers to findings."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ganaug.common.findings import HELPS, REAL, SAFE, Finding
from ganaug.common.wording import counted, joined, listed, signed
from ganaug.comparison.scoring import BRIER, LOWER_IS_BETTER, TOO_FEW
from ganaug.comparison.statistics import (
    ALPHA,
    MIN_SPLITS,
    is_as_good,
    main_metric,
    metrics_of,
    model_noun,
    n_splits_of,
    summary_by_classifier,
    summary_over_classifiers,
    task_in,
)

DETAILS = "With which classifier, in which metric?"
FAILED = "What could not be scored?"
LEFT_OUT = "What was left out?"
SIMPLER = "Is something simpler as good?"
SMOTE_TOO = "Is SMOTE better?"

# The remedies that add no new rows, the simplest first.
_SIMPLE = ("none", "threshold", "weights", "random")


def comparison_findings(scores: pd.DataFrame, classes: Mapping[Any, int] | None = None) -> list[Finding]:
    """Return what a comparison says: of all classifiers together, of each, and what failed.

    Whether it helps is answered for the main metric, averaged over all classifiers; the sentence names other metrics in
    which a sampler is better. Then, for each classifier and
    metric, a finding names a sampler that is better than "none" (p < 0.05, adjusted). This is the sampler with the best
    mean, or a simpler sampler if the test finds no difference between the two (p >= 0.05, not adjusted); then all
    others that are better. A tuned threshold is simpler than class weights, and class weights are simpler than repeated
    rows. Of all other samplers, the faster one is simpler. With fewer than five splits, every answer is "unknown".

    Parameters
    ----------
    scores : DataFrame
        Of a `Comparison`.
    classes : mapping of object to int or None, default=None
        Rows of each class.

    Returns
    -------
    list of Finding
        Whether it helps, whether it is real, whether it is safe to share, the details, and what failed.
    """
    classifiers = scores["classifier"].unique().tolist()
    details: list[Finding] = []
    if n_splits_of(scores) >= MIN_SPLITS:
        summary = summary_by_classifier(scores)
        for classifier in classifiers:
            details += _of_classifier(scores, classifier, summary[summary["classifier"] == classifier])
    question = DETAILS.replace("classifier", model_noun(scores))
    details = [of._replace(question=question) for of in details]
    helps = _over_all(scores, classifiers)
    if task_in(scores) == "classification":
        helps = with_equal_classes(helps, classes)
    return [helps, *_not_measured("compare"), *details, *failures(scores)]


def with_equal_classes(finding: Finding, classes: Mapping[Any, int] | None) -> Finding:
    """Say that there is nothing to resample, where nothing is shown to help and all classes have equally many rows.

    Parameters
    ----------
    finding : Finding
        On whether it helps.
    classes : mapping of object to int or None
        Rows of each class.
    """
    sizes = set((classes or {}).values())
    if len(sizes) != 1 or finding.answer != "unknown":
        return finding
    said = f"The classes are already equal ({counted(sizes.pop(), 'row')} each), so there is nothing to resample."
    return finding._replace(sentence=f"{said} {finding.sentence}")


def left_out_findings(left_out: Sequence[str], noun: str = "classifier") -> list[Finding]:
    """Return which columns no classifier was given; nothing if there are none.

    Parameters
    ----------
    left_out : sequence of str
        Names of the columns.
    noun : str, default="classifier"
        What models are called.
    """
    if not left_out:
        return []
    said = f"no {noun} was given these columns, because it would memorise what identifies rows"
    return [Finding(LEFT_OUT, "unknown", f"{listed(left_out, 5)}: {said}.")]


def selection_findings(name: str, metric: str, scores: pd.DataFrame) -> list[Finding]:
    """Return why `select` chose this candidate, and what else the user should know.

    Parameters
    ----------
    name : str
        The candidate.
    metric : str
        What decided.
    scores : DataFrame
        Scores of all candidates, in the order of their cost.

    Returns
    -------
    list of Finding
        Whether it helps, whether it is real, whether it is safe to share, whether something simpler or SMOTE is as
        good, and what failed.
    """
    summary = summary_over_classifiers(scores, metric)
    candidates = summary.drop(index="SMOTE", errors="ignore")
    if n_splits_of(scores) < MIN_SPLITS:
        helps = _too_few_splits(scores, "Nothing is added. ")
    elif name == "none":
        helps = _nothing_helps(scores, candidates, metric, "candidate")
        helps = helps._replace(sentence=f"Nothing is added. {helps.sentence}")
    else:
        helps = _better(name, metric, candidates, f"{name} is chosen, because it")
    others = []
    simpler = [one for one in _better_names(summary) if name != "none" and _comes_before(one, name, summary)]
    as_good = [one for one in simpler if is_as_good(scores, metric, None, one, name)]
    if as_good:
        difference = "differences" if len(as_good) > 1 else "difference"
        verb = ("are", "their") if len(as_good) > 1 else ("is", "its")
        sentence = (
            f"{joined(as_good)} {verb[0]} simpler than {name}, and {verb[1]} {difference} from {name} in {metric} "
            f"{verb[0]} not significant."
        )
        others.append(
            Finding(SIMPLER, "unknown", sentence, {f"gain of {one}": _of(summary, one, "gain") for one in as_good})
        )
    if "SMOTE" in _better_names(summary) and _of(summary, "SMOTE", "gain") > _of(summary, name, "gain"):
        found = _better("SMOTE", metric, summary, "SMOTE")
        sentence = (
            f"{found.sentence} Its mean is also better than that of {name}. select does not choose SMOTE, because its "
            "rows are scaled numbers that do not fit into X: use it in a Pipeline of imbalanced-learn."
        )
        others.append(Finding(SMOTE_TOO, "unknown", sentence, found.numbers))
    return [helps, *_not_measured("select"), *others, *failures(scores)]


def failures(scores: pd.DataFrame) -> list[Finding]:
    """Return a finding for each sampler and classifier that failed on a split.

    Parameters
    ----------
    scores : DataFrame
        Of a `Comparison`.
    """
    failed = scores[scores[metrics_of(scores)].isna().all(axis=1)]
    findings = []
    for (sampler, classifier), rows in failed.groupby(["sampler", "classifier"], sort=False):
        n_splits = int(((scores["sampler"] == sampler) & (scores["classifier"] == classifier)).sum())
        note = str(rows["note"].iloc[0])
        if note.startswith(TOO_FEW):
            # the error of the library stays in the frame
            note = f"There are {note.split(';')[0]}."
        which = "all" if len(rows) == n_splits else f"{len(rows)} of"
        sentence = f"{sampler} with {classifier} could not be scored in {which} {counted(n_splits, 'split')}. {note}"
        findings.append(Finding(FAILED, "unknown", sentence, {"failed splits": len(rows), "splits": n_splits}))
    return findings


def _not_measured(function: str) -> list[Finding]:
    sentence = f"{function} does not measure this. Use ganaug evaluate."
    return [Finding(REAL, "unknown", sentence), Finding(SAFE, "unknown", sentence)]


# --- over all classifiers --------------------------------------------------------------------------------------------


def _over_all(scores: pd.DataFrame, classifiers: Sequence[str]) -> Finding:
    if n_splits_of(scores) < MIN_SPLITS:
        return _too_few_splits(scores)
    metric = main_metric(scores)
    summary = summary_over_classifiers(scores, metric)
    better = summary.loc[_better_names(summary), "gain"]
    of_all = f"Averaged over {counted(len(classifiers), model_noun(scores))}, "
    opening = of_all if len(classifiers) > 1 else f"With {classifiers[0]}, "
    if len(better):
        best = str(better.idxmax())
        found = _better(best, metric, summary, opening + best)
        others = _others_in_words(
            {str(name): _of(summary, str(name), "mean") for name in better.sort_values(ascending=False).index[1:]}
        )
        return _with_costs(found._replace(sentence=found.sentence + others), scores, metric, best)
    return _with_other_metrics(_nothing_helps(scores, summary, metric, opening=opening), scores, metric)


def _others_in_words(means: Mapping[str, float], than_none: str = "better") -> str:
    """Name the other samplers that are better than "none", or worse, with their means; the best or worst first."""
    if not means:
        return ""
    is_or_are = "is" if len(means) == 1 else "are"
    shown = joined([f"{name} ({mean:.3f})" for name, mean in means.items()])
    return f" {shown} {is_or_are} {than_none} than no resampling as well."


def _with_other_metrics(finding: Finding, scores: pd.DataFrame, metric: str) -> Finding:
    """Name the other metrics in which a sampler is better than no resampling, over all classifiers."""
    said, named, numbers = [], [], dict(finding.numbers)
    for other in metrics_of(scores):
        if other == metric:
            continue
        summary = summary_over_classifiers(scores, other)
        better = summary[summary["is_better"]] if len(summary) else summary
        if len(better):
            best = str(better["gain"].idxmax())
            named.append(best)
            mean, usual = _of(summary, best, "mean"), _of(summary, "none", "mean")
            p = p_in_words(_of(summary, best, "p"))
            said.append(f"in {other}, {best} is better than no resampling: {mean:.3f} against {usual:.3f} ({p})")
            numbers[f"{other}: gain of {best}"] = _of(summary, best, "gain")
    if not said:
        return finding
    others = "; ".join(said)
    finding = finding._replace(sentence=f"{finding.sentence} But {others}.", numbers=numbers)
    for name in dict.fromkeys(named):
        finding = _with_costs(finding, scores, metric, name)
    return finding


def _with_costs(finding: Finding, scores: pd.DataFrame, metric: str, name: str) -> Finding:
    """Name the metrics in which what helps is worse: where rare targets are predicted better, others may suffer.

    Of classes, the details say so, as what suffers is the Brier score.
    """
    if task_in(scores) == "classification":
        return finding
    said, numbers = [], dict(finding.numbers)
    for other in metrics_of(scores):
        summary = summary_over_classifiers(scores, other)
        if other == metric or name not in summary.index:
            continue
        if _of(summary, name, "gain") < 0 and _of(summary, name, "p") < ALPHA:
            means = f"{_of(summary, name, 'mean'):.3f} against {_of(summary, 'none', 'mean'):.3f}"
            said.append(f"{other} ({means}; {p_in_words(_of(summary, name, 'p'))})")
            numbers[f"{other}: gain of {name}"] = _of(summary, name, "gain")
    cost = f" At the same time, {name} is worse in {joined(said)}." if said else ""
    return finding._replace(sentence=finding.sentence + cost, numbers=numbers)


def _too_few_splits(scores: pd.DataFrame, opening: str = "") -> Finding:
    n = n_splits_of(scores)
    said = f"{opening}Too few splits were run to say: {n}, and at least {MIN_SPLITS} are needed. Give it more time, or "
    return Finding(HELPS, "unknown", f"{said}more splits.", {"splits": n})


def _better_names(summary: pd.DataFrame) -> list[str]:
    return [str(name) for name in summary.index[summary["is_better"]]]


def _of(summary: pd.DataFrame, name: str, column: str) -> float:
    return float(summary[column].to_dict()[name])


def _comes_before(one: str, other: str, summary: pd.DataFrame) -> bool:
    order = list(summary.index)
    return order.index(one) < order.index(other)


def _better(name: str, metric: str, summary: pd.DataFrame, subject: str) -> Finding:
    mean, sign = summary["mean"].to_dict(), -1 if metric in LOWER_IS_BETTER else 1
    low, high = sorted(sign * _of(summary, name, end) for end in ("low", "high"))
    difference, p = sign * _of(summary, name, "gain"), _of(summary, name, "p")
    return _against_none(subject, name, metric, mean, (difference, low, high), p)


def _nothing_helps(
    scores: pd.DataFrame, summary: pd.DataFrame, metric: str, noun: str = "sampler", opening: str = ""
) -> Finding:
    """Word a summary in which nothing is better than "none"."""
    gain, p = (
        {str(name): value for name, value in summary[of].to_dict().items() if name != "none"} for of in ("gain", "p")
    )
    numbers = {f"gain of {name}": value for name, value in gain.items()}
    no = "no" if opening else "No"
    best = max(gain, key=lambda name: gain[name], default="none")
    n_splits = counted(n_splits_of(scores), "split")
    if summary.empty:
        the = "the" if opening else "The"
        sentence = f'{the} scores of "none" in {metric} are missing, so nothing can be compared with no resampling.'
    elif not gain:
        sentence = f"{no} {noun} has a score in {metric} to compare with no resampling."
    elif all(p[name] < ALPHA and gain[name] < 0 for name in gain):
        word = "higher" if metric in LOWER_IS_BETTER else "lower"
        every = f"{'every' if opening else 'Every'} {noun}" if len(gain) > 1 else best
        sentence = f"{every} has a {word} {metric} than no resampling. "
        sentence += f"The smallest loss is that of {best}: {abs(gain[best]):.3f} ({n_splits}; {p_in_words(p[best])})."
        return Finding(HELPS, "bad", opening + sentence, numbers)
    else:
        sentence = f"{no} {noun} is shown to help: "
        if gain[best] > 0:
            sentence += f"the largest gain in {metric} is that of {best}, {signed(gain[best], 3)} ({n_splits}; "
            sentence += f"{p_in_words(p[best])}). Try more splits."
        else:
            which = f"{best} has" if len(gain) == 1 else f"all {len(gain)} have"
            sentence += f"{which} the same or a worse {metric} than no resampling ({n_splits})."
    return Finding(HELPS, "unknown", opening + sentence, numbers)


# --- of one classifier -----------------------------------------------------------------------------------------------


def _of_classifier(scores: pd.DataFrame, classifier: str, summary: pd.DataFrame) -> list[Finding]:
    """Return what is better than "none", what is not known, and what is worse."""
    good, open_, bad = [], [], []
    seconds = scores[scores["classifier"] == classifier].groupby("sampler")["fit_seconds"].mean().to_dict()
    for metric in metrics_of(scores):
        rows = summary[summary["metric"] == metric].set_index("sampler")
        if np.isnan(_of(rows, "none", "mean")):
            continue
        sign = -1 if metric in LOWER_IS_BETTER else 1
        gain = {
            str(name): sign * value
            for name, value in rows["difference"].to_dict().items()
            if name != "none" and not np.isnan(value)
        }
        significant = [name for name in gain if _of(rows, name, "p") < ALPHA]
        better = [name for name in significant if gain[name] > 0]
        worse = [name for name in significant if gain[name] < 0]
        if worse:
            worst = min(worse, key=lambda name: gain[name])
            found = _of_metric(classifier, metric, rows, worst)
            means = {name: _of(rows, name, "mean") for name in sorted(worse, key=lambda name: gain[name])}
            means.pop(worst)
            way_out = " ganaug.calibrated corrects such probabilities." if metric == BRIER else ""
            bad.append(found._replace(sentence=found.sentence + _others_in_words(means, "worse") + way_out))
        if not better:
            open_.append((metric, gain, rows))
            continue
        best = max(better, key=lambda name: gain[name])
        as_good = [name for name in better if name == best or is_as_good(scores, metric, classifier, name, best)]
        answer = min(as_good, key=lambda name: _effort(name, seconds))
        found = _of_metric(classifier, metric, rows, answer)
        others = {name: _of(rows, name, "mean") for name in better if name != answer}
        sentence = found.sentence + _others_in_words(dict(sorted(others.items(), key=lambda of: -sign * of[1])))
        if answer != best:
            is_simple = answer in _SIMPLE
            why = (
                "is simpler"
                if is_simple
                else f"takes less time ({seconds[answer]:.2g} s against {seconds[best]:.2g} s)"
            )
            sentence += f" {answer} is named first, because it {why}, and the test finds no difference from {best}."
        good.append(found._replace(sentence=sentence))
    if not (good or open_ or bad):
        sentence = (
            f'With {classifier}, the scores of "none" are missing, so nothing can be compared with no resampling.'
        )
        return [Finding(DETAILS, "unknown", sentence)]
    return [*good, *([_open_finding(classifier, open_, n_splits_of(scores))] if open_ else []), *bad]


def _of_metric(classifier: str, metric: str, rows: pd.DataFrame, name: str) -> Finding:
    difference = tuple(_of(rows, name, column) for column in ("difference", "difference_low", "difference_high"))
    subject, p = f"With {classifier}, {name}", _of(rows, name, "p")
    return _against_none(subject, name, metric, rows["mean"].to_dict(), difference, p)._replace(question=DETAILS)


def _open_finding(
    classifier: str, open_: Sequence[tuple[str, dict[str, float], pd.DataFrame]], n_splits: int
) -> Finding:
    """Word the metrics in which no sampler is shown to be better."""
    metrics = joined([metric for metric, _, _ in open_], "or")
    sentence = f"With {classifier}, no sampler is shown to be better than no resampling in {metrics}."
    gains = [
        (p if not np.isnan(p := _of(rows, name, "p")) else 1.0, metric, name, rows)
        for metric, gain, rows in open_
        for name in gain
        if gain[name] > 0
    ]
    numbers = {f"{metric}: gain of {name}": value for metric, gain, _ in open_ for name, value in gain.items()}
    if gains:
        p, metric, name, rows = min(gains, key=lambda found: found[0])
        # gains in different metrics cannot be compared, p-values can
        where = f" in {metric}" if len(open_) > 1 else ""
        which = "The clearest gain" if len(gains) > 1 else "The only gain"
        mean, mean_none = _of(rows, name, "mean"), _of(rows, "none", "mean")
        sentence += (
            f" {which} is that of {name}{where}: {mean:.3f} against {mean_none:.3f} "
            f"({counted(n_splits, 'split')}; {p_in_words(_of(rows, name, 'p'))})."
        )
    return Finding(DETAILS, "unknown", sentence, numbers)


def _against_none(
    subject: str,
    name: str,
    metric: str,
    mean: Mapping[Any, float],
    difference: Sequence[float],
    p: float,
) -> Finding:
    """Word a significant difference, with the numbers behind it."""
    is_higher = difference[0] > 0
    is_good = is_higher != (metric in LOWER_IS_BETTER)
    word = "higher" if is_higher else "lower"
    change, low, high = difference
    sentence = (
        f"{subject} has a {word} {metric} than no resampling: {mean[name]:.3f} against "
        f"{mean['none']:.3f} (difference {signed(change, 3)}, 95 % interval {signed(low, 3)} to {signed(high, 3)}, "
        f"{p_in_words(p)})."
    )
    numbers = {name: mean[name], "none": mean["none"], "difference": change, "low": low, "high": high, "p": p}
    return Finding(HELPS, "good" if is_good else "bad", sentence, numbers)


def _effort(sampler: str, seconds: Mapping[Any, float]) -> tuple[int, float]:
    return (_SIMPLE.index(sampler) if sampler in _SIMPLE else len(_SIMPLE)), float(seconds[sampler])


def p_in_words(p: float) -> str:
    """Write a p-value for a sentence.

    Parameters
    ----------
    p : float
        Missing where nothing was tested.
    """
    return "not tested" if np.isnan(p) else "p < 0.001" if p < 0.001 else f"p = {p:.{3 if p < 0.1 else 2}f}"
