r"""``\begin{cases}``: values under conditions, on indices or on signs of quantities.

The first condition that holds counts, as in a program; where none does, the value is 0 only if the
last row says "otherwise", else the distinction must cover everything and is refused.
"""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Expr

from ..core.indices import contradictory
from . import syntax as sx
from .dims import Solution
from .draft import Draft
from .elaborator import Alt, Elaborator
from .indicators import Indicator, about_indices
from .ranges import condition_facts
from .scripts import index_expr
from .sums import matched, negated

_OTHERWISE = frozenset(
    {"otherwise", "else", "其他", "其它", "否则", "其余", "其他情况", "其它情况"}
)
_SIGNS = {">": (1, True), "<": (-1, True), r"\ge": (1, False), r"\le": (-1, False)}
_MAX_CASES = 8


def cases(e: Elaborator, node: sx.Grid, s: Solution) -> list[Alt]:
    """The sum of the values, each times the indicator of its case."""
    rows = [row for row in node.rows if any(c is not None for c in row)]
    if not 1 < len(rows) <= _MAX_CASES or any(row[0] is None or len(row) > 2 for row in rows):
        raise e.unsupported(
            "a distinction of cases like this is not understood", node,
            r"write value & condition \\ value & \text{otherwise}",
        )  # fmt: skip
    conditions = [row[1] if len(row) > 1 else None for row in rows]
    if any(_is_rest(c) for c in conditions[:-1]):
        raise e.fail("only the last case has no condition", node)
    values = [row[0] for row in rows]
    if all(_is_rest(c) or about_indices(e.scope, c) for c in conditions):
        return _by_index(e, values, conditions, node, s)  # type: ignore[arg-type]
    return _by_sign(e, values, conditions, node, s)  # type: ignore[arg-type]


def _is_rest(condition: sx.Node | None) -> bool:
    if isinstance(condition, sx.Words):
        return condition.text.strip(" .,。，") in _OTHERWISE
    return condition is None


def _by_index(
    e: Elaborator, values: list[sx.Node], conditions: list[sx.Node | None], node: sx.Grid,
    s: Solution,
) -> list[Alt]:  # fmt: skip
    before: list[tuple[Expr, ...]] = [()]  # the regions in which no case has held yet
    regions: list[list[tuple[Expr, ...]]] = []
    for condition in conditions:
        if _is_rest(condition):
            regions.append(before)
            before = []
            continue
        assert isinstance(condition, sx.Relation)
        alternatives = _alternatives(e, condition)
        regions.append(_possible((*b, *a) for b in before for a in alternatives))
        before = _possible((*b, *f) for b in before for f in _failing(alternatives))
    if before and not _is_rest(conditions[-1]) and not _covers(conditions):
        raise e.unsupported("these cases leave out some indices", node, "add an otherwise")
    states: list[tuple[list[Draft], Solution]] = [([], s)]
    for value, region in zip(values, regions, strict=True):
        states = [
            ([*done, *(_when(e, d, facts) for facts in region)], at)
            for done, before_at in states
            for d, at in e.alts(value, before_at)
        ]
    return _summed(e, states, node)


def _possible(regions: Iterable[tuple[Expr, ...]]) -> list[tuple[Expr, ...]]:
    """The regions that are not empty, each fact once."""
    return [tuple(dict.fromkeys(r)) for r in regions if not contradictory(r)]


def _alternatives(e: Elaborator, condition: sx.Relation) -> list[tuple[Expr, ...]]:
    """The condition as disjoint sets of facts; i != j is two of them."""
    if condition.ops == (r"\ne",):
        a, b = (index_expr(x) for x in condition.sides)
        assert a is not None and b is not None
        return [(a - b - 1,), (b - a - 1,)]
    return [tuple(condition_facts(e, condition))]


def _failing(alternatives: list[tuple[Expr, ...]]) -> list[tuple[Expr, ...]]:
    """Disjoint regions in which none of the alternatives holds."""
    regions: list[tuple[Expr, ...]] = [()]
    for facts in alternatives:
        parts = [(*facts[:i], (-f - 1).expand()) for i, f in enumerate(facts)]
        regions = [(*r, *p) for r in regions for p in parts]
    return regions


def _covers(conditions: list[sx.Node | None]) -> bool:
    """Whether the last condition is the opposite of the first, by its signs: = and !=, < and >=."""
    if len(conditions) != 2:
        return False
    one, other = conditions
    opposite = {"=": r"\ne", r"\ne": "=", "<": r"\ge", r"\ge": "<", ">": r"\le", r"\le": ">"}
    if not isinstance(one, sx.Relation) or not isinstance(other, sx.Relation):
        return False
    same = [index_expr(x) for x in one.sides] == [index_expr(x) for x in other.sides]
    single = len(one.ops) == len(other.ops) == 1
    return single and same and opposite.get(one.ops[0]) == other.ops[0]


