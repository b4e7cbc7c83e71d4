"""How far a generator's rows are from real ones, and how alike, cheaply enough to ask while it trains."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganaug.training.loop import CompactRows
from ganaug.training.priors import Prior

# Images that are compared, of all classes together.
_MOST = 2_000
# Directions of the features, at most, in which images are compared.
_N_DIRECTIONS = 32


class SlicedWasserstein:
    """Mean earth mover's distance between generated and real rows of a class, and how alike the generated ones are.

    Rows of every class are compared on the same fixed random directions and from the same fixed noise, so two
    measurements differ by the network alone (sliced Wasserstein distance, arXiv 1804.01947). 0 means alike; the unit is
    that of the encoded values. A value between two draws of real rows is not 0 either, as both are finite.

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
        real = rows[index].to(device)
        directions = torch.randn(real[0].numel(), n_directions, generator=generator)
        self.directions = (directions / directions.norm(dim=0)).to(device)
        self.start = tuple(part.to(device) for part in prior.draw(wanted, generator))
        self.wanted = wanted.to(device)
        self.real = self._slices(real)

    def _slices(self, rows: Tensor) -> Tensor:
        # each row's shadow on each direction, sorted within the class
        shadow = rows.flatten(1).float() @ self.directions
        return shadow.view(self.n_classes, -1, shadow.shape[1]).sort(dim=1).values

    @torch.inference_mode()
    def __call__(self, network: nn.Module) -> dict[str, float]:
        """Measure the network's rows.

        Returns
        -------
        dict
            ``distance``, the mean over directions and classes, and ``diversity``: how far generated rows of a class
            spread (their standard deviation, mean over the directions) over the same of real ones, in the class
            where it is least. About 1 is right; near 0 the class has collapsed. Classes whose real rows are all
            equal are left out of it.
        """
        fake = self._slices(network(self.wanted, *self.start))
        spread, real_spread = (slices.std(dim=1).mean(dim=1) for slices in (fake, self.real))
        # rounding alone moves equal rows by a ten-millionth
        varied = real_spread > 1e-5
        ratios = (spread / real_spread)[varied]
        return {
            "distance": float((fake - self.real).abs().mean()),
            "diversity": float(ratios.min()) if len(ratios) else 1.0,
        }


