"""TranslationGAN: every kind of image keeps its shape, dtype and range; each translation knows its source."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from ganaug import GANOversampler, ImageGAN, TranslationGAN
from ganaug.training import CompactRows

TINY = TranslationGAN(n_steps=2, width=4, n_blocks=2, batch_size=4, random_state=0, device="cpu")


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((16, 16), "uint8"), ((13, 21), "uint16"), ((12, 12, 1), "int16"), ((9, 16, 3), "float32"), ((8, 8, 4), "uint8")],
)
@pytest.mark.parametrize("method", ["cut", "cyclegan"])
def test_images_keep_shape_dtype_and_range(bar_images, shape, dtype, method):
    y = np.repeat(["many", "few"], [20, 8])
    X = bar_images(y == "few", shape, dtype)
    sampler = GANOversampler(model=clone(TINY).set_params(method=method))
    X_res, y_res = sampler.fit_resample(X, y)
    assert X_res.shape == (40, *shape)
    assert X_res.dtype == X.dtype
    assert_array_equal(X_res[:28], X)
    assert X_res.min() >= X.min()
    assert X_res.max() <= X.max()
    assert (y_res[sampler.is_synthetic_] == "few").all()
    translated = sampler.model_.translate(X[:3], "few")
    assert (translated.shape, translated.dtype) == ((3, *shape), X.dtype)


def test_the_minority_is_filled_from_different_images_of_the_majority(bars):
    X, y = bars
    sampler = GANOversampler(model="translation").set_params(model=TINY)
    X_res, _ = sampler.fit_resample(X, y)
    provenance = sampler.provenance_
    assert list(provenance) == ["source", "source_class"]
    assert list(provenance.index) == list(np.flatnonzero(sampler.is_synthetic_))
    assert (y[provenance["source"]] == 0).all()
    assert (provenance["source_class"] == 0).all()
    assert provenance["source"].is_unique
    # the source is that of this image, and of no other one; only the noise differs
    made, again = X_res[sampler.is_synthetic_], sampler.model_.translate(X[provenance["source"]], 1).astype(float)
    assert np.abs(made - again).mean() < np.abs(made - np.roll(again, 1, 0)).mean()


def test_sources_are_used_equally_often_where_they_are_few(bars):
    sampler = GANOversampler(model=TINY, sampling_strategy={0: 90, 1: 12})
    sampler.fit_resample(*bars)
    assert set(sampler.provenance_["source"].value_counts()) == {2, 3}


def test_the_equal_share_needs_images_of_all_classes(bars):
    X, y = bars
    sampler = GANOversampler(model=TINY, sampling_strategy="equal share", repeat_real=False)
    _, y_res = sampler.fit_resample(X, y)
    sources = y[sampler.provenance_["source"]]
    assert (sources != y_res[sampler.is_synthetic_]).all()
    assert set(sources) == {0, 1}


def test_a_selection_keeps_the_sources(bars):
    X, y = bars
    sampler = GANOversampler(model=TINY, selection="neighbors", sampling_strategy={0: 60, 1: 22})
    X_res, _ = sampler.fit_resample(X, y)
    sources = sampler.provenance_["source"]
    assert len(sources) == 10
    made, again = X_res[sampler.is_synthetic_], sampler.model_.translate(X[sources], 1).astype(float)
    # the noise differs, the images hardly
    assert np.abs(made - again).mean() < np.abs(made - again[::-1]).mean()


def test_targets_leave_the_other_classes_out(bar_images):
    y = np.array(["a", "b", "c"] * 10)
    X = bar_images(y == "b")
    sampler = GANOversampler(model=clone(TINY).set_params(source="c", target="a"), sampling_strategy={"a": 14})
    sampler.fit_resample(X, y)
    assert sampler.classes_.tolist() == ["a", "c"]
    assert (y[sampler.provenance_["source"]] == "c").all()
    with pytest.raises(ValueError, match="labels not seen"):
        sampler.sample(2, "b")


@pytest.mark.parametrize("params", [{}, {"source": "b"}])
def test_one_class_has_nothing_to_become(bar_images, params):
    with pytest.raises(ValueError, match="y has one class, 'b', but a translation needs the images of two"):
        clone(TINY).set_params(**params).fit(bar_images(np.zeros(9, bool)), ["b"] * 9)


def test_many_classes_share_one_generator(bar_images):
    y = pd.Series(["a"] * 20 + ["b"] * 8 + ["c"] * 6, name="kind")
    X = bar_images(y == "b")
    model = clone(TINY).fit(X, y)
    assert model.source_ == "a"
    assert model.target_name_ == "kind"
    assert model.sample(["b", "c", "a"]).shape == (3, 16, 16)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"source": "z"}, "source='z' is not a class of y"),
        ({"target": "z"}, "target='z' is not a class of y"),
        ({"target": []}, "must name classes other than the source"),
        ({"target": ["many"]}, "must name classes other than the source"),
        ({"betas": (0.5, 2)}, "betas"),
        ({"method": "star"}, "method"),
        ({"content_weight": -1}, "content_weight"),
    ],
)
def test_errors_name_the_parameter(bar_images, params, message):
    y = np.repeat(["many", "few"], [20, 8])
    with pytest.raises(ValueError, match=message):
        clone(TINY).set_params(**params).fit(bar_images(y == "few"), y)


def test_translate_says_what_is_wrong(bars):
    X, y = bars
    model = clone(TINY).fit(X, y)
    with pytest.raises(ValueError, match="one label"):
        model.translate(X, [1])
    with pytest.raises(ValueError, match="labels not seen"):
        model.translate(X, 2)
    with pytest.raises(ValueError, match="must have shape"):
        model.translate(X[:, :8], 1)
    assert len(model.translate(X[:0], 1)) == 0


@pytest.mark.parametrize("method", ["cut", "cyclegan"])
def test_a_stored_model_translates_and_samples_the_same(bars, tmp_path, method):
    X, y = bars
    model = clone(TINY).set_params(method=method).fit(X, y)
    model.save(tmp_path / "m")
    for other in (TranslationGAN.load(tmp_path / "m"), pickle.loads(pickle.dumps(model))):
        assert_array_equal(other.translate(X, 1), model.translate(X, 1))
        assert_array_equal(other.sample([0, 1, 1]), model.sample([0, 1, 1]))
        assert_array_equal(other.score_samples(X, y), model.score_samples(X, y))
    with pytest.raises(ValueError, match="TranslationGAN"):
        ImageGAN.load(tmp_path / "m")


def test_the_same_seed_gives_the_same_images(bars):
    X, y = bars
    one, other = (clone(TINY).fit(X, y) for _ in range(2))
    assert_array_equal(one.translate(X, 1), other.translate(X, 1))
    assert_array_equal(one.sample([1] * 5), other.sample([1] * 5))
    assert not np.array_equal(one.sample([1] * 5, 1), one.sample([1] * 5, 2))
    changed = clone(TINY).set_params(random_state=1).fit(X, y)
    assert not np.array_equal(changed.translate(X, 1), one.translate(X, 1))


def test_how_many_are_asked_for_never_changes_an_image(bars, monkeypatch):
    X, y = bars
    model = clone(TINY).fit(X, y)
    monkeypatch.setattr(TranslationGAN, "_n_decoded", 64)
    wanted = np.random.default_rng(0).integers(0, 2, 130)
    made = model.sample(wanted)
    for n in (1, 64, 65):
        assert_array_equal(model.sample(wanted[:n]), made[:n])
    translated = model.translate(np.concatenate([X, X]), 1)
    assert_array_equal(model.translate(X[:7], 1), translated[:7])


def test_the_history_says_whether_the_class_is_recognised(bars):
    history = clone(TINY).set_params(n_steps=20).fit(*bars).history_
    assert history["recognised"].between(0, 1).all()
    assert history["recognised_real"].between(0, 1).all()
    assert not hasattr(clone(TINY).fit(*bars), "_judge")


def test_images_may_be_flat(bars):
    X, y = bars
    flat = clone(TINY).set_params(image_shape=(16, 16)).fit(X.reshape(len(X), -1), y)
    assert_array_equal(flat.translate(X.reshape(len(X), -1), 1).reshape(X.shape), clone(TINY).fit(X, y).translate(X, 1))


def barred(seed):
    """Images with a bar at a height of their own; those of the second class have a grid of columns besides."""
    rng, y = np.random.default_rng(seed), np.repeat([0, 1], [60, 20])
    X, height = rng.uniform(0, 60, size=(80, 16, 16)), rng.integers(1, 13, size=80)
    for image, at, label in zip(X, height, y, strict=True):
        image[at : at + 3] += 100
        image[:, ::4] += 80 * label
    return X.astype("uint8"), y, height


@pytest.fixture(scope="module", params=["cut", pytest.param("cyclegan", marks=pytest.mark.slow)])
def translator(request):
    """A model that learned to add the grid, or to take it away."""
    X, y, _ = barred(0)
    n_steps = {"cut": 80, "cyclegan": 120}[request.param]
    model = clone(TINY).set_params(method=request.param, n_steps=n_steps, width=8, batch_size=8, learning_rate=2e-3)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The images are probably")
        return model.fit(X, y)


def test_a_classifier_that_the_training_has_not_seen_finds_the_class(translator):
    X, y, _ = barred(0)
    seen, labels, _ = barred(1)
    judge = LogisticRegression(C=1e-4, max_iter=500).fit(seen.reshape(80, -1), labels)
    assert judge.score(X.reshape(80, -1), y) > 0.9
    for label in (0, 1):
        sources = X[y != label].reshape(-1, 256)
        assert (judge.predict(sources) == label).mean() < 0.1
        made = translator.translate(X[y != label], label).reshape(-1, 256)
        assert (judge.predict(made) == label).mean() >= 0.9


def test_translations_are_of_the_class_and_keep_their_source(translator):
    X, y, height = barred(0)
    made = translator.translate(X[y == 0], 1).astype(float)
    has_grid = made[:, :, ::4].mean((1, 2)) - made[:, :, 2::4].mean((1, 2)) > 30
    assert has_grid.mean() > 0.9
    found = np.stack([made.mean(2)[:, at : at + 3].mean(1) for at in range(13)], 1).argmax(1)
    assert (np.abs(found - height[y == 0]) <= 1).mean() > 0.9


def test_compact_rows_are_kept(bars):
    # the file holds the images that are translated, in the bytes they came in
    model = clone(TINY).fit(*bars)
    assert isinstance(model.prior_.rows, CompactRows)
    assert model.prior_.rows.kept.element_size() == 1
