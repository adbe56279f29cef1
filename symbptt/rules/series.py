"""Sums and ordered products over ranges; powers."""

from __future__ import annotations

from symbptt.core.terms import Identity, Meta, OrderedProduct, Power, SumOver, When, Zero

from .meta import A, F, G, J, S, a, at, b, k, m, n, p, q, r, s, t
from .rule import Rule

_CM = "Graham, Knuth & Patashnik, Concrete Mathematics (1994), §2.3-2.4"
_HJ = "Horn & Johnson, Matrix Analysis (2013), §0.2"
_L, _R = Meta("L", p, m), Meta("R", n, q)
_H = Meta("H", m, n, t, r)
_H2 = SumOver(SumOver(_H, r, a, t), t, a, b)

SERIES = (
    Rule("series-empty", SumOver(F, t, a, b), Zero(m, n), (a - b - 1,), _CM),
    Rule("series-single", SumOver(F, t, a, a), at(F, a), (), _CM),
    Rule("series-first", SumOver(F, t, a, b), at(F, a) + SumOver(F, t, a + 1, b), (b - a,), _CM),
    Rule("series-last", SumOver(F, t, a, b), SumOver(F, t, a, b - 1) + at(F, b), (b - a,), _CM),
    Rule(
        "series-split", SumOver(F, t, a, b), SumOver(F, t, a, k) + SumOver(F, t, k + 1, b),
        (k - a + 1, b - k), _CM,
    ),
    Rule("series-shift", SumOver(F, t, a, b), SumOver(at(F, t - s), t, a + s, b + s), (), _CM),
    Rule(
        "series-sum", SumOver(F + G, t, a, b), SumOver(F, t, a, b) + SumOver(G, t, a, b), (), _CM
    ),
    Rule("series-left", SumOver(_L @ F, t, a, b), _L @ SumOver(F, t, a, b), (), _CM),
    Rule("series-right", SumOver(F @ _R, t, a, b), SumOver(F, t, a, b) @ _R, (), _CM),
    Rule("series-exchange", _H2, SumOver(SumOver(_H, t, r, b), r, a, b), (), _CM),
)  # fmt: skip
CASES = (
    Rule("case-split", A, When(A, k) + When(A, -k - 1), (), _CM),
    Rule("case-true", When(A, k), A, (k,), _CM),
    Rule("case-false", When(A, k), Zero(m, n), (-k - 1,), _CM),
)
PRODUCTS = (
    Rule("product-empty", OrderedProduct(J, t, a, b), Identity(n), (a - b - 1,), _CM),
    Rule("product-single", OrderedProduct(J, t, a, a), at(J, a), (), _CM),
    Rule(
        "product-last", OrderedProduct(J, t, a, b), at(J, b) @ OrderedProduct(J, t, a, b - 1),
        (b - a,), _CM,
    ),
    Rule(
        "product-first", OrderedProduct(J, t, a, b), OrderedProduct(J, t, a + 1, b) @ at(J, a),
        (b - a,), _CM,
    ),
    Rule(
        "product-split", OrderedProduct(J, t, a, b),
        OrderedProduct(J, t, k + 1, b) @ OrderedProduct(J, t, a, k), (k - a + 1, b - k), _CM,
    ),
    Rule("product-identity", OrderedProduct(Identity(n), t, a, b), Identity(n), (), _HJ),
    Rule("product-constant", OrderedProduct(S, t, a, b), Power(S, b - a + 1), (b - a + 1,), _CM),
)  # fmt: skip
POWERS = (
    Rule("power-zero", Power(S, 0), Identity(n), (), _HJ),
    Rule("power-one", Power(S, 1), S, (), _HJ),
    Rule("power-next", Power(S, k + 1), Power(S, k) @ S, (k,), _HJ),
    Rule("power-left", Power(S, k + 1), S @ Power(S, k), (k,), _HJ),
    Rule("power-sum", Power(S, a) @ Power(S, b), Power(S, a + b), (a, b), _HJ),
)
ROWS = (*SERIES, *CASES, *PRODUCTS, *POWERS)
