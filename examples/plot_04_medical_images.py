"""
Synthetic images in the training of a network
=============================================

A small convolutional network is trained with and without synthetic images, and with and without classical augmentation.
The images are chest X-rays if you pass an archive in the form of MedMNIST
(``python plot_04_medical_images.py FILE.npz``), and the digits of scikit-learn otherwise.
"""

# %%
# One class is far larger than the other.
import os
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader

from ganaug import BalancedImages, GANOversampler, ImageGAN

N_STEPS = int(os.environ.get("GANAUG_STEPS", 2500))  # of the GAN: two to three minutes at 28 pixels
N_STEPS_CLASSIFIER = min(600, N_STEPS)

archive = Path(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].endswith(".npz") else None
if archive is not None:
    data = np.load(archive)
    X, y = data["train_images"], data["train_labels"].ravel()
    X_test, y_test = data["test_images"], data["test_labels"].ravel()
else:
    digits = load_digits()
    images = (digits.images * 15).astype(np.uint8)
    X, X_test, y, y_test = train_test_split(
        images, (digits.target == 8).astype(int), test_size=0.4, stratify=digits.target, random_state=0
    )
    kept = np.sort(np.concatenate([np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:40]]))
    X, y = X[kept], y[kept]
print(X.shape, dict(zip(*np.unique(y, return_counts=True), strict=True)))

# %%
# Every class gets the same share of synthetic images. If they were in the rare class only, a network would learn to
# recognise synthetic images, and take "synthetic" for the class. No image is repeated: `sample_weight_` says how often
# each is drawn.
sampler = GANOversampler(
    sampling_strategy="equal share",
    synthetic_share=0.2,
    repeat_real=False,
    model=ImageGAN(n_steps=N_STEPS),
    random_state=0,
)
X_all, y_all = sampler.fit_resample(X, y)
sampler.model_.plot(X, y, n_each=10).savefig("sheet.png")  # look at it before you use the images


# %%
# `BalancedImages` draws the images, with equal classes and with the weights of the sampler, and augments them: small
# rotations, shifts and changes of brightness. Nothing else is needed for any network of PyTorch.
def score(dataset: BalancedImages) -> float:
    """Train on the images of a data set; return the balanced accuracy on real test images."""
    torch.manual_seed(0)
    n_classes, channels = len(dataset.classes), dataset[0][0].shape[0]
    network = nn.Sequential(
        nn.Conv2d(channels, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, n_classes),
    )
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    for drawn, target in DataLoader(dataset, batch_size=64):
        loss = F.cross_entropy(network(drawn - 0.5), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    unseen = X_test[..., None] if X_test.ndim == 3 else X_test
    with torch.inference_mode():
        logits = network.eval()(torch.from_numpy(unseen).permute(0, 3, 1, 2) / 255 - 0.5)
    return float(balanced_accuracy_score(y_test, np.array(dataset.classes)[logits.argmax(1)]))


# %%
# What each of them adds. This is one run on one split, not a benchmark.
shared = {"n_draws": 64 * N_STEPS_CLASSIFIER, "random_state": 0}
synthetic = {"weights": sampler.sample_weight_, **shared}
results = {
    "real images, drawn with equal class frequencies": score(BalancedImages(X, y, augment="off", **shared)),
    "real images, classical augmentation": score(BalancedImages(X, y, augment="strong", **shared)),
    "synthetic images": score(BalancedImages(X_all, y_all, augment="off", **synthetic)),
    "synthetic images, classical augmentation": score(BalancedImages(X_all, y_all, augment="strong", **synthetic)),
}
for name, value in results.items():
    print(f"{value:.3f}  {name}")

figure, ax = plt.subplots(figsize=(8, 2.5), layout="constrained")
ax.barh(list(results), list(results.values()))
ax.invert_yaxis()
ax.set(xlabel="balanced accuracy on real test images", xlim=(0, 1))
plt.show()
