"""Laws of decoding: what is in an image file is read whole, or the file is refused."""

import contextlib
import warnings

import numpy as np
import pytest
from PIL import Image
from random_images import GREY, GREY16, LA, RGB, RGBA, SIGNED, png, tiff

from ganaug.datasets import image_folder, read_images


@pytest.mark.parametrize("extension", [".png", ".PNG", ".tif", ".Tiff", ".bmp"])
@pytest.mark.parametrize("pixels", [GREY, RGB], ids=["grey", "colour"])
def test_lossless_files_are_read_as_they_are(tmp_path, extension, pixels, save):
    save(tmp_path / "a" / f"1{extension}", pixels)
    np.testing.assert_array_equal(read_images(tmp_path).X, pixels[None])


@pytest.mark.parametrize("extension", [".jpg", ".JPEG"])
def test_jpeg_is_read(tmp_path, extension, save):
    save(tmp_path / "a" / f"1{extension}", np.full((10, 12, 3), 77, np.uint8), quality=95)
    assert abs(read_images(tmp_path).X.astype(int) - 77).max() <= 2


@pytest.mark.parametrize("pixels", [RGBA, LA], ids=["RGBA", "LA"])
def test_transparency_is_kept(tmp_path, pixels, save):
    save(tmp_path / "a" / "1.png", pixels)
    np.testing.assert_array_equal(read_images(tmp_path).X, pixels[None])


@pytest.mark.parametrize("extension", [".png", ".tif"])
def test_16_bits_are_kept(tmp_path, extension, save):
    save(tmp_path / "a" / f"1{extension}", GREY16)
    X = read_images(tmp_path).X
    assert X.dtype == np.uint16
    np.testing.assert_array_equal(X, GREY16[None])


def test_16_bits_are_kept_whatever_the_byte_order(tmp_path, save):
    save(tmp_path / "a" / "1.tif", Image.frombytes("I;16B", (12, 10), GREY16.astype(">u2").tobytes()))
    X = read_images(tmp_path).X
    assert X.dtype == np.uint16
    assert X.dtype.isnative
    np.testing.assert_array_equal(X, GREY16[None])


def test_signed_16_bits_are_kept(tmp_path, save):
    save(tmp_path / "a" / "1.tif", SIGNED.view(np.uint16), tiffinfo={339: 2})
    X = read_images(tmp_path).X
    assert X.dtype == np.int16
    np.testing.assert_array_equal(X, SIGNED[None])


def test_a_palette_becomes_its_colours(tmp_path, save):
    flags = Image.fromarray(np.repeat(np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8), 9, axis=0).repeat(5, axis=1))
    save(tmp_path / "a" / "1.png", flags.quantize(4))
    np.testing.assert_array_equal(read_images(tmp_path).X[0], np.asarray(flags))


