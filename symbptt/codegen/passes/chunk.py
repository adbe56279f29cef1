"""What only a recurrence reads is computed for a few steps at a time, while it is in the cache.

A loop over steps becomes a loop over chunks of steps. In each of these the products that the
recurrence alone needs are computed at once, and then the steps run one by one.
"""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, Symbol

from .. import ir
from .context import Context
from .rewrite import in_statement, reads, with_notes, writes


Noted = tuple[tuple[ir.Note, ...], ir.Statement]


def chunk(body: ir.Body, context: Context) -> ir.Body:
    """The body with loops in chunks, where they have something to compute in front of them."""
    stacks = {
        m.name: n for n in body if isinstance(n, ir.Allocate) for m in n.members
    }  # fmt: skip
    made = {n.array.name: n for n in body if isinstance(n, ir.Allocate)}
    out: list[ir.Statement] = []
    for node in body:
        if isinstance(node, ir.Passes):
            node = replace(node, body=_block(node.body, body, stacks, made, context))
        out.append(node)
    sizes = {c.size: None for c in ir.walk(tuple(out)) if isinstance(c, ir.Chunks)}
    if not sizes:
        return body
    known = {n.symbol for n in out if isinstance(n, ir.Size)}
    return (*(ir.Size(size) for size in sizes if size not in known), *shortened(tuple(out)))


def shortened(body: ir.Body) -> ir.Body:
    """The body in which the arrays of chunks are as long as a chunk."""
    arrays: dict[str, tuple[Expr, Expr]] = {}
    for node in ir.walk(body):
        if isinstance(node, ir.Chunks):
            for name in node.arrays:
                arrays[name] = (node.lo, node.lo + node.size - 1)

    def moved(array: ir.Array) -> ir.Array:
        if array.name not in arrays:
            return array
        first, last = arrays[array.name]
        return replace(array, first=first, last=last)

    def rule(value: ir.Value) -> ir.Value:
        return replace(value, array=moved(value.array)) if isinstance(value, ir.Read) else value

    def statement(node: ir.Statement) -> ir.Statement:
        if isinstance(node, ir.Allocate):
            return replace(node, array=moved(node.array), members=tuple(map(moved, node.members)))
        if isinstance(node, ir.Store | ir.Accumulate):
            node = replace(node, array=moved(node.array))
        inner = getattr(node, "body", None)
        if inner is not None:
            node = replace(node, body=tuple(map(statement, inner)))  # type: ignore[type-var]
        return node

    return tuple(statement(in_statement(s, rule)) for s in body)


def _block(
    body: ir.Body, whole: ir.Body, stacks: dict[str, ir.Allocate], made: dict[str, ir.Allocate],
    context: Context,
) -> ir.Body:  # fmt: skip
    """A block whose loops take in what stands in front of them for them alone."""
    nodes = list(with_notes(body))
    at = 0
    while at < len(nodes):
        notes, loop = nodes[at]
        if isinstance(loop, ir.Loop) and not loop.together:
            inside = _own(nodes, at, loop, whole, stacks, made, context)
            if inside:
                rest = [n for i, n in enumerate(nodes[:at]) if i not in inside]
                new = _chunks([nodes[i] for i in inside], loop, stacks, context)
                nodes = [*rest, (notes, new), *nodes[at + 1 :]]
                at = len(rest)
        at += 1
    return tuple(s for notes, node in nodes for s in (*notes, node))


def _own(nodes, at, loop, whole, stacks, made, context) -> list[int]:
    """The places of the statements whose arrays the loop alone reads."""
    found: list[int] = []
    candidates: dict[str, list[int]] = {}
    for i in range(at):
        node = nodes[i][1]
        if isinstance(node, ir.Loop) and node.together:
            for name in writes(node):
                candidates.setdefault(name, []).append(i)
    changes = writes(loop)
    for name, places in candidates.items():
        node = nodes[places[0]][1]
        alone = (
            len(places) == 1 and len(writes(node)) == 1 and (name in made or name in stacks)
            and name not in context.kept and (node.first, node.last) == (loop.first, loop.last)
            and not {r.array.name for r in reads(node)} & changes
        )  # fmt: skip
        stack = stacks[name].array.name if name in stacks else name
        written = (s for s in ir.walk(loop.body) if isinstance(s, ir.Store | ir.Accumulate))
        alone = alone and all(s.index == loop.index for s in written if s.array.name == name)
        users = [s for s in _flat(whole) if s is not node and {name, stack} & _names(s)]
        if alone and all(s is loop for s in users) and all(
            r.index == loop.index for s in loop.body for r in reads(s)
            if r.array.name in (name, stack)
        ):  # fmt: skip
            found.append(places[0])
    names = {w for i in found for w in writes(nodes[i][1])}
    for name in list(names):  # all members of a stack, or none
        if name in stacks and not {m.name for m in stacks[name].members} <= names:
            found = [i for i in found if name not in writes(nodes[i][1])]
    return sorted(found)


def _flat(body: ir.Body) -> list[ir.Statement]:
    """The statements, those in passes by themselves; no allocations."""
    out: list[ir.Statement] = []
    for node in body:
        if isinstance(node, ir.Passes):
            out += _flat(node.body)
        elif not isinstance(node, ir.Allocate | ir.Note):
            out.append(node)
    return out


def _names(node: ir.Statement) -> set[str]:
    return writes(node) | {r.array.name for r in reads(node)}


def _chunks(inside, loop: ir.Loop, stacks: dict[str, ir.Allocate], context: Context) -> ir.Chunks:
    arrays = {w for _, s in inside for w in writes(s)}
    arrays |= {stacks[name].array.name for name in arrays if name in stacks}
    return chunks([*inside, ((), loop)], loop, arrays, context)


def chunks(nodes: list[Noted], loop: ir.Loop, arrays: set[str], context: Context) -> ir.Chunks:
    """Loops in chunks of the steps of ``loop``; ``arrays`` are needed for one chunk at a time."""
    lo, hi, size, count = (_symbol(w, context) for w in ("start", "stop", "chunk", "count"))
    body: list[ir.Statement] = []
    for notes, node in nodes:
        assert isinstance(node, ir.Loop)
        body += [*notes, replace(node, first=lo, last=hi)]
    return ir.Chunks(
        lo, hi, size, loop.first, loop.last, tuple(body), loop.ascending, tuple(sorted(arrays)),
        count,
    )  # fmt: skip


def _symbol(word: str, context: Context) -> Symbol:
    """The index of chunks with this name; its Python name is its own."""
    symbols = context.layout.symbols
    for symbol in symbols:
        if symbol.name == f"*{word} of chunks":
            return symbol
    symbol = Symbol(f"*{word} of chunks", integer=True)
    symbols[symbol] = context.layout.names.fresh(word)
    return symbol
