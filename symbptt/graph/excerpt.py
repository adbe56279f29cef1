"""The part of the unrolled graph that is drawn: the steps t-1, t, t+1, and what follows them.

A *cell* is a quantity that every step has; an edge says of which step, counted from the consumer,
the value comes. *Ends* are the quantities without time, and the elements at one fixed time that
they use.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Integer

from symbptt.core.indices import entails
from symbptt.core.terms import Elem, OrderedProduct, Param, SumOver, Term
from symbptt.core.traverse import find, substitute

from .graph import Graph, Node, references

REACH = 2  # steps that an edge may span in the picture


@dataclass(frozen=True)
class Edge:
    """From one cell to another; ``lag`` is the consumer's step minus the parent's."""

    parent: str
    consumer: str
    lag: int


@dataclass(frozen=True)
class Excerpt:
    """Cells of a step by name with their heads, and the edges between them.

    ``ends`` are (key, head) of quantities beyond the steps; ``sums`` pairs (cell, end) where the
    end sums over all steps; ``finals`` pairs (end, end); ``defined`` are the ends that are not the
    last element, or another one, of what the steps compute.
    """

    cells: dict[str, Node]
    edges: tuple[Edge, ...]
    ends: dict[str, Elem | Param]
    sums: tuple[tuple[str, str], ...]
    finals: tuple[tuple[str, str], ...]
    defined: frozenset[str]


def excerpt(graph: Graph) -> Excerpt:
    """What the picture of the graph shows; parameters and boundary values are left out."""
    cells = {n.head.key: n for n in graph.nodes if _has_range(n) and not _is_weight(n, graph)}
    edges: dict[Edge, None] = {}
    ends: dict[str, Elem | Param] = {}
    sums: dict[tuple[str, str], None] = {}
    finals: dict[tuple[str, str], None] = {}
    defined: set[str] = set()
    for node in graph.computed:
        if isinstance(node.head, Param) or not _has_range(node):
            key = node.head.key if isinstance(node.head, Param) else str(_point(node))
            defined.add(key)
            ends[key] = node.head if isinstance(node.head, Param) else _point(node)
            for parent in _parents_at(node, ends[key]):
                _end(parent, key, node, cells, ends, sums, finals)
        elif node is cells.get(node.head.key):
            for parent in node.parents:
                if parent.key in cells:
                    edges |= dict.fromkeys(
                        Edge(parent.key, node.head.key, lag) for lag in _lags(parent, node)
                    )
    used = {k for e in edges for k in (e.parent, e.consumer)} | {c for c, _ in sums}
    shown = {k: n for k, n in cells.items() if k in used}
    return Excerpt(shown, tuple(edges), ends, tuple(sums), tuple(finals), frozenset(defined))


def _end(
    parent: Elem | Param,
    key: str,
    node: Node,
    cells: dict[str, Node],
    ends: dict[str, Elem | Param],
    sums: dict[tuple[str, str], None],
    finals: dict[tuple[str, str], None],
) -> None:
    """One parent of a quantity without time."""
    if isinstance(parent, Param):
        if parent.key in ends:
            finals[parent.key, key] = None
    elif node.body is not None and _bound(parent.index, node.body):
        if parent.key in cells:
            sums[parent.key, key] = None
    else:
        name = str(parent)
        ends[name] = parent
        finals[name, key] = None


def _bound(index: Expr, body: Term) -> bool:
    return any(w.bound in index.free_symbols for w in _ranged(body))


def _ranged(body: Term) -> list[SumOver | OrderedProduct]:
    found = find(body, lambda x: isinstance(x, SumOver | OrderedProduct))
    return [x for _, x in found]


def _has_range(node: Node) -> bool:
    """Whether it is a sequence with more than one element."""
    if not isinstance(node.head, Elem):
        return False
    return not any(entails(node.facts, -f) for f in node.facts if f.free_symbols)


def _parents_at(node: Node, head: Elem | Param) -> tuple[Elem | Param, ...]:
    """What a quantity at one point is computed from."""
    assert node.body is not None
    if isinstance(head, Param) or not isinstance(node.head, Elem):
        return node.parents
    return references(substitute(node.body, {node.head.index: head.index}))


def _point(node: Node) -> Elem:
    """The head at the only index of its range."""
    assert isinstance(node.head, Elem)
    t = node.head.index
    fact = next(f for f in node.facts if -f in node.facts)
    return node.head.at((t - fact * fact.coeff(t)).expand())


def _is_weight(node: Node, graph: Graph) -> bool:
    """Whether a given sequence is never used at a time: weights W_j of a lag."""
    if not node.is_leaf:
        return False
    uses = (
        (x, user.head)
        for user in graph.computed
        for x in user.parents
        if x.key == node.head.key and isinstance(x, Elem)
    )
    return not any(
        isinstance(head, Param) or head.index in x.index.free_symbols for x, head in uses
    )


def _lags(parent: Elem | Param, node: Node) -> list[int]:
    """The lags of a reference, as far as the picture shows them."""
    assert isinstance(parent, Elem)
    assert isinstance(node.head, Elem)
    assert node.body is not None
    lag = (node.head.index - parent.index).expand()
    values: list[Expr] = [lag]
    for w in _ranged(node.body):
        if w.bound in lag.free_symbols and isinstance(w.lo, Integer):
            values = [v.xreplace({w.bound: w.lo + i}) for v in values for i in range(REACH + 1)]
    return [int(v) for v in values if isinstance(v, Integer) and abs(int(v)) <= REACH]
