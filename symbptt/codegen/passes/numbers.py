"""Numbers that the steps of a loop meet become arrays of no axes, made once in front of it.

NumPy takes longer to read a Python number than to multiply a few hundred entries by it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sympy import Expr, Integer, Rational

from .. import ir
from .context import Context

_WORDS = {Integer(1): "one", Integer(2): "two", Rational(1, 2): "half"}


def numbers(program: ir.Program, context: Context) -> ir.Program:
    """The program with such numbers in its step by step loops."""
    found = _Numbers(context)
    return ir.Program(*map(found.body, (program.forward, program.backward, program.loss)))


@dataclass
class _Numbers:
    """The arrays of all numbers, and which of them the function at hand makes already."""

    context: Context
    arrays: dict[Expr, ir.Array] = field(default_factory=dict)
    made: list[Expr] = field(default_factory=list)

    def body(self, body: ir.Body) -> ir.Body:
        self.made, out = [], []
        for node in body:
            known = len(self.made)
            new = self.statement(node, False)
            fresh = self.made[known:]
            out += [ir.Store(self.arrays[v], None, ir.Filled(v, ())) for v in fresh]
            out.append(new)
        return tuple(out)

    def statement(self, node: ir.Statement, steps: bool) -> ir.Statement:
        if isinstance(node, ir.Into) and steps:
            return replace(node, operands=tuple(map(self.operand, node.operands)))
        inner = getattr(node, "body", None)
        if inner is None:
            return node
        steps = not node.together if isinstance(node, ir.Loop) else steps
        return replace(node, body=tuple(self.statement(n, steps) for n in inner))  # type: ignore[type-var]

    def operand(self, value: ir.Value) -> ir.Value:
        """A number as an array; one with lengths in it stays."""
        if not isinstance(value, ir.Number) or value.value.free_symbols:
            return value
        number = value.value
        if number not in self.arrays:
            word = _WORDS.get(number, "number")
            self.arrays[number] = ir.Array(self.context.layout.names.fresh(word), ())
        if number not in self.made:
            self.made.append(number)
        return ir.Read(self.arrays[number])
