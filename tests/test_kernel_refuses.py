"""Wrong proofs, each a small step away from a right one; the kernel refuses every one of them.

A case is a function that makes a development (or the text of a file); the decorator says which
words the refusal must contain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sympy import Integer, Rational, Symbol
from theories import STEPS, L, Lt, T, U, W, a, b, d, h, k, n, t, x

from proofs import (
    PLAIN, Chain, Development, Identification, Induction, chain, changed, defining, derived,
    development, everywhere, find_theorem, loads, proving, step, tampered, without,
)  # fmt: skip
from symbptt.core.errors import ProofError
from symbptt.core.terms import (
    Const, D, Diag, Elem, Entry, Func, Gradient, Identity, Inverse, Kron, Map,
    Meta, Ones, OrderedProduct, Param, Partial, Power, Scale, Shock, SumOver, Term, Times,
    Trace, Transposed, Vec, When, Zero, index_symbol,
)  # fmt: skip
from symbptt.core.theory import ALL, Assumption, Definition, Frame, Given
from symbptt.proof.files import dumps
from symbptt.core.traverse import substitute
from symbptt.proof.kernel import check
from symbptt.proof.objects import Assumed

Case = Callable[[], Development | str]
CASES: list[Any] = []
i, j, s, r = map(index_symbol, "ijsr")
HERE = (k - 1, T - k)
WEIGHT, STATE, INPUTS = Frame((W,)), Frame((h.at(k),)), Frame((x.at(ALL),))
SHOCKS = Frame((), ("h",))
JACOBIAN, STATE_THEOREM = Partial(h, h.at(k)), "jac:total:h[t]:h[k]:state"
SUM, GRADIENT = Gradient(L, W), Gradient(L, W)
SLOPE = Map(r"\sigma", 1, a)


def refused(words: str) -> Callable[[Case], Case]:
    """Registers a case under its name."""

    def register(case: Case) -> Case:
        CASES.append(pytest.param(case, words, id=case.__name__.replace("_", " ")))
        return case

    return register


@pytest.mark.parametrize(("case", "words"), CASES)
def test_refused(case: Case, words: str) -> None:
    with pytest.raises(ProofError) as caught:
        made = case()
        check(loads(made) if isinstance(made, str) else made)
    assert words in str(caught.value)


def test_there_are_many_and_their_models_are_accepted() -> None:
    """The cases differ from these developments, so it is the difference that is refused."""
    assert len(CASES) >= 90
    for quantity, form in ((JACOBIAN, None), (SUM, "sum"), (GRADIENT, "gradient")):
        check(derived(quantity, form))
    check(derived(Partial(h.at(k), W, "immediate")))
    check(development(*RIGHT))


def at(change: Callable[[Term], Term | None]) -> Callable[[Term], Term]:
    """A change of those nodes for which it gives something."""
    return lambda node: change(node) or node


def ranged(kind: type[Term], lo: int = 0, hi: int = 0) -> Callable[[Term], Term]:
    """Moves the ends of every sum or product of the kind."""
    return at(
        lambda x: kind(x.body, x.bound, x.lo + lo, x.hi + hi) if isinstance(x, kind) else None
    )


# ---------------------------------------------------------------- wrong ranges, wrong factors


@refused("have different canonical forms")
def product_that_starts_a_factor_early() -> Development:
    return everywhere(derived(JACOBIAN), ranged(OrderedProduct, lo=-1), STATE_THEOREM)


@refused("of product-last does not follow")
def product_that_starts_a_factor_late() -> Development:
    return everywhere(derived(JACOBIAN), ranged(OrderedProduct, lo=1), STATE_THEOREM)


@refused("of product-last does not follow")
def product_that_ends_a_factor_early() -> Development:
    return everywhere(derived(JACOBIAN), ranged(OrderedProduct, hi=-1), STATE_THEOREM)


@refused("is not the coefficient")
def jacobian_with_one_factor_too_many() -> Development:
    dev = derived(JACOBIAN)
    last = dev.theorems[-1]
    return changed(dev, last.id, right=ranged(OrderedProduct, lo=-1)(last.right))


@refused("product-last makes W @ diag")
def factors_of_the_product_swapped() -> Development:
    swap = at(lambda x: OrderedProduct(Times(*reversed(x.body.args)), x.bound, x.lo, x.hi)
              if isinstance(x, OrderedProduct) else None)  # fmt: skip
    return everywhere(derived(JACOBIAN), swap, STATE_THEOREM)


@refused("product-last makes")
def product_with_the_latest_factor_on_the_right() -> Development:
    """W diag reversed in time: J[k+1] ... J[t] instead of J[t] ... J[k+1]."""
    turn = at(lambda x: OrderedProduct(x.instance(x.lo + x.hi - x.bound), x.bound, x.lo, x.hi)
              if isinstance(x, OrderedProduct) else None)  # fmt: skip
    return everywhere(derived(JACOBIAN), turn, STATE_THEOREM)


@refused("have different canonical forms")
def sum_from_zero() -> Development:
    return everywhere(derived(SUM, "sum"), ranged(SumOver, lo=-1), "sum:W:state")


@refused("of series-last does not follow")
def sum_one_step_short() -> Development:
    return everywhere(derived(SUM, "sum"), ranged(SumOver, hi=-1), "sum:W:state")


@refused("series-last makes")
def later_state_in_the_immediate_derivative() -> Development:
    """h_k for h_{k-1} under the sum."""
    later = at(lambda x: h.at(k) if x == h.at(k - 1) else None)
    return everywhere(derived(SUM, "sum"), later, "sum:W:state")


@refused("is not the coefficient")
def later_state_in_the_gradient() -> Development:
    dev = derived(GRADIENT, "gradient")
    later = at(lambda x: h if x == h.at(t - 1) else None)
    return everywhere(dev, later, "grad:W", "grad:W:gradient")


@refused("is not the coefficient")
def gradient_transposed() -> Development:
    dev = derived(GRADIENT, "gradient")
    right = dev.theorem("grad:W").right
    return changed(dev, "grad:W", right=Transposed(right))


@refused("is not the coefficient")
def twice_the_gradient() -> Development:
    dev = derived(GRADIENT, "gradient")
    return changed(dev, "grad:W", right=Scale(Const(2), dev.theorem("grad:W").right))


@refused("is not the coefficient")
def gradient_without_the_last_step() -> Development:
    dev = derived(GRADIENT, "gradient")
    return changed(dev, "grad:W", right=ranged(SumOver, hi=-1)(dev.theorem("grad:W").right))


@refused("is not the coefficient")
def slope_forgotten_in_the_immediate_derivative() -> Development:
    dev = derived(Partial(h.at(k), W, "immediate"))
    return changed(dev, dev.theorems[-1].id, right=Kron(h.at(k - 1).T, Identity(n)))


# ---------------------------------------------------------------- definitions


def unfolding(index: Any, facts: tuple[Any, ...] = ()) -> Development:
    body = Map(r"\sigma", 0, a.at(index))
    return development(
        chain(h.at(index), body, step("unfold", (), body, "h[]", index=index), facts=facts)
    )


@refused("outside its range")
def definition_used_before_its_range() -> Development:
    return unfolding(Integer(0))


@refused("outside its range")
def definition_used_after_its_range() -> Development:
    return unfolding(T + 1)


@refused("outside its range")
def definition_used_without_knowing_the_index() -> Development:
    return unfolding(t)


@refused("need not be an integer")
def definition_used_between_two_steps() -> Development:
    return unfolding(Rational(3, 2), (t - 1, T - t))


@refused("is not h[k]")
def definition_of_another_element() -> Development:
    body = Map(r"\sigma", 0, a.at(k))
    return development(chain(h.at(1), body, step("unfold", (), body, "h[]", index=k), facts=HERE))


@refused("needs an index")
def definition_without_an_index() -> Development:
    body = Map(r"\sigma", 0, a.at(k))
    return development(chain(h.at(k), body, step("unfold", (), body, "h[]"), facts=HERE))


@refused("is not the definition of")
def something_else_folded() -> Development:
    body = Map(r"\sigma", 0, a.at(k) + a.at(k))
    return development(chain(body, h.at(k), step("fold", (), h.at(k), "h[]", index=k), facts=HERE))


@refused("is not defined")
def definition_of_an_input() -> Development:
    return development(chain(x.at(k), x.at(k), step("unfold", (), x.at(k), "x[]", index=k)))


# ---------------------------------------------------------------- theories


RNN = (Definition(a, W @ h.at(t - 1) + U @ x + b, STEPS), Definition(h, Map("tanh", 0, a), STEPS))
START = (Given(x, STEPS), Given(h, (t, -t)))


@refused("defined by itself at the same time step")
def definition_by_itself() -> Development:
    again = Definition(a, W @ h + b, STEPS)
    return defining(again, RNN[1], givens=START, facts=(T - 1,))


@refused("both forward and backward")
def definition_that_runs_both_ways() -> Development:
    again = Definition(a, W @ h.at(t - 1) + W @ h.at(t + 1), STEPS)
    return defining(again, RNN[1], givens=START, facts=(T - 1,))


@refused("defined twice for the same index")
def definitions_that_overlap() -> Development:
    return defining(*RNN, Definition(h, Zero(n), (t - T, T - t)), givens=START, facts=(T - 1,))


@refused("defined twice for the same index")
def element_that_is_given_and_defined() -> Development:
    """h_0 = 0 and h_0 free: d h_0 would be zero and arbitrary."""
    return defining(*RNN, Definition(h, Zero(n), (t, -t)), givens=START, facts=(T - 1,))


@refused("defined twice")
def total_defined_twice() -> Development:
    total = Definition(L, SumOver(Lt, t, 1, T))
    parts = Definition(Lt, Func("L", t, 1, 0, h), STEPS)
    return defining(*RNN, parts, total, Definition(L, Const(0)), givens=START, facts=(T - 1,))


@refused("both a parameter and defined")
def parameter_with_a_definition() -> Development:
    return defining(Definition(W, Identity(n)))


@refused("has no first step")
def recurrence_without_a_beginning() -> Development:
    return defining(Definition(h, W @ h.at(t - 1), (T - t,)), facts=(T - 1,))


@refused("its index is not a symbol of its own")
def definition_whose_index_is_the_length() -> Development:
    """With T >= 5 and T <= 3 read as one symbol, two definitions would seem apart."""
    heads = (Definition(h.at(T), Zero(n), (3 - T,)), Definition(h, Ones(n), (3 - t,)))
    return defining(*heads, givens=(Given(x, (t - 1, T - t)),), facts=(T - 5,))


@refused("is also a free index")
def circle_hidden_by_a_bound_index() -> Development:
    """h_t = sum_{t=1}^T h_{t-1} seems to refer to the step before; it refers to all steps."""
    return defining(Definition(h, SumOver(h.at(t - 1), t, 1, T), STEPS), givens=START[1:],
                    facts=(T - 1,))  # fmt: skip


@refused("contains a derivative")
def definition_by_a_differential() -> Development:
    return defining(Definition(a, D(h.at(t - 1)), STEPS), givens=START)


@refused("contains a derivative")
def assumption_about_a_differential() -> Development:
    return defining(*RNN, givens=START, facts=(T - 1,),
                    assumptions=(Assumption("A", D(W), Zero(n, n)),))  # fmt: skip


@refused("another shape")
def definition_of_another_shape() -> Development:
    return defining(Definition(h, x, STEPS), givens=START)


@refused("but d x 1 here")
def name_with_two_shapes() -> Development:
    again = Definition(a, U @ Elem("h", t - 1, d), STEPS)
    return defining(again, RNN[1], givens=START)


@refused("is not a name of the theory")
def name_that_the_theory_does_not_have() -> Development:
    Q = Param("Q", n, n)
    return development(chain(Q, Q.T.T, step("algebra", (), Q.T.T)))


@refused("contradict each other")
def theory_of_no_length() -> Development:
    return defining(*RNN, givens=START, facts=(T - 1, -T))


# ---------------------------------------------------------------- bound and free indices


@refused("is also a free index")
def bound_index_with_the_name_of_a_free_one() -> Development:
    """Inside the sum the fact k >= 1 about the free k would be used for the bound one."""
    body = SumOver(Map(r"\sigma", 0, a.at(k)), k, 0, T)
    line = SumOver(h.at(k), k, 0, T)
    return development(
        chain(line, body, step("unfold", (0,), body, "h[]", index=k), facts=(k - 1, T - k))
    )


@refused("is also a free index")
def bound_index_with_the_name_of_the_length() -> Development:
    line = SumOver(h.at(2), T, 2, 3)
    body = SumOver(Map(r"\sigma", 0, a.at(2)), T, 2, 3)
    return development(chain(line, body, step("unfold", (0,), body, "h[]", index=Integer(2))))


@refused("is also a free index")
def bound_index_with_the_name_of_the_frames() -> Development:
    """In the frame h[k], the h[k-1] of a sum over k need not lie before the element set free."""
    line = SumOver(D(h.at(k - 1)), k, 2, T)
    body = SumOver(D(Map(r"\sigma", 0, a.at(k - 1))), k, 2, T)
    unfold = step("unfold", (0, 0), body, "h[]", index=k - 1)
    return development(chain(line, body, unfold, frame=STATE))


@refused("hides another")
def bound_index_that_hides_another() -> Development:
    """1 <= t <= 3 and -5 <= t <= 0 would contradict each other, and anything would follow."""
    line = D(SumOver(SumOver(h, t, -5, 0), t, 1, 3))
    return development(chain(line, Zero(n), step("vanish", (), Zero(n)), frame=WEIGHT))


@refused("depends on the bound index")
def size_that_depends_on_a_bound_index() -> Development:
    row = SumOver(Ones(1, s) @ Ones(s), s, 1, T)
    return development(chain(row, row))


@refused("is not built from the sizes")
def size_that_is_no_size_of_the_theory() -> Development:
    """Ones(1, k) Ones(k, 1) = k would hold for negative k as well."""
    row = Ones(1, k) @ Ones(k)
    return development(chain(Const(k), row, step("algebra", (), row)))


@refused("is not the name of an index")
def index_with_a_name_of_the_engine() -> Development:
    line = h.at(index_symbol("@0"))
    return development(chain(line, line))


@refused("is not the name of an index")
def every_element_as_an_index() -> Development:
    return development(chain(h.at(ALL), h.at(ALL)))


@refused("is not the name of an index")
def index_that_need_not_be_an_integer() -> Development:
    line = h.at(Symbol("k"))
    return development(chain(line, line))


@refused("is a metavariable")
def metavariable_in_a_statement() -> Development:
    return development(chain(Meta("A", n, n), Meta("A", n, n)))


# ---------------------------------------------------------------- numbers, entries, inverses


@refused("may be zero")
def quotient_of_indices() -> Development:
    """s/t becomes 1 when s is put to t, also where t = 0."""
    line = Const(s / t)
    return development(chain(line, Const(s) @ Const(1 / t)))


@refused("have different canonical forms")
def reciprocal_cancelled_where_it_may_not_exist() -> Development:
    line = Const(t) @ Const(1 / t)
    return development(chain(line, Const(1), step("algebra", (), Const(1))))


@refused("different canonical forms")
def entry_out_of_range_taken_for_one() -> Development:
    """If entries of 1 were 1 everywhere, 1 = 0 would follow from the row 0 of I 1 = 1."""
    entry = Entry(Ones(n, n), i, 1)
    return development(chain(Const(1), entry, step("algebra", (), entry), facts=(i, -i)))


@refused("does not follow")
def entry_of_a_product_at_an_unknown_row() -> Development:
    line, out = Entry(W @ h, i, 1), SumOver(Entry(W, i, s) @ Entry(h, s, 1), s, 1, n)
    return development(chain(line, out, step("rule", (), out, "entry-product")))


@refused("is invertible")
def inverse_of_a_matrix_that_may_be_singular() -> Development:
    line = Inverse(W) @ W
    return development(
        chain(Identity(n), line, step("rule", (), line, "inverse-left", reverse=True))
    )


@refused("is invertible")
def inverse_of_zero() -> Development:
    """I = 0^{-1} 0 = 0."""
    line = Inverse(Zero(n, n)) @ Zero(n, n)
    return development(
        chain(Identity(n), Zero(n, n), step("algebra", (), line), step("algebra", (), Zero(n, n)))
    )


@refused("does not follow")
def power_split_where_the_exponent_may_be_negative() -> Development:
    line, out = Power(W, k + 1), Power(W, k) @ W
    return development(chain(line, out, step("rule", (), out, "power-next")))


@refused("different canonical forms")
def negative_powers_merged() -> Development:
    line, out = W @ Power(W, -1), Identity(n)
    return development(chain(line, out, step("algebra", (), out)))


# ---------------------------------------------------------------- rules


@refused("the condition T - k >= 0 of series-first does not follow")
def first_term_of_a_sum_that_may_be_empty() -> Development:
    line = SumOver(h, t, k, T)
    out = h.at(k) + SumOver(h, t, k + 1, T)
    return development(chain(line, out, step("rule", (), out, "series-first")))


@refused("does not follow")
def product_joined_where_its_range_may_be_empty() -> Development:
    """J[t] prod_{k}^{t-1} J = prod_k^t J needs k <= t, backward as well as forward."""
    line = W @ OrderedProduct(W, s, k, t - 1)
    out = OrderedProduct(W, s, k, t)
    back = step("rule", (), out, "product-last", reverse=True)
    return development(chain(line, out, back))


@refused("does not follow")
def sum_split_outside_its_range() -> Development:
    line = SumOver(h, t, 1, T)
    out = SumOver(h, t, 1, k) + SumOver(h, t, k + 1, T)
    return development(chain(line, out, step("rule", (), out, "series-split", bind=(("?k", k),))))


@refused("does not follow")
def condition_dropped_that_may_fail() -> Development:
    line = When(W, k - 1)
    return development(chain(line, W, step("rule", (), W, "case-true")))


@refused("does not match")
def rule_that_does_not_fit() -> Development:
    return development(chain(W @ h, h, step("rule", (), h, "identity-left")))


@refused("makes")
def rule_backward_that_leads_elsewhere() -> Development:
    out = Identity(n) @ W
    return development(chain(W.T, out, step("rule", (), out, "identity-left", reverse=True)))


@refused("bound index would escape")
def factor_pulled_out_of_the_sum_it_depends_on() -> Development:
    line = SumOver(Diag(h) @ h, t, 1, T)
    out = Diag(h.at(T)) @ SumOver(h, t, 1, T)
    return development(chain(line, out, step("rule", (), out, "series-left")))


@refused("there is no rule")
def rule_that_does_not_exist() -> Development:
    return development(chain(W, W, step("rule", (), W, "wishful-thinking")))


@refused("there is no rule")
def rule_of_an_arity_that_does_not_exist() -> Development:
    return development(chain(W, W, step("rule", (), W, "d-stack/1")))


@refused("binds metavariables only")
def rule_that_binds_a_mark() -> Development:
    line = SumOver(h, t, 1, T)
    bound = step("rule", (), line, "series-shift", bind=(("?s", Integer(0)), ("!0", Integer(1))))
    return development(chain(line, line, bound))


@refused("need not be an integer")
def case_split_between_two_integers() -> Development:
    """[k >= 0] + [-k - 1 >= 0] is 0 at k = -1/2."""
    half = Rational(-1, 2)
    return development(chain(W, W, step("rule", (), W, "case-split", bind=(("?k", half),))))


# ---------------------------------------------------------------- algebra


@refused("have different canonical forms")
def transposed_factor() -> Development:
    line, out = (W @ h).T, h.T @ W
    return development(chain(line, out, step("algebra", (), out)))


@refused("have different canonical forms")
def factors_in_another_order() -> Development:
    line, out = Diag(h) @ W, W @ Diag(h)
    return development(chain(line, out, step("algebra", (), out)))


@refused("have different canonical forms")
def hadamard_product_for_a_matrix_product() -> Development:
    line, out = W * W, W @ W
    return development(chain(line, out, step("algebra", (), out)))


@refused("axes are split in two different ways")
def vec_of_a_transpose() -> Development:
    line, out = Vec(U).T @ Vec(U.T), Vec(U.T).T @ Vec(U)
    wrong = Vec(U).T @ Vec(U)
    return development(chain(line, wrong, step("algebra", (), out), step("algebra", (), wrong)))


@refused("have different canonical forms")
def sum_of_a_function_for_a_function_of_the_sum() -> Development:
    line, out = SumOver(Map("f", 0, h), t, 1, T), Map("f", 0, SumOver(h, t, 1, T))
    return development(chain(line, out, step("algebra", (), out)))


@refused("have different canonical forms")
def sums_inside_a_function_exchanged() -> Development:
    """sum_s f(sum_r g_r * g_s) is not sum_s f(sum_r g_s * g_r) once h and a are different."""
    line, out = (
        SumOver(Map("f", 0, SumOver(p * q, r, 1, T)), s, 1, T)
        for p, q in ((h.at(r), a.at(s)), (h.at(s), a.at(r)))
    )
    return development(chain(line, out, step("algebra", (), out)))


@refused("the proof states")
def line_that_does_not_follow() -> Development:
    body = Map("tanh", 0, a.at(k))
    return development(chain(h.at(k), body, step("unfold", (), body, "h[]", index=k), facts=HERE))


@refused("the proof ends in")
def proof_that_stops_too_early() -> Development:
    body = Map(r"\sigma", 0, a.at(k))
    end = Map(r"\sigma", 0, W @ h.at(k - 1) + U @ x.at(k) + b)
    return development(chain(h.at(k), end, step("unfold", (), body, "h[]", index=k), facts=HERE))


@refused("different shapes")
def sides_of_different_shapes() -> Development:
    return development(chain(W @ h, W))


# ---------------------------------------------------------------- paths and spans


@refused("does not lead to a term")
def path_to_nowhere() -> Development:
    return development(chain(W @ h, W @ h, step("algebra", (2,), W @ h)))


@refused("does not lead to a term")
def path_to_an_index() -> Development:
    return development(chain(h.at(k), h.at(k), step("algebra", (1,), h.at(k))))


@refused("inside a derivative")
def path_into_a_derivative() -> Development:
    line = Partial(h.at(k), W)
    out = Partial(Map(r"\sigma", 0, a.at(k)), W)
    return development(chain(line, out, step("unfold", (0,), out, "h[]", index=k), facts=HERE))


@refused("only a sum or product has a span")
def span_of_a_transpose() -> Development:
    """The node would be put into itself: W^T = W^{TT} = W."""
    again = step("algebra", (), W.T.T, span=(0, 1))
    return development(chain(W.T, W, again, step("algebra", (), W)))


@refused("does not lead to operands")
def span_past_the_end() -> Development:
    return development(chain(W @ h, W @ h, step("algebra", (), W @ h, span=(0, 3))))


@refused("does not lead to operands")
def empty_span() -> Development:
    return development(chain(W @ h, W @ h, step("algebra", (), W @ h, span=(1, 1))))


@refused("unknown kind of step")
def unknown_step() -> Development:
    return development(chain(W, W, step("obviously", (), W)))


# ---------------------------------------------------------------- lemmas


def total() -> Any:
    """L = sum of L_t."""
    out = SumOver(Lt, t, 1, T)
    return chain(L, out, step("unfold", (), out, "L"), id="total")


@refused("is not an earlier theorem")
def lemma_that_uses_itself() -> Development:
    return development(chain(W, W.T, step("lemma", (), W.T, "claim")))


@refused("is not an earlier theorem")
def lemma_that_comes_later() -> Development:
    dev = derived(JACOBIAN)
    return replace(dev, theorems=tuple(reversed(dev.theorems)))


@refused("is not an earlier theorem")
def lemma_that_is_missing() -> Development:
    return without(derived(JACOBIAN), "jac:total:h[t]:h[k]:start")


@refused("two theorems are called")
def two_theorems_of_one_name() -> Development:
    return development(total(), total())


@refused("belongs to the theory")
def length_put_to_a_number() -> Development:
    """L = sum_{t=1}^T L_t does not give L = L_1."""
    one = SumOver(Lt, t, 1, 1)
    return development(
        total(), chain(L, one, step("lemma", (), one, "total", bind=(("T", Integer(1)),)))
    )


def tail() -> Any:
    """sum_{t=k}^T h_t = h_k + the rest, for k <= T."""
    line, out = SumOver(h, t, k, T), h.at(k) + SumOver(h, t, k + 1, T)
    return chain(line, out, step("rule", (), out, "series-first"), facts=(T - k,), id="tail")


@refused("does not follow")
def lemma_where_its_condition_fails() -> Development:
    line, out = SumOver(h, t, T + 1, T), h.at(T + 1) + SumOver(h, t, T + 2, T)
    return development(
        tail(), chain(line, out, step("lemma", (), out, "tail", bind=(("k", T + 1),)))
    )


@refused("need not be an integer")
def lemma_between_two_integers() -> Development:
    """[2k - 1 >= 0][1 - 2k >= 0] A = 0 for integers, not for k = 1/2."""
    line = When(W, 2 * k - 1, 1 - 2 * k)
    none = chain(line, Zero(n, n), step("algebra", (), Zero(n, n)), id="none")
    half = step("lemma", (), Zero(n, n), "none", bind=(("k", Rational(1, 2)),))
    return development(none, chain(When(W, Integer(0), Integer(0)), Zero(n, n), half))


def free_state() -> Any:
    """d h_T = d h_T in the frame h[k]: true, and says nothing about k."""
    return chain(D(h.at(T)), D(h.at(T)), frame=STATE, id="free")


@refused("is about another frame")
def lemma_of_another_frame() -> Development:
    dev = derived(JACOBIAN)
    line = D(h.at(k))
    other = chain(line, line, step("lemma", (), line, "jac:total:h[t]:h[k]:start"), facts=HERE,
                  frame=WEIGHT)  # fmt: skip
    return replace(dev, theorems=(*dev.theorems, other))


@refused("is not the name of an index")
def lemma_whose_frame_becomes_every_element() -> Development:
    line = D(h.at(T))
    every = step("lemma", (), line, "free", bind=(("k", ALL),))
    return development(free_state(), chain(line, line, every, frame=Frame((h.at(ALL),))))


@refused("inside d(.)")
def lemma_inside_a_differential() -> Development:
    """What holds for values need not hold while they vary."""
    known = chain(h.at(k), Map(r"\sigma", 0, a.at(k)),
                  step("unfold", (), Map(r"\sigma", 0, a.at(k)), "h[]", index=k), facts=HERE,
                  id="value")  # fmt: skip
    out = D(Map(r"\sigma", 0, a.at(k)))
    return development(
        known, chain(D(h.at(k)), out, step("lemma", (0,), out, "value"), facts=HERE, frame=STATE)
    )


@refused("is not an assumption of the theory")
def statement_assumed_without_saying_so() -> Development:
    return development(proving(Assumed("A"), W, W.T))


# ---------------------------------------------------------------- induction


def repeated(**more: Any) -> Any:
    """prod_{s=1}^t W = W^t by induction on t from 0."""
    left, right = OrderedProduct(W, s, 1, t), Power(W, t)
    last = W @ OrderedProduct(W, s, 1, t)
    steps = (
        step("rule", (), last, "product-last"),
        step("hypothesis", (1,), W @ Power(W, t)),
        step("rule", (), Power(W, t + 1), "power-left", reverse=True),
    )
    fields = {
        "base": Chain((step("algebra", (), Power(W, 0)),)), "step": Chain(steps),
        "start": Integer(0), "variable": t,
    }  # fmt: skip
    facts = more.pop("facts", (t,))
    frame = more.pop("frame", Frame())
    return proving(Induction(**{**fields, **more}), left, right, facts, frame)


RIGHT = (repeated(),)


@refused("the proof ends in")
def induction_without_a_base() -> Development:
    dev = derived(SUM, "sum")
    proof = dev.theorem("sum:W:state").proof
    assert isinstance(proof, Induction)
    return changed(dev, "sum:W:state", proof=replace(proof, base=Chain(())))


@refused("have different canonical forms")
def induction_with_a_wrong_base() -> Development:
    return everywhere(
        development(repeated()),
        at(lambda x: Power(W, x.exponent + 1) if isinstance(x, Power) else None),
    )


@refused("is not on one side of the start")
def induction_that_starts_too_late() -> Development:
    base = Chain((step("algebra", (), Power(W, 1)),))
    return development(repeated(start=Integer(1), base=base))


@refused("there is no induction hypothesis here")
def hypothesis_outside_the_induction() -> Development:
    return development(chain(W, W.T, step("hypothesis", (), W.T)))


@refused("there is no induction hypothesis here")
def hypothesis_in_the_base() -> Development:
    return development(repeated(base=Chain((step("hypothesis", (), Power(W, 0)),))))


@refused("the range has a gap")
def induction_over_a_gap() -> Development:
    """2t >= 3 or so: from t = 0 the step to 1 would use a t that the facts exclude."""
    return development(repeated(facts=(t, 2 * t - k, k - 2 * t)))


@refused("the induction has no range")
def induction_without_a_range() -> Development:
    return development(repeated(facts=()))


@refused("belongs to the theory")
def induction_on_the_length() -> Development:
    turn = {t: T}
    whole = everywhere(development(repeated()), lambda x: substitute(x, turn))
    proof = whole.theorems[0].proof
    assert isinstance(proof, Induction)
    return changed(whole, "claim", facts=(T,), proof=replace(proof, variable=T))


@refused("the frame must not depend")
def induction_whose_frame_moves() -> Development:
    return development(repeated(frame=Frame((W,), step=t + 1)))


@refused("is not on one side of the start")
def induction_in_the_wrong_direction() -> Development:
    return development(repeated(direction=-1))


@refused("the induction has no range")
def induction_in_steps_of_two() -> Development:
    return development(repeated(direction=2))


@refused("inside d(.)")
def hypothesis_inside_a_differential() -> Development:
    grown = OrderedProduct(W, s, 1, t + 1)
    nothing = Scale(Const(0), D(OrderedProduct(W, s, 1, t)))
    steps = (
        step("algebra", (), grown + nothing),
        step("hypothesis", (1, 1, 0), grown + Scale(Const(0), D(Power(W, t)))),
    )
    return development(repeated(step=Chain(steps)))


@refused("is not")
def hypothesis_at_another_index() -> Development:
    """The hypothesis holds at t, not for all indices."""
    proof = repeated().proof
    steps = list(proof.step.steps)
    steps[0] = step("algebra", (), OrderedProduct(W, s, 1, t + 1))
    steps[1] = step("hypothesis", (), Power(W, t + 1))
    return development(replace(repeated(), proof=replace(proof, step=Chain(tuple(steps[:2])))))


# ---------------------------------------------------------------- differentials and frames


def d_unfolded(frame: Frame, index: Any = k, facts: tuple[Any, ...] = HERE) -> Development:
    out = D(Map(r"\sigma", 0, a.at(index)))
    unfold = step("unfold", (0,), out, "h[]", index=index)
    return development(chain(D(h.at(index)), out, unfold, facts=facts, frame=frame))


@refused("is set free")
def element_set_free_unfolded() -> Development:
    return d_unfolded(STATE)


@refused("is set free")
def element_that_may_be_the_one_set_free() -> Development:
    return d_unfolded(STATE, t, (*HERE, t - 1, T - t))


@refused("is set free")
def boundary_value_that_may_be_the_one_set_free() -> Development:
    """h[0] = 0 does not hold under d in the frame h[k] if k may be 0."""
    theory = development(theory=PLAIN).theory
    start = Definition(h, Zero(n), (t, -t))
    theory = replace(theory, givens=theory.givens[:1], definitions=(start, *theory.definitions))
    unfold = step("unfold", (0,), D(Zero(n)), "h[]", index=Integer(0))
    theorem = chain(D(h.at(0)), D(Zero(n)), unfold, facts=(k, T - k), frame=STATE)
    return development(theorem, theory=theory)


@refused("carries a shock")
def element_with_a_shock_unfolded() -> Development:
    return d_unfolded(SHOCKS)


@refused("is held fixed")
def element_held_fixed_unfolded() -> Development:
    return d_unfolded(Frame((W,), step=k), k - 1, (k - 2, T - k))


@refused("is set free")
def total_set_free_unfolded() -> Development:
    out = D(SumOver(Lt, t, 1, T))
    return development(chain(D(L), out, step("unfold", (0,), out, "L"), frame=Frame((L,))))


@refused("is not d(h[k])")
def shock_of_something_else() -> Development:
    out = D(Map(r"\sigma", 0, a.at(k))) + Shock(h.at(k))
    return development(
        chain(D(a.at(k)), out, step("shock", (), out, "h[]", index=k), facts=HERE, frame=SHOCKS)
    )


@refused("carries no shock")
def shock_of_another_sequence() -> Development:
    body = W @ h.at(k - 1) + U @ x.at(k) + b
    out = D(body) + Shock(a.at(k))
    return development(
        chain(D(a.at(k)), out, step("shock", (), out, "a[]", index=k), facts=HERE, frame=SHOCKS)
    )


@refused("the proof states")
def shock_left_out() -> Development:
    out = D(Map(r"\sigma", 0, a.at(k)))
    return development(
        chain(D(h.at(k)), out, step("shock", (), out, "h[]", index=k), facts=HERE, frame=SHOCKS)
    )


def vanished(line: Term, frame: Frame, facts: tuple[Any, ...] = HERE) -> Development:
    zero = Zero(*line.shape)
    return development(chain(D(line), zero, step("vanish", (), zero), facts=facts, frame=frame))


@refused("does not vanish")
def differential_of_what_varies() -> Development:
    return vanished(W @ h.at(0), WEIGHT)


@refused("does not vanish")
def differential_of_a_state_that_depends_on_it() -> Development:
    return vanished(h.at(k), WEIGHT)


@refused("does not vanish")
def boundary_state_ignored() -> Development:
    """h_0 is free: what depends on it varies."""
    return vanished(h.at(0), Frame((h.at(0),)))


@refused("does not vanish")
def given_state_that_varies_with_all_of_its_sequence() -> Development:
    return vanished(h.at(0), Frame((h.at(ALL),)))


@refused("does not vanish")
def later_state_than_the_one_set_free() -> Development:
    return vanished(h.at(k + 1), STATE)


@refused("does not vanish")
def state_that_may_be_later_than_the_one_set_free() -> Development:
    return vanished(h, STATE, (*HERE, t - 1, T - t))


@refused("does not vanish")
def total_of_what_varies() -> Development:
    return vanished(L, INPUTS, ())


@refused("does not vanish")
def state_with_shocks_before_it() -> Development:
    return vanished(a.at(k), SHOCKS)


@refused("stands inside another one")
def differential_of_a_derivative() -> Development:
    """In an immediate frame h_{k-1} is held, but its derivative by W is not zero's."""
    line = D(Partial(h.at(k - 1), h.at(0)))
    zero = Zero(n, n)
    frame = Frame((W,), step=k)
    return development(
        chain(line, zero, step("vanish", (), zero), facts=(k - 2, T - k), frame=frame)
    )


