"""The application: the commands, the exit codes, and one line on stderr for whatever is wrong.

Everything heavy is imported inside the commands, so that ``ganaug --help`` answers at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, cast

import typer

from ganaug._version import __version__
from ganaug.cli.balance import balance
from ganaug.cli.compare import compare
from ganaug.cli.console import KEPT, one_line_warnings, say, stop_on_signals, stopped_message
from ganaug.cli.demo import demo
from ganaug.cli.edit import edit
from ganaug.cli.evaluate import evaluate
from ganaug.cli.help_pages import Command
from ganaug.cli.sample import sample
from ganaug.cli.stylize import stylize
from ganaug.cli.translate import translate
from ganaug.common.extras import MissingExtraError
from ganaug.common.progress import current_phase, end_phase, hidden_phase_on_error

app = typer.Typer(
    name="ganaug",
    help="Balance imbalanced data with synthetic rows, images or texts from a GAN.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (balance, sample, compare, evaluate, translate, stylize, edit, demo):
    app.command(cls=Command)(command)

# typer has moved the base of its usage errors between versions; the second class of the MRO is right in all of them.
_UsageError = cast("type[typer.BadParameter]", typer.BadParameter.__mro__[1])


def _show_version(value: bool) -> None:
    if value:
        print(f"ganaug {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None: ...


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after ``ganaug``; those of the process by default.

    Returns
    -------
    int
        The exit code: 0 for success, 2 for bad input, 130 after Ctrl-C and 143 after SIGTERM.

    Examples
    --------
    >>> from ganaug.cli import main
    >>> main(["--version"])
    ganaug ...
    0
    """
    KEPT.clear()
    end_phase()
    with stop_on_signals() as received, one_line_warnings():
        try:
            with hidden_phase_on_error(), _first_of_torchrun() as is_first:
                return _run(arguments) if is_first else 0
        except BaseException:
            # A library may have turned our exception into one of its own: the signal decides, not the exception.
            if not received:
                raise
            say("error", stopped_message(current_phase(), KEPT))
            return 128 + received[0]


@contextmanager
def _first_of_torchrun() -> Iterator[bool]:
    """Yield whether this process runs the command: of several that torchrun started, the others only train with it."""
    if os.environ.get("WORLD_SIZE", "1") == "1" or "RANK" not in os.environ:
        yield True
        return
    from ganaug.models import help_first, leading

    if os.environ["RANK"] != "0":
        help_first()
        yield False
        return
    with leading():
        yield True


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code = typer.main.get_command(app)(
            None if arguments is None else list(arguments), prog_name="ganaug", standalone_mode=False
        )
    except _UsageError as error:
        # `ganaug` alone shows its help by way of such an error, whose message is empty.
        if message := error.format_message():
            say("error", message)
        return 2
    except OSError as error:
        said = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        say("error", f"{said}; kept: {', '.join(KEPT)}" if KEPT else said)
        return 2
    except (ValueError, MissingExtraError) as error:
        say("error", str(error))
        return 2
    return code if isinstance(code, int) else 0
