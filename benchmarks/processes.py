"""What do several processes bring? Milliseconds of a training step with 1, 2, ... processes, one CPU core each.

    python benchmarks/processes.py                          1 and 2 processes
    python benchmarks/processes.py --devices 1 2 4 8 --repeats 5

The batch is the same for any number of processes: each takes a part of it. The number of a line is the fastest ten
steps of all repeats, between which the numbers of processes take turns: on a machine that others use, the mean would
measure them. "exchanged" is what each process sends in a step: four bytes for each weight of both networks.
"""

import argparse
import warnings
from typing import Any

import numpy as np
import pandas as pd
import torch
from pages import machine, markdown

from ganaug import ImageGAN, TabularGAN


def model_of(family: str, **params: Any) -> tuple[Any, Any, np.ndarray]:
    """Return a model, and data of two classes."""
    rng = np.random.default_rng(0)
    kind, size, batch = family.split()
    y = np.arange(512) % 2
    params |= {"batch_size": int(batch), "device": "cpu", "patience": None, "random_state": 0}
    if kind == "image":
        return ImageGAN(**params), rng.integers(0, 256, (512, int(size), int(size)), dtype=np.uint8), y
    return TabularGAN(**params), rng.normal(size=(512, int(size))), y


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, nargs="+", default=[1, 2])
    families = ["image 28 32", "image 28 128", "image 64 64", "table 20 128", "table 20 2048"]
    parser.add_argument("--families", nargs="+", default=families, help="'image SIDE BATCH' or 'table COLUMNS BATCH'")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    found: dict[tuple[str, int], list[float]] = {}
    exchanged = {}
    for _ in range(arguments.repeats):
        for family in arguments.families:
            for n in arguments.devices:
                model, X, y = model_of(family, n_steps=arguments.steps, devices=n)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # of so short a training
                    model.fit(X, y)
                found.setdefault((family, n), []).append(1e3 * float(model.history_["step_time"].min()))
                weights = [*model.generator_.parameters(), *model.discriminator_.parameters()]
                exchanged[family] = sum(weight.numel() for weight in weights) * 4 / 2**20
    rows = []
    for family in arguments.families:
        times = {n: min(found[family, n]) for n in arguments.devices}
        row = {"family, size, batch": family, "exchanged, MiB": f"{exchanged[family]:.2f}"}
        row |= {f"{n} processes, ms" if n > 1 else "1 process, ms": f"{time:.1f}" for n, time in times.items()}
        rows.append(row | {"speed": f"{times[min(times)] / times[max(times)]:.2f}"})
    print(machine(), "\n")
    print(markdown(pd.DataFrame(rows)))


if __name__ == "__main__":
    main()
