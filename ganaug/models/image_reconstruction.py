"""ImageGAN's autoencoder: it gives the generator its first weights, and each training image a latent vector."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pandas as pd
import torch
from torch import Tensor, nn

from ganaug.training import (
    EMA,
    BalancedBatches,
    CompactRows,
    Fabric,
    LatentPrior,
    ProgressBar,
    Stage,
    TrainingState,
    encode_latents,
    reconstruction_phase,
    train,
)

N_STEPS = 1_000


class Reconstruction(NamedTuple):
    """A trained autoencoder.

    Attributes
    ----------
    decoder : nn.Module
        The trained generator.
    latents : Tensor of shape (n_rows, latent_size)
        What the encoder makes of the images, on the CPU.
    history : DataFrame
        As of `train`.
    """

    decoder: nn.Module
    latents: Tensor
    history: pd.DataFrame


def train_autoencoder(
    encoder: nn.Module,
    decoder: nn.Module,
    rows: CompactRows,
    y: Tensor,
    conditions: Tensor | None,
    *,
    fabric: Fabric,
    rng: torch.Generator,
    latent_size: int,
    batch_size: int,
    learning_rate: float,
    max_time: float | None,
    is_verbose: bool,
    save: Callable[..., None],
    stage: Stage | None = None,
) -> Reconstruction:
    """Train an encoder, and a generator as its decoder, to reproduce images (BAGAN, arXiv 1803.09655).

    Parameters
    ----------
    encoder : nn.Module
        Called as ``encoder(rows)``; returns latent vectors.
    decoder : nn.Module
        The generator, called as ``decoder(y, latent)``.
    rows : CompactRows
        Training images.
    y : Tensor of shape (n_rows,)
        Class index of each.
    conditions : Tensor of shape (n_rows,) or None
        Number of the condition of each, which the decoder is given; None: the class index.
    fabric : Fabric
        Device and precision.
    rng : torch.Generator
        Source of the batches, on the CPU.
    latent_size, batch_size, learning_rate
        As of `ImageGAN`.
    max_time : float or None
        Limit in seconds.
    is_verbose : bool
        Whether a progress bar is shown.
    save : callable (path)
        Stores the model.
    stage : Stage or None, default=None
        As of `train`.

    Returns
    -------
    Reconstruction
        Decoder, latents and history.

    Raises
    ------
    ValueError
        If a weight is no longer finite, because the learning rate is too high.
    """
    progress: list[Any] = [ProgressBar("autoencoder")] if is_verbose else []
    batches = BalancedBatches(
        rows,
        y,
        LatentPrior(latent_size),
        batch_size=batch_size,
        pac=1,
        generator=rng,
        device=fabric.device,
        conditions=conditions,
    )
    history = train(
        TrainingState(
            [reconstruction_phase(encoder, decoder, fabric=fabric, learning_rate=learning_rate)],
            EMA(decoder, 0.99),
            batches,
        ),
        fabric=fabric,
        n_steps=N_STEPS,
        max_time=max_time,
        callbacks=progress,
        measure=lambda network: {},
        keep_best=False,
        save=save,
        stage=stage,
    )
    if not all(weight.isfinite().all() for weight in decoder.parameters()):
        raise ValueError(
            f"the autoencoder of prior='neighbors' diverged: learning_rate={learning_rate} is too high for it"
        )
    return Reconstruction(decoder, encode_latents(encoder, rows, fabric.device), history)
