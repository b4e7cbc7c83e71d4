"""Networks that translate images of one class into images of another one, and judge the results."""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganaug.nets.image_architectures import build_image_networks
from ganaug.nets.image_layers import UpsampledConv

# Size of the vectors in which patches are compared.
_PATCH_SIZE = 128
# Channels double with each halving, so often at most.
_MOST_DOUBLINGS = 2
_MOST_HALVINGS = 3
# Residual blocks begin near the identity, and translations at middle shades.
_RESIDUAL_GAIN, _LAST_GAIN = 0.1, 0.3


class ClassModulation(nn.Module):
    """Scale and shift channels as the class says (FiLM, arXiv 1709.07871).

    Nothing is normalised: an image of little contrast stays one. With instance normalisation, as in the papers of
    translation, noise in blurred sources became strong texture. Gains and offsets start at 1 and 0.

    Parameters
    ----------
    n_channels, n_classes : int
        Channels of the images, and number of classes.

    Notes
    -----
    Shapes:

    - x: (batch, n_channels, height, width); y: (batch,) class index
    - output: as x

    Examples
    --------
    >>> x = torch.randn(3, 4, 8, 8)
    >>> torch.equal(ClassModulation(4, 2)(x, torch.tensor([0, 1, 1])), x)
    True
    """

    def __init__(self, n_channels: int, n_classes: int) -> None:
        super().__init__()
        self.affine = nn.Embedding(n_classes, 2 * n_channels)
        nn.init.zeros_(self.affine.weight)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Scale and shift each image as its class says."""
        gain, offset = self.affine(y)[:, :, None, None].chunk(2, 1)
        return torch.addcmul(offset, x, 1 + gain)


class TranslationBlock(nn.Module):
    """A residual block at a fixed size: two convolutions, each modulated by the class.

    Parameters
    ----------
    n_channels, n_classes : int
        Channels of the images, and number of classes.

    Notes
    -----
    Shapes:

    - x: (batch, n_channels, height, width); y: (batch,) class index
    - output: as x

    Examples
    --------
    >>> TranslationBlock(4, 2)(torch.randn(2, 4, 5, 6), torch.tensor([0, 1])).shape
    torch.Size([2, 4, 5, 6])
    """

    def __init__(self, n_channels: int, n_classes: int) -> None:
        super().__init__()
        self.first = _convolution(n_channels, n_channels)
        self.second = _convolution(n_channels, n_channels, gain=_RESIDUAL_GAIN)
        self.modulations = nn.ModuleList(ClassModulation(n_channels, n_classes) for _ in range(2))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Add to the image."""
        inner = F.relu(self.modulations[0](self.first(x), y))
        return x + self.modulations[1](self.second(inner), y)


