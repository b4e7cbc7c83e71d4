"""Editing with a trained generator: latents of real images, directions of attributes, paths and mixtures."""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from ganaug.common.labels import check_same_length
from ganaug.common.random import draw_seed
from ganaug.encoders import ImageEncoder
from ganaug.models.attributed import Attributed
from ganaug.models.drawing import padded_places
from ganaug.models.scoring import class_index
from ganaug.nets import StyleGenerator

# Images that are inverted together.
_N_TOGETHER = 64
# Random latents of its class, from the best of which an image is inverted.
_N_STARTS = 64
# Step of Adam, and weight of the squared distance to what the generator was trained with: without it, latents are found
# that show the image but cannot be edited.
_LEARNING_RATE, _PRIOR_WEIGHT = 0.05, 1e-3


class Inversion(NamedTuple):
    """Real images as latents of a generator.

    Attributes
    ----------
    latents : ndarray of shape (n_images, ...)
        As `ImageGAN.latents` returns them.
    error : ndarray of shape (n_images,)
        Root mean squared difference between the image of the latents and the real image, as a share of the range of the
        pixels: 0 is the same image.
    reproduced : ndarray of shape (n_images,)
        Share of what distinguishes the real image from the mean synthetic image of its class, brightness and contrast
        aside, that the image of the latents has too: 1 less the ratio of the two squared differences. 1 is the same
        image. At 0 the mean image, adjusted in brightness and contrast, would have been as near; below 0 it is nearer.
    y : ndarray of shape (n_images,)
        The labels.
    attributes : DataFrame of shape (n_images, n_attributes)
        The attributes that were given, or with which the images were found. No columns without attributes.
    """

    latents: NDArray
    error: NDArray
    reproduced: NDArray
    y: NDArray
    attributes: pd.DataFrame


