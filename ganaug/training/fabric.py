"""Lightning Fabric and Adam without torch's compiler, whose import costs more than a second of the first `fit`.

Neither needs `torch._dynamo` where nothing is compiled. Fabric imports it for one class, to recognise compiled
networks; torch's optimizers import it to tell it not to compile them. Here it is imported only when something asks for
it, such as `torch.compile`.
"""

import builtins
import inspect
import sys
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
    from lightning_fabric import Fabric
finally:
    builtins.__import__ = _import


class Adam(torch.optim.Adam):
    """`torch.optim.Adam` without the decorators of its methods, which import the compiler and speak to it alone."""

    add_param_group = inspect.unwrap(torch.optim.Adam.add_param_group)
    load_state_dict = inspect.unwrap(torch.optim.Adam.load_state_dict)
    state_dict = inspect.unwrap(torch.optim.Adam.state_dict)
    zero_grad = inspect.unwrap(torch.optim.Adam.zero_grad)
    _undecorated_step = inspect.unwrap(torch.optim.Adam.step)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Take a step without gradients, which torch's decorator turns off too.

        Parameters
        ----------
        closure : callable or None, default=None
            As of `torch.optim.Adam.step`.
        """
        return self._undecorated_step(closure)
