"""Where the synthetic rows of a table come from: the nearest real rows, and how real and how certain they look."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from ganaug.metrics import nearest_rows
from ganaug.models.data import EncodedData
from ganaug.selection import Copies, Layout, class_certainty, cross_fitted_log_odds

# With fewer real rows of a class no detector learns what they look like.
_MIN_ROWS = 10


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
                realism[own] = expit(cross_fitted_log_odds(of_class, synthetic[own], every, rng))
        values = {
            "nearest": index[:, 0],
            "distance": distance[:, 0],
            "realism": realism,
            "certainty": class_certainty(real_rows, self._y, self._seed)(rows, y),
            "is_copy": Copies(self._real, self._y).find(synthetic, y),
        }
        return pd.DataFrame(values)


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
