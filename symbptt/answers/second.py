r"""Second derivatives: \partial(\nabla_x y)/\partial z with the gradient as it is derived.

A complex step does not nest, and neither does what the kernel knows of a derivative, so the inner
gradient is derived first, where x is no computed quantity: then the formula is the gradient as a
function of x, and may be differentiated again.
"""

from __future__ import annotations

from sympy import Expr

from symbptt.calculus.derive import Problem, derive
from symbptt.core.dependence import edges, reachable
from symbptt.core.errors import NotSupported, SymbpttError
from symbptt.core.terms import Elem, Gradient, Param, Partial, Term, Transposed
from symbptt.core.theory import Theory
from symbptt.core.traverse import find, rebuild
from symbptt.models.model import Model
from symbptt.models.problem import problem_of
from symbptt.models.replacing import freed
from symbptt.proof import kernel
from symbptt.proof.objects import Theorem

from .setting import Setting

Facts = tuple[Expr, ...]


def is_nested(term: Term) -> bool:
    """Whether the derivative of a gradient stands in a term."""
    return any(find(term, _is_second))


def _is_second(term: Term) -> bool:
    return isinstance(term, Partial | Gradient) and isinstance(term.args[0], Gradient)


def unnested(setting: Setting, term: Term) -> tuple[Term, Facts]:
    """The term with inner gradients written out, and where that holds."""
    if _is_second(term):
        inner, facts = _derived(setting, term.args[0])
        return type(term)(inner, *term.args[1:]), facts
    parts, facts = [], ()
    for arg in term.args:
        if isinstance(arg, Term):
            arg, more = unnested(setting, arg)
            facts = (*facts, *more)
        parts.append(arg)
    return rebuild(term, tuple(parts)), facts


def _derived(setting: Setting, gradient: Gradient) -> tuple[Term, Facts]:
    """The gradient as a formula without derivatives, and the facts under which it is that."""
    y, x = gradient.args
    problem = _freed(setting, y, x)
    asked = ((gradient, None), (gradient, "sum"), (Partial(y, x), None))
    for quantity, form in asked:
        try:
            found = derive(problem, quantity, form)
            kernel.check(found.development)
        except (SymbpttError, AssertionError):
            continue
        for theorem in found.development.theorems:
            value = _value(theorem, gradient)
            if value is not None and _is_plain(value, problem.theory):
                return value, theorem.facts
    raise NotSupported(f"no formula for {gradient} was found that could be differentiated again")


def _value(theorem: Theorem, gradient: Gradient) -> Term | None:
    """What a theorem says of the gradient, as a column."""
    if theorem.relation != "=" or theorem.frame.vary or theorem.frame.shocks:
        return None
    if theorem.left == gradient:
        return theorem.right
    if theorem.left == Partial(*gradient.args):
        return theorem.right if theorem.right.is_scalar else Transposed(theorem.right)
    return None


def _is_plain(term: Term, theory: Theory) -> bool:
    """Whether a formula consists of what the model has, without derivatives."""
    if any(find(term, lambda x: isinstance(x, Partial | Gradient))):
        return False
    known = {x.key for x in (*theory.leaves(), *theory.params)}
    known |= {d.key for d in theory.definitions}
    leaves = (x for _, x in find(term, lambda x: isinstance(x, Elem | Param)))
    return all(x.key in known for x in leaves)


def _freed(setting: Setting, y: Term, x: Term) -> Problem:
    """The problem in which x has no definition that a formula could have used."""
    model, theory = setting.model, setting.problem.theory
    assert isinstance(x, Elem | Param)
    if not theory.defined(x.key):
        return setting.problem
    alone = isinstance(x, Param) or not _returns(theory, x.key)
    now = isinstance(x, Elem) and isinstance(y, Elem) and y.index == x.index
    if not alone and not (now and _runs_forward(model)):
        raise NotSupported(f"the second derivative by {x}, on which later steps depend")
    return problem_of(freed(model, x))


def _returns(theory: Theory, key: str) -> bool:
    """Whether a sequence depends on itself, at whatever step and through whatever else."""
    return key in reachable(theory, {e.target for e in edges(theory) if e.source == key})


def _runs_forward(model: Model) -> bool:
    """Whether every definition refers to its own step and earlier ones only."""
    for d in model.theory.definitions:
        if d.index is None:
            continue
        for _, x in find(d.body, lambda x: isinstance(x, Elem)):
            lag = (x.index - d.index).expand()
            if not (lag.is_Integer and lag <= 0):
                return False
    return True
