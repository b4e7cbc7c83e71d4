"""Figures that stand on their own: no window, no switch of pyplot's backend, and a picture in notebooks."""

from io import BytesIO

try:
    from matplotlib.figure import Figure
except ImportError as error:  # pragma: no cover
    raise ImportError("plots need matplotlib: pip install 'ganaug[plot]'") from error


class Drawing(Figure):
    """What the package draws on. Nothing but its user holds it, so that as many as one likes can be made.

    Examples
    --------
    >>> drawing = Drawing(figsize=(2, 1))
    >>> ax = drawing.subplots()
    >>> drawing._repr_png_()[1:4]
    b'PNG'
    """

    def _repr_png_(self) -> bytes:
        """Return the picture that a notebook shows."""
        buffer = BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()
