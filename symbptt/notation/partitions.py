"""Block matrices that meet are partitioned alike: the widths of one are the heights of the next.

So a block of zeros, whose size nothing in its own matrix gives, gets it from its neighbour.
"""

from __future__ import annotations

from .dims import Dim, Solution
from .draft import Draft

_BODY = frozenset({"prod", "sum"})


def partition(d: Draft, axis: int) -> tuple[Dim, ...]:
    """The heights (axis 0) or widths (axis 1) of the blocks of a draft; empty where it has none."""
    if d.op == "block":
        m, n, *cells = d.args
        m, n = int(m), int(n)
        return tuple(c.shape[axis] for c in (cells[::n] if axis == 0 else cells[:n]))
    if d.op == "transposed":
        return partition(d.args[0], 1 - axis)
    if d.op == "times":
        return partition(d.args[-axis], axis)
    if d.op == "scale":
        return partition(d.args[1], axis)
    if d.op in _BODY:
        return partition(d.args[0], axis)
    return ()


def conform(a: tuple[Dim, ...], b: tuple[Dim, ...], at: int, s: Solution) -> Solution:
    """The solution in which blocks meet pairwise, or the same where they do not."""
    if len(a) != len(b):
        return s
    solution: Solution | None = s
    for left, right in zip(a, b, strict=True):
        solution = solution.unify(left, right, at) if solution is not None else None
    return s if solution is None else solution
