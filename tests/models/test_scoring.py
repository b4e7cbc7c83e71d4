"""Scores of the discriminator, and who has none."""

import numpy as np
import pytest
import torch

from ganaug import GANOversampler
from ganaug.models.scoring import class_index


def test_models_say_why_they_have_no_scores(mixed, tiny_model, tmp_path):
    X, y = mixed
    tiny_model.fit(X, y).save(tmp_path / "m")
    loaded = GANOversampler.load(tmp_path / "m")
    with pytest.raises(ValueError, match="scores single rows: this model was loaded from a file"):
        loaded.model_.score_samples(X, y)
    packed = tiny_model.set_params(pac=2).fit(X, y)
    with pytest.raises(ValueError, match=r"scores single rows: with pac=2 it scores 2 rows together"):
        packed.selection_for("discriminator", packed.encode(X, y), 3)
    with pytest.raises(AttributeError, match="files do not hold the history"):
        loaded.history_  # noqa: B018


def test_scores_are_what_the_discriminator_returns(mixed, tiny_model):
    X, y = mixed
    model = tiny_model.fit(X, y)
    data = model.encode(X, y)
    with torch.inference_mode():
        expected = model.discriminator_(data.rows, data.y).numpy()
    np.testing.assert_allclose(model.score_samples(X, y), expected, atol=1e-6)
    of_classes = [model.score_samples(X, [label] * len(X)) for label in "abc"]
    np.testing.assert_array_equal(model.score_samples(X), np.max(of_classes, axis=0))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.score_samples(X, y[:-1])


def test_no_selection_where_there_is_no_choice(mixed, tiny_model):
    X, y = mixed
    model = tiny_model.fit(X, y)
    data = model.encode(X, y)
    assert model.selection_for(None, data, 10) is None
    single = model.selection_for("class", data, 10**6)
    assert (single.n_candidates, single.weigh, single.shares) == (1, None, None)
    assert model.selection_for("auto", data, 10).n_candidates == 20


def test_labels_not_seen_are_named():
    with pytest.raises(ValueError, match=r"not seen in fit: \['c', 'd'\]; known are \['a', 'b'\]"):
        class_index(np.array(["a", "b"]), ["c", "b", "d", "c"])
