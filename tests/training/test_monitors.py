"""Measures of a generator: zero for the rows themselves, larger for worse rows, and a diversity that sees collapse."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from ganaug.training.batches import CompactRows
from ganaug.training.monitors import KernelDistance, SlicedWasserstein
from ganaug.training.priors import LatentPrior, NoisePrior

CPU = torch.device("cpu")


def test_distance_is_zero_for_the_rows_themselves_and_grows_with_a_shift():
    y = torch.tensor([0] * 40 + [1] * 10)
    rows = torch.randn(50, 3, generator=torch.Generator().manual_seed(0)) + 5 * y[:, None]
    distance = SlicedWasserstein(rows, y, NoisePrior(1), generator=torch.Generator().manual_seed(0), device=CPU)

    class Shifted(nn.Module):
        def __init__(self, shift):
            super().__init__()
            self.shift = shift

        def forward(self, y, latent, gumbel):
            return distance_rows + self.shift

    # the very rows that were drawn for the comparison
    rng = torch.Generator().manual_seed(0)
    place = torch.rand(512, generator=rng, dtype=torch.float64)
    counts = torch.tensor([40, 10])
    labels = torch.arange(2).repeat_interleave(256)
    distance_rows = rows[torch.tensor([0, 40])[labels] + (place * counts[labels]).long()]
    assert distance(Shifted(0.0)) == {"distance": 0, "diversity": 1}
    near, far = (distance(Shifted(shift))["distance"] for shift in (1.0, 2.0))
    assert 0.3 < near < far < 2.0


class Copies(nn.Module):
    """Returns rows that it was given, as they are or moved."""

    def __init__(self, rows: torch.Tensor) -> None:
        super().__init__()
        self.rows = rows

    def forward(self, y, latent):
        return self.rows[y * 40 + (latent[:, 0].abs() * 1000).long() % 40]


def test_kernel_distance_orders_what_it_measures():
    rng = torch.Generator().manual_seed(0)
    y = torch.tensor([0, 1]).repeat_interleave(40)
    images = torch.rand(80, 1, 16, 16, generator=rng) + torch.linspace(0, 1, 16) * y[:, None, None, None]
    measure = KernelDistance(
        CompactRows(images, lambda kept: kept),
        y,
        LatentPrior(1),
        generator=torch.Generator().manual_seed(0),
        device=CPU,
    )
    same, moved, far = (measure(Copies(images + shift)) for shift in (0.0, 0.1, 0.5))
    swapped = measure(Copies(images.flip(0)))
    assert abs(same["distance"]) < moved["distance"] < far["distance"]
    assert swapped["distance"] > abs(same["distance"])
    assert same["diversity"] == pytest.approx(1, abs=0.1)
    alike = measure(Copies(torch.where(y[:, None, None, None] == 1, images[41:42], images)))
    assert alike["diversity"] == pytest.approx(0, abs=1e-3)  # one class is enough


def test_kernel_distance_sees_blur_behind_brightness():
    rng = torch.Generator().manual_seed(0)
    light = 0.3 * torch.randn(120, 1, 1, 1, generator=rng)
    texture = 0.1 * torch.randn(120, 1, 16, 16, generator=rng)
    blurred = functional.avg_pool2d(texture, 3, stride=1, padding=1)
    y = torch.arange(120) // 60
    kept = torch.arange(120) % 60 < 20
    measure = KernelDistance(
        CompactRows((light + texture)[kept], lambda rows: rows),
        y[kept],
        LatentPrior(1),
        generator=torch.Generator().manual_seed(1),
        device=CPU,
    )
    # the others of each class, as they are and without what is fine in them
    others = (light + texture)[~kept], (light + blurred)[~kept]
    same, dull = (measure(Copies(rows))["distance"] for rows in others)
    assert dull > 5 * abs(same)


def test_one_column_that_explodes_does_not_hide_constant_ones():
    y = torch.zeros(60, dtype=torch.long)
    rows = torch.randn(60, 6, generator=torch.Generator().manual_seed(0))

    class Broken(nn.Module):
        def forward(self, y, latent, gumbel):
            synthetic = torch.zeros(len(y), 6)
            synthetic[:, 2] = 1e4 * latent[:, 0]
            return synthetic

    measure = SlicedWasserstein(rows, y, NoisePrior(1), generator=torch.Generator().manual_seed(0), device=CPU)
    assert measure(Broken())["diversity"] < 0.01
    assert measure.lost_columns(Broken()) == [(0, column) for column in range(6)]


def test_columns_whose_numbers_lie_outside_the_real_range_are_lost():
    y = torch.zeros(60, dtype=torch.long)
    rows = torch.randn(60, 3, generator=torch.Generator().manual_seed(0))

    class Outside(nn.Module):
        def forward(self, y, latent, gumbel):
            # as real ones; beyond one end; most beyond both ends
            return torch.cat([latent[:, :1], 9 + latent[:, 1:2], 8 * latent[:, 2:]], dim=1)

    measure = SlicedWasserstein(rows, y, NoisePrior(3), generator=torch.Generator().manual_seed(0), device=CPU)
    assert measure.lost_columns(Outside()) == [(0, 1), (0, 2)]
