"""Products: which product two neighbours form, and how a chain of them groups.

Reading goes from left to right with all products binding alike. Where that does not fit, the
elementwise products are taken as the looser ones, and if that does not fit either, every grouping
is tried.
"""

from __future__ import annotations

from itertools import pairwise

from ..core.errors import Clash, ShapeError
from . import syntax as sx
from .dims import ONE, SCALAR, Solution, multiply
from .dots import without_dots
from .draft import Draft
from .elaborator import Alt, Elaborator, distinct
from .names import resolve
from .neighbours import Factors, regroup
from .partitions import conform, partition
from .sums import matched

_ELEMENTWISE = frozenset({r"\odot", r"\circ", "*", r"\oslash"})
_MAX_FACTORS = 60
_MAX_GROUPED = 6  # factors of a chain for which every grouping is tried


def _product(e: Elaborator, node: sx.Product, s: Solution) -> list[Alt]:
    if len(node.factors) > _MAX_FACTORS:
        raise e.fail(f"a product of more than {_MAX_FACTORS} factors", node)
    factors = regroup(node, e.scope)
    for _, factor in factors:
        if isinstance(factor, sx.Words):
            raise e.unsupported(f"the words {factor.text!r} are not understood here", factor)
    factors = without_dots(e, factors, "prod")
    if len(factors) == 1:
        return e.alts(factors[0][1], s)
    _mark_whole(e, factors)
    known = len(e.clashes)
    found = left_to_right(e, factors, s)
    elementwise = [op in _ELEMENTWISE for op, _ in factors[1:]]
    if any(elementwise) and not all(elementwise):
        found = distinct(found + _looser(e, factors, s))
    if not found and len(factors) <= _MAX_GROUPED:
        found = _any_grouping(e, factors, s)
    if not found:
        _show_all(e, factors, e.clashes[known:], s)
    return found


def _show_all(e: Elaborator, factors: Factors, clashes: list[ShapeError], s: Solution) -> None:
    """Puts all factors of a product with their shapes into a clash between two of them."""
    mark = len(e.clashes)
    read = [e.alts(factor, s) for _, factor in factors]
    del e.clashes[mark:]
    if not all(read):
        return  # the clash is inside a factor
    pieces = tuple(
        (f"{op} {e.piece(factor)}".strip(), e.show(found[0][0].shape, found[0][1]))
        for (op, factor), found in zip(factors, read, strict=True)
    )
    for error in clashes:
        where = error.where
        second = next(
            (i for i, (_, f) in enumerate(factors) if e.source.where(f.at) == where), 0
        )  # fmt: skip
        if second > 0:
            error.clash = Clash("", pieces, second - 1, second)


def _mark_whole(e: Elaborator, factors: Factors) -> None:
    """Marks dh_t/dW beside dL_t/dh_t: what it is multiplied by looks at step t alone."""
    for (_, a), (_, b) in pairwise(factors):
        for state, outer in ((b, a), (a, b)):
            if not isinstance(state, sx.Derivative) or not isinstance(outer, sx.Derivative):
                continue
            if state.y is None or outer.y is None or e.text(state.y) != e.text(outer.x):
                continue
            inner, upper = resolve(state.y, e.scope), resolve(outer.y, e.scope)
            if inner and upper and inner.index is not None and inner.index == upper.index:
                e.whole.add((state.at, state.end))


def readings(e: Elaborator, factors: Factors, i: int, s: Solution) -> list[Alt]:
    """The readings of factor i; a derivative that is multiplied from the right is a row first."""
    factor = factors[i][1]
    found = e.alts(factor, s)
    followed = i + 1 < len(factors) and factors[i + 1][0] not in {*_ELEMENTWISE, r"\otimes"}
    if followed and isinstance(factor, sx.Derivative) and e.choices.rows:
        found = sorted(found, key=lambda x: x[1].resolve(x[0].shape[0]) != ONE)
    return found


def left_to_right(e: Elaborator, factors: Factors, s: Solution) -> list[Alt]:
    """All products alike, from the left."""
    states = readings(e, factors, 0, s)
    for i in range(1, len(factors)):
        new: list[Alt] = []
        for left, at in states:
            for right, after in readings(e, factors, i, at):
                new += _continued(e, factors[i][0], left, right, after, chained=i > 1)
        states = distinct(new)
    return states


def _continued(
    e: Elaborator, op: str, left: Draft, right: Draft, s: Solution, chained: bool
) -> list[Alt]:
    """A chain with one factor more; a scalar inside it scales the whole: 2 A B is 2 (A B)."""
    if not chained or left.op != "scale" or s.is_scalar(left.shape) or op in _ELEMENTWISE:
        return multiplied(e, op, left, right, s)
    factor, inner = left.args
    return [
        (spanning("scale", (factor, d), d.shape, left, right), after)
        for d, after in multiplied(e, op, inner, right, s)
    ]


def _looser(e: Elaborator, factors: Factors, s: Solution) -> list[Alt]:
    """Elementwise products last."""
    parts: list[Factors] = [[]]
    signs: list[str] = []
    for i, (op, factor) in enumerate(factors):
        if i and op in _ELEMENTWISE:
            signs.append(op)
            parts.append([])
        parts[-1].append((op, factor))
    states = left_to_right(e, parts[0], s)
    for sign, part in zip(signs, parts[1:], strict=True):
        states = distinct([
            x
            for left, at in states
            for right, after in left_to_right(e, part, at)
            for x in multiplied(e, sign, left, right, after)
        ])  # fmt: skip
    return states


