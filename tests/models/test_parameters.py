"""Shared parameters: constraint and documentation written once, complete where users read them."""

import inspect
import pydoc

import numpy as np
import pytest
from sklearn.utils._param_validation import InvalidParameterError

from ganaug import GANOversampler, ImageGAN, PrivateTabularGAN, TabularGAN, TextGAN, TranslationGAN
from ganaug.models.parameters import SHARED, constraints_of, constraints_of_overrides, documented

CLASSES = [TabularGAN, PrivateTabularGAN, ImageGAN, TextGAN, TranslationGAN, GANOversampler]


def entries(cls):
    """First lines of the entries of the section Parameters, by the name of the parameter."""
    section = inspect.getdoc(cls).split("Parameters\n----------\n")[1].split("\n\nAttributes\n")[0]
    heads = [line for line in section.splitlines() if line and not line.startswith(" ")]
    return {head.split(" : ")[0]: head for head in heads}


@pytest.mark.parametrize("cls", CLASSES)
def test_every_parameter_has_a_constraint_and_an_entry_in_order(cls):
    names = list(inspect.signature(cls).parameters)
    assert set(cls._parameter_constraints) == set(names)
    assert list(entries(cls)) == names


@pytest.mark.parametrize("cls", CLASSES)
def test_documented_defaults_are_those_of_the_signature(cls):
    for name, parameter in inspect.signature(cls).parameters.items():
        shown = entries(cls)[name].split("default=")[1]
        assert eval(shown) == parameter.default, name


@pytest.mark.parametrize("cls", CLASSES)
def test_help_shows_the_whole_text(cls):
    text = pydoc.plain(pydoc.render_doc(cls))
    assert "Seconds" in text or "seconds" in text
    assert "Objects that watch or stop the training" in text
    for placeholder in ("$", "{noun}"):
        assert placeholder not in inspect.getdoc(cls)


CHECKS = {"GL05", "GL06", "GL07", "GL09", "GL10", "PR01", "PR02", "PR03", "PR05", "PR06", "PR07", "PR08", "PR10"}
CHECKS |= {"RT03", "RT04", "RT05", "SA02", "SA03"}


@pytest.mark.parametrize("cls", CLASSES)
def test_docstrings_are_valid_numpydoc(cls):
    # `numpydoc lint` reads the source, where entries of shared parameters are placeholders
    validate = pytest.importorskip("numpydoc.validate").validate
    ours = [base for base in cls.__mro__ if base.__module__.startswith("ganaug")]
    public = [
        name for base in ours for name in vars(base) if not name.startswith("_") and callable(getattr(cls, name, 0))
    ]
    assert {"fit", "sample", "save", "load"} <= set(public)
    for name in ("", *(f".{method}" for method in public)):
        errors = validate(f"ganaug.{cls.__name__}{name}")["errors"]
        assert not [error for error in errors if error[0] in CHECKS], name


def test_models_share_constraints():
    shared = set(SHARED) & set(TabularGAN._parameter_constraints) & set(ImageGAN._parameter_constraints)
    assert len(shared) > 12
    for name in shared:
        one, other = (cls._parameter_constraints[name] for cls in (TabularGAN, ImageGAN))
        assert [str(c) for c in one] == [str(c) for c in other]


def test_an_override_may_be_none():
    for name in SHARED:
        assert constraints_of_overrides(name)[name].count(None) == 1
    assert None not in constraints_of("device")["device"]
    with pytest.raises(InvalidParameterError, match="'device' parameter of TabularGAN"):
        TabularGAN(device=None).fit([[0.0], [1.0]], [0, 1])


def test_an_unknown_placeholder_is_an_error():
    with pytest.raises(KeyError, match="nonesuch"):

        @documented(noun="rows")
        class Model:
            """A model.

            Parameters
            ----------
            $nonesuch
            """

            def __init__(self, nonesuch=1): ...


