"""Superscripts that act: transposes, inverses, powers; binomials and spectral radii."""

from __future__ import annotations

from sympy import Expr, Integer

from ..core.indices import index_symbol
from . import syntax as sx
from .dims import ONE, SCALAR, Solution
from .draft import Draft
from .elaborator import Alt, Elaborator
from .names import Reading
from .scripts import TRANSPOSES, entrywise_exponent, index_expr

_MAX_EXPONENT = 400
_MAX_ENTRYWISE = 12


def marked(e: Elaborator, found: list[Alt], reading: Reading, node: sx.Node) -> list[Alt]:
    """Transposes, inverses and powers applied in order; a prime left over is a transpose."""
    for mark in reading.marks:
        found = [x for d, s in found for x in superscript(e, d, mark, s, node)]
    if reading.primes % 2 and reading.function is None:
        found = [(transposed(e, d, node), s) for d, s in found]
    return found


def transposed(e: Elaborator, d: Draft, node: sx.Node | Draft) -> Draft:
    return e.draft("transposed", (d,), (d.shape[1], d.shape[0]), node)


def superscript(e: Elaborator, d: Draft, mark: sx.Node, s: Solution, node: sx.Node) -> list[Alt]:
    """One superscript on a draft."""
    number = e.scope.closed and s.is_scalar(d.shape) and e.scope.length == "T"
    again = e.scope.closed and d.op == "transposed" and _otherwise_transposed(e, mark, node)
    if again or (number and isinstance(mark, sx.Sym) and mark.base == "T"):  # T is the length
        return power(e, d, index_symbol(e.scope.length), s, node)
    if isinstance(mark, sx.Sym) and mark.base in TRANSPOSES:
        turned = transposed(e, d, node)
        if mark.base == e.scope.length:
            e.note(turned, "transpose", e.text(node))
        return [(turned, s)]
    if isinstance(mark, sx.Sum) and mark.signs == ("-",):
        inner_mark = mark.terms[0]
        if isinstance(inner_mark, sx.Sym) and inner_mark.base in TRANSPOSES:
            return [(transposed(e, x, node), at) for x, at in _inverse(e, d, s, node)]
    inner = entrywise_exponent(mark)
    entrywise = inner is not None
    mark = inner if inner is not None else mark
    exponent = index_expr(mark)
    if exponent is None:
        if isinstance(mark, sx.Quotient) and _is_half(mark):
            return [(e.draft("map", ("sqrt", 0, d), d.shape, node), s)]
        problem = "too large" if isinstance(mark, sx.Num) else "not understood"
        raise e.fail(f"the exponent {e.text(mark)} is {problem}", mark)
    if exponent.is_Integer and abs(exponent) > _MAX_EXPONENT:
        raise e.fail(f"the exponent {exponent} is larger than {_MAX_EXPONENT}", mark)
    return power(e, d, exponent, s, node, entrywise)


def _otherwise_transposed(e: Elaborator, mark: sx.Node, node: sx.Node) -> bool:
    r"""Whether this is the T of ``(W^\top)^T``, where transposes are written otherwise."""
    if not isinstance(mark, sx.Sym) or mark.base != e.scope.length:
        return False
    inner = (x for x in sx.walk(node) if isinstance(x, sx.Scripted) and x is not node)
    return any(
        isinstance(sup, sx.Sym) and sup.base in TRANSPOSES and sup.base != e.scope.length
        for x in inner for sup in x.sups
    )  # fmt: skip


def _is_half(node: sx.Quotient) -> bool:
    return index_expr(node.above) == 1 and index_expr(node.below) == 2


