"""ImageGAN: a conditional GAN of convolutional networks for small pictures."""

import math
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor, nn

from ganaug.common.random import draw_seed
from ganaug.encoders import ImageEncoder, as_images
from ganaug.models.base import DEVICES, ConditionalGAN, Labelled, Measure, group_by_prefix, seeded_networks
from ganaug.nets import ARCHITECTURES, CONDITIONINGS, build_image_encoder, build_image_networks
from ganaug.training import (
    EMA,
    LOSSES,
    PENALTIES,
    AdaptiveAugmentation,
    AnchorPrior,
    BalancedBatches,
    Callback,
    CompactRows,
    KernelDistance,
    LatentPrior,
    Prior,
    ProgressBar,
    Run,
    TrainingState,
    encode_latents,
    operations_for,
    reconstruction_phase,
    train,
)

# A class with so many images can spare a tenth of them for measuring how far training has come.
_SPARES = 100
# Below so many pixels a side there is nothing that a convolution could repeat.
_SMALL = 12
# With so many, and a GPU, the largest networks pay.
_MANY = 5_000
# Classes on a sheet of pictures.
_MOST_SHOWN = 20
# Pixels a side that a picture on a sheet is enlarged to at most, where it is smaller.
_SHOWN = 64
# Steps of the autoencoder.
_N_RECONSTRUCTIONS = 1_000


