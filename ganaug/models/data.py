"""Training data on their way into a model: checked, then encoded."""

from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Encoder(Protocol):
    """Data to tensors and back; `decode(encode(X))` is X."""

    def encode(self, X: Any) -> Tensor:
        """Encode to a tensor whose first dimension is rows."""
        ...

    def decode(self, encoded: Tensor) -> Any:
        """Decode to the container and dtypes that were fitted."""
        ...

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return a JSON-able description and arrays, from which the encoder can be restored."""
        ...


class CheckedData(NamedTuple):
    """Features that passed `ConditionalGAN.check_data`.

    Attributes
    ----------
    X : Any
        What the encoder takes.
    encoder : Encoder or None
        An encoder that is fitted to `X` already, where the check has to read all values anyway; otherwise None.
    encoded : Tensor or None
        `X` as this encoder encodes it; otherwise None.
    attributes : Any
        Attributes of the rows beside the class, not checked yet, for a model that learns them; otherwise None.
    partners : ndarray of int, shape (n_rows,), or None
        For pairs: the position of the other row of the pair of each; otherwise None.
    """

    X: Any
    encoder: Any = None
    encoded: Any = None
    attributes: Any = None
    partners: NDArray | None = None


class EncodedData(NamedTuple):
    """Encoded rows and their classes.

    Attributes
    ----------
    rows : Tensor or CompactRows, n_rows long
        Encoded rows.
    y : Tensor of shape (n_rows,)
        Class index of each.
    weights : Tensor of shape (n_rows,) or None
        What each counts in its class; None: all the same.
    conditions : Tensor of shape (n_rows,) or None
        Number of the condition that networks are given; None: the class index.
    partners : Tensor of shape (n_rows,) or None
        For pairs: the position of the other row of the pair of each, among all rows of the fit.
    """

    rows: Any
    y: Tensor
    weights: Tensor | None = None
    conditions: Tensor | None = None
    partners: Tensor | None = None

    @property
    def features(self) -> NDArray:
        """Rows as a selection and the scores of a discriminator take them, of shape (n_rows, n_features)."""
        return self.rows[:].flatten(1).numpy()

    def drawn(self, generator: torch.Generator) -> "EncodedData":
        """Return as many rows of each class without weights: of a row, as many as its weight is of that of its class.

        The numbers are rounded at random, so that on average they are exact (systematic sampling).

        Parameters
        ----------
        generator : torch.Generator
            Source of the rounding.
        """
        if self.weights is None:
            return self
        chosen = []
        for label in range(int(self.y.max()) + 1):
            members = (self.y == label).nonzero().squeeze(1)
            ends = self.weights[members].double().cumsum(0)
            ticks = torch.arange(len(members)) + torch.rand(1, generator=generator, dtype=torch.float64)
            place = torch.searchsorted(ends, ticks * ends[-1] / len(members), right=True)
            chosen.append(members[place.clamp(max=len(members) - 1)])
        return self.part(torch.cat(chosen))._replace(weights=None)

    def part(self, index: Tensor) -> "EncodedData":
        """Return some of the rows."""
        rows = self.rows.part(index) if hasattr(self.rows, "part") else self.rows[index]
        return EncodedData(rows, self.y[index], *(None if of is None else of[index] for of in self[2:]))
