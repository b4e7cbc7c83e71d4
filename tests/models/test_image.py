"""ImageGAN: every kind of picture comes back as it came, reproducible, safe to store, and class-true."""

import pickle
import warnings
from copy import deepcopy

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from imblearn.pipeline import make_pipeline
from numpy.testing import assert_array_equal
from safetensors.torch import load_file
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.preprocessing import FunctionTransformer

from ganaug import GANOversampler, ImageGAN
from ganaug.nets.conv import ARCHITECTURES, CONDITIONINGS
from ganaug.training.losses import LOSSES

TINY = ImageGAN(n_steps=3, width=4, latent_size=8, batch_size=8, random_state=0, device="cpu")
RANGES = {"uint8": (0, 256), "uint16": (100, 4096), "int16": (-1000, 1000), "float32": (-0.5, 2.0)}


def pictures(y, shape=(16, 16), dtype="uint8"):
    """Noise around a bright bar, which stands upright in class 1 and lies in class 0."""
    rng = np.random.default_rng(0)
    low, high = RANGES[dtype]
    X = rng.uniform(0, 0.4, size=(len(y), *shape))
    place = rng.integers(2, min(shape[:2]) - 4, size=len(y))
    for image, upright, at in zip(X, y, place, strict=True):
        if upright:
            image[:, at : at + 2] += 0.5
        else:
            image[at : at + 2] += 0.5
    return (low + X * (high - 1 - low)).astype(dtype)


@pytest.fixture(autouse=True)
def _no_windows():
    matplotlib.use("Agg")
    yield
    plt.close("all")


@pytest.fixture
def bars():
    y = np.repeat([0, 1], [60, 12])
    return pictures(y), y


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((16, 16), "uint8"), ((13, 21), "uint16"), ((12, 12, 1), "int16"), ((9, 16, 3), "float32"), ((8, 8, 4), "uint8")],
)
def test_pictures_keep_shape_dtype_and_range(shape, dtype):
    y = np.repeat(["many", "few"], [20, 8])
    X = pictures(y == "few", shape, dtype)
    sampler = GANOversampler(model=TINY)
    X_res, y_res = sampler.fit_resample(X, y)
    assert X_res.shape == (40, *shape)
    assert X_res.dtype == X.dtype
    assert_array_equal(X_res[:28], X)
    assert X_res.min() >= X.min()
    assert X_res.max() <= X.max()
    assert (y_res[sampler.is_synthetic_] == "few").all()
    assert sampler.n_features_in_ == np.prod(shape)


def test_pictures_may_be_flat(bars):
    X, y = bars
    sampler = GANOversampler(model=clone(TINY).set_params(image_shape=(16, 16)))
    flat, _ = sampler.fit_resample(X.reshape(len(X), -1), y)
    assert_array_equal(flat.reshape(-1, 16, 16), GANOversampler(model=TINY).fit_resample(X, y)[0])
    with pytest.raises(ValueError, match="image_shape"):
        GANOversampler(model=TINY).fit_resample(X.reshape(len(X), -1), y)


def test_auto_takes_the_model_for_pictures(bars):
    sampler = GANOversampler(max_time=0.01, random_state=0).fit(*bars)
    assert isinstance(sampler.model_, ImageGAN)
    with pytest.raises(ValueError, match=r"categorical_features=.* is for tables"):
        GANOversampler(categorical_features=[0]).fit(*bars)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("conditioning", CONDITIONINGS)
def test_every_loss_trains_every_architecture(bars, architecture, loss, conditioning):
    model = clone(TINY).set_params(architecture=architecture, loss=loss, conditioning=conditioning, penalty_every=1)
    model.fit(*bars)
    assert np.isfinite(model.history_.to_numpy(dtype=float)).all()
    assert model.sample([0, 1]).shape == (2, 16, 16)


@pytest.mark.parametrize(
    ("architecture", "loss"),
    [*((name, "rpgan") for name in ARCHITECTURES), *(("light", name) for name in LOSSES if name != "rpgan")],
)
def test_training_falls_toward_the_data(bars, architecture, loss):
    model = clone(TINY).set_params(architecture=architecture, loss=loss, n_steps=60, learning_rate=2e-3, batch_size=16)
    distances = model.fit(*bars).history_["distance"].dropna()
    assert distances.iloc[-1] < distances.iloc[0] / 2


@pytest.mark.slow
@pytest.mark.parametrize(("p", "shows"), [(0.8, False), (1.0, True)])
def test_augmentation_does_not_show_in_samples(p, shows):
    # a bright square on the left, above or below by class, which the discriminator sees mirrored
    rng, y = np.random.default_rng(0), np.repeat([0, 1], [60, 12])
    X = rng.uniform(0, 60, size=(72, 16, 16))
    for image, label in zip(X, y, strict=True):
        top, left = rng.integers(1, 4, size=2) + [8 * label, 0]
        image[top : top + 4, left : left + 4] += 150
    model = clone(TINY).set_params(n_steps=600, width=8, batch_size=16, augment=["flip"], augment_strength=p)
    made = model.fit(X.astype("uint8"), y).sample(np.repeat([0, 1], 100)).astype(float)
    on_the_left = (made[:, :, :8].mean((1, 2)) > made[:, :, 8:].mean((1, 2))).mean()
    # at p = 1 both sides are equally frequent to the discriminator, and nothing tells which is right
    assert (on_the_left < 0.8) == shows
    assert shows or on_the_left > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("conditioning", CONDITIONINGS)
