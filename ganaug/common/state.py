"""Undo a fit that failed."""

from collections.abc import Iterator
from contextlib import contextmanager

from sklearn.base import BaseEstimator


@contextmanager
def rollback_on_error(estimator: BaseEstimator, enabled: bool) -> Iterator[None]:
    """Restore the attributes of an estimator if the block raises.

    A warm start needs this: after a failed or interrupted second fit, the estimator is still the one of the first fit.

    Parameters
    ----------
    estimator : BaseEstimator
        The estimator that the block fits.
    enabled : bool
        If False, nothing is restored: the estimator keeps what the failed block left.

    Yields
    ------
    None

    Notes
    -----
    Attributes that the block added are deleted, and attributes that it replaced or deleted get their former values.
    Values are not copied: an object that the block changes in place stays changed. So a fit that goes on from learned
    arrays or networks must work on copies of them.

    Examples
    --------
    >>> from sklearn.base import BaseEstimator
    >>> estimator = BaseEstimator()
    >>> estimator.scale_ = 1
    >>> try:
    ...     with rollback_on_error(estimator, enabled=True):
    ...         estimator.scale_, estimator.center_ = 2, 0
    ...         raise ValueError
    ... except ValueError:
    ...     print(vars(estimator))
    {'scale_': 1}
    """
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        if enabled:
            for name in vars(estimator).keys() - before.keys():
                delattr(estimator, name)
            for name, value in before.items():
                setattr(estimator, name, value)
        raise
