"""Inequalities in the kernel: small right proofs, and wrong ones a step away from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from proofs import PLAIN, Chain, Induction, Theorem, development, step
from sympy import Integer, Rational
from theories import T, W, a, b, h, k, n, t

from symbptt.core.errors import ProofError
from symbptt.core.norms import Max, Min, Norm, Sup
from symbptt.core.scope import Scope
from symbptt.core.terms import (
    Const, D, Diag, Elem, Gradient, Identity, Map, OrderedProduct, Param, Power, Scale, SumOver,
    Term, Times, Trace, When, index_symbol,
)  # fmt: skip
from symbptt.core.theory import Assumption, Frame
from symbptt.proof.kernel import check
from symbptt.proof.objects import Assumed, Development, Identification
from symbptt.proof.order import Signs

i = index_symbol("i")
c, e, R = Param("c", 1, 1), Param("e", 1, 1), Param("R", n, n)
ONE, ZERO = Const(1), Const(0)
POSITIVE = Assumption("c", ZERO, c, (), "<=")
SMALL = Assumption("W", Norm(W), ONE, (), "<")
BARE = replace(PLAIN, params=(*PLAIN.params, c, e, R))
THEORY = replace(BARE, assumptions=(POSITIVE, SMALL))
AB, PRODUCT = Norm(W @ R), Norm(W) @ Norm(R)
CASES: list[Any] = []


def claim(
    left: Term,
    right: Term,
    *steps: Any,
    relation: str = "<=",
    facts: tuple[Any, ...] = (),
    id: str = "claim",
    frame: Frame = Frame(),  # noqa: B008
) -> Theorem:
    return Theorem(id, left, right, Chain(steps), facts, frame, relation=relation)


def made(*theorems: Theorem, theory: Any = THEORY) -> Development:
    return development(*theorems, theory=theory)


def within(context: Callable[[Term], Term], path: tuple[int, ...], **more: Any) -> Development:
    """context(||W R||) <= context(||W|| ||R||)."""
    left, right = context(AB), context(PRODUCT)
    return made(claim(left, right, step("bound", path, right, "norm-product"), **more))


ASSUMED = Theorem("small", Norm(W), ONE, Assumed("W"), relation="<")
STRICT = step("bound", (), ONE, "small")


# ---------------------------------------------------------------- accepted

RIGHT: dict[str, Callable[[], Development]] = {
    "itself": lambda: within(lambda x: x, ()),
    "in a sum": lambda: within(lambda x: c + x, (1,)),
    "under a factor": lambda: within(lambda x: Times(Norm(R), x, c), (1,)),
    "scaled": lambda: within(lambda x: Scale(Const(Rational(1, 3)), x), (1,)),
    "as the factor": lambda: within(lambda x: Scale(x, c), (0,)),
    "in a sum over a range": lambda: within(lambda x: SumOver(x, i, 1, T), (0,)),
    "in a product over a range": lambda: within(lambda x: OrderedProduct(x, i, 1, T), (0,)),
    "in a power": lambda: within(lambda x: Power(x, k), (0,), facts=(k,)),
    "under a condition": lambda: within(lambda x: When(x, k), (0,)),
    "in a minimum": lambda: within(lambda x: Min(e, x), (1,)),
    "in a maximum": lambda: within(lambda x: Max(x, e), (0,)),
    "times a square": lambda: within(lambda x: Scale(h.T @ h, x), (1,)),
    "times an even power": lambda: within(lambda x: Scale(Power(e, 2 * k), x), (1,), facts=(k,)),
    "a theorem": lambda: made(ASSUMED, claim(Norm(W), ONE, STRICT, relation="<")),
    "strict in a sum": lambda: made(ASSUMED, claim(
        e + Norm(W), e + ONE, step("bound", (1,), e + ONE, "small"), relation="<")),
    "at most what is less": lambda: made(ASSUMED, claim(Norm(W), ONE, STRICT)),
    "nothing to do": lambda: made(claim(e, e)),
    "operands of a product": lambda: made(claim(
        Times(c, Min(ONE, Scale(Map("recip", 0, Norm(h)), c)), Norm(h)), c @ c,
        step("bound", (), c @ c, "clip-norm", span=(1, 3)))),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_accepted(name: str) -> None:
    check(RIGHT[name]())


# ---------------------------------------------------------------- refused


def refused(words: str) -> Callable[[Callable[[], Development]], Callable[[], Development]]:
    def register(case: Callable[[], Development]) -> Callable[[], Development]:
        CASES.append(pytest.param(case, words, id=case.__name__.replace("_", " ")))
        return case

    return register


@refused("in the wrong direction")
def below_a_minus() -> Development:
    return within(lambda x: ONE - x, (1, 1))


@refused("need not increase")
def below_a_fraction_bar() -> Development:
    return within(lambda x: Map("recip", 0, x), (2,))


@refused("need not increase")
def inside_a_norm() -> Development:
    return within(lambda x: Norm(x), (0,))


@refused("need not increase")
def inside_an_unspecified_function() -> Development:
    return within(lambda x: Map(r"\sigma", 0, x), (2,))


@refused("need not increase")
def inside_a_differential() -> Development:
    return within(lambda x: D(x), (0,), frame=Frame((W,)))


@refused("nothing says that e is >= 0")
def factor_of_unknown_sign() -> Development:
    return within(lambda x: Scale(e, x), (1,))


@refused("nothing says that c is >= 0")
def assumption_left_out() -> Development:
    left, right = c @ AB, c @ PRODUCT
    steps = step("bound", (1,), right, "norm-product")
    return made(claim(left, right, steps), theory=BARE)


@refused("in the wrong direction")
def negative_number_as_a_factor() -> Development:
    return within(lambda x: Scale(Const(Rational(-1, 3)), x), (1,))


@refused("nothing says that")
def base_of_a_power_that_may_be_negative() -> Development:
    left, right = Power(AB + e, k), Power(PRODUCT + e, k)
    return made(claim(left, right, step("bound", (0, 0), right, "norm-product"), facts=(k,)))


@refused("nothing says that the exponent k is >= 0")
def exponent_that_may_be_negative() -> Development:
    return within(lambda x: Power(x, k), (0,))


@refused("nothing says that")
def factor_of_a_product_that_may_be_negative() -> Development:
    return within(lambda x: OrderedProduct(x + e, i, 1, T), (0, 0))


@refused("need not increase")
def scale_of_a_matrix() -> Development:
    line, larger = Scale(AB, W), Scale(PRODUCT, W)
    return made(
        claim(Norm(line), Norm(larger), step("bound", (0, 0), Norm(larger), "norm-product"))
    )


@refused("nothing says that")
def scalar_in_a_product_of_vectors() -> Development:
    left, right = Times(h.T, h, AB), Times(h.T, h, PRODUCT)
    return made(claim(left, right, step("bound", (2,), right, "norm-product")))


@refused("only scalars")
def matrices_compared() -> Development:
    return made(claim(W, W))


@refused("'>=' is not a relation")
def relation_that_is_none() -> Development:
    return made(claim(c, c, relation=">="))


@refused("does not prove an equation")
def equation_from_an_inequality() -> Development:
    return within(lambda x: x, (), relation="=")


@refused("no step of the proof is strict")
def strict_inequality_from_a_weak_one() -> Development:
    return within(lambda x: x, (), relation="<")


@refused("no step of the proof is strict")
def strict_inequality_from_nothing() -> Development:
    return made(claim(e, e, relation="<"))


@refused("no step of the proof is strict")
def strict_under_a_factor_that_may_be_zero() -> Development:
    right = c @ ONE
    strict = step("bound", (1,), right, "small")
    return made(ASSUMED, claim(c @ Norm(W), right, strict, relation="<"))


@refused("no step of the proof is strict")
def strict_in_a_sum_that_may_be_empty() -> Development:
    left, right = SumOver(Norm(W), i, 1, k), SumOver(ONE, i, 1, k)
    return made(ASSUMED, claim(left, right, step("bound", (0,), right, "small"), relation="<"))


@refused("no step of the proof is strict")
def strict_in_a_minimum() -> Development:
    left, right = Min(e, Norm(W)), Min(e, ONE)
    return made(ASSUMED, claim(left, right, step("bound", (1,), right, "small"), relation="<"))


@refused("is an inequality, not an equation")
def row_used_as_an_equation() -> Development:
    return made(claim(AB, PRODUCT, step("rule", (), PRODUCT, "norm-product")))


@refused("is an inequality, not an equation")
def row_used_as_an_equation_backward() -> Development:
    return made(claim(PRODUCT, AB, step("rule", (), AB, "norm-product", reverse=True)))


@refused("is an inequality, not an equation")
def theorem_used_as_an_equation() -> Development:
    return made(ASSUMED, claim(Norm(W), ONE, step("lemma", (), ONE, "small")))


@refused("is an inequality, not an equation")
def theorem_used_as_an_equation_backward() -> Development:
    back = step("lemma", (), Norm(W), "small", reverse=True)
    return made(ASSUMED, claim(ONE, Norm(W), back))


@refused("wrong direction")
def row_read_backward() -> Development:
    return made(claim(PRODUCT, AB, step("bound", (), AB, "norm-product", reverse=True)))


@refused("wrong direction")
def theorem_read_backward() -> Development:
    return made(ASSUMED, claim(ONE, Norm(W), step("bound", (), Norm(W), "small", reverse=True)))


@refused("does not match")
def larger_replaced_by_smaller() -> Development:
    return made(claim(PRODUCT, AB, step("bound", (), AB, "norm-product")))


@refused("is not an inequality")
def equation_used_as_a_bound() -> Development:
    right = Norm(W)
    return made(claim(Norm(W.T), right, step("bound", (), right, "norm-transpose")))


@refused("there is no rule")
def bound_from_nowhere() -> Development:
    return made(claim(e, c, step("bound", (), c, "e is small")))


@refused("is not an inequality")
def hypothesis_outside_an_induction() -> Development:
    return made(claim(e, c, step("bound", (), c)))


@refused("but the proof states")
def more_than_the_row_gives() -> Development:
    return made(claim(AB, Norm(W), step("bound", (), Norm(W), "norm-product")))


@refused("the proof ends in")
def another_right_side() -> Development:
    return made(claim(AB, Norm(W), step("bound", (), PRODUCT, "norm-product")))


@refused("path does not lead")
def path_out_of_the_line() -> Development:
    return made(claim(AB, PRODUCT, step("bound", (7,), PRODUCT, "norm-product")))


@refused("span does not lead")
def span_out_of_the_line() -> Development:
    return made(claim(PRODUCT, PRODUCT, step("bound", (), PRODUCT, "min-left", span=(5, 9))))


@refused("absolute-value asks")
def absolute_value_of_a_number_that_may_be_negative() -> Development:
    return made(claim(Norm(e), e, step("rule", (), e, "absolute-value"), relation="="))


@refused("holds for values, not inside d")
def absolute_value_under_a_differential() -> Development:
    right = D(c)
    rewritten = step("rule", (0,), right, "absolute-value")
    return made(claim(D(Norm(c)), right, rewritten, relation="=", frame=Frame((c,))))


@refused("nonnegative asks")
def zero_below_a_number_that_may_be_negative() -> Development:
    return made(claim(ZERO, e, step("bound", (), e, "nonnegative")))


@refused("nonnegative asks")
def zero_below_a_difference() -> Development:
    right = Norm(W) - Norm(R)
    return made(claim(ZERO, right, step("bound", (), right, "nonnegative")))


@refused("clip-norm asks")
def threshold_that_may_be_negative() -> Development:
    left = Min(ONE, Scale(Map("recip", 0, Norm(h)), e)) @ Norm(h)
    return made(claim(left, e, step("bound", (), e, "clip-norm")))


@refused("is > 0, as geometric-series asks")
def ratio_that_may_be_one() -> Development:
    left = SumOver(Power(c, k - i), i, 1, k)
    right = Power(c, 0) @ Map("recip", 0, ONE - c)
    return made(claim(left, right, step("bound", (), right, "geometric-series"), facts=(k,)))


@refused("is > 0, as geometric-series asks")
def ratio_at_most_one() -> Development:
    left = SumOver(Power(Norm(R), k - i), i, 1, k)
    right = Power(Norm(R), 0) @ Map("recip", 0, ONE - Norm(R))
    theory = replace(BARE, assumptions=(Assumption("R", Norm(R), ONE, (), "<="),))
    bounded = step("bound", (), right, "geometric-series")
    return made(claim(left, right, bounded, facts=(k,)), theory=theory)


@refused("not an assumption")
def assumption_made_strict() -> Development:
    return made(Theorem("claim", ZERO, c, Assumed("c"), relation="<"))


@refused("not an assumption")
def assumption_made_an_equation() -> Development:
    return made(Theorem("claim", ZERO, c, Assumed("c")))


@refused("compares what is not a scalar")
def assumption_about_matrices() -> Development:
    return made(theory=replace(BARE, assumptions=(Assumption("W", W, R, (), "<="),)))


@refused("from an equation")
def derivative_from_an_inequality() -> Development:
    source = claim(D(e), D(e), id="d", frame=Frame((e,)))
    return made(source, Theorem("claim", Gradient(e, e), ONE, Identification("d", e)))


def powers(**changes: Any) -> Development:
    """||W^k|| <= ||W||^k by induction on k."""
    left, right = Norm(Power(W, k)), Power(Norm(W), k)
    base = [
        step("rule", (0,), Norm(Identity(n)), "power-zero"),
        step("rule", (), ONE, "norm-identity"),
    ]
    lines = [
        Norm(W @ Power(W, k)), Norm(W) @ Norm(Power(W, k)), Norm(W) @ Power(Norm(W), k),
        Power(Norm(W), k + 1),
    ]  # fmt: skip
    steps = [
        step("rule", (0,), lines[0], "power-left"),
        step("bound", (), lines[1], "norm-product"),
        step("bound", (1,), lines[2], changes.get("name", "")),
        step("rule", (), lines[3], "power-left", reverse=True),
    ]
    if "by" in changes:
        steps[2] = step(changes["by"], (1,), lines[2])
    proof = Induction(k, Integer(0), Chain(tuple(base)), Chain(tuple(steps)))
    relation = changes.get("relation", "<=")
    return made(Theorem("claim", left, right, proof, (k,), relation=relation))


def test_induction_with_an_inequality() -> None:
    check(powers())


@refused("the hypothesis is an inequality, not an equation")
def hypothesis_used_as_an_equation() -> Development:
    return powers(by="hypothesis")


@refused("does not prove an equation")
def induction_claims_an_equation() -> Development:
    return powers(relation="=")


@refused("no step of the proof is strict")
def induction_claims_a_strict_inequality() -> Development:
    return powers(relation="<")


def test_suprema_are_finite() -> None:
    """The row about slopes cannot be used where the slope is unbounded."""
    for name in ("exp", "relu"):
        order = 1 if name == "exp" else 0
        line = Norm(Map(name, order, a), "inf")
        row = "largest-slope" if order else "largest-value"
        with pytest.raises(ProofError, match="no finite supremum"):
            check(made(claim(line, ONE, step("bound", (), ONE, row))))


def test_a_diagonal_matrix_is_bounded_by_its_largest_entry() -> None:
    diagonal, largest = Norm(Diag(Map(r"\sigma", 1, b))), Norm(Map(r"\sigma", 1, b), "inf")
    sup = Sup(r"\sigma", 1)
    steps = (
        step("rule", (), largest, "norm-diagonal"), step("bound", (), sup, "largest-slope"),
    )  # fmt: skip
    check(made(claim(diagonal, sup, *steps)))


# ---------------------------------------------------------------- signs

u, g = Param("u", 1, 1), Elem("L", t, 1)
KNOWN = (
    POSITIVE,
    Assumption("u", ZERO, u, (), "<"),
    Assumption("small", Norm(W), ONE, (), "<="),
    Assumption("smaller", Norm(R), ONE, (), "<"),
    Assumption("later", ZERO, g, (t - 2, T - t), "<="),
    Assumption("from two", Norm(h), c, (t - 2,), "<="),
)
SIGNED = Scope(replace(BARE, params=(*BARE.params, u), assumptions=KNOWN))
NONE, WEAK, STRONG = (False, False), (True, False), (True, True)


@pytest.mark.parametrize(
    ("term", "sign"),
    [
        (ZERO, WEAK), (ONE, STRONG), (-ONE, NONE), (Const(k), NONE), (e, NONE), (c, WEAK),
        (u, STRONG), (Norm(h), WEAK), (Norm(h, "inf"), WEAK), (Sup(r"\sigma", 1), WEAK),
        (c + u, STRONG), (c + c, WEAK), (c + e, NONE), (u - c, NONE), (c @ u, WEAK),
        (u @ u, STRONG), (u @ e, NONE), (e @ e, WEAK), (e * e, WEAK), (Scale(e, e), WEAK),
        (h.T @ h, WEAK), (h.T @ a, NONE), (h.T @ W @ h, NONE), (Scale(e, -e), NONE),
        (Power(u, k), STRONG), (Power(c, k), WEAK), (Power(e, k), NONE), (Power(e, 2 * k), WEAK),
        (Power(e, 2 * k + 1), NONE), (Min(u, c), WEAK), (Min(u, e), NONE), (Min(u, u + c), STRONG),
        (Max(u, e), STRONG), (Max(c, e), WEAK), (Max(e, -e), NONE), (SumOver(u, i, 1, k), WEAK),
        (SumOver(e, i, 1, k), NONE), (OrderedProduct(u, i, 1, k), STRONG),
        (OrderedProduct(c, i, 1, k), WEAK), (OrderedProduct(e, i, 1, k), NONE), (When(u, k), WEAK),
        (When(e, k), NONE), (c.T, WEAK), (Map("exp", 0, e), STRONG), (Map("relu", 0, e), WEAK),
        (Map("sigmoid", 0, e), STRONG), (Map("tanh", 0, u), NONE), (Map("sigmoid", 1, e), NONE),
        (Map(r"\sigma", 0, u), NONE), (Map("recip", 0, u), STRONG), (Map("recip", 0, c), WEAK),
        (Map("recip", 0, e), NONE), (Map("log", 0, u), NONE), (ONE - Norm(W), WEAK),
        (ONE - Norm(R), STRONG), (Norm(R) - ONE, NONE), (ONE - Norm(b), NONE),
        (SumOver(g.at(i), i, 2, T), WEAK), (SumOver(g.at(i), i, 1, T), NONE),
        (SumOver(Const(i), i, 1, T), WEAK), (SumOver(Const(i), i, -1, T), NONE),
        (OrderedProduct(Const(i), i, 1, T), STRONG), (OrderedProduct(Const(i), i, 0, T), WEAK),
        (OrderedProduct(Const(1 / i), i, 1, T), STRONG),
        (OrderedProduct(Const(1 / i), i, 0, T), NONE), (c - Norm(h), NONE), (W, NONE), (h, NONE),
        (Diag(u), NONE), (Trace(W), NONE), (Trace(W.T @ W), NONE),
    ],
    ids=str,
)  # fmt: skip
def test_signs(term: Term, sign: tuple[bool, bool]) -> None:
    signs = Signs(SIGNED, (T - 1,))
    assert (signs.nonnegative(term), signs.positive(term)) == sign


def test_an_assumption_holds_where_its_conditions_do() -> None:
    gap = c - Norm(h)
    assert Signs(SIGNED, (t - 2,)).nonnegative(gap)
    assert not Signs(SIGNED, (t - 1,)).nonnegative(gap)


@pytest.mark.parametrize(("case", "words"), CASES)
def test_refused(case: Callable[[], Development], words: str) -> None:
    with pytest.raises(ProofError) as caught:
        check(case())
    assert words in str(caught.value)
