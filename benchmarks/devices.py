"""What does a GPU bring? Milliseconds of a training step of each family of models, on the CPU and on the GPU.

    python benchmarks/devices.py                    all families, on every device of this machine
    python benchmarks/devices.py --families table image --steps 100

Each line is one short training on random data, in one process with one thread on the CPU. The first half of the steps
is left out, because the first steps are slower and, on a GPU, choose their kernels. Measurements of the training, such
as those that select weights, are not counted.
"""

import argparse
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import torch
from pages import machine, markdown
from workers import run_command

from ganaug import ImageGAN, TabularGAN, TextGAN, TranslationGAN

WORDS = ("free", "call", "now", "win", "later", "home", "text", "prize", "the", "you", "at", "to", "we", "claim", "ok")


def table(n: int, n_columns: int) -> tuple[Any, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, n_columns)), np.arange(n) % 2


def images(n: int, side: int) -> tuple[Any, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (n, side, side, 3), dtype=np.uint8), np.arange(n) % 2


def texts(n: int) -> tuple[Any, np.ndarray]:
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(WORDS, 12)) for _ in range(n)], np.arange(n) % 2


# a name, the data, the model, and whether it has brain floats
FAMILIES: dict[str, tuple[Callable[[], tuple[Any, np.ndarray]], Callable[..., Any], bool]] = {
    "table: 20 columns, batch 128": (lambda: table(2_000, 20), TabularGAN, True),
    "table: 20 columns, batch 2,048": (lambda: table(20_000, 20), lambda **k: TabularGAN(batch_size=2_048, **k), True),
    "image: light, 28 px, batch 32": (lambda: images(512, 28), lambda **k: ImageGAN(batch_size=32, **k), True),
    "image: light, 64 px, batch 64": (lambda: images(512, 64), lambda **k: ImageGAN(batch_size=64, **k), True),
    "image: biggan, 64 px, batch 64": (
        lambda: images(512, 64), lambda **k: ImageGAN(architecture="biggan", batch_size=64, **k), True,
    ),
    "image: stylegan2, 32 px, batch 32": (
        lambda: images(512, 32), lambda **k: ImageGAN(architecture="stylegan2", batch_size=32, **k), True,
    ),
    "translation: cut, 28 px": (lambda: images(512, 28), TranslationGAN, True),
    "text: GAN of the latents": (lambda: texts(1_000), TextGAN, False),
}  # fmt: skip


def step_ms(name: str, device: str, precision: str, n_steps: int) -> float:
    """Train for some steps and return the mean milliseconds of the second half of them."""
    data, model_of, has_precision = FAMILIES[name]
    X, y = data()
    settings = {"precision": precision} if has_precision else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # so few steps of random data make no good model
        model = model_of(device=device, n_steps=n_steps, random_state=0, **settings).fit(X, y)
    history = model.history_
    return 1000 * history["step_time"].iloc[len(history) // 2 :].mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", nargs="+", default=[""], help="words with which the names of families begin")
    parser.add_argument("--steps", type=int, default=100)
    args = parser.parse_args()
    torch.set_num_threads(1)
    ways = {"CPU, one thread": ("cpu", "32-true")}
    if torch.cuda.is_available():
        ways |= {"GPU": ("cuda", "32-true"), "GPU, bf16": ("cuda", "bf16-mixed")}
    rows = []
    for name in FAMILIES:
        if not name.startswith(tuple(args.families)):
            continue
        row: dict[str, Any] = {"family": name}
        for way, (device, precision) in ways.items():
            if precision == "32-true" or FAMILIES[name][2]:
                row[way] = f"{step_ms(name, device, precision, args.steps):.1f}"
        rows.append(row)
        print(row, flush=True)
    print(machine(), torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU", torch.__version__)
    print(markdown(pd.DataFrame(rows).set_index("family")))


if __name__ == "__main__":
    run_command(main)
