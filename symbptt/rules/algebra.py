"""Transposes, diagonal matrices, vec and Kronecker products, blocks, entries, gradients."""

from __future__ import annotations

from symbptt.core.terms import (
    Block, Diag, Entry, Func, Gradient, Identity, Inverse, Kron, Map, Meta, Ones, Param, Partial,
    Plus, Scale, SumOver, Trace, Vec, Zero, index_symbol,
)  # fmt: skip

from .meta import A2, A, B, C, F, S, S2, a, b, c, i, j, m, mid, n, p, t, u, v, w
from .rule import Rule, Schema

_HJ = "Horn & Johnson, Topics in Matrix Analysis (1991), §4.2-4.3 and §5.1"
_MN = "Magnus & Neudecker, Matrix Differential Calculus (1988), ch. 2 and ch. 9 §4"
_MA = "Horn & Johnson, Matrix Analysis (2013), §0.2-0.3"

TRANSPOSE = (
    Rule("transpose-product", (A @ B).T, B.T @ A.T, source=_MA),
    Rule("transpose-sum", (A + A2).T, A.T + A2.T, source=_MA),
    Rule("transpose-hadamard", (A * A2).T, A.T * A2.T, source=_MA),
    Rule("transpose-scale", Scale(c, A).T, Scale(c, A.T), source=_MA),
    Rule("transpose-twice", A.T.T, A, source=_MA),
    Rule("transpose-diag", Diag(u).T, Diag(u), source=_MA),
    Rule("transpose-map", Map("?f", 0, A).T, Map("?f", 0, A.T), source=_MA),
    Rule("transpose-series", SumOver(F, t, a, b).T, SumOver(F.T, t, a, b), source=_MA),
    Rule("transpose-inverse", Inverse(S.T), Inverse(S).T, source=_MA),
    Rule("scalar-transpose", u.T @ v, v.T @ u, source=_MA),
)
DIAGONAL = (
    Rule("diag-vector", Diag(u) @ v, u * v, source=_HJ),
    Rule("diag-product", Diag(u) @ Diag(v), Diag(u * v), source=_HJ),
    Rule("diag-ones", Diag(Ones(n)), Identity(n), source=_HJ),
    Rule("diag-outer", Diag(w) @ (w @ u.T), (w * w) @ u.T, source=_HJ),
    Rule("hadamard-commutes", A * A2, A2 * A, source=_HJ),
    Rule("hadamard-ones", Ones(m, n) * A, A, source=_HJ),
)
UNITS = (
    Rule("identity-left", Identity(m) @ A, A, source=_MA),
    Rule("identity-right", A @ Identity(n), A, source=_MA),
    Rule("zero-left", Zero(m, n) @ B, Zero(m, B.shape[1]), source=_MA),
    Rule("zero-right", A @ Zero(n, B.shape[1]), Zero(m, B.shape[1]), source=_MA),
    Rule("zero-sum", A + Zero(m, n), A, source=_MA),
    Rule("inverse-left", Inverse(S) @ S, Identity(n), source=_MA),
    Rule("inverse-right", S @ Inverse(S), Identity(n), source=_MA),
    Rule("inverse-product", Inverse(S @ S2), Inverse(S2) @ Inverse(S), source=_MA),
    Rule("distribute-left", (A + A2) @ B, A @ B + A2 @ B, source=_MA),
    Rule("distribute-right", B.T @ (A + A2).T, B.T @ A.T + B.T @ A2.T, source=_MA),
)
VEC = (
    Rule("vec-product", Vec(A @ B @ C), Kron(C.T, A) @ Vec(B), source=_MN),
    Rule("vec-outer", Vec(w @ u.T), Kron(u, w), source=_MN),
    Rule("vec-sum", Vec(A + A2), Vec(A) + Vec(A2), source=_MN),
    Rule("vec-series", Vec(SumOver(F, t, a, b)), SumOver(Vec(F), t, a, b), source=_MN),
    Rule("trace-vec", Trace(A.T @ A2), Vec(A).T @ Vec(A2), source=_MN),
    Rule("trace-cyclic", Trace(A @ A2.T), Trace(A2.T @ A), source=_MN),
)

_f, _X = Meta("f", 1, 1), Meta("X", m, n)
_phi = Func("phi", None, 1, 0, Param("X", m, n))
GRADIENT = (
    Rule(
        "jacobian-gradient", Partial(_f, _X), Vec(Gradient(_f, _X)).T,
        source=f"{_MN} (the first identification theorem)",
        example=((_X, Param("X", m, n)), (_f, _phi)),
    ),
)  # fmt: skip

_IN = (i - 1, m - i, j - 1, n - j)  # the entry (i, j) of an m x n matrix exists
ENTRIES = (
    Rule("entry-sum", Entry(A + A2, i, j), Entry(A, i, j) + Entry(A2, i, j), _IN, _MA),
    Rule("entry-outer", Entry(w @ u.T, i, j), Entry(w, i, 1) @ Entry(u, j, 1), _IN, _MA),
    Rule(
        "entry-product", Entry(A @ B, i, j),
        SumOver(Entry(A, i, mid) @ Entry(B, mid, j), mid, 1, n),
        (i - 1, m - i, j - 1, p - j), _MA,
    ),
    Rule("entry-hadamard", Entry(A * A2, i, j), Entry(A, i, j) @ Entry(A2, i, j), _IN, _HJ),
    Rule(
        "entry-transpose", Entry(A.T, i, j), Entry(A, j, i), (i - 1, n - i, j - 1, m - j), _MA
    ),
    Rule("entry-scale", Entry(Scale(c, A), i, j), c @ Entry(A, i, j), _IN, _MA),
    Rule(
        "entry-series", Entry(SumOver(F, t, a, b), i, j), SumOver(Entry(F, i, j), t, a, b), _IN, _MA
    ),
    Rule("entry-map", Entry(Map("?f", 0, A), i, j), Map("?f", 0, Entry(A, i, j)), _IN, _MA),
    Rule("entry-slope", Entry(Map("?f", 1, A), i, j), Map("?f", 1, Entry(A, i, j)), _IN, _MA),
)  # fmt: skip


def _block_product(arity: int) -> Rule:
    """[A_1, ..., A_k] [B_1; ...; B_k] = A_1 B_1 + ... + A_k B_k."""
    inner = [index_symbol(f"?n{i}") for i in range(arity)]
    left = [Meta(f"A{i}", m, d) for i, d in enumerate(inner)]
    right = [Meta(f"B{i}", d, n) for i, d in enumerate(inner)]
    product = Block(1, arity, *left) @ Block(arity, 1, *right)
    parts = [x @ y for x, y in zip(left, right, strict=True)]
    return Rule(f"block-product/{arity}", product, Plus(*parts), source=_MA)


SCHEMAS = (Schema("block-product", _block_product, range(2, 17), _MA),)
ROWS = (*TRANSPOSE, *DIAGONAL, *UNITS, *VEC, *GRADIENT, *ENTRIES)