# ---------------------------------------------------------------- identification


def identified(goal: Term, wrt: Term, right: Term, source: Any, facts: Any = HERE) -> Development:
    return development(source, proving(Identification("source", wrt), goal, right, facts))


def changes(line: Term, right: Term, frame: Frame, *steps: Any, facts: Any = HERE) -> Any:
    return chain(D(line), right, *steps, frame=frame, facts=facts, id="source")


def itself(line: Term, frame: Frame, facts: Any = HERE) -> Any:
    return changes(line, D(line), frame, facts=facts)


@refused("mixed")
def total_derivative_from_an_immediate_one() -> Development:
    dev = derived(Partial(h.at(k), W, "immediate"))
    last = dev.theorems[-1]
    return changed(dev, last.id, left=Partial(h.at(k), W))


@refused("mixed")
def immediate_derivative_from_a_total_one() -> Development:
    dev = derived(JACOBIAN)
    last = dev.theorems[-1]
    return changed(dev, last.id, left=Partial(h, h.at(k), "immediate"))


@refused("belongs to another step")
def immediate_derivative_of_another_step() -> Development:
    held = Frame((W,), step=k - 1)
    source = changes(h.at(k), Zero(n), held, step("vanish", (), Zero(n)))
    return identified(Partial(h.at(k), W, "immediate"), W, Zero(n, n * n), source)


