"""The reference evaluation against NumPy written by hand, node by node."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from theories import T, a, h, plain, t

from symbptt.core import remembered
from symbptt.core.errors import NotSupported, SymbpttError
from symbptt.core.functions import TABLE
from symbptt.core.meaning import World, evaluate
from symbptt.core.norms import Max, Min, Norm, Sup
from symbptt.core.terms import (
    Block,
    Const,
    D,
    Diag,
    Elem,
    Entry,
    Func,
    Gradient,
    Hadamard,
    Identity,
    Inverse,
    Kron,
    Map,
    Meta,
    Ones,
    OrderedProduct,
    Param,
    Partial,
    Plus,
    Power,
    Scale,
    Shock,
    Softmax,
    SumOver,
    Term,
    Times,
    Trace,
    Transposed,
    Vec,
    When,
    Zero,
    index_symbol,
)
from symbptt.core.theory import Frame

n, d, q, i, j, k = map(index_symbol, ("n", "d", "q", "i", "j", "k"))
SIZES = {n: 3, d: 2, q: 4}
A, B, C = Param("A", n, d), Param("B", d, q), Param("C", n, d)
M, v, u, s = Param("M", n, n), Param("v", n), Param("u", d), Param("s", 1)
LEAVES = (A, B, C, M, v, u, s)


def factor(at: sp.Expr) -> Elem:
    """A square matrix that depends on an index."""
    return Elem("J", at, n, n)


@pytest.fixture
def world() -> World:
    return World.random(None, SIZES, seed=3)


def values(world: World) -> tuple[np.ndarray, ...]:
    return tuple(evaluate(leaf, world) for leaf in LEAVES)


def test_every_node_against_numpy(world: World) -> None:
    a, b, c, m, w, _, r = values(world)
    f = [evaluate(factor(t), world) for t in range(5)]
    e = np.exp(w - w.max())
    cases: list[tuple[Term, np.ndarray]] = [
        (Const(sp.Rational(2, 3)), np.array([[2 / 3]])),
        (Const(n), np.array([[3.0]])),
        (Const(1 / n), np.array([[1 / 3]])),
        (Const(sp.sqrt(2)), np.array([[2**0.5]])),
        (Zero(n, d), np.zeros((3, 2))),
        (Ones(q, n), np.ones((4, 3))),
        (Identity(q), np.eye(4)),
        (Plus(A, C, A), a + c + a),
        (Times(M, A, B), m @ a @ b),
        (Hadamard(A, C), a * c),
        (Scale(s, A), r[0, 0] * a),
        (Transposed(A), a.T),
        (Diag(v), np.diagflat(w)),
        (Map("tanh", 0, A), np.tanh(a)),
        (Softmax(v), e / e.sum()),
        (SumOver(factor(i), i, 1, n), f[1] + f[2] + f[3]),
        (SumOver(factor(i), i, 4, n), np.zeros((3, 3))),
        (SumOver(SumOver(factor(i - j), j, 0, i), i, 1, 2), 2 * f[0] + 2 * f[1] + f[2]),
        (OrderedProduct(factor(i), i, 1, n), f[3] @ f[2] @ f[1]),
        (OrderedProduct(factor(i), i, 2, 1), np.eye(3)),
        (When(factor(k), k - 2, n - k), f[2]),
        (When(factor(k), k - 3), np.zeros((3, 3))),
        (Power(M, k), m @ m),
        (Power(M, 0), np.eye(3)),
        (Inverse(M), np.linalg.inv(m)),
        (Kron(A, B), np.kron(a, b)),
        (Vec(A), a.T.reshape(6, 1)),
        (Block(2, 2, A, v, B.T, Ones(q, 1)), np.block([[a, w], [b.T, np.ones((4, 1))]])),
        (Trace(M), np.array([[np.trace(m)]])),
        (Norm(A), np.array([[np.linalg.norm(a, 2)]])),
        (Norm(v), np.array([[np.linalg.norm(w)]])),
        (Norm(v, "inf"), np.abs(w).max(keepdims=True)),
        (Norm(Entry(A, 1, 1)), np.abs(a[:1, :1])),
        (Min(A, C), np.minimum(a, c)),
        (Max(A, C), np.maximum(a, c)),
        (Sup("sigmoid", 1), np.array([[0.25]])),
        (Sup("arctan", 0), np.array([[np.pi / 2]])),
        (Entry(A, k, 1), a[1:2, 0:1]),
        (Entry(v, 3), w[2:3]),
        (Shock(factor(k)), np.zeros((3, 3))),
    ]
    for term, expected in cases:
        got = evaluate(term, world, {k: 2})
        assert got.dtype == np.float64
        assert got.shape == expected.shape
        np.testing.assert_allclose(got, expected, rtol=1e-13, atol=1e-14, err_msg=str(term))


def test_remembered_values_belong_to_their_indices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where an index of the theory has a value in the world, and where all is forgotten."""
    theory, sizes = plain().problem.theory, {n: 3, d: 2, T: 3}
    asked = [x.at(i) for x in (h, a) for i in (1, 3, 2)]
    asked += [Partial(h.at(3), h.at(i)) for i in (1, 2)]
    asked += [SumOver(h.at(i - k) + h.at(k), i, k, 3) for k in (1, 2)]
    fresh = [evaluate(x, World.random(theory, sizes, 4)) for x in asked]
    for most in (remembered._MOST, 0):
        monkeypatch.setattr(remembered, "_MOST", most)
        one = World.random(theory, {**sizes, t: 1, i: 2}, 4)
        again = [evaluate(x, one) for x in asked]
        assert all(np.array_equal(x, y) for x, y in zip(fresh, again, strict=True))


