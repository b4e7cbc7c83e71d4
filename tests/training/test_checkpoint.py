"""The state of a run: stored, loaded into fresh objects and continued, it gives the same weights bit for bit."""

import math

import pandas as pd
import pytest
import torch
from lightning_fabric import Fabric
from pandas.testing import assert_frame_equal

from ganaug.nets import MLPDiscriminator, MLPGenerator, build_image_encoder, build_image_networks
from ganaug.training.adversarial import Adversarial, AdversarialSettings
from ganaug.training.augmentation import AdaptiveAugmentation
from ganaug.training.batches import BalancedBatches, CompactRows
from ganaug.training.callbacks import Callback
from ganaug.training.checkpoint import TrainingState, state_from_bytes, state_to_bytes
from ganaug.training.ema import EMA
from ganaug.training.loop import train
from ganaug.training.monitors import SlicedWasserstein
from ganaug.training.priors import LatentPrior, NoisePrior
from ganaug.training.reconstruction import reconstruction_phase

CPU = torch.device("cpu")
FABRIC = Fabric(accelerator="cpu", devices=1)
Y = torch.arange(60) % 3
IMAGE = {"channels": 1, "size": (16, 16), "n_levels": 2, "latent_size": 6, "width": 4}


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class Run:
    """The objects of a run on fixed data; `seed` is that of the networks and of all random draws."""

    def __init__(self, kind: str, seed: int) -> None:
        self.rng = seeded(seed)
        on_device = seeded(seed + 1)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            rows, prior = getattr(self, kind)(on_device)
        self.average = EMA(self.generator, 0.99)
        batches = BalancedBatches(rows, Y, prior, batch_size=24, pac=self.pac, generator=self.rng, device=CPU)
        torch.rand(9, generator=self.rng)  # a model's fit draws from it before the first batch too
        self.measure = SlicedWasserstein(rows[:], Y, prior, generator=seeded(5), device=CPU, n_rows=30)
        self.state = TrainingState(self.phases, self.average, batches, self.game)

    pac = 1

    def table(self, rng):
        """Dropout, packs, several updates of the critic, and a lazy penalty that is out of step with them."""
        self.pac = 2
        settings = AdversarialSettings("wgan-gp", penalty_every=3, n_critic=2, pac=2)
        generator = MLPGenerator(4, 3, n_continuous=2, block_sizes=(3,), hidden_sizes=(8,), anchored=False)
        sizes = {"hidden_sizes": (8,), "dropout": 0.2, "spectral": True}
        discriminator = MLPDiscriminator(10, 3, generator=rng, **sizes)
        self.play(generator, discriminator, settings, rng)
        return torch.randn(60, 5, generator=seeded(7)), NoisePrior(4, 3)

    def image(self, rng):
        """Batch normalisation, spectral normalisation of both networks, an auxiliary classifier, and augmentation."""
        generator, discriminator = build_image_networks(
            "sagan", n_classes=3, conditioning="auxiliary", spectral_norm=True, **IMAGE
        )
        augment = AdaptiveAugmentation(
            ["translation", "brightness"], p="adaptive", generator=rng, batch_size=24, speed=1e-3, target=-2.0
        )
        self.play(generator, discriminator, AdversarialSettings("hinge"), rng, augment)
        kept = torch.randint(256, (60, 1, 16, 16), generator=seeded(7), dtype=torch.uint8)
        return CompactRows(kept, lambda rows: rows / 127.5 - 1), LatentPrior(6)

    def autoencoder(self, rng):
        encoder = build_image_encoder(**IMAGE)
        self.generator, _ = build_image_networks(
            "light", n_classes=3, conditioning="concat", spectral_norm="auto", **IMAGE
        )
        self.phases, self.game = (
            [reconstruction_phase(encoder, self.generator, fabric=FABRIC, learning_rate=1e-3)],
            None,
        )
        return torch.rand(60, 1, 16, 16, generator=seeded(7)), LatentPrior(6)

    def play(self, generator, discriminator, settings, rng, augment=None):
        self.generator = generator
        self.game = Adversarial(generator, discriminator, settings, fabric=FABRIC, rng=rng, augment=augment)
        self.phases = self.game.phases()

    def train(self, n_steps, callbacks=(), keep_best=False):
        return train(
            self.state,
            fabric=FABRIC,
            n_steps=n_steps,
            max_time=None,
            callbacks=callbacks,
            measure=self.measure,
            keep_best=keep_best,
            save=lambda path: None,
        )

    def result(self):
        """Return all that the run ends with, but for times."""
        state = self.state.state_dict()
        del state["seconds"]
        state["history"] = pd.DataFrame(state["history"]).drop(columns=["seconds", "step_time"])
        return state


def assert_same(one, other):
    """Compare two states, tensors bit for bit."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert list(one) == list(other)
        for name in one:
            assert_same(one[name], other[name])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for part, same in zip(one, other, strict=True):
            assert_same(part, same)
    elif isinstance(one, torch.Tensor):
        assert one.dtype == other.dtype
        assert torch.equal(one, other)
    elif isinstance(one, pd.DataFrame):
        assert_frame_equal(one, other, check_exact=True)
    else:
        assert one == other


every_kind = pytest.mark.parametrize("kind", ["table", "image", "autoencoder"])


@every_kind
def test_ten_steps_and_ten_more_are_twenty(kind):
    whole, begun = Run(kind, seed=0), Run(kind, seed=0)
    whole.train(20)
    begun.train(10)
    continued = Run(kind, seed=99)  # so that all comes from what was stored
    continued.state.load_state_dict(state_from_bytes(state_to_bytes(begun.state.state_dict())))
    continued.train(20)
    assert_same(continued.result(), whole.result())


@every_kind
def test_a_run_stored_between_records_continues_to_the_same_best_weights(kind):
    class Store(Callback):
        def on_step_end(self, run):
            if run.step == 33:
                stored.append(state_to_bytes(whole.state.state_dict()))

    stored = []
    whole = Run(kind, seed=0)
    history = whole.train(50, [Store()], keep_best=True)
    continued = Run(kind, seed=99)
    continued.state.load_state_dict(state_from_bytes(stored[0]))
    assert continued.state.step == 33
    assert continued.state.seconds == pytest.approx(history["seconds"][2], rel=1)
    after = continued.train(50, keep_best=True)
    assert_same(continued.result(), whole.result())
    assert (after["seconds"].diff()[1:] > 0).all()


def test_a_run_that_is_over_takes_no_further_step():
    run = Run("table", seed=0)
    run.train(10)
    before = run.average.module.head.weight.clone()
    assert len(run.train(10)) == 1
    assert torch.equal(run.average.module.head.weight, before)


def test_augmentation_adapts_in_the_runs_of_these_tests():
    run = Run("image", seed=0)
    run.train(20)
    assert run.game.augment.p > 0


def test_another_kind_of_run_is_refused():
    state = Run("autoencoder", seed=0).state.state_dict()
    with pytest.raises(ValueError, match=r"the stored run has the parts \['average', .*'phase.autoencoder'\], but"):
        Run("image", seed=0).state.load_state_dict(state)


def test_bytes_hold_values_and_no_code():
    state = {"none": None, "flag": True, "best": math.inf, "many": [{"x": 0.1}, {}], "dict": {"tensor": "word"}}
    tensors = {"shared": (values := torch.arange(6.0)), "part": values[2:], "transposed": values.view(2, 3).T}
    same = state_from_bytes(state_to_bytes(state | {"tensors": tensors}))
    assert_same(same, state | {"tensors": tensors})
    with pytest.raises(TypeError, match="not JSON serializable"):
        state_to_bytes({"objective": Run})
