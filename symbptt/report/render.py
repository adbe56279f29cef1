"""A document printed: ``to_tex`` gives a LaTeX file, ``to_html`` one offline page.

Both raise ReadError for a formula that is not LaTeX, so neither prints what TeX would refuse.
"""

from symbptt.report.html_writer import to_html
from symbptt.report.tex_writer import to_tex

__all__ = ["to_html", "to_tex"]
