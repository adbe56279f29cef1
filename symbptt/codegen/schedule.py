"""The order of a computation: definitions in, loops over time out.

In:  definitions, any order, each with its range.
Out: ``Group``s that run one after the other: one definition without time, or one loop over time
     with the definitions that it computes at each step, in order.

Names that depend on each other through time share a loop, which runs in the direction in which
everything a step reads is computed before; a group joins the loop in front of it when it covers
the same steps and reads nothing of it that is not yet there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sympy import Expr, Symbol

from symbptt.core.dependence import Edge, edges, reachable, references
from symbptt.core.errors import NotSupported
from symbptt.core.terms import Elem
from symbptt.core.theory import Definition, Theory
from symbptt.core.traverse import substitute

from .outside import bare
from .spans import Facts, Span, bounds, hull


@dataclass(frozen=True)
class Group:
    """``definitions`` for every step of ``span`` in order of time; one definition if it is None.

    All heads carry the index ``index``. ``before`` stands at single steps in front of the loop.
    ``ascending`` is None where either direction will do.
    """

    definitions: tuple[Definition, ...]
    span: Span | None = None
    index: Symbol | None = None
    ascending: bool | None = None
    before: tuple[Definition, ...] = ()

    @property
    def names(self) -> set[str]:
        """The names it computes."""
        return {d.key for d in (*self.before, *self.definitions)}


def schedule(definitions: Iterable[Definition], facts: Facts, ascending: bool) -> list[Group]:
    """The loops that compute the definitions; ``ascending`` where nothing asks for a direction."""
    definitions = tuple(definitions)
    theory = Theory((), (), definitions, facts)
    graph = [e for e in edges(theory) if e.target in theory.names]
    groups: list[Group] = []
    for component in _components(theory, graph):
        group = _group(component, theory, graph)
        merged = _merge(groups[-1], group, graph) if groups else None
        if merged is None:
            groups.append(group)
        else:
            groups[-1] = merged
    return [replace(g, ascending=ascending) if g.ascending is None else g for g in groups]


def _components(theory: Theory, graph: list[Edge]) -> list[list[str]]:
    """Names that depend on each other, every component after those that it depends on."""
    reach = {name: reachable(theory, {name}) & set(theory.names) for name in theory.names}
    left, done, out = list(theory.names), set(), []
    while left:
        for name in left:
            component = [n for n in left if n == name or (n in reach[name] and name in reach[n])]
            if all(n in done or n in component for m in component for n in reach[m]):
                break
        out.append(component)
        done |= set(component)
        left = [n for n in left if n not in component]
    return out


def _group(component: list[str], theory: Theory, graph: list[Edge]) -> Group:
    inner = [e for e in graph if e.source in component and e.target in component]
    definitions = [d for name in component for d in theory.defined(name)]
    if any(d.index is None for d in definitions):
        if inner or len(definitions) > 1:
            raise NotSupported(f"{bare(component[0])} depends on itself without a step in time")
        return Group(tuple(definitions))
    forward, backward = all(e.before for e in inner), all(e.after for e in inner)
    if not forward and not backward:
        raise NotSupported(
            f"{' and '.join(map(bare, component))} depend on each other in both directions of time"
        )
    ascending = None if forward and backward else forward
    order = _same_step_order(component, inner)
    definitions.sort(key=lambda d: order.index(d.key))
    index = next(d.index for d in definitions if d.index is not None)
    definitions = [_at(d, index) for d in definitions]
    before = [d for d in definitions if _is_start(d, theory, set(component))]
    rest = [d for d in definitions if d not in before]
    if not rest:
        before, rest = [], definitions
    span = hull((bounds(d.facts, index, theory.facts) for d in rest), theory.facts)
    return Group(tuple(rest), span, index, ascending, tuple(before))


def _is_start(d: Definition, theory: Theory, component: set[str]) -> bool:
    """Whether the definition covers one step and reads nothing that is computed here."""
    first, last = bounds(d.facts, d.index, theory.facts) if d.index is not None else (None, 0)
    return first == last and not any(leaf.key in component for _, leaf in references(d.body))


def _same_step_order(component: list[str], inner: list[Edge]) -> list[str]:
    """The order within one step: after everything that is read at the same step."""
    still = [e for e in inner if not (e.strictly_before or e.strictly_after)]
    left, out = list(component), []
    while left:
        ready = [n for n in left if not any(e.source == n and e.target in left for e in still)]
        if not ready:
            raise NotSupported(f"{bare(left[0])} depends on itself at the same step")
        out.append(ready[0])
        left.remove(ready[0])
    return out


def _at(d: Definition, index: Symbol) -> Definition:
    """The definition with its head at another index symbol."""
    if d.index is None or d.index == index:
        return d
    mapping = {d.index: index}
    assert isinstance(d.head, Elem)
    facts = tuple(f.xreplace(mapping) for f in d.facts)
    return Definition(d.head.at(index), substitute(d.body, mapping), facts)


def _merge(loop: Group, group: Group, graph: list[Edge]) -> Group | None:
    """Both as one loop, or None if they must stay apart."""
    if loop.span is None or group.span is None or loop.span != group.span or group.before:
        return None
    directions = {g.ascending for g in (loop, group)} - {None}
    if len(directions) > 1:
        return None
    between = [e for e in graph if e.source in group.names and e.target in loop.names]
    if not all(e.before for e in between):
        directions.discard(None)
        if directions == {True} or not all(e.after for e in between):
            return None
        directions = {False}
    elif not all(e.after for e in between):
        if directions == {False}:
            return None
        directions = {True}
    assert loop.index is not None
    more = tuple(_at(d, loop.index) for d in group.definitions)
    return Group(
        (*loop.definitions, *more), loop.span, loop.index, next(iter(directions), None), loop.before
    )


def step_reads(group: Group, names: set[str]) -> set[Expr | None]:
    """By how many steps the group's reads of ``names`` are off their own step; None: unknown."""
    found: set[Expr | None] = set()
    for d in (*group.before, *group.definitions):
        for _, leaf in references(d.body):
            if leaf.key in names:
                found.add(_gap(d, leaf))
    return found


def _gap(d: Definition, leaf: object) -> Expr | None:
    if d.index is None or not isinstance(leaf, Elem):
        return None
    gap = leaf.index - d.index
    return gap if gap.is_Integer else None
