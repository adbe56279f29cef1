"""Products over a range: in which order, and of columns entry by entry."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, Symbol

from . import syntax as sx
from .dims import ONE, Solution
from .draft import Draft
from .elaborator import Elaborator
from .powers import transposed

Bounds = tuple[Symbol, Expr, object]


def product_over(e: Elaborator, body: Draft, over: Bounds, s: Solution, node: sx.Node) -> Draft:
    """The product of the factors over a range, in the order that is read; columns entrywise."""
    if s.is_scalar(body.shape):
        return e.draft("prod", (body, *over), body.shape, node)
    if s.resolve(body.shape[1]) == ONE:
        product = entrywise_product(e, body, over, node)
        return e.note(product, "hadamard", r"\prod", e.text(node))
    latest = (e.choices.order == "latest") != runs_back(body, over[0])
    draft = ordered_product(e, body, over, latest, node)
    if body.op != "diag":  # diagonal factors commute
        e.note(draft, "order", e.text(node), e.choices.order)
    return draft


def runs_back(body: Draft, index: Symbol) -> bool:
    """Whether a larger index is an earlier time, as in \\prod_j A_{t-j}."""
    signs = {bool(c > 0) for c in _slopes(body, index)}
    return signs == {False}


def _slopes(draft: Draft, index: Symbol) -> Iterator[Expr]:
    if draft.op == "elem" and index in draft.args[1].free_symbols:
        slope = draft.args[1].coeff(index)
        if slope.is_number:
            yield slope
    for part in draft.args:
        if isinstance(part, Draft):
            yield from _slopes(part, index)


def entrywise_product(e: Elaborator, body: Draft, over: Bounds, node: sx.Node) -> Draft:
    """The elementwise product of columns: the product of their diagonal matrices times ones."""
    factors = e.draft("diag", (body,), (body.shape[0], body.shape[0]), body)
    whole = e.draft("prod", (factors, *over), factors.shape, node)
    return e.draft("times", (whole, e.draft("ones", (), body.shape, node)), body.shape, node)


def ordered_product(e: Elaborator, body: Draft, over: Bounds, latest: bool, node: sx.Node) -> Draft:
    """The product with the latest factor leftmost, or the earliest: (prod A_i^T)^T."""
    if latest:
        return e.draft("prod", (body, *over), body.shape, node)
    turned = e.draft("prod", (transposed(e, body, body), *over), body.shape, node)
    return transposed(e, turned, node)