def test_pictures_are_of_the_class_asked_for(bars, conditioning):
    model = clone(TINY).set_params(n_steps=800, width=8, batch_size=16, conditioning=conditioning).fit(*bars)
    made = model.sample([0] * 40 + [1] * 40).astype(float)
    # a bar that lies varies from row to row, one that stands from column to column
    lies = made.mean(2).std(1) > made.mean(1).std(1)
    assert lies[:40].mean() > lies[40:].mean() + 0.5


def test_the_same_seed_gives_the_same_pictures(bars):
    one, other = (clone(TINY).fit(*bars) for _ in range(2))
    assert_array_equal(one.sample([0, 1]), other.sample([0, 1]))
    assert not np.array_equal(one.sample([0, 1], 1), other.sample([0, 1], 2))


def test_how_many_are_asked_for_never_changes_a_picture(bars, monkeypatch):
    model = clone(TINY).fit(*bars)
    monkeypatch.setattr(model, "_n_decoded", 128)
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
    with pytest.raises(ValueError, match="warm_start=True, and the networks of the fit before have other sizes"):
        again.set_params(width=6).fit(*bars)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_model_of_any_architecture_can_be_stored_and_pickled(bars, tmp_path, architecture):
    model = clone(TINY).set_params(architecture=architecture, spectral_norm=True).fit(*bars)
    model.save(tmp_path / "m.ganaug")
    wanted = [0, 1, 1]
    for again in (ImageGAN.load(tmp_path / "m.ganaug"), pickle.loads(pickle.dumps(model)), deepcopy(model)):
        assert_array_equal(again.sample(wanted), model.sample(wanted))
        assert again.judge(bars[0][:3], wanted) == pytest.approx(model.judge(bars[0][:3], wanted), abs=1e-5)


