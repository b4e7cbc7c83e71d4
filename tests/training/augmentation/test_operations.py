"""Operations: unchanged for draws of zero, image by image, differentiable twice; and the names of policies."""

import pytest
import torch
from torch import Tensor

from ganaug.training.augmentation import OPERATIONS, POLICIES, AdaptiveAugmentation, operations_for

SHAPES = [(6, 1, 16, 16), (6, 3, 16, 16), (6, 4, 16, 24), (6, 2, 18, 9)]
every_operation = pytest.mark.parametrize("name", OPERATIONS)
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images_of(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=seeded(seed)) * 2 - 1


def draws_for(name: str, images: Tensor, seed: int = 1) -> Tensor:
    return OPERATIONS[name].draw(images, seeded(seed)).to(images)


def apply(name: str, images: Tensor, *draws: float) -> Tensor:
    """Apply an operation with the same draws to each image."""
    return OPERATIONS[name].apply(images, torch.tensor(draws).expand(len(images), -1))


def augment_of(operations: list[str] | tuple[str, ...], p: float = 1.0, seed: int = 0) -> AdaptiveAugmentation:
    return AdaptiveAugmentation(operations, p=p, generator=seeded(seed), batch_size=32)


def blob(*size: int) -> Tensor:
    """A random patch on a plain background, far enough from the edge to be moved."""
    image = torch.full((1, 1, *size), -1.0)
    image[:, :, 6:-6, 6:-6] = images_of(1, 1, *size)[:, :, 6:-6, 6:-6]
    return image


class TestEveryOperation:
    @every_operation
    @every_shape
    def test_keeps_shape_and_dtype_and_a_sensible_range(self, name, shape):
        images = images_of(*shape)
        changed = augment_of([name])(images)
        assert changed.shape == images.shape
        assert changed.dtype == images.dtype
        assert changed.isfinite().all()
        assert changed.abs().max() < 3

    @every_operation
    @every_shape
    def test_a_draw_of_zero_changes_no_bit(self, name, shape):
        images = images_of(*shape)
        assert torch.equal(OPERATIONS[name].apply(images, torch.zeros_like(draws_for(name, images))), images)

    @every_operation
    def test_extreme_draws_are_in_range(self, name):
        images = images_of(2, 3, 16, 16)
        for extreme in (-1.0, 1.0):
            draws = torch.full_like(draws_for(name, images), extreme)
            assert OPERATIONS[name].apply(images, draws).abs().max() < 3

    @every_operation
    def test_changes_something(self, name):
        images = images_of(32, 3, 16, 16)
        assert not torch.equal(augment_of([name])(images), images)

    @every_operation
    def test_leaves_its_input_alone(self, name):
        images = images_of(8, 3, 16, 16)
        before = images.clone()
        augment_of([name])(images)
        assert torch.equal(images, before)

    @every_operation
    def test_each_image_depends_on_itself_alone(self, name):
        images = images_of(8, 3, 16, 16)
        draws, operation = draws_for(name, images), OPERATIONS[name]
        together = operation.apply(images, draws)
        one_by_one = [operation.apply(images[[i]], draws[[i]]) for i in range(len(images))]
        torch.testing.assert_close(together, torch.cat(one_by_one))
        other = images.clone()
        other[3] = -other[3]
        unchanged = torch.arange(8) != 3
        assert torch.equal(operation.apply(other, draws)[unchanged], together[unchanged])

    @every_operation
    @pytest.mark.parametrize("shape", [(2, 3, 8, 8), (2, 4, 8, 9)], ids=str)
    def test_has_derivatives_and_derivatives_of_those(self, name, shape):
        images = images_of(*shape).double().requires_grad_()
        draws = draws_for(name, images)

        def seen(images: Tensor) -> Tensor:
            # squared, as the operations are linear; summed, as every pixel's own derivative takes long
            return OPERATIONS[name].apply(images, draws).square().sum((1, 2, 3))

        assert torch.autograd.gradcheck(seen, images)
        assert torch.autograd.gradgradcheck(seen, images)

    @every_operation
    def test_gradient_reaches_the_images_through_augment(self, name):
        images = images_of(4, 3, 16, 16).requires_grad_()
        score = augment_of([name])(images).square().sum()
        (gradient,) = torch.autograd.grad(score, images, create_graph=True)
        (second,) = torch.autograd.grad(gradient.square().sum(), images)
        assert (second.flatten(1).norm(dim=1) > 0).all()


