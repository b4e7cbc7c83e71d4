"""Single image files: what is found below a folder, and what comes back as it was written."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganaug.datasets import check_image_file, find_image_files, read_image_file, read_images, write_image_file


@pytest.mark.parametrize(
    ("name", "shape", "dtype"),
    [
        ("a.png", (5, 7), np.uint8),
        ("a.PNG", (5, 7, 2), np.uint8),
        ("a.png", (5, 7, 3), np.uint8),
        ("a.tif", (5, 7, 4), np.uint8),
        ("a.png", (5, 7), np.uint16),
        ("a.tiff", (5, 7), np.uint16),
        ("a.tif", (5, 7), np.int16),
    ],
)
def test_what_was_written_is_read(tmp_path, name, shape, dtype):
    image = np.random.default_rng(0).integers(0, 256, shape).astype(dtype)
    if dtype == np.int16:
        image -= 128
    check_image_file(tmp_path / name, image.dtype, 1 if image.ndim == 2 else shape[2])
    write_image_file(tmp_path / name, image, "by a test")
    found = read_image_file(tmp_path / name)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, image)
    assert b"by a test" in (tmp_path / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "dtype", "n_channels", "message"),
    [
        ("a.gif", np.uint8, 3, "does not end in"),
        ("a", np.uint8, 3, "does not end in"),
        ("a.jpg", np.uint8, 4, "alpha"),
        ("a.jpg", np.uint16, 1, "16 bits"),
        ("a.png", np.int16, 1, r"choose \.tif"),
    ],
)
def test_a_format_that_cannot_hold_an_image_is_refused(name, dtype, n_channels, message):
    with pytest.raises(ValueError, match=message):
        check_image_file(Path(name), np.dtype(dtype), n_channels)


def test_files_are_found_at_any_depth(tmp_path):
    image = np.zeros((4, 4), np.uint8)
    for file in ("b.png", "a/c.png", "a/d/e.jpg", ".hidden/f.png", ".g.png"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        write_image_file(tmp_path / file, image, "by a test")
    (tmp_path / "a/notes.txt").write_text("mine")
    assert find_image_files(tmp_path) == ["a/c.png", "a/d/e.jpg", "b.png"]


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes in folders")
@pytest.mark.parametrize("name", ["pipe.png", "pipe.dcm", "pipe", "link.png"])
def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path, name):
    for i in range(2):
        (tmp_path / str(i)).mkdir()
        Image.new("L", (8, 8)).save(tmp_path / str(i) / "a.png")
    os.mkfifo(tmp_path / "0" / (name if name.startswith("pipe") else ".pipe"))
    if name.startswith("link"):
        (tmp_path / "0" / name).symlink_to(".pipe")
    if "." in name:
        with pytest.raises(ValueError, match="is not a regular file"):
            read_images(tmp_path)
    else:  # no name of an image, so that it is left out like other files
        with pytest.warns(UserWarning, match="left out: 0/pipe"):
            assert len(read_images(tmp_path).X) == 2
    with pytest.raises((ValueError, OSError), match="is not a regular file"):
        read_image_file(tmp_path / "0" / name)
