"""TabularGAN: a conditional GAN of multilayer perceptrons for tables of any column kinds."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
import torch
from scipy.sparse import issparse
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_array, validate_data
from torch import Tensor, nn

from ganaug.encoders import TableEncoder
from ganaug.models.base import DEVICES, ConditionalGAN, group_by_prefix
from ganaug.nets import MLPDiscriminator, MLPGenerator
from ganaug.training import LOSSES, PENALTIES, Callback, NeighborsPrior, NoisePrior, Prior


class TabularGAN(ConditionalGAN):
    """Conditional GAN for tables: learns every class at once and generates rows of the classes asked for.

    Columns may be numbers, integers, decimals, dates, categories, booleans, with missing cells; generated rows have
    the same container, dtypes and legal values (ranges, integer steps, decimal places, categories).

    Parameters
    ----------
    loss : {"rpgan", "hinge", "bce", "lsgan", "wasserstein", "wgan-gp"}, default="rpgan"
        Adversarial loss. ``"rpgan"`` pairs real and fake rows and is regularised by R1 and R2 (arXiv 2501.05441); it
        is the steadiest of them and the one whose rows helped classifiers most.
    prior : {"noise", "neighbors"}, default="noise"
        What the generator starts from. ``"noise"``: a random vector, the classical GAN; its rows lie about as far from
        the training rows as new ones would. ``"neighbors"``: noise and an anchor between two training rows of the
        class, to which the network adds what it learned; its rows lie nearer, and the model file holds training rows.
        It was the better of the two as long as rows were taken as they came; with `selection` it no longer is.
    n_neighbors : int, default=5
        With ``prior="neighbors"``: nearest rows of the class among which an anchor's second row is chosen.
    numeric : {"quantile", "standard"}, default="quantile"
        Numbers are made Gaussian by their ranks, or standardised.
    categorical_features : "auto", None, or array-like of names, indices or bool, default="auto"
        Numeric columns to treat as categories. "auto" takes those with at most two values; columns that are not
        numeric always are.
    hidden_sizes : sequence of int, default=(128, 128)
        Widths of the hidden layers of both networks. Twice the width doubled the time and changed no score.
    latent_size : int, default=32
        Size of the noise vector.
    dropout : float, default=0.0
        Dropout in the discriminator, in [0, 1). Beside a gradient penalty it gained nothing in our measurements and
        costs a tenth of the time.
    spectral_norm : bool, default=False
        Spectral normalisation of the discriminator (arXiv 1802.05957). It bounds the slope of what the classes
        share, which steadies training but learns slowly (give it ``n_critic=3``) and is too smooth to see structure
        much finer than a standard deviation.
    pac : int, default=1
        Rows of one class the discriminator judges together (PacGAN, arXiv 1712.04086), against mode collapse; it learns
        more slowly, so give it more steps and ``penalty_every=4``.
    penalty : {"auto", "none", "r1", "r1r2", "gp"}, default="auto"
        Gradient penalty on the discriminator; "auto" takes the one that belongs to the loss.
    gamma : float or "auto", default="auto"
        Weight of the penalty.
    penalty_every : int, default=8
        The penalty is computed at every n-th step, n times as heavy, which costs no quality. Every eighth takes 7 %
        less time than every fourth.
    n_critic : int or "auto", default="auto"
        Discriminator updates for each of the generator's; "auto" is 5 for the Wasserstein losses, else 1.
    learning_rate : float, default=1e-3
        Of Adam, for both networks.
    ema : float, default=0.995
        Decay of the moving average of the generator's weights, which is what samples.
    batch_size : int or "auto", default="auto"
        Rows in a batch, shared equally by the classes; "auto" is 128, and at least 16 for each class.
    n_steps : int or "auto", default="auto"
        Training steps; "auto" is 460 up to 43 encoded columns, growing with their square root to 2,000 at most. A
        budget in steps, not epochs: a class of 30 rows needs as many updates as a class of 30,000.
    max_time : float or None, default=None
        Seconds of training after which it stops.
    patience : int or None, default=8
        Training stops early when the distance to the real rows, measured about twenty times, has not improved so
        many times in a row. None trains to the end.
    random_state : int, RandomState or None, default=None
        An integer gives the same rows on the same machine every time.
    device : str, default="auto"
        "auto", "cpu", "gpu", "cuda", "mps", "tpu": a Lightning Fabric accelerator.
    precision : {"32-true", "bf16-mixed"}, default="32-true"
        Or "bf16-mixed", where the device has it; weights stay in single precision.
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
        Losses, the discriminator's accuracy on real and on fake rows, gradient norms, time per step, and the
        distance between generated and real rows.
    generator_ : torch.nn.Module
        The trained network (moving average).
    encoder_ : TableEncoder
        Between the table and tensors.
    prior_ : Prior
        What the generator starts from.
    n_features_in_, feature_names_in_
        Number of columns, and their names where all are strings.

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
        "loss": [StrOptions(set(LOSSES))],
        "prior": [StrOptions({"noise", "neighbors"})],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "numeric": [StrOptions({"quantile", "standard"})],
        "categorical_features": [StrOptions({"auto"}), "array-like", None],
        "hidden_sizes": ["array-like"],
        "latent_size": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "spectral_norm": ["boolean"],
        "pac": [Interval(Integral, 1, None, closed="left")],
        "penalty": [StrOptions({"auto", *PENALTIES})],
        "gamma": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "penalty_every": [Interval(Integral, 1, None, closed="left")],
        "n_critic": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "ema": [Interval(Real, 0, 1, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "n_steps": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "max_time": [None, Interval(Real, 0, None, closed="neither")],
        "patience": [None, Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "device": [StrOptions(DEVICES)],
        "precision": [StrOptions({"32-true", "bf16-mixed"})],
        "verbose": ["verbose"],
        "callbacks": [None, list],
    }

    encoder_: TableEncoder
    _built_from = ("hidden_sizes", "latent_size", "pac", "prior", "spectral_norm")
    _selection = "forest"
    # A second thread gains little on such small networks, and on a busy machine, where the two must wait for each
    # other at every operation, it makes training ten times slower. One also means the same rows on any number of cores.
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
        ema: float = 0.995,
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

    def _check_X(self, X: Any) -> Any:
        if issparse(X):
            raise ValueError("X is a sparse matrix, and a dense table is needed; densify it with X.toarray()")
        if not (len(self.hidden_sizes) and all(isinstance(n, int | np.integer) and n > 0 for n in self.hidden_sizes)):
            raise ValueError(
                f"hidden_sizes must hold at least one size, each a positive int; got {self.hidden_sizes!r}"
            )
        if isinstance(X, np.ma.MaskedArray) and np.ma.is_masked(X):
            raise ValueError("X is a masked array; fill it with X.filled(np.nan)")
        is_polars = type(X).__module__.split(".")[0] == "polars"
        if is_polars and not hasattr(X, "shape"):
            raise ValueError("X is lazy; collect it with X.collect()")
        if not hasattr(X, "columns"):
            # as objects, so that a list of rows with text in it keeps its numbers
            X = np.array(X, dtype=object) if isinstance(X, (list, tuple)) else X
            X = check_array(X, dtype=None, ensure_all_finite=False)
        elif not isinstance(X, pd.DataFrame) and not is_polars:
            raise ValueError(f"X is a {type(X).__name__}; pass a table of pandas or polars, or an array")
        elif len(set(X.columns)) < len(X.columns):
            raise ValueError(f"column {next(c for c in X.columns if list(X.columns).count(c) > 1)!r} is there twice")
        elif 0 in X.shape:
            raise ValueError(f"Found array with {X.shape[0]} sample(s) and {X.shape[1]} feature(s): nothing to learn")
        validate_data(self, X, reset=True, skip_check_array=True)
        return X

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.target_tags.required = True
        return tags

    def _fit_encoder(self, X: Any, y: np.ndarray) -> TableEncoder:
        return TableEncoder(self.categorical_features, self.numeric).fit(X, y)

    def _fit_prior(self, rows: Any, y: Tensor, generator: torch.Generator) -> Prior:
        n_levels = sum(self.encoder_.block_sizes_)
        if self.prior == "noise":
            return NoisePrior(self.latent_size, n_levels)
        return NeighborsPrior.from_rows(
            self.latent_size,
            n_levels,
            rows,
            y,
            n_interpolated=self.encoder_.n_numeric_,
            n_neighbors=self.n_neighbors,
            generator=generator,
        )

    def _build(self, n_classes: int, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        encoder, hidden_sizes = self.encoder_, list(self.hidden_sizes)
        return (
            MLPGenerator(
                self.latent_size,
                n_classes,
                n_continuous=encoder.n_continuous_,
                block_sizes=encoder.block_sizes_,
                hidden_sizes=hidden_sizes,
                anchored=self.prior == "neighbors",
            ),
            MLPDiscriminator(
                encoder.width_ * self.pac,
                n_classes,
                hidden_sizes=hidden_sizes,
                dropout=self.dropout,
                spectral=self.spectral_norm,
                generator=generator,
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
