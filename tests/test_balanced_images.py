"""Images for the training of a network: drawn by weight, augmented, and the same for any number of workers."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from ganaug import BalancedImages, GANOversampler, ImageGAN
from ganaug.datasets import read_images, write_images


def data(shape=(8, 8), dtype=np.uint8):
    """50 real images of one class and 10 of the other, then 15 synthetic images of each."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 255, (90, *shape)).astype(dtype)
    X[..., 0, 0] = np.arange(90).reshape(-1, *[1] * (X[..., 0, 0].ndim - 1))  # tells which image it is
    return X, np.repeat(["well", "sick", "sick", "well"], [50, 10, 15, 15]), np.repeat([False, True], [60, 30])


def which(images):
    """Return the numbers of images that are not augmented."""
    return torch.round(images[:, 0, 0, 0] * 255).long().numpy()


def passed(dataset, **params):
    images, labels = zip(*DataLoader(dataset, **params), strict=True)
    return torch.cat(images), torch.cat(labels)


def test_classes_and_shares_are_exact_in_every_epoch_and_no_image_is_preferred():
    X, y, is_synthetic = data()
    X[:, 0, 0] = np.arange(90)
    dataset = BalancedImages(X, y, is_synthetic=is_synthetic, share=0.25, augment="off", n_draws=400, random_state=0)
    assert dataset.classes == ["sick", "well"]
    epochs = [passed(dataset, batch_size=32) for _ in range(2)]
    for images, labels in epochs:
        drawn = which(images)
        assert np.array_equal(np.array(dataset.classes)[labels], y[drawn])
        for name in ("sick", "well"):
            assert (y[drawn] == name).sum() == 200
            assert is_synthetic[drawn[y[drawn] == name]].sum() == 50
            for kind in (False, True):
                times = np.bincount(drawn, minlength=90)[(y == name) & (is_synthetic == kind)]
                assert np.ptp(times) <= 1
    assert not torch.equal(epochs[0][0], epochs[1][0])  # another order


def test_images_are_drawn_equally_often_and_weights_of_classes_make_up_for_it():
    X, y, is_synthetic = data()
    X[:, 0, 0] = np.arange(90)
    given = {"is_synthetic": is_synthetic, "share": 0.2, "augment": "off", "n_draws": 600, "random_state": 0}
    dataset = BalancedImages(X, y, draw="images", **given)
    drawn = which(passed(dataset, batch_size=100)[0])
    for name, n_real in (("sick", 10), ("well", 50)):
        of_class = drawn[y[drawn] == name]
        assert len(of_class) == 600 * n_real / 60
        assert is_synthetic[of_class].sum() == 0.2 * len(of_class)
    sick, well = dataset.class_weights.tolist()
    assert sick == pytest.approx(5 * well)
    assert sick + well == pytest.approx(2)
    assert BalancedImages(X, y, **given).class_weights.tolist() == [1, 1]
    # a class that is never drawn has no weight
    assert BalancedImages(X, y, weights=(y == "well").astype(float)).class_weights.tolist() == [0, 1]


def test_what_it_shows_names_the_classes_and_their_images():
    X, y, is_synthetic = data()
    shown = repr(BalancedImages(X, y, is_synthetic=is_synthetic, n_draws=7))
    assert shown == "BalancedImages(90 images, {'sick': 25, 'well': 65}, 7 draws, augment='mild')"


@pytest.mark.parametrize("workers", [{"num_workers": 2}, {"num_workers": 2, "persistent_workers": True}])
def test_the_seed_alone_determines_the_images(workers):
    X, y, is_synthetic = data((9, 8, 3))

    def make(seed):
        return BalancedImages(X, y, is_synthetic=is_synthetic, augment="strong", n_draws=48, random_state=seed)

    one, many, other = make(0), make(0), make(1)
    loader = DataLoader(many, batch_size=8, **workers)
    for _ in range(2):
        images, labels = passed(one, batch_size=16)
        again = [torch.cat(parts) for parts in zip(*loader, strict=True)]
        torch.testing.assert_close(again[0], images, atol=1e-6, rtol=0)
        assert torch.equal(again[1], labels)
    assert not torch.equal(passed(other, batch_size=16)[0], images)


