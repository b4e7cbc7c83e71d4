"""Whether synthetic rows carry identifiers of real rows."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.common.containers import as_frame
from ganaug.common.identifiers import find_identifiers, identifier_texts
from ganaug.metrics.table_pair import TablePair, as_pair


def reused_identifiers(
    real: Any, synthetic: Any = None, holdout: Any = None, *, identifiers: Sequence[Hashable] | None = None
) -> pd.DataFrame:
    """Count synthetic cells that hold an identifier of a real row, column by column.

    Parameters
    ----------
    real : TablePair, or table of shape (n_real, d)
        The training rows, or a pair that holds all tables.
    synthetic : table of shape (n_synthetic, d) or None, default=None
        Synthetic rows with the same columns; None beside a pair.
    holdout : table of shape (n_holdout, d) or None, default=None
        Real rows that the generator has not seen, for reference: where new real rows have names of training rows, such
        as frequent family names, synthetic rows may as well. Without a hold-out, the reference is how many real cells
        another real row has, too.
    identifiers : sequence of hashable or None, default=None
        Columns that identify rows. None takes those of the pair, or finds them in the real table.

    Returns
    -------
    DataFrame of n_identifiers rows, by column
        "reused", how many of the known synthetic "cells" occur in the real
        column; "reference reused" and "reference cells", the same of the reference; and "row numbers", whether the
        synthetic cells just count the rows from 0 or 1 on. Best is that nothing is reused.

    Raises
    ------
    ValueError
        See `TablePair`.

    Examples
    --------
    >>> real = pd.DataFrame({"id": [f"C-{number:04d}" for number in range(0, 400, 7)], "age": 41})
    >>> reused_identifiers(real, real[:30])[["reused", "cells"]]
        reused  cells
    id      30     30
    """
    if isinstance(real, TablePair):
        of_columns = as_pair(real, synthetic, holdout).identifier_columns
    else:
        tables = [as_frame(real, "real")]
        others = [("synthetic", synthetic), ("holdout", holdout)]
        tables += [as_frame(table, name, tables[0]) for name, table in others if table is not None]
        found = find_identifiers(tables[0]) if identifiers is None else identifiers
        of_columns = {label: tuple(table[label] for table in tables) for label in found}
    rows = []
    for columns in of_columns.values():
        known, cells, *unseen = ([text for text in identifier_texts(column) if text is not None] for column in columns)
        counts = pd.Series(known, dtype=object).value_counts()
        times = counts.reindex(unseen[0] if unseen else known, fill_value=0).to_numpy()
        rows.append(
            {
                "reused": int(pd.Index(cells, dtype=object).isin(counts.index).sum()),
                "cells": len(cells),
                "reference reused": int((times > (0 if unseen else 1)).sum()),
                "reference cells": len(times),
                "row numbers": _count_rows(columns[1]),
            }
        )
    names = ["reused", "cells", "reference reused", "reference cells", "row numbers"]
    return pd.DataFrame(rows, columns=names, index=pd.Index(list(of_columns), dtype=object, tupleize_cols=False))


def _count_rows(column: pd.Series) -> bool:
    if column.dtype.kind not in "iu" or column.isna().any():
        return False
    numbers: NDArray = column.to_numpy("int64")
    return bool(len(numbers) > 1 and numbers[0] in (0, 1) and (np.diff(numbers) == 1).all())
