"""ImageGAN: a conditional GAN of convolutional networks for images of 8 to 512 pixels a side."""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from sklearn.utils._param_validation import StrOptions
from torch import Tensor, nn

from ganaug.encoders import ImageEncoder
from ganaug.models.base import ConditionalGAN
from ganaug.models.data import CheckedData, EncodedData
from ganaug.models.editing import Editing
from ganaug.models.image_attributes import Attributes
from ganaug.models.image_model import ImageModel, check_betas
from ganaug.models.image_reconstruction import train_autoencoder
from ganaug.models.parameters import (
    LARGEST_COUNT,
    LARGEST_SIZE,
    Items,
    Number,
    constraints_of,
    count,
    documented,
)
from ganaug.models.persistence import group_by_prefix
from ganaug.models.torch_state import seeded_networks
from ganaug.nets import ARCHITECTURES, CONDITIONINGS, build_image_encoder, build_image_networks, noise_size
from ganaug.training import (
    AnchorPrior,
    Callback,
    CompactRows,
    LatentPrior,
    Prior,
)

# Below this many pixels a side, convolutions have nothing to repeat.
_MIN_CONVOLVED = 12
# From this many images on, and with a GPU, the largest networks pay off.
_MANY = 5_000


@documented(noun="images")
class ImageGAN(Editing, ImageModel):
    """Conditional GAN for images: one network learns all classes and generates images of the requested classes.

    Images have 8 to 512 pixels a side, 1 to 4 channels, and any ratio of the sides; pixels are booleans, integers or
    floats. Synthetic images have the same shape and dtype as the training images, and values within their range. At
    28 pixels a side it trains within minutes on one CPU core. In our measurements 30 X-rays of a class were learned by
    heart, and 388 were not: `ganaug.evaluate` finds that if some real images are held out.

    Parameters
    ----------
    architecture : {"auto", "light", "mlp", "dcgan", "resnet", "sagan", "biggan", "stylegan2"}, default="auto"
        The pair of networks; see `ganaug.nets`. ``"auto"`` takes ``"mlp"`` for images below 12 pixels a side,
        ``"biggan"`` on a GPU for at least 5,000 images, and ``"light"`` otherwise. In our measurements ``"light"``
        generated images of the requested class after minutes on one core, when the larger networks did not yet. At 8
        pixels ``"mlp"`` was more accurate and faster.
    conditioning : {"projection", "auxiliary", "concat"}, default="projection"
        How the discriminator learns of the class: by a projection (arXiv 1802.05637), by an auxiliary classifier
        (ACGAN, arXiv 1610.09585), or by additional channels of the image (cGAN, arXiv 1411.1784).
    prior : {"noise", "neighbors"}, default="noise"
        What the generator starts from. ``"noise"`` is a random vector, as in other GANs. ``"neighbors"`` first trains
        an autoencoder for 1,000 steps; the generator begins as its decoder (BAGAN, arXiv 1803.09655), and samples start
        between the latent vectors of two training images of the class. With ``n_steps=0`` there is no adversarial
        training (DeepSMOTE, arXiv 2105.02340): images are blurred, but no class is too small. The model file then holds
        the latent vectors of the training images, from which they can be approximately restored.
    $n_neighbors
    $loss
    spectral_norm : bool or "auto", default="auto"
        Whether the discriminator has spectral normalisation (arXiv 1802.05957). ``"auto"`` follows the paper of the
        architecture.
    width : int, default=16
        Channels of the generator at full resolution. Coarser levels have up to eight times as many.
    n_blocks : int, default=1
        Convolutions, or residual blocks, of each level of both networks; of "mlp" hidden layers of each width. The
        papers of "resnet", "sagan" and "biggan" have 1, that of "stylegan2" 2.
    dropout : float, default=0.0
        Probability of zeroing a value after each level of the discriminator, in [0, 1). It is an alternative to
        augmentation if the discriminator memorises few images.
    orthogonal : float, default=0.0
        Weight of the orthogonal regularisation of the generator's layers (arXiv 1809.11096, equation 3; 1e-4 in the
        paper of BigGAN), at least 0. Samples then bear a lower `truncation`.
    $latent_size
    truncation : float or None, default=None
        Samples start from noise no farther from 0 than this value, above 0 (truncation trick, arXiv 1809.11096). A
        smaller value gives more typical and less varied images. None does not truncate. With
        ``architecture="stylegan2"`` it is the distance to the mean style of the class, where 1 is that of no truncation
        and 0.7 is usual (arXiv 1812.04948).
    augment : "auto", None, str or sequence of str, default="auto"
        Operations applied to all images that the discriminator sees, real and synthetic (arXiv 2006.10738). Synthetic
        images do not show them. The names are those of `ganaug.training.augmentation`. ``"auto"`` takes only operations
        that keep the meaning of an image: small translations, and brightness for colour images. Flips and rotations
        have to be named, because they can change the meaning: a chest has a left side. None augments nothing.
    augment_strength : float or "adaptive", default="adaptive"
        Probability of each operation, in [0, 1]. ``"adaptive"`` raises it while the discriminator overfits the training
        images (ADA, arXiv 2006.06676).
    $penalty
    $gamma
    $penalty_every
    $n_critic
    $learning_rate
    $discriminator_learning_rate
    $optimizer
    $weight_decay
    $schedule
    betas : (float, float), default=(0.0, 0.99)
        Decay rates of Adam, in [0, 1).
    $ema
    batch_size : int or "auto", default="auto"
        Images in a batch, divided equally among the classes. ``"auto"`` is 32, or 4 for each class if that is more.
    n_steps : int or "auto", default="auto"
        Training steps. ``"auto"`` is 3,000. 0 needs ``prior="neighbors"``.
    $max_time
        With ``prior="neighbors"``, half of it is for the autoencoder.
    $patience
        With and without early stopping, training ends with the weights that had the smallest distance.
    image_shape : (int, int), (int, int, int) or None, default=None
        Height, width and channels, if each row of `X` is a flattened image. `X` is then a table or an array of two
        dimensions. None takes the shape from `X`.
    mask_channels : sequence of int or None, default=None
        Channels that are masks of the others, such as ``[3]`` for a lesion behind three colours. Each has at most 64
        levels. Masks are generated together with the image, and have only levels of the training masks. Classes without
        an order are better given as one mask for each class. Augmentations then only move pixels.
    warm_start : bool, default=False
        Whether `fit` continues from the networks of the previous fit, or of the file that `load` read. Classes, shape
        and dtype of the images must be the same, and values must lie within the range of the previous fit. If such a
        fit fails or is interrupted, the model keeps its previous state. In `GANOversampler`, each fit continues from
        the sampler's `model_`, and the first fit from the model given as ``model`` if that is fitted. A clone is not
        fitted: cross-validation trains from the beginning in each split.
    $random_state
    $device
    $devices
    precision : {"auto", "32-true", "bf16-mixed"}, default="auto"
        Precision of the computation. ``"bf16-mixed"`` computes in bfloat16; weights keep 32 bits. ``"auto"`` does so on
        a GPU that supports bfloat16. On a CPU that supports it, ``"bf16-mixed"`` saves a quarter of the time, but the
        images of a seed then depend on the processor.
    $verbose
    $callbacks
    $checkpoint

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels seen in `fit`, sorted.
    target_name_ : str or None
        Name of `y`, if it was a Series with a name.
    history_ : DataFrame
        One row for every tenth step: losses, the discriminator's accuracy on real and on synthetic images, gradient
        norms, probability of augmentation, seconds for each step, and ``distance`` and ``diversity`` of synthetic
        images (`KernelDistance`). Not in a model that was loaded.
    generator_ : torch.nn.Module
        The trained generator (moving average of its weights).
    discriminator_ : torch.nn.Module
        The trained discriminator.
    encoder_ : ImageEncoder
        Converts between images and tensors.
    prior_ : Prior
        What the generator starts from.
    reconstruction_ : DataFrame
        With ``prior="neighbors"``: the history of the autoencoder.
    snapshots_ : dict of int to ndarray
        Step -> one synthetic image of each class, always from the same noise, about 20 times in a training.
    architecture_ : str
        The architecture, with a name in place of "auto".
    attributes_ : Attributes
        ``names`` and ``levels`` of the attributes that `fit` was given; none by default.
    augmentation_ : float
        Probability of each augmentation at the end of the training. A warm start continues with it.
    network_params_ : dict
        The parameters from which the networks were built. `set_params` after `fit` does not change them.
    n_features_in_ : int
        Number of values in an image.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if the images were rows of a table.

    See Also
    --------
    GANOversampler : Balances the classes of a set of images with this model.
    TabularGAN : The model for tables.

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
        **constraints_of("loss", "n_neighbors", "latent_size", "checkpoint"),
        **constraints_of("discriminator_learning_rate", "optimizer", "weight_decay", "schedule"),
        **constraints_of("penalty", "gamma", "penalty_every", "n_critic", "learning_rate", "ema"),
        **constraints_of("max_time", "patience", "random_state", "device", "devices", "verbose", "callbacks"),
        "architecture": [StrOptions({"auto", *ARCHITECTURES})],
        "conditioning": [StrOptions(set(CONDITIONINGS))],
        "prior": [StrOptions({"noise", "neighbors"})],
        "spectral_norm": [StrOptions({"auto"}), "boolean"],
        "width": [count(maximum=LARGEST_SIZE)],
        "n_blocks": [count(maximum=10)],
        "dropout": [Number(Real, 0, 1, closed="left")],
        "orthogonal": [Number(Real, 0, LARGEST_COUNT, closed="left")],
        "truncation": [None, Number(Real, 0, LARGEST_COUNT, closed="right")],
        "augment": [None, str, Items("a list of names")],
        "augment_strength": [StrOptions({"adaptive"}), Number(Real, 0, 1, closed="both")],
        "betas": [Items("two numbers")],
        "batch_size": [StrOptions({"auto"}), count(2, LARGEST_SIZE)],
        "n_steps": [StrOptions({"auto"}), count(0)],
        "image_shape": [None, Items("a list of int")],
        "mask_channels": [None, Items("a list of int")],
        "warm_start": ["boolean"],
        "precision": [StrOptions({"auto", "32-true", "bf16-mixed"})],
    }

    _network_parameters = (
        "conditioning",
        "dropout",
        "latent_size",
        "n_blocks",
        "prior",
        "spectral_norm",
        "width",
    )
    _deleted_by_fit = (*ConditionalGAN._deleted_by_fit, "reconstruction_", "snapshots_")

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
        n_blocks: int = 1,
        dropout: float = 0.0,
        orthogonal: float = 0.0,
        latent_size: int = 64,
        truncation: float | None = None,
        augment: str | Sequence[str] | None = "auto",
        augment_strength: float | Literal["adaptive"] = "adaptive",
        penalty: str = "auto",
        gamma: float | Literal["auto"] = "auto",
        penalty_every: int = 4,
        n_critic: int | Literal["auto"] = "auto",
        learning_rate: float = 5e-4,
        discriminator_learning_rate: float | None = None,
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
        mask_channels: Sequence[int] | None = None,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
        device: str = "auto",
        devices: int | Literal["auto"] = "auto",
        precision: str = "auto",
        verbose: int = 0,
        callbacks: list[Callback] | None = None,
        checkpoint: Any = None,
    ) -> None:
        self.architecture = architecture
        self.conditioning = conditioning
        self.prior = prior
        self.n_neighbors = n_neighbors
        self.loss = loss
        self.spectral_norm = spectral_norm
        self.width = width
        self.n_blocks = n_blocks
        self.dropout = dropout
        self.orthogonal = orthogonal
        self.latent_size = latent_size
        self.truncation = truncation
        self.augment = augment
        self.augment_strength = augment_strength
        self.penalty = penalty
        self.gamma = gamma
        self.penalty_every = penalty_every
        self.n_critic = n_critic
        self.learning_rate = learning_rate
        self.discriminator_learning_rate = discriminator_learning_rate
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
        self.mask_channels = mask_channels
        self.warm_start = warm_start
        self.random_state = random_state
        self.device = device
        self.devices = devices
        self.precision = precision
        self.verbose = verbose
        self.callbacks = callbacks
        self.checkpoint = checkpoint

    def check_data(self, X: Any) -> CheckedData:
        """Validate images, and parameters that depend on each other.

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
            If X is of another form, holds NaN or infinite values, or if parameters contradict each other.
        """
        check_betas(self.betas)
        if self.prior == "noise" and self.n_steps == 0:
            raise ValueError("n_steps=0 trains nothing; set prior='neighbors', or n_steps to at least 1")
        if self.prior == "neighbors" and self.warm_start:
            raise ValueError(
                "warm_start=True continues from trained networks, but prior='neighbors' starts from new ones; set "
                "warm_start=False or prior='noise'"
            )
        return self._checked_images(X)

    def _fit_encode(self, checked: CheckedData, y: np.ndarray) -> tuple[ImageEncoder, CompactRows]:
        encoder, encoded = checked.encoder, checked.encoded
        if self.warm_start and hasattr(self, "encoder_"):
            _check_range(encoder, self.encoder_)
            encoder, encoded = self.encoder_, self.encoder_.encode(checked.X)  # the networks know its range
        self.architecture_ = self.architecture
        if self.architecture == "auto":
            large = "biggan" if self._is_on_cuda and len(checked.X) >= _MANY else "light"
            self.architecture_ = "mlp" if min(encoder.shape_[:2]) < _MIN_CONVOLVED else large
        return encoder, CompactRows(encoded, encoder.scale)

    def _fit_prior(self, data: EncodedData, generator: torch.Generator) -> tuple[Prior, nn.Module | None]:
        if self.prior == "noise":
            return self._noise_prior(self.encoder_), None
        with seeded_networks(self.seed_):
            encoder = build_image_encoder(
                channels=self.encoder_.channels_,
                size=self.encoder_.size_,
                n_levels=self.encoder_.n_levels_,
                latent_size=self.latent_size,
                width=self.width,
            )
            decoder, _ = self._build(self.network_params_, generator)
        decoder, latents, self.reconstruction_ = train_autoencoder(
            encoder,
            decoder,
            *data[:2],
            data.conditions,
            fabric=self._fabric(),
            rng=generator,
            latent_size=self.latent_size,
            batch_size=self._budget()[1],
            learning_rate=self._learning_rate(),
            max_time=self.max_time if self.n_steps == 0 else self._max_time(),
            is_verbose=bool(self.verbose),
            save=self.save,
            stage=self._stage("autoencoder"),
        )
        prior = AnchorPrior.from_rows(
            0, 0, latents, data.y, n_interpolated=self.latent_size, n_neighbors=self.n_neighbors, generator=generator
        )
        return prior, decoder

    def _max_time(self) -> float | None:
        # the other half is for the autoencoder
        return self.max_time if self.max_time is None or self.prior == "noise" else self.max_time / 2

    def _why_not_scored(self) -> str | None:
        if self.n_steps == 0:
            return "with n_steps=0 it was not trained; set n_steps to at least 1 and fit again"
        return super()._why_not_scored()

    def _noise_prior(self, encoder: ImageEncoder) -> LatentPrior:
        noise = noise_size(encoder.size_, encoder.n_levels_, self.n_blocks) if self.has_styles else 0
        return LatentPrior(self.latent_size, noise_size=noise)

    def _sampling_prior(self) -> Prior:
        if isinstance(self.prior_, AnchorPrior) or self.has_styles:
            return self.prior_
        return LatentPrior(self.network_params_["latent_size"], self.truncation)

    def _run_generator(self, y: Tensor, start: tuple[Tensor, ...], **options: Any) -> Tensor:
        if self.has_styles and self.truncation is not None:
            options["truncation"] = self.truncation
        return super()._run_generator(y, start, **options)

    def _build(self, params: Mapping[str, Any], rng: torch.Generator) -> tuple[nn.Module, nn.Module]:
        return build_image_networks(
            self.architecture_,
            n_classes=len(self.classes_),
            channels=self.encoder_.channels_,
            size=self.encoder_.size_,
            n_levels=self.encoder_.n_levels_,
            latent_size=params["latent_size"],
            width=params["width"],
            conditioning=params["conditioning"],
            spectral_norm=params["spectral_norm"],
            n_blocks=params["n_blocks"],
            dropout=params["dropout"],
            rng=rng,
            attribute_sizes=self.attributes_.conditions.sizes[1:],
        )

    def _budget(self) -> tuple[int, int]:
        n_steps = 3000 if isinstance(self.n_steps, str) else self.n_steps
        return int(n_steps), int(max(32, 4 * len(self.classes_)) if self.batch_size == "auto" else self.batch_size)

    def _store(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        description, arrays = self.encoder_.state()
        arrays = {f"encoder.{name}": array for name, array in arrays.items()}
        if isinstance(self.prior_, AnchorPrior):
            arrays |= {f"prior.{name}": tensor.numpy() for name, tensor in self.prior_.state().items()}
        described = {"encoder": description, "architecture": self.architecture_, "augmentation": self.augmentation_}
        described["attributes"], combinations = self.attributes_.state()
        return described, arrays | {f"attributes.{name}": array for name, array in combinations.items()}

    def _restore(self, description: dict[str, Any], arrays: dict[str, np.ndarray]) -> tuple[ImageEncoder, Prior]:
        self.architecture_ = description["architecture"]
        self.augmentation_ = float(description.get("augmentation", 0.0))
        if not 0 <= self.augmentation_ <= 1:
            raise ValueError(f"augmentation {self.augmentation_!r} is not a probability in [0, 1]")
        stored = group_by_prefix(arrays, ("encoder", "prior", "attributes"))
        self.attributes_ = Attributes.from_state(
            description.get("attributes"), stored["attributes"], len(self.classes_)
        )
        encoder = ImageEncoder.from_state(description["encoder"], stored["encoder"])
        prior: LatentPrior = self._noise_prior(encoder)
        if self.prior == "neighbors":
            tensors = {name: torch.from_numpy(array) for name, array in stored["prior"].items()}
            prior = AnchorPrior(0, 0, **tensors, n_interpolated=self.latent_size)
            prior.check(len(self.classes_), self.latent_size)
        return encoder, prior


def _check_range(found: ImageEncoder, previous: ImageEncoder) -> None:
    """Raise ValueError unless images are like those of the previous fit, and within their range."""
    if (found.shape_, found.dtype_) != (previous.shape_, previous.dtype_):
        raise ValueError(
            f"warm_start=True continues with images of {previous.dtype_} and shape {previous.shape_}, but X is of "
            f"{found.dtype_} and shape {found.shape_}; set warm_start=False to train from the beginning"
        )
    if {c: v.tolist() for c, v in found.masks_.items()} != {c: v.tolist() for c, v in previous.masks_.items()}:
        raise ValueError(
            "warm_start=True continues with other mask_channels or other levels of masks; set warm_start=False to "
            "train from the beginning"
        )
    if found.low_ < previous.low_ or found.high_ > previous.high_:
        raise ValueError(
            f"warm_start=True continues with values from {previous.low_} to {previous.high_}, but X has values from "
            f"{found.low_} to {found.high_}; scale X, or set warm_start=False to train from the beginning"
        )
