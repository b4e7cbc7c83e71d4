"""A phase of a training step: the update of one network."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from ganaug.common import processes
from ganaug.training.batches import Batch
from ganaug.training.fabric import Fabric

Report = Callable[[], dict[str, Tensor]]


@dataclass
class Phase:
    """A part of each training step: what it trains, by which objective, and how often.

    Parameters
    ----------
    name : str
        Prefix of its columns in the history.
    module : nn.Module
        The network(s) whose weights it trains.
    optimizer : torch.optim.Optimizer
        Over those weights.
    objective : callable (batch) -> (scalar, callable () -> dict of scalars)
        Returns what is minimised, and a function that computes what is recorded. The function is called only at
        steps that are recorded.
    n_updates : int, default=1
        Updates in a step.
    clip : float or None, default=None
        Bound on the absolute value of the weights after each update (Wasserstein GAN, arXiv 1701.07875). None does not
        clip.
    first_step : int, default=0
        Steps of the run in which this phase is left out, from the start.
    """

    name: str
    module: nn.Module
    optimizer: torch.optim.Optimizer
    objective: Callable[[Batch], tuple[Tensor, Report]]
    n_updates: int = 1
    clip: float | None = None
    first_step: int = 0
    parameters: list[Tensor] = field(init=False)

    def __post_init__(self) -> None:
        self.parameters = list(self.module.parameters())
        self._learning_rates = [float(group["lr"]) for group in self.optimizer.param_groups]

    def scale_learning_rate(self, factor: float) -> None:
        """Set the learning rate to its initial value times a factor."""
        for group, initial in zip(self.optimizer.param_groups, self._learning_rates, strict=True):
            group["lr"] = initial * factor

    def update(self, batch: Batch, fabric: Fabric) -> Report:
        """Take one gradient step on a batch, of which all processes have a part; return the objective's report."""
        objective, report = self.objective(batch)
        for weight in self.parameters:
            weight.grad = None
        fabric.backward(objective, inputs=self.parameters)
        processes.average([weight.grad for weight in self.parameters if weight.grad is not None])
        self.optimizer.step()
        if self.clip is not None:
            with torch.no_grad():
                torch._foreach_clamp_min_(self.parameters, -self.clip)
                torch._foreach_clamp_max_(self.parameters, self.clip)
        return report

    def gradient_norm(self) -> Tensor:
        """Euclidean norm of the last update's gradient."""
        gradients = [weight.grad for weight in self.parameters if weight.grad is not None]
        return torch.stack(torch._foreach_norm(gradients)).norm()

    def state_dict(self) -> dict[str, Any]:
        """Return the weights, and what the optimiser remembers of each; its settings are not included."""
        moments = self.optimizer.state_dict()["state"]
        return {
            "module": self.module.state_dict(),
            "optimizer": {str(index): dict(values) for index, values in moments.items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over weights and what the optimiser remembers; its settings stay those of this phase."""
        self.module.load_state_dict(state["module"])
        moments = {int(index): values for index, values in state["optimizer"].items()}
        self.optimizer.load_state_dict(self.optimizer.state_dict() | {"state": moments})
