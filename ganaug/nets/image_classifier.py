"""A small classifier of images, by which ways to train are compared."""

from torch import Tensor, nn


class SmallCNN(nn.Module):
    """Four convolutions, three of them after pooling, and a global mean; stride 2 first for 48 pixels or more.

    Parameters
    ----------
    images : Tensor of shape (n, channels, height, width)
        Training images from 0 to 1, by which others are standardised. Sides have at least 8 pixels.
    n_classes : int
        Number of classes.

    Examples
    --------
    >>> import torch
    >>> images = torch.rand(5, 3, 16, 16)
    >>> SmallCNN(images, n_classes=2)(images).shape
    torch.Size([5, 2])
    """

    center: Tensor
    spread: Tensor

    def __init__(self, images: Tensor, n_classes: int) -> None:
        super().__init__()
        channels, stride = images.shape[1], 2 if min(images.shape[2:]) >= 48 else 1
        self.register_buffer("center", images.mean((0, 2, 3))[:, None, None])
        self.register_buffer("spread", images.std((0, 2, 3))[:, None, None] + 1e-3)
        layers: list[nn.Module] = []
        for n_in, n_out in [(channels, 16), (16, 32), (32, 64), (64, 128)]:
            layers += [nn.MaxPool2d(2)] if layers else []
            layers += [nn.Conv2d(n_in, n_out, 3, 1 if layers else stride, 1, bias=False)]
            layers += [nn.BatchNorm2d(n_out), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, n_classes))

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of images from 0 to 1."""
        return self.layers((images - self.center) / self.spread)
