"""StyleGAN2's parts against the paper's own way of computing them, and what styles and the discriminator do."""

import pytest
import torch
import torch.nn.functional as F

from ganaug.nets import StyleGenerator, noise_size
from ganaug.nets.style_discriminator import MinibatchDeviation, StyleDown
from ganaug.nets.stylegan2 import ModulatedConv, ToPixels

N_CLASSES, LATENT_SIZE, SIZE = 2, 6, (16, 24)


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def generator() -> StyleGenerator:
    torch.manual_seed(0)
    made = StyleGenerator(
        N_CLASSES, LATENT_SIZE, (8, 8, 4), channels=1, size=SIZE, rng=torch.Generator().manual_seed(0)
    )
    with torch.no_grad():
        for name, weight in made.named_parameters():
            if name.endswith("strength"):
                weight.fill_(4.0)
    return made.eval().requires_grad_(False)


def convolved_by_groups(x, weight, style):
    """The paper's equations 1 and 3: weights of each image, and a convolution by groups."""
    own = weight * style[:, None, :, None, None]
    own = own / (own.square().sum((2, 3, 4), keepdim=True) + 1e-8).sqrt()
    joined = F.conv2d(x.flatten(0, 1)[None], own.flatten(0, 1), padding=1, groups=len(x))
    return joined.view(len(x), -1, *x.shape[2:]) * 2**0.5  # the gain of the rectification


@pytest.mark.parametrize("upsamples", [False, True])
def test_modulation_without_groups_is_the_convolution_of_the_paper(upsamples):
    torch.manual_seed(0)
    conv = ModulatedConv(5, 3, LATENT_SIZE, upsamples=upsamples)
    x, w = randn(4, 5, 6, 8), randn(4, LATENT_SIZE, seed=1)
    weight = conv.weight
    if upsamples:
        x, weight = F.interpolate(x, scale_factor=2), weight.flip(2, 3)
    wanted = convolved_by_groups(x, weight, conv.style(w))
    if upsamples:
        kernel = torch.tensor([1.0, 2.0, 1.0]) / 4
        wanted = F.conv2d(wanted, torch.outer(kernel, kernel).expand(3, 1, 3, 3), padding=1, groups=3)
    torch.testing.assert_close(conv(randn(4, 5, 6, 8), w), wanted, atol=1e-4, rtol=1e-4)


def test_doubling_filters_by_1_3_3_1():
    conv = ModulatedConv(1, 1, LATENT_SIZE, upsamples=True)
    with torch.no_grad():
        conv.weight.zero_()[0, 0, 1, 1] = 1
    x = torch.zeros(1, 1, 4, 4)
    x[0, 0, 2, 2] = 1
    row = conv(x, randn(1, LATENT_SIZE))[0, 0].sum(0)
    torch.testing.assert_close(row / row.sum() * 8, torch.tensor([0.0, 0.0, 0.0, 1.0, 3.0, 3.0, 1.0, 0.0]))


def test_pixels_are_a_convolution_modulated_without_a_norm():
    layer, x, w = ToPixels(5, 3, LATENT_SIZE), randn(4, 5, 6, 8), randn(4, LATENT_SIZE, seed=1)
    style = layer.style(w)
    scale = 5.0 / 5**0.5  # the learning rate of the paper over ours, and the number of channels
    for image, made, own in zip(x, layer(x, w), style, strict=True):
        wanted = F.conv2d(image[None], (layer.weight * own * scale)[..., None, None])[0]
        torch.testing.assert_close(made, wanted, atol=1e-5, rtol=1e-5)


