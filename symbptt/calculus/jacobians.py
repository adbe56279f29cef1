"""Jacobians, and gradients of scalars other than the loss: which derivation fits a question."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr, Integer

from symbptt.core.errors import NotSupported
from symbptt.core.indices import entails
from symbptt.core.terms import Elem, Gradient, Param, Partial, Term
from symbptt.core.theory import Theory
from symbptt.proof.objects import Development, Theorem

from .adjoint import Loss
from .builder import Builder
from .by_parameter import as_gradient, state_sum
from .direct import direct_path
from .jacobian import local, through_time
from .paths import paths
from .problem import Facts, Problem, Result, answered, index_facts, indices

JACOBIAN_FORMS = ("paths", "direct")


def jacobian(problem: Problem, quantity: Partial) -> Result:
    y, x = quantity.args[:2]
    theory = problem.theory
    facts, gap = _both_facts(theory, y, x), _gap(y, x)
    if quantity.mode == "immediate" or gap.is_Integer:
        try:
            theorems = local(theory, y, x, quantity.mode, index_facts(theory, y))
        except NotSupported:
            if isinstance(x, Param) and quantity.mode == "total":
                theorems = _by_steps(problem, y, x, facts)
            else:
                theorems = local(theory, y, x, quantity.mode, facts)
        return Result(Development(theory, tuple(theorems)), (theorems[-1].id,))
    theorems = _through(theory, loss_or_none(problem), y, x)
    return Result(Development(theory, tuple(theorems)), (theorems[-1].id,))


def loss_or_none(problem: Problem) -> Loss:
    """The loss; for a model without one, a name that no definition has."""
    return Loss(Param("?", 1, 1)) if problem.loss is None else problem.loss


def _by_steps(problem: Problem, y: Term, x: Param, facts: Facts) -> list[Theorem]:
    """dy/dx for a parameter that acts at every step."""
    t, k = indices(Partial(y, x), "t", "k")
    if isinstance(y, Elem) and y.index.is_Symbol and y.index not in theory_symbols(problem.theory):
        t = y.index
    return state_sum(problem.theory, loss_or_none(problem), y, x, facts, t, k)


def _paths(problem: Problem, quantity: Partial) -> Result:
    y, x = quantity.args[:2]
    theory = problem.theory
    gap = _gap(y, x)
    if quantity.mode != "total" or not isinstance(y, Elem | Param) or not gap.is_Integer:
        raise NotSupported(
            f"the paths of {quantity} are not listed: there are more of them with every step",
            hint="paths are listed from one step to the next; through time there is the form"
            " direct",
        )
    theorems = paths(theory, y, x, _both_facts(theory, y, x))
    shown = ("path", "sum over paths")
    return answered(theory, theorems, tuple(th.id for th in theorems if th.title in shown))


def _direct(problem: Problem, quantity: Partial) -> Result:
    """The product of direct derivatives along one sequence, after the total derivative."""
    y, x = quantity.args[:2]
    theory = problem.theory
    if not (isinstance(y, Elem) and isinstance(x, Elem) and y.index.is_Symbol) or (
        quantity.mode != "total" or y.index in theory_symbols(theory)
    ):
        raise NotSupported(
            f"{quantity} has no direct path through time",
            hint=r"for example \partial C_t/\partial C_k with two indices t and k",
        )
    total = jacobian(problem, quantity)
    own = index_facts(theory, y)
    theorems = direct_path(theory, y, x, own, y.index, total.main.facts)
    answers = (total.main.id, theorems[-2].id, theorems[-1].id)
    return answered(theory, [*total.development.theorems, *theorems], answers)


def gradient_of_scalar(problem: Problem, quantity: Gradient, form: str) -> Result:
    """The gradient of a scalar other than the loss, for example of one term of it."""
    of, wrt = quantity.args[:2]
    if not (isinstance(of, Elem | Param) and isinstance(wrt, Elem | Param)) or (
        not problem.theory.defined(of.key)
    ):
        raise NotSupported(f"only gradients of defined quantities are derived, not {quantity}")
    if form != "gradient":
        raise NotSupported(f"{quantity} is derived in the form gradient only, not {form}")
    found = jacobian(problem, Partial(of, wrt)).development.theorems
    # the first theorem about the row has its factors put in, so that they can be reshaped
    row = next(th for th in found if th.left == Partial(of, wrt))
    used = found[: found.index(row) + 1]
    final = as_gradient(problem.theory, row)
    return answered(problem.theory, [*used, final], (final.id,))


BY_PATH: dict[str | None, Callable[[Problem, Partial], Result]] = {
    "paths": _paths, "direct": _direct,
}  # fmt: skip


def _gap(y: Term, x: Term) -> Expr:
    """How many steps lie between two elements; 0 where one of them has no index."""
    return (y.index - x.index) if isinstance(y, Elem) and isinstance(x, Elem) else Integer(0)


def _both_facts(theory: Theory, y: Term, x: Term) -> Facts:
    return tuple(dict.fromkeys((*index_facts(theory, y), *index_facts(theory, x))))


def _through(theory: Theory, loss: Loss, y: Elem, x: Elem) -> list[Theorem]:
    if y.index.is_Symbol and y.index not in theory_symbols(theory):
        return through_time(theory, loss, y, x, y.index, x.index)
    (t,) = indices(x, "t")
    theorems = through_time(theory, loss, y.at(t), x, t, x.index)
    general = theorems[-1]
    facts = tuple(f.xreplace({t: y.index}) for f in general.facts)
    facts = tuple(f for f in facts if not entails(theory.facts, f))
    build = Builder(theory, Partial(y, x), facts)
    build.lemma(general, (), bind={t: y.index})
    instance = Theorem(
        f"jac:total:{y}:{x}", Partial(y, x), build.line, build.chain(), facts,
        title=general.title, subject=(y, x),
    )  # fmt: skip
    return [*theorems, instance]


def theory_symbols(theory: Theory) -> set[object]:
    """The lengths: symbols that the theory's facts mention."""
    return {s for f in theory.facts for s in f.free_symbols}
