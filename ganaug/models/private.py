"""PrivateTabularGAN: a GAN for tables with differential privacy."""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from ganaug.common.extras import require_extra
from ganaug.common.warnings import warn_user
from ganaug.constraints import Constraints
from ganaug.encoders import PrivateTable, TableEncoder, fit_private_table
from ganaug.models.base import Networks
from ganaug.models.data import CheckedData, EncodedData
from ganaug.models.parameters import (
    HIDDEN_SIZES,
    LARGEST_COUNT,
    LARGEST_SIZE,
    Number,
    constraints_of,
    count,
    documented,
)
from ganaug.models.persistence import group_by_prefix
from ganaug.models.sklearn_callbacks import SklearnCallbacks, has_callbacks
from ganaug.models.tabular import TabularGAN
from ganaug.models.text_columns import TextColumns
from ganaug.models.torch_state import seeded_networks
from ganaug.selection import CandidateSelection
from ganaug.training import (
    EMA,
    Callback,
    GaussianMechanism,
    HistogramPrior,
    PoissonBatches,
    Prior,
    ProgressBar,
    TrainingState,
    build_optimizer,
    noise_for,
    private_phases,
    spent_epsilon,
    train,
)

# Of epsilon, what the histograms may spend alone; of delta, what levels that are found may spend.
_SHARE_OF_HISTOGRAMS = 0.4
_SHARE_OF_LEVELS = 0.1