def test_warm_starts_keep_the_range(bars):
    X, y = bars
    model = clone(TINY).fit(X, y).set_params(warm_start=True)
    model.fit(X // 2, y)
    assert model.encoder_.high_ == X.max()
    with pytest.raises(ValueError, match=r"goes on with values from .* scale them"):
        clone(TINY).fit(X // 2, y).set_params(warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="goes on with pictures of uint8"):
        model.fit(X.astype(float), y)


@pytest.mark.parametrize("rare", ["constant", "one", "all constant"])
def test_classes_without_variety_are_learned(rare):
    y = np.repeat([0, 1], [20, 1 if rare == "one" else 8])
    X = pictures(y)
    X[slice(None) if rare == "all constant" else y == 1] = 7
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Too few rows")
        model = clone(TINY).fit(X, y)
        anchored = clone(TINY).set_params(prior="neighbors").fit(X, y)
    assert np.isfinite(model.history_.to_numpy(float)).all()
    assert anchored.interpolate(1, 3).shape == (3, 16, 16)


def test_labels_may_be_a_column(bars):
    X, y = bars
    assert_array_equal(clone(TINY).fit(X, y[:, None]).sample([1]), clone(TINY).fit(X, y).sample([1]))


def test_a_list_of_pictures_is_taken_for_what_it_is(bars):
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


def test_interpolation_goes_from_one_end_to_the_other_in_small_steps(bars):
    model = clone(TINY).set_params(n_steps=60).fit(*bars)
    way = model.interpolate(1, 9).astype(float)
    assert way.shape == (9, 16, 16)
    steps = np.abs(np.diff(way, axis=0)).mean((1, 2))
    assert steps.max() < np.abs(way[0] - way[-1]).mean()
    with pytest.raises(ValueError, match="n=1"):
        model.interpolate(1, 1)


@pytest.mark.parametrize("shape", [(16, 16), (9, 16, 3), (8, 8, 2)])
def test_the_contact_sheet_has_a_row_of_each_kind(shape):
    y = np.repeat([0, 1], [20, 8])
    X = pictures(y, shape)
    model = clone(TINY).fit(X, y)
    figure = model.plot(X, y, n_each=5)
    assert len(figure.axes) == 20
    titles = [title for ax in figure.axes if (title := ax.get_title(loc="left"))]
    assert titles == ["0, real", "0, synthetic", "1, real", "1, synthetic"]
    assert len(model.plot().axes) == 16


def test_training_can_be_looked_at_step_by_step(bars, tmp_path):
    model = clone(TINY).set_params(n_steps=40).fit(*bars)
    assert list(model.snapshots_) == [10, 20, 30, 40]
    assert all(pictures.shape == (2, 16, 16) for pictures in model.snapshots_.values())
    assert len(model.plot_training().axes) == 8
    model.save(tmp_path / "m.ganaug")
    with pytest.raises(ValueError, match="no snapshots"):
        ImageGAN.load(tmp_path / "m.ganaug").plot_training()


def test_measured_pictures_are_held_out_where_a_class_can_spare_them(bars):
    y = np.repeat([0, 1], [120, 50])
    X = pictures(y)
    model = clone(TINY).fit(X, y)
    rows = model._encode(X)
    (kept, kept_y), (spared, spared_y) = model._share_out(rows, torch.from_numpy(y), torch.Generator().manual_seed(0))
    assert kept_y.bincount().tolist() == [108, 50]
    assert spared_y.bincount().tolist() == [12, 50]
    assert not set(map(bytes, spared.kept[spared_y == 0].numpy())) & set(map(bytes, kept.kept.numpy()))
    assert rows.kept.dtype == torch.uint8


def test_training_ends_with_the_weights_that_measured_best(bars, monkeypatch):
    measures = []
    measure_of = ImageGAN._measure
    monkeypatch.setattr(ImageGAN, "_measure", lambda *a, **k: measures.append(measure_of(*a, **k)) or measures[-1])
    model = clone(TINY).set_params(n_steps=100, learning_rate=5e-2, ema=0.0).fit(*bars)
    distances = model.history_["distance"].dropna()
    assert len(distances) == 10
    assert measures[0](model.generator_)["distance"] == pytest.approx(distances.min())


def test_in_pipelines_and_searches(bars):
    X, y = bars
    flat = FunctionTransformer(lambda images: images.reshape(len(images), -1) / 255.0)
    pipeline = make_pipeline(GANOversampler(model=TINY), flat, LogisticRegression())
    assert cross_val_score(pipeline, X, y, cv=2).shape == (2,)
    grid = {"ganoversampler__model__loss": ["rpgan", "hinge"], "ganoversampler__sampling_strategy": ["auto", 0.5]}
    assert GridSearchCV(pipeline, grid, cv=2).fit(X, y).best_score_ > 0


@pytest.mark.parametrize("selection", ["forest", "neighbors", "discriminator"])
def test_pictures_can_be_chosen(bars, selection):
    X, y = bars
    sampler = GANOversampler(model=TINY, selection=selection)
    made = sampler.fit_resample(X, y)[0][sampler.is_synthetic_]
    assert made.shape == (48, 16, 16)


def test_neighbours_in_the_latent_space_need_no_adversary(bars, tmp_path):
    X, y = bars
    model = clone(TINY).set_params(prior="neighbors", n_steps=0, learning_rate=2e-3).fit(X, y)
    made = model.sample([0] * 40 + [1] * 40).astype(float)
    lies = made.mean(2).std(1) > made.mean(1).std(1)
    assert lies[:40].mean() > 0.8
    assert lies[40:].mean() < 0.2
    model.save(tmp_path / "m.ganaug")
    assert_array_equal(ImageGAN.load(tmp_path / "m.ganaug").sample([1, 0]), model.sample([1, 0]))
    # the adversarial training begins where the decoder ended
    trained = clone(model).set_params(n_steps=1, learning_rate=2e-3).fit(X, y)
    assert np.abs(trained.sample([0] * 9).astype(float) - model.sample([0] * 9)).mean() < 40


@pytest.mark.parametrize(
    ("params", "match"),
    [({"n_steps": 0}, "n_steps=0"), ({"prior": "neighbors", "warm_start": True}, "warm_start=True")],
)
def test_parameters_that_contradict_each_other(bars, params, match):
    with pytest.raises(ValueError, match=match):
        clone(TINY).set_params(**params).fit(*bars)


def test_equal_share_of_pictures(bars):
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
    ],
)
def test_wrong_parameters_are_named(bars, params, match):
    with pytest.raises(ValueError, match=match):
        clone(TINY).set_params(**params).fit(*bars)


def test_broken_pictures_are_named(bars):
    X, y = bars
    X = X.astype("float32")
    X[3, 2, 2] = np.nan
    with pytest.raises(ValueError, match="3"):
        GANOversampler(model=TINY).fit_resample(X, y)


def test_pictures_are_shown_from_the_darkest_to_the_brightest():
    X = np.random.default_rng(0).integers(20, 200, (12, 8, 8, 2), dtype=np.uint8)
    model = ImageGAN(n_steps=1, width=4, latent_size=4, batch_size=4, random_state=0).fit(X, np.arange(12) % 2)
    shown = model.shown(X)
    assert shown.shape == (12, 8, 8)  # two channels are no colours
    low, high = X.min(), X.max()
    np.testing.assert_allclose(shown, (X[..., 0] - float(low)) / (float(high) - low))
    with pytest.raises(NotFittedError):
        ImageGAN().shown(X)
