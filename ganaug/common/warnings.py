"""Warnings that point to the user's own line."""

import sys
import warnings

# Whose lines are not the user's.
_BETWEEN = {"ganaug", "sklearn", "imblearn", "joblib", "torch", "contextlib"}


def warn_user(message: str) -> None:
    """Warn, and point to the line that led here from outside, not to one of ours or of scikit-learn's.

    Parameters
    ----------
    message : str
        What the user shall know of the data or the training.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn_user("few pictures")
    >>> caught[0].category.__name__, str(caught[0].message)
    ('UserWarning', 'few pictures')
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] in _BETWEEN:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, stacklevel=level)
