"""Training of an autoencoder, whose decoder is where adversarial training of a generator can start."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganaug.training.batches import Batch, CompactRows
from ganaug.training.fabric import Adam, Fabric
from ganaug.training.phase import Phase, Report

# Weight of the latent's squared length. It keeps the latents of images as close together as those of noise, so that
# interpolation does not pass through empty space. It hardly blurs the reconstructed images.
_LATENT_WEIGHT = 1e-3


def reconstruction_phase(encoder: nn.Module, generator: nn.Module, *, fabric: Fabric, learning_rate: float) -> Phase:
    """Build the phase in which a generator learns to decode the latents of an encoder.

    The generator knows the class, so the latent need not contain it. This is the first half of DeepSMOTE (arXiv
    2105.02340), and the first stage of BAGAN (arXiv 1803.09655).

    Parameters
    ----------
    encoder : nn.Module
        Called as ``encoder(rows)``; returns latents of shape (batch, latent_size).
    generator : nn.Module
        Called as ``generator(y, latent)``; returns rows.
    fabric : Fabric
        Device and precision.
    learning_rate : float
        Learning rate of Adam.

    Returns
    -------
    Phase
        Trains both networks to minimise the mean squared error of the rows.
    """
    networks = nn.ModuleDict({"encoder": encoder, "generator": generator})
    optimizer = Adam(networks.parameters(), lr=learning_rate)
    for network in networks.values():
        network.to(fabric.device)

    def objective(batch: Batch) -> tuple[Tensor, Report]:
        with fabric.autocast():
            latent = encoder(batch.real)
            error = F.mse_loss(generator(batch.y, latent), batch.real)
        return error + _LATENT_WEIGHT * latent.square().mean(), lambda: {"loss": error}

    return Phase("autoencoder", networks, optimizer, objective)


@torch.inference_mode()
def encode_latents(encoder: nn.Module, rows: CompactRows, device: torch.device) -> Tensor:
    """Encode all rows.

    Parameters
    ----------
    encoder : nn.Module
        Trained by `reconstruction_phase`.
    rows : CompactRows
        The n_rows rows to encode.
    device : torch.device
        Device of the encoder.

    Returns
    -------
    Tensor of shape (n_rows, latent_size)
        On the CPU.
    """
    parts = [encoder(rows[index].to(device)).float().cpu() for index in torch.arange(len(rows)).split(256)]
    return torch.cat(parts)
