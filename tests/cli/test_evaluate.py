"""`ganaug evaluate` of tables."""

import numpy as np
import pandas as pd
import pytest

from ganaug.cli.app import main


def run(line: str) -> int:
    return main(line.split())


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_evaluate_compares_like_with_like(capsys):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=120), "b": rng.normal(size=120)})
    table["plan"] = np.repeat(["basic", "gold"], [80, 40])
    table.loc[80:, "a"] += 5
    table.to_csv("real.csv", index=False)
    table[80:].to_csv("gold.csv", index=False)
    assert run("evaluate real.csv gold.csv --target plan") == 0
    shown, error = capsys.readouterr()
    assert "Only rows with plan = gold are compared" in error
    shown = " ".join(shown.split())
    assert "is far from the real one" not in shown
    assert "Do not share" in shown  # they are copies


def test_evaluate_takes_the_marked_rows(capsys):
    table = pd.DataFrame({"a": np.random.default_rng(0).normal(size=60), "b": range(60)})
    table.to_csv("real.csv", index=False)
    pd.concat([table, table[:30]]).assign(synthetic=np.repeat([0, 1], [60, 30])).to_csv("out.csv", index=False)
    assert run("evaluate real.csv out.csv --mark synthetic") == 0
    assert "exact copies 1" in " ".join(capsys.readouterr().out.split())
    for line, says in {
        "evaluate real.csv out.csv": "pass --mark synthetic; otherwise remove it",
        "evaluate real.csv out.csv --mark mad": "mad",
        "evaluate real.csv real.csv --mark a": "--mark 'a': this column of real.csv has no 1",
    }.items():
        assert run(line) == 2
        error = capsys.readouterr().err
        assert says in error
        assert error.count("\n") == 1
