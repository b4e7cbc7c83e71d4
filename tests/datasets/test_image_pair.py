"""Two folders of image files are two classes."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganaug.datasets import ImageSet, pairs_by_name, read_image_pair


def write(folder, n, mode="L", size=(12, 10)):
    folder.mkdir(parents=True)
    for i in range(n):
        Image.new(mode, size, 20 * i if mode == "L" else (20 * i, 0, 9)).save(folder / f"{i}.png")


def test_two_folders_are_two_classes(tmp_path):
    write(tmp_path / "horse", 3)
    write(tmp_path / "zebra", 2, "RGB")
    (tmp_path / "horse" / "notes.txt").write_text("of the images")
    images = read_image_pair(tmp_path / "horse", tmp_path / "zebra")
    assert images.X.shape == (5, 10, 12, 3)
    assert images.X.dtype == np.uint8
    assert images.y.tolist() == ["horse"] * 3 + ["zebra"] * 2
    assert images.files == [str(tmp_path / "horse" / f"{i}.png") for i in range(3)] + [
        str(tmp_path / "zebra" / f"{i}.png") for i in range(2)
    ]


def test_sizes_differ(tmp_path):
    write(tmp_path / "a", 2)
    write(tmp_path / "b", 2, size=(16, 16))
    with pytest.raises(ValueError, match="--resize"):
        read_image_pair(tmp_path / "a", tmp_path / "b")
    images = read_image_pair(tmp_path / "a", tmp_path / "b", resize=(16, 16))
    assert images.X.shape == (4, 16, 16)
    assert images.is_resized.tolist() == [True, True, False, False]


def test_what_is_wrong_is_said(tmp_path):
    write(tmp_path / "a", 2)
    write(tmp_path / "of" / "a", 2)
    (tmp_path / "empty" / "below").mkdir(parents=True)
    Image.new("L", (12, 10)).save(tmp_path / "empty" / "below" / "1.png")
    for other, error, message in [
        ("none", FileNotFoundError, "there is no folder"),
        ("of/a", ValueError, "one name"),
        ("empty", ValueError, "holds no image"),
    ]:
        with pytest.raises(error, match=message):
            read_image_pair(tmp_path / "a", tmp_path / other)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "1.png").write_bytes(b"no image")
    (tmp_path / "b" / "2.xyz").write_bytes(b"neither")
    with pytest.warns(UserWarning, match=r"2\.xyz"), pytest.raises(ValueError, match="cannot be read"):
        read_image_pair(tmp_path / "a", tmp_path / "b")
    with pytest.warns(UserWarning, match="2"), pytest.raises(ValueError, match="no image of class 'b'"):
        read_image_pair(tmp_path / "a", tmp_path / "b", skip_bad=True)


def images_of(*files):
    names = np.array([file.partition("/")[0] for file in files])
    return ImageSet(np.zeros((len(files), 8, 8)), names, list(files), Path("a"))


def test_pairs_are_files_of_one_name():
    images = images_of("a/1.jpg", "a/2.png", "a/x.1.png", "b/2.png", "b/3.png", "b/x.1.tif")
    ones, others = pairs_by_name(images)
    assert [(images.files[i], images.files[j]) for i, j in zip(ones, others, strict=True)] == [
        ("a/2.png", "b/2.png"),
        ("a/x.1.png", "b/x.1.tif"),
    ]


def test_what_is_no_pair_is_said():
    with pytest.raises(ValueError, match=r"no file of one folder has the name .* such as a/1.png"):
        pairs_by_name(images_of("a/1.png", "b/2.png"))
    with pytest.raises(ValueError, match=r"b/1.jpg and b/1.png have one name"):
        pairs_by_name(images_of("a/1.png", "b/1.jpg", "b/1.png"))
