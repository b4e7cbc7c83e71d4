"""The default architecture of TextGAN: a conditional GAN over the latents of an autoencoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from ganaug.common.progress import begin_phase
from ganaug.common.texts import TextContainer
from ganaug.models.data import EncodedData
from ganaug.models.text_autoencoder import TextAutoencoder, auto_steps, auto_temperature, new_autoencoder
from ganaug.models.torch_state import torch_threads
from ganaug.nets import MLPDiscriminator, MLPGenerator, on_sphere
from ganaug.training import Callback, NeighborsPrior, NoisePrior, Prior, SlicedWasserstein

if TYPE_CHECKING:
    from ganaug.models.text import TextGAN

# Part of `max_time` that the autoencoder may take.
_AUTOENCODER_SHARE = 0.85


def check_goes_on(model: TextGAN) -> None:
    """Raise ValueError unless a warm start can continue from the previous fit of a model."""
    if not isinstance(model.encoder_, TextAutoencoder) or model.architecture != "autoencoder":
        raise ValueError(
            "warm_start=True continues from the autoencoder of the previous fit, which architecture='relgan' does not "
            "have; set warm_start=False to train from the beginning"
        )
    for name in ("embedding_size", "hidden_size", "code_size"):
        if (old := model.encoder_.sizes[name]) != (new := getattr(model, name)):
            raise ValueError(
                f"warm_start=True continues with an autoencoder of {name}={old}, but {name}={new}; set it to {old}, or "
                "set warm_start=False to train from the beginning"
            )


class LatentGAN:
    """The architecture "autoencoder" (ARAE, arXiv 1706.04223)."""

    n_steps = 800
    batch_size = 128
    learning_rate = 1e-3
    # A selection of the sampler chooses by latents.
    selects = True

    def fit_encode(
        self,
        model: TextGAN,
        texts: Sequence[str],
        container: TextContainer,
        y: np.ndarray,
        previous: TextAutoencoder | None,
    ) -> tuple[TextAutoencoder, Tensor]:
        """Train a new autoencoder or the previous one, and return it and the latents of the texts."""
        if previous is None:
            encoder = new_autoencoder(texts, container, model.get_params(deep=False), len(model.classes_), model.seed_)
        else:
            encoder = previous.going_on(container, top_k=model.top_k)
        encoded = encoder.tokens.encode(texts)
        is_auto = isinstance(model.temperature, str)
        encoder.temperature = auto_temperature(encoded) if is_auto else float(model.temperature)
        steps = model.autoencoder_steps
        model._warn_of_cut(int(encoder.tokens.is_cut(encoded).sum()), len(texts), encoder.tokens.max_length)
        begin_phase("training the autoencoder", show=bool(model.verbose))
        with torch_threads(model._n_threads):
            model.autoencoder_history_ = encoder.train(
                encoded,
                torch.from_numpy(y),
                fabric=model._fabric(),
                rng=torch.Generator().manual_seed(model.seed_),
                seed=model.seed_ + 3,
                n_steps=auto_steps(encoded) if isinstance(steps, str) else steps,
                batch_size=model.autoencoder_batch_size,
                learning_rate=model.autoencoder_learning_rate,
                max_time=None if model.max_time is None else _AUTOENCODER_SHARE * model.max_time,
                is_verbose=bool(model.verbose),
                callbacks=model.callbacks or [],
                save=model.save,
                stage=model._stage("autoencoder"),
            )
            return encoder, encoder.encode_tokens(encoded)

    def fit_prior(self, model: TextGAN, data: EncodedData, rng: torch.Generator) -> tuple[Prior, None]:
        """Return what the generator of latents starts from, and no weights."""
        if model.prior == "noise":
            return NoisePrior(model.latent_size), None
        prior = NeighborsPrior.from_rows(
            model.latent_size,
            0,
            *data[:2],
            n_interpolated=model.code_size,
            n_neighbors=model.n_neighbors,
            generator=rng,
            weights=data.weights,
        )
        return prior, None

    def build(
        self, model: TextGAN, params: Mapping[str, Any], rng: torch.Generator
    ) -> tuple[MLPGenerator, MLPDiscriminator]:
        """Build generator and discriminator."""
        n_classes, hidden_sizes = len(model.classes_), list(params["hidden_sizes"])
        generator = MLPGenerator(
            params["latent_size"],
            n_classes,
            n_continuous=params["code_size"],
            block_sizes=(),
            hidden_sizes=hidden_sizes,
            anchored=params["prior"] == "neighbors",
        )
        discriminator = MLPDiscriminator(
            params["code_size"], n_classes, hidden_sizes=hidden_sizes, dropout=0.0, spectral=False, generator=rng
        )
        return generator, discriminator

    def callbacks(self, generator: nn.Module) -> list[Callback]:
        """Return none."""
        return []

    def measure(self, model: TextGAN, data: EncodedData, *, generator: torch.Generator, device: torch.device) -> Any:
        """Return what measures synthetic latents during training."""
        return SlicedWasserstein(*data[:2], model.prior_, generator=generator, device=device)

    def write(self, model: TextGAN, y: Tensor, rng: torch.Generator) -> tuple[list[str], np.ndarray]:
        """Write a text for each class index; return them and the mean logarithm of the probability of a token."""
        latents = on_sphere(model._run_generator(y, model.prior_.draw(y, rng)))
        uniform = torch.rand(len(y), model.encoder_.tokens.max_length, generator=rng)
        return model.encoder_.write(latents, y, uniform)

    def store(self, model: TextGAN) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Describe encoder and prior as JSON-able data and arrays."""
        description, networks = model.encoder_.state()
        arrays = {f"autoencoder.{name}": array for name, array in networks.items()}
        if isinstance(model.prior_, NeighborsPrior):
            arrays |= {f"prior.{name}": tensor.numpy() for name, tensor in model.prior_.state().items()}
        return description, arrays

    def restore(
        self, model: TextGAN, description: Mapping[str, Any], arrays: Mapping[str, Mapping[str, np.ndarray]]
    ) -> tuple[TextAutoencoder, Prior]:
        """Restore encoder and prior from what `store` returned."""
        n_classes = len(model.classes_)
        encoder = TextAutoencoder.from_state(description, arrays["autoencoder"], top_k=model.top_k)
        if (encoder.sizes["n_classes"], encoder.sizes["code_size"]) != (n_classes, model.code_size):
            raise ValueError("the autoencoder does not fit the classes: the file is damaged")
        if model.prior == "noise":
            return encoder, NoisePrior(model.latent_size)
        tensors = {name: torch.from_numpy(array) for name, array in arrays["prior"].items()}
        prior = NeighborsPrior(model.latent_size, 0, **tensors, n_interpolated=model.code_size)
        prior.check(n_classes, model.code_size)
        return encoder, prior