@documented(noun="rows")
class PrivateTabularGAN(TabularGAN):
    """Conditional GAN for tables with differential privacy: what it learns hardly depends on any single row.

    With `epsilon` and `delta`, all that the fitted model and its file hold, and all rows that it generates, are
    (epsilon, delta)-differentially private (see Notes): whoever sees them cannot tell well whether a row was among the
    training rows, whatever else he knows. The rows are less like real ones than those of `TabularGAN`; the fewer rows
    a class has and the smaller `epsilon` is, the less.

    Parameters
    ----------
    epsilon : float, default=3.0
        The budget, above 0. Small is private: at 1 or below the guarantee is strong, and above 10 it says little.
    delta : float, default=1e-5
        Probability, in (0, 1), with which the guarantee may fail. Take less than one divided by the number of rows.
    bounds : dict or None, default=None
        Column -> (lowest, highest), for each column of numbers. They must be known without the rows, such as (0, 120)
        for an age. Numbers outside are set to the nearest end. A third number is the step of numbers that have one,
        such as 0.01 for amounts in cents.
    levels : dict or None, default=None
        Column -> list of levels that are known without the rows, such as ``{"sex": ["F", "M"]}`` or the digits of a
        code. The levels of other columns of text and categories are found by noisy counts; rare ones are lost.
    max_grad_norm : float, default=1.0
        Bound on the norm of the discriminator's gradient of a row (DP-SGD, arXiv 1607.00133). Longer ones are
        shortened.
    hidden_sizes : sequence of int, default=(64,)
        Sizes of the hidden layers of both networks. The noise grows with the number of weights.
    $latent_size
    n_critic : int, default=4
        Number of discriminator updates for each generator update. Each update of the discriminator spends.
    $learning_rate
    $ema
    batch_size : int, default=256
        Real rows in a batch on average, divided equally among the classes. Each row is drawn with a probability,
        independently of the others; of a small class it is at most `max_rate`.
    max_rate : float, default=0.2
        Largest probability with which a row is part of a batch, in (0, 1].
    n_steps : int, default=200
        Training steps. The noise is chosen so that all of them meet the budget.
    $max_time
    $random_state
    $device
    $verbose
    $callbacks

    Attributes
    ----------
    epsilon_ : float
        What was spent, with `delta`: at most `epsilon`, less where the training ended early.
    noise_ : dict of str to float
        Standard deviation of the noise on the ``"histograms"`` and on the ``"gradients"``, in units of the largest
        change that one row makes.
    classes_ : ndarray of shape (n_classes,)
        Class labels seen in `fit`, sorted.
    target_name_ : str or None
        Name of `y`, if it was a Series with a name.
    history_ : DataFrame
        One row for every tenth step: losses, gradient norms and ``epsilon``, what was spent so far. It holds no measure
        of real rows, because that would have to be paid for.
    generator_ : torch.nn.Module
        The trained generator (moving average of its weights).
    discriminator_ : torch.nn.Module
        The trained discriminator. Not in a model that was loaded.
    encoder_ : TableEncoder
        Converts between the table and tensors; made from noisy histograms.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all are strings.

    See Also
    --------
    TabularGAN : The same without a guarantee, and with better rows.

    Notes
    -----
    Two tables are neighbours if one has one row more than the other, its label included. What touches real rows is:

    - noisy counts of the classes, and noisy histograms of each column in each class, from which the scales, the levels,
      the shares of missing cells and what the generator starts from are computed;
    - the discriminator's gradients of real rows, each shortened to `max_grad_norm`, with noise on their sum. Rows are
      drawn independently of each other; the account takes the largest probability of all classes.

    Opacus accounts for both together (arXiv 1908.10530). The generator learns from the discriminator alone
    (arXiv 1802.06739). There are no rules between columns, no selection among candidates, no anchors between rows, and
    no measures of the training, because all of these look at single rows.

    Taken as known are the names and dtypes of the columns, the labels of the classes, `bounds` and `levels`. Each fit
    spends its budget again. The noise comes from the operating system and not from `random_state`, so that two fits
    differ; noise of floating-point numbers has weaknesses against an attacker who sees all bits (see `secure_mode` of
    Opacus). The number of rows that a resampler asks for, and its real rows, are not covered.

    Examples
    --------
    >>> import numpy as np
    >>> from ganaug import PrivateTabularGAN
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["common", "rare"], [900, 100])
    >>> X = rng.normal(size=(1_000, 2)) + (y == "rare")[:, None]
    >>> model = PrivateTabularGAN(epsilon=3, bounds={0: (-5, 5), 1: (-5, 5)}, n_steps=5, random_state=0).fit(X, y)
    >>> bool(model.epsilon_ <= 3), model.sample(["rare"] * 4).shape
    (True, (4, 2))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **constraints_of("latent_size", "learning_rate", "ema", "max_time", "random_state", "device", "verbose"),
        **constraints_of("callbacks"),
        "epsilon": [Number(Real, 0, LARGEST_COUNT, closed="right")],
        "delta": [Number(Real, 0, 1, closed="neither")],
        "bounds": [dict, None],
        "levels": [dict, None],
        "max_grad_norm": [Number(Real, 0, LARGEST_COUNT, closed="right")],
        "hidden_sizes": [HIDDEN_SIZES],
        "n_critic": [count(maximum=1000)],
        "batch_size": [count(maximum=LARGEST_SIZE)],
        "max_rate": [Number(Real, 0, 1, closed="right")],
        "n_steps": [count()],
    }
    _network_parameters: ClassVar[Any] = ("hidden_sizes", "latent_size")
    _deleted_by_fit = (*TabularGAN._deleted_by_fit, "epsilon_", "noise_")
    _selection: ClassVar[Any] = None  # a choice among candidates looks at single rows

    n_critic: int
    learning_rate: float
    batch_size: int
    n_steps: int
    epsilon_: float
    noise_: dict[str, float]
    _private: PrivateTable

    def __init__(
        self,
        *,
        epsilon: float = 3.0,
        delta: float = 1e-5,
        bounds: Mapping[Any, Sequence[float]] | None = None,
        levels: Mapping[Any, Sequence[Any]] | None = None,
        max_grad_norm: float = 1.0,
        hidden_sizes: Sequence[int] = (64,),
        latent_size: int = 16,
        n_critic: int = 4,
        learning_rate: float = 1e-3,
        ema: float = 0.995,
        batch_size: int = 256,
        max_rate: float = 0.2,
        n_steps: int = 200,
        max_time: float | None = None,
        random_state: int | np.random.RandomState | None = None,
        device: str = "auto",
        verbose: int = 0,
        callbacks: list[Callback] | None = None,
    ) -> None:
        self.epsilon = epsilon
        self.delta = delta
        self.bounds = bounds
        self.levels = levels
        self.max_grad_norm = max_grad_norm
        self.hidden_sizes = hidden_sizes
        self.latent_size = latent_size
        self.n_critic = n_critic
        self.learning_rate = learning_rate
        self.ema = ema
        self.batch_size = batch_size
        self.max_rate = max_rate
        self.n_steps = n_steps
        self.max_time = max_time
        self.random_state = random_state
        self.device = device
        self.verbose = verbose
        self.callbacks = callbacks

    # What `TabularGAN` lets the user choose, and what is fixed here.
    prior: Any = "histogram"
    matching = None
    constraints = None
    precision = "32-true"
    # the noise of a process is its own secret
    _trains_together = False
    text_columns = None
    checkpoint = None  # it would hold the random numbers of the noise

    def check_data(self, X: Any) -> CheckedData:
        """Validate a table.

        Parameters
        ----------
        X : DataFrame of pandas or polars, or array of numbers, of shape (n_rows, n_columns)
            Training rows.

        Returns
        -------
        CheckedData
            The table, as the encoder takes it.

        Raises
        ------
        ValueError
            As `TabularGAN.check_data`.
        """
        require_extra("dp", "Differential privacy needs")
        return super().check_data(X)

    def _fit(self, checked: CheckedData, y: Any, previous: Networks | None, sample_weight: Any) -> EncodedData:
        if sample_weight is not None:
            raise ValueError(
                "sample_weight is not None, but with differential privacy each row has the same chance within its "
                "class, which the account relies on; leave it out"
            )
        return super()._fit(checked, y, previous, None)

    def _build(self, params: Mapping[str, Any], rng: torch.Generator) -> tuple[nn.Module, nn.Module]:
        # each score of the discriminator depends on its own row alone: no pac, and nothing random
        fixed = {"activation": "leaky_relu", "dropout": 0.0, "pac": 1, "prior": self.prior, "spectral_norm": False}
        return super()._build(fixed | dict(params), rng)

    def _fit_encode(self, checked: CheckedData, y: np.ndarray) -> tuple[TableEncoder, Tensor]:
        if self.delta * len(y) > 1:
            warn_user(
                f"delta={self.delta!r} is more than one divided by the number of rows: the guarantee may fail for a row"
                " or more. Take a smaller one."
            )
        delta = (1 - _SHARE_OF_LEVELS) * self.delta
        self.noise_ = {"histograms": noise_for(_SHARE_OF_HISTOGRAMS * self.epsilon, delta)}
        self._private = fit_private_table(
            checked.X,
            y,
            n_classes=len(self.classes_),
            bounds=self.bounds,
            levels=self.levels,
            noise=self.noise_["histograms"],
            delta=_SHARE_OF_LEVELS * self.delta,
            rng=np.random.default_rng(),  # noise is secret
        )
        self.constraints_, self.texts_ = Constraints(), TextColumns({}, {})
        return self._private.encoder, self._private.rows

    def _fit_prior(self, data: EncodedData, generator: torch.Generator) -> tuple[Prior, None]:
        own = self._private
        blocks = self.encoder_.block_sizes_
        return HistogramPrior(self.latent_size, own.ranks, own.shares, own.levels, block_sizes=blocks), None

    def _train(self, data: EncodedData, rng: torch.Generator, initial: Networks) -> None:
        fabric = self._fabric()
        with seeded_networks(self.seed_):
            generator, discriminator = self._build(self.network_params_, rng)
        counts = torch.from_numpy(self._private.counts)
        del self._private  # holds encoded rows
        rates = (self.batch_size / len(counts) / counts).clamp(max=self.max_rate)
        sizes = rates * counts
        rate, delta = float(rates.max()), (1 - _SHARE_OF_LEVELS) * self.delta
        histograms = GaussianMechanism(self.noise_["histograms"])
        n_updates = self.n_steps * self.n_critic
        noise = noise_for(self.epsilon, delta, rate=rate, n_steps=n_updates, before=[histograms])
        self.noise_["gradients"] = noise
        networks, optimizers = [], []
        for network in (generator, discriminator):
            optimizer = build_optimizer(
                "adam",
                network.parameters(),
                learning_rate=self.learning_rate,
                betas=(0.5, 0.9),
                weight_decay=0.0,
                fused=fabric.device.type in ("cpu", "cuda"),
            )
            wrapped, own = fabric.setup(network, optimizer)
            networks.append(wrapped)
            optimizers.append(own)
        phases = private_phases(
            networks[0],
            networks[1],
            discriminator,
            (optimizers[0], optimizers[1]),
            max_norm=self.max_grad_norm,
            noise=noise,
            batch_size=float(sizes.sum()),
            n_updates=self.n_critic,
        )
        average = EMA(networks[0], 1 - 5 / (5 + self.n_steps) if isinstance(self.ema, str) else self.ema)
        self.generator_, self.discriminator_ = average.module, discriminator
        batches: Any = PoissonBatches(
            data.rows, data.y, self.prior_, rates=rates, sizes=sizes, generator=rng, device=fabric.device
        )
        callbacks = [*(self.callbacks or [])]
        if has_callbacks(self):
            callbacks.append(SklearnCallbacks(self))
        if self.verbose:
            callbacks.append(ProgressBar())

        def spent(n_drawn: int) -> float:
            return spent_epsilon([histograms, GaussianMechanism(noise, rate, n_drawn)], delta)

        try:
            self.history_ = train(
                TrainingState(phases, average, batches),
                fabric=fabric,
                n_steps=self.n_steps,
                max_time=self.max_time,
                callbacks=callbacks,
                measure=lambda network: {},  # each measure of real rows would have to be paid for
                keep_best=False,
                save=self.save,
            )
        finally:  # also where the user interrupts it and uses what has been learned
            discriminator.eval().requires_grad_(False)
            self.epsilon_ = spent(batches.n_drawn)
        if len(self.history_):
            self.history_["epsilon"] = [spent(int(step) * self.n_critic) for step in self.history_["step"]]

    def _budget(self) -> tuple[int, int]:
        return self.n_steps, self.batch_size

    def check_selection(self, selection: Any) -> None:
        """Refuse a selection among candidates.

        Parameters
        ----------
        selection : {"auto", None}
            Others look at single rows.

        Raises
        ------
        ValueError
            If it is another one.
        """
        if not (selection is None or (isinstance(selection, str) and selection == "auto")):
            raise ValueError(
                f"selection={selection!r} compares candidates with single real rows, which differential privacy does "
                "not cover; use selection='auto' or None"
            )

    def selection_for(self, selection: Any, training: EncodedData, n_requested: int) -> CandidateSelection | None:
        """Return None: there is no selection with differential privacy.

        Parameters
        ----------
        selection : {"auto", None}
            As `check_selection` takes it.
        training : EncodedData
            Not used.
        n_requested : int
            Not used.
        """
        self.check_selection(selection)
        return None

    def _store(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        description, arrays = super()._store()
        assert isinstance(self.prior_, HistogramPrior)
        arrays |= {f"prior.{name}": tensor.numpy() for name, tensor in self.prior_.state().items()}
        return description | {"epsilon": self.epsilon_, "noise": self.noise_}, arrays

    def _restore(self, description: dict[str, Any], arrays: dict[str, np.ndarray]) -> tuple[TableEncoder, Prior]:
        stored = group_by_prefix(arrays, ("encoder", "prior"))
        encoder = TableEncoder.from_state(description, stored["encoder"])
        self.constraints_, self.texts_ = Constraints(), TextColumns({}, {})
        self.epsilon_ = float(description["epsilon"])
        self.noise_ = {name: float(description["noise"][name]) for name in ("histograms", "gradients")}
        tensors = {name: torch.from_numpy(array) for name, array in stored["prior"].items()}
        prior = HistogramPrior(self.latent_size, **tensors, block_sizes=encoder.block_sizes_)
        prior.check(len(self.classes_), encoder.width_)
        return encoder, prior
