"""Seeds and subsamples. The global random generators are never used."""

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_random_state


def draw_seed(random_state: int | np.random.RandomState | None) -> int:
    """Draw one seed from a scikit-learn random state.

    Parameters
    ----------
    random_state : int, RandomState or None
        None draws fresh entropy and does not touch NumPy's global generator.

    Returns
    -------
    int
        From 0 to 2**31 - 4.

    Examples
    --------
    >>> draw_seed(0) == draw_seed(0)
    True
    """
    source = np.random.RandomState() if random_state is None else check_random_state(random_state)
    return int(source.randint(np.iinfo(np.int32).max - 2))


def subsample(n: int, max_size: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw at most `max_size` of `n` positions, without replacement.

    Parameters
    ----------
    n : int
        Number of rows.
    max_size : int
        Largest size of the subsample.
    rng : numpy.random.Generator
        Source of the draw. It is used only if `n` is larger than `max_size`.

    Returns
    -------
    ndarray of int, shape (min(n, max_size),)
        Positions in ascending order.

    Examples
    --------
    >>> subsample(3, 5, np.random.default_rng(0)).tolist()
    [0, 1, 2]
    """
    return np.arange(n) if n <= max_size else np.sort(rng.choice(n, max_size, replace=False))
