"""Formulas typeset when the pages are written, with the KaTeX that the reports use.

The pages then need neither a script nor a network for their mathematics.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from symbptt.core.errors import ReadError
from symbptt.report import katex_render

STYLE = "katex.css"


def _write(writer: Any, node: nodes.Node, display: bool) -> None:
    try:
        html = katex_render.render(node.astext().strip(), display)
    except ReadError as error:
        raise ExtensionError(f"{node.source}:{node.line}: {error}") from error
    tag = "div" if display else "span"
    writer.body.append(f'<{tag} class="math">{html}</{tag}>')
    raise nodes.SkipNode


def _style(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        (Path(app.outdir) / "_static" / STYLE).write_text(katex_render.css(), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Registers the renderer and its style sheet."""
    app.add_html_math_renderer(
        "prerendered",
        inline_renderers=(lambda w, n: _write(w, n, display=False), None),
        block_renderers=(lambda w, n: _write(w, n, display=True), None),
    )
    app.add_css_file(STYLE)
    app.connect("build-finished", _style)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
