"""Computation graphs of models: nodes with their rules and adjoints, told and drawn."""

from .graph import Graph, Level, Node, Rule, graph_of
from .layout import picture
from .svg import to_svg
from .tell import data, picture_of, tables
from .tikz import to_tikz

__all__ = [
    "Graph", "Level", "Node", "Rule", "data", "graph_of", "picture", "picture_of", "tables",
    "to_svg", "to_tikz",
]  # fmt: skip
