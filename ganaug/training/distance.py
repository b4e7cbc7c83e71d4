"""How far a generator's rows are from real ones, cheaply enough to ask while it trains."""

import torch
from torch import Tensor, nn

from ganaug.training.priors import Prior


class SlicedWasserstein:
    """Mean earth mover's distance over random directions between generated and real rows, class by class.

    Rows of every class are compared on the same fixed directions and from the same fixed noise, so two measurements
    differ by the network alone (sliced Wasserstein distance, arXiv 1804.01947). 0 means alike; the unit is that of
    the encoded values. A value between two draws of real rows is not 0 either, as both are finite.

    Parameters
    ----------
    rows : Tensor of shape (n_rows, ...)
        Encoded training rows.
    y : Tensor of shape (n_rows,)
        Class index of each.
    prior : Prior
        What the generator starts from.
    generator : torch.Generator
        Draws the real rows, the directions and the noise, on the CPU.
    device : torch.device
        Where the network is.
    n_rows, n_directions : int
        Rows compared, shared out over the classes, and directions.
    """

    def __init__(
        self,
        rows: Tensor,
        y: Tensor,
        prior: Prior,
        *,
        generator: torch.Generator,
        device: torch.device,
        n_rows: int = 512,
        n_directions: int = 32,
    ) -> None:
        order, counts = y.argsort(stable=True), y.bincount()
        per_class = max(2, n_rows // len(counts))
        self.n_classes = len(counts)
        wanted = torch.arange(self.n_classes).repeat_interleave(per_class)
        place = torch.rand(len(wanted), generator=generator, dtype=torch.float64)
        index = order[(counts.cumsum(0) - counts)[wanted] + (place * counts[wanted]).long()]
        width = rows[0].numel()
        directions = torch.randn(width, n_directions, generator=generator)
        self.directions = (directions / directions.norm(dim=0)).to(device)
        self.start = tuple(part.to(device) for part in prior.draw(wanted, generator))
        self.wanted = wanted.to(device)
        self.real = self._slices(rows[index].to(device))

    def _slices(self, rows: Tensor) -> Tensor:
        shadow = rows.flatten(1).float() @ self.directions
        return shadow.view(self.n_classes, -1, shadow.shape[1]).sort(dim=1).values

    @torch.inference_mode()
    def __call__(self, network: nn.Module) -> float:
        """Measure the network's rows."""
        fake = self._slices(network(self.wanted, *self.start))
        return float((fake - self.real).abs().mean())
