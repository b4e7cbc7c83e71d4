"""Parameters that several models, or a model and the sampler, share: constraint and documentation, written once.

A class takes the constraints with `constraints_of`. It takes the documentation with the decorator `documented`, which
replaces each line ``$name`` of the class docstring by the entry of that parameter. The default value in an entry is
read from the signature of the class.
"""

import inspect
import math
import re
import textwrap
from collections.abc import Callable, Iterable
from numbers import Integral, Real
from os import PathLike
from typing import Any, NamedTuple, TypeVar

import numpy as np
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from ganaug.training import LOSSES, OPTIMIZERS, PENALTIES, SCHEDULES, AdversarialLoss

# The accelerators of Lightning Fabric.
DEVICES = ("auto", "cpu", "gpu", "cuda", "mps", "tpu")
_WIDTH = 116

# Largest values: beyond them, a number does not fit into what computes with it, or a network into any memory.
LARGEST_COUNT = 10**9
LARGEST_SIZE = 2**16

Class = TypeVar("Class", bound=type)


class Number(Interval):
    """An interval of finite numbers; True and False are not numbers, and some int do not fit into a float."""

    def is_satisfied_by(self, val: Any) -> bool:
        """Return whether a value satisfies the constraint.

        Parameters
        ----------
        val : object
            The value.
        """
        if isinstance(val, bool | np.bool_) or not super().is_satisfied_by(val):
            return False
        try:
            return math.isfinite(float(val))
        except OverflowError:
            return False


class Items(HasMethods):
    """A sequence, an array or a set of `minimum` to `maximum` items that all satisfy `check`; no text, and no dict.

    Parameters
    ----------
    what : str
        What it is in a message.
    check : callable
        Takes an item, and returns whether it is one.
    minimum, maximum : float, default=0 and inf
        Number of items.
    """

    def __init__(
        self, what: str, check: Callable[[Any], bool] = lambda item: True, minimum: int = 0, maximum: float = math.inf
    ) -> None:
        super().__init__(["__len__", "__iter__"])
        self.what, self.check, self.minimum, self.maximum = what, check, minimum, maximum

    def is_satisfied_by(self, val: Any) -> bool:
        """Return whether a value satisfies the constraint.

        Parameters
        ----------
        val : object
            The value.
        """
        if isinstance(val, str | bytes | dict) or not super().is_satisfied_by(val) or np.ndim(val) == 0:
            return False
        return self.minimum <= len(val) <= self.maximum and all(map(self.check, val))

    def __str__(self) -> str:
        return self.what


def count(minimum: int = 1, maximum: int = LARGEST_COUNT) -> Number:
    """Return the constraint of a number of things.

    Parameters
    ----------
    minimum, maximum : int
        The smallest and the largest number.
    """
    return Number(Integral, minimum, maximum, closed="both")


HIDDEN_SIZES = Items(
    "a list of at least one positive int, such as (128, 128)",
    count(1, LARGEST_SIZE).is_satisfied_by,
    minimum=1,
    maximum=100,
)


def _is_callback(item: Any) -> bool:
    return not isinstance(item, type) and all(
        callable(getattr(item, hook, None)) for hook in ("on_fit_start", "on_step_end", "on_fit_end")
    )


def _is_rule(item: Any) -> bool:
    return isinstance(item, str) or callable(item)


class Parameter(NamedTuple):
    """A shared parameter.

    Attributes
    ----------
    constraints : list
        As scikit-learn validates parameters.
    type : str
        The type in a numpydoc entry, without default and without None.
    text : str
        What the parameter does. ``{noun}`` stands for the samples of the class: "rows" or "images".
    none : str
        What None means for a model; empty where a model does not take None.
    """

    constraints: list[Any]
    type: str
    text: str
    none: str = ""


def _options(names: Iterable[str]) -> str:
    return "{" + ", ".join(f'"{name}"' for name in names) + "}"


_AUTO = StrOptions({"auto"})

