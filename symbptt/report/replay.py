"""Proofs as the kernel replays them: every single step, with the terms that it changes.

A step shows what is replaced by what, not the whole line. The kernel looks at more: that the rest
of the line stays, that the conditions of the rule hold there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symbptt.core.errors import SymbpttError
from symbptt.core.terms import Term
from symbptt.core.traverse import replace, subterm
from symbptt.proof.objects import Assumed, Chain, Identification, Step, Theorem

from .document import KernelStep, Phrase, Replay, phrase
from .pen import Pen
from .reasons import Reasons, kind

Pair = tuple[Term, Term]


def replays(theorem: Theorem, reasons: Reasons, pen: Pen) -> Iterator[Replay]:
    """The steps of a theorem; those of an induction in two parts."""
    proof = theorem.proof
    statement = pen.relation_of(theorem.relation, theorem.left, theorem.right)
    if isinstance(proof, Chain):
        yield Replay((), statement, _steps(theorem.left, proof.steps, reasons, pen))
    elif isinstance(proof, Identification | Assumed):
        name = "identification" if isinstance(proof, Identification) else "assumption"
        yield Replay((), statement, (KernelStep("", kind(name)),))
    else:
        yield Replay((), statement, (KernelStep("", kind("induction")),))
        case = pen.math(pen.equation_of_texts(pen.index(proof.variable), pen.index(proof.start)))
        parts = (
            (phrase("proof.base", case=case), proof.start, proof.base),
            (Phrase("proof.step"), proof.variable + proof.direction, proof.step),
        )
        for title, value, chain in parts:
            left = theorem.instance({proof.variable: value}).left
            yield Replay((title,), "", _steps(left, chain.steps, reasons, pen))


def _steps(
    start: Term, steps: Sequence[Step], reasons: Reasons, pen: Pen
) -> tuple[KernelStep, ...]:
    shown = []
    before = start
    for step in steps:
        old, new = changed(before, step)
        sign = pen.relation("eq")
        if step.by == "bound":  # a part is replaced by a larger one where the line rises with it
            whole = old == before
            sign = pen.relation("ge" if step.reverse and not whole else "le")
        reason = reasons.kernel(step)
        shown.append(KernelStep(pen.term(old) + sign + pen.term(new), reason))
        before = step.result
    return tuple(shown)


def changed(before: Term, step: Step) -> Pair:
    """What a step replaces and by what; both lines where that does not stand in one place."""
    old, new = subterm(before, step.path), _at(step.result, step)
    if new is None or new.shape != old.shape or replace(before, step.path, new) != step.result:
        return before, step.result
    if step.span is None or new.func is not old.func:
        return old, new
    first, after = step.span[0], len(old.args) - step.span[1]
    kept = new.args[:first] == old.args[:first]
    kept = kept and new.args[len(new.args) - after :] == old.args[step.span[1] :]
    if not kept or len(new.args) <= first + after:
        return old, new
    parts = (x.args[first : len(x.args) - after] for x in (old, new))
    one, two = (p[0] if len(p) == 1 else old.func(*p) for p in parts)
    return one, two


def _leads(before: Term, step: Step, new: Term) -> bool:
    """Whether the line with that term in the place of the step is its result."""
    try:
        return replace(before, step.path, new) == step.result
    except SymbpttError:  # it does not even fit there: the line was put together anew
        return False


def _at(line: Term, step: Step) -> Term | None:
    """The term at the path of a step, if the line has one there."""
    for position in step.path:
        if position >= len(line.args) or not isinstance(line.args[position], Term):
            return None
        line = line.args[position]
    return line


__all__ = ["changed", "replays"]
