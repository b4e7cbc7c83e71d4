"""Random images of every kind: what goes in comes out unchanged, with legal synthetic images beside it.

The environment variable GANAUG_IMAGE_CASES sets the number of cases, and GANAUG_IMAGE_SEED the first one.
"""

import os
import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ganaug import GANOversampler, ImageGAN
from ganaug.datasets import read_images, write_images
from ganaug.datasets.image_decoding import with_more_channels

N_CASES = int(os.environ.get("GANAUG_IMAGE_CASES", "100"))
FIRST = int(os.environ.get("GANAUG_IMAGE_SEED", "0"))
DTYPES = ["u1", "u2", "i1", "i2", "i4", "i8", "f2", "f4", "f8", "?", ">u2", ">f4"]
# What each kind of pixels is written as, without loss.
FORMATS = {
    ("u1", 1): ["png", "tif", "bmp", "gif", "webp", "jp2", "PNG", "", "pgm", "tga"],
    ("u1", 2): ["png", "tif", "TIFF", ""],
    ("u1", 3): ["png", "tif", "bmp", "webp", "ppm", "jp2", "Bmp", "", "qoi", "tga"],
    ("u1", 4): ["png", "tif", "webp", "", "tga"],
    ("u2", 1): ["png", "tif", "", "jp2"],
}


