"""Optimiser, decay of weights and course of the learning rates, as one asks for them, in all models of images."""

import numpy as np
import pytest
import torch
from sklearn.base import clone

from ganaug import ImageGAN, TranslationGAN
from ganaug.training import adversarial

MODELS = [
    ImageGAN(n_steps=4, width=4, latent_size=8, batch_size=8, random_state=0, device="cpu"),
    TranslationGAN(n_steps=4, width=4, n_blocks=2, batch_size=4, random_state=0, device="cpu"),
    TranslationGAN(method="cyclegan", n_steps=4, width=4, n_blocks=2, batch_size=4, random_state=0, device="cpu"),
]


@pytest.fixture
def built(monkeypatch):
    """The optimisers of both networks."""
    made, build = [], adversarial.build_optimizer
    monkeypatch.setattr(adversarial, "build_optimizer", lambda *a, **k: made.append(build(*a, **k)) or made[-1])
    return made


@pytest.mark.parametrize("model", MODELS, ids=lambda model: getattr(model, "method", "image"))
@pytest.mark.parametrize(
    ("name", "kind"),
    [("adamw", torch.optim.AdamW), ("sgd", torch.optim.SGD), ("rmsprop", torch.optim.RMSprop)],
)
def test_the_optimiser_and_its_rates_are_those_asked_for(bars, built, model, name, kind):
    asked = {"optimizer": name, "weight_decay": 0.01, "learning_rate": 1e-3, "schedule": "linear"}
    clone(model).set_params(**asked).fit(*bars)
    assert len(built) == 2
    for optimizer in built:
        assert type(optimizer) is kind
        # the last of four steps begins after three quarters of the training
        assert {group["weight_decay"] for group in optimizer.param_groups} == {0.01}
        assert [group["lr"] for group in optimizer.param_groups] == pytest.approx(
            [1e-3 / 4] * len(optimizer.param_groups)
        )


def test_the_discriminator_may_learn_at_a_rate_of_its_own(bars, built):
    clone(MODELS[0]).set_params(learning_rate=1e-4, discriminator_learning_rate=4e-4).fit(*bars)
    assert sorted(optimizer.param_groups[0]["lr"] for optimizer in built) == [1e-4, 4e-4]


@pytest.mark.parametrize("model", MODELS[:2], ids=lambda model: getattr(model, "method", "image"))
@pytest.mark.parametrize("params", [{"schedule": "exponential"}, {"optimizer": "lion"}, {"weight_decay": -1}], ids=str)
def test_what_there_is_not_is_named(model, params):
    (name,) = params
    with pytest.raises(ValueError, match=f"'{name}' parameter of {type(model).__name__} must be"):
        clone(model).set_params(**params).fit(np.zeros((8, 16, 16)), [0, 1] * 4)
