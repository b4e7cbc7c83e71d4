"""The path every model takes: encode, train adversarially on all classes, sample the classes asked for, decode."""

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
import pandas as pd
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import _safe_indexing
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from ganaug._version import __version__
from ganaug.common.containers import stack_rows
from ganaug.common.files import replacing
from ganaug.common.random import draw_seed
from ganaug.common.serialization import from_json, to_json
from ganaug.common.state import rollback_on_error
from ganaug.common.warnings import warn_user
from ganaug.models.sklearn_callbacks import CallbackSupportMixin, SklearnCallbacks, with_callbacks
from ganaug.selection import CandidateSelection, by_cleaner, by_forest, by_neighbors, n_candidates, without_copies
from ganaug.training import (
    EMA,
    AdaptiveAugmentation,
    Adversarial,
    AdversarialSettings,
    BalancedBatches,
    Callback,
    CompactRows,
    EarlyStopping,
    Previews,
    Prior,
    ProgressBar,
    SlicedWasserstein,
    TrainingState,
    train,
)

# Below this a class is too small to show how its rows vary; the user is told.
_TINY = 6
_FORMAT = 1
# Networks are built with torch's global generator seeded and put back; two threads must not do so at once.
_building = threading.Lock()

# Of Lightning Fabric.
DEVICES = {"auto", "cpu", "gpu", "cuda", "mps", "tpu"}

Self = TypeVar("Self", bound="ConditionalGAN")
Measure = Callable[[nn.Module], dict[str, float]]
# Encoded rows, as a tensor or stored, and the class index of each.
Labelled = tuple[Any, Tensor]


