"""A set of texts that does not hold the texts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Another text seems to be in the set once in so many times, as a power of 2.
_BITS_OF_CHANCE = 8


@dataclass(frozen=True)
class ShortHashes:
    """Salted hashes of some values, so short that other values have the same ones.

    Of n values, each hash has log2(n) + 8 bits, at most 32. A value that is not among them is taken for one of them
    once in 256 times. Whoever tries all possible values therefore finds 1 in 256 of them beside the real ones: from a
    form such as 7590-VHVEG, with 10^11 values, 464 million besides a few thousand. It remains possible to ask whether
    one particular value may have been there.

    Parameters
    ----------
    salt : bytes
        Of the hashes; it follows from the values, so that the same data give the same rows.
    bits : int
        Length of a hash, 1 to 32.
    hashes : ndarray of uint32
        Sorted.
    n_values : int
        Number of values.
    """

    salt: bytes
    bits: int
    hashes: NDArray
    n_values: int

    @classmethod
    def fit(cls, texts: NDArray) -> ShortHashes:
        """Hash texts; each counts once.

        Parameters
        ----------
        texts : ndarray of str, shape (n,)
            The values.
        """
        distinct = sorted(set(texts.tolist()))
        whole = blake2b(digest_size=16)
        for text in distinct:
            whole.update(text.encode("utf-8", "surrogatepass"))
            whole.update(b"\0")
        bits = min(32, math.ceil(math.log2(max(len(distinct), 2))) + _BITS_OF_CHANCE)
        empty = cls(whole.digest(), bits, np.empty(0, np.uint32), len(distinct))
        return cls(empty.salt, bits, np.unique(empty._hash(distinct)), len(distinct))

    def hold(self, texts: Iterable[str]) -> NDArray[np.bool_]:
        """Return which texts are values of the set, or seem so by chance."""
        hashed = self._hash(texts)
        if not len(self.hashes):
            return np.zeros(len(hashed), dtype=bool)
        # np.isin would sort all hashes anew for each call
        places = np.searchsorted(self.hashes, hashed)
        return np.asarray(self.hashes[np.minimum(places, len(self.hashes) - 1)] == hashed)

    def _hash(self, texts: Iterable[str]) -> NDArray:
        shift, salt = 32 - self.bits, self.salt
        digests = b"".join(
            blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4, key=salt).digest() for text in texts
        )
        return np.frombuffer(digests, dtype="<u4") >> np.uint32(shift)

    def state(self) -> dict[str, Any]:
        """Describe the set; the hashes are an array."""
        return {"salt": self.salt.hex(), "bits": self.bits, "n_values": self.n_values}

    @classmethod
    def from_state(cls, description: dict[str, Any], hashes: NDArray) -> ShortHashes:
        """Rebuild the set."""
        salt, bits = bytes.fromhex(description["salt"]), int(description["bits"])
        n_values = int(description["n_values"])
        if not (len(salt) == 16 and 1 <= bits <= 32 and n_values >= 0 and hashes.ndim == 1):
            raise ValueError("these are no short hashes")
        if hashes.dtype != np.uint32 or (hashes[1:] <= hashes[:-1]).any():
            raise ValueError("short hashes are rising whole numbers of 32 bits")
        return cls(salt, bits, hashes, n_values)
