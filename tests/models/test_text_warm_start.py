"""TextGAN(warm_start=True): a fit goes on from the autoencoder and the networks of the last one."""

import numpy as np
import pytest
import torch
from small_texts import LABELS, TEXTS, tiny_texts

from ganaug import GANOversampler, TextGAN
from ganaug.metrics import KnownTexts

SLOW = {"warm_start": True, "learning_rate": 1e-7, "autoencoder_learning_rate": 1e-7}


def weights(model):
    networks = [model.generator_, model.discriminator_, model.encoder_.networks]
    return torch.cat([weight.detach().flatten() for network in networks for weight in network.parameters()])


@pytest.fixture(scope="module")
def fitted():
    return tiny_texts(warm_start=True).fit(TEXTS, LABELS)


def going_on(fitted, **params):
    model = TextGAN(**{**fitted.get_params(), **SLOW, **params})
    return model.warm_start_from(fitted)


def test_the_next_fit_starts_where_the_last_one_ended(fitted):
    before = weights(fitted).clone()
    model = going_on(fitted).fit(TEXTS[::-1], LABELS[::-1])
    torch.testing.assert_close(weights(model), before, atol=1e-3, rtol=0)
    assert not torch.allclose(
        weights(going_on(fitted, warm_start=False, random_state=1).fit(TEXTS, LABELS)), before, atol=1e-2
    )
    torch.testing.assert_close(weights(fitted), before, atol=0, rtol=0)


def test_new_texts_may_be_any(fitted):
    new = [f"再见 {n} Ünknown 🎲" for n in range(10)]
    model = going_on(fitted).fit([*new, *TEXTS[-10:]], ["ham"] * 10 + ["spam"] * 10)
    assert model.encoder_.tokens.vocabulary_ == fitted.encoder_.tokens.vocabulary_
    assert len(model.sample(["spam"] * 3)) == 3
    # texts of the first fit are still refused, and those of both are there once
    assert (model.known_.nearest_copies([*TEXTS, *new]) >= 0).all()
    assert len(model.known_) == len(KnownTexts.of(list({*TEXTS, *new})))


def test_other_classes_are_refused(fitted):
    with pytest.raises(ValueError, match="warm_start=True continues with the classes"):
        going_on(fitted).fit(TEXTS, ["eggs" if label == "ham" else label for label in LABELS])


def test_other_sizes_and_architectures_are_refused(fitted):
    with pytest.raises(ValueError, match="architecture='relgan' does not have"):
        going_on(fitted, architecture="relgan").fit(TEXTS, LABELS)
    relgan = tiny_texts(architecture="relgan", warm_start=True).fit(TEXTS, LABELS)
    with pytest.raises(ValueError, match="architecture='relgan' does not have"):
        relgan.fit(TEXTS, LABELS)
    with pytest.raises(ValueError, match="other sizes"):
        going_on(fitted, hidden_sizes=(4,)).fit(TEXTS, LABELS)
    with pytest.raises(ValueError, match="hidden_size=8, but hidden_size=4"):
        going_on(fitted, hidden_size=4).fit(TEXTS, LABELS)


def test_a_fit_that_fails_leaves_what_there_was(fitted):
    model, before = going_on(fitted, hidden_sizes=(4,)), fitted.sample(["spam"] * 3)
    with pytest.raises(ValueError, match="other sizes"):
        model.fit([*TEXTS, "one more"], [*LABELS, "ham"])
    assert model.sample(["spam"] * 3) == before
    assert len(model.known_) == len(TEXTS)


def test_a_loaded_model_goes_on(fitted, tmp_path):
    fitted.save(tmp_path / "m")
    loaded = TextGAN.load(tmp_path / "m").set_params(**SLOW)
    again = loaded.fit(TEXTS, LABELS)
    torch.testing.assert_close(weights(again), weights(fitted), atol=1e-3, rtol=0)
    tiny_texts().fit(TEXTS, LABELS).save(tmp_path / "n")
    with pytest.raises(ValueError, match="without the discriminator"):
        TextGAN.load(tmp_path / "n").set_params(warm_start=True).fit(TEXTS, LABELS)


def test_the_sampler_goes_on(fitted, tmp_path):
    fitted.save(tmp_path / "m")
    sampler = GANOversampler(model=TextGAN.load(tmp_path / "m").set_params(**SLOW))
    _, y = sampler.fit_resample(TEXTS, LABELS)
    assert np.unique(y, return_counts=True)[1].tolist() == [36, 36]
    torch.testing.assert_close(weights(sampler.model_), weights(fitted), atol=1e-3, rtol=0)
