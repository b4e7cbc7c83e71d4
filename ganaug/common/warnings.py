"""Warnings that point to the user's own line, and filters of warnings that threads leave as they were."""

import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Packages whose lines are not the user's.
_LIBRARIES = {"ganaug", "sklearn", "imblearn", "joblib", "torch", "contextlib"}


def warn_user(message: str) -> None:
    """Issue a `UserWarning` that points to the user's line, not to a line of ganaug or of scikit-learn.

    Parameters
    ----------
    message : str
        What the user should know about the data or the training.

    Warns
    -----
    UserWarning
        Always, with `message`.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn_user("class 'rare' has 3 images")
    >>> caught[0].category.__name__, str(caught[0].message)
    ('UserWarning', "class 'rare' has 3 images")
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] in _LIBRARIES:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, stacklevel=level)


class _Filters:
    """How many blocks run now, whether several ran at once, and what was set before the first of them."""

    lock = threading.Lock()
    n_blocks = 0
    overlapped = False
    before: tuple[list[Any], Any] = ([], None)


@contextmanager
def stable_warning_filters() -> Iterator[None]:
    """Leave the filters of warnings as they were, also where several threads run such blocks at once.

    `warnings.catch_warnings`, which scikit-learn calls often, restores in one thread what another one had set for a
    moment. So filters would be lost, or stay for ever.

    Yields
    ------
    None
    """
    with _Filters.lock:
        if not _Filters.n_blocks:
            _Filters.before, _Filters.overlapped = (list(warnings.filters), warnings.showwarning), False
        _Filters.n_blocks += 1
        _Filters.overlapped |= _Filters.n_blocks > 1
    try:
        yield
    finally:
        with _Filters.lock:
            _Filters.n_blocks -= 1
            if not _Filters.n_blocks and _Filters.overlapped:
                filters, warnings.showwarning = _Filters.before
                warnings.filters[:] = filters  # type: ignore[index]
                with warnings.catch_warnings():
                    pass  # tells Python that the filters have changed
