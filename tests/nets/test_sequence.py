"""The networks of token sequences: shapes, what they may draw, and that padding has no effect."""

import pytest
import torch
from torch import nn

from ganaug.nets import SequenceDecoder, SequenceEncoder, on_sphere

N_TOKENS = 12


@pytest.fixture
def networks():
    torch.manual_seed(0)
    embedding = nn.Embedding(N_TOKENS, 6)
    encoder = SequenceEncoder(embedding, hidden_size=5, latent_size=4)
    decoder = SequenceDecoder(embedding, hidden_size=5, latent_size=4, n_classes=2)
    return encoder.eval(), decoder.eval()


def test_latents_are_on_a_sphere_and_do_not_depend_on_padding(networks):
    encoder, _ = networks
    tokens, lengths = torch.tensor([[4, 5, 1, 0, 0], [6, 7, 8, 9, 1]]), torch.tensor([3, 5])
    latents = encoder(tokens, lengths)
    torch.testing.assert_close(latents.norm(dim=1), torch.full((2,), 2.0))
    torch.testing.assert_close(encoder(tokens[:1, :3], lengths[:1]), latents[:1])


def test_the_decoder_scores_all_tokens(networks):
    _, decoder = networks
    features = decoder(torch.tensor([[1, 4, 5]]), torch.zeros(1, 4), torch.tensor([1]))
    assert decoder.logits(features).shape == (1, 3, N_TOKENS)


def test_the_embedding_is_stored_once(networks):
    encoder, decoder = networks
    assert "embedding.weight" in encoder.state_dict()
    assert "embedding.weight" not in decoder.state_dict()
    assert decoder.embedding is encoder.embedding


def draw(decoder, uniform, **params):
    n = len(uniform)
    given = {"first": 1, "last": 1, "banned": 3, "temperature": 1.0, "top_k": 20} | params
    return decoder.sample(torch.zeros(n, 4), torch.zeros(n, dtype=torch.long), uniform, **given)


def test_drawn_sequences_hold_legal_tokens_and_end_once(networks):
    tokens, score = draw(networks[1], torch.rand(200, 9))
    assert ((tokens >= 3) | (tokens == 1)).all()
    ended = (tokens == 1).long().cumsum(1) > 0
    assert (tokens[ended] == 1).all()
    assert (score <= 0).all()
    assert score.isfinite().all()


def test_one_candidate_is_the_likeliest_token(networks):
    tokens, _ = draw(networks[1], torch.rand(5, 6), top_k=1)
    assert (tokens == tokens[0]).all()


@pytest.mark.parametrize("temperature", [1e-4, 1e-300])
def test_a_low_temperature_draws_the_likeliest_token(networks, temperature):
    likely, _ = draw(networks[1], torch.rand(5, 6), temperature=temperature)
    assert (likely == draw(networks[1], torch.rand(5, 6), top_k=1)[0]).all()


def test_what_sampling_draws_has_the_probabilities_of_forward(networks):
    _, decoder = networks
    uniform = (torch.arange(4000) + 0.5)[:, None] / 4000
    tokens, _ = draw(decoder, uniform)
    logits = decoder.logits(decoder(torch.tensor([[1]]), torch.zeros(1, 4), torch.tensor([0])))[0, 0].detach()
    logits[[0, 2]] = -torch.inf
    shares = tokens[:, 0].bincount(minlength=N_TOKENS) / 4000
    torch.testing.assert_close(shares, logits.softmax(0), atol=1e-3, rtol=0)


def test_on_sphere_keeps_directions():
    torch.testing.assert_close(on_sphere(torch.tensor([[3.0, 4.0]])), torch.tensor([[0.6, 0.8]]) * 2**0.5)
