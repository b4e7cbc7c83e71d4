"""The form of texts such as codes, addresses and names, and random texts of the same form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Characters of a text that the pattern follows.
MAX_LENGTH = 1000
_MAX_FORMS = 32
# Texts that show the form; of more, every second, third and so on.
_MAX_TEXTS = 20_000
# Characters at the start of a part that are described one by one; those after them are alike.
_MAX_PLACES = 64
# The characters seen at one place are all that there may be if each was seen so often, on average.
_OFTEN = 20
# A part is one of some fixed words if it has at most a tenth of the values that it could have, and words in fewer rows
# than this are left out: they could name somebody.
_LEVEL_SHARE, _MIN_ROWS_OF_LEVEL = 0.1, 5
_DIGITS = "0123456789"
_PARTS = re.compile(r"([^\W_]+)")


@dataclass(frozen=True)
class _Part:
    """Letters and digits between two other characters, or several such runs that together have few values."""

    levels: list[tuple[str, int]]  # fixed words and their counts; empty for random characters
    lengths: list[tuple[int, int]]  # lengths and their counts
    places: list[str]  # the characters of each place
    rest: str  # those of all later places

    def draw(self, rng: np.random.Generator, n: int, n_more: int) -> list[str]:
        if self.levels:
            words = [word for word, _ in self.levels]
            texts = [words[i] for i in _choose(rng, [count for _, count in self.levels], n)]
        else:
            sizes = np.array([length for length, _ in self.lengths])
            lengths = sizes[_choose(rng, [count for _, count in self.lengths], n)]
            longest = int(sizes.max())
            places = [*self.places[:longest], *[self.rest] * (longest - len(self.places))]
            texts = [text[:size] for text, size in zip(_characters(rng, places, n), lengths, strict=True)]
        if n_more:
            texts = [text + more for text, more in zip(texts, _characters(rng, [self.rest] * n_more, n), strict=True)]
        return texts


@dataclass(frozen=True)
class _Form:
    """Texts with the same characters that are no letters and no digits."""

    separators: list[str]  # one more than there are parts
    parts: list[_Part]
    longer: int  # the part that gets more characters when all texts of the form are in use
    count: int

    def draw(self, rng: np.random.Generator, n: int, n_more: int) -> list[str]:
        columns = [[self.separators[0]] * n]
        for i, (part, separator) in enumerate(zip(self.parts, self.separators[1:], strict=True)):
            columns += [part.draw(rng, n, n_more if i == self.longer else 0), [separator] * n]
        return ["".join(cells) for cells in zip(*columns, strict=True)]


@dataclass(frozen=True)
class Pattern:
    """How texts are built from parts: runs of letters and digits, and the characters between them.

    A random text has the separators of a real one, as often as these occur. Each part has the length of a real one, and
    at each place a character that occurs there: a digit, a capital or a small letter as in the real parts, and the same
    character where all real parts have it, such as in CUST-00017. Parts with few values, such as gmail.com, are drawn
    from those that occur in at least five rows.

    Parameters
    ----------
    forms : list
        The forms, the most frequent one first.
    """

    forms: list[_Form]

    @classmethod
    def fit(cls, texts: Sequence[str] | NDArray) -> Pattern:
        """Learn the forms of texts.

        Parameters
        ----------
        texts : sequence of str, of length n
            At least one.

        Examples
        --------
        >>> pattern = Pattern.fit([f"CUST-{number:04d}" for number in range(500)])
        >>> [text[:6] for text in pattern.draw(np.random.default_rng(0), 2)]
        ['CUST-0', 'CUST-0']
        """
        texts = texts[:: -(-len(texts) // _MAX_TEXTS)]
        split = [_PARTS.split(str(text)[:MAX_LENGTH]) for text in texts]
        groups: dict[tuple[str, ...], list[list[str]]] = {}
        for pieces in split:
            groups.setdefault(tuple(pieces[::2]), []).append(pieces[1::2])
        pools = _pools(part for parts in groups.values() for row in parts for part in row)
        ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
        with_parts = [item for item in ordered if len(item[0]) > 1] or [(("", ""), [["0"]])]
        kept = [item for item in with_parts if len(item[1]) > 1] or with_parts
        return cls([_fit_form(list(separators), rows, pools) for separators, rows in kept[:_MAX_FORMS]])

    def draw(self, rng: np.random.Generator, n: int, n_more: int = 0) -> list[str]:
        """Return random texts.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of the characters.
        n : int
            Number of texts.
        n_more : int, default=0
            Characters that one part has more than the real ones.
        """
        which = _choose(rng, [form.count for form in self.forms], n)
        texts = np.empty(n, dtype=object)
        for i, form in enumerate(self.forms):
            rows = np.flatnonzero(which == i)
            texts[rows] = form.draw(rng, len(rows), n_more)
        return texts.tolist()

    def state(self) -> list[Any]:
        """Describe the forms as plain data."""
        return [
            {
                "separators": form.separators,
                "parts": [[part.levels, part.lengths, part.places, part.rest] for part in form.parts],
                "longer": form.longer,
                "count": form.count,
            }
            for form in self.forms
        ]

    @classmethod
    def from_state(cls, plain: list[Any]) -> Pattern:
        """Rebuild the pattern, and check that it draws texts of a bounded length."""
        forms = []
        for form in plain:
            parts = [
                _Part(
                    levels=[(str(word), int(count)) for word, count in levels],
                    lengths=[(int(length), int(count)) for length, count in lengths],
                    places=[str(place) for place in places],
                    rest=str(rest),
                )
                for levels, lengths, places, rest in form["parts"]
            ]
            separators = [str(separator) for separator in form["separators"]]
            forms.append(_Form(separators, parts, int(form["longer"]), int(form["count"])))
        if not 0 < len(forms) <= _MAX_FORMS or not all(_is_sound(form) for form in forms):
            raise ValueError("a pattern of texts is not sound")
        return cls(forms)


def _is_sound(form: _Form) -> bool:
    longest = sum(map(len, form.separators))
    for part in form.parts:
        counts = [count for _, count in (part.levels or part.lengths)]
        sizes = [len(word) for word, _ in part.levels] or [length for length, _ in part.lengths]
        if not (counts and min(counts) > 0 and max(counts) < 2**53 and min(sizes) >= 0):
            return False
        if not (all(part.places) and len(part.rest) > 1):
            return False
        longest += max(sizes)
    fits = len(form.separators) == len(form.parts) + 1 and 0 <= form.longer < len(form.parts)
    return fits and 0 < form.count < 2**53 and longest <= 2 * MAX_LENGTH


def _fit_form(separators: list[str], rows: list[list[str]], pools: dict[str, str]) -> _Form:
    columns, separators = _joined([list(column) for column in zip(*rows, strict=True)], separators)
    n_distinct = [len(set(column)) for column in columns]
    parts = [_fit_part(column, pools) for column in columns]
    return _Form(separators, parts, int(np.argmax(n_distinct)), len(rows))


def _joined(columns: list[list[str]], separators: list[str]) -> tuple[list[list[str]], list[str]]:
    """Join neighbouring parts that together have few values, so that gmail.com and web.de give no gmail.de."""
    kept, between = [columns[0]], [separators[0]]
    for column, separator in zip(columns[1:], separators[1:], strict=False):
        joined = [f"{left}{separator}{right}" for left, right in zip(kept[-1], column, strict=True)]
        if _levels(joined):
            kept[-1] = joined
        else:
            kept.append(column)
            between.append(separator)
    return kept, [*between, separators[-1]]


def _levels(words: list[str]) -> list[tuple[str, int]]:
    """Return the words and their counts where there are few and most are frequent; nothing otherwise."""
    counts = Counter(words)
    if len(counts) > _LEVEL_SHARE * len(words):
        return []
    levels = sorted(item for item in counts.items() if item[1] >= _MIN_ROWS_OF_LEVEL)
    return levels if sum(count for _, count in levels) >= len(words) / 2 else []


def _fit_part(words: list[str], pools: dict[str, str]) -> _Part:
    own = _pools(words)
    n_characters = sum(map(len, words))
    if n_characters < _OFTEN * sum(map(len, own.values())):
        # what stands between joined parts is in no pool
        own = {of: pools.get(of, characters) for of, characters in own.items()}
    # a longer part goes on as parts end: CUST00017 with digits
    is_long = max(map(len, words)) > _MAX_PLACES
    last = set(own) if is_long else {_class(word[-1]) for word in words}
    rest = "".join(own[of] for of in own if of in last)
    rest = rest if len(rest) > 1 else "".join(sorted({*rest, *_DIGITS}))
    levels = _levels(words)
    if levels:
        return _Part(levels, [], [], rest)
    places = []
    for i in range(min(max(map(len, words)), _MAX_PLACES)):
        seen = Counter(word[i] for word in words if len(word) > i)
        n_seen = sum(seen.values())
        is_complete = n_seen >= _OFTEN * len(seen) or (len(seen) == 1 and n_seen >= _MIN_ROWS_OF_LEVEL)
        places.append(sorted(seen) if is_complete else sorted("".join(own[_class(c)] for c in _one_each(seen))))
    return _Part([], sorted(Counter(map(len, words)).items()), ["".join(place) for place in places], rest)


def _one_each(characters: Counter[str]) -> list[str]:
    """Return one character of each class."""
    return list({_class(character): character for character in characters}.values())


def _class(character: str) -> str:
    if character.isdecimal():
        return "digit"
    return "capital" if character.isupper() else "small" if character.islower() else "other"


def _pools(words: Any) -> dict[str, str]:
    """Return the characters of each class."""
    found: set[str] = set()
    for word in words:
        found.update(word)
    pools: dict[str, list[str]] = {}
    for character in sorted(found):
        pools.setdefault(_class(character), []).append(character)
    return {of: "".join(characters) for of, characters in pools.items()}


def _choose(rng: np.random.Generator, counts: list[int], n: int) -> NDArray[np.intp]:
    """Draw positions, as often as the counts say."""
    ends = np.cumsum(counts, dtype=float)
    return np.minimum(np.searchsorted(ends, rng.random(n) * ends[-1], side="right"), len(counts) - 1)


def _characters(rng: np.random.Generator, places: list[str], n: int) -> list[str]:
    if not places or not n:
        return [""] * n
    columns = [np.array(list(place))[rng.integers(len(place), size=n)] for place in places]
    drawn = np.ascontiguousarray(np.column_stack(columns).astype("U1"))
    texts: list[str] = drawn.view(f"U{len(places)}").ravel().tolist()
    return texts
