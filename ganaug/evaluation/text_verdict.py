"""What the numbers of a `TextEvaluation` say, as findings."""

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np

from ganaug.common.findings import HELPS, REAL, SAFE, Finding, with_warning
from ganaug.common.wording import percent
from ganaug.metrics import Count

if TYPE_CHECKING:
    from ganaug.evaluation.text_result import TextEvaluation

# A class is measured from so many synthetic texts and twice as many real ones on.
MIN_TEXTS = 10
# Fewer texts show too little of copies and of diversity to call them good.
_ENOUGH = 50
# Below this share of the acceptance of real texts, too many texts are not of their class.
_LOW_ACCEPTANCE = 0.9
# Texts vary too little below this share of the distinct-2 of real texts, or if self-BLEU exceeds theirs by so much.
_LOW_DISTINCT, _HIGH_BLEU = 0.7, 0.1
# ... and only if the measure lies so many standard deviations from that of random draws of synthetic and real texts. An
# AUC below 0.5 is explained from so many standard errors on.
_CLEAR = 3.0
# A classifier that is right so often tells synthetic from real texts; below the second value it hardly does.
_TOLD_APART, _HARDLY = 0.75, 0.6
# Shares of exact and near copies from which texts are not safe to share, unless real texts repeat each other as much.
_MANY_EXACT, _MANY_NEAR = 0.01, 0.05


def text_findings(evaluation: "TextEvaluation") -> list[Finding]:
    """Answer the three questions from the numbers of an evaluation of texts.

    Parameters
    ----------
    evaluation : TextEvaluation
        The numbers.

    Returns
    -------
    list of Finding
        Does it help (not measured here), is it real (for each class), is it safe to share.
    """
    return [_on_help(), *_on_reality(evaluation), *_on_sharing(evaluation)]


def _on_help() -> Finding:
    return Finding(
        HELPS,
        "unknown",
        "This was not measured. ganaug compare trains classifiers with and without synthetic texts.",
    )


def _on_reality(evaluation: "TextEvaluation") -> list[Finding]:
    findings = [_on_acceptance(label, evaluation) for label in evaluation.acceptance]
    for label, rows in evaluation.by_class.groupby("class", sort=False):
        measured = {str(row["measure"]): row for row in rows.to_dict("records")}
        findings += [_on_diversity(label, measured), _on_classifier(label, measured)]
    for small, (n_real, n_synthetic) in evaluation.too_few.items():
        said = (
            f"{_prefix(small)}There are too few texts to measure, {n_real} real and {n_synthetic} synthetic ones; at "
            f"least {2 * MIN_TEXTS} and {MIN_TEXTS} are needed."
        )
        findings.append(Finding(REAL, "unknown", said, {"real texts": n_real, "synthetic texts": n_synthetic}))
    return findings


def _prefix(label: Hashable) -> str:
    return "" if label == "all" else f"Class {label}: "


def _on_acceptance(label: Hashable, evaluation: "TextEvaluation") -> Finding:
    count, usual = evaluation.acceptance[label], evaluation.reference_acceptance[label]
    said = (
        f"{_prefix(label)}Of the synthetic texts, {percent(count.share)} are taken for their class by a classifier "
        f"that learned from real texts, and {percent(usual.share)} of real texts are"
    )
    numbers = {"acceptance": count.share, "acceptance of real texts": usual.share}
    if count.interval[1] < _LOW_ACCEPTANCE * usual.share:
        return Finding(REAL, "bad", f"{said}.", numbers)
    if count.total < _ENOUGH or count.interval[0] < _LOW_ACCEPTANCE * usual.share:
        return Finding(REAL, "unknown", f"{said}, but there are too few texts to be sure.", numbers)
    return Finding(REAL, "good", f"{said}.", numbers)


