"""RelGAN's networks: legal sequences, gradients through the tokens, and sampling that agrees with teacher forcing."""

import copy

import pytest
import torch
import torch.nn.functional as F

from ganaug.nets import RelationalDiscriminator, RelationalGenerator

N_TOKENS, LENGTH, PADDING, END, BANNED = 12, 7, 0, 1, 3


@pytest.fixture
def generator():
    torch.manual_seed(0)
    return RelationalGenerator(
        N_TOKENS,
        2,
        length=LENGTH,
        embedding_size=6,
        hidden_size=8,
        latent_size=4,
        padding=PADDING,
        end=END,
        banned=BANNED,
        rng=torch.Generator().manual_seed(0),
    )


def start(n):
    return torch.arange(n) % 2, torch.randn(n, 4, generator=torch.Generator().manual_seed(1))


def test_rows_are_one_hot_tokens_that_end_once(generator):
    rows = generator(*start(300))
    assert rows.shape == (300, LENGTH, N_TOKENS)
    tokens = rows.argmax(2)
    torch.testing.assert_close(rows, F.one_hot(tokens, N_TOKENS).float())
    behind = (tokens == END).long().cumsum(1).roll(1, 1) > 0
    behind[:, 0] = False
    assert (tokens[behind] == PADDING).all()
    assert ((tokens[~behind] >= BANNED) | (tokens[~behind] == END)).all()
    assert behind.any()


def test_what_comes_before_the_end_has_gradients_and_nothing_behind_it(generator):
    rows = generator(*start(64))
    weight = torch.randn(rows.shape, generator=torch.Generator().manual_seed(2))
    (rows * weight).sum().backward()
    assert all(of.grad is not None and of.grad.isfinite().all() for of in generator.parameters())
    assert all(of.grad.abs().sum() > 0 for name, of in generator.named_parameters() if "embedding" not in name)


def test_a_higher_inverse_temperature_sharpens_the_gradient_only(generator):
    hot, cold = copy.deepcopy(generator), copy.deepcopy(generator)
    cold.inverse_temperature = 50.0
    torch.testing.assert_close(hot(*start(20)), cold(*start(20)))


def test_sampling_draws_the_probabilities_of_teacher_forcing(generator):
    y, latent = torch.zeros(4000, dtype=torch.long), torch.zeros(4000, 4)
    uniform = (torch.arange(4000) + 0.5)[:, None] / 4000
    tokens, score = generator.sample(latent, y, uniform, temperature=1.0, top_k=N_TOKENS)
    features = generator.follow(torch.tensor([[END]]), latent[:1], y[:1])
    logits = generator.logits(features)[0, 0].detach()
    logits[[0, 2]] = -torch.inf
    torch.testing.assert_close(tokens[:, 0].bincount(minlength=N_TOKENS) / 4000, logits.softmax(0), atol=1e-3, rtol=0)
    assert score.isfinite().all()
    # and the adversarial rows are drawn from the same distribution
    first = generator(y, latent)[:, 0].argmax(1).bincount(minlength=N_TOKENS) / 4000
    torch.testing.assert_close(first, logits.softmax(0), atol=0.03, rtol=0)


def test_the_discriminator_scores_rows_of_a_class_and_of_any_length():
    for length in (1, 3, 9):
        discriminator = RelationalDiscriminator(N_TOKENS, 2, length=length)
        rows = F.one_hot(torch.randint(0, N_TOKENS, (5, length)), N_TOKENS).float()
        y = torch.tensor([0, 1, 0, 1, 1])
        assert discriminator(rows, y).shape == (5,)
        torch.nn.init.normal_(discriminator.embedding.weight)
        assert (discriminator(rows, y) != discriminator(rows, 1 - y)).all()


@torch.no_grad()
def test_before_training_the_next_token_depends_on_the_last_more_than_on_the_random_vector():
    torch.manual_seed(0)
    sizes = {"length": LENGTH, "embedding_size": 64, "hidden_size": 192, "latent_size": 32}
    legal = {"padding": PADDING, "end": END, "banned": BANNED, "rng": torch.Generator()}
    generator = RelationalGenerator(500, 2, **sizes, **legal)
    tokens, latent = torch.randint(3, 500, (200, 2)), torch.randn(200, 32)
    y = torch.zeros(200, dtype=torch.long)

    def spread(tokens, latent):
        return generator.logits(generator.follow(tokens, latent, y)[:, -1]).var(0).mean()

    same_tokens, same_latent = tokens[:1].expand(200, -1), latent[:1].expand(200, -1)
    assert spread(tokens, same_latent) > 2 * spread(same_tokens, latent)
