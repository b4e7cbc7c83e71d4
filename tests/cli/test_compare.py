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
