"""`ganaug compare`."""

import numpy as np
import pandas as pd

from ganaug.cli.app import main


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
