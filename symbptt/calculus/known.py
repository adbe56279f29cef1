"""What a statement about derivatives may use: a theorem for every derivative that it mentions."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from sympy import Expr

from symbptt.core.errors import NotSupported, ProofError
from symbptt.core.indices import entails
from symbptt.core.terms import D, Elem, Gradient, Param, Partial, Term, Unvec, Zero
from symbptt.core.theory import Frame, Theory
from symbptt.core.traverse import context, fresh, nodes_of, substitute
from symbptt.proof.kernel import check
from symbptt.proof.objects import Development, Identification, Theorem

from .builder import Builder
from .derive import Problem, Result, derive
from .gradients import ONLY_SUM, gradient_of_loss
from .jacobians import theory_symbols
from .jacobian import local
from .needed import needed

Facts = tuple[Expr, ...]


def derivatives(
    problem: Problem, sides: tuple[Term, ...], facts: Facts
) -> tuple[Theory, dict[Term, tuple[Theorem, ...]]]:
    """The theory, and for every derivative its theorems; the last is about the derivative."""
    theory, out = problem.theory, dict[Term, tuple[Theorem, ...]]()
    for side in sides:
        for path, node in nodes_of(side, Partial, Gradient):
            if node in out:
                continue
            here = (*facts, *context(side, path)[0])
            out[node] = _derivative(problem, node, here)
            if isinstance(node, Gradient) and _is_loss(problem, node):
                theory = problem.system.theory
    return theory, out


def derived(problem: Problem, quantity: Term, form: str | None = None) -> Result:
    """The calculus' answer, derived once for a problem; NotSupported where it has none."""
    if isinstance(quantity, Gradient) and form == "gradient":
        form = None  # as it is derived anyway
    if form is None and isinstance(quantity, Partial) and _is_loss(problem, quantity):
        return _derived_sum(problem, Gradient(*quantity.args[:2]))
    result = problem.once((quantity, form), lambda: derive(problem, quantity, form))
    return cast(Result, result)


def _derived_sum(problem: Problem, quantity: Gradient) -> Result:
    """The double sum, without what the calculus says of it beyond that."""

    def make() -> Result:
        return gradient_of_loss(problem, quantity, ONLY_SUM, None, None)

    return cast(Result, problem.once((quantity, ONLY_SUM), make))


def _is_loss(problem: Problem, node: Term) -> bool:
    return problem.loss is not None and node.args[0] == problem.loss.total


def _derivative(problem: Problem, node: Term, facts: Facts) -> tuple[Theorem, ...]:
    """The theorems of the first way that gives the derivative under the facts."""
    known, y, x = (*problem.theory.facts, *facts), node.args[0], node.args[1]
    refusal: NotSupported | None = None
    ways = (_by_deriving, _of_a_part, _apart)
    for way in ways:
        try:
            theorems = way(problem, node, facts)
        except NotSupported as error:
            refusal = refusal or error
            continue
        if theorems[-1].left != node or all(entails(known, f) for f in theorems[-1].facts):
            return theorems
        refusal = refusal or NotSupported(
            f"{node} is known only under conditions that the statement does not give",
            hint="give the ranges of the indices, for example 1 <= k < t",
        )
    raise refusal or NotSupported(f"the derivative of {y} by {x} is not known")


def _by_deriving(problem: Problem, node: Term, facts: Facts) -> tuple[Theorem, ...]:
    """The calculus; a gradient of the loss is left in terms of adjoints."""
    result = derived(problem, node)
    theorems = result.development.theorems
    plain = next((i for i, th in enumerate(theorems) if th.id == f"grad:{node.args[1]}"), None)
    if isinstance(node, Gradient) and plain is not None:
        return theorems[: plain + 1]
    last = next(i for i, th in enumerate(theorems) if th.id == result.main.id)
    return theorems[: last + 1]


def in_full(problem: Problem, node: Term) -> tuple[Theorem, ...]:
    """A gradient of the loss as the calculus answers it, all simplified; () where it does not."""
    if not isinstance(node, Gradient) or not _is_loss(problem, node):
        return ()
    try:
        result = derived(problem, node)
    except NotSupported:
        return ()
    theorems = result.development.theorems
    last = next(i for i, th in enumerate(theorems) if th.id == result.main.id)
    return theorems[: last + 1] if result.main.left == node else ()


def by_sums(problem: Problem, node: Term) -> tuple[Theorem, ...]:
    """A gradient of the loss by a parameter as a double sum over time; () where there is none."""
    if not isinstance(node, Gradient | Partial) or not isinstance(node.args[1], Param):
        return ()
    if not _is_loss(problem, node):
        return ()
    wrt = node.args[1]
    try:
        theorems = problem.once(("sums", wrt), lambda: _sums(problem, Gradient(*node.args[:2])))
    except NotSupported:
        return ()
    end = next(i for i, th in enumerate(theorems) if th.id == f"sum:{wrt}")
    *before, last = theorems[: end + 1]
    if isinstance(node, Partial):
        return (*before, last)
    value = last.right.T if wrt.is_column else Unvec(last.right.T, *wrt.shape)
    return (*before, replace(last, id=f"sum:{wrt}:matrix", left=node, right=value))


def _sums(problem: Problem, node: Gradient) -> tuple[Theorem, ...]:
    """The theorems of the double sum, which the kernel accepts."""
    result = _derived_sum(problem, node)
    theory, theorems = result.development.theory, result.development.theorems
    known = {th.id: th for th in theorems}
    last = known[f"sum:{node.args[1]}"]
    try:
        check(Development(theory, (*needed(last, known), last)))
    except ProofError as error:
        raise NotSupported(error.message) from error
    return theorems


def _of_a_part(problem: Problem, node: Term, facts: Facts) -> tuple[Theorem, ...]:
    """A derivative of a quantity that finitely many definitions lead to, also of a scalar part."""
    y, x = node.args[:2]
    if not isinstance(y, Elem | Param) or not isinstance(x, Elem | Param):
        raise NotSupported(f"{node} is not a derivative between quantities of the model")
    mode = node.mode if isinstance(node, Partial) else "total"
    if isinstance(y, Param) and isinstance(x, Elem):  # y may sum over the letter of x's index
        taken = {s for s in theory_symbols(problem.theory)} | {x.index}
        moved = {s: fresh(s, taken) for s in x.index.free_symbols - theory_symbols(problem.theory)}
        x, facts = substitute(x, moved), tuple(substitute(f, moved) for f in facts)
        node = substitute(node, moved)
    theorems = local(problem.theory, y, x, mode, facts)  # type: ignore[arg-type]
    if isinstance(node, Partial):
        return tuple(theorems)
    *before, last = theorems
    value = last.right.T if x.is_column else Unvec(last.right.T, *x.shape)
    named = replace(last, id=f"part:{y}:{x}", left=node, right=value, title="gradient")
    return (*before, named)


def _apart(problem: Problem, node: Term, facts: Facts) -> tuple[Theorem, ...]:
    """Nothing of x reaches y: d y = 0 where only x varies."""
    y, x = node.args[:2]
    step = y.index if isinstance(node, Partial) and node.mode == "immediate" else None
    build = Builder(problem.theory, D(y), facts, Frame((x,), (), step))
    if not build.vanish(()):
        raise NotSupported(f"{x} may reach {y}")
    label = f"apart:{y}:{x}"
    source = Theorem(
        f"{label}:d", D(y), build.line, build.chain(), facts, build.frame, "differential", (y,)
    )
    zero = Theorem(
        label, node, Zero(*node.shape), Identification(source.id, x), facts,
        title="no dependence", subject=(y, x),
    )  # fmt: skip
    return source, zero
