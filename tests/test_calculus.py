"""Every derivation is accepted by the kernel, and agrees with an evaluation that knows no rule."""

from __future__ import annotations

import pytest

from symbptt.calculus.derive import GRADIENT_FORMS, Result, derive
from symbptt.calculus.together import derive_all
from symbptt.core.errors import NotSupported, SymbpttError
from symbptt.core.meaning import agree
from symbptt.core.terms import Elem, Entry, Gradient, Partial, Term, index_symbol
from symbptt.proof.kernel import check

import theories as th
from theories import CASES, L, T, W, a, h, k, n, t, x


def judged(result: Result) -> None:
    """The kernel accepts; every answer holds at random sizes, lengths and indices."""
    check(result.development)
    for theorem in result.theorems:
        found = agree(
            theorem.left, theorem.right, result.development.theory, theorem.facts, trials=3
        )
        assert found is None, f"{theorem.left} = {theorem.right}: {found}"


@pytest.mark.parametrize("form", [f for f in GRADIENT_FORMS if f != "expanded"])
@pytest.mark.parametrize("name", CASES)
def test_gradient(name: str, form: str) -> None:
    case = CASES[name]()
    for leaf in case.leaves:
        if form in ("sum", "truncated") and not case.double_sum:
            with pytest.raises(NotSupported):
                derive(case.problem, Gradient(L, leaf), form)
            return
        single = form == "truncated" and name == "many to one" and isinstance(leaf, Elem)
        if single or (form in ("sum", "truncated") and leaf in case.no_sum):
            with pytest.raises(NotSupported):
                derive(case.problem, Gradient(L, leaf), form)
            continue
        judged(derive(case.problem, Gradient(L, leaf), form))


@pytest.mark.parametrize("form", [f for f in GRADIENT_FORMS if f != "expanded"])
def test_element_at_the_index_of_the_loss(form: str) -> None:
    """The index t of x[t] is free, though the model's own sum over the losses binds a t."""
    case = th.plain()
    judged(derive(case.problem, Gradient(L, x), form))
    for result in derive_all(case.problem, [Gradient(L, x), Gradient(L, W)]):
        judged(result)


@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_expanded(length: int) -> None:
    case = th.plain()
    for leaf in (W, th.U, th.b, h.at(0)):
        judged(derive(case.problem, Gradient(L, leaf), "expanded", length))


@pytest.mark.parametrize(
    "quantity",
    [
        Partial(h, h.at(k)), Partial(h, h.at(t - 1)), Partial(h, h.at(0)), Partial(a, a.at(k)),
        Partial(h, x.at(k)), Partial(h, x), Partial(h.at(k), W, "immediate"),
        Partial(h.at(T), h.at(k)), Partial(th.Lt, h), Partial(a, h.at(t - 1)),
        Partial(h.at(t + 1), h, "immediate"), Partial(h.at(t + 1), h),
    ],
    ids=str,
)  # fmt: skip
def test_jacobian(quantity: Term) -> None:
    judged(derive(th.plain().problem, quantity))


@pytest.mark.parametrize(
    "pair", [("h", "h"), ("c", "c"), ("h", "c"), ("g", "c"), ("g", "h"), ("c", "x")]
)
def test_jacobian_between_states(pair: tuple[str, str]) -> None:
    """Stacked states with a lag of two: products of block matrices."""
    later, earlier = (Elem(z, t, th.d if z == "x" else n) for z in pair)
    judged(derive(th.gated().problem, Partial(later, earlier.at(k))))


@pytest.mark.parametrize(
    ("function", "loss", "normalised", "expected"),
    [
        ("softmax", "one", True, "\\hat{y}[k] + -1 y[k]"),
        ("softmax", "one", False, "(1 @ y[k]) \\hat{y}[k] + -1 y[k]"),
        ("sigmoid", "two", False, "\\hat{y}[k] + -1 y[k]"),
    ],
)
def test_output_gradient(function: str, loss: str, normalised: bool, expected: str) -> None:
    """dL/do_t for the losses that output layers are made for; only one assumption is used."""
    problem = th.output(function, loss, normalised).problem
    result = derive(problem, Gradient(L, th.o.at(k)))
    check(result.development)
    assert str(result.main.right) == expected
    used = [x.id for x in result.development.theorems if x.title == "assumption"]
    assert used == (["assume:normalised y"] if normalised else [])


def test_softmax_with_the_two_sided_loss_is_not_the_difference() -> None:
    result = derive(th.output("softmax", "two", True).problem, Gradient(L, th.o.at(k)))
    check(result.development)
    difference = th.p.at(k) - th.y.at(k)
    theory = result.development.theory
    found = agree(result.main.right, difference, theory, result.main.facts, positive=(r"y",))
    assert found is not None


def test_entry_of_a_gradient() -> None:
    i, j = index_symbol("i"), index_symbol("j")
    judged(derive(th.plain().problem, Entry(Gradient(L, W), i, j)))


@pytest.mark.parametrize(
    ("quantity", "form", "length", "message"),
    [
        (Gradient(L, W), "nonsense", None, "no form"),
        (Gradient(L, W), "expanded", None, "needs a length"),
        (Gradient(L, W), "expanded", 0, "at least 1"),
        (Partial(h, h.at(k)), "sum", None, "belongs to gradients"),
        (Gradient(L, Elem("z", k, n)), None, None, "does not exist"),
        (W, None, None, "not a derivative"),
    ],
)
def test_refused(quantity: Term, form: str | None, length: int | None, message: str) -> None:
    with pytest.raises(SymbpttError, match=message):
        derive(th.plain().problem, quantity, form, length)


def test_jacobian_of_an_output_by_an_earlier_output() -> None:
    """What an output uses at its own step may be x itself; of an earlier step nothing is left."""
    judged(derive(CASES["softmax"]().problem, Partial(th.p, th.o.at(k))))
