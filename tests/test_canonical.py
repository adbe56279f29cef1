"""The canonical form: what is equal is equal in value, and the laws it decides."""

from __future__ import annotations

import random
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rewriting import LAWS, rewritten
from small_terms import Words, scalar, matrix
from strategies import ALGEBRA, terms
from sympy import Expr, Integer, Rational

from symbptt.core.canonical import equal, is_zero, key
from symbptt.core.errors import NotSupported, SymbpttError
from symbptt.core.meaning import World, agree, evaluate
from symbptt.core.terms import (
    Block, Const, D, Diag, Elem, Entry, Func, Gradient, Identity, Inverse, Kron, Map, Ones,
    OrderedProduct, Param, Partial, Power, Scale, Shock, Softmax, SumOver, Term, Trace, Unvec, Vec,
    When, Zero, index_symbol,
)  # fmt: skip
from symbptt.core.traverse import substitute

n, d, q, t, k, T, i, j, l, r, s = map(index_symbol, "n d q t k T i j l r s".split())
A, B, C, M, N = (
    Param("A", n, d), Param("B", d, n), Param("C", n, d), Param("M", n, n), Param("N", n, n),
)  # fmt: skip
u, v, w, x = Param("u", n), Param("v", n), Param("w", n), Param("x", d)
c, e = Param("c", 1, 1), Param("e", 1, 1)


def h(at: Expr) -> Elem:
    return Elem("h", at, n)


def g(at: Expr) -> Elem:
    return Elem("g", at, 1)


def J(at: Expr) -> Elem:
    return Elem("J", at, n, n)


def f(term: Term, order: int = 0) -> Map:
    return Map("f", order, term)


def sigmoid(term: Term, order: int = 0) -> Map:
    return Map("sigmoid", order, term)


def minus(a: Term, b: Term) -> Term:
    return a - b


RANGE = (k - 1, T - k)
Row = tuple[str, Term, Term, tuple[Expr, ...]]

