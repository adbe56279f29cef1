"""Truncated backpropagation: which terms of the sum form a window keeps, and what it leaves out.

With a window K the loss at step t looks back at the last K steps only: of the sum over k <= t the
terms with t - k < K stay, and those with k <= t - K are the exact difference from the derivative.
``truncate=K-1`` of a generated module computes the part that is kept: a change passes from one
step to the next at most K - 1 times. An initial value acts at the first step.
Source: Williams & Peng, An efficient gradient-based algorithm for on-line training of recurrent
network trajectories (1990).
"""

from __future__ import annotations

from sympy import Expr, Symbol

from symbptt.core.errors import NotSupported
from symbptt.core.terms import D, Partial, Plus, SumOver, Term, When
from symbptt.core.theory import Theory
from symbptt.core.traverse import Path, contains, find, rebuild, replace
from symbptt.proof.objects import Theorem

from .builder import Builder

Places = list[tuple[Path, SumOver]]


def truncated(
    theory: Theory, source: Theorem, index: Symbol, window: Expr, later: bool
) -> list[Theorem]:
    """derivative = kept + left out, and the difference of the derivative and what is kept.

    ``source`` is a sum form and ``index`` the index of the sums that the window cuts: the earlier
    step k of a double sum, or, if ``later``, the later step t of a sum over later steps. Where
    nothing goes through the recurrence, everything is kept.
    """
    assert isinstance(source.left, Partial) and not contains(source.right, D)
    places: Places = [
        (p, x) for p, x in find(source.right, lambda x: isinstance(x, SumOver) and x.bound == index)
    ]
    wrt = source.left.args[1]
    facts = (*source.facts, *((window - 1,) if window.free_symbols else ()))
    if not places:
        if later:
            raise NotSupported(
                f"the derivative with respect to {wrt} is not a sum over later steps",
                hint="windows are derived for parameters, and where the loss is a sum over steps",
            )
        whole = _stated(theory, source, source.right, facts, "truncated")
        return [whole]
    kept = source.right
    for path, node in places:
        inside = SumOver(When(node.body, _near(node, window, later)), *node.args[1:])
        kept = replace(kept, path, inside)
    dropped = _left_out(source.right, index, window, later)
    assert dropped is not None
    build = Builder(theory, source.left, facts)
    build.lemma(source, ())
    for path, node in reversed(places):
        build.rule("case-split", (*path, 0), bind={"?k": _near(node, window, later)})
    build.algebra(kept + dropped, reason="split the range")
    both = Theorem(
        f"{source.id}:window", source.left, build.line, build.chain(), facts, title="truncated",
        subject=source.subject,
    )  # fmt: skip
    gap = source.left - kept
    build = Builder(theory, gap, facts)
    build.lemma(both, (0,))
    build.algebra(dropped, reason="cancel")
    difference = Theorem(
        f"{source.id}:difference", gap, build.line, build.chain(), facts, title="left out",
        subject=source.subject,
    )  # fmt: skip
    return [both, difference]


def _stated(
    theory: Theory, source: Theorem, right: Term, facts: tuple[Expr, ...], title: str
) -> Theorem:
    build = Builder(theory, source.left, facts)
    build.lemma(source, ())
    return Theorem(
        f"{source.id}:window", source.left, right, build.chain(), facts, title=title,
        subject=source.subject,
    )  # fmt: skip


def _near(node: SumOver, window: Expr, later: bool) -> Expr:
    """The condition, as an expression >= 0, that fewer than ``window`` steps lie between."""
    steps = node.bound - node.lo if later else node.hi - node.bound
    return (window - 1 - steps).expand()


def _left_out(term: Term, index: Symbol, window: Expr, later: bool) -> Term | None:
    """The summands with a sum over the index, its range cut to what the window leaves out."""
    if isinstance(term, SumOver) and term.bound == index:
        lo, hi = (term.lo + window, term.hi) if later else (term.lo, term.hi - window)
        return SumOver(term.body, index, lo.expand(), hi.expand())
    if isinstance(term, Plus):
        parts = [p for p in (_left_out(a, index, window, later) for a in term.args) if p]
        return Plus(*parts) if parts else None
    for i, a in enumerate(term.args):
        inner = _left_out(a, index, window, later) if isinstance(a, Term) else None
        if inner is not None:
            return rebuild(term, (*term.args[:i], inner, *term.args[i + 1 :]))
    return None
