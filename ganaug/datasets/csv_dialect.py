"""The dialect of a CSV file: its encoding, the lines above its header, its delimiter and its quotes."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

Kind = Literal["csv", "tsv"]

# From so much of a file its delimiter and its header are found. A header may not be longer.
_SAMPLE = 4_000_000
# Tried in this order for a file that is not UTF-8, where a name is known that must be in its header.
_CODE_PAGES = (
    *("cp1252", "cp1251", "gb18030", "shift_jis", "cp949", "big5", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256"),
    *("cp1257", "koi8-r", "cp866", "euc-jp", "cp437", "cp850", "mac-roman"),
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAX_TITLES = 20


@dataclass(frozen=True)
class Encoding:
    """How bytes stand for letters.

    Attributes
    ----------
    name : str
        Name of the codec of Python.
    bom : bytes
        The byte order mark at the start, or b"".
    is_guessed : bool
        Whether neither the bytes nor a user say that it is this encoding.
    """

    name: str
    bom: bytes = b""
    is_guessed: bool = False


@dataclass(frozen=True)
class Syntax:
    """How records and cells are separated.

    Attributes
    ----------
    delimiter : str
        The delimiter of the cells.
    has_escapes : bool
        Whether a quote within quotes is written as backslash and quote, instead of two quotes.
    skips_spaces : bool
        Whether spaces stand between a delimiter and a quote: ``1, "Smith, John"``.
    """

    delimiter: str
    has_escapes: bool = False
    skips_spaces: bool = False

    @property
    def _cell(self) -> str:
        stop = re.escape(self.delimiter) + r"\r\n"
        inner = r"(?:[^\"\\]|\\[\s\S])*" if self.has_escapes else '[^"]*(?:""[^"]*)*'
        spaces = " *" if self.skips_spaces else ""
        return rf'(?:{spaces}"{inner}"[^{stop}]*|[^"{stop}][^{stop}]*)?'

    def without_spaces(self, text: str) -> str:
        """Return a text without the spaces between delimiters and quotes.

        Parameters
        ----------
        text : str
            Of a file whose syntax `skips_spaces`.
        """
        inner = r"(?:[^\"\\]|\\[\s\S])*" if self.has_escapes else '[^"]*(?:""[^"]*)*'
        spaced = rf'("{inner}")|((?:^|[{re.escape(self.delimiter)}\r\n])) +(?=")'
        return re.sub(spaced, lambda found: found[1] or found[2], text)

    @property
    def record(self) -> re.Pattern[str]:
        """The pattern of a record without its line end. Empty lines are not records; a record may hold line ends."""
        cell = self._cell
        return re.compile(rf"(?=[^\r\n]){cell}(?:{re.escape(self.delimiter)}{cell})*(?=[\r\n]|\Z)")

    @property
    def needs_quotes(self) -> re.Pattern[str]:
        """The pattern of the characters that a cell can hold only within quotes."""
        return re.compile(f'[{re.escape(self.delimiter)}"\\r\\n]')

    def split(self, record: str) -> list[str]:
        """Split a record into its cells, with their quotes.

        Parameters
        ----------
        record : str
            The record, without its line end.
        """
        return [match[1] for match in re.finditer(rf"(?:^|{re.escape(self.delimiter)})({self._cell})", record)]

    def line(self, text: str, start: int, record: int) -> int:
        """Return the line of a text on which a record starts. The first line is 1.

        Parameters
        ----------
        text : str
            The text.
        start : int
            Where its first record starts.
        record : int
            Position of the record, from 0.
        """
        # the record itself may be huge, so only those before it are matched
        last = next(islice(self.record.finditer(text, start), record - 1, None), None) if record else None
        position = start if last is None else last.end()
        while position < len(text) and text[position] in "\r\n":
            position += 1
        before = text[:position]
        return before.count("\n") + 1 if "\n" in text else before.count("\r") + 1

    def values(self, record: str) -> list[str]:
        """Split a record into its cells, without their quotes.

        Parameters
        ----------
        record : str
            The record, without its line end.
        """
        text = record.replace('\\"', '""') if self.has_escapes else record
        csv.field_size_limit(max(csv.field_size_limit(), _SAMPLE))
        lines = io.StringIO(text, newline="")
        return next(csv.reader(lines, delimiter=self.delimiter, skipinitialspace=self.skips_spaces))

    def quoted(self, cell: str, *, always: bool, lead: str, needs_quotes: re.Pattern[str]) -> str:
        """Write a cell, in quotes if it needs them.

        Parameters
        ----------
        cell : str
            The cell.
        always : bool
            Whether it has quotes in any case.
        lead : str
            What stands before it.
        needs_quotes : re.Pattern
            As `needs_quotes`; passed in because a column asks often.
        """
        if not always and needs_quotes.search(cell) is None:
            return lead + cell
        return lead + '"' + cell.replace('"', '\\"' if self.has_escapes else '""') + '"'


def find_encoding(raw: bytes, *, names: Iterable[str] = (), usual: str | None = None) -> Encoding:
    """Find the encoding of a file: UTF-8, UTF-16, UTF-32, or the code page in which the header has a known name.

    charset-normalizer is not used. Most tables hold only a few letters beyond ASCII. From so few it decoded six of ten
    Western tables wrongly (e.g. with "°C" in the header as Big5, with "Zürich" in the cells as cp775).

    Parameters
    ----------
    raw : bytes
        The file.
    names : iterable of str, default=()
        Names that are in its header, such as the target.
    usual : str or None, default=None
        The encoding of a similar file.
    """
    for bom, name in _BOMS:
        if raw.startswith(bom):
            return Encoding(name, bom)
    if (without_mark := _utf16(raw)) is not None:
        return Encoding(without_mark)
    if _decodes(raw, "utf-8"):
        return Encoding("utf-8")
    if usual is not None and _decodes(raw, usual):
        return Encoding(usual)
    for name in (name for name in names if not name.isascii()):
        for page in _CODE_PAGES:
            try:
                written = name.encode(page)
            except UnicodeEncodeError:
                continue
            if written in raw[:_SAMPLE] and _decodes(raw, page):
                return Encoding(page)
    # latin-1 decodes every byte, and encodes the text to the same bytes again
    return Encoding("cp1252" if _decodes(raw, "cp1252") else "latin-1", is_guessed=True)


def named_encoding(raw: bytes, name: str) -> Encoding:
    """Return the encoding that a user has named, with the byte order mark that the file has.

    Parameters
    ----------
    raw : bytes
        The file.
    name : str
        Name of a codec of Python, such as "cp1251", "gbk" or "utf-8-sig".
    """
    try:
        codec = codecs.lookup(name)
        "".encode(name)
    except LookupError as error:
        raise ValueError(
            f"--encoding {name} (in Python encoding=) is not known; use one such as utf-8, utf-16, cp1252, cp1251, gbk "
            "or shift_jis"
        ) from error
    marked = next(
        (Encoding(of, bom) for bom, of in _BOMS if raw.startswith(bom) and codec.name.startswith(of[:5])), None
    )
    if marked is not None and (codec.name in ("utf-8-sig", "utf-16", "utf-32") or codec.name == marked.name):
        return marked
    plain = {"utf-8-sig": "utf-8", "utf-16": _utf16(raw) or "utf-16-le", "utf-32": "utf-32-le"}
    return Encoding(plain.get(codec.name, name))


def decode(raw: bytes, encoding: Encoding) -> str:
    """Return the text of a file, without its byte order mark.

    Parameters
    ----------
    raw : bytes
        The file.
    encoding : Encoding
        Its encoding.
    """
    body = raw[len(encoding.bom) :]
    try:
        text = body.decode(encoding.name)
    except (UnicodeError, ValueError) as error:
        reason = getattr(error, "reason", str(error))
        raise ValueError(
            f"the file cannot be read as {encoding.name} ({reason}); name its encoding with --encoding (in Python "
            "encoding=), such as cp1252, gbk or shift_jis"
        ) from error
    if encoding.name not in ("utf-8", "latin-1") and text.encode(encoding.name) != body:
        raise ValueError(
            f"the text of the file cannot be written in {encoding.name} as it was; convert the file to UTF-8, or name "
            "its encoding with --encoding (in Python encoding=)"
        )
    return text


def is_unlikely(text: str) -> bool:
    """Return whether a text that was read as a Western one has words of other letters only, as a wrong code page shows.

    Parameters
    ----------
    text : str
        The text.
    """
    return re.search(r"[\x80-\xff\u0152-\u2122]{3}", text) is not None


def _utf16(raw: bytes) -> str | None:
    """Return the encoding of UTF-16 without a mark: nearly every second byte of its ASCII letters is zero."""
    sample = raw[:2_000]
    if len(raw) % 2 or len(sample) < 4:
        return None
    odd, even = sample[1::2].count(0), sample[::2].count(0)
    n = len(sample) // 2
    name = "utf-16-le" if odd > 0.6 * n and not even else "utf-16-be" if even > 0.6 * n and not odd else None
    return name if name is not None and _decodes(raw, name) else None


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeError:
        return False
    return True


# ---------------------------------------------------------------------------------- lines above the header, delimiter


def usual_delimiter(kind: Kind) -> str:
    """Return the delimiter of an extension.

    Parameters
    ----------
    kind : {"csv", "tsv"}
        The extension.
    """
    return "\t" if kind == "tsv" else ","


def find_syntax(text: str, kind: Kind) -> tuple[int, Syntax]:
    """Find where the header starts and how cells are separated.

    Above the header may stand ``sep=;``, lines that start with #, or a title.

    Parameters
    ----------
    text : str
        The file.
    kind : {"csv", "tsv"}
        Its extension. Of several delimiters that fit equally well, it takes the usual one.

    Returns
    -------
    start : int
        Position of the header in the text.
    syntax : Syntax
        The delimiter and the quotes.
    """
    sample = text[:_SAMPLE]
    start, delimiters = 0, _candidates(kind)
    if declared := re.match(r'"?sep=([^\r\n])"?[,;\t]*(?:\r\n|\n|\r)', sample, re.IGNORECASE):
        start, delimiters = declared.end(), (declared[1],)
    below = _below_comments(sample, start)
    header, delimiter = _find_header(sample, below, delimiters)
    if below > start:
        comment, position = list(_lines(sample[start:below]))[-1]
        if _is_header(comment, sample[below:], delimiter):
            header = start + position
    return header, Syntax(delimiter, _has_escapes(text, delimiter), _skips_spaces(sample, header, delimiter))


def _skips_spaces(text: str, start: int, delimiter: str) -> bool:
    """Return whether spaces stand between delimiters and quotes, as the first records tell."""
    part = text[start : start + 200_000]
    if delimiter == " " or not re.search(rf'{re.escape(delimiter)} +"', part):
        return False
    shares = []
    for syntax in (Syntax(delimiter), Syntax(delimiter, skips_spaces=True)):
        rows = [syntax.split(record[0]) for record in islice(syntax.record.finditer(part), 200)]
        widths = [len(row) for row in rows]
        shares.append(widths.count(widths[0]) / len(widths) if widths else 0.0)
    quoted = [cell for row in rows for cell in row if cell.startswith(" ") and cell.lstrip(" ").startswith('"')]
    return shares[1] >= shares[0] and all(cell.rstrip(" ").endswith('"') for cell in quoted)


def _lines(text: str) -> Iterator[tuple[str, int]]:
    """Yield the lines that are not empty, without line ends, and where they start."""
    for match in re.finditer(r"[^\r\n]+", text):
        if match[0].strip():
            yield match[0], match.start()


def _below_comments(text: str, start: int) -> int:
    match = re.compile(r"(?:#[^\r\n]*(?:\r\n|\n|\r)|[ \t]*(?:\r\n|\n|\r))*").match(text, start)
    assert match is not None
    return match.end() if "#" in match[0] else start


def _is_header(comment: str, below: str, delimiter: str) -> bool:
    """Return whether the last line of comments names the columns: it has as many cells as the data that follow."""
    first = next(_lines(below), None)
    if first is None:
        return True  # a header that starts with # and has no rows
    cells = _cells(first[0], delimiter)
    return len(cells) == len(_cells(comment, delimiter)) > 1 and any(map(_is_number, cells))


def _find_header(text: str, start: int, delimiters: Sequence[str]) -> tuple[int, str]:
    """Return where the header starts, and the delimiter for which most records have as many cells as the header."""
    best, best_score = (start, delimiters[0]), (0.0, False, 0)
    part = text[: start + 200_000]
    for delimiter in delimiters:
        records = list(islice(Syntax(delimiter).record.finditer(part, start), 200))
        rows = [_cells(record[0], delimiter) for record in records]
        widths = [len(row) for row in rows]
        first = _below_titles(part, records, rows, widths)
        if first is None or widths[first] < 2:
            continue
        share = widths[first:].count(widths[first]) / len(widths[first:])
        score = (share, first == 0, widths[first])
        if score > best_score:
            best, best_score = (records[first].start(), delimiter), score
    return best


def _below_titles(text: str, records: list[re.Match[str]], rows: list[list[str]], widths: list[int]) -> int | None:
    """Return which record is the header: the first one, or one below titles; None if no record can be."""
    if not rows:
        return None
    width, n = Counter(widths).most_common(1)[0]
    is_regular = widths[0] > 1 and widths.count(widths[0]) >= len(rows) / 2
    first = 0 if is_regular else widths.index(width)
    while first < len(rows) - 1 and len(rows[first]) > 2 and rows[first][0] and not any(rows[first][1:]):
        first += 1  # a title, filled up with delimiters
    if first == 0 or len(rows) < 3 or width < 2 or n < len(rows) / 2 or first > _MAX_TITLES:
        return 0
    header = rows[first]
    is_title = all(
        len(row) == 1 or not any(row[1:]) or _ends_block(text, record.end())
        for row, record in zip(rows[:first], records, strict=False)
    )
    is_header = all(header) and len(set(header)) == width and _names_columns(header, rows[first + 1 :])
    return first if is_title and is_header else 0


def _names_columns(header: list[str], rows: list[list[str]]) -> bool:
    """Return whether cells are names and no data: none is a number, or some stand above numbers without being one."""
    is_number = list(map(_is_number, header))
    below = [[_is_number(row[i]) for row in rows if len(row) > i] for i in range(len(header))]
    return not any(is_number) or any(
        2 * sum(cells) > len(rows) for cells, n in zip(below, is_number, strict=True) if not n
    )


def _ends_block(text: str, end: int) -> bool:
    """Return whether an empty line follows."""
    return re.match(r"(?:\r\n|\n|\r)[ \t]*(?:\r\n|\n|\r)", text[end : end + 10]) is not None


def _cells(line: str, delimiter: str) -> list[str]:
    return [cell.strip().strip('"').strip() for cell in Syntax(delimiter).split(line)]


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[-+]?[0-9.,]*[0-9][0-9.,]*(?:[eE][-+]?[0-9]+)?", cell) is not None


def _candidates(kind: Kind) -> tuple[str, ...]:
    return ("\t", ",", ";", "|") if kind == "tsv" else (",", ";", "\t", "|")


def _has_escapes(text: str, delimiter: str) -> bool:
    r"""Return whether quotes within quotes are written as \", as Spark and MySQL do.

    "C:\" is a whole cell of the usual syntax. So the usual one must fail, and the other one must fit everywhere.
    """
    if '\\"' not in text:
        return False
    stop = re.escape(delimiter) + r"\r\n"

    def n_broken(inner: str) -> int:
        pattern = rf'(?:^|(?<=[{stop}])) ?(?:"{inner}"(?P<rest>[^{stop}]*)|(?P<open>"))'
        found = re.finditer(pattern, text)
        return sum(bool(match["open"]) or bool(match["rest"].strip()) for match in found)

    return n_broken('[^"]*(?:""[^"]*)*') > 0 and n_broken(r"(?:[^\"\\]|\\[\s\S])*") == 0
