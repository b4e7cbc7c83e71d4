"""ImageGAN: every kind of image keeps its shape, dtype and range; reproducible, and of the requested class."""

import os
import pickle
import warnings
from copy import deepcopy
from itertools import product

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from imblearn.pipeline import make_pipeline
from joblib import Parallel, delayed
from numpy.testing import assert_array_equal
from safetensors.torch import load_file
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags

from ganaug import GANOversampler, ImageGAN
from ganaug.models import image_reconstruction
from ganaug.nets import ARCHITECTURES, CONDITIONINGS
from ganaug.training import AdversarialSettings
from ganaug.training.augmentation import AdaptiveAugmentation
from ganaug.training.callbacks import Callback
from ganaug.training.losses import LOSSES, orthogonal_penalty

TINY = ImageGAN(n_steps=3, width=4, latent_size=8, batch_size=8, random_state=0, device="cpu")


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((16, 16), "uint8"), ((13, 21), "uint16"), ((12, 12, 1), "int16"), ((9, 16, 3), "float32"), ((8, 8, 4), "uint8")],
)
def test_images_keep_shape_dtype_and_range(bar_images, shape, dtype):
    y = np.repeat(["many", "few"], [20, 8])
    X = bar_images(y == "few", shape, dtype)
    sampler = GANOversampler(model=TINY)
    X_res, y_res = sampler.fit_resample(X, y)
    assert X_res.shape == (40, *shape)
    assert X_res.dtype == X.dtype
    assert_array_equal(X_res[:28], X)
    assert X_res.min() >= X.min()
    assert X_res.max() <= X.max()
    assert (y_res[sampler.is_synthetic_] == "few").all()
    assert sampler.n_features_in_ == np.prod(shape)


def test_images_may_be_flat(bars):
    X, y = bars
    sampler = GANOversampler(model=clone(TINY).set_params(image_shape=(16, 16)))
    flat, _ = sampler.fit_resample(X.reshape(len(X), -1), y)
    assert_array_equal(flat.reshape(-1, 16, 16), GANOversampler(model=TINY).fit_resample(X, y)[0])
    with pytest.raises(ValueError, match="image_shape"):
        GANOversampler(model=TINY).fit_resample(X.reshape(len(X), -1), y)


@pytest.mark.parametrize("wrap", [pd.DataFrame, lambda X: pl.DataFrame(X, schema=list(map(str, range(256))))])
def test_tables_of_images_come_back_as_tables(bars, tmp_path, wrap):
    X, y = bars
    table = wrap(X.reshape(len(X), -1))
    sampler = GANOversampler(model=clone(TINY).set_params(image_shape=(16, 16)), selection="neighbors")
    resampled, _ = sampler.fit_resample(table, y)
    assert type(resampled) is type(table)
    assert list(resampled.columns) == list(table.columns)
    assert list(resampled.dtypes) == list(table.dtypes)
    assert_array_equal(np.asarray(resampled)[: len(X)], table)
    sampler.save(tmp_path / "m")
    assert_array_equal(GANOversampler.load(tmp_path / "m").sample(2, 1), sampler.sample(2, 1))
    assert list(sampler.sample(2, 1).columns) == list(table.columns)
    assert sampler.n_features_in_ == sampler.model_.n_features_in_ == 256
    assert len(sampler.model_.plot(table, y).axes) == 32
    assert len(sampler.model_.plot_training().axes)
    assert sampler.model_.score_samples(table, y).shape == (72,)


def test_auto_takes_the_model_for_images(bars):
    sampler = GANOversampler(max_time=0.01, random_state=0).fit(*bars)
    assert isinstance(sampler.model_, ImageGAN)
    with pytest.raises(ValueError, match=r"categorical_features=.* is given, but the model is ImageGAN"):
        GANOversampler(categorical_features=[0]).fit(*bars)


def combinations():
    """Return every pair of architecture, loss and conditioning once, or with `make test-long` all three together."""
    numbered = product(enumerate(ARCHITECTURES), enumerate(LOSSES), enumerate(CONDITIONINGS))
    is_long, n = "GANAUG_ALL_NETWORKS" in os.environ, len(CONDITIONINGS)
    return [(one, loss, way) for (i, one), (j, loss), (k, way) in numbered if is_long or (i + j) % n == k]


