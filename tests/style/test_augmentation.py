"""Rare classes in the style of other images: the source is known, and it is another image."""

import numpy as np
import pytest

from ganaug.style import style_augmented, stylize

rng = np.random.default_rng(0)
X = rng.integers(0, 256, (30, 16, 18, 3), dtype=np.uint8)
y = np.array(["well"] * 20 + ["sick"] * 6 + ["odd"] * 4)
groups = np.arange(30) % 3


@pytest.mark.parametrize("styles", ["same class", "all"])
@pytest.mark.parametrize("of", [None, groups], ids=["no groups", "groups"])
def test_content_and_style_are_recorded_and_differ(styles, of):
    more = style_augmented(X, y, n_each=2, styles=styles, groups=of, random_state=0)
    assert more.content.tolist() == np.repeat(np.arange(20, 30), 2).tolist()
    np.testing.assert_array_equal(more.y, y[more.content])
    assert (more.content != more.style).all()
    if of is not None:
        assert (of[more.content] != of[more.style]).all()
    assert (y[more.style] == more.y).all() == (styles == "same class")
    np.testing.assert_array_equal(more.X, stylize(X[more.content], X, pairs=more.style, method="color"))


def test_an_image_takes_different_styles_as_long_as_there_are_some():
    more = style_augmented(X, y, n_each=3, classes=["odd"], random_state=0)
    for row in range(26, 30):
        assert len(set(more.style[more.content == row].tolist())) == 3
    assert len(style_augmented(X, y, n_each=8, classes=["odd"], random_state=0).X) == 32


def test_the_same_seed_gives_the_same_images():
    one, same, other = (style_augmented(X, y, random_state=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.X, same.X)
    assert (one.style != other.style).any()


def test_balanced_classes_have_no_rare_one():
    assert len(style_augmented(X[:8], ["a", "b"] * 4).X) == 0


def test_integers_and_lists_of_labels():
    more = style_augmented(X, (y == "odd").astype(int).tolist(), random_state=0)
    assert set(more.y.tolist()) == {1}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"y": y[:3]}, "3 labels"),
        ({"n_each": 0}, "n_each=0"),
        ({"styles": "any"}, "styles='any'"),
        ({"classes": ["none"]}, "'none'"),
        ({"groups": groups[:3]}, "groups"),
        ({"groups": np.zeros(30)}, "image 20 of class 'sick' .* all images of its class are of its group; try styles"),
        (
            {"y": ["a"] * 29 + ["b"]},
            "image 29 of class 'b' has no style to take: it is the only image of its class; try styles='all'",
        ),
        ({"method": "vgg"}, "method='vgg'"),
    ],
)
def test_errors_name_the_parameter(params, message):
    with pytest.raises(ValueError, match=message):
        style_augmented(**{"X": X, "y": y} | params)
