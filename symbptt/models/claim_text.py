"""The text of a claim while it is read: its places, and the symbols that stand in a formula."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from sympy import Expr, Symbol

from ..core.errors import ReadError
from ..notation import syntax as sx
from ..notation.choices import Choices, Note
from ..notation.elaborator import Elaborator
from ..notation.neighbours import bracket_index
from ..notation.scope import Scope
from ..notation.source import Source
from .model import Model


class ClaimText:
    """A text about a model; what is read adds notes and may extend the model."""

    def __init__(self, source: Source, model: Model, choices: Choices) -> None:
        self.source, self.model, self.choices = source, model.closed, choices
        self.notes: list[Note] = []
        self.supposed: list[str] = []
        self.limit: tuple[Symbol, Expr | None] | None = None

    def elaborator(self, choices: Choices | None = None) -> Elaborator:
        return Elaborator(self.model.scope, self.source, choices or self.choices)

    def slice(self, node: sx.Node) -> str:
        return self.source.text[node.at : node.end]

    def unclear(self, node: sx.Node) -> ReadError:
        return self.source.fail(
            f"{self.source.slice(node.at, node.end)} is not understood", node.at
        )


def symbols(node: sx.Node) -> tuple[sx.Node, ...]:
    """The symbols with their scripts, outermost first; scripts and bound indices left out."""
    try:
        return node.symbols
    except AttributeError:
        object.__setattr__(node, "symbols", tuple(_symbols(node)))  # a node is frozen
        return node.symbols


def _symbols(node: sx.Node) -> Iterator[sx.Node]:
    if isinstance(sx.base_of(node), sx.Sym):
        yield node
    elif isinstance(node, sx.Scripted):
        yield from symbols(node.base)
    elif isinstance(node, sx.Big):
        inner = {n.base for n in sx.walk(node.sub) if isinstance(n, sx.Sym)} if node.sub else set()
        for x in symbols(node.body):
            if not (isinstance(x, sx.Sym) and x.base in inner):
                yield x
    else:
        for child in sx.children(node):
            yield from symbols(child)


def with_argument(node: sx.Node, scope: Scope) -> Iterator[sx.Node]:
    """The symbols whose time stands in a bracket behind them: ``S(t)``."""
    for part in sx.walk(node):
        if isinstance(part, sx.Product):
            for here, following in pairwise(part.factors):
                bracketed = isinstance(sx.base_of(following), sx.Brackets)
                pair = bracketed and isinstance(sx.base_of(here), sx.Sym)
                if pair and bracket_index(here, following, scope) is not None:
                    yield here


def binds(node: sx.Node, letter: str) -> bool:
    """Whether a sum or product in a formula runs over the letter."""
    return any(
        isinstance(b, sx.Big) and b.sub is not None
        and any(isinstance(x, sx.Sym) and x.base == letter for x in sx.walk(b.sub))
        for b in sx.walk(node)
    )  # fmt: skip