@pytest.mark.parametrize(("architecture", "loss", "conditioning"), combinations())
def test_every_loss_trains_every_architecture(bars, architecture, loss, conditioning):
    model = clone(TINY).set_params(architecture=architecture, loss=loss, conditioning=conditioning, penalty_every=1)
    model.fit(*bars)
    assert np.isfinite(model.history_.to_numpy(dtype=float)).all()
    assert model.sample([0, 1]).shape == (2, 16, 16)


@pytest.mark.filterwarnings("ignore:The images are probably")  # on a busy machine they take more than a moment
@pytest.mark.parametrize(
    ("architecture", "loss"),
    [*((name, "rpgan") for name in ARCHITECTURES), *(("light", name) for name in LOSSES if name != "rpgan")],
)
def test_training_falls_toward_the_data(bars, architecture, loss):
    model = clone(TINY).set_params(architecture=architecture, loss=loss, n_steps=60, learning_rate=2e-3, batch_size=16)
    if loss == "wgan":  # clipped weights and RMSprop, as in its paper, learn slowly
        model.set_params(n_steps=200)
    if architecture == "stylegan2":  # starts nearer to the data, and learns at a rate of its own
        model.set_params(n_steps=350, learning_rate=5e-4, width=8, random_state=1)
    distances = model.fit(*bars).history_["distance"].dropna()
    assert distances.iloc[-1] < distances.iloc[0] / 2


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The images are probably")
@pytest.mark.parametrize(("p", "shows"), [(0.8, False), (1.0, True)])
def test_augmentation_does_not_show_in_samples(p, shows):
    # a bright square on the left, above or below by class, which the discriminator sees mirrored
    rng, y = np.random.default_rng(0), np.repeat([0, 1], [60, 12])
    X = rng.uniform(0, 60, size=(72, 16, 16))
    for image, label in zip(X, y, strict=True):
        top, left = rng.integers(1, 4, size=2) + [8 * label, 0]
        image[top : top + 4, left : left + 4] += 150
    model = clone(TINY).set_params(n_steps=350, width=8, batch_size=16, learning_rate=2e-3)
    model.set_params(augment=["flip"], augment_strength=p)
    made = model.fit(X.astype("uint8"), y).sample(np.repeat([0, 1], 100)).astype(float)
    on_the_left = (made[:, :, :8].mean((1, 2)) > made[:, :, 8:].mean((1, 2))).mean()
    # at p = 1 both sides are equally frequent to the discriminator, and nothing tells which is right
    assert (on_the_left < 0.8) == shows
    assert shows or on_the_left > 0.9


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The images are probably")
@pytest.mark.parametrize("conditioning", CONDITIONINGS)
def test_images_are_of_the_class_asked_for(bars, conditioning):
    model = clone(TINY).set_params(n_steps=250, width=8, batch_size=16, learning_rate=2e-3, conditioning=conditioning)
    made = model.fit(*bars).sample([0] * 40 + [1] * 40).astype(float)
    # a bar that lies varies from row to row, one that stands from column to column
    lies = made.mean(2).std(1) > made.mean(1).std(1)
    assert lies[:40].mean() > lies[40:].mean() + 0.5


def test_masks_are_generated_with_their_images(bars, tmp_path):
    X, y = bars
    mask = np.where(X > 128, 2, 0).astype("uint8")
    X = np.stack([X, X, X, mask], axis=3)
    sampler = GANOversampler(model=clone(TINY).set_params(mask_channels=[3], augment="any direction"))
    X_res, _ = sampler.fit_resample(X, y)
    made = X_res[sampler.is_synthetic_]
    assert set(np.unique(made[..., 3])) <= {0, 2}
    assert len(np.unique(made[..., 0])) > 5
    assert sampler.model_.shown(made).shape == (48, 16, 16, 3)
    sampler.save(tmp_path / "m")
    assert_array_equal(GANOversampler.load(tmp_path / "m").sample(3, 1), sampler.sample(3, 1))
    with pytest.raises(ValueError, match=r"augment='photographs' has .*brightness.* would change mask_channels=\[3\]"):
        clone(TINY).set_params(mask_channels=[3], augment="photographs").fit(X, y)
    warm = sampler.model_.set_params(warm_start=True, mask_channels=None)
    with pytest.raises(ValueError, match="other mask_channels"):
        warm.fit(X, y)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The images are probably")
