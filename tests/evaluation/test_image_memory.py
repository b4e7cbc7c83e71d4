"""Training images that were learned by heart are found with a hold-out; blur alone is not taken for memory."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_digits

from ganaug import evaluate
from ganaug.common.findings import SAFE
from ganaug.evaluation import image_evaluation
from ganaug.evaluation.image_memory import memory_of_training

IMAGES = (load_digits().images * 15).astype(np.uint8)
Y = load_digits().target
LEARNED = "training images were learned by heart"


def parts(seed, n=60):
    """Return training images, unseen ones and others of three digits, and the classes of each."""
    kept = np.random.default_rng(seed).permutation(np.flatnonzero(Y < 3))[: 3 * n]
    return [IMAGES[own] for own in np.split(kept, 3)], [Y[own] for own in np.split(kept, 3)]


def measured(synthetic, labels, images, classes):
    sets = {"real": images[0], "holdout": images[1], "synthetic": synthetic}
    return memory_of_training(sets, {"real": classes[0], "holdout": classes[1], "synthetic": labels}, 12)


def blurred(images):
    return gaussian_filter(images, (0, 0.6, 0.6))


@pytest.mark.parametrize("change", [lambda images: images, blurred], ids=["as they are", "blurred"])
def test_chance_decides_between_seen_and_unseen_images_if_neither_was_learned(change):
    found = [measured(change(images[2]), classes[2], images, classes) for images, classes in map(parts, range(20))]
    assert 0.4 < np.mean([of.share for of in found]) < 0.6
    p_values = [of.p_value for of in found]
    assert min(p_values) > 0.001
    assert 0.25 < np.mean(p_values) < 0.75


def test_blurred_training_images_are_found():
    images, classes = parts(0)
    found = measured(blurred(images[0]), classes[0], images, classes)
    assert found.share > 0.8
    assert found.p_value < 0.001


def test_a_class_with_few_unseen_images_is_left_out():
    images, classes = parts(0)
    few = [images[0], images[1][:5], images[2]], [classes[0], classes[1][:5], classes[2]]
    assert measured(images[2], classes[2], *few) is None


@pytest.mark.parametrize("of", [0, 2], ids=["training images", "other images"])
def test_the_verdict_says_so(monkeypatch, of):
    monkeypatch.setattr(image_evaluation, "MAX_IMAGES", 11)  # features are not looked at here
    images, classes = parts(1)
    target = (classes[0], classes[of], classes[1])
    found = evaluate(images[0], blurred(images[of]), holdout=images[1], target=target, random_state=0)
    said = [finding for finding in found.verdict if LEARNED in finding.sentence]
    assert [finding.answer for finding in said] == ["bad"] * (of == 0)
    assert all(finding.question == SAFE for finding in said)
    row = found.frame().set_index("measure").loc["images nearer to training images"]
    assert (row["value"] > 0.6) == (of == 0)
    assert row["real"] == 0.5
