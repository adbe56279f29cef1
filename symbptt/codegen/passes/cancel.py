"""Inside of the loss: what one other formula reads is put into that one, where factors cancel.

g^ŷ = -y / ŷ, that the loss takes back through softmax itself, becomes ŷ - y there, as ``compose``
has it for gradients that the loss hands on.
"""

from __future__ import annotations

from dataclasses import replace

from sympy import Symbol

from .. import ir
from .compose import functions_in, simpler
from .context import Context
from .rewrite import reads, rewritten, with_notes


def cancel(body: ir.Body, context: Context) -> ir.Body:
    """The loss in which what one other formula reads is put into that one, where factors cancel."""
    order = [n for n in ir.walk(body) if isinstance(n, ir.Store | ir.Accumulate)]
    homes = {id(n): loop for loop in body if isinstance(loop, ir.Loop) for n in loop.body}
    for node in order:
        user = _user(node, order, homes, context)
        if user is None:
            continue
        index, at = homes[id(node)].index, homes[id(user)].index
        put = {ir.Read(node.array, at): _at(node.value, index, at)}
        new = simpler(rewritten(user.value, lambda v, put=put: put.get(v, v)))  # type: ignore[misc]
        if functions_in(new) < functions_in(node.value) and new.axes == user.value.axes:
            return cancel(_put(body, node, user, replace(user, value=new)), context)
    return body


def _user(
    node: ir.Store | ir.Accumulate, order: list[ir.Store | ir.Accumulate],
    homes: dict[int, ir.Loop], context: Context,
) -> ir.Store | ir.Accumulate | None:  # fmt: skip
    """The only reader of what a formula stores at every step, if its operands are then the same."""
    name, loop = node.array.name, homes.get(id(node))
    readers = [n for n in order if any(r.array.name == name for r in reads(n))]
    single = sum(n.array.name == name for n in order) == 1 == len(readers)
    if loop is None or not single or name in context.returned | set(context.outside):
        return None
    (user,) = readers
    home = homes.get(id(user))
    first, last = (next(i for i, n in enumerate(order) if n is x) for x in (node, user))
    if home is None or first > last or (home.first, home.last) != (loop.first, loop.last):
        return None
    needed = {r.array.name for r in reads(node)}
    made = {n.array.name for n in order}
    plain = isinstance(node, ir.Store) and node.index == loop.index and all(
        r.index == loop.index for r in reads(node) if r.array.name in made
    )  # fmt: skip
    own = all(r.index == home.index for r in reads(user) if r.array.name == name)
    same = not needed & {n.array.name for n in order[first + 1 : last]}
    return user if plain and own and same else None


def _at(value: ir.Value, index: Symbol, at: Symbol) -> ir.Value:
    """The value at another step."""

    def rule(node: ir.Value) -> ir.Value:
        if isinstance(node, ir.Read) and node.index is not None:
            return replace(node, index=node.index.xreplace({index: at}))
        return node

    return rewritten(value, rule)


def _put(body: ir.Body, old: ir.Statement, user: ir.Statement, new: ir.Statement) -> ir.Body:
    """The body with a new formula for ``user``, and without ``old``, whose notes go with it."""
    notes = [n for loop in body if isinstance(loop, ir.Loop)
             for more, node in with_notes(loop.body) if node is old for n in more]  # fmt: skip
    out: list[ir.Statement] = []
    for node in body:
        if isinstance(node, ir.Allocate) and node.array == old.array:  # type: ignore[attr-defined]
            continue
        if isinstance(node, ir.Loop):
            inner: list[ir.Statement] = []
            for more, part in with_notes(node.body):
                if part is user:
                    inner += [*notes, *more, new]
                elif part is not old:
                    inner += [*more, part]
            node = replace(node, body=tuple(inner))
        if not isinstance(node, ir.Loop) or node.body:
            out.append(node)
    return tuple(out)
