"""Scores of ways to train on images, on one split: one training of a generator serves all of them."""

import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.metrics import check_scoring

from ganaug.balanced_images import compact_images, value_range_of
from ganaug.common.progress import begin_phase
from ganaug.comparison.image_arms import ImageArm
from ganaug.comparison.image_classifiers import SplitImages
from ganaug.comparison.results_file import key_of
from ganaug.comparison.scoring import failure_note, one_line
from ganaug.oversampler import GANOversampler

# Synthetic images of a class: as many as the largest class has, within these limits.
N_SYNTHETIC = (500, 4_000)


def evaluate_arms(
    X: NDArray,
    y: NDArray,
    train: NDArray,
    test: NDArray,
    split: int,
    arms: Mapping[str, ImageArm],
    missing: Mapping[str, Mapping[str, Any]],
    scorers: Mapping[str, Any],
    seed: int,
    finish: Callable[[str, int], None] | None = None,
) -> list[dict[str, Any]]:
    """Train every classifier of a split in every way that is missing, and score it on the test images.

    Parameters
    ----------
    X, y : ndarray of shape (n, height, width[, channels]), ndarray of shape (n,)
        All images and their labels.
    train, test : ndarray of int
        Positions of the training and the test images.
    split : int
        Number of the split.
    arms : mapping of str to ImageArm
        Name -> way to train.
    missing : mapping of str to mapping of str to classifier
        Which arms are to be evaluated, with which classifiers.
    scorers : mapping of str to scorer
        Of `scorers_for`.
    seed : int
        Together with `split`, the seed of everything. It does not depend on the arm.
    finish : callable (str, int) or None, default=None
        Called with the name of each arm that is done, and `split`.

    Returns
    -------
    list of dict
        For each arm and classifier the columns of `evaluate_sampler`. The time of an arm with synthetic images has
        that of the generator.
    """
    own = int(np.random.SeedSequence([seed, split]).generate_state(1)[0] >> 1)
    classes, labels = np.unique(y, return_inverse=True)
    labels = labels.ravel().astype(np.int64)
    value_range = value_range_of(X)
    pool = compact_images(X, value_range)
    generators = _Generators(X[train], labels[train], value_range, own)
    images = SplitImages(
        pool.part(train),
        labels[train],
        pool.part(test),
        len(classes),
        generators.images_of,
    )
    learners: dict[str, Any] = {}
    rows = []
    for name, classifiers in missing.items():
        for classifier, unfitted in classifiers.items():
            arm, note, start = arms[name], "", time.perf_counter()
            scores = dict.fromkeys(scorers, float("nan"))
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                try:
                    if classifier not in learners:
                        learners[classifier] = unfitted.learner(images, own)
                    known = _Known(learners[classifier].probabilities(arm), classes)
                    scores |= check_scoring(known, scoring=dict(scorers))(known, X[test], y[test])
                except Exception as error:
                    note = failure_note(error, y[train])
                if not note and caught:
                    note = one_line(caught[0].category, caught[0].message)
            seconds = time.perf_counter() - start - generators.take_seconds() + generators.seconds_of(arm)
            row = {"sampler": name, "classifier": classifier, "split": split, "n_train": len(train)}
            rows.append(row | {"n_test": len(test), "fit_seconds": seconds, "note": note} | scores)
        if finish is not None:
            finish(name, split)
    return rows


class _Generators:
    """Synthetic images of samplers, each trained once on the training images of a split."""

    def __init__(self, X: NDArray, y: NDArray, value_range: tuple[float, float], seed: int) -> None:
        self._X, self._y, self._value_range, self._seed = X, y, value_range, seed
        self._found: dict[str, Any] = {}
        self._seconds: dict[str, float] = {}
        self._just_trained = 0.0

    def images_of(self, sampler: GANOversampler | None) -> Any:
        key = _key(sampler)
        if key not in self._found:
            start = time.perf_counter()
            try:
                self._found[key] = self._generate(GANOversampler() if sampler is None else clone(sampler))
            except Exception as error:
                self._found[key] = error
            self._seconds[key] = self._just_trained = time.perf_counter() - start
            begin_phase("comparing", show=False)  # the training has left another name
        if isinstance(self._found[key], Exception):
            raise self._found[key]
        return self._found[key]

    def _generate(self, sampler: GANOversampler) -> Any:
        counts = np.bincount(self._y)
        n_each = int(np.clip(counts.max(), *N_SYNTHETIC))
        wanted = {label: int(n) + n_each for label, n in enumerate(counts)}
        for key in sampler.get_params():
            if key.split("__")[-1] in ("callbacks", "verbose"):  # of the model, too
                sampler.set_params(**{key: 0 if key.endswith("verbose") else None})
        random_state = self._seed if sampler.random_state is None else sampler.random_state
        sampler.set_params(sampling_strategy=wanted, random_state=random_state)
        X, y = sampler.fit_resample(self._X, self._y)
        marks = sampler.is_synthetic_
        kept = compact_images(np.asarray(X)[marks], self._value_range)
        return kept, np.asarray(y)[marks].astype(np.int64)

    def take_seconds(self) -> float:
        """Return the seconds of a training that has just been done, once."""
        seconds, self._just_trained = self._just_trained, 0.0
        return seconds

    def seconds_of(self, arm: ImageArm) -> float:
        return self._seconds.get(_key(arm.sampler), 0.0) if arm.share else 0.0


def _key(sampler: GANOversampler | None) -> str:
    return key_of(sampler)


class _Known(ClassifierMixin, BaseEstimator):
    """A classifier whose probabilities are known, for the scorers of scikit-learn."""

    def __init__(self, probability: NDArray, classes: NDArray) -> None:
        self.probability = probability
        self.classes = classes
        self.classes_ = classes

    def fit(self, X: Any, y: Any) -> "_Known":
        return self

    def predict_proba(self, X: Any) -> NDArray:
        return self.probability

    def predict(self, X: Any) -> NDArray:
        return self.classes[self.probability.argmax(axis=1)]
