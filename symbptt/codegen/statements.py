"""Definitions to statements: assignments, with conditions as guards and sums as loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Expr

from symbptt.core.dependence import references
from symbptt.core.indices import entails
from symbptt.core.terms import ONE, Param, SumOver, Term
from symbptt.core.theory import Definition
from symbptt.core.traverse import substitute
from symbptt.notation.latex import latex
from symbptt.notation.unicode import unicode

from . import ir
from .algebra import summands
from .build import add, full, zero
from .expressions import Expressions
from .schedule import Group
from .spans import Facts, bounds

# What follows an element at a step: (name, its array, the step, the facts that hold there).
Hook = Callable[[str, ir.Array, Expr, Facts], list[ir.Statement]]


@dataclass(frozen=True)
class Left:
    """The left side of an equation, and the key of what it defines."""

    text: str
    latex: str
    key: str


def gradient_of(leaf: Term) -> Left:
    """The gradient of the loss by a leaf."""
    text, formula = f"∂L/∂{unicode(leaf)}", rf"\frac{{\partial L}}{{\partial {latex(leaf)}}}"
    return Left(text, formula, f"∂{leaf.key}")


class Statements(Expressions):
    """Lowers assignments into the open block."""

    def value(self, term: Term, reduced: bool) -> ir.Value:
        """The array of a term; summed over the batch where ``reduced``."""
        if reduced:
            return self.reduced(term)
        return self.vector(term) if ONE in term.shape else self.matrix(term)

    def assign(self, array: ir.Array, index: Expr | None, term: Term) -> None:
        """array[index] = term."""
        parts = list(summands(term, self.facts))
        plain = [p for c, p in parts if not c and not isinstance(p, SumOver)]
        rest = [(c, p) for c, p in parts if c or isinstance(p, SumOver)]
        reduced = self.is_reduced(array, term)
        value = add([self.value(p, reduced) for p in plain]) if plain else zero(array.axes)
        stored = value if array.timed else full(value, array.axes)
        self.block.append(ir.Store(array, index, stored))
        self._accumulate(array, index, rest, reduced)

    def accumulate(self, array: ir.Array, index: Expr | None, term: Term) -> None:
        """array[index] += term."""
        parts = list(summands(term, self.facts))
        self._accumulate(array, index, parts, self.is_reduced(array, term))

    def _accumulate(
        self, array: ir.Array, index: Expr | None, parts: list[tuple[Facts, Term]], reduced: bool
    ) -> None:
        """array[index] += every part where its conditions hold."""
        by_conditions: dict[Facts, list[Term]] = {}
        for conditions, part in parts:
            by_conditions.setdefault(conditions, []).append(part)
        for conditions, terms in by_conditions.items():
            with self.inside(*conditions) as body:
                plain = [t for t in terms if not isinstance(t, SumOver)]
                if plain:
                    value = add([self.value(t, reduced) for t in plain])
                    self.block.append(ir.Accumulate(array, index, value))
                for t in terms:
                    if isinstance(t, SumOver):
                        self.accumulate_sum(array, index, t)
            self.block += [ir.Guard(conditions, tuple(body))] if conditions else body

    def accumulate_sum(self, array: ir.Array, index: Expr | None, term: SumOver) -> None:
        """array[index] += the body, in a loop over the range."""
        with self.inside(*term.range_facts) as body:
            self.accumulate(array, index, term.body)
        self.block.append(ir.Loop(term.bound, term.lo, term.hi, tuple(body)))

    def is_reduced(self, array: ir.Array, term: Term) -> bool:
        """Whether samples are summed: the array has no batch, the term has."""
        return ir.BATCH not in array.axes and self.batched(term)

    def note(self, left: Left, term: Term) -> None:
        """The equation as a comment."""
        uses = tuple(dict.fromkeys(leaf.key for _, leaf in references(term)))
        text, formula = f"{left.text} = {unicode(term)}", f"{left.latex} = {latex(term)}"
        self.block.append(ir.Note(text, formula, left.key, uses))

    def define(self, d: Definition, at: Expr | None, hook: Hook | None) -> None:
        """The statements of one definition at a step, under its own conditions."""
        mapping = {} if d.index is None else {d.index: at}
        body = substitute(d.body, mapping)
        facts = (f.xreplace(mapping) for f in d.facts)
        open_ = tuple(f for f in facts if not entails(self.facts, f))
        array = self.layout.arrays[d.key]
        head = d.head if isinstance(d.head, Param) or at is None else d.head.at(at)
        with self.inside(*open_) as block:
            self.note(Left(unicode(head), latex(head), d.key), body)
            self.assign(array, at, body)
            if at is not None and hook is not None:
                self.block += hook(d.key, array, at, self.facts)
        self.block += [ir.Guard(open_, tuple(block))] if open_ else block

    def group(self, group: Group, hook: Hook | None) -> None:
        """One loop, or the single step or definition that the group consists of."""
        for d in group.before:
            assert d.index is not None
            self.define(d, bounds(d.facts, d.index, self.layout.facts)[0], hook)
        if group.span is None or group.index is None:
            self.define(group.definitions[0], None, hook)
            return
        first, last = group.span
        if first == last:
            for d in group.definitions:
                self.define(d, first, hook)
            return
        with self.inside(group.index - first, last - group.index) as body:
            for d in group.definitions:
                self.define(d, group.index, hook)
        ascending = group.ascending is not False
        self.block.append(ir.Loop(group.index, first, last, tuple(body), ascending))
