"""```{plot} KIND: a figure; the text of the block is its caption."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sympy import matrix2numpy

from symbptt.core.errors import ReadError, SymbpttError, Where
from symbptt.figures import KINDS, Request, make
from symbptt.figures.draw import draw
from symbptt.models.model import Model
from symbptt.report import markdown
from symbptt.report.document import Block, Content, Picture, Prose
from symbptt.spectral.exact import Exact
from symbptt.spectral.reading import read_givens

from ..directive import Directive, check_options
from ..reading import Reading
from ..report import Telling
from ..run import Run
from ..sheet import Item


@dataclass(frozen=True)
class PlotBlock(Item):
    """A figure to compute and draw."""

    id: str
    kind: str
    options: tuple[tuple[str, str], ...]
    caption: str
    where: Where

    def prepare(self, run: Run) -> None:
        """Computes the numbers and draws them; the numbers are a file of their own."""

        def find(name: str) -> Model:
            return run.model(name, self.where, told=False)

        try:
            figure = make(self.kind, Request(dict(self.options), find, matrices))
            drawn = draw(figure)
        except SymbpttError as error:
            raise error.at(self.where) from None
        run.files[f"figures/{self.id}.json"] = figure.json()
        run.assets[f"figures/{self.id}.pdf"] = drawn["pdf"]
        run.notes_of(_Drawings)[self.id] = drawn["svg"].decode()

    def tell(self, telling: Telling) -> Iterator[Block]:
        """The picture with its caption."""
        svg = telling.run.notes_of(_Drawings)[self.id].replace("<svg ", "<svg data-plot ", 1)
        tex = rf"\includegraphics{{figures/{self.id}.pdf}}"
        yield Picture(tex, svg, _caption(self.caption), name=self.id)


class _Drawings(dict[str, str]):
    """The SVG of every figure by its id."""


def matrices(text: str) -> dict[str, Any]:
    """The square matrices of numbers in ``A = [[1, 2], [0, 1]]; B = ...``, by their names."""
    givens, found = read_givens(text), {}
    exact = Exact(givens.sizes)
    for item in givens.items:
        value = exact.value(item.term)
        if value.free_symbols or value.rows != value.cols:
            raise ReadError(f"{item.leaf} is no square matrix of numbers", item.where)
        exact.give(item.leaf, value)
        found[str(item.leaf)] = matrix2numpy(value, dtype=float)
    return found


def _caption(text: str) -> Content:
    return tuple(
        piece for block in markdown.blocks(text) if isinstance(block, Prose)
        for piece in block.content
    )  # fmt: skip


def _text(d: Directive) -> str:
    return "\n".join(line for line, _ in d.body)


def read(d: Directive, reading: Reading) -> PlotBlock:
    """The kind stands after the name; its options depend on it."""
    row = KINDS.get(d.argument)
    if row is None:
        hint = "the kinds are " + ", ".join(KINDS)
        raise ReadError(f"there is no figure {d.argument!r}", d.where, hint)
    check_options(d, {"id", *row.options})
    id = reading.id_for(d)
    reading.take_file(f"figures/{id}.json", f"figure {id}", d)
    options = tuple((k, v) for k, v in d.options.items() if k != "id")
    return PlotBlock(id, d.argument, options, _text(d), d.where)