class Editing(Attributed):
    """The methods of `ImageGAN` that work on latents."""

    encoder_: ImageEncoder
    architecture_: str

    @property
    def has_styles(self) -> bool:
        """Whether latents are styles, one for each level of the image."""
        return self.architecture_ == "stylegan2"

    def latents(
        self,
        y: Any,
        random_state: int | np.random.RandomState | None = None,
        *,
        given: Mapping[Any, Any] | pd.DataFrame | None = None,
    ) -> NDArray:
        """Draw the latents from which `sample` generates images for these labels.

        Parameters
        ----------
        y : array-like of shape (n_images,)
            Labels, each seen in `fit`.
        random_state : int, RandomState or None, default=None
            Seed, as of `sample`.
        given : dict, DataFrame or None, default=None
            Attribute -> level, or one level for each image, as of `sample`. They are in the styles of "stylegan2";
            other latents do not depend on them.

        Returns
        -------
        ndarray of shape (n_images, latent_size), or (n_images, n_levels, latent_size) for "stylegan2"
            For "stylegan2" the styles w, equal at all levels, of the coarsest first; they hold class and attributes.
            For other architectures the latent vectors, to which these come as a condition.

        Raises
        ------
        ValueError
            If a label, attribute or level was not seen in `fit`.
        """
        check_is_fitted(self, "generator_")
        seed = self.seed_ if random_state is None else draw_seed(random_state)
        rng = torch.Generator().manual_seed(seed + 2)
        y, places = self._asked(y, given)
        parts = []
        for place in torch.arange(len(y)).split(self._n_generated):
            padded = torch.cat([y[place], y.new_zeros(self._n_generated - len(place))])
            latent, *_ = self._sampling_prior().draw(padded, rng)
            conditions = self._conditions(padded, rng, padded_places(places[place], self._n_generated))
            parts.append(self._as_edited(conditions, latent)[: len(place)].cpu())
        return torch.cat(parts).numpy()

    def from_latents(self, latents: ArrayLike, y: Any, *, given: Mapping[Any, Any] | pd.DataFrame | None = None) -> Any:
        """Generate an image of each latent, without the noise of "stylegan2".

        Parameters
        ----------
        latents : array-like of shape (n_images, ...)
            As `latents` and `invert` return them, or changed.
        y : array-like of shape (n_images,)
            Labels, each seen in `fit`. "stylegan2" does not use them: the class is in its styles.
        given : dict, DataFrame or None, default=None
            Attribute -> level, or one level for each image, such as `Inversion.attributes`. What is not given is drawn
            with the seed of `fit`, as often as images of the class have it. "stylegan2" does not use it.

        Returns
        -------
        X : as in `fit`
            Images.

        Raises
        ------
        ValueError
            If `latents` have another shape, or a label, attribute or level was not seen in `fit`.
        """
        check_is_fitted(self, "generator_")
        asked = self._asked(y, given)
        return self._decoded(latents, self._conditions(asked[0], torch.Generator().manual_seed(self.seed_), asked[1]))

    def invert(
        self,
        X: Any,
        y: Any,
        *,
        attributes: Any = None,
        n_steps: int = 300,
        random_state: int | np.random.RandomState | None = None,
    ) -> Inversion:
        """Find the latents whose images are most like given images.

        The best of 64 random latents of the class is improved by gradient descent on the difference of pixels at three
        resolutions, and is kept near the latents of training (arXiv 1904.03189 for "stylegan2", where each level gets a
        style of its own).

        Parameters
        ----------
        X : as in `fit`
            Real images.
        y : array-like of shape (n_images,)
            Their labels.
        attributes : as in `fit`, default=None
            Their attributes, or some of them. The others are those of the random image that is most like the real one.
        n_steps : int, default=300
            Steps of the descent. 300 take about a second for an image of 32 pixels on one core.
        random_state : int, RandomState or None, default=None
            Seed of the random latents. None takes the seed of `fit`.

        Returns
        -------
        Inversion
            Latents, and how near the image of each comes to the real one.

        Raises
        ------
        ValueError
            If X is of another shape or dtype than in `fit`, a label or attribute was not seen in `fit`, or `n_steps` is
            below 1.
        """
        check_is_fitted(self, "generator_")
        if n_steps < 1:
            raise ValueError(f"n_steps={n_steps!r} must be at least 1")
        data = self.encode(X, y)
        places = self._asked(y, attributes)[1]
        self.generator_.eval()
        found = []
        for place in torch.arange(len(data.y)).split(_N_TOGETHER):
            seed = self.seed_ if random_state is None else draw_seed(random_state)
            found.append(self._inverted(data.rows[place], data.y[place], places[place], n_steps, seed))
        latents, error, reproduced, conditions = (torch.cat(parts) for parts in zip(*found, strict=True))
        labels = self.classes_[data.y.numpy()]
        own = self.attributes_.frame(conditions)
        return Inversion(latents.numpy(), error.numpy(), reproduced.numpy(), labels, own)

    def edit(
        self,
        found: Inversion,
        toward: Any = None,
        *,
        given: Mapping[Any, Any] | pd.DataFrame | None = None,
        amount: float = 1.0,
    ) -> Any:
        """Move real images toward another class, or toward other attributes.

        The movement is that of the condition: of "stylegan2" the difference of the mean styles of the two conditions,
        of other architectures the way from one embedding to the other, with the same latent vector.

        Parameters
        ----------
        found : Inversion
            What `invert` returned.
        toward : label or None, default=None
            The class, seen in `fit`. None keeps that of the images.
        given : dict, DataFrame or None, default=None
            Attribute -> level, or one level for each image. Attributes that are not given stay as they are.
        amount : float, default=1.0
            How far: 0 is the image of the latents, 1 has the other condition. Values above 1 exaggerate, values below 0
            lead away.

        Returns
        -------
        X : as in `fit`
            The edited images.

        Raises
        ------
        ValueError
            If neither class nor attributes are given, one of them was not seen in `fit`, or `amount` is not finite.

        Examples
        --------
        >>> from ganaug import ImageGAN
        >>> X = np.random.default_rng(0).integers(0, 256, size=(40, 16, 16), dtype=np.uint8)
        >>> y = np.repeat(["common", "rare"], [30, 10])
        >>> model = ImageGAN(n_steps=2, width=4, random_state=0).fit(X, y)
        >>> found = model.invert(X[:3], y[:3], n_steps=5)
        >>> model.edit(found, "rare", amount=0.5).shape
        (3, 16, 16)
        """
        check_is_fitted(self, "generator_")
        if toward is None and not given:
            raise ValueError("edit needs a class, such as edit(found, 'rare'), or attributes, given={'stain': 'H&E'}")
        if not isinstance(amount, int | float | np.number) or not np.isfinite(amount):
            raise ValueError(f"{amount=} must be a finite number: 0 leaves the image as it is, 1 is the whole way")
        y, own = self._asked(found.y, found.attributes)
        source = self.attributes_.conditions.number(torch.cat([y[:, None], own], 1))
        wanted, places = self._asked(found.y if toward is None else [toward] * len(y), given)
        places = torch.where(places < 0, own, places)
        target = self.attributes_.conditions.number(torch.cat([wanted[:, None], places], 1))
        if self.has_styles:
            network, device = cast("StyleGenerator", self.generator_.eval()), next(self.generator_.parameters()).device
            with torch.no_grad():
                ends, place = torch.cat([source, target]).to(device).unique(return_inverse=True)
                one, other = network.mean_styles(ends)[place].cpu().split(len(y))
            moved = torch.as_tensor(found.latents) + amount * (other - one)[:, None]
            return self._decoded(moved.float().numpy(), target)
        one, other = (self.attributes_.conditions.code(of) for of in (source, target))
        return self._decoded(found.latents, torch.lerp(one, other, float(amount)))

    def direction(self, latents: ArrayLike, attribute: ArrayLike, *, linear: bool = False) -> NDArray:
        """Return the direction in which an attribute changes: add a multiple of it to latents.

        Parameters
        ----------
        latents : array-like of shape (n_images, ...)
            Of images with and without the attribute, as `latents` and `invert` return them.
        attribute : array-like of shape (n_images,)
            Two values, such as False and True, or two classes for "stylegan2". The direction leads from the one that
            sorts first to the other.
        linear : bool, default=False
            False takes the difference of the two means. True takes the normal of a logistic regression, which leaves
            alone what varies but does not tell the two apart (arXiv 1907.10786); it needs more images.

        Returns
        -------
        ndarray
            Of the shape of one latent. Its length is the distance of the two means along it: half of it, added to a
            latent between the two, gives a typical image with the attribute.

        Raises
        ------
        ValueError
            If `attribute` does not have two values, or another length than `latents`.
        """
        points = np.asarray(latents, dtype=float)
        check_same_length(latents=points, attribute=attribute)
        values, side = np.unique(np.asarray(attribute), return_inverse=True)
        if len(values) != 2:
            raise ValueError(f"attribute has {len(values)} values, but a direction leads from one value to another one")
        flat = points.reshape(len(points), -1)
        difference = flat[side == 1].mean(0) - flat[side == 0].mean(0)
        if linear:
            scaler = StandardScaler().fit(flat)
            normal = LogisticRegression(C=0.1, max_iter=2000).fit(scaler.transform(flat), side).coef_[0] / scaler.scale_
            normal /= np.linalg.norm(normal)
            difference = normal * (normal @ difference)
        return difference.reshape(points.shape[1:])

    def mix_styles(self, coarse: ArrayLike, fine: ArrayLike, level: int) -> NDArray:
        """Take the coarse levels from one image and the fine ones from another ("stylegan2").

        Coarse levels hold shape and place, fine ones hold colour and texture (arXiv 1812.04948).

        Parameters
        ----------
        coarse, fine : array-like of shape (n_images, n_levels, latent_size)
            As `latents` and `invert` return them; one image may stand against many.
        level : int
            The first level that is taken from `fine`, between 0 and n_levels.

        Returns
        -------
        ndarray of shape (n_images, n_levels, latent_size)
            Latents, for `from_latents`.

        Raises
        ------
        ValueError
            If the architecture has no styles, shapes differ, or there is no such level.
        """
        if not self.has_styles:
            raise ValueError(
                f"architecture={self.architecture_!r} has one latent vector for all levels of an image; train "
                "ImageGAN(architecture='stylegan2') to mix styles"
            )
        one, other = np.asarray(coarse), np.asarray(fine)
        if one.ndim != 3 or one.shape[1:] != other.shape[1:] or len({1, len(one), len(other)}) > 2:
            raise ValueError(
                f"coarse has shape {one.shape} and fine {other.shape}, but both must be (n, n_levels, latent_size) "
                "with the same n, or 1 on one side, as latents and invert return them"
            )
        one, other = np.broadcast_arrays(one, other)
        if not 0 <= level <= one.shape[1]:
            raise ValueError(f"level={level!r} must lie between 0 and {one.shape[1]}, the number of levels")
        return np.concatenate([one[:, :level], other[:, level:]], axis=1)

    def interpolate(
        self,
        label: Any = None,
        n: int = 8,
        random_state: int | np.random.RandomState | None = None,
        *,
        ends: Inversion | None = None,
    ) -> Any:
        """Generate images along a path between two latents, in equal steps.

        If the images between the two ends are as good as the ends, the network has learned what a class looks like. If
        one end fades into the other, the network has memorised images. The path is the great circle, on which latent
        vectors keep a length that occurs in training (arXiv 1609.04468); between the styles of "stylegan2" it is a
        straight line.

        Parameters
        ----------
        label : label or None, default=None
            A class seen in `fit`, of which two latents are drawn. None needs `ends`.
        n : int, default=8
            Number of images, at least 2, both ends included.
        random_state : int, RandomState or None, default=None
            Seed of the ends. None takes the seed of `fit`.
        ends : Inversion or None, default=None
            Two real images between which the path leads, as `invert` returns them; also of two classes.

        Returns
        -------
        X : ndarray of shape (n, ...)
            Images, as `sample` returns them.

        Raises
        ------
        ValueError
            If `n` is below 2, `label` was not seen in `fit`, or there are not two ends.
        """
        check_is_fitted(self, "generator_")
        if not isinstance(n, int | np.integer) or n < 2:
            raise ValueError(f"n={n!r} must be a whole number of at least 2, because both ends are included")
        if (label is None) == (ends is None) or (ends is not None and len(ends.y) != 2):
            raise ValueError("interpolate takes a label, or ends with the inversion of two images")
        labels, places = self._asked([label] * 2 if ends is None else ends.y, None if ends is None else ends.attributes)
        latents = torch.as_tensor(self.latents([label] * 2, random_state) if ends is None else ends.latents)
        if ends is None and self.attributes_.names:  # one image changes into another, not one attribute as well
            numbers = self._conditions(labels[:1], torch.Generator().manual_seed(self.seed_), None).expand(2)
        else:
            numbers = self.attributes_.conditions.number(torch.cat([labels[:, None], places], 1))
        codes = self.attributes_.conditions.code(numbers)
        code = torch.lerp(codes[:1], codes[1:], torch.linspace(0, 1, n)[:, None])
        if self.has_styles:
            place = torch.linspace(0, 1, n)[:, None, None]
            return self._decoded(torch.lerp(latents[:1], latents[1:], place), code)
        return self._decoded(_great_circle(latents, n), code)

    def _asked(self, y: Any, given: Any) -> tuple[Tensor, Tensor]:
        """Return class indices, and the places of the levels that are given."""
        index = class_index(self.classes_, np.asarray(y))
        places = self.attributes_.places({} if given is None else given, len(index))
        return torch.from_numpy(index), torch.from_numpy(places)

    def _decoded(self, latents: ArrayLike, conditions: Tensor) -> Any:
        """Return the images of latents, of conditions or codes."""
        given = torch.as_tensor(np.asarray(latents, dtype=np.float32))
        wanted = self.latents(self.classes_[:1]).shape[1:]
        if given.shape[1:] != wanted:
            raise ValueError(f"latents must have shape (n, {', '.join(map(str, wanted))}), got {tuple(given.shape)}")
        check_same_length(latents=given, y=conditions)
        if not torch.isfinite(given).all():
            raise ValueError("latents hold NaN or infinite values; take those of invert or latents, and finite amounts")
        parts = zip(given.split(self._n_generated), conditions.split(self._n_generated), strict=True)
        with torch.inference_mode():
            return self.encoder_.decode(torch.cat([self._render(latent, own).float().cpu() for latent, own in parts]))

    def _as_edited(self, y: Tensor, latent: Tensor, *, truncated: bool = True) -> Tensor:
        """Return what users edit of latent vectors, on the generator's device: for "stylegan2" the styles of levels."""
        device = next(self.generator_.parameters()).device
        y, latent = y.to(device), latent.to(device)
        if not self.has_styles:
            return latent
        network = cast("StyleGenerator", self.generator_.eval())
        truncation = getattr(self, "truncation", None)
        with torch.no_grad():
            w = network.style(y, latent, truncation if truncated and truncation is not None else 1.0)
        return w[:, None].expand(-1, network.n_styles, -1)

    def _render(self, latents: Tensor, y: Tensor) -> Tensor:
        """Return encoded images of latents; gradients pass."""
        device = next(self.generator_.parameters()).device
        if self.has_styles:
            return cast("StyleGenerator", self.generator_.eval()).render(latents.to(device))
        return self.generator_.eval()(y.to(device), latents.to(device))

    def _inverted(self, real: Tensor, y: Tensor, places: Tensor, n_steps: int, seed: int) -> tuple[Tensor, ...]:
        """Return latents, errors, shares that are reproduced, and the numbers of the conditions."""
        real = real.to(next(self.generator_.parameters()).device)
        start, centre, spread, y, mean = self._starts(real, y, places, seed)
        latents = start.clone().requires_grad_()
        optimizer = torch.optim.Adam([latents], lr=_LEARNING_RATE)
        for step in range(n_steps):
            # smaller steps toward the end
            optimizer.param_groups[0]["lr"] = _LEARNING_RATE * min(1.0, 2 * (1 - step / n_steps))
            prior = ((latents - centre) / spread).square().flatten(1).mean(1)
            loss = (_differences(self._render(latents, y), real) + _PRIOR_WEIGHT * prior).sum()
            (latents.grad,) = torch.autograd.grad(loss, latents)
            optimizer.step()
        found = latents.detach()
        with torch.no_grad():
            error = (self._render(found, y) - real).square().flatten(1).mean(1)
            reproduced = 1 - error / _unexplained(real, mean).clamp(min=1e-12)
        return found.cpu(), error.sqrt().float().cpu() / 2, reproduced.float().cpu(), y.cpu()

    @torch.no_grad()
    def _starts(self, real: Tensor, y: Tensor, places: Tensor, seed: int) -> tuple[Tensor, ...]:
        """Return for each image the best random latent, mean and spread of all, its condition, and the mean image."""
        found: list[tuple[Tensor, ...]] = [()] * len(y)
        for asked in (requests := torch.cat([y[:, None], places], 1)).unique(dim=0):
            labels, rng = asked[0].expand(_N_STARTS), torch.Generator().manual_seed(seed)
            latent, *_ = self.prior_.draw(labels, rng)
            numbers = self._conditions(labels, rng, asked[1:].expand(_N_STARTS, -1))
            drawn = self._as_edited(numbers, latent, truncated=False)
            images = self._render(drawn, numbers).float()
            # of styles that are nearly constant, the spread must not divide by 0
            middle, width = drawn.mean(0), drawn.std(0).clamp(min=0.05 * float(drawn.std()) + 1e-3)
            for i in (requests == asked).all(1).nonzero().flatten().tolist():
                best = int(_differences(images, real[i : i + 1]).argmin())
                found[i] = (drawn[best], middle, width, numbers[best], images.mean(0))
        return tuple(torch.stack(parts) for parts in zip(*found, strict=True))


