"""The networks of pix2pix: details reach the decoder at each level, and pairs are judged together."""

import pytest
import torch

from ganaug.nets.pix2pix import SkipTranslator, build_pix2pix_networks


@pytest.mark.parametrize(("channels", "n_halvings", "size"), [(1, 1, (8, 10)), (3, 2, (16, 12)), (4, 3, (32, 24))])
def test_images_keep_their_size_and_range(channels, n_halvings, size):
    translator = SkipTranslator(2, channels, width=4, n_halvings=n_halvings, n_blocks=3, noise_size=2)
    source = torch.randn(3, channels, *size)
    made = translator(torch.tensor([0, 1, 1]), source, torch.tensor([1, 0, 0]), torch.randn(3, 2))
    assert made.shape == source.shape
    assert made.abs().max() <= 1


def test_details_pass_beside_the_smallest_features():
    torch.manual_seed(0)
    translator = SkipTranslator(2, 1, width=4, n_halvings=2, n_blocks=2, noise_size=2)
    with torch.no_grad():
        for block in (*translator.blocks, *translator.up):  # nothing comes through the smallest features
            for weight in block.parameters():
                weight.zero_()
    y, noise = torch.tensor([1]), torch.zeros(1, 2)
    one, other = (
        translator(y, source, 1 - y, noise) for source in (torch.zeros(1, 1, 16, 16), torch.ones(1, 1, 16, 16))
    )
    assert not torch.allclose(one, other)


def test_the_score_depends_on_the_source_beside_the_image():
    torch.manual_seed(0)
    _, discriminator = build_pix2pix_networks(
        n_classes=2, channels=1, n_levels=3, home=0, width=4, n_blocks=2, noise_size=2
    )
    image, sources, y = torch.randn(1, 1, 16, 16).repeat(2, 1, 1, 1), torch.randn(2, 1, 16, 16), torch.tensor([1, 1])
    one, other = discriminator(torch.cat([image, sources], 1), y)
    assert one != other
