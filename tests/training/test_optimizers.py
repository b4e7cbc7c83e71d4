"""Optimisers and schedules."""

import pytest
import torch

from ganaug.training.optimizers import OPTIMIZERS, SCHEDULES, build_optimizer


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_each_minimises(name, weight_decay):
    weight = torch.tensor([3.0, -2.0], requires_grad=True)
    optimizer = build_optimizer(
        name, [weight], learning_rate=0.05, betas=(0.5, 0.9), weight_decay=weight_decay, fused=False
    )
    for _ in range(200):
        optimizer.zero_grad()
        (weight - 1).square().sum().backward()
        optimizer.step()
    assert (weight - 1).abs().max() < 0.2


def test_weight_decay_shrinks_weights_without_a_gradient():
    weight = torch.ones(1, requires_grad=True)
    optimizer = build_optimizer("adamw", [weight], learning_rate=0.1, betas=(0.5, 0.9), weight_decay=0.5, fused=False)
    weight.grad = torch.zeros(1)
    optimizer.step()
    assert float(weight.detach()) == pytest.approx(0.95)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_start_at_one_and_never_rise(name):
    values = [SCHEDULES[name](i / 10) for i in range(11)]
    assert values[0] == 1
    assert values == sorted(values, reverse=True)
    assert values[-1] == pytest.approx(1 if name == "constant" else 0)
