"""The checking kernel: it accepts a development or raises ProofError. Trusted.

For every theorem it replays the proof. A step is accepted when, at its place, (1) a rule's side
matches and its conditions follow from the facts there, (2) a definition holds at that index and
in that frame, (3) an earlier theorem or the induction hypothesis applies, (4) a differential
vanishes, or (5) both terms have one canonical form; and when the line that results is the line
that the proof states. In an inequality a step may also (6) put a larger scalar where the line
rises with it, or a smaller one where it falls. Nothing here searches or imports ``calculus``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from sympy import Expr, Symbol

from symbptt.core.canonical import equal
from symbptt.core.dependence import check_theory, vanishes
from symbptt.core.errors import ProofError, SymbpttError
from symbptt.core.indices import differ, entails, equal_index, index_symbol
from symbptt.core.scope import Scope, check_index
from symbptt.core.terms import D, Elem, Gradient, Param, Partial, Plus, Shock, Term, Zero, _Nary
from symbptt.core.theory import ALL, Assumption, Frame, Theory
from symbptt.core.traverse import Path, contains, context, substitute
from symbptt.core.traverse import replace as replace_at
from symbptt.rules import Rule, rule

from .conditions import check_conditions, other_side
from .identify import identify
from .match import instantiate, match
from .objects import Assumed, Chain, Development, Identification, Induction, Step, Theorem
from .order import Signs, increases

Facts = tuple[Expr, ...]
Bindings = dict[Symbol, Expr]


class _Place(NamedTuple):
    """Where a step acts: what may be used there, and which part of its line it states."""

    scope: Scope
    known: Mapping[str, Theorem]
    frame: Frame
    facts: Facts
    hypothesis: Theorem | None = None
    inside_d: bool = False
    stated: Callable[[], Term] = lambda: Zero(1)

    @property
    def signs(self) -> Signs:
        return Signs(self.scope, self.facts, tuple(self.known.values()))


def check(development: Development) -> None:
    """Accepts a development or raises ProofError with the theorem and the step."""
    _guarded("theory", check_theory, development.theory)
    for number in range(len(development.theorems)):
        _accepted(development.theory, development.theorems[: number + 1])


@lru_cache(maxsize=1024)
def _accepted(theory: Theory, theorems: tuple[Theorem, ...]) -> Mapping[str, Theorem]:
    """The theorems by their names, each proved from those before it; what is equal is, too."""
    *before, theorem = theorems
    scope, known = check_theory(theory), _accepted(theory, tuple(before)) if before else {}
    if theorem.id in known:
        raise ProofError(f"two theorems are called {theorem.id!r}")
    place = _Place(scope, known, theorem.frame, (*scope.theory.facts, *theorem.facts))
    _guarded(f"theorem {theorem.id}", _check_theorem, theorem, place)
    return {**known, theorem.id: theorem}


def _guarded(where: str, action: Callable[..., Any], *arguments: object) -> Any:
    try:
        return action(*arguments)
    except SymbpttError as error:
        raise ProofError(f"{where}: {error.message}") from error
    except RecursionError as error:
        raise ProofError(f"{where}: terms are nested too deeply") from error


def _check_theorem(theorem: Theorem, place: _Place) -> None:
    proof = theorem.proof
    _check_statement(theorem, place)
    if isinstance(proof, Chain):
        _check_chain(theorem, proof, place)
    elif isinstance(proof, Induction):
        _check_induction(theorem, proof, place)
    elif isinstance(proof, Identification):
        if (source := place.known.get(proof.source)) is None:
            raise ProofError(f"{proof.source!r} is not an earlier theorem")
        if not theorem.relation == source.relation == "=":
            raise ProofError("a derivative is identified by an equation, from an equation")
        identify(theorem, proof.wrt, source, place.scope.theory, place.facts)
    elif not isinstance(proof, Assumed) or (
        Assumption(proof.name, theorem.left, theorem.right, theorem.facts, theorem.relation)
        not in place.scope.theory.assumptions
    ):
        raise ProofError("the statement is not an assumption of the theory")


def _check_statement(theorem: Theorem, place: _Place) -> None:
    """The statement has a meaning in the theory."""
    if theorem.left.shape != theorem.right.shape:
        raise ProofError("the two sides have different shapes")
    if theorem.relation not in ("=", "<=", "<"):
        raise ProofError(f"{theorem.relation!r} is not a relation")
    if theorem.relation != "=" and not theorem.left.is_scalar:
        raise ProofError("only scalars are smaller or larger")
    for fact in theorem.facts:
        check_index(fact)
    place.scope.check_frame(theorem.frame)
    outer = _free(theorem, place)
    for side in (theorem.left, theorem.right):
        place.scope.check(side, outer, theorem.facts)


def _free(theorem: Theorem, place: _Place) -> set[Symbol]:
    """The symbols that a bound index must not be called, or facts would apply to both."""
    stated = (theorem.left, theorem.right, *theorem.facts, theorem.frame)
    return set(place.scope.symbols).union(*(x.free_symbols for x in stated))


def _check_chain(theorem: Theorem, chain: Chain, place: _Place) -> None:
    """left -> ... -> right, each line obtained from the one before."""
    line, outer, strict = theorem.left, _free(theorem, place), False
    for number, step in enumerate(chain.steps, 1):
        try:
            place.scope.check(step.result, outer, theorem.facts)
            after = _apply(step, line, place)
            if step.by == "bound":
                if theorem.relation == "=":
                    raise ProofError("an inequality does not prove an equation")
                grows = increases(line, step.path, step.span, place.signs, step.reverse)
                strict |= grows and _inequality(step, place).relation == "<"
            line = after
        except SymbpttError as error:
            raise ProofError(f"step {number} ({step.by} {step.name}): {error.message}") from error
    if line != theorem.right and not equal(line, theorem.right, place.facts):
        raise ProofError(f"the proof ends in {line}, not in {theorem.right}")
    if theorem.relation == "<" and not strict:
        raise ProofError("no step of the proof is strict")


def _apply(step: Step, line: Term, place: _Place) -> Term:
    """The line after the step, which must be the line that the step states."""
    nodes = _along(line, step.path)
    if any(isinstance(x, Partial | Gradient | Shock) for x in nodes[:-1]):
        raise ProofError("nothing is rewritten inside a derivative")
    node, before, after = nodes[-1], 0, 0
    target = node
    if step.span is not None:
        if not isinstance(node, _Nary):
            raise ProofError("only a sum or product has a span of operands")
        before, after = step.span[0], len(node.args) - step.span[1]
        target = _operands(node, type(node), before, after)
    if step.by not in _STEPS:
        raise ProofError(f"unknown kind of step {step.by!r}")
    here = place._replace(
        facts=(*place.facts, *context(line, step.path)[0]),
        inside_d=any(isinstance(x, D) for x in nodes[:-1]),
        stated=lambda: _operands(_along(step.result, step.path)[-1], type(node), before, after),
    )  # fmt: skip
    new = _STEPS[step.by](step, target, here)
    if step.span is not None:
        new = type(node)(*node.args[:before], new, *node.args[len(node.args) - after :])
    whole = replace_at(line, step.path, new)
    if whole != step.result and not equal(whole, step.result, place.facts):
        raise ProofError(f"the step gives {whole}, but the proof states {step.result}")
    return step.result


def _along(term: Term, path: Path) -> list[Term]:
    """The subterms of a line along a path, the whole first."""
    nodes = [term]
    for position in path:
        if not 0 <= position < len(term.args) or not isinstance(term.args[position], Term):
            raise ProofError("the path does not lead to a term")
        nodes.append(term := term.args[position])
    return nodes


def _operands(node: Term, kind: type[Term], before: int, after: int) -> Term:
    """A sum or product without its first and last operands."""
    if before == after == 0:
        return node
    parts = node.args[before : len(node.args) - after]
    if type(node) is not kind or not parts or min(before, after) < 0:
        raise ProofError("the span does not lead to operands of a sum or product")
    return kind(*parts)


def _by_rule(step: Step, target: Term, place: _Place) -> Term:
    """Forward, the left side matches the term; in reverse, it matches what comes out."""
    row = rule(step.name)
    if row.relation != "=":
        raise ProofError(f"{row.name} is an inequality, not an equation")
    if place.inside_d and (row.nonnegative or row.positive or row.premises):
        raise ProofError(f"{row.name} holds for values, not inside d(.)")
    subject = place.stated() if step.reverse else target
    bindings = match(row.left, subject, _metavariables(step))
    check_conditions(row, bindings, place.signs)
    new: Term = instantiate(row.right, bindings)
    if not step.reverse:
        return new
    if new != target and not equal(new, target, place.facts):
        raise ProofError(f"{row.name} makes {new} of {subject}, not {target}")
    return subject


def _metavariables(step: Step) -> Bindings:
    start = _bindings(step)
    if not all(s.name.startswith("?") for s in start):
        raise ProofError("a rule binds metavariables only")
    return start


def _bindings(step: Step) -> Bindings:
    """What the step puts for symbols: integers, affine in the symbols of its line."""
    for _, value in step.bind:
        check_index(value)
        entails((), value)  # raises where it is not affine
    return {index_symbol(name): value for name, value in step.bind}


def _definition(step: Step, place: _Place) -> tuple[Term, Term]:
    """Head and body of the definition at the step's index, after all that must hold there."""
    index = _bindings(step).get(index_symbol("index"))
    for d in place.scope.theory.defined(step.name):
        mapping = {} if d.index is None else {d.index: index}
        if index is None and mapping:
            raise ProofError("a definition with a range needs an index")
        if all(entails(place.facts, substitute(f, mapping)) for f in d.facts):
            head = substitute(d.head, mapping)
            _check_frame(head, place)
            return head, substitute(d.body, mapping)
    raise ProofError(f"{step.name} is not defined at the index {index}: outside its range")


