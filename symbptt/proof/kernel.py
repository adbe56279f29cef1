"""The checking kernel: it accepts a development or raises ProofError. Trusted.

For every theorem it replays the proof. A step is accepted when, at its place, (1) a rule's side
matches and its conditions follow from the facts there, (2) a definition holds at that index and
in that frame, (3) an earlier theorem or the induction hypothesis applies, (4) a differential
vanishes, or (5) both terms have one canonical form; and when the line that results is the line
that the proof states. Nothing here searches, and nothing here imports ``calculus``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sympy import Expr, Symbol

from symbptt.core.canonical import equal
from symbptt.core.dependence import check_theory, is_defined, is_given, vanishes
from symbptt.core.errors import ProofError, SymbpttError
from symbptt.core.indices import differ, entails, equal_index, index_symbol
from symbptt.core.terms import (
    D, Elem, Gradient, Param, Partial, Plus, Shock, Term, Trace, Vec, When, Zero, _Nary,
)  # fmt: skip
from symbptt.core.theory import ALL, Definition, Frame, Theory
from symbptt.core.traverse import Path, contains, context, find, replace, substitute
from symbptt.rules import rule

from .match import instantiate, instantiate_index, match
from .objects import Chain, Development, Identification, Induction, Step, Theorem

Facts = tuple[Expr, ...]


@dataclass(frozen=True)
class _Place:
    """Where a step acts: what may be used there, and what the step says comes out."""

    theory: Theory
    known: Mapping[str, Theorem]
    frame: Frame
    facts: Facts
    hypothesis: tuple[Term, Term] | None
    inside_d: bool
    stated: Term


def check(development: Development) -> None:
    """Accepts a development or raises ProofError with the theorem and the step."""
    _guarded("theory", check_theory, development.theory)
    known: dict[str, Theorem] = {}
    for theorem in development.theorems:
        if theorem.id in known:
            raise ProofError(f"two theorems are called {theorem.id!r}")
        _guarded(f"theorem {theorem.id}", _check_theorem, theorem, development.theory, known)
        known[theorem.id] = theorem


def _guarded(where: str, action: object, *arguments: object) -> None:
    try:
        action(*arguments)  # type: ignore[operator]
    except SymbpttError as error:
        raise ProofError(f"{where}: {error.message}") from error


def _check_theorem(theorem: Theorem, theory: Theory, known: Mapping[str, Theorem]) -> None:
    if theorem.left.shape != theorem.right.shape:
        raise ProofError("the two sides have different shapes")
    _check_scope(theorem, theory)
    proof = theorem.proof
    if isinstance(proof, Chain):
        _check_chain(theorem, proof, theory, known, None)
    elif isinstance(proof, Induction):
        _check_induction(theorem, proof, theory, known)
    elif isinstance(proof, Identification):
        _check_identification(theorem, proof, theory, known)
    elif not any(
        (a.name, a.left, a.right, a.facts) == (proof.name, theorem.left, theorem.right, theorem.facts)
        for a in theory.assumptions
    ):
        raise ProofError(f"{proof.name!r} is not an assumption of the theory")


def _check_scope(theorem: Theorem, theory: Theory) -> None:
    """A bound index must not carry the name of a free one: the facts would apply to both."""
    outer = set().union(
        theorem.left.free_symbols, theorem.right.free_symbols,
        *(f.free_symbols for f in (*theorem.facts, *theory.facts)),
    )  # fmt: skip
    steps = theorem.proof.steps if isinstance(theorem.proof, Chain) else ()
    for line in (theorem.left, theorem.right, *(s.result for s in steps)):
        _check_bound(line, outer)


def _check_bound(term: Term, outer: set[Symbol]) -> None:
    for _, ranged in find(term, lambda x: hasattr(x, "bound")):
        if ranged.bound in outer:
            raise ProofError(f"the bound index {ranged.bound} is also a free index")


def _check_chain(
    theorem: Theorem,
    chain: Chain,
    theory: Theory,
    known: Mapping[str, Theorem],
    hypothesis: tuple[Term, Term] | None,
) -> None:
    """left -> ... -> right, each line obtained from the one before."""
    line, facts = theorem.left, (*theory.facts, *theorem.facts)
    for number, step in enumerate(chain.steps, 1):
        try:
            line = _apply(step, line, facts, theory, known, theorem.frame, hypothesis)
        except SymbpttError as error:
            raise ProofError(f"step {number} ({step.by} {step.name}): {error.message}") from error
    if line != theorem.right and not equal(line, theorem.right, facts):
        raise ProofError(f"the proof ends in {line}, not in {theorem.right}")


def _apply(
    step: Step,
    line: Term,
    facts: Facts,
    theory: Theory,
    known: Mapping[str, Theorem],
    frame: Frame,
    hypothesis: tuple[Term, Term] | None,
) -> Term:
    """The line after the step, which must be the line that the step states."""
    nodes = [_follow(line, step.path[:i]) for i in range(len(step.path) + 1)]
    if not all(isinstance(x, Term) for x in nodes):
        raise ProofError("the path does not lead to a term")
    if any(isinstance(x, Partial | Gradient | Shock) for x in nodes[:-1]):
        raise ProofError("nothing is rewritten inside a derivative")
    inner, bound = context(line, step.path)
    if len(set(bound)) < len(bound) or set(bound) & {s for f in facts for s in f.free_symbols}:
        raise ProofError("a bound index hides another index of the same name")
    inside = any(isinstance(x, D) for x in nodes[:-1])
    node, stated = nodes[-1], _follow(step.result, step.path)
    target, before, after = node, (), ()
    if step.span is not None:
        target, before, after = _cut(node, *step.span)
        stated = _cut(stated, step.span[0], len(stated.args) - len(after))[0]
    if step.by not in _STEPS:
        raise ProofError(f"unknown kind of step {step.by!r}")
    place = _Place(theory, known, frame, (*facts, *inner), hypothesis, inside, stated)
    new = _STEPS[step.by](step, target, place)
    if new.shape != target.shape:
        raise ProofError("the step changes the shape")
    whole = replace(line, step.path, type(node)(*before, new, *after) if step.span else new)
    if whole != step.result and not equal(whole, step.result, facts):
        raise ProofError(f"the step gives {whole}, but the proof states {step.result}")
    return step.result


def _follow(term: Term, path: Path) -> Term:
    """The subterm of a line at a path."""
    for position in path:
        if not isinstance(term, Term) or not 0 <= position < len(term.args):
            raise ProofError("the path does not lead to a term")
        term = term.args[position]
    return term


def _cut(node: Term, first: int, last: int) -> tuple[Term, tuple[Term, ...], tuple[Term, ...]]:
    """The operands first..last-1 of a sum or product, those before and those after."""
    if not isinstance(node, _Nary) or not 0 <= first < last <= len(node.args):
        return node, (), ()
    return type(node)(*node.args[first:last]), node.args[:first], node.args[last:]


def _by_rule(step: Step, target: Term, place: _Place) -> Term:
    """Forward, the left side matches the term; in reverse, it matches what comes out."""
    row = rule(step.name)
    start = {index_symbol(k): e for k, e in step.bind}
    bindings = match(row.left, place.stated if step.reverse else target, start)
    for condition in row.conditions:
        need = instantiate_index(condition, bindings)
        if not entails(place.facts, need):
            raise ProofError(f"the condition {need} >= 0 of {row.name} does not follow")
    if place.inside_d and (contains(row.left, D) or contains(row.right, D)):
        raise ProofError("a rule about d(.) is used inside d(.)")
    new: Term = instantiate(row.right, bindings)
    if not step.reverse:
        return new
    if new != target and not equal(new, target, place.facts):
        raise ProofError(f"{row.name} makes {new} of {place.stated}, not {target}")
    return place.stated


def _definition(step: Step, place: _Place) -> tuple[Term, Term]:
    """Head and body of the definition at the step's index, after all that must hold there."""
    index = dict(step.bind).get("index")
    for d in place.theory.defined(step.name):
        mapping = {} if d.index is None else {d.index: index}
        if index is None and mapping:
            raise ProofError("a definition with a range needs an index")
        if all(entails(place.facts, substitute(f, mapping)) for f in d.facts):
            _check_frame(d, index, place)
            return substitute(d.head, mapping), substitute(d.body, mapping)
    raise ProofError(f"{step.name} is not defined at the index {index}: outside its range")


