"""Sphinx extension: a page for each shell command, written from the application before Sphinx reads its sources.

The pages lie in docs/reference/shell, which git ignores. They hold what ``ganaug COMMAND --help`` says. They are made
from the signatures of the commands, as the inside of typer changes between versions.
"""

import inspect
import re
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from typer.models import ArgumentInfo

from ganaug.cli.app import app as shell

if TYPE_CHECKING:
    from sphinx.application import Sphinx

FOLDER = Path(__file__).parent / "reference" / "shell"
_METAVAR = {int: "INTEGER", float: "NUMBER", str: "TEXT", Path: "PATH"}


def commands() -> dict[str, Callable[..., Any]]:
    """Return the function of each shell command by its name."""
    return {of.name or of.callback.__name__: of.callback for of in shell.registered_commands if of.callback is not None}


def page(name: str, command: Callable[..., Any]) -> str:
    """Return the page of a command, as Markdown."""
    hints = get_type_hints(command, include_extras=True)
    arguments, options, required = [], [], []
    for parameter in inspect.signature(command).parameters.values():
        kind, info = get_args(hints[parameter.name])
        kind = _without_none(kind)
        help_text = _escaped(" ".join((info.help or "").split()))
        if isinstance(info, ArgumentInfo):
            arguments.append((info.metavar, help_text))
            continue
        # inside Annotated, typer keeps the first name of an option as its "default"
        names = [of for of in (info.default, *(info.param_decls or ())) if isinstance(of, str) and of.startswith("-")]
        flag = ", ".join(names) or f"--{parameter.name.replace('_', '-')}"
        spelling = flag if kind is bool else f"{flag} {info.metavar or _choices(kind) or _METAVAR[kind]}"
        if parameter.default is inspect.Parameter.empty:
            required.append(spelling)
        elif parameter.default not in (None, False) and "efault" not in help_text:
            help_text += f" Default: `{getattr(parameter.default, 'value', parameter.default)}`."
        if info.min is not None:
            help_text += f" At least {info.min:g}."
        options.append((spelling, help_text))
    options.append(("--help", "Show this text and exit."))
    usage = " ".join(["ganaug", name, *(metavar for metavar, _ in arguments), *required, "[OPTIONS]"])
    about = _escaped(" ".join((inspect.getdoc(command) or "").split()))
    return "\n".join(
        [
            f"# ganaug {name}\n\n{about}\n\n```text\n{usage}\n```\n",
            *(["## Arguments\n", *_entries(arguments)] if arguments else []),
            "## Options\n",
            *_entries(options),
        ]
    )


def _entries(entries: list[tuple[str, str]]) -> list[str]:
    """Return a definition list."""
    return [f"`{name}`\n: {text}\n" for name, text in entries]


def _without_none(kind: Any) -> Any:
    """Return X of ``X | None``, and any other type as it is."""
    if get_origin(kind) is None or get_origin(kind) in (list, tuple):
        return kind
    others = [of for of in get_args(kind) if of is not type(None)]
    return others[0] if get_origin(kind) is Union or len(others) == 1 else kind


def _choices(kind: Any) -> str:
    if inspect.isclass(kind) and issubclass(kind, Enum):
        return "[" + "|".join(str(of.value) for of in kind) + "]"
    return ""


def _escaped(text: str) -> str:
    """Show options as code, and escape what Markdown would read as emphasis or as HTML, outside of code."""
    text = re.sub(r"(?<![`\w-])(--[a-z][a-z-]*)(?![\w`])", r"`\1`", text)
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([*_<])", r"\\\1", part) for part in parts)


def write_pages(app: "Sphinx") -> None:
    """Write the pages, those that have changed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    pages = {f"{name}.md": page(name, command) for name, command in commands().items()}
    for file in FOLDER.glob("*.md"):
        if file.name not in pages:
            file.unlink()
    for name, text in pages.items():
        file = FOLDER / name
        if not file.exists() or file.read_text() != text:
            file.write_text(text)


def setup(app: "Sphinx") -> dict[str, bool]:
    """Write the pages when Sphinx starts."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
