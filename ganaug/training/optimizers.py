"""Optimisers and learning-rate schedules, chosen by name."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from ganaug.training.fabric import Adam

OPTIMIZERS = ("adam", "adamw", "rmsprop", "sgd")


def _constant(progress: float) -> float:
    return 1.0


def _cosine(progress: float) -> float:
    return (1 + math.cos(math.pi * progress)) / 2


def _linear(progress: float) -> float:
    return 1 - progress


# What the learning rate is multiplied by, given the share of the run that is done.
SCHEDULES: dict[str, Callable[[float], float]] = {"constant": _constant, "cosine": _cosine, "linear": _linear}


def build_optimizer(
    name: str,
    parameters: Iterable[Tensor],
    *,
    learning_rate: float,
    betas: tuple[float, float],
    weight_decay: float,
    fused: bool,
) -> torch.optim.Optimizer:
    """Return an optimiser of these parameters.

    Parameters
    ----------
    name : {"adam", "adamw", "rmsprop", "sgd"}
        Adam (arXiv 1412.6980), Adam with decoupled weight decay (arXiv 1711.05101), RMSprop with its decay rate of
        0.99, or stochastic gradient descent with momentum.
    parameters : iterable of Tensor
        What it updates.
    learning_rate : float
        Above 0.
    betas : (float, float)
        Decay rates of the Adams; the first one is the momentum of SGD.
    weight_decay : float
        At least 0; with "adamw" decoupled from the gradient, else a penalty on the squared weights.
    fused : bool
        Whether the device has a fused implementation.

    Examples
    --------
    >>> weight = torch.zeros(2, requires_grad=True)
    >>> type(build_optimizer("sgd", [weight], learning_rate=0.1, betas=(0.5, 0.9), weight_decay=0, fused=False))
    <class 'torch.optim.sgd.SGD'>
    """
    shared: dict[str, Any] = {"lr": learning_rate, "weight_decay": weight_decay}
    if name == "adam":
        return Adam(parameters, betas=betas, fused=fused, **shared)
    if name == "adamw":
        return torch.optim.AdamW(parameters, betas=betas, fused=fused, **shared)
    if name == "rmsprop":
        return torch.optim.RMSprop(parameters, **shared)
    return torch.optim.SGD(parameters, momentum=betas[0], fused=fused, **shared)