def _when(e: Elaborator, d: Draft, facts: tuple[Expr, ...]) -> Draft:
    return e.draft("when", (d, *facts), d.shape, d) if facts else d


def _summed(e: Elaborator, states: list[tuple[list[Draft], Solution]], node: sx.Node) -> list[Alt]:
    out: list[Alt] = []
    for drafts, at in states:
        total, solution = drafts[0], at
        parts = [total]
        for d in drafts[1:]:
            fit = matched(e, parts[0], d, solution)
            if fit is None:
                e.clash("take as two cases of one value", parts[0], d, solution)
                break
            first, last, solution = fit
            parts = [first, *parts[1:], last]
        else:
            whole = parts[0] if len(parts) == 1 else e.draft("plus", parts, parts[0].shape, node)
            out.append((whole, solution))
    return out


def _by_sign(
    e: Elaborator, values: list[sx.Node], conditions: list[sx.Node | None], node: sx.Grid,
    s: Solution,
) -> list[Alt]:  # fmt: skip
    """Values under conditions such as x > 0: their indicators are steps."""
    states: list[tuple[list[Draft], Draft | None, Solution]] = [([], None, s)]
    for value, condition in zip(values, conditions, strict=True):
        new = []
        for done, rest, at in states:
            for held, s1 in [(None, at)] if _is_rest(condition) else _indicator(e, condition, at):
                now = held if rest is None else rest if held is None else _both(e, rest, held, s1)
                left = _complement(e, held) if held is not None else None
                after = left if rest is None or left is None else _both(e, rest, left, s1)
                for d, s2 in e.alts(value, s1):
                    fit = matched(e, d, now, s2) if now is not None else (d, d, s2)
                    if fit is None:
                        continue
                    a, b, s3 = fit
                    piece = a if now is None else e.draft("hadamard", (a, b), b.shape, d)
                    new.append(([*done, piece], after, s3))
        states = new
    if not _is_rest(conditions[-1]):
        last = conditions[-1]
        if not isinstance(last, sx.Relation) or not _sign_covers(conditions, e):
            raise e.unsupported("these cases leave something out", node, "add an otherwise")
    return _summed(e, [(done, at) for done, _, at in states], node)


def _sign_covers(conditions: list[sx.Node | None], e: Elaborator) -> bool:
    """x > 0 and x <= 0, or x >= 0 and x < 0, of one x."""
    if len(conditions) != 2 or not all(isinstance(c, sx.Relation) for c in conditions):
        return False
    one, other = conditions
    texts = [[e.text(x) for x in c.sides if x is not None] for c in (one, other)]  # type: ignore[union-attr]
    opposite = {"<": r"\ge", r"\ge": "<", ">": r"\le", r"\le": ">"}
    return texts[0] == texts[1] and (opposite.get(one.ops[0]),) == other.ops  # type: ignore[union-attr]


def _indicator(e: Elaborator, node: sx.Node | None, s: Solution) -> list[Alt]:
    """1 where the condition holds, else 0, entry by entry."""
    if not isinstance(node, sx.Relation) or len(node.ops) != 1 or node.ops[0] not in _SIGNS:
        place = node if node is not None else sx.Words(0, 0, "")
        raise e.unsupported(f"the condition {e.text(place)} is not understood", place)
    sign, strict = _SIGNS[node.ops[0]]
    left, right = node.sides
    assert left is not None and right is not None
    up = (sign > 0) == strict  # a >= b is: not b > a
    first, last = (left, right) if up else (right, left)
    found = _above(e, Indicator(node.at, node.end, first, last), s)
    return found if strict else [(_complement(e, step), at) for step, at in found]


def _above(e: Elaborator, node: Indicator, s: Solution) -> list[Alt]:
    """The step of the difference."""
    difference: sx.Node = sx.Sum(node.at, node.end, ("+", "-"), (node.larger, node.smaller))
    if isinstance(node.smaller, sx.Num) and node.smaller.value == 0:
        difference = node.larger
    found = e.alts(difference, s)
    return [(e.draft("map", ("step", 0, d), d.shape, node), at) for d, at in found]


def _complement(e: Elaborator, d: Draft) -> Draft:
    ones = e.draft("ones", (), d.shape, d)
    return e.draft("plus", (ones, negated(e, d, d)), d.shape, d)


def _both(e: Elaborator, a: Draft, b: Draft, s: Solution) -> Draft:
    fit = matched(e, a, b, s)
    if fit is None:
        raise e.unsupported(
            "these conditions are about things of different shape", sx.Node(a.at, b.end)
        )
    return e.draft("hadamard", fit[:2], fit[0].shape, a)


Elaborator.handlers[Indicator] = _above