class TestTranslation:
    @pytest.mark.parametrize("vertical", [-1.0, 0.3, 1.0])
    @pytest.mark.parametrize("horizontal", [-0.6, 0.0, 0.999])
    def test_is_undone_by_the_opposite(self, vertical, horizontal):
        image = blob(32, 24)
        moved = apply("translation", image, vertical, horizontal)
        assert torch.equal(apply("translation", moved, -vertical, -horizontal), image)

    def test_moves_by_whole_pixels_down_and_right(self):
        image = blob(32, 24)
        moved = apply("translation", image, 0.6, 0.9)
        assert torch.equal(moved, image.roll((3, 3), (2, 3)))

    def test_repeats_the_edge(self):
        image = images_of(1, 1, 16, 16)
        moved = apply("translation", image, 1.0, 0.0)
        assert torch.equal(moved[:, :, :3], image[:, :, :1].expand(-1, -1, 3, -1))

    def test_distances_up_to_an_eighth_are_equally_likely(self):
        image = torch.full((20_000, 1, 16, 24), -1.0)
        image[:, :, 8, 12] = 1
        place = augment_of(["translation"])(image).flatten(1).argmax(1)
        for distance, most in ((place // 24 - 8, 2), (place % 24 - 12, 3)):
            share = (distance + most).bincount() / len(image)
            torch.testing.assert_close(share, torch.full((2 * most + 1,), 1 / (2 * most + 1)), atol=0.015, rtol=0)

    def test_the_lowest_draw_moves_no_farther_than_the_most(self):
        image = images_of(1, 1, 24, 40)
        assert torch.equal(apply("translation", image, -1.0, -1.0), apply("translation", image, -0.99, -0.99))

    def test_images_too_small_to_be_moved_stay(self):
        images = images_of(4, 1, 7, 7)
        assert torch.equal(augment_of(["translation"])(images), images)


class TestLight:
    def test_brightness_keeps_differences(self):
        images = images_of(5, 3, 8, 8).double()
        brighter = OPERATIONS["brightness"].apply(images, draws_for("brightness", images))
        torch.testing.assert_close(brighter - brighter[..., :1, :1], images - images[..., :1, :1])

    def test_contrast_keeps_the_mean_and_scales_the_rest(self):
        images = images_of(5, 3, 8, 8)
        harder = apply("contrast", images, 1.0)
        torch.testing.assert_close(harder.mean((1, 2, 3)), images.mean((1, 2, 3)))
        torch.testing.assert_close(harder.flatten(1).std(1), 1.5 * images.flatten(1).std(1))

    def test_saturation_keeps_the_lightness(self):
        images = images_of(5, 3, 8, 8)
        torch.testing.assert_close(apply("saturation", images, 0.7).mean(1), images.mean(1))

    def test_saturation_of_minus_one_leaves_grey(self):
        grey = apply("saturation", images_of(5, 3, 8, 8), -1.0)
        torch.testing.assert_close(grey[:, 1:], grey[:, :1].expand(-1, 2, -1, -1))

    @pytest.mark.parametrize("channels", [1, 2, 5])
    def test_saturation_leaves_images_without_colours_alone(self, channels):
        images = images_of(5, channels, 8, 8)
        assert torch.equal(apply("saturation", images, 0.7), images)

    def test_saturation_leaves_grey_in_three_channels_alone(self):
        images = images_of(5, 1, 8, 8).expand(-1, 3, -1, -1)
        torch.testing.assert_close(apply("saturation", images, 0.7), images)

    @pytest.mark.parametrize("name", ["brightness", "contrast", "saturation"])
    def test_opacity_is_no_light(self, name):
        images = images_of(5, 4, 8, 8)
        changed = apply(name, images, 0.7)
        assert torch.equal(changed[:, 3], images[:, 3])
        assert torch.equal(changed[:, :3], apply(name, images[:, :3], 0.7))


class TestDirections:
    @pytest.mark.parametrize("name", ["flip", "vertical flip"])
    @every_shape
    def test_a_flip_twice_is_none(self, name, shape):
        images = images_of(*shape)
        draws = draws_for(name, images)
        flipped = OPERATIONS[name].apply(images, draws)
        assert torch.equal(OPERATIONS[name].apply(flipped, draws), images)

    def test_flips_mirror(self):
        images = images_of(2, 3, 4, 6)
        assert torch.equal(apply("flip", images, -0.5), images.flip(3))
        assert torch.equal(apply("vertical flip", images, -0.5), images.flip(2))

    def test_rotations_of_square_images_are_by_90_degrees(self):
        images = images_of(2, 3, 6, 6)
        for turns, draw in enumerate([0.1, 0.3, -0.6, 0.9, -1.0]):
            assert torch.equal(apply("rotation", images, draw), images.rot90(turns, (2, 3)))

    def test_rotations_of_others_are_by_180_degrees(self):
        images = images_of(2, 3, 4, 6)
        assert torch.equal(apply("rotation", images, -0.3), images)
        assert torch.equal(apply("rotation", images, 0.7), images.flip(2, 3))

    def test_a_small_rotation_keeps_the_middle_and_moves_the_rest_along_circles(self):
        # a bar through the centre, wider than high, of an image that is not square
        image = torch.full((1, 1, 21, 41), -1.0)
        image[:, :, 10, 5:36] = 1
        turned = apply("small rotation", image, 1.0)[0, 0]
        assert turned[10, 20] == 1
        weight = (turned + 1).clamp(min=0)
        column = torch.arange(41.0) - 20
        height = (weight * (torch.arange(21.0)[:, None] - 10)).sum(0) / weight.sum(0).clamp(min=1e-6)
        along = (column.abs() > 3) & (column.abs() < 12)
        slope = height[along] / column[along]
        assert slope.abs().mean() == pytest.approx(0.268, abs=0.02)  # tan 15 degrees
        assert slope.std() < 0.05

    def test_a_small_rotation_is_nearly_undone_by_the_opposite(self):
        yy, xx = torch.meshgrid(torch.linspace(-3, 3, 32), torch.linspace(-3, 3, 32), indexing="ij")
        image = (-((xx - 0.5) ** 2) - yy**2).exp()[None, None]
        there = apply("small rotation", image, 0.8)
        assert (there - image).abs().max() > 0.05
        torch.testing.assert_close(apply("small rotation", there, -0.8), image, atol=0.03, rtol=0)

    @pytest.mark.parametrize(("draw", "factor"), [(1.0, 1.25), (-1.0, 0.8)])
    def test_scale_changes_areas_by_its_square(self, draw, factor):
        image = torch.zeros(1, 1, 40, 30)
        image[:, :, 10:30, 8:22] = 1
        assert apply("scale", image, draw).sum() == pytest.approx(factor**2 * image.sum().item(), rel=0.05)


class TestCutoutAndNoise:
    def test_the_box_is_grey_and_the_rest_as_before(self):
        images = torch.full((2000, 1, 16, 24), 0.5)
        cut = augment_of(["cutout"])(images)
        assert set(cut.unique().tolist()) == {0.0, 0.5}
        share = (cut == 0).float().mean((1, 2, 3))
        assert share.max() <= 0.25
        assert share.max() > 0.2

    def test_noise_has_its_spread(self):
        images = torch.zeros(100, 1, 16, 16)
        assert augment_of(["noise"])(images).std() == pytest.approx(0.1, abs=0.005)


class TestOperationsFor:
    def test_none_is_none(self):
        assert operations_for(None, 3) == ()

    @pytest.mark.parametrize(
        ("channels", "expected"),
        [
            (1, ("translation",)),
            (2, ("translation",)),
            (3, ("translation", "brightness")),
            (4, ("translation", "brightness")),
        ],
    )
    def test_auto_goes_by_channels(self, channels, expected):
        assert operations_for("auto", channels) == expected

    @pytest.mark.parametrize("policy", POLICIES)
    @pytest.mark.parametrize("channels", [1, 3])
    def test_policies_name_operations_and_none_leaks_boxes(self, policy, channels):
        names = operations_for(policy, channels)
        assert set(names) <= set(OPERATIONS) - {"cutout"}
        images = images_of(8, channels, 16, 16)
        assert augment_of(names)(images).shape == images.shape

    @pytest.mark.parametrize("policy", ["auto", "safe", "photographs"])
    def test_directions_are_changed_only_when_asked(self, policy):
        assert not {"flip", "vertical flip", "rotation", "small rotation"} & set(operations_for(policy, 3))

    def test_own_choice_keeps_its_order(self):
        assert operations_for(["noise", "flip"], 1) == ("noise", "flip")
        assert operations_for((), 1) == ()

    @pytest.mark.parametrize("augment", ["upside down", "flip", ["flip", "upside down"], [3]])
    def test_errors_name_what_exists(self, augment):
        with pytest.raises(ValueError, match=r"augment.*'translation', 'brightness'"):
            operations_for(augment, 1)

    def test_unknown_policy_is_told_the_policies(self):
        with pytest.raises(ValueError, match="'auto', 'safe', 'photographs', 'any direction'"):
            operations_for("upside down", 1)
