"""What networks are trained on where a class of a table has few rows: these, and draws from a mixture of them."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganaug.constraints import Constraints
from ganaug.encoders import TableEncoder
from ganaug.models.constrained import which_are_legal
from ganaug.models.data import EncodedData
from ganaug.selection import Layout, Together
from ganaug.training import MixturePrior

# A class of fewer rows is filled up to so many. In some hundred steps a network sees each of 60 rows hundreds of times,
# and learns them by heart: see docs/measurements/tables.md.
ENOUGH_ROWS = 200
# Draws for each row that is added: those that break a rule of the table are left out.
_N_DRAWS = 4


class FewRowsMixin:
    """Train on classes of at least 200 rows: what smaller ones lack is drawn from a mixture that is fitted to them.

    An attacker who sees the synthetic rows can tell which rows a class was trained on if the networks have learned
    them by heart. A draw from the mixture is like a row of the class, but like no single one (`MixturePrior`). Larger
    classes are trained on their rows alone.
    """

    prior_: Any
    encoder_: TableEncoder
    constraints_: Constraints
    seed_: int
    classes_: Any

    def _train_validation_split(self, data: EncodedData, generator: torch.Generator) -> tuple[EncodedData, EncodedData]:
        counts = data.y.bincount()
        lacks = (ENOUGH_ROWS - counts).clamp(min=0)
        if not lacks.any():
            return data, data
        # a generator of its own: the training draws the same numbers as without these rows
        own = torch.Generator().manual_seed(self.seed_ + 4)
        y = torch.arange(len(counts)).repeat_interleave(lacks * _N_DRAWS)
        rows = self._mixture(data, own).draw(y, own)[-1].to(data.rows.dtype)
        chosen = _first(y[legal := self._which_are_legal(data.rows, rows, y)], lacks)
        rows, y = rows[legal][chosen], y[legal][chosen]
        weights = data.weights
        if weights is not None:
            mean = torch.zeros(len(counts), dtype=weights.dtype).index_add_(0, data.y, weights) / counts
            weights = torch.cat([weights, mean[y]])
        return EncodedData(torch.cat([data.rows, rows]), torch.cat([data.y, y]), weights), data

    def _mixture(self, data: EncodedData, generator: torch.Generator) -> MixturePrior:
        if isinstance(self.prior_, MixturePrior):
            return self.prior_
        blocks: Any = {"block_sizes": self.encoder_.block_sizes_, "generator": generator, "weights": data.weights}
        return MixturePrior.from_rows(self.prior_.latent_size, data.rows, data.y, **blocks)

    def _which_are_legal(self, real: Tensor, rows: Tensor, y: Tensor) -> Tensor:
        layout = Layout(self.encoder_.n_continuous_, self.encoder_.block_sizes_)
        is_legal = Together(layout, real.numpy()).holds(rows.numpy())
        if len(self.constraints_):
            is_legal &= which_are_legal(self.constraints_, self.encoder_.decode(rows), self.classes_[y.numpy()])
        return torch.from_numpy(np.flatnonzero(is_legal))


def _first(y: Tensor, n: Tensor) -> Tensor:
    """Return the positions of the first `n` rows of each class in sorted `y`; all, where there are fewer."""
    counts = y.bincount(minlength=len(n))
    place = torch.arange(len(y)) - (counts.cumsum(0) - counts)[y]
    return (place < n[y]).nonzero().squeeze(1)
