"""How often augmentation is applied: as often as the discriminator needs it (ADA, arXiv 2006.06676)."""

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from ganaug.common import processes
from ganaug.training.augmentation.operations import OPERATIONS, check_operations

# Above this probability, augmentations begin to show in samples.
_MAX_P = 0.8
# Real images over which r_t is averaged between two adjustments: four batches of 64.
_N_AVERAGED = 256


class AdaptiveAugmentation:
    """Apply operations at random, as often as the discriminator needs it (ADA, arXiv 2006.06676).

    A discriminator that is sure of all training images has learned them by heart. The measure is r_t, the mean sign of
    its scores of real images: 0 if real images look like fake ones, 1 if all of them are recognised. With
    ``p="adaptive"`` the probability of augmentation starts at 0, grows while r_t is above the target, and falls while
    it is below.

    Parameters
    ----------
    operations : sequence of str
        Names of `OPERATIONS`, as `operations_for` returns them, applied in their order.
    p : float or "adaptive"
        Probability in [0, 1] with which each operation is applied to each image, independently. A flip is then seen
        in half of `p` of the images, as one of its two results is the image itself. Above 0.8 operations may show in
        samples; "adaptive" stays in [0, 0.8].
    generator : torch.Generator
        Source of randomness; numbers are drawn on its device.
    batch_size : int
        Real images in each call of `observe`.
    target : float, default=0.6
        Target of r_t; the default is that of ADA.
    speed : float, default=2e-5
        Change of `p` for each real image that the discriminator is trained on. The default goes from 0 to 1 in
        50,000 images, ten times as fast as ADA, because runs here are short: 2,000 to 10,000 steps of 32.

    Attributes
    ----------
    p : float
        The present probability. It may be set, to continue from an earlier run.
    r_t : float
        The last measured value, over 256 images; 0 before. It is measured for a fixed `p` as well.

    Raises
    ------
    ValueError
        If an operation does not exist, or `p` is not a probability.

    Examples
    --------
    >>> rng = torch.Generator().manual_seed(0)
    >>> augment = AdaptiveAugmentation(["translation"], p="adaptive", generator=rng, batch_size=256)
    >>> images = torch.zeros(8, 1, 16, 16)
    >>> augment(images) is images
    True
    >>> augment.observe(torch.ones(256))
    >>> augment.r_t, round(augment.p, 5)
    (1.0, 0.00512)
    """

    def __init__(
        self,
        operations: Sequence[str],
        *,
        p: float | Literal["adaptive"],
        generator: torch.Generator,
        batch_size: int,
        target: float = 0.6,
        speed: float = 2e-5,
    ) -> None:
        if not (p == "adaptive" if isinstance(p, str) else 0 <= p <= 1):
            raise ValueError(f"{p=}: the probability of an operation is a number in [0, 1], or 'adaptive'")
        self.operations = check_operations(operations)
        self.is_adaptive = isinstance(p, str)
        self.p = 0.0 if isinstance(p, str) else float(p)
        self.r_t = 0.0
        self.generator = generator
        self.target = target
        # adjusted rarely: each adjustment waits for the GPU
        self._n_observed = max(1, round(_N_AVERAGED / batch_size))
        self._step = self._n_observed * batch_size * speed
        self._signs: list[Tensor] = []

    def __call__(self, images: Tensor) -> Tensor:
        """Augment each image on its own, real or fake.

        Parameters
        ----------
        images : Tensor of shape (n, channels, H, W)
            Single or double precision, in [-1, 1].

        Returns
        -------
        Tensor of the same shape, dtype and device
            Differentiable with respect to `images`, also twice; `images` itself if `p` is 0. Changes of light may
            leave [-1, 1]: clipping would stop the gradient and could not be undone.
        """
        if self.p == 0:
            return images
        n_parts = processes.n_processes()
        # a stand-in for the images of all processes: operations ask for its shape when they draw
        of_all = images if n_parts == 1 else images[:1].expand(n_parts * len(images), *images.shape[1:])
        for name in self.operations:
            operation = OPERATIONS[name]
            draws = processes.own(operation.draw(of_all, self.generator))
            is_applied = processes.own(torch.rand(len(of_all), generator=self.generator, device=draws.device)) < self.p
            draws = draws * is_applied.view(-1, *[1] * (draws.ndim - 1))
            images = operation.apply(images, draws.to(images))
        return images

    def observe(self, margin: Tensor) -> None:
        """Measure how sure the discriminator is of real images, once for each of its updates.

        Parameters
        ----------
        margin : Tensor of any shape
            Its scores of real images, minus the score above which an image counts as real.
        """
        self._signs.append(processes.mean(margin.detach().sign().mean()))
        if len(self._signs) < self._n_observed:
            return
        self.r_t = float(torch.stack(self._signs).mean())  # equation 1
        self._signs.clear()
        if self.is_adaptive:
            direction = (self.r_t > self.target) - (self.r_t < self.target)
            self.p = min(max(self.p + direction * self._step, 0.0), _MAX_P)

    def state_dict(self) -> dict[str, Any]:
        """Return the present probability, and what was observed since the last adjustment."""
        return {"p": self.p, "r_t": self.r_t, "signs": [float(sign) for sign in self._signs]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue with a probability and observations that `state_dict` returned."""
        self.p, self.r_t = state["p"], state["r_t"]
        self._signs = [torch.tensor(sign, device=self.generator.device) for sign in state["signs"]]
