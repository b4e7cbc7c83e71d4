"""A comparison and a selection as pages."""

from html import unescape

import pandas as pd
import pytest

from ganaug.comparison import Comparison, Selection
from ganaug.reporting import report


@pytest.mark.parametrize("kind", ["comparison", "selection"])
def test_a_page(kind):
    scores = pd.DataFrame(
        {"sampler": ["none"] * 3 + ["<b>$x$</b>"] * 3, "classifier": "tree", "split": [*range(3)] * 2}
    )
    scores = scores.assign(n_train=80, n_test=20, fit_seconds=0.1, note=["", "", "", "slow", "", ""])
    scores["F1"] = [0.50, 0.52, 0.51, 0.70, 0.73, 0.70]
    result = Comparison(scores, {"a": 90, "<i>": 10}, {"n_splits": 3, "samplers": ("none",)})
    if kind == "selection":
        result = Selection("<b>$x$</b>", None, "F1", result)
    text = report(result)
    for name in ("Verdict", "Classes", "Scores", "Tests", "Notes", "Model card", "Settings", "Versions"):
        assert f">{name}</h2>" in text
    assert "<b>" not in text
    assert "<i>" not in text
    assert "&lt;b&gt;$x$&lt;/b&gt;" in text
    assert all(of.sentence in unescape(text) for of in result.verdict)
    assert text.count("data:image/svg+xml") == 1
    assert ">slow</td>" in text
    assert ("Candidates by F1" in text) == (kind == "selection")
