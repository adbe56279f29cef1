"""A place in the program that is being lowered: the facts that hold there, the open block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sympy import Expr

from symbptt.core.dependence import references
from symbptt.core.errors import NotSupported
from symbptt.core.indices import contradictory, entails
from symbptt.core.terms import ONE, Elem, SumOver, Term, When

from . import ir
from .build import full, zero
from .layout import Layout


class Places:
    """What lowering carries along; helper statements go to the open block."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.facts = layout.facts
        self.block: list[ir.Statement] = []

    # ------------------------------------------------------------ places

    @contextmanager
    def inside(self, *facts: Expr) -> Iterator[list[ir.Statement]]:
        """A new block in which more facts hold."""
        outer, self.block = self.block, []
        known_facts, self.facts = self.facts, (*self.facts, *facts)
        try:
            yield self.block
        finally:
            self.block, self.facts = outer, known_facts

    def batched(self, term: Term) -> bool:
        """Whether the value differs between samples."""
        return any(
            isinstance(leaf, Elem) or leaf.key in self.layout.batched
            for _, leaf in references(term)
            if leaf.key not in self.layout.params
        )

    def axes(self, term: Term) -> ir.Axes:
        """The axes of the term's array."""
        dims = tuple(s for s in term.shape if s != ONE)
        return (ir.BATCH, *dims) if self.batched(term) else dims

    def named(self, value: ir.Value) -> ir.Value:
        """The value as a read of an array, which gets a name if it has none."""
        if isinstance(value, ir.Read):
            return value
        array = ir.Array(self.layout.names.fresh("part"), value.axes)
        self.block.append(ir.Store(array, None, value))
        return ir.Read(array)

    def guarded(self, term: When, lower: Callable[[], ir.Value], axes: ir.Axes) -> ir.Value:
        """A value under conditions, in an array that stays zero where they fail."""
        open_ = tuple(c for c in term.conditions if not entails(self.facts, c))
        if not open_:
            return lower()
        if contradictory((*self.facts, *open_)):
            return zero(axes)
        array = ir.Array(self.layout.names.fresh("part"), axes)
        with self.inside(*open_) as body:
            value = lower()
            body.append(ir.Store(array, None, full(value, axes)))
        self.block += [ir.Store(array, None, zero(axes)), ir.Guard(open_, tuple(body))]
        return ir.Read(array)

    def summed(self, term: SumOver, lower: Callable[[], ir.Value], axes: ir.Axes) -> ir.Value:
        """A sum over a range, in an array that a loop adds to."""
        array = ir.Array(self.layout.names.fresh("total"), axes)
        with self.inside(*term.range_facts) as body:
            value = lower()
            body.append(ir.Accumulate(array, None, value))
        loop = ir.Loop(term.bound, term.lo, term.hi, tuple(body))
        self.block += [ir.Allocate(array), loop]
        return ir.Read(array)

    def refused(self, term: Term, why: str) -> NotSupported:
        """The error for a term that has no code."""
        shape = f"{term.shape[0]} x {term.shape[1]}"
        return NotSupported(f"no code for {term} ({shape}): {why}")
