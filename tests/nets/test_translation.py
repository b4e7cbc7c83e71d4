"""Translators keep the size of images, do not amplify noise, and do not mix the images of a batch."""

import pytest
import torch

from ganaug.nets.translation import PairedTranslator, PatchDiscriminator, Translator, build_translation_networks

SIZE = (16, 8)


def networks(n_levels=2, home=None, channels=1, size=SIZE):
    torch.manual_seed(0)
    return build_translation_networks(
        n_classes=3, channels=channels, size=size, n_levels=n_levels, home=home, width=4, n_blocks=2, noise_size=5
    )


def batch(n=5, size=SIZE, channels=1):
    rng = torch.Generator().manual_seed(1)
    source = torch.rand(n, channels, *size, generator=rng) * 2 - 1
    return torch.arange(n) % 3, source, (torch.arange(n) + 1) % 3, torch.randn(n, 5, generator=rng)


@pytest.mark.parametrize(("n_levels", "size"), [(1, (8, 10)), (2, (12, 20)), (3, (24, 32)), (5, (64, 32))])
@pytest.mark.parametrize("home", [None, 1])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_size_comes_back(n_levels, size, home, channels):
    generator, discriminator = networks(n_levels, home, channels, size)
    y, *start = batch(4, size, channels)
    fake = generator(y, *start)
    assert fake.shape == start[0].shape
    assert fake.abs().max() <= 1
    assert discriminator(fake, y).shape == (4,)


def test_noise_in_a_flat_image_is_not_amplified():
    generator, _ = networks()
    y, source, origin, noise = batch()
    change = [
        (generator(y, scale * source, origin, noise) - generator(y, 0 * source, origin, noise)) for scale in (1, 0.01)
    ]
    assert change[1].abs().mean() < 0.1 * change[0].abs().mean()


@pytest.mark.parametrize("home", [None, 1])
def test_an_image_does_not_depend_on_its_batch(home):
    generator, discriminator = networks(home=home)
    torch.nn.init.normal_(next(m for m in generator.modules() if isinstance(m, Translator)).last.weight)
    y, *start = batch()
    together = generator(y, *start)
    for i in range(len(y)):
        alone = generator(y[i : i + 1], *(of[i : i + 1] for of in start))
        torch.testing.assert_close(alone[0], together[i], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(
            discriminator(start[0][i : i + 1], y[i : i + 1])[0], discriminator(start[0], y)[i], atol=1e-5, rtol=1e-4
        )


def test_of_a_pair_each_translator_has_its_classes():
    pair, _ = networks(home=1)
    assert isinstance(pair, PairedTranslator)
    y, *start = batch()
    is_home = y == 1
    of_home, others = ([of[rows] for of in (y, *start)] for rows in (is_home, ~is_home))
    fake = pair(y, *start)
    torch.testing.assert_close(fake[is_home], pair.homeward(*of_home))
    torch.testing.assert_close(fake[~is_home], pair.outward(*others))


def test_class_and_noise_reach_the_image():
    generator, _ = networks()
    for parameter in generator.parameters():  # classes begin alike
        torch.nn.init.normal_(parameter, std=0.3)
    y, source, origin, noise = batch()
    fake = generator(y, source, origin, noise)
    assert not torch.allclose(fake, generator((y + 1) % 3, source, origin, noise), atol=1e-3)
    assert not torch.allclose(fake, generator(y, source, origin, noise + 1), atol=1e-3)


def test_a_patch_is_judged_by_its_neighbourhood_only():
    discriminator = PatchDiscriminator(2, 1, width=4)
    images = torch.zeros(1, 1, 64, 64)
    changed = images.clone()
    changed[..., :4, :4] = 1
    difference = discriminator.patches(changed, torch.tensor([0])) - discriminator.patches(images, torch.tensor([0]))
    assert difference[0, 0, 0] != 0
    assert (difference[0, 5:, 5:] == 0).all()


def test_the_whole_image_is_judged_too():
    _, discriminator = networks(n_levels=4, size=(64, 64))
    discriminator = discriminator.double()
    images, y = torch.zeros(1, 1, 64, 64).double(), torch.tensor([0])

    # with patches alone, the score of two distant changes is the sum of their scores
    def interaction(judge):
        one, other = images.clone(), images.clone()
        one[..., 20:24, 20:24], other[..., 44:48, 44:48] = 1, 1
        both = torch.maximum(one, other)
        return (judge(both, y) - judge(one, y) - judge(other, y) + judge(images, y)).abs().item()

    assert interaction(discriminator.patches) < 1e-12
    assert interaction(discriminator) > 1e-6
