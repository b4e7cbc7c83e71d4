"""Sphinx: `make docs`.

The source directory is the root of the repository, not this folder: so the pages link to the benchmarks' pages and show
their figures by the same relative paths as on a code host, and nothing is there twice.
"""

from pathlib import Path

import ganaug

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
exclude_patterns = [".*", "build", "dist", "docs/_*", "examples", "ganaug", "tests"]
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
