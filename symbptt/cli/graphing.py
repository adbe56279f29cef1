"""symbptt graph."""

from __future__ import annotations

import json
from pathlib import Path

from symbptt.core.errors import SymbpttError
from symbptt.graph import Graph, Level, data, graph_of, picture, tables, to_svg, to_tikz
from symbptt.report.plain import to_text
from symbptt.report.pen import LATEX_PEN, UNICODE_PEN
from symbptt.report.tex_writer import blocks_to_tex

from .deriving import find_model
from .terminal import painter, width


def print_graph(model: str, operations: bool, as_json: bool, latex: bool, svg: Path | None) -> None:
    """Prints the graph, or writes its picture to a file."""
    level = Level.operations if operations else Level.quantities
    graph = graph_of(find_model(model), level)
    if svg is None:
        print(_shown(graph, as_json, latex))
        return
    try:
        svg.write_text(to_svg(picture(graph), graph.model.name), encoding="utf-8", newline="\n")
    except OSError as error:
        raise SymbpttError(f"{svg}: cannot write there: {error.strerror}") from error


def _shown(graph: Graph, as_json: bool, latex: bool) -> str:
    if as_json:
        return json.dumps(data(graph), ensure_ascii=False)
    if latex:
        return f"{to_tikz(picture(graph))}\n\n{blocks_to_tex(tables(graph, LATEX_PEN), 'en')}"
    return to_text(tables(graph, UNICODE_PEN), width=width(), paint=painter())
