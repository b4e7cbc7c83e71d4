"""Models as files: weights in the safetensors format, everything else as JSON in one of its tensors; no code.

A file holds these tensors:

=========================  =====================================================================================
``json``                   the header, as UTF-8 bytes: version of the format, model class, parameters, class labels,
                           seed, names of the columns, how the encoder and the prior are restored, and how the CSV
                           file was written that the shell read
``generator.<name>``       weights of the generator (the moving average)
``discriminator.<name>``   weights of the discriminator, for models that store it
``array.<name>``           arrays of the encoder and of the prior
=========================  =====================================================================================

Beside the tensors stands a checksum of all of them, so that a file that changed on a disk or on its way is refused.
Files without one, of earlier versions, are read as well.

A file may come from a stranger. Whatever it holds, reading it runs no code, allocates no more memory than the file has
bytes, and either restores a model that samples or raises ValueError.
"""

import hashlib
import json
import os
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from ganaug._version import __version__
from ganaug.common.files import replacing
from ganaug.common.serialization import values_from_json, values_to_json
from ganaug.training import AdversarialLoss

if TYPE_CHECKING:
    from ganaug.models.base import ConditionalGAN

FORMAT = 3
NETWORKS = ("generator_", "discriminator_")
# Parameters of the machine and of the session, which a file does not hold; of constraints, bounds and levels it holds
# what was made of them, and of text_model what it learned.
_NOT_STORED = (
    *("callbacks", "random_state", "device", "devices", "verbose", "checkpoint"),
    *("constraints", "bounds", "levels", "text_model"),
)
# What malformed data raises where a model is restored from it.
_ERRORS = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    RuntimeError,
    ArithmeticError,
    MemoryError,
    AssertionError,
)
# What a file may hold at most; whatever is built from it is checked against these before it takes memory or time.
_MAX_HEADER = 2**28  # bytes
_MAX_CLASSES = 100_000
_MAX_LABEL = 2**16  # bytes of a label
_CHECKSUM = "sha256"

Self = TypeVar("Self", bound="PersistenceMixin")


