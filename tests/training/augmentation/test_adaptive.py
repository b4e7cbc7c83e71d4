"""How often augmentation is applied: with the given probability, or adapted to r_t; samples stay unaugmented."""

import pytest
import torch
from torch import Tensor

from ganaug.training.augmentation import OPERATIONS, POLICIES, AdaptiveAugmentation


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images_of(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=seeded(seed)) * 2 - 1


def augment_of(operations: list[str] | tuple[str, ...], p: float = 1.0, seed: int = 0) -> AdaptiveAugmentation:
    return AdaptiveAugmentation(operations, p=p, generator=seeded(seed), batch_size=32)


def adaptive(**changes: float) -> AdaptiveAugmentation:
    return AdaptiveAugmentation(["flip"], p="adaptive", generator=seeded(), **{"batch_size": 64, **changes})


class TestAugment:
    @pytest.mark.parametrize("operations", [(), tuple(OPERATIONS)])
    def test_p_of_zero_and_no_operations_are_the_identity(self, operations):
        images = images_of(4, 3, 16, 16)
        generator = seeded()
        before = generator.get_state()
        p = 0.0 if operations else 1.0
        assert AdaptiveAugmentation(operations, p=p, generator=generator, batch_size=4)(images) is images
        assert torch.equal(generator.get_state(), before)

    def test_same_seed_same_result(self):
        images = images_of(8, 3, 16, 16)
        one, same, other = (augment_of(list(OPERATIONS), 0.5, seed)(images) for seed in (3, 3, 4))
        assert torch.equal(one, same)
        assert not torch.equal(one, other)

    def test_global_generator_is_left_alone(self):
        before = torch.get_rng_state()
        augment_of(list(OPERATIONS), 0.5)(images_of(8, 3, 16, 16))
        assert torch.equal(torch.get_rng_state(), before)

    def test_equal_images_are_augmented_independently(self):
        images = images_of(1, 3, 16, 16).expand(8, -1, -1, -1)
        assert len(augment_of(["brightness"])(images).unique(dim=0)) == 8

    @pytest.mark.parametrize("p", [0.1, 0.5, 0.8, 1.0])
    @pytest.mark.parametrize(
        ("name", "visible"),
        [("brightness", 1.0), ("small rotation", 1.0), ("noise", 1.0), ("flip", 0.5), ("rotation", 0.75)],
    )
    def test_about_p_of_the_images_are_touched_and_the_others_keep_every_bit(self, name, visible, p):
        images = images_of(4000, 1, 8, 8)
        touched = (augment_of([name], p)(images) != images).any(3).any(2).any(1)
        assert touched.float().mean() == pytest.approx(p * visible, abs=0.03)

    @pytest.mark.parametrize(
        ("operations", "n_directions"),
        [(["flip"], 2), (["vertical flip"], 2), (["rotation"], 4), (POLICIES["any direction"].always, 8)],
        ids=["flip", "vertical flip", "rotation", "any direction"],
    )
    def test_the_true_direction_is_the_most_frequent_up_to_the_highest_adaptive_p(self, operations, n_directions):
        # too small to be translated, and different from all its mirror images and rotations
        arrow = torch.tensor([[0.0, 1, 0], [1, 1, 0], [0, 1, 0.5]])
        seen = augment_of(operations, 0.8)(arrow.expand(20_000, 1, 3, 3))
        patterns, counts = seen.unique(dim=0, return_counts=True)
        assert len(patterns) == n_directions
        order = counts.argsort(descending=True)
        assert torch.equal(patterns[order[0], 0], arrow)
        assert counts[order[0]] > 1.3 * counts[order[1]]

    @pytest.mark.parametrize("name", ["translation", "brightness"])
    def test_unmoved_is_the_most_frequent_place(self, name):
        image = torch.full((20_000, 1, 16, 16), -1.0)
        image[:, :, 8, 8] = 1
        _, counts = augment_of([name], 0.8)(image).unique(dim=0, return_counts=True)
        assert counts.max() > 4 * counts.sort().values[-2]

    @pytest.mark.parametrize("p", [-0.1, 1.1, float("nan"), "often"])
    def test_p_that_is_no_probability_is_an_error(self, p):
        with pytest.raises(ValueError, match=r"p=.*\[0, 1\].*'adaptive'"):
            AdaptiveAugmentation(["flip"], p=p, generator=seeded(), batch_size=32)

    def test_misspelt_operation_is_an_error(self):
        with pytest.raises(ValueError, match=r"'flipp'.*'flip'"):
            augment_of(["flipp"])


class TestAdaptiveStrength:
    def test_starts_at_none_and_rises_to_the_highest_at_its_speed(self):
        augment = adaptive(speed=1 / 6400)
        assert augment.p == 0
        for n_batches in range(1, 121):
            augment.observe(torch.ones(64))
            # 4 batches of 64 are 256 images
            assert augment.p == pytest.approx(min(0.8, n_batches // 4 * 256 / 6400))
        assert augment.r_t == 1

    def test_falls_to_none_when_real_images_look_fake(self):
        augment = adaptive(speed=1e-3)
        augment.p = 0.5
        for _ in range(20):
            augment.observe(-torch.ones(64))
        assert augment.p == 0
        assert augment.r_t == -1

    def test_stays_where_r_t_is_at_the_target(self):
        augment = adaptive(target=0.5)
        augment.p = 0.3
        for _ in range(8):
            augment.observe(torch.tensor([1.0, 1.0, 1.0, -1.0]))
        assert augment.r_t == 0.5
        assert augment.p == 0.3

    @pytest.mark.parametrize(("share", "rises"), [(0.85, True), (0.75, False)])
    def test_turns_at_the_target(self, share, rises):
        # r_t = share - (1 - share), against 0.6
        augment = adaptive()
        augment.p = 0.4
        margin = torch.where(torch.arange(64) < share * 64, 2.0, -0.1)
        for _ in range(4):
            augment.observe(margin)
        assert (augment.p > 0.4) is rises

    @pytest.mark.parametrize("batch_size", [8, 32, 100, 1000])
    def test_speed_counts_images_whatever_the_batch(self, batch_size):
        augment = adaptive(batch_size=batch_size)
        for _ in range(16_000 // batch_size):
            augment.observe(torch.ones(batch_size))
        assert augment.p == pytest.approx(0.32, abs=0.02)

    def test_reaches_more_images_as_it_grows(self):
        augment, images = adaptive(speed=1.0), images_of(1000, 1, 8, 8)
        assert augment(images) is images
        for _ in range(4):
            augment.observe(torch.ones(64))
        assert (augment(images) != images).any(3).any(2).any(1).float().mean() == pytest.approx(0.4, abs=0.05)

    def test_fixed_p_stays_and_r_t_is_known(self):
        augment = augment_of(["flip"], 0.7)
        for _ in range(8):
            augment.observe(torch.ones(32))
        assert augment.p == 0.7
        assert augment.r_t == 1

    def test_observing_keeps_no_graph(self):
        augment = adaptive()
        augment.observe(torch.ones(64, requires_grad=True) * 2)
        assert not augment._signs[0].requires_grad

    def test_a_stored_strength_continues(self):
        augment, fresh = adaptive(speed=1e-3), adaptive(speed=1e-3)
        for _ in range(6):
            augment.observe(torch.ones(64))
        fresh.load_state_dict(augment.state_dict())
        for _ in range(2):
            augment.observe(-torch.ones(64))
            fresh.observe(-torch.ones(64))
        assert (fresh.p, fresh.r_t) == (augment.p, augment.r_t)
        assert augment.r_t == 0
