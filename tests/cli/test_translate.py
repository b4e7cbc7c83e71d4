"""``ganaug translate``: two folders in, a folder of translations with a manifest out."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ganaug import TranslationGAN
from ganaug.cli.app import main

QUICK = {"n_steps": 2, "width": 4, "n_blocks": 2, "batch_size": 4, "device": "cpu"}


def translate(line: str) -> int:
    return main(["translate", *line.split()])


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Write 6 horses and 5 zebras; networks that train for a moment."""
    monkeypatch.chdir(tmp_path)
    for name, value in QUICK.items():
        monkeypatch.setitem(TranslationGAN.__init__.__kwdefaults__, name, value)
    rng = np.random.default_rng(0)
    for name, n in (("horse", 6), ("zebra", 5)):
        Path("data", name).mkdir(parents=True)
        for i in range(n):
            pixels = rng.integers(0, 120, (16, 12, 3), dtype=np.uint8)
            if name == "zebra":
                pixels[::3] = 250
            Image.fromarray(pixels).save(Path("data", name, f"{name}{i}.png"))


@pytest.mark.filterwarnings("ignore:Too few images")
def test_every_image_is_translated_and_names_its_source(folders, capsys):
    assert translate("data/horse data/zebra out --seed 1 --save m.gan") == 0
    shown = " ".join(capsys.readouterr().out.split())
    for words in ("Does it help?", "Is it real?", "Is it safe to share?", "Is it of the class?", "6 images", "Next:"):
        assert words in shown
    manifest = pd.read_csv("out/manifest.csv")
    assert list(manifest) == ["file", "class", "synthetic", "seed", "discriminator_score", "source"]
    assert manifest["source"].tolist() == [f"data/horse/horse{i}.png" for i in range(6)]
    assert (manifest["class"] == "zebra").all()
    images = [np.asarray(Image.open(Path("out", file))) for file in manifest["file"]]
    assert {(image.shape, str(image.dtype)) for image in images} == {((16, 12, 3), "uint8")}
    horses = np.stack([np.asarray(Image.open(file)) for file in manifest["source"]])
    assert (TranslationGAN.load("m.gan").translate(horses, "zebra") == np.stack(images)).all()
    assert translate("data/horse data/zebra out --seed 1") == 2
    assert translate("data/horse data/zebra out --seed 1 --force") == 0
    assert [np.asarray(Image.open(Path("out", file))).tolist() for file in manifest["file"]] == [
        image.tolist() for image in images
    ]
    assert main(["evaluate", "data", "out"]) == 0
    assert main(["sample", "m.gan", "more", "--label", "zebra", "-n", "3"]) == 0


@pytest.mark.filterwarnings("ignore:Too few images")
def test_files_of_equal_names_are_pairs(folders, capsys):
    for i in range(4):
        Path("data", "zebra", f"zebra{i}.png").rename(Path("data", "zebra", f"horse{i}.png"))
    assert translate("data/horse data/zebra out --method pix2pix --seed 1 --save m.gan") == 0
    shown = " ".join(capsys.readouterr().out.split())
    for words in (
        "Learned from 4 pairs of files with equal names, such as data/horse/horse0.png and data/zebra/horse0.png.",
        "2 images without a partner: translated, not learned from.",
        "1 image of DIR_B without a partner: left out.",
        "Is it what belongs to the source?",
    ):
        assert words in shown
    manifest = pd.read_csv("out/manifest.csv")
    assert list(manifest) == ["file", "class", "synthetic", "seed", "source", "pair"]
    assert manifest["source"].tolist() == [f"data/horse/horse{i}.png" for i in range(6)]
    assert manifest["pair"].fillna("").tolist() == [*(f"data/zebra/horse{i}.png" for i in range(4)), "", ""]
    assert TranslationGAN.load("m.gan").method == "pix2pix"
    assert main(["sample", "m.gan", "more", "--label", "zebra", "-n", "3"]) == 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("data/horse data/none out", "there is no folder"),
        ("data/horse data/zebra data/horse/out", "overlap"),
        ("data/horse data/zebra data --force", "data"),
        ("data/horse data/zebra out --save out/m.gan", "--save"),
        ("data/horse data/zebra out --resize big", "--resize"),
        ("data/horse data/horse out", "one name"),
        ("data/horse data/zebra out --method pix2pix", "no file of one folder has the name"),
    ],
)
def test_what_is_wrong_is_one_line(folders, capsys, line, message):
    assert translate(line) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not Path("out").exists()


def test_a_folder_is_balanced_by_translation(folders, capsys):
    for i in range(3, 5):
        Path("data", "zebra", f"zebra{i}.png").unlink()
    assert main(["balance", "data", "out", "--model", "translation", "--strategy", "minority", "--seed", "1"]) == 0
    manifest = pd.read_csv("out/manifest.csv")
    made = manifest[manifest["synthetic"] == 1]
    assert len(made) == 3
    assert made["source"].str.startswith("horse/").all()
    assert made["source"].is_unique


SLOW = """
    import sys, time
    from ganaug.models import TranslationGAN
    def fit(self, X, y):
        print("training", flush=True)
        time.sleep(60)
    TranslationGAN.fit = fit
    from ganaug.cli.app import main
    sys.exit(main())
"""


def test_ctrl_c_leaves_nothing(folders):
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SLOW), *["translate", "data/horse", "data/zebra", "out"]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "training\n"
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error == "ganaug: error: interrupted while training; nothing was written\n"
    assert sorted(path.name for path in Path().iterdir()) == ["data"]
