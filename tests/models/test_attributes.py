"""Attributes beside the class: what they change in images, which are drawn, files, and errors."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal
from sklearn.base import clone

from ganaug import GANOversampler, ImageGAN
from ganaug.models.image_attributes import Attributes

TINY = ImageGAN(n_steps=3, width=4, latent_size=8, batch_size=8, random_state=0, device="cpu")
LEARNED = ImageGAN(
    width=8, latent_size=8, batch_size=16, learning_rate=2e-3, augment=None, random_state=0, device="cpu"
)
ARCHITECTURES = ["light", "stylegan2", "mlp", "biggan"]


def bars(y, is_bright, rng):
    """Return images of 12 pixels a side: lying or standing bars, bright or dark."""
    X = np.zeros((len(y), 12, 12))
    X[:, 4:8] = 1
    X = np.where((np.asarray(y) == "lying")[:, None, None], X, X.swapaxes(1, 2))
    X = X * np.where(is_bright, 220.0, 90.0)[:, None, None] + rng.normal(10, 5, X.shape)
    return X.clip(0, 255).astype(np.uint8)


def brightness(X):
    return np.asarray(X, dtype=float).mean((1, 2))


def is_lying(X):
    return X[:, 4:8].astype(float).mean((1, 2)) > X[:, :, 4:8].astype(float).mean((1, 2))


@pytest.fixture(scope="module")
def shapes():
    """Return images whose class is the shape, and their attributes; no standing one is bright."""
    rng = np.random.default_rng(0)
    y = np.repeat(["lying", "standing"], [60, 30])
    light = np.where((np.arange(90) % 2 == 0) & (y == "lying"), "bright", "dark")
    return bars(y, light == "bright", rng), y, pd.DataFrame({"light": light, "side": np.arange(90) % 3})


@pytest.fixture(scope="module")
def models(shapes):
    X, y, attributes = shapes
    return {name: clone(TINY).set_params(architecture=name).fit(X, y, attributes=attributes) for name in ARCHITECTURES}


@pytest.mark.filterwarnings("ignore:The images are probably blurred")
@pytest.mark.parametrize(("name", "n_steps"), [("light", 250), ("mlp", 300), ("stylegan2", 350)])
def test_a_given_attribute_changes_its_part_of_the_image_and_keeps_the_class(name, n_steps):
    rng = np.random.default_rng(0)
    y, is_bright = np.repeat(["lying", "standing"], 60), np.arange(120) % 2 == 0
    X = bars(y, is_bright, rng)
    model = clone(LEARNED).set_params(architecture=name, n_steps=n_steps)
    model.fit(X, y, attributes=is_bright[:, None])
    if name == "stylegan2":
        model.set_params(truncation=0.7)  # after so few steps, images far from the mean style are rough
    for label in ("lying", "standing"):
        dark, bright = (model.sample([label] * 40, given={0: value}) for value in (False, True))
        gap = brightness(X[is_bright]).mean() - brightness(X[~is_bright]).mean()
        assert brightness(bright).mean() - brightness(dark).mean() > gap / 2
        for images in (dark, bright):
            assert (is_lying(images) == (label == "lying")).mean() > 0.9


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("conditioning", ["projection", "auxiliary", "concat"])
def test_all_networks_learn_attributes_in_all_ways_of_conditioning(models, shapes, name, conditioning):
    X, y, attributes = shapes
    model = models[name]
    if conditioning != "projection":
        model = clone(model).set_params(conditioning=conditioning, n_steps=1).fit(X, y, attributes=attributes)
    one, other = (model.sample(["lying"] * 3, given={"light": of, "side": 0}) for of in ("dark", "bright"))
    assert one.shape == (3, 12, 12)
    assert (one != other).any()
    assert model.score_samples(X[:4], y[:4]).shape == (4,)


def test_levels_that_are_not_given_are_drawn_as_images_of_the_class_have_them():
    stain = np.repeat(["pale", "dark", "pale"], [30, 10, 20])
    y = np.repeat([0, 1], [40, 20])
    site = np.where(stain == "pale", "north", "south")
    learned = Attributes.of({"stain": stain, "site": site}, y, n_classes=2)

    def drawn(label, given, n=4_000):
        places = torch.from_numpy(learned.places(given, n))
        return learned.frame(learned.draw(torch.full((n,), label), torch.Generator().manual_seed(0), places))

    free = drawn(0, {})
    assert (free["stain"] == "dark").mean() == pytest.approx(0.25, abs=0.02)
    assert ((free["stain"] == "pale") == (free["site"] == "north")).all()
    # the site follows the stain that is given
    assert set(drawn(0, {"stain": "dark"})["site"]) == {"south"}
    # class 1 has no dark image, so the site is that of the class
    assert_frame_equal(drawn(1, {"stain": "dark"}, 1), pd.DataFrame({"stain": ["dark"], "site": ["north"]}))


def test_batches_are_balanced_by_class_and_hold_attributes_as_they_occur(shapes):
    X, y, attributes = shapes
    seen = []
    model = clone(TINY).set_params(n_steps=40)
    game = model._game

    def watched(generator, discriminator, *args, **options):
        generator.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]) if module.training else None)
        return game(generator, discriminator, *args, **options)

    model._game = watched
    model.fit(X, y, attributes=attributes)
    places = model.attributes_.conditions.places(torch.cat(seen))
    assert places[:, 0].float().mean() == pytest.approx(0.5, abs=0.02)
    light = places[places[:, 0] == 0, 1]
    assert light.float().mean() == pytest.approx(0.5, abs=0.15)
    assert not (places[places[:, 0] == 1, 1] == 0).any()  # no standing image is bright


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, dict, np.asarray])
def test_containers_of_attributes(shapes, kind):
    X, y, attributes = shapes
    given = kind({name: of.to_numpy() for name, of in attributes.items()}) if kind is not np.asarray else None
    if given is None:
        given = np.column_stack([attributes["light"] == "bright", attributes["side"] == 0]).astype(int)
    model = clone(TINY).set_params(n_steps=1).fit(X, y, attributes=given)
    first = model.attributes_.names[0]
    level = model.attributes_.levels[0][0]
    assert model.sample(["lying"] * 2, given={first: level}).shape == (2, 12, 12)


def test_given_takes_one_level_or_one_for_each_image_and_the_number_of_images_changes_none(models):
    model = models["light"]
    mixed = model.sample(["lying"] * 70, 1, given={"light": ["dark", "bright"] * 35, "side": 1})
    dark, bright = (model.sample(["lying"] * 70, 1, given={"light": of, "side": 1}) for of in ("dark", "bright"))
    assert_array_equal(mixed[::2], dark[::2])
    assert_array_equal(mixed[1::2], bright[1::2])
    assert_array_equal(model.sample(["lying"] * 3, 1, given={"light": "dark", "side": 1}), dark[:3])
    assert_array_equal(model.sample(["lying"] * 70, 5)[:3], model.sample(["lying"] * 3, 5))


def test_a_resampler_hands_attributes_on(shapes):
    X, y, attributes = shapes
    sampler = GANOversampler(model=TINY)
    X_res, y_res = sampler.fit_resample(X, y, attributes=attributes)
    assert (y_res == "standing").sum() == 60
    alone = clone(TINY).fit(X, y, attributes=attributes)
    assert_array_equal(X_res[90:], alone.sample(["standing"] * 30))
    assert sampler.model_.attributes_.names == ["light", "side"]
    assert_array_equal(
        sampler.fit(X, y, attributes=attributes).sample(3, "lying", 1, given={"light": "dark"}),
        alone.sample(["lying"] * 3, 1, given={"light": "dark"}),
    )
    with pytest.raises(ValueError, match="attributes has 89 rows, but there are 90 images"):
        sampler.fit_resample(X, y, attributes=attributes[1:])
    for model, rows in (("translation", X), ("tabular", X.reshape(90, -1)[:, :5])):
        with pytest.raises(ValueError, match=r"attributes are given, but .* learns none"):
            GANOversampler(model=model).fit_resample(rows, y, attributes=attributes)


@pytest.mark.parametrize("name", ["light", "stylegan2"])
def test_a_file_keeps_attributes(models, tmp_path, name):
    model = models[name]
    model.save(tmp_path / "model.gan")
    again = GANOversampler.load(tmp_path / "model.gan")
    assert again.model_.attributes_.names == ["light", "side"]
    assert again.model_.attributes_.levels[1].dtype == model.attributes_.levels[1].dtype
    y, given = ["standing"] * 4, {"light": "bright", "side": 2}
    assert_array_equal(again.sample(4, "standing", 7, given=given), model.sample(y, 7, given=given))
    assert_array_equal(again.model_.sample(y, 7), model.sample(y, 7))


def test_a_warm_start_goes_on_with_the_same_attributes_only(shapes):
    X, y, attributes = shapes
    model = clone(TINY).set_params(warm_start=True, n_steps=1).fit(X, y, attributes=attributes)
    model.fit(X, y, attributes=attributes)
    for other in (None, attributes[["light"]], attributes.assign(side=attributes["side"] + 1)):
        with pytest.raises(ValueError, match="warm_start=True continues with the attributes"):
            model.fit(X, y, attributes=other)
        assert model.attributes_.names == ["light", "side"]


@pytest.mark.parametrize("name", ["light", "stylegan2"])
def test_inversion_finds_attributes_and_edits_lead_to_others(models, name):
    model = models[name]
    X = model.sample(["lying"] * 4, 3, given={"light": "dark", "side": 0})
    found = model.invert(X, ["lying"] * 4, attributes={"light": "dark"}, n_steps=20)
    assert set(found.attributes["light"]) == {"dark"}
    assert found.attributes.columns.tolist() == ["light", "side"]
    same = model.edit(found, "standing", given={"light": "bright"}, amount=0)
    assert_allclose(same.astype(int), model.from_latents(found.latents, found.y, given=found.attributes), atol=1)
    moved = model.edit(found, given={"light": "bright"}).astype(int)
    assert (moved != same).any()
    if name == "light":
        wanted = model.from_latents(found.latents, found.y, given=found.attributes.assign(light="bright"))
        assert_allclose(moved, wanted, atol=1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"colour": "red"}, "no attribute 'colour'; the model has 'light', 'side'"),
        ({"light": "dim"}, "'light' has no level 'dim'; its levels in fit were 'bright', 'dark'"),
        ({"light": ["dark"]}, "attributes has 1 rows, but there are 2 images"),
        ({"light": None}, "attribute 'light' is missing for 2 of 2 images"),
    ],
)
def test_what_cannot_be_given(models, given, message):
    with pytest.raises(ValueError, match=message):
        models["light"].sample(["lying"] * 2, given=given)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"light": ["dark"] * 3}, "attributes has 3 rows, but there are 90 images"),
        ({"light": ["dark"] * 89 + [None]}, "attribute 'light' is missing for 1 of 90 images"),
        ({"age": np.linspace(0, 1, 90)}, "attribute 'age' has 90 different values in 90 images"),
        ({"light": ["dark", 1] * 45}, "attribute 'light' holds int and str"),
        (pd.DataFrame(np.zeros((90, 2), int), columns=["a", "a"]), "two columns of attributes have one name"),
        (np.zeros((90, 2, 2)), "attributes must be a table"),
        (np.random.default_rng(0).integers(0, 2, (90, 70)), "are too many"),
    ],
)
def test_what_attributes_cannot_be(shapes, attributes, message):
    X, y, _ = shapes
    with pytest.raises(ValueError, match=message):
        clone(TINY).fit(X, y, attributes=attributes)


def test_a_model_without_attributes_says_so(shapes):
    X, y, _ = shapes
    model = clone(TINY).set_params(n_steps=1).fit(X, y)
    with pytest.raises(ValueError, match=r"after fit\(X, y, attributes=\.\.\.\)"):
        model.sample(["lying"], given={"light": "dark"})


@pytest.mark.parametrize("selection", [None, "auto", "class"])
def test_a_result_says_which_attributes_its_images_were_asked_for(shapes, selection):
    X, y, attributes = shapes
    sampler = GANOversampler(
        sampling_strategy="minority", model=clone(TINY).set_params(architecture="mlp"), selection=selection
    )
    X_new, y_new = sampler.fit_resample(X, y, attributes=attributes)
    found, model = sampler.provenance_, sampler.model_
    assert found.index.tolist() == np.flatnonzero(sampler.is_synthetic_).tolist()
    assert found.columns.tolist() == ["light", "side"]
    assert set(found["light"]) == {"dark"}  # no standing bar is bright
    assert set(found["side"]) == {0, 1, 2}
    assert_array_equal(sampler.sample_weight_, np.ones(len(y_new)))
    assert not hasattr(sampler, "source_indices_")
    assert not hasattr(model, "_drawn") or model._drawn is None
    # what is recorded changes no image
    if selection is None:
        assert_array_equal(X_new[sampler.is_synthetic_], model.sample(y_new[sampler.is_synthetic_]))


@pytest.mark.filterwarnings("ignore:The images are probably blurred")
@pytest.mark.parametrize("selection", [None, "class"])
def test_images_show_the_attributes_that_are_recorded(selection):
    rng = np.random.default_rng(0)
    y, is_bright = np.repeat(["lying", "standing"], [60, 20]), np.arange(80) % 2 == 0
    sampler = GANOversampler(
        sampling_strategy="minority",
        model=clone(LEARNED).set_params(architecture="mlp", n_steps=300),
        selection=selection,
    )
    X_new, _ = sampler.fit_resample(bars(y, is_bright, rng), y, attributes={"light": is_bright})
    shown = brightness(X_new[sampler.is_synthetic_])
    recorded = sampler.provenance_["light"].to_numpy(dtype=bool)
    assert shown[recorded].min() > shown[~recorded].max()
