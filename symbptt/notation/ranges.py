"""Limits of sums and products in every form, and conditions on indices."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sympy import Expr, Integer, Symbol
from sympy.core.symbol import Str

from ..core.indices import index_symbol
from . import syntax as sx
from .dims import ONE, SCALAR, Solution
from .elaborator import Alt, Elaborator
from .lifting import Lifting
from .norms import supremum
from .ordered import product_over
from .partitions import conform, partition
from .scope import dim_of
from .scripts import index_expr

_FLIP = {"<": ">", ">": "<", r"\le": r"\ge", r"\ge": r"\le", "=": "="}


@dataclass(frozen=True)
class Limits:
    """An index and its bounds; None where the text gives none."""

    index: Symbol
    lo: Expr | None = None
    hi: Expr | None = None


def condition_facts(e: Elaborator, node: sx.Relation) -> list[Expr]:
    """A chain of conditions on indices as expressions that are >= 0."""
    out: list[Expr] = []
    for left, op, right in zip(node.sides, node.ops, node.sides[1:], strict=False):
        a, b = index_expr(left), index_expr(right)
        if a is None or b is None or op not in _FLIP:
            raise e.fail(f"{e.text(node)} is not a condition on indices", node)
        if op == "=":
            out += [a - b, b - a]
        else:
            low, high = (a, b) if op in ("<", r"\le") else (b, a)
            out.append(high - low - (1 if op in "<>" else 0))
    return out


def limits_of(e: Elaborator, node: sx.Big) -> list[Limits]:
    """The indices of a sum or product, outermost first."""
    below = node.sub if node.sub is not None else _own_index(e, node)
    listed = _listed(e, below)
    if listed is not None:
        return [listed]
    found = [limits for item in _conditions(below) for limits in _chained(e, item)]
    merged: dict[Symbol, Limits] = {}
    for limits in found:
        old = merged.get(limits.index)
        if old is None:
            merged[limits.index] = limits
        else:
            merged[limits.index] = replace(old, lo=limits.lo or old.lo, hi=limits.hi or old.hi)
    out = list(merged.values())
    if node.sup is not None:
        top = index_expr(node.sup)
        if top is None:
            raise e.fail(f"the upper limit {e.text(node.sup)} is not an index", node.sup)
        if out[-1].hi is not None:
            raise e.fail("this sum or product has two upper limits", node.sup)
        out[-1] = _ordered(replace(out[-1], hi=top), e)
    return out


def _listed(e: Elaborator, node: sx.Node) -> Limits | None:
    """The limits of ``i = t, \\dots, k + 1``; None for anything else."""
    items = node.items if isinstance(node, sx.Listing) else ()
    if len(items) != 3 or not isinstance(items[1], sx.Dots):
        return None
    first, last = items[0], index_expr(items[2])
    if not isinstance(first, sx.Relation) or first.ops != ("=",) or last is None:
        raise e.fail("these limits are not understood", node)
    index, start = map(index_expr, first.sides)
    if start is None or not isinstance(index, Symbol):
        raise e.fail("these limits are not understood", node)
    return _ordered(Limits(index, start, last), e)


def _chained(e: Elaborator, node: sx.Node) -> list[Limits]:
    """The limits of one condition, outermost first: of 1 <= k <= t <= T those of t, then of k."""
    if not isinstance(node, sx.Relation) or len(node.sides) < 4:
        return [_one(e, node)]
    values = [index_expr(side) for side in node.sides]
    ops = list(node.ops)
    if set(ops) <= {">", r"\ge"}:
        values, ops = values[::-1], [_FLIP[op] for op in ops[::-1]]
    inner = values[1:-1]
    if None in values or not set(ops) <= {"<", r"\le"} or not all(v.is_Symbol for v in inner):  # type: ignore[union-attr]
        raise e.fail(f"the limits {e.text(node)} are not understood", node)
    out = []
    for j in range(len(values) - 2, 0, -1):
        low, high = values[0], values[j + 1]
        assert low is not None and high is not None
        strict = ops[:j].count("<")
        out.append(Limits(values[j], low + strict, high - 1 if ops[j] == "<" else high))
    return out


def _own_index(e: Elaborator, node: sx.Big) -> sx.Node:
    """The time t of a sum that names no index and whose terms depend on t."""
    time = e.scope.step
    inside = any(isinstance(x, sx.Sym) and x.base == time for x in sx.walk(node.body))
    if node.kind != "sum" or not inside or any(b.name == time for b in e.bound):
        raise e.fail("this sum or product does not say over which index it runs", node)
    return sx.Sym(node.at, node.at, time)


def _conditions(node: sx.Node) -> list[sx.Node]:
    if isinstance(node, sx.Listing):
        return [c for item in node.items for c in _conditions(item)]
    if isinstance(node, sx.Brackets):
        return [c for row in node.rows for item in row for c in _conditions(item)]
    return [node]


def _one(e: Elaborator, node: sx.Node) -> Limits:
    """The limits that one condition below the sign gives."""
    if not isinstance(node, sx.Relation):
        index = index_expr(node)
        if index is None or not index.is_Symbol:
            raise e.fail(f"{e.text(node)} is not an index", node)
        return Limits(index)
    if set(node.ops) == {r"\in"}:
        index = index_expr(node.sides[0])
        if index is not None and index.is_Symbol:
            raise e.unsupported("a sum over a set is not understood here yet", node)
    values = [v for v in map(index_expr, node.sides) if v is not None]
    if len(values) < len(node.sides) or any(op not in _FLIP for op in node.ops):
        raise e.fail(f"the limits {e.text(node)} are not understood", node)
    place = _index_place(e, values)
    if place is None:
        raise e.fail(f"{e.text(node)} does not show which index runs", node)
    limits = Limits(values[place])
    if place > 0:
        limits = _bounded(limits, _FLIP[node.ops[place - 1]], values[place - 1])
    if place < len(values) - 1:
        limits = _bounded(limits, node.ops[place], values[place + 1])
    return limits


def _index_place(e: Elaborator, values: list[Expr]) -> int | None:
    """Which member of a chain is the running index: the middle one, else the first letter."""
    if len(values) == 3:
        return 1 if values[1].is_Symbol else None
    taken = {b.name for b in e.bound} | {e.scope.length}
    letters = [i for i, v in enumerate(values) if v.is_Symbol]
    free = [i for i in letters if values[i].name not in taken]
    return next(iter(free or letters), None)


def _bounded(limits: Limits, op: str, value: Expr) -> Limits:
    """The limits with ``index op value``."""
    if op == "=":
        return replace(limits, lo=value)
    if op in ("<", r"\le"):
        return replace(limits, hi=value - 1 if op == "<" else value)
    return replace(limits, lo=value + 1 if op == ">" else value)


def _ordered(limits: Limits, e: Elaborator) -> Limits:
    """Limits given from the top down, as in \\prod_{i=t}^{k+1}, turned round."""
    if limits.lo is None or limits.hi is None:
        return limits
    late = {*e.scope.times, e.scope.length}
    low, high = map(_names, (limits.lo, limits.hi))
    later = any(b.name in high and b.low is not None and low & _names(b.low) for b in e.bound)
    if later:  # a sum around it says that its index is not before the other end
        return limits
    if low and low <= late and not high & late and (high or limits.hi <= 1):
        return replace(limits, lo=limits.hi, hi=limits.lo)
    return limits


def _names(expr: Expr) -> set[str]:
    return {x.name for x in expr.free_symbols}


def _big(e: Elaborator, node: sx.Big, s: Solution) -> list[Alt]:
    if node.kind == "sup":
        return supremum(e, node, s)
    if node.kind == "max" and node.sub is not None:
        return _largest(e, node, s)
    if node.kind not in ("sum", "prod"):
        raise e.unsupported(f"{node.kind} is not understood here yet", node)
    limits = limits_of(e, node)
    for one in limits:
        ends = {s for end in (one.lo, one.hi) if end is not None for s in end.free_symbols}
        if one.index in ends:
            raise e.fail(f"the index {one.index} occurs in its own limits", node)
    with e.binding((x.index.name for x in limits), sums=node.kind == "sum") as bound:
        for one, b in zip(limits, bound, strict=True):
            b.low = one.lo
        found = _bodies(e, node, s)
        out: list[Alt] = []
        for body, at in found:
            for one, b in reversed(list(zip(limits, bound, strict=True))):
                if b.used and one.hi is not None and one.hi.is_Symbol and e.scope.is_size(one.hi):
                    at = at.unify(b.top, dim_of(one.hi), node.at) or at
                known = at.resolve(b.top) != b.top
                over_entries = b.used and known
                lo = one.lo if one.lo is not None else Integer(1)
                hi: object = one.hi
                if hi is None:
                    hi = at.resolve(b.top) if over_entries else index_symbol(e.scope.length)
                if node.kind == "sum":
                    text = e.text(node.body)
                    body = e.draft("sum", (body, one.index, lo, hi), body.shape, node)
                    if node.sub is None:
                        e.note(body, "accumulated", text, one.index.name)
                else:
                    at = conform(partition(body, 0), partition(body, 1), node.at, at)
                    body = product_over(e, body, (one.index, lo, hi), at, node)
            out.append((body, at))
    return out


def _largest(e: Elaborator, node: sx.Big, s: Solution) -> list[Alt]:
    """max_i |v_i| of a column v: its largest entry in absolute value."""
    (limits,) = limits_of(e, node)
    inner = node.body.body if isinstance(node.body, sx.Norm) and node.body.kind == "|" else None
    if inner is None or limits.lo is not None or limits.hi is not None:
        hint = r"write \max_i |v_i| for the largest entry of a vector"
        raise e.unsupported("max is not understood here yet", node, hint)
    out: list[Alt] = []
    with e.binding([limits.index.name]) as (bound,):
        for body, at in e.alts(inner, s):
            size = at.resolve(bound.top)
            if not at.is_scalar(body.shape) or not bound.used:
                raise e.unsupported("this maximum is not over the entries of a vector", node)
            column = Lifting(e, at, node).lift(body, limits.index, size, None, ONE)
            out.append((e.draft("norm", (column, Str("inf")), SCALAR, node), at))
    return out


def _bodies(e: Elaborator, node: sx.Big, s: Solution) -> list[Alt]:
    """The readings of the body; the factor of a product must be square."""
    out: list[Alt] = []
    for body, at in e.alts(node.body, s):
        if node.kind == "sum" or (at.resolve(body.shape[1]) == ONE and e.is_given(body)):
            out.append((body, at))
            continue
        square = at.unify(body.shape[0], body.shape[1], body.at)
        if square is None:
            e.misfit(
                f"the factor of a product must be square, but {e.text(body)} is "
                f"{e.show(body.shape, at)}", body,
            )  # fmt: skip
        else:
            out.append((body, square))
    return out


Elaborator.handlers[sx.Big] = _big
