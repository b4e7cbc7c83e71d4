"""Findings: what a result answers to the questions that users ask, and how results are shown."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Literal, NamedTuple

import pandas as pd

Answer = Literal["good", "bad", "unknown"]

HELPS = "Does it help?"
REAL = "Is it real?"
SAFE = "Is it safe to share?"

# Lines of a result in a terminal, and how many of them findings may take.
MAX_LINES = 10
_MAX_FINDINGS = 8
_MAX_FINDINGS_BESIDE_TABLE = 5


class Finding(NamedTuple):
    """One answer of a verdict.

    Attributes
    ----------
    question : str
        `HELPS`, `REAL`, `SAFE`, or another question in plain words.
    answer : {"good", "bad", "unknown"}
        "unknown" means: not measured, too few rows, or a test that is not significant. It never counts as good.
    sentence : str
        The answer in one plain sentence.
    numbers : mapping of str to float
        The numbers behind the sentence, by their names.
    """

    question: str
    answer: Answer
    sentence: str
    numbers: Mapping[str, float] = {}


def show_findings(findings: Sequence[Finding]) -> str:
    """Write findings for a terminal, one line each.

    Parameters
    ----------
    findings : sequence of Finding
        The verdict of a result.

    Examples
    --------
    >>> print(show_findings([Finding(SAFE, "unknown", "No row was held out.")]))
    Is it safe to share? unknown. No row was held out.
    """
    return "\n".join(f"{of.question} {of.answer}. {of.sentence}" for of in findings)


def result_repr(heading: str, findings: Sequence[Finding], table: pd.DataFrame | None = None) -> str:
    """Write a result for a terminal: its heading, its findings, and the first rows of a table, in at most ten lines.

    Parameters
    ----------
    heading : str
        One line that says what was measured.
    findings : sequence of Finding
        The verdict. Of more than eight findings (five beside a table) the first one of each question is kept, then
        bad ones, then unknown ones.
    table : DataFrame or None, default=None
        Numbers to show below. Its index is left out, and its last rows where the lines do not suffice.

    Returns
    -------
    str
        At most ten lines.

    Examples
    --------
    >>> counts = pd.DataFrame({"class": ["a", "b"], "rows": [70, 30]})
    >>> print(result_repr("100 rows", [Finding(SAFE, "unknown", "No row was held out.")], counts))
    100 rows
    Is it safe to share? unknown. No row was held out.
    class  rows
        a    70
        b    30
    """
    n_shown = _MAX_FINDINGS if table is None or table.empty else _MAX_FINDINGS_BESIDE_TABLE
    shown = _most_important(findings, n_shown)
    lines = [" ".join(heading.split()), *(" ".join(show_findings([of]).split()) for of in shown)]
    if len(shown) < len(findings):
        lines.append(f"... and {len(findings) - len(shown)} more in verdict")
    if table is not None and not table.empty:
        rows = _rounded(table).to_string(index=False).splitlines()
        n_left = MAX_LINES - len(lines)
        n_rows = len(rows) - 1 if len(rows) <= n_left else n_left - 2
        lines += rows[: 1 + n_rows]
        if n_rows < len(table):
            lines.append(f"... and {len(table) - n_rows} more rows in frame()")
    return "\n".join(lines)


def result_html(heading: str, findings: Sequence[Finding], table: pd.DataFrame | None = None) -> str:
    """Write a result for a notebook: its heading, all findings, and a whole table. All text is escaped.

    Parameters
    ----------
    heading : str
        One line that says what was measured.
    findings : sequence of Finding
        The verdict.
    table : DataFrame or None, default=None
        Numbers to show below, without their index.

    Returns
    -------
    str
        HTML, for `_repr_html_`.

    Examples
    --------
    >>> result_html("a < b", [Finding(SAFE, "unknown", "No row was held out.")])
    '<p>a &lt; b</p><ul><li><b>Is it safe to share? unknown.</b> No row was held out.</li></ul>'
    """
    items = "".join(f"<li><b>{escape(of.question)} {of.answer}.</b> {escape(of.sentence)}</li>" for of in findings)
    shown = "" if table is None else _rounded(table).to_html(index=False, border=0)
    return f"<p>{escape(heading)}</p><ul>{items}</ul>{shown}"


def _most_important(findings: Sequence[Finding], n: int) -> list[Finding]:
    if len(findings) <= n:
        return list(findings)
    seen: set[str] = set()
    ranks = []
    for of in findings:
        ranks.append(0 if of.question not in seen else ("bad", "unknown", "good").index(of.answer) + 1)
        seen.add(of.question)
    kept = sorted(sorted(range(len(findings)), key=ranks.__getitem__)[:n])
    return [findings[i] for i in kept]


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Write fractions with three decimals, and missing ones as nothing."""
    numbers = list(table.select_dtypes("float"))
    written = table.astype(dict.fromkeys(numbers, object))
    for name in numbers:
        written[name] = ["" if pd.isna(value) else f"{value:.3f}" for value in table[name]]
    return written
