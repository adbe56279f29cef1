"""```{graph} MODEL: the model unrolled, its nodes with their rules, and back-propagation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symbptt.core.errors import ReadError, SymbpttError, Where
from symbptt.graph import Graph, Level, graph_of, picture_of, tables
from symbptt.report.document import Block, Phrase, Prose
from symbptt.report.pen import LATEX_PEN

from ..directive import Directive, check_options
from ..question import Question, question
from ..reading import Reading
from ..report import Telling
from ..run import Run
from ..sheet import Item


@dataclass(frozen=True)
class GraphBlock(Item):
    """A computation graph to show."""

    model: str
    level: Level
    where: Where

    def prepare(self, run: Run) -> None:
        """Makes the graph."""
        model = run.model(self.model, self.where)
        try:
            run.notes_of(_Graphs)[self] = graph_of(model, self.level)
        except SymbpttError as error:
            raise error.at(self.where) from None

    def tell(self, telling: Telling) -> Iterator[Block]:
        """The picture of the quantities, and the tables."""
        yield from telling.model(self.model)
        graph = telling.run.notes_of(_Graphs)[self]
        yield picture_of(graph)
        yield from tables(graph, LATEX_PEN)

    def ask(self, telling: Telling) -> Iterator[Block | Question]:
        """The graph is to be drawn."""
        yield from telling.model(self.model)
        yield question((Prose((Phrase("ask.graph"),)),))


class _Graphs(dict[GraphBlock, Graph]):
    """The graph of every block."""


def read(d: Directive, reading: Reading) -> GraphBlock:
    """The model stands after the name; :level: operations has a node for every operation."""
    check_options(d, {"level"})
    if not d.argument:
        raise ReadError("a graph of which model?", d.where, "for example ```{graph} rnn-tanh")
    level = d.choice("level", tuple(Level)) or Level.quantities
    return GraphBlock(d.argument, Level(level), d.where)
