"""Tables and arrays of any library, one below the other."""

from typing import Any

import numpy as np
import pandas as pd


def stack_rows(parts: list[Any]) -> Any:
    """Put the rows of the parts one after the other.

    Parameters
    ----------
    parts : list of DataFrame of pandas or polars, or of array
        At least one, all of one kind and with the same columns and dtypes.

    Returns
    -------
    Same kind
        With those dtypes and, for pandas, a fresh index.

    Examples
    --------
    >>> stack_rows([np.array([[1, 2]]), np.array([[3, 4]])]).tolist()
    [[1, 2], [3, 4]]
    """
    if isinstance(parts[0], pd.DataFrame):
        return pd.concat(parts, ignore_index=True)
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    stacked = parts[0].clear()  # polars, which is not imported for those who do not use it
    for part in parts:
        stacked = stacked.vstack(part)
    return stacked
