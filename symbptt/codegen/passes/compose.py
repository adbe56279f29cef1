r"""The loss and what is in front of it as one formula: cross-entropy behind softmax is ŷ - y.

Where the adjoint of an output z of the model has no part but the gradient g^z from outside, and
where it goes on to the adjoint of one w alone, at the same step, the model's own loss may give
g^w = J^T g^z instead of g^z. That pays where factors cancel: g^ŷ = -y / ŷ and the Jacobian of
softmax give ŷ 1^T y - y, without a logarithm's derivative and the zeros it divides by.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sympy import Integer

from .. import ir
from ..build import add, mul
from .context import Context
from .given import linear
from .rewrite import factors, loops, reads, rewritten, terms, with_notes, writes


def compose(program: ir.Program, context: Context) -> ir.Program:
    """The program whose loss gives gradients as far inside as its formulas get simpler."""
    sources = {n.array.name for n in program.loss if isinstance(n, ir.Allocate)}
    for name in sorted(sources & set(context.outside)):
        program = _inside(program, name, context)
    return program


def _inside(program: ir.Program, name: str, context: Context) -> ir.Program:
    """The program with the gradient ``name`` from outside taken to the adjoint behind it."""
    found = _next(program.backward, name, context)
    stores = [
        (loop, node) for loop in program.loss if isinstance(loop, ir.Loop)
        for _, node in with_notes(loop.body)
        if isinstance(node, ir.Store) and node.array.name == name and node.index == loop.index
    ]  # fmt: skip
    written = sum(name in writes(n) for n in ir.walk(program.loss) if not getattr(n, "body", ()))
    if found is None or len(stores) != 1 or written != 1:
        return program
    (loop, store), (adjoint, outside, index, value, notes) = stores[0], found
    if any(r.array.name in {name, outside.name} for n in program.loss for r in reads(n)):
        return program
    if outside.name in writes(loop) or (outside.first, outside.last) != (
        store.array.first, store.array.last
    ):  # fmt: skip
        return program

    def rule(node: ir.Value) -> ir.Value:
        if isinstance(node, ir.Read):
            at = node.index.xreplace({index: loop.index}) if node.index is not None else None
            node = replace(node, index=at)
            if node.array == adjoint:
                return store.value
        return node

    new = simpler(rewritten(value, rule))
    if functions_in(new) >= functions_in(store.value) or new.axes != outside.axes:
        return program
    return replace(program, loss=_placed(program.loss, store, outside, new, notes))


def _placed(
    body: ir.Body, store: ir.Store, outside: ir.Array, value: ir.Value, notes: tuple[ir.Note, ...]
) -> ir.Body:
    """The loss with another gradient in place of the one that ``store`` stores."""
    out: list[ir.Statement] = []
    for node in body:
        if isinstance(node, ir.Allocate) and node.array == store.array:
            node = replace(node, array=outside)
        elif isinstance(node, ir.Loop) and store in node.body:
            at = node.body.index(store)
            new = (*notes, replace(store, array=outside, value=value))
            node = replace(node, body=(*node.body[:at], *new, *node.body[at + 1 :]))
        out.append(node)
    return tuple(out)


def _next(body: ir.Body, name: str, context: Context):
    """(adjoint of z, g^w, the loop's index, J^T adjoint, notes), None if there is no such w."""
    users = [
        (loop, node) for loop in loops(body) for node in loop.body
        if any(r.array.name == name for r in reads(node))
    ]  # fmt: skip
    if len(users) != 1:
        return None
    loop, node = users[0]
    plain = isinstance(node, ir.Store) and node.index == loop.index
    if not plain or node.value != ir.Read(context.outside[name], loop.index):
        return None
    adjoint = node.array
    if sum(adjoint.name in writes(n) for n in _leaves(body)) != 1:
        return None
    behind = [n for n in _leaves(body) if any(r.array == adjoint for r in reads(n))]
    if len(behind) != 1 or behind[0] not in loop.body:
        return None
    notes, user = next((n, s) for n, s in with_notes(loop.body) if s == behind[0])
    if not isinstance(user, ir.Store) or user.index != loop.index:
        return None
    parts = [t for t in terms(user.value) if any(r.array == adjoint for r in reads(t))]
    own = [t for t in terms(user.value) if isinstance(t, ir.Read) and t.index == loop.index
           and t.array.name in context.outside]  # fmt: skip
    alike = all(
        linear(t, adjoint.name) and all(r.index in (None, loop.index) for r in reads(t))
        for t in parts
    )
    if len(own) != 1 or not alike:
        return None
    return adjoint, own[0].array, loop.index, add(parts), notes


def _leaves(body: ir.Body) -> Iterator[ir.Statement]:
    return (n for n in ir.walk(body) if isinstance(n, ir.Store | ir.Accumulate))


def functions_in(value: ir.Value) -> int:
    """How many functions are evaluated; one that has cancelled is none."""
    return sum(isinstance(n, ir.Apply | ir.Softmax) for n in ir.walk((value,)))


# ---------------------------------------------------------------- simpler formulas


def simpler(value: ir.Value) -> ir.Value:
    """The value without factors that cancel; what all entries share in front of their sum."""
    return rewritten(value, _simpler)


def _simpler(value: ir.Value) -> ir.Value:
    if isinstance(value, ir.Mul):
        return _cancelled(value)
    if isinstance(value, ir.Total) and value.axis == len(value.arg.axes) - 1:
        shared = [f for f in factors(value.arg) if isinstance(f, ir.Spread | ir.Number)]
        rest = [f for f in factors(value.arg) if f not in shared]
        if shared and rest and mul(rest).axes == value.arg.axes:
            front = [f.arg if isinstance(f, ir.Spread) else f for f in shared]
            return mul([*front, ir.Total(mul(rest), value.axis)])
    if isinstance(value, ir.Spread):
        numbers = [f for f in factors(value.arg) if isinstance(f, ir.Number)]
        rest = [f for f in factors(value.arg) if f not in numbers]
        if numbers and rest:
            return mul([*numbers, ir.Spread(mul(rest), value.width)])
    return value


def _cancelled(value: ir.Mul) -> ir.Value:
    """The product without x and 1/x."""
    left = list(value.factors)
    for factor in value.factors:
        inverse = ir.Apply("recip", 0, factor)
        if factor in left and inverse in left:
            rest = list(left)
            rest.remove(factor)
            rest.remove(inverse)
            if mul([*rest, ir.Number(Integer(1))]).axes == value.axes:
                left = rest
    return mul(left)
