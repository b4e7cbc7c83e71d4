"""A folder of images that is larger than the memory of the process."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

_SIDE, _N_IMAGES, _LIMIT = 128, 8_000, 5 * 2**28
_DECODED = _N_IMAGES * _SIDE * _SIDE * 3
_PROGRAM = """
import resource, sys, threading, time
resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[3]), int(sys.argv[3])))
import pandas as pd
from ganaug import GANOversampler, ImageGAN
from ganaug.datasets import read_images, write_images
from ganaug.evaluation import nearest_columns, score_columns

def memory():
    # pages of mapped files, which the system takes back at any time, do not count
    return int(open("/proc/self/status").read().split("RssAnon:")[1].split()[0])

def watch():
    while True:
        taken.append(memory())
        time.sleep(0.02)

libraries, taken = memory(), []
threading.Thread(target=watch, daemon=True).start()
images = read_images(sys.argv[1])
y = pd.Series(images.y)
model = ImageGAN(n_steps=2, width=1, batch_size=2, latent_size=4, loss="hinge", device="cpu")
sampler = GANOversampler(sampling_strategy={"rare": 505}, model=model, random_state=0)
X, y_resampled = sampler.fit_resample(images.X, y)
X_new, y_new = X[len(y):], y_resampled[len(y):]
manifest = score_columns(sampler, images, X_new, y_new)
write_images(sys.argv[2], images, X_new, y_new, manifest=manifest, copies="link")
print(nearest_columns(images, X_new, y_new.index)["distance"].iloc[0])
print(max(taken) - libraries)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory otherwise")
def test_a_folder_is_balanced_in_less_memory_than_its_images_take(tmp_path):
    """The limit makes ganaug keep arrays in files; of all copies of the images, none is ever in memory."""
    rng = np.random.default_rng(0)
    for name, n in (("common", _N_IMAGES - 500), ("rare", 500)):
        (tmp_path / "in" / name).mkdir(parents=True)
        first = tmp_path / "in" / name / "00000.bmp"
        Image.fromarray(rng.integers(0, 256, (_SIDE, _SIDE, 3), dtype=np.uint8)).save(first)
        for number in range(1, n):
            os.link(first, first.with_name(f"{number:05d}.bmp"))
    words = [sys.executable, "-W", "ignore", "-c", _PROGRAM, tmp_path / "in", tmp_path / "out", _LIMIT]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    distance, taken = map(float, done.stdout.split())
    assert distance > 0
    assert taken * 1024 < _DECODED / 2
    assert sum(1 for _ in (tmp_path / "out" / "rare").iterdir()) == 505
