"""Products that several formulas need are computed once and stored.

W h_{t-1} + b inside the formula of a value, that the adjoints need again, becomes a sequence. So
does what a product in an adjoint takes from the next step, as delta_{t+1} * r_{t+1}: then it is
computed once, where delta_t is, for the adjoints and for all gradients. Both may then be stacked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sympy import Expr, Symbol

from symbptt.core.indices import entails

from .. import ir
from ..build import add
from .context import Context
from .rewrite import in_statement, loops, reads, rewritten, terms, writes


def share(program: ir.Program, context: Context) -> ir.Program:
    """The program with common products stored."""
    return _operands(_values(program, context), context)


# ---------------------------------------------------------------- values that adjoints need again


def _values(program: ir.Program, context: Context) -> ir.Program:
    """Sums of products with parameters that values and adjoints contain."""
    wanted = {
        (v, loop.index, loop.first, loop.last): None
        for loop in loops(program.backward) for n in loop.body
        for v in ir.walk((n,)) if isinstance(v, ir.Add) and _is_affine(v, context)
    }  # fmt: skip
    masked = {w for n in ir.walk(program.forward) if isinstance(n, ir.Masked) for w in writes(n)}
    for value, index, first, last in wanted:
        late = {r.array.name for r in reads(value) if r.index == index}
        loop = next((x for x in loops(program.forward) if (x.first, x.last) == (first, last)
                     and value in ir.walk(x.body)), None)  # fmt: skip
        if loop is None or loop.index != index or late & masked:
            continue
        user = next(n for n in loop.body if value in ir.walk((n,)))
        if isinstance(user, ir.Store | ir.Accumulate) and user.index == index:
            array = replace(user.array, name=_name(value, context), axes=value.axes)
            new = _stored(loop, loop.body.index(user), value, array)
            forward = (ir.Allocate(array), *(new if n is loop else n for n in program.forward))
            program = replace(program, forward=forward)
            back = tuple(_read(n, value, array, loop) for n in program.backward)
            program = replace(program, backward=back)
    return program


def _is_affine(value: ir.Value, context: Context) -> bool:
    """Whether a value is a sum of products of elements with parameters, and of parameters."""
    parts = terms(value)
    products = [t for t in parts if isinstance(t, ir.MatMul)]
    plain = all(
        isinstance(t.left, ir.Read) and t.left.index is not None and _is_parameter(t.right, context)
        for t in products
    )  # fmt: skip
    return bool(products) and plain and value.axes[:1] == (ir.BATCH,) and all(
        t in products or _is_parameter(t, context) for t in parts
    )  # fmt: skip


def _is_parameter(value: ir.Value, context: Context) -> bool:
    value = value.arg if isinstance(value, ir.Swap) else value
    return isinstance(value, ir.Read) and value.array.name in context.parameters


def _name(value: ir.Value, context: Context) -> str:
    """W_g_h for W_g h_{t-1} + c_g."""
    product = next(t for t in terms(value) if isinstance(t, ir.MatMul))
    names = [next(reads(v)).array.name for v in (product.right, product.left)]
    return context.layout.names.fresh("_".join(names))


def _stored(loop: ir.Loop, at: int, value: ir.Value, array: ir.Array) -> ir.Loop:
    """The loop that stores the value in front of the formula that has it."""
    rest = [t for t in terms(value) if not isinstance(t, ir.MatMul)]
    products = [t for t in terms(value) if isinstance(t, ir.MatMul)]
    if not rest:
        rest, products = products[:1], products[1:]
    while at and isinstance(loop.body[at - 1], ir.Note):
        at -= 1
    new = [ir.Store(array, loop.index, add(rest))]
    new += [ir.Accumulate(array, loop.index, p) for p in products]
    read = tuple(_read(n, value, array, loop) for n in loop.body[at:])
    return replace(loop, body=(*loop.body[:at], *new, *read))


def _read(node: ir.Statement, value: ir.Value, array: ir.Array, loop: ir.Loop) -> ir.Statement:
    """The statement that reads a stored value where it has it at the steps of the loop."""
    if isinstance(node, ir.Loop) and (node.first, node.last) != (loop.first, loop.last):
        return node
    if isinstance(node, ir.Loop):
        value = _at(value, loop.index, node.index)
        read = ir.Read(array, node.index)
        return in_statement(node, lambda v: read if v == value else v)
    if isinstance(node, ir.Passes):
        return replace(node, body=tuple(_read(n, value, array, loop) for n in node.body))
    if isinstance(node, ir.Store | ir.Accumulate | ir.Guard):
        read = ir.Read(array, loop.index)
        return in_statement(node, lambda v: read if v == value else v)
    return node


def _at(value: ir.Value, index: Symbol, at: Expr) -> ir.Value:
    """The value at another step."""

    def rule(node: ir.Value) -> ir.Value:
        if isinstance(node, ir.Read) and node.index is not None:
            return replace(node, index=node.index.xreplace({index: at}))
        return node

    return rewritten(value, rule)


# ---------------------------------------------------------------- operands at the next step


def _operands(program: ir.Program, context: Context) -> ir.Program:
    """What products take from another step of their loop, computed at that step."""
    body = program.backward
    for loop in list(loops(body)):
        for value, gap, facts in dict.fromkeys(_lefts(loop.body, loop, ())):
            facts = (*context.facts, loop.index - loop.first, loop.last - loop.index, *facts)
            at = loop.index + gap
            if entails(facts, at - loop.first) and entails(facts, loop.last - at):
                body = _at_its_step(body, loop, value, context)
    return replace(program, backward=body)


def _lefts(
    body: ir.Body, loop: ir.Loop, facts: tuple[Expr, ...]
) -> Iterator[tuple[ir.Value, Expr, tuple[Expr, ...]]]:
    """(E at the loop's step, gap, conditions) for products E_{t + gap} W of elementwise E."""
    for node in body:
        if isinstance(node, ir.Guard):
            yield from _lefts(node.body, loop, (*facts, *node.conditions))
        elif isinstance(node, ir.Store | ir.Accumulate):
            for value in ir.walk((node,)):
                if not isinstance(value, ir.MatMul) or not isinstance(value.left, ir.Mul):
                    continue
                left = value.left
                gaps = {r.index - loop.index for r in reads(left) if r.index is not None}
                single = len(gaps) == 1 and next(iter(gaps)).is_Integer and gaps != {0}
                single = single and all(r.array.timed for r in reads(left))
                if single:
                    (gap,) = gaps
                    yield _at(left, loop.index, loop.index - gap), gap, facts


def _at_its_step(body: ir.Body, loop: ir.Loop, value: ir.Value, context: Context) -> ir.Body:
    """The body with the value as a sequence, stored where all of it is known."""
    current = next((x for x in loops(body) if (x.index, x.first, x.last, x.ascending) == (
        loop.index, loop.first, loop.last, loop.ascending)), None)  # fmt: skip
    needed = {r.array.name for r in reads(value)}
    if current is None or not needed & writes(current):
        return body
    last = max(i for i, n in enumerate(current.body) if needed & writes(n))
    names = "_".join(dict.fromkeys(r.array.name for r in reads(value)))
    like = next(n.array for n in ir.walk(current.body) if isinstance(n, ir.Store)
                and n.array.name in needed)  # fmt: skip
    array = replace(like, name=context.layout.names.fresh(names), axes=value.axes)
    store = ir.Store(array, loop.index, value)
    new = replace(current, body=(*current.body[: last + 1], store, *current.body[last + 1 :]))
    body = tuple(_swapped(n, current, new) for n in body)
    return (ir.Allocate(array), *(_everywhere(n, store, loop, context) for n in body))


def _swapped(node: ir.Statement, old: ir.Loop, new: ir.Loop) -> ir.Statement:
    if node is old:
        return new
    if isinstance(node, ir.Passes):
        return replace(node, body=tuple(_swapped(n, old, new) for n in node.body))
    return node


def _everywhere(
    node: ir.Statement, store: ir.Store, loop: ir.Loop, context: Context
) -> ir.Statement:
    """The statement that reads the sequence wherever it has the value, at any step of the loop."""

    def rule(value: ir.Value) -> ir.Value:
        index = next((r.index for r in reads(value) if r.index is not None), None)
        if index is None or not isinstance(value, ir.Mul):
            return value
        same = _at(store.value, loop.index, index) == value
        return ir.Read(store.array, index) if same else value

    if node is store or not isinstance(node, ir.Passes | ir.Loop | ir.Store | ir.Accumulate):
        return node
    if isinstance(node, ir.Passes):
        return replace(node, body=tuple(_everywhere(n, store, loop, context) for n in node.body))
    if isinstance(node, ir.Loop) and (node.first, node.last) != (loop.first, loop.last):
        return node
    if isinstance(node, ir.Loop):
        body = tuple(n if n is store else in_statement(n, rule) for n in node.body)
        return replace(node, body=body)
    steps = {r.index for r in reads(node) if r.index is not None and r.index.is_number}
    inside = all(entails(context.facts, s - loop.first) and entails(context.facts, loop.last - s)
                 for s in steps)  # fmt: skip
    return in_statement(node, rule) if inside else node
