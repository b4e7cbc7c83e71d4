"""`ganaug compare`."""

from pathlib import Path

import numpy as np
import pandas as pd

from ganaug.cli.app import main
from ganaug.comparison import ImageCNN


def run(line: str) -> int:
    return main(line.split())


def test_compare_answers_three_questions(in_csv, capsys):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=90), "visit": np.arange(90) // 2})
    table["plan"] = np.where(np.arange(90) % 6 == 0, "gold", "basic")
    table.to_csv("in.csv", index=False)
    line = "compare in.csv --target plan --samplers none,random --classifiers LogisticRegression --splits 3 --repeats 1"
    assert run(line) == 0
    shown = capsys.readouterr().out
    assert "Mean scores of LogisticRegression" in shown
    starts = ["Does it help?         unknown", "Is it real?           unknown", "Is it safe to share?  unknown"]
    assert [line[:29] for line in shown.splitlines() if line.startswith(("Does", "Is it"))] == starts
    assert shown.startswith(starts[0])
    words = " ".join(shown.split())
    assert "Too few splits were run to say: 3, and at least 5 are needed." in words
    assert run(line + " --groups visit --results scores.csv") == 0
    assert len(pd.read_csv("scores.csv")) == 6
    capsys.readouterr()
    for wrong, says in {
        "--groups vist": "vist",
        "--groups plan": "--groups plan is the target",
        "--samplers nonne": "nonne",
    }.items():
        assert run(f"{line} {wrong}") == 2
        error = capsys.readouterr().err
        assert says in error
        assert error.count("\n") == 1


def test_compare_of_images(images, capsys, monkeypatch):
    monkeypatch.setitem(ImageCNN.__init__.__kwdefaults__, "n_steps", 2)
    files = sorted(path.relative_to("in").as_posix() for path in Path("in").rglob("*.png"))
    pd.DataFrame({"patient": range(len(files)), "file": files}).to_csv("patients.csv", index=False)
    ways = "repeated,classical mild,ganaug 0.2,ganaug 0.2 + classical mild"
    line = ["--samplers", ways, "--classifiers", "CNN", "--splits", "2", "--repeats", "1", "--groups", "patients.csv"]
    assert main(["compare", "in", *line, "--results", "scores.csv"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Mean scores of CNN (2 splits)" in shown
    assert shown.startswith("Does it help? unknown Too few splits were run to say: 2")
    assert "What is best without synthetic images?" in shown
    assert pd.read_csv("scores.csv")["sampler"].nunique() == 5
    for wrong, says in {
        "in --target plan": "--target is for tables",
        "in --groups nothing.csv": "nothing.csv",
        "in --samplers SMOTE": "'SMOTE' is no way to train on images",
        "in.npz --resize 8x8": "resize (--resize) is for folders",
    }.items():
        assert run(f"compare {wrong}") == 2
        error = capsys.readouterr().err
        assert says in error
        assert error.count("\n") == 1


def test_a_table_needs_its_target(in_csv, capsys):
    assert run("compare in.csv") == 2
    assert "--target COLUMN is missing" in capsys.readouterr().err
    assert run("compare in.csv --target plan --resize 8x8") == 2
    assert "--resize is for images" in capsys.readouterr().err


def houses(n=90):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"area": rng.normal(80, 20, n).round(1), "town": rng.choice(["Bonn", "Trier"], n)})
    return table.assign(price=(1000 * np.exp(rng.normal(size=n))).round(2))


def test_compare_for_numbers_and_for_several_labels(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    table = houses()
    table.to_csv("plain.csv", index=False)
    prices = [f"{price:,.2f} €".translate(str.maketrans(",.", ".,")) for price in table["price"]]
    table.assign(price=prices).to_csv("german.csv", index=False, sep=";", decimal=",")
    line = "--target price --samplers random --classifiers Ridge --splits 3 --repeats 1 --relevance 1000:0,4000:1"
    shown = []
    for name in ("plain.csv", "german.csv"):
        assert run(f"compare {name} {line} --report {name}.html --force") == 0
        shown.append(capsys.readouterr().out)
        assert max(map(len, shown[-1].splitlines())) <= 80
    assert shown[0] == shown[1]
    assert "rare RMSE" in shown[0]
    assert "The unit is the standard deviation of the target, " in shown[0]
    page = Path("plain.csv.html").read_text()
    assert ">Targets</h2>" in page
    assert "SERA" in page

    films = pd.DataFrame({"length": table["area"], "comic": table["area"] > 75, "sad": table["price"] > 2000})
    films.assign(sad=films["sad"].map({True: "Yes", False: "no"})).to_csv("films.csv", index=False)
    line = "--samplers MLSMOTE --classifiers GaussianNB --splits 3 --repeats 1"
    assert run(f"compare films.csv --target comic,sad {line} --report films.html") == 0
    assert "micro F1" in capsys.readouterr().out
    assert ">Labels</h2>" in Path("films.html").read_text()
    for wrong, says in {
        "films.csv --target comic,sda": "no column 'sda'",
        "films.csv --target comic,length": "column 'length' holds",
        "films.csv --target comic,sad --relevance 1:0,2:1": "is for a continuous y",
        "plain.csv --target price --relevance 5": "--relevance 5 is no list of points",
        "plain.csv --target town --task regression": "which is no number",
        "plain.csv --target town --task multilabel": "'town' is one column",
    }.items():
        assert run(f"compare {wrong} {line}") == 2
        error = capsys.readouterr().err
        assert says in error
        assert error.count("\n") == 1


def test_what_is_wrong_is_said_before_the_work_begins(in_csv, capsys):
    Path("folder").mkdir()
    line = "compare in.csv --target plan --samplers none --classifiers LogisticRegression --splits 2 --repeats 1"
    for wrong, says in {
        "compare nowhere": "there is no file or folder nowhere",
        f"{line} --jobs 0": "--jobs 0 starts no process",
        f"{line} --results folder": "folder: Is a directory",
    }.items():
        assert run(wrong) == 2
        error = capsys.readouterr().err
        assert says in error
        assert "kept" not in error


def test_a_log_says_what_is_compared(in_csv, capsys):
    line = "compare in.csv --target plan --samplers random --classifiers LogisticRegression --splits 2 --repeats 1"
    assert run(line) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("comparing")]
    assert said[0].startswith("comparing 2 ways (none, random) with LogisticRegression on 2 splits")
    assert said[-1].startswith("comparing: 4 of 4 done")
