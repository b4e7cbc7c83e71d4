"""What the README and the examples show is run."""

import re
import runpy
import shlex
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_breast_cancer, load_digits

from ganaug import ImageGAN, select
from ganaug.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def _no_windows():
    matplotlib.use("Agg")
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.fixture
def in_a_folder_with_data(tmp_path, monkeypatch):
    """The README's file and folder: a table and pictures with a rare class."""
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    kept = X.index[(y == 1) | (X.index < 40)]
    table = X.loc[kept].assign(churn=y[kept].map({0: "yes", 1: "no"}))
    table.to_csv(tmp_path / "customers.csv", index=False)
    digits = load_digits()
    for i, (picture, digit) in enumerate(zip(digits.images.astype(np.uint8) * 15, digits.target, strict=True)):
        if digit < 2 and (digit == 0 or i < 300):
            file = tmp_path / "scans" / ("well", "sick")[digit] / f"{i}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(file)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_readme_has_the_blocks_it_should():
    kinds = [kind for kind, _ in BLOCKS]
    assert kinds.count("python") >= 2
    assert kinds.count("console") >= 2


def test_python_of_the_readme_runs(in_a_folder_with_data, monkeypatch):
    monkeypatch.setitem(ImageGAN.__init__.__kwdefaults__, "n_steps", 20)
    names = {"__name__": "readme"}
    # in one session, as someone reads it from top to bottom
    for code in (code for kind, code in BLOCKS if kind == "python"):
        exec(compile(code, "README.md", "exec"), names)
    assert Path("sheet.png").stat().st_size > 1000


def test_shell_of_the_readme_runs(in_a_folder_with_data, capsys, monkeypatch):
    monkeypatch.setitem(ImageGAN.__init__.__kwdefaults__, "n_steps", 20)
    monkeypatch.setitem(select.__kwdefaults__, "n_repeats", 1)
    monkeypatch.setitem(select.__kwdefaults__, "classifiers", "GaussianNB")
    for code in (code for kind, code in BLOCKS if kind == "console"):
        for line in code.splitlines():
            command = line.removeprefix("$ ").split("  #")[0].strip()
            if command.startswith("ganaug ") and "demo" not in command:
                assert main(shlex.split(command)[1:]) == 0, capsys.readouterr().err
            else:
                assert command.startswith(("make ", "pip ", "git ", "cd ", "ganaug demo", "python ")), command
                if command.startswith("make "):
                    assert re.search(rf"^{command.split()[1]}:", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    balanced = pd.read_csv("balanced.csv")
    assert len(set(balanced["churn"].value_counts())) == 1
    assert len(list(Path("more", "sick").glob("*.png"))) == 100


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.stem)
def test_examples_run(path, monkeypatch):
    monkeypatch.setenv("GANAUG_STEPS", "30")
    monkeypatch.setattr("sys.argv", [str(path)])
    runpy.run_path(str(path), run_name="__main__")