@refused("paths through it are cut")
def path_through_an_element_set_free() -> Development:
    """In the frame (W, h[k]) the change of h[k] by W is lost."""
    source = itself(h.at(k), Frame((W, h.at(k))))
    return identified(Partial(h.at(k), W), W, Zero(n, n * n), source)


@refused("does not vary in this frame")
def shock_at_another_step_of_an_immediate_derivative() -> Development:
    """With h[k-1] held, its shock does not come through; as a derivative it should."""
    held = Frame((), ("h",), k)
    first = D(W @ h.at(k - 1)) + D(U @ x.at(k) + b)
    steps = (
        step("unfold", (0,), D(W @ h.at(k - 1) + U @ x.at(k) + b), "a[]", index=k),
        step("rule", (), first, "d-sum"),
        step("vanish", (0,), Zero(n) + D(U @ x.at(k) + b)),
        step("vanish", (1,), Zero(n) + Zero(n)),
        step("algebra", (), Zero(n)),
    )
    source = changes(a.at(k), Zero(n), held, *steps)
    goal = Partial(a.at(k), h.at(k - 1), "immediate")
    return identified(goal, h.at(k - 1), Zero(n, n), source, (k - 2, T - k))


@refused("does not vary in this frame")
def element_that_need_not_be_given() -> Development:
    source = itself(x.at(k), INPUTS, ())
    return identified(Partial(x.at(k), x.at(k)), x.at(k), Identity(d), source, ())


