"""Configuration of the documentation: Sphinx, MyST and Furo, all of it readable offline."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "symbptt"
author = "the symbptt developers"
version = release = installed("symbptt")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "prerendered",
    "generated_pages",
]
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
# Links to files of the project outside docs/; a cell that begins with a magic is no Python.
suppress_warnings = ["myst.xref_missing", "misc.highlighting_failure"]

nb_execution_mode = "off"  # they are committed with their outputs; a tool of their own runs them
html_theme = "furo"
html_title = "symbptt"
html_math_renderer = "prerendered"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_show_copyright = False
html_copy_source = False
templates_path: list[str] = []
exclude_patterns = ["_build", "notebooks/.ipynb_checkpoints", "README.md"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_use_unqualified_type_names = True
