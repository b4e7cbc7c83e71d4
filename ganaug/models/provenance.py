"""Where synthetic rows come from: of a table the nearest real rows, of images their sources or attributes."""

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.special import expit
from torch import Tensor

from ganaug.metrics import nearest_rows
from ganaug.models.data import EncodedData
from ganaug.models.image_attributes import Attributes
from ganaug.selection import Copies, Folds, Layout, class_certainty, cross_fitted_log_odds

# With fewer real rows of a class no detector learns what they look like.
_MIN_ROWS = 10
# Forests that estimate the class of synthetic rows: each has not learned one fold of the real rows.
_N_FOLDS = 3
# Real rows of a class that they learn from, at most.
_MAX_LEARNED = 5_000


class Provenance:
    """Encoded training rows and synthetic rows, from which `frame` computes what is asked for.

    Parameters
    ----------
    layout : Layout
        Of the encoded rows.
    training : EncodedData
        The training rows.
    seed : int
        Seed of detectors and forest.
    """

    def __init__(self, layout: Layout, training: EncodedData, seed: int) -> None:
        self._layout, self._seed = layout, seed
        # without blocks of zeros and ones this takes about as much memory as the table
        self._real, self._y = layout.compact(training.features), training.y.numpy()
        self._synthetic: list[NDArray] = []
        self._classes: list[NDArray] = []

    def add(self, features: NDArray, y: NDArray) -> None:
        """Take the next synthetic rows.

        Parameters
        ----------
        features : ndarray of shape (n, width)
            Encoded rows.
        y : ndarray of shape (n,)
            Class index of each.
        """
        self._synthetic.append(self._layout.compact(features))
        self._classes.append(y)

    def frame(self) -> pd.DataFrame:
        """Return a row for each synthetic row.

        Returns
        -------
        DataFrame of shape (n_synthetic, 5)
            Columns `nearest`, `distance`, `realism`, `certainty`, `is_copy`.
        """
        rng = np.random.default_rng(self._seed)
        synthetic, y = np.concatenate(self._synthetic), np.concatenate(self._classes)
        real_rows, rows = self._layout.expand(self._real), self._layout.expand(synthetic)
        index, distance = nearest_rows(rows, real_rows)
        realism = np.full(len(rows), np.nan)
        for label in np.unique(y):
            own, of_class = np.flatnonzero(y == label), self._real[self._y == label]
            if len(of_class) >= _MIN_ROWS and len(own) > 1:
                every = np.ones(len(own), dtype=bool)
                folds = Folds.divide(real_rows[self._y == label], rows[own], rng)
                realism[own] = expit(cross_fitted_log_odds(of_class, synthetic[own], folds, every, rng))
        values = {
            "nearest": index[:, 0],
            "distance": distance[:, 0],
            "realism": realism,
            "certainty": class_certainty(real_rows, self._y, self._seed)(rows, y),
            "is_copy": Copies(self._real, self._y).find(synthetic, y),
        }
        return pd.DataFrame(values)

    def class_probability(self) -> NDArray[np.float64]:
        """Return the probability that each synthetic row belongs to its class, for classes of equal size.

        It comes from a forest that has not learned the real rows around: they are divided into three folds, and a row
        is judged by the forest without the fold of its nearest real row. Otherwise rows near a real row would have its
        class for certain. Classes of fewer than six rows are in all folds.

        Returns
        -------
        ndarray of shape (n_synthetic,)
            At least 0.001, so that no row is lost.
        """
        rng = np.random.default_rng(self._seed)
        fold = np.full(len(self._y), -2)
        for label in range(self._y.max() + 1):
            members = rng.permutation(np.flatnonzero(self._y == label))[:_MAX_LEARNED]
            fold[members] = np.arange(len(members)) % _N_FOLDS if len(members) >= 2 * _N_FOLDS else -1
        learned = np.flatnonzero(fold > -2)
        real, of_class, fold = self._layout.expand(self._real[learned]), self._y[learned], fold[learned]
        rows, y = self._layout.expand(np.concatenate(self._synthetic)), np.concatenate(self._classes)
        judge = np.maximum(fold[nearest_rows(rows, real)[0][:, 0]], 0)
        probability = np.empty(len(rows))
        for k in np.unique(judge):
            others, own = fold != k, judge == k
            seed = int(rng.integers(2**31))
            probability[own] = class_certainty(real[others], of_class[others], seed)(rows[own], y[own])
        return np.maximum(probability, 1e-3)

    def nearest_of_class(self) -> NDArray[np.intp]:
        """Return the position of the nearest real row of the class for each synthetic row.

        Returns
        -------
        ndarray of shape (n_synthetic,)
            Positions in the training rows.
        """
        synthetic, y = np.concatenate(self._synthetic), np.concatenate(self._classes)
        nearest = np.empty(len(y), dtype=np.intp)
        for label in np.unique(y):
            own, members = np.flatnonzero(y == label), np.flatnonzero(self._y == label)
            found, _ = nearest_rows(self._layout.expand(synthetic[own]), self._layout.expand(self._real[members]))
            nearest[own] = members[found[:, 0]]
        return nearest


