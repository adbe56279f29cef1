"""Several gradients from one computation: everything that is given varies at once.

dL = sum over parameters, inputs and boundary values of <gradient, change> is proved once; each
gradient is then read off it. Where a gradient with respect to a state is asked for, that state gets
changes of its own too. The statements stay as they are; only their proofs are shared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from symbptt.core.terms import Gradient
from symbptt.core.theory import Frame
from symbptt.proof.objects import Assumed, Chain, Development, Identification, Induction, Theorem

from .adjoint import AdjointSystem, everything
from .backward import identity
from .derive import Problem, Result, derive
from .forms import recursions
from .simplify import assumed

_PREFIX = "grad"
_TITLE = "gradient by the adjoints"
_AGREE = "the forms agree"
_STATED: dict[str | None, tuple[str, ...]] = {
    None: (_TITLE, "gradient"), "adjoint": (_TITLE,), "gradient": ("gradient",),
}  # fmt: skip


def together(system: AdjointSystem, results: Sequence[Result]) -> list[Result]:
    """The results, with the gradients in them read off one differential if there are several."""
    given = everything(system.model)
    found = [pair for r in results for pair in _read_off(r, given)]
    if len({t.id for t, _ in found}) < 2:
        return list(results)
    shocked = tuple(dict.fromkeys(name for _, names in found for name in names))
    indices = {s for t, _ in found for s in t.left.free_symbols}
    lemmas = identity(system, Frame(given.vary, shocked), _PREFIX, frozenset(indices))
    return [_rebased(r, lemmas) for r in results]


def derive_all(
    problem: Problem,
    quantities: Sequence[Gradient],
    form: str | None = None,
    length: int | None = None,
) -> list[Result]:
    """Several gradients in one form, derived from one differential: faster than one by one.

    With a ``length`` the problem becomes another one, and each gradient gets a proof of its own.
    """
    if length is None:
        system = problem.system
        lemmas = identity(system, everything(system.model), _PREFIX)
        problem = replace(problem, shared=tuple(lemmas))
    return [derive(problem, quantity, form, length) for quantity in quantities]


def all_gradients(
    problem: Problem,
    quantities: Sequence[Gradient],
    form: str | None = None,
    length: int | None = None,
) -> Result:
    """One development that answers for each quantity in turn.

    Without a form each gradient is stated twice, by the adjoint of every sequence and with only
    those of the recurrent sequences left, after the recursions of the latter; the forms
    ``adjoint`` and ``gradient`` give one of the two.
    """
    inner = "gradient" if form in _STATED else form
    results = derive_all(problem, quantities, inner, length)
    theorems = {t.id: t for t in assumed(problem.theory)}
    answers: list[str] = []
    if form is None and length is None:
        opening = recursions(problem.system, problem.main)
        theorems |= {t.id: t for t in opening}
        answers += [t.id for t in opening]
    for result in results:
        theorems |= {t.id: t for t in result.development.theorems}
        titles = _STATED.get(form, ())
        stated = [t.id for t in result.development.theorems if t.title in titles]
        answers += stated or result.answers
    needed = _needed(list(theorems.values()), answers)
    kept = tuple(t for t in theorems.values() if t.id in needed)
    return Result(Development(results[-1].development.theory, kept), tuple(dict.fromkeys(answers)))


def _read_off(result: Result, given: Frame) -> list[tuple[Theorem, tuple[str, ...]]]:
    """The gradients that are read off a differential, with the states that change by themselves.

    A defined vector such as o = V h_T varies in a frame of its own and is left alone.
    """
    named = {t.id: t for t in result.development.theorems}
    out = []
    for t in named.values():
        if t.title == _TITLE and isinstance(t.proof, Identification):
            frame = named[t.proof.source].frame
            if frame.step is None and set(frame.vary) <= set(given.vary):
                out.append((t, frame.shocks))
    return out


def _rebased(result: Result, lemmas: list[Theorem]) -> Result:
    chosen = {t.id for t, _ in _read_off(result, lemmas[-1].frame)}
    if not chosen:
        return result
    theorems = [*lemmas]
    own = {t.id for t in lemmas}
    for t in result.development.theorems:
        if t.id in own:
            continue
        if t.id in chosen:
            assert isinstance(t.proof, Identification)
            t = replace(t, proof=Identification(lemmas[-1].id, t.proof.wrt))
        theorems.append(t)
    ends = [*result.answers, *(t.id for t in theorems if t.title == _AGREE)]
    needed = _needed(theorems, ends)
    kept = tuple(t for t in theorems if t.id in needed)
    return Result(Development(result.development.theory, kept), result.answers)


def _needed(theorems: list[Theorem], ends: Sequence[str]) -> set[str]:
    named = {t.id: t for t in theorems}
    seen: set[str] = set()
    todo = list(ends)
    while todo:
        id = todo.pop()
        if id not in seen:
            seen.add(id)
            todo += used(named[id])
    return seen


def used(theorem: Theorem) -> Iterator[str]:
    """The ids of the theorems that a proof refers to."""
    proof = theorem.proof
    if isinstance(proof, Assumed):
        return
    if isinstance(proof, Identification):
        yield proof.source
        return
    chains = (proof,) if isinstance(proof, Chain) else (proof.base, proof.step)
    assert isinstance(proof, Chain | Induction)
    for chain in chains:
        yield from (s.name for s in chain.steps if s.by == "lemma")