def test_masks_show_what_their_images_show(bars):
    X, y = bars
    mask = np.where(X > 128, 255, 0).astype("uint8")
    model = clone(TINY).set_params(n_steps=150, width=8, batch_size=16, learning_rate=2e-3, mask_channels=[1])
    made = model.fit(np.stack([X, mask], axis=3), y).sample([0, 1] * 30).astype(float)
    inside, outside = made[..., 1] > 0, made[..., 1] == 0
    assert made[..., 0][inside].mean() > made[..., 0][outside].mean() + 60
    assert abs(inside.mean() - (mask > 0).mean()) < 0.1


def test_orthogonal_regularisation_makes_filters_orthogonal(bars):
    model = clone(TINY).set_params(n_steps=60, learning_rate=5e-3)
    plain, regular = (clone(model).set_params(orthogonal=weight).fit(*bars).generator_ for weight in (0.0, 1.0))
    assert orthogonal_penalty(regular) < orthogonal_penalty(plain) / 3


def test_wgan_has_the_settings_of_its_paper(bars):
    model = clone(TINY).set_params(loss="wgan", n_steps=2).fit(*bars)
    weights = torch.cat([weight.flatten() for weight in model.discriminator_.parameters()])
    assert weights.abs().max() <= 0.01
    settings = AdversarialSettings(loss="wgan")
    assert (settings.optimizer_name, settings.n_updates, settings.penalty_name) == ("rmsprop", 5, "none")
    settings = AdversarialSettings(loss="wgan-gp")
    assert (settings.n_updates, settings.penalty_name, settings.penalty_weight) == (5, "gp", 10)


def test_blocks_and_dropout_are_stored_with_the_model(bars, tmp_path):
    model = clone(TINY).set_params(n_blocks=2, dropout=0.3).fit(*bars)
    model.save(tmp_path / "m")
    again = ImageGAN.load(tmp_path / "m")
    assert_array_equal(again.sample([0, 1]), model.sample([0, 1]))
    assert_array_equal(clone(model).fit(*bars).sample([0, 1]), model.sample([0, 1]))


def test_styles_can_be_truncated_toward_the_mean_of_the_class(bars):
    model = clone(TINY).set_params(architecture="stylegan2").fit(*bars)
    spreads = [
        model.set_params(truncation=psi).sample([0] * 30).astype(float).std(0).mean() for psi in (0.01, 0.5, 1.0, None)
    ]
    assert spreads[0] < spreads[1] < spreads[2] == spreads[3]
    assert model.interpolate(1, n=4).shape == (4, 16, 16)


@pytest.mark.parametrize(
    ("shape", "dtype"), [((28, 28), "uint8"), ((32, 48, 3), "uint8"), ((64, 64, 1), "float32"), ((13, 21), "uint16")]
)
def test_stylegan2_takes_images_of_any_kind(bar_images, tmp_path, shape, dtype):
    y = np.repeat(["many", "few"], [12, 6])
    X = bar_images(y == "few", shape, dtype)
    model = clone(TINY).set_params(architecture="stylegan2", n_steps=1)
    sampler = GANOversampler(model=model)
    X_res, _ = sampler.fit_resample(X, y)
    assert X_res.shape == (24, *shape)
    assert X_res.dtype == X.dtype
    assert X.min() <= X_res.min() <= X_res.max() <= X.max()
    sampler.save(tmp_path / "m")
    assert_array_equal(GANOversampler.load(tmp_path / "m").sample(2, "few"), sampler.sample(2, "few"))


def test_the_same_seed_gives_the_same_images(bars):
    one, other = (clone(TINY).fit(*bars) for _ in range(2))
    assert_array_equal(one.sample([0, 1]), other.sample([0, 1]))
    assert not np.array_equal(one.sample([0, 1], 1), other.sample([0, 1], 2))


