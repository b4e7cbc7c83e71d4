"""The path every model takes: encode, train adversarially on all classes, sample the classes asked for, decode."""

import json
import threading
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
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
from sklearn.utils.validation import check_is_fitted, check_random_state
from torch import Tensor, nn

from ganaug import __version__
from ganaug.datasets.containers import stack_rows
from ganaug.datasets.files import replacing
from ganaug.encoders.plain import cell, plain_cell
from ganaug.selection import Selection, by_cleaner, by_forest, by_neighbors, n_candidates, without_copies
from ganaug.training.callbacks import Callback, EarlyStopping, ProgressBar
from ganaug.training.distance import SlicedWasserstein
from ganaug.training.priors import Prior
from ganaug.training.trainer import Average, Batches, adversarial_phases, train

# Rows are generated this many at a time, whatever number is asked for: the same row then always comes out of a
# computation of the same shape, bit for bit.
_CHUNK = 1024
# And decoded this many at a time, so that a million rows need memory for themselves and little more.
_DECODED = 64 * _CHUNK
# Below this a class is too small to show how its rows vary; the user is told.
_TINY = 6
_FORMAT = 1
# Networks are built with torch's global generator seeded and put back; two threads must not do so at once.
_building = threading.Lock()

Self = TypeVar("Self", bound="ConditionalGAN")


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