def test_an_unsatisfied_condition_is_not_evaluated(world: World) -> None:
    assert not evaluate(When(Entry(v, k), 3 - k), world, {k: 7}).any()
    with pytest.raises(SymbpttError, match=r"entry \(7, 1\)"):
        evaluate(Entry(v, k), world, {k: 7})


F = Func("F", k, q, 0, M, v)
DIFFERENTIABLE = [
    M @ A @ B, Hadamard(A, C), Scale(s, A @ B), A.T @ M, Diag(M @ v), Map("g", 0, M @ A),
    Map("g", 2, v), Softmax(M @ v), Power(M, 3), Inverse(M), Kron(A, M), Vec(A), Trace(M @ M),
    Block(1, 2, A, M @ v), Block(2, 1, u.T, A), Entry(A @ B, 2, 3), F,
    SumOver(factor(i) @ A, i, 1, n), OrderedProduct(factor(i) + M, i, 0, 3), When(A, n - 1),
]  # fmt: skip


@pytest.mark.parametrize("term", DIFFERENTIABLE, ids=str)
def test_differential_and_partial_against_finite_differences(term: Term, world: World) -> None:
    """d(.) along the world's directions; then the Jacobians, contracted with the same."""
    leaves = (*LEAVES, *(factor(t) for t in range(4)))
    keys = [(x.name, int(x.index)) if isinstance(x, Elem) else (x.name,) for x in leaves]
    at, step = {k: 2}, 1e-5

    def moved(by: float) -> np.ndarray:
        preset = {
            key: evaluate(x, world) + by * evaluate(D(x), world)
            for key, x in zip(keys, leaves, strict=True)
        }
        return evaluate(term, World.random(None, SIZES, seed=3, values=preset), at)

    slope = (moved(step) - moved(-step)) / (2 * step)
    got = evaluate(D(term), world, at)
    assert np.abs(got).max() > 1e-3
    np.testing.assert_allclose(got, slope, rtol=1e-6, atol=1e-6)
    total = sum(evaluate(Partial(term, x) @ Vec(D(x)), world, at) for x in leaves)
    np.testing.assert_allclose(total, got.T.reshape(-1, 1), rtol=1e-10, atol=1e-12)


def test_gradient_is_the_jacobian_in_the_shape_of_the_variable(world: World) -> None:
    _, b, _, m, w, x, _ = values(world)
    np.testing.assert_allclose(evaluate(Gradient(v.T @ A @ u, A), world), w @ x.T)
    np.testing.assert_allclose(evaluate(Partial(A @ B, A), world), np.kron(b.T, np.eye(3)))
    np.testing.assert_allclose(evaluate(Partial(M @ v, v), world), m)
    assert not evaluate(Partial(B, A), world).any()


@pytest.mark.parametrize("name", TABLE)
def test_known_functions_in_real_and_complex(name: str) -> None:
    """Values against SymPy's decimals; slopes of every order against each other."""
    world = World.random(None, SIZES, values={("A",): [[0.3, 1.7], [0.9, 2.2], [3.1, 0.04]]})
    if name not in ("log", "sqrt"):
        world = World.random(None, SIZES, values={("A",): [[0.3, -1.7], [-0.9, 2], [3.1, -0.04]]})
    a = evaluate(A, world)
    expected = np.array([[float(TABLE[name].at(sp.Float(y))) for y in row] for row in a])
    np.testing.assert_allclose(evaluate(Map(name, 0, A), world), expected, rtol=1e-13)
    for order in (0, 1, 2):
        slope = evaluate(Map(name, order + 1, A) * D(A), world)
        np.testing.assert_allclose(evaluate(D(Map(name, order, A)), world), slope, atol=1e-12)


