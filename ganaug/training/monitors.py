"""Measures of a generator that are cheap enough for every few training steps: distance to real rows, and diversity."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganaug.training.batches import CompactRows
from ganaug.training.priors import Prior

# A class has collapsed if its rows differ from each other by less than this share of what real rows do: a `diversity`
# below it ends a run.
COLLAPSE_THRESHOLD = 0.2
# A column counts less in the diversity where synthetic rows vary more than so many times as much as real ones.
_TOO_WIDE = 4.0
# A column is lost where the standard deviation of synthetic rows is less than _LOST, or more than _EXPLODED, times that
# of real rows, and these vary: a level in a hundred rows gives 0.14.
_LOST, _EXPLODED, _CLEARLY_VARIED = 0.02, 10.0, 0.3
# So is one of numbers where more than this share of the synthetic ones lies outside the range of the real ones, in each
# class. In one class half of them may, early in a training: where most rows have a point mass, few numbers count.
_AT_ENDS = 0.6
# Maximum number of images that are compared, of all classes together.
_MAX_IMAGES = 2_000
# Maximum numbers of images, and of their values, whose features are computed together.
_N_AT_ONCE, _MAX_VALUES = 100, 2**21
# Maximum number of directions of the features in which images are compared.
_MAX_DIRECTIONS = 32


class SlicedWasserstein:
    """Distance between synthetic and real rows of a class (sliced Wasserstein), and diversity of the synthetic ones.

    The distance is the mean earth mover's distance along random directions (arXiv 1804.01947). Directions and noise are
    fixed, so two measurements differ by the network alone. 0 means equal distributions; the unit is that of the encoded
    values. Two samples of real rows have a distance above 0 as well, because both are finite.

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
        Device of the network.
    n_rows : int, default=512
        Rows that are compared, divided equally among the classes, at least 2 for each.
    n_directions : int, default=32
        Random directions.
    sizes : sequence of int or None, default=None
        Sizes of the columns of encoded rows, in their order; a one-hot block is one column. None: 1 each.

    Examples
    --------
    >>> from ganaug.training import LatentPrior
    >>> class Zeros(nn.Module):
    ...     def forward(self, y, latent):
    ...         return torch.zeros(len(y), 2)
    >>> rows, y = torch.ones(10, 2), torch.arange(10) % 2
    >>> measure = SlicedWasserstein(
    ...     rows, y, LatentPrior(1), generator=torch.Generator().manual_seed(0), device=torch.device("cpu")
    ... )
    >>> measure(Zeros())["distance"] > 0
    True
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
        sizes: Sequence[int] | None = None,
    ) -> None:
        order, counts = y.argsort(stable=True), y.bincount()
        per_class = max(2, n_rows // len(counts))
        self.n_classes = len(counts)
        labels = torch.arange(self.n_classes).repeat_interleave(per_class)
        place = torch.rand(len(labels), generator=generator, dtype=torch.float64)
        index = order[(counts.cumsum(0) - counts)[labels] + (place * counts[labels]).long()]
        real = rows[index].to(device)
        directions = torch.randn(real[0].numel(), n_directions, generator=generator)
        self.directions = (directions / directions.norm(dim=0)).to(device)
        self.start = tuple(part.to(device) for part in prior.draw(labels, generator))
        self.y = labels.to(device)
        n_dimensions = real[0].numel()
        owner = (
            torch.arange(n_dimensions)
            if sizes is None
            else torch.arange(len(sizes)).repeat_interleave(torch.tensor(list(sizes)))
        )
        self.owner, self.n_columns = owner.to(device), int(owner[-1]) + 1
        self.real, self.real_spread = self._slices(real), self._spread(real)
        self.real_range = real.flatten(1).float().amin(0), real.flatten(1).float().amax(0)
        # Rounding alone gives equal rows a standard deviation of about 1e-7.
        self.varied = self.real_spread > 1e-5

    def _spread(self, rows: Tensor) -> Tensor:
        """Return the standard deviation of each column in each class, (n_classes, n_columns)."""
        by_class = rows.flatten(1).float().view(self.n_classes, -1, len(self.owner))
        variance = by_class.var(dim=1, correction=0)
        return variance.new_zeros(self.n_classes, self.n_columns).index_add_(1, self.owner, variance).sqrt()

    def _slices(self, rows: Tensor) -> Tensor:
        # each row projected on each direction, sorted within the class
        projected = rows.flatten(1).float() @ self.directions
        return projected.view(self.n_classes, -1, projected.shape[1]).sort(dim=1).values

    @torch.inference_mode()
    def __call__(self, network: nn.Module) -> dict[str, float]:
        """Measure the network's rows.

        Returns
        -------
        dict
            ``distance``, the mean over directions and classes, and ``diversity``, in [0, 1], of the class where it is
            least: the mean over its columns of the standard deviation of synthetic rows, divided by that of real rows.
            A column counts at most 1, and less where it varies more than four times as much as real rows do, so that
            one column that explodes does not hide others that have become constant. Near 0 the class has collapsed.
            Columns that are constant among real rows of the class do not count.
        """
        rows = network(self.y, *self.start)
        ratios = self._spread(rows) / self.real_spread.clamp(min=1e-5)
        healthy = torch.minimum(ratios, _TOO_WIDE / ratios.clamp(min=1e-9)).clamp(max=1.0) * self.varied
        n_varied = self.varied.sum(dim=1)
        diversity = (healthy.sum(dim=1) / n_varied.clamp(min=1))[n_varied > 0]
        return {
            "distance": float((self._slices(rows) - self.real).abs().mean()),
            "diversity": float(diversity.min()) if len(diversity) else 1.0,
        }

    @torch.inference_mode()
    def lost_columns(self, network: nn.Module) -> list[tuple[int, int]]:
        """Return (class index, column) where real rows clearly vary, and the network's rows do not, or lie outside.

        Parameters
        ----------
        network : Module
            The generator.
        """
        rows = network(self.y, *self.start).flatten(1).float()
        low, high = self.real_range
        wide, inside = (self._spread(of) / self.real_spread.clamp(min=1e-5) for of in (rows, rows.clamp(low, high)))
        # what lies outside decodes to the ends of the range; of a number alone, as a level that is new is no end
        outside = ((rows < low) | (rows > high)).float().view(self.n_classes, -1, len(self.owner)).mean(dim=1)
        is_number = (self.owner.bincount() == 1).to(outside)
        at_ends = outside.new_zeros(self.n_classes, self.n_columns).index_add_(1, self.owner, outside) * is_number
        is_lost = (inside < _LOST) | (wide > _EXPLODED) | (at_ends.amin(dim=0) > _AT_ENDS)
        lost = (self.real_spread > _CLEARLY_VARIED) & is_lost
        return [(int(label), int(column)) for label, column in lost.nonzero()]


class KernelDistance:
    """Kernel distance between synthetic and real images of a class, and diversity of the synthetic ones.

    The distance is the unbiased squared maximum mean discrepancy with the cubic kernel (KID, arXiv 1801.01401), in
    the features of a small convolutional network with fixed random weights (random embeddings: arXiv 2002.09797). Such
    features need no download and suit images of any kind. Without further measures, nearly all of them follow the
    brightness of an image, and a blurred image is as near as a sharp one. Therefore the filters have a mean of zero,
    and the features are whitened within the classes of the real images. In runs of 3,000 steps with X-rays, skin
    lesions and digits, the distance then ranked the steps of a run like the Frechet distance in the features of a
    network trained on photographs (rank correlation .95 or more; .41 to .79 on X-rays and skin lesions without these
    two measures). 0 means equal distributions, on average; single values may be slightly below 0.

    Parameters
    ----------
    rows : CompactRows of n_rows images of shape (channels, height, width)
        Real images, preferably not those that the networks train on.
    y : Tensor of shape (n_rows,)
        Class index of each.
    prior : Prior
        What the generator starts from.
    generator : torch.Generator
        Draws the real images, the weights and the noise, on the CPU.
    device : torch.device
        Device of the network.
    n_rows : int, default=100
        Images of each class that are compared, or all if the class has fewer.
    conditions : Tensor of shape (n_rows,) or None, default=None
        Number of the condition of each image, see `ganaug.nets.Conditions`. Images are generated of the conditions of
        those that are compared. None: the class index.
    """

    def __init__(
        self,
        rows: CompactRows,
        y: Tensor,
        prior: Prior,
        *,
        generator: torch.Generator,
        device: torch.device,
        n_rows: int = 100,
        conditions: Tensor | None = None,
    ) -> None:
        members = [(y == label).nonzero().squeeze(1) for label in range(int(y.max()) + 1)]
        # fewer images of each class if there are many classes: the measure runs about twenty times
        n_rows = min(n_rows, max(10, _MAX_IMAGES // len(members)))
        members = [own[torch.randperm(len(own), generator=generator)[:n_rows]] for own in members]
        # large images some at a time, because their activations take a hundred times their memory
        one = rows[:1]
        channels, self._n_at_once = one.shape[1], max(1, min(_N_AT_ONCE, _MAX_VALUES // one.numel()))
        self.weights = []
        for size, out in [(channels, 32), (32, 64), (64, 128)]:
            # He's scale keeps the features' variance from layer to layer (arXiv 1502.01852)
            weight = torch.randn(out, size, 3, 3, generator=generator) * (2 / (9 * size)) ** 0.5
            self.weights.append((weight - weight.mean((2, 3), keepdim=True)).to(device))
        labels = torch.arange(len(members)).repeat_interleave(n_rows)
        self.start = tuple(part.to(device) for part in prior.draw(labels, generator))
        if conditions is not None:
            labels = torch.cat([conditions[own[torch.arange(n_rows) % len(own)]] for own in members])
        self.y = labels.to(device)
        features = [
            torch.cat([self._features(rows[some].to(device)) for some in own.split(self._n_at_once)]) for own in members
        ]
        self.centres = [of_class.mean(0) for of_class in features]
        within = torch.cat([of_class - centre for of_class, centre in zip(features, self.centres, strict=True)])
        # all features get the same weight, whatever the scale of a random network, except those that hardly vary
        spread = within.std(0, correction=0)
        scale = spread.clamp(min=0.1 * float(spread.mean()) + 1e-3)
        # and so do the directions in which real images of a class vary most
        _, lengths, directions = torch.linalg.svd(within / scale, full_matrices=False)
        n_kept = max(1, min(_MAX_DIRECTIONS, len(within) // 4, int((lengths > 1e-3 * lengths[0]).sum())))
        whiten = directions[:n_kept].T * (len(within) ** 0.5 / lengths[:n_kept].clamp(min=1e-3))
        self.whiten = whiten / scale[:, None]
        self.real = list((within @ self.whiten).split([len(own) for own in members]))

    @torch.inference_mode()
    def __call__(self, network: nn.Module) -> dict[str, float]:
        """Measure the network's images.

        Returns
        -------
        dict
            ``distance``, the mean over the classes, and ``diversity``: the mean distance between two synthetic images
            of a class, divided by that of real images, for the class where this ratio is least. Near 0 the class has
            collapsed.
        """
        n = self._n_at_once
        parts = zip(self.y.split(n), *(part.split(n) for part in self.start), strict=True)
        fakes = torch.cat([self._features(network(*part)) for part in parts]).chunk(len(self.real))
        whitened = [(fake - centre) @ self.whiten for fake, centre in zip(fakes, self.centres, strict=True)]
        of_classes = list(zip(self.real, whitened, strict=True))
        # a class of one image, or of equal images, has no diversity to compare with
        spreads = [_spread(fake) / own for real, fake in of_classes if len(real) > 1 and (own := _spread(real)) > 1e-5]
        return {
            "distance": sum(_kernel_distance(real, fake) for real, fake in of_classes) / len(of_classes),
            "diversity": min(spreads, default=1.0),
        }

    def _features(self, images: Tensor) -> Tensor:
        x = images.float()
        features = [x.mean((2, 3)), x.std((2, 3))]
        if (factor := min(x.shape[2:]) // 64) > 1:
            x = F.avg_pool2d(x, factor)  # finer details would cost most of the time
        for weight in self.weights:
            x = F.relu(F.conv2d(x, weight, padding=1))
            # mean and standard deviation of each channel over the image
            features += [x.mean((2, 3)), x.std((2, 3))]
            x = F.avg_pool2d(x, 2)
        return torch.cat(features, 1)


def _kernel_distance(real: Tensor, fake: Tensor) -> float:
    """Return the squared maximum mean discrepancy, unbiased except for the term of a single real image."""

    def kernel(one: Tensor, other: Tensor) -> Tensor:
        return (one.double() @ other.double().T / one.shape[1] + 1) ** 3

    def within(rows: Tensor) -> Tensor:
        values, n = kernel(rows, rows), len(rows)
        return values.mean() if n == 1 else (values.sum() - values.diagonal().sum()) / (n * (n - 1))

    return float(within(real) + within(fake) - 2 * kernel(real, fake).mean())


def _spread(rows: Tensor) -> float:
    return float(torch.pdist(rows).mean())
