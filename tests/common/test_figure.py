"""Figures do not touch pyplot."""

import sys

from ganaug.common.figure import Drawing


def test_a_drawing_is_an_image_in_notebooks_and_unknown_to_pyplot():
    drawing = Drawing(figsize=(2, 1))
    drawing.subplots().plot([0, 1])
    assert drawing._repr_png_().startswith(b"\x89PNG")
    if "matplotlib.pyplot" in sys.modules:
        assert not sys.modules["matplotlib.pyplot"].get_fignums()