def _differences(images: Tensor, real: Tensor) -> Tensor:
    """Return the mean squared difference of pixels of each image, of single ones and of means of 2x2 and of 4x4."""
    x = images.float() - real
    parts = [x, F.avg_pool2d(x, 2), F.avg_pool2d(x, 4)]
    return torch.stack([part.square().flatten(1).mean(1) for part in parts]).sum(0)


def _unexplained(images: Tensor, others: Tensor) -> Tensor:
    """Return the mean squared difference of images from others, after these are adjusted in brightness and contrast."""
    x, of = ((flat := part.flatten(1)) - flat.mean(1, keepdim=True) for part in (images, others))
    slope = (x * of).sum(1) / of.square().sum(1).clamp(min=1e-12)
    return (x - slope[:, None] * of).square().mean(1)


def _great_circle(ends: Tensor, n: int) -> Tensor:
    """Return `n` points in equal steps between two vectors, along the great circle."""
    angle = torch.acos(torch.cosine_similarity(ends[:1], ends[1:]).clamp(-1, 1)).item()
    place = torch.linspace(0, 1, n)[:, None]
    if np.sin(angle) < 1e-3:  # on a line through the origin, no great circle is defined
        return torch.lerp(ends[:1], ends[1:], place)
    return (((1 - place) * angle).sin() * ends[:1] + (place * angle).sin() * ends[1:]) / np.sin(angle)
