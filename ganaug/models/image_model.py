"""What models of images share: how they check and encode images, measure their training, and augment."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import torch
from sklearn.utils.validation import validate_data
from torch import Tensor, nn

from ganaug.common.warnings import warn_user
from ganaug.encoders import ImageEncoder, as_images
from ganaug.models.base import Measure, Networks
from ganaug.models.data import CheckedData, EncodedData
from ganaug.models.image_snapshots import Snapshots
from ganaug.models.image_views import ImageViews
from ganaug.models.time_check import TimeCheck
from ganaug.training import AdaptiveAugmentation, Callback, CompactRows, KernelDistance, operations_for

# A class of this many images, or as many pairs, gives a tenth of them to the validation split.
MIN_TO_SPLIT = 100
# From this distance on (`KernelDistance`, in units of two halves of the real images), synthetic images are easy to tell
# from real ones.
FAR_DISTANCE = 0.3
# A training of fewer steps and seconds is a trial, of which nobody expects images.
_TRIAL_STEPS, _TRIAL_SECONDS = 200, 5
# Larger images take minutes for a hundred steps on a CPU.
_SMALL = 64
# Augmentations that change the values of pixels.
_CHANGE_VALUES = ("brightness", "contrast", "saturation", "noise", "cutout")


class ImageModel(ImageViews):
    """The part of a model of images that does not depend on its networks."""

    image_shape: tuple[int, ...] | None
    # Channels that are masks, for models that know of masks.
    mask_channels: Sequence[int] | None = None
    augment: str | Sequence[str] | None
    augment_strength: float | Literal["adaptive"]
    augmentation_: float

    encoder_: ImageEncoder
    modality = "image"
    # Activations of an image take a thousand times the memory of those of a row.
    _n_generated = 64
    _keep_best = True
    _stores_discriminator = True

    def _checked_images(self, X: Any) -> CheckedData:
        """Validate and encode images, and learn their shape."""
        X = X if hasattr(X, "columns") else as_images(X)
        encoder = ImageEncoder(self.image_shape, self.mask_channels)
        encoded = encoder.fit_encode(X)
        self._operations(encoder)  # an unknown name raises before training
        validate_data(self, X, reset=True, skip_check_array=True)
        self.n_features_in_ = math.prod(encoder.shape_)
        return CheckedData(X, encoder, encoded)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = self.image_shape is None
        tags.input_tags.two_d_array = self.image_shape is not None
        tags.target_tags.required = True
        return tags

    @property
    def _is_on_cuda(self) -> bool:
        return self.device in ("auto", "gpu", "cuda") and torch.cuda.is_available()

    def _precision(self) -> Any:
        if self.precision != "auto":
            return self.precision
        return "bf16-mixed" if self._is_on_cuda and torch.cuda.is_bf16_supported() else "32-true"

    @property
    def _n_decoded(self) -> int:  # type: ignore[override]
        # so many that their values take some hundred megabytes at most
        n_values = self.encoder_.channels_ * math.prod(self.encoder_.size_)
        return max(self._n_generated, min(1024, 2**24 // n_values))

    def _encode(self, X: Any) -> CompactRows:
        return CompactRows(self.encoder_.encode(X), self.encoder_.scale)

    def _from_features(self, features: Tensor) -> Tensor:
        return features.unflatten(1, (self.encoder_.channels_, *self.encoder_.size_))

    def _train(self, data: EncodedData, rng: torch.Generator, initial: Networks) -> None:
        super()._train(data, rng, initial)
        if not len(self.history_) or "distance" not in self.history_:
            return
        distance, n_done = float(self.history_["distance"].min()), int(self.history_["step"].iloc[-1])
        n_steps, seconds = self._budget()[0], float(self.history_["seconds"].iloc[-1])
        if distance >= FAR_DISTANCE and (n_done >= _TRIAL_STEPS or seconds >= _TRIAL_SECONDS):
            more = "give a larger max_time" if n_done < n_steps else "give ImageGAN in Python more n_steps"
            warn_user(
                f"The images are probably blurred or rough: after {n_done:,} of {n_steps:,} steps their distance to "
                f"real ones is {written_distance(distance)}. It is 0 where images are alike, and has no unit; from "
                f"{FAR_DISTANCE} on, they are easy to tell from real ones. Look at them, and train for longer: {more}."
            )

    def _default_callbacks(self, generator: nn.Module) -> list[Callback]:
        smaller = "Take smaller images, such as read_images(PATH,resize=(64,64)) (in the shell --resize 64x64)"
        quicker = smaller if max(self.encoder_.size_) > _SMALL else "Use a machine with a GPU"
        return [Snapshots(self), TimeCheck("images", quicker)]

    def _train_validation_split(self, data: EncodedData, generator: torch.Generator) -> tuple[EncodedData, EncodedData]:
        y = data.y
        training, validation = [], []
        for label in range(int(y.max()) + 1):
            members = (y == label).nonzero().squeeze(1)
            members = members[torch.randperm(len(members), generator=generator)]
            n_held_out = len(members) // 10 if len(members) >= MIN_TO_SPLIT else 0
            training.append(members[n_held_out:])
            validation.append(members[:n_held_out] if n_held_out else members)
        return data.part(torch.cat(training)), data.part(torch.cat(validation))

    def _measure(self, data: EncodedData, *, generator: torch.Generator, device: torch.device) -> Measure:
        fixed: dict[str, Any] = {"generator": generator, "device": device, "conditions": data.conditions}
        return KernelDistance(*data[:2], self.prior_, **fixed)

    def _operations(self, encoder: ImageEncoder) -> tuple[str, ...]:
        """Return the names of the augmentations; those of colour would change a mask as well."""
        if not encoder.masks_:
            return operations_for(self.augment, encoder.channels_)
        return self._moves(f"would change mask_channels={self.mask_channels!r} too")

    def _moves(self, why_not: str) -> tuple[str, ...]:
        """Return the names of the augmentations, which only move pixels; `why_not` says why others are refused."""
        operations = operations_for(self.augment, 1)
        if colours := [name for name in operations if name in _CHANGE_VALUES]:
            raise ValueError(
                f"augment={self.augment!r} has {colours}, which {why_not}; use 'auto', 'any direction', or a list of "
                "operations that move pixels"
            )
        return operations

    def _augment(self, rng: torch.Generator, batch_size: int) -> AdaptiveAugmentation | None:
        operations = self._operations(self.encoder_)
        before, self.augmentation_ = getattr(self, "augmentation_", 0.0), 0.0
        if not operations:
            return None
        augment = AdaptiveAugmentation(operations, p=self.augment_strength, generator=rng, batch_size=batch_size)
        if self.warm_start and augment.is_adaptive:
            augment.p = before  # the discriminator of a warm start has seen the images already
        self.augmentation_ = augment.p
        return augment


def written_distance(distance: float) -> str:
    """Write a kernel distance, of which large values say no more than that images are nothing like real ones.

    Parameters
    ----------
    distance : float
        As `KernelDistance` measures it.

    Examples
    --------
    >>> written_distance(0.424), written_distance(1296.0)
    ('0.42', 'more than 10')
    """
    return "more than 10" if distance > 10 else f"{distance:.2f}"


def check_betas(betas: Any) -> None:
    """Raise ValueError unless `betas` are decay rates of Adam.

    Parameters
    ----------
    betas : object
        What the user gave.
    """
    try:
        is_valid = len(betas) == 2 and all(0 <= beta < 1 for beta in betas)
    except TypeError:
        is_valid = False
    if not is_valid:
        raise ValueError(f"betas={betas!r}: Adam takes two numbers from 0 to less than 1, such as (0.0, 0.99)")
