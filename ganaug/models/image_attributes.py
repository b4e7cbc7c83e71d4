"""Conditions of images beside the class: attributes such as stain or side, each with a few levels."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganaug.common.containers import to_pandas
from ganaug.common.labels import sortable
from ganaug.common.wording import listed
from ganaug.models.persistence import labels_from_json, labels_to_json
from ganaug.nets import Conditions

# Levels of an attribute at most: of more, most are rare, and none is learned.
_MAX_LEVELS = 50

Self = TypeVar("Self", bound="Attributes")


class Attributes:
    """Names and levels of attributes, and which combinations of them each class has.

    Parameters
    ----------
    names : sequence of str or int
        Names of the attributes.
    levels : sequence of ndarray
        The levels of each, sorted.
    combinations : Tensor of int64, shape (n_combinations, 1 + n_attributes)
        Class index, and place of each level, of every combination that occurs in the training images, sorted.
    counts : Tensor of int64, shape (n_combinations,)
        Training images of each.
    n_classes : int
        Number of classes; each has a combination.

    Attributes
    ----------
    conditions : Conditions
        Numbers of classes and levels.

    Examples
    --------
    >>> attributes = Attributes.of({"stain": ["pale", "dark", "pale"]}, np.array([0, 0, 1]), n_classes=2)
    >>> attributes.levels[0].tolist(), attributes.places({"stain": ["dark"]}, 1).tolist()
    (['dark', 'pale'], [[0]])
    """

    def __init__(
        self,
        names: Sequence[Any],
        levels: Sequence[NDArray],
        combinations: Tensor,
        counts: Tensor,
        n_classes: int,
    ) -> None:
        self.names, self.levels = list(names), list(levels)
        self.combinations, self.counts = combinations, counts
        self.conditions = Conditions(n_classes, [len(of) for of in self.levels])
        n = len(combinations)
        if (
            len(set(map(str, self.names))) < len(self.levels)
            or combinations.shape != (n, 1 + len(self.names))
            or counts.shape != (n,)
            or (counts < 1).any()
            or not ((combinations >= 0) & (combinations < torch.tensor(self.conditions.sizes))).all()
            or len(combinations[:, 0].unique()) != n_classes
        ):
            raise ValueError("the attributes do not fit each other or the classes: the file is damaged")
        self._numbers = self.conditions.number(combinations)

    def __repr__(self) -> str:
        shown = (f"{name}={of.tolist()}" for name, of in zip(self.names, self.levels, strict=True))
        return f"Attributes({', '.join(shown)})"

    @classmethod
    def of(cls: type[Self], attributes: Any, y: NDArray[np.intp], n_classes: int) -> Self:
        """Learn the attributes of training images.

        Parameters
        ----------
        attributes : DataFrame, mapping or array-like of shape (n_images, n_attributes)
            A column for each attribute, such as zeros and ones.
        y : ndarray of shape (n_images,)
            Class index of each image.
        n_classes : int
            Number of classes.

        Raises
        ------
        ValueError
            If `attributes` has another form or length, a missing value, or a column of too many levels.
        """
        frame = _frame(attributes, len(y))
        found = [np.unique(_column(frame, i), return_inverse=True) for i in range(frame.shape[1])]
        for name, (levels, _) in zip(frame.columns, found, strict=True):
            if len(levels) > _MAX_LEVELS:
                raise ValueError(
                    f"attribute {name!r} has {len(levels):,} different values in {len(y):,} images, and at most "
                    f"{_MAX_LEVELS} can be learned; divide numbers into ranges, e.g. with pandas.qcut, and leave out "
                    "attributes that name single images or patients"
                )
        places = np.column_stack([y, *(place for _, place in found)])
        combinations, counts = np.unique(places, axis=0, return_counts=True)
        names = [name.item() if isinstance(name, np.generic) else name for name in frame.columns]
        own = [sortable(of) for of, _ in found]
        return cls(names, own, torch.from_numpy(combinations), torch.from_numpy(counts), n_classes)

    def numbers(self, attributes: Any, y: NDArray[np.intp]) -> Tensor:
        """Return the numbers of the conditions of images.

        Parameters
        ----------
        attributes : as of `of`
            All attributes of each image.
        y : ndarray of shape (n_images,)
            Class index of each image.
        """
        places = self.places(attributes, len(y))
        if missing := [name for name, place in zip(self.names, places.T, strict=True) if (place < 0).any()]:
            raise ValueError(f"attributes lacks {listed(missing)}; give every attribute of fit, {listed(self.names)}")
        return self.conditions.number(torch.from_numpy(np.column_stack([y, places])))

    def places(self, given: Any, n: int) -> NDArray[np.intp]:
        """Return the place of the level of each attribute, of shape (n, n_attributes); -1 where it is not given.

        Parameters
        ----------
        given : DataFrame, mapping of name to value or n values, or array-like of shape (n, n_attributes)
            The attributes, or some of them.
        n : int
            Number of images.

        Raises
        ------
        ValueError
            If an attribute or a level was not seen in `fit`, or there are not n values.
        """
        if isinstance(given, Mapping):
            given = {name: [value] * n if np.ndim(value) == 0 else value for name, value in given.items()}
        frame = _frame(given, n)
        known = {str(name): i for i, name in enumerate(self.names)}
        if unknown := [name for name in frame.columns if str(name) not in known]:
            raise ValueError(
                f"there is no attribute {unknown[0]!r}; "
                + (f"the model has {listed(self.names, 20)}" if self.names else "the model was trained without any")
            )
        places = np.full((n, len(self.names)), -1)
        for column, name in enumerate(frame.columns):
            i = known[str(name)]
            levels = self.levels[i]
            places[:, i] = pd.Index(_key(levels)).get_indexer(pd.Index(_key(_column(frame, column))))
            if (strange := places[:, i] < 0).any():
                value = frame.iloc[int(strange.argmax()), column]
                raise ValueError(
                    f"attribute {name!r} has no level {_plain(value)!r}; its levels in fit were {listed(levels, 20)}"
                )
        return places

    def draw(self, y: Tensor, generator: torch.Generator, places: Tensor | None = None) -> Tensor:
        """Draw a condition for each class index, as often as training images of the class have it.

        Parameters
        ----------
        y : Tensor of shape (n,)
            Class indices.
        generator : torch.Generator
            Source of randomness, on the CPU.
        places : Tensor of shape (n, n_attributes) or None, default=None
            As `places` returns them: levels that are given stay, and the others are drawn as images of the class with
            the given levels have them; where there is none, as images of the class do.

        Returns
        -------
        Tensor of shape (n,)
            Numbers.
        """
        if not self.names:
            return y
        place = torch.rand(len(y), generator=generator, dtype=torch.float64)
        wanted = torch.full((len(y), len(self.names)), -1) if places is None else places
        requests = torch.cat([y[:, None], wanted], 1)
        numbers = torch.empty_like(y)
        for request in requests.unique(dim=0):
            own = (requests == request).all(1)
            is_given = request[1:] >= 0
            of_class = self.combinations[:, 0] == request[0]
            fits = of_class & (self.combinations[:, 1:][:, is_given] == request[1:][is_given]).all(1)
            candidates = (fits if fits.any() else of_class).nonzero().squeeze(1)
            ends = self.counts[candidates].cumsum(0).double()
            chosen = torch.searchsorted(ends, place[own] * ends[-1], right=True).clamp(max=len(ends) - 1)
            found = self.combinations[candidates[chosen]].clone()
            found[:, 1:][:, is_given] = request[1:][is_given]
            numbers[own] = self.conditions.number(found)
        return numbers

    def frequent(self, label: int, n: int) -> Tensor:
        """Return the numbers of the most frequent conditions of a class.

        Parameters
        ----------
        label : int
            Class index.
        n : int
            How many, at most.
        """
        own = (self.combinations[:, 0] == label).nonzero().squeeze(1)
        return self._numbers[own[self.counts[own].argsort(descending=True, stable=True)[:n]]]

    def frame(self, numbers: Tensor) -> pd.DataFrame:
        """Return the attributes of conditions, a row each.

        Parameters
        ----------
        numbers : Tensor of shape (n,)
            Numbers of the conditions.
        """
        places = self.conditions.places(numbers)[:, 1:].numpy()
        columns = {name: of[place] for name, of, place in zip(self.names, self.levels, places.T, strict=True)}
        return pd.DataFrame(columns, index=range(len(numbers)))

    def check_same(self, other: "Attributes") -> None:
        """Raise ValueError unless a warm start has the attributes and levels of the previous fit.

        Parameters
        ----------
        other : Attributes
            Those of the previous fit.
        """
        one, two = ({name: of.tolist() for name, of in zip(a.names, a.levels, strict=True)} for a in (self, other))
        if one != two:
            raise ValueError(
                f"warm_start=True continues with the attributes {two}, but attributes has {one}; pass the same ones, "
                "or set warm_start=False to train from the beginning"
            )

    def state(self) -> tuple[list[dict[str, Any]], dict[str, NDArray]]:
        """Return names and levels as JSON-able data, and the combinations as arrays."""
        described = [
            {"name": name, "levels": labels_to_json(of, f"attribute {name!r}")}
            for name, of in zip(self.names, self.levels, strict=True)
        ]
        if not self.names:
            return [], {}
        return described, {"combinations": self.combinations.numpy(), "counts": self.counts.numpy()}

    @classmethod
    def from_state(cls: type[Self], described: Any, arrays: Mapping[str, NDArray], n_classes: int) -> Self:
        """Restore what `state` returned; malformed data raise an error.

        Parameters
        ----------
        described : list of dict or None
            Names and levels; nothing for a model without attributes.
        arrays : mapping of str to ndarray
            The combinations.
        n_classes : int
            Number of classes.
        """
        if not described:
            return cls.of(pd.DataFrame(index=range(n_classes)), np.arange(n_classes), n_classes)
        names = [of["name"] for of in described]
        if not all(isinstance(name, str | int) for name in names):
            raise ValueError(f"the names of attributes are {names!r}")
        levels = [labels_from_json(of["levels"]) for of in described]
        combinations, counts = (torch.from_numpy(arrays[name]) for name in ("combinations", "counts"))
        return cls(names, levels, combinations, counts, n_classes)


def _frame(attributes: Any, n: int) -> pd.DataFrame:
    """Return attributes as a frame of n rows, whose columns have different names."""
    try:
        if isinstance(attributes, pd.Series):
            frame = attributes.to_frame(attributes.name or 0)
        elif isinstance(attributes, Mapping):
            frame = pd.DataFrame(dict(attributes), index=None if attributes else range(n))
        elif hasattr(attributes, "columns"):
            frame = to_pandas(attributes, "attributes", dtypes="numpy")
        else:
            frame = pd.DataFrame(np.asarray(attributes) if not isinstance(attributes, list) else attributes)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"attributes must be a table with a column for each attribute, such as a DataFrame: {error}"
        ) from error
    if len(frame) != n:
        raise ValueError(f"attributes has {len(frame):,} rows, but there are {n:,} images; give one row for each image")
    if len(set(map(str, frame.columns))) < frame.shape[1]:
        raise ValueError(f"two columns of attributes have one name: {listed(frame.columns, 20)}")
    if strange := [name for name in frame.columns if not isinstance(name, str | int | np.integer)]:
        raise ValueError(f"the names of attributes must be text or whole numbers, but one is {strange[0]!r}")
    return frame


def _column(frame: pd.DataFrame, i: int) -> NDArray:
    name, column = frame.columns[i], frame.iloc[:, i]
    if n_missing := int(column.isna().sum()):
        raise ValueError(
            f"attribute {name!r} is missing for {n_missing:,} of {len(column):,} images; remove these images, or give "
            "them a level of their own, such as 'unknown'"
        )
    values = column.to_numpy()
    if values.dtype == object:
        kinds = {type(value) for value in values}
        if len(kinds) > 1:
            raise ValueError(
                f"attribute {name!r} holds {' and '.join(sorted(kind.__name__ for kind in kinds))}; give it values of "
                "one type, e.g. with .astype(str)"
            )
        values = pd.Series(values).infer_objects().to_numpy()
        if values.dtype == object and kinds and kinds <= {str}:
            values = values.astype(str)
    if values.dtype.kind not in "biufUM":
        raise ValueError(
            f"attribute {name!r} holds values of {values.dtype}; an attribute has levels that are text, numbers or "
            "booleans"
        )
    return values


def _key(values: NDArray) -> NDArray:
    """Return values as an index compares them: True is 1."""
    return values.astype(int) if values.dtype.kind == "b" else sortable(values)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
