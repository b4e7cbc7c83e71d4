"""Results show themselves: frames, figures, terminals and notebooks."""

import pytest
from imblearn.under_sampling import RandomUnderSampler

from ganaug import compare
from ganaug.comparison import Selection

METRICS = ["average precision", "ROC AUC", "balanced accuracy", "F1", "recall at precision 0.5", "Brier score"]


def test_frame_is_a_copy(found):
    comparison = found({"SMOTE": (0, 0, 0)})
    frame = comparison.frame()
    frame["F1"] = 1
    assert "F1" not in comparison.metrics


def test_plot_and_notebooks(two, broken, nb):
    comparison = compare(*two, samplers={"<b>": RandomUnderSampler(), "broken": broken()}, **nb)
    figure = comparison.plot()
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == [*METRICS[:5], "Brier score (lower is better)"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["none", "<b>", "broken"]
    figure.canvas.draw()
    assert comparison.verdict[0].sentence in repr(comparison)
    assert "GaussianNB" in comparison._repr_html_()
    assert "<b>broken" not in comparison._repr_html_()
    assert "&lt;b&gt;" in comparison._repr_html_()


@pytest.mark.parametrize("n_samplers", [1, 9])
def test_a_repr_has_at_most_ten_lines(found, n_samplers):
    gains = {f"sampler {i}": (0.3, -0.3, 0.2 * (-1) ** i) for i in range(n_samplers)}
    comparison = found(gains, classifiers=("tree", "forest"))
    assert repr(comparison).splitlines()[0] == f"Comparison of {n_samplers + 1} samplers, 2 classifiers, 10 splits"
    selection = Selection("sampler 0", None, "average precision", comparison)
    assert repr(selection).splitlines()[0] == "Selection by average precision: sampler 0"
    for result in (comparison, selection):
        assert len(repr(result).splitlines()) <= 10
        for question in ("Does it help?", "Is it real?", "Is it safe to share?"):
            assert question in repr(result)
            assert question in result._repr_html_()
