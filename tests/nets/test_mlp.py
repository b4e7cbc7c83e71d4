"""Networks of rows: shapes, legal blocks, where training starts, and whose rng is used."""

import pytest
import torch

from ganaug.nets.mlp import ACTIVATIONS, Dropout, MLPDiscriminator, MLPGenerator

SIZES = (3, 2, 5)


def generator(anchored: bool, block_sizes=SIZES) -> MLPGenerator:
    torch.manual_seed(0)
    return MLPGenerator(4, 2, n_continuous=2, block_sizes=block_sizes, hidden_sizes=(16, 16), anchored=anchored)


def inputs(n: int, block_sizes=SIZES) -> tuple[torch.Tensor, ...]:
    rng = torch.Generator().manual_seed(0)
    y = torch.randint(2, (n,), generator=rng)
    uniform = torch.rand(n, sum(block_sizes), generator=rng)
    return y, torch.randn(n, 4, generator=rng), -torch.log(-torch.log(uniform))


def anchors(n: int) -> tuple[torch.Tensor, list[torch.Tensor]]:
    rng = torch.Generator().manual_seed(1)
    levels = [torch.randint(size, (n,), generator=rng) for size in SIZES]
    blocks = [torch.nn.functional.one_hot(level, size) for level, size in zip(levels, SIZES, strict=True)]
    return torch.cat([torch.randn(n, 2, generator=rng), *blocks], 1), levels


@pytest.mark.parametrize("anchored", [True, False])
def test_every_block_is_a_distribution(anchored):
    rows = generator(anchored)(*inputs(50), *([anchors(50)[0]] if anchored else []))
    assert rows.shape == (50, 12)
    for block in rows[:, 2:].split(SIZES, dim=1):
        assert (block >= 0).all()
        torch.testing.assert_close(block.sum(1), torch.ones(50))


def test_blocks_do_not_see_each_other():
    y, latent, gumbel = inputs(50)
    net = generator(False)
    rows = net(y, latent, gumbel)
    gumbel[:, :3] += torch.tensor([100.0, 0.0, 0.0])
    torch.testing.assert_close(net(y, latent, gumbel)[:, 5:], rows[:, 5:])


def test_without_blocks():
    rows = generator(False, ())(*inputs(5, ()))
    assert rows.shape == (5, 2)


def test_training_starts_at_the_anchor():
    anchor, levels = anchors(4000)
    rows = generator(True)(*inputs(4000), anchor)
    assert (rows[:, :2] - anchor[:, :2]).abs().max() < 0.1
    for block, level in zip(rows[:, 2:].split(SIZES, dim=1), levels, strict=True):
        assert (block.argmax(1) == level).float().mean() == pytest.approx(MLPGenerator.KEPT, abs=0.02)


def test_the_class_changes_the_row():
    y, latent, gumbel = inputs(10)
    net = generator(False)
    assert not torch.allclose(net(y, latent, gumbel), net(1 - y, latent, gumbel))


@pytest.mark.parametrize("p", [0.2, 0.5])
def test_dropout_keeps_the_mean_and_uses_its_own_generator(p):
    before = torch.get_rng_state()
    layer = Dropout(p, torch.Generator().manual_seed(0))
    x = torch.ones(500, 201)
    dropped = layer(x)
    assert (dropped == 0).float().mean() == pytest.approx(p, abs=0.005)
    assert dropped.mean() == pytest.approx(1, abs=0.01)
    assert torch.equal(Dropout(p, torch.Generator().manual_seed(0))(x), dropped)
    assert not torch.equal(layer(x), dropped)
    assert layer.eval()(x) is x
    assert torch.equal(torch.get_rng_state(), before)


def test_discriminator_projects_on_the_class():
    net = MLPDiscriminator(3, 2, hidden_sizes=(8,), dropout=0.0, spectral=False, generator=torch.Generator())
    rows, y = torch.randn(6, 3), torch.tensor([0, 1, 0, 1, 0, 1])
    features = net.features(rows)
    with torch.no_grad():
        net.embedding.weight.copy_(torch.randn(2, 8))
    expected = net.head(features)[:, 0] + (features * net.embedding(y)).sum(1)
    torch.testing.assert_close(net(rows, y), expected)


def test_spectral_norm_bounds_the_slope():
    torch.manual_seed(0)
    net = MLPDiscriminator(3, 1, hidden_sizes=(32, 32), dropout=0.0, spectral=True, generator=torch.Generator())
    with torch.no_grad():
        for _ in range(50):  # each pass in training mode improves the estimate of the largest singular value
            net(torch.randn(4, 3), torch.zeros(4, dtype=torch.long))
    a, b = torch.randn(200, 3), torch.randn(200, 3)
    y = torch.zeros(200, dtype=torch.long)
    slopes = (net(a, y) - net(b, y)).abs() / (a - b).norm(dim=1)
    assert slopes.max() <= 1.01


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_gradient_penalty_reaches_the_weights_through_every_activation(activation):
    net = MLPDiscriminator(
        3, 2, hidden_sizes=(8,), dropout=0.0, spectral=False, generator=torch.Generator(), activation=activation
    )
    rows = torch.randn(6, 3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    (slope,) = torch.autograd.grad(net(rows, torch.zeros(6, dtype=torch.long)).sum(), rows, create_graph=True)
    slope.square().sum().backward()
    assert net.features[0].weight.grad.abs().sum() > 0
