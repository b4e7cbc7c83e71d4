"""
Synthetic images in the code that you have
==========================================

`ganaug balance` writes a folder of real and synthetic images. `BalancedImages` reads it as a `Dataset` of PyTorch. Code
that was written for ``ImageFolder`` of torchvision, for MONAI, or for another framework, needs one line more.
"""

# %%
# A folder of images with a class that is rare, as ``ganaug balance scans balanced`` reads and writes it.
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader

from ganaug import BalancedImages
from ganaug.cli import main

digits = load_digits()
home = Path(tempfile.mkdtemp())
for i in np.r_[np.flatnonzero(digits.target == 3)[:80], np.flatnonzero(digits.target == 8)[:20]]:
    folder = home / "scans" / {3: "three", 8: "eight"}[int(digits.target[i])]
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray((digits.images[i] * 15).astype(np.uint8)).save(folder / f"{i}.png")
main(["balance", str(home / "scans"), str(home / "balanced"), "--seed", "0", "--max-time", "5"])

# %%
# As with ``ImageFolder``: `classes`, `class_to_idx`, and items of an image and a label. Remove the
# ``WeightedRandomSampler`` and ``shuffle=True`` of your loader: the data set draws by itself, with equal classes. A
# ``transform`` is called after the augmentation.
normalize = torch.nn.BatchNorm2d(1, affine=False)  # stands for transforms.Normalize(...)
dataset = BalancedImages.from_folder(
    home / "balanced", augment="mild", transform=lambda image: normalize(image[None])[0].detach(), random_state=0
)
print(dataset.class_to_idx)
for images, labels in DataLoader(dataset, batch_size=16):
    print(images.shape, labels.bincount().tolist())
    break

# %%
# As with ``monai.data.Dataset``: items are dicts, and `transform` takes and returns dicts, such as a ``Compose`` of
# ``ScaleIntensityd(keys="image")`` and others. Classical augmentation is done already; leave ``RandAffined`` out, or
# write ``augment="off"``.
dataset = BalancedImages.from_folder(
    home / "balanced",
    augment="off",
    keys=("image", "label"),
    transform=lambda item: {**item, "image": item["image"] * 2 - 1},
    random_state=0,
)
batch = next(iter(DataLoader(dataset, batch_size=16)))
print(sorted(batch), batch["image"].shape, batch["label"].tolist())

# %%
# Any other framework: batches of NumPy, here with channels last. Each call is one epoch with other draws.
dataset = BalancedImages.from_folder(home / "balanced", augment="strong", random_state=0)
for epoch in range(2):
    for images, labels in dataset.batches(64):
        print(epoch, images.shape, images.dtype, np.bincount(labels).tolist())