def power(
    e: Elaborator, d: Draft, k: Expr, s: Solution, node: sx.Node, entrywise: bool = False
) -> list[Alt]:
    """d^k: of a number exact, of a vector entrywise, of a square matrix repeated."""
    scalar = s.is_scalar(d.shape)
    if d.op == "const" and k.is_Integer and d.args[0].is_Rational:
        if d.args[0] == 0 and k < 0:
            raise e.fail("division by zero", node)
        return [(e.draft("const", (d.args[0] ** k,), SCALAR, node), s)]
    if k.is_Integer and k < 0:
        return [
            x for inv, at in _inverse(e, d, s, node) for x in power(e, inv, -k, at, node, entrywise)
        ]
    vector = ONE in s.shape(d.shape)
    if k == 1:
        return [(d, s)]
    if (vector or entrywise) and k.is_Integer:
        if k > 12:
            raise e.fail(f"the exponent {k} of a vector is larger than 12", node)
        if k == 0:
            return [(e.draft("ones", (), d.shape, node), s)]
        whole = e.draft("hadamard", (d,) * int(k), d.shape, node)
        if not scalar and not entrywise:
            e.note(whole, "entrywise", e.text(node))
        if k == 2 and not e.scope.closed and d.op == "plus" and s.resolve(d.shape[1]) == ONE:
            total = e.draft("times", (transposed(e, d, node), d), SCALAR, node)
            return [(whole, s), (total, s)]  # (o - y)^2 where a model means a number
        return [(whole, s)]
    if entrywise or (vector and not scalar):
        return [(e.draft("entrywise_power", (d, k), d.shape, node), s)]
    square = s.unify(d.shape[0], d.shape[1], node.at)
    if square is None:
        e.misfit(f"a power needs a square matrix, but {e.text(d)} is {e.show(d.shape, s)}", d)
        return []
    return [(e.draft("power", (d, k), d.shape, node), square)]


def _inverse(e: Elaborator, d: Draft, s: Solution, node: sx.Node) -> list[Alt]:
    if d.op == "const":
        return power(e, d, Integer(-1), s, node)
    if ONE in s.shape(d.shape) and not s.is_scalar(d.shape):
        return [(e.draft("map", ("recip", 0, d), d.shape, node), s)]
    square = s.unify(d.shape[0], d.shape[1], node.at)
    if square is None:
        e.misfit(f"an inverse needs a square matrix, but {e.text(d)} is {e.show(d.shape, s)}", d)
        return []
    return [(e.draft("inverse", (d,), d.shape, node), square)]


def binomial(e: Elaborator, above: sx.Node, below: sx.Node, node: sx.Node) -> Draft:
    """n over k, of two indices."""
    values = [index_expr(x) for x in (above, below)]
    if None in values:
        raise e.unsupported("a binomial of anything but indices is not understood", node)
    return e.draft("binomial", values, SCALAR, node)


def radius(e: Elaborator, argument: sx.Node, node: sx.Node, s: Solution) -> list[Alt]:
    r"""\rho(W), the spectral radius of a square matrix; nothing where it cannot be one."""
    out = []
    for d, at in e.alts(argument, s):
        square = None if ONE in at.shape(d.shape) else at.unify(*d.shape, node.at)
        if square is not None:
            out.append((e.draft("radius", (d,), SCALAR, node), square))
    return out


def _binomial(e: Elaborator, node: sx.Binomial, s: Solution) -> list[Alt]:
    return [(binomial(e, node.above, node.below, node), s)]


def _repeated(e: Elaborator, node: sx.Repeated, s: Solution) -> list[Alt]:
    """A power, or a multiple, by the number of times that something is written."""
    count = index_expr(node.count)
    assert count is not None
    out: list[Alt] = []
    for d, at in e.alts(node.body, s):
        if node.sign == "+":
            for number, known in e.alts(node.count, at):
                out.append((e.draft("scale", (number, d), d.shape, node), known))
            continue
        vector = ONE in at.shape(d.shape) and not at.is_scalar(d.shape)
        if vector and node.sign != r"\odot":
            e.misfit(f"{e.text(d)} is {e.show(d.shape, at)}: it cannot be multiplied by itself", d)
            continue
        out += power(e, d, count, at, node, node.sign == r"\odot" and not at.is_scalar(d.shape))
    return [(e.note(d, "dots", e.text(node), f"{count}"), at) for d, at in out]


Elaborator.handlers[sx.Binomial] = _binomial
Elaborator.handlers[sx.Repeated] = _repeated
