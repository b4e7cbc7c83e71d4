"""What networks train on: class-balanced batches of real rows, and the inputs of the generator for them."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray
from torch import Tensor

from ganaug.common import processes
from ganaug.common.large_arrays import is_on_disk, release
from ganaug.training.draws import ClassDraws
from ganaug.training.priors import Prior

# Random draws are made for this many batches at once: one large draw costs less than many small ones.
_N_AHEAD = 32


class CompactRows:
    """Rows that are kept in few bytes, and scaled to what networks see when they are taken out.

    Parameters
    ----------
    kept : Tensor of shape (n_rows, ...)
        The rows as they are kept, of any dtype.
    scale : callable (Tensor) -> Tensor
        Turns kept rows into floating-point rows.
    chosen : Tensor of int, shape (n_chosen,), or None, default=None
        Which of the kept rows these are; None: all. They are not copied.
    device : torch.device or None, default=None
        Where rows are put that are taken out; None: where they are kept.

    Examples
    --------
    >>> rows = CompactRows(torch.tensor([[0, 255]], dtype=torch.uint8), lambda kept: kept / 127.5 - 1)
    >>> rows[torch.tensor([0])]
    tensor([[-1.,  1.]])
    """

    def __init__(
        self,
        kept: Tensor,
        scale: Callable[[Tensor], Tensor],
        chosen: Tensor | None = None,
        device: torch.device | None = None,
    ) -> None:
        self._all = kept
        self.scale = scale
        self._chosen = chosen
        self._device = kept.device if device is None else device
        self._is_on_disk = is_on_disk(kept)

    @property
    def kept(self) -> Tensor:
        """The rows as they are kept."""
        return self._all if self._chosen is None else self._all[self._chosen]

    def __len__(self) -> int:
        return len(self._all if self._chosen is None else self._chosen)

    def __getitem__(self, index: Tensor | slice) -> Tensor:
        if isinstance(index, Tensor):
            index = index.to(self._all.device)
        taken = self._all[index if self._chosen is None else self._chosen[index]]
        if self._is_on_disk:
            # in the layout that rows in memory have: others give other roundings
            taken = taken.clone(memory_format=torch.contiguous_format).to(self._device)
            release()
        return self.scale(taken)

    def part(self, index: Tensor | NDArray | slice) -> "CompactRows":
        """Return some of the rows, still compact and not copied."""
        if self._chosen is not None:
            chosen = self._chosen[index]
        else:
            chosen = torch.arange(len(self._all))[index] if isinstance(index, slice) else torch.as_tensor(index)
        return CompactRows(self._all, self.scale, chosen.to(self._all.device), self._device)

    def to(self, device: torch.device) -> "CompactRows":
        """Move the kept rows to a device; of those in a file, a batch is moved when it is taken out."""
        if self._is_on_disk:
            return CompactRows(self._all, self.scale, self._chosen, device)
        return self if self._all.device == device else CompactRows(self.kept.to(device), self.scale)

    def __reduce__(self) -> Any:
        return CompactRows, (self.kept, self.scale)


class Batch(NamedTuple):
    """Real rows and the inputs of the generator; all have the same length.

    Attributes
    ----------
    real : Tensor of shape (n_rows, ...)
        Encoded real rows.
    y : Tensor of shape (n_rows,)
        Class index of each row, or the number of its condition. The generator makes fake rows of the same ones.
    start : tuple of Tensor
        What the generator starts from: `Prior.draw` of `y`.
    """

    real: Tensor
    y: Tensor
    start: tuple[Tensor, ...]


class BalancedBatches:
    """Endless batches in which all classes have (nearly) the same number of rows, drawn with replacement.

    It is an iterator: each ``next`` gives a `Batch`.

    Parameters
    ----------
    rows : Tensor of shape (n_rows, ...) or CompactRows
        Encoded training rows.
    y : Tensor of shape (n_rows,)
        Class index of each row. Each class from 0 to ``y.max()`` has at least one row.
    prior : Prior
        What the generator starts from.
    batch_size : int
        Rows in a batch, rounded down to a multiple of `pac`, at least `pac`. Processes that train together divide it
        equally; where that is not possible, it is larger.
    pac : int
        Number of consecutive rows that share a class, for PacGAN (arXiv 1712.04086).
    generator : torch.Generator
        Source of randomness, on the CPU, so that a seed gives the same batches on every device. No other code may draw
        from it between two batches, or `load_state_dict` cannot restore the place in the stream.
    device : torch.device
        Where batches are put.
    weights : Tensor of shape (n_rows,) or None, default=None
        Within a class, a row is drawn with a probability in proportion to its weight.
    conditions : Tensor of shape (n_rows,) or None, default=None
        Number of the condition of each row, see `ganaug.nets.Conditions`, which becomes `Batch.y`. None: its class
        index.
    partners : Tensor of shape (n_rows,) or None, default=None
        For pairs: position of the row that the generator starts from, among those of the prior, which then is a
        `SourcePrior`. None: the prior draws it.
    """

    def __init__(
        self,
        rows: Tensor | CompactRows,
        y: Tensor,
        prior: Prior,
        *,
        batch_size: int,
        pac: int,
        generator: torch.Generator,
        device: torch.device,
        weights: Tensor | None = None,
        conditions: Tensor | None = None,
        partners: Tensor | None = None,
    ) -> None:
        self.rows = rows.to(device)
        self.conditions, self.partners = conditions, partners
        self.order = y.argsort(stable=True)
        self.draws = ClassDraws(y.bincount(), None if weights is None else weights[self.order])
        self.prior = prior
        n_packs, n_parts = max(1, batch_size // pac), processes.n_processes()
        self.n_packs = -(-n_packs // n_parts) * n_parts
        self.pac = pac
        self.generator = generator
        self.device = device
        # a block of `_N_AHEAD` batches is drawn at once: blocks drawn so far, and batches taken from the last one
        self._n_blocks = 0
        self._n_taken = _N_AHEAD

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        if self._n_taken == _N_AHEAD:
            self._draw_block()
        size = self.n_packs * self.pac
        own = processes.own_slice(size)
        part = slice(self._n_taken * size + own.start, self._n_taken * size + own.stop)
        self._n_taken += 1
        return Batch(self.rows[self._index[part]], self._y[part], tuple(drawn[part] for drawn in self._start))

    def _draw_block(self) -> None:
        """Draw the rows and the generator's inputs of the next batches."""
        self._rng_before = self.generator.get_state()
        n_packs = _N_AHEAD * self.n_packs
        # The classes alternate across batches too: all are seen even if they are more than the rows of a batch.
        pack = torch.arange(self._n_blocks * n_packs, (self._n_blocks + 1) * n_packs)
        y = (pack % len(self.draws.counts)).repeat_interleave(self.pac)
        place = torch.rand(len(y), generator=self.generator, dtype=torch.float64)
        index = self.order[self.draws(y, place)]
        self._index = index.to(self.device)
        start = self._draw_start(y, index)
        self._start = tuple(part.to(self.device) for part in start)
        self._y = (y if self.conditions is None else self.conditions[index]).to(self.device)
        self._n_blocks += 1
        self._n_taken = 0

    def _draw_start(self, y: Tensor, index: Tensor) -> tuple[Tensor, ...]:
        if self.partners is None:
            return self.prior.draw(y, self.generator)
        return self.prior.start(self.partners[index], self.generator)  # type: ignore[attr-defined]

    def state_dict(self) -> dict[str, Any]:
        """Return the place in the stream of batches."""
        rng = self._rng_before if self._n_blocks else self.generator.get_state()
        return {"n_blocks": self._n_blocks, "n_taken": self._n_taken, "rng": rng}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue at a place in the stream, with the same rows, prior and sizes."""
        self.generator.set_state(state["rng"])
        self._n_blocks = state["n_blocks"]
        self._n_taken = _N_AHEAD
        if self._n_blocks:
            self._n_blocks -= 1
            self._draw_block()
            self._n_taken = state["n_taken"]
