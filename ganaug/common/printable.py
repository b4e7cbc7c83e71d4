"""Text of the data that is shown to people: control characters become visible ones."""

import re

# Characters that command a terminal, turn the direction of text around it, or may not stand in XML.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def printable(text: str) -> str:
    r"""Replace control characters by visible ones, so that a name in the data does nothing but be read.

    Parameters
    ----------
    text : str
        The text; line ends and tabs stay.

    Examples
    --------
    >>> printable("red \x1b[31m bell \x07")
    'red ␛[31m bell ␇'
    """

    def visible(match: re.Match[str]) -> str:
        code = ord(match[0])
        return chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else "\ufffd"

    return _UNPRINTABLE.sub(visible, text)
