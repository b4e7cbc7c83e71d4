"""Batches of sequences of like length, and that an autoencoder learns to restore them."""

import pytest
import torch
from torch import nn

from ganaug.nets import SequenceDecoder, SequenceEncoder
from ganaug.training import EMA, Fabric, LengthBatches, TrainingState, sequence_phase, train


def batches(counts, seed=0):
    y = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    lengths = torch.randint(1, 9, (len(y),), generator=torch.Generator().manual_seed(1))
    tokens = torch.where(torch.arange(8) < lengths[:, None], 3 + y[:, None], 0)
    rng = torch.Generator().manual_seed(seed)
    return LengthBatches(tokens, lengths, y, batch_size=8, generator=rng, device=torch.device("cpu"))


def test_batches_are_as_wide_as_their_longest_sequence():
    drawn = batches([40, 40])
    for _ in range(40):
        batch = next(drawn)
        assert batch.real.shape == (8, int(batch.start[0].max()))
        assert torch.equal((batch.real > 0).sum(1), batch.start[0])
        assert torch.equal(batch.real[:, 0], batch.y + 3)


def test_small_classes_are_drawn_by_the_root_of_their_size():
    drawn = batches([400, 4])
    y = torch.cat([next(drawn).y for _ in range(800)])
    assert y.float().mean().item() == pytest.approx(1 / 11, abs=0.02)


def test_a_seed_gives_the_same_batches():
    one, other = batches([9, 9], seed=3), batches([9, 9], seed=3)
    assert all(torch.equal(next(one).real, next(other).real) for _ in range(40))


def test_the_phase_learns():
    torch.manual_seed(0)
    embedding = nn.Embedding(8, 8)
    encoder = SequenceEncoder(embedding, hidden_size=8, latent_size=4)
    decoder = SequenceDecoder(embedding, hidden_size=8, latent_size=4, n_classes=2)
    fabric = Fabric(accelerator="cpu", devices=1)
    phase = sequence_phase(
        encoder,
        decoder,
        fabric=fabric,
        rng=torch.Generator().manual_seed(0),
        learning_rate=0.02,
        n_steps=100,
        padding=0,
        end=1,
        blank=2,
    )
    history = train(
        TrainingState([phase], EMA(phase.module, 0.9), batches([20, 20])),
        fabric=fabric,
        n_steps=100,
        max_time=None,
        callbacks=[],
        measure=lambda network: {},
        keep_best=False,
        save=lambda path: None,
    )
    assert history["autoencoder_loss"].iloc[-1] < 0.5 * history["autoencoder_loss"].iloc[0]
    assert history["autoencoder_gradient_norm"].max() < 5.1