def _check_frame(d: Definition, index: Expr | None, place: _Place) -> None:
    """Under d(.) a definition must also hold while the frame varies."""
    if not place.inside_d:
        return
    frame = place.frame
    if isinstance(d.head, Elem) and d.name in frame.shocks:
        raise ProofError(f"{d.name} carries a shock; unfold d({d.name}) as a whole")
    if d.head in frame.vary:
        raise ProofError(f"{d.name} is set free; its definition does not hold under d")
    if index is None:
        return
    for x in frame.vary:
        if isinstance(x, Elem) and x.key == d.key and x.index != ALL:
            if not differ(place.facts, x.index, index):
                raise ProofError(f"{d.name} is set free at {x.index}; its definition fails there")
    if frame.step is not None and not equal_index(place.facts, index, frame.step):
        raise ProofError(f"{d.name} is held fixed at {index} in an immediate derivative")


def _by_unfold(step: Step, target: Term, place: _Place) -> Term:
    head, body = _definition(step, place)
    if head != target:
        raise ProofError(f"{target} is not {head}")
    return body


def _by_fold(step: Step, target: Term, place: _Place) -> Term:
    head, body = _definition(step, place)
    if body != target and not equal(body, target, place.facts):
        raise ProofError(f"{target} is not the definition of {head}")
    return head


