"""Classical augmentation changes an image a little, keeps its range, and depends on its own draws only."""

import pytest
import torch

from ganaug.training import ALSO, CLASSICAL, check_classical, classical, n_classical_draws


def images(n=6, channels=1, height=12, width=12):
    return torch.rand(n, channels, height, width, generator=torch.Generator().manual_seed(0))


def draws(n=6, also=()):
    return 2 * torch.rand(n, n_classical_draws(also), generator=torch.Generator().manual_seed(1)) - 1


@pytest.mark.parametrize("augment", CLASSICAL)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_draws_of_zero_change_nothing(augment, channels):
    X = images(channels=channels, height=10, width=15)
    torch.testing.assert_close(classical(X, torch.zeros(6, 5), augment), X, atol=1e-5, rtol=0)


@pytest.mark.parametrize("augment", ["mild", "strong"])
@pytest.mark.parametrize("also", [(), ALSO])
def test_values_stay_in_range_and_images_do_not_depend_on_each_other(augment, also):
    X, changes = images(channels=3), draws(also=also)
    changed = classical(X, changes, augment, also)
    assert changed.shape == X.shape
    assert changed.min() >= 0
    assert changed.max() <= 1
    assert (changed != X).flatten(1).any(1).all()
    for i in range(6):
        torch.testing.assert_close(classical(X[i : i + 1], changes[i : i + 1], augment, also), changed[i : i + 1])


def test_strong_has_twice_the_changes_of_mild():
    X, changes = images(), draws()
    torch.testing.assert_close(classical(X, changes / 2, "strong"), classical(X, changes, "mild"), atol=1e-5, rtol=0)


def test_a_shift_moves_by_a_tenth_and_shows_nothing_new():
    X = images(1, height=20, width=40)
    right = classical(X, torch.tensor([[0, 0, 1, 0, 0.0]]), "strong")
    torch.testing.assert_close(right[..., :36], X[..., 4:], atol=1e-5, rtol=0)
    torch.testing.assert_close(right[..., 36:], X[..., -1:].expand(-1, -1, -1, 4), atol=1e-5, rtol=0)
    grey = torch.full((6, 1, 9, 9), 0.5)
    assert classical(grey, draws(), "strong").flatten(1).std(1).max() < 1e-6


def test_a_rotation_keeps_shapes_in_images_that_are_not_square():
    X = torch.zeros(1, 1, 41, 81)
    X[..., 20, 30:51] = 1  # a line of 21 pixels, turned by 15 degrees
    turned = classical(X, torch.tensor([[1, 0, 0, 0, 0.0]]), "strong")[0, 0]
    rows, columns = torch.nonzero(turned > 0.1, as_tuple=True)
    length = torch.hypot(rows.max() - rows.min() + 0.0, columns.max() - columns.min() + 0.0)
    assert 19 <= length <= 23
    assert 0.2 < (rows.max() - rows.min()) / (columns.max() - columns.min()) < 0.36  # tan 15 = 0.27


def test_opacity_keeps_its_brightness():
    X = images(channels=4)
    changed = classical(X, torch.tensor([[0, 0, 0, 0, -1.0]]).repeat(6, 1), "strong")
    torch.testing.assert_close(changed[:, 3], X[:, 3], atol=1e-5, rtol=0)
    torch.testing.assert_close(changed[:, :3], 0.8 * X[:, :3], atol=1e-5, rtol=0)


def test_flips_come_only_if_they_are_asked_for():
    X = images()
    flipped = classical(X, torch.tensor([[0, 0, 0, 0, 0, -0.5]]).repeat(6, 1), "off", ("flip",))
    assert torch.equal(flipped, X.flip(3))
    assert classical(X, draws(), "off") is X


def test_names_are_checked():
    assert check_classical("mild", "flip") == ("flip",)
    with pytest.raises(ValueError, match="augment='wild' is not a policy; use one of 'off', 'mild', 'strong'"):
        check_classical("wild")
    with pytest.raises(ValueError, match="also has an unknown operation 'cutout'; use some of 'flip'"):
        check_classical("mild", ["cutout"])
