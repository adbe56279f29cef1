r"""Dots in products and sums: ``J_t J_{t-1} \cdots J_{k+1}``, ``a_1 + \dots + a_T``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import syntax as sx
from .dims import ONE, Solution
from .elaborator import Alt, Elaborator
from .filled import columns
from .ordered import entrywise_product, ordered_product
from .patterns import Family, family, free_letter, rank

Items = list[tuple[str, sx.Node]]
_ELEMENTWISE = frozenset({r"\odot", r"\circ", "*"})
_MAX_PERIOD = 3
_CALLED = {"prod": "product", "sum": "sum"}


@dataclass(frozen=True, slots=True)
class Chain(sx.Node):
    """A product (``kind`` "prod"), elementwise product ("odot") or sum of a family of formulas."""

    kind: str
    body: sx.Node
    found: Family


def without_dots(e: Elaborator, items: Items, kind: str) -> Items:
    """Factors or terms, with the operator before each, where chains replace dots."""
    while True:
        place = next((i for i, (_, x) in enumerate(items) if isinstance(x, sx.Dots)), None)
        if place is None:
            return items
        items = _without_first(e, items, place, kind)


def _without_first(e: Elaborator, items: Items, place: int, kind: str) -> Items:
    dots = items[place][1]
    stop = next((i for i in range(place + 1, len(items)) if isinstance(items[i][1], sx.Dots)),
                len(items))  # fmt: skip
    before, after = items[:place], items[place + 1 : stop]
    if not before or not after:
        raise e.unsupported("dots need a formula before and after them", dots)
    sign = after[0][0]
    if kind == "sum":
        if sign != items[place][0]:
            raise e.unsupported("the signs around these dots do not show a pattern", dots)
    elif (sign in _ELEMENTWISE) != (items[place][0] in _ELEMENTWISE):
        raise e.unsupported("the products around these dots are of different kinds", dots)
    letter = free_letter(lambda x: e.scope.is_index(x) or x in e.scope.names or x in _bound(e),
                         [x for _, x in items])  # fmt: skip
    for period in (1,) if kind == "sum" else range(1, _MAX_PERIOD + 1):
        if min(len(before), len(after)) < period:
            continue
        found = family(_groups(before, period)[::-1], _groups(after, period, forward=True), letter,
                       lambda x: rank(e.scope, x))  # fmt: skip
        if found is not None:
            break
    else:
        hint = "write the members so that only their indices differ, or use a sum or product sign"
        raise e.unsupported(f"a {_CALLED[kind]} with dots that show no pattern", dots, hint)
    members, left, right = found
    if (
        kind == "prod"
        and any(op in _ELEMENTWISE for op, _ in before[-period * left + 1 :])
        != (sign in _ELEMENTWISE)
        and left * period > 1
    ):
        raise e.unsupported("the products before these dots are of different kinds", dots)
    start = before[-period * left]
    if kind == "sum" and any(op != sign for op, _ in before[-left + 1 :] if left > 1):
        raise e.unsupported("the signs around these dots do not show a pattern", dots)
    if kind == "sum" and start[0] != sign:
        raise e.unsupported("the signs around these dots do not show a pattern", dots)
    whole = "odot" if kind == "prod" and sign in _ELEMENTWISE else kind
    body = members.members[0]
    if period > 1:
        body = sx.Product(dots.at, dots.end, members.members, ("",) * (period - 1))
    end = after[period * right - 1][1].end
    chain = Chain(start[1].at, end, whole, body, members)
    return [*before[: -period * left], (start[0], chain), *items[place + 1 + period * right :]]


def _bound(e: Elaborator) -> set[str]:
    return {b.name for b in e.bound}


def _groups(items: Items, period: int, forward: bool = False) -> list[tuple[sx.Node, ...]]:
    """Runs of ``period`` formulas, nearest to the dots first."""
    nodes = [x for _, x in (items if forward else items[::-1])]
    out = [tuple(nodes[i : i + period]) for i in range(0, len(nodes) - period + 1, period)]
    return out if forward else [g[::-1] for g in out]


def _chain(e: Elaborator, node: Chain, s: Solution) -> list[Alt]:
    found = node.found
    out: list[Alt] = []
    with e.binding([found.letter.name], sums=node.kind == "sum") as (bound,):
        bodies = e.alts(node.body, s)
    over = (found.letter, found.lo, found.hi)
    for body, at in bodies:
        cols = at.resolve(body.shape[1])
        if node.kind == "sum":
            draft = e.draft("sum", (body, *over), body.shape, node)
        elif at.is_scalar(body.shape):
            draft = e.draft("prod", (body, *over), body.shape, node)
        elif node.kind == "odot":
            if cols != ONE:
                raise e.unsupported("an elementwise product of matrices with dots", node)
            draft = entrywise_product(e, body, over, node)
        else:
            square = at.unify(body.shape[0], body.shape[1], node.at)
            if square is None and cols == ONE and found.step > 0:
                side = columns(e, body, found, bound.top, at, node)
                out += [side] if side is not None else []
                continue
            if square is None:
                e.misfit(
                    f"the factors at these dots must be square, but {e.text(node.body)} is "
                    f"{e.show(body.shape, at)}", node,
                )  # fmt: skip
                continue
            at = square
            draft = ordered_product(e, body, over, found.step < 0, node)
        shown = e.source.slice(node.at, node.end)
        out.append((e.note(draft, "dots", shown, _pattern(found)), at))
    return out


def _pattern(found: Family) -> str:
    """The range of the index, for the note."""
    return f"{found.letter} = {found.first}, ..., {found.last}"


Elaborator.handlers[Chain] = _chain
__all__: Sequence[str] = ("Chain", "without_dots")
