"""How training goes on: from the networks of a previous fit, or from the checkpoint of one that was interrupted."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ganaug._version import __version__
from ganaug.common import processes
from ganaug.common.containers import to_pandas
from ganaug.common.large_arrays import blocks
from ganaug.common.texts import texts_of
from ganaug.encoders import TableEncoder, continued_table
from ganaug.models.data import CheckedData
from ganaug.training import Stage, TrainingFile, differences

if TYPE_CHECKING:
    from ganaug.models.base import ConditionalGAN

Self = TypeVar("Self", bound="ContinuationMixin")

# What the two networks start from; None is random weights.
Networks = Sequence[nn.Module | None]

# Parameters with other values with which a training may go on: they do not change its steps.
_FREE = ("callbacks", "checkpoint", "max_time", "verbose", "random_state", "device", "devices")
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_LONGEST = 80


class ContinuationMixin:
    """What a training goes on from: another model, or the file of `checkpoint` until its result is with the user."""

    checkpoint: str | PathLike[str] | None
    _training_file: TrainingFile | None = None

    def warm_start_from(self: Self, fitted: Self) -> Self:
        """Take over what another model of the same class has learned; `fit` with ``warm_start=True`` continues from it.

        Parameters
        ----------
        fitted : same class
            Not changed. If it is not fitted, nothing is taken over.

        Returns
        -------
        self
            With the learned attributes of `fitted`, and its own parameters.
        """
        for name, value in vars(fitted).items():
            if name.endswith("_"):
                setattr(self, name, value)
        return self

    def _stage(self, name: str) -> Stage | None:
        """Return the part of the file in which a stage of the training is stored."""
        return None if self._training_file is None else self._training_file.stage(name)

    def end_checkpoint(self) -> None:
        """Delete the file of `checkpoint` after `fit_checked`: what it was for is done."""
        if self._training_file is not None:
            self._training_file.path.unlink(missing_ok=True)
        self.__dict__.pop("_training_file", None)


def check_same_classes(previous: NDArray, labels: NDArray, noun: str) -> None:
    """Raise ValueError unless a warm start has the classes of the previous fit.

    Parameters
    ----------
    previous, labels : ndarray
        Sorted labels of the previous fit, and of this one.
    noun : str
        What the model calls its samples.
    """
    if labels.tolist() != previous.tolist():
        raise ValueError(
            f"warm_start=True continues with the classes {previous.tolist()}, but y has {labels.tolist()}; pass {noun} "
            "of the same classes, or set warm_start=False to train from the beginning"
        )


def networks_of(model: "ConditionalGAN") -> Networks | None:
    """Return the networks from which a warm start continues; None if there are none yet.

    Parameters
    ----------
    model : ConditionalGAN
        Before a fit.

    Raises
    ------
    ValueError
        If the discriminator is not there.
    """
    if not model.warm_start or not hasattr(model, "generator_"):
        return None
    if not hasattr(model, "discriminator_"):
        raise ValueError(
            "warm_start=True continues the training of both networks, but this model was loaded from a file without "
            "the discriminator; set warm_start=True before `save`, or warm_start=False to train from the beginning"
        )
    return model.generator_, model.discriminator_


def encode_again(previous: TableEncoder, found: TableEncoder, X: Any) -> tuple[TableEncoder, torch.Tensor]:
    """Encode new rows for the networks of a previous fit.

    Parameters
    ----------
    previous, found, X
        As of `continued_table`.

    Returns
    -------
    encoder, rows
        As of `continued_table`.

    Raises
    ------
    ValueError
        With the way out, where `continued_table` raises.
    """
    try:
        encoder, rows = continued_table(previous, found, X)
    except ValueError as error:
        raise ValueError(
            f"warm_start=True continues with the columns and values of the previous fit, but X has others: {error}. "
            "Set warm_start=False to train from the beginning"
        ) from error
    return encoder, rows.float()


def open_training_file(
    model: "ConditionalGAN",
    checked: CheckedData,
    index: NDArray,
    weights: Any,
    conditions: Any,
    seed: int,
    previous: Networks | None,
) -> TrainingFile | None:
    """Open the file of the `checkpoint` parameter; None if there is no such parameter, or another process has it.

    Where several processes train, see that they do so on the same data.

    Parameters
    ----------
    model : ConditionalGAN
        With `classes_`.
    checked : CheckedData
        Training data.
    index : ndarray of shape (n_rows,)
        Class index of each row.
    weights : Tensor or None
        Weights of the rows.
    conditions : Tensor or None
        Number of the condition of each row, if there are others than classes.
    seed : int
        What was drawn from `random_state`.
    previous : sequence of Module or None
        Networks of a warm start.

    Raises
    ------
    OSError
        If the file cannot be read, or there is no folder for it.
    ValueError
        If the file is no checkpoint, is damaged, or is of other data or parameters; or if processes that train
        together have other data or parameters.
    """
    if model.checkpoint is None and processes.n_processes() == 1:
        return None
    given = model.get_params(deep=False)
    identity = {
        "model": type(model).__name__,
        "version of ganaug": __version__,
        "device": model._fabric().device.type,
        "number of rows": f"{len(index):,}",
        "classes": _shortened(model.classes_.tolist()),
        **_digests(checked),
        "data y": _digest([index]),
        **{name: _shortened(value) for name, value in given.items() if name not in _FREE},
    }
    if weights is not None:
        identity["data sample_weight"] = _digest([np.asarray(weights)])
    if conditions is not None:
        identity["data attributes"] = _digest([np.asarray(conditions)])
    if previous is not None:
        states = [network.state_dict() for network in previous if network is not None]
        identity["data model of the previous fit"] = _digest(
            tensor.cpu().numpy() for state in states for tensor in state.values()
        )
    if other := processes.first_difference(differences(processes.from_first(identity), identity)):
        raise ValueError(
            f"the processes that train together differ in data or parameters: {other} (there: in the first process). "
            "Give all the same; or set devices=1, with which each trains a model of its own"
        )
    path = processes.from_first(model.checkpoint)
    if path is None:
        return None
    is_given = isinstance(model.random_state, Integral)
    return processes.on_first(lambda: TrainingFile(Path(path), identity, seed, is_seed_given=is_given), is_shared=False)


def _shortened(value: Any) -> str:
    """Write a value so that equal values have the same text in every process, and it fits into a message."""
    text = _ADDRESS.sub("", repr(_plain(value)))
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}... ({hashlib.sha256(text.encode()).hexdigest()[:8]})"


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(name): _plain(of) for name, of in sorted(value.items(), key=str)}
    if isinstance(value, set | frozenset):
        return sorted(map(_shortened, value))
    return [_plain(of) for of in value] if isinstance(value, list | tuple) else value


def _digest(arrays: Iterable[NDArray]) -> str:
    found = hashlib.sha256()
    for array in arrays:
        found.update(f"{array.dtype.str}{array.shape}".encode())
        for part in blocks(array) if array.size and array.ndim else [array]:
            found.update(np.ascontiguousarray(part).view(np.uint8).data if array.size else b"")
    return found.hexdigest()


def _digests(checked: CheckedData) -> dict[str, str]:
    """Return digests of all that is learned, by what it is: the columns of a table, or the images."""
    if checked.encoded is not None:
        description, arrays = checked.encoder.state()
        form = json.dumps(description, sort_keys=True, default=str).encode()
        parts = [np.frombuffer(form, np.uint8), *arrays.values(), torch.as_tensor(checked.encoded).cpu().numpy()]
        return {"data X": _digest(parts)}
    X: Any = checked.X
    if isinstance(X, list) or np.ndim(X) == 1:
        return {"data X": _digest([_bytes_of(texts_of(X))])}
    frame = to_pandas(X)
    digests = {"number of columns": str(frame.shape[1])}
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        is_plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in "biufmM"
        values = column.to_numpy() if is_plain else _bytes_of(column.tolist())
        digests[f"data column {name!r}"] = _digest([np.frombuffer(str(column.dtype).encode(), np.uint8), values])
    return digests


def _bytes_of(cells: Sequence[Any]) -> NDArray:
    return np.frombuffer("\x1f".join(map(repr, cells)).encode("utf-8", "surrogatepass"), np.uint8)
