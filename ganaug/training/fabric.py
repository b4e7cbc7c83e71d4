"""Lightning Fabric and Adam, quick for small networks, and without torch's compiler, whose import takes a second.

Neither needs `torch._dynamo` where nothing is compiled. Fabric imports it for one class, to recognise compiled
networks; torch's optimizers import it to tell it not to compile them. Here it is imported only when something asks for
it, such as `torch.compile`.
"""

import builtins
import inspect
import sys
from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace
from typing import Any

import torch

__all__ = ["Adam", "Fabric"]

_COMPILER = "torch._dynamo"


class _RecognizesCompiled(type):
    def __instancecheck__(cls, candidate: object) -> bool:
        # Whoever compiled a network has imported the compiler.
        compiler = sys.modules.get(_COMPILER)
        return compiler is not None and isinstance(candidate, compiler.OptimizedModule)


class _OptimizedModule(metaclass=_RecognizesCompiled):
    """Stands for `torch._dynamo.OptimizedModule` in `isinstance`."""


_import = builtins.__import__


def _import_for_fabric(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
    """Import as always, except for this one statement of this one file; other threads see no difference."""
    is_fabric = globals is not None and globals.get("__name__") == "lightning_fabric.wrappers"
    if is_fabric and name == _COMPILER and fromlist == ("OptimizedModule",) and _COMPILER not in sys.modules:
        return SimpleNamespace(OptimizedModule=_OptimizedModule)
    return _import(name, globals, locals, fromlist, level)


# Python's import lock of this file admits one thread. A Fabric that no longer has that statement is imported as it is.
builtins.__import__ = _import_for_fabric
try:
    import lightning_fabric
finally:
    builtins.__import__ = _import


class Fabric(lightning_fabric.Fabric):
    """Lightning Fabric that wraps nothing where it has nothing to do: on the CPU in single precision.

    Its wrappers give the same weights there. They cost small networks 5 to 10 % of a step.
    """

    @property
    def _is_idle(self) -> bool:
        return self.device.type == "cpu" and self.world_size == 1 and self._precision.precision == "32-true"

    def setup(self, module: torch.nn.Module, *optimizers: torch.optim.Optimizer, **options: Any) -> Any:
        """Set a network and its optimisers up.

        Parameters
        ----------
        module : Module
            The network.
        *optimizers : Optimizer
            Of its weights.
        **options : dict
            As in Lightning Fabric.
        """
        if not self._is_idle:
            return super().setup(module, *optimizers, **options)
        return (module.to(self.device), *optimizers) if optimizers else module.to(self.device)

    def backward(self, tensor: torch.Tensor, *args: Any, **options: Any) -> None:
        """Compute gradients.

        Parameters
        ----------
        tensor : Tensor
            What is differentiated.
        *args, **options : Any
            As of `torch.Tensor.backward`.
        """
        if self._is_idle:
            tensor.backward(*args, **options)
        else:
            super().backward(tensor, *args, **options)

    def autocast(self) -> AbstractContextManager[None]:
        """Return the context in which operations have the chosen precision."""
        return nullcontext() if self._is_idle else super().autocast()


class Adam(torch.optim.Adam):
    """`torch.optim.Adam` in a short way: the same weights after each step, in a quarter of its time.

    Its methods lack the decorators that import the compiler and speak to it alone, that call hooks and that label steps
    for the profiler. Where the fused step on a CPU takes all weights, as in most steps here, what it takes is collected
    once: for small networks, torch collects and groups it for longer than the step itself takes.
    """

    add_param_group = inspect.unwrap(torch.optim.Adam.add_param_group)
    state_dict = inspect.unwrap(torch.optim.Adam.state_dict)
    zero_grad = inspect.unwrap(torch.optim.Adam.zero_grad)
    _undecorated_load = inspect.unwrap(torch.optim.Adam.load_state_dict)
    _undecorated_step = inspect.unwrap(torch.optim.Adam.step)
    # weights, means of gradients and of their squares, counts of steps; of the weights that all had a gradient
    _collected: tuple[list[torch.Tensor], ...] | None = None

    def load_state_dict(self, state_dict: Any) -> None:
        """Take over the state, as `torch.optim.Adam.load_state_dict` does.

        Parameters
        ----------
        state_dict : dict
            From `state_dict`.
        """
        self._collected = None
        self._undecorated_load(state_dict)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Take a step without gradients, which torch's decorator turns off too.

        Parameters
        ----------
        closure : callable or None, default=None
            As of `torch.optim.Adam.step`.
        """
        gradients = None if closure else self._gradients()
        if gradients is None:
            return self._undecorated_step(closure)
        weights, means, squares, counts = self._collected or self._collect()
        group = self.param_groups[0]
        torch._foreach_add_(counts, 1)
        torch._fused_adam_(
            weights,
            gradients,
            means,
            squares,
            [],
            counts,
            lr=group["lr"],
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            amsgrad=False,
            maximize=group["maximize"],
        )
        return None

    def _gradients(self) -> list[torch.Tensor] | None:
        """Return the gradients of all weights; None where the short way is not open, as in the first step."""
        group = self.param_groups[0]
        weights = group["params"]
        if len(self.param_groups) > 1 or len(self.state) < len(weights) or not group["fused"] or group["amsgrad"]:
            return None
        gradients = [weight.grad for weight in weights]
        return None if any(gradient is None or not gradient.is_cpu for gradient in gradients) else gradients

    def _collect(self) -> tuple[list[torch.Tensor], ...]:
        weights = self.param_groups[0]["params"]
        parts = ([self.state[weight][name] for weight in weights] for name in ("exp_avg", "exp_avg_sq", "step"))
        self._collected = (weights, *parts)
        return self._collected


# torch would wrap the method in hooks and labels where a first Adam is made
Adam.step.hooked = True  # type: ignore[attr-defined]
