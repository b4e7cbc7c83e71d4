"""The loop: balanced batches, phases in turn, averages, callbacks, and the end of a run."""

import itertools
import time

import pytest
import torch
from lightning_fabric import Fabric
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm
from torch.testing import assert_close

from ganaug.training.callbacks import Callback, EarlyStopping, Run
from ganaug.training.loop import EMA, RECORD_EVERY, BalancedBatches, CompactRows, Phase, train
from ganaug.training.monitors import KernelDistance, SlicedWasserstein
from ganaug.training.priors import LatentPrior, NoisePrior

CPU = torch.device("cpu")


def batches(y: torch.Tensor, batch_size: int, pac: int = 1) -> BalancedBatches:
    rows = torch.arange(len(y), dtype=torch.float32)[:, None]
    return BalancedBatches(
        rows, y, NoisePrior(2), batch_size=batch_size, pac=pac, generator=torch.Generator().manual_seed(0), device=CPU
    )


def test_batches_are_balanced_and_rows_belong_to_their_class():
    y = torch.tensor([0] * 90 + [1] * 8 + [2] * 2)[torch.randperm(100, generator=torch.Generator().manual_seed(1))]
    stream = iter(batches(y, 30))
    seen = [next(stream) for _ in range(40)]
    for batch in seen:
        assert batch.y.bincount().tolist() == [10, 10, 10]
        assert torch.equal(y[batch.real[:, 0].long()], batch.y)
        assert [len(part) for part in batch.start] == [30, 30]
    assert len({row for batch in seen for row in batch.real[:, 0].tolist()}) > 80


def test_more_classes_than_rows_in_a_batch_are_all_seen():
    y = torch.arange(10).repeat(3)
    stream = iter(batches(y, 4))
    counts = torch.cat([next(stream).y for _ in range(50)]).bincount(minlength=10)
    assert counts.tolist() == [20] * 10


@pytest.mark.parametrize(("batch_size", "pac", "expected"), [(32, 4, 32), (30, 4, 28), (3, 8, 8)])
def test_packs_hold_one_class(batch_size, pac, expected):
    batch = next(iter(batches(torch.tensor([0] * 9 + [1] * 3), batch_size, pac)))
    assert len(batch.y) == expected
    assert (batch.y.view(-1, pac) == batch.y[::pac, None]).all()


