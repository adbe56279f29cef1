"""From the entry to the whole: the matrix whose entry (i, j) is a given formula in i and j."""

from __future__ import annotations

from typing import Any

from sympy import Integer, Symbol

from . import syntax as sx
from .dims import ONE, SCALAR, Dim, Solution
from .draft import Draft
from .elaborator import Elaborator
from .powers import transposed

_UNIT = Integer(1)


class Lifting:
    """Lifts scalar drafts over the row index i and the column index j (either may be missing).

    The sizes are what the indices run over. A formula that picks single entries otherwise, such as
    an entry of a row that does not run, is refused.
    """

    def __init__(self, e: Elaborator, s: Solution, node: sx.Node) -> None:
        self.e, self.s, self.node = e, s, node

    def lift(self, d: Draft, i: Symbol | None, m: Dim, j: Symbol | None, n: Dim) -> Draft:
        """The m x n matrix of d over i and j."""
        rows, cols = i is not None and depends(d, i), j is not None and depends(d, j)
        shape = (m, n)
        if shape == SCALAR:
            return d
        if not rows and not cols:
            return self.spread(d, shape)
        if j is not None and rows and not cols:
            return self.times(self.lift(d, i, m, None, ONE), self.ones(ONE, n))
        if i is not None and cols and not rows:
            column = self.lift(d, j, n, None, ONE)
            return self.times(self.ones(m, ONE), self.turned(column))
        if d.op == "entry":
            return self.entry(d, i, j, shape)
        if d.op == "map":
            name, order, inner = d.args
            return self.e.draft("map", (name, order, self.lift(inner, i, m, j, n)), shape, d)
        if d.op == "plus":
            terms = [self.lift(x, i, m, j, n) for x in d.args]
            return self.e.draft("plus", terms, shape, d)
        if d.op in ("scale", "times", "hadamard"):
            return self.product(factors_of(d), i, m, j, n, d)
        if d.op == "sum":
            return self.contracted(d, i, m, j, n)
        if d.op == "power" and d.args[1].is_Integer and 0 < d.args[1] <= 12:
            return self.product([d.args[0]] * int(d.args[1]), i, m, j, n, d)
        raise self.refused(d)

    def stacked(self, d: Draft, i: Symbol) -> Draft | None:
        """The matrix whose rows are the derivatives of the entries of a column, dv_i/dx."""
        if d.op != "partial" or d.args[0].op != "entry" or depends(d.args[1], i):
            return None
        (whole, row, _), x, mode = d.args[0].args, *d.args[1:]
        if row != i or depends(whole, i) or self.s.resolve(whole.shape[1]) != ONE:
            return None
        return self.e.draft("partial", (whole, x, mode), (whole.shape[0], d.shape[1]), d)

    def beside(self, d: Draft, j: Symbol) -> Draft | None:
        """The matrix whose columns are dy/dx_j, the derivatives by the entries of a column."""
        if d.op != "times" or len(d.args) != 2 or d.args[1].op != "transposed":
            return None
        jacobian, unit = d.args[0], d.args[1].args[0]
        entry = unit.args[0] if unit.op == "partial" else unit
        if entry.op != "entry" or entry.args[1] != j or entry.args[0] is not unit.args[1]:
            return None
        return None if depends(jacobian, j) else jacobian

    def refused(self, d: Draft) -> Exception:
        return self.e.unsupported(
            f"{self.e.text(d)} is not understood as the entry of a vector or matrix", self.node
        )

    def ones(self, m: Dim, n: Dim) -> Draft:
        return self.e.draft("ones", (), (m, n), self.node)

    def turned(self, d: Draft) -> Draft:
        return transposed(self.e, d, self.node) if d.shape != SCALAR else d

    def times(self, a: Draft, b: Draft) -> Draft:
        return self.e.draft("times", (a, b), (a.shape[0], b.shape[1]), self.node)

    def spread(self, d: Draft, shape: tuple[Dim, Dim]) -> Draft:
        if d.op == "const" and d.args[0] == 0:
            return self.e.draft("zero", (), shape, d)
        ones = self.ones(*shape)
        return ones if d.op == "const" and d.args[0] == 1 else (
            self.e.draft("scale", (d, ones), shape, d)
        )  # fmt: skip

    def entry(self, d: Draft, i: Symbol | None, j: Symbol | None, shape: tuple[Dim, Dim]) -> Draft:
        """The matrix that the entry belongs to, or its transpose."""
        whole, row, col = d.args
        if depends(whole, i) or depends(whole, j):
            raise self.refused(d)
        rows, cols = self.s.shape(whole.shape)
        if (row, col) == (i, j) or (j is None and row == i and cols == ONE):
            return whole
        if (row, col) == (j, i) or (j is None and col == i and rows == ONE):
            return self.turned(whole)
        raise self.refused(d)

    def product(
        self, factors: list[Draft], i: Symbol | None, m: Dim, j: Symbol | None, n: Dim, d: Draft
    ) -> Draft:
        """The elementwise product; what depends on i alone or j alone makes an outer product."""
        if factors == [d]:
            raise self.refused(d)
        fixed = [x for x in factors if not depends(x, i) and not depends(x, j)]
        both = [x for x in factors if depends(x, i) and depends(x, j)]
        left = [x for x in factors if depends(x, i) and not depends(x, j)]
        right = [x for x in factors if depends(x, j) and not depends(x, i)]
        parts = [self.lift(x, i, m, j, n) for x in both]
        if left and right:
            column = self.hadamard([self.lift(x, i, m, None, ONE) for x in left])
            row = self.hadamard([self.lift(x, j, n, None, ONE) for x in right])
            parts.append(self.times(column, self.turned(row)))
        elif left:
            column = self.hadamard([self.lift(x, i, m, None, ONE) for x in left])
            parts.append(column if j is None else self.times(column, self.ones(ONE, n)))
        elif right:
            row = self.hadamard([self.lift(x, j, n, None, ONE) for x in right])
            parts.append(self.times(self.ones(m, ONE), self.turned(row)))
        out = self.hadamard(parts)
        for factor in fixed:
            out = self.e.draft("scale", (factor, out), out.shape, d)
        return out

    def hadamard(self, parts: list[Draft]) -> Draft:
        if len(parts) == 1:
            return parts[0]
        return self.e.draft("hadamard", parts, parts[0].shape, self.node)

    def contracted(self, d: Draft, i: Symbol | None, m: Dim, j: Symbol | None, n: Dim) -> Draft:
        """sum_l p_il q_lj as a matrix product; any other sum over the lifted bodies."""
        body, index, lo, hi = d.args
        factors = factors_of(body)
        entries = [x for x in factors if depends(x, index)]
        size = self.size_of_index(entries, index)
        if size is None:
            lifted = self.lift(body, i, m, j, n)
            return self.e.draft("sum", (lifted, index, lo, hi), lifted.shape, d)
        top = self.s.expr(hi) if isinstance(hi, Dim) else hi
        if lo != _UNIT or self.s.expr(size) != top:
            raise self.refused(d)
        left = [x for x in factors if not depends(x, j) and (depends(x, i) or x not in entries)]
        right = [x for x in factors if x not in left]
        if any(depends(x, i) for x in right) or not any(depends(x, i) for x in left) or not right:
            raise self.refused(d)
        a = self.product(left, i, m, index, size, d)
        return self.times(a, self.product(right, index, size, j, n if j is not None else ONE, d))

    def size_of_index(self, drafts: list[Draft], index: Symbol) -> Dim | None:
        """What an index runs over: the size of what it is an entry of."""
        for d in drafts:
            if d.op == "entry":
                for place, size in zip(d.args[1:], d.args[0].shape, strict=True):
                    if place == index:
                        return self.s.resolve(size)
            inner = [a for a in d.args if isinstance(a, Draft)]
            found = self.size_of_index(inner, index)
            if found is not None:
                return found
        return None


def factors_of(d: Draft) -> list[Draft]:
    """The scalar factors of a scalar product."""
    if d.shape == SCALAR and d.op in ("scale", "times", "hadamard"):
        parts = [a for a in d.args if isinstance(a, Draft)]
        if all(p.shape == SCALAR for p in parts):
            return [f for p in parts for f in factors_of(p)]
    return [d]


def depends(d: Draft, index: Symbol | None) -> bool:
    """Whether an index occurs free in a draft."""
    if index is None:
        return False
    if d.op in ("sum", "prod") and d.args[1] == index:
        return any(_in(a, index) for a in d.args[2:])
    return any(depends(a, index) if isinstance(a, Draft) else _in(a, index) for a in d.args)


def _in(value: Any, index: Symbol) -> bool:
    return index in getattr(value, "free_symbols", ())
