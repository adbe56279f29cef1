"""``agree``: identities pass, wrong ones are found, and the samples cover what they must."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from symbptt.core.errors import IndexRangeError, SymbpttError
from symbptt.core.meaning import World, agree, evaluate
from symbptt.core.terms import (
    Const,
    D,
    Elem,
    Entry,
    Identity,
    Inverse,
    Kron,
    Map,
    Meta,
    OrderedProduct,
    Param,
    Power,
    Scale,
    SumOver,
    Term,
    Times,
    Vec,
    index_symbol,
)
from symbptt.core.theory import Definition, Frame, Given, Theory

n, d, q, i, j, k, t, T = map(index_symbol, ("n", "d", "q", "i", "j", "k", "t", "T"))
A, B, M, v = Param("A", n, d), Param("B", d, q), Param("M", n, n), Param("v", n)


def factor(at: sp.Expr) -> Elem:
    """A square matrix that depends on an index."""
    return Elem("J", at, n, n)


def test_agree_accepts_identities() -> None:
    X = Meta("X", d, q)
    assert agree(Vec(A @ X @ B.T), Kron(B, A) @ Vec(X), None) is None
    assert agree(D(Inverse(M)), -(Inverse(M) @ D(M) @ Inverse(M)), None) is None
    lo, mid, hi = map(index_symbol, ("lo", "mid", "hi"))
    whole, parts = OrderedProduct(factor(i), i, lo, hi), [
        OrderedProduct(factor(i), i, mid + 1, hi), OrderedProduct(factor(i), i, lo, mid),
    ]  # fmt: skip
    assert agree(whole, Times(*parts), None, (mid - lo + 1, hi - mid)) is None
    assert (
        agree(Map("log", 0, v * v), Scale(Const(2), Map("log", 0, v)), None, positive="v") is None
    )


WRONG = [
    (M @ M.T, M.T @ M, ()),
    (A, A.T, ()),
    (Vec(A @ B @ B.T), Kron(B @ B.T, Identity(n)) @ Vec(A.T), ()),
    (Power(M, k), Power(M, k + 1), (k,)),
    (SumOver(factor(i), i, 1, k), SumOver(factor(i), i, 0, k), (k,)),
    (OrderedProduct(factor(i), i, k, j), factor(j) @ factor(k), (j - k - 1,)),  # right for j = k+1
    (SumOver(factor(i), i, 1, k), factor(k) + SumOver(factor(i), i, 1, k - 1), (k,)),  # k = 0
    (Map("g", 1, v), Map("h", 1, v), ()),
    (A, A + Scale(Const(sp.Rational(1, 10**7)), A), ()),
]


@pytest.mark.parametrize(("lhs", "rhs", "facts"), WRONG, ids=lambda x: str(x))
def test_agree_finds_a_counterexample(lhs: Term, rhs: Term, facts: tuple[sp.Expr, ...]) -> None:
    found = agree(lhs, rhs, None, facts)
    assert found is not None
    assert all(fact.subs({**found.sizes, **found.indices}) >= 0 for fact in facts)
    np.testing.assert_array_equal(found.left, evaluate(lhs, found.world, found.indices))
    np.testing.assert_array_equal(found.right, evaluate(rhs, found.world, found.indices))
    assert found.left.shape != found.right.shape or np.abs(found.left - found.right).max() > 1e-9


def test_agree_samples_many_sizes_and_the_ends_of_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[sp.Symbol, int]] = []

    def spy(term: Term, world: World, index: dict[sp.Symbol, int], frame: None) -> np.ndarray:
        seen.append({**world.sizes, **index})
        return np.zeros((1, 1))

    monkeypatch.setattr("symbptt.core.meaning.evaluate", spy)
    agree(Entry(A @ B, i, j), Entry(A @ B, i, j), None, (i - 1, n - i, j - 1, q - j))
    assert all(len({s[n], s[d], s[q]}) == 3 for s in seen)
    assert {1, 2} <= {s[x] for s in seen for x in (n, d, q)}
    assert all(1 <= s[i] <= s[n] and 1 <= s[j] <= s[q] for s in seen)
    assert any(s[i] == s[n] > 2 for s in seen)
    assert any(s[i] == 1 < s[n] for s in seen)
    seen.clear()
    agree(A, A, None, (n - d, d - n))  # equal sizes only where the facts ask for it
    assert seen and all(s[n] == s[d] for s in seen)
    seen.clear()
    agree(A, A, None, (n - 7, 2 - d))
    assert seen and all(s[n] >= 7 and s[d] <= 2 for s in seen)


def test_agree_raises_without_a_sample() -> None:
    for facts in ((k - 1, -k), (k - 100,), (n - 50,)):
        with pytest.raises(SymbpttError, match="satisf"):
            agree(factor(k), factor(k), None, facts)


def h(at: sp.Expr) -> Elem:
    return Elem("h", at, n)


THEORY = Theory(
    (M,),
    (Given(h(t), (t, -t)),),
    (Definition(h(t), Map("g", 0, M @ h(t - 1)), (t - 1, T - t)),),
    (T - 1,),
)


def test_agree_in_a_theory() -> None:
    lhs, facts = D(h(k)), (k - 1, T - k)
    step = Map("g", 1, M @ h(k - 1)) * (D(M) @ h(k - 1))
    rest = Map("g", 1, M @ h(k - 1)) * (M @ D(h(k - 1)))
    assert agree(lhs, step + rest, THEORY, facts) is None
    assert agree(lhs, step, THEORY, facts, Frame((M,), step=k)) is None
    found = agree(lhs, step, THEORY, facts, Frame((M,)))  # wrong from the second step on
    assert found is not None
    assert found.indices[k] >= 2
    assert set(found.sizes) == {n, T}
    with pytest.raises(IndexRangeError):
        agree(h(k + 1), h(k + 1), THEORY, facts)


def test_agree_tries_every_length(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[tuple[int, int]] = set()

    def spy(term: Term, world: World, index: dict[sp.Symbol, int], frame: None) -> np.ndarray:
        seen.add((world.sizes[T], index[k]))
        return np.zeros((1, 1))

    monkeypatch.setattr("symbptt.core.meaning.evaluate", spy)
    agree(h(k), h(k), THEORY, (k, T - k))
    assert {(length, end) for length in range(1, 6) for end in (0, length)} <= seen
    assert all(0 <= at <= length for length, at in seen)
    for least in (3, 6):
        seen.clear()
        theory = Theory(THEORY.params, THEORY.givens, THEORY.definitions, (T - least,))
        agree(h(k), h(k), theory, (k, T - k))
        assert min(length for length, _ in seen) == least