def _any_grouping(e: Elaborator, factors: Factors, s: Solution) -> list[Alt]:
    """The first grouping that fits, with the longest left part first."""
    if len(factors) == 1:
        return e.alts(factors[0][1], s)
    for cut in range(len(factors) - 1, 0, -1):
        found = [
            x
            for left, at in _any_grouping(e, factors[:cut], s)
            for right, after in _any_grouping(e, factors[cut:], at)
            for x in multiplied(e, factors[cut][0], left, right, after)
        ]
        if found:
            return distinct(found)
    return []


def multiplied(e: Elaborator, op: str, a: Draft, b: Draft, s: Solution) -> list[Alt]:
    """The product of two drafts under an operator; empty if none fits."""
    if op == r"\otimes":
        return _outer(e, a, b, s)
    if op == r"\oslash":
        return _entrywise_quotient(e, a, b, s)
    first, second = s.is_scalar(a.shape), s.is_scalar(b.shape)
    if first or second:
        factor, term = (a, b) if first else (b, a)
        return [(spanning("scale", (factor, term), term.shape, a, b), s)]
    if op in _ELEMENTWISE:
        found = hadamard(e, a, b, s)
        for draft, _ in found if op != r"\odot" else ():
            e.note(draft, "hadamard", op, e.text(draft))
        if found or op != "*":
            return found
        found = _matrix(e, a, b, s, quiet=True)
        vectors = ONE in s.shape(a.shape) and ONE in s.shape(b.shape)
        for draft, _ in found if vectors else ():
            e.note(draft, "matrix", op, e.text(draft))
        return found
    found = _matrix(e, a, b, s)
    if found or op in ("@", "."):
        if a.op == "partial" and b.op not in ("partial", "gradient"):
            _note_inner(e, found, s)
        return found
    if ONE not in s.shape(a.shape) or ONE not in s.shape(b.shape):
        return []
    found = hadamard(e, a, b, s, quiet=True)
    for draft, _ in found:
        text = e.text(draft)
        e.note(draft, "hadamard", op, text) if op else e.note(draft, "juxtaposed", text)
    entropy = op == "" and b.op == "map" and b.args[0] == "log"  # y \log p
    if (op == r"\cdot" or entropy) and s.resolve(a.shape[1]) == ONE:  # also the inner product
        turned = Draft("transposed", (a,), (a.shape[1], a.shape[0]), a.at, a.end)
        found += [(spanning("times", (turned, b), SCALAR, a, b), at) for _, at in found]
    return found


def _note_inner(e: Elaborator, found: list[Alt], s: Solution) -> None:
    """Says that a row of derivatives times a column is a number."""
    for draft, at in found:
        sizes = at.shape(draft.args[0].shape)
        if at.is_scalar(draft.shape) and sizes[1] != ONE:
            e.note(draft, "inner", e.text(draft))


def spanning(op: str, args: tuple[object, ...], shape: tuple, a: Draft, b: Draft) -> Draft:  # type: ignore[type-arg]
    """A draft over the pieces of source of two others."""
    return Draft(op, args, shape, min(a.at, b.at), max(a.end, b.end))


def _matrix(e: Elaborator, a: Draft, b: Draft, s: Solution, quiet: bool = False) -> list[Alt]:
    meeting = conform(partition(a, 1), partition(b, 0), b.at, s)
    solution = meeting.unify(a.shape[1], b.shape[0], b.at)
    if solution is None:
        if not quiet:
            e.clash("multiply", a, b, s)
        return []
    return [(spanning("times", (a, b), (a.shape[0], b.shape[1]), a, b), solution)]


def hadamard(e: Elaborator, a: Draft, b: Draft, s: Solution, quiet: bool = False) -> list[Alt]:
    """The elementwise product."""
    fit = matched(e, a, b, s)
    if fit is None:
        if not quiet:
            e.clash("multiply elementwise", a, b, s)
        return []
    left, right, solution = fit
    return [(spanning("hadamard", (left, right), left.shape, a, b), solution)]


def _outer(e: Elaborator, a: Draft, b: Draft, s: Solution) -> list[Alt]:
    """The outer product of two columns, also as a column; of others the Kronecker product."""
    (m, n), (p, q) = s.shape(a.shape), s.shape(b.shape)
    if n == q == ONE:
        turned = Draft("transposed", (b,), (b.shape[1], b.shape[0]), b.at, b.end)
        outer = spanning("times", (a, turned), (a.shape[0], b.shape[0]), a, b)
        stacked = spanning("kron", (a, b), (multiply(m, p), ONE), a, b)  # as a column
        return [(outer, s), (stacked, s)]
    return [(spanning("kron", (a, b), (multiply(m, p), multiply(n, q)), a, b), s)]


def _entrywise_quotient(e: Elaborator, a: Draft, b: Draft, s: Solution) -> list[Alt]:
    recip = Draft("map", ("recip", 0, b), b.shape, b.at, b.end)
    return hadamard(e, a, recip, s)


Elaborator.handlers[sx.Product] = _product