@pytest.mark.parametrize("architecture", ["light", "stylegan2"])
def test_how_many_are_asked_for_never_changes_a_picture(bars, monkeypatch, architecture):
    model = clone(TINY).set_params(architecture=architecture).fit(*bars)
    monkeypatch.setattr(ImageGAN, "_n_decoded", 128)
    wanted = np.random.default_rng(0).integers(0, 2, 300)
    made = model.sample(wanted)
    for n in (1, 64, 65, 129):
        assert_array_equal(model.sample(wanted[:n]), made[:n])


def test_a_stored_model_samples_the_same_and_trains_on(bars, tmp_path):
    model = clone(TINY).fit(*bars)
    model.save(tmp_path / "m.ganaug")
    again = ImageGAN.load(tmp_path / "m.ganaug")
    assert_array_equal(again.sample([0, 1, 1]), model.sample([0, 1, 1]))
    before = [weight.clone() for weight in again.generator_.parameters()]
    again.set_params(warm_start=True, learning_rate=1e-6, device="cpu", random_state=0).fit(*bars)
    # so slow a learner stays where it started, and would be elsewhere had it started afresh
    after = again.generator_.parameters()
    assert all(torch.allclose(one, other, atol=1e-4) for one, other in zip(before, after, strict=True))
    with pytest.raises(ValueError, match="the networks of the previous fit have other sizes"):
        again.set_params(width=6).fit(*bars)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_model_of_any_architecture_can_be_stored_and_pickled(bars, tmp_path, architecture):
    model = clone(TINY).set_params(architecture=architecture, spectral_norm=True).fit(*bars)
    model.save(tmp_path / "m.ganaug")
    wanted = [0, 1, 1]
    for again in (ImageGAN.load(tmp_path / "m.ganaug"), pickle.loads(pickle.dumps(model)), deepcopy(model)):
        assert_array_equal(again.sample(wanted), model.sample(wanted))
        assert again.score_samples(bars[0][:3], wanted) == pytest.approx(
            model.score_samples(bars[0][:3], wanted), abs=1e-5
        )


