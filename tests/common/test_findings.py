"""How results are shown: few lines in a terminal, nothing that could become markup in a notebook."""

import numpy as np
import pandas as pd
import pytest

from ganaug.common.findings import HELPS, MAX_LINES, REAL, SAFE, Finding, result_html, result_repr, show_findings

FINDINGS = [Finding(HELPS, "good", "It helps."), Finding(REAL, "bad", "It is not."), Finding(SAFE, "unknown", "Who?")]


def test_one_line_a_finding():
    assert show_findings(FINDINGS).splitlines() == [
        "Does it help? good. It helps.",
        "Is it real? bad. It is not.",
        "Is it safe to share? unknown. Who?",
    ]


@pytest.mark.parametrize("n_findings", [1, 3, 8, 9, 30])
@pytest.mark.parametrize("n_rows", [None, 0, 1, 6, 40])
def test_a_repr_has_at_most_ten_lines(n_findings, n_rows):
    findings = (FINDINGS * 10)[:n_findings]
    table = None if n_rows is None else pd.DataFrame({"a": np.arange(n_rows), "b": np.full(n_rows, np.nan)})
    lines = result_repr("Of\nsomething", findings, table).splitlines()
    assert lines[0] == "Of something"
    assert len(lines) <= MAX_LINES
    assert {line.split("?")[0] for line in lines if "?" in line} >= {of.question[:-1] for of in findings}
    if n_rows:
        assert any(line.split() == ["a", "b"] for line in lines)


def test_bad_findings_are_never_left_out_for_good_ones():
    good, bad = Finding(REAL, "good", "Fine."), Finding(REAL, "bad", "Wrong.")
    shown = result_repr("Of", [*[good] * 20, bad])
    assert "Wrong." in shown
    assert "... and 15 more in verdict" in shown


def test_numbers_are_rounded_and_text_is_escaped():
    table = pd.DataFrame({"<i>": [0.12345, np.nan], "n": [1, 2], "text": ["<b>", "x"]})
    shown = result_html("<p>", [Finding(SAFE, "bad", "<script>")], table)
    assert "<script>" not in shown
    assert "<b>x" not in shown
    assert "<i>" not in shown
    assert "0.123" in shown
    assert "nan" not in shown.lower()
    assert list(table) == ["<i>", "n", "text"]
    assert table["<i>"].iloc[0] == 0.12345
