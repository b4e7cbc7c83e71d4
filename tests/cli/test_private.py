"""`ganaug balance --epsilon`."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.torch import load_file

from ganaug.cli.app import main
from ganaug.cli.private import private_model


@pytest.fixture
def in_csv(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    n = 200
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 60, n),
            "code": rng.integers(1, 4, n),
            "city": rng.choice(["Rome", "Oslo"], n),
            "plan": np.where(rng.random(n) < 0.3, "gold", "basic"),
        }
    )
    frame.loc[5, "city"] = "Longyearbyen"
    frame.to_csv("in.csv", index=False)


DECLARED = ["--bounds", "age=0:120", "--levels", "code=1|2|3"]
BALANCE = ["balance", "in.csv", "out.csv", "--target", "plan"]


def test_writes_private_rows_and_says_what_was_spent(in_csv, capsys):
    options = [*DECLARED, "--epsilon", "4", "--max-time", "0.3", "--only-synthetic", "--save", "m.gan", "--seed", "0"]
    assert main([*BALANCE, *options]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "differential privacy, epsilon" in shown
    rows = pd.read_csv("out.csv")
    assert set(rows["plan"]) == {"gold"}
    assert set(rows["code"]) <= {1, 2, 3}
    assert set(rows["city"].dropna()) <= {"Rome", "Oslo"}
    header = json.loads(load_file("m.gan")["json"].numpy().tobytes())
    assert header["model"] == "PrivateTabularGAN"
    assert header["description"]["epsilon"] <= 4
    assert header["text_format"] is None
    assert "Longyearbyen" not in str(header)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--epsilon", "3"], "--bounds 'age=lowest:highest'"),
        (["--epsilon", "0", *DECLARED], "--epsilon 0 must be above 0"),
        (["--epsilon", "3", *DECLARED, "--ignore", "city"], "--ignore keeps or looks at single rows"),
        (["--epsilon", "3", *DECLARED, "--constraint", "age > 0"], "--constraint keeps or looks at single rows"),
        (["--epsilon", "3", *DECLARED, "--select"], "--select keeps or looks at single rows"),
        (["--epsilon", "3", *DECLARED, "--selection", "class"], "'class' compares candidates"),
        (["--bounds", "age=0:9"], "--bounds age=0:9 needs --epsilon"),
        (["--epsilon", "3", "--bounds", "age=0"], "COLUMN=LOW:HIGH"),
        (["--epsilon", "3", "--levels", "code"], "COLUMN=A|B|C"),
        (["--epsilon", "3", "--bounds", "age=0:9", "--levels", "code=a|b"], "not all numbers"),
    ],
)
def test_refuses(in_csv, capsys, options, words):
    assert main([*BALANCE, *options, "--max-time", "0.1"]) != 0
    assert words in capsys.readouterr().err
    assert not Path("out.csv").exists()


def test_reads_declarations():
    make = private_model(2.0, ["a=b=0:1:0.5"], ["code=1|2.5", "city=x|1"], {})
    frame = pd.DataFrame({"code": [1.0], "city": ["x"], "a=b": [0.5]})
    model = make(frame, lambda name, cell: None)
    assert model.bounds == {"a=b": (0.0, 1.0, 0.5)}
    # values may be written as the file writes them
    in_file = private_model(2.0, ["a=b=€0:€1:0.5"], ["code=€1|€2.5"], {})
    read = {"€0": 0, "€1": 1, "€2.5": 2.5}
    assert in_file(frame, lambda name, cell: read.get(cell)).bounds == model.bounds
    assert in_file(frame, lambda name, cell: read.get(cell)).levels == {"code": [1, 2.5]}
    assert model.levels == {"code": [1, 2.5], "city": ["x", "1"]}
    assert private_model(None, None, None, {"--select": True}) is None
