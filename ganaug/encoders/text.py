"""Texts as tokens and back: byte pairs that are learned from the texts, so that texts of any script can be written."""

import json
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganaug.common.extras import require_extra
from ganaug.common.serialization import refusing_malformed

# Tokens that are not text. END also stands before the first token, and BLANK for a token that the decoder is not shown.
PADDING, END, BLANK = 0, 1, 2
_SPECIAL = ("<padding>", "<end>", "<blank>")
N_SPECIAL = len(_SPECIAL)
# Characters of a text that are read at most: several times what any network here sees of it, and a text of a million
# words then takes no time.
_MAX_CHARACTERS = 20


class TextEncoder:
    """Encode texts as tokens: frequent sequences of bytes, learned from the texts (BPE, arXiv 1508.07909).

    The smallest tokens are single bytes. So every text has tokens, in any script, with emoji, addresses and numbers,
    and they decode to the same text again.

    Parameters
    ----------
    vocabulary_size : int, default=4000
        Number of different tokens, at least 300. Texts with fewer frequent sequences get fewer tokens.
    max_length : int, default=40
        Number of tokens of a text that are kept. A longer text is cut.

    Attributes
    ----------
    vocabulary_ : list of str
        The tokens, by their numbers, in the alphabet of byte pairs: a printable character stands for each byte.
    merges_ : list of (str, str)
        The pairs that are joined, the first ones first.

    Examples
    --------
    >>> encoder = TextEncoder().fit(["Call 0800 now!", "Call me 😊"])
    >>> encoder.decode(encoder.encode(["Call 😊 ğ!", ""]))
    ['Call 😊 ğ!', '']
    """

    vocabulary_: list[str]
    merges_: list[tuple[str, str]]

    def __init__(self, vocabulary_size: int = 4000, max_length: int = 40) -> None:
        self.vocabulary_size = vocabulary_size
        self.max_length = max_length

    def fit(self, texts: Sequence[str]) -> "TextEncoder":
        """Learn the tokens.

        Parameters
        ----------
        texts : sequence of str
            Texts of any length.
        """
        library = _library()
        tokenizer = _untrained(library, library.models.BPE())
        trainer = library.trainers.BpeTrainer(
            vocab_size=self.vocabulary_size,
            min_frequency=2,
            special_tokens=list(_SPECIAL),
            initial_alphabet=sorted(library.pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        tokenizer.train_from_iterator((self._readable(text) for text in texts), trainer)
        vocabulary = tokenizer.get_vocab()
        self.vocabulary_ = sorted(vocabulary, key=vocabulary.__getitem__)
        self.merges_ = _merges_of(tokenizer)
        self._restore()
        return self

    def _restore(self) -> None:
        library = _library()
        numbers = {token: number for number, token in enumerate(self.vocabulary_)}
        self._tokenizer = _untrained(library, library.models.BPE(vocab=numbers, merges=self.merges_))
        self._bytes = [b"" if token in _SPECIAL else _bytes_of(token) for token in self.vocabulary_]

    @property
    def n_tokens(self) -> int:
        """Number of different tokens."""
        return len(self.vocabulary_)

    def _readable(self, text: str) -> str:
        # half of a pair of code units has no bytes in UTF-8
        return text[: _MAX_CHARACTERS * self.max_length].encode("utf-8", "ignore").decode("utf-8")

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of a text: all of its first characters, and of a long text more than are kept."""
        return self._tokenizer.encode(self._readable(text)).ids

    def encode(self, texts: Sequence[str]) -> Tensor:
        """Encode texts.

        Parameters
        ----------
        texts : sequence of str, n_texts long
            Texts; of long ones the first `max_length` tokens are kept.

        Returns
        -------
        Tensor of int64, shape (n_texts, max_length + 1)
            Tokens, then `END`, then `PADDING`. A text that was cut has no `END`.
        """
        encoded = np.full((len(texts), self.max_length + 1), PADDING, dtype=np.int64)
        for row, text in zip(encoded, texts, strict=True):
            tokens = [*self.tokens(text), END][: self.max_length]
            row[: len(tokens)] = tokens
        return torch.from_numpy(encoded)

    def is_cut(self, encoded: Tensor) -> NDArray[np.bool_]:
        """Return which encoded texts are longer than `max_length` tokens."""
        return ~(encoded == END).any(1).numpy()

    def decode(self, encoded: Tensor) -> list[str]:
        """Decode texts.

        Parameters
        ----------
        encoded : Tensor of int, shape (n_texts, length)
            Tokens up to the first `END` or `PADDING`. Bytes that are no character are left out.

        Returns
        -------
        list of str
            The texts.
        """
        texts = []
        for row in encoded.tolist():
            pieces = []
            for token in row:
                if token in (PADDING, END):
                    break
                pieces.append(self._bytes[token])
            texts.append(b"".join(pieces).decode("utf-8", "ignore"))
        return texts

    def state(self) -> dict[str, Any]:
        """Describe the encoder as plain data."""
        return {
            "vocabulary_size": self.vocabulary_size,
            "max_length": self.max_length,
            "vocabulary": self.vocabulary_,
            "merges": [list(pair) for pair in self.merges_],
        }

    @classmethod
    def from_state(cls, plain: dict[str, Any]) -> "TextEncoder":
        """Read what `state` returned; malformed data raise ValueError."""
        with refusing_malformed("the tokens of texts"):
            encoder = cls(int(plain["vocabulary_size"]), int(plain["max_length"]))
            if not 1 <= encoder.max_length <= 10_000:
                raise ValueError(f"max_length={encoder.max_length}")
            encoder.vocabulary_ = [str(token) for token in plain["vocabulary"]]
            encoder.merges_ = [(str(first), str(second)) for first, second in plain["merges"]]
            if encoder.vocabulary_[: len(_SPECIAL)] != list(_SPECIAL):
                raise ValueError("the first tokens are others")
            encoder._restore()
        return encoder


def fitted_tokens(
    texts: Sequence[str],
    vocabulary_size: int | Literal["auto"],
    max_length: int | Literal["auto"],
    auto_vocabulary_size: int,
    longest: int,
) -> TextEncoder:
    """Learn the tokens of texts.

    Parameters
    ----------
    texts : sequence of str
        Training texts.
    vocabulary_size : int or "auto"
        Number of different tokens.
    max_length : int or "auto"
        Number of tokens of a text that are kept. "auto" is the length that 98 % of the texts do not exceed.
    auto_vocabulary_size : int
        What "auto" stands for.
    longest : int
        What "auto" stands for at most.
    """
    size = auto_vocabulary_size if vocabulary_size == "auto" else vocabulary_size
    tokens = TextEncoder(size, longest if max_length == "auto" else max_length).fit(texts)
    if max_length == "auto":
        lengths = [min(len(tokens.tokens(text)) + 1, longest) for text in texts]
        tokens.max_length = max(int(np.quantile(lengths, 0.98)), 2)
    return tokens


def _library() -> Any:
    require_extra("text", "Models of texts need")
    import tokenizers

    return tokenizers


def _untrained(library: Any, model: Any) -> Any:
    tokenizer = library.Tokenizer(model)
    tokenizer.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer


def _merges_of(tokenizer: Any) -> list[tuple[str, str]]:
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    # older versions write a pair as one text with a space, which is no character of the alphabet
    pairs = [pair.split(" ") if isinstance(pair, str) else pair for pair in merges]
    return [(first, second) for first, second in pairs]


def _alphabet() -> dict[str, int]:
    """Return the byte that each character of the alphabet stands for, as GPT-2 defines it."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in set(printable)]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


_BYTE_OF = _alphabet()


def _bytes_of(token: str) -> bytes:
    return bytes(_BYTE_OF[character] for character in token)
