"""Sigmoids through tanh without an operation of their own: sigmoid(a) = (1 + tanh(a / 2)) / 2.

Where a_t is a sum of products with parameters, half of it comes from halved parameters, once a
call. Then one tanh serves the gates of both kinds that lie side by side in a stack.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sympy import Rational

from .. import ir
from ..build import add, mul
from .context import Context
from .rewrite import factors, terms

_HALF = ir.Number(Rational(1, 2))
_NOTE = "sigmoid(a) = (1 + tanh(a / 2)) / 2, with a / 2 from halved parameters"


def halves(body: ir.Body, context: Context) -> ir.Body:
    """The body with tanh in place of the sigmoids that overwrite their arguments."""
    half = _Halves(context)
    for loop in [n for n in body if isinstance(n, ir.Loop) and not n.together]:
        for node in loop.body:
            if isinstance(node, ir.Store) and _is_sigmoid(node, loop):
                body = half.gate(body, node, loop)
    if not half.arrays:
        return body
    made = (ir.Store(a, None, mul([_HALF, ir.Read(p)])) for p, a in half.arrays.items())
    first = next(i for i, n in enumerate(body) if isinstance(n, ir.Loop | ir.Note))
    return (*body[:first], ir.Note(_NOTE), *made, *body[first:])


def _is_sigmoid(node: ir.Store, loop: ir.Loop) -> bool:
    own = ir.Read(node.array, loop.index)
    return node.index == loop.index and node.value == ir.Apply("sigmoid", 0, own)


@dataclass
class _Halves:
    """Halves of parameters."""

    context: Context
    arrays: dict[ir.Array, ir.Array] = field(default_factory=dict)

    def gate(self, body: ir.Body, gate: ir.Store, loop: ir.Loop) -> ir.Body:
        """The body with one sigmoid as tanh; as it was where its argument is something else."""
        formulas = [(n, own) for n, own in _formulas(body, None) if n.array == gate.array]
        others = [(n, own) for n, own in formulas if n != gate]
        if len(others) + 1 != len(formulas) or not all(
            own is not None and n.index == own.index
            and (own.first, own.last) == (loop.first, loop.last)
            and all(map(self.is_half, terms(n.value)))
            for n, own in others
        ):  # fmt: skip
            return body
        own = ir.Read(gate.array, gate.index)
        new = {n: (replace(n, value=add(map(self.half, terms(n.value)))),) for n, _ in others}
        new[gate] = (
            replace(gate, value=ir.Apply("tanh", 0, own)),
            replace(gate, value=add([mul([_HALF, own]), _HALF])),
        )
        return _replaced(body, new)

    def parameter(self, value: ir.Value) -> bool:
        value = value.arg if isinstance(value, ir.Swap) else value
        return isinstance(value, ir.Read) and value.array.name in self.context.parameters

    def is_half(self, term: ir.Value) -> bool:
        """Whether half of a term comes from half of a parameter."""
        if isinstance(term, ir.MatMul):
            return self.parameter(term.right)
        return any(map(self.parameter, factors(term)))

    def half(self, term: ir.Value) -> ir.Value:
        if isinstance(term, ir.MatMul):
            return replace(term, right=self.read(term.right))
        parts = list(factors(term))
        at = next(i for i, f in enumerate(parts) if self.parameter(f))
        return mul([*parts[:at], self.read(parts[at]), *parts[at + 1 :]])

    def read(self, value: ir.Value) -> ir.Value:
        """Half of a parameter."""
        if isinstance(value, ir.Swap):
            return ir.Swap(self.read(value.arg))
        assert isinstance(value, ir.Read)
        if value.array not in self.arrays:
            word = self.context.layout.names.fresh(f"half_{value.array.name}")
            self.arrays[value.array] = replace(value.array, name=word)
        return replace(value, array=self.arrays[value.array])


def _formulas(
    body: ir.Body, loop: ir.Loop | None
) -> Iterator[tuple[ir.Store | ir.Accumulate, ir.Loop | None]]:
    """What stores or adds to arrays, with its loop, but for what masks do."""
    for node in body:
        if isinstance(node, ir.Store | ir.Accumulate):
            yield node, loop
        elif not isinstance(node, ir.Masked):
            yield from _formulas(
                getattr(node, "body", ()), node if isinstance(node, ir.Loop) else loop
            )


def _replaced(body: ir.Body, new: dict[ir.Statement, ir.Body]) -> ir.Body:
    """The body with other statements in place of some."""
    out: list[ir.Statement] = []
    for node in body:
        inner = getattr(node, "body", None)
        if inner is not None:
            node = replace(node, body=_replaced(inner, new))  # type: ignore[type-var]
        out += new.get(node, (node,))
    return tuple(out)
