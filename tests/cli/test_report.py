"""`--report`: checked before the training, written after the data, and never over them."""

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ganaug import ImageGAN
from ganaug.cli.app import main
from ganaug.evaluation import table_evaluation
from ganaug.metrics import two_sample


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A table and rows that could be synthetic ones of its rare class; no figures and few trees, to be quick."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(two_sample, "N_TREES", 5)
    monkeypatch.setattr(table_evaluation, "_N_RESAMPLES", 2)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"age": rng.normal(50, 9, 80).round(1), "town": rng.choice(["Bern", "<b>Rom"], 80)})
    table["plan"] = np.where(np.arange(80) < 25, "gold", "basic")
    table.to_csv("in.csv", index=False)
    table[:25].assign(age=lambda rows: rows["age"] + 0.1).to_csv("new.csv", index=False)
    Path("old.html").write_text("old")


def run(line: str) -> int:
    return main(line.split())


def names() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def test_balance(capsys):
    assert run("balance in.csv out.csv --target plan --max-time 0.1 --seed 3 --report out.html") == 0
    assert capsys.readouterr().err == ""
    text = Path("out.html").read_text()
    assert "<h1>in.csv, balanced</h1>" in text
    assert "30 synthetic rows of class" in text
    assert "&lt;b&gt;Rom" in text
    assert "<b>Rom" not in text
    assert len(pd.read_csv("out.csv")) == 110


def test_compare():
    assert run("compare in.csv --target plan --samplers none,random --classifiers GaussianNB --report out.html") == 0
    text = Path("out.html").read_text()
    assert "<h1>in.csv: ways to balance, compared</h1>" in text
    assert ">GaussianNB</figcaption>" in text


def test_evaluate():
    assert run("evaluate in.csv new.csv --target plan --report out.html") == 0
    text = Path("out.html").read_text()
    assert "<h1>new.csv against in.csv, only plan = gold</h1>" in text
    assert "25 synthetic rows, compared with 25 real rows" in text


def test_a_folder_of_images(monkeypatch):
    for name, value in {"n_steps": 2, "width": 4, "latent_size": 8, "batch_size": 8, "device": "cpu"}.items():
        monkeypatch.setitem(ImageGAN.__init__.__kwdefaults__, name, value)
    for i, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (24, 16, 16), dtype=np.uint8)):
        file = Path("scans", "sick" if i < 8 else "well", f"{i:02d}.png")
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(file)
    assert run("balance scans out --seed 1 --report out.html") == 0
    text = Path("out.html").read_text()
    assert "8 synthetic images of classes sick and well added to 24 real ones." in text
    assert re.search(r"<figcaption>(sick|well)/\d\d\.png", text)  # the nearest training images, by their files
    assert run("balance scans more --report more/report.html") == 2
    assert run("balance scans more --report scans/report.html") == 2
    assert not Path("more").exists()


COMMANDS = [
    "balance in.csv out.csv --target plan",
    "compare in.csv --target plan --samplers none --classifiers GaussianNB",
    "evaluate in.csv new.csv",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_an_existing_report_is_replaced_only_by_force(command, capsys, monkeypatch):
    assert run(f"{command} --report old.html") == 2
    assert "old.html exists already; use --force" in capsys.readouterr().err
    assert Path("old.html").read_text() == "old"
    assert "out.csv" not in names()
    assert run(f"{command} --report old.html --force --seed 0" + " --max-time 0.1" * command.startswith("balance")) == 0
    assert Path("old.html").read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("balance in.csv out.csv --target plan --report no/out.html", "does not exist"),
        ("balance in.csv out.csv --target plan --report in.csv --force", "--report in.csv would overwrite in.csv"),
        ("balance in.csv out.csv --target plan --report out.csv", "--report out.csv would overwrite out.csv"),
        ("balance in.csv out.csv --target plan --save a.gan --report ./a.gan", "would overwrite a.gan"),
        ("compare in.csv --target plan --report in.csv --force", "would overwrite in.csv"),
        ("compare in.csv --target plan --results r.csv --report r.csv", "would overwrite r.csv"),
        ("evaluate in.csv new.csv --report new.csv --force", "would overwrite new.csv"),
        ("evaluate in.csv new.csv --holdout old.html --report old.html --force", "would overwrite old.html"),
    ],
)
def test_a_report_takes_no_other_files_place(line, message, capsys):
    before = {name: Path(name).read_bytes() for name in names()}
    assert run(line) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert {name: Path(name).read_bytes() for name in names()} == before


def test_the_data_are_there_even_where_the_report_fails(capsys, monkeypatch):
    def full(path, text, **how):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_text", full)
    assert run("balance in.csv out.csv --target plan --max-time 0.1 --report out.html") == 2
    assert "No space left on device" in capsys.readouterr().err
    assert len(pd.read_csv("out.csv")) == 110
    assert "out.html" not in names()
