"""TabularGAN: a conditional GAN of multilayer perceptrons for tables with columns of any kind."""

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_array, validate_data
from torch import Tensor, nn

from ganaug.common.containers import check_container
from ganaug.encoders import TableEncoder
from ganaug.models.base import ConditionalGAN
from ganaug.models.data import CheckedData
from ganaug.models.parameters import constraints_of, documented
from ganaug.models.persistence import group_by_prefix
from ganaug.nets import MLPDiscriminator, MLPGenerator
from ganaug.selection import Layout
from ganaug.training import Callback, NeighborsPrior, NoisePrior, Prior


@documented(noun="rows")
class TabularGAN(ConditionalGAN):
    """Conditional GAN for tables: one network learns all classes and generates rows of the requested classes.

    Columns may hold numbers, integers, decimals, dates, text, categories and booleans, with missing cells. Synthetic
    rows have the same container and dtypes as the training rows, and only legal values: numbers lie within the range of
    their column and keep its integer steps or decimal places, and categories are those of the training rows.

    Training takes seconds to minutes on one CPU core. It runs on one thread, because more threads gain little for
    networks this small, and because the rows then do not depend on the number of cores.

    Parameters
    ----------
    $loss
        In our measurements ``"rpgan"`` trained most steadily, and its rows helped classifiers most.
    prior : {"noise", "neighbors"}, default="noise"
        What the generator starts from. ``"noise"`` is a random vector, as in other GANs; the synthetic rows are about
        as far from the training rows as new real rows are. ``"neighbors"`` adds an anchor: a point between a training
        row and one of its nearest neighbours of the same class, as in SMOTE (arXiv 1106.1813). These rows are nearer to
        the training rows, and the model file holds training rows. With ``selection=None`` of `GANOversampler` these
        rows helped classifiers more than those of ``"noise"``; with the default they did not.
    $n_neighbors
    numeric : {"quantile", "standard"}, default="quantile"
        How numeric columns are scaled. ``"quantile"`` maps their ranks to a standard normal distribution;
        ``"standard"`` gives them mean 0 and standard deviation 1.
    $categorical_features
    hidden_sizes : sequence of int, default=(128, 128)
        Sizes of the hidden layers of both networks. Twice the default size doubled the time and changed no score.
    $latent_size
    dropout : float, default=0.0
        Dropout rate in the discriminator, in [0, 1). Together with a gradient penalty it gained nothing in our
        measurements and cost a tenth of the time.
    spectral_norm : bool, default=False
        Whether the discriminator has spectral normalisation (arXiv 1802.05957). It makes training steadier and slower
        (use ``n_critic=3``), and it hides structure much finer than a standard deviation.
    pac : int, default=1
        Number of rows of one class that the discriminator sees together (PacGAN, arXiv 1712.04086). More than 1 works
        against mode collapse and slows learning: use more steps and ``penalty_every=4``.
    $penalty
    $gamma
    $penalty_every
        Every eighth step took 7 % less time than every fourth, at the same quality.
    $n_critic
    $learning_rate
    $ema
    batch_size : int or "auto", default="auto"
        Rows in a batch, divided equally among the classes. ``"auto"`` is 128, or 16 for each class if that is more.
    n_steps : int or "auto", default="auto"
        Training steps. ``"auto"`` is 460 for up to 43 encoded columns; for more it grows with the square root of their
        number, up to 2,000. The unit is a step and not an epoch, because a class of 30 rows needs as many updates as a
        class of 30,000.
    $max_time
    $patience
    $random_state
    $device
    precision : {"32-true", "bf16-mixed"}, default="32-true"
        Precision of the computation. ``"bf16-mixed"`` needs a device that supports bfloat16; weights keep 32 bits.
    $verbose
    $callbacks

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels seen in `fit`, sorted.
    target_name_ : str or None
        Name of `y`, if it was a Series with a name.
    history_ : DataFrame
        One row for every tenth step: losses, the discriminator's accuracy on real and on synthetic rows, gradient
        norms, seconds for each step, and the ``distance`` between synthetic and real rows (sliced Wasserstein distance,
        arXiv 1804.01947). Not in a model that was loaded.
    generator_ : torch.nn.Module
        The trained generator (moving average of its weights).
    discriminator_ : torch.nn.Module
        The trained discriminator. Not in a model that was loaded.
    encoder_ : TableEncoder
        Converts between the table and tensors.
    prior_ : Prior
        What the generator starts from.
    network_params_ : dict
        The parameters from which the networks were built. `set_params` after `fit` does not change them.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all are strings.

    See Also
    --------
    GANOversampler : Balances the classes of a table with this model.
    ImageGAN : The model for images.

    Examples
    --------
    >>> import numpy as np
    >>> from ganaug import TabularGAN
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["common", "rare"], [90, 10])
    >>> X = rng.normal(size=(100, 3)) + (y == "rare")[:, None]
    >>> model = TabularGAN(n_steps=20, random_state=0).fit(X, y)
    >>> model.sample(["rare"] * 4).shape
    (4, 3)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **constraints_of("loss", "n_neighbors", "categorical_features", "latent_size"),
        **constraints_of("penalty", "gamma", "penalty_every", "n_critic", "learning_rate", "ema"),
        **constraints_of("max_time", "patience", "random_state", "device", "verbose", "callbacks"),
        "prior": [StrOptions({"noise", "neighbors"})],
        "numeric": [StrOptions({"quantile", "standard"})],
        "hidden_sizes": ["array-like"],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "spectral_norm": ["boolean"],
        "pac": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "n_steps": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "precision": [StrOptions({"32-true", "bf16-mixed"})],
    }

    encoder_: TableEncoder
    modality = "tabular"
    _network_parameters = ("dropout", "hidden_sizes", "latent_size", "pac", "prior", "spectral_norm")
    _selection = "class and realism"
    _n_candidates = 10
    # A second thread gains little for networks this small. On a busy machine the two threads wait for each other at
    # every operation, and training takes ten times as long.
    _n_threads = 1

    def __init__(
        self,
        *,
        loss: str = "rpgan",
        prior: Literal["noise", "neighbors"] = "noise",
        n_neighbors: int = 5,
        numeric: Literal["quantile", "standard"] = "quantile",
        categorical_features: Any = "auto",
        hidden_sizes: Sequence[int] = (128, 128),
        latent_size: int = 32,
        dropout: float = 0.0,
        spectral_norm: bool = False,
        pac: int = 1,
        penalty: str = "auto",
        gamma: float | Literal["auto"] = "auto",
        penalty_every: int = 8,
        n_critic: int | Literal["auto"] = "auto",
        learning_rate: float = 1e-3,
        ema: float | Literal["auto"] = 0.995,
        batch_size: int | Literal["auto"] = "auto",
        n_steps: int | Literal["auto"] = "auto",
        max_time: float | None = None,
        patience: int | None = 8,
        random_state: int | np.random.RandomState | None = None,
        device: str = "auto",
        precision: str = "32-true",
        verbose: int = 0,
        callbacks: list[Callback] | None = None,
    ) -> None:
        self.loss = loss
        self.prior = prior
        self.n_neighbors = n_neighbors
        self.numeric = numeric
        self.categorical_features = categorical_features
        self.hidden_sizes = hidden_sizes
        self.latent_size = latent_size
        self.dropout = dropout
        self.spectral_norm = spectral_norm
        self.pac = pac
        self.penalty = penalty
        self.gamma = gamma
        self.penalty_every = penalty_every
        self.n_critic = n_critic
        self.learning_rate = learning_rate
        self.ema = ema
        self.batch_size = batch_size
        self.n_steps = n_steps
        self.max_time = max_time
        self.patience = patience
        self.random_state = random_state
        self.device = device
        self.precision = precision
        self.verbose = verbose
        self.callbacks = callbacks

    def check_data(self, X: Any) -> CheckedData:
        """Validate a table and the sizes of the hidden layers.

        Parameters
        ----------
        X : DataFrame of pandas or polars, or array-like, of shape (n_rows, n_columns)
            Training rows.

        Returns
        -------
        CheckedData
            The table, as the encoder takes it.

        Raises
        ------
        ValueError
            If X is sparse, masked, lazy, empty or not a table, if a column name occurs twice, or if `hidden_sizes` are
            not positive integers.
        """
        check_container(X)
        if not (len(self.hidden_sizes) and all(isinstance(n, int | np.integer) and n > 0 for n in self.hidden_sizes)):
            raise ValueError(
                f"hidden_sizes={self.hidden_sizes!r} must hold at least one positive int, such as (128, 128)"
            )
        if not hasattr(X, "columns"):
            # as objects, so that a list of rows with text in it keeps its numbers
            X = np.array(X, dtype=object) if isinstance(X, (list, tuple)) else X
            X = check_array(X, dtype=None, ensure_all_finite=False)
        elif len(set(X.columns)) < len(X.columns):
            twice = next(name for name in X.columns if list(X.columns).count(name) > 1)
            raise ValueError(f"X has more than one column {twice!r}; rename or drop one")
        elif 0 in X.shape:
            raise ValueError(f"Found array with {X.shape[0]} sample(s) and {X.shape[1]} feature(s): nothing to learn")
        validate_data(self, X, reset=True, skip_check_array=True)
        return CheckedData(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.target_tags.required = True
        return tags

    @property
    def _layout(self) -> Layout:
        return Layout(self.encoder_.n_continuous_, self.encoder_.block_sizes_)

    def _fit_encode(self, checked: CheckedData, y: np.ndarray) -> tuple[TableEncoder, Tensor]:
        encoder = TableEncoder(self.categorical_features, self.numeric)
        return encoder, encoder.fit_encode(checked.X, y).float()

    def _fit_prior(self, rows: Any, y: Tensor, generator: torch.Generator) -> tuple[Prior, None]:
        n_levels = sum(self.encoder_.block_sizes_)
        if self.prior == "noise":
            return NoisePrior(self.latent_size, n_levels), None
        prior = NeighborsPrior.from_rows(
            self.latent_size,
            n_levels,
            rows,
            y,
            n_interpolated=self.encoder_.n_numeric_,
            n_neighbors=self.n_neighbors,
            generator=generator,
        )
        return prior, None

    def _build(self, params: Mapping[str, Any], rng: torch.Generator) -> tuple[nn.Module, nn.Module]:
        encoder, n_classes, hidden_sizes = self.encoder_, len(self.classes_), list(params["hidden_sizes"])
        return (
            MLPGenerator(
                params["latent_size"],
                n_classes,
                n_continuous=encoder.n_continuous_,
                block_sizes=encoder.block_sizes_,
                hidden_sizes=hidden_sizes,
                anchored=params["prior"] == "neighbors",
            ),
            MLPDiscriminator(
                encoder.width_ * params["pac"],
                n_classes,
                hidden_sizes=hidden_sizes,
                dropout=params["dropout"],
                spectral=params["spectral_norm"],
                generator=rng,
            ),
        )

    def _budget(self) -> tuple[int, int]:
        n_steps, batch_size = self.n_steps, self.batch_size
        if n_steps == "auto":
            n_steps = round(min(max(460.0, 70 * self.encoder_.width_**0.5), 2000), -1)
        if batch_size == "auto":
            batch_size = max(128, 16 * len(self.classes_))
        return int(n_steps), int(batch_size)

    def _store(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        description, arrays = self.encoder_.state()
        arrays = {f"encoder.{name}": array for name, array in arrays.items()}
        if isinstance(self.prior_, NeighborsPrior):
            arrays |= {f"prior.{name}": tensor.numpy() for name, tensor in self.prior_.state().items()}
        return description, arrays

    def _restore(self, description: dict[str, Any], arrays: dict[str, np.ndarray]) -> tuple[TableEncoder, Prior]:
        stored = group_by_prefix(arrays, ("encoder", "prior"))
        encoder = TableEncoder.from_state(description, stored["encoder"])
        prior = NoisePrior(self.latent_size, sum(encoder.block_sizes_))
        if self.prior == "neighbors":
            tensors = {name: torch.from_numpy(array) for name, array in stored["prior"].items()}
            prior = NeighborsPrior(prior.latent_size, prior.n_levels, **tensors, n_interpolated=encoder.n_numeric_)
            prior.check(len(self.classes_), encoder.width_)
        return encoder, prior
