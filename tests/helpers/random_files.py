"""Random CSV files for tests, in many dialects and notations. The same seed gives the same file."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

WORDS = ["red", "blue", "New York", "yes", "n/k", "x_1", "O'Hara", "a-b", "50+", "A12", "3rd", "v1.2"]
LETTERS = {
    "utf-8": ["Zürich", "東京", "Łódź", "naïve", "🙂"],
    "utf-16-le": ["Zürich", "東京", "Łódź"],
    "utf-16-be": ["Zürich", "東京"],
    "cp1252": ["Zürich", "5 €", "Åse"],
    "cp1251": ["Москва", "Казань"],
    "gbk": ["北京", "上海"],
    "shift_jis": ["東京", "表示", "ソニー"],
    "latin-1": ["Zürich", "Åse"],
}
BOMS = {"utf-8": b"\xef\xbb\xbf", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
DATES = [
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ",
    "%d-%b-%Y",
    "%Y%m%d",
]


@dataclass
class TextFile:
    """A file, how it must be named, and what each column may hold.

    Attributes
    ----------
    name : str
        File name with the extension.
    data : bytes
        The file.
    options : dict
        For `read_table`.
    columns : dict of str to (str, re.Pattern)
        The kind of each column ("number", "date" or "text"), and the pattern of its legal cells.
    delimiter, encoding : str
        As the file has them.
    """

    name: str
    data: bytes
    options: dict
    columns: dict[str, tuple[str, re.Pattern]]
    delimiter: str
    encoding: str


def _group(whole: str, mark: str) -> str:
    return f"{int(whole):,}".replace(",", mark)


def _number_cells(rng: np.random.Generator, n: int, decimal: str) -> tuple[list[str], str]:
    """Return cells of numbers in one notation, and the pattern of legal ones."""
    places = int(rng.integers(0, 4))
    values = rng.lognormal(rng.uniform(1, 9), 1.5, n)
    if rng.random() < 0.3:
        values *= rng.choice([-1, 1], n)
    plain = [f"{value:.{places}f}" for value in values]
    plain = [cell[1:] if cell.startswith("-") and not float(cell) else cell for cell in plain]
    if places and rng.random() < 0.3:
        plain = [str(float(cell)).removesuffix(".0") for cell in plain]
        fixed = False
    else:
        fixed = True
    other = "," if decimal == "." else "."
    group = str(rng.choice(["", "", other, " ", "'"]))
    if group == other and fixed and places == 3:
        group = ""
    affixes = [
        ("", ""),
        ("", ""),
        ("$", ""),
        ("USD ", ""),
        ("", " EUR"),
        ("", "%"),
        ("", " %"),
        ("", " kg"),
        ("", "km"),
    ]
    prefix, suffix = affixes[int(rng.integers(len(affixes)))]
    parentheses = rng.random() < 0.2 and any(not cell.startswith("-") for cell in plain)
    first = rng.random() < 0.5

    def dress(cell: str) -> str:
        sign, cell = ("-", cell[1:]) if cell.startswith("-") else ("", cell)
        whole, point, rest = cell.partition(".")
        number = (_group(whole, group) if group else whole) + (decimal if point else "") + rest
        if sign and parentheses:
            return f"({prefix}{number}{suffix})"
        return (sign + prefix if first else prefix + sign) + number + suffix

    whole = rf"\d{{1,3}}(?:{re.escape(group)}\d{{3}})*" if group else r"\d+"
    rest = (rf"{re.escape(decimal)}\d{{{places}}}" if fixed else rf"(?:{re.escape(decimal)}\d{{1,{places}}})?") * (
        places > 0
    )
    start, end = re.escape(prefix), re.escape(suffix)
    body = rf"-?{start}-?{whole}{rest}{end}"
    return [dress(cell) for cell in plain], rf"{body}|\({body}\)"


def text_file(seed: int) -> TextFile:
    """Draw a file."""
    rng = np.random.default_rng(seed)
    pick: Callable = lambda *options: options[int(rng.integers(len(options)))]  # noqa: E731
    n = int(rng.integers(30, 80))
    delimiter = pick(",", ",", ";", "\t", "|")
    decimal = pick(".", ",") if delimiter != "," else pick(".", ".", ".", ",")
    encoding = pick("utf-8", "utf-8", "utf-8", *LETTERS)
    kind = "tsv" if delimiter == "\t" else "csv"
    end = pick("\n", "\n", "\r\n", "\r")
    columns: dict[str, tuple[str, re.Pattern]] = {}
    table: list[list[str]] = []
    # one column that leaves no doubt about the decimal mark
    sure = [f"{value:.2f}".replace(".", decimal) for value in rng.normal(size=n) + 3]
    quote_all, quote_text = rng.random() < 0.15, rng.random() < 0.3
    texts: list[bool] = []

    def add(name: str, cells: list[str], of: str, pattern: str, missing: str | None = None) -> None:
        if missing is not None:
            cells = [missing if rng.random() < 0.15 else cell for cell in cells]
            cells[0] = cells[0] if cells[0] != missing else cells[-1]
        columns[name] = (of, re.compile(pattern if missing is None else f"{pattern}|{re.escape(missing)}"))
        texts.append(of == "text")
        table.append(cells)

    add("sure", sure, "number", rf"-?\d+{re.escape(decimal)}\d\d")
    for i in range(int(rng.integers(2, 7))):
        missing = pick(None, None, "", "NA", "?", "NaN", "null")
        what = pick("number", "number", "number", "integer", "date", "word", "code", "letters", "quotes")
        name = pick(f"c{i}", f"col {i}", f"x{i}({i})", f"{i}")
        if what == "number":
            cells, pattern = _number_cells(rng, n, decimal)
            add(name, cells, "number", pattern, missing)
        elif what == "integer":
            low = int(rng.integers(-50, 50))
            add(
                name,
                [str(v) for v in rng.integers(low, low + int(rng.integers(2, 10**6)), n)],
                "number",
                r"-?\d+",
                missing,
            )
        elif what == "date":
            days = np.datetime64("2015-01-01") + rng.integers(0, 3000, n).astype("timedelta64[D]")
            import pandas as pd

            pattern = pick(*DATES)
            dates = pd.DatetimeIndex(days + rng.integers(0, 86_400, n).astype("timedelta64[s]"))
            add(name, list(dates.strftime(pattern)), "date", r"[\w:./ -]+", missing)
        elif what == "code":
            add(name, [f"0{v:04d}" for v in rng.integers(0, 99, n)], "text", r"0\d{4}", missing)
        elif what == "letters":
            add(name, [str(v) for v in rng.choice(LETTERS[encoding], n)], "text", ".+", missing)
        elif what == "quotes":
            add(
                name,
                [str(v) for v in rng.choice(['say "hi"', f"a{delimiter} b", "two\nlines", "plain"], n)],
                "text",
                r"[\s\S]+",
            )
        else:
            words = [word for word in WORDS if delimiter not in word]
            add(name, [str(v) for v in rng.choice(words, n)], "text", ".+", missing)
    add("class", [pick("01", "00", "1e3", "yes") for _ in range(n)], "text", "01|00|1e3|yes")

    def quoted(cell: str, is_text: bool) -> str:
        must = any(mark in cell for mark in (delimiter, '"', "\n", "\r"))
        if quote_all or (quote_text and is_text) or must:
            return '"' + cell.replace('"', '""') + '"'
        return cell

    lead = " " if rng.random() < 0.05 and not quote_all and delimiter in ",;" else ""
    names = list(columns)
    head = delimiter.join(quoted(name, True) for name in names)
    lines = [head]
    for row in zip(*table, strict=True):
        cells = [quoted(cell, is_text) for cell, is_text in zip(row, texts, strict=True)]
        lines.append(delimiter.join(cells[:1] + [lead + cell if '"' not in cell else cell for cell in cells[1:]]))
    above = (
        pick("", "", "", "# source: x" + end, f"sep={delimiter}{end}", f"Report of May{end}{end}")
        if delimiter != "\t"
        else ""
    )
    text = above + end.join(lines) + (end if rng.random() < 0.8 else "")
    bom = BOMS.get(encoding, b"") if encoding.startswith("utf-16") or rng.random() < 0.2 else b""
    options: dict = {"target": "class"}
    if encoding in ("cp1251", "gbk", "shift_jis"):
        options["encoding"] = encoding
    return TextFile(f"in.{kind}", bom + text.encode(encoding), options, columns, delimiter, encoding)
