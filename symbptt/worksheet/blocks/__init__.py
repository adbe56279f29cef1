"""The kinds of blocks, one module each: how a block is read, run and told in the report.

A kind is a function that reads a directive into an item (see ``worksheet.sheet.Item``), and a row
of this table.
"""

from __future__ import annotations

from collections.abc import Callable

from ..directive import Directive
from ..reading import Reading
from ..sheet import Item
from . import code, derive, evaluate, graph, model, only, plot, prove, ranges, refute

READERS: dict[str, Callable[[Directive, Reading], Item]] = {
    "model": model.read,
    "derive": derive.read,
    "prove": prove.read,
    "refute": refute.read,
    "code": code.read,
    "graph": graph.read,
    "evaluate": evaluate.read,
    "plot": plot.read,
    "ranges": ranges.read,
    "only": only.read,
}
