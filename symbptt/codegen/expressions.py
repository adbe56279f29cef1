"""Matrices and sums over the batch as array expressions.

A matrix is the same for all samples, or it is u v^T summed over them, which is ``u.T @ v``. A
matrix for every sample is refused.
"""

from __future__ import annotations

from sympy import Integer

from symbptt.core.terms import (
    ONE, Block, Diag, Elem, Hadamard, Identity, Map, Ones, Param, Plus, Scale, SumOver, Term, Times,
    Transposed, When, Zero,
)  # fmt: skip

from . import ir
from .algebra import open_transposes, rank_one, split
from .build import add, mul, swap, total
from .columns import Columns


class Expressions(Columns):
    """Lowers any term at one place of the program."""

    def matrix(self, term: Term) -> ir.Value:
        """The array (n, m) of a matrix that is the same for all samples."""
        term = open_transposes(term)
        if self.batched(term):
            raise self.refused(term, "a matrix for every sample")
        if ONE in term.shape:
            raise self.refused(term, "a column or row stands where a matrix is needed")
        if isinstance(term, Param | Elem):
            return self.leaf(term)
        if isinstance(term, Transposed):
            return swap(self.matrix(term.args[0]))
        if isinstance(term, Identity):
            return ir.Eye(term.shape[0])
        if isinstance(term, Zero | Ones):
            return ir.Filled(Integer(0 if isinstance(term, Zero) else 1), term.shape)
        if isinstance(term, Diag):
            return mul([ir.Eye(term.shape[0]), self.vector(term.args[0])])
        if isinstance(term, Plus):
            return add([self.matrix(a) for a in term.args])
        if isinstance(term, Hadamard):
            return mul([self.matrix(a) for a in term.args])
        if isinstance(term, Scale):
            return mul([self.vector(term.args[0]), self.matrix(term.args[1])])
        if isinstance(term, Map):
            return self.applied(term, self.matrix(term.arg))
        if isinstance(term, When):
            return self.guarded(term, lambda: self.matrix(term.args[0]), term.shape)
        if isinstance(term, Block):
            return self.grid(term)
        if isinstance(term, Times):
            return self.product(term)
        raise self.refused(term, f"no code for {type(term).__name__}")

    def product(self, term: Times) -> ir.Value:
        at = rank_one(term)
        if at is not None:
            left, right = split(term, at)
            return ir.Outer(self.vector(left), self.vector(right))
        value = self.matrix(term.args[0])
        for factor in term.args[1:]:
            value = ir.MatMul(value, self.matrix(factor))
        return value

    def grid(self, term: Block) -> ir.Value:
        rows, cols = term.grid
        if any(ONE in block.shape for block in term.blocks):
            raise self.refused(term, "a matrix with blocks of one row or column")
        values = tuple(
            tuple(self.matrix(term.block(i, j)) for j in range(cols)) for i in range(rows)
        )
        return ir.Grid(values, term.shape)

    # ------------------------------------------------------------ sums over the batch

    def reduced(self, term: Term) -> ir.Value:
        """The sum over the samples, for a term of any shape."""
        term = open_transposes(term)
        if not self.batched(term):
            value = self.vector(term) if ONE in term.shape else self.matrix(term)
            return mul([ir.Number(ir.BATCH), value])
        if isinstance(term, Plus):
            return add([self.reduced(a) for a in term.args])
        if isinstance(term, When):
            return self.guarded(term, lambda: self.reduced(term.args[0]), _dims(term))
        if isinstance(term, SumOver):
            return self.summed(term, lambda: self.reduced(term.body), _dims(term))
        if ONE in term.shape:
            return total(self.vector(term), axis=0)
        if isinstance(term, Scale):
            return self.reduced_scale(term)
        if isinstance(term, Times):
            return self.reduced_product(term)
        if isinstance(term, Diag):
            return mul([ir.Eye(term.shape[0]), total(self.vector(term.args[0]), axis=0)])
        if isinstance(term, Hadamard):
            fixed = [a for a in term.args if not self.batched(a)]
            rest = [a for a in term.args if self.batched(a)]
            if fixed and len(rest) == 1:
                return mul([*(self.matrix(a) for a in fixed), self.reduced(rest[0])])
        raise self.refused(term, "the sum of this matrix over the batch")

    def reduced_scale(self, term: Scale) -> ir.Value:
        factor, body = term.args
        if not self.batched(factor):
            return mul([self.vector(factor), self.reduced(body)])
        body = open_transposes(body)
        if isinstance(body, Times) and (at := rank_one(body)) is not None:
            left, right = split(body, at)
            return self.reduced(Times(Scale(factor, left), right))
        raise self.refused(term, "the sum of this matrix over the batch")

    def reduced_product(self, term: Times) -> ir.Value:
        """sum_b u_b v_b^T as one product, or what is the same for all samples outside the sum."""
        at = rank_one(term)
        if at is not None:
            left, right = split(term, at)
            if self.batched(left) and self.batched(right):
                return ir.MatMul(swap(self.vector(left)), self.vector(right))
            sides = [
                total(self.vector(s), axis=0) if self.batched(s) else self.vector(s)
                for s in (left, right)
            ]
            return ir.Outer(*sides)
        first, last = term.args[0], term.args[-1]
        if not self.batched(first):
            return ir.MatMul(self.matrix(first), self.reduced(Times(*term.args[1:])))
        if not self.batched(last):
            return ir.MatMul(self.reduced(Times(*term.args[:-1])), self.matrix(last))
        raise self.refused(term, "a product of matrices for every sample")


def _dims(term: Term) -> ir.Axes:
    return tuple(s for s in term.shape if s != ONE)
