"""Sphinx: `make docs`.

The source directory is the root of the repository, not this folder. So pages link to the benchmarks' pages and show
their figures by the same relative paths as on a code host, and nothing exists twice.
"""

import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx_gallery.scrapers import figure_rst

import ganaug
from ganaug import comparison, evaluation
from ganaug.training import callbacks

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs"))

import shell_pages  # noqa: E402

project = "ganaug"
author = "The ganaug developers"
project_copyright = author
release = version = ganaug.__version__
language = "en"
smartquotes = False  # it would turn --option into a dash

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
    "shell_pages",
]
root_doc = "docs/index"
include_patterns = ["docs/**", "benchmarks/results/*.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]
# folders that Sphinx must not search; `**` would walk through the virtual environments
exclude_patterns = [".*", "build", "dist", "docs/_*", "examples", "ganaug", "tests", "**/sg_execution_times.rst"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
templates_path = [str(ROOT / "docs/_templates")]  # absolute: autosummary and the pages look from different folders
# `name` in a docstring becomes a link where the site has such an object, and stays a name elsewhere
default_role = "py:obj"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autosummary_generate = True
toc_object_entries_show_parents = "hide"  # "fit()" in the margin, where "GANOversampler.fit()" would be cut off
autosummary_ignore_module_all = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the sections of numpydoc say more
numpydoc_show_class_members = False  # the templates list them


def saved_images(block: tuple[Any, ...], block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Show the PNG files that an example has saved beside itself, and move them to the site."""
    shown = []
    for file in sorted(Path(block_vars["src_file"]).parent.glob("*.png"), key=lambda file: file.stat().st_mtime):
        target = Path(block_vars["image_path_iterator"].next())
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
        shown.append(str(target))
    return figure_rst(shown, gallery_conf["src_dir"])


sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "docs/gallery",
    "filename_pattern": r"/plot_",
    "image_scrapers": ("matplotlib", saved_images),
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
suppress_warnings = ["config.cache"]  # the scraper is a function, which Sphinx cannot store

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
html_sidebars = {"docs/index": []}

# Names in code font become links, so that pages need no markup that a code host does not know.
_LINKED = {
    **{name: f"ganaug.{name}" for name in ganaug.__all__ if not name.startswith("_")},
    **{f"ganaug.{name}": f"ganaug.{name}" for name in ganaug.__all__ if not name.startswith("_")},
    **{name: f"ganaug.training.callbacks.{name}" for name in callbacks.__all__},
    **{name: f"ganaug.comparison.{name}" for name in ("Comparison", "Selection") if name in comparison.__all__},
    **{
        name: f"ganaug.evaluation.{name}"
        for name in ("TableEvaluation", "ImageEvaluation", "Resampling")
        if name in evaluation.__all__
    },
    "plot_history": "ganaug.training.plot_history",
    "ganaug.training.plot_history": "ganaug.training.plot_history",
    "ganaug.training.KernelDistance": "ganaug.training.KernelDistance",
    "ganaug.metrics.nearest_pixels": "ganaug.metrics.nearest_pixels",
    "ganaug.datasets.read_images": "ganaug.datasets.read_images",
}
_COMMANDS = {f"ganaug {name}": f"/docs/reference/shell/{name}" for name in shell_pages.commands()}


def _link_names(app: Sphinx, document: nodes.document) -> None:
    """Make links of names and of shell commands in code font."""
    page = app.env.docname
    if page.startswith(("docs/reference/api", "docs/reference/shell/")):
        return
    for literal in list(document.findall(nodes.literal)):
        # titles are shown in other places as well, where no link is made of them
        if isinstance(literal.parent, nodes.reference | nodes.title | pending_xref):
            continue
        text = literal.astext()
        if text in _LINKED:
            target = {"refdomain": "py", "reftype": "obj", "reftarget": _LINKED[text]}
        elif text in _COMMANDS:
            target = {"refdomain": "std", "reftype": "doc", "reftarget": _COMMANDS[text], "refexplicit": True}
        else:
            continue
        link = pending_xref("", literal.deepcopy(), refdoc=page, refwarn=True, **target)
        literal.replace_self(link)


def setup(app: Sphinx) -> None:
    """Let Sphinx call the function above."""
    app.connect("doctree-read", _link_names)
