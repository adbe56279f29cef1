"""Bounds of a state that refers to itself one step before: found by trying, proved by induction.

Tried are, in this order, with B the boundary value and q, c numbers that the equation suggests:
a number; max(B, q), which convex combinations keep; and |B| + c (t - start), which adding at most c
at every step keeps. The same below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sympy import Expr, Integer, Symbol

from symbptt.core.errors import SymbpttError
from symbptt.core.indices import irredundant
from symbptt.core.norms import Max, Min, Norm
from symbptt.core.terms import Const, Elem, Plus, Scale, Term, Times
from symbptt.core.theory import Definition
from symbptt.core.traverse import nodes_of, substitute
from symbptt.proof.objects import Chain, Induction, Theorem

from .builder import Builder
from .enclosing import Enclosing, number
from .intervals import Facts, Intervals, Prepare, Range, refers_to_itself
from .reaching import beyond, reached

_MINUS = Const(-1)


@dataclass(frozen=True)
class _Recurrence:
    """z_t in terms of z_{t-1} (direction 1, from ``start``) or of z_{t+1} (direction -1)."""

    head: Term
    facts: Facts
    variable: Symbol
    start: Expr
    direction: int
    prepare: Prepare
    body: Term
    key: str

    @property
    def boundary(self) -> Term:
        return substitute(self.head, {self.variable: self.start})

    @property
    def ahead(self) -> dict[Symbol, Expr]:
        return {self.variable: self.variable + self.direction}

    @property
    def all_facts(self) -> Facts:
        """With the boundary in the range."""
        first = (self.start + self.direction - self.variable) * self.direction
        return tuple(f + 1 if (f + first).expand() == 0 else f for f in self.facts)


def ranges(found: Intervals, keys: frozenset[str] | None = None) -> dict[Definition, Range]:
    """The range of every definition, in order; of those only whose keys are given, if any."""
    out: dict[Definition, Range] = {}
    theory = found.theory
    for d in theory.definitions:
        later = [x for x in theory.defined(d.key) if not refers_to_itself(x)]
        for x in (*later, d):
            if x not in out and (keys is None or x.key in keys):
                out[x] = _range(found, x)
    return out


def _range(found: Intervals, d: Definition) -> Range:
    head, inside = found.place(d.head)
    facts = (*irredundant(d.facts, found.theory.facts), *inside)
    prepare = found.unfolding(head)
    if not refers_to_itself(d):
        return found.range_of(head, facts, prepare)
    r = _recurrence(found, d, head, facts, prepare)
    if r is None:
        return found.range_of(head, facts, prepare)
    low, high = (_end(found, r, up) for up in (False, True))
    for pair in dict.fromkeys(zip(low[:1] + low[-1:], high[:1] + high[-1:], strict=False)):
        found.absolute(head, *pair)
    return Range(head, facts, low[-1] if low else None, high[-1] if high else None)


def _recurrence(
    found: Intervals, d: Definition, head: Term, facts: Facts, prepare: Prepare
) -> _Recurrence | None:
    """None where it is not one step back or ahead, or has no first step."""
    if d.index is None or not isinstance(d.head, Elem):
        return None
    own = [x for _, x in nodes_of(d.body, Elem) if x.key == d.key]
    shifts = {(x.index - d.index).expand() for x in own}
    if shifts not in ({-1}, {1}):
        return None
    direction = -int(shifts.pop())
    firsts = [f for f in facts if f.coeff(d.index) == direction]
    if len(firsts) != 1:
        return None
    start = (d.index - direction * firsts[0] - direction).expand()
    build = Builder(found.theory, head, facts)
    prepare(build)
    return _Recurrence(head, facts, d.index, start, direction, prepare, build.line, d.key)


def _end(found: Intervals, r: _Recurrence, up: bool) -> tuple[Theorem, ...]:
    """The end with the boundary and that for every step after it, as strict as they can be had."""
    direct = found.end(r.head, r.facts, up, r.prepare)
    if direct is not None and number(_bound(direct, up)) is not None:
        return (found.keep(direct),)
    for bound, strict in _candidates(found, r, up):
        theorem = _inductive(found, r, up, bound, strict)
        if theorem is not None:
            found.keep(theorem)
            if theorem.relation == "<":
                return (theorem,)
            closer = found.end(r.head, r.facts, up, r.prepare, lambda e, to=bound: reached(e, to))
            return (theorem,) if closer is None else (theorem, found.keep(closer))
    return ()


def _bound(theorem: Theorem, up: bool) -> Term:
    return theorem.right if up else theorem.left


# ---------------------------------------------------------------- what is tried


def _candidates(found: Intervals, r: _Recurrence, up: bool) -> Iterator[tuple[Term, bool]]:
    """Bounds at the variable, each with whether it is to hold strictly."""
    terms = r.body.args if isinstance(r.body, Plus) else (r.body,)
    further = max if up else min
    base = _number_at(found, r.boundary, _at_start(r), up)
    suggested: dict[Expr, None] = {}
    for term in terms:
        for factor in term.args if isinstance(term, Times) else (term,):
            found.certain(factor, r.facts)  # here at the variable itself
            if not _mentions(factor, r.key):
                value = _number_at(found, factor, r.facts, up)
                if value is not None:
                    suggested[value] = None
    values = sorted(suggested, reverse=not up)
    if base is not None:
        for value in dict.fromkeys(further(base, v) for v in (Integer(0), *values)):
            yield Const(value), True
            yield Const(value), False
    rest = [_number_at(found, x, r.facts, up) for x in terms if not _mentions(x, r.key)]
    extreme = Max if up else Min
    for value in values if rest else ():
        yield extreme(r.boundary, Const(value)), False
    if None not in rest:
        total = sum(rest)
        c = max(0, total) if up else max(0, -total)
        steps = ((r.variable - r.start) * r.direction).expand()
        size = Norm(r.boundary) if c == 0 else Norm(r.boundary) + Const(c * steps)
        yield (size if up else Scale(_MINUS, size)), False


def _mentions(term: Term, key: str) -> bool:
    return any(x.key == key for _, x in nodes_of(term, Elem))


def _at_start(r: _Recurrence) -> Facts:
    """What holds of the boundary value: its entries exist."""
    return tuple(f for f in r.facts if r.variable not in f.free_symbols)


def _number_at(found: Intervals, term: Term, facts: Facts, up: bool) -> Expr | None:
    """The numerical end of a term, if it has one."""
    value = number(term)
    if value is not None:
        return value
    try:
        theorem = found.end(term, facts, up)
    except SymbpttError:
        return None
    return None if theorem is None else number(_bound(theorem, up))


# ---------------------------------------------------------------- proofs


def _inductive(
    found: Intervals, r: _Recurrence, up: bool, bound: Term, strict: bool
) -> Theorem | None:
    relation = "<" if strict else "<="
    sides = (r.head, bound) if up else (bound, r.head)
    hypothesis = Theorem("", *sides, Chain(()), r.all_facts, relation=relation)
    first, needs = {r.variable: r.start}, {}
    chains = []
    for at in (first, r.ahead):
        claim = hypothesis.instance(at)
        facts = claim.facts if at is first else (*r.all_facts, *claim.facts)
        facts = irredundant(tuple(f for f in facts if not f.is_Integer), found.theory.facts)
        build = Builder(found.theory, substitute(r.head, at), facts)
        e = found.enclosing(build, up, None if at is first else hypothesis)
        if at is not first:
            r.prepare(build)
        target = substitute(bound, at)
        done = _starts(e, target) if at is first else reached(e, target)
        if not done or (strict and not e.strict):
            return None
        chains.append(found.chain(e))
        needs |= e.used
    proof = Induction(r.variable, r.start, *chains, r.direction)
    id = f"range {len(found.needs) + 1}"
    found.needs[id] = needs
    return replace(hypothesis, id=id, proof=proof, title="range", subject=(r.head,))


def _starts(e: Enclosing, target: Term) -> bool:
    """The boundary value against the bound there."""
    up = e.upward
    if isinstance(target, Const):
        return e.move((), up) and beyond(e, (), target)
    if isinstance(target, Max | Min):
        return e.put((), up, target, "max-left" if up else "min-left")
    size = Norm(e.build.line)
    name = "below-absolute-value" if up else "above-minus-absolute-value"
    if not e.put((), up, size if up else Scale(_MINUS, size), name):
        return False
    e.build.algebra(target)
    return True


def sized(found: Intervals, term: Term, facts: Facts) -> None:
    """|x| <= M from the numbers between which x lies."""
    ends = [_number_at(found, term, facts, up) for up in (False, True)]
    if None in ends:
        return
    most = max(-ends[0], ends[1])

    def end(up: bool) -> Theorem | None:
        target = Const(most if up else -most)
        return found.keep(found.end(term, facts, up, reach=lambda e: reached(e, target)))

    low, high = end(False), end(True)
    if low is not None and high is not None:
        found.absolute(term, low, high)
