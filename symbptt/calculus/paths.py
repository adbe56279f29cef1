"""A Jacobian by path: the sum, over the paths from x to y through the definitions, of products.

Each factor is the direct derivative along one edge. That the products add up to the total Jacobian
is proved by comparing them with the differential of y in which only x varies.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr

from symbptt.core.errors import NotSupported
from symbptt.core.terms import Plus, Term, Zero
from symbptt.core.theory import Theory
from symbptt.proof.objects import Theorem

from .builder import Builder
from .direct import Direct, Node, applied, direct_derivatives, mentioned
from .jacobian import local
from .joining import joined
from .tidy import tidy

Facts = tuple[Expr, ...]
Trail = tuple[Node, ...]
MOST = 64
"""Paths that are listed at most."""
_LONGEST = 40


@dataclass(frozen=True)
class _Graph:
    """The direct derivatives between x and y, and the paths that they make: x first, y last."""

    direct: dict[Node, Direct]
    trails: list[Trail]

    def edges(self, trail: Trail) -> list[Theorem]:
        """The derivatives along a path, latest first, as their product is written."""
        pairs = list(zip(trail[1:], trail[:-1], strict=True))
        return [self.direct[later].edges[earlier] for later, earlier in reversed(pairs)]


def paths(theory: Theory, y: Node, x: Node, facts: Facts) -> list[Theorem]:
    """dy/dx as a sum over paths: first the edges, then each path, the total twice at the end.

    The last but one names the factors, the last has them put in. Raises NotSupported where the
    paths have no end or are more than ``MOST``.
    """
    graph = _graph(theory, y, x, facts)
    used = {e.id for trail in graph.trails for e in graph.edges(trail)}
    edges = [
        th
        for d in graph.direct.values()
        for th in (d.source, *(e for e in d.edges.values() if e.id in used))
    ]
    single = [_path(theory, graph, trail, facts, n) for n, trail in enumerate(graph.trails, 1)]
    lemmas = local(theory, y, x, "total", facts)
    total = lemmas[-1]
    named = _total(theory, total, single, facts)
    spelled = _spelled(theory, named, single, facts)
    return [*edges, *single, *lemmas, named, spelled]


def _graph(theory: Theory, y: Node, x: Node, facts: Facts) -> _Graph:
    if x == y:
        raise NotSupported(f"there is no path from {x} to itself")
    direct: dict[Node, Direct] = {}
    trails: list[Trail] = []

    def ways(node: Node, tail: Trail) -> None:
        if node == x:
            trails.append(tail)
            if len(trails) > MOST:
                raise NotSupported(f"there are more than {MOST} paths from {x} to {y}")
            return
        if len(tail) > _LONGEST:
            raise NotSupported(f"the paths from {x} to {y} do not come to an end")
        if node not in direct:
            nodes = mentioned(theory, node, x, facts)
            direct[node] = direct_derivatives(theory, node, nodes, facts)
        for earlier, edge in direct[node].edges.items():
            if not isinstance(edge.right, Zero):
                ways(earlier, (earlier, *tail))

    ways(y, (y,))
    if not trails:
        raise NotSupported(f"no path leads from {x} to {y}: the derivative is zero")
    return _Graph(direct, trails)


def _path(theory: Theory, graph: _Graph, trail: Trail, facts: Facts, number: int) -> Theorem:
    """One path: the product of its direct derivatives, put in."""
    edges = graph.edges(trail)
    left = applied([e.left for e in edges])
    build = Builder(theory, left, facts)
    for place in reversed(range(len(edges))):
        build.lemma(edges[place], () if len(edges) == 1 else (place,))
    build.tidy()
    return Theorem(
        f"path:{trail[-1]}:{trail[0]}:{number}", left, build.line, build.chain(), facts,
        title="path", subject=trail,
    )  # fmt: skip


def _sum(parts: list[Term]) -> Term:
    return Plus(*parts) if len(parts) > 1 else parts[0]


def _total(theory: Theory, total: Theorem, single: list[Theorem], facts: Facts) -> Theorem:
    """dy/dx = the sum of the products of direct derivatives."""
    start = Builder(theory, total.left, facts)
    start.lemma(total, ())
    back = Builder(theory, _sum([th.left for th in single]), facts)
    _put_in(back, single)
    y, x = total.subject
    named = back.first
    return Theorem(
        f"paths:{y}:{x}", total.left, named, joined(start, back), facts, title="sum over paths",
        subject=(y, x),
    )  # fmt: skip


def _put_in(build: Builder, single: list[Theorem]) -> None:
    """Replaces each path in a sum by its value.

    From the right, so that what is flattened into the sum leaves the places before it as they are.
    """
    for number, theorem in reversed(list(enumerate(single))):
        build.lemma(theorem, (number,) if len(single) > 1 else ())


def _spelled(theory: Theory, named: Theorem, single: list[Theorem], facts: Facts) -> Theorem:
    """The same with the value of every path put in."""
    build = Builder(theory, named.left, facts)
    build.lemma(named, ())
    _put_in(build, single)
    build.algebra(tidy(build.line, build.facts), reason="collect")
    return Theorem(
        f"{named.id}:values", named.left, build.line, build.chain(), facts,
        title="sum over paths", subject=named.subject,
    )  # fmt: skip
