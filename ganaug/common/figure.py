"""Figures without pyplot: they open no window, do not change the backend, and show as an image in notebooks."""

from io import BytesIO

from ganaug.common.extras import require_extra

require_extra("plot", "Figures need")

from matplotlib.figure import Figure  # noqa: E402 - after the check


class Drawing(Figure):
    """A matplotlib figure that pyplot does not keep in memory.

    Examples
    --------
    >>> drawing = Drawing(figsize=(2, 1))
    >>> ax = drawing.subplots()
    >>> drawing._repr_png_()[1:4]
    b'PNG'
    """

    def _repr_png_(self) -> bytes:
        """Return the PNG that a notebook shows."""
        buffer = BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()