def test_the_global_generators_are_left_alone():
    X, y, _ = data()
    states = torch.get_rng_state(), np.random.get_state()[1].copy()
    list(BalancedImages(X, y, random_state=0).batches(16))
    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.array_equal(np.random.get_state()[1], states[1])


def test_shares_come_from_the_sampler_in_three_lines():
    X, y, _ = data()
    sampler = GANOversampler(
        sampling_strategy="equal share",
        synthetic_share=0.2,
        repeat_real=False,
        model=ImageGAN(n_steps=1, width=4, latent_size=4, batch_size=8),
        random_state=0,
    )
    X_res, y_res = sampler.fit_resample(X[:60], pd.Series(y[:60]))
    by_weights = BalancedImages(X_res, y_res, weights=sampler.sample_weight_, augment="off", random_state=0)
    by_marks = BalancedImages(X_res, y_res, is_synthetic=sampler.is_synthetic_, augment="off", random_state=0)
    np.testing.assert_allclose(by_weights.weights, by_marks.weights, rtol=0.05)  # 12 of 62 is not quite a fifth
    assert by_weights.classes == ["sick", "well"]
    (images, labels), *_ = by_weights.batches(len(by_weights))
    assert images.shape == (len(X_res), 8, 8, 1)
    assert abs((labels == 0).sum() - (labels == 1).sum()) <= 1


def write_result(folder):
    X, y, is_synthetic = data()
    for i, (image, name) in enumerate(zip(X[:60], y[:60], strict=True)):
        (folder / "in" / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / "in" / name / f"{i:03}.png")
    images = read_images(folder / "in")
    write_images(folder / "out", images, X[60:], y[60:])
    return X, y, is_synthetic


def test_a_folder_of_ganaug_knows_what_is_synthetic(tmp_path):
    _, y, _ = write_result(tmp_path)
    dataset = BalancedImages.from_folder(tmp_path / "out", augment="off", n_draws=260, random_state=0)
    assert dataset.class_to_idx == {"sick": 0, "well": 1}
    images, labels = passed(dataset, batch_size=64)
    drawn = which(images)
    assert np.array_equal(y[drawn] == "well", labels == 1)
    # the equal share is that of the largest class, 15 / 65, in the other one, too
    assert [int((drawn[labels == label] >= 60).sum()) for label in (0, 1)] == [30, 30]
    only_real = BalancedImages.from_folder(tmp_path / "out", share=0, augment="off", random_state=0)
    assert which(passed(only_real, batch_size=64)[0]).max() < 60
    originals = BalancedImages.from_folder(tmp_path / "in", augment="off", random_state=0)
    assert len(originals) == 60


def test_an_archive_of_ganaug_knows_it_too(tmp_path):
    X, y, _ = data()
    np.savez(tmp_path / "in.npz", train_images=X[:60], train_labels=(y[:60] == "sick").astype(np.uint8))
    images = read_images(tmp_path / "in.npz")
    write_images(tmp_path / "out.npz", images, X[60:], (y[60:] == "sick").astype(np.uint8))
    read = read_images(tmp_path / "out.npz", with_synthetic=True)
    assert read.is_synthetic.sum() == 30
    assert len(read.X) == 90
    assert BalancedImages.from_folder(tmp_path / "out.npz").classes == [0, 1]


def test_a_file_that_the_manifest_does_not_name_is_refused(tmp_path):
    X, *_ = write_result(tmp_path)
    Image.fromarray(X[0]).save(tmp_path / "out" / "sick" / "new.png")
    with pytest.raises(ValueError, match=r"sick/new.png is not in manifest.csv, .*; add a line 'sick/new.png,CLASS,0'"):
        BalancedImages.from_folder(tmp_path / "out")


def test_if_a_class_has_no_synthetic_images_each_keeps_its_share():
    X, y, is_synthetic = data()
    kept = np.r_[:75]  # only "sick" is filled up
    dataset = BalancedImages(X[kept], y[kept], is_synthetic=is_synthetic[kept], n_draws=100, augment="off")
    (images, labels), *_ = dataset.batches(100, channels_last=False)
    drawn = which(torch.from_numpy(images))
    assert [int((drawn[labels == label] >= 60).sum()) for label in (0, 1)] == [30, 0]