class Line(nn.Module):
    """One weight; its 'rows' are that weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))


def phase(name: str, module: Line, objective, n_updates: int = 1, clip: float | None = None) -> Phase:
    return Phase(name, module, torch.optim.SGD(module.parameters(), lr=0.1), objective, n_updates, clip)


def run(phases, average, n_steps=30, callbacks=(), max_time=None, measure=lambda network: {}, keep_best=False):
    return train(
        phases,
        average,
        batches(torch.tensor([0, 1]), 2),
        fabric=Fabric(accelerator="cpu", devices=1),
        n_steps=n_steps,
        max_time=max_time,
        callbacks=callbacks,
        measure=measure,
        keep_best=keep_best,
        save=lambda path: None,
    )


def test_any_number_of_phases_take_turns_on_one_batch():
    turns = []

    def objective(name, module):
        def loss(batch):
            turns.append((name, batch))
            cost = (module.weight - 1).square().sum()
            return cost, lambda: {"loss": cost}

        return loss

    modules = {name: Line() for name in "abc"}
    phases = [phase(name, module, objective(name, module)) for name, module in modules.items()]
    phases[0].n_updates = 2
    history = run(phases, EMA(modules["c"], 0.9), n_steps=20)
    assert "".join(name for name, _ in turns) == "aabc" * 20
    first, second, b, c = (batch for _, batch in turns[:4])
    assert first is not second
    assert second is b is c
    assert history["step"].tolist() == [RECORD_EVERY, 2 * RECORD_EVERY]
    assert (history["c_loss"].diff()[1:] < 0).all()
    assert {"a_loss", "a_gradient_norm", "b_loss", "step_time", "seconds"} <= set(history)


def test_clip_bounds_the_weights():
    module = Line()
    run([phase("a", module, lambda batch: (-module.weight.sum(), dict), clip=0.25)], EMA(module, 0.9))
    assert module.weight.item() == 0.25


def test_average_follows_and_forgets_the_start():
    module = Line()
    average = EMA(module, 0.5)
    with torch.no_grad():
        module.weight.fill_(1.0)
    for step in range(20):
        average.update(step)
    assert average.module.weight.item() == pytest.approx(1.0, abs=1e-4)
    assert not average.module.weight.requires_grad


def test_average_of_a_spectrally_normalised_network_is_normalised():
    torch.manual_seed(0)
    layer = spectral_norm(nn.Linear(6, 6))
    average = EMA(layer, 0.99)
    for step in range(50):  # the direction of the largest singular value turns on the way
        with torch.no_grad():
            layer.parametrizations.weight.original.add_(0.5 * torch.randn(6, 6))
        layer(torch.ones(1, 6))
        average.update(step)
    vector = average.module.parametrizations.weight[0]._u
    assert vector.norm().item() == pytest.approx(1.0, abs=1e-5)
    average.keep()
    average.roll_back()
    assert_close(average.module.parametrizations.weight[0]._u, layer.parametrizations.weight[0]._u)


def test_max_time_includes_the_last_measurement():
    module = Line()

    def slow(network):
        time.sleep(0.15)
        return {}

    began = time.perf_counter()
    history = run(
        [phase("a", module, lambda batch: (module.weight.sum().square(), dict))],
        EMA(module, 0.9),
        n_steps=10**6,
        max_time=0.4,
        measure=slow,
    )
    assert len(history)
    assert time.perf_counter() - began < 0.8


def test_roll_back_goes_to_the_last_good_weights():
    module = Line()

    n_calls = itertools.count()

    def objective(batch):
        cost = module.weight.sum() * (torch.nan if next(n_calls) == 25 else 1.0)
        return cost, lambda: {"loss": cost}

    average = EMA(module, 0.0)
    with pytest.warns(UserWarning, match=r"diverged at step 30 of 40 .* kept the weights of step 20"):
        history = run([phase("a", module, objective)], average, n_steps=40)
    assert history["step"].max() == 20
    assert module.weight.isnan().all()
    assert average.module.weight.item() == pytest.approx(-2.0)


def test_on_fit_end_is_called_whatever_happens():
    ended = []

    class Ends(Callback):
        def on_fit_end(self, run):
            ended.append(run.step)

    class Fails(Callback):
        def on_step_end(self, run):
            raise RuntimeError("halt")

    module = Line()
    with pytest.raises(RuntimeError, match="halt"):
        run(
            [phase("a", module, lambda b: (module.weight.sum(), dict))],
            EMA(module, 0.9),
            callbacks=[Ends(), Fails()],
        )
    assert ended == [1]


def test_early_stopping_counts_measurements_without_improvement():
    stopping = EarlyStopping(patience=2, min_delta=0.1)
    state = Run(n_steps=100, save=lambda path: None)
    stopping.on_fit_start(state)
    for value, stopped in ((5.0, False), (None, False), (4.0, False), (3.95, False), (4.5, True)):
        state.history.append({"step": 0} if value is None else {"step": 0, "distance": value})
        stopping.on_step_end(state)
        stopping.on_step_end(state)  # nothing new was recorded: nothing is counted
        assert (state.stop_reason is not None) is stopped


def test_distance_is_zero_for_the_rows_themselves_and_grows_with_a_shift():
    y = torch.tensor([0] * 40 + [1] * 10)
    rows = torch.randn(50, 3, generator=torch.Generator().manual_seed(0)) + 5 * y[:, None]
    distance = SlicedWasserstein(rows, y, NoisePrior(1), generator=torch.Generator().manual_seed(0), device=CPU)

    class Shifted(nn.Module):
        def __init__(self, shift):
            super().__init__()
            self.shift = shift

        def forward(self, wanted, latent, gumbel):
            return distance_rows + self.shift

    # the very rows that were drawn for the comparison
    rng = torch.Generator().manual_seed(0)
    place = torch.rand(512, generator=rng, dtype=torch.float64)
    counts = torch.tensor([40, 10])
    wanted = torch.arange(2).repeat_interleave(256)
    distance_rows = rows[torch.tensor([0, 40])[wanted] + (place * counts[wanted]).long()]
    assert distance(Shifted(0.0)) == {"distance": 0, "diversity": 1}
    near, far = (distance(Shifted(shift))["distance"] for shift in (1.0, 2.0))
    assert 0.3 < near < far < 2.0


def falling() -> tuple[Line, Phase]:
    """A weight that falls by 0.1 a step."""
    module = Line()
    return module, phase("a", module, lambda batch: (module.weight.sum(), dict))


@pytest.mark.parametrize(("keep_best", "step"), [(True, 20), (False, 40)])
def test_training_may_end_with_the_weights_that_measured_best(keep_best, step):
    module, turn = falling()
    average = EMA(module, 0.0)
    # best where the weight is -2, after 20 steps of 0.1
    history = run(
        [turn],
        average,
        n_steps=40,
        measure=lambda network: {"distance": (network.weight.item() + 2) ** 2},
        keep_best=keep_best,
    )
    assert history["distance"].notna().all()
    assert average.module.weight.item() == pytest.approx(-step / 10, abs=1e-4)


def test_a_run_too_short_to_be_measured_keeps_what_it_has():
    module, turn = falling()
    average = EMA(module, 0.0)
    run([turn], average, n_steps=3, keep_best=True)
    assert average.module.weight.item() == pytest.approx(-0.3, abs=1e-5)


def test_collapse_is_rolled_back_and_said():
    module, turn = falling()
    average = EMA(module, 0.0)
    with pytest.warns(UserWarning, match=r"collapsed at step 30 of 60 .* kept the weights of step 20"):
        history = run(
            [turn], average, n_steps=60, measure=lambda net: {"distance": 1.0, "diversity": 2.9 + net.weight.item()}
        )
    assert history["step"].max() == 20
    assert average.module.weight.item() == pytest.approx(-2.0, abs=1e-4)


def test_a_start_without_diversity_is_no_collapse():
    module, turn = falling()
    history = run([turn], EMA(module, 0.0), n_steps=40, measure=lambda net: {"diversity": -net.weight.item() / 20})
    assert history["step"].max() == 40


def test_stored_rows_are_scaled_where_they_are_taken_out():
    kept = torch.arange(12, dtype=torch.uint8).view(6, 2)
    rows = CompactRows(kept, lambda part: part.float() / 10)
    assert torch.equal(rows[torch.tensor([5, 0])], torch.tensor([[1.0, 1.1], [0.0, 0.1]]))
    assert len(rows) == 6
    assert rows.part(torch.tensor([1, 2])).kept.dtype == torch.uint8
    y = torch.tensor([0, 0, 0, 0, 1, 1])
    stream = BalancedBatches(
        rows, y, LatentPrior(2), batch_size=8, pac=1, generator=torch.Generator().manual_seed(0), device=CPU
    )
    batch = next(iter(stream))
    assert batch.real.dtype == torch.float32
    assert torch.equal(y[(batch.real[:, 0] * 5).round().long()], batch.y)


class Copies(nn.Module):
    """Makes rows it was given, as they are or moved."""

    def __init__(self, rows: torch.Tensor) -> None:
        super().__init__()
        self.rows = rows

    def forward(self, y, latent):
        return self.rows[y * 40 + (latent[:, 0].abs() * 1000).long() % 40]


def test_kernel_distance_orders_what_it_measures():
    rng = torch.Generator().manual_seed(0)
    y = torch.tensor([0, 1]).repeat_interleave(40)
    images = torch.rand(80, 1, 16, 16, generator=rng) + torch.linspace(0, 1, 16) * y[:, None, None, None]
    measure = KernelDistance(
        CompactRows(images, lambda kept: kept),
        y,
        LatentPrior(1),
        generator=torch.Generator().manual_seed(0),
        device=CPU,
    )
    same, moved, far = (measure(Copies(images + shift)) for shift in (0.0, 0.1, 0.5))
    swapped = measure(Copies(images.flip(0)))
    assert abs(same["distance"]) < moved["distance"] < far["distance"]
    assert swapped["distance"] > abs(same["distance"])
    assert same["diversity"] == pytest.approx(1, abs=0.1)
    alike = measure(Copies(torch.where(y[:, None, None, None] == 1, images[41:42], images)))
    assert alike["diversity"] == pytest.approx(0, abs=1e-3)  # one class is enough


def test_kernel_distance_sees_blur_behind_brightness():
    rng = torch.Generator().manual_seed(0)
    light = 0.3 * torch.randn(120, 1, 1, 1, generator=rng)
    texture = 0.1 * torch.randn(120, 1, 16, 16, generator=rng)
    blurred = functional.avg_pool2d(texture, 3, stride=1, padding=1)
    y = torch.arange(120) // 60
    kept = torch.arange(120) % 60 < 20
    measure = KernelDistance(
        CompactRows((light + texture)[kept], lambda rows: rows),
        y[kept],
        LatentPrior(1),
        generator=torch.Generator().manual_seed(1),
        device=CPU,
    )
    # the others of each class, as they are and without what is fine in them
    others = (light + texture)[~kept], (light + blurred)[~kept]
    same, dull = (measure(Copies(rows))["distance"] for rows in others)
    assert dull > 5 * abs(same)
