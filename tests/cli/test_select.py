"""`ganaug balance --select`: what the comparison chooses is what is written."""

import importlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ganaug import BalancedImages
from ganaug.cli.app import main
from ganaug.comparison import Comparison, FrozenFeatures, ImageCNN, ImageComparison


def run(line: str) -> int:
    return main(line.split())


def names() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def choose(monkeypatch, name):
    """Let the comparison, which is not run, come out in favour of one candidate."""
    scores = pd.DataFrame({"sampler": np.repeat(["none", "random", "ganaug 0.5"], 5), "split": [*range(5)] * 3})
    scores = scores.assign(classifier="tree", n_train=30, n_test=10, fit_seconds=0.1, note="")
    scores["average precision"] = 0.5 + 0.001 * scores["split"] + 0.3 * (scores["sampler"] == name) * (name != "none")
    monkeypatch.setattr(
        importlib.import_module("ganaug.comparison.select"), "compare", lambda *_, **__: Comparison(scores)
    )


def test_select_that_adds_nothing_writes_the_table_as_it_was(in_csv, capsys, monkeypatch):
    choose(monkeypatch, "none")
    assert run("balance in.csv out.csv --target plan --select --log-dir log/run --report why.html") == 0
    assert "in.csv: why no synthetic data are added" in Path("why.html").read_text()
    Path("why.html").unlink()
    shown = capsys.readouterr()
    assert Path("out.csv").read_text() == in_csv
    said = "Nothing is added. No candidate is shown to help: all 2 have the same or a worse average precision than no"
    assert said in " ".join(shown.out.split())
    assert "Nothing was trained, so nothing is written to log/run." in shown.err
    assert names() == ["in.csv", "out.csv"]


def test_select_that_repeats_rows_marks_none_as_generated(in_csv, capsys, monkeypatch):
    choose(monkeypatch, "random")
    assert run("balance in.csv out.csv --target plan --select --mark synthetic --seed 1") == 0
    shown = capsys.readouterr().out
    assert "random is chosen, because it has a higher average precision than no resampling" in " ".join(shown.split())
    assert [line.split() for line in shown.splitlines() if line.split()[:1] == ["gold"]] == [["gold", "6", "28", "34"]]
    assert "repeated" in shown
    rows = pd.read_csv("out.csv")
    assert rows["synthetic"].eq(0).all()
    assert rows["plan"].value_counts().to_dict() == {"basic": 34, "gold": 34}


def test_select_that_generates_goes_part_of_the_way(in_csv, capsys, monkeypatch):
    choose(monkeypatch, "ganaug 0.5")
    line = "balance in.csv out.csv --target plan --select --mark synthetic --seed 1 --max-time 0.1 --save m.gan"
    assert run(line + " --selection none --log-dir log/run") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "ganaug 0.5 is chosen, because it has a higher average precision than no resampling: 0.80" in shown
    assert pd.read_csv("out.csv")["synthetic"].sum() == 14  # of 28 that are missing
    assert len(pd.read_csv("log/run/history.csv"))
    assert run("sample m.gan more.csv --label gold -n 3") == 0


def test_select_as_it_is(in_csv, capsys):
    Path("in.csv").write_text(in_csv + "77,Rom,silver\n78,,silver\n")
    line = "balance in.csv out.csv --target plan --select --metric F1 --seed 0 --max-time 0.1 --selection none"
    assert run(line) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("F1", "none", "random", "SMOTE", "ganaug 0.25", "ganaug 0.5", "ganaug 1"))
    assert Path("out.csv").read_text().startswith(in_csv)


def test_what_select_refuses(in_csv, capsys):
    Path("one.csv").write_text("age,plan\n1,a\n2,a\n3,a\n")
    assert run("balance in.csv out.csv --target plan --select --metric acuracy") == 2
    assert "--metric 'acuracy' is not measured here; use one of average precision, ROC AUC" in capsys.readouterr().err
    assert run("balance one.csv out.csv --target plan --select") == 2
    assert "a single class, 'a'" in capsys.readouterr().err
    Path("once.csv").write_text("age,plan\n1,a\n2,a\n3,b\n")
    assert run("balance once.csv out.csv --target plan --select") == 2
    assert "select needs 2 rows of each class, one to train and one to test, but class 'b'" in capsys.readouterr().err
    assert names() == ["in.csv", "once.csv", "one.csv"]


