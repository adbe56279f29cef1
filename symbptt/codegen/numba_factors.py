"""Factors that the passes took out of a recurrence go back into it.

For NumPy it pays to compute k_t * tanh'(C_t) for many steps at once; in a compiled loop it costs
nothing beside the rest of the formula, and needs no array.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sympy import Expr

from . import ir
from .passes.context import Context
from .passes.rewrite import in_statement, reads, rewritten, with_notes, writes

_ELEMENTWISE = (
    ir.Read | ir.Add | ir.Mul | ir.Apply | ir.Number | ir.Filled | ir.Spread
)  # fmt: skip


@dataclass(frozen=True)
class _Factor:
    """A sequence that one formula gives, the same at all steps of a loop."""

    loop: ir.Loop
    store: ir.Store

    def at(self, index: Expr) -> ir.Value:
        """The formula at a step."""

        def rule(value: ir.Value) -> ir.Value:
            if isinstance(value, ir.Read) and value.index is not None:
                return replace(value, index=value.index.xreplace({self.loop.index: index}))
            return value

        return rewritten(self.store.value, rule)


def put_back(body: ir.Body, context: Context) -> ir.Body:
    """The body with such sequences inside the one recurrence that reads them."""
    flat = list(_flat(body))
    made = {s.array.name for s in flat if isinstance(s, ir.Allocate)} - context.kept
    gone: set[str] = set()

    def block(part: ir.Body) -> ir.Body:
        nodes = list(with_notes(part))
        for notes, node in list(nodes):
            factor = _factor(node)
            if factor is None or factor.store.array.name not in made:
                continue
            reader = _reader(factor, flat, [n for _, n in nodes])
            if reader is None:
                continue
            new = _inserted(factor, reader)
            flat[flat.index(reader)] = new
            flat.remove(node)
            nodes.remove((notes, node))
            nodes = [((*notes, *own), new) if n is reader else (own, n) for own, n in nodes]
            gone.add(factor.store.array.name)
        return tuple(s for own, n in nodes for s in (*own, n))

    out = tuple(
        replace(n, body=block(n.body)) if isinstance(n, ir.Passes) else n for n in body
    )  # fmt: skip
    out = block(out)
    return tuple(s for s in out if not (isinstance(s, ir.Allocate) and s.array.name in gone))


def _flat(body: ir.Body) -> Iterator[ir.Statement]:
    """The statements, those in passes by themselves."""
    for node in body:
        yield from _flat(node.body) if isinstance(node, ir.Passes) else (node,)


def _factor(node: ir.Statement) -> _Factor | None:
    """The statement as a factor, if it is nothing but one elementwise formula at every step."""
    if not isinstance(node, ir.Loop) or not node.together or len(node.body) != 1:
        return None
    (store,) = node.body
    if not isinstance(store, ir.Store) or store.index != node.index:
        return None
    plain = all(isinstance(v, _ELEMENTWISE) for v in ir.walk((store.value,)))
    return _Factor(node, store) if plain and not isinstance(store.value, ir.Read) else None


def _reader(factor: _Factor, flat: list[ir.Statement], nodes: list[ir.Statement]) -> ir.Loop | None:
    """The recurrence in the same block that alone reads the factor, if it may compute it."""
    name, loop = factor.store.array.name, factor.loop
    readers = [s for s in flat if any(r.array.name == name for r in reads(s))]
    writers = [s for s in flat if name in writes(s)]
    if len(readers) != 1 or len(writers) != 1 or not isinstance(readers[0], ir.Loop):
        return None
    reader = readers[0]
    if reader not in nodes or nodes.index(reader) < nodes.index(loop) or reader.together:
        return None
    own = all(r.index == reader.index for r in reads(reader) if r.array.name == name)
    between = nodes[nodes.index(loop) + 1 : nodes.index(reader) + 1]
    changed = set().union(*(writes(s) for s in between))
    needed = {r.array.name for r in reads(factor.store.value)}
    same = (loop.first, loop.last) == (reader.first, reader.last)
    return reader if own and same and not needed & changed else None


def _inserted(factor: _Factor, reader: ir.Loop) -> ir.Loop:
    """The recurrence with the formula in place of the factor."""
    name, value = factor.store.array.name, factor.at(reader.index)

    def rule(v: ir.Value) -> ir.Value:
        return value if isinstance(v, ir.Read) and v.array.name == name else v

    return in_statement(reader, rule)
