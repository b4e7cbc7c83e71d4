"""Laws of private gradients and of their account."""

import math

import pytest
import torch
import torch.nn.functional as F

from ganaug.nets import MLPDiscriminator
from ganaug.training import GaussianMechanism, HistogramPrior, NoisePrior, PoissonBatches, noise_for, spent_epsilon
from ganaug.training.fabric import Fabric
from ganaug.training.privacy import PrivateBatch, PrivatePhase, clipped_gradient_sum


def network(seed=0):
    torch.manual_seed(seed)
    made = MLPDiscriminator(3, 2, hidden_sizes=(5,), dropout=0.0, spectral=False, generator=torch.Generator())
    torch.nn.init.normal_(made.embedding.weight)
    return made


def rows(n, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(n, 3, generator=rng), torch.randint(2, (n,), generator=rng)


def on_real(scores):
    return F.softplus(-scores)


class TestAccount:
    # The table of the tutorials of TensorFlow Privacy (MNIST, batches of 256 of 60,000 rows, delta 1e-5). It converts
    # Renyi divergence to epsilon by the first theorem (arXiv 1702.07476); the later one (arXiv 2004.00010) is tighter.
    @pytest.mark.parametrize(("noise", "epochs", "published"), [(1.3, 15, 1.19), (1.1, 60, 3.01), (0.7, 45, 7.10)])
    def test_known_values(self, noise, epochs, published):
        mechanism = GaussianMechanism(noise, rate=256 / 60_000, n_steps=epochs * 60_000 // 256)
        assert 0.75 * published < spent_epsilon([mechanism], 1e-5) < published

    def test_value_of_the_documentation_of_opacus(self):
        # compute_rdp(q=0.01, noise_multiplier=1.1, steps=10_000) of Opacus 1.6, with its own 162 orders: 5.632
        assert spent_epsilon([GaussianMechanism(1.1, 0.01, 10_000)], 1e-5) == pytest.approx(5.632, rel=0.01)

    @pytest.mark.parametrize("rate", [0.05, 0.3])
    def test_is_an_upper_bound_of_the_exact_epsilon_of_one_sampled_sum(self, rate):
        # both directions of the hockey-stick divergence of N(0, s) and (1 - rate) N(0, s) + rate N(1, s), by quadrature
        noise, step = 1.0, 1e-3
        x = torch.arange(-12, 13, step, dtype=torch.float64)
        without = torch.exp(-(x**2) / 2 / noise**2) / (noise * math.sqrt(2 * math.pi))
        shifted = torch.exp(-((x - 1) ** 2) / 2 / noise**2) / (noise * math.sqrt(2 * math.pi))
        mixed = (1 - rate) * without + rate * shifted
        grown = math.exp(spent_epsilon([GaussianMechanism(noise, rate)], 1e-5))
        for one, other in ((without, mixed), (mixed, without)):
            assert float((one - grown * other).clamp(min=0).sum() * step) <= 1e-5

    @pytest.mark.parametrize("noise", [0.8, 2.0, 5.0])
    def test_is_an_upper_bound_of_the_exact_epsilon_of_one_sum(self, noise):
        # exact delta of the Gaussian mechanism (arXiv 1805.06530, theorem 8)
        def delta(epsilon):
            normal = torch.special.ndtr
            shift, half = torch.tensor(epsilon * noise), torch.tensor(1 / (2 * noise))
            return float(normal(half - shift) - math.exp(epsilon) * normal(-half - shift))

        found = spent_epsilon([GaussianMechanism(noise)], 1e-5)
        assert delta(found) <= 1e-5
        assert delta(0.8 * found) > 1e-5  # and a close one

    def test_grows_with_steps_rate_and_less_noise_and_adds_up(self):
        base = spent_epsilon([GaussianMechanism(2.0, 0.1, 100)], 1e-5)
        assert base < spent_epsilon([GaussianMechanism(2.0, 0.1, 200)], 1e-5)
        assert base < spent_epsilon([GaussianMechanism(2.0, 0.2, 100)], 1e-5)
        assert base < spent_epsilon([GaussianMechanism(1.5, 0.1, 100)], 1e-5)
        assert base < spent_epsilon([GaussianMechanism(2.0, 0.1, 100), GaussianMechanism(4.0)], 1e-5)
        halves = [GaussianMechanism(2.0, 0.1, 50)] * 2
        assert spent_epsilon(halves, 1e-5) == pytest.approx(base)

    def test_nothing_spends_nothing_and_no_noise_everything(self):
        assert spent_epsilon([], 1e-5) == 0
        assert spent_epsilon([GaussianMechanism(0.0)], 1e-5) == math.inf

    @pytest.mark.parametrize("epsilon", [0.3, 3.0, 30.0])
    def test_noise_meets_the_budget_and_no_more(self, epsilon):
        before = [GaussianMechanism(noise_for(0.4 * epsilon, 1e-5))]
        noise = noise_for(epsilon, 1e-5, rate=0.2, n_steps=300, before=before)
        spent = spent_epsilon([*before, GaussianMechanism(noise, 0.2, 300)], 1e-5)
        assert 0.98 * epsilon < spent <= epsilon


class TestClipping:
    def test_is_the_ordinary_gradient_without_a_bound(self):
        made, (real, y) = network(), rows(300)
        expected = torch.autograd.grad(on_real(made(real, y)).sum(), list(made.parameters()))
        for found, wanted in zip(clipped_gradient_sum(made, on_real, real, y, math.inf), expected, strict=True):
            torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)

    @pytest.mark.parametrize("factor", [1e-3, 1.0, 1e6])
    def test_one_extreme_row_changes_the_sum_by_at_most_the_norm(self, factor):
        made, (real, y) = network(), rows(20)
        # of both signs: one of them is on the side where the loss is steep
        worst = factor * torch.tensor([[1.0, 1.0, 1.0], [-1.0, -1.0, -1.0]])
        worst = worst[made(worst, y[:1].repeat(2)).argmin()][None]
        extreme = torch.cat([real, worst])
        sums = clipped_gradient_sum(made, on_real, real, y, 0.3)
        with_row = clipped_gradient_sum(made, on_real, extreme, torch.cat([y, y[:1]]), 0.3)
        change = math.sqrt(sum(float((a - b).square().sum()) for a, b in zip(sums, with_row, strict=True)))
        assert change <= 0.3 * (1 + 1e-4)
        if factor > 1:
            assert change > 0.29  # and the bound is reached

    def test_no_rows_sum_to_zero(self):
        made, (real, y) = network(), rows(4)
        assert all(not of.any() for of in clipped_gradient_sum(made, on_real, real[:0], y[:0], 1.0))


def phase_of(made, noise, max_norm, batch_size):
    def on_fake(batch):
        loss = F.softplus(made(batch.start[0], batch.y)).mean()
        return loss, lambda: {"loss_fake": loss}

    optimizer = torch.optim.SGD(made.parameters(), lr=0.1)
    return PrivatePhase(
        made,
        on_real,
        max_norm=max_norm,
        noise=noise,
        batch_size=batch_size,
        name="discriminator",
        module=made,
        optimizer=optimizer,
        objective=on_fake,
    )


class TestUpdate:
    def batch(self):
        real, y = rows(30)
        fake, fake_y = rows(30, seed=1)
        return PrivateBatch(real, y, fake_y, (fake,))

    def test_is_the_ordinary_one_without_noise_and_bound(self):
        batch, private, ordinary = self.batch(), network(), network()
        fabric = Fabric(accelerator="cpu", devices=1)
        phase_of(private, 0.0, math.inf, 30).update(batch, fabric)
        optimizer = torch.optim.SGD(ordinary.parameters(), lr=0.1)
        loss = on_real(ordinary(batch.real, batch.real_y)).mean() + F.softplus(ordinary(batch.start[0], batch.y)).mean()
        loss.backward()
        optimizer.step()
        for found, wanted in zip(private.parameters(), ordinary.parameters(), strict=True):
            torch.testing.assert_close(found, wanted)

    def test_noise_has_its_standard_deviation(self):
        batch = self.batch()
        fabric = Fabric(accelerator="cpu", devices=1)
        gradients = []
        for noise in (0.0, 50.0):
            made = network()
            phase = phase_of(made, noise, 0.1, 10.0)
            drawn = []
            for _ in range(40):
                made.load_state_dict(network().state_dict())
                phase.update(batch, fabric)
                drawn.append(torch.cat([weight.grad.flatten() for weight in phase.parameters]))
            gradients.append(torch.stack(drawn))
        spread = (gradients[1] - gradients[0]).std()
        assert float(spread) == pytest.approx(50 * 0.1 / 10, rel=0.1)


class TestBatches:
    def batches(self, rates):
        real, y = torch.arange(4_000.0)[:, None], torch.arange(4_000) % 4 // 3  # a quarter of class 1
        rates = torch.tensor(rates)
        sizes = rates * torch.tensor([3_000.0, 1_000.0])
        rng = torch.Generator().manual_seed(0)
        cpu = torch.device("cpu")
        return PoissonBatches(real, y, NoisePrior(2), rates=rates, sizes=sizes, generator=rng, device=cpu)

    def test_each_row_has_the_rate_of_its_class(self):
        batches = self.batches([0.05, 0.2])
        seen = torch.zeros(4_000)
        sizes = []
        for _ in range(200):
            batch = next(batches)
            assert len(batch.real) == len(batch.real_y)
            seen[batch.real[:, 0].long()] += 1  # no row twice in a batch
            sizes.append(len(batch.real))
        assert float(seen[batches.y == 0].mean()) == pytest.approx(200 * 0.05, rel=0.05)
        assert float(seen[batches.y == 1].mean()) == pytest.approx(200 * 0.2, rel=0.05)
        assert len(set(sizes)) > 20  # random, as the account demands
        assert batches.n_drawn == 200

    def test_two_objects_draw_differently_although_the_seed_is_one(self):
        first, second = (next(self.batches([0.1, 0.1])) for _ in range(2))
        assert torch.equal(first.y, second.y)
        assert not torch.equal(first.real, second.real) if len(first.real) == len(second.real) else True

    def test_fake_rows_do_not_follow_the_real_ones(self):
        batch = next(self.batches([0.0, 0.1]))
        assert len(batch.y) == 100
        assert batch.y.all()

    def test_state_is_secret(self):
        with pytest.raises(ValueError, match="secret"):
            self.batches([0.1, 0.1]).state_dict()


def test_histogram_prior_draws_the_shares_of_the_class():
    def f64(values):
        return torch.tensor(values, dtype=torch.float64)

    ranks = f64([[0.0, 0.5, 1.0]])
    shares, levels = f64([[[0.9, 0.1]], [[0.2, 0.8]]]), f64([[0.7, 0.0, 0.3], [0.0, 1.0, 0.0]])
    prior = HistogramPrior(2, ranks, shares, levels, block_sizes=(3,))
    y = torch.arange(4_000) % 2
    _, _, anchor = prior.draw(y, torch.Generator().manual_seed(0))
    assert float((anchor[y == 0, 0] < 0).float().mean()) == pytest.approx(0.9, abs=0.03)
    assert float((anchor[y == 1, 0] < 0).float().mean()) == pytest.approx(0.2, abs=0.03)
    torch.testing.assert_close(anchor[y == 0, 1:].mean(0), levels[0].float(), atol=0.03, rtol=0)
    assert (anchor[y == 1, 2] == 1).all()
    prior.check(2, 4)
    with pytest.raises(ValueError, match="histograms"):
        prior.check(3, 4)