def test_the_mapping_network_takes_latent_and_class_of_length_1_through_all_layers(generator):
    y, latent = torch.tensor([0, 1, 1]), randn(3, LATENT_SIZE)
    x = torch.cat([part / part.square().mean(1, keepdim=True).sqrt() for part in (latent, generator.embedding[y])], 1)
    for layer in generator.mapping:
        gain = layer.rate / layer.weight.shape[1] ** 0.5
        x = F.leaky_relu(F.linear(x, layer.weight * gain, layer.bias * layer.rate), 0.2) * 2**0.5
    assert len(generator.mapping) == 2
    torch.testing.assert_close(generator.style(y, latent), x, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(generator.style(y, 3 * latent), x, atol=1e-4, rtol=1e-4)


def test_pixels_of_a_level_are_doubled_and_added_to_those_of_the_next(generator):
    w = generator.style(torch.tensor([0, 1]), randn(2, LATENT_SIZE))
    generator.bias.zero_()
    added, made = [], generator.render(w)
    for i, level in enumerate(generator.to_pixels):  # the image of this level alone
        weights = [layer.weight.clone() for layer in generator.to_pixels]
        for layer in generator.to_pixels:
            if layer is not level:
                layer.weight.zero_()
        alone = generator.render(w).atanh()
        for layer, weight in zip(generator.to_pixels, weights, strict=True):
            layer.weight.copy_(weight)
        assert alone.abs().mean() > 0.01
        # what was doubled has no finer detail than its level
        coarse = F.avg_pool2d(alone, 2 ** (generator.n_styles - 1 - i))
        for _ in range(generator.n_styles - 1 - i):
            coarse = F.interpolate(coarse, scale_factor=2, mode="bilinear", align_corners=False)
        assert (alone - coarse).abs().mean() < 0.5 * alone.abs().mean()
        added.append(alone)
    torch.testing.assert_close(sum(added).tanh(), made, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("n_blocks", [1, 2])
def test_a_block_of_the_discriminator_adds_to_the_halved_image(n_blocks):
    torch.manual_seed(0)
    block, x = StyleDown(3, 5, n_blocks).requires_grad_(False), randn(4, 3, 6, 8)
    residual, both = block.layers(x.clone()), block(x.clone())
    skipped = F.conv2d(F.avg_pool2d(x, 2), block.skip.weight)
    torch.testing.assert_close(both, (residual + skipped) / 2**0.5)
    assert sum(isinstance(layer, torch.nn.Conv2d) for layer in block.layers) == n_blocks
    assert skipped.abs().mean() > 0.1


def test_noise_is_of_the_size_announced_and_changes_details(generator):
    n = noise_size(SIZE, 2)
    assert n == 4 * 6 + 8 * 12 + 16 * 24
    y, latent = torch.tensor([0, 1]), randn(2, LATENT_SIZE)
    plain = generator(y, latent)
    torch.testing.assert_close(generator(y, latent, torch.zeros(2, n)), plain)
    assert not torch.allclose(generator(y, latent, randn(2, n)), plain)
    assert noise_size((512, 512), 7) == noise_size((64, 64), 4)  # fine levels of large images have none


def test_each_level_takes_its_own_style(generator):
    y = torch.tensor([0, 0])
    w = generator.style(y, randn(2, LATENT_SIZE))
    of_levels = w[:, None].repeat(1, generator.n_styles, 1)
    torch.testing.assert_close(generator.render(of_levels), generator.render(w))
    coarse = [w[0]] * generator.n_styles
    changes = []
    for level in range(generator.n_styles):
        mixed = torch.stack([*coarse[:level], w[1], *coarse[level + 1 :]])[None]
        changes.append(float((generator.render(mixed) - generator.render(w[:1])).abs().mean()))
    assert min(changes) > 0


def test_truncation_moves_toward_the_mean_of_the_class(generator):
    y = torch.arange(40) % N_CLASSES
    latent = randn(40, LATENT_SIZE)
    means = generator.mean_styles(torch.arange(N_CLASSES))
    assert not torch.allclose(means[0], means[1])
    full = generator.style(y, latent)
    half, none = (generator.style(y, latent, truncation) for truncation in (0.5, 0.0))
    torch.testing.assert_close(none, means[y])
    torch.testing.assert_close(half - means[y], (full - means[y]) / 2)
    images = generator(y, latent, None, 0.0)
    torch.testing.assert_close(images[0::2], images[:1].expand(20, -1, -1, -1))


def test_styles_are_mixed_in_training_only_and_from_the_given_generator(generator):
    y, latent, noise = torch.zeros(30, dtype=torch.long), randn(30, LATENT_SIZE), randn(30, noise_size(SIZE, 2))
    alone = generator(y, latent, noise)
    before = torch.get_rng_state()
    generator.train()
    generator.rng.manual_seed(1)
    mixed = generator(y, latent, noise)
    assert torch.equal(torch.get_rng_state(), before)
    generator.rng.manual_seed(1)
    assert torch.equal(generator(y, latent, noise), mixed)
    n_changed = int((~torch.isclose(mixed, alone, atol=1e-4)).flatten(1).any(1).sum())
    assert 5 <= n_changed <= 25  # about half
    torch.testing.assert_close(generator(y, latent), generator.eval()(y, latent))


def test_deviation_is_that_of_images_of_a_class_on_one_side_of_the_batch():
    y = torch.tensor([0, 1, 0, 1, 0, 1])
    real, fake = randn(6, 3, 2, 2), randn(6, 3, 2, 2, seed=1)
    fake[y == 1] = fake[1].clone()  # one class has collapsed
    layer = MinibatchDeviation()
    seen = layer(torch.cat([real, fake]), torch.cat([y, y]))[:, 3, 0, 0]
    wanted = [side[y == label].std(0, correction=0).mean() for side in (real, fake) for label in y]
    torch.testing.assert_close(seen, torch.stack(wanted), atol=2e-4, rtol=0)
    assert seen[7] < 0.01 < seen[6]
    torch.testing.assert_close(layer.eval()(real, y)[:, 3, 0, 0], seen.mean().expand(6))
