"""A document printed: ``to_tex`` gives a LaTeX file, ``to_html`` one offline page, ``to_markdown``
a text that GitHub renders.

All raise ReadError for a formula that is not LaTeX, so none prints what TeX would refuse.
"""

from symbptt.report.html_writer import to_html
from symbptt.report.md_writer import to_markdown
from symbptt.report.tex_writer import to_tex

__all__ = ["to_html", "to_markdown", "to_tex"]
