"""The benchmark of texts: parts stay apart, arms fill up the spam, it resumes, and its criteria are read from rows."""

import numpy as np
import pandas as pd
import pytest
import text


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A tiny set of the same form, and classifiers that train for a moment."""
    ham = [f"see you at home {n} ok my friend {n % 7}" for n in range(400)]
    spam = [f"win {n} pounds cash prize now call {n % 9}" for n in range(90)]
    frame = pd.DataFrame({"text": ham + spam, "label": ["ham"] * 400 + ["spam"] * 90})
    pd.concat([frame, frame[:5]]).to_csv(tmp_path / "sms_spam.csv", index=False)
    text.load.cache_clear()
    monkeypatch.setattr(text.CNN.__init__, "__kwdefaults__", {"weigh": False, "n_epochs": 1})
    monkeypatch.setattr(text, "timed_version", lambda package: "a version")
    yield tmp_path
    text.load.cache_clear()


@pytest.mark.parametrize(("name", "n_spam"), [("20:1", None), ("30", 30)])
def test_parts_stay_apart(folder, name, n_spam):
    parts = text.Parts(folder, name, 0)
    ham, spam = np.bincount(parts.train["y"])
    assert spam == (n_spam or round(ham / 20))
    train = set(parts.train["text"])
    assert not train & set(parts.test["text"])
    judging = parts.judging[parts.judging["y"] == 1]
    assert not train & set(judging["text"])
    assert not set(judging["text"]) & set(parts.test["text"])
    assert len(train) == len(parts.train)


@pytest.mark.parametrize("arm", ["none", "class weights", "repeated", "EDA", "AEDA"])
def test_arms_fill_up_the_spam(folder, arm):
    parts = text.Parts(folder, "30", 0)
    texts, y = parts.train["text"].tolist(), parts.train["y"].to_numpy()
    made, labels = text.resampled(arm, texts, y, 0, {})
    assert made[: len(texts)] == texts
    if arm in ("none", "class weights"):
        assert len(made) == len(texts)
        return
    counts = np.bincount(labels)
    assert counts[0] == counts[1]
    words = set(" ".join(texts).split())
    added = [set(of.split()) - words for of in made[len(texts) :]]
    assert set().union(*added) <= set(".;?:!,")
    assert made == text.resampled(arm, texts, y, 0, {})[0]


def test_a_run_writes_its_page_and_resumes(folder, monkeypatch):
    results = folder / "results"
    given = ["--data", str(folder), "--seeds", "0", "--sets", "30", "--arms", "none", "EDA", "--results", str(results)]
    text.main(given)
    rows = pd.read_csv(results / "text.csv.gz", dtype={"set": str})
    assert len(rows) == 6
    assert rows.loc[rows["arm"] == "EDA", "acceptance"].between(0, 1).all()
    page = (results / "text.md").read_text()
    assert "| EDA |" in page

    def fail(*args):
        raise AssertionError("an evaluation that is finished was run again")

    monkeypatch.setattr(text, "evaluate", fail)
    text.main(given)


def rows_of(arms, **quality):
    found = []
    for arm, score in arms.items():
        values = {"set": "30", "seed": 0, "arm": arm, "classifier": "CNN", "macro F1": score, "cpu_seconds": 100.0}
        usual = {
            "acceptance": 0.95, "distinct-2": 0.5, "distinct-2 real": 0.6, "self-BLEU": 0.5, "self-BLEU real": 0.5,
            "exact copies": 0.0, "near copies": 0.02, "acceptance real": 0.95,
        }  # fmt: skip
        found.append(values | (usual | quality if arm == "ganaug" else {}))
    return pd.DataFrame(found)


def test_criteria():
    arms = {"none": 0.7, "repeated": 0.8, "ganaug": 0.9}
    assert set(text.criteria(rows_of(arms))["met"]) == {"yes"}
    assert (text.criteria(rows_of(arms, acceptance=0.8))["met"] == "no").sum() == 1
    assert (text.criteria(rows_of(arms, **{"near copies": 0.2}))["met"] == "no").sum() == 1
    assert (text.criteria(rows_of(arms | {"none": 0.95}))["met"] == "no").sum() == 1
    assert (text.criteria(rows_of(arms | {"repeated": 0.95}))["met"] == "no").sum() == 2
