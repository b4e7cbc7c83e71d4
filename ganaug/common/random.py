"""Seeds and random draws; the global generators are never touched."""

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_random_state


def draw_seed(random_state: int | np.random.RandomState | None) -> int:
    """One integer from a scikit-learn random state; None takes fresh entropy and leaves NumPy's generator alone."""
    source = np.random.RandomState() if random_state is None else check_random_state(random_state)
    return int(source.randint(np.iinfo(np.int32).max - 2))


def draw(n: int, most: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return `most` of `n` row numbers in rising order, or all of them where they are no more.

    Parameters
    ----------
    n : int
        Rows there are.
    most : int
        Rows to draw at most.
    rng : numpy.random.Generator
        Of the draw.

    Returns
    -------
    ndarray of int
        Their numbers.
    """
    return np.arange(n) if n <= most else np.sort(rng.choice(n, most, replace=False))
