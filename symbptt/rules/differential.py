"""The differential d(.): linear, product rule, chain rule."""

from __future__ import annotations

from symbptt.core.terms import (
    Block, D, Diag, Func, Inverse, Kron, Map, Meta, Plus, Scale, Softmax, SumOver,
    Trace, Vec, index_symbol,
)  # fmt: skip

from .meta import A2, A, B, F, S, a, b, c, m, n, t, u
from .rule import Rule, Schema

_MN = "Magnus & Neudecker, Matrix Differential Calculus (1988), ch. 8 §3"

ROWS = (
    Rule("d-sum", D(A + A2), D(A) + D(A2), source=_MN),
    Rule("d-product", D(A @ B), D(A) @ B + A @ D(B), source=_MN),
    Rule("d-hadamard", D(A * A2), D(A) * A2 + A * D(A2), source=_MN),
    Rule("d-scale", D(Scale(c, A)), Scale(D(c), A) + Scale(c, D(A)), source=_MN),
    Rule("d-transpose", D(A.T), D(A).T, source=_MN),
    Rule("d-diag", D(Diag(u)), Diag(D(u)), source=_MN),
    Rule("d-trace", D(Trace(S)), Trace(D(S)), source=_MN),
    Rule("d-vec", D(Vec(A)), Vec(D(A)), source=_MN),
    Rule("d-kronecker", D(Kron(A, B)), Kron(D(A), B) + Kron(A, D(B)), source=_MN),
    Rule("d-inverse", D(Inverse(S)), -(Inverse(S) @ D(S) @ Inverse(S)), source=_MN),
    Rule("d-map", D(Map("?f", 0, A)), Map("?f", 1, A) * D(A), source=f"{_MN}; chain rule"),
    Rule("d-map-slope", D(Map("?f", 1, A)), Map("?f", 2, A) * D(A), source=f"{_MN}; chain rule"),
    Rule(
        "d-softmax",
        D(Softmax(u)),
        (Diag(Softmax(u)) - Softmax(u) @ Softmax(u).T) @ D(u),
        source="Goodfellow, Bengio & Courville, Deep Learning (2016), §6.2.2.3",
    ),
    Rule("d-series", D(SumOver(F, t, a, b)), SumOver(D(F), t, a, b), source=_MN),
)


def _function(arity: int) -> Rule:
    """dF(x_1, ..., x_k) = sum_j (dF/dx_j) vec(dx_j)."""
    args = [Meta(f"X{i}", index_symbol(f"?m{i}"), index_symbol(f"?n{i}")) for i in range(arity)]
    index, rows = index_symbol("?i"), index_symbol("?r0")
    value = Func("?F", index, rows, 0, *args)
    parts = [Func("?F", index, rows, i + 1, *args) @ Vec(D(x)) for i, x in enumerate(args)]
    return Rule(f"d-function/{arity}", D(value), Plus(*parts), source=f"{_MN}; chain rule")


def _stack(arity: int) -> Rule:
    """d[A_1; ...; A_k] = [dA_1; ...; dA_k]."""
    parts = [Meta(f"A{i}", index_symbol(f"?m{i}"), n) for i in range(arity)]
    left = D(Block(arity, 1, *parts))
    return Rule(f"d-stack/{arity}", left, Block(arity, 1, *map(D, parts)), source=_MN)


def _beside(arity: int) -> Rule:
    """d[A_1, ..., A_k] = [dA_1, ..., dA_k]."""
    parts = [Meta(f"A{i}", m, index_symbol(f"?n{i}")) for i in range(arity)]
    left = D(Block(1, arity, *parts))
    return Rule(f"d-beside/{arity}", left, Block(1, arity, *map(D, parts)), source=_MN)


SCHEMAS = (
    Schema("d-function", _function, range(1, 33), f"{_MN}; chain rule"),
    Schema("d-stack", _stack, range(2, 17), _MN),
    Schema("d-beside", _beside, range(2, 17), _MN),
)
