"""The help of each command, at the width of a terminal that nobody has made larger."""

import re

import pytest

from ganaug.cli.app import app, main

COMMANDS = [command.name or command.callback.__name__ for command in app.registered_commands]


@pytest.fixture(params=COMMANDS)
def page(request, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERMINAL_WIDTH", "80")
    assert main([request.param, "--help"]) == 0
    return capsys.readouterr().out


def test_help_fits_80_columns_and_nothing_is_cut(page):
    assert all(len(line) <= 80 for line in page.splitlines())
    assert "…" not in page


def test_help_shows_no_types_of_python_and_no_values_of_flags(page):
    assert not re.search(r"<(bool|str|float|int)\b|\b(BOOLEAN|TEXT|INTEGER|FLOAT)\b", page)


def test_no_name_is_broken_over_two_lines(page):
    """The second column, of what an option takes, has one line for each option."""
    for line in page.splitlines():
        assert not re.match(r"│ {8,20}[|\w>]+(\|\w+)*>? {2,}\S", line), line


@pytest.mark.parametrize(("command", "n_least"), [("balance", 6), ("compare", 4)])
def test_many_options_stand_in_panels_by_purpose(command, n_least, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main([command, "--help"]) == 0
    shown = capsys.readouterr().out
    panels = re.findall(r"^╭─ (.+?) ─", shown, flags=re.MULTILINE)
    assert len(panels) >= n_least
    assert len(set(panels)) == len(panels)
    options = re.findall(r"╭─ Options .*?╰", shown, flags=re.DOTALL)[0]
    assert re.findall(r"--[a-z-]+", options) == ["--help"]  # an option without a panel of its own stands here
