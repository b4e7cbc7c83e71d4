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

from ganaug import GANOversampler, ImageGAN

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
# The network and the classical augmentation: small rotations, shifts and changes of brightness, as in any library of
# transforms.
def augmented(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Rotate, move and brighten each image a little."""
    n = len(images)
    angle = 0.26 * (2 * torch.rand(n, generator=generator) - 1)
    move = 0.15 * (2 * torch.rand(n, 2, generator=generator) - 1)
    rotation = torch.stack([angle.cos(), -angle.sin(), move[:, 0], angle.sin(), angle.cos(), move[:, 1]], 1).view(
        n, 2, 3
    )
    grid = F.affine_grid(rotation, list(images.shape), align_corners=False)
    brightness = 0.2 * (2 * torch.rand(n, 1, 1, 1, generator=generator) - 1)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False) + brightness


def as_tensor(images: np.ndarray) -> torch.Tensor:
    """Channels first, values from -1 to 1."""
    images = images[..., None] if images.ndim == 3 else images
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1


def score(images: np.ndarray, labels: np.ndarray, weights: np.ndarray, classical: bool) -> float:
    """Train on images drawn by weight; return the balanced accuracy on real test images."""
    torch.manual_seed(0)
    rng = torch.Generator().manual_seed(0)
    n_classes, channels = int(labels.max()) + 1, as_tensor(images[:1]).shape[1]
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
    tensor, target = as_tensor(images), torch.from_numpy(labels).long()
    draws = torch.utils.data.WeightedRandomSampler(
        weights.tolist(), 64 * N_STEPS_CLASSIFIER, generator=torch.Generator().manual_seed(1)
    )
    for batch in torch.tensor(list(draws)).split(64):
        drawn = augmented(tensor[batch], rng) if classical else tensor[batch]
        loss = F.cross_entropy(network(drawn), target[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.inference_mode():
        predicted = network.eval()(as_tensor(X_test)).argmax(1).numpy()
    return float(balanced_accuracy_score(y_test, predicted))


# %%
# What each of them adds. This is one run on one split, not a benchmark.
balanced = (len(y) / np.bincount(y))[y]
results = {
    "real images, drawn with equal class frequencies": score(X, y, balanced, classical=False),
    "real images, classical augmentation": score(X, y, balanced, classical=True),
    "synthetic images": score(X_all, y_all, sampler.sample_weight_, classical=False),
    "synthetic images, classical augmentation": score(X_all, y_all, sampler.sample_weight_, classical=True),
}
for name, value in results.items():
    print(f"{value:.3f}  {name}")

figure, ax = plt.subplots(figsize=(8, 2.5), layout="constrained")
ax.barh(list(results), list(results.values()))
ax.invert_yaxis()
ax.set(xlabel="balanced accuracy on real test images", xlim=(0, 1))
plt.show()
