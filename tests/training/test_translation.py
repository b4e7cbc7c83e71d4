"""The game of translation: what keeps the structure of an image, what asks for its class, and the buffer."""

import pytest
import torch
from lightning_fabric import Fabric

from ganaug.nets import PatchHeads, build_translation_networks
from ganaug.training import EMA, AdversarialSettings, BalancedBatches, CompactRows, TrainingState, train
from ganaug.training.translation import FakeBuffer, SourcePrior, Translation, TranslationTerms

CPU = torch.device("cpu")


def images(n=24):
    """Noise with a bright stripe: upright in class 1, horizontal in class 0."""
    rng = torch.Generator().manual_seed(0)
    rows, y = torch.rand(n, 1, 16, 16, generator=rng) * 0.4 - 1, (torch.arange(n) % 3 == 0).long()
    for i, (image, label) in enumerate(zip(rows, y, strict=True)):
        at = 2 + i % 10
        image[0][(slice(None), slice(at, at + 3)) if label else (slice(at, at + 3),)] += 1
    return rows, y


def play(method="cut", terms=None, n_steps=0, **options):
    rows, y = images()
    torch.manual_seed(0)
    is_cut = method == "cut"
    generator, discriminator = build_translation_networks(
        n_classes=2,
        channels=1,
        size=(16, 16),
        n_levels=2,
        home=None if is_cut else 0,
        width=6,
        n_blocks=2,
        noise_size=3,
    )
    terms = terms or (TranslationTerms(patches=1.0) if is_cut else TranslationTerms(cycle=10.0, identity=5.0))
    fabric = Fabric(accelerator="cpu", devices=1)
    game = Translation(
        generator,
        discriminator,
        AdversarialSettings(loss="lsgan", learning_rate=2e-3),
        fabric=fabric,
        rng=torch.Generator().manual_seed(1),
        terms=terms,
        heads=PatchHeads(generator.patch_channels) if is_cut else None,
        has_buffer=not is_cut,
        **options,
    )
    prior = SourcePrior(CompactRows(rows, lambda kept: kept), y, 0, noise_size=3)
    rng = torch.Generator().manual_seed(2)
    batches = BalancedBatches(rows, y, prior, batch_size=8, pac=1, generator=rng, device=CPU)
    state = TrainingState(game.phases(), EMA(generator, 0.9), batches, game)
    if n_steps:
        train(
            state,
            fabric=fabric,
            n_steps=n_steps,
            max_time=None,
            callbacks=[],
            measure=lambda network: {},
            keep_best=False,
            save=lambda path: None,
        )
    return game, batches, state


def test_sources_are_of_another_class():
    rows, y = images()
    prior = SourcePrior(CompactRows(rows, lambda kept: kept), y, 0, noise_size=3)
    wanted = torch.arange(50) % 2
    source, origin, noise = prior.draw(wanted, torch.Generator().manual_seed(0))
    assert (origin == 1 - wanted).all()
    assert noise.shape == (50, 3)
    for image, of in zip(source, origin, strict=True):
        assert any(torch.equal(image, row) for row in rows[y == of])


@pytest.mark.parametrize(("method", "terms"), [("cut", {"generator_patches"}), ("cyclegan", {"generator_cycle"})])
def test_what_keeps_the_structure_falls(method, terms):
    _, _, state = play(method, n_steps=30)
    assert len(state.phases) == 2
    for name in terms:
        values = [record[name] for record in state.history]
        assert values[-1] < values[0]
    assert all(weight.isfinite().all() for phase in state.phases for weight in phase.parameters)


def test_patches_are_contrasted_with_other_places_of_the_same_image():
    game, batches, _ = play(n_steps=30)
    batch = next(batches)
    with torch.no_grad():
        game._fake(batch)
        kept = game._patch_loss(batch.start[0])
        moved = game._patch_loss(batch.start[0].roll(8, 3))
    assert kept < moved


def test_the_class_that_was_asked_for_is_rewarded():
    def probe(images):
        return torch.stack([images.mean((1, 2, 3)), -images.mean((1, 2, 3))], 1)

    game, batches, _ = play(terms=TranslationTerms(target_class=1.0), probe=probe)
    batch = next(batches)
    with_probe, report = game.generator_step(batch)
    assert report()["target_class"] > 0
    game.terms = TranslationTerms()
    assert with_probe > game.generator_step(batch)[0]


def test_all_networks_are_trained():
    game, batches, state = play()
    before = [weight.clone() for phase in state.phases for weight in phase.parameters]
    for _ in range(2):  # the first layers get no gradient before the last one has left zero
        batch = next(batches)
        for phase in state.phases:
            phase.update(batch, game.fabric)
    after = [weight for phase in state.phases for weight in phase.parameters]
    n_changed = sum(not torch.equal(one, other) for one, other in zip(before, after, strict=True))
    assert n_changed > 0.8 * len(before)


def test_the_buffer_returns_earlier_rows_of_the_same_class():
    buffer, seen = FakeBuffer(torch.Generator().manual_seed(0)), {0: set(), 1: set()}
    n_earlier = 0
    for step in range(60):
        y = torch.tensor([0, 1, 1])
        fake = torch.arange(3.0) + 10 * step
        for label, value in zip(y.tolist(), fake.tolist(), strict=True):
            seen[label].add(value)
        shown = buffer.exchange(fake, y)
        assert all(value in seen[label] for label, value in zip(y.tolist(), shown.tolist(), strict=True))
        n_earlier += int((shown != fake).sum())
    assert n_earlier > 20
    assert all(len(rows) <= 50 for rows in buffer.kept.values())


@pytest.mark.parametrize("method", ["cut", "cyclegan"])
def test_a_game_continues_where_it_was_stored(method):
    game, batches, state = play(method, n_steps=3)
    stored = {name: part.state_dict() for name, part in state._parts().items()}
    other, batches_of_other, state_of_other = play(method)
    for name, part in state_of_other._parts().items():
        part.load_state_dict(stored[name])
    one, two = next(batches), next(batches_of_other)
    assert torch.equal(one.start[0], two.start[0])
    assert torch.equal(game.discriminator_step(one)[0], other.discriminator_step(two)[0])
    assert torch.equal(game.generator_step(one)[0], other.generator_step(two)[0])
