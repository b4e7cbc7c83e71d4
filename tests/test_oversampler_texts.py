"""GANOversampler of texts: counts hold, originals come back bit by bit in their container, the model is found."""

from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from small_texts import LABELS, SPAM, TEXTS, tiny_texts

from ganaug import GANOversampler, TextGAN, compare, evaluate_resampling, report

CONTAINERS = {
    "list": lambda texts: list(texts),
    "tuple": lambda texts: tuple(texts),
    "series": lambda texts: pd.Series(texts, name="note", index=range(5, 5 + len(texts))),
    "object series": lambda texts: pd.Series(texts, dtype=object),
    "array": lambda texts: np.array(texts),
    "object array": lambda texts: np.array(texts, dtype=object),
    "column": lambda texts: np.array(texts, dtype=object)[:, None],
    "frame": lambda texts: pd.DataFrame({"note": texts}),
    "polars": lambda texts: pl.Series("note", texts),
    "polars frame": lambda texts: pl.DataFrame({"note": texts}),
}


def resampled(X, y=LABELS, **params):
    sampler = GANOversampler(model=tiny_texts(), **params)
    return (sampler, *sampler.fit_resample(X, y))


def flat(X):
    return np.ravel(X.to_numpy() if hasattr(X, "to_numpy") else np.array(X, dtype=object)).tolist()


@pytest.mark.parametrize("kind", CONTAINERS)
def test_originals_come_first_in_their_container(kind):
    X = CONTAINERS[kind](TEXTS)
    sampler, X_res, y_res = resampled(X)
    assert type(X_res) is (list if kind == "tuple" else type(X))
    assert flat(X_res)[: len(TEXTS)] == TEXTS
    assert getattr(X_res, "name", None) == getattr(X, "name", None)
    assert Counter(y_res) == {"ham": 36, "spam": 36}
    assert len(flat(X_res)) == 72
    assert sampler.is_synthetic_.tolist() == [False] * 48 + [True] * 24
    if hasattr(X, "dtype") and X.dtype != np.array(TEXTS).dtype:
        assert X_res.dtype == X.dtype


def test_missing_texts_are_kept():
    X = pd.Series([*TEXTS[:-1], None], dtype=object)
    _, X_res, _ = resampled(X)
    assert X_res[47] is None
    assert X_res[48:].notna().all()


@pytest.mark.parametrize("selection", ["class", "realism", "neighbors", "discriminator", None])
def test_selections(selection):
    _, X_res, _ = resampled(TEXTS, selection=selection)
    assert len(X_res) == 72


def test_equal_share_repeats_real_texts():
    sampler, X_res, y_res = resampled(TEXTS, sampling_strategy="equal share", synthetic_share=0.25)
    assert Counter(y_res) == {"ham": 48, "spam": 48}
    repeated = X_res[len(TEXTS) : len(TEXTS) + 24]
    assert set(repeated) <= set(SPAM)
    assert sampler.is_synthetic_.sum() == 24


def test_several_classes():
    texts = [*TEXTS, *(f"order number {n} is on its way to you" for n in range(8))]
    _, _, y_res = resampled(texts, [*LABELS, *["order"] * 8])
    assert set(Counter(y_res).values()) == {36}


def test_the_model_is_found_by_the_texts(monkeypatch):
    for name, value in {"autoencoder_steps": 3, "n_steps": 3, "vocabulary_size": 300, "hidden_size": 8}.items():
        monkeypatch.setitem(TextGAN.__init__.__kwdefaults__, name, value)
    for X in (TEXTS, pd.DataFrame({"note": TEXTS})):
        sampler = GANOversampler(random_state=0).fit(X, LABELS)
        assert isinstance(sampler.model_, TextGAN)
        assert len(sampler.sample(2, "spam")) == 2
    with pytest.raises(ValueError, match=r"categorical_features=.* is given, but the model is TextGAN"):
        GANOversampler(categorical_features=["note"]).fit(X, LABELS)


def test_other_columns_are_refused_with_the_way_out():
    X = pd.DataFrame({"note": TEXTS, "age": range(48)})
    with pytest.raises(ValueError, match=r"X has 2 columns, but texts are needed.*X\[\['note'\]\]"):
        GANOversampler(model="text").fit(X, LABELS)


def test_a_loaded_sampler_writes_the_same_texts(tmp_path):
    sampler, _, _ = resampled(TEXTS)
    sampler.save(tmp_path / "m")
    assert GANOversampler.load(tmp_path / "m").sample(4, "spam") == sampler.sample(4, "spam")


def test_in_a_pipeline_and_in_compare():
    steps = (GANOversampler(model=tiny_texts()), TfidfVectorizer(), LogisticRegression())
    assert cross_val_score(make_pipeline(*steps), np.array(TEXTS, dtype=object), LABELS, cv=2).mean() > 0.9
    arms = {"weights": "weights", "random": "random", "SMOTE": "SMOTE", "texts": GANOversampler(model=tiny_texts())}
    found = compare(TEXTS, LABELS, samplers=arms, n_splits=2, n_repeats=1, random_state=0).frame()
    assert set(found["classifier"]) == {"LogisticRegression", "ComplementNB"}
    assert set(found["sampler"]) == {"none", *arms}
    assert found.drop(columns="note").notna().all(axis=None)


def test_what_was_added_is_evaluated_and_reported():
    texts, y = [*TEXTS, *(f"{text} again" for text in SPAM)], [*LABELS, *["spam"] * 12]
    sampler, X_res, y_res = resampled(texts, y, sampling_strategy={"spam": 60})
    result = evaluate_resampling(sampler, texts, y, X_res, y_res)
    assert result.noun == "texts"
    assert list(result.evaluations) == ["spam"]
    assert "synthetic texts of class spam added to 60 real ones" in result.heading
    page = report(result)
    assert "Synthetic texts and the nearest real texts" in page
    assert "This page shows texts of the real data" in page
