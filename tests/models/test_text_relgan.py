"""TextGAN with architecture="relgan": the same face, legal texts, and training that changes what is written."""

import numpy as np
import pytest
from forged_models import forge
from small_texts import LABELS, TEXTS, tiny_texts

from ganaug import GANOversampler, TextGAN, evaluate
from ganaug.models import text_relgan


@pytest.fixture(scope="module")
def fitted():
    return tiny_texts(architecture="relgan").fit(TEXTS, LABELS)


def test_the_same_seed_gives_the_same_texts(fitted, tmp_path):
    y = ["ham", "spam"] * 5
    assert tiny_texts(architecture="relgan").fit(TEXTS, LABELS).sample(y) == fitted.sample(y)
    assert fitted.sample(y, random_state=1) != fitted.sample(y)
    assert fitted.sample(["spam"] * 70)[:3] == fitted.sample(["spam"] * 3)
    fitted.save(tmp_path / "m")
    again = TextGAN.load(tmp_path / "m")
    assert again.sample(y) == fitted.sample(y)
    assert again.architecture == "relgan"
    for text in TEXTS:
        assert text.encode() not in (tmp_path / "m").read_bytes()


def test_another_architecture_counts_from_the_next_fit(fitted, tmp_path):
    model = tiny_texts(architecture="relgan").fit(TEXTS, LABELS)
    before = model.sample(["spam"] * 3)
    model.set_params(architecture="autoencoder")
    assert model.sample(["spam"] * 3) == before
    model.save(tmp_path / "m")
    assert TextGAN.load(tmp_path / "m").sample(["spam"] * 3) == before
    assert model.fit(TEXTS, LABELS).sample(["spam"] * 3) != before


def test_texts_are_scored_and_evaluated(fitted):
    assert fitted.score_samples(TEXTS[:5]).shape == (5,)
    assert fitted.score_samples(TEXTS[:5], LABELS[:5]).shape == (5,)
    made = fitted.sample(["spam"] * 24)
    assert "spam" in str(evaluate(TEXTS, made, target=(LABELS, ["spam"] * 24)))


def test_the_history_tells_of_both_trainings(fitted):
    assert "likelihood_loss" in fitted.autoencoder_history_
    assert {"discriminator_loss", "generator_loss", "distance", "diversity"} <= set(fitted.history_)


def test_pretraining_learns_the_language():
    steps = {"autoencoder_steps": 60, "autoencoder_learning_rate": 0.03, "n_steps": 1}
    model = tiny_texts(architecture="relgan", hidden_size=16, **steps).fit(TEXTS, LABELS)
    losses = model.autoencoder_history_["likelihood_loss"]
    assert losses.iloc[-1] < 0.8 * losses.iloc[0]


def test_the_temperature_is_annealed(monkeypatch):
    seen = []
    step = text_relgan._Annealing.on_step_end

    def watched(self, run):
        step(self, run)
        seen.append(self.generator.inverse_temperature)

    monkeypatch.setattr(text_relgan._Annealing, "on_step_end", watched)
    tiny_texts(architecture="relgan", n_steps=4).fit(TEXTS, LABELS)
    np.testing.assert_allclose(seen, 100 ** np.array([0.25, 0.5, 0.75, 1.0]))


def test_the_adversarial_training_changes_the_generator():
    """The pre-trained weights are where the game starts, and the game moves them."""
    short = tiny_texts(architecture="relgan", n_steps=1, ema=0.0).fit(TEXTS, LABELS)
    longer = tiny_texts(architecture="relgan", n_steps=8, ema=0.0).fit(TEXTS, LABELS)
    moved = [
        (one - other).abs().max().item()
        for one, other in zip(short.generator_.parameters(), longer.generator_.parameters(), strict=True)
    ]
    assert 0 < max(moved) < 0.1


def test_an_oversampler_takes_it_and_selections_by_latents_are_refused():
    model = tiny_texts(architecture="relgan")
    X, y = GANOversampler(model=model, random_state=0).fit_resample(TEXTS, LABELS)
    assert X[: len(TEXTS)] == TEXTS
    assert len(set(np.unique(y, return_counts=True)[1].tolist())) == 1
    with pytest.raises(ValueError, match="architecture='relgan' does not have"):
        GANOversampler(model=model, selection="class").fit_resample(TEXTS, LABELS)


def test_forged_files_are_refused(fitted, tmp_path):
    for change in (
        lambda h, t: h["description"]["encoder"]["tokens"].update(max_length=0),
        lambda h, t: h["description"]["encoder"]["tokens"].update(vocabulary=h["classes"]),
        lambda h, t: h["params"].update(hidden_size=10**9),
        lambda h, t: h["params"].update(architecture="autoencoder"),
        lambda h, t: t["generator.bias"].fill_(float("nan")),
    ):
        fitted.save(tmp_path / "m")
        forge(tmp_path / "m", change)
        with pytest.raises(ValueError, match="damaged or was not written by ganaug"):
            TextGAN.load(tmp_path / "m")
