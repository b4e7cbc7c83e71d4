"""TranslationGAN: translation of images of one class into images of another one."""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from sklearn.utils._param_validation import StrOptions
from torch import Tensor, nn

from ganaug.common.labels import labels_of
from ganaug.common.rows import take_rows
from ganaug.encoders import ImageEncoder
from ganaug.models.base import Measure, Networks
from ganaug.models.class_probe import RecognisedDistance, train_probes
from ganaug.models.data import CheckedData, EncodedData
from ganaug.models.image_model import check_betas
from ganaug.models.parameters import LARGEST_COUNT, LARGEST_SIZE, Items, Number, constraints_of, count, documented
from ganaug.models.persistence import group_by_prefix
from ganaug.models.torch_state import seeded_networks
from ganaug.models.translating import Translating
from ganaug.models.translation_pairs import PairDifference, PairedFit
from ganaug.models.translation_sources import chosen_classes
from ganaug.nets import PatchHeads, build_pix2pix_networks, build_translation_networks
from ganaug.training import (
    AdaptiveAugmentation,
    Adversarial,
    AdversarialSettings,
    Callback,
    CompactRows,
    SourcePrior,
    Translation,
    TranslationTerms,
    operations_for,
)

METHODS = ("cut", "cyclegan", "pix2pix")
# Weight of what keeps the structure: of patches with "cut", of the cycle, and of the difference from the pair's image.
_CONTENT = {"cut": 0.2, "cyclegan": 2.0, "pix2pix": 100.0}
# The paper's ratio of the weights of identity and cycle.
_IDENTITY_OF_CYCLE = 0.5
# The probe looks at moved images with some noise, so that no single pixel satisfies it.
_PROBE_STRENGTH, _PROBE_NOISE = 0.8, 0.05
# Share of `max_time` that the training of the two classifiers takes at most.
_PROBE_TIME = 0.1