SHARED: dict[str, Parameter] = {
    "loss": Parameter(
        [StrOptions(set(LOSSES)), AdversarialLoss],
        f"{_options(LOSSES)} or AdversarialLoss",
        'Adversarial loss. ``"rpgan"`` compares each real sample with a synthetic one, with the gradient penalties '
        "R1 and R2 (R3GAN, arXiv 2501.05441). The others are the hinge loss (arXiv 1705.02894), the loss of "
        'the first GAN (arXiv 1406.2661), and least squares (arXiv 1611.04076). ``"wgan"`` and ``"wgan-gp"`` have the '
        "settings of their papers: weights clipped at 0.01 and RMSprop (arXiv 1701.07875), or a gradient penalty of "
        'weight 10 (arXiv 1704.00028). ``"wasserstein"`` clips at 0.3, with which our networks train faster. An '
        "`AdversarialLoss` of `ganaug.training` is a loss of your own; model files do not hold it.",
    ),
    "penalty": Parameter(
        [StrOptions({"auto", *PENALTIES})],
        _options(["auto", *PENALTIES]),
        'Gradient penalty on the discriminator. ``"auto"`` takes the penalty that belongs to the loss.',
    ),
    "gamma": Parameter(
        [_AUTO, Number(Real, 0, LARGEST_COUNT, closed="both")],
        'float or "auto"',
        'Weight of the penalty, at least 0. ``"auto"`` takes the weight that belongs to the loss.',
    ),
    "penalty_every": Parameter(
        [count()],
        "int",
        "The penalty is computed in every n-th step, with n times the weight (lazy regularisation, arXiv 1912.04958). "
        "A larger value saves time.",
    ),
    "n_critic": Parameter(
        [_AUTO, count(maximum=1000)],
        'int or "auto"',
        "Number of discriminator updates for each generator update. "
        '``"auto"`` is 5 for the Wasserstein losses and 1 for all others.',
    ),
    "learning_rate": Parameter([Number(Real, 0, None, closed="neither")], "float", "Learning rate of both networks."),
    "discriminator_learning_rate": Parameter(
        [None, Number(Real, 0, None, closed="neither")],
        "float or None",
        "Learning rate of the discriminator (two time-scale update rule, arXiv 1706.08500). None takes "
        "`learning_rate`.",
    ),
    "optimizer": Parameter(
        [StrOptions({"auto", *OPTIMIZERS})],
        _options(["auto", *OPTIMIZERS]),
        'Optimiser of both networks; see `ganaug.training.build_optimizer`. ``"auto"`` is RMSprop for the loss '
        '``"wgan"`` and Adam for all others.',
    ),
    "weight_decay": Parameter(
        [Number(Real, 0, None, closed="left")], "float", "Weight decay of both networks, at least 0."
    ),
    "schedule": Parameter(
        [StrOptions(set(SCHEDULES))],
        _options(SCHEDULES),
        'Course of the learning rates during the training; ``"cosine"`` and ``"linear"`` end at 0.',
    ),
    "ema": Parameter(
        [_AUTO, Number(Real, 0, 1, closed="left")],
        'float or "auto"',
        "Decay of the exponential moving average (EMA) of the generator's weights, in [0, 1). The averaged network is "
        'the one that samples (arXiv 1806.04498). ``"auto"`` adapts the decay to the number of training steps.',
    ),
    "latent_size": Parameter([count(maximum=LARGEST_SIZE)], "int", "Size of the latent noise vector."),
    "n_neighbors": Parameter(
        [count()],
        "int",
        'With ``prior="neighbors"``: a sample starts between one of the training {noun} and one of this many nearest '
        "{noun} of the same class.",
    ),
    "max_time": Parameter(
        [None, Number(Real, 0, LARGEST_COUNT, closed="right")],
        "float",
        "Training stops after this many seconds.",
        "None sets no limit.",
    ),
    "patience": Parameter(
        [None, count()],
        "int",
        "The distance between synthetic and real {noun} is measured about 20 times in a training. Training stops early "
        "when it has not improved in this many measurements in a row.",
        "None trains to the end.",
    ),
    "categorical_features": Parameter(
        [_AUTO, Items("a list of names, indices or booleans"), None],
        '"auto", array-like (names, indices or bool)',
        'Numeric columns of a table that are categories. ``"auto"`` takes those with at most two distinct values. '
        "An empty list takes none. Columns of text, booleans and pandas categories are categories in any case.",
        "None means the same as an empty list.",
    ),
    "ignore": Parameter(
        [_AUTO, Items("a list of names, indices or booleans"), None],
        '"auto", array-like (names, indices or bool)',
        "Columns of a table that are not learned. "
        '``"auto"`` takes those that identify rows, such as customer numbers, e-mail addresses and free text. '
        "A list adds others to them. An empty list takes none. Synthetic rows get new values of the same form that no "
        "training row has; free text, and other columns that are not near-unique, are left empty. A column that "
        "`categorical_features` names is learned.",
        "None means the same as an empty list.",
    ),
    "constraints": Parameter(
        [_AUTO, Items("a list of texts and functions", _is_rule), None],
        '"auto" or list of str or callable',
        'Rules that each row of a table keeps. ``"auto"`` learns them from the training rows: combinations of values '
        "that never occur, orders such as ``start <= end``, sums and products, columns that are missing together, and "
        'columns that another one determines. A list adds rules to those: text such as ``"start <= end"``, '
        "``\"total = a + b\"`` or ``\"sex = 'male' or pregnant != 'yes'\"`` (names with spaces in backticks), or "
        "functions that take a DataFrame and return which rows are allowed. Synthetic rows that break a rule are "
        "repaired or generated again.",
        "None uses no rules.",
    ),
    "text_columns": Parameter(
        [_AUTO, Items("a list of names, indices or booleans"), None],
        '"auto", array-like (names, indices or bool)',
        "Columns of texts in a table, for which `ganaug.TextGAN` writes new texts of the class of a row. "
        '``"auto"`` takes those whose cells have at least three words on average and are mostly different. The '
        "training takes minutes for each, and within a class the texts do not depend on the other cells of a row. "
        "Other columns of texts are left empty or are categories, see `ignore`.",
        "None means the same as an empty list.",
    ),
    "random_state": Parameter(
        ["random_state"],
        "int, RandomState",
        "Seed. An integer gives the same {noun} every time, on the same machine.",
        "None draws a new seed in each `fit`.",
    ),
    "device": Parameter(
        [StrOptions(set(DEVICES))],
        _options(DEVICES),
        'The device that trains, by its name in Lightning Fabric. ``"auto"`` takes an accelerator where there is one.',
    ),
    "devices": Parameter(
        [_AUTO, count(maximum=1024)],
        'int or "auto"',
        'Number of processes that train together, each on its own GPU or, with ``device="cpu"``, on its own cores. '
        'Each takes an equal part of every batch. ``"auto"`` takes the processes that ``torchrun`` or ``fabric run`` '
        "has started, and otherwise this one. A number above 1 starts the others on this machine, for the time of the "
        "training. 1 trains in this process alone.",
    ),
    "verbose": Parameter(["verbose"], "int", "1 shows a progress bar on standard error; 0 shows nothing."),
    "callbacks": Parameter(
        [None, Items("a list of Callback", _is_callback)],
        "list of Callback",
        "Objects that watch or stop the training; see `ganaug.training.callbacks`.",
        "None uses no callback.",
    ),
    "checkpoint": Parameter(
        [None, str, PathLike],
        "str or Path",
        "File to which the training is stored about twice a minute, in at most 1 % of the time. If the process ends "
        "early (Ctrl-C, SIGTERM, a crash), the same call goes on from the file; on the CPU, the result is the same as "
        "without the interruption. A file of other data or parameters is refused: only `max_time`, `verbose` and "
        "`callbacks` may differ. The file is deleted when the call has succeeded. It holds more of the training data "
        "than a model file: share it only with those who may see the data.",
        "None stores nothing.",
    ),
}


