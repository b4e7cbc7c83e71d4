"""What a training step costs beside its matrix products alone, and what Lightning Fabric adds to it.

Run with ``python benchmarks/step.py``. The two are timed in turn, so that a machine that slows down slows both; the
ratio is what to quote. Both use one thread, as `TabularGAN` does.
"""

import time
from contextlib import AbstractContextManager, nullcontext
from unittest.mock import patch

import numpy as np
import torch
from sklearn.datasets import make_classification
from torch.utils._python_dispatch import TorchDispatchMode

from ganaug import TabularGAN
from ganaug.training import trainer

N_STEPS = 200
PRODUCTS = {"aten::mm", "aten::addmm", "aten::bmm"}


class Recorder(TorchDispatchMode):
    """Note the shape of every matrix product that is computed, backward and double backward included."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[tuple[torch.Size, torch.Size, bool, bool]] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func._schema.name in PRODUCTS:
            left, right = [arg for arg in args if isinstance(arg, torch.Tensor)][-2:]
            self.shapes.append((left.shape, right.shape, left.is_contiguous(), right.is_contiguous()))
        return func(*args, **(kwargs or {}))


def matrix(shape: torch.Size, contiguous: bool) -> torch.Tensor:
    return torch.randn(shape) if contiguous else torch.randn(shape[::-1]).t()


def step_seconds(model: TabularGAN, X: np.ndarray, y: np.ndarray) -> float:
    return float(model.fit(X, y).history_["step_time"][1:].median())


class Plain:
    """What remains of Fabric without Fabric."""

    device = torch.device("cpu")

    def __init__(self, **_: object) -> None: ...

    def setup(self, *parts: object) -> tuple[object, ...]:
        return parts

    def autocast(self) -> AbstractContextManager[None]:
        return nullcontext()

    def backward(self, loss: torch.Tensor, inputs: list[torch.Tensor]) -> None:
        loss.backward(inputs=inputs)


def measure(name: str, n_features: int, *, n_steps: int = N_STEPS, n_rounds: int = 5, **params: object) -> None:
    X, y = make_classification(1500, n_features, n_informative=5, weights=[0.96], random_state=0)

    def model(n_steps: int) -> TabularGAN:
        return TabularGAN(n_steps=n_steps, patience=None, random_state=0, device="cpu", **params)

    # recorded over one cycle of the lazy penalty
    n_recorded = 4
    recorder = Recorder()
    train = trainer.train

    def recorded(*args: object, **kwargs: object) -> object:
        with recorder:
            return train(*args, **kwargs | {"distance": lambda network: 0.0})

    with patch("ganaug.models.base.train", recorded):
        model(n_recorded).fit(X, y)
    operands = [(matrix(a, p), matrix(b, q)) for a, b, p, q in recorder.shapes]

    ours, plain, products = [], [], []
    for _ in range(n_rounds):
        ours.append(step_seconds(model(n_steps), X, y))
        with patch("ganaug.models.base.Fabric", Plain):
            plain.append(step_seconds(model(n_steps), X, y))
        start = time.perf_counter()
        for _ in range(n_steps // n_recorded):
            for left, right in operands:
                left @ right
        products.append((time.perf_counter() - start) / n_steps)
    ratios = np.divide(ours, products)
    print(
        f"{name:22s} step {np.median(ours) * 1e3:5.2f} ms, products alone {np.median(products) * 1e3:5.2f} ms "
        f"({len(operands) / n_recorded:.0f} a step): ratio {np.median(ratios):.2f} "
        f"[{ratios.min():.2f}, {ratios.max():.2f}]; with Fabric / without {np.median(np.divide(ours, plain)):.2f}"
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    measure("8 columns", 8)
    measure("8 columns, noise prior", 8, prior="noise")
    measure("100 columns", 100)
