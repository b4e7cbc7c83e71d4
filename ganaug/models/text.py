"""TextGAN: a conditional GAN over the latents of a sequence autoencoder."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Real
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor, nn

from ganaug.common.progress import begin_phase
from ganaug.common.random import draw_seed
from ganaug.common.texts import TextContainer, texts_of, words_of
from ganaug.common.warnings import warn_user
from ganaug.common.wording import counted, listed, percent
from ganaug.metrics import KnownTexts
from ganaug.models.base import ConditionalGAN
from ganaug.models.data import CheckedData, EncodedData
from ganaug.models.parameters import HIDDEN_SIZES, LARGEST_SIZE, Number, constraints_of, count, documented
from ganaug.models.persistence import group_by_prefix
from ganaug.models.scoring import class_index
from ganaug.models.text_autoencoder import TextAutoencoder, new_autoencoder
from ganaug.models.text_choice import REFUSED, ClassJudge, grouped, new_edit, selected_weights, weights_of
from ganaug.models.torch_state import torch_threads
from ganaug.nets import MLPDiscriminator, MLPGenerator, on_sphere
from ganaug.selection import CandidateSelection
from ganaug.training import Callback, NeighborsPrior, NoisePrior, Prior

# A class of so many texts or fewer gets edits of them.
_N_EDITED = 5
# Texts that are written together, and how often new candidates are generated for texts that have only refused ones.
_N_WRITTEN = 64
_N_ROUNDS = 4
# A warning says how many texts were cut from this share on.
_MANY_CUT = 0.05
# Part of `max_time` that the autoencoder may take.
_AUTOENCODER_SHARE = 0.85


@documented(noun="texts")
class TextGAN(ConditionalGAN):
    """Conditional GAN for texts: an autoencoder learns to write, and a GAN learns what the texts of each class say.

    1. A recurrent autoencoder is trained on the texts of all classes: large classes teach it the language. It gives
       each text a latent vector, and writes a text for each latent (as in ARAE, arXiv 1706.04223).
    2. A conditional GAN, the one of `ganaug.TabularGAN`, learns the latents of each class.
    3. For each requested text some candidates are written, token by token. One of them is chosen, by how certainly it
       is of its class and how likely the decoder finds it. Copies of training texts, and texts that have 90 % of their
       words in common with one, are refused; if no other candidate is left, a warning says how many texts are copies.

    Texts may be in any script, with emoji, addresses and numbers. A class of 5 texts or fewer cannot be learned: its
    synthetic texts are edits of the real ones, with words exchanged, left out or repeated, and a warning says so.

    Parameters
    ----------
    $loss
    prior : {"noise", "neighbors"}, default="neighbors"
        What the generator starts from. ``"noise"`` is a random vector. ``"neighbors"`` adds an anchor: a point between
        the latents of two training texts of the class that are near to each other; these texts are more of their class
        and helped classifiers more, and the model file holds latents of training texts.
    $n_neighbors
    vocabulary_size : int, default=4000
        Number of tokens, 300 to 65,536: single bytes, and frequent sequences of them (byte-pair encoding).
    max_length : int or "auto", default="auto"
        Number of tokens of a text that are learned; a longer text is cut, and synthetic texts are not longer.
        ``"auto"`` is the length that 98 % of the texts do not exceed, at most 64.
    embedding_size : int, default=64
        Size of the vector of a token.
    hidden_size : int, default=192
        Size of the state of the recurrent networks.
    code_size : int, default=64
        Size of the latent of a text.
    autoencoder_steps : int, default=2500
        Training steps of the autoencoder, in which most of the time goes.
    autoencoder_batch_size : int, default=32
        Texts in a batch of the autoencoder.
    autoencoder_learning_rate : float, default=0.004
        Highest learning rate of Adam for the autoencoder.
    temperature : float, default=0.65
        The draw of tokens: a lower value writes more usual texts, a higher one more different texts.
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
    $learning_rate
    $ema
    batch_size : int or "auto", default="auto"
        Latents in a batch of the GAN, divided equally among the classes. ``"auto"`` is 128, or 16 for each class if
        that is more.
    n_steps : int or "auto", default="auto"
        Training steps of the GAN. ``"auto"`` is 800.
    $max_time
    $patience
    $random_state
    $device
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
        The training of the autoencoder: the cross-entropy of a token. Not in a model that was loaded.
    generator_ : torch.nn.Module
        The trained generator of latents (moving average of its weights).
    discriminator_ : torch.nn.Module
        The trained discriminator of latents. Not in a model that was loaded.
    encoder_ : TextAutoencoder
        Converts between texts and latents.
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
        **constraints_of("penalty", "gamma", "penalty_every", "n_critic", "learning_rate", "ema"),
        **constraints_of("max_time", "patience", "random_state", "device", "verbose", "callbacks"),
        "prior": [StrOptions({"noise", "neighbors"})],
        "vocabulary_size": [count(300, LARGEST_SIZE)],
        "max_length": [StrOptions({"auto"}), count(2, 10_000)],
        "embedding_size": [count(maximum=LARGEST_SIZE)],
        "hidden_size": [count(maximum=LARGEST_SIZE)],
        "code_size": [count(2, LARGEST_SIZE)],
        "autoencoder_steps": [count()],
        "autoencoder_batch_size": [count(maximum=LARGEST_SIZE)],
        "autoencoder_learning_rate": [Number(Real, 0, None, closed="neither")],
        "temperature": [Number(Real, 0, None, closed="neither")],
        "top_k": [count()],
        "n_candidates": [count(maximum=LARGEST_SIZE)],
        "hidden_sizes": [HIDDEN_SIZES],
        "batch_size": [StrOptions({"auto"}), count(maximum=LARGEST_SIZE)],
        "n_steps": [StrOptions({"auto"}), count()],
    }

    encoder_: TextAutoencoder
    modality = "text"
    _network_parameters = ("code_size", "hidden_sizes", "latent_size", "prior")
    _deleted_by_fit = (*ConditionalGAN._deleted_by_fit, "autoencoder_history_")
    _n_threads = 1
    _n_decoded = 4096
    precision: Any = "32-true"

    def __init__(
        self,
        *,
        loss: str = "rpgan",
        prior: Literal["noise", "neighbors"] = "neighbors",
        n_neighbors: int = 5,
        vocabulary_size: int = 4000,
        max_length: int | Literal["auto"] = "auto",
        embedding_size: int = 64,
        hidden_size: int = 192,
        code_size: int = 64,
        autoencoder_steps: int = 2500,
        autoencoder_batch_size: int = 32,
        autoencoder_learning_rate: float = 4e-3,
        temperature: float = 0.65,
        top_k: int = 20,
        n_candidates: int = 5,
        hidden_sizes: Sequence[int] = (128, 128),
        latent_size: int = 32,
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
        verbose: int = 0,
        callbacks: list[Callback] | None = None,
        checkpoint: Any = None,
    ) -> None:
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
        self.random_state = random_state
        self.device = device
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
            If X has several columns, holds no texts, or a cell is not a string.
        """
        X = list(X) if isinstance(X, tuple) else X
        texts_of(X)
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

    def _fit_encode(self, checked: CheckedData, y: np.ndarray) -> tuple[TextAutoencoder, Tensor]:
        texts, n_classes = texts_of(checked.X), len(self.classes_)
        self.judge_, self.known_ = ClassJudge.fitted(texts, y, self.seed_), KnownTexts.of(texts)
        self.edited_ = grouped(texts, y, _N_EDITED)
        if self.edited_:
            warn_user(
                f"Classes with {_N_EDITED} texts or fewer: {listed([self.classes_[of] for of in self.edited_])}. Their "
                "synthetic texts are edits of the real ones: words are exchanged, left out or repeated."
            )
        encoder = new_autoencoder(texts, TextContainer(checked.X), self.get_params(deep=False), n_classes, self.seed_)
        encoded = encoder.tokens.encode(texts)
        n_cut = int(encoder.tokens.is_cut(encoded).sum())
        if n_cut > _MANY_CUT * len(texts):
            warn_user(
                f"{counted(n_cut, 'text')} of {len(texts):,} are longer than max_length={encoder.tokens.max_length} "
                "tokens. Only their beginnings are learned, and synthetic texts are not longer; for longer ones, set "
                "max_length to more"
            )
        begin_phase("training the autoencoder", show=bool(self.verbose))
        with torch_threads(self._n_threads):
            self.autoencoder_history_ = encoder.train(
                encoded,
                torch.from_numpy(y),
                fabric=self._fabric(),
                rng=torch.Generator().manual_seed(self.seed_),
                seed=self.seed_ + 3,
                n_steps=self.autoencoder_steps,
                batch_size=self.autoencoder_batch_size,
                learning_rate=self.autoencoder_learning_rate,
                max_time=None if self.max_time is None else _AUTOENCODER_SHARE * self.max_time,
                is_verbose=bool(self.verbose),
                save=self.save,
                stage=self._stage("autoencoder"),
            )
            return encoder, encoder.encode_tokens(encoded)

    def _max_time(self) -> float | None:
        if self.max_time is None:
            return None
        return max(self.max_time - float(self.autoencoder_history_["seconds"].iloc[-1]), 1e-3)

    def _fit_prior(self, data: EncodedData, generator: torch.Generator) -> tuple[Prior, None]:
        if self.prior == "noise":
            return NoisePrior(self.latent_size), None
        prior = NeighborsPrior.from_rows(
            self.latent_size,
            0,
            *data[:2],
            n_interpolated=self.code_size,
            n_neighbors=self.n_neighbors,
            generator=generator,
            weights=data.weights,
        )
        return prior, None

    def _build(self, params: Mapping[str, Any], rng: torch.Generator) -> tuple[nn.Module, nn.Module]:
        n_classes, hidden_sizes = len(self.classes_), list(params["hidden_sizes"])
        generator = MLPGenerator(
            params["latent_size"],
            n_classes,
            n_continuous=params["code_size"],
            block_sizes=(),
            hidden_sizes=hidden_sizes,
            anchored=params["prior"] == "neighbors",
        )
        discriminator = MLPDiscriminator(
            params["code_size"], n_classes, hidden_sizes=hidden_sizes, dropout=0.0, spectral=False, generator=rng
        )
        return generator, discriminator

    def _budget(self) -> tuple[int, int]:
        n_steps = 800 if isinstance(self.n_steps, str) else self.n_steps
        batch_size = max(128, 16 * len(self.classes_)) if isinstance(self.batch_size, str) else self.batch_size
        return int(n_steps), int(batch_size)

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
        seen: set[tuple[str, ...]] = set()
        n_copies = 0
        for first in range(0, max(len(index), 1), self._n_decoded):
            texts: list[str] = []
            for place in range(first, min(first + self._n_decoded, len(index)), _N_WRITTEN):
                labels = index[place : min(place + _N_WRITTEN, first + self._n_decoded)]
                texts += self._write(labels, np.random.default_rng([seed, place]), selection, seen)
            n_copies += int((self.known_.nearest_copies(texts) >= 0).sum())
            if record is not None:
                record(self.encoder_.encode(texts).numpy(), index[first : first + self._n_decoded])
            yield self.encoder_.container.restore(texts)
        if n_copies:
            share = percent(n_copies / len(index))
            warn_user(
                f"{counted(n_copies, 'synthetic text')} of {len(index):,} ({share}) are copies or near copies of a "
                "training text, because no other candidate was found. Request fewer texts, or raise temperature or "
                "n_candidates"
            )

    def _write(
        self,
        labels: NDArray[np.intp],
        rng: np.random.Generator,
        selection: CandidateSelection | None,
        seen: set[tuple[str, ...]],
    ) -> list[str]:
        """Write a text for each class index; as many texts are always written, so that a text does not depend on n."""
        n_candidates = self.n_candidates if selection is None else selection.n_candidates
        padded = np.concatenate([labels, np.zeros(_N_WRITTEN - len(labels), dtype=labels.dtype)])
        best: list[tuple[float, str]] = [(-np.inf, "")] * len(labels)
        for _ in range(_N_ROUNDS):
            texts, weights = self._candidates(np.repeat(padded, n_candidates), n_candidates, rng, selection)
            weights = weights + rng.gumbel(size=len(weights))
            for place, label in enumerate(labels):
                if best[place][0] > REFUSED / 2 or int(label) in self.edited_:
                    continue
                own = range(place * n_candidates, (place + 1) * n_candidates)
                # a text that was written before is as good as refused
                found = [(weights[i] + REFUSED * (tuple(words_of(texts[i])) in seen), texts[i]) for i in own]
                best[place] = max([best[place], *found], key=lambda candidate: candidate[0])
                if best[place][0] > REFUSED / 2:
                    seen.add(tuple(words_of(best[place][1])))
            if all(
                weight > REFUSED / 2 or int(of) in self.edited_ for (weight, _), of in zip(best, labels, strict=True)
            ):
                break
        chosen = [text for _, text in best]
        for place, label in enumerate(labels):
            if int(label) in self.edited_:
                own_rng = np.random.default_rng(rng.integers(2**31, size=2))
                chosen[place] = new_edit(self.edited_[int(label)], self.known_, seen, own_rng)
        return chosen

    def _candidates(
        self, y: NDArray[np.intp], n_candidates: int, rng: np.random.Generator, selection: CandidateSelection | None
    ) -> tuple[list[str], NDArray]:
        """Write a candidate for each class index; return them, and the logarithm of the weight of each."""
        generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
        labels = torch.from_numpy(y)
        with torch_threads(self._n_threads):
            latents = on_sphere(self._run_generator(labels, self.prior_.draw(labels, generator)))
            uniform = torch.rand(len(y), self.encoder_.tokens.max_length, generator=generator)
            texts, scores = self.encoder_.write(latents, labels, uniform)
            weights = weights_of(texts, scores, y, n_candidates, self.judge_, self.known_)
            if selection is not None:
                chosen_by = selected_weights(selection, self.encoder_.encode(texts).numpy(), y, rng)
                weights = np.where(weights < REFUSED / 2, REFUSED, chosen_by)
        return texts, weights

    def _store(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        description, networks = self.encoder_.state()
        arrays = {f"autoencoder.{name}": array for name, array in networks.items()}
        arrays |= {f"judge.{name}": array for name, array in self.judge_.state().items()}
        arrays |= {"known.hashes": self.known_.hashes, "known.counts": self.known_.counts}
        if isinstance(self.prior_, NeighborsPrior):
            arrays |= {f"prior.{name}": tensor.numpy() for name, tensor in self.prior_.state().items()}
        described = {
            "autoencoder": description,
            "edited": [[label, texts] for label, texts in self.edited_.items()],
        }
        return described, arrays

    def _restore(self, description: dict[str, Any], arrays: dict[str, np.ndarray]) -> tuple[TextAutoencoder, Prior]:
        stored = group_by_prefix(arrays, ("autoencoder", "judge", "known", "prior"))
        n_classes = len(self.classes_)
        encoder = TextAutoencoder.from_state(
            description["autoencoder"], stored["autoencoder"], temperature=self.temperature, top_k=self.top_k
        )
        sizes = encoder.sizes
        self.judge_ = ClassJudge(**stored["judge"])
        self.known_ = KnownTexts(**stored["known"])
        if (sizes["n_classes"], sizes["code_size"], len(self.judge_.intercept)) != (
            n_classes,
            self.code_size,
            n_classes,
        ):
            raise ValueError("the autoencoder does not fit the classes: the file is damaged")
        self.edited_ = {int(label): [str(text) for text in texts] for label, texts in description["edited"]}
        if not all(0 <= label < n_classes and texts for label, texts in self.edited_.items()):
            raise ValueError("the texts of small classes do not fit the classes: the file is damaged")
        if self.prior == "noise":
            return encoder, NoisePrior(self.latent_size)
        tensors = {name: torch.from_numpy(array) for name, array in stored["prior"].items()}
        prior = NeighborsPrior(self.latent_size, 0, **tensors, n_interpolated=self.code_size)
        prior.check(n_classes, self.code_size)
        return encoder, prior
