"""The shell with texts: balance, sample and evaluate a CSV file of one column of texts beside the target."""

from pathlib import Path

import pandas as pd
import pytest
from small_texts import LABELS, TEXTS

from ganaug import TextGAN
from ganaug.cli.app import main


@pytest.fixture
def sms(tmp_path, monkeypatch):
    """Write ``sms.csv``, work in its folder, and train for a moment."""
    monkeypatch.chdir(tmp_path)
    small = {"autoencoder_steps": 5, "n_steps": 3, "vocabulary_size": 300, "hidden_size": 8, "device": "cpu"}
    for name, value in small.items():
        monkeypatch.setitem(TextGAN.__init__.__kwdefaults__, name, value)
    frame = pd.DataFrame({"text": TEXTS, "label": LABELS})
    frame.to_csv("sms.csv", index=False)
    return frame


@pytest.mark.parametrize("model", ["auto", "text"])
def test_texts_are_balanced(sms, model):
    options = ["--target", "label", "--model", model, "--seed", "0", "--save", "m", "--mark", "new"]
    assert main(["balance", "sms.csv", "out.csv", *options, "--report", "page.html"]) == 0
    out = pd.read_csv("out.csv")
    assert out["label"].value_counts().tolist() == [36, 36]
    assert out["text"][:48].tolist() == TEXTS
    assert out["new"].sum() == 24
    before = Path("sms.csv").read_text().splitlines()[1]
    assert Path("out.csv").read_text().splitlines()[1] == f"{before},0"
    assert "texts" in Path("page.html").read_text()
    assert main(["sample", "m", "more.csv", "--label", "spam", "-n", "5"]) == 0
    more = pd.read_csv("more.csv")
    assert more["label"].tolist() == ["spam"] * 5
    assert list(more) == ["text", "label"]


def test_other_columns_are_named(sms, capsys):
    sms.assign(age=1, town="Bern").to_csv("sms.csv", index=False)
    assert main(["balance", "sms.csv", "out.csv", "--target", "label", "--model", "text"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "takes a table with one column beside --target label, but sms.csv has 3: text, age, town" in said


def test_a_table_with_a_column_of_texts(sms, capsys):
    sms.assign(age=range(len(sms)), town="Bern").to_csv("sms.csv", index=False)
    options = ["--target", "label", "--text", "text", "--max-time", "20", "--seed", "0", "--save", "m"]
    assert main(["balance", "sms.csv", "out.csv", *options]) == 0
    assert "written for the class of a row" in " ".join(capsys.readouterr().err.split())
    out = pd.read_csv("out.csv")
    assert list(out) == ["text", "label", "age", "town"]
    assert out["text"].notna().all()
    assert main(["sample", "m", "more.csv", "--label", "spam", "-n", "5"]) == 0
    assert pd.read_csv("more.csv")["text"].notna().all()
    assert main(["balance", "sms.csv", "two.csv", "--target", "label", "--text", "txt"]) == 2
    assert "no column 'txt': did you mean 'text'?" in capsys.readouterr().err


def test_texts_have_no_provenance(sms, capsys):
    options = ["--target", "label", "--provenance", "from.csv"]
    assert main(["balance", "sms.csv", "out.csv", *options]) == 2
    assert "--provenance is for tables, and sms.csv holds texts" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    "options", [["--categorical", "text"], ["--ignore", "text"], ["--constraint", "a < b"], ["--epsilon", "1"]]
)
def test_options_of_tables_are_refused(sms, capsys, options):
    assert main(["balance", "sms.csv", "out.csv", "--target", "label", *options]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert f"{options[0]} is for tables, and sms.csv holds texts; leave it out, or pass --model tabular" in said


@pytest.mark.parametrize("named", ["text", "auto"])
def test_the_only_column_may_be_named(sms, named):
    assert main(["balance", "sms.csv", "out.csv", "--target", "label", "--text", named, "--seed", "0"]) == 0
    assert pd.read_csv("out.csv")["text"].notna().all()


def test_the_model_of_texts_is_not_for_images(sms, capsys):
    Path("scans").mkdir()
    assert main(["balance", "scans", "out", "--model", "text"]) == 2
    assert "--model text does not fit scans" in " ".join(capsys.readouterr().err.split())


def test_texts_are_evaluated(sms, capsys):
    made = pd.DataFrame({"text": [f"{text} now please" for text in TEXTS], "label": LABELS})
    made.to_csv("new.csv", index=False)
    options = ["--target", "label", "--report", "page.html"]
    assert main(["evaluate", "sms.csv", "new.csv", *options]) == 0
    assert "distinct-2" in capsys.readouterr().out
    assert "nearest real texts" in Path("page.html").read_text()


def test_texts_of_a_model_of_a_list_are_written(sms):
    TextGAN().fit(TEXTS, LABELS).save("m")
    assert main(["sample", "m", "more.csv", "--label", "spam", "-n", "3"]) == 0
    assert list(pd.read_csv("more.csv", keep_default_na=False)) == ["text"]
