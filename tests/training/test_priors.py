"""What generators start from: right classes, right places, right distributions."""

import pytest
import torch

from ganaug.training.priors import _BLOCK_SIZE, NeighborsPrior, NoisePrior


def rows_of(y: torch.Tensor) -> torch.Tensor:
    """Two numbers, far apart by class, and a one-hot block of two."""
    rng = torch.Generator().manual_seed(0)
    numbers = torch.randn(len(y), 2, generator=rng) + 100 * y[:, None]
    level = torch.randint(2, (len(y),), generator=rng)
    return torch.cat([numbers, torch.nn.functional.one_hot(level, 2)], 1)


def prior_of(y: torch.Tensor, n_neighbors: int = 3) -> NeighborsPrior:
    return NeighborsPrior.from_rows(
        4, 2, rows_of(y), y, n_interpolated=2, n_neighbors=n_neighbors, generator=torch.Generator().manual_seed(0)
    )


def test_noise_has_its_distributions():
    latent, gumbel = NoisePrior(3, 2).draw(torch.zeros(20000), torch.Generator().manual_seed(0))
    assert latent.mean().abs() < 0.02
    assert latent.std() == pytest.approx(1, abs=0.02)
    assert gumbel.mean() == pytest.approx(0.5772, abs=0.02)  # Euler's constant
    assert gumbel.var() == pytest.approx(torch.pi**2 / 6, abs=0.05)


def test_anchors_lie_between_rows_of_the_class():
    y = torch.tensor([0, 1, 2]).repeat_interleave(torch.tensor([50, 20, 7]))
    y_requested = torch.randint(3, (500,), generator=torch.Generator().manual_seed(1))
    _, _, anchor = prior_of(y).draw(y_requested, torch.Generator().manual_seed(2))
    assert ((anchor[:, 0] - 100 * y_requested).abs() < 10).all()
    assert (anchor[:, 2:].sum(1) == 1).all()
    assert set(anchor[:, 2].tolist()) == {0.0, 1.0}


def test_neighbors_are_the_nearest_of_the_class():
    y = torch.tensor([1, 0] * 30)
    prior = prior_of(y, n_neighbors=4)
    first = int(prior.counts[0])
    for low, high in ((0, first), (first, len(y))):
        part = prior.rows[low:high]
        distances = torch.cdist(part, part).fill_diagonal_(torch.inf)
        expected = distances.topk(4, largest=False).indices + low
        assert torch.equal(prior.neighbors[low:high].sort().values, expected.sort().values)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_tiny_classes_have_anchors(n):
    y = torch.tensor([0] * 10 + [1] * n)
    _, _, anchor = prior_of(y, n_neighbors=5).draw(torch.ones(50, dtype=torch.long), torch.Generator())
    lone = rows_of(y)[10:]
    assert (anchor[:, :2] >= lone[:, :2].min(0).values - 1e-4).all()
    assert (anchor[:, :2] <= lone[:, :2].max(0).values + 1e-4).all()


def test_large_classes_are_searched_in_blocks():
    y = torch.cat([torch.zeros(5 * _BLOCK_SIZE, dtype=torch.long), torch.ones(5, dtype=torch.long)])
    prior = prior_of(y)
    assert prior.counts.tolist() == [4 * _BLOCK_SIZE, 5]
    prior.check(2, 4)
    steps = (prior.rows[prior.neighbors[:, 0]] - prior.rows)[:, :2].norm(dim=1)
    assert steps[: 4 * _BLOCK_SIZE].median() < 0.1
    assert not (prior.neighbors == torch.arange(len(prior.rows))[:, None]).any()


def test_draws_start_alike():
    y = torch.tensor([0] * 10 + [1] * 5)
    prior = prior_of(y)
    one = prior.draw(torch.ones(3, dtype=torch.long), torch.Generator().manual_seed(5))
    two = prior.draw(torch.ones(3, dtype=torch.long), torch.Generator().manual_seed(5))
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


def test_check_names_what_does_not_fit():
    prior = prior_of(torch.tensor([0] * 10 + [1] * 5))
    prior.check(2, 4)
    for n_classes, width in ((3, 4), (2, 5)):
        with pytest.raises(ValueError, match="anchors do not fit"):
            prior.check(n_classes, width)
