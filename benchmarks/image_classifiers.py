"""The classifiers of `images.py`, how their training images are augmented, and their scores."""

import zlib
from collections.abc import Callable, Iterator

import numpy as np
import torch
from image_data import Arm, Parts, Pool, draws
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from ganaug.nets import SmallCNN
from ganaug.training import CompactRows, classical, classifier_probabilities, random_changes, train_classifier

BATCH_SIZE = 64
N_BOOTSTRAPS = 200
# The logistic regression is trained on at most this many draws; the CNN uses more.
N_FEATURES = 4_000


def augmented(images: Tensor, rng: torch.Generator) -> Tensor:
    """Rotate by up to 15 degrees, scale and shift by a tenth, brighten by a fifth: images (n, c, h, w) in [0, 1]."""
    return classical(images, random_changes(len(images), rng), "strong")


def tensors(X: np.ndarray) -> Tensor:
    """Return the 8-bit images as (n, c, h, w)."""
    images = torch.from_numpy(np.ascontiguousarray(X))
    return images[:, None] if images.ndim == 3 else images.permute(0, 3, 1, 2).contiguous()


def scaled(images: Tensor) -> Tensor:
    return images.float() / 255


def train_cnn(parts: Parts, arm: Arm, pool: Pool, n_steps: int, seed: int) -> SmallCNN:
    """Train for a fixed number of steps."""
    return train_classifier(
        CompactRows(tensors(pool.X), scaled),
        torch.from_numpy(pool.y),
        torch.from_numpy(draws(pool, n_steps * BATCH_SIZE, np.random.default_rng(seed))),
        center_on=scaled(tensors(parts.X)),
        n_classes=len(parts.classes),
        augment="strong" if arm.is_augmented else "off",
        weights=None if pool.weights is None else torch.from_numpy(pool.weights).float(),
        seed=seed,
    )


def probabilities(network: SmallCNN, X: np.ndarray) -> np.ndarray:
    return classifier_probabilities(network, CompactRows(tensors(X), scaled)).numpy()


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
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, max_iter=500))
    weights = None if pool.weights is None else pool.weights[order]
    model.fit(known, pool.y[order], logisticregression__sample_weight=weights)
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