def pixels(rng, n, shape, dtype):
    """Draw images of a random range, some of them constant."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.random((n, *shape)) < rng.choice([0, 0.5, 1])
    if dtype.kind == "f":
        X = rng.normal(rng.choice([0, 100]), rng.choice([0.1, 30]), (n, *shape))
        return (X if rng.random() < 0.5 else rng.random((n, *shape))).astype(dtype)
    limits = np.iinfo(dtype)
    low = max(limits.min, rng.choice([0, -1000, limits.min if dtype.itemsize < 4 else -(2**20)]))
    high = min(limits.max, low + rng.choice([0, 1, 255, 4095, 2**21]))
    return rng.integers(low, high, (n, *shape), endpoint=True).astype(dtype)


def sampler(rng, seed):
    model = ImageGAN(n_steps=1, width=2, latent_size=4, batch_size=4, device="cpu")
    strategy = rng.choice(["auto", "equal share", "all"])
    return GANOversampler(model=model, sampling_strategy=str(strategy), random_state=seed)


def check_synthetic(X, synthetic):
    assert synthetic.dtype == X.dtype
    assert synthetic.shape[1:] == X.shape[1:]
    if len(synthetic):
        assert synthetic.min() >= X.min()
        assert synthetic.max() <= X.max()


def balance(rng, seed, X, y):
    """Resample, and check counts and originals."""
    before, fitted = X.copy(), sampler(rng, seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Too few images", UserWarning)
        X_resampled, y_resampled = fitted.fit_resample(X, y)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(X_resampled[: len(X)], X)
    np.testing.assert_array_equal(y_resampled[: len(y)], y)
    assert X_resampled.dtype == X.dtype
    counts = np.unique(y_resampled, return_counts=True)[1]
    assert len(set(counts.tolist())) == 1
    assert fitted.is_synthetic_.sum() == sum(fitted.sampling_strategy_.values())
    assert not fitted.is_synthetic_[: len(X)].any()
    is_synthetic = fitted.is_synthetic_
    check_synthetic(X, X_resampled[is_synthetic])
    return X_resampled[is_synthetic], np.asarray(y_resampled)[is_synthetic]


def labels(rng, names):
    n = rng.integers(2, 9, len(names))
    return rng.permutation(np.repeat(names, n))


def array_case(rng, seed):
    shape = tuple(rng.integers(8, 20, 2).tolist())
    shape += (int(rng.integers(1, 5)),) if rng.random() < 0.6 else ()
    y = labels(rng, ["a", "b"] if rng.random() < 0.5 else np.arange(rng.integers(2, 5)))
    balance(rng, seed, pixels(rng, len(y), shape, rng.choice(DTYPES)), y)


def folder_case(rng, seed, home):
    kinds = list(FORMATS)
    kind, n_channels = kinds[rng.integers(len(kinds))]
    shape = (*rng.integers(8, 20, 2).tolist(), *([n_channels] if n_channels > 1 else []))
    y = labels(rng, ["sick", "well", "ä b"][: rng.integers(2, 4)])
    X = pixels(rng, len(y), shape, kind)
    for i, (image, label) in enumerate(zip(X, y, strict=True)):
        extension = str(rng.choice(FORMATS[kind, n_channels]))
        file = home / "in" / label / (f"{i:02d}.{extension}" if extension else f"IM {i:02d}")
        file.parent.mkdir(parents=True, exist_ok=True)
        options = {"lossless": True, "exact": True} if extension == "webp" else {}
        Image.fromarray(image).save(file, None if extension else "PNG", **options)
    images = read_images(home / "in")
    numbers = [int(file.split("/")[1].removeprefix("IM ")[:2]) for file in images.files]
    # formats without grey, such as WebP, give colour, and all images get what holds them
    expected, found = (of[..., None] if of.ndim == 3 else of for of in (X[numbers], images.X))
    np.testing.assert_array_equal(found, with_more_channels(expected, found.shape[3]))
    originals = {file: (home / "in" / file).read_bytes() for file in images.files}
    synthetic, y_synthetic = balance(rng, seed, images.X, images.y)
    resize = None
    if rng.random() < 0.3:
        resize = tuple(rng.integers(8, 20, 2).tolist())
        images = read_images(home / "in", resize=resize)
        synthetic, y_synthetic = balance(rng, seed, images.X, images.y)
    write_images(home / "out", images, synthetic, y_synthetic)
    assert {file: (home / "in" / file).read_bytes() for file in images.files} == originals
    manifest = pd.read_csv(home / "out" / "manifest.csv", dtype={"class": str})
    assert len(manifest) == len(X) + len(synthetic)
    on_disk = {path.relative_to(home / "out").as_posix() for path in (home / "out").rglob("*") if path.is_file()}
    assert on_disk == {*manifest["file"], "manifest.csv"}
    if resize is None:
        assert all((home / "out" / file).read_bytes() == data for file, data in originals.items())
    if len(synthetic):
        again = read_images(home / "out", only_synthetic=True)
        np.testing.assert_array_equal(again.X, synthetic[np.argsort(y_synthetic, kind="stable")])
    (home / "out" / "manifest.csv").unlink()
    everything = read_images(home / "out")
    assert len(everything.X) == len(X) + len(synthetic)
    assert everything.X.shape[1:] == images.X.shape[1:]


def archive_case(rng, seed, home):
    shape = (*rng.integers(8, 20, 2).tolist(), *([int(rng.integers(1, 5))] if rng.random() < 0.5 else []))
    y = labels(rng, np.arange(rng.integers(2, 5)))
    X = pixels(rng, len(y), shape, rng.choice(DTYPES))
    stored = y.astype(rng.choice(["u1", "i8"])).reshape((-1, 1) if rng.random() < 0.5 else -1)
    names = {"class_names": np.array([f"class {i}" for i in range(y.max() + 1)])} if rng.random() < 0.5 else {}
    save = np.savez if rng.random() < 0.5 else np.savez_compressed
    save(home / "in.npz", train_images=X, train_labels=stored, test_images=X[:1], **names)
    images = read_images(home / "in.npz")
    np.testing.assert_array_equal(images.X, X)
    synthetic, y_synthetic = balance(rng, seed, images.X, images.named_y)
    write_images(home / "out.npz", images, synthetic, y_synthetic)
    with np.load(home / "out.npz") as after:
        assert after["train_images"].dtype == X.dtype
        np.testing.assert_array_equal(after["train_images"][: len(X)], X)
        np.testing.assert_array_equal(after["train_labels"][: len(X)], stored)
        assert after["train_labels"].dtype == stored.dtype
        assert after["train_is_synthetic"].sum() == len(synthetic)
        np.testing.assert_array_equal(after["test_images"], X[:1])
        for name, value in names.items():
            assert after[name].tolist() == value.tolist()
    if len(synthetic):
        again = read_images(home / "out.npz", only_synthetic=True)
        np.testing.assert_array_equal(again.X, synthetic)
        assert again.named_y.tolist() == y_synthetic.tolist()


@pytest.mark.parametrize("seed", range(FIRST, FIRST + N_CASES))
def test_random_images(tmp_path, seed):
    rng = np.random.default_rng(seed)
    kind = rng.choice(["array", "folder", "archive"], p=[0.4, 0.4, 0.2])
    if kind == "array":
        array_case(rng, seed)
    elif kind == "folder":
        folder_case(rng, seed, tmp_path)
    else:
        archive_case(rng, seed, tmp_path)
