"""Proving a stated equation: both sides are rewritten towards each other, or by induction.

Derivatives in the statement are derived first. Then definitions are unfolded stage by stage on
both sides (quantities within a step, then the states of the latest step) until the canonical
forms agree; the rewriting of the right side is replayed backward. For an induction the last
factors and summands are split off before that, and the hypothesis is put in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from sympy import Expr, Symbol

from symbptt.core.canonical import equal
from symbptt.core.errors import NotSupported, ProofError
from symbptt.core.indices import entails
from symbptt.core.terms import (
    Elem, Gradient, OrderedProduct, Param, Partial, Power, SumOver, Term, _Nary,
)  # fmt: skip
from symbptt.core.theory import Theory
from symbptt.core.traverse import Path, find, substitute, subterm
from symbptt.proof.objects import Chain, Development, Induction, Step, Theorem

from .builder import Builder
from .derive import Problem, Result, derive

Facts = tuple[Expr, ...]
_MAX_STEPS = 60


def prove(
    problem: Problem,
    left: Term,
    right: Term,
    facts: Facts = (),
    induction: tuple[Symbol, Expr] | None = None,
) -> Result:
    """A development whose last theorem is ``left = right`` for all indices with the facts.

    ``induction`` is a variable and the value it starts from. Raises NotSupported where no proof
    is found; that says nothing about the truth of the statement.
    """
    lemmas = _derivatives(problem, (left, right))
    theory = next((r.development.theory for r in lemmas.values()), problem.theory)
    proof = (
        _direct(theory, problem, left, right, facts, lemmas)
        if induction is None
        else _inductive(theory, problem, left, right, facts, lemmas, *induction)
    )
    theorem = Theorem("claim", left, right, proof, facts, title="claim", subject=())
    used = {th.id: th for r in lemmas.values() for th in r.development.theorems}
    return Result(Development(theory, (*used.values(), theorem)), ("claim",))


def _derivatives(problem: Problem, sides: tuple[Term, ...]) -> dict[Term, Result]:
    """A derivation for every derivative that the statement mentions."""
    out: dict[Term, Result] = {}
    for side in sides:
        for _, node in find(side, lambda x: isinstance(x, Partial | Gradient)):
            if node not in out:
                out[node] = derive(problem, node)
    return out


def _direct(
    theory: Theory,
    problem: Problem,
    left: Term,
    right: Term,
    facts: Facts,
    lemmas: dict[Term, Result],
) -> Chain:
    a, b = (Builder(theory, side, facts) for side in (left, right))
    for builder in (a, b):
        for theorem in (r.main for r in lemmas.values()):
            _everywhere(builder, theorem)
    if _meet(a, b, problem):
        return _joined(a, b)
    raise NotSupported(f"no proof of {left} = {right} was found")


def _everywhere(build: Builder, theorem: Theorem) -> None:
    for path, _ in list(find(build.line, lambda x: x == theorem.left)):
        facts = build.facts_at(path)
        if not all(entails(facts, f) for f in theorem.facts):
            raise NotSupported(
                f"{theorem.left} is known only under conditions that the statement does not give"
            )
        build.lemma(theorem, path)


def _meet(a: Builder, b: Builder, problem: Problem) -> bool:
    """Unfolds both sides stage by stage until their canonical forms agree."""
    for stage in _stages(problem):
        for builder in (a, b):
            stage(builder)
        if equal(a.line, b.line, a.facts):
            return True
    return False


def _stages(problem: Problem) -> Iterator[Callable[[Builder], None]]:
    states = {f"{z}[]" for z in problem.main}
    yield lambda build: None
    yield _split_nonempty
    yield lambda build: _unfold(build, lambda x: x.key not in states)
    yield lambda build: _unfold_latest(build, states)
    yield lambda build: _unfold(build, lambda x: x.key not in states)


def _unfold(build: Builder, wanted: Callable[[Elem | Param], bool]) -> None:
    for _ in range(_MAX_STEPS):
        for path, leaf in find(build.line, lambda x: isinstance(x, Elem | Param)):
            if build.theory.defined(leaf.key) and wanted(leaf):
                try:
                    build.unfold(path)
                except ProofError:
                    continue
                break
        else:
            return
    raise NotSupported("the definitions unfold without end")


def _unfold_latest(build: Builder, states: set[str]) -> None:
    """Unfolds the states of the latest step, once."""
    leaves = [x for _, x in find(build.line, lambda x: isinstance(x, Elem) and x.key in states)]
    latest = {
        x for x in leaves
        if all(not entails(build.facts, y.index - x.index - 1) for y in leaves)
    }  # fmt: skip
    for leaf in latest:
        for path, _ in list(find(build.line, lambda x, z=leaf: x == z)):
            try:
                build.unfold(path)
            except ProofError:
                return


def _joined(a: Builder, b: Builder) -> Chain:
    """left -> ... -> meeting point -> ... -> right, the second half replayed backward."""
    a.algebra(b.line, reason="both sides agree")
    lines = [b.first, *(s.result for s in b.steps)]
    back = [_reversed(step, lines[i]) for i, step in reversed(list(enumerate(b.steps)))]
    return Chain((*a.steps, *back))


def _reversed(step: Step, line: Term) -> Step:
    """The step that undoes a step, leading back to the line it started from."""
    step = _widened(step, line)
    if step.by == "unfold":
        return replace(step, by="fold", result=line)
    if step.by == "fold":
        return replace(step, by="unfold", result=line)
    if step.by in ("rule", "lemma", "hypothesis"):
        return replace(step, reverse=not step.reverse, result=line)
    return replace(step, result=line)


def _widened(step: Step, line: Term) -> Step:
    """The step with its place in the line that it produced.

    What a step puts into a sum or product of its own kind is flattened into it, so that it stands
    there as a span of operands.
    """
    if not step.path:
        return step
    before, after = subterm(line, step.path[:-1]), subterm(step.result, step.path[:-1])
    grown = len(after.args) - len(before.args)
    if not isinstance(before, _Nary) or grown == 0:
        return step
    first = step.path[-1]
    return replace(step, path=step.path[:-1], span=(first, first + grown + 1))


def _inductive(
    theory: Theory,
    problem: Problem,
    left: Term,
    right: Term,
    facts: Facts,
    lemmas: dict[Term, Result],
    variable: Symbol,
    start: Expr,
) -> Induction:
    at_start, at_next = {variable: start}, {variable: variable + 1}
    base_facts = tuple(substitute(f, at_start) for f in facts)
    base = _direct(
        theory, problem, substitute(left, at_start), substitute(right, at_start), base_facts, lemmas
    )
    next_facts = (*facts, *(substitute(f, at_next) for f in facts))
    a, b = (Builder(theory, substitute(side, at_next), next_facts) for side in (left, right))
    for builder in (a, b):
        _split_last(builder, variable)
    states = {f"{z}[]" for z in problem.main}
    if not _contains(a, left):
        _unfold_latest(a, states)
    for path, _ in list(find(a.line, lambda x: x == left)):
        a.hypothesis(path, right)
    if not _meet(a, b, problem):
        raise NotSupported(f"the induction step of {left} = {right} was not proved")
    return Induction(variable, start, base, _joined(a, b))


def _contains(build: Builder, term: Term) -> bool:
    return next(find(build.line, lambda x: x == term), None) is not None


def _split_last(build: Builder, variable: Symbol) -> None:
    """Splits off the last summand, factor or power wherever a range ends at variable + 1."""
    rows = ((SumOver, "series-last"), (OrderedProduct, "product-last"), (Power, "power-left"))
    for _ in range(_MAX_STEPS):
        for path, node in find(build.line, lambda x: isinstance(x, tuple(c for c, _ in rows))):
            end = node.exponent if isinstance(node, Power) else node.hi
            name = next(n for c, n in rows if isinstance(node, c))
            if end == variable + 1 and _splits(build, name, path):
                break
        else:
            return
    raise NotSupported("the ranges split without end")


def _split_nonempty(build: Builder) -> None:
    """Splits the last factor off every ordered product that certainly has one."""
    for _ in range(_MAX_STEPS):
        for path, node in find(build.line, lambda x: isinstance(x, OrderedProduct)):
            if entails(build.facts_at(path), node.hi - node.lo):
                build.rule("product-last", path)
                break
        else:
            return
    raise NotSupported("the products split without end")


def _splits(build: Builder, name: str, path: Path) -> bool:
    try:
        build.rule(name, path)
    except ProofError:
        return False
    return True
