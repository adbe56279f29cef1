"""Powers, binomials, spectral radii: what the kernel refuses, canonical forms, print, meaning."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sympy import Expr, Integer

from symbptt.api import derive, generate
from symbptt.core.canonical import equal
from symbptt.core.errors import NotSupported, ProofError, ShapeError
from symbptt.core.meaning import World, agree, evaluate
from symbptt.core.norms import Norm
from symbptt.core.powers import Binomial, EntrywisePower, Radius
from symbptt.core.serialize import dump, load
from symbptt.core.terms import (
    Const, D, Diag, Entry, Identity, Param, Power, Scale, SumOver, Term, index_symbol,
)  # fmt: skip
from symbptt.core.theory import Assumption, Frame, Theory
from symbptt.models import Model
from symbptt.notation.latex import latex
from symbptt.notation.reader import read_term
from symbptt.notation.unicode import ascii, unicode
from symbptt.proof.kernel import check
from symbptt.proof.objects import Assumed, Chain, Development, Step, Theorem
from symbptt.rules import RULES, Rule

n, k, j, i, t = (index_symbol(x) for x in "nkjit")

# ---------------------------------------------------------------- the kernel

W = Param("W", n, n)
PLAIN_THEORY = Theory((W, Param("c", 1, 1), Param("v", n)), (), ())
TOLD = Assumption("normal", W.T @ W, W @ W.T)


def alone(theory: Theory, left: Term, right: Term, name: str, facts: tuple[Expr, ...] = (),
          relation: str = "=", by: str = "rule") -> Development:  # fmt: skip
    step = Step(by, (), right, name)
    return Development(
        theory, (Theorem("x", left, right, Chain((step,)), facts, relation=relation),)
    )


def test_the_norm_of_a_matrix_is_its_radius_only_where_it_is_normal() -> None:
    told = replace(PLAIN_THEORY, assumptions=(TOLD,))
    turned = replace(PLAIN_THEORY, assumptions=(Assumption("n", W @ W.T, W.T @ W),))
    half = replace(PLAIN_THEORY, assumptions=(Assumption("n", W.T @ W, W @ W),))
    late = replace(PLAIN_THEORY, assumptions=(Assumption("n", *_sides(TOLD), facts=(k - 1,)),))
    order = replace(PLAIN_THEORY, assumptions=(replace(TOLD, left=Norm(W), right=Norm(W.T),
                                                       relation="<="),))  # fmt: skip
    for theory in (told, turned):
        check(alone(theory, Norm(W), Radius(W), "normal-norm"))
    check(alone(late, Norm(W), Radius(W), "normal-norm", (k - 2,)))
    for theory in (PLAIN_THEORY, half, late, order):
        with pytest.raises(ProofError, match="nothing says"):
            check(alone(theory, Norm(W), Radius(W), "normal-norm"))
    with pytest.raises(ProofError, match="nothing says"):
        check(alone(told, Norm(W @ W), Radius(W @ W), "normal-norm"))


def _sides(a: Assumption) -> tuple[Term, Term]:
    return a.left, a.right


def test_a_premise_may_be_an_earlier_theorem_but_not_a_later_one() -> None:
    symmetric = replace(PLAIN_THEORY, assumptions=(Assumption("symmetric", W.T, W),))
    first = Theorem("s", W.T, W, Assumed("symmetric"))
    normal = Theorem(
        "normal",
        W.T @ W,
        W @ W.T,
        Chain((Step("lemma", (0,), W @ W, "s"), Step("lemma", (1,), W @ W.T, "s", reverse=True))),
    )
    claim = Theorem(
        "claim", Norm(W), Radius(W), Chain((Step("rule", (), Radius(W), "normal-norm"),))
    )
    check(Development(symmetric, (first, normal, claim)))
    for theorems in ((first, claim), (first, claim, normal)):
        with pytest.raises(ProofError, match="nothing says"):
            check(Development(symmetric, theorems))


def test_premises_do_not_hold_inside_a_differential() -> None:
    told = replace(PLAIN_THEORY, assumptions=(TOLD,))
    step = Step("rule", (0,), D(Radius(W)), "normal-norm")
    theorem = Theorem("x", D(Norm(W)), D(Radius(W)), Chain((step,)), frame=Frame((W,)))
    with pytest.raises(ProofError, match="inside"):
        check(Development(told, (theorem,)))


@pytest.mark.parametrize(
    ("left", "right", "name", "facts"),
    [
        (Norm(W), Const(1), "orthogonal-norm", ()),
        (Power(W @ W @ W.T, k), W @ Power(W, k) @ W.T, "power-orthogonal", (k,)),
        (Radius(W @ W @ W.T), Radius(W), "radius-orthogonal", ()),
        (Binomial(k, j), Const(0), "binomial-above", (k,)),
        (Binomial(k, j), Const(0), "binomial-above", (j - k - 1,)),  # k may be negative
        (Binomial(k, j), Const(0), "binomial-below", ()),
        (Binomial(k, k), Const(1), "binomial-all", ()),
        (Binomial(k, j), Binomial(k - 1, j) + Binomial(k, j - 1), "pascal", ()),
        (Radius(W), Norm(W), "radius-norm", ()),  # an inequality
        (Power(Diag(Param("v", n)), k), Diag(EntrywisePower(Param("v", n), k)),
         "power-diagonal", ()),
    ],
)  # fmt: skip
def test_a_row_without_what_it_needs_is_refused(
    left: Term, right: Term, name: str, facts: tuple[Expr, ...]
) -> None:
    with pytest.raises(ProofError):
        check(alone(PLAIN_THEORY, left, right, name, facts))


def test_the_radius_is_below_the_norm_and_not_above() -> None:
    check(alone(PLAIN_THEORY, Radius(W), Norm(W), "radius-norm", relation="<=", by="bound"))
    with pytest.raises(ProofError):
        check(alone(PLAIN_THEORY, Norm(W), Radius(W), "radius-norm", relation="<=", by="bound"))


@pytest.mark.parametrize("row", [r for r in RULES.values() if r.premises], ids=lambda r: r.name)
def test_a_row_needs_its_premises(row: Rule) -> None:
    assert agree(row.left, row.right, None, row.conditions, trials=8) is not None


# ---------------------------------------------------------------- the terms

v, c = Param("v", n), Param("c", 1, 1)
P = EntrywisePower
IN = (i - 1, n - i)
SAME: tuple[tuple[Term, Term, tuple[Expr, ...]], ...] = (
    (P(v, k) * v, P(v, k + 1), (k,)), (P(v, k) * P(v, j), P(v, k + j), (k, j)),
    (Power(Diag(v), k), Diag(P(v, k)), (k,)), (P(W, k).T, P(W.T, k), (k,)),
    (Power(c, k) @ c, Power(c, k + 1), (k,)), (P(c, k), Power(c, k), (k,)),
    (Power(Norm(W), k) @ Norm(W), Power(Norm(W), k + 1), (k,)),
    (Entry(P(v, k), i), Power(Entry(v, i), k), (k, *IN)),
    (Entry(v, i) @ Power(Entry(v, i), k), Power(Entry(v, i), k + 1), (k, *IN)),
    (SumOver(Entry(W, 1, j) @ Power(Entry(v, j), k) @ Entry(W, 2, j), j, 1, n),
     Entry(W @ Power(Diag(v), k) @ W.T, 1, 2), (k, n - 2)),
    (Binomial(k, 2), Const(k * (k - 1) / 2), ()), (Binomial(5, 3), Const(10), ()),
    (Binomial(k, -1), Const(0), ()),
    (SumOver(Scale(Binomial(k, j), Power(W, j)), j, 0, k),
     SumOver(Scale(Binomial(k, k - j), Power(W, k - j)), j, 0, k), (k,)),
)  # fmt: skip
OTHER: tuple[tuple[Term, Term, tuple[Expr, ...]], ...] = (
    (P(v, k) * v, P(v, k + 1), (k + 1,)),  # the exponent may be negative
    (P(W, k) @ W, P(W, k + 1), (k,)), (P(W, k), Power(W, k), (k,)),
    (Power(c, k) @ c, Power(c, k), (k,)), (Power(W, k) * W, P(W, k + 1), (k,)),
    (Binomial(k, j), Binomial(j, k), ()), (Binomial(k, j), Binomial(k, k - j), (k, j, k - j)),
    (Radius(W), Norm(W), ()), (Radius(W @ W.T), Radius(W.T @ W), ()),
    (P(v + v, k), P(v, k) + P(v, k), (k,)),
)  # fmt: skip


@pytest.mark.parametrize(("left", "right", "facts"), SAME)
def test_terms_of_one_canonical_form(left: Term, right: Term, facts: tuple[Expr, ...]) -> None:
    assert equal(left, right, facts)
    assert agree(left, right, None, facts) is None


@pytest.mark.parametrize(("left", "right", "facts"), OTHER)
def test_terms_of_different_canonical_forms(
    left: Term, right: Term, facts: tuple[Expr, ...]
) -> None:
    assert not equal(left, right, facts)


def test_binomials_of_all_integers() -> None:
    world = World.random(None, {})
    for a in range(-4, 7):
        for b in range(-3, 8):
            here = {k: a, j: b}
            pascal = Binomial(k - 1, j) + Binomial(k - 1, j - 1)
            value = evaluate(Binomial(k, j), world, here)
            assert value == evaluate(pascal, world, here)
            assert equal(Binomial(a, b), Const(Integer(int(value[0, 0]))))


def test_the_spectral_radius_is_the_largest_modulus() -> None:
    values = {("W",): np.array([[0.0, -2.0], [2.0, 0.0]])}
    world = World.random(None, {n: 2}, values=values)
    assert evaluate(Radius(W), world) == pytest.approx(2.0)
    with pytest.raises(ShapeError, match="square"):
        Radius(v)


WRITTEN = (
    Radius(W), Power(Radius(W), k), Binomial(k, j), Scale(Binomial(k - 1, j + 1), W), P(v, k),
    P(v, k) * v, P(W, t - k), P(W, k) @ W, Diag(P(v, k - 1)), Identity(n) + P(W @ W, k),
)  # fmt: skip


@pytest.mark.parametrize("term", WRITTEN, ids=str)
def test_terms_are_written_and_read(term: Term) -> None:
    scope = Model.parse(
        "v \\in \\mathbb{R}^n\nW \\in \\mathbb{R}^{n \\times n}", equations=False
    ).scope
    assert load(dump(term)) == term
    for write in (latex, unicode, ascii):
        assert equal(read_term(write(term), scope), term, (k, t - k))


def test_what_no_rule_covers_is_refused(tmp_path: Path) -> None:
    rest = "\nL = \\sum_{t=1}^T L_t(h_t)"
    power = Model.parse(r"h_t = \tanh(W h_{t-1}) + v^t \odot b" + rest)
    with pytest.raises(NotSupported, match="differential rule"):
        derive(r"\frac{\partial L}{\partial v}", power)
    gelu = Model.parse(r"h_t = \operatorname{gelu}(W h_{t-1} + b)" + rest)
    with pytest.raises(NotSupported, match="gelu"):
        generate(gelu, tmp_path / "cell.py")
