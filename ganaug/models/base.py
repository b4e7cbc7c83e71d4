"""The path that every model takes: encode, train adversarially on all classes, sample the requested classes, decode."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from ganaug.common import processes
from ganaug.common.labels import check_classes, check_lengths, label_of_each_row, name_of
from ganaug.common.progress import begin_phase, phase
from ganaug.common.random import draw_seed
from ganaug.common.rows import stack_rows, take_rows
from ganaug.common.shares import check_weights
from ganaug.common.state import rollback_on_error
from ganaug.common.warnings import warn_user
from ganaug.common.wording import abridged
from ganaug.models.continuation import ContinuationMixin, Networks, check_same_classes, networks_of, open_training_file
from ganaug.models.data import CheckedData, EncodedData, Encoder
from ganaug.models.devices import DevicesMixin
from ganaug.models.drawing import DrawingMixin
from ganaug.models.persistence import NETWORKS, PersistenceMixin
from ganaug.models.scoring import ScoringMixin, class_index
from ganaug.models.sklearn_callbacks import CallbackSupportMixin, SklearnCallbacks, has_callbacks, with_callbacks
from ganaug.models.time_check import TimeCheck
from ganaug.models.torch_state import copy_weights, seeded_networks, torch_threads
from ganaug.selection import CandidateSelection, Refusal
from ganaug.training import (
    EMA,
    SCHEDULES,
    AdaptiveAugmentation,
    Adversarial,
    AdversarialLoss,
    AdversarialSettings,
    BalancedBatches,
    Callback,
    CompactRows,
    EarlyStopping,
    Prior,
    ProgressBar,
    SlicedWasserstein,
    TrainingState,
    train,
)

# A class of fewer samples does not show how its samples vary, and the user is warned.
_FEW = 6

Self = TypeVar("Self", bound="ConditionalGAN")
Measure = Callable[[nn.Module], dict[str, float]]


class TrainingData(NamedTuple):
    """What a fit starts from."""

    model: "ConditionalGAN"  # not fitted to these data yet
    data: CheckedData
    labels: NDArray
    is_one_hot: bool
    sample_weight: NDArray | None


class ConditionalGAN(
    ScoringMixin,
    DrawingMixin,
    PersistenceMixin,
    ContinuationMixin,
    DevicesMixin,
    CallbackSupportMixin,
    BaseEstimator,
    ABC,
):
    """A conditional GAN as a scikit-learn estimator: `fit(X, y)`, then `sample(y)`.

    A subclass gives the constructor, with the parameters that this class uses (`loss`, `penalty`, `gamma`,
    `penalty_every`, `n_critic`, `learning_rate`, `ema`, `batch_size`, `n_steps`, `max_time`, `patience`,
    `random_state`, `device`, `precision`, `verbose`, `callbacks`, `checkpoint`), and the abstract methods below.
    """

    loss: str | AdversarialLoss
    penalty: str
    gamma: float | str
    penalty_every: int
    n_critic: int | str
    learning_rate: float | str
    ema: float | str
    batch_size: int | str
    n_steps: int | str
    max_time: float | None
    patience: int | None
    random_state: int | np.random.RandomState | None
    precision: Any
    verbose: int
    callbacks: Sequence[Callback] | None
    # Rows that the discriminator sees together (PacGAN).
    pac: int = 1
    # Whether training continues from the networks of the previous fit.
    warm_start: bool = False
    # Parameters that a model may have beside those above; see `AdversarialSettings`.
    discriminator_learning_rate: float | None = None
    optimizer: str = "auto"
    weight_decay: float = 0.0
    schedule: str = "constant"
    label_smoothing: float = 0.0
    discriminator_warmup: int = 0
    orthogonal: float = 0.0
    # Of Adam; None takes those of the loss.
    betas: tuple[float, float] | None = None

    # Parameters from which networks and prior are built. Their values at fit hold until the next fit.
    _network_parameters: ClassVar[tuple[str, ...]] = ()
    # Learned attributes that a new fit deletes first, so that a fit that fails leaves nothing that looks fitted.
    _deleted_by_fit: ClassVar[tuple[str, ...]] = (*NETWORKS, "history_")
    # Whether a file holds the discriminator, without which a loaded model cannot continue training.
    _stores_discriminator: ClassVar[bool] = False
    # Threads of torch's operations on the CPU; None keeps torch's setting. A model of small networks sets 1.
    _n_threads: ClassVar[int | None] = None
    # Rows are decoded in chunks of this size, so that a million rows need little memory besides their own.
    _n_decoded: int = 64 * 1024
    # Whether training ends with the weights that measured best instead of the last ones.
    _keep_best: ClassVar[bool] = False

    target_name_: str | None
    n_features_in_: int
    encoder_: Any
    prior_: Prior

    @abstractmethod
    def check_data(self, X: Any) -> CheckedData:
        """Validate features and parameters, and set `n_features_in_`; errors say what is wrong and how to mend it."""

    @abstractmethod
    def _fit_encode(self, checked: CheckedData, y: np.ndarray) -> tuple[Encoder, Tensor | CompactRows]:
        """Return an encoder that is fitted to the training data, `y` a class index for each row; and these encoded."""

    @abstractmethod
    def _fit_prior(self, data: EncodedData, generator: torch.Generator) -> tuple[Prior, nn.Module | None]:
        """Return what the generator starts from, and a network whose weights it begins with, or None."""

    @abstractmethod
    def _build(self, params: Mapping[str, Any], rng: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Build generator and discriminator for `encoder_` and `classes_`.

        `params` holds the values of `_network_parameters`; `rng` is for random draws during training.
        """

    @abstractmethod
    def _budget(self) -> tuple[int, int]:
        """Return (n_steps, batch_size), with values in place of "auto"."""

    @abstractmethod
    def _store(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Describe encoder and prior as JSON-able data and arrays."""

    @abstractmethod
    def _restore(self, description: dict[str, Any], arrays: dict[str, np.ndarray]) -> tuple[Encoder, Prior]:
        """Restore encoder and prior from what `_store` returned; malformed input raises ValueError."""

    def _fit_conditions(self, checked: CheckedData, y: np.ndarray) -> Tensor | None:
        """Return the number of the condition that networks are given for each row; None is its class index `y`."""
        return None

    def _augment(self, rng: torch.Generator, batch_size: int) -> AdaptiveAugmentation | None:
        """Return the augmentation of all that the discriminator sees; none by default."""
        return None

    def _default_callbacks(self, generator: nn.Module) -> list[Callback]:
        """Return callbacks of the model itself, which are called after those of the user."""
        return [TimeCheck(self._noun)]

    def _train_validation_split(self, data: EncodedData, generator: torch.Generator) -> tuple[EncodedData, EncodedData]:
        """Return the training split, and the validation split on which training is measured; by default both all."""
        return data, data

    def _measure(self, data: EncodedData, *, generator: torch.Generator, device: torch.device) -> Measure:
        """Return what measures synthetic rows during training."""
        return SlicedWasserstein(*data[:2], self.prior_, generator=generator, device=device)

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self: Self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on all classes; every batch holds the same number of samples of each class.

        Parameters
        ----------
        X : array-like of shape (n_rows, ...)
            Training data: a table of shape (n_rows, n_columns) for `TabularGAN`; images of shape (n_images, height,
            width) or (n_images, height, width, channels) for `ImageGAN`.
        y : array-like of shape (n_rows,)
            Class labels: text, integers, booleans, dates or categories.
        sample_weight : array-like of shape (n_rows,), default=None
            What each row counts within its class, at least 0: the training draws it in proportion. None: all the same.

        Returns
        -------
        self
            Fitted.

        Raises
        ------
        ValueError
            If X or y is not of the form above, if they differ in length, if X holds infinite values, or if a parameter
            is out of its range.

        Warns
        -----
        UserWarning
            If a class has fewer than 6 samples, and if training diverged and went back to its last good weights.
        """
        return self._fit_new(X, y, sample_weight)

    def _fit_new(self: Self, X: Any, y: Any, sample_weight: Any, **more: Any) -> Self:
        with rollback_on_error(self, self.warm_start):
            previous = self._delete_previous_fit()
            self._fit(self.check_data(X)._replace(**more), y, previous, sample_weight)
        self.end_checkpoint()
        return self

    @with_callbacks
    def fit_checked(self, checked: CheckedData, y: Any, sample_weight: Any = None) -> EncodedData:
        """Fit as `fit` does, to data that `check_data` returned, and return the encoded training data.

        For resamplers: data are validated once and encoded once, however many steps need them.

        Parameters
        ----------
        checked : CheckedData
            What `check_data` of this model returned.
        y : array-like of shape (n_rows,)
            Class labels.
        sample_weight : array-like of shape (n_rows,), default=None
            As in `fit`.

        Returns
        -------
        EncodedData
            The training data, as `selection_for` takes them.
        """
        with rollback_on_error(self, self.warm_start):
            return self._fit(checked, y, self._delete_previous_fit(), sample_weight)

    def _delete_previous_fit(self) -> Networks | None:
        """Delete the networks of a previous fit; return them where a warm start continues from them."""
        networks = networks_of(self)
        for name in self._deleted_by_fit:
            if hasattr(self, name):
                delattr(self, name)
        return networks

    def _fit_here(self, checked: CheckedData, y: Any, previous: Networks | None, sample_weight: Any) -> EncodedData:
        given = label_of_each_row(y)
        check_classes(given)
        labels, index, counts = np.unique(given, return_inverse=True, return_counts=True)
        check_lengths(checked.X, index)
        weights = None if sample_weight is None else torch.from_numpy(check_weights(sample_weight, given))
        if previous is not None:
            check_same_classes(self.classes_, labels, self._noun)
        self.target_name_ = name_of(y)
        self.classes_ = labels
        self.network_params_ = self._params_of_networks()
        conditions = self._fit_conditions(checked, index)
        seed = draw_seed(self.random_state)
        self.__dict__.pop("_training_file", None)
        if (opened := open_training_file(self, checked, index, weights, conditions, seed, previous)) is not None:
            self._training_file, seed = opened, opened.seed
        self.seed_ = processes.from_first(seed)
        rng = torch.Generator().manual_seed(self.seed_)
        with phase("encoding", show=bool(self.verbose)):
            self.encoder_, rows = self._fit_encode(checked, index)
        begin_phase("training", show=bool(self.verbose))
        partners = None if checked.partners is None else torch.from_numpy(checked.partners)
        data = EncodedData(rows, torch.from_numpy(index), weights, conditions, partners)
        few = {label: int(n) for label, n in zip(labels.tolist(), counts, strict=True) if n < _FEW}
        if few:
            shown = abridged(list(few.items()), 5, lambda of: f"{of[0]!r}: {of[1]}")
            warn_user(
                f"Too few {self._noun} to learn how they vary within a class: {{{shown}}}. The synthetic {self._noun} "
                "of these classes will be close to the real ones. To add none, leave the classes out of "
                "sampling_strategy."
            )
        with torch_threads(self._n_threads):
            self.prior_, decoder = self._fit_prior(data, rng)
            self._train(data, rng, (decoder, None) if previous is None else previous)
        return data

    def _params_of_networks(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._network_parameters}

    def _train(self, data: EncodedData, rng: torch.Generator, initial: Networks) -> None:
        fabric = self._fabric()
        on_device = torch.Generator(fabric.device).manual_seed(self.seed_ + 1)
        with seeded_networks(self.seed_):
            generator, discriminator = self._build(self.network_params_, on_device)
        for network, trained in zip((generator, discriminator), initial, strict=True):
            if trained is not None:
                copy_weights(trained, network)
        n_steps, batch_size = self._budget()
        training, validation = self._train_validation_split(data, rng)
        settings = AdversarialSettings(
            loss=self.loss,
            penalty=self.penalty,
            gamma=self.gamma,
            penalty_every=self.penalty_every,
            n_critic=self.n_critic,
            learning_rate=self._learning_rate(),
            discriminator_learning_rate=self.discriminator_learning_rate,
            optimizer=self.optimizer,
            betas=self.betas,
            weight_decay=self.weight_decay,
            label_smoothing=self.label_smoothing,
            discriminator_warmup=self.discriminator_warmup,
            pac=self.pac,
            orthogonal=self.orthogonal,
            matching=self._matching(),
        )
        augment = self._augment(on_device, batch_size)
        options: dict[str, Any] = {"fabric": fabric, "rng": on_device, "augment": augment}
        game = self._game(generator, discriminator, settings, training, **options)
        # "auto" remembers the last fifth of the run, whatever its length
        average = EMA(generator, 1 - 5 / (5 + n_steps) if isinstance(self.ema, str) else self.ema)
        self.generator_, self.discriminator_ = average.module, discriminator
        callbacks = [*(self.callbacks or []), *self._default_callbacks(generator)]
        if self.patience is not None:
            callbacks.append(EarlyStopping(patience=self.patience))
        if has_callbacks(self):
            callbacks.append(SklearnCallbacks(self))
        if self.verbose:
            callbacks.append(ProgressBar())
        batches = BalancedBatches(
            *training[:2],
            self.prior_,
            batch_size=batch_size,
            pac=self.pac,
            generator=rng,
            device=fabric.device,
            weights=training.weights,
            conditions=training.conditions,
            partners=training.partners,
        )
        measure = self._measure(validation.drawn(rng), generator=rng, device=fabric.device)
        try:
            self.history_ = train(
                TrainingState(game.phases(), average, batches, game),
                fabric=fabric,
                n_steps=n_steps,
                max_time=self._max_time(),
                callbacks=callbacks,
                measure=measure,
                keep_best=self._keep_best,
                save=self.save,
                schedule=None if self.schedule == "constant" else SCHEDULES[self.schedule],
                previews=self._previews(data),
                stage=self._stage("training"),
            )
        finally:  # also where the user interrupts it and uses what has been learned
            discriminator.eval().requires_grad_(False)
        self._check_training(measure)

    def _game(
        self, one: nn.Module, other: nn.Module, settings: AdversarialSettings, data: EncodedData, **options: Any
    ) -> Adversarial:
        """Return the objectives of generator and discriminator, given the rows that they are trained on."""
        return Adversarial(one, other, settings, **options)

    def _check_training(self, measure: Measure) -> None:
        """Warn if the trained generator is of no use; nothing by default."""

    def _matching(self) -> Mapping[str, float]:
        """Return the terms of the generator's objective beside the loss, and their weights; none by default."""
        return {}

    def _learning_rate(self) -> float:
        """Return the learning rate of the adversarial training, with a value in place of "auto"."""
        return float(self.learning_rate)

    def _max_time(self) -> float | None:
        """Return the limit of the adversarial training in seconds."""
        return self.max_time

    def sample(
        self,
        y: Any,
        random_state: int | np.random.RandomState | None = None,
        *,
        selection: CandidateSelection | None = None,
        given: Mapping[Any, Any] | None = None,
    ) -> Any:
        """Generate one row for each label.

        Parameters
        ----------
        y : array-like of shape (n_rows,)
            The requested class of each row, a label seen in `fit`.
        random_state : int, RandomState or None, default=None
            Seed of the rows. None continues from the seed of `fit`, so that the same call gives the same rows. Pass an
            integer to get other rows.
        selection : CandidateSelection or None, default=None
            From `selection_for`: each row is chosen among several candidates. None takes every row as it is generated.
        given : dict or None, default=None
            For tables: column -> cell, or a list of cells, one for each row. The rows have exactly these cells, and the
            generator gives the others to fit: several candidates with anchors that fit are generated for each row
            (`prior`), and one whose own cells are near the given ones is chosen. For images of a model that was fitted
            with attributes: attribute -> level, or a list of levels; others are as images of the class have them.

        Returns
        -------
        X : same container and dtypes as in `fit`, n_rows rows
            Without `selection`, a row depends on its label, its position in `y` and the seed, and not on the number of
            rows requested.

        Raises
        ------
        ValueError
            If a label was not seen in `fit`, if a cell of `given` is not legal in its column, or if the model takes no
            `given`, or it is combined with `selection`.
        """
        if given:
            if selection is not None:
                raise ValueError("sample takes either selection or given; leave one of them out")
            return self._sample_given(y, given, random_state)
        return stack_rows(self.sample_parts(y, random_state, selection=selection), np.size(y))

    def sample_parts(
        self,
        y: Any,
        random_state: int | np.random.RandomState | None = None,
        *,
        selection: CandidateSelection | None = None,
        record: Callable[[NDArray, NDArray], None] | None = None,
    ) -> Iterator[Any]:
        """Generate what `sample` returns in parts, so that not all of it has to be in memory.

        Parameters
        ----------
        y, random_state, selection
            As in `sample`.
        record : callable (array of shape (n, width), array of shape (n,)) -> None, or None, default=None
            Is called with the encoded rows of each part and their class indices.

        Yields
        ------
        X : same container and dtypes as in `fit`
            The next rows; of a table some ten thousand at a time.

        Warns
        -----
        UserWarning
            At the end, if rows equal a single training row or break a rule, because too few others were generated.
        """
        check_is_fitted(self, "generator_")
        requested = np.asarray(y)
        if requested.ndim != 1:
            raise ValueError(f"y must have one dimension, a label for each requested row; got shape {requested.shape}")
        seed = self.seed_ if random_state is None else draw_seed(random_state)
        rng, choosing = torch.Generator().manual_seed(seed + 2), np.random.default_rng(seed)
        n_candidates = selection.n_candidates if selection is not None else 1
        n_rows, renew = self._n_decoded // n_candidates, self._renewal(seed)
        n_refused = np.zeros(len(Refusal), dtype=int)
        for first in range(0, max(len(requested), 1), n_rows):
            index = class_index(self.classes_, requested[first : first + n_rows])
            # for rows drawn again; they do not change the rows that follow
            spare_seed = seed + 3 + first
            with torch_threads(self._n_threads):
                if selection is None:
                    synthetic = self._generate_rows(torch.from_numpy(index), rng, spare_seed)
                    features = None if record is None else self._encode(synthetic)[:].flatten(1).numpy()
                else:
                    synthetic, features, classes, refused = self._draw_candidates(index, selection, rng, spare_seed)
                    chosen = selection.choose(features, classes, index, choosing, refused)
                    synthetic, features = take_rows(synthetic, chosen), features[chosen]
                    n_refused += np.bincount(refused[chosen], minlength=len(Refusal))
                if record is not None and features is not None:
                    record(features, index)
            yield renew(synthetic, index)
        self._warn_of_refused(n_refused)

    def _renewal(self, seed: int) -> Callable[[Any, NDArray[np.intp]], Any]:
        """Return what gives the chosen rows of one call, of these classes, the cells that no network generates."""
        return lambda synthetic, index: synthetic

    def _encode(self, X: Any) -> Tensor | CompactRows:
        """Encode to rows that networks take, or that become so where they are indexed."""
        return self.encoder_.encode(X).float()
