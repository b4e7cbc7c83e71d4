"""How ``ganaug COMMAND --help`` looks: options in panels by their purpose, and no types of Python."""

from __future__ import annotations

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
_PANEL_OF = {f"--{name}": panel for panel, names in _PANELS.items() for name in names}


class Command(TyperCommand):
    """A command whose help fits 80 columns."""

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
