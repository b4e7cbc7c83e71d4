"""A translator that learns from pairs of images: how they come in, are held out and measured."""

from typing import Any, TypeVar

import numpy as np
import torch
from sklearn.base import _fit_context
from torch import nn

from ganaug.common.rows import stack_rows
from ganaug.encoders import ImageEncoder, as_images
from ganaug.models.base import Measure
from ganaug.models.data import EncodedData
from ganaug.models.image_model import MIN_TO_SPLIT, ImageModel
from ganaug.models.sklearn_callbacks import with_callbacks
from ganaug.training import SourcePrior

# Images by which the difference is measured, at most.
_N_MEASURED = 200

Self = TypeVar("Self", bound="PairedFit")


class PairedFit(ImageModel):
    """The part of a translator that knows of pairs."""

    source: Any
    target: Any
    method: str
    prior_: SourcePrior

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit_pairs(self: Self, X: Any, X_target: Any) -> Self:
        """Learn from pairs of images, with ``method="pix2pix"``: how each image of `X` becomes that of `X_target`.

        The way back is learned too. If there are at least 100 pairs, a tenth of them is held out, and measured only.

        Parameters
        ----------
        X : array-like of shape (n_pairs, height, width) or (n_pairs, height, width, channels)
            The sources, such as photographs. Their class is the parameter `source`, by default "source".
        X_target : array-like of the same shape and dtype
            What each of them should become, such as its outline. Their class is the parameter `target`, by default
            "target".

        Returns
        -------
        self
            Fitted; ``translate(X)`` translates other images.

        Raises
        ------
        ValueError
            If `method` is not "pix2pix", if the two arrays differ in shape or dtype, or as `fit`.

        Warns
        -----
        UserWarning
            As `fit`.

        Examples
        --------
        >>> from ganaug import TranslationGAN
        >>> X = np.random.default_rng(0).integers(0, 256, size=(40, 16, 16), dtype=np.uint8)
        >>> model = TranslationGAN(method="pix2pix", n_steps=2, width=4, random_state=0).fit_pairs(X, 255 - X)
        >>> model.translate(X[:3]).shape
        (3, 16, 16)
        """
        if self.method != "pix2pix":
            raise ValueError(
                f"fit_pairs needs method='pix2pix', but method={self.method!r} learns without pairs: use fit"
            )
        one, other = (of if hasattr(of, "columns") else as_images(of) for of in (X, X_target))
        if np.shape(one) != np.shape(other) or getattr(one, "dtype", None) != getattr(other, "dtype", None):
            raise ValueError(
                f"X has shape {np.shape(one)} and dtype {getattr(one, 'dtype', None)}, and X_target has "
                f"{np.shape(other)} and {getattr(other, 'dtype', None)}, but image i of one belongs to image i of the "
                "other, and all have one shape and dtype; leave out images without a partner, resize, turn grey images "
                "into colour with np.repeat(X[..., None], 3, axis=3), or convert with X.astype(...)"
            )
        names = ["source" if self.source is None else self.source, "target" if self.target is None else self.target]
        if np.ndim(names[1]) or names[0] == names[1]:
            raise ValueError(f"target={self.target!r} must be one label other than the source, which is {names[0]!r}")
        n = len(one)
        y = [names[0]] * n + [names[1]] * n
        partners = np.concatenate([np.arange(n, 2 * n), np.arange(n)])
        return self._fit_new(stack_rows([one, other], 2 * n), y, None, partners=partners)

    def _check_pairs(self, is_paired: bool) -> None:
        """Raise ValueError if pairs are missing."""
        if self.method == "pix2pix" and not is_paired:
            raise ValueError(
                "method='pix2pix' learns from pairs of images: call fit_pairs(X, X_target) of the model itself, "
                "because a resampler knows no pairs. method='cut' and 'cyclegan' need none"
            )

    def _train_validation_split(self, data: EncodedData, generator: torch.Generator) -> tuple[EncodedData, EncodedData]:
        if data.partners is None:
            return super()._train_validation_split(data, generator)
        firsts = (data.partners > torch.arange(len(data.y))).nonzero().squeeze(1)
        firsts = firsts[torch.randperm(len(firsts), generator=generator)]
        n_held_out = len(firsts) // 10 if len(firsts) >= MIN_TO_SPLIT else 0
        parts = (firsts[n_held_out:], firsts[:n_held_out] if n_held_out else firsts)
        training, validation = (data.part(torch.cat([part, data.partners[part]])) for part in parts)
        return training, validation

    def _operations(self, encoder: ImageEncoder) -> tuple[str, ...]:
        if self.method == "pix2pix":
            return self._moves("would change both images of a pair, and so what one becomes")
        return super()._operations(encoder)

    def _why_not_scored(self) -> str | None:
        if self.network_params_["method"] == "pix2pix":
            return "that of method='pix2pix' judges an image together with its source"
        return super()._why_not_scored()


class PairDifference:
    """A kernel distance, and how far translations are off the image that belongs to their source.

    Parameters
    ----------
    distance : callable (network) -> dict
        The kernel distance.
    data : EncodedData
        Images of pairs.
    prior : SourcePrior
        All images of the fit.
    generator : torch.Generator
        Draws the images, on the CPU.
    device : torch.device
        Device of the networks.
    """

    def __init__(
        self,
        distance: Measure,
        data: EncodedData,
        prior: SourcePrior,
        *,
        generator: torch.Generator,
        device: torch.device,
    ) -> None:
        assert data.partners is not None
        self.distance = distance
        index = torch.randperm(len(data.y), generator=generator)[:_N_MEASURED]
        self.y, self.real = data.y[index].to(device), data.rows[index].to(device)
        self.start = tuple(part.to(device) for part in prior.start(data.partners[index], generator))

    @torch.inference_mode()
    def __call__(self, network: nn.Module) -> dict[str, float]:
        """Measure the network's translations.

        Parameters
        ----------
        network : nn.Module
            The generator.

        Returns
        -------
        dict
            ``distance``, ``diversity`` as of `KernelDistance`; ``difference``, the mean absolute difference as a share
            of the range of values, and ``difference_source``, that of the source itself.
        """
        parts = zip(self.y.split(100), *(part.split(100) for part in self.start), strict=True)
        made = torch.cat([network(y, *start) for y, *start in parts])
        shares = [float((images - self.real).abs().mean() / 2) for images in (made, self.start[0])]
        return self.distance(network) | {"difference": shares[0], "difference_source": shares[1]}
