"""A uniform sample of each class of a table that is read in parts, in one pass, in any order and on any machine.

Every row draws a random key, and a class keeps the rows of the smallest keys. Two such samples merge into that of both
parts together, so the order of the parts does not matter. The keys of a part depend on the seed and the number of the
part alone: a part that is read again after a worker was lost gives the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


@dataclass
class Reservoir:
    """Counts of the classes, the largest whole numbers of the columns, and a uniform sample of each class.

    Together the sampled rows are at most `n_rows`. All classes keep the same number of rows, or all that they have.

    Parameters
    ----------
    target : str
        The column of labels.
    n_rows : int
        Number of rows to keep in total, at most.
    """

    target: str
    n_rows: int
    counts: dict[Any, int] = field(default_factory=dict)
    largest: dict[str, int] = field(default_factory=dict)
    keys: dict[Any, NDArray] = field(default_factory=dict, repr=False)
    rows: dict[Any, pa.Table] = field(default_factory=dict, repr=False)

    def add(self, part: pa.Table, rng: np.random.Generator) -> None:
        """Take the rows of one more part.

        Parameters
        ----------
        part : pyarrow.Table
            The rows.
        rng : numpy.random.Generator
            Of their keys.

        Raises
        ------
        ValueError
            If a label is missing.
        """
        encoded = pc.dictionary_encode(part.column(self.target).combine_chunks())
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        if encoded.null_count:
            n_missing = f"{encoded.null_count:,} missing labels among {part.num_rows:,} rows"
            raise ValueError(f"column {self.target!r} has {n_missing}; remove these rows, or give them a label")
        labels, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy(zero_copy_only=False)
        keys = rng.random(part.num_rows)
        for name in part.column_names:
            if pa.types.is_integer(part.schema.field(name).type):
                found = pc.max(part.column(name)).as_py()
                if found is not None:
                    self.largest[name] = max(found, self.largest.get(name, found))
        for code, label in enumerate(labels):
            own = np.flatnonzero(codes == code)
            if not len(own):
                continue
            n_before = self.counts.get(label, 0)
            self.counts[label] = n_before + len(own)
            if n_before > len(self.keys.get(label, ())):  # the class is full: few rows have a chance
                own = own[keys[own] < self.keys[label][-1]]
            self._keep(label, keys[own], part.take(pa.array(own)))
        self._shrink()

    def merged(self, other: Reservoir) -> Reservoir:
        """Return the sample of the rows of both.

        Parameters
        ----------
        other : Reservoir
            Of other rows of the table.
        """
        both = Reservoir(self.target, self.n_rows)
        for one in (self, other):
            for label, n in one.counts.items():
                both.counts[label] = both.counts.get(label, 0) + n
                both._keep(label, one.keys[label], one.rows[label])
            for name, value in one.largest.items():
                both.largest[name] = max(value, both.largest.get(name, value))
        both._shrink()
        return both

    def table(self) -> pa.Table:
        """Return the sampled rows, in random order within each class."""
        tables = [self.rows[label] for label in sorted(self.rows, key=repr)]
        return pa.concat_tables(tables, promote_options="permissive").unify_dictionaries().combine_chunks()

    def _keep(self, label: Any, keys: NDArray, rows: pa.Table) -> None:
        if label in self.keys:
            keys = np.concatenate([self.keys[label], keys])
            rows = pa.concat_tables([self.rows[label], rows], promote_options="permissive").unify_dictionaries()
        order = np.argsort(keys, kind="stable")[: self.n_rows]
        self.keys[label], self.rows[label] = keys[order], rows.take(pa.array(order)).combine_chunks()

    def _shrink(self) -> None:
        """Keep what each class may have. More rows of other classes only lower it, so that no row is missed later."""
        level = equal_quota(list(self.counts.values()), self.n_rows)
        for label, keys in self.keys.items():
            if len(keys) > level:
                self.keys[label] = keys[:level]
                # a slice would keep all of the memory
                self.rows[label] = self.rows[label].take(pa.array(np.arange(level)))


def merge(reservoirs: Iterable[Reservoir]) -> Reservoir:
    """Return the sample of the rows of all.

    Parameters
    ----------
    reservoirs : iterable of Reservoir
        At least one.
    """
    return reduce(Reservoir.merged, reservoirs)


def equal_quota(counts: list[int], n_rows: int) -> int:
    """Return the number of rows that each class may keep, so that all together keep at most `n_rows`.

    Classes that have fewer rows leave theirs to the others.

    Parameters
    ----------
    counts : list of int
        Rows of each class.
    n_rows : int
        Rows to keep in total, at most.

    Examples
    --------
    >>> equal_quota([1_000, 10, 500], 210)
    100
    """
    left = n_rows
    ordered = sorted(counts)
    for i, count in enumerate(ordered):
        share = left // (len(ordered) - i)
        if count > share:
            return share
        left -= count
    return max(ordered, default=0)
