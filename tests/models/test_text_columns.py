"""Columns of texts in a table: written for the class of each row, legal in every container, stored with the table."""

import time

import numpy as np
import pandas as pd
import polars as pl
import pytest
from forged_models import forge
from small_texts import LABELS, TEXTS, tiny_texts

from ganaug import GANOversampler, TabularGAN

ONLY_BY_CLASS = "are written for the class of a row"


def table(**columns):
    rng = np.random.default_rng(0)
    n = len(TEXTS)
    numbers = {"age": rng.integers(20, 60, n), "note": TEXTS, "city": rng.choice(["Bonn", "Ulm"], n)}
    return pd.DataFrame(numbers | columns)


def model(**params):
    return TabularGAN(
        **{"text_columns": ["note"], "text_model": tiny_texts(), "n_steps": 3, "random_state": 0} | params
    )


def fitted(X, **params):
    with pytest.warns(UserWarning, match=ONLY_BY_CLASS):
        return model(**params).fit(X, LABELS)


def cells(rows, place):
    return np.asarray(rows, dtype=object)[:, place].tolist()


@pytest.mark.parametrize("kind", ["pandas", "string", "polars", "array", "list"])
def test_texts_are_written_in_every_container(kind, tmp_path):
    X = {
        "pandas": lambda frame: frame,
        "string": lambda frame: frame.astype({"note": "string"}),
        "polars": pl.from_pandas,
        "array": lambda frame: frame.to_numpy(),
        "list": lambda frame: frame.to_numpy().tolist(),
    }[kind](table())
    generator = fitted(X, text_columns=[1])
    y = ["ham", "spam"] * 10
    rows = generator.sample(y)
    assert all(isinstance(text, str) for text in cells(rows, 1))
    assert not set(cells(rows, 1)) & set(TEXTS)
    assert set(cells(rows, 2)) <= {"Bonn", "Ulm"}
    if hasattr(X, "columns"):
        assert type(rows) is type(X)
        assert list(rows.columns) == list(X.columns)
        assert list(rows.dtypes) == list(X.dtypes)
    generator.save(tmp_path / "m")
    assert cells(TabularGAN.load(tmp_path / "m").sample(y), 1) == cells(rows, 1)
    assert cells(generator.sample(y[:5]), 1) == cells(rows, 1)[:5]
    for text in TEXTS:
        assert text.encode() not in (tmp_path / "m").read_bytes()


def test_the_other_columns_are_those_of_a_table_without_the_texts():
    rows = fitted(table()).sample(LABELS)
    without = TabularGAN(n_steps=3, random_state=0).fit(table().drop(columns="note"), LABELS).sample(LABELS)
    pd.testing.assert_frame_equal(rows.drop(columns="note"), without)


def test_missing_and_blank_cells_occur_as_often_in_each_class():
    X = table()
    is_ham = np.array(LABELS) == "ham"
    X.loc[np.flatnonzero(is_ham)[:18], "note"] = None  # half
    X.loc[np.flatnonzero(~is_ham)[:3], "note"] = " "  # a quarter
    rows = fitted(X).sample(["ham"] * 200 + ["spam"] * 200)
    ham, spam = rows["note"][:200], rows["note"][200:]
    assert 0.35 < ham.isna().mean() < 0.65
    assert (ham.dropna().str.strip() != "").all()
    assert spam.notna().all()
    assert 0.1 < (spam.str.strip() == "").mean() < 0.4


def test_a_class_without_texts_gets_none():
    X = table()
    X.loc[np.array(LABELS) == "spam", "note"] = None
    rows = fitted(X).sample(["ham", "spam"] * 5)
    assert rows["note"][::2].notna().all()
    assert rows["note"][1::2].isna().all()


def test_a_constant_column_is_learned_as_such():
    generator = TabularGAN(text_columns=["note"], n_steps=3).fit(table(note="see you at home"), LABELS)
    assert set(generator.sample(LABELS)["note"]) == {"see you at home"}


def test_auto_takes_sentences_and_no_categories():
    names = [f"p{i % 9}" for i in range(len(TEXTS))]
    sampler = GANOversampler(model=model(text_columns=None), text_columns="auto", random_state=0)
    with pytest.warns(UserWarning, match=f"The texts of 'note' {ONLY_BY_CLASS}"):
        X, _ = sampler.fit_resample(table(name=names), LABELS)
    added = X[sampler.is_synthetic_]
    assert len(added) == 24
    assert added["note"].notna().all()
    assert set(added["name"]) <= set(names)
    assert X["note"][: len(TEXTS)].tolist() == TEXTS


def test_texts_that_are_not_written_are_empty_and_the_message_says_how_to_get_them():
    with pytest.warns(UserWarning, match=r"text_columns=\['note'\] \(in the shell --text note\) writes new texts"):
        rows = TabularGAN(n_steps=3).fit(table(), LABELS).sample(LABELS[:5])
    assert rows["note"].isna().all()


@pytest.mark.parametrize(
    ("columns", "change", "message"),
    [
        (["age"], {}, "column 'age' of text_columns holds .* that are not strings"),
        (["notes"], {}, "text_columns holds 'notes'.* did you mean 'note'"),
        ("note", {}, "text_columns"),
        (["note"], {"note": "category"}, "column 'note' of text_columns has a dtype of categories"),
    ],
)
def test_columns_that_hold_no_texts_are_refused(columns, change, message):
    with pytest.raises(ValueError, match=message):
        TabularGAN(text_columns=columns, n_steps=3).fit(table().astype(change), LABELS)


def test_forged_files_are_refused(tmp_path):
    generator = fitted(table())
    for change in (
        lambda h, t: h["description"]["texts"][0].update(position=7),
        lambda h, t: h["description"]["texts"][0]["model"].update(model="ImageGAN"),
        lambda h, t: h["description"]["texts"][0]["model"]["description"].update(edited=[[9, ["a"]]]),
        lambda h, t: t["array.texts.1.gaps"].fill_(2.0),
        lambda h, t: t.pop("array.texts.1.gaps"),
    ):
        generator.save(tmp_path / "m")
        forge(tmp_path / "m", change)
        with pytest.raises(ValueError, match="damaged or was not written by ganaug"):
            TabularGAN.load(tmp_path / "m")


def test_the_time_of_the_texts_is_that_of_their_trainings():
    began = time.perf_counter()
    texts = fitted(table(), text_model=tiny_texts(n_steps=40)).texts_
    # the history counts the seconds from the beginning, so that only the last of its lines is the time
    assert len(texts.models[1].history_) > 1
    assert 0 < texts.seconds < time.perf_counter() - began
    assert texts.seconds == pytest.approx(
        texts.models[1].autoencoder_history_["seconds"].max() + texts.models[1].history_["seconds"].max()
    )


def test_max_time_leaves_the_table_a_part_of_it():
    text_model = tiny_texts()
    texts = fitted(table(), text_model=text_model, max_time=100.0).texts_
    assert texts.models[1].max_time == pytest.approx(80.0)
    assert text_model.max_time is None
    own = fitted(table(), text_model=tiny_texts(max_time=7.0), max_time=100.0).texts_
    assert own.models[1].max_time == 7.0
