"""`report`: the verdict first, with a badge for each question, and an error for what is no result."""

from html import unescape

import numpy as np
import pytest

from ganaug import report
from ganaug.common.findings import HELPS, REAL, SAFE, Finding
from ganaug.evaluation import evaluate_images
from ganaug.reporting import Section, Verdict, render


@pytest.fixture(scope="module")
def evaluation():
    images = np.random.default_rng(0).integers(0, 256, size=(40, 8, 8), dtype=np.uint8)
    return evaluate_images(images[:20], images[:11], random_state=0, names=[f"<b>{i}.png" for i in range(20)])


def test_a_page_of_images(evaluation, tmp_path):
    assert report(evaluation, tmp_path / "report.html", title="<b>mine</b>") is None
    text = (tmp_path / "report.html").read_text()
    headings = ["Verdict", "Measures", "Nearest real images", "Privacy", "Model card", "Settings", "Versions"]
    places = [text.index(f">{heading}</h2>") for heading in headings]
    assert places == sorted(places)
    assert "<b>" not in text
    assert "&lt;b&gt;0.png" in text
    assert text.count("A synthetic image") == text.count("The nearest real image:") == len(evaluation.pairs)
    for finding in evaluation.verdict:
        assert finding.sentence in unescape(text)


def test_a_heading_of_its_own(evaluation):
    assert "<h1>Synthetic images, evaluated</h1>" in report(evaluation)


def test_what_is_no_result_is_refused():
    with pytest.raises(TypeError, match=r"result must be one of .*ImageEvaluation.* got dict"):
        report({})


class TestVerdict:
    findings = (
        Finding(SAFE, "good", "No copies."),
        Finding(REAL, "good", "Near.", {"AUC": 0.5}),
        Finding("What was added?", "good", "Rows."),
        Finding(REAL, "bad", "Far."),
        Finding(SAFE, "unknown", "Not measured."),
    )

    def test_the_three_questions_stand_first_and_the_worst_answer_counts(self):
        groups = Verdict(self.findings).groups
        expected = [(HELPS, "unknown"), (REAL, "bad"), (SAFE, "unknown"), ("What was added?", "good")]
        assert [group[:2] for group in groups] == expected
        assert [of.sentence for of in groups[1][2]] == ["Far.", "Near."]
        assert groups[0][2][0].sentence == "This was not measured."

    def test_answers_are_words_and_not_only_colours(self):
        text = render("Title", [Section("Verdict", [Verdict(self.findings)])], notice="")
        for answer, word in [("good", "✓ good"), ("bad", "✗ bad"), ("unknown", "? unknown")]:
            assert f'<span class="badge {answer}">{word}</span>' in text
        assert "<span>AUC 0.500</span>" in text
        assert text.index(HELPS) < text.index(REAL) < text.index(SAFE)
