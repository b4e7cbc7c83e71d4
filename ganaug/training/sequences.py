"""Training of an autoencoder of token sequences: batches of texts of like length, and the denoising objective."""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganaug.common import processes
from ganaug.nets import on_sphere
from ganaug.training.batches import Batch
from ganaug.training.fabric import Adam, Fabric
from ganaug.training.phase import Phase, Report

# Batches that are drawn together and divided by length.
_N_AHEAD = 16
# Standard deviation of the noise on latents, whose values have a variance of about 1: neighbouring latents then decode
# to texts alike, and the decoder knows latents that no text has.
_LATENT_NOISE = 0.2
# Share of the tokens that the encoder, and that the decoder, does not see.
_ENCODER_DROPOUT, _DECODER_DROPOUT = 0.05, 0.1
_MAX_NORM = 5.0
_N_WARM_UP = 50


class LengthBatches:
    """Endless batches of sequences, those of a batch of like length, so that little time goes into padding.

    A class of n sequences is drawn in proportion to the root of n: small classes more often than their share, but not
    so often that the networks learn their few sequences by heart.

    Parameters
    ----------
    tokens : Tensor of shape (n_rows, length)
        Padded sequences.
    lengths : Tensor of shape (n_rows,)
        Number of tokens of each, at least 1.
    y : Tensor of shape (n_rows,)
        Class index of each.
    batch_size : int
        Sequences in a batch, divided as by `BalancedBatches`.
    generator : torch.Generator
        Source of randomness, on the CPU.
    device : torch.device
        Where batches are put.
    """

    def __init__(
        self,
        tokens: Tensor,
        lengths: Tensor,
        y: Tensor,
        *,
        batch_size: int,
        generator: torch.Generator,
        device: torch.device,
    ) -> None:
        self.tokens, self.lengths, self.y = tokens, lengths, y
        self.order, self.counts = y.argsort(stable=True), y.bincount()
        shares = self.counts.double().sqrt()
        self.ends = (shares / shares.sum()).cumsum(0)
        n_parts = processes.n_processes()
        self.batch_size = -(-batch_size // n_parts) * n_parts
        self.generator = generator
        self.device = device
        self._ahead: list[Tensor] = []
        self._rng_before = generator.get_state()

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        if not self._ahead:
            self._draw_ahead()
        index = self._ahead.pop()
        lengths = self.lengths[index]
        index, longest = processes.own(index), int(lengths.max())
        tokens = self.tokens[index, :longest].to(self.device)
        return Batch(tokens, self.y[index].to(self.device), (processes.own(lengths),))

    def _draw_ahead(self) -> None:
        self._rng_before = self.generator.get_state()
        u = torch.rand(2, _N_AHEAD * self.batch_size, generator=self.generator, dtype=torch.float64)
        label = torch.searchsorted(self.ends, u[0]).clamp(max=len(self.counts) - 1)
        drawn = self.order[(self.counts.cumsum(0) - self.counts)[label] + (u[1] * self.counts[label]).long()]
        parts = drawn[self.lengths[drawn].argsort(stable=True)].split(self.batch_size)
        self._ahead = [parts[i] for i in torch.randperm(_N_AHEAD, generator=self.generator)]

    def state_dict(self) -> dict[str, Any]:
        """Return the place in the stream of batches."""
        rng = self._rng_before if self._ahead else self.generator.get_state()
        return {"n_ahead": len(self._ahead), "rng": rng}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue at a place in the stream, with the same sequences and sizes."""
        self.generator.set_state(state["rng"])
        self._ahead = []
        if state["n_ahead"]:
            self._draw_ahead()
            del self._ahead[state["n_ahead"] :]  # they are taken from the end


def sequence_phase(
    encoder: nn.Module,
    decoder: Any,
    *,
    fabric: Fabric,
    rng: torch.Generator,
    learning_rate: float,
    n_steps: int,
    padding: int,
    end: int,
    blank: int,
) -> Phase:
    """Build the phase in which an encoder and a decoder of sequences learn to restore texts.

    The encoder does not see some tokens, and noise is added to the latent (denoising autoencoder, and ARAE, arXiv
    1706.04223). The decoder does not see a tenth of the tokens before the one that it predicts (word dropout, arXiv
    1511.06349), and so has to use the latent.

    Parameters
    ----------
    encoder : nn.Module
        Called as ``encoder(tokens, lengths)``; returns latents on a sphere.
    decoder : nn.Module
        Called as ``decoder(tokens, latent, y)``; its method `logits` scores the next tokens.
    fabric : Fabric
        Device and precision.
    rng : torch.Generator
        Source of noise and of dropout, on the device.
    learning_rate : float
        Highest learning rate of Adam: it rises over the first 50 steps and falls to a tenth until the last one.
    n_steps : int
        Number of steps.
    padding, end, blank : int
        The tokens behind a sequence, at its end (and before its first one), and in place of one that is not shown.

    Returns
    -------
    Phase
        Trains both networks to minimise the mean cross-entropy of a token.
    """
    networks = nn.ModuleDict({"encoder": encoder, "decoder": decoder}).to(fabric.device)
    optimizer = _ClippedAdam(networks.parameters(), learning_rate, n_steps, fabric.device)

    def hide(tokens: Tensor, share: float) -> Tensor:
        _, length = tokens.shape
        hidden = (
            processes.drawn(lambda n: torch.rand(n, length, generator=rng, device=tokens.device), len(tokens)) < share
        )
        return torch.where(hidden & (tokens != end), blank, tokens)

    def objective(batch: Batch) -> tuple[Tensor, Report]:
        tokens, (lengths,) = batch.real, batch.start
        is_token = tokens != padding
        latent = encoder(hide(tokens, _ENCODER_DROPOUT), lengths)
        width = latent.shape[1]
        noise = processes.drawn(lambda n: torch.randn(n, width, generator=rng, device=latent.device), len(latent))
        latent = on_sphere(latent + _LATENT_NOISE * noise)
        before = torch.cat([torch.full_like(tokens[:, :1], end), hide(tokens[:, :-1], _DECODER_DROPOUT)], 1)
        features = decoder(before, latent, batch.y)
        loss = _mean_of_tokens(F.cross_entropy(decoder.logits(features[is_token]), tokens[is_token]), is_token)
        return loss, lambda: {"loss": loss}

    return Phase("autoencoder", networks, optimizer, objective)


def likelihood_phase(
    generator: Any,
    *,
    fabric: Fabric,
    rng: torch.Generator,
    learning_rate: float,
    latent_size: int,
    n_steps: int,
    padding: int,
    end: int,
) -> Phase:
    """Build the phase in which a generator of sequences learns to predict each token from those before it.

    It is the pre-training of RelGAN (ICLR 2019) by maximum likelihood. The random vector tells nothing about the
    sequence, so the generator learns to write without it.

    Parameters
    ----------
    generator : nn.Module
        Its method ``follow(tokens, latent, y)`` returns what its method `logits` takes.
    fabric : Fabric
        Device and precision.
    rng : torch.Generator
        Source of the random vectors, on the device.
    learning_rate, n_steps, padding, end
        As of `sequence_phase`.
    latent_size : int
        Size of a random vector.

    Returns
    -------
    Phase
        Minimises the mean cross-entropy of a token.
    """
    optimizer = _ClippedAdam(generator.to(fabric.device).parameters(), learning_rate, n_steps, fabric.device)

    def objective(batch: Batch) -> tuple[Tensor, Report]:
        tokens = batch.real
        is_token = tokens != padding
        before = torch.cat([torch.full_like(tokens[:, :1], end), tokens[:, :-1]], 1)
        latent = processes.drawn(
            lambda n: torch.randn(n, latent_size, generator=rng, device=tokens.device), len(tokens)
        )
        features = generator.follow(before, latent, batch.y)
        loss = _mean_of_tokens(F.cross_entropy(generator.logits(features[is_token]), tokens[is_token]), is_token)
        return loss, lambda: {"loss": loss}

    return Phase("likelihood", generator, optimizer, objective)


def _mean_of_tokens(loss: Tensor, is_token: Tensor) -> Tensor:
    """Weight the mean of the tokens of this process, so that the mean of all processes is that of all tokens."""
    if processes.n_processes() == 1:
        return loss
    n_tokens = is_token.sum()
    return loss * n_tokens / processes.mean(n_tokens)


class _ClippedAdam(Adam):
    """Adam that first shortens a long gradient, as recurrent networks need it (arXiv 1211.5063).

    Its learning rate rises over the first 50 steps and falls to a tenth until the last one.
    """

    def __init__(self, weights: Any, learning_rate: float, n_steps: int, device: torch.device) -> None:
        super().__init__(weights, lr=learning_rate, fused=device.type in ("cpu", "cuda"))
        self._learning_rate, self._n_steps, self._n_done = learning_rate, n_steps, 0

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Take a step without gradients."""
        nn.utils.clip_grad_norm_([weight for group in self.param_groups for weight in group["params"]], _MAX_NORM)
        done = self._n_done
        for group in self.param_groups:
            group["lr"] = self._learning_rate * min(1.0, (done + 1) / _N_WARM_UP) * (1 - 0.9 * done / self._n_steps)
        self._n_done += 1
        return super().step(closure)

    def load_state_dict(self, state_dict: Any) -> None:
        """Take over what another one remembers, and with it the number of steps."""
        super().load_state_dict(state_dict)
        self._n_done = max((int(of["step"]) for of in self.state.values()), default=0)
