"""An inequality between vectors is one between their entries.

Between matrices the signs also stand for another order, so nothing is said of those.
"""

from __future__ import annotations

from sympy import Expr

from ..calculus.entrywise import entry
from ..calculus.intervals import LETTERS
from ..core.errors import NotSupported
from ..core.indices import index_symbol
from ..core.norms import Max, Norm
from ..core.terms import Scale, Term
from ..core.traverse import rebuild
from .model import Model

Facts = tuple[Expr, ...]


def entrywise(model: Model, left: Term, right: Term) -> tuple[Term, Term, Facts]:
    """The general entries of both sides, if they are vectors, and where those exist."""
    if left.is_scalar or not left.is_column:
        return _absolute(left), _absolute(right), ()
    scope, used = model.scope, {s.name for x in (left, right) for s in x.free_symbols}
    used |= {*scope.sizes, *scope.times, *scope.params, *scope.sequences, model.length.name}
    free = [x for x in LETTERS if x not in used]
    if not free:
        raise NotSupported("no letter is left for the entries", hint="write them with indices")
    i, n = index_symbol(free[0]), left.shape[0]
    first, second = (_absolute(entry(side, i)) for side in (left, right))
    return first, second, (i - 1, n - i)


def _absolute(term: Term) -> Term:
    """|x| for max(x, -x) of a scalar."""
    args = tuple(_absolute(a) if isinstance(a, Term) else a for a in term.args)
    found = rebuild(term, args)
    if isinstance(found, Max) and found.is_scalar and len(found.args) == 2:
        x, other = found.args
        if other == -x or (isinstance(x, Scale) and x == -other):
            return Norm(x)
    return found