EQUAL: list[Row] = [
    ("sum commutes", A + C, C + A, ()),
    ("sum collects", A + A, Scale(Const(2), A), ()),
    ("sum cancels", A - A, Zero(n, d), ()),
    ("halves", Scale(Const(Rational(1, 2)), A + A), A, ()),
    ("product associates", (A @ B) @ A, A @ (B @ A), ()),
    ("product distributes", M @ (A + C), M @ A + M @ C, ()),
    ("identity", Identity(n) @ A @ Identity(d), A, ()),
    ("zero", A @ Zero(d, n), Zero(n, n), ()),
    ("transposed product", (A @ B).T, B.T @ A.T, ()),
    ("transposed twice", A.T.T, A, ()),
    ("scalar transposed", u.T @ M @ v, v.T @ M.T @ u, ()),
    ("scalar commutes", (u.T @ v) @ c, c @ (v.T @ u), ()),
    ("scalar moves", Scale(c, A) @ B, A @ Scale(c, B), ()),
    ("scalar as product", u @ c, Scale(c, u), ()),
    ("scalar as Hadamard product", c * e, c @ e, ()),
    ("hadamard commutes", A * C, C * A, ()),
    ("hadamard distributes", A * (C + A), A * C + A * A, ()),
    ("hadamard with ones", A * Ones(n, d), A, ()),
    ("diag is hadamard", Diag(u) @ v, u * v, ()),
    ("diag of hadamard", Diag(u * v), Diag(u) @ Diag(v), ()),
    ("diags commute", Diag(u) @ Diag(v), Diag(v) @ Diag(u), ()),
    ("diag symmetric", Diag(u).T, Diag(u), ()),
    ("diag of ones", Diag(Ones(n)), Identity(n), ()),
    ("diag outer", Diag(u) @ (v @ x.T), (u * v) @ x.T, ()),
    ("hadamard with an identity", Identity(n) * (u @ v.T), Diag(u * v), ()),
    ("rows scaled", Diag(u) @ A, (u @ Ones(d).T) * A, ()),
    ("trace cyclic", Trace(A @ B), Trace(B @ A), ()),
    ("trace transposed", Trace(M), Trace(M.T), ()),
    ("trace of an outer product", Trace(u @ v.T), v.T @ u, ()),
    ("trace of one", Trace(Identity(n)), Const(n), ()),
    ("sum of entries", Ones(n).T @ A @ Ones(d), Trace(A.T @ Ones(n, d)), ()),
    ("ones times ones", Ones(1, n) @ Ones(n), Const(n), ()),
    ("vec product", Vec(M @ A @ B @ M), Kron((B @ M).T, M) @ Vec(A), ()),
    ("vec of a product on the left", Vec(M @ A), Kron(Identity(d), M) @ Vec(A), ()),
    ("vec outer", Vec(u @ x.T), Kron(x, u), ()),
    ("vec and trace", Vec(A).T @ Vec(C), Trace(A.T @ C), ()),
    ("vec of a column", Vec(u), u, ()),
    ("unvec", Unvec(Vec(A), n, d), A, ()),
    ("unvec and vec", Vec(Unvec(Vec(A), n, d)), Vec(A), ()),
    ("kron product", Kron(A, M) @ Kron(B, N), Kron(A @ B, M @ N), ()),
    ("kron transposed", Kron(A, M).T, Kron(A.T, M.T), ()),
    ("kron of columns", Kron(u, x) @ Kron(v, x).T, Kron(u @ v.T, x @ x.T), ()),
    ("kron trace", Trace(Kron(M, N)), Trace(M) @ Trace(N), ()),
    ("block product", Block(1, 2, M, A) @ Block(2, 1, N, B), M @ N + A @ B, ()),
    ("block times vector", Block(2, 2, M, A, B, Identity(d)) @ Block(2, 1, u, x),
     Block(2, 1, M @ u + A @ x, B @ u + x), ()),
    ("block transposed", Block(1, 2, M, A).T, Block(2, 1, M.T, A.T), ()),
    ("block sum", Block(2, 1, u, x) + Block(2, 1, v, x), Block(2, 1, u + v, x + x), ()),
    ("block with a number", Block(2, 1, u, c).T @ Block(2, 1, v, e), u.T @ v + c @ e, ()),
    ("entry of a sum", Entry(A + C, i, j), Entry(A, i, j) + Entry(C, i, j), ()),
    ("entry of a product", Entry(A @ B, i, j),
     SumOver(Entry(A, i, l) @ Entry(B, l, j), l, 1, d), ()),
    ("entry transposed", Entry(A.T, i, j), Entry(A, j, i), ()),
    ("entry of a function", Entry(f(u), i), f(Entry(u, i)), (i - 1, n - i)),
    ("entry of one", Entry(Identity(n), i, i), Const(1), (i - 1, n - i)),
    ("sum over entries", SumOver(Entry(u, i) @ Entry(v, i), i, 1, n), u.T @ v, ()),
    ("trace by entries", SumOver(Entry(M, i, i), i, 1, n), Trace(M), ()),
    ("bound index renamed", SumOver(h(t), t, 1, T), SumOver(h(s), s, 1, T), ()),
    ("bound index shifted", SumOver(h(t - 1), t, 1, T), SumOver(h(t), t, 0, T - 1), ()),
    ("sum reversed", SumOver(h(t), t, 1, T), SumOver(h(T - t), t, 0, T - 1), ()),
    ("factor out of a sum", SumOver(M @ h(t), t, 1, T), M @ SumOver(h(t), t, 1, T), ()),
    ("sum of a sum", SumOver(h(t) + h(t - 1), t, 1, T),
     SumOver(h(t), t, 1, T) + SumOver(h(t - 1), t, 1, T), ()),
    ("sums exchanged", SumOver(SumOver(J(t) @ h(s), s, 1, t), t, 1, T),
     SumOver(SumOver(J(t) @ h(s), t, s, T), s, 1, T), ()),
    ("product of sums", SumOver(g(t), t, 1, T) @ SumOver(g(t), t, 1, T),
     SumOver(SumOver(g(t) @ g(s), t, 1, T), s, 1, T), ()),
    ("sum with a condition", SumOver(When(h(t), t - k, k - t), t, 1, T), h(k), RANGE),
    ("empty sum", SumOver(h(t), t, 2, 1), Zero(n), ()),
    ("sum that the facts make empty", SumOver(h(t), t, T + 1, k), Zero(n), RANGE),
    ("short sum", SumOver(h(t), t, k, k + 1), h(k) + h(k + 1), ()),
    ("condition that holds", When(h(k), k - 1), h(k), RANGE),
    ("condition that fails", When(h(k), -k), Zero(n), RANGE),
    ("conditions joined", When(When(h(k), k - 1), T - k), When(h(k), T - k, k - 1), ()),
    ("product of numbers", OrderedProduct(J(t), t, 1, 2), J(2) @ J(1), ()),
    ("empty product", OrderedProduct(J(t), t, 1, 0), Identity(n), ()),
    ("product shifted", OrderedProduct(J(t), t, 1, T), OrderedProduct(J(s + 1), s, 0, T - 1), ()),
    ("power of two", Power(M, 2), M @ M, ()),
    ("power of zero", Power(M, 0), Identity(n), ()),
    ("powers added", Power(M, k) @ Power(M, t), Power(M, t + k), (t, k)),
    ("inverse", M @ Inverse(M), Identity(n), ()),
    ("function transposed", f(A).T, f(A.T), ()),
    ("derivative of sigmoid", sigmoid(u, 1), sigmoid(u) * (Ones(n) - sigmoid(u)), ()),
    ("derivative of tanh", Map("tanh", 1, u), Ones(n) - Map("tanh", 0, u) * Map("tanh", 0, u), ()),
    ("identity function", Map("identity", 0, A), A, ()),
    ("alias", Map("logistic", 0, u), sigmoid(u), ()),
    ("inside a function", f(Diag(u) @ v), f(v * u), ()),
    ("differential transposed", D(A).T, D(A.T), ()),
    ("numbers that depend on the index", SumOver(Scale(Const(t + 1), h(t)), t, 1, T),
     SumOver(Scale(Const(t), h(t)), t, 1, T) + SumOver(h(t), t, 1, T), ()),
    ("mean", Scale(Const(1 / T), u + u), Scale(Const(2 / T), u), ()),
]  # fmt: skip

