"""Elements that one formula of the same step reads, and nothing else, are put into that formula,
copies of other elements also where it reads them several times.

So delta_t of a gate and of its pre-activation become one product, whose known factors can leave
the recurrence.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from .. import ir
from ..build import add, mul
from .context import Context
from .rewrite import factors, in_statement, reads, with_notes, writes


def inline(program: ir.Program, context: Context) -> ir.Program:
    """The adjoints with single uses put in."""
    body = program.backward
    counts = Counter(r.array.name for r in reads_of(program))
    written = Counter(
        n.array.name for n in ir.walk(body) if isinstance(n, ir.Store | ir.Accumulate)
    )
    copies = {
        n.array.name for n in ir.walk(body)
        if isinstance(n, ir.Store) and n.array.timed and isinstance(n.value, ir.Read)
    }  # fmt: skip
    copies = {name for name in copies if _readers(program, name) == 1}
    once = {
        name for name, count in counts.items()
        if (count == 1 or name in copies) and written[name] == 1 and name not in context.kept
    }  # fmt: skip
    gone: set[str] = set()
    body = _in_body(body, once, gone, context)
    kept = (s for s in body if not (isinstance(s, ir.Allocate) and s.array.name in gone))
    return replace(program, backward=tuple(kept))


def reads_of(program: ir.Program) -> list[ir.Read]:
    """All reads of a program."""
    return [r for s in (*program.forward, *program.backward, *program.loss) for r in reads(s)]


def _readers(program: ir.Program, name: str) -> int:
    """How many formulas read an array, counted once for every step that they read."""
    found = 0
    for node in ir.walk((*program.forward, *program.backward, *program.loss)):
        if isinstance(node, ir.Store | ir.Accumulate):
            found += len({r for r in reads(node) if r.array.name == name})
    return found


def _in_body(body: ir.Body, once: set[str], gone: set[str], context: Context) -> ir.Body:
    out: list[ir.Statement] = []
    for node in body:
        if isinstance(node, ir.Passes):
            node = replace(node, body=_in_body(node.body, once, gone, context))
        elif isinstance(node, ir.Loop):
            node = _in_loop(node, once, gone, context)
        out.append(node)
    return tuple(out)


def _in_loop(loop: ir.Loop, once: set[str], gone: set[str], context: Context) -> ir.Loop:
    nodes = list(with_notes(loop.body))
    at = 0
    while at < len(nodes):
        notes, node = nodes[at]
        use = _use(nodes, at, loop) if isinstance(node, ir.Store) else None
        if use is None or node.array.name not in once:
            at += 1
            continue
        wanted = ir.Read(node.array, loop.index)

        def rule(value: ir.Value, wanted: ir.Read = wanted, new: ir.Value = node.value) -> ir.Value:
            return new if value == wanted else _opened(value, context)

        more, user = nodes[use]
        nodes[use] = ((*notes, *more), in_statement(user, rule))
        gone.add(node.array.name)
        del nodes[at]
    return replace(loop, body=tuple(s for notes, node in nodes for s in (*notes, node)))


def _use(nodes: list, at: int, loop: ir.Loop) -> int | None:
    """The later statement that alone reads what the statement stores, if nothing changes before."""
    store = nodes[at][1]
    if store.index != loop.index or not store.array.timed:
        return None
    wanted = ir.Read(store.array, loop.index)
    needed = {r.array.name for r in reads(store.value)}
    for i in range(at + 1, len(nodes)):
        node = nodes[i][1]
        if isinstance(node, ir.Store | ir.Accumulate) and wanted in reads(node):
            return i
        if needed & writes(node) or isinstance(node, ir.Loop):
            return None
    return None


def _opened(value: ir.Value, context: Context) -> ir.Value:
    """A product with a sum in which gradients from outside stand, term by term."""
    if not isinstance(value, ir.Mul):
        return value
    for i, factor in enumerate(value.factors):
        outside = any(r.array.name in context.outside for r in reads(factor))
        if isinstance(factor, ir.Add) and outside:
            rest = [f for j, f in enumerate(factors(value)) if j != i]
            return add(_opened(mul([term, *rest]), context) for term in factor.terms)
    return value
