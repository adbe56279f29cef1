"""One chain from two: left -> meeting point, and right -> meeting point replayed backward."""

from __future__ import annotations

from dataclasses import replace

from symbptt.core.terms import Term, _Nary
from symbptt.core.traverse import subterm
from symbptt.proof.objects import Chain, Step

from .builder import Builder


def joined(a: Builder, b: Builder) -> Chain:
    """left -> ... -> meeting point -> ... -> right, the second half replayed backward."""
    a.algebra(b.line, reason="both sides agree")
    lines = [b.first, *(s.result for s in b.steps)]
    back = [reverse_of(step, lines[i]) for i, step in reversed(list(enumerate(b.steps)))]
    return Chain((*a.steps, *back))


def reverse_of(step: Step, line: Term) -> Step:
    """The step that undoes a step, leading back to the line it started from."""
    step = _widened(step, line)
    if step.by == "unfold":
        return replace(step, by="fold", result=line)
    if step.by == "fold":
        return replace(step, by="unfold", result=line)
    if step.by in ("rule", "lemma", "hypothesis"):
        return replace(step, reverse=not step.reverse, result=line)
    return replace(step, result=line)


def _widened(step: Step, line: Term) -> Step:
    """The step with its place in the line that it produced.

    What a step puts into a sum or product of its own kind is flattened into it, so that it stands
    there as a span of operands.
    """
    if not step.path:
        return step
    before, after = subterm(line, step.path[:-1]), subterm(step.result, step.path[:-1])
    grown = len(after.args) - len(before.args)
    if not isinstance(before, _Nary) or grown == 0:
        return step
    first = step.path[-1]
    return replace(step, path=step.path[:-1], span=(first, first + grown + 1))
