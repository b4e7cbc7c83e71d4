"""The moving average: what it follows, what it copies, and how it returns to kept weights."""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.testing import assert_close

from ganaug.training.ema import EMA


def test_average_follows_and_forgets_the_start():
    module = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(module.weight)
    average = EMA(module, 0.5)
    with torch.no_grad():
        module.weight.fill_(1.0)
    for step in range(20):
        average.update(step)
    assert average.module.weight.item() == pytest.approx(1.0, abs=1e-4)
    assert not average.module.weight.requires_grad


def test_average_of_a_spectrally_normalised_network_is_normalised():
    torch.manual_seed(0)
    layer = spectral_norm(nn.Linear(6, 6))
    average = EMA(layer, 0.99)
    for step in range(50):  # the direction of the largest singular value changes on the way
        with torch.no_grad():
            layer.parametrizations.weight.original.add_(0.5 * torch.randn(6, 6))
        layer(torch.ones(1, 6))
        average.update(step)
    vector = average.module.parametrizations.weight[0]._u
    assert vector.norm().item() == pytest.approx(1.0, abs=1e-5)
    average.keep()
    average.roll_back()
    assert_close(average.module.parametrizations.weight[0]._u, layer.parametrizations.weight[0]._u)


def test_running_statistics_are_averaged_and_counters_are_not():
    layer = nn.BatchNorm1d(2)
    average = EMA(layer, 0.5)
    layer(torch.full((4, 2), 10.0))
    average.update(0)  # follows with a weight of 0.9 at first
    assert_close(average.module.running_mean, 0.9 * layer.running_mean)
    assert average.module.num_batches_tracked == 0


def test_a_stored_average_has_its_weights_and_the_kept_ones():
    layer = nn.Linear(3, 2)
    average = EMA(layer, 0.5)
    with torch.no_grad():
        layer.weight.add_(1)
    average.update(0)
    fresh = EMA(nn.Linear(3, 2), 0.5)
    fresh.load_state_dict(average.state_dict())
    assert torch.equal(fresh.module.weight, average.module.weight)
    fresh.roll_back()
    average.roll_back()
    assert torch.equal(fresh.module.weight, average.module.weight)
    with pytest.raises(ValueError, match=r"'weight' have shape \(2, 3\), but need \(2, 4\)"):
        EMA(nn.Linear(4, 2), 0.5).load_state_dict(average.state_dict())