@refused("does not vary in this frame")
def parameter_that_does_not_vary() -> Development:
    source = changes(U, Zero(n, d), WEIGHT, step("vanish", (), Zero(n, d)))
    return identified(Partial(U, U), U, Zero(n * d, n * d), source)


@refused("further conditions")
def source_with_further_conditions() -> Development:
    source = itself(h.at(k), STATE)
    return identified(Partial(h.at(k), h.at(k)), h.at(k), Identity(n), source, ())


@refused("not the differential of what is derived")
def source_about_something_else() -> Development:
    source = itself(h.at(k), STATE)
    return identified(Partial(a.at(k), h.at(k)), h.at(k), Identity(n), source)


@refused("with respect to something else")
def derivative_by_something_else() -> Development:
    source = itself(h.at(k), STATE)
    return identified(Partial(h.at(k), a.at(k)), h.at(k), Identity(n), source)


@refused("is not expressed through what varies")
def differential_left_over() -> Development:
    """d h[k] is not a change of its own when W varies."""
    source = itself(h.at(k), WEIGHT)
    return identified(Partial(h.at(k), W), W, Zero(n, n * n), source)


@refused("still contains a differential")
def derivative_with_a_differential_in_it() -> Development:
    source = itself(Trace(W), WEIGHT)
    return identified(Gradient(Trace(W), W), W, D(W), source)


