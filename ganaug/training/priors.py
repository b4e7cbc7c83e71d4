"""What a generator starts from: noise, or noise and an anchor between two training rows of the requested class."""

from typing import Protocol, TypeVar

import torch
from torch import Tensor

from ganaug.training.draws import ClassDraws, are_weights

# Neighbours are searched within blocks of at most this many rows of a class, so that the time of the search is linear
# in the number of rows. A class keeps at most four such blocks, enough for any class that needs synthetic rows.
_BLOCK_SIZE = 4096
_MAX_ROWS = 4 * _BLOCK_SIZE

Self = TypeVar("Self", bound="NeighborsPrior")


class Prior(Protocol):
    """A distribution over a generator's inputs, given the class."""

    def draw(self, y: Tensor, generator: torch.Generator) -> tuple[Tensor, ...]:
        """Draw the inputs that follow `y` in the generator's `forward`, first dimension len(y), on the CPU."""
        ...


class LatentPrior:
    """A Gaussian latent vector, as in the original GAN (arXiv 1406.2661), for data without categories.

    Parameters
    ----------
    latent_size : int
        Size of the latent vector.
    truncation : float or None, default=None
        The normal distribution is cut off at this distance from 0 (truncation trick, arXiv 1809.11096). A lower value
        gives more typical and less diverse samples. None does not cut it off.
    noise_size : int, default=0
        Values of Gaussian noise beside the latent vector, for a generator that adds noise to its images (StyleGAN,
        arXiv 1812.04948). 0 draws none.

    Examples
    --------
    >>> (latent,) = LatentPrior(4).draw(torch.zeros(2), torch.Generator().manual_seed(0))
    >>> latent.shape
    torch.Size([2, 4])
    """

    def __init__(self, latent_size: int, truncation: float | None = None, noise_size: int = 0) -> None:
        self.latent_size = latent_size
        self.truncation = truncation
        self.noise_size = noise_size

    def draw(self, y: Tensor, generator: torch.Generator) -> tuple[Tensor, ...]:
        """Draw (latent,) for each class index in `y`, or (latent, noise) if there is noise."""
        latent = self._draw_latent(len(y), generator)
        if not self.noise_size:
            return (latent,)
        return latent, torch.randn(len(y), self.noise_size, generator=generator)

    def _draw_latent(self, n: int, generator: torch.Generator) -> Tensor:
        if self.truncation is None:
            return torch.randn(n, self.latent_size, generator=generator)
        # inverse transform sampling: uniform between the two cuts, through the inverse of the cumulative distribution
        edge = torch.special.ndtr(torch.tensor(self.truncation, dtype=torch.float64))
        place = torch.rand(n, self.latent_size, generator=generator, dtype=torch.float64)
        return torch.special.ndtri(torch.lerp(1 - edge, edge, place)).float()


class NoisePrior(LatentPrior):
    """A Gaussian latent vector, and Gumbel noise for the one-hot blocks.

    Parameters
    ----------
    latent_size : int
        Size of the latent vector.
    n_levels : int, default=0
        Number of one-hot values, each of which needs Gumbel noise (arXiv 1611.01144).

    Examples
    --------
    >>> latent, gumbel = NoisePrior(4, n_levels=3).draw(torch.zeros(2), torch.Generator().manual_seed(0))
    >>> latent.shape, gumbel.shape
    (torch.Size([2, 4]), torch.Size([2, 3]))
    """

    def __init__(self, latent_size: int, n_levels: int = 0) -> None:
        super().__init__(latent_size)
        self.n_levels = n_levels

    def draw(self, y: Tensor, generator: torch.Generator) -> tuple[Tensor, ...]:
        """Draw (latent, gumbel) for each class index in `y`."""
        latent = self._draw_latent(len(y), generator)
        # -log(-log u); u may be drawn as 0, and the next value is 2**-24: clamping between them avoids log 0
        uniform = torch.rand(len(y), self.n_levels, generator=generator).clamp_(min=2**-25)
        gumbel = uniform.log_().neg_().log_().neg_()
        return latent, gumbel


