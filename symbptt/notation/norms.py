"""Norms and absolute values, smaller and larger of two, suprema of functions."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Integer
from sympy.core.symbol import Str

from . import syntax as sx
from .dims import ONE, SCALAR, Solution, multiply
from .draft import Draft
from .elaborator import Alt, Elaborator
from .names import resolve
from .powers import superscript, transposed
from .scripts import index_expr
from .sums import matched, negated

EXTREMA = ("min", "max")


def _norm(e: Elaborator, node: sx.Norm, s: Solution, kind: str = "2") -> list[Alt]:
    """||A|| of anything, |x| of a scalar; |v| of a column is taken entry by entry."""
    out: list[Alt] = []
    for d, at in _body(e, node, kind, s):
        if node.kind == "|" and not at.is_scalar(d.shape):
            if at.shape(d.shape)[1] == ONE:
                out.append((e.draft("max", (d, negated(e, d, node)), d.shape, node), at))
                continue
            e.misfit(
                f"a single bar takes a scalar, but {e.text(d)} is {e.show(d.shape, at)}; "
                rf"write \|{e.text(d)}\|", d,
            )  # fmt: skip
            continue
        column: Solution | None = at
        if kind == "inf":
            column = at.unify(d.shape[1], ONE, node.at, one=True)
            if column is None:
                e.misfit(f"{e.text(d)} is {e.show(d.shape, at)}, not a column", d)
                continue
        sort = "inf" if kind == "inf" else "2"
        out.append((e.draft("norm", (d, Str(sort)), SCALAR, node), column))
    return out


def _body(e: Elaborator, node: sx.Norm, kind: str, s: Solution) -> list[Alt]:
    """What the norm is of: the norm F of a matrix is that of its entries as one vector."""
    found = e.alts(node.body, s)
    return [_entries(e, d, at) for d, at in found] if kind == "F" else found


def _entries(e: Elaborator, d: Draft, s: Solution) -> Alt:
    rows, cols = s.shape(d.shape)
    if ONE in (rows, cols):
        return d, s
    return e.draft("vec", (d,), (multiply(rows, cols), ONE), d), s


def scripted_norm(e: Elaborator, node: sx.Scripted, s: Solution) -> list[Alt]:
    """A norm with its kind below and a power above; the square of a column's is v^T v."""
    norm = node.base
    assert isinstance(norm, sx.Norm)
    kind = _kind(e, norm, node.subs)
    squared = len(node.sups) == 1 and index_expr(node.sups[0]) == 2
    if kind in ("2", "F") and norm.kind == "‖" and squared:
        return [_square(e, d, at, node) for d, at in _body(e, norm, kind, s)]
    if norm.kind == "|" and len(node.sups) == 1 and index_expr(node.sups[0]) == 2:
        squares = [x for d, at in e.alts(norm.body, s) for x in _squares(e, d, at, node)]
        if squares:
            return squares
    found = _norm(e, norm, s, kind)
    for mark in node.sups:
        exponent = index_expr(mark)
        if exponent is not None and exponent.is_Integer and exponent > 1:
            found = [(e.draft("power", (d, exponent), SCALAR, node), at) for d, at in found]
        else:
            found = [x for d, at in found for x in superscript(e, d, mark, at, node)]
    return found


def _kind(e: Elaborator, norm: sx.Norm, subs: Sequence[sx.Node]) -> str:
    if not subs:
        return "2"
    label = subs[0]
    if norm.kind == "‖" and len(subs) == 1:
        if index_expr(label) == 2:
            return "2"
        if isinstance(label, sx.Sym) and label.base in (r"\infty", "inf"):
            return "inf"
        if isinstance(label, sx.Sym) and label.base in ("F", "Fro", "fro"):
            return "F"
    raise e.unsupported(
        "this norm is not understood", norm, r"\|A\|_2, \|A\|_F and, of a column, \|v\|_\infty are"
    )


def _squares(e: Elaborator, d: Draft, s: Solution, node: sx.Node) -> list[Alt]:
    """|v|^2 of a vector: v^T v, or the squares of its entries; nothing for a scalar."""
    if s.is_scalar(d.shape) or ONE not in s.shape(d.shape):
        return []
    return [_square(e, d, s, node), (e.draft("hadamard", (d, d), d.shape, node), s)]


def _square(e: Elaborator, d: Draft, s: Solution, node: sx.Node) -> Alt:
    rows, cols = s.shape(d.shape)
    if cols == ONE:
        return e.draft("times", (transposed(e, d, node), d), SCALAR, node), s
    if rows == ONE:
        return e.draft("times", (d, transposed(e, d, node)), SCALAR, node), s
    norm = e.draft("norm", (d, Str("2")), SCALAR, node)
    return e.draft("power", (norm, Integer(2)), SCALAR, node), s


def extremum(e: Elaborator, kind: str, arguments: Sequence[sx.Node], node: sx.Node,
             s: Solution) -> list[Alt]:  # fmt: skip
    """min(a, b, ...), entry by entry where the arguments are vectors; max(0, a) is relu(a)."""
    if len(arguments) < 2:
        hint = f"write {kind}(a, b); the largest |v_i| of a vector is \\|v\\|_\\infty"
        raise e.unsupported(f"{kind} of one argument is not understood", node, hint)
    rest = [a for a in arguments if not (isinstance(a, sx.Num) and a.value == 0)]
    if kind == "max" and len(arguments) == 2 and len(rest) == 1:
        found = e.alts(rest[0], s)
        return [(e.draft("map", ("relu", 0, d), d.shape, node), at) for d, at in found]
    states = [([d], at) for d, at in e.alts(arguments[0], s)]
    for argument in arguments[1:]:
        states = [x for done, at in states for x in _beside(e, done, argument, at)]
    return [(e.draft(kind, done, done[0].shape, node), at) for done, at in states]


def _beside(
    e: Elaborator, done: list[Draft], argument: sx.Node, s: Solution
) -> list[tuple[list[Draft], Solution]]:
    """Another argument, brought to the shape of the ones before."""
    out = []
    for d, at in e.alts(argument, s):
        fits = [matched(e, x, d, at) for x in done]
        if fits[0] is None:
            e.clash("compare", done[0], d, at)
            continue
        whole = [f for f in fits if f is not None]
        out.append(([*(f[0] for f in whole), whole[-1][1]], whole[-1][2]))
    return out


def supremum(e: Elaborator, node: sx.Big, s: Solution) -> list[Alt]:
    r"""\sup|\sigma'|: the supremum of a function of the model, over all real arguments."""
    body = node.body
    inner = body.body if isinstance(body, sx.Norm) and body.kind == "|" else None
    reading = resolve(inner, e.scope) if inner is not None else None
    if reading is None or reading.function is None or reading.function.kind != "map":
        raise e.unsupported("sup is understood of a function only", node, r"write \sup|\sigma'|")
    if node.sub is not None or node.sup is not None or reading.marks:
        raise e.unsupported(r"a supremum with limits is not understood", node)
    return [(e.draft("sup", (reading.function.core, reading.primes), SCALAR, node), s)]


Elaborator.handlers[sx.Norm] = _norm
