"""Mistakes in products: transposes, order, which product, factors lost or taken twice."""

from __future__ import annotations

from collections.abc import Iterator

from symbptt.core.terms import (
    Diag, Entry, Hadamard, Identity, Ones, Param, Scale, SumOver, Term, Times, Transposed,
)  # fmt: skip

from .mutations import Made, Mutation, Place, make


def _with(term: Term, at: int, *new: Term) -> tuple[Term, ...]:
    return (*term.args[:at], *new, *term.args[at + 1 :])


def _turned(term: Term) -> Term:
    return term.args[0] if isinstance(term, Transposed) else term.T


def _symmetric(term: Term) -> bool:
    return term.is_scalar or isinstance(term, Diag | Identity)


def transposed_factor(term: Term, place: Place) -> Iterator[Made]:
    """A^T for a factor A, or A for A^T; also a matrix that is the whole answer."""
    if isinstance(term, Times):
        for i, factor in enumerate(term.args):
            if not _symmetric(factor):
                yield make(Times, *_with(term, i, _turned(factor)))
    elif not place.around and isinstance(term, Param | Transposed):
        yield _turned(term)


def transposed_result(term: Term, place: Place) -> Iterator[Made]:
    """(A B)^T = B^T A^T for the whole product below the sums; of a vector it is a layout."""
    below = all(isinstance(x, SumOver | Scale) for x in place.around)
    if below and isinstance(term, Times) and 1 not in term.shape:
        yield Times(*(f if _symmetric(f) else _turned(f) for f in reversed(term.args)))


def order_of_factors(term: Term, place: Place) -> Iterator[Made]:
    """Two neighbours exchanged, or all factors in reverse order; no diagonal matrix among them."""
    if isinstance(term, Times):
        for i, (a, b) in enumerate(zip(term.args, term.args[1:], strict=False)):
            if not isinstance(a, Diag) and not isinstance(b, Diag):
                yield make(Times, *term.args[:i], b, a, *term.args[i + 2 :])
        if len(term.args) > 2 and not any(isinstance(f, Diag) for f in term.args):
            yield make(Times, *reversed(term.args))


def order_of_diagonal(term: Term, place: Place) -> Iterator[Made]:
    """A diag(v) for diag(v) A; in vectors, A (v ⊙ w) for v ⊙ A w; and the reverse."""
    if isinstance(term, Times):
        for i, (a, b) in enumerate(zip(term.args, term.args[1:], strict=False)):
            if isinstance(a, Diag) or isinstance(b, Diag):
                yield make(Times, *term.args[:i], b, a, *term.args[i + 2 :])
        *front, last = term.args
        if isinstance(last, Hadamard):
            for i, v in enumerate(last.args):
                rest = Hadamard(*_with(last, i))
                yield make(Hadamard, Times(*front, rest), v)
    if isinstance(term, Hadamard):
        for i, product in enumerate(term.args):
            if isinstance(product, Times) and product.is_column:
                *front, last = product.args
                for v in _with(term, i):
                    others = [w for w in _with(term, i) if w is not v]
                    inner = make(Hadamard, last, v)
                    moved = make(Times, *front, inner) if isinstance(inner, Term) else inner
                    yield make(Hadamard, moved, *others) if isinstance(moved, Term) else moved


def diagonal_beside_vector(term: Term, place: Place) -> Iterator[Made]:
    """w diag(v) for diag(v) w or v ⊙ w: a column cannot stand left of a matrix."""
    if isinstance(term, Hadamard) and term.is_column:
        for i, v in enumerate(term.args):
            rest = Hadamard(*_with(term, i))
            factors = rest.args if isinstance(rest, Times) else (rest,)
            yield make(Times, *factors, Diag(v))


def diag_missing(term: Term, place: Place) -> Iterator[Made]:
    """v for diag(v)."""
    if isinstance(term, Diag):
        yield term.args[0]


def elementwise_for_product(term: Term, place: Place) -> Iterator[Made]:
    """A ⊙ B for A B; u ⊙ v for the outer product u v^T."""
    if isinstance(term, Times):
        for i, (a, b) in enumerate(zip(term.args, term.args[1:], strict=False)):
            right = _turned(b) if a.is_column and not b.is_scalar else b
            pair = make(Hadamard, a, right)
            rest = (*term.args[:i], *term.args[i + 2 :])
            if not isinstance(pair, Term) or not rest:
                yield pair
            else:
                yield make(Times, *term.args[:i], pair, *term.args[i + 2 :])


def product_for_elementwise(term: Term, place: Place) -> Iterator[Made]:
    """u v, u v^T or u^T v for u ⊙ v."""
    if isinstance(term, Hadamard):
        for i, v in enumerate(term.args):
            rest = Hadamard(*_with(term, i))
            for a, b in ((v, rest), (v, rest.T), (v.T, rest), (rest, v.T)):
                yield make(Times, a, b)


def missing_factor(term: Term, place: Place) -> Iterator[Made]:
    """A product without one of its factors."""
    if isinstance(term, Times | Hadamard):
        for i in range(len(term.args)):
            yield make(type(term), *_with(term, i))
    elif isinstance(term, Scale) and not term.args[0].args[0].is_number:
        yield term.args[1]


def factor_twice(term: Term, place: Place) -> Iterator[Made]:
    """A factor of a product taken twice."""
    if isinstance(term, Times):
        for i, factor in enumerate(term.args):
            if factor.shape[0] == factor.shape[1] and not factor.is_scalar:
                yield make(Times, *_with(term, i, factor, factor))
    elif isinstance(term, Hadamard):
        for factor in term.args:
            yield Hadamard(*term.args, factor)


def scalar_for_identity(term: Term, place: Place) -> Iterator[Made]:
    """1 for I, and for any square matrix that is the whole answer."""
    if not place.around and term.shape[0] == term.shape[1] and not term.is_scalar:
        yield Ones(1, 1)
    ones = isinstance(term, Diag) and isinstance(term.args[0], Ones)
    if ones or isinstance(term, Identity):
        yield Ones(1, 1)


def ones_for_identity(term: Term, place: Place) -> Iterator[Made]:
    """The matrix of ones for I."""
    if isinstance(term, Identity):
        yield Ones(*term.shape)


def entry_transposed(term: Term, place: Place) -> Iterator[Made]:
    """w_{ji} for w_{ij}, and an entry in another row or column."""
    if isinstance(term, Entry) and term.row != term.col:
        yield make(Entry, term.args[0], term.col, term.row)
        yield make(Entry, term.args[0], term.row, term.row)
        yield make(Entry, term.args[0], term.col, term.col)


ROWS = {
    m.id: m for m in (
        Mutation("transpose-in-wrong-place", transposed_factor),
        Mutation("result-transposed", transposed_result),
        Mutation("order-of-factors", order_of_factors),
        Mutation("order-of-diag-and-W", order_of_diagonal),
        Mutation("order-of-diag-and-vector", diagonal_beside_vector),
        Mutation("diag-missing", diag_missing),
        Mutation("elementwise-for-matrix-product", elementwise_for_product),
        Mutation("matrix-for-elementwise-product", product_for_elementwise),
        Mutation("missing-factor", missing_factor),
        Mutation("factor-twice", factor_twice),
        Mutation("scalar-for-identity", scalar_for_identity),
        Mutation("ones-for-identity", ones_for_identity),
        Mutation("entry-index-swapped", entry_transposed),
    )
}  # fmt: skip
