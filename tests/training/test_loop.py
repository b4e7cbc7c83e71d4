"""The loop: phases one after the other, callbacks, and all the ways in which a run ends."""

import itertools
import time

import pytest
import torch
from lightning_fabric import Fabric
from torch import nn

from ganaug.training.batches import BalancedBatches
from ganaug.training.callbacks import Callback
from ganaug.training.checkpoint import TrainingState
from ganaug.training.ema import EMA
from ganaug.training.loop import RECORD_EVERY, train
from ganaug.training.phase import Phase
from ganaug.training.priors import NoisePrior


def batches() -> BalancedBatches:
    """One row of each of two classes."""
    return BalancedBatches(
        torch.arange(2.0)[:, None],
        torch.arange(2),
        NoisePrior(2),
        batch_size=2,
        pac=1,
        generator=torch.Generator().manual_seed(0),
        device=torch.device("cpu"),
    )


class Line(nn.Module):
    """A network of one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))


def phase_of(name: str, module: Line, objective, n_updates: int = 1, clip: float | None = None) -> Phase:
    return Phase(name, module, torch.optim.SGD(module.parameters(), lr=0.1), objective, n_updates, clip)


def run(phases, average, n_steps=30, callbacks=(), max_time=None, measure=lambda network: {}, keep_best=False):
    return train(
        TrainingState(phases, average, batches()),
        fabric=Fabric(accelerator="cpu", devices=1),
        n_steps=n_steps,
        max_time=max_time,
        callbacks=callbacks,
        measure=measure,
        keep_best=keep_best,
        save=lambda path: None,
    )


def test_any_number_of_phases_use_one_batch():
    calls = []

    def objective(name, module):
        def loss(batch):
            calls.append((name, batch))
            cost = (module.weight - 1).square().sum()
            return cost, lambda: {"loss": cost}

        return loss

    modules = {name: Line() for name in "abc"}
    phases = [phase_of(name, module, objective(name, module)) for name, module in modules.items()]
    phases[0].n_updates = 2
    history = run(phases, EMA(modules["c"], 0.9), n_steps=20)
    assert "".join(name for name, _ in calls) == "aabc" * 20
    first, second, b, c = (batch for _, batch in calls[:4])
    assert first is not second
    assert second is b is c
    assert history["step"].tolist() == [RECORD_EVERY, 2 * RECORD_EVERY]
    assert (history["c_loss"].diff()[1:] < 0).all()
    assert {"a_loss", "a_gradient_norm", "b_loss", "step_time", "seconds"} <= set(history)


def test_clip_bounds_the_weights():
    module = Line()
    run([phase_of("a", module, lambda batch: (-module.weight.sum(), dict), clip=0.25)], EMA(module, 0.9))
    assert module.weight.item() == 0.25


def test_max_time_includes_the_last_measurement():
    module = Line()

    def slow(network):
        time.sleep(0.15)
        return {}

    began = time.perf_counter()
    history = run(
        [phase_of("a", module, lambda batch: (module.weight.sum().square(), dict))],
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
    with pytest.warns(UserWarning, match=r"diverged at step 30 of 40, .* has the weights of step 20"):
        history = run([phase_of("a", module, objective)], average, n_steps=40)
    assert history["step"].max() == 20
    assert module.weight.isnan().all()
    assert average.module.weight.item() == pytest.approx(-2.0)


def test_a_run_that_diverges_at_once_is_called_untrained():
    module = Line()

    def objective(batch):
        cost = module.weight.sum() * torch.nan
        return cost, lambda: {"loss": cost}

    with pytest.warns(UserWarning, match=r"diverged at step 10 of 40, .* no earlier weights: the model is UNTRAINED"):
        run([phase_of("a", module, objective)], EMA(module, 0.0), n_steps=40)


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
            [phase_of("a", module, lambda b: (module.weight.sum(), dict))],
            EMA(module, 0.9),
            callbacks=[Ends(), Fails()],
        )
    assert ended == [1]


def falling() -> tuple[Line, Phase]:
    """A weight that falls by 0.1 a step."""
    module = Line()
    return module, phase_of("a", module, lambda batch: (module.weight.sum(), dict))


@pytest.mark.parametrize(("keep_best", "step"), [(True, 20), (False, 40)])
def test_training_may_end_with_the_weights_that_measured_best(keep_best, step):
    module, phase = falling()
    average = EMA(module, 0.0)
    # best where the weight is -2, after 20 steps of 0.1
    history = run(
        [phase],
        average,
        n_steps=40,
        measure=lambda network: {"distance": (network.weight.item() + 2) ** 2},
        keep_best=keep_best,
    )
    assert history["distance"].notna().all()
    assert average.module.weight.item() == pytest.approx(-step / 10, abs=1e-4)


def test_a_run_too_short_to_be_measured_keeps_what_it_has():
    module, phase = falling()
    average = EMA(module, 0.0)
    run([phase], average, n_steps=3, keep_best=True)
    assert average.module.weight.item() == pytest.approx(-0.3, abs=1e-5)


def test_collapse_is_rolled_back_and_reported():
    module, phase = falling()
    average = EMA(module, 0.0)
    with pytest.warns(UserWarning, match=r"collapsed at step 30 of 60, .* has the weights of step 20"):
        history = run(
            [phase], average, n_steps=60, measure=lambda net: {"distance": 1.0, "diversity": 2.9 + net.weight.item()}
        )
    assert history["step"].max() == 20
    assert average.module.weight.item() == pytest.approx(-2.0, abs=1e-4)


def test_weights_between_two_measurements_are_not_kept():
    module, phase = falling()
    average = EMA(module, 0.0)

    def measure(net):
        return {"distance": 1.0, "diversity": 1.0 if net.weight.item() > -4.5 else 0.0}

    # measured at every 20th step: at step 50 nobody knows yet that the rows have collapsed
    with pytest.warns(UserWarning, match=r"collapsed at step 60 of 400, .* has the weights of step 40"):
        run([phase], average, n_steps=400, measure=measure)
    assert average.module.weight.item() == pytest.approx(-4.0, abs=1e-4)


def test_a_start_without_diversity_is_not_a_collapse():
    module, phase = falling()
    history = run([phase], EMA(module, 0.0), n_steps=40, measure=lambda net: {"diversity": -net.weight.item() / 20})
    assert history["step"].max() == 40
