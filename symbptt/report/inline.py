"""Pieces of HTML that stand in somebody else's page, such as a notebook: formulas as MathML.

Nothing else of the page is touched, and colours are taken from its text, light or dark. A browser
sets MathML by itself, so that no piece carries fonts.

>>> str(mathml_alone('<span class="katex"><span class="katex-mathml"><math>x</math></span>'
...                  '<span class="katex-html"><span>x</span></span></span>.'))
'<math>x</math>.'
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

from markupsafe import Markup

from .document import Document
from .html_writer import to_html

_SPAN = re.compile(r'<span(?: class="([^"]*)")?[^>]*>|</span>')
_WRAPPERS = {"katex", "katex-mathml", "katex-display", "katex-error"}
_MAIN = re.compile(r"<main>(.*)</main>", re.DOTALL)


def inline(body: str, lang: str = "en") -> str:
    """A piece with its style sheet, which means nothing outside of it."""
    styles = files(__package__).joinpath("templates")
    report, own = (styles.joinpath(n).read_text("utf-8") for n in ("report.css", "inline.css"))
    tag = "zh-Hans" if lang == "zh" else lang
    return (
        f"<style>\n.symbptt {{\n{report}}}\n{own}</style>\n"
        f'<div class="symbptt"><div lang="{tag}">\n{mathml_alone(body)}\n</div></div>'
    )


def inline_report(document: Document) -> str:
    """A whole report as a piece."""
    page = _MAIN.search(to_html(document))
    assert page is not None
    return inline(page[1], document.lang)


def mathml_alone(html: str) -> Markup:
    """The page with the MathML of every formula, without what only KaTeX's style sheet shows."""
    return Markup("").join(map(Markup, _kept(html)))


def _kept(html: str) -> Iterator[str]:
    place, hidden = 0, 0  # how many spans deep in what is left out
    wrapped: list[bool] = []  # of each open span whether it is left out itself
    for span in _SPAN.finditer(html):
        if not hidden:
            yield html[place : span.start()]
        place = span.end()
        opens = not span[0].startswith("</")
        if hidden:
            hidden += 1 if opens else -1
        elif opens and span[1] == "katex-html":
            hidden = 1
        else:
            if opens:
                wrapped.append(span[1] in _WRAPPERS)
            if not (wrapped[-1] if opens else wrapped.pop()):
                yield span[0]
    yield html[place:]
