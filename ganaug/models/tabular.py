"""TabularGAN: a conditional GAN of multilayer perceptrons for tables with columns of any kind."""

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_array, validate_data
from torch import Tensor, nn

from ganaug.common.containers import check_container, to_pandas
from ganaug.common.table_shape import table_array
from ganaug.common.warnings import warn_user
from ganaug.common.wording import listed
from ganaug.constraints import Constraints
from ganaug.encoders import TableEncoder
from ganaug.models.base import ConditionalGAN, Measure
from ganaug.models.conditioning import ConditioningMixin
from ganaug.models.constrained import (
    keep_rules,
    learned_rules,
    warn_of_rules_left_out,
    without_rules_out_of_reach,
)
from ganaug.models.continuation import encode_again
from ganaug.models.data import CheckedData, EncodedData
from ganaug.models.few_rows import FewRowsMixin
from ganaug.models.parameters import HIDDEN_SIZES, LARGEST_SIZE, Number, constraints_of, count, documented
from ganaug.models.persistence import group_by_prefix
from ganaug.models.text import TextGAN
from ganaug.models.text_columns import TextColumns
from ganaug.nets import ACTIVATIONS, MLPDiscriminator, MLPGenerator
from ganaug.selection import Layout
from ganaug.training import (
    MATCHING,
    AdversarialLoss,
    Callback,
    MixturePrior,
    NeighborsPrior,
    NoisePrior,
    Prior,
    SlicedWasserstein,
)

# Shorter trainings, as in tests, are not judged: their networks have not learned yet.
_FEW_STEPS = 50
# Rows of all classes together on which rules are tried after the training.
_N_TRIED = 800
# What the generator minimises beside the loss, unless the user says otherwise.
_MATCHING = {"drifting": 0.5}