def _on_diversity(label: Hashable, measured: dict[str, dict[Hashable, Any]]) -> Finding:
    distinct, bleu = measured["distinct-2"], measured["self-BLEU"]
    said = (
        f"{_prefix(label)}Of the pairs of words, {percent(distinct['value'])} are different, in real texts "
        f"{percent(distinct['baseline'])}; their similarity (self-BLEU) is "
        f"{bleu['value']:.2f}, of real texts {bleu['baseline']:.2f}"
    )
    numbers = {
        "distinct-2": distinct["value"],
        "distinct-2 of real texts": distinct["baseline"],
        "self-BLEU": bleu["value"],
        "self-BLEU of real texts": bleu["baseline"],
    }
    if not all(np.isfinite(value) for value in numbers.values()):
        return Finding(REAL, "unknown", f"{_prefix(label)}The texts have too few words to compare their diversity.")
    is_less, is_more = (
        distinct["value"] < _LOW_DISTINCT * distinct["baseline"],
        bleu["value"] > bleu["baseline"] + _HIGH_BLEU,
    )
    if (is_less and distinct["score"] < -_CLEAR) or (is_more and bleu["score"] > _CLEAR):
        return Finding(REAL, "bad", f"{said}: the synthetic texts are too much alike.", numbers)
    if is_less or is_more or distinct["n"] < _ENOUGH:
        return Finding(REAL, "unknown", f"{said}, but there are too few texts to be sure.", numbers)
    return Finding(REAL, "good", f"{said}.", numbers)


def _on_classifier(label: Hashable, measured: dict[str, dict[Hashable, Any]]) -> Finding:
    found = {name: measured[f"two-sample AUC, {name}"] for name in ("words", "characters")}
    if not all(np.isfinite(of["value"]) for of in found.values()):
        return Finding(REAL, "unknown", f"{_prefix(label)}The texts have too few different words for a classifier.")
    worst = max(found, key=lambda name: found[name]["value"])
    value, usual, n = found[worst]["value"], found[worst]["baseline"], found[worst]["n"]
    said = (
        f"{_prefix(label)}A classifier that sees {worst} tells synthetic from real texts with an AUC of {value:.2f}; "
        f"0.5 is best, and halves of the real texts have {usual:.2f}"
    )
    if value < 0.5 - _CLEAR / np.sqrt(6 * n):  # standard errors of an AUC of n texts of each side
        said += (
            ". It is below 0.5 because texts lie beside counterparts on the other side, as variants of one text do: "
            "the classifier takes each for what it has learned of its counterpart"
        )
    numbers = {f"AUC, {name}": of["value"] for name, of in found.items()}
    if value > _TOLD_APART:
        return Finding(REAL, "bad", f"{said}.", numbers)
    if value > _HARDLY or n < _ENOUGH:
        return Finding(REAL, "unknown", f"{said}.", numbers)
    return Finding(REAL, "good", f"{said}.", numbers)


def _on_sharing(evaluation: "TextEvaluation") -> list[Finding]:
    findings = [
        _on_copies(evaluation, "exact", "equal a real text", _MANY_EXACT),
        _on_copies(evaluation, "near", "share 90 % of their words with a real text", _MANY_NEAR),
    ]
    edits, usual = evaluation.median_edits
    said = (
        f"Half of the synthetic texts differ from the nearest real one in more than {percent(edits)} of their words; "
        f"{evaluation.reference} in {percent(usual)}. Names and numbers of real texts may occur in them"
    )
    findings.append(Finding(SAFE, "unknown", f"{said}.", {"edits": edits, "edits of others": usual}))
    if "holdout" not in evaluation.n_texts:
        said = "No texts were held out. Without held-out texts, copies cannot show whether texts were memorised."
        findings.append(Finding(SAFE, "unknown", said))
    return with_warning(findings, "texts")


def _on_copies(evaluation: "TextEvaluation", kind: str, what: str, many: float) -> Finding:
    count: Count = evaluation.copied[kind]
    usual: Count = evaluation.reference_copied[kind]
    numbers = {f"{kind} copies": count.share, f"{kind} copies among others": usual.share}
    others = f"{percent(usual.share)} of {evaluation.reference} do"
    said = f"{count.found:,} of {count.total:,} synthetic texts {what}; {others}"
    if count.share > many and count.exceeds(usual) and evaluation.by_chance[kind].is_beyond_chance:
        return Finding(SAFE, "bad", f"{said}.", numbers)
    if count.share > many and usual.share > many:
        said += "; real texts repeat each other, so this does not show that texts were copied"
        return Finding(SAFE, "unknown", f"{said}.", numbers)
    if count.share > many or count.interval[1] > max(many, usual.share, 1.2 * many):
        return Finding(SAFE, "unknown", f"{said}; there are too few texts to be sure that copies are rare.", numbers)
    return Finding(SAFE, "good", f"{said}.", numbers)
