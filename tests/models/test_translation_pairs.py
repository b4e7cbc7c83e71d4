"""pix2pix: what belongs to a source is learned from pairs, both ways, and held-out pairs are measured."""

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.base import clone

from ganaug import GANOversampler, TranslationGAN
from ganaug.models.data import EncodedData

TINY = TranslationGAN(method="pix2pix", n_steps=2, width=4, n_blocks=2, batch_size=4, random_state=0, device="cpu")


def discs(n, seed):
    """Bright discs of many sizes at many places."""
    rng, (row, column) = np.random.default_rng(seed), np.mgrid[:16, :16]
    images = []
    for _ in range(n):
        (y, x), radius = rng.uniform(3, 13, 2), rng.uniform(2, 5)
        images.append(
            np.where((row - y) ** 2 + (column - x) ** 2 < radius**2, rng.uniform(120, 250), rng.uniform(0, 60))
        )
    return np.stack(images).astype(np.uint8)


def edges(X):
    X = X.astype(float)
    steps = np.abs(np.diff(X, axis=1, append=X[:, -1:])) + np.abs(np.diff(X, axis=2, append=X[:, :, -1:]))
    return np.clip(steps, 0, 255).astype(np.uint8)


def error(made, wanted):
    return np.abs(made.astype(float) - wanted).mean() / 255


LEARNING = {"n_steps": 50, "width": 8, "batch_size": 8, "learning_rate": 2e-3}


@pytest.mark.filterwarnings("ignore:The images are probably")
@pytest.mark.parametrize("law", [lambda X: 255 - X, edges], ids=["inverse", "edges"])
def test_a_law_is_learned_from_pairs_both_ways(law):
    X, other = discs(60, 0), discs(40, 1)
    model = clone(TINY).set_params(**LEARNING).fit_pairs(X, law(X))
    assert error(model.translate(other), law(other)) < 0.4 * error(other, law(other))
    assert error(model.translate(law(other), "source"), other) < 0.8 * error(law(other), other)
    history = model.history_
    assert history["difference"].iloc[-1] < 0.5 * history["difference_source"].iloc[-1]
    assert "recognised" not in history


@pytest.mark.filterwarnings("ignore:The images are probably")
def test_pairs_teach_more_than_two_classes_of_the_same_images():
    X, other = discs(60, 0), discs(40, 1)
    paired = clone(TINY).set_params(**LEARNING).fit_pairs(X, edges(X))
    unpaired = clone(TINY).set_params(method="cut", **LEARNING)
    unpaired.fit(np.concatenate([X, edges(X)]), np.repeat(["source", "target"], 60))
    assert error(paired.translate(other), edges(other)) < 0.8 * error(unpaired.translate(other), edges(other))


@pytest.mark.parametrize(
    ("shape", "dtype"), [((13, 21), "uint16"), ((12, 12, 1), "int16"), ((9, 16, 3), "float32"), ((8, 8, 4), "uint8")]
)
def test_images_keep_shape_dtype_and_range(bar_images, shape, dtype):
    X = bar_images(np.arange(12) % 2 == 0, shape, dtype)
    model = clone(TINY).fit_pairs(X, X[::-1])
    made = model.translate(X[:3])
    assert (made.shape, made.dtype) == ((3, *shape), X.dtype)
    assert made.min() >= X.min()
    assert made.max() <= X.max()
    assert model.sample(["target", "source"]).shape == (2, *shape)


def test_classes_have_the_names_that_are_given():
    X = discs(10, 0)
    model = clone(TINY).set_params(source="photograph", target="outline").fit_pairs(X, edges(X))
    assert model.classes_.tolist() == ["outline", "photograph"]
    assert model.source_ == "photograph"
    assert_array_equal(model.translate(X), model.translate(X, "outline"))


def test_rows_of_a_table_are_images_too():
    X = discs(10, 0)
    frames = [pd.DataFrame(of.reshape(10, -1)) for of in (X, edges(X))]
    made = clone(TINY).set_params(image_shape=(16, 16)).fit_pairs(*frames).translate(frames[0])
    assert_array_equal(np.asarray(made).reshape(X.shape), clone(TINY).fit_pairs(X, edges(X)).translate(X))


def test_a_stored_model_translates_the_same(tmp_path):
    X = discs(10, 0)
    model = clone(TINY).fit_pairs(X, edges(X))
    model.save(tmp_path / "m")
    assert_array_equal(TranslationGAN.load(tmp_path / "m").translate(X), model.translate(X))


def test_pairs_are_held_out_together():
    n = 120
    rows, y = torch.arange(2.0 * n)[:, None], torch.arange(2).repeat_interleave(n)
    data = EncodedData(rows, y, partners=torch.cat([torch.arange(n, 2 * n), torch.arange(n)]))
    training, validation = TINY._train_validation_split(data, torch.Generator().manual_seed(0))
    assert (len(training.y), len(validation.y)) == (216, 24)
    for part in (training, validation):
        assert set(part.partners.tolist()) == set(part.rows[:, 0].long().tolist())
        assert_array_equal((part.rows[:, 0].long() - part.partners).abs(), np.full(len(part.y), n))
    few = data.part(torch.tensor([0, 1, n, n + 1]))._replace(partners=torch.tensor([2, 3, 0, 1]))
    assert all(len(part.y) == 4 for part in TINY._train_validation_split(few, torch.Generator()))


@pytest.mark.parametrize(
    ("params", "one", "other", "message"),
    [
        ({"method": "cut"}, (6, 16, 16), (6, 16, 16), "needs method='pix2pix', but method='cut'"),
        ({}, (6, 16, 16), (5, 16, 16), "leave out images without a partner"),
        ({}, (6, 16, 16), (6, 16, 16, 3), "np.repeat"),
        ({"target": ["a", "b"]}, (6, 16, 16), (6, 16, 16), "must be one label"),
        ({"target": "source"}, (6, 16, 16), (6, 16, 16), "other than the source"),
        ({"augment": ["brightness"]}, (6, 16, 16), (6, 16, 16), "would change both images of a pair"),
    ],
)
def test_errors_name_the_parameter(params, one, other, message):
    model = clone(TINY).set_params(**params)
    with pytest.raises(ValueError, match=message):
        model.fit_pairs(*(np.arange(np.prod(shape)).reshape(shape).astype(np.uint8) for shape in (one, other)))
    assert not hasattr(model, "generator_")


def test_pairs_are_needed_and_single_images_not_scored():
    X, y = discs(20, 0), np.repeat([0, 1], [14, 6])
    for fit in (clone(TINY).fit, GANOversampler(model=TINY).fit_resample):
        with pytest.raises(ValueError, match="learns from pairs of images: call fit_pairs"):
            fit(X, y)
    with pytest.raises(ValueError, match="judges an image together with its source"):
        clone(TINY).fit_pairs(X, X).score_samples(X, ["source"] * 20)


def test_several_classes_need_a_label(bar_images):
    y = np.array(["a", "b", "c"] * 8)
    model = clone(TINY).set_params(method="cut").fit(bar_images(y == "b"), y)
    with pytest.raises(ValueError, match=r"translate needs a label, as there are several: \['b', 'c'\]"):
        model.translate(bar_images(y == "b"))