def test_items_are_those_of_imagefolder_or_of_monai():
    X, y, _ = data((8, 8, 3))
    image, label = BalancedImages(X, y, transform=lambda image: image * 0, random_state=0)[0]
    assert image.shape == (3, 8, 8)
    assert image.max() == 0
    assert isinstance(label, int)
    item = BalancedImages(X, y, keys=("image", "label"), transform=lambda item: {**item, "n": 1})[0]
    assert sorted(item) == ["image", "label", "n"]
    with pytest.raises(IndexError):
        BalancedImages(X, y)[90]


@pytest.mark.parametrize(
    ("X", "low", "high"),
    [
        (np.full((2, 8, 8), 51, np.uint8), 0.2, 0.2),
        (np.linspace(-1000, 3000, 128).reshape(2, 8, 8).astype(np.int16), 0, 1),
        (np.linspace(0, 60000, 128).reshape(2, 8, 8).astype(np.uint16), 0, 1),
        (np.linspace(0, 16, 128).reshape(2, 8, 8), 0, 1),
        (np.zeros((2, 8, 8), bool), 0, 0),
    ],
)
def test_images_are_from_0_to_1_whatever_their_dtype(X, low, high):
    (images, _), *_ = BalancedImages(X, ["a", "b"], augment="off", n_draws=2).batches()
    assert images.dtype == np.float32
    assert images.min() == pytest.approx(low, abs=1e-6)
    assert images.max() == pytest.approx(high, abs=1e-6)


def test_it_can_be_pickled():
    X, y, _ = data()
    dataset = BalancedImages(X, y, random_state=0)
    again = pickle.loads(pickle.dumps(dataset))
    assert torch.equal(again[3][0], dataset[3][0])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"augment": "wild"}, "augment='wild' is not a policy"),
        ({"also": ["cutout"]}, "also has an unknown operation 'cutout'"),
        ({"share": 1}, 'share=1 must be "auto" or a number from 0 to below 1'),
        ({"share": 0.2}, "share=0.2 needs synthetic images in each class, but class 'sick' has none"),
        ({"weights": np.ones(90), "share": 0.2}, "share=0.2 and weights exclude each other"),
        ({"draw": "weights"}, "draw='weights' must be 'classes' or 'images'"),
        (
            {"weights": np.ones(90), "draw": "images"},
            "draw='images' must be 'classes' or 'images', and 'classes' with weights",
        ),
        ({"weights": np.zeros(90)}, "weights must be finite numbers of at least 0, and not all 0"),
        ({"weights": np.ones(3)}, "inconsistent numbers of samples"),
        ({"n_draws": 0}, "n_draws=0 must be a whole number of at least 1"),
        ({"n_draws": 10.5}, "n_draws=10.5 must be a whole number"),
        ({"is_synthetic": [True]}, "X has 90, but is_synthetic has 1"),
        ({"keys": ("image",)}, r"keys=\('image',\) must be two names"),
        ({"keys": "il"}, "keys='il' must be two names"),
        ({"value_range": (1, 0)}, "value_range must be"),
    ],
)
def test_parameters_are_checked(params, message):
    X, y, _ = data()
    with pytest.raises(ValueError, match=message):
        BalancedImages(X, y, **params)


def test_shapes_are_checked():
    with pytest.raises(ValueError, match=r"X must have shape \(n, height, width\[, channels\]\) with n above 0"):
        BalancedImages(np.zeros((3, 4)), [0, 1, 1])
    with pytest.raises(ValueError, match=r"with 9 channels in the last dimension.*X.transpose\(0, 2, 3, 1\)"):
        BalancedImages(np.zeros((3, 2, 8, 9)), [0, 1, 1])
    with pytest.raises(ValueError, match=r"images of 2 shapes, such as \(8, 8\) and \(8, 9\)"):
        BalancedImages([np.zeros((8, 8)), np.zeros((8, 9))], [0, 1])
    with pytest.raises(ValueError, match="got dtype <U3"):
        BalancedImages(np.full((3, 8, 8), "0.5"), [0, 1, 1])
    with pytest.raises(ValueError, match="batch_size=0 must be at least 1"):
        next(BalancedImages(np.zeros((2, 4, 4)), [0, 1]).batches(0))
    with pytest.raises(ValueError, match="NaN or infinite"):
        BalancedImages(np.full((2, 4, 4), np.nan), [0, 1])