# What no parameter takes, unless `TAKEN` says so.
BAD = [object(), b"x", "no such", -1, 0, 0.5, 2.5, float("nan"), float("inf"), 10**400, True, None]
BAD += [[], {}, {"x": 1}, [1.5], [True], [-3], ["x"], [None], np.array([1, 2]), lambda: 0, int]
SEQUENCES = ([], [1.5], [True], [-3], ["x"], [None], np.array([1, 2]))
# values of BAD that a parameter takes, or refuses only when it sees the data
TAKEN = {
    "gamma": (0, 0.5, 2.5),
    "learning_rate": (0.5, 2.5),
    "discriminator_learning_rate": (None, 0.5, 2.5),
    "weight_decay": (0, 0.5, 2.5),
    "label_smoothing": (0,),
    "discriminator_warmup": (0,),
    "matching": (None, {}, {"x": 1}),
    "autoencoder_learning_rate": (0.5, 2.5),
    "temperature": (0.5, 2.5),
    "ema": (0, 0.5),
    "max_time": (None, 0.5, 2.5),
    "patience": (None,),
    "categorical_features": (None, *SEQUENCES),
    "ignore": (None, *SEQUENCES),
    "text_columns": (None, *SEQUENCES),
    "text_model": (None,),
    "constraints": (None, [], ["x"]),
    "random_state": (None, 0, True),
    "verbose": (0, True, 10**400, None),
    "callbacks": (None, []),
    "checkpoint": (None, "no such"),
    "hidden_sizes": (np.array([1, 2]),),
    "dropout": (0, 0.5),
    "spectral_norm": (True,),
    "warm_start": (True,),
    "repeat_real": (True,),
    "synthetic_share": (0.5,),
    "selection": (None,),
    "device": (None,),
    "devices": (None,),
    "sampling_strategy": (0.5, True, {}, {"x": 1}, lambda: 0, int),
    "truncation": (None, 0.5, 2.5),
    "augment": (None, "no such", *SEQUENCES),
    "augment_strength": (0, 0.5),
    "betas": SEQUENCES,
    "n_steps": (0,),
    "image_shape": (None, *SEQUENCES),
    "orthogonal": (0, 0.5, 2.5),
    "mask_channels": (None, *SEQUENCES),
    "content_weight": (0, 0.5, 2.5),
    "class_weight": (0, 0.5, 2.5),
    "epsilon": (0.5, 2.5),
    "delta": (0.5,),
    "bounds": (None, {}, {"x": 1}),
    "levels": (None, {}, {"x": 1}),
    "max_grad_norm": (0.5, 2.5),
    "max_rate": (0.5,),
}


# None keeps what the model has, so only a sampler takes it
OF_MODEL = ("device", "devices", "verbose")


def is_taken(cls, name, value):
    if (cls is GANOversampler) != (name in OF_MODEL) and value is None and name in OF_MODEL:
        return False
    if cls in (TabularGAN, PrivateTabularGAN, TranslationGAN) and name == "n_steps":
        return False
    if name in ("source", "target"):  # any label; whether y has it is seen later
        return True
    return any(
        value is taken or (type(value) is type(taken) and repr(value) == repr(taken)) for taken in TAKEN.get(name, ())
    ) or (name == "sampling_strategy" and callable(value))


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("nested", [False, True])
def test_every_parameter_refuses_what_it_cannot_take_before_training(cls, nested, monkeypatch):
    monkeypatch.setattr("ganaug.models.base.train", lambda *_, **__: pytest.fail("training began"))
    rng = np.random.default_rng(0)
    of_images = cls in (ImageGAN, TranslationGAN)
    X = rng.integers(0, 256, (18, 8, 8), dtype=np.uint8) if of_images else rng.normal(size=(18, 2))
    X = [f"text {i}" for i in range(18)] if cls is TextGAN else X
    y = np.repeat([0, 1], [10, 8])
    for name in inspect.signature(cls).parameters:
        for value in BAD:
            if is_taken(cls, name, value):
                continue
            estimator = cls(**{name: value})
            if nested and cls is not GANOversampler:
                estimator = GANOversampler(model=estimator)
            with pytest.raises(ValueError, match=rf"\b{name}\b") as caught:
                estimator.fit(X, y)
            assert isinstance(caught.value, InvalidParameterError), (name, value)
            shown = "Got" if type(value) is object or len(str(value)) > 50 else str(value)
            assert shown in str(caught.value) or repr(value) in str(caught.value), (name, value)


def test_parameters_of_a_cleaning_sampler_are_refused_before_training(monkeypatch):
    from imblearn.under_sampling import EditedNearestNeighbours

    monkeypatch.setattr("ganaug.models.base.train", lambda *_, **__: pytest.fail("training began"))
    sampler = GANOversampler(selection=EditedNearestNeighbours(n_neighbors=-1))
    with pytest.raises(InvalidParameterError, match=r"n_neighbors.*-1"):
        sampler.fit_resample(np.zeros((12, 2)), np.repeat([0, 1], [8, 4]))


def test_parameters_of_a_model_that_is_a_name_say_the_way_out():
    with pytest.raises(ValueError, match=r"model__loss='hinge'.*model=TabularGAN\(loss='hinge'\)"):
        GANOversampler().set_params(model__loss="hinge")
    assert GANOversampler().set_params(model=TabularGAN(), model__loss="hinge").model.loss == "hinge"
    assert GANOversampler(model=TabularGAN()).set_params(model__loss="hinge").model.loss == "hinge"
    with pytest.raises(ValueError, match="model='auto'"):
        GANOversampler(model=TabularGAN()).set_params(model="auto", model__loss="hinge")


@pytest.mark.parametrize("estimator", [GANOversampler(), TabularGAN()])
def test_a_continuous_target_is_refused_with_a_way_out(estimator):
    with pytest.raises(ValueError, match=r"y holds numbers such as .*qcut"):
        estimator.fit(np.zeros((12, 2)), np.linspace(0, 1, 12))