DIFFERENT: list[Row] = [
    ("product commuted", M @ N, N @ M, ()),
    ("transpose forgotten", (M @ N).T, M.T @ N.T, ()),
    ("transpose of a matrix", M, M.T, ()),
    ("left and right factor", M @ A, M.T @ A, ()),
    ("hadamard and matrix product", M * N, M @ N, ()),
    ("diag on the other side", Diag(u) @ M, M @ Diag(u), ()),
    ("diag of a sum", Diag(u + v), Diag(u), ()),
    ("identity and ones", Identity(n), Ones(n, n), ()),
    ("sign", A - C, C - A, ()),
    ("trace of a product", Trace(M @ N), Trace(M) @ Trace(N), ()),
    ("trace with one factor transposed", Trace(M @ N), Trace(M.T @ N), ()),
    ("vec of the transpose", Vec(M), Vec(M.T), ()),
    ("kron commuted", Kron(M, N), Kron(N, M), ()),
    ("kron of columns commuted", Kron(u, v), Kron(v, u), ()),
    ("vec product in the wrong layout", Vec(M @ N @ M), Kron(M, M) @ Vec(N), ()),
    ("kron sides", Kron(Identity(n), M) @ Vec(N), Kron(M, Identity(n)) @ Vec(N), ()),
    ("blocks exchanged", Block(2, 1, u, v), Block(2, 1, v, u), ()),
    ("blocks beside", Block(1, 2, M, N), Block(1, 2, N, M), ()),
    ("block product crossed", Block(1, 2, M, N) @ Block(2, 1, u, v), M @ v + N @ u, ()),
    ("entry transposed", Entry(M, i, j), Entry(M, j, i), ()),
    ("entry fixed", Entry(u, i), Entry(u, 1), ()),
    ("entry of another vector", Entry(u, i) @ Entry(v, i), Entry(u, i) @ Entry(v, j), ()),
    ("entry of one out of range", Entry(Ones(n), i), Const(1), (i, -i)),
    ("entry of a function out of range", Entry(f(u), i), f(Entry(u, i)), (i, -i)),
    ("entry of one at an unknown row", Entry(Ones(n), i), Const(1), ()),
    ("sum over too few entries", SumOver(Entry(u, i) @ Entry(v, i), i, 1, d), u.T @ v, ()),
    ("sum over entries from two", SumOver(Entry(u, i) @ Entry(v, i), i, 2, n), u.T @ v, ()),
    ("range off by one above", SumOver(h(t), t, 1, T), SumOver(h(t), t, 1, T - 1), ()),
    ("range off by one below", SumOver(h(t), t, 1, T), SumOver(h(t), t, 0, T), ()),
    ("shifted without its range", SumOver(h(t), t, 1, T), SumOver(h(t - 1), t, 1, T), ()),
    ("triangle mirrored", SumOver(SumOver(J(t) @ h(s), s, 1, t), t, 1, T),
     SumOver(SumOver(J(t) @ h(s), s, t, T), t, 1, T), ()),
    ("indices of the factors exchanged", SumOver(SumOver(J(t) @ h(s), s, 1, t), t, 1, T),
     SumOver(SumOver(J(s) @ h(t), s, 1, t), t, 1, T), ()),
    ("function of a sum", f(SumOver(h(t), t, 1, T)), SumOver(f(h(t)), t, 1, T), ()),
    ("sum and product of sums", SumOver(g(t) @ g(t), t, 1, T),
     SumOver(g(t), t, 1, T) @ SumOver(g(t), t, 1, T), ()),
    ("condition forgotten", When(h(k), k - 1), h(k), ()),
    ("condition negated", When(h(k), k - 1), When(h(k), -k), ()),
    ("condition on another index", When(h(k), k - 1), When(h(k), t - 1), ()),
    ("product reversed", OrderedProduct(J(t), t, 1, T), OrderedProduct(J(T + 1 - t), t, 1, T), ()),
    ("product with one factor more", OrderedProduct(J(t), t, 0, T), OrderedProduct(J(t), t, 1, T), ()),
    ("product of products", OrderedProduct(J(t) @ M, t, 1, T), OrderedProduct(M @ J(t), t, 1, T), ()),
    ("short product commuted", OrderedProduct(J(t), t, 1, 2), J(1) @ J(2), ()),
    ("power of another matrix", Power(M, k), Power(N, k), ()),
    ("powers added that may be negative", Power(M, k) @ Power(M, t), Power(M, t + k), ()),
    ("negative power", M @ Power(M, -1), Identity(n), ()),
    ("inverse of a product", Inverse(M @ N), Inverse(M) @ Inverse(N), ()),
    ("inverse and transpose", Inverse(M), M.T, ()),
    ("another function", f(u), Map("g", 0, u), ()),
    ("order of a derivative", f(u, 1), f(u, 2), ()),
    ("function of a product", f(u * v), f(u) * f(v), ()),
    ("function transposed in a product", f(M) @ u, f(M.T) @ u, ()),
    ("sigmoid and tanh", sigmoid(u), Map("tanh", 0, u), ()),
    ("softmax of a multiple", Softmax(u), Softmax(u + u), ()),
    ("another argument", Func("F", t, n, 0, u, v), Func("F", t, n, 0, v, u), ()),
    ("another time", Func("F", t, n, 0, u), Func("F", t + 1, n, 0, u), ()),
    ("with and without time", Func("F", None, n, 0, u), Func("F", t, n, 0, u), ()),
    ("another slot", Func("F", None, n, 1, u, v), Func("F", None, n, 2, u, v), ()),
    ("another arity", Func("F", None, n, 0, u), Func("F", None, n, 0, u, u), ()),
    ("a function of zeros of two sizes", Func("F", None, 1, 0, Zero(n)),
     Func("F", None, 1, 0, Zero(d)), ()),
    ("element of another time", h(t), h(t - 1), ()),
    ("element and parameter", Param("h", n), h(t), ()),
    ("differential and value", D(u), u, ()),
    ("differential of another", D(u), D(v), ()),
    ("shock and differential", Shock(h(t)), D(h(t)), ()),
    ("shock of another time", Shock(h(t)), Shock(h(k)), ()),
    ("modes", Partial(h(t), M), Partial(h(t), M, "immediate"), ()),
    ("by another variable", Partial(h(t), M), Partial(h(t), N), ()),
    ("gradients", Gradient(c, M), Gradient(e, M), ()),
    ("numbers", Const(2), Const(3), ()),
    ("sizes", Const(n), Const(d), ()),
    ("ones of another size", Ones(1, n) @ Ones(n), Ones(1, d) @ Ones(d), ()),
    ("a reciprocal cancelled", Const(t) @ Const(1 / t), Const(1), ()),
    ("numbers that depend on the index", SumOver(Scale(Const(t), h(t)), t, 1, T),
     Scale(Const(T), SumOver(h(t), t, 1, T)), ()),
    # once wrongly equal: each exploits one way in which a key can lose information
    ("vec of two layouts", Vec(A).T @ Vec(C), Vec(A).T @ Vec(C + C), ()),
    ("a number at two values of the index",
     minus(SumOver(When(Const(t), t - k, k - t), t, 1, T),
           SumOver(When(Const(t), t - k - 1, k + 1 - t), t, 1, T)), Zero(1, 1), (k - 1, T - k - 1)),
    ("sums inside a function", SumOver(f(SumOver(g(r) @ Elem("a", s, 1), r, 1, T)), s, 1, T),
     SumOver(f(SumOver(g(s) @ Elem("a", r, 1), r, 1, T)), s, 1, T), ()),
    ("products inside a product",
     OrderedProduct(OrderedProduct(J(r) @ Elem("K", s, n, n), r, 1, T), s, 1, T),
     OrderedProduct(OrderedProduct(J(s) @ Elem("K", r, n, n), r, 1, T), s, 1, T), ()),
    ("a product whose index is caught",
     SumOver(When(OrderedProduct(J(t) @ Elem("K", s, n, n), t, 1, T), s - t, t - s), s, 1, T),
     OrderedProduct(J(s) @ Elem("K", s, n, n), s, 1, T), (t - 1, T - t)),
    ("a name that looks like an index", h(index_symbol("a+1b")),
     h(index_symbol("a") + index_symbol("b")), ()),
    ("a name that looks like an argument", Elem("h,+1a+0", index_symbol("b"), n),
     Elem("h", index_symbol("a+0,+1b"), n), ()),
]  # fmt: skip


