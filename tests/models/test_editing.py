"""Editing: latents of images, inversion, directions, mixtures of styles and paths."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from ganaug import ImageGAN

TINY = ImageGAN(n_steps=3, width=4, latent_size=8, batch_size=8, random_state=0, device="cpu")
ARCHITECTURES = ["light", "stylegan2", "mlp"]
NOISE = np.random.default_rng(1).integers(0, 256, (1, 8, 12), dtype=np.uint8)


@pytest.fixture(scope="module")
def models():
    """Models of random images of 8 x 12 pixels, untrained but for three steps."""
    X, y = np.random.default_rng(0).integers(0, 256, (40, 8, 12), dtype=np.uint8), np.repeat(["a", "b"], [30, 10])
    return {name: clone(TINY).set_params(architecture=name).fit(X, y) for name in ARCHITECTURES}


def difference(one, other):
    return np.abs(one.astype(float) - other.astype(float)).reshape(len(one), -1).mean(1)


@pytest.mark.parametrize("name", ["light", "mlp"])
def test_images_of_the_latents_of_a_sample_are_the_sample(models, name):
    y = ["a", "b", "b"] * 25
    again = models[name].from_latents(models[name].latents(y, 1), y)
    assert again.dtype == np.uint8
    assert difference(again, models[name].sample(y, 1)).max() < 0.1


def test_styles_are_those_of_the_sample_but_for_noise(models):
    model, y = models["stylegan2"], ["a", "b", "b"]
    latents = model.latents(y, 1)
    assert latents.shape == (3, 2, 8)
    made = model.from_latents(latents, y)
    assert difference(made, model.sample(y, 1)).max() < difference(made, model.sample(y, 2)).min()
    # the class is in the styles
    assert_array_equal(model.from_latents(latents, ["b", "a", "a"]), made)
    half = clone(model).set_params(truncation=0.5)
    half.__dict__.update({k: v for k, v in vars(model).items() if k.endswith("_")})
    means = model.latents(["a"] * 500).mean(0)
    assert_allclose(half.latents(["a"] * 3) - means, (model.latents(["a"] * 3) - means) / 2, atol=0.1)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_inversion_finds_images_of_the_generator_itself(models, name):
    model, y = models[name], np.array(["a", "b", "a"])
    X = model.from_latents(model.latents(y, 5), y)
    short, long = (model.invert(X, y, n_steps=n) for n in (1, 150))
    assert long.latents.shape == model.latents(y).shape
    assert (long.error < short.error).all()
    again = model.from_latents(long.latents, y)
    assert_allclose(difference(again, X) <= difference(model.sample(y, 6), X) / 2, True)
    rms = np.sqrt(((again.astype(float) - X) ** 2).mean((1, 2))) / (model.encoder_.high_ - model.encoder_.low_)
    assert_allclose(long.error, rms, atol=0.01)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_inversion_does_not_depend_on_the_other_images(models, name):
    model = models[name]
    X = model.sample(["a", "b"], 5)
    both, one = model.invert(X, ["a", "b"], n_steps=10), model.invert(X[1:], ["b"], n_steps=10)
    assert_allclose(both.latents[1:], one.latents, atol=1e-3)
    assert_allclose(both.error[1:], one.error, atol=1e-3)


def test_a_direction_leads_from_one_mean_to_the_other(models):
    rng = np.random.default_rng(0)
    stained = rng.random(400) < 0.5
    latents = rng.normal(size=(400, 2, 8))
    latents[:, 0, 0] += 3 * stained
    direction = models["light"].direction(latents, stained)
    assert_allclose(direction, latents[stained].mean(0) - latents[~stained].mean(0))
    assert_allclose(models["light"].direction(latents, ~stained), -direction)


def test_a_linear_direction_leaves_alone_what_does_not_tell_apart(models):
    rng = np.random.default_rng(0)
    stained = np.arange(400) % 2 == 1
    latents = rng.normal(size=(400, 4))
    latents[:, 0] += 4 * stained
    latents[:, 1] = 5 * rng.normal(size=400) + stained  # a difference of means by chance, within a wide spread
    means, linear = (models["light"].direction(latents, stained, linear=value) for value in (False, True))
    assert abs(linear[1] / linear[0]) < 0.1 < abs(means[1] / means[0])
    assert linear[0] == pytest.approx(4, abs=0.5)


def test_classes_are_a_direction_of_styles(models):
    model, y = models["stylegan2"], np.repeat(["a", "b"], 200)
    latents = model.latents(y)
    direction = model.direction(latents, y)
    moved = latents[:200] + direction
    assert_allclose(moved.mean(0), latents[200:].mean(0), atol=1e-5)


def test_mixed_styles_are_coarse_ones_and_fine_ones(models):
    model = models["stylegan2"]
    one, other = model.latents(["a"] * 3, 1), model.latents(["b"], 2)
    assert_array_equal(model.mix_styles(one, other, 0), np.repeat(other, 3, 0))
    assert_array_equal(model.mix_styles(one, other, 2), one)
    mixed = model.mix_styles(one, other, 1)
    assert_array_equal(mixed[:, 0], one[:, 0])
    assert_array_equal(mixed[:, 1], np.repeat(other[:, 1], 3, 0))
    assert model.from_latents(mixed, ["a"] * 3).shape == (3, 8, 12)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_paths_begin_and_end_at_the_latents(models, name):
    model = models[name]
    ends = model.from_latents(model.latents(["b"] * 2, 3), ["b"] * 2)
    assert difference(model.interpolate("b", n=5, random_state=3)[[0, -1]], ends).max() < 0.1


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_edits_lead_from_the_image_to_the_other_class(models, name):
    model = models[name]
    X = model.from_latents(model.latents(["a"] * 3, 5), ["a"] * 3)
    found = model.invert(X, ["a"] * 3, n_steps=5)
    assert difference(model.edit(found, "b", amount=0), model.from_latents(found.latents, found.y)).max() < 0.1
    whole, half = (model.edit(found, "b", amount=amount) for amount in (1, 0.5))
    assert (half != whole).any()
    if name == "stylegan2":  # the mean style of a class becomes that of the other one
        of_a, of_b = model.generator_.mean_styles(torch.tensor([0, 1]))[:, None, None].expand(-1, 1, 2, -1)
        moved = model.edit(found._replace(latents=of_a.expand(3, -1, -1).numpy()), "b")
        assert difference(moved[:1], model.from_latents(of_b.numpy(), ["b"])).max() < 0.1
    else:
        assert difference(whole, model.from_latents(found.latents, ["b"] * 3)).max() < 0.1


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_paths_lead_from_one_real_image_to_another_one_of_another_class(models, name):
    model, y = models[name], ["a", "b"]
    found = model.invert(model.sample(y, 5), y, n_steps=5)
    path = model.interpolate(n=4, ends=found)
    assert path.shape == (4, 8, 12)
    assert difference(path[[0, -1]], model.from_latents(found.latents, y)).max() < 0.1


def test_what_is_reproduced_is_all_of_an_own_image_and_little_of_noise(models):
    model = models["light"]
    X = np.concatenate([model.from_latents(model.latents(["a"], 5), ["a"]), NOISE])
    found = model.invert(X, ["a"] * 2, n_steps=200)
    assert found.reproduced[0] > 0.9
    assert found.reproduced[1] < 0.5
    # neither brightness nor contrast of the mean image counts
    mean = model.sample(["a"] * 200, 1).astype(float).mean(0)
    changed = (0.5 * (mean - mean.mean()) + 90).astype(np.uint8)[None]
    assert model.invert(changed, ["a"], n_steps=5).reproduced[0] < 0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model: model.edit(model.invert(NOISE, ["a"], n_steps=1)), "edit needs a class"),
        (lambda model: model.edit(model.invert(NOISE, ["a"], n_steps=1), "c"), "y has labels not seen in fit"),
        (lambda model: model.interpolate(), "interpolate takes a label, or ends"),
        (lambda model: model.interpolate(ends=model.invert(NOISE, ["a"], n_steps=1)), "two images"),
        (lambda model: model.mix_styles([[0.0]], [[0.0]], 0), "architecture='light' has one latent vector"),
        (lambda model: model.from_latents(np.zeros((2, 5)), ["a", "b"]), r"shape \(n, 8\), got \(2, 5\)"),
        (lambda model: model.direction(np.zeros((3, 8)), [0, 1, 2]), "attribute has 3 values"),
        (lambda model: model.invert(np.zeros((1, 8, 12), np.uint8), ["a"], n_steps=0), "n_steps=0"),
        (lambda model: model.invert(np.zeros((1, 9, 12), np.uint8), ["a"]), r"shape \(n, 8, 12\)"),
        (lambda model: model.invert(NOISE, ["a", "b"]), "X has 1, but y has 2; pass one entry of y for each of X"),
        (lambda model: model.direction(np.zeros((3, 8)), [0, 1]), "latents has 3, but attribute has 2"),
        (lambda model: model.from_latents(np.zeros((2, 8)), ["a"]), "latents has 2, but y has 1"),
        (lambda model: model.from_latents(np.full((1, 8), np.nan), ["a"]), "latents hold NaN"),
        (lambda model: model.edit(model.invert(NOISE, ["a"], n_steps=1), "b", amount=np.nan), "amount=nan must be"),
        (lambda model: model.edit(model.invert(NOISE, ["a"], n_steps=1), "b", amount="half"), "amount='half' must be"),
    ],
)
def test_errors_name_the_way_out(models, call, message):
    with pytest.raises(ValueError, match=message):
        call(models["light"])


def test_there_is_no_such_level(models):
    latents = models["stylegan2"].latents(["a"])
    with pytest.raises(ValueError, match="level=3 must lie between 0 and 2"):
        models["stylegan2"].mix_styles(latents, latents, 3)


@pytest.mark.parametrize("pick", [lambda w: w[:2], lambda w: w[:, :1], lambda w: w[0]], ids=["n", "levels", "one"])
def test_styles_that_do_not_fit_together_are_named(models, pick):
    latents = models["stylegan2"].latents(["a"] * 3)
    for one, other in ((latents, pick(latents)), (pick(latents), latents)):
        with pytest.raises(ValueError, match=r"coarse has shape \(.*\) and fine \(.*\), but both must be"):
            models["stylegan2"].mix_styles(one, other, 1)
    assert models["stylegan2"].mix_styles(latents, latents[:1], 1).shape == latents.shape
