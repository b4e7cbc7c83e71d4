"""RelGAN's networks (ICLR 2019): a generator with a relational memory, and a discriminator of several representations.

Rows are sequences of one-hot tokens, of shape (batch, length, n_tokens).
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganaug.common import processes
from ganaug.nets.sequence import drawn_sequences

_N_HEADS = 2
# Standard deviation of the values of a token's vector at first. The memory gets the vectors divided by it: what is
# written next depends on the tokens before from the first steps on, and not mostly on the random vector.
_SPREAD = 0.1
# Sizes of the discriminator: representations of a token, the size of each, and the widths and number of the filters.
_N_REPRESENTATIONS, _SIZE = 8, 8
_WIDTHS, _N_FILTERS = (2, 3, 4, 5), 64


class RelationalMemory(nn.Module):
    """A recurrent cell whose memory attends to itself and to the input (relational memory, arXiv 1806.01822).

    The memory has one slot, as in RelGAN, and an input and a forget gate.

    Parameters
    ----------
    n_inputs : int
        Size of the input.
    size : int
        Size of the memory. An even one has two heads of attention, an odd one has one.

    Notes
    -----
    Shapes:

    - inputs: (batch, n_inputs); memory: (batch, size)
    - output: (batch, size)
    """

    def __init__(self, n_inputs: int, size: int) -> None:
        super().__init__()
        self.n_heads = _N_HEADS if size % _N_HEADS == 0 else 1
        self.inputs = nn.Linear(n_inputs, size)
        self.queries = nn.Linear(size, size)
        self.keys_and_values = nn.Linear(size, 2 * size)
        self.after_attention, self.after_layers = nn.LayerNorm(size), nn.LayerNorm(size)
        self.layers = nn.Sequential(nn.Linear(size, size), nn.ReLU(), nn.Linear(size, size))
        self.input_gates, self.memory_gates = nn.Linear(size, 2 * size), nn.Linear(size, 2 * size)

    def forward(self, inputs: Tensor, memory: Tensor) -> Tensor:
        """Return the next memory."""
        projected = self.inputs(inputs)
        batch, size = memory.shape
        queries = self.queries(memory).view(batch, self.n_heads, 1, -1)
        seen = self.keys_and_values(torch.stack([memory, projected], 1))
        keys, values = (part.view(batch, 2, self.n_heads, -1).transpose(1, 2) for part in seen.split(size, 2))
        shares = (queries * keys).sum(3).mul(keys.shape[3] ** -0.5).softmax(2)
        attended = (shares[..., None] * values).sum(2).reshape(batch, size)
        found = self.after_attention(memory + attended)
        found = self.after_layers(found + self.layers(found))
        gates = self.input_gates(projected) + self.memory_gates(memory.tanh())
        taken, kept = gates.split(size, 1)
        # a bias of 1 keeps the memory at the start of training, as in a recurrent network with gates
        return taken.sigmoid() * found.tanh() + (kept + 1).sigmoid() * memory


class RelationalGenerator(nn.Module):
    """Write sequences of tokens with a relational memory, so that gradients pass through the tokens.

    `forward` draws each token with Gumbel noise. It returns one-hot rows, and passes on the gradient of the softmax at
    `inverse_temperature` (straight-through Gumbel-softmax, arXiv 1611.01144).

    Parameters
    ----------
    n_tokens : int
        Number of different tokens.
    n_classes : int
        Number of classes.
    length : int
        Number of tokens of a sequence.
    embedding_size : int
        Size of the vector of a token, whose product with the output also scores the next token.
    hidden_size : int
        Size of the memory.
    latent_size : int
        Size of the random vector.
    padding : int
        The token behind the end of a sequence.
    end : int
        The token before a sequence and at its end.
    banned : int
        Tokens with numbers below this one, except `end`, are not written.
    rng : torch.Generator
        Source of the Gumbel noise.

    Attributes
    ----------
    inverse_temperature : float
        1 at first. The higher it is, the nearer is the softmax to the token that was drawn.

    Notes
    -----
    Shapes:

    - y: (batch,) class index; latent: (batch, latent_size)
    - output: (batch, length, n_tokens)
    """

    def __init__(
        self,
        n_tokens: int,
        n_classes: int,
        *,
        length: int,
        embedding_size: int,
        hidden_size: int,
        latent_size: int,
        padding: int,
        end: int,
        banned: int,
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        self.length, self.padding, self.end, self.banned, self.rng = length, padding, end, banned, rng
        self.inverse_temperature = 1.0
        self.embedding = nn.Embedding(n_tokens, embedding_size)
        nn.init.normal_(self.embedding.weight, std=_SPREAD)
        self.classes = nn.Embedding(n_classes, latent_size)
        self.start = nn.Linear(latent_size, hidden_size)
        self.condition = nn.Linear(latent_size, embedding_size)
        self.memory = RelationalMemory(embedding_size, hidden_size)
        self.head = nn.Linear(hidden_size, embedding_size)
        self.bias = nn.Parameter(torch.zeros(n_tokens))
        with torch.no_grad():
            self.start.weight.mul_(0.1)
            self.condition.weight.mul_(0.5)
            # the scores are products with vectors whose values are small
            self.head.weight.mul_(8.0)

    def _begin(self, latent: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        latent = latent + self.classes(y)
        return self.condition(latent), self.start(latent).tanh()

    def logits(self, features: Tensor) -> Tensor:
        """Return the logits of all tokens, of shape (..., n_tokens)."""
        return F.linear(features, self.embedding.weight, self.bias)

    def forward(self, y: Tensor, latent: Tensor) -> Tensor:
        """Return a row for each class index and random vector."""
        condition, memory = self._begin(latent, y)
        weight = self.embedding.weight
        written = weight[self.end].expand(len(y), -1)
        never = torch.tensor([of for of in range(self.banned) if of != self.end], device=y.device)
        behind = F.one_hot(torch.full_like(y, self.padding), len(weight)).to(weight)
        is_open = torch.ones_like(y, dtype=torch.bool)
        rows = []
        for _ in range(self.length):
            memory = self.memory(written / _SPREAD + condition, memory)
            logits = self.logits(self.head(memory)).index_fill(1, never, -torch.inf)
            # clamped between the two smallest numbers that may be drawn, which avoids log 0
            uniform = processes.drawn(
                lambda n: torch.rand(n, len(weight), generator=self.rng, device=y.device), len(y)
            ).clamp_(min=2**-25)
            noisy = logits - uniform.log_().neg_().log_()
            soft = (self.inverse_temperature * noisy).softmax(1)
            token = noisy.argmax(1)
            row = F.one_hot(token, len(weight)).to(weight) + soft - soft.detach()
            row = torch.where(is_open[:, None], row, behind)
            rows.append(row)
            written = row @ weight
            is_open = is_open & (token != self.end)
        return torch.stack(rows, 1)

    def follow(self, tokens: Tensor, latent: Tensor, y: Tensor) -> Tensor:
        """Return what `logits` takes, for the tokens that follow each of `tokens`, of shape (batch, length)."""
        condition, memory = self._begin(latent, y)
        inputs = self.embedding(tokens) / _SPREAD + condition[:, None]
        states = []
        for step in inputs.unbind(1):
            memory = self.memory(step, memory)
            states.append(memory)
        features: Tensor = self.head(torch.stack(states, 1))
        return features

    @torch.no_grad()
    def sample(
        self, latent: Tensor, y: Tensor, uniform: Tensor, *, temperature: float, top_k: int
    ) -> tuple[Tensor, Tensor]:
        """Draw sequences, token by token.

        Parameters
        ----------
        latent : Tensor of shape (batch, latent_size)
            Random vectors.
        y : Tensor of shape (batch,)
            Class index of each.
        uniform : Tensor of shape (batch, length)
            A number in [0, 1) for each token.
        temperature, top_k
            As of `SequenceDecoder.sample`.

        Returns
        -------
        tokens, score
            As of `SequenceDecoder.sample`.
        """
        condition, memory = self._begin(latent, y)

        def step(token: Tensor) -> Tensor:
            nonlocal memory
            memory = self.memory(self.embedding(token) / _SPREAD + condition, memory)
            return self.logits(self.head(memory))

        return drawn_sequences(
            step, y, uniform, first=self.end, last=self.end, banned=self.banned, temperature=temperature, top_k=top_k
        )


class RelationalDiscriminator(nn.Module):
    """Score sequences of tokens of a class: high for real, low for fake.

    Several representations of the tokens are learned. In each, convolutions of several widths look for sequences of
    tokens; the score is the mean over the representations (RelGAN). The class comes in by projection (arXiv
    1802.05637).

    Parameters
    ----------
    n_tokens : int
        Number of different tokens.
    n_classes : int
        Number of classes.
    length : int
        Number of tokens of a sequence. Wider filters than that are left out.

    Notes
    -----
    Shapes:

    - rows: (batch, length, n_tokens); y: (batch,) class index
    - output: (batch,)
    """

    def __init__(self, n_tokens: int, n_classes: int, *, length: int) -> None:
        super().__init__()
        widths: Sequence[int] = [width for width in _WIDTHS if width <= length] or [1]
        size = _N_FILTERS * len(widths)
        self.representations = nn.Linear(n_tokens, _N_REPRESENTATIONS * _SIZE, bias=False)
        nn.init.normal_(self.representations.weight, std=0.3)
        self.filters = nn.ModuleList([nn.Conv1d(_SIZE, _N_FILTERS, width) for width in widths])
        # a highway layer, as in RelGAN
        self.gate, self.highway = nn.Linear(size, size), nn.Linear(size, size)
        self.features = nn.Sequential(nn.Linear(size, 100), nn.LeakyReLU(0.2))
        self.head = nn.Linear(100, 1)
        self.embedding = nn.Embedding(n_classes, 100)
        nn.init.zeros_(self.embedding.weight)

    def forward(self, rows: Tensor, y: Tensor) -> Tensor:
        """Score `rows`, each as a member of its class in `y`."""
        batch, length, _ = rows.shape
        seen = self.representations(rows).view(batch, length, _N_REPRESENTATIONS, _SIZE)
        seen = seen.permute(0, 2, 3, 1).reshape(batch * _N_REPRESENTATIONS, _SIZE, length)
        found = torch.cat([F.leaky_relu(of(seen), 0.2).amax(2) for of in self.filters], 1)
        gate = self.gate(found).sigmoid()
        features = self.features(gate * F.leaky_relu(self.highway(found), 0.2) + (1 - gate) * found)
        features = features.view(batch, _N_REPRESENTATIONS, -1).mean(1)
        weight = self.head.weight + self.embedding.weight
        scores = F.linear(features, weight) + self.head.bias
        return scores.gather(1, y[:, None]).squeeze(1)