def test_a_function_outside_its_domain_is_refused(world: World) -> None:
    world = World.random(None, SIZES, values={("v",): [0.5, -1, 2]})
    for name in ("log", "sqrt"):
        for term in (Map(name, 0, v), D(Map(name, 0, v))):
            with pytest.raises(SymbpttError, match="not finite"):
                evaluate(term, world)
    positive = World.random(None, SIZES, seed=1, positive={"v"})
    assert evaluate(Map("log", 0, v), positive).shape == (3, 1)
    assert evaluate(v, positive).min() >= 0.5


def test_unspecified_functions(world: World) -> None:
    w = evaluate(v, world)
    f, g = (evaluate(Map(name, 0, v), world) for name in ("f", "g"))
    assert np.abs(f - g).min() > 1e-6
    one = Entry(v, 2)
    assert evaluate(Map("f", 0, one), world)[0, 0] == pytest.approx(f[1, 0])  # elementwise
    a, b = (evaluate(Func("F", t, q, 0, M, v), world) for t in (1, 2))
    assert np.abs(a - b).min() > 1e-6
    jacobian = evaluate(Func("F", 1, q, 2, M, v), world)
    assert np.linalg.matrix_rank(jacobian) == 3
    near = World.random(None, SIZES, seed=3, values={("v",): w + np.array([[0], [1e-6], [0]])})
    change = (evaluate(Func("F", 1, q, 0, M, v), near) - a) / 1e-6
    np.testing.assert_allclose(jacobian[:, 1:2], change, atol=1e-4)
    assert evaluate(Func("F", 1, q, 1, M, v), world).shape == (4, 9)


def test_metavariables(world: World) -> None:
    first, again = Meta("A", n, d, i), Meta("A", n, d, k + 1)
    assert np.array_equal(evaluate(first, world, {i: 3}), evaluate(again, world, {k: 2}))
    assert not np.array_equal(evaluate(first, world, {i: 3}), evaluate(first, world, {i: 1}))
    assert evaluate(D(Meta("B", n, 1)), world).all()
    assert not evaluate(D(Meta("B", n, 1)), world, frame=Frame((A,))).any()


def test_values_depend_on_the_seed_and_the_name_only() -> None:
    w1, w2 = World.random(None, SIZES, seed=5), World.random(None, SIZES, seed=5)
    evaluate(M, w2)
    assert np.array_equal(evaluate(A, w1), evaluate(A, w2))
    assert not np.array_equal(evaluate(A, w1), evaluate(C, w1))
    assert not np.array_equal(evaluate(A, w1), evaluate(A, World.random(None, SIZES, seed=6)))
    got = evaluate(A, w1)
    got[:] = 0
    assert evaluate(A, w1).all()  # the caller's array is not the world's


def test_what_has_no_value_is_refused(world: World) -> None:
    with pytest.raises(SymbpttError, match="k has no value"):
        evaluate(factor(k), world)
    with pytest.raises(SymbpttError, match="not an integer"):
        evaluate(factor(k / 2), world, {k: 1})
    with pytest.raises(SymbpttError, match="exponent"):
        evaluate(Power(M, k), world, {k: -1})
    with pytest.raises(SymbpttError, match="singular"):
        evaluate(Inverse(Zero(n, n)), world)
    for value in (10**400, 1 / (n - 3), sp.sqrt(-2)):
        with pytest.raises(SymbpttError, match=r"not an? (exact|finite) real number"):
            evaluate(Const(value), world)
    with pytest.raises(SymbpttError, match="not finite"):
        evaluate(Power(Scale(Const(10**300), M), 2), world)
    with pytest.raises(SymbpttError, match="shape"):
        evaluate(A @ Param("A", d, n), world)
    with pytest.raises(SymbpttError, match="shape"):
        evaluate(v, World.random(None, SIZES, values={("v",): [1.0, 2.0]}))
    with pytest.raises(SymbpttError, match="dimension"):
        evaluate(Zero(n - 3, 1), world)
    for nested in (Partial(v, M), Gradient(Trace(M), M), Func("F", 1, q, 2, M, v)):
        with pytest.raises(NotSupported, match="inside another derivative"):
            evaluate(D(nested), world)
    with pytest.raises(NotSupported, match="not a parameter"):
        evaluate(Partial(v, M @ v), world)
