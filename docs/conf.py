"""Sphinx: `make docs`.

The source directory is the root of the repository, not this folder: so the pages link to the benchmarks' pages and show
their figures by the same relative paths as on a code host, and nothing is there twice.
"""

from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

import ganaug
from ganaug.training import callbacks

ROOT = Path(__file__).parents[1]

project = "ganaug"
author = "The ganaug developers"
project_copyright = author
release = version = ganaug.__version__
language = "en"

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
root_doc = "docs/index"
include_patterns = ["docs/**", "benchmarks/results/*.md", "CHANGELOG.md", "CONTRIBUTING.md"]
# what is not even looked into; `**` would walk through the environments
exclude_patterns = [".*", "build", "dist", "docs/_*", "examples", "ganaug", "tests", "**/sg_execution_times.rst"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
templates_path = [str(ROOT / "docs/_templates")]  # autosummary and the pages look from different folders
# `name` in a docstring becomes a link where the site has such an object, and stays a name elsewhere
default_role = "py:obj"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # numpydoc's sections say more
numpydoc_show_class_members = False  # the templates list them

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "docs/gallery",
    "filename_pattern": r"/plot_",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "remove_config_comments": True,
    "within_subsection_order": "FileNameSortKey",
    "capture_repr": (),
    "reset_modules": ("matplotlib",),
    "write_computation_times": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "ganaug"
html_static_path = ["_static"]
html_css_files = ["ganaug.css"]
html_extra_path = ["_extra"]  # an index.html that leads to docs/
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "ganaug"},
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "navigation_with_keys": False,
    "show_prev_next": True,
    "show_toc_level": 2,
    "header_links_before_dropdown": 6,
}

# Names that become links where a page has them as code: so no page needs markup that a code host does not know.
_LINKED = {
    **{name: f"ganaug.{name}" for name in ganaug.__all__},
    **{
        name: f"{callbacks.__name__}.{name}"
        for name in ("Callback", *(c.__name__ for c in callbacks.Callback.__subclasses__()))
    },
    "plot_history": "ganaug.training.history.plot_history",
    "ganaug.metrics.images.nearest_pixels": "ganaug.metrics.images.nearest_pixels",
    "ganaug.datasets.images.read_images": "ganaug.datasets.images.read_images",
}


def _link_names(app: Sphinx, document: nodes.document) -> None:
    if app.env.docname.startswith("docs/api"):
        return
    for literal in list(document.findall(nodes.literal)):
        target = _LINKED.get(literal.astext())
        # titles are shown in other places as well, where no link is made of them
        if target is not None and not isinstance(literal.parent, nodes.reference | nodes.title | pending_xref):
            link = pending_xref("", literal.deepcopy(), refdomain="py", reftype="obj", reftarget=target, refwarn=True)
            link["refdoc"] = app.env.docname
            literal.replace_self(link)


def setup(app: Sphinx) -> None:
    """Let Sphinx call what is written here."""
    app.connect("doctree-read", _link_names)