def _check_frame(head: Param | Elem, place: _Place) -> None:
    """Under d(.) the definition of the head must also hold while the frame varies."""
    frame = place.frame
    if not place.inside_d:
        return
    if head in frame.vary:
        raise ProofError(f"{head} is set free; its definition does not hold under d")
    if not isinstance(head, Elem):
        return
    if head.name in frame.shocks:
        raise ProofError(f"{head.name} carries a shock; unfold d({head.name}) as a whole")
    for x in frame.vary:
        cut = isinstance(x, Elem) and x.key == head.key and x.index != ALL
        if cut and not differ(place.facts, x.index, head.index):
            raise ProofError(f"{head.name} is set free at {x.index}; its definition fails there")
    if frame.step is not None and not equal_index(place.facts, head.index, frame.step):
        raise ProofError(f"{head.name} is held fixed at {head.index} in an immediate derivative")


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
    """d z[t] = d(body of z at t) + Shock z[t]; without the shock the definition holds under d."""
    if step.name.removesuffix("[]") not in place.frame.shocks or place.inside_d:
        raise ProofError(f"{step.name} carries no shock here")
    bare = Frame(place.frame.vary, (), place.frame.step)
    head, body = _definition(step, place._replace(frame=bare, inside_d=True))
    if target != D(head) or not isinstance(head, Elem):
        raise ProofError(f"{target} is not d({head})")
    return Plus(D(body), Shock(head))


