"""Generators and discriminators of images, conditional on a class, and on attributes beside it.

All architectures share one `Generator`, one `Discriminator` and one `Head`, which holds the ways of conditioning. They
differ in the blocks in between. No layer of a discriminator couples the images of a batch: a gradient penalty is
defined for single images, and batch statistics would disclose the composition of a class-balanced batch. The penalty
needs second derivatives of every layer.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ganaug.nets.conditions import Conditions
from ganaug.nets.mlp import MLPGenerator

CONDITIONINGS = ("projection", "auxiliary", "concat")


class Head(nn.Module):
    """Score features of images as members of a class. It holds all conditioning except that by the input.

    ========== ========================================================== ===================
    name       output                                                     paper
    ========== ========================================================== ===================
    projection score(f) + <embedding(y), f>; embeddings start at 0        arXiv 1802.05637
    auxiliary  score(f), and log p(y | f) of a linear classifier          arXiv 1610.09585
    concat     score(f); the class is among the input (`Discriminator`)   arXiv 1411.1784
    ========== ========================================================== ===================

    Parameters
    ----------
    n_features : int
        Size of the features.
    n_classes : int
        Number of classes.
    conditioning : str
        A name of `CONDITIONINGS`.
    attribute_sizes : sequence of int, default=()
        Levels of the attributes beside the class. y is then the number of a condition, see `Conditions`, whose
        embedding and log-probability are sums over class and attributes.

    Notes
    -----
    Shapes:

    - features: (batch, n_features); y: (batch,) class index
    - output: (batch,); with "auxiliary" (batch, 2)

    Examples
    --------
    >>> y = torch.tensor([0, 1])
    >>> [tuple(Head(5, 3, conditioning)(torch.randn(2, 5), y).shape) for conditioning in CONDITIONINGS]
    [(2,), (2, 2), (2,)]
    """

    def __init__(self, n_features: int, n_classes: int, conditioning: str, attribute_sizes: Sequence[int] = ()) -> None:
        super().__init__()
        self.conditions = Conditions(n_classes, attribute_sizes)
        n_codes = self.conditions.n_codes
        self.score = nn.Linear(n_features, 1)
        self.embedding = nn.Embedding(n_codes, n_features) if conditioning == "projection" else None
        self.classifier = nn.Linear(n_features, n_codes) if conditioning == "auxiliary" else None
        if self.embedding is not None:
            nn.init.zeros_(self.embedding.weight)

    def forward(self, features: Tensor, y: Tensor) -> Tensor:
        """Score each row of `features` as a member of its class in `y`."""
        score = self.score(features).squeeze(1)
        if self.embedding is not None:
            return score + (features * self.conditions.embed(self.embedding.weight, y)).sum(1)
        if self.classifier is not None:
            log_p = self.conditions.log_probability(self.classifier(features), y)
            return torch.stack([score.to(log_p.dtype), log_p], 1)
        return score


class Discriminator(nn.Module):
    """Score images of a class, high for real images: layers of features, then a `Head`.

    Parameters
    ----------
    features : nn.Module
        Makes features (batch, n_features) of images, or of the flattened images that `flat` gives.
    head : nn.Module
        Judges them as members of a class: a `Head`, or layers that end in one.
    concat : Conditions or None
        With conditioning="concat" the conditions, None otherwise: their codes enter as so many constant channels beside
        those of the image.
    flat : bool
        Whether images are flattened first; a code then enters as so many values.

    Notes
    -----
    Shapes:

    - images: (batch, channels, height, width); y: (batch,) class index
    - output: (batch,); with conditioning="auxiliary" (batch, 2): the score, and the log-probability of the class

    Examples
    --------
    >>> features = nn.Sequential(nn.Conv2d(3 + 2, 8, 4, stride=2, padding=1), nn.Flatten())
    >>> discriminator = Discriminator(features, Head(8 * 4 * 4, 2, "concat"), concat=Conditions(2), flat=False)
    >>> discriminator(torch.zeros(2, 3, 8, 8), torch.tensor([0, 1])).shape
    torch.Size([2])
    """

    def __init__(self, features: nn.Module, head: nn.Module, *, concat: Conditions | None, flat: bool) -> None:
        super().__init__()
        self.features = features
        self.head = head
        self.concat = concat
        self.flat = flat

    def forward(self, images: Tensor, y: Tensor) -> Tensor:
        """Score `images`, each as a member of its class in `y`."""
        x = images.flatten(1) if self.flat else images
        if self.concat is not None:
            code = self.concat.code(y).to(x.dtype)
            x = torch.cat([x, code.view(*code.shape, *[1] * (x.ndim - 2)).expand(-1, -1, *x.shape[2:])], 1)
        return self.head(self.features(x), y)


class Generator(nn.Module):
    """Make images of a class: a linear layer from the latent to a small grid, conditional blocks, a layer to pixels.

    The condition of a block is the class, one-hot or as an embedding that all blocks share, beside the block's own part
    of the latent where it has one (hierarchical latent, arXiv 1809.11096).

    Parameters
    ----------
    blocks : sequence of nn.Module
        Each called with images and its condition.
    last : nn.Module
        Makes pixels of the last block's images, before tanh.
    n_classes : int
        Number of classes.
    embedding_size : int or None
        Size of the shared embedding; None for one-hot classes.
    latent_sizes : sequence of int
        Sizes of the latent's parts: what makes the grid, then what each block is given, 0 for nothing.
    bottom : (int, int, int)
        Channels, height and width of the grid.
    attribute_sizes : sequence of int, default=()
        Levels of the attributes beside the class.

    Notes
    -----
    Shapes:

    - y: (batch,) class index, or what `Conditions` takes; latent: (batch, sum(latent_sizes))
    - output: (batch, channels, height, width) within [-1, 1]

    Examples
    --------
    >>> from ganaug.nets.image_layers import Level, UpsampledConv
    >>> level = Level(UpsampledConv(16, 8), 8, condition_size=2 + 3)
    >>> last = nn.Conv2d(8, 3, 3, padding=1)
    >>> generator = Generator([level], last, n_classes=2, embedding_size=None, latent_sizes=(8, 3), bottom=(16, 4, 4))
    >>> generator(torch.tensor([0, 1]), torch.randn(2, 11)).shape
    torch.Size([2, 3, 8, 8])
    """

    def __init__(
        self,
        blocks: Sequence[nn.Module],
        last: nn.Module,
        *,
        n_classes: int,
        embedding_size: int | None,
        latent_sizes: Sequence[int],
        bottom: tuple[int, int, int],
        attribute_sizes: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.conditions = Conditions(n_classes, attribute_sizes)
        self.latent_sizes = list(latent_sizes)
        self.bottom = bottom
        self.embedding = None if embedding_size is None else nn.Embedding(self.conditions.n_codes, embedding_size)
        self.first = nn.Linear(latent_sizes[0], math.prod(bottom))
        self.blocks = nn.ModuleList(blocks)
        self.last = last

    def forward(self, y: Tensor, latent: Tensor) -> Tensor:
        """Generate one image for each class index in `y`."""
        conditions = self.conditions
        code = conditions.code(y) if self.embedding is None else conditions.embed(self.embedding.weight, y)
        start, *parts = latent.split(self.latent_sizes, 1)
        x = self.first(start).unflatten(1, self.bottom)
        for block, part in zip(self.blocks, parts, strict=True):
            x = block(x, torch.cat([code.to(part.dtype), part], 1))
        return self.last(x).tanh()


class FlatGenerator(nn.Module):
    """Make images as rows of pixels, by a multilayer perceptron (arXiv 1406.2661, conditional as in 1411.1784).

    Parameters
    ----------
    n_classes, latent_size : int
        Number of classes, and size of the latent vector.
    shape : (int, int, int)
        Channels, height and width of an image.
    hidden_sizes : sequence of int
        Widths of the hidden layers.
    attribute_sizes : sequence of int, default=()
        Levels of the attributes beside the class.

    Notes
    -----
    Shapes:

    - y: (batch,) class index, or what `Conditions` takes; latent: (batch, latent_size)
    - output: (batch, channels, height, width) within [-1, 1]

    Examples
    --------
    >>> FlatGenerator(2, 8, (3, 4, 6), hidden_sizes=(16,))(torch.tensor([0, 1]), torch.randn(2, 8)).shape
    torch.Size([2, 3, 4, 6])
    """

    def __init__(
        self,
        n_classes: int,
        latent_size: int,
        shape: tuple[int, int, int],
        hidden_sizes: Sequence[int],
        attribute_sizes: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.shape = shape
        self.conditions = Conditions(n_classes, attribute_sizes)
        self.rows = MLPGenerator(
            latent_size,
            self.conditions.n_codes,
            n_continuous=math.prod(shape),
            block_sizes=(),
            hidden_sizes=hidden_sizes,
            anchored=False,
        )

    def forward(self, y: Tensor, latent: Tensor) -> Tensor:
        """Generate one image for each class index in `y`."""
        return self.rows(self.conditions.code(y), latent, latent[:, :0]).tanh().unflatten(1, self.shape)