class Translator(nn.Module):
    """Turn images into images of a class that keep their structure.

    An encoder that does not know the class halves the image. Noise joins there, so that one image has several
    translations. Blocks that know the class, and a decoder that doubles the image as often, follow.

    Parameters
    ----------
    n_classes : int
        Number of classes.
    channels : int
        Channels of the images.
    width : int
        Channels of the first layer. Each halving doubles them, up to four times as many.
    n_halvings : int
        How often the encoder halves the image, at least once.
    n_blocks : int
        Residual blocks, at least 2: half of them belong to the encoder.
    noise_size : int
        Size of the noise vector.

    Notes
    -----
    Shapes:

    - y: (batch,) class index; source: (batch, channels, height, width), both sides multiples of
      ``2**n_halvings``; origin: (batch,) class index of the source, which this network does not
      use; noise: (batch, noise_size)
    - output: as source, within [-1, 1]

    Examples
    --------
    >>> translator = Translator(2, 3, width=4, n_halvings=2, n_blocks=2, noise_size=5)
    >>> y, source = torch.tensor([0, 1]), torch.zeros(2, 3, 8, 12)
    >>> translator(y, source, 1 - y, torch.randn(2, 5)).shape
    torch.Size([2, 3, 8, 12])
    """

    def __init__(
        self, n_classes: int, channels: int, *, width: int, n_halvings: int, n_blocks: int, noise_size: int
    ) -> None:
        super().__init__()
        sizes = [width * 2 ** min(level, _MOST_DOUBLINGS) for level in range(n_halvings + 1)]
        pairs = list(pairwise(sizes))
        down = [scaled(nn.Conv2d(n_in, n_out, 3, stride=2, padding=1)) for n_in, n_out in pairs]
        self.layers = nn.ModuleList([_convolution(channels, width), *down])
        n_inner = n_blocks // 2
        self.inner = nn.ModuleList(TranslationBlock(sizes[-1], 1) for _ in range(n_inner))
        self.noise = nn.Linear(noise_size, sizes[-1])
        self.blocks = nn.ModuleList(TranslationBlock(sizes[-1], n_classes) for _ in range(n_blocks - n_inner))
        self.up = nn.ModuleList(scaled(UpsampledConv(n_in, n_out)) for n_out, n_in in reversed(pairs))
        self.modulations = nn.ModuleList(ClassModulation(n_out, n_classes) for n_out, _ in reversed(pairs))
        self.last = _convolution(width, channels, gain=_LAST_GAIN)
        self.patch_channels = [*sizes, sizes[-1]]

    def encode(self, images: Tensor) -> list[Tensor]:
        """Return the features of each level, finest first; the last is where `decode` starts."""
        features, x = [], images
        for layer in self.layers:
            x = F.relu(layer(x))
            features.append(x)
        own = torch.zeros(len(x), dtype=torch.long, device=x.device)
        for block in self.inner:
            x = block(x, own)
        return [*features, x]

    def decode(self, y: Tensor, x: Tensor, noise: Tensor) -> Tensor:
        """Make images of classes of the last features of `encode`."""
        x = x + self.noise(noise)[:, :, None, None]
        for block in self.blocks:
            x = block(x, y)
        for layer, modulation in zip(self.up, self.modulations, strict=True):
            x = F.relu(modulation(layer(x), y))
        # added to the source instead, the result was a source with a bright spot, which only the classifier believed
        return self.last(x).tanh()

    def forward(self, y: Tensor, source: Tensor, origin: Tensor, noise: Tensor) -> Tensor:
        """Translate each image into one of its class in `y`."""
        return self.decode(y, self.encode(source)[-1], noise)


class PairedTranslator(nn.Module):
    """Two translators: one into all classes but one, and one back into that class (CycleGAN, arXiv 1703.10593).

    Parameters
    ----------
    home : int
        Index of the class that the second one translates into.
    outward, homeward : nn.Module
        Called as `Translator`.

    Notes
    -----
    Shapes: as of `Translator`.

    Examples
    --------
    >>> pair = PairedTranslator(
    ...     0, *(Translator(2, 1, width=4, n_halvings=1, n_blocks=2, noise_size=3) for _ in range(2))
    ... )
    >>> pair(torch.tensor([0, 1]), torch.zeros(2, 1, 8, 8), torch.tensor([1, 0]), torch.zeros(2, 3)).shape
    torch.Size([2, 1, 8, 8])
    """

    def __init__(self, home: int, outward: nn.Module, homeward: nn.Module) -> None:
        super().__init__()
        self.home = home
        self.outward = outward
        self.homeward = homeward

    def forward(self, y: Tensor, source: Tensor, origin: Tensor, noise: Tensor) -> Tensor:
        """Translate each image by the translator of its class in `y`."""
        return _divided(y == self.home, self.homeward, self.outward, y, source, origin, noise)


class PairedDiscriminator(nn.Module):
    """Two discriminators: of all classes but one, and of that class.

    Parameters
    ----------
    home : int
        Index of the class that the second one judges.
    outward, homeward : nn.Module
        Called as `PatchDiscriminator`.

    Notes
    -----
    Shapes: as of `PatchDiscriminator`.

    Examples
    --------
    >>> pair = PairedDiscriminator(0, PatchDiscriminator(2, 1, width=4), PatchDiscriminator(2, 1, width=4))
    >>> pair(torch.zeros(2, 1, 8, 8), torch.tensor([0, 1])).shape
    torch.Size([2])
    """

    def __init__(self, home: int, outward: nn.Module, homeward: nn.Module) -> None:
        super().__init__()
        self.home = home
        self.outward = outward
        self.homeward = homeward

    def forward(self, images: Tensor, y: Tensor) -> Tensor:
        """Score each image by the discriminator of its class in `y`."""
        return _divided(y == self.home, self.homeward, self.outward, images, y)


