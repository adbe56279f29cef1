"""Which sequences are late, and what flows back from them alone (see ``late``)."""

from __future__ import annotations

from collections.abc import Iterator

from .. import ir
from .context import Context
from .given import linear
from .rewrite import reads, terms, writes


def late_values(body: ir.Body, context: Context) -> set[str]:
    """The sequences that are late."""
    made = writes(body)
    found: dict[str, int] = {}
    for loop, node in placed(body):
        if isinstance(node, ir.Store) and loop is not None and is_plain(node, loop):
            own = node.index == loop.index and node.array.name not in context.taken
            here = all(r.index in (None, loop.index) for r in reads(node) if r.array.name in made)
            if own and here and ir.BATCH in node.array.axes:
                found[node.array.name] = found.get(node.array.name, 0) + 1
    written = [n.array.name for _, n in placed(body)]
    names = {name for name, count in found.items() if written.count(name) == count == 1}
    spans = {(x.first, x.last) for x in body if isinstance(x, ir.Loop) and writes(x) & names}
    if len(spans) != 1:
        return set()
    while True:
        kept = {
            name for name in names
            if all(n.array.name in names for _, n in placed(body)
                   if any(r.array.name == name for r in reads(n)))
        }  # fmt: skip
        if kept == names:
            return names
        names = kept


def placed(
    body: ir.Body, loop: ir.Loop | None = None
) -> Iterator[tuple[ir.Loop | None, ir.Store | ir.Accumulate]]:
    """The formulas with the innermost loops around them."""
    for node in body:
        if isinstance(node, ir.Store | ir.Accumulate):
            yield loop, node
        yield from placed(getattr(node, "body", ()), node if isinstance(node, ir.Loop) else loop)


def is_plain(node: ir.Statement, loop: ir.Loop | None) -> bool:
    """Whether a formula is computed at every step of a loop, whatever is masked or given."""
    return loop is not None and any(n is node for n in loop.body)


def flow_of(body: ir.Body, sources: set[str], context: Context) -> frozenset[str]:
    """The gradients from outside of late outputs, and the adjoints that they alone make up."""
    flow = set(sources)
    formulas: dict[str, list[tuple[ir.Loop | None, ir.Store | ir.Accumulate]]] = {}
    for loop, node in placed(body):
        if node.array.timed and node.array.name not in context.returned:
            formulas.setdefault(node.array.name, []).append((loop, node))
    while True:
        new = {
            name for name, nodes in formulas.items() if name not in flow
            and all(is_plain(node, loop) and linear_in(v, flow)
                    for loop, node in nodes for v in terms(node.value))
        }  # fmt: skip
        if not new:
            return frozenset(flow)
        flow |= new


def linear_in(value: ir.Value, names: set[str] | frozenset[str]) -> bool:
    return any(linear(value, name) for name in names)


def mentions(value: ir.Value, names: set[str] | frozenset[str]) -> bool:
    return any(r.array.name in names for r in reads(value))
