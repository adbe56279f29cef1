"""Mistakes in sums and products over time: bounds, missing sums, powers for products."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr

from symbptt.core.terms import (
    Const, Elem, Identity, OrderedProduct, Partial, Power, Scale, SumOver, Term, Times, Transposed,
)  # fmt: skip
from symbptt.core.norms import Norm
from symbptt.core.powers import EntrywisePower, Radius
from symbptt.core.traverse import find, substitute

from .mutations import FREED, Made, Mutation, Place, is_inner, make, outer_sum

_SHIFTS = ((-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, 1))  # of the lower and upper bound


def _rebounded(term: SumOver | OrderedProduct) -> Iterator[Term]:
    for low, high in _SHIFTS:
        yield term.func(term.body, term.bound, term.lo + low, term.hi + high)


def sum_bound(term: Term, place: Place) -> Iterator[Made]:
    """A sum that begins or ends one step too early or too late."""
    if isinstance(term, SumOver):
        yield from _rebounded(term)


def product_bound(term: Term, place: Place) -> Iterator[Made]:
    """A product that begins or ends one step too early or too late."""
    if isinstance(term, OrderedProduct):
        yield from _rebounded(term)


def inner_sum_missing(term: Term, place: Place) -> Iterator[Made]:
    """The body of an inner sum, its index left free; ∂h_k/∂W is total there, or immediate."""
    if isinstance(term, SumOver) and is_inner(term, place):
        body = substitute(term.body, {term.bound: FREED[0]})
        yield body
        immediate = [x for _, x in find(body, lambda x: isinstance(x, Partial))]
        total = {x: Partial(*x.args[:2]) for x in immediate if x.mode == "immediate"}
        if total:
            yield substitute(body, total)


def outer_sum_missing(term: Term, place: Place) -> Iterator[Made]:
    """The body of the outer sum, its index left free."""
    if isinstance(term, SumOver) and not is_inner(term, place):
        yield substitute(term.body, {term.bound: FREED[0]})


def first_of_inner_sum(term: Term, place: Place) -> Iterator[Made]:
    """The first term of an inner sum for the sum."""
    if isinstance(term, SumOver) and is_inner(term, place):
        yield term.instance(term.lo)


def last_step_only(term: Term, place: Place) -> Iterator[Made]:
    """The last (or first) term of the outer sum for the sum."""
    if isinstance(term, SumOver) and not is_inner(term, place):
        yield term.instance(term.hi)
        yield term.instance(term.lo)


def inner_sum_too_far(term: Term, place: Place) -> Iterator[Made]:
    """Σ_{k=1}^T for Σ_{k=1}^t."""
    outer = outer_sum(place)
    if isinstance(term, SumOver) and outer is not None and term.hi == outer.bound:
        yield SumOver(term.body, term.bound, term.lo, outer.hi)


def product_reversed(term: Term, place: Place) -> Iterator[Made]:
    """The earliest factor leftmost."""
    if isinstance(term, OrderedProduct):
        turned = OrderedProduct(term.body.T, term.bound, term.lo, term.hi)
        yield Transposed(turned)


def power_for_product(term: Term, place: Place) -> Iterator[Made]:
    """J^m for a product of m factors that vary with time, all taken at one step."""
    if isinstance(term, OrderedProduct):
        length: Expr = term.hi - term.lo + 1
        for at in (term.hi, term.lo, term.lo - 1, FREED[0]):
            for exponent in (length, length + 1, length - 1):
                yield make(Power, term.instance(at), exponent)


def power_of_factors(term: Term, place: Place) -> Iterator[Made]:
    """J^m for J_m ... J_1 written out: factors that are alike but for their time index."""
    if isinstance(term, Times):
        count = len(term.args)
        for width in range(1, count // 2 + 1):
            blocks = [Times(*term.args[i : i + width]) for i in range(0, count, width)]
            if count % width == 0 and len({_at(b, FREED[0]) for b in blocks}) == 1:
                for base in (*dict.fromkeys(blocks), _at(blocks[0], FREED[0])):
                    yield make(Power, base, len(blocks))


def _at(block: Term, index: Expr) -> Term:
    """The block with its first time index at ``index`` and the others as far from it as before."""
    elements = [x for _, x in find(block, lambda x: isinstance(x, Elem))]
    if not elements:
        return block
    return substitute(block, {x: x.at(x.index - elements[0].index + index) for x in elements})


def powers(term: Term, place: Place) -> Iterator[Made]:
    """A power for a product over time, with symbolic or with few factors."""
    yield from power_for_product(term, place)
    yield from power_of_factors(term, place)


def one_factor_for_product(term: Term, place: Place) -> Iterator[Made]:
    """One factor for the product."""
    if isinstance(term, OrderedProduct):
        yield term.instance(term.hi)
        yield term.instance(term.lo)


def product_missing(term: Term, place: Place) -> Iterator[Made]:
    """The product left out."""
    if isinstance(term, OrderedProduct):
        yield Identity(term.shape[0])


def sum_for_product(term: Term, place: Place) -> Iterator[Made]:
    """Σ for Π."""
    if isinstance(term, OrderedProduct):
        yield SumOver(term.body, term.bound, term.lo, term.hi)


def stale_exponent(term: Term, place: Place) -> Iterator[Made]:
    """An exponent off by one, or that of another line (t for t - k)."""
    if isinstance(term, Power | EntrywisePower):
        indices = [s for s in place.indices if s in term.exponent.free_symbols]
        for exponent in (term.exponent + 1, term.exponent - 1, *indices):
            yield make(type(term), term.args[0], exponent)


def radius_for_norm(term: Term, place: Place) -> Iterator[Made]:
    """ρ(A) for ‖A‖."""
    if isinstance(term, Norm) and term.kind == "2":
        yield make(Radius, term.args[0])


def mean_for_sum(term: Term, place: Place) -> Iterator[Made]:
    """A factor 1/T."""
    if isinstance(term, SumOver) and outer_sum(place) is None:
        for length in place.background.lengths:
            yield Scale(Const(1 / length), term)


def shadowed(term: Term, place: Place) -> Iterator[Made]:
    """One bound index for two: the inner index where the outer belongs, and the reverse."""
    outer = outer_sum(place)
    if isinstance(term, SumOver) and outer is not None:
        for old, new in ((term.bound, outer.bound), (outer.bound, term.bound)):
            body = substitute(term.body, {old: new})
            yield make(SumOver, body, term.bound, term.lo, term.hi)


ROWS = {
    m.id: m for m in (
        Mutation("sum-bound-off-by-one", sum_bound),
        Mutation("product-bound-off-by-one", product_bound),
        Mutation("missing-sum-over-k", inner_sum_missing),
        Mutation("missing-sum-over-t", outer_sum_missing),
        Mutation("first-term-of-inner-sum", first_of_inner_sum),
        Mutation("last-step-only", last_step_only),
        Mutation("inner-sum-too-far", inner_sum_too_far),
        Mutation("product-reversed", product_reversed),
        Mutation("power-of-time-varying-jacobian", powers),
        Mutation("one-factor-for-product", one_factor_for_product),
        Mutation("product-missing", product_missing),
        Mutation("sum-for-product", sum_for_product),
        Mutation("stale-exponent", stale_exponent),
        Mutation("spectral-radius-for-norm", radius_for_norm),
        Mutation("mean-for-sum", mean_for_sum),
        Mutation("indices-of-sums-mixed-up", shadowed),
    )
}  # fmt: skip
