"""A forged file of any model either samples or is refused with a ValueError, at once; see also test_persistence."""

import copy
import random
import time

import numpy as np
import pandas as pd
import pytest
from forged_models import forge
from small_texts import LABELS, TEXTS, tiny_texts

from ganaug import GANOversampler, ImageGAN, PrivateTabularGAN, TabularGAN, TranslationGAN

N_FORGERIES = 12
NASTY = [
    *(0, -1, 2**31, 10**30, 1e308, float("nan"), float("inf"), "", "x" * 100_000, None, True, [], {}, [1] * 100_000),
    *({"float": "1e9999999"}, {"decimal": "1e2999999"}, {"numpy": ["<U500000000", "x"]}, {"Fraction": "1/0"}),
    *({"period": [2**70, "D"]}, {"tuple": []}, {"bytes": 2**40}, {"dictionary": ["int8", "string[pyarrow]", True]}),
]
TINY = {"n_steps": 1, "random_state": 0, "device": "cpu"}
IMAGES = np.random.default_rng(0).integers(0, 256, (12, 8, 8), dtype=np.uint8)
TABLE = pd.DataFrame({"x": np.arange(60) / 7, "n": np.arange(60) % 7, "c": ["a", "b", "d"] * 20})
CLASSES = np.repeat([0, 1], [40, 20])


def _oversampler():
    sampler = GANOversampler(model=TabularGAN(hidden_sizes=(4,), **TINY))
    sampler.fit_resample(TABLE, CLASSES)
    return sampler


MODELS = {
    "oversampler": _oversampler,
    "private": lambda: PrivateTabularGAN(bounds={"x": (0, 9), "n": (0, 6)}, **TINY).fit(TABLE, CLASSES),
    "images": lambda: ImageGAN(width=4, batch_size=6, **TINY).fit(
        IMAGES, CLASSES[34:46], attributes=pd.DataFrame({"k": ["p", "q"] * 6})
    ),
    "texts": lambda: tiny_texts().fit(TEXTS, LABELS),
    "translations": lambda: TranslationGAN(width=4, n_blocks=2, batch_size=4, **TINY).fit(IMAGES, CLASSES[34:46]),
}


def _places(node, place=()):
    """Yield the places of all values of a header; of a long list, the first and the last one."""
    if place:
        yield place
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        if isinstance(node, dict) or key in (0, len(node) - 1):
            yield from _places(value, (*place, key))


def _change(rng):
    def change(header, tensors):
        if rng.random() < 0.25:
            name = rng.choice(sorted(tensors))
            tensor = tensors.pop(name)
            broken = [
                None,
                tensor * float("nan"),
                tensor.reshape(-1)[:1].clone(),
                (tensor.double() - 1e9).to(tensor.dtype),
            ]
            if (found := rng.choice(broken)) is not None:
                tensors[name] = found
            return
        *path, last = rng.choice(list(_places(header)))
        node = header
        for key in path:
            node = node[key]
        node[last] = copy.deepcopy(rng.choice(NASTY))

    return change


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_forged_file_samples_or_is_refused(kind, tmp_path):
    model = MODELS[kind]()
    model.save(tmp_path / "whole")
    label = LABELS[0] if kind == "texts" else 1
    for seed in range(N_FORGERIES):
        path = tmp_path / "forged"
        path.write_bytes((tmp_path / "whole").read_bytes())
        forge(path, _change(random.Random(seed)))
        began = time.process_time()
        try:
            loaded = type(model).load(path)
            loaded.sample(3, label) if kind == "oversampler" else loaded.sample([label] * 3)
        except ValueError as error:
            assert str(error)  # noqa: PT017
        except BaseException as error:
            error.add_note(f"{kind}, seed {seed}")
            raise
        assert time.process_time() - began < 10
