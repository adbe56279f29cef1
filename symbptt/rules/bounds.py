"""Norms, and inequalities: rows with the relation <=, true for all sizes and for empty ranges.

1/0 counts as 0, so that a row about ``recip`` holds everywhere.
"""

from __future__ import annotations

from sympy import Expr, Rational

from symbptt.core.functions import TABLE, supremum
from symbptt.core.norms import Max, Min, Norm, Sup
from symbptt.core.terms import (
    Const, Diag, Entry, Identity, Map, Meta, Ones, OrderedProduct, Power, Scale, Softmax, SumOver,
    Term, Vec, Zero,
)  # fmt: skip

from .meta import A2, A, B, F, J, S, a, b, c, c2, i, j, k, m, n, s, t, u, v, w
from .rule import Rule

_HJ = "Horn & Johnson, Matrix Analysis (2013), §5.6"
_GV = "Golub & Van Loan, Matrix Computations (2013), §2.2-2.3"
_HLP = "Hardy, Littlewood & Pólya, Inequalities (1952), §2.1"
_PMB = "Pascanu, Mikolov & Bengio, On the difficulty of training RNNs (2013), §2-3"
_CM = "Graham, Knuth & Patashnik, Concrete Mathematics (1994), §2.3"
_ONE = Const(1)
_F = Meta("F", n, 1, t)
_IN = (i - 1, m - i, j - 1, n - j)  # the entry (i, j) of an m x n matrix exists
_minus_c = -c


def _inf(term: Term) -> Norm:
    largest: Norm = Norm(term, "inf")
    return largest


NORMS = (
    Rule("norm-scale", Norm(Scale(c, A)), Norm(c) @ Norm(A), (), _HJ),
    Rule("norm-minus", Norm(-A), Norm(A), (), _HJ),
    Rule("norm-transpose", Norm(A.T), Norm(A), (), _HJ),
    Rule("norm-diagonal", Norm(Diag(v)), _inf(v), (), _HJ),
    Rule("norm-identity", Norm(Identity(n)), _ONE, (), _HJ),
    Rule("norm-zero", Norm(Zero(m, n)), Const(0), (), _HJ),
    Rule("norm-outer", Norm(w @ u.T), Norm(w) @ Norm(u), (), _HJ),
    Rule("norm-square", Norm(v) @ Norm(v), v.T @ v, (), _GV),
    Rule("largest-scale", _inf(Scale(c, v)), Norm(c) @ _inf(v), (), _GV),
    Rule("largest-minus", _inf(-v), _inf(v), (), _GV),
    Rule("largest-ones", _inf(Ones(n)), _ONE, (), _GV),
    Rule("largest-zero", _inf(Zero(n)), Const(0), (), _GV),
    Rule("absolute-value", Norm(c), c, (), _HLP, nonnegative=(c,)),
    Rule("absolute-power", Norm(Power(c, k)), Power(Norm(c), k), (k,), _HLP),
    Rule("power-product", Power(c @ c2, k), Power(c, k) @ Power(c2, k), (k,), _HLP),
    Rule("power-scale", Power(Scale(c, c2), k), Power(c, k) @ Power(c2, k), (k,), _HLP),
    Rule("power-of-one", Power(_ONE, k), _ONE, (k,), _HLP),
)


def _bound(
    name: str,
    left: Term,
    right: Term,
    conditions: tuple[Expr, ...] = (),
    source: str = _HJ,
    nonnegative: tuple[Term, ...] = (),
) -> Rule:
    return Rule(name, left, right, conditions, source, (), "<=", nonnegative)


BOUNDS = (
    _bound("norm-product", Norm(A @ B), Norm(A) @ Norm(B)),
    _bound("norm-sum", Norm(A + A2), Norm(A) + Norm(A2)),
    _bound("norm-series", Norm(SumOver(F, t, a, b)), SumOver(Norm(F), t, a, b)),
    _bound(
        "norm-ordered-product", Norm(OrderedProduct(J, t, a, b)), OrderedProduct(Norm(J), t, a, b)
    ),
    Rule(
        "geometric-series", SumOver(Power(c, s - t), t, a, b),
        Power(c, s - b) @ Map("recip", 0, _ONE - c), (s - b,), _CM,
        ((c, Map("sigmoid", 0, c)),), "<=", (c,), (_ONE - c,),
    ),
    _bound("norm-power", Norm(Power(S, k)), Power(Norm(S), k), (k,)),
    _bound("norm-hadamard", Norm(u * v), _inf(u) @ Norm(v), source=_GV),
    _bound("norm-entries", Norm(A), Norm(Vec(A)), source=_GV),
    _bound("norm-entry", Norm(Entry(A, i, j)), Norm(A), _IN, _GV),
    _bound("largest-norm", _inf(v), Norm(v), source=_GV),
    _bound("norm-largest", Norm(v), Map("sqrt", 0, Const(n)) @ _inf(v), source=_GV),
    _bound("largest-entry", Norm(Entry(v, i, 1)), _inf(v), (i - 1, n - i), _GV),
    _bound("largest-sum", _inf(u + v), _inf(u) + _inf(v), source=_GV),
    _bound("largest-series", _inf(SumOver(_F, t, a, b)), SumOver(_inf(_F), t, a, b), source=_GV),
    _bound("largest-hadamard", _inf(u * v), _inf(u) @ _inf(v), source=_GV),
    _bound("largest-softmax", _inf(Softmax(u)), _ONE, source=_GV),
    _bound("largest-slope", _inf(Map("?f", 1, v)), Sup("?f", 1), source=_PMB),
    _bound("largest-value", _inf(Map("?f", 0, v)), Sup("?f", 0), source=_PMB),
    _bound("absolute-slope", Norm(Map("?f", 1, c)), Sup("?f", 1), source=_PMB),
    _bound("absolute-function", Norm(Map("?f", 0, c)), Sup("?f", 0), source=_PMB),
    _bound("below-absolute-value", c, Norm(c), source=_HLP),
    _bound("min-left", Min(c, c2), c, source=_HLP),
    _bound("min-right", Min(c, c2), c2, source=_HLP),
    _bound("max-left", c, Max(c, c2), source=_HLP),
    _bound("max-right", c2, Max(c, c2), source=_HLP),
    _bound("nonnegative", Const(0), c, source=_HLP, nonnegative=(c,)),
    _bound(
        "clip-norm", Min(_ONE, Scale(Map("recip", 0, c2), c)) @ c2, c, source=_PMB, nonnegative=(c,)
    ),
    _bound("clip-value", Norm(Max(_minus_c, Min(c, c2))), c, source=_PMB, nonnegative=(c,)),
    _bound(
        "clip-values", _inf(Max(Scale(_minus_c, Ones(n)), Min(Scale(c, Ones(n)), v))), c,
        source=_PMB, nonnegative=(c,),
    ),
)  # fmt: skip


def _suprema() -> tuple[Rule, ...]:
    """The rational suprema of the table of functions."""
    out = []
    for name in TABLE:
        for order, word in ((0, "value"), (1, "slope")):
            value = supremum(name, order)
            if isinstance(value, Rational):
                rule = Rule(f"sup-{word}-{name}", Sup(name, order), Const(value), (), "SymPy")
                out.append(rule)
    return tuple(out)


SUPREMA = _suprema()
