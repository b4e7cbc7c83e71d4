"""A table encoder whose columns are those of an earlier fit, for networks that are trained further on new rows."""

from typing import Any

import torch

from ganaug.encoders.columns import IdentifierColumn, NumericColumn
from ganaug.encoders.table import TableEncoder, to_frame


def continued_table(previous: TableEncoder, found: TableEncoder, X: Any) -> tuple[TableEncoder, torch.Tensor]:
    """Return an encoder that encodes as an earlier one did, and new rows encoded.

    Parameters
    ----------
    previous : TableEncoder
        The earlier encoder, for which networks were trained. Not changed.
    found : TableEncoder
        Fitted to X. It knows which identifiers and times X has, which no synthetic row may repeat.
    X : table
        The new rows.

    Returns
    -------
    encoder : TableEncoder
        With the columns of `previous`, but for those that identify rows.
    encoded : Tensor of float64, shape (n, width)
        The new rows.

    Raises
    ------
    ValueError
        If X has other columns, or values, categories or missing cells that `previous` does not know.
    """
    frame = to_frame(X)
    previous._check_columns(X, frame)
    columns = []
    for place, (old, new) in enumerate(zip(previous.columns_, found.columns_, strict=True)):
        if isinstance(old, IdentifierColumn) != isinstance(new, IdentifierColumn):
            known, now = (
                ("identifies", "does not") if isinstance(old, IdentifierColumn) else ("does not identify", "does")
            )
            raise ValueError(f"column {old.label!r} {known} rows in the previous fit, but {now} in X; see ignore")
        if isinstance(old, NumericColumn):
            old.check_range(frame.iloc[:, place])
        columns.append(new if isinstance(old, IdentifierColumn) else old)
    encoder = TableEncoder(previous.categorical_features, previous.numeric, found.ignore)
    encoder._container, encoder.found_, encoder._exact_times = found._container, found.found_, found._exact_times
    encoder._lay_out(columns)
    return encoder, encoder._encode(frame)
