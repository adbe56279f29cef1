"""A number that bounds a norm, for claims that some bound exists."""

from __future__ import annotations

from symbptt.core.functions import known, supremum
from symbptt.core.norms import Norm, Sup
from symbptt.core.terms import Const, Diag, Map, Param, Term, Times, Transposed


def bound_for(term: Term) -> Term | None:
    """A constant that is at least as large as the scalar term; None where none is known.

    The norm of a product is at most the product of the norms, that of diag(f(u)) at most sup |f|.
    """
    if isinstance(term, Norm):
        return _bound_of_norm(term.args[0])
    if isinstance(term, Map):
        return _supremum(term)
    return term if isinstance(term, Const) else None


def _bound_of_norm(term: Term) -> Term | None:
    if isinstance(term, Times):
        bounds = [_bound_of_norm(x) for x in term.args]
        return None if any(b is None for b in bounds) else Times(*bounds)  # type: ignore[arg-type]
    if isinstance(term, Transposed):
        return _bound_of_norm(term.args[0])
    if isinstance(term, Diag) and isinstance(term.args[0], Map):
        return _supremum(term.args[0])
    return Norm(term) if isinstance(term, Param) and not term.is_column else None


def _supremum(term: Map) -> Term | None:
    finite = known(term.fname) is not None and supremum(term.fname, term.order) is not None
    return Sup(term.fname, term.order) if finite and term.order < 2 else None
