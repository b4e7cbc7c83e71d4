"""Laws of arrays in a temporary file: they hold what is written, leave nothing behind, and change no result."""

import gc
import os

import numpy as np
import pytest
import torch

from ganaug import BalancedImages, GANOversampler, ImageGAN
from ganaug.common import large_arrays
from ganaug.common.large_arrays import blocks, is_on_disk, memory, new_array, release
from ganaug.common.rows import stack_rows, take_rows
from ganaug.encoders import ImageEncoder
from ganaug.metrics import nearest_pixels


@pytest.fixture
def all_on_disk(monkeypatch):
    """Keep every array in a file, and read three rows at a time."""
    monkeypatch.setattr(large_arrays, "_SHARE", 0)
    monkeypatch.setattr(large_arrays, "_BLOCK", 3 * 16 * 16)


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (150, 16, 16, 3), dtype=np.uint8)


def test_what_is_written_is_read_and_nothing_is_left(images, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(large_arrays.tempfile, "tempdir", None)
    array = new_array(images.shape, images.dtype, on_disk=True)
    array[:] = images
    release()
    assert (array == images).all()
    assert is_on_disk(array[3:, ::2])
    assert is_on_disk(torch.from_numpy(array))
    assert not is_on_disk(images)
    assert not is_on_disk(new_array(images.shape, images.dtype))
    assert not list(tmp_path.iterdir())  # the file has no name
    n_files = len(large_arrays._mapped)
    del array
    gc.collect()
    assert len(large_arrays._mapped) == n_files - 1


def test_a_full_disk_is_an_error_that_names_the_way_out(monkeypatch):
    monkeypatch.setattr(large_arrays.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10})())
    with pytest.raises(OSError, match="TMPDIR"):
        new_array((100, 100), np.uint8, on_disk=True)


def test_a_limit_of_the_process_counts_as_its_memory():
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_DATA)
    try:
        resource.setrlimit(resource.RLIMIT_DATA, (2**40, before[1]))
        assert memory() <= 2**40
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)
    assert memory() <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_private_changes_of_a_memory_map_are_kept(images, tmp_path, mode):
    np.save(tmp_path / "X.npy", images)
    X = np.load(tmp_path / "X.npy", mmap_mode=mode)
    if mode == "c":
        X[0] = 7
    assert is_on_disk(X[1:]) == is_on_disk(np.asarray(X)) == (mode != "c")
    for _ in blocks(X):
        release()
    assert (X[1:] == images[1:]).all()
    assert (X[0] == (7 if mode == "c" else images[0])).all()


def kinds(images):
    grey = images[..., 0]
    return {
        "uint8": images,
        "grey": grey,
        "bool": grey > 128,
        "int16": grey.astype(np.int16) * 9 - 700,
        "uint16": grey.astype(np.uint16) * 200,
        "int64": grey.astype(np.int64) * 1000,
        "big-endian": grey.astype(">u2"),
        "float": images / 7,
        "opaque": np.concatenate([images, np.full((*images.shape[:3], 1), 255, np.uint8)], axis=3),
    }


@pytest.mark.parametrize("kind", ["uint8", "grey", "bool", "int16", "uint16", "int64", "big-endian", "float", "opaque"])
def test_an_encoder_gives_the_same_tensors(images, all_on_disk, monkeypatch, kind):
    X = kinds(images)[kind]
    stored = new_array(X.shape, X.dtype, on_disk=True)
    stored[:] = X
    encoder, expected = ImageEncoder(), ImageEncoder()
    kept = encoder.fit_encode(stored)
    assert is_on_disk(kept)
    monkeypatch.undo()
    assert torch.equal(kept, expected.fit_encode(X))
    assert encoder.state()[0] == expected.state()[0]
    assert torch.equal(encoder.encode(stored), expected.encode(X))


def test_a_memory_map_is_not_copied(images, tmp_path):
    np.save(tmp_path / "X.npy", images)
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert ImageEncoder().fit_encode(X).data_ptr() == X.ctypes.data


@pytest.mark.parametrize("masks", [None, [2]])
def test_a_sampler_gives_the_same_images_from_a_memory_map(images, tmp_path, masks):
    if masks:
        images[..., 2] = np.where(images[..., 2] > 128, 255, 0)
    np.save(tmp_path / "X.npy", images)
    y = np.repeat(["well", "sick"], [110, 40])
    found = []
    for X in (images, np.load(tmp_path / "X.npy", mmap_mode="r")):
        model = ImageGAN(n_steps=2, width=2, latent_size=4, batch_size=8, mask_channels=masks, device="cpu")
        sampler = GANOversampler(model=model, sampling_strategy="equal share", random_state=0)
        X_resampled, _ = sampler.fit_resample(X, y)
        found.append((X_resampled, sampler.history_.drop(columns=["seconds", "step_time"])))
    assert (found[0][0] == found[1][0]).all()
    assert found[0][1].equals(found[1][1])
    assert is_on_disk(found[1][0])
    assert not is_on_disk(found[0][0])


def test_a_training_goes_on_from_memory_to_disk(images, tmp_path):
    np.save(tmp_path / "X.npy", images)
    y = np.repeat(["well", "sick"], [110, 40])
    model = ImageGAN(n_steps=2, width=2, latent_size=4, batch_size=8, random_state=0, checkpoint=tmp_path / "run")
    model.fit_checked(model.check_data(images), y)
    on_disk = np.load(tmp_path / "X.npy", mmap_mode="r")
    model.fit(on_disk, y)  # refuses the checkpoint of other data
    assert not (tmp_path / "run").exists()


def test_rows_are_taken_and_stacked_alike(images, all_on_disk):
    stored = new_array(images.shape, images.dtype, on_disk=True)
    stored[:] = images
    some = np.array([5, 149, 5, 0])
    assert (take_rows(stored, some) == images[some]).all()
    assert take_rows(stored, some[:0]).shape == (0, 16, 16, 3)
    both = stack_rows([stored, stored[:2]], 152)
    assert is_on_disk(both)
    assert (both == np.concatenate([images, images[:2]])).all()


def test_nearest_images_are_the_same(images, all_on_disk, monkeypatch):
    stored = new_array(images.shape, images.dtype, on_disk=True)
    stored[:] = images
    fakes = np.concatenate([images[7:9, :, ::-1], np.roll(images[:3], 1, axis=1)])
    found = nearest_pixels(fakes, stored)
    monkeypatch.undo()
    assert found[1][:2].tolist() == [0, 0]
    for one, other in zip(found, nearest_pixels(fakes, images), strict=True):
        assert one.tolist() == other.tolist()


def test_a_data_set_draws_the_same_images(images, all_on_disk):
    stored = new_array(images.shape, images.dtype, on_disk=True)
    stored[:] = images
    y = np.repeat([0, 1], [110, 40])
    one, other = (next(BalancedImages(X, y, random_state=0).batches(9)) for X in (images, stored))
    assert (one[0] == other[0]).all()