def choose_way(monkeypatch, name):
    """Let the comparison of ways to train on images, which is not run, come out in favour of one."""
    ways = ["none", "classical strong", "weights + classical mild", "ganaug 0.5", "ganaug 0.2 + classical mild"]
    scores = pd.DataFrame({"sampler": np.repeat(ways, 5), "split": [*range(5)] * len(ways)})
    scores = scores.assign(classifier="CNN", n_train=30, n_test=10, fit_seconds=0.1, note="")
    chance = np.random.default_rng(0).normal(0, 0.001, len(scores))
    scores["balanced accuracy"] = 0.5 + chance + 0.3 * (scores["sampler"] == name)
    comparison = ImageComparison(scores, with_synthetic=tuple(ways[3:]))
    given = []

    def compare(*_, **params):
        given.append(params)
        return comparison

    monkeypatch.setattr(importlib.import_module("ganaug.comparison.select"), "compare", compare)
    return given


@pytest.mark.parametrize("source", ["in", "in.npz"])
@pytest.mark.parametrize(
    ("name", "n_synthetic", "augment", "draw", "weighted"),
    [
        ("none", 0, "off", ', draw="images"', ""),
        ("classical strong", 0, "strong", "", ""),
        ("weights + classical mild", 0, "mild", ', draw="images"', " Give the loss dataset.class_weights."),
        ("ganaug 0.2 + classical mild", 2 * 8, "mild", "", ""),
    ],
)
def test_select_with_images(images, capsys, monkeypatch, source, name, n_synthetic, augment, draw, weighted):
    choose_way(monkeypatch, name)
    out = source.replace("in", "out")
    assert run(f"balance {source} {out} --select --seed 1 --save m.gan --report page.html") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"{name} is chosen, with{'' if n_synthetic else 'out'} synthetic images. With CNN, synthetic" in shown
    way = f'dataset = ganaug.BalancedImages.from_folder("{out}", augment="{augment}"{draw}).{weighted}'
    assert f"To train: {way}" in shown
    assert "--strategy asks" not in shown
    manifest = pd.read_csv("out/manifest.csv" if source == "in" else "out.manifest.csv")
    assert len(manifest) == 42 + n_synthetic
    assert manifest["synthetic"].sum() == n_synthetic
    assert len(BalancedImages.from_folder(out, augment=augment)) == 42 + n_synthetic
    assert ("in.npz" if source == "in.npz" else "in") in Path("page.html").read_text()
    assert run(f"sample m.gan more --label {'sick' if source == 'in' else 0} -n 2") == 0


def test_who_asks_for_images_gets_them_with_the_sentence(images, capsys, monkeypatch):
    choose_way(monkeypatch, "classical strong")
    assert main(["balance", "in", "out", "--select", "--strategy", "equal share", "--share", "0.5", "--seed", "1"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "classical strong is chosen, without synthetic images. With CNN, synthetic images do harm" in shown
    assert "The synthetic images are written because --strategy asks for them; they are not shown to help." in shown
    assert 'from_folder("out", augment="strong", share=0)' in shown
    assert pd.read_csv("out/manifest.csv")["synthetic"].sum() == 2 * 30


def test_groups_of_images_come_from_a_table(images, capsys, monkeypatch):
    given = choose_way(monkeypatch, "none")
    files = sorted(path.relative_to("in").as_posix() for path in Path("in").rglob("*.png"))
    table = pd.DataFrame({"file": files, "patient": [f"P{i // 2}" for i in range(len(files))]})
    table.to_csv("patients.csv", index=False)
    assert run("balance in out --select --groups patients.csv --seed 1") == 0
    assert given[0]["groups"].tolist() == table["patient"].tolist()
    table[1:].to_csv("patients.csv", index=False)
    assert run("balance in out2 --select --groups patients.csv --seed 1") == 2
    assert f"patients.csv has no line for the image '{files[0]}'" in capsys.readouterr().err


@pytest.mark.slow
def test_select_with_images_as_it_is(images, capsys, monkeypatch):
    monkeypatch.setitem(ImageCNN.__init__.__kwdefaults__, "n_steps", 2)
    monkeypatch.setitem(FrozenFeatures.__init__.__kwdefaults__, "n_views", 20)
    assert run("balance in out --select --metric F1 --seed 0 --max-time 0.1") == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("none", "repeated", "classical mild", "ganaug 0.5", "ganaug 0.1 + classical"))
    assert len(list(Path("out").rglob("*.png"))) >= 42