@documented(noun="rows")
class TabularGAN(FewRowsMixin, ConditioningMixin, ConditionalGAN):
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
    prior : {"mixture", "noise", "neighbors"}, default="mixture"
        What the generator starts from. ``"noise"`` is a random vector, as in other GANs. The others add an anchor,
        which the generator only corrects. ``"mixture"`` draws it from simple distributions that are fitted to groups of
        15 to 30 neighbouring rows of a class (`ganaug.training.MixturePrior`): a forest tells these rows from real ones
        less well than those of ``"noise"``, and they are about as far from the training rows as new real rows are. The
        model file then holds means and covariances of these groups. A class of fewer than 200 rows is trained on draws
        from it, too, whatever the prior: networks learn few rows by heart. ``"neighbors"`` takes a point between a
        training row and one of its nearest neighbours of the same class, as in SMOTE (arXiv 1106.1813); these
        rows are nearer to the training rows, and the model file holds training rows.
    $n_neighbors
    numeric : {"quantile", "standard"}, default="quantile"
        How numeric columns are scaled. ``"quantile"`` maps their ranks to a standard normal distribution;
        ``"standard"`` gives them mean 0 and standard deviation 1.
    $categorical_features
    $ignore
    $constraints
    $text_columns
    text_model : TextGAN or None, default=None
        The model of the columns of texts, cloned for each. None takes ``TextGAN()``.
    hidden_sizes : sequence of int, default=(128, 128)
        Sizes of the hidden layers of both networks. Twice the default size doubled the time and changed no score.
    activation : {"leaky_relu", "relu", "elu", "gelu", "silu", "tanh"}, default="leaky_relu"
        Function of the hidden layers of both networks.
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
    $discriminator_learning_rate
    $optimizer
    $weight_decay
    $schedule
        They are made for long trainings: with the default number of steps, both made rows easier to tell from real
        ones.
    label_smoothing : float, default=0.0
        Share of the labels "real" and "synthetic" that the discriminator learns exchanged, in [0, 0.5)
        (arXiv 1606.03498).
    discriminator_warmup : int, default=0
        Steps at the start in which only the discriminator is trained.
    matching : "auto", dict or None, default="auto"
        Terms of the generator's objective that compare whole batches of a class: name of `ganaug.training.MATCHING` ->
        weight. ``"marginal"`` compares columns and ``"sliced"`` random projections (arXiv 1804.01947);
        ``"drifting"`` moves synthetic rows to where real ones are denser than synthetic ones (arXiv 2602.04770).
        ``"auto"`` is ``{"drifting": 0.5}``: rows were harder to tell from real ones than with the others, or with
        several. None or an empty dict uses the adversarial loss alone.
    $ema
    batch_size : int or "auto", default="auto"
        Rows in a batch, divided equally among the classes. ``"auto"`` is 128, or 16 for each class if that is more.
    n_steps : int or "auto", default="auto"
        Training steps. ``"auto"`` is 460 for up to 43 encoded columns; for more it grows with the square root of their
        number, up to 2,000. The unit is a step and not an epoch, because a class of 30 rows needs as many updates as a
        class of 30,000.
    $max_time
    $patience
    warm_start : bool, default=False
        Whether `fit` continues from the networks of the previous fit, for more steps or on new rows. They must have the
        same columns and classes, and no category, missing cell or number outside the range that the first fit did not
        see. The model file then holds the discriminator too.
    $random_state
    $device
        Batches of fewer than 512 rows are faster on a CPU, and ``"auto"`` takes it for them.
    $devices
    precision : {"auto", "32-true", "bf16-mixed"}, default="auto"
        Precision of the computation. ``"auto"`` is ``"32-true"`` on every device, because networks this small gain
        nothing. ``"bf16-mixed"`` needs a device that supports bfloat16; weights keep 32 bits.
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
        One row for every tenth step: losses, the discriminator's accuracy on real and on synthetic rows, gradient
        norms, seconds for each step, and the ``distance`` between synthetic and real rows (sliced Wasserstein distance,
        arXiv 1804.01947). Not in a model that was loaded.
    generator_ : torch.nn.Module
        The trained generator (moving average of its weights).
    discriminator_ : torch.nn.Module
        The trained discriminator. Not in a model that was loaded.
    encoder_ : TableEncoder
        Converts between the table and tensors.
    constraints_ : Constraints
        The rules that synthetic rows keep, learned and given; print it to see them.
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
        **constraints_of("loss", "n_neighbors", "categorical_features", "ignore", "constraints", "text_columns"),
        **constraints_of("latent_size", "penalty", "gamma", "penalty_every", "n_critic", "learning_rate", "ema"),
        **constraints_of("checkpoint"),
        **constraints_of("max_time", "patience", "random_state", "device", "devices", "verbose", "callbacks"),
        "text_model": [TextGAN, None],
        "prior": [StrOptions({"mixture", "noise", "neighbors"})],
        "numeric": [StrOptions({"quantile", "standard"})],
        **constraints_of("discriminator_learning_rate", "optimizer", "weight_decay", "schedule"),
        "label_smoothing": [Number(Real, 0, 0.5, closed="left")],
        "discriminator_warmup": [count(0)],
        "matching": [StrOptions({"auto"}), dict, None],
        "hidden_sizes": [HIDDEN_SIZES],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "dropout": [Number(Real, 0, 1, closed="left")],
        "spectral_norm": ["boolean"],
        "pac": [count(maximum=LARGEST_SIZE)],
        "batch_size": [StrOptions({"auto"}), count(maximum=LARGEST_SIZE)],
        "n_steps": [StrOptions({"auto"}), count()],
        "warm_start": ["boolean"],
        "precision": [StrOptions({"auto", "32-true", "bf16-mixed"})],
    }

    encoder_: TableEncoder
    constraints_: Constraints
    modality = "tabular"
    _network_parameters = ("activation", "dropout", "hidden_sizes", "latent_size", "pac", "prior", "spectral_norm")
    _selection = "class and realism"
    _n_candidates = 20
    # A second thread gains little for networks this small. On a busy machine the two threads wait for each other at
    # every operation, and training takes ten times as long.
    _n_threads = 1
    _smallest_batch_on_gpu = 512

    def __init__(
        self,
        *,
        loss: str | AdversarialLoss = "rpgan",
        prior: Literal["mixture", "noise", "neighbors"] = "mixture",
        n_neighbors: int = 5,
        numeric: Literal["quantile", "standard"] = "quantile",
        categorical_features: Any = "auto",
        ignore: Any = "auto",
        constraints: Any = "auto",
        text_columns: Any = None,
        text_model: TextGAN | None = None,
        hidden_sizes: Sequence[int] = (128, 128),
        activation: str = "leaky_relu",
        latent_size: int = 32,
        dropout: float = 0.0,
        spectral_norm: bool = False,
        pac: int = 1,
        penalty: str = "auto",
        gamma: float | Literal["auto"] = "auto",
        penalty_every: int = 8,
        n_critic: int | Literal["auto"] = "auto",
        learning_rate: float = 1e-3,
        discriminator_learning_rate: float | None = None,
        optimizer: str = "auto",
        weight_decay: float = 0.0,
        schedule: str = "constant",
        label_smoothing: float = 0.0,
        discriminator_warmup: int = 0,
        matching: Mapping[str, float] | Literal["auto"] | None = "auto",
        ema: float | Literal["auto"] = 0.995,
        batch_size: int | Literal["auto"] = "auto",
        n_steps: int | Literal["auto"] = "auto",
        max_time: float | None = None,
        patience: int | None = 8,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
        device: str = "auto",
        devices: int | Literal["auto"] = "auto",
        precision: str = "auto",
        verbose: int = 0,
        callbacks: list[Callback] | None = None,
        checkpoint: Any = None,
    ) -> None:
        self.loss = loss
        self.prior = prior
        self.n_neighbors = n_neighbors
        self.numeric = numeric
        self.categorical_features = categorical_features
        self.ignore = ignore
        self.constraints = constraints
        self.text_columns = text_columns
        self.text_model = text_model
        self.hidden_sizes = hidden_sizes
        self.activation = activation
        self.latent_size = latent_size
        self.dropout = dropout
        self.spectral_norm = spectral_norm
        self.pac = pac
        self.penalty = penalty
        self.gamma = gamma
        self.penalty_every = penalty_every
        self.n_critic = n_critic
        self.learning_rate = learning_rate
        self.discriminator_learning_rate = discriminator_learning_rate
        self.optimizer = optimizer
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.label_smoothing = label_smoothing
        self.discriminator_warmup = discriminator_warmup
        self.matching = matching
        self.ema = ema
        self.batch_size = batch_size
        self.n_steps = n_steps
        self.max_time = max_time
        self.patience = patience
        self.warm_start = warm_start
        self.random_state = random_state
        self.device = device
        self.devices = devices
        self.precision = precision
        self.verbose = verbose
        self.callbacks = callbacks
        self.checkpoint = checkpoint

    def check_data(self, X: Any) -> CheckedData:
        """Validate a table.

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
            If X is sparse, masked, lazy, empty or not a table, or if a column name occurs twice.
        """
        check_container(X)
        for name, weight in self._matching().items():
            if name not in MATCHING or not Number(Real, 0, None, closed="left").is_satisfied_by(weight):
                raise ValueError(
                    f"matching={self.matching!r} must give weights of at least 0 to some of {sorted(MATCHING)}, "
                    'such as {"drifting": 0.5}'
                )
        if not hasattr(X, "columns"):
            X = check_array(table_array(X), dtype=None, ensure_all_finite=False)
        elif len(set(X.columns)) < len(X.columns):
            twice = next(name for name in X.columns if list(X.columns).count(name) > 1)
            raise ValueError(f"X has more than one column {twice!r}; rename or drop one")
        elif 0 in X.shape:
            raise ValueError(f"Found array with {X.shape[0]} sample(s) and {X.shape[1]} feature(s): nothing to learn")
        # scikit-learn refuses names of which only some are text; they do no harm here
        is_mixed = len({isinstance(name, str) for name in getattr(X, "columns", ())}) > 1
        named = np.broadcast_to(np.zeros(1), X.shape) if is_mixed else X
        validate_data(self, named, reset=True, skip_check_array=True)
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
        self.texts_ = TextColumns.fit(self, checked.X, y)
        encoder = TableEncoder(self.categorical_features, self.numeric, self.ignore, list(self.texts_.models))
        rows = encoder.fit_encode(checked.X, y).float()
        if self.warm_start and hasattr(self, "encoder_"):
            encoder, rows = encode_again(self.encoder_, encoder, checked.X)
        encoder.warn_of_columns()
        labels = pd.Series(self.classes_[y], name=self.target_name_)
        self.constraints_ = learned_rules(self.constraints, to_pandas(checked.X), labels, encoder.columns_)
        return encoder, rows

    def _max_time(self) -> float | None:
        return None if self.max_time is None else max(self.max_time - self.texts_.seconds, 1e-3)

    def _renewal(self, seed: int) -> Callable[[Any, NDArray[np.intp]], Any]:
        renew, write = self.encoder_.renewal(seed), self.texts_.writing(seed, self.encoder_)
        return lambda rows, index: write(renew(rows), index)

    def _generate_rows(self, y: Tensor, rng: torch.Generator, seed: int) -> Any:
        """Generate rows that keep the rules of the table."""

        def draw(places: NDArray, turn: int) -> Any:
            # a generator of its own for each turn: a row does not depend on the number of rows that follow it
            own = torch.Generator().manual_seed(seed + 7_919 * (turn + 1))
            return self.encoder_.decode(self._generate(y[torch.from_numpy(places)], own))

        return keep_rules(self.constraints_, super()._generate_rows(y, rng, seed), self.classes_[y.numpy()], draw)

    def _matching(self) -> Mapping[str, float]:
        return _MATCHING if isinstance(self.matching, str) else self.matching or {}

    def _fit_prior(self, data: EncodedData, generator: torch.Generator) -> tuple[Prior, None]:
        n_levels, blocks, rows = sum(self.encoder_.block_sizes_), self.encoder_.block_sizes_, data[:2]
        drawn: Any = {"generator": generator, "weights": data.weights}
        if self.prior == "noise":
            return NoisePrior(self.latent_size, n_levels), None
        if self.prior == "mixture":
            return MixturePrior.from_rows(self.latent_size, *rows, block_sizes=blocks, **drawn), None
        shape: Any = {"n_interpolated": self.encoder_.n_numeric_, "n_neighbors": self.n_neighbors}
        return NeighborsPrior.from_rows(self.latent_size, n_levels, rows[0], rows[1], **shape, **drawn), None

    def _measure(self, data: EncodedData, *, generator: torch.Generator, device: torch.device) -> Measure:
        sizes = [1] * self.encoder_.n_continuous_ + list(self.encoder_.block_sizes_)
        return SlicedWasserstein(*data[:2], self.prior_, generator=generator, device=device, sizes=sizes)

    def _check_training(self, measure: Measure) -> None:
        self._leave_out_rules()
        n_steps = int(self.history_["step"].max()) if len(self.history_) else 0
        if n_steps < _FEW_STEPS or not isinstance(measure, SlicedWasserstein):
            return
        names, labels = self.encoder_.names_of_groups(), self.classes_.tolist()
        lost: dict[Any, list[Any]] = {}
        for label, group in measure.lost_columns(self.generator_):
            if names[group] not in (columns := lost.setdefault(labels[label], [])):
                columns.append(names[group])
        if lost:
            shown = "; ".join(f"class {label!r}: {listed(columns, 5)}" for label, columns in list(lost.items())[:5])
            steadier = "" if self.loss == "rpgan" else ", or loss='rpgan', which is more stable"
            warn_user(
                f"After {n_steps} steps, some columns of the synthetic rows hardly vary, or lie at the ends of their "
                f"range, though those of real rows vary ({shown}). Do not use these rows. Try a learning_rate below "
                f"{self.learning_rate!r} or more n_steps (in the shell another --seed){steadier}."
            )

    def _leave_out_rules(self) -> None:
        """Give up rules that the generator hardly ever keeps, and name them."""
        y = np.arange(len(self.classes_)).repeat(max(50, _N_TRIED // len(self.classes_)))
        rng = torch.Generator().manual_seed(self.seed_ + 3)
        rows = self.encoder_.decode(self._generate(torch.from_numpy(y), rng)) if len(self.constraints_) else None
        self.constraints_, left_out = without_rules_out_of_reach(self.constraints_, rows, self.classes_[y])
        warn_of_rules_left_out(left_out)

    def _build(self, params: Mapping[str, Any], rng: torch.Generator) -> tuple[nn.Module, nn.Module]:
        encoder, n_classes, hidden_sizes = self.encoder_, len(self.classes_), list(params["hidden_sizes"])
        return (
            MLPGenerator(
                params["latent_size"],
                n_classes,
                n_continuous=encoder.n_continuous_,
                block_sizes=encoder.block_sizes_,
                hidden_sizes=hidden_sizes,
                anchored=params["prior"] != "noise",
                activation=params["activation"],
            ),
            MLPDiscriminator(
                encoder.width_ * params["pac"],
                n_classes,
                hidden_sizes=hidden_sizes,
                dropout=params["dropout"],
                spectral=params["spectral_norm"],
                generator=rng,
                activation=params["activation"],
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
        description["constraints"] = self.constraints_.state()
        description["texts"], texts = self.texts_.state()
        arrays = {f"encoder.{name}": of for name, of in arrays.items()} | {f"texts.{n}": of for n, of in texts.items()}
        if isinstance(self.prior_, NeighborsPrior | MixturePrior):
            arrays |= {f"prior.{name}": tensor.numpy() for name, tensor in self.prior_.state().items()}
        return description, arrays

    def _restore(self, description: dict[str, Any], arrays: dict[str, np.ndarray]) -> tuple[TableEncoder, Prior]:
        stored = group_by_prefix(arrays, ("encoder", "prior", "texts"))
        encoder = TableEncoder.from_state(description, stored["encoder"])
        self.constraints_ = Constraints.from_state(description["constraints"])
        self.texts_ = TextColumns.from_state(description["texts"], stored["texts"], len(self.classes_))
        size, n_levels = self.latent_size, sum(encoder.block_sizes_)
        if self.prior == "noise":
            return encoder, NoisePrior(size, n_levels)
        tensors = {name: torch.from_numpy(array) for name, array in stored["prior"].items()}
        prior: MixturePrior | NeighborsPrior
        if self.prior == "mixture":
            prior = MixturePrior(size, n_levels, **tensors, block_sizes=encoder.block_sizes_)
        else:
            prior = NeighborsPrior(size, n_levels, **tensors, n_interpolated=encoder.n_numeric_)
        prior.check(len(self.classes_), encoder.width_)
        return encoder, prior
