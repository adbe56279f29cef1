r"""What tends to zero, or grows without bound: a power of a number that is known to be below, or
above, one bounds it.

\lim_{t \to \infty} f = 0 holds where |f| <= q^{t-k} and 0 <= q < 1, and where f = W^{t-k} and the
spectral radius of W is below one (Horn & Johnson, Matrix Analysis, 5.6.12); |f| >= q^{t-k} with
q > 1 makes it infinite. That f fails to be bounded so refutes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sympy import Expr, Symbol

from symbptt.core.norms import Norm, Sup
from symbptt.core.powers import Radius
from symbptt.core.terms import (
    Const, Elem, Gradient, Map, Param, Partial, Plus, Power, Scale, Term, Times, Zero,
)  # fmt: skip
from symbptt.core.theory import Assumption
from symbptt.core.traverse import contains, find
from symbptt.notation.claims import INFINITY, Limit, Side

Comparison = tuple[Term, str, Term]
_ONE = Const(1)


def comparison(limit: Limit, value: Side, told: Sequence[Assumption]) -> Comparison | None:
    """A relation that makes the limit be zero, or infinite; None where none is at hand."""
    if limit.towards is not None:
        return None
    exponent = _exponent(limit.body, limit.index)
    if exponent is None:
        return None
    size = limit.body if isinstance(limit.body, Norm) else Norm(limit.body)
    if value is INFINITY and not isinstance(limit.body, Norm):
        return None  # |f| may grow while f changes its sign
    if value is INFINITY:
        base = next(_above_one(told, limit.index), None)
        return None if base is None else (size, ">=", Power(base, exponent))
    if not (isinstance(value, Zero) or value == Const(0)):
        return None
    radius = next((b for b in _below_one(told, limit.index) if isinstance(b, Radius)), None)
    if radius is not None:
        inner = size.args[0]
        return (inner, "=", Power(radius.args[0], exponent)) if _fits(inner, radius) else None
    base = next(_below_one(told, limit.index), None)
    return None if base is None else (size, "<=", Power(base, exponent))


def _fits(term: Term, radius: Term) -> bool:
    return bool(term.shape == radius.args[0].shape)


def _exponent(body: Term, index: Symbol) -> Expr | None:
    """How many factors there are: t - k of a derivative of h_t by h_k, or the exponent of a power,
    where it grows with the index."""
    for _, x in find(body, lambda x: isinstance(x, Gradient | Partial | Power)):
        if isinstance(x, Power):
            steps = x.exponent
        elif isinstance(x.args[0], Elem) and isinstance(x.args[1], Elem):
            steps = x.args[0].index - x.args[1].index
        else:
            continue
        if steps.expand().coeff(index) == 1:
            return steps.expand()
    return None


def _below_one(told: Sequence[Assumption], index: Symbol) -> Iterator[Term]:
    """Numbers, never negative, that are told to be below one."""
    for a in told:
        base = _quotient(a.left, a.right)
        if a.relation == "<" and base is not None and _is_fixed(base) and _is_size(base, told):
            yield base


def _above_one(told: Sequence[Assumption], index: Symbol) -> Iterator[Term]:
    """Numbers that are told to be above one."""
    for a in told:
        if a.relation == "<" and a.left == _ONE and _is_fixed(a.right):
            yield a.right


def _quotient(left: Term, right: Term) -> Term | None:
    """left / right, for a positive number on the right; None for any other."""
    if not left.is_scalar or not right.is_scalar or isinstance(left, Const):
        return None
    if right == _ONE:
        return left
    if isinstance(right, Const) and right.value.is_positive:
        return Scale(Const(1 / right.value), left)
    if isinstance(right, Map) and (right.fname, right.order) == ("recip", 0):
        return Scale(right.arg, left)
    return None


def _is_fixed(term: Term) -> bool:
    """Whether a number is the same at every step."""
    return not contains(term, Elem) and not any(
        isinstance(s, Symbol) and s in term.free_symbols for s in _indices(term)
    )


def _indices(term: Term) -> set[Symbol]:
    sizes = {
        s for _, x in find(term, lambda x: True) for side in x.shape for s in side.free_symbols
    }
    return set(term.free_symbols) - sizes


def _is_size(term: Term, told: Sequence[Assumption]) -> bool:
    """Whether a number is certainly not negative."""
    if isinstance(term, Norm | Sup | Radius):
        return True
    if isinstance(term, Const):
        return bool(term.value.is_nonnegative)
    if isinstance(term, Scale | Times | Plus | Power):
        return all(_is_size(x, told) for x in term.children)
    return isinstance(term, Param) and any(
        a.right == term and a.left == Const(0) and a.relation in ("<", "<=") for a in told
    )
