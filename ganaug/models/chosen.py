"""Which model a resampler trains, with which parameters."""

from collections.abc import Mapping
from typing import Any

from sklearn.base import clone

from ganaug.common.modality import modality_of, model_class
from ganaug.models.attributed import Attributed
from ganaug.models.base import ConditionalGAN
from ganaug.models.data import CheckedData


def chosen_model(model: Any, X: Any, given: Mapping[str, Any], previous: Any) -> ConditionalGAN:
    """Make the model for data, with the parameters that are given.

    Parameters
    ----------
    model : str or ConditionalGAN
        As of `ganaug.GANOversampler`.
    X : Any
        The data, by which "auto" chooses.
    given : mapping of str to object
        Parameters that override those of the model.
    previous : object
        The model of the previous fit, or that of the user; a warm start continues from it.

    Returns
    -------
    ConditionalGAN
        A new model, with valid parameters.

    Raises
    ------
    ValueError
        If the model has no such parameter, or does not allow its value.
    """
    if isinstance(model, str):
        new: ConditionalGAN = model_class(modality_of(X).name if model == "auto" else model)()
    else:
        new = clone(model)
        # clone copies callbacks too, but the objects of the user are those to be called
        given = {"callbacks": model.callbacks, **given}
    for name in given.keys() - new.get_params().keys():
        raise ValueError(
            f"{name}={given[name]!r} is given, but the model is {type(new).__name__}, which has no parameter "
            f"{name!r}; leave {name} out, or give another model"
        )
    new.set_params(**given)
    if new.warm_start is True and type(previous) is type(new):  # other values are refused below
        new.warm_start_from(previous)
    new._validate_params()  # scikit-learn does not validate the parameters of nested estimators
    return new


def with_attributes(data: CheckedData, model: ConditionalGAN, attributes: Any) -> CheckedData:
    """Add the attributes of images to checked data, if there are any.

    Parameters
    ----------
    data : CheckedData
        From `check_data` of the model.
    model : ConditionalGAN
        The model that will learn them.
    attributes : Any
        As `ganaug.ImageGAN.fit` takes them, or None.

    Raises
    ------
    ValueError
        If the model learns no attributes.
    """
    if attributes is None:
        return data
    if not isinstance(model, Attributed):
        raise ValueError(
            f"attributes are given, but {type(model).__name__} learns none: they are for images that ImageGAN "
            "generates; leave them out (columns of a table belong into X)"
        )
    return data._replace(attributes=attributes)
