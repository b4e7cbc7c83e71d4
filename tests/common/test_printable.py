"""Control characters of the data are shown, and do nothing, on terminals and in pages."""

import io
import unicodedata
from xml.dom import minidom

from ganaug.cli.console import console, say
from ganaug.common.printable import printable

EVERY = "".join(map(chr, range(0x10000)))


def test_nothing_printable_commands_a_terminal_or_breaks_xml():
    shown = printable(EVERY)
    assert len(shown) == len(EVERY)
    assert {character for character in shown if unicodedata.category(character) == "Cc"} == {"\n", "\t"}
    minidom.parseString(f"<a>{shown.replace('&', '').replace('<', '')}</a>".encode())
    assert printable("Zürich 東京 5 €\n") == "Zürich 東京 5 €\n"


def test_the_shell_prints_no_control_characters(capsys, monkeypatch):
    say("error", "a\x1b[31m b\x07")
    assert capsys.readouterr().err == "ganaug: error: a␛[31m b␇\n"
    screen = console()
    screen.file = io.StringIO()
    screen.print("name \x1b]0;title\x9b2J", style="bold", markup=False)
    assert screen.file.getvalue() == "name ␛]0;title\ufffd2J\n"
