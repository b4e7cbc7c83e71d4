"""Put an estimator back to what it was where a fit fails."""

from collections.abc import Iterator
from contextlib import contextmanager

from sklearn.base import BaseEstimator


@contextmanager
def rollback_on_error(estimator: BaseEstimator, wanted: bool) -> Iterator[None]:
    """Where `wanted`, give an estimator back all that it had learned if the block does not end well."""
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        if wanted:
            vars(estimator).clear()
            vars(estimator).update(before)
        raise