class Encoder(Protocol):
    """Data to tensors and back; `decode(encode(X))` is X."""

    def encode(self, X: Any) -> Tensor:
        """Encode to a tensor whose first dimension is rows."""
        ...

    def decode(self, encoded: Tensor) -> Any:
        """Decode to the container and dtypes that were fitted."""
        ...

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return a JSON-able description and arrays, from which the encoder can be restored."""
        ...


class ConditionalGAN(CallbackSupportMixin, BaseEstimator, ABC):
    """A conditional GAN as a scikit-learn estimator: `fit(X, y)`, then `sample(y)`.

    A subclass gives the constructor, with the parameters this class uses (`loss`, `penalty`, `gamma`,
    `penalty_every`, `n_critic`, `learning_rate`, `ema`, `batch_size`, `n_steps`, `max_time`, `patience`,
    `random_state`, `device`, `precision`, `verbose`, `callbacks`), and the hooks below.
    """

    loss: str
    penalty: str
    gamma: float | str
    penalty_every: int
    n_critic: int | str
    learning_rate: float
    ema: float | str
    batch_size: int | str
    n_steps: int | str
    max_time: float | None
    patience: int | None
    random_state: int | np.random.RandomState | None
    device: str
    precision: Any
    verbose: int
    callbacks: Sequence[Callback] | None
    classes_: np.ndarray

    # Rows that the discriminator judges together (PacGAN).
    pac: int = 1
    # Whether training goes on from the networks of the fit before.
    warm_start: bool = False
    # Whether a file holds the discriminator too, without which a loaded model cannot go on training.
    _stores_discriminator: ClassVar[bool] = False
    # Parameters that networks and prior are built from: the values of fit hold for them until the next one.
    _built_from: ClassVar[tuple[str, ...]] = ()
    # What rows are called to the user.
    _rows: ClassVar[str] = "rows"
    # Of Adam; None takes those of the loss.
    betas: tuple[float, float] | None = None
    # Threads of a network's operations on the CPU; None leaves torch's setting. A model of small networks sets 1.
    _n_threads: ClassVar[int | None] = None
    # What `selection="auto"` means for this kind of data: a name `selection_for` takes, or None.
    _selection: ClassVar[str | None] = None
    # Rows are generated this many at a time, whatever number is asked for: the same row then always comes out of a
    # computation of the same shape, bit for bit.
    _n_generated: ClassVar[int] = 1024
    # And decoded this many at a time, so that a million rows need memory for themselves and little more.
    _n_decoded: int = 64 * 1024
    # Whether training ends with the weights that measured best rather than with the last.
    _keep_best: ClassVar[bool] = False
    _models: ClassVar[dict[str, type["ConditionalGAN"]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        ConditionalGAN._models[cls.__name__] = cls

    @abstractmethod
    def _check_X(self, X: Any) -> Any:
        """Validate the features' form; return what the encoder takes."""

    @abstractmethod
    def _fit_encoder(self, X: Any, y: np.ndarray) -> Encoder:
        """Fit an encoder to the training data, `y` a class index for each row."""

    @abstractmethod
    def _fit_prior(self, rows: Any, y: Tensor, generator: torch.Generator) -> Prior:
        """Make what the generator starts from."""

    @abstractmethod
    def _build(self, n_classes: int, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Build generator and discriminator for `encoder_`; `generator` is for rng during training."""

    @abstractmethod
    def _budget(self) -> tuple[int, int]:
        """Return (n_steps, batch_size), working out what is "auto"."""

    def _augment(self, rng: torch.Generator, batch_size: int) -> AdaptiveAugmentation | None:
        """Return what is done to all that the discriminator sees; nothing by default."""
        return None

    def _default_callbacks(self) -> list[Callback]:
        """Return what watches training beside the callbacks of the user; nothing by default."""
        return []

    def _drawer(self) -> Callable[[int], NDArray] | None:
        """Return what draws a sheet of generated rows, see `Previews`; None, the default, where rows are no pictures."""
        return None

    def _train_validation_split(self, rows: Any, y: Tensor, generator: torch.Generator) -> tuple[Labelled, Labelled]:
        """Return what to train on, and what to measure on how far it has come; all for both by default."""
        return (rows, y), (rows, y)

    def _measure(self, rows: Any, y: Tensor, *, generator: torch.Generator, device: torch.device) -> Measure:
        """Return what measures generated rows while training goes on."""
        return SlicedWasserstein(rows, y, self.prior_, generator=generator, device=device)

    @abstractmethod
    def _restore(self, description: dict[str, Any], arrays: dict[str, np.ndarray]) -> tuple[Encoder, Prior]:
        """Rebuild encoder and prior from what `_store` returned; malformed input raises ValueError."""

    @abstractmethod
    def _store(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Describe encoder and prior as JSON-able data and arrays."""

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self: Self, X: Any, y: Any) -> Self:
        """Train on all classes, each as often in a batch as the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, ...)
            Training data.
        y : array-like of shape (n_rows,)
            Class labels of any kind.

        Returns
        -------
        self
            Fitted.

        Warns
        -----
        UserWarning
            When a class has fewer than 6 rows, and when training diverged and was rolled back.
        """
        with rollback_on_error(self, self.warm_start):
            self._fit(X, y)
        return self

    def _fit(self, X: Any, y: Any) -> None:
        # learned by an earlier fit, should this one fail
        before = [self.__dict__.pop(learned, None) for learned in ("generator_", "discriminator_", "history_")]
        goes_on = self.warm_start and before[0] is not None
        known: list[Any] = self.classes_.tolist() if goes_on else []
        X = self._check_X(X)
        check_classification_targets(y)
        self.target_name_ = name if isinstance(name := getattr(y, "name", None), str) and name else None
        self.classes_, index, counts = np.unique(column_or_1d(y), return_inverse=True, return_counts=True)
        if len(index) != len(X):
            raise ValueError(f"Found input variables with inconsistent numbers of samples: {[len(X), len(index)]}")
        if goes_on and self.classes_.tolist() != known:
            raise ValueError(
                f"warm_start=True goes on with the classes {known}, and y has {self.classes_.tolist()}; give "
                f"{self._rows} of each under the same labels, or set warm_start=False to start afresh"
            )
        self._built = {name: getattr(self, name) for name in self._built_from}
        self.seed_ = draw_seed(self.random_state)
        rng = torch.Generator().manual_seed(self.seed_)
        self.encoder_ = self._fit_encoder(X, index)
        rows, labels = self._encode(X), torch.from_numpy(index)
        tiny = {label: int(n) for label, n in zip(self.classes_.tolist(), counts, strict=True) if n < _TINY}
        if tiny:
            warn_user(
                f"Too few {self._rows} to learn how a class varies: {tiny}. Its synthetic {self._rows} stay close to "
                "those it has; leave it out of the sampling strategy if that is not wanted."
            )
        with _threads(self._n_threads):
            self.prior_ = self._fit_prior(rows, labels, rng)
            self._train(rows, labels, rng, before[:2] if goes_on else [])

    def go_on_from(self: Self, fitted: Self) -> Self:
        """Take over what another model of the same kind has learned, for `fit` with ``warm_start=True`` to go on from.

        Parameters
        ----------
        fitted : same class
            It is left as it is; where it is not fitted, there is nothing to take over.

        Returns
        -------
        self
        """
        params = self.get_params(deep=False)
        self.__dict__.update({name: value for name, value in vars(fitted).items() if name not in params})
        return self

    def _train(
        self, rows: Tensor | CompactRows, y: Tensor, rng: torch.Generator, before: Sequence[nn.Module | None]
    ) -> None:
        fabric = self._fabric()
        on_device = torch.Generator(fabric.device).manual_seed(self.seed_ + 1)
        with seeded_networks(self.seed_):
            generator, discriminator = self._build(len(self.classes_), on_device)
        for network, trained in zip((generator, discriminator), before, strict=False):
            if trained is not None:
                _continue(network, trained)
        n_steps, batch_size = self._budget()
        trained_on, measured_on = self._train_validation_split(rows, y, rng)
        settings = AdversarialSettings(
            loss=self.loss,
            penalty=self.penalty,
            gamma=self.gamma,
            penalty_every=self.penalty_every,
            n_critic=self.n_critic,
            learning_rate=self.learning_rate,
            betas=self.betas,
            pac=self.pac,
        )
        augment = self._augment(on_device, batch_size)
        game = Adversarial(generator, discriminator, settings, fabric=fabric, rng=on_device, augment=augment)
        # "auto" remembers the last fifth of the run, whatever its length
        average = EMA(generator, 1 - 5 / (5 + n_steps) if isinstance(self.ema, str) else self.ema)
        self.generator_, self.discriminator_ = average.module, discriminator
        callbacks = [*(self.callbacks or []), *self._default_callbacks()]
        if self.patience is not None:
            callbacks.append(EarlyStopping(patience=self.patience))
        if getattr(self, "_skl_callbacks", None):
            callbacks.append(SklearnCallbacks(self))
        if self.verbose:
            callbacks.append(ProgressBar())
        batches = BalancedBatches(
            *trained_on, self.prior_, batch_size=batch_size, pac=self.pac, generator=rng, device=fabric.device
        )
        try:
            self.history_ = train(
                TrainingState(game.phases(), average, batches, game),
                fabric=fabric,
                n_steps=n_steps,
                max_time=self._max_time(),
                callbacks=callbacks,
                measure=self._measure(*measured_on, generator=rng, device=fabric.device),
                keep_best=self._keep_best,
                save=self.save,
                previews=self._views(rows, y),
            )
        finally:  # also for those who interrupt it and go on with what there is
            discriminator.eval().requires_grad_(False)

    def _max_time(self) -> float | None:
        """Seconds of adversarial training at most."""
        return self.max_time

    def _views(self, rows: Tensor | CompactRows, y: Tensor) -> Previews:
        labels = self.classes_.tolist()

        def real(n: int) -> dict[Any, Any]:
            rng = torch.Generator().manual_seed(self.seed_)
            members = [(y == index).nonzero().squeeze(1) for index in range(len(labels))]
            chosen = [own[torch.randperm(len(own), generator=rng)[:n]] for own in members]
            return {label: self.encoder_.decode(rows[own]) for label, own in zip(labels, chosen, strict=True)}

        def sample(n: int) -> dict[Any, Any]:
            made = self.sample(np.repeat(self.classes_, n))
            return {label: _safe_indexing(made, np.arange(i * n, i * n + n)) for i, label in enumerate(labels)}

        return Previews(real, sample, self._drawer())

    def _precision(self) -> Any:
        """Return what networks compute in, working out what is "auto"."""
        return self.precision

    def _fabric(self) -> Fabric:
        try:
            return Fabric(accelerator=self.device, devices=1, precision=self._precision())
        except (RuntimeError, ImportError) as error:
            raise ValueError(f"device={self.device!r} is not there; device='auto' takes what is: {error}") from error

    def selection_for(self, kind: Any, X: Any, y: Any, n_wanted: int) -> CandidateSelection | None:
        """Learn from training data how to choose among candidates, for `sample`.

        Parameters
        ----------
        kind : {"auto", "forest", "neighbors", "discriminator", None} or cleaner
            As `GANOversampler` takes it.
        X : as in `fit`
            Rows to learn from, the training rows or some of them.
        y : array-like of shape (n_rows,)
            Their labels.
        n_wanted : int
            How many rows will be asked for: the more, the fewer candidates there are for each.

        Returns
        -------
        CandidateSelection or None
            None where there is nothing to choose.
        """
        check_is_fitted(self, "generator_")
        kind = self._selection if isinstance(kind, str) and kind == "auto" else kind
        n_each = n_candidates(n_wanted)
        if kind is None or n_each == 1:
            return None
        rows, index = self._features(X), self._class_index(y).numpy()
        if not isinstance(kind, str):
            weigh = by_cleaner(kind, rows, index, n_each)
        elif kind == "discriminator":
            if not self._has_judge:
                raise ValueError(f"selection='discriminator' needs one of single {self._rows}: {self._why_no_judge}")
            weigh = self._judge
        else:
            weigh = {"forest": by_forest, "neighbors": by_neighbors}[kind](rows, index, self.seed_)
        return CandidateSelection(without_copies(weigh, rows, index), n_each)

    @property
    def _has_judge(self) -> bool:
        return self._built.get("pac", 1) == 1 and hasattr(self, "discriminator_")

    @property
    def _why_no_judge(self) -> str:
        pac = self._built.get("pac", 1)
        return f"pac={pac} judges {self._rows} together" if pac > 1 else "it was loaded, and its file holds none"

    def judge(self, X: Any, y: Any) -> NDArray:
        """Score rows by the discriminator: the higher, the more they look like real ones of their class to it.

        Parameters
        ----------
        X : as in `fit`
            Rows, real or generated.
        y : array-like of shape (n_rows,)
            Their classes, labels seen in `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
            Only differences mean something, between rows of one model.
        """
        check_is_fitted(self, "generator_")
        if not self._has_judge:
            raise ValueError(f"this model has no discriminator that judges single {self._rows}: {self._why_no_judge}")
        rows, index = self._features(X), self._class_index(y).numpy()
        if len(rows) != len(index):
            raise ValueError(f"Found input variables with inconsistent numbers of samples: {[len(rows), len(index)]}")
        return self._judge(rows, index)

    @torch.inference_mode()
    def _judge(self, rows: NDArray, y: NDArray) -> NDArray:
        # exp(score) is in proportion to the density of real rows over that of generated ones where the
        # discriminator is optimal, so that a draw by it corrects the generator (arXiv 1810.06758, section 3)
        device, size = next(self.generator_.parameters()).device, self._n_generated
        scores = []
        for part, labels in zip(torch.from_numpy(rows).split(size), torch.from_numpy(y).split(size), strict=True):
            judged = self.discriminator_(self._from_features(part).to(device), labels.to(device)).float().cpu()
            scores.append(judged if judged.ndim == 1 else judged.sum(1))
        return torch.cat(scores).numpy()

    def sample(
        self,
        y: Any,
        random_state: int | np.random.RandomState | None = None,
        *,
        selection: CandidateSelection | None = None,
    ) -> Any:
        """Generate one row for each label.

        Parameters
        ----------
        y : array-like of shape (n_rows,)
            The class wanted for each row, labels seen in `fit`.
        random_state : int, RandomState or None, default=None
            None continues from the seed of `fit`: the same call gives the same rows. Pass an integer for other rows.
        selection : CandidateSelection or None, default=None
            Of `selection_for`: the rows are chosen among several candidates. None takes rows as they come.

        Returns
        -------
        X : same container and dtypes as in `fit`, n_rows rows
            Without `selection`, a row depends on its label, its place in `y` and the seed, not on how many rows are
            asked for at once.

        Raises
        ------
        ValueError
            If a label was not seen in `fit`.
        """
        return stack_rows(self.sample_parts(y, random_state, selection=selection), np.size(y))

    def sample_parts(
        self,
        y: Any,
        random_state: int | np.random.RandomState | None = None,
        *,
        selection: CandidateSelection | None = None,
    ) -> Iterator[Any]:
        """Generate what `sample` returns part by part, so that the whole need not be in memory.

        Parameters
        ----------
        y, random_state, selection
            As in `sample`.

        Yields
        ------
        X : same container and dtypes as in `fit`
            The next rows, some tens of thousands of a table.
        """
        check_is_fitted(self, "generator_")
        wanted = np.asarray(y)
        if wanted.ndim != 1:
            raise ValueError(f"y must have one dimension, one label for each row wanted; got shape {wanted.shape}")
        seed = self.seed_ if random_state is None else draw_seed(random_state)
        rng, choosing = torch.Generator().manual_seed(seed + 2), np.random.default_rng(seed)
        each = selection.n_candidates if selection is not None else 1
        n_rows = self._n_decoded // each
        for first in range(0, max(len(wanted), 1), n_rows):
            candidates = self._class_index(wanted[first : first + n_rows]).repeat_interleave(each)
            with _threads(self._n_threads):
                made = self.encoder_.decode(self._generate(candidates, rng))
                if selection is not None:
                    # judged as they will be seen: one level of each category, whole numbers whole
                    chosen = selection.choose(self._features(made), candidates.numpy(), choosing)
                    made = _safe_indexing(made, chosen)
            yield made

    def _encode(self, X: Any) -> Tensor | CompactRows:
        """Encode to rows that networks see, or that become so where they are taken out."""
        return self.encoder_.encode(X).float()

    def _features(self, X: Any) -> NDArray:
        """Return what rows are chosen by, of shape (n_rows, n_features)."""
        return self._encode(X)[:].flatten(1).numpy()

    def _from_features(self, rows: Tensor) -> Tensor:
        """Return what networks see of rows that `_features` made flat."""
        return rows

    def _class_index(self, y: Any) -> Tensor:
        labels = np.asarray(y)
        index = pd.Index(self.classes_).get_indexer(pd.Index(labels))
        if (index < 0).any():
            unknown = pd.unique(labels[index < 0])[:3].tolist()
            raise ValueError(f"y has labels not seen in fit: {unknown}; known are {self.classes_.tolist()}")
        return torch.from_numpy(index)

    def _sampled_from(self) -> Prior:
        """Return what samples start from."""
        return self.prior_

    def _generate(self, y: Tensor, rng: torch.Generator) -> Tensor:
        parts = []
        for labels in y.split(self._n_generated):
            padded = torch.cat([labels, labels.new_zeros(self._n_generated - len(labels))])
            start = self._sampled_from().draw(padded, rng)
            parts.append(self._answer(padded, start)[: len(labels)])
        return torch.cat(parts)

    @torch.inference_mode()
    def _answer(self, y: Tensor, start: tuple[Tensor, ...]) -> Tensor:
        """Return what the generator makes of classes and what it starts from, encoded, on the CPU."""
        device = next(self.generator_.parameters()).device
        self.generator_.eval()
        return self.generator_(y.to(device), *(part.to(device) for part in start)).float().cpu()

    def __getstate__(self) -> dict[str, Any]:
        # torch does not pickle networks with spectral norm, only their weights
        state = dict(super().__getstate__())
        for name in ("generator_", "discriminator_"):
            if name in state and any(map(is_parametrized, state[name].modules())):
                state[name] = state[name].state_dict()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        weights = [self.__dict__.get(name) for name in ("generator_", "discriminator_")]
        if any(isinstance(part, dict) for part in weights):
            for name, network, part in zip(("generator_", "discriminator_"), self._rebuilt(), weights, strict=True):
                if isinstance(part, dict):
                    network.load_state_dict(part, assign=True)
                    setattr(self, name, network.eval().requires_grad_(False))

    def _rebuilt(self) -> tuple[nn.Module, nn.Module]:
        """Build networks like those of fit, whatever parameters were set since.

        On the meta device a network has shapes and no memory: forged sizes are refused before they cost anything.
        """
        now = {name: getattr(self, name) for name in self._built}
        self.__dict__.update(self._built)
        try:
            with torch.device("meta"):
                return self._build(len(self.classes_), torch.Generator("cpu"))
        finally:
            self.__dict__.update(now)

    def save(self, path: str | Path) -> None:
        """Store the fitted model in one file: weights as safetensors, all else as JSON within; no code.

        The file is written beside `path` and moved into place. It holds values of the training data: categories, up
        to a thousand quantiles of each numeric column, and with ``prior="neighbors"`` whole rows (the anchors). Share
        it only with those who may see the data.

        Parameters
        ----------
        path : str or Path
            Where to store it; an existing file is replaced.
        """
        check_is_fitted(self, "generator_")
        description, arrays = self._store()
        params = self.get_params(deep=False) | self._built
        for name in ("callbacks", "random_state", "device", "verbose"):
            del params[name]
        header = {
            "format": _FORMAT,
            "ganaug": __version__,
            "model": type(self).__name__,
            "params": {name: _plain(value, name) for name, value in params.items()},
            "classes": {"dtype": self.classes_.dtype.str, "values": _plain(self.classes_, "y")},
            "seed": self.seed_,
            "n_features_in": self.n_features_in_,
            "feature_names_in": getattr(self, "feature_names_in_", np.array([])).tolist(),
            "target_name": self.target_name_,
            "description": description,
        }
        tensors = {f"network.{name}": weight.cpu() for name, weight in self.generator_.state_dict().items()}
        if self._stores_discriminator:
            tensors |= {f"judge.{name}": weight.cpu() for name, weight in self.discriminator_.state_dict().items()}
        tensors |= {f"array.{name}": torch.from_numpy(np.ascontiguousarray(a)) for name, a in arrays.items()}
        tensors["json"] = torch.frombuffer(bytearray(json.dumps(header).encode()), dtype=torch.uint8)
        with replacing(path) as beside:
            save_file(tensors, beside, metadata={"format": "ganaug"})

    @classmethod
    def load(cls: type[Self], path: str | Path) -> Self:
        """Read a model that `save` stored; it samples the same rows as before.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        model
            Fitted, on the CPU.

        Raises
        ------
        ValueError
            If the file is cut short, not a ganaug model, of another kind, or from a newer version.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(f"No model file at {str(path)!r}")
        try:
            tensors = load_file(path)
            header = json.loads(tensors.pop("json").numpy().tobytes())
            version = header["format"]
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{str(path)!r} is not a whole ganaug model file: {error}") from error
        if version != _FORMAT:
            raise ValueError(
                f"{str(path)!r} has format {version!r}, written by ganaug {header.get('ganaug')}; this is ganaug "
                f"{__version__}, which reads format {_FORMAT}. Upgrade ganaug to read it."
            )
        try:
            return cls._revive(header, tensors)
        except (LookupError, TypeError, ValueError, AttributeError, RuntimeError, OverflowError) as error:
            raise ValueError(f"{str(path)!r} is damaged or was not written by ganaug: {error}") from error

    @classmethod
    def _revive(cls: type[Self], header: dict[str, Any], tensors: dict[str, Tensor]) -> Self:
        kind = ConditionalGAN._models[header["model"]]
        if not issubclass(kind, cls):
            raise ValueError(f"it holds a {kind.__name__}, not a {cls.__name__}")
        model = kind(**{name: _unplain(value) for name, value in header["params"].items()})
        model._validate_params()
        model._built = {name: getattr(model, name) for name in kind._built_from}
        arrays = {name[6:]: t.numpy() for name, t in tensors.items() if name.startswith("array.")}
        weights, judge = (
            {name[len(prefix) :]: t for name, t in tensors.items() if name.startswith(prefix)}
            for prefix in ("network.", "judge.")
        )
        if not all(weight.isfinite().all() for weight in [*weights.values(), *judge.values()]):
            raise ValueError("a weight is not finite")
        dtype = np.dtype(header["classes"]["dtype"])
        model.classes_ = np.array(_unplain(header["classes"]["values"]), dtype=dtype)
        model.target_name_ = header["target_name"]
        if not isinstance(model.target_name_, str | None):
            raise ValueError(f"the target's name is {model.target_name_!r}")
        model.seed_ = int(header["seed"])
        model.n_features_in_ = int(header["n_features_in"])
        if header["feature_names_in"]:
            model.feature_names_in_ = np.array(header["feature_names_in"], dtype=object)
        model.encoder_, model.prior_ = model._restore(header["description"], arrays)
        model.generator_, discriminator = model._rebuilt()
        model.generator_.load_state_dict(weights, assign=True)
        model.generator_.eval().requires_grad_(False)
        if kind._stores_discriminator:
            discriminator.load_state_dict(judge, assign=True)
            model.discriminator_ = discriminator.eval().requires_grad_(False)
        model.sample(model.classes_)
        return model


@contextmanager
def seeded_networks(seed: int) -> Iterator[None]:
    """Seed torch's global generator of the CPU, where networks are built, and put it back."""
    with _building, torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


