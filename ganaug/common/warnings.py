"""Warnings that point to the user's own line."""

import sys
import warnings

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
