"""What is known of the rows that `fit_resample` returns: which are synthetic, what each weighs, where it comes from."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ganaug.common.shares import weights_of
from ganaug.models.base import ConditionalGAN
from ganaug.models.provenance import AttributeProvenance, Provenance, SourceProvenance


def check_groups(groups: ArrayLike, model: ConditionalGAN, n_rows: int) -> NDArray:
    """Return the groups of rows as an array.

    Parameters
    ----------
    groups : array-like of shape (n_rows,)
        As a user passed them.
    model : ConditionalGAN
        The model that will generate rows.
    n_rows : int
        Number of rows of X.

    Raises
    ------
    ValueError
        If the model is not for tables, or there is not one group for each row.
    """
    if model.modality != "tabular":
        raise ValueError(
            f"groups are for tables: synthetic {model._noun} have no nearest real one whose group they could have; "
            "leave groups out, and give each of them a group of its own"
        )
    found = np.asarray(groups)
    if found.shape != (n_rows,):
        raise ValueError(f"groups must have the shape ({n_rows},), a group for each row of X; got {found.shape}")
    return found


@dataclass
class ResampledRows:
    """Rows of X, then repeated ones, then synthetic ones, class after class.

    Attributes
    ----------
    labels : ndarray of shape (n_resampled,)
        Class labels.
    sources : ndarray of int, shape (n_not_synthetic,)
        Positions in X of the rows that are not synthetic.
    share : float or None
        The share of synthetic rows in the weight of each class, or None for weights as they are.
    sample_weight : ndarray of shape (n_rows,) or None
        Weights of the rows of X that were given.
    groups : ndarray of shape (n_rows,) or None
        Values of the rows of X that the result has as well.
    provenance : Provenance, SourceProvenance, AttributeProvenance or None
        For tables, the encoded rows; for translated images, their sources; for images with attributes, these.
    """

    labels: NDArray
    sources: NDArray[np.intp]
    share: float | None
    sample_weight: NDArray | None
    groups: NDArray | None
    provenance: Provenance | SourceProvenance | AttributeProvenance | None

    @property
    def is_synthetic(self) -> NDArray[np.bool_]:
        """Which rows are synthetic."""
        return np.arange(len(self.labels)) >= len(self.sources)

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """Weights of the rows: see `GANOversampler.sample_weight_`."""
        n_real, synthetic = self.sources.max() + 1, self.labels[len(self.sources) :]
        given = np.ones(n_real) if self.sample_weight is None else self.sample_weight
        known = pd.Series(given).groupby(self.labels[:n_real]).mean()
        of_synthetic = known.reindex(synthetic).to_numpy(dtype=np.float64)
        if self.provenance is not None:
            of_synthetic = of_synthetic * self.provenance.class_probability()
        weights = np.concatenate([given[self.sources], of_synthetic])
        return weights if self.share is None else weights_of(self.labels, self.is_synthetic, self.share, weights)

    @cached_property
    def indices(self) -> NDArray[np.intp]:
        """Position in X of each row, for a synthetic row of the nearest one of its class."""
        nearest = []
        if isinstance(self.provenance, Provenance | SourceProvenance):
            nearest = [self.provenance.nearest_of_class()]
        return np.concatenate([self.sources, *nearest])

    @cached_property
    def frame(self) -> pd.DataFrame | None:
        """See `GANOversampler.provenance_`; None where there is nothing to show."""
        if self.provenance is None:
            return None
        return self.provenance.frame().set_index(np.flatnonzero(self.is_synthetic))

    @property
    def has_indices(self) -> bool:
        """Whether the positions of all rows are known, or can be computed."""
        has_sources = isinstance(self.provenance, Provenance | SourceProvenance)
        return "indices" in vars(self) or has_sources or len(self.sources) == len(self.labels)

    def without_rows(self) -> "ResampledRows":
        """Return what a pickle may hold: no training rows, but their weights and all that was computed."""
        bare = replace(self, provenance=None)
        vars(bare).update({name: vars(self)[name] for name in ("indices", "frame") if name in vars(self)})
        vars(bare)["weights"] = self.weights
        return bare
