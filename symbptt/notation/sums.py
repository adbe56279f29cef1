"""Sums, quotients and roots, and how a scalar fits a vector."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Integer

from . import syntax as sx
from .dims import ONE, SCALAR, Shape, Solution, unknowns
from .dots import without_dots
from .draft import Draft
from .elaborator import Alt, Elaborator, distinct
from .scripts import index_expr

_MAX_TERMS = 300
_State = tuple[list[Draft], Solution]


def negated(e: Elaborator, d: Draft, node: sx.Node | Draft) -> Draft:
    if d.op == "const":
        return e.draft("const", (-d.args[0],), SCALAR, node)
    if d.op == "scale" and d.args[0].op == "const":
        flipped = negated(e, d.args[0], d.args[0])
        return (
            d.args[1]
            if flipped.args[0] == 1
            else e.draft("scale", (flipped, d.args[1]), d.shape, node)
        )
    minus = e.draft("const", (Integer(-1),), SCALAR, node)
    return e.draft("scale", (minus, d), d.shape, node)


def spread(e: Elaborator, d: Draft, shape: Shape) -> Draft:
    """A scalar as a matrix with that entry everywhere; 0 fits every shape."""
    if d.op == "const" and d.args[0] == 0:
        return e.draft("zero", (), shape, d)
    ones = e.draft("ones", (), shape, d)
    if d.op == "const" and d.args[0] == 1:
        return ones
    if d.op == "scale" and d.args[0].op == "const" and d.args[1].op == "ones":
        return d
    return e.draft("scale", (d, ones), shape, d)


def can_spread(d: Draft, shape: Shape, s: Solution) -> bool:
    """Whether a scalar acts entrywise there: 0 everywhere, anything else in vectors."""
    return d.is_zero or ONE in s.shape(shape)


def _is_batch(d: Draft, s: Solution) -> bool:
    """Whether a matrix has samples as rows: it is certainly not square, so 1 is no identity."""
    rows, cols = s.shape(d.shape)
    return rows != cols and not unknowns(rows) and not unknowns(cols)


def matched(e: Elaborator, a: Draft, b: Draft, s: Solution) -> tuple[Draft, Draft, Solution] | None:
    """Two operands brought to one shape; None if they cannot be."""
    first, second = s.is_scalar(a.shape), s.is_scalar(b.shape)
    if first and not second and (can_spread(a, b.shape, s) or _is_batch(b, s)):
        return spread(e, a, b.shape), b, s
    if second and not first and (can_spread(b, a.shape, s) or _is_batch(a, s)):
        return a, spread(e, b, a.shape), s
    solution = s.unify_shapes(a.shape, b.shape, b.at)
    return None if solution is None else (a, b, solution)


def _sum(e: Elaborator, node: sx.Sum, s: Solution) -> list[Alt]:
    if len(node.terms) > _MAX_TERMS:
        raise e.fail(f"a sum of more than {_MAX_TERMS} terms", node)
    states: list[tuple[list[Draft], Solution]] = [([], s)]
    for sign, term in without_dots(e, list(zip(node.signs, node.terms, strict=True)), "sum"):
        if sign == r"\pm":
            raise e.unsupported(r"\pm is not understood", term)
        states = [x for done, at in states for x in _with_term(e, done, sign, term, at)]
        states = _distinct_states(states)
    out: list[Alt] = []
    for done, at in states:
        one = done[0] if len(done) == 1 else e.draft("plus", done, done[0].shape, node)
        out.append((one, at))
    return out


def _distinct_states(
    states: list[tuple[list[Draft], Solution]],
) -> list[tuple[list[Draft], Solution]]:
    kept = distinct([(done[0], at) for done, at in states])
    heads = {id(d) for d, _ in kept}
    return [x for x in states if id(x[0][0]) in heads] if len(kept) < len(states) else states


def _with_term(
    e: Elaborator, done: list[Draft], sign: str, term: sx.Node, s: Solution
) -> Iterator[tuple[list[Draft], Solution]]:
    for d, at in e.alts(term, s):
        d = negated(e, d, d) if sign == "-" else d
        if not done:
            yield [d], at
            continue
        fit = matched(e, done[0], d, at)
        if fit is None:
            e.clash("add" if sign == "+" else "subtract", done[-1], d, at)
            continue
        head, last, solution = fit
        if head is not done[0]:
            done = [spread(e, x, last.shape) for x in done]
        yield [*done, last], solution


def _quotient(e: Elaborator, node: sx.Quotient, s: Solution) -> list[Alt]:
    out: list[Alt] = []
    for above, s1 in e.alts(node.above, s):
        for below, s2 in e.alts(node.below, s1):
            out += divided(e, above, below, s2, node)
    return out


def divided(e: Elaborator, a: Draft, b: Draft, s: Solution, node: sx.Node) -> list[Alt]:
    """a / b: by a number exactly, by a scalar, or entry by entry."""
    if b.op == "const":
        if b.args[0] == 0:
            raise e.fail("division by zero", node)
        inverse = 1 / b.args[0]
        if a.op == "const":
            return [(e.draft("const", (a.args[0] * inverse,), SCALAR, node), s)]
        return [(e.draft("scale", (e.draft("const", (inverse,), SCALAR, b), a), a.shape, node), s)]
    recip = e.draft("map", ("recip", 0, b), b.shape, b)
    if a.op == "const" and a.args[0] == 1:
        return [(e.draft("map", ("recip", 0, b), b.shape, node), s)]
    if s.is_scalar(b.shape) or a.op == "const":
        first, second = (recip, a) if s.is_scalar(b.shape) else (a, recip)
        return [(e.draft("scale", (first, second), second.shape, node), s)]
    fit = matched(e, a, recip, s)
    if fit is None:
        e.clash("divide", a, b, s)
        return []
    return [(e.draft("hadamard", fit[:2], fit[0].shape, node), fit[2])]


def _root(e: Elaborator, node: sx.Root, s: Solution) -> list[Alt]:
    if node.degree is not None and index_expr(node.degree) != 2:
        raise e.unsupported("only square roots are understood", node)
    return [(e.draft("map", ("sqrt", 0, d), d.shape, node), at) for d, at in e.alts(node.body, s)]


def _change(e: Elaborator, node: sx.Change, s: Solution) -> list[Alt]:
    return [(e.draft("change", (d,), d.shape, node), at) for d, at in e.alts(node.y, s)]


Elaborator.handlers.update(
    {sx.Sum: _sum, sx.Quotient: _quotient, sx.Root: _root, sx.Change: _change}
)
