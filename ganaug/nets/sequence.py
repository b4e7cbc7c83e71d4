"""Recurrent networks for sequences of tokens: an autoencoder whose latents a conditional GAN can learn."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence


class SequenceEncoder(nn.Module):
    """Encode sequences of tokens as points of a sphere.

    A recurrent network (GRU, arXiv 1406.1078) reads the tokens. The latent is a linear function of its last state, of
    the maximum of its states and of the mean vector of the tokens, scaled to the length ``sqrt(latent_size)``, so that
    each value has a variance of about 1, as the generator of rows expects.

    Parameters
    ----------
    embedding : nn.Embedding
        The vectors of tokens, shared with the decoder.
    hidden_size : int
        Size of the state.
    latent_size : int
        Size of the latent.

    Notes
    -----
    Shapes:

    - tokens: (batch, length), padded at the end; lengths: (batch,), at least 1, on the CPU
    - output: (batch, latent_size)
    """

    def __init__(self, embedding: nn.Embedding, *, hidden_size: int, latent_size: int) -> None:
        super().__init__()
        self.embedding = embedding
        self.recurrent = nn.GRU(embedding.embedding_dim, hidden_size, batch_first=True)
        self.head = nn.Linear(2 * hidden_size + embedding.embedding_dim, latent_size)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return the latents of `tokens`."""
        embedded = self.embedding(tokens)
        packed = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
        packed_states, last = self.recurrent(packed)
        states, _ = nn.utils.rnn.pad_packed_sequence(packed_states, batch_first=True, padding_value=-1.0)
        shown = (torch.arange(tokens.shape[1]) < lengths[:, None]).to(embedded)
        mean = (embedded * shown[:, :, None]).sum(1) / shown.sum(1, keepdim=True)
        return on_sphere(self.head(torch.cat([last[0], states.amax(1), mean], 1)))


class SequenceDecoder(nn.Module):
    """Predict each token from those before it, a latent and a class.

    Parameters
    ----------
    embedding : nn.Embedding
        The vectors of tokens. Its weights also score the next token (tied weights, arXiv 1608.05859).
    hidden_size : int
        Size of the state.
    latent_size : int
        Size of the latent.
    n_classes : int
        Number of classes.

    Notes
    -----
    Shapes:

    - tokens: (batch, length), the tokens before each that is predicted; latent: (batch, latent_size); y: (batch,)
    - output of `forward`: (batch, length, embedding_dim), whose products with the embedding are the logits
    """

    def __init__(self, embedding: nn.Embedding, *, hidden_size: int, latent_size: int, n_classes: int) -> None:
        super().__init__()
        size = embedding.embedding_dim
        # in a tuple, so that its weights belong to the encoder alone: they are stored and averaged once
        self._tied = (embedding,)
        self.classes = nn.Embedding(n_classes, latent_size)
        self.start = nn.Linear(latent_size, hidden_size)
        self.condition = nn.Linear(latent_size, size)
        self.recurrent = nn.GRU(size, hidden_size, batch_first=True)
        self.head = nn.Linear(hidden_size, size)
        self.bias = nn.Parameter(torch.zeros(embedding.num_embeddings))

    @property
    def embedding(self) -> nn.Embedding:
        """The vectors of tokens, which are those of the encoder."""
        return self._tied[0]

    def forward(self, tokens: Tensor, latent: Tensor, y: Tensor) -> Tensor:
        """Return what `logits` takes, for all tokens at once."""
        latent = latent + self.classes(y)
        inputs = self.embedding(tokens) + self.condition(latent)[:, None]
        states, _ = self.recurrent(inputs, self.start(latent).tanh()[None])
        features: Tensor = self.head(states)
        return features

    def logits(self, features: Tensor) -> Tensor:
        """Return the logits of all tokens, of shape (..., n_tokens)."""
        return F.linear(features, self.embedding.weight, self.bias)

    @torch.no_grad()
    def sample(
        self,
        latent: Tensor,
        y: Tensor,
        uniform: Tensor,
        *,
        first: int,
        last: int,
        banned: int,
        temperature: float,
        top_k: int,
    ) -> tuple[Tensor, Tensor]:
        """Draw sequences, token by token.

        Parameters
        ----------
        latent : Tensor of shape (batch, latent_size)
            What each sequence is about.
        y : Tensor of shape (batch,)
            Class index of each.
        uniform : Tensor of shape (batch, length)
            A number in [0, 1) for each token that is drawn; `length` bounds the sequences.
        first : int
            The token that stands before a sequence.
        last : int
            The token that ends it.
        banned : int
            Tokens with numbers below this one, except `last`, are not drawn.
        temperature : float
            The logits are divided by this number; a lower one draws more of the likely tokens.
        top_k : int
            Only so many of the likeliest tokens are drawn (arXiv 1805.04833).

        Returns
        -------
        tokens : Tensor of shape (batch, length)
            The sequences, each padded with `last`.
        score : Tensor of shape (batch,)
            Mean logarithm of the probability of the tokens, at temperature 1.
        """
        latent = latent + self.classes(y)
        condition, state = self.condition(latent), self.start(latent).tanh()[None]

        def step(token: Tensor) -> Tensor:
            nonlocal state
            states, state = self.recurrent((self.embedding(token) + condition)[:, None], state)
            return self.logits(self.head(states[:, 0]))

        return drawn_sequences(
            step, y, uniform, first=first, last=last, banned=banned, temperature=temperature, top_k=top_k
        )


