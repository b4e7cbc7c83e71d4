"""A forked process trains and samples, though torch has used several threads before."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import multiprocessing, sys
import numpy as np, torch
torch.set_num_threads(2)
late = sys.argv[1] == "late"

def use():
    from ganaug import ImageGAN
    X = np.random.default_rng(0).integers(0, 256, (20, 16, 16), dtype=np.uint8)
    y = np.repeat([0, 1], 10)
    model = ImageGAN(n_steps=2, batch_size=8, random_state=0, device="cpu").fit(X, y)
    model.score_samples(model.sample(y), y)
    return torch.get_num_threads()

def child():
    assert use() == 1

if late:  # only torch is used before the fork
    torch.nn.Conv2d(8, 8, 3)(torch.ones(32, 8, 64, 64)).sum().backward()
else:
    assert use() == 2
process = multiprocessing.get_context("fork").Process(target=child)
process.start()
process.join(50)
code = process.exitcode
process.kill()
sys.exit(99 if code is None else code)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only POSIX forks")
@pytest.mark.parametrize("when", ["early", "late"])
def test_a_forked_process_does_not_wait_for_threads_that_it_lacks(when):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", SCRIPT, when], env=env, timeout=120, check=False)
    assert done.returncode == 0