def _divided(is_first: Tensor, first: nn.Module, second: nn.Module, *inputs: Tensor) -> Tensor:
    """Let one network take some rows, and another one the others; the result has the order of the inputs."""
    places = [is_first.nonzero().squeeze(1), (~is_first).nonzero().squeeze(1)]
    parts = [
        network(*(of[place] for of in inputs))
        for network, place in zip((first, second), places, strict=True)
        if len(place)
    ]
    return torch.cat(parts)[torch.cat(places).argsort()]


class PatchHeads(nn.Module):
    """Describe places of an image by unit vectors, for the patch-contrastive loss (arXiv 2007.15651).

    Parameters
    ----------
    channels : sequence of int
        Channels of the features of each level.

    Notes
    -----
    Shapes:

    - features: a list of (batch, channels, height, width); places: a list of (n_places,), positions in each level
    - output: a list of (batch, n_places, 128)

    Examples
    --------
    >>> heads = PatchHeads([4])
    >>> (vectors,) = heads([torch.randn(2, 4, 3, 3)], [torch.tensor([0, 8])])
    >>> vectors.shape
    torch.Size([2, 2, 128])
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(size, _PATCH_SIZE), nn.ReLU(), nn.Linear(_PATCH_SIZE, _PATCH_SIZE))
            for size in channels
        )

    def forward(self, features: Sequence[Tensor], places: Sequence[Tensor]) -> list[Tensor]:
        """Describe these places of each level."""
        return [
            F.normalize(head(of_level.flatten(2)[:, :, at].transpose(1, 2)), dim=2)
            for head, of_level, at in zip(self.heads, features, places, strict=True)
        ]


class PatchDiscriminator(nn.Module):
    """Judge patches of about 18 pixels, each as part of an image of its class (PatchGAN, arXiv 1611.07004).

    The class enters by a projection (arXiv 1802.05637), whose embeddings start at 0.

    Parameters
    ----------
    n_classes : int
        Number of classes.
    channels : int
        Channels of the images.
    width : int
        Channels of the first layer.

    Notes
    -----
    Shapes:

    - images: (batch, channels, height, width), both sides multiples of 4; y: (batch,) class index
    - output: (batch,), the mean score of the patches of an image

    Examples
    --------
    >>> PatchDiscriminator(2, 3, width=4)(torch.zeros(2, 3, 8, 12), torch.tensor([0, 1])).shape
    torch.Size([2])
    """

    def __init__(self, n_classes: int, channels: int, *, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 4 * width, 3, padding=1),
            nn.LeakyReLU(0.2),
        )
        self.score = nn.Conv2d(4 * width, 1, 1)
        self.embedding = nn.Embedding(n_classes, 4 * width)
        nn.init.zeros_(self.embedding.weight)

    def patches(self, images: Tensor, y: Tensor) -> Tensor:
        """Score each patch, (batch, height / 4, width / 4)."""
        features = self.layers(images)
        return self.score(features).squeeze(1) + (features * self.embedding(y)[:, :, None, None]).sum(1)

    def forward(self, images: Tensor, y: Tensor) -> Tensor:
        """Score each image."""
        return self.patches(images, y).mean((1, 2))


class WholeAndPatches(nn.Module):
    """Judge an image as a whole and by its patches: the sum of two scores.

    Patches alone do not see what makes the class of many images, such as how dark a lung is beside other parts of an
    image. With them alone, a translator was stopped by what keeps the structure, and left much of the source class.

    Parameters
    ----------
    whole, patches : nn.Module
        Discriminators, called as `PatchDiscriminator`.

    Notes
    -----
    Shapes: as of `PatchDiscriminator`.

    Examples
    --------
    >>> discriminator = WholeAndPatches(*(PatchDiscriminator(2, 1, width=4) for _ in range(2)))
    >>> discriminator(torch.zeros(2, 1, 8, 8), torch.tensor([0, 1])).shape
    torch.Size([2])
    """

    def __init__(self, whole: nn.Module, patches: nn.Module) -> None:
        super().__init__()
        self.whole = whole
        self.patches = patches

    def forward(self, images: Tensor, y: Tensor) -> Tensor:
        """Score each image."""
        return self.whole(images, y) + self.patches(images, y)


class ClassProbe(nn.Module):
    """A small classifier of halved images, which is trained on real ones and then frozen.

    At full size it would take fine stripes, which a translator draws soon, for the class.

    Parameters
    ----------
    n_classes, channels : int
        Number of classes, and channels of the images.
    width : int, default=16
        Channels of the first layer.

    Notes
    -----
    Shapes:

    - images: (batch, channels, height, width)
    - output: (batch, n_classes), logits

    Examples
    --------
    >>> ClassProbe(3, 1)(torch.zeros(2, 1, 16, 16)).shape
    torch.Size([2, 3])
    """

    def __init__(self, n_classes: int, channels: int, width: int = 16) -> None:
        super().__init__()
        sizes = [channels, width, 2 * width, 4 * width]
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise(sizes):
            layers += [nn.AvgPool2d(2), nn.Conv2d(n_in, n_out, 3, padding=1), nn.BatchNorm2d(n_out), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(sizes[-1], n_classes))

    def forward(self, images: Tensor) -> Tensor:
        """Return logits."""
        return self.layers(images)


def halvings_of(n_levels: int) -> int:
    """Return how often a translator halves images that can be halved `n_levels` times."""
    return min(max(1, n_levels - 1), _MOST_HALVINGS)


def build_translation_networks(
    *,
    n_classes: int,
    channels: int,
    size: tuple[int, int],
    n_levels: int,
    home: int | None,
    width: int,
    n_blocks: int,
    noise_size: int,
) -> tuple[nn.Module, nn.Module]:
    """Build a generator and a discriminator, or a pair of each.

    Parameters
    ----------
    n_classes, channels : int
        Number of classes, and channels of the images.
    size : (int, int)
        Height and width of the images, multiples of ``2**n_levels``.
    n_levels : int
        How often the images can be halved; the translator leaves them at least 8 pixels a side.
    home : int or None
        The class that a second generator translates into, and a second discriminator judges. None builds one of each.
    width, n_blocks, noise_size : int
        As of `Translator`.

    Returns
    -------
    (nn.Module, nn.Module)
        Generator and discriminator.

    Examples
    --------
    >>> sizes = {"n_classes": 2, "channels": 1, "size": (16, 16), "n_levels": 3, "width": 4}
    >>> pair = build_translation_networks(home=0, n_blocks=2, noise_size=3, **sizes)
    >>> [type(network).__name__ for network in pair]
    ['PairedTranslator', 'PairedDiscriminator']
    """
    n_halvings = halvings_of(n_levels)
    n_networks = 1 if home is None else 2
    generators = [
        Translator(n_classes, channels, width=width, n_halvings=n_halvings, n_blocks=n_blocks, noise_size=noise_size)
        for _ in range(n_networks)
    ]
    discriminators = [
        WholeAndPatches(
            build_image_networks(
                "light",
                n_classes=n_classes,
                channels=channels,
                size=size,
                n_levels=n_levels,
                latent_size=1,  # of the generator, which is not used
                width=width,
                conditioning="projection",
                spectral_norm="auto",
            )[1],
            PatchDiscriminator(n_classes, channels, width=width),
        )
        for _ in range(n_networks)
    ]
    if home is None:
        return generators[0], discriminators[0]
    return PairedTranslator(home, *generators), PairedDiscriminator(home, *discriminators)


def _convolution(n_in: int, n_out: int, gain: float = 1.0) -> nn.Conv2d:
    """Return a 3x3 convolution that reflects the image at its edges."""
    return scaled(nn.Conv2d(n_in, n_out, 3, padding=1, padding_mode="reflect"), gain)


def scaled(layer: nn.Conv2d, gain: float = 1.0) -> nn.Conv2d:
    """Give a layer weights that keep the size of its input, as nothing is normalised (arXiv 1502.01852)."""
    nn.init.kaiming_normal_(layer.weight)
    with torch.no_grad():
        layer.weight.mul_(gain)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
