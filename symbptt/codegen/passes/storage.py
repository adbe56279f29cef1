"""Arrays begin empty where every element that is read was stored before, and are used again.

Under truncation a step reads what the pass before left at the next step; the first pass finds
zeros there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sympy import Expr

from symbptt.core.indices import entails

from .. import ir
from .context import Context
from .rewrite import each_block, reads, writes


@dataclass(frozen=True)
class _Use:
    """The steps first..last of an array that are read or stored; None: it is not known which.

    ``under`` are the conditions on given arrays, None for any others.
    """

    array: str
    stores: bool
    under: tuple[tuple[ir.Array, ...], ...] | None
    span: tuple[Expr, Expr] | None
    ahead: bool


def storage(program: ir.Program, context: Context) -> ir.Program:
    """The program with empty arrays where no zero is read."""
    bodies = (program.forward, program.backward, program.loss)
    members = {
        n.array.name: n.members
        for n in ir.walk(tuple(s for b in bodies for s in b))
        if isinstance(n, ir.Allocate) and n.members
    }
    found: list[dict[str, list[_Use]]] = [{} for _ in bodies]
    for uses, body in zip(found, bodies, strict=True):
        for use, part in _uses(body, (), (), False, context):
            for name in _names(use.array, part, members):
                uses.setdefault(name, []).append(use)
    layout = context.layout
    kept: dict[str, list[_Use]] = {}
    for key, array in layout.arrays.items():
        span = layout.axes.get(key) if key in layout.outputs else layout.passed(key)
        if array.name in context.kept and span is not None:
            kept[array.name] = [_Use(array.name, False, (), span, False)]
    made = [
        {a.name for n in ir.walk(body) if isinstance(n, ir.Allocate) for a in (n.array, *n.members)}
        for body in bodies
    ]  # fmt: skip

    again = {w for n in ir.walk(program.backward) if isinstance(n, ir.Passes)
             for s in n.body for w in writes(s)}  # fmt: skip

    def zeros(array: ir.Array, own: int, under: tuple[ir.Array, ...]) -> str:
        """For an array of one function, which others use if they do not make their own."""
        name, uses = array.name, list(kept.get(array.name, []))
        for i, other in enumerate(found):
            uses += other.get(name, []) if i == own or name not in made[i] else []
        kind = _zeros(uses, under, context)
        return "never" if kind == "truncated" and name not in again else kind

    def block(body: ir.Body, own: int, under: tuple[ir.Array, ...] = ()) -> ir.Body:
        out: list[ir.Statement] = []
        for node in body:
            if isinstance(node, ir.Given):
                node = replace(node, body=block(node.body, own, node.arrays))
            elif isinstance(node, ir.Allocate):
                node = _emptied(node, lambda array: zeros(array, own, under))
            elif (inner := getattr(node, "body", None)) is not None:
                node = replace(node, body=block(inner, own, under))  # type: ignore[type-var]
            out.append(node)
        return tuple(out)

    return ir.Program(*(block(body, i) for i, body in enumerate(bodies)))


def _emptied(node: ir.Allocate, zeros) -> ir.Allocate:
    if not node.array.timed or node.zeros == "never":
        return node
    found = {zeros(a) for a in (node.members or (node.array,))}
    kinds = ("always", "truncated", "never")
    return replace(node, zeros=next(k for k in kinds if k in found))


def _names(
    name: str, part: ir.Members | None, members: dict[str, tuple[ir.Array, ...]]
) -> tuple[str, ...]:
    return (name,) if part is None else tuple(m.name for m in members[name][slice(*part)])


def _uses(
    body: ir.Body,
    around: tuple[ir.Statement, ...],
    under: tuple[tuple[ir.Array, ...], ...] | None,
    passes: bool,
    context: Context,
) -> Iterator[tuple[_Use, ir.Members | None]]:
    for node in body:
        if isinstance(node, ir.Store | ir.Accumulate | ir.Into):
            own = any(r.array.name == node.array.name and r.index == node.index
                      for r in reads(node))  # fmt: skip
            stores = not isinstance(node, ir.Accumulate) and not own
            for kind, at in ((stores, node), *((False, r) for r in reads(node))):
                if at.index is None:
                    continue
                steps = span(at.index, around, context)
                ahead = passes and not kind and _ahead(at.index, around)
                yield _Use(at.array.name, kind, under, steps, ahead), at.part
        inner = getattr(node, "body", ())
        inside = passes or isinstance(node, ir.Passes)
        more = under
        if isinstance(node, ir.Given) and under is not None:
            more = (*under, node.arrays)
        elif not isinstance(node, ir.Loop | ir.Passes | ir.Chunks):
            more = None
        yield from _uses(inner, (*around, node), more, inside, context)


def _ahead(at: Expr, around: tuple[ir.Statement, ...]) -> bool:
    loops = [n for n in around if isinstance(n, ir.Loop)]
    return bool(loops) and at != loops[-1].index


def span(at: Expr, around: tuple[ir.Statement, ...], context: Context) -> tuple[Expr, Expr] | None:
    """The steps that an index runs over."""
    loops = {n.index: n for n in around if isinstance(n, ir.Loop)}
    symbols = [s for s in at.free_symbols if s in loops]
    if not symbols:
        return at, at
    if len(symbols) > 1 or not (at - symbols[0]).is_number:
        return None
    loop = loops[symbols[0]]
    whole = {}
    for node in around:
        if isinstance(node, ir.Chunks):
            whole |= {node.lo: node.first, node.hi: node.last}
    first, last = loop.first.xreplace(whole), loop.last.xreplace(whole)
    if {s for e in (first, last) for s in e.free_symbols} & set(loops):
        return None
    for node in around:
        for condition in node.conditions if isinstance(node, ir.Guard) else ():
            factor = condition.coeff(loop.index)
            bound = condition - factor * loop.index
            if factor == 1 and entails(context.facts, -bound - first):
                first = -bound
            if factor == -1 and entails(context.facts, last - bound):
                last = bound
    gap = at - loop.index
    return first + gap, last + gap


def _zeros(uses: list[_Use], under: tuple[ir.Array, ...], context: Context) -> str:
    """What an array that is made where ``under`` is given must begin with."""
    certain = ((), (under,))
    stored = [u.span for u in uses if u.stores and u.under in certain and u.span is not None]
    for use in uses:
        if use.span is None or not _covered(use.span, stored, context):
            return "always"
    return "truncated" if any(u.ahead for u in uses) else "never"


def _covered(span: tuple[Expr, Expr], stored: list[tuple[Expr, Expr]], context: Context) -> bool:
    """Whether every step of a range is in one of the stored ranges."""
    at, last, left = span[0], span[1], list(stored)
    while not entails(context.facts, at - 1 - last):
        more = next((s for s in left if entails(context.facts, at - s[0])
                     and entails(context.facts, s[1] + 1 - at)), None)  # fmt: skip
        if more is None:
            return False
        left.remove(more)
        at = more[1] + 1
    return True


def workspace(body: ir.Body, context: Context) -> ir.Body:
    """The body with arrays that later calls use again, unless the caller gets them."""

    def block(part: ir.Body) -> ir.Body:
        return tuple(
            replace(n, again=n.array.name not in context.returned)
            if isinstance(n, ir.Allocate) else n
            for n in part
        )  # fmt: skip

    return each_block(body, block)
