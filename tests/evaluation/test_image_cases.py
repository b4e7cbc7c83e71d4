"""The verdict on images is what a person says who looks at them."""

import os

import image_cases as cases
import numpy as np
import pytest

from ganaug.common.findings import REAL, SAFE
from ganaug.evaluation import evaluate_images
from ganaug.metrics import features

XRAY, SKIN = ("pneumoniamnist", "pneumonia"), ("ham10000_28", "nv")
ULTRASOUND, CELLS = ("busi_128", "benign"), ("bccd_cells_32", "RBC")
# the same kinds as other cases, of more images
LONG = pytest.mark.skipif("GANAUG_IMAGE_VERDICTS" not in os.environ, reason="`make test-long` tries it")


@pytest.fixture(scope="module", autouse=True)
def _needs():
    if not cases.DATA.is_dir():
        pytest.skip("the real data sets are not beside this checkout")
    try:
        features(np.zeros((1, 8, 8), np.uint8))
    except ImportError:
        pytest.skip("the extractor is not installed")


def answers(evaluation, question):
    return {finding.answer for finding in evaluation.verdict if finding.question == question}


def changed(source, n, change, seed=0):
    images = cases.real_images(*source)
    return images[:n], change(images[n : 2 * n], np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("source", "n", "change"),
    [
        (XRAY, 60, cases.as_they_are),
        pytest.param(SKIN, 300, cases.as_they_are, marks=LONG),
        pytest.param(ULTRASOUND, 151, cases.as_they_are, marks=LONG),
        (CELLS, 120, cases.as_they_are),
        (XRAY, 100, cases.blurred),
        (SKIN, 60, cases.blurred),
        (ULTRASOUND, 60, cases.blurred),
        (XRAY, 60, cases.gridded),
        pytest.param(ULTRASOUND, 151, cases.gridded, marks=pytest.mark.slow),
        pytest.param(CELLS, 300, cases.gridded, marks=LONG),
        (XRAY, 60, cases.collapsed),
        pytest.param(SKIN, 200, cases.collapsed, marks=LONG),
        (ULTRASOUND, 80, cases.collapsed),
        (SKIN, 60, cases.noise),
        (CELLS, 100, cases.noise),
    ],
)
def test_second_samples_look_real_and_what_is_spoilt_does_not(source, n, change):
    real, synthetic = changed(source, n, change)
    found = evaluate_images(real, synthetic, random_state=0)
    if change is cases.as_they_are:
        assert answers(found, REAL) == {"good"}
    else:
        assert answers(found, REAL) == {"bad"}
    if change is cases.collapsed:
        assert any("Diversity is too low" in finding.sentence for finding in found.verdict)
    # none of them is near to an image of the first sample
    assert "bad" not in answers(found, SAFE)


@pytest.mark.parametrize("source", [XRAY, ULTRASOUND])
def test_copies_look_real_but_are_not_safe(source):
    real, _ = changed(source, 100, cases.as_they_are)
    copies = np.random.default_rng(0).permutation(real)[:80]
    found = evaluate_images(real, copies, random_state=0)
    assert answers(found, REAL) == {"good"}
    assert "bad" in answers(found, SAFE)


@pytest.mark.parametrize("source", [XRAY, ULTRASOUND])
def test_copies_with_noise_are_not_safe(source):
    real, _ = changed(source, 100, cases.as_they_are)
    copies = (real.astype(int) + np.random.default_rng(0).integers(-4, 5, real.shape)).clip(0, 255).astype(np.uint8)
    assert "bad" in answers(evaluate_images(real, copies, random_state=0), SAFE)


@pytest.mark.parametrize(("source", "other"), [(XRAY, ("pneumoniamnist", "normal")), (CELLS, ("bccd_cells_32", "WBC"))])
def test_images_of_another_class_do_not_look_real(source, other):
    real, synthetic = cases.real_images(*source)[:90], cases.real_images(*other)[:90]
    assert answers(evaluate_images(real, synthetic, random_state=0), REAL) == {"bad"}


@pytest.mark.parametrize("n", [10, 25])
def test_of_few_images_nothing_can_be_said(n):
    real, synthetic = changed(XRAY, 80, cases.as_they_are)
    found = evaluate_images(real, synthetic[:n], random_state=0)
    assert answers(found, REAL) == {"unknown"}
    assert any("There are too few images to" in finding.sentence for finding in found.verdict)
    assert "bad" not in answers(found, SAFE)
