"""Batches: balanced over the classes, one class to a pack, a stream that can be continued."""

import itertools

import pytest
import torch

from ganaug.training.batches import BalancedBatches, CompactRows
from ganaug.training.priors import LatentPrior, NoisePrior

CPU = torch.device("cpu")


def batches(y: torch.Tensor, batch_size: int, pac: int = 1) -> BalancedBatches:
    rows = torch.arange(len(y), dtype=torch.float32)[:, None]
    return BalancedBatches(
        rows, y, NoisePrior(2), batch_size=batch_size, pac=pac, generator=torch.Generator().manual_seed(0), device=CPU
    )


def test_batches_are_balanced_and_rows_belong_to_their_class():
    y = torch.tensor([0] * 90 + [1] * 8 + [2] * 2)[torch.randperm(100, generator=torch.Generator().manual_seed(1))]
    stream = batches(y, 30)
    seen = [next(stream) for _ in range(40)]
    for batch in seen:
        assert batch.y.bincount().tolist() == [10, 10, 10]
        assert torch.equal(y[batch.real[:, 0].long()], batch.y)
        assert [len(part) for part in batch.start] == [30, 30]
    assert len({row for batch in seen for row in batch.real[:, 0].tolist()}) > 80


def test_more_classes_than_rows_in_a_batch_are_all_seen():
    y = torch.arange(10).repeat(3)
    stream = batches(y, 4)
    counts = torch.cat([next(stream).y for _ in range(50)]).bincount(minlength=10)
    assert counts.tolist() == [20] * 10


@pytest.mark.parametrize(("batch_size", "pac", "expected"), [(32, 4, 32), (30, 4, 28), (3, 8, 8)])
def test_packs_hold_one_class(batch_size, pac, expected):
    batch = next(batches(torch.tensor([0] * 9 + [1] * 3), batch_size, pac))
    assert len(batch.y) == expected
    assert (batch.y.view(-1, pac) == batch.y[::pac, None]).all()


def test_compact_rows_are_scaled_when_they_are_taken_out():
    kept = torch.arange(12, dtype=torch.uint8).view(6, 2)
    rows = CompactRows(kept, lambda part: part.float() / 10)
    assert torch.equal(rows[torch.tensor([5, 0])], torch.tensor([[1.0, 1.1], [0.0, 0.1]]))
    assert len(rows) == 6
    assert rows.part(torch.tensor([1, 2])).kept.dtype == torch.uint8
    y = torch.tensor([0, 0, 0, 0, 1, 1])
    stream = BalancedBatches(
        rows, y, LatentPrior(2), batch_size=8, pac=1, generator=torch.Generator().manual_seed(0), device=CPU
    )
    batch = next(stream)
    assert batch.real.dtype == torch.float32
    assert torch.equal(y[(batch.real[:, 0] * 5).round().long()], batch.y)


@pytest.mark.parametrize("n_before", [0, 1, 31, 32, 33, 64, 70])
def test_a_stored_stream_continues_with_the_same_batches(n_before):
    y = torch.arange(50) % 3
    stream = batches(y, 8)
    for _ in range(n_before):
        next(stream)
    state = stream.state_dict()
    fresh = batches(y, 8)
    next(fresh)  # wherever it was
    fresh.load_state_dict(state)
    for batch, same in itertools.islice(zip(stream, fresh, strict=True), 70):
        assert torch.equal(batch.real, same.real)
        assert torch.equal(batch.y, same.y)
        assert all(torch.equal(a, b) for a, b in zip(batch.start, same.start, strict=True))
