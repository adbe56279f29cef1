"""Which statements of a loop need which others, from the elements that they read and write.

An element is an array at an affine index. Two statements of one loop that touch the same element,
one of them writing, must keep their order; where the element is the same for all steps, or its
index is not the loop's own plus a number, every order of steps is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sympy import Expr, Symbol

from .. import ir


@dataclass(frozen=True)
class Access:
    """One element that a statement touches; ``gap`` None: it is not known at which step."""

    array: str
    gap: Expr | None
    write: bool
    adds: bool = False


def accesses(node: ir.Statement, index: Symbol) -> Iterator[Access]:
    """What a statement touches at step ``index``."""
    if isinstance(node, ir.Store | ir.Accumulate):
        gap = _gap(node.index, index)
        yield Access(node.array.name, gap, True, isinstance(node, ir.Accumulate))
        yield from _reads(node.value, index)
    elif isinstance(node, ir.Allocate):
        yield Access(node.array.name, None, True)
    elif isinstance(node, ir.Given):
        for array in node.arrays:
            yield Access(array.name, None, False)
    for part in getattr(node, "body", ()):
        yield from accesses(part, index)


def _reads(value: ir.Value, index: Symbol) -> Iterator[Access]:
    for node in ir.walk((value,)):
        if isinstance(node, ir.Read):
            yield Access(node.array.name, _gap(node.index, index), False)


def _gap(at: Expr | None, index: Symbol) -> Expr | None:
    if at is None:
        return None
    gap = at - index
    return gap if gap.is_Integer else None


def loop_edges(nodes: list[ir.Statement], loop: ir.Loop) -> set[tuple[int, int]]:
    """(u, v): a step of statement u must come before a step of statement v."""
    touched = [list(accesses(node, loop.index)) for node in nodes]
    out: set[tuple[int, int]] = set()
    for u, left in enumerate(touched):
        for v in range(u, len(nodes)):
            for a in left:
                for b in touched[v]:
                    if a.array == b.array and (a.write or b.write):
                        out |= _edges(u, v, a, b, loop.ascending)
    return out


def _edges(u: int, v: int, a: Access, b: Access, ascending: bool) -> set[tuple[int, int]]:
    if a.gap is None or b.gap is None:
        if a.adds and b.adds and u != v:
            return set()  # sums into one array may be added in any order
        return {(u, v), (v, u)} if not (a.adds and b.adds) else set()
    later = a.gap - b.gap if ascending else b.gap - a.gap  # steps from a's to b's touch
    if later > 0:
        return {(u, v)}
    if later < 0:
        return {(v, u)}
    return {(u, v)} if u != v else set()


def components(count: int, edges: set[tuple[int, int]]) -> list[list[int]]:
    """Strongly connected components, each before those that need it, else in the given order."""
    after: dict[int, set[int]] = {u: set() for u in range(count)}
    for u, v in edges:
        after[u].add(v)
    reach = {u: _reachable(u, after) for u in range(count)}
    out: list[list[int]] = []
    done: set[int] = set()
    groups: dict[int, list[int]] = {}
    for u in range(count):
        groups[u] = [v for v in range(count) if v == u or (v in reach[u] and u in reach[v])]
    while len(done) < count:
        for u in range(count):
            group = set(groups[u])
            if u not in done and all(
                w in done or w in group for w in range(count) if group & reach[w]
            ):
                out.append(groups[u])
                done |= group
                break
    return out


def _reachable(start: int, after: dict[int, set[int]]) -> set[int]:
    found: set[int] = set()
    todo = [start]
    while todo:
        for v in after[todo.pop()] - found:
            found.add(v)
            todo.append(v)
    return found
