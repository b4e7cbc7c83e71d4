"""Findings: the answers that a result gives to the questions of its users."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

Answer = Literal["good", "bad", "unknown"]

HELPS = "Does it help?"
REAL = "Is it real?"
SAFE = "Is it safe to share?"


class Finding(NamedTuple):
    """One answer of a verdict.

    Attributes
    ----------
    question : str
        `HELPS`, `REAL`, `SAFE`, or another question in plain words.
    answer : {"good", "bad", "unknown"}
        "unknown" means: not measured, too few rows, or a test that is not significant. It never counts as good.
    sentence : str
        The answer in one plain sentence.
    numbers : mapping of str to float
        The numbers behind the sentence, by their names.
    """

    question: str
    answer: Answer
    sentence: str
    numbers: Mapping[str, float] = {}


def show_findings(findings: Sequence[Finding]) -> str:
    """Write findings for a terminal, one line each.

    Examples
    --------
    >>> print(show_findings([Finding(SAFE, "unknown", "No row was held out.")]))
    Is it safe to share? unknown. No row was held out.
    """
    return "\n".join(f"{finding.question} {finding.answer}. {finding.sentence}" for finding in findings)
