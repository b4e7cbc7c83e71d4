"""What generates rows away from the training data: in other processes, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ganaug.models.base import ConditionalGAN
from ganaug.models.tabular import TabularGAN
from ganaug.selection import CandidateSelection


@dataclass(frozen=True)
class RowSource:
    """A trained model of tables with the way in which its rows are chosen. It can be pickled.

    Parts that do not know of one another cannot give every row a value of its own. So whole numbers that identify rows
    continue after the largest one of the whole table, and identifiers of text are left empty.

    Parameters
    ----------
    model : ConditionalGAN
        A fitted model of tables.
    selection : CandidateSelection or None
        How each row is chosen among candidates.
    largest : mapping of str to int
        The largest value of each column of whole numbers, of all real rows.
    """

    model: ConditionalGAN
    selection: CandidateSelection | None
    largest: Mapping[str, int] = field(default_factory=dict)

    @property
    def numbered(self) -> dict[int, int]:
        """Position of each column whose numbers identify rows -> the first number that no real row has."""
        of = enumerate(self.model.encoder_.columns_)
        return {
            i: 1 + max(column.ends[1], self.largest.get(column.label, column.ends[1]))
            for i, column in of
            if column.kind == "identifier" and column.gets_values and column.ends is not None
        }

    @property
    def emptied(self) -> dict[int, str]:
        """Position of each column of text that identifies rows -> its name."""
        of = enumerate(self.model.encoder_.columns_)
        return {
            i: str(column.label)
            for i, column in of
            if column.kind == "identifier" and column.gets_values and column.ends is None
        }

    def rows(self, label: Any, n: int, seed: int, first: int) -> Iterator[pd.DataFrame]:
        """Generate rows of one class, some ten thousand at a time.

        Parameters
        ----------
        label : label
            The class.
        n : int
            How many rows.
        seed : int
            Of the rows.
        first : int
            How many synthetic rows come before them.

        Yields
        ------
        DataFrame
            The next rows.
        """
        for rows in self.model.sample_parts(np.full(n, label), random_state=seed, selection=self.selection):
            rows = rows.copy(deep=False)
            for i, start in self.numbered.items():
                numbers = pd.Series(np.arange(start + first, start + first + len(rows)), index=rows.index)
                rows.isetitem(i, numbers.astype(rows.dtypes.iloc[i]))
            for i in self.emptied:
                rows.isetitem(i, pd.Series([None] * len(rows), index=rows.index, dtype=rows.dtypes.iloc[i]))
            first += len(rows)
            yield rows


def model_of_tables(given: Any) -> Any:
    """Return a model of tables for the `model` parameter of a sampler, and refuse others.

    Parameters
    ----------
    given : str or ConditionalGAN
        A name or a model.

    Raises
    ------
    ValueError
        If it is not for tables.

    Examples
    --------
    >>> model_of_tables("auto")
    'tabular'
    """
    if given in ("auto", "tabular") or isinstance(given, TabularGAN):
        return "tabular" if isinstance(given, str) else given
    raise ValueError(f"model={given!r} is not for tables; pass model='tabular' or TabularGAN()")
