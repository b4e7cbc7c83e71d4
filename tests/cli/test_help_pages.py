"""The help of each command, at the width of a terminal that nobody has made larger."""

import re
import shlex
from pathlib import Path

import pytest
import typer

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


def help_of(command, option):
    """Return what the help of a command says of an option."""
    params = typer.main.get_command(app).commands[command].params
    return next(param.help for param in params if option in param.opts)


# What a command refuses together, and how it is typed.
TOGETHER = {
    ("--select", "--compare"): "in.csv out.csv --target plan --select --compare",
    ("--select", "--strategy"): "in.csv out.csv --target plan --select --strategy all",
    ("--select", "--attributes"): "in out --select --attributes a.csv",
    ("--compare", "--attributes"): "in out --compare --attributes a.csv",
    ("--epsilon", "--select"): "in.csv out.csv --target plan --epsilon 3 --select",
    ("--epsilon", "--text"): "in.csv out.csv --target plan --epsilon 3 --text town",
    ("--epsilon", "--ignore"): "in.csv out.csv --target plan --epsilon 3 --ignore town",
    ("--epsilon", "--checkpoint"): "in.csv out.csv --target plan --epsilon 3 --checkpoint c",
    ("--epsilon", "--constraint"): "in.csv out.csv --target plan --epsilon 3 --constraint 'age > 0'",
    ("--epsilon", "--categorical"): "in.csv out.csv --target plan --epsilon 3 --categorical town",
    ("--mask-channels", "--resize"): "in out --mask-channels 1 --resize 8x8",
    ("--mask-channels", "--model"): "in out --mask-channels 1 --model translation",
}
# What needs another option.
WITH = {
    ("--metric", "--select"): "in.csv out.csv --target plan --metric F1",
    ("--groups", "--select"): "in.csv out.csv --target plan --groups town",
    ("--share", "equal share"): "in.csv out.csv --target plan --share 0.2",
    ("--bounds", "--epsilon"): "in.csv out.csv --target plan --bounds age=0:9",
    ("--levels", "--epsilon"): "in.csv out.csv --target plan --levels age=1|2",
    ("--scheduler", "--engine dask"): "in.csv out.csv --target plan --scheduler tcp://x:1",
    ("--train-rows", "--engine dask"): "in.csv out.csv --target plan --train-rows 500",
}


@pytest.mark.parametrize("pair", TOGETHER)
def test_options_that_exclude_each_other_say_so_in_their_help(pair, in_csv, images, capsys):
    assert main(["balance", *shlex.split(TOGETHER[pair])]) == 2
    error = capsys.readouterr().err
    one, other = pair
    assert one in error
    assert other in error
    assert other in help_of("balance", one)
    assert one in help_of("balance", other)


@pytest.mark.parametrize("pair", WITH)
def test_an_option_that_needs_another_one_says_so_in_its_help(pair, in_csv, capsys):
    assert main(["balance", *shlex.split(WITH[pair])]) == 2
    assert pair[1] in capsys.readouterr().err
    assert pair[1] in help_of("balance", pair[0])


@pytest.mark.parametrize("option", re.findall(r"--[a-z-]+", help_of("balance", "--engine")))
def test_what_dask_refuses_stands_in_the_help_of_the_engine(option, in_csv, capsys):
    takes_no_value = option in ("--select", "--compare")
    value = {"--epsilon": ["3"]}.get(option, [] if takes_no_value else ["x"])
    line = ["in.csv", "out", "--target", "plan", "--engine", "dask", option, *value]
    assert main(["balance", *line]) == 2
    assert f"{option} needs all rows in memory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("sample", "MODEL, OUT, --label CLASS and -n N are missing; type ganaug sample MODEL OUT --label CLASS -n N"),
        ("sample m.gan out.csv", "--label CLASS and -n N are missing"),
        ("sample m.gan out.csv --label a", "-n N is missing"),
        ("balance in.csv", "OUT and --target COLUMN are missing; type ganaug balance IN OUT --target COLUMN"),
        ("balance", "IN and OUT are missing; type ganaug balance IN OUT (for a table also --target COLUMN)"),
        ("balance folder", "OUT is missing; type ganaug balance IN OUT"),
        ("evaluate --report r.html", "REAL and SYNTHETIC are missing"),
        ("translate a", "DIR_B and OUT are missing"),
        ("stylize", "CONTENT, STYLE and OUT are missing"),
        ("edit m.gan", "IMAGE... and OUT are missing"),
    ],
)
def test_all_that_is_missing_is_said_at_once(line, missing, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    assert main(line.split()) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"ganaug: error: {missing}")
    assert error.count("\n") == 1
