"""Laws of reading and writing pictures: what is in a file is read whole or named, and nothing is half written."""

import contextlib
import csv
import io
import os
import shutil
import struct
import warnings
import zipfile
import zlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ganaug._version import __version__
from ganaug.datasets import images as module
from ganaug.datasets.images import check_image_output, read_images, write_images
from ganaug.encoders.image import ImageEncoder

rng = np.random.default_rng(0)


def noise(*shape, dtype="uint8"):
    low, high = (0, 256) if dtype == "uint8" else (np.iinfo(dtype).min, np.iinfo(dtype).max + 1)
    return rng.integers(low, high, size=shape).astype(dtype)


GREY = noise(10, 12)
RGB, RGBA, LA = noise(10, 12, 3), noise(10, 12, 4), noise(10, 12, 2)
GREY16 = noise(10, 12, dtype="uint16")
SIGNED = noise(10, 12, dtype="int16")


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(path, **options)


def folder(home, **files):
    """Make DIR/CLASS/FILE of pixels, an image, or bytes; "__" in a name stands for "/"."""
    for name, pixels in files.items():
        path = home.joinpath(*name.split("__"))
        path = path if path.suffix else path.with_suffix(".png")
        if isinstance(pixels, bytes):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pixels)
        else:
            save(path, pixels)
    return home