@refused("is not the coefficient")
def h_0_left_out_of_its_own_derivative() -> Development:
    dev = derived(Partial(h, h.at(0)))
    last = dev.theorems[-1]
    return changed(dev, last.id, right=ranged(OrderedProduct, lo=1)(last.right))


# ---------------------------------------------------------------- files


def file(change: Callable[[dict[str, Any]], Any], quantity: Term = JACOBIAN) -> str:
    return tampered(derived(quantity), change)


def last(data: dict[str, Any]) -> Any:
    return data["theorems"][-1]


def state(data: dict[str, Any]) -> Any:
    return find_theorem(data, STATE_THEOREM)


FILES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "format": (lambda f: f.update(format="other"), "not a proof file"),
    "version": (lambda f: f.update(version=2), "not a proof file"),
    "no nodes": (lambda f: f.pop("nodes"), "damaged"),
    "unknown node": (lambda f: f["nodes"][0].__setitem__(0, "Eval"), "unknown node"),
    "node of a class that is no term": (
        lambda f: f["nodes"].append(["index_symbol", {"s": "x"}]), "unknown node"),
    "metavariable": (
        lambda f: f["nodes"].append(["Meta", {"s": "A"}, {"i": "n"}, {"i": "n"}]), "unknown node"),
    "reference ahead": (lambda f: f["nodes"].insert(0, ["Transposed", 0]), "bad reference"),
    "negative reference": (lambda f: f["nodes"].append(["Transposed", -1]), "bad reference"),
    "truth value": (lambda f: f["nodes"].append(["Transposed", True]), "bad reference"),
    "too few arguments": (lambda f: f["nodes"].append(["Kron", 0]), "arguments"),
    "text for an index": (
        lambda f: f["nodes"].append(["Elem", {"s": "h"}, {"s": "t"}, {"i": "n"}, {"i": 1}]),
        "bad text"),
    "name of the engine": (
        lambda f: f["nodes"].append(["Elem", {"s": "h"}, {"i": "#0"}, {"i": "n"}, {"i": 1}]),
        "not an index"),
    "index that is a fraction": (
        lambda f: f["nodes"].append(
            ["Elem", {"s": "h"}, {"i": {"q": [1, 2]}}, {"i": "n"}, {"i": 1}]
        ),
        "not an index"),
    "number that is not finite": (
        lambda f: f["nodes"].append(["Const", {"i": {"q": [1, 0]}}]), "exact real number"),
    "bound index that is a number": (
        lambda f: f["nodes"].append(["SumOver", 0, {"i": 3}, {"i": 1}, {"i": 3}]), "bad argument"),
    "negative size": (
        lambda f: f["nodes"].append(["Ones", {"i": -2}, {"i": 1}]), "bad argument"),
    "shape that clashes": (lambda f: f["nodes"].append(["Diag", 0]), "damaged"),
    "statement: left": (lambda f: last(f).update(left=last(f)["right"]), "refuse"),
    "statement: right": (lambda f: last(f).update(right=last(f)["left"]), "refuse"),
    "statement: facts": (lambda f: last(f).update(facts=[]), "further conditions"),
    "statement: facts of the induction": (lambda f: state(f).update(facts=[]), "refuse"),
    "facts that are no list": (lambda f: last(f).update(facts="t"), "not of type list"),
    "frame: nothing varies": (lambda f: state(f)["frame"].update(vary=[]), "another frame"),
    "frame: a shock": (lambda f: state(f)["frame"].update(shocks=["h"]), "another frame"),
    "frame: a step": (lambda f: state(f)["frame"].update(step="k"), "another frame"),
    "frame: something without a name": (
        lambda f: state(f)["frame"].update(vary=[state(f)["right"]]), "is not a name"),
    "theory: no facts": (lambda f: f["theory"].update(definitions=[]), "not a name of the theory"),
    "theory: wider definition": (
        lambda f: f["theory"]["definitions"][1].__setitem__(2, []), "defined twice"),
    "theory: no givens": (lambda f: f["theory"].update(givens=[]), "not a name of the theory"),
    "theory: parameter that is an element": (
        lambda f: f["theory"]["params"].append(f["theory"]["givens"][0][0]), "not a parameter"),
    "theory: body": (
        lambda f: f["theory"]["definitions"][1].__setitem__(1, f["theory"]["definitions"][1][0]),
        "same time step"),
    "step: path": (lambda f: state(f)["proof"]["step"][1].update(path=[1]), "refuse"),
    "step: path that is no number": (
        lambda f: state(f)["proof"]["step"][1].update(path=["0"]), "not of type int"),
    "step: result": (
        lambda f: state(f)["proof"]["step"][1].update(result=state(f)["right"]),
        "the proof states"),
    "step: kind": (lambda f: state(f)["proof"]["step"][1].update(by="algebra"), "canonical forms"),
    "step: name": (
        lambda f: state(f)["proof"]["step"][0].update(name="jac:total:h[t]:h[k]:start"), "refuse"),
    "step: bind": (
        lambda f: state(f)["proof"]["step"][0].update(bind={"t": "t"}), "does not follow"),
    "step: direction of a rule": (
        lambda f: state(f)["proof"]["step"][2].update(reverse=False), "refuse"),
    "step: direction that is no truth value": (
        lambda f: state(f)["proof"]["step"][2].update(reverse=1), "not of type bool"),
    "step: span": (lambda f: state(f)["proof"]["step"][2].update(span=[0, 2]), "refuse"),
    "step: no result": (lambda f: state(f)["proof"]["step"][2].pop("result"), "damaged"),
    "step dropped": (lambda f: state(f)["proof"]["step"].pop(1), "refuse"),
    "induction: start": (lambda f: state(f)["proof"].update(start=0), "refuse"),
    "induction: direction": (lambda f: state(f)["proof"].update(direction=-1), "one side"),
    "induction: variable": (lambda f: state(f)["proof"].update(induction="k"), "no range"),
    "induction: variable that is a number": (
        lambda f: state(f)["proof"].update(induction=3), "needs a variable"),
    "identification: source": (
        lambda f: last(f)["proof"].update(identify="jac:total:h[t]:h[k]:start"), "differential of"),
    "identification: by": (
        lambda f: last(f)["proof"].update(wrt=state(f)["left"]), "something else"),
    "proof of another kind": (lambda f: last(f).update(proof={"assumed": "A"}), "assumption"),
    "no proof": (lambda f: last(f).update(proof={}), "damaged"),
    "theorem renamed": (lambda f: last(f).update(id=state(f)["id"]), "two theorems"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_tampered_file(name: str) -> None:
    change, words = FILES[name]
    with pytest.raises(ProofError) as caught:
        check(loads(file(change)))
    assert words == "refuse" or words in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "null", '"x"', "1e999", "[" * 100_000, '{"format": "symbptt-proof"}']
)
def test_not_a_file(text: str) -> None:
    with pytest.raises(ProofError):
        loads(text)


def test_terms_nested_too_deeply() -> None:
    term: Term = W
    for _ in range(2000):
        term = Transposed(term)
    with pytest.raises(ProofError, match="nested too deeply"):
        check(development(chain(W, term)))


def test_an_untouched_file_is_accepted() -> None:
    check(loads(dumps(derived(JACOBIAN))))