class ConditionalGAN(BaseEstimator, ABC):
    """A conditional GAN as a scikit-learn estimator: `fit(X, y)`, then `sample(y)`.

    A subclass gives the constructor, with the parameters this class uses (`loss`, `penalty`, `gamma`,
    `penalty_every`, `n_critic`, `learning_rate`, `ema`, `pac`, `batch_size`, `n_steps`, `max_time`, `patience`,
    `random_state`, `device`, `precision`, `verbose`, `callbacks`), and the hooks below.
    """

    loss: str
    penalty: str
    gamma: float | str
    penalty_every: int
    n_critic: int | str
    learning_rate: float
    ema: float
    pac: int
    batch_size: int | str
    n_steps: int | str
    max_time: float | None
    patience: int | None
    random_state: int | np.random.RandomState | None
    device: str
    precision: Any
    verbose: int
    callbacks: Sequence[Callback] | None

    # Threads of a network's operations on the CPU; None leaves torch's setting. A model of small networks sets 1.
    _n_threads: ClassVar[int | None] = None
    # What `selection="auto"` means for this kind of data: a name `selection_for` takes, or None.
    _selection: ClassVar[str | None] = None
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
    def _fit_prior(self, rows: Tensor, y: Tensor, generator: torch.Generator) -> Prior:
        """Make what the generator starts from."""

    @abstractmethod
    def _build(self, n_classes: int, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Build generator and discriminator for `encoder_`; `generator` is for randomness during training."""

    @abstractmethod
    def _budget(self) -> tuple[int, int]:
        """Return (n_steps, batch_size), working out what is "auto"."""

    @abstractmethod
    def _restore(self, description: dict[str, Any], arrays: dict[str, np.ndarray]) -> tuple[Encoder, Prior]:
        """Rebuild encoder and prior from what `_store` returned; malformed input raises ValueError."""

    @abstractmethod
    def _store(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Describe encoder and prior as JSON-able data and arrays."""

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

        Warns
        -----
        UserWarning
            When a class has fewer than 6 rows, and when training diverged and was rolled back.
        """
        for learned in ("generator_", "discriminator_", "history_"):  # by an earlier fit, should this one fail
            self.__dict__.pop(learned, None)
        X = self._check_X(X)
        check_classification_targets(y)
        self.target_name_ = name if isinstance(name := getattr(y, "name", None), str) and name else None
        self.classes_, index, counts = np.unique(np.asarray(y), return_inverse=True, return_counts=True)
        if len(index) != len(X):
            raise ValueError(f"Found input variables with inconsistent numbers of samples: {[len(X), len(index)]}")
        self.seed_ = _draw_seed(self.random_state)
        randomness = torch.Generator().manual_seed(self.seed_)
        self.encoder_ = self._fit_encoder(X, index)
        rows, labels = self._encode(X), torch.from_numpy(index)
        tiny = {label: int(n) for label, n in zip(self.classes_.tolist(), counts, strict=True) if n < _TINY}
        if tiny:
            warnings.warn(
                f"Too few rows to learn how a class varies: {tiny}. Its synthetic rows stay close to the rows it has; "
                "leave it out of the sampling strategy if that is not wanted.",
                stacklevel=2,
            )
        with _threads(self._n_threads):
            self.prior_ = self._fit_prior(rows, labels, randomness)
            self._train(rows, labels, randomness)
        return self

    def _train(self, rows: Tensor, y: Tensor, randomness: torch.Generator) -> None:
        fabric = Fabric(accelerator=self.device, devices=1, precision=self.precision)
        on_device = torch.Generator(fabric.device).manual_seed(self.seed_ + 1)
        with _building, torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(self.seed_)  # of the CPU, where networks are built
            generator, discriminator = self._build(len(self.classes_), on_device)
        phases = adversarial_phases(
            generator,
            discriminator,
            fabric=fabric,
            randomness=on_device,
            loss=self.loss,
            penalty=self.penalty,
            gamma=self.gamma,
            penalty_every=self.penalty_every,
            n_critic=self.n_critic,
            learning_rate=self.learning_rate,
            pac=self.pac,
        )
        average = Average(generator, self.ema)
        self.generator_, self.discriminator_ = average.module, discriminator
        n_steps, batch_size = self._budget()
        callbacks = [*(self.callbacks or [])]
        if self.patience is not None:
            callbacks.append(EarlyStopping(patience=self.patience))
        if self.verbose:
            callbacks.append(ProgressBar())
        self.history_ = train(
            phases,
            average,
            Batches(
                rows,
                y,
                self.prior_,
                batch_size=batch_size,
                pac=self.pac,
                generator=randomness,
                device=fabric.device,
            ),
            fabric=fabric,
            n_steps=n_steps,
            max_time=self.max_time,
            callbacks=callbacks,
            distance=SlicedWasserstein(rows, y, self.prior_, generator=randomness, device=fabric.device),
            save=self.save,
        )
        discriminator.eval().requires_grad_(False)

    def selection_for(self, kind: Any, X: Any, y: Any, n_wanted: int) -> Selection | None:
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
        Selection or None
            None where there is nothing to choose.
        """
        check_is_fitted(self, "generator_")
        kind = self._selection if isinstance(kind, str) and kind == "auto" else kind
        n_each = n_candidates(n_wanted)
        if kind is None or n_each == 1:
            return None
        rows, index = self._encode(X).flatten(1).numpy(), self._class_index(y).numpy()
        if not isinstance(kind, str):
            weigh = by_cleaner(kind, rows, index, n_each)
        elif kind == "discriminator":
            if self.pac > 1 or not hasattr(self, "discriminator_"):
                why = f"pac={self.pac} judges rows together" if self.pac > 1 else "a loaded model has none"
                raise ValueError(f"selection='discriminator' needs a discriminator of single rows: {why}")
            weigh = self._judge
        else:
            weigh = {"forest": by_forest, "neighbors": by_neighbors}[kind](rows, index, self.seed_)
        return Selection(without_copies(weigh, rows, index), n_each)

    @torch.inference_mode()
    def _judge(self, rows: NDArray, y: NDArray) -> NDArray:
        # exp(score) is in proportion to the density of real rows over that of generated ones where the
        # discriminator is optimal, so that a draw by it corrects the generator (arXiv 1810.06758, section 3)
        device = next(self.generator_.parameters()).device
        parts = zip(torch.from_numpy(rows).split(_CHUNK), torch.from_numpy(y).split(_CHUNK), strict=True)
        scores = [self.discriminator_(part.to(device), labels.to(device)).float().cpu() for part, labels in parts]
        return torch.cat(scores).numpy()

    def sample(
        self, y: Any, random_state: int | np.random.RandomState | None = None, *, selection: Selection | None = None
    ) -> Any:
        """Generate one row for each label.

        Parameters
        ----------
        y : array-like of shape (n_rows,)
            The class wanted for each row, labels seen in `fit`.
        random_state : int, RandomState or None, default=None
            None continues from the seed of `fit`: the same call gives the same rows. Pass an integer for other rows.
        selection : Selection or None, default=None
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
        self, y: Any, random_state: int | np.random.RandomState | None = None, *, selection: Selection | None = None
    ) -> Iterator[Any]:
        """Generate what `sample` returns part by part, so that the whole need not be in memory.

        Parameters
        ----------
        y, random_state, selection
            As in `sample`.

        Yields
        ------
        X : same container and dtypes as in `fit`
            The next rows, at most 65,536.
        """
        check_is_fitted(self, "generator_")
        wanted = np.asarray(y)
        if wanted.ndim != 1:
            raise ValueError(f"y must have one dimension, one label for each row wanted; got shape {wanted.shape}")
        seed = self.seed_ if random_state is None else _draw_seed(random_state)
        randomness, choosing = torch.Generator().manual_seed(seed + 2), np.random.default_rng(seed)
        each = selection.n_candidates if selection is not None else 1
        n_rows = _DECODED // each
        for first in range(0, max(len(wanted), 1), n_rows):
            candidates = self._class_index(wanted[first : first + n_rows]).repeat_interleave(each)
            with _threads(self._n_threads):
                made = self.encoder_.decode(self._generate(candidates, randomness))
                if selection is not None:
                    # judged as they will be seen: one level of each category, whole numbers whole
                    rows = self._encode(made).flatten(1).numpy()
                    made = _safe_indexing(made, selection.choose(rows, candidates.numpy(), choosing))
            yield made

    def _encode(self, X: Any) -> Tensor:
        return self.encoder_.encode(X).float()

    def _class_index(self, y: Any) -> Tensor:
        labels = np.asarray(y)
        index = pd.Index(self.classes_).get_indexer(pd.Index(labels))
        if (index < 0).any():
            unknown = pd.unique(labels[index < 0])[:3].tolist()
            raise ValueError(f"y has labels not seen in fit: {unknown}; known are {self.classes_.tolist()}")
        return torch.from_numpy(index)

    @torch.inference_mode()
    def _generate(self, y: Tensor, randomness: torch.Generator) -> Tensor:
        device = next(self.generator_.parameters()).device
        self.generator_.eval()
        parts = []
        for labels in y.split(_CHUNK):
            padded = torch.cat([labels, labels.new_zeros(_CHUNK - len(labels))])
            start = tuple(part.to(device) for part in self.prior_.draw(padded, randomness))
            parts.append(self.generator_(padded.to(device), *start)[: len(labels)].cpu())
        return torch.cat(parts)

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
        params = self.get_params(deep=False)
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
        arrays = {name[6:]: t.numpy() for name, t in tensors.items() if name.startswith("array.")}
        weights = {name[8:]: t for name, t in tensors.items() if name.startswith("network.")}
        if not all(weight.isfinite().all() for weight in weights.values()):
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
        # On the meta device a network has shapes and no memory: forged sizes are refused before they cost anything.
        with torch.device("meta"):
            model.generator_, _ = model._build(len(model.classes_), torch.Generator("cpu"))
        model.generator_.load_state_dict(weights, assign=True)
        model.generator_.eval().requires_grad_(False)
        model.sample(model.classes_)
        return model


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


def _draw_seed(random_state: int | np.random.RandomState | None) -> int:
    """One integer from a scikit-learn random state; None takes fresh entropy and leaves NumPy's generator alone."""
    source = np.random.RandomState() if random_state is None else check_random_state(random_state)
    return int(source.randint(np.iinfo(np.int32).max - 2))


def _plain(value: Any, name: str) -> Any:
    """Write a parameter, or several values, in JSON's terms, types included."""
    if isinstance(value, (list, tuple, set, np.ndarray, pd.Index, pd.Series)):
        items = value.tolist() if isinstance(value, np.ndarray) else list(value)
        return {"items": [plain_cell(item, name) for item in items]}
    return plain_cell(value, name)


def _unplain(plain: Any) -> Any:
    """Read what `_plain` wrote; several values as a list."""
    return [cell(item) for item in plain["items"]] if isinstance(plain, dict) and "items" in plain else cell(plain)
