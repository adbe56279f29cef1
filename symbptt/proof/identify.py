"""Reading a derivative off a differential. Trusted: a part of the kernel.

From d y = R, with R linear in the change of x and every other change set to zero, the coefficient
of the change is the derivative. Source: Magnus & Neudecker (1988), ch. 5 §18 and ch. 9 §3-5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sympy import Expr

from symbptt.core.canonical import equal
from symbptt.core.dependence import is_defined, is_given, references, vanishes
from symbptt.core.errors import ProofError
from symbptt.core.indices import entails, equal_index
from symbptt.core.terms import (
    D,
    Elem,
    Gradient,
    Param,
    Partial,
    Shock,
    Term,
    Trace,
    Vec,
    When,
    Zero,
)  # fmt: skip
from symbptt.core.theory import ALL, Frame, Theory
from symbptt.core.traverse import apart, contains, context, substitute

from .objects import Theorem

Facts = tuple[Expr, ...]


def identify(theorem: Theorem, wrt: Term, source: Theorem, theory: Theory, facts: Facts) -> None:
    """Accepts Gradient(y, wrt) = G or Partial(y, wrt, mode) = J, given the theorem d y = R."""
    goal, step = theorem.left, source.frame.step
    if not all(entails(facts, f) for f in source.facts):
        raise ProofError("the source holds under further conditions")
    if not isinstance(goal, Gradient | Partial) or source.left != D(goal.args[0]):
        raise ProofError("the source is not the differential of what is derived")
    if goal.args[1] != wrt or not isinstance(wrt, Param | Elem):
        raise ProofError("the derivative is with respect to something else")
    if (isinstance(goal, Partial) and goal.mode == "immediate") != (step is not None):
        raise ProofError("total and immediate derivatives are mixed")
    if step is not None and not (
        isinstance(goal.args[0], Elem) and equal_index(facts, goal.args[0].index, step)
    ):
        raise ProofError("the immediate derivative belongs to another step")
    if contains(theorem.right, D) or contains(theorem.right, Shock):
        raise ProofError("the derivative still contains a differential")
    place = _Place(source.frame, theory, facts)
    if isinstance(goal, Partial) and goal.mode == "direct":
        place.check_direct(goal.args[0], wrt)
    else:
        for x in source.frame.vary:
            if x != wrt and not place.is_leaf(x):
                raise ProofError(f"{x} is set free in the source: paths through it are cut")
    seed = place.seed(wrt)
    change = place.isolate(apart(source.right, seed.free_symbols), seed)
    if isinstance(goal, Partial):
        mine: Term = theorem.right @ Vec(seed)
        change = Vec(change)
    else:
        mine = Trace(theorem.right.T @ seed)
    if not equal(mine, change, facts):
        raise ProofError(f"{theorem.right} is not the coefficient of {seed} in {source.right}")


@dataclass(frozen=True)
class _Place:
    """Where a change stands: the frame it belongs to, and what is known of its index."""

    frame: Frame
    theory: Theory
    facts: Facts

    def check_direct(self, y: Term, wrt: Term) -> None:
        """What the definition of y mentions must be set free, or be out of reach of wrt.

        Then no path from wrt to y leads through anything else.
        """
        if self.frame.shocks or not isinstance(y, Elem | Param) or y in self.frame.vary:
            raise ProofError(f"the direct derivative of {y} is read off another frame")
        for d in self.theory.defined(y.key):
            at = {d.index: y.index} if d.index is not None and isinstance(y, Elem) else {}
            if all(entails(self.facts, substitute(f, at)) for f in d.facts):
                break
        else:
            raise ProofError(f"{y} has no definition here")
        alone = Frame((wrt,))
        for inner, leaf in references(substitute(d.body, at)):
            if leaf in self.frame.vary:
                continue
            if not vanishes(leaf, alone, self.theory, (*self.facts, *inner)):
                raise ProofError(f"{leaf} may change with {wrt}: another path leads through it")

    def is_leaf(self, x: Term) -> bool:
        """Whether nothing in the theory defines what varies, so that no path leads through it."""
        if isinstance(x, Elem):
            return bool(x.index == ALL) or is_given(x, self.theory, self.facts)
        return isinstance(x, Param) and not self.theory.defined(x.key)

    def seed(self, wrt: Param | Elem) -> Term:
        """The symbol for an arbitrary change of wrt in the frame."""
        if self.varies(D(wrt)):
            return D(wrt)
        step = self.frame.step
        if (
            isinstance(wrt, Elem)
            and wrt.name in self.frame.shocks
            and is_defined(wrt, self.theory, self.facts)
            and (step is None or equal_index(self.facts, wrt.index, step))
        ):
            return Shock(wrt)
        raise ProofError(f"{wrt} does not vary in this frame")

    def varies(self, change: Term) -> bool:
        """Whether d(leaf) or Shock(element) is an independent change in the frame."""
        leaf, frame = change.args[0], self.frame
        if isinstance(change, Shock):
            return isinstance(leaf, Elem) and leaf.name in frame.shocks
        if isinstance(leaf, Elem) and leaf.at(ALL) in frame.vary:
            return is_given(leaf, self.theory, self.facts)
        return leaf in frame.vary

    def isolate(self, term: Term, seed: Term) -> Term:
        """The term with every independent change but the seed set to zero."""
        if isinstance(term, D | Shock):
            return self._change(term, seed)
        if not term.children:
            return term
        inner = replace(self, facts=(*self.facts, *context(term, (0,))[0]))
        return term.func(*(inner.isolate(a, seed) if isinstance(a, Term) else a for a in term.args))

    def _change(self, change: Term, seed: Term) -> Term:
        """The seed where the change is that of the same leaf, zero otherwise."""
        if not self.varies(change):
            raise ProofError(f"{change} is not expressed through what varies")
        leaf, target = change.args[0], seed.args[0]
        if change == seed:
            return change
        one_kind = type(change) is type(seed) and isinstance(leaf, Elem)
        if one_kind and isinstance(target, Elem) and leaf.name == target.name:
            gap = leaf.index - target.index
            return When(seed, gap, -gap)
        return Zero(*change.shape)
