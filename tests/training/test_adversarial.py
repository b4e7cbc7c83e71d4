"""The adversarial game: its objectives are those of the papers, and its settings those of the loss unless given."""

import pytest
import torch
from lightning_fabric import Fabric
from torch import nn

from ganaug.training.adversarial import Adversarial, AdversarialSettings
from ganaug.training.batches import Batch
from ganaug.training.losses import LOSSES, PENALTIES

REAL = torch.tensor([[1.0, 2.0], [0.5, -1.0], [3.0, 0.0], [-2.0, 1.0]])
BATCH = Batch(REAL, torch.tensor([0, 0, 1, 1]), (torch.tensor([[0.1], [0.2], [0.3], [0.4]]),))


class Generator(nn.Module):
    """Counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([[1.0, -1.0]]))
        self.n_calls = 0

    def forward(self, y, latent):
        self.n_calls += 1
        return latent @ self.weight + y[:, None]


class Discriminator(nn.Module):
    """A linear score, and the log-probability of the class where there is one."""

    def __init__(self, size: int = 2, auxiliary: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((size,), 0.5))
        self.auxiliary = auxiliary
        self.seen: list[torch.Tensor] = []

    def forward(self, rows, y):
        self.seen.append(rows.detach())
        score = rows @ self.weight
        return torch.stack([score, -(score**2) - y], 1) if self.auxiliary else score


def game(discriminator=None, augment=None, **settings):
    return Adversarial(
        Generator(),
        discriminator or Discriminator(),
        AdversarialSettings(**settings),
        fabric=Fabric(accelerator="cpu", devices=1),
        rng=torch.Generator().manual_seed(0),
        augment=augment,
    )


def scores(rows):
    return rows @ torch.full((2,), 0.5)


@pytest.mark.parametrize("loss", LOSSES)
def test_objectives_are_the_loss_and_gamma_times_the_penalty(loss):
    chosen = LOSSES[loss]
    played = game(loss=loss, gamma=0.3, penalty="r1", penalty_every=1)
    fake = Generator()(BATCH.y, *BATCH.start)
    objective, report = played.discriminator_step(BATCH)
    adversarial = chosen.discriminator(scores(REAL), scores(fake))
    assert objective.item() == pytest.approx((adversarial + 0.3 * 0.25).item())  # R1 of a slope of (0.5, 0.5)
    assert report()["loss"].item() == pytest.approx(adversarial.item())
    assert report()["penalty"].item() == pytest.approx(0.25)
    objective, report = played.generator_step(BATCH)
    assert objective.item() == pytest.approx(chosen.generator(scores(REAL), scores(fake)).item())
    assert set(report()) == {"loss"}


def test_the_penalty_is_lazy_and_heavier():
    played = game(penalty="r1", gamma=1.0, penalty_every=3)
    objectives, reports = zip(*(played.discriminator_step(BATCH) for _ in range(6)), strict=True)
    penalties = [
        objective.item() - report()["loss"].item() for objective, report in zip(objectives, reports, strict=True)
    ]
    assert penalties == pytest.approx([0.75, 0, 0, 0.75, 0, 0], abs=1e-6)


def test_without_a_penalty_none_is_reported():
    assert "penalty" not in game(penalty="none").discriminator_step(BATCH)[1]()


def test_the_auxiliary_classifier_is_raised_by_both():
    played = game(Discriminator(auxiliary=True), penalty="none", loss="bce")
    fake = Generator()(BATCH.y, *BATCH.start)
    rows, y = torch.cat([REAL, fake]), torch.cat([BATCH.y, BATCH.y])
    wrong = scores(rows) ** 2 + y
    chosen = LOSSES["bce"]
    objective, _ = played.discriminator_step(BATCH)
    assert objective.item() == pytest.approx((chosen.discriminator(scores(REAL), scores(fake)) + wrong.mean()).item())
    objective, _ = played.generator_step(BATCH)
    assert objective.item() == pytest.approx((chosen.generator(scores(REAL), scores(fake)) + wrong[4:].mean()).item())


def test_the_generator_is_called_once_for_a_batch():
    played = game()
    fake_of_first = None
    for n_calls in (1, 2):
        batch = Batch(*BATCH)
        played.discriminator_step(batch)
        played.generator_step(batch)
        assert played.generator.n_calls == n_calls
        fake_of_first = fake_of_first if fake_of_first is not None else played._last_fake
    assert played._last_fake is not fake_of_first


def test_only_the_generators_objective_has_a_gradient_for_it():
    played = game()
    for step, has_gradient in ((played.discriminator_step, False), (played.generator_step, True)):
        objective, _ = step(BATCH)
        (gradient,) = torch.autograd.grad(objective, [played.generator.weight], allow_unused=True)
        assert (gradient is not None) is has_gradient


def test_packs_are_rows_side_by_side():
    discriminator = Discriminator(4)
    game(discriminator, pac=2, penalty="none").discriminator_step(BATCH)
    assert torch.equal(discriminator.seen[0][:2], REAL.view(2, 4))


def test_all_that_the_discriminator_sees_is_augmented_and_the_augmentation_told():
    class Halve:
        p = 0.5
        margins: list[torch.Tensor]

        def __init__(self):
            self.margins = []

        def __call__(self, rows):
            return rows / 2

        def observe(self, margin):
            self.margins.append(margin)

    augment, discriminator = Halve(), Discriminator()
    played = game(discriminator, augment, loss="lsgan", penalty="r1", penalty_every=1)
    _, report = played.discriminator_step(BATCH)
    played.generator_step(BATCH)
    augmented = torch.cat([REAL, Generator()(BATCH.y, *BATCH.start)]) / 2
    first, in_penalty, second = discriminator.seen
    assert torch.equal(first, augmented)
    assert torch.equal(in_penalty, augmented[:4])
    assert torch.equal(second, augmented)
    assert torch.allclose(augment.margins[0], scores(REAL / 2) - 0.5)
    assert len(augment.margins) == 1
    assert report()["augmentation"] == 0.5


def test_accuracies_are_shares_on_the_right_side_of_the_boundary():
    _, report = game(loss="hinge").discriminator_step(BATCH)
    fake = Generator()(BATCH.y, *BATCH.start)
    assert report()["accuracy_real"] == (scores(REAL) > 0).float().mean()
    assert report()["accuracy_fake"] == (scores(fake) < 0).float().mean()


def test_phases_are_the_discriminators_and_the_generators():
    discriminator, generator = game(loss="wasserstein").phases()
    assert (discriminator.name, discriminator.n_updates, discriminator.clip) == ("discriminator", 5, 0.3)
    assert (generator.name, generator.n_updates, generator.clip) == ("generator", 1, None)
    assert discriminator.optimizer.param_groups[0]["betas"] == (0.0, 0.9)


@pytest.mark.parametrize("loss", LOSSES)
def test_settings_are_those_of_the_loss_unless_given(loss):
    chosen, auto = LOSSES[loss], AdversarialSettings(loss=loss)
    assert (auto.penalty_name, auto.penalty_weight) == (chosen.penalty, chosen.gamma)
    assert (auto.n_updates, auto.adam_betas) == (chosen.n_critic, (chosen.beta1, 0.9))
    other = next(name for name in PENALTIES if name != chosen.penalty)
    assert AdversarialSettings(loss=loss, penalty=other).penalty_weight == 1
    given = AdversarialSettings(loss=loss, penalty=other, gamma=2, n_critic=3, betas=(0.1, 0.2))
    assert (given.penalty_name, given.penalty_weight) == (other, 2)
    assert (given.n_updates, given.adam_betas) == (3, (0.1, 0.2))
