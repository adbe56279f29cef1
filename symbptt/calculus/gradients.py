"""Gradients of the loss in each of their forms: one function and one row of a table a form."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr, Symbol

from symbptt.core.errors import NotSupported, SymbpttError
from symbptt.core.indices import entails, index_symbol
from symbptt.core.terms import Elem, Gradient, Param, Partial, SumOver, Term
from symbptt.core.traverse import find
from symbptt.proof.objects import Chain, Development, Theorem

from .adjoint import AdjointSystem
from .backward import gradient
from .double_sum import factored
from .forms import (
    components, gradient_form, kronecker, recursions, same, written_out,
)  # fmt: skip
from .one_element import element_sum
from .problem import Facts, Problem, Result, index_facts, indices
from .simplify import assumed
from .truncated import truncated

GRADIENT_FORMS = ("gradient", "sum", "adjoint", "expanded", "components", "kronecker", "truncated")
ONLY_SUM = "only sum"  # what proofs use of the form "sum"


def gradient_of_loss(
    problem: Problem,
    quantity: Gradient,
    form: str,
    length: int | None,
    entry: tuple[Expr, Expr] | None,
    window: Expr | None = None,
) -> Result:
    """The gradient in a form; ``entry`` is the place in it that is asked for, if one is."""
    if form == "expanded" and length is None:
        raise SymbpttError("the form 'expanded' needs a length", hint="for example --T 3")
    system, wrt = problem.system, quantity.args[1]
    if not isinstance(wrt, Param | Elem):
        raise NotSupported(f"only gradients with respect to a name are derived, not {quantity}")
    if wrt.key in system.loss.keys:
        raise NotSupported(f"nothing is derived with respect to a loss, as in {quantity}")
    facts = index_facts(problem.theory, wrt)
    if form == "truncated":
        found = _truncated_theorems(problem, system, wrt, window)
    else:
        build: Callable[..., list[Theorem]] = _FORMS[form]
        found = build(problem, system, wrt, facts, entry)
    theorems = [*assumed(system.theory), *found]
    ids = [th.id for th in theorems]
    answers = [th.id for th in theorems if th.title in _SHOWN[form]] or ids[-1:]
    unique = {th.id: th for th in theorems if th.title != "assumption" or _uses(theorems, th.id)}
    return Result(Development(system.theory, tuple(unique.values())), tuple(dict.fromkeys(answers)))


def _uses(theorems: list[Theorem], id: str) -> bool:
    """Whether a step of a theorem refers to the theorem of that id."""
    chains = [th.proof for th in theorems if isinstance(th.proof, Chain)]
    return any(s.by == "lemma" and s.name == id for chain in chains for s in chain.steps)


def _plain(problem: Problem, system: AdjointSystem, wrt: Term, facts: Facts) -> list[Theorem]:
    """The gradient by adjoints; several forms begin with it."""

    def make() -> list[Theorem]:
        lemmas = gradient(system, wrt, facts, problem.shared)  # type: ignore[arg-type]
        return [*lemmas, gradient_form(system, lemmas[-1], problem.main)]

    return list(problem.once(("plain", wrt), make))


def _gradient_theorems(
    problem: Problem, system: AdjointSystem, wrt: Term, facts: Facts, entry: object
) -> list[Theorem]:
    return _plain(problem, system, wrt, facts)


def _adjoint_theorems(
    problem: Problem, system: AdjointSystem, wrt: Term, facts: Facts, entry: object
) -> list[Theorem]:
    return [*recursions(system, problem.main), *_plain(problem, system, wrt, facts)]


def _sum_theorems(
    problem: Problem, system: AdjointSystem, wrt: Term, facts: Facts, entry: object
) -> list[Theorem]:
    sums = _only_sum_theorems(problem, system, wrt, facts, entry)
    if not isinstance(wrt, Param):
        return sums
    spelled = next(th for th in sums if th.id == f"sum:{wrt}")
    plain = _plain(problem, system, wrt, facts)
    return [*sums, *plain, same(system, spelled, plain[-1])]


def _only_sum_theorems(
    problem: Problem, system: AdjointSystem, wrt: Term, facts: Facts, entry: object
) -> list[Theorem]:
    """The sum without its comparison with the gradient, which a proof has no use for."""
    t, k = indices(wrt, "t", "k")

    def make() -> list[Theorem]:
        if isinstance(wrt, Param):
            return list(factored(problem.theory, system.loss, wrt, t, k))
        assert isinstance(wrt, Elem)
        return element_sum(problem.theory, system.loss, wrt, t, wrt.index)

    return list(problem.once(("double sum", wrt), make))


def _expanded_theorems(
    problem: Problem, system: AdjointSystem, wrt: Term, facts: Facts, entry: object
) -> list[Theorem]:
    sums, _ = _sums(problem, system, wrt)
    source = next(th for th in sums if th.id == f"sum:{wrt}")
    return [*sums, written_out(system, source)]


def _sums(problem: Problem, system: AdjointSystem, wrt: Term) -> tuple[list[Theorem], Symbol]:
    """The sum form, and the index that a window bounds: k of a parameter, t of an element."""
    t, k = indices(wrt, "t", "k")
    if isinstance(wrt, Param):
        return list(factored(problem.theory, system.loss, wrt, t, k)), k
    assert isinstance(wrt, Elem)
    sums = element_sum(problem.theory, system.loss, wrt, t, wrt.index)
    outer = next(find(sums[-1].right, lambda x: isinstance(x, SumOver)), None)
    return sums, t if outer is None else outer[1].args[1]


def _truncated_theorems(
    problem: Problem, system: AdjointSystem, wrt: Term, window: Expr | None
) -> list[Theorem]:
    sums, index = _sums(problem, system, wrt)
    theory = problem.theory
    taken = {x.name for x in (*theory.leaves(), *(d.head for d in theory.definitions))}
    taken |= {s.name for th in sums for s in th.right.atoms(Symbol)} - {str(problem.length)}
    if window is None:
        window = index_symbol(next(c for c in ("K", "M", "N", "S", "w") if c not in taken))
    if entails((), -window):
        raise SymbpttError(f"a window has at least one step, not {window}")
    if clash := {s.name for s in window.free_symbols} & taken:
        raise SymbpttError(f"{min(clash)} means something else here and cannot be the window")
    last = next(th for th in reversed(sums) if th.left == Partial(system.loss.total, wrt))
    return [*sums, *truncated(system.theory, last, index, window, isinstance(wrt, Elem))]


def _component_theorems(
    problem: Problem,
    system: AdjointSystem,
    wrt: Term,
    facts: Facts,
    entry: tuple[Expr, Expr] | None,
) -> list[Theorem]:
    lemmas = _plain(problem, system, wrt, facts)
    i, j = indices(wrt, "i", "j") if entry is None else entry
    backward = [
        th for rec in recursions(system, problem.main)
        for th in (rec, components(system, rec, i, index_symbol("j")))
    ]  # fmt: skip
    return [*backward, *lemmas, components(system, lemmas[-1], i, j)]


def _kronecker_theorems(
    problem: Problem, system: AdjointSystem, wrt: Term, facts: Facts, entry: object
) -> list[Theorem]:
    lemmas = _plain(problem, system, wrt, facts)
    return [*lemmas, kronecker(system, lemmas[-1])]


_FORMS: dict[str, Callable[..., list[Theorem]]] = {
    "gradient": _gradient_theorems, "adjoint": _adjoint_theorems, "sum": _sum_theorems,
    "expanded": _expanded_theorems, "components": _component_theorems,
    "kronecker": _kronecker_theorems, ONLY_SUM: _only_sum_theorems,
}  # fmt: skip
_SHOWN = {
    "gradient": (),
    "adjoint": ("adjoint recursion", "gradient"),
    "sum": ("double sum", "sum over later steps"),
    ONLY_SUM: ("double sum", "sum over later steps"),
    "expanded": ("written out",),
    "components": ("components",),
    "kronecker": ("Kronecker form",),
    "truncated": ("truncated", "left out"),
}
