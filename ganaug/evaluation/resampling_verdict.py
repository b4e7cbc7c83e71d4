"""What the numbers of a `Resampling` say, as findings."""

from typing import TYPE_CHECKING

from ganaug.common.findings import HELPS, QUESTIONS, REAL, SAFE, Finding
from ganaug.common.wording import joined, shortened
from ganaug.evaluation.table_verdict import reuse_findings
from ganaug.training import COLLAPSE_THRESHOLD

if TYPE_CHECKING:
    from ganaug.evaluation.resampling_result import Resampling

# From this share of the diversity of real images on, a class counts as diverse.
_DIVERSE = 0.7
# Guarantees with a larger epsilon are weak (arXiv 2303.00654, section 5.2).
_LARGEST_EPSILON = 10.0
# Names of classes in a sentence, at most.
_MAX_NAMED = 5


def resampling_findings(resampling: "Resampling") -> list[Finding]:
    """Answer the three questions from what a resampler added.

    Parameters
    ----------
    resampling : Resampling
        The numbers.

    Returns
    -------
    list of Finding
        Does it help, is it real, is it safe to share, each with the findings of the measured classes; then what was not
        measured.
    """
    compared = [] if resampling.comparison is None else list(resampling.comparison.verdict)
    helps = [of for of in compared if of.question == HELPS] or [_on_help(resampling)]
    findings = [*helps, *_on_guarantee(resampling), *_on_shares(resampling), *reuse_findings(resampling.reused)]
    findings += [*_on_classes(resampling), *_on_diversity(resampling)]
    answered = {of.question for of in findings}
    missing = [Finding(question, "unknown", _not_measured(resampling)) for question in (REAL, SAFE)]
    findings += [of for of in missing if of.question not in answered]
    # stable: within a question, findings keep their order
    findings.sort(key=lambda of: QUESTIONS.index(of.question))
    notes = [Finding("What was not measured?", "unknown", note) for note in resampling.notes]
    details = [of for of in compared if of.question not in QUESTIONS]
    return [*findings, *details, *notes]


def _on_help(resampling: "Resampling") -> Finding:
    said = (
        "This was not measured. ganaug compare measures it by cross-validation, with and without synthetic "
        f"{resampling.noun}."
    )
    return Finding(HELPS, "unknown", said)


def _on_guarantee(resampling: "Resampling") -> list[Finding]:
    """Say what differential privacy covers and what it does not."""
    if resampling.guarantee is None:
        return []
    epsilon, delta = resampling.guarantee
    numbers = {"epsilon": epsilon, "delta": delta}
    said = f"with differential privacy, epsilon {epsilon:.2f} and delta {delta:g}"
    covered = (
        "This covers the model and the values of the synthetic rows, not their number and not the real rows; the names "
        "of columns and classes, and declared bounds and levels, count as known."
    )
    if epsilon > _LARGEST_EPSILON:
        weak = f"The model was trained {said}: a weak guarantee, from {_LARGEST_EPSILON:g} on it says little."
        return [Finding(SAFE, "unknown", f"{weak} {covered}", numbers)]
    return [Finding(SAFE, "good", f"The model was trained {said}. {covered}", numbers)]


def _on_shares(resampling: "Resampling") -> list[Finding]:
    """Warn of images of which only some classes have synthetic ones."""
    counts = resampling.counts
    without = [shortened(label) for label in counts["class"][counts["synthetic"] == 0]]
    if resampling.noun != "images" or len(without) in (0, len(counts)):
        return []
    some = f"{joined(without[:_MAX_NAMED])} {'has' if len(without) == 1 else 'have'} none"
    said = (
        f"Only some classes have synthetic images; {some}. A network then learns to recognise synthetic images instead "
        "of the class. Use the equal share (--strategy 'equal share', in Python sampling_strategy='equal share')."
    )
    return [Finding(HELPS, "bad", said, {"classes without synthetic images": len(without)})]


def _not_measured(resampling: "Resampling") -> str:
    if not resampling.counts["synthetic"].any():
        return f"No synthetic {resampling.noun} were added."
    return f"No class has enough real and synthetic {resampling.noun} to measure."


def _on_classes(resampling: "Resampling") -> list[Finding]:
    if resampling.image_evaluation is not None:
        return [of for of in resampling.image_evaluation.verdict if of.question != HELPS]
    return [
        of._replace(sentence=f"Class {shortened(label)}: {of.sentence}")
        for label, evaluation in resampling.evaluations.items()
        for of in evaluation.verdict
        if of.question != HELPS
    ]


def _on_diversity(resampling: "Resampling") -> list[Finding]:
    if not resampling.images or not {"distance", "diversity"} <= set(resampling.history):
        return []
    # samples come from the weights with the smallest distance
    best = resampling.history.dropna(subset=["distance", "diversity"]).nsmallest(1, "distance")["diversity"]
    findings = []
    for share in best:
        said = f"The least diverse class has {share:.2f} of the diversity of its real images"
        numbers = {"diversity": float(share)}
        if share < COLLAPSE_THRESHOLD:
            findings.append(Finding(REAL, "bad", f"{said}: it has collapsed; its images are nearly equal.", numbers))
        elif share < _DIVERSE:
            findings.append(Finding(REAL, "unknown", f"{said}. Look at its images.", numbers))
        else:
            findings.append(Finding(REAL, "good", f"{said}.", numbers))
    return findings