def constraints_of(*names: str) -> dict[str, list[Any]]:
    """Return the constraints of shared parameters, for the ``_parameter_constraints`` of a model.

    Parameters
    ----------
    *names : str
        Names of `SHARED`.

    Returns
    -------
    dict of str to list
        Name -> constraints.
    """
    return {name: list(SHARED[name].constraints) for name in names}


def constraints_of_overrides(*names: str) -> dict[str, list[Any]]:
    """Return the constraints of parameters that override those of a model if they are not None.

    Parameters
    ----------
    *names : str
        Names of `SHARED`.

    Returns
    -------
    dict of str to list
        Name -> constraints, None among them.
    """
    return {name: [*(c for c in SHARED[name].constraints if c is not None), None] for name in names}


def documented(*, noun: str, overrides: bool = False) -> Callable[[Class], Class]:
    """Complete the docstring of a class with the entries of shared parameters.

    Parameters
    ----------
    noun : str
        What the class calls its samples: "rows" or "images".
    overrides : bool, default=False
        Whether the parameters override those of a model, and are None where they do not.

    Returns
    -------
    callable
        A class decorator.

    Examples
    --------
    >>> @documented(noun="rows")
    ... class Model:
    ...     '''A model.
    ...
    ...     Parameters
    ...     ----------
    ...     $learning_rate
    ...     '''
    ...     def __init__(self, learning_rate=0.1): ...
    >>> print(Model.__doc__.splitlines()[4])
    learning_rate : float, default=0.1
    """

    def complete(cls: Class) -> Class:
        if cls.__doc__:  # there is none under python -OO
            signature = inspect.signature(cls).parameters

            def entry(match: re.Match[str]) -> str:
                return _entry(match[1], signature[match[1]].default, noun, overrides)

            cls.__doc__ = re.sub(r"^\$(\w+)$", entry, inspect.cleandoc(cls.__doc__), flags=re.MULTILINE)
        return cls

    return complete


def _entry(name: str, default: Any, noun: str, overrides: bool) -> str:
    parameter = SHARED[name]
    # None means one thing to a model, and to a sampler that its model decides
    none = "None keeps the value of the model." if overrides else parameter.none
    shown = f'"{default}"' if isinstance(default, str) else repr(default)
    head = f"{name} : {parameter.type}{' or None' if none else ''}, default={shown}"
    text = f"{parameter.text.replace('{noun}', noun)} {none}".strip()
    return head + "\n" + textwrap.indent(textwrap.fill(text, _WIDTH - 4, break_on_hyphens=False), "    ")