class KernelDistance:
    """Mean kernel distance between generated and real images of a class, and how alike the generated ones are.

    The distance is the unbiased squared maximum mean discrepancy with the cubic kernel (KID, arXiv 1801.01401), in
    the features of a small convolutional network with fixed random weights (random embeddings: arXiv 2002.09797). They
    need no download and suit any kind of picture. As they come, nearly all of them follow how bright a picture is, and
    a blurred one is as near as a sharp one; so the filters have a mean of zero, and the features are whitened within
    the classes of the real images. In runs of 3,000 steps with X-rays, skin lesions and digits it then ordered
    the moments as the Frechet distance in the features of a network that has learned from photographs did (rank
    correlation .95 or more; on X-rays and skin without the two .41 to .79). 0 means alike, on average; it may be
    slightly below.

    Parameters
    ----------
    rows : CompactRows of n_rows images of shape (channels, height, width)
        Real images, best those that the networks do not train on.
    y : Tensor of shape (n_rows,)
        Class index of each.
    prior : Prior
        What the generator starts from.
    generator : torch.Generator
        Draws the real images, the weights and the noise, on the CPU.
    device : torch.device
        Where the network is.
    n_rows : int
        Images compared of each class, fewer where it has fewer.
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
    ) -> None:
        members = [(y == label).nonzero().squeeze(1) for label in range(int(y.max()) + 1)]
        # of many classes fewer images each: it is asked twenty times in a run
        n_rows = min(n_rows, max(10, _MOST // len(members)))
        members = [own[torch.randperm(len(own), generator=generator)[:n_rows]] for own in members]
        channels = rows[:1].shape[1]
        self.weights = []
        for size, out in [(channels, 32), (32, 64), (64, 128)]:
            # He's scale keeps the features' variance from layer to layer (arXiv 1502.01852)
            weight = torch.randn(out, size, 3, 3, generator=generator) * (2 / (9 * size)) ** 0.5
            self.weights.append((weight - weight.mean((2, 3), keepdim=True)).to(device))
        wanted = torch.arange(len(members)).repeat_interleave(n_rows)
        self.start = tuple(part.to(device) for part in prior.draw(wanted, generator))
        self.wanted = wanted.to(device)
        every = [self._features(rows[own].to(device)) for own in members]
        self.centres = [of_class.mean(0) for of_class in every]
        within = torch.cat([of_class - centre for of_class, centre in zip(every, self.centres, strict=True)])
        # each feature counts alike, however small the values of a random network, but for those that hardly vary
        spread = within.std(0, correction=0)
        scale = spread.clamp(min=0.1 * float(spread.mean()) + 1e-3)
        # and so does each of the directions in which real images of a class vary most
        _, lengths, directions = torch.linalg.svd(within / scale, full_matrices=False)
        n_kept = max(1, min(_N_DIRECTIONS, len(within) // 4, int((lengths > 1e-3 * lengths[0]).sum())))
        whiten = directions[:n_kept].T * (len(within) ** 0.5 / lengths[:n_kept].clamp(min=1e-3))
        self.whiten = whiten / scale[:, None]
        self.real = list((within @ self.whiten).split([len(own) for own in members]))

    @torch.inference_mode()
    def __call__(self, network: nn.Module) -> dict[str, float]:
        """Measure the network's images.

        Returns
        -------
        dict
            ``distance``, the mean over the classes, and ``diversity``: how far apart two generated images of a class
            are on average, over the same of real ones, in the class where it is least. Near 0 the class has
            collapsed.
        """
        parts = zip(self.wanted.split(100), *(part.split(100) for part in self.start), strict=True)
        fakes = torch.cat([self._features(network(*part)) for part in parts]).chunk(len(self.real))
        made = [(fake - centre) @ self.whiten for fake, centre in zip(fakes, self.centres, strict=True)]
        of_classes = list(zip(self.real, made, strict=True))
        # a class of one picture, or of one that is there several times, has no variety to compare with
        spreads = [_spread(fake) / own for real, fake in of_classes if len(real) > 1 and (own := _spread(real)) > 1e-5]
        return {
            "distance": sum(_kernel_distance(real, fake) for real, fake in of_classes) / len(of_classes),
            "diversity": min(spreads, default=1.0),
        }

    def _features(self, images: Tensor) -> Tensor:
        x = images.float()
        features = [x.mean((2, 3)), x.std((2, 3))]
        if (factor := min(x.shape[2:]) // 64) > 1:
            x = F.avg_pool2d(x, factor)  # what is finer than a sixty-fourth of a picture would cost most of the time
        for weight in self.weights:
            x = F.relu(F.conv2d(x, weight, padding=1))
            # mean and spread over the picture of each channel
            features += [x.mean((2, 3)), x.std((2, 3))]
            x = F.avg_pool2d(x, 2)
        return torch.cat(features, 1)


def _kernel_distance(real: Tensor, fake: Tensor) -> float:
    """Return the unbiased squared maximum mean discrepancy; with a single real image, the biased one of its part."""

    def kernel(one: Tensor, other: Tensor) -> Tensor:
        return (one.double() @ other.double().T / one.shape[1] + 1) ** 3

    def within(rows: Tensor) -> Tensor:
        values, n = kernel(rows, rows), len(rows)
        return values.mean() if n == 1 else (values.sum() - values.diagonal().sum()) / (n * (n - 1))

    return float(within(real) + within(fake) - 2 * kernel(real, fake).mean())


def _spread(rows: Tensor) -> float:
    return float(torch.pdist(rows).mean())
