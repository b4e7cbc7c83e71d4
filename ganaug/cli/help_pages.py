"""How ``ganaug COMMAND --help`` looks, and what is said of options that a command does not take.

Options stand in panels by their purpose, and no types of Python are shown.
"""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any

from typer.core import TyperCommand

# In this order, of the commands that have many options.
_PANELS = {
    "Tables": (
        "target",
        "task",
        "relevance",
        "categorical",
        "ignore",
        "text",
        "constraint",
        "encoding",
        "mark",
        "provenance",
    ),
    "Images": ("resize", "skip-bad", "dicom", "link", "attributes", "mask-channels"),
    "What is added": ("strategy", "share", "selection", "model", "only-synthetic"),
    "Does it help? (by cross-validation)": (
        *("compare", "select", "metric", "groups", "samplers", "classifiers", "splits", "repeats", "jobs"),
    ),
    "Time and interruptions": ("max-time", "devices", "checkpoint", "results", "log-dir"),
    "Output and seed": ("save", "report", "force", "seed"),
    "Differential privacy, for tables": ("epsilon", "bounds", "levels"),
    "Tables larger than memory": ("engine", "scheduler", "train-rows"),
}
_GROUPED = ("balance", "compare")
# What Python, or a habit, calls an option.
_OTHER_NAMES = {
    "--random-state": "--seed",
    "--sampling-strategy": "--strategy",
    "--n-steps": "--max-time",
    "--steps": "--max-time",
    "--output": "OUT, without an option",
    "--out": "OUT, without an option",
    "-o": "OUT, without an option",
    "--input": "IN, without an option",
    "--y": "--target",
    "--label-column": "--target",
    "--drop": "--ignore",
    "--test": "--holdout",
}
# Commands that need --target for tables.
_NEEDING_TARGET = ("balance", "compare")
_PANEL_OF = {f"--{name}": panel for panel, names in _PANELS.items() for name in names}


class Command(TyperCommand):
    """A command whose help fits 80 columns, and which takes no option twice."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; refuse an option that is given twice, or that has taken the next one for its value."""
        try:
            values, _, order = self.make_parser(ctx).parse_args(args=list(args))
        except Exception as error:
            if type(error).__name__ == "NoSuchOption":
                name = str(getattr(error, "option_name", ""))
                raise ValueError(f"No such option: {name}{_way_out(name, self, ctx)}") from error
            raise
        names = {name for of in self.params for name in of.opts if name.startswith("--")}
        for param in order:
            if order.count(param) > 1 and not getattr(param, "is_flag", False) and not param.multiple:
                raise ValueError(f"{param.opts[0]} is given {order.count(param)} times; give it once")
            given = values.get(param.name)
            for value in given if isinstance(given, list) else [given]:
                if value in names:
                    raise ValueError(f"{param.opts[0]} needs a value, {param.metavar}, but {value} follows it")
        if not values.get("help") and (missing := _missing(self, values)):
            from ganaug.common.wording import joined

            usual = [
                str(of.metavar) if of.param_type_name == "argument" else _typed(of) for of in self.params if of.required
            ]
            target = [word for word in missing if word not in usual]
            verb = "is" if len(missing) == 1 else "are"
            typed = " ".join(["ganaug", str(self.name), *usual, *target])
            also = " (for a table also --target COLUMN)" if "IN" in missing and self.name in _NEEDING_TARGET else ""
            raise ValueError(f"{joined(missing)} {verb} missing; type {typed}{also}")
        parsed: list[str] = super().parse_args(ctx, args)
        for param in self.params:
            taken = ctx.params.get(param.name)
            # a class or a column may be called so, a file may not
            if any(isinstance(of, Path) and str(of) == "-" for of in (taken if isinstance(taken, list) else [taken])):
                called = param.opts[0] if param.param_type_name == "option" else param.metavar
                raise ValueError(f"{called} is -, but ganaug reads and writes files only; give the name of a file")
        return parsed

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters, as the help shows them."""
        params: list[Any] = super().get_params(ctx)
        for param in params:
            if getattr(param, "is_flag", False):
                param.metavar = ""  # a flag takes no value
        if self.name in _GROUPED:
            order = list(_PANELS)
            for param in params:
                if param.param_type_name == "option":
                    param.rich_help_panel = _PANEL_OF.get(param.opts[0])
            # panels stand in the order of their first options
            params.sort(key=lambda param: order.index(of) if (of := getattr(param, "rich_help_panel", None)) else -1)
        return params


def _typed(option: Any) -> str:
    return f"{option.opts[0]} {option.metavar}"


def _missing(command: Command, values: dict[str, Any]) -> list[str]:
    """Return all that is required and not given, as it is typed; with it the target, if a table is meant."""

    def is_given(param: Any) -> bool:
        value = values.get(param.name)
        return isinstance(value, str) or (isinstance(value, list | tuple) and any(isinstance(of, str) for of in value))

    required = [param for param in command.params if param.required]
    left = [of for of in required if not is_given(of)]
    missing = [str(of.metavar) if of.param_type_name == "argument" else _typed(of) for of in left]
    target = next((of for of in command.params if of.name == "target" and of.param_type_name == "option"), None)
    if missing and target is not None and command.name in _NEEDING_TARGET and not is_given(target):
        source = values.get("source")
        if isinstance(source, str) and not Path(source).is_dir() and not source.endswith(".npz"):
            missing.append(_typed(target))
    return missing


def _way_out(name: str, command: Command, ctx: Any) -> str:
    """Say what an option that a command does not have may be called, or which command has it."""
    names = {opt for param in command.params for opt in param.opts}
    if name == "--holdout" and command.name == "balance":
        following = "ganaug evaluate IN OUT --target COLUMN --holdout FILE"
        return f". Leave FILE out of IN, balance, and then run: {following}"
    others = [] if ctx.parent is None else ctx.parent.command.commands.items()
    if having := [f"ganaug {of}" for of, other in others if any(name in param.opts for param in other.params)]:
        return f". It is an option of {' and '.join(having)}"
    for close in get_close_matches(name, [*_OTHER_NAMES, *names], cutoff=0.7):
        meant = _OTHER_NAMES.get(close, close)
        if meant in names or not meant.startswith("-"):
            return f". Use {meant}" if close == name else f". Did you mean {meant}?"
    return f"; see ganaug {command.name} --help"
