"""The manifest of synthetic images, and what the training history says of their distance to real ones."""

import numpy as np
import pandas as pd
import pytest

from ganaug import GANOversampler, ImageGAN
from ganaug.common.findings import REAL
from ganaug.datasets import ImageSet
from ganaug.evaluation import nearest_columns, score_columns, training_distance


@pytest.fixture
def images(tmp_path):
    X = np.random.default_rng(0).integers(0, 256, (14, 8, 8), dtype=np.uint8)
    return ImageSet(X, np.repeat(["well", "sick"], [8, 6]), [f"{i:02d}.png" for i in range(14)], tmp_path)


@pytest.fixture
def sampler(images):
    model = ImageGAN(n_steps=2, width=4, latent_size=8, batch_size=8, device="cpu")
    return GANOversampler(model=model, random_state=0).fit(images.X, images.y)


def test_each_synthetic_image_has_its_nearest_file(images):
    X_synthetic = np.stack([images.X[3], images.X[9][:, ::-1]])
    manifest = nearest_columns(images, X_synthetic, pd.Index([14, 15]))
    assert list(manifest) == ["nearest_training_file", "distance", "mirrored"]
    assert manifest.index.tolist() == [14, 15]
    assert manifest["nearest_training_file"].tolist() == ["03.png", "09.png"]
    assert manifest["distance"].tolist() == [0, 0]
    assert manifest["mirrored"].tolist() == [0, 1]


def test_each_synthetic_image_has_its_seed_and_score(images, sampler):
    X_synthetic = images.X[[3, 9]]
    manifest = score_columns(sampler, images, X_synthetic, pd.Series(["well", "sick"], index=[14, 15]))
    assert list(manifest) == ["seed", "discriminator_score"]
    assert manifest.index.tolist() == [14, 15]
    assert manifest["seed"].eq(sampler.model_.seed_).all()
    scores = sampler.model_.score_samples(X_synthetic, np.array(["well", "sick"]))
    assert manifest["discriminator_score"].to_numpy() == pytest.approx(scores, abs=1e-4)


def test_without_synthetic_images_there_are_no_columns(images):
    manifest = score_columns(GANOversampler(), images, images.X[:0], pd.Series([], dtype=object))
    assert manifest.shape == (0, 0)


@pytest.mark.parametrize(
    ("distances", "answer", "said"),
    [
        ([0.9, 0.1], "unknown", "was 0.10; that of other real images is up to 0.15"),
        ([0.9, -0.02], "unknown", "was 0.00;"),
        ([0.9, 0.15, 0.4], "unknown", "was 0.15;"),
        ([0.2], "unknown", "was 0.20, between that of other real images (up to 0.15) and a clear difference"),
        ([0.3], "bad", "was 0.30. From 0.3 on, synthetic images are easy to tell from real ones"),
        ([2000.0], "bad", "was more than 10."),
    ],
)
def test_the_smallest_distance_decides(distances, answer, said):
    finding = training_distance(pd.DataFrame({"distance": distances}))
    assert finding.question == REAL
    assert finding.answer == answer
    assert said in finding.sentence
    assert finding.numbers == {"distance": max(0.0, min(distances))}
