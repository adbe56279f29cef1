r"""Sizes whose letter is also an index: R^k beside \sum_k or h_k.

The size gets another letter, so that k is one thing. A letter that limits a sum is the size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from typing import Any

from ..notation import syntax as sx
from ..notation.scripts import script_text
from .known import Names
from .statements import Statements

_LETTERS = "qpmrnduvwsl"


def tell_sizes_apart(statements: Statements) -> None:
    """Other letters for the declared sizes that an equation of the model has as an index."""
    dims = [x for d in statements.declarations for dim in d.dims for x in _letters(dim)]
    sizes = {x.base for x in dims if isinstance(x, sx.Sym)}
    formulas = [side for eq in statements.equations for side in (eq.head, eq.body)]
    clashes = sizes & set(bound(formulas)) - set(limits(formulas))
    letters = {x.base for f in (*formulas, *dims) for x in sx.walk(f) if isinstance(x, sx.Sym)}
    new = fresh(clashes, letters)
    if new:

        def other(node: sx.Node) -> sx.Node:
            fits = isinstance(node, sx.Sym) and node.base in new
            return replace(node, base=new[node.base]) if fits else node  # type: ignore[attr-defined]

        statements.declarations = [
            replace(d, dims=tuple(_mapped(x, other) for x in d.dims))
            for d in statements.declarations
        ]


def refuse_entries(names: Names) -> None:
    """Raises where a sum runs over a letter in a name: in sum_j w_{kj} y_j those are entries."""
    known = {*names.sequences, *names.params}
    for formula in (side for eq in names.statements.equations for side in (eq.head, eq.body)):
        for big in (x for x in sx.walk(formula) if isinstance(x, sx.Big)):
            letters = set(bound((replace(big, body=sx.Words(big.at, big.at, "")),)))
            for part in sx.walk(big.body):
                if not isinstance(part, sx.Scripted) or not isinstance(part.base, sx.Sym):
                    continue
                text = "".join(map(script_text, part.subs))
                if f"{part.base.base}_{{{text}}}" in known and letters & set(text):
                    shown = f"{part.base.base}_{text}"
                    raise names.statements.error(
                        f"{shown} is a name here, but its letter runs in a sum", part,
                        rf"declare what it is an entry of, such as {part.base.base.upper()}"
                        r" \in \mathbb{R}^{m \times n}, or y_t \in \mathbb{R}^m",
                    )  # fmt: skip


def fresh(letters: Iterable[str], taken: set[str]) -> dict[str, str]:
    """A letter that is free for each."""
    free = (x for x in _LETTERS if x not in taken)
    return dict(zip(sorted(letters), free, strict=False))


def bound(nodes: Iterable[sx.Node]) -> Iterator[str]:
    """The letters that sums and products run over."""
    for big in (x for node in nodes for x in sx.walk(node)):
        if isinstance(big, sx.Big) and big.sub is not None:
            first = big.sub.sides[0] if isinstance(big.sub, sx.Relation) else big.sub
            if isinstance(first, sx.Sym):
                yield first.base


def limits(nodes: Iterable[sx.Node]) -> Iterator[str]:
    """The letters that limit them."""
    for big in (x for node in nodes for x in sx.walk(node)):
        if isinstance(big, sx.Big):
            sides = big.sub.sides[1:] if isinstance(big.sub, sx.Relation) else ()
            for end in (big.sup, *sides):
                inner = sx.walk(end) if end is not None else ()
                yield from (x.base for x in inner if isinstance(x, sx.Sym))


def _letters(node: sx.Node) -> Iterator[sx.Node]:
    """The symbols of a size; d_{hid} is one name, no letters."""
    if not isinstance(node, sx.Scripted):
        yield node
        for child in sx.children(node):
            yield from _letters(child)


def _mapped(node: Any, change: Callable[[sx.Node], sx.Node]) -> Any:
    if isinstance(node, tuple):
        return tuple(_mapped(x, change) for x in node)
    if not isinstance(node, sx.Node) or isinstance(node, sx.Scripted):
        return node
    inner = {f.name: _mapped(getattr(node, f.name), change) for f in fields(node)}
    return change(replace(node, **inner))