class PersistenceMixin:
    """Save and load a fitted model; pickle it with networks of any kind."""

    # The model classes that a file may name.
    _kinds: ClassVar[dict[str, type["ConditionalGAN"]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        PersistenceMixin._kinds[cls.__name__] = cast("type[ConditionalGAN]", cls)

    def save(self, path: str | Path) -> None:
        """Store the fitted model in one file: weights in the safetensors format, everything else as JSON; no code.

        The file is written next to `path` and then renamed to it, so that an existing file is never half replaced.

        The file holds values of the training data: categories, up to 1,000 quantiles of each numeric column, the rules
        between columns, with ``prior="mixture"`` means and covariances of groups of a few rows, and with
        ``prior="neighbors"`` whole training rows, or the latent vectors of training images and texts. Of a
        `TranslationGAN` it holds all training images. Of texts it holds the tokens, which may be names or numbers,
        hashes of all words, and the texts of classes of five or fewer. Share it only with those who may see the data.

        Parameters
        ----------
        path : str or Path
            The file; an existing one is replaced.

        Raises
        ------
        OSError
            If the file cannot be written, as on a full disk. An existing file is then left as it was.
        ValueError
            If the data have cells that a file cannot store; the message names the column.
        """
        check_is_fitted(self, "generator_")
        _write_model(cast("ConditionalGAN", self), path)

    @classmethod
    def load(cls: type[Self], path: str | Path) -> Self:
        """Read a model that `save` stored; it samples the same rows as before.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        model
            Fitted, on the CPU.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is cut short, was changed, is not a ganaug model, holds a model of another class, or has another
            version of the file format.
        """
        model: Any = _read_model(path)
        if not isinstance(model, cls):
            kind = type(model).__name__
            raise ValueError(f"{str(path)!r} holds a {kind}, not a {cls.__name__}; read it with {kind}.load")
        return model

    def __getstate__(self) -> dict[str, Any]:
        # torch pickles only the weights of networks with spectral norm, not the networks
        parent: Any = super()  # an estimator; `object` itself has this method only from Python 3.11 on
        state = {name: value for name, value in parent.__getstate__().items() if name != "_training_file"}
        return state | {
            name: state[name].state_dict()
            for name in NETWORKS
            if name in state and any(is_parametrized(module) for module in state[name].modules())
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[misc]
        stored = {name: weights for name in NETWORKS if isinstance(weights := getattr(self, name, None), dict)}
        if stored:
            for name, network in zip(NETWORKS, _empty_networks(cast("ConditionalGAN", self)), strict=True):
                if name in stored:
                    setattr(self, name, _with_weights(network, stored[name]))


def _is_stored(name: str, value: Any) -> bool:
    # a loss of the user's own is code
    return name not in _NOT_STORED and not isinstance(value, AdversarialLoss)


def _as_os_error(error: SafetensorError, path: str | Path) -> OSError:
    """Return the error of the system that safetensors has put into words of its own."""
    if found := re.search(r"\(os error (\d+)\)", str(error)):
        return OSError(int(found[1]), os.strerror(int(found[1])), str(path))
    return OSError(f"the model could not be written to {str(path)!r}: {error}")


def parts_of_model(model: "ConditionalGAN") -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return what a file holds of a model: the header, and the tensors.

    Parameters
    ----------
    model : ConditionalGAN
        Fitted.
    """
    description, arrays = model._store()
    params = model.get_params(deep=False) | model.network_params_
    header = {
        "format": FORMAT,
        "ganaug": __version__,
        "model": type(model).__name__,
        "params": {name: values_to_json(value, name) for name, value in params.items() if _is_stored(name, value)},
        "classes": labels_to_json(model.classes_, "y"),
        "seed": model.seed_,
        "n_features_in": model.n_features_in_,
        "feature_names_in": getattr(model, "feature_names_in_", np.array([])).tolist(),
        "target_name": model.target_name_,
        "text_format": getattr(model, "text_format_", None),
        "description": description,
    }
    tensors = {f"generator.{name}": weight.cpu() for name, weight in model.generator_.state_dict().items()}
    if model._stores_discriminator or model.warm_start:
        weights = model.discriminator_.state_dict()
        tensors |= {f"discriminator.{name}": weight.cpu() for name, weight in weights.items()}
    tensors |= {f"array.{name}": torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
    return header, tensors


def model_from_parts(kind: str, header: dict[str, Any], arrays: dict[str, np.ndarray]) -> "ConditionalGAN":
    """Restore a model that is a part of another one; malformed data raise an error.

    Parameters
    ----------
    kind : str
        Name of its class.
    header, arrays
        What `parts_of_model` returned.
    """
    if header["model"] != kind:
        raise ValueError(f"a {header['model']} stands where a {kind} should")
    return _restored(
        PersistenceMixin._kinds[kind], header, {name: torch.from_numpy(array) for name, array in arrays.items()}
    )


def _write_model(model: "ConditionalGAN", path: str | Path) -> None:
    header, tensors = parts_of_model(model)
    tensors["json"] = torch.frombuffer(bytearray(json.dumps(header).encode()), dtype=torch.uint8)
    with replacing(path) as beside:
        try:
            save_file(tensors, beside, metadata={"format": "ganaug", _CHECKSUM: _checksum(tensors)})
        except SafetensorError as error:
            raise _as_os_error(error, path) from error
        try:
            _read_model(beside)  # so that what was saved can be loaded, whatever the data were
        except ValueError as error:
            raise ValueError(
                f"this model cannot be stored in a file: it would not load again ({error.__cause__ or error}). Please "
                "report this with the dtypes of X and y"
            ) from error


def _checksum(tensors: dict[str, Tensor]) -> str:
    """Return the SHA-256 of names, types, shapes and values of tensors."""
    found = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        found.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        # a copy, because tensors of one value may have any stride
        plain = tensor.reshape(-1).clone(memory_format=torch.contiguous_format)
        found.update(plain.view(torch.uint8).numpy().data)
    return found.hexdigest()


def _read_model(path: str | Path) -> "ConditionalGAN":
    if not Path(path).is_file():
        raise FileNotFoundError(f"No model file at {str(path)!r}")
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, it is no mapping
            written = (file.metadata() or {}).get(_CHECKSUM)
        if written not in (None, _checksum(tensors)):
            raise ValueError("its checksum is wrong, so it was changed after it was saved")
        text = tensors.pop("json")
        if text.numel() > _MAX_HEADER:
            raise ValueError(f"its header has {text.numel():,} values, but at most {_MAX_HEADER:,} are read")
        header = json.loads(text.numpy().tobytes())
        version = header["format"]
    except (SafetensorError, *_ERRORS) as error:
        raise ValueError(f"{str(path)!r} is not a complete ganaug model file: {error}") from error
    if version != FORMAT:
        raise ValueError(
            f"{str(path)!r} has format {version!r}, written by ganaug {header.get('ganaug')}. This is ganaug "
            f"{__version__}, which reads format {FORMAT}. Read the file with the version that wrote it, or fit the "
            "model again"
        )
    try:
        return _restored(PersistenceMixin._kinds[header["model"]], header, tensors)
    except _ERRORS as error:
        raise ValueError(f"{str(path)!r} is damaged or was not written by ganaug: {error}") from error


def _restored(kind: type["ConditionalGAN"], header: dict[str, Any], tensors: dict[str, Tensor]) -> "ConditionalGAN":
    model = kind(**{name: values_from_json(value) for name, value in header["params"].items()})
    model._validate_params()
    model.network_params_ = model._params_of_networks()
    stored = group_by_prefix(tensors, ("generator", "discriminator", "array"))
    if not all(weight.isfinite().all() for name in ("generator", "discriminator") for weight in stored[name].values()):
        raise ValueError("a weight is not finite")
    model.classes_ = labels_from_json(header["classes"])
    model.target_name_ = header["target_name"]
    if not isinstance(model.target_name_, str | None):
        raise ValueError(f"the name of the target is {model.target_name_!r}, which is not a string")
    if isinstance(text_format := header.get("text_format"), dict):
        model.text_format_ = text_format  # checked when rows are written
    model.seed_ = int(header["seed"])
    model.n_features_in_ = int(header["n_features_in"])
    if header["feature_names_in"]:
        model.feature_names_in_ = np.array(header["feature_names_in"], dtype=object)
    arrays = {name: tensor.numpy() for name, tensor in stored["array"].items()}
    model.encoder_, model.prior_ = model._restore(header["description"], arrays)
    generator, discriminator = _empty_networks(model)
    model.generator_ = _with_weights(generator, stored["generator"])
    if kind._stores_discriminator or stored["discriminator"]:
        model.discriminator_ = _with_weights(discriminator, stored["discriminator"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of these samples, which nobody sees
        model.sample(model.classes_[:10])  # a model that cannot sample is refused now
    return model


def labels_to_json(labels: np.ndarray, name: str) -> dict[str, Any]:
    """Describe labels as JSON-able data.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        Different labels, sorted.
    name : str
        What a message calls them.
    """
    return {"dtype": labels.dtype.str, "values": values_to_json(labels, name)}


def labels_from_json(plain: dict[str, Any]) -> np.ndarray:
    """Return labels of a file: few enough, short enough and distinct, as `fit` leaves them.

    Parameters
    ----------
    plain : dict
        What `labels_to_json` returned.
    """
    dtype, values = np.dtype(plain["dtype"]), values_from_json(plain["values"])
    longest = max((len(value) for value in values if isinstance(value, str)), default=0)
    if not 0 < len(values) <= _MAX_CLASSES or max(dtype.itemsize, longest) > _MAX_LABEL or dtype.kind == "V":
        raise ValueError(f"{len(values):,} classes of dtype {dtype} are not the labels of a model")
    classes = np.array(values, dtype=dtype)
    if len(np.unique(classes)) < len(classes):
        raise ValueError("a class label occurs twice")
    return classes


def _empty_networks(model: "ConditionalGAN") -> tuple[nn.Module, nn.Module]:
    """Build networks of the sizes of `fit`, on the meta device: they have shapes and take no memory.

    A file with forged sizes is therefore refused before it costs memory.
    """
    with torch.device("meta"):
        return model._build(model.network_params_, torch.Generator("cpu"))


def _with_weights(network: nn.Module, weights: dict[str, Tensor]) -> nn.Module:
    """Give a network of `_empty_networks` its weights, ready to sample."""
    network.load_state_dict(weights, assign=True)
    return network.eval().requires_grad_(False)


def group_by_prefix(arrays: dict[str, Any], prefixes: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Sort arrays by what stands before the first dot of their names; a name of another prefix raises KeyError.

    Examples
    --------
    >>> group_by_prefix({"encoder.range": 1, "prior.rows": 2, "prior.counts": 3}, ("encoder", "prior"))
    {'encoder': {'range': 1}, 'prior': {'rows': 2, 'counts': 3}}
    """
    groups: dict[str, dict[str, Any]] = {prefix: {} for prefix in prefixes}
    for name, array in arrays.items():
        prefix, _, rest = name.partition(".")
        groups[prefix][rest] = array
    return groups
