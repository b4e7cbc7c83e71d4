"""The state of a training run: all that its next steps depend on, as one object that can be stored."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from safetensors.torch import load, save
from torch import Tensor

from ganaug.training.batches import Batch
from ganaug.training.ema import EMA
from ganaug.training.phase import Phase

_JSON = "json"


class Stateful(Protocol):
    """An object whose state can be stored."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state: nested dicts and lists of tensors, numbers, strings and None."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over a state that `state_dict` of an equal object returned."""
        ...


class Batches(Stateful, Protocol):
    """An endless stream of batches whose place can be stored."""

    def __next__(self) -> Batch:
        """Return the next batch."""
        ...


class RandomDraws:
    """What objectives remember that only draw random numbers.

    Parameters
    ----------
    rng : torch.Generator
        Their source.
    """

    def __init__(self, rng: torch.Generator) -> None:
        self.rng = rng

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the source."""
        return {"rng": self.rng.get_state()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue with a state of the source."""
        self.rng.set_state(state["rng"])


@dataclass
class TrainingState:
    """All that the next steps of a training run depend on.

    `train` advances it. A run that was stored after a step, and loaded into objects that were built in the same way,
    continues with the same weights, bit for bit on the CPU. Callbacks have no part in the state.

    Parameters
    ----------
    phases : sequence of Phase
        The networks that are trained, with their optimisers, in the order of their updates.
    average : EMA
        The moving average that will sample, with the weights that were kept last.
    batches : Batches
        The place in the stream of batches, with the state of its random generator.
    objectives : Stateful or None, default=None
        What the objectives of the phases remember, such as `Adversarial`: counts, the strength of augmentation, the
        state of the random generator on the device. None if they remember nothing.

    Attributes
    ----------
    step : int
        Steps done.
    seconds : float
        Duration of the training so far.
    history : list of dict
        What was recorded so far, the newest last.
    best_distance : float
        The least distance measured so far.
    kept_step : int
        The step whose weights `average` kept last; 0 before.
    was_diverse : bool
        Whether all classes once were far from collapsed. Only then a low diversity is a collapse.
    """

    phases: Sequence[Phase]
    average: EMA
    batches: Batches
    objectives: Stateful | None = None
    step: int = field(default=0, init=False)
    seconds: float = field(default=0.0, init=False)
    history: list[dict[str, float]] = field(default_factory=list, init=False)
    best_distance: float = field(default=math.inf, init=False)
    kept_step: int = field(default=0, init=False)
    was_diverse: bool = field(default=False, init=False)

    def _parts(self) -> dict[str, Stateful]:
        parts: dict[str, Stateful] = {f"phase.{phase.name}": phase for phase in self.phases}
        parts |= {"average": self.average, "batches": self.batches}
        return parts if self.objectives is None else parts | {"objectives": self.objectives}

    def state_dict(self) -> dict[str, Any]:
        """Return the state as nested dicts and lists of tensors, numbers, strings and None.

        As in torch, the tensors are those of the run and not copies: store or copy them before the next step.
        """
        return {
            "step": self.step,
            "seconds": self.seconds,
            "history": [dict(record) for record in self.history],
            "best_distance": self.best_distance,
            "kept_step": self.kept_step,
            "was_diverse": self.was_diverse,
            "parts": {name: part.state_dict() for name, part in self._parts().items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a state that `state_dict` returned.

        Parameters
        ----------
        state : dict
            The state of a run whose networks, rows and settings were the same.

        Raises
        ------
        ValueError
            If the state has other parts than this run.
        """
        parts = self._parts()
        if set(state["parts"]) != set(parts):
            raise ValueError(f"the stored run has the parts {sorted(state['parts'])}, but this run has {sorted(parts)}")
        for name, part in parts.items():
            part.load_state_dict(state["parts"][name])
        self.step, self.seconds = state["step"], state["seconds"]
        self.history[:] = [dict(record) for record in state["history"]]
        self.best_distance, self.kept_step = state["best_distance"], state["kept_step"]
        self.was_diverse = state["was_diverse"]


def state_to_bytes(state: Mapping[str, Any]) -> bytes:
    """Write a state as safetensors: tensors, and all else as JSON beside them; no code.

    Parameters
    ----------
    state : mapping
        `TrainingState.state_dict`, or another nest of dicts with string keys and lists that holds tensors, numbers,
        strings and None.

    Returns
    -------
    bytes
        For `state_from_bytes`.

    Raises
    ------
    TypeError
        If a value is of another kind.

    Examples
    --------
    >>> state_from_bytes(state_to_bytes({"step": 3, "weight": torch.zeros(2)}))
    {'step': 3, 'weight': tensor([0., 0.])}
    """
    tensors: dict[str, Tensor] = {}

    def plain(value: Any) -> Any:
        if isinstance(value, Tensor):
            # safetensors refuses tensors that share memory
            tensors[name := str(len(tensors))] = value.detach().cpu().clone().contiguous()
            return {"tensor": name}
        if isinstance(value, Mapping):
            return {"dict": {key: plain(part) for key, part in value.items()}}
        return [plain(part) for part in value] if isinstance(value, list) else value

    text = json.dumps(plain(state)).encode()
    tensors[_JSON] = torch.frombuffer(bytearray(text), dtype=torch.uint8)
    return save(tensors)


def state_from_bytes(data: bytes) -> dict[str, Any]:
    """Read a state that `state_to_bytes` wrote.

    Parameters
    ----------
    data : bytes
        From a trusted source or not: it holds no code.

    Returns
    -------
    dict
        The state, with tensors on the CPU.
    """
    tensors = load(data)

    def revived(value: Any) -> Any:
        if isinstance(value, dict):
            if "tensor" in value:
                return tensors[value["tensor"]]
            return {key: revived(part) for key, part in value["dict"].items()}
        return [revived(part) for part in value] if isinstance(value, list) else value

    state: dict[str, Any] = revived(json.loads(tensors.pop(_JSON).numpy().tobytes()))
    return state
