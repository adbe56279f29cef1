"""Which elements depend on which: well-founded definitions, and differentials that vanish.

From every definition the references to other names are collected with the relation that is
certain between the two indices (earlier or same, strictly earlier, ...). Definitions are
well-founded when every cycle of names runs one way through time and strictly so at least once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from sympy import Expr

from .errors import ModelError
from .indices import contradictory, differ, entails, factor_of
from .scope import DERIVATIVES, Scope
from .terms import Elem, Param, Term
from .theory import ALL, Definition, Frame, Theory
from .traverse import context, find, nodes_of


@dataclass(frozen=True)
class Edge:
    """``source`` refers to ``target``; what is certain about target's index minus source's."""

    source: str
    target: str
    before: bool  # <= 0
    strictly_before: bool  # < 0
    after: bool  # >= 0
    strictly_after: bool  # > 0


@lru_cache(maxsize=16384)
def references(term: Term) -> tuple[tuple[tuple[Expr, ...], Term], ...]:
    """The named leaves of a term with the index facts that hold where they stand."""
    return tuple((context(term, path)[0], leaf) for path, leaf in nodes_of(term, Elem, Param))


def edges(theory: Theory) -> list[Edge]:
    """The dependency edges from defined names to all names."""
    return list(_edges(theory))


@lru_cache(maxsize=256)
def _edges(theory: Theory) -> tuple[Edge, ...]:
    definitions, facts = theory.definitions, theory.facts
    defined_params = {d.key for d in definitions if d.index is None}
    out = []
    for d in definitions:
        for inner, leaf in references(d.body):
            if contradictory((*facts, *d.facts, *inner)):
                continue
            if isinstance(leaf, Param) or d.index is None:
                # an element that uses a defined total may depend on any time
                still = isinstance(leaf, Param) and leaf.key not in defined_params
                out.append(Edge(d.key, leaf.key, still, False, still, False))
                continue
            known, gap = (*facts, *d.facts, *inner), leaf.index - d.index
            sides = [entails(known, e) for e in (-gap, -gap - 1, gap, gap - 1)]
            out.append(Edge(d.key, leaf.key, *sides))
    return tuple(out)


def reachable(theory: Theory, names: Iterable[str], same_time: bool = False) -> frozenset[str]:
    """The names that the given names depend on, themselves included.

    With ``same_time`` only along edges that may stay at the same index.
    """
    return _reachable(theory, frozenset(names), same_time)


@lru_cache(maxsize=4096)
def _reachable(theory: Theory, names: frozenset[str], same_time: bool) -> frozenset[str]:
    graph: dict[str, set[str]] = defaultdict(set)
    for e in edges(theory):
        if not (same_time and (e.strictly_before or e.strictly_after)):
            graph[e.source].add(e.target)
    seen, todo = set(names), list(names)
    while todo:
        for target in graph[todo.pop()] - seen:
            seen.add(target)
            todo.append(target)
    return frozenset(seen)


@lru_cache(maxsize=256)
def check_theory(theory: Theory) -> Scope:
    """Raises ModelError unless every definition is well-founded and nothing is defined twice.

    Returns what the theory makes of names.
    """
    scope = Scope(theory)
    if contradictory(theory.facts):
        raise ModelError("the facts about the lengths contradict each other")
    for number, d in enumerate(theory.definitions):
        if next(find(d.body, lambda x: isinstance(x, DERIVATIVES)), None):
            raise ModelError(f"the definition of {d.name} contains a derivative")
        if d.body.shape != d.head.shape:
            raise ModelError(f"the definition of {d.name} has another shape than {d.name}")
        _check_once(theory, d, number)
    graph = edges(theory)
    below = {n: reachable(theory, {n}) for n in {*theory.names, *(e.target for e in graph)}}
    for name in theory.names:
        cycle = [e for e in graph if name in below[e.target] and e.source in below[name]]
        _check_cycle(theory, name, cycle)
    return scope


def _check_cycle(theory: Theory, name: str, cycle: list[Edge]) -> None:
    """All references in a circle run one way through time, and time has an end that way."""
    shown = name.removesuffix("[]")
    forward, backward = all(e.before for e in cycle), all(e.after for e in cycle)
    if not (forward or backward):
        raise ModelError(
            f"{shown} is defined in a circle that runs both forward and backward in time"
        )
    still = [e for e in cycle if not (e.strictly_before if forward else e.strictly_after)]
    if _closes(name, still):
        raise ModelError(
            f"{shown} is defined by itself at the same time step",
            hint="a recurrence refers to earlier steps, e.g. h_{t-1}",
        )
    circle = {e.target for e in cycle}
    for d in theory.defined(name):
        signs = [factor_of(f, d.index) for f in d.facts]
        has_end = any(sign > 0 if forward else sign < 0 for sign in signs)
        if not has_end and any(leaf.key in circle for _, leaf in references(d.body)):
            raise ModelError(f"the recurrence of {shown} has no first step")


def _closes(name: str, graph: list[Edge]) -> bool:
    seen: set[str] = set()
    todo = [name]
    while todo:
        here = todo.pop()
        for e in graph:
            if e.source == here and e.target not in seen:
                if e.target == name:
                    return True
                seen.add(e.target)
                todo.append(e.target)
    return False


def _check_once(theory: Theory, d: Definition, number: int) -> None:
    """No other definition, given or parameter is about the same quantity."""
    if d.head in theory.params:
        raise ModelError(f"{d.name} is both a parameter and defined")
    others = [x for i, x in enumerate(theory.definitions) if i != number and x.key == d.key]
    if d.index is None:
        if others:
            raise ModelError(f"{d.name} is defined twice")
        return
    ranges = [(x.index, x.facts) for x in others]
    ranges += [(g.head.index, g.facts) for g in theory.givens if g.head.key == d.key]
    for index, facts in ranges:
        here = tuple(f.xreplace({index: d.index}) for f in facts)
        if not contradictory((*theory.facts, *d.facts, *here)):
            raise ModelError(f"{d.name} is defined twice for the same index")


def vanishes(term: Term, frame: Frame, theory: Theory, facts: tuple[Expr, ...]) -> bool:
    """Whether d(term) = 0 in the frame is certain: nothing that varies reaches the term."""
    known = (*theory.facts, *facts)
    return all(
        _leaf_is_fixed(leaf, frame, theory, (*known, *inner)) for inner, leaf in references(term)
    )


def _leaf_is_fixed(leaf: Term, frame: Frame, theory: Theory, facts: tuple[Expr, ...]) -> bool:
    assert isinstance(leaf, Param | Elem)
    wholes = {x.key for x in frame.vary if isinstance(x, Elem) and x.index == ALL}
    cuts = [x for x in frame.vary if isinstance(x, Elem) and x.index != ALL]
    params = {x.key for x in frame.vary if isinstance(x, Param)}
    if isinstance(leaf, Elem):
        if any(x.key == leaf.key and not differ(facts, x.index, leaf.index) for x in cuts):
            return False
        held = frame.step is not None and differ(facts, leaf.index, frame.step)
        if held or is_given(leaf, theory, facts):
            return leaf.key not in wholes
    elif leaf.key in params:
        return False
    varied = params | wholes | {f"{z}[]" for z in frame.shocks}
    on_way = reachable(theory, {leaf.key})
    if varied & on_way:
        return False
    return all(
        cut.key not in on_way
        or (isinstance(leaf, Elem) and _out_of_reach(leaf, cut, theory, facts))
        for cut in cuts
    )


def _out_of_reach(leaf: Elem, cut: Elem, theory: Theory, facts: tuple[Expr, ...]) -> bool:
    """Whether the element cannot depend on the cut element: it lies on the wrong side in time."""
    on_way = reachable(theory, {leaf.key})
    used = [e for e in edges(theory) if e.source in on_way]
    gap = cut.index - leaf.index
    for aligned, distance in (
        (all(e.before for e in used), gap),
        (all(e.after for e in used), -gap),
    ):
        if aligned and entails(facts, distance - 1):
            return True
        if aligned and entails(facts, distance):
            return leaf.key != cut.key and cut.key not in reachable(theory, {leaf.key}, True)
    return False


def is_given(leaf: Elem, theory: Theory, facts: tuple[Expr, ...]) -> bool:
    """Whether the element is certainly a leaf: an input or a given boundary value."""
    return any(
        g.head.key == leaf.key
        and all(entails(facts, f.xreplace({g.head.index: leaf.index})) for f in g.facts)
        for g in theory.givens
    )


def is_defined(leaf: Elem, theory: Theory, facts: tuple[Expr, ...]) -> bool:
    """Whether a definition certainly covers the element."""
    return any(
        d.index is not None
        and all(entails(facts, f.xreplace({d.index: leaf.index})) for f in d.facts)
        for d in theory.defined(leaf.key)
    )
