"""Histograms of each class, from which the generator of a private table starts."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ganaug.training.priors import NoisePrior

# Encoded numbers lie within -3.5 and 3.5.
_TAIL = 2.326e-4


class HistogramPrior(NoisePrior):
    """Noise, and an anchor whose values are drawn independently from the histograms of its class.

    It keeps histograms and no rows: with noise on their counts, it is as private as they are.

    Parameters
    ----------
    latent_size : int
        Size of the latent vector.
    ranks : Tensor of float64, shape (n_numeric, n_bins + 1)
        Share of all rows below the edges of the bins of each number, from 0 to 1, rising. Encoded numbers are standard
        normal, so this is where a bin lies. Columns of fewer bins repeat the 1 at the end.
    shares : Tensor of float64, shape (n_classes, n_numeric, n_bins)
        Share of the rows of a class in each bin.
    levels : Tensor of float64, shape (n_classes, n_levels)
        Share of each level of each one-hot block.
    block_sizes : sequence of int
        Levels of each block.

    Examples
    --------
    >>> half = torch.tensor([[0.0, 0.5, 1.0]], dtype=torch.float64)
    >>> shares = torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]], dtype=torch.float64)
    >>> prior = HistogramPrior(4, half, shares, torch.zeros(2, 0, dtype=torch.float64), block_sizes=())
    >>> latent, gumbel, anchor = prior.draw(torch.tensor([0, 1]), torch.Generator().manual_seed(0))
    >>> (anchor > 0).flatten().tolist()
    [False, True]
    """

    def __init__(
        self, latent_size: int, ranks: Tensor, shares: Tensor, levels: Tensor, *, block_sizes: Sequence[int]
    ) -> None:
        super().__init__(latent_size, sum(block_sizes))
        self.ranks, self.shares, self.levels = ranks, shares, levels
        self.block_sizes = tuple(block_sizes)

    def draw(self, y: Tensor, generator: torch.Generator) -> tuple[Tensor, ...]:
        """Draw (latent, gumbel, anchor) for each class index in `y`.

        Parameters
        ----------
        y : Tensor of shape (n,)
            Class indices.
        generator : torch.Generator
            Source of randomness, on the CPU.
        """
        latent, gumbel = super().draw(y, generator)
        n_numeric = len(self.ranks)
        place = torch.rand(len(y), n_numeric + len(self.block_sizes), generator=generator, dtype=torch.float64)
        parts = []
        if n_numeric:
            ends = self.shares.cumsum(2)[y]
            found = place[:, :n_numeric, None].contiguous()
            bins = torch.searchsorted(ends, found, right=True).clamp(max=ends.shape[2] - 1)
            ranks = self.ranks.expand(len(y), -1, -1)
            low, high = ranks.gather(2, bins), ranks.gather(2, bins + 1)
            inside = torch.rand(low.shape, generator=generator, dtype=torch.float64)
            rank = torch.lerp(low, high, inside).squeeze(2).clamp(_TAIL, 1 - _TAIL)
            parts.append(torch.special.ndtri(rank))
        for i, of_block in enumerate(self.levels.split(list(self.block_sizes), 1) if self.block_sizes else ()):
            ends = of_block.cumsum(1)[y]
            level = torch.searchsorted(ends, place[:, n_numeric + i, None].contiguous(), right=True).clamp(
                max=ends.shape[1] - 1
            )
            parts.append(torch.zeros_like(ends).scatter_(1, level, 1.0))
        anchor = torch.cat(parts, 1) if parts else torch.zeros(len(y), 1, dtype=torch.float64)
        return latent, gumbel, anchor.float()

    def state(self) -> dict[str, Tensor]:
        """Return what the prior is made of, by the names of the parameters."""
        return {"ranks": self.ranks, "shares": self.shares, "levels": self.levels}

    def check(self, n_classes: int, width: int) -> None:
        """Check that tensors from a file fit together.

        Parameters
        ----------
        n_classes : int
            Number of classes.
        width : int
            Width of an encoded row.

        Raises
        ------
        ValueError
            If they do not.
        """
        n_numeric, n_levels = len(self.ranks), sum(self.block_sizes)
        fits = self.ranks.ndim == 2 and self.shares.shape == (n_classes, n_numeric, self.ranks.shape[1] - 1)
        fits = fits and self.levels.shape == (n_classes, n_levels) and max(n_numeric + n_levels, 1) == width
        tensors = self.state().values()
        fits = fits and all(of.dtype == torch.float64 and bool(of.isfinite().all()) for of in tensors)
        if not (fits and all(bool((of >= 0).all()) for of in tensors)):
            raise ValueError("the histograms of the prior do not fit the columns")
