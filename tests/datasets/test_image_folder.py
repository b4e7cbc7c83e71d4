"""Laws of folders: classes and files come in order, and what cannot be read is named."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image
from random_images import GREY, GREY16, RGB, png

from ganaug.datasets import read_images
from ganaug.encoders import ImageEncoder


def as_png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


TRUNCATED = as_png(np.random.default_rng(0).integers(256, size=(64, 64)).astype("uint8"))[:2000]
BAD = {
    "cat__zero": (b"", "empty file"),
    "cat__text": (b"I am no image", "not an image of a format that is read"),
    "cat__cut": (TRUNCATED, "truncated"),
    "dog__bomb": (png(100_000, 100_000), "bomb"),
    "dog__big": (png(10_000, 10_000), "bomb"),
    "dog__colour16": (png(2, 1, 16, 2, bytes(13)), "16 bits a channel"),
    "dog__alpha16": (png(2, 1, 16, 4, bytes(9)), "16 bits a channel"),
    "dog__gif": (b"GIF89a" + bytes(100), "not an image"),
}


def test_classes_and_files_come_in_order(pets):
    images = read_images(pets)
    assert images.files == ["cat/a.png", "cat/b.png", "dog/a.png"]
    assert images.y.tolist() == ["cat", "cat", "dog"]
    assert images.X.shape == (3, 10, 12)
    assert images.X.flags.c_contiguous
    assert not images.in_archive
    for pixels, file in zip(images.X, images.files, strict=True):
        np.testing.assert_array_equal(pixels, np.asarray(Image.open(pets / file)))


def test_names_may_have_spaces_and_any_letters(tmp_path, save):
    save(tmp_path / "Łódź 1 ä, é" / "Bild ü 1.png", GREY)
    save(tmp_path / "日本" / "写真.png", GREY)
    images = read_images(tmp_path)
    assert images.files == ["Łódź 1 ä, é/Bild ü 1.png", "日本/写真.png"]
    assert images.y.tolist() == ["Łódź 1 ä, é", "日本"]


def test_class_names_stay_text(tmp_path, folder):
    folder(tmp_path, **{"0__1": GREY, "007__1": GREY, "nan__1": GREY})
    assert read_images(tmp_path).y.tolist() == ["0", "007", "nan"]


def test_texts_and_hidden_files_are_ignored(pets, folder):
    (pets / "README.txt").write_text("cats")
    (pets / "labels.csv").write_text("a,b")
    (pets / "cat" / "Thumbs.db").write_bytes(b"x")
    (pets / "cat" / ".hidden.png").write_bytes(b"x")
    (pets / "cat" / "notes").mkdir()
    (pets / "cat" / "notes" / "a.txt").write_text("x")
    folder(pets / ".cache", cat__1=RGB)
    assert read_images(pets).files == ["cat/a.png", "cat/b.png", "dog/a.png"]


def test_files_that_are_no_images_are_left_out_aloud(pets):
    (pets / "cat" / "notes").mkdir()
    (pets / "cat" / "notes" / "a.nii").write_text("x")
    (pets / "dog" / "a.heic").write_bytes(b"x")
    said = r"2 files in .*pets cannot be read as images and are left out: cat/notes/a.nii, dog/a.heic$"
    with pytest.warns(UserWarning, match=said):
        assert read_images(pets).files == ["cat/a.png", "cat/b.png", "dog/a.png"]
    (pets / "mouse").mkdir()
    (pets / "mouse" / "a.heic").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"class 'mouse' has no image in .*; .*mouse/a.heic"):
        read_images(pets)


def test_images_without_extension_are_images(pets):
    (pets / "cat" / "a.png").rename(pets / "cat" / "IM_0001")
    assert read_images(pets).files == ["cat/IM_0001", "cat/b.png", "dog/a.png"]


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_read_is_named(pets, name, folder, refused):
    folder(pets, **{name: BAD[name][0]})
    file = name.replace("__", "/")
    refused(pets, rf"1 of 4 images cannot be read: {file}.png \(.*{BAD[name][1]}.*--skip-bad")
    with pytest.warns(UserWarning, match=rf"1 of 4 images skipped: {file}.png \(.*{BAD[name][1]}"):
        images = read_images(pets, skip_bad=True)
    assert images.files == ["cat/a.png", "cat/b.png", "dog/a.png"]
    assert images.X.shape == (3, 10, 12)


def test_all_files_that_cannot_be_read_are_counted_and_five_named(pets, folder):
    folder(pets, **{name: data for name, (data, _) in BAD.items()})
    with pytest.raises(ValueError, match="8 of 11 images cannot be read") as caught:
        read_images(pets)
    assert sum(name.replace("__", "/") in str(caught.value) for name in BAD) == 5
    assert " and 3 more" in str(caught.value)


def test_files_that_cannot_be_read_come_before_sizes_that_differ(pets, noise, folder, refused):
    folder(pets, cat__small=noise(8, 8), dog__z=b"")
    refused(pets, "1 of 5 images cannot be read: dog/z.png")


def test_a_link_to_nowhere_is_named(pets, refused):
    (pets / "dog" / "gone.png").symlink_to(pets / "nowhere.png")
    refused(pets, r"dog/gone.png \(No such file")


def test_mixed_sizes_name_two_files_and_the_way_out(pets, noise, folder, refused):
    folder(pets, dog__b=noise(9, 12))
    refused(pets, r"cat/a.png is 10x12, but dog/b.png is 9x12: .*--resize HxW")
    assert read_images(pets, resize=(10, 12)).X.shape == (4, 10, 12)


def test_a_bad_file_of_another_size_is_skipped(pets, folder):
    folder(pets, cat__A=TRUNCATED)
    with pytest.warns(UserWarning, match="skipped: cat/A.png"):
        assert read_images(pets, skip_bad=True).X.shape == (3, 10, 12)


def test_mixed_depths_name_two_files(pets, folder, refused):
    folder(pets, dog__b=GREY16)
    refused(pets, r"cat/a.png is 10x12, but dog/b.png is 10x12 of uint16: all images must have one depth")


def test_large_images_are_refused_before_they_fill_the_memory(pets, noise, folder, refused):
    folder(pets, dog__b=noise(600, 450))
    refused(pets, r"dog/b.png has 600x450 pixels, .*512 a side.*--resize HxW")
    assert read_images(pets, resize=(30, 40)).X.shape == (4, 30, 40)


@pytest.mark.parametrize("side", [512, 513])
def test_the_largest_image_is_the_encoders(tmp_path, side, folder):
    def accepted(step):
        try:
            step()
        except ValueError:
            return False
        return True

    X = np.zeros((1, side, 8), np.uint8)
    folder(tmp_path, a__1=X[0])
    assert accepted(lambda: read_images(tmp_path)) == accepted(lambda: ImageEncoder().fit(X)) == (side == 512)


@pytest.mark.parametrize("resize", [(0, 8), (8, 513), (-8, 8)])
def test_resize_has_limits(pets, resize, refused):
    refused(pets, "--resize", resize=resize)


def test_folders_without_images(tmp_path, pets, save, refused):
    with pytest.raises(FileNotFoundError, match="there is no file or folder"):
        read_images(tmp_path / "nowhere")
    (tmp_path / "a.txt").write_text("x")
    refused(tmp_path / "a.txt", "must be a folder")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "no class folder; put images in .*CLASS")
    save(tmp_path / "flat" / "1.png", GREY)
    refused(tmp_path / "flat", "no class folder; move '1.png'")
    (pets / "mouse").mkdir()
    refused(pets, "class 'mouse' has no image")


def test_a_class_of_which_nothing_can_be_read_is_an_error(pets, folder, refused):
    folder(pets, mouse__a=b"", mouse__b=b"x")
    with pytest.warns(UserWarning, match="skipped"):
        refused(pets, "no image of class 'mouse' can be read: mouse/a.png", skip_bad=True)


def test_images_beside_the_classes_are_left_out_aloud(pets, save):
    save(pets / "stray.png", GREY)
    with pytest.warns(UserWarning, match=r"'stray.png' in .*pets is not in a class folder and was left out$"):
        assert len(read_images(pets).files) == 3
    save(pets / "stray2.jpg", GREY)
    with pytest.warns(UserWarning, match="and was left out, like 1 other file$"):
        read_images(pets)


def test_deeper_images_are_an_error(tmp_path, pets, folder, refused):
    shutil.copytree(pets, tmp_path / "data" / "train")
    refused(tmp_path / "data", "if the class folders are in .*train, pass that folder")
    folder(pets / "cat", deep__er__1=GREY)
    refused(pets, "lies deeper")


def test_a_folder_of_texts_is_told_the_way_out(tmp_path):
    for name in ("ham", "spam"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.txt").write_text("see you")
    with pytest.raises(ValueError, match=r"has no image in .*; texts are read from a table with a column of texts"):
        read_images(tmp_path)
