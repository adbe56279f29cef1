"""The front of the calculus: a quantity and a form in, a checked development out."""

from __future__ import annotations

from sympy import Expr, Integer

from symbptt.core.errors import NotSupported, SymbpttError
from symbptt.core.terms import Entry, Gradient, Partial, Term
from symbptt.core.traverse import substitute

from .gradients import GRADIENT_FORMS, gradient_of_loss
from .jacobians import BY_PATH, JACOBIAN_FORMS, gradient_of_scalar, jacobian
from .problem import Problem, Result

FORMS = (*GRADIENT_FORMS, *JACOBIAN_FORMS)

__all__ = ["FORMS", "GRADIENT_FORMS", "JACOBIAN_FORMS", "Problem", "Result", "derive"]


def derive(
    problem: Problem,
    quantity: Term,
    form: str | None = None,
    length: int | None = None,
    window: Expr | None = None,
) -> Result:
    """Derives a Gradient, a Partial, or an Entry of a Gradient, with its proof.

    ``window`` is how many steps the form ``truncated`` looks back: a number or a symbol, K if it
    is not given. Raises NotSupported for what the calculus cannot do, SymbpttError for an unknown
    form.
    """
    if window is not None and form != "truncated":
        raise SymbpttError("a window belongs to the form 'truncated'")
    if length is not None:
        quantity = substitute(quantity, {problem.length: Integer(length)})
        problem = problem.at_length(length)
    if form in BY_PATH and isinstance(quantity, Partial | Gradient):
        return BY_PATH[form](problem, Partial(*quantity.args))
    if form is not None and form not in GRADIENT_FORMS:
        raise SymbpttError(f"there is no form {form!r}", hint="the forms are " + ", ".join(FORMS))
    if isinstance(quantity, Entry):
        inner = quantity.args[0]
        if not isinstance(inner, Gradient):
            raise NotSupported(f"the entry of {inner} is not a quantity that is derived")
        place = (quantity.row, quantity.col)
        return gradient_of_loss(problem, inner, form or "components", length, place)
    of_loss = _is_of_loss(problem, quantity)
    if isinstance(quantity, Gradient):
        if not of_loss:
            return gradient_of_scalar(problem, quantity, form or "gradient")
        return gradient_of_loss(problem, quantity, form or "gradient", length, None, window)
    if isinstance(quantity, Partial):
        if of_loss and form in (None, "sum", "truncated"):
            inner = Gradient(*quantity.args[:2])
            return gradient_of_loss(problem, inner, form or "sum", length, None, window)
        if form is not None:
            raise SymbpttError(f"the form {form!r} belongs to gradients of the loss")
        return jacobian(problem, quantity)
    raise NotSupported(
        f"{quantity} is not a derivative",
        hint=r"ask for \partial L/\partial W, \nabla_{h_t} L, \partial h_t/\partial h_k, ...",
    )


def _is_of_loss(problem: Problem, quantity: Term) -> bool:
    return problem.loss is not None and quantity.args[0] == problem.loss.total