def _instance(step: Step, place: _Place) -> tuple[Term, Term]:
    """The sides of an earlier theorem at the step's indices, after all that must hold there."""
    lemma, mapping = place.known.get(step.name), _bindings(step)
    if lemma is None:
        raise ProofError(f"{step.name!r} is not an earlier theorem")
    if fixed := place.scope.symbols & mapping.keys():
        raise ProofError(f"{min(map(str, fixed))} belongs to the theory and stays what it is")
    for fact in lemma.facts:
        if not entails(place.facts, substitute(fact, mapping)):
            raise ProofError(f"the condition {substitute(fact, mapping)} >= 0 does not follow")
    if place.inside_d:
        raise ProofError("a theorem is used inside d(.)")
    left, right = substitute(lemma.left, mapping), substitute(lemma.right, mapping)
    in_frame = any(contains(side, cls) for side in (left, right) for cls in (D, Shock))
    if in_frame and lemma.frame.instance(mapping) != place.frame:
        raise ProofError(f"{step.name} is about another frame")
    return left, right


def _by_lemma(step: Step, target: Term, place: _Place) -> Term:
    sides = _instance(step, place)
    if place.known[step.name].relation != "=":
        raise ProofError(f"{step.name} is an inequality, not an equation")
    return _replace_side(*sides, target, step, place)


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
    if place.hypothesis.relation != "=":
        raise ProofError("the hypothesis is an inequality, not an equation")
    return _replace_side(place.hypothesis.left, place.hypothesis.right, target, step, place)


