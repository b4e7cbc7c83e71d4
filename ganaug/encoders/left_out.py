"""Columns of a table that are not encoded: which they are, and what their synthetic cells get."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ganaug.common.containers import Container, to_pandas
from ganaug.common.identifiers import NEAR_UNIQUE, distinct_share, find_identifiers
from ganaug.common.warnings import warn_user
from ganaug.common.wording import listed
from ganaug.encoders.columns import Column, ExactTimes, IdentifierColumn, NumericColumn, read_numbers


def columns_left_out(
    frame: pd.DataFrame, ignored: Sequence[bool], learned: Sequence[bool], container: Container
) -> tuple[dict[int, IdentifierColumn], dict[Hashable, bool]]:
    """Return the columns that are not encoded.

    Parameters
    ----------
    frame : DataFrame of shape (n, d)
        The cells. All names of columns differ.
    ignored : sequence of bool, of length d
        Which columns the user leaves out. A column of one value is encoded all the same: it costs nothing.
    learned : sequence of bool, of length d
        Which columns the user calls categories: these are encoded even if they identify rows.
    container : Container
        In which the user holds the cells.

    Returns
    -------
    columns : dict
        Position -> column.
    found : dict
        Name of each that the user did not name -> whether its synthetic cells get new values.
    """
    kinds = find_identifiers(frame)
    columns: dict[int, IdentifierColumn] = {}
    found: dict[Hashable, bool] = {}
    for i, label in enumerate(frame.columns):
        series = frame.iloc[:, i]
        kind = kinds.get(label) if ignored[i] or not learned[i] else None
        if ignored[i] and kind is None and distinct_share(series) >= NEAR_UNIQUE:
            kind = {"i": "number", "u": "number", "O": "text"}.get(series.dtype.kind)  # type: ignore[assignment]
        if ignored[i] and len(series.drop_duplicates()) == 1:
            continue
        if ignored[i] or kind is not None:
            columns[i] = IdentifierColumn.fit(
                label, series, kind, width=_text_width(container), is_closed=_lists_values(container, i)
            )
            if not ignored[i]:
                found[label] = columns[i].gets_values
    return columns, found


def columns_of_texts(frame: pd.DataFrame, places: Sequence[int], container: Container) -> dict[int, IdentifierColumn]:
    """Return columns of texts, whose cells are empty when decoded, by position.

    Parameters
    ----------
    frame : DataFrame of shape (n, d)
        The cells.
    places : sequence of int
        Positions of the columns.
    container : Container
        In which the user holds the cells.
    """
    width = _text_width(container)
    cells = {i: (frame.columns[i], frame.iloc[:, i]) for i in places}
    return {i: IdentifierColumn.fit(label, of, "free text", width=width) for i, (label, of) in cells.items()}


def exact_times(frame: pd.DataFrame, columns: Sequence[Column]) -> dict[int, ExactTimes]:
    """Return the real times that synthetic times keep off, by position; see `ExactTimes`.

    Parameters
    ----------
    frame : DataFrame of shape (n, d)
        The cells.
    columns : sequence of Column, of length d
        How the columns are encoded.
    """
    times = {i: ExactTimes.find(frame.iloc[:, i], NEAR_UNIQUE) for i in range(len(columns))}
    return {i: of for i, of in times.items() if of is not None and isinstance(columns[i], NumericColumn)}


def renewal(
    columns: Sequence[Column], times: Mapping[int, ExactTimes], container: Container, seed: int
) -> Callable[[Any], Any]:
    """Return what gives decoded rows the cells that were not encoded, and moves times off the real ones.

    Parameters
    ----------
    columns : sequence of Column, of length d
        How the columns are encoded.
    times : mapping of int to ExactTimes
        What `exact_times` returned.
    container : Container
        Of the rows.
    seed : int
        Of the new values.

    Returns
    -------
    callable
        Takes rows and returns them with these cells. The values of all its calls are distinct. They depend on the seed
        and on the position of a row, counted over all calls.
    """
    sources = {i: of.source(seed + i) for i, of in enumerate(columns) if isinstance(of, IdentifierColumn)}

    def renew(X: Any) -> Any:
        frame = to_pandas(X).copy(deep=False)
        for i, source in sources.items():
            frame.isetitem(i, _with_index(source(len(frame)), frame))
        for i, of in times.items():
            column, read = columns[i], read_numbers(frame.iloc[:, i])
            assert isinstance(column, NumericColumn)
            assert read is not None
            cells = column.write(of.moved(*read), read[1].astype(np.intp))
            frame.isetitem(i, _with_index(cells, frame))
        return container.restore(frame)

    return renew if sources or times else lambda X: X


def without_values(plain: dict[str, Any], columns: Sequence[Column]) -> dict[str, Any]:
    """Return the description of a container without the values that it lists for columns that are not encoded.

    Parameters
    ----------
    plain : dict
        What `Container.state` returned. Dtypes of polars may list all values of a column.
    columns : sequence of Column, of length d
        How the columns are encoded.
    """
    if "schema" not in plain:
        return plain
    schema = [
        [
            name,
            kind,
            options | {"categories": []} if isinstance(column, IdentifierColumn) and kind == "Enum" else options,
        ]
        for (name, kind, options), column in zip(plain["schema"], columns, strict=True)
    ]
    return plain | {"schema": schema}


def _with_index(cells: pd.Series, frame: pd.DataFrame) -> Any:
    """Return the cells as a column of the frame. An array of text would get another dtype."""
    return cells.set_axis(frame.index)


def _text_width(container: Any) -> int | None:
    """Return how many characters a cell holds at most; None has no limit."""
    if container.kind != "array":
        return None
    return {"U": container.dtype.itemsize // 4, "S": container.dtype.itemsize}.get(container.dtype.kind)


def _lists_values(container: Any, column: int) -> bool:
    """Return whether the container lists all values of a column; of pandas, the dtype of the column does."""
    return container.kind == "polars" and container.schema.dtypes()[column].base_type().__name__ == "Enum"


def warn_of_left_out(found: dict[Hashable, bool]) -> None:
    """Name the columns that are not learned although the user did not say so, and the way out.

    Parameters
    ----------
    found : dict
        `TableEncoder.found_`.
    """
    renewed, emptied = ([label for label, of in found.items() if of is kind] for kind in (True, False))
    if found:
        said = [f"Synthetic rows get new values of the same form, which no training row has, in {listed(renewed, 5)}."]
        said += [
            f"They are empty in {listed(emptied, 5)} (free text, or categories to which no new one can be added); "
            f"text_columns={emptied[:1]!r} (in the shell --text {emptied[0] if emptied else ''}) writes new texts."
        ]
        said = [sentence for sentence, labels in zip(said, (renewed, emptied), strict=True) if labels]
        warn_user(
            f"Columns that identify rows are not learned. {' '.join(said)} To learn one all the same, name it in "
            "categorical_features, or pass ignore=[] (in the shell --ignore none) to learn all; synthetic rows then "
            "repeat its real values."
        )
