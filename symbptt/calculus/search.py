"""The search for a proof of an equation: plans, stages and inductions.

Nothing here is trusted; a proof that is found is replayed by the kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

from sympy import Expr, Symbol

from symbptt.core.canonical import equal
from symbptt.core.errors import NotSupported
from symbptt.core.indices import entails, factor_of
from symbptt.core.scope import scope_of
from symbptt.core.terms import Elem, Gradient, Term, Zero
from symbptt.core.theory import Theory
from symbptt.core.traverse import substitute
from symbptt.proof.objects import Chain, Induction, Theorem

from . import effort
from .binomials import spread_binomials, vanishing_powers
from .builder import Builder
from .forms import kept
from .joining import joined
from .known import by_sums, in_full
from .moves import (
    diagonal_entries, frontier, normalize, put, put_hypothesis, split_end, split_nonempty, starts,
    unfold, unfold_once,
)  # fmt: skip
from .problem import Problem
from .rejoining import rejoin
from .stages import entries, norms, nothing, outputs
from .tries import visible
from .vocabulary import nodes_in, vocabulary

_MAX_NODES = 300  # of a line; longer ones are not compared
Facts = tuple[Expr, ...]
Lemmas = dict[Term, tuple[Theorem, ...]]
Stage = Callable[[Builder, Builder], None]
Meet = Callable[[Builder, Builder], bool]


@dataclass(frozen=True)
class Search:
    """What a proof may use: the theory, theorems about derivatives, and assumptions."""

    problem: Problem
    theory: Theory
    lemmas: Lemmas
    assumptions: tuple[Theorem, ...]
    helpers: list[Theorem] = field(default_factory=list)  # lemmas of the proof that was found
    zeros: list[Theorem] = field(default_factory=list)  # adjoints known to vanish, while tried
    nested: bool = False  # whether the search is for such a lemma itself

    def anyhow(self, left: Term, right: Term, facts: Facts) -> Chain | Induction:
        """Without induction, else by one that starts where a fact bounds an index."""
        try:
            return self.direct(left, right, facts)
        except NotSupported as error:
            refusal = error
        if self.lemmas and not isinstance(right, Zero):
            raise refusal
        free = (left.free_symbols | right.free_symbols) - self.fixed
        for variable, start in starts(free, facts):
            try:
                return self.inductive(left, right, facts, variable, start)
            except NotSupported:
                continue
        raise refusal

    @property
    def fixed(self) -> frozenset[Symbol]:
        """The lengths and sizes."""
        return scope_of(self.theory).symbols

    @property
    def states(self) -> set[str]:
        return {f"{z}[]" for z in self.problem.main}

    @property
    def adjoints(self) -> set[str]:
        """The adjoints of the states, which run backward."""
        if not any(isinstance(x, Gradient) for x in self.lemmas) or self.problem.loss is None:
            return set()
        return {f"{z}[]" for z in kept(self.problem.system, self.problem.main)}

    # ------------------------------------------------------------ without induction

    def direct(self, left: Term, right: Term, facts: Facts) -> Chain:
        """Every plan without a step through time first, then each as far as it leads."""
        quick = (self._derived, self._summed, self._finished, self._plain)
        for meet, plans in (
            (self._near, quick),
            (self._meet, (self._plain, self._derived, self._finished, self._summed)),
            (self._meet, (self._vanishing,)),
        ):
            for plan in plans:
                a, b = (Builder(self.theory, side, facts) for side in (left, right))
                if plan(a, b, meet):
                    return joined(a, b)
        raise NotSupported(f"no proof of {left} = {right} was found")

    def _plain(self, a: Builder, b: Builder, meet: Meet) -> bool:
        """Without the theorems about derivatives, which may stand on both sides."""
        return bool(self.lemmas) and meet(a, b)

    def _derived(self, a: Builder, b: Builder, meet: Meet) -> bool:
        for build in (a, b):
            self._put_derivatives(build)
        return meet(a, b)

    def _summed(self, a: Builder, b: Builder, meet: Meet) -> bool:
        """With double sums in place of gradients by parameters."""
        return self._with_forms(a, b, [by_sums(self.problem, node) for node in self.lemmas], meet)

    def _finished(self, a: Builder, b: Builder, meet: Meet) -> bool:
        """With gradients in the form in which the calculus answers."""
        return self._with_forms(a, b, [in_full(self.problem, node) for node in self.lemmas], meet)

    def _with_forms(
        self, a: Builder, b: Builder, forms: list[tuple[Theorem, ...]], meet: Meet
    ) -> bool:
        """With further theorems about the derivatives, first; ``forms`` may be empty ones."""
        found = [theorems for theorems in forms if theorems]
        if not found:
            return False
        for build in (a, b):
            for theorems in found:
                put(build, theorems[-1], self.fixed)
            self._put_derivatives(build)
        if not meet(a, b):
            return False
        self.helpers.extend(th for theorems in found for th in theorems)
        return True

    def _vanishing(self, a: Builder, b: Builder, meet: Meet) -> bool:
        """With the adjoints that are zero past an index at which a definition ends."""
        if self.nested:
            return False
        found = [th for head, end in self._ends() if (th := self._zero(head, end)) is not None]
        if not found:
            return False
        self.zeros.extend(found)
        done = self._derived(a, b, meet)
        self.zeros.clear()
        if done:
            self.helpers.extend(found)
        return done

    def _ends(self) -> list[tuple[Elem, Expr]]:
        """The adjoints of the states, and the indices inside their range where cases end."""
        theory, out = self.theory, []
        heads = [d.head for d in theory.definitions if d.key in self.adjoints]
        for d in theory.definitions:
            for f in d.facts:
                if d.index is None or factor_of(f, d.index) != -1:
                    continue
                end = (f + d.index).expand()
                for head in heads:
                    inside = entails(theory.facts, end - 1)
                    if isinstance(head, Elem) and inside and end != self.problem.length:
                        out.append((head, end))
        return list(dict.fromkeys(out))

    def _zero(self, head: Elem, end: Expr) -> Theorem | None:
        """``head = 0`` past the end, by induction from the last index down."""
        t, length = head.index, self.problem.length
        if length is None or not t.is_Symbol:
            return None
        facts, zero = (t - end - 1, length - t), Zero(*head.shape)
        try:
            proof = replace(self, nested=True).inductive(head, zero, facts, t, length)
        except NotSupported:
            return None
        id = f"zero:{head.name}:{end}"
        return Theorem(id, head, zero, proof, facts, title="no dependence", subject=(head,))

    def _put_derivatives(self, build: Builder) -> None:
        for theorems in self.lemmas.values():
            put(build, theorems[-1], self.fixed)

    def _near(self, a: Builder, b: Builder) -> bool:
        """Without unfolding states, and comparing only lines about the same quantities."""
        return self._agree(a, b, self._first(), None, alike=True)

    def _first(self) -> tuple[Stage, ...]:
        within = self._within
        alone = (nothing, rejoin, outputs, split_nonempty, within, self._powers, norms, entries)
        return tuple(map(self._of_each, alone))

    def _meet(self, a: Builder, b: Builder, known: tuple[Term, Term] | None = None) -> bool:
        """Unfolds both sides stage by stage until their canonical forms agree.

        States may be unfolded forward in time, adjoints backward; each is tried by itself first.
        ``known`` is the induction hypothesis.
        """
        first = self._first()
        if known is not None:  # what an induction has split off stays so
            first = (first[0], *first[2:])
        within = self._of_each(self._within)
        forward: tuple[Stage, ...] = (self._forward, within)
        backward: tuple[Stage, ...] = (self._backward, self._of_each(outputs), within)
        if self._agree(a, b, first, known):
            return True
        begun = [build.mark() for build in (a, b)]
        for stages in (forward * 2, backward * 2, (*backward, *forward)):
            for build, mark in zip((a, b), begun, strict=True):
                build.reset(mark)
            if self._agree(a, b, stages, known):
                return True
        return False

    def _agree(
        self, a: Builder, b: Builder, stages: tuple[Stage, ...], known: tuple[Term, Term] | None,
        alike: bool = False,
    ) -> bool:  # fmt: skip
        """Whether the sides agree after one of the stages."""
        compared: tuple[Term, Term] | None = None
        try:
            for stage in stages:
                stage(a, b)
                effort.spend(nodes_in(a.line) + nodes_in(b.line))
                for build in (a, b):
                    for theorem in self.zeros:
                        put(build, theorem, self.fixed)
                    self._move(build, "normal", self._normalize)
                if known is not None:
                    put_hypothesis(a, *known)
                if max(map(nodes_in, (a.line, b.line))) > _MAX_NODES:
                    return False
                if (a.line, b.line) == compared:
                    continue
                compared = a.line, b.line
                if alike and vocabulary(a.line) != vocabulary(b.line):
                    continue
                if equal(a.line, b.line, a.facts):
                    return True
        except NotSupported:  # the lines grow beyond what can be compared
            return False
        return False

    def _move(self, build: Builder, what: Hashable, action: Callable[[Builder], object]) -> None:
        """Does what depends on the line alone, and was done before for many a line."""
        own = self.theory is self.problem.theory
        self.problem.replay.move(build, (what, own), action)

    def _of_each(self, move: Callable[[Builder], object]) -> Stage:
        """The stage that makes the move on both sides."""

        def stage(a: Builder, b: Builder) -> None:
            for build in (a, b):
                self._move(build, (move.__name__, self._stay), move)

        return stage

    @property
    def _stay(self) -> frozenset[str]:
        return frozenset(self.states | self.adjoints)

    def _normalize(self, build: Builder) -> None:
        normalize(build, self.assumptions, self.fixed)

    def _within(self, build: Builder) -> None:
        """Everything but the states."""
        stay = self._stay
        unfold(build, lambda x: x.key not in stay)

    def _powers(self, build: Builder) -> None:
        """Powers that vanish by assumption."""
        vanishing_powers(build, self.assumptions)

    def _forward(self, *builders: Builder) -> None:
        """The states of the latest step, once."""
        self._unfold_states(builders, self.states, later=True)

    def _backward(self, *builders: Builder) -> None:
        """The adjoints of the earliest step, once."""
        self._unfold_states(builders, self.adjoints, later=False)

    def _unfold_states(
        self, builders: tuple[Builder, ...], states: set[str], later: bool
    ) -> None:  # fmt: skip
        leaves = frontier(builders, states, later)
        for build in builders:
            self._move(build, ("once", *leaves), lambda one: unfold_once(one, leaves))

    # ------------------------------------------------------------ induction

    def inductive(
        self, left: Term, right: Term, facts: Facts, variable: Symbol, start: Expr
    ) -> Induction:
        known = (*self.theory.facts, *facts)
        step = next((s for s in (1, -1) if entails(known, s * (variable - start))), 0)
        if step == 0:
            raise NotSupported(f"the range of {variable} is not on one side of {start}")
        at_start, at_next = {variable: start}, {variable: variable + step}
        base = self.direct(
            substitute(left, at_start),
            substitute(right, at_start),
            tuple(substitute(f, at_start) for f in facts),
        )
        next_facts = (*facts, *(substitute(f, at_next) for f in facts))
        a, b = (
            Builder(self.theory, substitute(side, at_next), next_facts) for side in (left, right)
        )
        for build in (a, b):
            spread_binomials(build, variable + step)
            split_end(build, variable + step, step)
        self._towards(a, left, facts)
        for path, _ in list(visible(a.line, lambda x: x == left)):
            a.hypothesis(path, right)
        if not self._meet(a, b, (left, right)):
            raise NotSupported(f"the induction step of {left} = {right} was not proved")
        return Induction(variable, start, base, joined(a, b), step)

    def _towards(self, build: Builder, left: Term, facts: Facts) -> None:
        """Unfolds the line until the left side stands in it, or what that stands for."""
        if _contains(build, left):
            return
        helper = self._meaning(left, facts)
        self._put_derivatives(build)
        stay = self.states | self.adjoints
        for _ in range(3):
            for move in (
                lambda: unfold(build, lambda x: x.key not in stay),
                lambda: self._backward(build),
                lambda: self._forward(build),
            ):
                move()
                diagonal_entries(build)
                build.tidy()
                for path, _ in list(visible(build.line, lambda x: x == helper.right)):
                    build.lemma(helper, path, reverse=True)
                if _contains(build, left):
                    self.helpers.append(helper)
                    return

    def _meaning(self, left: Term, facts: Facts) -> Theorem:
        """The left side within its own step."""
        build = Builder(self.theory, left, facts)
        self._put_derivatives(build)
        unfold(build, lambda x: x.key not in self.states | self.adjoints)
        build.tidy()
        id = f"meaning:{len(self.helpers)}"
        return Theorem(id, left, build.line, build.chain(), facts, title="meaning", subject=())


def _contains(build: Builder, term: Term) -> bool:
    return next(visible(build.line, lambda x: x == term), None) is not None
