"""Columns, rows and scalars as array expressions, by the structure of the term alone.

A column is an array (B, n): W x is ``x @ W.T``, diag(v) x is ``v * x``; a product of factors is
applied to its last column from the right, so that no matrix per sample is ever formed. Nothing
else is known about any model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Integer

from symbptt.core.errors import NotSupported
from symbptt.core.functions import known
from symbptt.core.indices import entails
from symbptt.core.terms import (
    ONE, Block, Const, Diag, Elem, Hadamard, Identity, Map, Ones, Param, Plus, Scale, Softmax,
    SumOver, Term, Times, Trace, Transposed, When, Zero,
)  # fmt: skip

from . import ir
from .algebra import open_transposes, rank_one, split, transpose
from .build import add, full, mul, scaled, swap, total, zero
from .places import Places
from .slopes import slope


class Columns(Places):
    """Lowers columns; matrices are left to a subclass."""

    def matrix(self, term: Term) -> ir.Value:
        """The array of a matrix that is the same for all samples."""
        raise NotImplementedError

    def vector(self, term: Term) -> ir.Value:
        """The array of a column, a row (as its column) or a scalar."""
        if not term.is_column:
            if term.shape[0] != ONE:
                raise self.refused(term, "a matrix stands where a column is needed")
            term = transpose(term)
        term = open_transposes(term)
        handler = _VECTORS.get(type(term))
        if handler is None:
            raise self.refused(term, f"no code for {type(term).__name__}")
        return handler(self, term)

    def leaf(self, term: Param | Elem) -> ir.Value:
        array = self.layout.arrays.get(term.key)
        if array is None:
            raise NotSupported(f"{term} is neither given nor computed")
        if not isinstance(term, Elem):
            return ir.Read(array)
        first, last = self.layout.covered[term.key]
        if not all(entails(self.facts, e) for e in (term.index - first, last - term.index)):
            raise NotSupported(f"{term} may lie outside its steps {first} to {last}")
        return ir.Read(array, term.index)

    def transposed(self, term: Transposed) -> ir.Value:
        return self.vector(term.args[0])

    def filled(self, term: Term) -> ir.Value:
        value = Integer(0 if isinstance(term, Zero) else 1)
        return ir.Number(value) if term.is_scalar else ir.Filled(value, self.axes(term))

    def plus(self, term: Plus) -> ir.Value:
        return add([self.vector(a) for a in term.args])

    def hadamard(self, term: Hadamard) -> ir.Value:
        return mul([self.vector(a) for a in term.args])

    def scale(self, term: Scale) -> ir.Value:
        return scaled(self.vector(term.args[0]), self.vector(term.args[1]), term.shape[0])

    def map(self, term: Map) -> ir.Value:
        return self.applied(term, self.vector(term.arg))

    def applied(self, term: Map, arg: ir.Value) -> ir.Value:
        """f^(k) of an array; the argument of a slope gets a name, as it may stand there twice."""
        row = known(term.fname)
        if row is None:
            return ir.Apply(term.fname, term.order, arg)
        return slope(row.name, term.order, self.named(arg) if term.order else arg)

    def softmax(self, term: Softmax) -> ir.Value:
        return ir.Softmax(self.vector(term.args[0]))

    def times(self, term: Times) -> ir.Value:
        value = self.vector(term.args[-1])
        for factor in reversed(term.args[:-1]):
            value = self.apply(factor, value)
        return value

    def when(self, term: When) -> ir.Value:
        return self.guarded(term, lambda: self.vector(term.args[0]), self.axes(term))

    def sum_over(self, term: SumOver) -> ir.Value:
        return self.summed(term, lambda: self.vector(term.body), self.axes(term))

    def stacked(self, term: Block) -> ir.Value:
        axes = self.axes(term)
        batch = axes[:1] if ir.BATCH in axes else ()
        parts = []
        for block in term.blocks:
            value, height = self.vector(block), block.shape[0]
            if height == ONE:
                value = ir.Spread(value, ONE)
            want = (*batch, height)
            parts.append(full(value, want))
        return ir.Join(tuple(parts), term.shape[0])

    def trace(self, term: Trace) -> ir.Value:
        """tr(u v^T) = v^T u, and sums of such."""
        inner = open_transposes(term.args[0])
        if isinstance(inner, Plus):
            return add([self.trace(Trace(a)) for a in inner.args])
        if isinstance(inner, Scale):
            return scaled(self.vector(inner.args[0]), self.trace(Trace(inner.args[1])), ONE)
        if isinstance(inner, Times) and (at := rank_one(inner)) is not None:
            return self.vector(Times(*inner.args[at:], *inner.args[:at]))
        raise self.refused(term, "a trace of a matrix that is not u v^T")

    # ------------------------------------------------------------ matrices applied to columns

    def apply(self, factor: Term, value: ir.Value) -> ir.Value:
        """The array of ``factor`` times the column (or scalar) whose array is given."""
        factor = open_transposes(factor)
        if factor.shape[1] == ONE:
            return scaled(value, self.vector(factor), factor.shape[0])
        if factor.shape[0] == ONE:
            row = self.vector(factor)
            return total(mul([row, value])) if self.batched(factor) else ir.MatMul(value, row)
        if isinstance(factor, Identity):
            return value
        if isinstance(factor, Diag):
            return mul([self.vector(factor.args[0]), value])
        if isinstance(factor, Plus):
            return add([self.apply(a, value) for a in factor.args])
        if isinstance(factor, Scale):
            return scaled(
                self.vector(factor.args[0]), self.apply(factor.args[1], value), factor.shape[0]
            )
        if isinstance(factor, Times):
            for part in reversed(factor.args):
                value = self.apply(part, value)
            return value
        if isinstance(factor, Block):
            return self.apply_blocks(factor, value)
        if isinstance(factor, When | SumOver):
            value = self.named(value)
            batch = (ir.BATCH,) if ir.BATCH in value.axes or self.batched(factor) else ()
            axes = (*batch, factor.shape[0])
            inner = factor.args[0]
            wrap = self.guarded if isinstance(factor, When) else self.summed
            return wrap(factor, lambda: self.apply(inner, value), axes)
        if isinstance(factor, Hadamard) and any(isinstance(a, Identity) for a in factor.args):
            return mul([self.diagonal(factor), value])
        return ir.MatMul(value, swap(self.matrix(factor)))

    def apply_blocks(self, factor: Block, value: ir.Value) -> ir.Value:
        """A matrix of blocks times a column, block row by block row."""
        rows, cols = factor.grid
        value = self.named(value)
        results: list[ir.Value] = []
        for i in range(rows):
            parts, start = [], Integer(0)
            for j in range(cols):
                block = factor.block(i, j)
                stop = start + block.shape[1]
                piece: ir.Value = ir.Part(value, start, stop)
                if block.shape[1] == ONE:
                    piece = ir.Total(piece, len(piece.axes) - 1)
                if not isinstance(block, Zero):
                    parts.append(self.apply(block, piece))
                start = stop
            height = factor.block(i, 0).shape[0]
            axes = (*value.axes[:-1], *(() if height == ONE else (height,)))
            result = add(parts) if parts else zero(axes)
            results.append(ir.Spread(result, ONE) if height == ONE and rows > 1 else result)
        return results[0] if rows == 1 else ir.Join(tuple(results), factor.shape[0])

    def diagonal(self, term: Term) -> ir.Value:
        """The diagonal of a matrix, as the array of a column."""
        term = open_transposes(term)
        if isinstance(term, Diag):
            return self.vector(term.args[0])
        if isinstance(term, Identity):
            return ir.Filled(Integer(1), (term.shape[0],))
        if isinstance(term, Plus):
            return add([self.diagonal(a) for a in term.args])
        if isinstance(term, Hadamard):
            return mul([self.diagonal(a) for a in term.args if not isinstance(a, Identity)])
        if isinstance(term, Scale):
            return scaled(self.vector(term.args[0]), self.diagonal(term.args[1]), term.shape[0])
        if isinstance(term, Times) and (at := rank_one(term)) is not None:
            left, right = split(term, at)
            return mul([self.vector(left), self.vector(right)])
        raise self.refused(term, "the diagonal of this matrix")


_VECTORS: dict[type[Term], Callable[[Any, Any], ir.Value]] = {
    Param: Columns.leaf, Elem: Columns.leaf, Transposed: Columns.transposed,
    Zero: Columns.filled, Ones: Columns.filled, Plus: Columns.plus,
    Hadamard: Columns.hadamard, Scale: Columns.scale, Map: Columns.map,
    Softmax: Columns.softmax, Times: Columns.times, When: Columns.when,
    SumOver: Columns.sum_over, Block: Columns.stacked, Trace: Columns.trace,
    Const: lambda _, term: ir.Number(term.value),
}  # fmt: skip
