"""The autoencoder of ImageGAN: enough by itself, and a start for the adversarial training."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from ganaug import ImageGAN
from ganaug.models import image_reconstruction


def test_neighbours_in_the_latent_space_need_no_adversary(tiny_images, bars, tmp_path, monkeypatch):
    monkeypatch.setattr(image_reconstruction, "N_STEPS", 300)
    X, y = bars
    model = tiny_images.set_params(prior="neighbors", n_steps=0, learning_rate=2e-3).fit(X, y)
    assert len(model.history_) == 0
    assert model.reconstruction_["autoencoder_loss"].iloc[-1] < 0.5 * model.reconstruction_["autoencoder_loss"].iloc[0]
    with pytest.raises(ValueError, match="needs a discriminator"):
        model.score_samples(X, y)  # nothing has trained it
    made = model.sample([0] * 40 + [1] * 40).astype(float)
    lies = made.mean(2).std(1) > made.mean(1).std(1)
    assert lies[:40].mean() > 0.8
    assert lies[40:].mean() < 0.2
    model.save(tmp_path / "m.ganaug")
    assert_array_equal(ImageGAN.load(tmp_path / "m.ganaug").sample([1, 0]), model.sample([1, 0]))
    # the adversarial training begins where the decoder ended
    trained = clone(model).set_params(n_steps=1, learning_rate=2e-3).fit(X, y)
    assert np.abs(trained.sample([0] * 9).astype(float) - model.sample([0] * 9)).mean() < 40


@pytest.mark.filterwarnings("ignore:Training diverged")
def test_autoencoder_that_diverges_is_an_error(tiny_images, bars):
    with pytest.raises(ValueError, match="learning_rate=1e\\+18"):
        tiny_images.set_params(prior="neighbors", learning_rate=1e18).fit(*bars)
