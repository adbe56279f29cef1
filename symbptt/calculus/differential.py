"""d(.) of any term by the differential rules, until only d of leaves and chosen elements remain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from sympy import Expr

from symbptt.core.errors import NotSupported, ProofError
from symbptt.core.terms import Block, D, Elem, Func, Param, Term
from symbptt.core.theory import Frame, Theory
from symbptt.core.traverse import Path, contains, nodes_of
from symbptt.proof.objects import Theorem
from symbptt.rules import FAMILIES

from .builder import Builder
from .moves import multiply_blocks

_MAX_STEPS = 2000
_BY_HEAD: dict[type, list[str]] = defaultdict(list)
for _row in FAMILIES["differential"]:
    _BY_HEAD[type(_row.left.args[0])].append(_row.name)


def _rules_for(term: Term) -> Iterable[str]:
    if isinstance(term, Func):
        return (f"d-function/{len(term.arguments)}",)
    if isinstance(term, Block):
        rows, cols = term.grid
        if cols == 1:
            return (f"d-stack/{rows}",)
        if rows == 1:
            return (f"d-beside/{cols}",)
    return _BY_HEAD.get(type(term), ())


def differentiate(build: Builder, expand: Callable[[Elem | Param], bool]) -> None:
    """Rewrites every d(.) of the current line as far as it goes.

    ``expand`` says of a defined element whether its definition is unfolded. Raises NotSupported
    where no rule fits.
    """
    done: set[Term] = set()
    for _ in range(_MAX_STEPS):
        place = next(_reducible(build, expand, done), None)
        if place is None:
            if multiply_blocks(build, lambda row: contains(row, D)):
                continue
            build.tidy()
            return
        path, target = place
        if not _one_step(build, path, target, expand):
            done.add(target)
    raise NotSupported("the differential has too many terms")


def _reducible(
    build: Builder, expand: Callable[[Elem | Param], bool], done: set[Term]
) -> Iterable[tuple[Path, Term]]:
    return (p for p in nodes_of(build.line, D) if p[1] not in done)


def _one_step(
    build: Builder, path: Path, target: Term, expand: Callable[[Elem | Param], bool]
) -> bool:
    inner = target.args[0]
    if build.vanish(path):
        return True
    if isinstance(inner, Elem | Param):
        if inner in build.frame.vary or not build.theory.defined(inner.key) or not expand(inner):
            return False
        try:
            build.unfold(path)
        except ProofError:
            return False  # outside every definition's range: a given element
        return True
    for name in _rules_for(inner):
        try:
            build.rule(name, path)
        except ProofError:
            continue
        return True
    raise NotSupported(
        f"there is no differential rule for {inner}",
        hint="the differential rules are listed by `symbptt rules`",
    )


def one_step(theory: Theory, head: Elem, frame: Frame, facts: tuple[Expr, ...], id: str) -> Theorem:
    """d z[t] in terms of the elements that its own definition mentions."""
    build = Builder(theory, D(head), facts, frame)
    differentiate(build, lambda x: x == head)
    if build.line == D(head):
        raise NotSupported(f"{head} has no definition on its whole range")
    return Theorem(
        id, D(head), build.line, build.chain(), facts, frame, "one-step differential", (head,)
    )