def test_a_palette_may_be_transparent(tmp_path, save):
    image = Image.new("P", (12, 10), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    save(tmp_path / "a" / "1.png", image, transparency=0)
    assert read_images(tmp_path).X[0, 0, 0].tolist() == [10, 20, 30, 255]


def test_one_bit_becomes_black_and_white(tmp_path, save):
    bits = GREY > 99
    save(tmp_path / "a" / "1.png", Image.fromarray(bits))
    np.testing.assert_array_equal(read_images(tmp_path).X[0], bits * np.uint8(255))


def test_cmyk_becomes_colour(tmp_path, save):
    save(tmp_path / "a" / "1.jpg", Image.new("CMYK", (12, 10)))
    assert read_images(tmp_path).X.shape == (1, 10, 12, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("extension", "pixels"), [(".png", RGB), (".png", GREY16), (".tif", GREY16)])
def test_the_cameras_orientation_is_applied(tmp_path, orientation, extension, pixels, save):
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


def test_grey_and_colour_become_what_all_can_be(tmp_path, folder):
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
def test_grey_and_colour_without_transparency_have_three_channels(tmp_path, order, folder):
    folder(tmp_path, **{f"a__{order[0]}": GREY, f"a__{order[1]}": RGB})
    X = read_images(tmp_path).X
    assert X.shape == (2, 10, 12, 3)
    np.testing.assert_array_equal(X[int(order[0]) - 1], np.repeat(GREY[..., None], 3, axis=2))
    np.testing.assert_array_equal(X[int(order[1]) - 1], RGB)


def test_resize(tmp_path, folder):
    step = np.repeat(np.array([0, 60000], np.uint16), 20)[None].repeat(40, axis=0)
    folder(tmp_path / "8", a__1=(step // 256).astype(np.uint8), a__2=RGB)
    folder(tmp_path / "16", a__1=step, a__2=GREY16)
    eight, sixteen = (read_images(tmp_path / name, resize=(8, 16)).X for name in ("8", "16"))
    assert eight.shape == (2, 8, 16, 3)
    assert eight.dtype == np.uint8
    assert sixteen.shape == (2, 8, 16)
    assert sixteen.dtype == np.uint16
    assert abs(sixteen[0] / 256 - eight[0, ..., 0]).max() < 2


def test_resize_is_antialiased(tmp_path, folder):
    folder(tmp_path, a__1=np.tile(np.array([0, 65535], np.uint16), (64, 32)))
    X = read_images(tmp_path, resize=(8, 8)).X[0, 1:-1, 1:-1]
    assert abs(X.astype(float) - 32767.5).max() < 1000


def test_images_of_that_size_are_not_resampled(pets):
    np.testing.assert_array_equal(read_images(pets, resize=(10, 12)).X, read_images(pets).X)


def test_a_camera_that_adds_a_preview_is_no_film(tmp_path, save):
    first = Image.fromarray(RGB)
    save(tmp_path / "a" / "1.jpg", first, format="MPO", save_all=True, append_images=[first])
    assert read_images(tmp_path).X.shape == (1, 10, 12, 3)


@pytest.mark.parametrize(
    ("extension", "mode"),
    [("gif", "L"), ("webp", "RGB"), ("webp", "RGBA"), ("jfif", "L"), ("jp2", "L"), ("ppm", "RGB"), ("tga", "RGBA")],
)
def test_other_formats_of_pillow_are_read(tmp_path, extension, mode, save):
    pixels = {"L": GREY, "RGB": RGB, "RGBA": RGBA}[mode]
    options = {"webp": {"lossless": True, "exact": True}, "jfif": {"format": "JPEG"}}.get(extension, {})
    save(tmp_path / "a" / f"1.{extension.upper()}", Image.fromarray(pixels), **options)
    save(tmp_path / "b" / "scan 1", Image.fromarray(pixels), format="PNG")
    images = read_images(tmp_path)
    assert images.files == [f"a/1.{extension.upper()}", "b/scan 1"]
    if extension == "jfif":
        assert images.X.shape == (2, *pixels.shape)
    else:
        np.testing.assert_array_equal(images.X, [pixels, pixels])


def test_where_white_is_zero_16_bits_are_inverted(tmp_path, save):
    save(tmp_path / "a" / "1.tif", 65535 - GREY16, tiffinfo={262: 0})
    save(tmp_path / "b" / "1.tif", GREY16)
    np.testing.assert_array_equal(read_images(tmp_path).X, [GREY16, GREY16])


def test_where_white_is_zero_8_bits_are_inverted_once(tmp_path, folder):
    folder(tmp_path, **{"a__1.tif": tiff(255 - GREY[..., None], photometric=0)})
    np.testing.assert_array_equal(read_images(tmp_path).X[0], GREY)


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_a_transparent_value_becomes_an_alpha_channel(tmp_path, depth, folder):
    most = 2**depth - 1
    rows = b"".join(b"\0" + bytes([row % 256]) * (-(-8 * depth // 8)) for row in range(8))
    folder(tmp_path, a__1=png(8, 8, depth, 0, rows, transparent=most.to_bytes(2, "big")))
    X = read_images(tmp_path).X[0]
    assert X.shape == (8, 8, 2)
    np.testing.assert_array_equal(X[..., 1] == 0, X[..., 0] == 255)


def test_a_transparent_colour_becomes_an_alpha_channel(tmp_path, save):
    pixels = RGB.copy()
    pixels[0, 0], pixels[1, 1] = (1, 2, 3), (1, 2, 4)
    save(tmp_path / "a" / "1.png", Image.fromarray(pixels), transparency=(1, 2, 3))
    X = read_images(tmp_path).X[0]
    np.testing.assert_array_equal(X[..., :3], pixels)
    assert X[0, 0, 3] == 0
    assert (X[..., 3] == 0).sum() == (pixels == (1, 2, 3)).all(axis=2).sum()


def test_a_transparent_value_of_16_bits_is_refused(tmp_path, save, refused):
    save(tmp_path / "a" / "1.png", GREY16, transparency=3)
    refused(tmp_path, "16 bits of grey with a transparent value")


def test_a_grey_palette_is_grey(tmp_path, save):
    image = Image.fromarray(GREY).convert("P")
    image.putpalette([value for grey in range(256) for value in (grey, grey, grey)])
    save(tmp_path / "a" / "1.png", image)
    np.testing.assert_array_equal(read_images(tmp_path).X[0], GREY)


@pytest.mark.parametrize(
    ("n_samples", "bits", "signed", "message"),
    [
        # Pillow before 13 does not read it at all
        (2, 8, False, r"2 channels, of which only 1 can be read|a/1\.tif \(not an image of a format that is read"),
        (4, 8, False, "4 channels, of which only 3 can be read"),
        (1, 8, True, "signed pixels of 8 bits"),
    ],
)
def test_what_pillow_reads_in_part_is_refused(tmp_path, n_samples, bits, signed, message, noise, folder, refused):
    folder(tmp_path, **{"a__1.tif": tiff(noise(8, 8, n_samples), signed=signed)})
    refused(tmp_path, message)


def test_deep_jpeg_2000_is_kept_or_refused(tmp_path, save):
    save(tmp_path / "a" / "1.jp2", GREY16)
    np.testing.assert_array_equal(read_images(tmp_path).X[0], GREY16)


def test_colours_of_a_deep_ppm_are_refused(tmp_path, folder, refused):
    folder(tmp_path, **{"a__1.ppm": b"P6 8 8 65535\n" + bytes(8 * 8 * 6)})
    refused(tmp_path, "colour of 16 bits a channel")


@pytest.mark.parametrize("extension", ["png", "jpg", "tif", "bmp", "gif", "webp", "jp2", "ppm", "tga"])
def test_no_cut_off_file_is_read_in_part(tmp_path, extension, noise, save, refused):
    save(tmp_path / "in" / "a" / f"1.{extension}", noise(40, 40))
    file = tmp_path / "in" / "a" / f"1.{extension}"
    whole, X = file.read_bytes(), read_images(tmp_path / "in").X
    for n in (*range(1, 200, 13), len(whole) // 2, len(whole) - 50):
        file.write_bytes(whole[:n])
        # a file that can still be read lacks only what follows the pixels
        with contextlib.suppress(ValueError):
            np.testing.assert_array_equal(read_images(tmp_path / "in").X, X)
    file.write_bytes(whole[: len(whole) // 2])
    refused(tmp_path / "in", "1 of 1 image cannot be read: a/1")


def test_a_bomb_is_not_decoded(pets, monkeypatch, folder, refused):
    folder(pets, dog__bomb=png(100_000, 100_000))
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("decoded"))
    monkeypatch.setattr(image_folder, "_find_files", lambda _: ["dog/bomb.png"])
    refused(pets, "bomb")


@pytest.mark.parametrize("mode", ["I", "F"])
def test_32_bits_are_refused(tmp_path, mode, save, refused):
    save(tmp_path / "a" / "1.tif", Image.new(mode, (12, 10)))
    refused(tmp_path, f"mode {mode}; only 8 bits a channel and 16 bits of grey are supported")


@pytest.mark.parametrize("extension", ["tif", "png"])
def test_films_are_refused(tmp_path, extension, noise, save, refused):
    first = Image.fromarray(RGB)
    others = [Image.fromarray(noise(10, 12, 3)) for _ in range(2)]
    save(tmp_path / "a" / f"1.{extension}", first, save_all=True, append_images=others)
    refused(tmp_path, "3 frames")


def test_reading_leaves_filters_of_warnings_alone(pets):
    filters = list(warnings.filters)
    read_images(pets)
    assert list(warnings.filters) == filters