def group_by_prefix(arrays: dict[str, np.ndarray], rooms: Sequence[str]) -> dict[str, dict[str, np.ndarray]]:
    """Sort arrays by what stands before the first dot of their names; other names raise KeyError."""
    stored: dict[str, dict[str, np.ndarray]] = {room: {} for room in rooms}
    for name, array in arrays.items():
        room, _, name = name.partition(".")
        stored[room][name] = array
    return stored


def _continue(network: nn.Module, trained: nn.Module) -> None:
    try:
        network.load_state_dict(trained.state_dict())
    except RuntimeError as error:
        raise ValueError(
            f"warm_start=True, and the networks of the fit before have other sizes (other parameters, classes or shape "
            f"of X); set warm_start=False to start afresh. {error}"
        ) from error


class _Threads:
    """Who holds torch's number of threads down, and what it was before: Python threads may fit at the same time."""

    lock = threading.Lock()
    n_holders = 0
    before = 1


@contextmanager
def _threads(n: int | None) -> Iterator[None]:
    if n is None:
        yield
        return
    with _Threads.lock:
        if not _Threads.n_holders:
            _Threads.before = torch.get_num_threads()
        _Threads.n_holders += 1
    torch.set_num_threads(n)
    try:
        yield
    finally:
        with _Threads.lock:
            _Threads.n_holders -= 1
        torch.set_num_threads(_Threads.before)


def _plain(value: Any, name: str) -> Any:
    """Write a parameter, or several values, in JSON's terms, types included."""
    if isinstance(value, (list, tuple, set, np.ndarray, pd.Index, pd.Series)):
        items = value.tolist() if isinstance(value, np.ndarray) else list(value)
        return {"items": [to_json(item, name) for item in items]}
    return to_json(value, name)


def _unplain(plain: Any) -> Any:
    """Read what `_plain` wrote; several values as a list."""
    return (
        [from_json(item) for item in plain["items"]]
        if isinstance(plain, dict) and "items" in plain
        else from_json(plain)
    )
