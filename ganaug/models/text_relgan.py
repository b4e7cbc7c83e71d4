"""RelGAN as an architecture of TextGAN: an adversarial game on tokens, after pre-training by maximum likelihood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganaug.common.texts import TextContainer, texts_of
from ganaug.encoders import END, N_SPECIAL, PADDING, TextEncoder, fitted_tokens
from ganaug.models.data import EncodedData
from ganaug.models.torch_state import seeded_networks
from ganaug.nets import RelationalDiscriminator, RelationalGenerator
from ganaug.training import (
    EMA,
    Callback,
    CompactRows,
    LatentPrior,
    LengthBatches,
    Prior,
    ProgressBar,
    RandomDraws,
    Run,
    SlicedWasserstein,
    StageStart,
    TrainingState,
    likelihood_phase,
    train,
)

if TYPE_CHECKING:
    from ganaug.models.text import TextGAN

# What vocabulary_size="auto" and max_length="auto" are, at most: the one-hot rows of a batch hold their product.
_VOCABULARY_SIZE, _MAX_LENGTH = 2000, 32
# The inverse temperature of the Gumbel-softmax at the end of the training.
_HIGHEST = 100.0
# What temperature="auto" and autoencoder_steps="auto" are.
_TEMPERATURE, _N_STEPS = 0.65, 2500
# Part of `max_time` that the pre-training may take.
_PRETRAINING_SHARE = 0.4


class TokenRows:
    """Texts to one-hot tokens and back.

    Parameters
    ----------
    tokens : TextEncoder
        Between texts and tokens.
    container : TextContainer
        The container of texts that `decode` returns.
    """

    def __init__(self, tokens: TextEncoder, container: TextContainer) -> None:
        self.tokens = tokens
        self.container = container

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Shape of a row."""
        return (self.tokens.max_length, self.tokens.n_tokens)

    def rows(self, encoded: Tensor) -> CompactRows:
        """Return encoded texts as rows, which are one-hot where they are taken out."""
        n_tokens = self.tokens.n_tokens
        return CompactRows(encoded, lambda kept: F.one_hot(kept, n_tokens).float())

    def encode(self, X: Any) -> CompactRows:
        """Return texts of any container as rows."""
        return self.rows(self.tokens.encode(texts_of(X))[:, : self.tokens.max_length])

    def decode(self, encoded: Tensor) -> Any:
        """Return rows as texts, in the container that was fitted."""
        return self.container.restore(self.tokens.decode(encoded.argmax(2)))

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return a JSON-able description, and no arrays."""
        return {"tokens": self.tokens.state(), "container": self.container.state()}, {}


class RelGAN:
    """The architecture "relgan" (Nie, Narodytska and Patel, RelGAN, ICLR 2019), in a size for one CPU core."""

    def fit_encode(
        self, model: TextGAN, texts: Sequence[str], container: TextContainer, y: np.ndarray, previous: None
    ) -> tuple[TokenRows, Any]:
        """Learn the tokens of texts, and return the encoder and the encoded texts."""
        tokens = fitted_tokens(texts, model.vocabulary_size, model.max_length, _VOCABULARY_SIZE, _MAX_LENGTH)
        encoder = TokenRows(tokens, container)
        encoded = tokens.encode(texts)
        model._warn_of_cut(int(tokens.is_cut(encoded).sum()), len(texts), tokens.max_length)
        return encoder, encoder.rows(encoded[:, : tokens.max_length])

    def fit_prior(self, model: TextGAN, data: EncodedData, rng: torch.Generator) -> tuple[LatentPrior, nn.Module]:
        """Return random vectors, and a generator that is trained by maximum likelihood."""
        fabric, seed, rows = model._fabric(), model.seed_, data.rows
        with seeded_networks(seed):
            generator, _ = self.build(model, model.network_params_, rng)
        n_steps = _N_STEPS if isinstance(model.autoencoder_steps, str) else model.autoencoder_steps
        frequency = rows.kept[rows.kept != PADDING].bincount(minlength=len(generator.bias)) + 0.1
        with torch.no_grad():  # the network need not learn first which tokens are frequent
            generator.bias.copy_((frequency / frequency.sum()).log())
        noise = torch.Generator(fabric.device).manual_seed(seed + 3)
        phase = likelihood_phase(
            generator,
            fabric=fabric,
            rng=noise,
            learning_rate=model.autoencoder_learning_rate,
            latent_size=model.latent_size,
            n_steps=n_steps,
            padding=PADDING,
            end=END,
        )
        lengths = (rows.kept != PADDING).sum(1)
        batches: Any = LengthBatches(
            rows.kept, lengths, data.y, batch_size=model.autoencoder_batch_size, generator=rng, device=fabric.device
        )
        average = EMA(generator, 0.99)
        model.autoencoder_history_ = train(
            TrainingState([phase], average, batches, RandomDraws(noise)),
            fabric=fabric,
            n_steps=n_steps,
            max_time=None if model.max_time is None else _PRETRAINING_SHARE * model.max_time,
            callbacks=[StageStart(model.callbacks or []), *([ProgressBar("pre-training")] if model.verbose else [])],
            measure=lambda network: {},
            keep_best=False,
            save=model.save,
            stage=model._stage("pre-training"),
        )
        if not average.is_finite():
            raise ValueError("the pre-training of the texts diverged: autoencoder_learning_rate is too high for it")
        return LatentPrior(model.latent_size), average.module.cpu()

    def build(
        self, model: TextGAN, params: Mapping[str, Any], rng: torch.Generator
    ) -> tuple[RelationalGenerator, RelationalDiscriminator]:
        """Build generator and discriminator."""
        tokens, n_classes = model.encoder_.tokens, len(model.classes_)
        generator = RelationalGenerator(
            tokens.n_tokens,
            n_classes,
            length=tokens.max_length,
            embedding_size=params["embedding_size"],
            hidden_size=params["hidden_size"],
            latent_size=params["latent_size"],
            padding=PADDING,
            end=END,
            banned=N_SPECIAL,
            rng=rng,
        )
        return generator, RelationalDiscriminator(tokens.n_tokens, n_classes, length=tokens.max_length)

    n_steps = 250
    batch_size = 64
    learning_rate = 1e-4
    # There are no latents by which a selection could choose.
    selects = False

    def callbacks(self, generator: Any) -> list[Callback]:
        """Return what steers the training of a generator."""
        return [_Annealing(generator)]

    def measure(self, model: TextGAN, data: EncodedData, *, generator: torch.Generator, device: torch.device) -> Any:
        """Return what measures synthetic texts during training: how often each token occurs in them."""
        return _TokenCounts(data, model.prior_, generator=generator, device=device)

    def write(self, model: TextGAN, y: Tensor, rng: torch.Generator) -> tuple[list[str], np.ndarray]:
        """Write a text for each class index; return them and the mean logarithm of the probability of a token."""
        network: Any = model.generator_.eval()
        tokens = model.encoder_.tokens
        device = next(network.parameters()).device
        temperature = _TEMPERATURE if isinstance(model.temperature, str) else model.temperature
        (latent,) = model.prior_.draw(y, rng)
        uniform = torch.rand(len(y), tokens.max_length, generator=rng)
        drawn, scores = network.sample(
            latent.to(device), y.to(device), uniform.to(device), temperature=temperature, top_k=model.top_k
        )
        return tokens.decode(drawn.cpu()), scores.float().cpu().numpy()

    def store(self, model: TextGAN) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Describe encoder and prior as JSON-able data and arrays."""
        return model.encoder_.state()

    def restore(
        self, model: TextGAN, description: dict[str, Any], arrays: Mapping[str, Mapping[str, np.ndarray]]
    ) -> tuple[TokenRows, LatentPrior]:
        """Restore encoder and prior from what `store` returned."""
        tokens = TextEncoder.from_state(description["tokens"])
        return TokenRows(tokens, TextContainer.from_state(description["container"])), LatentPrior(model.latent_size)


