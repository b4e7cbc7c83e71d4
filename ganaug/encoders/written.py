"""Columns of texts that write numbers, dates or times, which a table of this dtype does not count."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from ganaug.common.identifiers import DATE
from ganaug.common.warnings import warn_user
from ganaug.common.wording import joined
from ganaug.encoders.columns import Column

# Levels of a column, of which fewer are rarely measured, and the share that has to look alike; so many are looked at.
_MIN_LEVELS, _SHARE, _MAX_LOOKED_AT = 20, 0.9, 1_000
_NUMBER = re.compile(r"[-+]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+|(?=[.][0-9]))(?:[.][0-9]*)?(?:[eE][-+]?[0-9]+)?")
_AROUND = re.compile(r"^[(]?[-+]?[$€£¥]\s?|\s?[%€£¥][)]?$|\s[A-Za-zµ°]{1,4}(?:/[a-z]{1,2})?$")
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}(?P<second>:[0-9]{2}(?P<fraction>[.][0-9]+)?)?(?P<half> ?[AaPp][Mm])?")
_DATE = re.compile(r"(?:[0-9]{4}([-/.])[0-9]{1,2}\1[0-9]{1,2}|[0-9]{1,2}([-/.])[0-9]{1,2}\2[0-9]{4})(?:[T ][0-9:.]+)?")
_ANY_DATE = re.compile(DATE, re.IGNORECASE)
_MAX_NAMED = 3


def warn_of_written(columns: Sequence[Column], chosen: Sequence[Hashable]) -> None:
    """Name the columns of texts that look like numbers, dates or times, and the way to have them learned as such.

    What a text means is not guessed here: of a table in memory, the dtype is what its owner says. Text files say
    nothing, so their columns are read by their cells.

    Parameters
    ----------
    columns : sequence of Column
        The fitted columns.
    chosen : sequence of label
        Columns that the user calls categories.
    """
    found = [(column.label, *of) for column in columns if (of := _written(column)) is not None]
    found = [of for of in found if of[0] not in chosen]
    if not found:
        return
    named = [f"{label!r} (such as {example!r}, {kind})" for label, example, kind, _ in found[:_MAX_NAMED]]
    more = f" and {len(found) - _MAX_NAMED} more" if len(found) > _MAX_NAMED else ""
    label, _, _, way = found[0]
    warn_user(
        f"Texts that look like numbers or times are learned as categories, so that synthetic rows repeat them without "
        f"their order: {joined(named)}{more}. Convert them before, e.g. X[{label!r}] = {way.format(f'X[{label!r}]')}; "
        "or name them in categorical_features, if they are names."
    )


def _written(column: Any) -> tuple[str, str, str] | None:
    """Return an example, what the levels look like, and how they are converted; None if they are words."""
    if column.kind not in ("one-hot", "embedded") or len(column.vocabulary) <= _MIN_LEVELS:
        return None
    levels = [level for level in column.vocabulary.levels.iloc[:_MAX_LOOKED_AT] if isinstance(level, str)]
    texts = [level.strip() for level in levels]
    if len(texts) <= _MIN_LEVELS:
        return None

    def are(pattern: re.Pattern[str], cells: list[str]) -> bool:
        return float(np.mean([pattern.fullmatch(cell) is not None for cell in cells])) >= _SHARE

    if are(_DATE, texts):
        day_first = any(int(re.split("[-/.]", text)[0]) in range(13, 32) for text in texts if _DATE.fullmatch(text))
        return texts[0], "dates", f"pandas.to_datetime({{}}{', dayfirst=True' * day_first})"
    if are(_ANY_DATE, texts):
        return texts[0], "dates", 'pandas.to_datetime({}, format="mixed")'
    if are(_CLOCK, texts):
        first = _CLOCK.search(texts[0])
        hour, half = ("%I", "%p") if first and first["half"] else ("%H", "")
        second = ":%S.%f" if first and first["fraction"] else ":%S" if first and first["second"] else ""
        space = " " if " " in texts[0] else ""
        return texts[0], "times", f'pandas.to_datetime({{}}, format="{hour}:%M{second}{space}{half}").dt.time'
    # neither codes that start with 0, nor codes of one length such as postcodes
    is_code = all(map(str.isdigit, texts)) and len(set(map(len, texts))) < 2
    if is_code or any(re.match(r"[-+]?0[0-9]", text) for text in texts):
        return None
    if are(_NUMBER, texts):
        return texts[0], "numbers", 'pandas.to_numeric({}, errors="coerce")'
    if are(_NUMBER, [_AROUND.sub("", _AROUND.sub("", text)) for text in texts]):
        return texts[0], "numbers", 'pandas.to_numeric({}.str.replace("[^0-9.-]", "", regex=True))'
    return None