@documented(noun="images")
class TranslationGAN(Translating, PairedFit):
    """Translate images of one class into images of another one, without pairs or from pairs.

    A generator turns images of the majority into images of a minority, which keep the structure of their source. In
    our measurements classifiers recognised the class, but did not become better by such images. The source of each
    synthetic image is recorded. From pairs of images, `fit_pairs` learns what each image becomes.

    Parameters
    ----------
    source : label or None, default=None
        The class whose images are translated into all others. Its own synthetic images are translated from images of
        all others. None takes the largest class.
    target : label, list of labels or None, default=None
        The classes that are learned beside the source. None takes all others. All targets share one generator, which is
        given the class.
    method : {"cut", "cyclegan", "pix2pix"}, default="cut"
        ``"cut"`` has one generator and one discriminator. Patches of the translation are compared with those of the
        source in the features of the generator itself (contrastive unpaired translation, arXiv 2007.15651).
        ``"cyclegan"`` has a second generator, which translates back into the source (arXiv 1703.10593). It takes about
        twice as long, and keeps less of the source. ``"pix2pix"`` learns from pairs, by `fit_pairs`: the decoder of the
        generator also sees the details of the source, and the discriminator an image beside its source (arXiv
        1611.07004).
    content_weight : float or "auto", default="auto"
        Weight of what keeps the structure of the source, at least 0: of the contrast of patches (``"auto"``: 0.2), or
        of the cycle (2, and half of it for the identity). With a large value the source is hardly changed. With
        "pix2pix", weight of the mean absolute difference from the image that belongs to the source (100).
    class_weight : float, default=0.2
        Weight of a classifier that is trained on the real images first, and then has to find the target class in
        translations. Without it (0), more of the class of the source survives; with a large weight, translations get
        marks that only the classifier takes for the class. Not used with "pix2pix".
    width : int, default=24
        Channels of the first layer of the networks; deeper layers have up to four times as many.
    n_blocks : int, default=4
        Residual blocks of a generator, at least 2.
    noise_size : int, default=8
        Size of the noise vector that joins behind the encoder, so that one source has several translations.
    $loss
    augment : "auto", None, str or sequence of str, default="auto"
        As of `ImageGAN`.
    augment_strength : float or "adaptive", default="adaptive"
        As of `ImageGAN`.
    $penalty
    $gamma
    $penalty_every
    $n_critic
    $learning_rate
    $optimizer
    $weight_decay
    $schedule
    betas : (float, float), default=(0.0, 0.99)
        Decay rates of Adam, in [0, 1).
    $ema
    batch_size : int or "auto", default="auto"
        Images in a batch, divided equally among the classes. ``"auto"`` is 8 for each of two classes, and 16 to 64 in
        all for more.
    n_steps : int or "auto", default="auto"
        Training steps. ``"auto"`` is 2,000.
    $max_time
    $patience
    image_shape : (int, int), (int, int, int) or None, default=None
        Height, width and channels, if each row of `X` is a flattened image. None takes the shape from `X`.
    $random_state
    $device
    $devices
    precision : {"auto", "32-true", "bf16-mixed"}, default="auto"
        As of `ImageGAN`.
    $verbose
    $callbacks
    $checkpoint

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels that were learned, sorted.
    source_ : label
        The source class.
    target_name_ : str or None
        Name of `y`, if it was a Series with a name.
    history_ : DataFrame
        As of `ImageGAN`. Column ``recognised`` is the share of translations in which a second classifier, which has no
        part in the training, finds the target class, and ``recognised_real`` that of real images. ``distance`` is the
        kernel distance to real images, plus what the first share is below the second; the weights with the smallest one
        are kept. With "pix2pix" there is no such classifier: ``difference`` is the mean absolute difference between
        translations and the images that belong to their sources, as a share of the range of values, and
        ``difference_source`` that of the sources themselves.
    generator_ : torch.nn.Module
        The trained generator, or both with "cyclegan" and "pix2pix" (moving average of the weights).
    discriminator_ : torch.nn.Module
        The trained discriminator, or both.
    encoder_ : ImageEncoder
        Converts between images and tensors.
    prior_ : SourcePrior
        The images that are translated. A file of the model holds them.
    snapshots_ : dict of int to ndarray
        As of `ImageGAN`.
    augmentation_ : float
        As of `ImageGAN`.
    network_params_ : dict
        The parameters from which the networks were built.
    n_features_in_ : int
        Number of values in an image.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if the images were rows of a table.

    See Also
    --------
    GANOversampler : Balances the classes of a set of images with this model.
    ImageGAN : Generates images from noise.

    Examples
    --------
    >>> import numpy as np
    >>> from ganaug import TranslationGAN
    >>> rng = np.random.default_rng(0)
    >>> X = rng.integers(0, 256, size=(40, 16, 16), dtype=np.uint8)
    >>> y = np.repeat(["common", "rare"], [30, 10])
    >>> model = TranslationGAN(n_steps=2, width=4, random_state=0).fit(X, y)
    >>> model.translate(X[:3], "rare").shape
    (3, 16, 16)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **constraints_of("loss", "penalty", "gamma", "penalty_every", "n_critic", "learning_rate", "ema"),
        **constraints_of("max_time", "patience", "random_state", "device", "devices", "verbose", "callbacks"),
        **constraints_of("checkpoint"),
        **constraints_of("optimizer", "weight_decay", "schedule"),
        "source": "no_validation",  # a label of any kind
        "target": "no_validation",
        "method": [StrOptions(set(METHODS))],
        "content_weight": [StrOptions({"auto"}), Number(Real, 0, LARGEST_COUNT, closed="both")],
        "class_weight": [Number(Real, 0, LARGEST_COUNT, closed="both")],
        "width": [count(maximum=LARGEST_SIZE)],
        "n_blocks": [count(2, 100)],
        "noise_size": [count(maximum=LARGEST_SIZE)],
        "augment": [None, str, Items("a list of names")],
        "augment_strength": [StrOptions({"adaptive"}), Number(Real, 0, 1, closed="both")],
        "betas": [Items("two numbers")],
        "batch_size": [StrOptions({"auto"}), count(2, LARGEST_SIZE)],
        "n_steps": [StrOptions({"auto"}), count(1)],
        "image_shape": [None, Items("a list of int")],
        "precision": [StrOptions({"auto", "32-true", "bf16-mixed"})],
    }

    _network_parameters = ("method", "width", "n_blocks", "noise_size")
    _deleted_by_fit = (*Translating._deleted_by_fit, "snapshots_", "source_")

    def __init__(
        self,
        *,
        source: Any = None,
        target: Any = None,
        method: str = "cut",
        content_weight: float | Literal["auto"] = "auto",
        class_weight: float = 0.2,
        width: int = 24,
        n_blocks: int = 4,
        noise_size: int = 8,
        loss: str = "rpgan",
        augment: str | Sequence[str] | None = "auto",
        augment_strength: float | Literal["adaptive"] = "adaptive",
        penalty: str = "auto",
        gamma: float | Literal["auto"] = 0.5,
        penalty_every: int = 8,
        n_critic: int | Literal["auto"] = "auto",
        learning_rate: float = 5e-4,
        optimizer: str = "auto",
        weight_decay: float = 0.0,
        schedule: str = "constant",
        betas: tuple[float, float] = (0.0, 0.99),
        ema: float | Literal["auto"] = "auto",
        batch_size: int | Literal["auto"] = "auto",
        n_steps: int | Literal["auto"] = "auto",
        max_time: float | None = None,
        patience: int | None = None,
        image_shape: tuple[int, ...] | None = None,
        random_state: int | np.random.RandomState | None = None,
        device: str = "auto",
        devices: int | Literal["auto"] = "auto",
        precision: str = "auto",
        verbose: int = 0,
        callbacks: list[Callback] | None = None,
        checkpoint: Any = None,
    ) -> None:
        self.source = source
        self.target = target
        self.method = method
        self.content_weight = content_weight
        self.class_weight = class_weight
        self.width = width
        self.n_blocks = n_blocks
        self.noise_size = noise_size
        self.loss = loss
        self.augment = augment
        self.augment_strength = augment_strength
        self.penalty = penalty
        self.gamma = gamma
        self.penalty_every = penalty_every
        self.n_critic = n_critic
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.betas = betas
        self.ema = ema
        self.batch_size = batch_size
        self.n_steps = n_steps
        self.max_time = max_time
        self.patience = patience
        self.image_shape = image_shape
        self.random_state = random_state
        self.device = device
        self.devices = devices
        self.precision = precision
        self.verbose = verbose
        self.callbacks = callbacks
        self.checkpoint = checkpoint

    def check_data(self, X: Any) -> CheckedData:
        """Validate images and parameters.

        Parameters
        ----------
        X : array or DataFrame
            Training images, as in `fit`.

        Returns
        -------
        CheckedData
            The images, the encoder that was fitted to them, and the encoded images.

        Raises
        ------
        ValueError
            If X is of another form, holds NaN or infinite values, or if a parameter is out of its range.
        """
        check_betas(self.betas)
        return self._checked_images(X)

    def _fit(self, checked: CheckedData, y: Any, previous: Networks | None, sample_weight: Any) -> EncodedData:
        labels = labels_of(y)
        self._check_pairs(checked.partners is not None)
        if checked.partners is None:
            self.source_, kept = chosen_classes(labels, self.source, self.target)
        else:
            self.source_, kept = labels[0], None
        self._positions = kept
        if kept is not None:
            encoded = torch.from_numpy(take_rows(checked.encoded.numpy(), kept))
            checked = checked._replace(X=take_rows(checked.X, kept), encoded=encoded)
            y = take_rows(y, kept)
            sample_weight = None if sample_weight is None else np.asarray(sample_weight)[kept]
        return super()._fit(checked, y, previous, sample_weight)

    def _fit_encode(self, checked: CheckedData, y: np.ndarray) -> tuple[ImageEncoder, CompactRows]:
        return checked.encoder, CompactRows(checked.encoded, checked.encoder.scale)

    def _fit_prior(self, data: EncodedData, generator: torch.Generator) -> tuple[SourcePrior, None]:
        return SourcePrior(data.rows, data.y, self._home, self.noise_size), None

    def _build(self, params: Mapping[str, Any], rng: torch.Generator) -> tuple[nn.Module, nn.Module]:
        method = params["method"]
        sizes: dict[str, Any] = {
            "n_classes": len(self.classes_),
            "channels": self.encoder_.channels_,
            "n_levels": self.encoder_.n_levels_,
            **{name: params[name] for name in ("width", "n_blocks", "noise_size")},
        }
        if method == "pix2pix":
            return build_pix2pix_networks(home=self._home, **sizes)
        return build_translation_networks(
            size=self.encoder_.size_, home=self._home if method == "cyclegan" else None, **sizes
        )

    def _game(
        self, one: nn.Module, other: nn.Module, settings: AdversarialSettings, data: EncodedData, **options: Any
    ) -> Adversarial:
        fabric, rng = options["fabric"], options["rng"]
        weight = _CONTENT[self.method] if isinstance(self.content_weight, str) else self.content_weight
        if self.method == "pix2pix":
            return Translation(one, other, settings, **options, terms=TranslationTerms(pairs=weight), is_paired=True)
        guide, self._judge = train_probes(
            data,
            self.encoder_.channels_,
            n_steps=self._budget()[0],
            max_time=None if self.max_time is None else _PROBE_TIME * self.max_time,
            fabric=fabric,
            seed=self.seed_ + 2,
        )
        is_cut = self.method == "cut"
        terms = TranslationTerms(
            patches=weight if is_cut else 0.0,
            cycle=0.0 if is_cut else weight,
            identity=0.0 if is_cut else _IDENTITY_OF_CYCLE * weight,
            target_class=self.class_weight,
        )
        heads = None
        if is_cut:
            with seeded_networks(self.seed_ + 3):
                heads = PatchHeads(one.patch_channels)  # type: ignore[arg-type]
        move = AdaptiveAugmentation(operations_for("safe", 1), p=_PROBE_STRENGTH, generator=rng, batch_size=1)

        def classify(images: Tensor) -> Tensor:
            noise = torch.randn(images.shape, generator=rng, device=images.device)
            return guide(move(images) + _PROBE_NOISE * noise)

        return Translation(
            one,
            other,
            settings,
            **options,
            terms=terms,
            heads=heads,
            probe=classify,
            has_buffer=not is_cut,
        )

    def _measure(self, data: EncodedData, *, generator: torch.Generator, device: torch.device) -> Measure:
        distance = super()._measure(data, generator=generator, device=device)
        if data.partners is not None:
            return PairDifference(distance, data, self.prior_, generator=generator, device=device)
        return RecognisedDistance(distance, self._judge, data, self.prior_, generator=generator, device=device)

    def _train(self, data: EncodedData, rng: torch.Generator, initial: Networks) -> None:
        try:
            super()._train(data, rng, initial)
        finally:
            self.__dict__.pop("_judge", None)

    def _max_time(self) -> float | None:
        has_probes = self.method != "pix2pix"
        return None if self.max_time is None else (1 - _PROBE_TIME * has_probes) * self.max_time

    def _budget(self) -> tuple[int, int]:
        n_steps = 2000 if isinstance(self.n_steps, str) else self.n_steps
        batch_size = min(64, max(16, 4 * len(self.classes_))) if isinstance(self.batch_size, str) else self.batch_size
        return int(n_steps), int(batch_size)

    def _store(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        description, arrays = self.encoder_.state()
        arrays = {f"encoder.{name}": array for name, array in arrays.items()}
        arrays |= {"prior.rows": self.prior_.rows.kept.numpy(), "prior.y": self.prior_.y.numpy()}
        return {"encoder": description, "home": self._home, "augmentation": self.augmentation_}, arrays

    def _restore(self, description: dict[str, Any], arrays: dict[str, np.ndarray]) -> tuple[ImageEncoder, SourcePrior]:
        stored = group_by_prefix(arrays, ("encoder", "prior"))
        encoder = ImageEncoder.from_state(description["encoder"], stored["encoder"])
        home = description["home"]
        rows, y = torch.from_numpy(stored["prior"]["rows"]), torch.from_numpy(stored["prior"]["y"])
        counts = y.bincount(minlength=len(self.classes_))
        if (
            type(home) is not int
            or not 0 <= home < len(self.classes_)
            or rows.shape[1:] != (encoder.channels_, *encoder.shape_[:2])
            or y.shape != (len(rows),)
            or len(counts) != len(self.classes_)
            or not (counts > 0).all()
        ):
            raise ValueError("the images that are translated do not fit the classes: the file is damaged")
        self.source_ = self.classes_[home]
        self.augmentation_ = float(description["augmentation"])
        if not 0 <= self.augmentation_ <= 1:
            raise ValueError(f"augmentation {self.augmentation_!r} is not a probability in [0, 1]")
        return encoder, SourcePrior(CompactRows(rows, encoder.scale), y, home, self.noise_size)
