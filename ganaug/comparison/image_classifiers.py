"""The classifiers by which ways to train on images are compared: a small network, and frozen features."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ganaug.common.extras import require_extra
from ganaug.common.shares import draw_rows, weights_of
from ganaug.comparison.image_arms import ImageArm
from ganaug.comparison.results_file import key_of
from ganaug.metrics import features, has_extractor
from ganaug.training import CompactRows, classical, classifier_probabilities, random_changes, train_classifier

_BATCH_SIZE = 64


@dataclass(frozen=True)
class SplitImages:
    """Images of a split, from 0 to 1, and the numbers of their classes.

    Attributes
    ----------
    train, y : CompactRows, ndarray of int
        Real training images and their classes.
    test : CompactRows
        Test images.
    n_classes : int
        Number of classes.
    synthetic_of : callable (sampler) -> (CompactRows, ndarray of int)
        Synthetic images of a sampler and their classes; trained at the first call, and kept.
    """

    train: CompactRows
    y: NDArray[np.int64]
    test: CompactRows
    n_classes: int
    synthetic_of: Callable[[Any], tuple[CompactRows, NDArray[np.int64]]]


class Learner(Protocol):
    """What a classifier of images becomes for the images of a split: a function of an arm."""

    def probabilities(self, arm: ImageArm) -> NDArray[np.float64]:
        """Train as the arm says, and return the probabilities of the test images, of shape (n_test, n_classes).

        Parameters
        ----------
        arm : ImageArm
            How to train.
        """


class ImageCNN(BaseEstimator):
    """A network of four convolutions, trained from scratch.

    Parameters
    ----------
    n_steps : int, default=600
        Steps of the training, with 64 images each.
    """

    def __init__(self, *, n_steps: int = 600) -> None:
        self.n_steps = n_steps

    def learner(self, images: SplitImages, seed: int) -> Learner:
        """Return the function of an arm for the images of a split.

        Parameters
        ----------
        images : SplitImages
            The images.
        seed : int
            Of the initial weights, the draws and the augmentation; the same for all arms.
        """
        return _CNNLearner(images, seed, self.n_steps)


class FrozenFeatures(BaseEstimator):
    """A logistic regression on the features of a frozen network, see `ganaug.ImageFeatures`.

    Parameters
    ----------
    n_views : int, default=2000
        Augmented views of real images; half as many of synthetic images. They are drawn once for each policy and serve
        all shares, as features take most of the time. Without augmentation, as many images, and no image twice.
    """

    def __init__(self, *, n_views: int = 2000) -> None:
        self.n_views = n_views

    def learner(self, images: SplitImages, seed: int) -> Learner:
        """Return the function of an arm for the images of a split.

        Parameters
        ----------
        images : SplitImages
            The images.
        seed : int
            Of the draws and of the augmentation; the same for all arms.
        """
        return _FrozenLearner(images, seed, self.n_views)


IMAGE_CLASSIFIERS: dict[str, Any] = {"CNN": ImageCNN, "frozen features": FrozenFeatures}


def default_classifiers() -> tuple[str, ...]:
    """Return the names of the classifiers that can be used: frozen features need an extra."""
    return tuple(IMAGE_CLASSIFIERS) if has_extractor() else ("CNN",)


def has_image_classifiers(classifiers: Any) -> bool:
    """Whether classifiers are these, or names of them.

    Parameters
    ----------
    classifiers : str, classifier, sequence of them, or mapping of names to them
        What the user passed.

    Raises
    ------
    ValueError
        If only some of them are.
    """
    is_one = isinstance(classifiers, str) or hasattr(classifiers, "get_params")
    each = classifiers.values() if isinstance(classifiers, Mapping) else [classifiers] if is_one else classifiers
    of_images = [
        hasattr(classifier, "learner") or (isinstance(classifier, str) and classifier in IMAGE_CLASSIFIERS)
        for classifier in each
    ]
    if any(of_images) and not all(of_images):
        raise ValueError(
            f"classifiers: {', '.join(IMAGE_CLASSIFIERS)} are trained on images, and others on rows of pixels; compare "
            "them one after the other"
        )
    return any(of_images)


def image_classifier_of(classifier: Any) -> Any:
    """Return an instance of a classifier of images.

    Parameters
    ----------
    classifier : str or classifier
        A name in `IMAGE_CLASSIFIERS`, or an instance.

    Raises
    ------
    MissingExtraError
        If it needs a package that is not installed: before anything is trained.
    """
    made = IMAGE_CLASSIFIERS[classifier]() if isinstance(classifier, str) else classifier
    if isinstance(made, FrozenFeatures):
        require_extra("extractor", "Features of images need")
    return made


class _CNNLearner:
    def __init__(self, images: SplitImages, seed: int, n_steps: int) -> None:
        self._images, self._seed, self._n_steps = images, seed, n_steps

    def probabilities(self, arm: ImageArm) -> NDArray[np.float64]:
        images, y = self._images, self._images.y
        pool, labels, is_synthetic = images.train, y, np.zeros(len(y), dtype=bool)
        if arm.share:
            synthetic, of_classes = images.synthetic_of(arm.sampler)
            pool = CompactRows(torch.cat([pool.kept, synthetic.kept]), pool.scale)
            labels, is_synthetic = np.concatenate([y, of_classes]), np.repeat([False, True], [len(y), len(of_classes)])
        weights = weights_of(labels, is_synthetic, arm.share or None)
        drawn = weights if arm.draw == "classes" else np.ones(len(labels))
        order = draw_rows(labels, drawn, self._n_steps * _BATCH_SIZE, np.random.default_rng(self._seed))
        network = train_classifier(
            pool,
            torch.from_numpy(labels),
            torch.from_numpy(order),
            center_on=images.train[torch.arange(len(y))],
            n_classes=images.n_classes,
            augment=arm.augment,
            weights=torch.from_numpy(weights).float() if arm.draw == "weights" else None,
            seed=self._seed,
        )
        return classifier_probabilities(network, images.test).numpy()


# The regularisation suits this sum of weights (benchmarks/images.py), whatever the number of views.
_SUM_OF_WEIGHTS, _C = 4_000, 1e-3


class _FrozenLearner:
    def __init__(self, images: SplitImages, seed: int, n_views: int) -> None:
        self._images, self._seed, self._n_views = images, seed, n_views
        self._test = _features(images.test[torch.arange(len(images.test))])
        self._views: dict[tuple[Any, ...], tuple[NDArray, NDArray]] = {}

    def probabilities(self, arm: ImageArm) -> NDArray[np.float64]:
        X, y = self._views_of(("real", arm.augment), lambda: (self._images.train, self._images.y), self._n_views)
        is_synthetic = np.zeros(len(y), dtype=bool)
        if arm.share:
            X_new, y_new = self._views_of(
                ("synthetic", arm.augment, key_of(arm.sampler)),
                lambda: self._images.synthetic_of(arm.sampler),
                self._n_views // 2,
            )
            X, y = np.concatenate([X, X_new]), np.concatenate([y, y_new])
            is_synthetic = np.repeat([False, True], [len(is_synthetic), len(y_new)])
        weights = weights_of(y, is_synthetic, arm.share or None)
        if arm.draw == "images":
            weights = weights * np.bincount(self._images.y, minlength=self._images.n_classes)[y]
        weights = weights / weights.sum() * _SUM_OF_WEIGHTS
        model = make_pipeline(StandardScaler(), LogisticRegression(C=_C, max_iter=500))
        model.fit(X, y, standardscaler__sample_weight=weights, logisticregression__sample_weight=weights)
        return model.predict_proba(self._test)

    def _views_of(
        self, key: tuple[Any, ...], images_of: Callable[[], tuple[CompactRows, NDArray]], n: int
    ) -> tuple[NDArray, NDArray]:
        """Return the features of views with a policy, classes equally frequent, and their classes."""
        if key not in self._views:
            images, y = images_of()
            order = draw_rows(
                y, weights_of(y, np.zeros(len(y), dtype=bool), None), n, np.random.default_rng(self._seed)
            )
            rng, augment = torch.Generator().manual_seed(self._seed), key[1]
            order = np.unique(order) if augment == "off" else order
            batches = torch.from_numpy(order).split(_BATCH_SIZE)
            views = [classical(images[batch], random_changes(len(batch), rng), augment) for batch in batches]
            self._views[key] = _features(torch.cat(views)), y[order]
        return self._views[key]


def _features(images: torch.Tensor) -> NDArray[np.float32]:
    return features(images.clamp(0, 1).permute(0, 2, 3, 1).numpy())
