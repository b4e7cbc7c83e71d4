"""Findings are plain: one line each, and the answer is one of three."""

from typing import get_args

from ganaug.common.findings import HELPS, REAL, SAFE, Answer, Finding, show_findings


def test_findings_are_shown_line_by_line():
    findings = [
        Finding(HELPS, "good", "Recall rises by 0.05.", {"recall": 0.05}),
        Finding(REAL, "bad", "A classifier tells synthetic rows from real ones."),
        Finding(SAFE, "unknown", "No row was held out."),
    ]
    assert show_findings(findings).splitlines() == [
        "Does it help? good. Recall rises by 0.05.",
        "Is it real? bad. A classifier tells synthetic rows from real ones.",
        "Is it safe to share? unknown. No row was held out.",
    ]
    assert show_findings([]) == ""


def test_a_finding_needs_no_numbers():
    assert Finding(SAFE, "unknown", "Not measured.").numbers == {}
    assert get_args(Answer) == ("good", "bad", "unknown")
