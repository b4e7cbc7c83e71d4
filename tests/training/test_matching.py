"""Terms that compare batches: zero for equal batches, and gradients that move fake rows toward real ones."""

import pytest
import torch

from ganaug.training.matching import MATCHING, rows_by_class


def batch(n: int = 64, shift: float = 0.0, seed: int = 0) -> torch.Tensor:
    return torch.randn(2, n, 3, generator=torch.Generator().manual_seed(seed)) + shift


@pytest.mark.parametrize("name", ["marginal", "sliced"])
def test_equal_batches_have_no_distance(name):
    rows = batch()
    shuffled = rows[:, torch.randperm(64)]
    assert float(MATCHING[name](rows, shuffled, torch.Generator().manual_seed(1))) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("name", ["marginal", "sliced"])
def test_the_distance_is_that_of_a_shift(name):
    found = float(MATCHING[name](batch(), batch(shift=2.0), torch.Generator().manual_seed(1)))
    assert 0.5 < found <= 2.0 + 1e-5


@pytest.mark.parametrize("name", MATCHING)
def test_descent_moves_fake_rows_onto_real_ones(name):
    real, rng = batch(), torch.Generator().manual_seed(1)
    fake = batch(shift=1.0, seed=2).requires_grad_()
    descent = torch.optim.Adam([fake], lr=0.05)
    for _ in range(150):
        descent.zero_grad()
        MATCHING[name](real, fake, rng).backward()
        descent.step()
    found = fake.detach()
    assert (found.mean(1) - real.mean(1)).abs().max() < 0.25
    assert ((found.std(1) / real.std(1)) > 0.6).all()  # and does not collapse


def test_drifting_stays_where_both_are_the_same_distribution():
    real, fake = batch(512), batch(512, seed=3).requires_grad_()
    MATCHING["drifting"](real, fake, torch.Generator().manual_seed(1)).backward()
    moved = fake.grad.mean(1).norm()
    far = batch(512, shift=1.0, seed=3).requires_grad_()
    MATCHING["drifting"](real, far, torch.Generator().manual_seed(1)).backward()
    # the drift of each reach is scaled to the same size, so that of equal distributions is noise, but not zero
    assert moved < 0.5 * far.grad.mean(1).norm()


def test_single_rows_do_not_drift():
    fake = batch(1).requires_grad_()
    MATCHING["drifting"](batch(1, shift=1.0), fake, torch.Generator()).backward()
    assert not fake.grad.any()


def test_rows_by_class_are_of_their_class():
    y = torch.tensor([2, 0, 0, 2, 0, 2, 2])
    places = rows_by_class(y)
    assert places.shape == (2, 3)
    assert y[places].tolist() == [[0, 0, 0], [2, 2, 2]]
