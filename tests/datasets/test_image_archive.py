"""Laws of archives: they are extended, and everything else in them returns unread."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from ganaug.datasets import image_set, read_images, write_images

rng = np.random.default_rng(0)
GREY = rng.integers(256, size=(10, 12)).astype("uint8")


@pytest.fixture
def archive(noise):
    """Write an archive of six training images, with some arrays replaced, or left out where they are None."""

    def write(path, **arrays):
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

    return write


def test_an_archive_is_extended_and_else_untouched(archive, tmp_path, noise):
    source, out = archive(tmp_path / "in.npz"), tmp_path / "out.npz"
    images = read_images(source)
    assert images.in_archive
    assert images.y.tolist() == [0, 0, 0, 0, 1, 1]
    assert images.files == list(range(6))
    X_synthetic = noise(2, 10, 12, 3)
    write_images(out, images, X_synthetic, np.array([1, 1]), manifest=pd.DataFrame({"seed": [3, 4]}))
    with np.load(source) as before, np.load(out) as after:
        assert after.files == [*before.files, "train_is_synthetic"]
        np.testing.assert_array_equal(after["train_images"], np.concatenate([before["train_images"], X_synthetic]))
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


def test_a_manifest_has_columns_about_the_originals(archive, tmp_path, noise):
    images = read_images(archive(tmp_path / "in.npz"))
    known = pd.DataFrame({"stain": ["pale", "dark"] * 3, "side": [1, 2, 3] * 2})
    made = pd.DataFrame({"seed": [3, 4], "stain": ["dark", "pale"]}, index=[6, 7])
    for copies, n_originals in (("copy", 6), ("none", 0)):
        out = tmp_path / f"{copies}.npz"
        write_images(out, images, noise(2, 10, 12, 3), [1, 1], manifest=made, attributes=known, copies=copies)
        table = pd.read_csv(tmp_path / f"{copies}.manifest.csv")
        assert list(table) == ["file", "class", "synthetic", "seed", "stain", "side"]
        assert table["stain"].tolist() == ["pale", "dark"] * (n_originals // 2) + ["dark", "pale"]
        assert table["side"].tolist()[:n_originals] == known["side"].tolist()[:n_originals]
        assert table["side"].isna().sum() == 2
        assert table["seed"].isna().sum() == n_originals
    with pytest.raises(ValueError, match="attributes must have one row for each of 6 originals, got 2 rows"):
        write_images(tmp_path / "x.npz", images, noise(2, 10, 12, 3), [1, 1], attributes=made)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "bool"])
@pytest.mark.parametrize("shape", [(10, 12), (10, 12, 1), (10, 12, 3)])
def test_archives_hold_any_numbers(archive, tmp_path, dtype, shape, noise):
    X = noise(6, *shape).astype(dtype)
    images = read_images(archive(tmp_path / "in.npz", train_images=X, train_labels=np.repeat([3, -7], [4, 2])))
    assert images.X.dtype == dtype
    write_images(tmp_path / "out.npz", images, X[:2], [-7, -7])
    with np.load(tmp_path / "out.npz") as after:
        np.testing.assert_array_equal(after["train_images"], np.concatenate([X, X[:2]]))
        assert after["train_labels"].tolist() == [3, 3, 3, 3, -7, -7, -7, -7]


def test_only_synthetic_in_an_archive(archive, tmp_path):
    images = read_images(archive(tmp_path / "in.npz"))
    write_images(tmp_path / "out.npz", images, images.X[:2], [1, 0], copies="none")
    with np.load(tmp_path / "out.npz") as after:
        np.testing.assert_array_equal(after["train_images"], images.X[:2])
        assert after["train_labels"].tolist() == [[1], [0]]
        assert after["train_is_synthetic"].tolist() == [1, 1]
        assert len(after["val_images"]) == 2
    assert (tmp_path / "out.manifest.csv").read_text().splitlines()[1:] == ["0,1,1", "1,0,1"]


def test_objects_are_passed_on_unread_but_never_read(archive, tmp_path, refused):
    names = np.array(["normal", None], dtype=object)
    source = archive(tmp_path / "in.npz", class_names=names)
    images = read_images(source)
    write_images(tmp_path / "out.npz", images, images.X[:1], [1])
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(tmp_path / "out.npz") as after:
        assert after.read("class_names.npy") == before.read("class_names.npy")
    refused(archive(source, train_labels=np.array([[0]] * 6, dtype=object)), "would run code")


def test_malformed_archives_are_refused(archive, tmp_path, noise, refused):
    path = tmp_path / "in.npz"
    refused(archive(path, train_labels=None), "must hold train_images and train_labels; it holds train_images, val_im")
    refused(archive(path, train_images=noise(6, 10)), r"\(n, h, w\) or \(n, h, w, c\), got \(6, 10\)")
    refused(archive(path, train_labels=np.zeros((5, 1), int)), r"train_labels must have shape \(6, 1\)")
    refused(archive(path, train_labels=np.zeros((6, 2), int)), r"one class for each image, got \(6, 2\)")
    refused(archive(path, train_labels=np.zeros(6)), "must be integers")
    refused(archive(path, train_is_synthetic=np.zeros(6)), "written by ganaug")
    refused(archive(path), r"resize \(--resize\) is for folders", resize=(8, 8))
    for data in (b"", b"text", archive(path).read_bytes()[:-100], b"\x80\x04N."):
        path.write_bytes(data)
        refused(path, "in.npz cannot be read")
    np.save(tmp_path / "plain.npy", GREY)
    (tmp_path / "plain.npy").rename(path)
    refused(path, "in.npz cannot be read")


def test_damage_in_what_is_passed_on_is_found_at_once(archive, tmp_path, refused):
    path = archive(tmp_path / "in.npz")
    with zipfile.ZipFile(path) as members:
        at = members.getinfo("test_images.npy").header_offset + 300
    data = bytearray(path.read_bytes())
    data[at] ^= 255
    path.write_bytes(data)
    refused(path, "in.npz cannot be read")


def test_where_archives_may_be_written(archive, tmp_path):
    source, out = archive(tmp_path / "in.npz"), tmp_path / "out.npz"
    images = read_images(source)
    for where, options, error, message in [
        (source, {"force": True}, ValueError, "another place"),
        (tmp_path / "out", {}, ValueError, "must be an .npz file"),
        (out, {"copies": "link"}, ValueError, "for folders"),
        (tmp_path / "no" / "out.npz", {}, NotADirectoryError, "the folder .* does not exist"),
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


def test_an_interrupted_archive_leaves_nothing(archive, tmp_path, monkeypatch):
    images = read_images(archive(tmp_path / "in.npz"))

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(image_set, "write_manifest", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_images(tmp_path / "out.npz", images, images.X, images.y)
    assert [path.name for path in tmp_path.iterdir()] == ["in.npz"]


def test_the_synthetic_ones_of_an_archive_come_back(tmp_path, noise, refused):
    X, y = noise(5, 8, 8), np.array([[0], [1], [0], [1], [1]])
    np.savez(tmp_path / "in.npz", train_images=X, train_labels=y)
    images = read_images(tmp_path / "in.npz")
    synthetic = noise(3, 8, 8)
    write_images(tmp_path / "out.npz", images, synthetic, [1, 0, 1])
    read = read_images(tmp_path / "out.npz", only_synthetic=True)
    np.testing.assert_array_equal(read.X, synthetic)
    assert read.y.tolist() == [1, 0, 1]
    assert read.files == [5, 6, 7]
    refused(tmp_path / "out.npz", "written by ganaug")
    assert len(read_images(tmp_path / "in.npz", only_synthetic=True).X) == 5


def test_an_archive_that_grows_enormously_is_refused(tmp_path, monkeypatch, refused):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, train_images=np.zeros((900, 40, 40), np.uint8), train_labels=np.zeros(900, int))
    assert len(read_images(path).X) == 900
    monkeypatch.setattr("ganaug.datasets.image_archive._MOST_BYTES", 1_000_000)
    refused(path, "bytes expand to 1,4.*, perhaps a decompression bomb")