def drawn_sequences(
    step: Callable[[Tensor], Tensor],
    y: Tensor,
    uniform: Tensor,
    *,
    first: int,
    last: int,
    banned: int,
    temperature: float,
    top_k: int,
) -> tuple[Tensor, Tensor]:
    """Draw sequences, token by token, as `SequenceDecoder.sample` describes.

    Parameters
    ----------
    step : callable (Tensor of shape (batch,)) -> Tensor of shape (batch, n_tokens)
        Takes the tokens that were drawn last and returns the logits of the next ones.
    y, uniform, first, last, banned, temperature, top_k
        As of `SequenceDecoder.sample`.

    Returns
    -------
    tokens : Tensor of shape (batch, length)
        The sequences, each padded with `last`.
    score : Tensor of shape (batch,)
        Mean logarithm of the probability of the tokens, at temperature 1.
    """
    temperature = max(temperature, 1e-4)  # a lower one draws the same tokens, and overflows
    token = torch.full_like(y, first)
    drawn = torch.full(uniform.shape, last, dtype=torch.long, device=y.device)
    is_open = torch.ones_like(y, dtype=torch.bool)
    score, n_drawn = torch.zeros_like(uniform[:, 0]), torch.zeros_like(uniform[:, 0])
    hidden = torch.tensor([of for of in range(banned) if of != last], device=y.device)
    for place in range(uniform.shape[1]):
        logits = step(token).index_fill(1, hidden, -torch.inf)
        best, index = logits.topk(min(top_k, logits.shape[1]), dim=1)
        # of the likeliest tokens, the one in whose part of the cumulative distribution the number lies
        edges = (best / temperature).softmax(1).cumsum(1)
        chosen = (uniform[:, place, None] * edges[:, -1:] >= edges).sum(1, keepdim=True).clamp(max=best.shape[1] - 1)
        token = index.gather(1, chosen).squeeze(1)
        log_probability = best.gather(1, chosen).squeeze(1) - logits.logsumexp(1)
        score += torch.where(is_open, log_probability, 0.0)
        n_drawn += is_open
        token = torch.where(is_open, token, last)
        drawn[:, place] = token
        is_open &= token != last
        if not is_open.any():
            break
    return drawn, score / n_drawn


def on_sphere(latent: Tensor) -> Tensor:
    """Scale latents to the length ``sqrt(latent_size)``."""
    return F.normalize(latent, dim=1) * latent.shape[1] ** 0.5