def _by_shock(step: Step, target: Term, place: _Place) -> Term:
    if step.name.removesuffix("[]") not in place.frame.shocks or place.inside_d:
        raise ProofError(f"{step.name} carries no shock here")
    bare = Frame(place.frame.vary, (), place.frame.step)
    outside = _Place(place.theory, place.known, bare, place.facts, None, True, place.stated)
    head, body = _definition(step, outside)
    if target != D(head) or not isinstance(head, Elem):
        raise ProofError(f"{target} is not d({head})")
    return Plus(D(body), Shock(head))


def _by_lemma(step: Step, target: Term, place: _Place) -> Term:
    lemma = place.known.get(step.name)
    if lemma is None:
        raise ProofError(f"{step.name!r} is not an earlier theorem")
    mapping = {index_symbol(k): e for k, e in step.bind}
    for fact in lemma.facts:
        if not entails(place.facts, substitute(fact, mapping)):
            raise ProofError(f"the condition {substitute(fact, mapping)} >= 0 does not follow")
    if place.inside_d:
        raise ProofError("a theorem is used inside d(.)")
    left, right = substitute(lemma.left, mapping), substitute(lemma.right, mapping)
    if contains(left, D) or contains(right, D) or contains(left, Shock) or contains(right, Shock):
        if _instance(lemma.frame, mapping) != place.frame:
            raise ProofError(f"{step.name} is about another frame")
    return _replace_side(left, right, target, step, place)


def _instance(frame: Frame, mapping: dict[Symbol, Expr]) -> Frame:
    vary = tuple(substitute(x, mapping) for x in frame.vary)
    return Frame(vary, frame.shocks, None if frame.step is None else frame.step.xreplace(mapping))


def _replace_side(left: Term, right: Term, target: Term, step: Step, place: _Place) -> Term:
    if step.reverse:
        left, right = right, left
    if left != target and not equal(left, target, place.facts):
        raise ProofError(f"{target} is not {left}")
    return right


def _by_hypothesis(step: Step, target: Term, place: _Place) -> Term:
    if place.hypothesis is None:
        raise ProofError("there is no induction hypothesis here")
    if place.inside_d:
        raise ProofError("the hypothesis is used inside d(.)")
    return _replace_side(*place.hypothesis, target, step, place)


def _by_vanish(step: Step, target: Term, place: _Place) -> Term:
    if not isinstance(target, D) or not vanishes(
        target.args[0], place.frame, place.theory, place.facts
    ):
        raise ProofError(f"{target} does not vanish: something that varies may reach it")
    return Zero(*target.shape)


def _by_algebra(step: Step, target: Term, place: _Place) -> Term:
    if not equal(target, place.stated, place.facts):
        raise ProofError(f"{target} and {place.stated} have different canonical forms")
    return place.stated


_STEPS = {
    "rule": _by_rule, "unfold": _by_unfold, "fold": _by_fold, "shock": _by_shock,
    "lemma": _by_lemma, "hypothesis": _by_hypothesis, "vanish": _by_vanish,
    "algebra": _by_algebra,
}  # fmt: skip


def _check_induction(
    theorem: Theorem, proof: Induction, theory: Theory, known: Mapping[str, Theorem]
) -> None:
    """Every admissible value is reached from the start by steps of one."""
    v, start, direction = proof.variable, proof.start, proof.direction
    if direction not in (1, -1) or v in start.free_symbols or v not in {
        s for f in theorem.facts for s in f.free_symbols
    }:
        raise ProofError("the induction has no range")
    if any(v in x.free_symbols for x in theorem.frame.vary) or theorem.frame.step == v:
        raise ProofError("the frame must not depend on the induction variable")
    at_start, at_next = {v: start}, {v: v + direction}
    facts = (*theory.facts, *theorem.facts)
    if not entails(facts, (v - start) * direction):
        raise ProofError(f"the range of {v} is not on one side of the start {start}")
    base_facts = tuple(substitute(f, at_start) for f in theorem.facts)
    base = Theorem(
        theorem.id, substitute(theorem.left, at_start), substitute(theorem.right, at_start),
        proof.base, base_facts, theorem.frame,
    )  # fmt: skip
    _check_scope(base, theory)
    _check_chain(base, proof.base, theory, known, None)
    next_facts = tuple(substitute(f, at_next) for f in theorem.facts)
    reached = (*theory.facts, *next_facts, ((v - start) * direction).expand())
    for fact in theorem.facts:
        if not entails(reached, fact):
            raise ProofError(f"the range has a gap: {fact} >= 0 need not hold one step before")
    step = Theorem(
        theorem.id, substitute(theorem.left, at_next), substitute(theorem.right, at_next),
        proof.step, (*theorem.facts, *next_facts), theorem.frame,
    )  # fmt: skip
    _check_scope(step, theory)
    _check_chain(step, proof.step, theory, known, (theorem.left, theorem.right))


