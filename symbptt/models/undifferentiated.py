r"""Jacobians in what is given, written out: an assumption of a theory contains no derivative.

\|\partial h_t/\partial h_{t-1}\| \le \beta says \|diag(\sigma'(a_t)) W\| \le \beta.
"""

from __future__ import annotations

from ..calculus.jacobians import jacobian
from ..core.errors import NotSupported
from ..core.terms import Elem, Gradient, Partial, Term
from ..core.traverse import contains, rebuild
from .model import Model
from .problem import problem_of


def undifferentiated(model: Model, term: Term) -> Term:
    """The term with the Jacobians between neighbouring steps replaced by what the model gives.

    Raises NotSupported for any other derivative.
    """
    if isinstance(term, Partial):
        y, x = term.args[:2]
        near = isinstance(y, Elem) and isinstance(x, Elem) and (y.index - x.index).is_Integer
        value = jacobian(problem_of(model), term).main.right if near else None
        if value is not None and not contains(value, Partial) and not contains(value, Gradient):
            return value
    if isinstance(term, Partial | Gradient):
        hint = r"Jacobians such as \partial h_t/\partial h_{t-1} may be given"
        raise NotSupported(f"an assumption about {term} is not understood", hint=hint)
    args = (undifferentiated(model, a) if isinstance(a, Term) else a for a in term.args)
    return rebuild(term, tuple(args))
