"""What evaluations have in common: a table of measures, a verdict in sentences, and how both are shown."""

from abc import ABC, abstractmethod
from html import escape
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ganaug.metrics import Count
from ganaug.reporting.blocks import Paragraphs as Words
from ganaug.reporting.blocks import Section
from ganaug.reporting.blocks import settings_table as settings
from ganaug.reporting.card import NOTICE
from ganaug.reporting.page import render as page


class Shown(ABC):
    """An evaluation: its measures in one table, what they say, and a page of both."""

    # Of the real data, what a page holds.
    _holds: ClassVar[str]
    settings: dict[str, Any]

    @abstractmethod
    def frame(self) -> pd.DataFrame:
        """Return all measures: part, measure, value, low, high, best, reads."""

    @property
    @abstractmethod
    def verdict(self) -> list[str]:
        """Plain sentences."""

    @abstractmethod
    def plot(self) -> Any:
        """Draw what was found, as a figure of matplotlib's."""

    def html(self, path: str | Path | None = None, *, title: str = "Synthetic data, evaluated") -> str | None:
        """Write everything as one self-contained page.

        Parameters
        ----------
        path : str, Path or None, default=None
            Where to; an existing file is replaced. None returns the page.
        title : str, default="Synthetic data, evaluated"
            Heading of the page.

        Returns
        -------
        str or None
            The page, without a path. Figures need matplotlib (``pip install 'ganaug[plot]'``); without, the page says
            so in their place.

        Notes
        -----
        The page holds real data, values of a table or pictures. Share it only with those who may see them.
        """
        sections = [
            Section("Verdict", [Words([self._heading()]), Words(self.verdict)]),
            *self.sections(),
            self._card(),
            Section("Settings", [settings(self.settings, None)]),
        ]
        return page(title, sections, notice=NOTICE.format(what=self._holds), path=path)

    @abstractmethod
    def sections(self) -> list[Section]:
        """Return what a page shows of it, for pages that show more."""

    @abstractmethod
    def _card(self) -> Section:
        """Return the model card."""

    @abstractmethod
    def _heading(self) -> str:
        """Say what was compared with what."""

    def __repr__(self) -> str:
        table = self._written().drop(columns="part").to_string(index=False)
        return "\n".join([self._heading(), "", *(f"- {sentence}" for sentence in self.verdict), "", table])

    def _repr_html_(self) -> str:
        sentences = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.verdict)
        return f"<p>{escape(self._heading())}</p><ul>{sentences}</ul>{self._written().to_html(index=False, border=0)}"

    def _written(self) -> pd.DataFrame:
        frame = self.frame()
        numbers = ["value", "low", "high", "best"]
        frame[numbers] = frame[numbers].map(lambda number: "" if np.isnan(number) else f"{number:.3f}")
        return frame


def count_interval(count: Count) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson)."""
    return count.interval