def _inequality(step: Step, place: _Place) -> Rule | Theorem:
    """What a bound is taken from: a row, an earlier theorem, or the hypothesis."""
    source: Rule | Theorem | None = place.known.get(step.name) if step.name else place.hypothesis
    if source is None and step.name:
        source = rule(step.name)
    if source is None or source.relation == "=":
        raise ProofError(f"{step.name or 'the hypothesis'} is not an inequality")
    return source


def _by_bound(step: Step, target: Term, place: _Place) -> Term:
    """The larger or smaller side; that the line grows is checked where the step is applied."""
    source = _inequality(step, place)
    if isinstance(source, Rule):
        start, stated = _metavariables(step), place.stated()
        return other_side(source, target, stated, start, place.signs, step.reverse)
    sides = _instance(step, place) if step.name else (source.left, source.right)
    return _replace_side(*sides, target, step, place)


def _by_vanish(step: Step, target: Term, place: _Place) -> Term:
    if not isinstance(target, D) or not vanishes(
        target.args[0], place.frame, place.scope.theory, place.facts
    ):
        raise ProofError(f"{target} does not vanish: something that varies may reach it")
    return Zero(*target.shape)


def _by_algebra(step: Step, target: Term, place: _Place) -> Term:
    stated = place.stated()
    if not equal(target, stated, place.facts):
        raise ProofError(f"{target} and {stated} have different canonical forms")
    return stated


_STEPS = {
    "rule": _by_rule, "unfold": _by_unfold, "fold": _by_fold, "shock": _by_shock,
    "lemma": _by_lemma, "hypothesis": _by_hypothesis, "vanish": _by_vanish,
    "algebra": _by_algebra, "bound": _by_bound,
}  # fmt: skip


def _check_induction(theorem: Theorem, proof: Induction, place: _Place) -> None:
    """Every admissible value is reached from the start by steps of one."""
    v, start, direction = proof.variable, proof.start, proof.direction
    known = place.scope.theory.facts
    check_index(start)
    ranged = {s for f in theorem.facts for s in f.free_symbols} - start.free_symbols
    if direction not in (1, -1) or v not in ranged:
        raise ProofError("the induction has no range")
    if v in theorem.frame.free_symbols:
        raise ProofError("the frame must not depend on the induction variable")
    if v in place.scope.symbols:
        raise ProofError(f"{v} belongs to the theory: there is no induction on it")
    ahead = ((v - start) * direction).expand()
    if not entails(place.facts, ahead):
        raise ProofError(f"the range of {v} is not on one side of the start {start}")
    base = theorem.instance({v: start})
    here = place._replace(facts=(*known, *base.facts))
    _check_statement(base, here)
    _check_chain(base, proof.base, here)
    step = theorem.instance({v: v + direction})
    for fact in theorem.facts:
        if not entails((*known, *step.facts, ahead), fact):
            raise ProofError(f"the range has a gap: {fact} >= 0 need not hold one step before")
    step = replace(step, facts=(*theorem.facts, *step.facts))
    here = place._replace(facts=(*known, *step.facts), hypothesis=theorem)
    _check_statement(step, here)
    _check_chain(step, proof.step, here)
