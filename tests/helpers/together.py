"""What each of several processes does in the tests of `devices`: it fits small models, and writes down what it saw."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganaug import ImageGAN, TabularGAN, TextGAN
from ganaug.common import processes
from ganaug.training import BalancedBatches, Callback, CSVLog, training_file

LOSSES = ("discriminator_loss", "generator_loss", "generator_gradient_norm", "distance")


class Seen(Callback):
    """Keep the classes and the sum of the rows of each batch that this process trains on."""

    every_process = True

    def __init__(self) -> None:
        self.batches: list[Any] = []

    def on_fit_start(self, run: Any) -> None:
        """Watch the batches."""
        self._next = BalancedBatches.__next__

        def watched(batches: Any) -> Any:
            batch = self._next(batches)
            self.batches.append([batch.y.tolist(), batch.real.flatten(1).double().sum(1).tolist()])
            return batch

        BalancedBatches.__next__ = watched  # type: ignore[method-assign]

    def on_fit_end(self, run: Any) -> None:
        """Stop watching."""
        BalancedBatches.__next__ = self._next  # type: ignore[method-assign]


class Failing(Callback):
    """An error in the first process."""

    def __init__(self, step: int = 1) -> None:
        self.step = step

    def on_step_end(self, run: Any) -> None:
        """Raise it."""
        if run.step == self.step:
            raise ValueError("no room")


def table(seed: int = 0) -> tuple[Any, Any]:
    """Return rows of two classes."""
    y = np.repeat(["common", "rare"], [60, 20])
    return np.random.default_rng(seed).normal(size=(80, 3)) + (y == "rare")[:, None], y


def said_by(fit: Any) -> dict[str, Any]:
    """Return the error that a fit raises, and after how many seconds."""
    began = time.monotonic()
    try:
        fit()
    except Exception as error:
        return {"said": f"{type(error).__name__}: {error}", "seconds": time.monotonic() - began}
    return {"said": "", "seconds": 0}


def fitted(kind: str, folder: Path | None = None, **params: Any) -> Any:
    """Return a fitted model of a kind of data."""
    if kind == "table":
        X, y = table()
        callbacks = [Seen()]
        if folder is not None:
            params["checkpoint"] = folder / f"checkpoint {processes_rank()}"
            callbacks += [CSVLog(folder / f"history {processes_rank()}.csv")]
        params = {"n_steps": 20, "hidden_sizes": (32,), "callbacks": callbacks, **params}
        model: Any = TabularGAN(batch_size=32, random_state=0, **params)
    elif kind == "image":
        X = np.random.default_rng(0).integers(0, 256, size=(40, 8, 8), dtype=np.uint8)
        y = np.repeat([0, 1], 20)
        model = ImageGAN(n_steps=10, batch_size=8, width=4, augment_strength=0, random_state=0, **params)
    else:
        X = [f"meet me at {n} {when}" for n in range(1, 13) for when in ("today", "tonight", "tomorrow")]
        y = ["ham"] * 30 + ["spam"] * 6
        model = TextGAN(autoencoder_steps=12, n_steps=10, hidden_size=16, code_size=8, random_state=0, **params)
    return model.fit(X, y)


def processes_rank() -> int:
    """Return the number of this process."""
    place = processes.place_of_environment()
    return 0 if place is None else place.rank


def summary(model: Any) -> dict[str, Any]:
    """Return what tells whether two models were trained alike."""
    weights = torch.cat([weight.flatten().double() for weight in model.generator_.state_dict().values()])
    losses = {name: model.history_[name].dropna().tolist() for name in LOSSES}
    if hasattr(model, "autoencoder_history_"):
        losses["autoencoder_loss"] = model.autoencoder_history_["autoencoder_loss"].tolist()
    return {"losses": losses, "weights": [float(weights.sum()), float(weights.square().sum())]}


if __name__ == "__main__":
    folder, kinds = Path(sys.argv[1]), sys.argv[2:]
    found: dict[str, Any] = {}
    for kind in kinds:
        if kind == "other":
            found[kind] = said_by(lambda: TabularGAN(random_state=0).fit(*table(processes_rank())))
            continue
        if kind == "failing":
            found[kind] = said_by(lambda: TabularGAN(callbacks=[Failing()], random_state=0).fit(*table()))
            continue
        if kind == "resumed":
            training_file.EVERY, training_file.PART = 0.0, 1e9  # stored at each step
            said_by(lambda: fitted("table", folder, callbacks=[Failing(12)]))
            found["kept"] = sorted(path.name for path in folder.glob("checkpoint*"))
            training_file.EVERY = 30.0
            found[kind] = summary(fitted("table", folder, callbacks=[]))
            continue
        model = fitted(kind, folder)
        found[kind] = summary(model)
        if kind == "table":
            found["batches"] = model.callbacks[0].batches
            found["rows"] = model.sample(["rare", "common"]).tolist()
    (folder / f"{processes_rank()}.json").write_text(json.dumps(found))
