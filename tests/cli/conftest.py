"""A table, a folder of images, and a sampler that need not train."""

import sys
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from PIL import Image
from sklearn.base import BaseEstimator

from ganaug import ImageGAN

TABLE = "age,town,plan\n" + "".join(
    f"{20 + i},{['Bern', 'Rom', ''][i % 3]},{'gold' if i < 6 else 'basic'}\n" for i in range(40)
)


class Model(BaseEstimator):
    """Stands in for a fitted model of tables."""

    modality = "tabular"
    history_ = pd.DataFrame()
    seed_ = 0


class Repeater(BaseEstimator):
    """Stands in for GANOversampler: it repeats rows, so that a test of the shell need not train."""

    instances: "list[Repeater]" = []  # noqa: RUF012 - the tests look at what the shell passed
    sampling_strategy = "auto"

    def __init__(self, **options):
        self.options = options
        self.instances.append(self)

    def get_params(self, deep=True):
        return {}

    def fit_resample(self, X, y, attributes=None):
        sampler = RandomOverSampler(
            sampling_strategy=self.options["sampling_strategy"], random_state=self.options["random_state"]
        )
        X_resampled, y_resampled = sampler.fit_resample(X, y)
        self.is_synthetic_ = np.arange(len(X_resampled)) >= len(X)
        self.model_ = Model()
        return X_resampled, y_resampled

    def save(self, path):
        path.write_text("a model")


@pytest.fixture
def quick(monkeypatch):
    """Replace the sampler by a `Repeater`; the list of those that the shell made."""
    module = types.ModuleType("ganaug.oversampler")
    module.GANOversampler = Repeater
    monkeypatch.setitem(sys.modules, "ganaug.oversampler", module)
    monkeypatch.setattr(Repeater, "instances", [])
    return Repeater.instances


@pytest.fixture
def in_csv(tmp_path, monkeypatch):
    """Write ``in.csv`` with 34 rows of basic and 6 of gold, and work in its folder; the text of the file."""
    monkeypatch.chdir(tmp_path)
    Path("in.csv").write_text(TABLE)
    return TABLE


@pytest.fixture
def images(tmp_path, monkeypatch):
    """Write 12 sick and 30 well images as a folder and as an archive; networks that train for a moment."""
    monkeypatch.chdir(tmp_path)
    defaults = ImageGAN.__init__.__kwdefaults__
    for name, value in {"n_steps": 3, "width": 4, "latent_size": 8, "batch_size": 8, "device": "cpu"}.items():
        monkeypatch.setitem(defaults, name, value)
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (42, 16, 20), dtype=np.uint8)
    for i, image in enumerate(X):
        file = Path("in", "sick" if i < 12 else "well", f"{i:02d}.png")
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(file)
    labels = (np.arange(42) >= 12).astype(np.uint8)[:, None]
    np.savez("in.npz", train_images=X, train_labels=labels, test_images=X[:5], test_labels=labels[:5])
    return X