def png(width, height, depth=8, colour=0, rows=b""):
    """Write a PNG by hand, so that its header may claim anything."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def as_png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def contents(path):
    return {p.relative_to(path).as_posix(): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


@pytest.fixture
def pets(tmp_path):
    source = tmp_path / "pets"
    return folder(source, cat__b=noise(10, 12), cat__a=noise(10, 12), dog__a=noise(10, 12))


def refused(source, message, **options):
    with pytest.raises(ValueError, match=message):
        read_images(source, **options)


# ------------------------------------------------------------------------------------------------ what is read


def test_classes_and_files_come_in_order(pets):
    images = read_images(pets)
    assert images.files == ["cat/a.png", "cat/b.png", "dog/a.png"]
    assert images.y.tolist() == ["cat", "cat", "dog"]
    assert images.X.shape == (3, 10, 12)
    assert images.X.flags.c_contiguous
    assert not images.in_archive
    for pixels, file in zip(images.X, images.files, strict=True):
        np.testing.assert_array_equal(pixels, np.asarray(Image.open(pets / file)))


@pytest.mark.parametrize("extension", [".png", ".PNG", ".tif", ".Tiff", ".bmp"])
@pytest.mark.parametrize("pixels", [GREY, RGB], ids=["grey", "colour"])
def test_lossless_files_are_read_as_they_are(tmp_path, extension, pixels):
    save(tmp_path / "a" / f"1{extension}", pixels)
    np.testing.assert_array_equal(read_images(tmp_path).X, pixels[None])


@pytest.mark.parametrize("extension", [".jpg", ".JPEG"])
def test_jpeg_is_read(tmp_path, extension):
    save(tmp_path / "a" / f"1{extension}", np.full((10, 12, 3), 77, np.uint8), quality=95)
    assert abs(read_images(tmp_path).X.astype(int) - 77).max() <= 2


@pytest.mark.parametrize("pixels", [RGBA, LA], ids=["RGBA", "LA"])
def test_transparency_is_kept(tmp_path, pixels):
    save(tmp_path / "a" / "1.png", pixels)
    np.testing.assert_array_equal(read_images(tmp_path).X, pixels[None])


@pytest.mark.parametrize("extension", [".png", ".tif"])
def test_16_bits_are_kept(tmp_path, extension):
    save(tmp_path / "a" / f"1{extension}", GREY16)
    X = read_images(tmp_path).X
    assert X.dtype == np.uint16
    np.testing.assert_array_equal(X, GREY16[None])


def test_16_bits_are_kept_whatever_the_byte_order(tmp_path):
    save(tmp_path / "a" / "1.tif", Image.frombytes("I;16B", (12, 10), GREY16.astype(">u2").tobytes()))
    X = read_images(tmp_path).X
    assert X.dtype == np.uint16
    assert X.dtype.isnative
    np.testing.assert_array_equal(X, GREY16[None])


def test_signed_16_bits_are_kept(tmp_path):
    save(tmp_path / "a" / "1.tif", SIGNED.view(np.uint16), tiffinfo={339: 2})
    X = read_images(tmp_path).X
    assert X.dtype == np.int16
    np.testing.assert_array_equal(X, SIGNED[None])


def test_a_palette_becomes_its_colours(tmp_path):
    flags = Image.fromarray(np.repeat(np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8), 9, axis=0).repeat(5, axis=1))
    save(tmp_path / "a" / "1.png", flags.quantize(4))
    np.testing.assert_array_equal(read_images(tmp_path).X[0], np.asarray(flags))


def test_a_palette_may_be_transparent(tmp_path):
    image = Image.new("P", (12, 10), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    save(tmp_path / "a" / "1.png", image, transparency=0)
    assert read_images(tmp_path).X[0, 0, 0].tolist() == [10, 20, 30, 255]


def test_one_bit_becomes_black_and_white(tmp_path):
    bits = GREY > 99
    save(tmp_path / "a" / "1.png", Image.fromarray(bits))
    np.testing.assert_array_equal(read_images(tmp_path).X[0], bits * np.uint8(255))


def test_cmyk_becomes_colour(tmp_path):
    save(tmp_path / "a" / "1.jpg", Image.new("CMYK", (12, 10)))
    assert read_images(tmp_path).X.shape == (1, 10, 12, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("extension", "pixels"), [(".png", RGB), (".png", GREY16), (".tif", GREY16)])
def test_the_cameras_orientation_is_applied(tmp_path, orientation, extension, pixels):
    exif = Image.Exif()
    exif[274] = orientation
    save(tmp_path / "a" / f"1{extension}", pixels, exif=exif)
    turned = [
        pixels,
        pixels[:, ::-1],
        pixels[::-1, ::-1],
        pixels[::-1],
        pixels.swapaxes(0, 1),
        np.rot90(pixels, -1),
        pixels[::-1, ::-1].swapaxes(0, 1),
        np.rot90(pixels),
    ]
    np.testing.assert_array_equal(read_images(tmp_path).X[0], turned[orientation - 1])


def test_grey_and_colour_become_what_all_can_be(tmp_path):
    folder(tmp_path, a__1=GREY, a__2=RGB, b__1=GREY, b__2=LA, b__3=RGBA)
    X = read_images(tmp_path).X
    assert X.shape == (5, 10, 12, 4)
    for i in (0, 2):
        np.testing.assert_array_equal(X[i, ..., :3], np.repeat(GREY[..., None], 3, axis=2))
    np.testing.assert_array_equal(X[1, ..., :3], RGB)
    assert (X[:3, ..., 3] == 255).all()
    np.testing.assert_array_equal(X[3], LA[..., [0, 0, 0, 1]])
    np.testing.assert_array_equal(X[4], RGBA)


@pytest.mark.parametrize("order", [("1", "2"), ("2", "1")])
def test_grey_and_colour_without_transparency_have_three_channels(tmp_path, order):
    folder(tmp_path, **{f"a__{order[0]}": GREY, f"a__{order[1]}": RGB})
    X = read_images(tmp_path).X
    assert X.shape == (2, 10, 12, 3)
    np.testing.assert_array_equal(X[int(order[0]) - 1], np.repeat(GREY[..., None], 3, axis=2))
    np.testing.assert_array_equal(X[int(order[1]) - 1], RGB)


def test_names_may_have_spaces_and_any_letters(tmp_path):
    save(tmp_path / "Łódź 1 ä, é" / "Bild ü 1.png", GREY)
    save(tmp_path / "日本" / "写真.png", GREY)
    images = read_images(tmp_path)
    assert images.files == ["Łódź 1 ä, é/Bild ü 1.png", "日本/写真.png"]
    assert images.y.tolist() == ["Łódź 1 ä, é", "日本"]


def test_class_names_stay_text(tmp_path):
    folder(tmp_path, **{"0__1": GREY, "007__1": GREY, "nan__1": GREY})
    assert read_images(tmp_path).y.tolist() == ["0", "007", "nan"]


def test_other_and_hidden_files_are_ignored(pets):
    (pets / "README.txt").write_text("cats")
    (pets / "cat" / "Thumbs.db").write_bytes(b"x")
    (pets / "cat" / ".hidden.png").write_bytes(b"x")
    (pets / "cat" / "notes").mkdir()
    (pets / "cat" / "notes" / "a.txt").write_text("x")
    folder(pets / ".cache", cat__1=RGB)
    assert read_images(pets).files == ["cat/a.png", "cat/b.png", "dog/a.png"]


def test_resize(tmp_path):
    step = np.repeat(np.array([0, 60000], np.uint16), 20)[None].repeat(40, axis=0)
    folder(tmp_path / "8", a__1=(step // 256).astype(np.uint8), a__2=RGB)
    folder(tmp_path / "16", a__1=step, a__2=GREY16)
    eight, sixteen = (read_images(tmp_path / name, resize=(8, 16)).X for name in ("8", "16"))
    assert eight.shape == (2, 8, 16, 3)
    assert eight.dtype == np.uint8
    assert sixteen.shape == (2, 8, 16)
    assert sixteen.dtype == np.uint16
    assert abs(sixteen[0] / 256 - eight[0, ..., 0]).max() < 2


def test_resize_is_antialiased(tmp_path):
    folder(tmp_path, a__1=np.tile(np.array([0, 65535], np.uint16), (64, 32)))
    X = read_images(tmp_path, resize=(8, 8)).X[0, 1:-1, 1:-1]
    assert abs(X.astype(float) - 32767.5).max() < 1000


def test_pictures_of_that_size_are_not_resampled(pets):
    np.testing.assert_array_equal(read_images(pets, resize=(10, 12)).X, read_images(pets).X)


def test_a_camera_that_adds_a_preview_is_no_film(tmp_path):
    first = Image.fromarray(RGB)
    save(tmp_path / "a" / "1.jpg", first, format="MPO", save_all=True, append_images=[first])
    assert read_images(tmp_path).X.shape == (1, 10, 12, 3)


# ------------------------------------------------------------------------------------------------ what is not

TRUNCATED = as_png(noise(64, 64))[:2000]
BAD = {
    "cat__zero": (b"", "empty file"),
    "cat__text": (b"I am no picture", "no PNG, JPEG, TIFF or BMP"),
    "cat__cut": (TRUNCATED, "truncated"),
    "dog__bomb": (png(100_000, 100_000), "bomb"),
    "dog__big": (png(10_000, 10_000), "bomb"),
    "dog__colour16": (png(2, 1, 16, 2, bytes(13)), "16 bits a channel"),
    "dog__alpha16": (png(2, 1, 16, 4, bytes(9)), "16 bits a channel"),
    "dog__gif": (b"GIF89a" + bytes(100), "no PNG"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_read_is_named(pets, name):
    folder(pets, **{name: BAD[name][0]})
    file = name.replace("__", "/")
    refused(pets, rf"1 of 4 pictures cannot be read: {file}.png \(.*{BAD[name][1]}.*--skip-bad")
    with pytest.warns(UserWarning, match=rf"1 of 4 pictures skipped: {file}.png \(.*{BAD[name][1]}"):
        images = read_images(pets, skip_bad=True)
    assert images.files == ["cat/a.png", "cat/b.png", "dog/a.png"]
    assert images.X.shape == (3, 10, 12)


@pytest.mark.parametrize("extension", ["png", "jpg", "tif", "bmp"])
def test_no_cut_off_file_is_read_in_part(tmp_path, extension):
    save(tmp_path / "in" / "a" / f"1.{extension}", noise(40, 40))
    file = tmp_path / "in" / "a" / f"1.{extension}"
    whole, X = file.read_bytes(), read_images(tmp_path / "in").X
    for n in (*range(1, 200, 13), len(whole) // 2, len(whole) - 50):
        file.write_bytes(whole[:n])
        # a file that can still be read lacks only what follows the pixels
        with contextlib.suppress(ValueError):
            np.testing.assert_array_equal(read_images(tmp_path / "in").X, X)
    file.write_bytes(whole[: len(whole) // 2])
    refused(tmp_path / "in", "1 of 1 pictures cannot be read: a/1")


def test_all_files_that_cannot_be_read_are_counted_and_five_named(pets):
    folder(pets, **{name: data for name, (data, _) in BAD.items()})
    with pytest.raises(ValueError, match="8 of 11 pictures cannot be read") as caught:
        read_images(pets)
    assert sum(name.replace("__", "/") in str(caught.value) for name in BAD) == 5
    assert ", ..." in str(caught.value)


def test_files_that_cannot_be_read_come_before_sizes_that_differ(pets):
    folder(pets, cat__small=noise(8, 8), dog__z=b"")
    refused(pets, "1 of 5 pictures cannot be read: dog/z.png")


def test_a_bomb_is_not_decoded(pets, monkeypatch):
    folder(pets, dog__bomb=png(100_000, 100_000))
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("decoded"))
    monkeypatch.setattr(module, "_files", lambda _: ["dog/bomb.png"])
    refused(pets, "bomb")


def test_a_link_to_nowhere_is_named(pets):
    (pets / "dog" / "gone.png").symlink_to(pets / "nowhere.png")
    refused(pets, r"dog/gone.png \(No such file")


@pytest.mark.parametrize("mode", ["I", "F"])
def test_32_bits_are_refused(tmp_path, mode):
    save(tmp_path / "a" / "1.tif", Image.new(mode, (12, 10)))
    refused(tmp_path, f"mode {mode}; 8 bits, or 16 bits of grey")


@pytest.mark.parametrize("extension", ["tif", "png"])
def test_films_are_refused(tmp_path, extension):
    first = Image.fromarray(RGB)
    others = [Image.fromarray(noise(10, 12, 3)) for _ in range(2)]
    save(tmp_path / "a" / f"1.{extension}", first, save_all=True, append_images=others)
    refused(tmp_path, "3 frames")


def test_mixed_sizes_name_two_files_and_the_way_out(pets):
    folder(pets, dog__b=noise(9, 12))
    refused(pets, r"cat/a.png is 10x12 and dog/b.png is 9x12; .*--resize HxW")
    assert read_images(pets, resize=(10, 12)).X.shape == (4, 10, 12)


def test_a_bad_file_of_another_size_is_skipped(pets):
    folder(pets, cat__A=TRUNCATED)
    with pytest.warns(UserWarning, match="skipped: cat/A.png"):
        assert read_images(pets, skip_bad=True).X.shape == (3, 10, 12)


def test_mixed_depths_name_two_files(pets):
    folder(pets, dog__b=GREY16)
    refused(pets, r"cat/a.png is 10x12 and dog/b.png is 10x12 of uint16; all must have one depth")


def test_large_pictures_are_refused_before_they_fill_the_memory(pets):
    folder(pets, dog__b=noise(600, 450))
    refused(pets, r"dog/b.png has 600x450 pixels, .*512 a side.*--resize HxW")
    assert read_images(pets, resize=(30, 40)).X.shape == (4, 30, 40)


@pytest.mark.parametrize("side", [512, 513])
def test_the_largest_picture_is_the_encoders(tmp_path, side):
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
def test_resize_has_limits(pets, resize):
    refused(pets, "--resize", resize=resize)


def test_folders_without_pictures(tmp_path, pets):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        read_images(tmp_path / "nowhere")
    (tmp_path / "a.txt").write_text("x")
    refused(tmp_path / "a.txt", "neither a folder")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "no folder of a class: put pictures in .*CLASS")
    save(tmp_path / "flat" / "1.png", GREY)
    refused(tmp_path / "flat", "no folder of a class: move '1.png'")
    (pets / "mouse").mkdir()
    refused(pets, "class 'mouse' has no picture")


def test_a_class_of_which_nothing_can_be_read_is_an_error(pets):
    folder(pets, mouse__a=b"", mouse__b=b"x")
    with pytest.warns(UserWarning, match="skipped"):
        refused(pets, "no picture of class 'mouse' can be read: mouse/a.png", skip_bad=True)


def test_pictures_beside_the_classes_are_left_out_aloud(pets):
    save(pets / "stray.png", GREY)
    with pytest.warns(UserWarning, match=r"'stray.png' lies beside the classes' folders.* has no class: left out$"):
        assert len(read_images(pets).files) == 3
    save(pets / "stray2.jpg", GREY)
    with pytest.warns(UserWarning, match="as are 1 others"):
        read_images(pets)


def test_deeper_pictures_are_an_error(tmp_path, pets):
    shutil.copytree(pets, tmp_path / "data" / "train")
    refused(tmp_path / "data", "if the classes' folders are in .*train, give that one")
    folder(pets / "cat", deep__er__1=GREY)
    refused(pets, "lies deeper")


# ------------------------------------------------------------------------------------------------ DICOM


def dicom(path, pixels, **tags):
    pydicom = pytest.importorskip("pydicom")
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    path.parent.mkdir(parents=True, exist_ok=True)
    data = pydicom.Dataset()
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = CTImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = generate_uid()
    data.Rows, data.Columns = pixels.shape[:2]
    data.SamplesPerPixel = pixels.shape[2] if pixels.ndim == 3 else 1
    if pixels.ndim == 3:
        data.PlanarConfiguration = 0
    data.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = pixels.dtype.itemsize * 8
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    data.add_new("PixelData", "OB" if pixels.dtype.itemsize == 1 else "OW", pixels.tobytes())
    for name, value in tags.items():
        setattr(data, name, value)
    data.save_as(path, enforce_file_format=True)


@pytest.mark.parametrize("pixels", [GREY, GREY16, SIGNED, RGB], ids=["8", "16", "signed", "colour"])
def test_dicom_is_read_and_answered_by_pictures(tmp_path, pixels):
    dicom(tmp_path / "in" / "a" / "1.DCM", pixels)
    dicom(tmp_path / "in" / "b" / "1.dcm", pixels)
    images = read_images(tmp_path / "in")
    assert images.X.dtype == pixels.dtype
    np.testing.assert_array_equal(images.X, [pixels, pixels])
    write_images(tmp_path / "out", images, images.X[:1, ::-1], ["a"])
    extension = "tif" if pixels.dtype == np.int16 else "png"
    assert set(contents(tmp_path / "out")) == {
        "a/1.DCM",
        "b/1.dcm",
        f"a/synthetic_000001.{extension}",
        "manifest.csv",
    }
    shutil.copytree(tmp_path / "out" / "a", tmp_path / "again" / "a")
    np.testing.assert_array_equal(read_images(tmp_path / "again").X[1], pixels[::-1])


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({"NumberOfFrames": 3}, "3 frames"),
        ({"Rows": 60_000, "Columns": 60_000}, "bomb"),
        ({"Rows": 11}, "The number of bytes|length"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "PALETTE"),
        ({"PhotometricInterpretation": None}, "a/1.dcm"),
    ],
    ids=str,
)
def test_dicom_that_cannot_be_read_is_named(tmp_path, tags, message):
    dicom(tmp_path / "a" / "1.dcm", GREY, **tags)
    refused(tmp_path, message)


@pytest.mark.parametrize("data", [b"x", bytes(132), bytes(128) + b"DICM"], ids=["text", "zeros", "header only"])
def test_what_is_no_dicom_is_named(tmp_path, data):
    pytest.importorskip("pydicom")
    folder(tmp_path, **{"a__1.dcm": data})
    refused(tmp_path, r"1 of 1 pictures cannot be read: a/1.dcm \(")


@pytest.mark.parametrize(
    ("tags", "meaning"),
    [
        ({"RescaleSlope": 2, "RescaleIntercept": -1024}, "rescaled by 2 and -1024"),
        ({"PhotometricInterpretation": "MONOCHROME1"}, "MONOCHROME1"),
    ],
)
def test_dicom_values_that_do_not_compare_are_refused(tmp_path, tags, meaning):
    dicom(tmp_path / "a" / "1.dcm", GREY16, RescaleSlope=1, RescaleIntercept=0)
    dicom(tmp_path / "a" / "2.dcm", GREY16, **tags)
    refused(tmp_path, f"a/1.dcm is 10x12 of uint16 and a/2.dcm is 10x12 of uint16, {meaning}; their values")


def test_without_pydicom_the_extra_is_named(pets, monkeypatch):
    folder(pets, **{"cat__1.dcm": b"x"})
    monkeypatch.setitem(__import__("sys").modules, "pydicom", None)
    for skip_bad in (False, True):
        refused(pets, r"pip install 'ganaug\[dicom\]'", skip_bad=skip_bad)


# ------------------------------------------------------------------------------------------------ folders written


def test_originals_are_copied_and_synthetic_pictures_labelled(pets, tmp_path):
    images = read_images(pets)
    X_new = noise(3, 10, 12)
    write_images(tmp_path / "out", images, X_new, ["dog", "cat", "dog"])
    written = contents(tmp_path / "out")
    assert list(written) == [
        "cat/a.png",
        "cat/b.png",
        "cat/synthetic_000001.png",
        "dog/a.png",
        "dog/synthetic_000001.png",
        "dog/synthetic_000002.png",
        "manifest.csv",
    ]
    assert {file: data for file, data in written.items() if file in images.files} == contents(pets)
    names = ["dog/synthetic_000001.png", "cat/synthetic_000001.png", "dog/synthetic_000002.png"]
    for pixels, name in zip(X_new, names, strict=True):
        with Image.open(tmp_path / "out" / name) as image:
            assert image.info["synthetic"] == f"generated by ganaug {__version__}"
            np.testing.assert_array_equal(np.asarray(image), pixels)
    table = pd.read_csv(tmp_path / "out" / "manifest.csv")
    assert table["file"].tolist() == [*images.files, *names]
    assert table["class"].tolist() == ["cat", "cat", "dog", "dog", "cat", "dog"]
    assert table["synthetic"].tolist() == [0, 0, 0, 1, 1, 1]
    assert list(table) == ["file", "class", "synthetic"]


@pytest.mark.parametrize(
    "pixels", [GREY, LA, RGB, RGBA, GREY16, SIGNED], ids=["L", "LA", "RGB", "RGBA", "16", "signed"]
)
def test_what_is_written_can_be_read(tmp_path, pixels):
    options = {"tiffinfo": {339: 2}} if pixels is SIGNED else {}
    save(tmp_path / "in" / "a" / "1.tif", pixels.view(np.uint16) if pixels is SIGNED else pixels, **options)
    images = read_images(tmp_path / "in")
    X_new = noise(2, *pixels.shape, dtype=pixels.dtype.name)
    write_images(tmp_path / "out", images, X_new, ["a", "a"], copies="none")
    (tmp_path / "out" / "manifest.csv").unlink()
    again = read_images(tmp_path / "out").X
    assert again.dtype == pixels.dtype
    np.testing.assert_array_equal(again, X_new)


def test_signed_pictures_are_labelled_too(tmp_path):
    save(tmp_path / "in" / "a" / "1.tif", SIGNED.view(np.uint16), tiffinfo={339: 2})
    write_images(tmp_path / "out", read_images(tmp_path / "in"), SIGNED[None], ["a"])
    with Image.open(tmp_path / "out" / "a" / "synthetic_000001.tif") as image:
        assert image.tag_v2[270] == f"synthetic: generated by ganaug {__version__}"


def test_the_manifest_has_blanks_for_originals_and_whole_numbers_stay_whole(pets, tmp_path):
    more = pd.DataFrame({"seed": [7, 8], "nearest": ["cat/a.png", "dog/a.png"], "distance": [0.25, 1e-9]}, index=[5, 5])
    write_images(tmp_path / "out", read_images(pets), noise(2, 10, 12), ["cat", "dog"], manifest=more)
    assert (tmp_path / "out" / "manifest.csv").read_text().splitlines() == [
        "file,class,synthetic,seed,nearest,distance",
        "cat/a.png,cat,0,,,",
        "cat/b.png,cat,0,,,",
        "dog/a.png,dog,0,,,",
        "cat/synthetic_000001.png,cat,1,7,cat/a.png,0.25",
        "dog/synthetic_000001.png,dog,1,8,dog/a.png,1e-09",
    ]


def test_names_of_originals_are_not_taken(tmp_path):
    save(tmp_path / "in" / "a" / "Synthetic_000001.PNG", GREY)
    save(tmp_path / "in" / "a" / "synthetic_000003.png", GREY)
    images = read_images(tmp_path / "in")
    write_images(tmp_path / "out", images, noise(2, 10, 12), ["a", "a"])
    assert list(contents(tmp_path / "out" / "a")) == [
        "Synthetic_000001.PNG",
        "synthetic_000002.png",
        "synthetic_000003.png",
        "synthetic_000004.png",
    ]


def test_only_synthetic(pets, tmp_path):
    write_images(tmp_path / "out", read_images(pets), noise(1, 10, 12), ["dog"], copies="none")
    assert list(contents(tmp_path / "out")) == ["dog/synthetic_000001.png", "manifest.csv"]
    assert len(pd.read_csv(tmp_path / "out" / "manifest.csv")) == 1


def test_links_are_hard_where_they_can_be(pets, tmp_path):
    write_images(tmp_path / "out", read_images(pets), noise(1, 10, 12), ["dog"], copies="link")
    assert (tmp_path / "out" / "cat" / "a.png").samefile(pets / "cat" / "a.png")
    assert not (tmp_path / "out" / "cat" / "a.png").is_symlink()


def test_links_are_symbolic_where_they_must_be(pets, tmp_path, monkeypatch):
    def other_disk(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", other_disk)
    monkeypatch.chdir(tmp_path)
    write_images("out", read_images("pets"), noise(1, 10, 12), ["dog"], copies="link")
    link = tmp_path / "out" / "cat" / "a.png"
    assert link.is_symlink()
    assert link.readlink().is_absolute()
    assert link.read_bytes() == (pets / "cat" / "a.png").read_bytes()


def test_only_what_was_read_is_copied(pets, tmp_path):
    folder(pets, cat__bad=b"")
    (pets / "cat" / "notes.txt").write_text("x")
    with pytest.warns(UserWarning, match="skipped"):
        images = read_images(pets, skip_bad=True)
    write_images(tmp_path / "out", images, noise(0, 10, 12), [])
    assert list(contents(tmp_path / "out")) == ["cat/a.png", "cat/b.png", "dog/a.png", "manifest.csv"]


def test_names_of_any_letters_and_bytes_are_written(tmp_path):
    save(tmp_path / "in" / "Łódź, ä" / "ü 1.png", GREY)
    odd = os.fsdecode(b"\xff.png")
    try:
        shutil.copy(tmp_path / "in" / "Łódź, ä" / "ü 1.png", tmp_path / "in" / "Łódź, ä" / odd)
    except OSError:
        pytest.skip("this disk wants names in UTF-8")
    images = read_images(tmp_path / "in")
    write_images(tmp_path / "out", images, images.X, images.y)
    with (tmp_path / "out" / "manifest.csv").open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["file"] for row in rows} == set(contents(tmp_path / "out")) - {"manifest.csv"}
    assert {row["class"] for row in rows} == {"Łódź, ä"}


def test_the_same_pictures_give_the_same_bytes(pets, tmp_path):
    images = read_images(pets)
    for name in ("one", "two"):
        write_images(tmp_path / name, images, images.X, images.y)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError("disk full")])
@pytest.mark.parametrize("existing", [False, True])
def test_nothing_half_written_remains(pets, tmp_path, monkeypatch, error, existing):
    images, out = read_images(pets), tmp_path / "out"
    if existing:
        write_images(out, images, noise(1, 10, 12), ["cat"])
    before, n_saved = contents(tmp_path), 0
    real = Image.Image.save

    def interrupted(self, *args, **options):
        nonlocal n_saved
        n_saved += 1
        if n_saved == 3:
            raise error
        real(self, *args, **options)

    monkeypatch.setattr(Image.Image, "save", interrupted)
    with pytest.raises(error if isinstance(error, type) else type(error)):
        write_images(out, images, noise(5, 10, 12), ["cat"] * 5, force=True)
    assert n_saved == 3
    assert contents(tmp_path) == before
    assert {path.name for path in tmp_path.iterdir()} == {"pets", "out"} if existing else {"pets"}


def test_an_interrupt_between_two_renames_restores_the_folder(pets, tmp_path, monkeypatch):
    images, out = read_images(pets), tmp_path / "out"
    write_images(out, images, noise(1, 10, 12), ["cat"])
    before = contents(tmp_path)
    real = module.Path.rename

    def interrupted(self, target):
        if self.name == "written":
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(module.Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_images(out, images, noise(5, 10, 12), ["cat"] * 5, force=True)
    assert contents(tmp_path) == before
    assert len(list(tmp_path.iterdir())) == 2


def test_an_original_that_vanished_stops_all(pets, tmp_path):
    images = read_images(pets)
    (pets / "dog" / "a.png").unlink()
    with pytest.raises(FileNotFoundError):
        write_images(tmp_path / "out", images, noise(1, 10, 12), ["cat"])
    assert [path.name for path in tmp_path.iterdir()] == ["pets"]


def test_only_folders_written_here_are_replaced(pets, tmp_path):
    images, out = read_images(pets), tmp_path / "out"

    def write(**options):
        write_images(out, images, noise(1, 10, 12), ["cat"], **options)

    out.mkdir()
    with pytest.raises(FileExistsError, match="--force"):
        write()
    write(force=True)  # it is empty
    with pytest.raises(FileExistsError, match="--force"):
        write()
    (out / "cat" / "more.png").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"holds 'cat/more.png', which is not in its manifest.csv"):
        write(force=True)
    (out / "cat" / "more.png").unlink()
    write(force=True)
    for other in ("", "file;class;synthetic\n", "name,class\n"):
        (out / "manifest.csv").write_text(other)
        with pytest.raises(ValueError, match="--force does not replace it"):
            write(force=True)
    (out / "manifest.csv").unlink()
    with pytest.raises(ValueError, match="--force does not replace it"):
        write(force=True)
    shutil.rmtree(out)
    out.write_text("a file")
    with pytest.raises(FileExistsError, match="no folder"):
        write(force=True)
    assert out.read_text() == "a file"


def test_a_link_to_a_folder_stays_a_link(pets, tmp_path):
    images = read_images(pets)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere")
    write_images(tmp_path / "out", images, noise(1, 10, 12), ["cat"], force=True)
    assert (tmp_path / "out").is_symlink()
    assert (tmp_path / "elsewhere" / "manifest.csv").exists()


def test_source_and_result_are_apart(pets, tmp_path):
    (tmp_path / "link").symlink_to(pets)
    for out in (pets, pets / "out", pets / "cat", tmp_path, tmp_path / "link", tmp_path / "link" / "out"):
        for force in (False, True):
            with pytest.raises(ValueError, match="another place"):
                check_image_output(out, pets, force=force)
    check_image_output(tmp_path / "pets2", pets)


def test_output_is_checked_early(pets, tmp_path):
    with pytest.raises(ValueError, match="must be a folder"):
        check_image_output(tmp_path / "out.npz", pets)
    with pytest.raises(PermissionError, match="cannot write"):
        check_image_output(tmp_path / "no" / "out", pets)
    with pytest.raises(ValueError, match="copies must be"):
        check_image_output(tmp_path / "out", pets, copies="move")
    check_image_output(tmp_path / "out", pets)
    assert [path.name for path in tmp_path.iterdir()] == ["pets"]


def test_a_result_is_no_source(pets, tmp_path):
    images = read_images(pets)
    write_images(tmp_path / "out", images, images.X, images.y)
    refused(tmp_path / "out", "was written by ganaug")


def test_synthetic_pictures_must_be_like_the_originals(pets, tmp_path):
    images = read_images(pets)

    def fails(message, X_new, y_new, **options):
        with pytest.raises(ValueError, match=message):
            write_images(tmp_path / "out", images, X_new, y_new, **options)

    fails("must be like the originals", noise(1, 10, 11), ["cat"])
    fails("must be like the originals", noise(1, 10, 12).astype(float), ["cat"])
    fails("one class for each of 1 pictures", noise(1, 10, 12), ["cat", "cat"])
    fails("'../cat', which is no class", noise(1, 10, 12), ["../cat"])
    fails("1 rows for 2", noise(2, 10, 12), ["cat", "cat"], manifest=pd.DataFrame({"seed": [1]}))
    fails("column 'class'", noise(1, 10, 12), ["cat"], manifest=pd.DataFrame({"class": [1]}))
    assert [path.name for path in tmp_path.iterdir()] == ["pets"]


# ------------------------------------------------------------------------------------------------ archives


def archive(path, **arrays):
    full = {
        "train_images": noise(6, 10, 12, 3),
        "train_labels": np.array([[0], [0], [0], [0], [1], [1]], np.uint8),
        "val_images": noise(2, 10, 12, 3),
        "val_labels": np.array([[0], [1]], np.uint8),
        "test_images": noise(2, 10, 12, 3),
        "test_labels": np.array([[0], [1]], np.uint8),
        "class_names": np.array(["normal", "pneumonia"]),
        **arrays,
    }
    np.savez_compressed(path, **{name: array for name, array in full.items() if array is not None})
    return path


def test_an_archive_is_extended_and_else_untouched(tmp_path):
    source, out = archive(tmp_path / "in.npz"), tmp_path / "out.npz"
    images = read_images(source)
    assert images.in_archive
    assert images.y.tolist() == [0, 0, 0, 0, 1, 1]
    assert images.files == list(range(6))
    X_new = noise(2, 10, 12, 3)
    write_images(out, images, X_new, np.array([1, 1]), manifest=pd.DataFrame({"seed": [3, 4]}))
    with np.load(source) as before, np.load(out) as after:
        assert after.files == [*before.files, "train_is_synthetic"]
        np.testing.assert_array_equal(after["train_images"], np.concatenate([before["train_images"], X_new]))
        np.testing.assert_array_equal(after["train_labels"], np.concatenate([before["train_labels"], [[1], [1]]]))
        assert after["train_labels"].dtype == np.uint8
        assert after["train_is_synthetic"].tolist() == [0] * 6 + [1] * 2
        for name in before.files[2:]:
            np.testing.assert_array_equal(after[name], before[name])
            assert after[name].dtype == before[name].dtype
    lines = (tmp_path / "out.manifest.csv").read_text().splitlines()
    assert lines[0] == "file,class,synthetic,seed"
    assert lines[1] == "0,0,0,"
    assert lines[-1] == "7,1,1,4"


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "bool"])
@pytest.mark.parametrize("shape", [(10, 12), (10, 12, 1), (10, 12, 3)])
def test_archives_hold_any_numbers(tmp_path, dtype, shape):
    X = noise(6, *shape).astype(dtype)
    images = read_images(archive(tmp_path / "in.npz", train_images=X, train_labels=np.repeat([3, -7], [4, 2])))
    assert images.X.dtype == dtype
    write_images(tmp_path / "out.npz", images, X[:2], [-7, -7])
    with np.load(tmp_path / "out.npz") as after:
        np.testing.assert_array_equal(after["train_images"], np.concatenate([X, X[:2]]))
        assert after["train_labels"].tolist() == [3, 3, 3, 3, -7, -7, -7, -7]


def test_only_synthetic_in_an_archive(tmp_path):
    images = read_images(archive(tmp_path / "in.npz"))
    write_images(tmp_path / "out.npz", images, images.X[:2], [1, 0], copies="none")
    with np.load(tmp_path / "out.npz") as after:
        np.testing.assert_array_equal(after["train_images"], images.X[:2])
        assert after["train_labels"].tolist() == [[1], [0]]
        assert after["train_is_synthetic"].tolist() == [1, 1]
        assert len(after["val_images"]) == 2
    assert (tmp_path / "out.manifest.csv").read_text().splitlines()[1:] == ["0,1,1", "1,0,1"]


def test_objects_are_passed_on_unread_but_never_read(tmp_path):
    names = np.array(["normal", None], dtype=object)
    source = archive(tmp_path / "in.npz", class_names=names)
    images = read_images(source)
    write_images(tmp_path / "out.npz", images, images.X[:1], [1])
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(tmp_path / "out.npz") as after:
        assert after.read("class_names.npy") == before.read("class_names.npy")
    refused(archive(source, train_labels=np.array([[0]] * 6, dtype=object)), "runs code")


def test_malformed_archives_are_refused(tmp_path):
    path = tmp_path / "in.npz"
    refused(archive(path, train_labels=None), "must hold train_images and train_labels; it holds train_images, val_im")
    refused(archive(path, train_images=noise(6, 10)), r"\(n, h, w\) or \(n, h, w, c\), got \(6, 10\)")
    refused(archive(path, train_labels=np.zeros((5, 1), int)), r"train_labels must have shape \(6, 1\)")
    refused(archive(path, train_labels=np.zeros((6, 2), int)), r"one class each, got \(6, 2\)")
    refused(archive(path, train_labels=np.zeros(6)), "must be integers")
    refused(archive(path, train_is_synthetic=np.zeros(6)), "written by ganaug")
    refused(archive(path), "--resize is for folders", resize=(8, 8))
    for data in (b"", b"text", archive(path).read_bytes()[:-100], b"\x80\x04N."):
        path.write_bytes(data)
        refused(path, "in.npz cannot be read")
    np.save(tmp_path / "plain.npy", GREY)
    (tmp_path / "plain.npy").rename(path)
    refused(path, "in.npz cannot be read")


def test_damage_in_what_is_passed_on_is_found_at_once(tmp_path):
    path = archive(tmp_path / "in.npz")
    with zipfile.ZipFile(path) as members:
        at = members.getinfo("test_images.npy").header_offset + 300
    data = bytearray(path.read_bytes())
    data[at] ^= 255
    path.write_bytes(data)
    refused(path, "in.npz cannot be read")


def test_where_archives_may_be_written(tmp_path):
    source, out = archive(tmp_path / "in.npz"), tmp_path / "out.npz"
    images = read_images(source)
    for where, options, error, message in [
        (source, {"force": True}, ValueError, "another place"),
        (tmp_path / "out", {}, ValueError, "must be an .npz file"),
        (out, {"copies": "link"}, ValueError, "for folders"),
        (tmp_path / "no" / "out.npz", {}, NotADirectoryError, "no folder"),
    ]:
        with pytest.raises(error, match=message):
            write_images(where, images, images.X, images.y, **options)
    for name in ("out.npz", "out.manifest.csv"):
        (tmp_path / name).write_text("x")
        with pytest.raises(FileExistsError, match="--force"):
            write_images(out, images, images.X, images.y)
        (tmp_path / name).unlink()
    for force in (False, True):
        write_images(out, images, images.X, images.y, force=force)
    assert {path.name for path in tmp_path.iterdir()} == {"in.npz", "out.npz", "out.manifest.csv"}


def test_an_interrupted_archive_leaves_nothing(tmp_path, monkeypatch):
    images = read_images(archive(tmp_path / "in.npz"))

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_write_manifest", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_images(tmp_path / "out.npz", images, images.X, images.y)
    assert [path.name for path in tmp_path.iterdir()] == ["in.npz"]


def test_reading_leaves_filters_of_warnings_alone(pets):
    filters = list(warnings.filters)
    read_images(pets)
    assert list(warnings.filters) == filters


# ------------------------------------------------------------------------------- reading what was written here again


@pytest.mark.parametrize("copies", ["copy", "none"])
def test_the_synthetic_ones_of_a_folder_come_back(pets, tmp_path, copies):
    images = read_images(pets)
    made, labels = 255 - images.X, images.y[::-1]
    write_images(tmp_path / "out", images, made, labels, copies=copies)
    read = read_images(tmp_path / "out", only_synthetic=True)
    order = np.argsort(labels, kind="stable")
    np.testing.assert_array_equal(read.X, made[order])
    assert read.y.tolist() == labels[order].tolist()
    assert all("synthetic_" in file for file in read.files)
    # of what was written elsewhere, all
    np.testing.assert_array_equal(read_images(pets, only_synthetic=True).X, images.X)


def test_the_synthetic_ones_of_an_archive_come_back(tmp_path):
    X, y = noise(5, 8, 8), np.array([[0], [1], [0], [1], [1]])
    np.savez(tmp_path / "in.npz", train_images=X, train_labels=y)
    images = read_images(tmp_path / "in.npz")
    made = noise(3, 8, 8)
    write_images(tmp_path / "out.npz", images, made, [1, 0, 1])
    read = read_images(tmp_path / "out.npz", only_synthetic=True)
    np.testing.assert_array_equal(read.X, made)
    assert read.y.tolist() == [1, 0, 1]
    assert read.files == [5, 6, 7]
    refused(tmp_path / "out.npz", "written by ganaug")
    assert len(read_images(tmp_path / "in.npz", only_synthetic=True).X) == 5
