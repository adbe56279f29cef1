"""A graph in words and tables, as blocks of a report, and as data."""

from __future__ import annotations

from typing import Any

from symbptt.core.terms import Elem, Param, Term
from symbptt.report.document import (
    Blocks, Content, Inline, Math, Picture, Prose, Table, Text, phrase,
)  # fmt: skip
from symbptt.report.pen import LATEX_PEN, UNICODE_PEN, Pen
from symbptt.report.ranges import ranges

from .graph import Facts, Graph, Node
from .layout import picture
from .svg import to_svg
from .tikz import to_tikz


def picture_of(graph: Graph) -> Picture:
    """The unrolled graph as a block of a report."""
    drawing = picture(graph)
    tikz = to_tikz(drawing)
    tex = rf"\resizebox{{\ifdim\width>\linewidth\linewidth\else\width\fi}}{{!}}{{{tikz}}}"
    svg = to_svg(drawing, f"{graph.model.name}: t - 1, t, t + 1")
    return Picture(tex, svg, (phrase("graph.caption"),), name=f"graph-{graph.model.name}")


def tables(graph: Graph, pen: Pen) -> Blocks:
    """Forward in topological order, the rule of every edge, backward in reverse order."""
    symbol, shape, definition, used, parent, back, adjoint, sum_, where = (
        phrase(f"graph.{key}")
        for key in (
            "node", "shape", "definition", "used", "parent", "back", "adjoint", "sum", "where",
        )
    )  # fmt: skip
    forward = tuple(
        (
            pen.inline(n.head),
            pen.math(_shape(n.head, pen)),
            Text("") if n.body is None else _sum(n.body, pen),
            _list(n.consumers, pen),
            _where(n.facts, pen),
        )
        for n in graph.nodes
    )
    rules = tuple(
        (
            pen.inline(n.head) if number == 0 else Text(""),
            pen.inline(r.parent),
            _sum(r.product, pen),
            _where(r.facts, pen),
        )
        for n in graph.computed
        for number, r in enumerate(n.rules)
    )
    backward = tuple(
        (pen.inline(n.adjoint), _sum(n.accumulated, pen), _where(n.facts, pen))
        for n in graph.backward
    )
    return (
        Prose((phrase("graph.forward"),)),
        Table((symbol, shape, definition, used, where), forward, (2,)),
        Prose((phrase("graph.rules"),)),
        Table((symbol, parent, back, where), rules, (2,)),
        Prose((phrase("graph.backward"),)),
        Table((adjoint, sum_, where), backward, (1,)),
    )


def data(graph: Graph) -> dict[str, Any]:
    """The graph with stable keys; formulas as LaTeX and as text."""
    return {
        "model": graph.model.name,
        "level": graph.level.value,
        "forward": [str(n.head) for n in graph.nodes],
        "backward": [str(n.head) for n in graph.backward],
        "nodes": [_node(n) for n in graph.nodes],
    }


def _node(n: Node) -> dict[str, Any]:
    return {
        "id": str(n.head),
        "symbol": _both(n.head),
        "shape": [str(size) for size in n.head.shape],
        "operation": n.operation,
        "definition": None if n.body is None else _both(n.body),
        "conditions": list(ranges(n.facts, LATEX_PEN)),
        "parents": [str(p) for p in n.parents],
        "consumers": [str(c) for c in n.consumers],
        "rules": [
            {
                "parent": str(r.parent),
                "product": _both(r.product),
                "conditions": list(ranges(r.facts, LATEX_PEN)),
            }
            for r in n.rules
        ],
        "adjoint": _both(n.adjoint),
        "accumulated": _both(n.accumulated),
    }


def _both(term: Term) -> dict[str, str]:
    return {"latex": LATEX_PEN.term(term), "text": UNICODE_PEN.term(term)}


def _list(terms: tuple[Elem | Param, ...], pen: Pen) -> Content:
    """Formulas in a row, between which a line may end."""
    parts = [x for term in terms for x in (Text(", "), pen.inline(term))]
    return tuple(parts[1:])


def _sum(term: Term, pen: Pen) -> Content:
    """The term, in which a line may end before a sign and nowhere else."""
    if not pen.on_page:
        return (pen.inline(term),)
    first, *rest = pen.summands(term)
    signed = (x for s in rest for x in (Text(" "), Math(f"{{}}{s[0]}{{{s[1:]}}}")))
    return (Math(f"{{{first}}}"), *signed)


def _shape(term: Term, pen: Pen) -> str:
    return pen.target.templates["size_times"].join(map(pen.index, term.shape))


def _where(facts: Facts, pen: Pen) -> Inline:
    text = ", ".join(ranges(facts, pen))
    return pen.math(text) if text else Text("")
