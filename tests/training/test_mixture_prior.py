"""Anchors of the mixture have the distribution of the class, near rows and no rows."""

import pytest
import torch

from ganaug.training.mixture_prior import MixturePrior


def rows_of(y: torch.Tensor) -> torch.Tensor:
    """Two correlated numbers, far apart by class, and blocks of two and three levels."""
    rng = torch.Generator().manual_seed(0)
    first = torch.randn(len(y), 1, generator=rng)
    numbers = torch.cat([first, first + 0.1 * torch.randn(len(y), 1, generator=rng)], 1) + 100 * y[:, None]
    levels = [torch.randint(n, (len(y),), generator=rng) for n in (2, 3)]
    return torch.cat([numbers, *(torch.nn.functional.one_hot(of, n) for of, n in zip(levels, (2, 3), strict=True))], 1)


def prior_of(y: torch.Tensor) -> MixturePrior:
    return MixturePrior.from_rows(4, rows_of(y), y, block_sizes=(2, 3), generator=torch.Generator().manual_seed(0))


def test_anchors_have_the_distribution_of_their_class():
    y = torch.tensor([0, 1] * 300)
    rows, prior = rows_of(y), prior_of(y)
    requested = torch.tensor([0, 1]).repeat(4000)
    latent, gumbel, anchor = prior.draw(requested, torch.Generator().manual_seed(1))
    assert (latent.shape, gumbel.shape, anchor.shape) == ((8000, 4), (8000, 5), (8000, 7))
    for label in (0, 1):
        real, found = rows[y == label], anchor[requested == label]
        assert (real.mean(0) - found.mean(0)).abs().max() < 0.1
        assert torch.allclose(real[:, :2].T.cov(), found[:, :2].T.cov(), atol=0.15)
    assert (anchor[:, 2:4].sum(1) == 1).all()
    assert (anchor[:, 4:].sum(1) == 1).all()
    assert torch.cdist(anchor[:, :2], rows[:, :2]).min(1).values.median() > 1e-4


def test_components_hold_a_few_rows_each():
    prior = prior_of(torch.tensor([0] * 100 + [1] * 33))
    assert int(prior.n_rows.min()) >= 15
    assert int(prior.n_rows.max()) <= 30
    assert int(prior.n_rows.sum()) == 133


@pytest.mark.parametrize("n", [1, 2, 3])
def test_tiny_classes_have_anchors(n):
    y = torch.tensor([0] * 10 + [1] * n)
    _, _, anchor = prior_of(y).draw(torch.ones(50, dtype=torch.long), torch.Generator())
    assert ((anchor[:, :2] - 100).abs() < 10).all()
    assert (anchor[:, 2:4].sum(1) == 1).all()


def test_equal_rows_are_divided_all_the_same():
    rows, y = torch.zeros(50, 2), torch.zeros(50, dtype=torch.long)
    prior = MixturePrior.from_rows(4, rows, y, block_sizes=(), generator=torch.Generator())
    assert prior.draw(y, torch.Generator())[2].abs().max() == 0


@pytest.mark.parametrize("name", ["means", "counts", "n_rows", "n_components"])
def test_forged_tensors_are_refused(name):
    prior = prior_of(torch.tensor([0] * 20 + [1] * 20))
    prior.check(2, 7)
    setattr(prior, name, getattr(prior, name)[:-1])
    with pytest.raises(ValueError, match="damaged"):
        prior.check(2, 7)
