"""Every parameter of a model survives the file, and so do the rows, images and texts."""

import numpy as np
import pandas as pd
import pytest
from small_texts import LABELS, TEXTS, tiny_texts

from ganaug import ImageGAN, PrivateTabularGAN, TabularGAN, TextGAN, TranslationGAN

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
    "precision": "32-true",
    "prior": "noise",
    "schedule": "cosine",
    "spectral_norm": True,
    "text_columns": [],
    "warm_start": True,
    "weight_decay": 0.1,
}
IMAGE = {
    "architecture": "biggan",
    "augment": None,
    "augment_strength": 0.5,
    "batch_size": 6,
    "betas": (0.5, 0.9),
    "conditioning": "concat",
    "dropout": 0.1,
    "ema": 0.5,
    "gamma": 2.5,
    "image_shape": (8, 8),
    "latent_size": 3,
    "learning_rate": 0.02,
    "discriminator_learning_rate": 0.01,
    "optimizer": "adamw",
    "weight_decay": 0.01,
    "schedule": "cosine",
    "loss": "hinge",
    "mask_channels": (1,),
    "max_time": 100.0,
    "n_blocks": 2,
    "n_critic": 2,
    "n_neighbors": 3,
    "n_steps": 1,
    "orthogonal": 0.1,
    "patience": 3,
    "penalty": "r1",
    "penalty_every": 2,
    "precision": "32-true",
    "prior": "neighbors",
    "spectral_norm": True,
    "truncation": 0.7,
    "warm_start": True,
    "width": 8,
}
TEXT = {
    "architecture": "relgan",
    "autoencoder_batch_size": 8,
    "autoencoder_learning_rate": 0.01,
    "autoencoder_steps": 3,
    "batch_size": 8,
    "code_size": 6,
    "ema": 0.5,
    "embedding_size": 6,
    "gamma": 2.5,
    "hidden_size": 6,
    "hidden_sizes": (6,),
    "latent_size": 3,
    "learning_rate": 0.02,
    "loss": "hinge",
    "max_length": 60,
    "n_candidates": 2,
    "n_critic": 2,
    "n_neighbors": 3,
    "n_steps": 2,
    "patience": 3,
    "penalty": "r1",
    "penalty_every": 2,
    "prior": "noise",
    "temperature": 1.5,
    "top_k": 3,
    "vocabulary_size": 320,
    "warm_start": True,
}
TRANSLATION = {
    "augment": None,
    "augment_strength": 0.5,
    "batch_size": 6,
    "betas": (0.5, 0.9),
    "class_weight": 0.4,
    "content_weight": 0.3,
    "ema": 0.5,
    "gamma": 2.5,
    "image_shape": (8, 8),
    "learning_rate": 0.02,
    "optimizer": "adamw",
    "weight_decay": 0.01,
    "schedule": "cosine",
    "loss": "hinge",
    "method": "cyclegan",
    "n_blocks": 3,
    "n_critic": 2,
    "n_steps": 2,
    "noise_size": 3,
    "patience": 3,
    "penalty": "r1",
    "penalty_every": 2,
    "precision": "32-true",
    "source": 0,
    "target": 1,
    "width": 8,
}
PRIVATE = {
    "batch_size": 12,
    "delta": 1e-4,
    "ema": 0.5,
    "epsilon": 20.0,
    "hidden_sizes": (4,),
    "latent_size": 3,
    "learning_rate": 0.02,
    "max_grad_norm": 0.5,
    "max_rate": 0.9,
    "n_critic": 2,
    "n_steps": 2,
}
# of the run and not of the model: not stored. Of `constraints`, `bounds` and `levels` a file holds what was learned
_OF_A_RUN = {"callbacks", "checkpoint", "verbose", "device", "devices", "random_state", "max_time"}
_NOT_STORED = {*_OF_A_RUN, "constraints", "bounds", "levels", "text_model"}


def again(model, X, y, path):
    model.fit(X, y).save(path)
    loaded = type(model).load(path)
    stored = {name: value for name, value in model.get_params(deep=False).items() if name not in _NOT_STORED}
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
    if name == "mask_channels":
        X = np.where(np.arange(2) == 1, X[..., None] // 128 * 255, X[..., None])
    model = ImageGAN(**given)
    np.testing.assert_array_equal(again(model, X, y, tmp_path / "m").sample(y[:4]), model.sample(y[:4]))


@pytest.mark.parametrize("architecture", ["autoencoder", "relgan"])
def test_all_parameters_of_texts(architecture, tmp_path):
    model = tiny_texts(**TEXT | {"architecture": architecture})
    loaded = again(model, TEXTS, LABELS, tmp_path / "m")
    assert list(loaded.sample(LABELS[:3])) == list(model.sample(LABELS[:3]))


@pytest.mark.parametrize("method", ["cut", "cyclegan"])
def test_all_parameters_of_translations(method, tmp_path):
    X = np.random.default_rng(0).integers(0, 256, (12, 8, 8), dtype=np.uint8)
    y = np.repeat([0, 1], 6)
    model = TranslationGAN(random_state=0, device="cpu", **TRANSLATION | {"method": method})
    np.testing.assert_array_equal(again(model, X, y, tmp_path / "m").sample(y[-3:]), model.sample(y[-3:]))


def test_all_parameters_of_private_models(tmp_path):
    rng = np.random.default_rng(0)
    X, y = pd.DataFrame({"a": rng.uniform(size=60), "c": rng.choice(["u", "v"], 60)}), np.repeat(["x", "y"], 30)
    model = PrivateTabularGAN(random_state=0, device="cpu", bounds={"a": (0, 1)}, **PRIVATE)
    pd.testing.assert_frame_equal(again(model, X, y, tmp_path / "m").sample(y[:4]), model.sample(y[:4]))


@pytest.mark.parametrize(
    ("kind", "tried"),
    [
        (TabularGAN, TABULAR),
        (ImageGAN, IMAGE),
        (TextGAN, TEXT),
        (TranslationGAN, TRANSLATION),
        (PrivateTabularGAN, PRIVATE),
    ],
)
def test_every_parameter_is_tried_with_another_value_than_the_default(kind, tried):
    assert all(getattr(kind(), name) != value for name, value in tried.items())
    assert set(kind().get_params(deep=False)) - set(tried) - _NOT_STORED == set()