class _Annealing(Callback):
    """Raise the inverse temperature of a generator from 1 to `_HIGHEST`, exponentially."""

    every_process = True

    def __init__(self, generator: Any) -> None:
        self.generator = generator

    def on_step_end(self, run: Run) -> None:
        self.generator.inverse_temperature = _HIGHEST ** (run.step / run.n_steps)


class _TokenCounts:
    """The distance between numbers of tokens in synthetic and in real texts (sliced Wasserstein distance)."""

    def __init__(self, data: EncodedData, prior: Prior, *, generator: torch.Generator, device: torch.device):
        order = torch.randperm(len(data.y), generator=generator)[:4096]
        # every class is there, also a small one
        order = torch.cat([order, *[(data.y == label).nonzero()[:32, 0] for label in range(int(data.y.max()) + 1)]])
        counts = torch.cat([data.rows[index].sum(1) for index in order.split(256)])
        self._measure = SlicedWasserstein(counts, data.y[order], prior, generator=generator, device=device, n_rows=256)

    def __call__(self, network: nn.Module) -> dict[str, float]:
        def counts(y: Tensor, *start: Tensor) -> Tensor:
            parts = zip(y.split(64), *[part.split(64) for part in start], strict=True)
            return torch.cat([network(*part).sum(1) for part in parts])

        return self._measure(counts)  # type: ignore[arg-type]
