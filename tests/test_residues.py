"""Evaluation modulo a prime: against integers, derived theorems, and what floats cannot tell."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import sympy as sp
from theories import Case, L, T, W, a, b, h, k, n, plain, t, x, zero_start

from symbptt.answers.deciding import decide
from symbptt.answers.elaborate import elaborate
from symbptt.answers.judge import judge
from symbptt.answers.probing import TRIALS, Probe, probe
from symbptt.answers.setting import setting_of
from symbptt.calculus.derive import derive
from symbptt.core import residues as modular
from symbptt.core.errors import IndexRangeError, NotSupported, SymbpttError
from symbptt.core.meaning import World, evaluate, samples
from symbptt.core.norms import Norm
from symbptt.core.powers import Binomial, EntrywisePower
from symbptt.core.duals import PRIME
from symbptt.core.residues import residues
from symbptt.core.terms import (
    Block, Const, D, Diag, Elem, Entry, Func, Gradient, Identity, Inverse, Kron, Map, Ones,
    OrderedProduct, Param, Partial, Power, Scale, Softmax, SumOver, Term, Trace, Unvec, Vec, When,
    Zero, index_symbol,
)  # fmt: skip
from symbptt.core.theory import Assumption, Theory
from symbptt.core.units import Unit
from symbptt.models import builtins

d, q, i = map(index_symbol, ("d", "q", "i"))
SIZES = {n: 3, d: 2, q: 4}
A, B, C = Param("A", n, d), Param("B", d, q), Param("C", n, d)
M, v, u, s = Param("M", n, n), Param("v", n), Param("u", d), Param("s", 1)


def factor(at: sp.Expr) -> Elem:
    """A square matrix that depends on an index."""
    return Elem("J", at, n, n)


POLYNOMIALS: list[Term] = [
    Const(-7), Const(n), Zero(n, d), Ones(q, n), Identity(q), Unit(n, k), Unit(n, k + 5),
    A + C + A, M @ A @ B, A * C * A, Scale(s, A), A.T, Diag(M @ v), Vec(A), Kron(A, B),
    Trace(M @ M), Unvec(Vec(M @ A), d, n), Block(2, 2, A, v, B.T, Ones(q, 1)), Entry(A @ B, k, 4),
    SumOver(factor(i) @ A, i, 1, n), SumOver(factor(i), i, 4, n), Power(M, 0), Power(M, k),
    OrderedProduct(factor(i), i, 0, n), OrderedProduct(factor(i), i, 2, 1), When(factor(k), k - 2),
    When(factor(k), k - 3), EntrywisePower(A, k + 1), Scale(Binomial(n + k, k), v),
]  # fmt: skip
VARIABLES = (A, B, C, M, v, u, s, factor(k), factor(1))


@pytest.fixture
def integers(monkeypatch: pytest.MonkeyPatch) -> World:
    """A world of small integers, also for the evaluation modulo the prime."""
    rng = np.random.default_rng(5)
    shapes = {("A",): (3, 2), ("B",): (2, 4), ("C",): (3, 2), ("M",): (3, 3), ("v",): (3, 1),
              ("u",): (2, 1), ("s",): (1, 1), **{("J", t): (3, 3) for t in range(5)}}  # fmt: skip
    values = {key: rng.integers(-3, 4, size=shape) for key, shape in shapes.items()}

    def drawn(self: object, key: tuple[str, object], rows: int, cols: int) -> np.ndarray:
        assert values[key[1]].shape == (rows, cols)
        return values[key[1]] % PRIME

    monkeypatch.setattr(modular.Evaluator, "drawn", drawn)
    return World.random(None, SIZES, values=values)


@pytest.mark.parametrize("term", POLYNOMIALS, ids=str)
def test_polynomials_and_their_derivatives_against_integers(term: Term, integers: World) -> None:
    """The float evaluation of polynomials and their slopes at small integers is exact."""
    asked = [term, *(Partial(term, z) for z in VARIABLES)]
    if term.is_scalar:
        asked += [Gradient(term, z) for z in VARIABLES]
    for one in asked:
        expected = evaluate(one, integers, {k: 2})
        np.testing.assert_allclose(expected, np.rint(expected), atol=1e-9)
        found = residues(one, integers, {k: 2})
        assert found.shape == expected.shape
        assert (found == np.rint(expected).astype(np.int64) % PRIME).all(), one


def test_fractions_are_inverses() -> None:
    world = World.random(None, SIZES)
    assert residues(Const(sp.Rational(2, 3)), world) * 3 % PRIME == 2
    assert residues(Const(1 / n), world) * 3 % PRIME == 1


def test_products_of_large_residues_do_not_overflow() -> None:
    world = World.random(None, {n: 23, d: 2, q: 4}, seed=4)
    found = residues(M @ M, world)
    exact = residues(M, world).astype(object)
    assert (found == (exact @ exact) % PRIME).all()
    assert len(np.unique(found)) == 23 * 23


REFUSED = [
    Map("tanh", 0, v), Norm(v), Inverse(M), Softmax(v), D(A), Const(sp.sqrt(2)), Power(M, 1000),
    Partial(Func("F", 1, q, 1, v) @ v, v), Partial(Partial(M @ v, v) @ v, v),
]  # fmt: skip


@pytest.mark.parametrize("term", REFUSED, ids=str)
def test_what_is_no_polynomial_is_refused(term: Term) -> None:
    with pytest.raises(NotSupported):
        residues(term, World.random(None, SIZES))


def test_assumptions_and_entries_out_of_range_are_refused() -> None:
    symmetric = Theory((M,), (), (), (), (Assumption("M", M.T, M),))
    with pytest.raises(NotSupported):
        residues(M, World.random(symmetric, SIZES))
    with pytest.raises(IndexRangeError):
        residues(Entry(v, k), World.random(None, SIZES), {k: 4})


# ---------------------------------------------------------------- unspecified functions


def equal(left: Term, right: Term, seeds: int = 3) -> bool:
    worlds = (World.random(None, SIZES, seed) for seed in range(seeds))
    return all((residues(left, w, {k: 2}) == residues(right, w, {k: 2})).all() for w in worlds)


def f(at: Term, order: int = 0) -> Term:
    return Map("f", order, at)


def test_the_slope_of_a_function_belongs_to_it() -> None:
    assert equal(Partial(f(M @ v), v), Diag(f(M @ v, 1)) @ M)
    assert equal(Partial(f(f(v), 1), v), Diag(f(f(v), 2)) @ Diag(f(v, 1)))
    assert equal(Entry(f(A @ u), 2), f(Entry(A @ u, 2)))
    assert equal(f(Scale(s, v) + v), f(v + Scale(s, v)))
    whole = Func("F", k, q, 0, M @ v, u)
    assert equal(Partial(whole, v), Func("F", k, q, 1, M @ v, u) @ M)
    assert equal(Partial(whole, u), Func("F", k, q, 2, M @ v, u))
    assert equal(Partial(Func("F", k, q, 0, v, v), v), sum_of_slots())


def sum_of_slots() -> Term:
    return Func("F", k, q, 1, v, v) + Func("F", k, q, 2, v, v)


DIFFERENT = [
    (f(v), f(v, 1)), (f(v), Map("g", 0, v)), (f(v, 1), f(M @ v, 1)), (f(-v), -f(v)),
    (Partial(f(M @ v), v), Diag(f(v, 1)) @ M), (Partial(f(M @ v), v), M @ Diag(f(M @ v, 1))),
    (Partial(f(v), v), Diag(f(v) * (Ones(n) - f(v)))), (M @ f(v), f(M @ v)),
    (Func("F", 1, q, 0, v), Func("F", k, q, 0, v)), (Func("F", 1, q, 0, v), Func("G", 1, q, 0, v)),
    (Func("F", 1, q, 1, v, v), Func("F", 1, q, 2, v, v)),
    (M @ M.T, M.T @ M), (v, v + Scale(Const(sp.Rational(1, 10**30)), v)),
]  # fmt: skip


@pytest.mark.parametrize("pair", DIFFERENT, ids=str)
def test_what_differs_as_a_polynomial_differs(pair: tuple[Term, Term]) -> None:
    assert not equal(*pair, seeds=1)


# ---------------------------------------------------------------- recurrences


def theorems(case: Case) -> Iterator[tuple[Theory, Term, Term, tuple[sp.Expr, ...]]]:
    """All statements about derivatives that the calculus derives, without differentials."""
    for leaf in case.leaves:
        for form in ("gradient", "sum") if leaf in case.problem.theory.params else ("gradient",):
            found = derive(case.problem, Gradient(L, leaf), form).development
            for theorem in found.theorems:
                if not any(side.has(D) for side in (theorem.left, theorem.right)):
                    yield found.theory, theorem.left, theorem.right, theorem.facts


def test_derived_theorems_hold_and_their_mutants_do_not() -> None:
    """The gradients of a network whose activation and loss are unspecified."""
    seen = 0
    for theory, left, right, facts in theorems(plain()):
        for seed, (sizes, places) in enumerate(samples((left, right), theory, facts, trials=3)):
            world = World.random(theory, sizes, seed)
            for place in places[:3]:
                found = residues(right, world, place)
                assert (residues(left, world, place) == found).all(), left
                twice = residues(Scale(Const(2), right), world, place)
                assert not found.any() or (twice != found).any()
                seen += bool(found.any())
    assert seen > 30


def test_a_known_activation_is_left_to_floats() -> None:
    theory = zero_start().problem.theory
    world = World.random(theory, {n: 3, index_symbol("d"): 2, T: 2})
    with pytest.raises(NotSupported, match="tanh"):
        residues(h.at(1), world)
    assert residues(a.at(1) - b, World.random(theory, world.sizes, 1)).shape == (3, 1)


def test_an_element_that_does_not_exist_is_refused() -> None:
    world = World.random(plain().problem.theory, {n: 3, index_symbol("d"): 2, T: 2})
    with pytest.raises(SymbpttError, match="out of range"):
        residues(h.at(4) + W @ h.at(0), world)
    assert residues(x.at(k), world, {k: 2}).shape == (2, 1)


# ---------------------------------------------------------------- claims

RNN = builtins()["rnn"].text
JACOBIAN = r"\frac{\partial h_t}{\partial h_{t-1}} = %s \mathrm{diag}(\sigma'(a_t)) W"


def probed(claim: str, model: str = RNN) -> Probe:
    reading = elaborate(setting_of(model), claim)
    (part,) = reading.parts
    return probe(reading.setting, part.questions, (*part.facts, t - 1, T - t), range(TRIALS))


def test_claims_about_unspecified_functions_are_compared_without_rounding() -> None:
    found = probed(JACOBIAN % "")
    assert found.agreed[0] >= TRIALS and found.differs == found.kept == [None]
    assert not found.inexact
    decision = decide(elaborate(setting_of(RNN), JACOBIAN % ""), proofs=False)
    assert [o.kind for p in decision.parts for o in p.outcomes] == ["equal"]


def test_a_difference_smaller_than_rounding_is_found_at_the_first_sample() -> None:
    found = probed(JACOBIAN % r"\frac{10000000000000001}{10000000000000000}")
    (differs,) = found.differs
    assert found.agreed == [0] and differs is not None
    assert np.abs(differs.left - differs.right).max() <= 1e-15 * np.abs(differs.left).max()
    claim = JACOBIAN % r"\frac{10000000000001}{10000000000000}"
    assert judge(RNN, claim).verdict == "wrong"


def test_claims_about_known_functions_are_compared_in_floats() -> None:
    model = builtins()["rnn-tanh"].text
    found = probed(JACOBIAN.replace(r"\sigma", r"\tanh") % "", model)
    assert found.agreed[0] >= TRIALS and found.differs == [None]
    assert found.inexact == {0} and found.kept[0] is not None
    assert judge(model, JACOBIAN.replace(r"\sigma", r"\tanh") % "").verdict == "proved"


def test_a_bound_index_may_have_the_name_of_a_size() -> None:
    theory, sizes = plain().problem.theory, {n: 3, d: 2, T: 3}
    asked = SumOver(h.at(i) + SumOver(h.at(k), k, 1, i), i, 1, 3)
    sized = World.random(theory, {**sizes, i: 2, k: 1})
    assert (residues(asked, sized) == residues(asked, World.random(theory, sizes))).all()
    inside = residues(h.at(i), sized)
    assert (inside == residues(h.at(2), sized)).all()
    with pytest.raises(SymbpttError, match="two values"):
        residues(h.at(i), sized, {i: 3})