def test_warm_starts_keep_the_range(bars):
    X, y = bars
    model = clone(TINY).fit(X, y).set_params(warm_start=True)
    model.fit(X // 2, y)
    assert model.encoder_.high_ == X.max()
    with pytest.raises(ValueError, match=r"continues with values from .* scale X"):
        clone(TINY).fit(X // 2, y).set_params(warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="continues with images of uint8"):
        model.fit(X.astype(float), y)


def start(model):
    return torch.cat([weight.flatten() for weight in model.generator_.parameters()])


WARM = clone(TINY).set_params(warm_start=True, learning_rate=1e-7, random_state=None)


def test_each_fit_of_a_sampler_goes_on_where_the_last_one_ended(bars, tmp_path):
    sampler = GANOversampler(model=clone(WARM))
    sampler.fit_resample(*bars)
    first = start(sampler.model_)
    sampler.fit_resample(*bars)
    assert torch.allclose(start(sampler.model_), first, atol=1e-4)
    sampler.save(tmp_path / "m")
    loaded = GANOversampler.load(tmp_path / "m").fit(*bars)
    given = GANOversampler(model=ImageGAN.load(tmp_path / "m").set_params(warm_start=True))
    before = start(given.model)
    given.fit(*bars)
    assert all(torch.allclose(start(other.model_), first, atol=1e-4) for other in (loaded, given))
    assert torch.equal(start(given.model), before)
    # a clone has learned nothing, and cross-validation must not see through it what is held out
    assert not torch.allclose(start(clone(given).fit(*bars).model_), first, atol=1e-2)
    assert not torch.allclose(start(sampler.set_params(model__warm_start=False).fit(*bars).model_), first, atol=1e-2)


@pytest.mark.parametrize("labels", [["few", "many", "more"], [1, 0, 0], [0, 0, 0], [0, 2, 2]])
def test_warm_starts_keep_the_classes(bars, labels):
    X, y = bars
    model = clone(WARM).fit(X, y)
    renamed = np.array(labels)[y + (np.arange(len(y)) % 9 == 0)]
    if set(labels) == {0, 1}:
        model.fit(X, renamed)
        return
    with pytest.raises(ValueError, match=r"continues with the classes \[0, 1\], but y has"):
        model.fit(X, renamed)


class Interrupt(Callback):
    def on_step_end(self, run):
        raise KeyboardInterrupt


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("fault", ["shape", "labels", "parameter", "Ctrl-C"])
def test_a_warm_start_that_fails_leaves_what_there_was(bars, fault, wrapped):
    X, y = bars
    made = GANOversampler(model=clone(WARM)) if wrapped else clone(WARM)
    made.fit(X, y)

    def state():
        model = made.model_ if wrapped else made
        return (
            model.sample([0, 1]),
            made.history_,
            made.classes_,
            made.n_features_in_,
            model.score_samples(X[:2], [0, 1]),
        )

    before = state()
    prefix = "model__" if wrapped else ""
    if fault == "Ctrl-C":
        made.set_params(**{f"{prefix}callbacks": [Interrupt()]})
    if fault == "parameter":
        made.set_params(**{f"{prefix}width": 6})
    with pytest.raises((ValueError, KeyboardInterrupt)):
        made.fit(X[:, :9] if fault == "shape" else X, y[:-1] if fault == "labels" else y)
    for one, other in zip(before, state(), strict=True):
        assert np.array_equal(one, other)
    made.set_params(**{f"{prefix}callbacks": None, f"{prefix}width": 4}).fit(X, y)


def test_warm_starts_augment_as_much_as_before(bars, tmp_path, monkeypatch):
    def observe(augment, margin):
        augment.p += 0.01 * augment.is_adaptive

    monkeypatch.setattr(AdaptiveAugmentation, "observe", observe)
    model = clone(TINY).set_params(warm_start=True, n_steps=10).fit(*bars)
    assert model.augmentation_ == pytest.approx(0.1)
    model.save(tmp_path / "m")
    for again in (model, ImageGAN.load(tmp_path / "m")):
        assert again.fit(*bars).augmentation_ == pytest.approx(0.2)
    assert model.set_params(augment_strength=0.5).fit(*bars).augmentation_ == 0.5
    assert model.set_params(augment_strength="adaptive", warm_start=False).fit(*bars).augmentation_ == pytest.approx(
        0.1
    )
    assert model.set_params(augment=None).fit(*bars).augmentation_ == 0


@pytest.mark.parametrize(
    "params",
    [
        {"width": 6},
        {"latent_size": 9},
        {"architecture": "dcgan"},
        {"conditioning": "concat"},
        {"spectral_norm": True},
        {"prior": "neighbors"},
        {"image_shape": (9, 9)},
        {"truncation": 0.2},
    ],
    ids=str,
)
def test_parameters_set_after_fit_wait_for_the_next(bars, tmp_path, params):
    model = clone(TINY).set_params(spectral_norm="auto").fit(*bars)
    made = model.sample([0, 1])
    model.set_params(**params)
    changed = model.sample([0, 1])
    assert np.array_equal(changed, made) == ("truncation" not in params)  # which is of the sampling, not of the fit
    model.save(tmp_path / "m")
    assert_array_equal(ImageGAN.load(tmp_path / "m").sample([0, 1]), changed)
    assert_array_equal(pickle.loads(pickle.dumps(model)).sample([0, 1]), changed)


@pytest.mark.parametrize("rare", ["constant", "one", "all constant"])
def test_classes_without_variety_are_learned(bar_images, monkeypatch, rare):
    monkeypatch.setattr(image_reconstruction, "N_STEPS", 20)
    y = np.repeat([0, 1], [20, 1 if rare == "one" else 8])
    X = bar_images(y)
    X[slice(None) if rare == "all constant" else y == 1] = 7
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Too few images")
        model = clone(TINY).fit(X, y)
        anchored = clone(TINY).set_params(prior="neighbors").fit(X, y)
    assert np.isfinite(model.history_.to_numpy(float)).all()
    assert anchored.interpolate(1, 3).shape == (3, 16, 16)


def test_labels_may_be_a_column(bars):
    X, y = bars
    assert_array_equal(clone(TINY).fit(X, y[:, None]).sample([1]), clone(TINY).fit(X, y).sample([1]))


def test_a_list_of_images_is_taken_for_what_it_is(bars):
    sampler = GANOversampler(max_time=0.01, random_state=0).fit(list(bars[0]), bars[1])
    assert isinstance(sampler.model_, ImageGAN)


def test_a_stored_model_is_plain_data(bars, tmp_path):
    clone(TINY).fit(*bars).save(tmp_path / "m.ganaug")
    assert all(isinstance(value, torch.Tensor) for value in load_file(tmp_path / "m.ganaug").values())


def test_truncated_samples_are_less_varied(bars):
    model = clone(TINY).set_params(n_steps=60).fit(*bars)
    wide = model.sample([1] * 100).astype(float).std(axis=0).mean()
    narrow = model.set_params(truncation=0.3).sample([1] * 100).astype(float).std(axis=0).mean()
    assert narrow < wide


def test_large_classes_have_a_validation_split(bar_images):
    y = np.repeat([0, 1], [120, 50])
    X = bar_images(y)
    model = clone(TINY).fit(X, y)
    data = model.encode(X, y)
    (kept, kept_y, *_), (spared, spared_y, *_) = model._train_validation_split(data, torch.Generator().manual_seed(0))
    assert kept_y.bincount().tolist() == [108, 50]
    assert spared_y.bincount().tolist() == [12, 50]
    assert not set(map(bytes, spared.kept[spared_y == 0].numpy())) & set(map(bytes, kept.kept.numpy()))
    assert data.rows.kept.dtype == torch.uint8


@pytest.mark.filterwarnings("ignore:The images are probably")  # on a busy machine they take more than a moment
def test_training_ends_with_the_weights_that_measured_best(bars, monkeypatch):
    measures = []
    measure_of = ImageGAN._measure
    monkeypatch.setattr(ImageGAN, "_measure", lambda *a, **k: measures.append(measure_of(*a, **k)) or measures[-1])
    model = clone(TINY).set_params(n_steps=100, learning_rate=5e-2, ema=0.0).fit(*bars)
    distances = model.history_["distance"].dropna()
    assert len(distances) == 10
    # of those that measured alike, the one that was trained for longer
    expected = distances[distances <= distances.min() + 0.1 * abs(distances.min())].iloc[-1]
    assert measures[0](model.generator_)["distance"] == pytest.approx(expected)


def test_in_pipelines_and_searches(bars):
    X, y = bars
    flat = FunctionTransformer(lambda images: images.reshape(len(images), -1) / 255.0)
    pipeline = make_pipeline(GANOversampler(model=TINY), flat, LogisticRegression())
    assert cross_val_score(pipeline, X, y, cv=2).shape == (2,)
    grid = {"ganoversampler__model__loss": ["rpgan", "hinge"], "ganoversampler__sampling_strategy": ["auto", 0.5]}
    assert GridSearchCV(pipeline, grid, cv=2).fit(X, y).best_score_ > 0


@pytest.mark.parametrize("selection", ["class", "neighbors", "discriminator"])
def test_images_can_be_chosen(bars, selection):
    X, y = bars
    sampler = GANOversampler(model=TINY, selection=selection)
    made = sampler.fit_resample(X, y)[0][sampler.is_synthetic_]
    assert made.shape == (48, 16, 16)


@pytest.mark.parametrize(
    ("params", "match"),
    [({"n_steps": 0}, "n_steps=0"), ({"prior": "neighbors", "warm_start": True}, "warm_start=True")],
)
def test_parameters_that_contradict_each_other(bars, params, match):
    with pytest.raises(ValueError, match=match):
        clone(TINY).set_params(**params).fit(*bars)


def test_equal_share_of_images(bars):
    X, y = bars
    sampler = GANOversampler(model=TINY, sampling_strategy="equal share", synthetic_share=0.25)
    _, y_res = sampler.fit_resample(X, y)
    assert np.bincount(y_res).tolist() == [80, 80]
    assert [int(sampler.is_synthetic_[y_res == label].sum()) for label in (0, 1)] == [20, 20]


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"architecture": "vgg"}, "architecture"),
        ({"conditioning": "none"}, "conditioning"),
        ({"augment": "upside down"}, "augment"),
        ({"truncation": 0}, "truncation"),
        ({"betas": (0.5,)}, r"betas=\(0.5,\): Adam takes two numbers"),
        ({"betas": (0.5, 1.0)}, "betas"),
        ({"betas": ("a", "b")}, "betas"),
        ({"betas": 3}, "betas"),
        ({"augment": [["flip"]]}, r"augment has an operation \['flip'\]"),
        ({"device": "cuda:0"}, r"'device' parameter .* must be a str among .*'cuda'.* Got 'cuda:0'"),
        ({"device": "tpu"}, "device='tpu' is not available on this machine"),
        ({"image_shape": (0, 0)}, r"image_shape must be \(h, w\) or \(h, w, c\) in pixels, got \(0, 0\)"),
        ({"image_shape": "16x16"}, "image_shape"),
        ({"image_shape": 16}, "image_shape"),
    ],
)
def test_wrong_parameters_are_named(bars, params, match):
    with pytest.raises(ValueError, match=match):
        clone(TINY).set_params(**params).fit(*bars)