def _check_identification(
    theorem: Theorem, proof: Identification, theory: Theory, known: Mapping[str, Theorem]
) -> None:
    """d y = R with R linear in the change of wrt, all other changes set to zero."""
    source, goal, wrt = known.get(proof.source), theorem.left, proof.wrt
    if source is None:
        raise ProofError(f"{proof.source!r} is not an earlier theorem")
    facts = (*theory.facts, *theorem.facts)
    if not all(entails(facts, f) for f in source.facts):
        raise ProofError("the source holds under further conditions")
    if not isinstance(goal, Gradient | Partial) or source.left != D(goal.args[0]):
        raise ProofError("the source is not the differential of what is derived")
    if goal.args[1] != wrt or not isinstance(wrt, Param | Elem):
        raise ProofError("the derivative is with respect to something else")
    if isinstance(goal, Partial) and (goal.mode == "immediate") != (source.frame.step is not None):
        raise ProofError("total and immediate derivatives are mixed")
    if isinstance(goal, Gradient) and source.frame.step is not None:
        raise ProofError("a gradient is a total derivative")
    if source.frame.step is not None and not (
        isinstance(goal.args[0], Elem)
        and equal_index(facts, goal.args[0].index, source.frame.step)
    ):
        raise ProofError("the immediate derivative belongs to another step")
    if contains(theorem.right, D) or contains(theorem.right, Shock):
        raise ProofError("the derivative still contains a differential")
    seed = _seed(wrt, source.frame, theory, facts)
    change = _isolate(source.right, seed, source.frame, theory, facts)
    if isinstance(goal, Gradient):
        mine: Term = Trace(theorem.right.T @ seed)
        theirs = change
    else:
        mine, theirs = theorem.right @ Vec(seed), Vec(change)
    if not equal(mine, theirs, facts):
        raise ProofError(f"{theorem.right} is not the coefficient of {seed} in {source.right}")


def _seed(wrt: Param | Elem, frame: Frame, theory: Theory, facts: Facts) -> Term:
    """The symbol for an arbitrary change of wrt in the frame."""
    if _varies(D(wrt), frame, theory, facts):
        return D(wrt)
    if isinstance(wrt, Elem) and wrt.name in frame.shocks and is_defined(wrt, theory, facts):
        return Shock(wrt)
    raise ProofError(f"{wrt} does not vary in this frame")


def _varies(change: Term, frame: Frame, theory: Theory, facts: Facts) -> bool:
    """Whether d(leaf) or Shock(element) is an independent change in the frame."""
    leaf = change.args[0]
    if isinstance(change, Shock):
        return isinstance(leaf, Elem) and leaf.name in frame.shocks
    if isinstance(leaf, Elem) and Elem(leaf.args[0], ALL, *leaf.shape) in frame.vary:
        return is_given(leaf, theory, facts)
    return leaf in frame.vary


def _isolate(term: Term, seed: Term, frame: Frame, theory: Theory, facts: Facts) -> Term:
    """The term with every independent change but the seed set to zero."""
    if isinstance(term, D | Shock):
        if not _varies(term, frame, theory, facts):
            raise ProofError(f"{term} is not expressed through what varies")
        leaf, target = term.args[0], seed.args[0]
        if term == seed:
            return term
        if type(term) is type(seed) and isinstance(leaf, Elem) and isinstance(target, Elem):
            if leaf.name == target.name:
                gap = leaf.index - target.index
                return When(seed, gap, -gap)
        return Zero(*term.shape)
    inner = (*facts, *context(term, (0,))[0]) if term.children else facts
    return term.func(
        *(_isolate(a, seed, frame, theory, inner) if isinstance(a, Term) else a for a in term.args)
    )
