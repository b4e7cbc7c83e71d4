"""Networks of images: shapes, conditioning, independence of rows, second derivatives, and what each paper asks for."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from ganaug.nets import ARCHITECTURES, CONDITIONINGS, build_image_networks
from ganaug.nets.image_layers import ConditionalBatchNorm, SelfAttention

N_CLASSES, LATENT_SIZE = 3, 10
every_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)
every_conditioning = pytest.mark.parametrize("conditioning", CONDITIONINGS)


def networks(
    architecture: str,
    conditioning: str = "projection",
    *,
    channels: int = 1,
    size: tuple[int, int] = (8, 8),
    n_levels: int = 2,
    spectral_norm: bool | str = "auto",
    **options,
) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    return build_image_networks(
        architecture,
        n_classes=N_CLASSES,
        channels=channels,
        size=size,
        n_levels=n_levels,
        latent_size=LATENT_SIZE,
        width=4,
        conditioning=conditioning,
        spectral_norm=spectral_norm,
        **options,
    )


def inputs(n: int = 6) -> tuple[Tensor, Tensor]:
    return torch.arange(n) % N_CLASSES, torch.randn(n, LATENT_SIZE, generator=torch.Generator().manual_seed(0))


def images(n: int, *shape: int) -> Tensor:
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


def perturbed(network: nn.Module) -> nn.Module:
    """Move every weight off its start, so that what starts at zero takes part."""
    rng = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for weight in network.parameters():
            weight += 0.1 * torch.randn(weight.shape, generator=rng)
    return network


@every_architecture
@every_conditioning
@pytest.mark.parametrize(
    ("channels", "size", "n_levels"),
    [(1, (8, 8), 1), (3, (8, 12), 2), (2, (24, 16), 3), (4, (16, 32), 4), (1, (32, 64), 5), (1, (2, 2), 1)],
)
def test_shapes(architecture, conditioning, channels, size, n_levels):
    generator, discriminator = networks(architecture, conditioning, channels=channels, size=size, n_levels=n_levels)
    y, latent = inputs(3)
    made = generator(y, latent)
    assert made.shape == (3, channels, *size)
    assert made.abs().max() <= 1
    assert discriminator(made, y).shape == ((3, 2) if conditioning == "auxiliary" else (3,))


@every_architecture
@every_conditioning
def test_the_class_matters(architecture, conditioning):
    generator, discriminator = map(perturbed, networks(architecture, conditioning))
    y, latent = inputs()
    other = (y + 1) % N_CLASSES
    assert not torch.allclose(generator(y, latent), generator(other, latent))
    real = images(6, 1, 8, 8)
    judged, elsewhere = discriminator.eval()(real, y), discriminator(real, other)
    changed = ~torch.isclose(judged, elsewhere)
    if conditioning == "auxiliary":  # the score itself asks only whether the image is real
        assert not changed[:, 0].any()
        changed = changed[:, 1]
    assert changed.all()


@every_architecture
def test_auxiliary_gives_log_probabilities(architecture):
    _, discriminator = networks(architecture, "auxiliary")
    real = images(5, 1, 8, 8)
    log_p = torch.stack([discriminator.eval()(real, torch.full((5,), label))[:, 1] for label in range(N_CLASSES)])
    torch.testing.assert_close(log_p.exp().sum(0), torch.ones(5))


@pytest.mark.parametrize("architecture", [name for name in ARCHITECTURES if name != "biggan"])
def test_classes_start_alike_under_projection(architecture):
    _, discriminator = networks(architecture)
    y, _ = inputs()
    real = images(6, 1, 8, 8)
    assert torch.equal(discriminator.eval()(real, y), discriminator(real, (y + 1) % N_CLASSES))


@every_architecture
@every_conditioning
def test_in_eval_mode_a_row_does_not_depend_on_its_batch(architecture, conditioning):
    generator, discriminator = map(perturbed, networks(architecture, conditioning))
    y, latent = inputs()
    generator(y, latent)  # moves the running statistics
    made = generator.eval()(y, latent)
    torch.testing.assert_close(generator(y[2:3], latent[2:3]), made[2:3])
    torch.testing.assert_close(discriminator.eval()(made[2:3], y[2:3]), discriminator(made, y)[2:3])


@every_architecture
@every_conditioning
def test_images_judged_in_training_do_not_see_each_other(architecture, conditioning):
    _, discriminator = networks(architecture, conditioning)
    real = images(4, 1, 8, 8).requires_grad_()
    first = discriminator(real, inputs(4)[0])[0].sum()
    (gradient,) = torch.autograd.grad(first, real)
    assert gradient[0].abs().sum() > 0
    assert not gradient[1:].any()


@every_architecture
@every_conditioning
@pytest.mark.parametrize("spectral_norm", [False, True])
def test_penalties_are_differentiable(architecture, conditioning, spectral_norm):
    _, discriminator = networks(architecture, conditioning, channels=2, spectral_norm=spectral_norm)
    real = images(4, 2, 8, 8).requires_grad_()
    judged = discriminator(real, inputs(4)[0])
    (gradient,) = torch.autograd.grad((judged if judged.ndim == 1 else judged[:, 0]).sum(), real, create_graph=True)
    gradient.square().sum().backward()
    given = [weight.grad for weight in discriminator.features.parameters() if weight.grad is not None]
    assert all(weight.isfinite().all() for weight in given)
    assert any(weight.any() for weight in given)


@every_architecture
def test_a_second_derivative_is_right(architecture):
    _, discriminator = networks(architecture, size=(4, 4), n_levels=1, spectral_norm=False)
    perturbed(discriminator.double())
    y = torch.arange(2)
    real = images(2, 1, 4, 4).double().requires_grad_()
    assert torch.autograd.gradgradcheck(lambda x: discriminator(x, y), real)


@every_architecture
@pytest.mark.parametrize("chosen", ["auto", False, True])
def test_spectral_norm_bounds_every_layer(architecture, chosen):
    nets = networks(architecture, "auxiliary", spectral_norm=chosen)
    by_paper = {"resnet": (False, True), "sagan": (True, True), "biggan": (True, True)}
    generator_has, discriminator_has = by_paper.get(architecture, (False, False))
    wanted = {
        "auto": (generator_has, discriminator_has),
        False: (False, False),
        True: (generator_has, True),
    }[chosen]
    for network, wants in zip(nets, wanted, strict=True):
        layers = [m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear))]
        assert [is_parametrized(layer) for layer in layers] == [wants] * len(layers)
        for layer in layers if wants else ():
            for _ in range(50):  # each look in training mode improves the estimate of the largest singular value
                weight = layer.weight
            assert torch.linalg.matrix_norm(weight.flatten(1), 2) <= 1.01


@pytest.mark.parametrize("n_levels", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("architecture", ["sagan", "biggan"])
def test_attention_starts_as_identity_in_both_networks(architecture, n_levels):
    for network in networks(architecture, size=(64, 64), n_levels=n_levels):
        assert sum(isinstance(module, SelfAttention) for module in network.modules()) == 1
    x = torch.randn(2, 8, 5, 7)
    attention = SelfAttention(8)
    assert torch.equal(attention(x), x)
    perturbed(attention)
    assert not torch.allclose(attention(x), x)


def test_attention_looks_everywhere():
    attention = perturbed(SelfAttention(8))
    x = torch.randn(1, 8, 6, 6, requires_grad=True)
    (gradient,) = torch.autograd.grad(attention(x)[0, :, 0, 0].sum(), x)
    assert gradient[0, :, -2:, -2:].any()


def test_latent_chunks_of_biggan_reach_different_blocks():
    generator, _ = networks("biggan", n_levels=3)
    y, latent = inputs()
    perturbed(generator).eval()
    seen: dict[int, Tensor] = {}
    for i, block in enumerate(generator.blocks):
        block.register_forward_pre_hook(lambda _, given, i=i: seen.__setitem__(i, given[1]))
    generator(y, latent)
    before = dict(seen)
    assert sum(generator.latent_sizes) == LATENT_SIZE
    start = generator.latent_sizes[0]
    for i, size in enumerate(generator.latent_sizes[1:]):
        moved = latent.clone()
        moved[:, start : start + size] += 1
        start += size
        generator(y, moved)
        assert [j for j in before if not torch.equal(seen[j], before[j])] == [i]


def test_biggan_starts_orthogonal():
    generator, _ = networks("biggan", spectral_norm=False)
    weight = generator.first.weight
    torch.testing.assert_close(weight.T @ weight, torch.eye(weight.shape[1]), atol=1e-5, rtol=0)


@pytest.mark.parametrize("chosen", ["auto", True, False])
def test_the_class_embedding_of_biggan_has_a_spectral_norm_of_1(chosen):
    _, discriminator = networks("biggan", spectral_norm=chosen)
    embedding = discriminator.head.embedding
    assert is_parametrized(embedding) == (chosen is not False)
    if chosen is not False:
        for _ in range(50):
            weight = embedding.weight
        assert torch.linalg.matrix_norm(weight, 2).item() == pytest.approx(1, abs=0.01)
    assert networks("biggan", "auxiliary")[1].head.embedding is None


@every_architecture
def test_more_blocks_are_more_layers_of_the_same_size(architecture):
    def n_weights(n_blocks):
        nets = networks(architecture, size=(16, 16), n_levels=2, n_blocks=n_blocks)
        y, latent = inputs(3)
        made = perturbed(nets[0])(y, latent)
        assert made.shape == (3, 1, 16, 16)
        assert nets[1](made, y).shape == (3,)
        return [sum(weight.numel() for weight in network.parameters()) for network in nets]

    one, two, three = map(n_weights, (1, 2, 3))
    for a, b, c in zip(one, two, three, strict=True):
        assert a < b < c
        assert c - b == b - a or architecture == "mlp"


@every_architecture
def test_dropout_is_the_discriminators_and_draws_from_the_given_generator(architecture):
    rng = torch.Generator().manual_seed(0)
    _, discriminator = networks(architecture, dropout=0.5, rng=rng, spectral_norm=False)
    real, y = images(6, 1, 8, 8), inputs()[0]
    before = torch.get_rng_state()
    one, other = discriminator(real, y), discriminator(real, y)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(one, other)
    rng.manual_seed(0)
    assert torch.allclose(discriminator(real, y), one)
    torch.testing.assert_close(discriminator.eval()(real, y), discriminator(real, y))


def test_conditional_batch_norm_starts_without_a_class():
    norm = ConditionalBatchNorm(3, 2)
    x = torch.randn(4, 3, 5, 5)
    torch.testing.assert_close(norm(x, torch.eye(2).repeat(2, 1)), nn.BatchNorm2d(3)(x))


@every_architecture
@every_conditioning
def test_state_goes_around_through_meta(architecture, conditioning):
    y, latent = inputs()
    nets = networks(architecture, conditioning)
    with torch.device("meta"):
        shells = networks(architecture, conditioning)
    real = images(6, 1, 8, 8)
    for network, shell, arguments in zip(nets, shells, [(y, latent), (real, y)], strict=True):
        perturbed(network).eval()
        assert all(weight.is_meta for weight in shell.parameters())
        shell.load_state_dict(network.state_dict(), assign=True)
        assert torch.equal(shell.eval()(*arguments), network(*arguments))
        assert torch.equal(deepcopy(network)(*arguments), network(*arguments))


@every_architecture
@every_conditioning
def test_memory_format_and_autocast(architecture, conditioning):
    generator, discriminator = networks(architecture, conditioning, channels=3, size=(16, 16))
    y, latent = inputs()
    real = images(6, 3, 16, 16)
    generator.eval()
    discriminator.eval()
    made, judged = generator(y, latent), discriminator(real, y)
    for network in (generator, discriminator):
        network.to(memory_format=torch.channels_last)
    real = real.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(generator(y, latent), made, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(discriminator(real, y), judged, atol=1e-4, rtol=1e-4)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(generator(y, latent).float(), made, atol=0.1, rtol=0.1)
        torch.testing.assert_close(discriminator(real, y).float(), judged, atol=0.1, rtol=0.1)
        real.requires_grad_()
        scores = discriminator.train()(real, y).sum() + generator.train()(y, latent).sum()
        (gradient,) = torch.autograd.grad(scores, real, create_graph=True)
        penalty = gradient.square().sum()
    (scores + penalty).backward()
    weights = [*generator.parameters(), *discriminator.parameters()]
    assert all(weight.grad.isfinite().all() for weight in weights if weight.grad is not None)


@every_architecture
def test_weights_follow_the_global_seed_and_passes_leave_it_alone(architecture):
    nets, again = networks(architecture), networks(architecture)
    for network, other in zip(nets, again, strict=True):
        for weight, twin in zip(network.parameters(), other.parameters(), strict=True):
            assert torch.equal(weight, twin)
    before = torch.get_rng_state()
    y, latent = inputs()
    nets[1](nets[0](y, latent), y).sum().backward()
    assert torch.equal(torch.get_rng_state(), before)


def test_light_learns_constant_classes():
    # the generator alone, by regression: gradients reach what tells the classes apart
    generator, _ = networks("light")
    optimizer = torch.optim.Adam(generator.parameters(), lr=0.01)
    y, latent = inputs(30)
    wanted = (y.float() - 1)[:, None, None, None].expand(-1, 1, 8, 8) * 0.8
    for _ in range(100):
        loss = (generator(y, latent) - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.02


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"architecture": "vgg"}, "architecture='vgg'.*'light'"),
        ({"conditioning": "film"}, "conditioning='film'.*'projection'"),
        ({"size": (28, 28), "n_levels": 3}, r"size=\(28, 28\).*n_levels=3.*pad"),
        ({"n_levels": 0}, "n_levels=0"),
    ],
)
def test_errors_name_the_way_out(change, message):
    with pytest.raises(ValueError, match=message):
        networks(**{"architecture": "light"} | change)
