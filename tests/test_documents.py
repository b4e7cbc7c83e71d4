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

from ganaug import ImageGAN, TabularGAN, select
from ganaug.cli.app import main

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
GUIDE = sorted((ROOT / "docs").glob("*.md"))
BENCHMARKS = sorted((ROOT / "benchmarks" / "results").glob("*.md"))


def blocks(page: Path) -> list[tuple[str, str]]:
    """Kinds and contents of the code blocks of a page."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def run_in_shell(line: str) -> None:
    """Run a command of ours; of others see that they could be run."""
    command = line.removeprefix("$ ").split("  #")[0].strip()
    if command.startswith("ganaug ") and "demo" not in command:
        assert main(shlex.split(command)[1:]) == 0, command
    else:
        assert command.startswith(("make ", "pip ", "git ", "cd ", "ganaug demo", "python ", "tensorboard ")), command
        if command.startswith("make "):
            assert re.search(rf"^{command.split()[1]}:", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)


def read(page: Path) -> None:
    """Run a page's blocks in their order and in one session, as someone does who reads it from top to bottom."""
    names = {"__name__": page.stem}
    for kind, code in blocks(page):
        if kind == "python":
            exec(compile(code, page.name, "exec"), names)
        elif kind == "console":
            for line in code.splitlines():
                run_in_shell(line)


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


@pytest.fixture
def short_training(monkeypatch):
    """Train no longer than it takes to see that it runs."""
    for model in (TabularGAN, ImageGAN):
        monkeypatch.setitem(model.__init__.__kwdefaults__, "n_steps", 20)
    monkeypatch.setitem(select.__kwdefaults__, "n_repeats", 1)
    monkeypatch.setitem(select.__kwdefaults__, "classifiers", "GaussianNB")


def test_the_pages_have_the_blocks_they_should():
    for page in (README, ROOT / "docs" / "quickstart.md"):
        kinds = [kind for kind, _ in blocks(page)]
        assert kinds.count("python") >= 2
        assert kinds.count("console") >= 2


def test_what_the_readme_shows_runs(in_a_folder_with_data, short_training):
    read(README)
    assert Path("sheet.png").stat().st_size > 1000
    balanced = pd.read_csv("balanced.csv")
    assert len(set(balanced["churn"].value_counts())) == 1
    assert len(list(Path("more", "sick").glob("*.png"))) == 100


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in GUIDE if {kind for kind, _ in blocks(page)} & {"python", "console"}], ids=lambda p: p.stem
)
def test_what_the_guide_shows_runs(page, in_a_folder_with_data, short_training):
    read(page)


@pytest.mark.parametrize("page", [README, ROOT / "CONTRIBUTING.md", *GUIDE, *BENCHMARKS], ids=lambda page: page.stem)
def test_links_lead_to_files(page):
    """As on a code host; where they lead on the site is for `make docs` to see."""
    targets = re.findall(
        r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    )
    for target in targets:
        if not target.startswith(("https://", "#")):
            assert (page.parent / target.split("#")[0]).exists(), target


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.stem)
def test_examples_run(path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANAUG_STEPS", "30")
    monkeypatch.setattr("sys.argv", [str(path)])
    runpy.run_path(str(path), run_name="__main__")
