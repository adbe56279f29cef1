"""The array-api target: a new value for every step, nothing written in place.

A sequence is a list with a slot for every step; where the NumPy target writes into an array, here
the slot gets another value. Functions come from the namespace ``xp`` of the arguments (Python array
API standard, 2023.12), so that the module runs on NumPy, PyTorch, JAX and others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sympy import Integer

from symbptt.core.functions import known

from . import ir
from .numpy_numbers import Level, Text
from .numpy_printer import INDENT, NumpyPrinter
from .numpy_values import function_text, helper_name, signed
from .passes import optimise
from .passes.context import Context

_PASSES = ("reuse", "inline")  # the others are about storage, or print many steps as one
_BINARY = {  # with a number as an operand, which not every namespace takes
    "np.maximum({x}, 0)": "xp.where({x} > 0, {x}, xp.zeros_like({x}))",
    "({x} > 0).astype({x}.dtype)": "xp.astype({x} > 0, {x}.dtype)",
    "np.logaddexp(0, {x})": "xp.logaddexp(xp.zeros_like({x}), {x})",
}
_NAMES = {"np.arctan": "xp.atan", "np.arcsin": "xp.asin", "np.arccos": "xp.acos"}


def array_api_parts(
    program: ir.Program, context: Context, names: Iterable[str]
) -> tuple[ir.Program, NumpyPrinter, dict[str, Any]]:
    """The program, its printer, and the functions that the module defines."""
    program = optimise(program, context, [n for n in _PASSES if n in set(names)])
    body = (*program.forward, *program.backward, *program.loss)
    return program, ArrayPrinter(context.layout), {"helpers": _functions(body)}


def _functions(body: ir.Body) -> dict[str, str]:
    """The elementwise functions of a program: name -> the text of the value at x."""
    out: dict[str, str] = {}
    for node in ir.walk(body):
        row = known(node.function) if isinstance(node, ir.Apply) else None
        if row is not None and (row.numpy or node.order):
            text = function_text(row, node.order)
            if node.order == 0 and row.numpy in _BINARY:
                text = _BINARY[row.numpy].format(x="x")
            for old, new in _NAMES.items():
                text = text.replace(old, new)
            out[helper_name(row.name, node.order)] = re.sub(r"\bnp\.", "xp.", text)
    return dict(sorted(out.items()))


class ArrayPrinter(NumpyPrinter):
    """Prints statements without writing in place."""

    in_place = False

    def __init__(self, layout: Any) -> None:
        super().__init__(layout)
        self.own = {
            ir.Allocate: ArrayPrinter.allocate, ir.Store: ArrayPrinter.store,
            ir.Accumulate: ArrayPrinter.accumulate, ir.Apply: ArrayPrinter.apply,
            ir.Outer: ArrayPrinter.outer, ir.Join: ArrayPrinter.join, ir.Grid: ArrayPrinter.grid,
            ir.Filled: ArrayPrinter.filled, ir.Eye: ArrayPrinter.eye,
            ir.Total: ArrayPrinter.total, ir.Spread: ArrayPrinter.spread,
            ir.Select: ArrayPrinter.select,
        }  # fmt: skip

    def lines(self, body: Iterable[ir.Statement], depth: int = 1) -> list[str]:
        out: list[str] = []
        for node in body:
            own = self.own.get(type(node))
            out += own(self, node, depth) if own else super().lines((node,), depth)
        return out

    def text(self, value: ir.Value, level: Level = Level.SUM) -> str:
        own = self.own.get(type(value))
        if own is None:
            return super().text(value, level)
        text, binds = own(self, value)
        return f"({text})" if binds < level else text

    # ------------------------------------------------------------ statements

    def allocate(self, node: ir.Allocate, depth: int) -> list[str]:
        array = node.array
        zeros, _ = self.filled(ir.Filled(Integer(0), array.axes))
        if array.timed:
            zeros = f"[{zeros}] * ({self.index(array.last - array.first + 1)})"
        return [f"{INDENT * depth}{array.name} = {zeros}"]

    def store(self, node: ir.Store, depth: int) -> list[str]:
        value = node.value
        text = self.text(value)
        if isinstance(value, ir.Number):
            text, _ = self.filled(ir.Filled(value.value, node.array.axes))
        elif value.axes != node.array.axes:
            text = f"xp.broadcast_to({text}, {self.sizes(node.array.axes)})"
        return self.assignment(self.target(node), "=", value, text, depth)

    def accumulate(self, node: ir.Accumulate, depth: int) -> list[str]:
        sign, value = signed(node.value)
        target = self.target(node)
        text = self.text(value, Level.PRODUCT if sign == "-" else Level.SUM)
        return [f"{INDENT * depth}{target} = {target} {sign} {text}"]

    # ------------------------------------------------------------ values

    def apply(self, node: ir.Apply) -> Text:
        row = known(node.function)
        if row is None or (node.order == 0 and not row.numpy):
            return super().apply(node)
        return f"{helper_name(row.name, node.order)}({self.text(node.arg)})", Level.ATOM

    def outer(self, node: ir.Outer) -> Text:
        left, right = (self.text(v, Level.ATOM) for v in (node.left, node.right))
        return f"{left}[:, None] * {right}[None, :]", Level.PRODUCT

    def join(self, node: ir.Join) -> Text:
        return f"xp.concat([{', '.join(map(self.text, node.parts))}], axis=-1)", Level.ATOM

    def grid(self, node: ir.Grid) -> Text:
        rows = (f"xp.concat([{', '.join(map(self.text, row))}], axis=1)" for row in node.rows)
        return f"xp.concat([{', '.join(rows)}], axis=0)", Level.ATOM

    def filled(self, node: ir.Filled) -> Text:
        more = "dtype=dtype, device=device"
        if node.value == 0:
            return f"xp.zeros({self.sizes(node.axes)}, {more})", Level.ATOM
        return f"xp.full({self.sizes(node.axes)}, {self.index(node.value)}, {more})", Level.ATOM

    def eye(self, node: ir.Eye) -> Text:
        return f"xp.eye({self.index(node.size)}, dtype=dtype, device=device)", Level.ATOM

    def total(self, node: ir.Total) -> Text:
        return f"xp.sum({self.text(node.arg)}, axis={node.axis})", Level.ATOM

    def spread(self, node: ir.Spread) -> Text:
        if not node.arg.axes:
            return f"xp.reshape({self.text(node.arg)}, (1,))", Level.ATOM
        return f"{self.text(node.arg, Level.ATOM)}[:, None]", Level.ATOM

    def select(self, node: ir.Select) -> Text:
        mask = self.text(node.mask, Level.ATOM) + ("[:, None]" if len(node.axes) > 1 else "")
        sides = ", ".join(
            self.filled(ir.Filled(v.value, node.axes))[0]
            if isinstance(v, ir.Filled | ir.Number) else self.text(v)
            for v in (node.yes, node.no)
        )  # fmt: skip
        return f"xp.where({mask}, {sides})", Level.ATOM
