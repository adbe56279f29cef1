"""What a derivation starts from and what it gives: a problem, and a result."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from sympy import Expr, Integer, Symbol

from symbptt.core.errors import NotSupported, SymbpttError
from symbptt.core.indices import contradictory, entails, index_symbol
from symbptt.core.terms import Elem, Term
from symbptt.core.theory import Assumption, Definition, Given, Theory
from symbptt.core.traverse import substitute
from symbptt.proof.objects import Development, Theorem

from .adjoint import AdjointSystem, Loss, adjoint_system
from .replaying import Replay

Facts = tuple[Expr, ...]
_KEPT = 512  # derivations of a problem


@dataclass(frozen=True)
class Problem:
    """What is derived about: a theory, its loss, its recurrent sequences and its length.

    ``shared`` are the lemmas of a differential in which everything varies, for many gradients.
    """

    theory: Theory
    loss: Loss | None
    main: tuple[str, ...]
    length: Symbol | None
    shared: tuple[Theorem, ...] = field(default=(), compare=False, repr=False)
    _cache: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def system(self) -> AdjointSystem:
        """The adjoint system, made once."""
        if self.loss is None:
            raise NotSupported(
                "the model has no loss", hint="add a line such as L = \\sum_t L_t(h_t)"
            )
        loss = self.loss
        system = self.once("system", lambda: adjoint_system(self.theory, loss, self.main))
        return cast(AdjointSystem, system)

    @property
    def replay(self) -> Replay:
        """The moves that searches for proofs have made."""
        return cast(Replay, self.once("replay", Replay))

    def once(self, what: Hashable, make: Callable[[], Any]) -> Any:
        """What ``make`` gives, or raises as an error of its own, kept with the problem."""
        if what not in self._cache:
            if len(self._cache) >= _KEPT:
                self._cache.clear()
            try:
                self._cache[what] = make()
            except NotSupported as error:
                self._cache[what] = NotSupported(error.message, error.where, error.hint)
        found = self._cache[what]
        if isinstance(found, NotSupported):
            raise NotSupported(found.message, found.where, found.hint)
        return found

    def at_length(self, value: int) -> Problem:
        """The same problem with the length set to a number."""
        if self.length is None:
            raise SymbpttError("the model has no length to set")
        if value < 1:
            raise SymbpttError(f"a length is at least 1, not {value}")
        m = {self.length: Integer(value)}

        def subst(x: Term) -> Term:
            return substitute(x, m)  # type: ignore[no-any-return]

        def facts(fs: Facts) -> Facts:
            return tuple(f.xreplace(m) for f in fs)

        t = self.theory
        theory = Theory(
            t.params,
            tuple(Given(g.head, facts(g.facts)) for g in t.givens),
            tuple(Definition(d.head, subst(d.body), facts(d.facts)) for d in t.definitions),
            tuple(f for f in facts(t.facts) if not f.is_Integer),
            tuple(
                Assumption(a.name, subst(a.left), subst(a.right), facts(a.facts), a.relation)
                for a in t.assumptions
            ),
        )
        return Problem(theory, self.loss, self.main, None)


@dataclass(frozen=True)
class Result:
    """A development and the theorems in it that answer the question, in order."""

    development: Development
    answers: tuple[str, ...]

    @cached_property
    def theorems(self) -> tuple[Theorem, ...]:
        """The answering theorems."""
        return tuple(self.development.theorem(a) for a in self.answers)

    @property
    def main(self) -> Theorem:
        """The last answer: the quantity asked for."""
        return self.theorems[-1]


def index_facts(theory: Theory, x: Term) -> Facts:
    """The facts under which the element exists."""
    if not isinstance(x, Elem):
        return ()
    ranges = [(d.index, d.facts) for d in theory.defined(x.key) if d.index is not None]
    ranges += [(g.head.index, g.facts) for g in theory.givens if g.head.key == x.key]
    ranges.sort(key=lambda r: any(-f in r[1] for f in r[1]))  # boundary values last
    for index, facts in ranges:
        here = tuple(f.xreplace({index: x.index}) for f in facts)
        if contradictory((*theory.facts, *here)):
            continue
        return tuple(f for f in here if not entails(theory.facts, f))
    raise SymbpttError(f"{x} does not exist in the model")


def indices(avoid: Term, *names: str) -> list[Symbol]:
    """Index symbols of the given names, with other letters where the quantity uses them."""
    taken = {s.name for s in avoid.free_symbols if isinstance(s, Symbol)}
    out: list[Symbol] = []
    for name in names:
        pool = (name, "s", "r", "l", "p", "q", "u", "v")
        free = next(c for c in pool if c not in taken)
        taken.add(free)
        out.append(index_symbol(free))
    return out


def answered(theory: Theory, theorems: list[Theorem], answers: tuple[str, ...]) -> Result:
    unique = {th.id: th for th in theorems}
    return Result(Development(theory, tuple(unique.values())), answers)