@pytest.mark.parametrize("device", ["auto", "gpu", "cuda"])
def test_many_images_and_a_gpu_take_the_largest_networks(bars, device, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("ganaug.models.image._MANY", 72)
    model = clone(TINY).set_params(device=device)
    model._fit_encode(model.check_data(bars[0]), bars[1])
    assert model.architecture_ == "biggan"


@pytest.mark.parametrize(
    ("device", "precision", "has_gpu", "expected"),
    [
        ("auto", "auto", True, "bf16-mixed"),
        ("gpu", "auto", True, "bf16-mixed"),
        ("cpu", "auto", True, "32-true"),
        ("auto", "auto", False, "32-true"),
        ("cpu", "bf16-mixed", False, "bf16-mixed"),
        ("cuda", "32-true", True, "32-true"),
    ],
)
def test_brain_floats_are_taken_on_a_gpu_that_has_them(monkeypatch, device, precision, has_gpu, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_gpu)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: has_gpu)
    assert ImageGAN(device=device, precision=precision)._precision() == expected


def test_tags_say_what_is_taken():
    assert get_tags(TINY).input_tags.three_d_array
    assert not get_tags(TINY).input_tags.two_d_array
    assert get_tags(clone(TINY).set_params(image_shape=(8, 8))).input_tags.two_d_array
    assert not get_tags(TINY).input_tags.allow_nan
    assert not get_tags(GANOversampler(model=TINY)).input_tags.two_d_array
    assert get_tags(GANOversampler(model="image")).input_tags.three_d_array
    both = get_tags(GANOversampler()).input_tags
    assert both.three_d_array
    assert both.two_d_array
    assert both.allow_nan