class AttributeProvenance:
    """The attributes of each synthetic image.

    Parameters
    ----------
    attributes : Attributes
        What the model has learned.
    """

    def __init__(self, attributes: Attributes) -> None:
        self._attributes = attributes
        self._numbers: list[Tensor] = []

    def add(self, numbers: Tensor, y: NDArray) -> None:
        """Take the conditions of the next images.

        Parameters
        ----------
        numbers : Tensor of shape (n,)
            Their numbers.
        y : ndarray of shape (n,)
            Class index of each image.
        """
        self._numbers.append(numbers)

    def frame(self) -> pd.DataFrame:
        """Return a row for each synthetic image.

        Returns
        -------
        DataFrame of shape (n_synthetic, n_attributes)
            A column for each attribute.
        """
        return self._attributes.frame(torch.cat(self._numbers))

    def class_probability(self) -> NDArray[np.float64]:
        """Return 1 for each synthetic image: all have the same weight.

        Returns
        -------
        ndarray of shape (n_synthetic,)
            Ones.
        """
        return np.ones(sum(map(len, self._numbers)))


class SourceProvenance:
    """The source of each image that was translated.

    Parameters
    ----------
    y : ndarray of shape (n_images,)
        Class index of each training image.
    classes : ndarray
        The labels of these.
    positions : ndarray of shape (n_images,) or None
        Their positions in `X`; None if they are all of it.
    """

    def __init__(self, y: NDArray, classes: NDArray, positions: NDArray | None) -> None:
        self._labels = classes[y]
        self._positions = np.arange(len(y)) if positions is None else positions
        self._sources: list[NDArray] = []

    def add(self, sources: NDArray, y: NDArray) -> None:
        """Take the sources of the next images.

        Parameters
        ----------
        sources : ndarray of shape (n,)
            Positions among the training images.
        y : ndarray of shape (n,)
            Class index of each translation.
        """
        self._sources.append(sources)

    def frame(self) -> pd.DataFrame:
        """Return a row for each synthetic image.

        Returns
        -------
        DataFrame of shape (n_synthetic, 2)
            Columns `source` (position in `X`) and `source_class`.
        """
        sources = np.concatenate(self._sources)
        return pd.DataFrame({"source": self._positions[sources], "source_class": self._labels[sources]})

    def nearest_of_class(self) -> NDArray[np.intp]:
        """Return the position of each source in `X`.

        Returns
        -------
        ndarray of int, shape (n_synthetic,)
            A translation shows its source, whatever is nearest to it.
        """
        return self._positions[np.concatenate(self._sources)]

    def class_probability(self) -> NDArray[np.float64]:
        """Return 1 for each synthetic image: all have the same weight.

        Returns
        -------
        ndarray of shape (n_synthetic,)
            Ones.
        """
        return np.ones(len(np.concatenate(self._sources)))