@pytest.mark.parametrize("row", EQUAL, ids=[row[0] for row in EQUAL])
def test_equal(row: Row) -> None:
    _, left, right, facts = row
    assert equal(left, right, facts) and equal(right, left, facts)
    assert is_zero(left - right, facts)
    assert agree(left, right, None, _sensible(left, right, facts)) is None


@pytest.mark.parametrize("row", DIFFERENT, ids=[row[0] for row in DIFFERENT])
def test_different(row: Row) -> None:
    _, left, right, facts = row
    assert not equal(left, right, facts) and not equal(right, left, facts)
    assert left.shape != right.shape or not is_zero(left - right, facts)


def _sensible(left: Term, right: Term, facts: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """Entries exist, numbers have denominators, powers have exponents."""
    free = left.free_symbols | right.free_symbols
    limits = {i: (i - 1, n - i, d - i), j: (j - 1, n - j, d - j), T: (T - 1,), t: (t - 1,), k: (k - 1,)}
    return (*facts, *(f for name, fs in limits.items() if name in free for f in fs))


def test_two_layouts_of_one_axis_are_refused() -> None:
    """vec(A)^T vec(B) of an n x d and a d x n matrix pairs entries in no regular way."""
    with pytest.raises(NotSupported, match="split in two different ways"):
        equal(Vec(A).T @ Vec(B), Vec(A.T).T @ Vec(B.T))


def test_shapes_decide_first() -> None:
    assert not equal(A, A.T)
    assert not equal(Zero(n, d), Zero(d, n))


# ---------------------------------------------------------------- at random

WORLDS = [
    (World.random(None, {n: size, d: other, T: length}, seed=size), {k: 2, t: 3, i: 1, j: 2})
    for size, other, length in ((3, 2, 4), (2, 3, 3))
]


def values(term: Term) -> list[np.ndarray | None]:
    """The value in each world; None where an element or an entry does not exist."""
    out: list[np.ndarray | None] = []
    for world, indices in WORLDS:
        try:
            out.append(evaluate(term, world, indices))
        except SymbpttError:
            out.append(None)
    return out


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("make", [scalar, matrix], ids=["nested sums", "matrix algebra"])
def test_terms_of_one_key_have_one_value(make: object, seed: int) -> None:
    """Many small terms over few names: where two keys collide, so do the values."""
    draw = random.Random(seed)
    found: dict[tuple[object, str], list[tuple[Term, list[np.ndarray | None]]]] = defaultdict(list)
    compared = 0
    for _ in range(1500):
        term = make(draw, Words(), 4)  # type: ignore[operator]
        try:
            name = (term.shape, key(term))
        except SymbpttError:
            continue
        mine = values(term)
        for other, theirs in found[name][:5]:
            for a, b in zip(mine, theirs, strict=True):
                if a is not None and b is not None and other != term:
                    compared += 1
                    np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-9, err_msg=f"{term} {other}")
        found[name].append((term, mine))
    assert compared > 100


@settings(deadline=None, max_examples=120)
@given(terms(depth=2, operations=ALGEBRA - {"Inverse", "Power"}), st.randoms(use_true_random=False))
def test_rewriting_stays_equal(term: Term, draw: random.Random) -> None:
    """Laws applied at random places keep the canonical form, and the value."""
    after = rewritten(term, draw, 4)
    try:
        assert equal(term, after)
    except NotSupported:
        return
    for a, b in zip(values(term), values(after), strict=True):
        if a is not None and b is not None:
            np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-9)


def test_every_law_is_used() -> None:
    assert len(LAWS) >= 15


@settings(deadline=None, max_examples=60)
@given(terms(depth=2))
def test_key_does_not_depend_on_names_of_bound_indices(term: Term) -> None:
    renamed = _renamed(term)
    try:
        assert key(term) == key(renamed)
    except NotSupported:
        pass


def _renamed(term: Term) -> Term:
    args = tuple(_renamed(a) if isinstance(a, Term) else a for a in term.args)
    term = term.func(*args)
    if isinstance(term, SumOver | OrderedProduct):
        new = index_symbol(f"{term.bound}'")
        return term.func(substitute(term.body, {term.bound: new}), new, term.lo, term.hi)
    return term