class NeighborsPrior(NoisePrior):
    """Noise, and an anchor: a random point between a training row and one of its nearest rows of the same class.

    Numbers are interpolated, as in SMOTE (arXiv 1106.1813). All categories are taken from the nearer of the two rows,
    so that the combination of categories, and of missing values, is that of a real row.

    Parameters
    ----------
    latent_size, n_levels : int
        As in `NoisePrior`.
    rows : Tensor of shape (n_rows, width)
        Encoded training rows, class after class.
    counts : Tensor of shape (n_classes,)
        Rows of each class.
    neighbors : Tensor of shape (n_rows, n_neighbors)
        Positions in `rows` of the nearest rows of the same class; in a class of one row, the row itself.
    n_interpolated : int
        Number of values at the start of a row that are interpolated.
    weights : Tensor of shape (n_rows,) or None, default=None
        Of `rows`: an anchor starts at a row with a probability in proportion to its weight in the class.
    """

    def __init__(
        self,
        latent_size: int,
        n_levels: int,
        rows: Tensor,
        counts: Tensor,
        neighbors: Tensor,
        n_interpolated: int,
        weights: Tensor | None = None,
    ) -> None:
        super().__init__(latent_size, n_levels)
        self.rows = rows
        self.counts = counts
        self.neighbors = neighbors
        self.weights = weights
        self._draws = ClassDraws(counts, weights)
        self.n_interpolated = n_interpolated

    @classmethod
    def from_rows(
        cls: type[Self],
        latent_size: int,
        n_levels: int,
        rows: Tensor,
        y: Tensor,
        *,
        n_interpolated: int,
        n_neighbors: int,
        generator: torch.Generator,
        weights: Tensor | None = None,
    ) -> Self:
        """Find the nearest rows of the same class for each row, by Euclidean distance between encoded rows.

        Parameters
        ----------
        latent_size, n_levels : int
            As in `NoisePrior`.
        rows : Tensor of shape (n_rows, width)
            Encoded training rows, in any order.
        y : Tensor of shape (n_rows,)
            Class index of each row; each class has at least one row.
        n_interpolated : int
            Number of values at the start of a row that are interpolated.
        n_neighbors : int
            Nearest rows to choose from, or all others if a class has fewer.
        generator : torch.Generator
            Shuffles the rows of large classes into blocks.
        weights : Tensor of shape (n_rows,) or None, default=None
            Within a class, an anchor starts at a row with a probability in proportion to its weight.

        Returns
        -------
        NeighborsPrior
            Of the class on which the method was called.
        """
        kept, nearest, counts = [], [], []
        position = 0
        for label in range(int(y.max()) + 1):
            members = (y == label).nonzero().squeeze(1)
            if len(members) > _BLOCK_SIZE:
                members = members[torch.randperm(len(members), generator=generator)[:_MAX_ROWS]]
            for block in members.tensor_split(-(-len(members) // _BLOCK_SIZE)):
                kept.append(block)
                nearest.append(_nearest(rows[block], n_neighbors) + position)
                position += len(block)
            counts.append(len(members))
        return cls(
            latent_size,
            n_levels,
            rows[torch.cat(kept)],
            torch.tensor(counts),
            torch.cat(nearest),
            n_interpolated,
            None if weights is None else weights[torch.cat(kept)],
        )

    def draw(self, y: Tensor, generator: torch.Generator) -> tuple[Tensor, ...]:
        """Draw (latent, gumbel, anchor) for each class index in `y`."""
        place = torch.rand(3, len(y), generator=generator, dtype=torch.float64)
        first = self._draws(y, place[0])
        second = self.neighbors[first, (place[1] * self.neighbors.shape[1]).long()]
        one, other, share = self.rows[first], self.rows[second], place[2].float()[:, None]
        anchor = torch.where(share < 0.5, one, other)
        head = slice(0, self.n_interpolated)
        anchor[:, head] = torch.lerp(one[:, head], other[:, head], share)
        return *super().draw(y, generator), anchor

    def state(self) -> dict[str, Tensor]:
        """Return the tensor parameters of this prior, by name."""
        state = {"rows": self.rows, "counts": self.counts, "neighbors": self.neighbors}
        return state if self.weights is None else state | {"weights": self.weights}

    def check(self, n_classes: int, width: int) -> None:
        """Raise ValueError if the tensors, read from a file, do not fit each other or these sizes."""
        n_rows = len(self.rows)
        if (
            self.rows.shape != (n_rows, width)
            or self.counts.shape != (n_classes,)
            or int(self.counts.min()) < 1
            or int(self.counts.sum()) != n_rows
            or len(self.neighbors) != n_rows
            or not ((self.neighbors >= 0) & (self.neighbors < n_rows)).all()
            or not are_weights(self.weights, n_rows)
        ):
            raise ValueError("the anchors do not fit the classes and columns: the file is damaged")


class AnchorPrior(NeighborsPrior):
    """An anchor without noise, for rows that are latents of a generator (DeepSMOTE, arXiv 2105.02340).

    Examples
    --------
    >>> rows, y = torch.tensor([[0.0], [1.0]]), torch.tensor([0, 0])
    >>> prior = AnchorPrior.from_rows(0, 0, rows, y, n_interpolated=1, n_neighbors=1, generator=torch.Generator())
    >>> (latent,) = prior.draw(torch.tensor([0, 0, 0]), torch.Generator().manual_seed(0))
    >>> latent.shape, bool(((latent >= 0) & (latent <= 1)).all())
    (torch.Size([3, 1]), True)
    """

    def draw(self, y: Tensor, generator: torch.Generator) -> tuple[Tensor, ...]:
        """Draw (anchor,) for each class index in `y`."""
        return super().draw(y, generator)[-1:]


def _nearest(rows: Tensor, n_neighbors: int) -> Tensor:
    """Return the positions of the nearest other rows, repeated if there are fewer than `n_neighbors`."""
    if len(rows) == 1:
        return torch.zeros(1, n_neighbors, dtype=torch.long)
    distances = torch.cdist(rows, rows)
    distances.fill_diagonal_(torch.inf)
    nearest = distances.topk(min(n_neighbors, len(rows) - 1), largest=False).indices
    return nearest[:, torch.arange(n_neighbors) % nearest.shape[1]]
