"""TextGAN: a conditional GAN for texts, over the latents of an autoencoder or on tokens."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Real
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor, nn

from ganaug.common.containers import check_container
from ganaug.common.extras import require_extra
from ganaug.common.random import draw_seed
from ganaug.common.texts import TextContainer, has_categories, texts_of
from ganaug.common.warnings import warn_user
from ganaug.common.wording import counted, listed
from ganaug.metrics import KnownTexts
from ganaug.models.base import ConditionalGAN, Measure
from ganaug.models.data import CheckedData, EncodedData
from ganaug.models.parameters import HIDDEN_SIZES, LARGEST_SIZE, Number, constraints_of, count, documented
from ganaug.models.persistence import group_by_prefix
from ganaug.models.scoring import class_index
from ganaug.models.text_choice import ClassJudge, few_texts
from ganaug.models.text_edits import small_classes
from ganaug.models.text_latents import LatentGAN, check_goes_on
from ganaug.models.text_relgan import RelGAN
from ganaug.models.text_writing import TextWriter
from ganaug.models.time_check import TimeCheck
from ganaug.selection import CandidateSelection
from ganaug.training import Callback, Prior

# A class of so many texts or fewer gets edits of them.
_N_EDITED = 5
# A warning says how many texts were cut from this share on.
_MANY_CUT = 0.05
_ARCHITECTURES: dict[str, LatentGAN | RelGAN] = {"autoencoder": LatentGAN(), "relgan": RelGAN()}


@documented(noun="texts")
class TextGAN(ConditionalGAN):
    """Conditional GAN for texts: an autoencoder learns to write, and a GAN learns what the texts of each class say.

    With the default architecture:

    1. A recurrent autoencoder is trained on the texts of all classes: large classes teach it the language. It gives
       each text a latent vector, and writes a text for each latent (as in ARAE, arXiv 1706.04223).
    2. A conditional GAN, the one of `ganaug.TabularGAN`, learns the latents of each class.
    3. For each requested text some candidates are written, token by token. One of them is chosen, by how certainly it
       is of its class and how likely the decoder finds it. Copies of training texts, and texts that have 90 % of their
       words in common with one, are refused; if no other candidate is left, a warning says how many texts are copies.
       In a class of fewer than 50 texts, pairs of words that earlier synthetic texts have count against a candidate:
       else the few texts of the class would be repeated over and over.

    With ``architecture="relgan"`` the adversarial training is on the tokens themselves: a generator with a relational
    memory writes the tokens, and a discriminator judges whole texts (RelGAN, ICLR 2019). It is first trained to predict
    the next token. The third step above is the same. Its texts are more fluent and less varied, and a classifier finds
    fewer of them to be of their class.

    Texts may be in any script, with emoji, addresses and numbers. A class of 5 texts or fewer cannot be learned: its
    synthetic texts are edits of the real ones, with words exchanged, left out or repeated, and a warning says so.

    Parameters
    ----------
    architecture : {"autoencoder", "relgan"}, default="autoencoder"
        What the adversarial training works on: latents of an autoencoder, or tokens. The parameters `prior`,
        `n_neighbors`, `code_size` and `hidden_sizes` are for ``"autoencoder"`` only.
    $loss
    prior : {"noise", "neighbors"}, default="neighbors"
        What the generator starts from. ``"noise"`` is a random vector. ``"neighbors"`` adds an anchor: a point between
        the latents of two training texts of the class that are near to each other; these texts are more of their class
        and helped classifiers more, and the model file holds latents of training texts.
    $n_neighbors
    vocabulary_size : int or "auto", default="auto"
        Number of tokens, 300 to 65,536: single bytes, and frequent sequences of them (byte-pair encoding). ``"auto"``
        is 4,000, or 2,000 for ``"relgan"``.
    max_length : int or "auto", default="auto"
        Number of tokens of a text that are learned; a longer text is cut, and synthetic texts are not longer.
        ``"auto"`` is the length that 98 % of the texts do not exceed, at most 64, or 32 for ``"relgan"``.
    embedding_size : int, default=64
        Size of the vector of a token.
    hidden_size : int, default=192
        Size of the state of the recurrent networks, and of the relational memory of ``"relgan"``.
    code_size : int, default=64
        Size of the latent of a text.
    autoencoder_steps : int or "auto", default="auto"
        Training steps of the autoencoder, in which most of the time goes; for ``"relgan"``, steps of the pre-training.
        ``"auto"`` is a step for 25 tokens of the training texts, at least 500 and at most 2,500: few or short texts
        would be learned by heart; 2,500 for ``"relgan"``.
    autoencoder_batch_size : int, default=32
        Texts in a batch of the autoencoder, or of the pre-training.
    autoencoder_learning_rate : float, default=0.004
        Highest learning rate of Adam for the autoencoder, or for the pre-training.
    temperature : float or "auto", default="auto"
        The draw of tokens: a lower value writes more usual texts, a higher one more different texts. ``"auto"`` is 0.65
        if the training texts have 20 tokens or more on average, 1.0 if they have 12 or fewer, and between them in
        proportion; 0.65 for ``"relgan"``.
    top_k : int, default=20
        Each token is drawn among so many of the likeliest ones.
    n_candidates : int, default=5
        Candidates for each text. 1 takes each text as it is written, unless it is a copy.
    hidden_sizes : sequence of int, default=(128, 128)
        Sizes of the hidden layers of generator and discriminator.
    $latent_size
    $penalty
    $gamma
    $penalty_every
    $n_critic
    learning_rate : float or "auto", default="auto"
        Learning rate of Adam, for both networks. ``"auto"`` is 0.001, or 0.0001 for ``"relgan"``.
    $ema
    batch_size : int or "auto", default="auto"
        Latents or texts in a batch of the GAN, divided equally among the classes. ``"auto"`` is 128, or 64 for
        ``"relgan"``, or 16 for each class if that is more.
    n_steps : int or "auto", default="auto"
        Training steps of the GAN. ``"auto"`` is 800, or 250 for ``"relgan"``.
    $max_time
    $patience
    warm_start : bool, default=False
        Whether `fit` continues from the networks of the previous fit, the autoencoder included, for more steps or on
        new texts of the same classes. Tokens and `max_length` stay those of the first fit, which can read and write any
        text. Copies of the texts of all fits are refused. Not for ``"relgan"``. The model file then holds the
        discriminator too.
    $random_state
    $device
    $devices
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
        The training of the GAN, as of `ganaug.TabularGAN`. Not in a model that was loaded.
    autoencoder_history_ : DataFrame
        The training of the autoencoder, or the pre-training: the cross-entropy of a token. Not in a model that was
        loaded.
    generator_ : torch.nn.Module
        The trained generator of latents or tokens (moving average of its weights).
    discriminator_ : torch.nn.Module
        The trained discriminator of latents or tokens. Not in a model that was loaded.
    encoder_ : TextAutoencoder or TokenRows
        Converts between texts and latents, or between texts and one-hot tokens.
    prior_ : Prior
        What the generator starts from.
    network_params_ : dict
        The parameters from which the networks were built. `set_params` after `fit` does not change them.
    n_features_in_ : int
        1.
    feature_names_in_ : ndarray of shape (1,)
        Name of the column, if X was a table.

    See Also
    --------
    GANOversampler : Balances the classes of texts with this model.
    TabularGAN : The model for tables.

    Notes
    -----
    Names, telephone numbers and the like may be among the tokens that the model learned, and so in synthetic texts and
    in the file of a stored model. The file also holds hashes of the words of each training text, by which copies are
    refused, and the texts of classes of 5 or fewer.

    Copies are compared by words, without case and spaces. Synthetic texts may still repeat long parts of a real text.

    Examples
    --------
    >>> from ganaug import TextGAN
    >>> texts = [f"meet me at {n} {when}" for n in range(1, 13) for when in ("today", "tonight", "tomorrow")]
    >>> texts += [f"win {n}00 pounds now" for n in range(1, 10)]
    >>> y = ["ham"] * 36 + ["spam"] * 9
    >>> model = TextGAN(autoencoder_steps=20, n_steps=20, random_state=0).fit(texts, y)
    >>> len(model.sample(["spam"] * 3))
    3
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **constraints_of("loss", "n_neighbors", "latent_size", "checkpoint"),
        **constraints_of("penalty", "gamma", "penalty_every", "n_critic", "ema"),
        **constraints_of("max_time", "patience", "random_state", "device", "devices", "verbose", "callbacks"),
        "architecture": [StrOptions(set(_ARCHITECTURES))],
        "prior": [StrOptions({"noise", "neighbors"})],
        "learning_rate": [StrOptions({"auto"}), Number(Real, 0, None, closed="neither")],
        "vocabulary_size": [StrOptions({"auto"}), count(300, LARGEST_SIZE)],
        "max_length": [StrOptions({"auto"}), count(2, 10_000)],
        "embedding_size": [count(maximum=LARGEST_SIZE)],
        "hidden_size": [count(maximum=LARGEST_SIZE)],
        "code_size": [count(2, LARGEST_SIZE)],
        "autoencoder_steps": [StrOptions({"auto"}), count()],
        "autoencoder_batch_size": [count(maximum=LARGEST_SIZE)],
        "autoencoder_learning_rate": [Number(Real, 0, None, closed="neither")],
        "temperature": [StrOptions({"auto"}), Number(Real, 0, None, closed="neither")],
        "top_k": [count()],
        "n_candidates": [count(maximum=LARGEST_SIZE)],
        "hidden_sizes": [HIDDEN_SIZES],
        "batch_size": [StrOptions({"auto"}), count(maximum=LARGEST_SIZE)],
        "n_steps": [StrOptions({"auto"}), count()],
        "warm_start": ["boolean"],
    }

    encoder_: Any
    known_: KnownTexts
    modality = "text"
    _network_parameters = (
        *("architecture", "code_size", "embedding_size", "hidden_size", "hidden_sizes", "latent_size", "prior"),
    )
    _deleted_by_fit = (*ConditionalGAN._deleted_by_fit, "autoencoder_history_")
    _n_threads = 1
    _n_decoded = 4096
    precision: Any = "32-true"

    def __init__(
        self,
        *,
        architecture: Literal["autoencoder", "relgan"] = "autoencoder",
        loss: str = "rpgan",
        prior: Literal["noise", "neighbors"] = "neighbors",
        n_neighbors: int = 5,
        vocabulary_size: int | Literal["auto"] = "auto",
        max_length: int | Literal["auto"] = "auto",
        embedding_size: int = 64,
        hidden_size: int = 192,
        code_size: int = 64,
        autoencoder_steps: int | Literal["auto"] = "auto",
        autoencoder_batch_size: int = 32,
        autoencoder_learning_rate: float = 4e-3,
        temperature: float | Literal["auto"] = "auto",
        top_k: int = 20,
        n_candidates: int = 5,
        hidden_sizes: Sequence[int] = (128, 128),
        latent_size: int = 32,
        penalty: str = "auto",
        gamma: float | Literal["auto"] = "auto",
        penalty_every: int = 8,
        n_critic: int | Literal["auto"] = "auto",
        learning_rate: float | Literal["auto"] = "auto",
        ema: float | Literal["auto"] = 0.995,
        batch_size: int | Literal["auto"] = "auto",
        n_steps: int | Literal["auto"] = "auto",
        max_time: float | None = None,
        patience: int | None = 8,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
        device: str = "auto",
        devices: int | Literal["auto"] = "auto",
        verbose: int = 0,
        callbacks: list[Callback] | None = None,
        checkpoint: Any = None,
    ) -> None:
        self.architecture = architecture
        self.loss = loss
        self.prior = prior
        self.n_neighbors = n_neighbors
        self.vocabulary_size = vocabulary_size
        self.max_length = max_length
        self.embedding_size = embedding_size
        self.hidden_size = hidden_size
        self.code_size = code_size
        self.autoencoder_steps = autoencoder_steps
        self.autoencoder_batch_size = autoencoder_batch_size
        self.autoencoder_learning_rate = autoencoder_learning_rate
        self.temperature = temperature
        self.top_k = top_k
        self.n_candidates = n_candidates
        self.hidden_sizes = hidden_sizes
        self.latent_size = latent_size
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
        self.warm_start = warm_start
        self.random_state = random_state
        self.device = device
        self.devices = devices
        self.verbose = verbose
        self.callbacks = callbacks
        self.checkpoint = checkpoint

    def check_data(self, X: Any) -> CheckedData:
        """Validate texts.

        Parameters
        ----------
        X : list, Series of pandas or polars, array of shape (n,) or (n, 1), or DataFrame of one column, of strings
            Training texts; a missing one is an empty text.

        Returns
        -------
        CheckedData
            The texts in their container.

        Raises
        ------
        ValueError
            If X has several columns, holds no texts, a cell is not a string, or the dtype is one of categories.
        """
        require_extra("text", "TextGAN needs")
        check_container(X)
        X = list(X) if isinstance(X, tuple) else X
        columns = getattr(X, "columns", [])
        name = f"column {columns[0]!r}" if len(columns) == 1 else "X"
        texts_of(X, name)
        if has_categories(X):
            raise ValueError(
                f"{name} has a dtype of categories, which takes no new texts; convert it, e.g. with .astype(str)"
            )
        validate_data(self, X, reset=True, skip_check_array=True)
        self.n_features_in_ = 1
        return CheckedData(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.target_tags.required = True
        return tags

    @property
    def _architecture(self) -> LatentGAN | RelGAN:
        return _ARCHITECTURES[self.network_params_["architecture"]]

    def _fit_encode(self, checked: CheckedData, y: np.ndarray) -> tuple[Any, Any]:
        texts = texts_of(checked.X)
        goes_on = self.warm_start and hasattr(self, "encoder_")
        if goes_on:
            check_goes_on(self)
        known = KnownTexts.of(texts)
        self.known_ = self.known_.joined(known) if goes_on else known
        self.judge_ = ClassJudge.fitted(texts, y, self.seed_)
        self.few_ = few_texts(y)
        self.edited_ = small_classes(texts, y, _N_EDITED)
        if self.edited_:
            warn_user(
                f"Classes with {_N_EDITED} texts or fewer that are not empty: "
                f"{listed([self.classes_[of] for of in self.edited_])}. Their synthetic texts are edits of the real "
                "ones: words are exchanged, left out or repeated."
            )
        return self._architecture.fit_encode(
            self, texts, TextContainer(checked.X), y, self.encoder_ if goes_on else None
        )

    def _warn_of_cut(self, n_cut: int, n_texts: int, max_length: int) -> None:
        if n_cut > _MANY_CUT * n_texts:
            warn_user(
                f"{counted(n_cut, 'text')} of {n_texts:,} are longer than max_length={max_length} tokens. Only their "
                "beginnings are learned, and synthetic texts are not longer; for longer ones, set max_length to more"
            )

    def _max_time(self) -> float | None:
        if self.max_time is None:
            return None
        return max(self.max_time - float(self.autoencoder_history_["seconds"].iloc[-1]), 1e-3)

    def _learning_rate(self) -> float:
        return self._architecture.learning_rate if isinstance(self.learning_rate, str) else self.learning_rate

    def _fit_prior(self, data: EncodedData, generator: torch.Generator) -> tuple[Prior, nn.Module | None]:
        return self._architecture.fit_prior(self, data, generator)

    def _build(self, params: Mapping[str, Any], rng: torch.Generator) -> tuple[nn.Module, nn.Module]:
        return _ARCHITECTURES[params["architecture"]].build(self, params, rng)

    def _default_callbacks(self, generator: nn.Module) -> list[Callback]:
        return [*self._architecture.callbacks(generator), TimeCheck("texts")]

    def _measure(self, data: EncodedData, *, generator: torch.Generator, device: torch.device) -> Measure:
        measure: Measure = self._architecture.measure(self, data, generator=generator, device=device)
        return measure

    def _budget(self) -> tuple[int, int]:
        own = self._architecture
        n_steps = own.n_steps if isinstance(self.n_steps, str) else self.n_steps
        is_auto = isinstance(self.batch_size, str)
        batch_size = max(own.batch_size, 16 * len(self.classes_)) if is_auto else self.batch_size
        return int(n_steps), int(batch_size)

    def _candidates_without_selection(self) -> int:
        return self.n_candidates

    def selection_for(self, selection: Any, training: EncodedData, n_requested: int) -> CandidateSelection | None:
        """Learn from training data how to choose among candidates, for `sample`.

        Parameters
        ----------
        selection : {"auto", "class", "realism", "neighbors", "discriminator"}, None or cleaning sampler
            As `GANOversampler` takes it. ``"auto"`` and None choose by class and likelihood.
        training : EncodedData
            Training texts, or some of them, from `encode` or `fit_checked`.
        n_requested : int
            How many texts will be requested.

        Returns
        -------
        CandidateSelection or None
            None for ``"auto"`` and None.

        Raises
        ------
        ValueError
            If `selection` is another one and ``architecture="relgan"``, or if it needs the discriminator of a model
            that was loaded.
        """
        check_is_fitted(self, "generator_")
        if not self._architecture.selects and not (selection is None or selection == "auto"):
            raise ValueError(
                f"selection={selection!r} chooses by the latents of texts, which architecture='relgan' does not have; "
                "pass selection='auto', which chooses by class and likelihood, or architecture='autoencoder'"
            )
        return super().selection_for(selection, training, n_requested)

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
            As in `sample`. A selection replaces the choice by class and likelihood.
        record : callable (array of shape (n, width), array of shape (n,)) -> None, or None, default=None
            Is called with the latents of each part and their class indices.

        Yields
        ------
        X : same container and dtypes as in `fit`
            The next texts, some thousand at a time.

        Warns
        -----
        UserWarning
            If texts are copies or near copies of training texts, because no other candidate was found.
        """
        check_is_fitted(self, "generator_")
        requested = np.asarray(y)
        if requested.ndim != 1:
            raise ValueError(f"y must have one dimension, a label for each requested text; got shape {requested.shape}")
        index = class_index(self.classes_, requested)
        seed = self.seed_ if random_state is None else draw_seed(random_state)
        write = TextWriter(self, seed, selection)
        for first in range(0, max(len(index), 1), self._n_decoded):
            part = index[first : first + self._n_decoded]
            texts = write(part)
            if record is not None:
                record(self.encoder_.encode(texts)[:].flatten(1).numpy(), part)
            yield self.encoder_.container.restore(texts)
        write.warn_of_copies()

    def _encode(self, X: Any) -> Any:
        return self.encoder_.encode(X)

    def _from_features(self, features: Tensor) -> Tensor:
        shape = self.encoder_.row_shape
        return features.view(len(features), *shape)

    def _store(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        description, arrays = self._architecture.store(self)
        arrays |= {f"judge.{name}": array for name, array in self.judge_.state().items()}
        arrays |= {"known.hashes": self.known_.hashes, "known.counts": self.known_.counts}
        described = {
            "encoder": description,
            "edited": [[label, texts] for label, texts in self.edited_.items()],
            "few": sorted(self.few_),
        }
        return described, arrays

    def _restore(self, description: dict[str, Any], arrays: dict[str, np.ndarray]) -> tuple[Any, Prior]:
        stored = group_by_prefix(arrays, ("autoencoder", "judge", "known", "prior"))
        n_classes = len(self.classes_)
        self.judge_ = ClassJudge(**stored["judge"])
        self.known_ = KnownTexts(**stored["known"])
        if len(self.judge_.intercept) != n_classes:
            raise ValueError("the classifier of texts does not fit the classes: the file is damaged")
        self.few_ = {int(label) for label in description.get("few", [])}  # files of earlier versions have none
        self.edited_ = {int(label): [str(text) for text in texts] for label, texts in description["edited"]}
        if not all(0 <= label < n_classes and texts for label, texts in self.edited_.items()):
            raise ValueError("the texts of small classes do not fit the classes: the file is damaged")
        return self._architecture.restore(self, description["encoder"], stored)
