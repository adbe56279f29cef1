"""Builds a chain of proof steps: each method rewrites the current line and records the step.

Nothing here is trusted; the kernel replays what is recorded.
"""

from __future__ import annotations

from sympy import Expr, Symbol

from symbptt.core.dependence import vanishes
from symbptt.core.errors import ProofError
from symbptt.core.indices import differ, entails, index_symbol
from symbptt.core.scope import scope_of
from symbptt.core.terms import D, Elem, Param, Plus, Shock, Term, Zero, _Nary
from symbptt.core.theory import ALL, Definition, Frame, Theory
from symbptt.core.traverse import Path, apart, context, replace, substitute, subterm
from symbptt.proof.conditions import check_conditions
from symbptt.proof.match import instantiate, instantiate_index, match
from symbptt.proof.objects import Chain, Step, Theorem
from symbptt.proof.order import Signs
from symbptt.rules import rule

from .tidy import tidy


NOTHING = Frame()  # nothing varies


class Builder:
    """A chain under construction, from ``line`` on, with the facts and the frame it lives in."""

    def __init__(
        self, theory: Theory, line: Term, facts: tuple[Expr, ...] = (), frame: Frame = NOTHING
    ) -> None:
        self.theory, self.first, self.line, self.frame = theory, line, line, frame
        self.facts = (*theory.facts, *facts)
        self.steps: list[Step] = []
        self.taken = frozenset(
            s for x in (line, *facts, frame) for s in x.free_symbols if isinstance(s, Symbol)
        )  # what a bound index must not be called

    def mark(self) -> tuple[Term, int]:
        """The current line and the number of steps, to come back to."""
        return self.line, len(self.steps)

    def reset(self, mark: tuple[Term, int]) -> None:
        """Forgets what was done since a mark."""
        self.line = mark[0]
        del self.steps[mark[1] :]

    def chain(self) -> Chain:
        """The steps so far."""
        return Chain(tuple(self.steps))

    def facts_at(self, path: Path) -> tuple[Expr, ...]:
        """What is known at a place of the current line."""
        return (*self.facts, *context(self.line, path)[0])

    def _take(self, by: str, path: Path, new: Term, name: str = "", **more: object) -> None:
        span = more.get("span")
        if span is not None:
            node = subterm(self.line, path)
            first, last = span  # type: ignore[misc]
            new = type(node)(*node.args[:first], new, *node.args[last:])
        self.line = replace(self.line, path, new)
        self.steps.append(Step(by, path, self.line, name, **more))  # type: ignore[arg-type]

    def rule(
        self,
        name: str,
        path: Path,
        *,
        bind: dict[str, Expr] | None = None,
        span: tuple[int, int] | None = None,
    ) -> None:
        """Applies a rule at the place, from left to right."""
        row = rule(name)
        target = subterm(self.line, path)
        if span is not None:
            part = target.args[span[0] : span[1]]
            target = type(target)(*part) if len(part) > 1 else part[0]
        bound = {index_symbol(k): e for k, e in (bind or {}).items()}
        bindings = match(row.left, target, bound)
        for condition in row.conditions:
            if not entails(self.facts_at(path), instantiate_index(condition, bindings)):
                raise ProofError(f"{name} does not apply here")
        if row.premises:
            check_conditions(row, bindings, Signs(scope_of(self.theory), self.facts_at(path)))
        pairs = tuple((bind or {}).items())
        new = instantiate(row.right, bindings)
        self._take("rule", path, new, name, bind=pairs, span=span)

    def back(
        self, name: str, path: Path, new: Term, span: tuple[int, int] | None = None,
        bind: dict[str, Expr] | None = None,
    ) -> None:  # fmt: skip
        """Replaces the place by ``new``, from which the rule leads back to it."""
        pairs = tuple((bind or {}).items())
        self._take("rule", path, new, name, bind=pairs, reverse=True, span=span)

    def definition(self, leaf: Term, path: Path) -> Definition:
        """The definition that covers the element with the facts at the place."""
        assert isinstance(leaf, Elem | Param)
        for d in self.theory.defined(leaf.key):
            mapping = {} if d.index is None else {d.index: leaf.args[1]}
            facts = self.facts_at(path)
            if all(entails(facts, substitute(f, mapping)) for f in d.facts) and all(
                not isinstance(cut, Elem)
                or cut.index == ALL
                or cut.key != d.key
                or differ(facts, cut.args[1], leaf.args[1])
                for cut in self.frame.vary
            ):
                return d
        raise ProofError(f"{leaf.name} has no definition here")

    def unfold(self, path: Path) -> None:
        """Replaces an element by its definition; d of a shocked element gets its shock."""
        target = subterm(self.line, path)
        leaf = target.args[0] if isinstance(target, D) else target
        d = self.definition(leaf, path)
        mapping: dict[Symbol, Expr] = {} if d.index is None else {d.index: leaf.args[1]}
        body = apart(substitute(d.body, mapping), self.taken)
        bind = tuple(("index", e) for e in mapping.values())
        if isinstance(target, D) and isinstance(leaf, Elem) and leaf.name in self.frame.shocks:
            self._take("shock", path, Plus(D(body), Shock(leaf)), leaf.key, bind=bind)
        elif isinstance(target, D):
            self._take("unfold", (*path, 0), body, leaf.key, bind=bind)
        else:
            self._take("unfold", path, body, leaf.key, bind=bind)

    def fold(self, d: Definition, path: Path, head: Term, index: Expr | None) -> None:
        """Replaces the body of a definition at an index by its head."""
        self._take("fold", path, head, d.key, bind=() if index is None else (("index", index),))

    def vanish(self, path: Path) -> bool:
        """Replaces d(...) by zero if nothing that varies reaches it."""
        target = subterm(self.line, path)
        if not vanishes(target.args[0], self.frame, self.theory, self.facts_at(path)):
            return False
        self._take("vanish", path, Zero(*target.shape))
        return True

    def lemma(
        self,
        theorem: Theorem,
        path: Path,
        bind: dict[Symbol, Expr] | None = None,
        reverse: bool = False,
        span: tuple[int, int] | None = None,
    ) -> None:
        """Replaces one side of an earlier theorem by the other."""
        mapping = bind or {}
        new = substitute(theorem.left if reverse else theorem.right, mapping)
        pairs = tuple((s.name, e) for s, e in mapping.items())
        if span is not None and not isinstance(subterm(self.line, path), _Nary):
            span = None
        self._take("lemma", path, new, theorem.id, bind=pairs, reverse=reverse, span=span)

    def hypothesis(self, path: Path, new: Term, span: tuple[int, int] | None = None) -> None:
        """Uses the induction hypothesis: the subterm becomes ``new``."""
        self._take("hypothesis", path, new, span=span)

    def equation(self, path: Path, new: Term, name: str) -> None:
        """Applies a rule whose outcome is known."""
        self._take("rule", path, new, name)

    def bound(
        self,
        path: Path,
        new: Term,
        name: str,
        bind: dict[Symbol, Expr] | None = None,
        reverse: bool = False,
    ) -> None:
        """Puts a larger scalar, by the row, the theorem or (without a name) the hypothesis.

        ``reverse``: a smaller one, where the line falls with it.
        """
        pairs = tuple((s.name, e) for s, e in (bind or {}).items())
        self._take("bound", path, new, name, bind=pairs, reverse=reverse)

    def algebra(self, new: Term, path: Path = (), reason: str = "") -> None:
        """States a term of the same canonical form."""
        if subterm(self.line, path) != new:
            self._take("algebra", path, new, reason=reason)

    def tidy(self) -> None:
        """Drops zeros, units and satisfied conditions, if there are any."""
        self.algebra(tidy(self.line, self.facts))
