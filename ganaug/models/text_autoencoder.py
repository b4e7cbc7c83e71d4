"""TextGAN's autoencoder: it gives each text a latent, and writes a text for each latent of the conditional GAN."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from ganaug.common.texts import TextContainer, texts_of
from ganaug.encoders import BLANK, END, N_SPECIAL, PADDING, TextEncoder, fitted_tokens
from ganaug.models.torch_state import seeded_networks
from ganaug.nets import SequenceDecoder, SequenceEncoder
from ganaug.training import (
    EMA,
    Callback,
    Fabric,
    LengthBatches,
    ProgressBar,
    RandomDraws,
    Stage,
    StageStart,
    TrainingState,
    sequence_phase,
    train,
)

# What vocabulary_size="auto" and max_length="auto" are, at most.
_VOCABULARY_SIZE, _MAX_LENGTH = 4000, 64
# What autoencoder_steps="auto" is, at least and at most, and for how many tokens of the training texts there is a step:
# with more steps, the networks learn few or short texts by heart, and the synthetic texts repeat their parts.
_FEWEST_STEPS, _MOST_STEPS, _TOKENS_A_STEP = 500, 2500, 25
# temperature="auto" falls from the first to the second value between these mean numbers of tokens of a text: a short
# text has few tokens in which to differ from others, and few in which to go astray.
_MEAN_LENGTHS, _TEMPERATURES = (12.0, 20.0), (1.0, 0.65)
# Texts that are encoded at once.
_N_ENCODED = 256


class TextAutoencoder:
    """Texts to latents and back, with networks that were trained on texts.

    Parameters
    ----------
    tokens : TextEncoder
        Between texts and tokens.
    container : TextContainer
        The container of texts that `decode` returns.
    sizes : mapping
        "embedding_size", "hidden_size" and "code_size", the size of a latent; "n_classes".
    top_k : int
        Number of likeliest tokens among which each is drawn.
    temperature : float, default=1.0
        Of the draw of tokens.

    Attributes
    ----------
    networks : nn.ModuleDict
        "encoder" and "decoder".
    """

    def __init__(
        self,
        tokens: TextEncoder,
        container: TextContainer,
        sizes: Mapping[str, int],
        *,
        top_k: int,
        temperature: float = 1.0,
    ) -> None:
        self.tokens = tokens
        self.container = container
        self.sizes = dict(sizes)
        self.temperature = temperature
        self.top_k = top_k
        self._is_trained = False
        embedding = nn.Embedding(tokens.n_tokens, sizes["embedding_size"])
        nn.init.normal_(embedding.weight, std=0.1)
        self.networks = nn.ModuleDict(
            {
                "encoder": SequenceEncoder(embedding, hidden_size=sizes["hidden_size"], latent_size=sizes["code_size"]),
                "decoder": SequenceDecoder(
                    embedding,
                    hidden_size=sizes["hidden_size"],
                    latent_size=sizes["code_size"],
                    n_classes=sizes["n_classes"],
                ),
            }
        )

    def train(
        self,
        encoded: Tensor,
        y: Tensor,
        *,
        fabric: Fabric,
        rng: torch.Generator,
        seed: int,
        n_steps: int,
        batch_size: int,
        learning_rate: float,
        max_time: float | None,
        is_verbose: bool,
        callbacks: Sequence[Callback] = (),
        save: Any,
        stage: Stage | None = None,
    ) -> pd.DataFrame:
        """Train the networks on encoded texts of all classes, and keep the moving average of their weights.

        Parameters
        ----------
        encoded : Tensor of shape (n_texts, length)
            Tokens.
        y : Tensor of shape (n_texts,)
            Class index of each.
        fabric : Fabric
            Device and precision.
        rng : torch.Generator
            Source of the batches, on the CPU.
        seed : int
            Seed of the noise.
        n_steps, batch_size, learning_rate, max_time
            As of `TextGAN`.
        is_verbose : bool
            Whether a progress bar is shown.
        callbacks : sequence of Callback, default=()
            Those of the model, which are told that a stage starts.
        save : callable (path)
            Stores the model.
        stage : Stage or None, default=None
            As of `train`.

        Returns
        -------
        DataFrame
            As of `train`.

        Raises
        ------
        ValueError
            If a weight is no longer finite, because the learning rate is too high.
        """
        noise = torch.Generator(fabric.device).manual_seed(seed)
        phase = sequence_phase(
            self.networks["encoder"],
            self.networks["decoder"],
            fabric=fabric,
            rng=noise,
            learning_rate=learning_rate,
            n_steps=n_steps,
            padding=PADDING,
            end=END,
            blank=BLANK,
        )
        if not self._is_trained:
            with torch.no_grad():  # the network need not learn first which tokens are frequent
                frequency = encoded[encoded != PADDING].bincount(minlength=self.tokens.n_tokens) + 0.1
                bias: Any = self.networks["decoder"].bias
                bias.copy_((frequency / frequency.sum()).log())
        average = EMA(self.networks, 0.99)
        batches = LengthBatches(
            encoded, _lengths(encoded), y, batch_size=batch_size, generator=rng, device=fabric.device
        )
        history = train(
            TrainingState([phase], average, batches, RandomDraws(noise)),
            fabric=fabric,
            n_steps=n_steps,
            max_time=max_time,
            callbacks=[StageStart(callbacks), *([ProgressBar("autoencoder")] if is_verbose else [])],
            measure=lambda network: {},
            keep_best=False,
            save=save,
            stage=stage,
        )
        if not average.is_finite():
            raise ValueError("the autoencoder of the texts diverged: autoencoder_learning_rate is too high for it")
        self.networks = cast(nn.ModuleDict, average.module)
        self._is_trained = True
        return history

    def going_on(self, container: TextContainer, *, top_k: int) -> "TextAutoencoder":
        """Return a copy whose training continues, with the same tokens; the arguments are those of the constructor."""
        other = copy.copy(self)
        other.container, other.top_k = container, top_k
        other.networks = copy.deepcopy(self.networks).requires_grad_(True).train()
        return other

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Shape of a latent."""
        return (self.sizes["code_size"],)

    @property
    def _device(self) -> torch.device:
        return next(self.networks.parameters()).device

    @torch.inference_mode()
    def encode_tokens(self, encoded: Tensor) -> Tensor:
        """Return the latents of encoded texts, of shape (n_texts, code_size), on the CPU."""
        lengths = _lengths(encoded)
        latents = torch.empty(len(encoded), self.sizes["code_size"])
        # texts of like length together, so that little time goes into padding
        for index in lengths.argsort(stable=True).split(_N_ENCODED):
            part = encoded[index, : int(lengths[index].max())].to(self._device)
            latents[index] = self.networks["encoder"](part, lengths[index]).float().cpu()
        return latents

    def encode(self, X: Any) -> Tensor:
        """Return the latents of texts of any container."""
        return self.encode_tokens(self.tokens.encode(texts_of(X)))

    def decode(self, encoded: Tensor) -> Any:
        """Write a text for each latent, without a class, in the container that was fitted."""
        uniform = torch.full((len(encoded), self.tokens.max_length), 0.5)
        texts, _ = self.write(encoded, torch.zeros(len(encoded), dtype=torch.long), uniform)
        return self.container.restore(texts)

    @torch.inference_mode()
    def write(self, latents: Tensor, y: Tensor, uniform: Tensor) -> tuple[list[str], np.ndarray]:
        """Write a text for each latent and class, with random numbers for its tokens.

        Parameters
        ----------
        latents : Tensor of shape (n, code_size)
            What the texts are about.
        y : Tensor of shape (n,)
            Class index of each.
        uniform : Tensor of shape (n, max_length)
            Numbers in [0, 1), one for each token.

        Returns
        -------
        texts : list of str
            The texts.
        scores : ndarray of shape (n,)
            Mean logarithm of the probability of a token.
        """
        decoder: Any = self.networks["decoder"]
        tokens, scores = decoder.sample(
            latents.to(self._device),
            y.to(self._device),
            uniform.to(self._device),
            first=END,
            last=END,
            banned=N_SPECIAL,
            temperature=self.temperature,
            top_k=self.top_k,
        )
        return self.tokens.decode(tokens.cpu()), scores.float().cpu().numpy()

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return a JSON-able description and arrays."""
        arrays = {name: weight.cpu().numpy() for name, weight in self.networks.state_dict().items()}
        description = {"tokens": self.tokens.state(), "container": self.container.state(), "sizes": self.sizes}
        return description | {"temperature": self.temperature}, arrays

    @classmethod
    def from_state(
        cls,
        description: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray],
        *,
        top_k: int,
    ) -> "TextAutoencoder":
        """Read what `state` returned; malformed data raise an error."""
        sizes = {name: int(description["sizes"][name]) for name in ("embedding_size", "hidden_size", "code_size")}
        sizes["n_classes"] = int(description["sizes"]["n_classes"])
        tokens = TextEncoder.from_state(description["tokens"])
        container = TextContainer.from_state(description["container"])
        temperature = float(description["temperature"])
        if not 0 < temperature < np.inf:
            raise ValueError(f"temperature={temperature}")
        with torch.device("meta"):  # sizes that are forged take no memory
            restored = cls(tokens, container, sizes, top_k=top_k, temperature=temperature)
        weights = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
        if not all(weight.isfinite().all() for weight in weights.values()):
            raise ValueError("a weight of the autoencoder is not finite")
        restored.networks.load_state_dict(weights, assign=True)
        restored.networks.eval().requires_grad_(False)
        restored._is_trained = True
        return restored


def _lengths(encoded: Tensor) -> Tensor:
    return (encoded != PADDING).sum(1)


def new_autoencoder(
    texts: Sequence[str], container: TextContainer, params: Mapping[str, Any], n_classes: int, seed: int
) -> TextAutoencoder:
    """Learn tokens from texts, and build an autoencoder for them that is not trained yet.

    Parameters
    ----------
    texts : sequence of str
        Training texts.
    container : TextContainer
        Of the training texts.
    params : mapping
        Parameters of `TextGAN`.
    n_classes : int
        Number of classes.
    seed : int
        Seed of the weights.
    """
    tokens = fitted_tokens(texts, params["vocabulary_size"], params["max_length"], _VOCABULARY_SIZE, _MAX_LENGTH)
    sizes = {name: params[name] for name in ("embedding_size", "hidden_size", "code_size")} | {"n_classes": n_classes}
    with seeded_networks(seed):
        return TextAutoencoder(tokens, container, sizes, top_k=params["top_k"])


def auto_steps(encoded: Tensor) -> int:
    """Return the number of training steps for encoded texts: fewer for few or short ones."""
    n_tokens = int((encoded != PADDING).sum())
    return min(max(-(-n_tokens // _TOKENS_A_STEP), _FEWEST_STEPS), _MOST_STEPS)


def auto_temperature(encoded: Tensor) -> float:
    """Return the temperature at which texts like encoded ones are written: higher for short ones."""
    return float(np.interp(float(_lengths(encoded).double().mean()), _MEAN_LENGTHS, _TEMPERATURES))