class ImageGAN(ConditionalGAN):
    """Conditional GAN for pictures: learns every class at once and generates pictures of the classes asked for.

    Made for few pictures of a rare class, from 8 to 512 pixels a side, grey or colour, of any ratio of sides, in whole
    numbers of 8 or 16 bits or in floating point; generated ones have the same shape, dtype and range of values. At 28
    pixels it trains in minutes on a laptop.

    Parameters
    ----------
    architecture : {"auto", "light", "mlp", "dcgan", "resnet", "sagan", "biggan"}, default="auto"
        The pair of networks; see `ganaug.nets`. "auto" takes ``"light"``, below 12 pixels a side ``"mlp"``, and
        on a GPU with at least 5,000 images ``"biggan"``. ``"light"`` made class-true pictures within minutes of one
        core where the larger networks had hardly begun; at 8 pixels ``"mlp"`` was the truer and the faster one.
    conditioning : {"projection", "auxiliary", "concat"}, default="projection"
        How the discriminator is told the class: projection (arXiv 1802.05637), an auxiliary classifier (ACGAN, arXiv
        1610.09585), or as further channels of the picture (cGAN, arXiv 1411.1784).
    prior : {"noise", "neighbors"}, default="noise"
        What the generator starts from. ``"noise"``: a random vector, the classical GAN. ``"neighbors"``: an autoencoder
        is trained first, and samples start between the latents of two training pictures of the class; its decoder is
        where the generator begins (BAGAN, arXiv 1803.09655). With ``n_steps=0`` it stays at that (DeepSMOTE, arXiv
        2105.02340): blurred, but no class is too small for it. The model file then holds the latents of the training
        pictures, from which they can be approximately restored.
    n_neighbors : int, default=5
        With ``prior="neighbors"``: nearest latents of the class among which the second is chosen.
    loss : {"rpgan", "hinge", "bce", "lsgan", "wasserstein", "wgan-gp"}, default="rpgan"
        Adversarial loss. ``"rpgan"`` pairs real and fake pictures and is regularised by R1 and R2 (arXiv 2501.05441).
    spectral_norm : bool or "auto", default="auto"
        Spectral normalisation of the discriminator (arXiv 1802.05957); "auto" as the architecture's paper has it.
    width : int, default=16
        Channels at the finest level of the generator; coarser levels have up to eight times as many.
    latent_size : int, default=64
        Size of the noise vector.
    truncation : float or None, default=None
        Samples start from noise no farther from 0 than this (arXiv 1809.11096): more typical, less varied. None
        cuts nothing off.
    augment : "auto", None, str or sequence of str, default="auto"
        Operations on all that the discriminator sees (arXiv 2006.10738), which do not show in samples; see
        `ganaug.training.augmentation`. "auto" does only what cannot change what a picture shows: small translations, and
        brightness on colour pictures. Flips and rotations are yours to allow: a chest has a left side.
    augment_strength : float or "adaptive", default="adaptive"
        The probability of each operation, in [0, 1]. "adaptive" raises it as the discriminator grows too sure of the
        training pictures (ADA, arXiv 2006.06676).
    penalty : {"auto", "none", "r1", "r1r2", "gp"}, default="auto"
        Gradient penalty on the discriminator; "auto" takes the one that belongs to the loss.
    gamma : float or "auto", default="auto"
        Weight of the penalty.
    penalty_every : int, default=4
        The penalty is computed at every n-th step, n times as heavy.
    n_critic : int or "auto", default="auto"
        Discriminator updates for each of the generator's; "auto" is 5 for the Wasserstein losses, else 1.
    learning_rate : float, default=5e-4
        Of Adam, for both networks.
    betas : (float, float), default=(0.0, 0.99)
        Of Adam.
    ema : float or "auto", default="auto"
        Decay of the moving average of the generator's weights, which is what samples; "auto" fits it to the length
        of the run.
    batch_size : int or "auto", default="auto"
        Pictures in a batch, shared equally by the classes; "auto" is 32, and at least 4 for each class.
    n_steps : int or "auto", default="auto"
        Training steps; "auto" is 3,000. None are taken with 0, which needs ``prior="neighbors"``.
    max_time : float or None, default=None
        Seconds of training after which it stops.
    patience : int or None, default=None
        Training stops early when the distance to the real pictures, measured about twenty times, has not improved so
        many times in a row. Without, it trains to the end; either way it ends with the weights that measured best.
    image_shape : (int, int) or (int, int, int), default=None
        Height, width and channels, for `X` of two dimensions, array or table, with a flattened picture in each row.
    warm_start : bool, default=False
        Whether `fit` goes on from the networks of the fit before, or of the file that `load` read, with the same
        classes and kind of pictures. Where such a fit fails or is interrupted, the model stays what it was. In
        `GANOversampler`, each fit goes on from the sampler's `model_`, the first one from a fitted model given as
        ``model``. A clone has learned nothing: cross-validation starts afresh in each split.
    random_state : int, RandomState or None, default=None
        An integer gives the same pictures on the same machine every time.
    device : str, default="auto"
        "auto", "cpu", "gpu", "cuda", "mps", "tpu": a Lightning Fabric accelerator.
    precision : {"auto", "32-true", "bf16-mixed"}, default="auto"
        "bf16-mixed" computes in brain floats, and weights stay in single precision; "auto" does so on a GPU that has
        them. On processors that have them it saves a quarter of the time as well, but would make the pictures of a seed
        a matter of the processor.
    verbose : int, default=0
        1 shows a progress bar.
    callbacks : list of Callback or None, default=None
        See `ganaug.training.callbacks`.

    Attributes
    ----------
    classes_ : ndarray
        Labels seen in `fit`, sorted.
    target_name_ : str or None
        Name of `y`, where it is a named Series.
    history_ : DataFrame
        Losses, the discriminator's accuracy on real and on fake pictures, gradient norms, the strength of
        augmentation, time per step, and ``distance`` and ``diversity`` of generated pictures (`KernelDistance`).
    generator_ : torch.nn.Module
        The trained network (moving average).
    encoder_ : ImageEncoder
        Between pictures and tensors.
    prior_ : Prior
        What the generator starts from.
    reconstruction_ : DataFrame
        With ``prior="neighbors"``, the history of the autoencoder, whose 1,000 steps come before the others.
    snapshots_ : dict
        Step -> a generated picture of each class, always from the same noise, about twenty times in the training.
    architecture_ : str
        What "auto" took.
    augmentation_ : float
        The probability of each augmentation at the end, with which a warm start goes on.
    n_features_in_ : int
        Values in a picture.
    feature_names_in_ : ndarray
        Names of the columns, where pictures came in a table.

    Examples
    --------
    >>> import numpy as np
    >>> from ganaug import ImageGAN
    >>> rng = np.random.default_rng(0)
    >>> X = rng.integers(0, 256, size=(40, 16, 16), dtype=np.uint8)
    >>> y = np.repeat(["common", "rare"], [30, 10])
    >>> model = ImageGAN(n_steps=2, width=4, random_state=0).fit(X, y)
    >>> model.sample(["rare"] * 3).shape
    (3, 16, 16)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "architecture": [StrOptions({"auto", *ARCHITECTURES})],
        "conditioning": [StrOptions(set(CONDITIONINGS))],
        "prior": [StrOptions({"noise", "neighbors"})],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "loss": [StrOptions(set(LOSSES))],
        "spectral_norm": [StrOptions({"auto"}), "boolean"],
        "width": [Interval(Integral, 1, None, closed="left")],
        "latent_size": [Interval(Integral, 1, None, closed="left")],
        "truncation": [None, Interval(Real, 0, None, closed="neither")],
        "augment": [None, str, "array-like"],
        "augment_strength": [StrOptions({"adaptive"}), Interval(Real, 0, 1, closed="both")],
        "penalty": [StrOptions({"auto", *PENALTIES})],
        "gamma": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "penalty_every": [Interval(Integral, 1, None, closed="left")],
        "n_critic": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "betas": ["array-like"],
        "ema": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 2, None, closed="left")],
        "n_steps": [StrOptions({"auto"}), Interval(Integral, 0, None, closed="left")],
        "max_time": [None, Interval(Real, 0, None, closed="neither")],
        "patience": [None, Interval(Integral, 1, None, closed="left")],
        "image_shape": [None, "array-like"],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "device": [StrOptions(DEVICES)],
        "precision": [StrOptions({"auto", "32-true", "bf16-mixed"})],
        "verbose": ["verbose"],
        "callbacks": [None, list],
    }

    encoder_: ImageEncoder
    # Activations of a picture take a thousand times the memory of a row's.
    _n_generated = 64
    _keep_best = True
    _stores_discriminator = True
    _built_from = ("conditioning", "latent_size", "prior", "spectral_norm", "width")
    _rows = "pictures"

    def __init__(
        self,
        *,
        architecture: str = "auto",
        conditioning: str = "projection",
        prior: Literal["noise", "neighbors"] = "noise",
        n_neighbors: int = 5,
        loss: str = "rpgan",
        spectral_norm: bool | Literal["auto"] = "auto",
        width: int = 16,
        latent_size: int = 64,
        truncation: float | None = None,
        augment: str | Sequence[str] | None = "auto",
        augment_strength: float | Literal["adaptive"] = "adaptive",
        penalty: str = "auto",
        gamma: float | Literal["auto"] = "auto",
        penalty_every: int = 4,
        n_critic: int | Literal["auto"] = "auto",
        learning_rate: float = 5e-4,
        betas: tuple[float, float] = (0.0, 0.99),
        ema: float | Literal["auto"] = "auto",
        batch_size: int | Literal["auto"] = "auto",
        n_steps: int | Literal["auto"] = "auto",
        max_time: float | None = None,
        patience: int | None = None,
        image_shape: tuple[int, ...] | None = None,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
        device: str = "auto",
        precision: str = "auto",
        verbose: int = 0,
        callbacks: list[Callback] | None = None,
    ) -> None:
        self.architecture = architecture
        self.conditioning = conditioning
        self.prior = prior
        self.n_neighbors = n_neighbors
        self.loss = loss
        self.spectral_norm = spectral_norm
        self.width = width
        self.latent_size = latent_size
        self.truncation = truncation
        self.augment = augment
        self.augment_strength = augment_strength
        self.penalty = penalty
        self.gamma = gamma
        self.penalty_every = penalty_every
        self.n_critic = n_critic
        self.learning_rate = learning_rate
        self.betas = betas
        self.ema = ema
        self.batch_size = batch_size
        self.n_steps = n_steps
        self.max_time = max_time
        self.patience = patience
        self.image_shape = image_shape
        self.warm_start = warm_start
        self.random_state = random_state
        self.device = device
        self.precision = precision
        self.verbose = verbose
        self.callbacks = callbacks

    def _check_X(self, X: Any) -> Any:
        if not _are_betas(self.betas):
            raise ValueError(f"betas={self.betas!r}: Adam takes two numbers from 0 to less than 1, such as (0.0, 0.99)")
        if self.prior == "noise" and self.n_steps == 0:
            raise ValueError("n_steps=0 trains nothing: it needs prior='neighbors'")
        if self.prior == "neighbors" and self.warm_start:
            raise ValueError("warm_start=True goes on with the networks, and prior='neighbors' starts with new ones")
        X = X if hasattr(X, "columns") else as_images(X)
        encoder = ImageEncoder(self.image_shape).fit(X)
        operations_for(self.augment, encoder.channels_)  # a misspelt one is told before training
        validate_data(self, X, reset=True, skip_check_array=True)
        self.n_features_in_ = math.prod(encoder.shape_)
        self._checked = encoder
        return X

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

    def _fit_encoder(self, X: Any, y: np.ndarray) -> ImageEncoder:
        self.__dict__.pop("_decoder", None)  # of a fit that failed
        encoder: ImageEncoder = self.__dict__.pop("_checked")
        if self.warm_start and hasattr(self, "encoder_"):
            encoder = self._same_range(encoder)
        self._n_decoded = _decoded_at_once(encoder)
        self.architecture_ = self.architecture
        if self.architecture == "auto":
            large = "biggan" if self._is_on_cuda and len(X) >= _MANY else "light"
            self.architecture_ = "mlp" if min(encoder.shape_[:2]) < _SMALL else large
        return encoder

    def _same_range(self, found: ImageEncoder) -> ImageEncoder:
        """Return the encoder of the fit before, in whose range the networks think."""
        before = self.encoder_
        if (found.shape_, found.dtype_) != (before.shape_, before.dtype_):
            raise ValueError(
                f"warm_start=True goes on with pictures of {before.dtype_} and shape {before.shape_}, and these are of "
                f"{found.dtype_} and {found.shape_}; set warm_start=False to start afresh"
            )
        if found.low_ < before.low_ or found.high_ > before.high_:
            raise ValueError(
                f"warm_start=True goes on with values from {before.low_} to {before.high_}, and these reach from "
                f"{found.low_} to {found.high_}; scale them, or set warm_start=False to start afresh"
            )
        return before

    def _encode(self, X: Any) -> CompactRows:
        return CompactRows(self.encoder_.encode(X), self.encoder_.scale)

    def _from_features(self, rows: Tensor) -> Tensor:
        return rows.unflatten(1, (self.encoder_.channels_, *self.encoder_.size_))

    def _fit_prior(self, rows: CompactRows, y: Tensor, generator: torch.Generator) -> Prior:
        if self.prior == "noise":
            return LatentPrior(self.latent_size)
        return AnchorPrior.from_rows(
            0,
            0,
            self._autoencode(rows, y, generator),
            y,
            n_interpolated=self.latent_size,
            n_neighbors=self.n_neighbors,
            generator=generator,
        )

    def _max_time(self) -> float | None:
        # half for the autoencoder, half for the rest
        return self.max_time if self.max_time is None or self.prior == "noise" else self.max_time / 2

    def _autoencode(self, rows: CompactRows, y: Tensor, rng: torch.Generator) -> Tensor:
        """Train an encoder and the generator as its decoder; return the latents of the rows."""
        fabric = self._fabric()
        with seeded_networks(self.seed_):
            encoder = build_image_encoder(
                channels=self.encoder_.channels_,
                size=self.encoder_.size_,
                n_levels=self.encoder_.n_levels_,
                latent_size=self.latent_size,
                width=self.width,
            )
            decoder, _ = self._networks(len(self.classes_))
        self.reconstruction_ = train(
            TrainingState(
                [reconstruction_phase(encoder, decoder, fabric=fabric, learning_rate=self.learning_rate)],
                EMA(decoder, 0.99),
                BalancedBatches(
                    rows,
                    y,
                    LatentPrior(self.latent_size),
                    batch_size=self._budget()[1],
                    pac=1,
                    generator=rng,
                    device=fabric.device,
                ),
            ),
            fabric=fabric,
            n_steps=_N_RECONSTRUCTIONS,
            max_time=self.max_time if self.n_steps == 0 else self._max_time(),
            callbacks=[ProgressBar("autoencoder")] if self.verbose else [],
            measure=lambda network: {},
            keep_best=False,
            save=self.save,
        )
        if not all(weight.isfinite().all() for weight in decoder.parameters()):
            raise ValueError(
                f"the autoencoder of prior='neighbors' diverged: learning_rate={self.learning_rate} is too much for it"
            )
        self._decoder = decoder
        return encode_latents(encoder, rows, fabric.device)

    @property
    def _has_judge(self) -> bool:
        # an autoencoder alone leaves the discriminator as it was made
        return super()._has_judge and self.n_steps != 0

    def _sampled_from(self) -> Prior:
        if isinstance(self.prior_, AnchorPrior):
            return self.prior_
        return LatentPrior(self._built["latent_size"], self.truncation)

    def _build(self, n_classes: int, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        made, judge = self._networks(n_classes)
        decoder = self.__dict__.pop("_decoder", None)
        if decoder is not None:
            made.load_state_dict(decoder.state_dict())
        return made, judge

    def _networks(self, n_classes: int) -> tuple[nn.Module, nn.Module]:
        return build_image_networks(
            self.architecture_,
            n_classes=n_classes,
            channels=self.encoder_.channels_,
            size=self.encoder_.size_,
            n_levels=self.encoder_.n_levels_,
            latent_size=self.latent_size,
            width=self.width,
            conditioning=self.conditioning,
            spectral_norm=self.spectral_norm,
        )

    def _default_callbacks(self) -> list[Callback]:
        self.snapshots_: dict[int, NDArray] = {}
        return [_Snapshots(self)]

    def _drawer(self) -> Callable[[int], NDArray]:
        return self._draw

    def _train_validation_split(
        self, rows: CompactRows, y: Tensor, generator: torch.Generator
    ) -> tuple[Labelled, Labelled]:
        kept, spared = [], []
        for label in range(int(y.max()) + 1):
            members = (y == label).nonzero().squeeze(1)
            members = members[torch.randperm(len(members), generator=generator)]
            n_spared = len(members) // 10 if len(members) >= _SPARES else 0
            kept.append(members[n_spared:])
            spared.append(members[:n_spared] if n_spared else members)
        trained_on, measured_on = torch.cat(kept), torch.cat(spared)
        return (rows.part(trained_on), y[trained_on]), (rows.part(measured_on), y[measured_on])

    def _measure(self, rows: Any, y: Tensor, *, generator: torch.Generator, device: torch.device) -> Measure:
        return KernelDistance(rows, y, self.prior_, generator=generator, device=device)

    def _augment(self, rng: torch.Generator, batch_size: int) -> AdaptiveAugmentation | None:
        operations = operations_for(self.augment, self.encoder_.channels_)
        before, self.augmentation_ = getattr(self, "augmentation_", 0.0), 0.0
        if not operations:
            return None
        augment = AdaptiveAugmentation(operations, p=self.augment_strength, generator=rng, batch_size=batch_size)
        if self.warm_start and augment.is_adaptive:
            augment.p = before  # the discriminator that goes on knows the pictures as well as it did
        self.augmentation_ = augment.p
        return augment

    def _budget(self) -> tuple[int, int]:
        n_steps = 3000 if isinstance(self.n_steps, str) else self.n_steps
        batch_size = max(32, 4 * len(self.classes_)) if isinstance(self.batch_size, str) else self.batch_size
        return int(n_steps), int(batch_size)

    def _store(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        description, arrays = self.encoder_.state()
        arrays = {f"encoder.{name}": array for name, array in arrays.items()}
        if isinstance(self.prior_, AnchorPrior):
            arrays |= {f"prior.{name}": tensor.numpy() for name, tensor in self.prior_.state().items()}
        described = {"encoder": description, "architecture": self.architecture_, "augmentation": self.augmentation_}
        return described, arrays

    def _restore(self, description: dict[str, Any], arrays: dict[str, np.ndarray]) -> tuple[ImageEncoder, Prior]:
        self.architecture_ = description["architecture"]
        self.augmentation_ = float(description.get("augmentation", 0.0))
        if not 0 <= self.augmentation_ <= 1:
            raise ValueError(f"augmentation {self.augmentation_!r} is no probability")
        stored = group_by_prefix(arrays, ("encoder", "prior"))
        encoder = ImageEncoder.from_state(description["encoder"], stored["encoder"])
        self._n_decoded = _decoded_at_once(encoder)
        prior = LatentPrior(self.latent_size)
        if self.prior == "neighbors":
            tensors = {name: torch.from_numpy(array) for name, array in stored["prior"].items()}
            prior = AnchorPrior(0, 0, **tensors, n_interpolated=self.latent_size)
            prior.check(len(self.classes_), self.latent_size)
        return encoder, prior

    def interpolate(self, label: Any, n: int = 8, random_state: int | np.random.RandomState | None = None) -> NDArray:
        """Walk from one generated picture to another through the latent space, in equal steps.

        Where the pictures between the two ends are as good as the ends, the network has learned what a class looks
        like; where they fade into each other, it has learned pictures by heart. The way is the great circle, along
        which the latent keeps a length that training has seen (arXiv 1609.04468).

        Parameters
        ----------
        label : label
            A class seen in `fit`.
        n : int, default=8
            Pictures, at least 2, both ends included.
        random_state : int, RandomState or None, default=None
            Of the ends; None takes the seed of `fit`.

        Returns
        -------
        X : ndarray of shape (n, ...)
            As `sample` returns them.
        """
        check_is_fitted(self, "generator_")
        if not isinstance(n, int | np.integer) or n < 2:
            raise ValueError(f"n={n!r}: it is a whole number, and the two ends are at least 2 pictures")
        y = self._class_index([label] * n)
        seed = self.seed_ if random_state is None else draw_seed(random_state)
        (ends,) = self._sampled_from().draw(y[:2], torch.Generator().manual_seed(seed))
        angle = torch.acos(torch.cosine_similarity(ends[:1], ends[1:]).clamp(-1, 1)).item()
        place = torch.linspace(0, 1, n)[:, None]
        if np.sin(angle) < 1e-3:  # the ends lie in one line with the origin, and no circle is greater than another
            latent = torch.lerp(ends[:1], ends[1:], place)
        else:
            latent = (((1 - place) * angle).sin() * ends[:1] + (place * angle).sin() * ends[1:]) / np.sin(angle)
        return self.encoder_.decode(self._answer(y, (latent,)))

    def plot(self, X: Any = None, y: Any = None, *, n_each: int = 8, random_state: int | None = None) -> Any:
        """Draw generated pictures of each class, below real ones where they are given.

        Parameters
        ----------
        X, y : as in `fit`, default=None
            Real pictures and their labels, of which the first `n_each` of each class are drawn. Only the classes that
            occur in `y` are then shown, and never more than 20.
        n_each : int, default=8
            Pictures in a row.
        random_state : int or None, default=None
            Of the generated ones; None takes the seed of `fit`.

        Returns
        -------
        matplotlib.figure.Figure
            To be shown by a notebook, or saved.
        """
        check_is_fitted(self, "generator_")
        rows = []
        if n_each < 1:
            raise ValueError(f"n_each={n_each!r}: at least 1 picture stands in a row")
        classes = self.classes_ if y is None else np.intersect1d(self.classes_, y)
        if not len(classes):
            raise ValueError(f"y holds none of the classes {self.classes_.tolist()}")
        for label in classes[:_MOST_SHOWN]:
            if X is not None:
                rows.append((f"{label}, real", np.asarray(X)[np.asarray(y) == label][:n_each]))
            rows.append((f"{label}, synthetic", self.sample([label] * n_each, random_state)))
        return self._sheet(rows)

    def plot_training(self) -> Any:
        """Draw how a picture of each class came about, from left to right over the steps of the training.

        Returns
        -------
        matplotlib.figure.Figure
            To be shown by a notebook, or saved.
        """
        check_is_fitted(self, "generator_")
        if not getattr(self, "snapshots_", None):
            raise ValueError(
                "this model has no snapshots of its training: they are not in files, nor made with n_steps=0"
            )
        strips = np.stack(list(self.snapshots_.values()), axis=1)
        figure = self._sheet(list(zip(map(str, self.classes_), strips, strict=True)))
        for ax, step in zip(figure.axes, self.snapshots_, strict=False):
            ax.set_title(f"{step:,}", loc="right", fontsize=7)
        return figure

    def shown(self, images: NDArray) -> NDArray:
        """Return pictures as they are drawn.

        Parameters
        ----------
        images : ndarray of shape (n, ...)
            As in `fit`, real or generated.

        Returns
        -------
        ndarray of shape (n, height, width) or (n, height, width, channels)
            Greys or colours, 0 the darkest that `fit` saw and 1 the brightest. Of two channels, which are no colours,
            the first.
        """
        check_is_fitted(self, "generator_")
        low, high = self.encoder_.low_, self.encoder_.high_
        scaled = (np.asarray(images).reshape(len(images), *self.encoder_.shape_).astype(float) - low) / (
            high - low or 1
        )
        return scaled[..., 0] if self.encoder_.shape_[2:] in [(1,), (2,)] else scaled

    def _sheet(self, rows: list[tuple[str, NDArray]]) -> Any:
        from ganaug.common.figure import Drawing

        shape = self.encoder_.shape_
        n_columns = max(len(images) for _, images in rows)
        figure = Drawing(figsize=(n_columns, 1.25 * shape[0] / shape[1] * len(rows)), layout="constrained")
        axes = figure.subplots(len(rows), n_columns, squeeze=False)
        for (name, images), row in zip(rows, axes, strict=True):
            row[0].set_title(name, loc="left", fontsize=9)
            for ax in row:
                ax.axis("off")
            for image, ax in zip(self.shown(images), row, strict=False):
                ax.imshow(image, cmap="gray", vmin=0, vmax=1)
        return figure

    def _draw(self, n_each: int) -> NDArray:
        """Draw `n_each` generated pictures of each class on one sheet of bytes, for callbacks."""
        classes = self.classes_[:_MOST_SHOWN]
        pictures = np.rint(255 * self.shown(self.sample(np.repeat(classes, n_each)))).astype(np.uint8)
        size = pictures.shape[1:3]
        larger = max(1, _SHOWN // max(size))
        pictures = pictures.repeat(larger, axis=1).repeat(larger, axis=2)
        edges = [(0, 0), (1, 1), (1, 1), (0, 0)]
        framed = np.pad(pictures, edges[: pictures.ndim])
        # the pictures of a class stand side by side, the classes below each other
        rows = np.concatenate(framed.reshape(len(classes), n_each, *framed.shape[1:]), axis=1)
        return np.concatenate(list(rows), axis=1)


def _are_betas(betas: Any) -> bool:
    try:
        return len(betas) == 2 and all(0 <= beta < 1 for beta in betas)
    except TypeError:
        return False


def _decoded_at_once(encoder: ImageEncoder) -> int:
    """So many that their values take some hundred megabytes at most."""
    return max(ImageGAN._n_generated, min(1024, 2**24 // (encoder.channels_ * encoder.size_[0] * encoder.size_[1])))


class _Snapshots(Callback):
    """Keep a picture of each class whenever the training is measured, and how strong augmentation has become."""

    def __init__(self, model: ImageGAN) -> None:
        self.model = model

    def on_step_end(self, run: Run) -> None:
        self.model.augmentation_ = run.record.get("discriminator_augmentation", self.model.augmentation_)
        if run.is_measured:
            self.model.snapshots_[run.step] = np.asarray(self.model.sample(self.model.classes_))
