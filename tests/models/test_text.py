"""TextGAN: reproducible, safe to store, no copies where there is a choice, and it takes texts of every kind."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from forged_models import forge
from sklearn.exceptions import NotFittedError
from small_texts import HAM, LABELS, SPAM, TEXTS, tiny_texts

from ganaug import TextGAN
from ganaug.metrics import KnownTexts
from ganaug.models.text_autoencoder import auto_steps, auto_temperature
from ganaug.training import NeighborsPrior
from ganaug.training.callbacks import Callback


@pytest.fixture(scope="module")
def fitted():
    return tiny_texts().fit(TEXTS, LABELS)


def test_the_same_seed_gives_the_same_texts(fitted):
    again = tiny_texts().fit(TEXTS, LABELS)
    y = ["ham", "spam"] * 5
    assert again.sample(y) == fitted.sample(y)
    assert fitted.sample(y) == fitted.sample(y)
    assert fitted.sample(y, random_state=1) != fitted.sample(y)
    assert tiny_texts(random_state=1).fit(TEXTS, LABELS).sample(y) != fitted.sample(y)


def test_a_text_does_not_depend_on_the_number_of_texts(fitted):
    many = fitted.sample(["spam"] * 70)
    assert len(many) == 70
    assert fitted.sample(["spam"] * 3) == many[:3]
    assert fitted.sample([]) == []


def test_the_global_generators_are_not_used():
    before = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    tiny_texts().fit(TEXTS, LABELS).sample(["spam"])
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()


def test_a_stored_model_writes_the_same_texts(fitted, tmp_path):
    fitted.save(tmp_path / "m")
    again = TextGAN.load(tmp_path / "m")
    assert again.sample(["spam", "ham"] * 4) == fitted.sample(["spam", "ham"] * 4)
    for text in TEXTS:
        assert text.encode() not in (tmp_path / "m").read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        lambda h, t: h["description"]["encoder"]["sizes"].update(hidden_size=10**9),
        lambda h, t: h["description"]["encoder"]["sizes"].update(n_classes=3),
        lambda h, t: h["description"]["encoder"]["tokens"].update(max_length=10**9),
        lambda h, t: h["description"]["encoder"]["tokens"].update(vocabulary=[]),
        lambda h, t: h["description"]["encoder"].update(container={"kind": "evil"}),
        lambda h, t: h["description"]["encoder"].update(temperature=0),
        lambda h, t: h["description"]["encoder"].update(temperature=1e999),
        lambda h, t: h["description"].update(edited=[[9, ["a"]]]),
        lambda h, t: h["description"].update(edited=[[1, []]]),
        lambda h, t: h["params"].update(code_size=5),
        lambda h, t: t.pop("array.judge.idf"),
        lambda h, t: t["array.judge.weights"].fill_(float("nan")),
        lambda h, t: t["array.autoencoder.decoder.bias"].fill_(float("nan")),
        lambda h, t: t["array.known.counts"].fill_(10**9),
        lambda h, t: t["array.prior.neighbors"].fill_(10**9),
    ],
)
def test_forged_files_are_refused(fitted, tmp_path, change):
    fitted.save(tmp_path / "m")
    forge(tmp_path / "m", change)
    with pytest.raises(ValueError, match="damaged or was not written by ganaug"):
        TextGAN.load(tmp_path / "m")


def test_copies_are_refused():
    """Each candidate is written anew; a copy is taken only if there is no other."""
    model = tiny_texts().fit(TEXTS, LABELS)
    written = iter(range(10**6))

    def write(latents, y, uniform):
        # every second candidate is a training text
        texts = [SPAM[i % 12] if (i := next(written)) % 2 else f"quite another text {i}" for _ in range(len(y))]
        return texts, np.zeros(len(y))

    model.encoder_.write = write
    texts = model.sample(["spam"] * 20)
    assert (KnownTexts.of(TEXTS).nearest_copies(texts) < 0).all()
    assert len(set(texts)) == 20


def test_copies_that_remain_are_counted():
    model = tiny_texts().fit(TEXTS, LABELS)
    model.encoder_.write = lambda latents, y, uniform: ([SPAM[0]] * len(y), np.zeros(len(y)))
    with pytest.warns(UserWarning, match="4 synthetic texts of 4 .100 %. are copies or near copies"):
        assert model.sample(["spam"] * 4) == [SPAM[0]] * 4


@pytest.mark.parametrize("n_rare", [1, 2, 5])
def test_a_class_of_few_texts_gets_edits_of_them(n_rare, tmp_path):
    rare = [f"please order {n} large boxes of blue paper clips for room {n}" for n in range(n_rare)]
    with pytest.warns(UserWarning, match="edits of the real ones"), pytest.warns(UserWarning, match="Too few texts"):
        model = tiny_texts().fit([*HAM, *rare], ["ham"] * len(HAM) + ["rare"] * n_rare)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* cop(y|ies) or near cop")
        texts = model.sample(["rare"] * 8)
        model.save(tmp_path / "m")
        assert TextGAN.load(tmp_path / "m").sample(["rare"] * 8) == texts
    words = set(" ".join(rare).split())
    assert all(set(text.split()) <= words for text in texts)
    assert len(set(texts)) > 4


@pytest.mark.parametrize(
    "texts",
    [
        [""] * 20,
        ["word"] * 20,
        [f"w{i}" for i in range(20)],
        ["long " * 10_000 + str(i) for i in range(20)],
        ["\ud800", "\x00", "🏳️‍🌈", "　", "a" * 500] * 4,
        ["今日は", "مرحبا", "नमस्ते", "สวัสดี", "γειά"] * 4,
        ["\n\t\r"] * 20,
    ],
    ids=["empty", "equal", "words", "long", "odd", "scripts", "spaces"],
)
def test_texts_of_every_kind_are_taken(texts):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* (a copy or near copy|copies or near copies)")
        warnings.filterwarnings("ignore", message=".* longer than max_length")
        warnings.filterwarnings("ignore", message="Classes with 5 texts or fewer that are not empty")
        made = tiny_texts().fit(texts, ["a", "b"] * 10).sample(["a", "b"] * 3)
    assert all(isinstance(text, str) for text in made)
    for text in made:
        text.encode("utf-8")


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (pd.DataFrame({"note": [1, 2] * 10}), "column 'note' holds 20 cells that are not strings"),
        (pd.Series(TEXTS[:20], dtype="category"), "X has a dtype of categories, which takes no new texts"),
        (pd.DataFrame({"note": TEXTS[:20]}, dtype="category"), "column 'note' has a dtype of categories"),
    ],
)
def test_data_without_texts_are_refused(X, message):
    with pytest.raises(ValueError, match=message):
        tiny_texts().fit(X, ["a", "b"] * 10)


def test_a_class_of_empty_texts_stays_empty():
    model = tiny_texts()
    with pytest.warns(UserWarning, match="5 texts or fewer that are not empty: 'spam'"):
        model.fit([*TEXTS[:36], *[""] * 12], LABELS)
    with pytest.warns(UserWarning, match="3 synthetic texts of 3 .* are copies .* add real texts to the smallest"):
        assert model.sample(["spam"] * 3) == ["", "", ""]


def test_long_texts_are_said_to_be_cut():
    with pytest.warns(UserWarning, match="48 texts of 48 are longer than max_length=4 tokens"):
        model = tiny_texts(max_length=4).fit(TEXTS, LABELS)
    assert max(len(model.encoder_.tokens.tokens(text)) for text in model.sample(["spam"] * 5)) <= 8


def test_max_length_follows_the_texts(fitted):
    assert max(len(fitted.encoder_.tokens.tokens(text)) for text in TEXTS) <= fitted.encoder_.tokens.max_length <= 64


@pytest.mark.parametrize(
    ("n_texts", "n_tokens", "steps", "temperature"),
    [
        (3_000, 21, 2_500, 0.65),  # short messages
        (1_800, 12, 864, 1.0),  # subjects of mails
        (1_000_000, 16, 2_500, 0.825),
        (10, 3, 500, 1.0),
    ],
)
def test_few_and_short_texts_are_learned_in_fewer_steps_and_drawn_more_freely(n_texts, n_tokens, steps, temperature):
    encoded = torch.zeros(n_texts, n_tokens + 1, dtype=torch.int8)
    encoded[:, :n_tokens] = 5
    assert auto_steps(encoded) == steps
    assert auto_temperature(encoded) == pytest.approx(temperature)


def test_numbers_replace_the_automatic_steps_and_temperature(fitted):
    assert fitted.encoder_.temperature == auto_temperature(fitted.encoder_.tokens.encode(TEXTS))
    model = tiny_texts(temperature=0.3).fit(TEXTS, LABELS)
    assert model.encoder_.temperature == 0.3
    assert model.sample(["spam"] * 5) != fitted.sample(["spam"] * 5)


@pytest.mark.parametrize("prior", ["noise", "neighbors"])
def test_priors(prior):
    model = tiny_texts(prior=prior).fit(TEXTS, LABELS)
    assert isinstance(model.prior_, NeighborsPrior) == (prior == "neighbors")
    assert len(model.sample(["spam"] * 3)) == 3


def test_labels_and_columns(tmp_path):
    X = pd.DataFrame({"note": TEXTS})
    model = tiny_texts().fit(X, pd.Series(LABELS, name="kind"))
    assert model.feature_names_in_.tolist() == ["note"]
    assert (model.n_features_in_, model.target_name_) == (1, "kind")
    made = model.sample(["spam"] * 3)
    assert list(made) == ["note"]
    assert made["note"].dtype == X["note"].dtype
    model.save(tmp_path / "m")
    pd.testing.assert_frame_equal(TextGAN.load(tmp_path / "m").sample(["spam"] * 3), made)
    with pytest.raises(ValueError, match="labels not seen in fit"):
        model.sample(["other"])
    with pytest.raises(ValueError, match="must have one dimension"):
        model.sample([["spam"]])


def test_scores_and_encoding(fitted):
    scores = fitted.score_samples(TEXTS[:4], LABELS[:4])
    assert scores.shape == (4,)
    latents = fitted.encode(TEXTS, LABELS).features
    np.testing.assert_allclose(np.linalg.norm(latents, axis=1), 2.0, rtol=1e-4)


@pytest.mark.parametrize(
    "params", [{"temperature": 0}, {"n_candidates": 0}, {"vocabulary_size": 3}, {"max_length": 1}, {"prior": "x"}]
)
def test_parameters_are_validated(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        tiny_texts(**params).fit(TEXTS, LABELS)


def test_the_time_is_limited():
    model = tiny_texts(autoencoder_steps=10**6, n_steps=10**6, max_time=1.0).fit(TEXTS, LABELS)
    assert model.autoencoder_history_["seconds"].iloc[-1] < 2
    assert model.history_["seconds"].iloc[-1] < 2


def test_callbacks_watch_the_gan_and_can_stop_it():
    class Stop(Callback):
        def on_step_end(self, run):
            if run.step == 12:
                run.stop("enough")

    model = tiny_texts(n_steps=50, callbacks=[Stop()]).fit(TEXTS, LABELS)
    assert model.history_["step"].max() <= 12
    assert model.sample(["spam"])


def test_an_interrupted_fit_leaves_nothing_that_looks_fitted(monkeypatch):
    model = tiny_texts().fit(TEXTS, LABELS)

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("ganaug.models.text_autoencoder.train", interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(TEXTS, LABELS)
    with pytest.raises(NotFittedError):
        model.sample(["spam"])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*cop(y|ies) or near cop")  # there are few texts of these few words
def test_texts_are_of_their_class():
    model = TextGAN(autoencoder_steps=300, n_steps=200, vocabulary_size=500, random_state=0).fit(TEXTS * 3, LABELS * 3)
    made = model.sample(["ham"] * 30 + ["spam"] * 30)
    assert np.mean(["win" in text.lower() or "http" in text for text in made[30:]]) > 0.8
    assert np.mean(["see" in text.lower() or "you" in text for text in made[:30]]) > 0.8


def test_masked_texts_are_refused_as_masked_cells_of_tables_are():
    masked = np.ma.array(np.array(TEXTS, dtype=object), mask=[True] + [False] * (len(TEXTS) - 1))
    with pytest.raises(ValueError, match="masked array; fill the masked cells first"):
        tiny_texts().fit(masked, LABELS)
