"""Findings: what a result answers to the questions that users ask, and how results are shown."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Literal, NamedTuple

import pandas as pd

Answer = Literal["good", "bad", "unknown"]

HELPS = "Does it help?"
REAL = "Is it real?"
SAFE = "Is it safe to share?"

# The questions that stand first in every result, in this order.
QUESTIONS = (HELPS, REAL, SAFE)
_NOT_MEASURED = "This was not measured."

# Lines of a result in a terminal.
MAX_LINES = 10
# Rows of a table in a notebook; more do not fit beside the findings on a screen.
_MAX_HTML_ROWS = 100
_HTML_COLORS = {"good": "#1d7a3e", "bad": "#b3261e", "unknown": "#66707c"}


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


def answer_of(question: str, findings: Sequence[Finding]) -> Finding:
    """Answer a question in one sentence: that of the first bad finding, or else of the first unknown or good one.

    Parameters
    ----------
    question : str
        The question.
    findings : sequence of Finding
        The verdict of a result. Findings of other questions do not count.

    Returns
    -------
    Finding
        "unknown" if no finding answers the question.

    Examples
    --------
    >>> found = [Finding(REAL, "good", "No cell is invalid."), Finding(REAL, "bad", "A forest tells the rows.")]
    >>> answer_of(REAL, found).sentence
    'A forest tells the rows.'
    """
    own = [of for of in findings if of.question == question]
    for answer in ("bad", "unknown", "good"):
        for of in own:
            if of.answer == answer:
                return of
    return Finding(question, "unknown", _NOT_MEASURED)


def with_warning(findings: Sequence[Finding], noun: str) -> list[Finding]:
    """Begin with "do not share" and the reason, where a finding is bad.

    Parameters
    ----------
    findings : sequence of Finding
        On safety.
    noun : {"rows", "images", "texts"}
        What the data are.

    Examples
    --------
    >>> found = [Finding(SAFE, "good", "No identifier is reused."), Finding(SAFE, "bad", "There are copies: 9 of 20.")]
    >>> with_warning(found, "rows")[0].sentence
    'Do not share these rows as if they were anonymous. There are copies: 9 of 20.'
    """
    reasons = [of for of in findings if of.answer == "bad"]
    if not reasons:
        return list(findings)
    warning = f"Do not share these {noun} as if they were anonymous."
    first = reasons[0]._replace(sentence=f"{warning} {reasons[0].sentence}")
    return [first, *(of for of in findings if of is not reasons[0])]


def three_answers(findings: Sequence[Finding]) -> list[Finding]:
    """Return one finding for each of the three questions, in their order: what every result shows first.

    Parameters
    ----------
    findings : sequence of Finding
        The verdict of a result.

    Examples
    --------
    >>> print(show_findings(three_answers([Finding(SAFE, "good", "No row is a copy.")])))
    Does it help? unknown. This was not measured.
    Is it real? unknown. This was not measured.
    Is it safe to share? good. No row is a copy.
    """
    return [answer_of(question, findings) for question in QUESTIONS]


def other_findings(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings that `three_answers` does not show: bad ones first, then unknown, then good ones.

    Parameters
    ----------
    findings : sequence of Finding
        The verdict of a result.
    """
    first = three_answers(findings)
    others = [of for of in findings if not any(of is shown for shown in first)]
    return sorted(others, key=lambda of: ("bad", "unknown", "good").index(of.answer))


def result_repr(heading: str, findings: Sequence[Finding], table: pd.DataFrame | None = None) -> str:
    """Write a result for a terminal: its heading, three answers, other findings, and the first rows of a table.

    Parameters
    ----------
    heading : str
        One line that says what was measured.
    findings : sequence of Finding
        The verdict. Where the lines do not suffice, good findings are left out first, then unknown ones.
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
    Does it help? unknown. This was not measured.
    Is it real? unknown. This was not measured.
    Is it safe to share? unknown. No row was held out.
    class  rows
        a    70
        b    30
    """
    has_table = table is not None and not table.empty
    lines = [heading, *(show_findings([of]) for of in three_answers(findings))]
    others = other_findings(findings)
    # a table needs its head, a row, and the line that says how many rows there are
    n_left = MAX_LINES - len(lines) - (3 if has_table else 0)
    n_shown = len(others) if len(others) <= n_left else n_left - 1
    lines += [show_findings([of]) for of in others[:n_shown]]
    if n_shown < len(others):
        lines.append(f"... and {len(others) - n_shown} more in verdict")
    lines = [" ".join(line.split()) for line in lines]
    if table is not None and has_table:
        rows = _rounded(table).to_string(index=False).splitlines()
        n_left = MAX_LINES - len(lines)
        n_rows = len(rows) - 1 if len(rows) <= n_left else n_left - 2
        lines += rows[: 1 + n_rows]
        if n_rows < len(table):
            lines.append(f"... and {len(table) - n_rows} more rows in frame()")
    return "\n".join(lines)


def result_html(heading: str, findings: Sequence[Finding], table: pd.DataFrame | None = None) -> str:
    """Write a result for a notebook: its heading and three answers; other findings and a table can be opened.

    All text is escaped.

    Parameters
    ----------
    heading : str
        One line that says what was measured.
    findings : sequence of Finding
        The verdict.
    table : DataFrame or None, default=None
        Numbers, without their index; at most 100 rows are shown.

    Returns
    -------
    str
        HTML, for `_repr_html_`.

    Examples
    --------
    >>> print(result_html("a < b", [Finding(SAFE, "unknown", "No row was held out.")]))
    <p>a &lt; b</p><ul><li><b>Does it help? <span style="color:#66707c">unknown</span>.</b> This was not
    measured.</li><li><b>Is it real? <span style="color:#66707c">unknown</span>.</b> This was not
    measured.</li><li><b>Is it safe to share? <span style="color:#66707c">unknown</span>.</b> No row was held
    out.</li></ul>
    """
    parts = [f"<p>{escape(heading)}</p>", _html_list(three_answers(findings))]
    if others := other_findings(findings):
        parts.append(f"<details><summary>More findings ({len(others)})</summary>{_html_list(others)}</details>")
    if table is not None and not table.empty:
        cells = _rounded(table.iloc[:_MAX_HTML_ROWS]).to_html(index=False, border=0)
        shown = f"first {_MAX_HTML_ROWS} of {len(table):,}" if len(table) > _MAX_HTML_ROWS else f"{len(table)}"
        parts.append(
            f"<details><summary>Numbers ({shown} rows)</summary>"
            f'<div style="max-height:24em;overflow:auto">{cells}</div></details>'
        )
    return "".join(parts)


def _html_list(findings: Sequence[Finding]) -> str:
    items = (
        f'<li><b>{escape(of.question)} <span style="color:{_HTML_COLORS[of.answer]}">{of.answer}</span>.</b> '
        f"{escape(of.sentence)}</li>"
        for of in findings
    )
    return f"<ul>{''.join(items)}</ul>"


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Write fractions with three decimals, and missing ones as nothing."""
    numbers = list(table.select_dtypes("float"))
    written = table.astype(dict.fromkeys(numbers, object))
    for name in numbers:
        written[name] = ["" if pd.isna(value) else f"{value:.3f}" for value in table[name]]
    return written
