"""Every parameter of a model of tables or images survives the file, and so do the rows."""

import numpy as np
import pandas as pd
import pytest

from ganaug import ImageGAN, TabularGAN

TABULAR = {
    "activation": "relu",
    "batch_size": 8,
    "categorical_features": ["n"],
    "discriminator_learning_rate": 0.01,
    "discriminator_warmup": 1,
    "dropout": 0.1,
    "ema": 0.5,
    "gamma": 2.5,
    "hidden_sizes": (4,),
    "ignore": ["a"],
    "label_smoothing": 0.1,
    "latent_size": 3,
    "learning_rate": 0.02,
    "loss": "hinge",
    "matching": {"marginal": 0.5},
    "max_time": 100.0,
    "n_critic": 2,
    "n_neighbors": 3,
    "n_steps": 1,
    "numeric": "standard",
    "optimizer": "adamw",
    "pac": 2,
    "patience": None,
    "penalty": "r1",
    "penalty_every": 2,
    "prior": "noise",
    "schedule": "cosine",
    "spectral_norm": True,
    "text_columns": [],
    "warm_start": True,
    "weight_decay": 0.1,
}
IMAGE = {
    "augment": None,
    "augment_strength": 0.5,
    "batch_size": 6,
    "betas": (0.5, 0.9),
    "conditioning": "concat",
    "dropout": 0.1,
    "ema": 0.5,
    "gamma": 2.5,
    "latent_size": 3,
    "learning_rate": 0.02,
    "loss": "hinge",
    "max_time": 100.0,
    "n_critic": 2,
    "n_steps": 1,
    "orthogonal": 0.1,
    "patience": 3,
    "penalty": "r1",
    "penalty_every": 2,
    "spectral_norm": True,
    "truncation": 0.7,
    "warm_start": True,
    "width": 8,
}
# of the run and not of the model: not stored. Of `constraints`, `bounds` and `levels` a file holds what was learned
_OF_A_RUN = {"callbacks", "checkpoint", "verbose", "device", "random_state", "max_time"}


def again(model, X, y, path):
    model.fit(X, y).save(path)
    loaded = type(model).load(path)
    stored = {name: value for name, value in model.get_params(deep=False).items() if name not in _OF_A_RUN}
    for name, value in stored.items():
        found = getattr(loaded, name)
        assert (list(found) if isinstance(value, tuple) else found) == (
            list(value) if isinstance(value, tuple) else value
        ), name
    return loaded


@pytest.mark.parametrize("name", TABULAR)
def test_a_parameter_of_tables(name, tmp_path):
    rng = np.random.default_rng(0)
    X, y = pd.DataFrame({"a": rng.normal(size=24), "n": rng.integers(5, size=24)}), np.repeat(["x", "y"], 12)
    assert getattr(TabularGAN(), name) != TABULAR[name]
    given = {"n_steps": 2, "hidden_sizes": (4,), "batch_size": 8, "random_state": 0, "device": "cpu"} | {
        name: TABULAR[name]
    }
    model = TabularGAN(**given)
    pd.testing.assert_frame_equal(again(model, X, y, tmp_path / "m").sample(y[:4]), model.sample(y[:4]))


@pytest.mark.parametrize("name", IMAGE)
def test_a_parameter_of_images(name, tmp_path):
    X = np.random.default_rng(0).integers(0, 256, (12, 8, 8), dtype=np.uint8)
    y = np.repeat([0, 1], 6)
    assert getattr(ImageGAN(), name) != IMAGE[name]
    given = {"n_steps": 1, "width": 4, "batch_size": 6, "random_state": 0, "device": "cpu"} | {name: IMAGE[name]}
    model = ImageGAN(**given)
    np.testing.assert_array_equal(again(model, X, y, tmp_path / "m").sample(y[:4]), model.sample(y[:4]))
