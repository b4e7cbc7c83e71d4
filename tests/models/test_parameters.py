"""Shared parameters: constraint and documentation written once, complete where users read them."""

import inspect
import pydoc

import pytest
from sklearn.utils._param_validation import InvalidParameterError

from ganaug import GANOversampler, ImageGAN, TabularGAN, TextGAN
from ganaug.models.parameters import SHARED, constraints_of, constraints_of_overrides, documented

CLASSES = [TabularGAN, ImageGAN, TextGAN, GANOversampler]


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