def test_lists_of_images_come_back_as_lists_of_images(bars):
    resampled, _ = GANOversampler(model=TINY).fit_resample(list(bars[0]), bars[1])
    assert isinstance(resampled, list)
    assert all(image.dtype == np.uint8 for image in resampled)


def test_two_workers_give_what_one_gives(bars):
    alone = GANOversampler(model=TINY).fit_resample(*bars)[0]
    for made, _ in Parallel(n_jobs=2)(delayed(GANOversampler(model=TINY).fit_resample)(*bars) for _ in range(2)):
        assert_array_equal(made, alone)


def test_broken_images_are_named(bars):
    X, y = bars
    X = X.astype("float32")
    X[3, 2, 2] = np.nan
    with pytest.raises(ValueError, match="3"):
        GANOversampler(model=TINY).fit_resample(X, y)


@pytest.mark.parametrize(("least", "is_told"), [(3, True), (200, False)])
def test_a_training_that_was_too_short_is_told(bars, monkeypatch, least, is_told):
    monkeypatch.setattr("ganaug.models.image_model._TRIAL_STEPS", least)
    model = ImageGAN(n_steps=3, width=4, latent_size=8, batch_size=8, device="cpu", random_state=0)
    if not is_told:
        model.fit(*bars)
        return
    with pytest.warns(UserWarning, match=r"probably blurred or rough: after 3 of 3 steps their distance .* train for"):
        model.fit(*bars)
